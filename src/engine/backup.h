// SPDX-License-Identifier: GPL-2.0-or-later
/* backup - a house goes out as one database, in pieces, and one comes in: checked first,
 * then put where the next start of this process takes it. One of both at a time. */
#ifndef CARDEA_ENGINE_BACKUP_H
#define CARDEA_ENGINE_BACKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/loop.h"
#include "engine/config/schema.h"
#include "store/store.h"

struct pipeline;

#define BACKUP_PART (256U << 10) /* octets of a piece: twice that in hex, below a reply's end */
#define BACKUP_DIGEST 65	 /* SHA-256 in hex, with its NUL */

enum backup_state {
	BACKUP_IDLE,
	BACKUP_GIVES,	/* a backup is being read */
	BACKUP_TAKES,	/* one comes in */
	BACKUP_CHECKED, /* it is whole, and ready to be put in place */
	BACKUP_ENDS,	/* it is in place: this process ends for it */
	BACKUP_STATE_MAX,
};

struct backup {
	enum backup_state state;
	int fd; /* of GIVES and TAKES */
	uint64_t bytes, done;
	void *sha; /* of what came */
	char digest[BACKUP_DIGEST];
	struct backup_about about;
	struct loop_timer idle;
	/* Settings that were restored and are not in force yet. */
	char *pending;
	size_t pending_len;
	bool proposed;
	nstime kept; /* by this name the house before ENDS is kept; 0: it is not */
};

/* What was restored before this start: tells it, and has its settings put in force. */
int backup_open(struct pipeline *p) CARDEA_MUSTCHECK;
void backup_tick(struct pipeline *p);
void backup_end(struct pipeline *p);

/* What was under way is forgotten. -EBUSY: this process ends for a restore; -EAGAIN: the
 * settings are not known yet. */
int backup_give(struct pipeline *p, bool history) CARDEA_MUSTCHECK;
/* How many octets; 0: there are no more. -ENOENT: none is given. */
int backup_read(struct pipeline *p, uint64_t from, uint8_t buf[BACKUP_PART], size_t *ret)
	CARDEA_MUSTCHECK;
/* The same. -ENOSPC: there is no room for what a restore needs. */
int backup_take(struct pipeline *p, uint64_t bytes) CARDEA_MUSTCHECK;
/* The next piece. -ENOENT: none is taken; CARDEA_ESTALE: that is not what comes next;
 * CARDEA_ELIMIT: more than was announced. */
int backup_part(struct pipeline *p, uint64_t from, const uint8_t *bytes, size_t len)
	CARDEA_MUSTCHECK;
/* All came. CARDEA_ESIGNATURE: it is another digest; else as store_restore_check. It is
 * gone after an error. */
int backup_check(struct pipeline *p, const char *digest) CARDEA_MUSTCHECK;
/* One that an earlier restore has replaced, and kept: it is checked like any other. -ENOENT:
 * there is none of that time; else as backup_check. */
int backup_bring_kept(struct pipeline *p, nstime made) CARDEA_MUSTCHECK;
/* The house of now is kept first. -ENOENT: that one was not checked; -EBUSY: settings wait to be confirmed;
 * -ENOSPC: there is no room for what is kept. */
int backup_commit(struct pipeline *p, const char *digest) CARDEA_MUSTCHECK;
/* Nothing is under way any more. */
void backup_drop(struct pipeline *p);

/* ---- backup_settings.c ---- */

/* A setting that differs; kept: it is of this machine, and stays. */
typedef void backup_setting(void *ctx, const struct config_item *item,
	const struct config *here, const struct config *there, bool kept);
/* each may be NULL. *ret_text (may be NULL: is not wanted) is the caller's: what brings the
 * settings of text in force here, as a file; empty when they are. CARDEA_EMALFORMED, with
 * words: they are none, or do not go together here. */
int backup_settings(struct pipeline *p, const char *text, size_t len, backup_setting *each,
	void *ctx, char **ret_text, size_t *ret_len, char error[CONFIG_ERROR_MAX])
	CARDEA_MUSTCHECK;

#endif
