// SPDX-License-Identifier: GPL-2.0-or-later
/* cms_sign - the maker's half of cms.c: a detached CMS signature over the exact bytes
 * of a MUD file (RFC 8520 13.1), as `openssl cms -sign -binary -outform DER` makes it.
 * What no manager would accept is not made. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/str.h"
#include "profiles/mud/cms_priv.h"

#define CHAIN_MAX 8 /* verifiers follow 5 */

static int refuse(char *text, int error, const char *why)
{
	str_copy(text, LIMIT_TEXT, why);
	return error;
}

int cms_no_password(char *buf, int size, int writing, void *ctx)
{
	(void)buf, (void)size, (void)writing;
	if (ctx)
		*(bool *)ctx = true;
	return -1;
}

X509 *cms_read_cert(const void *pem, size_t len)
{
	BIO *bio = len <= PEM_MAX_BYTES ? BIO_new_mem_buf(pem, (int)len) : NULL;
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, cms_no_password, NULL) : NULL;

	BIO_free(bio);
	ERR_clear_error();
	return cert;
}

static int read_key(
	const struct mud_cms_identity *id, EVP_PKEY **ret_key, char text[LIMIT_TEXT])
{
	BIO *bio = id->key_len <= PEM_MAX_BYTES
			   ? BIO_new_mem_buf(id->key, (int)id->key_len)
			   : NULL;
	bool encrypted = false;
	EVP_PKEY *key =
		bio ? PEM_read_bio_PrivateKey(bio, NULL, cms_no_password, &encrypted)
		    : NULL;

	BIO_free(bio);
	ERR_clear_error();
	if (!key)
		return refuse(text, CARDEA_EMALFORMED,
			encrypted ? "the key is encrypted: `openssl pkey -in KEY -out "
				    "PLAIN` takes the password off"
				  : "the key is not one PEM private key");
	*ret_key = key;
	return 0;
}

static int read_chain(const struct mud_cms_identity *id, STACK_OF(X509) * chain,
	char text[LIMIT_TEXT])
{
	BIO *bio = id->chain_len <= PEM_MAX_BYTES
			   ? BIO_new_mem_buf(id->chain, (int)id->chain_len)
			   : NULL;
	X509 *cert;

	while (bio && (cert = PEM_read_bio_X509(bio, NULL, cms_no_password, NULL)))
		if (sk_X509_num(chain) == CHAIN_MAX || !sk_X509_push(chain, cert)) {
			X509_free(cert);
			break;
		}
	unsigned long e = ERR_peek_last_error();
	bool whole = bio && ERR_GET_LIB(e) == ERR_LIB_PEM &&
		     ERR_GET_REASON(e) == PEM_R_NO_START_LINE;
	BIO_free(bio);
	ERR_clear_error();
	if (!whole || !sk_X509_num(chain))
		return refuse(text, CARDEA_EMALFORMED,
			"the chain is not 1 to 8 PEM certificates");
	return 0;
}

static int check_signer(X509 *cert, EVP_PKEY *key, nstime wall, char text[LIMIT_TEXT])
{
	time_t now = (time_t)(wall / NS_PER_SEC);

	if (!X509_check_private_key(cert, key))
		return refuse(text, CARDEA_EREFUSED,
			"the key is not the one of the certificate");
	if (EVP_PKEY_get_security_bits(key) < CMS_STRENGTH_BITS)
		return refuse(text, CARDEA_EREFUSED,
			"the key is too weak: no manager would accept the signature");
	if (cms_check_usage(cert, text))
		return CARDEA_EREFUSED;
	if (X509_cmp_time(X509_get0_notAfter(cert), &now) < 0)
		return refuse(text, CARDEA_EREFUSED,
			"the certificate has expired: no manager would accept the "
			"signature");
	return 0;
}

static int write_der(CMS_ContentInfo *cms, uint8_t **ret_der, size_t *ret_len)
{
	int len = i2d_CMS_ContentInfo(cms, NULL);
	uint8_t *der = len > 0 ? malloc((size_t)len) : NULL, *at = der;

	if (!der)
		return -ENOMEM;
	if (i2d_CMS_ContentInfo(cms, &at) != len) {
		free(der);
		return -ENOMEM;
	}
	*ret_der = der;
	*ret_len = (size_t)len;
	return 0;
}

static int sign_bytes(X509 *cert, EVP_PKEY *key, STACK_OF(X509) * chain,
	const void *mud, size_t len, uint8_t **ret_der, size_t *ret_len, char *text)
{
	BIO *content = BIO_new_mem_buf(mud, (int)len);
	CMS_ContentInfo *cms = NULL;
	int error = CARDEA_EREFUSED;

	if (content)
		cms = CMS_sign(cert, key, chain, content, CMS_DETACHED | CMS_BINARY);
	if (cms)
		error = write_der(cms, ret_der, ret_len);
	else
		refuse(text, error, "no signature can be made with this kind of key");
	CMS_ContentInfo_free(cms);
	BIO_free(content);
	ERR_clear_error();
	return error;
}

int mud_cms_sign(const struct mud_cms_identity *id, const void *mud, size_t mud_len,
	nstime wall, uint8_t **ret_der, size_t *ret_len, char ret_signer[LIMIT_TEXT],
	char ret_text[LIMIT_TEXT])
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509 *cert = NULL;
	EVP_PKEY *key = NULL;
	int error = 0;

	if (mud_len > LIMIT_MUD_BYTES)
		error = refuse(
			ret_text, CARDEA_ELIMIT, "the MUD file is too big to be read");
	else if (!chain)
		error = refuse(ret_text, -ENOMEM, "out of memory");
	if (!error)
		error = read_key(id, &key, ret_text);
	if (!error && !(cert = cms_read_cert(id->cert, id->cert_len)))
		error = refuse(ret_text, CARDEA_EMALFORMED,
			"the certificate is not one PEM certificate");
	if (!error && id->chain_len)
		error = read_chain(id, chain, ret_text);
	if (!error)
		error = check_signer(cert, key, wall, ret_text);
	if (!error)
		error = sign_bytes(
			cert, key, chain, mud, mud_len, ret_der, ret_len, ret_text);
	if (!error)
		(void)cms_subject(cert, ret_signer);
	EVP_PKEY_free(key);
	X509_free(cert);
	sk_X509_pop_free(chain, X509_free);
	return error;
}
