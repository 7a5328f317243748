// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea mud diff - what a new MUD file allows that the old one did not. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cli/access.h"
#include "cli/answer.h"
#include "cli/file.h"
#include "cli/text.h"
#include "policy/policy.h"

struct found {
	const struct policy_access *list;
	size_t count;
};

static json_t *found_json(const struct found *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->count; i++)
		json_array_append_new(list, access_json(&f->list[i]));
	return list;
}

static void found_print(const struct found *f, const char *sign, const char *title)
{
	if (!f->count)
		return;
	printf("%s\n", title);
	for (size_t i = 0; i < f->count; i++) {
		const struct policy_access *a = &f->list[i];

		printf("%s %s\n", sign, access_sentence(a));
		printf("    as in: %s (%s/%s, line %u)\n", access_witness(a),
			text_clean(a->from->acl), text_clean(a->from->ace),
			a->from->line);
	}
}

static enum cli_exit print_diff(
	const struct cli *c, const struct found *added, const struct found *gone)
{
	json_t *o;
	enum cli_exit e = CLI_OK;

	if (c->json) {
		o = json_pack("{s:s, s:s, s:s, s:b, s:o, s:o}", "schema",
			strcmp(c->noun, "policy") ? "cardea.mud.diff/1"
						  : "cardea.policy.diff/1",
			"old", text_clean(c->args[0]), "new",
			text_clean(c->args[1]), "new_access", added->count > 0, "added",
			found_json(added), "removed", found_json(gone));
		e = answer_print(o);
		json_decref(o);
	} else {
		found_print(added, "+", "Newly allowed:");
		found_print(gone, "-", "No longer allowed:");
		if (!added->count)
			printf("No new access%s.\n",
				gone->count ? "" : ", and nothing is taken away");
	}
	return e != CLI_OK ? e : added->count ? CLI_NO : CLI_OK;
}

static int compare(struct pool *pool, const struct file_mud *before,
	const struct file_mud *after, struct found *ret)
{
	struct policy_says b = access_says(&before->lint), a = access_says(&after->lint);

	return policy_access_new(pool, &b, &a, &ret->list, &ret->count);
}

static enum cli_exit diff_files(const struct cli *c, const struct file_mud *before,
	const struct file_mud *after)
{
	struct pool *pool = pool_new("diff", 2 * POLICY_ACCESS_POOL_BYTES);
	struct found added = {0}, gone = {0};
	enum cli_exit e = CLI_FAILED;
	int error = pool ? compare(pool, before, after, &added) : -ENOMEM;

	if (!error)
		error = compare(pool, after, before, &gone);
	if (error)
		cli_complain("compare them by eye: `cardea mud view`",
			"%s diff: the files are too big to compare (%s)", c->noun,
			error_text(error));
	else
		e = print_diff(c, &added, &gone);
	pool_free(pool);
	return e;
}

enum cli_exit mud_file_diff(struct cli *c)
{
	struct file_mud before = {0}, after = {0};
	enum cli_exit e;

	if (strcmp(c->args[0], "-") == 0 && strcmp(c->args[1], "-") == 0) {
		cli_complain(
			NULL, "%s diff: standard input can be one of the two", c->noun);
		return CLI_USAGE;
	}
	e = file_mud_use(c, c->args[0], &before);
	if (e == CLI_OK)
		e = file_mud_use(c, c->args[1], &after);
	/* 6 would say "new access": that is not known */
	if (e == CLI_NO)
		e = CLI_FAILED;
	if (e == CLI_OK)
		e = diff_files(c, &before, &after);
	file_mud_free(&before);
	file_mud_free(&after);
	return e;
}
