// SPDX-License-Identifier: GPL-2.0-or-later
/* test_policy_hold - what each way of being held leaves, what becomes of the rest, and the
 * words for it. */
#include "test_policy_util.h"
#include "base/str.h"

#define OUT DIRECTION_FROM_DEVICE
#define IN DIRECTION_TO_DEVICE
#define CLOUD "192.0.2.10"
#define NEAR "10.0.0.9"
#define GATEWAY "10.0.0.1"
#define OTHER_DNS "203.0.113.53"
#define FIRMWARE "203.0.113.9"

struct held_bench {
	struct bench b;
	struct rule rules[6];
	struct policy_held held;
	struct policy_input in;
	struct policy_layer layers[1 + POLICY_HOLD_LAYERS];
};

static struct update_host host(const char *text)
{
	struct update_host h;

	assert_true(update_host_parse(text, &h));
	h.source = UPDATE_OWNER;
	return h;
}

static size_t controller_members(void *ctx, const struct peer *p, struct addr *out, size_t max)
{
	(void)ctx;
	if (p->kind != PEER_MY_CONTROLLER || !max)
		return 0;
	out[0] = ip(NEAR);
	return 1;
}

static const struct policy_names members = {
	.has = cloud_has, .addrs = cloud_addrs, .members = controller_members};

/* The cloud, and its controller's UDP; what is marked: a repairer's address. */
static void open_held(struct held_bench *h, enum device_hold hold, bool profile)
{
	static struct update_host hosts[1];
	size_t more = 0;

	memset(h, 0, sizeof *h);
	h->rules[0] = rule_of(1, OUT, PEER_NAME, FLOW_PROTO_TCP);
	str_copy(h->rules[0].peer.name, sizeof h->rules[0].peer.name, "cloud.example.com");
	h->rules[1] = rule_of(2, OUT, PEER_MY_CONTROLLER, FLOW_PROTO_UDP);
	h->rules[2] = rule_of(3, OUT, PEER_PREFIX, FLOW_PROTO_TCP);
	h->rules[2].peer.prefix = net("198.51.100.66/32");
	h->rules[2].quarantine = true;
	h->layers[0] = (struct policy_layer){POLICY_GRANT, LAYER_MANUFACTURER, h->rules, 3};
	hosts[0] = host(FIRMWARE ":443");
	h->held = (struct policy_held){.hold = hold, .hosts = hosts, .host_count = 1,
		.has_profile = profile, .layers = h->layers, .layer_count = profile};
	bench_open(&h->b, NULL, 0);
	pool_free(h->b.pool);
	h->b.pool = pool_new("held", 4 * POLICY_POOL_BYTES);
	struct addr dns = ip(OTHER_DNS);
	assert_true(policy_env_add_dns(&h->b.env, &dns));
	assert_int_equal(policy_hold_layers(h->b.pool, &h->held, &h->layers[profile], &more), 0);
	assert_int_equal(policy_combine(h->b.pool, h->layers, profile + more, &h->in), 0);
	h->in.hold = hold;
	h->in.portal[0] = 8443;
	assert_int_equal(policy_prepare(h->b.pool, &h->in, &h->b.policy), 0);
}

static struct verdict verdict(const struct held_bench *h, struct flow f)
{
	struct verdict v;

	policy_evaluate(&h->b.policy, &h->b.env, &members, &f, &v);
	return v;
}

static bool may(const struct held_bench *h, struct flow f)
{
	return verdict(h, f).kind == VERDICT_ALLOW;
}

static struct flow udp(const char *peer, uint16_t port)
{
	struct flow f = tcp(OUT, peer, 5000, port);

	f.proto = FLOW_PROTO_UDP;
	return f;
}

static const char *said(const struct held_bench *h, struct flow f)
{
	static char buf[POLICY_EXPLAIN_MAX];
	struct verdict v = verdict(h, f);

	return policy_explain(
		&h->b.policy, &h->b.env, &members, &f, &v, "lamp", NULL, buf);
}

