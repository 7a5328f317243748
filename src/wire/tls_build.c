// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* tls_build.c - writes the body of a ClientHello. */
#include "wire/tls.h"
#include "wire/tls_priv.h"

/* The length of a vector is known when it ends: where it stands, and how wide it is. */
struct tls_vector {
	size_t at;
	bool is_short;
};

static struct tls_vector tls_begin(struct writer *w, bool is_short)
{
	struct tls_vector v = {.at = w->len, .is_short = is_short};
	if (is_short)
		writer_u8(w, 0);
	else
		writer_u16(w, 0);
	return v;
}

static void tls_end(struct writer *w, struct tls_vector v)
{
	size_t len = w->len - v.at - (v.is_short ? 1 : 2);
	if (w->error)
		return;
	if (v.is_short)
		w->start[v.at] = (uint8_t)len;
	else
		writer_patch16(w, v.at, (uint16_t)len);
}

static void tls_write_zeros(struct writer *w, size_t len)
{
	uint8_t *p = writer_room(w, len);
	if (p)
		memset(p, 0, len);
}

static void tls_write_list(struct writer *w, bool is_short, const uint16_t *values,
	size_t count)
{
	struct tls_vector v = tls_begin(w, is_short);
	for (size_t i = 0; i < count; i++)
		writer_u16(w, values[i]);
	tls_end(w, v);
}

static void tls_write_server_name(struct writer *w, const struct octets *name)
{
	struct tls_vector v = tls_begin(w, false);
	writer_u8(w, TLS_NAME_HOST);
	writer_u16(w, name->len);
	writer_bytes(w, name->b, name->len);
	tls_end(w, v);
}

static void tls_write_alpn(struct writer *w, const struct tls_hello *h)
{
	struct tls_vector v = tls_begin(w, false);
	for (unsigned i = 0; i < h->alpn_count; i++) {
		writer_u8(w, (uint8_t)h->alpn[i].len);
		writer_bytes(w, h->alpn[i].b, h->alpn[i].len);
	}
	tls_end(w, v);
}

static void tls_write_modes(struct writer *w, const struct tls_hello *h)
{
	struct tls_vector v = tls_begin(w, true);
	writer_bytes(w, h->modes, h->mode_count);
	tls_end(w, v);
}

/* Keys of one octet each: which group is what is kept. */
static void tls_write_shares(struct writer *w, const struct tls_hello *h)
{
	struct tls_vector v = tls_begin(w, false);
	for (unsigned i = 0; i < h->share_count; i++) {
		writer_u16(w, h->shares[i]);
		writer_u16(w, 1);
		writer_u8(w, 0);
	}
	tls_end(w, v);
}

static void tls_write_extension(struct writer *w, uint16_t type,
	const struct tls_hello *h)
{
	switch (type) {
	case TLS_EXT_SERVER_NAME:
		tls_write_server_name(w, &h->server_name);
		break;
	case TLS_EXT_SUPPORTED_GROUPS:
		tls_write_list(w, false, h->groups, h->group_count);
		break;
	case TLS_EXT_SIGNATURE_ALGORITHMS:
		tls_write_list(w, false, h->signatures, h->signature_count);
		break;
	case TLS_EXT_SIGNATURE_ALGORITHMS_CERT:
		tls_write_list(w, false, h->signatures_cert, h->signature_cert_count);
		break;
	case TLS_EXT_ALPN:
		tls_write_alpn(w, h);
		break;
	case TLS_EXT_COMPRESS_CERTIFICATE:
		tls_write_list(w, true, h->compressions, h->compression_count);
		break;
	case TLS_EXT_SUPPORTED_VERSIONS:
		tls_write_list(w, true, h->versions, h->version_count);
		break;
	case TLS_EXT_PSK_KEY_EXCHANGE_MODES:
		tls_write_modes(w, h);
		break;
	case TLS_EXT_KEY_SHARE:
		tls_write_shares(w, h);
		break;
	default:
		break;
	}
}

void tls_write_body(struct writer *w, const struct tls_hello *h)
{
	writer_u16(w, h->legacy_version);
	tls_write_zeros(w, TLS_RANDOM_LEN);
	writer_u8(w, h->session_id_len);
	tls_write_zeros(w, h->session_id_len);
	if (h->is_dtls) {
		writer_u8(w, h->cookie_len);
		tls_write_zeros(w, h->cookie_len);
	}
	tls_write_list(w, false, h->ciphers, h->cipher_count);
	writer_u8(w, 1); /* one compression method: null */
	writer_u8(w, 0);
	if (!h->extension_count)
		return;
	struct tls_vector all = tls_begin(w, false);
	for (unsigned i = 0; i < h->extension_count; i++) {
		writer_u16(w, h->extensions[i]);
		struct tls_vector one = tls_begin(w, false);
		tls_write_extension(w, h->extensions[i], h);
		tls_end(w, one);
	}
	tls_end(w, all);
}
