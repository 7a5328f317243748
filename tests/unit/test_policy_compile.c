// SPDX-License-Identifier: GPL-2.0-or-later
/* What the compiler hands to the kernel, element by element, and the differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "policy/policy.h"
#include "policy/space_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KEPT_MAX 256

static struct element kept[KEPT_MAX];
static rule_id kept_rule[KEPT_MAX];
static size_t kept_count;

static int keep(void *ctx, const struct element *e, rule_id rule)
{
	(void)ctx;
	assert_true(kept_count < KEPT_MAX);
	assert_int_equal(element_check(e), 0);
	kept_rule[kept_count] = rule;
	kept[kept_count++] = *e;
	return 0;
}

static struct addr ip(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static bool denied_is_bound;

static bool has(void *ctx, const char *name, const struct addr *a)
{
	struct addr told = ip("192.0.2.10");

	(void)ctx;
	return (strcmp(name, "denied.example") != 0 || denied_is_bound) &&
	       addr_equal(a, &told);
}

static size_t addrs(void *ctx, const char *name, struct addr *out, size_t max)
{
	(void)ctx;
	if (!max || (!strcmp(name, "denied.example") && !denied_is_bound))
		return 0;
	out[0] = ip("192.0.2.10");
	return 1;
}

static const struct policy_names names = {.has = has, .addrs = addrs};

struct bench {
	struct pool *pool;
	struct policy policy;
	struct policy_env env;
	struct addr addrs[2];
	struct policy_device device;
};

static void bench_open(struct bench *b, const struct rule *rules, size_t count)
{
	const struct policy_input in = {.rules = rules, .count = count};

	memset(b, 0, sizeof *b);
	b->pool = pool_new("test", POLICY_POOL_BYTES);
	assert_int_equal(policy_prepare(b->pool, &in, &b->policy), 0);
	b->addrs[0] = ip("10.0.0.50");
	b->addrs[1] = ip("10.0.0.51");
	b->device = (struct policy_device){{{2, 0, 0, 0, 0, 1}}, b->addrs, 2};
	kept_count = 0;
}

static struct rule rule_to(
	rule_id id, enum peer_kind kind, const char *peer, int16_t proto)
{
	struct rule r;

	rule_init(&r);
	r.id = id;
	r.peer.kind = kind;
	r.proto = proto;
	if (kind == PEER_NAME)
		snprintf(r.peer.name, sizeof r.peer.name, "%s", peer);
	if (kind == PEER_PREFIX)
		assert_int_equal(prefix_parse(peer, &r.peer.prefix), 0);
	return r;
}

static void drop_makes_a_hole(void **state)
{
	(void)state;
	struct rule rules[2] = {rule_to(1, PEER_PREFIX, "192.0.2.4/30", RULE_PROTO_ANY),
		rule_to(2, PEER_PREFIX, "192.0.2.0/24", FLOW_PROTO_TCP)};
	struct bench b;
	struct addr a = ip("192.0.2.3"), z = ip("192.0.2.8");

	rules[0].action = RULE_DROP;
	bench_open(&b, rules, 2);
	assert_int_equal(
		policy_compile(&b.policy, &b.env, NULL, &b.device, keep, NULL), 0);
	assert_int_equal(kept_count, 2);
	assert_int_equal(kept[0].kind, ELEMENT_OUT_RANGE);
	assert_true(addr_equal(&kept[0].peer_hi, &a));
	assert_true(addr_equal(&kept[1].peer_lo, &z));
	assert_int_equal(kept[0].proto_lo, 6);
	assert_int_equal(kept[0].proto_hi, 6);
	assert_int_equal(kept[0].timeout_s, 0);
	assert_int_equal(kept_rule[1], 2);
	pool_free(b.pool);
}

static void inbound_is_per_address(void **state)
{
	(void)state;
	struct rule r = rule_to(1, PEER_GATEWAY, NULL, FLOW_PROTO_ICMP);
	struct addr gw = ip("10.0.0.1");
	struct bench b;

	r.direction = DIRECTION_TO_DEVICE;
	r.icmp_type = 8;
	bench_open(&b, &r, 1);
	assert_true(policy_env_add_gateway(&b.env, &gw));
	assert_int_equal(
		policy_compile(&b.policy, &b.env, NULL, &b.device, keep, NULL), 0);
	/* the base layer's four to the gateway come first */
	assert_int_equal(kept_count, 6);
	for (unsigned i = 4; i < 6; i++) {
		assert_int_equal(kept[i].kind, ELEMENT_IN_RANGE);
		assert_true(addr_equal(&kept[i].device, &b.addrs[i - 4]));
		assert_int_equal(kept[i].peer_port.lo, 0x0800);
		assert_int_equal(kept[i].peer_port.hi, 0x08ff);
		assert_int_equal(kept[i].device_port.hi, UINT16_MAX);
	}
	pool_free(b.pool);
}

