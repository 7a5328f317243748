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
	struct profile profile; /* the last one done; its arrays are gone */
	struct tls_profile tls;
	struct profile_limit limit;
	struct profile_link link;
	unsigned unchanged;
	const char *etag; /* what it has of every file */
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
	b->profile = *p;
	if (p->tls_count)
		b->tls = p->tls[p->tls_count - 1];
	if (p->limit_count)
		b->limit = p->limits[p->limit_count - 1];
	if (p->link_count)
		b->link = p->links[p->link_count - 1];
	str_copy(b->last_done, sizeof(b->last_done), url);
}

static void failed(void *ctx, const char *url, const char *text, unsigned retry_s)
{
	struct bench *b = ctx;

	assert_true(url[0] && text[0]);
	b->failed++;
	b->retry_s = retry_s;
}

static bool etag(void *ctx, const char *url, char ret_etag[LIMIT_TEXT])
{
	struct bench *b = ctx;

	assert_true(url[0]);
	str_copy(ret_etag, LIMIT_TEXT, b->etag ? b->etag : "");
	return b->etag != NULL;
}

static void unchanged(void *ctx, const char *url)
{
	struct bench *b = ctx;

	b->unchanged++;
	str_copy(b->last_done, sizeof(b->last_done), url);
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
	b->f.etag = etag;
	b->f.unchanged = unchanged;
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
	m.profile.signature = SIGNATURE_STATE_MAX;
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

/* What the engine decides about is passed on, whatever it is worth. */
static void every_state_of_a_signature_arrives(void **state)
{
	struct bench *b = *state;
	struct message m;

	for (uint8_t s = 0; s < SIGNATURE_STATE_MAX; s++) {
		want(b, "https://a.example/", S, 0);
		head(&m, b->got[s].fetch.id, 0, 0);
		m.profile.signature = s;
		str_copy(m.profile.signature_text, LIMIT_TEXT, "because");
		assert_int_equal(fetcher_courier(&b->f, &m, S), 0);
		end(&m, b->got[s].fetch.id);
		assert_int_equal(fetcher_courier(&b->f, &m, S), 0);
		assert_int_equal(b->done, s + 1);
		assert_int_equal(b->profile.signature, s);
		assert_string_equal(b->profile.signature_text, "because");
		assert_int_equal(b->profile.layer, s == SIGNATURE_VALID
							   ? LAYER_MANUFACTURER
							   : LAYER_CROWD);
	}
}

static void tls(struct message *m, uint64_t id, const char *name)
{
	struct tls_profile t = {.versions = {.count = 1, .items = {0x0304}}};

	str_copy(t.name, sizeof(t.name), name);
	message_from_tls(m, id, &t);
}

static void limit(struct message *m, uint64_t id)
{
	struct profile_limit l = {.service = "video", .bytes = 1000};

	message_from_limit(m, id, &l);
}

static void link_(struct message *m, uint64_t id)
{
	struct profile_link l = {.kind = "sbom-url", .text = "https://a.example/sbom"};

	message_from_link(m, id, &l);
}

static void says(struct bench *b, const struct message *m, int result)
{
	assert_int_equal(fetcher_courier(&b->f, m, S), result);
}

static uint64_t begin(struct bench *b, uint8_t tls_count, uint8_t limits, uint8_t links)
{
	struct message m;
	uint64_t id;

	want(b, "https://a.example/", S, 0);
	id = b->got[b->count - 1].fetch.id;
	head(&m, id, 1, 0);
	m.profile.tls_count = tls_count;
	m.profile.limit_count = limits;
	m.profile.link_count = links;
	says(b, &m, 0);
	return id;
}

static void other_pieces_arrive_too(void **state)
{
	struct bench *b = *state;
	uint64_t id = begin(b, 2, 1, 1);
	struct message m;

	rule(&m, id);
	m.profile_rule.tls = 2;
	says(b, &m, 0);
	tls(&m, id, "one");
	says(b, &m, 0);
	tls(&m, id, "two");
	says(b, &m, 0);
	limit(&m, id);
	says(b, &m, 0);
	end(&m, id);
	says(b, &m, CARDEA_EMALFORMED); /* a link is missing */
	link_(&m, id);
	says(b, &m, 0);
	end(&m, id);
	says(b, &m, 0);
	assert_int_equal(b->done, 1);
	assert_int_equal(b->profile.tls_count, 2);
	assert_string_equal(b->tls.name, "two");
	assert_int_equal(b->tls.versions.items[0], 0x0304);
	assert_int_equal(b->profile.limit_count, 1);
	assert_int_equal(b->limit.bytes, 1000);
	assert_int_equal(b->profile.link_count, 1);
	assert_string_equal(b->link.kind, "sbom-url");
}

static void other_pieces_are_counted(void **state)
{
	struct bench *b = *state;
	uint64_t id = begin(b, 1, 0, 0);
	struct message m;

	rule(&m, id);
	m.profile_rule.tls = 2;
	says(b, &m, CARDEA_EMALFORMED); /* of a TLS profile that does not come */
	rule(&m, id);
	says(b, &m, 0);
	limit(&m, id);
	says(b, &m, CARDEA_EMALFORMED);
	link_(&m, id);
	says(b, &m, CARDEA_EMALFORMED);
	tls(&m, id, "one");
	says(b, &m, 0);
	says(b, &m, CARDEA_EMALFORMED); /* one too many */
	fetcher_courier_lost(&b->f, S); /* what came so far is freed */
	tick(b, S);
	id = b->got[1].fetch.id;
	tls(&m, id, "before the head");
	says(b, &m, CARDEA_EMALFORMED);
	head(&m, id, 0, 0);
	m.profile.tls_count = LIMIT_TLS_PROFILES + 1;
	says(b, &m, CARDEA_EMALFORMED);
	head(&m, id, 0, 0);
	m.profile.limit_count = LIMIT_PROFILE_LIMITS + 1;
	says(b, &m, CARDEA_EMALFORMED);
	head(&m, id, 0, 0);
	m.profile.link_count = LIMIT_LINKS + 1;
	says(b, &m, CARDEA_EMALFORMED);
}

static void not_modified(struct message *m, uint64_t id)
{
	memset(m, 0, sizeof(*m));
	m->type = MESSAGE_NOT_MODIFIED;
	m->not_modified.id = id;
}

static void what_we_have_is_not_sent_again(void **state)
{
	struct bench *b = *state;
	struct message m;

	b->etag = "W/\"7\"";
	want(b, "https://a.example/", S, 0);
	assert_string_equal(b->got[0].fetch.etag, "W/\"7\"");
	not_modified(&m, b->got[0].fetch.id);
	says(b, &m, 0);
	assert_int_equal(b->unchanged, 1);
	assert_int_equal(b->done, 0);
	assert_string_equal(b->last_done, "https://a.example/");
	assert_false(fetcher_wants(&b->f, "https://a.example/"));
	b->etag = NULL;
	want(b, "https://b.example/", S, 0);
	assert_string_equal(b->got[1].fetch.etag, "");
	not_modified(&m, b->got[1].fetch.id);
	says(b, &m, CARDEA_EMALFORMED); /* we have none to leave as it is */
	assert_int_equal(b->unchanged, 1);
	b->etag = "\"x\"";
	b->f.unchanged = NULL;
	want(b, "https://c.example/", S, 0);
	assert_string_equal(b->got[2].fetch.etag, "");
}

static void not_modified_after_a_head_is_nonsense(void **state)
{
	struct bench *b = *state;
	struct message m;
	uint64_t id;

	b->etag = "\"x\"";
	id = begin(b, 0, 0, 0);
	not_modified(&m, id);
	says(b, &m, CARDEA_EMALFORMED);
	assert_int_equal(b->unchanged, 0);
}

static void refresh_is_never_early_and_spread(void **state)
{
	static const struct {
		uint16_t says, means;
	} cases[] = {{0, 48}, {1, 1}, {48, 48}, {168, 168}, {169, 168}, {65535, 168}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		nstime least = cases[i].means * 3600 * S, most = least + least / 10;

		assert_true(fetcher_refresh_delay(cases[i].says, 0) == least);
		assert_true(fetcher_refresh_delay(cases[i].says,
				    (uint64_t)(least / 10)) == most);
		for (uint64_t r = 1; r; r <<= 1) {
			nstime d = fetcher_refresh_delay(cases[i].says, r * 7 - 1);
			assert_true(d >= least && d <= most);
		}
	}
	assert_true(fetcher_refresh_delay(48, 1) != fetcher_refresh_delay(48, 2));
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
		TEST(every_state_of_a_signature_arrives),
		TEST(other_pieces_arrive_too),
		TEST(other_pieces_are_counted),
		TEST(what_we_have_is_not_sent_again),
		TEST(not_modified_after_a_head_is_nonsense),
		TEST(refresh_is_never_early_and_spread),
		TEST(hosts_are_found_by_the_resolver),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
