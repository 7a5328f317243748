// SPDX-License-Identifier: GPL-2.0-or-later
/* policy_agree_ether - frames that are not IP. */
#ifndef CARDEA_TEST_POLICY_AGREE_ETHER_H
#define CARDEA_TEST_POLICY_AGREE_ETHER_H

#include "property/policy_agree.h"

/* The first rule about such frames decides its layer; none: no. */
static bool ether_is_allowed(
	const struct policy *p, enum direction d, uint16_t type, const struct mac *peer)
{
	for (uint32_t i = 0; i < p->count;) {
		const struct rule *r = &p->rules[i++];
		if (!rule_in_force(r) || r->direction != d || r->ethertype != type ||
			(r->peer.kind != PEER_ANY && !mac_equal(&r->peer.mac, peer)))
			continue;
		if (r->action == RULE_ACCEPT)
			return true;
		i = policy_behind(p, p->block_count + i - 1) - p->block_count;
	}
	return false;
}

static unsigned ether_allowed;

static void check_ether(const struct policy *p, enum direction d, uint16_t type)
{
	enum element_kind kind =
		d == DIRECTION_FROM_DEVICE ? ELEMENT_ETHER_OUT : ELEMENT_ETHER_IN;
	static const struct mac stranger = {{2, 0, 0, 9, 9, 9}};

	for (unsigned m = 0; m <= MACS; m++) {
		const struct mac *peer = m < MACS ? &macs_of_world[m] : &stranger;
		bool member = false;
		for (size_t i = 0; i < element_count; i++)
			member |= elements[i].kind == kind &&
				  elements[i].ether_type == type &&
				  ether_has(&elements[i], peer);
		EXPECT(member == ether_is_allowed(p, d, type, peer),
			"frames of type %x, peer %u: elements %d", type, m, member);
		ether_allowed += member;
	}
}

/* Only what cannot be said is not said: all but some that are forbidden before. */
static void check_ether_status(const struct policy *p)
{
	for (uint32_t i = 0; i < p->base_first; i++) {
		const struct rule *r = &p->rules[i];
		struct policy earlier = *p;
		bool hole = false;
		earlier.count = i;
		if (r->ethertype < 0 || r->status != RULE_NOT_YET || p->hold ||
			r->arms || r->needs)
			continue;
		for (uint32_t k = 0; k < i; k++) {
			const struct rule *d = &p->rules[k];
			hole |= d->ethertype == r->ethertype && rule_in_force(d) &&
				d->direction == r->direction &&
				d->action == RULE_DROP && d->peer.kind == PEER_MAC &&
				!ether_is_allowed(&earlier, r->direction,
					(uint16_t)r->ethertype, &d->peer.mac);
		}
		EXPECT(hole && r->peer.kind == PEER_ANY, "rule %u could be enforced",
			r->id);
	}
}

#endif
