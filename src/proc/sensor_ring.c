// SPDX-License-Identifier: GPL-2.0-or-later
#include "proc/sensor_ring.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* 1 MiB in all, as much as waited in the socket's own buffer: some 80 ms of the fastest
 * flood of ARP that we have seen. A block holds the longest frame that our filter
 * passes (18 KiB) three times. */
#define BLOCK_BYTES (64U << 10)
#define BLOCKS 16U
/* For the kernel's arithmetic alone: frames lie one behind the other. */
#define FRAME_BYTES 2048U

static struct tpacket_hdr_v1 *block_head(const struct sensor_ring *r, unsigned i)
{
	struct tpacket_block_desc *b =
		(struct tpacket_block_desc *)(r->memory + (size_t)i * BLOCK_BYTES);

	return &b->hdr.bh1;
}

static bool is_ours(const struct tpacket_hdr_v1 *h)
{
	return __atomic_load_n(&h->block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER;
}

/* Where to go on. The kernel numbers its blocks: the oldest that was handed over, or
 * the one that it fills now, which is the newest. */
static unsigned block_first(const struct sensor_ring *r)
{
	unsigned oldest = 0, newest = 0;
	bool waits = false;

	for (unsigned i = 0; i < BLOCKS; i++) {
		const struct tpacket_hdr_v1 *h = block_head(r, i);
		if (h->seq_num > block_head(r, newest)->seq_num)
			newest = i;
		if (is_ours(h) &&
			(!waits || h->seq_num < block_head(r, oldest)->seq_num)) {
			oldest = i;
			waits = true;
		}
	}
	return waits ? oldest : newest;
}

static bool has_ring(int fd)
{
	int version = 0;
	socklen_t len = sizeof(version);

	return !getsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, &len) &&
	       version == TPACKET_V3;
}

int sensor_ring_open(struct sensor_ring *r, int fd, unsigned block_ms)
{
	struct tpacket_req3 request = {.tp_block_size = BLOCK_BYTES,
		.tp_block_nr = BLOCKS,
		.tp_frame_size = FRAME_BYTES,
		.tp_frame_nr = BLOCKS * (BLOCK_BYTES / FRAME_BYTES),
		.tp_retire_blk_tov = block_ms};
	int version = TPACKET_V3, plain = TPACKET_V1;
	bool was_there = has_ring(fd);

	if (!was_there &&
		setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)))
		return -errno;
	if (!was_there &&
		setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request))) {
		int error = -errno;
		(void)setsockopt(fd, SOL_PACKET, PACKET_VERSION, &plain, sizeof(plain));
		return error;
	}
	void *memory = mmap(NULL, (size_t)BLOCK_BYTES * BLOCKS, PROT_READ | PROT_WRITE,
		MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return -EIO;
	r->memory = memory;
	r->next = block_first(r);
	return 0;
}

/* The kernel wrote all of this; a wrong offset would be its own fault, but costs
 * nothing to look at. */
static bool frame_within(const uint8_t *block, const struct tpacket3_hdr *h)
{
	size_t at = (size_t)((const uint8_t *)h - block);

	return at + h->tp_mac <= BLOCK_BYTES &&
	       h->tp_snaplen <= BLOCK_BYTES - at - h->tp_mac;
}

bool sensor_ring_read(struct sensor_ring *r, sensor_ring_visit *visit, void *ctx)
{
	uint8_t *block = r->memory + (size_t)r->next * BLOCK_BYTES;
	struct tpacket_hdr_v1 *head = block_head(r, r->next);

	if (!is_ours(head))
		return false;
	size_t at = head->offset_to_first_pkt;
	for (uint32_t i = 0; i < head->num_pkts; i++) {
		if (at > BLOCK_BYTES - sizeof(struct tpacket3_hdr) -
				 sizeof(struct sockaddr_ll))
			break;
		const struct tpacket3_hdr *h = (const void *)(block + at);
		const struct sockaddr_ll *from =
			(const void *)(block + at + TPACKET_ALIGN(sizeof(*h)));
		if (!frame_within(block, h))
			break;
		struct sensor_frame f = {
			.bytes = cursor_of((const uint8_t *)h + h->tp_mac, h->tp_snaplen),
			.len = h->tp_len,
			.outgoing = from->sll_pkttype == PACKET_OUTGOING,
			.when = h->tp_sec * NS_PER_SEC + h->tp_nsec};
		visit(&f, ctx);
		at += h->tp_next_offset;
	}
	__atomic_store_n(&head->block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	r->next = (r->next + 1) % BLOCKS;
	return true;
}
