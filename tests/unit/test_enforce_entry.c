// SPDX-License-Identifier: GPL-2.0-or-later
/* Unit tests of the enforcer's pure parts: settings, the guard of management, entries
 * and the skeleton's text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "base/str.h"
#include "enforce/nft/nft_priv.h"

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
#define GATEWAY "02:00:00:00:00:01"

static void key_is(const struct entry *n, const char *key_hex, const char *end_hex)
{
	char hex[2 * ENTRY_KEY_MAX + 1];

	for (size_t i = 0; i < n->key_len; i++)
		(void)str_print(hex + 2 * i, 3, "%02x", n->key[i]);
	assert_string_equal(hex, key_hex);
	for (size_t i = 0; i < n->key_len; i++)
		(void)str_print(hex + 2 * i, 3, "%02x", n->end[i]);
	assert_string_equal(hex, end_hex);
}

static void test_keys(void **state)
{
	struct entry n;

	(void)state;
	struct element e = {.kind = ELEMENT_MANAGED, .mac = hw(DEVICE)};
	entry_from_element(&n, &e);
	assert_string_equal(nft_sets[n.set].name, "managed");
	key_is(&n, "020000000010", "020000000010");

	e = (struct element){.kind = ELEMENT_BOUND, .family = 4, .mac = hw(DEVICE),
		.device = ip("10.1.0.16")};
	entry_from_element(&n, &e);
	assert_string_equal(nft_sets[n.set].name, "bound4");
	key_is(&n, "02000000001000000a010010", "02000000001000000a010010");

	e = (struct element){.kind = ELEMENT_LOCAL, .family = 4,
		.peer_lo = ip("10.0.0.0"), .peer_hi = ip("10.255.255.255")};
	entry_from_element(&n, &e);
	assert_string_equal(nft_sets[n.set].name, "local4");
	key_is(&n, "000000000a000000", "ffff00000affffff");
	assert_true(nft_sets[n.set].ranges);
}

static void test_boxes(void **state)
{
	struct element e = {.kind = ELEMENT_OUT_RANGE, .family = 4, .mac = hw(DEVICE),
		.device = ip("10.1.0.16"), .peer_lo = ip("0.0.0.0"),
		.peer_hi = ip("255.255.255.255"), .proto_lo = 6, .proto_hi = 17,
		.device_port = {0x1111, 0x2222}, .peer_port = {0x3333, 0x4444}};
	struct entry n;

	(void)state;
	entry_from_element(&n, &e);
	assert_string_equal(nft_sets[n.set].name, "outr4");
	key_is(&n, "020000000010000000000000060000001111000033330000",
		"0200000000100000ffffffff110000002222000044440000");
	/* to the device, the packet's source port is the peer's */
	e.kind = ELEMENT_IN_RANGE;
	entry_from_element(&n, &e);
	assert_string_equal(nft_sets[n.set].name, "inr4");
	key_is(&n, "0a01001000000000060000003333000011110000",
		"0a010010ffffffff110000004444000022220000");
	e = (struct element){.kind = ELEMENT_OUT, .family = 6, .mac = hw(DEVICE),
		.peer_lo = ip("2001:db8::9"), .peer_hi = ip("2001:db8::9"),
		.proto_lo = 6, .proto_hi = 6, .peer_port = {443, 443}, .timeout_s = 60};
	entry_from_element(&n, &e);
	assert_string_equal(nft_sets[n.set].name, "out6");
	key_is(&n, "020000000010000020010db80000000000000000000000090600000001bb0000",
		"020000000010000020010db80000000000000000000000090600000001bb0000");
	assert_int_equal(n.timeout_s, 60);
}

