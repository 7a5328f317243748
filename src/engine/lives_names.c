// SPDX-License-Identifier: GPL-2.0-or-later
/* Where names of this house were lately: an address that a name of a device's profile had,
 * or that somebody else was told for it, is the likeliest innocent reason to go there. */
#include <stdlib.h>
#include <string.h>
#include "engine/lives.h"

void lives_told(struct lives *l, const char *name, const struct addr *a, nstime wall)
{
	struct lives_told *t;

	for (size_t i = 0; i < LIVES_TOLD_MAX; i++) {
		t = &l->told[i];
		if (t->name && addr_equal(&t->addr, a) && strcmp(t->name, name) == 0) {
			t->when = wall;
			return;
		}
	}
	t = &l->told[l->told_next++ % LIVES_TOLD_MAX];
	free(t->name);
	*t = (struct lives_told){.addr = *a, .when = wall, .name = strdup(name)};
}

bool lives_was_told(const struct lives *l, const struct addr *a, nstime wall,
	bool (*is_wanted)(void *ctx, const char *name), void *ctx)
{
	for (size_t i = 0; i < LIVES_TOLD_MAX; i++) {
		const struct lives_told *t = &l->told[i];

		if (t->name && addr_equal(&t->addr, a) &&
			wall - t->when < LIVES_TOLD_FOR && is_wanted(ctx, t->name))
			return true;
	}
	return false;
}
