// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea profile enforce, abandon - a profile that the owner puts in force himself. */
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/device.h"
#include "cli/profile.h"
#include "cli/text.h"

/* As it is: what it says, and whether it says it right, is the gateway's to read. */
static enum cli_exit read_text(const char *path, json_t **ret)
{
	struct profile_file f;
	enum cli_exit e = profile_bytes(path, &f);

	if (e == CLI_OK && f.len > LIMIT_ADOPTED_BYTES) {
		cli_complain(NULL, "%s has more than %d KiB", text_clean(path),
			LIMIT_ADOPTED_BYTES / 1024);
		e = CLI_NO;
	}
	if (e == CLI_OK) {
		*ret = json_stringn(f.bytes, f.len);
		if (!*ret) {
			cli_complain(NULL, "%s is no UTF-8", text_clean(path));
			e = CLI_NO;
		}
	}
	profile_free(&f);
	return e;
}

static void print_rules(const json_t *o)
{
	const json_t *list = json_object_get(o, "list");
	const json_t *r;
	size_t i;

	json_array_foreach (list, i, r) {
		const char *status = answer_raw(r, "status");

		if (strcmp(status, rule_status_name(RULE_REPLY_HALF)) == 0)
			continue;
		printf("  %s", answer_text(r, "sentence"));
		if (strcmp(status, rule_status_name(RULE_ENFORCED)) != 0)
			printf(" [%s%s", status, answer_raw(r, "detail")[0] ? ": " : "");
		if (strcmp(status, rule_status_name(RULE_ENFORCED)) != 0)
			printf("%s]", answer_text(r, "detail"));
		putchar('\n');
	}
}

void profile_print_adopted(const struct cli *c, const json_t *o, bool dry)
{
	printf("%s: %s %s in force: %lld rules", answer_text(o, "device"),
		strcmp(answer_raw(o, "form"), "extended") == 0 ? "an extended profile"
							       : "a MUD file",
		dry ? "would be" : "is", answer_number(o, "rules"));
	if (answer_number(o, "approximated"))
		printf(", %lld wider than they say", answer_number(o, "approximated"));
	if (answer_number(o, "not_enforced"))
		printf(", %lld not enforced", answer_number(o, "not_enforced"));
	putchar('\n');
	print_rules(o);
	if (!dry)
		cli_say(c, "undo with: cardea profile abandon %s",
			device_handle(o, answer_raw(o, "device")));
}

static enum cli_exit send_it(struct cli *c, json_t *text, json_t *binding)
{
	bool dry = args_flag(c, "dry-run") != NULL;
	struct client_target t;
	json_t *o = NULL;
	enum cli_exit e;

	client_target_init(&t, "/v1/profiles");
	e = answer_post(c, &t,
		json_pack("{s:s, s:O, s:O*, s:b}", "device", c->args[0], "text", text,
			"binding", binding, "dry_run", dry),
		&o);
	if (e == CLI_NOT_FOUND)
		answer_candidates(c, c->args[0]);
	if (e == CLI_OK && c->json)
		e = answer_print(o);
	else if (e == CLI_OK)
		profile_print_adopted(c, o, dry);
	json_decref(o);
	return e;
}

enum cli_exit profile_enforce(struct cli *c)
{
	const char *path = args_flag(c, "binding");
	json_t *text = NULL, *binding = NULL;
	enum cli_exit e = read_text(c->args[1], &text);

	if (e == CLI_OK && path)
		e = read_text(path, &binding);
	if (e == CLI_OK)
		e = send_it(c, text, binding);
	json_decref(text);
	json_decref(binding);
	return e;
}

enum cli_exit profile_abandon(struct cli *c)
{
	bool dry = args_flag(c, "dry-run") != NULL;
	struct client_target t;
	json_t *o = NULL;
	enum cli_exit e;

	client_target_init(&t, "/v1/profiles");
	client_target_segment(&t, c->args[0]);
	e = answer_post(
		c, &t, json_pack("{s:b, s:b}", "remove", true, "dry_run", dry), &o);
	if (e == CLI_OK && c->json)
		e = answer_print(o);
	else if (e == CLI_OK)
		printf("%s: the profile that you put in force %s so no longer\n",
			answer_text(o, "device"), dry ? "would be" : "is");
	json_decref(o);
	return e;
}
