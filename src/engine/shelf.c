// SPDX-License-Identifier: GPL-2.0-or-later
/* Profiles by URL, each in a pool of its own. */
#include "engine/shelf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"

#define SHELF_POOL_BYTES                                                                 \
	(LIMIT_RULES * sizeof(struct rule) + LIMIT_NOTES * sizeof(struct note) +         \
		LIMIT_TLS_PROFILES * sizeof(struct tls_profile) +                        \
		LIMIT_PROFILE_LIMITS * sizeof(struct profile_limit) +                    \
		LIMIT_LINKS * sizeof(struct profile_link) + 65536)

static struct shelf_entry *find(const struct shelf *s, const char *url)
{
	for (struct shelf_entry *e = s->first; e; e = e->next)
		if (strcmp(e->url, url) == 0)
			return e;
	return NULL;
}

const struct shelf_entry *shelf_find(const struct shelf *s, const char *url)
{
	return find(s, url);
}

static int copy_profile(struct pool *pool, const struct profile *p, struct profile *ret)
{
	struct profile copy = *p;

	copy.rules = pool_copy(pool, p->rules, p->rule_count * sizeof(*p->rules));
	copy.notes = pool_copy(pool, p->notes, p->note_count * sizeof(*p->notes));
	copy.tls = pool_copy(pool, p->tls, p->tls_count * sizeof(*p->tls));
	copy.limits = pool_copy(pool, p->limits, p->limit_count * sizeof(*p->limits));
	copy.links = pool_copy(pool, p->links, p->link_count * sizeof(*p->links));
	if ((p->rule_count && !copy.rules) || (p->note_count && !copy.notes) ||
		(p->tls_count && !copy.tls) || (p->limit_count && !copy.limits) ||
		(p->link_count && !copy.links))
		return -ENOMEM;
	for (uint32_t i = 0; i < copy.rule_count; i++)
		copy.rules[i].layer = copy.layer;
	*ret = copy;
	return 0;
}

int shelf_put(struct shelf *s, const char *url, nstime fetched, nstime due,
	const struct profile *p)
{
	struct shelf_entry *e = find(s, url);
	struct pool *pool = pool_new("profile", SHELF_POOL_BYTES);
	struct profile copy;

	if (!pool || copy_profile(pool, p, &copy))
		goto fail;
	if (!e) {
		e = s->count < LIMIT_DEVICES ? calloc(1, sizeof(*e)) : NULL;
		if (!e)
			goto fail;
		str_copy(e->url, sizeof(e->url), url);
		e->next = s->first;
		s->first = e;
		s->count++;
	}
	pool_free(e->pool);
	e->pool = pool;
	e->profile = copy;
	e->fetched = fetched;
	e->due = due;
	return 0;
fail:
	pool_free(pool);
	return -ENOMEM;
}

void shelf_touch(struct shelf *s, const char *url, nstime fetched, nstime due)
{
	struct shelf_entry *e = find(s, url);

	if (!e)
		return;
	e->fetched = fetched;
	e->due = due;
}

void shelf_remove(struct shelf *s, const char *url)
{
	for (struct shelf_entry **at = &s->first, *e; (e = *at); at = &e->next) {
		if (strcmp(e->url, url) != 0)
			continue;
		*at = e->next;
		s->count--;
		pool_free(e->pool);
		free(e);
		return;
	}
}

void shelf_prune(struct shelf *s, bool (*keep)(void *, const struct shelf_entry *),
	void (*gone)(void *, const struct shelf_entry *), void *ctx)
{
	for (struct shelf_entry **at = &s->first, *e; (e = *at);) {
		if (keep(ctx, e)) {
			at = &e->next;
			continue;
		}
		gone(ctx, e);
		*at = e->next;
		s->count--;
		pool_free(e->pool);
		free(e);
	}
}

void shelf_free(struct shelf *s)
{
	struct shelf_entry *next;

	for (struct shelf_entry *e = s->first; e; e = next) {
		next = e->next;
		pool_free(e->pool);
		free(e);
	}
	s->first = NULL;
	s->count = 0;
}
