// SPDX-License-Identifier: GPL-2.0-or-later
/* record - what becomes of one conversation under the profile in force. */
#include "profiles/maintain/maintain_priv.h"

#include <string.h>

#define PORT_HTTP 80
#define PORT_HTTPS 443

static struct item *find_status(const struct maintain *m, const struct learned_kind *x,
	bool (*wanted)(const struct item *i))
{
	for (uint32_t n = 0; n < m->count; n++) {
		struct item *i = m->items[n];

		if (wanted(i) && maintain_covers(&i->pub.kind, x))
			return i;
	}
	return NULL;
}

static bool is_asked(const struct item *i)
{
	return i->pub.status == MAINTAIN_PROPOSED ||
	       i->pub.status == MAINTAIN_REJECTED || i->pub.status == MAINTAIN_GONE;
}

static struct item *find_namesake(
	const struct maintain *m, const struct learned_kind *x)
{
	for (uint32_t n = 0; n < m->count; n++)
		if (maintain_in_force(m->items[n]) &&
			maintain_namesake(&m->items[n]->pub.kind, x))
			return m->items[n];
	return NULL;
}

/* ---- time of the device ---- */

/* A silence of the whole device is no time in which it could have been seen. */
static void stir(struct maintain *m, nstime wall)
{
	nstime gap;

	maintain_time(m, wall);
	gap = m->age - m->spoke;
	m->awake += gap < MAINTAIN_DAY ? gap : MAINTAIN_DAY;
	m->spoke = m->age;
}

/* ---- verdicts ---- */

static enum maintain_verdict wake(struct maintain *m, struct item *i)
{
	char text[MAINTAIN_TEXT_MAX];

	if (i->pub.status != MAINTAIN_DORMANT)
		return MAINTAIN_KNOWN;
	i->pub.status = MAINTAIN_ACTIVE;
	maintain_week(m)->woke++;
	maintain_tell(m, MAINTAIN_WAKES, i->pub.id, "uses %s again, after a long time",
		maintain_kind_text(&i->pub.kind, text));
	return MAINTAIN_RETURNED;
}

/* Names that our resolver answered for, by the ports that updates come from. */
static bool may_be_update(const struct maintain *m, const struct item *i)
{
	const struct learned_kind *k = &i->pub.kind;
	uint32_t others = 0;

	if (m->config.strict || m->once || m->updates ||
		i->pub.naming != RECORD_ANSWER ||
		k->direction != DIRECTION_FROM_DEVICE || k->place != RECORD_INTERNET ||
		k->port_any || (k->port != PORT_HTTP && k->port != PORT_HTTPS) ||
		k->proto != FLOW_PROTO_TCP || m->age - i->opened > MAINTAIN_GRACE_TIME)
		return false;
	for (uint32_t n = 0; n < m->count; n++)
		others += m->items[n]->graced && m->items[n] != i &&
			  m->age - m->items[n]->opened <= MAINTAIN_GRACE_TIME;
	return others < MAINTAIN_GRACE_KINDS;
}

static enum maintain_verdict judge_waiting(struct maintain *m, struct item *i)
{
	if (i->pub.status == MAINTAIN_REJECTED)
		return MAINTAIN_REFUSED;
	if (m->open)
		return MAINTAIN_RELEARN;
	if (may_be_update(m, i)) {
		i->graced = true;
		return MAINTAIN_GRACE;
	}
	return MAINTAIN_BLOCKED;
}

static void accept_variant(struct maintain *m, struct item *i)
{
	char text[MAINTAIN_TEXT_MAX];

	maintain_enforce(m, i, m->wall, true);
	maintain_week(m)->automatic++;
	maintain_tell(m, MAINTAIN_ACCEPTED_AUTO, i->pub.id,
		"may use %s: it belongs to whom it knows, by a port that it uses",
		maintain_kind_text(&i->pub.kind, text));
}

