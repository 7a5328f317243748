// SPDX-License-Identifier: GPL-2.0-or-later
/* lockout - who fails waits, longer each time. */
#include "engine/lockout.h"

#include <stdlib.h>
#include <string.h>

/* Keys of two kinds share one table: the upper bits say which. */
#define KEY_DEVICE (1ULL << 62)
#define KEY_ADDR (2ULL << 62)
#define KEY_NAME (3ULL << 62)
#define KEY_BITS ((1ULL << 62) - 1)

/* FNV-1a, 64 bits. Who makes two of them meet shares a pause with another guesser. */
static uint64_t hash(const void *octets, size_t len)
{
	const uint8_t *at = octets;
	uint64_t h = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < len; i++)
		h = (h ^ at[i]) * 0x100000001b3ULL;
	return h & KEY_BITS;
}

/* A device takes as many IPv6 addresses as it likes, and a host that is none of ours a
 * whole /64. */
static uint64_t key_of_who(const struct lockout_try *t)
{
	if (t->device)
		return KEY_DEVICE | t->device;
	return KEY_ADDR | hash(t->from.b, t->from.family == 6 ? 8 : 4);
}

static uint64_t key_of_name(const struct lockout_try *t)
{
	return KEY_NAME | hash(t->user, strlen(t->user) + 1);
}

static struct lockout_place *find(const struct lockout *l, uint64_t key)
{
	for (size_t i = 0; l->places && i < LOCKOUT_PLACES; i++)
		if (l->places[i].key == key)
			return &l->places[i];
	return NULL;
}

/* The first is the setup secret's alone. */
static struct lockout_place *place_of_name(const struct lockout *l, const struct lockout_try *t)
{
	size_t i = t->user[0] ? 1 + (size_t)(key_of_name(t) % LOCKOUT_NAMES) : 0;

	return l->places ? &l->places[LOCKOUT_PLACES + i] : NULL;
}

/* Who and whom: that a viewer logged in there makes it no owner's device. */
static uint64_t key_of_both(const struct lockout_try *t)
{
	const uint64_t both[2] = {key_of_who(t), key_of_name(t)};

	return KEY_NAME | hash(both, sizeof(both));
}

static bool is_known(const struct lockout *l, uint64_t key)
{
	for (size_t i = 0; i < LOCKOUT_KNOWN; i++)
		if (l->known[i] == key)
			return true;
	return false;
}

static bool is_stale(const struct lockout_place *p, nstime now)
{
	return now - p->last >= LOCKOUT_FORGET;
}

static nstime left(const struct lockout_place *p, nstime now)
{
	return p && !is_stale(p, now) && p->until > now ? p->until - now : 0;
}

static nstime left_of_all(const struct lockout *l, nstime now)
{
	if (l->all < LOCKOUT_ALL_FREE || now - l->since >= LOCKOUT_FORGET ||
		now - l->last >= LOCKOUT_ALL_PAUSE)
		return 0;
	return l->last + LOCKOUT_ALL_PAUSE - now;
}

static nstime longest(nstime a, nstime b)
{
	return a > b ? a : b;
}

nstime lockout_pause(const struct lockout *l, const struct lockout_try *t, nstime now)
{
	const struct lockout_place *who = find(l, key_of_who(t));
	nstime own = left(who, now), of_user = 0;

	/* Who has logged in from there waits for his own failures alone: else whoever guesses
	 * all the time, or from many addresses, could keep the owner out who mistypes once. */
	if (is_known(l, key_of_both(t)))
		return own;
	/* And who has not failed may always try. */
	if (who && who->failures && !is_stale(who, now))
		of_user = left(place_of_name(l, t), now);
	return longest(longest(own, of_user), left_of_all(l, now));
}

static nstime pause_after(uint32_t failures)
{
	nstime pause = NS_PER_SEC;

	if (failures < LOCKOUT_FREE)
		return 0;
	for (uint32_t i = LOCKOUT_FREE; i < failures && pause < LOCKOUT_PAUSE_MAX; i++)
		pause *= 2;
	return pause < LOCKOUT_PAUSE_MAX ? pause : LOCKOUT_PAUSE_MAX;
}

static struct lockout_place *take(struct lockout *l, uint64_t key)
{
	struct lockout_place *p = find(l, key), *oldest = l->places;

	for (size_t i = 0; !p && i < LOCKOUT_PLACES; i++)
		if (!l->places[i].key || l->places[i].last < oldest->last)
			oldest = &l->places[i];
	if (p)
		return p;
	*oldest = (struct lockout_place){.key = key};
	return oldest;
}

static void count(struct lockout_place *p, uint64_t name, nstime now)
{
	if (is_stale(p, now))
		*p = (struct lockout_place){.key = p->key};
	p->about = !p->failures || p->about == name ? name : 0;
	p->failures += p->failures < UINT32_MAX;
	p->last = now;
	p->until = now + pause_after(p->failures);
}

static void count_all(struct lockout *l, nstime now)
{
	if (!l->all || now - l->since >= LOCKOUT_FORGET) {
		l->all = 0;
		l->since = now;
	}
	l->all++;
	l->last = now;
}

bool lockout_failed(
	struct lockout *l, const struct lockout_try *t, nstime now, uint32_t *ret_count)
{
	struct lockout_place *who;

	count_all(l, now);
	if (!l->places)
		l->places = calloc(LOCKOUT_PLACES + 1 + LOCKOUT_NAMES, sizeof(*l->places));
	*ret_count = 1;
	if (!l->places)
		return true;
	count(place_of_name(l, t), key_of_name(t), now);
	who = take(l, key_of_who(t));
	count(who, key_of_name(t), now);
	*ret_count = ++who->untold;
	if (who->told && now - who->told < LOCKOUT_TOLD_EVERY)
		return false;
	who->told = now ? now : 1;
	who->untold = 0;
	return true;
}

static void forgive(struct lockout_place *p, uint64_t name)
{
	if (!p || p->about != name)
		return;
	p->failures = 0;
	p->until = 0;
}

void lockout_passed(struct lockout *l, const struct lockout_try *t)
{
	uint64_t both = key_of_both(t);

	forgive(find(l, key_of_who(t)), key_of_name(t));
	forgive(place_of_name(l, t), key_of_name(t));
	if (is_known(l, both))
		return;
	l->known[l->known_next] = both;
	l->known_next = (l->known_next + 1) % LOCKOUT_KNOWN;
}

void lockout_free(struct lockout *l)
{
	free(l->places);
	l->places = NULL;
}
