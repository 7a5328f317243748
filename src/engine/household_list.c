// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of kernel elements: grown one by one, then sorted and kept. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "engine/household_priv.h"

void element_list_free(struct element_list *l)
{
	free(l->items);
	memset(l, 0, sizeof(*l));
}

void element_list_add(struct element_list *l, const struct element *e)
{
	if (l->count == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 16;
		struct element *items = realloc(l->items, cap * sizeof(*items));

		if (!items) {
			l->error = -ENOMEM;
			return;
		}
		l->items = items;
		l->cap = cap;
	}
	l->items[l->count++] = *e;
}

int element_list_order(const void *a, const void *b)
{
	return element_compare(a, b);
}

/* Sorted, each key once, and no larger than it must be: it lives as long as the device.
 */
void element_list_finish(struct element_list *l)
{
	size_t kept = 0;

	if (!l->count)
		return;
	qsort(l->items, l->count, sizeof(*l->items), element_list_order);
	for (size_t i = 0; i < l->count; i++)
		if (!kept || element_compare(&l->items[kept - 1], &l->items[i]) != 0)
			l->items[kept++] = l->items[i];
	l->count = kept;
	if (kept < l->cap) {
		struct element *items = realloc(l->items, kept * sizeof(*items));

		if (items) {
			l->items = items;
			l->cap = kept;
		}
	}
}

void element_list_addr(struct element_list *l, enum element_kind kind,
	const struct mac *mac, const struct addr *addr)
{
	struct element e = {.kind = kind, .family = addr->family, .device = *addr};

	if (kind == ELEMENT_BOUND)
		e.mac = *mac;
	element_list_add(l, &e);
}
