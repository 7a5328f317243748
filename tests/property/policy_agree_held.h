// SPDX-License-Identifier: GPL-2.0-or-later
/* policy_agree_held - what is left to a device that is held, in words other than the
 * code's. */
#ifndef CARDEA_TEST_POLICY_AGREE_HELD_H
#define CARDEA_TEST_POLICY_AGREE_HELD_H

#include "property/policy_agree.h"

static unsigned held_allowed[HOLD_MAX], held_refused[HOLD_MAX], held_updates, held_portal;

/* As a sentence of docs/lifecycle.md; in words other than the code's. */
static bool is_of_gateway(const struct world *w, const struct flow *f)
{
	bool names = f->peer_port == 53 || (f->peer_port == 853 && f->proto == 6);

	if (f->direction != DIRECTION_FROM_DEVICE || !policy_env_is_gateway(&w->env, &f->peer))
		return false;
	return (names && (f->proto == 6 || f->proto == 17)) ||
	       (f->proto == 17 && f->peer_port == 123) ||
	       (f->proto == 6 && f->peer_port && (f->peer_port == w->input.portal[0] ||
						    f->peer_port == w->input.portal[1]));
}

static bool is_update(const struct world *w, const struct flow *f)
{
	for (size_t i = 0; i < w->host_count; i++) {
		const struct update_host *h = &w->hosts[i];
		bool who = h->has_addr ? addr_equal(&h->addr, &f->peer)
				       : told_has(NULL, h->name, &f->peer);
		if (who && f->direction == DIRECTION_FROM_DEVICE &&
			(!h->port || (f->proto == (h->proto ? h->proto : 6) &&
					     f->peer_port == h->port)) &&
			(!h->proto || f->proto == h->proto))
			return true;
	}
	return false;
}

/* Some rule that stays on in quarantine means this peer. */
static bool is_marked(const struct world *w, const struct flow *f)
{
	for (size_t i = 0; i < w->input.count; i++) {
		const struct rule *r = &w->input.rules[i];
		if (policy_stays_on(r) && r->action != RULE_DROP &&
			r->direction == f->direction &&
			(r->peer.kind == PEER_NAME     ? told_has(NULL, r->peer.name, &f->peer)
			 : r->peer.kind == PEER_PREFIX ? prefix_contains(&r->peer.prefix, &f->peer)
						       : true))
			return true;
	}
	return false;
}

static bool is_of_house(const struct world *w, const struct flow *f)
{
	static const char *const groups[] = {"239.255.0.0/16", "ff03::/16", "ff05::/16"};
	struct prefix p;

	for (unsigned i = 0; i < 3; i++)
		if (!prefix_parse(groups[i], &p) && prefix_contains(&p, &f->peer))
			return true;
	return policy_env_is_local(&w->env, &f->peer) ||
	       policy_env_is_gateway(&w->env, &f->peer);
}

/* What is left to it is what being held so leaves, and it had that before, or it is where
 * it may fetch updates, or the portal. */
static void check_allowed_held(const struct world *w, const struct flow *f, rule_id rule)
{
	const struct rule *r = policy_rule(&w->policy, rule);
	bool update = is_update(w, f), fabric = policy_peer_is_class(r->peer.kind);
	struct verdict v;

	EXPECT(w->policy.hold != HOLD_REFUSED, "rule %u for one that is retired", rule);
	if (w->policy.hold == HOLD_LIMITED)
		EXPECT(is_of_house(w, f) || update || is_marked(w, f),
			"rule %u leaves the house", rule);
	else
		EXPECT(is_of_gateway(w, f) || update || policy_stays_on(r) ||
				(fabric && w->input.keeps_fabric),
			"rule %u in quarantine", rule);
	policy_evaluate(&w->free, &w->env, &w->names, f, &v);
	EXPECT(v.kind == VERDICT_ALLOW || update || is_of_gateway(w, f) ||
			(w->policy.hold == HOLD_LIMITED && !w->has_profile),
		"being held opened something by rule %u", rule);
	held_updates += update && v.kind != VERDICT_ALLOW;
	held_portal += is_of_gateway(w, f) && f->peer_port != 53 && f->peer_port != 123;
}

/* It is told as what it is: nobody but the gateway's own ports reaches a sink. */
static void check_held(const struct world *w, const struct flow *f, const struct verdict *v)
{
	enum device_hold hold = w->policy.hold;
	bool out = f->direction == DIRECTION_FROM_DEVICE;

	if (v->kind == VERDICT_ALLOW)
		check_allowed_held(w, f, v->rule);
	EXPECT(v->kind != VERDICT_REDIRECT ||
			(w->input.redirect && out && hold != HOLD_REFUSED),
		"to a sink that nobody wants");
	EXPECT(v->kind != VERDICT_QUARANTINE || !w->input.redirect || !out ||
			hold == HOLD_REFUSED,
		"not to the sink");
	EXPECT(hold == HOLD_LIMITED || v->reason != REASON_DEFAULT_DENY ||
			v->kind == VERDICT_QUARANTINE || v->kind == VERDICT_REDIRECT,
		"held, and told as %s", verdict_kind_name(v->kind));
	if (v->kind == VERDICT_ALLOW)
		held_allowed[hold]++;
	else
		held_refused[hold]++;
}

#endif
