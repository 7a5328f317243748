// SPDX-License-Identifier: GPL-2.0-or-later
/* What outsiders say in a whole engine: vandals, competitors, made-up homes, those who are
 * right; what is done, undone, and written down, whatever happens meanwhile. */
#include "test_advisories_util.h"

/* ---- the house ---- */

/* ... and is let through, as the sensor sees it. */
static void talks(unsigned i, const char *name, const char *addr, enum direction began)
{
	struct record r = {.device = mac_of(cam_mac(i)), .first = pipeline_wall(&h->p),
		.last = pipeline_wall(&h->p), .direction = began, .answered = true,
		.family = 4, .proto = FLOW_PROTO_TCP, .device_port = 443, .peer_port = 443,
		.device_addr = ip(cam_ip(i)), .peer = ip(addr), .place = RECORD_INTERNET,
		.naming = RECORD_ANSWER, .packets = {3, 3}, .bytes = {300, 300}};
	struct message m = {.type = MESSAGE_RECORD};

	str_copy(r.name, sizeof(r.name), name);
	message_from_record(&m, &r);
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
}

#define TRAFFIC_IP ", \"traffic\": {\"address\": \"" C2_IP "\"}"

/* ---- cpe.md 5.4 ---- */

/* A competitor's feed names a model, and two friends repeat it: nothing here shows it. */
static void a_vandal_is_only_heard(void **state)
{
	(void)state;
	both_accuse(DEVICE_CAM TRAFFIC_C2);
	verdict_is(0, ADVISORY_NOTIFY, "our own traffic does not show it");
	is_free(0);
	assert_true(journal_has("Others report cam; what is done about it: you are told, "
				"because our own traffic does not show it"));
	says(&csirt, "csirt", "C-2", "block", DEVICE_CAM);
	verdict_is(0, ADVISORY_NOTIFY, "our own traffic does not show it");
	log_is_whole();
}

static void a_type_alone_is_no_case(void **state)
{
	(void)state;
	calls(0, C2, C2_IP);
	both_accuse(DEVICE_CAM);
	verdict_is(0, ADVISORY_NOTIFY, "names no traffic that could be checked");
	is_free(0);
}

/* One flow to an address of a CDN: everybody has one. */
static void an_address_that_many_share_proves_nothing(void **state)
{
	(void)state;
	calls(0, "a.one.example", C2_IP);
	tell_name(h, ++ticket, cam_ip(1), "b.two.example", C2_IP);
	tell_name(h, ++ticket, cam_ip(1), "c.three.example", C2_IP);
	both_accuse(DEVICE_CAM TRAFFIC_IP);
	verdict_is(0, ADVISORY_NOTIFY, "an address or name that many share");
	is_free(0);
}

static void a_network_of_the_owners_list_neither(void **state)
{
	(void)state;
	struct store_shared n = {.prefix = {ip("198.51.100.0"), 24}, .name = "some CDN"};

	assert_int_equal(advisories_shared_add(&h->p, &n), 0);
	calls(0, "a.one.example", C2_IP);
	both_accuse(DEVICE_CAM TRAFFIC_IP);
	verdict_is(0, ADVISORY_NOTIFY, "an address or name that many share");
	is_free(0);
	/* without the list it is evidence; what is known is seen again, and better */
	assert_int_equal(advisories_shared_remove(&h->p, &n.prefix), 0);
	calls(0, NULL, C2_IP);
	advance(h, ADVISORIES_TICK_S + 1);
	verdict_is(0, ADVISORY_BLOCK, "our own traffic shows what it says");
}

static void a_name_that_others_use_too_neither(void **state)
{
	(void)state;
	see_addr(h, "02:00:00:00:01:01", "192.168.7.101", ADDR_SOURCE_DHCP4, 86400);
	see_addr(h, "02:00:00:00:01:02", "192.168.7.102", ADDR_SOURCE_DHCP4, 86400);
	tell_name(h, ++ticket, "192.168.7.101", C2, C2_IP);
	tell_name(h, ++ticket, "192.168.7.102", C2, C2_IP);
	calls(0, C2, C2_IP);
	both_accuse(DEVICE_CAM TRAFFIC_C2);
	verdict_is(0, ADVISORY_NOTIFY, "an address or name that many share");
}

/* The competitor names the cloud that the maker's own file lists. */
static void its_own_cloud_neither(void **state)
{
	(void)state;
	talks(0, "cloud.example", "203.0.113.9", DIRECTION_FROM_DEVICE);
	both_accuse(DEVICE_CAM ", \"traffic\": {\"domain\": \"cloud.example\"}");
	verdict_is(0, ADVISORY_NOTIFY, "the device's own file lists that");
	is_free(0);
}

