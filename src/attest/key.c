// SPDX-License-Identifier: GPL-2.0-or-later
/* Keys and signatures by OpenSSL; COSE has raw r || s where OpenSSL wants DER. */
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "attest/attest.h"

enum curve { CURVE_P256, CURVE_P384, CURVE_P521, CURVE_ED25519, CURVE_ED448, CURVE_MAX };

struct attest_key {
	EVP_PKEY *pkey;
	enum curve curve;
};

static const struct {
	const char *group; /* OpenSSL's; NULL of Edwards curves */
	size_t part;	   /* octets of r and of s */
} curves[CURVE_MAX] = {
	[CURVE_P256] = {"prime256v1", 32},
	[CURVE_P384] = {"secp384r1", 48},
	[CURVE_P521] = {"secp521r1", 66},
	[CURVE_ED25519] = {NULL, 0},
	[CURVE_ED448] = {NULL, 0},
};

/* RFC 9053 2.1 leaves the curve open, RFC 9864 names it; ES256 with another curve than
 * P-256 nobody uses, and is refused. */
static const struct {
	int64_t alg;
	enum curve curve;
	const char *hash;
} algorithms[] = {
	{COSE_ES256, CURVE_P256, "SHA256"},
	{COSE_ESP256, CURVE_P256, "SHA256"},
	{COSE_ES384, CURVE_P384, "SHA384"},
	{COSE_ESP384, CURVE_P384, "SHA384"},
	{COSE_ES512, CURVE_P521, "SHA512"},
	{COSE_ESP512, CURVE_P521, "SHA512"},
	{COSE_EDDSA, CURVE_ED25519, NULL},
	{COSE_EDDSA, CURVE_ED448, NULL},
	{COSE_ED25519, CURVE_ED25519, NULL},
	{COSE_ED448, CURVE_ED448, NULL},
};
#define ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

static EVP_PKEY *from_certificate(BIO *in)
{
	X509 *cert = PEM_read_bio_X509(in, NULL, NULL, NULL);
	EVP_PKEY *key = cert ? X509_get_pubkey(cert) : NULL;

	X509_free(cert);
	return key;
}

/* A password is never asked for. */
static int no_password(char *buf, int size, int writing, void *ctx)
{
	(void)buf, (void)size, (void)writing, (void)ctx;
	return -1;
}

static EVP_PKEY *read_pem(const void *pem, size_t len)
{
	BIO *in = BIO_new_mem_buf(pem, (int)len);
	EVP_PKEY *key;

	if (!in)
		return NULL;
	key = PEM_read_bio_PUBKEY(in, NULL, no_password, NULL);
	if (!key && BIO_reset(in) == 1)
		key = from_certificate(in);
	if (!key && BIO_reset(in) == 1)
		key = PEM_read_bio_PrivateKey(in, NULL, no_password, NULL);
	BIO_free(in);
	return key;
}

static bool curve_of(EVP_PKEY *key, enum curve *ret)
{
	char group[32];
	size_t len;

	if (EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448")) {
		*ret = EVP_PKEY_is_a(key, "ED448") ? CURVE_ED448 : CURVE_ED25519;
		return true;
	}
	if (!EVP_PKEY_is_a(key, "EC") ||
		!EVP_PKEY_get_group_name(key, group, sizeof(group), &len))
		return false;
	for (enum curve c = 0; c < CURVE_MAX; c++)
		if (curves[c].group && strcmp(group, curves[c].group) == 0) {
			*ret = c;
			return true;
		}
	return false;
}

int attest_key_read(const void *pem, size_t len, struct attest_key **ret,
	char ret_text[LIMIT_TEXT])
{
	struct attest_key *k;
	EVP_PKEY *pkey = len <= ATTEST_KEY_BYTES_MAX ? read_pem(pem, len) : NULL;
	enum curve curve = CURVE_P256;

	if (!pkey) {
		str_copy(ret_text, LIMIT_TEXT,
			"this is no key in PEM: neither a public key nor a certificate");
		return CARDEA_EMALFORMED;
	}
	if (!curve_of(pkey, &curve)) {
		str_copy(ret_text, LIMIT_TEXT,
			"keys of P-256, P-384, P-521, Ed25519 or Ed448 sign manifests "
			"and tokens; this is another");
		EVP_PKEY_free(pkey);
		return CARDEA_EUNSUPPORTED;
	}
	k = malloc(sizeof(*k));
	if (!k) {
		EVP_PKEY_free(pkey);
		return -ENOMEM;
	}
	*k = (struct attest_key){.pkey = pkey, .curve = curve};
	*ret = k;
	return 0;
}

