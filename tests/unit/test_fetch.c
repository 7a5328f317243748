// SPDX-License-Identifier: GPL-2.0-or-later
/* Tests of profiles/fetch: every step of a fetch with a transport that only exists
 * here. Signatures with real keys are tested with a real server elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include "base/str.h"
#include "model/profile.h"
#include "test_fetch_util.h"

#define URL "https://maker.example/light.json"
static int setup(void **state)
{
	static struct rig g;

	memset(&g, 0, sizeof g);
	clock_virtual_init(&g.clock, NS_PER_SEC);
	g.loop = loop_new(&g.clock.clock);
	g.f = fetcher_new(g.loop, &g.config, &ops, &g);
	*state = &g;
	return g.loop && g.f ? 0 : -1;
}

static int teardown(void **state)
{
	struct rig *g = *state;

	fetcher_free(g->f);
	loop_free(g->loop);
	return 0;
}

static const struct message *last(const struct rig *g)
{
	assert_true(g->sent_count > 0);
	return &g->sent[g->sent_count - 1];
}

static void fetch(struct rig *g, uint64_t id, const char *url)
{
	struct message_fetch m = {.id = id};

	assert_true(str_copy(m.url, sizeof m.url, url));
	fetcher_fetch(g->f, &m);
}

static void host(struct rig *g, uint64_t id, const char *name, const char *addr)
{
	struct message_host_addrs m = {.id = id, .failed = !addr};

	assert_true(str_copy(m.name, sizeof m.name, name));
	if (addr) {
		assert_int_equal(addr_parse(addr, &m.addrs.addrs[0]), 0);
		m.addrs.count = 1;
	}
	fetcher_host(g->f, &m);
}

/* Ends the running transfer with a response. */
static void respond(
	struct rig *g, unsigned status, const char *location, const char *body)
{
	struct fetch_transfer *t = g->transfer;

	assert_non_null(t);
	g->transfer = NULL;
	t->status = status;
	if (location)
		(void)str_copy(t->location, sizeof t->location, location);
	if (body) {
		t->body = (uint8_t *)strdup(body);
		t->body_len = strlen(body);
	}
	t->done(t, 0, "");
}

static void expect_failure(
	const struct rig *g, uint64_t id, int error, const char *words)
{
	const struct message *m = last(g);

	assert_int_equal(m->type, MESSAGE_FETCH_FAILED);
	assert_int_equal(m->fetch_failed.id, id);
	assert_int_equal(m->fetch_failed.error, error);
	if (!strstr(m->fetch_failed.text, words))
		fail_msg("\"%s\" not in \"%s\"", words, m->fetch_failed.text);
}

#define FILE_OF(url, more)                                                             \
	"{\"ietf-mud:mud\":{\"mud-version\":1,\"mud-url\":\"" url "\","                \
	"\"last-update\":\"2026-01-27T07:23:02+00:00\",\"is-supported\":true," more    \
	"\"from-device-policy\":{\"access-lists\":{\"access-list\":[{\"name\":\"a\"}]" \
	"}}"                                                                           \
	"},\"ietf-access-control-list:acls\":{\"acl\":[{\"name\":\"a\","               \
	"\"type\":\"ipv4-acl-type\",\"aces\":{\"ace\":[{\"name\":\"c\",\"matches\":{"  \
	"\"ipv4\":{\"ietf-acldns:dst-dnsname\":\"cloud.maker.example\"}},"             \
	"\"actions\":{\"forwarding\":\"accept\"}}]}}]}}"

