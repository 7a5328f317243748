// SPDX-License-Identifier: GPL-2.0-or-later
/* test_attest_util - keys, and what devices, makers and verifiers sign with them: all of
 * it made here, octet by octet. */
#ifndef CARDEA_TEST_ATTEST_UTIL_H
#define CARDEA_TEST_ATTEST_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>
#include "attest/attest.h"
#include "wire/cbor.h"

#define MADE_MAX 4096
#define MAKER "maker.example"
#define IMAGE_URI "https://updates.maker.example/1.bin"
#define CBOR_FALSE_OCTET 0xf4
#define CBOR_TRUE_OCTET 0xf5
#define CBOR_NULL_OCTET 0xf6

/* What is being made. */
struct made {
	uint8_t bytes[MADE_MAX];
	struct writer w;
};

struct signer {
	EVP_PKEY *pkey;
	char pem[512];
	size_t pem_len;
};

static inline struct writer *make_begin(struct made *m)
{
	m->w = writer_of(m->bytes, sizeof(m->bytes));
	return &m->w;
}

static inline struct cursor made(const struct made *m)
{
	assert_int_equal(m->w.error, 0);
	return cursor_of(m->bytes, m->w.len);
}

static inline void put_cursor(struct writer *w, struct cursor c)
{
	cbor_put_bytes(w, c.pos, cursor_left(&c));
}

static inline void signer_new(struct signer *s)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *text;
	long len;

	s->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	assert_non_null(s->pkey);
	assert_int_equal(PEM_write_bio_PUBKEY(out, s->pkey), 1);
	len = BIO_get_mem_data(out, &text);
	assert_true(len > 0 && (size_t)len < sizeof(s->pem));
	memcpy(s->pem, text, (size_t)len);
	s->pem_len = (size_t)len;
	BIO_free(out);
}

static inline void signer_free(struct signer *s)
{
	EVP_PKEY_free(s->pkey);
}

/* A tagged COSE_Sign1 by Ed25519; s NULL: a COSE_Mac0 that somebody made up. */
static inline struct cursor sign(
	struct made *m, const struct signer *s, struct cursor payload, bool detached)
{
	static const uint8_t protected[2][3] = {{0xa1, 0x01, 0x05}, {0xa1, 0x01, 0x32}};
	uint8_t text[MADE_MAX], signature[64] = {0};
	struct writer signed_text = writer_of(text, sizeof(text)), *w = make_begin(m);
	struct cose cose = {.kind = s ? COSE_SIGN1 : COSE_MAC0,
		.protected = cursor_of(protected[s != NULL], 3)};
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = sizeof(signature);

	cose_signed_bytes(&cose, payload, &signed_text);
	assert_int_equal(signed_text.error, 0);
	if (s) {
		assert_int_equal(
			EVP_DigestSignInit(ctx, NULL, NULL, NULL, s->pkey), 1);
		assert_int_equal(
			EVP_DigestSign(ctx, signature, &len, text, signed_text.len), 1);
	}
	EVP_MD_CTX_free(ctx);
	writer_u8(w, s ? 0xd2 : 0xd1);
	cbor_put_array(w, 4);
	put_cursor(w, cose.protected);
	cbor_put_map(w, 0);
	if (detached)
		writer_u8(w, CBOR_NULL_OCTET);
	else
		put_cursor(w, payload);
	cbor_put_bytes(w, signature, len);
	return made(m);
}

/* ---- manifests ---- */

struct manifest_wish {
	uint64_t sequence;
	const char *vendor; /* domain */
	uint8_t class_id;   /* sixteen times */
	uint8_t image;	    /* its digest, 32 times */
	uint64_t size;	    /* 0: not said */
	const char *uri;    /* NULL: none */
	bool no_conditions;
};

#define MANIFEST_WISH                                                                  \
	{.sequence = 1, .vendor = MAKER, .class_id = 0x22, .image = 0xaa,              \
		.size = 100000, .uri = IMAGE_URI}

static inline void put_digest(struct writer *w, const uint8_t *hash)
{
	cbor_put_array(w, 2);
	cbor_put_int(w, SUIT_SHA256);
	cbor_put_bytes(w, hash, 32);
}

