// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* webhook - reads the owner's address for messages (RFC 3986, what of it we need). */
#include "model/webhook.h"

#include <string.h>
#include "base/str.h"

#define HTTPS "https://"
#define HTTP "http://"
#define WEBHOOK_HIDDEN "(hidden)"

static int fault(const char **ret_why, const char *why)
{
	*ret_why = why;
	return CARDEA_EMALFORMED;
}

/* What a request line may have in it, and no '#': that is a browser's business. */
static bool is_plain(const char *url)
{
	for (; *url; url++)
		if (*url <= ' ' || *url >= 0x7f || strchr("\"#<>\\^`{|}", *url))
			return false;
	return true;
}

/* Letters, digits, '-', '.', '_': LDH of RFC 1123 2.1, and what local names have. */
static bool is_name(const char *host)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

	return host[0] && host[0] != '.' && host[0] != '-' &&
	       strspn(host, allowed) == strlen(host);
}

/* The part up to the first '/', without brackets; *ret_port is what stands behind it. */
static bool split(const char *text, char *host, size_t size, const char **ret_port)
{
	bool bracket = text[0] == '[';
	const char *at = text + bracket;
	size_t len = strcspn(at, bracket ? "]/?" : ":/?");

	*ret_port = at + len + bracket;
	if (!len || len >= size || (bracket && at[len] != ']') ||
		!strchr(":/?", **ret_port))
		return false;
	str_copy_bytes(host, size, at, len);
	return true;
}

static int read_port(const char *text, uint16_t *ret)
{
	char digits[8];
	int64_t port;
	size_t len;

	if (*text != ':')
		return 0;
	len = strcspn(++text, "/?");
	if (len >= sizeof digits)
		return CARDEA_EMALFORMED;
	str_copy_bytes(digits, sizeof digits, text, len);
	if (str_to_i64(digits, 1, UINT16_MAX, &port))
		return CARDEA_EMALFORMED;
	*ret = (uint16_t)port;
	return 0;
}

int webhook_url_read(const char *url, struct webhook_url *ret, const char **ret_why)
{
	struct webhook_url out = {.tls = strncmp(url, HTTPS, strlen(HTTPS)) == 0};
	const char *port;

	if (!out.tls && strncmp(url, HTTP, strlen(HTTP)) != 0)
		return fault(ret_why, "give an address that begins with https://, or with "
				      "http:// and the address of a device in the house");
	if (!is_plain(url) || strchr(url, '@'))
		return fault(ret_why, "blanks, quotes, '#' and '@' are not for this address");
	out.port = out.tls ? 443 : 80;
	if (!split(url + strlen(out.tls ? HTTPS : HTTP), out.host, sizeof out.host, &port) ||
		read_port(port, &out.port))
		return fault(ret_why, "give a host, and a port from 1 to 65535 behind ':' "
				      "where it is another one");
	out.literal = addr_parse(out.host, &out.addr) == 0;
	if (!out.literal && !is_name(out.host))
		return fault(ret_why, "that host is no name and no address");
	if (!out.tls && !(out.literal && (addr_is_private(&out.addr) ||
						 addr_is_link_local(&out.addr) ||
						 addr_is_loopback(&out.addr))))
		return fault(ret_why, "without TLS it may only go to an address of the house, "
				      "such as http://192.168.1.10:8123/api/webhook/...");
	*ret = out;
	return 0;
}

void webhook_url_show(const char *url, char *buf, size_t size)
{
	const char *host = strstr(url, "://");
	size_t len = host ? (size_t)(host + 3 - url) + strcspn(host + 3, "/?") : 0;

	(void)str_print(buf, size, "%.*s%s", (int)len, url,
		len && url[len] ? "/" WEBHOOK_HIDDEN : "");
}
