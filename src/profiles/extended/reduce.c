// SPDX-License-Identifier: GPL-2.0-or-later
/* reduce - a bound profile as rules of the kind that RFC 8520 has, for a datapath that
 * knows addresses and ports. What a rule cannot say is in its detail: a rule is then
 * wider than its policy, and a prohibition that would be wider is no rule at all. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "profiles/extended/extended_priv.h"
#include "profiles/extended/order_priv.h"

struct reducer {
	const struct extended_bound *bound;
	struct extended_rules *out;
	const struct extended_policy *policy;
	const struct extended_interaction *interaction;
	const struct extended_permit *permit;
	struct order order;
	char needs[LIMIT_TEXT]; /* what the rule waits for */
	char why[LIMIT_TEXT]; /* what the rule does not say */
};

static const struct extended_field *field_of(const struct extended_policy *p,
	enum extended_key key)
{
	for (uint32_t i = 0; i < p->match.count; i++)
		if (p->match.fields[i].key == key)
			return &p->match.fields[i];
	return NULL;
}

static void because(struct reducer *r, const char *what)
{
	size_t len = strlen(r->why);

	(void)str_print(r->why + len, sizeof r->why - len, "%s%s", len ? "; " : "", what);
}

static bool has_app_fields(const struct extended_policy *p)
{
	for (uint32_t i = 0; i < p->match.count; i++)
		if (schema_keys[p->match.fields[i].key].proto > EXTENDED_UDP ||
			schema_keys[p->match.fields[i].key].proto == EXTENDED_IGMP)
			return true;
	return (p->match.protos >> EXTENDED_DNS) != 0;
}

/* The trigger that the policy at work waits for, and that something arms. */
static const struct order_place *needed(const struct reducer *r)
{
	const struct order_place *at = &r->order.places[r->policy->id];

	return at->after && r->order.places[at->after->id].seen ? at : NULL;
}

/* "phone" or "api.example.com"; who is not named is anybody. */
static const char *end_name(const struct reducer *r, const struct extended_policy *p,
	enum extended_key four, enum extended_key six)
{
	const struct extended_field *f = field_of(p, four);

	if (!f)
		f = field_of(p, six);
	if (!f || f->count != 1)
		return f ? "some" : "any";
	if (f->values[0].kind == VALUE_ROLE)
		return r->bound->profile->roles[f->values[0].lo].name;
	return f->values[0].kind == VALUE_NAME ? f->values[0].text : "some";
}

static void explain_needs(struct reducer *r)
{
	const struct order_place *at = needed(r);
	const struct extended_policy *p = at->after;

	(void)str_print(r->needs, sizeof r->needs,
		"only within %u s after %.40s (%.60s to %.60s)", at->open_s,
		p->name && p->name[0] ? p->name : "its trigger",
		end_name(r, p, KEY_IPV4_SRC, KEY_IPV6_SRC),
		end_name(r, p, KEY_IPV4_DST, KEY_IPV6_DST));
}

static void explain_policy(struct reducer *r)
{
	const struct extended_policy *p = r->policy;
	const struct extended_stats *s = &p->stats;

	r->why[0] = r->needs[0] = '\0';
	if (needed(r))
		explain_needs(r);
	else if (r->order.places[p->id].after)
		because(r, "at any time: what is to come before it is not seen here");
	else if (r->interaction)
		because(r, "at any time: not only one step may come before it");
	else if (r->permit)
		because(r, "at any time: there are too many triggers");
	if (has_app_fields(p))
		because(r, "what is said inside is not looked at");
	if (s->has_rate && !s->rate_unlimited)
		because(r, "no rate limit");
	if (s->bitrate || s->bytes.is_set || s->packets.is_set || s->duration.is_set)
		because(r, "amounts are not limited");
	if (s->has_size)
		because(r, "any packet size");
	if (p->window.is_set)
		because(r, "at all hours");
	if (p->fallback_of)
		because(r, "not only as a fallback");
}