static inline void put_shared(struct writer *w, const struct manifest_wish *m)
{
	uint8_t vendor[SUIT_UUID], class_id[SUIT_UUID], image[32];
	struct made digest;

	memset(class_id, m->class_id, sizeof(class_id));
	memset(image, m->image, sizeof(image));
	assert_int_equal(attest_vendor_uuid(m->vendor, vendor), 0);
	put_digest(make_begin(&digest), image);
	cbor_put_array(w, m->no_conditions ? 2 : 6);
	cbor_put_uint(w, 20);
	cbor_put_map(w, m->size ? 4 : 3);
	cbor_put_uint(w, 1);
	cbor_put_bytes(w, vendor, sizeof(vendor));
	cbor_put_uint(w, 2);
	cbor_put_bytes(w, class_id, sizeof(class_id));
	cbor_put_uint(w, 3);
	put_cursor(w, made(&digest));
	if (m->size) {
		cbor_put_uint(w, 14);
		cbor_put_uint(w, m->size);
	}
	for (unsigned condition = 1; condition <= 2 && !m->no_conditions; condition++) {
		cbor_put_uint(w, condition);
		cbor_put_uint(w, 15);
	}
}

static inline void put_install(struct writer *w, const char *uri)
{
	cbor_put_array(w, 4);
	cbor_put_uint(w, 20);
	cbor_put_map(w, 1);
	cbor_put_uint(w, 21);
	cbor_put_text(w, uri);
	cbor_put_uint(w, 21);
	cbor_put_uint(w, 2);
}

static inline struct cursor make_manifest(struct made *out, const struct manifest_wish *m)
{
	struct made shared, common, install;
	struct writer *w;

	put_shared(make_begin(&shared), m);
	w = make_begin(&common);
	cbor_put_map(w, 2);
	cbor_put_uint(w, 2);
	cbor_put_array(w, 1);
	cbor_put_array(w, 1);
	cbor_put_bytes(w, "\0", 1);
	cbor_put_uint(w, 4);
	put_cursor(w, made(&shared));
	if (m->uri)
		put_install(make_begin(&install), m->uri);
	w = make_begin(out);
	cbor_put_map(w, m->uri ? 4 : 3);
	cbor_put_uint(w, 1);
	cbor_put_uint(w, 1);
	cbor_put_uint(w, 2);
	cbor_put_uint(w, m->sequence);
	cbor_put_uint(w, 3);
	put_cursor(w, made(&common));
	if (m->uri) {
		cbor_put_uint(w, 20);
		put_cursor(w, made(&install));
	}
	return made(out);
}

/* s NULL and mac false: unsigned. ret_digest: of the manifest, as a report names it. */
static inline struct cursor make_envelope(struct made *out, const struct manifest_wish *m,
	const struct signer *s, bool mac, uint8_t ret_digest[32])
{
	struct made manifest, item, digest, wrapper, signature;
	struct cursor content = make_manifest(&manifest, m);
	struct writer *w = make_begin(&item);

	put_cursor(w, content);
	assert_int_equal(attest_hash(made(&item), ret_digest), 0);
	put_digest(make_begin(&digest), ret_digest);
	w = make_begin(&wrapper);
	cbor_put_array(w, s || mac ? 2 : 1);
	put_cursor(w, made(&digest));
	if (s || mac)
		put_cursor(w, sign(&signature, s, made(&digest), true));
	w = make_begin(out);
	writer_u8(w, 0xd8);
	writer_u8(w, 107);
	cbor_put_map(w, 2);
	cbor_put_uint(w, 2);
	put_cursor(w, made(&wrapper));
	cbor_put_uint(w, 3);
	put_cursor(w, content);
	return made(out);
}

/* ---- tokens, reports, results ---- */

struct token_wish {
	const uint8_t *nonce; /* 32 octets */
	uint8_t measurement, instance;
	uint64_t bootcount; /* 0: not said */
	uint16_t lifecycle; /* 0: secured */
};

static inline void put_psa(struct writer *w, const struct token_wish *t)
{
	uint8_t instance[33] = {0x01}, hash[32];

	memset(instance + 1, t->instance, 32);
	cbor_put_uint(w, 10);
	cbor_put_bytes(w, t->nonce, 32);
	cbor_put_uint(w, 256);
	cbor_put_bytes(w, instance, sizeof(instance));
	cbor_put_uint(w, 265);
	cbor_put_text(w, EAT_PROFILE_PSA);
	cbor_put_uint(w, 2394);
	cbor_put_uint(w, 1);
	cbor_put_uint(w, 2395);
	cbor_put_uint(w, t->lifecycle ? t->lifecycle : 0x3000);
	cbor_put_uint(w, 2396);
	memset(hash, 0x44, sizeof(hash));
	cbor_put_bytes(w, hash, sizeof(hash));
	cbor_put_uint(w, 2399);
	cbor_put_array(w, 1);
	cbor_put_map(w, 2);
	cbor_put_uint(w, 2);
	memset(hash, t->measurement, sizeof(hash));
	cbor_put_bytes(w, hash, sizeof(hash));
	cbor_put_uint(w, 5);
	memset(hash, 0x55, sizeof(hash));
	cbor_put_bytes(w, hash, sizeof(hash));
}

