// SPDX-License-Identifier: GPL-2.0-or-later
/* link - what a MUD file points to for people: bills of materials, contacts, licences.
 * They are a stranger's text: shown, never fetched. */
#include <errno.h>
#include <string.h>
#include "profiles/mud/mud_priv.h"

/* A page that shows a link may make it one to click on; javascript: is not for that. */
static bool may_be_shown(const char *uri)
{
	static const char *const schemes[] = {
		"https", "http", "coaps", "coap", "mailto", "tel"};
	char scheme[sizeof "mailto"];

	if (uri[strcspn(uri, ":")] != ':' ||
		!str_copy_bytes(scheme, sizeof scheme, uri, strcspn(uri, ":")))
		return false;
	for (const char *c = uri; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("\"<>\\^`{|}", *c))
			return false;
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (str_equal_nocase(scheme, schemes[i]))
			return true;
	return false;
}

static bool is_known(const struct profile *p, const char *kind, const char *text)
{
	for (unsigned i = 0; i < p->link_count; i++)
		if (!strcmp(p->links[i].kind, kind) && !strcmp(p->links[i].text, text))
			return true;
	return false;
}

static struct profile_link *place(struct mud_reader *r, const struct mud_at *at)
{
	struct profile *p = r->profile;

	if (!p->links)
		p->links = pool_take(r->pool, LIMIT_LINKS * sizeof *p->links);
	if (!p->links)
		r->error = -ENOMEM;
	if (!p->links || p->link_count < LIMIT_LINKS)
		return p->links ? &p->links[p->link_count] : NULL;
	mud_note(r, NOTE_WARNING, at, "more than %d links: this one is not shown",
		LIMIT_LINKS);
	return NULL;
}

void mud_link_add(struct mud_reader *r, const struct mud_at *at, const char *kind,
	bool uri, const char *utf8)
{
	struct profile_link link = {0}, *to;

	if (uri && !may_be_shown(utf8)) {
		mud_note(r, NOTE_WARNING, at,
			"not shown: no address of the kind that people may follow "
			"(https, http, coap, mailto, tel)");
		return;
	}
	str_copy(link.kind, sizeof link.kind, kind);
	if (!mud_copy(link.text, sizeof link.text, utf8)) {
		mud_note(r, NOTE_WARNING, at, "longer than %d bytes, not shown",
			LIMIT_URL - 1);
		return;
	}
	if (!link.text[0] || is_known(r->profile, kind, link.text))
		return;
	to = place(r, at);
	if (!to)
		return;
	*to = link;
	r->profile->link_count++;
}
