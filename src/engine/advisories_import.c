// SPDX-License-Identifier: GPL-2.0-or-later
/* One file of advisories: read, checked against who may speak, kept, followed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"

const char *advisories_outcome_name(enum advisories_outcome o)
{
	static const char *const names[] = {"taken", "renewed", "revoked", "known", "refused"};

	return (unsigned)o < sizeof(names) / sizeof(names[0]) ? names[o] : "?";
}

struct advisory_kept *advisories_find(const struct pipeline *p, uint32_t key)
{
	const struct advisories *a = &p->advisories;

	for (size_t i = 0; i < a->count; i++)
		if (a->list[i]->key == key)
			return a->list[i];
	return NULL;
}

static struct advisory_kept *find_name(
	const struct advisories *a, const char *issuer, const char *id)
{
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->list[i]->a.issuer, issuer) == 0 &&
			strcmp(a->list[i]->a.id, id) == 0)
			return a->list[i];
	return NULL;
}

/* ---- may it be said ---- */

static int refuse(struct advisories_result *r, const char *why)
{
	r->outcome = ADVISORIES_REFUSED;
	str_copy(r->why, sizeof(r->why), why);
	return CARDEA_EREFUSED;
}

/* What the registry knows of whoever says it. */
static int take_issuer(struct pipeline *p, struct advisories_result *r, bool is_signed)
{
	const struct advisory_issuer *i = advisories_issuer(p, r->a.issuer);
	char why[LIMIT_TEXT];

	if (strcmp(r->a.issuer, ADVISORIES_OWNER) == 0) {
		r->a.class = ADVISORY_OWNER;
		r->a.homes = 1;
		return 0;
	}
	if (!i) {
		(void)str_print(why, sizeof(why),
			"you let no issuer %.60s speak: `cardea advisory issuer add`",
			r->a.issuer);
		return refuse(r, why);
	}
	r->a.class = i->class;
	r->a.overturned = i->overturned;
	str_copy(r->a.group, sizeof(r->a.group), i->group);
	r->a.is_signed = r->a.signature_good = is_signed;
	if (i->class != ADVISORY_COMMUNITY)
		r->a.homes = 1;
	return 0;
}

static unsigned count_of(const struct advisories *a, const char *issuer)
{
	unsigned n = 0;

	for (size_t i = 0; i < a->count; i++)
		n += strcmp(a->list[i]->a.issuer, issuer) == 0;
	return n;
}

/* Against what the same issuer said before. */
static int check_before(struct pipeline *p, struct advisories_result *r,
	const struct advisory_kept *before)
{
	const struct advisories *a = &p->advisories;

	if (!before) {
		if (r->a.revoked)
			return refuse(r, "it takes back what was never said here");
		if (a->count >= ADVISORIES_MAX)
			return refuse(r, "there is no room for more advisories");
		if (count_of(a, r->a.issuer) >= ADVISORIES_PER_ISSUER)
			return refuse(r, "its issuer has as many here as one may have");
		r->outcome = ADVISORIES_TAKEN;
		return 0;
	}
	r->key = before->key;
	if (before->state == ADVISORY_OVERTURNED)
		return refuse(r, "you overturned this one: its issuer has to say it under "
				 "another id");
	if (r->a.issued < before->a.issued)
		return refuse(r, "it is older than what its issuer said last");
	if (r->a.issued == before->a.issued) {
		r->outcome = ADVISORIES_KNOWN;
		str_copy(r->why, sizeof(r->why), "it is here already");
		return -EEXIST;
	}
	r->outcome = r->a.revoked ? ADVISORIES_REVOKED_BY : ADVISORIES_RENEWED;
	return 0;
}

static int check(struct pipeline *p, struct advisories_result *r, bool is_signed)
{
	char why[LIMIT_TEXT];
	int error = take_issuer(p, r, is_signed);

	if (error)
		return error;
	if (!p->clock_trusted)
		return refuse(r, "this gateway does not know the time yet, and cannot tell "
				 "whether it has expired");
	if (advisory_check(&r->a, pipeline_wall(p), why))
		return refuse(r, why);
	if (r->a.domain[0] && advisories_is_too_broad(p, r->a.domain))
		return refuse(r, "its domain belongs to many: one that a single owner has "
				 "is needed");
	return check_before(p, r, find_name(&p->advisories, r->a.issuer, r->a.id));
}

/* ---- kept ---- */

static int append(struct advisories *a, struct advisory_kept *k)
{
	size_t cap = a->cap ? a->cap * 2 : 16;
	struct advisory_kept **list;

	if (a->count == a->cap) {
		list = realloc(a->list, cap * sizeof(*list));
		if (!list)
			return -ENOMEM;
		a->list = list;
		a->cap = cap;
	}
	a->list[a->count++] = k;
	return 0;
}

