// SPDX-License-Identifier: GPL-2.0-or-later
/* A device over the years: updates and what follows them, versions of its firmware,
 * what it does no more, clocks that are set, and restarts. */
#include "unit/test_maintain_util.h"

/* ---- updates ---- */

/* From a host that it knows. */
static void an_update_opens_a_window(void **state)
{
	struct bed *b = bed_new(true);
	struct maintain_window w;

	(void)state;
	assert_int_equal(tell(b, to_name("new.example.net", 30000)), MAINTAIN_BLOCKED);
	assert_int_equal(tell(b, firmware("api.example.com", 34000)), MAINTAIN_KNOWN);
	/* at once: what comes next is the new firmware's */
	assert_int_equal(tell(b, to_name("new.example.net", 34100)), MAINTAIN_RELEARN);
	assert_int_equal(tell(b, to_name("fresh.example.net", 34110)), MAINTAIN_RELEARN);
	assert_int_equal(tell(b, to_name("api.example.com", 34120)), MAINTAIN_KNOWN);
	assert_int_equal(tell(b, by_phone(80, 34130)), MAINTAIN_KNOWN);
	maintain_window(b->m, &w);
	assert_true(w.open);
	assert_int_equal(w.version, 2);
	assert_true(w.since == AT(34030));
	assert_true(w.until == AT(34030) + MAINTAIN_WINDOW_TIME);
	assert_int_equal(b->heard.count[MAINTAIN_WINDOW_OPENED], 1);
	bed_free(b);
}

/* Poison and what the owner refused stay blocked. */
static void a_window_is_for_what_is_new(void **state)
{
	struct bed *b = bed_new(true);
	struct record telnet = to_addr(1, 2, 34300);

	(void)state;
	(void)tell(b, to_name("no.example.net", 28500));
	tick(b, 33000);
	assert_int_equal(maintain_reject(b->m,
				 listed(b, MAINTAIN_PROPOSED)->i[0].id, AT(33001)),
		0);
	(void)tell(b, firmware("api.example.com", 34000));
	assert_int_equal(tell(b, to_name("no.example.net", 34200)), MAINTAIN_REFUSED);
	telnet.peer_port = 23;
	assert_int_equal(tell(b, telnet), MAINTAIN_POISON);
	/* and who does that is not relearned */
	tick(b, 34400);
	assert_int_equal(b->heard.count[MAINTAIN_WINDOW_STOPPED], 1);
	assert_int_equal(tell(b, to_name("new.example.net", 34500)), MAINTAIN_BLOCKED);
	bed_free(b);
}

static int count_change(
	void *ctx, enum maintain_change c, uint32_t item, const char *sentence)
{
	struct changes {
		uint32_t n[MAINTAIN_CHANGE_MAX];
		char text[MAINTAIN_CHANGE_MAX][2 * MAINTAIN_TEXT_MAX];
	} *changes = ctx;

	assert_true(item > 0);
	changes->n[c]++;
	assert_true(str_copy(changes->text[c], sizeof(changes->text[c]), sentence));
	return 0;
}

struct changes {
	uint32_t n[MAINTAIN_CHANGE_MAX];
	char text[MAINTAIN_CHANGE_MAX][2 * MAINTAIN_TEXT_MAX];
};

static struct changes changes_of(const struct bed *b, uint32_t version)
{
	struct changes c = {0};

	assert_int_equal(maintain_diff(b->m, version, count_change, &c), 0);
	return c;
}

