// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver - queries from the first look to the last act, and answers held for the
 * engine. */
#include "names/resolver_priv.h"

#include <errno.h>
#include <stdlib.h>
#include "base/str.h"

/* Ids are serial << SLOT_BITS | slot: found without a search, never the same twice. */
#define SLOT_BITS 8
_Static_assert(RESOLVER_PENDING_MAX == 1 << SLOT_BITS, "slots fill the id's low bits");

struct pending {
	struct resolver *r;
	uint64_t id;
	struct resolver_origin origin;
	struct resolver_question question;
	struct resolver_client *client;
	struct resolver_lookup lookup;
	struct loop_timer deadline;
	bool stale_waits; /* the deadline is that of RFC 8767 */
	bool overtaken;   /* since it was announced the client's rules changed */
	/* once upstream answered with addresses, or before it is asked: without a reply */
	struct message_dns_answer *answer;
	uint8_t *reply;
	size_t reply_len;
	nstime held_since;
};

struct resolver *resolver_new(struct loop *l, const struct resolver_ops *ops, void *ctx)
{
	struct resolver *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->loop = l;
	r->ops = ops;
	r->ctx = ctx;
	struct hash_key key = hash_key_random();
	confirmed_init(&r->confirmed, &key);
	if (resolver_limit_init(&r->limit) ||
		answers_init(&r->answers, RESOLVER_CACHE_BYTES)) {
		resolver_limit_free(&r->limit);
		free(r);
		return NULL;
	}
	return r;
}

void resolver_set_rate(struct resolver *r, unsigned rate, unsigned burst)
{
	r->limit.interval = NS_PER_SEC / (rate ? rate : 1);
	r->limit.burst = burst ? burst : 1;
}

int resolver_set_cache(struct resolver *r, size_t bytes)
{
	answers_free(&r->answers);
	return answers_init(&r->answers, bytes);
}

int resolver_add_lan(struct resolver *r, const struct prefix *p)
{
	for (unsigned i = 0; i < r->lan_count; i++)
		if (r->lan[i].len == p->len && addr_equal(&r->lan[i].addr, &p->addr))
			return 0;
	if (r->lan_count == LIMIT_LAN_PREFIXES)
		return CARDEA_ELIMIT;
	r->lan[r->lan_count++] = *p;
	return 0;
}

int resolver_add_private(struct resolver *r, const char *name)
{
	if (r->private_count == RESOLVER_PRIVATE_NAMES_MAX)
		return CARDEA_ELIMIT;
	int e = dns_name_from_text(name, &r->private_names[r->private_count]);
	r->private_count += !e;
	return e;
}

const struct resolver_stats *resolver_stats(const struct resolver *r)
{
	return &r->stats;
}

void resolver_lookup_cancel(struct resolver *r, struct resolver_lookup *k)
{
	if (k->running)
		r->ops->cancel(r->ctx, k);
	k->running = false;
}

int resolver_lookup_start(
	struct resolver *r, struct resolver_lookup *k, const char *name, uint16_t type)
{
	int e = r->ops->resolve(r->ctx, k, name, type);

	k->running = !e;
	return e;
}

/* ---- the end of a query ---- */

static void pending_free(struct pending *p)
{
	struct resolver *r = p->r;

	resolver_lookup_cancel(r, &p->lookup);
	loop_disarm(&p->deadline);
	p->client->pending--;
	r->pending[p->id & (RESOLVER_PENDING_MAX - 1)] = NULL;
	free(p->answer);
	free(p->reply);
	free(p);
}

/* The last act of a query. It is gone before the reply is sent, for sending may find
 * that the client hung up, which forgets its queries. bytes are not p's. */
static void pending_reply(struct pending *p, const uint8_t *bytes, size_t len)
{
	struct resolver_origin to = p->origin;
	struct resolver *r = p->r;

	pending_free(p);
	r->ops->reply(r->ctx, &to, bytes, len);
}

static void pending_refuse(struct pending *p, uint16_t rcode, uint16_t ede)
{
	struct writer w = writer_of(p->r->scratch, sizeof p->r->scratch);

	if (resolver_reply_empty(&p->question, rcode, ede, &w))
		pending_free(p);
	else
		pending_reply(p, w.start, w.len);
}

