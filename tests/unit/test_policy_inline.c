// SPDX-License-Identifier: GPL-2.0-or-later
/* Which names of a policy the kernel may learn alone: what keeps one from it, and what
 * does not. That it opens the right thing is tests/property/policy_agree's. */
#include "test_policy_util.h"

#define OUT DIRECTION_FROM_DEVICE
#define IN DIRECTION_TO_DEVICE
#define CLOUD "cloud.example.com"

/* "cloud.example.com/4 tcp 443; below cdn.example.com udp 123; " */
static int say(void *ctx, const struct policy_opening *o)
{
	char *text = ctx;
	size_t n = strlen(text);

	snprintf(text + n, 1024 - n, "%s%s%s %s %u; ", o->suffix ? "below " : "", o->name,
		o->family == 4   ? "/4"
		: o->family == 6 ? "/6"
				 : "",
		flow_proto_name(o->proto), o->port);
	return 0;
}

static bool whole;

static const char *openings(const struct rule *rules, size_t count, const struct rule *block)
{
	static char text[1024];
	struct policy_input in = {.rules = rules,
		.count = count,
		.blocks = block,
		.block_count = block ? 1 : 0};
	struct pool *pool = pool_new("test", POLICY_POOL_BYTES);
	struct policy p;

	text[0] = 0;
	assert_int_equal(policy_prepare(pool, &in, &p), 0);
	assert_int_equal(policy_inline(&p, say, text, &whole), 0);
	pool_free(pool);
	return text;
}

static void exact_openings_are_learned(void **state)
{
	(void)state;
	struct rule rules[] = {named(1, OUT, CLOUD, FLOW_PROTO_TCP, 443),
		named(2, OUT, "*.cdn.example.com", RULE_PROTO_ANY, 123),
		named(3, OUT, CLOUD, FLOW_PROTO_TCP, 443),
		named(4, OUT, CLOUD, FLOW_PROTO_UDP, 443)};

	rules[3].family = 6;
	assert_string_equal(openings(rules, 4, NULL),
		CLOUD " tcp 443; " CLOUD "/6 udp 443; "
		      "below cdn.example.com tcp 123; below cdn.example.com udp 123; ");
	assert_true(whole);
	/* one family by one rule, the other by another: both */
	rules[0].family = 4;
	rules[2].family = 6;
	assert_string_equal(openings(rules, 3, NULL),
		CLOUD " tcp 443; "
		      "below cdn.example.com tcp 123; below cdn.example.com udp 123; ");
}

static void no_name_needs_nobody(void **state)
{
	(void)state;
	struct rule rules[] = {rule_of(1, OUT, PEER_PREFIX, FLOW_PROTO_TCP)};

	rules[0].peer.prefix = net("192.0.2.0/24");
	assert_string_equal(openings(rules, 1, NULL), "");
	assert_true(whole);
}

/* Each leaves other names as they are. */
static void what_is_not_exact_needs_us(void **state)
{
	(void)state;
	struct rule rules[] = {named(1, OUT, "other.example.com", FLOW_PROTO_TCP, 443),
		named(2, OUT, CLOUD, FLOW_PROTO_TCP, 443),
		named(3, OUT, CLOUD, FLOW_PROTO_TCP, 444)};
	static const char only[] = "other.example.com tcp 443; ";
	struct rule *r = &rules[2], good = *r;

	r->peer_port.hi = 445; /* a range */
	assert_string_equal(openings(rules, 3, NULL), only);
	assert_false(whole);
	*r = good;
	r->device_port = (struct range16){1000, 1000}; /* from its own port */
	assert_string_equal(openings(rules, 3, NULL), only);
	*r = good;
	r->proto = FLOW_PROTO_ICMP;
	r->peer_port = (struct range16){0, UINT16_MAX};
	assert_string_equal(openings(rules, 3, NULL), only);
	*r = good;
	r->direction = IN; /* lets it in */
	r->initiator = INITIATOR_PEER;
	assert_string_equal(openings(rules, 3, NULL), only);
	assert_false(whole);
}

static void an_answer_in_a_conversation_is_no_opening(void **state)
{
	(void)state;
	struct rule rules[] = {named(1, OUT, CLOUD, FLOW_PROTO_TCP, 443),
		named(2, IN, CLOUD, FLOW_PROTO_TCP, 443)};

	assert_string_equal(openings(rules, 2, NULL), CLOUD " tcp 443; ");
	assert_true(whole);
}