static void quarantine_is_the_gateway_and_updates(void **state)
{
	(void)state;
	struct held_bench h;

	open_held(&h, HOLD_QUARANTINED, true);
	assert_true(may(&h, tcp(OUT, GATEWAY, 1, 53)) && may(&h, udp(GATEWAY, 53)) &&
		    may(&h, tcp(OUT, GATEWAY, 1, 853)) && may(&h, udp(GATEWAY, 123)) &&
		    may(&h, tcp(OUT, GATEWAY, 1, 8443)));
	assert_true(may(&h, tcp(OUT, FIRMWARE, 1, 443)) &&
		    may(&h, tcp(OUT, "198.51.100.66", 1, 80)));
	assert_false(may(&h, tcp(OUT, FIRMWARE, 1, 80)) || may(&h, udp(FIRMWARE, 443)) ||
		     may(&h, tcp(IN, FIRMWARE, 443, 1)) || may(&h, tcp(OUT, CLOUD, 1, 443)) ||
		     may(&h, udp(NEAR, 9)) || may(&h, tcp(OUT, GATEWAY, 1, 22)) ||
		     may(&h, udp(GATEWAY, 8443)));
	/* whom the house asks for names, too, does not know what it may hear */
	assert_false(may(&h, udp(OTHER_DNS, 53)));
	assert_int_equal(verdict(&h, tcp(OUT, CLOUD, 1, 443)).kind, VERDICT_QUARANTINE);
	assert_int_equal(verdict(&h, tcp(IN, CLOUD, 443, 1)).kind, VERDICT_QUARANTINE);
	assert_non_null(strstr(said(&h, tcp(OUT, CLOUD, 1, 443)), "in quarantine"));
	assert_non_null(strstr(said(&h, tcp(OUT, FIRMWARE, 1, 443)), "owner " FIRMWARE));
	pool_free(h.b.pool);
}

static void its_class_may_keep_its_own_in_the_house(void **state)
{
	(void)state;
	struct held_bench h;

	open_held(&h, HOLD_QUARANTINED, true);
	h.in.keeps_fabric = true;
	assert_int_equal(policy_prepare(h.b.pool, &h.in, &h.b.policy), 0);
	assert_true(may(&h, udp(NEAR, 9)));
	assert_false(may(&h, udp("10.0.0.8", 9)) || may(&h, tcp(OUT, NEAR, 1, 9)) ||
		     may(&h, tcp(OUT, CLOUD, 1, 443)));
	h.in.hold = HOLD_REFUSED;
	assert_int_equal(policy_prepare(h.b.pool, &h.in, &h.b.policy), 0);
	assert_false(may(&h, udp(NEAR, 9)));
	pool_free(h.b.pool);
}

static void limited_is_the_house_as_it_was(void **state)
{
	(void)state;
	struct held_bench h;

	open_held(&h, HOLD_LIMITED, true);
	assert_true(may(&h, udp(NEAR, 9)) && may(&h, udp(GATEWAY, 53)) &&
		    may(&h, tcp(OUT, GATEWAY, 1, 8443)) &&
		    may(&h, tcp(OUT, FIRMWARE, 1, 443)) &&
		    may(&h, tcp(OUT, "198.51.100.66", 1, 80)));
	assert_false(may(&h, tcp(OUT, CLOUD, 1, 443)) || may(&h, udp("10.0.0.8", 9)) ||
		     may(&h, udp(OTHER_DNS, 53)) || may(&h, tcp(OUT, FIRMWARE, 1, 80)));
	/* what its profile would let it do, and what not even that */
	assert_int_equal(verdict(&h, tcp(OUT, CLOUD, 1, 443)).kind, VERDICT_QUARANTINE);
	assert_int_equal(verdict(&h, udp("10.0.0.8", 9)).kind, VERDICT_VIOLATION);
	assert_int_equal(verdict(&h, tcp(OUT, "203.0.113.66", 1, 23)).kind, VERDICT_VIOLATION);
	assert_non_null(strstr(said(&h, tcp(OUT, CLOUD, 1, 443)),
		"The device is limited: the house stays open to it"));
	assert_null(strstr(said(&h, tcp(OUT, CLOUD, 1, 443)), "You said no"));
	assert_null(strstr(said(&h, udp("10.0.0.8", 9)), "limited"));
	pool_free(h.b.pool);
}

