// SPDX-License-Identifier: GPL-2.0-or-later
/* web_page_reply - what of the engine's answer goes on to a browser. */
#include <string.h>
#include "base/error.h"
#include "proc/web_page.h"
#include "wire/http.h"

static const struct {
	const char *name;
	const char *as;
} carried[] = {
	{"content-type", "Content-Type"},
	{"set-cookie", "Set-Cookie"},
	{"etag", "ETag"},
	{"retry-after", "Retry-After"},
	{"cache-control", "Cache-Control"},
	{"allow", "Allow"},
	{"www-authenticate", "WWW-Authenticate"},
	{"content-disposition", "Content-Disposition"},
};

static bool is_name(struct untrusted_str s, const char *name)
{
	return s.len == strlen(name) && !strncasecmp(s.bytes, name, s.len);
}

static bool is_printable(struct untrusted_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.bytes[i] < ' ' || s.bytes[i] > '~')
			return false;
	return true;
}

static void add_field(struct str_text *t, const struct http_header *f)
{
	for (size_t i = 0; i < sizeof carried / sizeof *carried; i++)
		if (is_name(f->name, carried[i].name) && is_printable(f->value))
			str_add(t, "%s: %.*s\r\n", carried[i].as, (int)f->value.len,
				f->value.bytes);
}

enum web_read web_page_read_reply(const uint8_t *octets, size_t len,
	struct web_page_reply *ret, struct str_text *fields)
{
	struct cursor c = cursor_of(octets, len);
	const struct untrusted_str *type;
	struct http_head h;
	int e = http_parse_response(&c, &h);

	if (e == CARDEA_ETRUNCATED)
		return WEB_READ_MORE;
	/* informational ones are not the engine's to send */
	if (e || h.status < 200)
		return WEB_READ_PROBLEM;
	type = http_header_find(&h, "content-type");
	*ret = (struct web_page_reply){.status = h.status, .length = h.content_length,
		.bounded = h.has_content_length || h.status == 204 || h.status == 304,
		.head_len = h.head_len};
	if (h.status == 204 || h.status == 304)
		ret->length = 0;
	ret->stream = type && type->len >= 17 && !strncasecmp(type->bytes, "text/event-stream", 17);
	for (unsigned i = 0; i < h.header_count; i++)
		add_field(fields, &h.headers[i]);
	/* what one hears is not for another; who has a tag may ask whether it still holds */
	if (!http_header_find(&h, "cache-control"))
		str_add(fields, "Cache-Control: private, %s\r\n",
			http_header_find(&h, "etag") ? "no-cache" : "no-store");
	return fields->len + 1 < fields->size ? WEB_READ_ASK : WEB_READ_PROBLEM;
}
