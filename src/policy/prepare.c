// SPDX-License-Identifier: GPL-2.0-or-later
/* prepare - rules made ready: checked, in order, the base layer behind them, and for
 * each what this version does about it and why. */
#include "policy/policy_priv.h"

#include "base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BASE_RULES 4 /* DNS over UDP, TCP and TLS, NTP */
#define BASE_RULES_MAX (BASE_RULES + POLICY_PORTALS)
#define PORT_DNS_TLS 853

static bool prefix_is_sound(const struct prefix *p)
{
	if (p->addr.family != 4 && p->addr.family != 6)
		return false;
	if (p->len > addr_bits(&p->addr))
		return false;
	struct prefix masked = prefix_of(&p->addr, p->len);
	return addr_equal(&masked.addr, &p->addr);
}

static bool peer_is_sound(const struct peer *p)
{
	if ((unsigned)p->kind >= PEER_MAX || !memchr(p->name, 0, sizeof p->name))
		return false;
	if (p->kind == PEER_NAME)
		return p->name[rule_name_is_suffix(p->name) ? 2 : 0] != 0;
	return p->kind != PEER_PREFIX || prefix_is_sound(&p->prefix);
}

static bool number_is_sound(int v)
{
	return v >= -1 && v <= 255;
}

/* Types below 0x600 are lengths (IEEE 802.3 3.2.6); IP's have rules of their own. */
static bool ethertype_is_sound(const struct rule *r)
{
	if (r->ethertype == RULE_ETHERTYPE_IP)
		return true;
	return r->ethertype >= 0x600 && r->ethertype <= UINT16_MAX &&
	       r->ethertype != 0x0800 && r->ethertype != 0x86dd &&
	       (r->peer.kind == PEER_ANY || r->peer.kind == PEER_MAC);
}

static bool triggers_are_sound(const struct rule *r)
{
	return r->arms <= LIMIT_TRIGGERS && r->needs <= LIMIT_TRIGGERS &&
	       (r->needs ? r->open_s >= 1 && r->open_s <= LIMIT_OPEN_S : !r->open_s);
}

static bool rule_is_sound(const struct rule *r)
{
	return r->id && (unsigned)r->direction < DIRECTION_MAX &&
	       ethertype_is_sound(r) &&
	       (unsigned)r->action <= RULE_PASS &&
	       (r->family == 0 || r->family == 4 || r->family == 6) &&
	       number_is_sound(r->proto) && number_is_sound(r->icmp_type) &&
	       number_is_sound(r->icmp_code) &&
	       r->device_port.lo <= r->device_port.hi &&
	       r->peer_port.lo <= r->peer_port.hi && peer_is_sound(&r->peer) &&
	       triggers_are_sound(r);
}

static int compare_ids(const void *a, const void *b)
{
	rule_id x = ((const struct rule *)a)->id, y = ((const struct rule *)b)->id;

	return (x > y) - (x < y);
}

/* Some files write an address where a name belongs: it needs no resolving. */
static void name_to_prefix(struct rule *r)
{
	struct addr a;

	if (r->peer.kind != PEER_NAME || addr_parse(r->peer.name, &a))
		return;
	r->peer.kind = PEER_PREFIX;
	r->peer.prefix = prefix_of(&a, addr_bits(&a));
	r->peer.name[0] = 0;
}

static int rules_copy(struct rule *dst, const struct rule *src, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!rule_is_sound(&src[i]))
			return CARDEA_EMALFORMED;
		dst[i] = src[i];
		name_to_prefix(&dst[i]);
	}
	if (count)
		qsort(dst, count, sizeof *dst, compare_ids);
	for (size_t i = 1; i < count; i++)
		if (dst[i].id == dst[i - 1].id)
			return CARDEA_EMALFORMED;
	return 0;
}

/* RFC 8520 3: "DNS and NTP are assumed". Behind the file's rules, so that a file that
 * says otherwise wins. */
struct base_rule {
	const char *name;
	enum peer_kind peer;
	int16_t proto;
	uint16_t port;
};

static void base_add(struct rule *r, rule_id id, const struct base_rule *b)
{
	rule_init(r);
	r->id = id;
	r->initiator = INITIATOR_DEVICE;
	r->proto = b->proto;
	r->peer.kind = b->peer;
	r->peer_port = (struct range16){b->port, b->port};
	r->layer = LAYER_BASE;
	(void)str_copy(r->acl, sizeof r->acl, "base");
	(void)str_copy(r->ace, sizeof r->ace, b->name);
}

static void rule_refuse(struct rule *r, enum rule_status s, const char *why)
{
	r->status = s;
	(void)str_copy(r->detail, sizeof r->detail, why);
}

