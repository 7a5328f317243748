// SPDX-License-Identifier: GPL-2.0-or-later
/* Questions and answers, controllers and hits: kept, bounded, and gone with their
 * device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "unit/test_store_util.h"

static struct decision decisions[4];
static struct store_controller controllers[4];
static struct store_hit hits[4];

#define TAKE(name, type, array)                                                          \
	static int name(void *ctx, const struct type *one)                               \
	{                                                                                \
		struct fixture *f = ctx;                                                 \
		if (f->count < COUNT(array))                                             \
			array[f->count] = *one;                                          \
		f->count++;                                                              \
		return f->verdict;                                                       \
	}
TAKE(take_decision, decision, decisions)
TAKE(take_controller, store_controller, controllers)
TAKE(take_hit, store_hit, hits)

static unsigned count_decisions(struct fixture *f, bool open_only)
{
	f->count = 0;
	assert_int_equal(store_decisions(f->s, open_only, take_decision, f), 0);
	return f->count;
}

static unsigned count_controllers(struct fixture *f)
{
	f->count = 0;
	assert_int_equal(store_controllers(f->s, take_controller, f), 0);
	return f->count;
}

static unsigned count_hits(struct fixture *f)
{
	f->count = 0;
	assert_int_equal(store_hits(f->s, take_hit, f), 0);
	return f->count;
}

static void save_devices(struct fixture *f, device_id from, device_id to)
{
	for (device_id id = from; id <= to; id++) {
		struct device d = sample(id);
		assert_int_equal(store_device_save(f->s, &d), 0);
	}
}

static void ask(struct fixture *f, device_id device, uint32_t *ret_id)
{
	struct decision d = {.kind = DECISION_IDENTITY, .device = device, .asked = T0};

	assert_int_equal(store_decision_save(f->s, &d), 0);
	*ret_id = d.id;
}

static void same_decision(const struct decision *a, const struct decision *b)
{
	assert_int_equal(a->id, b->id);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->device, b->device);
	assert_string_equal(a->subject, b->subject);
	assert_string_equal(a->detail, b->detail);
	assert_string_equal(a->key, b->key);
	assert_memory_equal(a->sha256, b->sha256, sizeof(a->sha256));
	assert_string_equal(a->text, b->text);
	assert_int_equal(a->asked, b->asked);
	assert_int_equal(a->answered, b->answered);
	assert_int_equal(a->answer, b->answer);
	assert_string_equal(a->choice, b->choice);
}

static void questions_come_back_and_are_answered(void **state)
{
	struct fixture *f = *state;
	struct decision back, d = {.kind = DECISION_SIGNER, .device = 3,
		.subject = "https://a.example/'", .detail = "CN=B", .key = "a1b2",
		.sha256 = {1, 2, 3}, .text = "Is CN=B to sign it from now on?",
		.asked = T0};
	struct decision house = {.kind = DECISION_CONTROLLER, .subject = "urn:x",
		.asked = T0 + 1};

	assert_int_equal(store_decision_save(f->s, &d), -ENOENT); /* whose? */
	assert_int_equal(d.id, 0);
	save_devices(f, 3, 3);
	assert_int_equal(store_decision_save(f->s, &d), 0);
	assert_int_equal(d.id, 1);
	assert_int_equal(store_decision_save(f->s, &house), 0);
	reopen(f);
	assert_int_equal(count_decisions(f, true), 2);
	same_decision(&decisions[0], &d);
	same_decision(&decisions[1], &house);
	d.answer = DECISION_ACCEPTED;
	d.answered = T0 + 5;
	str_copy(d.choice, sizeof(d.choice), "10.0.0.9");
	assert_int_equal(store_decision_save(f->s, &d), 0);
	assert_int_equal(count_decisions(f, true), 1);
	assert_int_equal(count_decisions(f, false), 2);
	assert_int_equal(store_decision_find(f->s, 1, &back), 0);
	same_decision(&back, &d);
	assert_int_equal(store_decision_find(f->s, 3, &back), -ENOENT);
	d.id = 99;
	assert_int_equal(store_decision_save(f->s, &d), -ENOENT);
	f->verdict = -EINTR;
	assert_int_equal(store_decisions(f->s, false, take_decision, f), -EINTR);
}

