// SPDX-License-Identifier: GPL-2.0-or-later
/* test_model_profile_parts - TLS profiles, limits and links of a profile survive the way
 * through a message, whole and at their bounds; bad ones do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "model/messages.h"
#include "model/profile.h"

static struct message message, carried;

static void carry(void)
{
	static uint8_t wire[MESSAGE_MAX];
	int len = message_encode(&message, wire, sizeof wire);

	assert_true(len > 0);
	assert_int_equal(message_decode(wire, (size_t)len, &carried), 0);
	assert_int_equal(carried.type, message.type);
}

static void fill_list(struct u16_list *list, uint16_t count, uint16_t first)
{
	memset(list, 0, sizeof *list);
	list->count = count;
	for (uint16_t i = 0; i < count; i++)
		list->items[i] = (uint16_t)(first + i);
}

static void fill_tls(struct tls_profile *t)
{
	memset(t, 0, sizeof *t);
	strncpy(t->name, "cloud", LIMIT_LABEL);
	strncpy(t->alpn, "h2,http/1.1", LIMIT_TEXT);
	t->has_authorities = true;
	fill_list(&t->versions, 2, 0x0303);
	fill_list(&t->ciphers, LIMIT_U16_LIST, 0x1301);
	fill_list(&t->extensions, 3, 10);
	fill_list(&t->groups, 4, 23);
	fill_list(&t->signatures, 5, 0x0403);
	fill_list(&t->signatures_cert, 6, 0x0804);
	fill_list(&t->modes, 1, 1);
	fill_list(&t->compressions, 1, 0);
}

static void test_tls_round_trip(void **state)
{
	static struct tls_profile t, back;

	(void)state;
	fill_tls(&t);
	message_from_tls(&message, 5, &t);
	carry();
	assert_int_equal(carried.profile_tls.id, 5);
	memset(&back, 0xee, sizeof back);
	assert_int_equal(message_to_tls(&carried.profile_tls, &back), 0);
	assert_memory_equal(&back, &t, sizeof t);
}

static void test_tls_lists_are_bounded(void **state)
{
	static uint8_t wire[MESSAGE_MAX];
	static struct tls_profile t;

	(void)state;
	fill_tls(&t);
	t.ciphers.count = LIMIT_U16_LIST + 1;
	message_from_tls(&message, 5, &t);
	assert_int_equal(message_encode(&message, wire, sizeof wire), CARDEA_ELIMIT);
}

static void test_limit_round_trip(void **state)
{
	struct profile_limit l, back;

	(void)state;
	memset(&l, 0, sizeof l);
	l.direction = DIRECTION_TO_DEVICE;
	strncpy(l.service, "video", LIMIT_LABEL);
	strncpy(l.acl, "to-v4", LIMIT_LABEL);
	l.timeframe_s = 300;
	l.packets = UINT64_MAX;
	l.bytes = 1ULL << 40;
	message_from_limit(&message, 6, &l);
	carry();
	assert_int_equal(carried.profile_limit.id, 6);
	assert_int_equal(message_to_limit(&carried.profile_limit, &back), 0);
	assert_int_equal(back.direction, l.direction);
	assert_string_equal(back.service, "video");
	assert_string_equal(back.acl, "to-v4");
	assert_int_equal(back.timeframe_s, 300);
	assert_true(back.packets == UINT64_MAX);
	assert_true(back.bytes == 1ULL << 40);
	memset(&back, 0xee, sizeof back);
	carried.profile_limit.direction = DIRECTION_MAX;
	assert_int_equal(
		message_to_limit(&carried.profile_limit, &back), CARDEA_EMALFORMED);
	assert_int_equal(back.timeframe_s, 0xeeeeeeee);
}

static void test_link_round_trip(void **state)
{
	struct profile_link l = {.kind = "sbom-url", .text = "https://a.example/sbom"};
	struct profile_link back;

	(void)state;
	message_from_link(&message, 7, &l);
	carry();
	assert_int_equal(carried.profile_link.id, 7);
	assert_int_equal(message_to_link(&carried.profile_link, &back), 0);
	assert_string_equal(back.kind, l.kind);
	assert_string_equal(back.text, l.text);
	carried.profile_link.kind[0] = 0; /* of what kind? */
	assert_int_equal(
		message_to_link(&carried.profile_link, &back), CARDEA_EMALFORMED);
	assert_string_equal(back.kind, l.kind);
}

