// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules made ready and judged. */
#include "unit/test_policy_util.h"

static void first_match_decides(void **state)
{
	(void)state;
	struct rule rules[3] = {
		rule_of(2, DIRECTION_FROM_DEVICE, PEER_ANY, FLOW_PROTO_TCP),
		rule_of(1, DIRECTION_FROM_DEVICE, PEER_PREFIX, FLOW_PROTO_TCP),
		rule_of(3, DIRECTION_FROM_DEVICE, PEER_LOCAL_NETWORKS, RULE_PROTO_ANY),
	};
	struct bench b;

	rules[1].peer.prefix = net("198.51.100.0/24");
	rules[1].action = RULE_DROP;
	bench_open(&b, rules, 3);
	struct verdict v =
		judge(&b, tcp(DIRECTION_FROM_DEVICE, "198.51.100.66", 1, 443));
	assert_int_equal(v.kind, VERDICT_VIOLATION);
	assert_int_equal(v.reason, REASON_RULE);
	assert_int_equal(v.rule, 1);
	v = judge(&b, tcp(DIRECTION_FROM_DEVICE, "198.51.101.66", 1, 443));
	assert_int_equal(v.kind, VERDICT_ALLOW);
	assert_int_equal(v.rule, 2);
	assert_int_equal(v.layer, LAYER_MANUFACTURER);
	struct flow f = tcp(DIRECTION_FROM_DEVICE, "ff02::fb", 0, 0);
	f.proto = 47;
	assert_int_equal(judge(&b, f).rule, 3);
	f.peer = ip("ff05::2");
	v = judge(&b, f);
	assert_int_equal(v.kind, VERDICT_VIOLATION);
	assert_int_equal(v.reason, REASON_DEFAULT_DENY);
	assert_int_equal(v.rule, 0);
	pool_free(b.pool);
}

static void owners_no_is_polite(void **state)
{
	(void)state;
	struct rule r = rule_of(1, DIRECTION_FROM_DEVICE, PEER_ANY, RULE_PROTO_ANY);
	struct bench b;

	r.action = RULE_DROP;
	r.layer = LAYER_OWNER;
	bench_open(&b, &r, 1);
	assert_int_equal(judge(&b, tcp(DIRECTION_FROM_DEVICE, "10.0.0.1", 1, 53)).kind,
		VERDICT_REFUSE);
	pool_free(b.pool);
}

static void base_layer_is_behind_the_file(void **state)
{
	(void)state;
	struct bench b;

	bench_open(&b, NULL, 0);
	assert_int_equal(b.policy.count, 4);
	assert_int_equal(b.policy.base_first, 0);
	struct verdict v = judge(&b, tcp(DIRECTION_FROM_DEVICE, "10.0.0.1", 1, 53));
	assert_int_equal(v.kind, VERDICT_ALLOW);
	assert_int_equal(v.layer, LAYER_BASE);
	v = judge(&b, tcp(DIRECTION_FROM_DEVICE, "10.0.0.1", 1, 853));
	assert_int_equal(v.kind, VERDICT_ALLOW);
	v = judge(&b, tcp(DIRECTION_FROM_DEVICE, "10.0.0.9", 1, 853));
	assert_int_equal(v.kind, VERDICT_VIOLATION);
	struct flow f = tcp(DIRECTION_FROM_DEVICE, "10.0.0.1", 123, 123);
	assert_int_equal(judge(&b, f).kind, VERDICT_VIOLATION);
	f.proto = FLOW_PROTO_UDP;
	assert_int_equal(judge(&b, f).kind, VERDICT_ALLOW);
	f.peer = ip("10.0.0.2");
	assert_int_equal(judge(&b, f).kind, VERDICT_VIOLATION);
	assert_true(policy_env_add_ntp(&b.env, &f.peer));
	assert_int_equal(judge(&b, f).kind, VERDICT_ALLOW);
	f.peer_port = 53;
	assert_int_equal(judge(&b, f).kind, VERDICT_VIOLATION);
	assert_true(policy_env_add_dns(&b.env, &f.peer));
	assert_int_equal(judge(&b, f).kind, VERDICT_ALLOW);
	/* only the device starts */
	f.direction = DIRECTION_TO_DEVICE;
	assert_int_equal(judge(&b, f).kind, VERDICT_VIOLATION);
	pool_free(b.pool);
}

