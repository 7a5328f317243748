// SPDX-License-Identifier: GPL-2.0-or-later
/* What of permits and of order becomes rules that wait: who waits for whom, who is watched,
 * and what is said where nobody waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "profiles/extended/extended.h"

#define HEAD                                                                           \
	"cardea-profile: 1\ndevice: {name: lamp}\nroles:\n  phone: {kind: phone}\n"     \
	"  hub: {kind: hub}\n  ghost: {kind: hub}\n"                                     \
	"  cloud: {kind: cloud, domain: api.example.com}\n"
#define HOME                                                                           \
	"cardea-binding: 1\ntemplate: lamp\nroles:\n  self: {mac: '02:00:00:00:00:01'}\n" \
	"  phone: {mac: '02:00:00:00:00:02'}\n  hub: {ipv4: 192.168.1.7}\n"

static struct pool *pool;
static struct extended_rules rules;

static int setup(void **state)
{
	(void)state;
	pool = pool_new("test", 2 * (size_t)EXTENDED_POOL_BYTES);
	return pool ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	pool_free(pool);
	return 0;
}

static void reduce(const char *text)
{
	static struct extended_profile p;
	static struct extended_binding b;
	static struct extended_bound bound;
	struct extended_notes notes = {0};

	assert_int_equal(extended_parse(text, strlen(text), pool, &p, &notes), 0);
	assert_int_equal(extended_parse_binding(HOME, sizeof HOME - 1, pool, &b, &notes), 0);
	assert_int_equal(extended_bind(&p, &b, pool, &bound, &notes), 0);
	assert_int_equal(extended_reduce(&bound, pool, &rules), 0);
}

/* The first rule that a policy or step of this name opens conversations by. */
static const struct rule *named(const char *name)
{
	for (uint32_t i = 0; i < rules.count; i++)
		if (strcmp(rules.rules[i].ace, name) == 0)
			return &rules.rules[i];
	fail_msg("no rule of %s", name);
	return NULL;
}

static void a_permit_between_others_is_watched_at_both_ends(void **state)
{
	(void)state;
	const struct extended_watch *to, *from;
	const struct rule *effect;

	reduce(HEAD "permits:\n  switch:\n"
		    "    trigger: {match: {ipv4: {src: phone, dst: hub}, tcp: {dst-port: 443}}}\n"
		    "    effect: {match: {ipv4: {src: hub, dst: self}, udp: {dst-port: 5683}}, "
		    "bidirectional: true}\n    within: 1500 ms\n");
	assert_int_equal(rules.watch_count, 2);
	to = &rules.watches[0];
	from = &rules.watches[1];
	assert_int_equal(to->whose.kind, PEER_PREFIX);
	assert_int_equal(to->rule.direction, DIRECTION_TO_DEVICE);
	assert_int_equal(to->rule.peer.kind, PEER_MAC);
	assert_int_equal(to->rule.device_port.lo, 443);
	assert_int_equal(to->rule.peer_port.hi, UINT16_MAX);
	assert_int_equal(from->whose.kind, PEER_MAC);
	assert_int_equal(from->rule.direction, DIRECTION_FROM_DEVICE);
	assert_int_equal(from->rule.peer_port.lo, 443);
	assert_int_equal(from->rule.arms, to->rule.arms);
	assert_int_equal(rules.count, 2); /* the effect and its answer, no trigger */
	effect = &rules.rules[0];
	assert_int_equal(effect->needs, to->rule.arms);
	assert_int_equal(effect->open_s, 2); /* whole seconds, never less than was said */
	assert_int_equal(effect->status, RULE_ENFORCED);
	assert_non_null(strstr(effect->detail, "only within 2 s after"));
	assert_non_null(strstr(effect->detail, "phone to hub"));
	/* an answer that turned out to open would wait, too */
	assert_int_equal(rules.rules[1].needs, effect->needs);
}

