// SPDX-License-Identifier: GPL-2.0-or-later
/* url - MUD URLs (RFC 8520 6, RFC 3986): which ones may be fetched, and who is the
 * authority behind one. */
#include <string.h>
#include "profiles/mud/mud_priv.h"

#define SCHEME "https://"
#define PORT_DIGITS_MAX 5
#define PORT_HTTPS 443

/* The parts that matter here; pointers into the URL. */
struct parts {
	const char *host;
	size_t host_len; /* with brackets */
	const char *port;
	size_t port_len;
	const char *path; /* the rest: path, query */
};

static int refuse(char *text, int error, const char *why)
{
	str_copy(text, LIMIT_TEXT, why);
	return error;
}

static bool has_scheme(const char *url)
{
	for (size_t i = 0; i < strlen(SCHEME); i++) {
		char c = url[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c + ('a' - 'A'));
		if (c != SCHEME[i])
			return false;
	}
	return true;
}

static void split(const char *url, struct parts *p)
{
	const char *host = url + strlen(SCHEME);
	size_t len = strcspn(host, "/?#");
	const char *end = host + len;
	const char *close = *host == '[' ? memchr(host, ']', len) : NULL;
	const char *colon = close ? close + 1 : memchr(host, ':', len);

	if (close && close + 1 < end && close[1] != ':')
		colon = NULL; /* text behind the bracket: the host check refuses it */
	else if (close && close + 1 == end)
		colon = NULL;
	p->host = host;
	p->host_len = colon ? (size_t)(colon - host) : len;
	p->port = colon ? colon + 1 : end;
	p->port_len = colon ? (size_t)(end - p->port) : 0;
	p->path = end;
}

static int port_of(const struct parts *p, int64_t *ret)
{
	char digits[PORT_DIGITS_MAX + 1];

	*ret = PORT_HTTPS;
	if (!p->port_len)
		return 0;
	if (!str_copy_bytes(digits, sizeof digits, p->port, p->port_len))
		return CARDEA_EMALFORMED;
	return str_to_i64(digits, 1, UINT16_MAX, ret);
}

/* Lower case, brackets kept, no trailing dot. */
static int host_of(const struct parts *p, char name[LIMIT_NAME], bool *ret_literal)
{
	char text[LIMIT_NAME];
	struct addr a;
	size_t len = p->host_len;
	bool bracket = len > 1 && p->host[0] == '[' && p->host[len - 1] == ']';

	if (!str_copy_bytes(
		    text, sizeof text, p->host + bracket, len - (bracket ? 2 : 0)))
		return CARDEA_ELIMIT;
	enum mud_host kind = mud_host_parse(text, name, &a);
	if (kind == MUD_HOST_BAD || bracket != (kind == MUD_HOST_ADDR && a.family == 6))
		return CARDEA_EMALFORMED;
	*ret_literal = kind == MUD_HOST_ADDR;
	if (kind != MUD_HOST_ADDR)
		return 0;
	char shown[ADDR_TEXT_MAX];
	addr_format(&a, shown);
	return str_print(name, LIMIT_NAME, bracket ? "[%s]" : "%s", shown);
}

int mud_url_check(const char *url, unsigned int flags, char ret_text[LIMIT_TEXT])
{
	char name[LIMIT_NAME];
	struct parts p;
	bool literal;
	int64_t port;

	if (strlen(url) >= LIMIT_URL)
		return refuse(ret_text, CARDEA_ELIMIT,
			"the URL is longer than 511 characters; DHCP carries 255 (RFC "
			"8520 section 10)");
	for (const char *c = url; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("\"<>\\^`{|}", *c))
			return refuse(ret_text, CARDEA_EMALFORMED,
				"the URL holds a character that must be "
				"percent-encoded "
				"(RFC 3986 section 2)");
	if (!has_scheme(url))
		return refuse(ret_text, CARDEA_EMALFORMED,
			"a MUD URL must begin with https:// (RFC 8520 section 6)");
	split(url, &p);
	if (memchr(p.host, '@', (size_t)(p.path - p.host)))
		return refuse(ret_text, CARDEA_EREFUSED,
			"the URL holds a user name, which hides the host from the "
			"reader: "
			"take it out (RFC 3986 section 7.6)");
	if (host_of(&p, name, &literal))
		return refuse(ret_text, CARDEA_EMALFORMED,
			"the URL has no valid host name (RFC 3986 section 3.2.2)");
	if (port_of(&p, &port))
		return refuse(ret_text, CARDEA_EMALFORMED,
			"the port of the URL must be 1 to 65535 (RFC 3986 section "
			"3.2.3)");
	if (literal && !(flags & MUD_URL_LITERALS))
		return refuse(ret_text, CARDEA_EREFUSED,
			"the URL names an address in place of a host name: RFC 8520 "
			"allows it, but no maker's certificate covers it");
	return 0;
}