/* Five episodes later the whole difference is one proposal. */
static void a_window_ends_with_a_version(void **state)
{
	struct bed *b = bed_new(true);
	struct maintain_version v;

	(void)state;
	(void)tell(b, firmware("api.example.com", 34000));
	tick(b, 36000);
	for (int n = 0; n < 4; n++) {
		(void)tell(b, to_name("new.example.net", 38000 + n * 8000));
		(void)tell(b, to_name("other.example.org", 38010 + n * 8000));
		tick(b, 44500 + n * 8000);
		assert_int_equal(b->heard.count[MAINTAIN_WINDOW_CLOSED], 0);
	}
	(void)tell(b, to_name("new.example.net", 38000 + 4 * 8000));
	tick(b, 44500 + 4 * 8000);
	assert_int_equal(b->heard.count[MAINTAIN_WINDOW_CLOSED], 1);
	assert_int_equal(maintain_version_count(b->m), 2);
	maintain_version_at(b->m, 1, &v);
	assert_int_equal(v.number, 2);
	assert_int_equal(v.open, 2);
	assert_int_equal(v.kinds, 4);
	assert_true(v.closed);
	assert_string_equal(v.label, "updated on 2023-11-15");
	struct changes c = changes_of(b, 2);
	assert_int_equal(c.n[MAINTAIN_ADDED], 2);
	assert_int_equal(c.n[MAINTAIN_REMOVED], 0);
	assert_string_equal(c.text[MAINTAIN_ADDED], "uses tcp 443 to other.example.org");
	assert_int_equal(changes_of(b, 1).n[MAINTAIN_ADDED], 0);
	assert_int_equal(maintain_diff(b->m, 3, count_change, &c), -2 /* ENOENT */);
	/* blocked again until the owner has spoken, of all at once */
	assert_int_equal(tell(b, to_name("new.example.net", 90000)), MAINTAIN_BLOCKED);
	assert_int_equal(maintain_accept_version(b->m, 2, AT(90100)), 0);
	assert_int_equal(tell(b, to_name("new.example.net", 90200)), MAINTAIN_KNOWN);
	assert_int_equal(tell(b, to_name("other.example.org", 90300)), MAINTAIN_KNOWN);
	assert_int_equal(maintain_accept_version(b->m, 7, AT(90400)), -2);
	bed_free(b);
}

static void a_window_lasts_seven_days(void **state)
{
	struct bed *b = bed_new(true);

	(void)state;
	(void)tell(b, firmware("api.example.com", 34000));
	for (int hour = 1; hour < 24 * 7; hour++) {
		tick(b, 34000 + hour * 3600.0);
		assert_int_equal(b->heard.count[MAINTAIN_WINDOW_CLOSED], 0);
	}
	tick(b, 34040 + 7 * DAY_S);
	assert_int_equal(b->heard.count[MAINTAIN_WINDOW_CLOSED], 1);
	bed_free(b);
}

/* Whoever makes a device download every day does not keep it open. */
static void windows_rest(void **state)
{
	struct bed *b = bed_new(true);
	uint64_t open = 0, days = 120;

	(void)state;
	for (unsigned day = 1; day <= days; day++) {
		struct maintain_window w;
		struct record r = firmware("api.example.com", day * DAY_S);

		r.bytes[DIRECTION_TO_DEVICE] = 1ULL << (23 + day / 4);
		(void)tell(b, r);
		tick(b, day * DAY_S + 7200);
		maintain_window(b->m, &w);
		open += w.open;
	}
	assert_in_range(open, 1, days * 6 / 10);
	bed_free(b);
}

/* The first update comes from a host that nobody knows. */
static void the_first_update_is_let_through(void **state)
{
	struct bed *b = bed_new(false);

	(void)state;
	assert_int_equal(tell(b, firmware("fw.cdn.example.net", 34000)), MAINTAIN_GRACE);
	assert_int_equal(tell(b, to_name("new.example.org", 34100)), MAINTAIN_RELEARN);
	tick(b, 37000);
	/* the host is of the new version */
	struct maintain_item i = listed(b, MAINTAIN_PROPOSED)->i[0];
	assert_string_equal(i.kind.name, "fw.cdn.example.net");
	assert_int_equal(i.version, 2);
	assert_true(i.kind.episodes[LEARNED_UPDATE] == 1);
	bed_free(b);
}

