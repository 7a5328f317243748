// SPDX-License-Identifier: GPL-2.0-or-later
/* Names, secrets and pauses: what people type, and how long who guesses waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "engine/lockout.h"
#include "model/people.h"

static void names(void **state)
{
	static const char *const good[] = {"a", "anna", "anna-maria", "a.b", "a_1", "z9",
		"abcdefghijklmnopqrstuvwxyz01234"};
	static const char *const bad[] = {"", "Anna", "1a", "-a", "a-", "a.", "a b", "a/b",
		"root", "a\n", "\xc3\xa4", "a%", "root;", "abcdefghijklmnopqrstuvwxyz012345"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(people_name_is_sound(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(people_name_is_sound(bad[i]));
}

static void roles(void **state)
{
	enum people_role r;

	(void)state;
	for (unsigned i = PEOPLE_NOBODY + 1; i < PEOPLE_ROLE_MAX; i++) {
		assert_true(people_role_parse(people_role_name((enum people_role)i), &r));
		assert_int_equal(r, i);
	}
	assert_false(people_role_parse("nobody", &r));
	assert_false(people_role_parse("", &r));
	assert_false(people_role_parse("Owner", &r));
	/* they stand in the store */
	assert_int_equal(PEOPLE_VIEWER, 1);
	assert_int_equal(PEOPLE_OWNER, 2);
	assert_int_equal(PEOPLE_ISP, 3);
}

static void setup_secrets(void **state)
{
	uint8_t random[PEOPLE_SETUP_DIGITS];
	char made[PEOPLE_SETUP_TEXT], read[PEOPLE_SETUP_TEXT];

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		for (size_t k = 0; k < sizeof(random); k++)
			random[k] = (uint8_t)(i + 17 * k);
		people_setup_make(random, made);
		assert_int_equal(strlen(made), PEOPLE_SETUP_TEXT - 1);
		assert_true(people_setup_read(made, read));
		assert_string_equal(read, made);
	}
	assert_true(people_setup_read(" OoIiLl-01 2345--abCD ", read));
	assert_string_equal(read, "0011-1101-2345-abcd");
	assert_false(people_setup_read("0011-1101-2345-abc", read));
	assert_false(people_setup_read("0011-1101-2345-abcde", read));
	assert_false(people_setup_read("0011-1101-2345-abcu", read));
	assert_false(people_setup_read("0011-1101-2345-ab\xc3\xa4", read));
	assert_false(people_setup_read("", read));
}

#define S NS_PER_SEC

static nstime fail_times(struct lockout *l, const struct lockout_try *t, unsigned n, nstime at)
{
	uint32_t count;

	while (n--)
		(void)lockout_failed(l, t, at, &count);
	return lockout_pause(l, t, at);
}

static void pauses_grow_and_end(void **state)
{
	struct lockout l = {0};
	struct lockout_try t = {.device = 7, .user = "anna"};
	nstime want = S;

	(void)state;
	assert_int_equal(lockout_pause(&l, &t, 1), 0);
	assert_int_equal(fail_times(&l, &t, LOCKOUT_FREE - 1, 1), 0);
	for (unsigned i = 0; i < 40; i++) {
		assert_int_equal(fail_times(&l, &t, 1, 1), want);
		want = want * 2 < LOCKOUT_PAUSE_MAX ? want * 2 : LOCKOUT_PAUSE_MAX;
	}
	assert_int_equal(lockout_pause(&l, &t, 1 + LOCKOUT_PAUSE_MAX), 0);
	assert_int_equal(fail_times(&l, &t, 1, 1 + LOCKOUT_FORGET), 0); /* all is as before */
	lockout_free(&l);
}

static void one_keeps_out_nobody_else(void **state)
{
	struct lockout l = {0};
	struct lockout_try bad = {.device = 7, .user = "anna"};
	struct lockout_try other = {.device = 8, .user = "anna"};
	struct lockout_try also = {.device = 7, .user = "ben"};
	uint32_t count;

	(void)state;
	assert_true(fail_times(&l, &bad, 20, 1) > 0);
	assert_int_equal(lockout_pause(&l, &other, 1), 0);
	assert_true(lockout_pause(&l, &also, 1) > 0); /* whomever it tries */
	/* who has failed waits for the user's pause, too: many devices are no faster */
	(void)lockout_failed(&l, &other, 1, &count);
	assert_true(lockout_pause(&l, &other, 1) > 0);
	lockout_passed(&l, &bad);
	assert_int_equal(lockout_pause(&l, &bad, 1), 0);
	assert_int_equal(lockout_pause(&l, &other, 1), 0);
	lockout_free(&l);
}

static void addresses(void **state)
{
	struct lockout l = {0};
	struct lockout_try a = {.user = "anna"}, b = {.user = "anna"}, c = {.user = "anna"};

	(void)state;
	assert_int_equal(addr_parse("2001:db8::1", &a.from), 0);
	assert_int_equal(addr_parse("2001:db8::ffff:2", &b.from), 0);
	assert_int_equal(addr_parse("2001:db8:1::1", &c.from), 0);
	assert_true(fail_times(&l, &a, 10, 1) > 0);
	assert_true(lockout_pause(&l, &b, 1) > 0); /* a host has a whole /64 */
	assert_int_equal(lockout_pause(&l, &c, 1), 0);
	assert_int_equal(addr_parse("192.0.2.1", &b.from), 0);
	assert_int_equal(lockout_pause(&l, &b, 1), 0);
	lockout_free(&l);
}

