// SPDX-License-Identifier: GPL-2.0-or-later
/* access_ether - what is new among frames that are not IP: of one direction and type
 * the rules are a list of MACs, and all the others. */
#include "policy/policy_priv.h"

struct ether {
	const struct policy_says *before, *after;
	struct policy_access *list;
	size_t count, max;
};

/* Readers say NOTHING of frames, as far as packets go: what the rule says of frames is
 * seen from its status. */
static enum policy_mark mark_of(const struct policy_says *s, size_t i)
{
	enum policy_mark mark =
		s->marks ? (enum policy_mark)s->marks[i] : POLICY_RULE_WHOLE;

	if (mark != POLICY_RULE_NOTHING || rule_in_force(&s->rules[i]))
		return mark == POLICY_RULE_NOTHING ? POLICY_RULE_WHOLE : mark;
	return s->rules[i].status == RULE_NOT_YET ? POLICY_RULE_PARTIAL : mark;
}

/* mac: NULL for somebody whom no rule names. */
static bool is_about(
	const struct rule *r, const struct rule *like, const struct mac *mac)
{
	return r->ethertype == like->ethertype && r->direction == like->direction &&
	       (r->peer.kind == PEER_ANY || (mac && mac_equal(&r->peer.mac, mac)));
}

/* What is partly said is not surely allowed, and perhaps forbidden. */
static bool was_allowed(
	const struct ether *e, const struct rule *like, const struct mac *mac)
{
	for (size_t i = 0; i < e->before->count; i++) {
		const struct rule *r = &e->before->rules[i];
		enum policy_mark mark = mark_of(e->before, i);
		if (is_about(r, like, mac) &&
			(mark == POLICY_RULE_WHOLE || (mark == POLICY_RULE_PARTIAL &&
							      r->action == RULE_DROP)))
			return r->action == RULE_ACCEPT;
	}
	return false;
}

/* No earlier rule of the new file decides for rule `at`. */
static bool is_first(const struct ether *e, size_t at, const struct mac *mac)
{
	for (size_t i = 0; i < at; i++)
		if (mark_of(e->after, i) == POLICY_RULE_WHOLE &&
			is_about(&e->after->rules[i], &e->after->rules[at], mac))
			return false;
	return true;
}

static bool is_new(const struct ether *e, size_t at, const struct mac *mac)
{
	return is_first(e, at, mac) && !was_allowed(e, &e->after->rules[at], mac);
}

static int say(struct ether *e, size_t at, const struct mac *only)
{
	const struct rule *r = &e->after->rules[at];
	struct policy_access x = {
		.what = *r,
		.from = r,
		.witness.direction = r->direction,
		.proto_hi = UINT8_MAX,
		.partial = mark_of(e->after, at) == POLICY_RULE_PARTIAL,
	};

	if (e->count == e->max)
		return CARDEA_ELIMIT;
	if (only) {
		x.what.peer.kind = PEER_MAC;
		x.what.peer.mac = *only;
	}
	x.what.status = RULE_ENFORCED;
	e->list[e->count++] = x;
	return 0;
}

/* All of them are not new, but those are that the old file made exceptions of. */
static int say_exceptions(struct ether *e, size_t at)
{
	int r = 0;

	for (size_t i = 0; i < e->before->count && !r; i++) {
		const struct rule *old = &e->before->rules[i];
		bool again = false;
		if (old->peer.kind != PEER_MAC ||
			!is_about(old, &e->after->rules[at], &old->peer.mac) ||
			!is_new(e, at, &old->peer.mac))
			continue;
		for (size_t k = 0; k < i; k++)
			again |= e->before->rules[k].peer.kind == PEER_MAC &&
				 is_about(&e->before->rules[k], old, &old->peer.mac);
		if (!again)
			r = say(e, at, &old->peer.mac);
	}
	return r;
}

/* Both files ask for the same with words that say more than they mean. */
static bool has_twin(const struct ether *e, const struct rule *r)
{
	for (size_t i = 0; i < e->before->count; i++) {
		const struct rule *b = &e->before->rules[i];
		if (mark_of(e->before, i) == POLICY_RULE_PARTIAL &&
			b->action == r->action && b->peer.kind == r->peer.kind &&
			is_about(b, r, &r->peer.mac))
			return true;
	}
	return false;
}

static int compare_rule(struct ether *e, size_t at)
{
	const struct rule *r = &e->after->rules[at];

	if (mark_of(e->after, at) == POLICY_RULE_PARTIAL && has_twin(e, r))
		return 0;
	if (r->peer.kind == PEER_MAC)
		return is_new(e, at, &r->peer.mac) ? say(e, at, NULL) : 0;
	return is_new(e, at, NULL) ? say(e, at, NULL) : say_exceptions(e, at);
}

int policy_access_ether(const struct policy_says *before,
	const struct policy_says *after, struct policy_access *list, size_t max,
	size_t *ret_count)
{
	struct ether e = {.before = before, .after = after, .list = list, .max = max};
	int error = 0;

	for (size_t i = 0; i < after->count && !error; i++) {
		const struct rule *r = &after->rules[i];
		if (r->ethertype != RULE_ETHERTYPE_IP && r->action == RULE_ACCEPT &&
			!policy_ether_always_passes(r->ethertype) &&
			mark_of(after, i) != POLICY_RULE_NOTHING)
			error = compare_rule(&e, i);
	}
	if (error)
		return error;
	*ret_count = e.count;
	return 0;
}
