// SPDX-License-Identifier: GPL-2.0-or-later
/* pcapng - blocks of draft-ietf-opsawg-pcapng: sections, interfaces and packets; all
 * others are stepped over. */
#include "sensors/pcap_priv.h"

#include <inttypes.h>

enum block {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET_OLD = 2,
	BLOCK_PACKET_SIMPLE = 3,
	BLOCK_PACKET = 6,
	BLOCK_SECTION = 0x0a0d0d0a, /* the same in both orders */
};

#define ORDER_MAGIC 0x1a2b3c4d
#define BLOCK_HEADER_LEN 8
#define BLOCK_TRAILER_LEN 4
#define BLOCK_OVERHEAD (BLOCK_HEADER_LEN + BLOCK_TRAILER_LEN)
/* Must be looked at as a whole; packets, their padding and options fit. */
#define BLOCK_READ_MAX (PCAP_PACKET_MAX + 65536 * 4)
_Static_assert(BLOCK_READ_MAX <= PCAP_BUFFER_BYTES, "a block must fit into the buffer");

#define OPTION_END 0
#define OPTION_TSRESOL 9
#define OPTION_TSOFFSET 14
#define TSRESOL_DEFAULT 6 /* microseconds */
#define TSRESOL_BINARY 0x80

/* Powers of ten that fit into 64 bits; finer clocks do not exist. */
#define POWER10_MAX 19

static uint64_t power10(unsigned n)
{
	uint64_t v = 1;

	while (n--)
		v *= 10;
	return v;
}

static nstime time_of(const struct pcap_interface *i, uint64_t ticks)
{
	unsigned n = i->tsresol & 0x7f;
	uint64_t seconds, rest, ns;

	if (i->tsresol & TSRESOL_BINARY) {
		seconds = ticks >> n;
		rest = n ? ticks & (((uint64_t)1 << n) - 1) : 0;
		/* 30 bits keep the product within 64 and are finer than 1 ns */
		if (n > 30) {
			rest >>= n - 30;
			n = 30;
		}
		ns = rest * NS_PER_SEC >> n;
	} else {
		uint64_t unit = power10(n);
		seconds = ticks / unit;
		rest = ticks % unit;
		ns = n <= 9 ? rest * power10(9 - n) : rest / power10(n - 9);
	}
	/* both summands are far below the end of 64 bits */
	int64_t s = seconds > INT64_MAX / 4 ? INT64_MAX / 4 : (int64_t)seconds;
	int64_t off = i->tsoffset;
	if (off > INT64_MAX / 4 || off < -(INT64_MAX / 4))
		off = 0;
	return pcap_time(s + off, (uint32_t)ns);
}

static bool tsresol_is_sound(uint8_t v)
{
	return v & TSRESOL_BINARY ? (v & 0x7f) < 64 : v <= POWER10_MAX;
}

static void option_take(const struct pcap *p, struct pcap_interface *i, unsigned code,
	size_t at, size_t len)
{
	uint32_t a, b;

	if (code == OPTION_TSRESOL && len == 1 && tsresol_is_sound(*pcap_at(p, at)))
		i->tsresol = *pcap_at(p, at);
	if (code != OPTION_TSOFFSET || len != 8)
		return;
	a = pcap_u32(p, at);
	b = pcap_u32(p, at + 4);
	i->tsoffset = (int64_t)(p->big ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a);
}

/* Options from at to end; one that sticks out ends them. */
static void options_read(
	const struct pcap *p, struct pcap_interface *i, size_t at, size_t end)
{
	while (end - at >= 4) {
		unsigned code = pcap_u16(p, at);
		size_t len = pcap_u16(p, at + 2), padded = (len + 3) & ~(size_t)3;
		at += 4;
		if (code == OPTION_END || len > end - at)
			return;
		option_take(p, i, code, at, len);
		if (padded > end - at)
			return;
		at += padded;
	}
}

/* body..end: offsets of the block's body behind what is consumed. */
struct body {
	size_t at, end;
};

static int interface_read(struct pcap *p, struct body b)
{
	if (b.end - b.at < 8)
		return pcap_fail(
			p, CARDEA_EMALFORMED, "an interface block is too short");
	if (p->interface_count == PCAP_INTERFACES_MAX)
		return pcap_fail(p, CARDEA_ELIMIT, "more than %d interfaces",
			PCAP_INTERFACES_MAX);
	struct pcap_interface *i = &p->interfaces[p->interface_count++];
	*i = (struct pcap_interface){
		.linktype = pcap_u16(p, b.at),
		.snaplen = pcap_u32(p, b.at + 4),
		.tsresol = TSRESOL_DEFAULT,
	};
	options_read(p, i, b.at + 8, b.end);
	return 0;
}

/* What the three packet blocks have in common. */
struct packet_head {
	uint32_t interface, caplen, len;
	bool has_time;
	uint64_t ticks;
	size_t data;
};

