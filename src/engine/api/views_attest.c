// SPDX-License-Identifier: GPL-2.0-or-later
/* What devices have shown of what they run, whose signatures count, and what the owner
 * hands in for them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "engine/api/api_priv.h"
#include "engine/attestor.h"

#define NEXT_KEY                                                                       \
	"send {\"device\":D or \"vendor\":DOMAIN,\"use\":\"device|maker|verifier\","    \
	"\"pem\":TEXT,\"dry_run\":false}"
#define NEXT_ATTEST                                                                    \
	"send {\"challenge\":true}, {\"forget\":true}, or "                             \
	"{\"kind\":\"token|result|manifest|report\",\"data\":HEX,\"dry_run\":false}"

static void kv_hex(struct jsonw *j, const char *key, const uint8_t *bytes, size_t len)
{
	char text[2 * ATTESTOR_DIGEST_MAX + 1];

	str_to_hex(bytes, len, text);
	if (key)
		jsonw_kv_string(j, key, len ? text : NULL);
	else
		jsonw_string(j, text);
}

/* ---- keys ---- */

static void write_key(struct jsonw *j, const struct pipeline *p,
	const struct evidence_key *k, bool with_pem)
{
	const struct device *d =
		k->device ? inventory_by_id(p->inventory, k->device) : NULL;

	jsonw_kv_u64(j, "id", k->id);
	jsonw_kv_string(j, "use", attest_use_name(k->use));
	jsonw_kv_untrusted(j, "device", d ? d->name : NULL);
	jsonw_kv_untrusted(j, "vendor", k->vendor[0] ? k->vendor : NULL);
	jsonw_kv_time(j, "since", k->since);
	if (with_pem)
		jsonw_kv_untrusted(j, "pem", k->pem);
}

void api_view_attest_keys(struct api_request *r)
{
	const struct attestor *a = &r->pipeline->attestor;
	const struct evidence_key *k;

	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.attest.keys/1");
	jsonw_key(&r->json, "keys");
	jsonw_array(&r->json);
	for (size_t i = 0; (k = attestor_key_at(a, i)); i++) {
		jsonw_object(&r->json);
		write_key(&r->json, r->pipeline, k, false);
		jsonw_object_end(&r->json);
	}
	jsonw_array_end(&r->json);
	jsonw_object_end(&r->json);
}

static bool is_domain(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len < LIMIT_NAME && strchr(text, '.') && text[0] != '.' &&
	       text[len - 1] != '.' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.") == len;
}

/* What is wrong with it, or NULL. */
static const char *read_key(const json_t *root, struct evidence_key *k)
{
	const char *vendor = json_string_value(json_object_get(root, "vendor"));
	const char *use = json_string_value(json_object_get(root, "use"));
	const json_t *pem = json_object_get(root, "pem");

	if (!use)
		k->use = vendor ? ATTEST_USE_MAKER : ATTEST_USE_DEVICE;
	else if (!attest_use_find(use, &k->use))
		return "a key is of a device, a maker or a verifier";
	if (vendor && !is_domain(vendor))
		return "a vendor is named by its domain, in lower case";
	if (vendor)
		str_copy(k->vendor, sizeof(k->vendor), vendor);
	if (!json_is_string(pem) || json_string_length(pem) >= EVIDENCE_KEY_BYTES)
		return "the key is missing, or too long: PEM of a public key or a "
		       "certificate";
	k->pem_len = json_string_length(pem);
	memcpy(k->pem, json_string_value(pem), k->pem_len);
	return NULL;
}

static unsigned key_status(int error)
{
	if (error == CARDEA_ELIMIT)
		return 409;
	return error == CARDEA_EMALFORMED || error == CARDEA_EUNSUPPORTED ? 400 : 500;
}

/* Whose a key is, as it is said; mac: room for it. */
static const char *owner_of(struct api_request *r, const struct evidence_key *k,
	char mac[MAC_TEXT_MAX])
{
	const struct device *d = inventory_by_id(r->pipeline->inventory, k->device);

	return d ? mac_format(&d->mac, mac) : k->vendor;
}

