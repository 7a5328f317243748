// SPDX-License-Identifier: GPL-2.0-or-later
/* Policies that are not in force. */
#include "engine/trial.h"

#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "engine/adopt.h"
#include "engine/learn.h"
#include "engine/pipeline.h"

/* What is combined, and its copies. */
#define TRIAL_POOL_BYTES (3 * POLICY_POOL_BYTES + 2 * ADOPT_POOL_BYTES)

void trial_free(struct trial *t)
{
	pool_free(t->pool);
	*t = (struct trial){0};
}

static bool has_drop(const struct rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rules[i].action == RULE_DROP)
			return true;
	return false;
}

static void add_rules(struct trial *t, const struct rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (rules[i].status == RULE_PREVIEWED)
			continue;
		t->rules[t->rule_count] = rules[i];
		t->rule_count++;
		t->rules[t->rule_count - 1].id = (rule_id)t->rule_count;
	}
}

/* Those without prohibitions first: grants unite (policy/policy.h). */
static int list_rules(struct trial *t, const struct household_device *hd,
	const struct household_trial *h)
{
	const struct rule *file = h->file ? h->rules : hd->rules;
	size_t file_count = h->file ? h->rule_count : hd->rule_count;
	const struct household_grant *g = h->grant ? h->grant : &hd->grant;

	t->rules = pool_take(t->pool, (file_count + g->count + 1) * sizeof(*t->rules));
	if (!t->rules)
		return -ENOMEM;
	if (has_drop(file, file_count)) {
		add_rules(t, g->rules, g->count);
		add_rules(t, file, file_count);
	} else {
		add_rules(t, file, file_count);
		add_rules(t, g->rules, g->count);
	}
	return 0;
}

static int begin(struct trial *t)
{
	*t = (struct trial){.pool = pool_new("trial", TRIAL_POOL_BYTES)};
	return t->pool ? 0 : -ENOMEM;
}

/* Ends t on failure. */
static int make(struct pipeline *p, const struct device *d, const struct household_trial *h,
	struct trial *t)
{
	const struct household_device *hd = household_device(&p->household, d->id);
	int error = hd ? list_rules(t, hd, h) : CARDEA_ELIMIT;

	if (!error)
		error = household_try(hd, h, t->pool, &t->policy, &t->is_enforced);
	if (error)
		trial_free(t);
	return error;
}

int trial_now(struct pipeline *p, const struct device *d, struct trial *ret)
{
	const struct household_trial h = {0};
	int error = begin(ret);

	return error ? error : make(p, d, &h, ret);
}

int trial_overlay(struct pipeline *p, const struct device *d, const struct overlay *o,
	struct trial *ret)
{
	const struct household_device *hd = household_device(&p->household, d->id);
	struct household_trial h = {.says = true};
	struct overlay *all;
	int error = hd ? begin(ret) : CARDEA_ELIMIT;

	if (error)
		return error;
	all = pool_take(ret->pool, (hd->overlay_count + 1) * sizeof(*all));
	if (!all) {
		trial_free(ret);
		return -ENOMEM;
	}
	if (hd->overlay_count)
		memcpy(all, hd->overlays, hd->overlay_count * sizeof(*all));
	all[hd->overlay_count] = *o;
	all[hd->overlay_count].id = UINT32_MAX;
	all[hd->overlay_count].device = d->id;
	h.overlays = all;
	h.overlay_count = hd->overlay_count + 1;
	return make(p, d, &h, ret);
}

int trial_profile(struct pipeline *p, const struct device *d, const struct adopted *a,
	struct trial *ret, char why[LIMIT_TEXT])
{
	struct household_grant g = {.layer = a->layer, .form = a->form};
	const struct household_trial h = {.grant = &g};
	struct adopt_rules rules;
	int error = begin(ret);

	if (error)
		return error;
	error = adopt_read(d, a, ret->pool, &rules, why);
	if (error) {
		trial_free(ret);
		return error;
	}
	g.pool = ret->pool;
	g.rules = rules.rules;
	g.count = rules.count;
	return make(p, d, &h, ret);
}

int trial_learned(struct pipeline *p, const struct device *d, struct trial *ret,
	char why[LIMIT_TEXT])
{
	struct learn_source s = learner_source(&p->learner, d);
	struct adopted a = {.layer = LAYER_LEARNED};
	struct learn_profile lp = {0};
	int error = learner_is_on(&p->learner, d) ? 0 : -ENOENT;

	if (!error)
		error = learn_profile_of(&s, &d->mac, pipeline_wall(p), &lp);
	if (!error && !lp.rule_count)
		error = -ENOENT;
	if (error == -ENOENT)
		(void)str_print(why, LIMIT_TEXT, "nothing was learned of %.60s yet", d->name);
	if (!error && !lp.mud) {
		(void)str_print(why, LIMIT_TEXT, "there is no profile of what was learned: %.180s",
			lp.problem);
		error = CARDEA_EREFUSED;
	}
	if (!error) {
		a.text = lp.mud;
		a.text_len = strlen(lp.mud);
		error = trial_profile(p, d, &a, ret, why);
	}
	learn_profile_free(&lp);
	return error;
}

/* ---- as if the owner accepted ---- */

