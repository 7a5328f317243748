// SPDX-License-Identifier: GPL-2.0-or-later
/* bind - a template and a home become a bound profile. */
#include <errno.h>
#include <string.h>
#include "profiles/extended/extended_priv.h"

static const struct extended_party *bind_party(const struct extended_binding *b,
	const char *role)
{
	for (uint32_t i = 0; i < b->party_count; i++)
		if (strcmp(b->parties[i].role, role) == 0)
			return &b->parties[i];
	return NULL;
}

static bool party_is_empty(const struct extended_party *p)
{
	return !p->has_mac && !p->addr_count && !p->name;
}

/* Names in the binding that the template does not have are misspelt, or of another. */
static bool bind_strangers(const struct extended_profile *p, const struct extended_binding *b,
	struct extended_notes *notes)
{
	const char *names[EXTENDED_ROLES + 1];
	bool good = true;

	for (uint32_t i = 0; i < p->role_count; i++)
		names[i] = p->roles[i].name;
	names[p->role_count] = NULL;
	for (uint32_t i = 0; i < b->party_count; i++) {
		const struct extended_party *party = &b->parties[i];
		const char *meant;

		if (role_find(p, party->role) >= 0)
			continue;
		meant = note_nearest(party->role, names);
		note_at(notes, NOTE_ERROR, NULL, party->line, 1,
			"%.63s is no role of %s%s%s%s", party->role, p->name,
			meant ? "; did you mean \"" : "", meant ? meant : "",
			meant ? "\"?" : "");
		good = false;
	}
	return good;
}

int extended_bind(const struct extended_profile *p, const struct extended_binding *b,
	struct pool *pool, struct extended_bound *ret_bound, struct extended_notes *notes)
{
	struct extended_bound bound = {.profile = p, .binding = b};
	const struct extended_party *self = bind_party(b, "self");

	if (note_init(notes, pool))
		return -ENOMEM;
	bound.parties = pool_take(pool, p->role_count * sizeof *bound.parties);
	if (!bound.parties)
		return -ENOMEM;
	bool good = bind_strangers(p, b, notes);

	if (strcmp(b->template_name, p->name) != 0) {
		note_at(notes, NOTE_ERROR, NULL, 1, 1, "this binding is of the template %s, "
			"not of %s", b->template_name, p->name);
		good = false;
	}
	if (!self || party_is_empty(self)) {
		note_at(notes, NOTE_ERROR, NULL, self ? self->line : 1, 1,
			"self is nobody: its mac, ipv4 or ipv6 is wanted");
		good = false;
	}
	for (uint32_t i = 0; i < p->role_count; i++) {
		const struct extended_party *party = bind_party(b, p->roles[i].name);

		bound.parties[i] = party && !party_is_empty(party) ? party : NULL;
		if (!bound.parties[i] && p->roles[i].kind != EXTENDED_ROLE_CLOUD &&
			i != EXTENDED_SELF)
			note_at(notes, NOTE_WARNING, NULL, party ? party->line : 1, 1,
				"nobody plays %s: what names it permits nothing",
				p->roles[i].name);
	}
	if (!good)
		return CARDEA_EMALFORMED;
	*ret_bound = bound;
	return 0;
}
