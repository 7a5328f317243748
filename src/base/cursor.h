// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* cursor - read wire bytes without pointer arithmetic. After the first error every
 * read is a no-op that returns zero, so a parser reads straight down and checks once.
 * writer - the same for output. All integers are big endian unless named le. */
#ifndef CARDEA_BASE_CURSOR_H
#define CARDEA_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/error.h"

struct cursor {
	const uint8_t *start;
	const uint8_t *pos;
	const uint8_t *end;
	int error; /* 0 or the first error */
};

/* Where the octets are known to be there. */
static inline uint16_t load_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}
static inline void store_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}
static inline uint32_t load_be32(const uint8_t *p)
{
	return (uint32_t)load_be16(p) << 16 | load_be16(p + 2);
}

static inline struct cursor cursor_of(const void *data, size_t len)
{
	const uint8_t *p = data;
	return (struct cursor){.start = p, .pos = p, .end = p ? p + len : p};
}
static inline size_t cursor_left(const struct cursor *c)
{
	return c->error ? 0 : (size_t)(c->end - c->pos);
}
static inline size_t cursor_offset(const struct cursor *c)
{
	return (size_t)(c->pos - c->start);
}
static inline void cursor_fail(struct cursor *c, int error)
{
	if (!c->error)
		c->error = error;
}
/* The next len bytes, consumed; NULL after an error. */
static inline const uint8_t *cursor_take(struct cursor *c, size_t len)
{
	if (c->error)
		return NULL;
	if ((size_t)(c->end - c->pos) < len) {
		c->error = CARDEA_ETRUNCATED;
		return NULL;
	}
	const uint8_t *p = c->pos;
	c->pos += len;
	return p;
}
static inline void cursor_skip(struct cursor *c, size_t len)
{
	(void)cursor_take(c, len);
}
static inline void cursor_seek(struct cursor *c, size_t offset)
{
	if (c->error)
		return;
	if (offset > (size_t)(c->end - c->start))
		c->error = CARDEA_ETRUNCATED;
	else
		c->pos = c->start + offset;
}
/* A cursor over the next len bytes, which are consumed here; it inherits an error. */
static inline struct cursor cursor_sub(struct cursor *c, size_t len)
{
	const uint8_t *p = cursor_take(c, len);
	struct cursor s = cursor_of(p, p ? len : 0);
	s.error = c->error;
	return s;
}
static inline uint8_t cursor_u8(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 1);
	return p ? p[0] : 0;
}
static inline uint16_t cursor_u16(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 2);
	return p ? load_be16(p) : 0;
}
static inline uint32_t cursor_u32(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 4);
	return p ? load_be32(p) : 0;
}
static inline uint64_t cursor_u64(struct cursor *c)
{
	uint64_t hi = cursor_u32(c);
	return hi << 32 | cursor_u32(c);
}
static inline uint16_t cursor_le16(struct cursor *c)
{
	return __builtin_bswap16(cursor_u16(c));
}
static inline uint32_t cursor_le32(struct cursor *c)
{
	return __builtin_bswap32(cursor_u32(c));
}
static inline void cursor_copy(struct cursor *c, void *dst, size_t len)
{
	const uint8_t *p = cursor_take(c, len);
	if (p)
		memcpy(dst, p, len);
	else
		memset(dst, 0, len);
}

struct writer {
	uint8_t *start;
	size_t len;
	size_t cap;
	int error; /* 0 or CARDEA_ELIMIT once cap was exceeded */
};

static inline struct writer writer_of(void *buf, size_t cap)
{
	return (struct writer){.start = buf, .cap = cap};
}
/* Room for len bytes, to be filled by the caller; NULL when full. */
static inline uint8_t *writer_room(struct writer *w, size_t len)
{
	if (w->error)
		return NULL;
	if (w->cap - w->len < len) {
		w->error = CARDEA_ELIMIT;
		return NULL;
	}
	uint8_t *p = w->start + w->len;
	w->len += len;
	return p;
}
static inline void writer_u8(struct writer *w, uint8_t v)
{
	uint8_t *p = writer_room(w, 1);
	if (p)
		p[0] = v;
}
static inline void writer_u16(struct writer *w, uint16_t v)
{
	uint8_t *p = writer_room(w, sizeof v);
	if (p)
		store_be16(p, v);
}
static inline void writer_u32(struct writer *w, uint32_t v)
{
	uint8_t *p = writer_room(w, sizeof v);
	if (p) {
		store_be16(p, (uint16_t)(v >> 16));
		store_be16(p + 2, (uint16_t)v);
	}
}
static inline void writer_u64(struct writer *w, uint64_t v)
{
	writer_u32(w, (uint32_t)(v >> 32));
	writer_u32(w, (uint32_t)v);
}
static inline void writer_bytes(struct writer *w, const void *src, size_t len)
{
	uint8_t *p = writer_room(w, len);
	if (p && len)
		memcpy(p, src, len);
}
/* Overwrite two bytes written earlier, for lengths known late. */
static inline void writer_patch16(struct writer *w, size_t at, uint16_t v)
{
	if (w->error || at + 2 > w->len)
		return;
	store_be16(w->start + at, v);
}

#endif
