// SPDX-License-Identifier: GPL-2.0-or-later
/* overlay - what the owner said as layers: refusals, limits and grants of his own. */
#include "policy/policy_priv.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

/* Rules of one limit that go before what it lets pass: the house's names and time. */
#define SERVICES 4
#define PORT_DNS_TLS 853
/* All of it, in both directions, and what every limit passes and drops. */
#define RULES_MAX_OF(count) (2 * (count) + 3 * (SERVICES + 2 * PRIVATE_MAX + 4))

/* Where the local network ends for multicast: RFC 2365 6.1, RFC 4291 2.7. */
static const char *const lan_scopes[] = {"239.255.0.0/16", "ff03::/16", "ff05::/16"};
/* RFC 1918 3, RFC 3927, RFC 4193 3.1, and the above. */
#define PRIVATE_MAX 8
static const char *const private_scopes[PRIVATE_MAX] = {"10.0.0.0/8", "172.16.0.0/12",
	"192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "239.255.0.0/16", "ff03::/16",
	"ff05::/16"};

struct maker {
	struct rule *rules;
	size_t count, begun; /* begun: where the layer at work begins */
	struct policy_layer *layers;
	size_t layer_count;
};

static struct rule *add(struct maker *m, enum rule_action action, enum direction d)
{
	struct rule *r = &m->rules[m->count++];

	rule_init(r);
	r->id = (rule_id)m->count;
	r->direction = d;
	r->action = action;
	r->layer = LAYER_OWNER;
	(void)str_copy(r->acl, sizeof r->acl, POLICY_OVERLAY_ACL);
	return r;
}

static void name_it(struct rule *r, const struct overlay *o)
{
	(void)str_print(r->ace, sizeof r->ace, "%s-%u", overlay_kind_name(o->kind), o->id);
}

static void add_peer(struct maker *m, enum rule_action action, enum direction d,
	const struct overlay *o)
{
	struct rule *r = add(m, action, d);

	r->peer = o->peer;
	r->proto = o->proto;
	r->peer_port = o->port;
	name_it(r, o);
}

static void end_layer(struct maker *m, enum policy_part part)
{
	if (m->count > m->begun)
		m->layers[m->layer_count++] = (struct policy_layer){part, LAYER_OWNER,
			&m->rules[m->begun], m->count - m->begun};
	m->begun = m->count;
}

static void add_all(struct maker *m, const struct overlay *list, size_t count,
	enum overlay_kind kind, enum rule_action action)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i].kind != kind)
			continue;
		add_peer(m, action, DIRECTION_FROM_DEVICE, &list[i]);
		/* who is allowed opens nothing: the device asks */
		if (kind != OVERLAY_ALLOW)
			add_peer(m, action, DIRECTION_TO_DEVICE, &list[i]);
	}
}

/* No limit takes the house's own names and time away: without them a device that is
 * limited looks broken. Who wants that refuses them by name. */
static void add_services(struct maker *m)
{
	static const struct {
		enum peer_kind peer;
		int16_t proto;
		uint16_t port;
	} all[SERVICES] = {{PEER_CONTROLLER_DNS, FLOW_PROTO_UDP, 53},
		{PEER_CONTROLLER_DNS, FLOW_PROTO_TCP, 53},
		{PEER_CONTROLLER_DNS, FLOW_PROTO_TCP, PORT_DNS_TLS},
		{PEER_CONTROLLER_NTP, FLOW_PROTO_UDP, 123}};

	for (size_t i = 0; i < SERVICES; i++) {
		struct rule *r = add(m, RULE_PASS, DIRECTION_FROM_DEVICE);
		r->peer.kind = all[i].peer;
		r->proto = all[i].proto;
		r->peer_port = (struct range16){all[i].port, all[i].port};
	}
}

static void add_prefixes(struct maker *m, const char *const *texts, size_t count)
{
	for (unsigned d = 0; d < DIRECTION_MAX; d++)
		for (size_t i = 0; i < count; i++) {
			struct prefix p;
			if (prefix_parse(texts[i], &p))
				continue;
			struct rule *r = add(m, RULE_PASS, (enum direction)d);
			r->peer.kind = PEER_PREFIX;
			r->peer.prefix = p;
		}
}

