// SPDX-License-Identifier: GPL-2.0-or-later
/* update - how long a change of permissions takes: through a real enforcer, and by
 * forking nft(8) for the same change. Plays parent and engine of the enforcer.
 *
 *   bench_update ENFORCER LAN GATEWAY-MAC NFT bpf|nft
 *                         -> "ready BACKEND PID" of the enforcer
 *   load DEVICES ENTRIES  -> "NANOSECONDS PEAK-KIB"  of the enforcer
 *   answer N              -> N times in nanoseconds; one new name's address each
 *   fork N TABLE...       -> the same by nft, into set out4 of these ("inet:cardea")
 *   mixed N               -> "MEDIAN P99 MOST" in nanoseconds of N updates: new,
 * renewed, and removed ones, of which all have expired names N               -> "done":
 * N devices may ask for all names below bench.example file PATH             ->
 * "NANOSECONDS PEAK-KIB"  of `nft -f PATH` end
 *
 * An "answer" is one element with a lifetime. Its time runs from before TXN_BEGIN is
 * written until TXN_DONE is read. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "model/element.h"
#include "model/ids.h"
#include "model/messages.h"
#include "model/name_hash.h"
#include "message_send.h"

#define WAIT_MS 60000
#define BATCH 50000 /* elements per transaction of a load */
#define ANSWER_TTL 300
#define EXPIRED_TTL 1
#define EXPIRED_WAIT_US 2500000 /* until the kernel has certainly seen it */
#define MIXED_MAX 100000
#define NAMES_BELOW "bench.example"
#define PORT 8883
#define UDP 17
#define DNS 53
#define GATEWAY 0x0a4fff01U /* as in bench/traffic.py */

extern char **environ;

struct update {
	int parent, engine;
	pid_t pid;
	uint64_t seq;
	uint32_t answers;
	struct name_key key;
	struct message_pack pack; /* as the engine's: see engine/commit.c */
	char *nft;
};

static void fail(const char *what)
{
	fprintf(stderr, "bench_update: %s\n", what);
	exit(2);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void send_to(int fd, const struct message *m, int pass_fd)
{
	if (message_send(fd, m, pass_fd))
		fail("the enforcer hung up");
}

/* What the enforcer tells by itself. */
static bool is_news(const struct message *m)
{
	return m->type == MESSAGE_PORT || m->type == MESSAGE_LEARNED ||
	       m->type == MESSAGE_SEEN_VIOLATION;
}

static void message_await(int fd, enum message_type type, struct message *ret)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint8_t buf[MESSAGE_MAX];

	do {
		if (poll(&p, 1, WAIT_MS) <= 0)
			fail("the enforcer is silent");
		ssize_t n = recv(fd, buf, sizeof buf, 0);
		if (n <= 0 || message_decode(buf, (size_t)n, ret))
			fail("the enforcer has hung up");
	} while (is_news(ret));
	if (ret->type != type)
		fail("the enforcer answers something else");
}

static void config_send(const struct update *u, const char *key, const char *value)
{
	struct message m = {.type = MESSAGE_CONFIG};

	(void)str_copy(m.config.key, sizeof m.config.key, key);
	(void)str_copy(m.config.value, sizeof m.config.value, value);
	send_to(u->parent, &m, -1);
}

static int pair(int *ret_other)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		fail("socketpair");
	*ret_other = fds[1];
	return fds[0];
}

static void enforcer_start(struct update *u, char **argv)
{
	struct message m = {.type = MESSAGE_CONFIG_END};
	int other;

	u->parent = pair(&other);
	u->pid = fork();
	if (!u->pid) {
		if (dup2(other, 3) < 0)
			_exit(127);
		execl(argv[1], argv[1], (char *)NULL);
		_exit(127);
	}
	close(other);
	config_send(u, "lan", argv[2]);
	config_send(u, "gateway_mac", argv[3]);
	config_send(u, "nflog_group", "7");
	config_send(u, "backend", argv[5]);
	send_to(u->parent, &m, -1);
	message_await(u->parent, MESSAGE_HELLO, &m);
	u->engine = pair(&other);
	m = (struct message){.type = MESSAGE_PEER};
	m.peer.role = ROLE_ENGINE;
	send_to(u->parent, &m, other);
	close(other);
	message_await(u->engine, MESSAGE_ENFORCER_READY, &m);
	u->key.k0 = m.enforcer_ready.name_key0;
	u->key.k1 = m.enforcer_ready.name_key1;
	printf("ready %s %d\n", m.enforcer_ready.backend, (int)u->pid);
	fflush(stdout);
}

static void pack_send(struct update *u)
{
	if (send(u->engine, u->pack.bytes, u->pack.len, MSG_NOSIGNAL) < 0)
		fail("the enforcer hung up");
	u->pack.len = 0;
}

static void pack_add(struct update *u, const struct message *m)
{
	if (!message_pack_add(&u->pack, m))
		return;
	pack_send(u);
	if (message_pack_add(&u->pack, m))
		fail("a message that is none");
}

