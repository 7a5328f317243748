// SPDX-License-Identifier: GPL-2.0-or-later
/* save - the state as bytes. What comes of it can be read by load.c alone. */
#include "profiles/maintain/state_priv.h"

#include <string.h>

static void put_time(struct writer *w, nstime t)
{
	writer_u64(w, (uint64_t)t);
}

static void put_text(struct writer *w, const char *text)
{
	size_t len = strlen(text);

	writer_u8(w, (uint8_t)len);
	writer_bytes(w, text, len);
}

static void put_addr(struct writer *w, const struct addr *a)
{
	writer_u8(w, a->family);
	writer_bytes(w, a->b, a->family == 4 ? 4 : a->family ? 16 : 0);
}

static void put_kind(struct writer *w, const struct learned_kind *k)
{
	writer_u8(w, (uint8_t)k->direction);
	writer_u8(w, k->family);
	writer_u8(w, k->proto);
	writer_u8(w, (uint8_t)k->place);
	writer_u16(w, k->port);
	writer_u16(w, k->source_port);
	put_text(w, k->name);
	put_addr(w, &k->peer);
	writer_bytes(w, k->peer_mac.b, sizeof(k->peer_mac.b));
	writer_u8(w, (uint8_t)k->app);
	writer_u16(w, k->siblings);
	for (size_t c = 0; c < LEARNED_CONTEXT_MAX; c++)
		writer_u32(w, k->episodes[c]);
	put_time(w, k->first);
	put_time(w, k->last);
	writer_u64(w, k->flows);
	writer_u64(w, k->packets);
	for (size_t d = 0; d < DIRECTION_MAX; d++)
		writer_u64(w, k->bytes[d]);
	writer_u64(w, k->bytes_median);
	writer_u64(w, k->bytes_p99);
	put_time(w, k->period);
}

static void put_item(struct writer *w, const struct item *i)
{
	const struct maintain_item *p = &i->pub;

	writer_u32(w, p->id);
	writer_u8(w, (uint8_t)p->status);
	writer_u8(w, (uint8_t)p->naming);
	writer_u8(w, (uint8_t)p->reason);
	writer_u8(w, (uint8_t)((p->automatic ? ITEM_AUTOMATIC : 0) |
			       (i->ripe ? ITEM_RIPE : 0) |
			       (i->graced ? ITEM_GRACED : 0) |
			       (p->kind.general ? ITEM_GENERAL : 0) |
			       (p->kind.port_any ? ITEM_PORT_ANY : 0) |
			       (i->silent ? ITEM_SILENT : 0) |
			       (i->first ? ITEM_FIRST : 0)));
	put_kind(w, &p->kind);
	put_time(w, p->asked);
	put_time(w, p->answered);
	writer_u32(w, p->version);
	put_time(w, i->opened);
	put_time(w, i->seen);
	put_time(w, i->awake_seen);
	put_time(w, i->slept);
	writer_u32(w, i->tried);
	writer_u32(w, i->hour);
	writer_u64(w, i->hour_bytes);
	writer_u32(w, i->alerted);
	writer_u64(w, i->blocked);
	for (size_t d = 0; d < MAINTAIN_DAYS; d++) {
		writer_u32(w, i->days[d].day);
		writer_u32(w, i->days[d].conversations);
		writer_u32(w, i->days[d].blocked);
		writer_u64(w, i->days[d].bytes);
	}
}

static void put_version(struct writer *w, const struct version *v)
{
	writer_u32(w, v->number);
	writer_u8(w, (uint8_t)v->source);
	put_text(w, v->label);
	put_time(w, v->since);
	writer_u8(w, v->closed);
	writer_u16(w, (uint16_t)v->count);
	for (uint32_t n = 0; n < v->count; n++) {
		writer_u32(w, v->entries[n].item);
		writer_u64(w, v->entries[n].median);
		writer_u64(w, v->entries[n].p99);
		put_time(w, v->entries[n].period);
	}
}

static void put_week(struct writer *w, const struct maintain_week *k)
{
	put_time(w, k->since);
	for (size_t v = 0; v < MAINTAIN_VERDICT_MAX; v++)
		writer_u64(w, k->conversations[v]);
	writer_u64(w, k->alerts);
	writer_u64(w, k->false_blocks);
	writer_u32(w, k->asked);
	writer_u32(w, k->accepted);
	writer_u32(w, k->automatic);
	writer_u32(w, k->rejected);
	writer_u32(w, k->expired);
	writer_u32(w, k->windows);
	writer_u32(w, k->versions);
	writer_u32(w, k->slept);
	writer_u32(w, k->woke);
}

static void put_head(struct writer *w, const struct maintain *m)
{
	writer_u32(w, MAINTAIN_STATE_MAGIC);
	writer_u16(w, MAINTAIN_STATE_VERSION);
	writer_bytes(w, m->mac.b, sizeof(m->mac.b));
	writer_u8(w, (uint8_t)((m->timed ? DEVICE_TIMED : 0) |
			       (m->open ? DEVICE_OPEN : 0) |
			       (m->once ? DEVICE_ONCE : 0) |
			       (m->met ? DEVICE_MET : 0)));
	put_time(w, m->wall);
	put_time(w, m->age);
	put_time(w, m->awake);
	put_time(w, m->spoke);
	writer_u32(w, m->next_id);
	writer_u32(w, m->next_version);
	put_time(w, m->labelled);
	put_time(w, m->opened);
	put_time(w, m->ended);
	put_time(w, m->opened_wall);
	writer_u32(w, m->window_episodes);
	writer_u32(w, m->episodes);
	writer_u32(w, m->updates);
	writer_u64(w, m->findings);
	writer_u32(w, m->poisoned);
}

int maintain_save(const struct maintain *m, struct writer *w)
{
	put_head(w, m);
	writer_u16(w, (uint16_t)m->count);
	for (uint32_t n = 0; n < m->count; n++)
		put_item(w, m->items[n]);
	writer_u8(w, (uint8_t)m->version_count);
	for (uint32_t n = 0; n < m->version_count; n++)
		put_version(w, &m->versions[n]);
	writer_u8(w, (uint8_t)m->week_count);
	for (uint32_t n = 0; n < m->week_count; n++)
		put_week(w, &m->weeks[n]);
	return w->error;
}

/* An upper limit that is cheap to know; the writer's len says how much it became. */
size_t maintain_save_size(const struct maintain *m)
{
	size_t size = MAINTAIN_STATE_HEAD + 4 +
		      m->count * (size_t)MAINTAIN_STATE_ITEM_MAX +
		      m->week_count * (size_t)MAINTAIN_STATE_WEEK;

	for (uint32_t n = 0; n < m->version_count; n++)
		size += MAINTAIN_STATE_VERSION_MAX +
			m->versions[n].count * (size_t)MAINTAIN_STATE_ENTRY;
	return size;
}
