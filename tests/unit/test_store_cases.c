// SPDX-License-Identifier: GPL-2.0-or-later
/* Cases: whole, or not there, whatever ends in the middle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "unit/test_store_util.h"

struct found {
	struct case_file files[400];
	unsigned count;
	struct case_moment moments[CASE_MOMENTS_MAX + 8];
	unsigned moment_count;
	uint8_t bundle[4096];
	size_t len;
	char text[64];
	uint32_t step, playbook;
};

static int take_file(void *ctx, const struct case_file *c)
{
	struct found *f = ctx;

	f->files[f->count++] = *c;
	return 0;
}

static int take_whole(void *ctx, const struct case_file *c, const void *bundle, size_t len)
{
	struct found *f = ctx;

	f->files[f->count++] = *c;
	f->len = len;
	memcpy(f->bundle, bundle ? bundle : "", len < sizeof(f->bundle) ? len : 0);
	return 0;
}

static int take_moment(void *ctx, const struct case_moment *m)
{
	struct found *f = ctx;

	f->moments[f->moment_count++] = *m;
	return 0;
}

static int take_playbook(void *ctx, const struct case_playbook *p)
{
	struct found *f = ctx;

	f->step = p->step;
	f->playbook = p->id;
	str_copy_bytes(f->text, sizeof(f->text), p->text, p->len);
	return 0;
}

static struct found *look(struct fixture *f, uint32_t id)
{
	static struct found found;

	memset(&found, 0, sizeof(found));
	if (id) {
		assert_int_equal(store_case(f->s, id, take_whole, &found), 0);
		assert_int_equal(store_case_moments(f->s, id, take_moment, &found), 0);
	} else {
		assert_int_equal(store_cases(f->s, take_file, &found), 0);
	}
	return &found;
}

static void device(struct fixture *f, device_id id)
{
	struct device d = {.id = id, .mac = {{2, 0, 0, 0, (uint8_t)(id >> 8), (uint8_t)id}}};

	assert_int_equal(store_device_save(f->s, &d), 0);
}

static struct case_moment moment(unsigned n)
{
	struct case_moment m = {.at = T0 + n, .from = 2, .to = 4, .kind = "attack",
		.protocol = "MILE", .shows = "port scan (TCP 23)"};

	assert_int_equal(str_print(m.sentence, sizeof(m.sentence), "moment %u of $", n), 0);
	return m;
}

static void same_moment(const struct case_moment *a, const struct case_moment *b)
{
	assert_int_equal(a->at, b->at);
	assert_int_equal(a->from, b->from);
	assert_int_equal(a->to, b->to);
	assert_string_equal(a->kind, b->kind);
	assert_string_equal(a->protocol, b->protocol);
	assert_string_equal(a->sentence, b->sentence);
	assert_string_equal(a->shows, b->shows);
}

static uint32_t open_case(struct fixture *f, device_id id)
{
	struct case_file c = {.device = id, .state = 4, .opened = T0};
	struct case_moment m = moment(0);

	assert_int_equal(store_case_open(f->s, &c, &m, "bundle", 6), 0);
	assert_int_not_equal(c.id, 0);
	return c.id;
}

static void comes_back_as_it_was(void **state)
{
	struct fixture *f = *state;
	struct case_file c = {.device = 3, .state = 4, .opened = T0};
	struct case_moment m = moment(0), n = moment(1);
	device(f, 3);
	assert_int_equal(store_case_open(f->s, &c, &m, "bundle", 6), 0);
	c.state = 5;
	c.closed = T0 + 9;
	assert_int_equal(store_case_moment(f->s, &c, &n), 0);
	assert_int_equal(store_case_bundle_save(f->s, c.id, "more of it", 10), 0);
	reopen(f);
	struct found *g = look(f, c.id);
	assert_int_equal(g->files[0].id, c.id);
	assert_int_equal(g->files[0].device, 3);
	assert_int_equal(g->files[0].state, 5);
	assert_int_equal(g->files[0].opened, T0);
	assert_int_equal(g->files[0].closed, T0 + 9);
	assert_int_equal(g->moment_count, 2);
	same_moment(&g->moments[0], &m);
	same_moment(&g->moments[1], &n);
	assert_int_equal(g->len, 10);
	assert_memory_equal(g->bundle, "more of it", 10);
	assert_int_equal(look(f, 0)->count, 1);
}

static void refuses_what_is_none(void **state)
{
	struct fixture *f = *state;
	struct case_file c = {.device = 9, .opened = T0}, gone = {.id = 77, .device = 3};
	struct case_moment m = moment(0);
	static uint8_t big[STORE_BUNDLE_MAX + 1];
	assert_int_equal(store_case_open(f->s, &c, &m, "", 0), -ENOENT); /* no such device */
	assert_int_equal(c.id, 0);
	device(f, 3);
	c.device = 3;
	assert_int_equal(store_case_open(f->s, &c, &m, big, sizeof(big)), CARDEA_EMALFORMED);
	assert_int_equal(store_case_moment(f->s, &gone, &m), -ENOENT);
	assert_int_equal(store_case_bundle_save(f->s, 77, "", 0), -ENOENT);
	assert_int_equal(look(f, 0)->count, 0);
	assert_int_equal(store_case(f->s, 77, take_whole, NULL), -ENOENT);
}