static struct rule *rule_new(struct reducer *r)
{
	const struct extended_policy *p = r->policy;

	if (r->out->count == LIMIT_RULES)
		return NULL;
	struct rule *rule = &r->out->rules[r->out->count++];

	rule_init(rule);
	rule->id = r->out->count;
	rule->layer = LAYER_MANUFACTURER;
	rule->action = p->deny ? RULE_DROP : RULE_ACCEPT;
	rule->line = p->provenance.line ? p->provenance.line : p->line;
	(void)str_copy(rule->acl, sizeof rule->acl,
		r->interaction ? r->interaction->name : r->permit ? "permits" : "policies");
	(void)str_copy(rule->ace, sizeof rule->ace, p->name);
	return rule;
}

static void rule_status_set(struct reducer *r, struct rule *rule, enum rule_status status)
{
	/* a prohibition may not grow */
	if (status == RULE_APPROXIMATED && r->policy->deny)
		status = RULE_NOT_YET;
	rule->status = status;
	(void)str_print(rule->detail, sizeof rule->detail, "%s%s%s", r->needs,
		r->needs[0] && r->why[0] ? "; " : "", r->why);
	if (status == RULE_ENFORCED || status == RULE_REPLY_HALF)
		r->out->exact += status == RULE_ENFORCED;
	else if (status == RULE_APPROXIMATED)
		r->out->approximated++;
	else
		r->out->impossible++;
	if (status == RULE_REPLY_HALF)
		(void)str_copy(rule->detail, sizeof rule->detail,
			"answers to what is allowed the other way");
}

static void impossible(struct reducer *r, const char *why)
{
	struct rule *rule = rule_new(r);

	if (!rule)
		return;
	r->why[0] = '\0';
	because(r, why);
	rule_status_set(r, rule, RULE_UNENFORCEABLE);
}

static struct range16 port_range(const struct extended_value *v)
{
	if (!v)
		return (struct range16){0, UINT16_MAX};
	return (struct range16){(uint16_t)v->lo, (uint16_t)v->hi};
}

struct end {
	struct peer peer;
	const char *why; /* the peer is wider than was said; or NULL */
	bool none;	 /* cannot be a peer here */
};

static void end_party(struct end *e, const struct extended_bound *b, uint32_t role,
	uint8_t family)
{
	const struct extended_party *p = b->parties[role];
	const struct extended_role *r = &b->profile->roles[role];

	if (role == EXTENDED_GATEWAY) {
		e->peer.kind = PEER_GATEWAY;
		return;
	}
	if (r->domain || (p && p->name)) {
		e->peer.kind = PEER_NAME;
		(void)str_copy(e->peer.name, sizeof e->peer.name,
			r->domain ? r->domain : p->name);
		return;
	}
	if (p && p->has_mac) {
		e->peer.kind = PEER_MAC;
		e->peer.mac = p->mac;
		return;
	}
	e->none = true;
	for (uint32_t i = 0; p && i < p->addr_count && e->none; i++) {
		if (p->addrs[i].family != family)
			continue;
		e->peer.kind = PEER_PREFIX;
		e->peer.prefix = prefix_of(&p->addrs[i], addr_bits(&p->addrs[i]));
		e->why = p->addr_count > 1 ? "only the first of its addresses" : NULL;
		e->none = false;
	}
	if (e->none)
		e->why = "nobody plays this role in the home, or by MAC and address unknown";
}

static void end_group(struct end *e, enum extended_group g, uint8_t family)
{
	struct addr all = {.family = 4, .b = {255, 255, 255, 255}};

	e->peer.kind = PEER_PREFIX;
	if (g == GROUP_ANY) {
		e->peer.kind = PEER_ANY;
	} else if (g == GROUP_LOCAL) {
		e->peer.kind = PEER_LOCAL_NETWORKS;
	} else if (g == GROUP_EXTERNAL) {
		e->peer.kind = PEER_ANY;
		e->why = "the local network, too, not only what is outside";
	} else if (g == GROUP_BROADCAST) {
		e->peer.prefix = prefix_of(&all, 32);
		e->why = "by the address 255.255.255.255 alone";
	} else if (!schema_group_net(g, family, 0, &e->peer.prefix)) {
		e->none = true;
		e->why = "an address that is nobody's";
	}
}

