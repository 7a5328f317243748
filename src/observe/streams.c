// SPDX-License-Identifier: GPL-2.0-or-later
/* streams.c - what came first stays, so that a later segment cannot rewrite a name. */
#include "observe/streams.h"

static unsigned after(unsigned number)
{
	return number % STREAMS_MAX + 1;
}

uint32_t streams_loser(const struct streams *s)
{
	return s->all[after(s->last)].flow;
}

uint16_t streams_take(struct streams *s, uint32_t flow)
{
	struct stream *t = &s->all[s->last = after(s->last)];

	t->flow = flow;
	t->base = 0;
	t->pieces = 0;
	t->have = 0;
	t->cid = (struct quic_cid){0};
	memset(t->there, 0, sizeof t->there);
	return (uint16_t)s->last;
}

void streams_drop(struct streams *s, uint16_t number)
{
	s->all[number].flow = 0;
}

void stream_put(struct stream *s, uint64_t offset, struct cursor data)
{
	for (; cursor_left(&data) && offset < STREAM_MAX; offset++) {
		uint8_t b = cursor_u8(&data);

		if (s->there[offset])
			continue;
		s->bytes[offset] = b;
		s->there[offset] = true;
	}
	while (s->have < STREAM_MAX && s->there[s->have])
		s->have++;
}

bool stream_waits(struct stream *s)
{
	return s->have < STREAM_MAX && ++s->pieces < STREAM_PIECES_MAX;
}