static void names_are_what_dns_told(void **state)
{
	(void)state;
	struct rule r = named(
		1, DIRECTION_FROM_DEVICE, "cloud.example.com", FLOW_PROTO_TCP, 443);
	struct bench b;
	struct verdict v;

	bench_open(&b, &r, 1);
	struct flow f = tcp(DIRECTION_FROM_DEVICE, "192.0.2.10", 40000, 443);
	assert_int_equal(judge(&b, f).kind, VERDICT_ALLOW);
	policy_evaluate(&b.policy, &b.env, NULL, &f, &v);
	assert_int_equal(v.kind, VERDICT_VIOLATION);
	f.peer_port = 444;
	assert_int_equal(judge(&b, f).kind, VERDICT_VIOLATION);
	f.peer = ip("192.0.2.11");
	f.peer_port = 443;
	assert_int_equal(judge(&b, f).kind, VERDICT_VIOLATION);
	assert_true(policy_uses_name(&b.policy, "cloud.example.com"));
	assert_false(policy_uses_name(&b.policy, "example.com"));
	assert_false(policy_denies_name(&b.policy, "cloud.example.com"));
	pool_free(b.pool);
}

static enum rule_status status_after(const struct rule *rules, size_t count, rule_id id)
{
	struct pool *pool = pool_new("test", POLICY_POOL_BYTES);
	struct policy p;

	assert_int_equal(prepare(pool, rules, count, &p), 0);
	const struct rule *r = policy_rule(&p, id);
	assert_non_null(r);
	enum rule_status s = r->status;
	assert_int_equal(s == RULE_ENFORCED, r->detail[0] == 0);
	pool_free(pool);
	return s;
}

static void mirrors_open_nothing(void **state)
{
	(void)state;
	struct rule pair[2] = {
		named(1, DIRECTION_FROM_DEVICE, "a.example", FLOW_PROTO_UDP, 123),
		named(2, DIRECTION_TO_DEVICE, "a.example", FLOW_PROTO_UDP, 123),
	};

	assert_int_equal(status_after(pair, 2, 1), RULE_ENFORCED);
	assert_int_equal(status_after(pair, 2, 2), RULE_REPLY_HALF);
	assert_int_equal(status_after(&pair[1], 1, 2), RULE_ENFORCED);
	pair[1].family = 4;
	assert_int_equal(status_after(pair, 2, 2), RULE_REPLY_HALF);
	pair[0].family = 6;
	assert_int_equal(status_after(pair, 2, 2), RULE_ENFORCED);
	pair[0].family = 0;
	pair[1].peer.name[0] = 'b';
	assert_int_equal(status_after(pair, 2, 2), RULE_ENFORCED);
	pair[1].peer.name[0] = 'a';
	pair[1].peer_port.hi++;
	assert_int_equal(status_after(pair, 2, 2), RULE_ENFORCED);
	pair[1].peer_port.hi--;
	pair[0].action = RULE_DROP;
	assert_int_equal(status_after(pair, 2, 2), RULE_ENFORCED);
}

/* Without a port nothing says who asks: each list grants what it says. */
static void pairs_without_ports_open_both_ways(void **state)
{
	(void)state;
	struct rule pair[2] = {
		rule_of(1, DIRECTION_FROM_DEVICE, PEER_LOCAL_NETWORKS, FLOW_PROTO_TCP),
		rule_of(2, DIRECTION_TO_DEVICE, PEER_LOCAL_NETWORKS, FLOW_PROTO_TCP),
	};

	assert_int_equal(status_after(pair, 2, 1), RULE_ENFORCED);
	assert_int_equal(status_after(pair, 2, 2), RULE_ENFORCED);
	pair[0].initiator = INITIATOR_DEVICE;
	assert_int_equal(status_after(pair, 2, 2), RULE_REPLY_HALF);
}

