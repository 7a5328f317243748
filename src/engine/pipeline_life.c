// SPDX-License-Identifier: GPL-2.0-or-later
/* What an event in the life of a device comes to: table, store, kernel, journal, hooks, in
 * this order. */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"

/* One event on its way. */
struct passage {
	struct pipeline *p;
	struct device *d;
	struct lives_device *ld;
	struct life before;
	struct suspicion suspected; /* before */
	const char *text; /* "" when nothing is said */
	struct life_step *step;
};

enum device_class pipeline_class_of(struct pipeline *p, const struct device *d)
{
	const struct household_device *hd = household_device(&p->household, d->id);
	const struct profile *file = hd && hd->source ? &hd->source->profile : NULL;
	const char *const words[] = {d->named_by_owner ? d->name : "",
		file ? file->systeminfo : "", file ? file->model_name : ""};
	enum device_class c = d->class;

	for (size_t i = 0; c == DEVICE_CLASS_UNKNOWN && i < 3; i++)
		c = device_class_by_words(words[i]);
	return c;
}

static struct life_facts facts_of(
	struct pipeline *p, const struct device *d, const struct life_said *said)
{
	const struct household_device *hd = household_device(&p->household, d->id);
	enum device_class class = pipeline_class_of(p, d);
	struct life_facts f = {.now = pipeline_wall(p), .seen = d->last_seen,
		.critical = device_class_is_critical(class),
		.enforceable = hd && (hd->file || hd->grant.pool),
		.least = life_least(class),
		.probation = p->lives.probation};

	if (!said)
		return f;
	f.level = said->level;
	f.by_device = said->by_device;
	f.steps = said->steps;
	f.accused_alone = said->accused_alone;
	if (said->least_override)
		f.least = said->least_override;
	return f;
}

/* ---- the store ---- */

static void tell_store(struct pipeline *p, const struct device *d, int error)
{
	if (p->lives.store_fails)
		return;
	p->lives.store_fails = true;
	log_error("lives",
		"%s: where it stands is not stored (%s); isolation holds in the kernel, "
		"nothing is released until there is room",
		d->name, error_text(error));
}

static int save(struct pipeline *p, struct lives_device *ld, const struct device *d,
	struct store_step *step)
{
	uint8_t state[LIFE_SAVED], suspicion[SUSPICION_SAVED];
	struct writer a = writer_of(state, sizeof(state));
	struct writer b = writer_of(suspicion, sizeof(suspicion));
	struct store_life l = {.device = ld->id, .state = state, .suspicion = suspicion};
	int error = life_save(&ld->life, &a);

	if (!error)
		error = suspicion_save(&ld->suspicion, &b);
	l.state_len = a.len;
	l.suspicion_len = b.len;
	if (!error)
		error = store_life_save(p->store, &l, d, step);
	if (!error)
		error = store_commit(p->store);
	ld->owes_store = error != 0;
	if (error)
		tell_store(p, d, error);
	else
		p->lives.store_fails = ld->points = false;
	return error;
}

void lives_save_all(struct pipeline *p)
{
	for (size_t i = 0; i < p->lives.count; i++) {
		struct lives_device *ld = p->lives.devices[i];
		struct device *d = inventory_by_id(p->inventory, ld->id);

		if (d && (ld->points || ld->owes_store))
			(void)!save(p, ld, d, NULL);
	}
}

static int save_step(const struct passage *w)
{
	const struct life_step *s = w->step;
	struct store_step step = {.device = w->d->id, .at = pipeline_wall(w->p),
		.was = s->from, .state = s->to, .event = s->event};

	str_copy(step.kind, sizeof(step.kind), s->evidence);
	str_copy(step.protocol, sizeof(step.protocol), s->protocol);
	str_copy(step.sentence, sizeof(step.sentence), s->sentence);
	str_copy(step.detail, sizeof(step.detail), w->text);
	return save(w->p, w->ld, w->d, &step);
}

