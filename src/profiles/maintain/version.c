// SPDX-License-Identifier: GPL-2.0-or-later
/* version - each firmware's profile, what it is called, and what it does otherwise than
 * the one before. */
#include "profiles/maintain/maintain_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Less is chance: half octaves are 1.4 apart. */
#define TRAFFIC_TIMES 2
#define PERIOD_PARTS 10

void maintain_version_free(struct version *v)
{
	free(v->entries);
	*v = (struct version){0};
}

/* Never NULL: the oldest makes room, but the first of all stays, for it is what the
 * owner has approved. */
struct version *maintain_version_new(struct maintain *m)
{
	struct version *v;

	if (m->version_count == MAINTAIN_VERSIONS_MAX) {
		maintain_version_free(&m->versions[1]);
		memmove(&m->versions[1], &m->versions[2],
			(MAINTAIN_VERSIONS_MAX - 2) * sizeof(*m->versions));
		m->version_count--;
	}
	v = &m->versions[m->version_count++];
	*v = (struct version){.number = m->next_version++, .since = m->wall};
	maintain_version_date(m, v);
	return v;
}

void maintain_version_date(struct maintain *m, struct version *v)
{
	char date[CLOCK_TEXT_MAX];

	v->source = MAINTAIN_BY_DATE;
	(void)str_print(v->label, sizeof(v->label), "%s %.10s",
		v->number == 1 ? "as approved on" : "updated on",
		clock_format(m->wall, date));
}

struct version *maintain_version_find(const struct maintain *m, uint32_t number)
{
	for (uint32_t n = 0; n < m->version_count; n++)
		if (m->versions[n].number == number)
			return (struct version *)&m->versions[n];
	return NULL;
}

bool maintain_version_has(const struct maintain *m, uint32_t item)
{
	for (uint32_t n = 0; n < m->version_count; n++)
		for (uint32_t k = 0; k < m->versions[n].count; k++)
			if (m->versions[n].entries[k].item == item)
				return true;
	return false;
}

void maintain_version_forget(struct maintain *m, uint32_t item)
{
	for (uint32_t n = 0; n < m->version_count; n++) {
		struct version *v = &m->versions[n];
		uint32_t kept = 0;

		for (uint32_t k = 0; k < v->count; k++)
			if (v->entries[k].item != item)
				v->entries[kept++] = v->entries[k];
		v->count = kept;
	}
}

/* ---- what it does ---- */

/* What the device was seen to do of late, whether the owner lets it or not. */
static bool belongs(const struct maintain *m, const struct item *i)
{
	switch (i->pub.status) {
	case MAINTAIN_ACTIVE:
		return true;
	case MAINTAIN_PROPOSED:
		return i->ripe;
	case MAINTAIN_REJECTED:
		return m->age - i->seen <= MAINTAIN_PROPOSAL_TIME;
	case MAINTAIN_DORMANT:
	case MAINTAIN_GONE:
	case MAINTAIN_STATUS_MAX:
		break;
	}
	return false;
}

int maintain_version_refresh(struct maintain *m)
{
	struct version *v;
	struct entry *entries;

	if (!m->version_count)
		return 0;
	v = &m->versions[m->version_count - 1];
	entries = calloc(m->count ? m->count : 1, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	free(v->entries);
	v->entries = entries;
	v->count = 0;
	for (uint32_t n = 0; n < m->count; n++) {
		const struct learned_kind *k = &m->items[n]->pub.kind;

		if (belongs(m, m->items[n]))
			entries[v->count++] = (struct entry){
				.item = m->items[n]->pub.id,
				.median = k->bytes_median,
				.p99 = k->bytes_p99,
				.period = k->period,
			};
	}
	return 0;
}

/* ---- how it is called ---- */

static bool is_known_label(
	const struct maintain *m, enum maintain_source s, const char *label)
{
	for (uint32_t n = 0; n < m->version_count; n++)
		if (m->versions[n].source == s &&
			strcmp(m->versions[n].label, label) == 0)
			return true;
	return false;
}

void maintain_label(struct maintain *m, enum maintain_source s, const char *text)
{
	char label[LIMIT_SYSTEMINFO];
	struct version *v;

	if (s >= MAINTAIN_BY_DATE || !text[0] || !m->version_count)
		return;
	str_escape(str_untrusted(text), label, sizeof(label));
	v = &m->versions[m->version_count - 1];
	if (s > v->source || is_known_label(m, s, label))
		return;
	/* A better name for the same; or another name, which is another firmware, unless
	 * its update was seen and has its version. */
	if (s < v->source || m->open) {
		v->source = s;
		(void)str_copy(v->label, sizeof(v->label), label);
		return;
	}
	if (m->labelled && m->age - m->labelled < MAINTAIN_LABEL_REST)
		return;
	if (maintain_version_refresh(m))
		return;
	v = maintain_version_new(m);
	v->source = s;
	(void)str_copy(v->label, sizeof(v->label), label);
	v->closed = true;
	m->labelled = m->age ? m->age : 1;
	maintain_week(m)->versions++;
	/* what it does is what is done: without memory it waits for the next round */
	(void)!maintain_version_refresh(m);
}

static uint32_t open_of(const struct maintain *m, uint32_t number)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->count; i++)
		n += m->items[i]->pub.status == MAINTAIN_PROPOSED &&
		     m->items[i]->ripe && m->items[i]->pub.version == number;
	return n;
}

