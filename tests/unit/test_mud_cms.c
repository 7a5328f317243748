// SPDX-License-Identifier: GPL-2.0-or-later
/* test_mud_cms - signatures made here by an authority made here: good ones pass, and
 * each kind of bad one is refused with the sentence that names the reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include "base/str.h"
#include "profiles/mud/cms.h"

#define DAY 86400
#define NOW 1767323045LL /* 2026-01-02 */

static const char mud[] = "{\"ietf-mud:mud\":{}}\r\n";

struct identity {
	EVP_PKEY *key;
	X509 *cert;
};

static void extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;

	if (!value)
		return;
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(cert, e, -1), 1);
	X509_EXTENSION_free(e);
}

static void extension_odd(X509 *cert, const char *value)
{
	if (!value)
		return;
	X509_EXTENSION *e = X509V3_EXT_conf(NULL, NULL, "1.3.6.1.4.1.99999.1", value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(cert, e, -1), 1);
	X509_EXTENSION_free(e);
}

struct wish {
	const char *name;
	const char *usage; /* NULL: no such extension */
	bool authority;
	int64_t from, to;               /* days around NOW */
	const char *key_id, *issuer_id; /* extensions; NULL: none */
	int rsa_bits;                   /* 0: an elliptic curve */
	const EVP_MD *(*digest)(void);  /* that its issuer signs; NULL: SHA-256 */
	const char *odd;                /* an extension that nobody knows */
};

/* by NULL: self-signed. */
static struct identity make(const struct wish *w, const struct identity *by)
{
	static long serial = 1;
	struct identity id = {.key = w->rsa_bits ? EVP_RSA_gen((unsigned)w->rsa_bits)
						 : EVP_EC_gen("P-256"),
		.cert = X509_new()};
	X509_NAME *name = X509_get_subject_name(id.cert);
	X509 *issuer = by ? by->cert : id.cert;

	assert_non_null(id.key);
	X509_set_version(id.cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(id.cert), serial++);
	ASN1_TIME_set(X509_getm_notBefore(id.cert), NOW + w->from * DAY);
	ASN1_TIME_set(X509_getm_notAfter(id.cert), NOW + w->to * DAY);
	X509_NAME_add_entry_by_txt(
		name, "O", MBSTRING_UTF8, (const unsigned char *)"Maker", -1, -1, 0);
	X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_UTF8, (const unsigned char *)w->name, -1, -1, 0);
	X509_set_issuer_name(id.cert, X509_get_subject_name(issuer));
	X509_set_pubkey(id.cert, id.key);
	extension(id.cert, issuer, NID_basic_constraints,
		w->authority ? "critical,CA:TRUE" : "CA:FALSE");
	extension(id.cert, issuer, NID_key_usage, w->usage);
	extension(id.cert, issuer, NID_subject_key_identifier, w->key_id);
	extension(id.cert, issuer, NID_authority_key_identifier, w->issuer_id);
	extension_odd(id.cert, w->odd);
	assert_true(X509_sign(id.cert, by ? by->key : id.key,
			    w->digest ? w->digest() : EVP_sha256()) > 0);
	return id;
}

static void identity_free(struct identity *id)
{
	EVP_PKEY_free(id->key);
	X509_free(id->cert);
}

struct bytes {
	unsigned char *at;
	size_t len;
};

static struct bytes sign(const struct identity *id, X509 *more, unsigned int flags)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	BIO *in = BIO_new_mem_buf(mud, sizeof mud - 1);
	struct bytes out = {0};

	if (more)
		sk_X509_push(certs, more);
	CMS_ContentInfo *cms =
		CMS_sign(id->cert, id->key, certs, in, flags | CMS_BINARY);
	assert_non_null(cms);
	out.len = (size_t)i2d_CMS_ContentInfo(cms, &out.at);
	CMS_ContentInfo_free(cms);
	sk_X509_free(certs);
	BIO_free(in);
	return out;
}

