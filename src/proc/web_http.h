// SPDX-License-Identifier: GPL-2.0-or-later
/* web_http - from octets to what is asked, and from an answer to octets: HTTP/1.1 as a
 * device needs it and no more. Pure. Where two readers could disagree about the end of a
 * message (RFC 9112 11.2) the connection ends with the answer. */
#ifndef CARDEA_PROC_WEB_HTTP_H
#define CARDEA_PROC_WEB_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/str.h"
#include "model/limits.h"
#include "model/web.h"

/* Request line and fields: browsers send 1 KiB here, devices 200 octets. */
#define WEB_HEAD_MAX 4096
/* Fields of one request: browsers send 20. */
#define WEB_FIELDS_MAX 32
/* Octets of a status line with fields, of ours. */
#define WEB_OUT_HEAD_MAX 640
/* Octets of a problem in JSON, of ours. */
#define WEB_PROBLEM_MAX 1024

/* A request that is whole but for its body. */
struct web_request {
	enum web_kind kind;
	enum web_media media;  /* of the body */
	enum web_media wanted; /* of the answer */
	bool head_only;	       /* HEAD: no body in the answer */
	bool keep_alive;
	bool expects_continue; /* RFC 9110 10.1.1 */
	bool from_page; /* a browser says that a page made it ask */
	uint32_t length; /* of the body */
	size_t head_len;
	char text[LIMIT_TEXT]; /* "POST /v1/quarantine", escaped */
};

/* Why there is no answer to it. All text is ours and needs no escape. */
struct web_problem {
	uint16_t status;
	uint32_t retry_s; /* 0: coming again changes nothing */
	const char *title, *detail, *next;
	const char *field; /* a further header field with its line end, or NULL */
};

/* What one listener answers: routes, and what is nobody's business here. */
struct web_face;
extern const struct web_face web_face_devices;

enum web_read { WEB_READ_MORE, WEB_READ_ASK, WEB_READ_PROBLEM };
/* The request at the begin of the octets. ASK fills *ret, PROBLEM *ret_problem; the
 * connection ends after a problem. */
enum web_read web_http_read(const struct web_face *face, const uint8_t *octets,
	size_t len, struct web_request *ret, const struct web_problem **ret_problem);

/* The same for a head that wire/http refused with this error. */
enum web_read web_http_failed(int error, const uint8_t *octets, size_t len,
	const struct web_problem **ret_problem);

struct web_answer {
	uint16_t status;
	enum web_media media;
	uint32_t retry_s;
	const char *field; /* as above */
	size_t length;	   /* of the body */
	bool keep_alive;
};
/* The head of an answer; its length. */
size_t web_http_head(
	const struct web_answer *a, nstime wall, char buf[WEB_OUT_HEAD_MAX]);
/* Status line and Date. */
void web_http_begin(struct str_text *t, uint16_t status, nstime wall);
/* application/problem+json (RFC 9457); its length. */
size_t web_http_problem(const struct web_problem *p, char buf[WEB_PROBLEM_MAX]);

/* For what is not read from a head. */
extern const struct web_problem web_problem_slow;  /* 408 */
extern const struct web_problem web_problem_often; /* 429 */
extern const struct web_problem web_problem_engine; /* 503 */

#endif