static void add_rest(struct maker *m, const struct overlay *o, const char *words)
{
	for (unsigned d = 0; d < DIRECTION_MAX; d++) {
		struct rule *r = add(m, RULE_DROP, (enum direction)d);
		(void)str_copy(r->detail, sizeof r->detail, words);
		name_it(r, o);
	}
	end_layer(m, POLICY_LIMIT);
}

static const struct overlay *first_of(
	const struct overlay *list, size_t count, enum overlay_kind kind)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].kind == kind)
			return &list[i];
	return NULL;
}

static void add_limits(struct maker *m, const struct overlay *list, size_t count)
{
	const struct overlay *lan = first_of(list, count, OVERLAY_LAN_ONLY);
	const struct overlay *no = first_of(list, count, OVERLAY_NO_INTERNET);
	const struct overlay *only = first_of(list, count, OVERLAY_ONLY);

	if (lan || no)
		for (unsigned l = lan ? 0 : 1; l < (no ? 2 : 1); l++) {
			add_services(m);
			for (unsigned d = 0; d < DIRECTION_MAX; d++)
				add(m, RULE_PASS, (enum direction)d)->peer.kind =
					PEER_LOCAL_NETWORKS;
			if (l)
				add_prefixes(m, private_scopes, PRIVATE_MAX);
			else
				add_prefixes(m, lan_scopes,
					sizeof lan_scopes / sizeof *lan_scopes);
			add_rest(m, l ? no : lan,
				l ? "it is to stay away from the internet"
				  : "it is to stay on the local network");
		}
	if (!only)
		return;
	add_services(m);
	add_all(m, list, count, OVERLAY_ONLY, RULE_PASS);
	add_rest(m, only, "it is to talk only to what you named");
}

int policy_overlay_layers(struct pool *pool, const struct overlay *list, size_t count,
	struct policy_layer ret[POLICY_OVERLAY_LAYERS], size_t *ret_count)
{
	struct maker m = {.layers = ret};

	if (count > LIMIT_OVERLAYS)
		return CARDEA_ELIMIT;
	for (size_t i = 0; i < count; i++)
		if (!overlay_is_sound(&list[i]))
			return CARDEA_EMALFORMED;
	m.rules = pool_take(pool, RULES_MAX_OF(count) * sizeof *m.rules);
	if (!m.rules)
		return -ENOMEM;
	add_all(&m, list, count, OVERLAY_REFUSE, RULE_DROP);
	end_layer(&m, POLICY_REFUSE);
	add_limits(&m, list, count);
	add_all(&m, list, count, OVERLAY_ALLOW, RULE_ACCEPT);
	end_layer(&m, POLICY_GRANT);
	*ret_count = m.layer_count;
	return 0;
}

/* ---- what has become of it ---- */

static bool is_own(const struct rule *r)
{
	return r->layer == LAYER_OWNER && strcmp(r->acl, POLICY_OVERLAY_ACL) == 0;
}

static bool names_meet(const char *a, const char *b)
{
	if (strcmp(a, b) == 0 || rule_name_matches(a, b) || rule_name_matches(b, a))
		return true;
	return rule_name_is_suffix(a) && rule_name_is_suffix(b) &&
	       (rule_name_matches(a, b + 2) || rule_name_matches(b, a + 2));
}

/* Some flow could be both's. Only what is surely apart is: an address may be any
 * name's. */
static bool peers_meet(const struct peer *o, const struct peer *r)
{
	if (r->kind == PEER_ANY)
		return true;
	if (o->kind == PEER_NAME && r->kind == PEER_NAME)
		return names_meet(o->name, r->name);
	if (o->kind == PEER_PREFIX && r->kind == PEER_PREFIX)
		return prefix_contains(&o->prefix, &r->prefix.addr) ||
		       prefix_contains(&r->prefix, &o->prefix.addr);
	/* names that the owner writes are the internet's, classes the house's */
	return o->kind == PEER_PREFIX || r->kind == PEER_PREFIX;
}

static bool services_meet(const struct overlay *o, const struct rule *r)
{
	return (o->proto == RULE_PROTO_ANY || r->proto == RULE_PROTO_ANY ||
		       o->proto == r->proto) &&
	       o->port.lo <= r->peer_port.hi && r->peer_port.lo <= o->port.hi;
}

