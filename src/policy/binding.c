// SPDX-License-Identifier: GPL-2.0-or-later
/* binding - the elements of one name -> address. At one address every rule is a box of
 * ports and protocols, and cutting everything along all of them yields pieces that each
 * rule either holds or does not touch. The cuts depend on the policy, the house and the
 * address alone, so two names that share an address yield equal or disjoint pieces,
 * as the kernel's interval sets demand. */
#include "policy/policy_priv.h"

#include <errno.h>
#include <string.h>

struct binder {
	const struct policy *policy;
	const struct policy_env *env;
	const struct policy_names *names;
	const struct policy_device *device;
	const char *name;
	struct addr peer;
	uint32_t timeout_s;
	policy_emit emit;
	void *ctx;
	enum direction direction;
	/* All boxes of the direction at this address, in order of rules: `literal` by
	 * rules that hold here whoever asks, `asked` by accepting rules of any name. */
	struct space literal, asked;
	struct space done;   /* boxes of this name's rules that have been emitted */
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
	if (policy_rule_ranges(r, b->env, NULL, b->peer.family, hit_range, &h))
		return false;
	return h.found;
}

static bool is_asked(const struct rule *r)
{
	return r->peer.kind == PEER_NAME && r->action == RULE_ACCEPT;
}

static int push_shapes(
	struct space *to, const struct binder *b, const struct rule *rule)
{
	struct box shapes[POLICY_SHAPES_MAX];
	size_t n = policy_rule_shapes(rule, b->peer.family, shapes);
	int r = 0;

	for (size_t i = 0; i < n && !r; i++) {
		shapes[i].lo = shapes[i].hi = b->peer;
		r = space_push(to, &shapes[i]);
	}
	return r;
}

/* Names have few distinct shapes (tcp 443, udp 123 ...); cutting once along each is
 * enough. */
static int push_distinct(
	struct space *to, const struct binder *b, const struct rule *rule)
{
	uint32_t before = to->count;
	int r = push_shapes(to, b, rule);

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
	for (uint32_t i = 0; i < b->policy->count && !r; i++) {
		const struct rule *rule = &b->policy->rules[i];
		if (rule->direction != b->direction || rule->status != RULE_ENFORCED)
			continue;
		if (is_asked(rule))
			r = push_distinct(&b->asked, b, rule);
		else if (rule_holds_here(b, rule))
			r = push_shapes(&b->literal, b, rule);
	}
	return r;
}

/* The literal rule that decides a piece, or NULL. */
static const struct box *decider(const struct binder *b, const struct box *piece)
{
	return space_find(&b->literal, piece);
}

/* Static elements already accept the piece. */
static bool is_covered(const struct binder *b, const struct box *piece)
{
	const struct box *first = decider(b, piece);

	return first && first->accept;
}

static bool is_denied(const struct binder *b, const struct box *piece)
{
	const struct box *first = decider(b, piece);

	return first && !first->accept && first->rule < piece->rule;
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

static bool fits_hash(const struct binder *b, const struct box *s)
{
	return b->direction == DIRECTION_FROM_DEVICE && s->proto_lo == s->proto_hi &&
	       policy_has_ports(s->proto_lo) && policy_range_is_any(s->device_port) &&
	       s->peer_port.lo == s->peer_port.hi;
}

static int emit_exact(const struct binder *b, const struct box *s)
{
	const struct element e = {
		.kind = ELEMENT_OUT,
		.family = s->family,
		.mac = b->device->mac,
		.peer_lo = s->lo,
		.peer_hi = s->hi,
		.proto_lo = s->proto_lo,
		.proto_hi = s->proto_hi,
		.device_port = s->device_port,
		.peer_port = s->peer_port,
		.timeout_s = b->timeout_s,
	};

	return b->emit(b->ctx, &e, s->rule);
}

static int emit_pieces(struct binder *b, const struct box *shape)
{
	int r = grid_make(b);

	for (uint32_t i = 0; i < b->grid.count && !r; i++) {
		struct box piece = b->grid.boxes[i];
		piece.rule = shape->rule;
		if (box_covers(shape, &piece) && !space_find(&b->done, &piece) &&
			!is_covered(b, &piece) && !is_denied(b, &piece))
			r = policy_emit_box(b->device, b->direction, &piece,
				b->timeout_s, b->emit, b->ctx);
	}
	return r;
}

static int bind_shape(struct binder *b, const struct box *shape)
{
	bool whole = true, needed = false;
	int r;

	if (!fits_hash(b, shape))
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
	return whole ? emit_exact(b, shape) : emit_pieces(b, shape);
}

static int bind_rule(struct binder *b, const struct rule *rule)
{
	struct box shapes[POLICY_SHAPES_MAX];
	size_t n = policy_rule_shapes(rule, b->peer.family, shapes);
	int r = 0;

	for (size_t i = 0; i < n && !r; i++) {
		shapes[i].lo = shapes[i].hi = b->peer;
		if (space_find(&b->done, &shapes[i]))
			continue;
		r = bind_shape(b, &shapes[i]);
		if (!r)
			r = space_push(&b->done, &shapes[i]);
	}
	return r;
}

static int bind_direction(struct binder *b)
{
	int r = gather(b);

	for (uint32_t i = 0; i < b->policy->count && !r; i++) {
		const struct rule *rule = &b->policy->rules[i];
		if (rule->direction == b->direction && rule->status == RULE_ENFORCED &&
			is_asked(rule) && strcmp(rule->peer.name, b->name) == 0)
			r = bind_rule(b, rule);
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
		.names = names,
		.device = d,
		.name = name,
		.peer = *peer,
		.timeout_s = timeout_s,
		.emit = emit,
		.ctx = ctx,
	};
	struct pool *pool;
	int r = 0;

	if (!policy_uses_name(p, name))
		return 0;
	pool = pool_new("policy binding", POLICY_SCRATCH_BYTES);
	if (!pool)
		return -ENOMEM;
	space_init(&b.literal, pool, LIMIT_BOXES);
	space_init(&b.asked, pool, LIMIT_BOXES);
	space_init(&b.done, pool, LIMIT_BOXES);
	space_init(&b.pieces, pool, LIMIT_BOXES);
	space_init(&b.grid, pool, LIMIT_BOXES);
	for (unsigned dir = 0; dir < DIRECTION_MAX && !r; dir++) {
		b.direction = dir;
		r = bind_direction(&b);
	}
	pool_free(pool);
	return r;
}
