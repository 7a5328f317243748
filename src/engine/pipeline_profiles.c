// SPDX-License-Identifier: GPL-2.0-or-later
/* From a MUD URL to a protected device. */
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/classes.h"
#include "engine/pipeline.h"

static unsigned count_status(const struct policy *policy, enum rule_status status)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < policy->base_first; i++)
		n += policy->rules[i].status == status;
	return n;
}

static void tell_protected(struct pipeline *p, const struct device *d,
	const struct household_device *hd)
{
	unsigned all = hd->policy.base_first;
	unsigned not_yet = count_status(&hd->policy, RULE_NOT_YET) +
			   count_status(&hd->policy, RULE_UNENFORCEABLE) +
			   count_status(&hd->policy, RULE_PREVIEWED);

	if (not_yet)
		journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_PROTECTED,
			"%s is protected: %u of its %u rules are in force, %u are not "
			"enforced yet (`cardea policy show`).",
			d->name, all - not_yet, all, not_yet);
	else
		journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_PROTECTED,
			"%s is protected: all its %u rules are in force.", d->name, all);
}

/* The very file that is in force came again: nothing changes, no flow ends. */
static bool is_in_force(const struct household_device *hd, const struct shelf_entry *e)
{
	static const uint8_t unknown[sizeof(hd->sha256)];
	const uint8_t *sha256 = e->profile.sha256;

	return hd->pool && hd->source == e &&
	       memcmp(sha256, hd->sha256, sizeof(hd->sha256)) == 0 &&
	       memcmp(sha256, unknown, sizeof(unknown)) != 0;
}

/* Files are the device's only when they may be; what the owner has to say is asked. */
static bool may_use(struct pipeline *p, struct device *d, const char *url,
	const struct profile *profile, struct trust_verdict *v)
{
	pipeline_judge(p, d, url, profile, v);
	return v->answer == TRUST_USE || v->answer == TRUST_USE_AND_PIN;
}

/* RFC 8520 2: addresses of the house in a maker's file are not put in force unseen. */
static bool takes_previewed(struct pipeline *p, const struct device *d,
	const struct shelf_entry *e)
{
	struct decision q = {.kind = DECISION_PREVIEW, .device = d->id};
	char sentence[RULE_SENTENCE_MAX];
	const struct rule *first = NULL;
	unsigned count = 0;

	for (uint32_t i = 0; i < e->profile.rule_count; i++) {
		const struct rule *r = &e->profile.rules[i];

		if (r->status != RULE_PREVIEWED)
			continue;
		first = first ? first : r;
		count++;
	}
	if (!first)
		return false;
	str_copy(q.subject, sizeof(q.subject), e->url);
	memcpy(q.sha256, e->profile.sha256, sizeof(q.sha256));
	(void)str_print(q.text, sizeof(q.text),
		"The file of %s names addresses of a house, which no maker can know. "
		"Enable these %u rules? The first: it %s.",
		d->name, count, rule_sentence(first, sentence));
	return pipeline_ask(p, &q) == DECISION_ACCEPTED;
}

static bool adopt(struct pipeline *p, struct device *d, const struct shelf_entry *e)
{
	struct household_device *hd = household_device(&p->household, d->id);
	bool replaced = hd && hd->pool;
	bool enforced = device_is_enforced(d);
	int error = CARDEA_ELIMIT;

	if (hd) {
		hd->takes_previewed = takes_previewed(p, d, e);
		error = household_adopt(hd, e);
	}

	if (error && replaced) {
		(void)str_print(d->problem, sizeof(d->problem),
			"its new profile could not be made into rules (%s); the one in "
			"force stays",
			error_text(error));
		return false;
	}
	if (error) {
		d->state = DEVICE_WATCHED;
		(void)str_print(d->problem, sizeof(d->problem),
			"its profile could not be made into rules: %s",
			error_text(error));
		return false;
	}
	d->problem[0] = 0;
	if (!enforced || replaced)
		tell_protected(p, d, hd);
	if (!enforced)
		d->state = DEVICE_PROTECTED;
	/* Conversations of names that have ended are judged anew, too. */
	household_update(&p->household, d, replaced, pipeline_wall(p));
	classes_changed(&p->classes, false);
	pipeline_ask_classes(p, d);
	if (replaced) {
		pipeline_overlays_weigh(p, d);
		pipeline_life_changed(p, d);
	}
	return true;
}