/* ---- the kernel ---- */

/* The kernel follows where the device stands. */
static int follow_hold(struct pipeline *p, struct device *d, const struct life *l)
{
	enum device_hold was = d->hold;
	int error;

	d->hold = life_hold(l);
	if (advisories_hold(p, d) > d->hold)
		d->hold = advisories_hold(p, d);
	error = household_hold(&p->household, d, pipeline_wall(p));
	if (error) {
		d->hold = was;
		log_error("lives", "%s: the rules of its hold could not be made: %s",
			d->name, error_text(error));
	} else if (d->hold != was) {
		pipeline_dns_follow(p, d);
	}
	return error;
}

int pipeline_life_hold(struct pipeline *p, struct device *d)
{
	struct lives_device *ld = lives_of(p, d);
	int error;

	if (!ld)
		return -ENOMEM;
	error = follow_hold(p, d, &ld->life);
	ld->owes_hold |= error != 0;
	if (!d->hold)
		d->quarantine[0] = 0;
	else if (!d->quarantine[0])
		str_copy(d->quarantine, sizeof(d->quarantine), advisories_why(p, d));
	pipeline_save_device(p, d);
	if (!error && !d->hold)
		pipeline_consider(p, d);
	return error;
}

/* ---- what is told ---- */

static bool is_quiet(const struct life_step *s)
{
	/* their own sentences tell of a profile that came, and of a device that joined */
	return s->event == LIFE_WATCH || s->event == LIFE_PROFILE ||
	       s->event == LIFE_PROFILE_LOST;
}

static void tell(const struct passage *w)
{
	const struct life_step *s = w->step;
	bool held = life_hold(&w->before) != life_hold(&w->ld->life);
	size_t len = strlen(w->text);

	if (len && w->text[len - 1] == '.') /* a person's own sentence has its end */
		len--;
	if (!is_quiet(s))
		journal_note(&w->p->journal, pipeline_wall(w->p), w->d->id,
			held ? EVENT_QUARANTINE : EVENT_LIFE, "%s%s%.*s.", s->sentence,
			len ? ": " : "", (int)len, w->text);
}

/* A device that oscillates tires nobody out. */
static void spare_owner(const struct passage *w)
{
	nstime now = pipeline_wall(w->p);

	if (!(w->step->actions & LIFE_DO_ASK))
		return;
	if (w->ld->asked && now - w->ld->asked < LIVES_ASK_EVERY) {
		w->step->actions &= ~(unsigned)LIFE_DO_ASK;
		w->p->lives.asks_spared++;
		return;
	}
	w->ld->asked = now;
	w->p->lives.asks++;
}

/* ---- all of it ---- */

/* What it is suspected of ends with the return, which is watched more closely. */
static void weigh(const struct passage *w)
{
	struct suspicion *s = &w->ld->suspicion;
	nstime now = pipeline_wall(w->p);

	if (w->step->actions & (LIFE_DO_TIGHTEN | LIFE_DO_LOOSEN)) {
		suspicion_forgive(s, now);
		suspicion_tighten(s, w->step->actions & LIFE_DO_TIGHTEN);
	}
	if (w->step->actions & LIFE_DO_TIGHTEN)
		w->ld->back = now;
	if (w->step->to == LIFE_NEW)
		suspicion_init(s, w->p->lives.key, now);
	if (w->step->event == LIFE_FETCHED)
		w->ld->changed = now;
}

static bool take_back(const struct passage *w, const char *why)
{
	w->ld->life = w->before;
	w->ld->suspicion = w->suspected;
	w->step->refused = why;
	w->step->moved = false;
	w->step->to = w->step->from;
	w->step->actions = 0;
	return false;
}

/* What others wrote before is theirs: a rollback takes back what begins here. */
static int save_or_not(const struct passage *w)
{
	int error = store_commit(w->p->store);

	if (error) {
		tell_store(w->p, w->d, error);
		return error;
	}
	error = save_step(w);
	if (error)
		store_rollback(w->p->store);
	return error;
}

