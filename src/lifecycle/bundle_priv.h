// SPDX-License-Identifier: GPL-2.0-or-later
/* bundle internals: what a field is asked for, and the words that must not leave. */
#ifndef CARDEA_LIFECYCLE_BUNDLE_PRIV_H
#define CARDEA_LIFECYCLE_BUNDLE_PRIV_H

#include "lifecycle/bundle.h"

struct bundle_at {
	const struct case_view *view;
	const char *token;
	size_t index; /* of the detector, moment or flow */
};

/* there false: null is written. */
struct bundle_value {
	bool there;
	bool outside; /* ADDR: it is no address of the house */
	int64_t number; /* NUMBER, TIME and DATE (wall), PARTY (device_id) */
	const char *text; /* WORD, SENTENCE, TEXT */
	const struct addr *addr;
	const struct mac *mac;
};

struct bundle_words;
/* All that names the house's devices, in the spellings that are about. -ENOMEM. */
int bundle_words_new(const struct bundle_home *h, struct bundle_words **ret)
	CARDEA_MUSTCHECK;
void bundle_words_free(struct bundle_words *w);
/* Where text has one of them, or NULL; its length. */
const char *bundle_words_find(const struct bundle_words *w, const char *text, size_t *ret_len);
/* text with "[own]" in their place. Returns ret. */
#define BUNDLE_OWN "[own]"
char *bundle_words_clean(const struct bundle_words *w, const char *text, char *ret, size_t size);

/* A word that only we can have written. */
bool bundle_is_word(const char *text);
size_t bundle_part_count(const struct case_view *v, enum bundle_part p);

#endif
