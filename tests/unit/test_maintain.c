// SPDX-License-Identifier: GPL-2.0-or-later
/* What is new: asked with its evidence, answered once, and accepted without the owner
 * only where it is a variant of what he knows. */
#include "unit/test_maintain_util.h"

static void what_is_approved_passes(void **state)
{
	struct bed *b = bed_new(true);
	struct record six = to_name("api.example.com", 30200);

	(void)state;
	assert_int_equal(listed(b, MAINTAIN_ACTIVE)->count, 2);
	assert_int_equal(tell(b, to_name("api.example.com", 30000)), MAINTAIN_KNOWN);
	assert_int_equal(tell(b, by_phone(80, 30100)), MAINTAIN_KNOWN);
	/* the same peer over the other IP */
	six.family = 6;
	six.peer = addr_v6((uint8_t[16]){0x20, 1, 0xd, 0xb8, [15] = 1});
	six.device_addr = addr_v6((uint8_t[16]){0x20, 1, 0xd, 0xb8, [15] = 2});
	assert_int_equal(tell(b, six), MAINTAIN_KNOWN);
	/* DHCP and the like is nobody's question */
	struct record dhcp = asks("", 30300);
	dhcp.peer_port = 67;
	dhcp.app = RECORD_APP_DHCP;
	assert_int_equal(tell(b, dhcp), MAINTAIN_IGNORED);
	/* another device's */
	struct record other = to_name("evil.example", 30400);
	other.device.b[5] = 77;
	assert_int_equal(tell(b, other), MAINTAIN_IGNORED);
	tick(b, 40000);
	assert_int_equal(listed(b, MAINTAIN_PROPOSED)->count, 0);
	bed_free(b);
}

static void what_is_new_is_asked_with_evidence(void **state)
{
	struct bed *b = bed_new(true);
	char text[MAINTAIN_TEXT_MAX];

	(void)state;
	for (int n = 0; n < 3; n++)
		assert_int_equal(tell(b, to_name("new.example.net", 30000 + n * 4000)),
			MAINTAIN_BLOCKED);
	assert_int_equal(listed(b, MAINTAIN_PROPOSED)->count, 0); /* no episode yet */
	tick(b, 50000);
	assert_int_equal(b->heard.count[MAINTAIN_ASKED], 1);
	assert_int_equal(listed(b, MAINTAIN_PROPOSED)->count, 1);
	struct maintain_item i = listed(b, MAINTAIN_PROPOSED)->i[0];
	assert_int_equal(i.id, b->heard.item[MAINTAIN_ASKED]);
	assert_string_equal(i.kind.name, "new.example.net");
	assert_int_equal(i.kind.port, 443);
	assert_int_equal(i.naming, RECORD_ANSWER);
	assert_int_equal(i.reason, MAINTAIN_WHY_DOMAIN);
	assert_int_equal(i.kind.episodes[LEARNED_QUIET], 3);
	assert_true(i.kind.first == AT(30000) && i.kind.last == AT(38001));
	assert_int_equal(i.week.conversations, 3);
	assert_int_equal(i.week.blocked, 3);
	assert_int_equal(i.week.bytes, 3 * 10500);
	assert_string_equal(maintain_question(&i, text),
		"wants to speak tcp 443 to new.example.net (seen in 3 episodes since "
		"2023-11-15; its name was answered by this gateway; in 7 days 3 "
		"conversations of 31500 bytes, blocked)");
	bed_free(b);
}

static void the_effect_is_that_of_a_week(void **state)
{
	struct bed *b = bed_new(true);

	(void)state;
	for (int day = 1; day <= 10; day++) {
		(void)tell(b, to_name("new.example.net", day * DAY_S));
		(void)tell(b, to_name("api.example.com", day * DAY_S + 300));
		tick(b, day * DAY_S + 7200);
	}
	assert_int_equal(listed(b, MAINTAIN_PROPOSED)->i[0].week.conversations, 7);
	assert_int_equal(listed(b, MAINTAIN_PROPOSED)->i[0].kind.flows, 10);
	bed_free(b);
}

