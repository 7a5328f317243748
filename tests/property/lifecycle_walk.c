// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of the life cycle, walked: every state is reached, none but `retired` holds a
 * device for ever, nobody returns without evidence, and nothing that a device says itself
 * brings it out. Then a million random events say the same of the machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lifecycle/lifecycle.h"

#define CHECK(condition, ...)                                                          \
	do {                                                                           \
		if (!(condition)) {                                                    \
			fprintf(stderr, "%s:%d: " #condition ": ", __FILE__, __LINE__);  \
			fprintf(stderr, __VA_ARGS__);                                  \
			fputc('\n', stderr);                                           \
			exit(1);                                                       \
		}                                                                      \
	} while (0)

#define BIT(s) (1U << (s))
#define ALL (BIT(LIFE_STATE_MAX) - 1)

/* Where an arc may lead, a bit each. */
static uint32_t targets(const struct life_arc *a)
{
	if (a->to == LIFE_TO_BEFORE)
		return ALL & ~BIT(LIFE_AWAY) & ~BIT(LIFE_RETIRED);
	if (a->to == LIFE_TO_HELD)
		return BIT(LIFE_QUARANTINED) | BIT(LIFE_LIMITED);
	return BIT(a->to);
}

static uint32_t reach(uint32_t from, bool backwards)
{
	for (uint32_t before = 0; before != from;) {
		const struct life_arc *a;
		before = from;
		for (size_t i = 0; (a = life_arc_at(i)); i++) {
			if (!backwards && a->from & from)
				from |= targets(a);
			if (backwards && targets(a) & from)
				from |= a->from;
		}
	}
	return from;
}

static void check_states(void)
{
	uint32_t from_new = reach(BIT(LIFE_NEW), false);
	uint32_t to_service = reach(BIT(LIFE_PROTECTED), true);

	for (unsigned s = 0; s < LIFE_STATE_MAX; s++) {
		CHECK(from_new & BIT(s), "%s is never reached", life_state_name(s));
		CHECK(to_service & BIT(s), "%s is a trap", life_state_name(s));
	}
	/* Retired is one, but for the owner. */
	for (size_t i = 0; life_arc_at(i); i++)
		if (life_arc_at(i)->from & BIT(LIFE_RETIRED))
			CHECK(life_arc_at(i)->event == LIFE_OWNER_READMITS,
				"retired: arc %zu", i);
}

static void check_events(void)
{
	const struct life_arc *a;
	unsigned used[LIFE_EVENT_MAX] = {0};

	for (size_t i = 0; (a = life_arc_at(i)); i++) {
		used[a->event]++;
		CHECK(strchr(a->sentence, '$'), "arc %zu names nobody", i);
		CHECK(a->evidence[0], "arc %zu has no evidence", i);
	}
	for (unsigned e = 0; e < LIFE_EVENT_MAX; e++)
		CHECK(used[e], "no arc for '%s'", life_event_name(e));
}

/* Out of isolation only with evidence or the owner: by the table. */
static void check_returns(void)
{
	const struct life_arc *a;

	for (size_t i = 0; (a = life_arc_at(i)); i++) {
		for (enum life_state from = 0; from < LIFE_STATE_MAX; from++) {
			if (!(a->from & BIT(from)) || !life_is_isolated(from))
				continue;
			for (enum life_state to = 0; to < LIFE_STATE_MAX; to++) {
				if (!(targets(a) & BIT(to)) || life_is_isolated(to) ||
					to == LIFE_AWAY)
					continue;
				CHECK(a->returns && a->guard, "%s to %s by '%s'",
					life_state_name(from), life_state_name(to),
					life_event_name(a->event));
			}
		}
		if (a->to == LIFE_PROTECTED && a->from & ~(BIT(LIFE_NEW) |
					BIT(LIFE_LEARNING) | BIT(LIFE_SUSPICIOUS)))
			CHECK(a->returns, "arc %zu to protected", i);
	}
}

static uint64_t random_state = 88172645463325252u;

static uint32_t draw(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 33) % below;
}

