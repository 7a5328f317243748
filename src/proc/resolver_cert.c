// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_cert - makes a certificate that signs itself, and looks at one. */
#include "proc/resolver_cert.h"

#include <errno.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>
#include "base/error.h"
#include "base/str.h"

#define DAY_S 86400
/* Devices that trust it by hand take no longer ones than this (two years and some). */
#define VALID_S (800LL * DAY_S)
/* Clocks of devices run behind. */
#define EARLIER_S (2LL * DAY_S)
/* It is renewed so long before its end. */
#define RENEW_S (30LL * DAY_S)
#define SERIAL_BYTES 16 /* RFC 5280 4.1.2.2: up to 20; random, as CAs do */

void resolver_cert_free(struct resolver_cert *c)
{
	X509_free(c->cert);
	sk_X509_pop_free(c->chain, X509_free);
	EVP_PKEY_free(c->key);
	*c = (struct resolver_cert){0};
}

/* ---- making ---- */

static bool set_serial(X509 *x)
{
	uint8_t bytes[SERIAL_BYTES];
	BIGNUM *n = NULL;
	bool ok = RAND_bytes(bytes, sizeof bytes) == 1;

	bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40); /* positive, never short */
	if (ok)
		n = BN_bin2bn(bytes, sizeof bytes, NULL);
	ok = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
	BN_free(n);
	return ok;
}

static bool name_add(GENERAL_NAMES *names, int type, ASN1_STRING *value)
{
	GENERAL_NAME *n = GENERAL_NAME_new();

	if (!n || !value || !sk_GENERAL_NAME_push(names, n)) {
		GENERAL_NAME_free(n);
		ASN1_STRING_free(value);
		return false;
	}
	GENERAL_NAME_set0_value(n, type, value);
	return true;
}

static ASN1_STRING *string_of(int type, const void *bytes, size_t len)
{
	ASN1_STRING *s = ASN1_STRING_type_new(type);

	if (s && !ASN1_STRING_set(s, bytes, (int)len)) {
		ASN1_STRING_free(s);
		return NULL;
	}
	return s;
}

/* RFC 9462 4.2: a client checks for the address that it asked without encryption. */
static bool set_names(X509 *x, const struct resolver_cert_wish *wish)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	bool ok = names && name_add(names, GEN_DNS,
				   string_of(V_ASN1_IA5STRING, wish->name,
					   strlen(wish->name)));

	for (unsigned i = 0; ok && i < wish->addr_count; i++)
		ok = name_add(names, GEN_IPADD,
			string_of(V_ASN1_OCTET_STRING, wish->addrs[i].b,
				addr_bits(&wish->addrs[i]) / 8U));
	if (ok)
		ok = X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, 0) == 1;
	sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
	return ok;
}

static bool set_usage(X509 *x)
{
	static const struct {
		int nid;
		const char *value;
	} usage[] = {{NID_basic_constraints, "critical,CA:FALSE"},
		{NID_key_usage, "critical,digitalSignature"},
		{NID_ext_key_usage, "serverAuth"}};

	for (size_t i = 0; i < sizeof usage / sizeof usage[0]; i++) {
		X509_EXTENSION *e =
			X509V3_EXT_conf_nid(NULL, NULL, usage[i].nid, usage[i].value);
		bool ok = e && X509_add_ext(x, e, -1);

		X509_EXTENSION_free(e);
		if (!ok)
			return false;
	}
	return true;
}

/* A common name has 64 characters at most (RFC 5280 A.1), and only people read it. */
static bool set_subject(X509 *x)
{
	X509_NAME *subject = X509_get_subject_name(x);

	return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
		       (const uint8_t *)"Cardea DNS of this network", -1, -1, 0) &&
	       X509_set_issuer_name(x, subject);
}

static bool set_times(X509 *x, nstime wall)
{
	int64_t now = wall / NS_PER_SEC;

	return ASN1_TIME_set(X509_getm_notBefore(x), (time_t)(now - EARLIER_S)) &&
	       ASN1_TIME_set(X509_getm_notAfter(x), (time_t)(now - EARLIER_S + VALID_S));
}

int resolver_cert_renew(
	struct resolver_cert *c, const struct resolver_cert_wish *wish, nstime wall)
{
	X509 *x = c->owners ? NULL : X509_new();

	if (c->owners)
		return CARDEA_EREFUSED;
	if (!x || !X509_set_version(x, X509_VERSION_3) || !set_serial(x) ||
		!set_times(x, wall) || !set_subject(x) || !X509_set_pubkey(x, c->key) ||
		!set_usage(x) || !set_names(x, wish) ||
		!X509_sign(x, c->key, EVP_sha256())) {
		X509_free(x);
		return -ENOMEM; /* nothing here depends on input */
	}
	X509_free(c->cert);
	c->cert = x;
	return 0;
}

/* ---- looking ---- */

static bool says_all(const struct resolver_cert *c, const struct resolver_cert_wish *wish)
{
	if (X509_check_host(c->cert, wish->name, 0, 0, NULL) != 1)
		return false;
	for (unsigned i = 0; i < wish->addr_count; i++)
		if (X509_check_ip(c->cert, wish->addrs[i].b,
			    addr_bits(&wish->addrs[i]) / 8U, 0) != 1)
			return false;
	return true;
}

static bool is_before(const ASN1_TIME *t, int64_t seconds)
{
	time_t limit = (time_t)seconds;

	return X509_cmp_time(t, &limit) < 0;
}

bool resolver_cert_fits(const struct resolver_cert *c,
	const struct resolver_cert_wish *wish, nstime wall)
{
	int64_t now = wall / NS_PER_SEC;

	return is_before(X509_get0_notBefore(c->cert), now + 1) &&
	       !is_before(X509_get0_notAfter(c->cert), now + RENEW_S) &&
	       says_all(c, wish);
}

static int end_of(const X509 *x, int64_t *ret_wall)
{
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days, seconds;
	bool ok = epoch &&
		  ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notAfter(x));

	ASN1_TIME_free(epoch);
	if (!ok)
		return CARDEA_EMALFORMED;
	*ret_wall = ((int64_t)days * DAY_S + seconds) * NS_PER_SEC;
	return 0;
}

static int pin_of(const X509 *x, uint8_t digest[32])
{
	uint8_t *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
	bool ok = len > 0 && EVP_Digest(der, (size_t)len, digest, NULL, EVP_sha256(), NULL);

	OPENSSL_free(der);
	return ok ? 0 : CARDEA_EMALFORMED;
}

int resolver_cert_tell(const struct resolver_cert *c, const struct resolver_cert_wish *w,
	struct message_dns_tls *ret)
{
	struct message_dns_tls m = {.on = true, .owners = c->owners};
	int e = end_of(c->cert, &m.not_after);

	if (!e && X509_digest(c->cert, EVP_sha256(), m.fingerprint, NULL) != 1)
		e = CARDEA_EMALFORMED;
	if (!e)
		e = pin_of(c->cert, m.pin);
	if (e)
		return e;
	(void)str_copy(m.name, sizeof m.name, w->name);
	*ret = m;
	return 0;
}