/* As sign, over this digest, saying that the content is of this type. */
static struct bytes sign_odd(
	const struct identity *id, const EVP_MD *digest, int type, unsigned flags)
{
	BIO *in = BIO_new_mem_buf(mud, sizeof mud - 1);
	struct bytes out = {0};
	CMS_ContentInfo *cms = CMS_sign(
		NULL, NULL, NULL, NULL, CMS_DETACHED | CMS_BINARY | CMS_PARTIAL);

	assert_non_null(cms);
	assert_int_equal(CMS_set1_eContentType(cms, OBJ_nid2obj(type)), 1);
	assert_non_null(CMS_add1_signer(cms, id->cert, id->key, digest, flags));
	assert_int_equal(CMS_final(cms, in, NULL, CMS_DETACHED | CMS_BINARY), 1);
	out.len = (size_t)i2d_CMS_ContentInfo(cms, &out.at);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	return out;
}

static struct mud_trust *trust_in(X509 *a, X509 *b)
{
	BIO *pem = BIO_new(BIO_s_mem());
	struct mud_trust *t = NULL;
	char why[LIMIT_TEXT], *data;

	PEM_write_bio_X509(pem, a);
	if (b)
		PEM_write_bio_X509(pem, b);
	long n = BIO_get_mem_data(pem, &data);
	assert_int_equal(mud_trust_new(data, (size_t)n, &t, why), 0);
	assert_int_equal(mud_trust_count(t), b ? 2 : 1);
	BIO_free(pem);
	return t;
}

static const struct wish root = {.name = "Root",
	.usage = "critical,keyCertSign",
	.authority = true,
	.from = -400,
	.to = 400};
static const struct wish good = {.name = "Signer",
	.usage = "critical,digitalSignature",
	.authority = false,
	.from = -10,
	.to = 10};

struct home {
	struct identity root, signer;
	struct mud_trust *trust;
};

static int set_up(void **state)
{
	static struct home h;

	h.root = make(&root, NULL);
	h.signer = make(&good, &h.root);
	h.trust = trust_in(h.root.cert, NULL);
	*state = &h;
	return 0;
}

static int tear_down(void **state)
{
	struct home *h = *state;

	identity_free(&h->root);
	identity_free(&h->signer);
	mud_trust_free(h->trust);
	return 0;
}

/* Checks and frees the signature. */
static void expect(const struct mud_trust *t, struct bytes sig, int64_t when, int error,
	const char *part)
{
	char signer[LIMIT_TEXT] = "untouched", why[LIMIT_TEXT] = "untouched";

	assert_int_equal(mud_cms_verify(t, mud, sizeof mud - 1, sig.at, sig.len,
				 when * NS_PER_SEC, signer, why),
		error);
	if (error)
		assert_string_equal(signer, "untouched");
	assert_non_null(strstr(error ? why : signer, part));
	OPENSSL_free(sig.at);
}

static void test_good(void **state)
{
	struct home *h = *state;

	expect(h->trust, sign(&h->signer, NULL, CMS_DETACHED), NOW, 0,
		"CN=Signer,O=Maker");
	/* without signed attributes, which RFC 5652 leaves to the signer */
	expect(h->trust, sign(&h->signer, NULL, CMS_DETACHED | CMS_NOATTR), NOW, 0,
		"CN=Signer");
	/* on its last day but one */
	expect(h->trust, sign(&h->signer, NULL, CMS_DETACHED), NOW + 9 * DAY, 0,
		"Signer");
}

static void test_flipped_byte(void **state)
{
	struct home *h = *state;
	char signer[LIMIT_TEXT], why[LIMIT_TEXT], other[sizeof mud];
	struct bytes sig = sign(&h->signer, NULL, CMS_DETACHED);

	for (size_t i = 0; i < sizeof mud - 1; i++) {
		memcpy(other, mud, sizeof mud);
		other[i] ^= 1;
		assert_int_equal(mud_cms_verify(h->trust, other, sizeof mud - 1, sig.at,
					 sig.len, NOW * NS_PER_SEC, signer, why),
			CARDEA_ESIGNATURE);
		assert_non_null(strstr(why, "other bytes"));
	}
	/* binary: a line end that was translated is a change */
	assert_int_equal(
		mud_cms_verify(h->trust, "{\"ietf-mud:mud\":{}}\n", sizeof mud - 2,
			sig.at, sig.len, NOW * NS_PER_SEC, signer, why),
		CARDEA_ESIGNATURE);
	OPENSSL_free(sig.at);
}

