// SPDX-License-Identifier: GPL-2.0-or-later
/* test_proc_filter_util - a filter of the kernel on a socket pair: it sees there what it
 * sees at an interface, a frame from its first octet on; and frames for it. */
#ifndef CARDEA_TEST_PROC_FILTER_UTIL_H
#define CARDEA_TEST_PROC_FILTER_UTIL_H

#include "test_wire_util.h"
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>
#include "proc/parent_priv.h"
#include "wire/ip.h"

#define FRAME_MAX 40000

static int pair[2];

/* attach: what puts the filter on a socket. */
static int filter_pair(int (*attach)(int fd))
{
	int size = 4 * FRAME_MAX;

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(
		setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
	assert_int_equal(attach(pair[1]), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(pair[0]);
	close(pair[1]);
	return 0;
}

/* Octets of the frame that the filter passes. */
static size_t passed(const void *frame, size_t len)
{
	static uint8_t buf[FRAME_MAX];
	ssize_t n = send(pair[0], frame, len, 0);

	/* a frame that the filter drops is refused to the sender of a pair */
	if (n < 0) {
		assert_int_equal(errno, EPERM);
		return 0;
	}
	assert_int_equal(n, len);
	n = recv(pair[1], buf, sizeof(buf), 0);
	if (n < 0)
		return 0;
	assert_memory_equal(buf, frame, (size_t)n);
	return (size_t)n;
}

struct shape {
	uint8_t family, proto;
	uint8_t ip_options, tcp_options; /* octets */
	uint16_t src_port, dst_port;
	uint16_t frag; /* IPv4: flags and offset */
	const char *payload;
	size_t len;
};

static size_t build(const struct shape *s, uint8_t *out, size_t cap)
{
	static uint8_t padded[FRAME_MAX];
	struct writer w = writer_of(out, cap);
	size_t ip_len = (s->family == 4 ? 20U : 40U) + s->ip_options;
	size_t head = (s->proto == IP_PROTO_TCP ? 20U : 8U) + s->tcp_options;

	memset(padded, 0, sizeof(padded));
	memset(writer_room(&w, 12), 2, 12);
	writer_u16(&w, s->family == 4 ? 0x0800 : 0x86dd);
	if (s->family == 4) {
		writer_u8(&w, (uint8_t)(0x40 | ip_len / 4));
		writer_u8(&w, 0);
		writer_u16(&w, (uint16_t)(ip_len + head + s->len));
		writer_u16(&w, 1);
		writer_u16(&w, s->frag);
		writer_u8(&w, 64);
		writer_u8(&w, s->proto);
		memset(writer_room(&w, ip_len - 10), 1, ip_len - 10);
	} else {
		writer_u32(&w, 6U << 28);
		writer_u16(&w, (uint16_t)(head + s->len));
		writer_u8(&w, s->proto);
		writer_u8(&w, 255);
		memset(writer_room(&w, 32), 1, 32);
	}
	writer_u16(&w, s->src_port);
	writer_u16(&w, s->dst_port);
	if (s->proto == IP_PROTO_TCP) {
		writer_u64(&w, 0);
		writer_u8(&w, (uint8_t)(head / 4 << 4 | 1));
		memset(writer_room(&w, head - 13), 1, head - 13);
	} else {
		writer_u32(&w, 0);
	}
	writer_bytes(&w, s->payload, s->len);
	assert_int_equal(w.error, 0);
	return w.len;
}

#endif
