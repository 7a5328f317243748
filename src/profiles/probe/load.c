// SPDX-License-Identifier: GPL-2.0-or-later
/* load - saved state is a file, and files are hostile: whatever saving does not write
 * is refused, and what is taken saves to the same bytes. */
#include "profiles/probe/probe_priv.h"
#include "profiles/probe/state_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "model/flow.h"

/* Nights since 1970, in either direction: of any time that is believed. */
#define NIGHT_MAX (PROBE_WALL_MAX / NS_PER_SEC / SECONDS_PER_DAY + 2)

static void require(struct cursor *c, bool what)
{
	if (!what)
		cursor_fail(c, CARDEA_EMALFORMED);
}

static nstime get_time(struct cursor *c)
{
	uint64_t t = cursor_u64(c);

	require(c, t <= PROBE_WALL_MAX);
	return (nstime)t;
}

static bool get_bool(struct cursor *c)
{
	uint8_t b = cursor_u8(c);

	require(c, b <= 1);
	return b == 1;
}

static unsigned get_enum(struct cursor *c, unsigned max)
{
	uint8_t v = cursor_u8(c);

	require(c, v < max);
	return v;
}

static uint32_t get_count(struct cursor *c, uint32_t most)
{
	uint8_t n = cursor_u8(c);

	require(c, n <= most);
	return c->error ? 0 : n;
}

static void get_addr(struct cursor *c, struct addr *a)
{
	a->family = cursor_u8(c);
	require(c, a->family == 0 || a->family == 4 || a->family == 6);
	cursor_copy(c, a->b, a->family == 4 ? 4 : a->family ? 16 : 0);
}

static void get_name(struct cursor *c, char name[LIMIT_NAME])
{
	size_t len = cursor_u8(c);

	cursor_copy(c, name, len);
	for (size_t i = 0; i < len; i++)
		require(c, name[i] > ' ' && name[i] <= '~');
}

static void get_kind(struct cursor *c, struct probe_kind *k)
{
	k->direction = (enum direction)get_enum(c, DIRECTION_MAX);
	k->proto = cursor_u8(c);
	k->port = cursor_u16(c);
	k->place = (enum record_place)get_enum(c, RECORD_PLACE_MAX);
	get_name(c, k->name);
	get_addr(c, &k->peer);
	cursor_copy(c, k->peer_mac.b, sizeof k->peer_mac.b);
}

static bool is_sound_target(const struct probe_kind *k)
{
	return k->direction == DIRECTION_FROM_DEVICE && k->place == RECORD_INTERNET &&
	       (k->proto == FLOW_PROTO_TCP || k->proto == FLOW_PROTO_UDP) && k->port &&
	       (k->name[0] || k->peer.family);
}

static void get_try(struct cursor *c, struct probe_try *t)
{
	t->when = get_time(c);
	t->outcome = (enum probe_outcome)get_enum(c, PROBE_OUTCOME_MAX);
	t->why = (enum probe_why)get_enum(c, PROBE_WHY_MAX);
	t->lasted_s = cursor_u32(c);
	t->attempts = cursor_u32(c);
	t->expected = cursor_u8(c);
	t->went_on = cursor_u8(c);
	t->appeared = cursor_u8(c);
	require(c, t->went_on <= t->expected && t->expected <= PROBE_COMPANIONS_MAX &&
			   t->appeared <= PROBE_FALLBACKS_MAX &&
			   (t->why != PROBE_WHY_NONE) == (t->outcome == PROBE_STOPPED));
}

static void get_fallback(struct cursor *c, struct probe_fallback *f)
{
	get_kind(c, &f->kind);
	f->times = cursor_u32(c);
	f->apart = cursor_u32(c);
	f->after_ms = cursor_u32(c);
	f->first = get_time(c);
	f->last = get_time(c);
	require(c, f->times && f->first <= f->last);
}