/* No change of any byte of the signature is accepted as good for another reason than
 * that it does not matter; none crashes. */
static void test_flipped_signature(void **state)
{
	struct home *h = *state;
	char signer[LIMIT_TEXT], why[LIMIT_TEXT];
	struct bytes sig = sign(&h->signer, NULL, CMS_DETACHED | CMS_NOATTR);
	size_t refused = 0;

	for (size_t i = 0; i < sig.len; i++) {
		sig.at[i] ^= 0x55;
		refused += mud_cms_verify(h->trust, mud, sizeof mud - 1, sig.at,
				   sig.len, NOW * NS_PER_SEC, signer, why) != 0;
		sig.at[i] ^= 0x55;
	}
	assert_true(refused > sig.len * 9 / 10);
	for (size_t n = 0; n < sig.len; n++)
		assert_int_equal(mud_cms_verify(h->trust, mud, sizeof mud - 1, sig.at,
					 n, NOW * NS_PER_SEC, signer, why),
			CARDEA_EMALFORMED);
	OPENSSL_free(sig.at);
}

static void test_wrong_signer(void **state)
{
	struct home *h = *state;
	struct identity stranger = make(&root, NULL);
	struct identity signer = make(&good, &stranger);

	expect(h->trust, sign(&signer, NULL, CMS_DETACHED), NOW, CARDEA_EUNTRUSTED,
		"trust anchor");
	struct identity alone = make(&good, NULL);
	expect(h->trust, sign(&alone, NULL, CMS_DETACHED), NOW, CARDEA_EUNTRUSTED,
		"CN=Signer,O=Maker");
	identity_free(&alone);
	identity_free(&signer);
	identity_free(&stranger);
}

static void test_dates(void **state)
{
	struct home *h = *state;

	expect(h->trust, sign(&h->signer, NULL, CMS_DETACHED), NOW + 11 * DAY,
		CARDEA_EUNTRUSTED, "expired on 2026-01-12");
	expect(h->trust, sign(&h->signer, NULL, CMS_DETACHED), NOW - 11 * DAY,
		CARDEA_EUNTRUSTED, "valid only from 2025-12-23");
	struct identity old = make(&(struct wish){.name = "Old",
					   .usage = "keyCertSign",
					   .authority = true,
					   .from = -400,
					   .to = -1},
		NULL);
	struct identity signer = make(&good, &old);
	struct mud_trust *t = trust_in(old.cert, NULL);
	expect(t, sign(&signer, NULL, CMS_DETACHED), NOW, CARDEA_EUNTRUSTED,
		"an authority expired on 2026-01-01 (CN=Old,O=Maker)");
	mud_trust_free(t);
	identity_free(&signer);
	identity_free(&old);
}

