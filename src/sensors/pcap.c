// SPDX-License-Identifier: GPL-2.0-or-later
/* pcap - the buffer, the file's kind by its first bytes, and the classic format. */
#include "sensors/pcap_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_HEADER_LEN 24
#define RECORD_HEADER_LEN 16

/* As the four bytes stand in the file. */
#define MAGIC_MICRO 0xa1b2c3d4
#define MAGIC_NANO 0xa1b23c4d
#define MAGIC_PCAPNG 0x0a0d0d0a

int pcap_fail(struct pcap *p, int error, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(p->message, sizeof p->message, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof p->message)
		(void)snprintf(p->message + n, sizeof p->message - (size_t)n,
			" (at byte %" PRIu64 ")", p->done);
	p->error = error;
	p->is_plain = false;
	return error;
}

/* One read into the free rest of the buffer. */
static int buffer_fill(struct pcap *p)
{
	size_t room = sizeof p->buf - p->end;
	ssize_t n;

	if (room > PCAP_READ_BYTES)
		room = PCAP_READ_BYTES;
	do
		n = read(p->fd, p->buf + p->end, room);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return pcap_fail(p, -errno, "cannot read: %s", strerror(errno));
	p->at_end = n == 0;
	p->end += (size_t)n;
	return 0;
}

int pcap_need(struct pcap *p, size_t n, const char *what)
{
	if (p->end - p->start >= n)
		return 1;
	memmove(p->buf, p->buf + p->start, p->end - p->start);
	p->end -= p->start;
	p->start = 0;
	while (p->end < n && !p->at_end) {
		int r = buffer_fill(p);
		if (r)
			return r;
	}
	if (p->end >= n)
		return 1;
	if (p->end == 0)
		return 0;
	return pcap_fail(
		p, CARDEA_ETRUNCATED, "the file ends in the middle of %s", what);
}

const uint8_t *pcap_at(const struct pcap *p, size_t at)
{
	return p->buf + p->start + at;
}

void pcap_consume(struct pcap *p, size_t n)
{
	p->start += n;
	p->done += n;
}

int pcap_skip(struct pcap *p, uint64_t n, const char *what)
{
	while (n) {
		int r = pcap_need(p, 1, what);
		if (r < 0)
			return r;
		if (r == 0)
			return pcap_fail(p, CARDEA_ETRUNCATED,
				"the file ends in the middle of %s", what);
		size_t step = p->end - p->start;
		if (step > n)
			step = (size_t)n;
		pcap_consume(p, step);
		n -= step;
	}
	return 0;
}

uint16_t pcap_u16(const struct pcap *p, size_t at)
{
	const uint8_t *b = pcap_at(p, at);

	return (uint16_t)(p->big ? b[0] << 8 | b[1] : b[1] << 8 | b[0]);
}

uint32_t pcap_u32(const struct pcap *p, size_t at)
{
	uint32_t a = pcap_u16(p, at), b = pcap_u16(p, at + 2);

	return p->big ? a << 16 | b : b << 16 | a;
}

nstime pcap_time(int64_t seconds, uint32_t ns)
{
	/* 2262; a capture that claims more is lying, but its packets still count */
	const int64_t last = INT64_MAX / NS_PER_SEC - 1;

	if (seconds > last)
		seconds = last;
	if (seconds < -last)
		seconds = -last;
	return seconds * NS_PER_SEC + ns;
}

/* Reads ahead without knowing the order yet: in `big` order. */
static uint32_t magic_of(struct pcap *p, bool big)
{
	p->big = big;
	return pcap_u32(p, 0);
}

static inline uint32_t load32(const uint8_t *b, bool swap)
{
	uint32_t v;

	memcpy(&v, b, sizeof v);
	return swap ? __builtin_bswap32(v) : v;
}

static int classic_fail(struct pcap *p, uint32_t caplen)
{
	return pcap_fail(p, CARDEA_EMALFORMED,
		"a packet claims %" PRIu32 " bytes, the limit is %d", caplen,
		PCAP_PACKET_MAX);
}

/* What almost all calls find: a record that is whole in the buffer, with nothing odd
 * about it. False: classic_next sees to it. */
