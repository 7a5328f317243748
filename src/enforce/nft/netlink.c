// SPDX-License-Identifier: GPL-2.0-or-later
/* netlink - the socket to nf_tables: requests with answers. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "enforce/nft/nft_priv.h"

/* The kernel cuts a dump into pieces of at most 32 KiB. */
#define ANSWER_MAX 32768
/* Errors of one batch wait here until we read them. */
#define RECEIVE_BUFFER (1 << 20)

const uint8_t nft_families[NFT_TABLES] = {NFPROTO_INET, NFPROTO_BRIDGE};

/* The forced variants need CAP_NET_ADMIN in the first user namespace. */
static void buffer_set(int fd, int forced, int plain, int size)
{
	if (setsockopt(fd, SOL_SOCKET, forced, &size, sizeof size) < 0)
		(void)setsockopt(fd, SOL_SOCKET, plain, &size, sizeof size);
}

int nft_socket_open(struct nft_socket *s)
{
	struct sockaddr_nl a = {.nl_family = AF_NETLINK};
	int one = 1;

	s->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (s->fd < 0)
		return -errno;
	if (bind(s->fd, (struct sockaddr *)&a, sizeof a) < 0) {
		int e = -errno;
		nft_socket_close(s);
		return e;
	}
	/* Without it each error would echo the message, up to 64 KiB. */
	(void)setsockopt(s->fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof one);
	buffer_set(s->fd, SO_SNDBUFFORCE, SO_SNDBUF, NFT_BATCH_MAX);
	buffer_set(s->fd, SO_RCVBUFFORCE, SO_RCVBUF, RECEIVE_BUFFER);
	return 0;
}

void nft_socket_close(struct nft_socket *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

/* 1: more to come; 0: complete; or the kernel's error. */
static int answer_walk(const uint8_t *data, size_t len, uint32_t seq,
	int (*each)(const struct nlmsghdr *h, void *ctx), void *ctx)
{
	const struct nlmsghdr *h = (const void *)data;
	int left = (int)len;

	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		if (h->nlmsg_seq != seq)
			continue;
		if (h->nlmsg_flags & NLM_F_DUMP_INTR)
			return -EINTR;
		if (h->nlmsg_type == NLMSG_DONE)
			return 0;
		if (h->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);
			return e->error;
		}
		int e = each ? each(h, ctx) : 0;
		if (e)
			return e;
	}
	return 1;
}

/* nf_tables answers within the send, and each piece of a dump within the receive
 * before: nothing to read means that nothing will come. */
static ssize_t answer_receive(struct nft_socket *s, uint8_t *data, size_t size)
{
	ssize_t n;

	do
		n = recv(s->fd, data, size, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EWOULDBLOCK ? -EIO : -errno;
}

int nft_request(struct nft_socket *s, const void *request, size_t len,
	int (*each)(const struct nlmsghdr *h, void *ctx), void *ctx)
{
	const struct nlmsghdr *h = request;
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	uint8_t data[ANSWER_MAX] __attribute__((aligned(8)));
	ssize_t n;
	int e;

	do
		n = sendto(s->fd, request, len, 0, (struct sockaddr *)&kernel,
			sizeof kernel);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	do {
		n = answer_receive(s, data, sizeof data);
		e = n < 0 ? (int)n
			  : answer_walk(data, (size_t)n, h->nlmsg_seq, each, ctx);
	} while (e > 0);
	/* The rest of an abandoned answer must not meet the next request. */
	while (answer_receive(s, data, sizeof data) > 0)
		;
	return e;
}

struct nlmsghdr *nft_message(void *buf, uint16_t type, uint16_t flags, uint8_t family,
	uint32_t seq)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *g = mnl_nlmsg_put_extra_header(h, sizeof *g);

	h->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	h->nlmsg_flags = NLM_F_REQUEST | flags;
	h->nlmsg_seq = seq;
	g->nfgen_family = family;
	g->version = NFNETLINK_V0;
	return h;
}

int nft_chain_check(struct nft_socket *s, uint8_t family, const char *chain)
{
	uint8_t buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *h =
		nft_message(buf, NFT_MSG_GETCHAIN, NLM_F_ACK, family, ++s->seq);

	mnl_attr_put_strz(h, NFTA_CHAIN_TABLE, NFT_TABLE);
	mnl_attr_put_strz(h, NFTA_CHAIN_NAME, chain);
	return nft_request(s, h, h->nlmsg_len, NULL, NULL);
}
