// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/learner_maintain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/adopt.h"
#include "engine/pipeline.h"
#include "model/worm.h"
#include "profiles/maker/maker.h"

/* rule.acl of what an update brings for a while */
#define WINDOW_ACL "update"

/* ---- the list ---- */

static struct learner_maintained *find(const struct pipeline *p, const struct mac *mac)
{
	for (size_t i = 0; i < p->maintained.count; i++)
		if (mac_equal(&p->maintained.list[i]->mac, mac))
			return p->maintained.list[i];
	return NULL;
}

const struct maintain *learner_maintain_of(
	const struct pipeline *p, const struct mac *mac)
{
	const struct learner_maintained *k = find(p, mac);

	return k ? k->m : NULL;
}

static void drop(struct pipeline *p, struct learner_maintained *k)
{
	struct learner_maintain *all = &p->maintained;
	size_t i = 0;

	while (all->list[i] != k)
		i++;
	all->list[i] = all->list[--all->count];
	maintain_free(k->m);
	free(k);
}

/* ---- questions ---- */

static struct decision question(
	const struct learner_maintained *k, const struct maintain_item *i)
{
	const struct device *d =
		inventory_by_id(k->pipeline->inventory, k->device);
	struct decision ask = {
		.kind = DECISION_CONVERSATION, .device = k->device};
	char text[MAINTAIN_TEXT_MAX];

	(void)str_copy(ask.subject, sizeof(ask.subject),
		maintain_kind_text(&i->kind, text));
	(void)str_print(ask.key, sizeof(ask.key), "%u", (unsigned)i->id);
	(void)str_print(ask.text, sizeof(ask.text), "%.60s %s", d ? d->name : "A device",
		maintain_question(i, text));
	return ask;
}

static void take_back(const struct learner_maintained *k, uint32_t id)
{
	struct maintain_item i;
	struct decision ask;

	if (maintain_item(k->m, id, &i))
		return;
	ask = question(k, &i);
	pipeline_unask(k->pipeline, ask.kind, ask.device, ask.subject);
}

static void on_event(void *ctx, const struct mac *mac, enum maintain_event e,
	uint32_t item, const char *text)
{
	struct learner_maintained *k = ctx;
	struct pipeline *p = k->pipeline;
	const struct device *d = inventory_by_id(p->inventory, k->device);
	struct maintain_item i;
	struct decision ask;

	(void)mac;
	if (e == MAINTAIN_ASKED && maintain_item(k->m, item, &i) == 0) {
		ask = question(k, &i);
		(void)pipeline_ask(p, &ask);
		return; /* which is in the journal */
	}
	if (e == MAINTAIN_WITHDRAWN)
		take_back(k, item);
	journal_note(&p->journal, pipeline_wall(p), k->device, EVENT_LEARNED,
		"%.60s %s.", d ? d->name : "A device", text);
}

/* Learning may begin after this; without it nothing is a variant. */
static unsigned public_labels(void *ctx, const char *name)
{
	const struct learner *l = ctx;

	return l->suffixes ? learn_suffixes_labels(l->suffixes, name) : 0;
}

/* Several names are one kind, and each is a rule. */
static bool covers(const struct rule *r, const struct learned_kind *k)
{
	struct learned_kind one;

	if (r->peer.kind != PEER_NAME || !rule_name_is_suffix(k->name) ||
		!rule_name_matches(k->name, r->peer.name))
		return maker_rule_covers(r, k);
	one = *k;
	(void)str_copy(one.name, sizeof(one.name), r->peer.name);
	return maker_rule_covers(r, &one);
}

/* The first that is about it decides, as in the kernel. What only answers begins nothing. */
static bool is_about(const struct rule *r, const struct learned_kind *k)
{
	enum initiator who = k->direction == DIRECTION_FROM_DEVICE ? INITIATOR_DEVICE
								   : INITIATOR_PEER;

	return rule_in_force(r) && strcmp(r->acl, WINDOW_ACL) != 0 &&
	       (r->initiator == INITIATOR_EITHER || r->initiator == who) &&
	       covers(r, k);
}

static bool permits(void *ctx, const struct learned_kind *k)
{
	const struct learner_maintained *m = ctx;
	const struct household_device *hd =
		household_device(&m->pipeline->household, m->device);

	/* by UDP who asks and who answers have the same rule */
	if (!hd || (k->direction != DIRECTION_FROM_DEVICE && k->proto != FLOW_PROTO_TCP))
		return false;
	for (size_t i = 0; i < hd->grant.count; i++)
		if (is_about(&hd->grant.rules[i], k))
			return hd->grant.rules[i].action == RULE_ACCEPT;
	return false;
}