static void moments_are_bounded(void **state)
{
	struct fixture *f = *state;
	struct case_file c = {.device = 3, .state = 4, .opened = T0};
	struct case_moment m = moment(0);
	device(f, 3);
	assert_int_equal(store_case_open(f->s, &c, &m, "", 0), 0);
	for (unsigned i = 1; i < 500; i++) {
		m = moment(i);
		assert_int_equal(store_case_moment(f->s, &c, &m), 0);
	}
	assert_int_equal(c.moments_left_out, 500 - CASE_MOMENTS_MAX);
	struct found *g = look(f, c.id);
	assert_int_equal(g->moment_count, CASE_MOMENTS_MAX);
	assert_int_equal(g->files[0].moments_left_out, 500 - CASE_MOMENTS_MAX);
	assert_int_equal(g->moments[CASE_MOMENTS_FIRST - 1].at, T0 + CASE_MOMENTS_FIRST - 1);
	assert_int_equal(g->moments[CASE_MOMENTS_MAX - 1].at, T0 + 499);
}

/* A device that knocks again and again does not wash out what happened. */
static void notes_go_first(void **state)
{
	struct fixture *f = *state;
	struct case_file c = {.device = 3, .state = 4, .opened = T0};
	struct case_moment m = moment(0);
	unsigned moved = 0;
	device(f, 3);
	assert_int_equal(store_case_open(f->s, &c, &m, "", 0), 0);
	for (unsigned i = 1; i < 600; i++) {
		m = moment(i);
		m.to = i % 20 ? m.from : m.to;
		assert_int_equal(store_case_moment(f->s, &c, &m), 0);
	}
	struct found *g = look(f, c.id);
	assert_int_equal(g->moment_count, CASE_MOMENTS_MAX);
	for (unsigned i = 0; i < g->moment_count; i++)
		moved += g->moments[i].from != g->moments[i].to;
	assert_int_equal(moved, 30);
}

static void cases_are_bounded_and_open_ones_stay(void **state)
{
	struct fixture *f = *state;
	struct case_moment m = moment(1);
	uint32_t kept;
	device(f, 3);
	device(f, 4);
	kept = open_case(f, 4);
	for (unsigned i = 0; i < 40; i++) {
		struct case_file c = {.device = 3, .state = 2, .opened = T0};
		c.id = open_case(f, 3);
		c.closed = T0 + i + 1;
		assert_int_equal(store_case_moment(f->s, &c, &m), 0);
	}
	struct found *g = look(f, 0);
	assert_int_equal(g->files[0].id, kept); /* it is open */
	assert_true(g->count <= STORE_CASES_OF_MAX + 2);
	for (device_id d = 10; d < 310; d++) {
		struct case_file c = {.device = d, .state = 2, .opened = T0};
		device(f, d);
		c.id = open_case(f, d);
		c.closed = T0;
		assert_int_equal(store_case_moment(f->s, &c, &m), 0);
	}
	g = look(f, 0);
	assert_true(g->count <= STORE_CASES_MAX + 1);
	assert_int_equal(g->files[0].id, kept);
	/* a device that goes takes its cases along */
	assert_int_equal(store_device_remove(f->s, 4), 0);
	assert_int_not_equal(look(f, 0)->files[0].id, kept);
}

