// SPDX-License-Identifier: GPL-2.0-or-later
/* What is remembered of suspicion, as octets for the store: points and what they are for.
 * Windows of a minute are not worth it. */
#include <math.h>
#include "base/str.h"
#include "lifecycle/suspicion.h"
#include "lifecycle/when.h"

#define VERSION 1
#define PARTS 1000.0 /* of a point */
#define POINTS_MOST 1000.0

int suspicion_save(const struct suspicion *s, struct writer *w)
{
	writer_u8(w, VERSION);
	writer_u8(w, s->tight);
	writer_u8(w, (uint8_t)s->level);
	writer_u8(w, SUSPICION_KIND_MAX);
	writer_u64(w, (uint64_t)s->at);
	for (size_t k = 0; k < SUSPICION_KIND_MAX; k++) {
		size_t len = strnlen(s->text[k], LIMIT_LABEL - 1);

		writer_u32(w, (uint32_t)lround(fmin(s->points[k], POINTS_MOST) * PARTS));
		writer_u32(w, s->times[k]);
		writer_u64(w, (uint64_t)s->last[k]);
		writer_u8(w, (uint8_t)len);
		writer_bytes(w, s->text[k], len);
	}
	writer_u64(w, (uint64_t)s->listens_since);
	for (size_t i = 0; i < SUSPICION_BITS / 64; i++)
		writer_u64(w, s->listens.bits[i]);
	return w->error;
}

static void load_kind(struct cursor *c, struct suspicion *s, size_t k)
{
	uint32_t points = cursor_u32(c);
	size_t len;

	s->times[k] = cursor_u32(c);
	s->last[k] = (nstime)cursor_u64(c);
	len = cursor_u8(c);
	if (points > POINTS_MOST * PARTS || len >= LIMIT_LABEL ||
		!when_is_real(s->last[k]))
		cursor_fail(c, CARDEA_EMALFORMED);
	s->points[k] = points / PARTS;
	if (!c->error)
		cursor_copy(c, s->text[k], len);
	/* nothing hides behind a NUL */
	if (!c->error && (strnlen(s->text[k], len) != len ||
				 !str_is_clean_utf8(s->text[k], len)))
		cursor_fail(c, CARDEA_EMALFORMED);
}

int suspicion_load(
	struct cursor saved, struct hash_key key, nstime now, struct suspicion *ret)
{
	struct cursor *c = &saved;
	struct suspicion s;
	uint8_t version = cursor_u8(c), tight = cursor_u8(c), level = cursor_u8(c);
	uint8_t kinds = cursor_u8(c);

	suspicion_init(&s, key, now);
	s.at = (nstime)cursor_u64(c);
	if (version != VERSION || tight > 1 || level > SUSPICION_CONVICTED ||
		!when_is_real(s.at) ||
		kinds > SUSPICION_KIND_MAX)
		cursor_fail(c, CARDEA_EMALFORMED);
	for (size_t k = 0; k < kinds && !c->error; k++)
		load_kind(c, &s, k);
	s.listens_since = (nstime)cursor_u64(c);
	for (size_t i = 0; i < SUSPICION_BITS / 64; i++)
		s.listens.bits[i] = cursor_u64(c);
	if (c->error || cursor_left(c) || !when_is_real(s.listens_since)) {
		suspicion_init(ret, key, now);
		return CARDEA_EMALFORMED;
	}
	s.tight = tight;
	s.level = (enum suspicion_level)level;
	*ret = s;
	return 0;
}

void suspicion_shift(struct suspicion *s, const struct when_jump *j)
{
	s->at = when_moved(s->at, j, 0);
	s->window += j->by;
	s->flood += j->by;
	if (s->listens_since)
		s->listens_since = when_moved(s->listens_since, j, 1);
	for (size_t i = 0; i < SUSPICION_PEERS; i++)
		if (s->peers[i].key)
			s->peers[i].last += j->by;
	for (size_t k = 0; k < SUSPICION_KIND_MAX; k++)
		if (s->times[k])
			s->last[k] = when_moved(s->last[k], j, 0);
}
