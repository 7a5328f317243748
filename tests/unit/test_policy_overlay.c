// SPDX-License-Identifier: GPL-2.0-or-later
/* What the owner says, as layers over a profile, and what is left of it. */
#include "unit/test_policy_util.h"

#define OUT DIRECTION_FROM_DEVICE
#define IN DIRECTION_TO_DEVICE

struct bed {
	struct pool *pool;
	struct policy policy;
	struct policy_env env;
	struct overlay said[4];
	size_t count;
};

static struct overlay said(enum overlay_kind kind, const char *peer)
{
	static uint32_t id;
	struct overlay o = {.id = ++id, .kind = kind, .proto = RULE_PROTO_ANY,
		.port = {0, UINT16_MAX}};

	if (peer)
		assert_true(overlay_peer_parse(peer, &o.peer));
	return o;
}

static void lay(struct bed *b, const struct rule *file, size_t rules,
	const struct overlay *list, size_t count)
{
	struct policy_layer layers[POLICY_OVERLAY_LAYERS + 1];
	struct prefix lan = net("10.0.0.0/24");
	struct addr gw = ip("10.0.0.1");
	struct policy_input in;
	size_t n = 0;

	memset(b, 0, sizeof *b);
	b->pool = pool_new("test", 3 * POLICY_POOL_BYTES);
	assert_true(policy_env_add_lan(&b->env, &lan));
	assert_true(policy_env_add_gateway(&b->env, &gw));
	memcpy(b->said, list, count * sizeof *list);
	b->count = count;
	assert_int_equal(policy_overlay_layers(b->pool, list, count, layers, &n), 0);
	assert_true(n <= POLICY_OVERLAY_LAYERS);
	layers[n++] = (struct policy_layer){
		POLICY_GRANT, LAYER_MANUFACTURER, file, rules};
	assert_int_equal(policy_combine(b->pool, layers, n, &in), 0);
	assert_int_equal(policy_prepare(b->pool, &in, &b->policy), 0);
}

static enum verdict_kind kind_of(const struct bed *b, struct flow f)
{
	struct verdict v;

	policy_evaluate(&b->policy, &b->env, &cloud, &f, &v);
	return v.kind;
}

static enum policy_overlay_state state_of(const struct bed *b, size_t i)
{
	return policy_overlay_state(&b->policy, &b->said[i], b->said, b->count);
}

/* Whatever TCP, from the device and to it, and its maker's cloud. */
static size_t everything(struct rule rules[3])
{
	rules[0] = rule_of(1, OUT, PEER_ANY, 6);
	rules[1] = rule_of(2, IN, PEER_ANY, 6);
	rules[2] = named(3, OUT, "cloud.example.com", 17, 443);
	return 3;
}

static void the_local_network_alone(void **state)
{
	(void)state;
	struct rule rules[3];
	size_t n = everything(rules);
	const struct overlay o = said(OVERLAY_LAN_ONLY, NULL);
	struct flow dns = tcp(OUT, "10.0.0.1", 1, 53), multicast;
	struct bed b;

	lay(&b, rules, n, &o, 1);
	assert_int_equal(kind_of(&b, tcp(OUT, "10.0.0.9", 1, 80)), VERDICT_ALLOW);
	assert_int_equal(kind_of(&b, tcp(IN, "10.0.0.9", 80, 5)), VERDICT_ALLOW);
	assert_int_equal(kind_of(&b, tcp(OUT, "10.0.1.9", 1, 80)), VERDICT_REFUSE);
	assert_int_equal(kind_of(&b, tcp(OUT, "192.0.2.10", 1, 80)), VERDICT_REFUSE);
	assert_int_equal(kind_of(&b, tcp(IN, "192.0.2.10", 80, 5)), VERDICT_REFUSE);
	assert_int_equal(kind_of(&b, tcp(OUT, "fe80::7", 1, 80)), VERDICT_ALLOW);
	assert_int_equal(kind_of(&b, tcp(OUT, "2001:db8:7::1", 1, 80)), VERDICT_REFUSE);
	multicast = tcp(OUT, "239.255.255.250", 1, 1900); /* SSDP stays at home */
	assert_int_equal(kind_of(&b, multicast), VERDICT_ALLOW);
	multicast.peer = ip("239.1.2.3");
	assert_int_equal(kind_of(&b, multicast), VERDICT_REFUSE);
	dns.proto = FLOW_PROTO_UDP;
	assert_int_equal(kind_of(&b, dns), VERDICT_ALLOW);
	assert_int_equal(state_of(&b, 0), POLICY_OVERLAY_ACTS);
	pool_free(b.pool);
	rules[0] = rule_of(1, OUT, PEER_LOCAL_NETWORKS, 6);
	lay(&b, rules, 1, &o, 1);
	assert_int_equal(state_of(&b, 0), POLICY_OVERLAY_UNMET);
	pool_free(b.pool);
}

