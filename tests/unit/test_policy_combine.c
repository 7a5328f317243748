// SPDX-License-Identifier: GPL-2.0-or-later
/* Layers combined, judged and told in words. */
#include "unit/test_policy_util.h"

#define OUT DIRECTION_FROM_DEVICE

struct house {
	struct pool *pool;
	struct policy policy;
	struct policy_env env;
};

static void house_open(struct house *h, const struct policy_layer *layers, size_t count,
	bool quarantined)
{
	struct prefix lan = net("10.0.0.0/24");
	struct addr gw = ip("10.0.0.1");
	struct policy_input in;

	memset(h, 0, sizeof *h);
	h->pool = pool_new("test", 2 * POLICY_POOL_BYTES);
	assert_non_null(h->pool);
	assert_true(policy_env_add_lan(&h->env, &lan));
	assert_true(policy_env_add_gateway(&h->env, &gw));
	assert_int_equal(policy_combine(h->pool, layers, count, &in), 0);
	in.hold = quarantined ? HOLD_QUARANTINED : HOLD_NONE;
	assert_int_equal(policy_prepare(h->pool, &in, &h->policy), 0);
}

static struct verdict judge_in(const struct house *h, struct flow f)
{
	struct verdict v;

	policy_evaluate(&h->policy, &h->env, &cloud, &f, &v);
	return v;
}

static const char *told(const struct house *h, struct flow f)
{
	static char buf[POLICY_EXPLAIN_MAX];
	struct verdict v = judge_in(h, f);

	return policy_explain(&h->policy, &h->env, &cloud, &f, &v, "lamp", NULL, buf);
}

static struct rule of(struct rule r, enum rule_action a)
{
	r.action = a;
	return r;
}

/* "May talk to the local network alone." */
static const struct policy_layer *lan_only(void)
{
	static struct rule rules[2];
	static const struct policy_layer l = {
		POLICY_LIMIT, LAYER_OWNER, rules, 2};

	rules[0] = of(rule_of(1, OUT, PEER_LOCAL_NETWORKS, RULE_PROTO_ANY), RULE_PASS);
	rules[1] = of(rule_of(2, OUT, PEER_ANY, RULE_PROTO_ANY), RULE_DROP);
	snprintf(rules[1].detail, sizeof rules[1].detail, "it is to stay at home");
	return &l;
}

static void grants_unite(void **state)
{
	(void)state;
	struct rule maker[] = {
		of(rule_of(1, OUT, PEER_LOCAL_NETWORKS, RULE_PROTO_ANY), RULE_DROP),
		named(2, OUT, "cloud.example.com", 6, 443)};
	struct rule learned[] = {rule_of(7, OUT, PEER_LOCAL_NETWORKS, 6)};
	const struct policy_layer layers[] = {
		{POLICY_GRANT, LAYER_MANUFACTURER, maker, 2},
		{POLICY_GRANT, LAYER_LEARNED, learned, 1}};
	struct house h;
	struct verdict v;

	house_open(&h, layers, 2, false);
	v = judge_in(&h, tcp(OUT, "10.0.0.9", 1, 80));
	assert_int_equal(v.kind, VERDICT_ALLOW);
	assert_int_equal(v.layer, LAYER_LEARNED);
	v = judge_in(&h, tcp(OUT, "192.0.2.10", 1, 443));
	assert_int_equal(v.kind, VERDICT_ALLOW);
	assert_int_equal(v.layer, LAYER_MANUFACTURER);
	/* what has no prohibition goes first, and is numbered anew */
	assert_int_equal(h.policy.rules[0].layer, LAYER_LEARNED);
	assert_int_equal(h.policy.rules[0].id, 1);
	assert_string_equal(h.policy.rules[0].ace, "ace-7");
	struct flow udp = tcp(OUT, "10.0.0.9", 1, 80);
	udp.proto = 17;
	v = judge_in(&h, udp);
	assert_int_equal(v.kind, VERDICT_VIOLATION);
	assert_int_equal(v.layer, LAYER_MANUFACTURER);
	assert_non_null(strstr(told(&h, udp), "The manufacturer's profile, rule"));
	assert_non_null(strstr(told(&h, tcp(OUT, "192.0.2.77", 1, 9)),
		"Its combined profile lists 2 destinations"));
	/* a prohibition of a grant takes from the base layer, too */
	v = judge_in(&h, tcp(OUT, "10.0.0.1", 1, 53));
	assert_int_equal(v.layer, LAYER_LEARNED);
	udp = tcp(OUT, "10.0.0.1", 1, 53);
	udp.proto = 17;
	assert_int_equal(judge_in(&h, udp).kind, VERDICT_VIOLATION);
	pool_free(h.pool);
}

