// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_files - the resolver's only folder: its root in the sandbox. What it needs
 * from outside is copied in before; the trust anchor in it is kept up to date from
 * within (RFC 5011), and survives a restart. */
#ifndef CARDEA_PROC_RESOLVER_FILES_H
#define CARDEA_PROC_RESOLVER_FILES_H

#include <sys/types.h>
#include "base/error.h"

/* Names in the folder, and paths from within. */
#define RESOLVER_FILE_HINTS "/root.hints"
#define RESOLVER_FILE_ANCHOR "/root.key"	 /* as it is now */
#define RESOLVER_FILE_ANCHOR_FROM "/root.key.from" /* as it was given to us */

struct resolver_folder {
	const char *dir;
	uid_t uid;
	gid_t gid;
};

/* Still as root. from: a file. Says itself what went wrong. */
int resolver_files_hints(
	const struct resolver_folder *f, const char *from) CARDEA_MUSTCHECK;
/* "": the one that came with the program. The anchor of earlier stays, unless the one that it grew from is another now. */
int resolver_files_anchor(
	const struct resolver_folder *f, const char *from) CARDEA_MUSTCHECK;
/* From within: the anchor begins anew with the one that was given. */
int resolver_files_anchor_reset(void) CARDEA_MUSTCHECK;

#endif
