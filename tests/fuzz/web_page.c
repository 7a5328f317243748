// SPDX-License-Identifier: GPL-2.0-or-later
/* web_page - fuzz target: what browsers send to the owner's face, answers of the engine, and
 * bodies with passwords. The first octet says which. What goes on to the engine is one head
 * that the engine's reader takes, and none of it is longer than it takes. */
#include "base/str.h"
#include "proc/web_login.h"
#include "proc/web_page.h"
#include "wire/http.h"
#include "wire_fuzz.h"

static const struct web_file rows[] = {{0, 12, 22, 0, 1, true, false}};
static const struct web_files files = {
	rows, 1, "/index.html\0text/html\0\"a\"", (const uint8_t *)"z"};

static void check_ahead(const struct web_page_request *r, char *ahead)
{
	struct http_head h;
	struct cursor c;

	FUZZ_ASSERT(r->ahead_len == strlen(ahead) && r->ahead_len + 64 < HTTP_HEAD_MAX);
	memcpy(ahead + r->ahead_len, "\r\n", 3);
	c = cursor_of((const uint8_t *)ahead, r->ahead_len + 2);
	FUZZ_ASSERT(http_parse_request(&c, &h) == 0 && !cursor_left(&c));
	FUZZ_ASSERT(!h.has_content_length && !h.keep_alive);
	FUZZ_ASSERT(http_str_equal(*http_header_find(&h, "host"), "cardea"));
	FUZZ_ASSERT(h.path.len >= 3 && !memcmp(h.path.bytes, "/v1", 3));
}

static void check_request(const uint8_t *data, size_t size)
{
	struct web_self self = {.name = "g", .addr = {.family = 4, .b = {10, 0, 0, 1}},
		.port = 443};
	static char ahead[WEB_AHEAD_MAX + 4], again_ahead[WEB_AHEAD_MAX];
	const struct web_problem *problem = NULL;
	struct web_page_request r, again;
	enum web_read whole = web_page_read(&self, &files, data, size, &r, ahead, &problem);

	if (whole != WEB_READ_ASK) {
		FUZZ_ASSERT(whole == WEB_READ_PROBLEM || size < WEB_HEAD_MAX);
		FUZZ_ASSERT(whole != WEB_READ_PROBLEM || problem->status >= 400);
		return;
	}
	FUZZ_ASSERT(r.head_len >= 4 && r.head_len <= size && r.head_len <= WEB_HEAD_MAX);
	FUZZ_ASSERT(r.length <= WEB_PAGE_BODY_MAX);
	FUZZ_ASSERT((r.kind == WEB_PAGE_FILE) == (r.file != NULL));
	FUZZ_ASSERT(r.kind != WEB_PAGE_LOGIN || r.length <= WEB_LOGIN_BODY_MAX);
	/* no octet that comes later changes what was asked */
	FUZZ_ASSERT(web_page_read(&self, &files, data, r.head_len, &again, again_ahead,
			    &problem) == WEB_READ_ASK);
	FUZZ_ASSERT(!memcmp(&r, &again, sizeof r));
	FUZZ_ASSERT(r.kind == WEB_PAGE_FILE || !memcmp(ahead, again_ahead, r.ahead_len));
	FUZZ_ASSERT(web_page_read(&self, &files, data, r.head_len - 1, &again, again_ahead,
			    &problem) == WEB_READ_MORE);
	if (r.kind != WEB_PAGE_FILE)
		check_ahead(&r, ahead);
}

static void check_reply(const uint8_t *data, size_t size)
{
	char text[3072] = "";
	struct str_text fields = {.buf = text, .size = sizeof text};
	struct web_page_reply r;

	if (web_page_read_reply(data, size, &r, &fields) != WEB_READ_ASK)
		return;
	FUZZ_ASSERT(r.head_len <= size && r.status >= 200 && r.status <= 599);
	FUZZ_ASSERT(fields.len == strlen(text) && fields.len + 1 < sizeof text);
	for (size_t i = 0; i < fields.len; i++)
		FUZZ_ASSERT(text[i] == '\r' || text[i] == '\n' ||
			    (text[i] >= ' ' && text[i] <= '~'));
}

static void check_login(const uint8_t *data, size_t size, bool chosen)
{
	static const char *const keys[] = {"k", "o"};
	static char out[WEB_LOGIN_BODY_MAX + 64];
	struct web_login l, again;
	size_t len;

	if (size > WEB_LOGIN_BODY_MAX ||
		web_login_read((const char *)data, size, chosen, &l))
		return;
	for (size_t i = 0; i < WEB_SECRETS; i++) {
		const struct web_password *p = &l.passwords[i];

		FUZZ_ASSERT(!p->there || (p->from < p->to && p->to < size));
		FUZZ_ASSERT(!p->there || p->len == strlen(p->text));
	}
	len = web_login_write((const char *)data, size, &l, keys, out, sizeof out);
	FUZZ_ASSERT(len > 0 && len == strlen(out));
	/* what is left has keys, which are not taken, or had no password */
	FUZZ_ASSERT(!web_login_has_password(&l) ==
		    !web_login_read(out, len, chosen, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] == 'R')
		check_reply(data + 1, size - 1);
	else if (data[0] == 'L' || data[0] == 'S')
		check_login(data + 1, size - 1, data[0] == 'S');
	else
		check_request(data + 1, size - 1);
	return 0;
}
