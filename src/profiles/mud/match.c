// SPDX-License-Identifier: GPL-2.0-or-later
/* match - the matches container of one ACE (RFC 8519 4.1, RFC 8520 4 and 8). All parts
 * hold at once; a part that cannot be said by a rule makes the whole ACE a rule that is
 * not installed, because leaving the part out would allow more than was asked. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "profiles/mud/mud_priv.h"

void mud_match_init(struct mud_match *m, enum direction direction, unsigned int kinds)
{
	*m = (struct mud_match){
		.direction = direction,
		.kinds = kinds,
		.proto = RULE_PROTO_ANY,
		.icmp_type = RULE_ICMP_ANY,
		.icmp_code = RULE_ICMP_ANY,
		.ethertype = RULE_ETHERTYPE_IP,
	};
}

/* Something near the entry is in force, or the whole of it. */
static bool in_force(const struct mud_match *m)
{
	return m->status == RULE_ENFORCED || m->status == RULE_APPROXIMATED;
}

CARDEA_PRINTF(3, 0)
static void settle(
	struct mud_match *m, enum rule_status status, const char *fmt, va_list ap)
{
	m->status = status;
	vsnprintf(m->detail, sizeof m->detail, fmt, ap);
}

void mud_match_cannot(
	struct mud_match *m, enum rule_status status, const char *fmt, ...)
{
	va_list ap;

	m->partial = true;
	m->nothing |= status == RULE_UNENFORCEABLE;
	if (!in_force(m))
		return;
	va_start(ap, fmt);
	settle(m, status, fmt, ap);
	va_end(ap);
}

void mud_match_hold(struct mud_match *m, enum rule_status status, const char *fmt, ...)
{
	va_list ap;

	if (!in_force(m))
		return;
	va_start(ap, fmt);
	settle(m, status, fmt, ap);
	va_end(ap);
}

void mud_match_near(struct mud_match *m, const char *fmt, ...)
{
	va_list ap;

	if (m->status != RULE_ENFORCED)
		return;
	va_start(ap, fmt);
	settle(m, RULE_APPROXIMATED, fmt, ap);
	va_end(ap);
}

void mud_match_leaf(struct mud_reader *r, const struct mud_at *at,
	const struct mud_leaf *leaf, struct mud_match *m)
{
	const char *text;
	uint32_t v;

	if (!at->value)
		return;
	if (leaf->type == MUD_LEAF_UINT)
		mud_uint(r, at, leaf->min, leaf->max, &v);
	else
		mud_string(r, at, &text);
	mud_match_cannot(m, RULE_NOT_YET, "matches on %s, which this version does not",
		leaf->name);
}

static void protocol(struct mud_reader *r, const struct mud_at *at, struct mud_match *m)
{
	uint32_t v;

	if (mud_uint(r, at, 0, 255, &v))
		m->proto = (int)v;
}

/* Which ends the two halves of the IP header name, seen from the device. */
static void ends(struct mud_reader *r, const struct mud_at *slots, uint8_t family,
	struct mud_match *m)
{
	bool out = m->direction == DIRECTION_FROM_DEVICE;

	mud_peer_host(r, &slots[0], family, !out, m);
	mud_peer_host(r, &slots[1], family, out, m);
	mud_peer_network(r, &slots[2], family, !out, m);
	mud_peer_network(r, &slots[3], family, out, m);
}

enum { IP_SRC_NAME, IP_DST_NAME, IP_SRC_NET, IP_DST_NET, IP_PROTOCOL, IP_LEAVES };

#define IP_MORE_MAX 8 /* leaves of a family beside the common ones */

static void ip(struct mud_reader *r, const struct mud_at *at, uint8_t family,
	const char *const *names, const struct mud_leaf *more, unsigned more_count,
	struct mud_match *m)
{
	struct mud_at slots[IP_LEAVES + IP_MORE_MAX];
	bool unknown;

	if (!mud_members(r, at, names, slots, &unknown))
		return;
	if (unknown)
		mud_match_cannot(m, RULE_NOT_YET,
			family == 4
				? "asks for something of IPv4 that this version does "
				  "not know"
				: "asks for something of IPv6 that this version does "
				  "not know");
	protocol(r, &slots[IP_PROTOCOL], m);
	ends(r, slots, family, m);
	for (unsigned i = 0; i < more_count; i++)
		mud_match_leaf(r, &slots[IP_LEAVES + i], &more[i], m);
}

static void ipv4(struct mud_reader *r, const struct mud_at *at, struct mud_match *m)
{
	static const char *const names[] = {"ietf-acldns:src-dnsname",
		"ietf-acldns:dst-dnsname", "source-ipv4-network",
		"destination-ipv4-network", "protocol", "dscp", "ecn", "length", "ttl",
		"ihl", "flags", "offset", "identification", NULL};
	static const struct mud_leaf more[] = {
		{"dscp", MUD_LEAF_UINT, 0, 63},
		{"ecn", MUD_LEAF_UINT, 0, 3},
		{"length", MUD_LEAF_UINT, 0, 65535},
		{"ttl", MUD_LEAF_UINT, 0, 255},
		{"ihl", MUD_LEAF_UINT, 5, 60},
		{"flags", MUD_LEAF_TEXT, 0, 0},
		{"offset", MUD_LEAF_UINT, 20, 65535},
		{"identification", MUD_LEAF_UINT, 0, 65535},
	};

	ip(r, at, 4, names, more, sizeof more / sizeof *more, m);
}

