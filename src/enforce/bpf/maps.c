// SPDX-License-Identifier: GPL-2.0-or-later
/* maps - many entries of a map with one system call. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "enforce/bpf/maps_priv.h"

/* Entries at once. A bucket of the kernel's hash must fit: with more buckets than
 * entries none ever comes near. */
#define READ_COUNT 2048

int map_read(int fd, size_t key_size, size_t value_size, map_visit *each, void *ctx)
{
	char *keys = malloc(READ_COUNT * key_size);
	char *values = malloc(READ_COUNT * value_size);
	uint32_t at = 0, count;
	int e = keys && values ? 0 : -ENOMEM;

	for (bool first = true, last = e != 0; !last && !e; first = false) {
		count = READ_COUNT;
		e = bpf_map_lookup_batch(fd, first ? NULL : &at, &at, keys, values,
			&count, NULL);
		last = e == -ENOENT;
		if (last || e == -EFAULT) /* nothing at all is an EFAULT of old kernels */
			e = last ? 0 : e;
		for (uint32_t i = 0; i < count && !e; i++)
			e = each(keys + i * key_size, values + i * value_size, ctx);
	}
	free(keys);
	free(values);
	return e;
}

void map_batch_begin(struct map_batch *b, int fd, size_t key_size, size_t value_size)
{
	b->fd = fd;
	b->key_size = key_size;
	b->value_size = value_size;
	b->done = NULL;
	b->count = 0;
}

int map_batch_add(struct map_batch *b, const void *key, const void *value, uint32_t tag)
{
	int e = b->count == MAP_BATCH_COUNT ? map_batch_flush(b) : 0;

	if (e)
		return e;
	memcpy(b->keys + b->count * b->key_size, key, b->key_size);
	memcpy(b->values + b->count * b->value_size, value, b->value_size);
	b->tags[b->count++] = tag;
	return 0;
}

int map_batch_flush(struct map_batch *b)
{
	uint32_t done = b->count;
	int e = 0;

	if (b->count == 1)
		e = bpf_map_update_elem(b->fd, b->keys, b->values, BPF_ANY);
	else if (b->count)
		e = bpf_map_update_batch(b->fd, b->keys, b->values, &done, NULL);
	if (e && b->count == 1)
		done = 0;
	for (uint32_t i = 0; i < done && b->done; i++)
		b->done(b->tags[i], b->ctx);
	b->count = 0;
	return e;
}
