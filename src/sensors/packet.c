// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames of the LAN: who uses which address (ARP, ND, leases), what devices say of
 * themselves in DHCP and LLDP, and what they offer when they open TLS. */
#include "sensors/sensors.h"

#include <string.h>
#include "base/str.h"
#include "model/device.h"
#include "sensors/hello.h"
#include "wire/dhcp4.h"
#include "wire/dhcp6.h"
#include "wire/icmp.h"
#include "wire/link.h"
#include "wire/lldp.h"
#include "wire/nd.h"
#include "wire/packet.h"

/* ARP and ND say nothing about how long; a neighbour is re-confirmed well within. */
#define NEIGHBOUR_LIFETIME_S 1800

void sensors_init(struct sensors *s, void (*emit)(void *, const struct message *),
	void *ctx)
{
	memset(s, 0, sizeof(*s));
	s->emit = emit;
	s->ctx = ctx;
	s->key = hash_key_random();
}

/* True when the same was said less than SENSORS_REPEAT_S ago. */
static bool is_repeat(struct sensors *s, const void *what, size_t len, nstime now)
{
	uint64_t hash = hash_bytes(&s->key, what, len);
	size_t slot = hash % SENSORS_RECENT;

	if (s->recent[slot].hash == hash && s->recent[slot].when &&
		now - s->recent[slot].when < SENSORS_REPEAT_S * NS_PER_SEC)
		return true;
	s->recent[slot].hash = hash;
	s->recent[slot].when = now;
	return false;
}

static void saw_addr(struct sensors *s, const struct mac *mac, const struct addr *addr,
	enum addr_source source, uint32_t lifetime_s, uint32_t ifindex, nstime now)
{
	struct message_seen_addr *m = &s->message.seen_addr;
	struct {
		struct mac mac;
		struct addr addr;
		uint8_t source;
	} key;

	if (mac_is_zero(mac) || mac_is_group(mac) || addr->family == 0 ||
		addr_is_unspecified(addr) || addr_is_multicast(addr) ||
		addr_is_loopback(addr) || addr_is_limited_broadcast(addr))
		return;
	memset(&key, 0, sizeof(key));
	key.mac = *mac;
	key.addr = *addr;
	key.source = (uint8_t)source;
	/* A lease is rare and moves the address: never held back. */
	if (is_repeat(s, &key, sizeof(key), now) && source < ADDR_SOURCE_DHCP6)
		return;
	memset(&s->message, 0, sizeof(s->message));
	s->message.type = MESSAGE_SEEN_ADDR;
	m->mac = *mac;
	m->addr = *addr;
	m->source = (uint8_t)source;
	m->lifetime_s = lifetime_s;
	m->ifindex = ifindex;
	s->emit(s->ctx, &s->message);
}

static void copy_text(char *dst, size_t size, struct untrusted_str text)
{
	/* What is no clean text is as good as not said; it must not reach a screen. */
	if (text.len < size && str_is_clean_utf8(text.bytes, text.len))
		str_copy_bytes(dst, size, text.bytes, text.len);
}

static struct message_seen_dhcp *begin_dhcp(struct sensors *s, const struct mac *mac,
	uint8_t family, uint32_t ifindex)
{
	memset(&s->message, 0, sizeof(s->message));
	s->message.type = MESSAGE_SEEN_DHCP;
	s->message.seen_dhcp.mac = *mac;
	s->message.seen_dhcp.family = family;
	s->message.seen_dhcp.ifindex = ifindex;
	return &s->message.seen_dhcp;
}