static struct maintain_config config_of(struct learner_maintained *k)
{
	return (struct maintain_config){.public_labels = public_labels,
		.public_ctx = &k->pipeline->learner,
		.permits = permits,
		.permits_ctx = k,
		.event = on_event,
		.event_ctx = k};
}

/* *ret is in the list, without a profile yet. */
static int add(struct pipeline *p, const struct device *d, nstime approved,
	struct learner_maintained **ret)
{
	struct learner_maintain *all = &p->maintained;
	struct learner_maintained **list, *k;

	if (all->count == all->cap) {
		list = realloc(all->list, (all->cap + 16) * sizeof(*list));
		if (!list)
			return -ENOMEM;
		all->list = list;
		all->cap += 16;
	}
	k = calloc(1, sizeof(*k));
	if (!k)
		return -ENOMEM;
	k->pipeline = p;
	k->mac = d->mac;
	k->device = d->id;
	k->approved = approved;
	all->list[all->count++] = k;
	*ret = k;
	return 0;
}

/* ---- the kernel ---- */

struct rules {
	struct pool *pool;
	struct rule *list;
	size_t count, cap;
};

static void put(struct rules *to, const struct rule *from, size_t count)
{
	for (size_t i = 0; i < count && to->count < to->cap; i++) {
		to->list[to->count] = from[i];
		to->list[to->count].id = (rule_id)(to->count + 1);
		to->count++;
	}
}

static void put_never(struct rules *to)
{
	for (size_t i = 0; i < WORM_PORTS; i++) {
		uint16_t port = worm_ports[i].port;
		struct rule r;

		rule_init(&r);
		r.action = RULE_DROP;
		r.layer = LAYER_LEARNED;
		r.proto = FLOW_PROTO_TCP;
		r.peer_port = (struct range16){port, port};
		(void)str_copy(r.acl, sizeof(r.acl), WINDOW_ACL);
		(void)str_copy(r.detail, sizeof(r.detail),
			"only the infected call others by this port");
		put(to, &r, 1);
	}
}

static void put_window(struct rules *to)
{
	struct rule r;

	rule_init(&r);
	r.layer = LAYER_LEARNED;
	(void)str_copy(r.acl, sizeof(r.acl), WINDOW_ACL);
	(void)str_copy(r.detail, sizeof(r.detail),
		"updated: what is new passes for some days, and is told");
	put(to, &r, 1);
}

/* What was refused or expired stands first, then what was approved, then what came. */
static int collect(const struct learner_maintained *k, const struct adopt_rules *own,
	struct rules *to)
{
	struct maintain_window w;
	struct rule *no = NULL, *later = NULL;
	size_t no_count = 0, later_count = 0;
	int e = maintain_rules(k->m, MAINTAIN_NO, to->pool, &no, &no_count);

	if (!e)
		e = maintain_rules(
			k->m, MAINTAIN_LATER, to->pool, &later, &later_count);
	if (e)
		return e;
	maintain_window(k->m, &w);
	to->cap = no_count + own->count + later_count + WORM_PORTS + 1;
	to->list = pool_take(to->pool, to->cap * sizeof(*to->list));
	if (!to->list)
		return -ENOMEM;
	put(to, no, no_count);
	if (w.open)
		put_never(to);
	put(to, own->rules, own->count);
	put(to, later, later_count);
	if (w.open)
		put_window(to);
	return 0;
}

static int enforce(struct learner_maintained *k, struct device *d)
{
	struct pipeline *p = k->pipeline;
	const struct adopted *a = pipeline_adopted(p, d);
	struct rules rules = {.pool = pool_new("maintained", 8 * ADOPT_POOL_BYTES)};
	struct household_grant g;
	struct adopt_rules own;
	char why[LIMIT_TEXT];
	int e = rules.pool && a ? 0 : -ENOMEM;

	if (!e)
		e = adopt_read(NULL, a, rules.pool, &own, why);
	if (!e)
		e = collect(k, &own, &rules);
	if (!e) {
		g = (struct household_grant){.pool = rules.pool,
			.rules = rules.list,
			.count = rules.count,
			.layer = a->layer,
			.form = a->form,
			.when = a->when};
		e = household_grant(&p->household, d, &g, pipeline_wall(p));
	}
	if (e) {
		pool_free(rules.pool);
		return e;
	}
	k->pool = rules.pool;
	classes_changed(&p->classes, true);
	pipeline_dns_follow(p, d);
	return 0;
}

static const struct pool *pool_of(const struct learner_maintained *k)
{
	const struct household_device *hd =
		household_device(&k->pipeline->household, k->device);

	return hd ? hd->grant.pool : NULL;
}

