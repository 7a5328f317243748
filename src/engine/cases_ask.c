// SPDX-License-Identifier: GPL-2.0-or-later
/* What the owner can do about a device that is held: at most three things, asked once for
 * each case, and never twice at a time. A device that comes and goes makes no more
 * questions: one is open at most, and "keep" holds for as long as the case does. */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/cases_priv.h"
#include "engine/pipeline.h"

enum choice { CHOICE_KEEP, CHOICE_RELEASE, CHOICE_RETIRE, CHOICE_ISOLATE, CHOICE_MAX };

static const struct cases_choice texts[CHOICE_MAX] = {
	[CHOICE_KEEP] = {"keep", "keep it held, and wait for an update"},
	[CHOICE_RELEASE] = {"release", "let it back on probation, though nothing shows that "
				       "it is mended (asks you a second time)"},
	[CHOICE_RETIRE] = {"retire", "take it out of service for good"},
	[CHOICE_ISOLATE] = {"isolate", "isolate it wholly: it is needed, and will not work in "
				       "the house either"},
};

/* The first is advised. What is needed is never offered for the dustbin. */
static const char *offer(enum life_state s)
{
	if (s == LIFE_LIMITED)
		return "keep release isolate";
	return s == LIFE_UNFIXABLE ? "retire keep release" : "keep release retire";
}

static bool choice_parse(const char *word, size_t len, enum choice *ret)
{
	for (unsigned i = 0; i < CHOICE_MAX; i++)
		if (strlen(texts[i].word) == len && strncmp(texts[i].word, word, len) == 0) {
			*ret = (enum choice)i;
			return true;
		}
	return false;
}

size_t cases_choices(const struct decision *d, struct cases_choice ret[CASES_CHOICES_MAX])
{
	const char *at = d->kind == DECISION_CASE ? d->detail : "";
	enum choice c;
	size_t n = 0;

	while (*at && n < CASES_CHOICES_MAX) {
		size_t len = strcspn(at, " ");

		if (choice_parse(at, len, &c))
			ret[n++] = texts[c];
		at += len + (at[len] == ' ');
	}
	return n;
}

struct looked {
	const struct decision *wanted;
	uint32_t except; /* is being answered */
	uint32_t open[8]; /* more than one there cannot be */
	size_t count;
	bool kept; /* he said so in this case, to the same choices */
};

static int look_one(void *ctx, const struct decision *d)
{
	struct looked *l = ctx;

	if (d->answer == DECISION_OPEN && d->id != l->except && l->count < 8)
		l->open[l->count++] = d->id;
	if (l->wanted && d->answer != DECISION_OPEN &&
		strcmp(d->subject, l->wanted->subject) == 0 &&
		strcmp(d->detail, l->wanted->detail) == 0)
		l->kept = d->answer == DECISION_REJECTED || strcmp(d->choice, "keep") == 0;
	return 0;
}

static int look(struct pipeline *p, device_id device, struct looked *l)
{
	int error = store_decisions_of(p->store, device, DECISION_CASE, look_one, l);

	return error ? error
		     : store_decisions_of(p->store, device, DECISION_RELEASE, look_one, l);
}

bool cases_is_asked(struct pipeline *p, device_id device)
{
	struct looked l = {.except = p->cases.answering};
	int error = look(p, device, &l);

	if (!error)
		error = store_decisions_of(
			p->store, device, DECISION_PLAYBOOK, look_one, &l);
	return error || l.count;
}

void cases_unask(struct pipeline *p, device_id device)
{
	struct looked l = {.except = p->cases.answering};

	if (look(p, device, &l))
		return;
	for (size_t i = 0; i < l.count; i++)
		if (store_decision_remove(p->store, l.open[i]))
			log_error("cases", "question %u was not taken back", l.open[i]);
}

void cases_ask(struct pipeline *p, struct device *d, const struct case_file *f,
	const struct life_step *s)
{
	struct decision q = {.kind = DECISION_CASE, .device = d->id};
	struct looked l = {.wanted = &q, .except = p->cases.answering};
	struct str_text t = {.buf = q.text, .size = sizeof(q.text)};
	const struct life *life = pipeline_life_of(p, d);

	str_copy(q.detail, sizeof(q.detail), offer(s->to));
	if (str_print(q.subject, sizeof(q.subject), CASES_SUBJECT, f->id) ||
		str_print(q.key, sizeof(q.key), "offence %u", life->offences) ||
		look(p, d->id, &l) || l.kept || cases_is_asked(p, d->id))
		return;
	str_add(&t, "%s. What shall become of it?", s->sentence);
	(void)pipeline_ask(p, &q);
}