static void limited_without_a_profile_is_the_whole_house(void **state)
{
	(void)state;
	struct held_bench h;

	open_held(&h, HOLD_LIMITED, false);
	assert_true(may(&h, udp("10.0.0.8", 9)) && may(&h, tcp(IN, NEAR, 9, 80)) &&
		    may(&h, udp("239.255.255.250", 1900)) && may(&h, udp("ff05::2", 5)) &&
		    may(&h, tcp(OUT, GATEWAY, 1, 22)) && may(&h, tcp(OUT, FIRMWARE, 1, 443)));
	assert_false(may(&h, tcp(OUT, CLOUD, 1, 443)) || may(&h, tcp(IN, CLOUD, 443, 1)) ||
		     may(&h, udp("239.1.2.3", 9)) || may(&h, udp(OTHER_DNS, 53)));
	assert_int_equal(verdict(&h, tcp(OUT, CLOUD, 1, 443)).kind, VERDICT_QUARANTINE);
	pool_free(h.b.pool);
}

static void the_retired_are_told_so(void **state)
{
	(void)state;
	struct held_bench h;

	open_held(&h, HOLD_REFUSED, true);
	h.in.redirect = true;
	assert_int_equal(policy_prepare(h.b.pool, &h.in, &h.b.policy), 0);
	assert_int_equal(h.b.policy.count, h.b.policy.base_first); /* no base layer */
	assert_false(may(&h, udp(GATEWAY, 53)) || may(&h, tcp(OUT, FIRMWARE, 1, 443)) ||
		     may(&h, tcp(OUT, "198.51.100.66", 1, 80)));
	assert_int_equal(verdict(&h, tcp(OUT, CLOUD, 1, 443)).kind, VERDICT_QUARANTINE);
	assert_non_null(strstr(said(&h, udp(GATEWAY, 53)), "is retired: nothing"));
	/* what lets any device have an address */
	assert_int_equal(verdict(&h, icmp6(OUT, 135)).kind, VERDICT_PASS);
	pool_free(h.b.pool);
}

static void what_a_sink_will_take_is_told(void **state)
{
	static const enum device_hold all[] = {HOLD_LIMITED, HOLD_QUARANTINED};
	(void)state;
	struct held_bench h;

	for (unsigned i = 0; i < 2; i++) {
		open_held(&h, all[i], true);
		h.in.redirect = true;
		assert_int_equal(policy_prepare(h.b.pool, &h.in, &h.b.policy), 0);
		assert_int_equal(verdict(&h, tcp(OUT, CLOUD, 1, 443)).kind, VERDICT_REDIRECT);
		assert_int_not_equal(
			verdict(&h, tcp(IN, CLOUD, 443, 1)).kind, VERDICT_REDIRECT);
		assert_true(may(&h, tcp(OUT, FIRMWARE, 1, 443)));
		assert_int_equal(
			strncmp(said(&h, tcp(OUT, CLOUD, 1, 443)), "Blocked: ", 9), 0);
		assert_non_null(strstr(said(&h, tcp(OUT, CLOUD, 1, 443)),
			"meant for the sink, and refused, as there is none"));
		pool_free(h.b.pool);
	}
	assert_string_equal(verdict_kind_name(VERDICT_REDIRECT), "redirect");
}

