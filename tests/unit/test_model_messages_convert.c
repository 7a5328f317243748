// SPDX-License-Identifier: GPL-2.0-or-later
/* test_model_messages_convert - rules, elements and profiles survive the way through a
 * message; values that no honest process sends do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "model/element.h"
#include "model/messages.h"
#include "model/profile.h"
#include "model/rule.h"

static struct message message;

static struct addr address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static struct rule example_rule(void)
{
	struct rule r;

	memset(&r, 0, sizeof r);
	r.id = 7;
	r.ethertype = RULE_ETHERTYPE_IP;
	r.quarantine = true;
	r.tls = 2;
	r.direction = DIRECTION_TO_DEVICE;
	r.initiator = INITIATOR_PEER;
	r.action = RULE_DROP;
	r.family = 6;
	r.proto = FLOW_PROTO_TCP;
	r.icmp_type = RULE_ICMP_ANY;
	r.icmp_code = 255;
	r.device_port = (struct range16){1, 1024};
	r.peer_port = (struct range16){443, 443};
	r.peer.kind = PEER_PREFIX;
	assert_int_equal(prefix_parse("2001:db8::/32", &r.peer.prefix), 0);
	strncpy(r.peer.name, "cloud.example.com", LIMIT_NAME);
	r.layer = LAYER_MANUFACTURER;
	r.status = RULE_NOT_YET;
	r.line = 120;
	strncpy(r.acl, "to-v6", LIMIT_LABEL);
	strncpy(r.ace, "cl0", LIMIT_LABEL);
	strncpy(r.detail, "the owner names no controller", LIMIT_TEXT);
	return r;
}

static void test_rule_round_trip(void **state)
{
	static uint8_t wire[MESSAGE_MAX];
	static struct message carried;
	struct rule r = example_rule(), back;

	(void)state;
	memset(&back, 0, sizeof back);
	message_from_rule(&message, 42, &r);
	int len = message_encode(&message, wire, sizeof wire);
	assert_true(len > 0);
	assert_int_equal(message_decode(wire, (size_t)len, &carried), 0);
	assert_int_equal(carried.profile_rule.id, 42);
	assert_int_equal(message_to_rule(&carried.profile_rule, &back), 0);
	assert_int_equal(back.id, r.id);
	assert_int_equal(back.direction, r.direction);
	assert_int_equal(back.initiator, r.initiator);
	assert_int_equal(back.action, r.action);
	assert_int_equal(back.family, r.family);
	assert_int_equal(back.proto, r.proto);
	assert_int_equal(back.icmp_type, r.icmp_type);
	assert_int_equal(back.icmp_code, r.icmp_code);
	assert_memory_equal(&back.device_port, &r.device_port, sizeof r.device_port);
	assert_memory_equal(&back.peer_port, &r.peer_port, sizeof r.peer_port);
	assert_int_equal(back.peer.kind, r.peer.kind);
	assert_memory_equal(&back.peer.prefix, &r.peer.prefix, sizeof r.peer.prefix);
	assert_string_equal(back.peer.name, r.peer.name);
	assert_int_equal(back.layer, LAYER_MANUFACTURER);
	assert_int_equal(back.status, r.status);
	assert_int_equal(back.line, r.line);
	assert_string_equal(back.acl, r.acl);
	assert_string_equal(back.ace, r.ace);
	assert_int_equal(back.ethertype, RULE_ETHERTYPE_IP);
	assert_true(back.quarantine);
	assert_int_equal(back.tls, 2);
	assert_string_equal(back.detail, r.detail);
}

/* Sets one field of a good rule to a value and expects the answer; a refusal must leave
 * the output alone. */
#define RULE_WITH(field, value, expected)                                                \
	do {                                                                             \
		struct rule r = example_rule(), back;                                    \
		memset(&back, 0xee, sizeof back);                                        \
		message_from_rule(&message, 1, &r);                                      \
		message.profile_rule.field = value;                                      \
		assert_int_equal(                                                        \
			message_to_rule(&message.profile_rule, &back), expected);        \
		if (expected)                                                            \
			assert_int_equal(back.line, 0xeeeeeeee);                         \
	} while (0)

