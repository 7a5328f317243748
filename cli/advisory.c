// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea advisory import, list, show, appeal, withdraw - what outsiders say of this house's
 * devices, what comes of it, and the owner's word against it. */
#include <string.h>
#include "base/str.h"
#include "cli/advisory.h"
#include "cli/answer.h"
#include "cli/attest.h"
#include "cli/text.h"

#define FILE_MAX (256 * 1024)
#define SIGNATURE_MAX 4096

json_t *advisory_file(const char *path, size_t max, enum cli_exit *ret)
{
	struct cursor bytes;

	*ret = attest_read(path, max, &bytes);
	return *ret == CLI_OK
		       ? json_stringn((const char *)bytes.pos, cursor_left(&bytes))
		       : NULL;
}

/* The file in hex, as JSON carries it. */
static json_t *signature_of(const char *path, enum cli_exit *ret)
{
	static char hex[2 * SIGNATURE_MAX + 1];
	struct cursor bytes;

	*ret = attest_read(path, SIGNATURE_MAX, &bytes);
	if (*ret != CLI_OK)
		return NULL;
	str_to_hex(bytes.pos, cursor_left(&bytes), hex);
	return json_string(hex);
}

/* ---- words ---- */

static void print_device(const json_t *d, bool dry)
{
	const char *effect = answer_text(d, "effect");
	bool acts = strcmp(effect, "nothing") != 0 && strcmp(effect, "observe") != 0 &&
		    strcmp(effect, "notify") != 0;

	printf("  %s%s%s: %s%s%s%s, because %s\n", text_on(STYLE_BOLD),
		answer_text(d, "device"), text_off(STYLE_BOLD), dry ? "would be " : "",
		text_on(acts ? STYLE_BAD : STYLE_PLAIN), effect,
		text_off(acts ? STYLE_BAD : STYLE_PLAIN), answer_text(d, "why"));
	if (answer_true(d, "asks_you"))
		printf("    %s! you are asked whether it may be more: %s "
		       "(`cardea decide list`)%s\n",
			text_on(STYLE_WARN), answer_text(d, "asked"),
			text_off(STYLE_WARN));
}

static void print_devices(const json_t *answer, bool dry)
{
	json_t *d;
	size_t i;

	json_array_foreach (json_object_get(answer, "devices"), i, d)
		print_device(d, dry);
}

static void print_taken(const json_t *a, bool dry)
{
	const char *outcome = answer_text(a, "outcome");
	bool no = strcmp(outcome, "refused") == 0;

	printf("%s %s of %s: %s%s%s%s%s\n", dry ? "would be" : "advisory",
		answer_text(a, "advisory"), answer_text(a, "issuer"),
		text_on(no ? STYLE_BAD : STYLE_GOOD), outcome,
		text_off(no ? STYLE_BAD : STYLE_GOOD), answer_raw(a, "why")[0] ? ": " : "",
		answer_text(a, "why"));
}

/* The worst of them decides: a script sees when one was not taken. */
static enum cli_exit print_import(const struct cli *c, const json_t *answer, bool dry)
{
	enum cli_exit e = CLI_OK;
	json_t *a;
	size_t i;

	json_array_foreach (json_object_get(answer, "advisories"), i, a) {
		const char *outcome = answer_raw(a, "outcome");

		print_taken(a, dry);
		if (strcmp(outcome, "refused") == 0)
			e = CLI_NO;
		else if (!dry && strcmp(outcome, "taken") == 0)
			cli_say(c, "undo with: cardea advisory withdraw %lld",
				answer_number(a, "id"));
	}
	print_devices(answer, dry);
	return e;
}

enum cli_exit advisory_import(struct cli *c)
{
	bool dry = args_flag(c, "dry-run") != NULL;
	const char *path = args_flag(c, "signature");
	enum cli_exit e = CLI_OK;
	json_t *text = advisory_file(c->args[0], FILE_MAX, &e), *sig = NULL;
	json_t *answer = NULL;
	struct client_target t;

	if (e == CLI_OK && path)
		sig = signature_of(path, &e);
	if (e != CLI_OK) {
		json_decref(text);
		return e;
	}
	client_target_init(&t, "/v1/advisories");
	e = answer_post(c, &t,
		text ? json_pack("{s:o, s:o*, s:b}", "text", text, "signature", sig,
			       "dry_run", dry)
		     : NULL,
		&answer);
	if (e == CLI_OK && c->json)
		e = answer_print(answer);
	else if (e == CLI_OK)
		e = print_import(c, answer, dry);
	json_decref(answer);
	return e;
}

static void print_list(const json_t *list)
{
	static const char *const headers[] = {
		"ID", "ISSUER", "KIND", "ASKS FOR", "STATE", "EXPIRES", "WHAT"};
	struct table t;
	char id[16];
	json_t *a;
	size_t i;

	table_init(&t, headers, 7);
	json_array_foreach (list, i, a) {
		(void)str_print(id, sizeof(id), "%lld", answer_number(a, "id"));
		table_cell(&t, STYLE_BOLD, text_clean(id));
		table_cell(&t, STYLE_PLAIN, answer_text(a, "issuer"));
		table_cell(&t, STYLE_PLAIN, answer_text(a, "class"));
		table_cell(&t, STYLE_PLAIN, answer_text(a, "effect"));
		table_cell(&t, STYLE_PLAIN, answer_text(a, "state"));
		table_cell(&t, STYLE_DIM, text_ago(answer_raw(a, "expires")));
		table_cell(&t, STYLE_PLAIN, answer_text(a, "text"));
	}
	table_print(&t, stdout);
}