static void server_ports_are_opened_by_the_peer(void **state)
{
	(void)state;
	struct rule pair[2] = {
		rule_of(1, DIRECTION_FROM_DEVICE, PEER_LOCAL_NETWORKS, FLOW_PROTO_TCP),
		rule_of(2, DIRECTION_TO_DEVICE, PEER_LOCAL_NETWORKS, FLOW_PROTO_TCP),
	};

	pair[0].device_port = pair[1].device_port = (struct range16){9999, 9999};
	assert_int_equal(status_after(pair, 2, 1), RULE_REPLY_HALF);
	assert_int_equal(status_after(pair, 2, 2), RULE_ENFORCED);
	pair[1].initiator = INITIATOR_PEER;
	assert_int_equal(status_after(pair, 2, 1), RULE_REPLY_HALF);
	assert_int_equal(status_after(pair, 2, 2), RULE_ENFORCED);
	/* the file's own word goes first */
	pair[1].initiator = INITIATOR_DEVICE;
	assert_int_equal(status_after(pair, 2, 1), RULE_ENFORCED);
	assert_int_equal(status_after(pair, 2, 2), RULE_REPLY_HALF);
	pair[0].initiator = INITIATOR_DEVICE;
	pair[1].initiator = INITIATOR_EITHER;
	assert_int_equal(status_after(pair, 2, 1), RULE_ENFORCED);
	assert_int_equal(status_after(pair, 2, 2), RULE_REPLY_HALF);
	pair[0].initiator = INITIATOR_PEER;
	assert_int_equal(status_after(pair, 2, 1), RULE_REPLY_HALF);
	pair[0].action = RULE_DROP;
	assert_int_equal(status_after(pair, 2, 1), RULE_NOT_YET);
}

static void what_is_not_enforced_says_why(void **state)
{
	(void)state;
	struct rule r = rule_of(1, DIRECTION_FROM_DEVICE, PEER_MY_CONTROLLER, 6);

	for (unsigned k = PEER_CONTROLLER; k < PEER_MAX; k++) {
		r.peer.kind = k;
		assert_int_equal(status_after(&r, 1, 1), RULE_ENFORCED);
	}
	r.peer.kind = PEER_ANY;
	assert_int_equal(status_after(&r, 1, 1), RULE_ENFORCED);
	r.proto = 132;
	assert_int_equal(status_after(&r, 1, 1), RULE_ENFORCED);
	r.peer_port.lo = 5;
	assert_int_equal(status_after(&r, 1, 1), RULE_NOT_YET);
	r = rule_of(1, DIRECTION_FROM_DEVICE, PEER_ANY, 6);
	r.icmp_type = 8;
	assert_int_equal(status_after(&r, 1, 1), RULE_NOT_YET);
	r.proto = 1;
	assert_int_equal(status_after(&r, 1, 1), RULE_ENFORCED);
	r.icmp_type = RULE_ICMP_ANY;
	r.icmp_code = 0;
	assert_int_equal(status_after(&r, 1, 1), RULE_NOT_YET);
	r = rule_of(1, DIRECTION_FROM_DEVICE, PEER_ANY, 6);
	r.status = RULE_UNENFORCEABLE;
	snprintf(r.detail, sizeof r.detail, "the reader says so");
	assert_int_equal(status_after(&r, 1, 1), RULE_UNENFORCEABLE);
}

static int prepare_fails(const struct rule *rules, size_t count, size_t pool_bytes)
{
	struct pool *pool = pool_new("test", pool_bytes);
	struct policy p;
	int r = prepare(pool, rules, count, &p);

	pool_free(pool);
	return r;
}

