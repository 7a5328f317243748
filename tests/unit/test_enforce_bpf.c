// SPDX-License-Identifier: GPL-2.0-or-later
/* Unit tests of the BPF back end's pure parts: keys, numbers of subjects, and the arena
 * of boxes. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "enforce/bpf/bpf_priv.h"

static struct addr ip(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static struct mac hw(const char *text)
{
	struct mac m;

	assert_int_equal(mac_parse(text, &m), 0);
	return m;
}

#define DEVICE "02:00:00:00:00:10"

static void bytes_are(const void *bytes, const char *hex)
{
	const uint8_t *b = bytes;

	for (size_t i = 0; hex[2 * i]; i++) {
		char two[3] = {hex[2 * i], hex[2 * i + 1]};
		assert_int_equal(b[i], strtoul(two, NULL, 16));
	}
}

static void test_addresses(void **state)
{
	static const char *const texts[] = {
		"10.1.2.3", "0.0.0.0", "2001:db8::1", "::", "::1", "::fffe:1.2.3.4"};

	(void)state;
	struct addr four = ip("10.1.2.3");
	struct bpf_addr k = key_addr(&four);
	bytes_are(&k, "00000000000000000000ffff0a010203");
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct addr a = ip(texts[i]), b;
		k = key_addr(&a);
		b = key_to_addr(&k);
		assert_memory_equal(&a, &b, sizeof a);
	}
}

static void test_exact_keys(void **state)
{
	struct element back, out = {.kind = ELEMENT_OUT, .family = 4, .mac = hw(DEVICE),
		.peer_lo = ip("192.0.2.1"), .peer_hi = ip("192.0.2.1"), .proto_lo = 6,
		.proto_hi = 6, .device_port = {0, 65535}, .peer_port = {443, 443}};
	struct element in = {.kind = ELEMENT_IN, .family = 6, .device = ip("2001:db8::9"),
		.peer_lo = ip("2001:db8::1"), .peer_hi = ip("2001:db8::1"),
		.proto_lo = 17, .proto_hi = 17, .device_port = {5683, 5683},
		.peer_port = {0, 65535}};
	struct subject_key s;
	struct key k;

	(void)state;
	assert_true(key_subject(&out, &s));
	assert_int_equal(s.is_mac, 1);
	key_from_element(&out, 7, &k);
	assert_int_equal(k.table, KEY_EXACT);
	bytes_are(&k.exact, "0700000001bb0600"
			    "00000000000000000000ffffc0000201");
	key_to_out(&s, &k.exact, &back);
	assert_int_equal(element_compare(&back, &out), 0);
	assert_true(key_subject(&in, &s));
	assert_int_equal(s.is_mac, 0);
	key_from_element(&in, 8, &k);
	bytes_are(&k.exact, "0800000016331100"
			    "20010db8000000000000000000000001");
	key_to_out(&s, &k.exact, &back);
	assert_int_equal(element_compare(&back, &in), 0);
}

static void test_mapped_addresses(void **state)
{
	struct element e = {.kind = ELEMENT_OUT, .family = 6, .mac = hw(DEVICE),
		.peer_lo = ip("::ffff:192.0.2.1"), .peer_hi = ip("::ffff:192.0.2.1")};

	(void)state;
	assert_true(key_is_mapped(&e));
	e.peer_lo = e.peer_hi = ip("2001:db8::1");
	assert_false(key_is_mapped(&e));
	e = (struct element){.kind = ELEMENT_OWNED, .family = 6,
		.device = ip("::ffff:192.0.2.1")};
	assert_true(key_is_mapped(&e));
	e = (struct element){.kind = ELEMENT_OUT_RANGE, .family = 6, .mac = hw(DEVICE),
		.peer_lo = ip("::"), .peer_hi = ip("ffff::")};
	assert_false(key_is_mapped(&e));
}

static void test_range_keys(void **state)
{
	struct element back, e = {.family = 4, .mac = hw(DEVICE), .device = ip("10.0.0.9"),
		.peer_lo = ip("10.0.0.0"), .peer_hi = ip("10.255.255.255"),
		.proto_lo = 6, .proto_hi = 17, .device_port = {1024, 2048},
		.peer_port = {1, 65535}};
	static const enum element_kind kinds[] = {ELEMENT_OUT_RANGE, ELEMENT_IN_RANGE};
	struct bpf_box box = {.peer_lo = {{0}}};
	struct subject_key s;
	struct key k;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		e.kind = kinds[i];
		assert_true(key_subject(&e, &s));
		key_from_element(&e, 9, &k);
		assert_int_equal(k.table, KEY_BOX);
		memcpy(&box, k.box, sizeof k.box);
		assert_int_equal(box.device_lo, 1024);
		assert_int_equal(box.peer_port_hi, 65535);
		assert_int_equal(box.family, 4);
		key_to_range(&s, &box, &back);
		assert_int_equal(element_compare(&back, &e), 0);
	}
}

/* Each of them has a table of its own, and what is no part of a key does not change it. */
static void test_other_keys(void **state)
{
	struct element e = {.kind = ELEMENT_BOUND, .family = 4, .mac = hw(DEVICE),
		.device = ip("10.1.0.16"), .rate = 5, .timeout_s = 9};
	struct subject_key s;
	struct key k, same;

	(void)state;
	assert_false(key_subject(&e, &s));
	key_from_element(&e, 0, &k);
	assert_int_equal(k.table, KEY_BOUND);
	bytes_are(&k.bound, "00000000000000000000ffff0a0100100200000000100000");
	e.rate = e.timeout_s = 0;
	key_from_element(&e, 0, &same);
	assert_memory_equal(&k, &same, sizeof k);
	static const struct {
		enum element_kind kind;
		uint32_t flag;
		bool by_mac;
	} flags[] = {{ELEMENT_MANAGED, BPF_MANAGED, true},
		{ELEMENT_POLICED, BPF_POLICED, false}, {ELEMENT_OWNED, BPF_OWNED, false}};
	for (size_t i = 0; i < 3; i++) {
		e.kind = flags[i].kind;
		e.rate = 1; /* no word of theirs */
		key_from_element(&e, 3, &k);
		assert_int_equal(k.table, KEY_FLAG);
		assert_int_equal(k.flag, flags[i].flag);
		assert_true(key_subject(&e, &s));
		assert_int_equal(s.is_mac, flags[i].by_mac);
	}
	e = (struct element){.kind = ELEMENT_LIMIT_IN_PACKETS, .family = 4,
		.device = ip("10.1.0.16"), .rate = 5};
	key_from_element(&e, 3, &k);
	assert_int_equal(k.table, KEY_RATE);
	assert_int_equal(k.packets, 1);
	e.kind = ELEMENT_LIMIT_OUT_BYTES;
	key_from_element(&e, 3, &k);
	assert_int_equal(k.packets, 0);
	e = (struct element){.kind = ELEMENT_LOCAL, .family = 4, .peer_lo = ip("10.0.0.0"),
		.peer_hi = ip("10.0.0.255")};
	assert_false(key_subject(&e, &s));
	key_from_element(&e, 0, &k);
	bytes_are(&k.local, "00000000000000000000ffff0a000000"
			    "00000000000000000000ffff0a0000ff");
}

