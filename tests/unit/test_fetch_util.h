// SPDX-License-Identifier: GPL-2.0-or-later
/* test_fetch_util - a transport that only exists in the test: what was begun, given up
 * and said to the engine. */
#ifndef CARDEA_TEST_FETCH_UTIL_H
#define CARDEA_TEST_FETCH_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "profiles/fetch/fetch.h"
#include "profiles/fetch/poster.h"

#define SENT_MAX 256

struct rig {
	struct clock_virtual clock;
	struct loop *loop;
	struct fetch_config config;
	struct fetcher *f;
	struct poster *p;
	struct message sent[SENT_MAX];
	unsigned sent_count;
	struct fetch_transfer *transfer; /* the last one that started */
	unsigned started, cancelled, idle;
	int start_error;
};

static inline int op_start(void *ctx, struct fetch_transfer *t)
{
	struct rig *g = ctx;

	g->started++;
	if (g->start_error)
		return g->start_error;
	g->transfer = t;
	return 0;
}

static inline void op_cancel(void *ctx, struct fetch_transfer *t)
{
	struct rig *g = ctx;

	(void)t;
	g->cancelled++;
	g->transfer = NULL;
}

static inline int op_send(void *ctx, const struct message *m)
{
	struct rig *g = ctx;
	uint8_t wire[MESSAGE_MAX];

	/* what cannot be encoded would never arrive */
	assert_true(message_encode(m, wire, sizeof wire) > 0);
	assert_true(g->sent_count < SENT_MAX);
	g->sent[g->sent_count++] = *m;
	return 0;
}

static inline void op_idle(void *ctx)
{
	struct rig *g = ctx;

	g->idle++;
}

static const struct fetch_ops ops = {op_start, op_cancel, op_send, op_idle};

#endif
