// SPDX-License-Identifier: GPL-2.0-or-later
/* netlink - the socket to nf_tables, and what the kernel's sets hold now. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sys/socket.h>

#include "enforce/nft/nft_priv.h"

/* The kernel cuts a dump into pieces of at most 32 KiB. */
#define ANSWER_MAX 32768
/* Errors of one batch wait here until we read them. */
#define RECEIVE_BUFFER (1 << 20)
#define REQUEST_MAX 512

static const uint8_t families[NFT_TABLES] = {NFPROTO_INET, NFPROTO_BRIDGE};

/* The forced variants need CAP_NET_ADMIN in the first user namespace. */
static void buffer_set(const struct nft_socket *s, int forced, int plain, int size)
{
	int fd = mnl_socket_get_fd(s->mnl);

	if (setsockopt(fd, SOL_SOCKET, forced, &size, sizeof size) < 0)
		(void)setsockopt(fd, SOL_SOCKET, plain, &size, sizeof size);
}

/* nf_tables answers within the send, and each piece of a dump within the receive
 * before. So the socket never waits: nothing to read means that nothing will come. */
int nft_socket_open(struct nft_socket *s)
{
	int one = 1;

	s->mnl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!s->mnl || mnl_socket_bind(s->mnl, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	/* Without it each error would echo the message, up to 64 KiB. */
	(void)mnl_socket_setsockopt(s->mnl, NETLINK_CAP_ACK, &one, sizeof one);
	buffer_set(s, SO_SNDBUFFORCE, SO_SNDBUF, NFT_BATCH_MAX);
	buffer_set(s, SO_RCVBUFFORCE, SO_RCVBUF, RECEIVE_BUFFER);
	return 0;
}

struct nlmsghdr *nft_message(void *at, uint16_t type, unsigned table, uint16_t flags,
	uint32_t seq)
{
	struct nlmsghdr *h = nftnl_nlmsg_build_hdr(at, type, families[table], flags,
		seq);

	mnl_attr_put_strz(h, NFTA_TABLE_NAME, NFT_TABLE); /* first in all messages */
	return h;
}

int nft_request(struct nft_socket *s, const void *request, size_t len, mnl_cb_t each,
	void *ctx)
{
	const struct nlmsghdr *h = request;
	uint8_t data[ANSWER_MAX] __attribute__((aligned(8)));
	int e;

	if (mnl_socket_sendto(s->mnl, request, len) < 0)
		return -errno;
	do {
		ssize_t n = mnl_socket_recvfrom(s->mnl, data, sizeof data);
		e = n < 0 ? MNL_CB_ERROR
			  : mnl_cb_run(data, (size_t)n, h->nlmsg_seq, 0, each, ctx);
		if (e == MNL_CB_ERROR)
			e = -errno;
		/* EPROTO: the answer to an earlier request that we gave up */
	} while (e > 0 || e == -EPROTO);
	/* The rest of an abandoned answer must not meet the next request. */
	while (mnl_socket_recvfrom(s->mnl, data, sizeof data) > 0)
		;
	return e;
}

int nft_chain_check(struct nft_socket *s, unsigned table, const char *chain)
{
	char buf[REQUEST_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *h =
		nft_message(buf, NFT_MSG_GETCHAIN, table, NLM_F_ACK, ++s->seq);

	mnl_attr_put_strz(h, NFTA_CHAIN_NAME, chain);
	return nft_request(s, h, h->nlmsg_len, NULL, NULL);
}

struct dump {
	enum nft_set set;
	entry_visit *each;
	void *ctx;
};

/* What the element has beside its key: a limit or a counter. */
static void dump_expression(const struct nftnl_expr *x, struct entry *ret)
{
	if (x && ret->set >= NFT_SET_BYTES_F && ret->set < NFT_SET_OUT4)
		ret->rate = (uint32_t)nftnl_expr_get_u64(x, NFTNL_EXPR_LIMIT_RATE);
	else if (x)
		ret->packets = nftnl_expr_get_u64(x, NFTNL_EXPR_CTR_PACKETS);
}

static int dump_element(struct nftnl_set_elem *element, void *ctx)
{
	const struct dump *d = ctx;
	struct entry e = {.set = (uint8_t)d->set};
	uint32_t len = 0, end_len = 0;
	const void *key = nftnl_set_elem_get(element, NFTNL_SET_ELEM_KEY, &len);
	const void *end = nftnl_set_elem_get(element, NFTNL_SET_ELEM_KEY_END, &end_len);

	if (!key || !len || len > ENTRY_KEY_MAX || (end && end_len != len))
		return CARDEA_EMALFORMED; /* no key of ours */
	e.key_len = (uint8_t)len;
	memcpy(e.key, key, len);
	memcpy(e.end, end ? end : key, len);
	if (nftnl_set_elem_is_set(element, NFTNL_SET_ELEM_TIMEOUT))
		e.timeout_s = (uint32_t)(nftnl_set_elem_get_u64(element,
			NFTNL_SET_ELEM_TIMEOUT) / MS_PER_S);
	dump_expression(nftnl_set_elem_get(element, NFTNL_SET_ELEM_EXPR, &len), &e);
	return d->each(&e, d->ctx);
}

static int dump_message(const struct nlmsghdr *h, void *ctx)
{
	struct nftnl_set *set = nftnl_set_alloc();
	int e = CARDEA_EMALFORMED;

	if (!set)
		return -ENOMEM;
	if (nftnl_set_elems_nlmsg_parse(h, set) >= 0)
		e = nftnl_set_elem_foreach(set, dump_element, ctx);
	nftnl_set_free(set);
	return e < 0 ? e : MNL_CB_OK;
}

int nft_read_set(struct nft_socket *s, unsigned table, enum nft_set set,
	const struct entry *key, entry_visit *each, void *ctx)
{
	char buf[REQUEST_MAX] __attribute__((aligned(8)));
	struct dump d = {set, each, ctx};
	struct nlmsghdr *h = nft_message(buf, NFT_MSG_GETSETELEM, table,
		key ? NLM_F_ACK : NLM_F_DUMP, ++s->seq);

	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, nft_sets[set].name);
	if (key) {
		struct nlattr *list =
			mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
		nft_put_element(h, key, false);
		mnl_attr_nest_end(h, list);
	}
	int e = nft_request(s, h, h->nlmsg_len, dump_message, &d);
	return key && e == -ENOENT ? 0 : e;
}
