// SPDX-License-Identifier: GPL-2.0-or-later
/* What devices did goes to the store: a batch now and then. */
#include "engine/history_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"

bool history_is_fresh(const struct pipeline *p)
{
	const struct history *h = &p->history;

	return h->begun && loop_now(p->loop) - h->saved < HISTORY_LOOK;
}

static int order(const void *a, const void *b)
{
	const struct history_row *x = *(struct history_row *const *)a;
	const struct history_row *y = *(struct history_row *const *)b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return (x->talk.hour > y->talk.hour) - (x->talk.hour < y->talk.hour);
}

static struct store_peer peer_of(const struct history_row *r)
{
	struct store_peer p = {.device = r->device,
		.place = (enum record_place)r->place,
		.told = r->told,
		.direction = (enum direction)r->direction,
		.proto = r->proto,
		.port = r->port,
		.mac = r->mac,
		.addr = r->addr,
		.first = r->first};

	str_copy(p.name, sizeof(p.name), r->name);
	return p;
}

static void sum_up(struct store_spell *s, const struct store_talk *t,
	const struct store_talk_news *news, bool is_other)
{
	if (t->refused) {
		s->refused += t->count;
		s->flags |= HISTORY_REFUSED;
	} else {
		s->up += t->up;
		s->down += t->down;
		s->count += t->count;
		s->flags |= HISTORY_SEEN;
	}
	s->peers += news->hour && !is_other;
	s->day += news->day && !is_other;
	s->fresh += news->peer && !is_other;
}

/* Rows of one device and hour. */
static int save_hour(struct store_history *b, struct history_row *const *rows, size_t count)
{
	struct store_spell s = {.device = rows[0]->device, .hour = rows[0]->talk.hour};
	uint32_t before = 0;
	int error = store_spell_fresh(b, s.device, s.hour, &before);

	for (size_t i = 0; i < count && !error; i++) {
		struct store_peer p = peer_of(rows[i]);
		struct store_talk_news news;

		error = store_talk_add(b, &p, &rows[i]->talk, HISTORY_PEERS_EACH,
			before + s.fresh >= HISTORY_FRESH_HOUR, &news);
		if (!error)
			sum_up(&s, &rows[i]->talk, &news, p.place == RECORD_PLACE_MAX);
	}
	return error ? error : store_spell_add(b, &s);
}

static int save_rows(struct history *h, struct store_history *b)
{
	int error = 0;

	if (h->count)
		qsort(h->rows, h->count, sizeof(*h->rows), order);
	for (size_t i = 0, n; i < h->count && !error; i += n) {
		n = 1;
		while (i + n < h->count && !order(&h->rows[i], &h->rows[i + n]))
			n++;
		error = save_hour(b, &h->rows[i], n);
		if (error == -ENOENT) { /* the device is not there any more */
			h->lost += n;
			error = 0;
		}
	}
	return error;
}

static uint32_t flags_of(struct pipeline *p, const struct device *d, uint32_t hour)
{
	enum life_state s = pipeline_life_of(p, d)->state;
	uint32_t flags = 0;

	if (s == LIFE_RETIRED) /* what it is still refused is all there is to know */
		return 0;
	if (d->last_seen >= (nstime)hour * HISTORY_HOUR)
		flags |= HISTORY_SEEN;
	if (flags && (s == LIFE_NEW || s == LIFE_LEARNING))
		flags |= HISTORY_LEARNING;
	if (d->hold)
		flags |= HISTORY_HELD;
	return flags;
}

/* Without memory for it all is said again. */
static struct history_present *present_of(struct history *h, size_t i)
{
	struct history_present *all;

	if (i < h->present_count)
		return &h->present[i];
	all = realloc(h->present, (i + 1) * sizeof(*all));
	if (!all)
		return NULL;
	h->present = all;
	h->present_count = i + 1;
	all[i] = (struct history_present){0};
	return &all[i];
}

static int save_present(struct pipeline *p, struct store_history *b, size_t i,
	const struct store_spell *s)
{
	struct history_present *said = present_of(&p->history, i);
	int error;

	if (said && said->device == s->device && said->hour == s->hour &&
		(said->flags | s->flags) == said->flags)
		return 0;
	error = s->flags ? store_spell_add(b, s) : 0;
	if (said && !error)
		*said = (struct history_present){s->device, s->hour, s->flags};
	return error == -ENOENT ? 0 : error;
}

/* Where each device stands now. */
static int save_presence(struct pipeline *p, struct store_history *b, uint32_t hour)
{
	const struct device *d;
	int error = 0;

	for (size_t i = 0; !error && (d = inventory_at(p->inventory, i)); i++) {
		const struct store_spell s = {
			.device = d->id, .hour = hour, .flags = flags_of(p, d, hour)};

		error = save_present(p, b, i, &s);
	}
	return error;
}

static bool is_recording(const struct pipeline *p)
{
	return p->clock_trusted && p->learner.learned && ipc_is_open(&p->channels[ROLE_SENSOR]);
}

static int save(struct pipeline *p, bool trims)
{
	nstime wall = pipeline_wall(p);
	uint32_t hour = history_hour(wall);
	const struct store_history_keep keep = {
		.talk_hour = hour < HISTORY_TALK_DAYS * 24 ? 0 : hour - HISTORY_TALK_DAYS * 24,
		.spell_hour =
			hour < HISTORY_SPELL_DAYS * 24 ? 0 : hour - HISTORY_SPELL_DAYS * 24,
		.day = hour / 24 < HISTORY_DAYS ? 0 : hour / 24 - HISTORY_DAYS,
		.rows_each = HISTORY_ROWS_EACH,
		.rows = HISTORY_ROWS};
	struct store_history *b;
	int error = store_history_begin(p->store, &b);

	if (error)
		return error;
	if (p->clock_trusted)
		error = save_presence(p, b, hour);
	if (!error)
		error = save_rows(&p->history, b);
	if (!error && is_recording(p))
		error = store_span_add(b, wall);
	if (!error && trims && p->clock_trusted)
		error = store_history_trim(b, &keep);
	store_history_end(b);
	return error;
}

void history_save(struct pipeline *p)
{
	struct history *h = &p->history;
	nstime now = loop_now(p->loop);
	bool trims = !h->trimmed || now - h->trimmed >= HISTORY_TRIM;
	int error = save(p, trims);

	if (error) {
		log_error("history", "what devices did lately is not stored: %s",
			error_text(error));
		h->lost += h->count;
		history_forget_present(h);
	}
	if (trims)
		h->trimmed = now;
	h->saved = now;
	h->begun = true;
	history_drop_rows(h);
}

void history_tick(struct pipeline *p)
{
	struct history *h = &p->history;

	if (!h->saved)
		h->saved = loop_now(p->loop);
	if (loop_now(p->loop) - h->saved >= HISTORY_SAVE)
		history_save(p);
}

void history_look(struct pipeline *p)
{
	if (history_is_fresh(p))
		return;
	history_save(p);
	(void)!store_commit(p->store); /* what was shown stays; else the tick tells why not */
}
