// SPDX-License-Identifier: GPL-2.0-or-later
/* Tests of profiles/fetch/poster: every step of sending a report, with a transport that
 * only exists here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "test_fetch_util.h"

#define URL "https://maker.example:8443/r"
static int setup(void **state)
{
	static struct rig g;

	memset(&g, 0, sizeof g);
	clock_virtual_init(&g.clock, NS_PER_SEC);
	g.loop = loop_new(&g.clock.clock);
	g.p = poster_new(g.loop, &g.config, &ops, &g);
	*state = &g;
	return g.loop && g.p ? 0 : -1;
}

static int teardown(void **state)
{
	struct rig *g = *state;

	poster_free(g->p);
	loop_free(g->loop);
	return 0;
}

static int begin(struct rig *g, uint64_t id, const char *url, uint32_t length)
{
	struct message_report m = {.id = id, .length = length};

	assert_true(str_copy(m.url, sizeof m.url, url));
	return poster_begin(g->p, &m);
}

static int part(struct rig *g, uint64_t id, const char *text)
{
	struct message_report_part m = {.id = id};

	assert_true(str_copy(m.text, sizeof m.text, text));
	return poster_part(g->p, &m);
}

static bool host(struct rig *g, uint64_t id, const char *name, const char *addr)
{
	struct message_host_addrs m = {.id = id, .failed = !addr};

	assert_true(str_copy(m.name, sizeof m.name, name));
	if (addr) {
		assert_int_equal(addr_parse(addr, &m.addrs.addrs[0]), 0);
		m.addrs.count = 1;
	}
	return poster_host(g->p, &m);
}

/* A report on its way to the server. */
static void post(struct rig *g, uint64_t id)
{
	assert_int_equal(begin(g, id, URL, 6), 0);
	assert_int_equal(part(g, id, "{\"a"), 0);
	assert_int_equal(part(g, id, "\":1"), 0);
	assert_true(host(g, id, "maker.example", "203.0.113.1"));
	assert_non_null(g->transfer);
}

static void respond(struct rig *g, int error, unsigned code, const char *words)
{
	struct fetch_transfer *t = g->transfer;

	assert_non_null(t);
	g->transfer = NULL;
	t->status = code;
	t->body = (uint8_t *)strdup("thanks");
	t->body_len = 6;
	t->done(t, error, words);
}

static void expect_end(const struct rig *g, uint64_t id, int error, const char *words)
{
	const struct message *m = &g->sent[g->sent_count - 1];

	assert_true(g->sent_count > 0);
	assert_int_equal(m->type, MESSAGE_REPORT_DONE);
	assert_int_equal(m->report_done.id, id);
	assert_int_equal(m->report_done.error, error);
	if (!strstr(m->report_done.text, words))
		fail_msg("\"%s\" not in \"%s\"", words, m->report_done.text);
}

static void test_a_report_is_posted(void **state)
{
	struct rig *g = *state;

	assert_int_equal(begin(g, 7, URL, 6), 0);
	assert_int_equal(part(g, 7, "{\"a"), 0);
	assert_int_equal(g->sent_count, 0); /* not whole yet */
	assert_int_equal(part(g, 7, "\":1"), 0);
	assert_int_equal(g->sent[0].type, MESSAGE_HOST_WANTED);
	assert_int_equal(g->sent[0].host_wanted.id, 7);
	assert_string_equal(g->sent[0].host_wanted.name, "maker.example");
	assert_true(host(g, 7, "MAKER.example", "203.0.113.1"));
	assert_string_equal(g->transfer->url, URL);
	assert_int_equal(g->transfer->port, 8443);
	assert_int_equal(g->transfer->addr_count, 1);
	assert_int_equal(g->transfer->post_len, 6);
	assert_memory_equal(g->transfer->post, "{\"a\":1", 6);
	assert_string_equal(g->transfer->post_type, "application/yang-data+json");
	assert_int_equal(g->transfer->limit, POSTER_ANSWER_BYTES);
	assert_string_equal(g->transfer->if_none_match, "");
	respond(g, 0, 204, "");
	expect_end(g, 7, 0, "");
	assert_string_equal(g->sent[g->sent_count - 1].report_done.text, "");
	assert_int_equal(g->idle, 1);
	assert_int_equal(g->cancelled, 0);
}

static void test_answers(void **state)
{
	static const struct {
		unsigned code;
		bool good;
		const char *words;
	} cases[] = {
		{200, true, ""}, {201, true, ""}, {299, true, ""}, {301, false, "elsewhere"},
		{307, false, "elsewhere"}, {308, false, "elsewhere"}, {404, false, "404"},
		{500, false, "500"}, {0, false, "0"}, {199, false, "199"},
	};
	struct rig *g = *state;

	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		post(g, i + 1);
		g->transfer->location[0] = 'h';
		respond(g, 0, cases[i].code, "");
		expect_end(g, i + 1, cases[i].good ? 0 : CARDEA_EPEER, cases[i].words);
		assert_int_equal(g->started, i + 1); /* no redirect is gone to */
	}
	post(g, 99);
	respond(g, CARDEA_EUNTRUSTED, 0, "no\x1b certificate");
	expect_end(g, 99, CARDEA_EUNTRUSTED, "no\\x1b certificate");
}

