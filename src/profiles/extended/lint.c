// SPDX-License-Identifier: GPL-2.0-or-later
/* lint - what a profile may say and hardly meant: a match without an endpoint, an
 * answer before its question, a role that nobody names. */
#include <stdarg.h>
#include <string.h>
#include "profiles/extended/extended_priv.h"

struct lint {
	const struct extended_profile *p;
	struct extended_notes *notes;
	uint64_t roles; /* that are named */
};

static const struct extended_field *field_of(const struct extended_match *m,
	enum extended_key key)
{
	for (uint32_t i = 0; i < m->count; i++)
		if (m->fields[i].key == key)
			return &m->fields[i];
	return NULL;
}

CARDEA_PRINTF(3, 4)
static void lint_warn(struct lint *l, const struct extended_policy *p, const char *fmt, ...)
{
	char text[LIMIT_TEXT];
	const char *file = p->provenance.source == SOURCE_PUBLISHED && p->provenance.file
				   ? p->provenance.file
				   : NULL;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	note_at(l->notes, NOTE_WARNING, file, p->line, 1, "%s: %s", p->name, text);
}

static void lint_roles(struct lint *l, const struct extended_match *m)
{
	for (uint32_t i = 0; i < m->count; i++)
		for (uint32_t j = 0; j < m->fields[i].count; j++)
			if (m->fields[i].values[j].kind == VALUE_ROLE)
				l->roles |= 1ULL << m->fields[i].values[j].lo;
}

static bool match_has_endpoint(const struct extended_match *m)
{
	static const enum extended_key ends[] = {KEY_ARP_SHA, KEY_ARP_THA, KEY_ARP_SPA,
		KEY_ARP_TPA, KEY_IPV4_SRC, KEY_IPV4_DST, KEY_IPV6_SRC, KEY_IPV6_DST,
		KEY_DHCP_CLIENT_MAC};

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (field_of(m, ends[i]))
			return true;
	return false;
}

/* The protocols that a match names must fit in one packet. */
static const char *match_clash(const struct extended_match *m)
{
	const uint32_t tcp = 1u << EXTENDED_TCP, udp = 1u << EXTENDED_UDP;
	const uint32_t l4 = tcp | udp | 1u << EXTENDED_ICMP | 1u << EXTENDED_ICMPV6 |
			    1u << EXTENDED_IGMP;
	const uint32_t on_udp = 1u << EXTENDED_MDNS | 1u << EXTENDED_SSDP |
				1u << EXTENDED_COAP | 1u << EXTENDED_DHCP;
	const uint32_t on_tcp = 1u << EXTENDED_HTTP | 1u << EXTENDED_TLS |
				1u << EXTENDED_MQTT;

	if (m->protos & 1u << EXTENDED_ARP && m->protos != 1u << EXTENDED_ARP)
		return "arp and another protocol are never in one packet";
	if (__builtin_popcount(m->protos & l4) > 1)
		return "two transport protocols are never in one packet";
	if ((m->protos & on_udp && m->protos & tcp) || (m->protos & on_tcp && m->protos & udp))
		return "this protocol is not spoken over that transport";
	if (m->protos & 1u << EXTENDED_IPV4 && m->protos & 1u << EXTENDED_IPV6)
		return "ipv4 and ipv6 are never in one packet";
	return NULL;
}

static bool is_any(const struct extended_match *m, enum extended_key key, uint32_t value)
{
	const struct extended_field *f = field_of(m, key);

	return f && f->values[0].kind == VALUE_RANGE && f->values[0].lo == value;
}

static bool value_is_self(const struct extended_field *f)
{
	for (uint32_t i = 0; f && i < f->count; i++)
		if (f->values[i].kind == VALUE_ROLE && f->values[i].lo == EXTENDED_SELF)
			return true;
	return false;
}

static void lint_policy(void *ctx, struct extended_policy *p,
	const struct extended_interaction *i, const struct extended_permit *permit)
{
	struct lint *l = ctx;
	const char *clash = match_clash(&p->match);

	(void)i;
	(void)permit;
	lint_roles(l, &p->match);
	if (clash)
		lint_warn(l, p, "matches nothing: %s", clash);
	if (!match_has_endpoint(&p->match) && !p->deny)
		lint_warn(l, p, "has no endpoint: it permits this with everybody");
	if (field_of(&p->match, KEY_IPV4_DST) &&
		value_is_self(field_of(&p->match, KEY_IPV4_SRC)) &&
		value_is_self(field_of(&p->match, KEY_IPV4_DST)))
		lint_warn(l, p, "is from the device to itself");
	if (p->stats.packets.is_set && !p->stats.packets.is_split && !p->stats.packets.both)
		lint_warn(l, p, "a packet-count of 0 permits nothing");
}

/* Which place in its protocol's order a step has; 0: none. */
static unsigned step_order(const struct extended_policy *p)
{
	for (unsigned type = 1; type <= 5; type++)
		if (is_any(&p->match, KEY_DHCP_TYPE, type))
			return type;
	return 0;
}

static bool same_ends(const struct extended_match *a, const struct extended_match *b)
{
	const struct extended_field *s = field_of(a, KEY_ARP_SPA), *t = field_of(b, KEY_ARP_TPA);

	if (!s || !t || s->values[0].kind != t->values[0].kind)
		return false;
	return s->values[0].lo == t->values[0].lo;
}

static const char *steps_swapped(const struct extended_policy *a,
	const struct extended_policy *b)
{
	bool answer = is_any(&a->match, KEY_ARP_TYPE, 2);

	if (answer && is_any(&b->match, KEY_ARP_TYPE, 1) && same_ends(&a->match, &b->match))
		return "the ARP reply comes before its request";
	if (step_order(a) && step_order(b) && step_order(a) > step_order(b))
		return "the DHCP messages are not in the order of DHCP";
	const struct extended_field *r = field_of(&a->match, KEY_DNS_RESPONSE);

	if (r && r->values[0].lo && b->match.protos & 1u << EXTENDED_DNS &&
		!field_of(&b->match, KEY_DNS_RESPONSE))
		return "the DNS answer comes before its question";
	return NULL;
}

static void lint_order(struct lint *l, const struct extended_interaction *i)
{
	const struct extended_node *n = i->nodes->child;

	for (; n && n->next; n = n->next) {
		if (n->kind != NODE_STEP || n->next->kind != NODE_STEP)
			continue;
		const char *why = steps_swapped(n->step, n->next->step);

		if (!why)
			continue;
		lint_warn(l, n->step, "%s (interaction %s): were the steps sorted by name?",
			why, i->name);
		return;
	}
}

void extended_lint(const struct extended_profile *p, struct pool *pool,
	struct extended_notes *notes)
{
	struct lint l = {.p = p, .notes = notes, .roles = 3};

	if (note_init(notes, pool))
		return;
	each_policy(p, lint_policy, &l);
	for (uint32_t i = 0; i < p->interaction_count; i++)
		lint_order(&l, &p->interactions[i]);
	for (uint32_t i = 0; i < p->role_count; i++)
		if (!(l.roles & 1ULL << i))
			note_at(notes, NOTE_WARNING, NULL, p->roles[i].line, 1,
				"nothing names the role %s", p->roles[i].name);
	if (!p->policy_count && !p->interaction_count && !p->permit_count)
		note_at(notes, NOTE_WARNING, NULL, 1, 1, "it permits nothing at all");
}
