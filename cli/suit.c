// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea suit inspect - what a firmware manifest wants installed, from where, and whether
 * it is signed. */
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/attest.h"
#include "cli/text.h"

#define UUID_TEXT 37

static const char *uuid_text(const uint8_t u[SUIT_UUID], char buf[UUID_TEXT])
{
	struct str_text t = {.buf = buf, .size = UUID_TEXT};

	buf[0] = 0;
	for (size_t i = 0; i < SUIT_UUID; i++)
		str_add(&t, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			u[i]);
	return buf;
}

static void image_json(const struct suit_image *i, struct jsonw *j)
{
	char text[UUID_TEXT];

	jsonw_object(j);
	jsonw_kv_u64(j, "component", i->component);
	jsonw_kv_string(j, "vendor", i->has_vendor ? uuid_text(i->vendor, text) : NULL);
	jsonw_kv_string(j, "class", i->has_class ? uuid_text(i->class_id, text) : NULL);
	if (i->has_digest)
		jsonw_kv_i64(j, "digest_alg", i->digest.alg);
	attest_kv_hex(j, "digest", i->has_digest ? i->digest.bytes : cursor_of(NULL, 0));
	if (i->has_size)
		jsonw_kv_u64(j, "size", i->size);
	if (i->has_slot)
		jsonw_kv_u64(j, "slot", i->slot);
	jsonw_object_end(j);
}

static void manifest_json(const struct suit_manifest *m, struct jsonw *j)
{
	jsonw_kv_u64(j, "version", m->version);
	jsonw_kv_u64(j, "sequence", m->sequence);
	attest_kv_text(j, "reference_uri", m->reference);
	jsonw_kv_u64(j, "components", m->component_count);
	jsonw_key(j, "images");
	jsonw_array(j);
	for (uint32_t i = 0; i < m->image_count; i++)
		image_json(&m->images[i], j);
	jsonw_array_end(j);
	jsonw_key(j, "uris");
	jsonw_array(j);
	for (uint32_t i = 0; i < m->uri_count; i++) {
		jsonw_object(j);
		attest_kv_text(j, "uri", m->uris[i].text);
		jsonw_kv_u64(j, "component", m->uris[i].component);
		jsonw_kv_bool(j, "integrated", m->uris[i].is_integrated);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static struct attest_result result(const struct suit_judged *s)
{
	return (struct attest_result){.schema = "cardea.suit/1", .kind = "state",
		.word = attest_state_name(s->state), .why = s->text,
		.good = s->state == ATTEST_VALID};
}

static enum cli_exit print_json(const char *path, const struct suit_judged *s)
{
	struct jsonw j;
	struct attest_result r = result(s);

	attest_json_begin(&j, &r, path);
	attest_kv_alg(&j, s->has_alg, s->alg);
	jsonw_key(&j, "doubts");
	jsonw_array(&j);
	for (unsigned d = SUIT_DOUBT_VERSION; d <= SUIT_DOUBT_NO_IMAGE; d <<= 1)
		if (s->doubts & d)
			jsonw_string(&j, suit_doubt_text(d));
	jsonw_array_end(&j);
	jsonw_key(&j, "manifest");
	if (s->has_manifest) {
		jsonw_object(&j);
		manifest_json(&s->manifest, &j);
		jsonw_kv_u64(&j, "integrated_payloads", s->envelope.payloads);
		jsonw_object_end(&j);
	} else {
		jsonw_null(&j);
	}
	jsonw_object_end(&j);
	return answer_print_jsonw(&j);
}

static const char *clean(struct cursor text)
{
	size_t len = cursor_left(&text);
	char *copy = cli_take(len + 1);

	(void)str_copy_bytes(copy, len + 1, text.pos, len);
	return text_clean(copy);
}

static void print_image(const struct suit_image *i)
{
	char uuid[UUID_TEXT], hex[ATTEST_HEX_TEXT];

	printf("component %u\n", i->component);
	if (i->has_vendor)
		printf("  vendor  %s\n", uuid_text(i->vendor, uuid));
	if (i->has_class)
		printf("  class   %s\n", uuid_text(i->class_id, uuid));
	if (i->has_slot)
		printf("  slot    %llu\n", (unsigned long long)i->slot);
	if (i->has_size)
		printf("  size    %llu octets\n", (unsigned long long)i->size);
	if (i->has_digest)
		printf("  digest  %s\n", attest_hex_text(i->digest.bytes, hex));
}

static void print_text(const struct suit_judged *s)
{
	const struct suit_manifest *m = &s->manifest;
	struct attest_result r = result(s);

	attest_print(&r);
	for (unsigned d = SUIT_DOUBT_VERSION; d <= SUIT_DOUBT_NO_IMAGE; d <<= 1)
		if (s->doubts & d && strcmp(s->text, suit_doubt_text(d)) != 0)
			printf("doubt: %s\n", suit_doubt_text(d));
	if (!s->has_manifest)
		return;
	printf("sequence %llu\n", (unsigned long long)m->sequence);
	for (uint32_t i = 0; i < m->image_count; i++)
		print_image(&m->images[i]);
	for (uint32_t i = 0; i < m->uri_count; i++)
		printf("%s %s\n", m->uris[i].is_integrated ? "within" : "from  ",
			clean(m->uris[i].text));
	if (m->reference.start)
		printf("whole  %s\n", clean(m->reference));
}

static enum cli_exit ask(const struct cli *c, struct suit_asked *asked)
{
	const char *accepted = args_flag(c, "accepted");
	int64_t sequence = 0;

	asked->vendor = args_flag(c, "vendor");
	if (accepted && str_to_i64(accepted, 0, INT64_MAX, &sequence)) {
		cli_complain(c->command->example, "--accepted: a sequence number");
		return CLI_USAGE;
	}
	asked->accepted = (uint64_t)sequence;
	return CLI_OK;
}

enum cli_exit suit_inspect(struct cli *c)
{
	struct suit_judged *judged = cli_take(sizeof(*judged));
	struct suit_asked asked = {0};
	struct attest_key *key = NULL;
	struct cursor bytes;
	enum cli_exit e = ask(c, &asked);

	if (e == CLI_OK)
		e = attest_key(c, &key);
	if (e == CLI_OK)
		e = attest_read(c->args[0], SUIT_BYTES_MAX, &bytes);
	if (e != CLI_OK)
		goto out;
	asked.key = key;
	if (suit_judge(bytes, &asked, judged)) {
		e = attest_memory();
		goto out;
	}
	if (c->json)
		e = print_json(c->args[0], judged);
	else
		print_text(judged);
	if (e == CLI_OK && (judged->state != ATTEST_VALID || judged->doubts))
		e = CLI_NO;
out:
	attest_key_free(key);
	return e;
}
