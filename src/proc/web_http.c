// SPDX-License-Identifier: GPL-2.0-or-later
/* web_http - reads requests of devices, by routes; writes heads and problems. */
#include "proc/web_http.h"

#include <string.h>
#include <time.h>
#include "base/error.h"
#include "base/str.h"
#include "wire/http.h"

#define WEB_SEGMENTS_MAX 16 /* of a path, that are looked at */
#define WEB_SEGMENT_MAX 64

struct web_route {
	const char *path, *method;
	enum web_kind kind;
	bool has_body;
	const struct web_problem *wrong_method;
};

struct web_face {
	const struct web_route *routes;
	size_t route_count;
	/* Words of a path that ask for what is the owner's to do. */
	const char *const *owners_words;
	size_t word_count;
};

/* ---- problems ---- */

#define WHERE_NEXT "see what this address answers: GET " WEB_PATH_CAPPORT ", GET "       \
	WEB_PATH_CHALLENGE ", POST " WEB_PATH_EVIDENCE

static const struct web_problem malformed = {400, 0, "Not an HTTP request",
	"The request line or a header field is not as RFC 9112 wants it.",
	"send HTTP/1.1 with CRLF line ends, one Content-Length at most and no folded lines",
	NULL};
static const struct web_problem no_host = {400, 0, "No Host field",
	"An HTTP/1.1 request names its host once (RFC 9112 3.2).",
	"send Host with the name or address that you connected to", NULL};
static const struct web_problem for_proxy = {400, 0, "Not a proxy",
	"The target of the request is not a path on this server.",
	"send the path alone, such as GET " WEB_PATH_CAPPORT, NULL};
static const struct web_problem unwanted_body = {400, 0, "A body is not expected",
	"This is asked without a body.", "send it without Content-Length", NULL};
static const struct web_problem empty_body = {400, 0, "No evidence",
	"The body has no octets.", "send the token, result, manifest or report as the body",
	NULL};
static const struct web_problem not_found = {404, 0, "Nothing is here",
	"No such path is answered for devices.", WHERE_NEXT, NULL};
static const struct web_problem only_get = {405, 0, "Another method",
	"This is asked with GET.", "send GET", "Allow: GET, HEAD\r\n"};
static const struct web_problem only_post = {405, 0, "Another method",
	"Evidence is sent with POST.", "send POST", "Allow: POST\r\n"};
static const struct web_problem no_length = {411, 0, "No Content-Length",
	"The length of a body has to be said before it; chunks and other transfer codings "
	"are not taken (RFC 9110 15.5.12).",
	"send Content-Length and no Transfer-Encoding", NULL};
static const struct web_problem too_long = {413, 0, "Evidence is too long",
	"A token, result, manifest or report has at most 32768 octets here.",
	"leave the payload out of the manifest: its digest is enough", NULL};
static const struct web_problem media = {415, 0, "Not a type of evidence",
	"Content-Type says none of the types that are taken, or there is a "
	"Content-Encoding.",
	"send one of the types in Accept, uncompressed",
	"Accept: application/eat+cwt, application/suit-envelope+cose, "
	"application/suit-report+cose\r\n"};
static const struct web_problem expectation = {417, 0, "Another expectation",
	"Expect says something else than 100-continue.", "send it without Expect", NULL};
static const struct web_problem large_head = {431, 0, "Request head is too long",
	"Request line and fields have at most 4096 octets and 32 fields here.",
	"leave out cookies and what else is not needed", NULL};
static const struct web_problem version = {505, 0, "Another version of HTTP",
	"HTTP/1.1 and HTTP/1.0 are spoken here.", "send HTTP/1.1", NULL};

const struct web_problem web_problem_slow = {408, 0, "Too slow",
	"The request was not complete in time.", "send it in one go", NULL};
const struct web_problem web_problem_often = {429, 2, "Too often",
	"This address asks more than a device has to.", "ask again later, and less often",
	NULL};
const struct web_problem web_problem_engine = {503, 5, "Not ready",
	"The gateway cannot answer at the moment; nothing was changed.", "ask again later",
	NULL};

/* ---- routes ---- */

static const struct web_route device_routes[] = {
	{WEB_PATH_CAPPORT, "GET", WEB_CAPPORT, false, &only_get},
	{WEB_PATH_CHALLENGE, "GET", WEB_CHALLENGE, false, &only_get},
	{WEB_PATH_EVIDENCE, "POST", WEB_EVIDENCE, true, &only_post},
};

/* Of the control API, and what a program tries that looks for one. */
static const char *const device_words[] = {"api", "v1", "v2", "quarantine",
	"unquarantine", "release", "restore", "readmit", "retire", "allow", "decisions",
	"devices", "overlays", "controllers", "attest", "advisories", "cases", "stop",
	"admin", "cgi-bin", "rpc", "ubus"};

const struct web_face web_face_devices = {
	.routes = device_routes,
	.route_count = sizeof device_routes / sizeof *device_routes,
	.owners_words = device_words,
	.word_count = sizeof device_words / sizeof *device_words,
};

