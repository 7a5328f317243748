// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* web - names of what is asked, and media types. */
#include "model/web.h"

#include <string.h>

/* Of which profile an EAT is decides whether a device or a verifier speaks: every
 * published EAR profile is a URI with this (draft-ietf-rats-ear 3). */
static const char ear_mark[] = "/ear";

static const char *const names[WEB_MEDIA_MAX] = {
	[WEB_MEDIA_NONE] = "",
	[WEB_MEDIA_PROBLEM] = "application/problem+json",
	[WEB_MEDIA_CAPTIVE] = "application/captive+json",
	[WEB_MEDIA_JSON] = "application/json",
	[WEB_MEDIA_CBOR] = "application/cbor",
	[WEB_MEDIA_TOKEN] = "application/eat+cwt",
	[WEB_MEDIA_RESULT] = "application/eat+cwt",
	[WEB_MEDIA_ENVELOPE] = "application/suit-envelope+cose",
	[WEB_MEDIA_REPORT] = "application/suit-report+cose",
};

const char *web_kind_name(enum web_kind k)
{
	switch (k) {
	case WEB_CAPPORT:
		return "capport";
	case WEB_CHALLENGE:
		return "challenge";
	case WEB_EVIDENCE:
		return "evidence";
	case WEB_FORBIDDEN:
		return "forbidden";
	case WEB_KIND_MAX:
		break;
	}
	return "unknown";
}

const char *web_media_name(enum web_media m)
{
	return m < WEB_MEDIA_MAX ? names[m] : "";
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Types are compared without regard to case (RFC 9110 8.3.1). */
static bool equal(const char *field, size_t len, const char *name)
{
	if (len != strlen(name))
		return false;
	for (size_t i = 0; i < len; i++)
		if (lower(field[i]) != name[i])
			return false;
	return true;
}

static bool has(const char *text, size_t len, const char *mark)
{
	size_t n = strlen(mark);

	for (size_t i = 0; i + n <= len; i++)
		if (!memcmp(text + i, mark, n))
			return true;
	return false;
}

enum web_media web_media_of(const char *field, size_t len)
{
	const char *semicolon = len ? memchr(field, ';', len) : NULL;
	size_t type = semicolon ? (size_t)(semicolon - field) : len;

	while (type && (field[type - 1] == ' ' || field[type - 1] == '\t'))
		type--;
	if (equal(field, type, names[WEB_MEDIA_TOKEN]))
		return has(field + type, len - type, ear_mark) ? WEB_MEDIA_RESULT
							       : WEB_MEDIA_TOKEN;
	for (unsigned m = WEB_MEDIA_NONE + 1; m < WEB_MEDIA_MAX; m++)
		if (equal(field, type, names[m]))
			return (enum web_media)m;
	return WEB_MEDIA_NONE;
}

bool web_media_is_evidence(enum web_media m)
{
	return m == WEB_MEDIA_TOKEN || m == WEB_MEDIA_RESULT || m == WEB_MEDIA_ENVELOPE ||
	       m == WEB_MEDIA_REPORT;
}