/* Whoever calls a device from outside makes no evidence against it. */
static void what_it_was_sent_is_no_evidence(void **state)
{
	(void)state;
	talks(0, C2, C2_IP, DIRECTION_TO_DEVICE);
	both_accuse(DEVICE_CAM TRAFFIC_C2);
	verdict_is(0, ADVISORY_NOTIFY, "our own traffic does not show it");
}

static void a_thousand_homes_are_not_two_issuers(void **state)
{
	(void)state;
	calls(0, C2, C2_IP);
	says(&crowd, "crowd", "H-1", "block", DEVICE_CAM TRAFFIC_C2 ", \"homes\": 1000");
	assert_true(advisory_weight(&advisories_find(&h->p, results[0].key)->a) <=
		    ADVISORY_COMMUNITY_MOST);
	verdict_is(0, ADVISORY_LIMIT, "they weigh 0.75, however many they are");
	assert_int_equal(cam(0)->hold, HOLD_LIMITED);
	assert_int_equal(state_of(0), LIFE_PROTECTED);
	says(&isp, "isp", "I-1", "block", DEVICE_CAM TRAFFIC_C2);
	verdict_is(0, ADVISORY_LIMIT, "weigh 1.75 together, and a block needs 2");
}

static void two_issuers_of_one_owner_are_one(void **state)
{
	(void)state;
	struct signer other = {0};

	new_key(&other);
	add_issuer("isp-a", ADVISORY_ISP, "acme", &other);
	EVP_PKEY *first = other.key;
	char pem[ADVISORY_PEM_MAX];
	str_copy(pem, sizeof(pem), other.pem);
	new_key(&other);
	add_issuer("csirt-a", ADVISORY_CSIRT, "acme", &other);
	EVP_PKEY *second = other.key;
	calls(0, C2, C2_IP);
	other.key = first;
	says(&other, "isp-a", "1", "block", DEVICE_CAM TRAFFIC_C2);
	verdict_is(0, ADVISORY_LIMIT, "one issuer is not enough for more");
	other.key = second;
	says(&other, "csirt-a", "1", "block", DEVICE_CAM TRAFFIC_C2);
	verdict_is(0, ADVISORY_LIMIT, "belong to one owner and count once");
	EVP_PKEY_free(second);
	/* one key under two names is one owner, too, whatever is said of it */
	other.key = first;
	str_copy(other.pem, sizeof(other.pem), pem);
	add_issuer("csirt-b", ADVISORY_CSIRT, "", &other);
	assert_string_equal(advisories_issuer(&h->p, "csirt-b")->group, "acme");
	says(&other, "csirt-b", "1", "block", DEVICE_CAM TRAFFIC_C2);
	verdict_is(0, ADVISORY_LIMIT, "belong to one owner and count once");
	EVP_PKEY_free(first);
}

static void a_rival_maker_may_only_notify(void **state)
{
	(void)state;
	struct signer rival = {0};

	new_key(&rival);
	add_issuer("rival", ADVISORY_VENDOR, "", &rival);
	calls(0, C2, C2_IP);
	says(&rival, "rival", "R-1", "update-only", DEVICE_CAM TRAFFIC_C2);
	verdict_is(0, ADVISORY_NOTIFY, "of others' devices a maker may only notify");
	is_free(0);
	EVP_PKEY_free(rival.key);
}

/* ---- who is right ---- */

static void two_kinds_and_own_evidence_block(void **state)
{
	(void)state;
	both_accuse(DEVICE_CAM TRAFFIC_C2);
	is_free(0);
	calls(0, C2, C2_IP); /* later than the advisory: it is watched for */
	advance(h, ADVISORIES_TICK_S + 1);
	verdict_is(0, ADVISORY_BLOCK, "our own traffic shows what it says");
	assert_int_equal(state_of(0), LIFE_QUARANTINED);
	assert_int_equal(cam(0)->hold, HOLD_QUARANTINED);
	is_free(1);
	log_is_whole();
}

static void what_expired_releases(void **state)
{
	(void)state;
	calls(0, C2, C2_IP);
	both_accuse(DEVICE_CAM TRAFFIC_C2);
	says(&crowd, "crowd", "H-1", "limit", DEVICE_CAM TRAFFIC_C2);
	assert_int_equal(state_of(0), LIFE_QUARANTINED);
	clock_virtual_set(&h->clock, h->clock.now + 11 * DAY);
	advance(h, ADVISORIES_TICK_S + 2);
	verdict_is(0, ADVISORY_NOTHING, "nobody says anything of it");
	assert_int_equal(cam(0)->hold, HOLD_NONE);
	assert_int_equal(state_of(0), LIFE_PROBATION);
	assert_int_equal(pipeline_life_of(&h->p, cam(0))->offences, 0);
	assert_true(journal_has("cam is no longer held because of what others say"));
	/* said again, as it was: its time is over */
	assert_int_equal(import_text(file_of("isp", "I-9", "block",
		DEVICE_CAM TRAFFIC_C2, 11 * 86400), &isp, false), 0);
	assert_string_equal(results[0].why, "it has expired");
	log_is_whole();
}

