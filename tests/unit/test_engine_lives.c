// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices follow the life cycle: what convicts in the running engine and what explains it,
 * the owner's word in two steps, restarts, clocks that jump, and full storage. */
#include "test_lives_util.h"
#include <errno.h>
#include "test_api_util.h"
#include "store/store_priv.h"

#define DAY_S 86400

static int setup(void **state)
{
	(void)state;
	h = house_new();
	protect_lamp();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	house_free(h);
	return 0;
}

struct steps {
	unsigned count, asks;
	struct store_step last;
};

static int count_step(void *ctx, const struct store_step *s)
{
	struct steps *c = ctx;

	c->count++;
	c->last = *s;
	return 0;
}

static struct steps steps(void)
{
	struct steps c = {0};

	assert_int_equal(store_steps(h->store, lamp()->id, 100, count_step, &c), 0);
	return c;
}

static void a_device_is_watched_then_protected(void **state)
{
	(void)state;
	struct mac phone = mac_of("02:00:00:00:00:22");
	struct device *d;

	assert_int_equal(stands(), LIFE_PROTECTED);
	see_addr(h, "02:00:00:00:00:22", "192.168.7.30", ADDR_SOURCE_DHCP4, 86400);
	d = inventory_by_mac(h->p.inventory, &phone);
	assert_int_equal(pipeline_life_of(&h->p, d)->state, LIFE_NEW);
	see_dhcp(h, "02:00:00:00:00:22", "phone", "");
	advance(h, 1);
	assert_int_equal(pipeline_life_of(&h->p, d)->state, LIFE_LEARNING);
	assert_true(cloud_is_open());
}

static void a_scan_convicts_within_its_seconds(void **state)
{
	(void)state;
	struct steps c;

	scan(10, 8080);
	assert_true(stands() == LIFE_PROTECTED || stands() == LIFE_SUSPICIOUS);
	assert_true(cloud_is_open());
	scan(60, 8080);
	assert_int_equal(stands(), LIFE_QUARANTINED);
	assert_int_equal(lamp()->hold, HOLD_QUARANTINED);
	assert_false(cloud_is_open());
	c = steps();
	assert_int_equal(c.last.state, LIFE_QUARANTINED);
	assert_string_equal(c.last.kind, "attack");
	assert_non_null(strstr(c.last.detail, "address scan"));
	assert_non_null(strstr(lamp()->quarantine, "address scan"));
}

/* The kernel tells of a flood in one message, every ten seconds. */
static void a_flood_counts_all_its_packets(void **state)
{
	(void)state;
	refuse("203.0.113.9", FLOW_PROTO_UDP, 9999, 1);
	assert_int_equal(stands(), LIFE_PROTECTED);
	advance(h, 10);
	refuse("203.0.113.9", FLOW_PROTO_UDP, 9999, 20000);
	assert_int_equal(stands(), LIFE_QUARANTINED);
	assert_non_null(strstr(lamp()->quarantine, "flood"));
}

static void only_the_owner_isolates_where_he_says_so(void **state)
{
	(void)state;
	assert_int_equal(pipeline_setting(&h->p, "life_isolate", "no"), 0);
	scan(99, 23);
	assert_int_equal(stands(), LIFE_SUSPICIOUS);
	assert_int_equal(lamp()->hold, HOLD_NONE);
	assert_int_equal(pipeline_setting(&h->p, "life_isolate", "yes"), 0);
	advance(h, 61);
	scan(99, 23);
	assert_int_equal(stands(), LIFE_QUARANTINED);
}

static void what_is_critical_is_never_dark(void **state)
{
	(void)state;
	lamp()->class = DEVICE_CLASS_LOCK;
	scan(99, 23);
	advance(h, 61);
	scan(99, 23);
	assert_int_equal(stands(), LIFE_LIMITED);
	assert_int_equal(lamp()->hold, HOLD_LIMITED);
	/* but its owner can */
	assert_int_equal(pipeline_quarantine(&h->p, lamp(), "I say so"), 0);
	assert_int_equal(lamp()->hold, HOLD_QUARANTINED);
}

