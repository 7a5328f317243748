// SPDX-License-Identifier: GPL-2.0-or-later
/* views_settings - what the views of settings have in common: what is wanted
 * (views_settings_wish.c), and what there is and came of it (views_settings.c). */
#ifndef CARDEA_ENGINE_API_VIEWS_SETTINGS_H
#define CARDEA_ENGINE_API_VIEWS_SETTINGS_H

#include <jansson.h>
#include <sys/mman.h>
#include "engine/api/api_priv.h"
#include "engine/config/schema.h"

/* Three of them have 60 KiB, for a moment: memory of its own is given back whole. */
#define SETTINGS_ROOM (3 * sizeof(struct config))

static inline struct config *settings_room_take(void)
{
	void *m = mmap(NULL, SETTINGS_ROOM, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return m == MAP_FAILED ? NULL : m;
}

static inline void settings_room_return(struct config *c)
{
	if (c)
		(void)munmap(c, SETTINGS_ROOM);
}

/* The reply where the parent has told nothing yet. */
static inline void settings_not_known(struct api_request *r)
{
	api_fail(r, 503, "try again in a second", "the settings are not known yet");
}

/* A value as GET /v1/settings gives it; the caller's. */
json_t *settings_json(const struct config_item *item, const struct config *c);

#endif
