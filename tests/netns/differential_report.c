// SPDX-License-Identifier: GPL-2.0-or-later
/* differential_report - what the kernels tell of packets that they refuse, or let pass all
 * the same: by NFLOG, read as the sensor reads it, or by the enforcer itself. */
#include "netns/differential_gates.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "sensors/sensors.h"

#define NFLOG_GROUP 7 /* test_differential.py says so, too */
#define NFLOG_ROOM (16 << 20)
#define NFLOG_COPIED 256

unsigned long reports_seen;
static struct sensors sensors;
static struct gate *heard_of; /* whose socket is being read */

/* ---- the kernel's log ---- */

static void hear(void *ctx, const struct message *m)
{
	(void)ctx;
	if (m->type == MESSAGE_SEEN_VIOLATION)
		report_add(heard_of, &m->seen_violation);
}

/* One attribute more, whose value is in the network's order. */
static size_t put(uint8_t *at, size_t len, uint16_t type, const void *value, uint16_t size)
{
	struct nlattr a = {.nla_len = (uint16_t)(sizeof a + size), .nla_type = type};

	memcpy(at + len, &a, sizeof a);
	memcpy(at + len + sizeof a, value, size);
	return len + ((sizeof a + size + 3U) & ~3U);
}

/* Every packet at once, and enough of it. */
static void group_bind(int fd)
{
	struct nfulnl_msg_config_cmd bind = {NFULNL_CFG_CMD_BIND};
	struct nfulnl_msg_config_mode mode = {htonl(NFLOG_COPIED), NFULNL_COPY_PACKET, 0};
	struct nfgenmsg group = {.res_id = htons(NFLOG_GROUP)};
	uint32_t at_once = htonl(1);
	uint8_t data[256] = {0};
	size_t len = NLMSG_HDRLEN;
	struct nlmsghdr h = {.nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK};

	memcpy(data + len, &group, sizeof group);
	len = put(data, len + sizeof group, NFULA_CFG_CMD, &bind, sizeof bind);
	len = put(data, len, NFULA_CFG_MODE, &mode, sizeof mode);
	len = put(data, len, NFULA_CFG_QTHRESH, &at_once, sizeof at_once);
	h.nlmsg_len = (uint32_t)len;
	memcpy(data, &h, sizeof h);
	if (send(fd, data, len, 0) < 0 || recv(fd, data, sizeof data, 0) < 0)
		fail("nfnetlink_log");
	struct nlmsgerr answer;
	memcpy(&answer, data + NLMSG_HDRLEN, sizeof answer);
	errno = -answer.error;
	if (answer.error)
		fail("nfnetlink_log's group");
}

