// SPDX-License-Identifier: GPL-2.0-or-later
/* test_model_messages - every message of messages.def: there and back, and nothing that
 * is not exactly such a message is taken for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "fuzz/messages_fill.h"
#include "model/ids.h"

static struct message original, decoded;
static uint8_t wire[MESSAGE_MAX], again[MESSAGE_MAX];

#define EQUAL(a, b) assert_memory_equal(&(a), &(b), sizeof(a))
#define MSG(NAME, name, number)                                                          \
	static void compare_##name(void)                                                 \
	{                                                                                \
		const struct message_##name *a = &original.name, *b = &decoded.name;     \
		(void)a;                                                                 \
		(void)b;                                                                 \
		assert_int_equal(decoded.type, MESSAGE_##NAME);
#define FIELD(type, field) EQUAL(a->field, b->field);
#define END }
#include "model/messages.def"
#undef MSG
#undef FIELD
#undef END

static void (*const compare_table[])(void) = {
#define MSG(NAME, name, number) compare_##name,
#define FIELD(type, field)
#define END
#include "model/messages.def"
#undef MSG
#undef FIELD
#undef END
};

static size_t encode_filled(size_t i, bool full)
{
	fill_table[i].fill(&original, full);
	int len = message_encode(&original, wire, sizeof wire);
	assert_true(len >= 2);
	return (size_t)len;
}

static void round_trip(size_t i, bool full)
{
	size_t len = encode_filled(i, full);

	assert_int_equal(wire[0] << 8 | wire[1], fill_table[i].number);
	memset(&decoded, 0xee, sizeof decoded);
	assert_int_equal(message_decode(wire, len, &decoded), 0);
	compare_table[i]();
	assert_int_equal(message_encode(&decoded, again, sizeof again), len);
	assert_memory_equal(wire, again, len);
}

static void test_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < FILL_COUNT; i++) {
		round_trip(i, false);
		round_trip(i, true);
	}
}

static void test_truncation_and_excess_fail(void **state)
{
	static struct message untouched;

	(void)state;
	memset(&decoded, 0xee, sizeof decoded);
	memset(&untouched, 0xee, sizeof untouched);
	for (size_t i = 0; i < FILL_COUNT; i++) {
		size_t len = encode_filled(i, false);
		for (size_t cut = 0; cut < len; cut++)
			assert_int_equal(message_decode(wire, cut, &decoded),
				CARDEA_EMALFORMED);
		wire[len] = 0;
		assert_int_equal(
			message_decode(wire, len + 1, &decoded), CARDEA_EMALFORMED);
		EQUAL(decoded, untouched);
	}
}

/* All types one behind the other, in as few packets as they fit into. */
static void test_packs(void **state)
{
	static struct message_pack pack;
	struct cursor packet = {0};
	unsigned packets = 0;

	(void)state;
	for (size_t added = 0, read = 0; read < FILL_COUNT; packets++) {
		for (pack.len = 0; added < FILL_COUNT; added++) {
			fill_table[added].fill(&original, false);
			if (message_pack_add(&pack, &original))
				break;
		}
		packet = cursor_of(pack.bytes, pack.len);
		for (; cursor_left(&packet); read++) {
			assert_true(read < added);
			fill_table[read].fill(&original, false);
			memset(&decoded, 0xee, sizeof decoded);
			assert_int_equal(message_next(&packet, &decoded), 0);
			compare_table[read]();
		}
		assert_int_equal(read, added);
	}
	assert_true(packets < FILL_COUNT / 2);
	/* what is cut off at the end spoils none before */
	packet = cursor_of(pack.bytes, pack.len - 1);
	while (cursor_left(&packet) && !message_next(&packet, &decoded))
		;
	assert_int_not_equal(packet.error, 0);
}

/* One value has one wire form: a changed byte is refused, or is another message that
 * encodes to just these bytes. Booleans, UTF-8, NUL, families and counts all fall
 * under this. */
static void test_changed_bytes_never_alias(void **state)
{
	(void)state;
	for (size_t i = 0; i < FILL_COUNT; i++) {
		size_t len = encode_filled(i, false);
		for (size_t at = 0; at < len; at++) {
			uint8_t right = wire[at];
			for (int v = 0; v < 256; v++) {
				wire[at] = (uint8_t)v;
				if (message_decode(wire, len, &decoded))
					continue;
				assert_int_equal(message_encode(&decoded, again,
							 sizeof again),
					len);
				assert_memory_equal(wire, again, len);
			}
			wire[at] = right;
		}
	}
}