static void test_key_usage(void **state)
{
	struct home *h = *state;
	static const struct {
		const char *usage;
		int error;
		const char *part;
	} cases[] = {
		{NULL, CARDEA_EUNTRUSTED, "no key usage"},
		{"keyEncipherment", CARDEA_EUNTRUSTED, "does not allow signatures"},
		{"nonRepudiation", CARDEA_EUNTRUSTED, "does not allow signatures"},
		{"digitalSignature,keyEncipherment", 0, "CN=Other"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct identity id = make(&(struct wish){.name = "Other",
						  .usage = cases[i].usage,
						  .authority = false,
						  .from = -1,
						  .to = 1},
			&h->root);
		expect(h->trust, sign(&id, NULL, CMS_DETACHED), NOW, cases[i].error,
			cases[i].part);
		identity_free(&id);
	}
}

static void test_chain(void **state)
{
	struct home *h = *state;
	struct identity middle = make(&(struct wish){.name = "Middle",
					      .usage = "critical,keyCertSign",
					      .authority = true,
					      .from = -10,
					      .to = 10},
		&h->root);
	struct identity signer = make(&good, &middle);
	/* a signer may not make signers */
	struct identity forged = make(&good, &h->signer);

	expect(h->trust, sign(&signer, middle.cert, CMS_DETACHED), NOW, 0, "CN=Signer");
	expect(h->trust, sign(&signer, NULL, CMS_DETACHED), NOW, CARDEA_EUNTRUSTED,
		"trust anchor");
	expect(h->trust, sign(&forged, h->signer.cert, CMS_DETACHED), NOW,
		CARDEA_EUNTRUSTED, "trust anchor");
	/* the middle itself may be what the owner trusts */
	struct mud_trust *t = trust_in(middle.cert, h->signer.cert);
	expect(t, sign(&signer, NULL, CMS_DETACHED), NOW, 0, "CN=Signer");
	mud_trust_free(t);
	identity_free(&forged);
	identity_free(&signer);
	identity_free(&middle);
}

/* What somebody can make collide, or factor, vouches for nobody. */
static void test_weak_chain(void **state)
{
	struct wish top = root, w = {.name = "Middle",
					.usage = "critical,keyCertSign",
					.authority = true,
					.from = -10,
					.to = 10};
	static const struct {
		const EVP_MD *(*digest)(void);
		int rsa_bits, error;
		const char *part;
	} cases[] = {
		{EVP_md5, 2048, CARDEA_EUNTRUSTED, "too weak"},
		{EVP_sha1, 2048, CARDEA_EUNTRUSTED, "too weak"},
		{EVP_sha256, 1024, CARDEA_EUNTRUSTED, "too weak"},
		{EVP_sha256, 2048, 0, "CN=Signer"},
	};

	(void)state;
	top.rsa_bits = 2048;
	/* whose own signature nobody looks at: it is there because the owner chose it */
	top.digest = EVP_sha1;
	struct identity anchor = make(&top, NULL);
	struct mud_trust *t = trust_in(anchor.cert, NULL);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		w.digest = cases[i].digest;
		w.rsa_bits = cases[i].rsa_bits;
		struct identity middle = make(&w, &anchor);
		struct identity signer = make(&good, &middle);
		expect(t, sign(&signer, middle.cert, CMS_DETACHED), NOW, cases[i].error,
			cases[i].part);
		identity_free(&signer);
		identity_free(&middle);
	}
	mud_trust_free(t);
	identity_free(&anchor);
}

static void test_weak_digest(void **state)
{
	struct home *h = *state;
	struct wish w = good;

	w.rsa_bits = 2048;
	struct identity rsa = make(&w, &h->root);
	expect(h->trust, sign_odd(&rsa, EVP_md5(), NID_pkcs7_data, 0), NOW,
		CARDEA_ESIGNATURE, "too weak");
	expect(h->trust, sign_odd(&rsa, EVP_sha1(), NID_pkcs7_data, CMS_NOATTR), NOW,
		CARDEA_ESIGNATURE, "too weak");
	expect(h->trust, sign_odd(&h->signer, EVP_sha1(), NID_pkcs7_data, 0), NOW,
		CARDEA_ESIGNATURE, "too weak");
	expect(h->trust, sign_odd(&rsa, EVP_sha384(), NID_pkcs7_data, CMS_KEY_PARAM),
		NOW, 0, "CN=Signer");
	identity_free(&rsa);
}

/* A signature over something else is none over a MUD file. */
static void test_other_content(void **state)
{
	struct home *h = *state;

	struct bytes sig =
		sign_odd(&h->signer, EVP_sha256(), NID_id_smime_ct_TSTInfo, 0);
	struct bytes lie = {0};
	const unsigned char *at = sig.at;

	/* the type outside is not signed */
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)sig.len);
	assert_non_null(cms);
	assert_int_equal(CMS_set1_eContentType(cms, OBJ_nid2obj(NID_pkcs7_data)), 1);
	lie.len = (size_t)i2d_CMS_ContentInfo(cms, &lie.at);
	CMS_ContentInfo_free(cms);
	expect(h->trust, sig, NOW, CARDEA_EMALFORMED, "content type");
	expect(h->trust, lie, NOW, CARDEA_EMALFORMED, "content type");
	expect(h->trust,
		sign_odd(&h->signer, EVP_sha256(), NID_id_smime_ct_TSTInfo, CMS_NOATTR),
		NOW, CARDEA_EMALFORMED, "content type");
}