static void grace_is_bounded(void **state)
{
	struct bed *b = bed_new(false);
	struct record r;
	char name[32];

	(void)state;
	for (int n = 0; n < 10; n++) {
		(void)str_print(name, sizeof(name), "www.owner%d.net", n);
		assert_int_equal(tell(b, to_name(name, 30000 + n)),
			n < MAINTAIN_GRACE_KINDS ? MAINTAIN_GRACE : MAINTAIN_BLOCKED);
	}
	r = to_name("www.owner0.net", 30100); /* an address that it says itself */
	r.naming = RECORD_SNI;
	assert_int_equal(tell(b, r), MAINTAIN_BLOCKED);
	for (int hour = 1; hour < 24; hour++)
		tick(b, 30000 + hour * 3600.0);
	assert_int_equal(
		tell(b, to_name("www.owner1.net", 29000 + DAY_S)), MAINTAIN_GRACE);
	assert_int_equal(
		tell(b, to_name("www.owner1.net", 30100 + DAY_S)), MAINTAIN_BLOCKED);
	/* not by any port, not from outside, and not for who wants none */
	r = to_name("other.net", 30200 + DAY_S);
	r.peer_port = 6000;
	assert_int_equal(tell(b, r), MAINTAIN_BLOCKED);
	bed_free(b);
	b = bed_new(true);
	assert_int_equal(tell(b, to_name("www.owner0.net", 30000)), MAINTAIN_BLOCKED);
	bed_free(b);
}

/* ---- versions ---- */

static void versions_have_names(void **state)
{
	struct bed *b = bed_new(true);
	struct maintain_version v;

	(void)state;
	maintain_version_at(b->m, 0, &v);
	assert_string_equal(v.label, "as approved on 2023-11-15");
	maintain_label(b->m, MAINTAIN_BY_DHCP, "udhcp 1.33\x1b[2J");
	maintain_version_at(b->m, 0, &v);
	assert_string_equal(v.label, "udhcp 1.33\\x1b[2J"); /* never as it is */
	maintain_label(b->m, MAINTAIN_BY_AGENT, "lamp/1.0");
	maintain_label(b->m, MAINTAIN_BY_DHCP, "udhcp 1.34"); /* less good */
	maintain_version_at(b->m, 0, &v);
	assert_string_equal(v.label, "lamp/1.0");
	assert_int_equal(v.source, MAINTAIN_BY_AGENT);
	assert_int_equal(maintain_version_count(b->m), 1);
	/* another firmware, whose update nobody saw: no window for that */
	maintain_label(b->m, MAINTAIN_BY_AGENT, "lamp/1.1");
	assert_int_equal(maintain_version_count(b->m), 2);
	assert_int_equal(tell(b, to_name("new.example.net", 30000)), MAINTAIN_BLOCKED);
	/* who changes it all the time has one a day */
	for (int n = 0; n < 1000; n++) {
		char agent[16];
		(void)str_print(agent, sizeof(agent), "x/%d", n);
		maintain_label(b->m, MAINTAIN_BY_AGENT, agent);
	}
	assert_int_equal(maintain_version_count(b->m), 2);
	maintain_label(b->m, MAINTAIN_BY_AGENT, "lamp/1.0"); /* known */
	/* the window's version gets the name that comes in it */
	(void)tell(b, firmware("api.example.com", 34000));
	maintain_label(b->m, MAINTAIN_BY_AGENT, "lamp/2.0");
	maintain_version_at(b->m, 2, &v);
	assert_string_equal(v.label, "lamp/2.0");
	bed_free(b);
}

