// SPDX-License-Identifier: GPL-2.0-or-later
/* Classes of devices, conversations that were ended, and quarantine: what the evaluator
 * says and how it is told. */
#include "unit/test_policy_util.h"

#define HUB "10.0.0.7"

static bool hub_is_known;

/* The hub is the controller, and devices of its maker are two. */
static size_t members(void *ctx, const struct peer *p, struct addr *out, size_t max)
{
	(void)ctx;
	if (p->kind == PEER_CONTROLLER && hub_is_known && max) {
		out[0] = ip(HUB);
		return 1;
	}
	if (p->kind != PEER_SAME_MANUFACTURER || max < 2)
		return 0;
	out[0] = ip("fe80::7");
	out[1] = ip("2001:db8::7");
	return 2;
}

static const struct policy_names house = {
	.has = cloud_has, .addrs = cloud_addrs, .members = members};

static struct verdict judged(const struct bench *b, struct flow f)
{
	struct verdict v;

	policy_evaluate(&b->policy, &b->env, &house, &f, &v);
	return v;
}

static void says(const struct bench *b, struct flow f, const char *expected)
{
	char buf[POLICY_EXPLAIN_MAX];
	struct verdict v = judged(b, f);

	policy_explain(&b->policy, &b->env, &house, &f, &v, "lamp", NULL, buf);
	assert_string_equal(buf, expected);
}

static struct rule hub_rule(void)
{
	struct rule r =
		rule_of(1, DIRECTION_FROM_DEVICE, PEER_CONTROLLER, FLOW_PROTO_TCP);

	snprintf(r.peer.name, sizeof r.peer.name, "urn:hub");
	r.peer_port = (struct range16){8443, 8443};
	return r;
}

static void a_class_is_who_belongs_to_it(void **state)
{
	(void)state;
	struct rule r = hub_rule();
	struct flow f = tcp(DIRECTION_FROM_DEVICE, HUB, 50000, 8443);
	struct bench b;

	bench_open(&b, &r, 1);
	hub_is_known = true;
	assert_int_equal(judged(&b, f).kind, VERDICT_ALLOW);
	assert_int_equal(judged(&b, f).rule, 1);
	assert_int_equal(
		judge(&b, f).kind, VERDICT_VIOLATION); /* names without members */
	f.peer = ip("10.0.0.8");
	assert_int_equal(judged(&b, f).reason, REASON_DEFAULT_DENY);
	hub_is_known = false;
	f.peer = ip(HUB);
	assert_int_equal(judged(&b, f).reason, REASON_DEFAULT_DENY);
	pool_free(b.pool);
}

static struct flow inbound(const char *device, const char *peer)
{
	struct flow f = tcp(DIRECTION_TO_DEVICE, peer, 80, 50000);

	f.device = ip(device);
	return f;
}

static void who_is_link_local_reaches_what_is(void **state)
{
	(void)state;
	struct rule r =
		rule_of(1, DIRECTION_TO_DEVICE, PEER_SAME_MANUFACTURER, FLOW_PROTO_TCP);
	struct bench b;

	bench_open(&b, &r, 1);
	assert_int_equal(
		judged(&b, inbound("fe80::50", "fe80::7")).kind, VERDICT_ALLOW);
	assert_int_equal(
		judged(&b, inbound("2001:db8::50", "2001:db8::7")).kind, VERDICT_ALLOW);
	assert_int_equal(
		judged(&b, inbound("2001:db8::50", "fe80::7")).kind, VERDICT_VIOLATION);
	says(&b, inbound("fe80::50", "2001:db8::7"),
		"Blocked: 2001:db8::7 -> lamp tcp 80. The manufacturer's profile says "
		"of "
		"this peer: may receive TCP from devices of the same manufacturer. But "
		"a "
		"link-local address and another one do not reach each other (RFC "
		"4291).");
	pool_free(b.pool);
	r = rule_of(1, DIRECTION_TO_DEVICE, PEER_PREFIX, FLOW_PROTO_TCP);
	r.peer.prefix = net("fe80::/9"); /* both kinds */
	bench_open(&b, &r, 1);
	assert_int_equal(
		judged(&b, inbound("2001:db8::50", "fe80::7")).kind, VERDICT_ALLOW);
	pool_free(b.pool);
	r.peer.prefix = net("fe80::/10");
	bench_open(&b, &r, 1);
	assert_int_equal(
		judged(&b, inbound("2001:db8::50", "fe80::7")).kind, VERDICT_VIOLATION);
	pool_free(b.pool);
	/* what forbids, forbids everywhere */
	struct rule two[2] = {
		r, rule_of(2, DIRECTION_TO_DEVICE, PEER_ANY, FLOW_PROTO_TCP)};
	two[0].action = RULE_DROP;
	bench_open(&b, two, 2);
	assert_int_equal(judged(&b, inbound("2001:db8::50", "fe80::7")).rule, 1);
	pool_free(b.pool);
}

