// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* sqrl.c - reads and writes the records of RFC 9238. */
#include "wire/sqrl.h"

/* RFC 9238 3.1 */
#define SQRL_EOT 0x04
#define SQRL_FS 0x1c
#define SQRL_GS 0x1d
#define SQRL_RS 0x1e
#define SQRL_US 0x1f
#define SQRL_HEAD "[)>\x1e" "06\x1d" "12N"
#define SQRL_HEAD_LEN (sizeof(SQRL_HEAD) - 1)
#define SQRL_ID_LEN 4
#define SQRL_COMPANY "B000"
#define SQRL_PRODUCT "B001"
#define SQRL_MODEL "B002"
#define SQRL_MAC "M06C"
#define SQRL_MUD_URL "M180"

/* One record: its identifier, its data, what ended it. */
struct sqrl_record {
	const uint8_t *id, *data;
	size_t len;
	uint8_t end;
};

/* Records of one unit that were there already: each stands once. */
struct sqrl_seen {
	bool company, product, model, mac;
};

static bool sqrl_is_printable(uint8_t b)
{
	return b >= ' ' && b <= '~';
}

static int sqrl_read_record(struct cursor *c, struct sqrl_record *ret)
{
	struct sqrl_record r = {.id = c->pos};
	for (size_t i = 0; i < SQRL_ID_LEN; i++)
		if (!sqrl_is_printable(cursor_u8(c)))
			return c->error ? c->error : CARDEA_EMALFORMED;
	r.data = c->pos;
	for (;;) {
		r.end = cursor_u8(c);
		if (c->error)
			return c->error;
		if (!sqrl_is_printable(r.end))
			break;
		r.len++;
	}
	if (r.end != SQRL_US && r.end != SQRL_FS && r.end != SQRL_RS)
		return CARDEA_EMALFORMED;
	*ret = r;
	return 0;
}

static int sqrl_set_text(const struct sqrl_record *r, bool *seen, struct octets *text)
{
	if (*seen)
		return CARDEA_EMALFORMED;
	if (r->len > OCTETS_MAX)
		return CARDEA_ELIMIT;
	*seen = true;
	text->len = (uint16_t)r->len;
	memcpy(text->b, r->data, r->len);
	return 0;
}

/* RFC 9238 3.2.4: a query must not be there, and is taken off when it is. */
static int sqrl_set_url(const struct sqrl_record *r, struct octets_url *url)
{
	const uint8_t *query = memchr(r->data, '?', r->len);
	size_t len = query ? (size_t)(query - r->data) : r->len;
	if (url->len || !len)
		return CARDEA_EMALFORMED;
	if (len > OCTETS_URL_MAX)
		return CARDEA_ELIMIT;
	url->len = (uint16_t)len;
	memcpy(url->b, r->data, len);
	return 0;
}

static int sqrl_digit(uint8_t b)
{
	if (b >= '0' && b <= '9')
		return b - '0';
	b |= 0x20;
	return b >= 'a' && b <= 'f' ? b - 'a' + 10 : -1;
}

static bool sqrl_is_letter(uint8_t b)
{
	b |= 0x20;
	return b >= 'a' && b <= 'z';
}

/* RFC 9238 3.2.5: 12 or 16 hexadecimal digits; punctuation is skipped. */
static int sqrl_set_mac(const struct sqrl_record *r, struct sqrl *s)
{
	uint8_t b[sizeof(s->eui64)] = {0};
	size_t digits = 0;
	for (size_t i = 0; i < r->len; i++) {
		int digit = sqrl_digit(r->data[i]);
		if (digit < 0 && sqrl_is_letter(r->data[i]))
			return CARDEA_EMALFORMED;
		if (digit < 0)
			continue;
		if (digits == 2 * sizeof(b))
			return CARDEA_EMALFORMED;
		b[digits / 2] = (uint8_t)(b[digits / 2] << 4 | digit);
		digits++;
	}
	s->has_mac = digits == 2 * sizeof(s->mac.b);
	s->has_eui64 = digits == 2 * sizeof(s->eui64);
	if (s->has_mac)
		memcpy(s->mac.b, b, sizeof(s->mac.b));
	if (s->has_eui64)
		memcpy(s->eui64, b, sizeof(b));
	return s->has_mac || s->has_eui64 ? 0 : CARDEA_EMALFORMED;
}