static void a_trigger_of_its_own_is_a_rule(void **state)
{
	(void)state;
	const struct rule *effect = NULL;

	reduce(HEAD "permits:\n  upload:\n"
		    "    trigger: {match: {ipv4: {src: phone, dst: self}, tcp: {dst-port: 80}}}\n"
		    "    effect: {match: {ipv4: {src: self, dst: cloud}, tcp: {dst-port: 443}}}\n"
		    "    within: 1 m\n");
	assert_int_equal(rules.watch_count, 0);
	assert_int_equal(rules.count, 2);
	assert_int_equal(rules.rules[0].arms, 1);
	assert_int_equal(rules.rules[0].needs, 0);
	effect = &rules.rules[1];
	assert_int_equal(effect->arms, 0);
	assert_int_equal(effect->needs, 1);
	assert_int_equal(effect->open_s, 60);
}

#define STEP(name, port) \
	"      - {name: " name ", match: {ipv4: {src: self, dst: cloud}, tcp: {dst-port: " port "}}}\n"

static void a_step_waits_for_the_only_one_before_it(void **state)
{
	(void)state;
	reduce(HEAD "interactions:\n  talk:\n    timeout: 30 s\n    steps:\n" STEP("a", "1")
			STEP("b", "2")
		    "      - {name: c, timeout: 5 s, match: {ipv4: {src: self, dst: cloud}, "
		    "tcp: {dst-port: 3}}}\n");
	assert_int_equal(named("a")->needs, 0);
	assert_non_null(strstr(named("a")->detail, "at any time"));
	assert_int_equal(named("b")->needs, named("a")->arms);
	assert_int_equal(named("b")->open_s, 30);
	assert_int_equal(named("c")->needs, named("b")->arms);
	assert_int_equal(named("c")->open_s, 5);
	assert_int_equal(named("c")->arms, 0);
	assert_int_not_equal(named("a")->arms, named("b")->arms);
}

/* Whatever several steps, or the beginning, may come before is open at any time. */
static void where_several_may_come_before_nobody_waits(void **state)
{
	(void)state;
	reduce(HEAD "interactions:\n  talk:\n    steps:\n" STEP("a", "1")
		    "      - {name: maybe, optional: true, match: {ipv4: {src: self, dst: "
		    "cloud}, tcp: {dst-port: 2}}}\n" STEP("c", "3")
		    "      - {name: often, repeatable: true, match: {ipv4: {src: self, dst: "
		    "cloud}, tcp: {dst-port: 4}}}\n" STEP("e", "5")
		    "      - choice:\n"
		    "          - - {name: left, match: {ipv4: {src: self, dst: cloud}, tcp: "
		    "{dst-port: 6}}}\n"
		    "          - - {name: right, match: {ipv4: {src: self, dst: cloud}, tcp: "
		    "{dst-port: 7}}}\n" STEP("h", "8")
		    "      - loop:\n          steps:\n"
		    "            - {name: first, match: {ipv4: {src: self, dst: cloud}, tcp: "
		    "{dst-port: 9}}}\n"
		    "            - {name: second, match: {ipv4: {src: self, dst: cloud}, tcp: "
		    "{dst-port: 10}}}\n");
	assert_int_equal(named("maybe")->needs, named("a")->arms);
	assert_int_equal(named("c")->needs, 0); /* after a, or after maybe */
	assert_int_equal(named("often")->needs, 0); /* after c, or after itself */
	assert_int_equal(named("e")->needs, named("often")->arms);
	assert_int_equal(named("left")->needs, named("e")->arms);
	assert_int_equal(named("right")->needs, named("e")->arms);
	assert_int_equal(named("h")->needs, 0); /* after left, or after right */
	assert_int_equal(named("first")->needs, 0); /* after h, or after second */
	assert_int_equal(named("second")->needs, named("first")->arms);
	assert_int_equal(named("left")->open_s, 3600);
	assert_non_null(strstr(named("c")->detail, "not only one step"));
	assert_int_equal(named("c")->status, RULE_APPROXIMATED);
}

