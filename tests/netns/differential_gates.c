// SPDX-License-Identifier: GPL-2.0-or-later
/* differential_gates - real enforcers, told of the house as the engine would tell them, and
 * the ends of their gateways' cables. */
#include "netns/differential_gates.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "message_send.h"
#include "model/ids.h"

#define WAIT_MS 60000
#define ROOM (16 << 20)

static const int gateway_protos[GATEWAY_PROTOS] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP,
	IPPROTO_ICMPV6, IPPROTO_GRE, IPPROTO_SCTP};
static uint64_t seq;

/* ---- the enforcers ---- */

void send_to(int fd, const struct message *m, int pass_fd)
{
	if (message_send(fd, m, pass_fd))
		fail("an enforcer hung up");
}

void message_await(struct gate *g, int fd, struct message *ret)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint8_t buf[MESSAGE_MAX];

	do {
		if (poll(&p, 1, WAIT_MS) <= 0)
			fail(g->name);
		ssize_t n = recv(fd, buf, sizeof buf, 0);
		if (n <= 0 || message_decode(buf, (size_t)n, ret))
			fail(g->name);
		if (ret->type == MESSAGE_SEEN_VIOLATION)
			report_add(g, &ret->seen_violation);
	} while (ret->type == MESSAGE_SEEN_VIOLATION || ret->type == MESSAGE_PORT ||
		 ret->type == MESSAGE_LEARNED);
}

void expect_type(const struct gate *g, const struct message *m, int type)
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

void namespace_enter(const char *name)
{
	char path[128];

	(void)str_print(path, sizeof path, "/run/netns/%s", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		fail(path);
	close(fd);
}

void gate_start(struct gate *g)
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

void everybody(const struct message *m)
{
	for (unsigned i = 0; i < gate_count; i++)
		send_to(gates[i].engine, m, -1);
}

void txn_begin(void)
{
	struct message m = {.type = MESSAGE_TXN_BEGIN};

	m.txn_begin.seq = ++seq;
	everybody(&m);
}

void txn_element(bool remove, const struct element *e)
{
	struct message m;

	message_from_element(&m, remove, e);
	everybody(&m);
}

void txn_commit(void)
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

void device_lay(unsigned n, bool remove)
{
	struct element e = {.kind = ELEMENT_MANAGED, .mac = device_mac(n)};
	struct addr addrs[3];

	txn_element(remove, &e);
	device_addrs(n, addrs);
	for (int i = 0; i < 3; i++) {
		e = (struct element){.family = addrs[i].family, .device = addrs[i]};
		e.kind = ELEMENT_POLICED;
		txn_element(remove, &e);
		e.kind = ELEMENT_OWNED;
		txn_element(remove, &e);
		e.kind = ELEMENT_BOUND;
		e.mac = device_mac(n);
		txn_element(remove, &e);
	}
}

void house_lay(void)
{
	static const char *const locals[] = {LOCAL4, LOCAL6, "fe80::/10"};
	static const char *const gateways[] = {GATEWAY4, GATEWAY6};

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
	for (size_t i = 0; i < 2; i++) {
		struct element e = {.kind = ELEMENT_OWNED, .device = to_addr(gateways[i])};
		e.family = e.device.family;
		txn_element(false, &e);
		e.kind = ELEMENT_BOUND;
		e.mac = (struct mac)MAC_GATEWAY;
		txn_element(false, &e);
	}
	device_lay(BYSTANDER, false);
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

void ports_open(struct gate *g)
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
	reports_open(g);
}

void gates_end(void)
{
	struct message m = {.type = MESSAGE_SHUTDOWN};

	m.shutdown.open_network = true;
	for (unsigned i = 0; i < gate_count; i++) {
		send_to(gates[i].parent, &m, -1);
		waitpid(gates[i].pid, NULL, 0);
	}
}
