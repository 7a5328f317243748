// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* jsonw - a streaming writer (RFC 8259) whose output is well-formed whatever bytes it
 * is given. */
#include "base/jsonw.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_FIRST 512           /* most single events fit at once */
#define PLAIN_MAX 512 /* of one call; no line of figures is longer */
#define NUMBER_TEXT_MAX 24         /* the sign, 19 digits and the NUL of an int64_t */
#define DECIMAL_DIGITS 6
#define DECIMAL_ONE 1000000 /* 10 to the power of these */
#define DECIMAL_MAX 9007199254740992.0 /* 2^53: beyond, doubles skip integers */
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD, for bytes that are not UTF-8 */

void jsonw_init_buffer(struct jsonw *j, size_t limit)
{
	*j = (struct jsonw){.limit = limit};
}

void jsonw_init_file(struct jsonw *j, FILE *file)
{
	*j = (struct jsonw){.file = file};
}

void jsonw_free(struct jsonw *j)
{
	free(j->buf);
	*j = (struct jsonw){0};
}

const char *jsonw_text(struct jsonw *j)
{
	if (j->error || j->file)
		return NULL;
	return j->buf ? j->buf : "";
}

/* Room for len bytes and the NUL. */
static int buffer_reserve(struct jsonw *j, size_t len)
{
	if (len > j->limit - j->len)
		return CARDEA_ELIMIT;
	size_t need = j->len + len + 1;
	if (need <= j->cap)
		return 0;
	size_t cap = j->cap ? j->cap : BUFFER_FIRST;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	char *buf = realloc(j->buf, cap);
	if (!buf)
		return -ENOMEM;
	j->buf = buf;
	j->cap = cap;
	return 0;
}

static void emit(struct jsonw *j, const char *bytes, size_t len)
{
	if (j->error)
		return;
	if (j->file) {
		if (fwrite(bytes, 1, len, j->file) != len)
			j->error = -EIO;
		return;
	}
	j->error = buffer_reserve(j, len);
	if (j->error)
		return;
	memcpy(j->buf + j->len, bytes, len);
	j->len += len;
	j->buf[j->len] = 0;
}

static void emit_text(struct jsonw *j, const char *text)
{
	emit(j, text, strlen(text));
}

void jsonw_plain(struct jsonw *j, const char *fmt, ...)
{
	char line[PLAIN_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof line)
		j->error = j->error ? j->error : CARDEA_ELIMIT;
	else
		emit(j, line, (size_t)n);
}

/* The comma before a value or a key; nothing right after a key. */
static void separate(struct jsonw *j)
{
	if (j->after_key) {
		j->after_key = false;
		return;
	}
	if (!j->depth)
		return;
	if (j->need_comma[j->depth - 1])
		emit(j, ",", 1);
	j->need_comma[j->depth - 1] = true;
}

static void nest(struct jsonw *j, const char *bracket)
{
	separate(j);
	if (!j->error && j->depth == JSONW_DEPTH_MAX)
		j->error = CARDEA_ELIMIT;
	if (j->error)
		return;
	emit(j, bracket, 1);
	j->need_comma[j->depth++] = false;
}

static void unnest(struct jsonw *j, const char *bracket)
{
	if (!j->error && (!j->depth || j->after_key))
		j->error = -EINVAL;
	if (j->error)
		return;
	j->depth--;
	emit(j, bracket, 1);
}

void jsonw_object(struct jsonw *j)
{
	nest(j, "{");
}

void jsonw_object_end(struct jsonw *j)
{
	unnest(j, "}");
}

void jsonw_array(struct jsonw *j)
{
	nest(j, "[");
}

void jsonw_array_end(struct jsonw *j)
{
	unnest(j, "]");
}

/* Characters that change how a terminal or a page shows the text around them: C0 and
 * C1 controls, line separators and bidirectional overrides (UAX #9). */
