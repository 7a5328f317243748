// SPDX-License-Identifier: GPL-2.0-or-later
/* Conversations that a rule by name would not let through: which of them get a rule by
 * address, with what evidence, and how many. */
#include "unit/test_learned_util.h"

#include "engine/learn_priv.h"

static struct learn_bares bares;
static struct learned *learned;
static struct learn_profile p;

static int setup(void **state)
{
	(void)state;
	learned = learner(true);
	memset(&p, 0, sizeof p);
	memset(&bares, 0, sizeof bares);
	return learn_bares_init(&bares);
}

static int teardown(void **state)
{
	(void)state;
	learn_profile_free(&p);
	learn_bares_free(&bares);
	learned_free(learned);
	return 0;
}

/* As on_record() of learn.c has it. */
static void see(struct record r)
{
	feed(learned, r);
	learn_bares_see(&bares, &r);
}

static void profile(void)
{
	const struct learn_source s = {.learned = learned, .bares = &bares};

	learn_profile_free(&p);
	finish(learned);
	assert_int_equal(learn_profile_of(&s, &dev_mac, T0, &p), 0);
	assert_non_null(p.mud);
}

static const struct rule *bare_rule(enum learn_bare_why why)
{
	for (size_t i = 0; i < p.rule_count; i++)
		if (p.bares[i] && p.bares[i]->key.why == why)
			return &p.rules[i];
	return NULL;
}

static size_t bare_rules(void)
{
	size_t n = 0;

	for (size_t i = 0; i < p.rule_count; i++)
		n += p.bares[i] != NULL;
	return n;
}

static void a_name_that_was_answered_needs_none(void **state)
{
	(void)state;
	see(to_name("cloud.example.com", 0));
	profile();
	assert_int_equal(p.rule_count, 1);
	assert_int_equal(bare_rules(), 0);
}

/* The gateway does not see who is meant: a hello is not what it opens names by. */
static void a_hello_opens_its_address(void **state)
{
	struct record r = to_name("cloud.example.com", 0);

	(void)state;
	r.naming = RECORD_SNI;
	see(r);
	see(r);
	profile();
	assert_int_equal(bare_rules(), 1);
	const struct rule *b = bare_rule(LEARN_BARE_HINTED);
	assert_non_null(b);
	assert_int_equal(b->peer.kind, PEER_PREFIX);
	assert_true(addr_equal(&b->peer.prefix.addr, &r.peer));
	assert_int_equal(b->peer.prefix.len, 32);
	assert_int_equal(b->peer_port.lo, 443);
	assert_int_equal(b->initiator, INITIATOR_DEVICE);
	assert_int_equal(b->layer, LAYER_LEARNED);
	assert_non_null(strstr(b->detail, "2 conversations"));
	const struct learn_bare *e = p.bares[b - p.rules];
	assert_string_equal(e->name, "cloud.example.com");
	assert_int_equal(e->flows, 2);
	assert_int_equal(e->bytes[DIRECTION_FROM_DEVICE], 3000);
}

static void what_was_under_way_has_its_address(void **state)
{
	struct record r = to_addr(100, 1, 0);

	(void)state;
	see(to_name("cloud.example.com", 0));
	r.midstream = true;
	see(r);
	profile();
	const struct rule *b = bare_rule(LEARN_BARE_CUT);
	assert_non_null(b);
	assert_true(addr_equal(&b->peer.prefix.addr, &r.peer));
	assert_int_equal(bare_rules(), 1);
}

/* Told in one capture, called in another: the name is known, its address was not open. */
static void an_answer_of_another_time_opens_nothing(void **state)
{
	struct record r = to_name("cloud.example.com", 0), again = r;

	(void)state;
	see(r);
	learned_capture(learned);
	again.name[0] = 0;
	again.naming = RECORD_UNNAMED;
	again.first += 86400 * NS_PER_SEC;
	again.last += 86400 * NS_PER_SEC;
	see(again);
	profile();
	assert_int_equal(p.general.count, 1);
	const struct rule *b = bare_rule(LEARN_BARE_UNTOLD);
	assert_non_null(b);
	assert_true(addr_equal(&b->peer.prefix.addr, &r.peer));
	assert_string_equal(p.bares[b - p.rules]->name, "cloud.example.com");
	assert_int_equal(p.bares[b - p.rules]->first, again.first);
	assert_non_null(strstr(b->detail, "of another time"));
	assert_int_equal(bare_rules(), 1);
}

