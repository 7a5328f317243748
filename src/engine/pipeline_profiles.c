// SPDX-License-Identifier: GPL-2.0-or-later
/* From a MUD URL to a protected device, and names opened for it. */
#include <string.h>
#include "base/log.h"
#include "base/str.h"
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
			   count_status(&hd->policy, RULE_UNENFORCEABLE);

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

static bool adopt(struct pipeline *p, struct device *d, const struct shelf_entry *e)
{
	struct household_device *hd = household_device(&p->household, d->id);
	bool replaced = hd && hd->pool;
	int error = hd ? household_adopt(hd, e) : CARDEA_ELIMIT;

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
	if (d->state != DEVICE_PROTECTED || replaced)
		tell_protected(p, d, hd);
	d->state = DEVICE_PROTECTED;
	household_update(&p->household, d, replaced, pipeline_wall(p));
	return true;
}

static bool is_stale(const struct pipeline *p, const struct shelf_entry *e)
{
	nstime age = pipeline_wall(p) - e->fetched;

	/* fetched in the future: by a clock that was wrong */
	return age < 0 || age > (nstime)e->profile.cache_validity_h * 3600 * NS_PER_SEC;
}

void pipeline_consider(struct pipeline *p, struct device *d)
{
	const struct shelf_entry *e = shelf_find(&p->shelf, d->mud_url);
	struct household_device *hd = household_device(&p->household, d->id);

	if (!d->mud_url[0] || !hd)
		return;
	if (e && hd->source != e)
		(void)adopt(p, d, e);
	if (e && !is_stale(p, e))
		return;
	if (!e && !hd->pool) { /* also when it was protected and its profile is lost */
		d->state = DEVICE_WATCHED;
		if (!fetcher_wants(&p->fetcher, d->mud_url))
			str_copy(d->problem, sizeof(d->problem),
				"its profile is being fetched");
	}
	fetcher_want(&p->fetcher, d->mud_url, loop_now(p->loop), 0);
}

/* Its new file is here: from now on it is the device's. */
static void take_next_url(struct pipeline *p, struct device *d)
{
	struct household_device *hd = household_device(&p->household, d->id);

	str_copy(d->mud_url, sizeof(d->mud_url), hd->next_url);
	hd->next_url[0] = 0;
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
		take_next_url(p, d);
	else
		fetcher_want(&p->fetcher, url, loop_now(p->loop), 0);
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

static void profile_came(struct pipeline *p, struct device *d, const void *arg)
{
	const struct shelf_entry *e = arg;
	struct household_device *hd = household_device(&p->household, d->id);

	if (hd && is_in_force(hd, e)) {
		d->problem[0] = 0; /* a refresh that failed before */
		return;
	}
	if (strcmp(d->mud_url, e->url) != 0) {
		str_copy(d->mud_url, sizeof(d->mud_url), e->url);
		hd->next_url[0] = 0;
	}
	journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_PROFILE_VERIFIED,
		"The profile of %s is here: %s (%s).", d->name,
		e->profile.signature == SIGNATURE_VALID ? "its signature is good"
							: "it is not signed",
		e->profile.signature == SIGNATURE_VALID ? e->profile.signer
							: "accepted by your settings");
	(void)adopt(p, d, e);
}

static void fetched(void *ctx, const char *url, const struct profile *profile)
{
	struct pipeline *p = ctx;
	struct store_profile_info info = {.fetched = pipeline_wall(p)};
	int error = shelf_put(&p->shelf, url, info.fetched, profile);

	if (error) {
		log_error("pipeline", "no memory for a profile");
		return;
	}
	str_copy(info.url, sizeof(info.url), url);
	error = store_profile_save(p->store, &info, profile);
	if (!error)
		error = store_commit(p->store);
	if (error)
		log_error("pipeline", "a profile was not stored: %s", error_text(error));
	each_device(p, url, profile_came, shelf_find(&p->shelf, url));
	shelf_prune(&p->shelf, is_needed, unneeded, p);
}

struct fetch_failure {
	const char *text;
	unsigned retry_s;
};

static void fetch_failed_for(struct pipeline *p, struct device *d, const void *arg)
{
	const struct fetch_failure *f = arg;
	char problem[LIMIT_TEXT];

	if (d->state == DEVICE_PROTECTED) {
		/* RFC 8520 13.1: what was good stays in force. */
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
	p->fetcher.ctx = p;
}

void pipeline_profiles_tick(struct pipeline *p)
{
	struct device *d;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++) {
		const struct shelf_entry *e = shelf_find(&p->shelf, d->mud_url);

		if (e && is_stale(p, e))
			fetcher_want(&p->fetcher, d->mud_url, loop_now(p->loop), 0);
	}
	shelf_prune(&p->shelf, is_needed, unneeded, p);
}

static void save_binding(void *ctx, const struct device *d, const struct binding *b)
{
	struct pipeline *p = ctx;
	struct store_binding saved = {
		.device = d->id, .addr = b->addr, .expires = b->expires};

	str_copy(saved.name, sizeof(saved.name), b->name);
	if (store_binding_save(p->store, &saved))
		log_warn("pipeline", "a name was not stored");
}

static void release(struct pipeline *p, uint64_t id)
{
	p->commit.done(p->commit.ctx, id, 0);
}

static void dns_answer(struct pipeline *p, const struct message_dns_answer *m)
{
	struct device *d = inventory_by_addr(p->inventory, &m->client);

	if (!d || m->addrs.count == 0 ||
		!household_tell(&p->household, d, m, pipeline_wall(p), m->id,
			save_binding, p))
		release(p, m->id);
}

void pipeline_resolver(struct pipeline *p, const struct message *m)
{
	if (m->type == MESSAGE_DNS_ANSWER)
		dns_answer(p, &m->dns_answer);
	else
		fetcher_resolved(&p->fetcher, &m->resolved);
}