static void test_places_not_gone_to(void **state)
{
	static const char *const urls[] = {"http://maker.example/", "https://192.0.2.1/",
		"https://[2001:db8::1]/", "https://u@maker.example/", "file:///etc/passwd",
		"", "https://maker.example:0/"};
	struct rig *g = *state;

	for (unsigned i = 0; i < sizeof urls / sizeof *urls; i++) {
		assert_int_equal(begin(g, i + 1, urls[i], 1), 0);
		assert_int_equal(part(g, i + 1, "x"), 0);
		assert_int_equal(g->sent_count, i + 1); /* nobody is asked for a host */
		assert_int_equal(g->sent[i].type, MESSAGE_REPORT_DONE);
		assert_true(g->sent[i].report_done.error < 0);
		assert_true(g->sent[i].report_done.text[0] != 0);
	}
	assert_int_equal(g->started, 0);
}

static void test_never_into_the_house(void **state)
{
	struct rig *g = *state;

	g->config.lan_count = 1;
	assert_int_equal(prefix_parse("198.51.100.0/24", &g->config.lan[0]), 0);
	static const char *const inside[] = {"192.168.1.1", "127.0.0.1", "fe80::1",
		"fd00::1", "198.51.100.7", "::ffff:10.0.0.1", "169.254.169.254"};
	for (unsigned i = 0; i < sizeof inside / sizeof *inside; i++) {
		assert_int_equal(begin(g, i + 1, URL, 1), 0);
		assert_int_equal(part(g, i + 1, "x"), 0);
		assert_true(host(g, i + 1, "maker.example", inside[i]));
		expect_end(g, i + 1, CARDEA_EREFUSED, "inside the home");
	}
	assert_int_equal(g->started, 0);
	assert_int_equal(begin(g, 50, URL, 1), 0);
	assert_int_equal(part(g, 50, "x"), 0);
	assert_true(host(g, 50, "maker.example", NULL));
	expect_end(g, 50, -EHOSTUNREACH, "maker.example");
}

static void test_late_servers_and_engines(void **state)
{
	struct rig *g = *state;

	post(g, 1);
	assert_int_equal(begin(g, 2, URL, 6), 0); /* and the parts do not come */
	clock_virtual_set(&g->clock, g->clock.now + (LIMIT_FETCH_S + 1) * NS_PER_SEC);
	assert_int_equal(loop_once(g->loop, 0), 0);
	assert_int_equal(g->cancelled, 1);
	assert_int_equal(g->sent_count, 3);
	for (unsigned i = 1; i < 3; i++)
		assert_int_equal(g->sent[i].report_done.error, -ETIMEDOUT);
	assert_int_equal(g->idle, 1);
	assert_int_equal(part(g, 2, "late"), 0);
	assert_false(host(g, 1, "maker.example", "203.0.113.1"));
}

static void test_places(void **state)
{
	struct rig *g = *state;

	for (uint64_t i = 1; i <= LIMIT_REPORTS; i++)
		assert_int_equal(begin(g, i, URL, 6), 0);
	assert_int_equal(g->sent_count, 0);
	assert_int_equal(begin(g, 100, URL, 6), 0);
	expect_end(g, 100, CARDEA_ELIMIT, "too many");
	assert_int_equal(part(g, 100, "refused before"), 0);
	assert_int_equal(begin(g, 1, URL, 6), CARDEA_EPEER);
}

static void test_engines_that_do_not_count(void **state)
{
	struct rig *g = *state;

	assert_int_equal(begin(g, 1, URL, 0), CARDEA_EPEER);
	assert_int_equal(begin(g, 1, URL, LIMIT_REPORT_BYTES + 1), CARDEA_EPEER);
	assert_int_equal(begin(g, 1, URL, 3), 0);
	assert_int_equal(part(g, 1, ""), CARDEA_EPEER);
	assert_int_equal(part(g, 1, "four"), CARDEA_EPEER);
	assert_int_equal(part(g, 1, "abc"), 0);
	assert_int_equal(part(g, 1, "d"), CARDEA_EPEER);
	assert_int_equal(g->sent_count, 1);
}

static void test_transport_that_cannot_start(void **state)
{
	struct rig *g = *state;

	g->start_error = -ENOMEM;
	assert_int_equal(begin(g, 1, URL, 1), 0);
	assert_int_equal(part(g, 1, "x"), 0);
	assert_true(host(g, 1, "maker.example", "203.0.113.1"));
	expect_end(g, 1, -ENOMEM, "cannot start");
	assert_int_equal(g->idle, 1);
}

static void test_hosts_must_match(void **state)
{
	struct rig *g = *state;

	assert_int_equal(begin(g, 1, URL, 1), 0);
	assert_false(host(g, 1, "maker.example", "203.0.113.1")); /* not asked yet */
	assert_int_equal(part(g, 1, "x"), 0);
	assert_false(host(g, 2, "maker.example", "203.0.113.1"));
	assert_false(host(g, 1, "evil.example", "203.0.113.1"));
	assert_true(host(g, 1, "maker.example", "203.0.113.1"));
	assert_false(host(g, 1, "maker.example", "203.0.113.1"));
	assert_int_equal(g->started, 1);
}

static void test_reset(void **state)
{
	struct rig *g = *state;

	post(g, 1);
	poster_reset(g->p);
	assert_int_equal(g->cancelled, 1);
	assert_int_equal(g->sent_count, 1); /* silence */
	post(g, 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_report_is_posted),
		T(test_answers),
		T(test_places_not_gone_to),
		T(test_never_into_the_house),
		T(test_late_servers_and_engines),
		T(test_places),
		T(test_engines_that_do_not_count),
		T(test_transport_that_cannot_start),
		T(test_hosts_must_match),
		T(test_reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
