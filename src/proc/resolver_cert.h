// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_cert - the certificate of the encrypted DNS service. The owner's own, or one
 * that signs itself and is made here; its key stays for good, so that a client that has
 * pinned it (RFC 7858 4.2) goes on. Files are read and written before the sandbox
 * closes; a certificate that ends, or lacks a new address, is renewed in memory. */
#ifndef CARDEA_PROC_RESOLVER_CERT_H
#define CARDEA_PROC_RESOLVER_CERT_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include "base/addr.h"
#include "base/clock.h"
#include "model/messages.h"

/* In the folder of ours: a key and its certificate that a restore brings, for root alone.
 * Whoever reads the folder next puts them in place of those that are there. */
#define RESOLVER_CERT_RESTORED "restored.pem"

/* Addresses of the gateway over all LAN interfaces. */
#define RESOLVER_CERT_ADDRS 32

/* What the certificate has to say, and where it lies. */
struct resolver_cert_wish {
	char dir[LIMIT_URL]; /* of ours; empty: it is kept in memory */
	char cert_file[LIMIT_URL], key_file[LIMIT_URL]; /* the owner's, or empty */
	char name[LIMIT_NAME];
	struct addr addrs[RESOLVER_CERT_ADDRS];
	unsigned addr_count;
};

struct resolver_cert {
	X509 *cert;
	STACK_OF(X509) * chain; /* that the owner's file has behind it, or NULL */
	EVP_PKEY *key;
	bool owners;
};

/* Reads it, or makes it and writes it. why says what is wrong and what next. */
int resolver_cert_open(const struct resolver_cert_wish *wish, nstime wall,
	struct resolver_cert *ret, char why[LIMIT_TEXT]) CARDEA_MUSTCHECK;
void resolver_cert_free(struct resolver_cert *c); /* zeroes are fine */

/* It says all of the wish, and does not end soon. */
bool resolver_cert_fits(const struct resolver_cert *c,
	const struct resolver_cert_wish *wish, nstime wall);
/* A new certificate of the same key; not for the owner's. */
int resolver_cert_renew(struct resolver_cert *c, const struct resolver_cert_wish *wish,
	nstime wall) CARDEA_MUSTCHECK;
/* Name, digests and end. */
int resolver_cert_tell(const struct resolver_cert *c, const struct resolver_cert_wish *w,
	struct message_dns_tls *ret) CARDEA_MUSTCHECK;

#endif
