// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* str - bounded strings, strict numbers, escaping of bytes that others chose. */
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char ellipsis[] = "...";

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '\\';
}

/* One byte as it is shown: at most 4 characters, returns how many. The backslash is
 * escaped too, so that the text reads back in only one way. */
static size_t escape_byte(unsigned char c, char out[4])
{
	static const char digits[] = "0123456789abcdef";

	if (is_plain(c)) {
		out[0] = (char)c;
		return 1;
	}
	out[0] = '\\';
	out[1] = 'x';
	out[2] = digits[c >> 4];
	out[3] = digits[c & 15];
	return 4;
}

char *str_escape(struct untrusted_str s, char *buf, size_t size)
{
	size_t at = 0;  /* end of what is written */
	size_t cut = 0; /* last end of a whole byte that leaves room for the dots */
	char shown[4];
	size_t i = 0;

	if (!size)
		return buf;
	if (s.len < size) /* almost all texts are as they are shown */
		for (; i < s.len && is_plain((unsigned char)s.bytes[i]); i++)
			buf[i] = s.bytes[i];
	at = i;
	if (size >= sizeof ellipsis)
		cut = at + sizeof ellipsis <= size ? at : size - sizeof ellipsis;
	for (; i < s.len; i++) {
		size_t n = escape_byte((unsigned char)s.bytes[i], shown);
		if (n >= size - at) {
			str_copy(buf + cut, size - cut, ellipsis);
			return buf;
		}
		memcpy(buf + at, shown, n);
		at += n;
		if (at + sizeof ellipsis <= size)
			cut = at;
	}
	buf[at] = 0;
	return buf;
}

struct untrusted_str str_untrusted(const char *c_string)
{
	return (struct untrusted_str){
		.bytes = c_string, .len = c_string ? strlen(c_string) : 0};
}

bool str_copy(char *dst, size_t size, const char *src)
{
	return str_copy_bytes(dst, size, src, strlen(src));
}

bool str_copy_bytes(char *dst, size_t size, const void *src, size_t len)
{
	if (!size)
		return false;
	size_t n = len < size ? len : size - 1;
	if (n)
		memcpy(dst, src, n);
	dst[n] = 0;
	return n == len;
}

int str_print(char *dst, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(dst, size, fmt, ap);
	va_end(ap);
	if (n < 0)
		return CARDEA_EMALFORMED;
	return (size_t)n < size ? 0 : CARDEA_ELIMIT;
}

void str_add(struct str_text *t, const char *fmt, ...)
{
	size_t room = t->size - t->len;
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(t->buf + t->len, room, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len += (size_t)n < room ? (size_t)n : room - 1;
}

bool str_cut(struct untrusted_str *s, char mark, struct untrusted_str *ret)
{
	const char *p = s->len ? memchr(s->bytes, mark, s->len) : NULL;

	if (!p)
		return false;
	*ret = (struct untrusted_str){.bytes = s->bytes, .len = (size_t)(p - s->bytes)};
	s->bytes = p + 1;
	s->len -= ret->len + 1;
	return true;
}

int str_to_i64(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	bool negative = *text == '-';
	int64_t v = 0;

	text += negative;
	if (!*text)
		return CARDEA_EMALFORMED;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return CARDEA_EMALFORMED;
		int digit = *text - '0';
		/* counted downwards: INT64_MIN has no positive twin */
		if (__builtin_mul_overflow(v, 10, &v) ||
			__builtin_sub_overflow(v, digit, &v))
			return CARDEA_EMALFORMED;
	}
	if (!negative && __builtin_sub_overflow(0, v, &v))
		return CARDEA_EMALFORMED;
	if (v < min || v > max)
		return CARDEA_EMALFORMED;
	*ret = v;
	return 0;
}

/* ASCII alone: names on the wire do not follow the process locale. */
static unsigned char fold(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

struct untrusted_str str_trim(struct untrusted_str s)
{
	while (s.len && (s.bytes[0] == ' ' || s.bytes[0] == '\t')) {
		s.bytes++;
		s.len--;
	}
	while (s.len && (s.bytes[s.len - 1] == ' ' || s.bytes[s.len - 1] == '\t'))
		s.len--;
	return s;
}

int str_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool str_equal_nocase(const char *a, const char *b)
{
	while (*a && fold(*a) == fold(*b)) {
		a++;
		b++;
	}
	return fold(*a) == fold(*b);
}

/* RFC 3629 section 4: how many bytes a lead byte announces, and its payload bits. */
static size_t utf8_lead(uint8_t lead, uint32_t *ret_bits)
{
	if (lead < 0x80) {
		*ret_bits = lead;
		return 1;
	}
	if (lead >= 0xc2 && lead <= 0xdf) {
		*ret_bits = lead & 0x1f;
		return 2;
	}
	if (lead >= 0xe0 && lead <= 0xef) {
		*ret_bits = lead & 0x0f;
		return 3;
	}
	if (lead >= 0xf0 && lead <= 0xf4) {
		*ret_bits = lead & 0x07;
		return 4;
	}
	return 0;
}

size_t str_utf8_next(const void *bytes, size_t len, uint32_t *ret_char)
{
	static const uint32_t shortest[] = {0, 0, 0x80, 0x800, 0x10000};
	const uint8_t *p = bytes;
	uint32_t c;

	if (!len)
		return 0;
	size_t n = utf8_lead(p[0], &c);
	if (!n || n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < shortest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret_char = c;
	return n;
}

bool str_is_clean_utf8(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	while (len) {
		uint32_t c;
		size_t n = str_utf8_next(p, len, &c);
		if (!n || c < 0x20 || (c >= 0x7f && c < 0xa0))
			return false;
		p += n;
		len -= n;
	}
	return true;
}

static int small_hex_digit(char c)
{
	return c >= 'A' && c <= 'F' ? -1 : str_hex_digit(c);
}

bool str_from_hex(const char *text, size_t len, uint8_t *ret, size_t size)
{
	if (len != 2 * size)
		return false;
	for (size_t i = 0; i < size; i++) {
		int high = small_hex_digit(text[2 * i]), low = small_hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

void str_to_hex(const uint8_t *octets, size_t size, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		ret[2 * i] = digits[octets[i] >> 4];
		ret[2 * i + 1] = digits[octets[i] & 15];
	}
	ret[2 * size] = 0;
}
