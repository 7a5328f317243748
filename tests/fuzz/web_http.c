// SPDX-License-Identifier: GPL-2.0-or-later
/* web_http - fuzz target: what devices send over HTTP. What one reading says of the head
 * holds for every longer one, so no octet that comes later changes what was asked. */
#include "base/str.h"
#include "proc/web_http.h"
#include "wire_fuzz.h"

static void check_request(const struct web_request *r, size_t size)
{
	FUZZ_ASSERT(r->head_len >= 4 && r->head_len <= size);
	FUZZ_ASSERT(r->head_len <= WEB_HEAD_MAX);
	FUZZ_ASSERT(r->kind < WEB_KIND_MAX && r->media < WEB_MEDIA_MAX);
	FUZZ_ASSERT(r->length <= LIMIT_WEB_BODY);
	FUZZ_ASSERT((r->kind == WEB_EVIDENCE) == (r->length > 0));
	FUZZ_ASSERT(r->kind != WEB_EVIDENCE || web_media_is_evidence(r->media));
	FUZZ_ASSERT(r->kind != WEB_FORBIDDEN || !r->keep_alive);
	FUZZ_ASSERT(str_is_clean_utf8(r->text, strnlen(r->text, sizeof r->text)));
	FUZZ_ASSERT(strnlen(r->text, sizeof r->text) < sizeof r->text);
}

static void check_problem(const struct web_problem *p)
{
	char head[WEB_OUT_HEAD_MAX], body[WEB_PROBLEM_MAX];
	struct web_answer a = {.status = p->status, .media = WEB_MEDIA_PROBLEM,
		.field = p->field, .length = web_http_problem(p, body)};

	FUZZ_ASSERT(p->status >= 400 && p->status < 600);
	FUZZ_ASSERT(a.length < WEB_PROBLEM_MAX - 1);
	FUZZ_ASSERT(web_http_head(&a, 0, head) < WEB_OUT_HEAD_MAX - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct web_problem *problem = NULL, *later = NULL;
	struct web_request r, again;
	enum web_read whole = web_http_read(&web_face_devices, data, size, &r, &problem);

	if (whole == WEB_READ_PROBLEM)
		check_problem(problem);
	if (whole != WEB_READ_ASK) {
		FUZZ_ASSERT(whole == WEB_READ_PROBLEM || size < WEB_HEAD_MAX);
		return 0;
	}
	check_request(&r, size);
	FUZZ_ASSERT(web_http_read(&web_face_devices, data, r.head_len, &again, &later) ==
		    WEB_READ_ASK);
	FUZZ_ASSERT(again.kind == r.kind && again.length == r.length &&
		    again.head_len == r.head_len && again.keep_alive == r.keep_alive);
	FUZZ_ASSERT(web_http_read(&web_face_devices, data, r.head_len - 1, &again,
			    &later) == WEB_READ_MORE);
	return 0;
}
