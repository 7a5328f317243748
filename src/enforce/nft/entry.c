// SPDX-License-Identifier: GPL-2.0-or-later
/* entry - elements as the bytes of their set: each field of a concatenation is padded
 * to four bytes, ranges are two such keys. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "enforce/nft/nft_priv.h"

#define PADDED(n) (((n) + 3U) & ~3U)

const struct nft_set_info nft_sets[NFT_SET_MAX] = {
	[NFT_SET_MANAGED] = {"managed", OWNER_MAC, false},
	[NFT_SET_POLICED4] = {"policed4", OWNER_ADDR4, false},
	[NFT_SET_POLICED6] = {"policed6", OWNER_ADDR6, false},
	[NFT_SET_BOUND4] = {"bound4", OWNER_MAC, false},
	[NFT_SET_BOUND6] = {"bound6", OWNER_MAC, false},
	[NFT_SET_OWNED4] = {"owned4", OWNER_ADDR4, false},
	[NFT_SET_OWNED6] = {"owned6", OWNER_ADDR6, false},
	[NFT_SET_LOCAL4] = {"local4", OWNER_NONE, true},
	[NFT_SET_LOCAL6] = {"local6", OWNER_NONE, true},
	[NFT_SET_OUT4] = {"out4", OWNER_MAC, false},
	[NFT_SET_OUT6] = {"out6", OWNER_MAC, false},
	[NFT_SET_OUTR4] = {"outr4", OWNER_MAC, true},
	[NFT_SET_OUTR6] = {"outr6", OWNER_MAC, true},
	[NFT_SET_INR4] = {"inr4", OWNER_ADDR4, true},
	[NFT_SET_INR6] = {"inr6", OWNER_ADDR6, true},
	[NFT_SET_FLOWS4] = {"flows4", OWNER_ADDR4, false},
	[NFT_SET_FLOWS6] = {"flows6", OWNER_ADDR6, false},
	[NFT_SET_ECHO4] = {"echo4", OWNER_ADDR4, false},
	[NFT_SET_ECHO6] = {"echo6", OWNER_ADDR6, false},
	[NFT_SET_PROBE] = {"probe", OWNER_NONE, false},
};

enum field { END, ETHER_TYPE, MAC, DEVICE, PEER, PROTO, DEVICE_PORT, PEER_PORT };

/* The fields of a key, in the order of the set's type in skeleton.nft. */
static const struct {
	enum nft_set set4; /* that of IPv6 follows it */
	enum field fields[6];
} layouts[ELEMENT_KIND_MAX] = {
	[ELEMENT_MANAGED] = {NFT_SET_MANAGED, {MAC}},
	[ELEMENT_POLICED] = {NFT_SET_POLICED4, {DEVICE}},
	[ELEMENT_BOUND] = {NFT_SET_BOUND4, {MAC, DEVICE}},
	[ELEMENT_OWNED] = {NFT_SET_OWNED4, {DEVICE}},
	[ELEMENT_LOCAL] = {NFT_SET_LOCAL4, {ETHER_TYPE, PEER}},
	[ELEMENT_OUT] = {NFT_SET_OUT4, {MAC, PEER, PROTO, PEER_PORT}},
	[ELEMENT_OUT_RANGE] = {NFT_SET_OUTR4,
		{MAC, PEER, PROTO, DEVICE_PORT, PEER_PORT}},
	[ELEMENT_IN_RANGE] = {NFT_SET_INR4,
		{DEVICE, PEER, PROTO, PEER_PORT, DEVICE_PORT}},
};

static void put(struct entry *n, const void *lo, const void *hi, size_t len)
{
	memcpy(n->key + n->key_len, lo, len);
	memcpy(n->end + n->key_len, hi, len);
	n->key_len = (uint8_t)(n->key_len + PADDED(len));
}

static void put_addr(struct entry *n, const struct addr *lo, const struct addr *hi)
{
	put(n, lo->b, hi->b, lo->family == 4 ? 4 : 16);
}

static void put_ports(struct entry *n, struct range16 r)
{
	uint16_t lo = htons(r.lo), hi = htons(r.hi);

	put(n, &lo, &hi, sizeof lo);
}

static void put_field(struct entry *n, enum field f, const struct element *e)
{
	switch (f) {
	case ETHER_TYPE:
		put_ports(n, (struct range16){0, 0xffff});
		break;
	case MAC:
		put(n, e->mac.b, e->mac.b, sizeof e->mac.b);
		break;
	case DEVICE:
		put_addr(n, &e->device, &e->device);
		break;
	case PEER:
		put_addr(n, &e->peer_lo, &e->peer_hi);
		break;
	case PROTO:
		put(n, &e->proto_lo, &e->proto_hi, 1);
		break;
	case DEVICE_PORT:
		put_ports(n, e->device_port);
		break;
	case PEER_PORT:
		put_ports(n, e->peer_port);
		break;
	case END:
	default:
		break;
	}
}

void entry_from_element(struct entry *ret, const struct element *e)
{
	const enum field *fields = layouts[e->kind].fields;

	*ret = (struct entry){.timeout_s = e->timeout_s};
	ret->set = (uint8_t)(layouts[e->kind].set4 + (e->family == 6));
	for (size_t i = 0; fields[i] != END; i++)
		put_field(ret, fields[i], e);
	if (e->kind == ELEMENT_MANAGED) /* no concatenation: no padding */
		ret->key_len = sizeof e->mac.b;
}

int entry_compare(const struct entry *a, const struct entry *b)
{
	if (a->set != b->set)
		return a->set < b->set ? -1 : 1;
	int c = memcmp(a->key, b->key, sizeof a->key);
	return c ? c : memcmp(a->end, b->end, sizeof a->end);
}

bool entry_belongs(const struct entry *e, const struct message_forget *f)
{
	size_t len = nft_sets[e->set].owner;

	if (len == OWNER_MAC)
		return !memcmp(e->key, f->mac.b, len);
	for (unsigned i = 0; i < f->addrs.count; i++) {
		const struct addr *a = &f->addrs.addrs[i];
		if (addr_bits(a) == 8 * len && len && !memcmp(e->key, a->b, len))
			return true;
	}
	return false;
}

static int compare_order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int c = entry_compare(x, y);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

void entry_list_sort(struct entry_list *l)
{
	size_t kept = 0;

	if (!l->count)
		return;
	qsort(l->entries, l->count, sizeof *l->entries, compare_order);
	for (size_t i = 0; i < l->count; i++) {
		struct entry *e = &l->entries[i];
		if (i + 1 == l->count || entry_compare(e, e + 1))
			l->entries[kept++] = *e;
	}
	l->count = kept;
}

static int compare_keys(const void *a, const void *b)
{
	return entry_compare(a, b);
}

struct entry *entry_list_find(const struct entry_list *l, const struct entry *e)
{
	if (!l->count)
		return NULL;
	return bsearch(e, l->entries, l->count, sizeof *e, compare_keys);
}
