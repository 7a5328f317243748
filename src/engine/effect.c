// SPDX-License-Identifier: GPL-2.0-or-later
/* Sums of conversations before the evaluator. */
#include "engine/effect.h"

#include <string.h>
#include "base/str.h"
#include "engine/pipeline.h"

#define CLIENT_PORT 49152 /* IANA's first dynamic one: in place of what was not kept */

/* What is known of names and triggers where there is a sum alone: its own name, and what
 * the house knows now. */
struct witness {
	const struct effect_bench *bench;
	const struct store_peer *peer;
	struct household_names names;
	struct policy_names now;
	bool asked_trigger;
};

static bool is_its_name(const struct store_peer *p, const char *name, const struct addr *a)
{
	return p->told && p->name[0] && addr_equal(a, &p->addr) &&
	       rule_name_matches(name, p->name);
}

static bool has(void *ctx, const char *name, const struct addr *a)
{
	const struct witness *w = ctx;

	return is_its_name(w->peer, name, a) || (w->now.has && w->now.has(w->now.ctx, name, a));
}

static size_t addrs(void *ctx, const char *name, struct addr *out, size_t max)
{
	const struct witness *w = ctx;
	size_t n = w->now.addrs && max ? w->now.addrs(w->now.ctx, name, out, max - 1) : 0;

	if (max && is_its_name(w->peer, name, &w->peer->addr))
		out[n++] = w->peer->addr;
	return n;
}

static size_t members(void *ctx, const struct peer *p, struct addr *out, size_t max)
{
	const struct witness *w = ctx;

	return w->now.members ? w->now.members(w->now.ctx, p, out, max) : 0;
}

static bool armed(void *ctx, uint16_t trigger, uint32_t open_s)
{
	struct witness *w = ctx;

	w->asked_trigger = true;
	return trigger && open_s;
}

static struct addr own_address(const struct device *d, const struct addr *peer)
{
	struct addr none = {.family = peer->family};

	for (size_t i = 0; i < d->addr_count; i++)
		if (d->addrs[i].addr.family == peer->family &&
			addr_is_link_local(&d->addrs[i].addr) == addr_is_link_local(peer))
			return d->addrs[i].addr;
	for (size_t i = 0; i < d->addr_count; i++)
		if (d->addrs[i].addr.family == peer->family)
			return d->addrs[i].addr;
	return none;
}

/* DHCP has a port of its own on either side (RFC 2131 4.1, RFC 8415 7.2); within the LAN
 * the kernel passes it whatever the rules say. */
static uint16_t client_port(const struct policy_env *env, const struct store_peer *p)
{
	uint16_t client = p->addr.family == 4 ? 68 : 546, server = p->addr.family == 4 ? 67 : 547;

	if (p->proto != FLOW_PROTO_UDP || !policy_env_is_local(env, &p->addr))
		return CLIENT_PORT;
	if (p->direction == DIRECTION_FROM_DEVICE)
		return p->port == server ? client : CLIENT_PORT;
	return p->port == client ? server : CLIENT_PORT;
}

static struct flow flow_of(const struct effect_bench *b, const struct store_peer *p)
{
	bool from = p->direction == DIRECTION_FROM_DEVICE;
	struct flow f = {.direction = p->direction,
		.device = own_address(b->device, &p->addr),
		.peer = p->addr,
		.proto = p->proto};

	if (p->proto == FLOW_PROTO_ICMP || p->proto == FLOW_PROTO_ICMP6) {
		f.icmp_type = (uint8_t)p->port;
	} else if (p->proto == FLOW_PROTO_TCP || p->proto == FLOW_PROTO_UDP) {
		f.device_port = from ? client_port(b->env, p) : p->port;
		f.peer_port = from ? p->port : client_port(b->env, p);
	}
	return f;
}

/* A question that was refused got no address: the rules about names are all there is. */
static void judge_name(const struct policy *policy, const struct store_peer *p,
	struct effect_verdict *ret)
{
	for (uint32_t i = 0; i < policy->count && !ret->rule; i++) {
		const struct rule *r = &policy->rules[i];

		if (r->peer.kind == PEER_NAME && rule_in_force(r) && r->action != RULE_PASS &&
			rule_name_matches(r->peer.name, p->name))
			ret->rule = r;
	}
	ret->allowed = ret->rule && ret->rule->action == RULE_ACCEPT;
}

/* ---- what is lost ---- */

static struct verdict evaluate(struct witness *w, const struct flow *f)
{
	const struct policy_names names = {
		.has = has, .addrs = addrs, .members = members, .armed = armed, .ctx = w};
	struct verdict v;

	policy_evaluate(w->bench->policy, w->bench->env, &names, f, &v);
	return v;
}

static bool passes(const struct verdict *v)
{
	return v->kind == VERDICT_PASS || v->kind == VERDICT_ALLOW;
}