/* Back into service: stored, or not at all. */
static bool loosen(struct passage *w)
{
	char reason[LIMIT_TEXT];
	bool owed = w->ld->owes_store;

	str_copy(reason, sizeof(reason), w->d->quarantine);
	if (life_hold(&w->ld->life) == HOLD_NONE)
		w->d->quarantine[0] = 0;
	if (save_or_not(w)) {
		str_copy(w->d->quarantine, sizeof(reason), reason);
		w->ld->owes_store = owed;
		return take_back(w, "it could not be stored, so it stays as it was");
	}
	if (!follow_hold(w->p, w->d, &w->ld->life))
		return true;
	str_copy(w->d->quarantine, sizeof(reason), reason);
	(void)take_back(w, "its rules could not be made, so it stays as it was");
	(void)!save(w->p, w->ld, w->d, NULL);
	return false;
}

/* Isolation happens, stored or not; whatever is owed is tried again. */
static void tighten(struct passage *w)
{
	char reason[LIMIT_TEXT];
	bool holds = life_hold(&w->ld->life) != HOLD_NONE;

	str_copy(reason, sizeof(reason), w->d->quarantine);
	if (holds && (life_hold(&w->before) != life_hold(&w->ld->life) || !reason[0]))
		str_copy(w->d->quarantine, sizeof(reason),
			w->text[0] ? w->text : w->step->sentence);
	(void)!save_step(w);
	w->ld->owes_hold = follow_hold(w->p, w->d, &w->ld->life) != 0;
}

static bool carry_out(struct passage *w)
{
	enum device_hold was = life_hold(&w->before), is = life_hold(&w->ld->life);

	weigh(w);
	if (is < was) {
		if (!loosen(w))
			return false;
	} else {
		tighten(w);
	}
	if (is)
		(void)prober_stop(w->p, w->d, PROBE_WHY_QUARANTINE);
	else if (w->ld->life.state == LIFE_SUSPICIOUS)
		(void)prober_stop(w->p, w->d, PROBE_WHY_ALERT);
	spare_owner(w);
	tell(w);
	lives_call(&w->p->lives, w->d, w->step, w->text[0] ? w->text : NULL);
	if (was && !is)
		pipeline_consider(w->p, w->d);
	return true;
}

/* The same again, which moved nothing: once in a while is often enough. */
static bool is_repeated(struct lives_device *ld, const struct life_step *s, nstime now)
{
	if (s->moved || s->event == LIFE_OWNER_ISOLATES)
		return false;
	if (ld->still && now - ld->still < LIVES_STILL_EVERY && now >= ld->still)
		return true;
	ld->still = now;
	return false;
}

bool pipeline_life(struct pipeline *p, struct device *d, enum life_event e,
	const struct life_said *said, struct life_step *ret)
{
	struct life_facts f = facts_of(p, d, said);
	struct lives_device *ld = lives_of(p, d);
	struct life_step step = {.event = e, .refused = "there is no memory for it"};
	struct passage w = {.p = p, .d = d, .ld = ld,
		.text = said && said->text ? said->text : "", .step = &step};
	bool done = false;

	if (ld) {
		w.before = ld->life;
		w.suspected = ld->suspicion;
		done = life_event(&ld->life, e, &f, d->name, &step);
		if (done && !is_repeated(ld, &step, f.now))
			done = carry_out(&w);
	}
	if (ret)
		*ret = step;
	return done;
}

/* ---- what follows from the house ---- */