struct seen {
	struct life l;
	bool by_owner_alone; /* isolated by the owner, who may darken what is critical */
};

static void check_step(const struct seen *was, const struct life *l, enum life_event e,
	const struct life_facts *f, const struct life_step *step)
{
	enum life_state from = was->l.state;
	bool home = from == LIFE_AWAY && e == LIFE_SEEN_AGAIN;

	CHECK(step->from == from && step->to == l->state, "step lies");
	if (life_is_isolated(from) && !life_is_isolated(l->state) && l->state != LIFE_AWAY &&
		l->state != LIFE_NEW) {
		bool proven = (e == LIFE_EVIDENCE || e == LIFE_FETCHED) &&
			      f->level >= f->least && f->level > LIFE_L_NONE;
		bool freed = e == LIFE_OWNER_RELEASES && !f->by_device && f->steps >= 2;
		bool absolved = e == LIFE_ABSOLVED && f->accused_alone;
		CHECK(proven || freed || absolved, "%s to %s by '%s'", life_state_name(from),
			life_state_name(l->state), life_event_name(e));
		CHECK(l->state == LIFE_PROBATION, "no probation");
	}
	if (f->critical && l->state == LIFE_QUARANTINED && from != LIFE_QUARANTINED && !home)
		CHECK(e == LIFE_OWNER_ISOLATES || was->l.held == LIFE_QUARANTINED,
			"critical and dark by '%s'", life_event_name(e));
	if (e == LIFE_NEEDED)
		CHECK(f->critical && !f->by_device && !was->l.by_owner &&
				life_hold(l) == HOLD_LIMITED,
			"out of the dark from %s", life_state_name(from));
	CHECK(l->returns <= LIFE_RETURNS_MAX, "%u returns", l->returns);
	CHECK(step->sentence[0], "no sentence");
}

static void check_saved(const struct life *l)
{
	uint8_t b[LIFE_SAVED];
	struct writer w = writer_of(b, sizeof(b));
	struct life back;

	CHECK(life_save(l, &w) == 0, "not saved");
	CHECK(life_load(cursor_of(b, w.len), &back) == 0, "not loaded: %s",
		life_state_name(l->state));
	CHECK(back.state == l->state && back.deadline == l->deadline &&
		      back.offences == l->offences && back.held == l->held &&
		      back.returns == l->returns && back.before == l->before &&
		      back.since == l->since && back.hopeless == l->hopeless &&
		      back.by_owner == l->by_owner &&
		      back.first_return == l->first_return &&
		      back.level == l->level,
		"another one came back");
	CHECK(life_load(cursor_of(b, w.len - 1), &back) != 0, "half is taken");
}

static void live(bool critical, unsigned events)
{
	struct seen was;
	struct life l;
	struct life_step step;
	nstime now = 1000 * LIFE_DAY;

	life_init(&l, now);
	for (unsigned i = 0; i < events; i++) {
		/* mostly hours; sometimes months, sometimes back by a year */
		uint32_t how = draw(100);
		now += how < 90   ? draw(20) * LIFE_HOUR
		       : how < 99 ? draw(60) * LIFE_DAY
				  : -(nstime)draw(365) * LIFE_DAY;
		if (now < LIFE_DAY)
			now = LIFE_DAY;
		struct life_facts f = {.now = now, .critical = critical,
			.seen = now - (draw(4) ? 0 : draw(40) * LIFE_DAY),
			.enforceable = draw(4) != 0, .level = draw(LIFE_LEVEL_MAX),
			.least = LIFE_L1_NETWORK + draw(4), .by_device = draw(2),
			.steps = draw(3), .accused_alone = draw(2)};
		enum life_event e = draw(LIFE_EVENT_MAX);
		was.l = l;
		/* time's own events come by life_tick alone */
		if (e != LIFE_SERVED && e != LIFE_HOPELESS &&
			life_event(&l, e, &f, "lamp", &step))
			check_step(&was, &l, e, &f, &step);
		else
			CHECK(memcmp(&was.l, &l, sizeof(l)) == 0, "refused, and changed");
		was.l = l;
		if (life_tick(&l, &f, "lamp", &step) && was.l.state != l.state)
			CHECK(!life_is_isolated(was.l.state) || life_is_isolated(l.state) ||
					l.state == LIFE_AWAY,
				"time frees from %s", life_state_name(was.l.state));
		CHECK(l.deadline == 0 || l.state == LIFE_AWAY || l.deadline <= now + LIFE_FIX_MAX,
			"a deadline beyond all patience in %s", life_state_name(l.state));
		check_saved(&l);
	}
}

