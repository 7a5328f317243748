// SPDX-License-Identifier: GPL-2.0-or-later
/* Fuzz: saved state of the learner. What is taken saves to the same bytes, and all that
 * can be asked of it is answered. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "profiles/learned/interact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int visit(void *ctx, const struct learned_kind *k)
{
	size_t *n = ctx;

	if (!memchr(k->name, 0, sizeof k->name) ||
		!memchr(k->detail, 0, sizeof k->detail))
		abort();
	++*n;
	return 0;
}

static int visit_interaction(void *ctx, const struct learned_interaction *i)
{
	size_t *n = ctx;

	if (i->precedences > i->effects || i->support > i->precedences ||
		i->within > LEARNED_INTERACT_LONGEST || i->within <= 0 ||
		!(i->bound >= LEARNED_INTERACT_BOUND && i->bound <= 1) ||
		!(i->chance >= 0 && i->chance <= 1))
		abort();
	return visit(n, &i->trigger.kind) || visit(n, &i->effect.kind);
}

static void ask(const struct learned *l, struct learned *other)
{
	struct learned_device d;
	struct learned_test t;
	struct rule *rules;
	size_t n = 0, count;

	for (size_t i = 0; i < learned_count(l); i++) {
		struct pool *pool = pool_new("fuzz", 64UL << 20);

		learned_device_at(l, i, &d);
		if (!pool || d.all.share < 0 || d.all.share > 1 ||
			d.all.bound < d.all.share || d.all.bound > 1 ||
			learned_kinds(l, &d.mac, true, visit, &n) ||
			learned_kinds(l, &d.mac, false, visit, &n) ||
			learned_singletons(l, &d.mac, visit, &n) ||
			learned_unnamed(l, &d.mac, visit, &n) ||
			learned_interactions(l, &d.mac, visit_interaction, &n) ||
			learned_rules(l, &d.mac, pool, &rules, &count) ||
			learned_compare(l, other, &d.mac, visit, &n, &t))
			abort();
		pool_free(pool);
	}
	if (learned_interactions(l, NULL, visit_interaction, &n))
		abort();
}

/* The octets are the caller's to free. */
static struct cursor saved(const struct learned *l)
{
	size_t size = learned_save_size(l);
	uint8_t *bytes = malloc(size);
	struct writer w = writer_of(bytes, size);

	if (!bytes || learned_save(l, &w))
		abort();
	return cursor_of(bytes, w.len);
}

static void is_the_same(const struct learned *l, struct cursor c)
{
	struct cursor s = saved(l);

	if (cursor_left(&s) != cursor_left(&c) || memcmp(s.pos, c.pos, cursor_left(&c)) != 0)
		abort();
	free((void *)s.pos);
}

/* One of before is written as of now, and that is read as it was written. */
static void is_newer(const struct learned *l)
{
	struct learned_config c = {.per_capture = true};
	struct cursor s = saved(l);
	struct learned *again;

	if (learned_load(&c, s, &again))
		abort();
	is_the_same(again, s);
	learned_free(again);
	free((void *)s.pos);
}

/* Where the version is, its second octet. */
#define AT_VERSION 5
#define VERSION_NOW 5

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct learned_config c = {.per_capture = true};
	struct learned *l = NULL;

	if (learned_load(&c, cursor_of(data, size), &l))
		return 0;
	if (data[AT_VERSION] != VERSION_NOW)
		is_newer(l);
	else
		is_the_same(l, cursor_of(data, size));
	ask(l, l);
	learned_free(l);
	return 0;
}
