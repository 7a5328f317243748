// SPDX-License-Identifier: GPL-2.0-or-later
#include "proc/sensor_ring.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* For the kernel's arithmetic alone: frames lie one behind the other. */
#define FRAME_BYTES 2048U

static struct tpacket_hdr_v1 *block_head(const struct sensor_ring *r, unsigned i)
{
	struct tpacket_block_desc *b =
		(struct tpacket_block_desc *)(r->memory + (size_t)i * SENSOR_RING_BLOCK_BYTES);

	return &b->hdr.bh1;
}

static bool is_ours(const struct tpacket_hdr_v1 *h)
{
	return __atomic_load_n(&h->block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER;
}

/* The kernel numbers its blocks as it begins them. From the newest back over those that
 * were handed over: it may go on meanwhile, but never turns back, so none is passed by. */
unsigned sensor_ring_first(const struct sensor_ring *r)
{
	unsigned first = 0;

	for (unsigned i = 1; i < SENSOR_RING_BLOCKS; i++) {
		if (block_head(r, i)->seq_num > block_head(r, first)->seq_num)
			first = i;
	}
	for (unsigned i = 1; i < SENSOR_RING_BLOCKS; i++) {
		unsigned before = (first + SENSOR_RING_BLOCKS - 1) % SENSOR_RING_BLOCKS;
		if (!is_ours(block_head(r, before)))
			break;
		first = before;
	}
	return first;
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
	struct tpacket_req3 request = {.tp_block_size = SENSOR_RING_BLOCK_BYTES,
		.tp_block_nr = SENSOR_RING_BLOCKS,
		.tp_frame_size = FRAME_BYTES,
		.tp_frame_nr = SENSOR_RING_BLOCKS * (SENSOR_RING_BLOCK_BYTES / FRAME_BYTES),
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
	void *memory = mmap(NULL, (size_t)SENSOR_RING_BLOCK_BYTES * SENSOR_RING_BLOCKS, PROT_READ | PROT_WRITE,
		MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return -EIO;
	r->memory = memory;
	r->next = sensor_ring_first(r);
	return 0;
}

/* The kernel wrote all of this; a wrong offset would be its own fault, but costs
 * nothing to look at. */
static bool frame_within(const uint8_t *block, const struct tpacket3_hdr *h)
{
	size_t at = (size_t)((const uint8_t *)h - block);

	return at + h->tp_mac <= SENSOR_RING_BLOCK_BYTES &&
	       h->tp_snaplen <= SENSOR_RING_BLOCK_BYTES - at - h->tp_mac;
}

bool sensor_ring_read(struct sensor_ring *r, sensor_ring_visit *visit, void *ctx)
{
	uint8_t *block = r->memory + (size_t)r->next * SENSOR_RING_BLOCK_BYTES;
	struct tpacket_hdr_v1 *head = block_head(r, r->next);

	if (!is_ours(head))
		return false;
	size_t at = head->offset_to_first_pkt;
	for (uint32_t i = 0; i < head->num_pkts; i++) {
		if (at > SENSOR_RING_BLOCK_BYTES - sizeof(struct tpacket3_hdr) -
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
	r->next = (r->next + 1) % SENSOR_RING_BLOCKS;
	return true;
}
