// SPDX-License-Identifier: GPL-2.0-or-later
/* episode - from conversations to bursts between silences, from bursts to episodes with
 * the context in which they happened. Records come when conversations are over: several
 * bursts are under way until nothing of theirs can be told any more. */
#include "profiles/learned/interact_priv.h"

#include <errno.h>
#include <stdlib.h>

/* ---- bursts under way ---- */

static int bursts_grow(struct dev *d)
{
	uint32_t cap = d->burst_cap ? d->burst_cap * 2 : 1;
	struct burst *bursts = realloc(d->bursts, cap * sizeof *bursts);

	if (!bursts)
		return -ENOMEM;
	d->bursts = bursts;
	d->burst_cap = cap;
	return 0;
}

/* Each that is under way may become an episode, and the background, too: none can fail
 * for lack of memory when it ends. */
static int burst_reserve(struct dev *d)
{
	int r = d->burst_count == d->burst_cap ? bursts_grow(d) : 0;

	return r ? r : learned_dev_reserve(d, d->number + d->burst_count + 2);
}

static struct burst *burst_at(struct dev *d, uint32_t i)
{
	memmove(&d->bursts[i + 1], &d->bursts[i],
		(d->burst_count - i) * sizeof *d->bursts);
	d->burst_count++;
	d->bursts[i] = (struct burst){.used = true, .id = ++d->burst_id};
	return &d->bursts[i];
}

static void burst_free(struct dev *d, uint32_t i)
{
	free(d->bursts[i].touches);
	d->burst_count--;
	memmove(&d->bursts[i], &d->bursts[i + 1],
		(d->burst_count - i) * sizeof *d->bursts);
}

static struct touch *touch_find(const struct burst *b, const struct leaf *leaf)
{
	if (leaf->burst == (uint16_t)b->id && leaf->touch < b->count &&
		b->touches[leaf->touch].leaf == leaf)
		return &b->touches[leaf->touch];
	for (uint32_t i = 0; i < b->count; i++)
		if (b->touches[i].leaf == leaf)
			return &b->touches[i];
	return NULL;
}

/* Bounded: a burst touches each leaf once, and LEARNED_KINDS_MAX leaves there are. */
static int touch_get(struct burst *b, struct leaf *leaf, struct touch **ret)
{
	struct touch *t = leaf->pending ? touch_find(b, leaf) : NULL;

	if (!t && b->count == b->cap) {
		uint32_t cap = b->cap + b->cap / 2 + 2;
		struct touch *touches = realloc(b->touches, cap * sizeof *touches);

		if (!touches)
			return -ENOMEM;
		b->touches = touches;
		b->cap = cap;
	}
	if (!t) {
		t = &b->touches[b->count++];
		*t = (struct touch){.leaf = leaf, .first = LEARNED_TIME_MAX};
		leaf->pending++;
	}
	leaf->burst = (uint16_t)b->id;
	leaf->touch = (uint16_t)(t - b->touches);
	*ret = t;
	return 0;
}

