// SPDX-License-Identifier: GPL-2.0-or-later
/* Manifests of firmware, reports and results about them, and what is fetched: what each
 * shows of a device. */
#include "test_attestor_util.h"
#include "store/store_priv.h"

#define UPDATE_IP "198.51.100.7"

/* ---- manifests ---- */

static void a_manifest_of_its_maker_is_taken_and_kept(void **s)
{
	const struct attestor_manifest *m;

	(void)s;
	accept(3);
	engine_restart(h);
	m = &attestor_of(&h->p.attestor, lamp())->manifest;
	assert_int_equal(m->sequence, 3);
	assert_int_equal(m->size, 100000);
	assert_int_equal(m->image_count, 1);
	assert_int_equal(m->images[0].bytes[31], 0xaa);
	assert_string_equal(m->uris[0], IMAGE_URI);
	assert_string_equal(m->vendor, MAKER);
	assert_int_equal(state(), LIFE_QUARANTINED); /* it is a promise, no proof */
	accept(3); /* once more is no crime */
}

static void manifests_that_are_not_to_be_believed(void **s)
{
	struct manifest_wish m = MANIFEST_WISH;
	uint8_t digest[32];
	struct made out;

	(void)s;
	accept(3);
	m.sequence = 2;
	stays(take_manifest(&m, &maker), CARDEA_ESIGNATURE, "old firmware");
	m.sequence = 4;
	stays(take_manifest(&m, NULL), CARDEA_ESIGNATURE, "no signature");
	stays(take_manifest(&m, &stranger), CARDEA_ESIGNATURE, "did not make");
	stays(take_manifest(&m, &lamp_key), CARDEA_ESIGNATURE, "did not make");
	stays(take(ATTEST_ENVELOPE, make_envelope(&out, &m, NULL, true, digest)),
		CARDEA_EREFUSED, "MAC");
	m.no_conditions = true;
	stays(take_manifest(&m, &maker), CARDEA_EREFUSED, "any device would take it");
	m.no_conditions = false;
	m.vendor = "other.example";
	stays(take_manifest(&m, &maker), CARDEA_ESIGNATURE, "another vendor");
	m.vendor = MAKER;
	m.class_id = 0x23;
	stays(take_manifest(&m, &maker), CARDEA_ESIGNATURE, "another class");
	stays(take(ATTEST_ENVELOPE, cursor_of("\x9f\xff", 2)), CARDEA_ESIGNATURE,
		"cannot be read");
	assert_int_equal(attestor_of(&h->p.attestor, lamp())->manifest.sequence, 3);
}

static void what_was_accepted_survives_a_restart(void **s)
{
	struct manifest_wish m = MANIFEST_WISH;

	(void)s;
	accept(9);
	engine_restart(h);
	m.sequence = 8;
	stays(take_manifest(&m, &maker), CARDEA_ESIGNATURE, "old firmware");
	assert_int_equal(attestor_renew(&h->p.attestor, lamp()), 0);
	assert_int_equal(take_manifest(&m, &maker), 0); /* the owner knows why */
}

/* Its MUD URL is at maker.example; a key of a vendor below or beside that is no word. */
static void vendors_are_told_apart(void **s)
{
	struct manifest_wish m = MANIFEST_WISH;
	uint32_t id;

	(void)s;
	assert_int_equal(attestor_key_remove(&h->p.attestor, 1), 0);
	assert_int_equal(
		trust(ATTEST_USE_MAKER, NULL, "evil-maker.example", &maker, &id), 0);
	stays(take_manifest(&m, &maker), CARDEA_EUNTRUSTED, "maker is trusted");
	assert_int_equal(
		trust(ATTEST_USE_MAKER, NULL, "sub.maker.example", &maker, &id), 0);
	stays(take_manifest(&m, &maker), CARDEA_EUNTRUSTED, "maker is trusted");
	assert_int_equal(trust(ATTEST_USE_MAKER, lamp(), "", &maker, &id), 0);
	assert_int_equal(take_manifest(&m, &maker), 0);
	m.vendor = "other.example";
	m.sequence = 2;
	stays(take_manifest(&m, &maker), CARDEA_ESIGNATURE, "another vendor");
}