static void places_are_bounded(void **state)
{
	struct lockout l = {0};
	struct lockout_try t = {.user = "anna"};

	(void)state;
	for (device_id d = 1; d < 500; d++) {
		t.device = d;
		assert_true(fail_times(&l, &t, 4, (nstime)d) > 0);
	}
	t.device = 499;
	assert_true(lockout_pause(&l, &t, 500) > 0);
	lockout_free(&l);
}

/* A process that tells us addresses may lie about them. */
static void all_together(void **state)
{
	struct lockout l = {0};
	struct lockout_try t = {.user = "anna"};
	unsigned tried = 0;
	uint32_t count;
	nstime at = S;

	(void)state;
	for (device_id d = 1; d < 10000; d++, at += S / 100) {
		t.device = d;
		if (lockout_pause(&l, &t, at))
			continue;
		tried++;
		(void)lockout_failed(&l, &t, at, &count);
	}
	assert_in_range(tried, LOCKOUT_ALL_FREE, LOCKOUT_ALL_FREE + 100);
	(void)lockout_failed(&l, &t, at, &count);
	t.device = 20000; /* one that never failed */
	assert_int_equal(lockout_pause(&l, &t, at), LOCKOUT_ALL_PAUSE);
	assert_int_equal(lockout_pause(&l, &t, at + LOCKOUT_ALL_PAUSE), 0);
	lockout_free(&l);
}

/* A viewer who logs in between two guesses at the owner's password gains nothing. */
static void a_login_of_ones_own_pardons_no_guess(void **state)
{
	struct lockout l = {0};
	struct lockout_try owner = {.device = 7, .user = "owner"};
	struct lockout_try own = {.device = 7, .user = "ben"};
	nstime at = S, pause = 0;

	(void)state;
	for (unsigned i = 0; i < 10; i++, at += pause) {
		pause = fail_times(&l, &owner, 1, at);
		at += pause;
		assert_int_equal(lockout_pause(&l, &own, at), 0);
		lockout_passed(&l, &own);
	}
	assert_true(pause >= 128 * S);
	/* who only mistyped his own is as before */
	(void)fail_times(&l, &own, 1, at + LOCKOUT_FORGET);
	lockout_passed(&l, &own);
	assert_int_equal(fail_times(&l, &own, LOCKOUT_FREE - 1, at + LOCKOUT_FORGET), 0);
	lockout_free(&l);
}

/* A second device, which has failed once, waits after guesses of a first one at the same
 * name, whether there is such a user or not; that both share a place is no difference. */
static void names_without_a_user_pause_alike(void **state)
{
	static const char *const names[] = {"anna", "ben", "carl", "x", "nobody", "zzz"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct lockout l = {0};
		struct lockout_try first = {.device = 7, .user = names[i]};
		struct lockout_try second = {.device = 8, .user = names[i]};
		struct lockout_try secret = {.device = 8, .user = ""};

		assert_int_equal(fail_times(&l, &first, 10, S), 128 * S);
		assert_int_equal(fail_times(&l, &second, 1, S), 256 * S);
		assert_int_equal(lockout_pause(&l, &secret, S), 0);
		lockout_free(&l);
	}
}

/* Whoever has as many addresses as he likes makes each fail once, and everybody waits all
 * the time; but not who has logged in before. */
static void who_is_known_is_not_slowed(void **state)
{
	struct lockout l = {0};
	struct lockout_try owner = {.device = 1, .user = "owner"};
	struct lockout_try bad = {.user = "owner"}, other = {.device = 2, .user = "owner"};
	nstime at = S;
	uint32_t count;

	(void)state;
	lockout_passed(&l, &owner);
	for (bad.device = 100; bad.device < 1000; bad.device++, at += LOCKOUT_ALL_PAUSE) {
		assert_int_equal(lockout_pause(&l, &bad, at), 0);
		(void)lockout_failed(&l, &bad, at, &count);
	}
	at -= 1;
	assert_true(lockout_pause(&l, &other, at) > 0);
	assert_int_equal(lockout_pause(&l, &owner, at), 0);
	assert_int_equal(fail_times(&l, &owner, 1, at), 0); /* who mistypes tries again */
	assert_true(fail_times(&l, &owner, LOCKOUT_FREE - 1, at) > 0); /* he himself waits */
	owner.user = "ben"; /* a device is known for who logged in there */
	at += NS_PER_SEC / 2;
	(void)lockout_failed(&l, &bad, at, &count);
	assert_true(lockout_pause(&l, &owner, at) > 0);
	owner.user = "owner";
	for (device_id d = 2000; d < 2000 + LOCKOUT_KNOWN; d++) {
		bad.device = d;
		lockout_passed(&l, &bad);
	}
	owner.device = 1;
	assert_true(lockout_pause(&l, &owner, at) > 0);
	lockout_free(&l);
}

static void told_once_in_a_while(void **state)
{
	struct lockout l = {0};
	struct lockout_try t = {.device = 7, .user = "anna"};
	uint32_t count, told = 0, sum = 0;

	(void)state;
	for (nstime at = 1; at < 3600 * S; at += 10 * S)
		if (lockout_failed(&l, &t, at, &count)) {
			told++;
			sum += count;
		}
	assert_int_equal(told, 6);
	assert_true(sum > 300); /* none is left out */
	lockout_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(roles),
		cmocka_unit_test(setup_secrets),
		cmocka_unit_test(pauses_grow_and_end),
		cmocka_unit_test(one_keeps_out_nobody_else),
		cmocka_unit_test(addresses),
		cmocka_unit_test(places_are_bounded),
		cmocka_unit_test(all_together),
		cmocka_unit_test(a_login_of_ones_own_pardons_no_guess),
		cmocka_unit_test(names_without_a_user_pause_alike),
		cmocka_unit_test(who_is_known_is_not_slowed),
		cmocka_unit_test(told_once_in_a_while),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
