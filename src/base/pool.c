// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* pool - chunks from malloc, handed out from front to back, freed together. */
#include "base/pool.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Small enough to waste little on a router, big enough for a few hundred nodes. */
#define CHUNK_BYTES 8192
#define ALIGN _Alignof(max_align_t)

struct chunk {
	struct chunk *next;
	size_t len;
	size_t cap;
	_Alignas(max_align_t) unsigned char bytes[];
};

struct pool {
	const char *name; /* shown by debuggers; static text */
	size_t limit;
	size_t used;
	struct chunk *chunks; /* newest first; only the first one has room */
};

struct pool *pool_new(const char *name, size_t limit)
{
	struct pool *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->name = name;
	p->limit = limit;
	return p;
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	for (struct chunk *c = p->chunks, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	free(p);
}

/* A chunk with room for size more bytes, at the head of the list. */
static struct chunk *pool_chunk(struct pool *p, size_t size)
{
	struct chunk *c = p->chunks;

	if (c && c->cap - c->len >= size)
		return c;
	size_t cap = size > CHUNK_BYTES ? size : CHUNK_BYTES;
	if (cap > SIZE_MAX - sizeof *c)
		return NULL;
	c = calloc(1, sizeof *c + cap);
	if (!c)
		return NULL;
	c->cap = cap;
	c->next = p->chunks;
	p->chunks = c;
	return c;
}

void *pool_take(struct pool *p, size_t size)
{
	if (size > SIZE_MAX - ALIGN)
		return NULL;
	/* an empty taking still gets an address of its own */
	size_t whole = ((size ? size : 1) + ALIGN - 1) / ALIGN * ALIGN;
	if (whole > p->limit - p->used)
		return NULL;
	struct chunk *c = pool_chunk(p, whole);
	if (!c)
		return NULL;
	void *at = c->bytes + c->len;
	c->len += whole;
	p->used += whole;
	return at;
}

void *pool_copy(struct pool *p, const void *src, size_t size)
{
	void *dst = pool_take(p, size);

	if (dst && size)
		memcpy(dst, src, size);
	return dst;
}

char *pool_string(struct pool *p, const char *src, size_t len)
{
	if (len == SIZE_MAX)
		return NULL;
	char *dst = pool_take(p, len + 1);
	if (dst && len)
		memcpy(dst, src, len);
	return dst;
}

size_t pool_used(const struct pool *p)
{
	return p->used;
}
