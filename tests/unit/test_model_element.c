// SPDX-License-Identifier: GPL-2.0-or-later
/* test_model_element - which keys a kernel set can hold, when two are the same, and that
 * counts come back for those alone that are counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "model/element.h"
#include "model/messages.h"

static const struct mac lowest, highest = {{255, 255, 255, 255, 255, 255}};

static struct addr address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

/* A good element of any kind. */
static struct element good(enum element_kind kind)
{
	struct element e = {.kind = kind, .family = 4, .mac = {{2, 0, 0, 0, 0, 1}},
		.device = address("10.0.0.2"), .peer_lo = address("192.0.2.1"),
		.peer_hi = address("192.0.2.1"), .proto_lo = 6, .proto_hi = 6,
		.device_port = {80, 80}, .peer_port = {443, 443}, .ether_type = 0x88e1,
		.peer_mac_lo = {{2, 0, 0, 0, 0, 2}}, .peer_mac_hi = {{2, 0, 0, 0, 0, 2}},
		.rate = 1000, .name_hash = 99};

	if (kind == ELEMENT_MANAGED || kind == ELEMENT_ETHER_OUT ||
		kind == ELEMENT_ETHER_IN || kind == ELEMENT_LIMIT_OUT_BYTES ||
		kind == ELEMENT_LIMIT_OUT_PACKETS)
		e.family = 0;
	if (kind == ELEMENT_ARM_OUT || kind == ELEMENT_ARM_IN) {
		e.gate = 7;
		e.open_s = 5;
	}
	return e;
}

#define WITH(kind, change, expected)                                                     \
	do {                                                                             \
		struct element e = good(kind);                                           \
		change;                                                                  \
		assert_int_equal(element_check(&e), expected);                           \
	} while (0)
#define BAD CARDEA_EMALFORMED

static void test_every_kind_has_good_ones(void **state)
{
	(void)state;
	for (int k = 0; k < ELEMENT_KIND_MAX; k++) {
		WITH((enum element_kind)k, (void)0, 0);
		WITH((enum element_kind)k, e.family = 5, BAD);
	}
	WITH(ELEMENT_OUT, e.kind = ELEMENT_KIND_MAX, BAD);
}

static void test_family_is_there_where_addresses_are(void **state)
{
	(void)state;
	WITH(ELEMENT_MANAGED, e.family = 4, BAD);
	WITH(ELEMENT_ETHER_OUT, e.family = 4, BAD);
	WITH(ELEMENT_LIMIT_OUT_BYTES, e.family = 4, BAD);
	WITH(ELEMENT_LIMIT_IN_BYTES, e.family = 0, BAD);
	WITH(ELEMENT_LIMIT_IN_BYTES, e.family = 6, BAD); /* the address is IPv4 */
	WITH(ELEMENT_IN, e.family = 6, BAD);
	WITH(ELEMENT_IN, e.device.family = 6, BAD);
	WITH(ELEMENT_IN, e.device.b[15] = 1, BAD);
	WITH(ELEMENT_POLICED, e.device = address("2001:db8::1"), BAD);
	WITH(ELEMENT_POLICED, (e.device = address("2001:db8::1"), e.family = 6), 0);
}

static void test_macs_are_of_one_device(void **state)
{
	(void)state;
	WITH(ELEMENT_MANAGED, e.mac = lowest, BAD);
	WITH(ELEMENT_OUT, e.mac = highest, BAD); /* a group */
	WITH(ELEMENT_ETHER_OUT, e.mac = lowest, BAD);
	WITH(ELEMENT_LIMIT_OUT_PACKETS, e.mac = lowest, BAD);
	WITH(ELEMENT_LIMIT_IN_PACKETS, e.mac = lowest, 0); /* not of its key */
}

