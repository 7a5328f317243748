// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea advisory issuer, shared, firmware, log - who may say something, which networks are
 * everybody's, what a device runs, and what was done about advisories. */
#include <string.h>
#include "base/str.h"
#include "cli/advisory.h"
#include "cli/answer.h"
#include "cli/device.h"
#include "cli/text.h"

#define KEY_MAX 4095

static enum cli_exit usage(const char *example, const char *what)
{
	cli_complain(example, "%s", what);
	return CLI_USAGE;
}

/* ---- issuers ---- */

static void print_issuers(const struct cli *c, const json_t *answer)
{
	static const char *const headers[] = {"NAME", "KIND", "OWNER", ">WRONG", "SIGNS AS"};
	const json_t *list = json_object_get(answer, "issuers");
	struct table t;
	json_t *i;
	size_t n;

	if (!json_array_size(list)) {
		cli_say(c, "You let nobody speak but yourself.");
		return;
	}
	table_init(&t, headers, 5);
	json_array_foreach (list, n, i) {
		table_cell(&t, STYLE_BOLD, answer_text(i, "name"));
		table_cell(&t, STYLE_PLAIN, answer_text(i, "class"));
		table_cell(&t, STYLE_PLAIN, answer_text(i, "group"));
		table_number(&t, answer_number(i, "overturned"));
		table_cell(&t, STYLE_DIM, answer_text(i, "signer"));
	}
	table_print(&t, stdout);
}

static void print_added(const struct cli *c, const json_t *i)
{
	bool dry = args_flag(c, "dry-run") != NULL;

	printf("%s %s speak, as %s%s%s\n", answer_text(i, "name"),
		dry ? "would be let" : "is let", answer_text(i, "class"),
		answer_raw(i, "group")[0] ? " of " : "", answer_text(i, "group"));
	if (answer_raw(i, "note")[0])
		printf("  %s! %s%s\n", text_on(STYLE_WARN), answer_text(i, "note"),
			text_off(STYLE_WARN));
	if (!dry)
		cli_say(c, "undo with: cardea advisory issuer remove %s",
			answer_text(i, "name"));
}

static void print_removed(const struct cli *c, const json_t *i)
{
	bool dry = args_flag(c, "dry-run") != NULL;

	printf("%s %s let speak no longer, and what it said ends\n", answer_text(i, "name"),
		dry ? "would be" : "is");
	if (!dry)
		cli_say(c, "undo with: cardea advisory issuer add %s %s --key FILE, and "
			   "import its files again",
			answer_text(i, "name"), answer_text(i, "class"));
}

static enum cli_exit add_issuer(struct cli *c, const struct client_target *t)
{
	const char *path = args_flag(c, "key");
	enum cli_exit e = CLI_OK;
	json_t *key, *answer = NULL;

	if (c->arg_count != 3 || !path)
		return usage("cardea advisory issuer add national-csirt csirt --key csirt.pem",
			"a name, a kind (isp, vendor, csirt, community) and --key are "
			"needed");
	key = advisory_file(path, KEY_MAX, &e);
	if (e != CLI_OK)
		return e;
	e = answer_post(c, t,
		key ? json_pack("{s:s, s:s, s:s*, s:o, s:b}", "name", c->args[1], "class",
			      c->args[2], "group", args_flag(c, "group"), "key", key,
			      "dry_run", args_flag(c, "dry-run") != NULL)
		    : NULL,
		&answer);
	return answer_finish(c, e, answer, print_added);
}

enum cli_exit advisory_issuer(struct cli *c)
{
	const char *verb = c->args[0];
	struct client_target t;
	json_t *answer = NULL;
	enum cli_exit e;

	client_target_init(&t, "/v1/issuers");
	if (strcmp(verb, "add") == 0)
		return add_issuer(c, &t);
	if (strcmp(verb, "list") == 0 && c->arg_count == 1) {
		e = answer_ask(c, &t, NULL, &answer);
		return answer_finish(c, e, answer, print_issuers);
	}
	if (strcmp(verb, "remove") != 0 || c->arg_count != 2)
		return usage("cardea advisory issuer add|remove|list",
			"add NAME KIND --key FILE, remove NAME, or list");
	client_target_segment(&t, c->args[1]);
	e = cli_confirm(c, "What %s said ends with it.", text_clean(c->args[1]));
	if (e != CLI_OK)
		return e;
	e = answer_post(c, &t,
		json_pack("{s:b, s:b}", "remove", true, "dry_run",
			args_flag(c, "dry-run") != NULL),
		&answer);
	return answer_finish(c, e, answer, print_removed);
}

/* ---- networks that are everybody's ---- */

static void print_shared(const struct cli *c, const json_t *answer)
{
	const json_t *list = json_object_get(answer, "networks");
	json_t *n;
	size_t i;

	if (!json_array_size(list))
		cli_say(c, "You named no network that is everybody's.");
	json_array_foreach (list, i, n)
		printf("%s  %s\n", answer_text(n, "prefix"), answer_text(n, "name"));
}

static void print_would_share(const struct cli *c, const json_t *answer)
{
	(void)answer;
	printf("%s would %s\n", text_clean(c->args[1]),
		strcmp(c->args[0], "remove") == 0 ? "be somebody's again"
						  : "be everybody's, and prove nothing");
}