static json_t *is_of(const char *body)
{
	unsigned status;
	json_t *r = api_asked(&h->p, api_change_device, LAMP, "", body, &status);

	assert_int_equal(status, 200);
	spin(h);
	return r;
}

/* Said too late, it is not too late: a lock that was taken for a thing like others. */
static void who_is_said_to_be_critical_is_dark_no_longer(void **state)
{
	(void)state;
	scan(99, 23);
	advance(h, 61);
	scan(99, 23);
	assert_int_equal(stands(), LIFE_QUARANTINED);
	nstime hopeless = pipeline_life_of(&h->p, lamp())->hopeless;
	unsigned offences = pipeline_life_of(&h->p, lamp())->offences;

	json_decref(is_of("{\"class\":\"camera\"}"));
	assert_int_equal(stands(), LIFE_QUARANTINED);
	json_decref(is_of("{\"class\":\"lock\"}"));
	assert_int_equal(stands(), LIFE_LIMITED);
	assert_int_equal(lamp()->hold, HOLD_LIMITED);
	assert_int_equal(household_device(&h->p.household, lamp()->id)->hold, HOLD_LIMITED);
	/* no new offence, and no new month for its maker */
	assert_true(pipeline_life_of(&h->p, lamp())->hopeless == hopeless);
	assert_int_equal(pipeline_life_of(&h->p, lamp())->offences, offences);
	engine_restart(h);
	assert_int_equal(stands(), LIFE_LIMITED);
}

static void by_its_name_or_while_it_updates(void **state)
{
	(void)state;
	scan(99, 23);
	advance(h, 61);
	scan(99, 23);
	assert_true(pipeline_life(&h->p, lamp(), LIFE_FETCHING, NULL, NULL));
	assert_int_equal(lamp()->hold, HOLD_QUARANTINED);
	json_decref(is_of("{\"name\":\"Smoke detector\"}"));
	assert_int_equal(stands(), LIFE_LIMITED);
	assert_true(pipeline_life(&h->p, lamp(), LIFE_FETCHING, NULL, NULL));
	assert_int_equal(lamp()->hold, HOLD_LIMITED);
}

static void its_owner_wants_it_dark(void **state)
{
	(void)state;
	scan(99, 23);
	advance(h, 61);
	scan(99, 23);
	assert_int_equal(stands(), LIFE_QUARANTINED);
	assert_int_equal(pipeline_quarantine(&h->p, lamp(), "I say so"), 0);
	engine_restart(h);
	json_decref(is_of("{\"class\":\"lock\"}"));
	assert_int_equal(stands(), LIFE_QUARANTINED);
	assert_int_equal(lamp()->hold, HOLD_QUARANTINED);
}

/* Its cloud answers another device with other addresses: nobody is to blame. */
static void a_name_that_moved_explains_itself(void **state)
{
	(void)state;
	struct suspicion *s = pipeline_suspicion_of(&h->p, lamp());

	/* a scan by their number; a tenth of a new peer each: 18 points at most, of 20 */
	for (unsigned i = 1; i <= 45; i++) {
		char peer[32];

		assert_int_equal(str_print(peer, sizeof(peer), "203.0.113.%u", i), 0);
		struct addr a = ip(peer);
		lives_told(&h->p.lives, "cloud.example", &a, h->clock.now);
		refuse(peer, FLOW_PROTO_TCP, 443, 1);
	}
	assert_int_equal(stands(), LIFE_PROTECTED);
	assert_int_equal(lamp()->hold, HOLD_NONE);
	assert_true(s->points[SUSPICION_ADDR_SCAN] < 1);
}

/* What is allowed is seen by the records of conversations. */
static void attempt_at(nstime when, unsigned host, uint16_t port)
{
	static struct message m;
	struct record r = {.device = mac_of(LAMP), .first = when,
		.last = when, .family = 4, .proto = FLOW_PROTO_TCP,
		.device_port = 40000, .peer_port = port, .device_addr = ip(LAMP_IP),
		.packets = {3, 0}, .bytes = {180, 0}};
	char peer[32];

	assert_int_equal(str_print(peer, sizeof(peer), "203.0.113.%u", host), 0);
	r.peer = ip(peer);
	message_from_record(&m, &r);
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
}

