// SPDX-License-Identifier: GPL-2.0-or-later
/* Keys, nonces and evidence as the API takes and tells them. */
#include "test_engine_util.h"
#include "test_attest_util.h"
#include <jansson.h>
#include "engine/api/api_priv.h"
#include "test_api_util.h"

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.20"

static struct house *h;
static struct signer maker;
static unsigned status;

static int setup(void **state)
{
	(void)state;
	signer_new(&maker);
	h = house_new();
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
	see_dhcp(h, LAMP, "lamp", URL_A);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	house_free(h);
	signer_free(&maker);
	return 0;
}

/* Takes body. */
static json_t *ask(void (*answer)(struct api_request *), const char *object, json_t *body)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	json_t *root = api_asked(&h->p, answer, object, "", text ? text : "", &status);

	json_decref(body);
	free(text);
	return root;
}

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static json_t *key_body(const char *kind, const char *subject, bool dry)
{
	return json_pack("{s:s, s:s%, s:b}", kind, subject, "pem", maker.pem,
		maker.pem_len, "dry_run", dry);
}

static size_t keys(void)
{
	json_t *o = ask(api_view_attest_keys, "", NULL);
	size_t count = json_array_size(json_object_get(o, "keys"));

	json_decref(o);
	return count;
}

static void keys_come_and_go(void **state)
{
	json_t *o;

	(void)state;
	o = ask(api_add_attest_key, "", key_body("vendor", MAKER, true));
	assert_int_equal(status, 200);
	assert_string_equal(text(o, "use"), "maker");
	json_decref(o);
	assert_int_equal(keys(), 0); /* it was dry */
	json_decref(ask(api_add_attest_key, "", key_body("vendor", MAKER, false)));
	json_decref(ask(api_add_attest_key, "", key_body("device", LAMP, false)));
	assert_int_equal(keys(), 2);
	o = ask(api_add_attest_key, "", key_body("device", LAMP, false));
	assert_int_equal(status, 200);
	assert_non_null(strstr(text(o, "note"), "already, as key 2"));
	json_decref(o);
	o = ask(api_view_attest, LAMP, NULL);
	assert_int_equal(json_array_size(json_object_get(o, "keys")), 2);
	json_decref(o);
	o = ask(api_remove_attest_key, "2", json_pack("{s:b, s:b}", "remove", 1, "dry_run", 1));
	assert_int_equal(strncmp(text(o, "pem"), maker.pem, maker.pem_len), 0);
	json_decref(o);
	assert_int_equal(keys(), 2);
	json_decref(ask(api_remove_attest_key, "2", json_pack("{s:b}", "remove", 1)));
	assert_int_equal(keys(), 1);
	json_decref(ask(api_remove_attest_key, "2", json_pack("{s:b}", "remove", 1)));
	assert_int_equal(status, 404);
}

static void refused(json_t *body, unsigned expected, const char *why)
{
	json_t *o = ask(api_add_attest_key, "", body);

	assert_int_equal(status, expected);
	assert_non_null(strstr(text(o, "error"), why));
	json_decref(o);
	assert_int_equal(keys(), 0);
}

static void what_is_no_key_is_refused(void **state)
{
	(void)state;
	refused(key_body("device", "nobody", false), 404, "no device");
	refused(key_body("vendor", "Maker", false), 400, "domain");
	refused(json_pack("{s:s, s:s}", "vendor", MAKER, "pem", "nothing"), 400, "PEM");
	refused(json_pack("{s:s}", "vendor", MAKER), 400, "missing");
	refused(json_pack("{s:s, s:s, s:s}", "vendor", MAKER, "use", "owner", "pem", "x"),
		400, "device, maker, verifier or null");
	refused(json_pack("{s:s, s:s%, s:s}", "vendor", MAKER, "pem", maker.pem,
			maker.pem_len, "use", "device"),
		400, "device's own");
}

