// SPDX-License-Identifier: GPL-2.0-or-later
/* Bindings: who was told what, for how long, and who goes first when room is short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "names/names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define T0 (1000 * NS_PER_SEC)

static struct addr ip(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static struct addr numbered(unsigned n)
{
	const uint8_t b[4] = {10, 0, (uint8_t)(n >> 8), (uint8_t)n};

	return addr_v4(b);
}

static void tells_and_expires(void **state)
{
	(void)state;
	struct bindings b;
	struct addr a = ip("192.0.2.1");
	const struct binding *e;

	bindings_init(&b, 0);
	assert_int_equal(bindings_tell(&b, "Cloud.Example.COM.", &a, 300, T0, &e), 0);
	assert_string_equal(e->name, "cloud.example.com");
	nstime end = T0 + (300 + BINDING_GRACE_S) * NS_PER_SEC;
	assert_int_equal(e->expires, end);
	assert_true(bindings_has(&b, "cloud.example.com", &a, end - 1));
	assert_false(bindings_has(&b, "cloud.example.com", &a, end));
	assert_false(bindings_has(&b, "example.com", &a, T0));
	assert_int_equal(binding_timeout_s(e, T0), 300 + BINDING_GRACE_S);
	assert_int_equal(binding_timeout_s(e, end - 1), 1);
	assert_int_equal(binding_timeout_s(e, end + 1), 1);
	assert_null(bindings_name_of(&b, &a, end));
	assert_string_equal(
		bindings_name_of(&b, &a, BINDINGS_EVER), "cloud.example.com");
	assert_int_equal(bindings_expire(&b, end - 1), 0);
	assert_int_equal(bindings_expire(&b, end), 1);
	bindings_free(&b);
}

static void ttl_is_clamped_and_never_shortens(void **state)
{
	(void)state;
	struct bindings b;
	struct addr a = ip("2001:db8::1");
	const struct binding *e;

	bindings_init(&b, 0);
	assert_int_equal(bindings_tell(&b, "a", &a, 0, T0, &e), 0);
	assert_int_equal(
		e->expires, T0 + (BINDING_TTL_MIN_S + BINDING_GRACE_S) * NS_PER_SEC);
	assert_int_equal(bindings_tell(&b, "a", &a, UINT32_MAX, T0, &e), 0);
	nstime longest = T0 + (BINDING_TTL_MAX_S + BINDING_GRACE_S) * NS_PER_SEC;
	assert_int_equal(e->expires, longest);
	assert_int_equal(bindings_tell(&b, "a", &a, 1, T0 + 5, &e), 0);
	assert_int_equal(e->expires, longest);
	assert_int_equal(e->told, T0 + 5);
	assert_int_equal(b.count, 1);
	bindings_free(&b);
}

static void last_told_name_is_shown(void **state)
{
	(void)state;
	struct bindings b;
	struct addr a = ip("192.0.2.1"), other = ip("192.0.2.2"), out[4];

	bindings_init(&b, 0);
	assert_int_equal(bindings_tell(&b, "old.example", &a, 300, T0, NULL), 0);
	assert_int_equal(bindings_tell(&b, "new.example", &a, 300, T0 + 1, NULL), 0);
	assert_int_equal(
		bindings_tell(&b, "new.example", &other, 300, T0 + 1, NULL), 0);
	assert_string_equal(bindings_name_of(&b, &a, T0 + 2), "new.example");
	assert_int_equal(bindings_tell(&b, "old.example", &a, 300, T0 + 3, NULL), 0);
	assert_string_equal(bindings_name_of(&b, &a, T0 + 4), "old.example");
	assert_int_equal(bindings_addrs(&b, "new.example", T0 + 4, out, 4), 2);
	assert_int_equal(bindings_addrs(&b, "new.example", T0 + 4, out, 1), 1);
	bindings_free(&b);
}

static void evicts_expired_first_then_the_shortest(void **state)
{
	(void)state;
	struct bindings b;
	struct addr a;

	bindings_init(&b, 3);
	for (unsigned i = 0; i < 3; i++) {
		a = numbered(i);
		assert_int_equal(
			bindings_tell(&b, "n", &a, 1000 - 100 * i, T0, NULL), 0);
	}
	nstime later = T0 + (850 + BINDING_GRACE_S) * NS_PER_SEC; /* number 2 is over */
	a = numbered(3);
	assert_int_equal(bindings_tell(&b, "n", &a, 60, later, NULL), 0);
	assert_int_equal(b.count, 3);
	assert_int_equal(b.evicted, 0);
	a = numbered(4);
	assert_int_equal(bindings_tell(&b, "n", &a, 3000, later, NULL), 0);
	assert_int_equal(b.evicted, 1); /* number 1 would have ended first */
	for (unsigned i = 0; i < 5; i++) {
		a = numbered(i);
		assert_int_equal(bindings_has(&b, "n", &a, later), i != 1 && i != 2);
	}
	bindings_free(&b);
}

static void stays_within_its_limit(void **state)
{
	(void)state;
	struct bindings b;

	bindings_init(&b, 0);
	for (unsigned i = 0; i < LIMIT_BINDINGS + 100; i++) {
		struct addr a = numbered(i);
		assert_int_equal(bindings_tell(&b, "n", &a, 60 + i, T0, NULL), 0);
	}
	assert_int_equal(b.count, LIMIT_BINDINGS);
	assert_int_equal(b.evicted, 100);
	bindings_free(&b);
}