static void versions_are_bounded(void **state)
{
	struct bed *b = bed_new(true);
	struct maintain_version v;

	(void)state;
	for (int n = 0; n < 100; n++) {
		char agent[16];

		(void)str_print(agent, sizeof(agent), "lamp/%d", n);
		tick(b, (n + 1) * 2 * DAY_S);
		tick(b, (n + 1) * 2 * DAY_S + DAY_S);
		maintain_label(b->m, MAINTAIN_BY_AGENT, agent);
	}
	assert_int_equal(maintain_version_count(b->m), MAINTAIN_VERSIONS_MAX);
	maintain_version_at(b->m, 0, &v);
	assert_int_equal(v.number, 1); /* what the owner approved first stays */
	maintain_version_at(b->m, MAINTAIN_VERSIONS_MAX - 1, &v);
	assert_string_equal(v.label, "lamp/99");
	bed_free(b);
}

static void another_port_is_a_change(void **state)
{
	struct bed *b = bed_new(true);
	struct record r;

	(void)state;
	(void)tell(b, firmware("api.example.com", 34000));
	for (int day = 1; day < 130; day++) { /* the old port sleeps */
		r = to_name("api.example.com", day * DAY_S);
		r.peer_port = 8883;
		(void)tell(b, r);
		tick(b, day * DAY_S + 7200);
	}
	assert_int_equal(b->heard.count[MAINTAIN_SLEEPS], 2);
	struct changes c = changes_of(b, 2);
	assert_int_equal(c.n[MAINTAIN_CHANGED], 1);
	assert_string_equal(c.text[MAINTAIN_CHANGED],
		"uses tcp 8883 to api.example.com instead of tcp 443 to "
		"api.example.com");
	assert_int_equal(c.n[MAINTAIN_REMOVED], 1); /* the phone */
	assert_int_equal(c.n[MAINTAIN_ADDED], 0);
	bed_free(b);
}

/* ---- sleep ---- */

static void what_is_unseen_sleeps_then_goes(void **state)
{
	struct bed *b = bed_new(true);
	int day = 1;

	(void)state;
	for (; day <= 90; day++) {
		(void)tell(b, by_phone(80, day * DAY_S));
		tick(b, day * DAY_S + 7200);
		assert_int_equal(b->heard.count[MAINTAIN_SLEEPS], 0);
	}
	for (; day <= 93; day++)
		(void)tell(b, by_phone(80, day * DAY_S));
	tick(b, day * DAY_S);
	assert_int_equal(b->heard.count[MAINTAIN_SLEEPS], 1);
	assert_int_equal(listed(b, MAINTAIN_DORMANT)->count, 1);
	/* it passes, and is told */
	assert_int_equal(
		tell(b, to_name("api.example.com", day * DAY_S)), MAINTAIN_RETURNED);
	assert_int_equal(
		tell(b, to_name("api.example.com", day * DAY_S + 60)), MAINTAIN_KNOWN);
	assert_int_equal(b->heard.count[MAINTAIN_WAKES], 1);
	for (int n = 0; n < 395; n++) {
		(void)tell(b, by_phone(80, ++day * DAY_S));
		tick(b, day * DAY_S + 7200);
	}
	assert_int_equal(b->heard.count[MAINTAIN_EXPIRED], 1);
	assert_int_equal(
		tell(b, to_name("api.example.com", ++day * DAY_S)), MAINTAIN_BLOCKED);
	bed_free(b);
}

/* Every ten minutes: three days are enough. */
static void what_had_a_period_sleeps_sooner(void **state)
{
	struct bed *b = bed_new(true);
	double s = 30000;

	(void)state;
	for (int n = 0; n < 200; n++, s += 600)
		(void)tell(b, to_name("api.example.com", s));
	tick(b, s + 7200);
	assert_true(listed(b, MAINTAIN_ACTIVE)->i[0].kind.period > 0);
	for (int day = 1; day <= 3; day++)
		(void)tell(b, by_phone(80, s + day * DAY_S));
	tick(b, s + 3 * DAY_S);
	assert_int_equal(b->heard.count[MAINTAIN_SLEEPS], 0);
	(void)tell(b, by_phone(80, s + 4 * DAY_S));
	tick(b, s + 4 * DAY_S);
	assert_int_equal(b->heard.count[MAINTAIN_SLEEPS], 1);
	bed_free(b);
}

