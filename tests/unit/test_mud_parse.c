// SPDX-License-Identifier: GPL-2.0-or-later
/* test_mud_parse - the file around the entries: header, lists, policies, limits, and
 * the places that findings name. */
#include "unit/test_mud_util.h"

static void test_smallest(void **state)
{
	(void)state;
	struct reading r = read_good(&(struct file){0}, 1);
	const struct rule *rule = &r.p.rules[0];

	assert_string_equal(r.p.url, "https://maker.example/thing");
	assert_int_equal(r.p.last_update, 1767323045LL * NS_PER_SEC);
	assert_int_equal(r.p.cache_validity_h, 48);
	assert_true(r.p.is_supported);
	assert_int_equal(r.p.signature, SIGNATURE_NONE);
	assert_int_equal(r.p.layer, LAYER_MANUFACTURER);
	assert_int_equal(r.p.note_count, 1);
	assert_non_null(find_note(&r, NOTE_WARNING, "every port of every device"));
	assert_int_equal(r.p.tls_count + r.p.limit_count + r.p.link_count, 0);
	assert_false(r.p.has_quarantine);
	assert_false(r.p.tls_supported);
	assert_int_equal(rule->ethertype, RULE_ETHERTYPE_IP);
	assert_int_equal(rule->tls, 0);
	assert_false(rule->quarantine);
	assert_int_equal(rule->id, 1);
	assert_int_equal(rule->direction, DIRECTION_FROM_DEVICE);
	assert_int_equal(rule->action, RULE_ACCEPT);
	assert_int_equal(rule->status, RULE_ENFORCED);
	assert_int_equal(rule->family, 4);
	assert_int_equal(rule->proto, RULE_PROTO_ANY);
	assert_int_equal(rule->peer.kind, PEER_LOCAL_NETWORKS);
	assert_int_equal(rule->line, 1);
	assert_string_equal(rule->acl, "list");
	assert_string_equal(rule->ace, "entry");
	reading_free(&r);
}

static void test_header_texts(void **state)
{
	(void)state;
	struct reading r = read_good(
		&(struct file){
			.header = "\"systeminfo\":\"L\\u00e4mp "
				  "\\u202e\",\"mfg-name\":\"M\","
				  "\"model-name\":\"N\",\"firmware-rev\":\"1\","
				  "\"software-rev\":\"2\","
				  "\"documentation\":\"https://maker.example/doc\","
				  "\"extensions\":[\"ol\"],\"cache-validity\":168,"
				  "\"mud-signature\":\"thing.p7s\","},
		1);

	assert_string_equal(r.p.systeminfo, "L\xc3\xa4mp ?");
	assert_string_equal(r.p.mfg_name, "M");
	assert_string_equal(r.p.model_name, "N");
	assert_string_equal(r.p.documentation, "https://maker.example/doc");
	assert_int_equal(r.p.cache_validity_h, 168);
	assert_string_equal(r.p.signature_url, "https://maker.example/thing.p7s");
	assert_int_equal(r.p.signature, SIGNATURE_UNCHECKED);
	reading_free(&r);
}

/* 40 two-byte letters do not fit into 63 bytes: 31 whole ones do. */
static void test_long_text_is_cut_between_characters(void **state)
{
	(void)state;
	char header[256] = "\"systeminfo\":\"";
	for (int i = 0; i < 40; i++)
		memcpy(header + strlen(header), "\xc3\xa4", 3);
	memcpy(header + strlen(header), "\",", 3);
	struct reading r = read_good(&(struct file){.header = header}, 1);

	assert_int_equal(strlen(r.p.systeminfo), 62);
	assert_true(str_is_clean_utf8(r.p.systeminfo, 62));
	assert_non_null(find_note(&r, NOTE_WARNING, "shown cut"));
	reading_free(&r);
}

