// SPDX-License-Identifier: GPL-2.0-or-later
/* The text of a QR code, back to the octets that were printed: RFC 9238 puts control
 * characters into it, which phones, scanners and shells show each in their own way. */
#include <ctype.h>
#include <string.h>
#include "base/str.h"
#include "cli/device.h"

#define PICTURES 0x2400 /* U+2404 is the picture of 0x04, U+241E of 0x1e */

static const struct {
	const char *name;
	uint8_t octet;
} controls[] = {{"<EOT>", 0x04}, {"<FS>", 0x1c}, {"<GS>", 0x1d}, {"<RS>", 0x1e},
	{"<US>", 0x1f}};

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return tolower((unsigned char)c) - 'a' + 10;
}

/* Each returns how much of text it took, 0 when this is not its business. */

static size_t take_escape(const char *text, size_t len, uint8_t *ret)
{
	if (len >= 4 && text[1] == 'x' && isxdigit((unsigned char)text[2]) &&
		isxdigit((unsigned char)text[3])) {
		*ret = (uint8_t)(digit(text[2]) << 4 | digit(text[3]));
		return 4;
	}
	*ret = '\\';
	return len >= 2 && text[1] == '\\' ? 2 : 0;
}

static size_t take_name(const char *text, size_t len, uint8_t *ret)
{
	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
		size_t n = strlen(controls[i].name);

		*ret = controls[i].octet;
		if (len >= n && strncasecmp(text, controls[i].name, n) == 0)
			return n;
	}
	return 0;
}

static size_t take_picture(const char *text, size_t len, uint8_t *ret)
{
	uint32_t character;
	size_t n = str_utf8_next(text, len, &character);

	if (!n || character < PICTURES || character >= PICTURES + ' ')
		return 0;
	*ret = (uint8_t)(character - PICTURES);
	return n;
}

int device_qr_unescape(const char *text, size_t len, uint8_t *buf, size_t size)
{
	size_t at = 0, out = 0;

	for (; at < len; out++) {
		size_t n = 0;

		if (out == size)
			return -1;
		if (text[at] == '\\')
			n = take_escape(text + at, len - at, &buf[out]);
		else if (text[at] == '<')
			n = take_name(text + at, len - at, &buf[out]);
		else
			n = take_picture(text + at, len - at, &buf[out]);
		if (!n && text[at] == '\\')
			return -1;
		if (!n) {
			buf[out] = (uint8_t)text[at];
			n = 1;
		}
		at += n;
	}
	return (int)out;
}
