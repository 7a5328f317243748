// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* change - what somebody changed by the control API: who, in a sentence, by which command,
 * and the request that takes it back. */
#ifndef CARDEA_MODEL_CHANGE_H
#define CARDEA_MODEL_CHANGE_H

#include <stddef.h>
#include <stdint.h>
#include "base/clock.h"
#include "model/limits.h"

#define CHANGE_COMMAND_MAX 640 /* a command with a URL (LIMIT_URL) in it */
#define CHANGE_PATH_MAX 128    /* "/v1/NOUN/OBJECT" */
#define CHANGE_ABOUT_MAX 320   /* "class NAME of DEVICE" (LIMIT_NAME) */
#define CHANGE_METHOD_MAX 8

/* Who did what nobody did: no user has such a name, for it has a space. */
#define CHANGE_BY_ITSELF "the gateway"

struct change {
	uint32_t id; /* 0: not stored yet */
	nstime at;   /* wall */
	char who[LIMIT_LABEL];
	char sentence[LIMIT_TEXT];
	char command[CHANGE_COMMAND_MAX]; /* does the same; or empty */
	/* What it is about: where something of the same was changed later, that is to be
	 * undone first. Empty: of nothing else. */
	char about[CHANGE_ABOUT_MAX];
	char method[CHANGE_METHOD_MAX], path[CHANGE_PATH_MAX]; /* empty: no way back */
	char why_not[LIMIT_TEXT];
	uint32_t undoes, undone_by; /* changes, or 0 */
	const char *body;	    /* of the request; with no NUL behind it */
	size_t body_len;
};

#endif
