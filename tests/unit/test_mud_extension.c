// SPDX-License-Identifier: GPL-2.0-or-later
/* test_mud_extension - what files say beside RFC 8520: links, bandwidth, quarantine;
 * in the right spelling, in the wild ones, and too much of it. */
#include "model/flow.h"
#include "unit/test_mud_util.h"

#define DNS "\"ipv4\":{\"ietf-acldns:dst-dnsname\":\"a.example\",\"protocol\":6}"
#define TLS_NAMED "\"extensions\":[\"ietf-mud-tls\"],"
#define TLS_HEADER TLS_NAMED "\"ietf-mud-tls:is-tls-dtls-profile-supported\":true,"
#define TLS(profiles)                                                                  \
	"{" DNS ",\"ietf-acl-tls:client-profiles\":{\"tls-dtls-profile\":[" profiles   \
	"]}}"

/* ---- links ---- */

static const char *link_of(const struct reading *r, const char *kind)
{
	for (unsigned i = 0; i < r->p.link_count; i++)
		if (!strcmp(r->p.links[i].kind, kind))
			return r->p.links[i].text;
	return NULL;
}

static void test_links(void **state)
{
	(void)state;
	struct reading r = read_good(
		&(struct file){
			.header = "\"ietf-mud-transparency:transparency\":{\"sboms\":[{"
				  "\"version-info\":\"1\",\"sbom-url\":"
				  "\"https://a.example/s\"}],\"sbom-archive-list\":"
				  "\"https://a.example/old\",\"vuln-url\":["
				  "\"https://a.example/v\",\"https://a.example/w\"],"
				  "\"vuln-contact-uri\":\"mailto:v@a.example\"},"
				  "\"ietf-ol:ol\":{\"license\":[{\"owner-name\":"
				  "\"\\u00c4. "
				  "Inc\",\"spdx-tags\":[\"0BSD\"],\"license-info\":["
				  "\"https://a.example/l\"]}]},"
				  "\"ietf-mud-reporter-extension:reporter\":{"
				  "\"report-uri\":\"https://a.example/r\"},"
				  "\"ietf-mud-brski-masa:masa-server\":"
				  "\"https://masa.a.example/\","},
		1);

	assert_int_equal(r.p.link_count, 10);
	assert_string_equal(link_of(&r, "sbom-url"), "https://a.example/s");
	assert_string_equal(link_of(&r, "sbom-archive-list"), "https://a.example/old");
	assert_string_equal(link_of(&r, "vuln-url"), "https://a.example/v");
	assert_string_equal(link_of(&r, "vuln-contact-uri"), "mailto:v@a.example");
	assert_string_equal(link_of(&r, "owner-name"), "\xc3\x84. Inc");
	assert_string_equal(link_of(&r, "spdx-tag"), "0BSD");
	assert_string_equal(link_of(&r, "license-info"), "https://a.example/l");
	assert_string_equal(link_of(&r, "report-uri"), "https://a.example/r");
	assert_string_equal(link_of(&r, "masa-server"), "https://masa.a.example/");
	assert_int_equal(count_notes(&r, NOTE_INFO), 0);
	reading_free(&r);
}

static void test_links_in_the_wild(void **state)
{
	(void)state;
	static const struct {
		const char *header, *kind, *text;
	} cases[] = {
		{"\"mudtx:transparency\":{\"sbom-local-well-known\":\"https\"},",
			"sbom-local-well-known", "https"},
		{"\"mudtx:transparency\":{\"vuln-url\":\"https://a.example/v\"},",
			"vuln-url", "https://a.example/v"},
		{"\"ol\":{\"license\":[{\"owner-name\":\"Me\"}]},", "owner-name", "Me"},
		{"\"ietf-owner-license:ol\":{\"license\":[{\"owner-name\":\"Me\"}]},",
			"owner-name", "Me"},
		{"\"reporter\":{\"report-uri\":\"http://a.example\"},", "report-uri",
			"http://a.example"},
		{"\"masa-server\":\"https://a.example\",", "masa-server",
			"https://a.example"},
		{"\"ietf-mud-transparency:transparency\":{\"sbom-contact-uri\":"
		 "\"tel:+1\"},",
			"sbom-contact-uri", "tel:+1"},
	};

	/* they harm nobody: even a strict reading takes them */
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct reading r =
			read_good(&(struct file){.header = cases[i].header}, 1);
		assert_int_equal(r.p.link_count, 1);
		assert_string_equal(r.p.links[0].kind, cases[i].kind);
		assert_string_equal(r.p.links[0].text, cases[i].text);
		reading_free(&r);
	}
}

