// SPDX-License-Identifier: GPL-2.0-or-later
/* frame - the eth part of an ACE (RFC 8519 4.1): Ethernet types and MAC addresses. The
 * datapath keys IP packets by address and other frames by MAC, so that a MAC beside IP
 * stands for the addresses that its device uses. */
#include <string.h>
#include "profiles/mud/mud_priv.h"

#define ETHERTYPE_IPV4 0x0800u
#define ETHERTYPE_ARP 0x0806u
#define ETHERTYPE_IPV6 0x86ddu
#define ETHERTYPE_EAPOL 0x888eu
#define ETHERTYPE_MIN 0x0600u /* below it is the length of a frame (IEEE 802.3 3.2.6)  \
			       */

static const struct mac all_ones = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

static void family_is(struct mud_match *m, uint32_t type, uint8_t family)
{
	if (m->family && m->family != family)
		mud_match_cannot(m, RULE_UNENFORCEABLE,
			"ethertype 0x%04x and IPv%d at once: no packet is both", type,
			m->family);
	m->family = family;
}

static void ethertype(
	struct mud_reader *r, const struct mud_at *at, struct mud_match *m)
{
	uint32_t v;

	if (!mud_uint(r, at, 0, 65535, &v))
		return;
	if (v == ETHERTYPE_IPV4 || v == ETHERTYPE_IPV6) {
		family_is(m, v, v == ETHERTYPE_IPV4 ? 4 : 6);
		return;
	}
	m->nothing = true; /* no IP packet, that is */
	if (v >= ETHERTYPE_MIN)
		m->ethertype = (int32_t)v;
	else
		mud_match_cannot(m, RULE_UNENFORCEABLE,
			"0x%04x is a length, not a type: such frames name what they "
			"carry elsewhere (IEEE 802.3 section 3.2.6)",
			v);
}

/* RFC 1112 6.4, RFC 2464 7, RFC 919 7: the MAC follows from the address. */
static bool group_mac_of(const struct addr *a, struct mac *ret)
{
	const uint8_t *b = a->b;

	if (addr_is_limited_broadcast(a))
		*ret = all_ones;
	else if (!addr_is_multicast(a))
		return false;
	else if (a->family == 4)
		*ret = (struct mac){{0x01, 0x00, 0x5e, b[1] & 0x7f, b[2], b[3]}};
	else
		*ret = (struct mac){{0x33, 0x33, b[12], b[13], b[14], b[15]}};
	return true;
}

/* The group MAC says nothing new about packets to that very group. */
static bool is_implied(const struct mac *mac, const struct peer *p)
{
	struct mac group;

	return p->kind == PEER_PREFIX && p->prefix.len == addr_bits(&p->prefix.addr) &&
	       group_mac_of(&p->prefix.addr, &group) && mac_equal(mac, &group);
}

/* Whom a group MAC reaches is said by the address in the packet. */
static void to_group(
	const struct mud_reader *r, const struct mac *mac, struct mud_match *m)
{
	static const uint8_t four[] = {255, 255, 255, 255};
	struct addr everybody = addr_v4(four);
	struct mac unused;

	if (is_implied(mac, &m->peer))
		return;
	if (m->peer.kind == PEER_PREFIX &&
		group_mac_of(&m->peer.prefix.addr, &unused)) {
		mud_match_near(m, "by the IP address of the group, whatever MAC "
				  "address carries it");
	} else if (mac_equal(mac, &all_ones) && m->family == 4 &&
		   (m->peer.kind == PEER_ANY || m->peer.kind == PEER_LOCAL_NETWORKS)) {
		mud_peer_add(r, m,
			&(struct peer){.kind = PEER_PREFIX,
				.prefix = prefix_of(&everybody, 32)});
		mud_match_near(m, "by the address 255.255.255.255 alone: the broadcast "
				  "address of a subnet is the house's");
	} else {
		mud_match_cannot(m, RULE_NOT_YET,
			"asks for frames to a group by MAC address, and names no group "
			"by IP address");
	}
}

static void to_one(
	const struct mud_reader *r, const struct mac *mac, struct mud_match *m)
{
	mud_peer_add(r, m, &(struct peer){.kind = PEER_MAC, .mac = *mac});
	if (m->ethertype == RULE_ETHERTYPE_IP)
		mud_match_near(
			m, "by the IP addresses that the device with this MAC uses");
}

struct side {
	const struct mud_at *mac, *mask;
	bool is_peer;
};