static void private_addresses_alone(void **state)
{
	(void)state;
	struct rule rules[3];
	const struct overlay o = said(OVERLAY_NO_INTERNET, NULL);
	struct bed b;

	lay(&b, rules, everything(rules), &o, 1);
	assert_int_equal(kind_of(&b, tcp(OUT, "10.0.1.9", 1, 80)), VERDICT_ALLOW);
	assert_int_equal(kind_of(&b, tcp(OUT, "fd00::1", 1, 80)), VERDICT_ALLOW);
	assert_int_equal(kind_of(&b, tcp(OUT, "100.64.0.1", 1, 80)), VERDICT_REFUSE);
	assert_int_equal(kind_of(&b, tcp(OUT, "192.0.2.10", 1, 80)), VERDICT_REFUSE);
	pool_free(b.pool);
}

static void what_was_named_alone(void **state)
{
	(void)state;
	struct rule rules[3];
	const struct overlay o[] = {said(OVERLAY_ONLY, "cloud.example.com"),
		said(OVERLAY_ONLY, "203.0.113.0/24")};
	struct flow ntp = tcp(OUT, "10.0.0.1", 1, 123);
	struct bed b;

	lay(&b, rules, everything(rules), o, 2);
	assert_int_equal(kind_of(&b, tcp(OUT, "192.0.2.10", 1, 80)), VERDICT_ALLOW);
	assert_int_equal(kind_of(&b, tcp(OUT, "203.0.113.9", 1, 80)), VERDICT_ALLOW);
	assert_int_equal(kind_of(&b, tcp(OUT, "192.0.2.11", 1, 80)), VERDICT_REFUSE);
	assert_int_equal(kind_of(&b, tcp(OUT, "10.0.0.9", 1, 80)), VERDICT_REFUSE);
	ntp.proto = FLOW_PROTO_UDP;
	assert_int_equal(kind_of(&b, ntp), VERDICT_ALLOW);
	pool_free(b.pool);
}

/* Two limits: what both let pass. */
static void limits_intersect(void **state)
{
	(void)state;
	struct rule rules[3];
	const struct overlay o[] = {said(OVERLAY_ONLY, "192.0.2.0/24"),
		said(OVERLAY_LAN_ONLY, NULL), said(OVERLAY_ONLY, "10.0.0.9")};
	struct bed b;

	lay(&b, rules, everything(rules), o, 3);
	assert_int_equal(kind_of(&b, tcp(OUT, "10.0.0.9", 1, 80)), VERDICT_ALLOW);
	assert_int_equal(kind_of(&b, tcp(OUT, "10.0.0.8", 1, 80)), VERDICT_REFUSE);
	assert_int_equal(kind_of(&b, tcp(OUT, "192.0.2.10", 1, 80)), VERDICT_REFUSE);
	pool_free(b.pool);
}

static void a_no_goes_before_a_yes(void **state)
{
	(void)state;
	struct rule file[] = {named(1, OUT, "cloud.example.com", 6, 443)};
	struct overlay o[] = {said(OVERLAY_REFUSE, "192.0.2.10"),
		said(OVERLAY_ALLOW, "198.51.100.7"), said(OVERLAY_ALLOW, "192.0.2.10")};
	struct bed b;

	o[1].proto = 6;
	o[1].port = (struct range16){22, 22};
	lay(&b, file, 1, o, 3);
	assert_int_equal(kind_of(&b, tcp(OUT, "192.0.2.10", 1, 443)), VERDICT_REFUSE);
	assert_int_equal(kind_of(&b, tcp(IN, "192.0.2.10", 9, 9)), VERDICT_REFUSE);
	assert_int_equal(kind_of(&b, tcp(OUT, "198.51.100.7", 1, 22)), VERDICT_ALLOW);
	assert_int_equal(kind_of(&b, tcp(OUT, "198.51.100.7", 1, 23)), VERDICT_VIOLATION);
	assert_int_equal(kind_of(&b, tcp(IN, "198.51.100.7", 22, 22)), VERDICT_VIOLATION);
	assert_int_equal(state_of(&b, 1), POLICY_OVERLAY_ACTS);
	assert_int_equal(state_of(&b, 2), POLICY_OVERLAY_OVERRULED);
	pool_free(b.pool);
}

