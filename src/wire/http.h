// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* http - request and response heads of HTTP/1.1 (RFC 9112), strict and bounded, for
 * small control APIs. Slices point into the parsed buffer. */
#ifndef CARDEA_WIRE_HTTP_H
#define CARDEA_WIRE_HTTP_H

#include "base/cursor.h"
#include "base/str.h"

#define HTTP_HEAD_MAX 8192 /* request line and header fields together */
#define HTTP_HEADERS_MAX 64
#define HTTP_METHOD_MAX 16

struct http_header {
	struct untrusted_str name, value;
};

struct http_head {
	struct untrusted_str method; /* request */
	struct untrusted_str target; /* request: as sent */
	struct untrusted_str path;   /* request: starts with '/'; or "*" */
	struct untrusted_str query;  /* request: behind '?', len 0 when absent */
	uint16_t status;	     /* response */
	struct untrusted_str reason; /* response */
	uint8_t version_minor;	     /* HTTP/1.x: 0 or 1 */
	bool keep_alive;	     /* RFC 9112 9.3 */
	bool has_content_length;
	uint64_t content_length; /* 0 when absent */
	size_t head_len;	 /* with the empty line */
	uint8_t header_count;
	struct http_header headers[HTTP_HEADERS_MAX];
};

/* On success c stands at the body. CARDEA_ETRUNCATED: the head is not complete yet,
 * c is untouched, read more. CARDEA_ELIMIT: too long or too many fields.
 * CARDEA_EUNSUPPORTED: Transfer-Encoding, HTTP/2, a target not in origin form.
 * CARDEA_EMALFORMED: the rest (duplicate Content-Length, folding, bare CR, NUL). */
int http_parse_request(struct cursor *c, struct http_head *ret) CARDEA_MUSTCHECK;
int http_parse_response(struct cursor *c, struct http_head *ret) CARDEA_MUSTCHECK;

/* The first field of that name, in any case; NULL when there is none. */
const struct untrusted_str *http_header_find(const struct http_head *h,
	const char *name);
bool http_str_equal(struct untrusted_str s, const char *text);
/* Percent-decodes s into NUL-terminated buf. plus: '+' is a space (query values).
 * CARDEA_EMALFORMED for bad escapes, NUL and control characters; CARDEA_ELIMIT. */
int http_decode(struct untrusted_str s, bool plus, char *buf, size_t size)
	CARDEA_MUSTCHECK;
/* The index-th decoded segment of a path: ("/v1/devices", 1) is "devices". -ENOENT
 * behind the last one. */
int http_path_segment(struct untrusted_str path, unsigned index, char *buf, size_t size)
	CARDEA_MUSTCHECK;
/* The decoded value of the first key=value; -ENOENT when there is none. */
int http_query_value(struct untrusted_str query, const char *key, char *buf,
	size_t size) CARDEA_MUSTCHECK;

/* http_cookie.c: of all Cookie fields the one cookie of that name, in this case. -ENOENT;
 * CARDEA_EMALFORMED: there are several, and only who planted one knows which is meant. */
int http_cookie(const struct http_head *h, const char *name,
	struct untrusted_str *ret) CARDEA_MUSTCHECK;
/* "Authorization: Bearer TEXT" (RFC 6750 2.1). -ENOENT without such a field;
 * CARDEA_EMALFORMED: another scheme, nothing behind it, or several. */
int http_bearer(const struct http_head *h, struct untrusted_str *ret) CARDEA_MUSTCHECK;

#endif
