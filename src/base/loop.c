// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* loop - level-triggered epoll and a sorted list of timers. */
#include "base/loop.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Descriptors served in one round before timers get their turn. */
#define EVENTS_MAX 32

struct loop {
	const struct clock *clock;
	int epoll;
	bool stop;
	struct loop_timer *armed;  /* soonest first */
	struct loop_timer *firing; /* due in this round, not called yet */
	struct epoll_event events[EVENTS_MAX];
	int event_count; /* fetched, of which [event_next..] still wait for delivery */
	int event_next;
};

struct loop *loop_new(const struct clock *clock)
{
	struct loop *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->clock = clock;
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll < 0) {
		free(l);
		return NULL;
	}
	return l;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	while (l->firing)
		loop_disarm(l->firing);
	while (l->armed)
		loop_disarm(l->armed);
	close(l->epoll);
	free(l);
}

const struct clock *loop_clock(const struct loop *l)
{
	return l->clock;
}

nstime loop_now(const struct loop *l)
{
	return clock_mono(l->clock);
}

int loop_watch(struct loop *l, struct loop_fd *f, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = f};

	if (f->loop && f->loop != l)
		return -EINVAL;
	int op = f->loop ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
	if (epoll_ctl(l->epoll, op, f->fd, &e) < 0)
		return -errno;
	f->loop = l;
	f->events = events;
	return 0;
}

void loop_unwatch(struct loop_fd *f)
{
	struct loop *l = f->loop;

	if (!l)
		return;
	/* fails when the descriptor was closed already, which removed it as well */
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, f->fd, NULL);
	/* f may be freed when this returns: forget events fetched for it */
	for (int i = l->event_next; i < l->event_count; i++)
		if (l->events[i].data.ptr == f)
			l->events[i].data.ptr = NULL;
	f->fd = -1;
	f->events = 0;
	f->loop = NULL;
}

static nstime due_after(nstime now, nstime delay)
{
	nstime due;

	if (__builtin_add_overflow(now, delay > 0 ? delay : 0, &due))
		return INT64_MAX;
	/* 0 means not armed, and injected clocks may start at 0 */
	return due > 0 ? due : 1;
}

void loop_arm(struct loop *l, struct loop_timer *t, nstime delay)
{
	struct loop_timer **at = &l->armed;

	loop_disarm(t);
	t->due = due_after(loop_now(l), delay);
	t->loop = l;
	while (*at && (*at)->due <= t->due)
		at = &(*at)->next;
	t->next = *at;
	*at = t;
}

static bool list_remove(struct loop_timer **at, struct loop_timer *t)
{
	while (*at && *at != t)
		at = &(*at)->next;
	if (!*at)
		return false;
	*at = t->next;
	t->next = NULL;
	return true;
}

void loop_disarm(struct loop_timer *t)
{
	if (!t->due || !t->loop)
		return;
	if (!list_remove(&t->loop->armed, t))
		list_remove(&t->loop->firing, t);
	t->due = 0;
}

/* Moves what is due now aside first, so that a timer that arms itself again without
 * delay waits for the next round instead of starving the descriptors. */
static void timers_fire(struct loop *l)
{
	struct loop_timer **end = &l->armed;
	nstime now = loop_now(l);

	if (l->firing) /* called from a timer: the outer round goes on later */
		return;
	while (*end && (*end)->due <= now)
		end = &(*end)->next;
	if (end == &l->armed)
		return;
	l->firing = l->armed;
	l->armed = *end;
	*end = NULL;
	while (l->firing) {
		struct loop_timer *t = l->firing;
		loop_disarm(t);
		t->fire(t);
	}
}

/* Milliseconds to wait: rounded up, for a wait that ends early would only spin. */
static int wait_ms(const struct loop *l, int timeout_ms)
{
	if (!l->armed)
		return timeout_ms;
	nstime now = loop_now(l);
	nstime left = l->armed->due > now ? l->armed->due - now : 0;
	nstime ms = left / NS_PER_MS + (left % NS_PER_MS != 0);
	if (timeout_ms >= 0 && ms > timeout_ms)
		return timeout_ms;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

int loop_once(struct loop *l, int timeout_ms)
{
	int n = epoll_wait(l->epoll, l->events, EVENTS_MAX, wait_ms(l, timeout_ms));

	if (n < 0 && errno != EINTR)
		return -errno;
	l->event_count = n > 0 ? n : 0;
	l->event_next = 0;
	while (l->event_next < l->event_count) {
		struct epoll_event *e = &l->events[l->event_next++];
		struct loop_fd *f = e->data.ptr;
		if (f)
			f->ready(f, e->events);
	}
	timers_fire(l);
	return 0;
}

int loop_run(struct loop *l)
{
	int e = 0;

	while (!l->stop && !e)
		e = loop_once(l, -1);
	l->stop = false;
	return e;
}

void loop_stop(struct loop *l)
{
	l->stop = true;
}
