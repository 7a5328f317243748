// SPDX-License-Identifier: GPL-2.0-or-later
/* Fuzz: where a device stands and what it is suspected of, as the store has them. What
 * is taken is in range and saves to the same bytes; the table and the score have an
 * answer for it, whatever happens next. The first octet: even a life, odd suspicion. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "lifecycle/lifecycle.h"
#include "lifecycle/suspicion.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW (1700000000 * NS_PER_SEC)
#define JUMP NOW /* a clock that wakes up in 1970, and learns the time */
/* Of what was saved: how many kinds it has. Fewer are taken: there were fewer once. */
#define KINDS_AT 3

static void need(bool holds)
{
	if (!holds)
		abort();
}

static void check_same(const struct writer *w, const uint8_t *data, size_t size)
{
	need(w->len == size && memcmp(w->start, data, size) == 0);
}

/* ---- where it stands ---- */

static void check_life(const struct life *l)
{
	need((unsigned)l->state < LIFE_STATE_MAX);
	need((unsigned)l->before < LIFE_STATE_MAX && l->before != LIFE_AWAY &&
		l->before != LIFE_RETIRED);
	need(l->held == LIFE_QUARANTINED || l->held == LIFE_LIMITED);
	need((unsigned)l->level < LIFE_LEVEL_MAX);
	need(l->since >= 0 && l->deadline >= 0 && l->hopeless >= 0);
	need(life_state_name(l->state)[0] && life_level_name(l->level)[0]);
}

static void live_on(const struct life *from, uint8_t choice)
{
	struct life l = *from;
	struct life_facts f = {.now = NOW,
		.seen = NOW - (choice & 1 ? LIFE_DAY : 0),
		.critical = choice & 2,
		.enforceable = choice & 4,
		.level = (enum life_level)(choice % LIFE_LEVEL_MAX),
		.steps = choice};
	struct life_step step;

	for (unsigned e = 0; e < LIFE_EVENT_MAX; e++) {
		(void)life_event(&l, (enum life_event)e, &f, "lamp", &step);
		check_life(&l);
		f.now += LIFE_DAY;
		(void)life_tick(&l, &f, "lamp", &step);
		check_life(&l);
	}
}

/* What the clock did does not make it unreadable. */
static void shift_life(struct life l, nstime jump)
{
	uint8_t saved[LIFE_SAVED];
	struct writer w = writer_of(saved, sizeof(saved));

	life_shift(&l, &(struct when_jump){.until = INT64_MAX, .by = jump});
	check_life(&l);
	need(life_save(&l, &w) == 0);
	need(life_load(cursor_of(saved, w.len), &l) == 0);
}

static void try_life(const uint8_t *data, size_t size, uint8_t choice)
{
	uint8_t saved[LIFE_SAVED];
	struct writer w = writer_of(saved, sizeof(saved));
	struct life l;
	int error = life_load(cursor_of(data, size), &l);

	check_life(&l); /* also when it is not taken */
	if (!error) {
		need(life_save(&l, &w) == 0);
		if (data[0] != 1) /* which is written as the next one */
			check_same(&w, data, size);
		shift_life(l, JUMP);
		shift_life(l, -JUMP);
	}
	live_on(&l, choice);
}

/* ---- what it is suspected of ---- */

static void check_suspicion(struct suspicion *s, nstime now)
{
	char why[LIMIT_TEXT];
	double score;

	need((unsigned)s->level <= SUSPICION_CONVICTED);
	for (size_t k = 0; k < SUSPICION_KIND_MAX; k++) {
		need(isfinite(s->points[k]) && s->points[k] >= 0 && s->last[k] >= 0);
		need(memchr(s->text[k], 0, LIMIT_LABEL));
		need(str_is_clean_utf8(s->text[k], strlen(s->text[k])));
	}
	score = suspicion_score(s, now);
	need(isfinite(score) && score >= 0);
	need((unsigned)suspicion_level(s, SUSPICION_THING, now) <= SUSPICION_CONVICTED);
	suspicion_why(s, now, why);
	need(memchr(why, 0, sizeof(why)));
}

static void see_more(struct suspicion *s, uint8_t choice)
{
	for (uint8_t i = 0; i < 40; i++) {
		struct suspicion_seen e = {
			.kind = i % 4 == 1   ? SUSPICION_SPOOF
				: i % 4 == 2 ? SUSPICION_LISTEN
				: i % 4 == 3 ? SUSPICION_HIDDEN
					     : SUSPICION_STRAY,
			.when = NOW + i * NS_PER_SEC,
			.peer = addr_v4((uint8_t[4]){203, 0, 113, i}),
			.proto = 6,
			.port = (uint16_t)(choice + i),
			.count = 1,
			.allowed = choice & 1};

		suspicion_see(s, &e);
	}
	check_suspicion(s, NOW + 40 * NS_PER_SEC);
}

/* Saved, it comes back as it is; and after the clock was set it can still be read. */
static void check_comes_back(struct suspicion s, nstime jump)
{
	uint8_t first[SUSPICION_SAVED], second[SUSPICION_SAVED];
	struct writer a = writer_of(first, sizeof(first));
	struct writer b = writer_of(second, sizeof(second));

	suspicion_shift(&s, &(struct when_jump){.until = INT64_MAX, .by = jump});
	need(suspicion_save(&s, &a) == 0);
	need(suspicion_load(cursor_of(first, a.len), s.key, NOW, &s) == 0);
	need(suspicion_save(&s, &b) == 0);
	check_same(&b, first, a.len);
}

static void try_suspicion(const uint8_t *data, size_t size, uint8_t choice)
{
	uint8_t saved[SUSPICION_SAVED];
	struct writer w = writer_of(saved, sizeof(saved));
	struct suspicion s;
	int error = suspicion_load(
		cursor_of(data, size), (struct hash_key){{1, 2}}, NOW, &s);

	if (!error) {
		need(suspicion_save(&s, &w) == 0);
		if (data[KINDS_AT] == SUSPICION_KIND_MAX)
			check_same(&w, data, size);
		check_comes_back(s, 0);
		check_comes_back(s, JUMP);
		check_comes_back(s, -JUMP);
	} else {
		need(s.level == SUSPICION_NONE && suspicion_score(&s, NOW) == 0);
	}
	check_suspicion(&s, NOW);
	see_more(&s, choice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] % 2)
		try_suspicion(data + 1, size - 1, data[0] / 2);
	else
		try_life(data + 1, size - 1, data[0] / 2);
	return 0;
}
