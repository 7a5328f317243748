// SPDX-License-Identifier: GPL-2.0-or-later
/* trust_url - what two MUD URLs have in common (draft-ietf-iotops-mud-acceptable-urls:
 * the same but for the last segment of the path). */
#include "profiles/trust/trust_priv.h"

#include <string.h>
#include <strings.h>
#include "base/str.h"

#define SCHEME "https://"
#define PORT_HTTPS ":443"
#define PORT_HTTPS_LEN 4

/* "..", also written %2e%2e: resolves to somewhere else, here or at the server. */
static bool is_dots(const char *segment, size_t len)
{
	size_t dots = 0;

	for (size_t i = 0; i < len; dots++) {
		if (segment[i] == '.')
			i++;
		else if (len - i >= 3 && strncasecmp(segment + i, "%2e", 3) == 0)
			i += 3;
		else
			return false;
	}
	return dots == 1 || dots == 2;
}

static bool has_hidden_slash(const char *path, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (path[i] == '\\')
			return true;
		if (len - i >= 3 && (strncasecmp(path + i, "%2f", 3) == 0 ||
					    strncasecmp(path + i, "%5c", 3) == 0))
			return true;
	}
	return false;
}

static bool path_is_plain(const char *path, size_t len)
{
	if (has_hidden_slash(path, len))
		return false;
	for (size_t at = 0; at < len;) {
		const char *slash = memchr(path + at, '/', len - at);
		size_t n = slash ? (size_t)(slash - path) - at : len - at;

		if (is_dots(path + at, n))
			return false;
		at += n + 1;
	}
	return true;
}

bool trust_split(const char *url, struct trust_url *ret)
{
	struct trust_url u = {0};

	if (strlen(url) >= LIMIT_URL || strncasecmp(url, SCHEME, strlen(SCHEME)) != 0)
		return false;
	u.authority = url + strlen(SCHEME);
	u.authority_len = strcspn(u.authority, "/?#");
	u.path = u.authority + u.authority_len;
	u.path_len = strcspn(u.path, "?#");
	if (u.authority_len > PORT_HTTPS_LEN &&
		!memcmp(u.authority + u.authority_len - PORT_HTTPS_LEN, PORT_HTTPS,
			PORT_HTTPS_LEN))
		u.authority_len -= PORT_HTTPS_LEN;
	if (u.authority_len && u.authority[u.authority_len - 1] == '.')
		u.authority_len--; /* the root of DNS, said or not */
	if (!u.authority_len || u.authority[0] == ':' ||
		memchr(u.authority, '@', u.authority_len) ||
		!path_is_plain(u.path, u.path_len))
		return false;
	const char *slash = memrchr(u.path, '/', u.path_len);
	u.folder_len = slash ? (size_t)(slash - u.path) + 1 : 0;
	*ret = u;
	return true;
}

static bool same_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a_len == b_len && !memcmp(a, b, a_len);
}

bool trust_same_authority(const char *a, const char *b)
{
	struct trust_url x, y;

	return trust_split(a, &x) && trust_split(b, &y) &&
	       x.authority_len == y.authority_len &&
	       !strncasecmp(x.authority, y.authority, x.authority_len);
}

void trust_root(const char *url, char ret[LIMIT_URL])
{
	struct trust_url u;
	size_t at = strlen(SCHEME);

	ret[0] = 0;
	if (!trust_split(url, &u))
		return;
	/* "https://host" alone gains a slash */
	if (at + u.authority_len + (u.folder_len ? u.folder_len : 1) >= LIMIT_URL)
		return;
	memcpy(ret, SCHEME, at);
	for (size_t i = 0; i < u.authority_len; i++) {
		char c = u.authority[i];
		ret[at++] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
	}
	if (u.folder_len)
		memcpy(ret + at, u.path, u.folder_len);
	else
		ret[at] = '/';
	ret[at + (u.folder_len ? u.folder_len : 1)] = 0;
}

bool trust_same_root(const char *a, const char *b)
{
	char x[LIMIT_URL], y[LIMIT_URL];

	trust_root(a, x);
	trust_root(b, y);
	return x[0] && !strcmp(x, y);
}

bool trust_same_url(const char *a, const char *b)
{
	struct trust_url x, y;

	if (!strcmp(a, b))
		return true;
	return trust_same_root(a, b) && trust_split(a, &x) && trust_split(b, &y) &&
	       same_bytes(x.path + x.folder_len, x.path_len - x.folder_len,
		       y.path + y.folder_len, y.path_len - y.folder_len);
}