/* OUT and IN are hashes: one address, one protocol, one port. */
static void test_exact_kinds_are_exact(void **state)
{
	(void)state;
	WITH(ELEMENT_OUT, e.peer_hi = address("192.0.2.2"), BAD);
	WITH(ELEMENT_OUT, e.proto_hi = 17, BAD);
	WITH(ELEMENT_OUT, e.peer_port.hi = 444, BAD);
	WITH(ELEMENT_OUT, e.device_port.hi = 81, 0); /* not of its key */
	WITH(ELEMENT_IN, e.peer_hi = address("192.0.2.2"), BAD);
	WITH(ELEMENT_IN, e.proto_hi = 17, BAD);
	WITH(ELEMENT_IN, e.device_port.hi = 81, BAD);
	WITH(ELEMENT_IN, e.peer_port.hi = 444, 0); /* not of its key */
	WITH(ELEMENT_OUT_RANGE, e.peer_port.hi = 444, 0);
	WITH(ELEMENT_IN_RANGE, e.device_port.hi = 81, 0);
}

static void test_ranges_run_upwards(void **state)
{
	(void)state;
	WITH(ELEMENT_OUT_RANGE, e.peer_hi = address("192.0.2.0"), BAD);
	WITH(ELEMENT_OUT_RANGE, e.proto_hi = 5, BAD);
	WITH(ELEMENT_OUT_RANGE, e.peer_port.hi = 442, BAD);
	WITH(ELEMENT_IN_RANGE, e.device_port.hi = 79, BAD);
	WITH(ELEMENT_LOCAL, e.peer_hi = address("192.0.2.0"), BAD);
}

static void test_ethernet_is_not_ip(void **state)
{
	(void)state;
	WITH(ELEMENT_ETHER_OUT, e.ether_type = 0x0800, BAD);
	WITH(ELEMENT_ETHER_OUT, e.ether_type = 0x86dd, BAD);
	WITH(ELEMENT_ETHER_IN, e.ether_type = 0x05ff, BAD); /* a length (802.3) */
	WITH(ELEMENT_ETHER_IN, e.ether_type = 0x0600, 0);
	WITH(ELEMENT_ETHER_IN, e.ether_type = 0xffff, 0);
	/* one peer or all: other ranges might overlap */
	WITH(ELEMENT_ETHER_OUT, (e.peer_mac_lo = lowest, e.peer_mac_hi = highest), 0);
	WITH(ELEMENT_ETHER_OUT, e.peer_mac_hi = highest, BAD);
	WITH(ELEMENT_ETHER_OUT, e.peer_mac_lo = lowest, BAD);
}

static void test_names_have_a_hash_and_one_port(void **state)
{
	(void)state;
	WITH(ELEMENT_NAME, e.family = 0, 0); /* both */
	WITH(ELEMENT_NAME, e.name_suffix = true, 0);
	WITH(ELEMENT_NAME, e.name_hash = 0, BAD);
	WITH(ELEMENT_NAME, e.proto_hi = 17, BAD);
	WITH(ELEMENT_NAME, e.peer_port.hi = 444, BAD);
	WITH(ELEMENT_NAME, e.mac = lowest, BAD);
}

static void test_limits_have_a_rate(void **state)
{
	(void)state;
	for (int k = ELEMENT_LIMIT_OUT_BYTES; k <= ELEMENT_LIMIT_IN_PACKETS; k++)
		WITH((enum element_kind)k, e.rate = 0, BAD);
	WITH(ELEMENT_OUT, e.rate = 0, 0);
}

/* Whether a change makes another key of an element of this kind. */
#define KEY(kind, change, differs)                                                       \
	do {                                                                             \
		struct element a = good(kind), e = a;                                    \
		change;                                                                  \
		int there = element_compare(&a, &e), back = element_compare(&e, &a);     \
		assert_int_equal(there != 0, differs);                                   \
		assert_int_equal((there > 0) - (there < 0), (back < 0) - (back > 0));    \
	} while (0)

