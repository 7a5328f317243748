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
	t->cid = (struct quic_cid){0};
	stream_clear(t);
	return (uint16_t)s->last;
}

void streams_drop(struct streams *s, uint16_t number)
{
	s->all[number].flow = 0;
}

/* Nothing is there yet behind the end: bytes that follow it need no look at each. */
static void put_behind(struct stream *s, size_t offset, struct cursor data)
{
	size_t len = cursor_left(&data), room = STREAM_MAX - offset;

	if (len > room)
		len = room;
	cursor_copy(&data, s->bytes + offset, len);
	memset(s->there + offset, true, len);
	s->end = offset + len;
	if (s->have == offset)
		s->have = s->end;
}

void stream_put(struct stream *s, uint64_t offset, struct cursor data)
{
	for (; cursor_left(&data) && offset < s->end; offset++) {
		uint8_t b = cursor_u8(&data);

		if (s->there[offset])
			continue;
		s->bytes[offset] = b;
		s->there[offset] = true;
	}
	if (cursor_left(&data) && offset < STREAM_MAX)
		put_behind(s, (size_t)offset, data);
	while (s->have < s->end && s->there[s->have])
		s->have++;
}

bool stream_waits(struct stream *s)
{
	return s->have < STREAM_MAX && ++s->pieces < STREAM_PIECES_MAX;
}