static void each_grant_keeps_its_own_prohibitions(void **state)
{
	(void)state;
	struct rule a[] = {of(named(1, OUT, "cloud.example.com", 6, 443), RULE_DROP),
		rule_of(2, OUT, PEER_ANY, 6)};
	struct rule b[] = {of(rule_of(1, OUT, PEER_LOCAL_NETWORKS, 6), RULE_DROP),
		named(2, OUT, "cloud.example.com", 6, 443)};
	const struct policy_layer layers[] = {
		{POLICY_GRANT, LAYER_MANUFACTURER, a, 2},
		{POLICY_GRANT, LAYER_CROWD, b, 2}};
	struct house h;
	struct verdict v;

	house_open(&h, layers, 2, false);
	v = judge_in(&h, tcp(OUT, "192.0.2.10", 1, 443));
	assert_int_equal(v.kind, VERDICT_ALLOW);
	assert_int_equal(v.layer, LAYER_CROWD);
	v = judge_in(&h, tcp(OUT, "10.0.0.9", 1, 443));
	assert_int_equal(v.kind, VERDICT_ALLOW);
	assert_int_equal(v.layer, LAYER_MANUFACTURER);
	pool_free(h.pool);
}

static void a_refusal_is_polite(void **state)
{
	(void)state;
	struct rule no[] = {of(named(1, OUT, "cloud.example.com", RULE_PROTO_ANY, 0), RULE_DROP)};
	struct rule yes[] = {rule_of(1, OUT, PEER_ANY, 6)};
	const struct policy_layer layers[] = {{POLICY_GRANT, LAYER_MANUFACTURER, yes, 1},
		{POLICY_REFUSE, LAYER_OWNER, no, 1}};
	struct house h;
	struct verdict v;
	struct flow f = tcp(OUT, "192.0.2.10", 1, 443);

	no[0].peer_port = (struct range16){0, UINT16_MAX};
	snprintf(no[0].ace, sizeof no[0].ace, "refuse-1");
	house_open(&h, layers, 2, false);
	v = judge_in(&h, f);
	assert_int_equal(v.kind, VERDICT_REFUSE);
	assert_int_equal(v.layer, LAYER_OWNER);
	assert_string_equal(told(&h, f),
		"Refused: lamp -> 192.0.2.10 tcp 443. You said no: it must not send "
		"anything to cloud.example.com (refuse-1).");
	assert_int_equal(judge_in(&h, tcp(OUT, "192.0.2.11", 1, 443)).kind, VERDICT_ALLOW);
	assert_true(policy_denies_name(&h.policy, "cloud.example.com"));
	pool_free(h.pool);
}

static void a_limit_refuses_what_was_granted(void **state)
{
	(void)state;
	struct rule yes[] = {named(1, OUT, "cloud.example.com", 6, 443),
		rule_of(2, OUT, PEER_LOCAL_NETWORKS, 6)};
	const struct policy_layer layers[] = {
		*lan_only(), {POLICY_GRANT, LAYER_MANUFACTURER, yes, 2}};
	struct house h;
	struct verdict v;

	house_open(&h, layers, 2, false);
	v = judge_in(&h, tcp(OUT, "10.0.0.9", 1, 80));
	assert_int_equal(v.kind, VERDICT_ALLOW);
	v = judge_in(&h, tcp(OUT, "192.0.2.10", 1, 443));
	assert_int_equal(v.kind, VERDICT_REFUSE);
	assert_int_equal(v.layer, LAYER_OWNER);
	assert_int_equal(v.rule, 2);
	assert_non_null(strstr(told(&h, tcp(OUT, "192.0.2.10", 1, 443)),
		"You said no: it is to stay at home (ace-2)."));
	/* what no profile lists is a violation as ever */
	v = judge_in(&h, tcp(OUT, "192.0.2.10", 1, 22));
	assert_int_equal(v.kind, VERDICT_VIOLATION);
	assert_int_equal(v.reason, REASON_DEFAULT_DENY);
	pool_free(h.pool);
}

