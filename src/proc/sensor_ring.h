// SPDX-License-Identifier: GPL-2.0-or-later
/* sensor_ring - a capture socket's frames in memory that we share with the kernel
 * (TPACKET_V3, packet_mmap): a flood of frames that name devices costs no system call
 * each. */
#ifndef CARDEA_PROC_SENSOR_RING_H
#define CARDEA_PROC_SENSOR_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/cursor.h"

/* 1 MiB in all, as much as waited in the socket's own buffer: some 80 ms of the fastest
 * flood of ARP that we have seen. A block holds the longest frame that our filter
 * passes (18 KiB) three times. */
#define SENSOR_RING_BLOCK_BYTES (64U << 10)
#define SENSOR_RING_BLOCKS 16U

struct sensor_ring {
	uint8_t *memory; /* NULL: none, the socket is read with recvfrom(2) */
	unsigned next;   /* the block that is read next */
};

struct sensor_frame {
	struct cursor bytes; /* as much as the socket's filter passes */
	uint32_t len;	     /* of all of it */
	bool outgoing;	     /* this gateway sent it */
	nstime when;	     /* wall, the kernel's */
};

typedef void sensor_ring_visit(const struct sensor_frame *f, void *ctx);

/* A block of frames is handed over when it is full, or after block_ms: that is what one
 * frame waits at most, and how often the kernel looks. Gives the socket a ring, or takes
 * the one that an earlier incarnation of this process gave it, with what waits there. 0;
 * or a negative errno: it has none and is read as any socket. -EIO: it has one that
 * cannot be read. */
int sensor_ring_open(struct sensor_ring *r, int fd, unsigned block_ms);
/* The block to go on with: the oldest that waits, or the one that the kernel fills now. */
unsigned sensor_ring_first(const struct sensor_ring *r);
/* The frames of one block; false when none was ready. */
bool sensor_ring_read(struct sensor_ring *r, sensor_ring_visit *visit, void *ctx);

#endif