static void test_small_buffers_fail(void **state)
{
	(void)state;
	for (size_t i = 0; i < FILL_COUNT; i++) {
		size_t len = encode_filled(i, false);
		for (size_t size = 0; size < len; size++)
			assert_int_equal(message_encode(&original, again, size),
				CARDEA_ELIMIT);
		assert_int_equal(message_encode(&original, again, len), len);
	}
}

static void test_exact_bytes(void **state)
{
	static const uint8_t config[] = {0, 6, 0, 3, 'l', 'a', 'n', 0, 5, 'b', 'r', '-',
		'\xc3', '\xbc'};
	static const uint8_t peer[] = {0, 2, ROLE_ENFORCER};
	static const uint8_t seen[] = {0, 20, 2, 0, 0, 0, 0, 1, 4, 192, 0, 2, 7, 3, 0, 0,
		0x0e, 0x10, 0, 0, 0, 9};

	(void)state;
	original = (struct message){.type = MESSAGE_CONFIG};
	strncpy(original.config.key, "lan", LIMIT_LABEL);
	strncpy(original.config.value, "br-\xc3\xbc", LIMIT_URL);
	assert_int_equal(message_encode(&original, wire, sizeof wire), sizeof config);
	assert_memory_equal(wire, config, sizeof config);

	assert_int_equal(message_decode(peer, sizeof peer, &decoded), 0);
	assert_int_equal(decoded.type, MESSAGE_PEER);
	assert_int_equal(decoded.peer.role, ROLE_ENFORCER);

	assert_int_equal(message_decode(seen, sizeof seen, &decoded), 0);
	assert_int_equal(decoded.seen_addr.addr.family, 4);
	assert_int_equal(decoded.seen_addr.addr.b[3], 7);
	assert_int_equal(decoded.seen_addr.lifetime_s, 3600);
	assert_int_equal(decoded.seen_addr.ifindex, 9);
}

static void refuse(const void *bytes, size_t len)
{
	assert_int_equal(message_decode(bytes, len, &decoded), CARDEA_EMALFORMED);
}

static void test_bad_values_fail(void **state)
{
	static const uint8_t boolean[] = {0, 4, 2};
	static const uint8_t nul[] = {0, 6, 0, 3, 'a', 0, 'b', 0, 0};
	static const uint8_t utf8[] = {0, 6, 0, 2, 0xc3, 'b', 0, 0};
	static const uint8_t overlong[] = {0, 6, 0, 2, 0xc0, 0xaf, 0, 0};
	static const uint8_t control[] = {0, 6, 0, 1, 0x1b, 0, 0};
	static const uint8_t family[] = {0, 20, 2, 0, 0, 0, 0, 1, 5, 192, 0, 2, 7, 3, 0, 0,
		0x0e, 0x10, 0, 0, 0, 9};
	static const uint8_t unknown[] = {0, 255};
	uint8_t label[2 + 2 + LIMIT_LABEL + 2] = {0, 6, 0, LIMIT_LABEL};

	(void)state;
	refuse(boolean, sizeof boolean);
	refuse(nul, sizeof nul);
	refuse(utf8, sizeof utf8);
	refuse(overlong, sizeof overlong);
	refuse(control, sizeof control);
	refuse(family, sizeof family);
	refuse(unknown, sizeof unknown);
	refuse(unknown, 1);
	refuse(NULL, 0);
	memset(label + 4, 'a', LIMIT_LABEL); /* fills the array: no room for the NUL */
	refuse(label, sizeof label);
}

static void test_too_many_addresses_fail(void **state)
{
	uint8_t bytes[2 + 8 + 2 + LIMIT_ANSWER_ADDRS + 1] = {0, MESSAGE_FORGET};
	size_t head = 2 + 6;

	(void)state;
	/* FORGET: mac, then the list; each address of no family is one byte */
	bytes[head + 1] = LIMIT_ANSWER_ADDRS;
	assert_int_equal(message_decode(bytes, head + 2 + LIMIT_ANSWER_ADDRS, &decoded), 0);
	bytes[head + 1] = LIMIT_ANSWER_ADDRS + 1;
	refuse(bytes, head + 2 + LIMIT_ANSWER_ADDRS + 1);
}

