// SPDX-License-Identifier: GPL-2.0-or-later
/* cardead - starts the processes, hands them what they may have, and brings them back.
 * It reads its configuration and nothing that others wrote. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/ipc.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/sandbox.h"
#include "base/str.h"
#include "model/ids.h"
#include "proc/child.h"
#include "proc/parent_priv.h"

/* A process that ends at once would be started as fast as the machine can: after this
 * many ends within the window it waits. */
#define RESTARTS_AT_ONCE 8
#define RESTART_WINDOW_S 10
#define RESTART_PAUSE_MS 2000
#define STOP_PATIENCE_S 5 /* then SIGKILL */
#define LAN_SETTLE_MS 300 /* addresses come in bursts */

struct parent;

struct parent_process {
	struct ipc ipc;
	struct loop_timer restart;
	struct parent *parent;
	enum role role;
	pid_t pid; /* 0: not there */
	bool ready; /* said HELLO */
	uint32_t restarts, layers;
	nstime window;
	unsigned in_window;
};

struct parent_socket {
	int fd;
	enum socket_kind kind;
	enum role role;
	uint32_t ifindex;
	struct addr addr; /* of a DNS listener */
};

struct parent {
	struct config config;
	struct loop *loop;
	struct parent_lan lan;
	struct parent_process processes[ROLE_MAX];
	struct parent_socket sockets[PARENT_SOCKETS_MAX];
	size_t socket_count;
	int lldp[LIMIT_LANS]; /* of the sockets, those at the ports of each LAN */
	struct loop_fd signals, lan_watch;
	struct loop_timer lan_settle, patience;
	char libexec[CONFIG_STRING_MAX];
	char empty[PARENT_PATH_MAX];
	unsigned layers;
	bool stopping, open_network;
	struct message message;
};

static int to_child(struct parent_process *c, const struct message *m, int fd)
{
	int error = child_send(&c->ipc, m, fd);

	if (error && ipc_is_open(&c->ipc))
		log_warn("parent", "%s does not listen: %s", role_name(c->role),
			error_text(error));
	return error;
}

static void setting(struct parent_process *c, const char *key, const char *value)
{
	struct message *m = &c->parent->message;

	memset(m, 0, sizeof(*m));
	m->type = MESSAGE_CONFIG;
	str_copy(m->config.key, sizeof(m->config.key), key);
	str_copy(m->config.value, sizeof(m->config.value), value);
	(void)to_child(c, m, -1);
}

static void setting_list(struct parent_process *c, const char *key,
	const struct config_list *l)
{
	for (unsigned i = 0; i < l->count; i++)
		setting(c, key, l->items[i]);
}

static void setting_number(struct parent_process *c, const char *key, int64_t n)
{
	char text[24];

	(void)str_print(text, sizeof(text), "%lld", (long long)n);
	setting(c, key, text);
}

static void setting_macs(struct parent_process *c)
{
	const struct parent_lan *lan = &c->parent->lan;
	char text[MAC_TEXT_MAX];

	for (unsigned i = 0; i < lan->interface_count; i++)
		setting(c, "gateway_mac", mac_format(&lan->interfaces[i].mac, text));
}

static void setting_addrs(struct parent_process *c, bool prefixes_only)
{
	const struct parent_lan *lan = &c->parent->lan;
	char text[PREFIX_TEXT_MAX];

	for (unsigned i = 0; i < lan->addr_count; i++) {
		struct prefix p = prefix_of(&lan->addrs[i].addr, lan->addrs[i].prefix_len);

		if (!addr_is_link_local(&lan->addrs[i].addr))
			setting(c, "lan_prefix", prefix_format(&p, text));
		if (!prefixes_only)
			setting(c, "gateway_addr", addr_format(&lan->addrs[i].addr, text));
	}
}