/* ---- giving out ---- */

static void announcement(struct message_dns_answer *m, const struct addr *client,
	const char *name, const struct answer *a, uint32_t ttl_s)
{
	m->client = *client;
	(void)str_copy(m->name, sizeof m->name, name);
	m->rcode = (uint8_t)a->rcode;
	m->ttl_s = ttl_s;
	m->addrs.count = a->addr_count;
	memcpy(m->addrs.addrs, answer_addrs(a), a->addr_count * sizeof(struct addr));
}

/* How long the addresses are good for from now on. */
static uint32_t addrs_left(const struct answer *a, bool stale, nstime now)
{
	nstime passed = (now - a->stored) / NS_PER_SEC;

	if (stale)
		return RESOLVER_STALE_TTL_S;
	return passed < a->addr_ttl ? (uint32_t)(a->addr_ttl - passed) : 0;
}

/* Whether this client heard this answer just now; it has then heard it once more. */
static bool told_already(struct answer *a, const struct addr *client, nstime now)
{
	for (unsigned i = 0; i < ANSWERS_TOLD; i++) {
		if (!addr_equal(&a->told[i].client, client))
			continue;
		if (now - a->told[i].at < RESOLVER_TELL_AGAIN_S * NS_PER_SEC)
			return true;
		a->told[i].at = now;
		return false;
	}
	a->told[a->told_next].client = *client;
	a->told[a->told_next].at = now;
	a->told_next = (uint8_t)((a->told_next + 1) % ANSWERS_TOLD);
	return false;
}

struct delivery {
	const struct resolver_origin *to;
	const struct resolver_question *question;
	struct resolver_client *client;
	struct answer *answer;
	bool stale;
};

static void tell(struct resolver *r, const struct delivery *d)
{
	nstime now = loop_now(r->loop);
	struct message *m = &r->message;

	r->stats.told++;
	if (told_already(d->answer, &d->to->client, now))
		return;
	m->type = MESSAGE_DNS_ANSWER;
	m->dns_answer.held = false;
	m->dns_answer.id = 0;
	announcement(&m->dns_answer, &d->to->client,
		d->question->query.question.name.text, d->answer,
		addrs_left(d->answer, d->stale, now));
	(void)r->ops->announce(r->ctx, m);
}

static void hold_announce(struct pending *p)
{
	struct message *m = &p->r->message;

	m->type = MESSAGE_DNS_ANSWER;
	m->dns_answer = *p->answer;
	/* Without an engine the answer waits for the next one: resolver_engine_up. */
	(void)p->r->ops->announce(p->r->ctx, m);
}

/* Keeps the finished reply until the engine says that the addresses are known. */
static void pending_hold(
	struct pending *p, const struct answer *a, bool stale, const struct writer *reply)
{
	struct resolver *r = p->r;
	nstime now = loop_now(r->loop);

	p->answer = malloc(sizeof *p->answer);
	p->reply = malloc(reply->len);
	if (!p->answer || !p->reply) {
		pending_refuse(p, DNS_RCODE_SERVFAIL, 0);
		return;
	}
	memcpy(p->reply, reply->start, reply->len);
	p->reply_len = reply->len;
	p->answer->held = true;
	p->answer->id = p->id;
	announcement(p->answer, &p->origin.client,
		p->question.query.question.name.text, a, addrs_left(a, stale, now));
	p->held_since = now;
	r->stats.held++;
	loop_arm(r->loop, &p->deadline, RESOLVER_HOLD_MS * NS_PER_MS);
	hold_announce(p);
}

/* The kernel reads answers in single datagrams, up to limits; all others wait. */
static bool must_hold(
	const struct resolver *r, const struct delivery *d, const struct writer *reply)
{
	return d->answer->addr_count &&
	       (d->client->mode != DNS_TELL || d->to->stream || !d->answer->inlined ||
		       reply->len > LIMIT_INLINE_BYTES ||
		       encrypted_by_name(
			       r->hidden, d->question->query.question.name.text));
}

