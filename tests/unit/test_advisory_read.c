// SPDX-License-Identifier: GPL-2.0-or-later
/* test_advisory_read.c - files of advisories: what is read, and what is refused, where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/str.h"
#include "lifecycle/advisory.h"

#define HEAD                                                                           \
	"{\"schema\": \"cardea.advisory/1\", \"id\": \"A-1\", \"issuer\": \"csirt\",\n"     \
	" \"issued\": \"2026-02-28T10:00:00Z\", \"expires\": \"2026-03-01T00:00:00Z\",\n"  \
	" \"effect\": \"block\""

static struct advisory list[ADVISORY_IN_FILE_MAX];
static struct advisory_fault fault;
static size_t count;

static int take(const char *text)
{
	memset(&fault, 0, sizeof(fault));
	count = 0;
	return advisory_read(
		text, strlen(text), list, ADVISORY_IN_FILE_MAX, &count, &fault);
}

static void test_whole(void **state)
{
	(void)state;
	assert_int_equal(take(HEAD ", \"fixed_in\": \"2.10\", \"homes\": 12, \"text\": "
				   "\"It scans.\", \"device\": {\"mud_url\": "
				   "\"https://cam.example/m.json\", \"oui\": \"00:1A:2b\", "
				   "\"cpe\": \"cpe:2.3:h:a:b\", \"matter\": \"FFF1:8000\"}, "
				   "\"traffic\": {\"domain\": \"*.c2.example\", \"address\": "
				   "\"198.51.100.0/24\", \"proto\": \"tcp\", \"port\": 23}}"),
		0);
	assert_int_equal(count, 1);
	assert_string_equal(list[0].id, "A-1");
	assert_string_equal(list[0].issuer, "csirt");
	/* February has 28 days in 2026: one day and fourteen hours are none more */
	assert_true(list[0].expires - list[0].issued == 14 * 3600 * NS_PER_SEC);
	assert_true(list[0].issued == 1772272800LL * NS_PER_SEC);
	assert_int_equal(list[0].effect, ADVISORY_BLOCK);
	assert_string_equal(list[0].fixed_in, "2.10");
	assert_int_equal(list[0].homes, 12);
	assert_string_equal(list[0].mud_url, "https://cam.example/m.json");
	assert_true(list[0].has_oui && list[0].oui[1] == 0x1a && list[0].oui[2] == 0x2b);
	assert_string_equal(list[0].domain, "*.c2.example");
	assert_true(list[0].has_peer && list[0].peer.len == 24);
	assert_true(list[0].proto == 6 && list[0].port == 23);
	assert_false(list[0].signature_good || list[0].is_signed);
}

static void test_many(void **state)
{
	(void)state;
	assert_int_equal(take("[" HEAD "},\n" HEAD ", \"revoked\": true}]"), 0);
	assert_int_equal(count, 2);
	assert_true(!list[0].revoked && list[1].revoked);
	assert_int_equal(take("[]"), CARDEA_EMALFORMED);
	char *text = malloc(1 << 18), *at = text;

	assert_non_null(text);
	*at++ = '[';
	for (size_t i = 0; i <= ADVISORY_IN_FILE_MAX; i++)
		at += snprintf(at, 256, "%s" HEAD "}", i ? "," : "");
	*at++ = ']';
	*at = 0;
	assert_int_equal(take(text), CARDEA_ELIMIT);
	assert_non_null(strstr(fault.text, "257 advisories; 256 may be"));
	memset(text, ' ', (1 << 18) - 1);
	assert_int_equal(advisory_read(text, ADVISORY_FILE_MAX + 1, list, 1, &count, &fault),
		CARDEA_ELIMIT);
	free(text);
}

static void refused(const char *text, uint32_t line, uint32_t column, const char *why)
{
	assert_true(take(text) < 0);
	if (!strstr(fault.text, why))
		fail_msg("\"%s\" where \"%s\" was expected", fault.text, why);
	if (fault.line != line || fault.column != column)
		fail_msg("%s: line %u column %u, not %u %u", why, fault.line,
			fault.column, line, column);
}

/* What is wrong is told with its place, as an editor counts. */
static void test_where(void **state)
{
	(void)state;
	refused(HEAD ",\n  \"sverity\": 9}", 4, 3, "\"sverity\" is no member");
	refused("[" HEAD "},\n " HEAD ", \"x\": 1}]", 6, 21, "\"x\" is no member");
	refused(HEAD ",\n \"device\": {\"oui\": \"00:00:01\",\n  \"any\": true}}", 5, 3,
		"a device is named by");
	refused(HEAD ",\n \"text\": \"\xc3\xa9, \\\"{\\\"\", \"homes\": 0}", 4, 22,
		"\"homes\" is a whole number");
	refused("{\"schema\": \"cardea.advisory/1\"\n \"id\": 1}", 2, 5, "no JSON");
	refused("[1]", 1, 2, "is an object");
	refused("  3", 1, 3, "no JSON");
	refused("{}", 1, 1, "\"schema\" is missing");
}

