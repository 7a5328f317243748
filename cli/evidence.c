// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea attest, cardea suit accept - what devices show of what they run: whose word
 * counts, what was shown, and what the owner hands in for them. */
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/attest.h"
#include "cli/device.h"
#include "cli/text.h"
#include "model/evidence.h"

/* ---- keys ---- */

static const char *key_subject(const json_t *k)
{
	const char *device = answer_raw(k, "device");

	return device[0] ? device_handle(k, device) : answer_text(k, "vendor");
}

static void print_key(const json_t *k)
{
	printf("%lld  %s%s%s  %s, since %s\n", answer_number(k, "id"), text_on(STYLE_BOLD),
		key_subject(k), text_off(STYLE_BOLD), answer_text(k, "use"),
		text_ago(answer_raw(k, "since")));
}

static enum cli_exit key_list(struct cli *c)
{
	json_t *answer = NULL, *list, *k;
	enum cli_exit e = answer_get(c, "/v1/attest-keys", &answer);
	size_t i;

	list = json_object_get(answer, "keys");
	if (e == CLI_OK && c->json)
		e = answer_print(answer);
	else if (e == CLI_OK && !json_array_size(list))
		cli_say(c, "No key is trusted: nothing that is signed brings a device "
			   "back.");
	else
		json_array_foreach (list, i, k)
			print_key(k);
	json_decref(answer);
	return e;
}

/* A domain is a vendor's; what else is called so is a device. A device whose name looks
 * like a domain goes by its MAC. */
static const char *subject_kind(const char *subject)
{
	size_t len = strlen(subject);

	return len && strchr(subject, '.') && !strchr(subject, ':') &&
			       strspn(subject, "abcdefghijklmnopqrstuvwxyz0123456789-.") ==
				       len &&
			       strspn(subject, "0123456789.") != len
		       ? "vendor"
		       : "device";
}

static enum cli_exit key_add(struct cli *c)
{
	bool dry = args_flag(c, "dry-run") != NULL;
	struct client_target t;
	struct cursor pem;
	json_t *body, *k = NULL;
	enum cli_exit e;

	if (c->arg_count != 3) {
		cli_complain(c->command->example,
			"attest key add: whose key is it, and in which file?");
		return CLI_USAGE;
	}
	e = attest_read(c->args[2], EVIDENCE_KEY_BYTES - 1, &pem);
	if (e != CLI_OK)
		return e;
	body = json_pack("{s:s, s:s*, s:b}", subject_kind(c->args[1]), c->args[1], "use",
		args_flag(c, "use"), "dry_run", dry);
	if (body)
		json_object_set_new(body, "pem",
			json_stringn((const char *)pem.pos, cursor_left(&pem)));
	client_target_init(&t, "/v1/attest-keys");
	e = answer_post(c, &t, body, &k);
	if (e == CLI_OK && c->json) {
		e = answer_print(k);
	} else if (e == CLI_OK) {
		printf("%s: %s trusted as its %s%s%s\n", key_subject(k),
			dry ? "would be" : "is", answer_text(k, "use"),
			answer_raw(k, "note")[0] ? "; " : "", answer_text(k, "note"));
		if (!dry)
			cli_say(c, "undo with: cardea attest key remove %lld",
				answer_number(k, "id"));
	}
	json_decref(k);
	return e;
}

/* To be added again as it is: lines, and nothing that a terminal obeys. */
static void print_pem(const char *pem)
{
	for (size_t len; *pem; pem += len + (pem[len] == '\n')) {
		char line[128];

		len = strcspn(pem, "\n");
		(void)str_print(line, sizeof(line), "%.*s", (int)len, pem);
		printf("%s\n", text_clean(line));
	}
}

static enum cli_exit key_remove(struct cli *c)
{
	bool dry = args_flag(c, "dry-run") != NULL;
	struct client_target t;
	json_t *k = NULL;
	enum cli_exit e;

	if (c->arg_count != 2) {
		cli_complain("cardea attest key list", "attest key remove: which one?");
		return CLI_USAGE;
	}
	client_target_init(&t, "/v1/attest-keys");
	client_target_segment(&t, c->args[1]);
	e = answer_post(c, &t, json_pack("{s:b, s:b}", "remove", 1, "dry_run", dry), &k);
	if (e == CLI_OK && c->json) {
		e = answer_print(k);
	} else if (e == CLI_OK) {
		printf("%s: key %lld %s trusted any more\n", key_subject(k),
			answer_number(k, "id"), dry ? "would not be" : "is not");
		print_pem(answer_raw(k, "pem"));
		if (!dry)
			cli_say(c,
				"undo with the key above: cardea attest key add %s - "
				"--use %s",
				key_subject(k), answer_text(k, "use"));
	}
	json_decref(k);
	return e;
}