/* Whoever asks all is answered where it asked from; the direction is the answer's. */
static void an_answer_to_all_goes_out(void **state)
{
	struct record r = by_phone(9999, 0);

	(void)state;
	r.proto = FLOW_PROTO_UDP;
	r.midstream = true;
	r.device_port = 9999;
	r.peer_port = 40000;
	see(r);
	profile();
	const struct rule *b = bare_rule(LEARN_BARE_ANSWER);
	assert_non_null(b);
	assert_int_equal(b->direction, DIRECTION_FROM_DEVICE);
	assert_int_equal(b->device_port.lo, 9999);
	assert_int_equal(b->peer_port.hi, UINT16_MAX);
	assert_int_equal(b->peer.kind, PEER_LOCAL_NETWORKS);
}

static void others_devices_are_not_mixed(void **state)
{
	struct record r = to_name("cloud.example.com", 0);

	(void)state;
	see(r);
	r.naming = RECORD_SNI;
	r.device.b[5] = 77;
	see(r);
	profile();
	assert_int_equal(bare_rules(), 0);
}

/* What may go anywhere needs no address, and what forbids stays behind all that allows. */
static void the_open_internet_needs_none(void **state)
{
	struct record r = to_addr(100, 99, 0);
	size_t drop = 0;

	(void)state;
	for (uint8_t i = 0; i < 8; i++)
		see(to_addr(100, i, i * 100));
	r.midstream = true;
	see(r);
	r.peer_port = 8443; /* not that; without payload it is no kind either */
	r.bytes[0] = r.bytes[1] = 60;
	see(r);
	profile();
	assert_int_equal(bare_rules(), 1);
	while (drop < p.rule_count && p.rules[drop].action != RULE_DROP)
		drop++;
	assert_true((size_t)(bare_rule(LEARN_BARE_CUT) - p.rules) < drop);
	for (size_t i = 0; i < p.rule_count; i++)
		assert_int_equal(p.rules[i].id, i + 1);
}

/* So many addresses are no profile: none of them, and that is said. */
static void too_many_are_none(void **state)
{
	struct record r = to_name("cloud.example.com", 0);

	(void)state;
	r.naming = RECORD_SNI;
	for (int i = 0; i <= LEARN_BARES_OF_DEVICE; i++) {
		r.peer = addr_v4((uint8_t[]){198, 51, (uint8_t)(i / 250), (uint8_t)i});
		if (i == LEARN_BARES_OF_DEVICE) {
			profile();
			assert_int_equal(bare_rules(), LEARN_BARES_OF_DEVICE);
			assert_int_equal(p.bare_many, 0);
		}
		see(r);
	}
	profile();
	assert_int_equal(bare_rules(), 0);
	assert_int_equal(p.bare_many, LEARN_BARES_OF_DEVICE + 1);
}

/* The table is bounded, and who comes late has none. */
static void the_table_has_an_end(void **state)
{
	struct record r = to_name("cloud.example.com", 0);

	(void)state;
	r.naming = RECORD_SNI;
	for (int i = 0; i < LEARN_BARES_MAX + 100; i++) {
		r.peer = addr_v4((uint8_t[]){198, 18, (uint8_t)(i >> 8), (uint8_t)i});
		learn_bares_see(&bares, &r);
	}
	assert_int_equal(bares.count, LEARN_BARES_MAX);
	r.peer = addr_v4((uint8_t[]){198, 18, 0, 5});
	learn_bares_see(&bares, &r);
	assert_int_equal(bares.list[5].flows, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_name_that_was_answered_needs_none),
		TEST(a_hello_opens_its_address),
		TEST(what_was_under_way_has_its_address),
		TEST(an_answer_of_another_time_opens_nothing),
		TEST(an_answer_to_all_goes_out),
		TEST(others_devices_are_not_mixed),
		TEST(the_open_internet_needs_none),
		TEST(too_many_are_none),
		TEST(the_table_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
