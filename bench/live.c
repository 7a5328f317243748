// SPDX-License-Identifier: GPL-2.0-or-later
/* live - readers of a live interface, and what they take: our sensor with the socket
 * that its parent opens for it, to name devices or to learn them, and a bare reader of a
 * TPACKET_V3 ring that looks at each frame's first byte.
 *
 *   bench_live ring INTERFACE CPU
 *   bench_live sensor|learn INTERFACE CPU SENSOR
 *   cpu   -> "NANOSECONDS SEEN DROPPED" of the reader since it began
 *
 * Plays parent and engine of the sensor, and reads whatever it tells. */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "model/ids.h"
#include "model/messages.h"
#include "proc/parent_priv.h"
#include "message_send.h"

#define BLOCK (1U << 20)
#define BLOCKS 32
#define BLOCK_TIMEOUT_MS 10
#define FRAME_LEAST 2048 /* divides a block; frames are packed all the same */
/* As the frames have them: bench/traffic.py. */
#define GATEWAY_MAC "02:00:00:00:00:01"
#define LAN "10.64.0.0/12"

struct live {
	int fd;     /* the socket */
	int engine; /* of the sensor, or -1 */
	pid_t reader;
	unsigned long long seen, dropped;
};

static void fail(const char *what)
{
	fprintf(stderr, "bench_live: ");
	perror(what);
	exit(2);
}

static void send_to(int fd, const struct message *m, int pass_fd)
{
	if (message_send(fd, m, pass_fd))
		fail("the sensor hung up");
}

static int pair(int *ret_other)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		fail("socketpair");
	*ret_other = fds[1];
	return fds[0];
}

/* A child on that CPU, which ends with us. */
static pid_t reader_fork(unsigned cpu)
{
	cpu_set_t cpus;
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (!pid) {
		CPU_ZERO(&cpus);
		CPU_SET(cpu, &cpus);
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) ||
			sched_setaffinity(0, sizeof cpus, &cpus))
			_exit(126);
	}
	return pid;
}

static void setting(int parent, uint32_t ifindex, const char *key, const char *value)
{
	struct message m = {.type = MESSAGE_CONFIG};

	snprintf(m.config.key, sizeof m.config.key, "%s", key);
	snprintf(m.config.value, sizeof m.config.value, "%u %s", ifindex, value);
	send_to(parent, &m, -1);
}

static void sensor_start(struct live *l, uint32_t ifindex, unsigned cpu,
	const char *program, bool learn)
{
	struct message m = {.type = MESSAGE_CONFIG_END};
	int other, parent = pair(&other);
	uint8_t buf[MESSAGE_MAX];

	l->fd = learn ? parent_socket_observe(ifindex) : parent_socket_capture(ifindex);
	if (l->fd < 0)
		fail("the capture socket");
	l->reader = reader_fork(cpu);
	if (!l->reader) {
		if (dup2(other, 3) == 3)
			execl(program, program, (char *)NULL);
		_exit(127);
	}
	close(other);
	if (learn) {
		setting(parent, ifindex, "lan_mac", GATEWAY_MAC);
		setting(parent, ifindex, "lan_prefix", LAN);
	}
	send_to(parent, &m, -1);
	if (recv(parent, buf, sizeof buf, 0) <= 0)
		fail("the sensor does not start");
	m = (struct message){.type = MESSAGE_SOCKET};
	m.socket.kind = learn ? SOCKET_OBSERVE : SOCKET_CAPTURE;
	m.socket.ifindex = ifindex;
	send_to(parent, &m, l->fd);
	l->engine = pair(&other);
	m = (struct message){.type = MESSAGE_PEER};
	m.peer.role = ROLE_ENGINE;
	send_to(parent, &m, other);
	close(other);
}

/* ---- the bare reader ---- */

/* So that no compiler leaves the looking out. */
static volatile unsigned looked_at;

static void block_read(struct tpacket_block_desc *block)
{
	uint8_t *at = (uint8_t *)block + block->hdr.bh1.offset_to_first_pkt;
	unsigned sum = 0;

	for (unsigned i = 0; i < block->hdr.bh1.num_pkts; i++) {
		struct tpacket3_hdr *head = (struct tpacket3_hdr *)at;
		sum += at[head->tp_mac] + head->tp_snaplen;
		at += head->tp_next_offset;
	}
	looked_at = sum;
}