/* His word holds it, too, though it was held before: it does not end with theirs. */
static void the_owners_word_outlives_theirs(void **state)
{
	(void)state;
	calls(0, C2, C2_IP);
	both_accuse(DEVICE_CAM TRAFFIC_C2);
	assert_int_equal(state_of(0), LIFE_QUARANTINED);
	assert_int_equal(pipeline_quarantine(&h->p, cam(0), "I do not trust it"), 0);
	engine_restart(h);
	clock_virtual_set(&h->clock, h->clock.now + 11 * DAY);
	advance(h, ADVISORIES_TICK_S + 2);
	verdict_is(0, ADVISORY_NOTHING, "nobody says anything of it");
	assert_int_equal(state_of(0), LIFE_QUARANTINED);
	assert_string_equal(cam(0)->quarantine, "I do not trust it");
}

/* Accused, and away for a month, when nobody accuses it any longer: it is not held for
 * nothing when it comes back. */
static void who_was_away_is_absolved_when_it_is_back(void **state)
{
	(void)state;
	nstime seen;

	calls(0, C2, C2_IP);
	both_accuse(DEVICE_CAM TRAFFIC_C2);
	assert_int_equal(state_of(0), LIFE_QUARANTINED);
	seen = cam(0)->last_seen;
	for (unsigned n = 1; n <= 3; n++) { /* said anew before its time is over */
		clock_virtual_set(&h->clock, seen + n * 9 * DAY);
		both_accuse(DEVICE_CAM TRAFFIC_C2);
	}
	clock_virtual_set(&h->clock, seen + 36 * DAY);
	advance(h, ADVISORIES_TICK_S + 2);
	assert_int_equal(state_of(0), LIFE_AWAY);
	assert_int_equal(cam(0)->hold, HOLD_QUARANTINED);
	clock_virtual_set(&h->clock, seen + 50 * DAY);
	advance(h, ADVISORIES_TICK_S + 2);
	verdict_is(0, ADVISORY_NOTHING, "nobody says anything of it");
	see_cam(0);
	advance(h, ADVISORIES_TICK_S + 2);
	assert_int_equal(cam(0)->hold, HOLD_NONE);
	assert_int_equal(state_of(0), LIFE_PROBATION);
}

static void sql(const char *text)
{
	assert_int_equal(sqlite3_exec(h->store->db, text, NULL, NULL, NULL), SQLITE_OK);
}

/* Without room for it nothing is released; with room again, it is. */
static void what_could_not_be_stored_is_released_later(void **state)
{
	(void)state;
	calls(0, C2, C2_IP);
	both_accuse(DEVICE_CAM TRAFFIC_C2);
	assert_int_equal(state_of(0), LIFE_QUARANTINED);
	clock_virtual_set(&h->clock, h->clock.now + 11 * DAY);
	sql("CREATE TRIGGER full BEFORE INSERT ON life_step BEGIN"
	    " SELECT RAISE(FAIL, 'no room'); END");
	advance(h, ADVISORIES_TICK_S + 2);
	assert_int_equal(state_of(0), LIFE_QUARANTINED);
	assert_int_equal(cam(0)->hold, HOLD_QUARANTINED);
	sql("DROP TRIGGER full");
	advance(h, 2 * ADVISORIES_TICK_S + 2);
	assert_int_equal(cam(0)->hold, HOLD_NONE);
	assert_int_equal(state_of(0), LIFE_PROBATION);
}

static nstime skew;

static nstime skewed(void *ctx)
{
	return ((struct clock_virtual *)ctx)->now + skew;
}

/* It came back while the clock was ahead by a year: what it does from now on is no answer to
 * that return. */
