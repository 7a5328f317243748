// SPDX-License-Identifier: GPL-2.0-or-later
/* test_mud_tls - TLS profiles of entries (RFC 9761): as the module has them, as drafts
 * wrote them, and too many of them. */
#include "model/flow.h"
#include "unit/test_mud_util.h"

#define DNS "\"ipv4\":{\"ietf-acldns:dst-dnsname\":\"a.example\",\"protocol\":6}"
#define TLS_NAMED "\"extensions\":[\"ietf-mud-tls\"],"
#define TLS_HEADER TLS_NAMED "\"ietf-mud-tls:is-tls-dtls-profile-supported\":true,"
#define TLS(profiles)                                                                  \
	"{" DNS ",\"ietf-acl-tls:client-profiles\":{\"tls-dtls-profile\":[" profiles   \
	"]}}"

static void assert_list(const struct u16_list *l, unsigned count, const uint16_t *items)
{
	assert_int_equal(l->count, count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(l->items[i], items[i]);
}

static void test_tls(void **state)
{
	(void)state;
	struct reading r = read_good(
		&(struct file){.header = TLS_HEADER,
			.matches =
				TLS("{\"name\":\"one\",\"supported-tls-version\":["
				    "\"tls13\","
				    "\"tls12\"],\"supported-dtls-version\":[\"dtls12\","
				    "\"dtls13\"],\"cipher-suite\":[4865,49199],"
				    "\"extension-type\":[10,65281],\"supported-group\":"
				    "[29],"
				    "\"signature-algorithm\":[1027],"
				    "\"signature-algorithm-cert\":[2052],"
				    "\"psk-key-exchange-mode\":[1],"
				    "\"cert-compression-algorithm\":[2],"
				    "\"application-protocol\":[\"h2\",\"a,"
				    "\\u00e4\\\\\"]}")},
		1);
	const struct tls_profile *t = r.p.tls;

	assert_true(r.p.tls_supported);
	assert_int_equal(r.p.tls_count, 1);
	assert_int_equal(r.p.rules[0].tls, 1);
	assert_int_equal(r.p.rules[0].status, RULE_ENFORCED);
	assert_string_equal(t->name, "one");
	assert_list(&t->versions, 4, (uint16_t[]){0x0304, 0x0303, 0xfefd, 0xfefc});
	assert_list(&t->ciphers, 2, (uint16_t[]){4865, 49199});
	assert_list(&t->extensions, 2, (uint16_t[]){10, 65281});
	assert_list(&t->groups, 1, (uint16_t[]){29});
	assert_list(&t->signatures, 1, (uint16_t[]){1027});
	assert_list(&t->signatures_cert, 1, (uint16_t[]){2052});
	assert_list(&t->modes, 1, (uint16_t[]){1});
	assert_list(&t->compressions, 1, (uint16_t[]){2});
	assert_string_equal(t->alpn, "h2,a\\x2c\\xc3\\xa4\\x5c");
	assert_false(t->has_authorities);
	reading_free(&r);
}

static void test_tls_of_the_servers_side(void **state)
{
	(void)state;
	static const char *const lists[] = {
		"{\"name\":\"a\",\"accept-list-ta-cert\":[\"MIIB\"]}",
		"{\"name\":\"a\",\"certificate-authorities\":[\"CN=CA\"]}"};

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		char text[512];
		snprintf(text, sizeof text, TLS("%s"), lists[i]);
		struct reading r = read_good(
			&(struct file){.header = TLS_HEADER, .matches = text}, 1);
		assert_true(r.p.tls[0].has_authorities);
		assert_int_equal(r.p.rules[0].status, RULE_ENFORCED);
		assert_non_null(find_note(&r, NOTE_INFO, "is not checked"));
		reading_free(&r);
	}
}

