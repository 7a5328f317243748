// SPDX-License-Identifier: GPL-2.0-or-later
/* space_flows - the algebra of sets of flows, side by side over struct space. */
#include "policy/space_priv.h"

void flows_init(struct flows *f, struct pool *pool, uint32_t limit)
{
	for (unsigned d = 0; d < DIRECTION_MAX; d++)
		for (unsigned i = 0; i < FLOWS_FAMILIES; i++)
			space_init(&f->side[d][i], pool, limit);
	space_init(&f->scratch, pool, limit);
}

struct space *flows_side(struct flows *f, enum direction d, uint8_t family)
{
	return &f->side[d][family == 6];
}

int flows_add(struct flows *f, enum direction d, const struct box *b)
{
	return space_unite(flows_side(f, d, b->family), b, &f->scratch);
}

static void clear(struct flows *f)
{
	for (unsigned d = 0; d < DIRECTION_MAX; d++)
		for (unsigned i = 0; i < FLOWS_FAMILIES; i++)
			f->side[d][i].count = 0;
}

int flows_all(struct flows *ret)
{
	int r = 0;

	clear(ret);
	for (unsigned d = 0; d < DIRECTION_MAX && !r; d++)
		for (unsigned i = 0; i < FLOWS_FAMILIES && !r; i++) {
			struct box all = box_all(i ? 6 : 4);
			r = space_push(&ret->side[d][i], &all);
		}
	return r;
}

static int push_all(struct space *to, const struct space *from)
{
	int r = 0;

	for (uint32_t i = 0; i < from->count && !r; i++)
		r = space_push(to, &from->boxes[i]);
	return r;
}

static int unite_side(
	const struct space *a, const struct space *b, struct space *ret, struct space *tmp)
{
	int r = push_all(ret, a);

	for (uint32_t i = 0; i < b->count && !r; i++)
		r = space_unite(ret, &b->boxes[i], tmp);
	return r;
}

/* Boxes of a disjoint set meet those of another in disjoint boxes. */
static int intersect_side(
	const struct space *a, const struct space *b, struct space *ret, struct space *tmp)
{
	struct box common;
	int r = 0;

	(void)tmp;
	for (uint32_t i = 0; i < a->count; i++)
		for (uint32_t k = 0; k < b->count && !r; k++)
			if (box_intersect(&a->boxes[i], &b->boxes[k], &common))
				r = space_push(ret, &common);
	return r;
}

static int subtract_side(
	const struct space *a, const struct space *b, struct space *ret, struct space *tmp)
{
	int r = push_all(ret, a);

	(void)tmp;
	for (uint32_t i = 0; i < b->count && !r; i++)
		r = space_subtract(ret, &b->boxes[i]);
	return r;
}

typedef int (*side_op)(const struct space *a, const struct space *b, struct space *ret,
	struct space *tmp);

static int each_side(
	const struct flows *a, const struct flows *b, struct flows *ret, side_op op)
{
	int r = 0;

	clear(ret);
	for (unsigned d = 0; d < DIRECTION_MAX && !r; d++)
		for (unsigned i = 0; i < FLOWS_FAMILIES && !r; i++)
			r = op(&a->side[d][i], &b->side[d][i], &ret->side[d][i],
				&ret->scratch);
	return r;
}

int flows_unite(const struct flows *a, const struct flows *b, struct flows *ret)
{
	return each_side(a, b, ret, unite_side);
}

int flows_intersect(const struct flows *a, const struct flows *b, struct flows *ret)
{
	return each_side(a, b, ret, intersect_side);
}

int flows_subtract(const struct flows *a, const struct flows *b, struct flows *ret)
{
	return each_side(a, b, ret, subtract_side);
}

int flows_complement(const struct flows *a, struct flows *ret)
{
	int r = flows_all(ret);

	for (unsigned d = 0; d < DIRECTION_MAX; d++)
		for (unsigned i = 0; i < FLOWS_FAMILIES; i++)
			for (uint32_t k = 0; k < a->side[d][i].count && !r; k++)
				r = space_subtract(
					&ret->side[d][i], &a->side[d][i].boxes[k]);
	return r;
}

bool flows_some(const struct flows *f, enum direction *ret_direction, struct box *ret)
{
	for (unsigned d = 0; d < DIRECTION_MAX; d++)
		for (unsigned i = 0; i < FLOWS_FAMILIES; i++)
			if (f->side[d][i].count) {
				*ret_direction = (enum direction)d;
				*ret = f->side[d][i].boxes[0];
				return true;
			}
	return false;
}

bool flows_is_empty(const struct flows *f)
{
	enum direction d;
	struct box b;

	return !flows_some(f, &d, &b);
}

bool flows_has(const struct flows *f, enum direction d, const struct box *point)
{
	return space_find(&f->side[d][point->family == 6], point) != NULL;
}

int flows_is_subset(
	const struct flows *a, const struct flows *b, struct flows *rest, bool *ret)
{
	int r = flows_subtract(a, b, rest);

	if (!r)
		*ret = flows_is_empty(rest);
	return r;
}

int flows_equal(
	const struct flows *a, const struct flows *b, struct flows *rest, bool *ret)
{
	bool inside = false;
	int r = flows_is_subset(a, b, rest, &inside);

	if (!r && inside)
		r = flows_is_subset(b, a, rest, &inside);
	if (!r)
		*ret = inside;
	return r;
}