static int sqrl_set(const struct sqrl_record *r, struct sqrl_seen *seen, struct sqrl *s)
{
	if (!memcmp(r->id, SQRL_COMPANY, SQRL_ID_LEN))
		return sqrl_set_text(r, &seen->company, &s->company);
	if (!memcmp(r->id, SQRL_PRODUCT, SQRL_ID_LEN))
		return sqrl_set_text(r, &seen->product, &s->product);
	if (!memcmp(r->id, SQRL_MODEL, SQRL_ID_LEN))
		return sqrl_set_text(r, &seen->model, &s->model);
	if (!memcmp(r->id, SQRL_MUD_URL, SQRL_ID_LEN))
		return sqrl_set_url(r, &s->mud_url);
	if (memcmp(r->id, SQRL_MAC, SQRL_ID_LEN) != 0)
		return 0; /* others serve logistics and disposal */
	if (seen->mac)
		return CARDEA_EMALFORMED;
	seen->mac = true;
	return sqrl_set_mac(r, s);
}

/* The records up to the end of a unit; *ret_end says whether another follows (FS) or
 * the trailer (RS). */
static int sqrl_read_unit(struct cursor *c, struct sqrl *s, uint8_t *ret_end)
{
	struct sqrl_seen seen = {0};
	struct sqrl_record r;
	do {
		int error = sqrl_read_record(c, &r);
		if (!error)
			error = sqrl_set(&r, &seen, s);
		if (error)
			return error;
		if (r.end == SQRL_US && cursor_left(c) &&
			(*c->pos == SQRL_FS || *c->pos == SQRL_RS))
			r.end = cursor_u8(c);
	} while (r.end == SQRL_US);
	*ret_end = r.end;
	return 0;
}

int sqrl_parse(struct cursor *c, struct sqrl *ret)
{
	struct sqrl found, s;
	uint8_t end = 0;
	memset(&found, 0, sizeof(found));
	if (cursor_left(c) > SQRL_MAX)
		return CARDEA_ELIMIT;
	const uint8_t *head = cursor_take(c, SQRL_HEAD_LEN);
	if (head && memcmp(head, SQRL_HEAD, SQRL_HEAD_LEN) != 0)
		return CARDEA_EMALFORMED;
	do {
		memset(&s, 0, sizeof(s));
		int r = sqrl_read_unit(c, &s, &end);
		if (r)
			return r;
		if (!found.mud_url.len)
			found = s;
	} while (end == SQRL_FS);
	uint8_t last = cursor_u8(c);
	if (c->error)
		return c->error;
	if (last != SQRL_EOT || cursor_left(c))
		return CARDEA_EMALFORMED;
	if (!found.mud_url.len)
		return CARDEA_EUNSUPPORTED;
	*ret = found;
	return 0;
}

static void sqrl_write(struct writer *w, const char *id, const void *data, size_t len)
{
	writer_bytes(w, id, SQRL_ID_LEN);
	writer_bytes(w, data, len);
	writer_u8(w, SQRL_US);
}

static void sqrl_write_text(struct writer *w, const char *id, const struct octets *text)
{
	if (text->len)
		sqrl_write(w, id, text->b, text->len);
}

/* RFC 9238 3.2.5: digits only. */
static void sqrl_write_mac(struct writer *w, const uint8_t *b, size_t len)
{
	static const char digits[] = "0123456789ABCDEF";
	char text[2 * sizeof(((struct sqrl *)NULL)->eui64)];
	for (size_t i = 0; i < len; i++) {
		text[2 * i] = digits[b[i] >> 4];
		text[2 * i + 1] = digits[b[i] & 15];
	}
	sqrl_write(w, SQRL_MAC, text, 2 * len);
}

int sqrl_build(struct writer *w, const struct sqrl *s)
{
	writer_bytes(w, SQRL_HEAD, SQRL_HEAD_LEN);
	sqrl_write_text(w, SQRL_COMPANY, &s->company);
	sqrl_write_text(w, SQRL_PRODUCT, &s->product);
	sqrl_write_text(w, SQRL_MODEL, &s->model);
	sqrl_write(w, SQRL_MUD_URL, s->mud_url.b, s->mud_url.len);
	if (s->has_mac)
		sqrl_write_mac(w, s->mac.b, sizeof(s->mac.b));
	else if (s->has_eui64)
		sqrl_write_mac(w, s->eui64, sizeof(s->eui64));
	writer_u8(w, SQRL_RS);
	writer_u8(w, SQRL_EOT);
	return w->error;
}
