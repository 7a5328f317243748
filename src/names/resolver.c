// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver - pending queries, answers held for the engine, and the engine's lookups. */
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
	/* once upstream answered with addresses */
	struct message_dns_answer *answer;
	uint8_t *reply;
	size_t reply_len;
	nstime held_since;
};

/* A name for the courier: IPv4 and IPv6 together. */
struct job {
	struct resolver *r;
	bool busy;
	uint64_t id;
	char name[LIMIT_NAME];
	struct resolver_lookup lookups[2];
	struct message_addrs addrs;
	struct loop_timer deadline;
};

struct resolver {
	struct loop *loop;
	const struct resolver_ops *ops;
	void *ctx;
	struct resolver_limit limit;
	struct resolver_stats stats;
	uint64_t serial;
	struct pending *pending[RESOLVER_PENDING_MAX];
	struct job jobs[RESOLVER_JOBS_MAX];
	uint8_t scratch[RESOLVER_MESSAGE_MAX];
};

struct resolver *resolver_new(struct loop *l, const struct resolver_ops *ops, void *ctx)
{
	struct resolver *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->loop = l;
	r->ops = ops;
	r->ctx = ctx;
	if (resolver_limit_init(&r->limit)) {
		free(r);
		return NULL;
	}
	return r;
}

const struct resolver_stats *resolver_stats(const struct resolver *r)
{
	return &r->stats;
}

static void lookup_cancel(struct resolver *r, struct resolver_lookup *k)
{
	if (k->running)
		r->ops->cancel(r->ctx, k);
	k->running = false;
}

static int lookup_start(
	struct resolver *r, struct resolver_lookup *k, const char *name, uint16_t type)
{
	int e = r->ops->resolve(r->ctx, k, name, type);

	k->running = !e;
	return e;
}

/* ---- a client's query ---- */

static void pending_free(struct pending *p)
{
	struct resolver *r = p->r;

	lookup_cancel(r, &p->lookup);
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

static void pending_refuse(struct pending *p, uint16_t rcode)
{
	struct writer w = writer_of(p->r->scratch, sizeof p->r->scratch);

	if (resolver_reply_empty(&p->question, rcode, true, &w))
		pending_free(p);
	else
		pending_reply(p, w.start, w.len);
}

static void pending_late(struct loop_timer *t)
{
	struct pending *p = t->ctx;

	if (p->answer)
		p->r->stats.unconfirmed++;
	else
		p->r->stats.failed++;
	pending_refuse(p, DNS_RCODE_SERVFAIL);
}

/* Keeps the finished reply until the engine says that the addresses are known. */
static void pending_hold(
	struct pending *p, const struct dns_answer *a, const struct writer *reply)
{
	struct resolver *r = p->r;

	p->answer = calloc(1, sizeof *p->answer);
	p->reply = malloc(reply->len);
	if (!p->answer || !p->reply) {
		pending_refuse(p, DNS_RCODE_SERVFAIL);
		return;
	}
	memcpy(p->reply, reply->start, reply->len);
	p->reply_len = reply->len;
	p->answer->id = p->id;
	p->answer->client = p->origin.client;
	(void)str_copy(p->answer->name, sizeof p->answer->name,
		p->question.query.question.name.text);
	p->answer->rcode = (uint8_t)a->rcode;
	p->answer->ttl_s =
		a->min_ttl < BINDING_TTL_MAX_S ? a->min_ttl : BINDING_TTL_MAX_S;
	p->answer->addrs.count = a->count;
	memcpy(p->answer->addrs.addrs, a->addresses, a->count * sizeof a->addresses[0]);
	p->held_since = loop_now(r->loop);
	r->stats.held++;
	loop_arm(r->loop, &p->deadline, RESOLVER_HOLD_MS * NS_PER_MS);
	struct message m = {.type = MESSAGE_DNS_ANSWER, .dns_answer = *p->answer};
	/* Without an engine the answer waits for the next one: resolver_engine_up. */
	(void)r->ops->announce(r->ctx, &m);
}

/* Upstream's answer, understood; an error makes it SERVFAIL. Servers that fail answer
 * with a bare header, which only tells the rcode. */
static int answer_read(
	const struct pending *p, struct cursor packet, struct dns_answer *ret)
{
	struct cursor c = packet;
	struct dns_header h;
	int e = dns_parse_header(&c, &h);

	if (e)
		return e;
	if (!h.qr || h.tc)
		return CARDEA_EPEER;
	if (!h.questions)
		return h.rcode ? CARDEA_EPEER : CARDEA_EMALFORMED;
	e = dns_answer_collect(packet, ret);
	if (e)
		return e;
	const struct dns_question *asked = &p->question.query.question;
	if (!dns_name_equal(&ret->question.name, &asked->name) ||
		ret->question.type != asked->type || ret->count > LIMIT_ANSWER_ADDRS)
		return CARDEA_EPEER;
	return 0;
}

static void pending_done(
	struct resolver_lookup *k, int error, const uint8_t *packet, size_t len)
{
	struct pending *p = k->owner;
	struct resolver *r = p->r;
	struct writer w = writer_of(r->scratch, sizeof r->scratch);
	struct dns_answer a;

	k->running = false;
	if (!error)
		error = answer_read(p, cursor_of(packet, len), &a);
	if (!error)
		error = resolver_reply_from(&p->question, cursor_of(packet, len), &a,
			p->origin.stream ? RESOLVER_MESSAGE_MAX
					 : p->question.query.udp_size,
			&w);
	if (error) {
		r->stats.failed++;
		pending_refuse(p, DNS_RCODE_SERVFAIL);
		return;
	}
	if (a.count) {
		pending_hold(p, &a, &w);
		return;
	}
	pending_reply(p, w.start, w.len);
}

static struct pending *pending_new(struct resolver *r)
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
	p->lookup.done = pending_done;
	p->lookup.owner = p;
	p->deadline.fire = pending_late;
	p->deadline.ctx = p;
	r->pending[slot] = p;
	return p;
}

