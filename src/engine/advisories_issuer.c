// SPDX-License-Identifier: GPL-2.0-or-later
/* Who may say something of this house's devices: keys that the owner has let in, and what
 * they signed. A signature is a detached COSE_Sign1 over the file as it is: a key that is
 * known needs no chain, no names and no clock, and the code is that of attestation. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include "attest/attest.h"
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"
#include "profiles/mud/cms.h"

const struct advisory_issuer *advisories_issuer(const struct pipeline *p, const char *name)
{
	const struct advisories *a = &p->advisories;

	for (size_t i = 0; i < a->issuer_count; i++)
		if (strcmp(a->issuers[i]->name, name) == 0)
			return a->issuers[i];
	return NULL;
}

/* ---- keys ---- */

static bool take_subject(X509 *cert, char ret[LIMIT_TEXT])
{
	unsigned char *der = NULL;
	int len = i2d_X509_NAME(X509_get_subject_name(cert), &der);
	int error = len > 0 ? mud_name_text(der, (size_t)len, ret) : CARDEA_EMALFORMED;

	OPENSSL_free(der);
	return error == 0;
}

/* As a pin of a MUD file's signer has it (profiles/mud/cms.h): of its CA's key. */
static void take_ca(X509 *cert, char ret[LIMIT_LABEL])
{
	const ASN1_OCTET_STRING *id = X509_get0_authority_key_id(cert);
	const unsigned char *bytes = id ? ASN1_STRING_get0_data(id) : NULL;
	size_t len = id ? (size_t)ASN1_STRING_length(id) : 0;

	ret[0] = 0;
	for (size_t i = 0; i < len && 2 * i + 2 < LIMIT_LABEL; i++)
		(void)str_print(ret + 2 * i, 3, "%02x", bytes[i]);
}

/* A certificate also says which maker's it is, where MUD files are signed by the same. */
static void take_names(struct advisory_issuer *i)
{
	BIO *in = BIO_new_mem_buf(i->key, -1);
	X509 *cert = in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;

	i->signer[0] = i->signer_key[0] = 0;
	if (cert && take_subject(cert, i->signer))
		take_ca(cert, i->signer_key);
	X509_free(cert);
	BIO_free(in);
	ERR_clear_error();
}

int advisories_verify(const struct advisory_issuer *i, const char *text, size_t len,
	struct cursor signature, char why[LIMIT_TEXT])
{
	struct attest_key *key = NULL;
	struct cose s;
	int error = attest_key_read(i->key, strlen(i->key), &key, why);

	if (error)
		return error;
	error = cose_read(&signature, false, &s);
	if (!error && cursor_left(&signature))
		error = CARDEA_EMALFORMED;
	if (error || s.kind != COSE_SIGN1 || !s.is_detached) {
		str_copy(why, LIMIT_TEXT,
			"the signature is no COSE_Sign1 that stands beside its file "
			"(RFC 9052 4.2)");
		error = CARDEA_EMALFORMED;
	}
	if (!error) {
		error = attest_cose_verify(key, &s, cursor_of(text, len));
		if (error)
			(void)str_print(why, LIMIT_TEXT,
				"the key of %s did not sign this file (%s)", i->name,
				error_text(error));
	}
	attest_key_free(key);
	return error;
}

/* ---- the registry ---- */

static int check_issuer(struct pipeline *p, const struct advisory_issuer *i,
	char why[LIMIT_TEXT])
{
	struct attest_key *key = NULL;
	int error;

	for (const char *c = i->name; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("/\\\"'`$", *c)) {
			str_copy(why, LIMIT_TEXT,
				"an issuer's name is made of letters, digits and - _ . : +");
			return CARDEA_EMALFORMED;
		}
	if (!i->name[0] || strcmp(i->name, ADVISORIES_OWNER) == 0 ||
		i->class == ADVISORY_OWNER) {
		str_copy(why, LIMIT_TEXT,
			"the owner needs no entry: what you import without a signature "
			"as issuer \"owner\" is your word");
		return CARDEA_EMALFORMED;
	}
	if (advisories_issuer(p, i->name)) {
		(void)str_print(why, LIMIT_TEXT, "there is an issuer %s already", i->name);
		return -EEXIST;
	}
	if (p->advisories.issuer_count == STORE_ISSUERS_MAX) {
		(void)str_print(why, LIMIT_TEXT, "there are %u issuers, which is all that "
						 "may be", STORE_ISSUERS_MAX);
		return CARDEA_ELIMIT;
	}
	error = attest_key_read(i->key, strlen(i->key), &key, why);
	attest_key_free(key);
	return error;
}

