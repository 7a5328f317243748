// SPDX-License-Identifier: GPL-2.0-or-later
/* known.c - where a frame comes in, and the way of most: Ethernet without tags, IPv4
 * without options, TCP or UDP of a conversation that is known and goes on, with nothing
 * in it that must be read. Of such a packet are looked at its headers, one slot of the
 * index and one entry. Whatever is otherwise is seen by the other files, from the frame
 * on. */
#include "observe/observe_priv.h"

#include "wire/eth.h"
#include "wire/ip.h"
#include "wire/link.h"
#include "wire/tcp.h"
#include "wire/udp.h"

/* Where things stand in such a frame. */
#define AT_SOURCE 6
#define AT_TYPE 12
#define AT_VERSION 14
#define AT_LENGTH 16
#define AT_FRAGMENT 20
#define AT_PROTO 23
#define AT_ADDRS 26
#define AT_PORTS 34
#define AT_UDP_LENGTH 38
#define AT_TCP_OFFSET 46
#define AT_TCP_FLAGS 47
#define IP4_LEN 20
#define IP4_IS_PART 0x3fff /* more fragments, or not the first */
#define VERSION_AND_WORDS 0x45

/* Times that captures claim before 1970 and far in the future are held within, so that
 * sums of them with periods stay in range. */
#define TIME_MAX (INT64_MAX / 2)

static inline uint32_t word32(const uint8_t *p)
{
	uint32_t w;

	memcpy(&w, p, sizeof w);
	return w;
}

__attribute__((noinline)) static void tick(struct observe *o, nstime when)
{
	if (when < o->now - OBSERVE_DISORDER) {
		flows_end_all(&o->flows);
		o->now = o->next_sweep = o->next_active = when;
	}
	if (when > o->now)
		o->now = when;
	if (o->now < o->next_sweep)
		return;
	o->next_sweep = o->now - o->now % NS_PER_SEC + NS_PER_SEC;
	flows_sweep(&o->flows, o->now);
	if (!o->config.active || o->now < o->next_active)
		return;
	o->next_active = o->now + OBSERVE_ACTIVE_LATE;
	observe_tell_active(o, o->config.active);
}

static nstime within(nstime when)
{
	return when < 0 ? 0 : when > TIME_MAX ? TIME_MAX : when;
}

void observe_time(struct observe *o, nstime now)
{
	tick(o, within(now));
}

/* Its transport: 0: it is none of these, or something about it is not as in most. */
static inline unsigned plain_proto(const uint8_t *p, size_t len)
{
	if (len < AT_PORTS + UDP_HEADER_LEN || load_be16(p + AT_TYPE) != ETH_TYPE_IPV4 ||
		p[AT_VERSION] != VERSION_AND_WORDS || load_be16(p + AT_FRAGMENT) & IP4_IS_PART)
		return 0;
	if (p[AT_PROTO] == IP_PROTO_TCP)
		return len >= AT_PORTS + TCP_HEADER_LEN &&
				       !(p[AT_TCP_FLAGS] & TCP_SYN) &&
				       p[AT_TCP_OFFSET] >> 4 >= TCP_HEADER_LEN / 4
			       ? IP_PROTO_TCP
			       : 0;
	unsigned claimed = load_be16(p + AT_UDP_LENGTH);
	return p[AT_PROTO] == IP_PROTO_UDP && (!claimed || claimed >= UDP_HEADER_LEN) &&
			       !observe_is_telling(load_be16(p + AT_PORTS),
				       load_be16(p + AT_PORTS + 2))
		       ? IP_PROTO_UDP
		       : 0;
}

/* As walk.c makes it. Returns which side sent it. */
static inline unsigned key_of(const uint8_t *p, unsigned proto, struct walk_key *ret)
{
	uint32_t a = word32(p + AT_ADDRS), b = word32(p + AT_ADDRS + 4);
	uint16_t s = load_be16(p + AT_PORTS), d = load_be16(p + AT_PORTS + 2);
	bool swapped = a > b || (a == b && s > d);

	ret->addr[0][0] = swapped ? b : a;
	ret->addr[1][0] = swapped ? a : b;
	ret->addr[0][1] = ret->addr[1][1] = 0;
	ret->rest = walk_rest(swapped ? d : s, swapped ? s : d, (uint8_t)proto, 4, 0);
	return swapped;
}

/* It goes on, and what is known of it does not change with this packet of this side. */
static inline bool goes_on(
	const struct observe *o, const struct flow_entry *e, unsigned side, const uint8_t *p)
{
	return o->now - e->last <= flow_silence[e->class] &&
	       !memcmp(&e->mac[side], p + AT_SOURCE, sizeof e->mac[side]) &&
	       e->packets[side] - 1 < UINT32_MAX - 1;
}

/* Whether the conversation waits for what its starter says first, and this may be it.
 * DNS over TCP is read in both directions. */
static inline bool is_awaited(const struct flow_entry *e, unsigned side,
	const uint8_t *p, unsigned proto, uint32_t total)
{
	bool from_starter = side == !!(e->flags & FLOW_STARTER);

	if (!(e->flags & FLOW_WANTS_HEAD))
		return false;
	if (proto == IP_PROTO_TCP &&
		total == IP4_LEN + (p[AT_TCP_OFFSET] >> 4) * 4U) /* no payload */
		return false;
	return from_starter || walk_port(&e->key, 0) == DNS_PORT ||
	       walk_port(&e->key, 1) == DNS_PORT;
}

/* False: it is to be seen by the others. */
static inline bool see_known(
	struct observe *o, const uint8_t *p, size_t len, uint32_t wire_len)
{
	unsigned proto = plain_proto(p, len), side;
	struct walk_key key;
	uint32_t total;

	if (!proto)
		return false;
	total = load_be16(p + AT_LENGTH);
	if (total > wire_len - ETH_HEADER_LEN ||
		total < IP4_LEN + (proto == IP_PROTO_TCP ? TCP_HEADER_LEN
							  : UDP_HEADER_LEN))
		return false;
	side = key_of(p, proto, &key);
	struct flow_entry *e =
		flows_find(&o->flows, &key, flows_hash(&o->flows, &key));
	if (!e || !goes_on(o, e, side, p) || is_awaited(e, side, p, proto, total))
		return false;
	e->bytes[side] += total;
	e->packets[side]++;
	if (o->now > e->last)
		e->last = o->now;
	if (proto == IP_PROTO_TCP && p[AT_TCP_FLAGS] & (TCP_FIN | TCP_RST))
		observe_flags(o, e, side, p[AT_TCP_FLAGS]);
	return true;
}

void observe_frame(struct observe *o, uint32_t linktype, const uint8_t *frame, size_t len,
	uint32_t wire_len, nstime when)
{
	/* not before the latest, and in the same second: nothing is due */
	if (when >= o->now && when < o->next_sweep)
		o->now = when;
	else
		tick(o, within(when));
	o->counts.packets++;
	o->counts.bytes += len;
	if (wire_len < len)
		wire_len = (uint32_t)len;
	if (linktype != LINK_ETHERNET || !see_known(o, frame, len, wire_len))
		observe_any(o, linktype, cursor_of(frame, len), wire_len);
}