/* Such an answer was held for this client just now, and the kernel still has it open.
 * Not for who is told: of its answers the engine believes that the kernel saw them. Nor
 * for who may be refused a name. */
static bool is_confirmed(const struct resolver *r, const struct delivery *d)
{
	nstime now = loop_now(r->loop);
	struct confirmed_answer a = {.client = &d->to->client,
		.name = d->question->query.question.name.text,
		.addrs = answer_addrs(d->answer),
		.addr_count = d->answer->addr_count,
		.ttl_s = addrs_left(d->answer, d->stale, now)};

	return d->client->mode == DNS_HOLD && confirmed_has(&r->confirmed, &a, now);
}

/* The engine has said of p's answer that the kernel knows it as the rules are now. */
static void pending_confirmed(const struct pending *p)
{
	struct resolver *r = p->r;
	struct confirmed_answer a = {.client = &p->origin.client,
		.name = p->question.query.question.name.text,
		.addrs = p->answer->addrs.addrs,
		.addr_count = p->answer->addrs.count,
		.ttl_s = p->answer->ttl_s};

	if (!p->overtaken && !encrypted_by_name(r->hidden, a.name))
		confirmed_put(&r->confirmed, &a, p->held_since, loop_now(r->loop));
}

void resolver_hidden(struct resolver *r, const struct encrypted_own *own)
{
	r->hidden = own;
}

static void pending_late(struct loop_timer *t);
static void pending_done(
	struct resolver_lookup *k, const struct resolver_result *result);

static struct pending *pending_new(struct resolver *r, const struct resolver_origin *from,
	const struct resolver_question *q, struct resolver_client *client)
{
	unsigned slot = 0;

	while (slot < RESOLVER_PENDING_MAX && r->pending[slot])
		slot++;
	if (slot == RESOLVER_PENDING_MAX)
		return NULL;
	struct pending *p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->r = r;
	p->id = ++r->serial << SLOT_BITS | slot;
	p->origin = *from;
	p->question = *q;
	p->client = client;
	client->pending++;
	p->lookup.done = pending_done;
	p->lookup.owner = p;
	p->lookup.unchecked = q->query.cd;
	p->deadline.fire = pending_late;
	p->deadline.ctx = p;
	r->pending[slot] = p;
	return p;
}

static void reply_at_once(struct resolver *r, const struct resolver_origin *to,
	const struct resolver_question *q, uint16_t rcode)
{
	struct writer w = writer_of(r->scratch, sizeof r->scratch);

	if (!resolver_reply_empty(q, rcode, 0, &w))
		r->ops->reply(r->ctx, to, w.start, w.len);
}

static size_t limit_of(const struct delivery *d)
{
	size_t wanted = d->question->query.udp_size;

	if (d->to->stream)
		return RESOLVER_MESSAGE_MAX;
	return wanted < LIMIT_INLINE_BYTES ? wanted : LIMIT_INLINE_BYTES;
}

static struct resolver_finish finish_of(
	const struct resolver *r, const struct delivery *d)
{
	return (struct resolver_finish){.now = loop_now(r->loop),
		.stale = d->stale,
		.ede = d->stale ? RESOLVER_EDE_STALE : d->answer->ede,
		.limit = limit_of(d)};
}

/* The answer goes out, or waits for the engine. p: the query when it waited before,
 * and ends here; NULL for one that was answered from what is known. */
static void deliver(struct resolver *r, const struct delivery *d, struct pending *p)
{
	struct writer w = writer_of(r->scratch, sizeof r->scratch);
	struct resolver_finish f = finish_of(r, d);

	if (resolver_reply_finish(d->question, d->answer, &f, &w)) {
		if (p)
			pending_free(p);
		return;
	}
	r->stats.stale += d->stale;
	bool holds = must_hold(r, d, &w);
	bool confirmed = holds && is_confirmed(r, d);
	r->stats.confirmed += confirmed;
	if (holds && !confirmed) {
		if (!p)
			p = pending_new(r, d->to, d->question, d->client);
		if (p) {
			pending_hold(p, d->answer, d->stale, &w);
			return;
		}
		r->stats.limited++;
		reply_at_once(r, d->to, d->question, DNS_RCODE_SERVFAIL);
		return;
	}
	if (d->answer->addr_count)
		tell(r, d);
	if (p)
		pending_reply(p, w.start, w.len);
	else
		r->ops->reply(r->ctx, d->to, w.start, w.len);
}

