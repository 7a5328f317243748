// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* tls.c - reads the body of a ClientHello. */
#include "wire/tls.h"
#include "wire/tls_priv.h"

bool tls_is_grease_alpn(const struct octets *name)
{
	return name->len == 2 &&
	       tls_is_grease((uint16_t)((uint8_t)name->b[0] << 8 | (uint8_t)name->b[1]));
}

bool tls_hello_has(const struct tls_hello *h, uint16_t extension)
{
	for (unsigned i = 0; i < h->extension_count; i++)
		if (h->extensions[i] == extension)
			return true;
	return false;
}

/* A vector of 16-bit values that fills list to its end and has at least one. Of too many
 * the first are kept. */
static int tls_read_values(struct cursor list, uint16_t *values, size_t max,
	size_t *ret_count)
{
	size_t count = cursor_left(&list) / 2;
	if (list.error || cursor_left(&list) % 2 || !count)
		return CARDEA_EMALFORMED;
	*ret_count = count < max ? count : max;
	for (size_t i = 0; i < *ret_count; i++)
		values[i] = cursor_u16(&list);
	return count > max ? CARDEA_ELIMIT : 0;
}

/* The vector that is all of an extension, its own length field before it. */
static struct cursor tls_only_vector(struct cursor *data, bool short_length)
{
	size_t len = short_length ? cursor_u8(data) : cursor_u16(data);
	struct cursor v = cursor_sub(data, len);
	if (cursor_left(data))
		cursor_fail(&v, CARDEA_EMALFORMED);
	return v;
}

static int tls_read_list(struct cursor data, bool short_length, uint16_t *values,
	size_t max, uint8_t *ret_count)
{
	size_t count = 0;
	int r = tls_read_values(tls_only_vector(&data, short_length), values, max, &count);
	*ret_count = (uint8_t)count;
	return r;
}

/* RFC 6066 3: one name of each type, and only host names were ever defined. */
static int tls_read_server_name(struct cursor data, struct tls_hello *h)
{
	struct cursor list = tls_only_vector(&data, false);
	uint8_t type = cursor_u8(&list);
	uint16_t len = cursor_u16(&list);
	struct cursor name = cursor_sub(&list, len);
	if (name.error || type != TLS_NAME_HOST || !len || cursor_left(&list))
		return CARDEA_EMALFORMED;
	if (len > OCTETS_MAX)
		return CARDEA_ELIMIT;
	h->server_name.len = len;
	cursor_copy(&name, h->server_name.b, len);
	return 0;
}

/* RFC 7301 3.1: no empty list, no empty name. */
static int tls_read_alpn(struct cursor data, struct tls_hello *h)
{
	struct cursor list = tls_only_vector(&data, false);
	do {
		uint8_t len = cursor_u8(&list);
		struct cursor name = cursor_sub(&list, len);
		if (name.error || !len)
			return CARDEA_EMALFORMED;
		if (h->alpn_count == TLS_ALPN_MAX)
			return CARDEA_ELIMIT;
		struct octets *o = &h->alpn[h->alpn_count++];
		o->len = len;
		cursor_copy(&name, o->b, len);
	} while (cursor_left(&list));
	return 0;
}

static int tls_read_modes(struct cursor data, struct tls_hello *h)
{
	struct cursor list = tls_only_vector(&data, true);
	size_t count = cursor_left(&list);
	if (list.error || !count)
		return CARDEA_EMALFORMED;
	if (count > TLS_MODES_MAX)
		return CARDEA_ELIMIT;
	h->mode_count = (uint8_t)count;
	cursor_copy(&list, h->modes, count);
	return 0;
}

/* RFC 8446 4.2.8: the list may be empty, a key may not. */
static int tls_read_shares(struct cursor data, struct tls_hello *h)
{
	struct cursor list = tls_only_vector(&data, false);
	while (cursor_left(&list)) {
		uint16_t group = cursor_u16(&list);
		uint16_t len = cursor_u16(&list);
		cursor_skip(&list, len);
		if (list.error || !len)
			return CARDEA_EMALFORMED;
		if (h->share_count == TLS_LIST_MAX)
			return CARDEA_ELIMIT;
		h->shares[h->share_count++] = group;
	}
	return list.error ? CARDEA_EMALFORMED : 0;
}