static json_t *piece(const char *kind, struct cursor c, bool dry)
{
	char hex[2 * MADE_MAX + 1] = "";
	struct str_text t = {.buf = hex, .size = sizeof(hex)};

	for (const uint8_t *p = c.pos; p < c.end; p++)
		str_add(&t, "%02x", *p);
	return json_pack("{s:s, s:s, s:b}", "kind", kind, "data", hex, "dry_run", dry);
}

static void evidence_is_judged(void **state)
{
	struct manifest_wish m = MANIFEST_WISH;
	uint8_t digest[32];
	struct made out;
	struct cursor envelope = make_envelope(&out, &m, &maker, false, digest);
	json_t *o;

	(void)state;
	o = ask(api_change_attest, LAMP, piece("manifest", envelope, false));
	assert_int_equal(status, 200);
	assert_string_equal(text(o, "verdict"), "no-key");
	json_decref(o);
	json_decref(ask(api_add_attest_key, "", key_body("vendor", MAKER, false)));
	o = ask(api_change_attest, LAMP, piece("manifest", envelope, true));
	assert_string_equal(text(o, "verdict"), "taken");
	json_decref(o);
	o = ask(api_view_attest, LAMP, NULL);
	assert_true(json_is_null(json_object_get(o, "manifest")));
	assert_non_null(strstr(text(o, "no_size"), "no manifest"));
	json_decref(o);
	json_decref(ask(api_change_attest, LAMP, piece("manifest", envelope, false)));
	out.bytes[out.w.len - 1] ^= 1;
	o = ask(api_change_attest, LAMP, piece("manifest", made(&out), false));
	assert_string_equal(text(o, "verdict"), "forged");
	json_decref(o);
	o = ask(api_view_attest, LAMP, NULL);
	assert_int_equal(json_integer_value(json_object_get(
				 json_object_get(o, "manifest"), "sequence")),
		1);
	assert_true(json_is_null(json_object_get(o, "no_size")));
	assert_string_equal(text(json_object_get(o, "last"), "kind"), "manifest");
	json_decref(o);
	json_decref(ask(api_change_attest, LAMP, json_pack("{s:b}", "forget", 1)));
	o = ask(api_view_attest, LAMP, NULL);
	assert_true(json_is_null(json_object_get(o, "manifest")));
	json_decref(o);
}

static void a_nonce_for_the_owner_is_good_for_longer(void **state)
{
	json_t *o = ask(api_change_attest, LAMP, json_pack("{s:b}", "challenge", 1));
	const struct attestor_device *d = attestor_of(&h->p.attestor, device_of(h, LAMP));

	(void)state;
	assert_int_equal(strlen(text(o, "nonce")), 2 * EVIDENCE_NONCE);
	assert_int_equal(d->nonce.until - d->nonce.given, ATTESTOR_NONCE_LIFE_OWNER);
	json_decref(o);
}

static void what_is_no_evidence_is_refused(void **state)
{
	static const char *const bodies[] = {"{}", "{\"kind\":\"token\"}",
		"{\"kind\":\"token\",\"data\":\"0\"}", "{\"kind\":\"token\",\"data\":\"0g\"}",
		"{\"kind\":\"token\",\"data\":\"\"}", "{\"kind\":\"word\",\"data\":\"00\"}",
		"{\"kind\":\"token\",\"data\":7}", "{\"kind\":[],\"data\":\"00\"}"};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		json_decref(ask(api_change_attest, LAMP, json_loads(bodies[i], 0, NULL)));
		assert_int_equal(status, 400);
	}
	json_decref(ask(api_change_attest, "nobody", json_pack("{s:b}", "challenge", 1)));
	assert_int_equal(status, 404);
	json_decref(ask(api_view_attest, "nobody", NULL));
	assert_int_equal(status, 404);
	assert_int_equal(h->p.attestor.device_count, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(keys_come_and_go),
		T(what_is_no_key_is_refused),
		T(evidence_is_judged),
		T(a_nonce_for_the_owner_is_good_for_longer),
		T(what_is_no_evidence_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