static void test_header_refused(void **state)
{
	(void)state;
	assert_refused(&(struct file){.version = ""}, "mud-version is missing");
	assert_refused(&(struct file){.version = "\"mud-version\":2,"}, "must be 1");
	assert_refused(&(struct file){.version = "\"mud-version\":[1],"}, "must be 1");
	assert_refused(&(struct file){.url = ""}, "mud-url is missing");
	assert_refused(&(struct file){.url = "\"mud-url\":7,"}, "must be a string");
	assert_refused(&(struct file){.url = "\"mud-url\":\"http://maker.example/x\","},
		"must begin with https");
	assert_refused(
		&(struct file){.header = "\"mud-signature\":\"http://a.example/\","},
		"must begin with https");
	assert_refused(
		&(struct file){.header = "\"mud-signature\":1,"}, "must be a string");
}

static void test_header_repaired(void **state)
{
	(void)state;
	static const struct {
		struct file file;
		const char *part;
	} cases[] = {
		{{.version = "\"mud-version\":\"1\","}, "without quotes"},
		{{.update = ""}, "last-update is missing"},
		{{.update = "\"last-update\":\"2026-01-02T03:04:05\","}, "no zone"},
		{{.update = "\"last-update\":\"yesterday\","}, "is no time"},
		{{.update = "\"last-update\":\"2026-02-30T00:00:00Z\","}, "is no time"},
		{{.update = "\"last-update\":\"2026-01-02T25:04:05Z\","}, "is no time"},
		{{.update = "\"last-update\":1767323045,"}, "must be a string"},
		{{.supported = ""}, "is-supported is missing"},
		{{.supported = "\"is-supported\":\"true\","}, "without quotes"},
		{{.supported = "\"is-supported\":1,"}, "must be true or false"},
		{{.header = "\"cache-validity\":0,"}, "1 to 168"},
		{{.header = "\"cache-validity\":169,"}, "1 to 168"},
		{{.header = "\"cache-validity\":\"24\","}, "without quotes"},
		{{.header = "\"cache-validity\":1.5,"}, "whole number"},
		{{.header = "\"extensions\":\"ol\","}, "must be an array"},
		{{.header = "\"extensions\":[\"\"],"}, "1 to 40"},
		{{.header = "\"documentation\":\"see page 3\","}, "is no URI"},
		{{.header = "\"systeminfo\":null,"}, "must be a string"},
		{{.version = "\"ietf-mud:mud-version\":1,"},
			"is spelt \"mud-version\""},
		{{.root = "acl:acls"}, "is spelt \"ietf-access-control-list:acls\""},
		{{.root = "ietf-access-control-list:access-lists"},
			"is spelt \"ietf-access-control-list:acls\""},
		{{.type = "ethernet-acl-type"}, "eth-acl-type"},
		{{.type = "my-type"}, "is no type of list"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_repaired(&cases[i].file, cases[i].part);
}

static void test_repaired_values(void **state)
{
	(void)state;
	struct reading r = read_file(MUD_IMPORT,
		&(struct file){.update = "\"last-update\":\"2026-01-02T03:04:05\",",
			.supported = "\"is-supported\":\"False\",",
			.header = "\"cache-validity\":200,"});

	assert_int_equal(r.p.last_update, 1767323045LL * NS_PER_SEC);
	assert_false(r.p.is_supported);
	assert_int_equal(r.p.cache_validity_h, 168);
	reading_free(&r);
}

static void test_time_zones(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t seconds;
	} cases[] = {
		{"2026-01-02T05:04:05+02:00", 1767323045},
		{"2026-01-01T21:34:05.123456-05:30", 1767323045},
		{"2024-02-29T00:00:00Z", 1709164800},
		{"2000-12-31T23:59:60Z", 978307200},
		{"1969-12-31T23:59:59Z", 0},
		{"9999-12-31T23:59:59Z", 0},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char update[80];
		snprintf(update, sizeof update, "\"last-update\":\"%s\",",
			cases[i].text);
		struct reading r = read_good(&(struct file){.update = update}, 1);
		assert_int_equal(r.p.last_update, cases[i].seconds * NS_PER_SEC);
		reading_free(&r);
	}
}

static void test_unknown_nodes_are_noted(void **state)
{
	(void)state;
	struct reading r = read_good(&(struct file){.header = "\"x:y\":{\"z\":1},"}, 1);
	const struct note *n = find_note(&r, NOTE_INFO, "unknown node");

	assert_non_null(n);
	assert_string_equal(n->path, "/ietf-mud:mud/x:y");
	reading_free(&r);
}

/* Both spellings at once: the right one counts, the other is left over. */
static void test_two_spellings(void **state)
{
	(void)state;
	struct file f = {.header = "\"mud:cache-validity\":1,\"cache-validity\":2,"};
	struct reading r = read_file(MUD_IMPORT, &f);

	assert_int_equal(r.error, 0);
	assert_int_equal(r.p.cache_validity_h, 2);
	assert_non_null(find_note(&r, NOTE_INFO, "unknown node"));
	reading_free(&r);
}

static void test_place_of_findings(void **state)
{
	(void)state;
	static const char text[] =
		"{\n"
		"  \"ietf-mud:mud\": {\n"
		"    \"mud-version\": 1, \"mud-url\": \"https://maker.example/a\",\n"
		"    \"last-update\": \"2026-01-02T03:04:05Z\",\n"
		"    \"\\u006ffg/a~\": 0, \"systeminfo\": \"\xc3\xa4\", "
		"\"is-supported\": 3\n"
		"  },\n"
		"  \"ietf-access-control-list:acls\": {\"acl\": [\n"
		"    {\"name\": \"a\", \"aces\": {\"ace\": []}},\n"
		"    {\"name\": \"b\", \"aces\": {\"ace\": [\n"
		"      {\"name\": \"e\", \"matches\": {\"ipv4\": {\n"
		"        \"protocol\": 256}}, \"actions\": {}}]}}]}\n"
		"}\n";
	struct reading r = read_text(MUD_STRICT, text);

	assert_int_equal(r.error, CARDEA_EMALFORMED);
	const struct note *n = find_note(&r, NOTE_ERROR, "must be true or false, is 3");
	assert_non_null(n);
	assert_int_equal(n->line, 5);
	assert_int_equal(n->column, 58);
	assert_string_equal(n->path, "/ietf-mud:mud/is-supported");
	n = find_note(&r, NOTE_INFO, "unknown node");
	assert_non_null(n);
	assert_int_equal(n->line, 5);
	assert_int_equal(n->column, 20);
	assert_string_equal(n->path, "/ietf-mud:mud/ofg~1a~0");
	n = find_note(&r, NOTE_ERROR, "from 0 to 255, is 256");
	assert_non_null(n);
	assert_int_equal(n->line, 11);
	assert_int_equal(n->column, 21);
	assert_string_equal(n->path, "/ietf-access-control-list:acls/acl/1/aces/ace/0"
				     "/matches/ipv4/protocol");
	n = find_note(&r, NOTE_ERROR, "forwarding is missing");
	assert_non_null(n);
	assert_int_equal(n->line, 11);
	assert_int_equal(n->column, 39);
	for (uint32_t i = 1; i < r.p.note_count; i++)
		assert_true(r.p.notes[i - 1].line <= r.p.notes[i].line);
	reading_free(&r);
}

/* One error note, and this error. */
static void assert_one_error(const void *bytes, size_t len, int error, const char *part)
{
	for (int mode = MUD_STRICT; mode <= MUD_IMPORT; mode++) {
		struct reading r = read_bytes((enum mud_mode)mode, bytes, len);
		assert_int_equal(r.error, error);
		assert_int_equal(r.p.note_count, 1);
		assert_non_null(find_note(&r, NOTE_ERROR, part));
		reading_free(&r);
	}
}

static void test_not_json(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "{", "{\"a\":}", "[1,]", "{} {}", "nul",
		"{\"a\":\"\\u0000\"}", "\xef\xbb\xbf{}", "{\"a\":\"\xff\"}", "\"",
		"{\"a\":1e999}", "]", "{\"a\":99999999999999999999}", "\"\\"};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_one_error(
			texts[i], strlen(texts[i]), CARDEA_EMALFORMED, "not JSON");
	assert_one_error("{\"a\":\"b\0\"}", 10, CARDEA_EMALFORMED, "NUL");
	assert_one_error("{}\0", 3, CARDEA_EMALFORMED, "NUL");
	assert_one_error("{\"a\":\"\\\0\"}", 10, CARDEA_EMALFORMED, "NUL");
	assert_one_error(
		"{\"a\":1,\n\"a\":2}", 14, CARDEA_EMALFORMED, "a name may stand");
	assert_one_error(
		"{\"a\":1,\"\\u0061\":2}", 18, CARDEA_EMALFORMED, "a name may stand");
}

