// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>
#include "base/str.h"
#include "lifecycle/lifecycle.h"

void life_init(struct life *l, nstime now)
{
	*l = (struct life){.state = LIFE_NEW, .before = LIFE_NEW,
		.held = LIFE_QUARANTINED, .since = now};
}

bool life_is_isolated(enum life_state s)
{
	switch (s) {
	case LIFE_QUARANTINED:
	case LIFE_UPDATING:
	case LIFE_ATTESTING:
	case LIFE_UNFIXABLE:
	case LIFE_LIMITED:
	case LIFE_RETIRED:
		return true;
	case LIFE_NEW:
	case LIFE_LEARNING:
	case LIFE_PROTECTED:
	case LIFE_SUSPICIOUS:
	case LIFE_PROBATION:
	case LIFE_AWAY:
	case LIFE_STATE_MAX:
		break;
	}
	return false;
}

static enum life_state target(const struct life *l, const struct life_arc *a)
{
	if (a->to == LIFE_TO_BEFORE)
		return l->before;
	if (a->to == LIFE_TO_HELD)
		return l->held;
	return (enum life_state)a->to;
}

/* For how long something is awaited in a state; 0: for nothing. */
static nstime patience(const struct life *l, const struct life_facts *f, enum life_state s)
{
	switch (s) {
	case LIFE_QUARANTINED:
	case LIFE_LIMITED:
		return LIFE_FIX_MAX;
	case LIFE_UPDATING:
		return LIFE_UPDATE_MAX;
	case LIFE_ATTESTING:
		return LIFE_ATTEST_MAX;
	case LIFE_PROBATION:
		return (f->probation ? f->probation : LIFE_PROBATION_FOR) *
		       (l->offences > 1 ? LIFE_PROBATION_TIMES : 1);
	case LIFE_NEW:
	case LIFE_LEARNING:
	case LIFE_PROTECTED:
	case LIFE_SUSPICIOUS:
	case LIFE_AWAY:
	case LIFE_UNFIXABLE:
	case LIFE_RETIRED:
	case LIFE_STATE_MAX:
		break;
	}
	return 0;
}

static void count_return(struct life *l, const struct life_facts *f, bool by_owner)
{
	if (by_owner) {
		l->returns = 0;
		return;
	}
	if (l->returns == 0 || f->now - l->first_return >= LIFE_RETURNS_WITHIN) {
		l->returns = 0;
		l->first_return = f->now;
	}
	l->returns++;
}

/* Isolation that begins is an offence; to fail in updating is none. */
static void remember(struct life *l, const struct life_arc *a, enum life_state to,
	const struct life_facts *f)
{
	if (a->actions & LIFE_DO_CASE_OPEN && (to == LIFE_QUARANTINED || to == LIFE_LIMITED)) {
		l->offences++;
		l->level = LIFE_L_NONE;
		l->held = to;
	}
	if (a->event == LIFE_OWNER_ISOLATES || a->event == LIFE_NEEDED)
		l->held = to; /* also what was limited, or dark, until now */
	if (a->actions & (LIFE_DO_ISOLATE | LIFE_DO_LIMIT))
		l->by_owner = a->event == LIFE_OWNER_ISOLATES;
	if (a->event == LIFE_ABSOLVED) /* it was none, and no return by itself either */
		l->offences -= l->offences > 0;
	else if (to == LIFE_PROBATION && a->returns)
		count_return(l, f, a->event == LIFE_OWNER_RELEASES);
	if (a->event == LIFE_EVIDENCE || a->event == LIFE_FETCHED)
		l->level = f->level > l->level ? f->level : l->level;
	if (a->event == LIFE_OWNER_RELEASES)
		l->level = LIFE_L0_OWNER;
	if (to == LIFE_AWAY)
		l->before = l->state;
	if (to == LIFE_NEW)
		life_init(l, f->now);
}

static bool is_held(enum life_state s)
{
	return s == LIFE_QUARANTINED || s == LIFE_LIMITED;
}

/* What is awaited goes on being awaited when a device comes back from absence, fails to
 * update or may do more while it is held: none of these starts the clock anew. */