static void attempt(unsigned host, uint16_t port)
{
	attempt_at(h->clock.now, host, port);
}

static void attacks_that_nothing_refuses_are_seen(void **state)
{
	(void)state;
	/* a phone that tries many services of many hosts is none */
	for (unsigned i = 1; i <= 60; i++)
		attempt(i, (uint16_t)(1000 + 97 * i));
	assert_int_equal(stands(), LIFE_PROTECTED);
	advance(h, 61);
	for (unsigned i = 1; i <= 80; i++)
		attempt(i, 5555);
	assert_int_equal(stands(), LIFE_QUARANTINED);
}

/* A conversation is told when it has been silent for long: what the lamp did before it was
 * let back is no offence on probation, told before or after a restart. */
static void what_was_forgiven_is_not_told_again(void **state)
{
	(void)state;
	nstime before = h->clock.now;

	scan(99, 8080);
	assert_int_equal(stands(), LIFE_QUARANTINED);
	advance(h, 30);
	assert_int_equal(pipeline_quarantine(&h->p, lamp(), NULL), 0);
	for (unsigned turn = 0; turn < 2; turn++) {
		for (unsigned i = 1; i <= 80; i++)
			attempt_at(before, i, 8080);
		assert_int_equal(stands(), LIFE_PROBATION);
		engine_restart(h);
	}
	advance(h, 1);
	for (unsigned i = 1; i <= 80; i++)
		attempt(i, 8080);
	assert_int_equal(stands(), LIFE_QUARANTINED);
}

static void an_answer_is_no_scan(void **state)
{
	(void)state;
	struct message m = {.type = MESSAGE_SEEN_VIOLATION};

	/* a service of the lamp, over connections from before its profile */
	m.seen_violation.direction = DIRECTION_FROM_DEVICE;
	m.seen_violation.reason = REASON_DEFAULT_DENY;
	m.seen_violation.mac = mac_of(LAMP);
	m.seen_violation.device = ip(LAMP_IP);
	m.seen_violation.peer = ip("192.168.7.40");
	m.seen_violation.proto = FLOW_PROTO_TCP;
	m.seen_violation.device_port = 554;
	m.seen_violation.packets = 1;
	for (uint16_t p = 40000; p < 40100; p++) {
		m.seen_violation.peer_port = p;
		far_send(h, ROLE_SENSOR, &m);
		spin(h);
	}
	assert_int_equal(lamp()->hold, HOLD_NONE);
}

/* ---- the owner's word ---- */

static int release(const char *code, bool by_device, char out[LIVES_CODE_DIGITS + 1],
	const char **ret_why)
{
	struct life_step step;
	int error = pipeline_release(&h->p, lamp(), code, false, by_device, out, &step);

	*ret_why = step.refused;
	spin(h);
	return error;
}

static void a_release_takes_two_steps(void **state)
{
	(void)state;
	char code[LIVES_CODE_DIGITS + 1], none[LIVES_CODE_DIGITS + 1];
	const char *why;

	assert_int_equal(release(NULL, false, code, &why), CARDEA_EREFUSED);
	assert_non_null(strstr(why, "not held"));
	assert_int_equal(pipeline_quarantine(&h->p, lamp(), "for a test"), 0);
	assert_int_equal(release("123456", false, none, &why), CARDEA_EREFUSED);
	assert_int_equal(release(NULL, false, code, &why), 0);
	assert_int_equal(strlen(code), LIVES_CODE_DIGITS);
	assert_int_equal(stands(), LIFE_QUARANTINED);
	/* from the device's own address neither step is heard */
	assert_int_equal(release(code, true, none, &why), CARDEA_EREFUSED);
	assert_non_null(strstr(why, "own address"));
	assert_int_equal(release(code, false, none, &why), 0);
	assert_int_equal(stands(), LIFE_PROBATION);
	assert_int_equal(lamp()->hold, HOLD_NONE);
	tell_name(h, 2, LAMP_IP, "cloud.example", CLOUD_IP);
	assert_true(cloud_is_open());
	/* and a number is good once */
	assert_int_equal(pipeline_quarantine(&h->p, lamp(), "again"), 0);
	assert_int_equal(release(code, false, none, &why), CARDEA_EREFUSED);
}