static void settings_enforcer(struct parent_process *c)
{
	const struct parent *p = c->parent;

	for (unsigned i = 0; i < p->lan.interface_count; i++)
		setting(c, "lan", p->lan.interfaces[i].name);
	setting_number(c, "nflog_group", p->config.nflog_group);
	setting_macs(c);
}

static void settings_courier(struct parent_process *c)
{
	const struct config *k = &c->parent->config;

	setting_list(c, "https_ca", &k->mud_https_ca);
	setting_list(c, "mud_anchor", &k->mud_anchors);
	setting(c, "require_signature", k->mud_require_signature ? "yes" : "no");
	setting(c, "allow_private", k->mud_allow_private ? "yes" : "no");
	setting_addrs(c, true);
}

/* All of it each time: the engine forgets what it was told before. */
static void settings_house(struct parent_process *c)
{
	setting(c, "lan_begin", "");
	setting_macs(c);
	setting_addrs(c, false);
}

static void settings_for(struct parent_process *c)
{
	struct parent *p = c->parent;

	setting_number(c, "uid", p->config.uid_base + (int64_t)c->role);
	setting(c, "chroot", c->role == ROLE_ENGINE ? p->config.state_dir : p->empty);
	setting(c, "log_level", p->config.log_level);
	if (c->role == ROLE_ENFORCER)
		settings_enforcer(c);
	if (c->role == ROLE_COURIER)
		settings_courier(c);
	if (c->role == ROLE_RESOLVER) {
		setting_list(c, "upstream", &p->config.dns_upstream);
		setting_number(c, "cache_kb", p->config.dns_cache_kb);
	}
	if (c->role == ROLE_ENGINE)
		settings_house(c);
	memset(&p->message, 0, sizeof(p->message));
	p->message.type = MESSAGE_CONFIG_END;
	(void)to_child(c, &p->message, -1);
}

/* Tells the engine how a process is. */
static void report(struct parent *p, const struct parent_process *c)
{
	struct parent_process *engine = &p->processes[ROLE_ENGINE];
	struct message_process *m = &p->message.process;

	if (!engine->ready)
		return;
	memset(&p->message, 0, sizeof(p->message));
	p->message.type = MESSAGE_PROCESS;
	m->role = (uint8_t)c->role;
	m->pid = (uint32_t)c->pid;
	m->restarts = c->restarts;
	m->layers = c->layers;
	m->running = c->ready;
	(void)to_child(engine, &p->message, -1);
}

static void introduce(struct parent *p, struct parent_process *a,
	struct parent_process *b)
{
	int fds[2];

	if (ipc_pair(fds)) {
		log_error("parent", "no descriptors left");
		return;
	}
	memset(&p->message, 0, sizeof(p->message));
	p->message.type = MESSAGE_PEER;
	p->message.peer.role = (uint8_t)b->role;
	(void)to_child(a, &p->message, fds[0]);
	p->message.peer.role = (uint8_t)a->role;
	(void)to_child(b, &p->message, fds[1]);
	close(fds[0]);
	close(fds[1]);
}

static void hand_socket(struct parent *p, const struct parent_socket *s)
{
	struct parent_process *c = &p->processes[s->role];

	if (!c->ready)
		return;
	memset(&p->message, 0, sizeof(p->message));
	p->message.type = MESSAGE_SOCKET;
	p->message.socket.kind = (uint8_t)s->kind;
	p->message.socket.ifindex = s->ifindex;
	(void)to_child(c, &p->message, s->fd);
}

static void said_hello(struct parent_process *c, const struct message_hello *m)
{
	struct parent *p = c->parent;

	c->ready = true;
	c->layers = m->layers;
	for (size_t i = 0; i < p->socket_count; i++)
		if (p->sockets[i].role == c->role)
			hand_socket(p, &p->sockets[i]);
	for (size_t i = 0; i < ROLE_MAX; i++) {
		struct parent_process *other = &p->processes[i];

		if (other == c || !other->ready || other->role == ROLE_PARENT)
			continue;
		if (c->role == ROLE_ENGINE || other->role == ROLE_ENGINE)
			introduce(p, c, other);
		if (c->role == ROLE_ENGINE)
			report(p, other);
	}
	report(p, c);
	if (c->role == ROLE_ENGINE)
		report(p, &p->processes[ROLE_PARENT]);
}

