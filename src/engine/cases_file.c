// SPDX-License-Identifier: GPL-2.0-or-later
/* Cases begin, go on and end, as the table of the life cycle says; and what is on the disk
 * agrees with where devices stand, whatever ended in the middle. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/cases_priv.h"
#include "engine/pipeline.h"

/* One clear message, until it works again: the disk may be full for days. */
static void tell_store(struct pipeline *p, const struct device *d, int error)
{
	struct cases *c = &p->cases;
	bool failed = c->store_fails;

	c->store_fails = error != 0;
	if (error && !failed) /* the journal is on that disk, too */
		log_error("cases",
			"the case of %s could not be stored (%s); what is done about it "
			"goes on. Make room where cardea.db is: it is stored then",
			d->name, error_text(error));
	else if (!error && failed)
		journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_GATEWAY,
			"Cases could not be stored for a while, and now can again; what "
			"happened to %s in between is not in its case.",
			d->name);
}

/* What was not committed is as if it had not been: nothing of it may stay behind for
 * the next one to commit. */
static int commit(struct pipeline *p)
{
	int error = store_commit(p->store);

	if (error)
		store_rollback(p->store);
	return error;
}

static int save_bundle(struct pipeline *p, struct cases_device *cd)
{
	uint8_t *buf = malloc(CASE_SAVED_MAX);
	struct writer w = writer_of(buf, CASE_SAVED_MAX);
	int error = buf ? case_bundle_save(&cd->bundle, &w) : -ENOMEM;

	if (!error)
		error = store_case_bundle_save(p->store, cd->file.id, buf, w.len);
	cd->dirty = error != 0;
	free(buf);
	return error;
}

static void ask(struct pipeline *p, struct device *d, const struct cases_device *cd,
	const struct life_step *s)
{
	bool held = s->to == LIFE_QUARANTINED || s->to == LIFE_LIMITED ||
		    s->to == LIFE_UNFIXABLE;

	if (s->actions & LIFE_DO_ASK)
		cases_ask(p, d, &cd->file, s);
	else if (s->moved && !held && s->to != LIFE_UPDATING && s->to != LIFE_ATTESTING &&
		 s->to != LIFE_AWAY)
		cases_unask(p, d->id);
}

/* With what is asked about it, if it is stored at all. */
static int store_new(struct pipeline *p, struct device *d, struct cases_device *cd,
	const struct case_moment *m, const struct life_step *s)
{
	uint8_t *buf = malloc(CASE_SAVED_MAX);
	struct writer w = writer_of(buf, CASE_SAVED_MAX);
	int error = buf ? case_bundle_save(&cd->bundle, &w) : -ENOMEM;

	if (!error)
		error = store_case_open(p->store, &cd->file, m, buf, w.len);
	if (!error)
		ask(p, d, cd, s);
	if (!error)
		error = commit(p);
	free(buf);
	return error;
}

static void end(struct cases *c, struct cases_device *cd)
{
	c->heads -= cd->bundle.room;
	free(cd->bundle.heads);
	cd->bundle = (struct case_bundle){0};
	cd->file = (struct case_file){0};
	cd->dirty = false;
}

/* Whole, or not there. */
static void begin(struct pipeline *p, struct device *d, struct cases_device *cd,
	const struct case_moment *m, const struct life_step *step)
{
	const struct suspicion *s = pipeline_suspicion_of(p, d);
	int error;

	cd->file = (struct case_file){.device = d->id, .state = m->to, .opened = m->at};
	(void)cases_bundle_room(&p->cases, &cd->bundle);
	case_bundle_begin(&cd->bundle, &cd->ring);
	if (s)
		case_bundle_shown(&cd->bundle, s);
	pipeline_save_device(p, d); /* the store knows whom it is about */
	error = store_new(p, d, cd, m, step);
	if (error)
		end(&p->cases, cd);
	tell_store(p, d, error);
}

