// SPDX-License-Identifier: GPL-2.0-or-later
/* Days against the days before: made-up weeks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "engine/deviation.h"

#define MB 1000000.0
#define WEEKS 21

static struct deviation_day days[WEEKS];

/* A lamp's days: 2 MB, more or less, 4 peers, all hours. */
static void usual(void)
{
	memset(days, 0, sizeof(days));
	for (unsigned i = 0; i < WEEKS; i++) {
		days[i].day = 20000 + i;
		days[i].values[DEVIATION_BYTES] = 2 * MB + (i * 7919 % 11) * 0.05 * MB;
		days[i].values[DEVIATION_PEERS] = 4;
		days[i].values[DEVIATION_HOURS] = 23 + i % 2;
	}
}

static int setup(void **state)
{
	(void)state;
	usual();
	return 0;
}

static void as_usual_is_nothing(void **state)
{
	(void)state;
	struct deviation v;

	for (size_t i = DEVIATION_DAYS_LEAST; i < WEEKS; i++) {
		deviation_of(days, i, &v);
		assert_int_equal(v.score, 0);
		assert_int_equal(v.count, 0);
		assert_int_equal(v.days, i);
	}
}

static void too_few_days_say_nothing(void **state)
{
	(void)state;
	struct deviation v;

	days[DEVIATION_DAYS_LEAST - 1].values[DEVIATION_BYTES] = 900000 * MB;
	deviation_of(days, DEVIATION_DAYS_LEAST - 1, &v);
	assert_int_equal(v.score, -1);
	assert_int_equal(v.count, 0);
	days[2].partial = true; /* such a day is none to compare with */
	deviation_of(days, DEVIATION_DAYS_LEAST, &v);
	assert_int_equal(v.score, -1);
	deviation_of(days, DEVIATION_DAYS_LEAST + 1, &v);
	assert_int_equal(v.days, DEVIATION_DAYS_LEAST);
	assert_int_not_equal(v.score, -1);
}

static void it_says_what_was_and_what_is_usual(void **state)
{
	(void)state;
	struct deviation v;

	days[14].values[DEVIATION_BYTES] = 4100 * MB;
	days[14].values[DEVIATION_REFUSED] = 900;
	days[14].values[DEVIATION_FRESH] = 1; /* one new peer is nothing */
	deviation_of(days, 14, &v);
	assert_int_equal(v.count, 2);
	assert_int_equal(v.score, 100);
	assert_int_equal(v.findings[0].measure, DEVIATION_BYTES);
	assert_true(v.findings[0].more);
	assert_string_equal(v.findings[0].what, "more data than usual");
	assert_string_equal(v.findings[0].was, "4.1 GB");
	assert_string_equal(v.findings[0].usual, "2.3 MB, at most 2.5 MB in 14 days");
	assert_string_equal(v.findings[1].what, "more was refused than usual");
	assert_string_equal(v.findings[1].was, "900 refused packets");
	assert_in_range(v.findings[1].score, 50, 90);
}

/* A bad day is not what is usual from then on. */
static void one_bad_day_moves_nothing(void **state)
{
	(void)state;
	struct deviation v;

	days[8].values[DEVIATION_BYTES] = 4100 * MB;
	deviation_of(days, 9, &v);
	assert_int_equal(v.score, 0);
	days[10].values[DEVIATION_BYTES] = 4100 * MB;
	deviation_of(days, 10, &v);
	assert_in_range(v.score, 60, 100);
}

static void who_varies_may_vary(void **state)
{
	(void)state;
	struct deviation v;

	for (unsigned i = 0; i < WEEKS; i++)
		days[i].values[DEVIATION_BYTES] = (i % 3 ? 5 : 900) * MB;
	deviation_of(days, 15, &v);
	assert_int_equal(v.score, 0);
}

/* A backup once a week, to the third time. */
static void a_weekly_habit_is_learned(void **state)
{
	(void)state;
	struct deviation v;

	for (unsigned i = 6; i < WEEKS; i += 7)
		days[i].values[DEVIATION_BYTES] = 800 * MB;
	deviation_of(days, 13, &v);
	assert_in_range(v.score, 60, 100);
	deviation_of(days, 20, &v);
	assert_int_equal(v.score, 0);
	days[6].values[DEVIATION_BYTES] = 2 * MB;
	deviation_of(days, 20, &v);
	assert_in_range(v.score, 60, 100);
}

static void silence_is_odd_and_no_more(void **state)
{
	(void)state;
	struct deviation v;

	days[14].values[DEVIATION_BYTES] = 0;
	days[14].values[DEVIATION_HOURS] = 0;
	days[14].absent = true;
	deviation_of(days, 14, &v);
	assert_int_equal(v.count, 2);
	assert_false(v.findings[0].more);
	assert_int_equal(v.score, DEVIATION_LESS_MOST);
	assert_string_equal(v.findings[1].what, "active in fewer hours than usual");
	assert_string_equal(v.findings[1].was, "0 hours");
	days[14].partial = true; /* the day is not over */
	deviation_of(days, 14, &v);
	assert_int_equal(v.score, 0);
	/* nor does absence become usual */
	for (unsigned i = 15; i < 20; i++) {
		days[i].values[DEVIATION_BYTES] = 0;
		days[i].absent = true;
	}
	deviation_of(days, 20, &v);
	assert_int_equal(v.score, 0);
	assert_int_equal(v.days, 14);
}

/* Someone who never did anything and now does. */
static void from_nothing_to_something(void **state)
{
	(void)state;
	struct deviation v;

	memset(days, 0, sizeof(days));
	days[10].values[DEVIATION_BYTES] = 60000; /* the time, some names */
	days[10].values[DEVIATION_PEERS] = 2;
	deviation_of(days, 10, &v);
	assert_int_equal(v.score, 0);
	days[10].values[DEVIATION_PEERS] = 40;
	days[10].values[DEVIATION_FRESH] = 40;
	deviation_of(days, 10, &v);
	assert_int_equal(v.score, 100);
	assert_string_equal(v.findings[0].usual, "0 peers, at most 0 peers in 10 days");
}

static void nothing_recorded_is_unknown(void **state)
{
	(void)state;
	struct deviation v;

	days[14].missing = true;
	deviation_of(days, 14, &v);
	assert_int_equal(v.score, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(as_usual_is_nothing, setup),
		cmocka_unit_test_setup(too_few_days_say_nothing, setup),
		cmocka_unit_test_setup(it_says_what_was_and_what_is_usual, setup),
		cmocka_unit_test_setup(one_bad_day_moves_nothing, setup),
		cmocka_unit_test_setup(who_varies_may_vary, setup),
		cmocka_unit_test_setup(a_weekly_habit_is_learned, setup),
		cmocka_unit_test_setup(silence_is_odd_and_no_more, setup),
		cmocka_unit_test_setup(from_nothing_to_something, setup),
		cmocka_unit_test_setup(nothing_recorded_is_unknown, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