static void impossible_rules_are_refused(void **state)
{
	(void)state;
	struct rule good[2] = {rule_of(1, DIRECTION_FROM_DEVICE, PEER_ANY, 6),
		rule_of(1, DIRECTION_FROM_DEVICE, PEER_ANY, 6)};
	struct rule r;

	assert_int_equal(prepare_fails(good, 2, POLICY_POOL_BYTES), CARDEA_EMALFORMED);
	assert_int_equal(prepare_fails(good, 1, 100), -ENOMEM);
	assert_int_equal(prepare_fails(good, LIMIT_RULES + 1, 100), CARDEA_ELIMIT);
#define BAD(change)                                                                    \
	r = good[0];                                                                   \
	change;                                                                        \
	assert_int_equal(prepare_fails(&r, 1, POLICY_POOL_BYTES), CARDEA_EMALFORMED)
	BAD(r.id = 0);
	BAD(r.direction = DIRECTION_MAX);
	BAD(r.action = 7);
	BAD(r.family = 5);
	BAD(r.proto = 256);
	BAD(r.icmp_type = 256);
	BAD(r.icmp_code = -2);
	BAD(r.device_port.lo = 2; r.device_port.hi = 1);
	BAD(r.peer_port.lo = 2; r.peer_port.hi = 1);
	BAD(r.peer.kind = PEER_MAX);
	BAD(r.peer.kind = PEER_NAME);
	BAD(memset(r.peer.name, 'x', sizeof r.peer.name));
	BAD(r.peer.kind = PEER_PREFIX);
	BAD(r.peer.kind = PEER_PREFIX; r.peer.prefix = net("10.0.0.0/8");
		r.peer.prefix.len = 33);
	BAD(r.peer.kind = PEER_PREFIX; r.peer.prefix = net("10.0.0.0/8");
		r.peer.prefix.addr.b[3] = 1);
	r = good[0];
	r.id = UINT32_MAX;
	assert_int_equal(prepare_fails(&r, 1, POLICY_POOL_BYTES), CARDEA_ELIMIT);
}

static void address_as_name_is_a_prefix(void **state)
{
	(void)state;
	struct rule r =
		named(1, DIRECTION_FROM_DEVICE, "192.0.2.77", FLOW_PROTO_TCP, 80);
	struct bench b;

	bench_open(&b, &r, 1);
	assert_int_equal(
		judge(&b, tcp(DIRECTION_FROM_DEVICE, "192.0.2.77", 9, 80)).kind,
		VERDICT_ALLOW);
	assert_int_equal(policy_rule(&b.policy, 1)->peer.kind, PEER_PREFIX);
	assert_null(policy_rule(&b.policy, 0));
	assert_null(policy_rule(&b.policy, 99));
	pool_free(b.pool);
}

static struct flow udp(
	enum direction d, const char *peer, uint16_t device_port, uint16_t peer_port)
{
	struct flow f = tcp(d, peer, device_port, peer_port);

	f.proto = FLOW_PROTO_UDP;
	return f;
}