static struct end end_of(const struct reducer *r, const struct extended_value *v, uint8_t family)
{
	struct end e = {.peer.kind = PEER_ANY};

	if (!v)
		return e;
	switch (v->kind) {
	case VALUE_ROLE:
		end_party(&e, r->bound, v->lo, family);
		break;
	case VALUE_GROUP:
		end_group(&e, (enum extended_group)v->lo, family);
		break;
	case VALUE_NET:
		e.peer.kind = PEER_PREFIX;
		e.peer.prefix = v->net;
		break;
	case VALUE_NAME:
		e.peer.kind = PEER_NAME;
		(void)str_copy(e.peer.name, sizeof e.peer.name, v->text);
		break;
	case VALUE_RANGE:
	case VALUE_BOOL:
	case VALUE_TEXT:
	case VALUE_START:
	case VALUE_MAC:
		e.none = true;
	}
	return e;
}

static bool is_self(const struct extended_value *v)
{
	/* a device without an address yet (DHCP) is that device */
	return v && ((v->kind == VALUE_ROLE && v->lo == EXTENDED_SELF) ||
			    (v->kind == VALUE_GROUP && v->lo == GROUP_UNSPECIFIED));
}

/* One value of each of the fields that a rule has. */
struct choice {
	uint8_t family;
	int16_t proto;
	const struct extended_value *src, *dst, *src_port, *dst_port, *icmp;
};

/* What the gateway sends itself, and what passes whatever rules say, is never judged, and
 * so arms nothing (policy_is_infrastructure). */
static bool is_judged(const struct rule *r)
{
	const struct range16 *ports[] = {&r->device_port, &r->peer_port};

	if (r->direction == DIRECTION_TO_DEVICE && r->peer.kind == PEER_GATEWAY)
		return false;
	if (r->proto == IP_PROTO_IGMP)
		return false;
	if (r->proto == FLOW_PROTO_ICMP6 && r->icmp_type != RULE_ICMP_ANY)
		return r->icmp_type < 130 || r->icmp_type > 143;
	for (unsigned i = 0; i < 2 && r->proto == FLOW_PROTO_UDP; i++)
		if (ports[i]->lo == ports[i]->hi &&
			(ports[i]->lo == 67 || ports[i]->lo == 68 ||
				ports[i]->lo == 546 || ports[i]->lo == 547))
			return false;
	return true;
}

/* An answer that turns out to be what opens waits and arms like its question. */
static void fill_triggers(struct reducer *r, struct rule *rule)
{
	struct order_place *at = &r->order.places[r->policy->id];
	const struct order_place *need = needed(r);

	if (need) {
		rule->needs = need->needs;
		rule->open_s = need->open_s;
	}
	if (at->arms && rule->action == RULE_ACCEPT && is_judged(rule)) {
		rule->arms = at->arms;
		at->seen++;
	}
}

/* ---- triggers between others ---- */

static bool is_one(const struct peer *p)
{
	return p->kind == PEER_MAC ||
	       (p->kind == PEER_PREFIX &&
		       p->prefix.len == addr_bits(&p->prefix.addr));
}

static void watch_new(struct reducer *r, const struct peer *whose, const struct rule *rule)
{
	struct extended_rules *out = r->out;

	if (!is_one(whose) || !is_judged(rule) || out->watch_count == EXTENDED_WATCHES)
		return;
	out->watches[out->watch_count++] = (struct extended_watch){*whose, *rule};
	r->order.places[r->policy->id].seen++;
}

/* Seen where it goes to, if that is judged, else where it comes from: whoever installs
 * them knows. False when it cannot be seen at all. */