size_t maintain_version_count(const struct maintain *m)
{
	return m->version_count;
}

void maintain_version_at(
	const struct maintain *m, size_t i, struct maintain_version *ret)
{
	const struct version *v = &m->versions[i];

	*ret = (struct maintain_version){.number = v->number,
		.source = v->source,
		.since = v->since,
		.kinds = v->count,
		.open = open_of(m, v->number),
		.closed = v->closed};
	(void)str_copy(ret->label, sizeof(ret->label), v->label);
}

/* ---- the difference ---- */

struct diff {
	const struct maintain *m;
	const struct version *old, *new;
	maintain_visit_change *visit;
	void *ctx;
	char sentence[2 * MAINTAIN_TEXT_MAX];
};

static const struct entry *entry_of(const struct version *v, uint32_t item)
{
	uint32_t lo = 0, hi = v->count; /* in order of items */

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (v->entries[mid].item < item)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < v->count && v->entries[lo].item == item ? &v->entries[lo] : NULL;
}

static const struct learned_kind *kind_of(const struct diff *d, const struct entry *e)
{
	const struct item *i = maintain_find_id(d->m, e->item);

	return i ? &i->pub.kind : NULL;
}

/* The same peer by another port. */
static bool is_moved(const struct learned_kind *a, const struct learned_kind *b)
{
	struct learned_kind moved = *a;

	if (a->place == RECORD_GATEWAY || (a->place == RECORD_INTERNET && !a->name[0]))
		return false; /* no one in particular */
	moved.proto = b->proto;
	moved.port = b->port;
	moved.port_any = b->port_any;
	moved.source_port = b->source_port;
	return !maintain_same(a, b) && maintain_same(&moved, b);
}

/* What is only in `here`, was somewhere else in `there`, which has it no more. */
static const struct learned_kind *moved_from(const struct diff *d,
	const struct version *here, const struct version *there,
	const struct learned_kind *k)
{
	for (uint32_t n = 0; n < there->count; n++) {
		const struct entry *e = &there->entries[n];
		const struct learned_kind *other = kind_of(d, e);

		if (other && !entry_of(here, e->item) && is_moved(other, k))
			return other;
	}
	return NULL;
}

static int say_only(struct diff *d, const struct version *here,
	const struct version *there, bool added)
{
	char text[MAINTAIN_TEXT_MAX], before[MAINTAIN_TEXT_MAX];
	int r = 0;

	for (uint32_t n = 0; n < here->count && !r; n++) {
		const struct entry *e = &here->entries[n];
		const struct learned_kind *k = kind_of(d, e), *old;

		if (!k || entry_of(there, e->item))
			continue;
		old = moved_from(d, here, there, k);
		if (old && !added)
			continue; /* said with what took its place */
		maintain_kind_text(k, text);
		if (old)
			(void)str_print(d->sentence, sizeof(d->sentence),
				"uses %s instead of %s", text,
				maintain_kind_text(old, before));
		else
			(void)str_print(d->sentence, sizeof(d->sentence), "%s %s",
				added ? "uses" : "does not use", text);
		r = d->visit(d->ctx,
			old ? MAINTAIN_CHANGED
			    : (added ? MAINTAIN_ADDED : MAINTAIN_REMOVED),
			e->item, d->sentence);
	}
	return r;
}

static bool differs(uint64_t a, uint64_t b)
{
	return a && b && (a / TRAFFIC_TIMES > b || b / TRAFFIC_TIMES > a);
}

static bool other_period(nstime a, nstime b)
{
	nstime by = a > b ? a - b : b - a;

	return a && b && by > a / PERIOD_PARTS;
}

static void say_change(struct diff *d, const struct learned_kind *k,
	const struct entry *a, const struct entry *b)
{
	char text[MAINTAIN_TEXT_MAX];
	struct str_text s = {.buf = d->sentence, .size = sizeof(d->sentence)};

	str_add(&s, "uses %s", maintain_kind_text(k, text));
	if (differs(a->median, b->median))
		str_add(&s, " with %llu bytes an episode instead of %llu",
			(unsigned long long)b->median, (unsigned long long)a->median);
	if (other_period(a->period, b->period))
		str_add(&s, " every %lld s instead of %lld s",
			(long long)(b->period / NS_PER_SEC),
			(long long)(a->period / NS_PER_SEC));
}

static int say_both(struct diff *d)
{
	int r = 0;

	for (uint32_t n = 0; n < d->new->count && !r; n++) {
		const struct entry *b = &d->new->entries[n];
		const struct entry *a = entry_of(d->old, b->item);
		const struct learned_kind *k = kind_of(d, b);

		if (!a || !k ||
			(!differs(a->median, b->median) &&
				!other_period(a->period, b->period)))
			continue;
		say_change(d, k, a, b);
		r = d->visit(d->ctx, MAINTAIN_CHANGED, b->item, d->sentence);
	}
	return r;
}

int maintain_diff(const struct maintain *m, uint32_t number, maintain_visit_change *visit,
	void *ctx)
{
	struct diff d = {.m = m, .visit = visit, .ctx = ctx};
	int r;

	d.new = maintain_version_find(m, number);
	if (!d.new)
		return -ENOENT;
	if (d.new == &m->versions[0])
		return 0;
	d.old = d.new - 1;
	r = say_only(&d, d.new, d.old, true);
	if (!r)
		r = say_only(&d, d.old, d.new, false);
	if (!r)
		r = say_both(&d);
	return r;
}
