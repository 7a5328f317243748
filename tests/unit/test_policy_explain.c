// SPDX-License-Identifier: GPL-2.0-or-later
/* The sentences that owners read. */
#include "unit/test_policy_util.h"

static void says(
	const struct bench *b, struct flow f, const char *name, const char *expected)
{
	char buf[POLICY_EXPLAIN_MAX];
	struct verdict v = judge(b, f);

	policy_explain(&b->policy, &b->env, &cloud, &f, &v, "camera", name, buf);
	assert_string_equal(buf, expected);
}

static void explains(void **state)
{
	(void)state;
	struct rule rules[4] = {
		named(1, DIRECTION_FROM_DEVICE, "cloud.example.com", FLOW_PROTO_TCP,
			443),
		named(2, DIRECTION_FROM_DEVICE, "cloud.example.com", FLOW_PROTO_UDP,
			443),
		rule_of(3, DIRECTION_FROM_DEVICE, PEER_PREFIX, FLOW_PROTO_TCP),
		rule_of(4, DIRECTION_TO_DEVICE, PEER_LOCAL_NETWORKS, FLOW_PROTO_TCP),
	};
	struct bench b;

	rules[2].peer.prefix = net("203.0.113.7/32");
	rules[2].action = RULE_DROP;
	rules[3].device_port = (struct range16){80, 81};
	bench_open(&b, rules, 4);
	says(&b, tcp(DIRECTION_FROM_DEVICE, "198.51.100.66", 1, 4444), "c2.example",
		"Blocked: camera -> 198.51.100.66 (c2.example) tcp 4444. The "
		"manufacturer's profile lists 1 destination; this is not one.");
	says(&b, tcp(DIRECTION_FROM_DEVICE, "192.0.2.10", 1, 80), "cloud.example.com",
		"Blocked: camera -> 192.0.2.10 (cloud.example.com) tcp 80. The "
		"manufacturer's profile says of this peer: may open TCP to "
		"cloud.example.com port 443.");
	says(&b, tcp(DIRECTION_FROM_DEVICE, "192.0.2.10", 1, 443), "cloud.example.com",
		"Allowed: camera -> 192.0.2.10 (cloud.example.com) tcp 443. The "
		"manufacturer's profile, rule 1 (ace-1, line 10): may open TCP to "
		"cloud.example.com port 443.");
	says(&b, tcp(DIRECTION_FROM_DEVICE, "203.0.113.7", 1, 22), NULL,
		"Blocked: camera -> 203.0.113.7 tcp 22. The manufacturer's profile, "
		"rule 3 (ace-3, line 30): must not open TCP to 203.0.113.7.");
	says(&b, tcp(DIRECTION_TO_DEVICE, "192.0.2.9", 23, 4000), NULL,
		"Blocked: 192.0.2.9 -> camera tcp 23. The manufacturer's profile lets "
		"1 "
		"peer open conversations to it; this is not one.");
	says(&b, tcp(DIRECTION_TO_DEVICE, "10.0.0.1", 23, 4000), NULL,
		"Blocked: 10.0.0.1 (this gateway) -> camera tcp 23. The manufacturer's "
		"profile says of this peer: may receive TCP from the local network on "
		"its ports 80-81.");
	says(&b, tcp(DIRECTION_FROM_DEVICE, "10.0.0.1", 23, 53), NULL,
		"Allowed: camera -> 10.0.0.1 (this gateway) tcp 53. Every device may "
		"open TCP to this gateway's DNS port 53 (RFC 8520).");
	says(&b, icmp6(DIRECTION_FROM_DEVICE, 134), "evil\x1b[2J",
		"Blocked: camera -> fe80::1 (evil\\x1b[2J) icmpv6 type 134 code 0. A "
		"device must not act as router or DHCP server.");
	says(&b, icmp6(DIRECTION_FROM_DEVICE, 135), NULL,
		"Allowed: camera -> fe80::1 (local network) icmpv6 type 135 code 0. "
		"Every device needs this to have an address.");
	pool_free(b.pool);
}

