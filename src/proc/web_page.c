// SPDX-License-Identifier: GPL-2.0-or-later
/* web_page - reads requests of browsers; writes what of them goes on to the engine. */
#include "proc/web_page.h"

#include <errno.h>
#include <string.h>
#include "base/error.h"
#include "base/str.h"
#include "model/people.h"
#include "wire/http.h"

/* Of one field that goes on: a token of a session has 43 octets, a list of types 150. */
#define FIELD_MAX 512
/* Of a path: the longest has three. */
#define SEGMENTS_MAX 8

/* ---- problems ---- */

#define P(name, status, title, detail, next, field)                                      \
	static const struct web_problem name = {status, 0, title, detail, next, field}
P(no_host, 400, "No Host field", "A request names the host once (RFC 9112 3.2).",
	"send Host with the name or address that you connected to", NULL);
P(misdirected, 421, "Not this host",
	"The request is for a host that is not this gateway: a page elsewhere may have "
	"pointed its own name here.",
	"open the gateway by its address or by the name that `cardea status` shows", NULL);
P(bad_path, 400, "Not a path of this gateway",
	"A segment of the path is empty, is a dot or two, has an escape that is none, or is "
	"longer than 255 octets.",
	"start at /", NULL);
P(no_file, 404, "Nothing is here", "There is no file of that name.", "start at /", NULL);
P(only_get, 405, "Another method", "Files are asked with GET.", "send GET",
	"Allow: GET, HEAD\r\n");
P(only_post, 405, "Another method", "The API is asked with GET and POST.",
	"send GET to see, POST to change", "Allow: GET, HEAD, POST\r\n");
P(only_gzip, 406, "Compressed only",
	"The files of these pages are kept as gzip, and nothing unpacks them here.",
	"send Accept-Encoding: gzip", "Vary: Accept-Encoding\r\n");
P(other_site, 403, "Another site asked",
	"Origin or Sec-Fetch-Site says that the page that asks is not one of this gateway.",
	"open the gateway's own pages", NULL);
P(said_twice, 400, "A field is there twice",
	"A field that decides something is there more than once, or is not printable.",
	"send it once", NULL);
P(long_field, 431, "A field is too long", "A field that is needed has 512 octets at most.",
	"leave out what is not needed", NULL);
P(many_fields, 431, "Request head is too long",
	"Request line and fields have at most 4096 octets and 32 fields here.",
	"delete this host's cookies of other programs", NULL);
P(unwanted_body, 400, "A body is not expected", "GET comes without a body.",
	"send it without Content-Length", NULL);
P(too_long, 413, "The body is too long", "No route takes a body of that length.",
	"send less: docs/api.md says how much each takes", NULL);
P(only_json, 415, "Not JSON",
	"A body here is application/json, and comes without Content-Encoding.",
	"send Content-Type: application/json", NULL);
P(expectation, 417, "Another expectation", "Expect says something else than 100-continue.",
	"send it without Expect", NULL);
#undef P

const struct web_problem web_problem_streams = {503, 60, "Too many live views",
	"As many live views are open as may be, of all browsers together or of this address.",
	"close one of them", NULL};
const struct web_problem web_problem_held = {403, 0, "This device is held",
	"Requests from a device that is held change nothing and show nothing.",
	"use another device, or `cardea` on the gateway", NULL};
const struct web_problem web_problem_full = {503, 2, "Busy",
	"As many requests are being answered as may be.", "ask again in a moment", NULL};

const char web_page_guards[] =
	"Content-Security-Policy: default-src 'self'; frame-ancestors 'none'; "
	"base-uri 'none'; form-action 'self'\r\n"
	"X-Content-Type-Options: nosniff\r\n"
	"X-Frame-Options: DENY\r\n"
	"Referrer-Policy: no-referrer\r\n"
	"Cross-Origin-Opener-Policy: same-origin\r\n"
	"Cross-Origin-Resource-Policy: same-origin\r\n";

/* ---- fields ---- */

static struct untrusted_str trim(struct untrusted_str s)
{
	while (s.len && (s.bytes[0] == ' ' || s.bytes[0] == '\t'))
		s.bytes++, s.len--;
	while (s.len && (s.bytes[s.len - 1] == ' ' || s.bytes[s.len - 1] == '\t'))
		s.len--;
	return s;
}

static bool equal_nocase(struct untrusted_str s, const char *text)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.bytes[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 0x20);
		if (c != text[i]) /* which ends the text, too */
			return false;
	}
	return !text[s.len];
}

