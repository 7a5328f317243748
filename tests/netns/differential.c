// SPDX-License-Identifier: GPL-2.0-or-later
/* differential - pushes random policies and flows through policy_evaluate and through
 * the kernels of gateways with real enforcers, and compares verdict and rule.
 *
 *   differential --gate NAME GATEWAY-NETNS FAR-NETNS ENFORCER [KEY=VALUE...] ...
 *                [--flows FILE | --cases N] [--seed N] [--only SEED...] [--triggers]
 *                [--held]
 *
 * FAR-NETNS has the other ends of the gateway's cables: d0 (the device's bridge port),
 * p0 (another one) and w0 (the world). FILE has flows to use instead of random ones: a
 * line "capture NAME", then one "out|in PEER PROTO DEVICE-PORT PEER-PORT TYPE CODE" for
 * each flow of that; as many trials are made of each capture as it has flows. --only
 * makes the rounds of these seeds first; with --triggers rules wait for some, which are
 * armed and run out; with --held devices are held in all ways. Exit 1 when something differed. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "model/ids.h"
#include "netns/differential.h"
#include "message_send.h"

#define GATES_MAX 4
#define TRIALS_EACH 50 /* of a round: frames of one policy */
#define FLOWS_MAX 1000000
#define CAPTURES_MAX 4096
#define CAPTURE_TRIALS_MAX 2000 /* of one with a flood in it */
#define DIFFERENCES_MAX 5
#define WAIT_MS 60000
#define SETTLE_MS 2000 /* a frame takes microseconds; this is for a machine that stalls */
#define QUIET_MS 5
#define ROOM (16 << 20)
#define ANSWER_BIT 0x10000U /* not of the 16 that are an echo's identifier */
#define SEED_STEP 0x2545f4914f6cdd1dULL
#define SEED_DEFAULT 20261122

static const int gateway_protos[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP,
	IPPROTO_ICMPV6, IPPROTO_GRE, IPPROTO_SCTP};
#define GATEWAY_PROTOS (sizeof gateway_protos / sizeof *gateway_protos)
enum port { PORT_DEVICE, PORT_PEER, PORT_WORLD, PORT_GATEWAY,
	PORT_MAX = PORT_GATEWAY + 2 * GATEWAY_PROTOS };

struct gate {
	const char *name, *gateway_ns, *far_ns, *program;
	char **settings;
	int setting_count;
	int parent, engine;
	pid_t pid;
	int ports[PORT_MAX];
	bool arrived[CASES_MAX];
	uint64_t counted[ELEMENTS_MAX];
};

static struct gate gates[GATES_MAX];
static unsigned gate_count;
static struct world world;
static struct flow *flows;
static struct capture {
	char name[128];
	size_t first, count; /* in flows */
} captures[CAPTURES_MAX], *capture; /* whose trials are made; NULL: random ones */
static size_t flow_count, capture_count;
static struct trial batch[CASES_MAX]; /* frames sent together */
static bool expected[CASES_MAX];
static unsigned batch_count;
static unsigned long trials_done, allowed, differences, rounds;
static unsigned long pressed, waited, held_back, to_sink;
static unsigned long answers, by_way[3], by_family[2], by_direction[2], by_name;
static uint64_t seq;

static void fail(const char *what)
{
	fprintf(stderr, "differential: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* ---- the enforcers ---- */

static void send_to(int fd, const struct message *m, int pass_fd)
{
	if (message_send(fd, m, pass_fd))
		fail("an enforcer hung up");
}

/* The next message that an enforcer answers with; what it tells of itself is no answer. */
static void message_await(const struct gate *g, int fd, struct message *ret)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint8_t buf[MESSAGE_MAX];

	do {
		if (poll(&p, 1, WAIT_MS) <= 0)
			fail(g->name);
		ssize_t n = recv(fd, buf, sizeof buf, 0);
		if (n <= 0 || message_decode(buf, (size_t)n, ret))
			fail(g->name);
	} while (ret->type == MESSAGE_SEEN_VIOLATION || ret->type == MESSAGE_PORT ||
		 ret->type == MESSAGE_LEARNED);
}

static void expect_type(const struct gate *g, const struct message *m, int type)
{
	if ((int)m->type == type)
		return;
	errno = EPROTO;
	fail(g->name);
}

static void setting_send(const struct gate *g, const char *key, const char *value)
{
	struct message m = {.type = MESSAGE_CONFIG};

	(void)str_copy(m.config.key, sizeof m.config.key, key);
	(void)str_copy(m.config.value, sizeof m.config.value, value);
	send_to(g->parent, &m, -1);
}

static int pair(int *ret_other)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		fail("socketpair");
	*ret_other = fds[1];
	return fds[0];
}

