// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether a file may be used for a device: the facts for profiles/trust, and what comes
 * of its verdict. */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"

/* Each round settles one question that the owner has answered already. */
#define ROUNDS_MAX 5

struct facts {
	struct trust_facts facts;
	struct store_pin pin, current_pin;
	struct trust_pin trust_pin, trust_current_pin;
	char urls[LIMIT_URL_HISTORY][LIMIT_URL];
	const char *history[LIMIT_URL_HISTORY];
	size_t count;
};

static int add_url(void *ctx, const struct store_url *u)
{
	struct facts *f = ctx;

	if (f->count == LIMIT_URL_HISTORY)
		return 0;
	str_copy(f->urls[f->count], LIMIT_URL, u->url);
	f->history[f->count] = f->urls[f->count];
	f->count++;
	return 0;
}

static const struct trust_pin *find_pin(struct pipeline *p, const char *url,
	struct store_pin *from, struct trust_pin *to)
{
	char root[LIMIT_URL];

	trust_root(url, root);
	if (!url[0] || store_pin_find(p->store, root, from))
		return NULL;
	str_copy(to->root, sizeof(to->root), from->root);
	str_copy(to->signer, sizeof(to->signer), from->signer);
	str_copy(to->key, sizeof(to->key), from->key);
	return to;
}

static void gather(struct pipeline *p, const struct device *d, const char *url,
	const struct profile *profile, struct facts *f)
{
	const struct household_device *hd = household_device(&p->household, d->id);
	bool accepted = false, known;

	memset(f, 0, sizeof(*f));
	(void)!store_urls(p->store, d->id, add_url, f);
	known = store_hash_find(p->store, profile->sha256, &accepted) == 0;
	f->facts = (struct trust_facts){
		.profile = profile,
		.said_url = url,
		.current_url = hd && hd->file ? d->mud_url : "",
		.history = f->history,
		.history_count = f->count,
		.mud_signer = d->mud_signer,
		.source = d->url_source,
		.hash_accepted = known && accepted,
		.hash_rejected = known && !accepted,
		.require_signature = p->require_signature,
	};
	if (hd && hd->file)
		f->facts.current_last_update = hd->last_update;
	f->facts.pin = find_pin(p, url, &f->pin, &f->trust_pin);
	f->facts.current_pin =
		find_pin(p, f->facts.current_url, &f->current_pin, &f->trust_current_pin);
}

static struct decision question_of(const struct device *d, const struct trust_facts *f,
	const struct trust_verdict *v)
{
	struct decision q = {.kind = v->question, .device = d->id};

	str_copy(q.subject, sizeof(q.subject), f->said_url);
	(void)str_print(q.text, sizeof(q.text), "%s: %s", d->name, v->text);
	if (v->question == DECISION_SIGNER) {
		str_copy(q.detail, sizeof(q.detail), f->profile->signer);
		str_copy(q.key, sizeof(q.key), f->profile->signer_key);
	}
	/* Going back to an older file of one place is about that file alone. */
	if (v->question == DECISION_UNSIGNED || v->question == DECISION_SIGNER ||
		(v->question == DECISION_ROLLBACK &&
			trust_same_url(f->said_url, f->current_url)))
		memcpy(q.sha256, f->profile->sha256, sizeof(q.sha256));
	return q;
}

/* The owner said yes to this before. */
static void relax(struct trust_facts *f, enum decision_kind settled)
{
	if (settled == DECISION_SIGNER)
		f->pin = f->current_pin = NULL;
	if (settled == DECISION_UNSIGNED)
		f->hash_accepted = true;
	if (settled == DECISION_AUTHORITY || settled == DECISION_ROLLBACK) {
		f->url_accepted = true;
		f->current_last_update = 0;
	}
}

void pipeline_judge(struct pipeline *p, const struct device *d, const char *url,
	const struct profile *profile, struct trust_verdict *ret)
{
	static struct facts f; /* 16 KiB; nothing here calls itself */

	gather(p, d, url, profile, &f);
	for (unsigned i = 0; i < ROUNDS_MAX; i++) {
		trust_judge(&f.facts, ret);
		if (ret->answer != TRUST_ASK)
			return;
		struct decision q = question_of(d, &f.facts, ret);
		enum decision_answer a = pipeline_ask(p, &q);

		if (a == DECISION_REJECTED)
			ret->answer = TRUST_REFUSE;
		if (a != DECISION_ACCEPTED)
			return;
		relax(&f.facts, ret->question);
	}
	ret->answer = TRUST_REFUSE;
}

void pipeline_used(struct pipeline *p, const struct device *d, const char *url,
	const struct profile *profile, const struct trust_verdict *v)
{
	struct store_pin pin = {.since = pipeline_wall(p)};

	pipeline_save_device(p, d); /* the store knows whom it is about */
	if (store_url_seen(p->store, d->id, url, pin.since))
		log_warn("pipeline", "a MUD URL was not stored");
	if (v->answer != TRUST_USE_AND_PIN)
		return;
	trust_root(url, pin.root);
	str_copy(pin.signer, sizeof(pin.signer), profile->signer);
	str_copy(pin.key, sizeof(pin.key), profile->signer_key);
	if (store_pin_save(p->store, &pin))
		log_error("pipeline", "the signer of %s was not stored", pin.root);
}

struct in_history {
	const char *url;
	bool found;
};

static int compare_url(void *ctx, const struct store_url *u)
{
	struct in_history *h = ctx;

	h->found |= trust_same_url(u->url, h->url);
	return 0;
}

/* What a device says of its file while another one is in force. */
static bool url_is_welcome(struct pipeline *p, const struct device *d, const char *url)
{
	struct decision q = {.kind = DECISION_AUTHORITY, .device = d->id};
	struct in_history h = {.url = url};

	(void)!store_urls(p->store, d->id, compare_url, &h);
	if (!h.found && trust_same_root(d->mud_url, url))
		return true;
	str_copy(q.subject, sizeof(q.subject), url);
	if (h.found) {
		q.kind = DECISION_ROLLBACK;
		(void)str_print(q.text, sizeof(q.text),
			"%s went back to the MUD file %s, which it named before the one "
			"in force. An older file may allow what was withdrawn. Accept it?",
			d->name, url);
	} else {
		(void)str_print(q.text, sizeof(q.text),
			"%s now names the MUD file %s, not of the place that its file "
			"came from. Accept it as its maker's?",
			d->name, url);
	}
	return pipeline_ask(p, &q) == DECISION_ACCEPTED;
}

void pipeline_says_url(struct pipeline *p, struct device *d, const char *url)
{
	struct household_device *hd = household_device(&p->household, d->id);

	if (!hd || strcmp(hd->refused_url, url) == 0)
		return;
	if (strcmp(d->mud_url, url) == 0 || url_is_welcome(p, d, url)) {
		hd->refused_url[0] = 0;
		pipeline_next_url(p, d, url);
		return;
	}
	str_copy(hd->refused_url, sizeof(hd->refused_url), url);
	if (!d->problem[0])
		str_copy(d->problem, sizeof(d->problem),
			"it names another MUD file, which you have not accepted "
			"(`cardea decide list`); the profile in force stays");
}