static void test_rule_values(void **state)
{
	(void)state;
	RULE_WITH(direction, DIRECTION_MAX, CARDEA_EMALFORMED);
	RULE_WITH(initiator, INITIATOR_PEER + 1, CARDEA_EMALFORMED);
	RULE_WITH(action, RULE_DROP + 1, CARDEA_EMALFORMED);
	RULE_WITH(family, 5, CARDEA_EMALFORMED);
	RULE_WITH(family, 0, 0);
	RULE_WITH(proto, -1, 0);
	RULE_WITH(proto, -2, CARDEA_EMALFORMED);
	RULE_WITH(proto, 255, 0);
	RULE_WITH(proto, 256, CARDEA_EMALFORMED);
	RULE_WITH(proto, 65542, CARDEA_EMALFORMED); /* 6 after a careless cast */
	RULE_WITH(icmp_type, 256, CARDEA_EMALFORMED);
	RULE_WITH(icmp_code, -2, CARDEA_EMALFORMED);
	RULE_WITH(device_port_lo, 1025, CARDEA_EMALFORMED);
	RULE_WITH(peer_port_hi, 442, CARDEA_EMALFORMED);
	RULE_WITH(peer_kind, PEER_MAX, CARDEA_EMALFORMED);
	RULE_WITH(prefix_len, 129, CARDEA_EMALFORMED);
	RULE_WITH(prefix_len, 128, 0);
	RULE_WITH(prefix_len, 16, CARDEA_EMALFORMED); /* host bits: 0db8 */
	RULE_WITH(prefix, address("192.0.2.0"), 0);
	RULE_WITH(prefix, address("192.0.2.1"), 0); /* /32 now */
	RULE_WITH(prefix, ((struct addr){0}), CARDEA_EMALFORMED);
	RULE_WITH(status, RULE_APPROXIMATED, 0);
	RULE_WITH(status, RULE_STATUS_MAX, CARDEA_EMALFORMED);
	RULE_WITH(ethertype, 0x88e1, CARDEA_EMALFORMED); /* its peer is a prefix */
	RULE_WITH(ethertype, -2, CARDEA_EMALFORMED);
	RULE_WITH(tls, LIMIT_TLS_PROFILES, 0);
	RULE_WITH(tls, LIMIT_TLS_PROFILES + 1, CARDEA_EMALFORMED);
}

/* Frames that are not IP know no names and no addresses. */
static void test_rule_ethertype(void **state)
{
	struct rule r = example_rule(), back;

	(void)state;
	r.peer = (struct peer){.kind = PEER_MAC, .mac = {{2, 0, 0, 0, 0, 9}}};
	r.ethertype = 0x88e1;
	message_from_rule(&message, 1, &r);
	assert_int_equal(message_to_rule(&message.profile_rule, &back), 0);
	assert_int_equal(back.ethertype, 0x88e1);
	assert_true(mac_equal(&back.peer.mac, &r.peer.mac));
	message.profile_rule.peer_mac = (struct mac){{0}};
	assert_int_equal(
		message_to_rule(&message.profile_rule, &back), CARDEA_EMALFORMED);
	message.profile_rule.peer_kind = PEER_ANY;
	assert_int_equal(message_to_rule(&message.profile_rule, &back), 0);
	message.profile_rule.ethertype = UINT16_MAX;
	assert_int_equal(message_to_rule(&message.profile_rule, &back), 0);
	assert_int_equal(back.ethertype, UINT16_MAX);
	for (int peer = PEER_NAME; peer < PEER_MAC; peer++) {
		r.peer.kind = (enum peer_kind)peer;
		strncpy(r.peer.name, "a.example", LIMIT_NAME);
		assert_int_equal(prefix_parse("192.0.2.0/24", &r.peer.prefix), 0);
		message_from_rule(&message, 1, &r);
		assert_int_equal(message_to_rule(&message.profile_rule, &back),
			CARDEA_EMALFORMED);
		message.profile_rule.ethertype = RULE_ETHERTYPE_IP;
		assert_int_equal(message_to_rule(&message.profile_rule, &back), 0);
	}
}