enum cli_exit evidence_key(struct cli *c)
{
	if (strcmp(c->args[0], "list") == 0 && c->arg_count == 1)
		return key_list(c);
	if (strcmp(c->args[0], "add") == 0)
		return key_add(c);
	if (strcmp(c->args[0], "remove") == 0)
		return key_remove(c);
	cli_complain("cardea attest key list", "attest key: list, add or remove");
	return CLI_USAGE;
}

/* ---- one device ---- */

static void print_manifest(const json_t *m)
{
	json_t *u;
	size_t i;

	printf("is to run  firmware %lld, accepted %s\n", answer_number(m, "sequence"),
		text_ago(answer_raw(m, "accepted")));
	json_array_foreach (json_object_get(m, "images"), i, u)
		printf("  image    %s\n", text_clean(json_string_value(u)));
	json_array_foreach (json_object_get(m, "uris"), i, u)
		printf("  from     %s\n", text_clean(json_string_value(u)));
	if (answer_number(m, "size"))
		printf("  size     %lld octets\n", answer_number(m, "size"));
}

static void print_fetch(const json_t *f)
{
	printf("fetched    %lld octets%s%s since it is held\n", answer_number(f, "octets"),
		answer_raw(f, "host")[0] ? ", lately from " : "", answer_text(f, "host"));
	if (answer_raw(f, "whole")[0])
		printf("  whole    %s%s\n", text_ago(answer_raw(f, "whole")),
			answer_raw(f, "started")[0] ? "" : "; it has not started since");
}

static void print_shown(const json_t *o)
{
	const json_t *last = json_object_get(o, "last");
	json_t *k;
	size_t i;

	if (json_is_object(json_object_get(o, "manifest")))
		print_manifest(json_object_get(o, "manifest"));
	if (json_is_object(json_object_get(o, "fetch")))
		print_fetch(json_object_get(o, "fetch"));
	if (answer_raw(o, "no_size")[0])
		printf("what it fetches proves nothing: %s\n", answer_text(o, "no_size"));
	if (answer_raw(o, "nonce_until")[0])
		printf("a nonce is open until %s\n", answer_text(o, "nonce_until"));
	if (json_is_object(last))
		printf("last       %s, %s: %s%s%s\n", answer_text(last, "kind"),
			text_ago(answer_raw(last, "at")),
			text_on(answer_true(last, "good") ? STYLE_GOOD : STYLE_BAD),
			answer_text(last, "text"),
			text_off(answer_true(last, "good") ? STYLE_GOOD : STYLE_BAD));
	if (!json_array_size(json_object_get(o, "keys")))
		printf("no key is trusted for it: nothing that is signed brings it back\n");
	json_array_foreach (json_object_get(o, "keys"), i, k)
		print_key(k);
}

static enum cli_exit target(struct cli *c, const char *device, struct client_target *t,
	json_t **ret)
{
	enum cli_exit e = answer_device(c, device, ret);

	client_target_init(t, "/v1/attest");
	if (e == CLI_OK)
		client_target_segment(t, answer_raw(*ret, "mac"));
	return e;
}

enum cli_exit evidence_show(struct cli *c)
{
	struct client_target t;
	json_t *d = NULL, *answer = NULL;
	enum cli_exit e = target(c, c->args[0], &t, &d);

	if (e == CLI_OK)
		e = answer_ask(c, &t, NULL, &answer);
	if (e == CLI_OK && c->json)
		e = answer_print(answer);
	else if (e == CLI_OK)
		print_shown(answer);
	json_decref(answer);
	json_decref(d);
	return e;
}

enum cli_exit evidence_challenge(struct cli *c)
{
	struct client_target t;
	json_t *d = NULL, *answer = NULL;
	enum cli_exit e = target(c, c->args[0], &t, &d);

