// SPDX-License-Identifier: GPL-2.0-or-later
/* enforcer_drive - plays parent and engine for a real enforcer, from lines on stdin:
 *
 *   config KEY VALUE            kept for every start
 *   start                       -> "ready kept=0 pid=123" or "failed"
 *   engine                      a new engine channel -> "ready ..."
 *   [remove] managed MAC
 *   [remove] policed ADDR | bound MAC ADDR | owned ADDR | local PREFIX
 *   [remove] out MAC ADDR PROTO PORT [timeout S]
 *   [remove] outr MAC PREFIX PROTO DEVICE-PORTS PEER-PORTS [timeout S|told]
 *   [remove] inr ADDR PREFIX PROTO DEVICE-PORTS PEER-PORTS [timeout S|told]
 *   [remove] in ADDR ADDR PROTO PORT [timeout S]
 *   [remove] ether-out|ether-in MAC TYPE MAC|any
 *   [remove] limit bytes|packets MAC|ADDR RATE
 *   [remove] name MAC exact|suffix NAME PROTO PORT
 *   many N out MAC ADDR PROTO [timeout S]      N ports from 1 on
 *                               and after 60,000 from 1 on again at the next address
 *   forget MAC ADDR...
 *   commit | sync               sends what was collected -> "done error=0 ms=3 text"
 *   half                        sends what was collected without the commit
 *   counts [bytes]              -> for each a line "KIND FAMILY DEVICE PEERS PROTOS
 *                               DEVICE-PORTS PEER-PORTS TABLE PACKETS [BYTES]", then "end"
 *   slow                        wants counts and reads nothing for 1 s, then
 *                               -> "end N" or "closed N" after N counts
 *   junk                        a malformed message -> "closed" when the channel ends
 *   kill                        SIGKILL -> "killed"
 *   events                      what the enforcer told by itself, a line for each as
 *                               "port NAME covered|open|gone TEXT", "refused from|to MAC
 *                               DEVICE PEER PROTO DEVICE-PORT PEER-PORT REASON PACKETS",
 *                               "learned MAC HASH ADDR TTL", then "end"
 *   shutdown open|keep          -> "exit 0"
 *
 * PROTO is tcp, udp, icmp, icmpv6, any or a number; ports are N, N-M or any; PREFIX may
 * be "any4" or "any6". Every command that waits answers with one line. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

#define WORDS_MAX 32
#define CONFIG_MAX 64
#define ITEMS_MAX 140000
#define PORTS_EACH 60000
#define SLOW_US 1000000
#define WAIT_MS 60000
#define TOLD_MAX 4096
#define TOLD_WAIT_MS 150 /* for what is on its way */

struct drive {
	const char *program;
	struct message config[CONFIG_MAX];
	size_t config_count;
	struct message *items;
	size_t item_count;
	struct message told[TOLD_MAX]; /* without being asked */
	size_t told_count;
	struct name_key key;
	uint64_t seq;
	int parent, engine;
	pid_t pid;
};

static void fail(const char *what)
{
	fprintf(stderr, "enforcer_drive: %s\n", what);
	exit(2);
}

/* One message, or false at the end of the channel. */
static bool receive_within(int fd, struct message *ret, int wait_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint8_t buf[MESSAGE_MAX];

	if (poll(&p, 1, wait_ms) <= 0)
		return false;
	ssize_t n = recv(fd, buf, sizeof buf, 0);
	return n > 0 && !message_decode(buf, (size_t)n, ret);
}

static bool receive_message(int fd, struct message *ret)
{
	return receive_within(fd, ret, WAIT_MS);
}

static bool is_told(struct drive *d, const struct message *m)
{
	if (m->type != MESSAGE_PORT && m->type != MESSAGE_SEEN_VIOLATION &&
		m->type != MESSAGE_LEARNED)
		return false;
	if (d->told_count < TOLD_MAX)
		d->told[d->told_count++] = *m;
	return true;
}

