// SPDX-License-Identifier: GPL-2.0-or-later
/* save - the state as bytes: what episodes have told, not what is under way. A device
 * with fifty kinds has some ten KiB. load.c is the mirror. */
#include "profiles/learned/interact_priv.h"
#include "profiles/learned/state_priv.h"

#include <errno.h>

static void put_times(struct writer *w, nstime first, nstime last)
{
	writer_u64(w, (uint64_t)first);
	writer_u64(w, (uint64_t)last);
}

void learned_state_put_text(struct writer *w, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	writer_u8(w, (uint8_t)len); /* LIMIT_NAME, LIMIT_TEXT: less than 256 */
	writer_bytes(w, text, len);
}

/* Pairs of place and number, for those that are not zero. */
void learned_state_put_counters(struct writer *w, const uint16_t *n, size_t count)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++)
		used += n[i] > 0;
	writer_u8(w, (uint8_t)used);
	for (size_t i = 0; i < count; i++) {
		if (!n[i])
			continue;
		writer_u8(w, (uint8_t)i);
		writer_u16(w, n[i]);
	}
}

static void put_set(struct writer *w, const struct learned_set *s, uint32_t words)
{
	for (uint32_t i = 0; i < words; i++)
		writer_u64(w, s->w[i]);
}

static void put_addr(struct writer *w, const struct addr *a)
{
	writer_u8(w, a->family);
	writer_bytes(w, a->b, a->family == 4 ? 4 : a->family ? 16 : 0);
}

static void put_peers(struct writer *w, const struct learned_peers *p)
{
	writer_u8(w, p ? p->count : 0);
	for (size_t i = 0; p && i < p->count; i++)
		put_addr(w, &p->at[(p->next + LEARNED_PEERS - p->count + i) %
				   LEARNED_PEERS]);
}

void learned_state_put_key(struct writer *w, const struct learned_key *k)
{
	writer_u8(w, k->direction);
	writer_u8(w, k->family);
	writer_u8(w, k->proto);
	writer_u8(w, k->place);
	writer_u8(w, k->said);
	writer_u8(w, (uint8_t)(k->port_any | k->peer_any << 1 | k->name_any << 2));
	writer_u16(w, k->port);
	writer_u16(w, k->source_port);
	put_addr(w, &k->peer);
	if (k->place == RECORD_DEVICE && !k->said && !k->peer_any)
		writer_bytes(w, k->mac.b, sizeof k->mac.b);
	if (k->said)
		writer_bytes(w, k->verb, sizeof k->verb);
}

static void put_gaps(struct writer *w, const struct learned_gaps *g)
{
	uint32_t n = g->count < LEARNED_GAPS ? g->count : LEARNED_GAPS;
	uint16_t octaves[LEARNED_GAP_OCTAVES];

	writer_u32(w, g->count);
	for (uint32_t i = 0; i < n; i++)
		writer_u32(w, g->ms[i]);
	for (size_t i = 0; i < LEARNED_GAP_OCTAVES; i++)
		octaves[i] = g->octaves[i];
	learned_state_put_counters(w, octaves, LEARNED_GAP_OCTAVES);
}

static void put_volumes(struct writer *w, const struct learned_few *f)
{
	struct learned_volumes volumes = {0};

	learned_few_add_to(f, &volumes);
	learned_state_put_counters(w, volumes.n, LEARNED_VOLUMES);
}