bool trial_knows(enum decision_kind k)
{
	return k == DECISION_AUTHORITY || k == DECISION_SIGNER || k == DECISION_UNSIGNED ||
	       k == DECISION_ROLLBACK || k == DECISION_PREVIEW || k == DECISION_CONVERSATION;
}

/* Another file in the place of the device's. */
static int with_file(struct pipeline *p, const struct device *d, const struct decision *q,
	struct trial *ret, char why[LIMIT_TEXT])
{
	const struct shelf_entry *e = shelf_find(&p->waiting, q->subject);
	struct household_trial h = {.file = true};
	int error;

	if (!e)
		e = shelf_find(&p->shelf, q->subject);
	if (!e) {
		str_copy(why, LIMIT_TEXT,
			"that file is fetched once you accept: nobody has read it yet");
		return -ENOENT;
	}
	h.rules = e->profile.rules;
	h.rule_count = e->profile.rule_count;
	error = begin(ret);
	return error ? error : make(p, d, &h, ret);
}

/* Its own file with the rules that it only shows. */
static int with_previewed(struct pipeline *p, const struct device *d, struct trial *ret,
	char why[LIMIT_TEXT])
{
	const struct household_device *hd = household_device(&p->household, d->id);
	struct household_trial h = {.file = true};
	struct rule *rules;
	int error;

	if (!hd || !hd->file) {
		str_copy(why, LIMIT_TEXT, "its file is not in force");
		return -ENOENT;
	}
	error = begin(ret);
	if (error)
		return error;
	rules = pool_copy(ret->pool, hd->rules, hd->rule_count * sizeof(*rules));
	if (!rules) {
		trial_free(ret);
		return -ENOMEM;
	}
	for (size_t i = 0; i < hd->rule_count; i++)
		if (rules[i].status == RULE_PREVIEWED)
			rules[i].status = RULE_ENFORCED;
	h.rules = rules;
	h.rule_count = hd->rule_count;
	return make(p, d, &h, ret);
}

static void rule_of_kind(const struct learned_kind *k, const struct device *other,
	struct rule *r)
{
	struct range16 port = {k->port_any ? 0 : k->port, k->port_any ? UINT16_MAX : k->port};
	bool from = k->direction == DIRECTION_FROM_DEVICE;

	rule_init(r);
	r->direction = k->direction;
	r->proto = k->proto;
	r->layer = LAYER_LEARNED;
	if (k->proto == FLOW_PROTO_TCP || k->proto == FLOW_PROTO_UDP)
		*(from ? &r->peer_port : &r->device_port) = port;
	else if (!k->port_any)
		r->icmp_type = (int16_t)k->port;
	if (k->name[0]) {
		r->peer.kind = PEER_NAME;
		str_copy(r->peer.name, sizeof(r->peer.name), k->name);
	} else if (k->place == RECORD_GATEWAY) {
		r->peer.kind = PEER_GATEWAY;
	} else if (k->place == RECORD_DEVICE && other) {
		r->peer.kind = PEER_MAC;
		r->peer.mac = other->mac;
	} else if (k->place == RECORD_DEVICE) {
		r->peer.kind = PEER_LOCAL_NETWORKS;
	} else {
		r->peer.kind = PEER_PREFIX;
		r->peer.prefix = prefix_of(&k->peer, addr_bits(&k->peer));
	}
}

/* One kind of conversation more in the learned profile. */
static int with_conversation(struct pipeline *p, const struct device *d,
	const struct decision *q, struct trial *ret, char why[LIMIT_TEXT])
{
	const struct household_device *hd = household_device(&p->household, d->id);
	const struct maintain *m = learner_maintain_of(p, &d->mac);
	struct household_grant g;
	const struct household_trial h = {.grant = &g};
	struct maintain_item item;
	struct rule *rules;
	int64_t id;
	int error;

	if (!hd || !hd->grant.pool || !m || str_to_i64(q->key, 0, UINT32_MAX, &id) ||
		maintain_item(m, (uint32_t)id, &item)) {
		str_copy(why, LIMIT_TEXT, "its learned profile is not in force any more");
		return -ENOENT;
	}
	error = begin(ret);
	if (error)
		return error;
	g = hd->grant;
	rules = pool_take(ret->pool, (g.count + 1) * sizeof(*rules));
	if (!rules) {
		trial_free(ret);
		return -ENOMEM;
	}
	rule_of_kind(&item.kind, inventory_by_mac(p->inventory, &item.kind.peer_mac), rules);
	for (size_t i = 0; i < g.count; i++)
		rules[i + 1] = g.rules[i];
	for (size_t i = 0; i <= g.count; i++)
		rules[i].id = (rule_id)i + 1;
	g.rules = rules;
	g.count++;
	return make(p, d, &h, ret);
}

int trial_decision(struct pipeline *p, const struct device *d, const struct decision *q,
	struct trial *ret, char why[LIMIT_TEXT])
{
	why[0] = 0;
	if (!trial_knows(q->kind)) {
		str_copy(why, LIMIT_TEXT,
			"the answer to this changes no rules that what was recorded could be "
			"held against");
		return CARDEA_EREFUSED;
	}
	if (q->kind == DECISION_PREVIEW)
		return with_previewed(p, d, ret, why);
	if (q->kind == DECISION_CONVERSATION)
		return with_conversation(p, d, q, ret, why);
	return with_file(p, d, q, ret, why);
}
