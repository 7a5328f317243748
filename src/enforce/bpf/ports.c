// SPDX-License-Identifier: GPL-2.0-or-later
/* ports - where the programs hang: both sides of every port of a LAN bridge and of every
 * LAN interface that is none, wherever they come from and whenever. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "enforce/bpf/bpf_priv.h"

/* Ours: before all others of the owner, so that a filter of theirs that accepts does not
 * pass us by. Other handles of the same priority stand beside it. */
#define PORT_PRIORITY 1
#define PORT_HANDLE 0xca4dea
#define LINK_BYTES 32768 /* one answer of rtnetlink */
#define LINK_ATTEMPTS 5	 /* while links come and go; the next look is in a second */

static const enum bpf_tc_attach_point points[] = {BPF_TC_INGRESS, BPF_TC_EGRESS};

static int port_query(uint32_t ifindex, enum datapath_side side, uint32_t *ret_id)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex,
		.attach_point = points[side]);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = PORT_HANDLE,
		.priority = PORT_PRIORITY);
	int e = bpf_tc_query(&hook, &opts);

	*ret_id = e ? 0 : opts.prog_id;
	return e;
}

static void sides_detach(uint32_t ifindex)
{
	for (unsigned side = 0; side < DATAPATH_SIDES; side++) {
		LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex,
			.attach_point = points[side]);
		LIBBPF_OPTS(bpf_tc_opts, opts, .handle = PORT_HANDLE,
			.priority = PORT_PRIORITY);
		uint32_t id;
		if (!port_query(ifindex, side, &id))
			(void)bpf_tc_detach(&hook, &opts);
	}
}

/* ---- netlink ---- */

/* -EINTR: the kernel's list changed while it was told. Nobody reads the rest of such an
 * answer: the next request passes over what has not its own number. */
static int route_request(struct mnl_socket *nl, struct nlmsghdr *h, mnl_cb_t each,
	void *ctx)
{
	static uint32_t seq;
	_Alignas(struct nlmsghdr) char data[LINK_BYTES];
	ssize_t n;
	int left = MNL_CB_OK;

	h->nlmsg_seq = ++seq;
	if (mnl_socket_sendto(nl, h, h->nlmsg_len) < 0)
		return -errno;
	while (left > MNL_CB_STOP) {
		n = mnl_socket_recvfrom(nl, data, sizeof data);
		if (n < 0)
			return -errno;
		if (((const struct nlmsghdr *)(const void *)data)->nlmsg_seq != seq)
			continue;
		left = mnl_cb_run(data, (size_t)n, seq, 0, each, ctx);
		if (left < 0)
			return -errno;
	}
	return 0;
}

static int kind_visit(const struct nlmsghdr *h, void *ctx)
{
	const struct nlattr *a;

	mnl_attr_for_each(a, h, sizeof(struct tcmsg)) {
		if (mnl_attr_get_type(a) == TCA_KIND)
			(void)str_copy(ctx, LIMIT_IFNAME, mnl_attr_get_str(a));
	}
	return MNL_CB_OK;
}

/* A qdisc `ingress` would take our egress program for one of its own side. */
static bool port_has_clsact(struct mnl_socket *nl, uint32_t ifindex)
{
	char data[256], kind[LIMIT_IFNAME] = "";
	struct nlmsghdr *h = mnl_nlmsg_put_header(data);

	h->nlmsg_type = RTM_GETQDISC;
	/* Without an echo only those hear the answer who watch. */
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO;
	struct tcmsg *t = mnl_nlmsg_put_extra_header(h, sizeof *t);
	t->tcm_family = AF_UNSPEC;
	t->tcm_ifindex = (int)ifindex;
	t->tcm_parent = TC_H_CLSACT;
	return !route_request(nl, h, kind_visit, kind) && !strcmp(kind, "clsact");
}

static int filter_visit(const struct nlmsghdr *h, void *ctx)
{
	unsigned *count = ctx;

	(void)h;
	++*count;
	return MNL_CB_OK;
}