/* What the network is called that is going, as words to name it so again. */
static void tell_undo(const struct cli *c, const json_t *before, const json_t *after)
{
	json_t *gone, *left;
	size_t i, k;

	json_array_foreach (json_object_get(before, "networks"), i, gone) {
		const char *name = text_quote(answer_raw(gone, "name"));
		bool is_left = false;

		json_array_foreach (json_object_get(after, "networks"), k, left)
			is_left |= strcmp(answer_raw(left, "prefix"),
					   answer_raw(gone, "prefix")) == 0;
		if (!is_left)
			cli_say(c, "undo with: cardea advisory shared add %s%s%s",
				answer_text(gone, "prefix"), name && *name ? " --name " : "",
				name ? name : "");
	}
}

/* ADD or REMOVE PREFIX. */
static enum cli_exit change_shared(struct cli *c, const struct client_target *t)
{
	bool remove = strcmp(c->args[0], "remove") == 0, dry = args_flag(c, "dry-run") != NULL;
	json_t *answer = NULL, *before = NULL;
	enum cli_exit e = remove ? answer_ask(c, t, NULL, &before) : CLI_OK;

	if (e == CLI_OK)
		e = answer_post(c, t,
			json_pack("{s:s, s:s*, s:b, s:b}", "prefix", c->args[1], "name",
				args_flag(c, "name"), "remove", remove, "dry_run", dry),
			&answer);
	if (e == CLI_OK && !dry && remove)
		tell_undo(c, before, answer);
	else if (e == CLI_OK && !dry)
		cli_say(c, "undo with: cardea advisory shared remove %s",
			text_clean(c->args[1]));
	json_decref(before);
	return answer_finish(c, e, answer, dry ? print_would_share : print_shared);
}

enum cli_exit advisory_shared(struct cli *c)
{
	const char *verb = c->args[0];
	struct client_target t;
	json_t *answer = NULL;
	enum cli_exit e;

	client_target_init(&t, "/v1/shared");
	if (strcmp(verb, "list") == 0 && c->arg_count == 1) {
		e = answer_ask(c, &t, NULL, &answer);
		return answer_finish(c, e, answer, print_shared);
	}
	if ((strcmp(verb, "remove") != 0 && strcmp(verb, "add") != 0) || c->arg_count != 2)
		return usage("cardea advisory shared add 151.101.0.0/16 --name fastly",
			"add PREFIX, remove PREFIX, or list");
	return change_shared(c, &t);
}

/* ---- what a device runs ---- */

static void print_firmware(const struct cli *c, const json_t *answer)
{
	printf("%s %s %s\n", answer_text(answer, "device"),
		args_flag(c, "dry-run") ? "would be known to run" : "runs",
		answer_text(answer, "label"));
}

enum cli_exit advisory_firmware(struct cli *c)
{
	struct client_target t;
	json_t *answer = NULL;
	enum cli_exit e;

	client_target_init(&t, "/v1/firmware");
	e = answer_post(c, &t,
		json_pack("{s:s, s:s, s:b}", "device", c->args[0], "label", c->args[1],
			"dry_run", args_flag(c, "dry-run") != NULL),
		&answer);
	if (e == CLI_NOT_FOUND)
		answer_candidates(c, c->args[0]);
	return answer_finish(c, e, answer, print_firmware);
}

/* ---- the log ---- */

static void print_log(const struct cli *c, const json_t *answer)
{
	json_t *e;
	size_t i;

	json_array_foreach (json_object_get(answer, "entries"), i, e) {
		if (args_flag(c, "verify"))
			break;
		printf("%s%lld%s  %s  %s%s%s%s%s%s%s: %s\n", text_on(STYLE_DIM),
			answer_number(e, "seq"), text_off(STYLE_DIM), answer_text(e, "at"),
			answer_text(e, "act"), answer_raw(e, "issuer")[0] ? " " : "",
			answer_text(e, "issuer"), answer_raw(e, "advisory")[0] ? "/" : "",
			answer_text(e, "advisory"), answer_raw(e, "device")[0] ? " " : "",
			answer_text(e, "device"), answer_text(e, "text"));
	}
	if (answer_true(answer, "whole"))
		printf("%sThe log is whole%s: entries %lld to %lld; the last one's digest is "
		       "%s\n",
			text_on(STYLE_GOOD), text_off(STYLE_GOOD),
			answer_number(answer, "first"), answer_number(answer, "last"),
			answer_text(answer, "head"));
	else
		printf("%sThe log is not whole%s: %s\n", text_on(STYLE_BAD),
			text_off(STYLE_BAD), answer_text(answer, "why"));
}

enum cli_exit advisory_log(struct cli *c)
{
	struct client_target t;
	json_t *answer = NULL;
	bool whole;
	enum cli_exit e;

	client_target_init(&t, "/v1/advisory-log");
	if (args_flag(c, "after"))
		client_target_query(&t, "after", args_flag(c, "after"));
	e = answer_ask(c, &t, NULL, &answer);
	whole = answer_true(answer, "whole");
	e = answer_finish(c, e, answer, print_log);
	return e == CLI_OK && args_flag(c, "verify") && !whole ? CLI_NO : e;
}
