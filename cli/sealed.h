// SPDX-License-Identifier: GPL-2.0-or-later
/* sealed - a backup's file (wire/sealed.h) with its passphrase: written so that it is there
 * whole or not at all, and read part by part, each proven before it is used. */
#ifndef CARDEA_CLI_SEALED_H
#define CARDEA_CLI_SEALED_H

#include <sys/types.h>
#include "cli/cli.h"
#include "cli/password.h"
#include "wire/sealed.h"

#define SEALED_KEY 32

struct sealed {
	const char *path; /* of the file */
	int fd;
	uint32_t place; /* of the next part */
	struct sealed_head head;
	uint8_t raw[SEALED_HEAD], key[SEALED_KEY];
	char *fresh; /* its name while it is written; NULL: it has none */
	bool ended;  /* the last part was read */
};

/* From --passphrase-file, from a terminal (a new one is asked for twice), or the first line
 * of stdin. */
enum cli_exit sealed_passphrase(struct cli *c, bool fresh, char ret[PASSWORD_ROOM]);

/* Each says what went wrong. */
enum cli_exit sealed_create(struct sealed *s, const char *path, const char *passphrase);
enum cli_exit sealed_put(struct sealed *s, const void *bytes, size_t len, bool last);
/* It takes its name, over what is there if replace. */
enum cli_exit sealed_finish(struct sealed *s, bool replace);
/* Reads the head and makes the key. CLI_FORBIDDEN: a wrong passphrase; CLI_NO: it is no
 * backup, or one that this version cannot read. */
enum cli_exit sealed_open(struct sealed *s, const char *path, const char *passphrase);
/* The next part, into room for SEALED_PART_MAX. CLI_NO: damaged, altered, or cut off. */
enum cli_exit sealed_get(struct sealed *s, uint8_t *buf, size_t *ret_len, bool *ret_last);
/* From the first part again. */
enum cli_exit sealed_again(struct sealed *s);
/* Also of what was not finished: then there is no file. */
void sealed_close(struct sealed *s);

#endif