static int bind(struct bench *b, const char *name)
{
	struct addr peer = ip("192.0.2.10");

	kept_count = 0;
	return policy_compile_binding(
		&b->policy, &b->env, &names, &b->device, name, &peer, 700, keep, NULL);
}

static void name_with_one_port_is_exact(void **state)
{
	(void)state;
	struct rule r = rule_to(1, PEER_NAME, "cloud.example", FLOW_PROTO_TCP);
	struct bench b;

	r.peer_port = (struct range16){443, 443};
	bench_open(&b, &r, 1);
	assert_int_equal(
		policy_compile(&b.policy, &b.env, &names, &b.device, keep, NULL), 0);
	assert_int_equal(kept_count, 0);
	assert_int_equal(bind(&b, "cloud.example"), 0);
	assert_int_equal(kept_count, 1);
	assert_int_equal(kept[0].kind, ELEMENT_OUT);
	assert_int_equal(kept[0].timeout_s, 700);
	assert_int_equal(bind(&b, "other.example"), 0);
	assert_int_equal(kept_count, 0);
	pool_free(b.pool);
}

static void names_that_share_an_address_agree(void **state)
{
	(void)state;
	struct rule rules[2] = {rule_to(1, PEER_NAME, "a.example", FLOW_PROTO_UDP),
		rule_to(2, PEER_NAME, "b.example", FLOW_PROTO_UDP)};
	struct element first[8];
	struct bench b;

	rules[0].peer_port = (struct range16){1000, 3000};
	rules[1].peer_port = (struct range16){2000, 4000};
	bench_open(&b, rules, 2);
	assert_int_equal(bind(&b, "a.example"), 0);
	assert_int_equal(kept_count, 2);
	memcpy(first, kept, sizeof first);
	assert_int_equal(bind(&b, "b.example"), 0);
	assert_int_equal(kept_count, 2);
	unsigned same = 0;
	for (unsigned i = 0; i < 2; i++)
		for (unsigned j = 0; j < 2; j++)
			same += element_compare(&first[i], &kept[j]) == 0;
	assert_int_equal(same, 1); /* 2000-3000 */
	pool_free(b.pool);
}

static void literal_rules_come_before_bindings(void **state)
{
	(void)state;
	struct rule rules[3] = {
		rule_to(1, PEER_PREFIX, "192.0.2.10/32", FLOW_PROTO_TCP),
		rule_to(2, PEER_NAME, "cloud.example", FLOW_PROTO_TCP),
		rule_to(3, PEER_PREFIX, "192.0.2.0/24", FLOW_PROTO_TCP)};
	struct bench b;

	rules[0].action = RULE_DROP;
	rules[0].device_port = (struct range16){0, 1023};
	rules[1].peer_port = (struct range16){443, 443};
	rules[2].action = RULE_DROP;
	bench_open(&b, rules, 3);
	assert_int_equal(bind(&b, "cloud.example"), 0);
	assert_int_equal(kept_count, 1); /* in part forbidden: no longer exact */
	assert_int_equal(kept[0].kind, ELEMENT_OUT_RANGE);
	assert_int_equal(kept[0].device_port.lo, 1024);
	assert_int_equal(kept[0].device_port.hi, UINT16_MAX);
	pool_free(b.pool);
	rules[0].device_port = (struct range16){0, UINT16_MAX};
	bench_open(&b, rules, 3);
	assert_int_equal(bind(&b, "cloud.example"), 0);
	assert_int_equal(kept_count, 0); /* wholly forbidden */
	pool_free(b.pool);
	rules[0].action = RULE_ACCEPT;
	bench_open(&b, rules, 3);
	assert_int_equal(bind(&b, "cloud.example"), 0);
	assert_int_equal(kept_count, 0); /* wholly allowed already */
	pool_free(b.pool);
}