static unsigned filters_count(struct mnl_socket *nl, uint32_t ifindex, uint32_t side)
{
	char data[256];
	struct nlmsghdr *h = mnl_nlmsg_put_header(data);
	unsigned count = 0;

	h->nlmsg_type = RTM_GETTFILTER;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	struct tcmsg *t = mnl_nlmsg_put_extra_header(h, sizeof *t);
	t->tcm_family = AF_UNSPEC;
	t->tcm_ifindex = (int)ifindex;
	t->tcm_parent = TC_H_MAKE(TC_H_CLSACT, side);
	return route_request(nl, h, filter_visit, &count) ? 1 : count;
}

/* The qdisc goes, too, if it is ours and nobody has put anything into it. */
static void port_detach(struct mnl_socket *nl, uint32_t ifindex, bool ours)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex,
		.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);

	sides_detach(ifindex);
	if (ours && !filters_count(nl, ifindex, TC_H_MIN_INGRESS) &&
		!filters_count(nl, ifindex, TC_H_MIN_EGRESS))
		(void)bpf_tc_hook_destroy(&hook);
}

/* ---- which interfaces there are ---- */

struct link {
	uint32_t ifindex, master;
	char name[LIMIT_IFNAME];
	bool is_bridge;
};

struct links {
	struct link *all;
	size_t count, room;
};

static int link_kind(const struct nlattr *a, void *ctx)
{
	struct link *l = ctx;

	if (mnl_attr_get_type(a) == IFLA_INFO_KIND)
		l->is_bridge = !strcmp(mnl_attr_get_str(a), "bridge");
	return MNL_CB_OK;
}

static int link_visit(const struct nlmsghdr *h, void *ctx)
{
	const struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
	struct links *links = ctx;
	struct link l = {.ifindex = (uint32_t)i->ifi_index};
	const struct nlattr *a;

	mnl_attr_for_each(a, h, sizeof *i) {
		if (mnl_attr_get_type(a) == IFLA_IFNAME)
			(void)str_copy(l.name, sizeof l.name, mnl_attr_get_str(a));
		else if (mnl_attr_get_type(a) == IFLA_MASTER)
			l.master = mnl_attr_get_u32(a);
		else if (mnl_attr_get_type(a) == IFLA_LINKINFO)
			(void)mnl_attr_parse_nested(a, link_kind, &l);
	}
	if (links->count == links->room) {
		size_t room = links->room ? 2 * links->room : 64;
		struct link *all = realloc(links->all, room * sizeof *all);
		if (!all) {
			errno = ENOMEM;
			return MNL_CB_ERROR;
		}
		links->all = all;
		links->room = room;
	}
	links->all[links->count++] = l;
	return MNL_CB_OK;
}

static int links_read_once(struct mnl_socket *nl, struct links *ret)
{
	char data[256];
	struct nlmsghdr *h = mnl_nlmsg_put_header(data);

	h->nlmsg_type = RTM_GETLINK;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	struct ifinfomsg *i = mnl_nlmsg_put_extra_header(h, sizeof *i);
	i->ifi_family = AF_UNSPEC;
	return route_request(nl, h, link_visit, ret);
}

static int links_read(struct mnl_socket *nl, struct links *ret)
{
	int e, attempts = LINK_ATTEMPTS;

	do {
		ret->count = 0;
		e = links_read_once(nl, ret);
	} while (e == -EINTR && --attempts);
	return e;
}

static bool is_lan(const struct enforce_config *c, const struct link *l)
{
	for (unsigned i = 0; i < c->lan_count; i++) {
		if (!strcmp(c->lans[i], l->name))
			return true;
	}
	return false;
}

/* A LAN bridge itself needs no program: what passes it passes a port, or comes from us. */
static bool is_wanted(const struct enforce_config *c, const struct links *links,
	const struct link *l)
{
	if (is_lan(c, l) && !l->is_bridge)
		return true;
	for (size_t i = 0; i < links->count && l->master; i++) {
		const struct link *m = &links->all[i];
		if (m->ifindex == l->master)
			return m->is_bridge && is_lan(c, m);
	}
	return false;
}

/* ---- coverage ---- */