static int count_one(void *ctx, const struct binding *e)
{
	unsigned *n = ctx;

	(void)e;
	return ++*n == 2 ? -EINTR : 0;
}

static void saves_and_restores(void **state)
{
	(void)state;
	struct bindings b, c;
	struct addr a = ip("192.0.2.1");
	const struct binding *e;
	unsigned n = 0;

	bindings_init(&b, 0);
	bindings_init(&c, 0);
	assert_int_equal(bindings_tell(&b, "a.example", &a, 300, T0, &e), 0);
	struct binding saved = *e;
	assert_int_equal(bindings_restore(&c, &saved, T0 + 1), 0);
	assert_int_equal(bindings_restore(&c, &saved, T0 + 1), 0);
	assert_int_equal(c.count, 1);
	assert_true(bindings_has(&c, "a.example", &a, T0 + 1));
	assert_int_equal(bindings_restore(&c, &saved, saved.expires), -ETIME);
	assert_int_equal(bindings_restore(&c, &saved, -200000 * NS_PER_SEC), -ETIME);
	memset(saved.name, 'x', sizeof saved.name);
	assert_int_equal(bindings_restore(&c, &saved, T0), CARDEA_EMALFORMED);
	assert_int_equal(bindings_tell(&b, "b.example", &a, 300, T0, NULL), 0);
	assert_int_equal(bindings_tell(&b, "c.example", &a, 300, T0, NULL), 0);
	assert_int_equal(bindings_each(&b, T0, count_one, &n), -EINTR);
	assert_int_equal(n, 2);
	assert_int_equal(bindings_each(&b, T0 + 1000 * NS_PER_SEC, count_one, &n), 0);
	bindings_free(&b);
	bindings_free(&c);
}

static void refuses_nonsense(void **state)
{
	(void)state;
	struct bindings b;
	struct addr a = ip("192.0.2.1"), none = {0};
	char longname[LIMIT_NAME + 8];

	memset(longname, 'a', sizeof longname);
	longname[LIMIT_NAME] = 0;
	bindings_init(&b, 0);
	assert_int_equal(bindings_tell(&b, "", &a, 1, T0, NULL), CARDEA_EMALFORMED);
	assert_int_equal(
		bindings_tell(&b, longname, &a, 1, T0, NULL), CARDEA_EMALFORMED);
	assert_int_equal(bindings_tell(&b, "a", &none, 1, T0, NULL), CARDEA_EMALFORMED);
	assert_int_equal(b.count, 0);
	bindings_free(&b);
}

static void a_suffix_finds_what_is_below(void **state)
{
	(void)state;
	struct bindings b;
	struct addr one = ip("192.0.2.1"), two = ip("192.0.2.2"), found[4];

	bindings_init(&b, 0);
	assert_int_equal(bindings_tell(&b, "a.example.com", &one, 300, T0, NULL), 0);
	assert_int_equal(bindings_tell(&b, "b.a.example.com", &two, 300, T0, NULL), 0);
	assert_int_equal(bindings_tell(&b, "example.com", &two, 300, T0, NULL), 0);
	assert_true(bindings_has(&b, "*.example.com", &one, T0));
	assert_false(bindings_has(&b, "*.a.example.com", &one, T0));
	assert_int_equal(bindings_addrs(&b, "*.example.com", T0, found, 4), 2);
	assert_int_equal(bindings_addrs(&b, "*.a.example.com", T0, found, 4), 1);
	assert_true(addr_equal(&found[0], &two));
	bindings_free(&b);
}

static void what_is_in_use_lives_on(void **state)
{
	(void)state;
	struct bindings b;
	struct addr one = ip("192.0.2.1"), two = ip("192.0.2.2");
	nstime end = T0 + (300 + BINDING_GRACE_S) * NS_PER_SEC;

	bindings_init(&b, 0);
	assert_int_equal(bindings_tell(&b, "a.example.com", &one, 300, T0, NULL), 0);
	assert_int_equal(bindings_tell(&b, "b.example.com", &one, 300, T0, NULL), 0);
	assert_int_equal(bindings_tell(&b, "c.example.com", &two, 300, T0, NULL), 0);
	/* also one that has just ended, and is remembered */
	assert_int_equal(bindings_refresh(&b, &one, 300, end + NS_PER_SEC), 2);
	assert_true(bindings_has(&b, "b.example.com", &one, end + 2 * NS_PER_SEC));
	assert_false(bindings_has(&b, "c.example.com", &two, end + 2 * NS_PER_SEC));
	/* never shorter */
	assert_int_equal(bindings_refresh(&b, &one, 1, T0), 2);
	assert_true(bindings_has(&b, "a.example.com", &one, end + 2 * NS_PER_SEC));
	bindings_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_and_expires),
		cmocka_unit_test(ttl_is_clamped_and_never_shortens),
		cmocka_unit_test(last_told_name_is_shown),
		cmocka_unit_test(evicts_expired_first_then_the_shortest),
		cmocka_unit_test(stays_within_its_limit),
		cmocka_unit_test(saves_and_restores),
		cmocka_unit_test(refuses_nonsense),
		cmocka_unit_test(a_suffix_finds_what_is_below),
		cmocka_unit_test(what_is_in_use_lives_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
