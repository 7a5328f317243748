// SPDX-License-Identifier: GPL-2.0-or-later
/* evaluate - the reference: reads the rules from the first to the last, layer by layer,
 * as RFC 8519 and RFC 8520 tell the story. Deliberately without the algebra of
 * compile.c. */
#include "policy/policy_priv.h"

/* RFC 2131 4.1, RFC 8415 7.2 */
#define DHCP4_SERVER 67
#define DHCP4_CLIENT 68
#define DHCP6_CLIENT 546
#define DHCP6_SERVER 547
#define PROTO_IGMP 2

/* RFC 4861 4, RFC 2710 3, RFC 3810 5.2, RFC 4861 4.5 */
#define MLD_QUERY 130
#define MLD_REPORT 131
#define MLD_DONE 132
#define ND_ROUTER_SOLICIT 133
#define ND_ROUTER_ADVERT 134
#define ND_NEIGHBOUR_SOLICIT 135
#define ND_NEIGHBOUR_ADVERT 136
#define ND_REDIRECT 137
#define MLD2_REPORT 143

static bool is_dhcp(const struct flow *f)
{
	if (f->device.family == 4)
		return f->device_port == DHCP4_CLIENT && f->peer_port == DHCP4_SERVER;
	return f->device_port == DHCP6_CLIENT && f->peer_port == DHCP6_SERVER;
}

static bool is_neighbourly(const struct flow *f)
{
	switch (f->icmp_type) {
	case MLD_REPORT:
	case MLD_DONE:
	case MLD2_REPORT:
	case ND_ROUTER_SOLICIT:
	case ND_NEIGHBOUR_SOLICIT:
	case ND_NEIGHBOUR_ADVERT:
		return true;
	case ND_ROUTER_ADVERT:
	case MLD_QUERY:
		return f->direction == DIRECTION_TO_DEVICE;
	default:
		return false;
	}
}

bool policy_is_infrastructure(const struct flow *f)
{
	if (f->proto == FLOW_PROTO_UDP)
		return is_dhcp(f);
	if (f->proto == FLOW_PROTO_ICMP6)
		return f->device.family == 6 && is_neighbourly(f);
	return f->proto == PROTO_IGMP;
}

bool policy_is_rogue(const struct flow *f)
{
	if (f->direction != DIRECTION_FROM_DEVICE)
		return false;
	if (f->proto == FLOW_PROTO_UDP)
		return f->device_port ==
		       (f->device.family == 4 ? DHCP4_SERVER : DHCP6_SERVER);
	return f->proto == FLOW_PROTO_ICMP6 && f->device.family == 6 &&
	       (f->icmp_type == ND_ROUTER_ADVERT || f->icmp_type == ND_REDIRECT);
}

uint8_t policy_rule_family(const struct rule *r)
{
	if (r->family)
		return r->family;
	if (r->peer.kind == PEER_PREFIX)
		return r->peer.prefix.addr.family;
	if (r->proto == FLOW_PROTO_ICMP)
		return 4;
	return r->proto == FLOW_PROTO_ICMP6 ? 6 : 0;
}

static bool port_matches(struct range16 p, uint16_t port)
{
	return p.lo <= port && port <= p.hi;
}

static bool transport_matches(const struct rule *r, const struct flow *f)
{
	bool any_ports = policy_range_is_any(r->device_port) &&
			 policy_range_is_any(r->peer_port);

	if (r->proto != RULE_PROTO_ANY && r->proto != f->proto)
		return false;
	if (policy_has_ports(f->proto))
		return port_matches(r->device_port, f->device_port) &&
		       port_matches(r->peer_port, f->peer_port);
	if (!any_ports)
		return false;
	if (!policy_is_icmp(f->proto))
		return true;
	return (r->icmp_type == RULE_ICMP_ANY || r->icmp_type == f->icmp_type) &&
	       (r->icmp_code == RULE_ICMP_ANY || r->icmp_code == f->icmp_code);
}

