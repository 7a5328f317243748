// SPDX-License-Identifier: GPL-2.0-or-later
/* streams - the first bytes that somebody sends, put together from segments or CRYPTO
 * frames in any order; a few at once. */
#ifndef CARDEA_OBSERVE_STREAMS_H
#define CARDEA_OBSERVE_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cursor.h"
#include "wire/quic.h"

/* Hellos with post-quantum key shares have under 2.5 KiB; of a longer one the start is
 * read, in which the server's name mostly is. */
#define STREAM_MAX 4096
/* At once. Each lives from one packet of a hello to the next; who makes up hundreds of
 * halves pushes out the oldest only. */
#define STREAMS_MAX 128
/* Packets that bring nothing to an end. */
#define STREAM_PIECES_MAX 16

struct stream {
	uint32_t flow; /* flows.h; 0: free */
	uint32_t base; /* TCP: the first byte's sequence number */
	unsigned pieces;
	size_t have;         /* from the start, without a gap */
	size_t end;          /* behind the last byte that is there */
	struct quic_cid cid; /* QUIC: what the keys are made from */
	uint8_t bytes[STREAM_MAX];
	bool there[STREAM_MAX];
};

struct streams {
	struct stream all[STREAMS_MAX + 1]; /* from 1 on */
	unsigned last;                      /* taken */
};

/* The flow whose stream the next taker gets; 0: it is free. */
uint32_t streams_loser(const struct streams *s);
/* The number of an empty one for this flow. */
uint16_t streams_take(struct streams *s, uint32_t flow);
void streams_drop(struct streams *s, uint16_t number); /* 0 is fine */
/* Nothing is there. */
static inline void stream_clear(struct stream *s)
{
	memset(s->there, 0, s->end); /* nothing is behind it */
	s->have = s->end = 0;
}
/* What does not fit is cut. */
void stream_put(struct stream *s, uint64_t offset, struct cursor data);
/* After each packet: false once there is nothing more to wait for: full, or too many.
 */
bool stream_waits(struct stream *s);
static inline struct cursor stream_bytes(const struct stream *s)
{
	return cursor_of(s->bytes, s->have);
}

#endif