static bool is_owners_word(const struct web_face *f, const char *word)
{
	for (size_t i = 0; i < f->word_count; i++)
		if (str_equal_nocase(word, f->owners_words[i]))
			return true;
	return false;
}

/* It wants to change something that no device may: by its method, or by a word. */
static bool is_forbidden(const struct web_face *f, const struct http_head *h)
{
	char word[WEB_SEGMENT_MAX];

	if (http_str_equal(h->method, "PUT") || http_str_equal(h->method, "DELETE") ||
		http_str_equal(h->method, "PATCH"))
		return true;
	for (unsigned i = 0; i < WEB_SEGMENTS_MAX; i++)
		if (!http_path_segment(h->path, i, word, sizeof word) &&
			is_owners_word(f, word))
			return true;
	return false;
}

static bool starts(struct untrusted_str s, const char *text)
{
	size_t n = strlen(text);

	return s.len >= n && !memcmp(s.bytes, text, n);
}

/* The route of that very path. *ret_more: the target goes on behind it, with the name of
 * some device: here each speaks for itself. */
static const struct web_route *route_find(
	const struct web_face *f, const struct http_head *h, bool *ret_more)
{
	for (size_t i = 0; i < f->route_count; i++) {
		const char *path = f->routes[i].path;
		size_t n = strlen(path);

		if (!starts(h->target, path))
			continue;
		*ret_more = h->target.len > n;
		if (h->target.len == n || strchr("/?;", h->target.bytes[n]))
			return &f->routes[i];
	}
	return NULL;
}

static bool method_fits(const struct web_route *r, const struct http_head *h)
{
	return http_str_equal(h->method, r->method) ||
	       (!strcmp(r->method, "GET") && http_str_equal(h->method, "HEAD"));
}

/* ---- the body to come ---- */

static const struct web_problem *read_body(
	const struct http_head *h, struct web_request *r)
{
	const struct untrusted_str *type = http_header_find(h, "content-type");
	const struct untrusted_str *coding = http_header_find(h, "content-encoding");
	const struct untrusted_str *expect = http_header_find(h, "expect");

	if (!h->has_content_length)
		return &no_length;
	if (!h->content_length)
		return &empty_body;
	r->media = type ? web_media_of(type->bytes, type->len) : WEB_MEDIA_NONE;
	if (!web_media_is_evidence(r->media) ||
		(coding && !http_str_equal(*coding, "identity")))
		return &media;
	if (h->content_length > LIMIT_WEB_BODY)
		return &too_long;
	if (expect && !http_str_equal(*expect, "100-continue"))
		return &expectation;
	r->expects_continue = expect && h->version_minor;
	r->length = (uint32_t)h->content_length;
	return NULL;
}

/* Which of the two is named first; JSON when neither is. */
static enum web_media read_wanted(const struct http_head *h)
{
	const struct untrusted_str *accept = http_header_find(h, "accept");
	struct untrusted_str rest = accept ? *accept : str_untrusted("");
	bool more = true;

	while (more) {
		struct untrusted_str item;

		more = str_cut(&rest, ',', &item);
		if (!more)
			item = rest;
		while (item.len && item.bytes[0] == ' ')
			item.bytes++, item.len--;
		enum web_media m = web_media_of(item.bytes, item.len);
		if (m == WEB_MEDIA_CBOR || m == WEB_MEDIA_JSON)
			return m;
	}
	return WEB_MEDIA_JSON;
}

static void describe(const struct http_head *h, char text[LIMIT_TEXT])
{
	char target[LIMIT_TEXT - HTTP_METHOD_MAX - 4], method[HTTP_METHOD_MAX + 1];

	(void)str_print(text, LIMIT_TEXT, "%s %s",
		str_escape(h->method, method, sizeof method),
		str_escape(h->target, target, sizeof target));
}

static const struct web_problem *read_request(
	const struct web_face *f, const struct http_head *h, struct web_request *r)
{
	bool more = false;
	const struct web_route *route = route_find(f, h, &more);

	if (h->version_minor && !http_header_find(h, "host"))
		return &no_host;
	describe(h, r->text);
	r->head_len = h->head_len;
	r->from_page = http_header_find(h, "origin") || http_header_find(h, "sec-fetch-site");
	if ((route && more) || is_forbidden(f, h)) {
		r->kind = WEB_FORBIDDEN; /* what follows is not read */
		return NULL;
	}
	if (!route)
		return &not_found;
	if (!method_fits(route, h))
		return route->wrong_method;
	r->kind = route->kind;
	r->keep_alive = h->keep_alive;
	r->head_only = http_str_equal(h->method, "HEAD");
	r->wanted = read_wanted(h);
	if (route->has_body)
		return read_body(h, r);
	return h->content_length ? &unwanted_body : NULL;
}

/* ---- heads that cannot be read ---- */

