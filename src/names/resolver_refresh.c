// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_refresh - answers fetched anew while clients still hear the old ones. */
#include "names/resolver_priv.h"

#include <stdlib.h>

static struct answer *refresh_entry(const struct resolver_refresh *f)
{
	struct answers_key key;

	resolver_key(&f->question, &key);
	return answers_find(
		&f->r->answers, &key, RESOLVER_STALE_S, loop_now(f->r->loop));
}

static void refresh_end(struct resolver_refresh *f)
{
	struct answer *old = refresh_entry(f);

	if (old)
		old->refreshing = false;
	resolver_lookup_cancel(f->r, &f->lookup);
	loop_disarm(&f->deadline);
	f->busy = false;
}

static void refresh_start(struct resolver_refresh *f)
{
	const struct dns_question *q = &f->question.query.question;

	f->waiting = false;
	loop_arm(f->r->loop, &f->deadline, RESOLVER_UPSTREAM_MS * NS_PER_MS);
	if (resolver_lookup_start(f->r, &f->lookup, q->name.text, q->type)) {
		resolver_take_failure(f->r, &f->question, false);
		refresh_end(f);
	}
}

static void refresh_late(struct loop_timer *t)
{
	struct resolver_refresh *f = t->ctx;

	if (f->waiting) {
		refresh_start(f);
		return;
	}
	resolver_take_failure(f->r, &f->question, false);
	refresh_end(f);
}

static void refresh_done(
	struct resolver_lookup *k, const struct resolver_result *result)
{
	struct resolver_refresh *f = k->owner;
	struct answer *a = NULL;
	bool owned = false;

	k->running = false;
	if (resolver_take(f->r, &f->question, result, NULL, &a, &owned))
		resolver_take_failure(f->r, &f->question, result->bogus);
	if (owned)
		free(a);
	refresh_end(f);
}

static struct resolver_refresh *refresh_take(struct resolver *r)
{
	for (unsigned i = 0; i < RESOLVER_REFRESHES_MAX; i++)
		if (!r->refreshes[i].busy)
			return &r->refreshes[i];
	return NULL;
}

void resolver_refresh(
	struct resolver *r, const struct resolver_question *q, nstime delay)
{
	struct resolver_refresh *f = refresh_take(r);
	struct answer *old;

	if (!f)
		return;
	*f = (struct resolver_refresh){.r = r, .busy = true, .question = *q};
	f->lookup.done = refresh_done;
	f->lookup.owner = f;
	f->lookup.unchecked = q->query.cd;
	f->deadline = (struct loop_timer){.fire = refresh_late, .ctx = f};
	old = refresh_entry(f);
	if (old)
		old->refreshing = true;
	r->stats.fetched++;
	f->waiting = delay > 0;
	if (f->waiting)
		loop_arm(r->loop, &f->deadline, delay);
	else
		refresh_start(f);
}

void resolver_refreshes_end(struct resolver *r)
{
	for (unsigned i = 0; i < RESOLVER_REFRESHES_MAX; i++)
		if (r->refreshes[i].busy)
			refresh_end(&r->refreshes[i]);
}