static void test_unknown_extension(void **state)
{
	struct home *h = *state;
	struct wish w = good;

	w.odd = "critical,DER:0500";
	struct identity strict = make(&w, &h->root);
	expect(h->trust, sign(&strict, NULL, CMS_DETACHED), NOW, CARDEA_EUNTRUSTED,
		"critical");
	w.odd = "DER:0500";
	struct identity lax = make(&w, &h->root);
	expect(h->trust, sign(&lax, NULL, CMS_DETACHED), NOW, 0, "CN=Signer");
	identity_free(&strict);
	identity_free(&lax);
}

static void test_old_authority(void **state)
{
	struct home *h = *state;
	struct identity middle = make(&(struct wish){.name = "Middle",
					      .usage = "critical,keyCertSign",
					      .authority = true,
					      .from = -10,
					      .to = -1},
		&h->root);
	struct identity signer = make(&good, &middle);

	expect(h->trust, sign(&signer, middle.cert, CMS_DETACHED), NOW,
		CARDEA_EUNTRUSTED, "an authority expired");
	identity_free(&signer);
	identity_free(&middle);
}

static void test_form(void **state)
{
	struct home *h = *state;

	expect(h->trust, sign(&h->signer, NULL, 0), NOW, CARDEA_EMALFORMED,
		"content of its own");
	expect(h->trust, sign(&h->signer, NULL, CMS_DETACHED | CMS_NOCERTS), NOW,
		CARDEA_ESIGNATURE, "no certificate");
	struct bytes sig = sign(&h->signer, NULL, CMS_DETACHED);
	sig.at = OPENSSL_realloc(sig.at, sig.len + 1);
	sig.at[sig.len++] = 0;
	expect(h->trust, sig, NOW, CARDEA_EMALFORMED, "not one CMS object");
	static const char pem[] = "-----BEGIN CMS-----\nMIIB\n-----END CMS-----\n";
	sig = (struct bytes){(unsigned char *)OPENSSL_strdup(pem), sizeof pem - 1};
	expect(h->trust, sig, NOW, CARDEA_EMALFORMED, "not one CMS object");
	sig = (struct bytes){(unsigned char *)OPENSSL_strdup(""), 0};
	expect(h->trust, sig, NOW, CARDEA_EMALFORMED, "not one CMS object");
	sig = (struct bytes){
		OPENSSL_zalloc(LIMIT_SIGNATURE_BYTES + 1), LIMIT_SIGNATURE_BYTES + 1};
	expect(h->trust, sig, NOW, CARDEA_ELIMIT, "too big");
}

static void test_not_signed_data(void **state)
{
	struct home *h = *state;
	BIO *in = BIO_new_mem_buf(mud, sizeof mud - 1);
	CMS_ContentInfo *cms = CMS_data_create(in, CMS_BINARY);
	struct bytes out = {0};

	out.len = (size_t)i2d_CMS_ContentInfo(cms, &out.at);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	expect(h->trust, out, NOW, CARDEA_EMALFORMED, "no signed-data");
}

static void test_two_signers(void **state)
{
	struct home *h = *state;
	struct identity other = make(&good, &h->root);
	BIO *in = BIO_new_mem_buf(mud, sizeof mud - 1);
	unsigned int flags = CMS_DETACHED | CMS_BINARY | CMS_PARTIAL;
	CMS_ContentInfo *cms = CMS_sign(h->signer.cert, h->signer.key, NULL, in, flags);
	struct bytes out = {0};

	assert_non_null(CMS_add1_signer(cms, other.cert, other.key, NULL, CMS_PARTIAL));
	assert_int_equal(
		CMS_final(cms, in, NULL, flags & ~(unsigned int)CMS_PARTIAL), 1);
	out.len = (size_t)i2d_CMS_ContentInfo(cms, &out.at);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	expect(h->trust, out, NOW, CARDEA_ESIGNATURE, "more than one signer");
	identity_free(&other);
}

/* ---- what a signature is worth, for the engine to judge ---- */

