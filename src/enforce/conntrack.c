// SPDX-License-Identifier: GPL-2.0-or-later
/* conntrack - deletes single entries by ctnetlink. A delete without a tuple would flush
 * the whole table: no message here is ever without. */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "enforce/conntrack.h"

#define MESSAGES_MAX 4 /* two directions, for ICMP as question and as answer */
#define MESSAGE_BYTES 256 /* a header and the largest tuple: 136 */
#define ANSWER_BYTES 4096 /* errors, which echo no more than the header */

struct conntrack {
	struct mnl_socket *mnl;
	uint32_t seq;
};

struct request {
	char data[MESSAGES_MAX * MESSAGE_BYTES] __attribute__((aligned(8)));
	size_t len;
	unsigned count;
};

int conntrack_open(struct conntrack **ret)
{
	struct conntrack *c = calloc(1, sizeof *c);
	int one = 1;

	if (!c)
		return -ENOMEM;
	c->mnl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!c->mnl || mnl_socket_bind(c->mnl, 0, MNL_SOCKET_AUTOPID) < 0) {
		int e = -errno;
		conntrack_close(c);
		return e;
	}
	(void)mnl_socket_setsockopt(c->mnl, NETLINK_CAP_ACK, &one, sizeof one);
	*ret = c;
	return 0;
}

static void put_addrs(struct nlmsghdr *h, const struct addr *src, const struct addr *dst)
{
	bool v4 = src->family == 4;
	struct nlattr *nest = mnl_attr_nest_start(h, CTA_TUPLE_IP);

	mnl_attr_put(h, v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, v4 ? 4 : 16, src->b);
	mnl_attr_put(h, v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, v4 ? 4 : 16, dst->b);
	mnl_attr_nest_end(h, nest);
}

/* Of an echo, as the kernel keeps each direction: with the type of its packets. */
static void put_echo(struct nlmsghdr *h, uint8_t proto, uint16_t id, bool answer)
{
	bool v4 = proto == IPPROTO_ICMP;
	uint8_t type = v4 ? (answer ? 0 : 8) : (answer ? 129 : 128);

	mnl_attr_put_u16(h, v4 ? CTA_PROTO_ICMP_ID : CTA_PROTO_ICMPV6_ID, htons(id));
	mnl_attr_put_u8(h, v4 ? CTA_PROTO_ICMP_TYPE : CTA_PROTO_ICMPV6_TYPE, type);
	mnl_attr_put_u8(h, v4 ? CTA_PROTO_ICMP_CODE : CTA_PROTO_ICMPV6_CODE, 0);
}

static bool is_icmp(uint8_t proto)
{
	return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;
}

static void put_proto(struct nlmsghdr *h, const struct conntrack_tuple *t, bool answer)
{
	struct nlattr *nest = mnl_attr_nest_start(h, CTA_TUPLE_PROTO);

	mnl_attr_put_u8(h, CTA_PROTO_NUM, t->proto);
	if (is_icmp(t->proto)) {
		put_echo(h, t->proto, t->a_port, answer);
	} else if (t->proto == IPPROTO_TCP || t->proto == IPPROTO_UDP) {
		mnl_attr_put_u16(h, CTA_PROTO_SRC_PORT, htons(t->a_port));
		mnl_attr_put_u16(h, CTA_PROTO_DST_PORT, htons(t->b_port));
	}
	mnl_attr_nest_end(h, nest);
}

/* The kernel finds an entry by the tuple of either of its directions, whichever the
 * attribute is called. */
static void put_delete(struct request *r, uint32_t seq, const struct conntrack_tuple *t,
	bool answer)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(r->data + r->len);
	h->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	h->nlmsg_seq = seq;
	struct nfgenmsg *g = mnl_nlmsg_put_extra_header(h, sizeof *g);
	g->nfgen_family = t->a.family == 4 ? AF_INET : AF_INET6;
	g->version = NFNETLINK_V0;
	struct nlattr *nest = mnl_attr_nest_start(h, CTA_TUPLE_ORIG);

	put_addrs(h, &t->a, &t->b);
	put_proto(h, t, answer);
	mnl_attr_nest_end(h, nest);
	r->len += MNL_ALIGN(h->nlmsg_len);
	r->count++;
}

/* The kernel answers within the send, each message by one. */
static int answers_read(const struct conntrack *c, unsigned count)
{
	char data[ANSWER_BYTES] __attribute__((aligned(8)));
	int error = 0;

	while (count) {
		ssize_t n = mnl_socket_recvfrom(c->mnl, data, sizeof data);
		int len = (int)n;
		if (n < 0)
			return error ? error : -errno;
		for (struct nlmsghdr *h = (void *)data; mnl_nlmsg_ok(h, len);
			h = mnl_nlmsg_next(h, &len)) {
			const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);
			if (h->nlmsg_type != NLMSG_ERROR || h->nlmsg_seq != c->seq)
				continue; /* of a request that was given up */
			count -= count > 0;
			if (e->error && e->error != -ENOENT && !error)
				error = e->error;
		}
	}
	return error;
}

int conntrack_delete(struct conntrack *c, const struct conntrack_tuple *t)
{
	struct conntrack_tuple back = {t->b, t->a, t->proto, t->b_port, t->a_port};
	struct request r = {.len = 0};

	if (t->a.family != t->b.family || (t->a.family != 4 && t->a.family != 6))
		return -EINVAL;
	c->seq++;
	for (int answer = 0; answer <= is_icmp(t->proto); answer++) {
		put_delete(&r, c->seq, t, answer);
		put_delete(&r, c->seq, &back, answer);
	}
	if (mnl_socket_sendto(c->mnl, r.data, r.len) < 0)
		return -errno;
	int e = answers_read(c, r.count);
	/* no such subsystem, or none that was told so much */
	return e == -EINVAL ? -EOPNOTSUPP : e;
}

void conntrack_close(struct conntrack *c)
{
	if (c && c->mnl)
		(void)mnl_socket_close(c->mnl);
	free(c);
}
