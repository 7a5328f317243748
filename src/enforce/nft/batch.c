// SPDX-License-Identifier: GPL-2.0-or-later
/* batch - one kernel transaction: all of its messages in one buffer and one send, as
 * nfnetlink takes a transaction from one packet only. */
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <linux/netfilter/nf_tables.h>
#include <sys/mman.h>

#include "enforce/nft/nft_priv.h"

#define ROOM_PER_STEP 512 /* more than any header with one element */
/* An attribute's length has 16 bits; a list is closed with an element to spare. */
#define LIST_MAX (65535 - ROOM_PER_STEP)
#define LARGEST_PACKET 65536U
#define KEPT_MAX 65536 /* bytes of a batch whose pages stay for the next */

/* Where the next message goes, or NULL when the batch failed or is full. */
static char *batch_tail(struct nft_batch *b)
{
	if (!b->error && NFT_BATCH_MAX - b->len < ROOM_PER_STEP)
		b->error = CARDEA_ELIMIT;
	return b->error ? NULL : b->socket->batch + b->len;
}

static void batch_grown(struct nft_batch *b, const struct nlmsghdr *h)
{
	b->len = (size_t)((char *)mnl_nlmsg_get_payload_tail(h) - b->socket->batch);
}

void nft_batch_begin(struct nft_batch *b, struct nft_socket *s)
{
	*b = (struct nft_batch){.socket = s, .seq = ++s->seq};
	batch_grown(b, nftnl_batch_begin(s->batch, b->seq));
}

static void put_data(struct nlmsghdr *h, uint16_t type, const void *data, size_t len)
{
	struct nlattr *nest = mnl_attr_nest_start(h, type);

	mnl_attr_put(h, NFTA_DATA_VALUE, len, data);
	mnl_attr_nest_end(h, nest);
}

/* One second's worth may come at once. The kernel's bucket for bytes has that anyway,
 * on top of the burst; it must hold the largest packet. */
static void put_limit(struct nlmsghdr *h, const struct entry *e)
{
	bool bytes = e->set < NFT_SET_PACKETS_F;
	uint32_t least = e->rate < LARGEST_PACKET ? LARGEST_PACKET - e->rate : 0;

	mnl_attr_put_u64(h, NFTA_LIMIT_RATE, htobe64(e->rate));
	mnl_attr_put_u64(h, NFTA_LIMIT_UNIT, htobe64(1)); /* second */
	mnl_attr_put_u32(h, NFTA_LIMIT_BURST, htobe32(bytes ? least : e->rate));
	mnl_attr_put_u32(h, NFTA_LIMIT_TYPE,
		htobe32(bytes ? NFT_LIMIT_PKT_BYTES : NFT_LIMIT_PKTS));
	mnl_attr_put_u32(h, NFTA_LIMIT_FLAGS, htobe32(NFT_LIMIT_F_INV));
}

static void put_expression(struct nlmsghdr *h, const struct entry *e)
{
	struct nlattr *nest = mnl_attr_nest_start(h, NFTA_SET_ELEM_EXPR);
	mnl_attr_put_strz(h, NFTA_EXPR_NAME, e->rate ? "limit" : "counter");
	struct nlattr *data = mnl_attr_nest_start(h, NFTA_EXPR_DATA);

	if (e->rate)
		put_limit(h, e);
	else
		mnl_attr_put_u64(h, NFTA_COUNTER_PACKETS, htobe64(e->packets));
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, nest);
}

void nft_put_element(struct nlmsghdr *h, const struct entry *e, bool whole)
{
	struct nlattr *nest = mnl_attr_nest_start(h, NFTA_LIST_ELEM);

	put_data(h, NFTA_SET_ELEM_KEY, e->key, e->key_len);
	if (nft_sets[e->set].ranges)
		put_data(h, NFTA_SET_ELEM_KEY_END, e->end, e->key_len);
	if (whole && (e->rate || e->packets))
		put_expression(h, e);
	if (whole && e->timeout_s) {
		uint64_t ms = htobe64((uint64_t)e->timeout_s * MS_PER_S);
		mnl_attr_put_u64(h, NFTA_SET_ELEM_TIMEOUT, ms);
		mnl_attr_put_u64(h, NFTA_SET_ELEM_EXPIRATION, ms);
	}
	mnl_attr_nest_end(h, nest);
}

void nft_batch_message(struct nft_batch *b, uint16_t type, unsigned table)
{
	uint16_t flags = type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0;
	char *tail = batch_tail(b);

	if (!tail)
		return;
	b->message = nft_message(tail, type, table, flags, b->seq);
	b->list = NULL;
	b->type = type;
	b->table = table;
	batch_grown(b, b->message);
}

void nft_batch_element(struct nft_batch *b, uint16_t type, unsigned table,
	const struct entry *e)
{
	bool fits = b->list && b->type == type && b->table == table &&
		    b->set == e->set && b->list->nla_len < LIST_MAX;

	if (!fits)
		nft_batch_message(b, type, table);
	if (!batch_tail(b))
		return;
	if (!fits) {
		mnl_attr_put_strz(b->message, NFTA_SET_ELEM_LIST_SET,
			nft_sets[e->set].name);
		b->list = mnl_attr_nest_start(b->message, NFTA_SET_ELEM_LIST_ELEMENTS);
		b->set = e->set;
	}
	nft_put_element(b->message, e, type == NFT_MSG_NEWSETELEM);
	mnl_attr_nest_end(b->message, b->list); /* so far: the next one may join */
	batch_grown(b, b->message);
}

/* One acknowledgement, of the last message, says that all is in force. An error comes
 * before it and says that nothing is. */
int nft_batch_finish(struct nft_batch *b, int error)
{
	char *tail = batch_tail(b);

	if (!error)
		error = b->error;
	if (!error && b->message) {
		b->message->nlmsg_flags |= NLM_F_ACK;
		batch_grown(b, nftnl_batch_end(tail, b->seq));
		error = nft_request(b->socket, b->socket->batch, b->len, NULL, NULL);
	}
	if (b->len > KEPT_MAX)
		(void)madvise(b->socket->batch, NFT_BATCH_MAX, MADV_DONTNEED);
	*b = (struct nft_batch){0};
	return error;
}

uint16_t nft_gone(const struct nft_socket *s)
{
	return s->can_renew ? NFT_DESTROY : NFT_MSG_DELSETELEM;
}