static int log_taken(struct pipeline *p, const struct advisories_result *r)
{
	char text[LIMIT_TEXT];
	const struct advisories_said s = {
		.act = r->a.revoked ? ADVISORY_ACT_REVOKED : ADVISORY_ACT_TAKEN,
		.issuer = r->a.issuer, .advisory = r->a.id, .text = text};

	if (r->a.revoked)
		(void)str_print(text, sizeof(text), "%s takes it back.", r->a.issuer);
	else
		(void)str_print(text, sizeof(text), "%s (%s) asks for %s%s%s: %.100s",
			r->a.issuer, advisory_class_name(r->a.class),
			advisory_effect_name(r->a.effect),
			r->a.fixed_in[0] ? ", fixed in " : "", r->a.fixed_in,
			r->a.text[0] ? r->a.text : "no reason given");
	return advisories_log(p, &s);
}

static void changed(struct pipeline *p, const struct advisory_kept *k)
{
	struct device *d;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++)
		if (advisories_selects(p, k, d))
			advisories_judge_soon(p, d);
}

static int keep(struct pipeline *p, struct advisories_result *r)
{
	struct advisory_kept *k = advisories_find(p, r->key), before;
	bool fresh = !k;
	int error = 0;

	if (fresh)
		k = calloc(1, sizeof(*k));
	if (!k)
		return -ENOMEM;
	before = *k;
	if (!fresh)
		changed(p, k); /* those that it was about, too */
	k->state = r->a.revoked ? ADVISORY_REVOKED : ADVISORY_ACTIVE;
	k->taken = pipeline_wall(p);
	k->a = r->a;
	if (fresh)
		error = append(&p->advisories, k);
	if (!error)
		error = log_taken(p, r);
	if (!error)
		error = store_advisory_save(p->store, k);
	if (!error)
		error = store_commit(p->store);
	if (error) {
		advisories_log_again(p);
		if (fresh && p->advisories.count &&
			p->advisories.list[p->advisories.count - 1] == k)
			p->advisories.count--;
		*k = before;
		if (fresh)
			free(k);
		return error;
	}
	r->key = k->key;
	advisories_look_back(p, k);
	changed(p, k);
	journal_note(&p->journal, k->taken, 0, EVENT_ADVISORY, "%s (%s) %s advisory %s%s%.100s",
		k->a.issuer, advisory_class_name(k->a.class),
		r->outcome == ADVISORIES_REVOKED_BY ? "takes back its"
		: r->outcome == ADVISORIES_RENEWED ? "says anew its" : "says, in its",
		k->a.id, k->a.text[0] ? ": " : ".", k->a.text);
	return 0;
}

/* As if it were kept, for a look. */
static void pretend(struct pipeline *p, struct advisories_result *r)
{
	struct advisory_kept *k = calloc(1, sizeof(*k));
	struct advisory_kept *before = r->key ? advisories_find(p, r->key) : NULL;

	if (!k)
		return;
	if (before) {
		r->was = before->state;
		before->state = ADVISORY_WITHDRAWN;
	}
	k->state = r->a.revoked ? ADVISORY_REVOKED : ADVISORY_ACTIVE;
	k->taken = pipeline_wall(p);
	k->a = r->a;
	if (append(&p->advisories, k))
		free(k);
}

static void pretend_no_more(struct pipeline *p, const struct advisories_result *results,
	size_t count, size_t before)
{
	struct advisories *a = &p->advisories;

	while (a->count > before)
		free(a->list[--a->count]);
	for (size_t i = 0; i < count; i++) {
		struct advisory_kept *k = results[i].outcome == ADVISORIES_RENEWED ||
							  results[i].outcome ==
								  ADVISORIES_REVOKED_BY
						  ? advisories_find(p, results[i].key)
						  : NULL;

		if (k)
			k->state = results[i].was;
	}
}

/* ---- the file ---- */

static int check_signature(struct pipeline *p, const char *text, size_t len,
	struct cursor signature, const struct advisories_result *results, size_t count,
	char why[LIMIT_TEXT])
{
	const char *issuer = results[0].a.issuer;
	const struct advisory_issuer *i = advisories_issuer(p, issuer);

	for (size_t k = 1; k < count; k++)
		if (strcmp(results[k].a.issuer, issuer) != 0) {
			str_copy(why, LIMIT_TEXT,
				"a signature is one issuer's, and the file has several: "
				"split it");
			return CARDEA_EMALFORMED;
		}
	if (!i) {
		(void)str_print(why, LIMIT_TEXT,
			"you let no issuer %.60s speak: `cardea advisory issuer add`",
			issuer);
		return CARDEA_EREFUSED;
	}
	return advisories_verify(i, text, len, signature, why);
}

static int read_file(const char *text, size_t len, struct advisories_result *results,
	size_t *ret_count, struct advisory_fault *fault)
{
	struct advisory *list = calloc(ADVISORY_IN_FILE_MAX, sizeof(*list));
	size_t count = 0;
	int error;

	if (!list)
		return -ENOMEM;
	error = advisory_read(text, len, list, ADVISORY_IN_FILE_MAX, &count, fault);
	for (size_t i = 0; i < count && !error; i++)
		results[i] = (struct advisories_result){.a = list[i]};
	*ret_count = count;
	free(list);
	return error;
}

