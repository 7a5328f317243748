// SPDX-License-Identifier: GPL-2.0-or-later
/* cms - detached CMS signatures over MUD files (RFC 8520 13.1 and 13.2). OpenSSL does
 * the cryptography; this file asks one question at a time, so that each refusal says
 * which answer was wrong. */
#include "profiles/mud/cms_priv.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/str.h"

#define ANCHORS_MAX 64 /* more is a browser's list, which nobody chose */
#define OID_MUDSIGNER "1.3.6.1.5.5.7.1.30" /* id-pe-mudsigner, RFC 8520 11 */
#define CHAIN_MAX_DEPTH 5 /* maker, division, plant; longer ones cost time */
#define DATE_TEXT_MAX 32
#define CHAIN_LEVEL 2 /* OpenSSL's number for CMS_STRENGTH_BITS */
#define DIGEST_MIN (2 * CMS_STRENGTH_BITS / 8)

struct mud_trust {
	X509_STORE *store;
	size_t count;
};

static int refuse(char *text, int error, const char *why)
{
	str_copy(text, LIMIT_TEXT, why);
	return error;
}

static int store_add(struct mud_trust *t, BIO *pem, char *text)
{
	X509 *cert;

	while ((cert = PEM_read_bio_X509(pem, NULL, cms_no_password, NULL))) {
		int added = t->count < ANCHORS_MAX ? X509_STORE_add_cert(t->store, cert)
						   : -1;
		X509_free(cert);
		if (added < 0)
			return refuse(
				text, CARDEA_ELIMIT, "more than 64 trust anchors");
		if (!added)
			return refuse(text, CARDEA_EMALFORMED,
				"a certificate in the file of anchors cannot be used");
		t->count++;
	}
	/* the end of the text is the one good reason to stop */
	unsigned long e = ERR_peek_last_error();
	if (ERR_GET_LIB(e) != ERR_LIB_PEM || ERR_GET_REASON(e) != PEM_R_NO_START_LINE)
		return refuse(text, CARDEA_EMALFORMED,
			"the file of anchors holds a damaged PEM certificate");
	if (!t->count)
		return refuse(text, CARDEA_EMALFORMED,
			"the file of anchors holds no PEM certificate");
	return 0;
}

int mud_trust_new(const void *pem, size_t len, struct mud_trust **ret_trust,
	char ret_text[LIMIT_TEXT])
{
	struct mud_trust *t = NULL;
	BIO *bio = NULL;
	int error = -ENOMEM;

	if (len > PEM_MAX_BYTES)
		return refuse(
			ret_text, CARDEA_ELIMIT, "the file of anchors is too big");
	ERR_clear_error();
	t = calloc(1, sizeof *t);
	bio = BIO_new_mem_buf(pem, (int)len);
	if (t)
		t->store = X509_STORE_new();
	if (!t || !bio || !t->store) {
		str_copy(ret_text, LIMIT_TEXT, "out of memory");
		goto out;
	}
	error = store_add(t, bio, ret_text);
	if (error)
		goto out;
	*ret_trust = t;
	t = NULL;
out:
	ERR_clear_error();
	BIO_free(bio);
	mud_trust_free(t);
	return error;
}

void mud_trust_free(struct mud_trust *t)
{
	if (!t)
		return;
	X509_STORE_free(t->store);
	free(t);
}

size_t mud_trust_count(const struct mud_trust *t)
{
	return t->count;
}

/* What one verification holds. */
struct check {
	CMS_ContentInfo *cms;
	STACK_OF(X509) * signers; /* borrowed certificates, owned stack */
	STACK_OF(X509) * certs;
	BIO *content;
	X509 *signer;
	nstime wall;
	bool unknown;          /* all is well, but nobody vouches for the signer */
	char name[LIMIT_TEXT]; /* of the signer, once the bytes are known to be its */
	char key[LIMIT_LABEL]; /* cms_issuer_key */
	char *text;
};

/* One DER value (or BER, which tools make when they stream) and nothing
 * behind it, of type signed-data without content. */
static int read_cms(struct check *c, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;

	c->cms = d2i_CMS_ContentInfo(NULL, &at, (long)len);
	if (!c->cms || (size_t)(at - (const unsigned char *)bytes) != len)
		return refuse(c->text, CARDEA_EMALFORMED,
			"the signature is not one CMS object in DER (RFC 8520 section "
			"13.1): PEM and other wrappings are not read");
	if (OBJ_obj2nid(CMS_get0_type(c->cms)) != NID_pkcs7_signed)
		return refuse(c->text, CARDEA_EMALFORMED,
			"the CMS object is no signed-data (RFC 5652 section 5)");
	if (!CMS_is_detached(c->cms))
		return refuse(c->text, CARDEA_EMALFORMED,
			"the signature carries content of its own; a detached one is "
			"needed (RFC 8520 section 13.1)");
	return 0;
}