static void ids_are_never_given_twice(void **state)
{
	struct fixture *f = *state;
	uint32_t id;

	save_devices(f, 3, 3);
	ask(f, 3, &id);
	assert_int_equal(store_device_remove(f->s, 3), 0);
	assert_int_equal(count_decisions(f, false), 0);
	reopen(f);
	ask(f, 0, &id);
	assert_int_equal(id, 2);
}

/* A device that makes us ask much loses its own questions. */
static void open_questions_are_bounded(void **state)
{
	struct fixture *f = *state;
	struct decision back;
	uint32_t quiet, first, last, house;

	save_devices(f, 3, 4);
	ask(f, 4, &quiet);
	ask(f, 0, &house);
	ask(f, 3, &first);
	for (int i = 3; i < LIMIT_DECISIONS; i++)
		ask(f, 3, &last);
	assert_int_equal(count_decisions(f, true), LIMIT_DECISIONS);
	assert_int_equal(store_decision_find(f->s, first, &back), 0);
	ask(f, 4, &last);
	assert_int_equal(count_decisions(f, true), LIMIT_DECISIONS);
	assert_int_equal(store_decision_find(f->s, first, &back), -ENOENT);
	assert_int_equal(store_decision_find(f->s, first + 1, &back), 0);
	assert_int_equal(store_decision_find(f->s, quiet, &back), 0);
	assert_int_equal(store_decision_find(f->s, house, &back), 0);
	assert_int_equal(store_decision_find(f->s, last, &back), 0);
}

static void answered_questions_are_bounded(void **state)
{
	struct fixture *f = *state;
	struct decision back, d;
	uint32_t open;

	ask(f, 0, &open);
	for (int i = 0; i < STORE_ANSWERED_MAX; i++) {
		d = (struct decision){.kind = DECISION_ROLLBACK, .asked = T0,
			.answer = DECISION_REJECTED, .answered = T0 + 100 + i};
		assert_int_equal(store_decision_save(f->s, &d), 0);
	}
	assert_int_equal(count_decisions(f, false), STORE_ANSWERED_MAX + 1);
	/* asked first, answered last: it is the newest of the answered */
	assert_int_equal(store_decision_find(f->s, open, &d), 0);
	d.answer = DECISION_ACCEPTED;
	d.answered = T0 + 10000;
	assert_int_equal(store_decision_save(f->s, &d), 0);
	assert_int_equal(count_decisions(f, false), STORE_ANSWERED_MAX);
	assert_int_equal(store_decision_find(f->s, open, &back), 0);
	assert_int_equal(store_decision_find(f->s, open + 1, &back), -ENOENT);
	assert_int_equal(store_decision_find(f->s, open + 2, &back), 0);
}

static void damaged_questions_are_left_out(void **state)
{
	static const char *const damage[] = {
		"UPDATE decision SET kind=99",
		"UPDATE decision SET kind=-1",
		"UPDATE decision SET answer=3",
		"UPDATE decision SET sha256=x'00'",
	};
	struct fixture *f = *state;
	struct decision back = {.id = 77};
	uint32_t id;

	for (size_t i = 0; i < COUNT(damage); i++) {
		ask(f, 0, &id);
		sql(f, damage[i]);
		assert_int_equal(count_decisions(f, false), 0);
		assert_int_equal(store_decision_find(f->s, id, &back), -ENOENT);
		assert_int_equal(back.id, 77);
		sql(f, "DELETE FROM decision");
	}
}

