// SPDX-License-Identifier: GPL-2.0-or-later
/* test_policy_access - what one set of rules allows and another does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/str.h"
#include "policy/policy.h"

#define RULES 8

struct side {
	struct rule rules[RULES];
	uint8_t marks[RULES];
	size_t count;
};

struct result {
	struct pool *pool;
	const struct policy_access *list;
	size_t count;
};

static struct rule *add(
	struct side *s, enum peer_kind kind, const char *name, int proto, uint16_t port)
{
	struct rule *r = &s->rules[s->count];

	rule_init(r);
	r->id = (rule_id)++s->count;
	r->family = 4;
	r->proto = (int16_t)proto;
	if (port)
		r->peer_port = (struct range16){port, port};
	r->peer.kind = kind;
	if (kind == PEER_PREFIX) {
		struct addr a;
		char text[32];
		const char *slash = strchr(name, '/');
		str_copy_bytes(text, sizeof text, name, (size_t)(slash - name));
		assert_int_equal(addr_parse(text, &a), 0);
		int64_t len;
		assert_int_equal(str_to_i64(slash + 1, 0, 128, &len), 0);
		r->peer.prefix = prefix_of(&a, (uint8_t)len);
	} else {
		str_copy(r->peer.name, sizeof r->peer.name, name);
	}
	return r;
}

static struct result compare(const struct side *before, const struct side *after)
{
	struct policy_says b = {before->rules, before->marks, before->count};
	struct policy_says a = {after->rules, after->marks, after->count};
	struct result r = {.pool = pool_new("access", POLICY_ACCESS_POOL_BYTES)};

	assert_int_equal(policy_access_new(r.pool, &b, &a, &r.list, &r.count), 0);
	return r;
}

/* Exactly these sentences, in this order; ends with NULL. */
static void expect(const struct side *before, const struct side *after, ...)
{
	struct result r = compare(before, after);
	char sentence[RULE_SENTENCE_MAX];
	const char *text;
	size_t n = 0;
	va_list ap;

	va_start(ap, after);
	for (; (text = va_arg(ap, const char *)); n++) {
		assert_true(n < r.count);
		assert_string_equal(rule_sentence(&r.list[n].what, sentence), text);
	}
	va_end(ap);
	assert_int_equal(r.count, n);
	pool_free(r.pool);
}

static void test_names_are_names(void **state)
{
	(void)state;
	struct side none = {0}, one = {0}, two = {0};

	add(&one, PEER_NAME, "a.example", 6, 443);
	add(&two, PEER_NAME, "a.example", 6, 443);
	add(&two, PEER_NAME, "b.example", 6, 443);
	expect(&none, &none, NULL);
	expect(&two, &two, NULL);
	expect(&two, &one, NULL);
	expect(&none, &one, "may open TCP to a.example port 443 (IPv4)", NULL);
	expect(&one, &two, "may open TCP to b.example port 443 (IPv4)", NULL);
}

static void test_only_the_new_part(void **state)
{
	(void)state;
	struct side before = {0}, after = {0};

	add(&before, PEER_PREFIX, "192.0.2.0/25", 17, 0)->peer_port =
		(struct range16){100, 200};
	add(&after, PEER_PREFIX, "192.0.2.0/24", 17, 0)->peer_port =
		(struct range16){100, 200};
	expect(&before, &after, "may send UDP to 192.0.2.128/25 ports 100-200 (IPv4)",
		NULL);
	after.rules[0].peer.prefix.len = 25;
	after.rules[0].peer_port.hi = 210;
	expect(&before, &after, "may send UDP to 192.0.2.0/25 ports 201-210 (IPv4)",
		NULL);
}

static void test_both_families_are_one(void **state)
{
	(void)state;
	struct side before = {0}, after = {0};

	add(&after, PEER_MY_CONTROLLER, "", 6, 8883)->family = 0;
	expect(&before, &after, "may open TCP to its own controller port 8883", NULL);
}

static void test_a_prohibition_that_goes_is_access(void **state)
{
	(void)state;
	struct side before = {0}, after = {0};

	add(&before, PEER_NAME, "bad.example", 6, 0)->action = RULE_DROP;
	add(&before, PEER_ANY, "", 6, 443);
	add(&after, PEER_ANY, "", 6, 443);
	expect(&after, &before, NULL);
	struct result r = compare(&before, &after);
	assert_int_equal(r.count, 1);
	assert_int_equal(r.list[0].witness.peer_port, 443);
	pool_free(r.pool);
}

static void test_any_is_every_world_once(void **state)
{
	(void)state;
	struct side before = {0}, after = {0};

	add(&before, PEER_NAME, "a.example", 6, 443);
	add(&before, PEER_NAME, "b.example", 6, 443);
	add(&after, PEER_ANY, "", 6, 443);
	expect(&before, &after, "may open TCP to any address port 443 (IPv4)", NULL);
	expect(&after, &before, NULL);
}

