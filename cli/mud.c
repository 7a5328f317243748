// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea mud - what a MUD file says, and whether it says it right. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/fd.h"
#include "cli/answer.h"
#include "cli/file.h"
#include "cli/text.h"

#define JSON_MAX (8U << 20) /* a view of LIMIT_RULES rules has two of them */

int file_open(const char *path)
{
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
					: open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		cli_complain(NULL, "%s: %s", text_clean(path), strerror(errno));
	return fd;
}

enum cli_exit file_mud_bytes(const char *path, struct file_mud *ret)
{
	int fd = file_open(path);
	ssize_t len = -ENOMEM;

	*ret = (struct file_mud){0};
	if (fd < 0)
		return CLI_FAILED;
	ret->bytes = malloc(LIMIT_MUD_BYTES + 1);
	ret->pool = pool_new("mud", 2 * (size_t)MUD_POOL_BYTES);
	if (ret->bytes && ret->pool) /* one more than is allowed, for the reader to refuse */
		len = fd_read_all(fd, ret->bytes, LIMIT_MUD_BYTES + 1);
	close(fd);
	if (len < 0) {
		cli_complain(NULL, "%s: %s", text_clean(path), error_text((int)len));
		return CLI_FAILED;
	}
	ret->len = (size_t)len;
	return CLI_OK;
}

enum cli_exit file_mud_read(const char *path, struct file_mud *ret)
{
	enum cli_exit e = file_mud_bytes(path, ret);

	if (e != CLI_OK)
		return e;
	int error = mud_lint(ret->bytes, ret->len, ret->pool, &ret->lint);
	if (!error)
		return CLI_OK;
	cli_complain(NULL, "%s: %s", text_clean(path), error_text(error));
	return CLI_FAILED;
}

void file_mud_free(struct file_mud *f)
{
	pool_free(f->pool);
	free(f->bytes);
	*f = (struct file_mud){0};
}

static unsigned repairs(const struct profile *p)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < p->note_count; i++)
		n += p->notes[i].level == NOTE_REPAIR;
	return n;
}

enum cli_exit file_mud_use(struct cli *c, const char *path, struct file_mud *ret)
{
	enum cli_exit e = file_mud_read(path, ret);
	unsigned n;

	if (e != CLI_OK || ret->lint.answer == MUD_CONFORMS)
		return e;
	if (ret->lint.answer == MUD_REJECTED) {
		if (mud_lint_text(&ret->lint, MUD_STRICT, path, stderr))
			return CLI_FAILED;
		return CLI_NO;
	}
	n = repairs(&ret->lint.import);
	cli_say(c,
		"profile repaired on import: %u repair%s (cardea mud lint shows them)",
		n, n == 1 ? "" : "s");
	return CLI_OK;
}

static enum cli_exit print_lint(
	const struct cli *c, const struct mud_lint *l, enum mud_mode mode)
{
	struct jsonw j;
	enum cli_exit e;
	int error;

	if (!c->json)
		return mud_lint_text(l, mode, c->args[0], stdout) ? CLI_FAILED
								  : CLI_OK;
	jsonw_init_buffer(&j, JSON_MAX);
	error = mud_lint_json(l, mode, c->args[0], &j);
	e = answer_print_jsonw(&j);
	return error ? CLI_FAILED : e;
}

enum cli_exit mud_file_lint(struct cli *c)
{
	struct file_mud f;
	enum mud_mode mode = args_flag(c, "import") ? MUD_IMPORT : MUD_STRICT;
	enum cli_exit e = file_mud_read(c->args[0], &f);

	if (e == CLI_OK)
		e = print_lint(c, &f.lint, mode);
	if (e == CLI_OK && !mud_lint_valid(&f.lint, mode))
		e = CLI_NO;
	file_mud_free(&f);
	return e;
}

static enum cli_exit print_view(const struct cli *c, const struct profile *p)
{
	struct jsonw j;
	enum cli_exit e;
	int error;

	if (!c->json)
		return mud_view_text(p, stdout) ? CLI_FAILED : CLI_OK;
	jsonw_init_buffer(&j, JSON_MAX);
	error = mud_view_json(p, &j);
	e = answer_print_jsonw(&j);
	return error ? CLI_FAILED : e;
}

enum cli_exit mud_file_view(struct cli *c)
{
	struct file_mud f = {0};
	enum cli_exit e = CLI_OK;

	if (args_flag(c, "svg") && c->json) {
		cli_complain(NULL, "mud view: --svg or --json, not both");
		return CLI_USAGE;
	}
	e = file_mud_use(c, c->args[0], &f);

	if (e == CLI_OK && args_flag(c, "svg"))
		e = mud_svg_print(mud_lint_profile(&f.lint));
	else if (e == CLI_OK)
		e = print_view(c, mud_lint_profile(&f.lint));
	file_mud_free(&f);
	return e;
}