static int count_host(void *ctx, const char *sentence, const struct update_host *u)
{
	(void)sentence;
	if (u && u->source == UPDATE_SUIT && strcmp(u->name, ctx) == 0)
		return 1;
	return 0;
}

static bool may_fetch_from(const char *name)
{
	char host[LIMIT_NAME];

	str_copy(host, sizeof(host), name);
	return pipeline_held_allows(&h->p, lamp(), count_host, host) == 1;
}

static void its_places_are_open_and_no_others(void **s)
{
	struct manifest_wish m = MANIFEST_WISH;

	(void)s;
	assert_false(may_fetch_from("updates.maker.example"));
	accept(1);
	assert_true(may_fetch_from("updates.maker.example"));
	m.sequence = 2;
	m.uri = "https://user@evil.example/1.bin"; /* no place at all */
	assert_int_equal(take_manifest(&m, &maker), 0);
	assert_false(may_fetch_from("updates.maker.example"));
	m.sequence = 3;
	m.uri = "coaps://next.maker.example/1.bin";
	assert_int_equal(take_manifest(&m, &maker), 0);
	assert_true(may_fetch_from("next.maker.example"));
	engine_restart(h);
	assert_true(may_fetch_from("next.maker.example"));
	assert_int_equal(attestor_renew(&h->p.attestor, lamp()), 0);
	assert_false(may_fetch_from("next.maker.example"));
}

/* ---- reports and results ---- */

static void reports(void **s)
{
	struct manifest_wish m = MANIFEST_WISH;
	uint8_t digest[32], other[32] = {9};
	struct report_wish r;
	struct made out;
	uint32_t id;

	(void)s;
	(void)id;
	make_envelope(&out, &m, &maker, false, digest);
	accept(1);
	r = (struct report_wish){.digest = digest};
	stays(take(ATTEST_REPORT, make_report(&out, &r, &lamp_key)), CARDEA_EREFUSED,
		"no nonce");
	r.nonce = challenge();
	stays(take(ATTEST_REPORT, make_report(&out, &r, &stranger)), CARDEA_ESIGNATURE,
		"forged");
	r.digest = other;
	stays(take(ATTEST_REPORT, make_report(&out, &r, &lamp_key)), CARDEA_ESIGNATURE,
		"another manifest");
	r = (struct report_wish){.digest = digest, .nonce = challenge(), .failed = true};
	stays(take(ATTEST_REPORT, make_report(&out, &r, &lamp_key)), CARDEA_EREFUSED,
		"condition-failed");
	r.failed = false;
	stays(take(ATTEST_REPORT, make_report(&out, &r, &lamp_key)), CARDEA_ESIGNATURE,
		"used already");
	/* of a class that nobody named, a token is demanded */
	r.nonce = challenge();
	stays(take(ATTEST_REPORT, make_report(&out, &r, &lamp_key)), CARDEA_EREFUSED,
		"better evidence");
	lamp()->class = DEVICE_CLASS_SPEAKER;
	advance(h, 60);
	r.nonce = challenge();
	assert_int_equal(take(ATTEST_REPORT, make_report(&out, &r, &lamp_key)), 0);
	assert_int_equal(state(), LIFE_PROBATION);
	assert_int_equal(pipeline_life_of(&h->p, lamp())->level, LIFE_L2_REPORT);
}