static void a_clock_that_was_ahead_hides_nothing(void **state)
{
	static const struct life_said twice = {.steps = 2};
	(void)state;

	h->clock.clock.wall = skewed;
	skew = 365 * DAY;
	advance(h, 5);
	assert_true(pipeline_life(&h->p, cam(0), LIFE_OWNER_ISOLATES, NULL, NULL));
	advisories_judge_now(&h->p, cam(0));
	assert_true(pipeline_life(&h->p, cam(0), LIFE_OWNER_RELEASES, &twice, NULL));
	advance(h, 5);
	skew = 0;
	advance(h, 20);
	engine_restart(h);
	advance(h, 20);
	both_accuse(DEVICE_CAM TRAFFIC_C2);
	calls(0, C2, C2_IP);
	advance(h, ADVISORIES_TICK_S + 1);
	verdict_is(0, ADVISORY_BLOCK, "our own traffic shows what it says");
	assert_int_equal(state_of(0), LIFE_QUARANTINED);
}

static void a_maker_may_demand_its_update_and_says_when_it_is_done(void **state)
{
	(void)state;
	char oui[] = ", \"device\": {\"oui\": \"02:00:00\"}, \"fixed_in\": \"2.10\"";

	(void)oui;
	see_addr(h, cam_mac(0), cam_ip(0), ADDR_SOURCE_DHCP4, 86400);
	for (unsigned i = 1; i < CAMS; i++) /* one camera of that kind in the house */
		household_abandon(household_device(&h->p.household, cam(i)->id)),
			cam(i)->mud_url[0] = 0;
	says(&maker, "maker", "M-1", "update-only", DEVICE_CAM ", \"fixed_in\": \"2.10\"");
	verdict_is(0, ADVISORY_UPDATE_ONLY, "may only demand the update");
	assert_int_equal(cam(0)->hold, HOLD_QUARANTINED);
	assert_int_equal(advisories_firmware(&h->p, cam(0), "2.9"), 0);
	advance(h, ADVISORIES_TICK_S + 1);
	verdict_is(0, ADVISORY_UPDATE_ONLY, "may only demand the update");
	assert_int_equal(advisories_firmware(&h->p, cam(0), "2.10"), 0);
	advance(h, ADVISORIES_TICK_S + 1);
	verdict_is(0, ADVISORY_NOTHING, "runs firmware that mends it");
	assert_int_equal(cam(0)->hold, HOLD_NONE);
}

/* The maker's later word that this firmware mends it counts against others', unless the
 * device goes on. */
static void a_later_fix_of_its_maker_releases(void **state)
{
	(void)state;
	calls(0, C2, C2_IP);
	both_accuse(DEVICE_CAM TRAFFIC_C2);
	assert_int_equal(state_of(0), LIFE_QUARANTINED);
	advance(h, 120);
	says(&maker, "maker", "M-1", "notify", DEVICE_CAM ", \"fixed_in\": \"3.0\"");
	assert_int_equal(state_of(0), LIFE_QUARANTINED);
	assert_int_equal(advisories_firmware(&h->p, cam(0), "3.1"), 0);
	advance(h, ADVISORIES_TICK_S + 1);
	assert_int_equal(state_of(0), LIFE_PROBATION);
	assert_int_equal(cam(0)->hold, HOLD_NONE);
	advance(h, 10);
	calls(0, C2, C2_IP);
	advance(h, ADVISORIES_TICK_S + 1);
	verdict_is(0, ADVISORY_BLOCK, "our own traffic shows what it says");
	assert_int_equal(state_of(0), LIFE_QUARANTINED);
}

static void who_takes_it_back_releases(void **state)
{
	(void)state;
	calls(0, C2, C2_IP);
	says(&isp, "isp", "I-1", "limit", DEVICE_CAM TRAFFIC_C2);
	assert_int_equal(cam(0)->hold, HOLD_LIMITED);
	assert_int_equal(import_text(file_of("isp", "I-1", "limit",
		DEVICE_CAM TRAFFIC_C2 ", \"revoked\": true", 10), &isp, false), 0);
	assert_int_equal(results[0].outcome, ADVISORIES_REVOKED_BY);
	assert_int_equal(cam(0)->hold, HOLD_NONE);
	verdict_is(0, ADVISORY_NOTHING, "nobody says anything of it");
	/* whoever plays the old word again is too late */
	assert_int_equal(import_text(file_of("isp", "I-1", "limit",
		DEVICE_CAM TRAFFIC_C2, 60), &isp, false), 0);
	assert_int_equal(results[0].outcome, ADVISORIES_REFUSED);
	assert_string_equal(results[0].why, "it is older than what its issuer said last");
	is_free(0);
}

/* ---- brakes ---- */

static int take_decision(void *ctx, const struct decision *d)
{
	if (d->kind == DECISION_ADVISORY && d->answer == DECISION_OPEN)
		*(struct decision *)ctx = *d;
	return 0;
}

static struct decision question(void)
{
	struct decision d = {0}, answered;

