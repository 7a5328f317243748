// SPDX-License-Identifier: GPL-2.0-or-later
/* What a SUIT envelope is worth: digest first, then the signatures over it, and only then
 * what the manifest says (draft-ietf-suit-manifest-34 6.2). */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include "base/str.h"
#include "attest/attest.h"

const char *attest_state_name(enum attest_state s)
{
	static const char *const names[ATTEST_STATE_MAX] = {
		"valid", "invalid", "unsigned", "unverifiable", "unchecked"};

	return s < ATTEST_STATE_MAX ? names[s] : "?";
}

const char *suit_doubt_text(enum suit_doubt d)
{
	switch (d) {
	case SUIT_DOUBT_VERSION:
		return "its manifest-version is not 1: the only one there is";
	case SUIT_DOUBT_CONDITIONS:
		return "it is tied to no vendor or no class of device, so that any "
		       "device would take it";
	case SUIT_DOUBT_VENDOR:
		return "its vendor-id is not that of the vendor who was named";
	case SUIT_DOUBT_ROLLBACK:
		return "its sequence number is lower than one that was accepted: an "
		       "old firmware";
	case SUIT_DOUBT_SEVERED:
		return "a part of it is not in this envelope: fetch the whole one";
	case SUIT_DOUBT_NO_IMAGE:
		return "it names no image by its digest";
	}
	return "?";
}

/* 0 right, CARDEA_ESIGNATURE wrong, CARDEA_EUNSUPPORTED another hash. */
static int check_digest(const struct suit_digest *d, struct cursor bytes)
{
	const EVP_MD *md = d->alg == SUIT_SHA256 ? EVP_sha256()
			   : d->alg == -43	 ? EVP_sha384()
			   : d->alg == -44	 ? EVP_sha512()
						 : NULL;
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned len;

	if (!md)
		return CARDEA_EUNSUPPORTED;
	if (EVP_Digest(bytes.pos, cursor_left(&bytes), hash, &len, md, NULL) != 1)
		return -ENOMEM;
	if (cursor_left(&d->bytes) != len ||
		CRYPTO_memcmp(d->bytes.pos, hash, len) != 0)
		return CARDEA_ESIGNATURE;
	return 0;
}

static void fault(struct suit_judged *j, enum attest_state state, const char *text)
{
	j->state = state;
	str_copy(j->text, LIMIT_TEXT, text);
}

/* One signature: what is worse than what was there before is not taken over a valid one. */
static int check_auth(const struct suit_asked *asked, struct suit_judged *j, uint32_t i)
{
	struct cursor bytes = j->envelope.auths[i];
	struct cose cose;
	int error = cose_read(&bytes, true, &cose);

	if (error || cursor_left(&bytes) || !cose.is_detached) {
		fault(j, ATTEST_INVALID, "a signature is no COSE_Sign1 over the digest");
		return 0;
	}
	j->has_alg = cose.has_alg;
	j->alg = cose.alg;
	if (cose.kind == COSE_MAC0) {
		fault(j, ATTEST_UNVERIFIABLE,
			"it has a MAC and no signature: only who has the secret of the "
			"device can check it, and could have made it");
		return 0;
	}
	if (!asked->key) {
		fault(j, ATTEST_UNCHECKED, "no key was given to check its signature");
		return 0;
	}
	error = attest_cose_verify(asked->key, &cose, j->envelope.digest_item);
	if (error == -ENOMEM)
		return error;
	if (!error)
		fault(j, ATTEST_VALID, "");
	else if (error == CARDEA_EUNSUPPORTED)
		fault(j, ATTEST_UNVERIFIABLE, "its signature is of an algorithm that "
						"is not known here");
	else if (error == CARDEA_EUNTRUSTED)
		fault(j, ATTEST_INVALID, "the key is not one of its algorithm");
	else
		fault(j, ATTEST_INVALID, "the key did not make its signature");
	return 0;
}

/* One that is trusted is enough; a wrong one beside it is somebody else's key. */
static int check_auths(const struct suit_asked *asked, struct suit_judged *j)
{
	int error = 0;

	fault(j, ATTEST_UNSIGNED, "it has no signature");
	for (uint32_t i = 0; i < j->envelope.auth_count && !error; i++) {
		error = check_auth(asked, j, i);
		if (j->state == ATTEST_VALID)
			break;
	}
	return error;
}