static nstime deadline(const struct life *l, const struct life_arc *a,
	const struct life_facts *f, enum life_state to)
{
	nstime p = patience(l, f, to), now = f->now;

	if (to == LIFE_AWAY && l->deadline) /* what is left of it; 0 is nothing awaited */
		return l->deadline > now ? l->deadline - now : 1;
	if (a->event == LIFE_SEEN_AGAIN)
		return l->deadline ? now + l->deadline : 0;
	if ((a->to == LIFE_TO_HELD || a->event == LIFE_NEEDED) && l->hopeless &&
		l->hopeless < now + p)
		return l->hopeless;
	return p ? now + p : 0;
}

/* An update that came is one, though it did not lead back yet. */
static void hope(struct life *l, enum life_state to)
{
	if (is_held(to))
		l->hopeless = l->deadline;
	else if (to != LIFE_UPDATING || l->state == LIFE_UNFIXABLE)
		l->hopeless = 0;
}

static void say(const char *sentence, const char *name, char ret[LIMIT_TEXT])
{
	struct str_text t = {.buf = ret, .size = LIMIT_TEXT};
	int before = (int)strcspn(sentence, "$");

	ret[0] = 0;
	str_add(&t, "%.*s%s%s", before, sentence, name, sentence + before + 1);
}

static void move(struct life *l, const struct life_arc *a, const struct life_facts *f,
	const char *name, struct life_step *ret)
{
	enum life_state to = target(l, a);

	ret->moved = to != l->state;
	ret->from = l->state;
	ret->to = to;
	ret->actions = a->actions;
	ret->evidence = a->evidence;
	ret->protocol = a->protocol;
	say(a->sentence, name, ret->sentence);
	remember(l, a, to, f);
	if (!ret->moved && a->event == LIFE_FORGED)
		return;
	l->deadline = deadline(l, a, f, to);
	hope(l, to);
	l->state = to;
	l->since = f->now;
}

bool life_event(struct life *l, enum life_event e, const struct life_facts *f,
	const char *name, struct life_step *ret)
{
	const struct life_arc *a;
	const char *no = NULL;

	*ret = (struct life_step){.event = e, .from = l->state, .to = l->state};
	for (size_t i = 0; (a = life_arc_at(i)); i++) {
		if (a->event != e || !(a->from & 1U << l->state))
			continue;
		no = a->guard ? a->guard(l, f) : NULL;
		if (no)
			continue;
		move(l, a, f, name, ret);
		return true;
	}
	ret->refused = no ? no : "that does not happen to a device in this state";
	return false;
}

/* Which event it is that nothing came by the deadline. */
static bool overdue(enum life_state s, enum life_event *ret)
{
	static const enum life_event events[LIFE_STATE_MAX] = {
		[LIFE_QUARANTINED] = LIFE_HOPELESS,
		[LIFE_LIMITED] = LIFE_HOPELESS,
		[LIFE_UPDATING] = LIFE_STALLED,
		[LIFE_ATTESTING] = LIFE_STALLED,
		[LIFE_PROBATION] = LIFE_SERVED,
	};

	*ret = events[s];
	return events[s] != LIFE_SEEN_AGAIN; /* which is 0 */
}

bool life_tick(struct life *l, const struct life_facts *f, const char *name,
	struct life_step *ret)
{
	nstime most = patience(l, f, l->state);
	enum life_event e;

	*ret = (struct life_step){.from = l->state, .to = l->state};
	if (l->state == LIFE_RETIRED)
		return false;
	if (l->state != LIFE_AWAY && f->now - f->seen >= LIFE_AWAY_AFTER)
		return life_event(l, LIFE_GONE, f, name, ret);
	if (!l->deadline || l->state == LIFE_AWAY || !overdue(l->state, &e))
		return false;
	/* The clock was wrong when it was set, or is now: not longer than this. Both were
	 * said by the same clock, and move with it. */
	if (l->deadline - f->now > most) {
		l->deadline = f->now + most;
		l->since = l->since < f->now ? l->since : f->now;
		if (is_held(l->state))
			l->hopeless = l->deadline;
	}
	if (f->now < l->deadline)
		return false;
	if (life_event(l, e, f, name, ret))
		return true;
	/* Not served by absence: another day. */
	l->deadline = f->now + LIFE_DAY;
	return false;
}