static void an_empty_class_is_said(void **state)
{
	(void)state;
	struct rule rules[2] = {hub_rule(),
		rule_of(2, DIRECTION_FROM_DEVICE, PEER_MODEL, FLOW_PROTO_UDP)};
	struct bench b;

	hub_is_known = false;
	bench_open(&b, rules, 1);
	says(&b, tcp(DIRECTION_FROM_DEVICE, HUB, 50000, 8443),
		"Blocked: lamp -> 10.0.0.7 (local network) tcp 8443. The "
		"manufacturer's "
		"profile lists 1 destination; this is not one. It may open TCP to "
		"controllers of class urn:hub port 8443: nobody is that here; `cardea "
		"controller set` says who is.");
	/* a stranger far away is no controller that was forgotten */
	says(&b, tcp(DIRECTION_FROM_DEVICE, "198.51.100.7", 50000, 8443),
		"Blocked: lamp -> 198.51.100.7 tcp 8443. The manufacturer's profile "
		"lists 1 "
		"destination; this is not one.");
	hub_is_known = true;
	says(&b, tcp(DIRECTION_FROM_DEVICE, HUB, 50000, 80),
		"Blocked: lamp -> 10.0.0.7 (local network) tcp 80. The manufacturer's "
		"profile says of this peer: may open TCP to controllers of class "
		"urn:hub "
		"port 8443.");
	pool_free(b.pool);
	snprintf(rules[1].peer.name, sizeof rules[1].peer.name, "https://m.example/x");
	bench_open(&b, rules, 2);
	says(&b, tcp(DIRECTION_FROM_DEVICE, "10.0.0.9", 50000, 80),
		"Blocked: lamp -> 10.0.0.9 (local network) tcp 80. The manufacturer's "
		"profile lists 2 destinations; this is not one. It may send UDP to "
		"devices "
		"of model https://m.example/x: nobody is that here yet.");
	pool_free(b.pool);
}

static struct rule block_of(const char *peer, uint16_t port)
{
	struct rule r = rule_of(POLICY_BLOCK_ID + 7, DIRECTION_FROM_DEVICE, PEER_PREFIX,
		FLOW_PROTO_TCP);

	r.action = RULE_DROP;
	r.peer.prefix = net(peer);
	r.peer_port = (struct range16){port, port};
	return r;
}

static int prepare_blocked(struct bench *b, const struct rule *rule,
	const struct rule *block, size_t block_count)
{
	const struct policy_input in = {
		.rules = rule, .count = 1, .blocks = block, .block_count = block_count};

	return policy_prepare(b->pool, &in, &b->policy);
}

static void a_block_goes_before_all_rules(void **state)
{
	(void)state;
	struct rule r = named(1, DIRECTION_FROM_DEVICE, "cloud.example.com", 6, 443);
	struct rule block = block_of("192.0.2.10/32", 443);
	struct flow f = tcp(DIRECTION_FROM_DEVICE, "192.0.2.10", 50000, 443);
	struct bench b;

	bench_open(&b, &r, 1);
	assert_int_equal(judged(&b, f).kind, VERDICT_ALLOW);
	assert_int_equal(prepare_blocked(&b, &r, &block, 1), 0);
	struct verdict v = judged(&b, f);
	assert_int_equal(v.kind, VERDICT_VIOLATION);
	assert_int_equal(v.reason, REASON_TLS);
	assert_int_equal(v.rule, block.id);
	assert_int_equal(policy_rule(&b.policy, block.id)->action, RULE_DROP);
	assert_int_equal(policy_rule(&b.policy, 1)->action, RULE_ACCEPT);
	assert_null(policy_rule(&b.policy, POLICY_BLOCK_ID));
	says(&b, f,
		"Blocked: lamp -> 192.0.2.10 tcp 443. This conversation was ended and "
		"stays "
		"blocked: it offered TLS parameters that its TLS profile does not "
		"list.");
	/* the kernel reports a drop by default: nothing else was there to match */
	char buf[POLICY_EXPLAIN_MAX];
	v = (struct verdict){.kind = VERDICT_VIOLATION, .reason = REASON_DEFAULT_DENY};
	snprintf(block.detail, sizeof block.detail, "TLS 1.0 was offered");
	assert_int_equal(prepare_blocked(&b, &r, &block, 1), 0);
	policy_explain(
		&b.policy, &b.env, NULL, &f, &v, "lamp", "cloud.example.com", buf);
	assert_string_equal(buf, "Blocked: lamp -> 192.0.2.10 (cloud.example.com) tcp "
				 "443. This conversation "
				 "was ended and stays blocked: TLS 1.0 was offered.");
	f.peer_port = 80;
	assert_int_equal(judged(&b, f).reason, REASON_DEFAULT_DENY);
	pool_free(b.pool);
}

