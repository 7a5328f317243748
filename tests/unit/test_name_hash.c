// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* test_name_hash - the hash of names: SipHash as published, chained from the root. That
 * the kernel's program reckons the same is shown by tests/netns/test_inline_dns.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "model/name_hash.h"

/* The key of the reference implementation: octets 0 to 15. */
static const struct name_key reference = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

/* As the program in the kernel does it: octets, not text. */
static uint64_t of_octets(
	const struct name_key *key, uint64_t above, const uint8_t *p, size_t len)
{
	struct name_hash_state s;
	uint64_t word = 0;

	name_hash_begin(&s, key, above);
	for (size_t i = 0; i < len; i++) {
		word |= (uint64_t)p[i] << 8 * (i % 8);
		if (i % 8 == 7) {
			name_hash_word(&s, word);
			word = 0;
		}
	}
	name_hash_word(&s, word | (uint64_t)len << 56);
	return name_hash_end(&s);
}

static uint64_t of_label(const struct name_key *key, uint64_t above, const char *label)
{
	return of_octets(key, above, (const uint8_t *)label, strlen(label));
}

/* Under the root a label's hash is SipHash-2-4 itself: the vectors of its authors for
 * the messages 00, 00 01, ... (github.com/veorq/SipHash, vectors.h, as numbers). */
static void test_vectors(void **state)
{
	static const uint64_t expected[] = {0x74f839c593dc67fd, 0x0d6c8009d9a94f5a,
		0x85676696d7fb7e2d, 0xcf2794e0277187b7, 0x18765564cd99a68d,
		0xcbc9466e58fee3ce, 0xab0200f58b01d137, 0x93f5f5799a932462,
		0x9e0082df0ba9e4b0, 0x7a5dbbc594ddb9f3, 0xf4b32f46226bada7,
		0x751e8fbc860ee5fb, 0x14ea5627c0843d90, 0xf723ca908e7af2ee,
		0xa129ca6149be45e5};
	uint8_t message[16];

	(void)state;
	for (uint8_t i = 0; i < sizeof message; i++)
		message[i] = i;
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
		assert_true(of_octets(&reference, NAME_HASH_ROOT, message, i + 1) ==
			    expected[i]);
}

static void test_chain(void **state)
{
	static const char *const labels[] = {"com", "example", "sixteen-letters-", "w"};
	uint64_t h = NAME_HASH_ROOT;

	(void)state;
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
		h = of_label(&reference, h, labels[i]);
	assert_true(h == name_hash(&reference, "w.sixteen-letters-.example.com"));
	assert_true(of_label(&reference, NAME_HASH_ROOT, "com") ==
		    name_hash(&reference, "com"));
}

/* What must not be the same name is not the same hash. */
static void test_apart(void **state)
{
	static const char *const names[] = {"a", "b", "aa", "a.a", "a.b", "b.a", "ab",
		"a.b.c", "a.bc", "ab.c", "c.b.a", "eight-by", "eight-by-", "eight-b",
		"a\\046b", "xn--a", "www.example.com", "example.com", "com",
		"com.example", "www.example.co.m"};
	static const struct name_key other = {0x0706050403020101, 0x0f0e0d0c0b0a0908};
	enum { COUNT = sizeof names / sizeof *names };

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		assert_true(name_hash(&reference, names[i]) != 0);
		assert_true(
			name_hash(&reference, names[i]) != name_hash(&other, names[i]));
		for (size_t k = 0; k < i; k++)
			assert_true(name_hash(&reference, names[i]) !=
				    name_hash(&reference, names[k]));
	}
	/* a dot within a label is no border between two */
	assert_true(of_label(&reference, NAME_HASH_ROOT, "a.b") !=
		    name_hash(&reference, "a.b"));
}

static void test_case(void **state)
{
	(void)state;
	assert_true(name_hash(&reference, "API.Example.COM") ==
		    name_hash(&reference, "api.example.com"));
	assert_true(name_hash(&reference, "a[") != name_hash(&reference, "a{"));
	assert_true(name_hash(&reference, "a@") != name_hash(&reference, "a`"));
}

static void test_no_names(void **state)
{
	char label[NAME_LABEL_MAX + 2];

	(void)state;
	assert_true(!name_hash(&reference, ""));
	assert_true(!name_hash(&reference, "."));
	assert_true(!name_hash(&reference, ".com"));
	assert_true(!name_hash(&reference, "com."));
	assert_true(!name_hash(&reference, "a..com"));
	memset(label, 'x', sizeof label);
	label[NAME_LABEL_MAX + 1] = '\0';
	assert_true(!name_hash(&reference, label));
	label[NAME_LABEL_MAX] = '\0';
	assert_true(name_hash(&reference, label) ==
		    of_label(&reference, NAME_HASH_ROOT, label));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_apart),
		cmocka_unit_test(test_case),
		cmocka_unit_test(test_no_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
