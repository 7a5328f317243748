// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* http_cookie.c - what a request carries to show who sends it. */
#include "wire/http.h"

#include <errno.h>
#include <string.h>
#include "base/str.h"

static bool is_named(const struct http_header *f, const char *name)
{
	size_t len = strlen(name);

	if (f->name.len != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((f->name.bytes[i] | 0x20) != (name[i] | 0x20))
			return false;
	return true;
}

/* RFC 6265 4.2.1: name=value, "; " between them. */
static unsigned look(struct untrusted_str field, const char *name, struct untrusted_str *ret)
{
	unsigned found = 0;

	while (field.len) {
		struct untrusted_str pair, key;

		if (!str_cut(&field, ';', &pair)) {
			pair = field;
			field.len = 0;
		}
		pair = str_trim(pair);
		if (!str_cut(&pair, '=', &key) || !http_str_equal(key, name))
			continue;
		*ret = pair;
		found++;
	}
	return found;
}

int http_cookie(const struct http_head *h, const char *name, struct untrusted_str *ret)
{
	struct untrusted_str value;
	unsigned found = 0;

	for (size_t i = 0; i < h->header_count; i++)
		if (is_named(&h->headers[i], "Cookie"))
			found += look(h->headers[i].value, name, &value);
	if (found != 1)
		return found ? CARDEA_EMALFORMED : -ENOENT;
	*ret = value;
	return 0;
}

int http_bearer(const struct http_head *h, struct untrusted_str *ret)
{
	static const char scheme[] = "bearer ";
	const struct untrusted_str *value = NULL;
	size_t len = sizeof(scheme) - 1;

	for (size_t i = 0; i < h->header_count; i++) {
		if (!is_named(&h->headers[i], "Authorization"))
			continue;
		if (value)
			return CARDEA_EMALFORMED;
		value = &h->headers[i].value;
	}
	if (!value)
		return -ENOENT;
	if (value->len <= len)
		return CARDEA_EMALFORMED;
	for (size_t i = 0; i < len; i++)
		if ((value->bytes[i] | 0x20) != scheme[i])
			return CARDEA_EMALFORMED;
	*ret = str_trim((struct untrusted_str){value->bytes + len, value->len - len});
	return ret->len ? 0 : CARDEA_EMALFORMED;
}