static void stop(struct parent *p, bool open_network);

/* The engine lost a process that runs (either found fault with the other): channels are
 * handed out at a start, so there must be one. */
static void end_mute(struct parent *p, uint8_t role)
{
	if (role == ROLE_PARENT || role == ROLE_ENGINE || role >= ROLE_MAX ||
		!p->processes[role].ready || p->stopping)
		return;
	log_warn("parent", "the engine has no channel to %s: restarting it",
		role_name((enum role)role));
	kill(p->processes[role].pid, SIGKILL);
}

static int child_said(struct ipc *ipc, const uint8_t *data, size_t len, int fd)
{
	struct parent_process *c = ipc->ctx;
	struct message m;

	if (fd >= 0)
		close(fd);
	if (fd >= 0 || message_decode(data, len, &m))
		return CARDEA_EMALFORMED;
	if (m.type == MESSAGE_HELLO && m.hello.role == c->role && !c->ready) {
		said_hello(c, &m.hello);
		return 0;
	}
	if (m.type == MESSAGE_STOP_WANTED && c->role == ROLE_ENGINE) {
		stop(c->parent, m.stop_wanted.open_network);
		return 0;
	}
	if (m.type == MESSAGE_PEER && c->role == ROLE_ENGINE) {
		end_mute(c->parent, m.peer.role);
		return 0;
	}
	return CARDEA_EMALFORMED;
}

/* A process that closed its channel, or sent nonsense, is ended; SIGCHLD does the rest. */
static void child_closed(struct ipc *ipc, int error)
{
	struct parent_process *c = ipc->ctx;

	if (error == CARDEA_EMALFORMED)
		log_error("parent", "%s sent a message that is none: restarting it",
			role_name(c->role));
	if (c->pid)
		kill(c->pid, SIGKILL);
}

static void exec_child(struct parent_process *c, int fd)
{
	char path[CONFIG_STRING_MAX + 32];
	char *argv[] = {path, NULL};
	char *const environment[] = {NULL};
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* dup2 of a descriptor to itself would leave it close-on-exec */
	if (str_print(path, sizeof(path), "%s/cardea-%s", c->parent->libexec,
		    role_name(c->role)) == 0 &&
		(fd == CHILD_PARENT_FD ? fcntl(fd, F_SETFD, 0) == 0
				       : dup2(fd, CHILD_PARENT_FD) == CHILD_PARENT_FD) &&
		close_range(CHILD_PARENT_FD + 1, ~0U, 0) == 0)
		execve(path, argv, environment);
	_exit(127);
}

static int spawn(struct parent_process *c)
{
	int fds[2], error = ipc_pair(fds);
	pid_t pid;

	if (error)
		return error;
	pid = fork();
	if (pid == 0)
		exec_child(c, fds[1]);
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return -EAGAIN;
	}
	c->pid = pid;
	c->ready = false;
	c->ipc.receive = child_said;
	c->ipc.closed = child_closed;
	c->ipc.ctx = c;
	error = ipc_open(&c->ipc, c->parent->loop, fds[0]);
	if (!error)
		settings_for(c);
	return error;
}

static void restart_fire(struct loop_timer *t)
{
	struct parent_process *c = t->ctx;

	if (c->parent->stopping || c->pid)
		return;
	if (spawn(c)) {
		log_error("parent", "%s could not be started; trying again",
			role_name(c->role));
		loop_arm(c->parent->loop, t, RESTART_PAUSE_MS * NS_PER_MS);
	}
}