/* Three months in a drawer: nothing was unseen while nobody could see it. */
static void a_silence_is_no_disuse(void **state)
{
	struct bed *b = bed_new(true);

	(void)state;
	for (int day = 1; day <= 100; day++)
		tick(b, day * DAY_S);
	assert_int_equal(
		tell(b, to_name("api.example.com", 101 * DAY_S)), MAINTAIN_KNOWN);
	tick(b, 102 * DAY_S);
	assert_int_equal(b->heard.count[MAINTAIN_SLEEPS], 0);
	bed_free(b);
}

/* ---- clocks ---- */

static void a_clock_that_is_set_breaks_nothing(void **state)
{
	struct bed *b = bed_new(true);
	struct maintain_window w;

	(void)state;
	(void)tell(b, to_name("asked.example.net", 29000));
	tick(b, 33000);
	(void)tell(b, firmware("api.example.com", 34000));
	for (int n = 0; n < 3; n++) { /* 1970, 2081, and back */
		assert_int_equal(maintain_tick(b->m, b->l, 0), 0);
		assert_int_equal(maintain_tick(b->m, b->l, AT(34100)), 0);
		assert_int_equal(maintain_tick(b->m, b->l, 3500000000 * NS_PER_SEC), 0);
		assert_int_equal(maintain_tick(b->m, b->l, INT64_MIN), 0);
		assert_int_equal(maintain_tick(b->m, b->l, INT64_MAX), 0);
		assert_int_equal(maintain_tick(b->m, b->l, AT(34200)), 0);
	}
	assert_int_equal(listed(b, MAINTAIN_ACTIVE)->count, 2);
	assert_int_equal(listed(b, MAINTAIN_PROPOSED)->count, 1);
	/* of it no more than a day a step has passed */
	maintain_window(b->m, &w);
	assert_false(w.open);
	assert_true(maintain_week_count(b->m) <= MAINTAIN_WEEKS);
	assert_int_equal(maintain_week_of(AT(0)), 1699833600 * NS_PER_SEC);
	assert_int_equal(maintain_week_of(0), 0);
	assert_int_equal(maintain_week_of(4 * MAINTAIN_DAY), 4 * MAINTAIN_DAY);
	bed_free(b);
}

/* ---- restarts ---- */

static size_t save(const struct bed *b, uint8_t **ret)
{
	size_t size = maintain_save_size(b->m);
	struct writer w;

	*ret = malloc(size);
	assert_non_null(*ret);
	w = writer_of(*ret, size);
	assert_int_equal(maintain_save(b->m, &w), 0);
	return w.len;
}

static void a_restart_changes_nothing(void **state)
{
	struct bed *b = bed_new(false);
	struct maintain_config c = bed_config(b, false);
	struct maintain *again;
	uint8_t *bytes, *more;
	size_t len;

	(void)state;
	(void)tell(b, to_name("www.example.com", 29000));
	(void)tell(b, firmware("fw.cdn.example.net", 34000));
	(void)tell(b, to_name("new.example.org", 34100));
	(void)tell(b, by_phone(8080, 34200));
	tick(b, 40000);
	assert_int_equal(maintain_reject(b->m,
				 listed(b, MAINTAIN_PROPOSED)->i[0].id, AT(40001)),
		0);
	len = save(b, &bytes);
	for (size_t cut = 0; cut < len; cut++) {
		again = NULL;
		assert_true(maintain_load(&c, cursor_of(bytes, cut), &again) != 0);
		assert_null(again);
	}
	assert_int_equal(maintain_load(&c, cursor_of(bytes, len), &again), 0);
	maintain_free(b->m);
	b->m = again;
	assert_int_equal(save(b, &more), len);
	assert_memory_equal(more, bytes, len);
	assert_int_equal(tell(b, to_name("api.example.com", 41000)), MAINTAIN_KNOWN);
	assert_int_equal(tell(b, to_name("late.example.org", 41100)), MAINTAIN_RELEARN);
	assert_int_equal(listed(b, MAINTAIN_REJECTED)->count, 1);
	assert_true(mac_equal(maintain_device(b->m), &dev_mac));
	free(bytes);
	free(more);
	bed_free(b);
}