static void test_who_may_start(void **state)
{
	(void)state;
	struct side before = {0}, after = {0};
	struct rule *r;

	/* the reply half of a conversation opens nothing */
	add(&before, PEER_NAME, "a.example", 6, 443)->initiator = INITIATOR_DEVICE;
	add(&after, PEER_NAME, "a.example", 6, 443)->initiator = INITIATOR_DEVICE;
	r = add(&after, PEER_NAME, "a.example", 6, 443);
	r->direction = DIRECTION_TO_DEVICE;
	r->initiator = INITIATOR_DEVICE;
	expect(&before, &after, NULL);
	r->initiator = INITIATOR_PEER;
	struct result x = compare(&before, &after);
	assert_int_equal(x.count, 1);
	assert_int_equal(x.list[0].witness.direction, DIRECTION_TO_DEVICE);
	pool_free(x.pool);
}

static void test_what_every_device_may(void **state)
{
	(void)state;
	struct side before = {0}, after = {0};

	add(&after, PEER_CONTROLLER_DNS, "", 17, 53)->initiator = INITIATOR_DEVICE;
	expect(&before, &after, NULL);
	after.rules[0].peer_port = (struct range16){54, 54};
	expect(&before, &after, "may send UDP to this gateway's DNS port 54 (IPv4)",
		NULL);
}

static void test_what_is_partly_said(void **state)
{
	(void)state;
	struct side before = {0}, after = {0}, wide = {0};

	add(&after, PEER_NAME, "a.example", 6, 443);
	after.marks[0] = POLICY_RULE_PARTIAL;
	str_copy(after.rules[0].detail, LIMIT_TEXT, "matches on dscp");
	struct result r = compare(&before, &after);
	assert_int_equal(r.count, 1);
	assert_true(r.list[0].partial);
	pool_free(r.pool);
	expect(&after, &after, NULL); /* the same words in both */
	add(&wide, PEER_ANY, "", 6, 0);
	expect(&wide, &after, NULL); /* inside what was allowed already */
	/* what was partly allowed was not surely allowed */
	struct side whole = after;
	whole.marks[0] = POLICY_RULE_WHOLE;
	expect(&after, &whole, "may open TCP to a.example port 443 (IPv4)", NULL);
	after.marks[0] = POLICY_RULE_NOTHING;
	expect(&before, &after, NULL);
}

static void test_icmp(void **state)
{
	(void)state;
	struct side before = {0}, after = {0};

	add(&before, PEER_NAME, "a.example", 1, 0)->icmp_type = 8;
	add(&after, PEER_NAME, "a.example", 1, 0);
	struct result r = compare(&before, &after);
	assert_int_equal(r.count, 2); /* types below and above */
	assert_int_not_equal(r.list[0].witness.icmp_type, 8);
	assert_int_not_equal(r.list[1].witness.icmp_type, 8);
	/* many types are not the first of them */
	for (size_t i = 0; i < 2; i++) {
		bool below = r.list[i].icmp.lo == 0;
		assert_true(r.list[i].icmp_ranged);
		assert_int_equal(r.list[i].what.icmp_type, RULE_ICMP_ANY);
		assert_int_equal(r.list[i].icmp.lo, below ? 0 : 9 << 8);
		assert_int_equal(r.list[i].icmp.hi, below ? (7 << 8) + 255 : UINT16_MAX);
	}
	pool_free(r.pool);
	expect(&after, &before, NULL);
}

static void test_icmp_codes(void **state)
{
	(void)state;
	struct side one = {0}, type = {0}, all = {0};

	add(&one, PEER_NAME, "a.example", 1, 0)->icmp_type = 8;
	one.rules[0].icmp_code = 0;
	add(&type, PEER_NAME, "a.example", 1, 0)->icmp_type = 8;
	add(&all, PEER_NAME, "a.example", 1, 0);
	struct result r = compare(&one, &type);
	assert_int_equal(r.count, 1);
	assert_true(r.list[0].icmp_ranged);
	assert_int_equal(r.list[0].what.icmp_type, 8);
	assert_int_equal(r.list[0].what.icmp_code, RULE_ICMP_ANY);
	assert_int_equal(r.list[0].icmp.lo, (8 << 8) + 1);
	assert_int_equal(r.list[0].icmp.hi, (8 << 8) + 255);
	pool_free(r.pool);
	struct side none = {0};
	expect(&none, &one, "may send ICMP type 8 code 0 to a.example (IPv4)", NULL);
	expect(&none, &type, "may send ICMP type 8 to a.example (IPv4)", NULL);
	expect(&none, &all, "may send ICMP to a.example (IPv4)", NULL);
}