static void denied_name_holes_what_follows(void **state)
{
	(void)state;
	struct rule rules[2] = {rule_to(1, PEER_NAME, "denied.example", RULE_PROTO_ANY),
		rule_to(2, PEER_PREFIX, "192.0.2.10/31", RULE_PROTO_ANY)};
	struct bench b;

	rules[0].action = RULE_DROP;
	bench_open(&b, rules, 2);
	assert_true(policy_denies_name(&b.policy, "denied.example"));
	denied_is_bound = false;
	assert_int_equal(
		policy_compile(&b.policy, &b.env, &names, &b.device, keep, NULL), 0);
	assert_int_equal(kept_count, 1);
	assert_false(addr_equal(&kept[0].peer_lo, &kept[0].peer_hi));
	denied_is_bound = true;
	kept_count = 0;
	assert_int_equal(
		policy_compile(&b.policy, &b.env, &names, &b.device, keep, NULL), 0);
	assert_int_equal(kept_count, 1);
	assert_true(addr_equal(&kept[0].peer_lo, &kept[0].peer_hi));
	pool_free(b.pool);
}

static int refuse(void *ctx, const struct element *e, rule_id rule)
{
	(void)ctx;
	(void)e;
	(void)rule;
	return -EPIPE;
}

static void limits_and_refusals_are_reported(void **state)
{
	(void)state;
	static struct rule rules[LIMIT_RULES];
	struct rule one = rule_to(1, PEER_NAME, "cloud.example", FLOW_PROTO_UDP);
	struct bench b;

	/* a grid: 1000 device ports across, then 1000 peer ports: too many cells */
	for (unsigned i = 0; i < 1000; i++) {
		rules[i] = rule_to(i + 1, PEER_ANY, NULL, FLOW_PROTO_TCP);
		rules[i].action = RULE_DROP;
		rules[i].device_port =
			(struct range16){(uint16_t)(2 * i), (uint16_t)(2 * i)};
		rules[i + 1000] = rule_to(i + 1001, PEER_ANY, NULL, FLOW_PROTO_TCP);
		rules[i + 1000].peer_port =
			(struct range16){(uint16_t)(2 * i), (uint16_t)(2 * i)};
	}
	bench_open(&b, rules, 2000);
	int r = policy_compile(&b.policy, &b.env, NULL, &b.device, keep, NULL);
	assert_int_equal(r, CARDEA_ELIMIT);
	pool_free(b.pool);
	bench_open(&b, &one, 1);
	struct addr peer = ip("192.0.2.10"), gw = ip("10.0.0.1");
	assert_int_equal(policy_compile_binding(&b.policy, &b.env, NULL, &b.device,
				 "cloud.example", &peer, 1, refuse, NULL),
		-EPIPE);
	assert_true(policy_env_add_gateway(&b.env, &gw));
	assert_int_equal(
		policy_compile(&b.policy, &b.env, NULL, &b.device, refuse, NULL),
		-EPIPE);
	pool_free(b.pool);
}