static bool ports_are_any(const struct rule *r)
{
	return policy_range_is_any(r->device_port) && policy_range_is_any(r->peer_port);
}

void policy_status_alone(struct rule *r)
{
	bool has_icmp = r->icmp_type != RULE_ICMP_ANY || r->icmp_code != RULE_ICMP_ANY;
	bool from = r->direction == DIRECTION_FROM_DEVICE;
	enum initiator other = from ? INITIATOR_PEER : INITIATOR_DEVICE;

	if (r->status == RULE_NOT_YET || r->status == RULE_UNENFORCEABLE ||
		r->status == RULE_PREVIEWED)
		return;
	if (!rule_in_force(r)) {
		r->status = RULE_ENFORCED;
		r->detail[0] = 0;
	}
	if ((r->needs || r->arms) && r->ethertype != RULE_ETHERTYPE_IP)
		rule_refuse(r, RULE_NOT_YET, "only IP packets have triggers");
	if (r->ethertype != RULE_ETHERTYPE_IP)
		return;
	if (r->needs && r->action != RULE_ACCEPT)
		rule_refuse(r, RULE_NOT_YET, "a prohibition waits for nothing");
	else if (!ports_are_any(r) && r->proto != RULE_PROTO_ANY &&
		!policy_has_ports(r->proto))
		rule_refuse(
			r, RULE_NOT_YET, "ports are understood for TCP and UDP only");
	else if (has_icmp && !policy_is_icmp(r->proto))
		rule_refuse(
			r, RULE_NOT_YET, "an ICMP type without ICMP matches nothing");
	else if (r->icmp_code != RULE_ICMP_ANY && r->icmp_type == RULE_ICMP_ANY)
		rule_refuse(r, RULE_NOT_YET, "an ICMP code without its type");
	else if (r->initiator == other && r->action == RULE_DROP)
		rule_refuse(r, RULE_NOT_YET,
			"forbids only answers; what opens a conversation is judged");
	else if (r->initiator == other)
		rule_refuse(r, RULE_REPLY_HALF,
			from ? "only the peer may start; the "
			       "device answers"
			     : "only the device may start; "
			       "the peer answers");
}

static bool ranges_equal(struct range16 a, struct range16 b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

bool policy_peers_equal(const struct peer *a, const struct peer *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == PEER_PREFIX)
		return a->prefix.len == b->prefix.len &&
		       addr_equal(&a->prefix.addr, &b->prefix.addr);
	if (a->kind == PEER_MAC)
		return mac_equal(&a->mac, &b->mac);
	return strcmp(a->name, b->name) == 0;
}

/* The two halves of one kind of conversation, as far as L3 and protocol go. */
static bool is_counterpart(const struct rule *a, const struct rule *b)
{
	return a->direction != b->direction && a->action == RULE_ACCEPT &&
	       b->action == RULE_ACCEPT && a->proto == b->proto &&
	       policy_has_ports(a->proto) && a->ethertype == RULE_ETHERTYPE_IP &&
	       b->ethertype == RULE_ETHERTYPE_IP &&
	       (!a->family || !b->family || a->family == b->family) &&
	       policy_peers_equal(&a->peer, &b->peer);
}

static bool is_mirror(const struct rule *a, const struct rule *b)
{
	return is_counterpart(a, b) && ranges_equal(a->device_port, b->device_port) &&
	       ranges_equal(a->peer_port, b->peer_port);
}

/* A mirror that names a service says who asks and who answers. Without any port both
 * sides may start: RFC 8520 grants what each list says. */
static bool is_service_mirror(const struct rule *a, const struct rule *b)
{
	return is_mirror(a, b) && !ports_are_any(a);
}

static bool is_server_side(const struct rule *from, const struct rule *to)
{
	return is_counterpart(from, to) && !policy_range_is_any(from->device_port) &&
	       policy_range_is_any(from->peer_port) &&
	       ranges_equal(from->device_port, to->device_port);
}

/* A rule without a stated initiator becomes the reply half of an enforced rule of the
 * other direction that test accepts. */
struct pass {
	enum direction reply;
	bool opener_states; /* the opener must say that it is one */
	bool (*test)(const struct rule *reply, const struct rule *opener);
};