/* RFC 5652 5.3 and 11.1: what the signer says that it signed is what the file is. The
 * library counts this attribute and does not read it. */
static bool is_over_data(CMS_SignerInfo *si)
{
	const ASN1_OBJECT *type;

	if (CMS_signed_get_attr_count(si) <= 0)
		return true;
	type = CMS_signed_get0_data_by_OBJ(
		si, OBJ_nid2obj(NID_pkcs9_contentType), -3, V_ASN1_OBJECT);
	return type && OBJ_obj2nid(type) == NID_pkcs7_data;
}

static bool is_strong(CMS_SignerInfo *si)
{
	X509_ALGOR *digest = NULL;
	const ASN1_OBJECT *oid;

	CMS_SignerInfo_get0_algs(si, NULL, NULL, &digest, NULL);
	X509_ALGOR_get0(&oid, NULL, NULL, digest);
	const EVP_MD *md = EVP_get_digestbyobj(oid);
	return md && EVP_MD_get_size(md) >= DIGEST_MIN;
}

/* What the library would let pass. */
static int check_signed(struct check *c)
{
	STACK_OF(CMS_SignerInfo) *all = CMS_get0_SignerInfos(c->cms);
	bool data = OBJ_obj2nid(CMS_get0_eContentType(c->cms)) == NID_pkcs7_data;
	bool strong = true;

	for (int i = 0; i < sk_CMS_SignerInfo_num(all); i++) {
		data &= is_over_data(sk_CMS_SignerInfo_value(all, i));
		strong &= is_strong(sk_CMS_SignerInfo_value(all, i));
	}
	if (!data)
		return refuse(c->text, CARDEA_EMALFORMED,
			"the signature says that it is over another content type than "
			"data (RFC 5652 section 4)");
	if (!strong)
		return refuse(c->text, CARDEA_ESIGNATURE,
			"its digest is too weak, as MD5 and SHA-1 are: somebody else "
			"could have made a file that it fits");
	return 0;
}

/* The signature itself, over the exact bytes; says nothing about whose it is. */
static int check_bytes(struct check *c, const void *mud, size_t len)
{
	BIO *bytes = BIO_new_mem_buf(mud, (int)len);
	/* CMS_verify works on a copy of a BIO that is plain memory, and loses it when the
	 * signature lists a digest that OpenSSL does not know (seen with 3.0.19). */
	c->content = BIO_new(BIO_f_null());
	if (!bytes || !c->content || !BIO_push(c->content, bytes)) {
		BIO_free(bytes);
		return refuse(c->text, -ENOMEM, "out of memory");
	}
	if (CMS_verify(c->cms, NULL, NULL, c->content, NULL,
		    CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY))
		return 0;
	unsigned long e = ERR_peek_last_error();
	if (ERR_GET_LIB(e) == ERR_LIB_CMS &&
		ERR_GET_REASON(e) == CMS_R_SIGNER_CERTIFICATE_NOT_FOUND)
		return refuse(c->text, CARDEA_ESIGNATURE,
			"the signature holds no certificate of its signer (RFC 8520 "
			"section 13.1)");
	return refuse(c->text, CARDEA_ESIGNATURE,
		"it was made over other bytes: the file was changed after it was "
		"signed");
}

int cms_check_usage(X509 *signer, char text[LIMIT_TEXT])
{
	/* RFC 8520 13.1: the extension is present, and allows signatures */
	if (!(X509_get_extension_flags(signer) & EXFLAG_KUSAGE))
		return refuse(text, CARDEA_EUNTRUSTED,
			"the signer's certificate has no key usage (RFC 8520 section "
			"13.1 asks for digitalSignature)");
	if (!(X509_get_key_usage(signer) & X509v3_KU_DIGITAL_SIGNATURE))
		return refuse(text, CARDEA_EUNTRUSTED,
			"the key usage of the signer's certificate does not allow "
			"signatures (RFC 8520 section 13.1 asks for digitalSignature)");
	return 0;
}

static void date_text(const ASN1_TIME *when, char out[DATE_TEXT_MAX])
{
	struct tm tm;

	if (!ASN1_TIME_to_tm(when, &tm) ||
		!strftime(out, DATE_TEXT_MAX, "%Y-%m-%d", &tm))
		str_copy(out, DATE_TEXT_MAX, "an unknown date");
}

/* Within a sentence. */
static void short_name(X509 *cert, char out[LIMIT_TEXT / 2])
{
	char name[LIMIT_TEXT] = "";

	if (cert)
		(void)cms_subject(cert, name);
	str_copy(out, LIMIT_TEXT / 2, name);
}

