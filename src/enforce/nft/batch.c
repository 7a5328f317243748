// SPDX-License-Identifier: GPL-2.0-or-later
/* batch - one kernel transaction: all of its messages in one buffer and one send, as
 * nfnetlink takes a transaction from one packet only. */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "enforce/nft/nft_priv.h"

#define ROOM_FIRST 8192
#define ROOM_PER_STEP 512 /* more than any header with one element */
/* An attribute's length has 16 bits; a list is closed with an element to spare. */
#define LIST_MAX (65535 - ROOM_PER_STEP)
#define MS_PER_S 1000

static bool batch_room(struct nft_batch *b)
{
	if (b->error)
		return false;
	if (b->room - b->len >= ROOM_PER_STEP)
		return true;
	size_t room = b->room ? b->room * 2 : ROOM_FIRST;
	if (room > NFT_BATCH_MAX) {
		b->error = CARDEA_ELIMIT;
		return false;
	}
	uint8_t *p = realloc(b->data, room);
	if (!p) {
		b->error = -ENOMEM;
		return false;
	}
	b->data = p;
	b->room = room;
	return true;
}

static struct nlmsghdr *message_at(struct nft_batch *b)
{
	return (struct nlmsghdr *)(b->data + b->message);
}

/* Begin and end of a batch name the subsystem in res_id. */
static void batch_mark(struct nft_batch *b, uint16_t type)
{
	if (!batch_room(b))
		return;
	struct nlmsghdr *h = mnl_nlmsg_put_header(b->data + b->len);
	struct nfgenmsg *g = mnl_nlmsg_put_extra_header(h, sizeof *g);
	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST;
	h->nlmsg_seq = b->seq;
	g->res_id = htons(NFNL_SUBSYS_NFTABLES);
	b->len += h->nlmsg_len;
}

void nft_batch_begin(struct nft_batch *b, uint32_t seq)
{
	*b = (struct nft_batch){.seq = seq};
	batch_mark(b, NFNL_MSG_BATCH_BEGIN);
}

static void message_close(struct nft_batch *b)
{
	if (!b->message || b->error)
		return;
	struct nlmsghdr *h = message_at(b);
	if (b->list)
		mnl_attr_nest_end(h, (struct nlattr *)(b->data + b->list));
	b->len = b->message + h->nlmsg_len;
	b->last = b->message;
	b->message = b->list = 0;
}

static void message_open(struct nft_batch *b, uint16_t type, unsigned table,
	uint8_t set)
{
	b->message = b->len;
	b->message_type = type;
	b->message_table = (uint8_t)table;
	b->message_set = set;
	struct nlmsghdr *h = nft_message(b->data + b->len, type,
		type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0, nft_families[table],
		b->seq);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, entry_set_name(set));
	struct nlattr *list = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
	b->list = (size_t)((uint8_t *)list - b->data);
	b->len = b->message + h->nlmsg_len;
}

static void put_data(struct nlmsghdr *h, uint16_t type, const void *data, size_t len)
{
	struct nlattr *nest = mnl_attr_nest_start(h, type);

	mnl_attr_put(h, NFTA_DATA_VALUE, len, data);
	mnl_attr_nest_end(h, nest);
}

void nft_put_element(struct nlmsghdr *h, const struct entry *e, bool with_timeout)
{
	struct nlattr *nest = mnl_attr_nest_start(h, NFTA_LIST_ELEM);

	put_data(h, NFTA_SET_ELEM_KEY, e->key, e->key_len);
	if (entry_set_has_ranges(e->set))
		put_data(h, NFTA_SET_ELEM_KEY_END, e->end, e->key_len);
	if (with_timeout && e->timeout_s)
		mnl_attr_put_u64(h, NFTA_SET_ELEM_TIMEOUT,
			htobe64((uint64_t)e->timeout_s * MS_PER_S));
	mnl_attr_nest_end(h, nest);
}

void nft_batch_element(struct nft_batch *b, uint16_t type, unsigned table,
	const struct entry *e)
{
	bool fits = b->message && b->message_type == type &&
		    b->message_table == table && b->message_set == e->set && b->len - b->list < LIST_MAX;

	if (!fits)
		message_close(b);
	if (!batch_room(b))
		return;
	if (!fits) {
		message_open(b, type, table, e->set);
		if (!batch_room(b))
			return;
	}
	struct nlmsghdr *h = message_at(b);
	nft_put_element(h, e, type == NFT_MSG_NEWSETELEM);
	b->len = b->message + h->nlmsg_len;
	b->count++;
}

void nft_batch_delete_table(struct nft_batch *b, unsigned table)
{
	message_close(b);
	if (!batch_room(b))
		return;
	b->message = b->len;
	struct nlmsghdr *h = nft_message(b->data + b->len, NFT_MSG_DELTABLE, 0,
		nft_families[table], b->seq);
	mnl_attr_put_strz(h, NFTA_TABLE_NAME, NFT_TABLE);
	message_close(b);
	b->count++;
}

/* One acknowledgement, of the last message, says that all is in force. An error comes
 * before it and says that nothing is. */
int nft_batch_commit(struct nft_batch *b, struct nft_socket *s)
{
	message_close(b);
	if (!b->error && !b->count)
		return 0;
	size_t last = b->last;
	batch_mark(b, NFNL_MSG_BATCH_END);
	if (b->error)
		return b->error;
	((struct nlmsghdr *)(b->data + last))->nlmsg_flags |= NLM_F_ACK;
	return nft_request(s, b->data, b->len, NULL, NULL);
}

void nft_batch_free(struct nft_batch *b)
{
	free(b->data);
	*b = (struct nft_batch){0};
}
