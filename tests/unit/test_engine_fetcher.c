// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of files to get: when, in which order, how often, and what is put together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/str.h"
#include "engine/fetcher.h"

#define S NS_PER_SEC

struct bench {
	struct clock_virtual clock;
	struct loop *loop;
	struct ipc courier, resolver; /* the fetcher's ends */
	struct ipc far_courier, far_resolver;
	struct fetcher f;
	struct message got[32]; /* by the courier */
	unsigned count, resolves, done, failed, retry_s;
	uint32_t rules;
	char last_done[LIMIT_URL], unwanted[LIMIT_URL];
};

static int courier_gets(struct ipc *c, const uint8_t *data, size_t len, int fd)
{
	struct bench *b = c->ctx;

	assert_int_equal(fd, -1);
	assert_true(b->count < 32);
	return message_decode(data, len, &b->got[b->count++]);
}

static int resolver_gets(struct ipc *c, const uint8_t *data, size_t len, int fd)
{
	struct bench *b = c->ctx;
	struct message m;

	assert_int_equal(fd, -1);
	assert_int_equal(message_decode(data, len, &m), 0);
	assert_int_equal(m.type, MESSAGE_RESOLVE);
	b->resolves++;
	return 0;
}

static int nothing(struct ipc *c, const uint8_t *data, size_t len, int fd)
{
	(void)c, (void)data, (void)len, (void)fd;
	return 0;
}

static void closed(struct ipc *c, int error)
{
	(void)c, (void)error;
}

static void done(void *ctx, const char *url, const struct profile *p)
{
	struct bench *b = ctx;

	b->done++;
	b->rules = p->rule_count;
	str_copy(b->last_done, sizeof(b->last_done), url);
}

static void failed(void *ctx, const char *url, const char *text, unsigned retry_s)
{
	struct bench *b = ctx;

	assert_true(url[0] && text[0]);
	b->failed++;
	b->retry_s = retry_s;
}

static bool wanted(void *ctx, const char *url)
{
	return strcmp(((struct bench *)ctx)->unwanted, url) != 0;
}

static void pair(struct bench *b, struct ipc *near, struct ipc *far,
	int (*gets)(struct ipc *, const uint8_t *, size_t, int))
{
	int fds[2];

	*near = (struct ipc){.receive = nothing, .closed = closed, .ctx = b};
	*far = (struct ipc){.receive = gets, .closed = closed, .ctx = b};
	assert_int_equal(ipc_pair(fds), 0);
	assert_int_equal(ipc_open(near, b->loop, fds[0]), 0);
	assert_int_equal(ipc_open(far, b->loop, fds[1]), 0);
}

static struct bench bench;

static int setup(void **state)
{
	struct bench *b = &bench;

	memset(b, 0, sizeof(*b));
	clock_virtual_init(&b->clock, S);
	b->loop = loop_new(&b->clock.clock);
	pair(b, &b->courier, &b->far_courier, courier_gets);
	pair(b, &b->resolver, &b->far_resolver, resolver_gets);
	fetcher_init(&b->f, &b->courier, &b->resolver);
	b->f.done = done;
	b->f.failed = failed;
	b->f.wanted = wanted;
	b->f.ctx = b;
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	fetcher_free(&b->f);
	ipc_close(&b->courier);
	ipc_close(&b->resolver);
	ipc_close(&b->far_courier);
	ipc_close(&b->far_resolver);
	loop_free(b->loop);
	return 0;
}

static void tick(struct bench *b, nstime now)
{
	fetcher_tick(&b->f, now);
	for (int i = 0; i < 5; i++)
		assert_int_equal(loop_once(b->loop, 0), 0);
}

static void want(struct bench *b, const char *url, nstime now, nstime delay)
{
	fetcher_want(&b->f, url, now, delay);
	tick(b, now);
}

static int says_failed(struct bench *b, uint64_t id, nstime now)
{
	struct message m = {.type = MESSAGE_FETCH_FAILED};

	m.fetch_failed.id = id;
	str_copy(m.fetch_failed.text, sizeof(m.fetch_failed.text), "404");
	return fetcher_courier(&b->f, &m, now);
}

static void asked_once(void **state)
{
	struct bench *b = *state;

	want(b, "https://a.example/", S, 5 * S);
	assert_int_equal(b->count, 0);
	want(b, "https://a.example/", S, 2 * S); /* brought forward */
	tick(b, 3 * S - 1);
	assert_int_equal(b->count, 0);
	tick(b, 3 * S);
	assert_int_equal(b->count, 1);
	assert_int_equal(b->got[0].type, MESSAGE_FETCH);
	assert_string_equal(b->got[0].fetch.url, "https://a.example/");
	want(b, "https://a.example/", 4 * S, 0); /* it runs */
	assert_int_equal(b->count, 1);
	assert_true(fetcher_wants(&b->f, "https://a.example/"));
}

