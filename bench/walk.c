// SPDX-License-Identifier: GPL-2.0-or-later
/* walk - the least that reading a capture can cost: every record once through a buffer,
 * every header looked at, nothing kept; or, with flows, the packets, bytes and time of
 * every unidirectional 5-tuple.
 *
 *   bench_walk FILE         -> "PACKETS SUM"
 *   bench_walk FILE flows   -> "PACKETS SUM FLOWS" */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER (1 << 20)
#define FILE_HEAD 24
#define RECORD_HEAD 16
#define EXTENSIONS_MAX 8
#define FLOWS_FIRST 65536 /* places; a power of two, as after each doubling */

struct key {
	uint8_t src[16], dst[16], ports[4], proto, family, zero[2];
};

/* One line of the cache. */
struct flow {
	struct key key;
	uint64_t packets, bytes; /* no packets: a free place */
	uint32_t last[2];
};

/* Open addressing, never more than half full. */
static struct {
	struct flow *places;
	size_t mask, count;
} table;

static unsigned get16(const uint8_t *p)
{
	return (unsigned)(p[0] << 8 | p[1]);
}

static size_t hash(const struct key *k)
{
	static const uint64_t odd[5] = {0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9,
		0x94d049bb133111eb, 0xd6e8feb86659fd93, 0xff51afd7ed558ccd};
	uint64_t words[5], h = 0;

	memcpy(words, k, sizeof words);
	for (int i = 0; i < 5; i++)
		h += (words[i] ^ words[i] >> 32) * odd[i];
	h = (h ^ h >> 32) * odd[0];
	return (size_t)(h ^ h >> 29);
}

static struct flow *find(const struct key *k)
{
	size_t at = hash(k) & table.mask;

	while (table.places[at].packets && memcmp(&table.places[at].key, k, sizeof *k) != 0)
		at = (at + 1) & table.mask;
	return &table.places[at];
}

static void make_table(size_t places)
{
	table.places = calloc(places, sizeof *table.places);
	table.mask = places - 1;
	if (!table.places) {
		fprintf(stderr, "bench_walk: no memory\n");
		exit(1);
	}
}

static void grow(void)
{
	struct flow *old = table.places;
	size_t places = table.mask + 1;

	make_table(2 * places);
	for (size_t i = 0; i < places; i++)
		if (old[i].packets)
			*find(&old[i].key) = old[i];
	free(old);
}

static void count(const struct key *k, uint32_t len, const uint8_t *time)
{
	struct flow *f = find(k);

	if (!f->packets) {
		f->key = *k;
		table.count++;
	}
	f->packets++;
	f->bytes += len;
	memcpy(f->last, time, sizeof f->last);
	if (f->packets == 1 && 2 * table.count > table.mask)
		grow();
}

/* ret_key, here and below: NULL when nobody wants it. */
static inline uint64_t ports(unsigned proto, const uint8_t *p, size_t len,
	struct key *ret_key)
{
	if (ret_key)
		ret_key->proto = (uint8_t)proto;
	if (!(proto == 6 && len >= 20) && !(proto == 17 && len >= 8))
		return proto;
	if (ret_key)
		memcpy(ret_key->ports, p, sizeof ret_key->ports);
	return get16(p) + get16(p + 2) + proto;
}

static inline uint64_t walk6(const uint8_t *p, size_t len, struct key *ret_key)
{
	unsigned next = p[6];
	size_t at = 40;

	if (ret_key) {
		ret_key->family = 6;
		memcpy(ret_key->src, p + 8, 32);
	}
	for (int i = 0; i < EXTENSIONS_MAX && at + 8 <= len; i++) {
		if (next != 0 && next != 43 && next != 60)
			break;
		next = p[at];
		at += 8U + p[at + 1] * 8U;
	}
	return at <= len ? ports(next, p + at, len - at, ret_key) : next;
}

static inline uint64_t walk4(const uint8_t *p, size_t len, struct key *ret_key)
{
	size_t head = (p[0] & 15) * 4U;

	if (head < 20 || head > len)
		return 0x0800;
	if (ret_key) {
		ret_key->family = 4;
		memcpy(ret_key->src, p + 12, 4);
		memcpy(ret_key->dst, p + 16, 4);
		if (get16(p + 6) & 0x1fff) /* a later fragment has no ports */
			len = head;
	}
	return ports(p[9], p + head, len - head, ret_key);
}

static inline uint64_t walk(const uint8_t *p, size_t len, struct key *ret_key)
{
	size_t at = 12;

	if (len < 14)
		return 0;
	while (at + 6 <= len && (get16(p + at) == 0x8100 || get16(p + at) == 0x88a8))
		at += 4;
	unsigned type = get16(p + at);
	at += 2;
	if (type == 0x0800 && len >= at + 20)
		return walk4(p + at, len - at, ret_key);
	if (type == 0x86dd && len >= at + 40)
		return walk6(p + at, len - at, ret_key);
	return type;
}

static uint64_t walk_bare(const uint8_t *record, uint32_t len)
{
	return walk(record + RECORD_HEAD, len, NULL);
}

static uint64_t walk_flows(const uint8_t *record, uint32_t len)
{
	struct key key;

	memset(&key, 0, sizeof key);
	uint64_t sum = walk(record + RECORD_HEAD, len, &key);
	if (key.family) {
		uint32_t wire;
		memcpy(&wire, record + 12, sizeof wire);
		count(&key, wire, record);
	}
	return sum;
}

static void run(int fd, uint8_t *buf, uint64_t (*one)(const uint8_t *record, uint32_t len))
{
	uint64_t packets = 0, sum = 0;
	size_t have = 0, at = FILE_HEAD;
	uint32_t len;
	ssize_t n;

	while ((n = read(fd, buf + have, BUFFER - have)) > 0) {
		have += (size_t)n;
		while (have >= at + RECORD_HEAD) {
			memcpy(&len, buf + at + 8, sizeof len);
			if (len > BUFFER / 2 || have < at + RECORD_HEAD + len)
				break;
			sum += one(buf + at, len);
			at += RECORD_HEAD + len;
			packets++;
		}
		memmove(buf, buf + at, have - at);
		have -= at;
		at = 0;
	}
	printf("%llu %llu", (unsigned long long)packets, (unsigned long long)sum);
}

int main(int argc, char **argv)
{
	int has_flows = argc == 3 && !strcmp(argv[2], "flows");
	uint8_t *buf = malloc(BUFFER);
	int fd = argc == 2 || has_flows ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0 || !buf) {
		fprintf(stderr, "usage: bench_walk FILE [flows]\n");
		return 2;
	}
	if (has_flows)
		make_table(FLOWS_FIRST);
	run(fd, buf, has_flows ? walk_flows : walk_bare);
	if (has_flows)
		printf(" %zu", table.count);
	printf("\n");
	close(fd);
	free(buf);
	free(table.places);
	return 0;
}
