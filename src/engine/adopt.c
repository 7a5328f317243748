// SPDX-License-Identifier: GPL-2.0-or-later
/* From a profile's text to rules. */
#include "engine/adopt.h"

#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "profiles/extended/extended.h"
#include "profiles/mud/mud.h"

/* TLS profiles are numbers in the maker's file. */
static int take_rules(const struct rule *rules, size_t count, enum layer layer,
	struct pool *pool, struct adopt_rules *ret)
{
	struct rule *own;

	if (count > LIMIT_RULES)
		return CARDEA_ELIMIT;
	own = pool_copy(pool, rules, count * sizeof(*rules));
	if (count && !own)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct rule *r = &own[i];

		r->layer = layer;
		if (r->status == RULE_PREVIEWED) /* he saw it, and put it in force */
			r->status = RULE_ENFORCED;
		if (r->tls && r->status == RULE_ENFORCED) {
			r->status = RULE_APPROXIMATED;
			str_copy(r->detail, sizeof(r->detail),
				"what its ClientHellos say is not looked at");
		}
		r->tls = 0;
	}
	*ret = (struct adopt_rules){.rules = own, .count = count};
	return 0;
}

static void say_mud(const struct profile *profile, int error, char why[LIMIT_TEXT])
{
	for (uint32_t i = 0; i < profile->note_count; i++)
		if (profile->notes[i].level == NOTE_ERROR) {
			(void)str_print(why, LIMIT_TEXT, "line %u: %s",
				profile->notes[i].line, profile->notes[i].text);
			return;
		}
	(void)str_print(why, LIMIT_TEXT, "it cannot be read: %s", error_text(error));
}

static int read_mud(const struct adopted *a, struct pool *pool, struct adopt_rules *ret,
	char why[LIMIT_TEXT])
{
	struct pool *own = pool_new("adopted mud", MUD_POOL_BYTES);
	struct profile profile = {0};
	int error = own ? mud_parse(a->text, a->text_len, MUD_STRICT, own, &profile)
			: -ENOMEM;

	if (error)
		say_mud(&profile, error, why);
	else
		error = take_rules(
			profile.rules, profile.rule_count, a->layer, pool, ret);
	pool_free(own);
	return error;
}

/* The first thing that is wrong. document: "" or "binding, ". */
static int say_notes(const struct extended_notes *n, const char *document, int error,
	char why[LIMIT_TEXT])
{
	for (uint32_t i = 0; i < n->count; i++)
		if (n->items[i].note.level == NOTE_ERROR) {
			(void)str_print(why, LIMIT_TEXT, "%sline %u: %.180s", document,
				n->items[i].note.line, n->items[i].note.text);
			return error;
		}
	(void)str_print(why, LIMIT_TEXT, "%sit cannot be read: %s", document,
		error_text(error));
	return error;
}

/* What was bound to another device is not this one's. */
static bool is_self(const struct extended_party *self, const struct device *d)
{
	if (self->has_mac)
		return mac_equal(&self->mac, &d->mac);
	for (uint32_t i = 0; i < self->addr_count; i++)
		for (size_t k = 0; k < d->addr_count; k++)
			if (addr_equal(&self->addrs[i], &d->addrs[k].addr))
				return true;
	return false;
}

struct extended_read {
	struct extended_profile profile;
	struct extended_binding binding;
	struct extended_bound bound;
	struct extended_notes notes;
	struct extended_rules rules;
};

static int bind_extended(struct extended_read *x, const struct device *d,
	const struct adopted *a, struct pool *own, char why[LIMIT_TEXT])
{
	int error = extended_parse(a->text, a->text_len, own, &x->profile, &x->notes);

	if (error)
		return say_notes(&x->notes, "", error, why);
	error = extended_parse_binding(
		a->binding, a->binding_len, own, &x->binding, &x->notes);
	if (!error)
		error = extended_bind(&x->profile, &x->binding, own, &x->bound, &x->notes);
	if (error)
		return say_notes(&x->notes, "binding, ", error, why);
	if (d && !is_self(x->bound.parties[EXTENDED_SELF], d)) {
		str_copy(why, LIMIT_TEXT,
			"binding: self has neither this device's MAC nor an address that it "
			"has now");
		return CARDEA_EMALFORMED;
	}
	error = extended_reduce(&x->bound, own, &x->rules);
	if (error)
		(void)str_print(why, LIMIT_TEXT, "as rules: %s", error_text(error));
	return error;
}

static int take_watches(const struct extended_rules *from, struct pool *pool,
	struct adopt_rules *ret)
{
	struct adopt_watch *own;

	_Static_assert(EXTENDED_WATCHES <= ADOPT_WATCHES_MAX, "all of them");
	own = pool_take(pool, (from->watch_count + 1) * sizeof(*own));
	if (!own)
		return -ENOMEM;
	for (uint32_t i = 0; i < from->watch_count; i++)
		own[i] = (struct adopt_watch){
			from->watches[i].whose, from->watches[i].rule};
	ret->watches = own;
	ret->watch_count = from->watch_count;
	return 0;
}

static int read_extended(const struct device *d, const struct adopted *a,
	struct pool *pool, struct adopt_rules *ret, char why[LIMIT_TEXT])
{
	struct pool *own = pool_new("adopted template", EXTENDED_POOL_BYTES);
	struct extended_read *x = own ? pool_take(own, sizeof(*x)) : NULL;
	int error = x ? bind_extended(x, d, a, own, why) : -ENOMEM;

	if (!x)
		str_copy(why, LIMIT_TEXT, error_text(error));
	if (!error)
		error = take_rules(x->rules.rules, x->rules.count, a->layer, pool, ret);
	if (!error)
		error = take_watches(&x->rules, pool, ret);
	pool_free(own);
	return error;
}

int adopt_read(const struct device *d, const struct adopted *a,
	struct pool *pool, struct adopt_rules *ret, char why[LIMIT_TEXT])
{
	int error;

	why[0] = 0;
	if (!adopted_is_sound(a)) {
		(void)str_print(why, LIMIT_TEXT,
			"a profile has text, at most %d KiB, and an extended one a binding "
			"beside it",
			LIMIT_ADOPTED_BYTES / 1024);
		return CARDEA_EMALFORMED;
	}
	error = a->form == ADOPT_MUD ? read_mud(a, pool, ret, why)
				     : read_extended(d, a, pool, ret, why);
	if (error && !why[0])
		str_copy(why, LIMIT_TEXT, error_text(error));
	return error;
}
