// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether one value is what one type says. */
#include <string.h>
#include "base/addr.h"
#include "engine/api/schema_priv.h"
#include "model/device_class.h"

#define DEVICE_TEXT_MAX 255 /* as a DNS name: none of a device's names is longer */
#define TIME_LEN 20	    /* 2026-01-31T12:00:00Z */

static bool within(int64_t n, const struct schema_atom *a)
{
	return n >= a->min && n <= a->max;
}

/* Well-formed, and of what is below a space only what breaks lines. */
static bool is_lines(const char *text, size_t len)
{
	while (len) {
		uint32_t c;
		size_t n = str_utf8_next(text, len, &c);

		if (!n || (c < 0x20 && c != '\n' && c != '\r' && c != '\t'))
			return false;
		text += n;
		len -= n;
	}
	return true;
}

static bool is_hex(const char *text, size_t len, const struct schema_atom *a)
{
	return len % 2 == 0 && within((int64_t)(len / 2), a) &&
	       strspn(text, "0123456789abcdef") == len;
}

/* The form alone: 2026-02-31 is left to whoever reads it. */
static bool is_time(const char *text, size_t len)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";

	if (len != TIME_LEN)
		return false;
	for (size_t i = 0; i < len; i++)
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	return true;
}

static bool is_class(const char *text)
{
	enum device_class c;

	return device_class_parse(text, &c) && c != DEVICE_CLASS_UNKNOWN;
}

static bool string_fits(const struct schema_atom *a, const char *text, size_t len)
{
	struct mac mac;

	switch ((unsigned)a->kind) {
	case SCHEMA_TEXT:
		return within((int64_t)len, a) && str_is_clean_utf8(text, len);
	case SCHEMA_LINES:
		return within((int64_t)len, a) && is_lines(text, len);
	case SCHEMA_HEX:
		return is_hex(text, len, a);
	case SCHEMA_DEVICE:
		return len && len <= DEVICE_TEXT_MAX && str_is_clean_utf8(text, len);
	case SCHEMA_CLASS:
		return is_class(text);
	case SCHEMA_MAC:
		return mac_parse(text, &mac) == 0;
	case SCHEMA_TIME:
		return is_time(text, len);
	default:
		return strcmp(text, a->word) == 0;
	}
}

/* A query has text alone. */
static bool query_fits(const struct schema_atom *a, const char *text, size_t len)
{
	int64_t n;

	switch ((unsigned)a->kind) {
	case SCHEMA_INT:
		return str_to_i64(text, a->min, a->max, &n) == 0;
	case SCHEMA_FLAG:
		return len == 1 && (text[0] == '0' || text[0] == '1');
	case SCHEMA_BOOL:
		return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
	case SCHEMA_TRUE:
		return strcmp(text, "true") == 0;
	case SCHEMA_NUMBER:
	case SCHEMA_NULL:
		return false; /* no query has them */
	default:
		return string_fits(a, text, len);
	}
}

static bool is_of_kind(const struct schema_atom *a, const json_t *v)
{
	switch ((unsigned)a->kind) {
	case SCHEMA_INT:
	case SCHEMA_FLAG:
		return json_is_integer(v);
	case SCHEMA_NUMBER:
		return json_is_number(v);
	case SCHEMA_BOOL:
	case SCHEMA_TRUE:
		return json_is_boolean(v);
	case SCHEMA_NULL:
		return json_is_null(v);
	default:
		return json_is_string(v);
	}
}

bool schema_atom_fits(
	const struct schema_atom *a, const json_t *v, bool query, bool *ret_is_kind)
{
	*ret_is_kind = true;
	if (a->kind == SCHEMA_ANY)
		return true;
	if (query)
		return query_fits(a, json_string_value(v), json_string_length(v));
	*ret_is_kind = is_of_kind(a, v);
	if (!*ret_is_kind)
		return false;
	switch ((unsigned)a->kind) {
	case SCHEMA_INT:
		return within(json_integer_value(v), a);
	case SCHEMA_FLAG:
		return json_integer_value(v) == 0 || json_integer_value(v) == 1;
	case SCHEMA_TRUE:
		return json_is_true(v);
	case SCHEMA_NUMBER:
	case SCHEMA_BOOL:
	case SCHEMA_NULL:
		return true;
	default:
		return string_fits(a, json_string_value(v), json_string_length(v));
	}
}