static void results(void **s)
{
	struct result_wish r = {0};
	struct made out;

	(void)s;
	stays(take(ATTEST_RESULT, make_result(&out, &r, &verifier)), CARDEA_EREFUSED,
		"no nonce");
	r.nonce = challenge();
	stays(take(ATTEST_RESULT, make_result(&out, &r, &stranger)), CARDEA_ESIGNATURE,
		"forged");
	stays(take(ATTEST_RESULT, make_result(&out, &r, &lamp_key)), CARDEA_ESIGNATURE,
		"forged"); /* a device is not its own verifier */
	r.executables = 33;
	stays(take(ATTEST_RESULT, make_result(&out, &r, &verifier)), CARDEA_EREFUSED,
		"warns");
	r = (struct result_wish){.nonce = challenge(), .status = EAT_TIER_CONTRAINDICATED};
	stays(take(ATTEST_RESULT, make_result(&out, &r, &verifier)), CARDEA_EREFUSED,
		"contraindicated");
	r = (struct result_wish){.nonce = challenge(), .executables = 2};
	assert_int_equal(take(ATTEST_RESULT, make_result(&out, &r, &verifier)), 0);
	assert_int_equal(state(), LIFE_PROBATION);
	assert_int_equal(pipeline_life_of(&h->p, lamp())->level, LIFE_L4_RESULT);
	isolate();
	stays(take(ATTEST_RESULT, make_result(&out, &r, &verifier)), CARDEA_ESIGNATURE,
		"used already");
}

/* ---- traffic ---- */

static void tell_fetch(uint64_t octets, const char *name, const char *peer)
{
	static struct message m;
	struct record r = {.device = mac_of(LAMP),
		.first = h->clock.now - NS_PER_SEC,
		.last = h->clock.now,
		.answered = true,
		.family = 4,
		.proto = FLOW_PROTO_TCP,
		.device_port = 40000,
		.peer_port = 443,
		.device_addr = ip(LAMP_IP),
		.peer = ip(peer),
		.naming = RECORD_ANSWER,
		.packets = {5, 5},
		.bytes = {500, octets}};

	str_copy(r.name, sizeof(r.name), name);
	message_from_record(&m, &r);
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
}

static void tell_boot(void)
{
	struct message m = {.type = MESSAGE_OBSERVED};

	m.observed.mac = mac_of(LAMP);
	m.observed.event = 1; /* OBSERVE_BOOT */
	m.observed.when = h->clock.now;
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
}

static void a_fetch_and_a_start_lead_on(void **s)
{
	struct token_wish t;

	(void)s;
	accept(1);
	advance(h, 5);
	tell_fetch(5000, "updates.maker.example", UPDATE_IP); /* a look */
	assert_int_equal(state(), LIFE_QUARANTINED);
	tell_fetch(60000, "updates.maker.example", UPDATE_IP);
	assert_int_equal(state(), LIFE_UPDATING);
	advance(h, 5);
	tell_boot(); /* too soon: not all of it was here */
	assert_int_equal(state(), LIFE_UPDATING);
	engine_restart(h);
	advance(h, 5);
	tell_fetch(40000, "updates.maker.example", UPDATE_IP);
	assert_int_equal(state(), LIFE_UPDATING);
	advance(h, 5);
	tell_boot();
	assert_int_equal(state(), LIFE_ATTESTING); /* nobody said what it is: L3 */
	t = good_token(challenge());
	assert_int_equal(take_token(&t, &stranger), CARDEA_ESIGNATURE);
	assert_int_equal(state(), LIFE_QUARANTINED);
	t = good_token(challenge());
	assert_int_equal(take_token(&t, &lamp_key), 0);
	assert_int_equal(state(), LIFE_PROBATION);
}

static void a_lamp_needs_no_more_than_that(void **s)
{
	(void)s;
	lamp()->class = DEVICE_CLASS_LIGHT;
	accept(1);
	advance(h, 5);
	tell_fetch(100000, "updates.maker.example", UPDATE_IP);
	advance(h, 5);
	tell_boot();
	assert_int_equal(state(), LIFE_PROBATION);
	assert_int_equal(pipeline_life_of(&h->p, lamp())->level, LIFE_L1_NETWORK);
}

/* What came in an attempt that is over is no part of the next one: who looks each hour
 * whether there is something would have fetched an image some day. */
