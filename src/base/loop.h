// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* loop - one epoll loop with timers; structs belong to the caller, time is injected. */
#ifndef CARDEA_BASE_LOOP_H
#define CARDEA_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/error.h"

struct loop;
struct loop_fd;
struct loop_timer;

struct loop_fd {
	int fd; /* -1 when not watched */
	uint32_t events; /* EPOLLIN | EPOLLOUT */
	void (*ready)(struct loop_fd *f, uint32_t events);
	void *ctx;
	struct loop *loop; /* set by loop_watch */
};

struct loop_timer {
	nstime due; /* mono; 0 when not armed */
	void (*fire)(struct loop_timer *t);
	void *ctx;
	struct loop *loop;
	struct loop_timer *next; /* sorted list */
};

struct loop *loop_new(const struct clock *clock);
void loop_free(struct loop *l);
const struct clock *loop_clock(const struct loop *l);
nstime loop_now(const struct loop *l); /* mono, read now */

/* Starts, or changes events of, a watched descriptor. */
int loop_watch(struct loop *l, struct loop_fd *f, uint32_t events) CARDEA_MUSTCHECK;
void loop_unwatch(struct loop_fd *f); /* safe inside callbacks, safe twice; no close */
/* (Re)arms: fires once at now + delay. */
void loop_arm(struct loop *l, struct loop_timer *t, nstime delay);
void loop_disarm(struct loop_timer *t);

/* Runs until loop_stop; returns 0 or -errno of a broken epoll. */
int loop_run(struct loop *l);
/* One round that waits at most timeout_ms (-1: until something happens). */
int loop_once(struct loop *l, int timeout_ms);
void loop_stop(struct loop *l);

#endif