static void infrastructure_passes(void **state)
{
	(void)state;
	const enum direction from = DIRECTION_FROM_DEVICE, to = DIRECTION_TO_DEVICE;
	struct bench b;
	static const uint8_t both[] = {131, 132, 133, 135, 136, 143};
	struct flow f;

	bench_open(&b, NULL, 0);
	for (size_t i = 0; i < sizeof both; i++) {
		assert_int_equal(judge(&b, icmp6(from, both[i])).kind, VERDICT_PASS);
		assert_int_equal(judge(&b, icmp6(to, both[i])).kind, VERDICT_PASS);
	}
	assert_int_equal(judge(&b, icmp6(to, 130)).kind, VERDICT_PASS);
	assert_int_equal(judge(&b, icmp6(to, 134)).kind, VERDICT_PASS);
	assert_int_equal(judge(&b, icmp6(from, 130)).reason, REASON_DEFAULT_DENY);
	assert_int_equal(judge(&b, icmp6(from, 134)).reason, REASON_ROGUE_RA);
	assert_int_equal(judge(&b, icmp6(from, 137)).reason, REASON_ROGUE_RA);
	assert_int_equal(judge(&b, icmp6(to, 137)).reason, REASON_DEFAULT_DENY);
	assert_int_equal(judge(&b, icmp6(from, 128)).reason, REASON_DEFAULT_DENY);
	f = icmp6(from, 134);
	f.device = f.peer = ip("10.0.0.1"); /* protocol 58 over IPv4 is nothing */
	assert_int_equal(judge(&b, f).reason, REASON_DEFAULT_DENY);
	f = udp(from, "255.255.255.255", 68, 67);
	assert_int_equal(judge(&b, f).kind, VERDICT_PASS);
	assert_int_equal(judge(&b, udp(to, "10.0.0.1", 68, 67)).kind, VERDICT_PASS);
	assert_int_equal(
		judge(&b, udp(from, "10.0.0.9", 67, 68)).reason, REASON_ROGUE_RA);
	assert_int_equal(
		judge(&b, udp(to, "10.0.0.9", 67, 68)).reason, REASON_DEFAULT_DENY);
	assert_int_equal(
		judge(&b, udp(from, "ff02::1:2", 546, 547)).kind, VERDICT_PASS);
	assert_int_equal(judge(&b, udp(to, "fe80::1", 546, 547)).kind, VERDICT_PASS);
	assert_int_equal(
		judge(&b, udp(from, "fe80::9", 547, 546)).reason, REASON_ROGUE_RA);
	assert_int_equal(
		judge(&b, udp(from, "fe80::9", 68, 67)).reason, REASON_DEFAULT_DENY);
	f = tcp(from, "224.0.0.22", 0, 0);
	f.proto = 2;
	assert_int_equal(judge(&b, f).kind, VERDICT_PASS);
	pool_free(b.pool);
}

static void ports_and_types_are_ranges(void **state)
{
	(void)state;
	struct rule rules[3] = {
		rule_of(1, DIRECTION_FROM_DEVICE, PEER_ANY, RULE_PROTO_ANY),
		rule_of(2, DIRECTION_FROM_DEVICE, PEER_ANY, FLOW_PROTO_ICMP),
		rule_of(3, DIRECTION_TO_DEVICE, PEER_GATEWAY, RULE_PROTO_ANY),
	};
	struct bench b;

	rules[0].peer_port = (struct range16){1000, 2000};
	rules[1].icmp_type = 8;
	rules[1].icmp_code = 0;
	bench_open(&b, rules, 3);
	struct flow f = tcp(DIRECTION_FROM_DEVICE, "192.0.2.1", 5, 1000);
	assert_int_equal(judge(&b, f).rule, 1);
	f.peer_port = 2000;
	f.proto = FLOW_PROTO_UDP;
	assert_int_equal(judge(&b, f).rule, 1);
	f.peer_port = 2001;
	assert_int_equal(judge(&b, f).rule, 0);
	f.proto = 132; /* has ports, but nobody reads them */
	f.peer_port = 0;
	assert_int_equal(judge(&b, f).rule, 0);
	f.proto = FLOW_PROTO_ICMP;
	f.icmp_type = 8;
	assert_int_equal(judge(&b, f).rule, 2);
	f.icmp_code = 1;
	assert_int_equal(judge(&b, f).rule, 0);
	f.icmp_type = 0;
	f.icmp_code = 0;
	assert_int_equal(judge(&b, f).rule, 0);
	assert_int_equal(judge(&b, tcp(DIRECTION_TO_DEVICE, "10.0.0.1", 9, 9)).rule, 3);
	assert_int_equal(judge(&b, tcp(DIRECTION_TO_DEVICE, "10.0.0.2", 9, 9)).rule, 0);
	pool_free(b.pool);
}

