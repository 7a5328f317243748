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
#define STATUS_APPROXIMATED "approximated"

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

static bool is_status(const json_t *r, const char *status)
{
	return strcmp(answer_raw(r, "status"), status) == 0;
}

static void print_dim(const char *text)
{
	printf("       %s%s%s\n", text_on(STYLE_DIM), text, text_off(STYLE_DIM));
}

/* Why a rule does less than it says. */
static void print_status(const json_t *r)
{
	const char *detail = answer_text(r, "detail");
	bool drops = strcmp(answer_raw(r, "action"), "drop") == 0;
	bool near = is_status(r, STATUS_APPROXIMATED);
	/* a prohibition that is not enforced is worse than a permission */
	enum text_style style = drops && !near ? STYLE_BAD : STYLE_WARN;

	if (is_status(r, STATUS_REPLY))
		print_dim("answers of a conversation that another rule opens");
	else if (!is_status(r, STATUS_ENFORCED))
		printf("       %s! %s%s%s%s%s\n", text_on(style),
			answer_text(r, "status"), detail[0] ? ": " : "", detail,
			drops && !near ? " (this is a prohibition)" : "",
			text_off(style));
	if (answer_raw(r, "note")[0])
		printf("       %s! nobody is in this class now: %s%s\n",
			text_on(STYLE_WARN), answer_text(r, "note"),
			text_off(STYLE_WARN));
	else if (json_object_get(r, "members"))
		printf("       %s%lld in this class now%s\n", text_on(STYLE_DIM),
			answer_number(r, "members"), text_off(STYLE_DIM));
}

static bool is_opener(const json_t *r)
{
	return (is_status(r, STATUS_ENFORCED) || is_status(r, STATUS_APPROXIMATED)) &&
	       strcmp(answer_raw(r, "action"), "accept") == 0;
}

/* "1.2 MB"; nothing where the kernel counts conversations alone. */
static const char *volume(const json_t *r)
{
	static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
	double n = (double)answer_number(r, "bytes");
	char *out = cli_take(32);
	size_t u = 0;

	if (n <= 0)
		return "";
	for (; n >= 1000 && u < 4; u++)
		n /= 1000;
	(void)str_print(out, 32, u ? "%.1f %s" : "%.0f %s", n, units[u]);
	return out;
}

static void print_hits(const json_t *r)
{
	if (!is_opener(r) || !json_object_get(r, "hits"))
		return;
	if (answer_number(r, "hits") && volume(r)[0])
		printf("       %sused for %lld packets, %s, last %s%s\n",
			text_on(STYLE_DIM), answer_number(r, "hits"), volume(r),
			text_ago(answer_raw(r, "last_hit")), text_off(STYLE_DIM));
	else if (answer_number(r, "hits"))
		printf("       %sused %lld times, last %s%s\n", text_on(STYLE_DIM),
			answer_number(r, "hits"), text_ago(answer_raw(r, "last_hit")),
			text_off(STYLE_DIM));
	else
		printf("       %snever used; counted since %s%s\n", text_on(STYLE_DIM),
			text_ago(answer_raw(r, "counted_since")), text_off(STYLE_DIM));
}

static void print_rule(const json_t *r)
{
	bool in_force = is_status(r, STATUS_ENFORCED) || is_status(r, STATUS_REPLY) ||
			is_status(r, STATUS_APPROXIMATED);
	enum text_style style = in_force ? STYLE_PLAIN : STYLE_WARN;

	printf("%s %4lld  %s%s\n", text_on(style), answer_number(r, "id"),
		answer_text(r, "sentence"), text_off(style));
	print_dim(rules_source(r));
	print_status(r);
	print_hits(r);
}

static void print_limits(const json_t *d)
{
	json_t *l;
	size_t i;

	json_array_foreach (json_object_get(d, "limits"), i, l)
		printf("  limit   %s, %s: %lld bytes/s, %lld packets/s (0: no limit); "
		       "%s: %s\n",
			answer_text(l, "service"), answer_text(l, "direction"),
			answer_number(l, "bytes_per_s"),
			answer_number(l, "packets_per_s"), answer_text(l, "status"),
			answer_text(l, "detail"));
	json_array_foreach (json_object_get(d, "ended"), i, l)
		printf("  ended   %s port %lld over %s; it may begin again %s\n",
			answer_text(l, "peer"), answer_number(l, "port"),
			answer_text(l, "proto"), text_ago(answer_raw(l, "until")));
}

static void print_head(const json_t *d)
{
	enum text_style style = daemon_state_style(answer_raw(d, "state"));

	printf("%s%s%s  %s%s%s\n", text_on(STYLE_BOLD), answer_text(d, "name"),
		text_off(STYLE_BOLD), text_on(style), answer_text(d, "state"),
		text_off(style));
	if (answer_raw(d, "profile")[0])
		printf("  profile %s\n", answer_text(d, "profile"));
	if (answer_raw(d, "quarantine")[0])
		printf("  why     in quarantine: %s\n", answer_text(d, "quarantine"));
	if (answer_raw(d, "problem")[0])
		printf("  why     %s\n", answer_text(d, "problem"));
	print_limits(d);
}

static void print_device(const json_t *d)
{
	const json_t *rules = json_object_get(d, "rules");
	json_t *r;
	size_t i;

	print_head(d);
	if (!json_array_size(rules))
		printf("  no rules: nothing is enforced for it\n");
	json_array_foreach (rules, i, r)
		print_rule(r);
}

/* Rules that opened nothing: the file may ask for more than the device needs. */
static void print_unused(const json_t *d)
{
	unsigned unused = 0, openers = 0;
	json_t *r;
	size_t i;

	print_head(d);
	json_array_foreach (json_object_get(d, "rules"), i, r) {
		if (!is_opener(r) || !json_object_get(r, "hits"))
			continue;
		openers++;
		if (answer_number(r, "hits"))
			continue;
		unused++;
		print_rule(r);
	}
	printf("  %u of %u rules were never used\n", unused, openers);
}

/* The API calls a policy's device "device"; all else calls it "name". */
static void name_devices(json_t *answer)
{
	json_t *d;
	size_t i;

	json_array_foreach (json_object_get(answer, "devices"), i, d)
		json_object_set(d, "name", json_object_get(d, "device"));
}

static void print_policy(json_t *answer, bool unused)
{
	const json_t *devices = json_object_get(answer, "devices");
	json_t *d;
	size_t i;

	name_devices(answer);
	json_array_foreach (devices, i, d) {
		if (i)
			putchar('\n');
		if (unused)
			print_unused(d);
		else
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
		print_policy(answer, args_flag(c, "unused") != NULL);
	if (!c->json && !json_array_size(json_object_get(answer, "devices")))
		cli_say(c, "No device has been seen yet.");
	json_decref(answer);
	return e;
}