void pipeline_life_follow(struct pipeline *p, struct device *d)
{
	const struct life *l = pipeline_life_of(p, d);
	bool enforced = d->state == DEVICE_PROTECTED;

	if (enforced && (l->state == LIFE_NEW || l->state == LIFE_LEARNING))
		(void)pipeline_life(p, d, LIFE_PROFILE, NULL, NULL);
	else if (d->state == DEVICE_WATCHED && l->state == LIFE_NEW)
		(void)pipeline_life(p, d, LIFE_WATCH, NULL, NULL);
	else if (!enforced && l->state == LIFE_PROTECTED && !d->hold)
		(void)pipeline_life(p, d, LIFE_PROFILE_LOST, NULL, NULL);
}

/* By its owner's own words: a maker's file that is fetched meanwhile frees nobody. */
void pipeline_life_classed(struct pipeline *p, struct device *d)
{
	const struct life *l = pipeline_life_of(p, d);
	enum device_class c = d->class;

	if (c == DEVICE_CLASS_UNKNOWN && d->named_by_owner)
		c = device_class_by_words(d->name);
	if (device_class_is_critical(c) && l->state != LIFE_AWAY && !l->by_owner &&
		life_hold(l) == HOLD_QUARANTINED)
		(void)pipeline_life(p, d, LIFE_NEEDED, NULL, NULL);
}

int pipeline_life_owner_holds(struct pipeline *p, struct device *d)
{
	struct lives_device *ld = lives_of(p, d);
	bool was;
	int error;

	if (!ld)
		return -ENOMEM;
	was = ld->life.by_owner;
	ld->life.by_owner = true;
	error = save(p, ld, d, NULL);
	if (error)
		ld->life.by_owner = was;
	return error;
}

static void try_again(struct pipeline *p, struct device *d, struct lives_device *ld)
{
	if (ld->owes_hold)
		ld->owes_hold = follow_hold(p, d, &ld->life) != 0;
	if (ld->owes_store)
		(void)!save(p, ld, d, NULL);
}

/* Below the threshold again. */
static void clear(struct pipeline *p, struct device *d, struct lives_device *ld)
{
	char why[LIMIT_TEXT];
	nstime now = pipeline_wall(p);
	enum suspicion_class c = suspicion_class_of(pipeline_class_of(p, d));

	if (suspicion_level(&ld->suspicion, c, now) != SUSPICION_NONE)
		return;
	const struct life_said said = {
		.text = suspicion_why(&ld->suspicion, now, why)};
	(void)pipeline_life(p, d, LIFE_CLEARED, &said, NULL);
}

/* The gateway was off for long, not the device: it has time to be seen again. */
static bool is_settling(const struct pipeline *p, const struct life_facts *f)
{
	return f->now - f->seen >= LIFE_AWAY_AFTER &&
	       loop_now(p->loop) - p->started_mono < LIVES_SETTLE_S * NS_PER_SEC;
}

static void came_back(struct pipeline *p, struct device *d)
{
	(void)pipeline_life(p, d, LIFE_SEEN_AGAIN, NULL, NULL);
	pipeline_life_classed(p, d);
}

void pipeline_life_tick(struct pipeline *p, struct device *d)
{
	struct life_facts f = facts_of(p, d, NULL);
	struct lives_device *ld = lives_of(p, d);
	struct life_step step;
	struct passage w = {.p = p, .d = d, .ld = ld, .text = "", .step = &step};

	if (!ld)
		return;
	try_again(p, d, ld);
	if (!p->clock_trusted)
		return; /* what time alone brings needs one that is right */
	if (ld->life.state == LIFE_AWAY && f.now - f.seen < LIFE_AWAY_AFTER)
		came_back(p, d);
	if (ld->life.state == LIFE_SUSPICIOUS)
		clear(p, d, ld);
	if (ld->life.state != LIFE_AWAY && is_settling(p, &f))
		return;
	w.before = ld->life;
	w.suspected = ld->suspicion;
	if (life_tick(&ld->life, &f, d->name, &step) &&
		!is_repeated(ld, &step, f.now))
		(void)carry_out(&w);
	else if (ld->life.deadline != w.before.deadline)
		ld->owes_store = true; /* pulled in, or put off for a day */
}
