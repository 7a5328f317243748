// SPDX-License-Identifier: GPL-2.0-or-later
/* maps - many entries of a map with one system call. */
#ifndef CARDEA_ENFORCE_BPF_MAPS_PRIV_H
#define CARDEA_ENFORCE_BPF_MAPS_PRIV_H

#include "enforce/bpf/bpf_priv.h"

/* Every entry of a hash; whatever each() returns but 0 ends it. */
typedef int map_visit(const void *key, const void *value, void *ctx);
int map_read(int fd, size_t key_size, size_t value_size, map_visit *each,
	void *ctx) CARDEA_MUSTCHECK;

#define MAP_BATCH_COUNT 512
#define MAP_KEY_MAX 24	 /* struct bpf_bound, bpf_exact */
#define MAP_VALUE_MAX 40 /* struct bpf_entry, bpf_openings */

/* Entries on their way into one map. */
struct map_batch {
	int fd;
	size_t key_size, value_size;
	/* for each that has arrived, also when a later one did not */
	void (*done)(uint32_t tag, void *ctx);
	void *ctx;
	uint32_t count;
	uint32_t tags[MAP_BATCH_COUNT];
	char keys[MAP_BATCH_COUNT * MAP_KEY_MAX];
	char values[MAP_BATCH_COUNT * MAP_VALUE_MAX];
};

void map_batch_begin(struct map_batch *b, int fd, size_t key_size, size_t value_size);
int map_batch_add(struct map_batch *b, const void *key, const void *value,
	uint32_t tag) CARDEA_MUSTCHECK;
int map_batch_flush(struct map_batch *b) CARDEA_MUSTCHECK;

#endif