/* The next that is an answer. */
static bool receive_answer(struct drive *d, struct message *ret)
{
	do
		if (!receive_message(d->engine, ret))
			return false;
	while (is_told(d, ret));
	return true;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void pair(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		fail("socketpair");
}

static void do_engine(struct drive *d)
{
	struct message m = {.type = MESSAGE_PEER};
	int fds[2];

	close_fd(&d->engine);
	pair(fds);
	m.peer.role = ROLE_ENGINE;
	(void)message_send(d->parent, &m, fds[1]);
	close(fds[1]);
	d->engine = fds[0];
	if (!receive_answer(d, &m) || m.type != MESSAGE_ENFORCER_READY)
		printf("failed\n");
	else
		printf("ready kept=%d pid=%d backend=%s %s\n", m.enforcer_ready.kept,
			d->pid, m.enforcer_ready.backend, m.enforcer_ready.text);
	d->key = (struct name_key){
		m.enforcer_ready.name_key0, m.enforcer_ready.name_key1};
}

static void child_exec(const struct drive *d, int fd)
{
	if (fd == 3)
		(void)fcntl(3, F_SETFD, 0);
	else if (dup2(fd, 3) < 0)
		_exit(127);
	execl(d->program, d->program, (char *)NULL);
	_exit(127);
}

static void do_start(struct drive *d)
{
	struct message m;
	int fds[2];

	close_fd(&d->parent);
	pair(fds);
	d->pid = fork();
	if (d->pid < 0)
		fail("fork");
	if (!d->pid)
		child_exec(d, fds[1]);
	close(fds[1]);
	d->parent = fds[0];
	for (size_t i = 0; i < d->config_count; i++)
		(void)message_send(d->parent, &d->config[i], -1);
	m = (struct message){.type = MESSAGE_CONFIG_END};
	(void)message_send(d->parent, &m, -1);
	if (!receive_message(d->parent, &m) || m.type != MESSAGE_HELLO)
		printf("failed\n");
	else
		do_engine(d);
}

static void do_config(struct drive *d, const char *key, const char *value)
{
	if (d->config_count == CONFIG_MAX)
		fail("too many settings");
	struct message *m = &d->config[d->config_count++];
	*m = (struct message){.type = MESSAGE_CONFIG};
	str_copy(m->config.key, sizeof m->config.key, key);
	str_copy(m->config.value, sizeof m->config.value, value);
}

static struct message *item_add(struct drive *d)
{
	if (d->item_count == ITEMS_MAX)
		fail("too many elements");
	return &d->items[d->item_count++];
}

static struct addr to_addr(const char *text)
{
	struct addr a;

	if (addr_parse(text, &a))
		fail(text);
	return a;
}

static struct mac to_mac(const char *text)
{
	struct mac m;

	if (mac_parse(text, &m))
		fail(text);
	return m;
}

static void to_prefix(const char *text, struct element *e)
{
	struct prefix p;

	if (!strcmp(text, "any4"))
		text = "0.0.0.0/0";
	if (!strcmp(text, "any6"))
		text = "::/0";
	if (prefix_parse(text, &p))
		fail(text);
	prefix_range(&p, &e->peer_lo, &e->peer_hi);
	e->family = p.addr.family;
}

static void to_proto(const char *text, struct element *e)
{
	static const struct {
		const char *name;
		uint8_t lo, hi;
	} names[] = {{"tcp", 6, 6}, {"udp", 17, 17}, {"icmp", 1, 1}, {"icmpv6", 58, 58},
		{"any", 0, 255}};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!strcmp(names[i].name, text)) {
			e->proto_lo = names[i].lo;
			e->proto_hi = names[i].hi;
			return;
		}
	}
	e->proto_lo = e->proto_hi = (uint8_t)strtoul(text, NULL, 0);
}

static struct range16 to_ports(const char *text)
{
	char *end;

	if (!strcmp(text, "any"))
		return (struct range16){0, 65535};
	unsigned long lo = strtoul(text, &end, 0), hi = lo;
	if (*end == '-')
		hi = strtoul(end + 1, NULL, 0);
	return (struct range16){(uint16_t)lo, (uint16_t)hi};
}

static int to_ether(char **w, struct element *e)
{
	e->kind = w[0][6] == 'o' ? ELEMENT_ETHER_OUT : ELEMENT_ETHER_IN;
	e->mac = to_mac(w[1]);
	e->ether_type = (uint16_t)strtoul(w[2], NULL, 0);
	if (!strcmp(w[3], "any"))
		memset(e->peer_mac_hi.b, 0xff, sizeof e->peer_mac_hi.b);
	else
		e->peer_mac_lo = e->peer_mac_hi = to_mac(w[3]);
	return 4;
}

