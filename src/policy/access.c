// SPDX-License-Identifier: GPL-2.0-or-later
/* access - what one file allows and another does not. Peers that only a house can turn
 * into addresses are compared by what they are called: each is a world of its own, in
 * which a host of that name or class has any address, and one more world has hosts that
 * are nobody. In every world the rules are boxes, and boxes subtract exactly. */
#include "policy/policy_priv.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

/* Worlds times rules that hold in all of them: beyond it a comparison takes long, and
 * the biggest known file has 47 names and 60 addresses. */
#define WORK_MAX (1 << 20)
#define BOXES_MAX 4096
#define CLIENT_PORT 49152 /* RFC 6335 6: what a client would use */
#define SERVER_PORT 443
/* Of the rules that name nobody: it is inside all others. */
#define WORLD_ANY SIZE_MAX
#define PARTIAL_MAX 64 /* rules whose news is looked into; more are taken for news */

/* World 0 is that of nobody. */
struct worlds {
	struct peer *peers;
	size_t count;
};

struct access {
	struct pool *pool;
	struct worlds worlds;
	struct policy before, after;    /* what is surely, what is perhaps allowed */
	const struct policy_says *says; /* the rules of after as they were */
	struct space old, now, scratch, nobody;
	struct policy_access *list;
	size_t count, base;  /* base: where this side of this world began */
	char world_name[16]; /* as peer_to_name writes it */
};

/* Everywhere the same addresses, so that no world of its own is needed. */
static bool is_address(const struct peer *p)
{
	return p->kind == PEER_ANY || p->kind == PEER_PREFIX;
}

static bool peers_are_one(const struct peer *a, const struct peer *b)
{
	return a->kind == b->kind && strcmp(a->name, b->name) == 0 &&
	       (a->kind != PEER_MAC || mac_equal(&a->mac, &b->mac));
}

static size_t world_of(const struct worlds *w, const struct peer *p)
{
	for (size_t i = 1; i < w->count; i++)
		if (peers_are_one(&w->peers[i], p))
			return i;
	return 0;
}

/* "@7": no domain name, and so the same to policy_prepare as to nobody else. Classes
 * whose addresses every house knows stay what they are. */
static void peer_to_name(const struct worlds *w, struct rule *r)
{
	if (is_address(&r->peer) || r->peer.kind == PEER_LOCAL_NETWORKS ||
		r->peer.kind == PEER_GATEWAY || r->peer.kind == PEER_CONTROLLER_DNS ||
		r->peer.kind == PEER_CONTROLLER_NTP)
		return;
	size_t world = world_of(w, &r->peer);
	r->peer.kind = PEER_NAME;
	(void)str_print(r->peer.name, sizeof r->peer.name, "@%zu", world);
}

static void worlds_add(struct worlds *w, const struct policy_says *says)
{
	for (size_t i = 0; i < says->count; i++) {
		const struct peer *p = &says->rules[i].peer;
		if (says->rules[i].ethertype == RULE_ETHERTYPE_IP && !is_address(p) &&
			!world_of(w, p))
			w->peers[w->count++] = *p;
	}
}

/* The base layer's classes are there even when no file names them. */
static int worlds_init(struct access *a, const struct policy_says *before,
	const struct policy_says *after)
{
	static const enum peer_kind base[] = {PEER_CONTROLLER_DNS, PEER_CONTROLLER_NTP};
	struct worlds *w = &a->worlds;

	w->peers = pool_take(
		a->pool, (before->count + after->count + 3) * sizeof *w->peers);
	if (!w->peers)
		return -ENOMEM;
	w->count = 1;
	for (size_t i = 0; i < 2; i++)
		w->peers[w->count++] = (struct peer){.kind = base[i]};
	worlds_add(w, before);
	worlds_add(w, after);
	return w->count * (before->count + after->count) > WORK_MAX ? CARDEA_ELIMIT : 0;
}

static enum policy_mark mark_of(const struct policy_says *s, size_t i)
{
	return s->marks ? (enum policy_mark)s->marks[i] : POLICY_RULE_WHOLE;
}

static bool rules_are_one(const struct rule *a, const struct rule *b)
{
	return a->direction == b->direction && a->initiator == b->initiator &&
	       a->action == b->action && a->family == b->family &&
	       a->ethertype == b->ethertype && a->proto == b->proto &&
	       a->icmp_type == b->icmp_type && a->icmp_code == b->icmp_code &&
	       a->device_port.lo == b->device_port.lo &&
	       a->device_port.hi == b->device_port.hi &&
	       a->peer_port.lo == b->peer_port.lo &&
	       a->peer_port.hi == b->peer_port.hi &&
	       peers_are_one(&a->peer, &b->peer) &&
	       a->peer.prefix.len == b->peer.prefix.len &&
	       (a->peer.kind != PEER_PREFIX ||
		       addr_equal(&a->peer.prefix.addr, &b->peer.prefix.addr)) &&
	       strcmp(a->detail, b->detail) == 0;
}