static void dhcp4_client(struct sensors *s, const struct packet *p,
	const struct dhcp4 *d, uint32_t ifindex)
{
	struct message_seen_dhcp *m;

	/* A device speaks for itself only: the frame's sender is the client. */
	if (!mac_equal(&p->eth.src, &d->chaddr) || mac_is_group(&d->chaddr))
		return;
	if (d->msg_type != DHCP4_DISCOVER && d->msg_type != DHCP4_REQUEST &&
		d->msg_type != DHCP4_INFORM)
		return;
	m = begin_dhcp(s, &d->chaddr, 4, ifindex);
	copy_text(m->hostname, LIMIT_HOSTNAME, octets_str(&d->hostname));
	copy_text(m->vendor_class, sizeof(m->vendor_class), octets_str(&d->vendor_class));
	copy_text(m->mud_url, sizeof(m->mud_url), octets_url_str(&d->mud_url));
	s->emit(s->ctx, &s->message);
}

static void dhcp4(struct sensors *s, struct packet *p, bool outgoing, uint32_t ifindex,
	nstime now)
{
	struct dhcp4 d;

	if (dhcp4_parse(&p->payload, &d)) {
		s->counts.malformed++;
		return;
	}
	if (d.op == 1 && !outgoing)
		dhcp4_client(s, p, &d, ifindex);
	else if (d.op == 2 && outgoing && d.msg_type == DHCP4_ACK && d.yiaddr.family)
		saw_addr(s, &d.chaddr, &d.yiaddr, ADDR_SOURCE_DHCP4,
			d.has_lease_time ? d.lease_time : NEIGHBOUR_LIFETIME_S, ifindex,
			now);
}

static void dhcp6(struct sensors *s, struct packet *p, bool outgoing, uint32_t ifindex,
	nstime now)
{
	struct message_seen_dhcp *m;
	struct dhcp6 d;

	if (dhcp6_parse(&p->payload, &d)) {
		s->counts.malformed++;
		return;
	}
	if (d.relay_count)
		return; /* no relays inside a home's LAN */
	if (outgoing && d.msg_type == DHCP6_REPLY) {
		for (size_t i = 0; i < d.address_count; i++)
			if (d.addresses[i].valid_s)
				saw_addr(s, &p->eth.dst, &d.addresses[i].addr,
					ADDR_SOURCE_DHCP6, d.addresses[i].valid_s,
					ifindex, now);
		return;
	}
	if (outgoing || d.msg_type == DHCP6_ADVERTISE || d.msg_type == DHCP6_REPLY ||
		d.msg_type == DHCP6_RECONFIGURE)
		return;
	m = begin_dhcp(s, &p->eth.src, 6, ifindex);
	copy_text(m->hostname, LIMIT_HOSTNAME, octets_str(&d.fqdn));
	copy_text(m->vendor_class, sizeof(m->vendor_class), octets_str(&d.vendor_class));
	copy_text(m->mud_url, sizeof(m->mud_url), octets_url_str(&d.mud_url));
	s->emit(s->ctx, &s->message);
}

/* RFC 8520 12. The frame's sender is the device: a chassis identifier is anybody's to
 * claim. Without a URL it is a neighbour like any other, a switch for instance. */
static void lldp(struct sensors *s, struct packet *p, uint32_t ifindex, nstime now)
{
	struct message_seen_dhcp *m;
	struct {
		struct mac mac;
		struct octets_url url;
	} key;
	struct lldp l;

	if (lldp_parse(&p->network, &l)) {
		s->counts.malformed++;
		return;
	}
	memset(&key, 0, sizeof(key));
	key.mac = p->eth.src;
	key.url = l.mud_url;
	if (!p->has_mac || !l.ttl_s || is_repeat(s, &key, sizeof(key), now))
		return;
	m = begin_dhcp(s, &p->eth.src, 0, ifindex);
	copy_text(m->hostname, LIMIT_HOSTNAME, octets_str(&l.system_name));
	copy_text(m->mud_url, sizeof(m->mud_url), octets_url_str(&l.mud_url));
	if (m->mud_url[0])
		s->emit(s->ctx, &s->message);
}

