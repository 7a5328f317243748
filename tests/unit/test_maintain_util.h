// SPDX-License-Identifier: GPL-2.0-or-later
/* test_maintain_util - a device with an approved profile, and days that pass. */
#ifndef CARDEA_TEST_MAINTAIN_UTIL_H
#define CARDEA_TEST_MAINTAIN_UTIL_H

#include "profiles/maintain/maintain.h"
#include "unit/test_learned_util.h"

#define DAY_S 86400.0

struct heard {
	uint32_t count[MAINTAIN_EVENT_MAX];
	uint32_t item[MAINTAIN_EVENT_MAX]; /* of the latest */
	char text[MAINTAIN_EVENT_MAX][MAINTAIN_TEXT_MAX];
};

static inline void hear(void *ctx, const struct mac *d, enum maintain_event e,
	uint32_t item, const char *text)
{
	struct heard *h = ctx;

	assert_true(mac_equal(d, &dev_mac));
	h->count[e]++;
	h->item[e] = item;
	assert_true(str_copy(h->text[e], sizeof(h->text[e]), text));
}

struct bed {
	struct learned *l;
	struct maintain *m;
	struct heard heard;
};

static inline struct maintain_config bed_config(struct bed *b, bool strict)
{
	return (struct maintain_config){.public_labels = two_or_one,
		.strict = strict,
		.event = hear,
		.event_ctx = &b->heard};
}

/* It speaks to api.example.com, and to the phone; all of that is approved. */
static inline struct bed *bed_new(bool strict)
{
	struct bed *b = calloc(1, sizeof(*b));
	struct maintain_config c;

	assert_non_null(b);
	c = bed_config(b, strict);
	b->l = learner(false);
	for (int s = 0; s < 6; s++) { /* without a period */
		feed(b->l, to_name("api.example.com", s * 4000 + s * s * 97));
		feed(b->l, by_phone(80, s * 4000 + 2000 + s * s * 89));
	}
	learned_end(b->l, AT(7 * 4000));
	assert_int_equal(maintain_new(&c, &dev_mac, &b->m), 0);
	assert_int_equal(maintain_approve(b->m, b->l, AT(7 * 4000)), 0);
	return b;
}

static inline void bed_free(struct bed *b)
{
	maintain_free(b->m);
	learned_free(b->l);
	free(b);
}

static inline enum maintain_verdict tell(struct bed *b, struct record r)
{
	enum maintain_verdict v = MAINTAIN_VERDICT_MAX;

	feed(b->l, r);
	assert_int_equal(maintain_record(b->m, b->l, &r, &v), 0);
	return v;
}

/* All episodes that are over at that time have ended. */
static inline void tick(struct bed *b, double s)
{
	learned_end(b->l, AT(s));
	assert_int_equal(maintain_tick(b->m, b->l, AT(s)), 0);
}

struct listed {
	struct maintain_item i[80];
	size_t count;
};

static inline int list_item(void *ctx, const struct maintain_item *i)
{
	struct listed *l = ctx;

	assert_true(l->count < 80);
	l->i[l->count++] = *i;
	return 0;
}

static inline struct listed *listed(const struct bed *b, enum maintain_status s)
{
	static struct listed l;

	l.count = 0;
	assert_int_equal(maintain_items(b->m, s, list_item, &l), 0);
	return &l;
}

static inline struct maintain_week this_week(const struct bed *b)
{
	struct maintain_week w;

	assert_true(maintain_week_count(b->m) > 0);
	maintain_week_at(b->m, maintain_week_count(b->m) - 1, &w);
	return w;
}

/* So much of the internet at once is firmware. */
static inline struct record firmware(const char *name, double s)
{
	struct record r = to_name(name, s);

	r.bytes[DIRECTION_TO_DEVICE] = 8 << 20;
	r.packets[DIRECTION_TO_DEVICE] = 6000;
	r.last = r.first + 30 * NS_PER_SEC;
	return r;
}

#endif