/* The other file asks for the same with the same words. */
static bool has_twin(const struct rule *r, const struct policy_says *other)
{
	for (size_t i = 0; i < other->count; i++)
		if (mark_of(other, i) == POLICY_RULE_PARTIAL &&
			rules_are_one(r, &other->rules[i]))
			return true;
	return false;
}

/* The rules that count. Before, what is partly said forbids all it may; after, it says
 * nothing here and has its own turn (compare_partial). */
static int side_prepare(struct access *a, const struct policy_says *s,
	const struct policy_says *other, bool partial_drops, struct policy *ret)
{
	struct rule *rules = pool_take(a->pool, (s->count + 1) * sizeof *rules);
	size_t n = 0;

	if (!rules)
		return -ENOMEM;
	for (size_t i = 0; i < s->count; i++) {
		enum policy_mark mark = mark_of(s, i);
		if (mark == POLICY_RULE_NOTHING ||
			s->rules[i].ethertype != RULE_ETHERTYPE_IP ||
			(mark == POLICY_RULE_PARTIAL &&
				(!partial_drops || s->rules[i].action != RULE_DROP ||
					has_twin(&s->rules[i], other))))
			continue;
		rules[n] = s->rules[i];
		rules[n].id = (rule_id)(i + 1);
		rules[n].status = RULE_ENFORCED;
		rules[n].detail[0] = 0;
		peer_to_name(&a->worlds, &rules[n++]);
	}
	const struct policy_input in = {.rules = rules, .count = n};
	return policy_prepare(a->pool, &in, ret);
}

struct union_ctx {
	struct access *a;
	struct space *to;
	struct box shape;
};

static int unite_range(void *ctx, const struct addr *lo, const struct addr *hi)
{
	struct union_ctx *u = ctx;
	struct box b = u->shape;

	b.lo = *lo;
	b.hi = *hi;
	return space_unite(u->to, &b, &u->a->scratch);
}

static bool is_of_world(const struct access *a, const struct rule *r, size_t world)
{
	if (!world || world == WORLD_ANY)
		return false;
	if (r->peer.kind != PEER_NAME)
		return peers_are_one(&r->peer, &a->worlds.peers[world]);
	return strcmp(a->world_name, r->peer.name) == 0;
}

/* A host that is called by name is allowed by name: that one of its addresses may be
 * allowed as well is the business of world 0. What forbids addresses, forbids them in
 * every world. */
static bool counts_in_world(const struct access *a, const struct rule *r, size_t world)
{
	return !world || r->action == RULE_DROP || r->peer.kind == PEER_ANY ||
	       is_of_world(a, r, world);
}

static int unite_rule(struct union_ctx *u, const struct policy *p, uint32_t place,
	size_t world, uint8_t family)
{
	static const struct policy_env nowhere;
	const struct rule *r = policy_at(p, place);
	struct box shapes[POLICY_SHAPES_MAX], all = box_all(family);
	size_t n = policy_rule_shapes(r, family, shapes);
	int e = 0;

	for (size_t i = 0; i < n && !e; i++) {
		u->shape = shapes[i];
		u->shape.place = place;
		if (is_of_world(u->a, r, world))
			e = unite_range(u, &all.lo, &all.hi);
		else if (r->peer.kind != PEER_NAME)
			e = policy_rule_ranges(
				r, &nowhere, NULL, family, unite_range, u);
	}
	return e;
}

/* All that the rules say about one side of one world, the first match first. */
static int side_fill(struct access *a, const struct policy *p, struct space *to,
	enum direction d, size_t world, uint8_t family)
{
	struct union_ctx u = {.a = a, .to = to};
	int e = 0;

	to->count = 0;
	for (uint32_t i = 0; i < p->count && !e; i++)
		if (policy_rule_counts(&p->rules[i], d) &&
			counts_in_world(a, &p->rules[i], world))
			e = unite_rule(&u, p, i, world, family);
	return e;
}

static int subtract_accepted(struct space *from, const struct space *what)
{
	int e = 0;

	for (uint32_t i = 0; i < what->count && !e; i++)
		if (what->boxes[i].accept)
			e = space_subtract(from, &what->boxes[i]);
	return e;
}

static void keep_accepted(struct space *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->count; i++)
		if (s->boxes[i].accept)
			s->boxes[n++] = s->boxes[i];
	s->count = n;
}

static uint16_t port_in(struct range16 r, uint16_t likely)
{
	if (r.lo <= likely && likely <= r.hi)
		return likely;
	return !r.lo && r.hi ? 1 : r.lo; /* nobody uses port 0 */
}

