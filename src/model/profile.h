// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* profile - what a device is for: the checked result of reading one MUD file. */
#ifndef CARDEA_MODEL_PROFILE_H
#define CARDEA_MODEL_PROFILE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"
#include "model/limits.h"
#include "model/rule.h"

enum signature_state {
	SIGNATURE_NONE,	    /* the file names no signature */
	SIGNATURE_VALID,    /* chain to a configured anchor */
	SIGNATURE_INVALID,  /* bytes, signer, usage or time wrong: file not usable */
	SIGNATURE_UNCHECKED,/* read offline, nothing to check against */
};

enum note_level {
	NOTE_INFO,   /* an unknown node was ignored */
	NOTE_REPAIR, /* import mode mended something */
	NOTE_WARNING,
	NOTE_ERROR,  /* the file is not usable */
};

/* One finding about a file: what, where, what next. */
struct note {
	enum note_level level;
	uint32_t line, column; /* 0 unknown */
	char path[LIMIT_TEXT]; /* JSON path */
	char text[LIMIT_TEXT];
};

struct profile {
	char url[LIMIT_URL];
	nstime last_update; /* wall; 0 unknown */
	uint16_t cache_validity_h;
	bool is_supported;
	char systeminfo[LIMIT_SYSTEMINFO];
	char mfg_name[LIMIT_SYSTEMINFO];
	char model_name[LIMIT_SYSTEMINFO];
	char documentation[LIMIT_URL];
	char signature_url[LIMIT_URL];
	enum signature_state signature;
	char signer[LIMIT_TEXT]; /* subject of the signing certificate */
	uint8_t sha256[32];	 /* of the exact bytes */
	enum layer layer;
	struct rule *rules; /* owner says who frees: a pool or the caller */
	uint32_t rule_count;
	struct note *notes;
	uint32_t note_count;
	uint32_t note_dropped; /* beyond LIMIT_NOTES */
};

const char *signature_state_name(enum signature_state s);
const char *note_level_name(enum note_level l);

#endif