static bool watch(struct reducer *r, const struct choice *c)
{
	const struct extended_policy *p = r->policy;
	struct end src = end_of(r, c->src, c->family), dst = end_of(r, c->dst, c->family);
	uint32_t before = r->out->watch_count;
	bool back = c->proto == FLOW_PROTO_TCP && p->initiator == EXTENDED_DST;
	struct rule rule;

	if (!r->order.places[p->id].arms || !c->src || !c->dst)
		return false;
	if (src.none || dst.none) {
		r->order.places[p->id].seen++; /* it never happens: what waits is shut */
		return false;
	}
	rule_init(&rule);
	rule.id = 1;
	rule.status = RULE_ENFORCED;
	rule.arms = r->order.places[p->id].arms;
	rule.family = c->family;
	rule.proto = c->proto;
	if (c->icmp && c->icmp->lo == c->icmp->hi)
		rule.icmp_type = (int16_t)c->icmp->lo;
	rule.direction = back ? DIRECTION_FROM_DEVICE : DIRECTION_TO_DEVICE;
	rule.peer = src.peer;
	rule.device_port = port_range(c->dst_port);
	rule.peer_port = port_range(c->src_port);
	watch_new(r, &dst.peer, &rule);
	rule.direction = back ? DIRECTION_TO_DEVICE : DIRECTION_FROM_DEVICE;
	rule.peer = dst.peer;
	rule.device_port = port_range(c->src_port);
	rule.peer_port = port_range(c->dst_port);
	watch_new(r, &src.peer, &rule);
	return r->out->watch_count > before;
}

static void fill_rule(struct reducer *r, const struct choice *c, bool from, bool answer)
{
	const struct extended_policy *p = r->policy;
	struct end e = end_of(r, from ? c->dst : c->src, c->family);
	char before[LIMIT_TEXT];
	struct rule *rule = rule_new(r);

	if (!rule)
		return;
	memcpy(before, r->why, sizeof before);
	rule->direction = from != answer ? DIRECTION_FROM_DEVICE : DIRECTION_TO_DEVICE;
	rule->family = c->family;
	rule->proto = c->proto;
	rule->peer = e.peer;
	rule->device_port = port_range(from ? c->src_port : c->dst_port);
	rule->peer_port = port_range(from ? c->dst_port : c->src_port);
	if (c->icmp && c->icmp->lo == c->icmp->hi && !answer)
		rule->icmp_type = (int16_t)c->icmp->lo;
	if (c->proto == FLOW_PROTO_TCP && p->initiator != EXTENDED_EITHER)
		rule->initiator = (p->initiator == EXTENDED_SRC) == from ? INITIATOR_DEVICE
									 : INITIATOR_PEER;
	if (e.why)
		because(r, e.why);
	if (e.none)
		r->order.places[p->id].seen++; /* it never happens: what waits is shut */
	else
		fill_triggers(r, rule);
	if (e.none)
		rule_status_set(r, rule, RULE_UNENFORCEABLE);
	else if (answer)
		rule_status_set(r, rule, RULE_REPLY_HALF);
	else
		rule_status_set(r, rule, r->why[0] ? RULE_APPROXIMATED : RULE_ENFORCED);
	memcpy(r->why, before, sizeof before);
}

static void one_rule(struct reducer *r, const struct choice *c)
{
	bool from = is_self(c->src), to = is_self(c->dst);

	if (!from && !to && watch(r, c))
		return;
	if (from == to) {
		impossible(r, from ? "from the device to itself"
				   : "between others: this gateway judges a device by its own "
				     "traffic");
		return;
	}
	fill_rule(r, c, from, false);
	if (r->policy->bidirectional)
		fill_rule(r, c, from, true);
}

