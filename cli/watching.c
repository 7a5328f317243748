// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea policy watching - what protecting would have blocked, while nothing is blocked. */
#include <string.h>
#include "cli/answer.h"
#include "cli/daemon.h"
#include "cli/text.h"
#include "cli/watching.h"

static void print_device(const json_t *d)
{
	json_t *x;
	size_t i;

	printf("%s: %lld\n", answer_text(d, "name"), answer_number(d, "would_block"));
	json_array_foreach (json_object_get(d, "examples"), i, x)
		printf("  %lld  %s\n", answer_number(x, "count"), answer_text(x, "text"));
}

static void print_effect(const struct cli *c, const json_t *o)
{
	const json_t *effect = json_object_get(o, "effect"), *d;
	long long n = answer_number(effect, "would_block");
	size_t i;

	if (!n) {
		printf("Of what is recorded, protecting would have blocked nothing.\n");
		return;
	}
	printf("Protecting would have blocked %lld conversation%s:\n", n, n == 1 ? "" : "s");
	json_array_foreach (json_object_get(effect, "devices"), i, d)
		print_device(d);
	if (answer_number(effect, "more"))
		printf("and of %lld more devices\n", answer_number(effect, "more"));
	cli_say(c, "`cardea policy allow DEVICE PEER` lets one pass for good; `cardea config "
		   "set policy.mode protect` blocks the rest from now on.");
}

static void print_watching(const struct cli *c, const json_t *o)
{
	if (strcmp(answer_raw(o, "mode"), "watch") != 0) {
		printf("Cardea protects: what profiles do not list is blocked.\n");
		return;
	}
	watching_print(o);
	print_effect(c, o);
}

void watching_print(const json_t *o)
{
	const char *until = answer_raw(o, "until");

	if (strcmp(answer_raw(o, "mode"), "watch") != 0)
		return;
	printf("%sWatching only%s%.10s: what profiles do not list passes, and is told.%s\n",
		text_on(STYLE_WARN), until[0] ? " until " : "", until, text_off(STYLE_WARN));
}

enum cli_exit watching_run(struct cli *c)
{
	struct client_target t;
	json_t *o = NULL;
	enum cli_exit e;

	client_target_init(&t, "/v1/watching");
	client_target_query(&t, "effect", "1");
	e = answer_ask(c, &t, NULL, &o);
	if (e == CLI_OK && c->json)
		e = answer_print(o);
	else if (e == CLI_OK)
		print_watching(c, o);
	json_decref(o);
	return e;
}
