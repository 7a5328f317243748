// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/learner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/learn_priv.h"
#include "engine/pipeline.h"

struct learner_device {
	struct hash_node node; /* first */
	struct mac mac;
	uint32_t told; /* findings */
	bool off;
};

void learner_init(struct learner *l)
{
	memset(l, 0, sizeof *l);
	l->enabled = true;
	l->key = hash_key_random();
}

/* ---- devices ---- */

static bool device_equal(const struct hash_node *n, const void *key)
{
	return mac_equal(&((const struct learner_device *)n)->mac, key);
}

static struct learner_device *find(const struct learner *l, const struct mac *mac)
{
	return (struct learner_device *)hash_find(
		&l->devices, mac, sizeof *mac, device_equal);
}

/* As many as the inventory has, and no more. */
static struct learner_device *find_or_make(struct learner *l, const struct mac *mac)
{
	struct learner_device *d = find(l, mac);

	if (d)
		return d;
	d = calloc(1, sizeof *d);
	if (!d)
		return NULL;
	d->mac = *mac;
	hash_insert(&l->devices, &d->node, &d->mac, sizeof d->mac);
	return d;
}

static void free_node(struct hash_node *n, void *ctx)
{
	(void)ctx;
	free(n);
}

/* ---- start and end ---- */

static int take_off(void *ctx, device_id id)
{
	struct learner *l = ctx;
	const struct device *d = inventory_by_id(l->pipeline->inventory, id);
	struct learner_device *ld = d ? find_or_make(l, &d->mac) : NULL;

	if (ld)
		ld->off = true;
	return d && !ld ? -ENOMEM : 0;
}

static int take_state(void *ctx, const void *state, size_t len, nstime saved)
{
	struct learner *l = ctx;

	l->saved = saved;
	l->saved_bytes = len;
	l->saved_hash = hash_bytes(&l->key, state, len);
	return learner_state_take(l, cursor_of(state, len));
}

/* What one cannot read is no reason to lose it: a later version may. */
static int begin_anew(struct learner *l, int why)
{
	struct pipeline *p = l->pipeline;

	log_error("learner", "what was learned cannot be read (%s) and is set aside",
		error_text(why));
	journal_note(&p->journal, pipeline_wall(p), 0, EVENT_LEARNED,
		"What was learned before cannot be read (%s): it is set aside, and "
		"learning begins anew.",
		error_text(why));
	l->saved = 0;
	l->saved_bytes = 0;
	return store_learner_set_aside(p->store);
}

static int make_learned(struct learner *l, struct learned **ret)
{
	const struct learned_config config = {
		.public_labels = learn_suffixes_labels, .ctx = l->suffixes};

	return learned_new(&config, ret);
}

/* Devices that left while nobody could save that they did. */
static void forget_strangers(struct learner *l)
{
	struct learned_device d;

	for (size_t i = learned_count(l->learned); i-- > 0;) {
		learned_device_at(l->learned, i, &d);
		if (!inventory_by_mac(l->pipeline->inventory, &d.mac))
			learned_forget(l->learned, &d.mac);
	}
}

/* What was found before the start was told before it. */
static int know_findings(struct learner *l)
{
	struct learned_device d;

	for (size_t i = 0; i < learned_count(l->learned); i++) {
		struct learner_device *ld;

		learned_device_at(l->learned, i, &d);
		ld = d.finding_count ? find_or_make(l, &d.mac) : NULL;
		if (d.finding_count && !ld)
			return -ENOMEM;
		if (ld)
			ld->told = d.finding_count;
	}
	return 0;
}

static int load(struct learner *l)
{
	int e = store_learner(l->pipeline->store, take_state, l);

	if (e && e != -ENOMEM && e != -EIO)
		e = begin_anew(l, e);
	if (!e && !l->learned)
		e = make_learned(l, &l->learned);
	if (e)
		return e;
	forget_strangers(l);
	l->pipeline->prober.learned = l->learned;
	return know_findings(l);
}

