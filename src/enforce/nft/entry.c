// SPDX-License-Identifier: GPL-2.0-or-later
/* entry - elements as the bytes of their set: each field of a concatenation is padded
 * to four bytes, ranges are two such keys. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "enforce/nft/nft_priv.h"

#define PADDED(n) (((n) + 3U) & ~3U)
/* What a dump may bring on top of a transaction: flow sets of both families. */
#define ENTRIES_MAX (4 * ENFORCE_ELEMENTS_MAX)

enum first_field { FIRST_OTHER, FIRST_MAC, FIRST_ADDR4, FIRST_ADDR6 };

static const struct {
	const char *name;
	enum first_field first; /* says whose an entry is */
	bool ranges;
} sets[NFT_SET_MAX] = {
	[NFT_SET_MANAGED] = {"managed", FIRST_MAC, false},
	[NFT_SET_POLICED4] = {"policed4", FIRST_ADDR4, false},
	[NFT_SET_POLICED6] = {"policed6", FIRST_ADDR6, false},
	[NFT_SET_BOUND4] = {"bound4", FIRST_MAC, false},
	[NFT_SET_BOUND6] = {"bound6", FIRST_MAC, false},
	[NFT_SET_OWNED4] = {"owned4", FIRST_ADDR4, false},
	[NFT_SET_OWNED6] = {"owned6", FIRST_ADDR6, false},
	[NFT_SET_LOCAL4] = {"local4", FIRST_OTHER, true},
	[NFT_SET_LOCAL6] = {"local6", FIRST_OTHER, true},
	[NFT_SET_OUT4] = {"out4", FIRST_MAC, false},
	[NFT_SET_OUT6] = {"out6", FIRST_MAC, false},
	[NFT_SET_OUTR4] = {"outr4", FIRST_MAC, true},
	[NFT_SET_OUTR6] = {"outr6", FIRST_MAC, true},
	[NFT_SET_INR4] = {"inr4", FIRST_ADDR4, true},
	[NFT_SET_INR6] = {"inr6", FIRST_ADDR6, true},
	[NFT_SET_FLOWS4] = {"flows4", FIRST_ADDR4, false},
	[NFT_SET_FLOWS6] = {"flows6", FIRST_ADDR6, false},
	[NFT_SET_ECHO4] = {"echo4", FIRST_ADDR4, false},
	[NFT_SET_ECHO6] = {"echo6", FIRST_ADDR6, false},
	[NFT_SET_PROBE] = {"probe", FIRST_OTHER, false},
};

const char *entry_set_name(enum nft_set s)
{
	return sets[s].name;
}

bool entry_set_has_ranges(enum nft_set s)
{
	return sets[s].ranges;
}

bool entry_set_is_static(enum nft_set s)
{
	return s <= NFT_SET_INR6;
}

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

static void put_box(struct entry *n, const struct element *e, struct range16 source,
	struct range16 destination)
{
	put_addr(n, &e->peer_lo, &e->peer_hi);
	put(n, &e->proto_lo, &e->proto_hi, 1);
	put_ports(n, source);
	put_ports(n, destination);
}

static void put_key(struct entry *n, const struct element *e)
{
	static const struct range16 any_type = {0, 0xffff};

	switch (e->kind) {
	case ELEMENT_MANAGED: /* no concatenation: no padding */
		put(n, e->mac.b, e->mac.b, sizeof e->mac.b);
		n->key_len = sizeof e->mac.b;
		break;
	case ELEMENT_POLICED:
	case ELEMENT_OWNED:
		put_addr(n, &e->device, &e->device);
		break;
	case ELEMENT_BOUND:
		put(n, e->mac.b, e->mac.b, sizeof e->mac.b);
		put_addr(n, &e->device, &e->device);
		break;
	case ELEMENT_LOCAL:
		put_ports(n, any_type); /* the Ethernet type in front */
		put_addr(n, &e->peer_lo, &e->peer_hi);
		break;
	case ELEMENT_OUT:
		put(n, e->mac.b, e->mac.b, sizeof e->mac.b);
		put_addr(n, &e->peer_lo, &e->peer_lo);
		put(n, &e->proto_lo, &e->proto_lo, 1);
		put_ports(n, e->peer_port);
		break;
	case ELEMENT_OUT_RANGE:
		put(n, e->mac.b, e->mac.b, sizeof e->mac.b);
		put_box(n, e, e->device_port, e->peer_port);
		break;
	case ELEMENT_IN_RANGE:
		put_addr(n, &e->device, &e->device);
		put_box(n, e, e->peer_port, e->device_port);
		break;
	case ELEMENT_KIND_MAX:
	default:
		break;
	}
}

void entry_from_element(struct entry *ret, const struct element *e)
{
	static const uint8_t first_set[ELEMENT_KIND_MAX] = {
		[ELEMENT_MANAGED] = NFT_SET_MANAGED,
		[ELEMENT_POLICED] = NFT_SET_POLICED4,
		[ELEMENT_BOUND] = NFT_SET_BOUND4,
		[ELEMENT_OWNED] = NFT_SET_OWNED4,
		[ELEMENT_LOCAL] = NFT_SET_LOCAL4,
		[ELEMENT_OUT] = NFT_SET_OUT4,
		[ELEMENT_OUT_RANGE] = NFT_SET_OUTR4,
		[ELEMENT_IN_RANGE] = NFT_SET_INR4,
	};

	*ret = (struct entry){.timeout_s = e->timeout_s};
	ret->set = (uint8_t)(first_set[e->kind] + (e->family == 6));
	put_key(ret, e);
}

int entry_compare(const struct entry *a, const struct entry *b)
{
	if (a->set != b->set)
		return a->set < b->set ? -1 : 1;
	int c = memcmp(a->key, b->key, sizeof a->key);
	return c ? c : memcmp(a->end, b->end, sizeof a->end);
}

bool entry_belongs(const struct entry *e, const struct enforce_forget *f)
{
	enum first_field first = sets[e->set].first;

	if (first == FIRST_MAC)
		return !memcmp(e->key, f->mac.b, sizeof f->mac.b);
	if (first == FIRST_OTHER)
		return false;
	uint8_t family = first == FIRST_ADDR4 ? 4 : 6;
	for (unsigned i = 0; i < f->addrs.count; i++) {
		const struct addr *a = &f->addrs.addrs[i];
		if (a->family == family && !memcmp(e->key, a->b, family == 4 ? 4 : 16))
			return true;
	}
	return false;
}

int entry_list_add(struct entry_list *l, const struct entry *e)
{
	if (l->count == l->room) {
		size_t room = l->room ? l->room * 2 : 64;
		if (room > ENTRIES_MAX)
			return CARDEA_ELIMIT;
		struct entry *p = realloc(l->entries, room * sizeof *p);
		if (!p)
			return -ENOMEM;
		l->entries = p;
		l->room = room;
	}
	l->entries[l->count++] = *e;
	return 0;
}

void entry_list_free(struct entry_list *l)
{
	free(l->entries);
	*l = (struct entry_list){0};
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
		if (i + 1 < l->count &&
			!entry_compare(&l->entries[i], &l->entries[i + 1]))
			continue;
		l->entries[kept++] = l->entries[i];
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