static void test_no_mud_file(void **state)
{
	(void)state;
	static const char *const texts[] = {"[]", "[[1]]", "{}", "{\"ietf-mud:mud\":3}",
		"{\"ietf-mud:mud\":[]}", "{\"ietf-mud:mud\":{}}"};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		for (int mode = MUD_STRICT; mode <= MUD_IMPORT; mode++) {
			struct reading r = read_text((enum mud_mode)mode, texts[i]);
			assert_int_equal(r.error, CARDEA_EMALFORMED);
			assert_true(count_notes(&r, NOTE_ERROR) > 0);
			reading_free(&r);
		}
}

static void test_too_big(void **state)
{
	(void)state;
	size_t len = 10 * 1024 * 1024;
	char *big = malloc(len);

	assert_non_null(big);
	memset(big, ' ', len);
	assert_one_error(big, len, CARDEA_ELIMIT, "10485760 bytes");
	free(big);
}

static void test_too_deep(void **state)
{
	(void)state;
	char deep[200001];

	memset(deep, '[', 100000);
	memset(deep + 100000, ']', 100000);
	deep[200000] = 0;
	assert_one_error(deep, 200000, CARDEA_ELIMIT, "nest too deep");

	/* brackets in strings do not count, and the limit itself is fine */
	char header[128] = "\"x\":\"";
	memset(header + 5, '[', 100);
	memcpy(header + 105, "\",", 3);
	struct reading r = read_good(&(struct file){.header = header}, 1);
	reading_free(&r);
}