static void an_answer_holds(void **state)
{
	struct bed *b = bed_new(true);

	(void)state;
	(void)tell(b, to_name("yes.example.net", 30000));
	(void)tell(b, to_name("no.example.org", 30010));
	tick(b, 40000);
	struct listed l = *listed(b, MAINTAIN_PROPOSED);
	assert_int_equal(l.count, 2);
	assert_int_equal(maintain_accept(b->m, l.i[0].id, AT(40100)), 0);
	assert_int_equal(maintain_reject(b->m, l.i[1].id, AT(40200)), 0);
	assert_int_equal(this_week(b).false_blocks, 1);
	assert_int_equal(this_week(b).accepted, 1);
	assert_int_equal(this_week(b).rejected, 1);
	for (int n = 0; n < 20; n++) {
		assert_int_equal(tell(b, to_name("yes.example.net", 41000 + n * 4000)),
			MAINTAIN_KNOWN);
		assert_int_equal(tell(b, to_name("no.example.org", 41010 + n * 4000)),
			MAINTAIN_REFUSED);
		tick(b, 44000 + n * 4000);
	}
	assert_int_equal(b->heard.count[MAINTAIN_ASKED], 2); /* not again */
	assert_int_equal(listed(b, MAINTAIN_PROPOSED)->count, 0);
	/* and can be changed */
	assert_int_equal(maintain_reject(b->m, l.i[0].id, AT(300000)), 0);
	assert_int_equal(maintain_accept(b->m, l.i[1].id, AT(300000)), 0);
	assert_int_equal(tell(b, to_name("yes.example.net", 300100)), MAINTAIN_REFUSED);
	assert_int_equal(tell(b, to_name("no.example.org", 300200)), MAINTAIN_KNOWN);
	assert_int_equal(maintain_accept(b->m, 999, AT(300300)), -2 /* ENOENT */);
	bed_free(b);
}

static void an_alert_is_once_a_day(void **state)
{
	struct bed *b = bed_new(true);

	(void)state;
	for (int n = 0; n < 50; n++)
		(void)tell(b, to_name("new.example.net", 30000 + n));
	assert_int_equal(this_week(b).alerts, 1);
	assert_int_equal(this_week(b).conversations[MAINTAIN_BLOCKED], 50);
	bed_free(b);
}

static void a_question_that_nobody_needs_goes(void **state)
{
	struct bed *b = bed_new(true);

	(void)state;
	(void)tell(b, to_name("once.example.net", 30000));
	for (int day = 1; day <= 29; day++)
		tick(b, day * DAY_S);
	assert_int_equal(listed(b, MAINTAIN_PROPOSED)->count, 1);
	for (int day = 30; day <= 32; day++)
		tick(b, day * DAY_S);
	assert_int_equal(listed(b, MAINTAIN_PROPOSED)->count, 0);
	assert_int_equal(b->heard.count[MAINTAIN_WITHDRAWN], 1);
	bed_free(b);
}

/* ---- without the owner ---- */

struct variant {
	const char *why, *name;
	uint16_t port;
	uint8_t proto;
	enum record_naming naming;
	uint64_t down;
	enum maintain_verdict verdict;
	enum maintain_reason reason;
};

