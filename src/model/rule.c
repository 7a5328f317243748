// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* rule - words and sentences about rules. */
#include "model/rule.h"

#include "base/str.h"

#include <string.h>

void rule_init(struct rule *r)
{
	*r = (struct rule){
		.proto = RULE_PROTO_ANY,
		.icmp_type = RULE_ICMP_ANY,
		.icmp_code = RULE_ICMP_ANY,
		.ethertype = RULE_ETHERTYPE_IP,
		.device_port = {0, UINT16_MAX},
		.peer_port = {0, UINT16_MAX},
	};
}

const char *peer_kind_name(enum peer_kind k)
{
	static const char *const names[PEER_MAX] = {
		[PEER_ANY] = "any",
		[PEER_NAME] = "name",
		[PEER_PREFIX] = "prefix",
		[PEER_LOCAL_NETWORKS] = "local-networks",
		[PEER_GATEWAY] = "gateway",
		[PEER_CONTROLLER_DNS] = "controller-dns",
		[PEER_CONTROLLER_NTP] = "controller-ntp",
		[PEER_CONTROLLER] = "controller",
		[PEER_MY_CONTROLLER] = "my-controller",
		[PEER_SAME_MANUFACTURER] = "same-manufacturer",
		[PEER_MANUFACTURER] = "manufacturer",
		[PEER_MODEL] = "model",
		[PEER_MAC] = "mac",
	};

	return (unsigned)k < PEER_MAX ? names[k] : "unknown";
}

const char *rule_status_name(enum rule_status s)
{
	switch (s) {
	case RULE_ENFORCED:
		return "enforced";
	case RULE_REPLY_HALF:
		return "reply";
	case RULE_NOT_YET:
		return "not enforced yet";
	case RULE_UNENFORCEABLE:
		return "not enforceable here";
	case RULE_APPROXIMATED:
		return "approximated";
	case RULE_PREVIEWED:
		return "previewed";
	case RULE_STATUS_MAX:
		break;
	}
	return "unknown";
}

bool rule_name_matches(const char *of_rule, const char *name)
{
	size_t whole, tail;

	if (!rule_name_is_suffix(of_rule))
		return strcmp(of_rule, name) == 0;
	whole = strlen(name);
	tail = strlen(of_rule + 1); /* with its dot */
	return whole > tail && strcmp(name + whole - tail, of_rule + 1) == 0;
}

const char *layer_name(enum layer l)
{
	static const char *const names[LAYER_MAX] = {
		[LAYER_BASE] = "base",
		[LAYER_MANUFACTURER] = "manufacturer",
		[LAYER_LEARNED] = "learned",
		[LAYER_CROWD] = "crowd",
		[LAYER_OWNER] = "owner",
		[LAYER_AGENT] = "agent",
		[LAYER_QUARANTINE] = "quarantine",
	};

	return (unsigned)l < LAYER_MAX ? names[l] : "unknown";
}

/* words: what stands before the file's own text, which is a stranger's. */
static void say_named(struct str_text *s, const char *words, const char *name)
{
	char text[LIMIT_NAME + 16];

	str_add(s, "%s%s", words, str_escape(str_untrusted(name), text, sizeof text));
}

static void say_peer(struct str_text *s, const struct peer *p)
{
	char text[PREFIX_TEXT_MAX], mac[MAC_TEXT_MAX];

	switch (p->kind) {
	case PEER_ANY:
		str_add(s, "any address");
		return;
	case PEER_NAME:
		if (rule_name_is_suffix(p->name))
			say_named(s, "any name below ", p->name + 2);
		else
			say_named(s, "", p->name);
		return;
	case PEER_PREFIX:
		if (p->prefix.len == addr_bits(&p->prefix.addr))
			str_add(s, "%s", addr_format(&p->prefix.addr, text));
		else
			str_add(s, "%s", prefix_format(&p->prefix, text));
		return;
	case PEER_LOCAL_NETWORKS:
		str_add(s, "the local network");
		return;
	case PEER_GATEWAY:
		str_add(s, "this gateway");
		return;
	case PEER_CONTROLLER_DNS:
		str_add(s, "this gateway's DNS");
		return;
	case PEER_CONTROLLER_NTP:
		str_add(s, "this gateway's clock");
		return;
	case PEER_CONTROLLER:
		say_named(s, "controllers of class ", p->name);
		return;
	case PEER_MY_CONTROLLER:
		str_add(s, "its own controller");
		return;
	case PEER_SAME_MANUFACTURER:
		str_add(s, "devices of the same manufacturer");
		return;
	case PEER_MANUFACTURER:
		say_named(s, "devices made by ", p->name);
		return;
	case PEER_MODEL:
		say_named(s, "devices of model ", p->name);
		return;
	case PEER_MAC:
		str_add(s, "the device %s", mac_format(&p->mac, mac));
		return;
	case PEER_MAX:
		break;
	}
	str_add(s, "an unknown peer");
}