static void add(struct pipeline *p, struct device *d, struct cases_device *cd,
	const struct case_moment *m, const struct life_step *step, bool closes)
{
	const struct suspicion *s = pipeline_suspicion_of(p, d);
	const struct case_file was = cd->file;
	int error;

	if (s)
		case_bundle_shown(&cd->bundle, s);
	cd->file.state = m->to;
	cd->file.closed = closes ? m->at : 0;
	error = store_case_moment(p->store, &cd->file, m);
	if (!error)
		error = save_bundle(p, cd);
	if (!error && step)
		ask(p, d, cd, step);
	if (!error)
		error = commit(p);
	tell_store(p, d, error);
	if (error == -ENOENT || (closes && !error))
		end(&p->cases, cd);
	else if (error)
		cd->file = was; /* agreed upon with where the device stands by and by */
}

static struct case_moment moment_of(const struct device *d, const struct life_step *s,
	const char *text, nstime wall)
{
	const char *template = case_template(s->sentence, d->name);
	struct case_moment m = {.at = wall, .from = (uint8_t)s->from, .to = (uint8_t)s->to};

	str_copy(m.kind, sizeof(m.kind), s->evidence ? s->evidence : "");
	str_copy(m.protocol, sizeof(m.protocol), s->protocol ? s->protocol : "");
	str_copy(m.sentence, sizeof(m.sentence), template ? template : s->sentence);
	str_copy(m.shows, sizeof(m.shows), text ? text : "");
	return m;
}

static bool opens(const struct life_step *s)
{
	return s->actions & LIFE_DO_CASE_OPEN || case_belongs(s->to);
}

static bool closes(const struct life_step *s)
{
	return s->actions & LIFE_DO_CASE_CLOSE ||
	       (!case_belongs(s->to) && s->to != LIFE_AWAY);
}

void cases_moved(void *ctx, struct device *d, const struct life_step *s, const char *text)
{
	struct cases *c = ctx;
	struct pipeline *p = c->pipeline;
	struct cases_device *cd = cases_find(c, d->id);
	struct case_moment m = moment_of(d, s, text, pipeline_wall(p));

	if ((!cd || !cd->file.id) && !opens(s))
		return;
	if (!cd)
		cd = cases_device(c, d->id);
	if (!cd) {
		tell_store(p, d, CARDEA_ELIMIT);
		return;
	}
	if (cd->file.id)
		add(p, d, cd, &m, s, closes(s));
	else
		begin(p, d, cd, &m, s);
}

int cases_note(struct cases *c, struct device *d, const char *kind, const char *sentence,
	nstime at)
{
	struct cases_device *cd = cases_find(c, d->id);
	struct case_moment m = {.at = at};

	if (!cd || !cd->file.id)
		return -ENOENT;
	m.from = m.to = cd->file.state;
	str_copy(m.kind, sizeof(m.kind), kind);
	str_copy(m.sentence, sizeof(m.sentence), sentence);
	add(c->pipeline, d, cd, &m, NULL, false);
	return 0;
}

/* ---- agreement of store and life, at the start and whenever it was lost ---- */

static void note_found(struct case_moment *m, enum life_state to, nstime at)
{
	*m = (struct case_moment){.at = at, .from = (uint8_t)to, .to = (uint8_t)to};
	str_copy(m->kind, sizeof(m->kind), "found");
	str_copy(m->sentence, sizeof(m->sentence),
		"the gateway found it in this state; how it came there was not stored");
}

static int take_last(void *ctx, const struct store_step *s)
{
	*(enum life_event *)ctx = (enum life_event)s->event;
	return 0;
}

/* What is to become of it was not asked either, but where its owner himself isolated it. */
static struct life_step step_found(
	struct pipeline *p, const struct device *d, enum life_state state)
{
	struct life_step s = {.from = state, .to = state, .moved = true};
	struct str_text t = {.buf = s.sentence, .size = sizeof(s.sentence)};
	bool held = state == LIFE_QUARANTINED || state == LIFE_LIMITED ||
		    state == LIFE_UNFIXABLE;
	enum life_event last = LIFE_EVENT_MAX;

	if (held && !store_steps(p->store, d->id, 1, take_last, &last) &&
		last != LIFE_OWNER_ISOLATES)
		s.actions = LIFE_DO_ASK;
	str_add(&t, "%s is held", d->name);
	return s;
}