static const struct variant variants[] = {
	{"a sibling", "www.example.com", 443, FLOW_PROTO_TCP, RECORD_ANSWER, 9000,
		MAINTAIN_AUTO, 0},
	{"deep below", "a.b.c.example.com", 443, FLOW_PROTO_TCP, RECORD_ANSWER, 9000,
		MAINTAIN_AUTO, 0},
	{"the apex", "example.com", 443, FLOW_PROTO_TCP, RECORD_ANSWER, 9000,
		MAINTAIN_AUTO, 0},
	{"up to twice", "www.example.com", 443, FLOW_PROTO_TCP, RECORD_ANSWER, 20000,
		MAINTAIN_AUTO, 0},
	{"more", "www.example.com", 443, FLOW_PROTO_TCP, RECORD_ANSWER, 60000,
		MAINTAIN_BLOCKED, MAINTAIN_WHY_VOLUME},
	{"another port", "www.example.com", 8443, FLOW_PROTO_TCP, RECORD_ANSWER, 9000,
		MAINTAIN_BLOCKED, MAINTAIN_WHY_DOMAIN},
	{"another protocol", "www.example.com", 443, FLOW_PROTO_UDP, RECORD_ANSWER,
		9000, MAINTAIN_BLOCKED, MAINTAIN_WHY_DOMAIN},
	{"it says so itself", "www.example.com", 443, FLOW_PROTO_TCP, RECORD_SNI, 9000,
		MAINTAIN_BLOCKED, MAINTAIN_WHY_PROVENANCE},
	{"in HTTP, too", "www.example.com", 443, FLOW_PROTO_TCP, RECORD_HOST, 9000,
		MAINTAIN_BLOCKED, MAINTAIN_WHY_PROVENANCE},
	{"another top", "www.example.org", 443, FLOW_PROTO_TCP, RECORD_ANSWER, 9000,
		MAINTAIN_BLOCKED, MAINTAIN_WHY_DOMAIN},
	{"an end that is no label", "notexample.com", 443, FLOW_PROTO_TCP,
		RECORD_ANSWER, 9000, MAINTAIN_BLOCKED, MAINTAIN_WHY_DOMAIN},
	{"a beginning that is none", "api.example.com.evil.net", 443, FLOW_PROTO_TCP,
		RECORD_ANSWER, 9000, MAINTAIN_BLOCKED, MAINTAIN_WHY_DOMAIN},
	{"a public suffix", "com", 443, FLOW_PROTO_TCP, RECORD_ANSWER, 9000,
		MAINTAIN_BLOCKED, MAINTAIN_WHY_DOMAIN},
	{"one of two labels", "co.uk", 443, FLOW_PROTO_TCP, RECORD_ANSWER, 9000,
		MAINTAIN_BLOCKED, MAINTAIN_WHY_DOMAIN},
	{"no name", "", 443, FLOW_PROTO_TCP, RECORD_UNNAMED, 9000, MAINTAIN_BLOCKED,
		MAINTAIN_WHY_NAMELESS},
};

static void only_variants_need_no_owner(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(variants) / sizeof(*variants); n++) {
		const struct variant *v = &variants[n];
		struct bed *b = bed_new(true);
		struct record r = to_name(v->name, 30000);

		if (!v->name[0]) /* and one that was answered for no name */
			r.peer = to_addr(3, 3, 0).peer;
		r.naming = v->naming;
		r.peer_port = v->port;
		r.proto = v->proto;
		r.bytes[DIRECTION_TO_DEVICE] = v->down;
		if (tell(b, r) != v->verdict)
			fail_msg("%s", v->why);
		tick(b, 40000);
		if (v->verdict == MAINTAIN_AUTO) {
			assert_int_equal(listed(b, MAINTAIN_ACTIVE)->count, 3);
			assert_true(listed(b, MAINTAIN_ACTIVE)->i[2].automatic);
			assert_int_equal(b->heard.count[MAINTAIN_ACCEPTED_AUTO], 1);
			assert_int_equal(this_week(b).automatic, 1);
		} else {
			assert_int_equal(listed(b, MAINTAIN_PROPOSED)->count, 1);
			if (listed(b, MAINTAIN_PROPOSED)->i[0].reason != v->reason)
				fail_msg("reason of: %s", v->why);
		}
		bed_free(b);
	}
}

/* co.uk is nobody's: what is below it belongs to different owners. */
static void suffixes_separate_owners(void **state)
{
	struct bed *b = bed_new(true);
	struct learned_kind k = {.direction = DIRECTION_FROM_DEVICE,
		.family = 4,
		.proto = FLOW_PROTO_TCP,
		.port = 443,
		.place = RECORD_INTERNET,
		.name = "a.maker.co.uk",
		.bytes_p99 = 100000};

	(void)state;
	assert_int_equal(maintain_permit(b->m, &k, AT(29000)), 0);
	assert_int_equal(tell(b, to_name("b.maker.co.uk", 30000)), MAINTAIN_AUTO);
	assert_int_equal(tell(b, to_name("evil.co.uk", 30010)), MAINTAIN_BLOCKED);
	bed_free(b);
}

