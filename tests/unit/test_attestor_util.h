// SPDX-License-Identifier: GPL-2.0-or-later
/* test_attestor_util - a lamp in quarantine and a camera next door, the keys that count, and
 * what is handed in. */
#ifndef CARDEA_TEST_ATTESTOR_UTIL_H
#define CARDEA_TEST_ATTESTOR_UTIL_H

#include "test_engine_util.h"
#include "test_attest_util.h"
#include <errno.h>
#include "engine/held.h"

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.20"
#define CAM "02:00:00:00:00:11"
#define CAM_IP "192.168.7.21"

static struct house *h;
static struct signer maker, lamp_key, cam_key, verifier, stranger;
static char why[LIMIT_TEXT];

static inline struct device *lamp(void)
{
	struct mac m = mac_of(LAMP);

	return inventory_by_mac(h->p.inventory, &m);
}

static inline struct device *cam(void)
{
	struct mac m = mac_of(CAM);

	return inventory_by_mac(h->p.inventory, &m);
}

static inline int trust(enum attest_use use, const struct device *d, const char *vendor,
	const struct signer *s, uint32_t *ret_id)
{
	struct evidence_key k = {.use = use, .device = d ? d->id : 0};

	str_copy(k.vendor, sizeof(k.vendor), vendor);
	memcpy(k.pem, s->pem, s->pem_len);
	k.pem_len = s->pem_len;
	return attestor_key_add(&h->p.attestor, &k, false, ret_id, why);
}

static inline void trust_all(void)
{
	uint32_t id;

	assert_int_equal(trust(ATTEST_USE_MAKER, NULL, MAKER, &maker, &id), 0);
	assert_int_equal(trust(ATTEST_USE_DEVICE, lamp(), "", &lamp_key, &id), 0);
	assert_int_equal(trust(ATTEST_USE_DEVICE, cam(), "", &cam_key, &id), 0);
	assert_int_equal(trust(ATTEST_USE_VERIFIER, NULL, MAKER, &verifier, &id), 0);
}

static inline enum life_state state(void)
{
	return pipeline_life_of(&h->p, lamp())->state;
}

static inline void isolate(void)
{
	assert_true(pipeline_life(&h->p, lamp(), LIFE_OWNER_ISOLATES,
		&(struct life_said){.text = "a test"}, NULL));
	assert_int_equal(state(), LIFE_QUARANTINED);
	spin(h);
}

static inline int setup(void **s)
{
	(void)s;
	h = house_new();
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 8640000);
	see_dhcp(h, LAMP, "lamp", URL_A);
	send_profile(h, got(h, ROLE_COURIER, MESSAGE_FETCH, 0)->fetch.id, 443, 1);
	see_addr(h, CAM, CAM_IP, ADDR_SOURCE_DHCP4, 8640000);
	see_dhcp(h, CAM, "cam", "");
	advance(h, 2);
	trust_all();
	isolate();
	return 0;
}

static inline int teardown(void **s)
{
	(void)s;
	house_free(h);
	return 0;
}

static inline int take(enum attest_kind kind, struct cursor c)
{
	why[0] = 0;
	return attestor_take(&h->p.attestor, lamp(), kind, c, why);
}

static inline int take_manifest(const struct manifest_wish *m, const struct signer *s)
{
	uint8_t digest[32];
	struct made out;

	return take(ATTEST_ENVELOPE, make_envelope(&out, m, s, false, digest));
}

static inline void accept(uint64_t sequence)
{
	struct manifest_wish m = MANIFEST_WISH;

	m.sequence = sequence;
	assert_int_equal(take_manifest(&m, &maker), 0);
}

static inline const uint8_t *challenge(void)
{
	static uint8_t nonce[EVIDENCE_NONCE];

	assert_int_equal(attestor_challenge(&h->p.attestor, lamp(), nonce), 0);
	return nonce;
}

static inline struct token_wish good_token(const uint8_t *nonce)
{
	return (struct token_wish){.nonce = nonce, .measurement = 0xaa, .instance = 0x33};
}

static inline int take_token(const struct token_wish *t, const struct signer *s)
{
	struct made out;

	return take(ATTEST_TOKEN, make_token(&out, t, s));
}

/* It changed nothing, and the reason is a sentence with this in it. */
static inline void stays(int error, int expected, const char *reason)
{
	if (error != expected || !strstr(why, reason))
		print_error("error %d, \"%s\"\n", error, why);
	assert_int_equal(error, expected);
	assert_non_null(strstr(why, reason));
	assert_int_equal(state(), LIFE_QUARANTINED);
}

static inline int make_keys(void **s)
{
	(void)s;
	signer_new(&maker);
	signer_new(&lamp_key);
	signer_new(&cam_key);
	signer_new(&verifier);
	signer_new(&stranger);
	return 0;
}

static inline int free_keys(void **s)
{
	(void)s;
	signer_free(&maker);
	signer_free(&lamp_key);
	signer_free(&cam_key);
	signer_free(&verifier);
	signer_free(&stranger);
	return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