/* The file is here, but not for this device, or not yet. */
static void wait_for_owner(struct pipeline *p, struct device *d,
	const struct trust_verdict *v)
{
	const struct household_device *hd = household_device(&p->household, d->id);

	if (!hd || !hd->pool) /* also where it was protected before a restart */
		d->state = DEVICE_WATCHED;
	(void)str_print(d->problem, sizeof(d->problem), "%s%s", v->text,
		v->answer == TRUST_ASK ? " (`cardea decide list`)" : "");
}

nstime pipeline_due(struct pipeline *p, nstime fetched, const struct profile *profile)
{
	uint64_t n = hash_bytes(&p->key, &p->random, sizeof(p->random));

	p->random++;
	return fetched + fetcher_refresh_delay(profile->cache_validity_h, n);
}

static bool is_stale(const struct pipeline *p, const struct shelf_entry *e)
{
	nstime wall = pipeline_wall(p);

	/* fetched in the future: by a clock that was wrong */
	return e->fetched > wall || e->due <= wall;
}

static void want(struct pipeline *p, const char *url)
{
	if (p->clock_trusted)
		fetcher_want(&p->fetcher, url, loop_now(p->loop), 0);
}

/* A file that is here, in force or not, for a device that does not have it yet. */
static bool try_shelf(struct pipeline *p, struct device *d, const struct shelf_entry *e)
{
	const struct household_device *hd = household_device(&p->household, d->id);
	/* In force before a restart: while the owner is asked it stays. */
	bool was = hd && !hd->pool && device_is_enforced(d);
	struct trust_verdict v;

	if (!may_use(p, d, e->url, &e->profile, &v)) {
		was = was && v.answer == TRUST_ASK && adopt(p, d, e);
		wait_for_owner(p, d, &v);
		return was;
	}
	if (!adopt(p, d, e))
		return false;
	pipeline_used(p, d, e->url, &e->profile, &v);
	return true;
}

void pipeline_consider(struct pipeline *p, struct device *d)
{
	const struct shelf_entry *e = shelf_find(&p->shelf, d->mud_url);
	const struct shelf_entry *waiting = shelf_find(&p->waiting, d->mud_url);
	struct household_device *hd = household_device(&p->household, d->id);

	if (!d->mud_url[0] || !hd)
		return;
	if (e && hd->source != e)
		(void)try_shelf(p, d, e);
	else if (!e && waiting)
		pipeline_judge_again(p, d->mud_url);
	e = shelf_find(&p->shelf, d->mud_url); /* it may have moved from one to the other */
	waiting = shelf_find(&p->waiting, d->mud_url);
	if ((e && !is_stale(p, e)) || (waiting && !is_stale(p, waiting)))
		return;
	if (!e && !waiting && !hd->pool) { /* also when it was protected and its profile is lost */
		if (d->state != DEVICE_QUARANTINED)
			d->state = DEVICE_WATCHED;
		if (!p->clock_trusted)
			str_copy(d->problem, sizeof(d->problem),
				"its profile cannot be fetched and checked until the clock "
				"is set");
		else if (!fetcher_wants(&p->fetcher, d->mud_url))
			str_copy(d->problem, sizeof(d->problem),
				"its profile is being fetched");
	}
	want(p, d->mud_url);
}

/* The file of this URL is the device's from now on. Who vouched for it did so for a
 * device of the maker that it had. */
static void move_to(struct pipeline *p, struct device *d, const char *url)
{
	struct household_device *hd = household_device(&p->household, d->id);

	if (d->confirmed && !trust_same_authority(d->mud_url, url)) {
		d->confirmed = false;
		classes_changed(&p->classes, true);
	}
	str_copy(d->mud_url, sizeof(d->mud_url), url);
	if (hd)
		hd->next_url[0] = 0;
}

/* Its new file is here. */
static void take_next_url(struct pipeline *p, struct device *d, const char *url)
{
	move_to(p, d, url);
	pipeline_consider(p, d);
	pipeline_save_device(p, d);
}

void pipeline_next_url(struct pipeline *p, struct device *d, const char *url)
{
	struct household_device *hd = household_device(&p->household, d->id);

	if (!hd)
		return;
	str_copy(hd->next_url, sizeof(hd->next_url), strcmp(url, d->mud_url) ? url : "");
	if (!hd->next_url[0])
		return;
	if (shelf_find(&p->shelf, url))
		take_next_url(p, d, url);
	else if (shelf_find(&p->waiting, url))
		pipeline_judge_again(p, url);
	else
		want(p, url);
}

static bool says(struct pipeline *p, const struct device *d, const char *url)
{
	const struct household_device *hd;

	if (strcmp(d->mud_url, url) == 0)
		return true;
	hd = household_device(&p->household, d->id);
	return hd && strcmp(hd->next_url, url) == 0;
}

