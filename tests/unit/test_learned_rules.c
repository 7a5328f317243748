// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules: what was learned as permissions, in their order, with their evidence. */
#include "unit/test_learned_util.h"

struct list {
	struct pool *pool;
	struct rule *r;
	size_t count;
};

static struct list rules_of(struct learned *l)
{
	struct list list = {.pool = pool_new("rules", 1 << 20)};

	finish(l);
	assert_non_null(list.pool);
	assert_int_equal(
		learned_rules(l, &dev_mac, list.pool, &list.r, &list.count), 0);
	for (size_t i = 0; i < list.count; i++) {
		assert_int_equal(list.r[i].id, i + 1);
		assert_int_equal(list.r[i].layer, LAYER_LEARNED);
		assert_string_equal(list.r[i].acl, "learned");
	}
	return list;
}

static void done(struct learned *l, struct list *list)
{
	pool_free(list->pool);
	learned_free(l);
}

static void a_name_is_a_rule(void **state)
{
	struct learned *l = learner(true);

	(void)state;
	for (int i = 0; i < 3; i++) {
		feed(l, to_name("cloud.example.com", i * 86400));
		learned_capture(l);
	}
	feed(l, by_phone(80, 4 * 86400));
	struct list list = rules_of(l);
	assert_int_equal(list.count, 2);
	const struct rule *r = list.r;
	assert_int_equal(r->direction, DIRECTION_FROM_DEVICE);
	assert_int_equal(r->initiator, INITIATOR_DEVICE);
	assert_int_equal(r->action, RULE_ACCEPT);
	assert_int_equal(r->family, 4);
	assert_int_equal(r->peer.kind, PEER_NAME);
	assert_string_equal(r->peer.name, "cloud.example.com");
	assert_int_equal(r->peer_port.lo, 443);
	assert_int_equal(r->peer_port.hi, 443);
	assert_int_equal(r->device_port.hi, UINT16_MAX);
	assert_string_equal(r->detail,
		"seen in 3 of 4 episodes (quiet 3), 3 conversations, "
		"31 kB, 2023-11-14 to 2023-11-16");
	r++;
	assert_int_equal(r->direction, DIRECTION_TO_DEVICE);
	assert_int_equal(r->initiator, INITIATOR_PEER);
	assert_int_equal(r->device_port.lo, 80);
	assert_int_equal(r->peer.kind, PEER_LOCAL_NETWORKS);
	done(l, &list);
}

static void the_house_has_classes(void **state)
{
	struct learned *l = learner(true);
	struct record r = asks("A cloud.example.com", 0);

	(void)state;
	feed(l, r);
	r = asks("", 1);
	r.app = RECORD_APP_NTP;
	r.peer_port = 123;
	feed(l, r);
	r.peer_port = 8080;
	r.first += NS_PER_SEC;
	feed(l, r);
	r.place = RECORD_DEVICE;
	r.peer_mac = phone_mac;
	r.first += NS_PER_SEC;
	feed(l, r);
	r.place = RECORD_GROUP;
	r.peer = addr_v4((uint8_t[]){239, 255, 255, 250});
	r.first += NS_PER_SEC;
	feed(l, r);
	r.peer_port = 67; /* DHCP: policy lets it pass */
	feed(l, r);
	struct list list = rules_of(l);
	assert_int_equal(list.count, 5); /* questions have no rule of their own */
	assert_int_equal(list.r[0].peer.kind, PEER_CONTROLLER_DNS);
	assert_int_equal(list.r[1].peer.kind, PEER_CONTROLLER_NTP);
	assert_int_equal(list.r[2].peer.kind, PEER_GATEWAY);
	assert_int_equal(list.r[3].peer.kind, PEER_MAC);
	assert_true(mac_equal(&list.r[3].peer.mac, &phone_mac));
	assert_int_equal(list.r[4].peer.kind, PEER_PREFIX);
	assert_int_equal(list.r[4].peer.prefix.len, 32);
	done(l, &list);
}

/* Any address of the internet is none of the house; names come before. */
static void what_is_open_keeps_out_of_the_house(void **state)
{
	struct learned *l = learner(true);

	(void)state;
	for (uint8_t i = 0; i < 8; i++)
		feed(l, to_addr(100, i, i));
	feed(l, to_name("late.example.com", 50));
	struct list list = rules_of(l);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.r[0].peer.kind, PEER_NAME);
	assert_int_equal(list.r[1].action, RULE_DROP);
	assert_int_equal(list.r[1].peer.kind, PEER_LOCAL_NETWORKS);
	assert_int_equal(list.r[1].peer_port.lo, 443);
	assert_int_equal(list.r[2].action, RULE_ACCEPT);
	assert_int_equal(list.r[2].peer.kind, PEER_ANY);
	assert_non_null(strstr(list.r[2].detail, "stands for 8"));
	done(l, &list);
}

static void answers_come_from_one_port(void **state)
{
	struct learned *l = learner(true);
	struct record r = by_phone(50000, 0);

	(void)state;
	r.proto = FLOW_PROTO_UDP;
	r.peer_port = 1900;
	feed(l, r);
	struct list list = rules_of(l);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.r[0].peer_port.lo, 1900);
	assert_int_equal(list.r[0].peer_port.hi, 1900);
	assert_int_equal(list.r[0].device_port.lo, 32768);
	assert_int_equal(list.r[0].device_port.hi, UINT16_MAX);
	done(l, &list);
}

static void no_room_and_nobody_are_said(void **state)
{
	struct learned *l = learner(true);
	struct pool *pool = pool_new("small", 100);
	struct rule *r = NULL;
	size_t n = 7;

	(void)state;
	assert_int_equal(learned_rules(l, &dev_mac, pool, &r, &n), -2);
	feed(l, to_name("a.example.com", 0));
	finish(l);
	assert_int_equal(learned_rules(l, &dev_mac, pool, &r, &n), -12);
	assert_true(!r && n == 7);
	pool_free(pool);
	learned_free(l);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_a_rule),
		cmocka_unit_test(the_house_has_classes),
		cmocka_unit_test(what_is_open_keeps_out_of_the_house),
		cmocka_unit_test(answers_come_from_one_port),
		cmocka_unit_test(no_room_and_nobody_are_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