static void key_added(struct api_request *r, const struct evidence_key *k)
{
	char id[16], mac[MAC_TEXT_MAX];
	struct api_command cmd;
	struct api_path path;

	(void)!str_print(id, sizeof(id), "%u", k->id);
	api_changed_by(r, &(struct api_change){
		.command = api_command(&cmd, "attest", "key", "add", owner_of(r, k, mac),
			"FILE", "--use", attest_use_name(k->use), NULL),
		.path = api_path(&path, "attest-keys", id),
		.undo = json_pack("{s:b}", "remove", true)},
		"You trust key %s, of %.100s.", id, owner_of(r, k, mac));
}

static void key_removed(struct api_request *r, const struct evidence_key *k)
{
	json_t *undo = json_pack("{s:s%, s:s}", "pem", k->pem, k->pem_len, "use",
		attest_use_name(k->use));
	char id[16], mac[MAC_TEXT_MAX];
	struct api_command cmd;

	(void)!str_print(id, sizeof(id), "%u", k->id);
	json_object_set_new(undo, k->device ? "device" : "vendor",
		json_string(owner_of(r, k, mac)));
	api_changed_by(r, &(struct api_change){
		.command = api_command(&cmd, "attest", "key", "remove", id, NULL),
		.about = "",
		.path = "/v1/attest-keys",
		.undo = undo},
		"You trust key %s no longer, of %.100s.", id, owner_of(r, k, mac));
}

static void add_key(struct api_request *r, const json_t *root, struct evidence_key *k)
{
	const char *name = json_string_value(json_object_get(root, "device"));
	bool dry = json_is_true(json_object_get(root, "dry_run"));
	const char *wrong = read_key(root, k);
	struct device *d = !wrong && name ? api_device_as_is(r, name) : NULL;
	char why[LIMIT_TEXT] = "";
	int error;

	if (!wrong && name && !d)
		return;
	if (wrong) {
		api_fail(r, 400, NEXT_KEY, "%s", wrong);
		return;
	}
	k->device = d ? d->id : 0;
	error = attestor_key_add(&r->pipeline->attestor, k, dry, &k->id, why);
	if (error && error != -EEXIST) {
		api_fail(r, key_status(error), NEXT_KEY, "%s",
			why[0] ? why : error_text(error));
		return;
	}
	if (!error && !dry)
		key_added(r, k);
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.attest.key/1");
	write_key(&r->json, r->pipeline, k, false);
	jsonw_kv_string(&r->json, "note", why[0] ? why : NULL);
	jsonw_object_end(&r->json);
}

void api_add_attest_key(struct api_request *r)
{
	struct evidence_key *k = calloc(1, sizeof(*k));
	json_t *root = api_body(r);

	if (root && k)
		add_key(r, root, k);
	else if (root)
		api_fail(r, 500, "try again", "%s", error_text(-ENOMEM));
	json_decref(root);
	free(k);
}

static const struct evidence_key *find_key(struct api_request *r)
{
	const struct evidence_key *k = NULL;
	int64_t id;

	if (str_to_i64(r->object, 1, UINT32_MAX, &id))
		id = 0;
	for (size_t i = 0; (k = attestor_key_at(&r->pipeline->attestor, i)); i++)
		if (k->id == id)
			return k;
	api_fail(r, 404, "`cardea attest key list` shows all", "no key has that number");
	return NULL;
}

/* It is shown whole, so that it can be added again. */
void api_remove_attest_key(struct api_request *r)
{
	json_t *root = api_body(r);
	const struct evidence_key *k = root ? find_key(r) : NULL;
	struct evidence_key gone;
	int error = 0;

	if (k) {
		jsonw_object(&r->json);
		jsonw_kv_string(&r->json, "schema", "cardea.attest.key/1");
		write_key(&r->json, r->pipeline, k, true);
		jsonw_object_end(&r->json);
		gone = *k;
		if (!json_is_true(json_object_get(root, "dry_run"))) {
			error = attestor_key_remove(&r->pipeline->attestor, k->id);
			if (!error)
				key_removed(r, &gone);
		}
	}
	if (error)
		api_fail(r, 500, "look at the log", "it is trusted still: %s",
			error_text(error));
	json_decref(root);
}

/* ---- one device ---- */

