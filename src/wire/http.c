// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* http.c - reads the head of one HTTP/1.1 message, line by line. */
#include "wire/http.h"

#define HTTP_STATUS_MIN 100
#define HTTP_STATUS_MAX 599
/* More digits than any body we would take; keeps the sum far from overflow. */
#define HTTP_LENGTH_DIGITS_MAX 15

static uint8_t http_lower(uint8_t b)
{
	return b >= 'A' && b <= 'Z' ? (uint8_t)(b | 0x20) : b;
}

static bool http_name_equal(struct untrusted_str s, const char *name)
{
	if (s.len != strlen(name))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (http_lower((uint8_t)s.bytes[i]) != http_lower((uint8_t)name[i]))
			return false;
	return true;
}

bool http_str_equal(struct untrusted_str s, const char *text)
{
	return s.len == strlen(text) && !memcmp(s.bytes, text, s.len);
}

/* RFC 9110 5.6.2 */
static bool http_is_token(uint8_t b)
{
	if ((b >= '0' && b <= '9') || (http_lower(b) >= 'a' && http_lower(b) <= 'z'))
		return true;
	return b && strchr("!#$%&'*+-.^_`|~", b);
}

static bool http_is_token_str(struct untrusted_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!http_is_token((uint8_t)s.bytes[i]))
			return false;
	return s.len > 0;
}

/* One line without its CRLF. Strict where RFC 9112 2.2 allows leniency: a bare LF or CR
 * is how requests are smuggled past parsers that disagree. */
static int http_line(struct cursor *c, struct untrusted_str *ret)
{
	const uint8_t *start = c->pos;
	size_t left = cursor_left(c);
	for (size_t i = 0; i < left; i++) {
		if (start[i] == '\n' || !start[i])
			return CARDEA_EMALFORMED;
		if (start[i] != '\r')
			continue;
		if (i + 1 == left)
			break;
		if (start[i + 1] != '\n')
			return CARDEA_EMALFORMED;
		*ret = (struct untrusted_str){.bytes = (const char *)start, .len = i};
		cursor_skip(c, i + 2);
		return 0;
	}
	return CARDEA_ETRUNCATED;
}

static int http_version(struct untrusted_str s, struct http_head *h)
{
	if (s.len != 8 || memcmp(s.bytes, "HTTP/", 5) || s.bytes[6] != '.')
		return CARDEA_EMALFORMED;
	if (s.bytes[5] != '1' || (s.bytes[7] != '0' && s.bytes[7] != '1'))
		return CARDEA_EUNSUPPORTED;
	h->version_minor = (uint8_t)(s.bytes[7] - '0');
	return 0;
}

static int http_target(struct http_head *h)
{
	struct untrusted_str t = h->target;
	for (size_t i = 0; i < t.len; i++)
		if (t.bytes[i] <= ' ' || t.bytes[i] > '~' || t.bytes[i] == '#')
			return CARDEA_EMALFORMED;
	if (!t.len)
		return CARDEA_EMALFORMED;
	if (t.bytes[0] != '/' && !http_str_equal(t, "*"))
		return CARDEA_EUNSUPPORTED; /* RFC 9112 3.2: forms for proxies */
	h->query = (struct untrusted_str){.bytes = t.bytes + t.len, .len = 0};
	h->path = t;
	if (str_cut(&t, '?', &h->path))
		h->query = t;
	return 0;
}

static int http_request_line(struct untrusted_str line, struct http_head *h)
{
	if (!str_cut(&line, ' ', &h->method) || !str_cut(&line, ' ', &h->target))
		return CARDEA_EMALFORMED;
	if (!http_is_token_str(h->method))
		return CARDEA_EMALFORMED;
	if (h->method.len > HTTP_METHOD_MAX)
		return CARDEA_ELIMIT;
	int r = http_version(line, h);
	return r ? r : http_target(h);
}

static int http_status_line(struct untrusted_str line, struct http_head *h)
{
	struct untrusted_str version, status;
	if (!str_cut(&line, ' ', &version))
		return CARDEA_EMALFORMED;
	int r = http_version(version, h);
	if (r)
		return r;
	if (!str_cut(&line, ' ', &status)) {
		status = line; /* servers that leave out the reason and its space */
		line.len = 0;
	}
	if (status.len != 3)
		return CARDEA_EMALFORMED;
	for (size_t i = 0; i < 3; i++) {
		if (status.bytes[i] < '0' || status.bytes[i] > '9')
			return CARDEA_EMALFORMED;
		h->status = (uint16_t)(h->status * 10 + (status.bytes[i] - '0'));
	}
	h->reason = line;
	return h->status < HTTP_STATUS_MIN || h->status > HTTP_STATUS_MAX
		? CARDEA_EMALFORMED
		: 0;
}

