// SPDX-License-Identifier: GPL-2.0-or-later
/* test_probe_util - a house with a lamp whose nights pass, and what a probe of it asked
 * for. */
#ifndef CARDEA_TEST_PROBE_UTIL_H
#define CARDEA_TEST_PROBE_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "model/flow.h"
#include "profiles/probe/probe.h"

#define MIN (60 * NS_PER_SEC)
#define HOUR (60 * MIN)
/* A midnight in UTC. */
#define MIDNIGHT (1700006400 * NS_PER_SEC)
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

struct world {
	struct probe *probe;
	struct probe_time now;
	struct probe_usual usual[PROBE_TARGETS_MAX];
	size_t usual_count;
	struct probe_target refused; /* the last one */
	bool is_refused, refuse_fails, restore_fails, all_known;
	enum probe_why bar;
	unsigned refusals, restores, changes;
	enum probe_told told[64];
	size_t told_count;
	enum probe_why why;
};

static const struct mac lamp = {{2, 0, 0, 0, 0, 1}};

static const struct mac radio = {{2, 0, 0, 0, 0, 2}};

static inline int refuse(void *ctx, const struct mac *device, const struct probe_target *t,
	nstime longest)
{
	struct world *w = ctx;

	(void)device;
	assert_int_equal(longest, PROBE_LONGEST);
	assert_false(w->is_refused);
	assert_true(w->changes > 0); /* stored before it happens */
	w->refusals++;
	if (w->refuse_fails)
		return -ENOMEM;
	w->refused = *t;
	w->is_refused = true;
	return 0;
}

static inline int restore(void *ctx, const struct mac *device)
{
	struct world *w = ctx;

	(void)device;
	w->restores++;
	if (w->restore_fails)
		return -ENOMEM;
	w->is_refused = false;
	return 0;
}

static inline void usual(void *ctx, const struct mac *device, probe_visit *visit, void *to)
{
	const struct world *w = ctx;

	(void)device;
	for (size_t i = 0; i < w->usual_count; i++)
		visit(to, &w->usual[i]);
}

static inline bool known(
	void *ctx, const struct mac *device, const struct probe_kind *k, nstime before)
{
	const struct world *w = ctx;

	(void)device;
	(void)before;
	for (size_t i = 0; i < w->usual_count; i++)
		if (probe_kind_meets(&w->usual[i].kind, k))
			return true;
	return w->all_known;
}

static inline enum probe_why bar(void *ctx, const struct mac *device)
{
	(void)device;
	return ((const struct world *)ctx)->bar;
}

static inline void changed(void *ctx, const struct mac *device)
{
	(void)device;
	((struct world *)ctx)->changes++;
}

static inline void told(void *ctx, const struct mac *device, const struct probe_note *n)
{
	struct world *w = ctx;

	(void)device;
	assert_non_null(n->target);
	w->why = n->why;
	if (w->told_count < COUNT(w->told))
		w->told[w->told_count++] = n->told;
}

static inline struct probe_config config_of(struct world *w)
{
	return (struct probe_config){.refuse = refuse,
		.restore = restore,
		.usual = usual,
		.known = known,
		.bar = bar,
		.changed = changed,
		.told = told,
		.ctx = w};
}

static inline int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct probe_config c = config_of(w);

	w->now = (struct probe_time){MIDNIGHT, HOUR, 0, true};
	assert_int_equal(probe_new(&c, w->now.mono, &w->probe), 0);
	*state = w;
	return 0;
}

static inline int teardown(void **state)
{
	struct world *w = *state;

	probe_free(w->probe);
	free(w);
	return 0;
}

static inline struct probe_usual *does(struct world *w, const char *name, uint16_t port)
{
	struct probe_usual *u = &w->usual[w->usual_count++];

	*u = (struct probe_usual){.kind = {.proto = FLOW_PROTO_TCP,
					  .port = port,
					  .place = RECORD_INTERNET},
		.episodes = 20};
	str_copy(u->kind.name, sizeof u->kind.name, name);
	return u;
}

static inline void allow(struct world *w, const struct mac *m)
{
	struct probe_window at = PROBE_WINDOW_DEFAULT;

	assert_int_equal(probe_allow(w->probe, m, DEVICE_CLASS_LIGHT, &at, &w->now), 0);
}

static inline void pass(struct world *w, nstime time)
{
	w->now.wall += time;
	w->now.mono += time;
	probe_tick(w->probe, &w->now);
}

static inline void see(struct world *w, const char *name, uint16_t port, enum probe_fate fate)
{
	struct probe_kind k = {.proto = port ? FLOW_PROTO_TCP : 0,
		.port = port,
		.place = RECORD_INTERNET};

	str_copy(k.name, sizeof k.name, name);
	probe_saw(w->probe, &lamp, &k, fate, w->now.wall, &w->now);
}

static inline struct probe_device view(const struct world *w)
{
	struct probe_device d;

	assert_int_equal(probe_device_of(w->probe, &lamp, &w->now, &d), 0);
	return d;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