static void write_manifest(struct jsonw *j, const struct attestor_device *s)
{
	const struct attestor_manifest *m = &s->manifest;

	jsonw_object(j);
	jsonw_kv_u64(j, "sequence", m->sequence);
	jsonw_kv_time(j, "accepted", m->accepted);
	jsonw_kv_untrusted(j, "vendor", m->vendor[0] ? m->vendor : NULL);
	kv_hex(j, "digest", m->digest.bytes, m->digest.len);
	if (m->size)
		jsonw_kv_u64(j, "size", m->size);
	jsonw_key(j, "images");
	jsonw_array(j);
	for (uint32_t i = 0; i < m->image_count; i++)
		kv_hex(j, NULL, m->images[i].bytes, m->images[i].len);
	jsonw_array_end(j);
	jsonw_key(j, "uris");
	jsonw_array(j);
	for (uint32_t i = 0; i < m->uri_count; i++)
		jsonw_untrusted(j, str_untrusted(m->uris[i]));
	jsonw_array_end(j);
	jsonw_object_end(j);
}

static void write_fetch(struct jsonw *j, const struct attestor_fetch *f)
{
	jsonw_object(j);
	jsonw_kv_time(j, "since", f->since);
	jsonw_kv_u64(j, "octets", f->octets);
	jsonw_kv_untrusted(j, "host", f->host[0] ? f->host : NULL);
	jsonw_kv_time(j, "whole", f->whole);
	jsonw_kv_time(j, "started", f->started);
	jsonw_object_end(j);
}

static void write_last(struct jsonw *j, const struct attestor_device *s)
{
	jsonw_object(j);
	jsonw_kv_time(j, "at", s->last);
	jsonw_kv_string(j, "kind", attest_kind_name(s->last_kind));
	jsonw_kv_bool(j, "good", s->last_good);
	jsonw_kv_untrusted(j, "text", s->last_text);
	jsonw_object_end(j);
}