static void pass_run(struct rule *rules, size_t count, const struct pass *p)
{
	for (size_t i = 0; i < count; i++) {
		struct rule *r = &rules[i];
		if (r->direction != p->reply || r->initiator != INITIATOR_EITHER ||
			!rule_in_force(r) || r->action != RULE_ACCEPT)
			continue;
		for (size_t j = 0; j < count; j++) {
			const struct rule *o = &rules[j];
			/* an opener that waits for its trigger is none for another */
			if (!rule_in_force(o) || (o->needs && !r->needs) ||
				(p->opener_states &&
					o->initiator == INITIATOR_EITHER) ||
				!p->test(r, o))
				continue;
			r->status = RULE_REPLY_HALF;
			(void)str_print(r->detail, sizeof r->detail,
				"answers in the conversations that rule %u opens",
				o->id);
			break;
		}
	}
}

/* MUD files list both directions of every conversation (RFC 8520 9). Taken alone, the
 * to-device half would let the peer open conversations that the file never meant. The
 * order lets explicit statements win, then server ports, then the device. */
static void status_of_pairs(struct rule *rules, size_t count)
{
	static const struct pass passes[] = {
		{DIRECTION_TO_DEVICE, true, is_mirror},
		{DIRECTION_FROM_DEVICE, false, is_server_side},
		{DIRECTION_TO_DEVICE, false, is_service_mirror},
	};

	for (size_t i = 0; i < sizeof passes / sizeof *passes; i++)
		pass_run(rules, count, &passes[i]);
}

static bool stays_on(const struct policy_input *in, const struct rule *r)
{
	if (in->hold == HOLD_REFUSED)
		return false;
	return policy_stays_on(r) || (in->keeps_fabric && r->ethertype == RULE_ETHERTYPE_IP &&
					policy_peer_is_class(r->peer.kind));
}

/* After the pairs are found, so that nobody becomes an opener who is none outside. What
 * forbids stays: quarantine takes away, it does not give. */
static void status_of_hold(struct rule *rules, const struct policy_input *in)
{
	bool retired = in->hold == HOLD_REFUSED;

	if (in->hold != HOLD_QUARANTINED && !retired)
		return;
	for (size_t i = 0; i < in->count; i++)
		if (rules[i].action == RULE_ACCEPT && !stays_on(in, &rules[i]) &&
			(rule_in_force(&rules[i]) ||
				rules[i].status == RULE_REPLY_HALF))
			rule_refuse(&rules[i], RULE_NOT_YET,
				retired ? "switched off: the device is retired"
					: "switched off while in quarantine");
}

/* How many; all that is asked for has room. */
static uint32_t base_list(const struct policy_input *in, struct base_rule list[BASE_RULES_MAX])
{
	/* who is held asks this gateway, which knows what it may hear, and nobody else */
	enum peer_kind dns = in->hold ? PEER_GATEWAY : PEER_CONTROLLER_DNS;
	enum peer_kind ntp = in->hold ? PEER_GATEWAY : PEER_CONTROLLER_NTP;
	uint32_t n = 0;

	if (in->hold == HOLD_REFUSED)
		return 0;
	list[n++] = (struct base_rule){"dns-udp", dns, FLOW_PROTO_UDP, 53};
	list[n++] = (struct base_rule){"dns-tcp", dns, FLOW_PROTO_TCP, 53};
	list[n++] = (struct base_rule){"ntp-udp", ntp, FLOW_PROTO_UDP, 123};
	/* the same service, which the gateway itself announces (RFC 9462) */
	list[n++] = (struct base_rule){"dns-tls", dns, FLOW_PROTO_TCP, PORT_DNS_TLS};
	for (unsigned i = 0; i < POLICY_PORTALS; i++)
		if (in->portal[i])
			list[n++] = (struct base_rule){
				"portal", PEER_GATEWAY, FLOW_PROTO_TCP, in->portal[i]};
	return n;
}

static int base_prepare(
	struct rule *own, rule_id last, const struct policy_input *in, uint32_t *ret_count)
{
	struct base_rule list[BASE_RULES_MAX];
	uint32_t n = base_list(in, list);

	if (last >= POLICY_BLOCK_ID - BASE_RULES_MAX)
		return CARDEA_ELIMIT;
	for (uint32_t i = 0; i < n; i++)
		base_add(&own[i], last + 1 + i, &list[i]);
	*ret_count = n;
	return 0;
}

/* As policy_combine makes them: every rule is in a section, and refusals go before
 * limits before grants. Without sections all is one grant. */
static bool sections_are_sound(const struct policy_input *in)
{
	enum policy_part last = POLICY_REFUSE;
	size_t all = 0;

	if (in->section_count > POLICY_LAYERS_MAX)
		return false;
	for (size_t i = 0; i < in->section_count; i++) {
		const struct policy_section *s = &in->sections[i];
		if (!s->count || s->count > in->count - all || s->part < last ||
			s->part >= POLICY_PART_MAX)
			return false;
		last = s->part;
		all += s->count;
	}
	return !in->section_count || all == in->count;
}