static void test_inbound(void **state)
{
	struct element e = {.kind = ELEMENT_IN, .family = 4, .device = ip("10.1.0.16"),
		.mac = hw(DEVICE), .peer_lo = ip("10.1.0.99"),
		.peer_hi = ip("10.1.0.99"), .proto_lo = 17, .proto_hi = 17,
		.device_port = {80, 80}, .peer_port = {0, 65535}};
	struct entry n;

	(void)state;
	entry_from_element(&n, &e);
	assert_string_equal(nft_sets[n.set].name, "in4");
	key_is(&n, "0a0100100a0100631100000000500000", "0a0100100a0100631100000000500000");
	assert_false(nft_sets[n.set].ranges);
	e.family = 6;
	e.device = ip("fd00::10");
	e.peer_lo = e.peer_hi = ip("fd00::99");
	entry_from_element(&n, &e);
	assert_string_equal(nft_sets[n.set].name, "in6");
	key_is(&n,
		"fd000000000000000000000000000010fd0000000000000000000000000000991100000000"
		"500000",
		"fd000000000000000000000000000010fd0000000000000000000000000000991100000000"
		"500000");
}

static void test_ether(void **state)
{
	struct element e = {.kind = ELEMENT_ETHER_OUT, .mac = hw(DEVICE),
		.ether_type = 0x88e1, .peer_mac_hi = hw("ff:ff:ff:ff:ff:ff")};
	struct entry n;

	(void)state;
	entry_from_element(&n, &e);
	assert_string_equal(nft_sets[n.set].name, "ether_f");
	assert_true(nft_sets[n.set].ranges);
	key_is(&n, "020000000010000088e100000000000000000000",
		"020000000010000088e10000ffffffffffff0000");
	e.kind = ELEMENT_ETHER_IN;
	e.peer_mac_lo = e.peer_mac_hi = hw("02:00:00:00:00:20");
	entry_from_element(&n, &e);
	assert_string_equal(nft_sets[n.set].name, "ether_t");
	key_is(&n, "020000000010000088e100000200000000200000",
		"020000000010000088e100000200000000200000");
}

static void test_limit_keys(void **state)
{
	static const struct {
		enum element_kind kind;
		const char *device, *set, *limited, *key;
	} cases[] = {
		{ELEMENT_LIMIT_OUT_BYTES, NULL, "bytes_f", "limited_f", "020000000010"},
		{ELEMENT_LIMIT_OUT_PACKETS, NULL, "packets_f", "limited_f",
			"020000000010"},
		{ELEMENT_LIMIT_IN_BYTES, "10.1.0.16", "bytes_t4", "limited_t4",
			"0a010010"},
		{ELEMENT_LIMIT_IN_PACKETS, "10.1.0.16", "packets_t4", "limited_t4",
			"0a010010"},
		{ELEMENT_LIMIT_IN_BYTES, "fd00::10", "bytes_t6", "limited_t6",
			"fd000000000000000000000000000010"},
		{ELEMENT_LIMIT_IN_PACKETS, "fd00::10", "packets_t6", "limited_t6",
			"fd000000000000000000000000000010"},
	};
	struct entry n;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct element e = {.kind = cases[i].kind, .rate = 125000};
		if (cases[i].device)
			e.device = ip(cases[i].device);
		else
			e.mac = hw(DEVICE);
		e.family = e.device.family;
		entry_from_element(&n, &e);
		assert_string_equal(nft_sets[n.set].name, cases[i].set);
		assert_string_equal(nft_sets[NFT_LIMITED(n.set)].name, cases[i].limited);
		key_is(&n, cases[i].key, cases[i].key);
		assert_int_equal(n.rate, 125000);
		e.rate = UINT64_MAX; /* more than the kernel's bucket: its most */
		entry_from_element(&n, &e);
		assert_int_equal(n.rate, UINT32_MAX);
	}
}