static void test_ether_and_name_keys(void **state)
{
	struct element e = {.kind = ELEMENT_ETHER_IN, .mac = hw(DEVICE),
		.ether_type = 0x88cc, .peer_mac_lo = hw("02:00:00:00:00:20"),
		.peer_mac_hi = hw("02:00:00:00:00:20")};
	struct key k;

	(void)state;
	key_from_element(&e, 2, &k);
	assert_int_equal(k.table, KEY_ETHER);
	bytes_are(&k.ether, "0200000088cc01000200000000200000");
	e.peer_mac_lo = (struct mac){{0}};
	e.peer_mac_hi = hw("ff:ff:ff:ff:ff:ff");
	e.kind = ELEMENT_ETHER_OUT;
	key_from_element(&e, 2, &k);
	bytes_are(&k.ether, "0200000088cc00010000000000000000");
	e = (struct element){.kind = ELEMENT_NAME, .mac = hw(DEVICE), .name_hash = 0x1122,
		.name_suffix = true, .proto_lo = 6, .proto_hi = 6, .peer_port = {443, 443}};
	key_from_element(&e, 2, &k);
	assert_int_equal(k.table, KEY_NAME);
	assert_int_equal(k.name.name.hash, 0x1122);
	assert_int_equal(k.name.name.suffix, 1);
	bytes_are(&k.name.opening, "01bb0600");
}

static struct subject_key numbered(uint32_t n)
{
	struct subject_key k = {.is_mac = n & 1};

	k.addr.w[0] = n;
	return k;
}