/* More than a variant may have: the owner decides. */
static bool is_beyond(const struct maintain *m, const struct item *i,
	const struct learned_kind *x)
{
	struct learned_kind k = i->pub.kind;
	enum maintain_reason why;

	if (!i->pub.automatic)
		return false;
	/* not the learner's: it takes for this one also what has no name */
	k.bytes[0] = maintain_hour_bytes(m, i) + x->bytes[0];
	k.bytes[1] = x->bytes[1];
	k.bytes_p99 = 0;
	return !maintain_is_variant(m, &k, i->pub.naming, &why) &&
	       why == MAINTAIN_WHY_VOLUME;
}

static void propose(struct maintain *m, struct item *i)
{
	i->pub.status = MAINTAIN_PROPOSED;
	i->pub.reason = MAINTAIN_WHY_VOLUME;
	i->pub.automatic = false;
	i->ripe = false;
	i->opened = m->age;
	maintain_tell(m, MAINTAIN_BEYOND, i->pub.id, "%s",
		"moves more than twice of what is known: you are asked after all");
}

/* What was expired comes back as a question. */
static void revive(struct maintain *m, struct item *i)
{
	i->pub.status = MAINTAIN_PROPOSED;
	i->pub.reason = MAINTAIN_WHY_NEW;
	i->pub.asked = i->pub.answered = 0;
	i->opened = m->age;
	i->ripe = i->graced = false;
}

/* They have a bound of their own: one that tries addresses by the thousand does not
 * push out what was answered. */
static void bound_silent(struct maintain *m)
{
	struct item *old = NULL;
	uint32_t count = 0;

	for (uint32_t n = 0; n < m->count; n++) {
		struct item *i = m->items[n];

		if (i->pub.status != MAINTAIN_PROPOSED || !i->silent || i->ripe)
			continue;
		count++;
		if (!old || i->seen < old->seen)
			old = i;
	}
	if (count >= MAINTAIN_SILENT_MAX)
		maintain_drop(m, old);
}

/* An hour in which it was tried is its episode. */
static void note_hour(struct maintain *m, struct item *i)
{
	uint32_t hour = (uint32_t)(m->age / MAINTAIN_HOUR);

	if (i->pub.kind.episodes[LEARNED_QUIET] && i->tried == hour)
		return;
	i->tried = hour;
	i->pub.kind.episodes[LEARNED_QUIET]++;
}

static int item_for(struct maintain *m, const struct seen *s, struct item **ret)
{
	struct item *i = find_status(m, &s->kind, is_asked);
	struct learned_kind bare = s->kind;
	int e;

	if (!i) {
		if (s->silent)
			bound_silent(m);
		bare.flows = bare.packets = 0; /* maintain_note counts it */
		bare.bytes[0] = bare.bytes[1] = 0;
		e = maintain_add(m, &bare, MAINTAIN_PROPOSED, &i);
		if (e)
			return e;
		i->pub.naming = s->naming;
		i->pub.version = maintain_window_version(m);
		i->silent = s->silent;
	} else if (i->pub.status == MAINTAIN_GONE) {
		revive(m, i);
	}
	*ret = i;
	return 0;
}

/* Of another device, or of before it was learned anew: in force, though never met. */
static int permit_first(struct maintain *m, const struct seen *s, bool *ret)
{
	struct item *i;
	int e;

	*ret = m->config.permits && !s->silent && !find_status(m, &s->kind, is_asked) &&
	       m->config.permits(m->config.permits_ctx, &s->kind);
	if (!*ret)
		return 0;
	e = maintain_permit(m, &s->kind, m->wall);
	i = e ? NULL : maintain_find_same(m, &s->kind);
	if (i) {
		i->first = true;
		maintain_note(m, i, s, MAINTAIN_KNOWN);
	}
	*ret = i != NULL;
	return e == CARDEA_ELIMIT ? 0 : e;
}