static void an_attempt_that_stalled_is_over(void **s)
{
	const struct attestor_device *d;

	(void)s;
	lamp()->class = DEVICE_CLASS_LIGHT;
	accept(1);
	advance(h, 5);
	tell_fetch(60000, "updates.maker.example", UPDATE_IP);
	assert_int_equal(state(), LIFE_UPDATING);
	advance(h, LIFE_UPDATE_MAX / NS_PER_SEC + 5);
	assert_int_equal(state(), LIFE_QUARANTINED);
	tell_fetch(2000, "updates.maker.example", UPDATE_IP); /* a look */
	assert_int_equal(state(), LIFE_QUARANTINED);
	d = attestor_of(&h->p.attestor, lamp());
	assert_int_equal(d->fetch.octets, 2000);
	/* one that is whole is, also for who starts in the night */
	tell_fetch(100000, "updates.maker.example", UPDATE_IP);
	assert_int_equal(state(), LIFE_UPDATING);
	advance(h, LIFE_UPDATE_MAX / NS_PER_SEC + 5);
	assert_int_equal(state(), LIFE_QUARANTINED);
	tell_boot();
	tell_fetch(2000, "updates.maker.example", UPDATE_IP);
	assert_int_equal(state(), LIFE_PROBATION);
}

static void sql(const char *text)
{
	assert_int_equal(sqlite3_exec(h->store->db, text, NULL, NULL, NULL), SQLITE_OK);
}

/* What it showed is not gone because its return could not be stored. */
static void a_fetch_counts_once_there_is_room_for_it(void **s)
{
	(void)s;
	lamp()->class = DEVICE_CLASS_LIGHT;
	accept(1);
	advance(h, 5);
	tell_fetch(100000, "updates.maker.example", UPDATE_IP);
	advance(h, 5);
	sql("CREATE TRIGGER full BEFORE INSERT ON life_step BEGIN"
	    " SELECT RAISE(FAIL, 'no room'); END");
	tell_boot();
	assert_int_equal(state(), LIFE_UPDATING);
	sql("DROP TRIGGER full");
	tell_fetch(2000, "updates.maker.example", UPDATE_IP); /* a look */
	assert_int_equal(state(), LIFE_PROBATION);
}

static nstime skew;

static nstime skewed(void *ctx)
{
	return ((struct clock_virtual *)ctx)->now + skew;
}

/* Held while the clock was ahead by a year: what it fetches counts all the same. */
static void a_clock_that_was_ahead_hides_no_fetch(void **s)
{
	(void)s;
	lamp()->class = DEVICE_CLASS_LIGHT;
	accept(1);
	assert_true(pipeline_life(&h->p, lamp(), LIFE_OWNER_RELEASES,
		&(struct life_said){.steps = 2}, NULL));
	h->clock.clock.wall = skewed;
	skew = 365 * LIFE_DAY;
	advance(h, 5);
	isolate();
	advance(h, 5);
	skew = 0;
	advance(h, 20);
	tell_fetch(100000, "updates.maker.example", UPDATE_IP);
	assert_int_equal(state(), LIFE_UPDATING);
	advance(h, 5);
	tell_boot();
	assert_int_equal(state(), LIFE_PROBATION);
}

static void octets_that_prove_nothing(void **s)
{
	const struct attestor_device *d;

	(void)s;
	lamp()->class = DEVICE_CLASS_LIGHT;
	advance(h, 5);
	tell_fetch(5000000, "updates.maker.example", UPDATE_IP);
	advance(h, 5);
	tell_boot(); /* no manifest: nobody knows how much it should be */
	d = attestor_of(&h->p.attestor, lamp());
	assert_true(d == NULL || d->fetch.whole == 0);
	assert_non_null(attestor_no_size(d));
	assert_int_not_equal(state(), LIFE_PROBATION);
	accept(1);
	tell_fetch(5000000, "cloud.example", "198.51.100.99"); /* not an update host */
	advance(h, 5);
	tell_boot();
	assert_int_not_equal(state(), LIFE_PROBATION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_manifest_of_its_maker_is_taken_and_kept),
		T(manifests_that_are_not_to_be_believed),
		T(what_was_accepted_survives_a_restart),
		T(vendors_are_told_apart),
		T(its_places_are_open_and_no_others),
		T(reports),
		T(results),
		T(a_fetch_and_a_start_lead_on),
		T(a_lamp_needs_no_more_than_that),
		T(an_attempt_that_stalled_is_over),
		T(a_clock_that_was_ahead_hides_no_fetch),
		T(a_fetch_counts_once_there_is_room_for_it),
		T(octets_that_prove_nothing),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