/* -1 is "IP"; what a careless cast makes of the others must not become it. */
static void test_rule_ethertype_values(void **state)
{
	static const int64_t refused[] = {-2, UINT16_MAX + 1, UINT32_MAX, INT64_MIN,
		0x0800, 0x86dd};
	struct rule r = example_rule(), back;

	(void)state;
	r.peer = (struct peer){.kind = PEER_ANY};
	message_from_rule(&message, 1, &r);
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		message.profile_rule.ethertype = refused[i];
		assert_int_equal(message_to_rule(&message.profile_rule, &back),
			CARDEA_EMALFORMED);
	}
}

static void test_rule_needs_its_peer(void **state)
{
	struct rule r = example_rule(), back;

	(void)state;
	r.peer = (struct peer){.kind = PEER_NAME};
	message_from_rule(&message, 1, &r);
	assert_int_equal(
		message_to_rule(&message.profile_rule, &back), CARDEA_EMALFORMED);
	strncpy(r.peer.name, "a.example", LIMIT_NAME);
	message_from_rule(&message, 1, &r);
	assert_int_equal(message_to_rule(&message.profile_rule, &back), 0);

	r.peer = (struct peer){.kind = PEER_PREFIX};
	message_from_rule(&message, 1, &r);
	assert_int_equal(
		message_to_rule(&message.profile_rule, &back), CARDEA_EMALFORMED);
	r.peer.kind = PEER_ANY;
	message_from_rule(&message, 1, &r);
	assert_int_equal(message_to_rule(&message.profile_rule, &back), 0);
}

static struct element example_element(void)
{
	struct element e;

	memset(&e, 0, sizeof e);
	e.kind = ELEMENT_OUT_RANGE;
	e.family = 4;
	e.mac = (struct mac){{2, 0, 0, 0, 0, 1}};
	e.peer_lo = address("192.0.2.0");
	e.peer_hi = address("192.0.2.255");
	e.proto_lo = 6;
	e.proto_hi = 17;
	e.device_port = (struct range16){0, 65535};
	e.peer_port = (struct range16){80, 443};
	e.timeout_s = 600;
	return e;
}

static void test_element_round_trip(void **state)
{
	static uint8_t wire[MESSAGE_MAX];
	static struct message carried;
	struct element e = example_element(), back;

	(void)state;
	message_from_element(&message, true, &e);
	int len = message_encode(&message, wire, sizeof wire);
	assert_true(len > 0);
	assert_int_equal(message_decode(wire, (size_t)len, &carried), 0);
	assert_true(carried.element.remove);
	assert_int_equal(message_to_element(&carried.element, &back), 0);
	assert_int_equal(back.kind, e.kind);
	assert_int_equal(back.family, e.family);
	assert_memory_equal(&back.mac, &e.mac, sizeof e.mac);
	assert_memory_equal(&back.device, &e.device, sizeof e.device);
	assert_memory_equal(&back.peer_lo, &e.peer_lo, sizeof e.peer_lo);
	assert_memory_equal(&back.peer_hi, &e.peer_hi, sizeof e.peer_hi);
	assert_int_equal(back.proto_lo, e.proto_lo);
	assert_int_equal(back.proto_hi, e.proto_hi);
	assert_memory_equal(&back.device_port, &e.device_port, sizeof e.device_port);
	assert_memory_equal(&back.peer_port, &e.peer_port, sizeof e.peer_port);
	assert_int_equal(back.timeout_s, e.timeout_s);
}

#define ELEMENT_WITH(field, value, expected)                                             \
	do {                                                                             \
		struct element e = example_element(), back;                              \
		memset(&back, 0xee, sizeof back);                                        \
		message_from_element(&message, false, &e);                               \
		message.element.field = value;                                           \
		assert_int_equal(                                                        \
			message_to_element(&message.element, &back), expected);          \
		if (expected)                                                            \
			assert_int_equal(back.timeout_s, 0xeeeeeeee);                    \
	} while (0)

