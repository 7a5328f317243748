// SPDX-License-Identifier: GPL-2.0-or-later
/* binding - the elements of one name -> address. At one address every rule is a box of
 * ports and protocols, and cutting everything along all of them yields pieces that each
 * rule either holds or does not touch. The cuts depend on the policy, the house and the
 * address alone, so two names that share an address yield equal or disjoint pieces,
 * as the kernel's interval sets demand. */
#include "policy/policy_priv.h"

#include <errno.h>

struct binder {
	const struct policy *policy;
	const struct policy_env *env;
	const struct policy_names *names;
	const char *name;
	struct addr peer;
	struct policy_output out;
	/* All boxes of the direction at this address, in order of rules: `literal` by
	 * rules that hold here whoever asks, `asked` by accepting rules of any name. */
	struct space literal, asked;
	struct space done;   /* boxes of this name's rules of this layer: emitted */
	struct space pieces; /* of the box at work */
	struct space
		grid; /* everything, cut along literal and asked; made when needed */
};

struct hit {
	const struct addr *addr;
	bool found;
};

static int hit_range(void *ctx, const struct addr *lo, const struct addr *hi)
{
	struct hit *h = ctx;

	h->found |= addr_compare(lo, h->addr) <= 0 && addr_compare(h->addr, hi) <= 0;
	return 0;
}

static bool rule_holds_here(const struct binder *b, const struct rule *r)
{
	struct hit h = {.addr = &b->peer};

	if (r->peer.kind == PEER_NAME)
		return b->names && b->names->has(b->names->ctx, r->peer.name, &b->peer);
	if (policy_peer_is_class(r->peer.kind))
		return policy_class_has(b->names, &r->peer, &b->peer);
	if (policy_rule_ranges(r, b->env, NULL, b->peer.family, hit_range, &h))
		return false;
	return h.found;
}

static bool is_asked(const struct rule *r)
{
	return r->peer.kind == PEER_NAME && r->action == RULE_ACCEPT && !r->needs;
}

static size_t shapes_here(
	const struct binder *b, uint32_t place, struct box ret[POLICY_SHAPES_MAX])
{
	size_t n = policy_rule_shapes(policy_at(b->policy, place), b->peer.family, ret);

	for (size_t i = 0; i < n; i++) {
		ret[i].lo = ret[i].hi = b->peer;
		ret[i].place = place;
	}
	return n;
}

static int push_shapes(struct space *to, const struct binder *b, uint32_t place)
{
	struct box shapes[POLICY_SHAPES_MAX];
	size_t n = shapes_here(b, place, shapes);
	int r = 0;

	for (size_t i = 0; i < n && !r; i++)
		r = space_push(to, &shapes[i]);
	return r;
}

/* Names have few distinct shapes (tcp 443, udp 123 ...); cutting once along each is
 * enough. */
static int push_distinct(struct space *to, const struct binder *b, uint32_t place)
{
	uint32_t before = to->count;
	int r = push_shapes(to, b, place);

	for (uint32_t i = before; i < to->count;) {
		uint32_t j = 0;
		while (j < i && !box_equal(&to->boxes[j], &to->boxes[i]))
			j++;
		if (j < i)
			to->boxes[i] = to->boxes[--to->count];
		else
			i++;
	}
	return r;
}

static int gather(struct binder *b)
{
	int r = 0;

	b->literal.count = b->asked.count = b->done.count = b->grid.count = 0;
	for (uint32_t i = 0; i < policy_places(b->policy) && !r; i++) {
		const struct rule *rule = policy_at(b->policy, i);
		if (!policy_rule_counts(rule, b->out.side.direction) || rule->needs)
			continue; /* what waits for a trigger decides for nobody else */
		if (is_asked(rule))
			r = push_distinct(&b->asked, b, i);
		else if (rule_holds_here(b, rule))
			r = push_shapes(&b->literal, b, i);
	}
	return r;
}

/* How far a piece gets through the literal rules before a place. */
struct way {
	const struct box *decider; /* NULL: none decided */
	uint32_t next;		   /* places below it do not count for the piece any more */
};

static struct way way_to(const struct binder *b, const struct box *piece, uint32_t end)
{
	struct way w = {0};
	bool denied = false;

	for (uint32_t i = 0; i < b->literal.count; i++) {
		const struct box *box = &b->literal.boxes[i];
		if (box->place >= end)
			break;
		if (box->place < w.next || !box_covers(box, piece) ||
			(denied && box->place >= policy_base_at(b->policy)))
			continue;
		w.next = policy_ends_at(b->policy, box->place);
		denied |= policy_denies_base(b->policy, box->place);
		if (w.next != UINT32_MAX)
			continue;
		w.decider = box;
		break;
	}
	return w;
}

/* Static elements already accept the piece. */
static bool is_covered(const struct binder *b, const struct box *piece)
{
	struct way w = way_to(b, piece, UINT32_MAX);

	return w.decider && w.decider->accept;
}

