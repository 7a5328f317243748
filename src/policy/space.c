// SPDX-License-Identifier: GPL-2.0-or-later
/* space - boxes and lists of boxes. Addresses are compared and stepped as bytes, since
 * small routers have no 128-bit integers. */
#include "policy/space_priv.h"

#include <errno.h>
#include <string.h>

#define SPACE_FIRST 32 /* most devices need fewer; doubling goes on from here */

static const struct range16 any_port = {0, UINT16_MAX};

struct box box_all(uint8_t family)
{
	struct box b = {
		.family = family,
		.proto_hi = UINT8_MAX,
		.lo.family = family,
		.hi.family = family,
		.device_port = any_port,
		.peer_port = any_port,
	};

	memset(b.hi.b, 0xff, family == 4 ? 4 : 16);
	return b;
}

static bool ports_meet(struct range16 a, struct range16 b)
{
	return a.lo <= b.hi && b.lo <= a.hi;
}

static bool ports_cover(struct range16 outer, struct range16 inner)
{
	return outer.lo <= inner.lo && inner.hi <= outer.hi;
}

bool box_intersects(const struct box *a, const struct box *b)
{
	return a->family == b->family && a->proto_lo <= b->proto_hi &&
	       b->proto_lo <= a->proto_hi && ports_meet(a->peer_port, b->peer_port) &&
	       ports_meet(a->device_port, b->device_port) &&
	       addr_compare(&a->lo, &b->hi) <= 0 && addr_compare(&b->lo, &a->hi) <= 0;
}

static struct range16 ports_common(struct range16 a, struct range16 b)
{
	return (struct range16){a.lo > b.lo ? a.lo : b.lo, a.hi < b.hi ? a.hi : b.hi};
}

bool box_intersect(const struct box *a, const struct box *b, struct box *ret)
{
	if (!box_intersects(a, b))
		return false;
	struct box r = *a;
	if (addr_compare(&b->lo, &a->lo) > 0)
		r.lo = b->lo;
	if (addr_compare(&b->hi, &a->hi) < 0)
		r.hi = b->hi;
	if (b->proto_lo > a->proto_lo)
		r.proto_lo = b->proto_lo;
	if (b->proto_hi < a->proto_hi)
		r.proto_hi = b->proto_hi;
	r.device_port = ports_common(a->device_port, b->device_port);
	r.peer_port = ports_common(a->peer_port, b->peer_port);
	*ret = r;
	return true;
}

bool box_covers(const struct box *outer, const struct box *inner)
{
	return outer->family == inner->family && outer->proto_lo <= inner->proto_lo &&
	       inner->proto_hi <= outer->proto_hi &&
	       ports_cover(outer->peer_port, inner->peer_port) &&
	       ports_cover(outer->device_port, inner->device_port) &&
	       addr_compare(&outer->lo, &inner->lo) <= 0 &&
	       addr_compare(&inner->hi, &outer->hi) <= 0;
}

bool box_equal(const struct box *a, const struct box *b)
{
	return box_covers(a, b) && box_covers(b, a);
}

struct addr addr_next(struct addr a)
{
	for (unsigned i = a.family == 4 ? 4 : 16; i-- > 0;)
		if (++a.b[i])
			break;
	return a;
}

static struct addr addr_previous(struct addr a)
{
	for (unsigned i = a.family == 4 ? 4 : 16; i-- > 0;)
		if (a.b[i]--)
			break;
	return a;
}

/* Each of these moves the slabs of *left outside b into ret and narrows *left to the
 * common range, so that what comes last is a AND b, which is dropped. */
static size_t cut_addrs(struct box *left, const struct box *b, struct box *ret)
{
	size_t n = 0;

	if (addr_compare(&left->lo, &b->lo) < 0) {
		ret[n] = *left;
		ret[n++].hi = addr_previous(b->lo);
		left->lo = b->lo;
	}
	if (addr_compare(&left->hi, &b->hi) > 0) {
		ret[n] = *left;
		ret[n++].lo = addr_next(b->hi);
		left->hi = b->hi;
	}
	return n;
}

static size_t cut_protos(struct box *left, const struct box *b, struct box *ret)
{
	size_t n = 0;

	if (left->proto_lo < b->proto_lo) {
		ret[n] = *left;
		ret[n++].proto_hi = (uint8_t)(b->proto_lo - 1);
		left->proto_lo = b->proto_lo;
	}
	if (left->proto_hi > b->proto_hi) {
		ret[n] = *left;
		ret[n++].proto_lo = (uint8_t)(b->proto_hi + 1);
		left->proto_hi = b->proto_hi;
	}
	return n;
}

static size_t cut_peer_ports(struct box *left, const struct box *b, struct box *ret)
{
	size_t n = 0;

	if (left->peer_port.lo < b->peer_port.lo) {
		ret[n] = *left;
		ret[n++].peer_port.hi = (uint16_t)(b->peer_port.lo - 1);
		left->peer_port.lo = b->peer_port.lo;
	}
	if (left->peer_port.hi > b->peer_port.hi) {
		ret[n] = *left;
		ret[n++].peer_port.lo = (uint16_t)(b->peer_port.hi + 1);
		left->peer_port.hi = b->peer_port.hi;
	}
	return n;
}

