// SPDX-License-Identifier: GPL-2.0-or-later
#include "lifecycle/pseudonym.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include "base/cursor.h"

#define BLOCK 16

struct pseudonym {
	EVP_CIPHER_CTX *aes;
	uint8_t pad[BLOCK];
};

/* One block of AES-128 in ECB: a pseudo-random function of 16 octets. */
static int block(struct pseudonym *p, const uint8_t in[BLOCK], uint8_t out[BLOCK])
{
	uint8_t buf[2 * BLOCK];
	int len = 0;

	if (EVP_EncryptUpdate(p->aes, buf, &len, in, BLOCK) != 1 || len != BLOCK)
		return -ENOMEM;
	memcpy(out, buf, BLOCK);
	return 0;
}

int pseudonym_key(const uint8_t home[PSEUDONYM_KEY], const char *purpose, uint64_t number,
	uint8_t ret[PSEUDONYM_KEY])
{
	uint8_t text[64], out[EVP_MAX_MD_SIZE];
	struct writer w = writer_of(text, sizeof(text));
	unsigned len = 0;

	writer_bytes(&w, purpose, strlen(purpose) + 1);
	writer_u64(&w, number);
	if (w.error)
		return w.error;
	if (!HMAC(EVP_sha256(), home, PSEUDONYM_KEY, text, w.len, out, &len) ||
		len != PSEUDONYM_KEY)
		return -ENOMEM;
	memcpy(ret, out, PSEUDONYM_KEY);
	OPENSSL_cleanse(out, sizeof(out));
	return 0;
}

int pseudonym_new(const uint8_t key[PSEUDONYM_KEY], struct pseudonym **ret)
{
	struct pseudonym *p = calloc(1, sizeof(*p));
	int error = -ENOMEM;

	if (!p)
		return -ENOMEM;
	p->aes = EVP_CIPHER_CTX_new();
	if (p->aes && EVP_EncryptInit_ex(p->aes, EVP_aes_128_ecb(), NULL, key, NULL) == 1 &&
		EVP_CIPHER_CTX_set_padding(p->aes, 0) == 1)
		error = block(p, key + BLOCK, p->pad);
	if (error) {
		pseudonym_free(p);
		return error;
	}
	*ret = p;
	return 0;
}

void pseudonym_free(struct pseudonym *p)
{
	if (!p)
		return;
	EVP_CIPHER_CTX_free(p->aes);
	OPENSSL_cleanse(p->pad, sizeof(p->pad));
	free(p);
}

static uint8_t bit_of(const uint8_t *b, unsigned i)
{
	return (b[i / 8] >> (7 - i % 8)) & 1;
}

static void bit_set(uint8_t *b, unsigned i, uint8_t v)
{
	uint8_t mask = (uint8_t)(0x80 >> i % 8);

	b[i / 8] = v ? b[i / 8] | mask : b[i / 8] & (uint8_t)~mask;
}

/* Each bit is turned, or not, by what the bits before it are. As published, a question is
 * the same as the one before where the pad has the bit that was put in, and so is what is
 * said: of 24 bits all stay as they are once in a thousand keys ((3/4)^24). with_place asks
 * of each place apart. */
static int scramble(struct pseudonym *p, const uint8_t *in, unsigned first, unsigned bits,
	bool with_place, uint8_t *out)
{
	uint8_t ask[BLOCK], say[BLOCK];

	memcpy(ask, p->pad, BLOCK);
	for (unsigned i = 0; i < bits; i++) {
		if (i > 0)
			bit_set(ask, i - 1, bit_of(in, i - 1));
		if (i < first)
			continue;
		if (with_place)
			ask[BLOCK - 1] = p->pad[BLOCK - 1] ^ (uint8_t)i;
		int error = block(p, ask, say);
		if (error)
			return error;
		bit_set(out, i, bit_of(in, i) ^ (say[0] >> 7));
	}
	return 0;
}

int pseudonym_addr(struct pseudonym *p, const struct addr *a, struct addr *ret)
{
	unsigned bits = a->family == 4 ? 32 : a->family == 6 ? 128 : 0;
	struct addr out = *a;
	int error = scramble(p, a->b, 0, bits, false, out.b);

	if (!error)
		*ret = out;
	return error;
}

int pseudonym_mac(struct pseudonym *p, const struct mac *m, struct mac *ret)
{
	bool is_local = m->b[0] & 2;
	struct mac out = *m;
	int error = scramble(p, m->b, is_local ? 0 : 24, 48, true, out.b);

	out.b[0] = is_local ? (uint8_t)((out.b[0] & ~3) | (m->b[0] & 3)) : m->b[0];
	if (!error)
		*ret = out;
	return error;
}