static void neighbour(struct sensors *s, struct packet *p, uint32_t ifindex, nstime now)
{
	struct cursor c = p->transport;
	struct nd nd;

	/* RFC 4861 7.1: a hop limit below 255 came from another link. */
	if (p->ip.ttl != 255 || nd_parse(&c, &nd))
		return;
	if (nd.type == ICMP6_NEIGHBOUR_ADVERT ||
		(nd.type == ICMP6_NEIGHBOUR_SOLICIT && addr_is_unspecified(&p->ip.src)))
		saw_addr(s, &p->eth.src, &nd.target, ADDR_SOURCE_ND,
			NEIGHBOUR_LIFETIME_S, ifindex, now);
	else
		saw_addr(s, &p->eth.src, &p->ip.src, ADDR_SOURCE_ND,
			NEIGHBOUR_LIFETIME_S, ifindex, now);
}

/* One more of this device, within the rate? Devices share places by their MAC's hash,
 * so that a flood of made up senders is bounded, too. */
static bool take_token(struct sensors *s, const struct mac *mac, nstime now)
{
	uint64_t hash = hash_bytes(&s->key, mac, sizeof(*mac));
	nstime *full = &s->hello_full[hash % SENSORS_HELLO_PLACES];
	nstime each = NS_PER_SEC / SENSORS_HELLO_RATE;

	if (*full < now)
		*full = now;
	if (*full - now > (SENSORS_HELLO_BURST - 1) * each)
		return false;
	*full += each;
	return true;
}

static void hello(struct sensors *s, const struct packet *p, nstime now, nstime wall)
{
	struct message_seen_hello *m = &s->message.seen_hello;
	int error;

	if (!p->has_mac || mac_is_zero(&p->eth.src) || mac_is_group(&p->eth.src) ||
		!hello_is_one(p))
		return;
	if (!take_token(s, &p->eth.src, now)) {
		s->counts.dropped++;
		return;
	}
	memset(&s->message, 0, sizeof(s->message));
	error = hello_read(p, &s->scratch, m);
	if (error) {
		/* an encrypted record may begin alike, and is no fault */
		s->counts.malformed += error == CARDEA_EMALFORMED;
		return;
	}
	/* A lost packet comes again; to the device it is one hello. */
	if (is_repeat(s, m, sizeof(*m), now))
		return;
	s->message.type = MESSAGE_SEEN_HELLO;
	m->when = wall;
	s->emit(s->ctx, &s->message);
}

static void udp(struct sensors *s, struct packet *p, bool outgoing, uint32_t ifindex,
	nstime now)
{
	uint16_t src = p->udp.src_port, dst = p->udp.dst_port;

	if ((src == DHCP4_CLIENT_PORT && dst == DHCP4_SERVER_PORT) ||
		(src == DHCP4_SERVER_PORT && dst == DHCP4_CLIENT_PORT))
		dhcp4(s, p, outgoing, ifindex, now);
	else if (dst == DHCP6_SERVER_PORT || dst == DHCP6_CLIENT_PORT)
		dhcp6(s, p, outgoing, ifindex, now);
}

void sensors_frame(struct sensors *s, struct cursor frame, bool outgoing,
	uint32_t ifindex, nstime mono, nstime wall)
{
	struct packet p;

	s->counts.frames++;
	if (packet_parse(LINK_ETHERNET, frame, &p)) {
		s->counts.malformed++;
		return;
	}
	if (p.error_layer)
		s->counts.malformed++;
	if (p.layers & PACKET_UDP)
		udp(s, &p, outgoing, ifindex, mono);
	if (outgoing)
		return;
	if (p.layers & (PACKET_TCP | PACKET_UDP))
		hello(s, &p, mono, wall);
	if (p.layers & PACKET_ARP && mac_equal(&p.arp.sender_mac, &p.eth.src))
		saw_addr(s, &p.eth.src, &p.arp.sender, ADDR_SOURCE_ARP,
			NEIGHBOUR_LIFETIME_S, ifindex, mono);
	if (p.eth.type == ETH_TYPE_LLDP)
		lldp(s, &p, ifindex, mono);
	if (p.layers & PACKET_ICMP && p.ip.family == 6)
		neighbour(s, &p, ifindex, mono);
}
