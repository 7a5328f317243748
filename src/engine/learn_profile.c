// SPDX-License-Identifier: GPL-2.0-or-later
/* learn_profile - all that was learned of one device: kinds, rules, and the MUD file
 * that says them. */
#include "engine/learn_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* Four lists of kinds at most, rules with what the file makes of them, and strings. */
#define PROFILE_POOL_BYTES                                                             \
	(4 * LEARNED_KINDS_MAX * sizeof(struct learned_kind) +                         \
		LIMIT_RULES *                                                          \
			(3 * sizeof(struct rule) + sizeof(struct maker_saying)) +      \
		LIMIT_MUD_BYTES + (1UL << 20))

/* Grows on the heap: making a kind costs more than moving it. */
struct fill {
	struct learned_kind *list;
	size_t count, room, most;
};

static int add_kind(void *ctx, const struct learned_kind *k)
{
	struct fill *f = ctx;

	if (f->count == f->most)
		return CARDEA_ELIMIT;
	if (f->count == f->room) {
		size_t room = f->room ? 2 * f->room : 16;
		struct learned_kind *list = realloc(f->list, room * sizeof *list);

		if (!list)
			return -ENOMEM;
		f->list = list;
		f->room = room;
	}
	f->list[f->count++] = *k;
	return 0;
}

/* Takes what was filled into the pool. e: of the filling. */
static int keep(struct fill *f, int e, struct pool *pool, struct learn_kinds *ret)
{
	struct learned_kind *list = NULL;

	if (!e && f->count) {
		list = pool_copy(pool, f->list, f->count * sizeof *list);
		e = list ? 0 : -ENOMEM;
	}
	free(f->list);
	if (!e)
		*ret = (struct learn_kinds){list, f->count};
	return e;
}

static int take_singletons(const struct learned_view *v, struct learn_profile *p)
{
	struct fill f = {.most = SIZE_MAX};

	return keep(&f, learned_view_singletons(v, add_kind, &f), p->pool,
		&p->singletons);
}

static int take_kinds(
	const struct learn_source *l, const struct mac *device, struct learn_profile *p)
{
	const struct learned *all = l->learned;
	struct fill exact = {.most = SIZE_MAX}, general = exact;
	int e = keep(&exact, learned_kinds(all, device, false, add_kind, &exact),
		p->pool, &p->exact);

	return e ? e
		 : keep(&general, learned_kinds(all, device, true, add_kind, &general),
			   p->pool, &p->general);
}

static int take_rules(const struct learn_source *l, const struct learned_view *v,
	bool words, struct learn_profile *p)
{
	struct rule *rules = NULL;
	int e = learned_view_rules(v, words, p->pool, &rules, &p->rule_count);

	p->rules = rules;
	return e ? e : learn_bares_add(l, p);
}

/* A URL that nobody can fetch (RFC 2606 2): the file is of this home. */
static void url_of(const struct mac *m, char ret[LIMIT_URL])
{
	(void)str_print(ret, LIMIT_URL,
		"https://learned.invalid/%02x-%02x-%02x-%02x-%02x-%02x.json", m->b[0],
		m->b[1], m->b[2], m->b[3], m->b[4], m->b[5]);
}

static int write_mud(struct learn_profile *p, nstime now)
{
	char url[LIMIT_URL], call[LEARN_CALL_MAX], *json = NULL;
	struct maker_saying *says =
		pool_take(p->pool, (p->rule_count + 1) * sizeof *says);
	const struct maker_learned l = {
		.url = url,
		.name = learn_profile_call(p, call),
		.now = now,
		.rules = p->rules,
		.count = p->rule_count,
		.kinds = p->exact.list,
		.kind_count = p->exact.count,
	};
	int e;

	if (!says)
		return -ENOMEM;
	url_of(&p->device.mac, url);
	e = maker_learned_make(&l, says, &json);
	p->says = says;
	if (e == CARDEA_ELIMIT) {
		(void)str_print(p->problem, sizeof p->problem,
			"it does too much for a MUD file, which holds %d entries in "
			"%d KiB",
			LIMIT_MUD_ACES, LIMIT_MUD_BYTES / 1024);
		return 0;
	}
	if (!e) {
		p->mud = pool_string(p->pool, json, strlen(json));
		e = p->mud ? 0 : -ENOMEM;
	}
	free(json);
	return e;
}