static void test_unsigned_file(void **state)
{
	struct rig *g = *state;

	fetch(g, 3, URL);
	assert_int_equal(last(g)->type, MESSAGE_HOST_WANTED);
	assert_string_equal(last(g)->host_wanted.name, "maker.example");
	host(g, 3, "MAKER.example", "203.0.113.1");
	assert_int_equal(g->transfer->port, 443);
	assert_int_equal(g->transfer->limit, LIMIT_MUD_BYTES);
	assert_int_equal(g->transfer->addr_count, 1);
	respond(g, 200, NULL, FILE_OF(URL, ""));
	assert_int_equal(g->sent[1].type, MESSAGE_PROFILE);
	assert_int_equal(g->sent[1].profile.signature, SIGNATURE_NONE);
	assert_int_equal(g->sent[1].profile.rule_count, 1);
	assert_int_equal(g->sent[2].type, MESSAGE_PROFILE_RULE);
	assert_string_equal(g->sent[2].profile_rule.name, "cloud.maker.example");
	assert_int_equal(last(g)->type, MESSAGE_PROFILE_END);
	assert_int_equal(g->idle, 1);
}

/* Fetches URL, answers with this file; what comes next is the caller's. */
static void serve(struct rig *g, uint64_t id, const char *file)
{
	fetch(g, id, URL);
	host(g, id, "maker.example", "203.0.113.1");
	respond(g, 200, NULL, file);
}

static const struct message_profile *head_of(const struct rig *g)
{
	for (unsigned i = g->sent_count; i-- > 0;)
		if (g->sent[i].type == MESSAGE_PROFILE)
			return &g->sent[i].profile;
	fail_msg("no profile was sent");
	return NULL;
}

static void expect_state(
	const struct rig *g, enum signature_state state, const char *words)
{
	const struct message_profile *p = head_of(g);

	assert_int_equal(last(g)->type, MESSAGE_PROFILE_END);
	assert_int_equal(p->signature, state);
	if (!strstr(p->signature_text, words))
		fail_msg("\"%s\" not in \"%s\"", words, p->signature_text);
}

static void test_signature_comes_from_the_files_place(void **state)
{
	struct rig *g = *state;

	fetch(g, 3, URL);
	host(g, 3, "maker.example", "203.0.113.1");
	respond(g, 302, "https://cdn.example:8443/v2/light.json", NULL);
	assert_string_equal(last(g)->host_wanted.name, "cdn.example");
	host(g, 3, "cdn.example", "203.0.113.2");
	assert_int_equal(g->transfer->port, 8443);
	respond(g, 200, NULL, FILE_OF(URL, "\"mud-signature\":\"light.p7s\","));
	assert_string_equal(last(g)->host_wanted.name, "cdn.example");
	host(g, 3, "cdn.example", "203.0.113.2");
	assert_string_equal(g->transfer->url, "https://cdn.example:8443/v2/light.p7s");
	assert_int_equal(g->transfer->limit, LIMIT_SIGNATURE_BYTES);
	respond(g, 200, NULL, "0123");
	expect_state(g, SIGNATURE_INVALID, "not one CMS object");
	/* where the bytes came from changes nothing about whose file it is */
	assert_string_equal(head_of(g)->url, URL);
	assert_string_equal(head_of(g)->signer, "");
}

/* A file that names a signature is never read as one that names none. */
static void test_signature_that_cannot_be_got(void **state)
{
	struct rig *g = *state;

	serve(g, 3, FILE_OF(URL, "\"mud-signature\":\"light.p7s\","));
	host(g, 3, "maker.example", "203.0.113.1");
	respond(g, 404, NULL, NULL);
	expect_failure(g, 3, CARDEA_EPEER, "signature https://maker.example/light.p7s");
	serve(g, 4, FILE_OF(URL, "\"mud-signature\":\"light.p7s\","));
	host(g, 4, "maker.example", NULL);
	expect_failure(g, 4, -EHOSTUNREACH, "signature");
	serve(g, 5, FILE_OF(URL, "\"mud-signature\":\"light.p7s\","));
	clock_virtual_set(&g->clock, g->clock.now + LIMIT_FETCH_S * NS_PER_SEC);
	assert_int_equal(loop_once(g->loop, 0), 0);
	expect_failure(g, 5, -ETIMEDOUT, "signature");
	for (unsigned i = 0; i < g->sent_count; i++)
		assert_int_not_equal(g->sent[i].type, MESSAGE_PROFILE);
}