static int judge_new(
	struct maintain *m, const struct seen *s, enum maintain_verdict *ret)
{
	struct learned_kind k = s->kind;
	struct item *i;
	int e = item_for(m, s, &i);

	if (e == CARDEA_ELIMIT) { /* everything there is was approved */
		*ret = MAINTAIN_BLOCKED;
		return 0;
	}
	if (e)
		return e;
	if (s->naming > i->pub.naming)
		i->pub.naming = s->naming;
	i->silent &= s->silent;
	if (i->silent)
		note_hour(m, i);
	if (i->pub.status == MAINTAIN_PROPOSED && !i->pub.answered &&
		!i->pub.kind.general &&
		maintain_is_variant(m, &k, i->pub.naming, &i->pub.reason)) {
		accept_variant(m, i);
		*ret = MAINTAIN_AUTO;
	} else {
		*ret = judge_waiting(m, i);
	}
	maintain_note(m, i, s, *ret);
	return 0;
}

static bool in_force(const struct item *i)
{
	return maintain_in_force(i);
}

static void note_poison(struct maintain *m)
{
	uint32_t today = 1 + (uint32_t)(m->age / MAINTAIN_DAY);

	if (m->poisoned != today)
		maintain_week(m)->alerts++;
	m->poisoned = today;
}

static struct item *find_known(const struct maintain *m, const struct seen *s)
{
	struct item *i = find_status(m, &s->kind, in_force);

	if (!i && s->aliased)
		i = find_status(m, &s->alias, in_force);
	if (!i && s->midstream)
		i = find_namesake(m, &s->kind);
	return i;
}

static int judge(struct maintain *m, struct seen *s, enum maintain_verdict *ret)
{
	struct item *i = find_known(m, s);
	bool first = false;
	int e;

	if (i && is_beyond(m, i, &s->kind)) {
		propose(m, i);
		*ret = judge_waiting(m, i);
		maintain_note(m, i, s, *ret);
		return 0;
	}
	if (i) {
		*ret = wake(m, i);
		maintain_note(m, i, s, *ret);
		return 0;
	}
	if (!s->admitted) {
		note_poison(m);
		*ret = MAINTAIN_POISON;
		return 0;
	}
	if (s->aliased)
		s->kind = s->alias;
	e = permit_first(m, s, &first);
	if (e || first) {
		*ret = MAINTAIN_KNOWN;
		return e;
	}
	return judge_new(m, s, ret);
}

/* ---- the beginning of an update ---- */

/* Larger than all that is known: nobody waits for the end of the episode, for what
 * comes next is the new firmware's. */
static bool is_download(const struct maintain *m, const struct seen *s)
{
	uint64_t usual = 0, bytes = s->kind.bytes[DIRECTION_TO_DEVICE];

	if (s->kind.place != RECORD_INTERNET || bytes < MAINTAIN_UPDATE_BYTES)
		return false;
	for (uint32_t n = 0; n < m->count; n++)
		if (maintain_in_force(m->items[n]) &&
			m->items[n]->pub.kind.bytes_p99 > usual)
			usual = m->items[n]->pub.kind.bytes_p99;
	return bytes / MAINTAIN_UPDATE_TIMES > usual;
}

int maintain_record(struct maintain *m, const struct learned *l, const struct record *r,
	enum maintain_verdict *ret)
{
	enum maintain_verdict v = MAINTAIN_IGNORED;
	struct seen s;
	int e = 0;

	if (!mac_equal(&r->device, &m->mac)) {
		*ret = v;
		return 0;
	}
	if (maintain_take(l, r, &s)) {
		stir(m, s.kind.last);
		e = judge(m, &s, &v);
		if (!e && is_download(m, &s) && v != MAINTAIN_POISON &&
			v != MAINTAIN_BLOCKED && v != MAINTAIN_REFUSED)
			maintain_update(m);
	}
	if (e)
		return e;
	maintain_week(m)->conversations[v]++;
	*ret = v;
	return 0;
}