/* n entries, or n lists. */
static char *repeat(const char *fmt, int n)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	for (int i = 0; i < n; i++) {
		char item[128];
		snprintf(item, sizeof item, "%s{\"name\":\"%d\"", i ? "," : "", i);
		fputs(item, out);
		fputs(fmt, out);
	}
	fclose(out);
	return text;
}

static void test_too_many_entries(void **state)
{
	(void)state;
	static const struct {
		int n, error;
	} cases[] = {{LIMIT_MUD_ACES, 0}, {LIMIT_MUD_ACES + 1, CARDEA_ELIMIT},
		{10000, CARDEA_ELIMIT}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *aces = repeat("}", cases[i].n);
		struct reading r = read_file(MUD_IMPORT, &(struct file){.aces = aces});
		assert_int_equal(r.error, cases[i].error);
		assert_int_equal(r.p.rule_count, cases[i].error ? 0 : cases[i].n);
		assert_int_equal(count_notes(&r, NOTE_ERROR), cases[i].error ? 1 : 0);
		reading_free(&r);
		free(aces);
	}
}

/* neq on both ports makes four rules of one entry. */
static void test_too_many_rules(void **state)
{
	(void)state;
	static const char ace[] =
		",\"matches\":{\"ietf-mud:mud\":{\"local-networks\":[null]},\"udp\":{"
		"\"source-port\":{\"operator\":\"neq\",\"port\":7},"
		"\"destination-port\":{\"operator\":\"neq\",\"port\":9}}},"
		"\"actions\":{\"forwarding\":\"accept\"}}";
	char *aces = repeat(ace, LIMIT_RULES / 4);
	struct reading r = read_good(&(struct file){.aces = aces}, LIMIT_RULES);
	reading_free(&r);
	free(aces);

	aces = repeat(ace, LIMIT_RULES / 4 + 1);
	r = read_file(MUD_STRICT, &(struct file){.aces = aces});
	assert_int_equal(r.error, CARDEA_ELIMIT);
	assert_int_equal(r.p.rule_count, 0);
	assert_int_equal(count_notes(&r, NOTE_ERROR), 1);
	reading_free(&r);
	free(aces);
}