static void pending_deliver(struct pending *p, struct answer *a, bool stale)
{
	/* p ends before its reply is sent */
	struct resolver_origin to = p->origin;
	struct resolver_question q = p->question;
	struct delivery d = {.to = &to,
		.question = &q,
		.client = p->client,
		.answer = a,
		.stale = stale};

	deliver(p->r, &d, p);
}

/* What is known of p's question, however old. */
static struct answer *pending_known(const struct pending *p)
{
	struct answers_key key;

	resolver_key(&p->question, &key);
	return answers_find(
		&p->r->answers, &key, RESOLVER_STALE_S, loop_now(p->r->loop));
}

/* Upstream gave nothing of use: what was known before, or why there is nothing. */
static void pending_fail(struct pending *p, bool bogus)
{
	struct resolver *r = p->r;

	r->stats.failed++;
	resolver_take_failure(r, &p->question, bogus);
	struct answer *a = pending_known(p);
	if (a)
		pending_deliver(p, a, !a->failure && !answer_left(a, loop_now(r->loop)));
	else
		pending_refuse(p, DNS_RCODE_SERVFAIL,
			bogus ? RESOLVER_EDE_BOGUS : RESOLVER_EDE_UNREACHABLE);
}

/* RFC 8767 5: the client has waited long enough. Upstream goes on being asked. */
static void pending_stale(struct pending *p)
{
	struct resolver *r = p->r;
	struct answer *a = pending_known(p);

	p->stale_waits = false;
	if (!a || a->failure) {
		loop_arm(r->loop, &p->deadline,
			(RESOLVER_UPSTREAM_MS - RESOLVER_STALE_WAIT_MS) * NS_PER_MS);
		return;
	}
	if (!a->refreshing)
		resolver_refresh(r, &p->question, 0);
	resolver_lookup_cancel(r, &p->lookup);
	a = pending_known(p);
	if (a)
		pending_deliver(p, a, !answer_left(a, loop_now(r->loop)));
	else
		pending_refuse(p, DNS_RCODE_SERVFAIL, RESOLVER_EDE_UNREACHABLE);
}

static void pending_late(struct loop_timer *t)
{
	struct pending *p = t->ctx;

	if (p->answer) {
		p->r->stats.unconfirmed++;
		pending_refuse(p, DNS_RCODE_SERVFAIL, 0);
	} else if (p->stale_waits) {
		pending_stale(p);
	} else {
		pending_fail(p, false);
	}
}

static void pending_done(
	struct resolver_lookup *k, const struct resolver_result *result)
{
	struct pending *p = k->owner;
	struct answer *a;
	bool owned;

	k->running = false;
	if (resolver_take(
		    p->r, &p->question, result, &p->origin.client, &a, &owned)) {
		pending_fail(p, result->bogus);
		return;
	}
	pending_deliver(p, a, false);
	if (owned)
		free(a);
}

/* ---- a query ---- */

static void pending_start(struct pending *p, bool stale)
{
	struct resolver *r = p->r;
	const struct dns_question *q = &p->question.query.question;

	p->stale_waits = stale;
	loop_arm(r->loop, &p->deadline,
		(stale ? RESOLVER_STALE_WAIT_MS : RESOLVER_UPSTREAM_MS) * NS_PER_MS);
	if (resolver_lookup_start(r, &p->lookup, q->name.text, q->type))
		pending_fail(p, false);
}

/* The last part of a life that is long enough to have parts. */
static bool is_worth_refreshing(const struct answer *a, uint32_t left)
{
	return !a->refreshing && !a->failure && a->ttl >= RESOLVER_PREFETCH_MIN_S &&
	       left <= a->ttl / RESOLVER_PREFETCH_PART;
}

