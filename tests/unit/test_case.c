// SPDX-License-Identifier: GPL-2.0-or-later
/* test_case.c - what is kept of a device's conversations, and that it stays bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/str.h"
#include "lifecycle/case.h"

#define T0 (1767225600LL * NS_PER_SEC)

static struct case_head head(unsigned n, enum case_fate fate, nstime at)
{
	uint8_t b[4] = {198, 51, (uint8_t)(n >> 8), (uint8_t)n};
	struct case_head h = {.first = at, .last = at, .peer = addr_v4(b),
		.fate = (uint8_t)fate, .proto = FLOW_PROTO_TCP, .port = 443};

	h.packets[DIRECTION_FROM_DEVICE] = 1;
	h.bytes[DIRECTION_FROM_DEVICE] = 60;
	return h;
}

static void test_alike_are_one(void **state)
{
	struct case_ring r = {0};
	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		struct case_head h = head(7, CASE_REFUSED, T0 + i * NS_PER_SEC);
		case_ring_add(&r, &h);
	}
	assert_int_equal(r.count[CASE_REFUSED], 1);
	assert_int_equal(r.heads[CASE_REFUSED][0].packets[DIRECTION_FROM_DEVICE], 1000);
	assert_int_equal(r.heads[CASE_REFUSED][0].last, T0 + 999 * NS_PER_SEC);
	/* a day later it is another conversation; so it is when the clock went back a year */
	struct case_head later = head(7, CASE_REFUSED, T0 + LIFE_DAY);
	struct case_head before = head(7, CASE_REFUSED, T0 - 365 * LIFE_DAY);
	case_ring_add(&r, &later);
	case_ring_add(&r, &before);
	assert_int_equal(r.count[CASE_REFUSED], 3);
}

static void test_scan_does_not_wash_out(void **state)
{
	static struct case_head heads[CASE_HEADS_MAX];
	struct case_bundle b = {.heads = heads, .room = CASE_BEFORE};
	struct case_ring r = {0};
	(void)state;
	struct case_head usual = head(1, CASE_PASSED, T0);
	case_ring_add(&r, &usual);
	for (unsigned i = 0; i < 5000; i++) {
		struct case_head h = head(i, CASE_REFUSED, T0 + 10 + i);
		case_ring_add(&r, &h);
	}
	assert_int_equal(r.count[CASE_REFUSED], CASE_RING);
	case_bundle_begin(&b, &r);
	assert_int_equal(b.count, CASE_RING + 1);
	assert_int_equal(b.before, b.count);
	assert_int_equal(b.heads[0].fate, CASE_PASSED); /* the oldest first */
	for (uint32_t i = 1; i < b.count; i++)
		assert_true(b.heads[i].first >= b.heads[i - 1].first);
	assert_int_equal(b.heads[b.count - 1].first, T0 + 10 + 4999);
}

static void test_bundle_is_bounded(void **state)
{
	static struct case_head heads[CASE_HEADS_MAX];
	struct case_bundle b = {.heads = heads};
	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		struct case_head h = head(i, CASE_REFUSED, T0 + i);
		uint32_t grows = case_bundle_grows_to(&b);
		if (b.count == b.room && grows)
			b.room = grows;
		case_bundle_add(&b, &h);
	}
	assert_int_equal(b.room, CASE_HEADS_MAX);
	assert_int_equal(b.count, CASE_HEADS_MAX);
	/* 65536 peers, and what came again was added to those that are there */
	assert_int_equal(b.left_out, 100000 - 2 * CASE_HEADS_MAX);
	assert_int_equal(b.heads[0].packets[DIRECTION_FROM_DEVICE], 2);
}

static void test_saved_is_loaded(void **state)
{
	static uint8_t buf[CASE_SAVED_MAX];
	static struct case_head heads[CASE_HEADS_MAX], again[CASE_HEADS_MAX];
	struct case_bundle b = {.heads = heads, .room = CASE_HEADS_MAX}, l;
	struct writer w = writer_of(buf, sizeof(buf));
	(void)state;
	for (unsigned i = 0; i < CASE_HEADS_MAX; i++) {
		struct case_head h = head(i, i % 2 ? CASE_PASSED : CASE_REFUSED, T0 + i);
		case_head_name(&h, "cloud.example");
		case_head_detail(&h, "GET /\x1b[31m\xff");
		case_bundle_add(&b, &h);
	}
	b.before = 5;
	b.points[SUSPICION_FLOOD] = 77;
	b.times[SUSPICION_FLOOD] = 3;
	assert_int_equal(case_bundle_save(&b, &w), 0);
	assert_true(w.len <= CASE_SAVED_MAX);
	assert_int_equal(case_bundle_load(cursor_of(buf, w.len), again, &l), 0);
	assert_int_equal(l.count, CASE_HEADS_MAX);
	assert_int_equal(l.before, 5);
	assert_int_equal(l.points[SUSPICION_FLOOD], 77);
	assert_memory_equal(heads, again, sizeof(heads));
	/* cut anywhere, or longer: refused, and nothing is in it */
	for (size_t len = 0; len < w.len; len += len < 300 ? 1 : 997) {
		assert_int_equal(case_bundle_load(cursor_of(buf, len), again, &l),
			CARDEA_EMALFORMED);
		assert_int_equal(l.count, 0);
	}
	buf[1] ^= 0x40;
	assert_int_equal(case_bundle_load(cursor_of(buf, w.len), again, &l), CARDEA_EMALFORMED);
}