static void reply_at_once(struct resolver *r, const struct resolver_origin *to,
	const struct resolver_question *q, uint16_t rcode)
{
	struct writer w = writer_of(r->scratch, sizeof r->scratch);

	if (!resolver_reply_empty(q, rcode, q->wire_len > 0, &w))
		r->ops->reply(r->ctx, to, w.start, w.len);
}

bool resolver_connect(struct resolver *r, const struct addr *client)
{
	for (unsigned i = 0; i < RESOLVER_HANDSHAKE_COST; i++)
		if (!resolver_limit_admit(&r->limit, client, loop_now(r->loop))) {
			r->stats.limited++;
			return false;
		}
	return true;
}

/* What the house itself knows is neither asked nor held: its addresses are local ones,
 * which no name opens. */
static bool reply_local(struct resolver *r, const struct resolver_origin *from,
	const struct resolver_question *q)
{
	struct writer w = writer_of(r->scratch, sizeof r->scratch);
	size_t limit = from->stream ? RESOLVER_MESSAGE_MAX : q->query.udp_size;

	if (!r->ops->local || !r->ops->local(r->ctx, from, &q->query, limit, &w))
		return false;
	if (w.len >= (size_t)DNS_HEADER_LEN + q->wire_len) /* 0x20: as it was spelt */
		memcpy(w.start + DNS_HEADER_LEN, q->wire, q->wire_len);
	r->ops->reply(r->ctx, from, w.start, w.len);
	return true;
}