/* Full at whatever page: the case is whole, or not there, and the next one succeeds. */
static void full_disk(void **state)
{
	struct fixture *f = *state;
	static uint8_t bundle[60000];
	char text[64];
	unsigned refused = 0, kept = 0;
	device(f, 3);
	assert_int_equal(store_commit(f->s), 0);
	for (unsigned pages = 30; pages < 200; pages++) {
		struct case_file c = {.device = 3, .state = 4, .opened = T0 + pages};
		struct case_moment m = moment(pages);
		assert_int_equal(str_print(text, sizeof(text), "PRAGMA max_page_count = %u",
			pages), 0);
		sql(f, text);
		memset(bundle, (int)pages, sizeof(bundle));
		int error = store_case_open(f->s, &c, &m, bundle, sizeof(bundle));
		if (!error)
			error = store_commit(f->s);
		refused += error != 0;
		if (error)
			assert_true(error == -ENOSPC || error == -EIO);
		kept += !error;
		sql(f, "PRAGMA max_page_count = 100000");
	}
	assert_true(refused > 10 && kept > 5);
	struct found *g = look(f, 0);
	unsigned count = g->count;
	static uint32_t ids[400];
	for (unsigned i = 0; i < count; i++)
		ids[i] = g->files[i].id;
	for (unsigned i = 0; i < count; i++) {
		g = look(f, ids[i]);
		assert_int_equal(g->len, sizeof(bundle));
		assert_int_equal(g->moment_count, 1);
	}
	open_case(f, 3);
}

/* Killed between any two of its writes. */
static void killed_in_the_middle(void **state)
{
	struct fixture *f = *state;
	int status;
	device(f, 3);
	uint32_t there = open_case(f, 3);
	assert_int_equal(store_commit(f->s), 0);
	store_close(f->s);
	for (unsigned at = 0; at < 4; at++) {
		pid_t pid = fork();
		if (pid == 0) {
			struct case_file c = {.id = there, .device = 3, .state = 5, .opened = T0};
			struct case_moment m = moment(at + 1);
			bool damaged;
			if (store_open(f->dir, &f->s, &damaged))
				_exit(1);
			if (at >= 1)
				(void)!store_case_moment(f->s, &c, &m);
			c.id = 0;
			if (at >= 2)
				(void)!store_case_open(f->s, &c, &m, "new", 3);
			if (at >= 3)
				(void)!store_commit(f->s);
			kill(getpid(), SIGKILL);
			_exit(1);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
	}
	assert_int_equal(store_open(f->dir, &f->s, &f->damaged), 0);
	assert_false(f->damaged);
	assert_int_equal(look(f, 0)->count, 2); /* the old one, and the committed one */
	struct found *g = look(f, there);
	assert_int_equal(g->moment_count, 2);
	assert_int_equal(g->files[0].state, 5);
	g = look(f, there + 1);
	assert_int_equal(g->moment_count, 1);
	assert_memory_equal(g->bundle, "new", 3);
}

static void secrets(void **state)
{
	struct fixture *f = *state;
	uint8_t key[STORE_SECRET] = "a key of this house, 32 octets..", found[STORE_SECRET] = {0};
	assert_int_equal(store_secret(f->s, "cases", found), -ENOENT);
	assert_int_equal(store_secret_save(f->s, "cases", key), 0);
	reopen(f);
	assert_int_equal(store_secret(f->s, "cases", found), 0);
	assert_memory_equal(key, found, sizeof(key));
	assert_int_equal(store_secret(f->s, "other", found), -ENOENT);
	sql(f, "UPDATE secret SET value=x'00'");
	assert_int_equal(store_secret(f->s, "cases", found), -ENOENT);
}

static void playbooks(void **state)
{
	struct fixture *f = *state;
	struct found g = {0};
	struct case_playbook p = {.device = 3, .step = 1, .taken = T0, .text = "{}", .len = 2};
	assert_int_equal(store_playbook_save(f->s, &p), -ENOENT);
	device(f, 3);
	assert_int_equal(store_playbook_save(f->s, &p), 0);
	assert_int_equal(store_playbook(f->s, 3, take_playbook, &g), 0);
	assert_string_equal(g.text, "{}");
	p.step = 7;
	assert_int_equal(store_playbook_save(f->s, &p), 0);
	assert_int_equal(store_playbook(f->s, 3, take_playbook, &g), 0);
	assert_int_equal(g.step, 7);
	assert_int_equal(g.playbook, p.id);
	p.len = STORE_PLAYBOOK_MAX + 1;
	assert_int_equal(store_playbook_save(f->s, &p), CARDEA_EMALFORMED);
	assert_int_equal(store_playbook_remove(f->s, 3), 0);
	assert_int_equal(store_playbook_remove(f->s, 3), -ENOENT);
	assert_int_equal(store_playbook(f->s, 3, take_playbook, &g), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(comes_back_as_it_was),
		TEST(refuses_what_is_none),
		TEST(moments_are_bounded),
		TEST(notes_go_first),
		TEST(cases_are_bounded_and_open_ones_stay),
		TEST(full_disk),
		TEST(killed_in_the_middle),
		TEST(secrets),
		TEST(playbooks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
