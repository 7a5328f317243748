// SPDX-License-Identifier: GPL-2.0-or-later
/* Since when the house only watches, and the question at the end. */
#include "engine/watching.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"

#define DAY (24 * 3600 * NS_PER_SEC)
#define PERIOD (WATCHING_DAYS * DAY)
#define STORED "watching" /* its place among the store's secrets, which are small blobs */
#define POOL_BYTES (4 * POLICY_POOL_BYTES)

static const struct device *device_at(void *ctx, size_t i)
{
	return inventory_at(ctx, i);
}

/* ---- since when ---- */

static void save(struct pipeline *p)
{
	const nstime times[] = {p->watching.since, p->watching.until};
	uint8_t bytes[STORE_SECRET] = {0};

	memcpy(bytes, times, sizeof(times));
	if (store_secret_save(p->store, STORED, bytes))
		log_error("watching", "since when this gateway only watches is not stored");
}

static void load(struct pipeline *p)
{
	uint8_t bytes[STORE_SECRET];
	nstime times[2];

	p->watching.read = true;
	if (store_secret(p->store, STORED, bytes))
		return;
	memcpy(times, bytes, sizeof(times));
	p->watching.since = times[0];
	p->watching.until = times[1];
}

static void begin(struct pipeline *p)
{
	p->watching.since = pipeline_wall(p);
	p->watching.until = p->watching.since + PERIOD;
	p->watching.asked = false;
	save(p);
}

/* The question of this round: each has its own. */
static void subject_of(const struct pipeline *p, char buf[CLOCK_TEXT_MAX])
{
	(void)clock_format(p->watching.until, buf);
}

static void end(struct pipeline *p)
{
	char subject[CLOCK_TEXT_MAX];

	subject_of(p, subject);
	pipeline_unask(p, DECISION_PROTECT, 0, subject);
	p->watching.since = p->watching.until = 0;
	p->watching.asked = false;
	save(p);
}

/* ---- what it comes to ---- */

int watching_measure(struct pipeline *p, const struct device *d, struct effect *ret)
{
	struct household_device *hd = household_device(&p->household, d->id);
	nstime since = p->watching.since, wall = pipeline_wall(p);
	uint32_t hours = since && since < wall ? history_hour(wall) - history_hour(since) + 1 : 1;
	struct policy now;
	struct pool *pool;
	int error;

	if (!hd || !hd->pool || !device_is_enforced(d) || !household_tells(hd))
		return -ENOENT;
	if (hours > HISTORY_TALK_DAYS * 24)
		hours = HISTORY_TALK_DAYS * 24;
	pool = pool_new("watching", POOL_BYTES);
	error = pool ? household_told_policy(hd, pool, &now) : -ENOMEM;
	if (!error)
		error = effect_measure(p, d, hours, &now, &hd->policy, ret);
	pool_free(pool);
	return error;
}

void watching_sum(struct pipeline *p, struct watching_sum *ret)
{
	char peer[EFFECT_PEER_MAX];
	uint64_t most = 0;
	struct device *d;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++) {
		struct effect e;

		if (watching_measure(p, d, &e))
			continue;
		ret->conversations += e.conversations;
		ret->would_block += e.would_block;
		ret->unknown += e.unknown;
		ret->devices += e.would_block > 0;
		if (!e.would_block || !e.example_count || e.examples[0].count <= most)
			continue;
		most = e.examples[0].count;
		(void)str_print(ret->most, sizeof(ret->most), "%.100s of %.63s",
			effect_peer(&e.examples[0].peer, peer), d->name);
	}
}

/* ---- the question ---- */

static void ask(struct pipeline *p)
{
	struct decision q = {.kind = DECISION_PROTECT};
	struct watching_sum sum;

	watching_sum(p, &sum);
	subject_of(p, q.subject);
	if (sum.would_block)
		(void)str_print(q.text, sizeof(q.text),
			"Cardea has watched for %d days: %llu conversation%s of %u device%s "
			"would have been blocked, most of all %.120s. Protect now, or watch on?",
			WATCHING_DAYS, (unsigned long long)sum.would_block,
			sum.would_block == 1 ? "" : "s", sum.devices,
			sum.devices == 1 ? "" : "s", sum.most);
	else
		(void)str_print(q.text, sizeof(q.text),
			"Cardea has watched for %d days, and nothing would have been blocked. "
			"Protect now, or watch on?",
			WATCHING_DAYS);
	if (pipeline_ask(p, &q) != DECISION_OPEN) {
		/* answered, and yet it is as it was: the settings did not take it */
		p->watching.until = pipeline_wall(p) + DAY;
		save(p);
		return;
	}
	p->watching.asked = true;
}

static int set_mode(struct pipeline *p, const char *mode)
{
	struct settings_asked asked = {.what = PROPOSE_SET};
	char text[64];
	int n = snprintf(text, sizeof(text), "[policy]\nmode = \"%s\"\n", mode);

	return n < 0 ? -EINVAL : settings_propose(&p->settings, &asked, text, (size_t)n);
}

int watching_answer(struct pipeline *p, const struct decision *d, bool was_accepted)
{
	bool accept = d->answer == DECISION_ACCEPTED;

	if (accept)
		return p->watching.on ? set_mode(p, "protect") : 0;
	if (!p->watching.on)
		return was_accepted ? set_mode(p, "watch") : 0;
	begin(p);
	return 0;
}

/* ---- what the house is told ---- */

void watching_setting(struct pipeline *p, const char *value)
{
	bool on = strcmp(value, "watch") == 0;

	if (p->watching.on == on)
		return;
	p->watching.on = on;
	household_tell_only(
		&p->household, on, device_at, p->inventory, p->loop ? pipeline_wall(p) : 0);
	if (!p->store)
		return; /* the first second has what follows */
	watching_tick(p);
	p->dns_due = true;
	journal_note(&p->journal, pipeline_wall(p), 0, EVENT_GATEWAY,
		on ? "Cardea only watches now: what profiles do not list passes, and is told."
		   : "Cardea protects now: what profiles do not list is blocked.");
}

void watching_tick(struct pipeline *p)
{
	struct watching *w = &p->watching;

	if (!w->read)
		load(p);
	if (!w->on) {
		if (w->until)
			end(p);
		return;
	}
	if (!p->clock_trusted)
		return;
	if (!w->until)
		begin(p);
	else if (!w->asked && pipeline_wall(p) >= w->until)
		ask(p);
}
