// SPDX-License-Identifier: GPL-2.0-or-later
/* l4 - the tcp, udp and icmp parts of an ACE (RFC 8519 4.1, ietf-packet-fields). */
#include <string.h>
#include "profiles/mud/mud_priv.h"

#define PORT_MAX 65535u

/* The sixteen-bit numbers for which "number operator value" holds. */
static int ranges_of(const char *operator, uint16_t port, struct range16 *out)
{
	int n = 0;

	if (!strcmp(operator, "eq")) {
		out[n++] = (struct range16){port, port};
	} else if (!strcmp(operator, "lte")) {
		out[n++] = (struct range16){0, port};
	} else if (!strcmp(operator, "gte")) {
		out[n++] = (struct range16){port, PORT_MAX};
	} else if (!strcmp(operator, "neq")) {
		if (port > 0)
			out[n++] = (struct range16){0, (uint16_t)(port - 1)};
		if (port < PORT_MAX)
			out[n++] = (struct range16){(uint16_t)(port + 1), PORT_MAX};
	}
	return n;
}

enum { LOWER, UPPER, OPERATOR, PORT, PORT_SLOTS };

/* Both ends, or the lower one alone, as drafts of RFC 8519 wrote one port. */
static int port_range(struct mud_reader *r, struct mud_at *slots, struct range16 *out)
{
	uint32_t lo, hi;

	if (slots[PORT].value) {
		mud_note_bad(r, &slots[PORT],
			"a range and a port exclude each other (RFC 8519 section 4.3): "
			"keep one");
		return 0;
	}
	if (slots[OPERATOR].value) {
		mud_note_mend(r, &slots[OPERATOR],
			"an operator has no place beside a range (RFC 8519 section "
			"4.3)",
			"dropped");
		mud_edit_remove(r, &slots[OPERATOR]);
	}
	if (!slots[LOWER].value) {
		mud_note_bad(r, &slots[UPPER],
			"lower-port is missing (RFC 8519 section "
			"4.3)");
		return 0;
	}
	if (!mud_uint(r, &slots[LOWER], 0, PORT_MAX, &lo))
		return 0;
	hi = lo;
	if (!slots[UPPER].value) {
		char port[16];
		mud_note_mend(r, &slots[LOWER],
			"upper-port is missing (RFC 8519 section 4.3)",
			"read as this port alone");
		(void)str_print(port, sizeof port, "%u", lo);
		mud_edit_add(r, slots[LOWER].up, "upper-port", port);
	} else if (!mud_uint(r, &slots[UPPER], 0, PORT_MAX, &hi))
		return 0;
	if (lo > hi) {
		mud_note_bad(r, &slots[LOWER],
			"lower-port %u is above upper-port %u (RFC 8519 section 4.3)",
			lo, hi);
		return 0;
	}
	out[0] = (struct range16){(uint16_t)lo, (uint16_t)hi};
	return 1;
}

static int port_operator(
	struct mud_reader *r, struct mud_at *slots, struct range16 *out)
{
	char shown[MUD_SHOW_MAX];
	const char *operator= "eq"; /* the default of RFC 8519 4.3 */
	uint32_t port;

	if (slots[OPERATOR].value && !mud_string(r, &slots[OPERATOR], &operator))
		return 0;
	if (!slots[PORT].value) {
		mud_note_bad(r, &slots[PORT], "port is missing (RFC 8519 section 4.3)");
		return 0;
	}
	if (!mud_uint(r, &slots[PORT], 0, PORT_MAX, &port))
		return 0;
	int n = ranges_of(operator,(uint16_t) port, out);
	if (!n)
		mud_note_bad(r, &slots[OPERATOR],
			"\"%s\" is no operator: eq, neq, lte or gte (RFC 8519 section "
			"4.3)",
			mud_show_text(operator, shown));
	return n;
}

/* How many ranges; 0 when it says nothing, or nothing that can be used. */
static int ports(struct mud_reader *r, const struct mud_at *at, struct mud_match *m,
	struct range16 out[MUD_RANGES_MAX])
{
	static const char *const names[] = {
		"lower-port", "upper-port", "operator", "port", NULL};
	struct mud_at slots[PORT_SLOTS];
	bool unknown;

	if (!at->value || !mud_members(r, at, names, slots, &unknown))
		return 0;
	if (unknown)
		mud_match_cannot(m, RULE_NOT_YET,
			"asks for ports in a way that this version does not know");
	if (slots[LOWER].value || slots[UPPER].value)
		return port_range(r, slots, out);
	if (slots[OPERATOR].value || slots[PORT].value)
		return port_operator(r, slots, out);
	return 0;
}