int learner_open(struct learner *l, struct pipeline *p)
{
	int e;

	l->pipeline = p;
	if (!l->enabled)
		return 0;
	e = hash_init(&l->devices, 32);
	if (!e)
		e = learn_suffixes_new(&l->suffixes);
	if (!e)
		l->bares = calloc(1, sizeof *l->bares);
	if (!e)
		e = l->bares ? learn_bares_init(l->bares) : -ENOMEM;
	if (!e)
		e = store_learner_offs(p->store, take_off, l);
	return e ? e : load(l);
}

void learner_end(struct learner *l)
{
	if (l->learned && learner_save(l))
		log_error("learner", "what was learned since the last time is lost");
	learned_free(l->learned);
	l->learned = NULL;
	if (l->pipeline)
		l->pipeline->prober.learned = NULL;
	if (l->bares)
		learn_bares_free(l->bares);
	free(l->bares);
	l->bares = NULL;
	learn_suffixes_free(l->suffixes);
	if (l->devices.buckets)
		hash_each(&l->devices, free_node, NULL);
	hash_free(&l->devices);
}

int learner_hook(struct learner *l, const struct learner_hook *h)
{
	if (l->hook_count == LEARNER_HOOKS_MAX)
		return -ENOSPC;
	l->hooks[l->hook_count++] = *h;
	return 0;
}

/* ---- what the sensor tells ---- */

static bool is_learned(const struct learner *l, const struct mac *mac)
{
	const struct learner_device *d = find(l, mac);

	return !d || !d->off;
}

/* The sensor may know it a moment before the inventory does. */
static void wait_for(struct learner *l, const struct mac *mac, nstime when)
{
	for (size_t i = 0; i < LEARNER_WAITING_MAX; i++)
		if (l->waiting[i].when && mac_equal(&l->waiting[i].mac, mac))
			return;
	l->waiting[l->waits++ % LEARNER_WAITING_MAX] =
		(struct learner_waiting){.mac = *mac, .when = when};
}

static void waited(struct learner *l, const struct mac *mac)
{
	for (size_t i = 0; i < LEARNER_WAITING_MAX; i++) {
		struct learner_waiting *w = &l->waiting[i];

		if (!w->when || !mac_equal(&w->mac, mac))
			continue;
		learned_seen(l->learned, mac, w->when);
		w->when = 0;
	}
}

static struct device *device_of(struct learner *l, const struct mac *mac)
{
	struct device *d = inventory_by_mac(l->pipeline->inventory, mac);

	if (d)
		waited(l, mac);
	return d;
}

/* The house was told this name for the address, though the sensor came too late for it. */
static void set_name(struct learner *l, const struct device *d, struct record *r)
{
	struct pipeline *p = l->pipeline;
	struct household_device *hd;
	const char *name = NULL;

	if (r->place != RECORD_INTERNET || r->naming == RECORD_ANSWER)
		return;
	hd = household_device(&p->household, d->id);
	if (hd)
		name = bindings_name_of(&hd->names, &r->peer, pipeline_wall(p));
	if (name && str_copy(r->name, sizeof r->name, name))
		r->naming = RECORD_ANSWER;
}

/* What was under way when the gateway began to look begins again by itself, and then
 * with a name. */
static void see_bare(struct learner *l, const struct record *r)
{
	if ((!r->midstream || r->proto != FLOW_PROTO_TCP) &&
		learn_bares_has_room(l->bares, &r->device))
		learn_bares_see(l->bares, r);
}

static int on_record(struct learner *l, const struct message_record *m)
{
	struct record r;
	struct device *d;
	int e = message_to_record(m, &r);

	if (e)
		return e;
	d = device_of(l, &r.device);
	if (!d) {
		l->strangers++;
		return 0;
	}
	set_name(l, d, &r);
	pipeline_life_record(l->pipeline, d, &r);
	history_record(l->pipeline, d, &r);
	attestor_record(&l->pipeline->attestor, d, &r);
	if (!l->learned || !is_learned(l, &d->mac))
		return 0;
	prober_record(l->pipeline, &r);
	advisories_see_record(l->pipeline, d, &r);
	for (size_t i = 0; i < l->hook_count; i++)
		if (l->hooks[i].record)
			l->hooks[i].record(l->hooks[i].ctx, d, &r);
	e = learned_record(l->learned, &r);
	see_bare(l, &r);
	if (e == CARDEA_ELIMIT)
		l->crowded++;
	else if (e)
		log_error("learner", "a conversation of %s is not learned: %s", d->name,
			error_text(e));
	return 0;
}

