// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_pending - how a query ends: its answer is given out, waits for the engine, comes
 * from what was known before, or there is none. */
#include "names/resolver_pending.h"

#include <stdlib.h>
#include "base/str.h"

/* Ids are serial << SLOT_BITS | slot: found without a search, never the same twice. */
#define SLOT_BITS 8
_Static_assert(RESOLVER_PENDING_MAX == 1 << SLOT_BITS, "slots fill the id's low bits");

/* ---- the end of a query ---- */

void resolver_pending_free(struct pending *p)
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
void resolver_pending_reply(struct pending *p, const uint8_t *bytes, size_t len)
{
	struct resolver_origin to = p->origin;
	struct resolver *r = p->r;

	resolver_pending_free(p);
	r->ops->reply(r->ctx, &to, bytes, len);
}

void resolver_pending_refuse(struct pending *p, uint16_t rcode, uint16_t ede)
{
	struct writer w = writer_of(p->r->scratch, sizeof p->r->scratch);

	if (resolver_reply_empty(&p->question, rcode, ede, &w))
		resolver_pending_free(p);
	else
		resolver_pending_reply(p, w.start, w.len);
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

void resolver_pending_announce(struct pending *p)
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
		resolver_pending_refuse(p, DNS_RCODE_SERVFAIL, 0);
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
	resolver_pending_announce(p);
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

void resolver_pending_confirmed(const struct pending *p)
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

static void pending_late(struct loop_timer *t);
static void pending_done(
	struct resolver_lookup *k, const struct resolver_result *result);

struct pending *resolver_pending_new(struct resolver *r, const struct resolver_origin *from,
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

void resolver_reply_at_once(struct resolver *r, const struct resolver_origin *to,
	const struct resolver_question *q, uint16_t rcode)
{
	struct writer w = writer_of(r->scratch, sizeof r->scratch);

	if (!resolver_reply_empty(q, rcode, 0, &w))
		r->ops->reply(r->ctx, to, w.start, w.len);
}

size_t resolver_reply_limit(const struct delivery *d)
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
		.limit = resolver_reply_limit(d)};
}

void resolver_deliver(struct resolver *r, const struct delivery *d, struct pending *p)
{
	struct writer w = writer_of(r->scratch, sizeof r->scratch);
	struct resolver_finish f = finish_of(r, d);

	if (resolver_reply_finish(d->question, d->answer, &f, &w)) {
		if (p)
			resolver_pending_free(p);
		return;
	}
	r->stats.stale += d->stale;
	bool holds = must_hold(r, d, &w);
	bool confirmed = holds && is_confirmed(r, d);
	r->stats.confirmed += confirmed;
	if (holds && !confirmed) {
		if (!p)
			p = resolver_pending_new(r, d->to, d->question, d->client);
		if (p) {
			pending_hold(p, d->answer, d->stale, &w);
			return;
		}
		r->stats.limited++;
		resolver_reply_at_once(r, d->to, d->question, DNS_RCODE_SERVFAIL);
		return;
	}
	if (d->answer->addr_count)
		tell(r, d);
	if (p)
		resolver_pending_reply(p, w.start, w.len);
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

	resolver_deliver(p->r, &d, p);
}

/* What is known of p's question, however old. */
static struct answer *pending_known(const struct pending *p)
{
	struct answers_key key;

	resolver_key(&p->question, &key);
	return answers_find(
		&p->r->answers, &key, RESOLVER_STALE_S, loop_now(p->r->loop));
}

void resolver_pending_fail(struct pending *p, bool bogus)
{
	struct resolver *r = p->r;

	r->stats.failed++;
	resolver_take_failure(r, &p->question, bogus);
	struct answer *a = pending_known(p);
	if (a)
		pending_deliver(p, a, !a->failure && !answer_left(a, loop_now(r->loop)));
	else
		resolver_pending_refuse(p, DNS_RCODE_SERVFAIL,
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
		resolver_pending_refuse(p, DNS_RCODE_SERVFAIL, RESOLVER_EDE_UNREACHABLE);
}

static void pending_late(struct loop_timer *t)
{
	struct pending *p = t->ctx;

	if (p->answer) {
		p->r->stats.unconfirmed++;
		resolver_pending_refuse(p, DNS_RCODE_SERVFAIL, 0);
	} else if (p->stale_waits) {
		pending_stale(p);
	} else {
		resolver_pending_fail(p, false);
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
		resolver_pending_fail(p, result->bogus);
		return;
	}
	pending_deliver(p, a, false);
	if (owned)
		free(a);
}