static int packet_give(struct pcap *p, struct body b, const struct packet_head *h,
	struct pcap_record *ret)
{
	if (h->interface >= p->interface_count)
		return pcap_fail(p, CARDEA_EMALFORMED,
			"a packet of interface %" PRIu32 ", which is not described",
			h->interface);
	if (h->caplen > PCAP_PACKET_MAX || h->caplen > b.end - h->data)
		return pcap_fail(p, CARDEA_EMALFORMED,
			"a packet claims %" PRIu32 " bytes, more than its block has",
			h->caplen);
	const struct pcap_interface *i = &p->interfaces[h->interface];
	if (h->has_time)
		p->last = time_of(i, h->ticks);
	*ret = (struct pcap_record){
		.linktype = i->linktype,
		.time = p->last,
		.caplen = h->caplen,
		.len = h->len < h->caplen ? h->caplen : h->len,
		.data = pcap_at(p, h->data),
	};
	return 1;
}

static int packet_read(
	struct pcap *p, uint32_t type, struct body b, struct pcap_record *ret)
{
	if (b.end - b.at < 20)
		return pcap_fail(p, CARDEA_EMALFORMED, "a packet block is too short");
	uint64_t high = pcap_u32(p, b.at + 4);
	const struct packet_head h = {
		/* the old block has 16 bits of interface and 16 of drop count */
		.interface =
			type == BLOCK_PACKET ? pcap_u32(p, b.at) : pcap_u16(p, b.at),
		.has_time = true,
		.ticks = high << 32 | pcap_u32(p, b.at + 8),
		.caplen = pcap_u32(p, b.at + 12),
		.len = pcap_u32(p, b.at + 16),
		.data = b.at + 20,
	};

	return packet_give(p, b, &h, ret);
}

/* Section 4.4: no time, no captured length; interface 0 says where it was cut. */
static int simple_read(struct pcap *p, struct body b, struct pcap_record *ret)
{
	if (b.end - b.at < 4)
		return pcap_fail(p, CARDEA_EMALFORMED, "a packet block is too short");
	struct packet_head h = {.len = pcap_u32(p, b.at), .data = b.at + 4};
	uint32_t snaplen = p->interface_count ? p->interfaces[0].snaplen : 0;
	h.caplen = snaplen && snaplen < h.len ? snaplen : h.len;
	return packet_give(p, b, &h, ret);
}

static int section_order(struct pcap *p)
{
	int r = pcap_need(p, BLOCK_HEADER_LEN + 4, "a section header");

	if (r <= 0)
		return r;
	for (int big = 0; big < 2; big++) {
		p->big = big;
		if (pcap_u32(p, BLOCK_HEADER_LEN) == ORDER_MAGIC) {
			p->interface_count = 0;
			return 1;
		}
	}
	return pcap_fail(p, CARDEA_EMALFORMED, "a section header without byte order");
}

/* The block's length, checked for sense; its header waits in the buffer. */
static int block_length(struct pcap *p, uint32_t type, uint32_t *ret)
{
	/* a section header also has order, version and section length */
	uint32_t min = type == BLOCK_SECTION ? BLOCK_OVERHEAD + 16 : BLOCK_OVERHEAD;
	uint32_t len = pcap_u32(p, 4);

	if (len < min || len % 4)
		return pcap_fail(p, CARDEA_EMALFORMED,
			"a block of type %" PRIu32 " claims %" PRIu32 " bytes", type,
			len);
	*ret = len;
	return 0;
}

static bool is_read(uint32_t type)
{
	return type == BLOCK_INTERFACE || type == BLOCK_PACKET ||
	       type == BLOCK_PACKET_OLD || type == BLOCK_PACKET_SIMPLE;
}

static int block_read(
	struct pcap *p, uint32_t type, uint32_t len, struct pcap_record *ret)
{
	struct body b = {BLOCK_HEADER_LEN, len - BLOCK_TRAILER_LEN};
	int r;

	if (len > BLOCK_READ_MAX)
		return pcap_fail(p, CARDEA_ELIMIT, "a block of %" PRIu32 " bytes", len);
	r = pcap_need(p, len, "a block");
	if (r <= 0)
		return r;
	if (pcap_u32(p, b.end) != len)
		return pcap_fail(p, CARDEA_EMALFORMED,
			"a block's two lengths differ: %" PRIu32 " and %" PRIu32, len,
			pcap_u32(p, b.end));
	if (type == BLOCK_INTERFACE)
		r = interface_read(p, b);
	else if (type == BLOCK_PACKET_SIMPLE)
		r = simple_read(p, b, ret);
	else
		r = packet_read(p, type, b, ret);
	if (r >= 0)
		pcap_consume(p, len);
	return r;
}

/* 1 with a record, 0 when a block without one was passed, an error, or *ret_end. */
static int block_next(struct pcap *p, struct pcap_record *ret, bool *ret_end)
{
	int r = pcap_need(p, BLOCK_HEADER_LEN, "a block header");
	uint32_t type, len = 0;

	if (r <= 0) {
		*ret_end = r == 0;
		return r;
	}
	type = pcap_u32(p, 0);
	if (type == BLOCK_SECTION) {
		r = section_order(p);
		if (r <= 0)
			return r;
	}
	r = block_length(p, type, &len);
	if (r)
		return r;
	return is_read(type) ? block_read(p, type, len, ret)
			     : pcap_skip(p, len, "a block");
}

int pcapng_next(struct pcap *p, struct pcap_record *ret)
{
	bool end = false;
	int r;

	do
		r = block_next(p, ret, &end);
	while (r == 0 && !end);
	return r;
}