/* What is counted comes back as it went. */
static void test_back_to_elements(void **state)
{
	struct element back, e[] = {
		{.kind = ELEMENT_OUT, .mac = hw(DEVICE), .proto_lo = 6, .proto_hi = 6,
			.peer_port = {0x1234, 0x1234}},
		{.kind = ELEMENT_OUT_RANGE, .mac = hw(DEVICE), .proto_hi = 255,
			.device_port = {1, 2}, .peer_port = {0x300, 0xff00}},
		{.kind = ELEMENT_IN_RANGE, .proto_lo = 6, .proto_hi = 17,
			.device_port = {1, 2}, .peer_port = {0x300, 0xff00}},
		{.kind = ELEMENT_IN, .proto_lo = 17, .proto_hi = 17,
			.device_port = {0x1234, 0x1234}}};
	struct entry n;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof e / sizeof *e; i++) {
		struct element *x = &e[i / 2];
		bool exact = x->kind == ELEMENT_OUT || x->kind == ELEMENT_IN;
		x->family = i % 2 ? 6 : 4;
		x->peer_lo = ip(i % 2 ? "2001:db8::" : "10.0.0.0");
		x->peer_hi = ip(i % 2 ? "2001:db8::ffff" : "10.0.255.255");
		if (exact)
			x->peer_lo = x->peer_hi;
		if (x->kind == ELEMENT_IN || x->kind == ELEMENT_IN_RANGE)
			x->device = ip(i % 2 ? "fd00::10" : "10.1.0.16");
		assert_int_equal(element_check(x), 0);
		entry_from_element(&n, x);
		entry_to_element(&n, &back);
		assert_int_equal(element_compare(x, &back), 0);
		assert_int_equal(element_check(&back), 0);
	}
}

static void test_list_last_word_counts(void **state)
{
	struct entry entries[300];
	struct entry_list l = {entries, 300};
	struct entry a = {.set = 1, .key_len = 4, .key = {1}, .end = {1}};
	struct entry b = {.set = 1, .key_len = 4, .key = {2}, .end = {2}};

	(void)state;
	for (uint32_t i = 0; i < 300; i++) {
		struct entry *e = i % 3 ? &a : &b;
		e->order = i;
		e->remove = i % 2;
		entries[i] = *e;
	}
	entry_list_sort(&l);
	assert_int_equal(l.count, 2);
	assert_int_equal(entry_list_find(&l, &a)->order, 299);
	assert_true(entry_list_find(&l, &a)->remove);
	assert_int_equal(entry_list_find(&l, &b)->order, 297);
	b.end[0] = 3;
	assert_null(entry_list_find(&l, &b));
	l.count = 0;
	assert_null(entry_list_find(&l, &a));
}

static void test_belongs(void **state)
{
	struct message_forget f = {.mac = hw(DEVICE),
		.addrs = {.count = 2, .addrs = {ip("10.1.0.16"), ip("fd00::10")}}};
	struct element e = {.kind = ELEMENT_OUT, .family = 4, .mac = hw(DEVICE),
		.peer_lo = ip("10.1.0.99"), .peer_hi = ip("10.1.0.99")};
	struct entry n;

	(void)state;
	entry_from_element(&n, &e);
	assert_true(entry_belongs(&n, &f));
	e.mac.b[5]++;
	entry_from_element(&n, &e);
	assert_false(entry_belongs(&n, &f));
	struct entry flow = {.set = NFT_SET_FLOWS4, .key_len = 20,
		.key = {10, 1, 0, 16, 10, 1, 0, 17}};
	assert_true(entry_belongs(&flow, &f));
	flow.key[3] = 17; /* the device is the peer of somebody else's flow */
	flow.key[7] = 16;
	assert_false(entry_belongs(&flow, &f));
	struct entry echo = {.set = NFT_SET_ECHO6, .key_len = 36, .key = {0xfd}};
	assert_false(entry_belongs(&echo, &f));
	echo.key[15] = 0x10;
	assert_true(entry_belongs(&echo, &f));
	struct entry local = {.set = NFT_SET_LOCAL4, .key = {10, 1, 0, 16}};
	assert_false(entry_belongs(&local, &f));
}