static void schedule_restart(struct parent_process *c)
{
	nstime now = loop_now(c->parent->loop);
	nstime pause = 0;

	if (now - c->window > RESTART_WINDOW_S * NS_PER_SEC) {
		c->window = now;
		c->in_window = 0;
	}
	if (++c->in_window > RESTARTS_AT_ONCE)
		pause = RESTART_PAUSE_MS * NS_PER_MS;
	c->restarts++;
	loop_arm(c->parent->loop, &c->restart, pause);
}

static bool all_gone(const struct parent *p)
{
	for (size_t i = 0; i < ROLE_MAX; i++)
		if (i != ROLE_PARENT && p->processes[i].pid)
			return false;
	return true;
}

static void ended(struct parent *p, pid_t pid, int status)
{
	for (size_t i = 0; i < ROLE_MAX; i++) {
		struct parent_process *c = &p->processes[i];

		if (c->pid != pid || i == ROLE_PARENT)
			continue;
		c->pid = 0;
		c->ready = false;
		ipc_close(&c->ipc);
		if (p->stopping)
			break;
		if (WIFSIGNALED(status))
			log_warn("parent", "%s ended by signal %d; restarting it",
				role_name(c->role), WTERMSIG(status));
		else
			log_warn("parent", "%s ended with %d; restarting it",
				role_name(c->role), WEXITSTATUS(status));
		report(p, c);
		schedule_restart(c);
	}
	if (p->stopping && all_gone(p))
		loop_stop(p->loop);
}

static void patience_over(struct loop_timer *t)
{
	struct parent *p = t->ctx;

	for (size_t i = 0; i < ROLE_MAX; i++)
		if (i != ROLE_PARENT && p->processes[i].pid)
			kill(p->processes[i].pid, SIGKILL);
}

static void stop(struct parent *p, bool open_network)
{
	if (p->stopping)
		return;
	p->stopping = true;
	p->open_network = open_network;
	log_info("parent", "stopping; the network %s",
		open_network ? "is opened" : "stays protected");
	memset(&p->message, 0, sizeof(p->message));
	p->message.type = MESSAGE_SHUTDOWN;
	p->message.shutdown.open_network = open_network;
	for (size_t i = 0; i < ROLE_MAX; i++) {
		struct parent_process *c = &p->processes[i];

		loop_disarm(&c->restart);
		if (i != ROLE_PARENT && c->pid && to_child(c, &p->message, -1))
			kill(c->pid, SIGKILL);
	}
	p->patience.fire = patience_over;
	p->patience.ctx = p;
	loop_arm(p->loop, &p->patience, STOP_PATIENCE_S * NS_PER_SEC);
	if (all_gone(p))
		loop_stop(p->loop);
}

static void signals_ready(struct loop_fd *f, uint32_t events)
{
	struct parent *p = f->ctx;
	struct signalfd_siginfo info;
	pid_t pid;
	int status;

	(void)events;
	while (read(f->fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGCHLD) {
			stop(p, p->config.stop_open);
			continue;
		}
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			ended(p, pid, status);
	}
}

static void add_socket(struct parent *p, int fd, enum socket_kind kind, enum role role,
	uint32_t ifindex, const struct addr *addr)
{
	struct parent_socket *s;

	if (p->socket_count == PARENT_SOCKETS_MAX) {
		close(fd);
		return;
	}
	s = &p->sockets[p->socket_count++];
	s->fd = fd;
	s->kind = kind;
	s->role = role;
	s->ifindex = ifindex;
	if (addr)
		s->addr = *addr;
	hand_socket(p, s);
}

static bool listens_on(const struct parent *p, const struct addr *a, uint32_t ifindex)
{
	for (size_t i = 0; i < p->socket_count; i++)
		if (p->sockets[i].role == ROLE_RESOLVER &&
			p->sockets[i].ifindex == ifindex &&
			addr_equal(&p->sockets[i].addr, a))
			return true;
	return false;
}

