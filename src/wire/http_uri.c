// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* http_uri.c - takes decoded segments and values out of a request target. */
#include <errno.h>
#include "wire/http.h"

/* One octet, advancing *at; -1 for a bad escape. */
static int http_decode_octet(struct untrusted_str s, bool plus, size_t *at)
{
	char c = s.bytes[(*at)++];
	if (plus && c == '+')
		return ' ';
	if (c != '%')
		return (uint8_t)c;
	if (s.len - *at < 2)
		return -1;
	int high = str_hex_digit(s.bytes[*at]), low = str_hex_digit(s.bytes[*at + 1]);
	*at += 2;
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static int http_decode_into(struct untrusted_str s, bool plus, char *buf, size_t size,
	size_t *ret_len)
{
	size_t n = 0;
	for (size_t at = 0; at < s.len;) {
		int b = http_decode_octet(s, plus, &at);
		if (b < ' ' || b == 0x7f)
			return CARDEA_EMALFORMED;
		if (buf && n + 1 >= size)
			return CARDEA_ELIMIT;
		if (buf)
			buf[n] = (char)b;
		n++;
	}
	*ret_len = n;
	return 0;
}

int http_decode(struct untrusted_str s, bool plus, char *buf, size_t size)
{
	size_t n;
	if (!size)
		return CARDEA_ELIMIT;
	/* Once dry, so that buf is untouched on failure. */
	int r = http_decode_into(s, plus, NULL, 0, &n);
	if (!r && n >= size)
		r = CARDEA_ELIMIT;
	if (!r)
		r = http_decode_into(s, plus, buf, size, &n);
	if (!r)
		buf[n] = '\0';
	return r;
}

/* Cuts the piece before the next mark off s; the last piece is all of it. */
static struct untrusted_str http_piece(struct untrusted_str *s, char mark)
{
	struct untrusted_str piece = *s;
	const char *p = s->len ? memchr(s->bytes, mark, s->len) : NULL;
	if (p)
		piece.len = (size_t)(p - s->bytes);
	size_t used = p ? piece.len + 1 : piece.len;
	s->bytes += used;
	s->len -= used;
	return piece;
}

int http_path_segment(struct untrusted_str path, unsigned index, char *buf, size_t size)
{
	if (!path.len || path.bytes[0] != '/')
		return -ENOENT;
	path.bytes++;
	path.len--;
	for (; path.len; index--) {
		struct untrusted_str piece = http_piece(&path, '/');
		if (!index)
			return http_decode(piece, false, buf, size);
	}
	return -ENOENT;
}

int http_query_value(struct untrusted_str query, const char *key, char *buf,
	size_t size)
{
	while (query.len) {
		struct untrusted_str value = http_piece(&query, '&');
		struct untrusted_str name = http_piece(&value, '=');
		if (http_str_equal(name, key))
			return http_decode(value, true, buf, size);
	}
	return -ENOENT;
}