/* Frees the signature. */
static struct mud_signature worth(
	const struct mud_trust *t, struct bytes sig, int64_t when, const char *part)
{
	struct mud_signature s;

	memset(&s, 0x5a, sizeof s);
	assert_int_equal(mud_cms_judge(t, mud, sizeof mud - 1, sig.at, sig.len,
				 when * NS_PER_SEC, &s),
		0);
	if (s.state == SIGNATURE_VALID)
		assert_string_equal(s.text, "");
	else if (!strstr(s.text, part))
		fail_msg("\"%s\" not in \"%s\"", part, s.text);
	OPENSSL_free(sig.at);
	return s;
}

static void test_states(void **state)
{
	struct home *h = *state;
	struct identity stranger = make(&root, NULL), theirs = make(&good, &stranger);
	struct identity wrong = make(&(struct wish){.name = "Wrong",
					     .usage = "keyAgreement",
					     .authority = false,
					     .from = -1,
					     .to = 1},
		&h->root);
	struct mud_signature s;

	s = worth(h->trust, sign(&h->signer, NULL, CMS_DETACHED), NOW, "");
	assert_int_equal(s.state, SIGNATURE_VALID);
	assert_string_equal(s.signer, "CN=Signer,O=Maker");
	s = worth(h->trust, sign(&theirs, NULL, CMS_DETACHED), NOW, "trust anchor");
	assert_int_equal(s.state, SIGNATURE_UNTRUSTED);
	assert_string_equal(s.signer, "CN=Signer,O=Maker");
	/* without anchors nobody is known, but what is wrong stays wrong */
	s = worth(NULL, sign(&h->signer, NULL, CMS_DETACHED), NOW, "no anchor");
	assert_int_equal(s.state, SIGNATURE_UNTRUSTED);
	s = worth(
		NULL, sign(&h->signer, NULL, CMS_DETACHED), NOW + 11 * DAY, "expired");
	assert_int_equal(s.state, SIGNATURE_INVALID);
	assert_string_equal(s.signer, "CN=Signer,O=Maker");
	/* an old signature by a stranger is old before it is strange */
	s = worth(
		h->trust, sign(&theirs, NULL, CMS_DETACHED), NOW + 11 * DAY, "expired");
	assert_int_equal(s.state, SIGNATURE_INVALID);
	s = worth(h->trust, sign(&h->signer, NULL, CMS_DETACHED), NOW - 11 * DAY,
		"is the clock right?");
	assert_int_equal(s.state, SIGNATURE_INVALID);
	s = worth(h->trust, sign(&wrong, NULL, CMS_DETACHED), NOW, "key usage");
	assert_int_equal(s.state, SIGNATURE_INVALID);
	assert_string_equal(s.signer, "CN=Wrong,O=Maker");
	s = worth(h->trust, sign(&h->signer, NULL, CMS_DETACHED | CMS_NOCERTS), NOW,
		"no certificate");
	assert_int_equal(s.state, SIGNATURE_INVALID);
	identity_free(&wrong);
	identity_free(&theirs);
	identity_free(&stranger);
}

static void test_flipped_byte_names_nobody(void **state)
{
	struct home *h = *state;
	struct bytes sig = sign(&h->signer, NULL, CMS_DETACHED);
	struct mud_signature s;

	assert_int_equal(mud_cms_judge(h->trust, "{\"ietf-mud:mud\":[]}\r\n",
				 sizeof mud - 1, sig.at, sig.len, NOW * NS_PER_SEC, &s),
		0);
	assert_int_equal(s.state, SIGNATURE_INVALID);
	assert_string_equal(s.signer, "");
	assert_string_equal(s.key, "");
	assert_non_null(strstr(s.text, "other bytes"));
	OPENSSL_free(sig.at);
}

static void hash_of_key(X509 *cert, char out[LIMIT_LABEL])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int n;

	assert_int_equal(X509_pubkey_digest(cert, EVP_sha1(), digest, &n), 1);
	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(str_print(out + 2 * i, 3, "%02x", digest[i]), 0);
}