static void listen_dns(struct parent *p, const struct addr *a, uint32_t ifindex)
{
	char text[ADDR_TEXT_MAX];

	for (int tcp = 0; tcp < 2; tcp++) {
		int fd = parent_socket_dns(a, ifindex, tcp);

		if (fd == -EADDRINUSE)
			log_error("parent",
				"port 53 of %s is taken by another program; stop its DNS "
				"service (dnsmasq: port=0), then start Cardea again",
				addr_format(a, text));
		else if (fd < 0)
			log_error("parent", "no DNS on %s: %s", addr_format(a, text),
				strerror(-fd));
		else
			add_socket(p, fd, tcp ? SOCKET_DNS_TCP : SOCKET_DNS_UDP,
				ROLE_RESOLVER, ifindex, a);
	}
}

static bool is_ours(const struct parent *p, const struct parent_socket *s)
{
	for (unsigned i = 0; i < p->lan.addr_count; i++)
		if (p->lan.addrs[i].ifindex == s->ifindex &&
			addr_equal(&p->lan.addrs[i].addr, &s->addr))
			return true;
	return false;
}

/* A provider that renumbers leaves listeners on addresses that are gone. They come back
 * as often as they go, so they stay until their places are needed; then the resolver,
 * which has them too, starts with those that are left. */
static void drop_old_listeners(struct parent *p)
{
	struct parent_process *resolver = &p->processes[ROLE_RESOLVER];
	size_t kept = 0;

	if (p->socket_count + 2U * p->lan.addr_count <= PARENT_SOCKETS_MAX)
		return;
	for (size_t i = 0; i < p->socket_count; i++) {
		struct parent_socket *s = &p->sockets[i];

		if (s->role == ROLE_RESOLVER && !is_ours(p, s))
			close(s->fd);
		else
			p->sockets[kept++] = *s;
	}
	if (kept < p->socket_count && resolver->pid)
		kill(resolver->pid, SIGTERM);
	p->socket_count = kept;
}

static void listen_dns_everywhere(struct parent *p)
{
	drop_old_listeners(p);
	for (unsigned i = 0; i < p->lan.addr_count; i++)
		if (!listens_on(p, &p->lan.addrs[i].addr, p->lan.addrs[i].ifindex))
			listen_dns(p, &p->lan.addrs[i].addr, p->lan.addrs[i].ifindex);
}

static int open_captures(struct parent *p, unsigned lan)
{
	uint32_t ifindex = p->lan.interfaces[lan].ifindex;
	int fd = parent_socket_capture(ifindex);

	if (fd < 0)
		return fd;
	add_socket(p, fd, SOCKET_CAPTURE, ROLE_SENSOR, ifindex, NULL);
	fd = parent_ports_capture(ifindex);
	if (fd < 0)
		return fd;
	add_socket(p, fd, SOCKET_CAPTURE, ROLE_SENSOR, ifindex, NULL);
	p->lldp[lan] = fd;
	return 0;
}

static void follow_ports(struct parent *p)
{
	for (unsigned i = 0; i < p->lan.interface_count; i++) {
		int error = parent_ports_follow(p->lldp[i], p->lan.interfaces[i].ifindex);

		if (error)
			log_warn("parent", "the ports of %s are not known: %s",
				p->lan.interfaces[i].name, error_text(error));
	}
}

static int open_sockets(struct parent *p)
{
	char path[PARENT_PATH_MAX];
	int fd, error = 0;

	for (unsigned i = 0; i < p->lan.interface_count && !error; i++)
		error = open_captures(p, i);
	if (error)
		return error;
	fd = parent_socket_nflog((uint16_t)p->config.nflog_group);
	if (fd < 0)
		return fd;
	add_socket(p, fd, SOCKET_NFLOG, ROLE_SENSOR, 0, NULL);
	(void)str_print(path, sizeof(path), "%s/control.sock", p->config.run_dir);
	fd = parent_socket_control(path);
	if (fd < 0)
		return fd;
	add_socket(p, fd, SOCKET_CONTROL, ROLE_ENGINE, 0, NULL);
	listen_dns_everywhere(p);
	return 0;
}