static int on_observed(struct learner *l, const struct message_observed *m)
{
	struct device *d;

	if (m->event > OBSERVE_LEASE || m->when < 0 || mac_is_zero(&m->mac) ||
		mac_is_group(&m->mac))
		return CARDEA_EMALFORMED;
	d = device_of(l, &m->mac);
	if (l->learned && !d && m->event == OBSERVE_NEW)
		wait_for(l, &m->mac, m->when);
	if (d && m->event == OBSERVE_BOOT)
		attestor_started(&l->pipeline->attestor, d, m->when);
	if (!d || !l->learned || !is_learned(l, &m->mac))
		return 0;
	if (m->event == OBSERVE_NEW)
		learned_seen(l->learned, &m->mac, m->when);
	else if (m->event == OBSERVE_BOOT)
		learned_booted(l->learned, &m->mac, m->when);
	return 0;
}

/* The sensor answers the latest question for all that were asked before. */
static void on_told(struct learner *l, uint32_t id)
{
	for (size_t i = 0; i < LEARNER_CUTS_MAX; i++) {
		struct learner_cut *cut = &l->cuts[i];

		if (!cut->id || (int32_t)(id - cut->id) < 0)
			continue;
		learned_cut(l->learned, &cut->mac);
		cut->id = 0;
		l->next_save = 1; /* the owner took trouble for it: with the next tick */
	}
}

bool learner_takes(const struct message *m)
{
	return m->type == MESSAGE_RECORD || m->type == MESSAGE_OBSERVED ||
	       m->type == MESSAGE_OBSERVE_COUNTS || m->type == MESSAGE_OBSERVE_TOLD;
}

int learner_message(struct learner *l, const struct message *m)
{
	if (m->type == MESSAGE_OBSERVE_COUNTS) {
		l->counts = m->observe_counts;
		return 0;
	}
	if (m->type == MESSAGE_OBSERVE_TOLD) {
		if (l->learned)
			on_told(l, m->observe_told.id);
		return 0;
	}
	return m->type == MESSAGE_RECORD ? on_record(l, &m->record)
					 : on_observed(l, &m->observed);
}

int learner_cut(struct learner *l, const struct device *d)
{
	struct ipc *sensor = &l->pipeline->channels[ROLE_SENSOR];
	struct message m = {.type = MESSAGE_OBSERVE_TELL};
	struct learner_cut *cut = NULL;
	uint8_t buf[16];
	int n;

	if (!l->learned || !ipc_is_open(sensor))
		return -ENOTCONN;
	for (size_t i = 0; i < LEARNER_CUTS_MAX && !cut; i++)
		if (!l->cuts[i].id || mac_equal(&l->cuts[i].mac, &d->mac))
			cut = &l->cuts[i];
	if (!cut)
		return -EAGAIN;
	m.observe_tell.id = ++l->cut_id ? l->cut_id : ++l->cut_id;
	n = message_encode(&m, buf, sizeof buf);
	if (n > 0)
		n = ipc_send(sensor, buf, (size_t)n, -1);
	if (!n)
		*cut = (struct learner_cut){.mac = d->mac, .id = m.observe_tell.id};
	return n;
}

/* ---- what comes of it ---- */

