// SPDX-License-Identifier: GPL-2.0-or-later
/* walk - the least that reading a capture can cost: every record once through a buffer,
 * every header looked at, nothing kept.
 *
 *   bench_walk FILE   -> "PACKETS SUM" */
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

static unsigned get16(const uint8_t *p)
{
	return (unsigned)(p[0] << 8 | p[1]);
}

static uint64_t ports(unsigned proto, const uint8_t *p, size_t len)
{
	if ((proto == 6 && len >= 20) || (proto == 17 && len >= 8))
		return get16(p) + get16(p + 2) + proto;
	return proto;
}

static uint64_t walk6(const uint8_t *p, size_t len)
{
	unsigned next = p[6];
	size_t at = 40;

	for (int i = 0; i < EXTENSIONS_MAX && at + 8 <= len; i++) {
		if (next != 0 && next != 43 && next != 60)
			break;
		next = p[at];
		at += 8U + p[at + 1] * 8U;
	}
	return at <= len ? ports(next, p + at, len - at) : next;
}

static uint64_t walk(const uint8_t *p, size_t len)
{
	size_t at = 12;

	if (len < 14)
		return 0;
	while (at + 6 <= len && (get16(p + at) == 0x8100 || get16(p + at) == 0x88a8))
		at += 4;
	unsigned type = get16(p + at);
	at += 2;
	if (type == 0x0800 && len >= at + 20) {
		size_t head = (p[at] & 15) * 4U;
		if (head >= 20 && at + head <= len)
			return ports(p[at + 9], p + at + head, len - at - head);
	}
	if (type == 0x86dd && len >= at + 40)
		return walk6(p + at, len - at);
	return type;
}

int main(int argc, char **argv)
{
	uint8_t *buf = malloc(BUFFER);
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	uint64_t packets = 0, sum = 0;
	size_t have = 0, at = FILE_HEAD;
	uint32_t len;
	ssize_t n;

	if (fd < 0 || !buf) {
		fprintf(stderr, "usage: bench_walk FILE\n");
		return 2;
	}
	while ((n = read(fd, buf + have, BUFFER - have)) > 0) {
		have += (size_t)n;
		while (have >= at + RECORD_HEAD) {
			memcpy(&len, buf + at + 8, sizeof len);
			if (len > BUFFER / 2 || have < at + RECORD_HEAD + len)
				break;
			sum += walk(buf + at + RECORD_HEAD, len);
			at += RECORD_HEAD + len;
			packets++;
		}
		memmove(buf, buf + at, have - at);
		have -= at;
		at = 0;
	}
	printf("%llu %llu\n", (unsigned long long)packets, (unsigned long long)sum);
	close(fd);
	free(buf);
	return 0;
}
