// SPDX-License-Identifier: GPL-2.0-or-later
/* test_pseudonym.c - prefixes stay prefixes, and the published examples come out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "lifecycle/pseudonym.h"

/* The key and addresses of the authors' own example. */
static const uint8_t key[PSEUDONYM_KEY] = {21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91,
	22, 73, 144, 125, 16, 216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42,
	132, 34, 2};

static struct pseudonym *fresh(void)
{
	struct pseudonym *p;

	assert_int_equal(pseudonym_new(key, &p), 0);
	return p;
}

static void test_published(void **state)
{
	static const char *const pairs[][2] = {{"128.11.68.132", "135.242.180.132"},
		{"129.118.74.4", "134.136.186.123"}, {"130.132.252.244", "133.68.164.234"},
		{"141.223.7.43", "141.167.8.160"}, {"141.233.145.108", "141.129.237.235"},
		{"152.163.225.39", "151.140.114.167"}};
	struct pseudonym *p = fresh();
	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct addr a, out;
		char text[ADDR_TEXT_MAX];
		assert_int_equal(addr_parse(pairs[i][0], &a), 0);
		assert_int_equal(pseudonym_addr(p, &a, &out), 0);
		assert_string_equal(addr_format(&out, text), pairs[i][1]);
	}
	pseudonym_free(p);
}

static unsigned shared(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned n = 0;

	while (n < bits && ((a[n / 8] ^ b[n / 8]) & 0x80 >> n % 8) == 0)
		n++;
	return n;
}

static void test_prefixes_stay(void **state)
{
	static const char *const texts[] = {"2001:db8::1", "2001:db8::2", "2001:db8:1::1",
		"fe80::1", "fe80::ff:1", "::", "ff02::fb"};
	struct pseudonym *p = fresh();
	struct addr in[7], out[7];
	(void)state;
	for (size_t i = 0; i < 7; i++) {
		assert_int_equal(addr_parse(texts[i], &in[i]), 0);
		assert_int_equal(pseudonym_addr(p, &in[i], &out[i]), 0);
	}
	for (size_t i = 0; i < 7; i++)
		for (size_t k = 0; k < 7; k++)
			assert_int_equal(shared(in[i].b, in[k].b, 128),
				shared(out[i].b, out[k].b, 128));
	pseudonym_free(p);
}

static void test_macs(void **state)
{
	struct mac a = {{0x00, 0x17, 0x88, 1, 2, 3}}, b = {{0x00, 0x17, 0x88, 1, 2, 4}};
	struct mac local = {{0x02, 0x17, 0x88, 1, 2, 3}}, oa, ob, ol;
	struct pseudonym *p = fresh();
	(void)state;
	assert_int_equal(pseudonym_mac(p, &a, &oa), 0);
	assert_int_equal(pseudonym_mac(p, &b, &ob), 0);
	assert_int_equal(pseudonym_mac(p, &local, &ol), 0);
	assert_memory_equal(oa.b, a.b, 3);
	assert_memory_not_equal(oa.b + 3, a.b + 3, 3);
	assert_int_equal(shared(a.b, b.b, 48), shared(oa.b, ob.b, 48));
	assert_int_equal(ol.b[0] & 3, 2);
	assert_memory_not_equal(ol.b + 1, local.b + 1, 5);
	pseudonym_free(p);
}

static void test_none(void **state)
{
	struct pseudonym *p = fresh();
	struct addr none = {0}, out;
	(void)state;
	assert_int_equal(pseudonym_addr(p, &none, &out), 0);
	assert_memory_equal(&none, &out, sizeof(none));
	pseudonym_free(p);
	pseudonym_free(NULL);
}

/* No octet of a MAC stays as it is more often than chance has it, whatever the key. */
static void test_macs_are_hidden(void **state)
{
	enum { KEYS = 20000 };
	static const uint8_t home[PSEUDONYM_KEY] = {1};
	const struct mac mac = {{0x00, 0x17, 0x88, 0, 0, 2}};
	unsigned same[6] = {0}, whole = 0;

	(void)state;
	for (unsigned i = 0; i < KEYS; i++) {
		uint8_t own[PSEUDONYM_KEY];
		struct pseudonym *p = NULL;
		struct mac out;

		assert_int_equal(pseudonym_key(home, "test", i, own), 0);
		assert_int_equal(pseudonym_new(own, &p), 0);
		assert_int_equal(pseudonym_mac(p, &mac, &out), 0);
		for (unsigned k = 0; k < 6; k++)
			same[k] += out.b[k] == mac.b[k];
		whole += memcmp(&out, &mac, sizeof(out)) == 0;
		pseudonym_free(p);
	}
	for (unsigned k = 0; k < 3; k++)
		assert_int_equal(same[k], KEYS); /* who made it */
	for (unsigned k = 3; k < 6; k++)
		assert_in_range(same[k], KEYS / 256 / 2, KEYS / 256 * 2);
	assert_int_equal(whole, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_prefixes_stay),
		cmocka_unit_test(test_macs),
		cmocka_unit_test(test_macs_are_hidden),
		cmocka_unit_test(test_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
