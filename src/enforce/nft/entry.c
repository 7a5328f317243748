// SPDX-License-Identifier: GPL-2.0-or-later
/* entry - elements as the bytes of their set: each field of a concatenation is padded
 * to four bytes, ranges are two such keys. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "enforce/nft/nft_priv.h"

#define PADDED(n) (((n) + 3U) & ~3U)
#define LIST_FIRST 64

#define INFO_ONE(set, name, ranges) {name, 0, ranges},
#define INFO_PAIR(set, name, ranges) {name "4", 4, ranges}, {name "6", 6, ranges},
const struct nft_set_info nft_sets[] = {NFT_SETS(INFO_ONE, INFO_PAIR)};

enum field { END, MAC, DEVICE, PEER, PROTO, DEVICE_PORT, PEER_PORT, TYPE, PEER_HW };

/* The fields of a key, in the order of the set's type in skeleton.nft. */
static const struct {
	enum nft_set set4; /* that of IPv6 follows it */
	enum field fields[6];
} layouts[ELEMENT_KIND_MAX] = {
	[ELEMENT_MANAGED] = {NFT_SET_MANAGED, {MAC}},
	[ELEMENT_POLICED] = {NFT_SET_POLICED4, {DEVICE}},
	[ELEMENT_BOUND] = {NFT_SET_BOUND4, {MAC, DEVICE}},
	[ELEMENT_OWNED] = {NFT_SET_OWNED4, {DEVICE}},
	[ELEMENT_LOCAL] = {NFT_SET_LOCAL4, {DEVICE_PORT, PEER}}, /* see all_types */
	[ELEMENT_OUT] = {NFT_SET_OUT4, {MAC, PEER, PROTO, PEER_PORT}},
	[ELEMENT_OUT_RANGE] = {NFT_SET_OUTR4,
		{MAC, PEER, PROTO, DEVICE_PORT, PEER_PORT}},
	[ELEMENT_IN_RANGE] = {NFT_SET_INR4,
		{DEVICE, PEER, PROTO, PEER_PORT, DEVICE_PORT}},
	[ELEMENT_IN] = {NFT_SET_IN4, {DEVICE, PEER, PROTO, DEVICE_PORT}},
	[ELEMENT_ETHER_OUT] = {NFT_SET_ETHER_F, {MAC, TYPE, PEER_HW}},
	[ELEMENT_ETHER_IN] = {NFT_SET_ETHER_T, {MAC, TYPE, PEER_HW}},
	[ELEMENT_LIMIT_OUT_BYTES] = {NFT_SET_BYTES_F, {MAC}},
	[ELEMENT_LIMIT_OUT_PACKETS] = {NFT_SET_PACKETS_F, {MAC}},
	[ELEMENT_LIMIT_IN_BYTES] = {NFT_SET_BYTES_T4, {DEVICE}},
	[ELEMENT_LIMIT_IN_PACKETS] = {NFT_SET_PACKETS_T4, {DEVICE}},
};

/* Where an element has a field's lowest and highest value, and its length: 0 is an
 * address', of either family. Numbers of two bytes are in the order of the network. */
static const struct {
	uint16_t lo, hi, len;
} places[] = {
#define RANGE(lo, hi, len) \
	{offsetof(struct element, lo), offsetof(struct element, hi), len}
	[MAC] = RANGE(mac, mac, sizeof(struct mac)),
	[DEVICE] = RANGE(device.b, device.b, 0),
	[PEER] = RANGE(peer_lo.b, peer_hi.b, 0),
	[PROTO] = RANGE(proto_lo, proto_hi, 1),
	[DEVICE_PORT] = RANGE(device_port.lo, device_port.hi, 2),
	[PEER_PORT] = RANGE(peer_port.lo, peer_port.hi, 2),
	[TYPE] = RANGE(ether_type, ether_type, 2),
	[PEER_HW] = RANGE(peer_mac_lo, peer_mac_hi, sizeof(struct mac)),
};

static void swap_numbers(struct element *e)
{
	uint16_t *numbers[] = {&e->device_port.lo, &e->device_port.hi, &e->peer_port.lo,
		&e->peer_port.hi, &e->ether_type};

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		*numbers[i] = htons(*numbers[i]);
}

/* Copies all fields, into the entry or back; the length of the key. */
static size_t copy_fields(const enum field *fields, struct element *e, struct entry *n,
	bool back)
{
	size_t at = 0;

	for (; *fields != END; fields++) {
		size_t addr = e->family == 4 ? 4 : 16;
		size_t len = places[*fields].len ? places[*fields].len : addr;
		uint8_t *lo = (uint8_t *)e + places[*fields].lo;
		uint8_t *hi = (uint8_t *)e + places[*fields].hi;

		memcpy(back ? lo : n->key + at, back ? n->key + at : lo, len);
		memcpy(back ? hi : n->end + at, back ? n->end + at : hi, len);
		/* a key that is no concatenation is not padded */
		at += at || fields[1] != END ? PADDED(len) : len;
	}
	return at;
}