static bool is_denied(const struct binder *b, const struct box *piece)
{
	struct way w = way_to(b, piece, piece->place);

	return w.decider ? !w.decider->accept : w.next > piece->place;
}

static int split_along(struct space *s, const struct space *lines)
{
	int r = 0;

	for (uint32_t i = 0; i < lines->count && !r; i++)
		r = space_split(s, &lines->boxes[i]);
	return r;
}

/* The same cuts in the same order whatever name asks: a box that were cut alone could
 * fall into other slabs than its neighbour. */
static int grid_make(struct binder *b)
{
	struct box all = box_all(b->peer.family);
	int r;

	if (b->grid.count)
		return 0;
	all.lo = all.hi = b->peer;
	all.accept = true;
	r = space_push(&b->grid, &all);
	if (!r)
		r = split_along(&b->grid, &b->literal);
	return r ? r : split_along(&b->grid, &b->asked);
}

static int emit_piece(const struct binder *b, const struct box *piece)
{
	return policy_emit_box(&b->out, piece, policy_at(b->policy, piece->place)->id);
}

static int emit_pieces(struct binder *b, const struct box *shape)
{
	int r = grid_make(b);

	for (uint32_t i = 0; i < b->grid.count && !r; i++) {
		struct box piece = b->grid.boxes[i];
		piece.place = shape->place;
		if (box_covers(shape, &piece) && !space_find(&b->done, &piece) &&
			!is_covered(b, &piece) && !is_denied(b, &piece))
			r = emit_piece(b, &piece);
	}
	return r;
}

static int bind_shape(struct binder *b, const struct box *shape)
{
	bool whole = true, needed = false;
	int r;

	if (!policy_box_is_exact(shape, b->out.side.direction))
		return emit_pieces(b, shape);
	b->pieces.count = 0;
	r = space_push(&b->pieces, shape);
	if (!r)
		r = split_along(&b->pieces, &b->literal);
	for (uint32_t i = 0; i < b->pieces.count && !r; i++) {
		bool covered = is_covered(b, &b->pieces.boxes[i]);
		needed |= !covered;
		whole &= covered || !is_denied(b, &b->pieces.boxes[i]);
	}
	if (r || !needed)
		return r;
	return whole ? emit_piece(b, shape) : emit_pieces(b, shape);
}

static int bind_rule(struct binder *b, uint32_t place)
{
	struct box shapes[POLICY_SHAPES_MAX];
	size_t n = shapes_here(b, place, shapes);
	int r = 0;

	for (size_t i = 0; i < n && !r; i++) {
		if (space_find(&b->done, &shapes[i]))
			continue;
		r = bind_shape(b, &shapes[i]);
		if (!r)
			r = space_push(&b->done, &shapes[i]);
	}
	return r;
}

/* A name's address is of one kind: only what of the device it can reach is a side. */
static int bind_side(struct binder *b, enum direction d)
{
	b->out.side = (struct policy_side){d, b->peer.family,
		d == DIRECTION_FROM_DEVICE ? SCOPE_ANY : policy_scope_of(&b->peer)};
	if (!policy_side_is_used(&b->out.side, b->out.device))
		return 0;
	int r = gather(b);
	for (uint32_t i = 0, end = 0; i < policy_places(b->policy) && !r; i++) {
		const struct rule *rule = policy_at(b->policy, i);
		if (i >= end) { /* what one layer denied another may grant */
			b->done.count = 0;
			end = policy_behind(b->policy, i);
		}
		if (policy_rule_counts(rule, d) && is_asked(rule) &&
			rule_name_matches(rule->peer.name, b->name))
			r = bind_rule(b, i);
	}
	return r;
}

int policy_compile_binding(const struct policy *p, const struct policy_env *env,
	const struct policy_names *names, const struct policy_device *d,
	const char *name, const struct addr *peer, uint32_t timeout_s, policy_emit emit,
	void *ctx)
{
	struct binder b = {
		.policy = p,
		.env = env,
		.name = name,
		.peer = *peer,
		.out = {.device = d, .timeout_s = timeout_s, .emit = emit, .ctx = ctx},
	};
	struct policy_memo memo;
	struct pool *pool;
	int r = 0;

	if (!policy_uses_name(p, name))
		return 0;
	pool = pool_new("policy binding", POLICY_SCRATCH_BYTES);
	if (!pool)
		return -ENOMEM;
	b.names = policy_memo_init(&memo, names, pool);
	space_init(&b.literal, pool, LIMIT_BOXES);
	space_init(&b.asked, pool, LIMIT_BOXES);
	space_init(&b.done, pool, LIMIT_BOXES);
	space_init(&b.pieces, pool, LIMIT_BOXES);
	space_init(&b.grid, pool, LIMIT_BOXES);
	for (unsigned dir = 0; dir < DIRECTION_MAX && !r; dir++)
		r = bind_side(&b, dir);
	pool_free(pool);
	return r;
}