/* True when what is known is enough. *ret_stale: something is known, but too old. */
static bool answer_known(struct resolver *r, struct delivery *d, bool *ret_stale)
{
	nstime now = loop_now(r->loop);
	struct answers_key key;

	*ret_stale = false;
	resolver_key(d->question, &key);
	d->answer = answers_find(&r->answers, &key, RESOLVER_STALE_S, now);
	if (!d->answer)
		return false;
	uint32_t left = answer_left(d->answer, now);
	d->stale = !left;
	if (d->stale && now >= d->answer->retry_at) {
		*ret_stale = true;
		return false;
	}
	bool refresh = is_worth_refreshing(d->answer, left) &&
		       now >= d->answer->retry_at;
	nstime over = d->answer->stored + ((nstime)d->answer->ttl + 1) * NS_PER_SEC;
	r->stats.cached++;
	deliver(r, d, NULL);
	/* libunbound keeps record sets to the end of their last second, and would only
	 * say again what it knows */
	if (refresh)
		resolver_refresh(r, d->question, over - now);
	return true;
}

/* What the house itself knows is neither asked nor held: its addresses are local ones,
 * which no name opens. */
static bool local_known(struct resolver *r, const struct delivery *d)
{
	struct writer w = writer_of(r->scratch, sizeof r->scratch);

	if (!r->ops->local ||
		!r->ops->local(r->ctx, d->to, &d->question->query, limit_of(d), &w))
		return false;
	resolver_reply_respell(d->question, &w);
	if (!w.error)
		r->ops->reply(r->ctx, d->to, w.start, w.len);
	return true;
}

static void limited(struct resolver *r, struct resolver_client *client)
{
	nstime now = loop_now(r->loop);

	r->stats.limited++;
	if (!client || (client->told_limited &&
			       now - client->told_limited <
				       RESOLVER_TELL_LIMITED_S * NS_PER_SEC))
		return;
	client->told_limited = now;
	resolver_finding(r, &client->addr, DNS_FINDING_RATE, "", "");
}

bool resolver_connect(struct resolver *r, const struct addr *client)
{
	nstime now = loop_now(r->loop);
	struct resolver_client *c = NULL;
	bool admitted = true;

	for (unsigned i = 0; admitted && i < RESOLVER_HANDSHAKE_COST; i++)
		c = resolver_limit_admit(&r->limit, client, now, &admitted);
	if (!admitted)
		limited(r, c);
	return admitted;
}

static void resolve(struct resolver *r, struct delivery *d)
{
	bool stale;

	if (answer_known(r, d, &stale))
		return;
	struct pending *p = pending_new(r, d->to, d->question, d->client);
	if (p) {
		pending_start(p, stale);
		return;
	}
	r->stats.limited++;
	reply_at_once(r, d->to, d->question, DNS_RCODE_SERVFAIL);
}

/* A question carries data out by itself: the engine hears the name, without an address,
 * before upstream does. */
static void allow(struct resolver *r, const struct delivery *d)
{
	struct pending *p = pending_new(r, d->to, d->question, d->client);

	if (!p) {
		r->stats.limited++;
		reply_at_once(r, d->to, d->question, DNS_RCODE_SERVFAIL);
		return;
	}
	p->answer = calloc(1, sizeof *p->answer);
	if (!p->answer) {
		pending_refuse(p, DNS_RCODE_SERVFAIL, 0);
		return;
	}
	p->answer->held = true;
	p->answer->id = p->id;
	p->answer->client = p->origin.client;
	(void)str_copy(p->answer->name, sizeof p->answer->name,
		p->question.query.question.name.text);
	loop_arm(r->loop, &p->deadline, RESOLVER_HOLD_MS * NS_PER_MS);
	hold_announce(p);
}

static void pending_allowed(struct pending *p)
{
	struct resolver_origin to = p->origin;
	struct resolver_question q = p->question;
	struct delivery d = {.to = &to, .question = &q, .client = p->client};
	struct resolver *r = p->r;

	pending_free(p);
	resolve(r, &d);
}

