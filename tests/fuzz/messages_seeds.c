// SPDX-License-Identifier: GPL-2.0-or-later
/* messages_seeds DIR - writes the seed corpus of the messages fuzz target: every message
 * once, short and as long as it may be. Run it again after a change of messages.def. */
#include <stdio.h>
#include <stdlib.h>
#include "base/str.h"
#include "fuzz/messages_fill.h"

static int write_seed(const char *dir, size_t i, bool full)
{
	static struct message m;
	static uint8_t wire[MESSAGE_MAX];
	char path[4096];

	fill_table[i].fill(&m, full);
	int len = message_encode(&m, wire, sizeof wire);
	if (len < 0 || str_print(path, sizeof path, "%s/%s%s", dir, fill_table[i].name,
			       full ? ".full" : ""))
		return -1;
	FILE *f = fopen(path, "wb");
	if (!f)
		return -1;
	size_t written = fwrite(wire, 1, (size_t)len, f);
	return fclose(f) || written != (size_t)len ? -1 : 0;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: messages_seeds DIR\n");
		return 2;
	}
	for (size_t i = 0; i < FILL_COUNT; i++) {
		if (write_seed(argv[1], i, false) || write_seed(argv[1], i, true)) {
			fprintf(stderr, "messages_seeds: cannot write the seed of %s\n",
				fill_table[i].name);
			return EXIT_FAILURE;
		}
	}
	return EXIT_SUCCESS;
}