/* By hand: what the talk of RIPE 79 asks for. */
static void check_story(void)
{
	struct life l;
	struct life_step s;
	struct life_facts f = {.now = 1000 * LIFE_DAY, .seen = 1000 * LIFE_DAY,
		.enforceable = true, .least = LIFE_L3_TOKEN};

	life_init(&l, f.now);
	CHECK(life_event(&l, LIFE_PROFILE, &f, "cam", &s) && l.state == LIFE_PROTECTED, "1");
	CHECK(life_event(&l, LIFE_RAISED, &f, "cam", &s) && l.state == LIFE_SUSPICIOUS, "2");
	CHECK(life_event(&l, LIFE_CONVICTED, &f, "cam", &s) && s.actions & LIFE_DO_ISOLATE,
		"3");
	f.by_device = true, f.steps = 2;
	CHECK(!life_event(&l, LIFE_OWNER_RELEASES, &f, "cam", &s) && s.refused, "4");
	f.by_device = false, f.steps = 1;
	CHECK(!life_event(&l, LIFE_OWNER_RELEASES, &f, "cam", &s) && s.refused, "5");
	CHECK(life_event(&l, LIFE_FETCHING, &f, "cam", &s) && l.state == LIFE_UPDATING, "6");
	f.level = LIFE_L1_NETWORK;
	CHECK(life_event(&l, LIFE_FETCHED, &f, "cam", &s) && l.state == LIFE_ATTESTING &&
		      s.actions & LIFE_DO_CHALLENGE, "7");
	CHECK(life_event(&l, LIFE_FORGED, &f, "cam", &s) && l.state == LIFE_QUARANTINED, "8");
	f.level = LIFE_L2_REPORT;
	CHECK(!life_event(&l, LIFE_EVIDENCE, &f, "cam", &s), "9");
	f.level = LIFE_L3_TOKEN;
	CHECK(life_event(&l, LIFE_EVIDENCE, &f, "cam", &s) && l.state == LIFE_PROBATION, "10");
	f.now += 6 * LIFE_DAY, f.seen = f.now;
	CHECK(!life_tick(&l, &f, "cam", &s), "11");
	f.now += 2 * LIFE_DAY; /* but it is not there */
	CHECK(!life_tick(&l, &f, "cam", &s) && l.state == LIFE_PROBATION, "12");
	f.now += 2 * LIFE_DAY, f.seen = f.now;
	CHECK(life_tick(&l, &f, "cam", &s) && l.state == LIFE_PROTECTED, "13");
	CHECK(strcmp(s.sentence, "cam served its probation; it is in service again") == 0,
		"'%s'", s.sentence);
}