/* The error comes last, behind more findings than are kept. */
static void test_an_error_is_never_lost(void **state)
{
	(void)state;
	char *aces = repeat(",\"x:y\":1,\"actions\":{\"forwarding\":\"accept\"}}", 100);
	char *all = NULL;
	size_t len;
	FILE *out = open_memstream(&all, &len);

	assert_non_null(out);
	fprintf(out, "%s,{\"name\":\"last\"}", aces);
	fclose(out);
	struct reading r = read_file(MUD_STRICT, &(struct file){.aces = all});
	assert_int_equal(r.error, CARDEA_EMALFORMED);
	assert_int_equal(r.p.note_count, LIMIT_NOTES);
	assert_int_equal(r.p.note_dropped, 101 - LIMIT_NOTES);
	assert_non_null(find_note(&r, NOTE_ERROR, "actions are missing"));
	reading_free(&r);
	free(all);
	free(aces);
}

#define HEADER                                                                         \
	"{\"ietf-mud:mud\":{\"mud-version\":1,\"mud-url\":\"https://m.example/\","     \
	"\"last-update\":\"2026-01-02T03:04:05Z\",\"is-supported\":true"
#define ACL(name, ace)                                                                 \
	"{\"name\":\"" name                                                            \
	"\",\"type\":\"ipv4-acl-type\",\"aces\":{\"ace\":[{\"name\":\"" ace            \
	"\",\"matches\":{\"ietf-mud:mud\":{\"local-networks\":[null]}},"               \
	"\"actions\":{\"forwarding\":\"accept\"}}]}}"
#define POLICY(dir, names)                                                             \
	",\"" dir "-device-policy\":{\"access-lists\":{\"access-list\":[" names "]}}"
#define NAME(n) "{\"name\":\"" n "\"}"
#define ACLS(list) "},\"ietf-access-control-list:acls\":{\"acl\":[" list "]}}"

static void test_order_of_policies(void **state)
{
	(void)state;
	struct reading r = read_text(MUD_STRICT,
		HEADER POLICY("to", NAME("a")) POLICY("from", NAME("c") "," NAME("b"))
			ACLS(ACL("a", "ea") "," ACL("b", "eb") "," ACL("c", "ec")));
	static const char *const order[] = {"ec", "eb", "ea"};

	assert_int_equal(r.error, 0);
	assert_int_equal(r.p.rule_count, 3);
	for (uint32_t i = 0; i < 3; i++) {
		assert_string_equal(r.p.rules[i].ace, order[i]);
		assert_int_equal(r.p.rules[i].id, i + 1);
		assert_int_equal(r.p.rules[i].direction,
			i < 2 ? DIRECTION_FROM_DEVICE : DIRECTION_TO_DEVICE);
	}
	reading_free(&r);
}

static void test_lists_and_names(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *part;
		uint32_t rules; /* after import */
	} cases[] = {
		{HEADER POLICY("from", NAME("x")) ACLS(ACL("a", "e")),
			"no list is named", 0},
		{HEADER POLICY("from", NAME("a") "," NAME("a")) ACLS(ACL("a", "e")),
			"names the list twice", 1},
		{HEADER POLICY("from", NAME("a")) ACLS(ACL("a", "e") "," ACL("a", "f")),
			"another list has this name", 1},
		{HEADER POLICY("from", NAME("a") ",{}") ACLS(ACL("a", "e")),
			"needs the name of a list", 1},
		{HEADER POLICY("from", NAME("a")) ACLS(
			 "{\"name\":\"a\",\"aces\":{\"ace\":["
			 "{\"name\":\"e\",\"actions\":{\"forwarding\":\"drop\"}},"
			 "{\"name\":\"e\",\"actions\":{\"forwarding\":\"drop\"}}]}}"),
			"another entry of the list", 2},
		{HEADER POLICY("from", NAME("a"))
				ACLS("{\"name\":\"a\",\"aces\":{\"ace\":["
				     "{\"actions\":{\"forwarding\":\"drop\"}}]}}"),
			"name is missing", 1},
		{HEADER POLICY("from", NAME("a")) ACLS(
			 "{\"name\":\"a\",\"aces\":{\"ace\":["
			 "{\"name\":\"\",\"actions\":{\"forwarding\":\"drop\"}}]}}"),
			"1 to 64", 1},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct reading r = read_text(MUD_STRICT, cases[i].text);
		assert_int_equal(r.error, CARDEA_EMALFORMED);
		assert_non_null(find_note(&r, NOTE_ERROR, cases[i].part));
		reading_free(&r);
		r = read_text(MUD_IMPORT, cases[i].text);
		assert_int_equal(r.error, 0);
		assert_non_null(find_note(&r, NOTE_REPAIR, cases[i].part));
		assert_int_equal(r.p.rule_count, cases[i].rules);
		reading_free(&r);
	}
}

