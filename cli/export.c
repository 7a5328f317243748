// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea export - what the owner said of this house, to read, edit, compare and take along. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/answer.h"
#include "cli/file.h"
#include "cli/house.h"
#include "cli/text.h"

/* As people edit it. A terminal gets no letter that could reorder what it shows. */
static enum cli_exit write_text(const char *path, const json_t *house)
{
	bool seen = strcmp(path, "-") == 0 && isatty(STDOUT_FILENO);
	char *text = json_dumps(house, JSON_INDENT(2) | (seen ? JSON_ENSURE_ASCII : 0));
	size_t len = text ? strlen(text) : 0;
	enum cli_exit e = CLI_FAILED;
	char *whole = text ? realloc(text, len + 2) : NULL;

	if (whole) {
		memcpy(whole + len, "\n", 2);
		e = file_write(path, whole, len + 1);
	} else {
		cli_complain(NULL, "no memory left");
		free(text);
	}
	free(whole);
	return e;
}

enum cli_exit export_run(struct cli *c)
{
	const char *path = args_flag(c, "out");
	json_t *house = NULL;
	enum cli_exit e = house_gather(c, false, &house);

	if (e != CLI_OK)
		return e;
	if (path || !c->json)
		e = write_text(path ? path : "-", house);
	if (e == CLI_OK && c->json && !(path && strcmp(path, "-") == 0))
		e = answer_print(house);
	if (e == CLI_OK && path && strcmp(path, "-") != 0)
		cli_say(c, "%s: %zu devices; see what it would change with: cardea import %s "
			   "--dry-run",
			text_clean(path), json_array_size(json_object_get(house, "devices")),
			text_clean(path));
	json_decref(house);
	return e;
}