static void space_is_bounded(void **state)
{
	(void)state;
	struct pool *pool = pool_new("test", 64);
	struct box all = box_all(6), hole = all;
	struct space s;

	space_init(&s, pool, 4);
	assert_int_equal(space_push(&s, &all), -ENOMEM);
	pool_free(pool);
	pool = pool_new("test", 1 << 20);
	space_init(&s, pool, 1);
	assert_int_equal(space_push(&s, &all), 0);
	assert_int_equal(space_push(&s, &all), CARDEA_ELIMIT);
	hole.proto_lo = hole.proto_hi = 6;
	assert_int_equal(space_subtract(&s, &hole), CARDEA_ELIMIT);
	pool_free(pool);
}

static void witness_is_inside(void **state)
{
	(void)state;
	struct addr device = ip("10.0.0.50");
	struct box b = box_all(4);
	struct flow f;

	b.proto_lo = 6;
	b.device_port.lo = 7;
	b.peer_port.lo = 9;
	f = box_witness(&b, DIRECTION_FROM_DEVICE, &device);
	assert_int_equal(f.device_port, 7);
	assert_int_equal(f.peer_port, 9);
	b.proto_lo = 1;
	b.device_port.lo = 0x0305;
	f = box_witness(&b, DIRECTION_FROM_DEVICE, &device);
	assert_int_equal(f.icmp_type, 3);
	assert_int_equal(f.icmp_code, 5);
	f = box_witness(&b, DIRECTION_TO_DEVICE, &device);
	assert_int_equal(f.icmp_type, 0);
	assert_int_equal(f.icmp_code, 9);
	b.proto_lo = 58;
	assert_int_equal(box_witness(&b, DIRECTION_TO_DEVICE, &device).icmp_code, 9);
	b.proto_lo = 47;
	assert_int_equal(box_witness(&b, DIRECTION_TO_DEVICE, &device).device_port, 0);
}

static char changes[64];

static int removed(void *ctx, const struct element *e)
{
	(void)ctx;
	snprintf(changes + strlen(changes), 8, "-%u", e->device.b[3]);
	return 0;
}

static int added(void *ctx, const struct element *e)
{
	snprintf(changes + strlen(changes), 8, "+%u", e->device.b[3]);
	return ctx ? -EPIPE : 0;
}

static struct element owned(uint8_t n, uint32_t timeout)
{
	const uint8_t b[4] = {10, 0, 0, n};

	return (struct element){.kind = ELEMENT_OWNED,
		.family = 4,
		.device = addr_v4(b),
		.timeout_s = timeout};
}

static void diff_merges(void **state)
{
	(void)state;
	struct element before[] = {owned(1, 0), owned(2, 5), owned(4, 0), owned(6, 0)};
	struct element after[] = {owned(2, 9), owned(3, 0), owned(4, 0), owned(7, 0)};

	changes[0] = 0;
	assert_int_equal(policy_diff(before, 4, after, 4, removed, added, NULL), 0);
	assert_string_equal(changes, "-1+2+3-6+7");
	changes[0] = 0;
	assert_int_equal(policy_diff(NULL, 0, after, 4, removed, added, after), -EPIPE);
	assert_string_equal(changes, "+2");
	changes[0] = 0;
	assert_int_equal(policy_diff(before, 4, NULL, 0, removed, added, NULL), 0);
	assert_string_equal(changes, "-1-2-4-6");
}

/* Two neighbours, one twice, a lone one, and IPv6 of both kinds. */
static size_t members(void *ctx, const struct peer *p, struct addr *out, size_t max)
{
	static const char *const all[] = {"10.0.0.3", "10.0.0.9", "10.0.0.2",
		"10.0.0.3", "fe80::7", "2001:db8::7"};
	size_t n = 0;

	(void)ctx;
	if (p->kind != PEER_CONTROLLER || strcmp(p->name, "urn:hub") != 0)
		return 0;
	for (; n < sizeof all / sizeof *all && n < max; n++)
		out[n] = ip(all[n]);
	return n;
}

static const struct policy_names house = {
	.has = has, .addrs = addrs, .members = members};

