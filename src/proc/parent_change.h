// SPDX-License-Identifier: GPL-2.0-or-later
/* parent_change - other settings while all runs: proposals of the engine and SIGHUP, the
 * owner's file, and the way back. The file beside it, FILE.before, is what makes settings
 * wait for confirmation: while it is there, it is what a start begins with. */
#ifndef CARDEA_PROC_PARENT_CHANGE_H
#define CARDEA_PROC_PARENT_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/loop.h"
#include "engine/config/config.h"
#include "engine/config/file.h"
#include "model/limits.h"
#include "model/messages.h"

#define CHANGE_CONFIRM_MIN_S 10 /* nobody reads faster */
#define CHANGE_CONFIRM_MAX_S 600

struct parent;

struct parent_change {
	char path[CONFIG_PATH_MAX];
	struct config_file_seen seen;
	struct config *next; /* the file's, where that waits for the next start; or NULL */
	struct loop_timer confirm;
	nstime until; /* wall: then what waits is taken back; 0: nothing does */
	bool rolled_back;      /* the last ones that waited were */
	char note[LIMIT_TEXT]; /* for the journal, until the engine hears it */
	bool note_back;
	struct message_config_propose asked; /* its text comes in parts */
	char *text;
	size_t len;
};

/* Before the first configuration is read. */
int parent_change_open(struct parent *p, const char *path) CARDEA_MUSTCHECK;
/* The file that counts: what nobody confirmed does not. */
int parent_change_load(struct parent *p, char error[CONFIG_ERROR_MAX]) CARDEA_MUSTCHECK;
/* We are alone, and may write: what nobody confirmed is taken back. */
int parent_change_settle(struct parent *p) CARDEA_MUSTCHECK;
/* The loop is there. */
void parent_change_start(struct parent *p);
/* CONFIG_PROPOSE or CONFIG_PART of the engine. CARDEA_EMALFORMED: it is at fault. */
int parent_change_said(struct parent *p, const struct message *m) CARDEA_MUSTCHECK;
/* The engine is gone, and with it the rest of what it said. */
void parent_change_forget(struct parent *p);
/* A new engine: what it has to know. */
void parent_change_tell(struct parent *p);
/* SIGHUP. */
void parent_change_reload(struct parent *p);
/* parent_apply.c: another configuration in force, by what differs. */
void parent_apply(struct parent *p, const struct config *wanted);

#endif
