// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* messages - encoder, strict decoder, names and trace, all made from messages.def.
 * On the wire: u16 type, then the fields in order, big endian; addr = u8 family and its
 * 0, 4 or 16 bytes; text = u16 length and bytes without NUL; addrs = u16 count and
 * addresses; u16s = u16 count and numbers; chunk = u16 length and octets; bool = one byte,
 * 0 or 1. */
#include "model/messages.h"

#include <inttypes.h>
#include <string.h>
#include "base/str.h"

/* The longest wire form of each field type, so that MESSAGE_MAX is proven, not hoped. */
#define WIRE_u8 1
#define WIRE_u16 2
#define WIRE_u32 4
#define WIRE_u64 8
#define WIRE_i64 8
#define WIRE_bool 1
#define WIRE_mac 6
#define WIRE_addr 17
#define WIRE_addrs (2 + LIMIT_ANSWER_ADDRS * WIRE_addr)
#define WIRE_u16s (2 + 2 * LIMIT_U16_LIST)
#define WIRE_label (2 + LIMIT_LABEL)
#define WIRE_text (2 + LIMIT_TEXT)
#define WIRE_name (2 + LIMIT_NAME)
#define WIRE_url (2 + LIMIT_URL)
#define WIRE_part (2 + LIMIT_REPORT_PART)
#define WIRE_digest 32
#define WIRE_chunk (2 + LIMIT_WEB_CHUNK)

#define MSG(NAME, name, number) _Static_assert(2
#define FIELD(type, field) +WIRE_##type
#define END <= MESSAGE_MAX, "a message is longer than MESSAGE_MAX");
#include "model/messages.def"
#undef MSG
#undef FIELD
#undef END

const char *message_name_of(int type)
{
	switch (type) {
#define MSG(NAME, name, number)                                                          \
	case number:                                                                     \
		return #NAME;
#define FIELD(type, field)
#define END
#include "model/messages.def"
#undef MSG
#undef FIELD
#undef END
	default:
		return NULL;
	}
}

/* ---- encoding ---- */

static void encode_addr(struct writer *w, const struct addr *a)
{
	if (a->family && !addr_bits(a))
		w->error = CARDEA_EMALFORMED;
	writer_u8(w, a->family);
	writer_bytes(w, a->b, addr_bits(a) / 8);
}

static void encode_addrs(struct writer *w, const struct message_addrs *list)
{
	if (list->count > LIMIT_ANSWER_ADDRS) {
		w->error = CARDEA_ELIMIT;
		return;
	}
	writer_u16(w, list->count);
	for (size_t i = 0; i < list->count; i++)
		encode_addr(w, &list->addrs[i]);
}

static void encode_u16s(struct writer *w, const struct u16_list *list)
{
	if (list->count > LIMIT_U16_LIST) {
		w->error = CARDEA_ELIMIT;
		return;
	}
	writer_u16(w, list->count);
	for (size_t i = 0; i < list->count; i++)
		writer_u16(w, list->items[i]);
}

static void encode_chars(struct writer *w, const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	if (len == size || !str_is_clean_utf8(text, len)) {
		w->error = CARDEA_EMALFORMED;
		return;
	}
	writer_u16(w, (uint16_t)len);
	writer_bytes(w, text, len);
}

static void encode_chunk(struct writer *w, const struct message_chunk *c)
{
	if (c->len > LIMIT_WEB_CHUNK) {
		w->error = CARDEA_ELIMIT;
		return;
	}
	writer_u16(w, c->len);
	writer_bytes(w, c->bytes, c->len);
}

#define PUT_u8(w, v) writer_u8(w, v)
#define PUT_u16(w, v) writer_u16(w, v)
#define PUT_u32(w, v) writer_u32(w, v)
#define PUT_u64(w, v) writer_u64(w, v)
#define PUT_i64(w, v) writer_u64(w, (uint64_t)(v))
#define PUT_bool(w, v) writer_u8(w, v)
#define PUT_mac(w, v) writer_bytes(w, (v).b, sizeof(v).b)
#define PUT_addr(w, v) encode_addr(w, &(v))
#define PUT_addrs(w, v) encode_addrs(w, &(v))
#define PUT_u16s(w, v) encode_u16s(w, &(v))
#define PUT_label(w, v) encode_chars(w, v, sizeof(v))
#define PUT_text(w, v) encode_chars(w, v, sizeof(v))
#define PUT_name(w, v) encode_chars(w, v, sizeof(v))
#define PUT_url(w, v) encode_chars(w, v, sizeof(v))
#define PUT_part(w, v) encode_chars(w, v, sizeof(v))
#define PUT_digest(w, v) writer_bytes(w, v, sizeof(v))
#define PUT_chunk(w, v) encode_chunk(w, &(v))

