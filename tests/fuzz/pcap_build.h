// SPDX-License-Identifier: GPL-2.0-or-later
/* pcap_build - writes capture files for tests and seeds, good and broken, in either
 * byte order. Independent of the reader. */
#ifndef CARDEA_TESTS_PCAP_BUILD_H
#define CARDEA_TESTS_PCAP_BUILD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "base/cursor.h"

struct pcap_build {
	struct writer w;
	bool big;
};

static inline void pb_u16(struct pcap_build *b, uint16_t v)
{
	writer_u16(&b->w, b->big ? v : __builtin_bswap16(v));
}
static inline void pb_u32(struct pcap_build *b, uint32_t v)
{
	writer_u32(&b->w, b->big ? v : __builtin_bswap32(v));
}

static inline void pb_classic(struct pcap_build *b, bool nano, uint32_t linktype)
{
	pb_u32(b, nano ? 0xa1b23c4d : 0xa1b2c3d4);
	pb_u16(b, 2);
	pb_u16(b, 4);
	pb_u32(b, 0);
	pb_u32(b, 0);
	pb_u32(b, 65535);
	pb_u32(b, linktype);
}
static inline void pb_record(struct pcap_build *b, uint32_t s, uint32_t frac,
	const void *data, uint32_t caplen, uint32_t len)
{
	pb_u32(b, s);
	pb_u32(b, frac);
	pb_u32(b, caplen);
	pb_u32(b, len);
	writer_bytes(&b->w, data, caplen);
}

/* pcapng: begin a block, write its body, end it. */
static inline size_t pb_begin(struct pcap_build *b, uint32_t type)
{
	size_t at = b->w.len;

	pb_u32(b, type);
	pb_u32(b, 0);
	return at;
}
static inline void pb_end(struct pcap_build *b, size_t at)
{
	while ((b->w.len - at) % 4)
		writer_u8(&b->w, 0);
	uint32_t len = (uint32_t)(b->w.len - at) + 4;
	pb_u32(b, len);
	if (b->w.error)
		return;
	memcpy(b->w.start + at + 4, b->w.start + b->w.len - 4, 4);
}
static inline void pb_section(struct pcap_build *b)
{
	size_t at = pb_begin(b, 0x0a0d0d0a);

	pb_u32(b, 0x1a2b3c4d);
	pb_u16(b, 1);
	pb_u16(b, 0);
	pb_u32(b, UINT32_MAX);
	pb_u32(b, UINT32_MAX);
	pb_end(b, at);
}
/* tsresol 0: no option. tsoffset 0: no option. */
static inline void pb_interface(struct pcap_build *b, uint16_t linktype,
	uint32_t snaplen, uint8_t tsresol, uint32_t tsoffset)
{
	size_t at = pb_begin(b, 1);

	pb_u16(b, linktype);
	pb_u16(b, 0);
	pb_u32(b, snaplen);
	pb_u16(b, 2); /* if_name, to be stepped over */
	pb_u16(b, 5);
	writer_bytes(&b->w, "eth0\0\0\0\0", 8);
	if (tsresol) {
		pb_u16(b, 9);
		pb_u16(b, 1);
		writer_u8(&b->w, tsresol);
		writer_bytes(&b->w, "\0\0", 3);
	}
	if (tsoffset) {
		pb_u16(b, 14);
		pb_u16(b, 8);
		pb_u32(b, b->big ? 0 : tsoffset);
		pb_u32(b, b->big ? tsoffset : 0);
	}
	pb_u32(b, 0); /* opt_endofopt */
	pb_end(b, at);
}
static inline void pb_packet(struct pcap_build *b, uint32_t interface, uint64_t ticks,
	const void *data, uint32_t caplen, uint32_t len)
{
	size_t at = pb_begin(b, 6);

	pb_u32(b, interface);
	pb_u32(b, (uint32_t)(ticks >> 32));
	pb_u32(b, (uint32_t)ticks);
	pb_u32(b, caplen);
	pb_u32(b, len);
	writer_bytes(&b->w, data, caplen);
	pb_end(b, at);
}
static inline void pb_packet_old(struct pcap_build *b, uint16_t interface,
	uint64_t ticks, const void *data, uint32_t caplen, uint32_t len)
{
	size_t at = pb_begin(b, 2);

	pb_u16(b, interface);
	pb_u16(b, UINT16_MAX);
	pb_u32(b, (uint32_t)(ticks >> 32));
	pb_u32(b, (uint32_t)ticks);
	pb_u32(b, caplen);
	pb_u32(b, len);
	writer_bytes(&b->w, data, caplen);
	pb_end(b, at);
}
static inline void pb_packet_simple(
	struct pcap_build *b, const void *data, uint32_t caplen, uint32_t len)
{
	size_t at = pb_begin(b, 3);

	pb_u32(b, len);
	writer_bytes(&b->w, data, caplen);
	pb_end(b, at);
}

#endif