/* An address that was answered for a name is that peer. */
static void an_address_with_a_known_name_is_known(void **state)
{
	struct bed *b = bed_new(true);

	(void)state;
	assert_int_equal(tell(b, to_name("", 30000)), MAINTAIN_KNOWN);
	assert_int_equal(tell(b, to_addr(3, 3, 30010)), MAINTAIN_BLOCKED);
	struct record r = to_addr(3, 4, 30020); /* it was under way */
	r.midstream = true;
	assert_int_equal(tell(b, r), MAINTAIN_KNOWN);
	bed_free(b);
}

/* What was accepted so vouches for nothing, and moves no more than it may. */
static void variants_are_watched(void **state)
{
	struct bed *b = bed_new(true);
	struct record r = to_name("www.example.com", 34000);

	(void)state;
	assert_int_equal(tell(b, to_name("www.example.com", 30000)), MAINTAIN_AUTO);
	r.bytes[DIRECTION_FROM_DEVICE] = 5 << 20;
	assert_int_equal(tell(b, r), MAINTAIN_BLOCKED);
	assert_int_equal(b->heard.count[MAINTAIN_BEYOND], 1);
	tick(b, 40000);
	assert_int_equal(listed(b, MAINTAIN_PROPOSED)->count, 1);
	assert_int_equal(listed(b, MAINTAIN_PROPOSED)->i[0].reason, MAINTAIN_WHY_VOLUME);
	/* the owner may say that it is fine, and then it is */
	assert_int_equal(
		maintain_accept(b->m, listed(b, MAINTAIN_PROPOSED)->i[0].id, AT(40001)),
		0);
	r.first += 8000 * NS_PER_SEC;
	r.last += 8000 * NS_PER_SEC;
	assert_int_equal(tell(b, r), MAINTAIN_KNOWN);
	bed_free(b);
}

static void without_a_list_nothing_is_a_variant(void **state)
{
	struct bed *b = bed_new(true);
	struct maintain_config c = bed_config(b, true);

	(void)state;
	c.public_labels = NULL;
	maintain_free(b->m);
	assert_int_equal(maintain_new(&c, &dev_mac, &b->m), 0);
	assert_int_equal(maintain_approve(b->m, b->l, AT(28000)), 0);
	assert_int_equal(tell(b, to_name("www.example.com", 30000)), MAINTAIN_BLOCKED);
	bed_free(b);
}

/* ---- poison ---- */

static void a_scan_is_no_question(void **state)
{
	struct bed *b = bed_new(true);

	(void)state;
	for (int n = 0; n < 100; n++) {
		struct record r = to_addr((uint8_t)(n / 10), (uint8_t)n, 30000 + n * 0.1);

		r.peer_port = 8080;
		(void)tell(b, r);
	}
	struct record telnet = to_addr(9, 9, 30020);
	telnet.peer_port = 23;
	assert_int_equal(tell(b, telnet), MAINTAIN_POISON);
	tick(b, 40000);
	assert_int_equal(listed(b, MAINTAIN_PROPOSED)->count, 0);
	assert_int_equal(b->heard.count[MAINTAIN_ASKED], 0);
	assert_true(this_week(b).conversations[MAINTAIN_POISON] > 50);
	bed_free(b);
}

/* What is blocked is never answered: tried again and again, it is a question. */
static void an_address_that_is_blocked_is_asked(void **state)
{
	struct bed *b = bed_new(true);

	(void)state;
	for (int n = 0; n < 3; n++) {
		struct record r = to_addr(7, 7, 30000 + n * 4000);

		r.answered = false;
		r.bytes[DIRECTION_TO_DEVICE] = r.packets[DIRECTION_TO_DEVICE] = 0;
		assert_int_equal(tell(b, r), MAINTAIN_BLOCKED);
		tick(b, 31000 + n * 4000);
		assert_int_equal(listed(b, MAINTAIN_PROPOSED)->count, n == 2);
	}
	assert_int_equal(
		listed(b, MAINTAIN_PROPOSED)->i[0].reason, MAINTAIN_WHY_NAMELESS);
	/* thousands of them are none, and push out nothing */
	(void)tell(b, to_name("new.example.net", 50000));
	for (int n = 0; n < 4000; n++) {
		struct record r = to_addr((uint8_t)(n / 250), (uint8_t)n, 50010 + n * 10);

		r.answered = false;
		r.peer_port = (uint16_t)(1000 + n);
		(void)tell(b, r);
	}
	tick(b, 100000);
	assert_int_equal(listed(b, MAINTAIN_PROPOSED)->count, 2);
	bed_free(b);
}

