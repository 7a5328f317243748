// SPDX-License-Identifier: GPL-2.0-or-later
/* Playbooks of others: each step that is let in becomes a question, one at a time, to the
 * owner. What a step wants of the gateway happens after his yes, as his own word. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/cases_priv.h"
#include "engine/pipeline.h"

_Static_assert(CACAO_BYTES_MAX <= STORE_PLAYBOOK_MAX, "what can be read can be kept");

struct reading {
	struct case_playbook kept;
	struct cacao_plan *plan;
	char *text;
};

/* The text is kept, not the plan: it is read anew each time, by the same rules. */
static int read_one(void *ctx, const struct case_playbook *b)
{
	struct reading *r = ctx;

	r->kept = *b;
	r->text = malloc(b->len);
	if (!r->text)
		return -ENOMEM;
	memcpy(r->text, b->text, b->len);
	r->kept.text = r->text;
	return cacao_read(r->text, b->len, r->plan);
}

static void reading_end(struct reading *r)
{
	free(r->text);
	free(r->plan);
}

static int reading_begin(struct pipeline *p, device_id device, struct reading *r)
{
	int error;

	*r = (struct reading){.plan = calloc(1, sizeof(*r->plan))};
	error = r->plan ? store_playbook(p->store, device, read_one, r) : -ENOMEM;
	if (!error && r->kept.step >= r->plan->count)
		error = CARDEA_EMALFORMED;
	if (error)
		reading_end(r);
	return error;
}

static int key_of(const struct case_playbook *b, char ret[LIMIT_LABEL])
{
	return str_print(ret, LIMIT_LABEL, "playbook %u step %u", b->id, b->step);
}

static void ask_step(struct pipeline *p, const struct device *d, const struct case_playbook *b,
	const struct cacao_plan *plan)
{
	const struct cacao_step *s = &plan->steps[b->step];
	struct decision q = {.kind = DECISION_PLAYBOOK, .device = d->id};
	struct str_text t = {.buf = q.text, .size = sizeof(q.text)};

	str_copy(q.subject, sizeof(q.subject), s->text);
	str_copy(q.detail, sizeof(q.detail), plan->name);
	if (key_of(b, q.key))
		return;
	if (s->act == CACAO_IF)
		str_add(&t, "A playbook asks about %s whether it is so: %s", d->name, s->text);
	else if (s->act == CACAO_ISOLATE)
		str_add(&t, "A playbook advises to put %s into quarantine. Shall it be? %s",
			d->name, s->text);
	else
		str_add(&t, "A playbook advises you for %s. Did you do it? %s", d->name,
			s->text);
	(void)pipeline_ask(p, &q);
}

static struct device *device_of(struct pipeline *p, uint32_t id)
{
	for (size_t i = 0; i < p->cases.count; i++)
		if (id && p->cases.devices[i]->file.id == id)
			return inventory_by_id(p->inventory, p->cases.devices[i]->id);
	return NULL;
}

static int never(void *ctx, const struct case_playbook *b)
{
	(void)ctx;
	(void)b;
	return 0;
}

static int open_one(void *ctx, const struct decision *d)
{
	*(bool *)ctx |= d->answer == DECISION_OPEN;
	return 0;
}

/* 0: one may come. What is there and asks nothing any more, because its question was one of
 * too many or was not stored, would never be over. */
static int has_room(struct pipeline *p, device_id device)
{
	int error = store_playbook(p->store, device, never, NULL);
	bool open = false;

	if (error == -ENOENT)
		return 0;
	if (!error)
		error = store_decisions_of(
			p->store, device, DECISION_PLAYBOOK, open_one, &open);
	return error ? error : open ? -EEXIST : 0;
}

int cases_playbook_import(struct pipeline *p, uint32_t id, const char *text, size_t len,
	bool dry, struct cacao_plan *plan)
{
	struct device *d = device_of(p, id);
	struct case_playbook b = {.taken = pipeline_wall(p), .text = text, .len = len};
	int error = d ? cacao_read(text, len, plan) : -ENOENT;

	if (error)
		return error;
	b.device = d->id;
	b.step = cacao_asks(plan, plan->first);
	if (b.step == CACAO_END)
		return CARDEA_EMALFORMED;
	error = has_room(p, d->id);
	if (error)
		return error;
	if (cases_is_asked(p, d->id))
		return -EBUSY; /* one at a time */
	if (dry)
		return 0;
	error = store_playbook_save(p->store, &b);
	if (!error)
		error = store_commit(p->store);
	if (!error)
		ask_step(p, d, &b, plan);
	return error;
}

static int refuse(struct pipeline *p, const char *why)
{
	str_copy(p->cases.why, sizeof(p->cases.why), why);
	return CARDEA_EREFUSED;
}

static int act(struct pipeline *p, const struct decision *d, const struct cacao_step *s)
{
	struct device *device = inventory_by_id(p->inventory, d->device);
	const struct life_said said = {.text = s->text};
	struct life_step step;

	if (s->act != CACAO_ISOLATE || d->answer != DECISION_ACCEPTED)
		return 0;
	if (!device)
		return refuse(p, "the device is not there any more");
	if (life_hold(pipeline_life_of(p, device)) == HOLD_QUARANTINED)
		return 0; /* it is, already */
	if (!pipeline_life(p, device, LIFE_OWNER_ISOLATES, &said, &step))
		return refuse(p, step.refused);
	return 0;
}

int cases_playbook_answer(struct pipeline *p, const struct decision *d)
{
	char key[LIMIT_LABEL];
	struct reading r;
	int error = reading_begin(p, d->device, &r);

	if (error == -ENOENT)
		return refuse(p, "that playbook is over");
	if (error)
		return error;
	error = key_of(&r.kept, key);
	if (!error && strcmp(key, d->key) != 0)
		error = refuse(p, "that step of the playbook is over");
	if (!error)
		error = act(p, d, &r.plan->steps[r.kept.step]);
	reading_end(&r);
	return error;
}

static void finish(struct pipeline *p, const struct decision *d, bool whole)
{
	if (store_playbook_remove(p->store, d->device) || store_commit(p->store))
		log_error("cases", "a playbook that is over is still stored");
	journal_note(&p->journal, pipeline_wall(p), d->device, EVENT_DECIDED,
		whole ? "The playbook \"%s\" is over."
		      : "The playbook \"%s\" ends here, as you wish.",
		d->detail);
	cases_ask_late(p, d->device);
}

/* No to what is to be done ends it; no to a condition takes the other branch. */
void cases_playbook_answered(struct pipeline *p, const struct decision *d)
{
	struct device *device = inventory_by_id(p->inventory, d->device);
	bool yes = d->answer == DECISION_ACCEPTED;
	const struct cacao_step *s;
	struct reading r;

	if (!device || reading_begin(p, d->device, &r))
		return;
	s = &r.plan->steps[r.kept.step];
	r.kept.step = cacao_asks(r.plan, yes ? s->next : s->if_not);
	if (r.kept.step == CACAO_END || (!yes && s->act != CACAO_IF))
		finish(p, d, yes || s->act == CACAO_IF);
	else if (store_playbook_save(p->store, &r.kept) || store_commit(p->store))
		log_error("cases", "the next step of a playbook was not stored");
	else
		ask_step(p, device, &r.kept, r.plan);
	reading_end(&r);
}
