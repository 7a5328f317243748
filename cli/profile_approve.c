// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea profile approve, export - what was learned, put in force or written down. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/device.h"
#include "cli/file.h"
#include "cli/profile.h"
#include "cli/text.h"

#define PATH_EXTRA sizeof("/00-00-00-00-00-00.evidence.json")

/* Those that do not say all, or say too much, are told when they are in force. */
static enum cli_exit post(struct cli *c, bool dry, json_t **ret)
{
	struct client_target t;
	enum cli_exit e;

	client_target_init(&t, "/v1/learning");
	client_target_segment(&t, c->args[0]);
	e = answer_post(c, &t,
		json_pack("{s:b, s:b, s:b, s:b}", "approve", true, "now",
			args_flag(c, "now") != NULL, "interactions",
			args_flag(c, "interactions") != NULL, "dry_run", dry),
		ret);
	if (e == CLI_NOT_FOUND)
		answer_candidates(c, c->args[0]);
	return e;
}

/* What would be in force is shown before it is. */
enum cli_exit profile_approve(struct cli *c)
{
	bool dry = args_flag(c, "dry-run") != NULL;
	json_t *shown = NULL, *o = NULL;
	enum cli_exit e = post(c, true, &shown);

	if (e == CLI_OK && !c->json)
		profile_print_adopted(c, shown, true);
	if (e == CLI_OK && !dry)
		e = post(c, false, &o);
	if (e == CLI_OK && c->json)
		e = answer_print(dry ? shown : o);
	else if (e == CLI_OK && !dry) {
		printf("%s: it is in force now\n", answer_text(o, "device"));
		cli_say(c, "undo with: cardea profile abandon %s",
			device_handle(o, answer_raw(o, "device")));
	}
	json_decref(shown);
	json_decref(o);
	return e;
}

/* ---- export ---- */

static enum cli_exit may_write(const struct cli *c, const char *path)
{
	struct stat st;

	if (args_flag(c, "force") || lstat(path, &st) < 0)
		return CLI_OK;
	cli_complain("--force replaces it; nothing was written", "%s: exists already",
		text_clean(path));
	return CLI_CONFLICT;
}

static enum cli_exit put(const struct cli *c, const char *path, const char *text)
{
	size_t len = text ? strlen(text) : 0;
	char *line = text ? malloc(len + 2) : NULL;
	enum cli_exit e;

	if (!line) {
		cli_complain(NULL, "%s: %s", text_clean(path), error_text(-ENOMEM));
		return CLI_FAILED;
	}
	memcpy(line, text, len);
	line[len] = '\n';
	e = args_flag(c, "force") ? file_write(path, line, len + 1)
				  : file_write_fresh(path, line, len + 1);
	free(line);
	return e;
}

/* DIR/02-00-....json; the name is the gateway's, of a MAC alone. */
static char *path_of(const char *dir, const char *file, const char *end)
{
	size_t size = strlen(dir) + PATH_EXTRA + strlen(file);
	const char *dot = strrchr(file, '.');
	char *path = cli_take(size);

	(void)str_print(path, size, "%s/%.*s%s", dir, (int)(dot ? dot - file : 0), file,
		end);
	return path;
}

static bool is_plain(const char *file)
{
	return file[0] && !strchr(file, '/') && strrchr(file, '.') && file[0] != '.';
}

struct exported {
	const char *end, *text; /* NULL: there is no such file */
	char *path;
};
#define EXPORTED 4

/* All or none: one that is there already stops the others, too. */
static enum cli_exit write_all(
	const struct cli *c, const json_t *o, struct exported files[EXPORTED])
{
	const char *dir = args_flag(c, "out"), *file = answer_raw(o, "file");
	enum cli_exit e = CLI_OK;

	for (size_t i = 0; e == CLI_OK && i < EXPORTED; i++) {
		files[i].path = path_of(dir ? dir : ".", file, files[i].end);
		e = files[i].text ? may_write(c, files[i].path) : CLI_OK;
	}
	if (e == CLI_OK && dir && mkdir(dir, 0777) < 0 && errno != EEXIST) {
		cli_complain(NULL, "%s: cannot be made: %s", text_clean(dir), strerror(errno));
		return CLI_FAILED;
	}
	for (size_t i = 0; e == CLI_OK && i < EXPORTED; i++)
		e = files[i].text ? put(c, files[i].path, files[i].text) : CLI_OK;
	for (size_t i = 0; e == CLI_OK && i < EXPORTED; i++)
		if (files[i].text)
			printf("%s\n", text_clean(files[i].path));
	return e;
}

static const char *member(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static enum cli_exit write_files(const struct cli *c, const json_t *o)
{
	char *evidence = json_dumps(json_object_get(o, "evidence"),
		JSON_INDENT(1) | JSON_REAL_PRECISION(12));
	struct exported files[EXPORTED] = {{".json", member(o, "mud"), NULL},
		{".evidence.json", evidence ? evidence : "", NULL},
		{".profile.yaml", member(o, "template"), NULL},
		{".binding.yaml", member(o, "binding"), NULL}};
	enum cli_exit e = CLI_FAILED;

	if (!is_plain(answer_raw(o, "file")))
		cli_complain(NULL, "the gateway gave no name for the files");
	else
		e = write_all(c, o, files);
	if (e == CLI_OK && !files[0].text)
		cli_say(c, "there is no MUD file: %s", answer_text(o, "problem"));
	if (e == CLI_OK && !files[2].text)
		cli_say(c, "there is no extended profile: %s",
			answer_text(o, "extended_problem"));
	free(evidence);
	return e;
}

enum cli_exit profile_export(struct cli *c)
{
	struct client_target t;
	json_t *o = NULL;
	enum cli_exit e;

	client_target_init(&t, "/v1/learning");
	client_target_segment(&t, c->args[0]);
	client_target_query(&t, "export", "1");
	e = answer_ask(c, &t, NULL, &o);
	if (e == CLI_NOT_FOUND)
		answer_candidates(c, c->args[0]);
	if (e == CLI_OK && c->json && !args_flag(c, "out"))
		e = answer_print(o);
	else if (e == CLI_OK)
		e = write_files(c, o);
	json_decref(o);
	return e;
}
