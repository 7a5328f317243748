// SPDX-License-Identifier: GPL-2.0-or-later
/* strings - names and details, each once, for as long as somebody has it. */
#ifndef CARDEA_OBSERVE_STRINGS_H
#define CARDEA_OBSERVE_STRINGS_H

#include "observe/index.h"
#include "model/limits.h"

/* Different ones at once: a house of 1000 devices has some 20,000 names. What comes
 * beyond is not kept: the conversation has no name then. */
#define STRINGS_MAX 131072
#define STRINGS_TEXT_MAX LIMIT_NAME /* with NUL */
_Static_assert(LIMIT_NAME >= LIMIT_TEXT, "details stand here, too");

struct strings_entry {
	uint32_t refs; /* 0: free */
	union {
		uint32_t next; /* of those that are free */
		uint32_t len;
	};
};

struct strings {
	struct index index;
	struct strings_entry *entries;
	char (*texts)[STRINGS_TEXT_MAX];
	uint32_t most;
	uint32_t fresh, free; /* never used yet; freed ones, linked; 0: none */
};

int strings_init(struct strings *s, uint32_t most) CARDEA_MUSTCHECK;
void strings_free(struct strings *s);
/* One more holder of this text, which is shorter than STRINGS_TEXT_MAX. 0 when there is
 * no room, or for an empty text. */
uint32_t strings_take(struct strings *s, const char *text);
uint32_t strings_hold(struct strings *s, uint32_t id); /* one more; 0 is fine */
void strings_drop(struct strings *s, uint32_t id);     /* 0 is fine */
static inline const char *strings_text(const struct strings *s, uint32_t id)
{
	return id ? s->texts[id] : "";
}
static inline size_t strings_length(const struct strings *s, uint32_t id)
{
	return id ? s->entries[id].len : 0;
}

#endif
