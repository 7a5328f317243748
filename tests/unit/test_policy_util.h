// SPDX-License-Identifier: GPL-2.0-or-later
/* test_policy_util - rules, flows and a small house for the tests of policy. */
#ifndef CARDEA_TEST_POLICY_UTIL_H
#define CARDEA_TEST_POLICY_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "policy/policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static inline struct addr ip(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static inline struct prefix net(const char *text)
{
	struct prefix p;

	assert_int_equal(prefix_parse(text, &p), 0);
	return p;
}

static inline struct rule rule_of(
	rule_id id, enum direction d, enum peer_kind peer, int16_t proto)
{
	struct rule r;

	rule_init(&r);
	r.id = id;
	r.direction = d;
	r.peer.kind = peer;
	r.proto = proto;
	r.layer = LAYER_MANUFACTURER;
	snprintf(r.acl, sizeof r.acl, "acl");
	snprintf(r.ace, sizeof r.ace, "ace-%u", id);
	r.line = 10 * id;
	return r;
}

static inline struct rule named(rule_id id, enum direction d, const char *name,
	int16_t proto, uint16_t peer_port)
{
	struct rule r = rule_of(id, d, PEER_NAME, proto);

	snprintf(r.peer.name, sizeof r.peer.name, "%s", name);
	r.peer_port = (struct range16){peer_port, peer_port};
	return r;
}

static inline struct flow tcp(
	enum direction d, const char *peer, uint16_t device_port, uint16_t peer_port)
{
	struct flow f = {.direction = d,
		.peer = ip(peer),
		.proto = FLOW_PROTO_TCP,
		.device_port = device_port,
		.peer_port = peer_port};

	f.device = f.peer.family == 4 ? ip("10.0.0.50") : ip("2001:db8::50");
	return f;
}

static inline bool cloud_has(void *ctx, const char *name, const struct addr *a)
{
	struct addr cloud = ip("192.0.2.10");

	(void)ctx;
	return !strcmp(name, "cloud.example.com") && addr_equal(a, &cloud);
}

static inline size_t cloud_addrs(
	void *ctx, const char *name, struct addr *out, size_t max)
{
	(void)ctx;
	if (strcmp(name, "cloud.example.com") != 0 || !max)
		return 0;
	out[0] = ip("192.0.2.10");
	return 1;
}

static const struct policy_names cloud = {.has = cloud_has, .addrs = cloud_addrs};

static inline int prepare(
	struct pool *pool, const struct rule *rules, size_t count, struct policy *ret)
{
	const struct policy_input in = {.rules = rules, .count = count};

	return policy_prepare(pool, &in, ret);
}

struct bench {
	struct pool *pool;
	struct policy policy;
	struct policy_env env;
};

static inline void bench_open(struct bench *b, const struct rule *rules, size_t count)
{
	struct prefix lan = net("10.0.0.0/24");
	struct addr gw = ip("10.0.0.1");

	memset(b, 0, sizeof *b);
	b->pool = pool_new("test", POLICY_POOL_BYTES);
	assert_non_null(b->pool);
	assert_int_equal(prepare(b->pool, rules, count, &b->policy), 0);
	assert_true(policy_env_add_lan(&b->env, &lan));
	assert_true(policy_env_add_gateway(&b->env, &gw));
}

static inline struct verdict judge(const struct bench *b, struct flow f)
{
	struct verdict v;

	policy_evaluate(&b->policy, &b->env, &cloud, &f, &v);
	return v;
}

static inline struct flow icmp6(enum direction d, uint8_t type)
{
	struct flow f = tcp(d, "fe80::1", 0, 0);

	f.proto = FLOW_PROTO_ICMP6;
	f.icmp_type = type;
	return f;
}

#endif