/* In the gateway's namespace. */
void reports_open(struct gate *g)
{
	int room = NFLOG_ROOM;

	g->nflog = -1;
	if (strcmp(g->name, "nft") != 0)
		return;
	sensors_init(&sensors, hear, NULL);
	g->nflog = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (g->nflog < 0)
		fail("netlink");
	(void)setsockopt(g->nflog, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
	group_bind(g->nflog);
}

static void nflog_read(struct gate *g)
{
	static uint8_t data[1 << 17];
	ssize_t n;

	heard_of = g;
	while ((n = recv(g->nflog, data, sizeof data, MSG_DONTWAIT)) > 0)
		sensors_nflog(&sensors, cursor_of(data, (size_t)n), 1);
	if (n < 0 && errno != EAGAIN)
		fail("the kernel's log"); /* ENOBUFS: reports were lost */
}

/* ---- the enforcer's word ---- */

static void engine_read(struct gate *g)
{
	struct pollfd p = {.fd = g->engine, .events = POLLIN};
	uint8_t buf[MESSAGE_MAX];
	struct message m;

	while (poll(&p, 1, 0) > 0) {
		ssize_t n = recv(g->engine, buf, sizeof buf, 0);
		if (n <= 0 || message_decode(buf, (size_t)n, &m))
			fail(g->name);
		if (m.type == MESSAGE_SEEN_VIOLATION)
			report_add(g, &m.seen_violation);
	}
}

/* ---- reports ---- */

static bool is_of_device(const struct message_seen_violation *m)
{
	if (m->direction == DIRECTION_FROM_DEVICE)
		return mac_equal(&m->mac, &world.device.mac);
	for (size_t i = 0; i < 3; i++)
		if (addr_equal(&m->device, &world.addrs[i]))
			return true;
	return false;
}

/* What both back ends say: ports of TCP and UDP, types of the family's own ICMP. */
static void plain(struct message_seen_violation *m)
{
	uint8_t icmp = m->peer.family == 4 ? FLOW_PROTO_ICMP : FLOW_PROTO_ICMP6;

	if (m->proto != FLOW_PROTO_TCP && m->proto != FLOW_PROTO_UDP)
		m->device_port = m->peer_port = 0;
	if (m->proto != icmp)
		m->icmp_type = m->icmp_code = 0;
}

/* What is told of devices of earlier rounds is told late, and no longer asked for. */
void report_add(struct gate *g, const struct message_seen_violation *m)
{
	if (!is_of_device(m))
		return;
	if (g->report_count == REPORTS_MAX) {
		errno = ENOSPC;
		fail(g->name);
	}
	g->reports[g->report_count] = *m;
	plain(&g->reports[g->report_count++]);
}

/* How a packet is to be told; false: not at all. A question that would have been redirected
 * nftables sees as one to the gateway. */
static bool report_of(
	const struct gate *g, const struct trial *t, struct message_seen_violation *ret)
{
	bool told = t->verdict.kind == VERDICT_WOULD_BLOCK;

	if (trial_passes(t) && !told)
		return false;
	*ret = (struct message_seen_violation){.direction = (uint8_t)t->flow.direction,
		.reason = (uint8_t)(told     ? REASON_TOLD
				    : t->lies ? t->verdict.reason : REASON_DEFAULT_DENY),
		.device = t->flow.device, .peer = t->flow.peer, .proto = t->flow.proto,
		.device_port = t->flow.device_port, .peer_port = t->flow.peer_port,
		.icmp_type = t->flow.icmp_type, .icmp_code = t->flow.icmp_code};
	if (t->redirected && !strcmp(g->name, "nft"))
		ret->peer = to_addr(t->flow.peer.family == 4 ? GATEWAY4 : GATEWAY6);
	plain(ret);
	return true;
}

/* The BPF back end tells those apart which the caller's port does not (datapath.h). */
static bool is_same(const struct gate *g, const struct message_seen_violation *a,
	const struct message_seen_violation *b)
{
	bool from = a->direction == DIRECTION_FROM_DEVICE, all = !strcmp(g->name, "nft");

	return a->direction == b->direction && a->reason == b->reason &&
	       addr_equal(&a->device, &b->device) && addr_equal(&a->peer, &b->peer) &&
	       a->proto == b->proto && a->icmp_type == b->icmp_type &&
	       a->icmp_code == b->icmp_code &&
	       (a->device_port == b->device_port || (from && !all)) &&
	       (a->peer_port == b->peer_port || (!from && !all));
}

struct tally {
	unsigned wanted, twice; /* packets; of these to groups */
	unsigned got;
};

static void tally_trials(const struct gate *g, const struct message_seen_violation *r,
	const struct trial *trials, unsigned count, struct tally *n)
{
	struct message_seen_violation other;

	for (unsigned i = 0; i < count; i++)
		if (report_of(g, &trials[i], &other) && is_same(g, r, &other)) {
			n->wanted++;
			n->twice += to_group(&trials[i]);
		}
}

static struct tally tally_of(const struct gate *g, const struct message_seen_violation *r)
{
	struct tally n = {0};

	tally_trials(g, r, world.trials, world.trial_count, &n);
	tally_trials(g, r, world.presses, world.press_count, &n);
	for (unsigned i = 0; i < g->report_count; i++)
		n.got += is_same(g, r, &g->reports[i]);
	return n;
}

/* Of each kind one at once, and how many later; or each. */
static bool is_enough(const struct gate *g, const struct tally *n)
{
	return strcmp(g->name, "nft") ? n->got > 0 : n->got >= n->wanted;
}

static bool is_too_many(const struct gate *g, const struct tally *n)
{
	return n->got > n->wanted + (strcmp(g->name, "nft") ? 0 : n->twice);
}

static bool is_complete(struct gate *g)
{
	struct message_seen_violation r;

	if (g->nflog >= 0)
		nflog_read(g);
	engine_read(g);
	for (unsigned i = 0; i < world.trial_count; i++) {
		if (!report_of(g, &world.trials[i], &r))
			continue;
		struct tally n = tally_of(g, &r);
		if (!is_enough(g, &n))
			return false;
	}
	return true;
}

static void compare(const struct gate *g, const struct trial *t,
	const struct message_seen_violation *r)
{
	struct tally n = tally_of(g, r);
	char text[128], peer[ADDR_TEXT_MAX];

	if (is_enough(g, &n) && !is_too_many(g, &n))
		return;
	(void)str_print(text, sizeof text, "told %u times of %s %s, protocol %u, as %s; %u were",
		n.got, direction_name((enum direction)r->direction),
		addr_format(&r->peer, peer), r->proto,
		verdict_reason_name((enum verdict_reason)r->reason), n.wanted);
	differs(g, t, text);
}

void reports_compare(struct gate *g)
{
	struct message_seen_violation r;

	for (int ms = 0; ms < SETTLE_MS && !is_complete(g); ms++)
		usleep(1000);
	for (unsigned i = 0; i < world.trial_count; i++)
		if (report_of(g, &world.trials[i], &r))
			compare(g, &world.trials[i], &r);
	for (unsigned i = 0; i < g->report_count; i++) {
		struct tally n = tally_of(g, &g->reports[i]);
		if (!n.wanted)
			compare(g, &world.trials[0], &g->reports[i]);
	}
	reports_seen += g->report_count;
}
