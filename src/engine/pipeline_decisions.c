// SPDX-License-Identifier: GPL-2.0-or-later
/* What only the owner can say: asked once, kept, and acted upon when answered. */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/classes.h"
#include "engine/pipeline.h"
#include "profiles/trust/trust.h"

/* What is looked for in the store. */
struct search {
	const struct decision *wanted;
	struct decision found;
	bool there, busy; /* busy: another of that kind and device is open */
	uint32_t stale;	  /* this asks the same about a file that is there no longer */
};

static bool is_same(const struct decision *a, const struct decision *b)
{
	return a->kind == b->kind && a->device == b->device &&
	       strcmp(a->subject, b->subject) == 0 && strcmp(a->key, b->key) == 0 &&
	       strcmp(a->detail, b->detail) == 0 &&
	       memcmp(a->sha256, b->sha256, sizeof(a->sha256)) == 0;
}

static int search_one(void *ctx, const struct decision *d)
{
	struct search *s = ctx;

	if (is_same(d, s->wanted)) {
		s->found = *d;
		s->there = true; /* the youngest answer counts: ids ascend */
	} else if (d->answer == DECISION_OPEN && d->kind == s->wanted->kind &&
		   d->device == s->wanted->device) {
		if (strcmp(d->subject, s->wanted->subject) != 0)
			s->busy = true;
		else
			s->stale = d->id;
	}
	return 0;
}

/* Different classes are different questions; different URLs of one device are not: a
 * device that names ever new files must not fill the owner's list. */
static bool may_be_many(enum decision_kind k)
{
	return k == DECISION_CONTROLLER || k == DECISION_PORT ||
	       k == DECISION_CONVERSATION;
}

enum decision_answer pipeline_ask(struct pipeline *p, const struct decision *wanted)
{
	struct device *device = inventory_by_id(p->inventory, wanted->device);
	struct search s = {.wanted = wanted};
	struct decision d = *wanted;

	if (store_decisions_of(p->store, wanted->device, wanted->kind, search_one, &s))
		return DECISION_OPEN;
	if (s.there)
		return s.found.answer;
	if (s.busy && !may_be_many(wanted->kind))
		return DECISION_OPEN;
	/* Under another number: what the owner has read is what he answers. */
	if (s.stale && store_decision_remove(p->store, s.stale))
		return DECISION_OPEN;
	d.id = 0;
	d.asked = pipeline_wall(p);
	d.answered = 0;
	d.answer = DECISION_OPEN;
	if (device)
		pipeline_save_device(p, device); /* the store knows whom it is about */
	if (store_decision_save(p->store, &d)) {
		log_error("pipeline", "a question for the owner was not stored");
		return DECISION_OPEN;
	}
	journal_note(&p->journal, d.asked, d.device, EVENT_QUESTION,
		"%s (`cardea decide show %u`)", d.text, d.id);
	return DECISION_OPEN;
}

/* Looked for by what it is about alone. */
struct about {
	const char *subject;
	uint32_t id;
};

static int about_one(void *ctx, const struct decision *d)
{
	struct about *a = ctx;

	if (d->answer == DECISION_OPEN && strcmp(d->subject, a->subject) == 0)
		a->id = d->id;
	return 0;
}

void pipeline_unask(struct pipeline *p, enum decision_kind kind, device_id device,
	const char *subject)
{
	struct about a = {.subject = subject};

	if (store_decisions_of(p->store, device, kind, about_one, &a) == 0 && a.id &&
		store_decision_remove(p->store, a.id))
		log_error("pipeline", "question %u was not taken back", a.id);
}

static void apply_signer(struct pipeline *p, const struct decision *d)
{
	struct store_pin pin = {.since = pipeline_wall(p)};

	trust_root(d->subject, pin.root);
	str_copy(pin.signer, sizeof(pin.signer), d->detail);
	str_copy(pin.key, sizeof(pin.key), d->key);
	if (store_pin_save(p->store, &pin))
		log_error("pipeline", "the new signer was not stored");
}

static void apply_identity(struct pipeline *p, const struct decision *d, bool accept)
{
	struct device *device = inventory_by_id(p->inventory, d->device);

	/* it may have become another maker's since it was asked */
	if (device && trust_same_authority(device->mud_url, d->subject))
		pipeline_confirm(p, device, accept);
}

/* The controller that the owner chose, or, where he takes a choice back, none. */
static int apply_choice(struct pipeline *p, const struct decision *d, const char *class,
	bool was_accepted)
{
	int error;

	if (d->answer != DECISION_ACCEPTED) {
		error = was_accepted ? classes_map(p, d->device, class, NULL) : 0;
		return error == -ENOENT ? 0 : error;
	}
	error = classes_map(p, d->device, class, d->choice);
	return error == -ENOENT || error == CARDEA_EREFUSED ? CARDEA_EMALFORMED : error;
}

