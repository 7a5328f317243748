// SPDX-License-Identifier: GPL-2.0-or-later
/* What all that is said of one device comes to in this house, and doing it. */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"
#include "profiles/trust/trust.h"

/* ---- facts ---- */

static const struct profile *file_of(struct pipeline *p, const struct device *d)
{
	const struct household_device *hd = household_device(&p->household, d->id);

	return hd && hd->source ? &hd->source->profile : NULL;
}

bool advisories_selects(struct pipeline *p, const struct advisory_kept *k,
	const struct device *d)
{
	const struct advisory *a = &k->a;
	const struct profile *file;

	if (a->has_oui && memcmp(a->oui, d->mac.b, sizeof(a->oui)) == 0)
		return true;
	if (a->mud_url[0]) {
		file = file_of(p, d);
		return trust_same_url(a->mud_url, d->mud_url) ||
		       (file && trust_same_url(a->mud_url, file->url));
	}
	/* the owner's alone may name traffic and no type (advisory_check) */
	return !a->has_oui && !a->cpe[0] && !a->matter[0];
}

static bool is_vendor_of(struct pipeline *p, const struct advisory *a,
	const struct device *d)
{
	const struct advisory_issuer *i = advisories_issuer(p, a->issuer);
	const struct profile *file = file_of(p, d);

	return i && file && a->class == ADVISORY_VENDOR && i->signer[0] &&
	       i->signer_key[0] && file->signature == SIGNATURE_VALID &&
	       strcmp(i->signer, file->signer) == 0 &&
	       strcmp(i->signer_key, file->signer_key) == 0;
}

/* Its maker says, later than this accusation, that this firmware mends it: that counts
 * against others' word, too. */
static bool is_mended(struct pipeline *p, const struct advisory_kept *k,
	const struct device *d, const char *runs)
{
	const struct advisories *a = &p->advisories;

	if (advisory_version_reaches(runs, k->a.fixed_in))
		return true;
	for (size_t i = 0; i < a->count; i++) {
		const struct advisory_kept *v = a->list[i];

		if ((v->state == ADVISORY_ACTIVE || v->state == ADVISORY_REVOKED) &&
			v->a.issued >= k->a.issued && v->a.fixed_in[0] &&
			is_vendor_of(p, &v->a, d) && advisories_selects(p, v, d) &&
			advisory_version_reaches(runs, v->a.fixed_in))
			return true;
	}
	return false;
}

static struct advisory_home home_of(struct pipeline *p, const struct advisory_kept *k,
	const struct device *d)
{
	const struct advisories_device *ad = advisories_known(&p->advisories, d->id);
	nstime healed = ad ? ad->held.healed : 0;
	struct advisory_seen scratch;
	const struct advisory_seen *e = advisories_evidence(p, k, d, &scratch);
	struct advisory_home h = {.now = pipeline_wall(p),
		.is_its_vendor = is_vendor_of(p, &k->a, d),
		.critical = device_class_is_critical(pipeline_class_of(p, d)),
		.devices_hit = 1,
		.devices = (uint32_t)inventory_count(p->inventory)};

	/* what it did before it came back is answered */
	h.flows_match = e && e->last > healed;
	h.match_is_shared = e && e->shared;
	h.match_is_listed = e && e->listed;
	if (ad && ad->firmware.label[0])
		h.is_fixed = is_mended(p, k, d, ad->firmware.label) &&
			     !(e && e->last > ad->firmware.since);
	/* it showed what it runs since its maker asked for the update */
	if (h.is_its_vendor && healed > k->taken && !h.flows_match)
		h.is_fixed = true;
	return h;
}

/* Since when the advisory would do something to the device; 0: it does not. */
static nstime hit_since(struct pipeline *p, const struct advisory_kept *k,
	const struct device *d, const struct advisory_home *h)
{
	struct advisory_seen scratch;
	const struct advisory_seen *e;
	const char *why;

	if (advisory_alone(&k->a, h, &why) <= ADVISORY_NOTIFY)
		return 0;
	e = advisories_evidence(p, k, d, &scratch);
	return e && !e->shared && !e->listed ? e->first : k->taken;
}

/* Devices that it hit up to now. Those that come later do not set the first ones free. */
static uint32_t count_hits(struct pipeline *p, const struct advisory_kept *k,
	const struct device *d, const struct advisory_home *h)
{
	nstime mine = hit_since(p, k, d, h), other;
	uint32_t n = 1;
	struct device *o;

	for (size_t i = 0; mine && (o = inventory_at(p->inventory, i)); i++) {
		struct advisory_home home;

		if (o == d || !advisories_selects(p, k, o))
			continue;
		home = home_of(p, k, o);
		other = hit_since(p, k, o, &home);
		n += other && other <= mine;
	}
	return n;
}

/* ---- judging ---- */

static void take(struct pipeline *p, const struct advisory_kept *k,
	const struct advisory_home *h, const struct device *d, size_t *count)
{
	struct advisories *a = &p->advisories;

	if (*count == ADVISORY_ISSUERS_MAX)
		return;
	a->work[*count] = k->a;
	a->homes[*count] = *h;
	a->homes[*count].devices_hit = count_hits(p, k, d, h);
	a->from[(*count)++] = k;
}