static void pauses_double_up_to_an_hour(void **state)
{
	struct bench *b = *state;
	nstime now = S;
	unsigned want_s = FETCHER_RETRY_S;

	want(b, "https://a.example/", now, 0);
	for (unsigned i = 0; i < 12; i++) {
		assert_int_equal(b->count, i + 1);
		assert_int_equal(says_failed(b, b->got[i].fetch.id, now), 0);
		assert_int_equal(b->retry_s, want_s);
		want(b, "https://a.example/", now, 0); /* keeps its pause */
		now += want_s * S - 1;
		tick(b, now);
		assert_int_equal(b->count, i + 1);
		tick(b, ++now);
		want_s = want_s * 2 > FETCHER_RETRY_MAX_S ? FETCHER_RETRY_MAX_S : want_s * 2;
	}
	assert_int_equal(want_s, FETCHER_RETRY_MAX_S);
}

static void silence_is_a_failure(void **state)
{
	struct bench *b = *state;

	want(b, "https://a.example/", S, 0);
	tick(b, S + FETCHER_ANSWER_S * S - 1);
	assert_int_equal(b->failed, 0);
	tick(b, S + FETCHER_ANSWER_S * S);
	assert_int_equal(b->failed, 1);
	assert_int_equal(says_failed(b, b->got[0].fetch.id, 200 * S), 0); /* too late */
	assert_int_equal(b->failed, 1);
}

static void no_more_at_once_and_in_order(void **state)
{
	struct bench *b = *state;
	char url[64];

	for (int i = 0; i < LIMIT_FETCHES + 3; i++) {
		assert_int_equal(str_print(url, sizeof(url), "https://%d.example/", i), 0);
		want(b, url, S + i, 0);
	}
	assert_int_equal(b->count, LIMIT_FETCHES);
	assert_int_equal(says_failed(b, b->got[0].fetch.id, 2 * S), 0);
	tick(b, 2 * S);
	assert_int_equal(b->count, LIMIT_FETCHES + 1);
	/* the one that waited longest, not the newest */
	assert_string_equal(b->got[LIMIT_FETCHES].fetch.url, "https://8.example/");
	str_copy(b->unwanted, sizeof(b->unwanted), "https://9.example/");
	assert_int_equal(says_failed(b, b->got[1].fetch.id, 2 * S), 0);
	tick(b, 2 * S);
	assert_string_equal(b->got[LIMIT_FETCHES + 1].fetch.url, "https://10.example/");
	assert_false(fetcher_wants(&b->f, "https://9.example/"));
}

static void list_is_bounded_by_what_is_said(void **state)
{
	struct bench *b = *state;
	char url[64];

	for (int i = 0; i < LIMIT_DEVICES + 5; i++) {
		assert_int_equal(str_print(url, sizeof(url), "https://%d.example/", i), 0);
		fetcher_want(&b->f, url, S, 100 * S);
	}
	assert_int_equal(b->f.count, LIMIT_DEVICES);
	str_copy(b->unwanted, sizeof(b->unwanted), "https://7.example/");
	fetcher_want(&b->f, "https://new.example/", S, 100 * S);
	assert_true(fetcher_wants(&b->f, "https://new.example/"));
	assert_false(fetcher_wants(&b->f, "https://7.example/"));
}

static void file_that_ends_the_courier_waits(void **state)
{
	struct bench *b = *state;

	want(b, "https://a.example/", S, 0);
	fetcher_courier_lost(&b->f, S);
	tick(b, S);
	assert_int_equal(b->count, 2); /* once may be chance */
	fetcher_courier_lost(&b->f, S);
	tick(b, S + FETCHER_RETRY_S * S - 1);
	assert_int_equal(b->count, 2);
	tick(b, S + FETCHER_RETRY_S * S);
	assert_int_equal(b->count, 3);
	assert_int_equal(b->failed, 0);
}

static void absent_courier_is_asked_later(void **state)
{
	struct bench *b = *state;

	ipc_close(&b->courier);
	want(b, "https://a.example/", S, 0);
	pair(b, &b->courier, &b->far_courier, courier_gets);
	tick(b, S);
	assert_int_equal(b->count, 0);
	tick(b, 2 * S);
	assert_int_equal(b->count, 1);
	ipc_close(&b->far_courier);
}

static void head(struct message *m, uint64_t id, uint32_t rules, uint32_t notes)
{
	memset(m, 0, sizeof(*m));
	m->type = MESSAGE_PROFILE;
	m->profile.id = id;
	m->profile.rule_count = rules;
	m->profile.note_count = notes;
}

static void rule(struct message *m, uint64_t id)
{
	struct rule r;

	rule_init(&r);
	r.id = 1;
	message_from_rule(m, id, &r);
}

static void note(struct message *m, uint64_t id)
{
	memset(m, 0, sizeof(*m));
	m->type = MESSAGE_PROFILE_NOTE;
	m->profile_note.id = id;
}

static void end(struct message *m, uint64_t id)
{
	memset(m, 0, sizeof(*m));
	m->type = MESSAGE_PROFILE_END;
	m->profile_end.id = id;
}