static void test_head_carries_what_trust_needs(void **state)
{
	static struct profile p, back;

	(void)state;
	p.signature = SIGNATURE_UNTRUSTED;
	strncpy(p.signer_key, "a1b2c3", LIMIT_LABEL);
	strncpy(p.signature_text, "no anchor vouches for it", LIMIT_TEXT);
	strncpy(p.etag, "W/\"3\"", LIMIT_TEXT);
	p.has_quarantine = true;
	p.tls_supported = true;
	p.tls_count = LIMIT_TLS_PROFILES;
	p.limit_count = LIMIT_PROFILE_LIMITS;
	p.link_count = LIMIT_LINKS;
	message_from_profile(&message, 8, &p);
	carry();
	assert_int_equal(carried.profile.tls_count, LIMIT_TLS_PROFILES);
	assert_int_equal(carried.profile.limit_count, LIMIT_PROFILE_LIMITS);
	assert_int_equal(carried.profile.link_count, LIMIT_LINKS);
	assert_int_equal(message_to_profile(&carried.profile, &back), 0);
	assert_int_equal(back.signature, SIGNATURE_UNTRUSTED);
	assert_int_equal(back.layer, LAYER_CROWD); /* never quietly the maker's */
	assert_string_equal(back.signer_key, p.signer_key);
	assert_string_equal(back.signature_text, p.signature_text);
	assert_string_equal(back.etag, p.etag);
	assert_true(back.has_quarantine);
	assert_true(back.tls_supported);
	/* they grow with what really arrives */
	assert_int_equal(back.tls_count + back.limit_count + back.link_count, 0);
	assert_null(back.tls);
}

static void test_head_counts_are_bounded(void **state)
{
	static struct profile p, back;

	(void)state;
	message_from_profile(&message, 1, &p);
	message.profile.tls_count = LIMIT_TLS_PROFILES + 1;
	assert_int_equal(message_to_profile(&message.profile, &back), CARDEA_EMALFORMED);
	message.profile.tls_count = 0;
	message.profile.limit_count = LIMIT_PROFILE_LIMITS + 1;
	assert_int_equal(message_to_profile(&message.profile, &back), CARDEA_EMALFORMED);
	message.profile.limit_count = 0;
	message.profile.link_count = LIMIT_LINKS + 1;
	assert_int_equal(message_to_profile(&message.profile, &back), CARDEA_EMALFORMED);
	message.profile.link_count = 0;
	assert_int_equal(message_to_profile(&message.profile, &back), 0);
}

/* Only a signature that an anchor vouches for makes a file the maker's (RFC 8520 13). */
static void test_layer_follows_the_signature(void **state)
{
	static struct profile p, back;

	(void)state;
	for (int s = 0; s < SIGNATURE_STATE_MAX; s++) {
		p.signature = (enum signature_state)s;
		message_from_profile(&message, 1, &p);
		assert_int_equal(message_to_profile(&message.profile, &back), 0);
		assert_int_equal(back.layer,
			s == SIGNATURE_VALID ? LAYER_MANUFACTURER : LAYER_CROWD);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls_round_trip),
		cmocka_unit_test(test_tls_lists_are_bounded),
		cmocka_unit_test(test_limit_round_trip),
		cmocka_unit_test(test_link_round_trip),
		cmocka_unit_test(test_head_carries_what_trust_needs),
		cmocka_unit_test(test_head_counts_are_bounded),
		cmocka_unit_test(test_layer_follows_the_signature),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
