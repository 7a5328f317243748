// SPDX-License-Identifier: GPL-2.0-or-later
/* ether - rules about frames that are not IP (RFC 8519 4.1 ethertype): one MAC or all,
 * and sets without an entry that says no. */
#include "policy/policy_priv.h"

#include <string.h>

#include "base/str.h"

static bool is_ether(const struct rule *r)
{
	return r->ethertype != RULE_ETHERTYPE_IP;
}

/* b is in force, and about the same frames as a as far as the type goes. */
static bool is_alike(const struct rule *a, const struct rule *b)
{
	return is_ether(b) && rule_in_force(b) && a->direction == b->direction &&
	       a->ethertype == b->ethertype;
}

/* What leaves its layer takes from that alone. */
static bool is_rival(const struct policy *p, size_t at, size_t other)
{
	return is_alike(&p->rules[at], &p->rules[other]) &&
	       p->block_count + at < policy_ends_at(p, p->block_count + (uint32_t)other);
}

/* Every frame of rule `at` was decided by an earlier rule already: by one that holds for
 * it, since what left a layer is not touched by the rest of that. */
static bool is_decided(const struct policy *p, size_t at)
{
	const struct rule *r = &p->rules[at];
	size_t here = p->block_count + at, next = 0;

	for (size_t i = 0; i < at; i++) {
		const struct rule *earlier = &p->rules[i];
		uint32_t place = p->block_count + (uint32_t)i;
		if (place < next || !is_alike(r, earlier) ||
			(earlier->peer.kind != PEER_ANY &&
				(r->peer.kind != PEER_MAC ||
					!mac_equal(&r->peer.mac, &earlier->peer.mac))))
			continue;
		next = policy_ends_at(p, place);
		if (next > here)
			return true;
	}
	return false;
}

/* A MAC that is forbidden before all are allowed. */
static bool has_hole(const struct policy *p, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (is_rival(p, at, i) && p->rules[i].action == RULE_DROP &&
			p->rules[i].peer.kind == PEER_MAC && !is_decided(p, i))
			return true;
	return false;
}

static void refuse(struct rule *r, enum rule_status s, const char *why)
{
	r->status = s;
	(void)str_copy(r->detail, sizeof r->detail, why);
}

void policy_ether_status(const struct policy *p, struct rule *rules)
{
	for (size_t i = 0; i < p->base_first; i++) {
		struct rule *r = &rules[i];
		if (!is_ether(r) || !rule_in_force(r))
			continue;
		if (policy_ether_always_passes(r->ethertype)) {
			if (r->action == RULE_DROP)
				refuse(r, RULE_UNENFORCEABLE,
					"without these frames no device gets an "
					"address, so "
					"they always pass");
		} else if (r->action == RULE_ACCEPT && r->peer.kind == PEER_ANY &&
			   !is_decided(p, i) && has_hole(p, i)) {
			refuse(r, RULE_NOT_YET,
				"all devices but some that an earlier rule forbids: "
				"this "
				"version can allow frames that are not IP to one or to "
				"all");
		}
	}
}

/* An accepting rule for all has the MAC too: ranges of a set must not meet. */
static bool is_inside(const struct policy *p, size_t at)
{
	if (p->rules[at].peer.kind == PEER_ANY)
		return false;
	for (size_t i = at + 1; i < p->count; i++)
		if (is_rival(p, at, i) && p->rules[i].action == RULE_ACCEPT &&
			p->rules[i].peer.kind == PEER_ANY && !is_decided(p, i))
			return true;
	return false;
}

static struct element element_of(const struct rule *r, const struct policy_device *d)
{
	struct element e = {
		.kind = r->direction == DIRECTION_FROM_DEVICE ? ELEMENT_ETHER_OUT
							      : ELEMENT_ETHER_IN,
		.mac = d->mac,
		.ether_type = (uint16_t)r->ethertype,
	};

	if (r->peer.kind == PEER_MAC)
		e.peer_mac_lo = e.peer_mac_hi = r->peer.mac;
	else
		memset(e.peer_mac_hi.b, 0xff, sizeof e.peer_mac_hi.b);
	return e;
}

int policy_ether_compile(const struct policy *p, const struct policy_device *d,
	policy_emit emit, void *ctx)
{
	int r = 0;

	for (uint32_t i = 0; i < p->count && !r; i++) {
		const struct rule *rule = &p->rules[i];
		if (!is_ether(rule) || !rule_in_force(rule) ||
			policy_ether_always_passes(rule->ethertype) ||
			rule->action != RULE_ACCEPT || is_decided(p, i) ||
			is_inside(p, i))
			continue;
		struct element e = element_of(rule, d);
		r = emit(ctx, &e, rule->id);
	}
	return r;
}