/* One key under two names would count twice. */
static const char *twin_of(const struct pipeline *p, const struct advisory_issuer *i)
{
	const struct advisories *a = &p->advisories;

	for (size_t k = 0; k < a->issuer_count; k++)
		if (strcmp(a->issuers[k]->key, i->key) == 0)
			return a->issuers[k]->group[0] ? a->issuers[k]->group
						       : a->issuers[k]->name;
	return NULL;
}

int advisories_issuer_add(struct pipeline *p, struct advisory_issuer *i, bool dry,
	char why[LIMIT_TEXT])
{
	struct advisories *a = &p->advisories;
	struct advisory_issuer *copy;
	char text[LIMIT_TEXT];
	int error = check_issuer(p, i, why);

	if (error)
		return error;
	take_names(i);
	if (twin_of(p, i))
		str_copy(i->group, sizeof(i->group), twin_of(p, i));
	i->added = pipeline_wall(p);
	if (dry)
		return 0;
	str_copy(why, LIMIT_TEXT, "it was not stored; is the disk full?");
	copy = malloc(sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	(void)str_print(text, sizeof(text), "You let %s speak, as %s%s%s.", i->name,
		advisory_class_name(i->class), i->group[0] ? " of " : "", i->group);
	const struct advisories_said s = {
		.act = ADVISORY_ACT_ISSUER, .issuer = i->name, .text = text};

	error = advisories_log(p, &s);
	if (!error)
		error = store_issuer_save(p->store, i);
	if (!error)
		error = store_commit(p->store);
	if (error) {
		advisories_log_again(p);
		free(copy);
		return error;
	}
	*copy = *i;
	a->issuers[a->issuer_count++] = copy;
	journal_note(&p->journal, i->added, 0, EVENT_ADVISORY, "%s", text);
	return 0;
}

static int drop_issuer(struct pipeline *p, size_t i)
{
	struct advisories *a = &p->advisories;
	struct advisory_issuer *gone = a->issuers[i];
	char text[LIMIT_TEXT];
	int error;

	(void)str_print(text, sizeof(text), "You no longer let %s speak.", gone->name);
	const struct advisories_said s = {
		.act = ADVISORY_ACT_ISSUER, .issuer = gone->name, .text = text};

	error = advisories_log(p, &s);
	if (!error)
		error = store_issuer_remove(p->store, gone->name);
	for (size_t k = 0; k < a->count && !error; k++)
		if (a->list[k]->state == ADVISORY_ACTIVE &&
			strcmp(a->list[k]->a.issuer, gone->name) == 0)
			error = advisories_close(p, a->list[k], ADVISORY_WITHDRAWN);
	if (!error)
		error = store_commit(p->store);
	if (error) {
		advisories_log_again(p);
		return error;
	}
	journal_note(&p->journal, pipeline_wall(p), 0, EVENT_ADVISORY, "%s", text);
	a->issuers[i] = a->issuers[--a->issuer_count];
	free(gone);
	return 0;
}

int advisories_issuer_remove(struct pipeline *p, const char *name, bool dry)
{
	for (size_t i = 0; i < p->advisories.issuer_count; i++)
		if (strcmp(p->advisories.issuers[i]->name, name) == 0)
			return dry ? 0 : drop_issuer(p, i);
	return -ENOENT;
}