/* The next item of a list; false behind the last one. */
static bool item_next(struct untrusted_str *rest, char mark, struct untrusted_str *ret)
{
	if (!rest->bytes)
		return false;
	if (!str_cut(rest, mark, ret)) {
		*ret = *rest;
		*rest = (struct untrusted_str){0};
	}
	*ret = trim(*ret);
	return true;
}

static bool is_printable(struct untrusted_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.bytes[i] < ' ' || s.bytes[i] > '~')
			return false;
	return true;
}

/* ---- whom it asks ---- */

/* Without its port, which has to be ours: none is 443 (RFC 9110 4.2.2). */
static bool cut_port(struct untrusted_str *host, uint16_t port)
{
	size_t at = host->len;
	unsigned n = 0;

	while (at && host->bytes[at - 1] >= '0' && host->bytes[at - 1] <= '9')
		at--;
	if (!at || host->bytes[at - 1] != ':' || host->len - at > 5)
		return port == 443;
	/* the last group of an address in brackets is behind none */
	for (size_t i = at; i < host->len; i++)
		n = n * 10 + (unsigned)(host->bytes[i] - '0');
	host->len = at - 1;
	return n == port;
}

static bool is_own_host(const struct web_self *self, struct untrusted_str host)
{
	char text[ADDR_TEXT_MAX];
	struct addr a;

	if (!cut_port(&host, self->port) || !host.len)
		return false;
	if (equal_nocase(host, self->name))
		return true;
	if (host.bytes[0] == '[' && host.bytes[host.len - 1] == ']') {
		host.bytes++;
		host.len -= host.len > 1 ? 2 : 1;
		if (self->addr.family != 6)
			return false;
	} else if (self->addr.family != 4) {
		return false;
	}
	return str_copy_bytes(text, sizeof text, host.bytes, host.len) &&
	       strlen(text) == host.len && !addr_parse(text, &a) &&
	       addr_equal(&a, &self->addr);
}

static const struct web_problem *read_host(
	const struct web_self *self, const struct http_head *h, struct web_page_request *r)
{
	const struct untrusted_str *host = http_header_find(h, "host");

	if (!host || !host->len)
		return &no_host;
	if (!is_own_host(self, *host) ||
		!str_copy_bytes(r->host, sizeof r->host, host->bytes, host->len))
		return &misdirected;
	return NULL;
}

/* The page that asks is one of ours; a program that is no browser sends neither. Who may
 * send what without a page is the engine's to say. */
static bool is_own_page(const struct http_head *h, const char *host)
{
	const struct untrusted_str *origin = http_header_find(h, "origin");
	const struct untrusted_str *site = http_header_find(h, "sec-fetch-site");
	static const char scheme[] = "https://";
	struct untrusted_str named;

	if (site && !http_str_equal(*site, "same-origin") && !http_str_equal(*site, "none"))
		return false;
	if (!origin)
		return true;
	if (origin->len < sizeof scheme - 1 || memcmp(origin->bytes, scheme, sizeof scheme - 1))
		return false;
	named.bytes = origin->bytes + sizeof scheme - 1;
	named.len = origin->len - (sizeof scheme - 1);
	/* a browser writes both in lower case; a program may not */
	return named.len == strlen(host) && !strncasecmp(named.bytes, host, named.len);
}

/* ---- what it asks ---- */

static bool is_unreserved(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c && strchr("-._~", c));
}

static void add_segment(struct str_text *t, const char *segment)
{
	str_add(t, "/");
	for (; *segment; segment++)
		if (is_unreserved(*segment))
			str_add(t, "%c", *segment);
		else
			str_add(t, "%%%02X", (unsigned)(uint8_t)*segment);
}

/* RFC 3986 5.2.4 has ways to write one path in many forms: here there is one. Writes it, and
 * says in r for what it is. */
static const struct web_problem *read_path(
	struct untrusted_str path, struct str_text *t, struct web_page_request *r)
{
	static const struct {
		const char *noun, *user;
		bool chosen;
	} logins[] = {{"session", "", false}, {"setup", "owner", true}, {"users", "", true}};
	char segment[LIMIT_NAME];
	unsigned i = 0;
	int e;

