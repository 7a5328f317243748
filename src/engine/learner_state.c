// SPDX-License-Identifier: GPL-2.0-or-later
/* learner_state - what was learned as bytes: the learner's state, and the addresses that
 * have no name. Read back it is a stranger's: the file may be anybody's. */
#include "engine/learner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "engine/learn_priv.h"

#define MAGIC 0x434c5256u /* "CLRV" */
#define VERSION 1
#define HEAD (4 + 2 + 4 + 2)
#define BARE_MAX (6 + 5 + 2 + 1 + 16 + 1 + LIMIT_NAME + 6 * 8)
/* Addresses age: who has not been met for so long is none to keep. */
#define BARE_KEPT (30 * 86400 * NS_PER_SEC)

static void put_bare(struct writer *w, const struct learn_bare *b)
{
	const struct learn_bare_key *k = &b->key;
	size_t len = strlen(b->name);

	writer_bytes(w, k->device.b, sizeof k->device.b);
	writer_u8(w, k->direction);
	writer_u8(w, k->family);
	writer_u8(w, k->proto);
	writer_u8(w, k->place);
	writer_u8(w, k->why);
	writer_u16(w, k->port);
	writer_u8(w, k->peer.family);
	writer_bytes(w, k->peer.b, addr_bits(&k->peer) / 8);
	writer_u8(w, (uint8_t)len); /* LIMIT_NAME: less than 256 */
	writer_bytes(w, b->name, len);
	writer_u64(w, (uint64_t)b->first);
	writer_u64(w, (uint64_t)b->last);
	writer_u64(w, b->flows);
	writer_u64(w, b->packets);
	writer_u64(w, b->bytes[DIRECTION_FROM_DEVICE]);
	writer_u64(w, b->bytes[DIRECTION_TO_DEVICE]);
}

int learner_state_make(const struct learner *l, uint8_t **ret, size_t *ret_len)
{
	size_t size = HEAD + learned_save_size(l->learned) +
		(size_t)l->bares->count * BARE_MAX;
	uint8_t *bytes = malloc(size);
	struct writer w = writer_of(bytes, size);
	size_t at, learned;

	if (!bytes)
		return -ENOMEM;
	writer_u32(&w, MAGIC);
	writer_u16(&w, VERSION);
	at = w.len;
	writer_u32(&w, 0);
	int e = learned_save(l->learned, &w);
	learned = w.len - at - 4;
	writer_u16(&w, (uint16_t)l->bares->count);
	for (uint32_t i = 0; i < l->bares->count; i++)
		put_bare(&w, &l->bares->list[i]);
	if (e || w.error) {
		free(bytes);
		return e ? e : w.error;
	}
	for (int i = 0; i < 4; i++)
		bytes[at + (size_t)i] = (uint8_t)(learned >> (24 - 8 * i));
	*ret = bytes;
	*ret_len = w.len;
	return 0;
}

/* ---- and back ---- */

static bool key_is_sound(const struct learn_bare_key *k)
{
	return k->direction < DIRECTION_MAX && (k->family == 4 || k->family == 6) &&
	       k->place < RECORD_PLACE_MAX && k->why <= LEARN_BARE_ANSWER &&
	       (!k->peer.family || k->peer.family == k->family) &&
	       !mac_is_zero(&k->device) && !mac_is_group(&k->device);
}

static bool get_name(struct cursor *c, char name[LIMIT_NAME])
{
	size_t len = cursor_u8(c);
	const uint8_t *p = cursor_take(c, len);

	for (size_t i = 0; p && i < len; i++)
		if (p[i] <= ' ' || p[i] > '~')
			return false;
	if (p)
		str_copy_bytes(name, LIMIT_NAME, p, len);
	return p != NULL;
}

static bool get_time(struct cursor *c, nstime *ret)
{
	uint64_t t = cursor_u64(c);

	*ret = (nstime)t;
	return t <= INT64_MAX;
}

static bool get_bare(struct cursor *c, struct learn_bare *b)
{
	struct learn_bare_key *k = &b->key;

	memset(b, 0, sizeof *b); /* keys are compared as bytes */
	cursor_copy(c, k->device.b, sizeof k->device.b);
	k->direction = cursor_u8(c);
	k->family = cursor_u8(c);
	k->proto = cursor_u8(c);
	k->place = cursor_u8(c);
	k->why = cursor_u8(c);
	k->port = cursor_u16(c);
	k->peer.family = cursor_u8(c);
	if (!key_is_sound(k))
		return false;
	cursor_copy(c, k->peer.b, addr_bits(&k->peer) / 8);
	if (!get_name(c, b->name) || !get_time(c, &b->first) || !get_time(c, &b->last))
		return false;
	b->flows = cursor_u64(c);
	b->packets = cursor_u64(c);
	b->bytes[DIRECTION_FROM_DEVICE] = cursor_u64(c);
	b->bytes[DIRECTION_TO_DEVICE] = cursor_u64(c);
	return !c->error && b->flows && b->first <= b->last;
}

static int take_bares(struct learner *l, struct cursor *c)
{
	uint16_t count = cursor_u16(c);
	nstime latest = 0;
	struct learn_bare b;

	for (uint16_t i = 0; i < count; i++) {
		if (!get_bare(c, &b) || !learn_bares_put(l->bares, &b))
			return CARDEA_EMALFORMED;
		if (b.last > latest)
			latest = b.last;
	}
	learn_bares_age(l->bares, latest - BARE_KEPT);
	return c->error || cursor_left(c) ? CARDEA_EMALFORMED : 0;
}

int learner_state_take(struct learner *l, struct cursor state)
{
	const struct learned_config config = {
		.public_labels = learn_suffixes_labels, .ctx = l->suffixes};
	uint32_t magic = cursor_u32(&state);
	uint16_t version = cursor_u16(&state);
	uint32_t len = cursor_u32(&state);
	const uint8_t *learned;
	int e;

	if (state.error || magic != MAGIC)
		return CARDEA_EMALFORMED;
	if (version != VERSION)
		return CARDEA_EUNSUPPORTED;
	learned = cursor_take(&state, len);
	if (!learned)
		return CARDEA_EMALFORMED;
	e = take_bares(l, &state);
	if (!e)
		e = learned_load(&config, cursor_of(learned, len), &l->learned);
	if (e)
		learn_bares_clear(l->bares);
	return e;
}
