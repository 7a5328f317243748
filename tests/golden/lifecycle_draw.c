// SPDX-License-Identifier: GPL-2.0-or-later
/* lifecycle_draw SVG - the drawing in the documents is the table's. Without a file: on
 * standard output, to make it anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lifecycle/lifecycle.h"

int main(int argc, char **argv)
{
	char *text = NULL, *there;
	size_t len = 0;
	FILE *out = argc > 1 ? open_memstream(&text, &len) : stdout, *in;

	if (!out || life_draw(out) || fflush(out))
		return 1;
	if (argc < 2)
		return 0;
	fclose(out);
	in = fopen(argv[1], "r");
	there = calloc(1, len + 2);
	if (!in || !there || fread(there, 1, len + 1, in) != len || memcmp(text, there, len)) {
		fprintf(stderr, "%s is not the table's: lifecycle_draw > %s\n", argv[1],
			argv[1]);
		return 1;
	}
	fclose(in);
	free(there);
	free(text);
	return 0;
}
