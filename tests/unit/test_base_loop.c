// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* The loop under a clock that only the test moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "base/loop.h"

struct log {
	char names[64];
};

static struct clock_virtual clk;
static struct log seen;

static void note(char name)
{
	size_t n = strlen(seen.names);

	assert_true(n + 1 < sizeof seen.names);
	seen.names[n] = name;
	seen.names[n + 1] = 0;
}

static struct loop *loop_start(nstime now)
{
	memset(&seen, 0, sizeof seen);
	clock_virtual_init(&clk, now);
	struct loop *l = loop_new(&clk.clock);
	assert_non_null(l);
	return l;
}

static void fire_note(struct loop_timer *t)
{
	note(*(const char *)t->ctx);
}

static void test_timers_in_order(void **state)
{
	(void)state;
	struct loop *l = loop_start(0);
	struct loop_timer a = {.fire = fire_note, .ctx = "a"};
	struct loop_timer b = {.fire = fire_note, .ctx = "b"};
	struct loop_timer c = {.fire = fire_note, .ctx = "c"};
	struct loop_timer d = {.fire = fire_note, .ctx = "d"};

	loop_arm(l, &c, 3 * NS_PER_SEC);
	loop_arm(l, &a, 1 * NS_PER_SEC);
	loop_arm(l, &b, 1 * NS_PER_SEC); /* equal: in the order of arming */
	loop_arm(l, &d, 2 * NS_PER_SEC);
	loop_disarm(&d);
	loop_disarm(&d);
	assert_int_equal(d.due, 0);
	assert_int_equal(loop_once(l, 0), 0);
	assert_string_equal(seen.names, "");
	clock_virtual_set(&clk, NS_PER_SEC);
	assert_int_equal(loop_once(l, -1), 0);
	assert_string_equal(seen.names, "ab");
	assert_int_equal(a.due, 0);
	clock_virtual_set(&clk, 1000000 * NS_PER_SEC);
	assert_int_equal(loop_once(l, -1), 0);
	assert_string_equal(seen.names, "abc");
	loop_free(l);
}

static void fire_again(struct loop_timer *t)
{
	note('x');
	loop_arm(t->loop, t, 0);
}

static void test_rearming_does_not_starve(void **state)
{
	(void)state;
	struct loop *l = loop_start(0);
	struct loop_timer t = {.fire = fire_again};

	loop_arm(l, &t, 0);
	assert_true(t.due != 0);
	clock_virtual_set(&clk, NS_PER_MS);
	assert_int_equal(loop_once(l, -1), 0);
	assert_string_equal(seen.names, "x");
	assert_int_equal(loop_once(l, -1), 0);
	assert_string_equal(seen.names, "xx");
	loop_free(l);
	assert_int_equal(t.due, 0);
}

static struct loop_timer victim;

static void fire_disarm(struct loop_timer *t)
{
	(void)t;
	note('k');
	loop_disarm(&victim);
}

static void test_disarm_inside_a_round(void **state)
{
	(void)state;
	struct loop *l = loop_start(5);
	struct loop_timer killer = {.fire = fire_disarm};

	victim = (struct loop_timer){.fire = fire_note, .ctx = "v"};
	loop_arm(l, &killer, 10);
	loop_arm(l, &victim, 10);
	clock_virtual_set(&clk, 15);
	assert_int_equal(loop_once(l, -1), 0);
	assert_string_equal(seen.names, "k");
	loop_free(l);
}

static void test_extreme_delays(void **state)
{
	(void)state;
	struct loop *l = loop_start(1000);
	struct loop_timer far = {.fire = fire_note, .ctx = "f"};
	struct loop_timer past = {.fire = fire_note, .ctx = "p"};

	loop_arm(l, &far, INT64_MAX);
	assert_true(far.due == INT64_MAX);
	loop_arm(l, &past, -5);
	assert_true(past.due == 1000);
	assert_int_equal(loop_once(l, -1), 0);
	assert_string_equal(seen.names, "p");
	assert_int_equal(loop_once(l, 1), 0); /* waits no longer than it was told */
	loop_free(l);
}

struct peer {
	struct loop_fd fd;
	char name;
	struct peer *other; /* unwatched when this one is ready */
};

