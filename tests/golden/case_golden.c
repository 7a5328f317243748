// SPDX-License-Identifier: GPL-2.0-or-later
/* case_golden KIND [FILE] - what leaves of the lab's case, to the octet: KIND is a level or
 * "cacao". Without a file: on standard output, to make it anew. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lifecycle/cacao.h"
#include "unit/test_bundle_util.h"

static int make(const char *kind, struct jsonw *j)
{
	struct bundle_home h = home();
	struct case_view v = lab_case();
	struct bundle_wish w = {0};
	char why[LIMIT_TEXT];

	jsonw_init_buffer(j, BUNDLE_MAX);
	if (strcmp(kind, "cacao") == 0)
		return cacao_write(&v, &h, j);
	if (!bundle_level_parse(kind, &w.level) || bundle_write(&v, &h, &w, j))
		return 1;
	return bundle_lint(j->buf, j->len, &h, &w, why);
}

/* Is that the text, and a line's end, and nothing after it? */
static bool same(const char *path, const struct jsonw *j)
{
	char *there = calloc(1, j->len + 3);
	FILE *in = fopen(path, "r");
	bool same = in && there && fread(there, 1, j->len + 2, in) == j->len + 1 &&
		    memcmp(there, j->buf, j->len) == 0 && there[j->len] == '\n';

	if (in)
		fclose(in);
	free(there);
	return same;
}

int main(int argc, char **argv)
{
	struct jsonw j;
	bool good;

	if (argc < 2 || make(argv[1], &j))
		return 1;
	good = argc < 3 || same(argv[2], &j);
	if (argc < 3)
		puts(j.buf);
	else if (!good)
		fprintf(stderr, "%s is not what leaves: case_golden %s > %s\n", argv[2],
			argv[1], argv[2]);
	jsonw_free(&j);
	return !good;
}