bool resolver_ask(struct resolver *r, const struct resolver_origin *from,
	const uint8_t *message, size_t len)
{
	struct delivery d = {.to = from};
	struct resolver_question q;
	uint16_t rcode;
	bool admitted;

	r->stats.queries++;
	/* The rate comes first: error replies cost work as well. Silence, not REFUSED,
	 * for over UDP the sender's address may be forged. */
	d.client = resolver_limit_admit(
		&r->limit, &from->client, loop_now(r->loop), &admitted);
	if (!admitted) {
		limited(r, d.client);
		return false;
	}
	int e = resolver_question_read(message, len, &q, &rcode);
	if (e) {
		r->stats.malformed++;
		if (e != CARDEA_EREFUSED)
			reply_at_once(r, from, &q, rcode);
		return e != CARDEA_EREFUSED;
	}
	d.question = &q;
	if (local_known(r, &d))
		return true;
	if (d.client->mode == DNS_ASK)
		allow(r, &d);
	else
		resolve(r, &d);
	return true;
}

void resolver_forget(struct resolver *r, uint32_t listener, uint64_t serial)
{
	for (unsigned i = 0; i < RESOLVER_PENDING_MAX; i++) {
		struct pending *p = r->pending[i];
		if (p && p->origin.stream && p->origin.listener == listener &&
			p->origin.serial == serial)
			pending_free(p);
	}
}

/* ---- the engine ---- */

void resolver_release(struct resolver *r, const struct message_dns_release *m)
{
	struct pending *p = r->pending[m->id & (RESOLVER_PENDING_MAX - 1)];

	if (!p || p->id != m->id || !p->answer) /* given up, or the client hung up */
		return;
	if (m->rcode) {
		r->stats.refused++;
		pending_refuse(p, m->rcode, m->ede);
		return;
	}
	if (!p->reply) {
		pending_allowed(p);
		return;
	}
	nstime held = loop_now(r->loop) - p->held_since;
	pending_confirmed(p);
	r->stats.released++;
	r->stats.hold_sum += held;
	if (held > r->stats.hold_max)
		r->stats.hold_max = held;
	uint8_t *reply = p->reply;
	p->reply = NULL;
	pending_reply(p, reply, p->reply_len);
	free(reply);
}

void resolver_engine_up(struct resolver *r)
{
	/* it tells anew who need not wait; until then everybody does */
	resolver_limit_modes_forget(&r->limit);
	confirmed_drop_all(&r->confirmed);
	for (unsigned i = 0; i < RESOLVER_PENDING_MAX; i++) {
		struct pending *p = r->pending[i];
		if (p && p->answer)
			hold_announce(p);
	}
}

void resolver_client(struct resolver *r, const struct message_dns_client *m)
{
	enum dns_mode mode = m->mode < DNS_MODE_MAX ? (enum dns_mode)m->mode : DNS_HOLD;

	resolver_limit_mode(&r->limit, &m->client, mode, loop_now(r->loop));
	/* Its rules may be others from here on. What was announced before may be
	 * confirmed as it was before. */
	confirmed_drop(&r->confirmed, &m->client);
	for (unsigned i = 0; i < RESOLVER_PENDING_MAX; i++) {
		struct pending *p = r->pending[i];
		if (p && p->answer && addr_equal(&p->origin.client, &m->client))
			p->overtaken = true;
	}
}

void resolver_engine_down(struct resolver *r)
{
	resolver_jobs_end(r);
	confirmed_drop_all(&r->confirmed);
}

void resolver_upstream_lost(struct resolver *r)
{
	for (unsigned i = 0; i < RESOLVER_PENDING_MAX; i++)
		if (r->pending[i] && r->pending[i]->lookup.running)
			pending_refuse(r->pending[i], DNS_RCODE_SERVFAIL, 0);
	resolver_refreshes_end(r);
	resolver_jobs_fail(r);
}

void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	for (unsigned i = 0; i < RESOLVER_PENDING_MAX; i++)
		if (r->pending[i])
			pending_free(r->pending[i]);
	resolver_refreshes_end(r);
	resolver_jobs_end(r);
	answers_free(&r->answers);
	resolver_limit_free(&r->limit);
	free(r);
}