	if (path.bytes[0] != '/') /* "*", of OPTIONS */
		return &bad_path;
	for (; (e = http_path_segment(path, i, segment, sizeof segment)) != -ENOENT; i++) {
		if (e || !segment[0] || !strcmp(segment, ".") || !strcmp(segment, "..") ||
			i == SEGMENTS_MAX)
			return &bad_path;
		if (i == 0 && !strcmp(segment, "v1"))
			r->kind = WEB_PAGE_API;
		for (size_t k = 0; i == 1 && k < sizeof logins / sizeof *logins; k++) {
			if (r->kind != WEB_PAGE_API || strcmp(segment, logins[k].noun))
				continue;
			r->kind = WEB_PAGE_LOGIN;
			r->chosen = logins[k].chosen;
			(void)str_copy(r->user, sizeof r->user, logins[k].user);
		}
		if (i == 2 && r->kind == WEB_PAGE_LOGIN)
			(void)str_copy(r->user, sizeof r->user, segment);
		add_segment(t, segment);
	}
	return r->kind != WEB_PAGE_FILE && path.bytes[path.len - 1] == '/' ? &bad_path : NULL;
}

static bool is_json(struct untrusted_str type)
{
	struct untrusted_str first;

	return item_next(&type, ';', &first) && equal_nocase(first, "application/json");
}

static const struct web_problem *read_body(
	const struct http_head *h, struct web_page_request *r)
{
	const struct untrusted_str *type = http_header_find(h, "content-type");
	const struct untrusted_str *coding = http_header_find(h, "content-encoding");
	const struct untrusted_str *expect = http_header_find(h, "expect");
	bool login = r->kind == WEB_PAGE_LOGIN;

	if (h->content_length > (login ? WEB_LOGIN_BODY_MAX : WEB_PAGE_BODY_MAX))
		return &too_long;
	if (h->content_length && (!type || !is_json(*type) || coding))
		return &only_json;
	if (expect && !http_str_equal(*expect, "100-continue"))
		return &expectation;
	r->length = (uint32_t)h->content_length;
	r->expects_continue = expect && h->version_minor && r->length;
	return NULL;
}

/* ---- a file ---- */

/* "gzip;q=0" wants none (RFC 9110 12.5.3). */
static bool is_refused(struct untrusted_str parameters)
{
	struct untrusted_str p;

	while (item_next(&parameters, ';', &p)) {
		if (p.len < 3 || (p.bytes[0] | 0x20) != 'q' || p.bytes[1] != '=')
			continue;
		for (size_t i = 2; i < p.len; i++)
			if (p.bytes[i] != '0' && p.bytes[i] != '.')
				return false;
		return true;
	}
	return false;
}

/* Without the field everything is fine. */
static bool takes_gzip(const struct http_head *h)
{
	const struct untrusted_str *field = http_header_find(h, "accept-encoding");
	struct untrusted_str rest = field ? *field : (struct untrusted_str){0}, item, name;
	bool any = !field;

	while (item_next(&rest, ',', &item)) {
		(void)item_next(&item, ';', &name);
		if (equal_nocase(name, "gzip") || equal_nocase(name, "x-gzip"))
			return !is_refused(item);
		if (http_str_equal(name, "*"))
			any = !is_refused(item);
	}
	return any;
}

/* RFC 9110 13.1.2: weak comparison. */
static bool has_tag(const struct http_head *h, const char *tag)
{
	const struct untrusted_str *field = http_header_find(h, "if-none-match");
	struct untrusted_str rest = field ? *field : (struct untrusted_str){0}, item;

	while (item_next(&rest, ',', &item)) {
		if (item.len > 2 && !memcmp(item.bytes, "W/", 2))
			item.bytes += 2, item.len -= 2;
		if (http_str_equal(item, tag) || http_str_equal(item, "*"))
			return true;
	}
	return false;
}

static const struct web_problem *read_file(
	const struct web_files *files, const struct http_head *h, struct web_page_request *r)
{
	if (!http_str_equal(h->method, "GET") && !r->head_only)
		return &only_get;
	if (h->content_length)
		return &unwanted_body;
	r->file = web_files_find(files, h->path);
	if (!r->file)
		return &no_file;
	if (r->file->gzip && !takes_gzip(h))
		return &only_gzip;
	r->unchanged = has_tag(h, web_files_text(files, r->file->tag));
	return NULL;
}

/* ---- the API ---- */

static bool is_token_char(char c)
{
	return is_unreserved(c) || (c && strchr("+/=", c));
}

/* Of all cookies that this host's programs have set, ours. */
static const struct web_problem *add_cookie(const struct http_head *h, struct str_text *t)
{
	const struct untrusted_str *field = http_header_find(h, "cookie");
	struct untrusted_str rest = field ? *field : (struct untrusted_str){0}, item, name;
	unsigned found = 0;

	while (item_next(&rest, ';', &item)) {
		if (!str_cut(&item, '=', &name) || !http_str_equal(name, PEOPLE_COOKIE))
			continue;
		if (found++)
			return &said_twice;
		if (item.len > FIELD_MAX)
			return &long_field;
		for (size_t i = 0; i < item.len; i++)
			if (!is_token_char(item.bytes[i]))
				return &said_twice;
		str_add(t, "Cookie: " PEOPLE_COOKIE "=%.*s\r\n", (int)item.len, item.bytes);
	}
	return NULL;
}

