// SPDX-License-Identifier: GPL-2.0-or-later
/* What a device's certificate says of its MUD file (RFC 8520 11): two extensions, each
 * strictly as its ASN.1 says, for many certificates in the wild have them wrong. */
#include "proc/identity.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include "base/str.h"
#include "profiles/mud/cms.h"
#include "profiles/mud/mud.h"

#define OID_MUD_URL "1.3.6.1.5.5.7.1.25"    /* id-pe-mud-url, an IA5String */
#define OID_MUD_SIGNER "1.3.6.1.5.5.7.1.30" /* id-pe-mudsigner, a Name */
#define PEM_BEGIN "-----BEGIN "

static int refuse(char *text, const char *why)
{
	str_copy(text, LIMIT_TEXT, why);
	return CARDEA_EMALFORMED;
}

int identity_cert_init(void)
{
	/* No configuration: it may load engines, and is not readable later. */
	return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG |
					   OPENSSL_INIT_LOAD_CRYPTO_STRINGS,
		       NULL)
		       ? 0
		       : CARDEA_EUNSUPPORTED;
}

/* Nobody is there to type a pass phrase. */
static int no_phrase(char *buf, int size, int writing, void *ctx)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)ctx;
	return -1;
}

static X509 *read_pem(const void *bytes, size_t len)
{
	BIO *bio = BIO_new_mem_buf(bytes, (int)len);
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, no_phrase, NULL) : NULL;

	BIO_free(bio);
	return cert;
}

/* One DER value and nothing behind it. */
static X509 *read_der(const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	X509 *cert = d2i_X509(NULL, &at, (long)len);

	if (cert && at != (const unsigned char *)bytes + len) {
		X509_free(cert);
		return NULL;
	}
	return cert;
}

/* NULL and 0 when there is none; RFC 5280 4.2 allows each extension once. */
static int find(const X509 *cert, const char *oid, const ASN1_OCTET_STRING **ret)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	int at = object ? X509_get_ext_by_OBJ(cert, object, -1) : -1;
	int error = object ? 0 : CARDEA_EUNSUPPORTED;

	*ret = NULL;
	if (at >= 0 && X509_get_ext_by_OBJ(cert, object, at) >= 0)
		error = CARDEA_EMALFORMED;
	else if (at >= 0)
		*ret = X509_EXTENSION_get_data(X509_get_ext(cert, at));
	ASN1_OBJECT_free(object);
	return error;
}

static int read_url(const ASN1_OCTET_STRING *value, char url[LIMIT_URL], char *text)
{
	const unsigned char *at = ASN1_STRING_get0_data(value);
	const unsigned char *end = at + ASN1_STRING_length(value);
	ASN1_IA5STRING *s = d2i_ASN1_IA5STRING(NULL, &at, end - at);
	int error = 0;

	if (!s || at != end)
		error = refuse(text, "its MUD URL (1.3.6.1.5.5.7.1.25) is no "
				     "IA5String, as RFC 8520 section 11 asks for");
	else if (ASN1_STRING_length(s) >= LIMIT_URL ||
		 memchr(ASN1_STRING_get0_data(s), 0, (size_t)ASN1_STRING_length(s)))
		error = refuse(text, "its MUD URL is too long, or holds a NUL");
	else
		(void)str_copy_bytes(url, LIMIT_URL, ASN1_STRING_get0_data(s),
			(size_t)ASN1_STRING_length(s));
	ASN1_IA5STRING_free(s);
	return error ? error : mud_url_check(url, 0, text);
}

static int read_signer(const ASN1_OCTET_STRING *value, char signer[LIMIT_TEXT],
	char *text)
{
	int error = mud_name_text(ASN1_STRING_get0_data(value),
		(size_t)ASN1_STRING_length(value), signer);

	if (error == CARDEA_ELIMIT)
		return refuse(text, "the name of its MUD signer "
				    "(1.3.6.1.5.5.7.1.30) is too long");
	if (error || !signer[0])
		return refuse(text, "its MUD signer (1.3.6.1.5.5.7.1.30) is no Name "
				    "with something in it, as RFC 8520 section 11 "
				    "asks for");
	return 0;
}

static int read_extensions(const X509 *cert, struct identity_cert *c, char *text)
{
	const ASN1_OCTET_STRING *url, *signer;
	int error = find(cert, OID_MUD_URL, &url);

	if (!error)
		error = find(cert, OID_MUD_SIGNER, &signer);
	if (error)
		return refuse(text, "it has more than one MUD URL or MUD signer");
	if (url)
		error = read_url(url, c->mud_url, text);
	if (!error && signer)
		error = read_signer(signer, c->mud_signer, text);
	return error;
}

static int read_origin(const X509 *cert, struct identity_cert *c, char *text)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	int len = ASN1_STRING_length(serial);
	const unsigned char *bytes = ASN1_STRING_get0_data(serial);

	if (len < 1 || (size_t)len * 2 >= IDENTITY_SERIAL_MAX)
		return refuse(text, "its serial number is too long (RFC 5280 section "
				    "4.1.2.2: 20 octets)");
	str_to_hex(bytes, (size_t)len, c->serial);
	if (!X509_NAME_oneline(
		    X509_get_issuer_name(cert), c->issuer, sizeof(c->issuer)))
		return refuse(text, "its issuer cannot be read");
	return 0;
}

int identity_cert_read(const void *bytes, size_t len, struct identity_cert *ret,
	char ret_text[LIMIT_TEXT])
{
	struct identity_cert c = {0};
	X509 *cert = NULL;
	int error;

	if (len > 0 && len <= IDENTITY_FILE_MAX)
		cert = memmem(bytes, len, PEM_BEGIN, strlen(PEM_BEGIN))
			       ? read_pem(bytes, len)
			       : read_der(bytes, len);
	if (!cert)
		error = refuse(ret_text, "this is no certificate in PEM or DER");
	else
		error = read_origin(cert, &c, ret_text);
	if (!error)
		error = read_extensions(cert, &c, ret_text);
	X509_free(cert);
	ERR_clear_error();
	if (!error)
		*ret = c;
	return error;
}
