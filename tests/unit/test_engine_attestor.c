// SPDX-License-Identifier: GPL-2.0-or-later
/* The way back of a device, and every way to cheat on it: a lamp in quarantine with its
 * maker, its own key and a verifier, and a camera next door. */
#include "test_attestor_util.h"

/* ---- the trust store ---- */

static void keys_are_kept_and_go_with_their_device(void **s)
{
	struct attestor *a = &h->p.attestor;
	uint32_t id = 0, other = 0;

	(void)s;
	assert_int_equal(trust(ATTEST_USE_DEVICE, lamp(), "", &stranger, &id), 0);
	assert_int_equal(trust(ATTEST_USE_DEVICE, lamp(), "", &stranger, &other), -EEXIST);
	assert_int_equal(id, other);
	engine_restart(h);
	assert_int_equal(h->p.attestor.key_count, 5);
	assert_true(attestor_key_is_for(
		attestor_key_at(&h->p.attestor, 4), lamp(), ATTEST_USE_DEVICE));
	assert_false(attestor_key_is_for(
		attestor_key_at(&h->p.attestor, 4), cam(), ATTEST_USE_DEVICE));
	assert_int_equal(attestor_key_remove(a, id), 0);
	assert_int_equal(attestor_key_remove(a, id), -ENOENT);
	attestor_forget(a, lamp()->id);
	assert_int_equal(a->key_count, 3);
	assert_null(attestor_of(a, lamp()));
}

static void what_is_no_key_is_not_trusted(void **s)
{
	struct evidence_key k = {.use = ATTEST_USE_DEVICE};
	struct attestor *a = &h->p.attestor;
	uint32_t id;

	(void)s;
	memcpy(k.pem, "nothing", 7);
	k.pem_len = 7;
	assert_int_equal(attestor_key_add(a, &k, false, &id, why), CARDEA_EMALFORMED);
	k.device = lamp()->id;
	assert_int_equal(attestor_key_add(a, &k, false, &id, why), CARDEA_EMALFORMED);
	assert_non_null(strstr(why, "no key in PEM"));
	memcpy(k.pem, stranger.pem, stranger.pem_len);
	k.pem_len = stranger.pem_len;
	str_copy(k.vendor, sizeof(k.vendor), MAKER); /* of a device and a vendor */
	assert_int_equal(attestor_key_add(a, &k, false, &id, why), CARDEA_EMALFORMED);
	k.vendor[0] = 0;
	assert_int_equal(attestor_key_add(a, &k, true, &id, why), 0);
	assert_int_equal(a->key_count, 4); /* it was dry */
}

static void a_vendor_has_so_many_keys(void **s)
{
	struct signer more[EVIDENCE_KEYS_OF_MAX];
	uint32_t id;

	(void)s;
	for (size_t i = 0; i < EVIDENCE_KEYS_OF_MAX; i++) {
		signer_new(&more[i]);
		assert_int_equal(trust(ATTEST_USE_MAKER, NULL, MAKER, &more[i], &id),
			i + 1 < EVIDENCE_KEYS_OF_MAX ? 0 : CARDEA_ELIMIT);
	}
	for (size_t i = 0; i < EVIDENCE_KEYS_OF_MAX; i++)
		signer_free(&more[i]);
}

/* ---- nonces ---- */

static void a_nonce_is_told_again_and_then_renewed(void **s)
{
	uint8_t first[EVIDENCE_NONCE], again[EVIDENCE_NONCE];

	(void)s;
	memcpy(first, challenge(), sizeof(first));
	memcpy(again, challenge(), sizeof(again));
	assert_memory_equal(first, again, sizeof(first));
	engine_restart(h);
	memcpy(again, challenge(), sizeof(again));
	assert_memory_equal(first, again, sizeof(first));
	advance(h, 40); /* less than half of its time is left */
	memcpy(again, challenge(), sizeof(again));
	assert_memory_not_equal(first, again, sizeof(first));
}

static void who_asks_all_the_time_gets_no_more(void **s)
{
	uint8_t nonce[EVIDENCE_NONCE];
	struct attestor_device *d;
	unsigned given = 0;

	(void)s;
	d = attestor_device(&h->p.attestor, lamp());
	for (unsigned i = 0; i < 20; i++) {
		d->nonce.used = true; /* each is used up at once */
		given += attestor_challenge(&h->p.attestor, lamp(), nonce) == 0;
	}
	assert_int_equal(given, ATTESTOR_NONCE_BURST);
	advance(h, ATTESTOR_NONCE_EVERY / NS_PER_SEC);
	assert_int_equal(attestor_challenge(&h->p.attestor, lamp(), nonce), 0);
}