static void marks_have_to_say_for_whom(void **state)
{
	static const struct {
		const char *prefix;
		bool stays;
	} all[] = {{"192.0.0.0/16", true}, {"192.0.0.0/15", false}, {"0.0.0.0/0", false},
		{"2001:db8::/32", true}, {"2001:db8::/31", false}, {"::/0", false}};
	(void)state;
	struct rule r = rule_of(1, OUT, PEER_PREFIX, FLOW_PROTO_TCP);

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		r.peer.prefix = net(all[i].prefix);
		r.quarantine = false;
		assert_false(policy_stays_on(&r));
		r.quarantine = true;
		assert_int_equal(policy_stays_on(&r), all[i].stays);
	}
	r.peer.kind = PEER_ANY;
	assert_false(policy_stays_on(&r));
	r.ethertype = 0x88e1; /* stays on the LAN */
	assert_true(policy_stays_on(&r));
	r.ethertype = RULE_ETHERTYPE_IP;
	r.peer.kind = PEER_NAME;
	assert_true(policy_stays_on(&r));
}

static void bad_hosts_make_no_layers(void **state)
{
	(void)state;
	struct update_host many[LIMIT_UPDATE_HOSTS + 1];
	struct policy_layer ret[POLICY_HOLD_LAYERS];
	struct policy_held held = {.hold = HOLD_LIMITED, .hosts = many};
	struct pool *pool = pool_new("held", POLICY_POOL_BYTES);
	size_t n = 7;

	for (size_t i = 0; i <= LIMIT_UPDATE_HOSTS; i++)
		many[i] = host("a.example:443");
	held.host_count = LIMIT_UPDATE_HOSTS + 1;
	assert_int_equal(policy_hold_layers(pool, &held, ret, &n), CARDEA_ELIMIT);
	held.host_count = LIMIT_UPDATE_HOSTS;
	many[3].port = 53;
	assert_int_equal(policy_hold_layers(pool, &held, ret, &n), CARDEA_EMALFORMED);
	assert_int_equal(n, 7);
	many[3].port = 443;
	assert_int_equal(policy_hold_layers(pool, &held, ret, &n), 0);
	assert_int_equal(n, 3);
	held.hold = HOLD_NONE;
	assert_int_equal(policy_hold_layers(pool, &held, ret, &n), 0);
	assert_int_equal(n, 0);
	pool_free(pool);
	pool = pool_new("small", 1024);
	held.hold = HOLD_LIMITED;
	assert_int_equal(policy_hold_layers(pool, &held, ret, &n), -ENOMEM);
	pool_free(pool);
}

/* Not more marks than a limit takes notice of; the rest of them is held back. */
static void many_marks_are_cut(void **state)
{
	(void)state;
	static struct rule rules[POLICY_HOLD_PASSES + 10];
	struct policy_layer all[1 + POLICY_HOLD_LAYERS] = {
		{POLICY_GRANT, LAYER_MANUFACTURER, rules, POLICY_HOLD_PASSES + 10}};
	struct policy_held held = {.hold = HOLD_LIMITED, .has_profile = true, .layers = all,
		.layer_count = 1};
	struct pool *pool = pool_new("held", POLICY_POOL_BYTES);
	size_t n = 0, passes = 0;

	for (unsigned i = 0; i < POLICY_HOLD_PASSES + 10; i++) {
		rules[i] = rule_of(i + 1, OUT, PEER_NAME, FLOW_PROTO_TCP);
		rules[i].quarantine = true;
		snprintf(rules[i].peer.name, LIMIT_NAME, "h%u.example", i);
	}
	assert_int_equal(policy_hold_layers(pool, &held, &all[1], &n), 0);
	assert_int_equal(n, 1);
	for (size_t i = 0; i < all[1].count; i++)
		passes += all[1].rules[i].peer.kind == PEER_NAME;
	assert_int_equal(passes, POLICY_HOLD_PASSES);
	pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quarantine_is_the_gateway_and_updates),
		cmocka_unit_test(its_class_may_keep_its_own_in_the_house),
		cmocka_unit_test(limited_is_the_house_as_it_was),
		cmocka_unit_test(limited_without_a_profile_is_the_whole_house),
		cmocka_unit_test(the_retired_are_told_so),
		cmocka_unit_test(what_a_sink_will_take_is_told),
		cmocka_unit_test(marks_have_to_say_for_whom),
		cmocka_unit_test(bad_hosts_make_no_layers),
		cmocka_unit_test(many_marks_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