/* The key of the authority, by what is there: its own word, the signer's, its hash. */
static void test_keys(void **state)
{
	static const struct {
		const char *key_id, *issuer_id, *key; /* NULL: the hash of its key */
	} cases[] = {
		{"01:02:ab", NULL, "0102ab"},
		{"01:02:ab", "keyid", "0102ab"},
		{"hash", "keyid", NULL},
		{"hash", NULL, NULL},
		{NULL, NULL, NULL},
		/* more than a label holds is cut */
		{"00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:"
		 "77:"
		 "88:99:aa:bb:cc:dd:ee:ff",
			NULL,
			"00112233445566778899aabbccddeeff00112233445566778899aabbccdde"
			"e"},
	};
	char key[LIMIT_LABEL];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct wish top = root, leaf = good;
		top.key_id = cases[i].key_id;
		leaf.issuer_id = cases[i].issuer_id;
		struct identity ca = make(&top, NULL), signer = make(&leaf, &ca);
		struct mud_trust *t = trust_in(ca.cert, NULL);
		hash_of_key(ca.cert, key);
		struct mud_signature s =
			worth(t, sign(&signer, NULL, CMS_DETACHED), NOW, "");
		assert_int_equal(s.state, SIGNATURE_VALID);
		assert_string_equal(s.key, cases[i].key ? cases[i].key : key);
		mud_trust_free(t);
		identity_free(&signer);
		identity_free(&ca);
	}
}

/* Whoever issued it, not the root of all, nor a name: what a pin must tell apart. */
static void test_key_of_the_issuer(void **state)
{
	struct home *h = *state;
	struct wish between = {.name = "Middle",
		.usage = "critical,keyCertSign",
		.authority = true,
		.from = -10,
		.to = 10};
	struct identity middle = make(&between, &h->root),
			again = make(&between, &h->root);
	struct identity one = make(&good, &middle), two = make(&good, &again);
	struct mud_signature s;
	char key[LIMIT_LABEL];

	s = worth(h->trust, sign(&one, middle.cert, CMS_DETACHED), NOW, "");
	hash_of_key(middle.cert, key);
	assert_int_equal(s.state, SIGNATURE_VALID);
	assert_string_equal(s.key, key);
	s = worth(h->trust, sign(&two, again.cert, CMS_DETACHED), NOW, "");
	assert_int_equal(s.state, SIGNATURE_VALID);
	assert_string_not_equal(s.key, key);
	assert_string_equal(s.signer, "CN=Signer,O=Maker");
	/* a signer that is an anchor itself vouches with its own key */
	struct mud_trust *t = trust_in(one.cert, NULL);
	s = worth(t, sign(&one, NULL, CMS_DETACHED), NOW, "");
	hash_of_key(one.cert, key);
	assert_int_equal(s.state, SIGNATURE_VALID);
	assert_string_equal(s.key, key);
	mud_trust_free(t);
	identity_free(&two);
	identity_free(&one);
	identity_free(&again);
	identity_free(&middle);
}

/* Without a chain the signer's word for its issuer is all there is. */
static void test_key_of_a_stranger(void **state)
{
	struct home *h = *state;
	struct wish top = root, leaf = good;
	top.key_id = "0a:0b:0c";
	leaf.issuer_id = "keyid";
	struct identity ca = make(&top, NULL), signer = make(&leaf, &ca);
	struct mud_signature s =
		worth(h->trust, sign(&signer, NULL, CMS_DETACHED), NOW, "trust anchor");

	assert_int_equal(s.state, SIGNATURE_UNTRUSTED);
	assert_string_equal(s.key, "0a0b0c");
	identity_free(&signer);
	identity_free(&ca);
}

/* Two names that were cut alike would be one for a pin. X.520 allows 64 characters in a
 * part; UTF-8 ones become four. */
static void test_name_that_is_too_long(void **state)
{
	struct home *h = *state;
	char name[4 * LIMIT_TEXT] = "";
	struct wish w = good;

	for (int i = 0; i < 64; i++)
		memcpy(name + 2 * i, "\xc3\xa4", 3);
	w.name = name;
	struct identity id = make(&w, &h->root);
	struct mud_signature s =
		worth(h->trust, sign(&id, NULL, CMS_DETACHED), NOW, "longer than 255");
	assert_int_equal(s.state, SIGNATURE_INVALID);
	identity_free(&id);
}

/* The same text whether it comes from a certificate's subject or from the DER of a Name
 * that another certificate holds. */