/* With this port of the client. */
static bool passes_by(struct witness *w, const struct flow *f, int port, bool otherwise)
{
	struct flow g = *f;
	struct verdict v;

	*(f->direction == DIRECTION_FROM_DEVICE ? &g.device_port : &g.peer_port) =
		(uint16_t)port;
	if (policy_is_infrastructure(&g) || policy_is_rogue(&g))
		return otherwise; /* which it was not */
	v = evaluate(w, &g);
	return passes(&v);
}

static bool passes_as(struct witness *w, const struct flow *f, int code)
{
	struct flow g = *f;
	struct verdict v;

	g.icmp_code = (uint8_t)code;
	v = evaluate(w, &g);
	return passes(&v);
}

/* The verdict changes at the ends of the rule's range of client ports, if anywhere. */
static bool turns_on_port(struct witness *w, const struct flow *f, const struct rule *r,
	bool allowed)
{
	struct range16 own = f->direction == DIRECTION_FROM_DEVICE ? r->device_port : r->peer_port;

	if ((own.lo <= 1 && own.hi == UINT16_MAX) || !own.hi)
		return false; /* any; or none that a client has */
	return passes_by(w, f, own.lo ? own.lo : 1, allowed) != allowed ||
	       passes_by(w, f, own.hi, allowed) != allowed ||
	       (own.lo > 1 && passes_by(w, f, own.lo - 1, allowed) != allowed) ||
	       (own.hi < UINT16_MAX && passes_by(w, f, own.hi + 1, allowed) != allowed);
}

static bool turns_on_code(struct witness *w, const struct flow *f, const struct rule *r,
	bool allowed)
{
	if (r->icmp_code == RULE_ICMP_ANY)
		return false;
	return passes_as(w, f, r->icmp_code) != allowed ||
	       passes_as(w, f, (r->icmp_code + 1) % 256) != allowed;
}

static bool is_unsure(struct witness *w, const struct flow *f, bool allowed)
{
	bool ports = f->proto == FLOW_PROTO_TCP || f->proto == FLOW_PROTO_UDP;
	bool icmp = f->proto == FLOW_PROTO_ICMP || f->proto == FLOW_PROTO_ICMP6;
	const struct policy *p = w->bench->policy;

	for (uint32_t i = 0; i < p->count; i++) {
		const struct rule *r = &p->rules[i];

		if (r->direction != f->direction ||
			(r->proto != RULE_PROTO_ANY && r->proto != f->proto))
			continue;
		if ((ports && turns_on_port(w, f, r, allowed)) ||
			(icmp && turns_on_code(w, f, r, allowed)))
			return true;
	}
	return false;
}

void effect_judge(const struct effect_bench *b, const struct store_peer *peer,
	struct effect_verdict *ret)
{
	struct witness w = {.bench = b, .peer = peer};
	struct flow f = flow_of(b, peer);
	struct verdict v;

	memset(ret, 0, sizeof(*ret));
	if (!b->policy) {
		ret->allowed = true;
		return;
	}
	if (peer->place == RECORD_PLACE_MAX) {
		ret->unsure = true;
		return;
	}
	if (!peer->addr.family) {
		judge_name(b->policy, peer, ret);
		return;
	}
	if (b->hd)
		w.now = household_names(&w.names, b->hd, b->wall);
	v = evaluate(&w, &f);
	ret->allowed = passes(&v);
	ret->rule = v.rule ? policy_rule(b->policy, v.rule) : NULL;
	ret->unsure = w.asked_trigger && ret->rule && ret->rule->needs;
	/* DHCP and its like pass whatever the rules say */
	if (!ret->unsure && v.kind != VERDICT_PASS)
		ret->unsure = is_unsure(&w, &f, ret->allowed);
}

struct effect_bench effect_now(struct pipeline *p, const struct device *d)
{
	struct household_device *hd = household_device(&p->household, d->id);

	return (struct effect_bench){.env = &p->household.env,
		.device = d,
		.hd = hd,
		.wall = pipeline_wall(p),
		.policy = hd && hd->pool && device_is_enforced(d) ? &hd->policy : NULL};
}

/* ---- all that was recorded ---- */

struct measure {
	struct effect_bench now, then;
	struct effect *effect;
};

static bool is_before(const struct effect_example *a, const struct effect_example *b)
{
	if (a->unsure != b->unsure)
		return !a->unsure;
	return a->count > b->count;
}

/* The list is short, and sorted. */
static void keep_example(struct effect *e, const struct effect_example *x)
{
	size_t i = e->example_count;

	if (i == EFFECT_EXAMPLES && !is_before(x, &e->examples[i - 1]))
		return;
	if (i == EFFECT_EXAMPLES)
		i--;
	else
		e->example_count++;
	for (; i > 0 && is_before(x, &e->examples[i - 1]); i--)
		e->examples[i] = e->examples[i - 1];
	e->examples[i] = *x;
}

