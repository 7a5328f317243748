// SPDX-License-Identifier: GPL-2.0-or-later
/* settings - what the parent told of the owner's file, and proposals to change it. It has
 * the file, and the last word: here texts are kept, of what is not as without a file. */
#ifndef CARDEA_ENGINE_SETTINGS_H
#define CARDEA_ENGINE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include "engine/config/config.h"
#include "model/messages.h"

struct settings_text {
	char *text; /* NULL: never told, or empty */
	size_t len;
};

/* Who waits for the parent's answer. */
struct settings_asked {
	uint64_t id; /* 0: nobody */
	uint64_t ticket; /* of the client, engine/api/server.c */
	enum propose_what what;
	bool dry_run;
	uint32_t confirm_s;
	struct settings_text was; /* the file before; of what is confirmed, what comes not back */
	char user[LIMIT_LABEL];
	uint32_t undoing, redoing; /* changes, or 0 */
};

struct settings {
	struct settings_text texts[STATE_MAX];
	int64_t until; /* wall: then what waits is taken back; 0: nothing does */
	bool known;    /* the parent has told the file */
	struct {
		uint8_t what;
		int64_t until;
		struct settings_text text;
		uint32_t length;
		bool on;
	} coming;
	uint64_t last_id;
	struct settings_asked asked;
	int (*send)(void *ctx, const struct message *m); /* to the parent */
	void *send_ctx;
	/* It answered; s->asked is forgotten behind it. */
	void (*answered)(void *ctx, struct settings *s, const struct message_config_result *m);
	void (*told)(void *ctx); /* the file is another one now, or may be */
	void *ctx;
};

/* CONFIG_STATE, CONFIG_PART or CONFIG_RESULT of the parent. */
int settings_said(struct settings *s, const struct message *m) CARDEA_MUSTCHECK;
/* The settings of one of its texts. -ENOENT: it has not told them. */
int settings_read(const struct settings *s, enum state_what what, struct config *ret)
	CARDEA_MUSTCHECK;
int settings_parse(const struct settings_text *t, struct config *ret) CARDEA_MUSTCHECK;
bool settings_has(const struct settings *s, enum state_what what);
/* text: for PROPOSE_SET and PROPOSE_FILE. -EBUSY: another proposal is on its way; another
 * error: the parent does not listen. */
int settings_propose(struct settings *s, const struct settings_asked *asked,
	const char *text, size_t len) CARDEA_MUSTCHECK;
void settings_end(struct settings *s);

#endif
