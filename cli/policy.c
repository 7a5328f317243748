// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea policy - what each device may do, and who says so. */
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/daemon.h"
#include "cli/rules.h"
#include "cli/text.h"

#define STATUS_ENFORCED "enforced"
#define STATUS_REPLY "reply"

const char *rules_source(const json_t *rule)
{
	const char *acl = answer_text(rule, "acl"), *ace = answer_text(rule, "ace");
	const char *source = answer_text(rule, "source");
	size_t size = strlen(acl) + strlen(ace) + strlen(source) + 48;
	char *out = cli_take(size), line[32] = "";

	if (answer_number(rule, "line"))
		(void)str_print(
			line, sizeof(line), ", line %lld", answer_number(rule, "line"));
	(void)str_print(out, size, "%s%s%s%s%s%s", source, acl[0] || ace[0] ? ", " : "",
		acl, acl[0] && ace[0] ? "/" : "", ace, line);
	return out;
}

static void print_rule(const json_t *r)
{
	const char *status = answer_raw(r, "status"),
		   *detail = answer_text(r, "detail");
	bool in_force = strcmp(status, STATUS_ENFORCED) == 0 ||
			strcmp(status, STATUS_REPLY) == 0;
	bool drops = strcmp(answer_raw(r, "action"), "drop") == 0;
	enum text_style style = in_force ? STYLE_PLAIN : STYLE_WARN;

	printf("%s %4lld  %s%s\n", text_on(style), answer_number(r, "id"),
		answer_text(r, "sentence"), text_off(style));
	printf("       %s%s%s\n", text_on(STYLE_DIM), rules_source(r),
		text_off(STYLE_DIM));
	if (!in_force)
		/* a prohibition that is not enforced is worse than a permission */
		printf("       %s! %s%s%s%s%s\n",
			text_on(drops ? STYLE_BAD : STYLE_WARN),
			answer_text(r, "status"), detail[0] ? ": " : "", detail,
			drops ? " (this is a prohibition)" : "",
			text_off(drops ? STYLE_BAD : STYLE_WARN));
	else if (strcmp(status, STATUS_REPLY) == 0)
		printf("       %sanswers of a conversation that another rule opens%s\n",
			text_on(STYLE_DIM), text_off(STYLE_DIM));
}

static void print_device(const json_t *d)
{
	const json_t *rules = json_object_get(d, "rules");
	enum text_style style = daemon_state_style(answer_raw(d, "state"));
	json_t *r;
	size_t i;

	printf("%s%s%s  %s%s%s\n", text_on(STYLE_BOLD), answer_text(d, "name"),
		text_off(STYLE_BOLD), text_on(style), answer_text(d, "state"),
		text_off(style));
	if (answer_raw(d, "profile")[0])
		printf("  profile %s\n", answer_text(d, "profile"));
	if (answer_raw(d, "problem")[0])
		printf("  why     %s\n", answer_text(d, "problem"));
	if (!json_array_size(rules))
		printf("  no rules: nothing is enforced for it\n");
	json_array_foreach (rules, i, r)
		print_rule(r);
}

/* The API calls a policy's device "device"; all else calls it "name". */
static void name_devices(json_t *answer)
{
	json_t *d;
	size_t i;

	json_array_foreach (json_object_get(answer, "devices"), i, d)
		json_object_set(d, "name", json_object_get(d, "device"));
}

static void print_policy(json_t *answer)
{
	const json_t *devices = json_object_get(answer, "devices");
	json_t *d;
	size_t i;

	name_devices(answer);
	json_array_foreach (devices, i, d) {
		if (i)
			putchar('\n');
		print_device(d);
	}
}

enum cli_exit policy_show(struct cli *c)
{
	bool nft = args_flag(c, "nft") != NULL;
	struct client_target t;
	json_t *answer = NULL;
	enum cli_exit e;

	client_target_init(&t, "/v1/policy");
	if (c->arg_count)
		client_target_query(&t, "device", c->args[0]);
	if (nft)
		client_target_query(&t, "elements", "1");
	e = answer_ask(c, &t, NULL, &answer);
	if (e == CLI_NOT_FOUND && c->arg_count)
		answer_candidates(c, c->args[0]);
	if (e != CLI_OK)
		return e;
	if (c->json)
		e = answer_print(answer);
	else if (nft)
		e = nft_print(answer);
	else
		print_policy(answer);
	if (!c->json && !json_array_size(json_object_get(answer, "devices")))
		cli_say(c, "No device has been seen yet.");
	json_decref(answer);
	return e;
}