static void test_keys_differ_by_their_own_fields(void **state)
{
	(void)state;
	KEY(ELEMENT_IN, e.mac.b[5] = 9, false);
	KEY(ELEMENT_IN, e.device = address("10.0.0.3"), true);
	KEY(ELEMENT_IN, e.peer_hi = address("192.0.2.9"), true);
	KEY(ELEMENT_IN, e.proto_lo = 5, true);
	KEY(ELEMENT_IN, e.device_port = ((struct range16){81, 81}), true);
	KEY(ELEMENT_IN, e.peer_port.lo = 1, false);
	KEY(ELEMENT_IN, e.kind = ELEMENT_IN_RANGE, true);
	KEY(ELEMENT_OUT, e.device_port.lo = 1, false);
	KEY(ELEMENT_OUT, e.peer_port.lo = 1, true);
	KEY(ELEMENT_ETHER_OUT, e.ether_type = 0x88e2, true);
	KEY(ELEMENT_ETHER_OUT, e.peer_mac_lo.b[0] = 4, true);
	KEY(ELEMENT_ETHER_OUT, e.peer_mac_hi.b[0] = 4, true);
	KEY(ELEMENT_ETHER_OUT, e.mac.b[5] = 9, true);
	KEY(ELEMENT_ETHER_OUT, e.device = address("10.0.0.3"), false);
	KEY(ELEMENT_ETHER_OUT, e.family = 6, false);
	KEY(ELEMENT_ETHER_OUT, e.kind = ELEMENT_ETHER_IN, true);
	KEY(ELEMENT_OUT, e.ether_type = 0x88e2, false);
	KEY(ELEMENT_LIMIT_OUT_BYTES, e.mac.b[5] = 9, true);
	KEY(ELEMENT_LIMIT_OUT_BYTES, e.device = address("10.0.0.3"), false);
	KEY(ELEMENT_LIMIT_OUT_BYTES, e.kind = ELEMENT_LIMIT_OUT_PACKETS, true);
	KEY(ELEMENT_LIMIT_IN_BYTES, e.device = address("10.0.0.3"), true);
	KEY(ELEMENT_LIMIT_IN_BYTES, e.family = 6, true);
	KEY(ELEMENT_OUT_RANGE, e.gate = 8, true);
	KEY(ELEMENT_IN_RANGE, e.gate = 8, true);
	KEY(ELEMENT_ARM_OUT, e.gate = 8, true);
	KEY(ELEMENT_ARM_OUT, e.open_s = 8, false);
	KEY(ELEMENT_ARM_OUT, e.device_port.lo = 8, true);
	KEY(ELEMENT_ARM_IN, e.device = address("10.0.0.3"), true);
	KEY(ELEMENT_ARM_IN, e.kind = ELEMENT_IN_RANGE, true);
	KEY(ELEMENT_OUT, e.gate = 8, false);
}

/* A gate that nothing opens, that opens nothing, or stands open for ever is none. */
static void test_gates_are_of_ranges_alone(void **state)
{
	(void)state;
	WITH(ELEMENT_OUT, e.gate = 1, BAD);
	WITH(ELEMENT_IN, e.gate = 1, BAD);
	WITH(ELEMENT_MANAGED, e.gate = 1, BAD);
	WITH(ELEMENT_OUT_RANGE, e.gate = UINT32_MAX, 0);
	WITH(ELEMENT_OUT_RANGE, (e.gate = 1, e.timeout_s = 60), 0);
	WITH(ELEMENT_ARM_OUT, e.gate = 0, BAD);
	WITH(ELEMENT_ARM_OUT, e.open_s = 0, BAD);
	WITH(ELEMENT_ARM_IN, e.open_s = LIMIT_OPEN_S, 0);
	WITH(ELEMENT_ARM_IN, e.open_s = LIMIT_OPEN_S + 1, BAD);
	WITH(ELEMENT_ARM_IN, e.timeout_s = 1, BAD);
}

static void test_rate_and_timeout_are_not_keys(void **state)
{
	(void)state;
	for (int k = 0; k < ELEMENT_KIND_MAX; k++)
		KEY((enum element_kind)k, (e.rate = 1, e.timeout_s = 60), false);
}