static void follow(struct learner_maintained *k)
{
	struct device *d = inventory_by_id(k->pipeline->inventory, k->device);
	uint64_t force = maintain_force(k->m);
	int e;

	/* what is in force may have been read anew meanwhile */
	if (!d || (force == k->force && k->pool == pool_of(k)))
		return;
	e = enforce(k, d);
	if (e)
		log_error("learner", "the profile of %s is not followed: %s", d->name,
			error_text(e));
	else
		k->force = force;
}

/* ---- what is told ---- */

static void judge_last(struct pipeline *p)
{
	struct learner_maintain *all = &p->maintained;
	struct learner_maintained *k;
	enum maintain_verdict v;

	if (!all->waits)
		return;
	all->waits = false;
	k = find(p, &all->last.device);
	if (!k)
		return;
	if (maintain_record(k->m, p->learner.learned, &all->last, &v))
		log_error("learner", "a conversation is not judged: no memory");
	else if (v != MAINTAIN_KNOWN && v != MAINTAIN_IGNORED)
		follow(k);
}

static void on_record(void *ctx, struct device *d, const struct record *r)
{
	struct pipeline *p = ctx;

	(void)d;
	judge_last(p);
	p->maintained.last = *r;
	p->maintained.waits = true;
}

/* ---- who is maintained ---- */

static nstime approved_at(const struct pipeline *p, const struct device *d)
{
	struct household_device *hd =
		household_device((struct household *)&p->household, d->id);

	if (!hd || !hd->grant.pool || hd->grant.layer != LAYER_LEARNED ||
		hd->grant.form != ADOPT_MUD)
		return 0;
	return hd->grant.when ? hd->grant.when : 1;
}

static void begin(struct pipeline *p, const struct device *d, nstime approved)
{
	struct learner_maintained *k = NULL;
	struct maintain_config config;
	int e = add(p, d, approved, &k);

	if (!e) {
		config = config_of(k);
		e = maintain_new(&config, &d->mac, &k->m);
	}
	if (!e)
		e = maintain_approve(k->m, p->learner.learned, pipeline_wall(p));
	if (!e) {
		k->force = maintain_force(k->m); /* it is in force already */
		k->pool = pool_of(k);
		return;
	}
	if (k)
		drop(p, k);
	if (e != -ENOENT) /* nothing was seen of it yet: the next round */
		log_error("learner", "the profile of %s is not maintained: %s", d->name,
			error_text(e));
}

static void end_one(struct pipeline *p, struct learner_maintained *k)
{
	int e = store_maintained_remove(p->store, k->device);

	if (e && e != -ENOENT)
		log_error("learner", "a profile's history is not removed");
	drop(p, k);
}

/* The owner put another in force, or none. */
static void compare(struct pipeline *p, const struct device *d)
{
	struct learner_maintained *k = find(p, &d->mac);
	nstime approved = approved_at(p, d);

	if (k && k->approved == approved)
		return;
	if (k && !approved) {
		end_one(p, k);
	} else if (!p->learner.learned) {
		return; /* what was learned is not known now */
	} else if (k) {
		if (maintain_approve(k->m, p->learner.learned, pipeline_wall(p)))
			return;
		k->approved = approved;
		k->force = 0;
	} else if (approved) {
		begin(p, d, approved);
	}
}

/* ---- the store ---- */

static void save(struct learner_maintained *k)
{
	struct pipeline *p = k->pipeline;
	size_t size = maintain_save_size(k->m);
	uint8_t *bytes = malloc(size);
	struct writer w = writer_of(bytes, size);
	uint64_t hash;
	int e = bytes ? maintain_save(k->m, &w) : -ENOMEM;

	if (!e) {
		hash = hash_bytes(&p->learner.key, bytes, w.len);
		if (hash != k->saved)
			e = store_maintained_save(
				p->store, k->device, k->approved, bytes, w.len);
		if (!e)
			k->saved = hash;
	}
	free(bytes);
	if (e)
		log_error("learner", "a profile's history is not stored: %s",
			error_text(e));
}

static int load(
	void *ctx, device_id id, nstime approved, const void *state, size_t len)
{
	struct pipeline *p = ctx;
	const struct device *d = inventory_by_id(p->inventory, id);
	struct learner_maintained *k = NULL;
	struct maintain_config config;
	int e;

	if (!d)
		return 0;
	e = add(p, d, approved, &k);
	if (e)
		return e;
	config = config_of(k);
	e = maintain_load(&config, cursor_of(state, len), &k->m);
	if (!e && mac_equal(maintain_device(k->m), &d->mac))
		return 0;
	drop(p, k);
	if (e == -ENOMEM)
		return e;
	log_error("learner", "the history of the profile of %s cannot be read and is "
		"begun anew", d->name);
	return 0;
}