static bool is_grant(const struct policy *p, const struct rule *r)
{
	return rule_in_force(r) && r->action == RULE_ACCEPT &&
	       r->ethertype == RULE_ETHERTYPE_IP && !is_own(r) &&
	       policy_part_of(p, r) == POLICY_GRANT;
}

static bool grants_all_of(const struct overlay *o, const struct rule *r)
{
	bool peer = r->peer.kind == PEER_ANY || policy_peers_equal(&o->peer, &r->peer) ||
		    (o->peer.kind == PEER_NAME && r->peer.kind == PEER_NAME &&
			    rule_name_matches(r->peer.name, o->peer.name));

	return peer && r->direction == DIRECTION_FROM_DEVICE && !r->family &&
	       (r->proto == RULE_PROTO_ANY || r->proto == o->proto) &&
	       r->peer_port.lo <= o->port.lo && o->port.hi <= r->peer_port.hi &&
	       policy_range_is_any(r->device_port) && r->icmp_type == RULE_ICMP_ANY;
}

static bool is_at_home(const struct peer *p)
{
	return p->kind != PEER_ANY && p->kind != PEER_NAME && p->kind != PEER_PREFIX;
}

static bool is_stopped(const struct overlay *o, const struct overlay *by)
{
	struct rule r;

	rule_init(&r);
	r.peer = by->peer;
	r.proto = by->proto;
	r.peer_port = by->port;
	switch (by->kind) {
	case OVERLAY_REFUSE:
		return grants_all_of(o, &r);
	case OVERLAY_ONLY:
		return !grants_all_of(o, &r);
	case OVERLAY_LAN_ONLY:
	case OVERLAY_NO_INTERNET:
		return o->peer.kind == PEER_NAME;
	case OVERLAY_ALLOW:
	case OVERLAY_KIND_MAX:
		break;
	}
	return false;
}

/* Several that name peers are one limit: the first that has it lets it pass. */
static bool is_overruled(const struct overlay *o, const struct overlay *list, size_t count)
{
	bool only = false, named = false;

	for (size_t i = 0; i < count; i++) {
		bool stops = is_stopped(o, &list[i]);
		if (list[i].kind == OVERLAY_ONLY) {
			only = true;
			named |= !stops;
		} else if (stops) {
			return true;
		}
	}
	return only && !named;
}

enum policy_overlay_state policy_overlay_state(const struct policy *p,
	const struct overlay *o, const struct overlay *list, size_t count)
{
	bool meets = false, granted = false, away = false;

	for (uint32_t i = 0; i < p->count; i++) {
		const struct rule *r = &p->rules[i];
		if (!is_grant(p, r))
			continue;
		away |= !is_at_home(&r->peer);
		meets |= overlay_has_peer(o->kind) && peers_meet(&o->peer, &r->peer) &&
			 services_meet(o, r);
		granted |= overlay_has_peer(o->kind) && grants_all_of(o, r);
	}
	switch (o->kind) {
	case OVERLAY_REFUSE:
	case OVERLAY_ONLY:
		return meets ? POLICY_OVERLAY_ACTS : POLICY_OVERLAY_UNMET;
	case OVERLAY_ALLOW:
		if (is_overruled(o, list, count))
			return POLICY_OVERLAY_OVERRULED;
		return granted ? POLICY_OVERLAY_GRANTED : POLICY_OVERLAY_ACTS;
	case OVERLAY_LAN_ONLY:
	case OVERLAY_NO_INTERNET:
		return away ? POLICY_OVERLAY_ACTS : POLICY_OVERLAY_UNMET;
	case OVERLAY_KIND_MAX:
		break;
	}
	return POLICY_OVERLAY_ACTS;
}

const char *policy_overlay_words(enum policy_overlay_state s)
{
	switch (s) {
	case POLICY_OVERLAY_ACTS:
		return "";
	case POLICY_OVERLAY_UNMET:
		return "its profile allows nothing of the kind now: this changes nothing "
		       "until it does";
	case POLICY_OVERLAY_GRANTED:
		return "its profile allows this by itself now";
	case POLICY_OVERLAY_OVERRULED:
		return "what you refused or limited goes before this";
	}
	return "";
}
