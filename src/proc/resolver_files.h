// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_files - the resolver's only folder: its root in the sandbox. What it needs
 * from outside is copied in before; the trust anchor in it is kept up to date from
 * within (RFC 5011), and survives a restart. */
#ifndef CARDEA_PROC_RESOLVER_FILES_H
#define CARDEA_PROC_RESOLVER_FILES_H

#include "base/error.h"

/* Names in the folder, and paths from within. */
#define RESOLVER_FILE_HINTS "/root.hints"
#define RESOLVER_FILE_ANCHOR "/root.key"	 /* as it is now */
#define RESOLVER_FILE_ANCHOR_FROM "/root.key.from" /* as it was given to us */

/* Still as root, but without its power over other users' files: the folder is root's,
 * and of the resolver's group, which its files get as well (S_ISGID). from: a file. Says
 * itself what went wrong. */
int resolver_files_hints(const char *folder, const char *from) CARDEA_MUSTCHECK;
/* "": the one that came with the program. The anchor of earlier stays, unless the one that it grew from is another now. */
int resolver_files_anchor(const char *folder, const char *from) CARDEA_MUSTCHECK;
/* From within: the anchor begins anew with the one that was given. */
int resolver_files_anchor_reset(void) CARDEA_MUSTCHECK;

#endif