static void explains_other_reasons(void **state)
{
	(void)state;
	static const struct {
		struct verdict v;
		const char *has;
	} cases[] = {
		{{VERDICT_VIOLATION, REASON_SPOOFED, 0, 0}, "not the device's own"},
		{{VERDICT_VIOLATION, REASON_FRAGMENT, 0, 0}, "fragment"},
		{{VERDICT_VIOLATION, REASON_MALFORMED, 0, 0}, "contradicts"},
		{{VERDICT_QUARANTINE, REASON_NONE, 0, 0}, "in quarantine"},
		{{VERDICT_ALLOW, REASON_REPLY, 1, 0}, "allowed to start"},
		{{VERDICT_VIOLATION, REASON_DEFAULT_DENY, 0, 0},
			"lists no destinations"},
	};
	struct flow f = tcp(DIRECTION_FROM_DEVICE, "192.0.2.9", 1, 2);
	char buf[POLICY_EXPLAIN_MAX], label[600];
	struct bench b;

	bench_open(&b, NULL, 0);
	f.proto = 200;
	memset(label, '\xff', sizeof label);
	label[sizeof label - 1] = 0;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		policy_explain(
			&b.policy, &b.env, &cloud, &f, &cases[i].v, label, label, buf);
		assert_non_null(strstr(buf, cases[i].has));
		assert_non_null(strstr(buf, "protocol 200"));
	}
	f.direction = DIRECTION_TO_DEVICE;
	policy_explain(&b.policy, &b.env, &cloud, &f, &cases[5].v, "x", NULL, buf);
	assert_non_null(strstr(buf, "lets nobody open conversations"));
	pool_free(b.pool);
}

static void explains_in_the_voice_of_each_layer(void **state)
{
	(void)state;
	static const struct {
		enum layer layer;
		const char *says;
	} voices[] = {
		{LAYER_LEARNED, "The learned profile, rule 1: may open TCP to"},
		{LAYER_CROWD, "The shared profile, rule 1: may open TCP to"},
		{LAYER_OWNER, "Your own rules, rule 1: may open TCP to"},
		{LAYER_MAX, "The profile, rule 1: may open TCP to"},
	};
	struct rule r = rule_of(1, DIRECTION_FROM_DEVICE, PEER_LOCAL_NETWORKS, 6);
	struct verdict gone = {
		.kind = VERDICT_ALLOW, .reason = REASON_RULE, .rule = 99};
	struct flow f = tcp(DIRECTION_FROM_DEVICE, "10.0.0.9", 1, 80);
	char buf[POLICY_EXPLAIN_MAX];
	struct bench b;

	r.ace[0] = 0;
	for (size_t i = 0; i < sizeof voices / sizeof *voices; i++) {
		r.layer = voices[i].layer;
		bench_open(&b, &r, 1);
		struct verdict v = judge(&b, f);
		policy_explain(&b.policy, &b.env, &cloud, &f, &v, "lamp", NULL, buf);
		assert_non_null(strstr(buf, voices[i].says));
		policy_explain(&b.policy, &b.env, &cloud, &f, &gone, "lamp", NULL, buf);
		assert_null(strstr(buf, "rule"));
		pool_free(b.pool);
	}
}

static void explains_what_is_listed_otherwise(void **state)
{
	(void)state;
	struct rule rules[3] = {
		rule_of(1, DIRECTION_FROM_DEVICE, PEER_PREFIX, FLOW_PROTO_TCP),
		rule_of(2, DIRECTION_FROM_DEVICE, PEER_LOCAL_NETWORKS, 132),
		named(3, DIRECTION_FROM_DEVICE, "a.example", FLOW_PROTO_TCP, 443),
	};
	struct bench b;

	rules[0].peer.prefix = net("203.0.113.0/24");
	rules[0].peer_port = (struct range16){443, 443};
	rules[0].family = 4;
	rules[1].peer_port = (struct range16){9, 9}; /* not enforced yet */
	rules[2].line = 0;
	bench_open(&b, rules, 3);
	says(&b, tcp(DIRECTION_FROM_DEVICE, "203.0.113.7", 1, 80), NULL,
		"Blocked: camera -> 203.0.113.7 tcp 80. The manufacturer's profile "
		"says of "
		"this peer: may open TCP to 203.0.113.0/24 port 443 (IPv4).");
	says(&b, tcp(DIRECTION_FROM_DEVICE, "10.0.0.7", 1, 80), NULL,
		"Blocked: camera -> 10.0.0.7 (local network) tcp 80. The "
		"manufacturer's "
		"profile says of this peer: may send IP protocol 132 to the local "
		"network "
		"port 9. That rule is not enforced yet: ports are understood for TCP "
		"and "
		"UDP only.");
	says(&b, tcp(DIRECTION_FROM_DEVICE, "192.0.2.7", 1, 80), "b.example",
		"Blocked: camera -> 192.0.2.7 (b.example) tcp 80. The manufacturer's "
		"profile lists 3 destinations; this is not one.");
	pool_free(b.pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(explains),
		cmocka_unit_test(explains_other_reasons),
		cmocka_unit_test(explains_in_the_voice_of_each_layer),
		cmocka_unit_test(explains_what_is_listed_otherwise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