static struct rule hub_rule(rule_id id, enum direction d)
{
	struct rule r = rule_to(id, PEER_CONTROLLER, NULL, FLOW_PROTO_TCP);

	r.direction = d;
	snprintf(r.peer.name, sizeof r.peer.name, "urn:hub");
	if (d == DIRECTION_FROM_DEVICE)
		r.peer_port = (struct range16){443, 443};
	else
		r.device_port = (struct range16){80, 80};
	return r;
}

static unsigned count_kind(enum element_kind kind, uint8_t family)
{
	unsigned n = 0;

	for (size_t i = 0; i < kept_count; i++)
		n += kept[i].kind == kind && kept[i].family == family;
	return n;
}

static void class_is_its_members(void **state)
{
	(void)state;
	struct rule r = hub_rule(1, DIRECTION_FROM_DEVICE);
	struct addr two = ip("10.0.0.2"), three = ip("10.0.0.3");
	struct bench b;

	r.peer_port = (struct range16){443, 444};
	bench_open(&b, &r, 1);
	assert_true(policy_uses_classes(&b.policy));
	assert_true(policy_uses_peer(&b.policy, PEER_CONTROLLER));
	assert_false(policy_uses_peer(&b.policy, PEER_MODEL));
	assert_int_equal(
		policy_compile(&b.policy, &b.env, &house, &b.device, keep, NULL), 0);
	assert_int_equal(kept_count, 4);
	assert_int_equal(kept[0].kind, ELEMENT_OUT_RANGE); /* neighbours */
	assert_true(addr_equal(&kept[0].peer_lo, &two));
	assert_true(addr_equal(&kept[0].peer_hi, &three));
	assert_int_equal(count_kind(ELEMENT_OUT_RANGE, 4), 2);
	assert_int_equal(count_kind(ELEMENT_OUT_RANGE, 6), 2);
	assert_int_equal(kept[1].timeout_s, 0);
	kept_count = 0;
	assert_int_equal(
		policy_compile(&b.policy, &b.env, &names, &b.device, keep, NULL), 0);
	assert_int_equal(kept_count, 0); /* nobody knows any */
	pool_free(b.pool);
}

/* What has hashes in the kernel is not made a range that changes with each member. */
static void members_of_one_port_stay_apart(void **state)
{
	(void)state;
	struct rule r = hub_rule(1, DIRECTION_FROM_DEVICE);
	struct bench b;

	bench_open(&b, &r, 1);
	assert_int_equal(
		policy_compile(&b.policy, &b.env, &house, &b.device, keep, NULL), 0);
	assert_int_equal(kept_count, 5);
	assert_int_equal(count_kind(ELEMENT_OUT, 4), 3);
	assert_int_equal(count_kind(ELEMENT_OUT, 6), 2);
	pool_free(b.pool);
}

static void members_reach_addresses_of_their_kind(void **state)
{
	(void)state;
	struct rule r = hub_rule(1, DIRECTION_TO_DEVICE);
	struct addr addrs6[3] = {
		ip("fe80::50"), ip("2001:db8::50"), ip("2001:db8::51")};
	struct bench b;

	bench_open(&b, &r, 1);
	b.device = (struct policy_device){b.device.mac, addrs6, 3};
	assert_int_equal(
		policy_compile(&b.policy, &b.env, &house, &b.device, keep, NULL), 0);
	assert_int_equal(kept_count, 3);
	assert_int_equal(count_kind(ELEMENT_IN, 6), 3);
	for (size_t i = 0; i < kept_count; i++)
		assert_int_equal(addr_is_link_local(&kept[i].device),
			addr_is_link_local(&kept[i].peer_lo));
	/* a range with both kinds in it is for both */
	pool_free(b.pool);
	r = rule_to(1, PEER_PREFIX, "::/0", FLOW_PROTO_TCP);
	r.direction = DIRECTION_TO_DEVICE;
	bench_open(&b, &r, 1);
	b.device = (struct policy_device){b.device.mac, addrs6, 3};
	assert_int_equal(
		policy_compile(&b.policy, &b.env, &house, &b.device, keep, NULL), 0);
	assert_int_equal(count_kind(ELEMENT_IN_RANGE, 6), 3);
	pool_free(b.pool);
}

