// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea mud make - a MUD file from flags; from questions, when somebody sits there. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/str.h"
#include "cli/answer.h"
#include "cli/file.h"
#include "cli/text.h"
#include "profiles/maker/maker.h"

#define ANSWER_MAX 512

/* NULL when nothing was said. */
static const char *ask(const char *question)
{
	char line[ANSWER_MAX];

	fprintf(stderr, "%s ", question);
	if (!fgets(line, sizeof(line), stdin))
		return NULL;
	size_t len = strcspn(line, "\r\n");
	while (len && line[len - 1] == ' ')
		len--;
	size_t skip = strspn(line, " ");
	if (len <= skip)
		return NULL;
	char *out = cli_take(len - skip + 1);
	str_copy_bytes(out, len - skip + 1, line + skip, len - skip);
	return out;
}

static size_t ask_list(const char *question, const char *list[MAKER_LIST_MAX])
{
	size_t n = 0;

	while (n < MAKER_LIST_MAX && (list[n] = ask(question)))
		n++;
	return n;
}

static void ask_all(struct maker_wish *w)
{
	fputs("An empty answer goes on to the next question.\n", stderr);
	w->url = ask("Where will the file be? (https://...)");
	if (!w->url)
		return;
	w->name = ask("What is the device, in a few words?");
	w->clouds =
		ask_list("Which server does it need? (NAME, NAME:PORT, NAME:PORT/udp)",
			w->cloud);
	w->locals = ask_list(
		"Which port of it may the local network ask? (PORT[/udp])", w->local);
	w->controllers =
		ask_list("Which class of controllers may talk with it? (a URI, or my)",
			w->controller);
}

static size_t take_flags(
	const struct cli *c, const char *name, const char *list[MAKER_LIST_MAX])
{
	size_t n = 0;

	while (n < MAKER_LIST_MAX && (list[n] = args_flag_at(c, name, (unsigned)n)))
		n++;
	return n;
}

static void take_all(const struct cli *c, struct maker_wish *w)
{
	w->url = args_flag(c, "url");
	w->name = args_flag(c, "name");
	w->clouds = take_flags(c, "cloud", w->cloud);
	w->locals = take_flags(c, "local", w->local);
	w->controllers = take_flags(c, "controller", w->controller);
}

/* What was made is read as strictly as any manager does. */
static enum cli_exit write_made(struct cli *c, const char *json, const char *out)
{
	struct pool *pool = pool_new("make", 2 * (size_t)MUD_POOL_BYTES);
	size_t len = strlen(json);
	struct mud_lint l;
	enum cli_exit e;

	int error = pool ? mud_lint(json, len, pool, &l) : -ENOMEM;
	if (!error && l.answer != MUD_CONFORMS)
		error = mud_lint_text(&l, MUD_STRICT, out, stderr) ? -EIO
								   : CARDEA_EMALFORMED;
	if (error) {
		cli_complain(NULL, "mud make: %s", error_text(error));
		pool_free(pool);
		return CLI_FAILED;
	}
	e = file_write(out, json, len);
	if (e == CLI_OK && !c->quiet && mud_view_text(&l.strict, stderr))
		e = CLI_FAILED;
	pool_free(pool);
	return e;
}

static enum cli_exit print_made(const struct cli *c, const char *out)
{
	json_t *o;
	enum cli_exit e;

	if (!c->json)
		return CLI_OK;
	o = json_pack("{s:s, s:s, s:b}", "schema", "cardea.mud.make/1", "out",
		text_clean(out), "valid", 1);
	e = answer_print(o);
	json_decref(o);
	return e;
}

enum cli_exit mud_file_make(struct cli *c)
{
	struct maker_wish w = {
		.now = clock_wall(clock_system()) / NS_PER_SEC * NS_PER_SEC};
	const char *out = args_flag(c, "out");
	char why[LIMIT_TEXT], *json = NULL, *text;
	enum cli_exit e;
	size_t size;

	if (c->json && (e = file_out(c, &out)) != CLI_OK)
		return e;
	take_all(c, &w);
	if (!w.url && isatty(STDIN_FILENO) && isatty(STDERR_FILENO))
		ask_all(&w);
	if (!w.url) {
		cli_complain(c->command->example, "mud make: --url is missing");
		return CLI_USAGE;
	}
	if (maker_make(&w, &json, why)) {
		cli_complain(c->command->example, "mud make: %s", text_clean(why));
		return CLI_USAGE;
	}
	size = strlen(json) + 2;
	text = cli_take(size);
	(void)str_print(text, size, "%s\n", json);
	free(json);
	e = write_made(c, text, out && *out ? out : "-");
	return e == CLI_OK ? print_made(c, out) : e;
}