static void write_keys_of(struct jsonw *j, const struct pipeline *p, const struct device *d)
{
	const struct evidence_key *k;

	jsonw_key(j, "keys");
	jsonw_array(j);
	for (size_t i = 0; (k = attestor_key_at(&p->attestor, i)); i++) {
		if (!attestor_key_is_for(k, d, k->use))
			continue;
		jsonw_object(j);
		write_key(j, p, k, false);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void write_state(struct api_request *r, const struct device *d)
{
	struct attestor *a = &r->pipeline->attestor;
	const struct attestor_device *s = attestor_of(a, d);
	struct jsonw *j = &r->json;

	jsonw_kv_time(j, "nonce_until", attestor_nonce_until(a, d));
	jsonw_kv_string(j, "no_size", attestor_no_size(s));
	jsonw_key(j, "manifest");
	if (s && s->manifest.accepted)
		write_manifest(j, s);
	else
		jsonw_null(j);
	jsonw_key(j, "fetch");
	if (s && s->fetch.since)
		write_fetch(j, &s->fetch);
	else
		jsonw_null(j);
	if (s && s->has_bootcount)
		jsonw_kv_u64(j, "bootcount", s->bootcount);
	kv_hex(j, "ueid", s ? s->ueid : NULL, s ? s->ueid_len : 0);
	jsonw_key(j, "last");
	if (s && s->last)
		write_last(j, s);
	else
		jsonw_null(j);
	jsonw_kv_u64(j, "refused", s ? s->refused : 0);
}

static void begin(struct api_request *r, const struct device *d, const char *schema)
{
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", schema);
	jsonw_kv_untrusted(&r->json, "device", d->name);
	jsonw_kv_mac(&r->json, "mac", &d->mac);
}

void api_view_attest(struct api_request *r)
{
	const struct device *d = api_device_as_is(r, r->object);

	if (!d)
		return;
	begin(r, d, "cardea.attest/1");
	write_state(r, d);
	write_keys_of(&r->json, r->pipeline, d);
	jsonw_object_end(&r->json);
}

static void challenge(struct api_request *r, struct device *d)
{
	struct attestor *a = &r->pipeline->attestor;
	uint8_t nonce[EVIDENCE_NONCE];
	int error = attestor_challenge_for(a, d, ATTESTOR_NONCE_LIFE_OWNER, nonce);

	if (error == -EAGAIN) {
		api_fail(r, 409, "wait a minute", "%.60s was given too many nonces",
			d->name);
		return;
	}
	if (error) {
		api_fail(r, 500, "look at the log", "no nonce: %s", error_text(error));
		return;
	}
	begin(r, d, "cardea.attest.challenge/1");
	kv_hex(&r->json, "nonce", nonce, sizeof(nonce));
	jsonw_kv_time(&r->json, "until", attestor_nonce_until(a, d));
	jsonw_object_end(&r->json);
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place; the length, or -1. */
static ssize_t from_hex(uint8_t *to, const char *text, size_t len)
{
	if (!len || len % 2 || len / 2 > EVIDENCE_BYTES_MAX)
		return -1;
	for (size_t i = 0; i < len; i += 2) {
		int hi = nibble(text[i]), lo = nibble(text[i + 1]);

		if (hi < 0 || lo < 0)
			return -1;
		to[i / 2] = (uint8_t)(hi << 4 | lo);
	}
	return (ssize_t)(len / 2);
}

static const char *verdict(int error)
{
	if (!error)
		return "taken";
	if (error == CARDEA_ESIGNATURE)
		return "forged";
	return error == CARDEA_EUNTRUSTED ? "no-key" : "refused";
}

static void take(struct api_request *r, struct device *d, const json_t *root)
{
	const struct attestor_way way = {
		.dry = json_is_true(json_object_get(root, "dry_run"))};
	const char *name = json_string_value(json_object_get(root, "kind"));
	const json_t *data = json_object_get(root, "data");
	uint8_t *bytes = json_is_string(data) ? malloc(json_string_length(data) / 2 + 1)
					      : NULL;
	ssize_t len = bytes ? from_hex(bytes, json_string_value(data),
				      json_string_length(data))
			    : -1;
	char why[LIMIT_TEXT] = "";
	enum attest_kind kind;
	int error;

	if (!name || !attest_kind_find(name, &kind) || len < 0) {
		free(bytes);
		api_fail(r, 400, NEXT_ATTEST, "this is nothing that can be handed in");
		return;
	}
	error = attestor_take_by(&r->pipeline->attestor, d, kind,
		cursor_of(bytes, (size_t)len), &way, why);
	free(bytes);
	if (error && error != CARDEA_ESIGNATURE && error != CARDEA_EREFUSED &&
		error != CARDEA_EUNTRUSTED) {
		api_fail(r, 500, "look at the log", "%s", why[0] ? why : error_text(error));
		return;
	}
	begin(r, d, "cardea.attest.taken/1");
	jsonw_kv_string(&r->json, "kind", attest_kind_name(kind));
	jsonw_kv_string(&r->json, "verdict", verdict(error));
	jsonw_kv_untrusted(&r->json, "why", why);
	jsonw_kv_bool(&r->json, "dry_run", way.dry);
	jsonw_object_end(&r->json);
}

static void forgotten(struct api_request *r, const struct device *d)
{
	struct api_command cmd;

	api_changed_by(r, &(struct api_change){
		.command = api_command(&cmd, "attest", "forget", d->name, NULL),
		.why_not = "what it showed is forgotten; it can show it again"},
		"You had forgotten what %s is to run, and what it showed.", d->name);
}

static void change(struct api_request *r, struct device *d, const json_t *root)
{
	bool dry = json_is_true(json_object_get(root, "dry_run"));
	int error;

	if (json_is_true(json_object_get(root, "challenge"))) {
		challenge(r, d);
		return;
	}
	if (!json_is_true(json_object_get(root, "forget"))) {
		take(r, d, root);
		return;
	}
	error = dry ? 0 : attestor_renew(&r->pipeline->attestor, d);
	if (!error && !dry)
		forgotten(r, d);
	if (error)
		api_fail(r, 500, "look at the log", "it is known still: %s",
			error_text(error));
	else
		api_view_attest(r);
}

void api_change_attest(struct api_request *r)
{
	json_t *root = api_body(r);
	struct device *d = root ? api_device_as_is(r, r->object) : NULL;

	if (d)
		change(r, d, root);
	json_decref(root);
}
