// SPDX-License-Identifier: GPL-2.0-or-later
/* dump - what the kernel's sets hold now. */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "enforce/nft/nft_priv.h"

#define MS_PER_S 1000
#define REQUEST_MAX 512

struct dump {
	enum nft_set set;
	int (*each)(const struct entry *e, void *ctx);
	void *ctx;
};

/* The bytes of one NFTA_DATA_VALUE; false when they cannot be a key of ours. */
static bool key_read(const struct nlattr *nest, uint8_t *key, uint8_t *ret_len)
{
	const struct nlattr *a;

	mnl_attr_for_each_nested(a, nest) {
		uint16_t len = mnl_attr_get_payload_len(a);
		if (mnl_attr_get_type(a) != NFTA_DATA_VALUE || len > ENTRY_KEY_MAX)
			continue;
		memcpy(key, mnl_attr_get_payload(a), len);
		*ret_len = (uint8_t)len;
		return true;
	}
	return false;
}

static bool element_read(const struct nlattr *nest, enum nft_set set, struct entry *ret)
{
	struct entry e = {.set = (uint8_t)set};
	const struct nlattr *a;
	bool has_key = false, has_end = false;
	uint8_t end_len;
	uint64_t ms;

	mnl_attr_for_each_nested(a, nest) {
		uint16_t type = mnl_attr_get_type(a);
		if (type == NFTA_SET_ELEM_KEY)
			has_key = key_read(a, e.key, &e.key_len);
		else if (type == NFTA_SET_ELEM_KEY_END)
			has_end = key_read(a, e.end, &end_len);
		else if (type == NFTA_SET_ELEM_TIMEOUT) {
			memcpy(&ms, mnl_attr_get_payload(a), sizeof ms);
			e.timeout_s = (uint32_t)(be64toh(ms) / MS_PER_S);
		}
	}
	if (!has_key)
		return false;
	if (!has_end)
		memcpy(e.end, e.key, sizeof e.end);
	*ret = e;
	return true;
}

static int dump_message(const struct nlmsghdr *h, void *ctx)
{
	struct dump *d = ctx;
	const struct nlattr *a, *item;
	struct entry e;

	mnl_attr_for_each(a, h, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(a) != NFTA_SET_ELEM_LIST_ELEMENTS)
			continue;
		mnl_attr_for_each_nested(item, a) {
			int error = element_read(item, d->set, &e) ? d->each(&e, d->ctx)
								  : CARDEA_EMALFORMED;
			if (error)
				return error;
		}
	}
	return 0;
}

static struct nlmsghdr *request_put(void *buf, struct nft_socket *s, unsigned table,
	enum nft_set set, uint16_t flags)
{
	struct nlmsghdr *h = nft_message(buf, NFT_MSG_GETSETELEM, flags,
		nft_families[table], ++s->seq);

	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, entry_set_name(set));
	return h;
}

int nft_dump_set(struct nft_socket *s, unsigned table, enum nft_set set,
	int (*each)(const struct entry *e, void *ctx), void *ctx)
{
	uint8_t buf[REQUEST_MAX] __attribute__((aligned(8)));
	struct dump d = {set, each, ctx};

	struct nlmsghdr *h = request_put(buf, s, table, set, NLM_F_DUMP);

	return nft_request(s, h, h->nlmsg_len, dump_message, &d);
}

static int entry_keep(const struct entry *e, void *ctx)
{
	*(struct entry *)ctx = *e;
	return 0;
}

int nft_get_entry(struct nft_socket *s, unsigned table, const struct entry *e,
	struct entry *ret)
{
	uint8_t buf[REQUEST_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *h = request_put(buf, s, table, e->set, NLM_F_ACK);
	struct entry found = {0};
	struct dump d = {e->set, entry_keep, &found};

	struct nlattr *list = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
	nft_put_element(h, e, false);
	mnl_attr_nest_end(h, list);
	int error = nft_request(s, h, h->nlmsg_len, dump_message, &d);
	if (error && error != -ENOENT)
		return error;
	/* A range set answers with whatever covers the key: that may be another one. */
	if (error || !found.key_len || entry_compare(&found, e))
		return 0;
	*ret = found;
	return 1;
}