/* What follows from the answer; 0, or why it cannot be. */
static int apply(struct pipeline *p, const struct decision *d, bool was_accepted)
{
	bool accept = d->answer == DECISION_ACCEPTED;

	switch (d->kind) {
	case DECISION_SIGNER:
		if (accept)
			apply_signer(p, d);
		return 0;
	case DECISION_UNSIGNED:
		return store_hash_set(p->store, d->sha256, accept, d->subject,
			pipeline_wall(p));
	case DECISION_MY_CONTROLLER:
		return apply_choice(p, d, CLASSES_MY_CONTROLLER, was_accepted);
	case DECISION_CONTROLLER:
		return apply_choice(p, d, d->subject, was_accepted);
	case DECISION_IDENTITY:
		apply_identity(p, d, accept);
		return 0;
	case DECISION_CONVERSATION:
		return learner_maintain_answer(p, d, accept);
	case DECISION_CASE:
	case DECISION_RELEASE:
	case DECISION_PLAYBOOK:
		return cases_answer(p, d);
	case DECISION_PROTECT:
		return watching_answer(p, d, was_accepted);
	case DECISION_AUTHORITY:
	case DECISION_ROLLBACK:
	case DECISION_PREVIEW:
	case DECISION_ADVISORY: /* judged anew */
	case DECISION_PORT: /* what the owner knows changes nothing in the kernel */
	case DECISION_KIND_MAX:
		break;
	}
	return 0;
}

/* Files that waited for the answer. */
static void follow(struct pipeline *p, const struct decision *d)
{
	struct device *device = inventory_by_id(p->inventory, d->device);
	struct household_device *hd = household_device(&p->household, d->device);

	if (d->kind == DECISION_ADVISORY && device)
		advisories_judge_now(p, device);
	else if (d->kind == DECISION_SIGNER || d->kind == DECISION_UNSIGNED)
		pipeline_judge_again(p, d->subject);
	else if (device && hd &&
		 (d->kind == DECISION_AUTHORITY || d->kind == DECISION_ROLLBACK)) {
		hd->refused_url[0] = 0; /* the answer to this is another one now */
		if (strcmp(device->mud_url, d->subject) == 0)
			pipeline_judge_again(p, d->subject); /* an older file of it */
		else
			pipeline_says_url(p, device, d->subject);
	} else if (device && hd && d->kind == DECISION_PREVIEW) {
		const struct shelf_entry *before = hd->source;

		hd->source = NULL; /* made into rules anew, with the answer */
		pipeline_consider(p, device);
		if (!hd->source) /* it may not be, now: what is in force stays */
			hd->source = before;
	}
}

int pipeline_answer(struct pipeline *p, uint32_t id, bool accept, const char *choice,
	struct decision *ret)
{
	struct decision d;
	int error = store_decision_find(p->store, id, &d);
	bool was_accepted;

	if (error)
		return error;
	was_accepted = d.answer == DECISION_ACCEPTED;
	d.answer = accept ? DECISION_ACCEPTED : DECISION_REJECTED;
	d.answered = pipeline_wall(p);
	if (str_copy(d.choice, sizeof(d.choice), choice) == false)
		return CARDEA_EMALFORMED;
	error = apply(p, &d, was_accepted);
	if (!error)
		error = store_decision_save(p->store, &d);
	if (!error)
		error = store_commit(p->store);
	if (error)
		return error;
	journal_note(&p->journal, d.answered, d.device, EVENT_DECIDED, "You %s: %s",
		accept ? "accepted" : "rejected", d.text);
	follow(p, &d);
	cases_answered(p, &d);
	*ret = d;
	return 0;
}

/* What a case's answer set off has been done, and so has what a yes did. */
static bool is_final(const struct decision *d)
{
	return d->answer == DECISION_ACCEPTED || d->kind == DECISION_CASE ||
	       d->kind == DECISION_RELEASE || d->kind == DECISION_PLAYBOOK;
}

int pipeline_ask_again(struct pipeline *p, uint32_t id, struct decision *ret)
{
	struct decision d;
	int error = store_decision_find(p->store, id, &d);

	if (error)
		return error;
	if (d.answer == DECISION_OPEN) {
		*ret = d;
		return 0;
	}
	if (is_final(&d))
		return CARDEA_EREFUSED;
	d.answer = DECISION_OPEN;
	d.answered = 0;
	d.choice[0] = 0;
	error = store_decision_save(p->store, &d);
	if (!error)
		error = store_commit(p->store);
	if (error)
		return error;
	journal_note(&p->journal, pipeline_wall(p), d.device, EVENT_DECIDED,
		"You took back your no to: %s", d.text);
	follow(p, &d);
	*ret = d;
	return 0;
}

static int count_one(void *ctx, const struct decision *d)
{
	(void)d;
	++*(unsigned *)ctx;
	return 0;
}

unsigned pipeline_open_decisions(struct pipeline *p)
{
	unsigned n = 0;

	(void)!store_decisions(p->store, true, count_one, &n);
	return n;
}