/* What any profile of an entry has is right; what one leaves open is open. */
static void test_tls_profiles_of_one_entry(void **state)
{
	(void)state;
	struct reading r = read_good(
		&(struct file){.header = TLS_HEADER,
			.matches = TLS("{\"name\":\"a\",\"cipher-suite\":[1,2],"
				       "\"supported-group\":[29],"
				       "\"application-protocol\":[\"h2\"]},"
				       "{\"name\":\"b\",\"cipher-suite\":[2,3],"
				       "\"application-protocol\":[\"mqtt\"]}")},
		1);

	assert_int_equal(r.p.tls_count, 1);
	assert_list(&r.p.tls[0].ciphers, 3, (uint16_t[]){1, 2, 3});
	assert_int_equal(r.p.tls[0].groups.count, 0);
	assert_string_equal(r.p.tls[0].alpn, "h2,mqtt");
	assert_non_null(find_note(&r, NOTE_INFO, "as one"));
	reading_free(&r);
}

static char *tls_aces(int n, bool same)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	for (int i = 0; i < n; i++)
		fprintf(out,
			"%s{\"name\":\"e%d\",\"matches\":" TLS(
				"{\"name\":\"p\",\"cipher-suite\":[%d]}") ",\"actions\""
									  ":"
									  "{\"forwardin"
									  "g\":"
									  "\"accept\"}"
									  "}",
			i ? "," : "", i, same ? 7 : i);
	fclose(out);
	return text;
}

static void test_tls_profiles_are_kept_once(void **state)
{
	(void)state;
	char *aces = tls_aces(20, true);
	struct reading r =
		read_good(&(struct file){.header = TLS_HEADER, .aces = aces}, 20);

	assert_int_equal(r.p.tls_count, 1);
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(r.p.rules[i].tls, 1);
	reading_free(&r);
	free(aces);
}

/* A rule without its profile would allow more than was asked. */
static void test_too_many_tls_profiles(void **state)
{
	(void)state;
	char *aces = tls_aces(LIMIT_TLS_PROFILES + 1, false);
	struct reading r = read_good(&(struct file){.header = TLS_HEADER, .aces = aces},
		LIMIT_TLS_PROFILES + 1);

	assert_int_equal(r.p.tls_count, LIMIT_TLS_PROFILES);
	for (uint32_t i = 0; i < LIMIT_TLS_PROFILES; i++)
		assert_int_equal(r.p.rules[i].tls, i + 1);
	assert_int_equal(r.p.rules[LIMIT_TLS_PROFILES].tls, 0);
	assert_int_equal(r.p.rules[LIMIT_TLS_PROFILES].status, RULE_NOT_YET);
	assert_non_null(
		strstr(r.p.rules[LIMIT_TLS_PROFILES].detail, "more than 8 of them"));
	reading_free(&r);
	free(aces);
}

/* Half a list would end conversations that the maker meant. */
static void test_a_list_that_is_too_long(void **state)
{
	(void)state;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	fputs("{" DNS ",\"ietf-acl-tls:client-profiles\":{\"tls-dtls-profile\":[{"
	      "\"name\":\"p\",\"supported-group\":[29],\"cipher-suite\":[",
		out);
	for (int i = 0; i <= LIMIT_U16_LIST; i++)
		fprintf(out, "%s%d", i ? "," : "", i);
	fputs("]}]}}", out);
	fclose(out);
	struct reading r =
		read_good(&(struct file){.header = TLS_HEADER, .matches = text}, 1);
	assert_int_equal(r.p.tls[0].ciphers.count, 0);
	assert_int_equal(r.p.tls[0].groups.count, 1);
	assert_non_null(find_note(&r, NOTE_WARNING, "cipher-suite is not checked"));
	reading_free(&r);
	free(text);
}

