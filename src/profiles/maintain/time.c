// SPDX-License-Identifier: GPL-2.0-or-later
/* time - what has passed, whatever a clock says; and what time does to kinds. */
#include "profiles/maintain/maintain_priv.h"

static nstime sane(nstime t)
{
	return t < 0 ? 0 : t > MAINTAIN_TIME_MAX ? MAINTAIN_TIME_MAX : t;
}

void maintain_time(struct maintain *m, nstime wall)
{
	nstime step;

	wall = sane(wall);
	if (!m->timed) {
		m->timed = true;
		m->wall = wall;
		return;
	}
	step = wall - m->wall;
	if (step <= 0 && step >= -MAINTAIN_CLOCK_BACK)
		return;
	m->wall = wall;
	if (step > 0)
		m->age += step < MAINTAIN_CLOCK_STEP ? step : MAINTAIN_CLOCK_STEP;
}

/* ---- the week of a kind ---- */

static uint32_t today(const struct maintain *m)
{
	return (uint32_t)(m->age / MAINTAIN_DAY);
}

static struct maintain_day *day_of(const struct maintain *m, struct item *i)
{
	struct maintain_day *d = &i->days[today(m) % MAINTAIN_DAYS];

	if (d->day != today(m))
		*d = (struct maintain_day){.day = today(m)};
	return d;
}

uint64_t maintain_hour_bytes(const struct maintain *m, const struct item *i)
{
	return i->hour == (uint32_t)(m->age / MAINTAIN_HOUR) ? i->hour_bytes : 0;
}

struct maintain_effect maintain_effect_of(const struct maintain *m, const struct item *i)
{
	struct maintain_effect e = {0};

	for (size_t n = 0; n < MAINTAIN_DAYS; n++) {
		const struct maintain_day *d = &i->days[n];

		if (d->day > today(m) || d->day + MAINTAIN_DAYS <= today(m))
			continue;
		e.conversations += d->conversations;
		e.blocked += d->blocked;
		e.bytes += d->bytes;
	}
	return e;
}

static bool is_alert(enum maintain_verdict v)
{
	switch (v) {
	case MAINTAIN_RETURNED:
	case MAINTAIN_RELEARN:
	case MAINTAIN_GRACE:
	case MAINTAIN_BLOCKED:
		return true;
	case MAINTAIN_IGNORED:
	case MAINTAIN_KNOWN:
	case MAINTAIN_AUTO:
	case MAINTAIN_REFUSED: /* the owner has said so */
	case MAINTAIN_POISON:  /* of the device, see maintain_record */
	case MAINTAIN_VERDICT_MAX:
		break;
	}
	return false;
}

static void note_alert(struct maintain *m, struct item *i, enum maintain_verdict v)
{
	if (!is_alert(v) || i->alerted == today(m) + 1)
		return;
	i->alerted = today(m) + 1; /* one a day of each kind */
	maintain_week(m)->alerts++;
}

/* The evidence of one that the learner has not told yet is counted here. */
static void note_evidence(struct item *i, const struct seen *s)
{
	struct learned_kind *k = &i->pub.kind;

	if (!k->flows || s->kind.first < k->first)
		k->first = s->kind.first;
	if (s->kind.last > k->last)
		k->last = s->kind.last;
	k->flows++;
	k->packets += s->kind.packets;
	for (size_t d = 0; d < DIRECTION_MAX; d++)
		k->bytes[d] += s->kind.bytes[d];
	if (s->naming > i->pub.naming)
		i->pub.naming = s->naming;
}

void maintain_note(struct maintain *m, struct item *i, const struct seen *s,
	enum maintain_verdict v)
{
	struct maintain_day *d = day_of(m, i);
	bool blocked = v == MAINTAIN_BLOCKED || v == MAINTAIN_REFUSED;

	d->conversations++;
	d->blocked += blocked;
	d->bytes += s->kind.bytes[0] + s->kind.bytes[1];
	i->hour_bytes = maintain_hour_bytes(m, i) + s->kind.bytes[0] +
			s->kind.bytes[1];
	i->hour = (uint32_t)(m->age / MAINTAIN_HOUR);
	i->blocked += blocked;
	i->seen = m->age;
	i->awake_seen = m->awake;
	note_evidence(i, s);
	note_alert(m, i, v);
}

/* ---- sleep ---- */

static nstime patience(const struct learned_kind *k)
{
	nstime t = k->period > 0 ? k->period : 0;

	if (!t)
		return MAINTAIN_DORMANT_DEFAULT;
	if (t > MAINTAIN_EXPIRY / MAINTAIN_DORMANT_TIMES)
		return MAINTAIN_EXPIRY;
	t *= MAINTAIN_DORMANT_TIMES;
	return t > MAINTAIN_DORMANT_LEAST ? t : MAINTAIN_DORMANT_LEAST;
}

static void fall_asleep(struct maintain *m, struct item *i)
{
	char text[MAINTAIN_TEXT_MAX];

	i->pub.status = MAINTAIN_DORMANT;
	i->slept = m->awake;
	maintain_week(m)->slept++;
	maintain_tell(m, MAINTAIN_SLEEPS, i->pub.id,
		"has not used %s for long: when it does, you are told",
		maintain_kind_text(&i->pub.kind, text));
}

/* Older versions of the firmware had it, and keep it in memory. */
static void leave(struct maintain *m, struct item *i)
{
	i->pub.automatic = false;
	if (maintain_version_has(m, i->pub.id))
		i->pub.status = MAINTAIN_GONE;
	else
		maintain_drop(m, i);
}

static void expire(struct maintain *m, struct item *i)
{
	char text[MAINTAIN_TEXT_MAX];

	maintain_week(m)->expired++;
	maintain_tell(m, MAINTAIN_EXPIRED, i->pub.id,
		"may use %s no longer: it did not for more than a year's time of use",
		maintain_kind_text(&i->pub.kind, text));
	leave(m, i);
}

static void forget_proposal(struct maintain *m, struct item *i)
{
	maintain_week(m)->expired++;
	if (i->ripe)
		maintain_tell(m, MAINTAIN_WITHDRAWN, i->pub.id,
			"has not tried it again: the question is withdrawn");
	leave(m, i);
}

static void age_one(struct maintain *m, struct item *i)
{
	switch (i->pub.status) {
	case MAINTAIN_ACTIVE:
		if (m->awake - i->awake_seen > patience(&i->pub.kind))
			fall_asleep(m, i);
		return;
	case MAINTAIN_DORMANT:
		if (m->awake - i->slept > MAINTAIN_EXPIRY)
			expire(m, i);
		return;
	case MAINTAIN_PROPOSED:
		if (m->age - i->seen > MAINTAIN_PROPOSAL_TIME)
			forget_proposal(m, i);
		return;
	case MAINTAIN_GONE:
		if (!maintain_version_has(m, i->pub.id))
			maintain_drop(m, i);
		return;
	case MAINTAIN_REJECTED: /* bounded by number: a no holds */
	case MAINTAIN_STATUS_MAX:
		return;
	}
}

void maintain_age(struct maintain *m)
{
	for (uint32_t n = m->count; n; n--) /* backwards: one may go */
		age_one(m, m->items[n - 1]);
}