/* Entries that a rule has at most (both ways and families), and how long one is without
 * its names. */
#define RULE_ENTRIES 4
#define ENTRY_BYTES 512
/* A name stands in what is matched, and its end in the entry's own; in JSON a character
 * of it has six at most. */
#define NAME_BYTES (2 * 6)

struct room {
	size_t entries, bytes;
};

static void add_entries(struct room *r, const char *name)
{
	r->entries += RULE_ENTRIES;
	r->bytes += RULE_ENTRIES * (ENTRY_BYTES + NAME_BYTES * strlen(name));
}

struct spelt {
	const struct rule *rule;
	struct room *room;
};

static int add_spelt(void *ctx, const struct learned_kind *k)
{
	struct spelt *s = ctx;

	if (maker_rule_covers(s->rule, k))
		add_entries(s->room, k->name);
	return 0;
}

/* A file of these rules is within all limits, whatever they say; false: perhaps not.
 * Where a rule is about all that is below a name, the file spells the names out. */
static bool surely_fits(const struct learned *l, const struct learn_profile *p)
{
	struct room room = {.bytes = 1U << 14}; /* all but the entries */

	for (size_t i = 0; i < p->rule_count; i++) {
		const struct rule *r = &p->rules[i];
		struct spelt s = {r, &room};
		if (r->peer.kind != PEER_NAME || !rule_name_is_suffix(r->peer.name))
			add_entries(&room, r->peer.name);
		else if (learned_kinds(l, &p->device.mac, false,
				 add_spelt, &s))
			return false;
	}
	return room.entries <= LIMIT_MUD_ACES && room.bytes <= LIMIT_MUD_BYTES;
}

static int begin(const struct learn_source *l, const struct mac *device, bool words,
	struct learn_profile *ret)
{
	struct learned_view *view;
	int e;

	*ret = (struct learn_profile){0};
	e = learned_view_new(l->learned, device, &view);
	if (e)
		return e;
	learned_view_device(view, &ret->device);
	ret->made = l->made;
	ret->addr = l->addr;
	ret->pool = pool_new("learn", PROFILE_POOL_BYTES);
	ret->name = ret->pool ? pool_take(ret->pool, sizeof *ret->name) : NULL;
	e = ret->name ? 0 : -ENOMEM;
	if (!e) {
		*ret->name = l->name;
		e = take_singletons(view, ret);
	}
	if (!e)
		e = take_rules(l, view, words, ret);
	learned_view_free(view);
	return e;
}

int learn_profile_of(const struct learn_source *s, const struct mac *device, nstime now,
	struct learn_profile *ret)
{
	int e = begin(s, device, true, ret);

	if (!e)
		e = take_kinds(s, device, ret);
	return e ? e : write_mud(ret, now);
}

void learn_profile_free(struct learn_profile *p)
{
	pool_free(p->pool);
	*p = (struct learn_profile){0};
}

int learn_profile_brief_of(const struct learn_source *s, const struct mac *device,
	nstime now, struct learn_profile *ret)
{
	int e = begin(s, device, false, ret);

	if (e || surely_fits(s->learned, ret))
		return e;
	learn_profile_free(ret);
	return learn_profile_of(s, device, now, ret);
}

const char *learn_profile_call(
	const struct learn_profile *p, char buf[LEARN_CALL_MAX])
{
	char text[ADDR_TEXT_MAX];

	if (p->made)
		addr_format(&p->addr, text);
	else
		mac_format(&p->device.mac, text);
	if (p->name->host[0])
		(void)str_print(
			buf, LEARN_CALL_MAX, "%s (%s)", p->name->host, text);
	else
		(void)str_copy(buf, LEARN_CALL_MAX, text);
	return buf;
}

int learn_test_of(const struct learned *l, const struct learned *other,
	struct learn_profile *p, struct learn_test *ret)
{
	struct fill f = {.most = LEARNED_KINDS_MAX};

	*ret = (struct learn_test){0};
	return keep(&f,
		learned_compare(l, other, &p->device.mac,
			add_kind, &f, &ret->result),
		p->pool, &ret->unseen);
}