static int to_limit(char **w, struct element *e)
{
	bool bytes = w[1][0] == 'b';

	e->rate = strtoull(w[3], NULL, 10);
	if (!mac_parse(w[2], &e->mac)) {
		e->kind = bytes ? ELEMENT_LIMIT_OUT_BYTES : ELEMENT_LIMIT_OUT_PACKETS;
		return 4;
	}
	e->kind = bytes ? ELEMENT_LIMIT_IN_BYTES : ELEMENT_LIMIT_IN_PACKETS;
	e->device = to_addr(w[2]);
	e->family = e->device.family;
	return 4;
}

static int to_exact(char **w, struct element *e)
{
	bool out = !strcmp(w[0], "out");

	e->kind = out ? ELEMENT_OUT : ELEMENT_IN;
	if (out)
		e->mac = to_mac(w[1]);
	else
		e->device = to_addr(w[1]);
	e->peer_lo = e->peer_hi = to_addr(w[2]);
	e->family = e->peer_lo.family;
	to_proto(w[3], e);
	e->device_port = to_ports(out ? "any" : w[4]);
	e->peer_port = to_ports(out ? w[4] : "any");
	return 5;
}

static int to_name(const struct drive *d, char **w, struct element *e)
{
	e->kind = ELEMENT_NAME;
	e->mac = to_mac(w[1]);
	e->name_suffix = w[2][0] == 's';
	e->name_hash = name_hash(&d->key, w[3]);
	to_proto(w[4], e);
	e->peer_port = to_ports(w[5]);
	return 6;
}

/* The words after the kind; how many were used, or 0 for another kind. */
static int to_element(const struct drive *d, char **w, int count, struct element *e)
{
	*e = (struct element){0};
	if (!strncmp(w[0], "ether-", 6) && count >= 4)
		return to_ether(w, e);
	if (!strcmp(w[0], "limit") && count >= 4)
		return to_limit(w, e);
	if (!strcmp(w[0], "name") && count >= 6)
		return to_name(d, w, e);
	if ((!strcmp(w[0], "out") || !strcmp(w[0], "in")) && count >= 5)
		return to_exact(w, e);
	if (!strcmp(w[0], "managed") && count >= 2) {
		*e = (struct element){.kind = ELEMENT_MANAGED, .mac = to_mac(w[1])};
		return 2;
	}
	if ((!strcmp(w[0], "policed") || !strcmp(w[0], "owned")) && count >= 2) {
		e->kind = w[0][0] == 'p' ? ELEMENT_POLICED : ELEMENT_OWNED;
		e->device = to_addr(w[1]);
		e->family = e->device.family;
		return 2;
	}
	if (!strcmp(w[0], "bound") && count >= 3) {
		e->kind = ELEMENT_BOUND;
		e->mac = to_mac(w[1]);
		e->device = to_addr(w[2]);
		e->family = e->device.family;
		return 3;
	}
	if (!strcmp(w[0], "local") && count >= 2) {
		e->kind = ELEMENT_LOCAL;
		to_prefix(w[1], e);
		return 2;
	}
	if ((!strcmp(w[0], "outr") || !strcmp(w[0], "inr")) && count >= 6) {
		e->kind = w[0][0] == 'o' ? ELEMENT_OUT_RANGE : ELEMENT_IN_RANGE;
		if (e->kind == ELEMENT_OUT_RANGE)
			e->mac = to_mac(w[1]);
		else
			e->device = to_addr(w[1]);
		to_prefix(w[2], e);
		to_proto(w[3], e);
		e->device_port = to_ports(w[4]);
		e->peer_port = to_ports(w[5]);
		return 6;
	}
	return 0;
}

static bool do_element(struct drive *d, char **w, int count, bool remove)
{
	struct element e;
	int used = to_element(d, w, count, &e);

	if (!used)
		return false;
	if (count >= used + 2 && !strcmp(w[used], "timeout"))
		e.timeout_s = (uint32_t)strtoul(w[used + 1], NULL, 10);
	if (count > used && !strcmp(w[used], "told"))
		e.gate = ELEMENT_GATE_TOLD;
	message_from_element(item_add(d), remove, &e);
	return true;
}