static void txn_begin(struct update *u)
{
	struct message m = {.type = MESSAGE_TXN_BEGIN};

	m.txn_begin.seq = ++u->seq;
	pack_add(u, &m);
}

static void txn_commit(struct update *u)
{
	struct message m = {.type = MESSAGE_TXN_COMMIT};

	m.txn_commit.seq = u->seq;
	pack_add(u, &m);
	pack_send(u);
	message_await(u->engine, MESSAGE_TXN_DONE, &m);
	if (m.txn_done.error)
		fail(m.txn_done.text);
}

static struct addr addr_of(uint32_t v4)
{
	struct addr a = {.family = 4};

	for (int i = 0; i < 4; i++)
		a.b[i] = (uint8_t)(v4 >> (24 - 8 * i));
	return a;
}

static struct mac mac_of(uint32_t device)
{
	struct mac m = {{2, 0, 1, (uint8_t)(device >> 16), (uint8_t)(device >> 8),
		(uint8_t)device}};

	return m;
}

static void element_send(struct update *u, const struct element *e, bool remove)
{
	struct message m;

	message_from_element(&m, remove, e);
	pack_add(u, &m);
}

static struct element out_of(uint32_t device, uint32_t peer, uint32_t timeout)
{
	struct element e = {.kind = ELEMENT_OUT,
		.family = 4,
		.mac = mac_of(device),
		.peer_lo = addr_of(peer),
		.peer_hi = addr_of(peer),
		.proto_lo = UDP,
		.proto_hi = UDP,
		.device_port = {0, 65535},
		.peer_port = {PORT, PORT},
		.timeout_s = timeout};

	return e;
}

static void out_send(
	struct update *u, uint32_t device, uint32_t peer, uint32_t timeout)
{
	struct element e = out_of(device, peer, timeout);

	element_send(u, &e, false);
}

static unsigned long enforcer_peak(const struct update *u)
{
	unsigned long kib = 0;
	char path[64], line[128];

	(void)str_print(path, sizeof path, "/proc/%d/status", (int)u->pid);
	FILE *f = fopen(path, "r");
	if (!f)
		fail(path);
	while (fgets(line, sizeof line, f) && sscanf(line, "VmHWM: %lu", &kib) != 1)
		;
	fclose(f);
	return kib;
}

/* The peers of a load: 198.18.0.0 + entry. */
#define PEER_FIRST 0xc6120000U
/* Those of later answers, one address nobody had before for each. */
#define ANSWER_FIRST 0x0b000000U
#define FORK_FIRST 0x0c000000U
#define EXPIRED_FIRST 0x0d000000U
#define MIXED_FIRST 0x0e000000U

static void do_load(struct update *u, uint32_t devices, uint32_t entries)
{
	uint64_t start = now();
	uint32_t open = 0;

	for (uint32_t d = 0; d < devices; d++) {
		for (uint32_t i = 0; i < entries; i++) {
			if (!open)
				txn_begin(u);
			out_send(u, d, PEER_FIRST + d * entries + i, 0);
			if (++open == BATCH) {
				txn_commit(u);
				open = 0;
			}
		}
	}
	if (open)
		txn_commit(u);
	printf("%llu %lu\n", (unsigned long long)(now() - start), enforcer_peak(u));
}

static void do_answers(struct update *u, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint64_t start = now();
		txn_begin(u);
		out_send(u, u->answers % 1000, ANSWER_FIRST + u->answers, ANSWER_TTL);
		txn_commit(u);
		printf("%llu ", (unsigned long long)(now() - start));
		u->answers++;
	}
	printf("\n");
}

/* The usage of one finished nft. */
static uint64_t nft_run(const struct update *u, char *const argv[], struct rusage *ret)
{
	uint64_t start = now();
	int status;
	pid_t pid;

	if (posix_spawn(&pid, u->nft, NULL, NULL, argv, environ))
		fail("nft does not start");
	if (wait4(pid, &status, 0, ret) != pid || status)
		fail("nft failed");
	return now() - start;
}

/* "add element" for each table, the family and name of which have a colon between. */
static void fork_command(char *buf, size_t size, uint32_t answer, const char *tables)
{
	char mac[MAC_TEXT_MAX], addr[ADDR_TEXT_MAX], copy[128], *save = NULL;
	struct mac m = mac_of(answer % 1000);
	struct addr a = addr_of(FORK_FIRST + answer);
	size_t used = 0;

	(void)mac_format(&m, mac);
	(void)addr_format(&a, addr);
	(void)str_copy(copy, sizeof copy, tables);
	for (char *t = strtok_r(copy, " \n", &save); t;
		t = strtok_r(NULL, " \n", &save)) {
		char *name = strchr(t, ':');
		if (!name)
			fail(tables);
		*name++ = 0;
		used += (size_t)snprintf(buf + used, size - used,
			"add element %s %s out4 { %s . %s . udp . %d timeout %ds };", t,
			name, mac, addr, PORT, ANSWER_TTL);
		if (used >= size)
			fail(tables);
	}
}

