// SPDX-License-Identifier: GPL-2.0-or-later
/* interact_state - what was counted, as bytes and back; what is under way is not kept,
 * as with episodes. Hostile on the way in, as in load.c. */
#include "profiles/learned/interact_priv.h"
#include "profiles/learned/state_priv.h"

#include <errno.h>
#include <stdlib.h>

#define HEAD_BYTES (8 + 2)
#define ACT_BYTES (8 + LEARNED_STATE_KEY_MAX + 1 + 2 + 4 * INTERACT_WINDOWS + 2 + 1)
#define PAIR_BYTES (2 + 2 * LEARNED_STATE_COUNTERS(INTERACT_STEPS + 1) + 2 + 8)
/* In place of the number of a device that is none of the learner's: its MAC follows. */
#define NO_DEVICE UINT16_MAX
_Static_assert(LEARNED_DEVICES_MAX < NO_DEVICE, "numbers of devices have 16 bits");
/* Unit of what is covered: 13 years in four octets. */
#define COVER_MS 100
/* What is halved with the hits, and rounded otherwise: less than two rounds of it. */
#define COUNTED_MOST (2 * INTERACT_UNITS_MAX)
#define DELAY_MOST ((uint64_t)COUNTED_MOST * (INTERACT_LOOKBACK / NS_PER_MS))

/* One of many names that was seen once is in what stands for them. */
static bool is_kept(const struct act *a)
{
	return a->count > 1 || (a->count == 1 && !a->up[0]);
}

/* Who was missing more often than not begins anew, as one that was never looked at. */
static bool is_pair_kept(const struct interact_pair *p)
{
	return is_kept(p->trigger) &&
	       p->hits[INTERACT_MISS] * 2 <= interact_pair_units(p);
}

static uint32_t cover_until(const struct interact *in, const struct act *a, unsigned window)
{
	nstime gap = in->counted - a->last;
	uint64_t cover = a->cover[window];

	gap = gap < interact_steps[window] ? gap : interact_steps[window];
	if (a->last)
		cover += (uint64_t)(gap / NS_PER_MS);
	cover /= COVER_MS;
	return cover < UINT32_MAX ? (uint32_t)cover : UINT32_MAX;
}

static void put_pair(struct writer *w, const struct interact_pair *p, uint16_t trigger)
{
	writer_u16(w, trigger);
	learned_state_put_counters(w, p->hits, INTERACT_STEPS + 1);
	learned_state_put_counters(w, p->control, INTERACT_STEPS + 1);
	writer_u16(w, p->support);
	writer_u64(w, p->delay_ms);
}

static uint16_t device_number(const struct learned *l, const struct mac *m)
{
	const struct dev *d = learned_dev_find(l, m);
	uint16_t i = 0;

	while (d && l->devices[i] != d)
		i++;
	return d ? i : NO_DEVICE;
}

static void put_act(struct writer *w, const struct learned *l, const struct act *a,
	const uint16_t number[INTERACT_ACTS_MAX])
{
	const struct interact *in = l->interact;
	uint16_t device = device_number(l, &a->key.device);
	uint8_t pairs = 0;

	writer_u16(w, device);
	if (device == NO_DEVICE)
		writer_bytes(w, a->key.device.b, sizeof a->key.device.b);
	learned_state_put_key(w, &a->key.key);
	learned_state_put_text(w, a->text);
	writer_u16(w, a->count);
	for (unsigned i = 0; i < INTERACT_WINDOWS; i++)
		writer_u32(w, cover_until(in, a, i));
	writer_u16(w, a->bouts);
	for (uint8_t i = 0; i < a->pair_count; i++)
		pairs = (uint8_t)(pairs + is_pair_kept(&a->pairs[i]));
	writer_u8(w, pairs);
	for (uint8_t i = 0; i < a->pair_count; i++)
		if (is_pair_kept(&a->pairs[i]))
			put_pair(w, &a->pairs[i], number[a->pairs[i].trigger->index]);
}

void learned_interact_save(const struct learned *l, struct writer *w)
{
	const struct interact *in = l->interact;
	uint16_t number[INTERACT_ACTS_MAX], kept = 0;

	for (uint32_t i = 0; i < in->count; i++)
		number[i] = is_kept(in->acts[i]) ? kept++ : 0;
	writer_u64(w, interact_watched_ms(in));
	writer_u16(w, kept);
	for (uint32_t i = 0; i < in->count; i++)
		if (is_kept(in->acts[i]))
			put_act(w, l, in->acts[i], number);
}

size_t learned_interact_save_size(const struct interact *in)
{
	size_t size = HEAD_BYTES;

	for (uint32_t i = 0; i < in->count; i++)
		size += ACT_BYTES + strlen(in->acts[i]->text) +
			PAIR_BYTES * in->acts[i]->pair_count;
	return size;
}

/* ---- and back ---- */

static void fail(struct cursor *c)
{
	cursor_fail(c, CARDEA_EMALFORMED);
}

static bool act_is_sound(const struct act_key *k, const char *text)
{
	bool house = k->key.place == RECORD_DEVICE && !k->key.said;

	if (!learned_state_text_is_sound(&k->key, text))
		return false;
	if (house)
		return k->key.direction == DIRECTION_FROM_DEVICE && !k->key.peer_any &&
		       !mac_is_zero(&k->key.mac);
	return !mac_is_zero(&k->device);
}