static void test_signature_at_a_place_not_gone_to(void **state)
{
	struct rig *g = *state;
	char file[4096], name[LIMIT_URL + 1];

	serve(g, 3,
		FILE_OF(URL, "\"mud-signature\":\"http://maker.example/light.p7s\","));
	expect_failure(g, 3, CARDEA_EMALFORMED, "mud-signature is unusable");
	memset(name, 'a', sizeof name);
	name[LIMIT_URL] = 0;
	assert_int_equal(str_print(file, sizeof file,
				 FILE_OF(URL, "\"mud-signature\":\"%s\","), name),
		0);
	serve(g, 4, file);
	expect_failure(g, 4, CARDEA_ELIMIT, "mud-signature is too long");
	assert_int_equal(g->started, 2);
}

/* Only what nobody vouches for is mended. */
static void test_unsigned_file_is_imported(void **state)
{
	struct rig *g = *state;

	serve(g, 3,
		"{\"ietf-mud:mud\":{\"mud-version\":1,\"mud-url\":\"" URL
		"\",\"last-update\":\"2026-01-27T07:23:02+00:00\","
		"\"is-supported\":\"true\",\"from-device-policy\":{\"access-lists\":{"
		"\"access-list\":[{\"name\":\"a\"}]}}},"
		"\"ietf-access-control-list:access-lists\":{\"acl\":[{\"name\":\"a\","
		"\"type\":\"ipv4-acl-type\",\"aces\":{\"ace\":[]}}]}}");
	expect_state(g, SIGNATURE_NONE, "nobody vouches");
	assert_true(head_of(g)->note_count > 0);
}

static void test_file_that_names_another_url(void **state)
{
	struct rig *g = *state;

	/* the engine decides what that means; the courier says what is there */
	serve(g, 3, FILE_OF("https://maker.example/camera.json", ""));
	assert_string_equal(head_of(g)->url, "https://maker.example/camera.json");
	assert_int_equal(last(g)->type, MESSAGE_PROFILE_END);
}

/* A file that has one of everything, read from the source tree. */
static char *rich_file(void)
{
	static char text[65536];
	char path[4096];
	const char *root = getenv("CARDEA_SOURCE");
	FILE *f;

	assert_int_equal(
		str_print(path, sizeof path, "%s/tests/unit/mud_fixtures/rich.json",
			root ? root : "."),
		0);
	f = fopen(path, "r");
	assert_non_null(f);
	size_t n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = 0;
	char *named = strstr(text, "\"mud-signature\"");
	if (named)
		memcpy(named, "\"mud-signaturE", 14);
	return text;
}

/* Whatever the reader finds is passed on, in the numbers of the head and in its order.
 */
static void test_all_parts_are_sent(void **state)
{
	static const int types[] = {MESSAGE_PROFILE, MESSAGE_PROFILE_RULE,
		MESSAGE_PROFILE_NOTE, MESSAGE_PROFILE_TLS, MESSAGE_PROFILE_LIMIT,
		MESSAGE_PROFILE_LINK, MESSAGE_PROFILE_END};
	struct rig *g = *state;
	unsigned counts[7] = {0}, at = 0;
	const struct message_profile *p;

	serve(g, 3, rich_file());
	p = head_of(g);
	for (unsigned i = 1; i < g->sent_count; i++) {
		unsigned t = 0;
		while (t < 7 && types[t] != (int)g->sent[i].type)
			t++;
		assert_true(t < 7 && t >= at);
		counts[at = t]++;
	}
	assert_int_equal(counts[1], p->rule_count);
	assert_int_equal(counts[2], p->note_count);
	assert_int_equal(counts[3], p->tls_count);
	assert_int_equal(counts[4], p->limit_count);
	assert_int_equal(counts[5], p->link_count);
	for (unsigned t = 0; t < 7; t++)
		if (!counts[t])
			fail_msg("none of type %d", types[t]);
}

static void ask_with(struct rig *g, uint64_t id, const char *etag)
{
	struct message_fetch m = {.id = id, .url = URL};

	assert_true(str_copy(m.etag, sizeof m.etag, etag));
	fetcher_fetch(g->f, &m);
	host(g, id, "maker.example", "203.0.113.1");
}