/* ---- tokens ---- */

static void a_good_token_brings_it_back(void **s)
{
	struct token_wish t;

	(void)s;
	accept(1);
	t = good_token(challenge());
	t.bootcount = 5;
	assert_int_equal(take_token(&t, &lamp_key), 0);
	assert_int_equal(state(), LIFE_PROBATION);
	assert_int_equal(pipeline_life_of(&h->p, lamp())->level, LIFE_L3_TOKEN);
	assert_int_equal(attestor_of(&h->p.attestor, lamp())->bootcount, 5);
	engine_restart(h);
	assert_int_equal(state(), LIFE_PROBATION);
	assert_true(attestor_of(&h->p.attestor, lamp())->nonce.used);
}

static void a_token_counts_once(void **s)
{
	uint8_t nonce[EVIDENCE_NONCE];
	struct token_wish t;

	(void)s;
	accept(1);
	memcpy(nonce, challenge(), sizeof(nonce));
	t = good_token(nonce);
	assert_int_equal(take_token(&t, &lamp_key), 0);
	isolate();
	stays(take_token(&t, &lamp_key), CARDEA_ESIGNATURE, "used already");
	engine_restart(h); /* which does not make it good again */
	stays(take_token(&t, &lamp_key), CARDEA_ESIGNATURE, "used already");
	t.nonce = challenge();
	assert_memory_not_equal(t.nonce, nonce, sizeof(nonce));
}

static void a_late_token_is_stale(void **s)
{
	struct token_wish t;

	(void)s;
	accept(1);
	t = good_token(challenge());
	advance(h, ATTESTOR_NONCE_LIFE / NS_PER_SEC + 1);
	stays(take_token(&t, &lamp_key), CARDEA_ESIGNATURE, "came too late");
}

/* Set back by an hour, the clock makes nothing of the past good again. */
static void a_clock_that_goes_back_revives_nothing(void **s)
{
	struct attestor_device *d;
	struct token_wish t;

	(void)s;
	accept(1);
	t = good_token(challenge());
	d = attestor_device(&h->p.attestor, lamp());
	d->nonce.given += 3600 * NS_PER_SEC;
	d->nonce.until += 3600 * NS_PER_SEC;
	assert_int_equal(attestor_nonce_until(&h->p.attestor, lamp()), 0);
	stays(take_token(&t, &lamp_key), CARDEA_ESIGNATURE, "came too late");
}

static void forged_tokens_change_nothing(void **s)
{
	uint8_t zero[EVIDENCE_NONCE] = {0};
	struct token_wish t;

	(void)s;
	accept(1);
	t = good_token(challenge());
	stays(take_token(&t, &stranger), CARDEA_ESIGNATURE, "forged, changed");
	stays(take_token(&t, &cam_key), CARDEA_ESIGNATURE, "key of another device: cam");
	stays(take_token(&t, NULL), CARDEA_EREFUSED, "MAC");
	t.nonce = zero;
	stays(take_token(&t, &lamp_key), CARDEA_ESIGNATURE, "another time, replayed");
	t = good_token(challenge());
	t.measurement = 0xbb;
	stays(take_token(&t, &lamp_key), CARDEA_ESIGNATURE,
		"not the one that was accepted");
	stays(take(ATTEST_TOKEN, cursor_of("\xff\xff", 2)), CARDEA_ESIGNATURE,
		"no signed token");
	stays(take(ATTEST_TOKEN, cursor_of("", 0)), CARDEA_ESIGNATURE, "no signed token");
	/* what is not signed by it costs it no nonce; what is, does */
	t = good_token(challenge());
	stays(take_token(&t, &stranger), CARDEA_ESIGNATURE, "forged");
	assert_int_equal(take_token(&t, &lamp_key), 0);
}

static void a_token_that_tells_bad_news_is_no_forgery(void **s)
{
	struct token_wish t;

	(void)s;
	accept(1);
	t = good_token(challenge());
	t.lifecycle = 0x5000; /* debug, recoverable */
	stays(take_token(&t, &lamp_key), CARDEA_EREFUSED, "not 'secured'");
	t = good_token(challenge());
	assert_int_equal(take_token(&t, &lamp_key), 0);
}