static void blocks_that_would_not_hold_are_refused(void **state)
{
	(void)state;
	struct rule r = rule_of(1, DIRECTION_FROM_DEVICE, PEER_ANY, 6);
	struct rule good = block_of("192.0.2.10/32", 443), bad = good;
	struct rule many[LIMIT_BLOCKS + 1];
	struct bench b;

	bench_open(&b, &r, 1);
	assert_int_equal(prepare_blocked(&b, &r, &good, 1), 0);
	bad.action = RULE_ACCEPT;
	assert_int_equal(prepare_blocked(&b, &r, &bad, 1), CARDEA_EMALFORMED);
	bad = good;
	bad.id = 2;
	assert_int_equal(prepare_blocked(&b, &r, &bad, 1), CARDEA_EMALFORMED);
	bad = good;
	bad.initiator = INITIATOR_PEER; /* forbids answers: nothing */
	assert_int_equal(prepare_blocked(&b, &r, &bad, 1), CARDEA_EMALFORMED);
	bad = good;
	bad.status = RULE_NOT_YET;
	assert_int_equal(prepare_blocked(&b, &r, &bad, 1), CARDEA_EMALFORMED);
	r.id = POLICY_BLOCK_ID;
	assert_int_equal(prepare_blocked(&b, &r, &good, 1), CARDEA_ELIMIT);
	r.id = 1;
	for (unsigned i = 0; i <= LIMIT_BLOCKS; i++) {
		many[i] = good;
		many[i].id = POLICY_BLOCK_ID + i;
	}
	assert_int_equal(prepare_blocked(&b, &r, many, LIMIT_BLOCKS), 0);
	assert_int_equal(
		prepare_blocked(&b, &r, many, LIMIT_BLOCKS + 1), CARDEA_ELIMIT);
	pool_free(b.pool);
}

static void prepare_quarantine(struct bench *b, const struct rule *rules, size_t count)
{
	const struct policy_input in = {
		.rules = rules, .count = count, .hold = HOLD_QUARANTINED};

	bench_open(b, rules, count);
	assert_int_equal(policy_prepare(b->pool, &in, &b->policy), 0);
}

static void quarantine_leaves_what_is_marked(void **state)
{
	(void)state;
	struct rule rules[3] = {
		rule_of(1, DIRECTION_FROM_DEVICE, PEER_PREFIX, FLOW_PROTO_TCP),
		rule_of(2, DIRECTION_FROM_DEVICE, PEER_PREFIX, FLOW_PROTO_TCP),
		rule_of(3, DIRECTION_FROM_DEVICE, PEER_PREFIX, FLOW_PROTO_TCP)};
	struct bench b;

	rules[0].peer.prefix = net("192.0.2.66/32");
	rules[0].action = RULE_DROP;
	rules[1].peer.prefix = net("192.0.2.0/24");
	rules[1].quarantine = true;
	rules[2].peer.prefix = net("203.0.113.7/32");
	prepare_quarantine(&b, rules, 3);
	assert_int_equal(
		judged(&b, tcp(DIRECTION_FROM_DEVICE, "192.0.2.1", 1, 80)).rule, 2);
	/* what is forbidden stays so */
	assert_int_equal(
		judged(&b, tcp(DIRECTION_FROM_DEVICE, "192.0.2.66", 1, 80)).rule, 1);
	struct flow dns = tcp(DIRECTION_FROM_DEVICE, "10.0.0.1", 1, 53);
	assert_int_equal(judged(&b, dns).kind, VERDICT_ALLOW);
	assert_int_equal(
		judged(&b, tcp(DIRECTION_FROM_DEVICE, "203.0.113.7", 1, 80)).kind,
		VERDICT_QUARANTINE);
	says(&b, tcp(DIRECTION_FROM_DEVICE, "203.0.113.7", 1, 80),
		"Blocked: lamp -> 203.0.113.7 tcp 80. The device is in quarantine: "
		"only this gateway's names and time stay open, and what repairs it. "
		"The manufacturer's profile "
		"says of "
		"this peer: may open TCP to 203.0.113.7. That rule is not enforced "
		"yet: "
		"switched off while in quarantine.");
	pool_free(b.pool);
}