static void a_limit_by_name_follows_its_bindings(void **state)
{
	(void)state;
	struct rule only[] = {
		of(named(1, OUT, "cloud.example.com", RULE_PROTO_ANY, 0), RULE_PASS),
		of(rule_of(2, OUT, PEER_ANY, RULE_PROTO_ANY), RULE_DROP)};
	struct rule yes[] = {rule_of(1, OUT, PEER_ANY, 6)};
	const struct policy_layer layers[] = {{POLICY_LIMIT, LAYER_AGENT, only, 2},
		{POLICY_GRANT, LAYER_LEARNED, yes, 1}};
	struct house h;

	only[0].peer_port = (struct range16){0, UINT16_MAX};
	only[1].ace[0] = only[1].detail[0] = 0;
	house_open(&h, layers, 2, false);
	assert_int_equal(judge_in(&h, tcp(OUT, "192.0.2.10", 1, 22)).kind, VERDICT_ALLOW);
	assert_int_equal(judge_in(&h, tcp(OUT, "192.0.2.11", 1, 22)).kind, VERDICT_REFUSE);
	assert_non_null(strstr(told(&h, tcp(OUT, "192.0.2.11", 1, 22)),
		"Whom you let decide said no: it must not send anything to any address."));
	/* the addresses of another rule depend on it */
	assert_true(policy_denies_name(&h.policy, "cloud.example.com"));
	pool_free(h.pool);
}

static void quarantine_is_a_layer_of_its_own(void **state)
{
	(void)state;
	struct rule yes[] = {rule_of(1, OUT, PEER_ANY, 6)};
	const struct policy_layer layers[] = {{POLICY_GRANT, LAYER_MANUFACTURER, yes, 1}};
	struct house h;

	house_open(&h, layers, 1, true);
	struct verdict v = judge_in(&h, tcp(OUT, "192.0.2.10", 1, 443));
	assert_int_equal(v.kind, VERDICT_QUARANTINE);
	assert_int_equal(v.layer, LAYER_QUARANTINE);
	assert_int_equal(judge_in(&h, tcp(OUT, "10.0.0.1", 1, 53)).layer, LAYER_BASE);
	pool_free(h.pool);
}

/* The answers of one layer are not the openers of another. */
static void pairs_are_found_within_a_layer(void **state)
{
	(void)state;
	struct rule out[] = {rule_of(1, OUT, PEER_LOCAL_NETWORKS, 6)};
	struct rule in[] = {rule_of(1, DIRECTION_TO_DEVICE, PEER_LOCAL_NETWORKS, 6)};
	const struct policy_layer layers[] = {{POLICY_GRANT, LAYER_MANUFACTURER, out, 1},
		{POLICY_GRANT, LAYER_LEARNED, in, 1}};
	struct house h;

	out[0].peer_port = in[0].peer_port = (struct range16){80, 80};
	house_open(&h, layers, 2, false);
	assert_int_equal(h.policy.rules[1].status, RULE_ENFORCED);
	assert_int_equal(judge_in(&h, tcp(DIRECTION_TO_DEVICE, "10.0.0.9", 5, 80)).kind,
		VERDICT_ALLOW);
	pool_free(h.pool);
}

static int combined(const struct policy_layer *layers, size_t count)
{
	struct pool *pool = pool_new("test", 2 * POLICY_POOL_BYTES);
	struct policy_input in;
	struct policy p;
	int r = policy_combine(pool, layers, count, &in);

	if (!r)
		r = policy_prepare(pool, &in, &p);
	pool_free(pool);
	return r;
}