static bool is_about(struct pipeline *p, const struct advisory_kept *k,
	const struct device *d, struct advisory_home *ret)
{
	if (k->state != ADVISORY_ACTIVE || !advisories_selects(p, k, d))
		return false;
	*ret = home_of(p, k, d);
	/* one that names traffic alone is about those who have it */
	return k->a.mud_url[0] || k->a.has_oui || ret->flows_match;
}

/* The weightiest first: a feed with hundreds of empty words must not crowd out others. */
static size_t gather(struct pipeline *p, const struct device *d)
{
	struct advisories *a = &p->advisories;
	struct advisory_home h;
	const char *why;
	size_t count = 0;

	for (int e = ADVISORY_BLOCK; e >= ADVISORY_NOTHING; e--)
		for (size_t i = 0; i < a->count; i++)
			if (is_about(p, a->list[i], d, &h) &&
				(int)advisory_alone(&a->list[i]->a, &h, &why) == e)
				take(p, a->list[i], &h, d, &count);
	return count;
}

void advisories_judge_device(
	struct pipeline *p, const struct device *d, struct advisory_verdict *ret)
{
	struct advisories *a = &p->advisories;
	size_t count = gather(p, d);

	advisory_judge(a->work, count, a->homes, ret);
}

static struct decision question_of(struct pipeline *p, const struct device *d,
	const struct advisory_verdict *v)
{
	const struct advisory *a = &p->advisories.work[0];
	struct decision q = {.kind = DECISION_ADVISORY, .device = d->id};

	(void)str_print(q.subject, sizeof(q.subject), "%s/%s", a->issuer, a->id);
	str_copy(q.detail, sizeof(q.detail), advisory_effect_name(v->asked));
	(void)str_print(q.text, sizeof(q.text),
		"%.40s (%s) reports %.40s: should it be held (%s)? %.90s.", a->issuer,
		advisory_class_name(a->class), d->name, q.detail, v->why);
	return q;
}

/* With the owner's answer, where he is asked. */
static void judge_and_ask(
	struct pipeline *p, const struct device *d, struct advisory_verdict *ret)
{
	struct advisories *a = &p->advisories;
	size_t count = gather(p, d);
	struct decision q;

	advisory_judge(a->work, count, a->homes, ret);
	if (!ret->ask)
		return;
	q = question_of(p, d, ret);
	if (pipeline_ask(p, &q) != DECISION_ACCEPTED)
		return;
	for (size_t i = 0; i < count; i++)
		a->homes[i].owner_agrees = true;
	advisory_judge(a->work, count, a->homes, ret);
}

/* ---- doing ---- */

static bool is_held(enum life_state s)
{
	return s == LIFE_QUARANTINED || s == LIFE_LIMITED || s == LIFE_UPDATING ||
	       s == LIFE_ATTESTING || s == LIFE_UNFIXABLE;
}

/* Into quarantine with the evidence of others and our own, and out of it when both are
 * gone. */
static void follow_life(struct pipeline *p, struct device *d, struct advisories_device *ad)
{
	struct life_said said = {.text = ad->held.why};
	bool blocked = ad->held.effect == ADVISORY_BLOCK;
	struct suspicion *s = pipeline_suspicion_of(p, d);
	enum suspicion_class class = suspicion_class_of(pipeline_class_of(p, d));
	enum life_state at = pipeline_life_of(p, d)->state;
	/* what is needed is blocked by its owner's word alone, which is here then */
	bool needed = device_class_is_critical(pipeline_class_of(p, d));
	bool held = is_held(at) && !(needed && at == LIFE_LIMITED && blocked);

	if (blocked && !held && !ad->held.accused) {
		ad->held.accused = pipeline_life(
			p, d, needed ? LIFE_OWNER_ISOLATES : LIFE_ACCUSED, &said, NULL);
	} else if (!blocked && ad->held.accused) {
		/* it did worse meanwhile */
		if (held && s && suspicion_level(s, class, pipeline_wall(p)) ==
					 SUSPICION_CONVICTED)
			return;
		said.accused_alone = true;
		if (!pipeline_life(p, d, LIFE_ABSOLVED, &said, NULL) &&
			(held || at == LIFE_AWAY)) {
			/* not stored, so not released: again; or once it is back (moved) */
			ad->due = held;
			return;
		}
		ad->held.accused = false;
	} else {
		return;
	}
	if (store_advisory_held_save(p->store, &ad->held))
		log_error("advisories", "that %s was accused is not stored", d->name);
}