static void do_forks(struct update *u, uint32_t count, const char *tables)
{
	char command[512];
	struct rusage usage;

	for (uint32_t i = 0; i < count; i++) {
		fork_command(command, sizeof command, u->answers++, tables);
		char *argv[] = {u->nft, command, NULL};
		printf("%llu ", (unsigned long long)nft_run(u, argv, &usage));
	}
	printf("\n");
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* What update i is: two new ones, one that is there already, one that has expired. */
static void mixed_send(struct update *u, uint32_t i)
{
	uint32_t first = MIXED_FIRST + u->answers;
	struct element e;

	switch (i % 4) {
	case 2:
		out_send(u, i % 1000, first + i - 1, ANSWER_TTL);
		break;
	case 3:
		e = out_of(i / 4 % 1000, EXPIRED_FIRST + i / 4, 0);
		element_send(u, &e, true);
		break;
	default:
		out_send(u, (i + i % 4) % 1000, first + i, ANSWER_TTL);
	}
}

static void do_mixed(struct update *u, uint32_t count)
{
	static uint64_t took[MIXED_MAX];

	if (!count || count > MIXED_MAX)
		fail("mixed: too many");
	txn_begin(u);
	for (uint32_t i = 0; i < count / 4; i++)
		out_send(u, i % 1000, EXPIRED_FIRST + i, EXPIRED_TTL);
	txn_commit(u);
	usleep(EXPIRED_WAIT_US);
	for (uint32_t i = 0; i < count; i++) {
		uint64_t start = now();
		txn_begin(u);
		mixed_send(u, i);
		txn_commit(u);
		took[i] = now() - start;
	}
	u->answers += count;
	qsort(took, count, sizeof *took, compare);
	printf("%llu %llu %llu\n", (unsigned long long)took[count / 2],
		(unsigned long long)took[count - 1 - count / 100],
		(unsigned long long)took[count - 1]);
}

/* Devices as bench/traffic.py numbers them, up to 250. */
static void do_names(struct update *u, uint32_t count)
{
	struct element e;

	txn_begin(u);
	e = (struct element){.kind = ELEMENT_LOCAL,
		.family = 4,
		.peer_lo = addr_of(0x0a400000U),
		.peer_hi = addr_of(0x0a4fffffU)};
	element_send(u, &e, false);
	for (uint32_t d = 0; d < count && d < 250; d++) {
		struct addr own = addr_of(0x0a400001U + d);
		e = (struct element){.kind = ELEMENT_MANAGED, .mac = mac_of(d)};
		element_send(u, &e, false);
		for (int kind = ELEMENT_POLICED; kind <= ELEMENT_OWNED; kind++) {
			e = (struct element){.kind = (enum element_kind)kind,
				.family = 4,
				.device = own};
			if (kind == ELEMENT_BOUND)
				e.mac = mac_of(d);
			element_send(u, &e, false);
		}
		e = out_of(d, GATEWAY, 0);
		e.peer_port = (struct range16){DNS, DNS};
		element_send(u, &e, false);
		e = (struct element){.kind = ELEMENT_NAME,
			.mac = mac_of(d),
			.name_hash = name_hash(&u->key, NAMES_BELOW),
			.name_suffix = true,
			.proto_lo = UDP,
			.proto_hi = UDP,
			.device_port = {0, 65535},
			.peer_port = {PORT, PORT}};
		element_send(u, &e, false);
	}
	txn_commit(u);
	printf("done\n");
}

static void do_file(struct update *u, char *path)
{
	char option[] = "-f";
	char *argv[] = {u->nft, option, path, NULL};
	struct rusage usage;
	uint64_t took = nft_run(u, argv, &usage);

	printf("%llu %ld\n", (unsigned long long)took, usage.ru_maxrss);
}

static void command(struct update *u, char *line)
{
	unsigned a, b;
	int at = 0;
	char path[256];

	if (sscanf(line, "load %u %u", &a, &b) == 2)
		do_load(u, a, b);
	else if (sscanf(line, "answer %u", &a) == 1)
		do_answers(u, a);
	else if (sscanf(line, "fork %u %n", &a, &at) == 1 && at)
		do_forks(u, a, line + at);
	else if (sscanf(line, "mixed %u", &a) == 1)
		do_mixed(u, a);
	else if (sscanf(line, "names %u", &a) == 1)
		do_names(u, a);
	else if (sscanf(line, "file %255s", path) == 1)
		do_file(u, path);
	else
		fail(line);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static struct update u;
	char line[512];

	if (argc != 6)
		fail("usage: bench_update ENFORCER LAN GATEWAY-MAC NFT bpf|nft");
	signal(SIGPIPE, SIG_IGN);
	u.nft = argv[4];
	enforcer_start(&u, argv);
	while (fgets(line, sizeof line, stdin) && strncmp(line, "end", 3) != 0)
		command(&u, line);
	struct message m = {.type = MESSAGE_SHUTDOWN};
	send_to(u.parent, &m, -1);
	waitpid(u.pid, NULL, 0);
	return 0;
}