static void test_element_values(void **state)
{
	(void)state;
	ELEMENT_WITH(kind, ELEMENT_KIND_MAX, CARDEA_EMALFORMED);
	ELEMENT_WITH(family, 7, CARDEA_EMALFORMED);
	ELEMENT_WITH(peer_hi, address("192.0.1.255"), CARDEA_EMALFORMED);
	ELEMENT_WITH(peer_hi, address("2001:db8::1"), CARDEA_EMALFORMED);
	ELEMENT_WITH(peer_hi, address("192.0.2.0"), 0);
	ELEMENT_WITH(proto_lo, 18, CARDEA_EMALFORMED);
	ELEMENT_WITH(proto_lo, 17, 0);
	ELEMENT_WITH(device_port_hi, 0, 0);
	ELEMENT_WITH(device_port_lo, 65535, 0);
	ELEMENT_WITH(peer_port_hi, 79, CARDEA_EMALFORMED);
	ELEMENT_WITH(peer_port_lo, 444, CARDEA_EMALFORMED);
}

static void test_profile_round_trip(void **state)
{
	static uint8_t wire[MESSAGE_MAX];
	static struct message carried;
	static struct profile p, back;

	(void)state;
	strncpy(p.url, "https://mud.example/bulb.json", LIMIT_URL);
	p.last_update = 1700000000LL * NS_PER_SEC;
	p.cache_validity_h = 48;
	p.is_supported = true;
	strncpy(p.systeminfo, "A bulb", LIMIT_SYSTEMINFO);
	strncpy(p.mfg_name, "Example", LIMIT_SYSTEMINFO);
	strncpy(p.model_name, "B1", LIMIT_SYSTEMINFO);
	strncpy(p.documentation, "https://mud.example/doc", LIMIT_URL);
	p.signature = SIGNATURE_VALID;
	strncpy(p.signer, "CN=Example", LIMIT_TEXT);
	memset(p.sha256, 0xa5, sizeof p.sha256);
	p.rule_count = 12;
	p.note_count = 3;

	message_from_profile(&message, 9, &p);
	int len = message_encode(&message, wire, sizeof wire);
	assert_true(len > 0);
	assert_int_equal(message_decode(wire, (size_t)len, &carried), 0);
	assert_int_equal(carried.profile.id, 9);
	assert_int_equal(carried.profile.rule_count, 12);
	assert_int_equal(carried.profile.note_count, 3);
	assert_int_equal(message_to_profile(&carried.profile, &back), 0);
	assert_string_equal(back.url, p.url);
	assert_int_equal(back.last_update, p.last_update);
	assert_int_equal(back.cache_validity_h, p.cache_validity_h);
	assert_true(back.is_supported);
	assert_string_equal(back.systeminfo, p.systeminfo);
	assert_string_equal(back.mfg_name, p.mfg_name);
	assert_string_equal(back.model_name, p.model_name);
	assert_string_equal(back.documentation, p.documentation);
	assert_int_equal(back.signature, SIGNATURE_VALID);
	assert_string_equal(back.signer, p.signer);
	assert_memory_equal(back.sha256, p.sha256, sizeof p.sha256);
	assert_int_equal(back.rule_count, 0);
	assert_null(back.rules);
}

static void test_profile_values(void **state)
{
	static struct profile p, back;

	(void)state;
	message_from_profile(&message, 1, &p);
	message.profile.rule_count = LIMIT_RULES;
	message.profile.note_count = LIMIT_NOTES;
	message.profile.signature = SIGNATURE_STATE_MAX - 1;
	assert_int_equal(message_to_profile(&message.profile, &back), 0);
	message.profile.rule_count++;
	assert_int_equal(message_to_profile(&message.profile, &back), CARDEA_EMALFORMED);
	message.profile.rule_count--;
	message.profile.note_count++;
	assert_int_equal(message_to_profile(&message.profile, &back), CARDEA_EMALFORMED);
	message.profile.note_count--;
	message.profile.signature++;
	assert_int_equal(message_to_profile(&message.profile, &back), CARDEA_EMALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rule_round_trip),
		cmocka_unit_test(test_rule_values),
		cmocka_unit_test(test_rule_ethertype),
		cmocka_unit_test(test_rule_ethertype_values),
		cmocka_unit_test(test_rule_needs_its_peer),
		cmocka_unit_test(test_element_round_trip),
		cmocka_unit_test(test_element_values),
		cmocka_unit_test(test_profile_round_trip),
		cmocka_unit_test(test_profile_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
