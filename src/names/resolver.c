// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver - queries from the first look to the last act, and answers held for the
 * engine. */
#include "names/resolver_pending.h"

#include <errno.h>
#include <stdlib.h>
#include "base/str.h"

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

void resolver_hidden(struct resolver *r, const struct encrypted_own *own)
{
	r->hidden = own;
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

/* ---- a query ---- */

static void pending_start(struct pending *p, bool stale)
{
	struct resolver *r = p->r;
	const struct dns_question *q = &p->question.query.question;

	p->stale_waits = stale;
	loop_arm(r->loop, &p->deadline,
		(stale ? RESOLVER_STALE_WAIT_MS : RESOLVER_UPSTREAM_MS) * NS_PER_MS);
	if (resolver_lookup_start(r, &p->lookup, q->name.text, q->type))
		resolver_pending_fail(p, false);
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
	resolver_deliver(r, d, NULL);
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
		!r->ops->local(r->ctx, d->to, &d->question->query, resolver_reply_limit(d), &w))
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
	struct pending *p = resolver_pending_new(r, d->to, d->question, d->client);
	if (p) {
		pending_start(p, stale);
		return;
	}
	r->stats.limited++;
	resolver_reply_at_once(r, d->to, d->question, DNS_RCODE_SERVFAIL);
}

/* A question carries data out by itself: the engine hears the name, without an address,
 * before upstream does. */
static void allow(struct resolver *r, const struct delivery *d)
{
	struct pending *p = resolver_pending_new(r, d->to, d->question, d->client);

	if (!p) {
		r->stats.limited++;
		resolver_reply_at_once(r, d->to, d->question, DNS_RCODE_SERVFAIL);
		return;
	}
	p->answer = calloc(1, sizeof *p->answer);
	if (!p->answer) {
		resolver_pending_refuse(p, DNS_RCODE_SERVFAIL, 0);
		return;
	}
	p->answer->held = true;
	p->answer->id = p->id;
	p->answer->client = p->origin.client;
	(void)str_copy(p->answer->name, sizeof p->answer->name,
		p->question.query.question.name.text);
	loop_arm(r->loop, &p->deadline, RESOLVER_HOLD_MS * NS_PER_MS);
	resolver_pending_announce(p);
}

static void pending_allowed(struct pending *p)
{
	struct resolver_origin to = p->origin;
	struct resolver_question q = p->question;
	struct delivery d = {.to = &to, .question = &q, .client = p->client};
	struct resolver *r = p->r;

	resolver_pending_free(p);
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
			resolver_reply_at_once(r, from, &q, rcode);
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
			resolver_pending_free(p);
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
		resolver_pending_refuse(p, m->rcode, m->ede);
		return;
	}
	if (!p->reply) {
		pending_allowed(p);
		return;
	}
	nstime held = loop_now(r->loop) - p->held_since;
	resolver_pending_confirmed(p);
	r->stats.released++;
	r->stats.hold_sum += held;
	if (held > r->stats.hold_max)
		r->stats.hold_max = held;
	uint8_t *reply = p->reply;
	p->reply = NULL;
	resolver_pending_reply(p, reply, p->reply_len);
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
			resolver_pending_announce(p);
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
			resolver_pending_refuse(r->pending[i], DNS_RCODE_SERVFAIL, 0);
	resolver_refreshes_end(r);
	resolver_jobs_fail(r);
}

void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	for (unsigned i = 0; i < RESOLVER_PENDING_MAX; i++)
		if (r->pending[i])
			resolver_pending_free(r->pending[i]);
	resolver_refreshes_end(r);
	resolver_jobs_end(r);
	answers_free(&r->answers);
	resolver_limit_free(&r->limit);
	free(r);
}