static bool peer_matches(const struct rule *r, const struct policy_env *env,
	const struct policy_names *names, const struct addr *a)
{
	switch (r->peer.kind) {
	case PEER_ANY:
		return true;
	case PEER_NAME:
		return names && names->has(names->ctx, r->peer.name, a);
	case PEER_PREFIX:
		return prefix_contains(&r->peer.prefix, a);
	case PEER_LOCAL_NETWORKS:
		return policy_env_is_local(env, a);
	case PEER_GATEWAY:
		return policy_env_is_gateway(env, a);
	case PEER_CONTROLLER_DNS:
		return policy_env_is_dns(env, a);
	case PEER_CONTROLLER_NTP:
		return policy_env_is_ntp(env, a);
	case PEER_CONTROLLER:
	case PEER_MY_CONTROLLER:
	case PEER_SAME_MANUFACTURER:
	case PEER_MANUFACTURER:
	case PEER_MODEL:
	case PEER_MAC:
		return policy_class_has(names, &r->peer, a);
	case PEER_MAX:
		break;
	}
	return false;
}

static bool is_link_local(const struct addr *a)
{
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80; /* fe80::/10 */
}

/* Holds addresses of the link and others. */
static bool prefix_spans(const struct prefix *p)
{
	static const struct addr link = {6, {0xfe, 0x80}};

	return p->len < 10 && prefix_contains(p, &link);
}

/* Whoever is link-local speaks to the device's link-local address, and nobody else
 * does; what is forbidden is so everywhere. */
static bool scope_matches(
	const struct rule *r, const struct policy_env *env, const struct flow *f)
{
	if (f->direction != DIRECTION_TO_DEVICE || f->peer.family != 6 ||
		r->action != RULE_ACCEPT || r->peer.kind == PEER_ANY ||
		is_link_local(&f->peer) == is_link_local(&f->device))
		return true;
	if (r->peer.kind == PEER_PREFIX)
		return prefix_spans(&r->peer.prefix);
	if (r->peer.kind != PEER_LOCAL_NETWORKS)
		return false;
	for (uint32_t i = 0; i < env->lan_count; i++)
		if (prefix_spans(&env->lan[i]) &&
			prefix_contains(&env->lan[i], &f->peer))
			return true;
	return false;
}

/* Whether or not it needs a trigger. */
static bool says_so(const struct rule *r, const struct policy_env *env,
	const struct policy_names *names, const struct flow *f)
{
	uint8_t family = policy_rule_family(r);

	return policy_rule_counts(r, f->direction) &&
	       (!family || family == f->peer.family) && transport_matches(r, f) &&
	       scope_matches(r, env, f) && peer_matches(r, env, names, &f->peer);
}

bool policy_rule_matches(const struct rule *r, const struct policy_env *env,
	const struct policy_names *names, const struct flow *f)
{
	if (r->needs && !(names && names->armed &&
				names->armed(names->ctx, r->needs, r->open_s)))
		return false;
	return says_so(r, env, names, f);
}

size_t policy_arms(const struct policy *p, const struct policy_env *env,
	const struct policy_names *names, const struct flow *f,
	uint16_t ret[LIMIT_TRIGGERS])
{
	size_t n = 0, k;

	for (uint32_t i = 0; i < p->count && n < LIMIT_TRIGGERS; i++) {
		const struct rule *r = &p->rules[i];

		if (!r->arms || !says_so(r, env, names, f))
			continue;
		for (k = 0; k < n && ret[k] != r->arms;)
			k++;
		if (k == n)
			ret[n++] = r->arms;
	}
	return n;
}

static enum verdict_kind kind_of_drop(
	const struct policy *p, const struct rule *r, const struct flow *f)
{
	if (r->layer == LAYER_QUARANTINE)
		return policy_held_kind(p, f);
	return r->layer == LAYER_OWNER || r->layer == LAYER_AGENT ? VERDICT_REFUSE
								   : VERDICT_VIOLATION;
}

static struct verdict verdict_of(
	const struct policy *p, const struct rule *r, const struct flow *f)
{
	struct verdict v = {
		.kind = VERDICT_ALLOW,
		.reason = REASON_RULE,
		.rule = r->id,
		.layer = r->layer,
	};

	if (r->id >= POLICY_BLOCK_ID) {
		v.kind = VERDICT_VIOLATION;
		v.reason = REASON_TLS;
	} else if (r->action == RULE_DROP)
		v.kind = kind_of_drop(p, r, f);
	return v;
}