static void numbers_are_not_guessed(void **state)
{
	(void)state;
	char code[LIVES_CODE_DIGITS + 1], none[LIVES_CODE_DIGITS + 1];
	const char *why;

	assert_int_equal(pipeline_quarantine(&h->p, lamp(), "for a test"), 0);
	assert_int_equal(release(NULL, false, code, &why), 0);
	for (unsigned i = 0; i < LIVES_RELEASE_TRIES; i++)
		assert_int_equal(release("x", false, none, &why), CARDEA_EREFUSED);
	assert_int_equal(release(code, false, none, &why), CARDEA_EREFUSED);
	assert_non_null(strstr(why, "wait an hour"));
	advance(h, 3601);
	assert_int_equal(release(code, false, none, &why), CARDEA_EREFUSED);
	assert_int_equal(release(NULL, false, code, &why), 0);
	advance(h, LIVES_CODE_S + 1);
	assert_int_equal(release(code, false, none, &why), CARDEA_EREFUSED);
	assert_non_null(strstr(why, "too long"));
}

/* ---- what must hold ---- */

static void all_is_as_before_after_a_restart(void **state)
{
	(void)state;
	double points;
	unsigned count;

	scan(99, 8080);
	assert_int_equal(stands(), LIFE_QUARANTINED);
	points = suspicion_score(pipeline_suspicion_of(&h->p, lamp()), h->clock.now);
	count = steps().count;
	engine_restart(h);
	assert_int_equal(stands(), LIFE_QUARANTINED);
	assert_int_equal(lamp()->hold, HOLD_QUARANTINED);
	assert_int_equal(lamp()->state, DEVICE_QUARANTINED);
	assert_false(cloud_is_open());
	assert_int_equal(steps().count, count);
	assert_true(suspicion_score(pipeline_suspicion_of(&h->p, lamp()), h->clock.now) >
		    points - 1);
	assert_int_equal(pipeline_quarantine(&h->p, lamp(), NULL), 0);
	engine_restart(h);
	assert_int_equal(stands(), LIFE_PROBATION);
	assert_int_equal(lamp()->hold, HOLD_NONE);
	assert_int_equal(lamp()->state, DEVICE_PROTECTED);
}

static nstime skew;

static nstime skewed(void *ctx)
{
	return ((struct clock_virtual *)ctx)->now + skew;
}

static void see_lamp(void)
{
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
}

static void probation_is_served_and_not_by_a_jump(void **state)
{
	(void)state;
	assert_int_equal(pipeline_quarantine(&h->p, lamp(), "for a test"), 0);
	assert_int_equal(pipeline_quarantine(&h->p, lamp(), NULL), 0);
	assert_int_equal(stands(), LIFE_PROBATION);
	/* the clock learns that it is another year: nothing is served by that */
	h->clock.clock.wall = skewed;
	skew = 365LL * DAY_S * NS_PER_SEC;
	advance(h, 5);
	see_lamp();
	advance(h, 20);
	assert_int_equal(stands(), LIFE_PROBATION);
	skew = -365LL * DAY_S * NS_PER_SEC;
	advance(h, 20);
	see_lamp();
	advance(h, 20);
	assert_int_equal(stands(), LIFE_PROBATION);
	assert_int_equal(lamp()->hold, HOLD_NONE);
}

/* A router without a battery starts with an old date and is told the time later: what an
 * earlier run stored, by a clock that was right, is not of that old date. */