static void controllers_come_back(void **state)
{
	struct fixture *f = *state;
	struct store_controller hub = {.device = 3, .class = "my-controller", .target = 4};
	struct store_controller cloud = {.class = "urn:x'", .addr = ip("192.0.2.1")};
	struct store_controller second = {.class = "urn:x'", .addr = ip("2001:db8::1")};

	assert_int_equal(store_controller_save(f->s, &hub), -ENOENT);
	save_devices(f, 3, 4);
	assert_int_equal(store_controller_save(f->s, &hub), 0);
	assert_int_equal(store_controller_save(f->s, &cloud), 0);
	assert_int_equal(store_controller_save(f->s, &second), 0);
	assert_int_equal(store_controller_save(f->s, &cloud), 0); /* is there already */
	assert_int_equal(store_controller_save(f->s, &hub), 0);
	reopen(f);
	assert_int_equal(count_controllers(f), 3);
	assert_int_equal(controllers[0].device, 3);
	assert_int_equal(controllers[0].target, 4);
	assert_int_equal(controllers[0].addr.family, 0);
	assert_string_equal(controllers[0].class, "my-controller");
	assert_int_equal(controllers[1].device, 0);
	assert_int_equal(controllers[1].target, 0);
	assert_string_equal(controllers[1].class, "urn:x'");
	assert_true(addr_equal(&controllers[1].addr, &cloud.addr));
	assert_true(addr_equal(&controllers[2].addr, &second.addr));
	f->verdict = -EINTR;
	assert_int_equal(store_controllers(f->s, take_controller, f), -EINTR);
}

static void controllers_are_removed(void **state)
{
	struct fixture *f = *state;
	struct store_controller c = {.class = "urn:x", .addr = ip("192.0.2.1")};
	struct store_controller all = {.class = "urn:x"};

	save_devices(f, 3, 4);
	assert_int_equal(store_controller_save(f->s, &c), 0);
	c.addr = ip("192.0.2.2");
	assert_int_equal(store_controller_save(f->s, &c), 0);
	c.device = 3;
	assert_int_equal(store_controller_save(f->s, &c), 0);
	c.device = 0;
	assert_int_equal(store_controller_remove(f->s, &c), 0);
	assert_int_equal(store_controller_remove(f->s, &c), -ENOENT);
	assert_int_equal(count_controllers(f), 2);
	assert_int_equal(store_controller_remove(f->s, &all), 0); /* not those for 3 */
	assert_int_equal(store_controller_remove(f->s, &all), -ENOENT);
	assert_int_equal(count_controllers(f), 1);
	assert_int_equal(controllers[0].device, 3);
	/* for whom, or who it is: with either it goes */
	c = (struct store_controller){.class = "urn:y", .target = 4};
	assert_int_equal(store_controller_save(f->s, &c), 0);
	assert_int_equal(store_device_remove(f->s, 4), 0);
	assert_int_equal(count_controllers(f), 1);
	assert_int_equal(store_device_remove(f->s, 3), 0);
	assert_int_equal(count_controllers(f), 0);
}

static void controllers_are_bounded(void **state)
{
	struct fixture *f = *state;
	struct store_controller c = {.addr = ip("192.0.2.1")};

	assert_int_equal(store_controller_save(f->s, &c), CARDEA_EMALFORMED);
	str_copy(c.class, sizeof(c.class), "urn:x");
	c.target = 3;
	assert_int_equal(store_controller_save(f->s, &c), CARDEA_EMALFORMED);
	c.target = 0;
	c.addr = (struct addr){0};
	assert_int_equal(store_controller_save(f->s, &c), CARDEA_EMALFORMED);
	c.addr = ip("192.0.2.1");
	for (int i = 0; i < LIMIT_CONTROLLERS; i++) {
		assert_int_equal(str_print(c.class, sizeof(c.class), "urn:%d", i), 0);
		assert_int_equal(store_controller_save(f->s, &c), 0);
	}
	assert_int_equal(store_controller_save(f->s, &c), 0); /* is there already */
	str_copy(c.class, sizeof(c.class), "urn:x");
	assert_int_equal(store_controller_save(f->s, &c), CARDEA_ELIMIT);
	assert_int_equal(count_controllers(f), LIMIT_CONTROLLERS);
}

static void damaged_controllers_are_left_out(void **state)
{
	static const char *const damage[] = {
		"UPDATE controller SET addr=x'0102'",
		"UPDATE controller SET addr=NULL",
		"UPDATE controller SET target=3",
		"UPDATE controller SET class=''",
	};
	struct fixture *f = *state;
	struct store_controller c = {.class = "urn:x", .addr = ip("192.0.2.1")};

	save_devices(f, 3, 3);
	for (size_t i = 0; i < COUNT(damage); i++) {
		assert_int_equal(store_controller_save(f->s, &c), 0);
		sql(f, damage[i]);
		assert_int_equal(count_controllers(f), 0);
		sql(f, "DELETE FROM controller");
	}
}