static void say_proto(struct str_text *s, const struct rule *r)
{
	if (r->ethertype != RULE_ETHERTYPE_IP) {
		str_add(s, "frames of Ethernet type 0x%04x", (unsigned)r->ethertype);
		return;
	}
	switch (r->proto) {
	case RULE_PROTO_ANY:
		str_add(s, "anything");
		return;
	case FLOW_PROTO_TCP:
		str_add(s, "TCP");
		return;
	case FLOW_PROTO_UDP:
		str_add(s, "UDP");
		return;
	case FLOW_PROTO_ICMP:
	case FLOW_PROTO_ICMP6:
		str_add(s, r->proto == FLOW_PROTO_ICMP ? "ICMP" : "ICMPv6");
		if (r->icmp_type != RULE_ICMP_ANY)
			str_add(s, " type %d", r->icmp_type);
		if (r->icmp_code != RULE_ICMP_ANY)
			str_add(s, " code %d", r->icmp_code);
		return;
	default:
		str_add(s, "IP protocol %d", r->proto);
	}
}

static void say_ports(struct str_text *s, const char *words, struct range16 p)
{
	if (p.lo == 0 && p.hi == UINT16_MAX)
		return;
	if (p.lo == p.hi)
		str_add(s, "%s port %u", words, p.lo);
	else
		str_add(s, "%s ports %u-%u", words, p.lo, p.hi);
}

/* The half of a TCP conversation that the other side opens. */
static bool is_answer(const struct rule *r)
{
	enum initiator other =
		r->direction == DIRECTION_FROM_DEVICE ? INITIATOR_PEER : INITIATOR_DEVICE;

	return r->status == RULE_REPLY_HALF ||
	       (r->proto == FLOW_PROTO_TCP && r->ethertype == RULE_ETHERTYPE_IP &&
		       r->initiator == other);
}

static const char *verb_of(const struct rule *r)
{
	bool drop = r->action == RULE_DROP;
	bool out = r->direction == DIRECTION_FROM_DEVICE;

	if (r->action == RULE_PASS)
		return out ? "may go on with" : "may go on receiving";
	if (is_answer(r) && !drop)
		return out ? "may answer with" : "may be answered with";
	if (!out)
		return drop ? "must not receive" : "may receive";
	if (r->proto == FLOW_PROTO_TCP && r->ethertype == RULE_ETHERTYPE_IP)
		return drop ? "must not open" : "may open";
	return drop ? "must not send" : "may send";
}

char *rule_sentence(const struct rule *r, char buf[RULE_SENTENCE_MAX])
{
	struct str_text s = {.buf = buf, .size = RULE_SENTENCE_MAX};
	bool out = r->direction == DIRECTION_FROM_DEVICE;

	buf[0] = 0;
	str_add(&s, "%s ", verb_of(r));
	say_proto(&s, r);
	str_add(&s, out ? " to " : " from ");
	say_peer(&s, &r->peer);
	say_ports(&s, "", r->peer_port);
	say_ports(&s, out ? " from its" : " on its", r->device_port);
	if (r->family == 4 || r->family == 6)
		str_add(&s, " (IPv%u)", r->family);
	if (r->needs)
		str_add(&s, ", only within %u s after its trigger", r->open_s);
	return buf;
}