static void pieces_make_a_profile(void **state)
{
	struct bench *b = *state;
	struct message m;
	uint64_t id;

	want(b, "https://a.example/", S, 0);
	id = b->got[0].fetch.id;
	head(&m, id, 2, 1);
	assert_int_equal(fetcher_courier(&b->f, &m, S), 0);
	rule(&m, id);
	assert_int_equal(fetcher_courier(&b->f, &m, S), 0);
	assert_int_equal(fetcher_courier(&b->f, &m, S), 0);
	note(&m, id);
	assert_int_equal(fetcher_courier(&b->f, &m, S), 0);
	end(&m, id);
	assert_int_equal(fetcher_courier(&b->f, &m, S), 0);
	assert_int_equal(b->done, 1);
	assert_int_equal(b->rules, 2);
	assert_string_equal(b->last_done, "https://a.example/");
	assert_false(fetcher_wants(&b->f, "https://a.example/"));
	assert_int_equal(fetcher_courier(&b->f, &m, S), 0); /* of nothing any more */
}

static void pieces_that_do_not_fit_are_nonsense(void **state)
{
	struct bench *b = *state;
	struct message m;
	uint64_t id;

	want(b, "https://a.example/", S, 0);
	id = b->got[0].fetch.id;
	rule(&m, id);
	assert_int_equal(fetcher_courier(&b->f, &m, S), CARDEA_EMALFORMED);
	note(&m, id);
	assert_int_equal(fetcher_courier(&b->f, &m, S), CARDEA_EMALFORMED);
	end(&m, id);
	assert_int_equal(fetcher_courier(&b->f, &m, S), CARDEA_EMALFORMED);
	head(&m, id, LIMIT_RULES + 1, 0);
	assert_int_equal(fetcher_courier(&b->f, &m, S), CARDEA_EMALFORMED);
	head(&m, id, 0, LIMIT_NOTES + 1);
	assert_int_equal(fetcher_courier(&b->f, &m, S), CARDEA_EMALFORMED);
	head(&m, id, 1, 0);
	m.profile.signature = SIGNATURE_INVALID;
	assert_int_equal(fetcher_courier(&b->f, &m, S), CARDEA_EMALFORMED);
	fetcher_courier_lost(&b->f, S);
	tick(b, S);
	id = b->got[1].fetch.id;
	head(&m, id, 1, 0);
	assert_int_equal(fetcher_courier(&b->f, &m, S), 0);
	assert_int_equal(fetcher_courier(&b->f, &m, S), CARDEA_EMALFORMED); /* twice */
	end(&m, id);
	assert_int_equal(fetcher_courier(&b->f, &m, S), CARDEA_EMALFORMED);
	rule(&m, id);
	assert_int_equal(fetcher_courier(&b->f, &m, S), 0);
	assert_int_equal(fetcher_courier(&b->f, &m, S), CARDEA_EMALFORMED);
	m.type = MESSAGE_DNS_ANSWER;
	assert_int_equal(fetcher_courier(&b->f, &m, S), CARDEA_EMALFORMED);
	assert_int_equal(b->done, 0);
}

static void hosts_are_found_by_the_resolver(void **state)
{
	struct bench *b = *state;
	struct message m = {.type = MESSAGE_HOST_WANTED};
	struct message_resolved r = {.name = "a.example"};

	want(b, "https://a.example/", S, 0);
	m.host_wanted.id = r.id = b->got[0].fetch.id;
	str_copy(m.host_wanted.name, sizeof(m.host_wanted.name), "a.example");
	assert_int_equal(fetcher_courier(&b->f, &m, S), 0);
	tick(b, S);
	assert_int_equal(b->resolves, 1);
	r.addrs.count = 1;
	assert_int_equal(addr_parse("192.0.2.1", &r.addrs.addrs[0]), 0);
	fetcher_resolved(&b->f, &r);
	tick(b, S);
	assert_int_equal(b->got[1].type, MESSAGE_HOST_ADDRS);
	assert_int_equal(b->got[1].host_addrs.addrs.count, 1);
	ipc_close(&b->resolver); /* nobody to ask: told at once */
	assert_int_equal(fetcher_courier(&b->f, &m, S), 0);
	tick(b, S);
	assert_true(b->got[2].host_addrs.failed);
	r.id++;
	fetcher_resolved(&b->f, &r); /* of nothing */
	tick(b, S);
	assert_int_equal(b->count, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
		TEST(asked_once),
		TEST(pauses_double_up_to_an_hour),
		TEST(silence_is_a_failure),
		TEST(no_more_at_once_and_in_order),
		TEST(list_is_bounded_by_what_is_said),
		TEST(file_that_ends_the_courier_waits),
		TEST(absent_courier_is_asked_later),
		TEST(pieces_make_a_profile),
		TEST(pieces_that_do_not_fit_are_nonsense),
		TEST(hosts_are_found_by_the_resolver),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