static void ipv6(struct mud_reader *r, const struct mud_at *at, struct mud_match *m)
{
	static const char *const names[] = {"ietf-acldns:src-dnsname",
		"ietf-acldns:dst-dnsname", "source-ipv6-network",
		"destination-ipv6-network", "protocol", "dscp", "ecn", "length", "ttl",
		"flow-label", NULL};
	static const struct mud_leaf more[] = {
		{"dscp", MUD_LEAF_UINT, 0, 63},
		{"ecn", MUD_LEAF_UINT, 0, 3},
		{"length", MUD_LEAF_UINT, 0, 65535},
		{"ttl", MUD_LEAF_UINT, 0, 255},
		{"flow-label", MUD_LEAF_UINT, 0, 0xfffff},
	};

	ip(r, at, 6, names, more, sizeof more / sizeof *more, m);
}

/* RFC 8519 4.1: the type of the list says which containers its entries may hold. The
 * condition in the YANG module looks at all lists of the file, so that only the lack of
 * any fitting list is an error; the rest is a warning. */
static void kind_allowed(struct mud_reader *r, const struct mud_at *at,
	unsigned int kind, const struct mud_match *m)
{
	static const char wrong[] = "the type of this list is meant for other matches "
				    "(RFC 8519 section 4.1)";

	if (!(r->file_kinds & kind)) {
		mud_note_mend(r, at, wrong, "read all the same");
		r->need_kinds |= kind;
	} else if (!(m->kinds & kind)) {
		mud_note(r, NOTE_WARNING, at, "%s", wrong);
	}
}

/* RFC 8519 4.1: one of ipv4 and ipv6, one of tcp, udp and icmp. */
static bool only_one(struct mud_reader *r, const struct mud_at *slots, int count,
	struct mud_match *m)
{
	const struct mud_at *seen = NULL;

	for (int i = 0; i < count; i++) {
		if (!slots[i].value)
			continue;
		if (seen) {
			mud_note_bad(r, &slots[i],
				"%s and %s exclude each other (RFC 8519 section 4.1)",
				seen->key, slots[i].key);
			mud_match_cannot(m, RULE_UNENFORCEABLE,
				"no packet is %s and %s", seen->key, slots[i].key);
			return false;
		}
		seen = &slots[i];
	}
	return true;
}

/* Without an IP match the type of the list says which families are meant. */
static uint8_t family_of_kinds(unsigned int kinds)
{
	bool four = kinds & MUD_ACL_IPV4, six = kinds & MUD_ACL_IPV6;

	return four == six ? 0 : four ? 4 : 6;
}

static void interface(
	struct mud_reader *r, const struct mud_at *at, struct mud_match *m)
{
	static const struct mud_leaf leaf = {"an interface", MUD_LEAF_TEXT, 0, 0};

	/* a reference to the interfaces of a device, and a MUD file has none */
	if (r->schema && at->value)
		mud_note_bad(r, at,
			"names an interface, and a MUD file knows none (RFC 8520 "
			"section 3)");
	mud_match_leaf(r, at, &leaf, m);
}

enum { ETH, IPV4, IPV6, TCP, UDP, ICMP, EGRESS, INGRESS, MUD, ACTIONS, SLOTS };

static void layer3(
	struct mud_reader *r, const struct mud_at *slots, struct mud_match *m)
{
	only_one(r, &slots[IPV4], 2, m);
	m->ip = slots[IPV4].value || slots[IPV6].value;
	if (slots[IPV4].value) {
		kind_allowed(r, &slots[IPV4], MUD_ACL_IPV4, m);
		m->family = 4;
		ipv4(r, &slots[IPV4], m);
	}
	if (slots[IPV6].value) {
		kind_allowed(r, &slots[IPV6], MUD_ACL_IPV6, m);
		m->family = 6;
		ipv6(r, &slots[IPV6], m);
	}
	/* after the prefixes, which may imply the MAC address */
	if (slots[ETH].value) {
		kind_allowed(r, &slots[ETH], MUD_ACL_ETH, m);
		mud_frame_eth(r, &slots[ETH], m);
	}
	if (!m->family)
		m->family = family_of_kinds(m->kinds);
}

static void layer4(
	struct mud_reader *r, const struct mud_at *slots, struct mud_match *m)
{
	only_one(r, &slots[TCP], 3, m);
	if (slots[TCP].value)
		mud_l4_tcp(r, &slots[TCP], m);
	if (slots[UDP].value)
		mud_l4_udp(r, &slots[UDP], m);
	if (slots[ICMP].value)
		mud_l4_icmp(r, &slots[ICMP], m);
}

/* Read as if they stood where they belong; the entry says no when it has both. */
static void misplaced(
	struct mud_reader *r, const struct mud_at *at, struct mud_match *m)
{
	if (!at->value)
		return;
	mud_note_mend(r, at,
		"actions stand beside the matches, not among them (RFC 8519 section "
		"4.1)",
		"read as if they did");
	mud_edit_remove(r, at);
	m->actions = *at;
}

void mud_match_read(
	struct mud_reader *r, const struct mud_at *matches, struct mud_match *m)
{
	static const char *const names[] = {"eth", "ipv4", "ipv6", "tcp", "udp", "icmp",
		"egress-interface", "ingress-interface", "ietf-mud:mud", "actions",
		NULL};
	struct mud_at slots[SLOTS];
	bool unknown;

	if (!matches->value) {
		m->family = family_of_kinds(m->kinds);
		return;
	}
	r->tls = (struct mud_at){0};
	if (!mud_members(r, matches, names, slots, &unknown))
		return;
	if (unknown)
		mud_match_cannot(
			m, RULE_NOT_YET, "has a match that this version does not know");
	mud_peer_mud(r, &slots[MUD], m);
	layer3(r, slots, m);
	layer4(r, slots, m);
	interface(r, &slots[EGRESS], m);
	interface(r, &slots[INGRESS], m);
	mud_tls_read(r, m);
	misplaced(r, &slots[ACTIONS], m);
}