/* Addresses of documentation (RFC 5737, RFC 3849) where they fit: a reader knows them
 * for what they are. */
static struct flow witness_of(const struct box *b, enum direction d)
{
	struct addr device, peer;
	struct box one = *b;

	if (addr_parse(b->family == 4 ? "192.0.2.10" : "2001:db8::10", &device) ||
		addr_parse(b->family == 4 ? "198.51.100.1" : "2001:db8:1::1", &peer))
		return box_witness(b, d, &device);
	one.lo = one.hi = peer;
	if (!box_covers(b, &one))
		one = *b;
	if (b->proto_lo <= FLOW_PROTO_TCP && b->proto_hi >= FLOW_PROTO_TCP)
		one.proto_lo = FLOW_PROTO_TCP;
	if (policy_has_ports(one.proto_lo)) {
		bool out = d == DIRECTION_FROM_DEVICE;
		one.device_port.lo =
			port_in(b->device_port, out ? CLIENT_PORT : SERVER_PORT);
		one.peer_port.lo =
			port_in(b->peer_port, out ? SERVER_PORT : CLIENT_PORT);
	}
	return box_witness(&one, d, &device);
}

/* lead as the rule's type and code; false: it is less than what they say. */
static bool narrow_icmp(struct rule *r, struct range16 lead)
{
	bool one_type = lead.lo >> 8 == lead.hi >> 8;
	bool whole_types = (lead.lo & 0xff) == 0 && (lead.hi & 0xff) == 0xff;

	r->icmp_type = one_type ? (int16_t)(lead.lo >> 8) : RULE_ICMP_ANY;
	r->icmp_code = lead.lo == lead.hi ? (int16_t)(lead.lo & 0xff) : RULE_ICMP_ANY;
	r->device_port = r->peer_port = (struct range16){0, UINT16_MAX};
	return lead.lo == lead.hi || (one_type && whole_types) ||
	       policy_range_is_any(lead);
}

/* lo to hi as the rule's peer when a prefix says it. */
static bool narrow_peer(struct rule *r, const struct box *b)
{
	struct box all = box_all(b->family);
	struct addr lo, hi;

	if (addr_equal(&b->lo, &all.lo) && addr_equal(&b->hi, &all.hi))
		return true;
	for (int len = addr_bits(&b->lo); is_address(&r->peer) && len > 0; len--) {
		struct prefix p = prefix_of(&b->lo, (uint8_t)len);
		prefix_range(&p, &lo, &hi);
		if (!addr_equal(&lo, &b->lo) || !addr_equal(&hi, &b->hi))
			continue;
		r->peer.kind = PEER_PREFIX;
		r->peer.prefix = p;
		return true;
	}
	return false;
}

static void describe(const struct access *a, const struct box *b, enum direction d,
	size_t world, struct policy_access *ret)
{
	const struct rule *rule = policy_at(&a->after, b->place);
	bool own = b->place < a->after.base_first;
	struct policy_access x = {
		.what = *rule,
		.from = own ? &a->says->rules[rule->id - 1] : rule,
		.witness = witness_of(b, d),
		.peer_lo = b->lo,
		.peer_hi = b->hi,
		.proto_lo = b->proto_lo,
		.proto_hi = b->proto_hi,
		.partial = own && mark_of(a->says, rule->id - 1) == POLICY_RULE_PARTIAL,
	};

	if (world && !is_address(&rule->peer))
		x.what.peer = a->worlds.peers[world];
	x.what.family = b->family;
	x.what.proto = b->proto_lo == b->proto_hi ? b->proto_lo : RULE_PROTO_ANY;
	x.what.device_port = b->device_port;
	x.what.peer_port = b->peer_port;
	if (policy_is_icmp(x.what.proto)) {
		x.icmp = d == DIRECTION_FROM_DEVICE ? b->device_port : b->peer_port;
		x.icmp_ranged = !narrow_icmp(&x.what, x.icmp);
	}
	x.ranged = !narrow_peer(&x.what, b);
	*ret = x;
}

/* IPv4 and IPv6 of the same rule are one thing to a reader. */
static bool is_said(struct access *a, const struct policy_access *x)
{
	for (size_t i = a->base; i < a->count; i++) {
		struct policy_access *y = &a->list[i];
		struct rule same = y->what;
		same.family = x->what.family;
		if (y->from == x->from && !x->ranged && !y->ranged &&
			!x->icmp_ranged && !y->icmp_ranged &&
			x->what.peer.kind != PEER_PREFIX &&
			x->proto_lo == y->proto_lo && x->proto_hi == y->proto_hi &&
			rules_are_one(&same, &x->what)) {
			y->what.family = 0;
			return true;
		}
	}
	return false;
}

