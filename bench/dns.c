// SPDX-License-Identifier: GPL-2.0-or-later
/* dns - a device that asks for addresses, and takes the time.
 *
 *   bench_dns SERVER SINK-PORT
 *   NAME            -> "NANOSECONDS ADDRESS", or "NANOSECONDS -" without an address
 *   NAME udp        -> the same, and a datagram to the address at once
 *
 * The datagram goes to SINK-PORT of the address before the answer is printed: nothing
 * that a device could do comes sooner after the answer. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 3000
#define HEADER 12
#define NAME_MAX_WIRE 255
#define TYPE_A 1

static void fail(const char *what)
{
	fprintf(stderr, "bench_dns: ");
	perror(what);
	exit(2);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static unsigned get16(const uint8_t *p)
{
	return (unsigned)(p[0] << 8 | p[1]);
}

/* A question for the name's A records; its length. */
static size_t query_build(uint8_t buf[512], unsigned id, const char *name)
{
	size_t n = HEADER;

	memset(buf, 0, HEADER);
	put16(buf, id);
	buf[2] = 1; /* recursion desired */
	buf[5] = 1; /* one question */
	while (*name) {
		size_t len = strcspn(name, ".");
		if (!len || len > 63 || n + len > HEADER + NAME_MAX_WIRE)
			fail("the name");
		buf[n++] = (uint8_t)len;
		memcpy(buf + n, name, len);
		n += len;
		name += len + (name[len] == '.');
	}
	buf[n++] = 0;
	put16(buf + n, TYPE_A);
	put16(buf + n + 2, 1);
	return n + 4;
}

/* The first A record's address behind a question of that length, or false. Servers that
 * compress names write the owner as a pointer; ours all do. */
static int answer_read(const uint8_t *p, size_t len, size_t at, struct in_addr *ret)
{
	if (len < HEADER || !get16(p + 6))
		return 0;
	while (at < len && p[at] && (p[at] & 0xc0) != 0xc0)
		at += p[at] + 1U;
	at += at < len && p[at] ? 2 : 1;
	if (at + 14 > len || get16(p + at) != TYPE_A || get16(p + at + 8) != 4)
		return 0;
	memcpy(ret, p + at + 10, 4);
	return 1;
}

static ssize_t await(int fd, unsigned id, uint8_t *buf, size_t size)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	while (poll(&p, 1, WAIT_MS) > 0) {
		ssize_t n = recv(fd, buf, size, 0);
		if (n >= HEADER && get16(buf) == id)
			return n;
	}
	return 0;
}

static void ask(int fd, int out, unsigned port, const char *name, int then_send)
{
	static unsigned id;
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	uint8_t query[512], reply[4096];
	char text[INET_ADDRSTRLEN] = "-";

	id = (id + 1) & 0xffff;
	size_t len = query_build(query, id, name);
	uint64_t start = now();
	if (send(fd, query, len, 0) < 0)
		fail("send");
	ssize_t n = await(fd, id, reply, sizeof reply);
	uint64_t took = now() - start;
	if (n > 0 && answer_read(reply, (size_t)n, len, &to.sin_addr)) {
		if (then_send &&
			sendto(out, name, strlen(name), 0, (struct sockaddr *)&to,
				sizeof to) < 0)
			fail("sendto");
		inet_ntop(AF_INET, &to.sin_addr, text, sizeof text);
	}
	printf("%llu %s\n", (unsigned long long)took, text);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(53)};
	char line[512], name[256], then[8];

	if (argc != 3 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1) {
		fprintf(stderr, "usage: bench_dns SERVER SINK-PORT\n");
		return 2;
	}
	int fd = socket(AF_INET, SOCK_DGRAM, 0), out = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || out < 0 || connect(fd, (struct sockaddr *)&server, sizeof server))
		fail(argv[1]);
	while (fgets(line, sizeof line, stdin)) {
		int words = sscanf(line, "%255s %7s", name, then);
		if (words >= 1)
			ask(fd, out, (unsigned)strtoul(argv[2], NULL, 10), name, words == 2);
	}
	return 0;
}