static void test_links_that_are_not_shown(void **state)
{
	(void)state;
	static const char *const urls[] = {"javascript:alert(1)", "data:text/html,x",
		"file:///etc/passwd", "/relative", "https://a.example/\\\"x",
		"https://a.example/ x", ""};

	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		char header[256];
		snprintf(header, sizeof header,
			"\"ietf-mud-transparency:transparency\":{\"vuln-url\":[\"%s\"]}"
			",",
			urls[i]);
		struct reading r = read_good(&(struct file){.header = header}, 1);
		assert_int_equal(r.p.link_count, 0);
		assert_non_null(find_note(&r, NOTE_WARNING, "not shown"));
		reading_free(&r);
	}
	char text[LIMIT_URL + 256] = "\"ietf-mud-transparency:transparency\":{"
				     "\"vuln-url\":[\"https://";
	memset(text + strlen(text), 'a', LIMIT_URL);
	strncat(text, "\"]},", 5);
	struct reading r = read_good(&(struct file){.header = text}, 1);
	assert_int_equal(r.p.link_count, 0);
	assert_non_null(find_note(&r, NOTE_WARNING, "not shown"));
	reading_free(&r);
}

static void test_too_many_links(void **state)
{
	(void)state;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	fputs("\"ietf-mud-transparency:transparency\":{\"vuln-url\":[", out);
	/* each twice: the second of two equal ones is none */
	for (int i = 0; i < 2 * (LIMIT_LINKS + 1); i++)
		fprintf(out, "%s\"https://a.example/%d\"", i ? "," : "", i / 2);
	fputs("]},", out);
	fclose(out);
	struct reading r = read_good(&(struct file){.header = text}, 1);
	assert_int_equal(r.p.link_count, LIMIT_LINKS);
	assert_string_equal(r.p.links[LIMIT_LINKS - 1].text, "https://a.example/31");
	assert_non_null(find_note(&r, NOTE_WARNING, "more than 32 links"));
	reading_free(&r);
	free(text);
}

/* ---- bandwidth ---- */

#define POLICY_HEAD                                                                    \
	"{\"ietf-mud:mud\":{\"mud-version\":1,\"mud-url\":\"https://m.example/\","     \
	"\"last-update\":\"2026-01-02T03:04:05Z\",\"is-supported\":true,"              \
	"\"extensions\":[\"qos\"],"
#define LISTS "\"access-lists\":{\"access-list\":[{\"name\":\"l\"}]}"
#define ACLS                                                                           \
	"},\"ietf-access-control-list:acls\":{\"acl\":[{\"name\":\"l\",\"type\":"      \
	"\"ipv4-acl-type\",\"aces\":{\"ace\":[{\"name\":\"e\",\"matches\":{" DNS "}"   \
	",\"actions\":{\"forwarding\":\"accept\"}}]}}]}}"
#define WITH_LIMITS(dir, key, services)                                                \
	POLICY_HEAD "\"" dir "-device-policy\":{\"" key "\":{\"service\":[" services   \
		    "]}," LISTS "}" ACLS
#define BW "ietf-mud-bw-profile:bw-params"

static void test_limits(void **state)
{
	(void)state;
	struct reading r = read_text(MUD_STRICT,
		WITH_LIMITS("from", BW,
			"{\"name\":\"video\",\"timeframe\":60,\"pps\":10,\"bps\":8001,"
			"\"dscp\":46,\"aclname\":\"l\"},"
			"{\"name\":\"log\",\"timeframe\":1,\"bps\":\"16000\"}"));

	assert_int_equal(r.error, 0);
	assert_int_equal(r.p.limit_count, 2);
	assert_int_equal(r.p.limits[0].direction, DIRECTION_FROM_DEVICE);
	assert_string_equal(r.p.limits[0].service, "video");
	assert_string_equal(r.p.limits[0].acl, "l");
	assert_int_equal(r.p.limits[0].timeframe_s, 60);
	assert_int_equal(r.p.limits[0].packets, 10);
	assert_int_equal(
		r.p.limits[0].bytes, 1001); /* 8001 bits do not fit into 1000 */
	assert_int_equal(r.p.limits[1].bytes, 2000);
	assert_int_equal(r.p.limits[1].packets, 0);
	assert_string_equal(r.p.limits[1].acl, "");
	assert_int_equal(count_notes(&r, NOTE_WARNING), 0);
	assert_int_equal(r.p.rules[0].status, RULE_ENFORCED);
	reading_free(&r);

	r = read_text(MUD_STRICT, WITH_LIMITS("to", BW,
					  "{\"name\":\"v\",\"timeframe\":1,\"pps\":1,"
					  "\"aclname\":\"x\"}"));
	assert_int_equal(r.error, 0);
	assert_int_equal(r.p.limits[0].direction, DIRECTION_TO_DEVICE);
	assert_non_null(find_note(&r, NOTE_WARNING, "for the list \"x\""));
	reading_free(&r);
}

