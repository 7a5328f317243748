// SPDX-License-Identifier: GPL-2.0-or-later
/* shelf - the profiles that were fetched and checked, by URL. */
#ifndef CARDEA_ENGINE_SHELF_H
#define CARDEA_ENGINE_SHELF_H

#include <stdbool.h>
#include "base/clock.h"
#include "base/error.h"
#include "base/pool.h"
#include "model/profile.h"

struct shelf_entry {
	char url[LIMIT_URL]; /* as devices say it */
	nstime fetched;	     /* wall */
	nstime due;	     /* wall: when it is to be fetched again */
	struct profile profile;
	struct pool *pool; /* of all that the profile points to */
	struct shelf_entry *next;
};

struct shelf {
	struct shelf_entry *first;
	unsigned count;
};

const struct shelf_entry *shelf_find(const struct shelf *s, const char *url);
/* Copies the profile; replaces an older one of that URL. Its rules get its layer. */
int shelf_put(struct shelf *s, const char *url, nstime fetched, nstime due,
	const struct profile *p) CARDEA_MUSTCHECK;
/* It was found unchanged. */
void shelf_touch(struct shelf *s, const char *url, nstime fetched, nstime due);
/* Nobody may use its policy any more. */
void shelf_remove(struct shelf *s, const char *url);
/* Removes those that keep does not want; gone sees each before. */
void shelf_prune(struct shelf *s, bool (*keep)(void *ctx, const struct shelf_entry *e),
	void (*gone)(void *ctx, const struct shelf_entry *e), void *ctx);
void shelf_free(struct shelf *s);

#endif