static uint32_t touch_packets(uint64_t n)
{
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static void touch_join(struct touch *into, const struct touch *t)
{
	if (t->first < into->first)
		into->first = t->first;
	if (t->last > into->last)
		into->last = t->last;
	into->flows += t->flows;
	into->fruitful |= t->fruitful;
	into->packets = touch_packets((uint64_t)into->packets + t->packets);
	for (size_t i = 0; i < DIRECTION_MAX; i++)
		into->bytes[i] += t->bytes[i];
}

/* All of `from` is `into`'s. */
static int burst_join(struct burst *into, struct burst *from)
{
	if (!into->count || from->start < into->start)
		into->start = from->start;
	if (!into->count || from->end > into->end)
		into->end = from->end;
	into->by_user |= from->by_user;
	if (from->download > into->download)
		into->download = from->download;
	while (from->count) {
		const struct touch *t = &from->touches[from->count - 1];
		struct touch *own;
		int r = touch_get(into, t->leaf, &own);

		if (r)
			return r;
		touch_join(own, t);
		t->leaf->pending--;
		from->count--;
	}
	return 0;
}

static bool in_setup(const struct dev *d, nstime when)
{
	return d->fresh && when >= d->appeared - LEARNED_GAP &&
	       when <= d->appeared + LEARNED_SETUP_TIME;
}

static bool belongs(const struct learned *l, const struct dev *d, const struct burst *b,
	nstime when)
{
	if (l->config.per_capture || (in_setup(d, b->start) && in_setup(d, when)))
		return true;
	if (when < b->start - LEARNED_GAP || when > b->end + LEARNED_GAP)
		return false;
	nstime start = when < b->start ? when : b->start;
	nstime end = when > b->end ? when : b->end;
	return end - start <= LEARNED_HOUR;
}

/* The burst of that time, longer by it; perhaps it closes a silence between two. */
static int burst_get(struct learned *l, struct dev *d, nstime when, struct burst **ret)
{
	uint32_t i = 0;

	while (i < d->burst_count && !belongs(l, d, &d->bursts[i], when) &&
		d->bursts[i].start <= when)
		i++;
	if (i == d->burst_count || !belongs(l, d, &d->bursts[i], when)) {
		if (d->burst_count == LEARNED_BURSTS_MAX) {
			learned_burst_close(l, d, 0);
			i -= i > 0;
		}
		int r = burst_reserve(d);
		if (r)
			return r;
		struct burst *b = burst_at(d, i);
		b->start = b->end = when;
		*ret = b;
		return 0;
	}
	struct burst *b = &d->bursts[i];
	if (when < b->start)
		b->start = when;
	if (when > b->end)
		b->end = when;
	*ret = b;
	if (i + 1 < d->burst_count && belongs(l, d, &d->bursts[i + 1], when)) {
		int r = burst_join(b, &d->bursts[i + 1]);

		if (r)
			return r;
		burst_free(d, i + 1);
	}
	return 0;
}

/* When it happened, as far as episodes go: one that was begun too long ago for its
 * burst to be under way is told of where it ended. */
static nstime time_of(const struct learned *l, const struct record *r)
{
	if (l->config.per_capture || l->now - r->first <= LEARNED_HORIZON + LEARNED_GAP)
		return r->first;
	return r->last;
}

static void note_gap(
	const struct learned *l, struct dev *d, struct leaf *leaf, nstime at)
{
	if (d->capture != l->capture) { /* what was before the gap is no period */
		for (uint32_t i = 0; i < d->count; i++)
			d->leaves[i]->begun = 0;
		d->capture = l->capture;
	}
	if (leaf->begun && at > leaf->begun + NS_PER_SEC)
		learned_gaps_add(&leaf->gaps, at - leaf->begun);
	if (at > leaf->begun + NS_PER_SEC || !leaf->begun)
		leaf->begun = at;
}

static void touch_add(struct touch *t, const struct record *r, bool fruitless)
{
	touch_join(t, &(struct touch){.first = r->first,
			      .last = r->last,
			      .flows = 1,
			      .fruitful = !fruitless,
			      .packets = touch_packets(r->packets[0] + r->packets[1]),
			      .bytes = {r->bytes[0], r->bytes[1]}});
}

/* A phone or a hub begins: not what it does by its own clock. */
static bool is_by_user(const struct record *r, const struct leaf *leaf)
{
	return r->direction == DIRECTION_TO_DEVICE && r->place == RECORD_DEVICE &&
	       (r->proto == FLOW_PROTO_TCP || r->proto == FLOW_PROTO_UDP) &&
	       !leaf->key.source_port && !learned_gaps_period(&leaf->gaps);
}

static void say_many(struct dev *d, const struct leaf *leaf, nstime when)
{
	static const struct hash_key fixed; /* the same after a restart */
	uint32_t met = leaf->sketch ? learned_estimate_distinct(
					      learned_set_count(leaf->sketch))
				    : 0;

	if (met > LEARNED_KINDS_MAX)
		learned_finding_add(d, LEARNED_DIVERSE,
			1 + hash_bytes(&fixed, leaf->text, strlen(leaf->text)), when,
			met, "more than %u names below %s: a tunnel in names?",
			(unsigned)LEARNED_KINDS_MAX, leaf->text);
}

static int leaf_for(struct learned *l, struct dev *d, const struct canonical *c,
	uint64_t hash, nstime when, struct leaf **ret)
{
	struct leaf *leaf = learned_leaf_find_kind(d, c, hash);
	int r = 0;

	if (!leaf) {
		r = learned_leaf_collapse(l, d);
		leaf = r ? NULL : learned_leaf_find_kind(d, c, hash);
	}
	if (!r && !leaf)
		r = learned_leaf_new(d, &c->key, c->text, &leaf);
	if (r == CARDEA_ELIMIT)
		learned_finding_add(d, LEARNED_DIVERSE, 0, when, d->count,
			"does more than %u different things, too diverse to learn: a "
			"general-purpose computer?",
			(unsigned)LEARNED_KINDS_MAX);
	if (r)
		return r;
	learned_leaf_sketch(d, leaf, c->text);
	say_many(d, leaf, when);
	*ret = leaf;
	return 0;
}

int learned_touch(
	struct learned *l, struct dev *d, const struct learned_batched *of, bool fruitless)
{
	const struct record *r = of->record;
	nstime when = time_of(l, r);
	struct burst *b = NULL;

	for (size_t i = 0; i < of->count; i++) {
		struct leaf *leaf;
		struct touch *t;
		int e = leaf_for(l, d, &of->kinds[i], of->hash[i], when, &leaf);

		if (e)
			return e == CARDEA_ELIMIT ? 0 : e;
		leaf->pending++; /* stays while bursts are joined or closed */
		e = burst_get(l, d, when, &b);
		if (!e)
			e = touch_get(b, leaf, &t);
		leaf->pending--;
		if (e) {
			learned_leaf_release(d, leaf);
			return e;
		}
		learned_leaf_note(leaf, r);
		learned_leaf_met(leaf, &r->peer);
		leaf->begun_once |= !r->midstream;
		if (!leaf->naming || (r->naming && r->naming < leaf->naming))
			leaf->naming = (uint8_t)r->naming;
		touch_add(t, r, fruitless);
		note_gap(l, d, leaf, r->first);
		b->by_user = b->by_user || is_by_user(r, leaf);
		e = learned_interact_see(l, d, r, &of->kinds[i], leaf);
		if (e)
			return e;
	}
	if (b && r->place == RECORD_INTERNET &&
		r->bytes[DIRECTION_TO_DEVICE] > b->download)
		b->download = r->bytes[DIRECTION_TO_DEVICE];
	return 0;
}

void learned_burst_drop(struct dev *d, struct burst *b,
	bool (*condemned)(const struct touch *t, const void *ctx), const void *ctx)
{
	for (uint32_t i = 0; i < b->count;) {
		struct leaf *leaf = b->touches[i].leaf;

		if (!condemned(&b->touches[i], ctx)) {
			i++;
			continue;
		}
		b->touches[i] = b->touches[--b->count];
		leaf->pending--;
		learned_leaf_release(d, leaf);
	}
}

/* ---- episodes ---- */

static bool booted_in(
	const struct learned *l, const struct dev *d, const struct burst *b)
{
	for (uint32_t i = 0; i < LEARNED_BOOTS_MAX && i < d->boot_count; i++)
		if (l->config.per_capture ||
			(d->boots[i] >= b->start - LEARNED_GAP &&
				d->boots[i] <= b->end + LEARNED_GAP))
			return true;
	return false;
}

/* There before the capture began: nobody set it up now, unless it asks for its address.
 */
static bool is_setup(
	const struct learned *l, const struct dev *d, const struct burst *b)
{
	bool in = d->fresh && (l->config.per_capture || in_setup(d, b->start));

	return in && (d->appeared > l->began + LEARNED_GAP || booted_in(l, d, b));
}

/* Of a device that has been known for a while more than it ever loads as a rule. */
static bool is_update(const struct dev *d, const struct burst *b)
{
	uint64_t usual = learned_few_at(&d->downloads, 99);

	if (b->download < LEARNED_UPDATE_BYTES)
		return false;
	return d->number < LEARNED_EPISODES_LEAST ||
	       b->download > LEARNED_UPDATE_TIMES * usual;
}

static bool is_timed(const struct burst *b)
{
	for (uint32_t i = 0; i < b->count; i++)
		if (!learned_gaps_period(&b->touches[i].leaf->gaps))
			return false;
	return true;
}

static enum learned_context context_of(
	const struct learned *l, struct dev *d, const struct burst *b)
{
	bool boot = booted_in(l, d, b), update = is_update(d, b);

	if (is_setup(l, d, b))
		return LEARNED_SETUP;
	if (boot && d->updated && b->start - d->updated <= LEARNED_HORIZON)
		update = true; /* it starts what it has loaded */
	if (update) {
		d->updated = b->end;
		return LEARNED_UPDATE;
	}
	if (boot)
		return LEARNED_BOOT;
	if (b->by_user)
		return LEARNED_USER;
	return is_timed(b) ? LEARNED_TIMER : LEARNED_QUIET;
}

static uint32_t enough(uint32_t cap, uint32_t need, uint32_t most)
{
	while (cap < need && cap < most)
		cap = cap ? 2 * cap : 2;
	return cap;
}

int learned_dev_reserve(struct dev *d, uint32_t episodes)
{
	uint32_t latest = enough(d->latest_cap, episodes, LEARNED_WINDOW);
	uint32_t days = enough(d->day_cap, d->day_count + episodes - d->number, LEARNED_DAYS);

	if (latest != d->latest_cap) {
		void *p = realloc(d->latest, latest * sizeof *d->latest);
		if (!p)
			return -ENOMEM;
		d->latest = p;
		d->latest_cap = latest;
	}
	if (days != d->day_cap) {
		void *p = realloc(d->days, days * sizeof *d->days);
		if (!p)
			return -ENOMEM;
		d->days = p;
		d->day_cap = days;
	}
	return 0;
}

/* The slot of the ring that the next episode takes is freed: what was in it is older.
 */
static uint32_t next_slot(struct dev *d)
{
	uint32_t slot = d->number % LEARNED_WINDOW;

	if (d->number++ < LEARNED_WINDOW)
		return slot;
	for (uint32_t i = 0; i < d->count; i++)
		learned_marks_age(
			&d->leaves[i]->marks, slot, d->latest[slot].context);
	return slot;
}

static void touch_end(struct touch *t, uint32_t slot, uint32_t day)
{
	struct leaf *leaf = t->leaf;

	learned_marks_put(&leaf->marks, slot);
	learned_day_mark(leaf, day);
	if (!leaf->flows || t->first < leaf->first)
		leaf->first = t->first;
	if (t->last > leaf->last)
		leaf->last = t->last;
	leaf->flows += t->flows;
	leaf->packets += t->packets;
	for (size_t i = 0; i < DIRECTION_MAX; i++)
		leaf->bytes[i] += t->bytes[i];
	learned_few_add(&leaf->volumes, t->bytes[0] + t->bytes[1]);
	leaf->pending--;
}

static void episode_end(struct dev *d, struct burst *b, enum learned_context c)
{
	uint32_t slot, day;

	if (!b->count)
		return;
	slot = next_slot(d);
	d->latest[slot] = (struct learned_episode){
		.context = c & 0xf, .hour = (uint32_t)(b->start / NS_PER_HOUR) & 0xfffffff};
	day = learned_day_note(d, d->latest[slot].hour);
	d->episodes[c]++;
	learned_few_add(&d->downloads, b->download);
	for (uint32_t i = 0; i < b->count; i++) {
		if (!d->first || b->touches[i].first < d->first)
			d->first = b->touches[i].first;
		if (b->touches[i].last > d->last)
			d->last = b->touches[i].last;
		touch_end(&b->touches[i], slot, day);
	}
	b->count = 0;
}

static void background_end(struct dev *d)
{
	struct burst *b = &d->background;

	if (b->used)
		episode_end(d, b, is_timed(b) ? LEARNED_TIMER : LEARNED_QUIET);
	free(b->touches);
	*b = (struct burst){0};
}

/* What nobody and nothing caused is counted by the hour. */
static void background_add(struct dev *d, struct burst *b, enum learned_context c)
{
	struct burst *bg = &d->background;

	if (bg->used && (b->start < bg->start || b->start > bg->start + LEARNED_HOUR))
		background_end(d);
	if (!bg->used)
		*bg = (struct burst){.used = true, .id = ++d->burst_id};
	if (burst_join(bg, b))
		episode_end(d, b, c); /* memory is short: an episode of its own */
}

void learned_burst_close(struct learned *l, struct dev *d, uint32_t i)
{
	struct burst *b = &d->bursts[i];
	enum learned_context c = context_of(l, d, b);

	if (!l->config.per_capture && (c == LEARNED_TIMER || c == LEARNED_QUIET))
		background_add(d, b, c);
	else
		episode_end(d, b, c);
	burst_free(d, i);
}

void learned_dev_end(struct learned *l, struct dev *d, nstime now, bool all)
{
	nstime horizon = now - LEARNED_HORIZON;

	while (d->burst_count &&
		(all || (!l->config.per_capture &&
				d->bursts[0].end + LEARNED_GAP < horizon)))
		learned_burst_close(l, d, 0);
	if (d->background.used && (all || d->background.start + LEARNED_HOUR < horizon))
		background_end(d);
	if (all) {
		d->fresh = false;
		d->boot_count = 0;
		d->updated = 0;
	}
}

static bool any_touch(const struct touch *t, const void *ctx)
{
	(void)t;
	(void)ctx;
	return true;
}

void learned_dev_forget(struct dev *d)
{
	while (d->burst_count) {
		learned_burst_drop(d, &d->bursts[0], any_touch, NULL);
		burst_free(d, 0);
	}
	learned_burst_drop(d, &d->background, any_touch, NULL);
	free(d->background.touches);
	d->background = (struct burst){0};
}