static int say(struct access *a, enum direction d, size_t world)
{
	for (uint32_t i = 0; i < a->now.count; i++) {
		struct policy_access x;
		describe(a, &a->now.boxes[i], d, world, &x);
		if (is_said(a, &x))
			continue;
		if (a->count == POLICY_ACCESS_MAX)
			return CARDEA_ELIMIT;
		a->list[a->count++] = x;
	}
	return 0;
}

/* What is new to nobody in particular is no news in any other world. */
static int compare_family(
	struct access *a, enum direction d, size_t world, uint8_t family)
{
	int e = side_fill(a, &a->before, &a->old, d, world, family);

	if (!e)
		e = side_fill(a, &a->after, &a->now, d, world, family);
	if (e)
		return e;
	keep_accepted(&a->now);
	e = subtract_accepted(&a->now, &a->old);
	if (e || !world)
		return e ? e : say(a, d, world);
	e = side_fill(a, &a->before, &a->old, d, WORLD_ANY, family);
	if (!e)
		e = side_fill(a, &a->after, &a->nobody, d, WORLD_ANY, family);
	if (e)
		return e;
	keep_accepted(&a->nobody);
	e = subtract_accepted(&a->nobody, &a->old);
	if (!e)
		e = subtract_accepted(&a->now, &a->nobody);
	return e ? e : say(a, d, world);
}

static int compare_world(struct access *a, enum direction d, size_t world)
{
	a->base = a->count;
	(void)str_print(a->world_name, sizeof a->world_name, "@%zu", world);
	int e = compare_family(a, d, world, 4);
	return e ? e : compare_family(a, d, world, 6);
}

static int compare(struct access *a)
{
	int e = 0;

	for (unsigned d = 0; d < DIRECTION_MAX && !e; d++)
		for (size_t w = 0; w < a->worlds.count && !e; w++)
			e = compare_world(a, (enum direction)d, w);
	return e;
}

/* A rule that says more than is asked for: news, as a whole, when some of it is. */
static int compare_one(struct access *a, size_t index, bool look)
{
	const struct rule *own = &a->says->rules[index];
	struct rule rule = *own;
	size_t before = a->count;
	int e = 0;

	rule.id = (rule_id)(index + 1);
	rule.status = RULE_ENFORCED;
	peer_to_name(&a->worlds, &rule);
	a->after = (struct policy){.rules = &rule, .count = 1, .base_first = 1};
	if (look)
		e = compare_world(a, rule.direction, world_of(&a->worlds, &own->peer));
	if (e || (look && a->count == before))
		return e;
	if (before == POLICY_ACCESS_MAX)
		return CARDEA_ELIMIT;
	struct policy_access *x = &a->list[before];
	if (!look) {
		uint8_t family = policy_rule_family(own);
		struct box b = box_all(family ? family : 4);
		describe(a, &b, rule.direction, 0, x);
	}
	x->what = *own;
	x->what.status = RULE_ENFORCED;
	x->ranged = x->icmp_ranged = false;
	x->proto_lo = 0;
	x->proto_hi = UINT8_MAX;
	a->count = before + 1;
	return 0;
}

static int compare_partial(struct access *a, const struct policy_says *before)
{
	size_t seen = 0;
	int e = 0;

	for (size_t i = 0; i < a->says->count && !e; i++) {
		const struct rule *r = &a->says->rules[i];
		if (mark_of(a->says, i) == POLICY_RULE_PARTIAL &&
			r->ethertype == RULE_ETHERTYPE_IP && r->action == RULE_ACCEPT &&
			!has_twin(r, before))
			e = compare_one(a, i, seen++ < PARTIAL_MAX);
	}
	return e;
}

int policy_access_new(struct pool *pool, const struct policy_says *before,
	const struct policy_says *after, const struct policy_access **ret_list,
	size_t *ret_count)
{
	struct access a = {.pool = pool, .says = after};
	size_t ether;

	if (before->count > LIMIT_RULES || after->count > LIMIT_RULES)
		return CARDEA_ELIMIT;
	a.list = pool_take(pool, POLICY_ACCESS_MAX * sizeof *a.list);
	if (!a.list)
		return -ENOMEM;
	space_init(&a.old, pool, BOXES_MAX);
	space_init(&a.now, pool, BOXES_MAX);
	space_init(&a.scratch, pool, BOXES_MAX);
	space_init(&a.nobody, pool, BOXES_MAX);
	int e = worlds_init(&a, before, after);
	if (!e)
		e = side_prepare(&a, before, after, true, &a.before);
	if (!e)
		e = side_prepare(&a, after, before, false, &a.after);
	if (!e)
		e = compare(&a);
	if (!e)
		e = compare_partial(&a, before);
	if (!e)
		e = policy_access_ether(before, after, a.list + a.count,
			POLICY_ACCESS_MAX - a.count, &ether);
	if (e)
		return e;
	*ret_list = a.list;
	*ret_count = a.count + ether;
	return 0;
}
