// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* wire_packet.c - fuzz target: frames of every link type, up to the transport. The
 * first octet chooses the link type. */
#include "wire/packet.h"
#include "wire/build.h"
#include "wire/checksum.h"
#include "wire_fuzz.h"

static void check_ip(const struct packet *p, const uint8_t *data, size_t size)
{
	FUZZ_ASSERT(p->ip.family == 4 || p->ip.family == 6);
	FUZZ_ASSERT(p->ip.src.family == p->ip.family);
	FUZZ_ASSERT(p->ip.dst.family == p->ip.family);
	FUZZ_ASSERT(cursor_left(&p->transport) <= p->ip.payload_len);
	FUZZ_ASSERT(p->ip.cut == (cursor_left(&p->transport) < p->ip.payload_len));
	FUZZ_ASSERT(p->ip.frag.is_fragment == (p->ip.frag.more || p->ip.frag.offset));
	if (p->ip.frag.offset)
		FUZZ_ASSERT(!(p->layers & (PACKET_TCP | PACKET_UDP | PACKET_ICMP)));
	fuzz_inside(&p->transport, data, size);
	int sum = ip_checksum_verify(p->network);
	FUZZ_ASSERT(sum == 0 || (sum == CARDEA_EMALFORMED && p->ip.family == 4));
	(void)checksum_transport_ok(&p->ip.src, &p->ip.dst, p->ip.proto, p->transport);
}

/* What we understood, written and read again, is the same. */
static void check_rebuild(const struct packet *p)
{
	static uint8_t b[256];
	struct writer w = writer_of(b, sizeof(b));
	struct ip again;
	struct cursor payload;
	build_ip(&w, &p->ip, 0);
	FUZZ_ASSERT(!w.error);
	struct cursor c = cursor_of(b, w.len);
	FUZZ_ASSERT(ip_parse(&c, &again, &payload) == 0);
	FUZZ_ASSERT(ip_checksum_verify(cursor_of(b, w.len)) == 0);
	FUZZ_ASSERT(again.frag.offset == p->ip.frag.offset);
	FUZZ_ASSERT(again.frag.more == p->ip.frag.more);
	FUZZ_ASSERT(again.ttl == p->ip.ttl && again.tos == p->ip.tos);
	FUZZ_ASSERT(addr_equal(&again.src, &p->ip.src));
	FUZZ_ASSERT(addr_equal(&again.dst, &p->ip.dst));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t types[] = {LINK_ETHERNET, LINK_RAW, LINK_RAW_BSD,
		LINK_RAW_OPENBSD, LINK_IPV4, LINK_IPV6, LINK_COOKED, LINK_COOKED2,
		LINK_NULL, LINK_LOOP};
	struct packet p;
	if (!size)
		return 0;
	uint32_t type = types[data[0] % (sizeof(types) / sizeof(types[0]))];
	if (packet_parse(type, cursor_of(data + 1, size - 1), &p))
		return 0;
	FUZZ_ASSERT(p.layers & PACKET_LINK);
	FUZZ_ASSERT(!(p.layers & p.error_layer));
	FUZZ_ASSERT(!p.error == !p.error_layer);
	FUZZ_ASSERT(p.eth.vlan_count <= ETH_VLANS_MAX);
	fuzz_inside(&p.network, data, size);
	fuzz_inside(&p.payload, data, size);
	if (p.layers & PACKET_IP) {
		check_ip(&p, data, size);
		/* Extension kinds are no payload that a rebuilt header could carry. */
		if (p.ip.family == 4 || p.layers & ~(PACKET_LINK | PACKET_IP))
			check_rebuild(&p);
	} else {
		FUZZ_ASSERT(!(p.layers & (PACKET_TCP | PACKET_UDP | PACKET_ICMP)));
	}
	return 0;
}