static void exact_to_the_device_is_a_look_up(void **state)
{
	(void)state;
	struct rule rules[2] = {rule_to(1, PEER_PREFIX, "192.0.2.9/32", FLOW_PROTO_UDP),
		rule_to(2, PEER_NAME, "cloud.example", FLOW_PROTO_UDP)};
	struct bench b;

	for (unsigned i = 0; i < 2; i++) {
		rules[i].direction = DIRECTION_TO_DEVICE;
		rules[i].device_port = (struct range16){5000, 5000};
	}
	bench_open(&b, rules, 2);
	assert_int_equal(
		policy_compile(&b.policy, &b.env, &names, &b.device, keep, NULL), 0);
	assert_int_equal(kept_count, 2); /* the device has two addresses */
	assert_int_equal(count_kind(ELEMENT_IN, 4), 2);
	assert_int_equal(kept[0].device_port.lo, 5000);
	assert_int_equal(bind(&b, "cloud.example"), 0);
	assert_int_equal(count_kind(ELEMENT_IN, 4), 2);
	assert_int_equal(kept[0].timeout_s, 700);
	pool_free(b.pool);
	rules[0].peer_port = (struct range16){1024, 65535}; /* of some clients only */
	bench_open(&b, rules, 1);
	assert_int_equal(
		policy_compile(&b.policy, &b.env, &names, &b.device, keep, NULL), 0);
	assert_int_equal(count_kind(ELEMENT_IN_RANGE, 4), 2);
	pool_free(b.pool);
}

static void class_that_covers_needs_no_binding(void **state)
{
	(void)state;
	struct rule rules[2] = {hub_rule(1, DIRECTION_FROM_DEVICE),
		rule_to(2, PEER_NAME, "cloud.example", FLOW_PROTO_TCP)};
	struct addr member = ip("10.0.0.9");
	struct bench b;

	rules[1].peer_port = (struct range16){443, 443};
	bench_open(&b, rules, 2);
	kept_count = 0;
	assert_int_equal(policy_compile_binding(&b.policy, &b.env, &house, &b.device,
				 "cloud.example", &member, 700, keep, NULL),
		0);
	assert_int_equal(kept_count, 0); /* it would give a timeout to what stays */
	rules[0].action = RULE_DROP;
	pool_free(b.pool);
	bench_open(&b, rules, 2);
	assert_int_equal(policy_compile_binding(&b.policy, &b.env, &house, &b.device,
				 "cloud.example", &member, 700, keep, NULL),
		0);
	assert_int_equal(kept_count, 0); /* forbidden */
	pool_free(b.pool);
}

static void block_holes_everything(void **state)
{
	(void)state;
	struct rule r = rule_to(1, PEER_NAME, "cloud.example", FLOW_PROTO_TCP);
	struct rule block = rule_to(
		POLICY_BLOCK_ID + 4, PEER_PREFIX, "192.0.2.10/32", FLOW_PROTO_TCP);
	struct policy_input in = {
		.rules = &r, .count = 1, .blocks = &block, .block_count = 1};
	struct bench b;

	r.peer_port = block.peer_port = (struct range16){443, 443};
	block.action = RULE_DROP;
	bench_open(&b, &r, 1);
	assert_int_equal(bind(&b, "cloud.example"), 0);
	assert_int_equal(kept_count, 1);
	assert_int_equal(policy_prepare(b.pool, &in, &b.policy), 0);
	assert_int_equal(bind(&b, "cloud.example"), 0);
	assert_int_equal(kept_count, 0);
	assert_ptr_equal(policy_rule(&b.policy, block.id), &b.policy.blocks[0]);
	pool_free(b.pool);
}