static void test_new_fields_survive_a_message(void **state)
{
	static uint8_t wire[MESSAGE_MAX];
	static struct message m, carried;
	struct element e = good(ELEMENT_ETHER_IN), back;

	(void)state;
	message_from_element(&m, false, &e);
	int len = message_encode(&m, wire, sizeof wire);
	assert_true(len > 0);
	assert_int_equal(message_decode(wire, (size_t)len, &carried), 0);
	assert_false(carried.element.remove);
	assert_int_equal(message_to_element(&carried.element, &back), 0);
	assert_int_equal(element_compare(&back, &e), 0);
	assert_int_equal(back.rate, 1000);
	for (int k = 0; k < ELEMENT_KIND_MAX; k++) {
		e = good((enum element_kind)k);
		message_from_element(&m, false, &e);
		assert_int_equal(message_to_element(&m.element, &back), 0);
		assert_int_equal(element_compare(&back, &e), 0);
		assert_int_equal(element_check(&back), 0);
		assert_int_equal(back.open_s, e.open_s);
	}
}

static bool is_counted(int kind)
{
	return kind == ELEMENT_OUT || kind == ELEMENT_OUT_RANGE || kind == ELEMENT_IN ||
	       kind == ELEMENT_IN_RANGE;
}

static void test_counts_come_of_rules_alone(void **state)
{
	static uint8_t wire[MESSAGE_MAX];
	static struct message m, carried;

	(void)state;
	for (int k = 0; k < ELEMENT_KIND_MAX; k++) {
		struct element e = good((enum element_kind)k), back;

		memset(&back, 0xee, sizeof back);
		message_from_count(&m, &e, UINT64_MAX - 1);
		int len = message_encode(&m, wire, sizeof wire);
		assert_true(len > 0);
		assert_int_equal(message_decode(wire, (size_t)len, &carried), 0);
		assert_true(carried.count.packets == UINT64_MAX - 1);
		assert_int_equal(message_to_count(&carried.count, &back),
			is_counted(k) ? 0 : CARDEA_EMALFORMED);
		if (is_counted(k))
			assert_int_equal(element_compare(&back, &e), 0);
		else
			assert_int_equal(back.timeout_s, 0xeeeeeeee);
	}
}

static void test_counts_have_good_keys(void **state)
{
	static struct message m;
	struct element e = good(ELEMENT_IN), back;

	(void)state;
	message_from_count(&m, &e, 1);
	m.count.device_port_hi++;
	assert_int_equal(message_to_count(&m.count, &back), CARDEA_EMALFORMED);
	m.count.device_port_hi--;
	m.count.kind = ELEMENT_KIND_MAX;
	assert_int_equal(message_to_count(&m.count, &back), CARDEA_EMALFORMED);
	m.count.kind = 255;
	assert_int_equal(message_to_count(&m.count, &back), CARDEA_EMALFORMED);
	m.count.kind = ELEMENT_IN;
	m.count.family = 6;
	assert_int_equal(message_to_count(&m.count, &back), CARDEA_EMALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_has_good_ones),
		cmocka_unit_test(test_family_is_there_where_addresses_are),
		cmocka_unit_test(test_macs_are_of_one_device),
		cmocka_unit_test(test_exact_kinds_are_exact),
		cmocka_unit_test(test_ranges_run_upwards),
		cmocka_unit_test(test_ethernet_is_not_ip),
		cmocka_unit_test(test_limits_have_a_rate),
		cmocka_unit_test(test_names_have_a_hash_and_one_port),
		cmocka_unit_test(test_keys_differ_by_their_own_fields),
		cmocka_unit_test(test_gates_are_of_ranges_alone),
		cmocka_unit_test(test_rate_and_timeout_are_not_keys),
		cmocka_unit_test(test_new_fields_survive_a_message),
		cmocka_unit_test(test_counts_come_of_rules_alone),
		cmocka_unit_test(test_counts_have_good_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
