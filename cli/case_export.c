// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea case evidence, export, fields, import - what of a case may leave the house, to the
 * octet, and what playbooks of others may ask. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/file.h"
#include "cli/text.h"

#define CUTS_MAX 1024 /* of all fields, and commas between */
#define PLAYBOOK_MAX (64U << 10) /* the gateway takes no more */

/* What was cut, as it is asked for; false: more than there can be. */
static bool cuts(const struct cli *c, char ret[CUTS_MAX])
{
	struct str_text t = {.buf = ret, .size = CUTS_MAX};
	const char *cut;

	ret[0] = 0;
	for (unsigned i = 0; (cut = args_flag_at(c, "cut", i)); i++)
		str_add(&t, "%s%s", i ? "," : "", cut);
	return t.len < CUTS_MAX - 1;
}

static enum cli_exit ask(const struct cli *c, const char *what, const char *form, json_t **ret)
{
	const char *level = args_flag(c, "level");
	struct client_target t;
	char cut[CUTS_MAX];

	if (!cuts(c, cut)) {
		cli_complain("`cardea case fields` lists them", "there are not so many fields");
		return CLI_USAGE;
	}
	client_target_init(&t, "/v1/cases");
	client_target_segment(&t, what);
	if (form)
		client_target_query(&t, "form", form);
	if (level)
		client_target_query(&t, "level", level);
	if (cut[0])
		client_target_query(&t, "cut", cut);
	return answer_ask(c, &t, NULL, ret);
}

/* ---- the fields ---- */

static void print_fields(const json_t *list)
{
	static const char *const headers[] = {"FIELD", "FROM LEVEL", "LEAVES", "WHY"};
	struct table t;
	json_t *f;
	size_t i;

	table_init(&t, headers, 4);
	json_array_foreach (list, i, f) {
		bool leaves = answer_true(f, "leaves");

		table_cell(&t, STYLE_BOLD, answer_text(f, "field"));
		table_cell(&t, STYLE_PLAIN, answer_text(f, "level"));
		table_cell(&t, leaves ? STYLE_WARN : STYLE_GOOD, leaves ? "yes" : "no");
		table_cell(&t, STYLE_PLAIN, answer_text(f, "why"));
	}
	table_print(&t, stdout);
}

enum cli_exit case_fields(struct cli *c)
{
	json_t *answer = NULL;
	enum cli_exit e = ask(c, "fields", NULL, &answer);

	if (e == CLI_OK && c->json)
		e = answer_print(answer);
	else if (e == CLI_OK)
		print_fields(json_object_get(answer, "fields"));
	json_decref(answer);
	return e;
}

/* ---- preview and export ---- */

/* The octets that leave: the same for a preview and a file. */
static char *octets(const json_t *answer, size_t *ret_len)
{
	const char *document = answer_raw(answer, "document");
	size_t len = strlen(document);
	char *text = cli_take(len + 2);

	memcpy(text, document, len);
	text[len] = '\n';
	text[len + 1] = 0;
	*ret_len = len + 1;
	return text;
}

static void say_how_to_export(const struct cli *c, const json_t *answer)
{
	const char *level = args_flag(c, "level");
	char cut[CUTS_MAX], flags[2 * CUTS_MAX];
	struct str_text t = {.buf = flags, .size = sizeof(flags)};
	const char *one;

	flags[0] = 0;
	if (level)
		str_add(&t, " --level %s", level);
	for (unsigned i = 0; (one = args_flag_at(c, "cut", i)); i++)
		str_add(&t, " --cut %s", one);
	(void)cuts(c, cut);
	cli_say(c, "This is every octet that would leave; nothing has left yet.");
	cli_say(c, "`cardea case fields%s` says why each field is there", flags);
	cli_say(c, "export just this: cardea case export %s%s --sha256 %s --out FILE",
		c->args[0], flags, answer_raw(answer, "sha256"));
}

enum cli_exit case_evidence(struct cli *c)
{
	json_t *answer = NULL;
	enum cli_exit e = ask(c, c->args[0], "evidence", &answer);
	size_t len = 0;

	if (e == CLI_OK && c->json) {
		e = answer_print(answer);
	} else if (e == CLI_OK) {
		const char *text = octets(answer, &len);

		e = file_write("-", text, len);
		say_how_to_export(c, answer);
	}
	json_decref(answer);
	return e;
}

/* Who has seen a preview gets that, or nothing. */
static enum cli_exit check_seen(const struct cli *c, const json_t *answer)
{
	const char *seen = args_flag(c, "sha256");

	if (!seen || strcmp(seen, answer_raw(answer, "sha256")) == 0)
		return CLI_OK;
	cli_complain("look at it again: `cardea case evidence`",
		"the case has changed since that preview; nothing was written");
	return CLI_CONFLICT;
}