static struct rule ether_rule(rule_id id, enum rule_action action, uint8_t mac)
{
	struct rule r = rule_to(id, mac ? PEER_MAC : PEER_ANY, NULL, RULE_PROTO_ANY);

	r.action = action;
	r.ethertype = 0x88e1;
	if (mac)
		r.peer.mac = (struct mac){{2, 0, 0, 0, 0, mac}};
	return r;
}

static size_t ether_elements(const struct rule *rules, size_t count, struct bench *b)
{
	bench_open(b, rules, count);
	assert_int_equal(
		policy_compile(&b->policy, &b->env, NULL, &b->device, keep, NULL), 0);
	return kept_count;
}

static void frames_that_are_not_ip(void **state)
{
	(void)state;
	struct rule rules[3] = {ether_rule(1, RULE_ACCEPT, 7),
		ether_rule(2, RULE_DROP, 8), ether_rule(3, RULE_ACCEPT, 0)};
	struct bench b;

	assert_int_equal(ether_elements(rules, 2, &b), 1);
	assert_int_equal(kept[0].kind, ELEMENT_ETHER_OUT);
	assert_int_equal(kept[0].ether_type, 0x88e1);
	assert_int_equal(kept[0].peer_mac_lo.b[5], 7);
	assert_int_equal(kept[0].peer_mac_hi.b[5], 7);
	pool_free(b.pool);
	/* all but one cannot be said */
	assert_int_equal(ether_elements(rules, 3, &b), 1);
	assert_int_equal(policy_rule(&b.policy, 3)->status, RULE_NOT_YET);
	assert_non_null(strstr(policy_rule(&b.policy, 3)->detail, "to one or to all"));
	pool_free(b.pool);
	/* ... but what was allowed before is not forbidden later */
	rules[1].peer.mac.b[5] = 7;
	assert_int_equal(ether_elements(rules, 3, &b), 1);
	assert_int_equal(kept_rule[0], 3); /* all, and the one is among them */
	assert_int_equal(kept[0].peer_mac_lo.b[0], 0);
	assert_int_equal(kept[0].peer_mac_hi.b[0], 0xff);
	pool_free(b.pool);
	rules[0].action = RULE_DROP;
	rules[0].peer.kind = PEER_ANY;
	assert_int_equal(ether_elements(rules, 3, &b), 0);
	pool_free(b.pool);
	rules[0] = ether_rule(1, RULE_ACCEPT, 7);
	rules[0].direction = DIRECTION_TO_DEVICE;
	assert_int_equal(ether_elements(rules, 1, &b), 1);
	assert_int_equal(kept[0].kind, ELEMENT_ETHER_IN);
	pool_free(b.pool);
	rules[0].ethertype = 0x0806;
	rules[0].action = RULE_DROP;
	assert_int_equal(ether_elements(rules, 1, &b), 0);
	assert_int_equal(policy_rule(&b.policy, 1)->status, RULE_UNENFORCEABLE);
	pool_free(b.pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drop_makes_a_hole),
		cmocka_unit_test(inbound_is_per_address),
		cmocka_unit_test(name_with_one_port_is_exact),
		cmocka_unit_test(names_that_share_an_address_agree),
		cmocka_unit_test(literal_rules_come_before_bindings),
		cmocka_unit_test(denied_name_holes_what_follows),
		cmocka_unit_test(limits_and_refusals_are_reported),
		cmocka_unit_test(space_is_bounded),
		cmocka_unit_test(witness_is_inside),
		cmocka_unit_test(diff_merges),
		cmocka_unit_test(class_is_its_members),
		cmocka_unit_test(members_of_one_port_stay_apart),
		cmocka_unit_test(members_reach_addresses_of_their_kind),
		cmocka_unit_test(exact_to_the_device_is_a_look_up),
		cmocka_unit_test(class_that_covers_needs_no_binding),
		cmocka_unit_test(block_holes_everything),
		cmocka_unit_test(frames_that_are_not_ip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