static bool mac_of(struct mud_reader *r, const struct mud_at *at, struct mac *ret)
{
	char shown[MUD_SHOW_MAX];
	const char *text;

	if (!mud_string(r, at, &text))
		return false;
	if (!mac_parse(text, ret) && !strchr(text, '-'))
		return true;
	mud_note_bad(r, at,
		"\"%s\" is no MAC address like 00:00:5e:00:53:01 (RFC 6991 "
		"mac-address)",
		mud_show_text(text, shown));
	return false;
}

static void side(struct mud_reader *r, const struct side *s, struct mud_match *m)
{
	struct mac mac, mask = all_ones;
	bool has_mac = mac_of(r, s->mac, &mac), has_mask = mac_of(r, s->mask, &mask);

	if (has_mask && mac_is_zero(&mask))
		return; /* any address */
	if (has_mask && (!has_mac || !mac_equal(&mask, &all_ones)))
		mud_match_cannot(m, RULE_NOT_YET,
			"matches a range of MAC addresses by a mask (%s); this version "
			"matches exact ones",
			s->mask->key);
	else if (has_mac && !s->is_peer)
		mud_match_cannot(m, RULE_NOT_YET,
			"names a MAC address of the device itself (%s); this version "
			"matches peers alone",
			s->mac->key);
	else if (has_mac && mac_is_zero(&mac))
		mud_match_cannot(m, RULE_UNENFORCEABLE,
			"00:00:00:00:00:00 is nobody's MAC address");
	else if (has_mac && mac_is_group(&mac) && m->ethertype == RULE_ETHERTYPE_IP)
		to_group(r, &mac, m);
	else if (has_mac)
		to_one(r, &mac, m);
}

void mud_frame_eth(struct mud_reader *r, const struct mud_at *at, struct mud_match *m)
{
	enum { DST, DST_MASK, SRC, SRC_MASK, TYPE, COUNT };
	static const char *const names[] = {"destination-mac-address",
		"destination-mac-address-mask", "source-mac-address",
		"source-mac-address-mask", "ethertype", NULL};
	bool out = m->direction == DIRECTION_FROM_DEVICE;
	struct mud_at slots[COUNT];
	bool unknown;

	if (!mud_members(r, at, names, slots, &unknown))
		return;
	if (unknown)
		mud_match_cannot(m, RULE_NOT_YET,
			"asks for something of Ethernet that this version does not "
			"know");
	ethertype(r, &slots[TYPE], m);
	side(r, &(struct side){&slots[DST], &slots[DST_MASK], out}, m);
	side(r, &(struct side){&slots[SRC], &slots[SRC_MASK], !out}, m);
}

static bool has_ip(const struct mud_match *m)
{
	return m->ip || m->icmp || m->proto != RULE_PROTO_ANY;
}

/* ARP and 802.1X are beneath every policy: without them nobody has an address. */
static void always_passes(struct mud_match *m, enum rule_action action)
{
	const char *name = m->ethertype == (int32_t)ETHERTYPE_ARP ? "ARP" : "EAPOL";

	if (action == RULE_DROP)
		mud_match_cannot(m, RULE_UNENFORCEABLE,
			"%s always passes: no device works without it", name);
	else if (m->status == RULE_ENFORCED)
		(void)str_print(m->detail, sizeof m->detail,
			"%s always passes: no device works without it", name);
}

void mud_frame_check(struct mud_match *m, enum rule_action action)
{
	if (m->ethertype == RULE_ETHERTYPE_IP)
		return;
	if (has_ip(m))
		mud_match_cannot(m, RULE_UNENFORCEABLE,
			"ethertype 0x%04x and a part of IP at once: no frame has both",
			(unsigned)m->ethertype);
	/* frames do not leave the local network, so that the class says nothing new */
	if (m->peer.kind == PEER_LOCAL_NETWORKS)
		m->peer = (struct peer){.kind = PEER_ANY};
	if (m->peer.kind != PEER_ANY && m->peer.kind != PEER_MAC) {
		mud_match_cannot(m, RULE_NOT_YET,
			"asks for frames that are not IP by the class %s, which this "
			"version cannot",
			peer_kind_name(m->peer.kind));
		m->peer = (struct peer){.kind = PEER_ANY};
	}
	if (m->ethertype == (int32_t)ETHERTYPE_ARP ||
		m->ethertype == (int32_t)ETHERTYPE_EAPOL)
		always_passes(m, action);
}