static void ring_read(int fd, uint8_t *ring)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	for (unsigned i = 0;; i = (i + 1) % BLOCKS) {
		struct tpacket_block_desc *block =
			(struct tpacket_block_desc *)(ring + (size_t)i * BLOCK);
		while (!(__atomic_load_n(
				 &block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) &
			 TP_STATUS_USER)) {
			if (poll(&p, 1, -1) < 0)
				_exit(1);
		}
		block_read(block);
		__atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL,
			__ATOMIC_RELEASE);
	}
}

static void ring_start(struct live *l, uint32_t ifindex, unsigned cpu)
{
	struct sockaddr_ll ll = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)ifindex};
	struct tpacket_req3 request = {.tp_block_size = BLOCK,
		.tp_block_nr = BLOCKS,
		.tp_frame_size = FRAME_LEAST,
		.tp_frame_nr = BLOCKS * (BLOCK / FRAME_LEAST),
		.tp_retire_blk_tov = BLOCK_TIMEOUT_MS};
	int version = TPACKET_V3;

	l->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (l->fd < 0 ||
		setsockopt(
			l->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) ||
		setsockopt(l->fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request))
		fail("the ring");
	uint8_t *ring = mmap(NULL, (size_t)BLOCK * BLOCKS, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_POPULATE, l->fd, 0);
	if (ring == MAP_FAILED || bind(l->fd, (struct sockaddr *)&ll, sizeof ll))
		fail("the ring");
	l->reader = reader_fork(cpu);
	if (!l->reader)
		ring_read(l->fd, ring);
}

/* ---- what it took ---- */

static unsigned long long reader_time(const struct live *l)
{
	unsigned long long spent = 0;
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/schedstat", (int)l->reader);
	FILE *f = fopen(path, "r");
	if (!f || fscanf(f, "%llu", &spent) != 1)
		fail(path);
	fclose(f);
	return spent;
}

static void tell(struct live *l)
{
	struct tpacket_stats_v3 stats = {0}; /* begins like those of older versions */
	socklen_t len = sizeof stats;

	/* Reading them sets them to 0. The sensor does so, too, every 10 s: those drops
	 * come with its counts. */
	if (getsockopt(l->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len))
		fail("statistics");
	l->seen += stats.tp_packets;
	l->dropped += stats.tp_drops;
	printf("%llu %llu %llu\n", reader_time(l), l->seen, l->dropped);
	fflush(stdout);
}

static void engine_read(struct live *l)
{
	uint8_t buf[MESSAGE_MAX];
	struct message m;
	ssize_t n = recv(l->engine, buf, sizeof buf, 0);

	if (n <= 0)
		fail("the sensor has ended");
	if (message_decode(buf, (size_t)n, &m))
		return;
	if (m.type == MESSAGE_SENSOR_COUNTS)
		l->dropped += m.sensor_counts.dropped;
	else if (m.type == MESSAGE_OBSERVE_COUNTS)
		l->dropped += m.observe_counts.dropped;
}

int main(int argc, char **argv)
{
	struct live l = {.engine = -1};
	char line[16];

	if (argc < 4 || (argc == 5) != !!strcmp(argv[1], "ring")) {
		fprintf(stderr,
			"usage: bench_live ring|sensor|learn INTERFACE CPU [SENSOR]\n");
		return 2;
	}
	uint32_t ifindex = if_nametoindex(argv[2]);
	unsigned cpu = (unsigned)strtoul(argv[3], NULL, 10);
	if (!ifindex)
		fail(argv[2]);
	if (argc == 5)
		sensor_start(&l, ifindex, cpu, argv[4], !strcmp(argv[1], "learn"));
	else
		ring_start(&l, ifindex, cpu);
	struct pollfd p[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = l.engine, .events = POLLIN}};
	for (;;) {
		if (poll(p, 2, -1) < 0)
			fail("poll");
		if (p[1].revents)
			engine_read(&l);
		if (!p[0].revents)
			continue;
		if (read(STDIN_FILENO, line, sizeof line) <= 0)
			return 0;
		tell(&l);
	}
}