static size_t cut_device_ports(struct box *left, const struct box *b, struct box *ret)
{
	size_t n = 0;

	if (left->device_port.lo < b->device_port.lo) {
		ret[n] = *left;
		ret[n++].device_port.hi = (uint16_t)(b->device_port.lo - 1);
		left->device_port.lo = b->device_port.lo;
	}
	if (left->device_port.hi > b->device_port.hi) {
		ret[n] = *left;
		ret[n++].device_port.lo = (uint16_t)(b->device_port.hi + 1);
		left->device_port.hi = b->device_port.hi;
	}
	return n;
}

size_t box_subtract(
	const struct box *a, const struct box *b, struct box ret[BOX_PIECES_MAX])
{
	if (!box_intersects(a, b)) {
		ret[0] = *a;
		return 1;
	}
	struct box left = *a;
	size_t n = cut_addrs(&left, b, ret);
	n += cut_protos(&left, b, ret + n);
	n += cut_peer_ports(&left, b, ret + n);
	n += cut_device_ports(&left, b, ret + n);
	return n;
}

struct flow box_witness(
	const struct box *b, enum direction d, const struct addr *device)
{
	struct flow f = {
		.direction = d,
		.device = *device,
		.peer = b->lo,
		.proto = b->proto_lo,
	};
	bool has_ports = f.proto == FLOW_PROTO_TCP || f.proto == FLOW_PROTO_UDP;
	uint16_t lead =
		d == DIRECTION_FROM_DEVICE ? b->device_port.lo : b->peer_port.lo;

	if (has_ports) {
		f.device_port = b->device_port.lo;
		f.peer_port = b->peer_port.lo;
	} else if (f.proto == FLOW_PROTO_ICMP || f.proto == FLOW_PROTO_ICMP6) {
		f.icmp_type = (uint8_t)(lead >> 8);
		f.icmp_code = (uint8_t)lead;
	}
	return f;
}

void space_init(struct space *s, struct pool *pool, uint32_t limit)
{
	*s = (struct space){.pool = pool, .limit = limit};
}

int space_push(struct space *s, const struct box *b)
{
	if (s->count == s->limit)
		return CARDEA_ELIMIT;
	if (s->count == s->cap) {
		uint32_t cap = s->cap ? s->cap * 2 : SPACE_FIRST;
		struct box *boxes = pool_take(s->pool, cap * sizeof *boxes);
		if (!boxes)
			return -ENOMEM;
		if (s->count)
			memcpy(boxes, s->boxes, s->count * sizeof *boxes);
		s->boxes = boxes;
		s->cap = cap;
	}
	s->boxes[s->count++] = *b;
	return 0;
}

/* Takes box i out; the last one moves there. */
static struct box space_take(struct space *s, uint32_t i)
{
	struct box b = s->boxes[i];

	s->boxes[i] = s->boxes[--s->count];
	return b;
}

static int space_push_all(struct space *s, const struct box *boxes, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && !r; i++)
		r = space_push(s, &boxes[i]);
	return r;
}

int space_subtract(struct space *s, const struct box *b)
{
	struct box pieces[BOX_PIECES_MAX];

	/* Backwards: pieces, and the last box, land where the walk has been. */
	for (uint32_t i = s->count; i-- > 0;) {
		if (!box_intersects(&s->boxes[i], b))
			continue;
		struct box whole = space_take(s, i);
		int r = space_push_all(s, pieces, box_subtract(&whole, b, pieces));
		if (r)
			return r;
	}
	return 0;
}

int space_split(struct space *s, const struct box *b)
{
	struct box pieces[BOX_PIECES_MAX + 1];

	for (uint32_t i = s->count; i-- > 0;) {
		struct box *at = &s->boxes[i];
		if (!box_intersects(at, b) || box_covers(b, at))
			continue;
		struct box whole = space_take(s, i);
		size_t n = box_subtract(&whole, b, pieces);
		n += box_intersect(&whole, b, &pieces[n]);
		int r = space_push_all(s, pieces, n);
		if (r)
			return r;
	}
	return 0;
}

static int subtract_meeting(
	struct space *s, const struct space *what, const struct box *within)
{
	int r = 0;

	for (uint32_t i = 0; i < what->count && s->count && !r; i++)
		if (box_intersects(within, &what->boxes[i]))
			r = space_subtract(s, &what->boxes[i]);
	return r;
}

int space_unite_but(struct space *s, const struct box *b, const struct space *except,
	struct space *scratch)
{
	scratch->count = 0;
	int r = space_push(scratch, b);
	if (!r)
		r = subtract_meeting(scratch, except, b);
	if (!r)
		r = subtract_meeting(scratch, s, b);
	return r ? r : space_push_all(s, scratch->boxes, scratch->count);
}

int space_unite(struct space *s, const struct box *b, struct space *scratch)
{
	static const struct space nothing;

	return space_unite_but(s, b, &nothing, scratch);
}

const struct box *space_find(const struct space *s, const struct box *point)
{
	for (uint32_t i = 0; i < s->count; i++)
		if (box_covers(&s->boxes[i], point))
			return &s->boxes[i];
	return NULL;
}

int space_is_subset(const struct space *a, const struct space *b, struct space *scratch,
	bool *ret, struct box *ret_witness)
{
	scratch->count = 0;
	int r = space_push_all(scratch, a->boxes, a->count);
	for (uint32_t i = 0; i < b->count && !r; i++)
		r = space_subtract(scratch, &b->boxes[i]);
	if (r)
		return r;
	*ret = scratch->count == 0;
	if (scratch->count)
		*ret_witness = scratch->boxes[0];
	return 0;
}