/* The answers to a conversation that is switched off do not become an opening. */
static void quarantine_makes_no_openers(void **state)
{
	(void)state;
	struct rule pair[2] = {named(1, DIRECTION_FROM_DEVICE, "cloud.example.com",
				       FLOW_PROTO_UDP, 123),
		named(2, DIRECTION_TO_DEVICE, "cloud.example.com", FLOW_PROTO_UDP,
			123)};
	struct bench b;

	pair[1].quarantine = true;
	prepare_quarantine(&b, pair, 2);
	assert_int_equal(policy_rule(&b.policy, 1)->status, RULE_NOT_YET);
	assert_int_equal(policy_rule(&b.policy, 2)->status, RULE_REPLY_HALF);
	pool_free(b.pool);
}

static void approximated_rules_are_in_force(void **state)
{
	(void)state;
	struct rule r = rule_of(1, DIRECTION_FROM_DEVICE, PEER_ANY, FLOW_PROTO_TCP);
	struct bench b;

	r.status = RULE_APPROXIMATED;
	snprintf(r.detail, sizeof r.detail, "nearly");
	bench_open(&b, &r, 1);
	assert_int_equal(policy_rule(&b.policy, 1)->status, RULE_APPROXIMATED);
	assert_string_equal(policy_rule(&b.policy, 1)->detail, "nearly");
	assert_int_equal(
		judged(&b, tcp(DIRECTION_FROM_DEVICE, "192.0.2.1", 1, 80)).rule, 1);
	pool_free(b.pool);
	r.ethertype = 0x88e1; /* of frames, and so of no flow */
	bench_open(&b, &r, 1);
	assert_int_equal(
		judged(&b, tcp(DIRECTION_FROM_DEVICE, "192.0.2.1", 1, 80)).reason,
		REASON_DEFAULT_DENY);
	pool_free(b.pool);
}

static void ethertypes_are_checked(void **state)
{
	(void)state;
	static const int32_t bad[] = {0, 0x5ff, 0x0800, 0x86dd, 0x10000, -2};
	struct rule r = rule_of(1, DIRECTION_FROM_DEVICE, PEER_ANY, RULE_PROTO_ANY);
	struct pool *pool = pool_new("test", POLICY_POOL_BYTES);
	struct policy p;

	r.ethertype = 0x600;
	assert_int_equal(prepare(pool, &r, 1, &p), 0);
	r.peer.kind = PEER_LOCAL_NETWORKS;
	assert_int_equal(prepare(pool, &r, 1, &p), CARDEA_EMALFORMED);
	r.peer.kind = PEER_MAC;
	assert_int_equal(prepare(pool, &r, 1, &p), 0);
	assert_false(policy_uses_classes(&p)); /* its addresses do not matter */
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		r.ethertype = bad[i];
		assert_int_equal(prepare(pool, &r, 1, &p), CARDEA_EMALFORMED);
	}
	pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_class_is_who_belongs_to_it),
		cmocka_unit_test(who_is_link_local_reaches_what_is),
		cmocka_unit_test(an_empty_class_is_said),
		cmocka_unit_test(a_block_goes_before_all_rules),
		cmocka_unit_test(blocks_that_would_not_hold_are_refused),
		cmocka_unit_test(quarantine_leaves_what_is_marked),
		cmocka_unit_test(quarantine_makes_no_openers),
		cmocka_unit_test(approximated_rules_are_in_force),
		cmocka_unit_test(ethertypes_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