void attest_key_free(struct attest_key *k)
{
	if (!k)
		return;
	EVP_PKEY_free(k->pkey);
	free(k);
}

/* r || s as an ECDSA-Sig-Value. Length, for OPENSSL_free; 0 when it is none. */
static int der_signature(enum curve curve, struct cursor raw, uint8_t **ret_der)
{
	size_t part = curves[curve].part;
	ECDSA_SIG *sig;
	BIGNUM *r, *s;
	int len = 0;

	if (cursor_left(&raw) != 2 * part)
		return 0;
	sig = ECDSA_SIG_new();
	r = BN_bin2bn(raw.pos, (int)part, NULL);
	s = BN_bin2bn(raw.pos + part, (int)part, NULL);
	if (sig && r && s && ECDSA_SIG_set0(sig, r, s)) {
		*ret_der = NULL;
		len = i2d_ECDSA_SIG(sig, ret_der);
	} else {
		BN_free(r);
		BN_free(s);
	}
	ECDSA_SIG_free(sig);
	return len > 0 ? len : 0;
}

static int digest_verify(const struct attest_key *k, const char *hash,
	const uint8_t *signature, size_t signature_len, const struct writer *text)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int good = 0;

	if (!ctx)
		return -ENOMEM;
	if (EVP_DigestVerifyInit_ex(ctx, NULL, hash, NULL, NULL, k->pkey, NULL) == 1)
		good = EVP_DigestVerify(
			ctx, signature, signature_len, text->start, text->len);
	EVP_MD_CTX_free(ctx);
	return good == 1 ? 0 : CARDEA_ESIGNATURE;
}

static int verify_text(const struct attest_key *k, const char *hash,
	struct cursor signature, const struct writer *text)
{
	uint8_t *der;
	int len, error;

	if (!hash)
		return digest_verify(
			k, NULL, signature.pos, cursor_left(&signature), text);
	len = der_signature(k->curve, signature, &der);
	if (!len)
		return CARDEA_ESIGNATURE;
	error = digest_verify(k, hash, der, (size_t)len, text);
	OPENSSL_free(der);
	return error;
}

static int find_algorithm(const struct attest_key *k, const struct cose *s, size_t *ret)
{
	bool known = false;

	for (size_t i = 0; i < ALGORITHMS && s->kind == COSE_SIGN1 && s->has_alg; i++) {
		if (algorithms[i].alg != s->alg)
			continue;
		known = true;
		*ret = i;
		if (algorithms[i].curve == k->curve)
			return 0;
	}
	return known ? CARDEA_EUNTRUSTED : CARDEA_EUNSUPPORTED;
}

int attest_cose_verify(const struct attest_key *k, const struct cose *s,
	struct cursor payload)
{
	size_t i, size = COSE_SIGNED_HEAD + cursor_left(&s->protected) +
			 cursor_left(&payload);
	struct writer text;
	int error = find_algorithm(k, s, &i);

	if (error)
		return error;
	text = writer_of(malloc(size), size);
	if (!text.start)
		return -ENOMEM;
	cose_signed_bytes(s, payload, &text);
	error = text.error ? text.error
			   : verify_text(k, algorithms[i].hash, s->signature, &text);
	free(text.start);
	return error;
}

int attest_vendor_uuid(const char *domain, uint8_t ret[SUIT_UUID])
{
	/* The DNS namespace: RFC 9562 6.6. */
	static const uint8_t namespace[SUIT_UUID] = {0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad,
		0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
	uint8_t hash[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int good;

	if (!ctx)
		return -ENOMEM;
	good = EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) == 1 &&
	       EVP_DigestUpdate(ctx, namespace, sizeof(namespace)) == 1 &&
	       EVP_DigestUpdate(ctx, domain, strlen(domain)) == 1 &&
	       EVP_DigestFinal_ex(ctx, hash, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	if (!good)
		return CARDEA_EUNSUPPORTED;
	hash[6] = (hash[6] & 0x0f) | 0x50;
	hash[8] = (hash[8] & 0x3f) | 0x80;
	memcpy(ret, hash, SUIT_UUID);
	return 0;
}