static void log_refused(struct pipeline *p, const struct advisories_result *r)
{
	const struct advisories_said s = {.act = ADVISORY_ACT_REFUSED,
		.issuer = r->a.issuer, .advisory = r->a.id, .text = r->why};

	if (advisories_log(p, &s) || store_commit(p->store)) {
		advisories_log_again(p);
		log_error("advisories", "a refusal was not written into the log");
	}
}

static void gather_hits(struct pipeline *p, const struct advisories_result *results,
	size_t count, struct advisories_hit *hits, size_t max, size_t *ret)
{
	struct device *d;

	*ret = 0;
	for (size_t i = 0; (d = inventory_at(p->inventory, i)) && *ret < max; i++)
		for (size_t k = 0; k < count; k++) {
			const struct advisory_kept kept = {.a = results[k].a};

			if (results[k].outcome == ADVISORIES_REFUSED ||
				!advisories_selects(p, &kept, d))
				continue;
			hits[*ret].device = d->id;
			advisories_judge_device(p, d, &hits[(*ret)++].verdict);
			break;
		}
}

static void judge_all(struct pipeline *p)
{
	struct device *d;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++) {
		const struct advisories_device *ad =
			advisories_known(&p->advisories, d->id);

		if (ad && ad->due)
			advisories_judge_now(p, d);
	}
}

int advisories_import(struct pipeline *p, const char *text, size_t len,
	struct cursor signature, bool dry, struct advisories_result *results,
	size_t *ret_count, struct advisories_hit *hits, size_t max, size_t *ret_hits,
	struct advisory_fault *fault)
{
	bool is_signed = cursor_left(&signature) != 0;
	size_t count = 0, before = p->advisories.count;
	int error = read_file(text, len, results, &count, fault);

	if (!error && is_signed)
		error = check_signature(
			p, text, len, signature, results, count, fault->text);
	for (size_t i = 0; i < count && !error; i++) {
		int no = check(p, &results[i], is_signed);

		if (!no && dry)
			pretend(p, &results[i]);
		else if (!no)
			error = keep(p, &results[i]);
		else if (!dry && results[i].outcome == ADVISORIES_REFUSED)
			log_refused(p, &results[i]);
	}
	if (!error && !dry)
		judge_all(p);
	if (!error)
		gather_hits(p, results, count, hits, max, ret_hits);
	if (dry)
		pretend_no_more(p, results, count, before);
	if (!error)
		*ret_count = count;
	return error;
}

/* ---- against it ---- */

static const enum advisory_act act_of[ADVISORY_STATE_MAX] = {
	[ADVISORY_OVERTURNED] = ADVISORY_ACT_APPEALED,
	[ADVISORY_WITHDRAWN] = ADVISORY_ACT_WITHDRAWN,
	[ADVISORY_REVOKED] = ADVISORY_ACT_REVOKED,
	[ADVISORY_EXPIRED] = ADVISORY_ACT_EXPIRED,
};

int advisories_close(
	struct pipeline *p, struct advisory_kept *k, enum advisory_state state)
{
	enum advisory_state was = k->state;
	int error;

	k->state = state;
	error = store_advisory_save(p->store, k);
	if (error)
		k->state = was;
	else
		changed(p, k);
	return error;
}

static int end_it(struct pipeline *p, struct advisory_kept *k, enum advisory_state state,
	struct advisory_issuer *blamed, const char *text)
{
	const struct advisories_said s = {.act = act_of[state], .issuer = k->a.issuer,
		.advisory = k->a.id, .text = text};
	int error;

	if (k->state != ADVISORY_ACTIVE)
		return -EALREADY;
	error = advisories_log(p, &s);
	if (!error && blamed) {
		blamed->overturned++;
		error = store_issuer_save(p->store, blamed);
	}
	if (!error)
		error = advisories_close(p, k, state);
	if (!error)
		error = store_commit(p->store);
	if (!error)
		return 0;
	advisories_log_again(p);
	k->state = ADVISORY_ACTIVE;
	if (blamed)
		blamed->overturned--;
	return error;
}

int advisories_appeal(struct pipeline *p, struct advisory_kept *k, const char *because)
{
	struct advisories *a = &p->advisories;
	struct advisory_issuer *i =
		(struct advisory_issuer *)advisories_issuer(p, k->a.issuer);
	int error = end_it(p, k, ADVISORY_OVERTURNED, i, because);

	if (error)
		return error;
	/* what else it says weighs less from now on, wherever it says it */
	for (size_t n = 0; n < a->count && i; n++)
		if (strcmp(a->list[n]->a.issuer, i->name) == 0) {
			a->list[n]->a.overturned = i->overturned;
			changed(p, a->list[n]);
		}
	journal_note(&p->journal, pipeline_wall(p), 0, EVENT_ADVISORY,
		"You overturned %s of %s: %.150s", k->a.id, k->a.issuer, because);
	judge_all(p);
	return 0;
}

int advisories_withdraw(struct pipeline *p, struct advisory_kept *k)
{
	int error = end_it(p, k, ADVISORY_WITHDRAWN, NULL, "You took it out.");

	if (error)
		return error;
	journal_note(&p->journal, pipeline_wall(p), 0, EVENT_ADVISORY,
		"You took out %s of %s.", k->a.id, k->a.issuer);
	judge_all(p);
	return 0;
}