static void test_list_without_policy(void **state)
{
	(void)state;
	struct reading r = read_text(MUD_STRICT, HEADER ACLS(ACL("a", "e")));
	assert_int_equal(r.error, 0);
	assert_int_equal(r.p.rule_count, 0);
	assert_non_null(find_note(&r, NOTE_WARNING, "no policy names this list"));
	assert_non_null(find_note(&r, NOTE_WARNING, "nothing beyond"));
	reading_free(&r);

	/* it grants nothing, but it must still be right */
	r = read_text(MUD_STRICT,
		HEADER ACLS("{\"name\":\"a\",\"aces\":{\"ace\":[{\"name\":\"e\"}]}}"));
	assert_int_equal(r.error, CARDEA_EMALFORMED);
	assert_non_null(find_note(&r, NOTE_ERROR, "actions are missing"));
	reading_free(&r);
}

static void test_one_list_for_both_directions(void **state)
{
	(void)state;
	struct reading r = read_text(MUD_STRICT,
		HEADER POLICY("from", NAME("a")) POLICY("to", NAME("a"))
			ACLS(ACL("a", "e")));

	assert_int_equal(r.error, 0);
	assert_int_equal(r.p.rule_count, 2);
	assert_int_equal(r.p.rules[1].direction, DIRECTION_TO_DEVICE);
	reading_free(&r);
}

/* Every pool limit up to the need: an error, never a crash or a half profile. */
static void test_memory_runs_out(void **state)
{
	(void)state;
	char *text = file_text(&(struct file){0});

	for (size_t limit = 0; limit < 64 * 1024; limit += 509) {
		struct pool *pool = pool_new("small", limit);
		struct profile p;
		int error = mud_parse(text, strlen(text), MUD_STRICT, pool, &p);
		assert_true(error == 0 || error == -12);
		assert_int_equal(p.rule_count, error ? 0 : 1);
		pool_free(pool);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smallest),
		cmocka_unit_test(test_header_texts),
		cmocka_unit_test(test_long_text_is_cut_between_characters),
		cmocka_unit_test(test_header_refused),
		cmocka_unit_test(test_header_repaired),
		cmocka_unit_test(test_repaired_values),
		cmocka_unit_test(test_time_zones),
		cmocka_unit_test(test_unknown_nodes_are_noted),
		cmocka_unit_test(test_two_spellings),
		cmocka_unit_test(test_place_of_findings),
		cmocka_unit_test(test_not_json),
		cmocka_unit_test(test_no_mud_file),
		cmocka_unit_test(test_too_big),
		cmocka_unit_test(test_too_deep),
		cmocka_unit_test(test_too_many_entries),
		cmocka_unit_test(test_too_many_rules),
		cmocka_unit_test(test_an_error_is_never_lost),
		cmocka_unit_test(test_order_of_policies),
		cmocka_unit_test(test_lists_and_names),
		cmocka_unit_test(test_list_without_policy),
		cmocka_unit_test(test_one_list_for_both_directions),
		cmocka_unit_test(test_memory_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