/* The example in the text of RFC 9761, and other readings of it. */
static void test_tls_in_the_wild(void **state)
{
	(void)state;
	struct file f = {.header = TLS_NAMED
			 "\"ietf-mud-tls:is-tls-dtls-profile-supported\":\"true\",",
		.matches = "{" DNS ",\"ietf-acl-tls:client-profile\":{"
			   "\"tls-dtls-profiles\":[{\"supported-tls-versions\":["
			   "\"tls13\"],\"cipher-suites\":[4865,\"4866\"],"
			   "\"extension-types\":[10],\"supported-groups\":[29],"
			   "\"signature-algorithms-cert\":[1],"
			   "\"acceptlist-ta-certs\":[\"x\"]}]}}"};

	assert_repaired(&f, "is spelt \"ietf-acl-tls:client-profiles\"");
	assert_repaired(&f, "is spelt \"tls-dtls-profile\"");
	assert_repaired(&f, "is spelt \"supported-tls-version\"");
	assert_repaired(&f, "is spelt \"cipher-suite\"");
	assert_repaired(&f, "is spelt \"supported-group\"");
	assert_repaired(&f, "is spelt \"signature-algorithm-cert\"");
	assert_repaired(&f, "is spelt \"accept-list-ta-cert\"");
	assert_repaired(&f, "name is missing");
	assert_repaired(&f, "without quotes");
	struct reading r = read_file(MUD_IMPORT, &f);
	assert_true(r.p.tls_supported);
	assert_int_equal(r.p.rules[0].tls, 1);
	assert_int_equal(r.p.rules[0].status, RULE_ENFORCED);
	assert_string_equal(r.p.tls[0].name, "profile-1");
	assert_list(&r.p.tls[0].versions, 1, (uint16_t[]){0x0304});
	assert_list(&r.p.tls[0].ciphers, 2, (uint16_t[]){4865, 4866});
	assert_list(&r.p.tls[0].signatures_cert, 1, (uint16_t[]){1});
	assert_true(r.p.tls[0].has_authorities);
	reading_free(&r);
}