/* many N out MAC ADDR PROTO [timeout S] */
static void do_many(struct drive *d, char **w, int count)
{
	unsigned long n = strtoul(w[1], NULL, 10);
	char port[8], peer[ADDR_TEXT_MAX];
	struct addr a = to_addr(w[4]);
	uint8_t *last = &a.b[a.family == 4 ? 3 : 15], first = *last;

	for (unsigned long i = 0; i < n; i++) {
		char *words[] = {w[2], w[3], peer, w[5], port, w[6], w[7]};
		*last = (uint8_t)(first + i / PORTS_EACH);
		(void)addr_format(&a, peer);
		(void)str_print(port, sizeof port, "%lu", i % PORTS_EACH + 1);
		if (!do_element(d, words, count >= 8 ? 7 : 5, false))
			fail("many");
	}
}

static void do_forget(struct drive *d, char **w, int count)
{
	struct message *m = item_add(d);

	*m = (struct message){.type = MESSAGE_FORGET};
	m->forget.mac = to_mac(w[1]);
	for (int i = 2; i < count; i++)
		m->forget.addrs.addrs[m->forget.addrs.count++] = to_addr(w[i]);
}

static void send_items(struct drive *d, bool sync)
{
	struct message m = {.type = MESSAGE_TXN_BEGIN};

	m.txn_begin.seq = ++d->seq;
	m.txn_begin.sync = sync;
	(void)message_send(d->engine, &m, -1);
	for (size_t i = 0; i < d->item_count; i++)
		(void)message_send(d->engine, &d->items[i], -1);
	d->item_count = 0;
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void do_commit(struct drive *d, bool sync)
{
	struct message m = {.type = MESSAGE_TXN_COMMIT};
	long long start = now_ms();

	send_items(d, sync);
	m.txn_commit.seq = d->seq;
	(void)message_send(d->engine, &m, -1);
	if (!receive_answer(d, &m) || m.type != MESSAGE_TXN_DONE ||
		m.txn_done.seq != d->seq)
		printf("closed\n");
	else
		printf("done error=%lld ms=%lld %s\n", (long long)m.txn_done.error,
			now_ms() - start, m.txn_done.text);
}

static void print_count(const struct message_count *m, bool bytes)
{
	char device[ADDR_TEXT_MAX], lo[ADDR_TEXT_MAX], hi[ADDR_TEXT_MAX];
	struct element e;

	if (message_to_count(m, &e)) {
		printf("malformed\n");
		return;
	}
	if (e.kind == ELEMENT_OUT || e.kind == ELEMENT_OUT_RANGE)
		(void)mac_format(&e.mac, device);
	else
		(void)addr_format(&e.device, device);
	printf("%s %d %s %s-%s %d-%d %d-%d %d-%d %d %llu", element_kind_name(e.kind),
		e.family, device, addr_format(&e.peer_lo, lo),
		addr_format(&e.peer_hi, hi), e.proto_lo, e.proto_hi, e.device_port.lo,
		e.device_port.hi, e.peer_port.lo, e.peer_port.hi, m->table,
		(unsigned long long)m->packets);
	if (bytes)
		printf(" %llu", (unsigned long long)m->bytes);
	printf("\n");
}

static void do_counts(struct drive *d, bool bytes)
{
	struct message m = {.type = MESSAGE_COUNTS_WANTED};

	(void)message_send(d->engine, &m, -1);
	while (receive_answer(d, &m) && m.type == MESSAGE_COUNT)
		print_count(&m.count, bytes);
	printf("%s\n", m.type == MESSAGE_COUNTS_END ? "end" : "closed");
}

static void do_slow(struct drive *d)
{
	struct message m = {.type = MESSAGE_COUNTS_WANTED};
	unsigned long n = 0;

	(void)message_send(d->engine, &m, -1);
	usleep(SLOW_US);
	while (receive_answer(d, &m) && m.type == MESSAGE_COUNT)
		n++;
	printf("%s %lu\n", m.type == MESSAGE_COUNTS_END ? "end" : "closed", n);
}

static void print_told(const struct message *m)
{
	char mac[MAC_TEXT_MAX], device[ADDR_TEXT_MAX], peer[ADDR_TEXT_MAX];
	const struct message_seen_violation *v = &m->seen_violation;

	if (m->type == MESSAGE_PORT)
		printf("port %s %s %s\n", m->port.name,
			m->port.gone	  ? "gone"
			: m->port.covered ? "covered"
					  : "open",
			m->port.text);
	else if (m->type == MESSAGE_LEARNED)
		printf("learned %s %016llx %s %u\n", mac_format(&m->learned.mac, mac),
			(unsigned long long)m->learned.name_hash,
			addr_format(&m->learned.addr, peer), m->learned.ttl_s);
	else
		printf("refused %s %s %s %s %d %d %d %d %u\n",
			v->direction ? "to" : "from", mac_format(&v->mac, mac),
			addr_format(&v->device, device), addr_format(&v->peer, peer),
			v->proto, v->device_port, v->peer_port, v->reason, v->packets);
}

static void do_events(struct drive *d)
{
	struct message m;

	while (receive_within(d->engine, &m, TOLD_WAIT_MS)) {
		if (!is_told(d, &m))
			fail("an answer that nobody asked for");
	}
	for (size_t i = 0; i < d->told_count; i++)
		print_told(&d->told[i]);
	d->told_count = 0;
	printf("end\n");
}

static void do_junk(struct drive *d)
{
	static const uint8_t junk[] = {0xff, 0xff, 0, 1, 2, 3};
	struct message m;

	(void)send(d->engine, junk, sizeof junk, MSG_NOSIGNAL);
	printf("%s\n", receive_answer(d, &m) ? "answered" : "closed");
}

static void do_shutdown(struct drive *d, bool open_network)
{
	struct message m = {.type = MESSAGE_SHUTDOWN};
	int status = 0;

	m.shutdown.open_network = open_network;
	(void)message_send(d->parent, &m, -1);
	waitpid(d->pid, &status, 0);
	printf("exit %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static void do_kill(struct drive *d)
{
	kill(d->pid, SIGKILL);
	waitpid(d->pid, NULL, 0);
	printf("killed\n");
}

static bool command(struct drive *d, char **w, int count)
{
	if (!strcmp(w[0], "config") && count == 3)
		do_config(d, w[1], w[2]);
	else if (!strcmp(w[0], "start"))
		do_start(d);
	else if (!strcmp(w[0], "engine"))
		do_engine(d);
	else if (!strcmp(w[0], "remove") && count > 1)
		return do_element(d, w + 1, count - 1, true);
	else if (!strcmp(w[0], "many") && count >= 6)
		do_many(d, w, count);
	else if (!strcmp(w[0], "forget") && count >= 2)
		do_forget(d, w, count);
	else if (!strcmp(w[0], "commit") || !strcmp(w[0], "sync"))
		do_commit(d, w[0][0] == 's');
	else if (!strcmp(w[0], "half"))
		send_items(d, false);
	else if (!strcmp(w[0], "counts"))
		do_counts(d, count > 1);
	else if (!strcmp(w[0], "slow"))
		do_slow(d);
	else if (!strcmp(w[0], "events"))
		do_events(d);
	else if (!strcmp(w[0], "junk"))
		do_junk(d);
	else if (!strcmp(w[0], "kill"))
		do_kill(d);
	else if (!strcmp(w[0], "shutdown") && count == 2)
		do_shutdown(d, !strcmp(w[1], "open"));
	else
		return do_element(d, w, count, false);
	return true;
}

int main(int argc, char **argv)
{
	static struct drive d = {.parent = -1, .engine = -1};
	char line[1024];

	if (argc != 2)
		fail("usage: enforcer_drive ENFORCER < script");
	d.program = argv[1];
	d.items = calloc(ITEMS_MAX, sizeof *d.items);
	if (!d.items)
		fail("memory");
	signal(SIGPIPE, SIG_IGN);
	while (fgets(line, sizeof line, stdin)) {
		char *words[WORDS_MAX], *save = NULL;
		int count = 0;
		for (char *w = strtok_r(line, " \n", &save); w && count < WORDS_MAX;
			w = strtok_r(NULL, " \n", &save))
			words[count++] = w;
		if (count && words[0][0] != '#' && !command(&d, words, count))
			fail(words[0]);
		fflush(stdout);
	}
	free(d.items);
	return 0;
}