/* The learner lost its memory: nothing is taken back, no window opens. */
static void a_learner_that_forgot_is_no_update(void **state)
{
	struct bed *b = bed_new(true);
	struct maintain_window w;

	(void)state;
	(void)tell(b, to_name("new.example.net", 30000));
	tick(b, 40000);
	learned_free(b->l);
	b->l = learner(false);
	tick(b, 41000);
	assert_int_equal(tell(b, to_name("api.example.com", 42000)), MAINTAIN_KNOWN);
	tick(b, 50000);
	maintain_window(b->m, &w);
	assert_false(w.open);
	assert_int_equal(listed(b, MAINTAIN_PROPOSED)->count, 1);
	assert_int_equal(listed(b, MAINTAIN_ACTIVE)->count, 2);
	bed_free(b);
}

/* ---- reports ---- */

static void the_week_is_told(void **state)
{
	struct bed *b = bed_new(true);
	struct maintain_report_device d = {.mac = dev_mac, .name = "Lamp"};
	struct maintain_report r = {.devices = &d, .count = 1};
	char text[2048];
	struct jsonw j;
	FILE *f = fmemopen(text, sizeof(text), "w");

	(void)state;
	(void)tell(b, to_name("new.example.net", 30000));
	(void)tell(b, to_name("new.example.net", 30010));
	tick(b, 40000);
	assert_int_equal(maintain_accept(b->m,
				 listed(b, MAINTAIN_PROPOSED)->i[0].id, AT(40001)),
		0);
	d.week = this_week(b);
	r.since = d.week.since;
	maintain_report_text(&r, f);
	fclose(f);
	assert_string_equal(text,
		"Week of 2023-11-13, 1 device: 1 alert, 2 blocked, 2 of those without "
		"need; 1 asked, 1 accepted, 0 by itself, 0 refused\n"
		"  Lamp: 1 alert, 2 blocked, 2 of those without need; 1 asked, 1 "
		"accepted, 0 by itself, 0 refused\n"
		"    0 waiting; unseen: unknown (0 of 5 episodes)\n");
	jsonw_init_buffer(&j, 1 << 16);
	maintain_report_json(&r, &j);
	assert_non_null(jsonw_text(&j));
	assert_non_null(strstr(jsonw_text(&j), "\"schema\":\"cardea.week/1\""));
	assert_non_null(strstr(jsonw_text(&j), "\"false_blocks\":2"));
	assert_non_null(strstr(jsonw_text(&j), "\"share\":null"));
	jsonw_free(&j);
	bed_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_update_opens_a_window),
		cmocka_unit_test(a_window_is_for_what_is_new),
		cmocka_unit_test(a_window_ends_with_a_version),
		cmocka_unit_test(a_window_lasts_seven_days),
		cmocka_unit_test(windows_rest),
		cmocka_unit_test(the_first_update_is_let_through),
		cmocka_unit_test(grace_is_bounded),
		cmocka_unit_test(versions_have_names),
		cmocka_unit_test(versions_are_bounded),
		cmocka_unit_test(another_port_is_a_change),
		cmocka_unit_test(what_is_unseen_sleeps_then_goes),
		cmocka_unit_test(what_had_a_period_sleeps_sooner),
		cmocka_unit_test(a_silence_is_no_disuse),
		cmocka_unit_test(a_clock_that_is_set_breaks_nothing),
		cmocka_unit_test(a_restart_changes_nothing),
		cmocka_unit_test(a_learner_that_forgot_is_no_update),
		cmocka_unit_test(the_week_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
