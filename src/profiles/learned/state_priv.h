// SPDX-License-Identifier: GPL-2.0-or-later
/* state_priv - what saving and loading agree on. */
#ifndef CARDEA_PROFILES_LEARNED_STATE_PRIV_H
#define CARDEA_PROFILES_LEARNED_STATE_PRIV_H

#include "profiles/learned/learned_priv.h"

#define LEARNED_STATE_MAGIC 0x434c524eu /* "CLRN" */
#define LEARNED_STATE_VERSION 5 /* 1 had no interactions, 2 no days */
/* These are read still: */
#define LEARNED_STATE_PAIRED 4 /* had triggers of what waits for none */
#define LEARNED_STATE_WIDE 3   /* and counted gaps in 16 bits */
#define LEARNED_STATE_HEAD 8

/* Of the parts without the texts of leaves. */
#define LEARNED_STATE_COUNTERS(n) (1 + 3 * (n))
#define LEARNED_STATE_FINDING_MAX (1 + 8 + 8 + 8 + LIMIT_TEXT)
#define LEARNED_STATE_DEVICE_MAX                                                       \
	(6 + 4 + 4 * LEARNED_CONTEXT_MAX + 5 * LEARNED_WINDOW + 16 +                   \
		1 + 4 + 5 * LEARNED_DAYS +                                             \
		LEARNED_STATE_COUNTERS(LEARNED_VOLUMES) + 1 +                          \
		LEARNED_FINDING_MAX * LEARNED_STATE_FINDING_MAX + 2)
#define LEARNED_STATE_LEAF_MAX                                                         \
	(11 + 16 + 6 + 1 + 17 * LEARNED_PEERS + LEARNED_VERB_MAX + 2 + 3 +             \
		LEARNED_WINDOW / 8 +                                                   \
		4 * LEARNED_CONTEXT_MAX + 8 + 1 + 16 + 32 +                            \
		LEARNED_STATE_COUNTERS(LEARNED_VOLUMES) + 4 + 4 * LEARNED_GAPS +       \
		LEARNED_STATE_COUNTERS(LEARNED_GAP_OCTAVES) + 3 + LEARNED_WINDOW / 8)

/* A key with the longest of all that is optional in it. */
#define LEARNED_STATE_KEY_MAX (11 + 16 + 6 + LEARNED_VERB_MAX)

/* save.c; text: NULL is empty. */
void learned_state_put_text(struct writer *w, const char *text);
void learned_state_put_counters(struct writer *w, const uint16_t *n, size_t count);
void learned_state_put_key(struct writer *w, const struct learned_key *k);
/* load.c; what saving does not write fails the cursor. */
bool learned_state_get_text(struct cursor *c, char text[LIMIT_TEXT]);
void learned_state_get_counters(struct cursor *c, uint16_t *n, size_t count);
void learned_state_get_key(struct cursor *c, struct learned_key *k);
bool learned_state_text_is_sound(const struct learned_key *k, const char *text);

/* Of the set of a leaf: those that the device's episodes have got to. */
static inline uint32_t learned_state_words(uint32_t number)
{
	uint32_t n = number < LEARNED_WINDOW ? number : LEARNED_WINDOW;

	return (n + 63) / 64;
}

#endif