static void test_subjects(void **state)
{
	struct subjects *all = calloc(1, sizeof *all);
	struct subject *x, *y;
	struct subject_key k;

	(void)state;
	assert_int_equal(subjects_init(all), 0);
	for (uint32_t n = 1; n < BPF_SUBJECTS_MAX; n++) {
		k = numbered(n);
		assert_null(subjects_find(all, &k));
		assert_int_equal(subjects_add(all, &k, 0, &x), 0);
		assert_int_equal(x->number, n); /* 0 is everybody else */
	}
	k = numbered(BPF_SUBJECTS_MAX);
	assert_int_equal(subjects_add(all, &k, 0, &y), CARDEA_ELIMIT);
	k = numbered(5);
	x = subjects_find(all, &k);
	assert_int_equal(x->number, 5);
	/* the kernel may still have it */
	subjects_remove(all, x, true);
	assert_null(subjects_find(all, &k));
	assert_int_equal(subjects_add(all, &k, 0, &y), CARDEA_ELIMIT);
	subjects_reuse(all);
	assert_int_equal(subjects_add(all, &k, 0, &y), 0);
	assert_int_equal(y->number, 5);
	/* the kernel never saw it */
	subjects_remove(all, y, false);
	assert_int_equal(subjects_add(all, &k, 0, &y), 0);
	assert_int_equal(y->number, 5);
	subjects_free(all);
	free(all);
}

static void test_subjects_of_an_earlier_run(void **state)
{
	struct subjects *all = calloc(1, sizeof *all);
	struct subject_key a = numbered(1), b = numbered(2), c = numbered(3);
	struct subject *x;

	(void)state;
	assert_int_equal(subjects_init(all), 0);
	assert_int_equal(subjects_add(all, &a, 2, &x), 0);
	assert_int_equal(subjects_add(all, &b, 2, &x), CARDEA_EMALFORMED);
	assert_int_equal(subjects_add(all, &a, 3, &x), CARDEA_EMALFORMED);
	assert_int_equal(subjects_add(all, &b, BPF_SUBJECTS_MAX, &x), CARDEA_EMALFORMED);
	subjects_reuse(all);
	assert_int_equal(subjects_add(all, &b, 0, &x), 0);
	assert_int_equal(x->number, 1);
	assert_int_equal(subjects_add(all, &c, 0, &x), 0);
	assert_int_equal(x->number, 3);
	subjects_free(all);
	free(all);
}

static void test_arena(void **state)
{
	struct arena *a = calloc(1, sizeof *a);
	uint32_t first, second, third;

	(void)state;
	assert_int_equal(arena_take(a, BPF_BOXES_MAX - 10, &first), 0);
	assert_int_equal(arena_take(a, 10, &second), 0);
	assert_true(second >= BPF_BOXES_MAX - 10 || second + 10 <= first);
	assert_int_equal(arena_take(a, 1, &third), CARDEA_ELIMIT);
	/* packets may still look at it: nobody gets it before two turns */
	arena_give(a, second, 10, true);
	assert_int_equal(arena_take(a, 1, &third), CARDEA_ELIMIT);
	arena_turn(a);
	assert_int_equal(arena_take(a, 1, &third), CARDEA_ELIMIT);
	arena_turn(a);
	assert_int_equal(arena_take(a, 11, &third), CARDEA_ELIMIT);
	assert_int_equal(arena_take(a, 10, &third), 0);
	assert_int_equal(third, second);
	/* nobody has looked at it yet */
	arena_give(a, third, 10, false);
	assert_int_equal(arena_take(a, 4, &third), 0);
	assert_int_equal(arena_take(a, 6, &second), 0);
	assert_true(second >= third + 4 || second + 6 <= third);
	free(a);
}

static void test_arena_of_an_earlier_run(void **state)
{
	struct arena *a = calloc(1, sizeof *a);
	uint32_t first;

	(void)state;
	assert_int_equal(arena_mark(a, 100, 50), 0);
	assert_int_equal(arena_mark(a, 0, 0), 0);
	assert_int_equal(arena_mark(a, 149, 1), CARDEA_EMALFORMED);
	assert_int_equal(arena_mark(a, BPF_BOXES_MAX - 1, 2), CARDEA_EMALFORMED);
	assert_int_equal(arena_mark(a, 1, UINT32_MAX), CARDEA_EMALFORMED);
	assert_int_equal(arena_take(a, 101, &first), 0);
	assert_int_equal(first, 150);
	assert_int_equal(arena_take(a, 100, &first), 0);
	assert_true(first == 251 || first == 0);
	free(a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_exact_keys),
		cmocka_unit_test(test_mapped_addresses),
		cmocka_unit_test(test_range_keys),
		cmocka_unit_test(test_other_keys),
		cmocka_unit_test(test_ether_and_name_keys),
		cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_subjects_of_an_earlier_run),
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_arena_of_an_earlier_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
