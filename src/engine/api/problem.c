// SPDX-License-Identifier: GPL-2.0-or-later
/* Replies that say what is wrong, as problems (RFC 9457), and what all replies share. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "engine/api/api_priv.h"

const char *api_reason(unsigned status)
{
	switch (status) {
	case 200:
		return "OK";
	case 204:
		return "No Content";
	case 304:
		return "Not Modified";
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthorized";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 409:
		return "Conflict";
	case 410:
		return "Gone";
	case 412:
		return "Precondition Failed";
	case 413:
		return "Content Too Large";
	case 415:
		return "Unsupported Media Type";
	case 422:
		return "Unprocessable Content";
	case 429:
		return "Too Many Requests";
	case 503:
		return "Service Unavailable";
	default:
		return "Internal Server Error";
	}
}

static CARDEA_PRINTF(5, 0) void fail(struct api_request *r, unsigned status,
	const char *field, const char *next, const char *fmt, va_list ap)
{
	char text[LIMIT_TEXT];
	struct jsonw *j = &r->json;

	vsnprintf(text, sizeof(text), fmt, ap);
	jsonw_free(j);
	jsonw_init_buffer(j, API_REPLY_MAX);
	r->status = status;
	r->type = "application/problem+json";
	jsonw_object(j);
	jsonw_kv_string(j, "type", "about:blank"); /* the status says it: RFC 9457 4.2.1 */
	jsonw_kv_string(j, "title", api_reason(status));
	jsonw_kv_u64(j, "status", status);
	jsonw_kv_untrusted(j, "detail", text);
	if (field)
		jsonw_kv_untrusted(j, "field", field);
	jsonw_kv_string(j, "schema", "cardea.error/1");
	jsonw_kv_untrusted(j, "error", text);
	jsonw_kv_string(j, "next", next);
	jsonw_object_end(j);
}

void api_fail(struct api_request *r, unsigned status, const char *next, const char *fmt,
	...)
{
	va_list ap;

	va_start(ap, fmt);
	fail(r, status, NULL, next, fmt, ap);
	va_end(ap);
}

void api_fail_field(struct api_request *r, unsigned status, const char *field,
	const char *next, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail(r, status, field, next, fmt, ap);
	va_end(ap);
}

void api_header(struct api_request *r, const char *fmt, ...)
{
	size_t len = strlen(r->headers);
	size_t room = sizeof(r->headers) - len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(r->headers + len, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n + 2 >= room) /* half a field would be another's */
		r->headers[len] = 0;
	else
		memcpy(r->headers + len + n, "\r\n", 3);
}