	if (e == CLI_OK)
		e = answer_post(c, &t, json_pack("{s:b}", "challenge", 1), &answer);
	if (e == CLI_OK && c->json)
		e = answer_print(answer);
	else if (e == CLI_OK) {
		printf("%s\n", answer_text(answer, "nonce"));
		cli_say(c, "good until %s, once; then: cardea attest take %s FILE",
			answer_text(answer, "until"),
			device_handle(answer, answer_raw(answer, "device")));
	}
	json_decref(answer);
	json_decref(d);
	return e;
}

enum cli_exit evidence_forget(struct cli *c)
{
	bool dry = args_flag(c, "dry-run") != NULL;
	struct client_target t;
	json_t *d = NULL, *answer = NULL;
	enum cli_exit e = target(c, c->args[0], &t, &d);

	if (e == CLI_OK)
		e = cli_confirm(c, "What %s is to run, and what it showed, is forgotten then.",
			answer_text(d, "name"));
	if (e == CLI_OK)
		e = answer_post(c, &t,
			json_pack("{s:b, s:b}", "forget", 1, "dry_run", dry), &answer);
	if (e == CLI_OK && c->json)
		e = answer_print(answer);
	else if (e == CLI_OK)
		printf("%s: what it is to run, and what it has shown, %s forgotten\n",
			answer_text(answer, "device"), dry ? "would be" : "is");
	if (e == CLI_OK && !dry)
		cli_say(c, "undo by handing in its manifest again: cardea suit accept FILE "
			   "--device %s",
			device_handle(answer, answer_raw(answer, "device")));
	json_decref(answer);
	json_decref(d);
	return e;
}

static json_t *hand_in(const char *kind, struct cursor bytes, bool dry)
{
	size_t size = 2 * cursor_left(&bytes) + 1;
	char *hex = cli_take(size);
	struct str_text t = {.buf = hex, .size = size};

	hex[0] = 0;
	for (const uint8_t *p = bytes.pos; p < bytes.end; p++)
		str_add(&t, "%02x", *p);
	return json_pack(
		"{s:s, s:s, s:b}", "kind", kind, "data", hex, "dry_run", dry);
}

static void print_taken(struct cli *c, const json_t *o, bool dry)
{
	bool good = strcmp(answer_raw(o, "verdict"), "taken") == 0;
	const char *name = device_handle(o, answer_raw(o, "device"));

	printf("%s%s%s: %s\n", text_on(good ? STYLE_GOOD : STYLE_BAD),
		!good	? answer_text(o, "verdict")
		: dry	? "would be taken"
			: "taken",
		text_off(good ? STYLE_GOOD : STYLE_BAD), answer_text(o, "why"));
	if (!good || dry)
		return;
	if (strcmp(answer_raw(o, "kind"), "manifest") == 0)
		cli_say(c, "undo with: cardea attest forget %s", name);
	else
		cli_say(c, "undo with: cardea quarantine add %s", name);
}

static enum cli_exit take(struct cli *c, const char *device, const char *file,
	const char *kind)
{
	bool dry = args_flag(c, "dry-run") != NULL;
	struct client_target t;
	struct cursor bytes;
	json_t *d = NULL, *answer = NULL;
	enum cli_exit e = attest_read(file, EVIDENCE_BYTES_MAX, &bytes);

	if (e == CLI_OK)
		e = target(c, device, &t, &d);
	if (e == CLI_OK)
		e = answer_post(c, &t, hand_in(kind, bytes, dry), &answer);
	if (e == CLI_OK && c->json)
		e = answer_print(answer);
	else if (e == CLI_OK)
		print_taken(c, answer, dry);
	if (e == CLI_OK && strcmp(answer_raw(answer, "verdict"), "taken") != 0)
		e = CLI_NO;
	json_decref(answer);
	json_decref(d);
	return e;
}

enum cli_exit evidence_take(struct cli *c)
{
	const char *kind = args_flag(c, "kind");
	enum attest_kind known;

	if (kind && !attest_kind_find(kind, &known)) {
		cli_complain(c->command->example,
			"--kind: token, result, manifest or report");
		return CLI_USAGE;
	}
	return take(c, c->args[0], c->args[1], kind ? kind : "token");
}

enum cli_exit evidence_accept(struct cli *c)
{
	const char *device = args_flag(c, "device");

	if (!device) {
		cli_complain(c->command->example,
			"suit accept: for which device? --device is missing");
		return CLI_USAGE;
	}
	return take(c, device, c->args[0], "manifest");
}
