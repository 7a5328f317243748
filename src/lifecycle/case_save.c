// SPDX-License-Identifier: GPL-2.0-or-later
/* A bundle as octets. What is read may have been written by anybody: it is checked as if
 * it came from outside. */
#include <string.h>
#include "base/str.h"
#include "lifecycle/case.h"

#define VERSION 1

static void save_addr(struct writer *w, const struct addr *a)
{
	writer_u8(w, a->family);
	writer_bytes(w, a->b, sizeof(a->b));
}

static void save_head(struct writer *w, const struct case_head *h)
{
	writer_u64(w, (uint64_t)h->first);
	writer_u64(w, (uint64_t)h->last);
	save_addr(w, &h->peer);
	writer_u32(w, h->peer_device);
	writer_u8(w, h->fate);
	writer_u8(w, h->began);
	writer_u8(w, h->place);
	writer_u8(w, h->app);
	writer_u8(w, h->proto);
	writer_u16(w, h->port);
	for (size_t i = 0; i < DIRECTION_MAX; i++) {
		writer_u64(w, h->packets[i]);
		writer_u64(w, h->bytes[i]);
	}
	writer_bytes(w, h->name, sizeof(h->name));
	writer_bytes(w, h->detail, sizeof(h->detail));
}

int case_bundle_save(const struct case_bundle *b, struct writer *w)
{
	writer_u8(w, VERSION);
	writer_u8(w, SUSPICION_KIND_MAX);
	for (size_t k = 0; k < SUSPICION_KIND_MAX; k++) {
		writer_u16(w, b->points[k]);
		writer_u32(w, b->times[k]);
	}
	writer_u64(w, b->left_out);
	writer_u32(w, b->before);
	writer_u32(w, b->count);
	for (uint32_t i = 0; i < b->count; i++)
		save_head(w, &b->heads[i]);
	return w->error;
}

static struct addr load_addr(struct cursor *c)
{
	struct addr a = {.family = cursor_u8(c)};

	cursor_copy(c, a.b, sizeof(a.b));
	if (a.family != 4 && a.family != 6)
		return (struct addr){0};
	return a.family == 4 ? addr_v4(a.b) : a;
}

static bool load_text(struct cursor *c, char *ret, size_t size)
{
	cursor_copy(c, ret, size);
	return memchr(ret, 0, size) && str_is_clean_utf8(ret, strlen(ret));
}

static bool load_head(struct cursor *c, struct case_head *h)
{
	bool sound;

	memset(h, 0, sizeof(*h));
	h->first = (nstime)cursor_u64(c);
	h->last = (nstime)cursor_u64(c);
	h->peer = load_addr(c);
	h->peer_device = cursor_u32(c);
	h->fate = cursor_u8(c);
	h->began = cursor_u8(c);
	h->place = cursor_u8(c);
	h->app = cursor_u8(c);
	h->proto = cursor_u8(c);
	h->port = cursor_u16(c);
	for (size_t i = 0; i < DIRECTION_MAX; i++) {
		h->packets[i] = cursor_u64(c);
		h->bytes[i] = cursor_u64(c);
	}
	sound = load_text(c, h->name, sizeof(h->name));
	sound = load_text(c, h->detail, sizeof(h->detail)) && sound;
	return sound && !c->error && h->first >= 0 && h->last >= h->first &&
	       h->fate < CASE_FATE_MAX && h->began < DIRECTION_MAX &&
	       h->place < RECORD_PLACE_MAX && h->app < RECORD_APP_MAX;
}

int case_bundle_load(struct cursor saved, struct case_head *heads, struct case_bundle *ret)
{
	struct case_bundle b = {.heads = heads, .room = CASE_HEADS_MAX};
	struct cursor *c = &saved;
	uint32_t count;

	*ret = b;
	if (cursor_u8(c) != VERSION || cursor_u8(c) != SUSPICION_KIND_MAX)
		return CARDEA_EMALFORMED;
	for (size_t k = 0; k < SUSPICION_KIND_MAX; k++) {
		b.points[k] = cursor_u16(c);
		b.times[k] = cursor_u32(c);
	}
	b.left_out = cursor_u64(c);
	b.before = cursor_u32(c);
	count = cursor_u32(c);
	if (c->error || count > CASE_HEADS_MAX || b.before > count)
		return CARDEA_EMALFORMED;
	for (; b.count < count; b.count++)
		if (!load_head(c, &heads[b.count]))
			return CARDEA_EMALFORMED;
	if (cursor_left(c))
		return CARDEA_EMALFORMED;
	*ret = b;
	return 0;
}
