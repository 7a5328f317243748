// SPDX-License-Identifier: GPL-2.0-or-later
/* cms_name - what certificates say, as text that people read and pins compare: names
 * and key identifiers. */
#include "profiles/mud/cms_priv.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <string.h>
#include "base/str.h"

/* Octets of a key identifier; 20 is usual (RFC 5280 4.2.1.2), two digits each. */
#define KEY_MAX ((LIMIT_LABEL - 1) / 2)

/* OpenSSL escapes all that is not printable ASCII (RFC 4514 2.4); should it ever miss
 * something, the text is still safe to show. */
int cms_name_text(const X509_NAME *name, char out[LIMIT_TEXT])
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = NULL;
	long n = 0;

	if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0)
		n = BIO_get_mem_data(bio, &data);
	bool whole = n < LIMIT_TEXT;
	if (n > LIMIT_TEXT - 1)
		n = LIMIT_TEXT - 1;
	for (long i = 0; i < n; i++)
		out[i] = data[i] >= ' ' && data[i] <= '~' ? data[i] : '?';
	out[n > 0 ? n : 0] = 0;
	BIO_free(bio);
	return whole ? 0 : CARDEA_ELIMIT;
}

int cms_subject(X509 *cert, char out[LIMIT_TEXT])
{
	return cms_name_text(X509_get_subject_name(cert), out);
}

int mud_name_text(const void *der, size_t len, char ret_text[LIMIT_TEXT])
{
	const unsigned char *at = der;
	char text[LIMIT_TEXT];
	X509_NAME *name =
		len <= PEM_MAX_BYTES ? d2i_X509_NAME(NULL, &at, (long)len) : NULL;
	int error = CARDEA_EMALFORMED;

	if (name && at == (const unsigned char *)der + len)
		error = cms_name_text(name, text);
	if (!error)
		memcpy(ret_text, text, sizeof text);
	X509_NAME_free(name);
	ERR_clear_error();
	return error;
}

static void hex(const unsigned char *bytes, size_t len, char out[LIMIT_LABEL])
{
	static const char digits[] = "0123456789abcdef";

	if (len > KEY_MAX)
		len = KEY_MAX;
	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * len] = 0;
}

static bool octets(const ASN1_OCTET_STRING *id, char out[LIMIT_LABEL])
{
	if (!id || ASN1_STRING_length(id) <= 0)
		return false;
	hex(ASN1_STRING_get0_data(id), (size_t)ASN1_STRING_length(id), out);
	return true;
}

void cms_issuer_key(X509 *signer, X509 *issuer, char out[LIMIT_LABEL])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	out[0] = 0;
	if (issuer && octets(X509_get0_subject_key_id(issuer), out))
		return;
	if (octets(X509_get0_authority_key_id(signer), out))
		return;
	/* RFC 5280 4.2.1.2 (1) */
	if (issuer && X509_pubkey_digest(issuer, EVP_sha1(), digest, &len))
		hex(digest, len, out);
}