static void namespace_enter(const char *name)
{
	char path[128];

	(void)str_print(path, sizeof path, "/run/netns/%s", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		fail(path);
	close(fd);
}

static void gate_start(struct gate *g)
{
	struct message m = {.type = MESSAGE_CONFIG_END};
	int other;

	g->parent = pair(&other);
	g->pid = fork();
	if (!g->pid) {
		namespace_enter(g->gateway_ns);
		if (dup2(other, 3) < 0)
			_exit(127);
		execl(g->program, g->program, (char *)NULL);
		_exit(127);
	}
	close(other);
	for (int i = 0; i < g->setting_count; i++) {
		char *value = strchr(g->settings[i], '=');
		if (!value)
			fail(g->settings[i]);
		*value = '\0';
		setting_send(g, g->settings[i], value + 1);
	}
	send_to(g->parent, &m, -1);
	message_await(g, g->parent, &m);
	expect_type(g, &m, MESSAGE_HELLO);
	g->engine = pair(&other);
	m = (struct message){.type = MESSAGE_PEER};
	m.peer.role = ROLE_ENGINE;
	send_to(g->parent, &m, other);
	close(other);
	message_await(g, g->engine, &m);
	expect_type(g, &m, MESSAGE_ENFORCER_READY);
	if (strcmp(m.enforcer_ready.backend, g->name) != 0) {
		fprintf(stderr, "differential: %s runs with the back end %s: %s\n", g->name,
			m.enforcer_ready.backend, m.enforcer_ready.text);
		exit(2);
	}
}

static void everybody(const struct message *m)
{
	for (unsigned i = 0; i < gate_count; i++)
		send_to(gates[i].engine, m, -1);
}

static void txn_begin(void)
{
	struct message m = {.type = MESSAGE_TXN_BEGIN};

	m.txn_begin.seq = ++seq;
	everybody(&m);
}

static void txn_element(bool remove, const struct element *e)
{
	struct message m;

	message_from_element(&m, remove, e);
	everybody(&m);
}

static void txn_commit(void)
{
	struct message m = {.type = MESSAGE_TXN_COMMIT};

	m.txn_commit.seq = seq;
	everybody(&m);
	for (unsigned i = 0; i < gate_count; i++) {
		message_await(&gates[i], gates[i].engine, &m);
		expect_type(&gates[i], &m, MESSAGE_TXN_DONE);
		if (!m.txn_done.error)
			continue;
		world_print(&world, &world.trials[0]);
		fprintf(stderr, "differential: %s refused: %s\n", gates[i].name,
			m.txn_done.text);
		exit(1);
	}
}

/* ---- the house ---- */

static void device_lay(unsigned n)
{
	struct element e = {.kind = ELEMENT_MANAGED, .mac = device_mac(n)};
	struct addr addrs[3];

	txn_element(false, &e);
	device_addrs(n, addrs);
	for (int i = 0; i < 3; i++) {
		e = (struct element){.family = addrs[i].family, .device = addrs[i]};
		e.kind = ELEMENT_POLICED;
		txn_element(false, &e);
		e.kind = ELEMENT_OWNED;
		txn_element(false, &e);
		e.kind = ELEMENT_BOUND;
		e.mac = device_mac(n);
		txn_element(false, &e);
	}
}

static void house_lay(void)
{
	static const char *const locals[] = {"10.1.0.0/24", "fd00:1::/64", "fe80::/10"};

	txn_begin();
	for (size_t i = 0; i < 3; i++) {
		struct element e = {.kind = ELEMENT_LOCAL};
		struct prefix p;
		if (prefix_parse(locals[i], &p))
			fail(locals[i]);
		prefix_range(&p, &e.peer_lo, &e.peer_hi);
		e.family = p.addr.family;
		txn_element(false, &e);
	}
	for (unsigned n = 0; n < DEVICES; n++)
		device_lay(n);
	txn_commit();
}

static int port_open(int family, int type, int proto)
{
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, proto), room = ROOM;

	if (fd < 0)
		fail("socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
	return fd;
}

static void ports_open(struct gate *g)
{
	static const char *const names[] = {"d0", "p0", "w0"};

	namespace_enter(g->far_ns);
	for (int i = 0; i < 3; i++) {
		struct sockaddr_ll at = {.sll_family = AF_PACKET,
			.sll_protocol = htons(3), /* ETH_P_ALL */
			.sll_ifindex = (int)if_nametoindex(names[i])};
		g->ports[i] = port_open(AF_PACKET, SOCK_RAW, htons(3));
		if (bind(g->ports[i], (struct sockaddr *)&at, sizeof at))
			fail(names[i]);
	}
	namespace_enter(g->gateway_ns);
	for (size_t i = 0; i < GATEWAY_PROTOS; i++) {
		g->ports[PORT_GATEWAY + 2 * i] =
			port_open(AF_INET, SOCK_RAW, gateway_protos[i]);
		g->ports[PORT_GATEWAY + 2 * i + 1] =
			port_open(AF_INET6, SOCK_RAW, gateway_protos[i]);
	}
}

/* ---- trials ---- */

static enum port port_from(const struct trial *t)
{
	if (t->flow.direction == DIRECTION_FROM_DEVICE)
		return PORT_DEVICE;
	return t->way == WAY_ROUTED ? PORT_WORLD : PORT_PEER;
}

/* Where it arrives; a bridge floods, so elsewhere means nothing. */
static enum port port_to(const struct trial *t)
{
	if (t->flow.direction == DIRECTION_TO_DEVICE)
		return PORT_DEVICE;
	return t->way == WAY_ROUTED ? PORT_WORLD
	       : t->way == WAY_GATEWAY ? PORT_GATEWAY : PORT_PEER;
}

static void port_read(struct gate *g, int port)
{
	uint8_t data[2048];
	struct sockaddr_storage from;
	socklen_t len = sizeof from;
	ssize_t n;
	uint32_t id;

	while ((n = recvfrom(g->ports[port], data, sizeof data, 0,
			(struct sockaddr *)&from, &len)) >= 0) {
		const struct sockaddr_ll *ll = (const void *)&from;
		bool sent = from.ss_family == AF_PACKET &&
			    ll->sll_pkttype == PACKET_OUTGOING;
		len = sizeof from;
		if (sent || !frame_id(data, (size_t)n, &id))
			continue;
		for (unsigned i = 0; i < batch_count; i++) {
			enum port to = port_to(&batch[i]);
			if (batch[i].id == id &&
				(port < PORT_GATEWAY ? (int)to == port
						     : to == PORT_GATEWAY))
				g->arrived[i] = true;
		}
	}
}

/* Whether all that should have arrived did. */
static bool gate_look(struct gate *g)
{
	for (int port = 0; port < PORT_MAX; port++)
		port_read(g, port);
	for (unsigned i = 0; i < batch_count; i++)
		if (expected[i] && !g->arrived[i])
			return false;
	return true;
}

static void batch_send(void)
{
	uint8_t frame[FRAME_MAX];

	for (unsigned i = 0; i < gate_count; i++)
		memset(gates[i].arrived, 0, sizeof gates[i].arrived);
	for (unsigned i = 0; i < batch_count; i++) {
		const struct trial *t = &batch[i];
		size_t len = frame_build(&world, t, frame);
		for (unsigned k = 0; k < gate_count; k++)
			if (send(gates[k].ports[port_from(t)], frame, len, 0) < 0)
				fail("send");
	}
	bool settled = false;
	for (int ms = 0; ms < SETTLE_MS && !settled; ms++) {
		usleep(ms ? 1000 : 0);
		settled = true;
		for (unsigned k = 0; k < gate_count; k++)
			settled &= gate_look(&gates[k]);
	}
	usleep(QUIET_MS * 1000); /* what should not arrive might still */
	for (unsigned k = 0; k < gate_count; k++)
		(void)gate_look(&gates[k]);
}

/* ---- counts ---- */

/* Nothing but its key, as no back end keeps more. */
static struct element key_of(const struct element *e)
{
	bool out = e->kind == ELEMENT_OUT || e->kind == ELEMENT_OUT_RANGE;
	struct element key = {.kind = e->kind, .family = e->family, .peer_lo = e->peer_lo,
		.peer_hi = e->peer_hi, .proto_lo = e->proto_lo, .proto_hi = e->proto_hi};

	if (out)
		key.mac = e->mac;
	else
		key.device = e->device;
	if (e->kind != ELEMENT_OUT)
		key.device_port = e->device_port;
	if (e->kind != ELEMENT_IN)
		key.peer_port = e->peer_port;
	key.gate = e->gate;
	return key;
}

static bool same_key(const struct element *a, const struct element *b)
{
	struct element x = key_of(a), y = key_of(b);

	return !element_compare(&x, &y);
}

static void count_note(struct gate *g, const struct message_count *m)
{
	struct element e;

	if (message_to_count(m, &e))
		fail("a malformed count");
	for (size_t i = 0; i < world.element_count; i++) {
		if (!same_key(&world.elements[i], &e))
			continue;
		g->counted[i] += m->packets;
		return;
	}
}

static void counts_ask(struct gate *g)
{
	struct message m = {.type = MESSAGE_COUNTS_WANTED};

	memset(g->counted, 0, world.element_count * sizeof *g->counted);
	send_to(g->engine, &m, -1);
	do {
		message_await(g, g->engine, &m);
		if (m.type == MESSAGE_COUNT)
			count_note(g, &m.count);
	} while (m.type == MESSAGE_COUNT);
	expect_type(g, &m, MESSAGE_COUNTS_END);
}

static void differs(const struct gate *g, const struct trial *t, const char *what)
{
	world_print(&world, t);
	fprintf(stderr, "  %s: %s%s%s\n", g->name, what, capture ? ", capture " : "",
		capture ? capture->name : "");
	if (++differences >= DIFFERENCES_MAX) {
		fprintf(stderr, "differential: that is enough\n");
		exit(1);
	}
}

/* Such a frame goes over the bridge and to the gateway: the nft back end judges, and
 * counts, it in both tables. */
static bool to_group(const struct trial *t)
{
	return addr_is_multicast(&t->flow.peer) ||
	       addr_is_limited_broadcast(&t->flow.peer);
}

/* Which element let what pass: the packets of those of each rule. */
static void compare_rules(const struct gate *g)
{
	for (size_t i = 0; i < world.element_count; i++) {
		const struct trial *last = NULL;
		uint64_t packets = 0, twice = 0;
		size_t first = 0; /* an element that two names give is one */
		while (!same_key(&world.elements[first], &world.elements[i]))
			first++;
		if (first < i)
			continue;
		for (unsigned k = 0; k < world.trial_count; k++)
			if (world.trials[k].element >= 0 &&
				same_key(&world.elements[world.trials[k].element],
					&world.elements[i])) {
				last = &world.trials[k];
				packets++;
				twice += to_group(last);
			}
		if (g->counted[i] >= packets &&
			g->counted[i] <= packets + (strcmp(g->name, "nft") ? 0 : twice))
			continue;
		char text[128];
		(void)str_print(text, sizeof text,
			"element %zu of rule %u counted %llu, expected %llu", i,
			world.of[i], (unsigned long long)g->counted[i],
			(unsigned long long)packets);
		differs(g, last ? last : &world.trials[0], text);
	}
}

static void batch_compare(const char *what)
{
	char text[64];

	for (unsigned i = 0; i < batch_count; i++)
		for (unsigned k = 0; k < gate_count; k++) {
			if (gates[k].arrived[i] == expected[i])
				continue;
			(void)str_print(text, sizeof text, "%s %s", what,
				expected[i] ? "did not arrive" : "arrived");
			differs(&gates[k], &batch[i], text);
		}
}

static void batch_make(const struct trial *trials, unsigned count)
{
	batch_count = count;
	memcpy(batch, trials, count * sizeof *batch);
	for (unsigned i = 0; i < count; i++)
		expected[i] = batch[i].verdict.kind == VERDICT_ALLOW;
	batch_send();
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Before anything is armed; while it is, unless the machine was too slow for that; and
 * after. */
static void stages_make(void)
{
	const unsigned *ends = world.stage_ends;
	uint64_t begun;

	batch_make(world.trials, ends[0]);
	batch_compare("it");
	if (ends[2] == ends[0])
		return;
	begun = now_ms();
	batch_make(world.presses, world.press_count);
	batch_compare("the trigger");
	batch_make(world.trials + ends[0], ends[1] - ends[0]);
	if (now_ms() - begun < OPEN_S * 1000 - 500) {
		batch_compare("while armed, it");
		pressed += world.press_count;
	}
	usleep((OPEN_S * 1000 + 200) * 1000); /* the kernel's coarse clock lags a little */
	batch_make(world.trials + ends[1], ends[2] - ends[1]);
	batch_compare("afterwards, it");
}

static void trials_make(void)
{
	stages_make();
	for (unsigned i = 0; i < world.trial_count; i++) {
		const struct trial *t = &world.trials[i];
		bool allow = t->verdict.kind == VERDICT_ALLOW;
		if (allow != (t->element >= 0))
			differs(&gates[0], t, "elements and evaluator differ");
		if (!t->rule_agrees)
			differs(&gates[0], t, "the elements are another rule's");
		allowed += allow;
		held_back += t->verdict.kind == VERDICT_QUARANTINE ||
			     t->verdict.kind == VERDICT_REDIRECT;
		to_sink += t->verdict.kind == VERDICT_REDIRECT;
		waited += allow && world.elements[t->element].gate;
		by_name += allow && world.elements[t->element].timeout_s;
		by_way[t->way]++;
		by_family[t->flow.peer.family == 6]++;
		by_direction[t->flow.direction]++;
	}
	/* what waits may overlap anything: which of them counts a packet is anybody's guess */
	for (unsigned k = 0; k < gate_count && !world_triggers; k++) {
		counts_ask(&gates[k]);
		compare_rules(&gates[k]);
	}
	trials_done += world.trial_count;
	rounds++;
}

/* The peer's answer to a packet that opened a conversation; false: there is none, or
 * nobody of whom we would know that it arrived. */
static bool to_answer(const struct trial *t, struct trial *ret)
{
	struct trial r = *t;
	uint8_t request = t->flow.proto == FLOW_PROTO_ICMP ? 8 : 128;
	bool icmp = t->flow.proto == (t->flow.peer.family == 4 ? FLOW_PROTO_ICMP
							       : FLOW_PROTO_ICMP6);

	if (t->verdict.kind != VERDICT_ALLOW || to_group(t) || t->way == WAY_GATEWAY)
		return false;
	if (t->flow.proto != FLOW_PROTO_TCP && t->flow.proto != FLOW_PROTO_UDP &&
		!(icmp && t->flow.icmp_type == request && !t->flow.icmp_code))
		return false;
	r.flow.direction = 1 - t->flow.direction;
	r.first = icmp ? (uint16_t)((request == 8 ? 0 : 129) << 8) : t->second;
	r.second = t->first;
	r.id = t->id ^ ANSWER_BIT;
	*ret = r; /* whatever it answers, no device plays DHCP server */
	return !policy_is_rogue(&r.flow);
}

static void answers_make(bool expect, const char *what)
{
	batch_count = 0;
	for (unsigned i = 0; i < world.trial_count; i++)
		if (to_answer(&world.trials[i], &batch[batch_count]))
			expected[batch_count++] = expect;
	batch_send();
	batch_compare(what);
	answers += batch_count;
}

/* Each round begins where nothing is allowed and nothing under way. */
static void round_of(uint64_t seed, unsigned trials)
{
	struct message forget = {.type = MESSAGE_FORGET};

	world_make(&world, seed, trials, capture ? flows + capture->first : NULL,
		capture ? capture->count : 0);
	txn_begin();
	for (size_t i = 0; i < world.element_count; i++)
		txn_element(false, &world.elements[i]);
	txn_commit();
	trials_make();
	answers_make(true, "its answer");
	forget.forget.mac = world.device.mac;
	forget.forget.addrs.count = 3;
	memcpy(forget.forget.addrs.addrs, world.addrs, sizeof world.addrs);
	txn_begin();
	everybody(&forget);
	for (size_t i = 0; i < world.element_count; i++)
		txn_element(true, &world.elements[i]);
	txn_commit();
	answers_make(false, "the answer after all was forbidden");
	world_free(&world);
}

/* ---- the command line ---- */

static void flow_read(const char *line)
{
	unsigned proto, device_port, peer_port, type, code;
	struct flow *to = &flows[flow_count];
	char way[8], peer[ADDR_TEXT_MAX];

	if (sscanf(line, "%7s %45s %u %u %u %u %u", way, peer, &proto, &device_port,
		    &peer_port, &type, &code) != 7 ||
		addr_parse(peer, &to->peer) || !capture_count || flow_count == FLOWS_MAX)
		fail(line);
	to->direction = way[0] == 'o' ? DIRECTION_FROM_DEVICE : DIRECTION_TO_DEVICE;
	to->proto = (uint8_t)proto;
	to->device_port = (uint16_t)device_port;
	to->peer_port = (uint16_t)peer_port;
	to->icmp_type = (uint8_t)type;
	to->icmp_code = (uint8_t)code;
	flow_count++;
	captures[capture_count - 1].count++;
}

static void flows_read(const char *path)
{
	char line[256];
	FILE *f = fopen(path, "r");

	flows = calloc(FLOWS_MAX, sizeof *flows);
	if (!f || !flows)
		fail(path);
	while (fgets(line, sizeof line, f)) {
		if (strncmp(line, "capture ", 8) != 0) {
			flow_read(line);
			continue;
		}
		if (capture_count == CAPTURES_MAX)
			fail("too many captures");
		captures[capture_count].first = flow_count;
		line[strcspn(line, "\n")] = '\0';
		(void)str_copy(captures[capture_count++].name, sizeof captures->name,
			line + 8);
	}
	fclose(f);
}

/* Some captures have nothing but what stands outside policy: no endless search. */
static void rounds_make(uint64_t seed, unsigned long cases)
{
	unsigned long until = trials_done + cases;

	for (uint64_t i = 0; trials_done < until && i <= cases / TRIALS_EACH + 10; i++) {
		unsigned long left = until - trials_done;
		round_of(seed + i * SEED_STEP,
			left < TRIALS_EACH ? (unsigned)left : TRIALS_EACH);
	}
}

static void captures_make(uint64_t seed)
{
	for (capture = captures; capture < captures + capture_count; capture++) {
		size_t n = capture->count;
		rounds_make(seed + (uint64_t)(capture - captures),
			n < CAPTURE_TRIALS_MAX ? n : CAPTURE_TRIALS_MAX);
	}
}

static char **gate_parse(char **word)
{
	struct gate *g = &gates[gate_count++];

	if (gate_count > GATES_MAX || !word[0] || !word[1] || !word[2] || !word[3])
		fail("--gate NAME GATEWAY-NETNS FAR-NETNS ENFORCER [KEY=VALUE...]");
	*g = (struct gate){.name = word[0], .gateway_ns = word[1], .far_ns = word[2],
		.program = word[3], .settings = word + 4};
	for (word += 4; *word && strncmp(*word, "--", 2) != 0; word++)
		g->setting_count++;
	return word;
}

static void gates_end(void)
{
	struct message m = {.type = MESSAGE_SHUTDOWN};

	m.shutdown.open_network = true;
	for (unsigned i = 0; i < gate_count; i++) {
		send_to(gates[i].parent, &m, -1);
		waitpid(gates[i].pid, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	uint64_t seed = SEED_DEFAULT;
	unsigned long cases = 0;
	char **word = argv + 1, **only = NULL;

	while (*word) {
		if (!strcmp(*word, "--gate"))
			word = gate_parse(word + 1);
		else if (!strcmp(*word, "--triggers"))
			world_triggers = true, word++;
		else if (!strcmp(*word, "--held"))
			world_held = true, word++;
		else if (!strcmp(*word, "--only"))
			for (only = ++word; *word && strncmp(*word, "--", 2) != 0;)
				word++;
		else if (word + 1 < argv + argc && !strcmp(*word, "--flows"))
			flows_read(*++word), word++;
		else if (word + 1 < argv + argc && !strcmp(*word, "--seed"))
			seed = strtoull(*++word, NULL, 0), word++;
		else if (word + 1 < argv + argc && !strcmp(*word, "--cases"))
			cases = strtoul(*++word, NULL, 0), word++;
		else
			fail(*word);
	}
	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < gate_count; i++) {
		ports_open(&gates[i]);
		gate_start(&gates[i]);
	}
	house_lay();
	for (; only && *only && strncmp(*only, "--", 2) != 0; only++)
		round_of(strtoull(*only, NULL, 0), TRIALS_EACH);
	if (capture_count)
		captures_make(seed);
	else
		rounds_make(seed, cases);
	gates_end();
	printf("%lu trials in %lu rounds: %lu allowed (%lu by names); %lu bridged, %lu "
	       "routed, %lu for the gateway; %lu of IPv6; %lu to the device; %lu "
	       "answers; %lu after a trigger of %lu pressed; %lu refused as held, %lu of "
	       "them meant for the sink; %lu differences\n",
		trials_done, rounds, allowed, by_name, by_way[WAY_BRIDGED],
		by_way[WAY_ROUTED], by_way[WAY_GATEWAY], by_family[1],
		by_direction[DIRECTION_TO_DEVICE], answers, waited, pressed, held_back, to_sink,
		differences);
	return differences ? 1 : 0;
}