/* What is wrong with a profile takes nothing from the other matches. */
static void test_tls_beyond_repair(void **state)
{
	(void)state;
	static const struct {
		const char *list, *part;
	} cases[] = {
		{"\"supported-tls-version\":[\"ssl3\"]", "is no version"},
		{"\"supported-dtls-version\":[\"tls13\"]", "is no version"},
		{"\"cipher-suite\":[70000]", "from 0 to 65535"},
		{"\"cipher-suite\":7", "must be an array"},
		{"\"psk-key-exchange-mode\":[256]", "from 0 to 255"},
		{"\"application-protocol\":[7]", "must be a string"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[512];
		snprintf(text, sizeof text,
			TLS("{\"name\":\"p\",\"supported-group\":[29],%s}"),
			cases[i].list);
		struct file f = {.header = TLS_HEADER, .matches = text};
		assert_repaired(&f, cases[i].part);
		struct reading r = read_file(MUD_IMPORT, &f);
		assert_int_equal(r.p.rules[0].status, RULE_ENFORCED);
		assert_int_equal(r.p.rules[0].tls, 1);
		assert_int_equal(r.p.tls[0].groups.count, 1);
		assert_int_equal(r.p.tls[0].versions.count + r.p.tls[0].ciphers.count +
					 r.p.tls[0].modes.count,
			0);
		assert_string_equal(r.p.tls[0].alpn, "");
		assert_non_null(find_note(&r, NOTE_WARNING, "is not checked"));
		reading_free(&r);
	}
}

static void test_tls_leaf_that_nobody_knows(void **state)
{
	(void)state;
	struct file f = {.header = TLS_HEADER,
		.matches = TLS("{\"name\":\"p\",\"new-leaf\":[1]}")};
	struct reading r = read_good(&f, 1);

	assert_int_equal(r.p.rules[0].tls, 1);
	assert_int_equal(r.p.rules[0].status, RULE_ENFORCED);
	assert_non_null(find_note(&r, NOTE_INFO, "unknown node"));
	reading_free(&r);
}

static void test_weak_parameters(void **state)
{
	(void)state;
	static const struct {
		const char *list, *part; /* NULL: nothing to say */
	} cases[] = {
		{"\"cipher-suite\":[4865,5]", "0x0005 is weak"},
		{"\"cipher-suite\":[49153]", "0xc001 is weak: no encryption"},
		{"\"cipher-suite\":[52]", "an anonymous server"},
		{"\"cipher-suite\":[10,5,4]", "0x000a is weak"},
		{"\"cipher-suite\":[47,53,4865,4867,49195,52392]", NULL},
		{"\"supported-group\":[29,19]", "0x0013 is weak"},
		{"\"supported-group\":[23,24,29,30,256]", NULL},
		{"\"signature-algorithm\":[513]", "0x0201 is weak: SHA-1"},
		{"\"signature-algorithm-cert\":[257]", "0x0101 is weak: MD5"},
		{"\"signature-algorithm\":[1025,2052,2055]", NULL},
		{"\"extension-type\":[0,6682]", "0x1a1a is reserved"},
		{"\"cipher-suite\":[64250]", "0xfafa is reserved"},
		{"\"extension-type\":[5,6426]", NULL},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[512];
		snprintf(text, sizeof text, TLS("{\"name\":\"p\",%s}"), cases[i].list);
		struct reading r = read_good(
			&(struct file){.header = TLS_HEADER, .matches = text}, 1);
		/* it is for people to judge: the rule stays in force */
		assert_int_equal(r.p.rules[0].status, RULE_ENFORCED);
		assert_int_equal(count_notes(&r, NOTE_WARNING), cases[i].part ? 1 : 0);
		if (cases[i].part)
			assert_non_null(find_note(&r, NOTE_WARNING, cases[i].part));
		reading_free(&r);
	}
}

static void test_tls_where_there_is_none(void **state)
{
	(void)state;
	struct file f = {.header = TLS_HEADER,
		.matches =
			"{\"ipv4\":{\"protocol\":2},\"ietf-acl-tls:client-profiles\":"
			"{\"tls-dtls-profile\":[{\"name\":\"p\"}]}}"};

	assert_status(&f, RULE_UNENFORCEABLE, "protocol 2 and a TLS profile");
	/* one that the header does not announce */
	f = (struct file){.matches = TLS("{\"name\":\"p\"}")};
	struct reading r = read_good(&f, 1);
	assert_false(r.p.tls_supported);
	assert_non_null(find_note(&r, NOTE_WARNING, "is-tls-dtls-profile-supported"));
	reading_free(&r);
	/* which of two would count? */
	f = (struct file){.header = TLS_HEADER,
		.matches =
			"{" DNS ",\"ietf-acl-tls:client-profiles\":{"
			"\"tls-dtls-profile\":[{\"name\":\"a\"}]},\"client-profile\":{"
			"\"tls-dtls-profile\":[{\"name\":\"b\"}]}}"};
	assert_repaired(&f, "this node is there twice");
	r = read_file(MUD_IMPORT, &f);
	assert_int_equal(r.p.rules[0].status, RULE_NOT_YET);
	reading_free(&r);
	/* out of place it is a node like any unknown one */
	f = (struct file){.header = "\"ietf-acl-tls:client-profiles\":{},",
		.matches = "{" DNS "}"};
	r = read_good(&f, 1);
	assert_int_equal(r.p.rules[0].tls, 0);
	assert_non_null(find_note(&r, NOTE_INFO, "unknown node"));
	reading_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_tls_of_the_servers_side),
		cmocka_unit_test(test_tls_profiles_of_one_entry),
		cmocka_unit_test(test_tls_profiles_are_kept_once),
		cmocka_unit_test(test_too_many_tls_profiles),
		cmocka_unit_test(test_a_list_that_is_too_long),
		cmocka_unit_test(test_tls_in_the_wild),
		cmocka_unit_test(test_tls_beyond_repair),
		cmocka_unit_test(test_tls_leaf_that_nobody_knows),
		cmocka_unit_test(test_weak_parameters),
		cmocka_unit_test(test_tls_where_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