static int explain_date(struct check *c, X509 *at, const char *whose, bool too_late)
{
	char date[DATE_TEXT_MAX], name[LIMIT_TEXT / 2];

	short_name(at, name);
	date_text(too_late ? X509_get0_notAfter(at) : X509_get0_notBefore(at), date);
	(void)str_print(c->text, LIMIT_TEXT,
		too_late ? "the certificate of %s expired on %s (%s)"
			 : "the certificate of %s is valid only from %s: is the clock "
			   "right? (%s)",
		whose, date, name);
	return CARDEA_EUNTRUSTED;
}

/* Before the chain: whether or not anybody vouches for the signer, an old signature is
 * no signature. */
static int check_dates(struct check *c)
{
	time_t now = (time_t)(c->wall / NS_PER_SEC);

	if (X509_cmp_time(X509_get0_notAfter(c->signer), &now) <= 0)
		return explain_date(c, c->signer, "the signer", true);
	if (X509_cmp_time(X509_get0_notBefore(c->signer), &now) > 0)
		return explain_date(c, c->signer, "the signer", false);
	return 0;
}

static int explain_chain(struct check *c, X509_STORE_CTX *ctx)
{
	int e = X509_STORE_CTX_get_error(ctx);
	X509 *at = X509_STORE_CTX_get_current_cert(ctx);
	char name[LIMIT_TEXT / 2];

	if (at && (e == X509_V_ERR_CERT_HAS_EXPIRED ||
			  e == X509_V_ERR_CERT_NOT_YET_VALID))
		return explain_date(
			c, at, "an authority", e == X509_V_ERR_CERT_HAS_EXPIRED);
	c->unknown = true;
	short_name(c->signer, name);
	(void)str_print(c->text, LIMIT_TEXT,
		"the signer does not lead to a configured trust anchor: %s (%s)", name,
		X509_verify_cert_error_string(e));
	return CARDEA_EUNTRUSTED;
}

/* Whoever the chain says issued the signer's certificate. A signer who is an anchor has
 * no chain: what its certificate says remains, or its own key. */
static void find_key(struct check *c, X509_STORE_CTX *ctx)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);

	if (sk_X509_num(chain) > 1)
		cms_issuer_key(c->signer, sk_X509_value(chain, 1), c->key);
	else if (!c->key[0])
		cms_issuer_key(c->signer, c->signer, c->key);
}

static int check_chain(struct check *c, const struct mud_trust *trust)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int error = 0;

	if (!ctx || !X509_STORE_CTX_init(ctx, trust->store, c->signer, c->certs)) {
		X509_STORE_CTX_free(ctx);
		return refuse(c->text, -ENOMEM, "out of memory");
	}
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, (time_t)(c->wall / NS_PER_SEC));
	X509_VERIFY_PARAM_set_depth(param, CHAIN_MAX_DEPTH);
	X509_VERIFY_PARAM_set_auth_level(param, CHAIN_LEVEL);
	/* an anchor is what the owner configured, whether it signed itself or not; the
	 * names of hosts and the purposes of TLS do not matter here */
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_ANY);
	if (X509_verify_cert(ctx) != 1)
		error = explain_chain(c, ctx);
	else
		find_key(c, ctx);
	X509_STORE_CTX_free(ctx);
	return error;
}

static int check_trust(struct check *c, const struct mud_trust *trust)
{
	if (trust)
		return check_chain(c, trust);
	c->unknown = true;
	return refuse(c->text, CARDEA_EUNTRUSTED,
		"it is signed, but no anchor says whose signature counts: add the "
		"maker's "
		"certificate to the MUD anchors");
}

/* Exactly one signer: with two, "the signer" would not be a name to pin. */
static int find_signer(struct check *c)
{
	c->signers = CMS_get0_signers(c->cms);
	c->certs = CMS_get1_certs(c->cms);
	if (sk_X509_num(c->signers) != 1)
		return refuse(c->text, CARDEA_ESIGNATURE,
			"the signature has more than one signer; one is read");
	c->signer = sk_X509_value(c->signers, 0);
	cms_issuer_key(c->signer, NULL, c->key);
	/* two names that were cut alike would be one for a pin */
	if (cms_subject(c->signer, c->name))
		return refuse(c->text, CARDEA_ESIGNATURE,
			"the name of the signer is longer than 255 characters");
	return 0;
}

/* The Name of the extension, or NULL when the certificate has none; *ret_bad when it
 * has one that cannot be read. */