static int port_attach(const struct port *p, const struct datapath *d,
	enum datapath_side side)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)p->ifindex,
		.attach_point = points[side]);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = PORT_HANDLE, .priority = PORT_PRIORITY,
		.prog_fd = d->programs[side], .flags = BPF_TC_F_REPLACE);

	return bpf_tc_attach(&hook, &opts);
}

static const char *refusal_of(int e)
{
	return e == -EINVAL || e == -EEXIST ? "another filter has its place (priority 1)"
					    : error_text(e);
}

/* Both sides, or the port is not covered. */
static int port_cover(struct ports *s, struct port *p, const struct datapath *d)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)p->ifindex,
		.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	const char *why = "";
	bool lost = false;
	uint32_t id;
	int e = bpf_tc_hook_create(&hook);

	p->made = p->made || !e;
	if (e == -EEXIST && !port_has_clsact(s->dump, p->ifindex))
		why = "another qdisc `ingress` leaves no place at its egress";
	else if (e && e != -EEXIST)
		why = error_text(e);
	for (unsigned side = 0; side < DATAPATH_SIDES && !*why; side++) {
		(void)port_query(p->ifindex, side, &id);
		if (id == d->ids[side])
			continue;
		lost = p->covered;
		e = port_attach(p, d, side);
		if (e)
			why = refusal_of(e);
	}
	if (lost && !*why)
		log_warn("ports", "%s: somebody removed our program: put back", p->name);
	bool same = p->covered == !*why && !strcmp(p->why, why);
	p->covered = !*why;
	(void)str_copy(p->why, sizeof p->why, why);
	p->told = p->told && same;
	return *why ? CARDEA_EUNSUPPORTED : 0;
}

static void port_tell(const struct port *p, bool gone, const struct enforce_ear *ear)
{
	struct message m = {.type = MESSAGE_PORT};

	if (!ear->tell)
		return;
	(void)str_copy(m.port.name, sizeof m.port.name, p->name);
	m.port.gone = gone;
	m.port.covered = p->covered && !gone;
	(void)str_copy(m.port.text, sizeof m.port.text, gone ? "" : p->why);
	(void)ear->tell(&m, ear->ctx);
}

static struct port *port_find(struct ports *s, const struct link *l)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->all[i].ifindex == l->ifindex)
			return &s->all[i];
	}
	return NULL;
}

static struct port *port_take(struct ports *s, const struct link *l,
	const struct enforce_ear *ear)
{
	struct port *p = port_find(s, l);

	if (p && strcmp(p->name, l->name) != 0) { /* renamed */
		port_tell(p, true, ear);
		p->told = false;
	}
	if (!p && s->count < PORTS_MAX) {
		p = &s->all[s->count++];
		*p = (struct port){.ifindex = l->ifindex};
	}
	if (p)
		(void)str_copy(p->name, sizeof p->name, l->name);
	return p;
}

/* Ports that are none any more keep nothing of ours. */
static void ports_drop(struct ports *s, const struct links *links,
	const struct enforce_ear *ear)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++) {
		struct port *p = &s->all[i];
		if (p->wanted) {
			s->all[kept++] = *p;
			continue;
		}
		for (size_t j = 0; j < links->count; j++) {
			if (links->all[j].ifindex == p->ifindex)
				port_detach(s->dump, p->ifindex, p->made);
		}
		log_info("ports", "%s: no port of the LAN any more", p->name);
		port_tell(p, true, ear);
	}
	s->count = kept;
}

static int ports_look(struct ports *s, const struct enforce_config *c,
	const struct links *links, const struct enforce_ear *ear)
{
	for (size_t i = 0; i < s->count; i++)
		s->all[i].wanted = false;
	for (size_t i = 0; i < links->count; i++) {
		if (!is_wanted(c, links, &links->all[i]))
			continue;
		struct port *p = port_take(s, &links->all[i], ear);
		if (!p) {
			log_error("ports", "%s: the LAN has more than %d ports",
				links->all[i].name, PORTS_MAX);
			return CARDEA_ELIMIT;
		}
		p->wanted = true;
	}
	return 0;
}

