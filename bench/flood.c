// SPDX-License-Identifier: GPL-2.0-or-later
/* flood - sends frames as fast as one core can and says what that cost.
 *
 *   bench_flood OUT-INTERFACE SINK-INTERFACE FRAMES CPU
 *   run COUNT next|pick|fresh   -> "COUNT CPU-NANOSECONDS ARRIVED LATE"
 *
 * FRAMES is a file of 60-byte UDP frames. next takes them in order, pick draws them at
 * random, fresh also gives each a source port of its own: every packet a new
 * conversation. On virtual cables all the forwarding is done in soft interrupts on this
 * thread, so its CPU time is the whole cost of a packet; LATE counts those that arrived
 * only afterwards, whose cost this would miss. */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FRAME 60
#define FRAMES_MAX 100000
#define BATCH 64
#define SPORT_AT 34 /* Ethernet 14, IPv4 20 */
#define PORT_FIRST 2000
#define PORT_COUNT 60000
#define PATIENCE_MS 300

struct flood {
	int fd;
	const char *sink;
	uint8_t *frames;
	size_t count, next;
	uint32_t random, port;
	uint8_t scratch[BATCH][FRAME];
	struct iovec iov[BATCH];
	struct mmsghdr messages[BATCH];
};

static void fail(const char *what)
{
	fprintf(stderr, "bench_flood: ");
	perror(what);
	exit(2);
}

static uint64_t cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Received packets of the sink. The kernel keeps them per interface, exactly. */
static uint64_t arrived(const char *interface)
{
	FILE *f = fopen("/proc/thread-self/net/dev", "r");
	size_t len = strlen(interface);
	unsigned long long bytes, packets = 0;
	char line[512];

	if (!f)
		fail("net/dev");
	while (fgets(line, sizeof line, f)) {
		const char *name = line + strspn(line, " ");
		if (!strncmp(name, interface, len) && name[len] == ':' &&
			sscanf(name + len + 1, "%llu %llu", &bytes, &packets) == 2)
			break;
	}
	fclose(f);
	return packets;
}

static uint32_t draw(struct flood *f)
{
	f->random ^= f->random << 13;
	f->random ^= f->random >> 17;
	f->random ^= f->random << 5;
	return f->random;
}

static void frame_choose(struct flood *f, size_t slot, char mode)
{
	size_t i = mode == 'n' ? f->next++ % f->count : draw(f) % f->count;
	uint8_t *frame = f->frames + i * FRAME;

	if (mode == 'f') {
		uint16_t port = htons((uint16_t)(PORT_FIRST + f->port++ % PORT_COUNT));
		memcpy(f->scratch[slot], frame, FRAME);
		memcpy(f->scratch[slot] + SPORT_AT, &port, sizeof port);
		frame = f->scratch[slot];
	}
	f->iov[slot].iov_base = frame;
}

static void send_all(struct flood *f, size_t count, char mode)
{
	for (size_t sent = 0; sent < count;) {
		unsigned n = count - sent < BATCH ? (unsigned)(count - sent) : BATCH;
		for (unsigned i = 0; i < n; i++)
			frame_choose(f, i, mode);
		for (unsigned done = 0; done < n;) {
			int k = sendmmsg(f->fd, f->messages + done, n - done, 0);
			if (k < 0)
				fail("sendmmsg");
			done += (unsigned)k;
		}
		sent += n;
	}
}

static void run(struct flood *f, size_t count, char mode)
{
	uint64_t before = arrived(f->sink), start = cpu_now();

	send_all(f, count, mode);
	uint64_t cost = cpu_now() - start, at_once = arrived(f->sink) - before;
	uint64_t in_all = at_once;
	for (int i = 0; i < PATIENCE_MS && in_all < count; i++) {
		usleep(1000);
		in_all = arrived(f->sink) - before;
	}
	printf("%zu %llu %llu %llu\n", count, (unsigned long long)cost,
		(unsigned long long)in_all, (unsigned long long)(in_all - at_once));
	fflush(stdout);
}

static void frames_load(struct flood *f, const char *path)
{
	FILE *file = fopen(path, "rb");

	f->frames = malloc((size_t)FRAMES_MAX * FRAME);
	if (!file || !f->frames)
		fail(path);
	f->count = fread(f->frames, FRAME, FRAMES_MAX, file);
	fclose(file);
	if (!f->count)
		fail("no frames");
}

static void socket_open(struct flood *f, const char *interface)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(interface)};
	int on = 1;

	f->fd = socket(AF_PACKET, SOCK_RAW, 0); /* 0: it receives nothing */
	if (f->fd < 0 || bind(f->fd, (struct sockaddr *)&to, sizeof to) < 0)
		fail(interface);
	if (setsockopt(f->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on))
		fail("PACKET_QDISC_BYPASS");
}

int main(int argc, char **argv)
{
	static struct flood f = {.random = 2463534242};
	unsigned long count;
	char line[64], mode[8];
	cpu_set_t cpus;

	if (argc != 5) {
		fprintf(stderr, "usage: bench_flood OUT SINK FRAMES CPU\n");
		return 2;
	}
	CPU_ZERO(&cpus);
	CPU_SET((unsigned)atoi(argv[4]), &cpus);
	if (sched_setaffinity(0, sizeof cpus, &cpus))
		fail("the CPU");
	f.sink = argv[2];
	frames_load(&f, argv[3]);
	socket_open(&f, argv[1]);
	for (unsigned i = 0; i < BATCH; i++) {
		f.iov[i].iov_len = FRAME;
		f.messages[i].msg_hdr.msg_iov = &f.iov[i];
		f.messages[i].msg_hdr.msg_iovlen = 1;
	}
	while (fgets(line, sizeof line, stdin) &&
		sscanf(line, "run %lu %7s", &count, mode) == 2)
		run(&f, count, mode[0]);
	free(f.frames);
	return 0;
}
