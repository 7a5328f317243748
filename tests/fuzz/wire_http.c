// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* wire_http.c - fuzz target: HTTP heads; every slice lies inside the head. */
#include "wire/http.h"
#include "wire_fuzz.h"

static void check_slice(struct untrusted_str s, const char *head, size_t len)
{
	if (!s.bytes) {
		FUZZ_ASSERT(!s.len);
		return;
	}
	FUZZ_ASSERT(s.bytes >= head && s.bytes + s.len <= head + len);
	FUZZ_ASSERT(!memchr(s.bytes, '\n', s.len) && !memchr(s.bytes, '\0', s.len));
}

static void check_head(const struct http_head *h, const uint8_t *data, size_t size)
{
	const char *head = (const char *)data;
	FUZZ_ASSERT(h->head_len <= size && h->head_len <= HTTP_HEAD_MAX);
	FUZZ_ASSERT(!memcmp(head + h->head_len - 4, "\r\n\r\n", 4));
	FUZZ_ASSERT(h->header_count <= HTTP_HEADERS_MAX && h->version_minor <= 1);
	check_slice(h->method, head, h->head_len);
	check_slice(h->target, head, h->head_len);
	check_slice(h->path, head, h->head_len);
	check_slice(h->query, head, h->head_len);
	check_slice(h->reason, head, h->head_len);
	for (unsigned i = 0; i < h->header_count; i++) {
		check_slice(h->headers[i].name, head, h->head_len);
		check_slice(h->headers[i].value, head, h->head_len);
	}
	FUZZ_ASSERT(h->has_content_length == !!http_header_find(h, "Content-Length"));
	FUZZ_ASSERT(!http_header_find(h, "transfer-encoding"));
}

static void check_decode(struct untrusted_str s)
{
	char buf[64];
	if (!http_decode(s, true, buf, sizeof(buf)))
		FUZZ_ASSERT(strlen(buf) <= s.len);
	for (unsigned i = 0; i < 4; i++)
		if (!http_path_segment(s, i, buf, sizeof(buf)))
			FUZZ_ASSERT(strlen(buf) < sizeof(buf));
	if (!http_query_value(s, "a", buf, sizeof(buf)))
		FUZZ_ASSERT(strlen(buf) < sizeof(buf));
}

/* What shows who asks: one, within the head, or none. */
static void check_shown(const struct http_head *h, const uint8_t *data)
{
	struct untrusted_str s, again;

	if (!http_cookie(h, "a", &s)) {
		check_slice(s, (const char *)data, h->head_len);
		FUZZ_ASSERT(!memchr(s.bytes ? s.bytes : "", ';', s.len));
		FUZZ_ASSERT(!http_cookie(h, "a", &again) && again.bytes == s.bytes);
		FUZZ_ASSERT(http_header_find(h, "cookie"));
	}
	if (!http_bearer(h, &s)) {
		check_slice(s, (const char *)data, h->head_len);
		FUZZ_ASSERT(s.len && http_header_find(h, "authorization"));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_head h;
	struct cursor c = cursor_of(data, size);
	if (!http_parse_request(&c, &h)) {
		check_head(&h, data, size);
		FUZZ_ASSERT(cursor_offset(&c) == h.head_len);
		FUZZ_ASSERT(h.path.bytes == h.target.bytes);
		check_decode(h.path);
		check_decode(h.query);
		check_shown(&h, data);
	} else {
		FUZZ_ASSERT(cursor_offset(&c) == 0);
	}
	c = cursor_of(data, size);
	if (!http_parse_response(&c, &h)) {
		check_head(&h, data, size);
		FUZZ_ASSERT(h.status >= 100 && h.status <= 599);
	}
	check_decode((struct untrusted_str){.bytes = (const char *)data, .len = size});
	return 0;
}
