// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea eat verify - what an attestation token says, and whether it may be believed. */
#include <stdlib.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/attest.h"
#include "cli/text.h"

static void component_json(const struct eat_component *c, struct jsonw *j)
{
	jsonw_object(j);
	attest_kv_text(j, "type", c->type);
	attest_kv_text(j, "version", c->version);
	attest_kv_hex(j, "measurement", c->measurement);
	attest_kv_hex(j, "signer", c->signer);
	jsonw_object_end(j);
}

static void claims_json(const struct eat *e, struct jsonw *j)
{
	attest_kv_hex(j, "ueid", e->ueid);
	attest_kv_hex(j, "oemid", e->oemid);
	attest_kv_hex(j, "hwmodel", e->hwmodel);
	attest_kv_text(j, "swname", e->swname);
	attest_kv_text(j, "swversion", e->swversion);
	attest_kv_hex(j, "implementation", e->implementation);
	attest_kv_text(j, "certification", e->certification);
	jsonw_kv_string(j, "debug", e->has_debug ? eat_debug_name(e->debug) : NULL);
	jsonw_kv_string(j, "lifecycle",
		e->has_lifecycle ? eat_lifecycle_name(e->lifecycle) : NULL);
	if (e->has_oemboot)
		jsonw_kv_bool(j, "oemboot", e->oemboot);
	if (e->has_bootcount)
		jsonw_kv_u64(j, "bootcount", e->bootcount);
	jsonw_kv_u64(j, "submods", e->submods);
	jsonw_key(j, "components");
	jsonw_array(j);
	for (uint32_t i = 0; i < e->component_count; i++)
		component_json(&e->components[i], j);
	jsonw_array_end(j);
}

static struct attest_result result(const struct eat_judged *t)
{
	return (struct attest_result){.schema = "cardea.eat/1", .kind = "tier",
		.word = eat_tier_name(t->tier), .why = t->text,
		.good = t->tier == EAT_TIER_AFFIRMING};
}

static enum cli_exit print_json(const char *path, const struct eat_judged *t)
{
	struct jsonw j;
	struct attest_result r = result(t);

	attest_json_begin(&j, &r, path);
	jsonw_kv_string(&j, "signature", attest_state_name(t->signature));
	attest_kv_alg(&j, t->has_alg, t->alg);
	jsonw_kv_bool(&j, "psa", t->is_psa);
	jsonw_kv_bool(&j, "nonce_is_ours", t->nonce_is_ours);
	jsonw_key(&j, "claims");
	if (t->read) {
		jsonw_object(&j);
		claims_json(&t->claims, &j);
		jsonw_object_end(&j);
	} else {
		jsonw_null(&j);
	}
	jsonw_object_end(&j);
	return answer_print_jsonw(&j);
}

static void print_hex(const char *what, struct cursor bytes)
{
	char hex[ATTEST_HEX_TEXT];

	if (cursor_left(&bytes))
		printf("%s %s\n", what, attest_hex_text(bytes, hex));
}

static void print_text(const struct eat_judged *t)
{
	const struct eat *e = &t->claims;
	struct attest_result r = result(t);

	attest_print(&r);
	printf("signature  %s\n", attest_state_name(t->signature));
	if (!t->read)
		return;
	print_hex("device    ", e->ueid);
	if (e->has_lifecycle)
		printf("lifecycle  %s\n", eat_lifecycle_name(e->lifecycle));
	if (e->has_debug)
		printf("debug port %s\n", eat_debug_name(e->debug));
	for (uint32_t i = 0; i < e->component_count; i++)
		print_hex("runs      ", e->components[i].measurement);
}

static enum cli_exit ask(const struct cli *c, struct attest_key **key,
	struct suit_digest *digest, struct eat_asked *asked)
{
	enum cli_exit e = attest_key(c, key);

	if (e == CLI_OK && !*key) {
		cli_complain(c->command->example,
			"eat verify: whose? --key PEM is missing");
		return CLI_USAGE;
	}
	if (e == CLI_OK)
		e = attest_hex(c, "nonce", &asked->nonce);
	if (e == CLI_OK && !cursor_left(&asked->nonce)) {
		cli_complain(c->command->example,
			"eat verify: fresh or replayed? --nonce HEX is missing");
		return CLI_USAGE;
	}
	if (e == CLI_OK)
		e = attest_hex(c, "digest", &digest->bytes);
	asked->digests = digest;
	asked->digest_count = e == CLI_OK && cursor_left(&digest->bytes) > 0;
	asked->key = *key;
	return e;
}

enum cli_exit eat_verify(struct cli *c)
{
	struct eat_judged *judged = cli_take(sizeof(*judged));
	struct suit_digest digest = {.alg = SUIT_SHA256};
	struct eat_asked asked = {0};
	struct attest_key *key = NULL;
	struct cursor bytes;
	enum cli_exit e = ask(c, &key, &digest, &asked);

	if (e == CLI_OK)
		e = attest_read(c->args[0], EAT_BYTES_MAX, &bytes);
	if (e != CLI_OK)
		goto out;
	if (eat_judge(bytes, &asked, judged)) {
		e = attest_memory();
		goto out;
	}
	if (c->json)
		e = print_json(c->args[0], judged);
	else
		print_text(judged);
	if (e == CLI_OK && judged->tier != EAT_TIER_AFFIRMING)
		e = CLI_NO;
out:
	attest_key_free(key);
	return e;
}