static void a_start_in_the_past_begins_nothing_anew(void **state)
{
	static const struct life_said good = {.level = LIFE_L3_TOKEN};
	struct life before;
	const struct life *l;

	(void)state;
	assert_int_equal(pipeline_quarantine(&h->p, lamp(), "for a test"), 0);
	assert_true(says(LIFE_EVIDENCE, &good));
	assert_int_equal(stands(), LIFE_PROBATION);
	advance(h, 3600);
	see_lamp();
	before = *pipeline_life_of(&h->p, lamp());
	h->clock.clock.wall = skewed;
	skew = -400LL * DAY_S * NS_PER_SEC;
	engine_restart(h);
	advance(h, 20);
	see_lamp();
	assert_int_equal(stands(), LIFE_PROBATION);
	skew = 0;
	advance(h, 20);
	see_lamp();
	l = pipeline_life_of(&h->p, lamp());
	assert_int_equal(l->state, LIFE_PROBATION);
	assert_int_equal(l->since, before.since);
	assert_int_equal(l->deadline, before.deadline);
	assert_int_equal(l->first_return, before.first_return);
	/* what it does is seen, and no offence of a time before its return */
	for (unsigned i = 1; i <= 80; i++)
		attempt(i, 8080);
	assert_int_equal(stands(), LIFE_QUARANTINED);
}

/* ... and what it did meanwhile moves with the clock. */
static void what_an_old_date_began_moves_with_it(void **state)
{
	const struct life *l;

	(void)state;
	h->clock.clock.wall = skewed;
	skew = -400LL * DAY_S * NS_PER_SEC;
	engine_restart(h);
	advance(h, 20);
	see_lamp();
	assert_int_equal(pipeline_quarantine(&h->p, lamp(), "for a test"), 0);
	assert_int_equal(pipeline_quarantine(&h->p, lamp(), NULL), 0);
	skew = 0;
	advance(h, 20);
	see_lamp();
	advance(h, 5);
	l = pipeline_life_of(&h->p, lamp());
	assert_int_equal(l->state, LIFE_PROBATION);
	assert_true(pipeline_wall(&h->p) - l->since < 60 * NS_PER_SEC);
	assert_true(l->deadline - l->since == LIFE_PROBATION_FOR);
}

/* Off for days, and then with an old date: that time is served by nobody. */
static void off_and_in_the_past(void **state)
{
	nstime left, off = 3 * DAY_S * NS_PER_SEC;
	const struct life *l;

	(void)state;
	assert_int_equal(pipeline_quarantine(&h->p, lamp(), "for a test"), 0);
	assert_int_equal(pipeline_quarantine(&h->p, lamp(), NULL), 0);
	see_lamp();
	left = pipeline_life_of(&h->p, lamp())->deadline - pipeline_wall(&h->p);
	engine_end(h);
	clock_virtual_set(&h->clock, h->clock.now + off);
	h->clock.clock.wall = skewed;
	skew = -400LL * DAY_S * NS_PER_SEC;
	engine_start(h);
	connect_all(h);
	advance(h, 20);
	skew = 0;
	advance(h, 20);
	see_lamp();
	l = pipeline_life_of(&h->p, lamp());
	assert_int_equal(l->state, LIFE_PROBATION);
	left -= l->deadline - pipeline_wall(&h->p);
	assert_true(left >= 0 && left < 120 * NS_PER_SEC);
}

static void who_comes_and_goes_tires_nobody(void **state)
{
	(void)state;
	struct life_said good = {.level = LIFE_L3_TOKEN};
	unsigned quarantines = 0, probations = 0;

	for (unsigned i = 0; i < 20; i++) {
		scan(99, (uint16_t)(8000 + i));
		quarantines += stands() == LIFE_QUARANTINED;
		(void)says(LIFE_FETCHING, NULL);
		(void)says(LIFE_FETCHED, &good);
		(void)says(LIFE_EVIDENCE, &good);
		probations += stands() == LIFE_PROBATION;
		advance(h, 120);
	}
	/* it returns twice by itself, and then not without its owner */
	assert_int_equal(stands(), LIFE_ATTESTING);
	assert_int_equal(h->p.lives.asks, 1);
	assert_true(h->p.lives.asks_spared >= 2);
	assert_int_equal(pipeline_life_of(&h->p, lamp())->returns, 2);
	assert_true(quarantines >= 3 && probations >= 2);
}