/* What nobody allowed. Who is limited goes on to be measured by its profile. */
static struct verdict verdict_unlisted(const struct policy *p, const struct flow *f)
{
	bool held = p->hold == HOLD_QUARANTINED || p->hold == HOLD_REFUSED;

	return (struct verdict){
		.kind = held ? policy_held_kind(p, f) : VERDICT_VIOLATION,
		.reason = REASON_DEFAULT_DENY,
		.layer = held ? LAYER_QUARANTINE : LAYER_BASE,
	};
}

/* The first of each kind that a flow met, on the way through the layers. */
struct met {
	const struct rule *limit;  /* a limit that drops it */
	const struct rule *denied; /* a grant that says no */
};

/* A limit is polite where it takes something away: what no profile lists stays a
 * violation, whatever else would have kept it from passing. */
static bool is_decided(struct met *m, const struct policy *p, uint32_t place,
	const struct flow *f, struct verdict *ret)
{
	const struct rule *r = policy_at(p, place);
	enum policy_part part = policy_part_at(p, place);

	if (r->action == RULE_ACCEPT || (r->action == RULE_DROP && part == POLICY_REFUSE)) {
		*ret = verdict_of(p, m->limit ? m->limit : r, f);
		return true;
	}
	if (r->action == RULE_DROP && part == POLICY_LIMIT && !m->limit)
		m->limit = r;
	if (r->action == RULE_DROP && part == POLICY_GRANT && !m->denied)
		m->denied = r;
	return false;
}

void policy_evaluate(const struct policy *p, const struct policy_env *env,
	const struct policy_names *names, const struct flow *f,
	struct verdict *ret_verdict)
{
	if (policy_is_rogue(f)) {
		*ret_verdict = (struct verdict){
			.kind = VERDICT_VIOLATION, .reason = REASON_ROGUE_RA};
		return;
	}
	if (policy_is_infrastructure(f)) {
		*ret_verdict = (struct verdict){.kind = VERDICT_PASS};
		return;
	}
	struct met m = {0};
	for (uint32_t i = 0; i < policy_places(p) && !(m.denied && i >= policy_base_at(p));) {
		if (!policy_rule_matches(policy_at(p, i), env, names, f)) {
			i++;
			continue;
		}
		if (is_decided(&m, p, i, f, ret_verdict))
			return;
		i = policy_behind(p, i); /* the rest of its layer does not count */
	}
	*ret_verdict = m.denied ? verdict_of(p, m.denied, f) : verdict_unlisted(p, f);
}

const struct rule *policy_first_match(const struct policy *p,
	const struct policy_env *env, const struct policy_names *names,
	const struct flow *f)
{
	for (uint32_t i = 0; i < policy_places(p); i++)
		if (policy_rule_matches(policy_at(p, i), env, names, f))
			return policy_at(p, i);
	return NULL;
}

struct all_armed {
	const struct policy_names *names;
};

static bool all_has(void *ctx, const char *name, const struct addr *a)
{
	const struct policy_names *n = ((struct all_armed *)ctx)->names;

	return n && n->has(n->ctx, name, a);
}

static size_t all_members(void *ctx, const struct peer *p, struct addr *out, size_t max)
{
	const struct policy_names *n = ((struct all_armed *)ctx)->names;

	return n && n->members ? n->members(n->ctx, p, out, max) : 0;
}

static bool all_armed(void *ctx, uint16_t trigger, uint32_t open_s)
{
	(void)ctx;
	return trigger && open_s;
}

const struct rule *policy_waits_for(const struct policy *p, const struct policy_env *env,
	const struct policy_names *names, const struct flow *f)
{
	struct all_armed ctx = {names};
	struct policy_names all = {
		.has = all_has, .members = all_members, .armed = all_armed, .ctx = &ctx};
	const struct rule *r;
	struct verdict v;

	policy_evaluate(p, env, names, f, &v);
	if (v.kind == VERDICT_ALLOW || v.kind == VERDICT_PASS)
		return NULL;
	policy_evaluate(p, env, &all, f, &v);
	r = v.kind == VERDICT_ALLOW ? policy_rule(p, v.rule) : NULL;
	return r && r->needs ? r : NULL;
}