/* Gets URL with this ETag. */
static void give(struct rig *g, uint64_t id, const char *etag)
{
	fetch(g, id, URL);
	host(g, id, "maker.example", "203.0.113.1");
	(void)str_copy(g->transfer->etag, LIMIT_TEXT, etag);
	respond(g, 200, NULL, FILE_OF(URL, ""));
	assert_string_equal(head_of(g)->etag, etag);
}

static void test_what_the_engine_has(void **state)
{
	struct rig *g = *state;

	give(g, 1, "W/\"7\"");
	ask_with(g, 2, "W/\"7\"");
	assert_string_equal(g->transfer->if_none_match, "W/\"7\"");
	respond(g, 302, "https://maker.example/there.json", NULL);
	host(g, 2, "maker.example", "203.0.113.1");
	assert_string_equal(g->transfer->if_none_match, "W/\"7\"");
	respond(g, 304, NULL, NULL);
	assert_int_equal(last(g)->type, MESSAGE_NOT_MODIFIED);
	assert_int_equal(last(g)->not_modified.id, 2);
	assert_int_equal(g->idle, 2);
	/* another engine has the same file, and this process checked it */
	fetcher_reset(g->f);
	ask_with(g, 3, "W/\"7\"");
	assert_string_equal(g->transfer->if_none_match, "W/\"7\"");
	/* not for the signature, where it would say nothing */
	respond(g, 200, NULL, FILE_OF(URL, "\"mud-signature\":\"light.p7s\","));
	host(g, 3, "maker.example", "203.0.113.1");
	assert_string_equal(g->transfer->if_none_match, "");
	respond(g, 304, NULL, NULL);
	expect_failure(g, 3, CARDEA_EPEER, "answered 304");
}

/* Never asked with: what is no ETag, and what this process did not see itself. */
static void test_what_is_not_asked_with(void **state)
{
	static const char *const etags[] = {
		"\"8\"", "\"7\"", "no\r\nGood: one", "", "W/\"7"};
	struct rig *g = *state;

	give(g, 1, "W/\"7\"");
	for (unsigned i = 0; i < sizeof etags / sizeof *etags; i++) {
		ask_with(g, 10 + i, etags[i]);
		assert_string_equal(g->transfer->if_none_match, "");
		respond(g, 304, NULL, NULL);
		expect_failure(g, 10 + i, CARDEA_EPEER, "answered 304");
	}
	/* of another file */
	struct message_fetch m = {
		.id = 2, .url = "https://maker.example/x", .etag = "W/\"7\""};
	fetcher_fetch(g->f, &m);
	host(g, 2, "maker.example", "203.0.113.1");
	assert_string_equal(g->transfer->if_none_match, "");
}

/* It may be put right while the file, and its ETag, stay as they are. */
static void test_bad_signature_is_got_again(void **state)
{
	struct rig *g = *state;

	fetch(g, 1, URL);
	host(g, 1, "maker.example", "203.0.113.1");
	(void)str_copy(g->transfer->etag, LIMIT_TEXT, "\"7\"");
	respond(g, 200, NULL, FILE_OF(URL, "\"mud-signature\":\"light.p7s\","));
	host(g, 1, "maker.example", "203.0.113.1");
	respond(g, 200, NULL, "0123");
	expect_state(g, SIGNATURE_INVALID, "not one CMS object");
	assert_string_equal(head_of(g)->etag, "\"7\"");
	ask_with(g, 2, "\"7\"");
	assert_string_equal(g->transfer->if_none_match, "");
}