static inline struct cursor make_token(
	struct made *out, const struct token_wish *t, const struct signer *s)
{
	struct made claims;
	struct writer *w = make_begin(&claims);

	cbor_put_map(w, t->bootcount ? 8 : 7);
	put_psa(w, t);
	if (t->bootcount) {
		cbor_put_uint(w, 267);
		cbor_put_uint(w, t->bootcount);
	}
	return sign(out, s, made(&claims), false);
}

struct report_wish {
	const uint8_t *digest; /* 32 octets */
	const uint8_t *nonce;  /* NULL: none */
	bool failed;
};

static inline void put_record(struct writer *w)
{
	cbor_put_array(w, 5);
	cbor_put_array(w, 1);
	cbor_put_uint(w, 0);
	cbor_put_int(w, 20);
	cbor_put_uint(w, 3);
	cbor_put_uint(w, 0);
	cbor_put_map(w, 0);
}

static inline struct cursor make_report_payload(
	struct made *out, const struct report_wish *r)
{
	struct writer *w = make_begin(out);

	cbor_put_map(w, r->nonce ? 4 : 3);
	cbor_put_uint(w, 99);
	cbor_put_array(w, 1);
	put_digest(w, r->digest);
	if (r->nonce) {
		cbor_put_uint(w, 2);
		cbor_put_bytes(w, r->nonce, 32);
	}
	cbor_put_uint(w, 3);
	cbor_put_array(w, 1);
	put_record(w);
	cbor_put_uint(w, 4);
	if (!r->failed) {
		writer_u8(w, CBOR_TRUE_OCTET);
		return made(out);
	}
	cbor_put_map(w, 3);
	cbor_put_uint(w, 5);
	cbor_put_int(w, -7);
	cbor_put_uint(w, 6);
	put_record(w);
	cbor_put_uint(w, 7);
	cbor_put_uint(w, SUIT_REASON_CONDITION_FAILED);
	return made(out);
}

static inline struct cursor make_report(
	struct made *out, const struct report_wish *r, const struct signer *s)
{
	struct made payload;

	return sign(out, s, make_report_payload(&payload, r), false);
}

struct result_wish {
	const uint8_t *nonce; /* NULL: none */
	uint64_t status;      /* 0: affirming */
	uint64_t expires;     /* 0: not said */
	int64_t executables;  /* claim of its vector; 0: no vector */
	uint8_t ueid;	      /* 0: not said */
};

static inline struct cursor make_result_claims(
	struct made *out, const struct result_wish *r)
{
	uint8_t ueid[33] = {0x01};
	struct writer *w = make_begin(out);

	cbor_put_map(w,
		4U + (r->nonce != NULL) + (r->expires != 0) + (r->ueid != 0));
	cbor_put_uint(w, 265);
	cbor_put_text(w, "tag:ietf.org,2026:rats/ear#04");
	cbor_put_uint(w, 6);
	cbor_put_uint(w, 1767225600);
	cbor_put_uint(w, 1004);
	cbor_put_map(w, 2);
	cbor_put_uint(w, 0);
	cbor_put_text(w, "https://verifier.example");
	cbor_put_uint(w, 1);
	cbor_put_text(w, "1");
	cbor_put_uint(w, 266);
	cbor_put_map(w, 1);
	cbor_put_text(w, "PSA");
	cbor_put_map(w, r->executables ? 2 : 1);
	cbor_put_uint(w, 1000);
	cbor_put_uint(w, r->status ? r->status : EAT_TIER_AFFIRMING);
	if (r->executables) {
		cbor_put_uint(w, 1001);
		cbor_put_map(w, 1);
		cbor_put_uint(w, 2);
		cbor_put_int(w, r->executables);
	}
	if (r->nonce) {
		cbor_put_uint(w, 10);
		cbor_put_bytes(w, r->nonce, 32);
	}
	if (r->expires) {
		cbor_put_uint(w, 4);
		cbor_put_uint(w, r->expires);
	}
	if (r->ueid) {
		memset(ueid + 1, r->ueid, 32);
		cbor_put_uint(w, 256);
		cbor_put_bytes(w, ueid, sizeof(ueid));
	}
	return made(out);
}

static inline struct cursor make_result(
	struct made *out, const struct result_wish *r, const struct signer *s)
{
	struct made claims;

	return sign(out, s, make_result_claims(&claims, r), false);
}

#endif