/* As long as the owner says, and longer for the second time. */
static void check_probation(void)
{
	struct life l;
	struct life_step s;
	struct life_facts f = {.now = 1000 * LIFE_DAY, .enforceable = true,
		.least = LIFE_L3_TOKEN, .level = LIFE_L3_TOKEN, .probation = LIFE_HOUR};

	life_init(&l, f.now);
	CHECK(life_event(&l, LIFE_PROFILE, &f, "cam", &s), "1");
	for (nstime times = 1; times <= LIFE_PROBATION_TIMES;
		times += LIFE_PROBATION_TIMES - 1) {
		CHECK(life_event(&l, LIFE_CONVICTED, &f, "cam", &s), "2");
		CHECK(life_event(&l, LIFE_EVIDENCE, &f, "cam", &s), "3");
		f.now += times * LIFE_HOUR - 1, f.seen = f.now;
		CHECK(!life_tick(&l, &f, "cam", &s) && l.state == LIFE_PROBATION, "4");
		f.now++;
		CHECK(life_tick(&l, &f, "cam", &s) && l.state == LIFE_PROTECTED, "5");
	}
	/* made shorter while it is served: it counts from now on */
	CHECK(life_event(&l, LIFE_OWNER_ISOLATES, &f, "cam", &s), "6");
	f.steps = 2, f.probation = LIFE_DAY;
	CHECK(life_event(&l, LIFE_OWNER_RELEASES, &f, "cam", &s), "7");
	f.probation = LIFE_HOUR, f.now += LIFE_HOUR, f.seen = f.now;
	CHECK(!life_tick(&l, &f, "cam", &s), "8");
	f.now += LIFE_PROBATION_TIMES * LIFE_HOUR, f.seen = f.now;
	CHECK(life_tick(&l, &f, "cam", &s) && l.state == LIFE_PROTECTED, "9");
}

/* Who looks for an update each day and gets none is given up all the same; an update that
 * came whole is one, whatever it is worth. */
static void check_given_up(void)
{
	struct life l;
	struct life_step s;
	struct life_facts f = {.now = 1000 * LIFE_DAY, .enforceable = true,
		.least = LIFE_L3_TOKEN, .level = LIFE_L1_NETWORK};
	nstime held = f.now;
	unsigned days = 0;

	life_init(&l, f.now);
	CHECK(life_event(&l, LIFE_CONVICTED, &f, "cam", &s), "1");
	for (; days < 40 && l.state != LIFE_UNFIXABLE; days++) {
		CHECK(life_event(&l, LIFE_FETCHING, &f, "cam", &s), "2");
		f.now += LIFE_UPDATE_MAX, f.seen = f.now;
		CHECK(life_tick(&l, &f, "cam", &s) && l.state == LIFE_QUARANTINED, "3");
		check_saved(&l);
		f.now += LIFE_DAY - LIFE_UPDATE_MAX, f.seen = f.now;
		(void)life_tick(&l, &f, "cam", &s);
	}
	CHECK(l.state == LIFE_UNFIXABLE && f.now - held == LIFE_FIX_MAX,
		"%s after %u days", life_state_name(l.state), days);
	/* it was not hopeless after all: it has its time again */
	CHECK(life_event(&l, LIFE_FETCHING, &f, "cam", &s), "4");
	held = f.now += LIFE_UPDATE_MAX, f.seen = f.now;
	CHECK(life_tick(&l, &f, "cam", &s) && l.state == LIFE_QUARANTINED, "5");
	CHECK(l.deadline == held + LIFE_FIX_MAX, "6");
	f.now += 20 * LIFE_DAY, f.seen = f.now;
	CHECK(life_event(&l, LIFE_FETCHING, &f, "cam", &s), "7");
	CHECK(life_event(&l, LIFE_FETCHED, &f, "cam", &s) && l.state == LIFE_ATTESTING, "8");
	CHECK(life_event(&l, LIFE_FORGED, &f, "cam", &s) && l.state == LIFE_QUARANTINED, "9");
	CHECK(l.deadline == f.now + LIFE_FIX_MAX, "10");
	f.now += LIFE_DAY, f.seen = f.now;
	held = l.deadline;
	CHECK(life_event(&l, LIFE_FETCHING, &f, "cam", &s), "11");
	life_shift(&l, &(struct when_jump){.until = INT64_MAX, .by = 365 * LIFE_DAY});
	f.now += 365 * LIFE_DAY + LIFE_UPDATE_MAX, f.seen = f.now;
	CHECK(life_tick(&l, &f, "cam", &s) && l.state == LIFE_QUARANTINED, "12");
	CHECK(l.deadline == held + 365 * LIFE_DAY, "13");
}

int main(void)
{
	check_states();
	check_events();
	check_returns();
	check_story();
	check_probation();
	check_given_up();
	for (unsigned i = 0; i < 500; i++)
		live(i % 2, 1000);
	puts("lifecycle_walk: 500 devices, 1000 events each");
	return 0;
}