/* That of IPv4. */
static enum nft_set set_of(const struct element *e)
{
	if (e->gate != ELEMENT_GATE_TOLD)
		return layouts[e->kind].set4;
	return e->kind == ELEMENT_OUT_RANGE ? NFT_SET_TOLD_F4 : NFT_SET_TOLD_T4;
}

void entry_from_element(struct entry *ret, const struct element *from)
{
	static const struct range16 all_types = {0, 0xffff};
	struct element e = *from;

	if (e.kind == ELEMENT_LOCAL)
		e.device_port = all_types;
	swap_numbers(&e);
	/* the kernel's bucket has 32 bits, enough for 34 Gbit/s */
	*ret = (struct entry){.timeout_s = e.timeout_s,
		.rate = e.rate < UINT32_MAX ? (uint32_t)e.rate : UINT32_MAX};
	ret->set = (uint8_t)(set_of(&e) + (e.family == 6));
	ret->key_len = (uint8_t)copy_fields(layouts[e.kind].fields, &e, ret, false);
}

void entry_to_element(const struct entry *n, struct element *ret)
{
	bool from = n->set == NFT_SET_TOLD_F4 || n->set == NFT_SET_TOLD_F6;
	bool told = from || n->set == NFT_SET_TOLD_T4 || n->set == NFT_SET_TOLD_T6;
	unsigned kind = from ? ELEMENT_OUT_RANGE : told ? ELEMENT_IN_RANGE : ELEMENT_OUT;
	struct entry copy = *n;

	while (!told && kind < ELEMENT_IN && layouts[kind].set4 != n->set &&
		layouts[kind].set4 + 1 != n->set)
		kind++;
	*ret = (struct element){.kind = (enum element_kind)kind,
		.gate = told ? ELEMENT_GATE_TOLD : 0};
	ret->family = nft_sets[n->set].family;
	ret->peer_lo.family = ret->peer_hi.family = ret->family;
	if (layouts[kind].fields[0] == DEVICE)
		ret->device.family = ret->family;
	(void)copy_fields(layouts[kind].fields, ret, &copy, true);
	swap_numbers(ret);
}

void entry_to_flow(const struct entry *n, struct element *ret)
{
	static const enum field fields[] = {DEVICE, PEER, PROTO, DEVICE_PORT, PEER_PORT,
		END}, echo[] = {DEVICE, PEER, DEVICE_PORT, END};
	bool is_echo = n->set >= NFT_SET_ECHO4;
	struct entry copy = *n;

	*ret = (struct element){.family = nft_sets[n->set].family};
	(void)copy_fields(is_echo ? echo : fields, ret, &copy, true);
	swap_numbers(ret);
	ret->device.family = ret->peer_lo.family = ret->peer_hi.family = ret->family;
	if (!is_echo)
		return;
	ret->proto_lo = ret->proto_hi = ret->family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	ret->peer_port = ret->device_port;
}

int entry_compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->set != y->set)
		return x->set < y->set ? -1 : 1;
	int c = memcmp(x->key, y->key, sizeof x->key);
	return c ? c : memcmp(x->end, y->end, sizeof x->end);
}

bool entry_belongs(const struct entry *e, const struct message_forget *f)
{
	size_t len = nft_sets[e->set].family == 4 ? 4 : 16;

	if (e->set < NFT_SET_IN4)
		return !memcmp(e->key, f->mac.b, sizeof f->mac.b);
	for (unsigned i = 0; i < f->addrs.count; i++) {
		const struct addr *a = &f->addrs.addrs[i];
		if (a->family == nft_sets[e->set].family && !memcmp(e->key, a->b, len))
			return true;
	}
	return false;
}

int entry_list_add(struct entry_list *l, const struct entry *e)
{
	size_t room = l->room ? 2 * l->room : LIST_FIRST;

	if (l->count == l->room) {
		struct entry *more = reallocarray(l->entries, room, sizeof *more);
		if (!more)
			return -ENOMEM;
		l->entries = more;
		l->room = room;
	}
	l->entries[l->count++] = *e;
	return 0;
}

static int compare_order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int c = entry_compare(x, y);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

void entry_list_sort(struct entry_list *l)
{
	size_t kept = 0, sorted = 1;

	while (sorted < l->count &&
		entry_compare(&l->entries[sorted - 1], &l->entries[sorted]) < 0)
		sorted++;
	if (sorted >= l->count) /* as they come when much is loaded */
		return;
	qsort(l->entries, l->count, sizeof *l->entries, compare_order);
	for (size_t i = 0; i < l->count; i++) {
		struct entry *e = &l->entries[i];
		if (i + 1 == l->count || entry_compare(e, e + 1))
			l->entries[kept++] = *e;
	}
	l->count = kept;
}

struct entry *entry_list_find(const struct entry_list *l, const struct entry *e)
{
	if (!l->count)
		return NULL;
	return bsearch(e, l->entries, l->count, sizeof *e, entry_compare);
}
