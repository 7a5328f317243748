// SPDX-License-Identifier: GPL-2.0-or-later
/* initial.c - HKDF, header protection and AES-128-GCM with the library's primitives. */
#include "observe/initial.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>

#define HASH_LEN 32
#define KEY_LEN 16
#define IV_LEN 12
#define TAG_LEN 16
#define SALT_LEN 20
#define LABEL_MAX 32

struct initial {
	EVP_MAC *mac;
	EVP_MAC_CTX *hmac;
	EVP_CIPHER *ecb, *gcm;
	EVP_CIPHER_CTX *header, *payload;
	uint8_t packet[INITIAL_MAX]; /* its header without protection */
	uint8_t plain[INITIAL_MAX];
};

struct keys {
	uint8_t key[KEY_LEN], iv[IV_LEN], hp[KEY_LEN];
};

/* RFC 9001 5.2, RFC 9369 3.3.1 */
static const uint8_t salt1[SALT_LEN] = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3,
	0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
static const uint8_t salt2[SALT_LEN] = {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb,
	0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};

void initial_free(struct initial *i)
{
	if (!i)
		return;
	EVP_MAC_CTX_free(i->hmac);
	EVP_MAC_free(i->mac);
	EVP_CIPHER_CTX_free(i->header);
	EVP_CIPHER_CTX_free(i->payload);
	EVP_CIPHER_free(i->ecb);
	EVP_CIPHER_free(i->gcm);
	free(i);
}

static bool make_contexts(struct initial *i)
{
	i->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	i->ecb = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
	i->gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	i->hmac = i->mac ? EVP_MAC_CTX_new(i->mac) : NULL;
	i->header = EVP_CIPHER_CTX_new();
	i->payload = EVP_CIPHER_CTX_new();
	return i->hmac && i->ecb && i->gcm && i->header && i->payload;
}

int initial_new(struct initial **ret)
{
	char sha256[] = "SHA256";
	struct initial *i = calloc(1, sizeof *i);

	if (!i)
		return -ENOMEM;
	const OSSL_PARAM digest[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0),
		OSSL_PARAM_construct_end()};
	if (!make_contexts(i) || !EVP_MAC_CTX_set_params(i->hmac, digest)) {
		initial_free(i);
		return -ENOMEM;
	}
	*ret = i;
	return 0;
}

static bool hmac(struct initial *i, const uint8_t *key, size_t key_len,
	const uint8_t *data, size_t len, uint8_t ret[HASH_LEN])
{
	size_t n;

	return EVP_MAC_init(i->hmac, key, key_len, NULL) &&
	       EVP_MAC_update(i->hmac, data, len) &&
	       EVP_MAC_final(i->hmac, ret, &n, HASH_LEN) && n == HASH_LEN;
}

/* HKDF-Expand-Label of RFC 8446 7.1 without context; one block of output is enough. */
static bool expand(struct initial *i, const uint8_t secret[HASH_LEN], const char *label,
	uint8_t *ret, size_t len)
{
	uint8_t info[LABEL_MAX + 16], block[HASH_LEN];
	struct writer w = writer_of(info, sizeof info);

	writer_u16(&w, (uint16_t)len);
	writer_u8(&w, (uint8_t)(6 + strlen(label)));
	writer_bytes(&w, "tls13 ", 6);
	writer_bytes(&w, label, strlen(label));
	writer_u8(&w, 0);
	writer_u8(&w, 1); /* RFC 5869 2.3: the first block */
	if (w.error || !hmac(i, secret, HASH_LEN, info, w.len, block))
		return false;
	memcpy(ret, block, len);
	return true;
}

static bool make_keys(struct initial *i, uint32_t version, const struct quic_cid *cid,
	struct keys *ret)
{
	bool v2 = version == QUIC_V2;
	uint8_t secret[HASH_LEN], client[HASH_LEN];

	return hmac(i, v2 ? salt2 : salt1, SALT_LEN, cid->b, cid->len, secret) &&
	       expand(i, secret, "client in", client, HASH_LEN) &&
	       expand(i, client, v2 ? "quicv2 key" : "quic key", ret->key, KEY_LEN) &&
	       expand(i, client, v2 ? "quicv2 iv" : "quic iv", ret->iv, IV_LEN) &&
	       expand(i, client, v2 ? "quicv2 hp" : "quic hp", ret->hp, KEY_LEN);
}

/* RFC 9001 5.4: bares the first octet and the packet number in i->packet. Returns the
 * header's length, 0 when the cipher fails. The packet has a sample (wire/quic.h). */
static size_t bare_header(
	struct initial *i, const struct keys *k, size_t number_at, uint8_t iv[IV_LEN])
{
	uint8_t mask[KEY_LEN];
	int n;

	if (!EVP_EncryptInit_ex2(i->header, i->ecb, k->hp, NULL, NULL) ||
		!EVP_EncryptUpdate(
			i->header, mask, &n, i->packet + number_at + 4, sizeof mask))
		return 0;
	i->packet[0] ^= mask[0] & 0x0f;
	size_t number_len = (i->packet[0] & 3) + 1U;
	memcpy(iv, k->iv, IV_LEN);
	for (size_t j = 0; j < number_len; j++) {
		i->packet[number_at + j] ^= mask[1 + j];
		iv[IV_LEN - number_len + j] ^= i->packet[number_at + j];
	}
	return number_at + number_len;
}

/* The text behind the header; its last octets are the tag. */
static int open_payload(struct initial *i, const struct keys *k, const uint8_t *iv,
	size_t head, size_t len)
{
	uint8_t *text = i->packet + head;
	size_t text_len = len - head - TAG_LEN;
	int n = 0, rest = 0;

	if (!EVP_DecryptInit_ex2(i->payload, i->gcm, k->key, iv, NULL) ||
		!EVP_DecryptUpdate(i->payload, NULL, &n, i->packet, (int)head) ||
		!EVP_DecryptUpdate(i->payload, i->plain, &n, text, (int)text_len) ||
		!EVP_CIPHER_CTX_ctrl(
			i->payload, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, text + text_len) ||
		EVP_DecryptFinal_ex(i->payload, i->plain + n, &rest) <= 0)
		return CARDEA_ESIGNATURE;
	return 0;
}

int initial_open(struct initial *i, const struct quic_initial *p,
	const struct quic_cid *cid, struct cursor *ret_frames)
{
	struct cursor c = p->packet;
	size_t len = cursor_left(&c), head;
	uint8_t iv[IV_LEN];
	struct keys k;

	if (len > sizeof i->packet)
		return CARDEA_ELIMIT;
	if (len < p->number_at + 4 + TAG_LEN)
		return CARDEA_ETRUNCATED;
	cursor_copy(&c, i->packet, len);
	if (!make_keys(i, p->version, cid, &k))
		return CARDEA_ESIGNATURE;
	head = bare_header(i, &k, p->number_at, iv);
	if (!head || open_payload(i, &k, iv, head, len))
		return CARDEA_ESIGNATURE;
	*ret_frames = cursor_of(i->plain, len - head - TAG_LEN);
	return 0;
}