static void test_limits_in_the_wild(void **state)
{
	(void)state;
	static const char service[] =
		"{\"name\":\"v\",\"timeframe\":1,\"pps\":\"7\",\"bps\":80}";
	static const char *const keys[] = {
		"ietf-mud-bw:bw-params", "qos:bw-params", "bw-params"};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		char text[2048];
		snprintf(text, sizeof text, WITH_LIMITS("from", "%s", "%s"), keys[i],
			service);
		struct reading r = read_text(MUD_STRICT, text);
		assert_int_equal(r.error, CARDEA_EMALFORMED);
		assert_int_equal(r.p.limit_count, 0);
		assert_non_null(find_note(&r, NOTE_ERROR, "is spelt \"" BW "\""));
		reading_free(&r);
		r = read_text(MUD_IMPORT, text);
		assert_int_equal(r.error, 0);
		assert_int_equal(r.p.limit_count, 1);
		assert_int_equal(r.p.limits[0].packets, 7);
		assert_int_equal(r.p.limits[0].bytes, 10);
		reading_free(&r);
	}
}

static void test_limits_that_are_none(void **state)
{
	(void)state;
	static const struct {
		const char *service, *part;
		enum note_level level;
	} cases[] = {
		{"{\"name\":\"v\",\"timeframe\":1}", "neither pps nor bps",
			NOTE_WARNING},
		{"{\"name\":\"v\",\"timeframe\":1,\"pps\":0}", "neither pps nor bps",
			NOTE_WARNING},
		{"{\"name\":\"v\",\"timeframe\":1,\"bps\":-1}", "whole number of bits",
			NOTE_REPAIR},
		{"{\"name\":\"v\",\"timeframe\":1,\"bps\":1e30}",
			"whole number of bits", NOTE_REPAIR},
		{"{\"name\":\"v\",\"timeframe\":1,\"bps\":\"9999999999999999999\"}",
			"whole number of bits", NOTE_REPAIR},
		{"{\"name\":\"v\",\"timeframe\":-1,\"bps\":1}", "from 0 to",
			NOTE_REPAIR},
		{"{\"name\":\"v\",\"timeframe\":1,\"bps\":1,\"dscp\":64}",
			"from 0 to 63", NOTE_REPAIR},
		{"7", "must be an object", NOTE_REPAIR},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[2048];
		snprintf(text, sizeof text, WITH_LIMITS("from", BW, "%s"),
			cases[i].service);
		struct reading r = read_text(MUD_IMPORT, text);
		assert_int_equal(r.error, 0);
		assert_int_equal(r.p.limit_count, 0);
		assert_non_null(find_note(&r, cases[i].level, cases[i].part));
		assert_int_equal(r.p.rules[0].status, RULE_ENFORCED);
		reading_free(&r);
	}
}

static void test_too_many_limits(void **state)
{
	(void)state;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	fputs(POLICY_HEAD "\"from-device-policy\":{\"" BW "\":{\"service\":[", out);
	for (int i = 0; i <= LIMIT_PROFILE_LIMITS; i++)
		fprintf(out, "%s{\"name\":\"s%d\",\"timeframe\":1,\"pps\":1}",
			i ? "," : "", i);
	fputs("]}," LISTS "}" ACLS, out);
	fclose(out);
	struct reading r = read_text(MUD_STRICT, text);
	assert_int_equal(r.error, 0);
	assert_int_equal(r.p.limit_count, LIMIT_PROFILE_LIMITS);
	assert_non_null(find_note(&r, NOTE_WARNING, "more than 16 services"));
	reading_free(&r);
	free(text);
}

/* ---- quarantine ---- */

#define TWO_ACES                                                                       \
	"{\"name\":\"update\",\"matches\":{" DNS "},\"actions\":{\"forwarding\":"      \
	"\"accept\"}},{\"name\":\"cloud\",\"matches\":{" DNS ",\"tcp\":{"              \
	"\"destination-port\":{\"operator\":\"neq\",\"port\":80}}},\"actions\":{"      \
	"\"forwarding\":\"accept\"}}"

static void test_quarantine(void **state)
{
	(void)state;
	static const char *const keys[] = {
		"ietf-mud-quarantine:quaranteed-device-policy",
		"ietf-mud-quarantine:quarantined-device-policy",
		"nist-mud:quarantined-device-policy", "quarantined-device-policy",
		"quaranteed-device-policy"};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		char header[256];
		snprintf(header, sizeof header,
			"\"%s\":{\"enabled-ace-names\":[{\"ace-name\":\"cloud\"}]},",
			keys[i]);
		struct reading r = read_good(
			&(struct file){.header = header, .aces = TWO_ACES}, 3);
		assert_true(r.p.has_quarantine);
		assert_false(r.p.rules[0].quarantine);
		assert_true(r.p.rules[1].quarantine);
		assert_true(r.p.rules[2].quarantine);
		reading_free(&r);
	}
}