/* What the reader does not know: a version, a target for proxies, or a transfer coding. */
static const struct web_problem *unsupported(const uint8_t *octets, size_t len)
{
	const uint8_t *end = memchr(octets, '\r', len);
	struct untrusted_str line = {.bytes = (const char *)octets,
		.len = end ? (size_t)(end - octets) : len};
	struct untrusted_str word;

	if (!str_cut(&line, ' ', &word) || !str_cut(&line, ' ', &word))
		return &malformed;
	if (!http_str_equal(line, "HTTP/1.1") && !http_str_equal(line, "HTTP/1.0"))
		return &version;
	return word.len && word.bytes[0] == '/' ? &no_length : &for_proxy;
}

enum web_read web_http_failed(int error, const uint8_t *octets, size_t len,
	const struct web_problem **ret_problem)
{
	if (error == CARDEA_ETRUNCATED && len < WEB_HEAD_MAX)
		return WEB_READ_MORE;
	if (error == CARDEA_ETRUNCATED || error == CARDEA_ELIMIT)
		*ret_problem = &large_head;
	else
		*ret_problem = error == CARDEA_EUNSUPPORTED ? unsupported(octets, len)
							    : &malformed;
	return WEB_READ_PROBLEM;
}

enum web_read web_http_read(const struct web_face *face, const uint8_t *octets,
	size_t len, struct web_request *ret, const struct web_problem **ret_problem)
{
	struct cursor c = cursor_of(octets, len < WEB_HEAD_MAX ? len : WEB_HEAD_MAX);
	const struct web_problem *problem;
	struct web_request r;
	struct http_head h;
	int e = http_parse_request(&c, &h);

	if (e)
		return web_http_failed(e, octets, len, ret_problem);
	memset(&r, 0, sizeof r);
	problem = h.header_count > WEB_FIELDS_MAX ? &large_head
						  : read_request(face, &h, &r);
	if (problem) {
		*ret_problem = problem;
		return WEB_READ_PROBLEM;
	}
	*ret = r;
	return WEB_READ_ASK;
}

/* ---- answers ---- */

static const char *reason(uint16_t status)
{
	static const struct {
		uint16_t status;
		const char *text;
	} reasons[] = {{200, "OK"}, {201, "Created"}, {202, "Accepted"},
		{204, "No Content"}, {304, "Not Modified"}, {308, "Permanent Redirect"},
		{400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"}, {404, "Not Found"}, {405, "Method Not Allowed"},
		{406, "Not Acceptable"}, {408, "Request Timeout"}, {409, "Conflict"}, {411, "Length Required"},
		{412, "Precondition Failed"}, {421, "Misdirected Request"},
		{428, "Precondition Required"}, {500, "Internal Server Error"},
		{413, "Content Too Large"}, {415, "Unsupported Media Type"},
		{417, "Expectation Failed"}, {422, "Unprocessable Content"},
		{429, "Too Many Requests"}, {431, "Request Header Fields Too Large"},
		{503, "Service Unavailable"}, {505, "HTTP Version Not Supported"}};

	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return ""; /* RFC 9112 4: it may be empty */
}

/* RFC 9110 5.6.7; strftime would follow a locale. */
static void add_date(struct str_text *t, nstime wall)
{
	static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
		"Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)(wall / NS_PER_SEC);
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		str_add(t, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n", days[tm.tm_wday],
			tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour,
			tm.tm_min, tm.tm_sec);
}

void web_http_begin(struct str_text *t, uint16_t status, nstime wall)
{
	str_add(t, "HTTP/1.1 %u %s\r\n", status, reason(status));
	add_date(t, wall);
}

size_t web_http_head(const struct web_answer *a, nstime wall, char buf[WEB_OUT_HEAD_MAX])
{
	struct str_text t = {.buf = buf, .size = WEB_OUT_HEAD_MAX};

	web_http_begin(&t, a->status, wall);
	if (a->media != WEB_MEDIA_NONE)
		str_add(&t, "Content-Type: %s\r\n", web_media_name(a->media));
	str_add(&t, "Content-Length: %zu\r\n", a->length);
	/* RFC 8908 4.1: what one device hears is not for another, nor for later */
	str_add(&t, "Cache-Control: private, no-store\r\nX-Content-Type-Options: nosniff\r\n");
	if (a->retry_s)
		str_add(&t, "Retry-After: %u\r\n", a->retry_s);
	if (a->field)
		str_add(&t, "%s", a->field);
	str_add(&t, "Connection: %s\r\n\r\n", a->keep_alive ? "keep-alive" : "close");
	return t.len;
}

size_t web_http_problem(const struct web_problem *p, char buf[WEB_PROBLEM_MAX])
{
	struct str_text t = {.buf = buf, .size = WEB_PROBLEM_MAX};

	str_add(&t,
		"{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u,\"detail\":\"%s\","
		"\"next\":\"%s\"}",
		p->title, p->status, p->detail, p->next);
	return t.len;
}