static X509_NAME *mudsigner(X509 *device, bool *ret_bad)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(OID_MUDSIGNER, 1);
	X509_NAME *name = NULL;

	*ret_bad = !oid;
	int at = oid ? X509_get_ext_by_OBJ(device, oid, -1) : -1;
	ASN1_OBJECT_free(oid);
	if (at < 0)
		return NULL;
	const ASN1_OCTET_STRING *value =
		X509_EXTENSION_get_data(X509_get_ext(device, at));
	const unsigned char *bytes = ASN1_STRING_get0_data(value);
	const unsigned char *end = bytes + ASN1_STRING_length(value);
	name = d2i_X509_NAME(NULL, &bytes, end - bytes);
	*ret_bad = !name || bytes != end;
	return name;
}

static int check_device(struct check *c, const void *pem, size_t len)
{
	char wanted[LIMIT_TEXT / 2];
	X509_NAME *name = NULL;
	bool bad;
	int error = 0;

	X509 *device = cms_read_cert(pem, len);
	if (!device)
		return refuse(c->text, CARDEA_EMALFORMED,
			"the device's certificate is not one PEM certificate");
	name = mudsigner(device, &bad);
	if (bad) {
		error = refuse(c->text, CARDEA_EMALFORMED,
			"the device's certificate has a mudsigner extension that "
			"cannot be read (RFC 8520 section 11)");
	} else if (name && X509_NAME_cmp(name, X509_get_subject_name(c->signer))) {
		char whole[LIMIT_TEXT];
		(void)cms_name_text(name, whole);
		str_copy(wanted, sizeof wanted, whole);
		(void)str_print(c->text, LIMIT_TEXT,
			"the device's certificate says that its MUD file is signed by "
			"%s, and it is not (mudsigner, RFC 8520 section 11)",
			wanted);
		error = CARDEA_EUNTRUSTED;
	}
	X509_NAME_free(name);
	X509_free(device);
	return error;
}

static int check_all(struct check *c, const struct mud_trust *trust, const void *mud,
	size_t mud_len, const void *signature, size_t signature_len)
{
	int error;

	if (mud_len > LIMIT_MUD_BYTES || signature_len > LIMIT_SIGNATURE_BYTES)
		return refuse(c->text, CARDEA_ELIMIT,
			"the MUD file or its signature is too big to be read");
	ERR_clear_error();
	error = read_cms(c, signature, signature_len);
	if (!error)
		error = check_signed(c);
	if (!error)
		error = check_bytes(c, mud, mud_len);
	if (!error)
		error = find_signer(c);
	if (!error)
		error = cms_check_usage(c->signer, c->text);
	if (!error)
		error = check_dates(c);
	if (!error)
		error = check_trust(c, trust);
	return error;
}

static void check_free(struct check *c)
{
	sk_X509_free(c->signers);
	sk_X509_pop_free(c->certs, X509_free);
	BIO_free_all(c->content);
	CMS_ContentInfo_free(c->cms);
	ERR_clear_error();
}

int mud_cms_verify_device(const struct mud_trust *trust, const void *device_pem,
	size_t device_len, const void *mud, size_t mud_len, const void *signature,
	size_t signature_len, nstime wall, char ret_signer[LIMIT_TEXT],
	char ret_text[LIMIT_TEXT])
{
	struct check c = {.wall = wall, .text = ret_text};
	int error = check_all(&c, trust, mud, mud_len, signature, signature_len);

	if (!error && device_pem)
		error = check_device(&c, device_pem, device_len);
	if (!error)
		memcpy(ret_signer, c.name, sizeof c.name);
	check_free(&c);
	return error;
}

int mud_cms_verify(const struct mud_trust *trust, const void *mud, size_t mud_len,
	const void *signature, size_t signature_len, nstime wall,
	char ret_signer[LIMIT_TEXT], char ret_text[LIMIT_TEXT])
{
	return mud_cms_verify_device(trust, NULL, 0, mud, mud_len, signature,
		signature_len, wall, ret_signer, ret_text);
}

int mud_cms_judge(const struct mud_trust *trust, const void *mud, size_t mud_len,
	const void *signature, size_t signature_len, nstime wall,
	struct mud_signature *ret_signature)
{
	struct mud_signature s = {.state = SIGNATURE_VALID};
	struct check c = {.wall = wall, .text = s.text};
	int error = check_all(&c, trust, mud, mud_len, signature, signature_len);

	if (error)
		s.state = c.unknown ? SIGNATURE_UNTRUSTED : SIGNATURE_INVALID;
	memcpy(s.signer, c.name, sizeof s.signer);
	memcpy(s.key, c.key, sizeof s.key);
	check_free(&c);
	if (error == -ENOMEM)
		return error;
	*ret_signature = s;
	return 0;
}

int mud_sha256(const void *bytes, size_t len, uint8_t ret_digest[32])
{
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (!EVP_Digest(bytes, len, digest, NULL, EVP_sha256(), NULL))
		return -ENOMEM;
	memcpy(ret_digest, digest, 32);
	return 0;
}