static void forgeries_fill_nothing(void **state)
{
	(void)state;
	unsigned before;

	assert_int_equal(pipeline_quarantine(&h->p, lamp(), "for a test"), 0);
	before = steps().count;
	for (unsigned i = 0; i < 500; i++)
		(void)says(LIFE_FORGED, NULL);
	assert_int_equal(stands(), LIFE_QUARANTINED);
	assert_int_equal(steps().count, before + 1);
	advance(h, 61);
	(void)says(LIFE_FORGED, NULL);
	assert_int_equal(steps().count, before + 2);
}

/* ---- storage that is full ---- */

static void fill(bool full)
{
	assert_int_equal(sqlite3_exec(h->store->db,
				 full ? "PRAGMA query_only=ON" : "PRAGMA query_only=OFF",
				 NULL, NULL, NULL),
		SQLITE_OK);
}

static void isolation_needs_no_storage_and_release_does(void **state)
{
	(void)state;
	assert_int_equal(store_commit(h->store), 0);
	fill(true);
	assert_true(says(LIFE_CONVICTED, &(struct life_said){.text = "a scan"}));
	assert_int_equal(stands(), LIFE_QUARANTINED);
	assert_false(cloud_is_open());
	assert_int_equal(pipeline_quarantine(&h->p, lamp(), NULL), CARDEA_EREFUSED);
	assert_int_equal(stands(), LIFE_QUARANTINED);
	assert_int_equal(lamp()->hold, HOLD_QUARANTINED);
	assert_string_equal(lamp()->quarantine, "a scan");
	fill(false);
	advance(h, 2); /* what is owed is stored by itself */
	engine_restart(h);
	assert_int_equal(stands(), LIFE_QUARANTINED);
	assert_string_equal(lamp()->quarantine, "a scan");
	assert_int_equal(pipeline_quarantine(&h->p, lamp(), NULL), 0);
	assert_int_equal(stands(), LIFE_PROBATION);
}

/* What others wrote before is theirs. */
static void a_release_that_fails_takes_back_nothing_of_others(void **state)
{
	struct decision q = {.kind = DECISION_PORT, .text = "a question of others"};
	(void)state;

	assert_int_equal(pipeline_quarantine(&h->p, lamp(), "for a test"), 0);
	assert_int_equal(sqlite3_exec(h->store->db,
				 "CREATE TRIGGER full BEFORE INSERT ON life_step BEGIN"
				 " SELECT RAISE(FAIL, 'no room'); END",
				 NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(store_decision_save(h->store, &q), 0);
	assert_int_equal(pipeline_quarantine(&h->p, lamp(), NULL), CARDEA_EREFUSED);
	assert_int_equal(stands(), LIFE_QUARANTINED);
	assert_int_equal(store_decision_find(h->store, q.id, &q), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_device_is_watched_then_protected),
		T(a_scan_convicts_within_its_seconds),
		T(a_flood_counts_all_its_packets),
		T(only_the_owner_isolates_where_he_says_so),
		T(what_is_critical_is_never_dark),
		T(who_is_said_to_be_critical_is_dark_no_longer),
		T(by_its_name_or_while_it_updates),
		T(its_owner_wants_it_dark),
		T(a_name_that_moved_explains_itself),
		T(attacks_that_nothing_refuses_are_seen),
		T(what_was_forgiven_is_not_told_again),
		T(an_answer_is_no_scan),
		T(a_release_takes_two_steps),
		T(numbers_are_not_guessed),
		T(all_is_as_before_after_a_restart),
		T(probation_is_served_and_not_by_a_jump),
		T(a_start_in_the_past_begins_nothing_anew),
		T(what_an_old_date_began_moves_with_it),
		T(off_and_in_the_past),
		T(who_comes_and_goes_tires_nobody),
		T(forgeries_fill_nothing),
		T(isolation_needs_no_storage_and_release_does),
		T(a_release_that_fails_takes_back_nothing_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