/* Every witness is allowed after, and not before, by the evaluator that knows nothing
 * of boxes. */
static void test_witnesses_are_true(void **state)
{
	(void)state;
	static const struct policy_env env;
	struct side before = {0}, after = {0};
	struct policy p;
	struct verdict v;

	add(&before, PEER_PREFIX, "198.51.100.0/24", 6, 443);
	add(&before, PEER_PREFIX, "203.0.113.7/32", 17, 0)->action = RULE_DROP;
	add(&before, PEER_PREFIX, "203.0.113.0/24", 17, 123);
	add(&after, PEER_PREFIX, "198.51.100.128/25", 6, 0)->action = RULE_DROP;
	add(&after, PEER_PREFIX, "198.51.0.0/16", 6, 0);
	add(&after, PEER_PREFIX, "203.0.113.0/24", RULE_PROTO_ANY, 0);
	struct result r = compare(&before, &after);
	assert_true(r.count > 3);
	for (size_t i = 0; i < r.count; i++)
		for (int side = 0; side < 2; side++) {
			struct side *s = side ? &after : &before;
			struct pool *pool = pool_new("p", POLICY_POOL_BYTES);
			const struct policy_input in = {
				.rules = s->rules, .count = s->count};
			assert_int_equal(policy_prepare(pool, &in, &p), 0);
			policy_evaluate(&p, &env, NULL, &r.list[i].witness, &v);
			assert_int_equal(
				v.kind, side ? VERDICT_ALLOW : VERDICT_VIOLATION);
			pool_free(pool);
		}
	pool_free(r.pool);
}

static struct rule *add_ether(struct side *s, uint8_t mac)
{
	struct rule *r = add(s, mac ? PEER_MAC : PEER_ANY, "", RULE_PROTO_ANY, 0);

	r->family = 0;
	r->ethertype = 0x88e1;
	r->peer.mac = (struct mac){{2, 0, 0, 0, 0, mac}};
	return r;
}

static void test_frames_that_are_not_ip(void **state)
{
	(void)state;
	static const char all[] =
		"may send frames of Ethernet type 0x88e1 to any address";
	static const char one[] = "may send frames of Ethernet type 0x88e1 to the "
				  "device 02:00:00:00:00:07";
	struct side nothing = {0}, near = {0}, wide = {0}, but = {0};

	add_ether(&near, 7);
	add_ether(&wide, 0);
	add_ether(&but, 7)->action = RULE_DROP;
	add_ether(&but, 0);
	expect(&nothing, &near, one, NULL);
	expect(&near, &nothing, NULL);
	expect(&near, &wide, all, NULL);
	expect(&wide, &near, NULL);
	expect(&nothing, &wide, all, NULL);
	expect(&nothing, &but, all, NULL);
	expect(&but, &wide, one, NULL); /* the exception is gone */
	expect(&wide, &but, NULL);
	expect(&wide, &wide, NULL);
	/* readers say so of frames: no packet is meant */
	near.marks[0] = POLICY_RULE_NOTHING;
	expect(&nothing, &near, one, NULL);
	near.rules[0].status = RULE_UNENFORCEABLE;
	expect(&nothing, &near, NULL);
	near.rules[0].status = RULE_NOT_YET;
	struct result r = compare(&nothing, &near);
	assert_int_equal(r.count, 1);
	assert_true(r.list[0].partial);
	pool_free(r.pool);
	expect(&near, &near, NULL);
	wide.rules[0].ethertype = 0x0806; /* passes anyway */
	expect(&nothing, &wide, NULL);
}

static void test_devices_by_their_mac(void **state)
{
	(void)state;
	struct side before = {0}, after = {0};

	add(&before, PEER_MAC, "", 6, 80)->peer.mac = (struct mac){{2, 0, 0, 0, 0, 7}};
	add(&after, PEER_MAC, "", 6, 80)->peer.mac = (struct mac){{2, 0, 0, 0, 0, 8}};
	expect(&before, &before, NULL);
	expect(&before, &after,
		"may open TCP to the device 02:00:00:00:00:08 port 80 (IPv4)", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_are_names),
		cmocka_unit_test(test_only_the_new_part),
		cmocka_unit_test(test_both_families_are_one),
		cmocka_unit_test(test_a_prohibition_that_goes_is_access),
		cmocka_unit_test(test_any_is_every_world_once),
		cmocka_unit_test(test_who_may_start),
		cmocka_unit_test(test_what_every_device_may),
		cmocka_unit_test(test_what_is_partly_said),
		cmocka_unit_test(test_icmp),
		cmocka_unit_test(test_icmp_codes),
		cmocka_unit_test(test_witnesses_are_true),
		cmocka_unit_test(test_frames_that_are_not_ip),
		cmocka_unit_test(test_devices_by_their_mac),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