bool resolver_ask(struct resolver *r, const struct resolver_origin *from,
	const uint8_t *message, size_t len)
{
	struct resolver_question q;
	struct resolver_client *client;
	uint16_t rcode;

	r->stats.queries++;
	/* The rate comes first: error replies cost work as well. Silence, not REFUSED,
	 * for over UDP the sender's address may be forged. */
	client = resolver_limit_admit(&r->limit, &from->client, loop_now(r->loop));
	if (!client) {
		r->stats.limited++;
		return false;
	}
	int e = resolver_question_read(message, len, &q, &rcode);
	if (e) {
		r->stats.malformed++;
		if (e != CARDEA_EREFUSED)
			reply_at_once(r, from, &q, rcode);
		return e != CARDEA_EREFUSED;
	}
	if (reply_local(r, from, &q))
		return true;
	struct pending *p = pending_new(r);
	if (!p) {
		r->stats.limited++;
		reply_at_once(r, from, &q, DNS_RCODE_SERVFAIL);
		return true;
	}
	p->origin = *from;
	p->question = q;
	p->client = client;
	client->pending++;
	loop_arm(r->loop, &p->deadline, RESOLVER_UPSTREAM_MS * NS_PER_MS);
	if (lookup_start(
		    r, &p->lookup, q.query.question.name.text, q.query.question.type)) {
		r->stats.failed++;
		pending_refuse(p, DNS_RCODE_SERVFAIL);
	}
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
		pending_refuse(p, m->rcode);
		return;
	}
	nstime held = loop_now(r->loop) - p->held_since;
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
	for (unsigned i = 0; i < RESOLVER_PENDING_MAX; i++) {
		struct pending *p = r->pending[i];
		if (!p || !p->answer)
			continue;
		struct message m = {
			.type = MESSAGE_DNS_ANSWER, .dns_answer = *p->answer};
		(void)r->ops->announce(r->ctx, &m);
	}
}

static void job_end(struct job *j)
{
	lookup_cancel(j->r, &j->lookups[0]);
	lookup_cancel(j->r, &j->lookups[1]);
	loop_disarm(&j->deadline);
	j->busy = false;
}

static void engine_answer(struct resolver *r, uint64_t id, const char *name,
	const struct message_addrs *addrs)
{
	struct message m = {.type = MESSAGE_RESOLVED};

	m.resolved.id = id;
	(void)str_copy(m.resolved.name, sizeof m.resolved.name, name);
	m.resolved.failed = !addrs || !addrs->count;
	if (addrs)
		m.resolved.addrs = *addrs;
	(void)r->ops->announce(r->ctx, &m);
}

static void job_finish(struct job *j)
{
	engine_answer(j->r, j->id, j->name, &j->addrs);
	job_end(j);
}

static void job_late(struct loop_timer *t)
{
	job_finish(t->ctx);
}

static void job_done(
	struct resolver_lookup *k, int error, const uint8_t *packet, size_t len)
{
	struct job *j = k->owner;
	struct dns_answer a;

	k->running = false;
	if (!error && !dns_answer_collect(cursor_of(packet, len), &a) && !a.rcode)
		for (unsigned i = 0; i < a.count; i++)
			if (j->addrs.count < LIMIT_ANSWER_ADDRS)
				j->addrs.addrs[j->addrs.count++] = a.addresses[i];
	if (!j->lookups[0].running && !j->lookups[1].running)
		job_finish(j);
}

static struct job *job_take(struct resolver *r)
{
	for (unsigned i = 0; i < RESOLVER_JOBS_MAX; i++)
		if (!r->jobs[i].busy)
			return &r->jobs[i];
	return NULL;
}

void resolver_resolve(struct resolver *r, const struct message_resolve *m)
{
	static const uint16_t types[2] = {DNS_TYPE_A, DNS_TYPE_AAAA};
	struct job *j = job_take(r);
	struct dns_name name;

	if (!j || dns_name_from_text(m->name, &name)) {
		engine_answer(r, m->id, m->name, NULL);
		return;
	}
	*j = (struct job){.r = r, .busy = true, .id = m->id};
	(void)str_copy(j->name, sizeof j->name, m->name);
	j->deadline = (struct loop_timer){.fire = job_late, .ctx = j};
	loop_arm(r->loop, &j->deadline, RESOLVER_UPSTREAM_MS * NS_PER_MS);
	for (unsigned i = 0; i < 2; i++) {
		j->lookups[i].done = job_done;
		j->lookups[i].owner = j;
		(void)lookup_start(r, &j->lookups[i], name.text, types[i]);
	}
	if (!j->lookups[0].running && !j->lookups[1].running)
		job_finish(j);
}

void resolver_engine_down(struct resolver *r)
{
	for (unsigned i = 0; i < RESOLVER_JOBS_MAX; i++)
		if (r->jobs[i].busy)
			job_end(&r->jobs[i]);
}

void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	for (unsigned i = 0; i < RESOLVER_PENDING_MAX; i++)
		if (r->pending[i])
			pending_free(r->pending[i]);
	resolver_engine_down(r);
	resolver_limit_free(&r->limit);
	free(r);
}