/* A member that a file has twice would be read by one and shown by another. */
static void test_strict(void **state)
{
	(void)state;
	assert_int_equal(take(HEAD ", \"effect\": \"notify\"}"), CARDEA_EMALFORMED);
	assert_non_null(strstr(fault.text, "duplicate"));
	assert_int_equal(take(HEAD "} x"), CARDEA_EMALFORMED);
	assert_int_equal(take(HEAD ", \"text\": \"\\u0000\"}"), CARDEA_EMALFORMED);
	assert_int_equal(take(HEAD ", \"text\": \"\\u001b[2J\"}"), CARDEA_EMALFORMED);
	assert_non_null(strstr(fault.text, "cannot be shown"));
	assert_int_equal(take(HEAD ", \"text\": \"\"}"), CARDEA_EMALFORMED);
	assert_int_equal(take(HEAD ", \"fixed_in\": \"a b\"}"), CARDEA_EMALFORMED);
	assert_int_equal(take("{\"schema\": \"cardea.advisory/2\"}"), CARDEA_EMALFORMED);
}

static void bad_device(const char *device, const char *why)
{
	char text[1024];

	assert_int_equal(
		str_print(text, sizeof(text), HEAD ", \"device\": {%s}}", device), 0);
	assert_int_equal(take(text), CARDEA_EMALFORMED);
	if (!strstr(fault.text, why))
		fail_msg("\"%s\" where \"%s\" was expected", fault.text, why);
}

static void bad_traffic(const char *traffic, const char *why)
{
	char text[1024];

	assert_int_equal(
		str_print(text, sizeof(text), HEAD ", \"traffic\": {%s}}", traffic), 0);
	assert_int_equal(take(text), CARDEA_EMALFORMED);
	if (!strstr(fault.text, why))
		fail_msg("\"%s\" where \"%s\" was expected", fault.text, why);
}

/* Whoever may name everything names a competitor. */
static void test_nothing_stands_for_all(void **state)
{
	(void)state;
	bad_device("\"mud_url\": \"https://*.example/m.json\"", "nothing that stands for");
	bad_device("\"mud_url\": \"http://cam.example/m.json\"", "https://");
	bad_device("\"mud_url\": \"*\"", "nothing that stands for");
	bad_device("\"oui\": \"00:00\"", "like");
	bad_device("\"oui\": \"01:00:5e\"", "like");
	bad_device("", "with members");
	bad_traffic("\"address\": \"0.0.0.0/0\"", "wider than one network");
	bad_traffic("\"address\": \"198.51.0.0/16\"", "wider than one network");
	bad_traffic("\"address\": \"2000::/3\"", "wider than one network");
	bad_traffic("\"address\": \"192.168.1.1\"", "none of the internet");
	bad_traffic("\"address\": \"fe80::1\"", "none of the internet");
	bad_traffic("\"address\": \"224.0.0.251\"", "none of the internet");
	bad_traffic("\"address\": \"198.51.100.7/24\"", "is an address");
	bad_traffic("\"domain\": \"*\"", "is a name");
	bad_traffic("\"domain\": \"*.com\"", "is a name");
	bad_traffic("\"domain\": \"C2.example\"", "is a name");
	bad_traffic("\"domain\": \"a..b\"", "is a name");
	bad_traffic("\"domain\": \"a.b.\"", "is a name");
	bad_traffic("\"domain\": \"-a.b\"", "is a name");
	bad_traffic("\"port\": 443", "a port alone");
	bad_traffic("\"domain\": \"a.b\", \"port\": 0", "from 1 to 65535");
	bad_traffic("\"domain\": \"a.b\", \"port\": 65536", "from 1 to 65535");
	bad_traffic("\"domain\": \"a.b\", \"proto\": \"icmp\"", "\"tcp\" or");
	bad_traffic("\"domain\": \"a.b\", \"sni\": \"x\"", "traffic is named by");
}

static void bad_time(const char *time)
{
	char text[512];

	assert_int_equal(str_print(text, sizeof(text),
				 "{\"schema\": \"cardea.advisory/1\", \"issued\": \"%s\"}",
				 time),
		0);
	assert_int_equal(take(text), CARDEA_EMALFORMED);
	assert_non_null(strstr(fault.text, "is a time like"));
}

static void test_times(void **state)
{
	(void)state;
	bad_time("2026-02-29T10:00:00Z");
	bad_time("2026-13-01T10:00:00Z");
	bad_time("2026-11-22T24:00:00Z");
	bad_time("2026-11-22T10:00:00");
	bad_time("2026-11-22T10:00:00+01:00");
	bad_time("2026-11-22 10:00:00Z");
	bad_time("1969-11-22T10:00:00Z");
	bad_time("9999-11-22T10:00:00Z");
	bad_time("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_where),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_nothing_stands_for_all),
		cmocka_unit_test(test_times),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