static inline bool classic_plain(struct pcap *p, struct pcap_record *ret)
{
	const uint8_t *head = p->buf + p->start;
	size_t there = p->end - p->start;

	if (there < RECORD_HEADER_LEN)
		return false;
	uint32_t caplen = load32(head + 8, false), len = load32(head + 12, false);
	uint32_t micro = load32(head + 4, false);
	if (caplen > PCAP_PACKET_MAX || caplen > there - RECORD_HEADER_LEN ||
		micro >= 1000000)
		return false;
	ret->linktype = p->linktype;
	ret->time = load32(head, false) * NS_PER_SEC + micro * (nstime)1000;
	ret->caplen = caplen;
	ret->len = len < caplen ? caplen : len;
	ret->data = head + RECORD_HEADER_LEN;
	p->last = ret->time;
	pcap_consume(p, RECORD_HEADER_LEN + caplen);
	return true;
}

static int classic_next(struct pcap *p, struct pcap_record *ret)
{
	size_t there = p->end - p->start;
	int r = there >= RECORD_HEADER_LEN
			? 1
			: pcap_need(p, RECORD_HEADER_LEN, "a packet header");

	if (r <= 0)
		return r;
	const uint8_t *head = p->buf + p->start;
	uint32_t caplen = load32(head + 8, p->swap);
	if (caplen > PCAP_PACKET_MAX)
		return classic_fail(p, caplen);
	if (p->end - p->start < RECORD_HEADER_LEN + caplen) {
		r = pcap_need(p, RECORD_HEADER_LEN + caplen, "a packet");
		if (r <= 0)
			return r;
		head = p->buf + p->start; /* it was moved */
	}
	uint32_t frac = load32(head + 4, p->swap), len = load32(head + 12, p->swap);
	uint32_t ns = p->nano ? frac : frac < 1000000 ? frac * 1000 : 999999999;
	p->last = pcap_time(load32(head, p->swap), ns < NS_PER_SEC ? ns : 999999999);
	ret->linktype = p->linktype;
	ret->time = p->last;
	ret->caplen = caplen;
	ret->len = len < caplen ? caplen : len;
	ret->data = head + RECORD_HEADER_LEN;
	pcap_consume(p, RECORD_HEADER_LEN + caplen);
	return 1;
}

static int classic_open(struct pcap *p, bool nano)
{
	int r = pcap_need(p, FILE_HEADER_LEN, "the file header");

	if (r <= 0)
		return r;
	p->nano = nano;
	p->swap = p->big != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	/* The upper half tells about frame check sequences. */
	p->linktype = pcap_u32(p, 20) & 0xffff;
	pcap_consume(p, FILE_HEADER_LEN);
	p->next = classic_next;
	p->is_plain = !p->nano && !p->swap;
	return 1;
}

/* The first call: what kind of file is it? */
static int open_next(struct pcap *p, struct pcap_record *ret)
{
	int r = pcap_need(p, 4, "the file header");

	if (r < 0)
		return r;
	if (r == 0)
		return pcap_fail(p, CARDEA_ETRUNCATED, "the file is empty");
	if (magic_of(p, true) == MAGIC_PCAPNG) {
		p->next = pcapng_next;
		return p->next(p, ret);
	}
	for (int big = 0; big < 2; big++) {
		uint32_t magic = magic_of(p, big);
		if (magic != MAGIC_MICRO && magic != MAGIC_NANO)
			continue;
		r = classic_open(p, magic == MAGIC_NANO);
		return r <= 0 ? r : p->next(p, ret);
	}
	const uint8_t *b = pcap_at(p, 0);
	if ((b[0] == 0x1f && b[1] == 0x8b) ||
		!memcmp(b,
			"\xfd"
			"7zX",
			4) ||
		!memcmp(b, "\x28\xb5\x2f\xfd", 4))
		return pcap_fail(p, CARDEA_EUNSUPPORTED,
			"the file is compressed; unpack it first");
	return pcap_fail(p, CARDEA_EMALFORMED, "not a pcap or pcapng file");
}

int pcap_open(int fd, struct pcap **ret)
{
	struct pcap *p = malloc(sizeof *p);

	if (!p)
		return -ENOMEM;
	/* the buffer is written before it is read */
	memset(p, 0, offsetof(struct pcap, buf));
	p->fd = fd;
	p->next = open_next;
	*ret = p;
	return 0;
}

void pcap_close(struct pcap *p)
{
	free(p);
}

int pcap_next(struct pcap *p, struct pcap_record *ret)
{
	if (p->is_plain && classic_plain(p, ret))
		return 1;
	return p->error ? p->error : p->next(p, ret);
}

const char *pcap_error(const struct pcap *p)
{
	return p->error ? p->message : error_text(0);
}

uint64_t pcap_offset(const struct pcap *p)
{
	return p->done;
}
