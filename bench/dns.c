// SPDX-License-Identifier: GPL-2.0-or-later
/* dns - a device that asks for addresses, and takes the time.
 *
 *   bench_dns SERVER SINK-PORT
 *   NAME [WORD ...]  -> "NANOSECONDS ADDRESS", or "NANOSECONDS -" without an address
 *
 * aaaa: asks for an IPv6 address. tcp: over TCP, in one connection that stays. send: a
 * datagram goes to SINK-PORT of the address before the answer is printed: nothing that a
 * device could do comes sooner after the answer. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
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
#define MESSAGE_MAX 4096
#define TYPE_A 1
#define TYPE_AAAA 28

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct asker {
	union address server;
	uint16_t sink_port;
	int udp, tcp, out4, out6; /* tcp: -1 before it is used */
	uint16_t id;
};

struct question {
	const char *name;
	bool v6, stream, send;
};

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

/* A question for the name's addresses; its length. */
static size_t query_build(uint8_t buf[512], unsigned id, const char *name, unsigned type)
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
	put16(buf + n, type);
	put16(buf + n + 2, 1);
	return n + 4;
}

/* The first record's address behind a question of that length, or false. Servers that
 * compress names write the owner as a pointer; ours all do. */
static bool answer_read(const uint8_t *p, size_t len, size_t at, bool v6, void *ret)
{
	unsigned width = v6 ? 16 : 4;

	if (len < HEADER || !get16(p + 6))
		return false;
	while (at < len && p[at] && (p[at] & 0xc0) != 0xc0)
		at += p[at] + 1U;
	at += at < len && p[at] ? 2 : 1;
	if (at + 10 + width > len || get16(p + at) != (v6 ? TYPE_AAAA : TYPE_A) ||
		get16(p + at + 8) != width)
		return false;
	memcpy(ret, p + at + 10, width);
	return true;
}

static int server_open(const union address *server, int type)
{
	int fd = socket(server->any.sa_family, type, 0), one = 1;
	socklen_t len =
		server->any.sa_family == AF_INET ? sizeof server->v4 : sizeof server->v6;

	if (fd < 0 || connect(fd, &server->any, len))
		fail("the server");
	if (type == SOCK_STREAM)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

static ssize_t datagram_await(int fd, unsigned id, uint8_t *buf, size_t size)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	while (poll(&p, 1, WAIT_MS) > 0) {
		ssize_t n = recv(fd, buf, size, 0);
		if (n >= HEADER && get16(buf) == id)
			return n;
	}
	return 0;
}

/* One message of a stream, its length taken off; 0 when it ended or took too long. */
static ssize_t stream_await(int fd, uint8_t *buf, size_t size)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t have = 0;

	while (poll(&p, 1, WAIT_MS) > 0) {
		ssize_t n = recv(fd, buf + have, size - have, 0);
		if (n <= 0)
			return 0;
		have += (size_t)n;
		if (have >= 2 && have >= 2U + get16(buf)) {
			memmove(buf, buf + 2, have - 2);
			return (ssize_t)have - 2;
		}
	}
	return 0;
}

/* Servers close a connection that is idle: the next question opens another one. */
static ssize_t stream_ask(
	struct asker *a, const uint8_t *query, size_t len, uint8_t *reply, size_t size)
{
	uint8_t framed[514];

	put16(framed, (unsigned)len);
	memcpy(framed + 2, query, len);
	for (int tries = 0; tries < 2; tries++) {
		if (a->tcp < 0)
			a->tcp = server_open(&a->server, SOCK_STREAM);
		if (send(a->tcp, framed, len + 2, MSG_NOSIGNAL) > 0) {
			ssize_t n = stream_await(a->tcp, reply, size);
			if (n > 0)
				return n;
		}
		close(a->tcp);
		a->tcp = -1;
	}
	return 0;
}

static void send_first(const struct asker *a, const char *name, union address *to, bool v6)
{
	ssize_t n;

	if (v6) {
		to->v6.sin6_family = AF_INET6;
		to->v6.sin6_port = htons(a->sink_port);
		n = sendto(a->out6, name, strlen(name), 0, &to->any, sizeof to->v6);
	} else {
		to->v4.sin_family = AF_INET;
		to->v4.sin_port = htons(a->sink_port);
		n = sendto(a->out4, name, strlen(name), 0, &to->any, sizeof to->v4);
	}
	if (n < 0)
		fail("sendto");
}

static void ask(struct asker *a, const struct question *q)
{
	uint8_t query[512], reply[MESSAGE_MAX];
	char text[INET6_ADDRSTRLEN] = "-";
	union address to = {0};
	void *address = q->v6 ? (void *)&to.v6.sin6_addr : (void *)&to.v4.sin_addr;
	ssize_t n;

	a->id++;
	size_t len = query_build(query, a->id, q->name, q->v6 ? TYPE_AAAA : TYPE_A);
	if (q->stream && a->tcp < 0)
		a->tcp = server_open(&a->server, SOCK_STREAM);
	uint64_t start = now();
	if (q->stream) {
		n = stream_ask(a, query, len, reply, sizeof reply);
	} else {
		if (send(a->udp, query, len, 0) < 0)
			fail("send");
		n = datagram_await(a->udp, a->id, reply, sizeof reply);
	}
	uint64_t took = now() - start;
	if (n > 0 && answer_read(reply, (size_t)n, len, q->v6, address)) {
		if (q->send)
			send_first(a, q->name, &to, q->v6);
		inet_ntop(q->v6 ? AF_INET6 : AF_INET, address, text, sizeof text);
	}
	printf("%llu %s\n", (unsigned long long)took, text);
	fflush(stdout);
}

static bool question_read(char *line, struct question *ret)
{
	char *rest, *word = strtok_r(line, " \n", &rest);

	*ret = (struct question){.name = word};
	if (!word)
		return false;
	while ((word = strtok_r(NULL, " \n", &rest))) {
		ret->v6 = ret->v6 || !strcmp(word, "aaaa");
		ret->stream = ret->stream || !strcmp(word, "tcp");
		ret->send = ret->send || !strcmp(word, "send");
	}
	return true;
}

static bool server_read(const char *text, union address *ret)
{
	*ret = (union address){0};
	if (inet_pton(AF_INET, text, &ret->v4.sin_addr) == 1) {
		ret->v4.sin_family = AF_INET;
		ret->v4.sin_port = htons(53);
		return true;
	}
	ret->v6.sin6_family = AF_INET6;
	ret->v6.sin6_port = htons(53);
	return inet_pton(AF_INET6, text, &ret->v6.sin6_addr) == 1;
}

int main(int argc, char **argv)
{
	struct asker a = {.tcp = -1};
	struct question q;
	char line[512];

	if (argc != 3 || !server_read(argv[1], &a.server)) {
		fprintf(stderr, "usage: bench_dns SERVER SINK-PORT\n");
		return 2;
	}
	a.sink_port = (uint16_t)strtoul(argv[2], NULL, 10);
	a.udp = server_open(&a.server, SOCK_DGRAM);
	a.out4 = socket(AF_INET, SOCK_DGRAM, 0);
	a.out6 = socket(AF_INET6, SOCK_DGRAM, 0);
	if (a.out4 < 0 || a.out6 < 0)
		fail("socket");
	while (fgets(line, sizeof line, stdin))
		if (question_read(line, &q))
			ask(&a, &q);
	return 0;
}