int mud_url_authority(const char *url, char ret_authority[LIMIT_NAME])
{
	char name[LIMIT_NAME], out[LIMIT_NAME];
	struct parts p;
	bool literal;
	int64_t port;

	if (!has_scheme(url))
		return CARDEA_EMALFORMED;
	split(url, &p);
	if (host_of(&p, name, &literal) || port_of(&p, &port))
		return CARDEA_EMALFORMED;
	int error = port == PORT_HTTPS
			    ? str_print(out, sizeof out, "%s", name)
			    : str_print(out, sizeof out, "%s:%d", name, (int)port);
	if (!error)
		memcpy(ret_authority, out, sizeof out);
	return error;
}

/* RFC 3986 5.2.4 in place, for a path that begins with a slash; a query stays. */
static void remove_dots(char *path)
{
	char query[LIMIT_URL];
	size_t end = strcspn(path, "?#"), out = 0;

	str_copy(query, sizeof query, path + end);
	path[end] = 0;
	for (size_t at = 0; path[at];) {
		size_t n = 1 + strcspn(path + at + 1, "/");
		bool last = !path[at + n];
		bool one = n == 2 && path[at + 1] == '.';
		bool two = n == 3 && path[at + 1] == '.' && path[at + 2] == '.';
		if (two)
			while (out && path[--out] != '/')
				;
		if (!one && !two) {
			memmove(path + out, path + at, n);
			out += n;
		} else if (last) {
			path[out++] = '/';
		}
		at += n;
	}
	str_copy(path + out, LIMIT_URL - out, query);
}

static bool reference_has_scheme(const char *reference)
{
	size_t n = strcspn(reference, ":/?#");

	return n && reference[n] == ':';
}

/* RFC 3986 5.2.3: a reference without authority, in the place of the base's path. */
static int merge(const char *base_url, const struct parts *base, const char *reference,
	char url[LIMIT_URL])
{
	char path[LIMIT_URL];
	size_t keep = strcspn(base->path, "?#");

	if (*reference == '/')
		keep = 0;
	else if (*reference != '?')
		while (keep && base->path[keep - 1] != '/')
			keep--;
	bool slash = !keep && *reference != '/';
	int error = str_print(path, sizeof path, "%s%.*s%s", slash ? "/" : "",
		(int)keep, base->path, reference);
	if (error)
		return error;
	remove_dots(path);
	return str_print(
		url, LIMIT_URL, "%.*s%s", (int)(base->path - base_url), base_url, path);
}

int mud_url_signature(const char *mud_url, const char *reference, unsigned int flags,
	char ret_url[LIMIT_URL], char ret_text[LIMIT_TEXT])
{
	char url[LIMIT_URL];
	struct parts base;

	int error = mud_url_check(mud_url, flags, ret_text);
	if (error)
		return error;
	if (!*reference || *reference == '#')
		return refuse(ret_text, CARDEA_EMALFORMED,
			"mud-signature is empty: leave it out, or name the signature's "
			"URL (RFC 8520 section 2.1)");
	split(mud_url, &base);
	if (reference_has_scheme(reference))
		error = str_print(url, sizeof url, "%s", reference);
	else if (!strncmp(reference, "//", 2))
		error = str_print(url, sizeof url, "https:%s", reference);
	else
		error = merge(mud_url, &base, reference, url);
	if (error)
		return refuse(ret_text, error, "the URL of the signature is too long");
	error = mud_url_check(url, flags, ret_text);
	if (!error)
		memcpy(ret_url, url, strlen(url) + 1);
	return error;
}
