// SPDX-License-Identifier: GPL-2.0-or-later
/* text - harmless text, colour, and times as people say them. */
#include "cli/text.h"

#include <locale.h>
#include <string.h>
#include <time.h>
#include <wchar.h>
#include "base/str.h"
#include "cli/cli.h"

/* A letter may carry accents (two cover the living scripts); more of them climb over
 * the lines above. */
#define MARKS_MAX 2
#define AGO_MAX 48

static bool use_color;

void text_init(bool color)
{
	use_color = color;
	/* for wcwidth alone: the words of this program are English everywhere */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
}

const char *text_on(enum text_style s)
{
	static const char *const codes[] = {
		[STYLE_PLAIN] = "",
		[STYLE_BOLD] = "\033[1m",
		[STYLE_DIM] = "\033[2m",
		[STYLE_GOOD] = "\033[32m",
		[STYLE_BAD] = "\033[1;31m",
		[STYLE_WARN] = "\033[33m",
	};

	return use_color ? codes[s] : "";
}

const char *text_off(enum text_style s)
{
	return use_color && s != STYLE_PLAIN ? "\033[0m" : "";
}

/* Characters that are not seen, or that change how others are seen: Unicode's general
 * category Cf, line and paragraph separators, fillers that look like nothing, variation
 * selectors, and what is for private use. */
static bool is_deceptive(uint32_t c)
{
	static const struct {
		uint32_t lo, hi;
	} ranges[] = {
		{0x00, 0x1f},
		{0x7f, 0x9f},
		{0xad, 0xad},
		{0x34f, 0x34f},
		{0x600, 0x605},
		{0x61c, 0x61c},
		{0x6dd, 0x6dd},
		{0x70f, 0x70f},
		{0x890, 0x891},
		{0x8e2, 0x8e2},
		{0x115f, 0x1160},
		{0x17b4, 0x17b5},
		{0x180b, 0x180f},
		{0x2000, 0x200f},
		{0x2028, 0x202f},
		{0x205f, 0x206f},
		{0x2800, 0x2800},
		{0x3000, 0x3000},
		{0x3164, 0x3164},
		{0xe000, 0xf8ff},
		{0xfe00, 0xfe0f},
		{0xfeff, 0xfeff},
		{0xffa0, 0xffa0},
		{0xfff0, 0xffff},
		{0x110bd, 0x110cd},
		{0x13430, 0x1345f},
		{0x1bca0, 0x1bca3},
		{0x1d173, 0x1d17a},
		{0xe0000, 0x10ffff},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].lo && c <= ranges[i].hi)
			return true;
	return false;
}

/* Columns of a character that may be shown, or -1. A mark needs a letter before it. */
static int shown_width(uint32_t c, unsigned *marks)
{
	int width = is_deceptive(c) ? -1 : wcwidth((wchar_t)c);

	if (width == 0 && ++*marks > MARKS_MAX)
		return -1;
	if (width > 0)
		*marks = 0;
	return width;
}

/* Every escape is at most four times as long as the bytes it stands for. */
#define GROWTH 4

const char *text_clean(const char *utf8)
{
	size_t len = strlen(utf8), at = 0, size = len * GROWTH + 1;
	unsigned marks = MARKS_MAX;
	char *out;

	if (text_is_clean(utf8))
		return utf8;
	out = cli_take(size);
	while (len) {
		uint32_t c = 0;
		size_t n = str_utf8_next(utf8, len, &c);

		if (n && shown_width(c, &marks) >= 0) {
			memcpy(out + at, utf8, n);
			at += n;
		} else {
			(void)str_print(out + at, size - at,
				n && c > 0xff ? "\\u{%x}" : "\\x%02x",
				n ? c : (unsigned char)*utf8);
			at += strlen(out + at);
			marks = 0;
		}
		utf8 += n ? n : 1;
		len -= n ? n : 1;
	}
	return out;
}

bool text_is_clean(const char *utf8)
{
	unsigned marks = MARKS_MAX;
	size_t len = strlen(utf8);

	while (len) {
		uint32_t c;
		size_t n = str_utf8_next(utf8, len, &c);

		if (!n || shown_width(c, &marks) < 0)
			return false;
		utf8 += n;
		len -= n;
	}
	return true;
}

static bool is_plain_word(const char *s)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789._:/@+-";

	return *s && *s != '-' && s[strspn(s, plain)] == 0;
}

const char *text_quote(const char *utf8)
{
	char *out;
	size_t at = 0;

	if (!text_is_clean(utf8) || is_plain_word(utf8))
		return is_plain_word(utf8) ? utf8 : NULL;
	out = cli_take(strlen(utf8) * GROWTH + 3);
	out[at++] = '\'';
	for (; *utf8; utf8++) {
		if (*utf8 == '\'') {
			memcpy(out + at, "'\\'", 3);
			at += 3;
		}
		out[at++] = *utf8;
	}
	out[at] = '\'';
	return out;
}

size_t text_width(const char *clean)
{
	size_t len = strlen(clean), width = 0;

	while (len) {
		uint32_t c = 0;
		size_t n = str_utf8_next(clean, len, &c);
		int columns = n ? wcwidth((wchar_t)c) : 1;

		width += columns > 0 ? (size_t)columns : 0;
		clean += n ? n : 1;
		len -= n ? n : 1;
	}
	return width;
}

bool text_time(const char *rfc3339, nstime *ret)
{
	struct tm tm = {0};
	const char *end = strptime(rfc3339, "%Y-%m-%dT%H:%M:%S", &tm);

	if (!end || (*end != '.' && *end != 'Z'))
		return false;
	*ret = (nstime)timegm(&tm) * NS_PER_SEC;
	return true;
}

static const char *say_ago(int64_t seconds, bool future)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {{365 * 86400, "year"}, {30 * 86400, "month"}, {86400, "day"},
		{3600, "hour"}, {60, "minute"}, {1, "second"}};
	char *out = cli_take(AGO_MAX);
	size_t i = 0;

	while (i < 5 && seconds < units[i].seconds)
		i++;
	int64_t n = seconds / units[i].seconds;
	(void)str_print(out, AGO_MAX, "%s%lld %s%s%s", future ? "in " : "",
		(long long)n, units[i].name, n == 1 ? "" : "s", future ? "" : " ago");
	return out;
}

const char *text_ago(const char *rfc3339)
{
	nstime then;

	if (!rfc3339[0])
		return "never";
	if (!text_time(rfc3339, &then))
		return text_clean(rfc3339);
	int64_t s = (clock_wall(clock_system()) - then) / NS_PER_SEC;
	if (s > -2 && s < 2)
		return "now";
	if (s < 0) /* what was set to an hour a moment ago ends in an hour */
		s--;
	return say_ago(s < 0 ? -s : s, s < 0);
}
