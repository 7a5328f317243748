// SPDX-License-Identifier: GPL-2.0-or-later
/* differential_frames - a trial as the frame that its sender would put on the wire. */
#include <arpa/inet.h>
#include <string.h>

#include "netns/differential.h"

#define MAGIC "cardea-trial"
#define MAGIC_LEN (sizeof MAGIC - 1)
#define TCP_LEN 20
#define LEAD_LEN 8 /* of UDP and ICMP, and what stands there otherwise */
#define SYN 2
#define HOPS 64

static void put16(uint8_t *at, unsigned v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static uint32_t sum_of(uint32_t sum, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(data[i] << 8 | data[i + 1]);
	return len % 2 ? sum + (uint32_t)(data[len - 1] << 8) : sum;
}

static uint16_t folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static size_t put_ethernet(uint8_t *at, const struct world *w, const struct trial *t)
{
	static const struct mac gateway = MAC_GATEWAY, peer = MAC_PEER, uplink = MAC_UPLINK,
				world = MAC_WORLD;
	bool from = t->flow.direction == DIRECTION_FROM_DEVICE;
	bool routed = t->way == WAY_ROUTED;
	struct mac src = from ? w->device.mac : routed ? world : peer;
	struct mac dst = !from ? (routed ? uplink : w->device.mac)
			 : t->way == WAY_BRIDGED ? peer : gateway;
	const struct addr *to = from ? &t->flow.peer : &t->flow.device;

	if (addr_is_multicast(to)) {
		static const uint8_t v4[] = {1, 0, 0x5e}, v6[] = {0x33, 0x33};
		bool is4 = to->family == 4;
		memcpy(dst.b, is4 ? v4 : v6, is4 ? sizeof v4 : sizeof v6);
		memcpy(dst.b + (is4 ? 3 : 2), to->b + (is4 ? 1 : 12), is4 ? 3 : 4);
		if (is4)
			dst.b[3] &= 0x7f;
	} else if (addr_is_limited_broadcast(to)) {
		memset(dst.b, 0xff, sizeof dst.b);
	}
	memcpy(at, dst.b, 6);
	memcpy(at + 6, src.b, 6);
	put16(at + 12, to->family == 4 ? 0x0800 : 0x86dd);
	return 14;
}

static size_t put_ip(uint8_t *at, const struct trial *t, size_t len)
{
	bool from = t->flow.direction == DIRECTION_FROM_DEVICE;
	const struct addr *src = from ? &t->flow.device : &t->flow.peer;
	const struct addr *dst = from ? &t->flow.peer : &t->flow.device;

	if (src->family == 6) {
		at[0] = 0x60;
		put16(at + 4, (unsigned)len);
		at[6] = t->flow.proto;
		at[7] = HOPS;
		memcpy(at + 8, src->b, 16);
		memcpy(at + 24, dst->b, 16);
		return 40;
	}
	at[0] = 0x45;
	put16(at + 2, (unsigned)len + 20);
	at[8] = HOPS;
	at[9] = t->flow.proto;
	memcpy(at + 12, src->b, 4);
	memcpy(at + 16, dst->b, 4);
	put16(at + 10, folded(sum_of(0, at, 20)));
	return 20;
}

/* Into the transport header, whose own place for it is zero. */
static void put_checksum(uint8_t *ip, uint8_t *at, const struct trial *t, size_t len)
{
	bool v4 = t->flow.device.family == 4, icmp = t->flow.proto == FLOW_PROTO_ICMP;
	size_t place = t->flow.proto == FLOW_PROTO_TCP ? 16
		       : t->flow.proto == FLOW_PROTO_UDP ? 6 : 2;
	uint32_t sum = sum_of(0, at, len);

	if (!icmp)
		sum += sum_of((uint32_t)len + t->flow.proto, ip + (v4 ? 12 : 8),
			v4 ? 8 : 32);
	uint16_t folded_sum = folded(sum);
	put16(at + place, folded_sum ? folded_sum : 0xffff);
}

size_t frame_build(const struct world *w, const struct trial *t, uint8_t ret[FRAME_MAX])
{
	uint8_t proto = t->flow.proto;
	size_t head = proto == FLOW_PROTO_TCP ? TCP_LEN : LEAD_LEN;
	size_t len = head + MAGIC_LEN + 4;

	memset(ret, 0, FRAME_MAX);
	uint8_t *ip = ret + put_ethernet(ret, w, t);
	uint8_t *at = ip + put_ip(ip, t, len);
	put16(at, t->first);
	put16(at + 2, t->second);
	memcpy(at + head, MAGIC, MAGIC_LEN);
	put16(at + head + MAGIC_LEN, t->id >> 16);
	put16(at + head + MAGIC_LEN + 2, t->id & 0xffff);
	if (proto == FLOW_PROTO_TCP) {
		at[12] = TCP_LEN / 4 << 4;
		at[13] = SYN;
		put16(at + 14, 1024);
	} else if (proto == FLOW_PROTO_UDP) {
		put16(at + 4, (unsigned)len);
	} else if (proto == FLOW_PROTO_ICMP || proto == FLOW_PROTO_ICMP6) {
		put16(at + 2, 0);
		put16(at + 4, t->id & 0xffff); /* its identifier */
	}
	if (proto == FLOW_PROTO_TCP || proto == FLOW_PROTO_UDP ||
		proto == FLOW_PROTO_ICMP || proto == FLOW_PROTO_ICMP6)
		put_checksum(ip, at, t, len);
	return (size_t)(at - ret) + len;
}

bool frame_id(const uint8_t *frame, size_t len, uint32_t *ret)
{
	const uint8_t *at = memmem(frame, len, MAGIC, MAGIC_LEN);

	if (!at || (size_t)(frame + len - at) < MAGIC_LEN + 4)
		return false;
	at += MAGIC_LEN;
	*ret = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
	return true;
}
