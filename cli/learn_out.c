// SPDX-License-Identifier: GPL-2.0-or-later
/* The files of cardea learn: a MUD file and its evidence for each device. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/learn.h"
#include "cli/text.h"

#define EVIDENCE_MAX (64U << 20) /* LEARNED_KINDS_MAX kinds, each in five lists */

/* A file that anybody would reject is none. */
enum cli_exit learn_check(struct learn_item *item)
{
	struct learn_profile *p = &item->profile;
	struct file_mud *f = &item->mud;
	int error;

	if (!p->mud)
		return CLI_OK;
	f->pool = pool_new("learned", 2 * (size_t)MUD_POOL_BYTES);
	error = f->pool ? mud_lint(p->mud, strlen(p->mud), f->pool, &f->lint) : -ENOMEM;
	if (!error && f->lint.answer == MUD_CONFORMS)
		return CLI_OK;
	if (!error && mud_lint_text(&f->lint, MUD_STRICT, "learned profile", stderr))
		error = -EIO;
	cli_complain("please report this: it is a fault of cardea",
		"learn: the profile that was made does not conform to RFC 8520%s%s",
		error ? ": " : "", error ? error_text(error) : "");
	return CLI_FAILED;
}

void learn_paths_init(struct learn_paths *p, const char *folder)
{
	p->folder = folder;
	p->size = strlen(folder) + ADDR_TEXT_MAX + sizeof("/.evidence.json");
	p->mud = cli_take(p->size);
	p->evidence = cli_take(p->size);
	p->template = cli_take(p->size);
	p->binding = cli_take(p->size);
}

/* A name of digits alone, which no device chooses: 00-17-88-74-c2-dc */
void learn_paths_set(
	struct learn_paths *p, const struct learn *l, const struct mac *device)
{
	char name[ADDR_TEXT_MAX];
	struct addr made;

	if (learn_mac_is_made(l, device, &made))
		addr_format(&made, name);
	else
		mac_format(device, name);
	for (char *c = name; *c; c++)
		if (*c == ':')
			*c = '-';
	(void)str_print(p->mud, p->size, "%s/%s.json", p->folder, name);
	(void)str_print(p->evidence, p->size, "%s/%s.evidence.json", p->folder, name);
	(void)str_print(p->template, p->size, "%s/%s.profile.yaml", p->folder, name);
	(void)str_print(p->binding, p->size, "%s/%s.binding.yaml", p->folder, name);
}

static enum cli_exit may_write(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0) /* if it cannot be written, that is told then */
		return CLI_OK;
	cli_complain("--force replaces it; nothing was written", "%s: exists already",
		text_clean(path));
	return CLI_CONFLICT;
}

enum cli_exit learn_may_write(const struct cli *c, const struct learn_paths *p)
{
	const char *const paths[] = {p->mud, p->evidence, p->template, p->binding};
	enum cli_exit e = CLI_OK;

	if (args_flag(c, "force"))
		return CLI_OK;
	for (size_t i = 0; e == CLI_OK && i < sizeof paths / sizeof *paths; i++)
		e = may_write(paths[i]);
	return e;
}

static enum cli_exit write_text(const struct cli *c, const char *path, const char *text)
{
	size_t size = strlen(text) + 2;
	char *whole = malloc(size);
	enum cli_exit e = CLI_FAILED;

	if (!whole) {
		cli_complain(NULL, "%s: %s", text_clean(path), error_text(-ENOMEM));
		return e;
	}
	(void)str_print(whole, size, "%s\n", text);
	e = args_flag(c, "force") ? file_write(path, whole, size - 1)
				  : file_write_fresh(path, whole, size - 1);
	free(whole);
	return e;
}

/* With a line for each member: it is there to be read. */
static char *evidence_text(const struct learn_item *item)
{
	const char *name = item->mud_path ? strrchr(item->mud_path, '/') + 1 : NULL;
	struct jsonw j;
	json_t *o = NULL;
	char *text = NULL;

	jsonw_init_buffer(&j, EVIDENCE_MAX);
	learn_evidence_json(&item->profile, name, &j);
	if (jsonw_text(&j))
		o = json_loads(jsonw_text(&j), 0, NULL);
	if (o)
		text = json_dumps(o, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
	json_decref(o);
	jsonw_free(&j);
	return text;
}

enum cli_exit learn_write(const struct cli *c, const struct learn_item *item)
{
	enum cli_exit e = CLI_OK;
	char *text = evidence_text(item);

	if (!text) {
		cli_complain(NULL, "%s: the evidence is too large",
			text_clean(item->evidence_path));
		return CLI_FAILED;
	}
	if (item->mud_path)
		e = write_text(c, item->mud_path, item->profile.mud);
	if (e == CLI_OK)
		e = write_text(c, item->evidence_path, text);
	free(text);
	return e;
}
