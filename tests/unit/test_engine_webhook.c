// SPDX-License-Identifier: GPL-2.0-or-later
/* What the owner is told of: one message after the other, none lost without being counted. */
#include "test_engine_util.h"
#include <errno.h>

static struct house *h;

static void added(void *ctx, const struct event *e)
{
	webhook_event(ctx, e);
}

static int setup(void **state)
{
	(void)state;
	h = house_new();
	h->p.journal.ctx = &h->p;
	h->p.journal.added = added;
	assert_int_equal(pipeline_setting(&h->p, "webhook_url", "http://192.168.7.9/x"), 0);
	assert_int_equal(pipeline_setting(&h->p, "webhook", "yes"), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	house_free(h);
	return 0;
}

static void happen(const char *what)
{
	journal_note(&h->p.journal, h->clock.now, 0, EVENT_GATEWAY, "%s", what);
	journal_flush(&h->p.journal);
}

/* The nth message has these words. */
static void assert_told(unsigned n, const char *words)
{
	const struct message *m = got(h, ROLE_COURIER, MESSAGE_REPORT_PART, n);

	assert_non_null(m);
	if (!strstr(m->report_part.text, words))
		fail_msg("%s: %s", words, m->report_part.text);
}

static void courier_says(int error)
{
	struct message m = {.type = MESSAGE_REPORT_DONE};

	m.report_done.id = h->p.webhook.sending;
	m.report_done.error = error;
	far_send(h, ROLE_COURIER, &m);
	spin(h);
}

static void one_after_the_other(void **state)
{
	(void)state;
	happen("first");
	happen("second");
	advance(h, 3);
	assert_int_equal(got_count(h, ROLE_COURIER, MESSAGE_REPORT), 1);
	assert_told(0, "first");
	courier_says(-EIO);
	advance(h, 14);
	assert_int_equal(got_count(h, ROLE_COURIER, MESSAGE_REPORT), 1);
	advance(h, 2);
	assert_told(1, "first");
	courier_says(0);
	advance(h, 1);
	assert_told(2, "second");
	courier_says(0);
	assert_int_equal(h->p.webhook.delivered, 2);
	assert_int_equal(h->p.webhook.lost, 0);
}

/* Off, and on again, while one is under way: its answer is not that of the next. */
static void what_came_since_is_told(void **state)
{
	(void)state;
	happen("first");
	advance(h, 1);
	assert_told(0, "first");
	assert_int_equal(pipeline_setting(&h->p, "webhook", "no"), 0);
	happen("nobody hears this");
	assert_int_equal(pipeline_setting(&h->p, "webhook", "yes"), 0);
	happen("second");
	courier_says(0);
	advance(h, 2);
	assert_told(1, "second");
	assert_int_equal(h->p.webhook.count, 1);
}

/* When there are too many, what is under way is not among those that go: it is told again. */
static void too_many(void **state)
{
	char what[32];

	(void)state;
	happen("first");
	advance(h, 1);
	for (unsigned i = 0; i < WEBHOOK_QUEUE_MAX; i++) {
		assert_int_equal(str_print(what, sizeof(what), "number %u.", i), 0);
		happen(what);
	}
	assert_int_equal(h->p.webhook.lost, 1);
	courier_says(-EIO);
	advance(h, 16);
	assert_told(1, "first");
	courier_says(0);
	advance(h, 1);
	assert_told(2, "number 1.");
	assert_int_equal(h->p.webhook.lost, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
		TEST(one_after_the_other),
		TEST(what_came_since_is_told),
		TEST(too_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