/* What nobody could see would keep its effect shut for ever: it is open, and says so. */
static void a_trigger_that_cannot_be_seen_shuts_nothing(void **state)
{
	(void)state;
	static const char *const triggers[] = {
		"{ipv4: {src: self, dst: gateway}, udp: {src-port: 68, dst-port: 67}}",
		"{ipv4: {src: gateway, dst: self}, udp: {dst-port: 9}}",
		"{ipv6: {src: self}, icmpv6: {type: neighbour-solicitation}}",
		"{arp: {spa: self}}",
	};
	char text[2048];

	for (size_t i = 0; i < sizeof triggers / sizeof *triggers; i++) {
		(void)snprintf(text, sizeof text,
			HEAD "permits:\n  x:\n    trigger: {match: %s}\n"
			     "    effect: {match: {ipv4: {src: self, dst: cloud}, tcp: "
			     "{dst-port: 443}}}\n    within: 5 s\n",
			triggers[i]);
		struct extended_profile p;
		struct extended_notes notes = {0};
		if (extended_parse(text, strlen(text), pool, &p, &notes))
			fail_msg("%s: %s", triggers[i], notes.items[0].note.text);
		reduce(text);
		const struct rule *effect = &rules.rules[rules.count - 1];
		assert_int_equal(effect->peer_port.lo, 443);
		assert_int_equal(effect->needs, 0);
		assert_int_equal(effect->status, RULE_APPROXIMATED);
		assert_non_null(strstr(effect->detail, "not seen here"));
	}
}

/* A trigger of somebody who is not there never comes: that is no permission. */
static void what_nobody_can_trigger_stays_shut(void **state)
{
	(void)state;
	static const char *const triggers[] = {
		"{ipv4: {src: phone, dst: ghost}, tcp: {dst-port: 1}}",
		"{ipv4: {src: ghost, dst: self}, tcp: {dst-port: 1}}",
	};
	char text[2048];

	for (size_t i = 0; i < sizeof triggers / sizeof *triggers; i++) {
		(void)snprintf(text, sizeof text,
			HEAD "permits:\n  x:\n    trigger: {match: %s}\n"
			     "    effect: {match: {ipv4: {src: self, dst: cloud}, tcp: "
			     "{dst-port: 443}}}\n    within: 5 s\n",
			triggers[i]);
		reduce(text);
		assert_int_equal(rules.watch_count, 0);
		assert_int_equal(rules.rules[rules.count - 1].peer_port.lo, 443);
		assert_int_equal(rules.rules[rules.count - 1].needs, 1);
	}
}

/* A phone that is bound is seen, though whom it speaks to is not. */
static void one_end_that_is_known_is_enough(void **state)
{
	(void)state;
	reduce(HEAD "permits:\n  x:\n    trigger: {match: {ipv4: {src: phone, dst: cloud}, tcp: "
		    "{dst-port: 443}}}\n    effect: {match: {ipv4: {src: hub, dst: self}, udp: "
		    "{dst-port: 1}}}\n    within: 5 s\n");
	assert_int_equal(rules.watch_count, 1);
	assert_int_equal(rules.watches[0].rule.direction, DIRECTION_FROM_DEVICE);
	assert_int_equal(rules.watches[0].rule.peer.kind, PEER_NAME);
	assert_int_equal(rules.rules[0].needs, 1);
}

static void the_other_end_may_be_who_opened(void **state)
{
	(void)state;
	reduce(HEAD "permits:\n  x:\n    trigger: {initiator: dst, match: {ipv4: {src: phone, "
		    "dst: hub}, tcp: {src-port: 80}}}\n    effect: {match: {ipv4: {src: hub, dst: "
		    "self}, udp: {dst-port: 1}}}\n    within: 5 s\n");
	assert_int_equal(rules.watch_count, 2);
	/* the hub calls the phone's port 80 */
	assert_int_equal(rules.watches[0].rule.direction, DIRECTION_FROM_DEVICE);
	assert_int_equal(rules.watches[0].rule.peer_port.lo, 80);
	assert_int_equal(rules.watches[1].rule.direction, DIRECTION_TO_DEVICE);
	assert_int_equal(rules.watches[1].rule.device_port.lo, 80);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_permit_between_others_is_watched_at_both_ends),
		T(a_trigger_of_its_own_is_a_rule),
		T(a_step_waits_for_the_only_one_before_it),
		T(where_several_may_come_before_nobody_waits),
		T(a_trigger_that_cannot_be_seen_shuts_nothing),
		T(what_nobody_can_trigger_stays_shut),
		T(one_end_that_is_known_is_enough),
		T(the_other_end_may_be_who_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