static bool is_said(void *ctx, const char *url)
{
	struct pipeline *p = ctx;
	struct device *d;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++)
		if (says(p, d, url))
			return true;
	return false;
}

/* A device that names ever new files, which exist, must not fill memory and store. */
static bool is_needed(void *ctx, const struct shelf_entry *e)
{
	const struct pipeline *p = ctx;

	for (size_t i = 0; i < p->household.count; i++)
		if (p->household.devices[i]->source == e)
			return true;
	return is_said(ctx, e->url);
}

static bool is_wanted(void *ctx, const struct shelf_entry *e)
{
	return is_said(ctx, e->url);
}

static void forget(void *ctx, const struct shelf_entry *e)
{
	(void)ctx;
	(void)e; /* only memory has it */
}

static void unneeded(void *ctx, const struct shelf_entry *e)
{
	struct pipeline *p = ctx;

	if (store_profile_remove(p->store, e->url))
		log_warn("pipeline", "a profile that nobody needs stays in the store");
}

/* Each device that says this URL. */
static void each_device(struct pipeline *p, const char *url,
	void (*visit)(struct pipeline *, struct device *, const void *), const void *arg)
{
	struct device *d;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++)
		if (says(p, d, url)) {
			visit(p, d, arg);
			pipeline_save_device(p, d);
		}
}

static void say_arrived(struct pipeline *p, const struct device *d,
	const struct profile *profile)
{
	const char *how = "its signature is good";
	const char *who = profile->signer;

	if (profile->layer == LAYER_OWNER) {
		how = "not signed by anybody you trust";
		who = "accepted by you";
	} else if (profile->layer != LAYER_MANUFACTURER) {
		how = "it is not signed";
		who = "accepted by your settings";
	}
	journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_PROFILE_VERIFIED,
		"The profile of %s is here: %s (%s).", d->name, how, who);
}

static void profile_came(struct pipeline *p, struct device *d, const void *arg)
{
	const struct shelf_entry *e = arg;
	struct household_device *hd = household_device(&p->household, d->id);
	struct trust_verdict v;

	if (!hd)
		return;
	if (is_in_force(hd, e)) {
		d->problem[0] = 0; /* a refresh that failed before */
		return;
	}
	if (!may_use(p, d, e->url, &e->profile, &v)) {
		wait_for_owner(p, d, &v);
		return;
	}
	if (strcmp(d->mud_url, e->url) != 0)
		move_to(p, d, e->url);
	say_arrived(p, d, &e->profile);
	if (adopt(p, d, e))
		pipeline_used(p, d, e->url, &e->profile, &v);
}

static void profile_waits(struct pipeline *p, struct device *d, const void *arg)
{
	const struct shelf_entry *e = arg;
	struct trust_verdict v;

	if (!may_use(p, d, e->url, &e->profile, &v))
		wait_for_owner(p, d, &v);
}

/* The layer of the first device that may use it; false: none may. */
static bool layer_for(struct pipeline *p, const char *url, const struct profile *profile,
	enum layer *ret)
{
	struct trust_verdict v;
	struct device *d;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++) {
		if (!says(p, d, url) || !may_use(p, d, url, profile, &v))
			continue;
		*ret = v.layer;
		return true;
	}
	return false;
}

static int keep(struct pipeline *p, const char *url, nstime fetched_at,
	const struct profile *profile)
{
	struct store_profile_info info = {.fetched = fetched_at};
	int error = shelf_put(&p->shelf, url, fetched_at,
		pipeline_due(p, fetched_at, profile), profile);

	if (error) {
		log_error("pipeline", "no memory for a profile");
		return error;
	}
	str_copy(info.url, sizeof(info.url), url);
	error = store_profile_save(p->store, &info, profile);
	if (!error)
		error = store_commit(p->store);
	if (error)
		log_error("pipeline", "a profile was not stored: %s", error_text(error));
	return 0;
}

/* What may not be used by anybody must not take the place of what is in force. */
static void take(struct pipeline *p, const char *url, nstime fetched_at,
	const struct profile *profile)
{
	struct profile copy = *profile;

	if (!layer_for(p, url, profile, &copy.layer)) {
		if (shelf_put(&p->waiting, url, fetched_at,
			    pipeline_due(p, fetched_at, profile), profile))
			log_error("pipeline", "no memory for a profile");
		else
			each_device(p, url, profile_waits, shelf_find(&p->waiting, url));
		return;
	}
	if (keep(p, url, fetched_at, &copy) == 0)
		each_device(p, url, profile_came, shelf_find(&p->shelf, url));
	shelf_remove(&p->waiting, url);
}