/* Its list only grows; more than it can hold ends it, and it starts with the new one. */
static void new_prefixes(struct parent_process *c, const struct parent_lan *before)
{
	const struct parent_lan *lan = &c->parent->lan;
	char text[PREFIX_TEXT_MAX];

	for (unsigned i = 0; i < lan->addr_count; i++) {
		struct prefix p = prefix_of(&lan->addrs[i].addr, lan->addrs[i].prefix_len);
		bool known = addr_is_link_local(&lan->addrs[i].addr);

		for (unsigned k = 0; k < before->addr_count && !known; k++)
			known = before->addrs[k].prefix_len == p.len &&
				prefix_contains(&p, &before->addrs[k].addr);
		if (!known)
			setting(c, "lan_prefix", prefix_format(&p, text));
	}
}

static void lan_changed(struct loop_timer *t)
{
	struct parent *p = t->ctx;
	struct parent_process *engine = &p->processes[ROLE_ENGINE];
	struct parent_process *courier = &p->processes[ROLE_COURIER];
	struct parent_lan lan, before = p->lan;
	bool same;
	char missing[LIMIT_IFNAME];

	follow_ports(p);
	if (parent_lan_read(&p->config, &lan, missing))
		return; /* an interface on its way out or in: the next event tells */
	same = memcmp(&p->lan, &lan, sizeof(lan)) == 0;
	p->lan = lan;
	listen_dns_everywhere(p);
	if (same)
		return; /* a lifetime was renewed */
	if (engine->pid)
		settings_house(engine);
	/* What became ours is not to be fetched from. */
	if (courier->pid)
		new_prefixes(courier, &before);
}

