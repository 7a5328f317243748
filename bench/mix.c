// SPDX-License-Identifier: GPL-2.0-or-later
/* mix - one big capture of many small ones, the same for the same files.
 *
 *   bench_mix OUT REPLICAS SECONDS FOLDER   -> "files N skipped N packets N bytes N"
 *
 * All captures in the folder and below (Ethernet; what cannot be read is skipped and
 * counted) begin somewhere within SECONDS, and so again for each replica, whose devices
 * are others: their MAC addresses and private IPv4 addresses differ in an octet, in the
 * headers, in ARP and in DHCP, with checksums put right; what was wrong stays wrong.
 * Written by time as classic pcap. A frame whose time is before
 * its file's first, or more than a day later, is where the one before it is. */
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mix_replica.h"
#include "sensors/pcap.h"

#define EPOCH INT64_C(1760000000) /* when the first may begin */
#define SECOND INT64_C(1000000000)
#define DAY (86400 * SECOND)
#define ETHERNET 1
#define REPLICAS_MAX 255 /* an octet */
#define FRAME_MAX 262144 /* of what tcpdump writes */

struct frame {
	uint64_t at; /* in the bytes of all */
	int64_t time; /* since the first of its file */
	uint32_t caplen, len, file;
};

struct entry {
	int64_t time;
	uint32_t frame, replica;
};

/* Of all captures. */
static struct {
	uint8_t *bytes;
	struct frame *frames;
	size_t size, room, count, slots;
	uint32_t files, skipped;
} all;

static void *grown(void *old, size_t bytes)
{
	void *p = realloc(old, bytes);

	if (!p) {
		fprintf(stderr, "bench_mix: no memory\n");
		exit(1);
	}
	return p;
}

static void keep(const struct pcap_record *r, int64_t time)
{
	if (all.count == all.slots) {
		all.slots = all.slots ? all.slots * 2 : 65536;
		all.frames = grown(all.frames, all.slots * sizeof *all.frames);
	}
	if (all.size + r->caplen > all.room) {
		all.room = (all.size + r->caplen) * 2;
		all.bytes = grown(all.bytes, all.room);
	}
	memcpy(all.bytes + all.size, r->data, r->caplen);
	all.frames[all.count++] = (struct frame){.at = all.size, .time = time,
		.caplen = r->caplen, .len = r->len, .file = all.files};
	all.size += r->caplen;
}

/* What comes before a broken place counts. */
static void take(const char *path)
{
	size_t before = all.count;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct pcap_record r;
	struct pcap *p = NULL;
	int64_t first = 0, last = 0;

	if (fd >= 0 && !pcap_open(fd, &p)) {
		while (pcap_next(p, &r) == 1) {
			if (r.linktype != ETHERNET || r.caplen > FRAME_MAX)
				continue;
			if (all.count == before)
				first = r.time;
			if (r.time >= first && r.time - first <= DAY)
				last = r.time - first;
			keep(&r, last);
		}
	}
	pcap_close(p);
	if (fd >= 0)
		close(fd);
	if (all.count == before)
		all.skipped++;
	else
		all.files++;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int is_capture(const char *name)
{
	const char *end = strrchr(name, '.');

	return end && (!strcmp(end, ".pcap") || !strcmp(end, ".pcapng") ||
			      !strcmp(end, ".cap"));
}

static void take_all(char *folder)
{
	char *roots[] = {folder, NULL};
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);

	for (FTSENT *e = NULL; tree && (e = fts_read(tree));)
		if (e->fts_info == FTS_F && is_capture(e->fts_name))
			take(e->fts_path);
	if (tree)
		fts_close(tree);
}

/* SplitMix64: another number for each, the same wherever this runs. */
static uint64_t scatter(uint64_t n)
{
	n += UINT64_C(0x9e3779b97f4a7c15);
	n = (n ^ n >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
	return n ^ n >> 31;
}

static int by_time(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->replica != y->replica)
		return x->replica < y->replica ? -1 : 1;
	return x->frame < y->frame ? -1 : x->frame > y->frame;
}

static struct entry *order(uint32_t replicas, int64_t within)
{
	struct entry *list = grown(NULL, all.count * replicas * sizeof *list), *e = list;

	for (uint32_t r = 0; r < replicas; r++)
		for (size_t i = 0; i < all.count; i++) {
			const struct frame *f = &all.frames[i];
			uint64_t seed = scatter((uint64_t)r << 32 | f->file);
			*e++ = (struct entry){.replica = r, .frame = (uint32_t)i,
				.time = f->time + (int64_t)(seed % (uint64_t)within)};
		}
	qsort(list, all.count * replicas, sizeof *list, by_time);
	return list;
}

static uint64_t put(FILE *out, const struct entry *e)
{
	static uint8_t copy[FRAME_MAX];
	const struct frame *f = &all.frames[e->frame];
	int64_t when = EPOCH * SECOND + e->time;
	uint32_t head[4] = {(uint32_t)(when / SECOND), (uint32_t)(when % SECOND / 1000),
		f->caplen, f->len};

	memcpy(copy, all.bytes + f->at, f->caplen);
	mix_replica(copy, f->caplen, (uint8_t)e->replica);
	fwrite(head, sizeof head, 1, out);
	fwrite(copy, 1, f->caplen, out);
	return sizeof head + f->caplen;
}

static int write_all(const char *path, uint32_t replicas, int64_t within)
{
	static const uint32_t head[6] = {0xa1b2c3d4, 4 << 16 | 2, 0, 0, FRAME_MAX, ETHERNET};
	FILE *out = fopen(path, "we");
	uint64_t bytes = sizeof head;

	if (!out) {
		perror(path);
		return 1;
	}
	struct entry *list = order(replicas, within);
	fwrite(head, sizeof head, 1, out);
	for (size_t i = 0; i < all.count * replicas; i++)
		bytes += put(out, &list[i]);
	free(list);
	if (fflush(out) || ferror(out) || fclose(out)) {
		perror(path);
		return 1;
	}
	printf("files %u skipped %u packets %zu bytes %" PRIu64 "\n", all.files, all.skipped,
		all.count * replicas, bytes);
	return 0;
}

int main(int argc, char **argv)
{
	long replicas = argc == 5 ? strtol(argv[2], NULL, 10) : 0;
	long seconds = argc == 5 ? strtol(argv[3], NULL, 10) : 0;

	if (replicas < 1 || replicas > REPLICAS_MAX || seconds < 1 || seconds > 86400) {
		fprintf(stderr, "usage: bench_mix OUT REPLICAS SECONDS FOLDER\n");
		return 2;
	}
	take_all(argv[4]);
	if (!all.count) {
		fprintf(stderr, "bench_mix: %s has no captures\n", argv[4]);
		return 1;
	}
	int r = write_all(argv[1], (uint32_t)replicas, seconds * SECOND);
	free(all.frames);
	free(all.bytes);
	return r;
}
