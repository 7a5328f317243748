// SPDX-License-Identifier: GPL-2.0-or-later
/* The sockets that children are handed, and how they follow the LAN. */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/log.h"
#include "base/str.h"
#include "proc/parent_priv.h"

/* Five seconds in all. */
#define NFLOG_TRIES 50
#define NFLOG_PAUSE (100 * NS_PER_MS)

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
	parent_process_hand(p, s);
}

static bool is_listener(const struct parent_socket *s)
{
	return s->role == ROLE_RESOLVER || s->role == ROLE_WEB;
}

static bool listens_on(const struct parent *p, enum role role, const struct addr *a,
	uint32_t ifindex)
{
	for (size_t i = 0; i < p->socket_count; i++)
		if (p->sockets[i].role == role && p->sockets[i].ifindex == ifindex &&
			addr_equal(&p->sockets[i].addr, a))
			return true;
	return false;
}

static void listen_dns_kinds(struct parent *p, const struct addr *a, uint32_t ifindex,
	unsigned wanted)
{
	static const enum socket_kind kinds[] = {
		SOCKET_DNS_UDP, SOCKET_DNS_TCP, SOCKET_DNS_TLS};
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < (p->config.dns_tls ? 3 : 2); i++) {
		int fd = wanted >> kinds[i] & 1 ? parent_socket_dns(a, ifindex, kinds[i])
						: -ENOENT;

		if (fd == -ENOENT)
			continue;
		if (fd == -EADDRINUSE)
			log_error("parent",
				"port %d of %s is taken by another program; stop its DNS "
				"service (dnsmasq: port=0), then start Cardea again",
				kinds[i] == SOCKET_DNS_TLS ? 853 : 53,
				addr_format(a, text));
		else if (fd < 0)
			log_error("parent", "no DNS on %s: %s", addr_format(a, text),
				strerror(-fd));
		else
			add_socket(p, fd, kinds[i], ROLE_RESOLVER, ifindex, a);
	}
}

/* The port and how its setting is called. */
static int64_t web_port(const struct config *k, enum socket_kind kind, const char **ret_key)
{
	if (kind == SOCKET_WEB_PAGE) {
		*ret_key = "page_port";
		return k->web_page_port;
	}
	*ret_key = kind == SOCKET_WEB_TLS ? "https_port" : "http_port";
	if (!k->web_enabled)
		return 0;
	return kind == SOCKET_WEB_TLS ? k->web_https_port : k->web_http_port;
}

static void listen_web_port(struct parent *p, const struct addr *a, uint32_t ifindex,
	enum socket_kind kind)
{
	const char *key, *who = kind == SOCKET_WEB_PAGE ? "people" : "devices";
	int64_t port = web_port(&p->config, kind, &key);
	char text[ADDR_TEXT_MAX];
	int fd = port ? parent_socket_web(a, ifindex, (uint16_t)port) : 0;

	if (!port)
		return;
	if (fd == -EADDRINUSE)
		log_error("parent",
			"port %lld of %s is taken by another program: %s cannot ask "
			"there; choose another %s under [web], then start Cardea again",
			(long long)port, addr_format(a, text), who, key);
	else if (fd < 0)
		log_error("parent", "%s cannot ask at %s: %s", who,
			addr_format(a, text), strerror(-fd));
	else {
		parent_wait_add(p, fd);
		add_socket(p, fd, kind, ROLE_WEB, ifindex, a);
	}
}

static void listen_web_kinds(struct parent *p, const struct addr *a, uint32_t ifindex,
	unsigned wanted)
{
	static const enum socket_kind kinds[] = {
		SOCKET_WEB, SOCKET_WEB_TLS, SOCKET_WEB_PAGE};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (wanted >> kinds[i] & 1)
			listen_web_port(p, a, ifindex, kinds[i]);
}

static bool is_ours(const struct parent *p, const struct parent_socket *s)
{
	for (unsigned i = 0; i < p->lan.addr_count; i++)
		if (p->lan.addrs[i].ifindex == s->ifindex &&
			addr_equal(&p->lan.addrs[i].addr, &s->addr))
			return true;
	return false;
}

static void start_anew(struct parent_process *c)
{
	if (c->pid)
		kill(c->pid, SIGTERM);
}

/* A provider that renumbers leaves listeners on addresses that are gone. They come back
 * as often as they go, so they stay until their places are needed; then those who have
 * them too start with those that are left. */
static void drop_old_listeners(struct parent *p)
{
	size_t kept = 0;

	if (p->socket_count + (size_t)PARENT_LISTENERS * p->lan.addr_count <=
		PARENT_SOCKETS_MAX)
		return;
	for (size_t i = 0; i < p->socket_count; i++) {
		struct parent_socket *s = &p->sockets[i];

		if (!is_listener(s) || is_ours(p, s)) {
			p->sockets[kept++] = *s;
			continue;
		}
		parent_wait_remove(p, s->fd);
		close(s->fd);
	}
	if (kept < p->socket_count) {
		start_anew(&p->processes[ROLE_RESOLVER]);
		start_anew(&p->processes[ROLE_WEB]);
	}
	p->socket_count = kept;
}

static void listen_everywhere(struct parent *p)
{
	drop_old_listeners(p);
	for (unsigned i = 0; i < p->lan.addr_count; i++) {
		const struct addr *a = &p->lan.addrs[i].addr;
		uint32_t ifindex = p->lan.addrs[i].ifindex;

		if (!listens_on(p, ROLE_RESOLVER, a, ifindex))
			listen_dns_kinds(p, a, ifindex, ~0U);
		if (!listens_on(p, ROLE_WEB, a, ifindex))
			listen_web_kinds(p, a, ifindex, ~0U);
	}
}

