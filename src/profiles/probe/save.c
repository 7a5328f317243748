// SPDX-License-Identifier: GPL-2.0-or-later
/* save - what is known of one device as bytes, and whether something is refused to it.
 * load.c is the mirror. */
#include "profiles/probe/probe_priv.h"
#include "profiles/probe/state_priv.h"

#include <errno.h>
#include <string.h>

static void put_time(struct writer *w, nstime t)
{
	writer_u64(w, (uint64_t)t);
}

static void put_addr(struct writer *w, const struct addr *a)
{
	writer_u8(w, a->family);
	writer_bytes(w, a->b, a->family == 4 ? 4 : a->family ? 16 : 0);
}

static void put_kind(struct writer *w, const struct probe_kind *k)
{
	size_t len = strlen(k->name);

	writer_u8(w, (uint8_t)k->direction);
	writer_u8(w, k->proto);
	writer_u16(w, k->port);
	writer_u8(w, (uint8_t)k->place);
	writer_u8(w, (uint8_t)len); /* LIMIT_NAME: less than 256 */
	writer_bytes(w, k->name, len);
	put_addr(w, &k->peer);
	writer_bytes(w, k->peer_mac.b, sizeof k->peer_mac.b);
}

static void put_try(struct writer *w, const struct probe_try *t)
{
	put_time(w, t->when);
	writer_u8(w, (uint8_t)t->outcome);
	writer_u8(w, (uint8_t)t->why);
	writer_u32(w, t->lasted_s);
	writer_u32(w, t->attempts);
	writer_u8(w, t->expected);
	writer_u8(w, t->went_on);
	writer_u8(w, t->appeared);
}

static void put_fallback(struct writer *w, const struct probe_fallback *f)
{
	put_kind(w, &f->kind);
	writer_u32(w, f->times);
	writer_u32(w, f->apart);
	writer_u32(w, f->after_ms);
	put_time(w, f->first);
	put_time(w, f->last);
}

static void put_target(struct writer *w, const struct probe_target *t)
{
	put_kind(w, &t->kind);
	writer_u8(w, t->whole);
	for (unsigned i = 0; i < PROBE_OUTCOME_MAX; i++)
		writer_u32(w, t->counts[i]);
	writer_u8(w, (uint8_t)t->try_count);
	for (uint32_t i = 0; i < t->try_count; i++)
		put_try(w, &t->tries[i]);
	writer_u8(w, (uint8_t)t->fallback_count);
	for (uint32_t i = 0; i < t->fallback_count; i++)
		put_fallback(w, &t->fallbacks[i]);
	writer_u32(w, t->fallbacks_beyond);
}

static uint8_t saved_state(const struct subject *s)
{
	switch (s->state) {
	case PROBE_REFUSING:
	case PROBE_RESTORING:
		return SAVED_REFUSED;
	case PROBE_SETTLING:
		return SAVED_SETTLING;
	case PROBE_RECOVERING:
		return SAVED_RECOVERING;
	case PROBE_IDLE:
	case PROBE_STATE_MAX:
		break;
	}
	return SAVED_IDLE;
}

static void put_run(struct writer *w, const struct subject *s)
{
	writer_u8(w, saved_state(s));
	if (!s->last)
		return;
	put_time(w, s->last);
	put_time(w, s->last_night);
	writer_u8(w, (uint8_t)s->run.target);
	writer_u8(w, (uint8_t)(s->run.met | s->run.stopped << 1));
	writer_u32(w, s->run.attempts);
	put_time(w, s->run.period);
}

int probe_save(const struct probe *p, const struct mac *device, struct writer *w)
{
	const struct subject *s = probe_find(p, device);

	if (!s)
		return -ENOENT;
	writer_u32(w, PROBE_STATE_MAGIC);
	writer_u8(w, PROBE_STATE_VERSION);
	writer_bytes(w, s->mac.b, sizeof s->mac.b);
	writer_u8(w, (uint8_t)(s->allowed | s->unrecovered << 1));
	writer_u8(w, (uint8_t)s->class);
	writer_u16(w, s->window.start);
	writer_u16(w, s->window.length);
	put_time(w, s->since);
	writer_u8(w, (uint8_t)s->target_count);
	for (uint32_t i = 0; i < s->target_count; i++)
		put_target(w, &s->targets[i]);
	put_run(w, s);
	return w->error;
}

size_t probe_save_size(const struct probe *p, const struct mac *device)
{
	const struct subject *s = probe_find(p, device);
	size_t size = SAVED_HEAD;

	for (uint32_t i = 0; s && i < s->target_count; i++) {
		const struct probe_target *t = &s->targets[i];

		size += SAVED_TARGET + t->try_count * SAVED_TRY +
			t->fallback_count * SAVED_FALLBACK;
	}
	return s ? size : 0;
}