static void lan_watch_ready(struct loop_fd *f, uint32_t events)
{
	struct parent *p = f->ctx;
	char buf[8192];

	(void)events;
	while (recv(f->fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	loop_arm(p->loop, &p->lan_settle, LAN_SETTLE_MS * NS_PER_MS);
}

static int watch(struct parent *p)
{
	sigset_t set;
	int error;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	p->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	p->signals.ready = signals_ready;
	p->signals.ctx = p;
	p->lan_settle.fire = lan_changed;
	p->lan_settle.ctx = p;
	p->lan_watch.fd = parent_lan_watch();
	p->lan_watch.ready = lan_watch_ready;
	p->lan_watch.ctx = p;
	if (p->signals.fd < 0 || p->lan_watch.fd < 0)
		return -EIO;
	error = loop_watch(p->loop, &p->signals, EPOLLIN);
	if (!error)
		error = loop_watch(p->loop, &p->lan_watch, EPOLLIN);
	/* for what changed before we watched */
	loop_arm(p->loop, &p->lan_settle, LAN_SETTLE_MS * NS_PER_MS);
	return error;
}

static void find_libexec(struct parent *p)
{
	char self[CONFIG_STRING_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (p->config.libexec_dir[0]) {
		str_copy(p->libexec, sizeof(p->libexec), p->config.libexec_dir);
		return;
	}
	self[n > 0 ? n : 0] = 0;
	str_copy(p->libexec, sizeof(p->libexec), dirname(self));
}

/* Everything that can fail for the owner's reasons, with a sentence each. */
static int prepare(struct parent *p)
{
	char missing[LIMIT_IFNAME];
	int error;

	if (p->config.lan_interfaces.count == 0) {
		log_error("parent", "no LAN interface is named: set interfaces = [\"...\"] "
				    "under [lan]");
		return -EINVAL;
	}
	error = parent_lan_read(&p->config, &p->lan, missing);
	if (error == -ENODEV)
		log_error("parent", "there is no interface \"%s\"; `ip link` lists them",
			missing);
	if (error)
		return error;
	error = parent_files_make(&p->config, p->empty);
	if (!error)
		error = parent_files_lock(&p->config);
	if (error)
		return error;
	error = open_sockets(p);
	if (error)
		log_error("parent", "a socket could not be opened: %s", error_text(error));
	return error;
}

static int start_all(struct parent *p)
{
	/* The enforcer first: rules stand before anything else listens. */
	static const enum role order[] = {ROLE_ENFORCER, ROLE_ENGINE, ROLE_SENSOR,
		ROLE_COURIER, ROLE_RESOLVER};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		int error = spawn(&p->processes[order[i]]);

		if (error)
			return error;
	}
	return 0;
}

static void init_processes(struct parent *p)
{
	for (size_t i = 0; i < ROLE_MAX; i++) {
		struct parent_process *c = &p->processes[i];

		c->parent = p;
		c->role = (enum role)i;
		c->ipc.fd.fd = -1;
		c->restart.fire = restart_fire;
		c->restart.ctx = c;
	}
	p->processes[ROLE_PARENT].pid = getpid();
	p->processes[ROLE_PARENT].ready = true;
	p->processes[ROLE_PARENT].layers = p->layers;
}

static int enter_sandbox(struct parent *p)
{
	int error = parent_drop_capabilities();

	if (!error && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		error = -errno;
	/* No seccomp here: a filter would be inherited by every child. */
	p->layers = SANDBOX_LAYER_NO_NEW_PRIVS;
	return error;
}

static int run(struct parent *p)
{
	int error = prepare(p);

	if (!error)
		error = enter_sandbox(p);
	if (error)
		return error;
	p->loop = loop_new(clock_system());
	if (!p->loop)
		return -ENOMEM;
	init_processes(p);
	error = watch(p);
	if (!error)
		error = start_all(p);
	if (!error)
		error = loop_run(p->loop);
	return error;
}

/* Started with these closed, the first socket would be taken for the log. */
static bool open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	return fd >= 0 && close(fd) == 0;
}

static int usage(FILE *out, int code)
{
	fputs("cardead --config /etc/cardea/cardea.toml\n\n"
	      "The gateway's supervisor. `cardea start` runs it in the background.\n\n"
	      "  --config FILE    settings (default /etc/cardea/cardea.toml)\n"
	      "  --foreground     stay in the foreground (the default)\n"
	      "  --background     detach once the processes are started\n"
	      "  --check          only check the settings: exit 0 or 2\n"
	      "  --schema         print every setting with its default and meaning\n"
	      "  --version\n",
		out);
	return code;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"config", required_argument, NULL, 'c'},
		{"foreground", no_argument, NULL, 'f'},
		{"background", no_argument, NULL, 'b'}, {"check", no_argument, NULL, 'n'},
		{"schema", no_argument, NULL, 's'}, {"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	static struct parent p;
	const char *path = "/etc/cardea/cardea.toml";
	bool check = false, background = false;
	char error[CONFIG_ERROR_MAX];
	int c, result;

	if (!open_standard())
		return 1;
	while ((c = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (c == 'c')
			path = optarg;
		else if (c == 'b')
			background = true;
		else if (c == 'n')
			check = true;
		else if (c == 's' || c == 'V') {
			if (c == 's')
				config_print_schema(stdout);
			else
				puts("cardead " CARDEA_VERSION);
			return 0;
		} else if (c != 'f')
			return usage(c == 'h' ? stdout : stderr, c == 'h' ? 0 : 2);
	}
	if (optind < argc)
		return usage(stderr, 2);
	log_init("cardead", STDERR_FILENO, LOG_LEVEL_INFO);
	config_defaults(&p.config);
	if (config_load(&p.config, path, error)) {
		fprintf(stderr, "%s\n", error);
		return 2;
	}
	if (check)
		return 0;
	if (geteuid() != 0) {
		fputs("cardead: run it as root: it opens raw sockets and nftables\n",
			stderr);
		return 7;
	}
	find_libexec(&p);
	if (background && daemon(0, 1))
		return 1;
	result = run(&p);
	if (result != -EBUSY)
		parent_files_remove(&p.config);
	return result ? 1 : 0;
}