static int http_content_length(struct untrusted_str v, struct http_head *h)
{
	/* RFC 9112 6.3: repeated lengths are how two parsers come to disagree. */
	if (h->has_content_length || !v.len || v.len > HTTP_LENGTH_DIGITS_MAX)
		return CARDEA_EMALFORMED;
	for (size_t i = 0; i < v.len; i++) {
		if (v.bytes[i] < '0' || v.bytes[i] > '9')
			return CARDEA_EMALFORMED;
		h->content_length = h->content_length * 10 + (uint64_t)(v.bytes[i] - '0');
	}
	h->has_content_length = true;
	return 0;
}

static void http_connection(struct untrusted_str v, struct http_head *h)
{
	struct untrusted_str item;
	bool more = true;
	while (more) {
		more = str_cut(&v, ',', &item);
		item = str_trim(more ? item : v);
		if (http_name_equal(item, "close"))
			h->keep_alive = false;
		else if (http_name_equal(item, "keep-alive") && !h->version_minor)
			h->keep_alive = true;
	}
}

/* Fields that decide where this message ends. */
static int http_field(const struct http_header *f, struct http_head *h)
{
	if (http_name_equal(f->name, "content-length"))
		return http_content_length(f->value, h);
	if (http_name_equal(f->name, "transfer-encoding"))
		return CARDEA_EUNSUPPORTED;
	if (http_name_equal(f->name, "connection"))
		http_connection(f->value, h);
	else if (http_name_equal(f->name, "host") && http_header_find(h, "host"))
		return CARDEA_EMALFORMED; /* RFC 9112 3.2 */
	return 0;
}

static int http_header_line(struct untrusted_str line, struct http_head *h)
{
	struct http_header f;
	/* A leading space would be obsolete folding; it is no token either. */
	if (!str_cut(&line, ':', &f.name) || !http_is_token_str(f.name))
		return CARDEA_EMALFORMED;
	f.value = str_trim(line);
	for (size_t i = 0; i < f.value.len; i++) {
		uint8_t b = (uint8_t)f.value.bytes[i];
		if ((b < ' ' && b != '\t') || b == 0x7f)
			return CARDEA_EMALFORMED;
	}
	if (h->header_count == HTTP_HEADERS_MAX)
		return CARDEA_ELIMIT;
	int r = http_field(&f, h);
	if (!r)
		h->headers[h->header_count++] = f;
	return r;
}

static int http_head(struct cursor *c, bool request, struct http_head *h)
{
	struct untrusted_str line;
	int r = http_line(c, &line);
	if (!r)
		r = request ? http_request_line(line, h) : http_status_line(line, h);
	h->keep_alive = h->version_minor == 1;
	while (!r) {
		r = http_line(c, &line);
		if (!r && !line.len)
			return 0;
		if (!r)
			r = http_header_line(line, h);
	}
	return r;
}

static int http_parse(struct cursor *c, bool request, struct http_head *ret)
{
	struct http_head h;
	size_t left = cursor_left(c);
	size_t len = left < HTTP_HEAD_MAX ? left : HTTP_HEAD_MAX;
	struct cursor head = cursor_of(c->pos, len);
	memset(&h, 0, sizeof(h));
	int r = http_head(&head, request, &h);
	if (r == CARDEA_ETRUNCATED && left >= HTTP_HEAD_MAX)
		r = CARDEA_ELIMIT;
	if (r)
		return r;
	h.head_len = cursor_offset(&head);
	cursor_skip(c, h.head_len);
	*ret = h;
	return 0;
}

int http_parse_request(struct cursor *c, struct http_head *ret)
{
	return http_parse(c, true, ret);
}

int http_parse_response(struct cursor *c, struct http_head *ret)
{
	return http_parse(c, false, ret);
}

const struct untrusted_str *http_header_find(const struct http_head *h,
	const char *name)
{
	for (unsigned i = 0; i < h->header_count; i++)
		if (http_name_equal(h->headers[i].name, name))
			return &h->headers[i].value;
	return NULL;
}