static void what_is_forbidden_before_needs_us(void **state)
{
	(void)state;
	struct rule rules[] = {rule_of(1, OUT, PEER_PREFIX, FLOW_PROTO_TCP),
		named(2, OUT, CLOUD, FLOW_PROTO_TCP, 443),
		named(3, OUT, "time.example.com", FLOW_PROTO_UDP, 123)};
	struct rule block = rule_of(POLICY_BLOCK_ID, OUT, PEER_PREFIX, FLOW_PROTO_UDP);

	rules[0].action = RULE_DROP;
	rules[0].peer.prefix = net("192.0.2.0/24");
	assert_string_equal(openings(rules, 3, NULL), "time.example.com udp 123; ");
	assert_false(whole);
	rules[0].peer_port = (struct range16){80, 80}; /* it never meets the name's */
	assert_string_equal(
		openings(rules, 3, NULL), CLOUD " tcp 443; time.example.com udp 123; ");
	assert_true(whole);
	rules[0].peer_port = (struct range16){0, UINT16_MAX};
	rules[0].id = 9; /* behind them it takes nothing from them */
	assert_string_equal(
		openings(rules, 3, NULL), CLOUD " tcp 443; time.example.com udp 123; ");
	assert_true(whole);
	block.action = RULE_DROP;
	block.peer.prefix = net("198.51.100.7/32");
	assert_string_equal(openings(rules, 3, &block), CLOUD " tcp 443; ");
	assert_false(whole);
}

/* Its addresses are taken from what others may reach: somebody has to know them first. */
static void a_forbidden_name_needs_us(void **state)
{
	(void)state;
	struct rule rules[] = {named(1, OUT, CLOUD, FLOW_PROTO_TCP, 443),
		named(2, IN, "*.ads.example.com", FLOW_PROTO_UDP, 9)};

	rules[1].action = RULE_DROP;
	assert_string_equal(openings(rules, 2, NULL), CLOUD " tcp 443; ");
	assert_false(whole);
}

static void eight_fit_and_nine_do_not(void **state)
{
	(void)state;
	struct rule rules[LIMIT_OPENINGS + 1];

	for (unsigned i = 0; i < LIMIT_OPENINGS + 1; i++)
		rules[i] = named(i + 1, OUT, CLOUD, FLOW_PROTO_TCP, (uint16_t)(1000 + i));
	assert_non_null(strstr(openings(rules, LIMIT_OPENINGS, NULL), "tcp 1007"));
	assert_true(whole);
	assert_string_equal(openings(rules, LIMIT_OPENINGS + 1, NULL), "");
	assert_false(whole);
}

static void a_suffix_means_what_is_below(void **state)
{
	(void)state;
	struct rule r = named(1, OUT, "*.example.com", FLOW_PROTO_TCP, 443);
	char text[RULE_SENTENCE_MAX];

	assert_true(rule_name_matches("*.example.com", "a.example.com"));
	assert_true(rule_name_matches("*.example.com", "b.a.example.com"));
	assert_false(rule_name_matches("*.example.com", "example.com"));
	assert_false(rule_name_matches("*.example.com", "notexample.com"));
	assert_false(rule_name_matches("*.example.com", ".example.com.evil"));
	assert_true(rule_name_matches("example.com", "example.com"));
	assert_false(rule_name_matches("example.com", "a.example.com"));
	assert_string_equal(rule_sentence(&r, text),
		"may open TCP to any name below example.com port 443");
	snprintf(r.peer.name, sizeof r.peer.name, "*.");
	struct policy_input in = {.rules = &r, .count = 1};
	struct pool *pool = pool_new("test", POLICY_POOL_BYTES);
	struct policy p;
	assert_int_equal(policy_prepare(pool, &in, &p), CARDEA_EMALFORMED);
	pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_openings_are_learned),
		cmocka_unit_test(no_name_needs_nobody),
		cmocka_unit_test(what_is_not_exact_needs_us),
		cmocka_unit_test(an_answer_in_a_conversation_is_no_opening),
		cmocka_unit_test(what_is_forbidden_before_needs_us),
		cmocka_unit_test(a_forbidden_name_needs_us),
		cmocka_unit_test(eight_fit_and_nine_do_not),
		cmocka_unit_test(a_suffix_means_what_is_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