static const struct web_problem *add_field(
	const struct http_head *h, const char *name, struct str_text *t)
{
	const struct untrusted_str *value = NULL;

	for (unsigned i = 0; i < h->header_count; i++) {
		if (!equal_nocase(h->headers[i].name, name))
			continue;
		if (value || !is_printable(h->headers[i].value))
			return &said_twice;
		value = &h->headers[i].value;
		if (value->len > FIELD_MAX)
			return &long_field;
	}
	if (value)
		str_add(t, "%s: %.*s\r\n", name, (int)value->len, value->bytes);
	return NULL;
}

static const struct web_problem *add_fields(const struct http_head *h, struct str_text *t)
{
	static const char *const carried[] = {"authorization", "x-cardea-csrf", "if-match",
		"if-none-match", "idempotency-key", "last-event-id", "accept",
		"content-type"};
	const struct web_problem *problem = NULL;
	unsigned cookies = 0;

	for (unsigned i = 0; i < h->header_count; i++)
		cookies += equal_nocase(h->headers[i].name, "cookie");
	problem = cookies > 1 ? &said_twice : add_cookie(h, t);
	for (size_t i = 0; !problem && i < sizeof carried / sizeof *carried; i++)
		problem = add_field(h, carried[i], t);
	return problem;
}

static const struct web_problem *read_api(const struct http_head *h, const char *path,
	struct web_page_request *r, char ahead[WEB_AHEAD_MAX])
{
	struct str_text t = {.buf = ahead, .size = WEB_AHEAD_MAX};
	bool post = http_str_equal(h->method, "POST");
	const struct web_problem *problem;

	if (!post && !r->head_only && !http_str_equal(h->method, "GET"))
		return &only_post;
	if (!is_own_page(h, r->host))
		return &other_site;
	if (!post && h->content_length)
		return &unwanted_body;
	if (!post)
		r->kind = WEB_PAGE_API;
	problem = read_body(h, r);
	if (problem)
		return problem;
	/* HEAD is GET without the body, which is then not sent on */
	str_add(&t, "%s %s%s%.*s HTTP/1.1\r\nHost: cardea\r\nConnection: close\r\n",
		post ? "POST" : "GET", path, h->query.len ? "?" : "", (int)h->query.len,
		h->query.bytes);
	r->claims = !strstr(path, "/session") && !strstr(path, "/setup") &&
		    (http_header_find(h, "cookie") || http_header_find(h, "authorization"));
	problem = add_fields(h, &t);
	r->ahead_len = t.len;
	return problem ? problem : t.len + 1 >= t.size ? &many_fields : NULL;
}

/* ---- all of it ---- */

static const struct web_problem *read_request(const struct web_self *self,
	const struct web_files *files, const struct http_head *h, struct web_page_request *r,
	char ahead[WEB_AHEAD_MAX])
{
	/* three octets for each that has to be escaped */
	char path[3 * WEB_HEAD_MAX + 1] = "";
	struct str_text t = {.buf = path, .size = sizeof path};
	const struct web_problem *problem = read_host(self, h, r);

	r->head_len = h->head_len;
	r->keep_alive = h->keep_alive;
	r->head_only = http_str_equal(h->method, "HEAD");
	if (!problem)
		problem = read_path(h->path, &t, r);
	if (problem)
		return problem;
	return r->kind == WEB_PAGE_FILE ? read_file(files, h, r)
					: read_api(h, path, r, ahead);
}

enum web_read web_page_read(const struct web_self *self, const struct web_files *files,
	const uint8_t *octets, size_t len, struct web_page_request *ret,
	char ahead[WEB_AHEAD_MAX], const struct web_problem **ret_problem)
{
	struct cursor c = cursor_of(octets, len < WEB_HEAD_MAX ? len : WEB_HEAD_MAX);
	const struct web_problem *problem;
	struct web_page_request r;
	struct http_head h;
	int e = http_parse_request(&c, &h);

	if (e)
		return web_http_failed(e, octets, len, ret_problem);
	memset(&r, 0, sizeof r);
	problem = h.header_count > WEB_FIELDS_MAX
			  ? &many_fields
			  : read_request(self, files, &h, &r, ahead);
	if (problem) {
		*ret_problem = problem;
		return WEB_READ_PROBLEM;
	}
	*ret = r;
	return WEB_READ_ASK;
}
