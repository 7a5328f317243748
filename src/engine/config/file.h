// SPDX-License-Identifier: GPL-2.0-or-later
/* file - the owner's file on the disk: replaced whole, and the way back. The one beside it,
 * FILE.before, makes settings wait for confirmation. */
#ifndef CARDEA_ENGINE_CONFIG_FILE_H
#define CARDEA_ENGINE_CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

#define CONFIG_PATH_MAX 1024 /* of the owner's file */
#define CONFIG_BESIDE_MAX (CONFIG_PATH_MAX + 16)

/* How the file looked when we last read or wrote it. */
struct config_file_seen {
	uint64_t device, inode;
	int64_t size, changed_ns;
};

/* Each returns 0 or -errno, and is either done and on the disk, or not at
 * all. */
int config_file_look(const char *path, struct config_file_seen *ret) CARDEA_MUSTCHECK;
/* wait: the one that was is kept as FILE.before. */
int config_file_replace(const char *path, const char *text, size_t len, bool wait)
	CARDEA_MUSTCHECK;
bool config_file_waits(const char *path);
int config_file_confirm(const char *path) CARDEA_MUSTCHECK;
/* The one that was is the file again; what it replaced is kept as FILE.rolled-back. */
int config_file_rollback(const char *path) CARDEA_MUSTCHECK;
void config_file_before(const char *path, char before[CONFIG_BESIDE_MAX]);

#endif
