// SPDX-License-Identifier: GPL-2.0-or-later
/* web_page - what people's browsers ask: a file of the pages, or the control API. Pure.
 * What is for the API is written anew from what was understood here, so that the engine's
 * reader and this one cannot disagree: of the fields that came, only those in this list
 * leave, and nothing of them that is not printable. */
#ifndef CARDEA_PROC_WEB_PAGE_H
#define CARDEA_PROC_WEB_PAGE_H

#include "base/addr.h"
#include "proc/web_files.h"
#include "proc/web_http.h"

/* A whole head for the engine, whose limit is HTTP_HEAD_MAX: it is shorter than the one that
 * came, but for path segments whose escapes are written out. */
#define WEB_AHEAD_MAX 8000
/* Of a body: as much as any route takes (API_BODY_LARGE_MAX). */
#define WEB_PAGE_BODY_MAX (4U * LIMIT_ADOPTED_BYTES + 16384)
/* Of a body with a password in it, which is read here. */
#define WEB_LOGIN_BODY_MAX 2048
/* A location, for who came without TLS. */
#define WEB_LOCATION_MAX (LIMIT_NAME + 16)

/* How a browser may call this gateway: who calls it otherwise was sent by a page whose name
 * now points here (DNS rebinding). */
struct web_self {
	const char *name; /* in DNS */
	struct addr addr; /* at which the connection arrived */
	uint16_t port;
};

enum web_page_kind {
	WEB_PAGE_FILE,
	WEB_PAGE_API,
	WEB_PAGE_LOGIN, /* the same; a password in the body becomes a key */
};

struct web_page_request {
	enum web_page_kind kind;
	bool head_only, keep_alive;
	bool expects_continue;
	bool claims; /* it says who asks, to a route that is not everybody's */
	const struct web_file *file;
	bool unchanged;	 /* the client has it as it is */
	uint32_t length; /* of the body */
	size_t head_len;
	/* For the API: the head to send, but for Content-Length and the empty line. */
	size_t ahead_len;
	char host[WEB_LOCATION_MAX]; /* as it was called, checked */
	bool chosen;		     /* a password is set, not tried */
	char user[LIMIT_LABEL];	     /* whose, by the path; or empty */
};

/* The request at the begin of the octets, as web_http_read. ahead is filled for the API. */
enum web_read web_page_read(const struct web_self *self, const struct web_files *files,
	const uint8_t *octets, size_t len, struct web_page_request *ret,
	char ahead[WEB_AHEAD_MAX], const struct web_problem **ret_problem);

/* The head of what the engine answers. */
struct web_page_reply {
	uint16_t status;
	bool bounded; /* by length; else it ends with the pipe */
	bool stream;  /* text/event-stream: it goes on for hours */
	uint64_t length;
	size_t head_len;
};

/* WEB_READ_MORE, or WEB_READ_PROBLEM when it is none (an answer of 503), or WEB_READ_ASK with
 * *ret, and the fields that go on to the client added to fields. */
enum web_read web_page_read_reply(const uint8_t *octets, size_t len,
	struct web_page_reply *ret, struct str_text *fields);

/* Fields of all answers to people: they end with CRLF. */
extern const char web_page_guards[];

extern const struct web_problem web_problem_streams; /* 503 */
extern const struct web_problem web_problem_held;    /* 403 */
extern const struct web_problem web_problem_full;    /* 503 */

#endif
