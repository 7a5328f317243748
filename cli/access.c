// SPDX-License-Identifier: GPL-2.0-or-later
/* access - what one profile allows and another does not, for people and as JSON. */
#include "cli/access.h"

#include "base/str.h"
#include "cli/cli.h"
#include "cli/text.h"

#define PEER_MAX_CHARS (LIMIT_NAME + 32)

struct policy_says access_says(const struct mud_lint *l)
{
	return (struct policy_says){.rules = l->import.rules,
		.marks = l->marks,
		.count = l->import.rule_count};
}

/* The same three words in both rooms, which do not know each other. */
_Static_assert((int)MUD_RULE_WHOLE == (int)POLICY_RULE_WHOLE &&
		       (int)MUD_RULE_PARTIAL == (int)POLICY_RULE_PARTIAL &&
		       (int)MUD_RULE_NOTHING == (int)POLICY_RULE_NOTHING,
	"marks");

static bool is_frame(const struct rule *r)
{
	return r->ethertype != RULE_ETHERTYPE_IP;
}

/* How the witness calls the other end. */
static const char *peer_text(const struct policy_access *a, char buf[PEER_MAX_CHARS])
{
	const struct peer *p = &a->what.peer;
	char mac[MAC_TEXT_MAX];

	if (p->kind == PEER_MAC || is_frame(&a->what)) {
		(void)str_print(buf, PEER_MAX_CHARS, "%s",
			p->kind == PEER_MAC ? mac_format(&p->mac, mac) : "anybody");
		return buf;
	}
	if (p->kind == PEER_ANY || p->kind == PEER_PREFIX)
		return addr_format(&a->witness.peer, buf);
	if (p->name[0])
		(void)str_print(buf, PEER_MAX_CHARS, "%s%s%s",
			p->kind == PEER_NAME ? "" : peer_kind_name(p->kind),
			p->kind == PEER_NAME ? "" : " ", p->name);
	else
		(void)str_print(buf, PEER_MAX_CHARS, "%s", peer_kind_name(p->kind));
	return buf;
}

static const char *proto_text(uint8_t proto)
{
	char *out;

	if (flow_proto_name(proto))
		return flow_proto_name(proto);
	out = cli_take(8);
	(void)str_print(out, 8, "%u", proto);
	return out;
}

static bool has_ports(uint8_t proto)
{
	return proto == FLOW_PROTO_TCP || proto == FLOW_PROTO_UDP;
}

/* "tcp device:49152 -> cloud.example.com:443" */
const char *access_witness(const struct policy_access *a)
{
	const struct flow *f = &a->witness;
	char peer[PEER_MAX_CHARS], *out = cli_take(2 * PEER_MAX_CHARS);
	bool from = f->direction == DIRECTION_FROM_DEVICE;

	peer_text(a, peer);
	if (is_frame(&a->what))
		(void)str_print(out, 2 * PEER_MAX_CHARS, "frame 0x%04x device %s %s",
			(unsigned)a->what.ethertype, from ? "->" : "<-", peer);
	else if (has_ports(f->proto))
		(void)str_print(out, 2 * PEER_MAX_CHARS,
			from ? "%s device:%u -> %s port %u"
			     : "%s device:%u <- %s port %u",
			proto_text(f->proto), f->device_port, peer, f->peer_port);
	else
		(void)str_print(out, 2 * PEER_MAX_CHARS, "%s device %s %s",
			proto_text(f->proto), from ? "->" : "<-", peer);
	return text_clean(out);
}

/* Which types or codes; "" where the sentence says it. */
static const char *icmp_text(const struct policy_access *a, char *buf, size_t size)
{
	unsigned lo = a->icmp.lo, hi = a->icmp.hi;

	*buf = 0;
	if (!a->icmp_ranged)
		return buf;
	if (lo >> 8 == hi >> 8)
		(void)str_print(buf, size, ", codes %u to %u", lo & 0xff, hi & 0xff);
	else if ((lo & 0xff) == 0 && (hi & 0xff) == 0xff)
		(void)str_print(buf, size, ", types %u to %u", lo >> 8, hi >> 8);
	else
		(void)str_print(buf, size, ", from type %u code %u to type %u code %u",
			lo >> 8, lo & 0xff, hi >> 8, hi & 0xff);
	return buf;
}

const char *access_sentence(const struct policy_access *a)
{
	char rule[RULE_SENTENCE_MAX], lo[ADDR_TEXT_MAX], hi[ADDR_TEXT_MAX];
	char addresses[2 * ADDR_TEXT_MAX + 32] = "", protocols[48] = "", icmp[64];
	size_t size = sizeof(rule) + sizeof(addresses) + sizeof(protocols) +
		      sizeof(icmp) + 32;
	char *out = cli_take(size);

	if (a->ranged)
		(void)str_print(addresses, sizeof(addresses), ", addresses %s to %s",
			addr_format(&a->peer_lo, lo), addr_format(&a->peer_hi, hi));
	if (a->proto_lo != a->proto_hi && !(a->proto_lo == 0 && a->proto_hi == 255))
		(void)str_print(protocols, sizeof(protocols), ", IP protocols %u to %u",
			a->proto_lo, a->proto_hi);
	(void)str_print(out, size, "%s%s%s%s%s", a->partial ? "perhaps " : "",
		rule_sentence(&a->what, rule), addresses, protocols,
		icmp_text(a, icmp, sizeof(icmp)));
	return text_clean(out);
}

json_t *access_json(const struct policy_access *a)
{
	const struct flow *f = &a->witness;
	char peer[PEER_MAX_CHARS], address[ADDR_TEXT_MAX];
	json_t *w = json_pack("{s:s, s:s, s:s, s:s}", "direction",
		direction_name(f->direction), "protocol",
		is_frame(&a->what) ? "ethernet" : proto_text(f->proto), "peer",
		text_clean(peer_text(a, peer)), "peer_address",
		is_frame(&a->what) ? "" : addr_format(&f->peer, address));

	if (is_frame(&a->what)) {
		json_object_set_new(w, "ethertype", json_integer(a->what.ethertype));
	} else if (has_ports(f->proto)) {
		json_object_set_new(w, "device_port", json_integer(f->device_port));
		json_object_set_new(w, "peer_port", json_integer(f->peer_port));
	} else if (f->proto == FLOW_PROTO_ICMP || f->proto == FLOW_PROTO_ICMP6) {
		json_object_set_new(w, "icmp_type", json_integer(f->icmp_type));
		json_object_set_new(w, "icmp_code", json_integer(f->icmp_code));
	}
	return json_pack("{s:s, s:o, s:s, s:s, s:i, s:b}", "sentence",
		access_sentence(a), "witness", w, "acl", text_clean(a->from->acl),
		"ace", text_clean(a->from->ace), "line", (int)a->from->line, "perhaps",
		a->partial);
}
