// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea bundle, cardea report sinks - what somebody who helps may be given, and what leaves
 * this house by the gateway itself. */
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/file.h"
#include "cli/text.h"

static void print_fields(const struct cli *c, const json_t *bundle)
{
	static const char *const headers[] = {"PART", "WHAT IS IN IT"};
	struct table t;
	json_t *o;
	size_t i;

	table_init(&t, headers, 2);
	json_array_foreach (json_object_get(bundle, "fields"), i, o) {
		table_cell(&t, STYLE_BOLD, answer_text(o, "name"));
		table_cell(&t, STYLE_PLAIN, answer_text(o, "what"));
	}
	table_print(&t, stdout);
	cli_say(c, "No name and no address of the house is in it. Write it with: cardea bundle "
		   "--out FILE");
}

static enum cli_exit write_out(const struct cli *c, const json_t *bundle)
{
	const char *path = NULL;
	enum cli_exit e = file_out(c, &path);
	char *text;

	if (e != CLI_OK)
		return e;
	text = json_dumps(bundle, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	if (!text) {
		cli_complain(NULL, "no memory left");
		return CLI_FAILED;
	}
	e = file_write(path, text, strlen(text));
	if (e == CLI_OK)
		cli_say(c, "Read it before you give it away: %s", text_clean(path));
	free(text);
	return e;
}

enum cli_exit bundle_run(struct cli *c)
{
	json_t *bundle = NULL;
	enum cli_exit e = answer_get(c, "/v1/bundle", &bundle);

	if (e != CLI_OK || !args_flag(c, "out"))
		return answer_finish(c, e, bundle, print_fields);
	e = write_out(c, bundle);
	json_decref(bundle);
	return e;
}

/* ---- what leaves this house ---- */

static void print_sinks(const struct cli *c, const json_t *answer)
{
	static const char *const headers[] = {"WHAT", "ON", "TO", "LAST", "OUTCOME"};
	struct table t;
	json_t *o;
	size_t i;

	(void)c;
	table_init(&t, headers, 5);
	json_array_foreach (json_object_get(answer, "sinks"), i, o) {
		bool on = answer_true(o, "enabled");

		table_cell(&t, STYLE_BOLD, answer_text(o, "title"));
		table_cell(&t, on ? STYLE_WARN : STYLE_DIM, on ? "yes" : "no");
		table_cell(&t, STYLE_PLAIN, answer_text(o, "to"));
		table_cell(&t, STYLE_PLAIN, text_ago(answer_raw(o, "last")));
		table_cell(&t, STYLE_PLAIN, answer_text(o, "outcome"));
	}
	table_print(&t, stdout);
}

enum cli_exit bundle_sinks(struct cli *c)
{
	json_t *answer = NULL;
	enum cli_exit e = answer_get(c, "/v1/sinks", &answer);

	return answer_finish(c, e, answer, print_sinks);
}