static void test_encoder_refuses_bad_structs(void **state)
{
	(void)state;
	fill_table[0].fill(&original, false);
	original.type = (enum message_type)999;
	assert_int_equal(
		message_encode(&original, wire, sizeof wire), CARDEA_EMALFORMED);

	original = (struct message){.type = MESSAGE_CONFIG};
	memset(original.config.key, 'a', LIMIT_LABEL); /* no NUL */
	assert_int_equal(
		message_encode(&original, wire, sizeof wire), CARDEA_EMALFORMED);
	strncpy(original.config.key, "\xff", LIMIT_LABEL);
	assert_int_equal(
		message_encode(&original, wire, sizeof wire), CARDEA_EMALFORMED);

	original = (struct message){.type = MESSAGE_FORGET};
	original.forget.addrs.count = LIMIT_ANSWER_ADDRS + 1;
	assert_int_equal(message_encode(&original, wire, sizeof wire), CARDEA_ELIMIT);
	original.forget.addrs.count = 1;
	original.forget.addrs.addrs[0].family = 7;
	assert_int_equal(
		message_encode(&original, wire, sizeof wire), CARDEA_EMALFORMED);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(message_name_of(MESSAGE_PROFILE_RULE), "PROFILE_RULE");
	assert_string_equal(message_name_of(1), "HELLO");
	assert_null(message_name_of(0));
	assert_null(message_name_of(-1));
	assert_null(message_name_of(70000));
}

static void test_trace_shows_fields(void **state)
{
	char shown[512];

	(void)state;
	original = (struct message){.type = MESSAGE_SEEN_DHCP};
	original.seen_dhcp.mac = (struct mac){{2, 0, 0, 0, 0, 0x1f}};
	original.seen_dhcp.family = 4;
	strncpy(original.seen_dhcp.hostname, "a\" family=6", LIMIT_LABEL);
	strncpy(original.seen_dhcp.mud_url, "https://m.example/\n\xc3\xbc", LIMIT_URL);
	assert_string_equal(message_trace(&original, shown, sizeof shown),
		"21 SEEN_DHCP mac=02:00:00:00:00:1f family=4 hostname=\"a\\x22 family=6\" "
		"vendor_class=\"\" mud_url=\"https://m.example/\\x0a\\xc3\\xbc\" ifindex=0");

	original = (struct message){.type = MESSAGE_FORGET};
	original.forget.addrs.count = 2;
	original.forget.addrs.addrs[0] = addr_v4("\x0a\x00\x00\x01");
	assert_string_equal(message_trace(&original, shown, sizeof shown),
		"84 FORGET mac=00:00:00:00:00:00 addrs=[10.0.0.1,none]");
	original.type = (enum message_type)999;
	assert_string_equal(message_trace(&original, shown, sizeof shown), "999 ?");
}

static void test_trace_is_bounded(void **state)
{
	static char whole[65536], part[65536];

	(void)state;
	for (size_t i = 0; i < FILL_COUNT; i++) {
		fill_table[i].fill(&original, true);
		size_t len = strlen(message_trace(&original, whole, sizeof whole));
		assert_true(len > 2 && len < sizeof whole - 1);
		for (size_t size = 1; size <= len && size < 300; size++) {
			memset(part, 'x', size + 1);
			message_trace(&original, part, size);
			assert_int_equal(strlen(part), size - 1);
			assert_memory_equal(part, whole, size - 1);
			assert_int_equal(part[size], 'x');
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_truncation_and_excess_fail),
		cmocka_unit_test(test_packs),
		cmocka_unit_test(test_changed_bytes_never_alias),
		cmocka_unit_test(test_small_buffers_fail),
		cmocka_unit_test(test_exact_bytes),
		cmocka_unit_test(test_bad_values_fail),
		cmocka_unit_test(test_too_many_addresses_fail),
		cmocka_unit_test(test_encoder_refuses_bad_structs),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_trace_shows_fields),
		cmocka_unit_test(test_trace_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
