// SPDX-License-Identifier: GPL-2.0-or-later
/* caution - what a MUD file may ask for and somebody should look at first: addresses of
 * the house, access to everybody, names that look like others. */
#include <string.h>
#include "profiles/mud/mud_priv.h"

/* Inside a range that means another machine in every house (RFC 1918, RFC 6598, RFC
 * 4193). The whole of a link-local range is no address but a place (RFC 4291 2.5.6). */
static bool is_of_the_house(const struct prefix *p)
{
	uint8_t link = p->addr.family == 4 ? 16 : 64;

	if (addr_is_link_local(&p->addr))
		return p->len > link;
	if (addr_is_unspecified(&p->addr))
		return p->len == addr_bits(&p->addr);
	return addr_is_private(&p->addr) || addr_is_loopback(&p->addr);
}

/* A wide prefix must not smuggle in what a narrow one may not say. */
static bool holds_a_house(const struct prefix *p)
{
	static const char *const ranges[] = {
		"10.0.0.0", "172.16.0.0", "192.168.0.0", "100.64.0.0", "fc00::"};
	struct addr a;

	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (!addr_parse(ranges[i], &a) && prefix_contains(p, &a))
			return true;
	return false;
}

static bool is_private(const struct peer *p)
{
	return p->kind == PEER_PREFIX && !addr_is_multicast(&p->prefix.addr) &&
	       !addr_is_limited_broadcast(&p->prefix.addr) &&
	       (is_of_the_house(&p->prefix) || holds_a_house(&p->prefix));
}

void mud_caution_hold(enum rule_action action, struct mud_match *m)
{
	if (action == RULE_ACCEPT && is_private(&m->peer))
		mud_match_hold(m, RULE_PREVIEWED,
			"a private address that the maker cannot know: not enabled "
			"before the owner accepts it");
}

static bool is_any_port(const struct mud_match *m)
{
	return !m->src_count && !m->dst_count && !m->icmp &&
	       (m->proto == RULE_PROTO_ANY || m->proto == FLOW_PROTO_TCP ||
		       m->proto == FLOW_PROTO_UDP);
}

static bool is_url(const char *uri)
{
	char scheme[sizeof "https:"];

	str_copy_bytes(scheme, sizeof scheme, uri, strcspn(uri, ":"));
	return str_equal_nocase(scheme, "https") || str_equal_nocase(scheme, "http");
}

static const char *caution_of_prefix(const struct mud_match *m)
{
	if (is_private(&m->peer))
		return "allows a private address, which the maker of a device cannot "
		       "know: it is not enabled unseen (RFC 8520 section 2)";
	if (addr_is_limited_broadcast(&m->peer.prefix.addr))
		return "sends to everybody on the network at once: say which port and "
		       "why (RFC 919 section 7)";
	if (addr_is_multicast(&m->peer.prefix.addr))
		return NULL; /* no names for groups: an address is the way to say it */
	return "allows a bare address: a name survives when the address moves (RFC "
	       "8520 section 2)";
}

/* Of an entry that allows; NULL: nothing to look at. */
static const char *caution_of(const struct mud_match *m)
{
	switch (m->peer.kind) {
	case PEER_ANY:
		return m->ethertype != RULE_ETHERTYPE_IP
			       ? NULL
			       : "allows every peer: name the hosts or classes that "
				 "the "
				 "device needs (RFC 8520 section 4)";
	case PEER_PREFIX:
		return caution_of_prefix(m);
	case PEER_GATEWAY:
		return "reaches the gateway itself: name the service that is needed "
		       "(RFC 8520 section 4)";
	case PEER_LOCAL_NETWORKS:
		return is_any_port(m) ? "reaches every port of every device at home: "
					"name the ports (RFC 8520 section 4.5)"
				      : NULL;
	case PEER_CONTROLLER:
		return is_url(m->peer.name)
			       ? "names its controllers by a URL: the owner says who "
				 "they are, and it is never fetched (RFC 8520 section "
				 "4.3)"
			       : NULL;
	case PEER_NAME:
	case PEER_CONTROLLER_DNS:
	case PEER_CONTROLLER_NTP:
	case PEER_MY_CONTROLLER:
	case PEER_SAME_MANUFACTURER:
	case PEER_MANUFACTURER:
	case PEER_MODEL:
	case PEER_MAC:
	case PEER_MAX:
		break;
	}
	return NULL;
}

void mud_caution_note(struct mud_reader *r, const struct mud_at *ace,
	enum rule_action action, const struct mud_match *m)
{
	bool in_force = m->status == RULE_ENFORCED || m->status == RULE_APPROXIMATED;
	const char *text = caution_of(m);

	if (action == RULE_DROP && !in_force)
		mud_note(r, NOTE_WARNING, ace,
			"this prohibition cannot be enforced, so that a later entry "
			"may allow what it forbids: %s",
			m->detail);
	else if (action == RULE_ACCEPT && text && (in_force || is_private(&m->peer)))
		mud_note(r, NOTE_WARNING, ace, "%s", text);
}

void mud_caution_name(struct mud_reader *r, const struct mud_at *at, const char *name)
{
	char scripts[MUD_IDN_MAX], shown[MUD_SHOW_MAX];

	for (const char *label = name;; label++) {
		size_t len = strcspn(label, ".");
		if (len > 4 && !strncmp(label, "xn--", 4)) {
			mud_note(r, NOTE_WARNING, at,
				mud_idn_scripts(label, len, scripts)
					? "\"%s\" is an internationalised name, in %s: "
					  "it may look like another one (RFC 5890 "
					  "section 4.4)"
					: "\"%s\" pretends to be an internationalised "
					  "name%s (RFC 5890 section 4.4)",
				mud_show_text(name, shown), scripts);
			return;
		}
		label += len;
		if (!*label)
			return;
	}
}
