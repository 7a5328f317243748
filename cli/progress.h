// SPDX-License-Identifier: GPL-2.0-or-later
/* progress - a bar with the time that is left on a terminal, a line now and then where
 * there is none, and nothing at all for what is done in a second. On stderr. */
#ifndef CARDEA_CLI_PROGRESS_H
#define CARDEA_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"
#include "cli/cli.h"

struct progress {
	const struct cli *cli;
	const char *what;
	const char *unit; /* "packets"; NULL: octets alone tell */
	nstime start, shown;
	uint64_t size;			 /* of all files, when they have one */
	uint64_t past_packets, past_bytes; /* of the files before this one */
	uint64_t packets, bytes;	 /* of this one */
	bool endless;			 /* one is a pipe: nobody knows how much comes */
	bool terminal, drawn;
};

void progress_init(struct progress *p, const struct cli *c, const char *what);
/* This file is to be read, too; "-" is stdin. */
void progress_expect(struct progress *p, const char *path);
/* Of the file that is being read; ctx is the progress. */
void progress_show(void *ctx, uint64_t packets, uint64_t bytes);
/* The next file begins. */
void progress_next(struct progress *p);
/* Leaves the terminal as it was. */
void progress_end(const struct progress *p);

#endif
