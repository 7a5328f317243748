// SPDX-License-Identifier: GPL-2.0-or-later
/* hold - what is left to a device that is held, as layers beside its own: where it may
 * fetch updates, and, for one that is only limited, the house. */
#include "policy/policy_priv.h"

#include <errno.h>

#include "base/str.h"

/* Where the local network ends for groups: RFC 2365 6.1, RFC 4291 2.7. */
#define SCOPES 3
static const char *const lan_scopes[SCOPES] = {"239.255.0.0/16", "ff03::/16", "ff05::/16"};

/* Wider than this is no update host: what one operator announces at least (chosen). */
#define NARROW_V4 16
#define NARROW_V6 32

/* The house and its groups in both directions, hosts, rules that stay, what is dropped. */
#define LIMIT_RULES_MAX                                                                \
	(2 * (1 + SCOPES) + LIMIT_UPDATE_HOSTS + POLICY_HOLD_PASSES + 2)

struct maker {
	struct rule *rules;
	size_t count, begun;
	struct policy_layer *layers;
	size_t layer_count;
};

static struct rule *add(struct maker *m, enum rule_action action, const char *ace)
{
	struct rule *r = &m->rules[m->count++];

	rule_init(r);
	r->action = action;
	(void)str_copy(r->acl, sizeof r->acl, POLICY_HOLD_ACL);
	(void)str_copy(r->ace, sizeof r->ace, ace);
	return r;
}

static void end_layer(struct maker *m, enum policy_part part)
{
	for (size_t i = m->begun; i < m->count; i++) {
		m->rules[i].id = (rule_id)(i + 1);
		m->rules[i].layer = LAYER_QUARANTINE;
	}
	if (m->count > m->begun)
		m->layers[m->layer_count++] = (struct policy_layer){part,
			LAYER_QUARANTINE, &m->rules[m->begun], m->count - m->begun};
	m->begun = m->count;
}

void policy_update_rule(const struct update_host *h, struct rule *ret)
{
	char words[UPDATE_HOST_WORDS_MAX];

	rule_init(ret);
	ret->initiator = INITIATOR_DEVICE;
	if (h->proto || h->port)
		ret->proto = h->proto ? h->proto : FLOW_PROTO_TCP;
	if (h->port)
		ret->peer_port = (struct range16){h->port, h->port};
	ret->peer.kind = h->has_addr ? PEER_PREFIX : PEER_NAME;
	if (h->has_addr)
		ret->peer.prefix = prefix_of(&h->addr, addr_bits(&h->addr));
	else
		(void)str_copy(ret->peer.name, sizeof ret->peer.name, h->name);
	ret->quarantine = true;
	ret->layer = LAYER_QUARANTINE;
	(void)str_copy(ret->acl, sizeof ret->acl, POLICY_UPDATE_ACL);
	(void)str_print(ret->ace, sizeof ret->ace, "%s %s", update_source_name(h->source),
		update_host_words(h, words));
}

bool policy_stays_on(const struct rule *r)
{
	const struct prefix *p = &r->peer.prefix;

	if (!r->quarantine || r->peer.kind == PEER_ANY)
		return r->quarantine && r->ethertype != RULE_ETHERTYPE_IP;
	return r->peer.kind != PEER_PREFIX ||
	       p->len >= (p->addr.family == 4 ? NARROW_V4 : NARROW_V6);
}

static void add_hosts(struct maker *m, const struct policy_held *h, enum rule_action action)
{
	for (size_t i = 0; i < h->host_count; i++) {
		struct rule *r = &m->rules[m->count++];
		policy_update_rule(&h->hosts[i], r);
		r->action = action;
		if (action == RULE_PASS)
			r->initiator = INITIATOR_EITHER;
	}
}

/* The rule as one of a limit: whoever may begin, and whenever, the grant goes on to say.
 * False: it opens nothing by itself, and so needs not be let through. */