/* What a word comes to with a file. */
static void words_that_say_nothing_now(void **state)
{
	(void)state;
	static const struct {
		enum overlay_kind kind;
		const char *peer;
		int16_t proto;
		enum policy_overlay_state state;
	} cases[] = {
		{OVERLAY_REFUSE, "cloud.example.com", -1, POLICY_OVERLAY_ACTS},
		{OVERLAY_REFUSE, "*.example.com", -1, POLICY_OVERLAY_ACTS},
		{OVERLAY_REFUSE, "cloud.example.com", 17, POLICY_OVERLAY_UNMET},
		{OVERLAY_REFUSE, "ads.example.net", -1, POLICY_OVERLAY_UNMET},
		{OVERLAY_REFUSE, "192.0.2.10", -1, POLICY_OVERLAY_ACTS}, /* may be its */
		{OVERLAY_ALLOW, "cloud.example.com", 6, POLICY_OVERLAY_ACTS},
		{OVERLAY_ALLOW, "other.example.com", 6, POLICY_OVERLAY_ACTS},
		{OVERLAY_ONLY, "cloud.example.com", -1, POLICY_OVERLAY_ACTS},
		{OVERLAY_ONLY, "ads.example.net", -1, POLICY_OVERLAY_UNMET},
		{OVERLAY_NO_INTERNET, NULL, -1, POLICY_OVERLAY_ACTS},
	};
	struct rule file[] = {named(1, OUT, "cloud.example.com", 6, 443)};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct overlay o = said(cases[i].kind, cases[i].peer);
		struct bed b;
		o.proto = cases[i].proto;
		lay(&b, file, 1, &o, 1);
		assert_int_equal(state_of(&b, 0), cases[i].state);
		assert_int_equal(policy_overlay_words(cases[i].state)[0] == 0,
			cases[i].state == POLICY_OVERLAY_ACTS);
		pool_free(b.pool);
	}
	struct overlay same = said(OVERLAY_ALLOW, "cloud.example.com");
	struct bed b;
	same.proto = 6;
	same.port = (struct range16){443, 443};
	lay(&b, file, 1, &same, 1);
	assert_int_equal(state_of(&b, 0), POLICY_OVERLAY_GRANTED);
	pool_free(b.pool);
}

static void peers_as_people_write_them(void **state)
{
	(void)state;
	static const char *const bad[] = {"", ".", "*", "*.", "a..b", "*.*.example", "a b.",
		"10.0.0.0/33", "10.1.2.3/8", "x*.example"};
	struct peer p;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (overlay_peer_parse(bad[i], &p))
			fail_msg("\"%s\" became %d %s", bad[i], p.kind, p.name);
	assert_true(overlay_peer_parse("*.Example.COM", &p));
	assert_string_equal(p.name, "*.example.com");
	assert_true(overlay_peer_parse("10.0.0.0/8", &p));
	assert_int_equal(p.kind, PEER_PREFIX);
	assert_int_equal(p.prefix.len, 8);
}

static void unsound_words_make_no_layers(void **state)
{
	(void)state;
	struct policy_layer layers[POLICY_OVERLAY_LAYERS];
	struct pool *pool = pool_new("test", POLICY_POOL_BYTES);
	struct overlay o = said(OVERLAY_REFUSE, NULL);
	static struct overlay many[LIMIT_OVERLAYS + 1];
	size_t n;

	assert_int_equal(
		policy_overlay_layers(pool, &o, 1, layers, &n), CARDEA_EMALFORMED);
	for (size_t i = 0; i <= LIMIT_OVERLAYS; i++)
		many[i] = said(OVERLAY_ONLY, "a.example");
	assert_int_equal(policy_overlay_layers(pool, many, LIMIT_OVERLAYS + 1, layers, &n),
		CARDEA_ELIMIT);
	many[0] = said(OVERLAY_LAN_ONLY, NULL);
	many[1] = said(OVERLAY_NO_INTERNET, NULL);
	many[2] = said(OVERLAY_REFUSE, "b.example");
	many[3] = said(OVERLAY_ALLOW, "c.example");
	assert_int_equal(
		policy_overlay_layers(pool, many, LIMIT_OVERLAYS, layers, &n), 0);
	assert_int_equal(n, POLICY_OVERLAY_LAYERS);
	assert_int_equal(policy_overlay_layers(pool, NULL, 0, layers, &n), 0);
	assert_int_equal(n, 0);
	pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_local_network_alone),
		cmocka_unit_test(private_addresses_alone),
		cmocka_unit_test(what_was_named_alone),
		cmocka_unit_test(limits_intersect),
		cmocka_unit_test(a_no_goes_before_a_yes),
		cmocka_unit_test(words_that_say_nothing_now),
		cmocka_unit_test(peers_as_people_write_them),
		cmocka_unit_test(unsound_words_make_no_layers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