static void test_settings(void **state)
{
	static const char *const bad[][2] = {{"lan", ""}, {"lan", "sixteen_letters_"},
		{"lan", "br0\""}, {"lan", "br 0"}, {"lan", "br0;"}, {"lan", "a/b"},
		{"gateway_mac", "ff:ff:ff:ff:ff:ff"},
		{"gateway_mac", "00:00:00:00:00:00"},
		{"gateway_mac", "01:00:5e:00:00:01"}, {"gateway_mac", "x"},
		{"nflog_group", "65536"}, {"nflog_group", "-1"}, {"nflog_group", "1x"}};
	struct enforce_config c = {0};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_not_equal(enforce_config_set(&c, bad[i][0], bad[i][1]), 0);
	assert_int_equal(c.lan_count + c.gateway_count + c.nflog_group, 0);
	assert_int_equal(enforce_config_set(&c, "unknown", "1"), 0);
	assert_int_equal(enforce_config_set(&c, "nflog_group", "65535"), 0);
	assert_int_equal(c.nflog_group, 65535);
	assert_int_equal(enforce_config_set(&c, "gateway_mac", GATEWAY), 0);
	assert_int_equal(enforce_config_set(&c, "gateway_mac", GATEWAY), 0);
	assert_int_equal(c.gateway_count, 1);
	for (int i = 0; i < LIMIT_LANS; i++)
		assert_int_equal(enforce_config_set(&c, "lan", "br-lan.1_x"), 0);
	assert_int_equal(enforce_config_set(&c, "lan", "one"), CARDEA_ELIMIT);
}

static void test_management(void **state)
{
	struct enforce_config c = {0};
	struct enforce_txn t = {0};
	struct element e = {.kind = ELEMENT_MANAGED, .mac = hw(GATEWAY)};

	(void)state;
	assert_int_equal(enforce_config_set(&c, "gateway_mac", GATEWAY), 0);
	enforce_txn_begin(&t, 1, false);
	assert_int_equal(enforce_txn_add(&t, &c, &e, false), CARDEA_EREFUSED);
	assert_int_equal(t.change_count, 0);
	assert_int_equal(enforce_txn_add(&t, &c, &e, true), 0); /* to take it out */
	e.mac = hw(DEVICE);
	assert_int_equal(enforce_txn_add(&t, &c, &e, false), 0);
	e.mac = hw("01:00:5e:00:00:01");
	assert_int_equal(enforce_txn_add(&t, &c, &e, false), CARDEA_EMALFORMED);
	e.kind = ELEMENT_KIND_MAX;
	assert_int_equal(enforce_txn_add(&t, &c, &e, false), CARDEA_EMALFORMED);
	/* the gateway's addresses may be its own */
	e = (struct element){.kind = ELEMENT_BOUND, .family = 4, .mac = hw(GATEWAY),
		.device = ip("10.1.0.1")};
	assert_int_equal(enforce_txn_add(&t, &c, &e, false), 0);
	static const char *const everybody[] = {"255.255.255.255", "224.0.0.1",
		"0.0.0.0", "127.0.0.1", "ff02::1", "::", "::1"};
	for (size_t i = 0; i < sizeof everybody / sizeof *everybody; i++) {
		e = (struct element){.kind = ELEMENT_OWNED, .device = ip(everybody[i])};
		e.family = e.device.family;
		assert_int_equal(enforce_txn_add(&t, &c, &e, false), CARDEA_EREFUSED);
	}
	assert_int_equal(t.change_count, 3);
	enforce_txn_clear(&t);
	assert_null(t.changes);
}

/* Every kind that is keyed by a MAC, or by an address of a device. */
static void test_management_of_all_kinds(void **state)
{
	static const struct {
		enum element_kind kind;
		bool by_mac;
	} kinds[] = {{ELEMENT_OUT, true}, {ELEMENT_OUT_RANGE, true},
		{ELEMENT_ETHER_OUT, true}, {ELEMENT_ETHER_IN, true},
		{ELEMENT_LIMIT_OUT_BYTES, true}, {ELEMENT_LIMIT_OUT_PACKETS, true},
		{ELEMENT_POLICED, false}, {ELEMENT_IN, false}, {ELEMENT_IN_RANGE, false},
		{ELEMENT_LIMIT_IN_BYTES, false}, {ELEMENT_LIMIT_IN_PACKETS, false}};
	struct enforce_config c = {0};
	struct enforce_txn t = {0};

	(void)state;
	assert_int_equal(enforce_config_set(&c, "gateway_mac", GATEWAY), 0);
	enforce_txn_begin(&t, 1, false);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct element e = {.kind = kinds[i].kind, .family = 4, .rate = 1,
			.ether_type = 0x88e1, .proto_lo = 6, .proto_hi = 6,
			.peer_lo = ip("10.1.0.99"), .peer_hi = ip("10.1.0.99")};
		bool limit_out = kinds[i].by_mac && e.kind >= ELEMENT_LIMIT_OUT_BYTES;
		if (limit_out || e.kind == ELEMENT_ETHER_OUT ||
			e.kind == ELEMENT_ETHER_IN)
			e.family = 0;
		e.mac = hw(GATEWAY);
		e.device = ip(kinds[i].by_mac ? "10.1.0.16" : "255.255.255.255");
		assert_int_equal(enforce_txn_add(&t, &c, &e, false), CARDEA_EREFUSED);
		e.mac = hw(DEVICE);
		e.device = ip("10.1.0.16");
		assert_int_equal(enforce_txn_add(&t, &c, &e, false), 0);
	}
	enforce_txn_clear(&t);
}

