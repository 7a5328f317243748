// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
#include "wire/cbor.h"

#include <string.h>
#include "base/str.h"

/* RFC 8949 3: the major type is the upper three bits of the first octet. */
enum major { MAJOR_UINT, MAJOR_NINT, MAJOR_BYTES, MAJOR_TEXT, MAJOR_ARRAY, MAJOR_MAP,
	MAJOR_TAG, MAJOR_SIMPLE };
#define INFO_1 24
#define INFO_2 25
#define INFO_4 26
#define INFO_8 27
#define INFO_INDEFINITE 31

static uint64_t argument(struct cursor *c, unsigned info)
{
	if (info < INFO_1)
		return info;
	switch (info) {
	case INFO_1:
		return cursor_u8(c);
	case INFO_2:
		return cursor_u16(c);
	case INFO_4:
		return cursor_u32(c);
	case INFO_8:
		return cursor_u64(c);
	case INFO_INDEFINITE:
		cursor_fail(c, CARDEA_EUNSUPPORTED);
		return 0;
	default: /* 28-30 are not assigned */
		cursor_fail(c, CARDEA_EMALFORMED);
		return 0;
	}
}

static bool is_utf8(const uint8_t *bytes, size_t len)
{
	uint32_t character;

	while (len > 0) {
		size_t n = str_utf8_next(bytes, len, &character);
		if (n == 0)
			return false;
		bytes += n;
		len -= n;
	}
	return true;
}

static void string(struct cursor *c, struct cbor *item)
{
	if (item->value > cursor_left(c)) {
		cursor_fail(c, CARDEA_ETRUNCATED);
		return;
	}
	item->bytes = cursor_sub(c, (size_t)item->value);
	if (item->type == CBOR_TEXT &&
		!is_utf8(item->bytes.start, (size_t)item->value))
		cursor_fail(c, CARDEA_EMALFORMED);
}

/* An item takes an octet at least: who promises more than there are lies, and is found
 * out before anybody counts to it. */
static void count(struct cursor *c, uint64_t items, uint64_t each)
{
	if (items > cursor_left(c) / each)
		cursor_fail(c, CARDEA_ETRUNCATED);
}

static enum cbor_type simple(struct cursor *c, unsigned info, uint64_t value)
{
	static const enum cbor_type known[] = {
		CBOR_FALSE, CBOR_TRUE, CBOR_NULL, CBOR_UNDEFINED};

	if (info >= INFO_2)
		return CBOR_FLOAT;
	if (info == INFO_1 && value < 32) /* RFC 8949 3.3: two spellings of one value */
		cursor_fail(c, CARDEA_EMALFORMED);
	if (value >= 20 && value <= 23)
		return known[value - 20];
	return CBOR_SIMPLE;
}

void cbor_next(struct cursor *c, struct cbor *ret)
{
	static const enum cbor_type types[] = {CBOR_UINT, CBOR_NINT, CBOR_BYTES,
		CBOR_TEXT, CBOR_ARRAY, CBOR_MAP, CBOR_TAG};
	uint8_t head = cursor_u8(c);
	enum major major = head >> 5;
	unsigned info = head & 31;
	struct cbor item = {.value = argument(c, info)};

	if (major == MAJOR_SIMPLE)
		item.type = simple(c, info, item.value);
	else
		item.type = types[major];
	if (item.type == CBOR_BYTES || item.type == CBOR_TEXT)
		string(c, &item);
	else if (item.type == CBOR_ARRAY || item.type == CBOR_TAG)
		count(c, item.type == CBOR_TAG ? 1 : item.value, 1);
	else if (item.type == CBOR_MAP)
		count(c, item.value, 2);
	*ret = c->error ? (struct cbor){.type = CBOR_NULL} : item;
}

/* How many items are within this one. */
static uint64_t within(const struct cbor *item)
{
	switch (item->type) {
	case CBOR_ARRAY:
		return item->value;
	case CBOR_MAP: /* cannot overflow: there is an octet for each */
		return item->value * 2;
	case CBOR_TAG:
		return 1;
	case CBOR_UINT:
	case CBOR_NINT:
	case CBOR_BYTES:
	case CBOR_TEXT:
	case CBOR_FALSE:
	case CBOR_TRUE:
	case CBOR_NULL:
	case CBOR_UNDEFINED:
	case CBOR_SIMPLE:
	case CBOR_FLOAT:
		break;
	}
	return 0;
}

void cbor_skip(struct cursor *c)
{
	uint64_t left[CBOR_DEPTH_MAX] = {1};
	unsigned depth = 0;
	struct cbor item;

	while (!c->error) {
		while (depth > 0 && left[depth] == 0)
			depth--;
		if (left[depth] == 0)
			return;
		left[depth]--;
		cbor_next(c, &item);
		if (within(&item) == 0)
			continue;
		if (depth + 1 == CBOR_DEPTH_MAX) {
			cursor_fail(c, CARDEA_ELIMIT);
			return;
		}
		left[++depth] = within(&item);
	}
}

