// SPDX-License-Identifier: GPL-2.0-or-later
/* Fuzz: records, events, captures and ends in any order and with anything in them. The
 * learner stays within its bounds, and its state comes back from its bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "profiles/learned/interact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void text(struct cursor *c, char *to, size_t room)
{
	size_t n = cursor_u8(c) % room;
	const uint8_t *p;

	n = n < cursor_left(c) ? n : cursor_left(c);
	p = cursor_take(c, n);
	memset(to, 0, room);
	if (p)
		memcpy(to, p, n);
}

static void addr(struct cursor *c, struct addr *a)
{
	memset(a, 0, sizeof *a);
	a->family = cursor_u8(c) % 8;
	cursor_copy(c, a->b, 2);
}

/* Small numbers meet; now and then a time is anything. */
static nstime when(struct cursor *c)
{
	uint8_t how = cursor_u8(c);

	if (how == 255)
		return (nstime)cursor_u64(c);
	return (1700000000 + how * 37LL + cursor_u8(c) * 977LL) * NS_PER_SEC;
}

static void record(struct learned *l, struct cursor *c)
{
	struct record r = {.device.b = {2, 0, 0, 0, 0, cursor_u8(c) & 3}};
	uint8_t flags = cursor_u8(c);

	r.first = when(c);
	r.last = r.first + cursor_u8(c) * NS_PER_SEC;
	r.direction = cursor_u8(c) % 3;
	r.midstream = flags & 1;
	r.answered = flags & 2;
	r.family = flags & 4 ? 4 : cursor_u8(c);
	r.proto = flags & 8 ? 6 : flags & 16 ? 17 : cursor_u8(c);
	r.device_port = cursor_u16(c);
	r.peer_port = cursor_u16(c);
	addr(c, &r.device_addr);
	addr(c, &r.peer);
	r.place = cursor_u8(c) % 5;
	cursor_copy(c, &r.peer_mac.b[4], 2);
	r.naming = cursor_u8(c) % 5;
	text(c, r.name, sizeof r.name);
	r.app = cursor_u8(c) % (RECORD_APP_MAX + 1);
	text(c, r.detail, sizeof r.detail);
	r.packets[0] = cursor_u32(c);
	r.bytes[1] = flags & 32 ? cursor_u64(c) : cursor_u8(c);
	if (learned_record(l, &r) == -12)
		abort();
}

static void step(struct learned *l, struct cursor *c)
{
	struct mac mac = {{2, 0, 0, 0, 0, 0}};

	switch (cursor_u8(c) % 16) {
	case 0:
		learned_capture(l);
		break;
	case 1:
		learned_end(l, when(c));
		break;
	case 2:
		mac.b[5] = cursor_u8(c) & 3;
		learned_seen(l, &mac, when(c));
		break;
	case 3:
		mac.b[5] = cursor_u8(c) & 3;
		learned_booted(l, &mac, when(c));
		break;
	case 4:
		mac.b[5] = cursor_u8(c) & 3;
		learned_forget(l, &mac);
		break;
	default:
		record(l, c);
		break;
	}
}

static int visit(void *ctx, const struct learned_kind *k)
{
	(void)ctx;
	return strnlen(k->name, sizeof k->name) == sizeof k->name;
}

static int visit_interaction(void *ctx, const struct learned_interaction *i)
{
	return i->precedences > i->effects || visit(ctx, &i->trigger.kind) ||
	       visit(ctx, &i->effect.kind);
}

/* All that there is comes back, and is the same. */
static void check(const struct learned_config *config, const struct learned *l)
{
	size_t room = learned_save_size(l);
	uint8_t *a = malloc(room), *b = malloc(room);
	struct writer w = writer_of(a, room), x = writer_of(b, room);
	struct learned *loaded = NULL;
	struct learned_device d, e;

	if (!a || !b || learned_save(l, &w) ||
		learned_load(config, cursor_of(a, w.len), &loaded) ||
		learned_save(loaded, &x) || x.len != w.len || memcmp(a, b, w.len) != 0)
		abort();
	for (size_t i = 0; i < learned_count(l); i++) {
		learned_device_at(l, i, &d);
		learned_device_at(loaded, i, &e);
		if (memcmp(&d, &e, sizeof d) != 0 || d.kinds > LEARNED_KINDS_MAX ||
			learned_kinds(l, &d.mac, true, visit, NULL))
			abort();
	}
	if (learned_interactions(l, NULL, visit_interaction, NULL) ||
		learned_interactions(loaded, NULL, visit_interaction, NULL))
		abort();
	learned_free(loaded);
	free(a);
	free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of(data, size);
	struct learned_config config = {.per_capture = cursor_u8(&c) & 1};
	struct learned *l;

	if (learned_new(&config, &l))
		abort();
	while (cursor_left(&c))
		step(l, &c);
	learned_end(l, INT64_MAX);
	check(&config, l);
	learned_free(l);
	return 0;
}