static void tell(struct pipeline *p, const struct device *d,
	const struct advisory_held *was, const struct advisory_verdict *v)
{
	bool acts = v->effect > ADVISORY_NOTIFY, acted = was->effect > ADVISORY_NOTIFY;

	if (v->effect == ADVISORY_OBSERVE ||
		(v->effect == ADVISORY_NOTHING && was->effect <= ADVISORY_OBSERVE))
		return;
	if (acted && !acts)
		journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_ADVISORY,
			"%s is no longer held because of what others say: %s.", d->name,
			v->why);
	else if (v->effect != ADVISORY_NOTHING)
		journal_note(&p->journal, pipeline_wall(p), d->id, EVENT_ADVISORY,
			"Others report %s; what is done about it: %s, because %s.",
			d->name, acts ? advisory_effect_name(v->effect) : "you are told",
			v->why);
}

/* Written first, then done. An effect that cannot be written down does not happen, and
 * neither does its end: the owner could not read why. */
static int write_down(struct pipeline *p, const struct device *d,
	const struct advisories_device *ad, const struct advisory_held *now)
{
	const struct advisory *a = &p->advisories.work[0];
	bool less = now->effect < ad->held.effect;
	char text[LIMIT_TEXT];
	const struct advisories_said s = {
		.act = less ? ADVISORY_ACT_RELEASE : ADVISORY_ACT_EFFECT,
		.issuer = now->effect ? a->issuer : "", .advisory = now->effect ? a->id : "",
		.device = d->name, .text = text};
	int error;

	(void)str_print(text, sizeof(text), "%s: %.200s.",
		advisory_effect_name(now->effect), now->why);
	error = advisories_log(p, &s);
	if (!error)
		error = store_advisory_held_save(p->store, now);
	if (!error)
		error = store_commit(p->store);
	if (error)
		advisories_log_again(p);
	return error;
}

static void follow(struct pipeline *p, struct device *d, struct advisories_device *ad,
	const struct advisory_verdict *v)
{
	struct advisory_held was = ad->held, now = ad->held;
	int error = 0;

	now.effect = v->effect;
	str_copy(now.why, sizeof(now.why), v->why);
	if (now.effect != was.effect) {
		now.since = pipeline_wall(p);
		pipeline_save_device(p, d); /* what is stored refers to it */
		error = write_down(p, d, ad, &now);
	}
	if (error) {
		if (!p->advisories.store_fails)
			log_error("advisories", "what others say of %s is not followed: it "
						"cannot be stored (%s)",
				d->name, error_text(error));
		p->advisories.store_fails = true;
		return; /* due stays: it is tried again */
	}
	p->advisories.store_fails = false;
	ad->now = *v;
	ad->held = now;
	ad->due = false;
	follow_life(p, d, ad);
	if (now.effect == was.effect)
		return;
	pipeline_life_hold(p, d);
	tell(p, d, &was, v);
}

void advisories_judge_now(struct pipeline *p, struct device *d)
{
	struct advisories_device *ad = advisories_device(&p->advisories, d->id);
	struct advisory_verdict v;

	if (!ad)
		return;
	judge_and_ask(p, d, &v);
	follow(p, d, ad, &v);
}

void advisories_judge_soon(struct pipeline *p, const struct device *d)
{
	struct advisories_device *ad = advisories_device(&p->advisories, d->id);

	if (ad)
		ad->due = true;
}

/* ---- what others ask ---- */

enum device_hold advisories_hold(const struct pipeline *p, const struct device *d)
{
	const struct advisories_device *ad = advisories_known(&p->advisories, d->id);

	switch (ad ? ad->held.effect : ADVISORY_NOTHING) {
	case ADVISORY_LIMIT:
		return HOLD_LIMITED;
	case ADVISORY_UPDATE_ONLY:
		return HOLD_QUARANTINED;
	case ADVISORY_NOTHING:
	case ADVISORY_OBSERVE:
	case ADVISORY_NOTIFY:
	case ADVISORY_BLOCK: /* by its life cycle */
	case ADVISORY_EFFECT_MAX:
		break;
	}
	return HOLD_NONE;
}

const char *advisories_why(const struct pipeline *p, const struct device *d)
{
	const struct advisories_device *ad = advisories_known(&p->advisories, d->id);

	return ad ? ad->held.why : "";
}

const struct advisory_verdict *advisories_verdict(
	const struct pipeline *p, const struct device *d)
{
	static const struct advisory_verdict none;
	const struct advisories_device *ad = advisories_known(&p->advisories, d->id);

	return ad ? &ad->now : &none;
}

int advisories_firmware(struct pipeline *p, const struct device *d, const char *label)
{
	struct advisories_device *ad = advisories_device(&p->advisories, d->id);
	struct store_firmware f = {.device = d->id, .since = pipeline_wall(p)};
	int error;

	if (!ad)
		return -ENOMEM;
	if (!label[0] || !str_copy(f.label, sizeof(f.label), label) ||
		!str_is_clean_utf8(label, strlen(label)))
		return CARDEA_EMALFORMED;
	if (strcmp(ad->firmware.label, f.label) == 0)
		return 0;
	pipeline_save_device(p, d);
	error = store_firmware_save(p->store, &f);
	if (!error)
		error = store_commit(p->store);
	if (error)
		return error;
	ad->firmware = f;
	ad->due = true;
	return 0;
}