static void test_names(void **state)
{
	static const struct {
		const char *name, *text;
	} cases[] = {
		{"Signer", "CN=Signer,O=Maker"},
		{"A, B+C", "CN=A\\, B\\+C,O=Maker"},
		{"A\\x5c", "CN=A\\\\x5c,O=Maker"},
		{"M\xc3\xbcller", "CN=M\\C3\\BCller,O=Maker"},
		{"new\nline", "CN=new\\0Aline,O=Maker"},
	};
	struct home *h = *state;
	char text[LIMIT_TEXT];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct wish w = good;
		unsigned char *der = NULL;
		w.name = cases[i].name;
		struct identity id = make(&w, &h->root);
		int len = i2d_X509_NAME(X509_get_subject_name(id.cert), &der);
		assert_true(len > 0);
		assert_int_equal(mud_name_text(der, (size_t)len, text), 0);
		assert_string_equal(text, cases[i].text);
		struct mud_signature s =
			worth(h->trust, sign(&id, NULL, CMS_DETACHED), NOW, "");
		assert_string_equal(s.signer, text);
		str_copy(text, sizeof text, "untouched");
		for (int n = 0; n < len; n++)
			assert_int_equal(
				mud_name_text(der, (size_t)n, text), CARDEA_EMALFORMED);
		der = OPENSSL_realloc(der, (size_t)len + 1);
		der[len] = 0;
		assert_int_equal(
			mud_name_text(der, (size_t)len + 1, text), CARDEA_EMALFORMED);
		assert_string_equal(text, "untouched");
		OPENSSL_free(der);
		identity_free(&id);
	}
}

static void test_name_text_that_does_not_fit(void **state)
{
	X509_NAME *name = X509_NAME_new();
	unsigned char *der = NULL;
	char text[LIMIT_TEXT] = "untouched";

	(void)state;
	for (int i = 0; i < 5; i++)
		X509_NAME_add_entry_by_txt(name, "OU", MBSTRING_ASC,
			(const unsigned char
					*)"0123456789012345678901234567890123456789"
					  "01234567890123456789",
			-1, -1, 0);
	int len = i2d_X509_NAME(name, &der);
	assert_int_equal(mud_name_text(der, (size_t)len, text), CARDEA_ELIMIT);
	assert_string_equal(text, "untouched");
	OPENSSL_free(der);
	X509_NAME_free(name);
}

static void test_anchors(void **state)
{
	(void)state;
	static const struct {
		const char *pem, *part;
	} cases[] = {
		{"", "no PEM certificate"},
		{"hello\n", "no PEM certificate"},
		{"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
			"damaged"},
		{"-----BEGIN CERTIFICATE-----\nMIIB\n", "damaged"},
	};
	struct mud_trust *t = NULL;
	char why[LIMIT_TEXT];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(
			mud_trust_new(cases[i].pem, strlen(cases[i].pem), &t, why),
			CARDEA_EMALFORMED);
		assert_non_null(strstr(why, cases[i].part));
		assert_null(t);
	}
	mud_trust_free(NULL);
}

/* FIPS 180-2 B.1 */
static void test_digest(void **state)
{
	(void)state;
	static const uint8_t abc[32] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
		0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3,
		0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
	uint8_t digest[32];

	assert_int_equal(mud_sha256("abc", 3, digest), 0);
	assert_memory_equal(digest, abc, sizeof abc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_flipped_byte),
		cmocka_unit_test(test_flipped_signature),
		cmocka_unit_test(test_wrong_signer),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_key_usage),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_weak_chain),
		cmocka_unit_test(test_weak_digest),
		cmocka_unit_test(test_other_content),
		cmocka_unit_test(test_unknown_extension),
		cmocka_unit_test(test_old_authority),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_not_signed_data),
		cmocka_unit_test(test_two_signers),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_flipped_byte_names_nobody),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_key_of_the_issuer),
		cmocka_unit_test(test_key_of_a_stranger),
		cmocka_unit_test(test_name_that_is_too_long),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_name_text_that_does_not_fit),
		cmocka_unit_test(test_anchors),
		cmocka_unit_test(test_digest),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