static void without_a_manifest_nobody_knows_what_it_should_run(void **s)
{
	struct token_wish t = good_token(challenge());

	(void)s;
	stays(take_token(&t, &lamp_key), CARDEA_EREFUSED, "nobody said which firmware");
}

static void without_a_key_nothing_is_believed(void **s)
{
	struct token_wish t;

	(void)s;
	accept(1);
	assert_int_equal(attestor_key_remove(&h->p.attestor, 2), 0);
	t = good_token(challenge());
	stays(take_token(&t, &lamp_key), CARDEA_EUNTRUSTED, "which key this device has");
}

static void an_old_boot_is_told(void **s)
{
	struct token_wish t;

	(void)s;
	accept(1);
	t = good_token(challenge());
	t.bootcount = 7;
	assert_int_equal(take_token(&t, &lamp_key), 0);
	isolate();
	t.nonce = challenge();
	t.bootcount = 6;
	stays(take_token(&t, &lamp_key), CARDEA_ESIGNATURE, "fewer starts");
	t.nonce = challenge();
	t.bootcount = 8;
	t.instance = 0x34;
	stays(take_token(&t, &lamp_key), CARDEA_ESIGNATURE, "names another device");
}

static void a_dry_run_leaves_all_as_it_is(void **s)
{
	static const struct attestor_way dry = {.dry = true};
	uint8_t digest[32];
	struct manifest_wish m = MANIFEST_WISH;
	struct token_wish t;
	struct made out;

	(void)s;
	assert_int_equal(attestor_take_by(&h->p.attestor, lamp(), ATTEST_ENVELOPE,
				 make_envelope(&out, &m, &maker, false, digest), &dry, why),
		0);
	assert_int_equal(attestor_of(&h->p.attestor, lamp())->manifest.accepted, 0);
	accept(1);
	t = good_token(challenge());
	assert_int_equal(attestor_take_by(&h->p.attestor, lamp(), ATTEST_TOKEN,
				 make_token(&out, &t, &lamp_key), &dry, why),
		0);
	assert_int_equal(state(), LIFE_QUARANTINED);
	assert_int_equal(take_token(&t, &lamp_key), 0);
	assert_int_equal(state(), LIFE_PROBATION);
}

static void in_service_a_token_changes_nothing(void **s)
{
	struct token_wish t;

	(void)s;
	accept(1);
	t = good_token(challenge());
	assert_int_equal(take_token(&t, &lamp_key), 0);
	t.nonce = challenge();
	assert_int_equal(take_token(&t, &lamp_key), 0);
	assert_non_null(strstr(why, "in service"));
	assert_int_equal(state(), LIFE_PROBATION);
}

/* One answer, and no more of anything than before. */
static void forgeries_by_the_thousand_cost_little(void **s)
{
	struct token_wish t;
	unsigned events, judged = 0;

	(void)s;
	accept(1);
	t = good_token(challenge());
	events = h->events;
	for (unsigned i = 0; i < 1000; i++) {
		int error = take_token(&t, &stranger);

		judged += error == CARDEA_ESIGNATURE;
		assert_true(error == CARDEA_ESIGNATURE || error == -EAGAIN);
	}
	assert_int_equal(judged, ATTESTOR_TAKE_BURST - 1); /* one was the manifest */
	advance(h, 2);
	assert_true(h->events - events <= ATTESTOR_TELL_BURST);
	assert_int_equal(h->p.attestor.device_count, 1);
	advance(h, ATTESTOR_TAKE_EVERY / NS_PER_SEC);
	t.nonce = challenge();
	assert_int_equal(take_token(&t, &lamp_key), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(keys_are_kept_and_go_with_their_device),
		T(what_is_no_key_is_not_trusted),
		T(a_vendor_has_so_many_keys),
		T(a_nonce_is_told_again_and_then_renewed),
		T(who_asks_all_the_time_gets_no_more),
		T(a_good_token_brings_it_back),
		T(a_token_counts_once),
		T(a_late_token_is_stale),
		T(a_clock_that_goes_back_revives_nothing),
		T(forged_tokens_change_nothing),
		T(a_token_that_tells_bad_news_is_no_forgery),
		T(without_a_manifest_nobody_knows_what_it_should_run),
		T(without_a_key_nothing_is_believed),
		T(an_old_boot_is_told),
		T(a_dry_run_leaves_all_as_it_is),
		T(in_service_a_token_changes_nothing),
		T(forgeries_by_the_thousand_cost_little),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