static void get_target(struct cursor *c, struct probe_target *t)
{
	get_kind(c, &t->kind);
	require(c, is_sound_target(&t->kind));
	t->whole = get_bool(c);
	require(c, !t->whole || t->kind.name[0]);
	for (unsigned i = 0; i < PROBE_OUTCOME_MAX; i++)
		t->counts[i] = cursor_u32(c);
	t->try_count = get_count(c, PROBE_TRIES_KEPT);
	for (uint32_t i = 0; i < t->try_count; i++)
		get_try(c, &t->tries[i]);
	t->fallback_count = get_count(c, PROBE_FALLBACKS_MAX);
	for (uint32_t i = 0; i < t->fallback_count; i++)
		get_fallback(c, &t->fallbacks[i]);
	t->fallbacks_beyond = cursor_u32(c);
}

static void get_head(struct cursor *c, struct subject *s)
{
	uint8_t flags;

	require(c, cursor_u32(c) == PROBE_STATE_MAGIC);
	require(c, cursor_u8(c) == PROBE_STATE_VERSION);
	cursor_copy(c, s->mac.b, sizeof s->mac.b);
	flags = cursor_u8(c);
	require(c, flags <= 3);
	s->allowed = flags & 1;
	s->unrecovered = flags >> 1 & 1;
	s->class = (enum device_class)get_enum(c, DEVICE_CLASS_MAX);
	s->window.start = cursor_u16(c);
	s->window.length = cursor_u16(c);
	s->since = get_time(c);
	require(c, !probe_class_is_forbidden(s->class) &&
			   probe_window_is_sound(&s->window) && !mac_is_zero(&s->mac) &&
			   !mac_is_group(&s->mac));
}

static enum probe_state state_of(uint8_t saved)
{
	static const enum probe_state states[SAVED_MAX] = {[SAVED_IDLE] = PROBE_IDLE,
		[SAVED_REFUSED] = PROBE_RESTORING,
		[SAVED_SETTLING] = PROBE_SETTLING,
		[SAVED_RECOVERING] = PROBE_RECOVERING};

	return states[saved];
}

/* Whether there was a first one is told by what follows: nothing does, or all. */
static void get_run(struct cursor *c, struct subject *s)
{
	unsigned state = get_enum(c, SAVED_MAX);
	uint64_t night;
	uint8_t flags;

	if (c->error || (state == SAVED_IDLE && cursor_left(c) == 0))
		return;
	s->state = state_of((uint8_t)state);
	s->loaded = true;
	s->last = get_time(c);
	night = cursor_u64(c);
	s->last_night = (int64_t)night;
	s->run.target = cursor_u8(c);
	flags = cursor_u8(c);
	s->run.met = flags & 1;
	s->run.stopped = flags >> 1 & 1;
	s->run.attempts = cursor_u32(c);
	s->run.period = get_time(c);
	require(c, s->last > 0 && s->last_night >= -NIGHT_MAX &&
			   s->last_night <= NIGHT_MAX && flags <= 3 &&
			   s->run.target < s->target_count);
	s->run.begun_wall = s->last;
}

static int load(struct cursor *c, struct subject *s)
{
	get_head(c, s);
	s->target_count = get_count(c, PROBE_TARGETS_MAX);
	if (s->target_count) {
		s->targets = calloc(s->target_count, sizeof *s->targets);
		if (!s->targets)
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < s->target_count && !c->error; i++)
		get_target(c, &s->targets[i]);
	get_run(c, s);
	require(c, cursor_left(c) == 0);
	return c->error;
}

int probe_load(struct probe *p, struct cursor saved)
{
	struct subject *s = calloc(1, sizeof *s);
	int error = s ? load(&saved, s) : -ENOMEM;

	if (!error && probe_find(p, &s->mac))
		error = -EEXIST;
	if (!error && p->count == PROBE_DEVICES_MAX)
		error = CARDEA_ELIMIT;
	if (error) {
		probe_subject_free(s);
		return error;
	}
	s->active_mono = p->born_mono;
	p->subjects[p->count++] = s;
	return 0;
}
