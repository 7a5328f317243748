// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* pool - memory by lifetime: everything taken from a pool is freed with it. Bounded. */
#ifndef CARDEA_BASE_POOL_H
#define CARDEA_BASE_POOL_H

#include <stddef.h>

struct pool;

/* limit: total bytes this pool may hand out. NULL when memory is short. */
struct pool *pool_new(const char *name, size_t limit);
void pool_free(struct pool *p); /* NULL is fine */
/* Zeroed, aligned for any type; NULL past the limit. */
void *pool_take(struct pool *p, size_t size);
void *pool_copy(struct pool *p, const void *src, size_t size);
char *pool_string(struct pool *p, const char *src, size_t len); /* NUL-terminated */
size_t pool_used(const struct pool *p);

#endif