static void what_is_none_is_refused(void **state)
{
	(void)state;
	struct rule r = rule_of(1, OUT, PEER_ANY, 6);
	struct policy_layer l = {POLICY_REFUSE, LAYER_OWNER, &r, 1};
	struct policy_layer many[POLICY_LAYERS_MAX + 1] = {{0}};

	assert_int_equal(combined(&l, 1), CARDEA_EMALFORMED); /* accepts */
	l.part = POLICY_LIMIT;
	assert_int_equal(combined(&l, 1), CARDEA_EMALFORMED);
	r.action = RULE_PASS;
	assert_int_equal(combined(&l, 1), 0);
	l.part = POLICY_GRANT;
	assert_int_equal(combined(&l, 1), CARDEA_EMALFORMED); /* lets pass */
	l.part = POLICY_PART_MAX;
	assert_int_equal(combined(&l, 1), CARDEA_EMALFORMED);
	l = (struct policy_layer){POLICY_REFUSE, LAYER_MAX, &r, 1};
	assert_int_equal(combined(&l, 1), CARDEA_EMALFORMED);
	l.layer = LAYER_OWNER;
	r.action = RULE_DROP;
	assert_int_equal(combined(&l, 1), 0);
	r.ethertype = 0x88e1; /* limits are about IP */
	assert_int_equal(combined(&l, 1), CARDEA_EMALFORMED);
	r.ethertype = RULE_ETHERTYPE_IP;
	r.status = RULE_NOT_YET; /* it would not hold, and nobody would know */
	assert_int_equal(combined(&l, 1), CARDEA_EMALFORMED);
	assert_int_equal(combined(many, POLICY_LAYERS_MAX), 0);
	assert_int_equal(combined(many, POLICY_LAYERS_MAX + 1), CARDEA_ELIMIT);
	many[0].count = LIMIT_RULES; /* counted before it is looked at */
	many[1].count = 1;
	many[0].rules = calloc(LIMIT_RULES, sizeof r);
	assert_non_null(many[0].rules);
	many[0].part = many[1].part = POLICY_GRANT;
	many[1].rules = &r;
	assert_int_equal(combined(many, 2), CARDEA_ELIMIT);
	free((void *)many[0].rules);
}

static void sections_out_of_order_are_refused(void **state)
{
	(void)state;
	struct rule rules[] = {rule_of(1, OUT, PEER_ANY, 6),
		of(rule_of(2, OUT, PEER_ANY, 6), RULE_DROP)};
	struct policy_section ordered[] = {{POLICY_GRANT, 1}, {POLICY_REFUSE, 1}};
	struct policy_section too_few[] = {{POLICY_GRANT, 1}};
	struct policy_section too_many[] = {{POLICY_GRANT, 3}};
	struct policy_section none[] = {{POLICY_GRANT, 2}, {POLICY_GRANT, 0}};
	struct policy_input in = {.rules = rules, .count = 2};
	static const size_t counts[] = {2, 1, 1, 2};
	const struct policy_section *all[] = {ordered, too_few, too_many, none};
	struct policy p;

	for (size_t i = 0; i < 4; i++) {
		struct pool *pool = pool_new("test", POLICY_POOL_BYTES);
		in.sections = all[i];
		in.section_count = counts[i];
		assert_int_equal(policy_prepare(pool, &in, &p), CARDEA_EMALFORMED);
		pool_free(pool);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grants_unite),
		cmocka_unit_test(each_grant_keeps_its_own_prohibitions),
		cmocka_unit_test(a_refusal_is_polite),
		cmocka_unit_test(a_limit_refuses_what_was_granted),
		cmocka_unit_test(a_limit_by_name_follows_its_bindings),
		cmocka_unit_test(quarantine_is_a_layer_of_its_own),
		cmocka_unit_test(pairs_are_found_within_a_layer),
		cmocka_unit_test(what_is_none_is_refused),
		cmocka_unit_test(sections_out_of_order_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