static void test_limits(void **state)
{
	struct enforce_config c = {0};
	struct enforce_txn t = {0};
	struct element e = {.kind = ELEMENT_MANAGED, .mac = hw(DEVICE)};
	struct message_forget f = {.mac = hw(DEVICE)};

	(void)state;
	enforce_txn_begin(&t, 1, true);
	for (size_t i = 0; i < ENFORCE_ELEMENTS_MAX; i++)
		assert_int_equal(enforce_txn_add(&t, &c, &e, false), 0);
	assert_int_equal(enforce_txn_add(&t, &c, &e, false), CARDEA_ELIMIT);
	for (size_t i = 0; i < ENFORCE_FORGETS_MAX; i++)
		assert_int_equal(enforce_txn_forget(&t, &f), 0);
	assert_int_equal(enforce_txn_forget(&t, &f), CARDEA_ELIMIT);
	f.addrs.count = LIMIT_ANSWER_ADDRS + 1;
	assert_int_equal(enforce_txn_forget(&t, &f), CARDEA_EMALFORMED);
	enforce_txn_clear(&t);
}

static void test_skeleton_text(void **state)
{
	char version[SKELETON_VERSION_MAX], other[SKELETON_VERSION_MAX];
	struct enforce_config c = {.nflog_group = 4711};
	char *text;

	(void)state;
	assert_int_not_equal(skeleton_render(&c, false, &text, version), 0);
	assert_int_equal(enforce_config_set(&c, "lan", "br-lan"), 0);
	assert_int_equal(enforce_config_set(&c, "gateway_mac", GATEWAY), 0);
	assert_int_equal(skeleton_render(&c, false, &text, version), 0);
	assert_null(strchr(text, '$'));
	assert_non_null(strstr(text, version));
	assert_non_null(strstr(text, "\"br-lan\""));
	assert_non_null(strstr(text, "group 4711"));
	assert_non_null(strstr(text, "elements = { " GATEWAY " }"));
	assert_null(strstr(text, "flush"));
	free(text);
	assert_int_equal(skeleton_render(&c, false, &text, other), 0);
	assert_string_equal(version, other);
	free(text);
	c.nflog_group++;
	assert_int_equal(skeleton_render(&c, false, &text, other), 0);
	assert_string_not_equal(version, other);
	free(text);
	assert_int_equal(skeleton_render(&c, true, &text, version), 0);
	assert_null(strchr(text, '$'));
	assert_non_null(strstr(text, version));
	assert_non_null(strstr(text, "iifname { \"br-lan\" }"));
	assert_non_null(strstr(text, "elements = { " GATEWAY " }"));
	assert_string_not_equal(version, other);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_boxes),
		cmocka_unit_test(test_inbound),
		cmocka_unit_test(test_ether),
		cmocka_unit_test(test_limit_keys),
		cmocka_unit_test(test_back_to_elements),
		cmocka_unit_test(test_list_last_word_counts),
		cmocka_unit_test(test_belongs),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_management),
		cmocka_unit_test(test_management_of_all_kinds),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_skeleton_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
