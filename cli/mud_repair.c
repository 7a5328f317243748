// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea mud repair - a valid MUD file from one in the wild. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/file.h"
#include "cli/text.h"

#define JSON_MAX (4U << 20) /* MUD_LINT_NOTES findings of two texts each */

static enum cli_exit print_repair(
	const struct cli *c, const struct mud_repair *m, const char *out)
{
	struct jsonw j;
	enum cli_exit e;
	int error;

	if (!c->json)
		return mud_repair_text(m, c->args[0], stderr) ? CLI_FAILED : CLI_OK;
	jsonw_init_buffer(&j, JSON_MAX);
	error = mud_repair_json(m, c->args[0], out, &j);
	e = answer_print_jsonw(&j);
	return error ? CLI_FAILED : e;
}

enum cli_exit mud_file_repair(struct cli *c)
{
	struct mud_repair m = {0};
	struct file_mud f = {0};
	const char *out;
	enum cli_exit e = file_out(c, &out);
	int error = 0;

	if (e == CLI_OK)
		e = file_mud_bytes(c->args[0], &f);
	if (e == CLI_OK)
		error = mud_repair(f.bytes, f.len, f.pool, &m);
	if (error == -ENOMEM) {
		cli_complain(NULL, "%s: %s", text_clean(c->args[0]), error_text(error));
		e = CLI_FAILED;
	}
	if (e == CLI_OK && m.bytes)
		e = file_write(out, m.bytes, m.len);
	if (e == CLI_OK)
		e = print_repair(c, &m, out);
	if (e == CLI_OK && error)
		e = CLI_NO;
	free(m.bytes);
	file_mud_free(&f);
	return e;
}