static void test_quarantine_of_nothing(void **state)
{
	(void)state;
	struct file f = {.header = "\"nist-mud:quarantined-device-policy\":{"
				   "\"enabled-ace-names\":[]},",
		.aces = TWO_ACES};
	struct reading r = read_good(&f, 3);

	assert_true(r.p.has_quarantine);
	for (int i = 0; i < 3; i++)
		assert_false(r.p.rules[i].quarantine);
	reading_free(&r);
	/* a name is taken from the list, the entries, and nowhere else */
	f.header = "\"nist-mud:quarantined-device-policy\":{\"enabled-ace-names\":["
		   "{\"ace-name\":\"nobody\"},\"update\",{\"ace-name\":7},null]},";
	r = read_good(&f, 3);
	assert_true(r.p.rules[0].quarantine);
	assert_false(r.p.rules[1].quarantine);
	const struct note *n = find_note(&r, NOTE_WARNING, "\"nobody\"");
	assert_non_null(n);
	assert_int_equal(n->line, 1);
	assert_int_equal(count_notes(&r, NOTE_WARNING), 1);
	reading_free(&r);
	f.header = "\"nist-mud:quarantined-device-policy\":7,";
	r = read_good(&f, 3);
	assert_false(r.p.has_quarantine);
	reading_free(&r);
}

static void test_too_many_names_of_quarantine(void **state)
{
	(void)state;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	fputs("\"nist-mud:quarantined-device-policy\":{\"enabled-ace-names\":[", out);
	for (int i = 0; i < LIMIT_MUD_ACES; i++)
		fprintf(out, "{\"ace-name\":\"%d\"},", i);
	fputs("{\"ace-name\":\"update\"}]},", out);
	fclose(out);
	struct reading r =
		read_good(&(struct file){.header = text, .aces = TWO_ACES}, 3);
	assert_true(r.p.has_quarantine);
	assert_false(r.p.rules[0].quarantine);
	reading_free(&r);
	free(text);
}

/* A file that cannot be used tells nothing but what is wrong with it. */
static void test_nothing_of_a_bad_file(void **state)
{
	(void)state;
	struct file f = {.version = "\"mud-version\":2,",
		.header =
			TLS_HEADER "\"nist-mud:quarantined-device-policy\":{"
				   "\"enabled-ace-names\":[{\"ace-name\":\"entry\"}]},"
				   "\"masa-server\":\"https://a.example\",",
		.matches = TLS("{\"name\":\"p\"}")};
	struct reading r = read_file(MUD_IMPORT, &f);

	assert_int_equal(r.error, CARDEA_EMALFORMED);
	assert_null(r.p.tls);
	assert_null(r.p.links);
	assert_int_equal(r.p.tls_count + r.p.link_count + r.p.limit_count, 0);
	assert_false(r.p.has_quarantine);
	assert_false(r.p.tls_supported);
	reading_free(&r);
}

static void test_memory_runs_out(void **state)
{
	(void)state;
	char *text = file_text(
		&(struct file){.header = TLS_HEADER
			       "\"nist-mud:quarantined-device-policy\":{"
			       "\"enabled-ace-names\":[{\"ace-name\":\"entry\"}]},"
			       "\"masa-server\":\"https://a.example\",",
			.matches = TLS("{\"name\":\"p\",\"cipher-suite\":[1]}")});
	int good = 0;

	for (size_t limit = 0; limit < 192 * 1024; limit += 1021) {
		struct pool *pool = pool_new("small", limit);
		struct profile p;
		int error = mud_parse(text, strlen(text), MUD_STRICT, pool, &p);
		assert_true(error == 0 || error == -12);
		assert_int_equal(p.tls_count, error ? 0 : 1);
		assert_int_equal(p.link_count, error ? 0 : 1);
		assert_true(p.has_quarantine == !error);
		good += !error;
		pool_free(pool);
	}
	assert_true(good > 0);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_links_in_the_wild),
		cmocka_unit_test(test_links_that_are_not_shown),
		cmocka_unit_test(test_too_many_links),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_limits_in_the_wild),
		cmocka_unit_test(test_limits_that_are_none),
		cmocka_unit_test(test_too_many_limits),
		cmocka_unit_test(test_quarantine),
		cmocka_unit_test(test_quarantine_of_nothing),
		cmocka_unit_test(test_too_many_names_of_quarantine),
		cmocka_unit_test(test_nothing_of_a_bad_file),
		cmocka_unit_test(test_memory_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