static void fetched(void *ctx, const char *url, const struct profile *profile)
{
	struct pipeline *p = ctx;

	pipeline_clock_seen(p, pipeline_wall(p));
	take(p, url, pipeline_wall(p), profile);
	shelf_prune(&p->shelf, is_needed, unneeded, p);
	shelf_prune(&p->waiting, is_wanted, forget, p);
}

/* The server says that what we have still holds (RFC 9110 15.4.5). */
static void unchanged(void *ctx, const char *url)
{
	struct pipeline *p = ctx;
	nstime wall = pipeline_wall(p);
	const struct shelf_entry *e = shelf_find(&p->shelf, url);
	struct device *d;

	if (e) {
		shelf_touch(&p->shelf, url, wall, pipeline_due(p, wall, &e->profile));
		if (store_profile_touch(p->store, url, wall))
			log_warn("pipeline", "a profile's refresh was not stored");
	}
	e = shelf_find(&p->waiting, url);
	if (e)
		shelf_touch(&p->waiting, url, wall, pipeline_due(p, wall, &e->profile));
	for (size_t i = 0; !e && (d = inventory_at(p->inventory, i)); i++)
		if (strcmp(d->mud_url, url) == 0 && device_is_enforced(d))
			d->problem[0] = 0; /* a refresh that failed before */
}

/* The youngest that we have: what waits is younger than what is in force. */
static bool etag_of(void *ctx, const char *url, char ret[LIMIT_TEXT])
{
	struct pipeline *p = ctx;
	const struct shelf_entry *e = shelf_find(&p->waiting, url);

	if (!e)
		e = shelf_find(&p->shelf, url);
	/* a signature may be put right, or an anchor added, while the file stays */
	if (!e || !e->profile.etag[0] || e->profile.signature == SIGNATURE_INVALID ||
		e->profile.signature == SIGNATURE_UNTRUSTED)
		return false;
	str_copy(ret, LIMIT_TEXT, e->profile.etag);
	return true;
}

static void consider_one(struct pipeline *p, struct device *d, const void *arg)
{
	(void)arg;
	pipeline_consider(p, d);
}

void pipeline_judge_again(struct pipeline *p, const char *url)
{
	const struct shelf_entry *e = shelf_find(&p->waiting, url);
	char own[LIMIT_URL]; /* url may be the entry's */
	enum layer layer;

	if (!e) { /* the owner may have taken back what he said of the one that is here */
		if (shelf_find(&p->shelf, url))
			each_device(p, url, consider_one, NULL);
		want(p, url);
		return;
	}
	if (!layer_for(p, url, &e->profile, &layer))
		return;
	str_copy(own, sizeof(own), url);
	take(p, own, e->fetched, &e->profile);
}

struct fetch_failure {
	const char *text;
	unsigned retry_s;
};

static void fetch_failed_for(struct pipeline *p, struct device *d, const void *arg)
{
	const struct fetch_failure *f = arg;
	char problem[LIMIT_TEXT];

	if (device_is_enforced(d)) {
		/* RFC 8520 1.6: what was good stays in force. */
		(void)str_print(problem, sizeof(problem),
			"its profile could not be refreshed: %s", f->text);
	} else {
		str_copy(problem, sizeof(problem), f->text);
	}
	/* The same failure again is no news. */
	if (strcmp(problem, d->problem) != 0)
		journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_PROFILE_FAILED,
			"%s: %s", d->name, problem);
	str_copy(d->problem, sizeof(d->problem), problem);
}

static void fetch_failed(void *ctx, const char *url, const char *text, unsigned retry_s)
{
	struct fetch_failure f = {.text = text, .retry_s = retry_s};

	each_device(ctx, url, fetch_failed_for, &f);
}

void pipeline_profiles_init(struct pipeline *p)
{
	p->fetcher.done = fetched;
	p->fetcher.failed = fetch_failed;
	p->fetcher.wanted = is_said;
	p->fetcher.etag = etag_of;
	p->fetcher.unchanged = unchanged;
	p->fetcher.ctx = p;
}

void pipeline_profiles_tick(struct pipeline *p)
{
	struct device *d;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++) {
		/* what waits for the owner is the younger one */
		const struct shelf_entry *e = shelf_find(&p->waiting, d->mud_url);

		if (!e)
			e = shelf_find(&p->shelf, d->mud_url);
		if (e && is_stale(p, e))
			want(p, d->mud_url);
	}
	shelf_prune(&p->shelf, is_needed, unneeded, p);
}
