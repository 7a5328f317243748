// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a device stands, as octets for the store. */
#include "lifecycle/lifecycle.h"
#include "lifecycle/when.h"

#define VERSION 2 /* 1: not yet when it is given up, and by whose word it is held */

int life_save(const struct life *l, struct writer *w)
{
	writer_u8(w, VERSION);
	writer_u8(w, (uint8_t)l->state);
	writer_u8(w, (uint8_t)l->before);
	writer_u8(w, (uint8_t)l->held);
	writer_u8(w, (uint8_t)l->level);
	writer_u32(w, l->offences);
	writer_u32(w, l->returns);
	writer_u64(w, (uint64_t)l->since);
	writer_u64(w, (uint64_t)l->deadline);
	writer_u64(w, (uint64_t)l->first_return);
	writer_u64(w, (uint64_t)l->hopeless);
	writer_u8(w, l->by_owner);
	return w->error;
}

/* AWAY: not a time, but what is left until then. */
static bool are_times_real(const struct life *l, uint8_t state)
{
	return when_is_real(l->since) && when_is_real(l->first_return) &&
	       when_is_real(l->deadline) && when_is_real(l->hopeless) &&
	       (state != LIFE_AWAY || l->deadline <= WHEN_LEFT);
}

int life_load(struct cursor saved, struct life *ret)
{
	struct cursor *c = &saved;
	uint8_t version = cursor_u8(c), state = cursor_u8(c), before = cursor_u8(c);
	uint8_t held = cursor_u8(c), level = cursor_u8(c), by_owner = 0;
	struct life l = {0};

	l.offences = cursor_u32(c);
	l.returns = cursor_u32(c);
	l.since = (nstime)cursor_u64(c);
	l.deadline = (nstime)cursor_u64(c);
	l.first_return = (nstime)cursor_u64(c);
	l.by_owner = true; /* it may have been so */
	if (version > 1) {
		l.hopeless = (nstime)cursor_u64(c);
		by_owner = cursor_u8(c);
		l.by_owner = by_owner;
	} else if (state == LIFE_QUARANTINED || state == LIFE_LIMITED) {
		l.hopeless = l.deadline;
	}
	if (c->error || cursor_left(c) || version < 1 || version > VERSION ||
		state >= LIFE_STATE_MAX || before >= LIFE_STATE_MAX ||
		before == LIFE_AWAY || before == LIFE_RETIRED ||
		(held != LIFE_QUARANTINED && held != LIFE_LIMITED) ||
		level >= LIFE_LEVEL_MAX || by_owner > 1 || !are_times_real(&l, state)) {
		life_init(ret, 0);
		return CARDEA_EMALFORMED;
	}
	l.state = (enum life_state)state;
	l.before = (enum life_state)before;
	l.held = (enum life_state)held;
	l.level = (enum life_level)level;
	*ret = l;
	return 0;
}