static enum cli_exit write_out(struct cli *c, const json_t *answer)
{
	const char *path = args_flag(c, "out");
	size_t len = 0;
	const char *text = octets(answer, &len);
	enum cli_exit e;

	if (args_flag(c, "dry-run")) {
		cli_say(c, "would write %zu octets to %s", len, text_clean(path ? path : "-"));
		return CLI_OK;
	}
	e = !path || strcmp(path, "-") == 0 ? file_write("-", text, len)
					    : file_write_fresh(path, text, len);
	if (e == CLI_OK && path && strcmp(path, "-") != 0)
		cli_say(c, "%s has %zu octets (sha256 of all but the last line's end: %s)",
			text_clean(path), len, answer_raw(answer, "sha256"));
	if (e == CLI_OK && path && strcmp(path, "-") != 0)
		cli_say(c, "undo with: rm %s", text_quote(path) ? text_quote(path) : "FILE");
	return e;
}

enum cli_exit case_export(struct cli *c)
{
	bool cacao = args_flag(c, "cacao") != NULL;
	json_t *answer = NULL;
	enum cli_exit e;

	if (cacao && (args_flag(c, "level") || args_flag(c, "cut"))) {
		cli_complain("leave --level and --cut away",
			"a playbook names nobody, and has no fields to cut");
		return CLI_USAGE;
	}
	e = ask(c, c->args[0], cacao ? "cacao" : "evidence", &answer);
	if (e == CLI_OK)
		e = check_seen(c, answer);
	if (e == CLI_OK)
		e = write_out(c, answer);
	json_decref(answer);
	return e;
}

/* ---- playbooks of others ---- */

static char *read_playbook(const char *path, enum cli_exit *ret)
{
	char *text = cli_take(PLAYBOOK_MAX + 2);
	size_t len = 0;
	ssize_t got = 1;
	int fd = file_open(path);

	*ret = CLI_FAILED;
	if (fd < 0)
		return NULL;
	while (got > 0 && len <= PLAYBOOK_MAX) {
		got = read(fd, text + len, PLAYBOOK_MAX + 1 - len);
		len += got > 0 ? (size_t)got : 0;
	}
	if (fd != STDIN_FILENO)
		close(fd);
	if (got < 0 || len > PLAYBOOK_MAX || memchr(text, 0, len)) {
		cli_complain("playbooks are JSON of at most 64 KiB", "%s is none",
			text_clean(path));
		return NULL;
	}
	text[len] = 0;
	*ret = CLI_OK;
	return text;
}

static void print_plan(const json_t *plan)
{
	json_t *s;
	size_t i;

	printf("%s\n", answer_text(plan, "name"));
	json_array_foreach (json_object_get(plan, "steps"), i, s)
		printf("  %-8s %s\n", answer_text(s, "act"), answer_text(s, "text"));
	json_array_foreach (json_object_get(plan, "refusals"), i, s)
		printf("  %srefused%s  %s: %s\n", text_on(STYLE_BAD), text_off(STYLE_BAD),
			answer_text(s, "step"), answer_text(s, "why"));
}

/* No to the question that it asks now ends it. */
static void say_way_back(struct cli *c)
{
	json_t *answer = NULL, *d;
	long long id = 0;
	size_t i;

	if (answer_get(c, "/v1/decisions", &answer) == CLI_OK)
		json_array_foreach (json_object_get(answer, "decisions"), i, d)
			if (strcmp(answer_raw(d, "kind"), "playbook") == 0)
				id = answer_number(d, "id") > id ? answer_number(d, "id") : id;
	if (id)
		cli_say(c, "undo with: cardea decide reject %lld", id);
	json_decref(answer);
}

static enum cli_exit say_plan(struct cli *c, const json_t *plan)
{
	if (answer_number(plan, "refused")) {
		cli_complain("take these steps out, or do it by hand",
			"%lld of its steps are not let in; nothing of it was taken",
			answer_number(plan, "refused"));
		return CLI_NO;
	}
	if (answer_true(plan, "taken")) {
		cli_say(c, "Nothing is done by itself: `cardea decide list` has its first "
			   "question.");
		say_way_back(c);
	}
	return CLI_OK;
}

enum cli_exit case_import(struct cli *c)
{
	struct client_target t;
	json_t *plan = NULL;
	enum cli_exit e;
	const char *text = read_playbook(c->args[1], &e);

	if (!text)
		return e;
	client_target_init(&t, "/v1/cases");
	client_target_segment(&t, c->args[0]);
	e = answer_post(c, &t,
		json_pack("{s:s, s:b}", "playbook", text, "dry_run",
			args_flag(c, "dry-run") != NULL),
		&plan);
	if (e == CLI_OK && c->json)
		e = answer_print(plan);
	else if (e == CLI_OK)
		print_plan(plan);
	if (e == CLI_OK)
		e = say_plan(c, plan);
	json_decref(plan);
	return e;
}