#define MSG(NAME, name, number)                                                          \
	static void encode_message_##name(                                               \
		struct writer *w, const struct message_##name *m)                        \
	{                                                                                \
		(void)m;                                                                 \
		writer_u16(w, number);
#define FIELD(type, field) PUT_##type(w, m->field);
#define END }
#include "model/messages.def"
#undef MSG
#undef FIELD
#undef END

int message_encode(const struct message *m, uint8_t *buf, size_t size)
{
	struct writer w = writer_of(buf, size);

	switch ((int)m->type) {
#define MSG(NAME, name, number)                                                          \
	case number:                                                                     \
		encode_message_##name(&w, &m->name);                                     \
		break;
#define FIELD(type, field)
#define END
#include "model/messages.def"
#undef MSG
#undef FIELD
#undef END
	default:
		return CARDEA_EMALFORMED;
	}
	return w.error ? w.error : (int)w.len;
}

/* ---- decoding ---- */

static void decode_bool(struct cursor *c, bool *ret)
{
	uint8_t v = cursor_u8(c);

	if (v > 1)
		cursor_fail(c, CARDEA_EMALFORMED);
	*ret = v == 1;
}

static void decode_addr(struct cursor *c, struct addr *ret)
{
	ret->family = cursor_u8(c);
	if (ret->family && !addr_bits(ret))
		cursor_fail(c, CARDEA_EMALFORMED);
	cursor_copy(c, ret->b, addr_bits(ret) / 8);
}

static void decode_addrs(struct cursor *c, struct message_addrs *ret)
{
	ret->count = cursor_u16(c);
	if (ret->count > LIMIT_ANSWER_ADDRS) {
		cursor_fail(c, CARDEA_EMALFORMED);
		return;
	}
	for (size_t i = 0; i < ret->count; i++)
		decode_addr(c, &ret->addrs[i]);
}

static void decode_u16s(struct cursor *c, struct u16_list *ret)
{
	ret->count = cursor_u16(c);
	if (ret->count > LIMIT_U16_LIST) {
		cursor_fail(c, CARDEA_EMALFORMED);
		return;
	}
	for (size_t i = 0; i < ret->count; i++)
		ret->items[i] = cursor_u16(c);
}

static void decode_chars(struct cursor *c, char *ret, size_t size)
{
	size_t len = cursor_u16(c);
	const uint8_t *bytes = cursor_take(c, len);

	if (!bytes)
		return;
	if (len >= size || !str_is_clean_utf8(bytes, len)) {
		cursor_fail(c, CARDEA_EMALFORMED);
		return;
	}
	str_copy_bytes(ret, size, bytes, len);
}

static void decode_chunk(struct cursor *c, struct message_chunk *ret)
{
	ret->len = cursor_u16(c);
	if (ret->len > LIMIT_WEB_CHUNK) {
		cursor_fail(c, CARDEA_EMALFORMED);
		return;
	}
	cursor_copy(c, ret->bytes, ret->len);
}

#define GET_u8(c, v) v = cursor_u8(c)
#define GET_u16(c, v) v = cursor_u16(c)
#define GET_u32(c, v) v = cursor_u32(c)
#define GET_u64(c, v) v = cursor_u64(c)
#define GET_i64(c, v) v = (int64_t)cursor_u64(c)
#define GET_bool(c, v) decode_bool(c, &(v))
#define GET_mac(c, v) cursor_copy(c, (v).b, sizeof(v).b)
#define GET_addr(c, v) decode_addr(c, &(v))
#define GET_addrs(c, v) decode_addrs(c, &(v))
#define GET_u16s(c, v) decode_u16s(c, &(v))
#define GET_label(c, v) decode_chars(c, v, sizeof(v))
#define GET_text(c, v) decode_chars(c, v, sizeof(v))
#define GET_name(c, v) decode_chars(c, v, sizeof(v))
#define GET_url(c, v) decode_chars(c, v, sizeof(v))
#define GET_part(c, v) decode_chars(c, v, sizeof(v))
#define GET_digest(c, v) cursor_copy(c, v, sizeof(v))
#define GET_chunk(c, v) decode_chunk(c, &(v))

#define MSG(NAME, name, number)                                                          \
	static void decode_message_##name(struct cursor *c, struct message_##name *m)    \
	{                                                                                \
		(void)c;                                                                 \
		(void)m;
#define FIELD(type, field) GET_##type(c, m->field);
#define END }
#include "model/messages.def"
#undef MSG
#undef FIELD
#undef END

/* Only what this type has is written: most are far smaller than the largest, and some
 * hundred thousand make a large house's policy. Every byte of it, so that what one message
 * leaves over does not leak into the next. */
#define MSG(NAME, name, number)                                                          \
	static bool take_message_##name(                                                 \
		struct cursor *c, bool alone, struct message *ret)                       \
	{                                                                                \
		struct message_##name m;                                                 \
		memset(&m, 0, sizeof m);                                                 \
		decode_message_##name(c, &m);                                            \
		if (c->error || (alone && cursor_left(c)))                               \
			return false;                                                    \
		ret->type = (enum message_type)number;                                   \
		ret->name = m;                                                           \
		return true;                                                             \
	}
#define FIELD(type, field)
#define END
#include "model/messages.def"
#undef MSG
#undef FIELD
#undef END

static int message_take(struct cursor *packet, bool alone, struct message *ret)
{
	bool taken = false;

	switch (cursor_u16(packet)) {
#define MSG(NAME, name, number)                                                          \
	case number:                                                                     \
		taken = take_message_##name(packet, alone, ret);                              \
		break;
#define FIELD(type, field)
#define END
#include "model/messages.def"
#undef MSG
#undef FIELD
#undef END
	default:
		break;
	}
	return taken ? 0 : CARDEA_EMALFORMED;
}

int message_next(struct cursor *packet, struct message *ret)
{
	return message_take(packet, false, ret);
}

int message_decode(const uint8_t *data, size_t len, struct message *ret)
{
	struct cursor c = cursor_of(data, len);

	return message_take(&c, true, ret);
}

int message_pack_add(struct message_pack *p, const struct message *m)
{
	int n = message_encode(m, p->bytes + p->len, sizeof p->bytes - p->len);

	if (n < 0)
		return n;
	p->len += (size_t)n;
	return 0;
}

/* ---- trace ---- */

/* The quotation mark is escaped as well: no text may pretend to be the next field. */
static void trace_chars(struct str_text *t, const char *text, size_t size)
{
	char shown[4 * LIMIT_URL + 1];
	struct untrusted_str raw = {.bytes = text, .len = strnlen(text, size)};

	str_escape(raw, shown, sizeof shown);
	str_add(t, "\"");
	for (const char *p = shown; *p; p++) {
		if (*p == '"')
			str_add(t, "\\x22");
		else
			str_add(t, "%c", *p);
	}
	str_add(t, "\"");
}

static void trace_mac(struct str_text *t, const struct mac *m)
{
	char text[MAC_TEXT_MAX];

	str_add(t, "%s", mac_format(m, text));
}

static void trace_addr(struct str_text *t, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	str_add(t, "%s", addr_format(a, text));
}

static void trace_addrs(struct str_text *t, const struct message_addrs *list)
{
	str_add(t, "[");
	for (size_t i = 0; i < list->count && i < LIMIT_ANSWER_ADDRS; i++) {
		if (i)
			str_add(t, ",");
		trace_addr(t, &list->addrs[i]);
	}
	str_add(t, "]");
}

static void trace_u16s(struct str_text *t, const struct u16_list *list)
{
	str_add(t, "[");
	for (size_t i = 0; i < list->count && i < LIMIT_U16_LIST; i++)
		str_add(t, i ? ",%u" : "%u", list->items[i]);
	str_add(t, "]");
}

static void trace_digest(struct str_text *t, const uint8_t *digest, size_t len)
{
	for (size_t i = 0; i < len; i++)
		str_add(t, "%02x", digest[i]);
}

/* Evidence is long and of no use to a reader: how much there is. */
static void trace_chunk(struct str_text *t, const struct message_chunk *c)
{
	str_add(t, "%u octets", c->len);
}

#define TRACE_u8(t, v) str_add(t, "%u", v)
#define TRACE_u16(t, v) str_add(t, "%u", v)
#define TRACE_u32(t, v) str_add(t, "%" PRIu32, v)
#define TRACE_u64(t, v) str_add(t, "%" PRIu64, v)
#define TRACE_i64(t, v) str_add(t, "%" PRId64, v)
#define TRACE_bool(t, v) str_add(t, "%s", (v) ? "true" : "false")
#define TRACE_mac(t, v) trace_mac(t, &(v))
#define TRACE_addr(t, v) trace_addr(t, &(v))
#define TRACE_addrs(t, v) trace_addrs(t, &(v))
#define TRACE_u16s(t, v) trace_u16s(t, &(v))
#define TRACE_label(t, v) trace_chars(t, v, sizeof(v))
#define TRACE_text(t, v) trace_chars(t, v, sizeof(v))
#define TRACE_name(t, v) trace_chars(t, v, sizeof(v))
#define TRACE_url(t, v) trace_chars(t, v, sizeof(v))
#define TRACE_part(t, v) trace_chars(t, v, sizeof(v))
#define TRACE_digest(t, v) trace_digest(t, v, sizeof(v))
#define TRACE_chunk(t, v) trace_chunk(t, &(v))

#define MSG(NAME, name, number)                                                          \
	static void trace_message_##name(struct str_text *t, const struct message_##name *m) \
	{                                                                                \
		(void)m;                                                                 \
		str_add(t, "%d %s", number, #NAME);
#define FIELD(type, field)                                                               \
	str_add(t, " %s=", #field);                                                    \
	TRACE_##type(t, m->field);
#define END }
#include "model/messages.def"
#undef MSG
#undef FIELD
#undef END

char *message_trace(const struct message *m, char *buf, size_t size)
{
	struct str_text t = {.buf = buf, .size = size};

	if (!size)
		return buf;
	buf[0] = 0;
	switch ((int)m->type) {
#define MSG(NAME, name, number)                                                          \
	case number:                                                                     \
		trace_message_##name(&t, &m->name);                                      \
		break;
#define FIELD(type, field)
#define END
#include "model/messages.def"
#undef MSG
#undef FIELD
#undef END
	default:
		str_add(&t, "%d ?", (int)m->type);
	}
	return buf;
}
