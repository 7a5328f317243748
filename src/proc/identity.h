// SPDX-License-Identifier: GPL-2.0-or-later
/* identity - parts of cardea-identity, the program that a RADIUS or DHCP server runs:
 * what the command line asks (identity_hook.c), the certificate of a device
 * (identity_cert.c), certificates that wait for their proof (identity_held.c), and the
 * talk with Cardea (identity_tell.c). */
#ifndef CARDEA_PROC_IDENTITY_H
#define CARDEA_PROC_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include "base/addr.h"
#include "base/error.h"
#include "model/device.h"
#include "model/limits.h"

/* One device certificate as PEM, and what may stand around it: an ML-DSA-87 one in text
 * form has 15 KiB. */
#define IDENTITY_FILE_MAX 65536
#define IDENTITY_SERIAL_MAX 64 /* hexadecimal; RFC 5280 4.1.2.2 allows 20 octets */
#define IDENTITY_ISSUER_MAX 1024 /* as much of it as FreeRADIUS tells */

/* What is said of one device. */
struct identity_claim {
	struct mac mac;
	enum url_source source;
	char mud_url[LIMIT_URL];
	char mud_signer[LIMIT_TEXT];
};

struct identity_cert {
	char mud_url[LIMIT_URL];	  /* empty: the certificate has none */
	char mud_signer[LIMIT_TEXT];	  /* as cms.h writes the signer of a file */
	char serial[IDENTITY_SERIAL_MAX]; /* lower case, two digits an octet */
	char issuer[IDENTITY_ISSUER_MAX]; /* "/CN=..." */
};

/* Reads one certificate, PEM or DER; in PEM the first is the device's. Hostile input:
 * be in the sandbox. CARDEA_EMALFORMED with a sentence. */
int identity_cert_read(const void *bytes, size_t len, struct identity_cert *ret,
	char ret_text[LIMIT_TEXT]) CARDEA_MUSTCHECK;
/* Before the sandbox: what the library would want to open later. */
int identity_cert_init(void) CARDEA_MUSTCHECK;

/* Reads a regular file into IDENTITY_FILE_MAX bytes; CARDEA_ELIMIT: it is bigger. */
int identity_held_read(const char *path, char *buf, size_t *ret_len) CARDEA_MUSTCHECK;
/* The certificate that this device showed last is put into dir, or taken from there.
 * -EPERM: others may write to dir. */
int identity_held_put(const char *dir, const struct mac *mac, const void *bytes,
	size_t len) CARDEA_MUSTCHECK;
int identity_held_get(const char *dir, const struct mac *mac, char *buf,
	size_t *ret_len) CARDEA_MUSTCHECK;

/* A connected socket, or -errno; path NULL: where it usually is. */
int identity_tell_dial(const char *path);
/* Says it and waits for the answer. CARDEA_EREFUSED with what Cardea said; CARDEA_EPEER
 * or -errno with a sentence. */
int identity_tell(int fd, const struct identity_claim *c,
	char ret_text[LIMIT_TEXT]) CARDEA_MUSTCHECK;

#endif