static void peer_ready(struct loop_fd *f, uint32_t events)
{
	struct peer *p = f->ctx;

	assert_true(events & EPOLLIN);
	note(p->name);
	if (p->other)
		loop_unwatch(&p->other->fd);
}

static void peer_start(struct loop *l, struct peer *p, int fd, char name)
{
	*p = (struct peer){.fd = {.fd = fd, .ready = peer_ready}, .name = name};
	p->fd.ctx = p;
	assert_int_equal(loop_watch(l, &p->fd, EPOLLIN), 0);
}

static void test_level_triggered(void **state)
{
	(void)state;
	struct loop *l = loop_start(0);
	struct peer p;
	int fds[2];
	char byte = 0;

	assert_int_equal(pipe(fds), 0);
	peer_start(l, &p, fds[0], 'r');
	assert_int_equal(write(fds[1], &byte, 1), 1);
	loop_once(l, 0);
	loop_once(l, 0);
	assert_string_equal(seen.names, "rr");
	assert_int_equal(loop_watch(l, &p.fd, 0), 0); /* changes events */
	loop_once(l, 0);
	assert_string_equal(seen.names, "rr");
	loop_unwatch(&p.fd);
	loop_unwatch(&p.fd);
	assert_int_equal(p.fd.fd, -1);
	close(fds[0]);
	close(fds[1]);
	loop_free(l);
}

/* Both are ready in one round; whichever comes first unwatches the other, which must
 * not be called any more. */
static void test_unwatch_drops_fetched_events(void **state)
{
	(void)state;
	struct loop *l = loop_start(0);
	struct peer a, b;
	int one[2], two[2];
	char byte = 0;

	assert_int_equal(pipe(one), 0);
	assert_int_equal(pipe(two), 0);
	peer_start(l, &a, one[0], 'a');
	peer_start(l, &b, two[0], 'b');
	a.other = &b;
	b.other = &a;
	assert_int_equal(write(one[1], &byte, 1), 1);
	assert_int_equal(write(two[1], &byte, 1), 1);
	loop_once(l, 0);
	assert_int_equal(strlen(seen.names), 1);
	loop_unwatch(&a.fd);
	loop_unwatch(&b.fd);
	for (int i = 0; i < 2; i++) {
		close(one[i]);
		close(two[i]);
	}
	loop_free(l);
}

static void test_watch_errors(void **state)
{
	(void)state;
	struct loop *l = loop_start(0);
	struct loop *m = loop_new(&clk.clock);
	struct peer p;
	struct loop_fd bad = {.fd = -1};
	int fds[2];

	assert_non_null(m);
	assert_int_equal(loop_watch(l, &bad, EPOLLIN), -EBADF);
	assert_null(bad.loop);
	assert_int_equal(pipe(fds), 0);
	peer_start(l, &p, fds[0], 'p');
	assert_int_equal(loop_watch(m, &p.fd, EPOLLIN), -EINVAL);
	loop_unwatch(&p.fd);
	close(fds[0]);
	close(fds[1]);
	loop_free(m);
	loop_free(l);
}

static void fire_stop(struct loop_timer *t)
{
	note('s');
	loop_stop(t->loop);
}

static void test_run_and_stop(void **state)
{
	(void)state;
	struct loop *l = loop_new(clock_system());
	struct loop_timer t = {.fire = fire_stop};

	memset(&seen, 0, sizeof seen);
	assert_non_null(l);
	assert_ptr_equal(loop_clock(l), clock_system());
	nstime before = loop_now(l);
	loop_arm(l, &t, 20 * NS_PER_MS);
	assert_int_equal(loop_run(l), 0);
	assert_true(loop_now(l) - before >= 20 * NS_PER_MS);
	loop_stop(l); /* a stop before the run is not lost */
	assert_int_equal(loop_run(l), 0);
	assert_string_equal(seen.names, "s");
	loop_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timers_in_order),
		cmocka_unit_test(test_rearming_does_not_starve),
		cmocka_unit_test(test_disarm_inside_a_round),
		cmocka_unit_test(test_extreme_delays),
		cmocka_unit_test(test_level_triggered),
		cmocka_unit_test(test_unwatch_drops_fetched_events),
		cmocka_unit_test(test_watch_errors),
		cmocka_unit_test(test_run_and_stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
