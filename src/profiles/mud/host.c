// SPDX-License-Identifier: GPL-2.0-or-later
/* host - inet:host (RFC 6991): a domain name or a literal address, and the times of
 * yang:date-and-time, the two text types of RFC 8520 that need a parser. */
#include <string.h>
#include "profiles/mud/mud_priv.h"

#define NAME_MAX_CHARS 253 /* RFC 1035 2.3.4, without the root's dot */
#define LABEL_MAX_CHARS 63

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* One label of inet:domain-name: letters, digits, hyphen inside, underscore. */
static bool label_ok(const char *label, size_t len)
{
	if (!len || len > LABEL_MAX_CHARS || label[0] == '-' || label[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!label_char(label[i]))
			return false;
	return true;
}

static bool all_digits(const char *text)
{
	return text[strspn(text, "0123456789")] == 0;
}

enum mud_host mud_host_parse(
	const char *text, char name[LIMIT_NAME], struct addr *ret_addr)
{
	size_t len = strlen(text);

	if (!addr_parse(text, ret_addr))
		return MUD_HOST_ADDR;
	if (len && text[len - 1] == '.')
		len--;
	if (!len || len > NAME_MAX_CHARS)
		return MUD_HOST_BAD;
	for (size_t i = 0; i < len; i++)
		name[i] = lower(text[i]);
	name[len] = 0;
	const char *label = name;
	for (;;) {
		size_t n = strcspn(label, ".");
		if (!label_ok(label, n))
			return MUD_HOST_BAD;
		if (!label[n])
			break;
		label += n + 1;
	}
	/* no top-level domain is a number (RFC 3696 2): "10.0.0.300" is a bad address
	 */
	return all_digits(label) ? MUD_HOST_BAD : MUD_HOST_NAME;
}

/* Exactly n digits. */
static bool digits(const char **text, int n, int min, int max, int *ret)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		v = v * 10 + (**text - '0');
	}
	*ret = v;
	return v >= min && v <= max;
}

static bool literal(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

/* Days since 1970-01-01 in the Gregorian calendar; years begin in March, so that the
 * leap day is the last one. */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
	       719468;
}

static bool day_exists(int year, int month, int day)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return day <= lengths[month - 1] + (month == 2 && leap);
}

/* RFC 3339 5.6. Seconds since 1970; *ret_zone false when the text ends before it. */
static bool time_parse(const char *t, int64_t *ret_seconds, bool *ret_zone)
{
	int y, mo, d, h, mi, s, zh = 0, zm = 0;

	if (!digits(&t, 4, 0, 9999, &y) || !literal(&t, '-') ||
		!digits(&t, 2, 1, 12, &mo) || !literal(&t, '-') ||
		!digits(&t, 2, 1, 31, &d) || !literal(&t, 'T') ||
		!digits(&t, 2, 0, 23, &h) || !literal(&t, ':') ||
		!digits(&t, 2, 0, 59, &mi) || !literal(&t, ':') ||
		!digits(&t, 2, 0, 60, &s) || !day_exists(y, mo, d))
		return false;
	if (*t == '.') {
		size_t n = strspn(t + 1, "0123456789");
		if (!n)
			return false;
		t += 1 + n;
	}
	int64_t seconds = days_of(y, mo, d) * 86400 + h * 3600 + mi * 60 + s;
	*ret_zone = *t != 0;
	if (*t == '+' || *t == '-') {
		int sign = *t++ == '-' ? 1 : -1;
		if (!digits(&t, 2, 0, 23, &zh) || !literal(&t, ':') ||
			!digits(&t, 2, 0, 59, &zm))
			return false;
		seconds += sign * (zh * 3600 + zm * 60);
	} else if (*t == 'Z') {
		t++;
	}
	*ret_seconds = seconds;
	return !*t;
}

bool mud_time(struct mud_reader *r, const struct mud_at *at, nstime *ret_wall)
{
	char shown[MUD_SHOW_MAX];
	const char *text;
	int64_t seconds;
	bool zone;

	if (!mud_string(r, at, &text))
		return false;
	if (!time_parse(text, &seconds, &zone)) {
		mud_note_bad(r, at,
			"\"%s\" is no time: write it like 2026-01-31T12:00:00Z (RFC "
			"6991 "
			"date-and-time)",
			mud_show_text(text, shown));
		return false;
	}
	if (!zone) {
		char utc[MUD_SHOW_MAX];
		mud_note_mend(r, at,
			"the time has no zone: end it with Z or +hh:mm (RFC 6991 "
			"date-and-time)",
			"read as UTC");
		if (!str_print(utc, sizeof utc, "%sZ", text))
			mud_edit_string(r, at, utc);
		else
			mud_edit_string(r, at, "1970-01-01T00:00:00Z");
	}
	/* before 1970 or beyond 2262 is no time at which this file was made */
	if (seconds <= 0 || seconds > INT64_MAX / NS_PER_SEC)
		return true;
	*ret_wall = seconds * NS_PER_SEC;
	return true;
}