/* ---- answers ---- */

static int refuse(struct pipeline *p, const char *why)
{
	str_copy(p->cases.why, sizeof(p->cases.why), why);
	return CARDEA_EREFUSED;
}

static int event(struct pipeline *p, const struct decision *d, enum life_event e,
	uint32_t steps, const char *text)
{
	struct device *device = inventory_by_id(p->inventory, d->device);
	const struct life_said said = {.steps = steps, .text = text};
	struct life_step step;

	if (!device)
		return refuse(p, "the device is not there any more");
	if (!pipeline_life(p, device, e, &said, &step))
		return refuse(p, step.refused);
	return 0;
}

/* Who is away is held, too; a release of it would be one that nobody watches. */
static const char *not_now(struct pipeline *p, const struct decision *d, enum choice c)
{
	struct device *device = inventory_by_id(p->inventory, d->device);
	const struct life *l = device ? pipeline_life_of(p, device) : NULL;

	if (!l || life_hold(l) == HOLD_NONE)
		return "it is not held any more";
	if (l->state == LIFE_AWAY && c == CHOICE_RELEASE)
		return "it was not seen for a month; release it when it is back";
	return NULL;
}

static int choose(struct pipeline *p, const struct decision *d)
{
	struct cases_choice offered[CASES_CHOICES_MAX];
	size_t n = cases_choices(d, offered), i = 0;
	const char *no;
	enum choice c;

	while (i < n && strcmp(offered[i].word, d->choice) != 0)
		i++;
	if (i == n || !choice_parse(d->choice, strlen(d->choice), &c))
		return CARDEA_EMALFORMED;
	no = not_now(p, d, c);
	if (no)
		return refuse(p, no);
	switch (c) {
	case CHOICE_RETIRE:
		return event(p, d, LIFE_OWNER_RETIRES, 0, "its owner chose so");
	case CHOICE_ISOLATE:
		return event(p, d, LIFE_OWNER_ISOLATES, 0, "its owner chose so");
	case CHOICE_KEEP:
	case CHOICE_RELEASE: /* asks a second time first */
	case CHOICE_MAX:
		break;
	}
	return 0;
}

/* The second step of one release is none of the next. */
static int confirm(struct pipeline *p, const struct decision *d)
{
	struct decision before;
	int error = store_decision_find(p->store, d->id, &before);

	if (error)
		return error;
	if (before.answer != DECISION_OPEN)
		return refuse(p, "that was answered already; a release begins anew with "
				 "`cardea quarantine release`");
	return event(p, d, LIFE_OWNER_RELEASES, 2, "its owner said so twice");
}

int cases_answer(struct pipeline *p, const struct decision *d)
{
	int error = 0;

	p->cases.answering = d->id;
	if (d->kind == DECISION_PLAYBOOK)
		error = cases_playbook_answer(p, d);
	else if (d->answer == DECISION_ACCEPTED && d->kind == DECISION_CASE)
		error = choose(p, d);
	else if (d->answer == DECISION_ACCEPTED && d->kind == DECISION_RELEASE)
		error = confirm(p, d);
	p->cases.answering = 0;
	return error;
}

static void ask_again(struct pipeline *p, const struct decision *d)
{
	const struct device *device = inventory_by_id(p->inventory, d->device);
	struct decision q = {.kind = DECISION_RELEASE, .device = d->device};
	struct str_text t = {.buf = q.text, .size = sizeof(q.text)};

	if (!device)
		return;
	str_copy(q.subject, sizeof(q.subject), d->subject);
	if (str_print(q.key, sizeof(q.key), "question %u", d->id))
		return;
	str_add(&t, "You want %s back in service though nothing shows that it is mended. "
		    "Say it a second time: shall it be released?",
		device->name);
	(void)pipeline_ask(p, &q);
}

void cases_answered(struct pipeline *p, const struct decision *d)
{
	if (d->kind == DECISION_PLAYBOOK)
		cases_playbook_answered(p, d);
	else if (d->kind == DECISION_CASE && d->answer == DECISION_ACCEPTED &&
		 strcmp(d->choice, "release") == 0)
		ask_again(p, d);
}