static int tls_read_extension(uint16_t type, struct cursor data, struct tls_hello *h)
{
	switch (type) {
	case TLS_EXT_SERVER_NAME:
		return tls_read_server_name(data, h);
	case TLS_EXT_SUPPORTED_GROUPS:
		return tls_read_list(data, false, h->groups, TLS_LIST_MAX,
			&h->group_count);
	case TLS_EXT_SIGNATURE_ALGORITHMS:
		return tls_read_list(data, false, h->signatures, TLS_LIST_MAX,
			&h->signature_count);
	case TLS_EXT_SIGNATURE_ALGORITHMS_CERT:
		return tls_read_list(data, false, h->signatures_cert, TLS_LIST_MAX,
			&h->signature_cert_count);
	case TLS_EXT_ALPN:
		return tls_read_alpn(data, h);
	case TLS_EXT_COMPRESS_CERTIFICATE:
		return tls_read_list(data, true, h->compressions, TLS_COMPRESSIONS_MAX,
			&h->compression_count);
	case TLS_EXT_SUPPORTED_VERSIONS:
		return tls_read_list(data, true, h->versions, TLS_VERSIONS_MAX,
			&h->version_count);
	case TLS_EXT_PSK_KEY_EXCHANGE_MODES:
		return tls_read_modes(data, h);
	case TLS_EXT_KEY_SHARE:
		return tls_read_shares(data, h);
	default:
		return 0;
	}
}

static int tls_keep_extension(uint16_t type, struct cursor data, struct tls_hello *h)
{
	/* RFC 8446 4.2: each type once */
	if (tls_hello_has(h, type))
		return CARDEA_EMALFORMED;
	if (h->extension_count == TLS_EXTENSIONS_MAX)
		return CARDEA_ELIMIT;
	h->extensions[h->extension_count++] = type;
	return tls_read_extension(type, data, h);
}

static int tls_read_extensions(struct cursor list, struct tls_hello *h, bool *part)
{
	while (cursor_left(&list)) {
		uint16_t type = cursor_u16(&list);
		uint16_t len = cursor_u16(&list);
		struct cursor data = cursor_sub(&list, len);
		int r = data.error ? CARDEA_EMALFORMED
				   : tls_keep_extension(type, data, h);
		if (part && (data.error || r == CARDEA_ELIMIT))
			*part = true;
		else if (r)
			return r;
	}
	return 0;
}

static int tls_read_rest(struct cursor *c, struct tls_hello *h, bool *part)
{
	size_t len = cursor_u16(c);
	if (part && (c->error || cursor_left(c) < len)) {
		*part = true;
		len = cursor_left(c);
		if (c->error)
			return 0;
	}
	struct cursor list = cursor_sub(c, len);
	if (list.error || cursor_left(c))
		return CARDEA_EMALFORMED;
	return tls_read_extensions(list, h, part);
}

/* Up to the extensions (RFC 8446 4.1.2; DTLS adds the cookie, RFC 6347 4.2.1). */
static int tls_read_fixed(struct cursor *c, struct tls_hello *h)
{
	h->legacy_version = cursor_u16(c);
	cursor_skip(c, TLS_RANDOM_LEN);
	h->session_id_len = cursor_u8(c);
	cursor_skip(c, h->session_id_len);
	if (h->is_dtls) {
		h->cookie_len = cursor_u8(c);
		cursor_skip(c, h->cookie_len);
	}
	uint16_t ciphers_len = cursor_u16(c);
	struct cursor ciphers = cursor_sub(c, ciphers_len);
	uint8_t methods_len = cursor_u8(c);
	const uint8_t *methods = cursor_take(c, methods_len);
	if (c->error || h->session_id_len > TLS_SESSION_ID_MAX)
		return CARDEA_EMALFORMED;
	/* RFC 5246 7.4.1.2: "null" is always among the methods. */
	if (!methods_len || !memchr(methods, 0, methods_len))
		return CARDEA_EMALFORMED;
	size_t count = 0;
	int r = tls_read_values(ciphers, h->ciphers, TLS_CIPHERS_MAX, &count);
	h->cipher_count = (uint16_t)count;
	return r;
}

int tls_parse_body(struct cursor *c, bool is_dtls, bool *part, struct tls_hello *ret)
{
	struct tls_hello h;
	memset(&h, 0, sizeof(h));
	h.is_dtls = is_dtls;
	int r = tls_read_fixed(c, &h);
	if (part && c->error)
		return c->error;
	if (part && r == CARDEA_ELIMIT) {
		*part = true;
		r = 0;
	}
	/* RFC 5246 7.4.1.2: a hello without extensions may end here. */
	if (!r && cursor_left(c))
		r = tls_read_rest(c, &h, part);
	if (!r)
		*ret = h;
	return r;
}