/* ---- one question for several ---- */

static void siblings_are_one_question(void **state)
{
	struct bed *b = bed_new(true);
	char name[32];

	(void)state;
	for (int n = 0; n < 6; n++) {
		(void)str_print(name, sizeof(name), "edge%d.cdn.example.net", n);
		(void)tell(b, to_name(name, 30000 + n * 4000));
		tick(b, 33000 + n * 4000);
	}
	struct listed *l = listed(b, MAINTAIN_PROPOSED);
	assert_int_equal(l->count, 1);
	assert_true(l->i[0].kind.general);
	assert_string_equal(l->i[0].kind.name, "*.cdn.example.net");
	assert_int_equal(l->i[0].week.conversations, 6);
	assert_int_equal(maintain_accept(b->m, l->i[0].id, AT(60000)), 0);
	assert_int_equal(
		tell(b, to_name("edge99.cdn.example.net", 60100)), MAINTAIN_KNOWN);
	bed_free(b);
}

/* ---- rules ---- */

static void rules_are_what_is_in_force(void **state)
{
	struct bed *b = bed_new(true);
	struct pool *pool = pool_new("test", 1 << 20);
	struct rule *rules;
	size_t count;

	(void)state;
	(void)tell(b, to_name("new.example.net", 30000));
	tick(b, 40000);
	assert_int_equal(maintain_rules(b->m, MAINTAIN_ALL, pool, &rules, &count), 0);
	assert_int_equal(count, 2);
	assert_string_equal(rules[0].peer.name, "api.example.com");
	assert_int_equal(rules[0].peer_port.lo, 443);
	assert_int_equal(rules[0].initiator, INITIATOR_DEVICE);
	assert_int_equal(rules[0].family, 0);
	/* whoever of the house controls it, as it was generalised */
	assert_int_equal(rules[1].direction, DIRECTION_TO_DEVICE);
	assert_int_equal(rules[1].device_port.lo, 80);
	assert_int_equal(maintain_accept(b->m,
				 listed(b, MAINTAIN_PROPOSED)->i[0].id, AT(40001)),
		0);
	assert_int_equal(maintain_rules(b->m, MAINTAIN_ALL, pool, &rules, &count), 0);
	assert_int_equal(count, 3);
	assert_string_equal(rules[1].peer.name, "new.example.net");
	/* apart from what was approved at first */
	uint64_t force = maintain_force(b->m);
	assert_int_equal(
		maintain_rules(b->m, MAINTAIN_LATER, pool, &rules, &count), 0);
	assert_int_equal(count, 1);
	assert_string_equal(rules[0].peer.name, "new.example.net");
	assert_int_equal(maintain_reject(b->m,
				 listed(b, MAINTAIN_ACTIVE)->i[0].id, AT(40002)),
		0);
	assert_true(maintain_force(b->m) != force);
	assert_int_equal(maintain_rules(b->m, MAINTAIN_NO, pool, &rules, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(rules[0].action, RULE_DROP);
	assert_string_equal(rules[0].peer.name, "api.example.com");
	pool_free(pool);
	bed_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_approved_passes),
		cmocka_unit_test(what_is_new_is_asked_with_evidence),
		cmocka_unit_test(the_effect_is_that_of_a_week),
		cmocka_unit_test(an_answer_holds),
		cmocka_unit_test(an_alert_is_once_a_day),
		cmocka_unit_test(a_question_that_nobody_needs_goes),
		cmocka_unit_test(only_variants_need_no_owner),
		cmocka_unit_test(suffixes_separate_owners),
		cmocka_unit_test(an_address_with_a_known_name_is_known),
		cmocka_unit_test(variants_are_watched),
		cmocka_unit_test(without_a_list_nothing_is_a_variant),
		cmocka_unit_test(a_scan_is_no_question),
		cmocka_unit_test(an_address_that_is_blocked_is_asked),
		cmocka_unit_test(siblings_are_one_question),
		cmocka_unit_test(rules_are_what_is_in_force),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