static void test_etags(void **state)
{
	static const struct {
		const char *etag;
		bool good;
	} cases[] = {{"\"a\"", true}, {"W/\"a\"", true}, {"\"\"", true},
		{"\"!#~\\\"", true}, {"", false}, {"a", false}, {"\"", false},
		{"W/", false}, {"W/\"", false}, {"w/\"a\"", false}, {"\"a", false},
		{"\"a\"b\"", false}, {"\"a b\"", false}, {"\"a\x7f\"", false},
		{"\"\xc3\xa4\"", false}, {"\"a\r\nX: y\"", false},
		{"\"a\", \"b\"", false}};
	struct rig *g = *state;

	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (fetch_etag_is_good(cases[i].etag) != cases[i].good)
			fail_msg("%s", cases[i].etag);
		fetch(g, i, URL);
		host(g, i, "maker.example", "203.0.113.1");
		(void)str_copy(g->transfer->etag, LIMIT_TEXT, cases[i].etag);
		respond(g, 200, NULL, FILE_OF(URL, ""));
		assert_string_equal(
			head_of(g)->etag, cases[i].good ? cases[i].etag : "");
	}
}

/* The file's, not that of the redirect before it or the signature after it. */
static void test_etag_of_the_file(void **state)
{
	struct rig *g = *state;

	fetch(g, 1, URL);
	host(g, 1, "maker.example", "203.0.113.1");
	(void)str_copy(g->transfer->etag, LIMIT_TEXT, "\"redirect\"");
	respond(g, 302, "https://maker.example/there.json", NULL);
	host(g, 1, "maker.example", "203.0.113.1");
	assert_string_equal(g->transfer->etag, "");
	(void)str_copy(g->transfer->etag, LIMIT_TEXT, "\"file\"");
	respond(g, 200, NULL, FILE_OF(URL, "\"mud-signature\":\"light.p7s\","));
	host(g, 1, "maker.example", "203.0.113.1");
	(void)str_copy(g->transfer->etag, LIMIT_TEXT, "\"signature\"");
	respond(g, 200, NULL, "0123");
	assert_string_equal(head_of(g)->etag, "\"file\"");
}

static void test_redirects(void **state)
{
	struct rig *g = *state;

	fetch(g, 1, URL);
	host(g, 1, "maker.example", "203.0.113.1");
	respond(g, 301, URL, NULL);
	expect_failure(g, 1, CARDEA_ELOOP, "lead back");

	fetch(g, 2, URL);
	host(g, 2, "maker.example", "203.0.113.1");
	respond(g, 301, "http://maker.example/light.json", NULL);
	expect_failure(g, 2, CARDEA_EMALFORMED, "redirect");

	fetch(g, 3, URL);
	host(g, 3, "maker.example", "203.0.113.1");
	respond(g, 307, NULL, NULL);
	expect_failure(g, 3, CARDEA_EPEER, "nowhere");
}

static void test_redirects_are_counted(void **state)
{
	struct rig *g = *state;
	char url[LIMIT_URL];

	fetch(g, 1, URL);
	for (unsigned i = 0; i <= LIMIT_REDIRECTS; i++) {
		host(g, 1, "maker.example", "203.0.113.1");
		assert_int_equal(str_print(url, sizeof url, URL "?%u", i), 0);
		respond(g, 302, url, NULL);
	}
	expect_failure(g, 1, CARDEA_ELIMIT, "redirects");
	assert_int_equal(g->started, LIMIT_REDIRECTS + 1);
}

static void test_redirect_that_was_cut(void **state)
{
	struct rig *g = *state;
	char url[LIMIT_URL + 1];

	memset(url, 'a', sizeof url);
	memcpy(url, "https://maker.example/", 22);
	url[LIMIT_URL] = 0;
	fetch(g, 1, URL);
	host(g, 1, "maker.example", "203.0.113.1");
	respond(g, 302, url, NULL);
	expect_failure(g, 1, CARDEA_ELIMIT, "too long");
}

static void test_redirect_into_the_lan(void **state)
{
	struct rig *g = *state;

	assert_int_equal(prefix_parse("203.0.113.0/25", &g->config.lan[0]), 0);
	g->config.lan_count = 1;
	fetch(g, 1, URL);
	host(g, 1, "maker.example", "203.0.113.200");
	respond(g, 302, "https://inside.example/", NULL);
	host(g, 1, "inside.example", "203.0.113.100");
	expect_failure(g, 1, CARDEA_EREFUSED, "203.0.113.100");
	assert_int_equal(g->started, 1);
}