static int measure_one(
	void *ctx, const struct store_peer *p, const struct store_talk *t)
{
	struct measure *m = ctx;
	struct effect *e = m->effect;
	struct effect_verdict now, then;

	effect_judge(&m->now, p, &now);
	effect_judge(&m->then, p, &then);
	const struct effect_example x = {.peer = *p,
		.now = now.allowed,
		.then = then.allowed,
		.unsure = now.unsure || then.unsure,
		.count = t->count,
		.last = t->last};

	e->conversations += t->count;
	if (x.unsure)
		e->unknown += t->count;
	else if (x.now == x.then)
		e->unchanged += t->count;
	else if (x.now)
		e->would_block += t->count;
	else
		e->would_allow += t->count;
	if (x.unsure ? p->place != RECORD_PLACE_MAX : x.now != x.then)
		keep_example(e, &x);
	return 0;
}

int effect_measure(struct pipeline *p, const struct device *d, uint32_t hours,
	const struct policy *now, const struct policy *then, struct effect *ret)
{
	struct household_device *hd = household_device(&p->household, d->id);
	const struct effect_bench bench = {.env = &p->household.env,
		.device = d,
		.hd = hd,
		.wall = pipeline_wall(p)};
	struct measure m = {.now = bench, .then = bench, .effect = ret};
	uint32_t from = history_hours_ago(pipeline_wall(p), hours);
	nstime since = history_since(p, d);

	memset(ret, 0, sizeof(*ret));
	if (!hd)
		return CARDEA_ELIMIT;
	history_look(p);
	if (!since) /* now it may be known */
		since = history_since(p, d);
	ret->since = !since			       ? 0
		     : since > (nstime)from * HISTORY_HOUR ? since
							   : (nstime)from * HISTORY_HOUR;
	m.now.policy = now;
	m.then.policy = then;
	ret->enforced = then != NULL;
	return store_talks(p->store, d->id, from, measure_one, &m);
}

/* ---- in words ---- */

char *effect_peer(const struct store_peer *p, char buf[EFFECT_PEER_MAX])
{
	struct str_text t = {.buf = buf, .size = EFFECT_PEER_MAX};
	bool from = p->direction == DIRECTION_FROM_DEVICE;
	char proto[FLOW_PROTO_TEXT_MAX], addr[ADDR_TEXT_MAX], name[LIMIT_NAME];

	buf[0] = 0;
	if (p->place == RECORD_PLACE_MAX) {
		str_add(&t, "many small ones");
		return buf;
	}
	if (p->proto)
		str_add(&t, "%s ", flow_proto_text(p->proto, proto));
	if (p->proto == FLOW_PROTO_TCP || p->proto == FLOW_PROTO_UDP)
		str_add(&t, "%u ", p->port);
	str_add(&t, "%s %s", from ? "to" : "from",
		p->name[0] ? str_escape(str_untrusted(p->name), name, sizeof(name))
			   : addr_format(&p->addr, addr));
	return buf;
}

static void say_count(struct str_text *t, uint64_t n, const char *what)
{
	if (n)
		str_add(t, ", %llu %s", (unsigned long long)n, what);
}

char *effect_sentence(const struct effect *e, const struct device *d,
	char buf[EFFECT_TEXT_MAX])
{
	struct str_text t = {.buf = buf, .size = EFFECT_TEXT_MAX};
	char when[CLOCK_TEXT_MAX], peer[EFFECT_PEER_MAX];

	buf[0] = 0;
	if (!e->conversations) {
		str_add(&t, "Nothing is recorded of %.63s that this could be held against.",
			d->name);
		return buf;
	}
	if (!e->enforced) {
		str_add(&t,
			"Nothing is enforced for %.63s, nor would be by this alone: it holds as "
			"soon as a profile is in force.",
			d->name);
		return buf;
	}
	str_add(&t, "Of %llu conversations and attempts of %.63s",
		(unsigned long long)e->conversations, d->name);
	if (e->since)
		str_add(&t, " since %.16s UTC", clock_format(e->since, when));
	say_count(&t, e->would_block, "that pass now would be blocked");
	say_count(&t, e->would_allow, "that are blocked now would pass");
	if (!e->would_block && !e->would_allow)
		str_add(&t, ", none would come out otherwise");
	if (e->example_count && !e->examples[0].unsure)
		str_add(&t, ": %s", effect_peer(&e->examples[0].peer, peer));
	str_add(&t, ".");
	if (e->unknown)
		str_add(&t, " Of %llu it cannot be told from sums alone.",
			(unsigned long long)e->unknown);
	return buf;
}