static void hits_come_back(void **state)
{
	struct fixture *f = *state;
	struct store_hit h = {.device = 3, .acl = "from-v4", .ace = "cl0",
		.direction = DIRECTION_FROM_DEVICE, .hits = 1, .first = T0, .last = T0};

	assert_int_equal(store_hit_save(f->s, &h), -ENOENT);
	save_devices(f, 3, 4);
	assert_int_equal(store_hit_save(f->s, &h), 0);
	h.hits = UINT64_MAX;
	h.last = T0 + 5;
	assert_int_equal(store_hit_save(f->s, &h), 0); /* replaces */
	h.direction = DIRECTION_TO_DEVICE;
	h.hits = 7;
	assert_int_equal(store_hit_save(f->s, &h), 0);
	h.device = 4;
	assert_int_equal(store_hit_save(f->s, &h), 0);
	reopen(f);
	assert_int_equal(count_hits(f), 3);
	assert_int_equal(hits[0].device, 3);
	assert_string_equal(hits[0].acl, "from-v4");
	assert_string_equal(hits[0].ace, "cl0");
	assert_int_equal(hits[0].direction, DIRECTION_FROM_DEVICE);
	assert_true(hits[0].hits == INT64_MAX); /* as many as can be kept */
	assert_int_equal(hits[0].first, T0);
	assert_int_equal(hits[0].last, T0 + 5);
	assert_int_equal(hits[1].direction, DIRECTION_TO_DEVICE);
	assert_int_equal(hits[1].hits, 7);
	assert_int_equal(store_hits_remove(f->s, 3), 0);
	assert_int_equal(count_hits(f), 1);
	assert_int_equal(hits[0].device, 4);
	assert_int_equal(store_device_remove(f->s, 4), 0);
	assert_int_equal(count_hits(f), 0);
}

static void damaged_hits_are_left_out(void **state)
{
	static const char *const damage[] = {"UPDATE rule_hit SET hits=-1",
		"UPDATE rule_hit SET direction=2", "UPDATE rule_hit SET direction=-1"};
	struct fixture *f = *state;
	struct store_hit h = {.device = 3, .acl = "a", .ace = "b", .hits = 1};

	save_devices(f, 3, 3);
	for (size_t i = 0; i < COUNT(damage); i++) {
		assert_int_equal(store_hit_save(f->s, &h), 0);
		sql(f, damage[i]);
		assert_int_equal(count_hits(f), 0);
		sql(f, "DELETE FROM rule_hit");
	}
	assert_int_equal(store_hit_save(f->s, &h), 0);
	f->verdict = -EINTR;
	assert_int_equal(store_hits(f->s, take_hit, f), -EINTR);
}

static void hits_are_bounded(void **state)
{
	struct fixture *f = *state;
	struct store_hit h = {.device = 4, .acl = "kept", .hits = 1, .last = T0};

	save_devices(f, 3, 4);
	assert_int_equal(store_hit_save(f->s, &h), 0);
	h = (struct store_hit){.device = 3, .acl = "a", .hits = 1};
	for (int i = 0; i < LIMIT_RULES + 3000; i++) {
		h.last = T0 + 1 + i;
		assert_int_equal(str_print(h.ace, sizeof(h.ace), "%05d", i), 0);
		assert_int_equal(store_hit_save(f->s, &h), 0);
	}
	/* a trim each 1,024 */
	assert_in_range(count_hits(f), LIMIT_RULES + 1, LIMIT_RULES + 1024 + 1);
	assert_string_not_equal(hits[0].ace, "00000");
	assert_int_equal(store_hits_remove(f->s, 3), 0);
	assert_int_equal(count_hits(f), 1); /* another device's, though older, stayed */
	assert_string_equal(hits[0].acl, "kept");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
		TEST(questions_come_back_and_are_answered),
		TEST(ids_are_never_given_twice),
		TEST(open_questions_are_bounded),
		TEST(answered_questions_are_bounded),
		TEST(damaged_questions_are_left_out),
		TEST(controllers_come_back),
		TEST(controllers_are_removed),
		TEST(controllers_are_bounded),
		TEST(damaged_controllers_are_left_out),
		TEST(hits_come_back),
		TEST(damaged_hits_are_left_out),
		TEST(hits_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
