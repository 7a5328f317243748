// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea report week - what learned profiles cost in a week, and what they still lack. */
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/text.h"

#define PERCENT 100.0

static void print_counts(const json_t *o)
{
	const json_t *p = json_object_get(o, "proposals");

	printf("%lld alert%s, %lld blocked, %lld of those without need; "
	       "%lld asked, %lld accepted, %lld by itself, %lld refused",
		answer_number(o, "alerts"), answer_number(o, "alerts") == 1 ? "" : "s",
		answer_number(o, "blocked"), answer_number(o, "false_blocks"),
		answer_number(p, "asked"), answer_number(p, "accepted"),
		answer_number(p, "auto_accepted"), answer_number(p, "rejected"));
	if (answer_number(o, "windows"))
		printf("; updated");
	putchar('\n');
}

static void print_device(const json_t *d)
{
	const json_t *u = json_object_get(d, "unseen");
	const json_t *share = json_object_get(u, "share");

	printf("  %s: ", answer_raw(d, "name")[0] ? answer_text(d, "name")
						  : answer_text(d, "mac"));
	print_counts(d);
	printf("    %lld waiting%s; unseen: ", answer_number(d, "waiting"),
		answer_true(d, "window_open") ? ", learning anew after an update" : "");
	if (json_is_number(share))
		printf("%.1f %%, %.1f %% at most (%s)\n",
			json_number_value(share) * PERCENT,
			json_number_value(json_object_get(u, "bound")) * PERCENT,
			answer_text(u, "state"));
	else
		printf("unknown\n");
}

static void print_week(const struct cli *c, const json_t *week)
{
	const json_t *house = json_object_get(week, "house"), *d;
	size_t i;

	if (!answer_number(house, "devices")) {
		cli_say(c, "No learned profile is in force: `cardea profile approve "
			   "DEVICE` puts one in force.");
		return;
	}
	printf("Week of %.10s, %lld device%s: ", answer_raw(week, "since"),
		answer_number(house, "devices"),
		answer_number(house, "devices") == 1 ? "" : "s");
	print_counts(house);
	json_array_foreach (json_object_get(week, "devices"), i, d)
		print_device(d);
}

enum cli_exit report_week(struct cli *c)
{
	const char *ago = args_flag(c, "ago");
	struct client_target t;
	json_t *week = NULL;
	enum cli_exit e;
	int64_t n;

	if (ago && str_to_i64(ago, 0, 7, &n)) {
		cli_complain(c->command->example, "--ago is a number from 0 to 7");
		return CLI_USAGE;
	}
	client_target_init(&t, "/v1/weeks");
	if (ago)
		client_target_query(&t, "ago", ago);
	e = answer_ask(c, &t, NULL, &week);
	if (e == CLI_OK && c->json)
		e = answer_print(week);
	else if (e == CLI_OK)
		print_week(c, week);
	json_decref(week);
	return e;
}