struct cursor cbor_item(struct cursor *c)
{
	struct cursor from = *c;

	cbor_skip(c);
	if (c->error)
		return (struct cursor){.error = c->error};
	return cursor_of(from.pos, (size_t)(c->pos - from.pos));
}

static struct cbor expect(struct cursor *c, enum cbor_type type)
{
	struct cbor item;

	cbor_next(c, &item);
	if (item.type == type && !c->error)
		return item;
	cursor_fail(c, CARDEA_EMALFORMED);
	return (struct cbor){.bytes.error = c->error};
}

uint64_t cbor_uint(struct cursor *c)
{
	return expect(c, CBOR_UINT).value;
}

int64_t cbor_int(struct cursor *c)
{
	struct cbor item;

	cbor_next(c, &item);
	if (item.type != CBOR_UINT && item.type != CBOR_NINT)
		cursor_fail(c, CARDEA_EMALFORMED);
	else if (item.value > INT64_MAX)
		cursor_fail(c, CARDEA_ELIMIT);
	if (c->error)
		return 0;
	return item.type == CBOR_UINT ? (int64_t)item.value : -1 - (int64_t)item.value;
}

struct cursor cbor_bytes(struct cursor *c)
{
	return expect(c, CBOR_BYTES).bytes;
}

struct cursor cbor_text(struct cursor *c)
{
	return expect(c, CBOR_TEXT).bytes;
}

uint64_t cbor_array(struct cursor *c)
{
	return expect(c, CBOR_ARRAY).value;
}

uint64_t cbor_map(struct cursor *c)
{
	return expect(c, CBOR_MAP).value;
}

enum cbor_type cbor_peek(const struct cursor *c)
{
	struct cursor ahead = *c;
	struct cbor item;

	cbor_next(&ahead, &item);
	return item.type;
}

void cbor_end(struct cursor *c)
{
	if (cursor_left(c) > 0)
		cursor_fail(c, CARDEA_EMALFORMED);
}

void cbor_close(struct cursor *c, struct cursor *inner)
{
	cbor_end(inner);
	if (inner->error)
		cursor_fail(c, inner->error);
}

void cbor_pairs(struct cursor *c, struct cbor_pairs *ret)
{
	ret->left = cbor_map(c);
	ret->seen_count = 0;
	if (ret->left > CBOR_KEYS_MAX)
		cursor_fail(c, CARDEA_ELIMIT);
}

static bool is_same(const struct cbor_key *a, const struct cbor_key *b)
{
	size_t len = cursor_left(&a->text);

	if (a->is_text != b->is_text || a->number != b->number ||
		len != cursor_left(&b->text))
		return false;
	return len == 0 || memcmp(a->text.pos, b->text.pos, len) == 0;
}

bool cbor_pairs_next(struct cbor_pairs *p, struct cursor *c, struct cbor_key *ret)
{
	struct cbor_key key = {.is_text = cbor_peek(c) == CBOR_TEXT};

	if (c->error || p->left == 0)
		return false;
	if (key.is_text)
		key.text = cbor_text(c);
	else
		key.number = cbor_int(c);
	for (uint32_t i = 0; i < p->seen_count; i++)
		if (is_same(&p->seen[i], &key))
			cursor_fail(c, CARDEA_EMALFORMED);
	if (c->error)
		return false;
	p->left--;
	p->seen[p->seen_count++] = key;
	*ret = key;
	return true;
}

static void head(struct writer *w, enum major major, uint64_t v)
{
	uint8_t type = (uint8_t)(major << 5);

	if (v < INFO_1) {
		writer_u8(w, (uint8_t)(type | v));
	} else if (v <= UINT8_MAX) {
		writer_u8(w, type | INFO_1);
		writer_u8(w, (uint8_t)v);
	} else if (v <= UINT16_MAX) {
		writer_u8(w, type | INFO_2);
		writer_u16(w, (uint16_t)v);
	} else if (v <= UINT32_MAX) {
		writer_u8(w, type | INFO_4);
		writer_u32(w, (uint32_t)v);
	} else {
		writer_u8(w, type | INFO_8);
		writer_u64(w, v);
	}
}

void cbor_put_uint(struct writer *w, uint64_t v)
{
	head(w, MAJOR_UINT, v);
}

void cbor_put_int(struct writer *w, int64_t v)
{
	if (v >= 0)
		head(w, MAJOR_UINT, (uint64_t)v);
	else
		head(w, MAJOR_NINT, (uint64_t)(-1 - v));
}

void cbor_put_bytes(struct writer *w, const void *bytes, size_t len)
{
	head(w, MAJOR_BYTES, len);
	writer_bytes(w, bytes, len);
}

void cbor_put_text(struct writer *w, const char *text)
{
	size_t len = strlen(text);

	head(w, MAJOR_TEXT, len);
	writer_bytes(w, text, len);
}

void cbor_put_array(struct writer *w, uint64_t count)
{
	head(w, MAJOR_ARRAY, count);
}

void cbor_put_map(struct writer *w, uint64_t count)
{
	head(w, MAJOR_MAP, count);
}