/* Every combination of the values; a field that is not there has one empty value. */
static void combine(struct reducer *r, struct choice c, const struct extended_field *const f[5],
	unsigned at)
{
	const struct extended_value **places[] = {&c.src, &c.dst, &c.src_port, &c.dst_port,
		&c.icmp};

	if (at == 5) {
		one_rule(r, &c);
		return;
	}
	if (!f[at]) {
		combine(r, c, f, at + 1);
		return;
	}
	for (uint32_t i = 0; i < f[at]->count && r->out->count < LIMIT_RULES; i++) {
		*places[at] = &f[at]->values[i];
		combine(r, c, f, at + 1);
	}
}

static int16_t proto_of(const struct extended_policy *p)
{
	static const struct {
		enum extended_proto proto;
		int16_t number;
	} protos[] = {{EXTENDED_TCP, FLOW_PROTO_TCP}, {EXTENDED_UDP, FLOW_PROTO_UDP},
		{EXTENDED_ICMP, FLOW_PROTO_ICMP}, {EXTENDED_ICMPV6, FLOW_PROTO_ICMP6},
		{EXTENDED_IGMP, IP_PROTO_IGMP}};

	for (size_t i = 0; i < sizeof protos / sizeof *protos; i++)
		if (p->match.protos & 1u << protos[i].proto)
			return protos[i].number;
	return RULE_PROTO_ANY;
}

static void reduce_policy(void *ctx, struct extended_policy *p,
	const struct extended_interaction *i, const struct extended_permit *permit)
{
	struct reducer *r = ctx;
	const uint32_t v6 = 1u << EXTENDED_IPV6 | 1u << EXTENDED_ICMPV6;
	bool six = p->match.protos & v6;
	bool tcp = p->match.protos & 1u << EXTENDED_TCP;
	struct choice c = {.family = six ? 6 : p->match.protos & 1u << EXTENDED_IPV4 ? 4 : 0,
		.proto = proto_of(p)};
	const struct extended_field *const fields[5] = {
		field_of(p, six ? KEY_IPV6_SRC : KEY_IPV4_SRC),
		field_of(p, six ? KEY_IPV6_DST : KEY_IPV4_DST),
		field_of(p, tcp ? KEY_TCP_SRC_PORT : KEY_UDP_SRC_PORT),
		field_of(p, tcp ? KEY_TCP_DST_PORT : KEY_UDP_DST_PORT),
		field_of(p, six ? KEY_ICMPV6_TYPE : KEY_ICMP_TYPE)};

	r->policy = p;
	r->interaction = i;
	r->permit = permit && p == &permit->effect ? permit : NULL;
	explain_policy(r);
	if (p->match.protos & 1u << EXTENDED_ARP)
		impossible(r, "ARP is let through: without it nothing else works");
	else if (!fields[0] && !fields[1])
		impossible(r, "it names no address of the device or of another");
	else
		combine(r, c, fields, 0);
}

static void reduce_all(struct reducer *r)
{
	struct rule *rules = r->out->rules;
	struct extended_watch *watches = r->out->watches;

	*r->out = (struct extended_rules){.rules = rules, .watches = watches};
	each_policy(r->bound->profile, reduce_policy, r);
}

/* Once to see which triggers anything arms, then with what that means for who waits. */
int extended_reduce(const struct extended_bound *b, struct pool *pool,
	struct extended_rules *ret_rules)
{
	struct reducer r = {.bound = b, .out = ret_rules};
	int error = order_make(b->profile, pool, &r.order);

	*ret_rules = (struct extended_rules){0};
	if (error)
		return error;
	ret_rules->rules = pool_take(pool, LIMIT_RULES * sizeof *ret_rules->rules);
	ret_rules->watches =
		pool_take(pool, EXTENDED_WATCHES * sizeof *ret_rules->watches);
	if (!ret_rules->rules || !ret_rules->watches)
		return -ENOMEM;
	reduce_all(&r);
	reduce_all(&r);
	return ret_rules->count == LIMIT_RULES ||
			       ret_rules->watch_count == EXTENDED_WATCHES
		       ? CARDEA_ELIMIT
		       : 0;
}
