// SPDX-License-Identifier: GPL-2.0-or-later
/* netlink - the socket to nf_tables, and what the kernel's sets hold now. */
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "enforce/nft/nft_priv.h"

/* The kernel cuts a dump into pieces of at most 32 KiB. */
#define ANSWER_MAX 32768
/* Errors of one batch wait here until we read them. */
#define RECEIVE_BUFFER (1 << 20)
#define REQUEST_MAX 512

static const struct {
	uint8_t family;
	const char *name;
} tables[] = {{NFPROTO_INET, "cardea"}, {NFPROTO_BRIDGE, "cardea"},
	[NFT_DNS] = {NFPROTO_INET, "cardea_dns"}};

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
	/* Pages are taken as they are written: room for the largest costs nothing. */
	void *p = mmap(NULL, NFT_BATCH_MAX, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	s->batch = p == MAP_FAILED ? NULL : p;
	s->mnl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!s->batch || !s->mnl ||
		mnl_socket_bind(s->mnl, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	/* Without it each error would echo the message, up to 64 KiB. */
	(void)mnl_socket_setsockopt(s->mnl, NETLINK_CAP_ACK, &one, sizeof one);
	buffer_set(s, SO_SNDBUFFORCE, SO_SNDBUF, NFT_BATCH_MAX);
	buffer_set(s, SO_RCVBUFFORCE, SO_RCVBUF, RECEIVE_BUFFER);
	return 0;
}

void nft_socket_close(struct nft_socket *s)
{
	if (s->batch)
		(void)munmap(s->batch, NFT_BATCH_MAX);
	if (s->mnl)
		(void)mnl_socket_close(s->mnl);
}

struct nlmsghdr *nft_message(void *at, uint16_t type, unsigned table, uint16_t flags,
	uint32_t seq)
{
	struct nlmsghdr *h = nftnl_nlmsg_build_hdr(at, type, tables[table].family, flags,
		seq);

	/* first in all messages */
	mnl_attr_put_strz(h, NFTA_TABLE_NAME, tables[table].name);
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
	while (e && mnl_socket_recvfrom(s->mnl, data, sizeof data) > 0)
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

/* The attribute of this type within the nested one, or NULL. */
static const struct nlattr *attr_in(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *a;

	if (!nest)
		return NULL;
	mnl_attr_for_each_nested(a, nest) {
		if (mnl_attr_get_type(a) == type)
			return a;
	}
	return NULL;
}

static uint64_t number_in(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *a = attr_in(nest, type);

	return a ? be64toh(mnl_attr_get_u64(a)) : 0;
}

/* The key or its end goes to ret; its length, or 0 for none and for none of ours. */
static uint8_t key_in(const struct nlattr *element, uint16_t type,
	uint8_t ret[ENTRY_KEY_MAX])
{
	const struct nlattr *a = attr_in(attr_in(element, type), NFTA_DATA_VALUE);

	if (!a || mnl_attr_get_payload_len(a) > ENTRY_KEY_MAX)
		return 0;
	memcpy(ret, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));
	return (uint8_t)mnl_attr_get_payload_len(a);
}

static int dump_element(const struct dump *d, const struct nlattr *element)
{
	struct entry e = {.set = (uint8_t)d->set};
	const struct nlattr *x =
		attr_in(attr_in(element, NFTA_SET_ELEM_EXPR), NFTA_EXPR_DATA);

	e.key_len = key_in(element, NFTA_SET_ELEM_KEY, e.key);
	if (!e.key_len)
		return CARDEA_EMALFORMED;
	if (!key_in(element, NFTA_SET_ELEM_KEY_END, e.end))
		memcpy(e.end, e.key, e.key_len);
	e.timeout_s = (uint32_t)(number_in(element, NFTA_SET_ELEM_TIMEOUT) / MS_PER_S);
	if (e.set >= NFT_SET_BYTES_F && e.set < NFT_SET_OUT4)
		e.rate = (uint32_t)number_in(x, NFTA_LIMIT_RATE);
	else
		e.packets = number_in(x, NFTA_COUNTER_PACKETS);
	return d->each(&e, d->ctx);
}

static int dump_message(const struct nlmsghdr *h, void *ctx)
{
	const struct nlattr *a, *element;
	int e = 0;

	mnl_attr_for_each(a, h, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(a) != NFTA_SET_ELEM_LIST_ELEMENTS)
			continue;
		mnl_attr_for_each_nested(element, a) {
			if (!e)
				e = dump_element(ctx, element);
		}
	}
	return e ? e : MNL_CB_OK;
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