static void close_kinds(struct parent *p, unsigned kinds)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->socket_count; i++) {
		struct parent_socket *s = &p->sockets[i];

		if (!(kinds >> s->kind & 1)) {
			p->sockets[kept++] = *s;
			continue;
		}
		if (s->role == ROLE_WEB)
			parent_wait_remove(p, s->fd);
		close(s->fd);
	}
	p->socket_count = kept;
}

static void observe_again(struct parent *p)
{
	for (unsigned i = 0; i < p->lan.interface_count; i++) {
		uint32_t ifindex = p->lan.interfaces[i].ifindex;
		int fd = parent_socket_observe(ifindex);

		if (fd < 0)
			log_error("parent", "nothing is learned at %s: %s",
				p->lan.interfaces[i].name, strerror(-fd));
		else
			add_socket(p, fd, SOCKET_OBSERVE, ROLE_SENSOR, ifindex, NULL);
	}
}

/* Processes that have them start anew; they are handed to the next ones. */
void parent_listen_renew(struct parent *p, unsigned kinds)
{
	close_kinds(p, kinds);
	for (unsigned i = 0; i < p->lan.addr_count; i++) {
		const struct addr *a = &p->lan.addrs[i].addr;
		uint32_t ifindex = p->lan.addrs[i].ifindex;

		listen_dns_kinds(p, a, ifindex, kinds);
		listen_web_kinds(p, a, ifindex, kinds);
	}
	if (kinds >> SOCKET_OBSERVE & 1 && p->config.learn_enabled)
		observe_again(p);
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
	if (!p->config.learn_enabled)
		return 0;
	fd = parent_socket_observe(ifindex);
	if (fd < 0)
		return fd;
	add_socket(p, fd, SOCKET_OBSERVE, ROLE_SENSOR, ifindex, NULL);
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

/* A group that is not there costs the hook, not the house its protection. */
static void listen_identities(struct parent *p)
{
	char path[PARENT_PATH_MAX];
	struct group *group;
	int fd;

	(void)str_print(path, sizeof(path), "%s/identity.sock", p->config.run_dir);
	(void)unlink(path); /* of a run with other settings */
	if (!p->config.hook_group[0])
		return;
	group = getgrnam(p->config.hook_group);
	fd = group ? parent_socket_identity(path, group->gr_gid) : -ENOENT;
	if (fd < 0)
		log_error("parent",
			"no socket for identities: group \"%s\" of [hook]: %s",
			p->config.hook_group, group ? strerror(-fd) : "there is none");
	else
		add_socket(p, fd, SOCKET_IDENTITY, ROLE_ENGINE, 0, NULL);
}

/* The kernel gives a group to one socket at a time, and says EPERM to another. After a
 * parent that was killed its sensor has it still, until it finds out. */
static int open_nflog(const struct parent *p)
{
	const struct timespec pause = {.tv_nsec = NFLOG_PAUSE};
	int fd = parent_socket_nflog((uint16_t)p->config.nflog_group);

	for (int i = 0; fd == -EPERM && i < NFLOG_TRIES; i++) {
		nanosleep(&pause, NULL);
		fd = parent_socket_nflog((uint16_t)p->config.nflog_group);
	}
	if (fd == -EPERM)
		log_error("parent",
			"another program has nflog_group %lld; choose another one under "
			"[enforce], then start Cardea again",
			(long long)p->config.nflog_group);
	return fd;
}

int parent_listen_open(struct parent *p)
{
	char path[PARENT_PATH_MAX];
	int fd, error = parent_wait_open(p);

	for (unsigned i = 0; i < p->lan.interface_count && !error; i++)
		error = open_captures(p, i);
	if (error)
		return error;
	fd = open_nflog(p);
	if (fd < 0)
		return fd;
	add_socket(p, fd, SOCKET_NFLOG, ROLE_SENSOR, 0, NULL);
	(void)str_print(path, sizeof(path), "%s/control.sock", p->config.run_dir);
	fd = parent_socket_control(path);
	if (fd < 0)
		return fd;
	add_socket(p, fd, SOCKET_CONTROL, ROLE_ENGINE, 0, NULL);
	listen_identities(p);
	listen_everywhere(p);
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
			parent_setting(c, "lan_prefix", prefix_format(&p, text));
	}
}

void parent_listen_follow(struct loop_timer *t)
{
	struct parent *p = t->ctx;
	struct parent_process *engine = &p->processes[ROLE_ENGINE];
	struct parent_process *courier = &p->processes[ROLE_COURIER];
	struct parent_process *resolver = &p->processes[ROLE_RESOLVER];
	struct parent_process *sensor = &p->processes[ROLE_SENSOR];
	struct parent_process *web = &p->processes[ROLE_WEB];
	struct parent_lan lan, before = p->lan;
	bool same;
	char missing[LIMIT_IFNAME];

	follow_ports(p);
	if (parent_lan_read(&p->config, &lan, missing))
		return; /* an interface on its way out or in: the next event tells */
	same = memcmp(&p->lan, &lan, sizeof(lan)) == 0;
	p->lan = lan;
	listen_everywhere(p);
	if (same)
		return; /* a lifetime was renewed */
	if (engine->pid)
		parent_settings_house(engine);
	if (sensor->pid && p->config.learn_enabled)
		parent_settings_sensor(sensor);
	if (resolver->pid)
		parent_settings_lan(resolver);
	if (web->pid)
		parent_settings_lan(web);
	/* What became ours is not to be fetched from. */
	if (courier->pid)
		new_prefixes(courier, &before);
	/* Nor are names of the world to point there. */
	if (resolver->pid)
		new_prefixes(resolver, &before);
}