/* A limit that would not hold is none, and nobody would know. */
static bool section_is_sound(enum policy_part part, const struct rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum rule_action a = rules[i].action;
		if (part == POLICY_GRANT ? a == RULE_PASS
					 : (a == RULE_ACCEPT || !rule_in_force(&rules[i])))
			return false;
		if (part == POLICY_REFUSE && a != RULE_DROP)
			return false;
	}
	return true;
}

/* A block that would not hold is no block, so that the caller must hear of it. */
static int blocks_prepare(struct rule *own, const struct policy_input *in)
{
	int r = rules_copy(own, in->blocks, in->block_count);

	for (size_t i = 0; i < in->block_count && !r; i++) {
		policy_status_alone(&own[i]);
		if (own[i].id < POLICY_BLOCK_ID || own[i].action != RULE_DROP ||
			own[i].ethertype != RULE_ETHERTYPE_IP ||
			!rule_in_force(&own[i]))
			r = CARDEA_EMALFORMED;
	}
	return r;
}

/* Each list speaks for itself: what answers in one may well open in another. */
static int section_prepare(enum policy_part part, struct rule *own, size_t count)
{
	if (!section_is_sound(part, own, count))
		return CARDEA_EMALFORMED;
	if (part == POLICY_GRANT)
		status_of_pairs(own, count);
	return 0;
}

static int sections_prepare(struct rule *own, const struct policy_input *in)
{
	size_t at = 0;
	int r = 0;

	for (size_t i = 0; i < in->count; i++)
		policy_status_alone(&own[i]);
	if (!in->section_count)
		return section_prepare(POLICY_GRANT, own, in->count);
	for (size_t i = 0; i < in->section_count && !r; i++) {
		r = section_prepare(in->sections[i].part, own + at,
			in->sections[i].count);
		at += in->sections[i].count;
	}
	return r;
}

static int rules_prepare(
	struct rule *own, const struct policy_input *in, uint32_t *ret_base)
{
	int r = sections_are_sound(in) ? rules_copy(own, in->rules, in->count)
				       : CARDEA_EMALFORMED;

	if (!r)
		r = base_prepare(&own[in->count], in->count ? own[in->count - 1].id : 0, in,
			ret_base);
	if (!r)
		r = sections_prepare(own, in);
	if (!r)
		status_of_hold(own, in);
	return r;
}

int policy_prepare(
	struct pool *pool, const struct policy_input *input, struct policy *ret)
{
	size_t blocks = input->block_count;
	uint32_t base = 0;

	if (input->count > LIMIT_RULES || blocks > LIMIT_BLOCKS)
		return CARDEA_ELIMIT;
	if ((unsigned)input->hold >= HOLD_MAX)
		return CARDEA_EMALFORMED;
	struct rule *own =
		pool_take(pool, (blocks + input->count + BASE_RULES_MAX) * sizeof *own);
	if (!own)
		return -ENOMEM;
	int r = blocks_prepare(own, input);
	if (!r)
		r = rules_prepare(own + blocks, input, &base);
	if (r)
		return r;
	struct policy p = {
		.rules = own + blocks,
		.count = (uint32_t)input->count + base,
		.base_first = (uint32_t)input->count,
		.blocks = own,
		.block_count = (uint32_t)blocks,
		.section_count = (uint32_t)input->section_count,
		.hold = input->hold,
		.redirect = input->redirect,
	};
	if (input->section_count)
		memcpy(p.sections, input->sections,
			input->section_count * sizeof *p.sections);
	policy_ether_status(&p, own + blocks);
	*ret = p;
	return 0;
}

const struct rule *policy_rule(const struct policy *p, rule_id id)
{
	bool block = id >= POLICY_BLOCK_ID;
	uint32_t count = block ? p->block_count : p->count;
	struct rule key;

	if (!id || !count)
		return NULL;
	key.id = id;
	return bsearch(
		&key, block ? p->blocks : p->rules, count, sizeof key, compare_ids);
}

static bool name_is_in(const struct policy *p, const char *name, bool any_action)
{
	for (uint32_t i = 0; i < policy_places(p); i++) {
		const struct rule *r = policy_at(p, i);
		if (policy_rule_counts(r, r->direction) && r->peer.kind == PEER_NAME &&
			(any_action || r->action != RULE_ACCEPT || r->needs || r->arms) &&
			rule_name_matches(r->peer.name, name))
			return true;
	}
	return false;
}

bool policy_uses_name(const struct policy *p, const char *name)
{
	return name_is_in(p, name, true);
}

bool policy_denies_name(const struct policy *p, const char *name)
{
	return name_is_in(p, name, false);
}