static bool as_pass(const struct rule *of, struct rule *ret)
{
	struct rule r = *of;

	if (!policy_stays_on(&r) || r.action != RULE_ACCEPT || r.ethertype != RULE_ETHERTYPE_IP)
		return false;
	policy_status_alone(&r);
	if (!rule_in_force(&r))
		return false;
	r.action = RULE_PASS;
	r.initiator = INITIATOR_EITHER;
	r.arms = r.needs = 0;
	r.open_s = 0;
	*ret = r;
	return true;
}

static void add_staying(struct maker *m, const struct policy_held *h)
{
	size_t most = m->count + POLICY_HOLD_PASSES;

	for (size_t i = 0; i < h->layer_count; i++) {
		const struct policy_layer *l = &h->layers[i];
		for (size_t k = 0; l->part == POLICY_GRANT && k < l->count; k++)
			if (m->count < most && as_pass(&l->rules[k], &m->rules[m->count]))
				m->count++;
	}
}

static void add_house(struct maker *m, enum direction d)
{
	struct rule *r = add(m, RULE_PASS, "house");

	r->direction = d;
	r->peer.kind = PEER_LOCAL_NETWORKS;
	for (unsigned i = 0; i < SCOPES; i++) {
		struct prefix p;
		if (prefix_parse(lan_scopes[i], &p))
			continue;
		r = add(m, RULE_PASS, "house");
		r->direction = d;
		r->peer.kind = PEER_PREFIX;
		r->peer.prefix = p;
	}
}

static void add_limit(struct maker *m, const struct policy_held *h)
{
	add_house(m, DIRECTION_FROM_DEVICE);
	add_house(m, DIRECTION_TO_DEVICE);
	add_hosts(m, h, RULE_PASS);
	add_staying(m, h);
	add(m, RULE_DROP, "rest");
	add(m, RULE_DROP, "rest")->direction = DIRECTION_TO_DEVICE;
	end_layer(m, POLICY_LIMIT);
}

/* Nothing says what it does at home: that goes on as it did when it was not held. */
static void add_all(struct maker *m, const struct policy_held *h)
{
	if (h->has_profile)
		return;
	add(m, RULE_ACCEPT, "as-before");
	add(m, RULE_ACCEPT, "as-before")->direction = DIRECTION_TO_DEVICE;
	end_layer(m, POLICY_GRANT);
}

int policy_hold_layers(struct pool *pool, const struct policy_held *held,
	struct policy_layer ret[POLICY_HOLD_LAYERS], size_t *ret_count)
{
	struct maker m = {.layers = ret};

	if (held->host_count > LIMIT_UPDATE_HOSTS)
		return CARDEA_ELIMIT;
	for (size_t i = 0; i < held->host_count; i++)
		if (update_host_flaw(&held->hosts[i]))
			return CARDEA_EMALFORMED;
	*ret_count = 0;
	if (held->hold != HOLD_LIMITED && held->hold != HOLD_QUARANTINED)
		return 0;
	m.rules = pool_take(pool,
		(LIMIT_RULES_MAX + LIMIT_UPDATE_HOSTS + DIRECTION_MAX) * sizeof *m.rules);
	if (!m.rules)
		return -ENOMEM;
	if (held->hold == HOLD_LIMITED) {
		add_limit(&m, held);
		add_all(&m, held);
	}
	add_hosts(&m, held, RULE_ACCEPT);
	end_layer(&m, POLICY_GRANT);
	*ret_count = m.layer_count;
	return 0;
}

enum verdict_kind policy_held_kind(const struct policy *p, const struct flow *f)
{
	/* a sink answers who asks it; what others ask of the device it does not */
	return p->redirect && p->hold != HOLD_REFUSED &&
			       f->direction == DIRECTION_FROM_DEVICE
		       ? VERDICT_REDIRECT
		       : VERDICT_QUARANTINE;
}