static void label(struct learner_maintained *k, const struct device *d)
{
	const struct household_device *hd =
		household_device(&k->pipeline->household, d->id);

	maintain_label(k->m, MAINTAIN_BY_DHCP, d->vendor_class);
	if (hd && hd->source)
		maintain_label(k->m, MAINTAIN_BY_MAKER, hd->source->profile.systeminfo);
}

static void on_tick(void *ctx, nstime wall)
{
	struct pipeline *p = ctx;
	struct learner_maintain *all = &p->maintained;
	nstime now = loop_now(p->loop);
	bool due = now >= all->next_save;
	struct device *d;

	judge_last(p);
	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++) {
		struct learner_maintained *k;

		compare(p, d);
		k = find(p, &d->mac);
		if (!k)
			continue;
		label(k, d);
		if (maintain_tick(k->m, p->learner.learned, wall))
			log_error("learner", "the profile of %s is not looked after: no "
				"memory", d->name);
		follow(k);
		if (due && all->next_save)
			save(k);
	}
	if (due)
		all->next_save = now + LEARNER_SAVE_S * NS_PER_SEC;
}

/* What the owner approved and refused outlives what it was learned from. */
static void on_forget(void *ctx, const struct mac *mac, bool gone)
{
	struct pipeline *p = ctx;

	if (p->maintained.waits && mac_equal(&p->maintained.last.device, mac))
		p->maintained.waits = false;
	if (gone && find(p, mac))
		end_one(p, find(p, mac));
}

/* Also where nothing is learned any more: what the owner said since the approval is in
 * force beside it. */
int learner_maintain_open(struct pipeline *p)
{
	const struct learner_hook hook = {
		.record = on_record, .tick = on_tick, .forget = on_forget, .ctx = p};
	int e;

	if (p->maintained.open)
		return 0;
	e = store_maintained(p->store, load, p);
	if (!e)
		e = learner_hook(&p->learner, &hook);
	p->maintained.open = !e;
	return e;
}

void learner_maintain_end(struct pipeline *p)
{
	if (p->learner.learned)
		judge_last(p);
	while (p->maintained.count) {
		save(p->maintained.list[0]);
		drop(p, p->maintained.list[0]);
	}
	free(p->maintained.list);
	p->maintained = (struct learner_maintain){0};
}

/* ---- the owner ---- */

int learner_maintain_answer(struct pipeline *p, const struct decision *d, bool accept)
{
	const struct device *device = inventory_by_id(p->inventory, d->device);
	struct learner_maintained *k = device ? find(p, &device->mac) : NULL;
	int64_t id;
	int e;

	if (!k || str_to_i64(d->key, 1, UINT32_MAX, &id))
		return 0; /* the profile that it was about is no more */
	e = (accept ? maintain_accept : maintain_reject)(
		k->m, (uint32_t)id, pipeline_wall(p));
	if (e && e != -ENOENT)
		return e;
	follow(k);
	save(k);
	return 0;
}

/* ---- the week ---- */

static int count_one(void *ctx, const struct maintain_item *i)
{
	(void)i;
	++*(uint32_t *)ctx;
	return 0;
}

static void tell_device(const struct pipeline *p, const struct learner_maintained *k,
	nstime since, struct maintain_report_device *ret)
{
	const struct device *d = inventory_by_id(p->inventory, k->device);
	struct learned_device known;
	struct maintain_window w;
	struct maintain_week week;

	*ret = (struct maintain_report_device){.mac = k->mac, .name = d ? d->name : ""};
	ret->week.since = since;
	for (size_t i = 0; i < maintain_week_count(k->m); i++) {
		maintain_week_at(k->m, i, &week);
		if (week.since == since)
			ret->week = week;
	}
	(void)maintain_items(k->m, MAINTAIN_PROPOSED, count_one, &ret->waiting);
	maintain_window(k->m, &w);
	ret->window = w.open;
	if (p->learner.learned &&
		learned_device_of(p->learner.learned, &k->mac, &known) == 0)
		ret->unseen = known.all;
}

void learner_maintain_week(const struct pipeline *p, nstime wall, struct jsonw *out)
{
	const struct learner_maintain *all = &p->maintained;
	struct maintain_report r = {.since = maintain_week_of(wall)};
	struct maintain_report_device *list =
		calloc(all->count ? all->count : 1, sizeof(*list));

	for (size_t i = 0; list && i < all->count; i++)
		tell_device(p, all->list[i], r.since, &list[i]);
	r.devices = list;
	r.count = list ? all->count : 0;
	maintain_report_json(&r, out);
	free(list);
}