void cases_ask_late(struct pipeline *p, device_id device)
{
	struct device *d = inventory_by_id(p->inventory, device);
	const struct cases_device *cd = cases_find(&p->cases, device);
	struct life_step s;

	if (!d || !cd || !cd->file.id)
		return;
	s = step_found(p, d, pipeline_life_of(p, d)->state);
	if (s.actions & LIFE_DO_ASK)
		cases_ask(p, d, &cd->file, &s);
}

static void agree(struct pipeline *p, struct device *d)
{
	enum life_state state = pipeline_life_of(p, d)->state;
	struct cases_device *cd = cases_find(&p->cases, d->id);
	bool is_open = cd && cd->file.id;
	struct case_moment m;
	struct life_step step;

	if (state == LIFE_AWAY || (!is_open && !case_belongs(state)) ||
		(is_open && case_belongs(state) && cd->file.state == state))
		return;
	note_found(&m, state, pipeline_wall(p));
	step = step_found(p, d, state);
	if (!is_open && !cd)
		cd = cases_device(&p->cases, d->id);
	if (is_open)
		add(p, d, cd, &m, &step, !case_belongs(state));
	else if (cd)
		begin(p, d, cd, &m, &step);
}

static void agree_all(struct pipeline *p)
{
	struct device *d;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++)
		agree(p, d);
}

struct loading {
	struct pipeline *p;
	struct cases_device *cd;
	struct case_head *heads; /* CASE_HEADS_MAX of them */
};

static int load_bundle(void *ctx, const struct case_file *f, const void *bundle, size_t len)
{
	struct loading *l = ctx;
	struct case_bundle *b = &l->cd->bundle, loaded;

	if (case_bundle_load(cursor_of(bundle, len), l->heads, &loaded))
		log_error("cases", "the heads of case %u cannot be read", f->id);
	while (b->room < loaded.count && cases_bundle_room(&l->p->cases, b))
		continue;
	loaded.heads = b->heads;
	loaded.room = b->room;
	if (loaded.count > b->room) {
		loaded.left_out += loaded.count - b->room;
		loaded.count = b->room;
	}
	if (loaded.before > loaded.count)
		loaded.before = loaded.count;
	if (loaded.count)
		memcpy(b->heads, l->heads, loaded.count * sizeof(*b->heads));
	*b = loaded;
	return 0;
}

static int load_file(void *ctx, const struct case_file *f)
{
	struct loading *l = ctx;
	struct cases_device *cd;

	if (f->closed || !inventory_by_id(l->p->inventory, f->device))
		return 0;
	cd = cases_device(&l->p->cases, f->device);
	if (cd) /* of two, which cannot be, the younger one */
		cd->file = *f;
	return 0;
}

int cases_load(struct pipeline *p)
{
	struct loading l = {.p = p, .heads = calloc(CASE_HEADS_MAX, sizeof(*l.heads))};
	int error = l.heads ? store_cases(p->store, load_file, &l) : -ENOMEM;

	for (size_t i = 0; !error && i < p->cases.count; i++) {
		l.cd = p->cases.devices[i];
		if (l.cd->file.id)
			error = store_case(p->store, l.cd->file.id, load_bundle, &l);
	}
	free(l.heads);
	if (!error)
		agree_all(p);
	return error;
}

void cases_save_all(struct pipeline *p)
{
	struct cases *c = &p->cases;

	for (size_t i = 0; i < c->count; i++) {
		struct cases_device *cd = c->devices[i];
		struct device *d = inventory_by_id(p->inventory, cd->id);

		if (d && cd->file.id && cd->dirty)
			tell_store(p, d, save_bundle(p, cd));
	}
}

void cases_tick(struct pipeline *p)
{
	struct cases *c = &p->cases;
	nstime now = loop_now(p->loop);

	if (now < c->next_save)
		return;
	c->next_save = now + CASES_SAVE_S * NS_PER_SEC;
	agree_all(p);
	cases_save_all(p);
}