static void house_is_bounded(void **state)
{
	(void)state;
	struct policy_env env = {0};

	for (unsigned i = 0; i < POLICY_ENV_ADDRS + 2; i++) {
		const uint8_t b[4] = {10, 0, 0, (uint8_t)i};
		struct addr a = addr_v4(b);
		bool fits = i < POLICY_ENV_ADDRS;
		struct prefix p = prefix_of(&a, 32);
		assert_int_equal(policy_env_add_gateway(&env, &a), fits);
		assert_int_equal(policy_env_add_gateway(&env, &a), fits);
		assert_int_equal(policy_env_add_lan(&env, &p), i < LIMIT_LAN_PREFIXES);
		assert_int_equal(policy_env_add_lan(&env, &p), i < LIMIT_LAN_PREFIXES);
	}
	assert_int_equal(env.gateway_count, POLICY_ENV_ADDRS);
	assert_int_equal(env.lan_count, LIMIT_LAN_PREFIXES);
}

static int count_element(void *ctx, const struct element *e, rule_id rule)
{
	(void)e;
	(void)rule;
	++*(unsigned *)ctx;
	return 0;
}

/* Classes mean nobody to a caller that knows none, and no kind that there is not. */
static void unknown_peers_match_nothing(void **state)
{
	(void)state;
	struct rule r =
		rule_of(1, DIRECTION_FROM_DEVICE, PEER_CONTROLLER, RULE_PROTO_ANY);
	struct policy p = {.rules = &r, .count = 1, .base_first = 1};
	struct policy_env env = {0};
	struct policy_device d = {.mac = {{2, 0, 0, 0, 0, 1}}};
	struct flow f = tcp(DIRECTION_FROM_DEVICE, "192.0.2.7", 1, 80);
	struct verdict v;
	unsigned elements = 0;

	for (unsigned k = PEER_CONTROLLER; k <= PEER_MAX; k++) {
		r.peer.kind = k;
		policy_evaluate(&p, &env, &cloud, &f, &v);
		assert_int_equal(v.reason, REASON_DEFAULT_DENY);
		assert_int_equal(
			policy_compile(&p, &env, &cloud, &d, count_element, &elements),
			0);
	}
	r.peer.kind = PEER_NAME;
	r.action = RULE_DROP;
	assert_int_equal(
		policy_compile(&p, &env, NULL, &d, count_element, &elements), 0);
	assert_int_equal(elements, 0);
	struct rule pair[2] = {r, r};
	struct addr peer = ip("192.0.2.10");
	pair[1].id = 2;
	pair[1].action = RULE_ACCEPT;
	p = (struct policy){.rules = pair, .count = 2, .base_first = 2};
	snprintf(pair[1].peer.name, sizeof pair[1].peer.name, "a.example");
	assert_int_equal(policy_compile_binding(&p, &env, NULL, &d, "a.example", &peer,
				 1, count_element, &elements),
		0);
	assert_int_equal(elements, 1); /* the forbidden name is bound to nothing */
	p.count = 0;
	assert_null(policy_rule(&p, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_match_decides),
		cmocka_unit_test(owners_no_is_polite),
		cmocka_unit_test(base_layer_is_behind_the_file),
		cmocka_unit_test(names_are_what_dns_told),
		cmocka_unit_test(mirrors_open_nothing),
		cmocka_unit_test(pairs_without_ports_open_both_ways),
		cmocka_unit_test(server_ports_are_opened_by_the_peer),
		cmocka_unit_test(what_is_not_enforced_says_why),
		cmocka_unit_test(impossible_rules_are_refused),
		cmocka_unit_test(address_as_name_is_a_prefix),
		cmocka_unit_test(infrastructure_passes),
		cmocka_unit_test(ports_and_types_are_ranges),
		cmocka_unit_test(house_is_bounded),
		cmocka_unit_test(unknown_peers_match_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