static void test_hostile_octets(void **state)
{
	static uint8_t buf[2048];
	static struct case_head heads[CASE_HEADS_MAX], again[CASE_HEADS_MAX];
	struct case_bundle b = {.heads = heads, .room = CASE_HEADS_MAX}, l;
	struct writer w = writer_of(buf, sizeof(buf));
	unsigned refused = 0;
	(void)state;
	struct case_head h = head(9, CASE_PASSED, T0);
	case_head_name(&h, "cloud.example");
	case_bundle_add(&b, &h);
	assert_int_equal(case_bundle_save(&b, &w), 0);
	for (size_t i = 0; i < w.len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			buf[i] ^= (uint8_t)(1U << bit);
			if (case_bundle_load(cursor_of(buf, w.len), again, &l)) {
				refused++;
				assert_int_equal(l.count, 0);
			} else {
				assert_true(l.count <= 1);
				if (l.count)
					assert_true(l.heads[0].place < RECORD_PLACE_MAX &&
						    l.heads[0].app < RECORD_APP_MAX &&
						    memchr(l.heads[0].name, 0, CASE_NAME));
			}
			buf[i] ^= (uint8_t)(1U << bit);
		}
	assert_true(refused > 100);
}

static void test_long_names_keep_their_end(void **state)
{
	char name[LIMIT_NAME];
	struct case_head h = {0};
	(void)state;
	memset(name, 'x', sizeof(name));
	str_copy(name + 230, sizeof(name) - 230, ".c2.example");
	case_head_name(&h, name);
	assert_int_equal(strlen(h.name), CASE_NAME - 1);
	assert_string_equal(h.name + strlen(h.name) - 11, ".c2.example");
}

/* Whatever the table says of a device, the sentence is known again without its name. */
static void test_sentences(void **state)
{
	static const char *const names[] = {"cam", "is", "$", "a $ b", "its"};
	const struct life_arc *a;
	(void)state;
	for (size_t n = 0; n < 5; n++)
		for (size_t i = 0; (a = life_arc_at(i)); i++) {
			struct case_moment m = {.at = T0};
			char text[LIMIT_TEXT], again[LIMIT_TEXT];
			int before = (int)strcspn(a->sentence, "$");
			assert_int_equal(str_print(text, sizeof(text), "%.*s%s%s", before,
				a->sentence, names[n], a->sentence + before + 1), 0);
			const char *t = case_template(text, names[n]);
			assert_non_null(t);
			str_copy(m.sentence, sizeof(m.sentence), t);
			assert_string_equal(case_say(&m, names[n], again), text);
		}
	assert_null(case_template("cam sent its owner's passwords", "cam"));
	assert_false(case_is_template("cam is in quarantine, as its owner wants"));
	assert_true(case_is_template("$ is in quarantine, as its owner wants"));
	struct case_moment note = {.sentence = "costs $5"};
	char said[LIMIT_TEXT];
	assert_string_equal(case_say(&note, "cam", said), "costs $5");
}

static void test_states(void **state)
{
	unsigned with = 0;
	(void)state;
	for (unsigned s = 0; s < LIFE_STATE_MAX; s++)
		with += case_belongs((enum life_state)s);
	assert_int_equal(with, 7);
	for (unsigned k = 0; k < SUSPICION_KIND_MAX; k++)
		for (unsigned i = 0; i < k; i++)
			assert_string_not_equal(case_detector_name((enum suspicion_kind)k),
				case_detector_name((enum suspicion_kind)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alike_are_one),
		cmocka_unit_test(test_scan_does_not_wash_out),
		cmocka_unit_test(test_bundle_is_bounded),
		cmocka_unit_test(test_saved_is_loaded),
		cmocka_unit_test(test_hostile_octets),
		cmocka_unit_test(test_long_names_keep_their_end),
		cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_states),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