/* A severed member counts when it is what the manifest has the digest of. */
static int read_severed(struct suit_judged *j)
{
	for (uint32_t i = 0; i < j->manifest.severed_count; i++) {
		const struct suit_member *wanted = &j->manifest.severed[i], *is = NULL;
		struct suit_digest digest;
		for (uint32_t k = 0; k < j->envelope.member_count; k++)
			if (j->envelope.members[k].key == wanted->key)
				is = &j->envelope.members[k];
		if (!is) {
			j->doubts |= SUIT_DOUBT_SEVERED;
			continue;
		}
		if (suit_read_digest(wanted->content, &digest) ||
			check_digest(&digest, is->item)) {
			fault(j, ATTEST_INVALID,
				"a severed part is not the one that was signed");
			return CARDEA_ESIGNATURE;
		}
		if (suit_read_member(is, &j->manifest)) {
			fault(j, ATTEST_INVALID, "a severed part cannot be read");
			return CARDEA_EMALFORMED;
		}
	}
	return 0;
}

bool attest_is_of_vendor(const struct suit_manifest *m, const char *domain)
{
	uint8_t uuid[SUIT_UUID];
	bool found = false;

	if (attest_vendor_uuid(domain, uuid))
		return false;
	for (uint32_t i = 0; i < m->image_count; i++) {
		if (!m->images[i].has_vendor)
			continue;
		if (memcmp(m->images[i].vendor, uuid, SUIT_UUID) != 0)
			return false;
		found = true;
	}
	return found;
}

static void doubt(const struct suit_asked *asked, struct suit_judged *j)
{
	const struct suit_manifest *m = &j->manifest;
	bool has_digest = false;

	for (uint32_t i = 0; i < m->image_count; i++)
		has_digest |= m->images[i].has_digest;
	if (m->version != 1)
		j->doubts |= SUIT_DOUBT_VERSION;
	if (!m->checks_vendor || !m->checks_class)
		j->doubts |= SUIT_DOUBT_CONDITIONS;
	if (asked->vendor && !attest_is_of_vendor(m, asked->vendor))
		j->doubts |= SUIT_DOUBT_VENDOR;
	if (m->sequence < asked->accepted)
		j->doubts |= SUIT_DOUBT_ROLLBACK;
	if (!has_digest)
		j->doubts |= SUIT_DOUBT_NO_IMAGE;
	if (j->doubts && j->state == ATTEST_VALID)
		str_copy(j->text, LIMIT_TEXT,
			suit_doubt_text(1U << __builtin_ctz(j->doubts)));
}

static void at(struct suit_judged *j, const char *what, int error, size_t octet)
{
	j->state = ATTEST_INVALID;
	(void)str_print(j->text, LIMIT_TEXT, "%s cannot be read: %s, at octet %zu", what,
		error_text(error), octet);
}

int suit_judge(struct cursor bytes, const struct suit_asked *asked,
	struct suit_judged *ret)
{
	size_t octet = 0;
	int error;

	memset(ret, 0, sizeof(*ret));
	error = suit_read_envelope(bytes, &ret->envelope, &octet);
	if (error) {
		at(ret, "the envelope", error, octet);
		return 0;
	}
	error = check_digest(&ret->envelope.digest, ret->envelope.manifest_item);
	if (error == -ENOMEM)
		return error;
	if (error == CARDEA_EUNSUPPORTED) {
		fault(ret, ATTEST_UNVERIFIABLE, "its digest is of an algorithm that is "
						  "not known here");
		return 0;
	}
	if (error) {
		fault(ret, ATTEST_INVALID,
			"the digest is not of this manifest: it was changed");
		return 0;
	}
	error = check_auths(asked, ret);
	if (error || ret->state == ATTEST_INVALID)
		return error;
	error = suit_read_manifest(ret->envelope.manifest, &ret->manifest, &octet);
	if (error) {
		at(ret, "the manifest", error, octet);
		return 0;
	}
	if (read_severed(ret) == 0) {
		ret->has_manifest = true;
		doubt(asked, ret);
	}
	return 0;
}