enum cli_exit advisory_list(struct cli *c)
{
	struct client_target t;
	json_t *answer = NULL, *list;
	enum cli_exit e;

	client_target_init(&t, "/v1/advisories");
	if (args_flag(c, "all"))
		client_target_query(&t, "all", "1");
	e = answer_ask(c, &t, NULL, &answer);
	list = json_object_get(answer, "advisories");
	if (e == CLI_OK && c->json) {
		e = answer_print(answer);
	} else if (e == CLI_OK) {
		if (answer_raw(answer, "log_broken")[0])
			printf("%s! %s%s\n", text_on(STYLE_BAD),
				answer_text(answer, "log_broken"), text_off(STYLE_BAD));
		if (json_array_size(list))
			print_list(list);
		else
			cli_say(c, "Nobody says anything of your devices.");
		print_devices(answer, false);
	}
	json_decref(answer);
	return e;
}

/* ---- one ---- */

static void print_about(const json_t *a)
{
	const json_t *about = json_object_get(a, "about");
	const json_t *traffic = json_object_get(a, "traffic");
	const char *const kinds[] = {"mud_url", "oui", "cpe", "matter"};
	char port[24] = "";

	if (answer_number(traffic, "port"))
		(void)str_print(port, sizeof(port), " port %lld", answer_number(traffic, "port"));
	for (size_t i = 0; i < 4; i++)
		if (answer_raw(about, kinds[i])[0])
			printf("  about     %s %s\n", kinds[i], answer_text(about, kinds[i]));
	if (json_is_object(traffic))
		printf("  traffic   %s%s%s%s%s%s\n", answer_text(traffic, "domain"),
			answer_raw(traffic, "domain")[0] &&
					answer_raw(traffic, "address")[0]
				? " at "
				: "",
			answer_text(traffic, "address"),
			answer_raw(traffic, "proto")[0] ? " " : "",
			answer_text(traffic, "proto"), port);
	else
		printf("  traffic   none that could be checked\n");
	if (answer_raw(a, "fixed_in")[0])
		printf("  fixed in  %s\n", answer_text(a, "fixed_in"));
}

static void print_evidence(const json_t *d)
{
	const json_t *e = json_object_get(d, "evidence");

	print_device(d, false);
	if (json_is_object(e))
		printf("    seen: %s%s%s port %lld, last %s%s%s\n", answer_text(e, "name"),
			answer_raw(e, "name")[0] ? " at " : "", answer_text(e, "address"),
			answer_number(e, "port"), text_ago(answer_raw(e, "last")),
			answer_true(e, "shared") ? "; everybody's" : "",
			answer_true(e, "listed") ? "; its own file lists it" : "");
}

static void print_one(const json_t *a)
{
	json_t *d;
	size_t i;

	printf("%s%s of %s%s (%s, weight %.2f): asks for %s, %s\n", text_on(STYLE_BOLD),
		answer_text(a, "advisory"), answer_text(a, "issuer"), text_off(STYLE_BOLD),
		answer_text(a, "class"),
		json_number_value(json_object_get(a, "weight")), answer_text(a, "effect"),
		answer_text(a, "state"));
	if (answer_raw(a, "text")[0])
		printf("  %s\n", answer_text(a, "text"));
	printf("  expires   %s\n", text_ago(answer_raw(a, "expires")));
	print_about(a);
	json_array_foreach (json_object_get(a, "devices"), i, d)
		print_evidence(d);
}

enum cli_exit advisory_show(struct cli *c)
{
	struct client_target t;
	json_t *answer = NULL;
	enum cli_exit e;

	client_target_init(&t, "/v1/advisories");
	client_target_segment(&t, c->args[0]);
	e = answer_ask(c, &t, NULL, &answer);
	if (e == CLI_OK && c->json)
		e = answer_print(answer);
	else if (e == CLI_OK)
		print_one(answer);
	json_decref(answer);
	return e;
}

/* ---- against it ---- */

static enum cli_exit end_it(struct cli *c, json_t *body, const char *done)
{
	bool dry = args_flag(c, "dry-run") != NULL;
	struct client_target t;
	json_t *a = NULL;
	enum cli_exit e;

	client_target_init(&t, "/v1/advisories");
	client_target_segment(&t, c->args[0]);
	e = answer_post(c, &t, body, &a);
	if (e == CLI_OK && c->json) {
		e = answer_print(a);
	} else if (e == CLI_OK) {
		printf("%s of %s %s %s\n", answer_text(a, "advisory"),
			answer_text(a, "issuer"), dry ? "would be" : "is", done);
		print_devices(a, false);
		if (!dry)
			cli_say(c, "this stays: its issuer may say it again under another "
				   "id, or import the file again where you withdrew it");
	}
	json_decref(a);
	return e;
}

enum cli_exit advisory_appeal(struct cli *c)
{
	const char *because = args_flag(c, "because");

	if (!because) {
		cli_complain("cardea advisory appeal 3 --because \"it is a weather station\"",
			"why is it wrong?");
		return CLI_USAGE;
	}
	return end_it(c,
		json_pack("{s:s, s:b}", "appeal", because, "dry_run",
			args_flag(c, "dry-run") != NULL),
		"overturned; it counts against its issuer");
}

enum cli_exit advisory_withdraw(struct cli *c)
{
	return end_it(c,
		json_pack("{s:b, s:b}", "withdraw", true, "dry_run",
			args_flag(c, "dry-run") != NULL),
		"taken out");
}