static void protocol_is(struct mud_match *m, int proto, const char *name)
{
	if (m->proto != RULE_PROTO_ANY && m->proto != proto)
		mud_match_cannot(m, RULE_UNENFORCEABLE,
			"protocol %d and %s at once: no packet is both", m->proto,
			name);
	m->proto = proto;
}

static void leaves(struct mud_reader *r, const struct mud_at *slots,
	const struct mud_leaf *leaf, struct mud_match *m)
{
	for (; leaf->name; leaf++, slots++)
		mud_match_leaf(r, slots, leaf, m);
}

static void initiated(
	struct mud_reader *r, const struct mud_at *at, struct mud_match *m)
{
	char shown[MUD_SHOW_MAX];
	const char *text;

	if (!mud_string(r, at, &text))
		return;
	if (!strcmp(text, "from-device"))
		m->initiator = INITIATOR_DEVICE;
	else if (!strcmp(text, "to-device"))
		m->initiator = INITIATOR_PEER;
	else
		mud_note_bad(r, at,
			"\"%s\" is no direction: from-device or to-device (RFC 8520 "
			"section 4.8)",
			mud_show_text(text, shown));
}

void mud_l4_tcp(struct mud_reader *r, const struct mud_at *at, struct mud_match *m)
{
	enum { SOURCE, DESTINATION, INITIATED, LEAVES, COUNT = LEAVES + 8 };
	static const char *const names[] = {"source-port", "destination-port",
		"ietf-mud:direction-initiated", "sequence-number",
		"acknowledgement-number", "data-offset", "reserved", "flags",
		"window-size", "urgent-pointer", "options", NULL};
	static const struct mud_leaf more[] = {
		{"sequence-number", MUD_LEAF_UINT, 0, UINT32_MAX},
		{"acknowledgement-number", MUD_LEAF_UINT, 0, UINT32_MAX},
		{"data-offset", MUD_LEAF_UINT, 5, 15},
		{"reserved", MUD_LEAF_UINT, 0, 255},
		{"flags", MUD_LEAF_TEXT, 0, 0},
		{"window-size", MUD_LEAF_UINT, 0, 65535},
		{"urgent-pointer", MUD_LEAF_UINT, 0, 65535},
		{"options", MUD_LEAF_TEXT, 0, 0},
		{NULL, MUD_LEAF_TEXT, 0, 0},
	};
	struct mud_at slots[COUNT];
	bool unknown;

	if (!mud_members(r, at, names, slots, &unknown))
		return;
	if (unknown)
		mud_match_cannot(m, RULE_NOT_YET,
			"asks for something of TCP that this version does not know");
	protocol_is(m, FLOW_PROTO_TCP, "tcp");
	m->src_count = ports(r, &slots[SOURCE], m, m->src);
	m->dst_count = ports(r, &slots[DESTINATION], m, m->dst);
	initiated(r, &slots[INITIATED], m);
	leaves(r, &slots[LEAVES], more, m);
}

void mud_l4_udp(struct mud_reader *r, const struct mud_at *at, struct mud_match *m)
{
	enum { SOURCE, DESTINATION, LENGTH, COUNT };
	static const char *const names[] = {
		"source-port", "destination-port", "length", NULL};
	static const struct mud_leaf length = {"length", MUD_LEAF_UINT, 0, 65535};
	struct mud_at slots[COUNT];
	bool unknown;

	if (!mud_members(r, at, names, slots, &unknown))
		return;
	if (unknown)
		mud_match_cannot(m, RULE_NOT_YET,
			"asks for something of UDP that this version does not know");
	protocol_is(m, FLOW_PROTO_UDP, "udp");
	m->src_count = ports(r, &slots[SOURCE], m, m->src);
	m->dst_count = ports(r, &slots[DESTINATION], m, m->dst);
	mud_match_leaf(r, &slots[LENGTH], &length, m);
}

void mud_l4_icmp(struct mud_reader *r, const struct mud_at *at, struct mud_match *m)
{
	enum { TYPE, CODE, REST, COUNT };
	static const char *const names[] = {"type", "code", "rest-of-header", NULL};
	static const struct mud_leaf rest = {"rest-of-header", MUD_LEAF_TEXT, 0, 0};
	struct mud_at slots[COUNT];
	uint32_t v;
	bool unknown;

	if (!mud_members(r, at, names, slots, &unknown))
		return;
	if (unknown)
		mud_match_cannot(m, RULE_NOT_YET,
			"asks for something of ICMP that this version does not know");
	/* which of the two protocols it is depends on the family, known later */
	m->icmp = true;
	if (mud_uint(r, &slots[TYPE], 0, 255, &v))
		m->icmp_type = (int)v;
	if (mud_uint(r, &slots[CODE], 0, 255, &v))
		m->icmp_code = (int)v;
	mud_match_leaf(r, &slots[REST], &rest, m);
}