static void tell_findings(struct learner *l, const struct device *d)
{
	struct pipeline *p = l->pipeline;
	struct learner_device *ld = find(l, &d->mac);
	uint32_t told = ld ? ld->told : 0;
	struct learned_finding f;

	for (; learned_finding_of(l->learned, &d->mac, told, &f); told++) {
		char text[LIMIT_TEXT];

		journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_LEARNED,
			"%s %s. That is not learned.", d->name,
			str_escape(str_untrusted(f.text), text, sizeof text));
	}
	if (!told || (ld && told == ld->told))
		return;
	ld = find_or_make(l, &d->mac);
	if (ld)
		ld->told = told;
}

void learner_tick(struct learner *l)
{
	struct pipeline *p = l->pipeline;
	nstime now = loop_now(p->loop), wall = pipeline_wall(p);
	struct device *d;

	if (now < l->next_tick)
		return;
	l->next_tick = now + LEARNER_TICK_S * NS_PER_SEC;
	if (l->learned)
		learned_end(l->learned, wall);
	for (size_t i = 0; l->learned && (d = inventory_at(p->inventory, i)); i++)
		tell_findings(l, d);
	for (size_t i = 0; i < l->hook_count; i++)
		if (l->hooks[i].tick)
			l->hooks[i].tick(l->hooks[i].ctx, wall);
	if (!l->next_save)
		l->next_save = now + LEARNER_SAVE_S * NS_PER_SEC;
	if (now < l->next_save)
		return;
	l->next_save = now + LEARNER_SAVE_S * NS_PER_SEC;
	if (learner_save(l))
		log_error("learner", "what was learned is not stored; is the disk full?");
}

int learner_save(struct learner *l)
{
	uint8_t *state = NULL;
	size_t len = 0;
	uint64_t hash;
	int e;

	if (!l->learned)
		return 0;
	e = learner_state_make(l, &state, &len);
	if (e)
		return e;
	hash = hash_bytes(&l->key, state, len);
	if (hash != l->saved_hash || len != l->saved_bytes) {
		nstime wall = pipeline_wall(l->pipeline);

		e = store_learner_save(l->pipeline->store, state, len, wall);
		if (!e) {
			l->saved = wall;
			l->saved_bytes = len;
			l->saved_hash = hash;
		}
	}
	free(state);
	return e;
}

static void forget_waiting(struct learner *l, const struct mac *mac)
{
	for (size_t i = 0; i < LEARNER_WAITING_MAX; i++)
		if (mac_equal(&l->waiting[i].mac, mac))
			l->waiting[i].when = 0;
}

static void forget(struct learner *l, const struct mac *mac, bool gone)
{
	struct learner_device *d;

	for (size_t i = 0; i < l->hook_count; i++)
		if (l->hooks[i].forget)
			l->hooks[i].forget(l->hooks[i].ctx, mac, gone);
	if (!l->learned)
		return;
	forget_waiting(l, mac);
	learned_forget(l->learned, mac);
	l->next_save = 1;
	learn_bares_forget(l->bares, mac);
	d = find(l, mac);
	if (!d)
		return;
	d->told = 0;
	if (d->off && !gone)
		return;
	hash_remove(&l->devices, &d->node);
	free(d);
}

void learner_forget(struct learner *l, const struct mac *mac)
{
	forget(l, mac, true);
}

void learner_again(struct learner *l, const struct mac *mac)
{
	forget(l, mac, false);
}

int learner_set(struct learner *l, const struct device *d, bool on)
{
	struct learner_device *ld;
	int e;

	if (!l->learned)
		return -ENOENT;
	ld = find_or_make(l, &d->mac);
	if (!ld)
		return -ENOMEM;
	e = store_learner_off(l->pipeline->store, d->id, !on);
	if (!e)
		ld->off = !on;
	return e;
}

bool learner_is_on(const struct learner *l, const struct device *d)
{
	return l->learned && is_learned(l, &d->mac);
}

struct learn_source learner_source(const struct learner *l, const struct device *d)
{
	struct learn_source s = {.learned = l->learned, .bares = l->bares};

	str_copy(s.name.host, sizeof s.name.host,
		d->hostname[0] ? d->hostname : d->name);
	str_copy(s.name.vendor, sizeof s.name.vendor, d->vendor_class);
	return s;
}
