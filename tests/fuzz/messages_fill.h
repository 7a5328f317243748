// SPDX-License-Identifier: GPL-2.0-or-later
/* messages_fill - a lively example of every message, made from messages.def; for the
 * round-trip tests and the fuzz seeds. */
#ifndef CARDEA_TESTS_MESSAGES_FILL_H
#define CARDEA_TESTS_MESSAGES_FILL_H

#include <string.h>
#include "model/messages.h"

/* Each field gets another value; full: texts and lists are as long as they may be. */
struct fill {
	uint32_t step;
	bool full;
};

static inline uint64_t fill_number(struct fill *f)
{
	f->step++;
	return f->step * 0x9e3779b97f4a7c15ULL | 0x80;
}

static inline void fill_addr(struct fill *f, struct addr *a)
{
	static const uint8_t families[] = {4, 6, 0};

	memset(a, 0, sizeof *a);
	a->family = families[f->step++ % 3];
	for (size_t i = 0; i < addr_bits(a) / 8; i++)
		a->b[i] = (uint8_t)(0xa0 + i + f->step);
}

static inline void fill_addrs(struct fill *f, struct message_addrs *list)
{
	list->count = f->full ? LIMIT_ANSWER_ADDRS : 3;
	for (size_t i = 0; i < list->count; i++)
		fill_addr(f, &list->addrs[i]);
}

static inline void fill_u16s(struct fill *f, struct u16_list *list)
{
	list->count = f->full ? LIMIT_U16_LIST : 5;
	for (size_t i = 0; i < list->count; i++)
		list->items[i] = (uint16_t)fill_number(f);
}

static inline void fill_chars(struct fill *f, char *text, size_t size)
{
	static const char pattern[] = "bulb-k\xc3\xbc" "che.example.";
	size_t len = f->full ? size - 1 : 8 + f->step++ % 11;

	for (size_t i = 0; i < len; i++)
		text[i] = pattern[i % (sizeof pattern - 1)];
	/* never end in half a character */
	for (size_t i = len; i > 0 && (unsigned char)text[i - 1] == 0xc3; i--)
		text[i - 1] = '_';
}

static inline void fill_bytes(struct fill *f, uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(fill_number(f) >> 32);
}

static inline void fill_chunk(struct fill *f, struct message_chunk *c)
{
	c->len = f->full ? LIMIT_WEB_CHUNK : 7;
	fill_bytes(f, c->bytes, c->len);
}

#define FILL_u8(f, v) v = (uint8_t)fill_number(f)
#define FILL_u16(f, v) v = (uint16_t)fill_number(f)
#define FILL_u32(f, v) v = (uint32_t)fill_number(f)
#define FILL_u64(f, v) v = fill_number(f)
#define FILL_i64(f, v) v = (int64_t)fill_number(f)
#define FILL_bool(f, v) v = (f)->full || fill_number(f) >> 63
#define FILL_mac(f, v) fill_bytes(f, (v).b, sizeof(v).b)
#define FILL_addr(f, v) fill_addr(f, &(v))
#define FILL_addrs(f, v) fill_addrs(f, &(v))
#define FILL_u16s(f, v) fill_u16s(f, &(v))
#define FILL_label(f, v) fill_chars(f, v, sizeof(v))
#define FILL_text(f, v) fill_chars(f, v, sizeof(v))
#define FILL_name(f, v) fill_chars(f, v, sizeof(v))
#define FILL_url(f, v) fill_chars(f, v, sizeof(v))
#define FILL_part(f, v) fill_chars(f, v, sizeof(v))
#define FILL_digest(f, v) fill_bytes(f, v, sizeof(v))
#define FILL_chunk(f, v) fill_chunk(f, &(v))

#define MSG(NAME, name, number)                                                          \
	static inline void fill_message_##name(struct message *m, bool full)             \
	{                                                                                \
		struct fill f = {.step = number, .full = full};                          \
		struct message_##name *to = &m->name;                                    \
		memset(m, 0, sizeof *m);                                                 \
		m->type = MESSAGE_##NAME;                                                \
		(void)f;                                                                 \
		(void)to;
#define FIELD(type, field) FILL_##type(&f, to->field);
#define END }
#include "model/messages.def"
#undef MSG
#undef FIELD
#undef END

typedef void (*fill_fn)(struct message *m, bool full);

static const struct {
	const char *name;
	int number;
	fill_fn fill;
} fill_table[] = {
#define MSG(NAME, name, number) {#name, number, fill_message_##name},
#define FIELD(type, field)
#define END
#include "model/messages.def"
#undef MSG
#undef FIELD
#undef END
};

#define FILL_COUNT (sizeof fill_table / sizeof *fill_table)

#endif
