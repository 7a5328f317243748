// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/replace.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/held.h"
#include "engine/pipeline.h"
#include "engine/vault.h"
#include "profiles/trust/trust.h"

/* One replacement on its way. */
struct swap {
	struct pipeline *p;
	struct device *old, *new;
	bool dry;
	struct replace_report *r;
};

static void say(struct swap *s, bool carried, const char *fmt, ...) CARDEA_PRINTF(3, 4);

static void say(struct swap *s, bool carried, const char *fmt, ...)
{
	struct replace_said *to = &s->r->said[s->r->count];
	va_list ap;

	if (s->r->count == REPLACE_SAID_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(to->text, sizeof(to->text), fmt, ap);
	va_end(ap);
	to->carried = carried;
	s->r->count++;
}

/* Done, or why not. */
static void outcome(struct swap *s, int error, const char *what)
{
	if (!error || error == -EEXIST)
		say(s, true, "%s", what);
	else
		say(s, false, "%.180s: %s", what, error_text(error));
}

/* ---- does it have the old one's part? ---- */

static bool recognise(struct swap *s)
{
	enum device_class a = pipeline_class_of(s->p, s->old);
	enum device_class b = pipeline_class_of(s->p, s->new);
	char *text = s->r->recognised;

	if (s->old->mud_url[0] && s->new->mud_url[0]) {
		bool same = trust_same_url(s->old->mud_url, s->new->mud_url);

		(void)str_print(text, LIMIT_TEXT,
			same ? "both say the same MUD URL"
			     : "they say different MUD URLs: they are not of one type");
		return same;
	}
	if (a != DEVICE_CLASS_UNKNOWN && a == b) {
		(void)str_print(text, LIMIT_TEXT, "both are for the same: %s",
			device_class_name(a));
		return true;
	}
	str_copy(text, LIMIT_TEXT,
		"nothing shows that it has the same part: neither a MUD URL nor a class "
		"that both have");
	return false;
}

static const char *not_fit(const struct swap *s)
{
	enum life_state at = pipeline_life_of(s->p, s->new)->state;

	if (s->old == s->new)
		return "a device cannot take its own place";
	if (at == LIFE_RETIRED)
		return "the new one is retired: readmit it first";
	if (s->new->hold || life_is_isolated(at))
		return "the new one is held: what it is suspected of comes first";
	return NULL;
}

/* ---- what the owner said ---- */

#define NAMES_MAX 100

/* What the old one is called from now on. */
static const char *old_name(const char *name, unsigned i, char ret[LIMIT_LABEL])
{
	(void)str_print(ret, LIMIT_LABEL, i > 1 ? "%.48s (old %u)" : "%.48s (old)", name, i);
	return ret;
}

static int step_aside(struct swap *s, const char *name)
{
	char other[LIMIT_LABEL];
	int error = -EEXIST;

	for (unsigned i = 1; error == -EEXIST && i < NAMES_MAX; i++)
		error = inventory_rename(
			s->p->inventory, s->old, old_name(name, i, other));
	return error;
}

/* It was said before, and ended in the middle. */
static bool has_stepped_aside(const struct swap *s)
{
	char other[LIMIT_LABEL];

	for (unsigned i = 1; s->new->named_by_owner && i < NAMES_MAX; i++)
		if (strcmp(s->old->name, old_name(s->new->name, i, other)) == 0)
			return true;
	return false;
}

static void carry_name(struct swap *s)
{
	char name[LIMIT_LABEL];
	int error = 0;

	str_copy(name, sizeof(name), s->old->name);
	if (!s->old->named_by_owner) {
		say(s, false, "name: you gave the old one none");
		return;
	}
	if (has_stepped_aside(s)) {
		say(s, true, "name: %s", s->new->name);
		return;
	}
	if (!s->dry)
		error = step_aside(s, name);
	if (!s->dry && !error)
		error = inventory_rename(s->p->inventory, s->new, name);
	if (!s->dry) { /* both at once: what is carried over next is stored as it goes */
		pipeline_save_device(s->p, s->old);
		pipeline_save_device(s->p, s->new);
	}
	if (!error)
		say(s, true, "name: %s", name);
	else
		say(s, false, "name: %s", error_text(error));
}

static void carry_class(struct swap *s)
{
	if (s->old->class == DEVICE_CLASS_UNKNOWN)
		return;
	if (!s->dry)
		s->new->class = s->old->class;
	say(s, true, "class: %s", device_class_name(s->old->class));
}

/* The owner vouched for the old one; by his word the new one has its place. Another file is
 * another matter. */
static void carry_confirmed(struct swap *s)
{
	if (!s->old->confirmed)
		return;
	if (!trust_same_url(s->old->mud_url, s->new->mud_url)) {
		say(s, false, "your word for what its MUD URL says: it says another");
		return;
	}
	if (!s->dry)
		pipeline_confirm(s->p, s->new, true);
	say(s, true, "your word for what its MUD URL says");
}

static void carry_overlays(struct swap *s)
{
	const struct household_device *hd =
		household_device(&s->p->household, s->old->id);
	size_t count = hd ? hd->overlay_count : 0;
	char text[PIPELINE_OVERLAY_TEXT], what[LIMIT_TEXT];

	for (size_t i = 0; i < count; i++) {
		struct overlay o = hd->overlays[i];

		(void)str_print(what, sizeof(what), "what you said: %.200s",
			pipeline_overlay_text(&o, text));
		outcome(s, s->dry ? 0 : pipeline_overlay_add(s->p, s->new, &o), what);
	}
}

/* "for all", or the class's holder; the target by its MAC or address. */
static void carry_controller(struct swap *s, const struct store_controller *c)
{
	device_id holder = c->device == s->old->id ? s->new->id : c->device;
	const struct device *d = c->target == s->old->id
					 ? s->new
					 : inventory_by_id(s->p->inventory, c->target);
	char target[ADDR_TEXT_MAX], what[LIMIT_TEXT];

	if (c->target && !d)
		return;
	if (d)
		mac_format(&d->mac, target);
	else
		addr_format(&c->addr, target);
	(void)str_print(what, sizeof(what), "controller: %.120s of %.60s", c->class,
		c->device == s->old->id ? "it" : d ? d->name : target);
	outcome(s, s->dry ? 0 : classes_map_also(s->p, holder, c->class, target), what);
}

static void carry_controllers(struct swap *s)
{
	size_t count = s->p->classes.said_count;
	struct store_controller *copy = calloc(count ? count : 1, sizeof(*copy));

	if (!copy) {
		say(s, false, "controllers: there is no memory for it");
		return;
	}
	memcpy(copy, s->p->classes.said, count * sizeof(*copy));
	for (size_t i = 0; i < count; i++)
		if (copy[i].device == s->old->id || copy[i].target == s->old->id)
			carry_controller(s, &copy[i]);
	free(copy);
}

static void carry_adopted(struct swap *s)
{
	const struct adopted *a = pipeline_adopted(s->p, s->old);
	char why[LIMIT_TEXT] = "";
	struct adopted copy;
	char *text, *binding;
	int error = 0;

	if (!a)
		return;
	copy = *a;
	text = malloc(a->text_len + 1);
	binding = malloc(a->binding_len + 1);
	if (text && binding && !s->dry) {
		memcpy(text, a->text, a->text_len);
		if (a->binding_len)
			memcpy(binding, a->binding, a->binding_len);
		copy.text = text;
		copy.binding = binding;
		error = pipeline_adopt(s->p, s->new, &copy, why);
	} else if (!text || !binding) {
		error = -ENOMEM;
	}
	if (!error)
		say(s, true, "the profile that you put in force (%s, %s)",
			adopt_form_name(copy.form), layer_name(copy.layer));
	else
		say(s, false, "the profile that you put in force: %.150s",
			why[0] ? why : error_text(error));
	free(text);
	free(binding);
}

static void carry_updates(struct swap *s)
{
	const struct household_device *hd =
		household_device(&s->p->household, s->old->id);
	char words[UPDATE_HOST_WORDS_MAX], what[LIMIT_TEXT];

	for (size_t i = 0; hd && i < hd->update_count; i++) {
		struct update_host h = hd->updates[i];

		if (h.source != UPDATE_OWNER)
			continue;
		h.device = s->new->id;
		(void)str_print(what, sizeof(what), "update host: %.200s",
			update_host_words(&h, words));
		outcome(s, s->dry ? 0 : pipeline_update_host_add(s->p, s->new, &h), what);
	}
}

static int count_version(void *ctx, const struct store_vault *v)
{
	(void)v;
	++*(unsigned *)ctx;
	return 0;
}

static void carry_vault(struct swap *s)
{
	unsigned count = 0, there = 0, copied;
	bool begun = false;
	int error = vault_list(s->p, s->old, count_version, &count);

	if (!error)
		error = vault_list(s->p, s->new, count_version, &there);
	if (!error && !count)
		return;
	if (!error && there)
		error = vault_is_copy(s->p, s->old, s->new, &begun);
	if (!error && there && !begun) {
		say(s, false, "its vault: the new one has %u version%s of its own", there,
			there == 1 ? "" : "s");
		return;
	}
	if (!error && !s->dry)
		error = vault_copy(s->p, s->old, s->new, &copied);
	if (!error)
		say(s, true, "its vault: %u version%s", count, count == 1 ? "" : "s");
	else
		say(s, false, "its vault: %s", error_text(error));
}

/* What is the thing's own, and stays with it. */
static void leave(struct swap *s)
{
	say(s, false, "its keys, and what it has shown of its firmware: they are that one's");
	say(s, false, "what was learned, counted and suspected of it: the new one begins anew");
}

/* ---- all of it ---- */

static void retire_old(struct swap *s)
{
	char why[LIMIT_TEXT] = "";

	if (pipeline_life_of(s->p, s->old)->state == LIFE_RETIRED)
		return;
	if (s->dry || replace_retire(s->p, s->old, false, why))
		say(s, true, "the old one is retired");
	else
		say(s, false, "the old one is not retired: %.180s", why);
}

int replace_device(struct pipeline *p, struct device *old, struct device *new, bool dry,
	bool anyway, struct replace_report *ret)
{
	struct swap s = {.p = p, .old = old, .new = new, .dry = dry, .r = ret};
	const char *no;

	memset(ret, 0, sizeof(*ret));
	no = not_fit(&s);
	if (no) {
		str_copy(ret->recognised, sizeof(ret->recognised), no);
		return CARDEA_EREFUSED;
	}
	if (!recognise(&s) && !anyway)
		return CARDEA_EREFUSED;
	carry_name(&s);
	carry_class(&s);
	carry_confirmed(&s);
	carry_overlays(&s);
	carry_controllers(&s);
	carry_adopted(&s);
	carry_updates(&s);
	carry_vault(&s);
	leave(&s);
	retire_old(&s);
	if (dry)
		return 0;
	pipeline_save_device(p, old);
	pipeline_save_device(p, new);
	if (store_commit(p->store))
		log_error("replace", "that %s took a place was not stored", new->name);
	journal_note(&p->journal, pipeline_wall(p), new->id, EVENT_DECIDED,
		"%s takes the place of %s: %.150s.", new->name, old->name, ret->recognised);
	return 0;
}

bool replace_retire(
	struct pipeline *p, struct device *d, bool by_device, char why[LIMIT_TEXT])
{
	const struct life_said said = {.by_device = by_device, .text = "retired by hand"};
	struct life_step step;

	if (!pipeline_life(p, d, LIFE_OWNER_RETIRES, &said, &step)) {
		str_copy(why, LIMIT_TEXT, step.refused ? step.refused : "it is retired");
		return false;
	}
	return true;
}

bool replace_readmit(
	struct pipeline *p, struct device *d, bool by_device, char why[LIMIT_TEXT])
{
	const struct life_said said = {.by_device = by_device, .text = "readmitted by hand"};
	struct life_step step;

	if (!pipeline_life(p, d, LIFE_OWNER_READMITS, &said, &step)) {
		str_copy(why, LIMIT_TEXT, step.refused ? step.refused : "it is not retired");
		return false;
	}
	return true;
}

/* However it came to that: what a refused thing tries is not what it is for. */
static void moved(void *ctx, struct device *d, const struct life_step *s, const char *text)
{
	struct pipeline *p = ctx;
	bool learn = s->event == LIFE_OWNER_READMITS;

	(void)text;
	if (!s->moved || !p->learner.learned ||
		(s->event != LIFE_OWNER_RETIRES && s->event != LIFE_OWNER_READMITS))
		return;
	if (learner_set(&p->learner, d, learn))
		log_error("replace", "%s is %s", d->name,
			learn ? "not learned again" : "learned though it is retired");
}

int replace_open(struct pipeline *p)
{
	const struct life_hook hook = {.moved = moved, .ctx = p};

	return lives_hook(&p->lives, &hook);
}
