// SPDX-License-Identifier: GPL-2.0-or-later
/* quic_seal - a client's Initial packets, for tests: the library's HKDF and GCM the
 * other way round, independent of observe's. */
#ifndef CARDEA_TEST_QUIC_SEAL_H
#define CARDEA_TEST_QUIC_SEAL_H

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include "test_wire_util.h"
#include "wire/quic.h"

static inline void seal_hkdf(int mode, const void *key, size_t key_len,
	const void *extra, size_t extra_len, uint8_t *ret, size_t len)
{
	char digest[] = "SHA256";
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(
			OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key, key_len),
		OSSL_PARAM_construct_octet_string(mode == EVP_KDF_HKDF_MODE_EXTRACT_ONLY
							  ? OSSL_KDF_PARAM_SALT
							  : OSSL_KDF_PARAM_INFO,
			(void *)(uintptr_t)extra, extra_len),
		OSSL_PARAM_construct_end()};

	assert_true(EVP_KDF_derive(ctx, ret, len, params) > 0);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static inline void seal_label(
	const uint8_t secret[32], const char *label, uint8_t *ret, size_t len)
{
	uint8_t info[64];
	struct writer w = writer_of(info, sizeof info);

	writer_u16(&w, (uint16_t)len);
	writer_u8(&w, (uint8_t)(6 + strlen(label)));
	writer_bytes(&w, "tls13 ", 6);
	writer_bytes(&w, label, strlen(label));
	writer_u8(&w, 0);
	seal_hkdf(EVP_KDF_HKDF_MODE_EXPAND_ONLY, secret, 32, info, w.len, ret, len);
}

static inline void seal_crypto(
	struct writer *w, size_t offset, const uint8_t *data, size_t len)
{
	writer_u8(w, 6);
	writer_u16(w, (uint16_t)(0x4000 | offset));
	writer_u16(w, (uint16_t)(0x4000 | len));
	writer_bytes(w, data, len);
}

/* Version 1, no token, one octet of packet number, which is 0. Returns the length. */
static inline size_t seal_initial(const struct quic_cid *dcid,
	const struct quic_cid *keys, const uint8_t *frames, size_t len, uint8_t *ret,
	size_t size)
{
	static const uint8_t salt[20] = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3,
		0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
	uint8_t secret[32], client[32], key[16], iv[12], hp[16], mask[16],
		zero[16] = {0};
	struct writer w = writer_of(ret, size);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	seal_hkdf(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, keys->b, keys->len, salt, 20, secret,
		32);
	seal_label(secret, "client in", client, 32);
	seal_label(client, "quic key", key, 16);
	seal_label(client, "quic iv", iv, 12);
	seal_label(client, "quic hp", hp, 16);
	writer_u8(&w, 0xc0);
	writer_u32(&w, QUIC_V1);
	writer_u8(&w, dcid->len);
	writer_bytes(&w, dcid->b, dcid->len);
	writer_u8(&w, 0);
	writer_u8(&w, 0);
	writer_u16(&w, (uint16_t)(0x4000 | (1 + len + 16)));
	size_t at = w.len;
	writer_u8(&w, 0);
	size_t head = w.len;
	writer_bytes(&w, frames, len);
	writer_bytes(&w, zero, 16);
	assert_int_equal(w.error, 0);
	assert_true(EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, key, iv));
	assert_true(EVP_EncryptUpdate(ctx, NULL, &n, ret, (int)head));
	assert_true(EVP_EncryptUpdate(ctx, ret + head, &n, frames, (int)len));
	assert_true(EVP_EncryptFinal_ex(ctx, ret + head + n, &n));
	assert_true(
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, ret + head + len));
	assert_true(EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, hp, NULL));
	assert_true(EVP_EncryptUpdate(ctx, mask, &n, ret + at + 4, 16));
	ret[0] ^= mask[0] & 15;
	ret[at] ^= mask[1];
	EVP_CIPHER_CTX_free(ctx);
	return w.len;
}

#endif
