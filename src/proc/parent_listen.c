// SPDX-License-Identifier: GPL-2.0-or-later
/* The sockets that children are handed, and how they follow the LAN. */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "base/str.h"
#include "proc/parent_priv.h"

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
	static const enum socket_kind kinds[] = {
		SOCKET_DNS_UDP, SOCKET_DNS_TCP, SOCKET_DNS_TLS};
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < (p->config.dns_tls ? 3 : 2); i++) {
		int fd = parent_socket_dns(a, ifindex, kinds[i]);

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

	if (p->socket_count + 3U * p->lan.addr_count <= PARENT_SOCKETS_MAX)
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

int parent_listen_open(struct parent *p)
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
	listen_identities(p);
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
		parent_settings_house(engine);
	if (sensor->pid && p->config.learn_enabled)
		parent_settings_sensor(sensor);
	if (resolver->pid)
		parent_settings_lan(resolver);
	/* What became ours is not to be fetched from. */
	if (courier->pid)
		new_prefixes(courier, &before);
	/* Nor are names of the world to point there. */
	if (resolver->pid)
		new_prefixes(resolver, &before);
}