static void put_leaf(struct writer *w, const struct dev *d, const struct leaf *leaf)
{
	struct learned_set set = {0};
	uint32_t older[LEARNED_CONTEXT_MAX] = {0};

	learned_state_put_key(w, &leaf->key);
	learned_state_put_text(w, leaf->text);
	learned_state_put_text(w, leaf->detail);
	writer_u8(w, leaf->app);
	writer_u8(w, leaf->naming);
	writer_u8(w, leaf->begun_once);
	put_peers(w, leaf->peers);
	learned_marks_add(&leaf->marks, &set);
	put_set(w, &set, learned_state_words(d->number));
	learned_marks_add_older(&leaf->marks, older);
	if (d->number > LEARNED_WINDOW)
		for (size_t c = 0; c < LEARNED_CONTEXT_MAX; c++)
			writer_u32(w, older[c]);
	writer_u64(w, leaf->days);
	writer_u8(w, leaf->elder);
	put_times(w, leaf->first, leaf->last);
	writer_u64(w, leaf->flows);
	writer_u64(w, leaf->packets);
	for (size_t i = 0; i < DIRECTION_MAX; i++)
		writer_u64(w, leaf->bytes[i]);
	put_volumes(w, &leaf->volumes);
	put_gaps(w, &leaf->gaps);
	writer_u16(w, leaf->merged);
	writer_u8(w, leaf->sketch != NULL);
	if (leaf->sketch)
		put_set(w, leaf->sketch, LEARNED_WINDOW / 64);
}

static void put_findings(struct writer *w, const struct dev *d)
{
	writer_u8(w, (uint8_t)d->finding_count);
	for (uint32_t i = 0; i < d->finding_count; i++) {
		const struct said_finding *f = &d->findings[i];

		writer_u8(w, (uint8_t)f->finding.kind);
		writer_u64(w, (uint64_t)f->finding.when);
		writer_u64(w, f->finding.count);
		writer_u64(w, f->key);
		learned_state_put_text(w, f->finding.text);
	}
}

static void put_days(struct writer *w, const struct dev *d)
{
	writer_u32(w, d->days_older);
	writer_u8(w, (uint8_t)d->day_count);
	for (uint32_t i = 0; i < d->day_count; i++) {
		writer_u32(w, d->days[i].first);
		writer_u8(w, (uint8_t)(d->days[i].last - d->days[i].first));
	}
}

static void put_device(struct writer *w, const struct dev *d)
{
	uint32_t kept = d->number < LEARNED_WINDOW ? d->number : LEARNED_WINDOW, n = 0;

	writer_bytes(w, d->mac.b, sizeof d->mac.b);
	writer_u32(w, d->number);
	for (size_t c = 0; c < LEARNED_CONTEXT_MAX; c++)
		writer_u32(w, d->episodes[c]);
	for (uint32_t i = 0; i < kept; i++)
		writer_u8(w, d->latest[i].context);
	for (uint32_t i = 0; i < kept; i++)
		writer_u32(w, d->latest[i].hour);
	put_days(w, d);
	put_times(w, d->first, d->last);
	put_volumes(w, &d->downloads);
	put_findings(w, d);
	for (uint32_t i = 0; i < d->count; i++)
		n += learned_leaf_is_evident(d->leaves[i]);
	writer_u16(w, (uint16_t)n);
	for (uint32_t i = 0; i < d->count; i++)
		if (learned_leaf_is_evident(d->leaves[i]))
			put_leaf(w, d, d->leaves[i]);
}

int learned_save(const struct learned *l, struct writer *w)
{
	writer_u32(w, LEARNED_STATE_MAGIC);
	writer_u16(w, LEARNED_STATE_VERSION);
	writer_u16(w, (uint16_t)l->count);
	for (uint32_t i = 0; i < l->count; i++)
		put_device(w, l->devices[i]);
	learned_interact_save(l, w);
	return w->error;
}

/* An upper limit that is cheap to know; the writer's len says how much it became. */
size_t learned_save_size(const struct learned *l)
{
	size_t size = LEARNED_STATE_HEAD + learned_interact_save_size(l->interact);

	for (uint32_t i = 0; i < l->count; i++) {
		const struct dev *d = l->devices[i];

		size += LEARNED_STATE_DEVICE_MAX;
		for (uint32_t j = 0; j < d->count; j++)
			size += LEARNED_STATE_LEAF_MAX + strlen(d->leaves[j]->text) +
				(d->leaves[j]->detail ? strlen(d->leaves[j]->detail)
						      : 0);
	}
	return size;
}