static bool must_escape(uint32_t c)
{
	return c < 0x20 || c == '"' || c == '\\' || (c >= 0x7f && c < 0xa0) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* How many of them are printable ASCII and stand for themselves, as almost all do. */
static size_t plain_run(const char *bytes, size_t len)
{
	size_t n = 0;

	while (n < len && bytes[n] >= ' ' && bytes[n] < 0x7f && bytes[n] != '"' &&
		bytes[n] != '\\')
		n++;
	return n;
}

static void emit_escape(struct jsonw *j, uint32_t c)
{
	char text[8] = {'\\', (char)c};

	if (c == '\n')
		text[1] = 'n';
	else if (c == '\t')
		text[1] = 't';
	else if (c == '\r')
		text[1] = 'r';
	else if (c != '"' && c != '\\')
		snprintf(text, sizeof text, "\\u%04" PRIx32, c & 0xffff);
	emit_text(j, text);
}

static void emit_string(struct jsonw *j, const char *bytes, size_t len)
{
	size_t plain = plain_run(bytes, len); /* bytes that wait to go out as they are */

	emit(j, "\"", 1);
	while (plain < len && !j->error) {
		uint32_t c;
		size_t n = str_utf8_next(bytes + plain, len - plain, &c);
		if (n && !must_escape(c)) {
			plain += n;
			continue;
		}
		emit(j, bytes, plain);
		if (n)
			emit_escape(j, c);
		else
			emit_text(j, REPLACEMENT);
		bytes += plain + (n ? n : 1);
		len -= plain + (n ? n : 1);
		plain = 0;
	}
	if (plain)
		emit(j, bytes, plain);
	emit(j, "\"", 1);
}

void jsonw_key(struct jsonw *j, const char *key)
{
	if (!j->error && (!j->depth || j->after_key))
		j->error = -EINVAL;
	separate(j);
	emit_string(j, key, strlen(key));
	emit(j, ":", 1);
	j->after_key = true;
}

void jsonw_string(struct jsonw *j, const char *utf8)
{
	if (utf8)
		jsonw_untrusted(j, str_untrusted(utf8));
	else
		jsonw_null(j);
}

void jsonw_untrusted(struct jsonw *j, struct untrusted_str s)
{
	separate(j);
	emit_string(j, s.bytes, s.len);
}

static void jsonw_word(struct jsonw *j, const char *word)
{
	separate(j);
	emit_text(j, word);
}

/* At least count digits, behind which text ends; where they begin. */
static size_t put_digits(char *text, size_t at, uint64_t v, unsigned count)
{
	for (; count || v; v /= 10, count -= count > 0)
		text[--at] = (char)('0' + v % 10);
	return at;
}

/* Replies and reports have very many numbers, and snprintf is slow for one. */
static void emit_number(struct jsonw *j, uint64_t v, bool negative)
{
	char text[NUMBER_TEXT_MAX];
	size_t at = put_digits(text, sizeof text, v, 1);

	if (negative)
		text[--at] = '-';
	separate(j);
	emit(j, text + at, sizeof text - at);
}

void jsonw_i64(struct jsonw *j, int64_t v)
{
	emit_number(j, v < 0 ? -(uint64_t)v : (uint64_t)v, v < 0);
}

void jsonw_raw(struct jsonw *j, const char *json, size_t len)
{
	separate(j);
	emit(j, json, len);
}

void jsonw_decimal(struct jsonw *j, double v)
{
	char text[2 * NUMBER_TEXT_MAX];
	double size = v < 0 ? -v : v;
	unsigned digits = DECIMAL_DIGITS;
	size_t at = sizeof text;

	if (!(size < DECIMAL_MAX)) {
		jsonw_null(j);
		return;
	}
	uint64_t whole = (uint64_t)size;
	uint64_t part = (uint64_t)((size - (double)whole) * DECIMAL_ONE + 0.5);
	whole += part / DECIMAL_ONE;
	for (part %= DECIMAL_ONE; digits > 1 && part % 10 == 0; digits--)
		part /= 10;
	at = put_digits(text, at, part, digits);
	text[--at] = '.';
	at = put_digits(text, at, whole, 1);
	if (v < 0)
		text[--at] = '-';
	separate(j);
	emit(j, text + at, sizeof text - at);
}

void jsonw_u64(struct jsonw *j, uint64_t v)
{
	emit_number(j, v, false);
}

void jsonw_bool(struct jsonw *j, bool v)
{
	jsonw_word(j, v ? "true" : "false");
}

void jsonw_null(struct jsonw *j)
{
	jsonw_word(j, "null");
}

void jsonw_kv_string(struct jsonw *j, const char *key, const char *utf8)
{
	jsonw_key(j, key);
	jsonw_string(j, utf8);
}

void jsonw_kv_untrusted(struct jsonw *j, const char *key, const char *device_text)
{
	jsonw_key(j, key);
	jsonw_string(j, device_text);
}

void jsonw_kv_u64(struct jsonw *j, const char *key, uint64_t v)
{
	jsonw_key(j, key);
	jsonw_u64(j, v);
}

void jsonw_kv_i64(struct jsonw *j, const char *key, int64_t v)
{
	jsonw_key(j, key);
	jsonw_i64(j, v);
}

void jsonw_kv_decimal(struct jsonw *j, const char *key, double v)
{
	jsonw_key(j, key);
	jsonw_decimal(j, v);
}

void jsonw_kv_bool(struct jsonw *j, const char *key, bool v)
{
	jsonw_key(j, key);
	jsonw_bool(j, v);
}

void jsonw_kv_addr(struct jsonw *j, const char *key, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	jsonw_kv_string(j, key, addr_bits(a) ? addr_format(a, text) : NULL);
}

void jsonw_kv_mac(struct jsonw *j, const char *key, const struct mac *m)
{
	char text[MAC_TEXT_MAX];

	jsonw_kv_string(j, key, mac_format(m, text));
}

void jsonw_kv_time(struct jsonw *j, const char *key, nstime wall)
{
	char text[CLOCK_TEXT_MAX];

	jsonw_kv_string(j, key, wall ? clock_format(wall, text) : NULL);
}