static void test_late_servers(void **state)
{
	struct rig *g = *state;

	fetch(g, 1, URL); /* no address comes */
	fetch(g, 2, URL); /* no response comes */
	host(g, 2, "maker.example", "203.0.113.1");
	clock_virtual_set(&g->clock, g->clock.now + LIMIT_FETCH_S * NS_PER_SEC);
	assert_int_equal(loop_once(g->loop, 0), 0);
	expect_failure(g, 2, -ETIMEDOUT, "20 seconds");
	assert_int_equal(g->cancelled, 1);
	assert_int_equal(g->idle, 1);
}

static void test_statuses(void **state)
{
	static const struct {
		unsigned status;
		const char *words;
	} cases[] = {{404, "no such file"}, {410, "no such file"},
		{500, "answered 500"}, {200, "empty"}, {304, "answered 304"},
		{204, "answered 204"}};
	struct rig *g = *state;

	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		fetch(g, i, URL);
		host(g, i, "maker.example", "203.0.113.1");
		respond(g, cases[i].status, NULL, NULL);
		expect_failure(g, i, CARDEA_EPEER, cases[i].words);
	}
}

static void test_strange_words_of_a_server_are_escaped(void **state)
{
	struct rig *g = *state;
	struct fetch_transfer *t;

	fetch(g, 1, URL);
	host(g, 1, "maker.example", "203.0.113.1");
	t = g->transfer;
	t->done(t, CARDEA_EPEER, "bad\x1b[2J\xff words");
	expect_failure(g, 1, CARDEA_EPEER, "bad\\x1b[2J\\xff words");
}

static void test_transport_that_cannot_start(void **state)
{
	struct rig *g = *state;

	g->start_error = -ENOMEM;
	fetch(g, 1, URL);
	host(g, 1, "maker.example", "203.0.113.1");
	expect_failure(g, 1, -ENOMEM, "cannot start");
	assert_int_equal(g->cancelled, 0);
}

static void test_places_and_queue(void **state)
{
	struct rig *g = *state;

	for (unsigned i = 0; i < FETCH_QUEUE_MAX; i++)
		fetch(g, i, URL);
	assert_int_equal(g->sent_count, LIMIT_FETCHES); /* hosts wanted */
	fetch(g, 5, URL);                               /* asked again: nothing new */
	assert_int_equal(g->sent_count, LIMIT_FETCHES);
	fetch(g, 1000, URL);
	expect_failure(g, 1000, CARDEA_ELIMIT, "too many");
	host(g, 0, "maker.example", NULL);
	assert_int_equal(g->sent[g->sent_count - 2].type, MESSAGE_FETCH_FAILED);
	assert_int_equal(last(g)->type, MESSAGE_HOST_WANTED);
	assert_int_equal(last(g)->host_wanted.id, LIMIT_FETCHES);
}

static void test_queue_of_bad_urls_drains(void **state)
{
	struct rig *g = *state;

	for (unsigned i = 0; i < LIMIT_FETCHES; i++)
		fetch(g, i, URL);
	for (unsigned i = 0; i < 20; i++)
		fetch(g, 100 + i, "http://maker.example/");
	host(g, 0, "maker.example", NULL);
	assert_int_equal(g->sent_count, LIMIT_FETCHES + 21);
	assert_int_equal(g->idle, 0);
	for (unsigned i = 1; i < LIMIT_FETCHES; i++)
		host(g, i, "maker.example", NULL);
	assert_int_equal(g->idle, 1);
}

static void test_reset(void **state)
{
	struct rig *g = *state;
	unsigned sent;

	fetch(g, 1, URL);
	host(g, 1, "maker.example", "203.0.113.1");
	fetch(g, 2, URL);
	sent = g->sent_count;
	fetcher_reset(g->f);
	assert_int_equal(g->cancelled, 1);
	assert_int_equal(g->sent_count, sent);
	host(g, 2, "maker.example", "203.0.113.1"); /* for nobody */
	assert_int_equal(g->started, 1);
	fetch(g, 1, URL);
	assert_int_equal(last(g)->type, MESSAGE_HOST_WANTED);
}