	assert_int_equal(store_decisions(h->store, true, take_decision, &d), 0);
	(void)answered;
	return d;
}

/* A release would do nothing: said at the first step, with what does. */
static void what_others_hold_is_not_released_as_a_deed(void **state)
{
	char code[LIVES_CODE_DIGITS + 1];
	struct life_step step;
	(void)state;

	calls(0, C2, C2_IP);
	says(&isp, "isp", "I-1", "limit", DEVICE_CAM TRAFFIC_C2);
	assert_int_equal(cam(0)->hold, HOLD_LIMITED);
	assert_int_equal(pipeline_release(&h->p, cam(0), NULL, false, false, code, &step),
		CARDEA_EREFUSED);
	assert_non_null(strstr(step.refused, "cardea advisory appeal"));
	assert_int_equal(cam(0)->hold, HOLD_LIMITED);
}

static void one_that_names_every_device_waits_for_the_owner(void **state)
{
	(void)state;
	struct decision d, answered;

	says(&maker, "maker", "M-1", "update-only", DEVICE_CAM);
	for (unsigned i = 0; i < CAMS; i++) {
		verdict_is(i, ADVISORY_NOTIFY, "too many devices at once");
		is_free(i);
	}
	d = question();
	assert_true(d.id != 0);
	assert_string_equal(d.subject, "maker/M-1");
	assert_string_equal(d.detail, "update-only");
	assert_non_null(strstr(d.text, "maker (vendor) reports cam"));
	assert_int_equal(pipeline_answer(&h->p, d.id, true, "", &answered), 0);
	spin(h);
	struct device *of = inventory_by_id(h->p.inventory, d.device);
	assert_int_equal(of->hold, HOLD_QUARANTINED);
	unsigned held = 0;
	for (unsigned i = 0; i < CAMS; i++)
		held += cam(i)->hold != HOLD_NONE;
	assert_int_equal(held, 1); /* that one; the others' questions are open */
}

/* What spreads through the house holds the first ones, and asks for the rest. */
static void those_held_first_stay_held(void **state)
{
	(void)state;
	both_accuse(DEVICE_CAM TRAFFIC_C2);
	for (unsigned i = 0; i < CAMS; i++) {
		calls(i, C2, C2_IP);
		advance(h, ADVISORIES_TICK_S + 1);
	}
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(state_of(i), LIFE_QUARANTINED);
	for (unsigned i = 3; i < CAMS; i++) {
		verdict_is(i, ADVISORY_NOTIFY, "too many devices at once");
		assert_int_equal(cam(i)->hold, HOLD_NONE);
	}
}

static void what_is_needed_never_goes_dark(void **state)
{
	(void)state;
	struct decision d, answered;

	cam(0)->class = DEVICE_CLASS_LOCK;
	calls(0, C2, C2_IP);
	both_accuse(DEVICE_CAM TRAFFIC_C2);
	verdict_is(0, ADVISORY_LIMIT, "goes dark by its owner's word alone");
	assert_int_equal(cam(0)->hold, HOLD_LIMITED);
	d = question();
	assert_string_equal(d.detail, "block");
	assert_int_equal(pipeline_answer(&h->p, d.id, false, "", &answered), 0);
	advance(h, ADVISORIES_TICK_S + 1);
	assert_int_equal(cam(0)->hold, HOLD_LIMITED);
	assert_int_equal(pipeline_answer(&h->p, d.id, true, "", &answered), 0);
	spin(h);
	assert_int_equal(cam(0)->hold, HOLD_QUARANTINED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_vandal_is_only_heard),
		T(a_type_alone_is_no_case),
		T(an_address_that_many_share_proves_nothing),
		T(a_network_of_the_owners_list_neither),
		T(a_name_that_others_use_too_neither),
		T(its_own_cloud_neither),
		T(what_it_was_sent_is_no_evidence),
		T(a_thousand_homes_are_not_two_issuers),
		T(two_issuers_of_one_owner_are_one),
		T(a_rival_maker_may_only_notify),
		T(two_kinds_and_own_evidence_block),
		T(what_expired_releases),
		T(the_owners_word_outlives_theirs),
		T(who_was_away_is_absolved_when_it_is_back),
		T(what_could_not_be_stored_is_released_later),
		T(a_clock_that_was_ahead_hides_nothing),
		T(a_maker_may_demand_its_update_and_says_when_it_is_done),
		T(a_later_fix_of_its_maker_releases),
		T(who_takes_it_back_releases),
		T(what_others_hold_is_not_released_as_a_deed),
		T(one_that_names_every_device_waits_for_the_owner),
		T(those_held_first_stay_held),
		T(what_is_needed_never_goes_dark),
	};
	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