static uint32_t sum_of(const uint16_t n[INTERACT_STEPS + 1])
{
	uint32_t sum = 0;

	for (unsigned i = 0; i <= INTERACT_STEPS; i++)
		sum += n[i];
	return sum;
}

/* The trigger's number is kept in `run` until all acts are there. */
static void get_pair(struct cursor *c, struct interact_pair *p, uint16_t acts)
{
	uint16_t trigger = cursor_u16(c);

	learned_state_get_counters(c, p->hits, INTERACT_STEPS + 1);
	learned_state_get_counters(c, p->control, INTERACT_STEPS + 1);
	p->support = cursor_u16(c);
	p->delay_ms = cursor_u64(c);
	p->run = trigger;
	if (trigger >= acts || !sum_of(p->hits) ||
		sum_of(p->hits) > INTERACT_UNITS_MAX ||
		p->hits[INTERACT_MISS] * 2U > sum_of(p->hits) ||
		sum_of(p->control) > COUNTED_MOST || p->support > COUNTED_MOST ||
		p->delay_ms > DELAY_MOST)
		fail(c);
}

static int pass_pairs(struct cursor *c, uint8_t n, uint16_t acts)
{
	struct interact_pair nobodys;

	while (n-- && !c->error)
		get_pair(c, &nobodys, acts);
	return c->error;
}

static int get_pairs(struct cursor *c, struct act *a, uint16_t acts, bool paired)
{
	uint8_t n = cursor_u8(c);
	bool dropped = n && !interact_is_effect(a);

	if (n > INTERACT_TRIGGERS_MAX || (dropped && !paired))
		fail(c);
	if (!n || c->error)
		return c->error;
	if (dropped)
		return pass_pairs(c, n, acts);
	a->pairs = calloc(n, sizeof *a->pairs);
	if (!a->pairs)
		return -ENOMEM;
	a->pair_cap = n;
	for (uint8_t i = 0; i < n && !c->error; i++) {
		struct interact_pair *p = &a->pairs[i];

		get_pair(c, p, acts);
		for (uint8_t j = 0; j < i; j++)
			if (a->pairs[j].run == p->run)
				fail(c);
		if (p->run == a->index)
			fail(c);
	}
	a->pair_count = c->error ? 0 : n;
	return c->error;
}

static void get_cover(struct cursor *c, struct act *a, uint64_t watched_ms)
{
	for (unsigned i = 0; i < INTERACT_WINDOWS; i++) {
		a->cover[i] = (uint64_t)cursor_u32(c) * COVER_MS;
		if (a->cover[i] > watched_ms || (i && a->cover[i] < a->cover[i - 1]))
			fail(c);
	}
}

static void get_device(struct cursor *c, const struct learned *l, struct mac *m)
{
	uint16_t device = cursor_u16(c);

	if (device != NO_DEVICE && device >= l->count)
		fail(c);
	else if (device != NO_DEVICE)
		*m = l->devices[device]->mac;
	else
		cursor_copy(c, m->b, sizeof m->b);
	if (device == NO_DEVICE && learned_dev_find(l, m))
		fail(c); /* it has a number */
}

static int get_act(
	struct cursor *c, const struct learned *l, uint16_t acts, bool paired)
{
	struct interact *in = l->interact;
	struct act_key key = {0};
	char text[LIMIT_TEXT];
	struct act *a;
	int r;

	get_device(c, l, &key.device);
	learned_state_get_key(c, &key.key);
	if (!learned_state_get_text(c, text) || !act_is_sound(&key, text) ||
		interact_act_find(in, &key, text))
		fail(c);
	if (c->error)
		return c->error;
	r = interact_act_new(in, &key, text, &a);
	if (r)
		return r;
	a->count = cursor_u16(c);
	get_cover(c, a, in->watched_ms);
	a->bouts = cursor_u16(c);
	if (!a->count || a->bouts > INTERACT_UNITS_MAX)
		fail(c);
	return get_pairs(c, a, acts, paired);
}

int learned_interact_load(struct learned *l, struct cursor *c, bool paired)
{
	struct interact *in = l->interact;
	uint16_t n;
	int r = 0;

	in->watched_ms = cursor_u64(c);
	n = cursor_u16(c);
	if (n > INTERACT_ACTS_MAX || in->watched_ms > INTERACT_WATCHED_MAX)
		fail(c);
	for (uint16_t i = 0; i < n && !r; i++)
		r = c->error ? c->error : get_act(c, l, n, paired);
	if (r || c->error)
		return r ? r : c->error;
	for (uint16_t i = 0; i < n; i++) {
		struct act *a = in->acts[i];

		for (uint8_t j = 0; j < a->pair_count; j++) {
			a->pairs[j].trigger = in->acts[a->pairs[j].run];
			a->pairs[j].run = 0;
		}
	}
	for (uint16_t i = 0; i < n; i++)
		interact_act_link(l, in->acts[i], false);
	for (uint16_t i = 0; i < n; i++)
		if (!is_kept(in->acts[i]))
			fail(c);
	return c->error;
}