static void test_host_answers_must_match(void **state)
{
	struct rig *g = *state;

	fetch(g, 1, URL);
	host(g, 1, "other.example", "203.0.113.1");
	host(g, 2, "maker.example", "203.0.113.1");
	assert_int_equal(g->started, 0);
	host(g, 1, "maker.example", "203.0.113.1");
	host(g, 1, "maker.example", "203.0.113.2"); /* not wanted any more */
	assert_int_equal(g->started, 1);
	fetch(g, 2, URL);
	host(g, 2, "maker.example", NULL);
	expect_failure(g, 2, -EHOSTUNREACH, "no address");
}

static void test_addresses(void **state)
{
	static const struct {
		const char *text;
		bool allowed, allowed_private;
	} cases[] = {
		{"203.0.113.1", true, true},
		{"2001:db8::1", true, true},
		{"192.168.1.1", false, true},
		{"10.1.2.3", false, true},
		{"172.16.0.1", false, true},
		{"100.64.0.1", false, true},
		{"127.0.0.1", false, true},
		{"::1", false, true},
		{"fd00::1", false, true},
		{"0.0.0.0", false, false},
		{"0.1.2.3", false, false},
		{"169.254.1.1", false, false},
		{"224.0.0.1", false, false},
		{"240.0.0.1", false, false},
		{"255.255.255.255", false, false},
		{"64:ff9b:1::cb00:7101", false, false},
		{"::", false, false},
		{"fe80::1", false, false},
		{"fec0::1", false, false},
		{"ff02::1", false, false},
		{"::ffff:203.0.113.1", true, true},
		{"::ffff:192.168.1.1", false, true},
		{"64:ff9b::a00:1", false, true},
		{"64:ff9b::cb00:7101", true, true},
		{"2002:a00:1::1", false, true},
		{"2002:cb00:7101::1", true, true},
		{"198.51.100.7", false, false},
		{"2001:db8:1::5", false, false},
		{"::ffff:198.51.100.7", false, false},
	};
	struct fetch_config c = {.lan_count = 2};
	struct addr a;

	(void)state;
	assert_int_equal(prefix_parse("198.51.100.0/24", &c.lan[0]), 0);
	assert_int_equal(prefix_parse("2001:db8:1::/48", &c.lan[1]), 0);
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(addr_parse(cases[i].text, &a), 0);
		c.allow_private = false;
		if (fetch_address_allowed(&c, &a) != cases[i].allowed)
			fail_msg("%s", cases[i].text);
		c.allow_private = true;
		if (fetch_address_allowed(&c, &a) != cases[i].allowed_private)
			fail_msg("%s with private ones allowed", cases[i].text);
	}
	a = (struct addr){0};
	assert_false(fetch_address_allowed(&c, &a));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_unsigned_file),
		T(test_signature_comes_from_the_files_place),
		T(test_signature_that_cannot_be_got),
		T(test_signature_at_a_place_not_gone_to),
		T(test_unsigned_file_is_imported),
		T(test_file_that_names_another_url),
		T(test_all_parts_are_sent),
		T(test_what_the_engine_has),
		T(test_what_is_not_asked_with),
		T(test_bad_signature_is_got_again),
		T(test_etags),
		T(test_etag_of_the_file),
		T(test_redirects),
		T(test_redirects_are_counted),
		T(test_redirect_that_was_cut),
		T(test_redirect_into_the_lan),
		T(test_late_servers),
		T(test_statuses),
		T(test_strange_words_of_a_server_are_escaped),
		T(test_transport_that_cannot_start),
		T(test_places_and_queue),
		T(test_queue_of_bad_urls_drains),
		T(test_reset),
		T(test_host_answers_must_match),
		cmocka_unit_test(test_addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