int ports_follow(struct ports *s, const struct enforce_config *c,
	const struct datapath *d, const struct enforce_ear *ear)
{
	struct links links = {0};
	int e = links_read(s->dump, &links);

	if (!e)
		e = ports_look(s, c, &links, ear);
	if (!e)
		ports_drop(s, &links, ear);
	for (size_t i = 0; i < s->count; i++) {
		struct port *p = &s->all[i];
		int refused = port_cover(s, p, d);
		e = e ? e : refused;
		if (p->told)
			continue;
		p->told = true;
		if (refused)
			log_error("ports", "%s: not covered: %s", p->name, p->why);
		else
			log_info("ports", "%s: covered", p->name);
		port_tell(p, false, ear);
	}
	free(links.all);
	return e;
}

void ports_tell(const struct ports *s, const struct enforce_ear *ear)
{
	for (size_t i = 0; i < s->count; i++)
		port_tell(&s->all[i], false, ear);
}

size_t ports_covered(const struct ports *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->count; i++)
		n += s->all[i].covered;
	return n;
}

/* ---- what an earlier run left ---- */

int ports_find(struct ports *s, ports_found *each, void *ctx)
{
	struct links links = {0};
	int e = links_read(s->dump, &links);

	for (size_t i = 0; i < links.count && !e; i++) {
		uint32_t ids[DATAPATH_SIDES];
		for (unsigned side = 0; side < DATAPATH_SIDES; side++)
			(void)port_query(links.all[i].ifindex, side, &ids[side]);
		if (ids[DATAPATH_INGRESS] || ids[DATAPATH_EGRESS])
			e = each(links.all[i].ifindex, ids, ctx);
	}
	free(links.all);
	return e;
}

struct clearing {
	struct ports *ports;
	bool keep;
};

static int detach_visit(uint32_t ifindex, const uint32_t ids[DATAPATH_SIDES], void *ctx)
{
	struct clearing *c = ctx;
	bool made = false;

	(void)ids;
	for (size_t i = 0; i < c->ports->count; i++) {
		const struct port *p = &c->ports->all[i];
		if (p->ifindex == ifindex && c->keep)
			return 0;
		made = made || (p->ifindex == ifindex && p->made);
	}
	port_detach(c->ports->dump, ifindex, made);
	return 0;
}

int ports_clear(struct ports *s, bool keep)
{
	struct clearing c = {s, keep};

	return ports_find(s, detach_visit, &c);
}

/* ---- open and watch ---- */

int ports_open(struct ports *s)
{
	s->all = calloc(PORTS_MAX, sizeof *s->all);
	s->dump = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	s->watch = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!s->all || !s->dump || !s->watch ||
		mnl_socket_bind(s->dump, 0, MNL_SOCKET_AUTOPID) < 0 ||
		mnl_socket_bind(s->watch, RTMGRP_LINK | RTMGRP_TC,
			MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	return 0;
}

void ports_close(struct ports *s)
{
	if (s->dump)
		(void)mnl_socket_close(s->dump);
	if (s->watch)
		(void)mnl_socket_close(s->watch);
	free(s->all);
}

/* Our own filters come and go, too: only what is taken away matters. */
static int change_visit(const struct nlmsghdr *h, void *ctx)
{
	bool *changed = ctx;

	if (h->nlmsg_type == RTM_NEWLINK || h->nlmsg_type == RTM_DELLINK ||
		h->nlmsg_type == RTM_DELTFILTER || h->nlmsg_type == RTM_DELQDISC)
		*changed = true;
	return MNL_CB_OK;
}

int ports_fd(const struct ports *s)
{
	return mnl_socket_get_fd(s->watch);
}

bool ports_changed(struct ports *s)
{
	char data[LINK_BYTES];
	bool changed = false;
	ssize_t n;

	while ((n = mnl_socket_recvfrom(s->watch, data, sizeof data)) > 0 ||
		(n < 0 && (errno == ENOBUFS || errno == EINTR))) {
		if (n < 0) /* some were lost */
			changed = true;
		else
			(void)mnl_cb_run(data, (size_t)n, 0, 0, change_visit, &changed);
	}
	return changed;
}
