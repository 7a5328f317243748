// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* suit - reads SUIT envelopes and manifests (draft-ietf-suit-manifest-34) as somebody who
 * watches: what image is to be fetched from where, for whom. Nothing is executed. The
 * envelope comes first and by itself: the manifest may be read once it is known that
 * these bytes are the signed ones (8.2 there, "Required Checks"). */
#ifndef CARDEA_WIRE_SUIT_H
#define CARDEA_WIRE_SUIT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/cursor.h"
#include "base/error.h"

#define SUIT_BYTES_MAX (512 * 1024) /* of an envelope; integrated payloads are within it */
#define SUIT_AUTHS_MAX 8	    /* signatures of one envelope */
#define SUIT_MEMBERS_MAX 16	    /* severed members of one envelope */
#define SUIT_COMPONENTS_MAX 32	    /* with dependencies; bits of a word */
#define SUIT_IMAGES_MAX 64	    /* alternatives of all components */
#define SUIT_URIS_MAX 32
#define SUIT_SEQUENCE_DEPTH_MAX 4 /* run-sequence and try-each in one another */
#define SUIT_COMMANDS_MAX 1024	  /* of a manifest, all sequences together */
#define SUIT_UUID 16

#define SUIT_SHA256 (-16) /* IANA "COSE Algorithms" */
struct suit_digest {
	int64_t alg;
	struct cursor bytes;
};

/* A member of the envelope that the manifest has as a digest alone. */
struct suit_member {
	int64_t key;	    /* 16 payload-fetch, 20 install, 23 text */
	struct cursor item; /* with its head as a byte string: that is what is hashed */
	struct cursor content;
};

struct suit_envelope {
	struct suit_digest digest; /* of manifest_item */
	struct cursor digest_item; /* what the signatures are over */
	uint32_t auth_count;
	struct cursor auths[SUIT_AUTHS_MAX]; /* a COSE object each */
	struct cursor manifest_item; /* with its head as a byte string */
	struct cursor manifest;
	uint32_t member_count;
	struct suit_member members[SUIT_MEMBERS_MAX];
	uint32_t payloads; /* integrated ones */
};

/* What override-parameters said of a component at one place. */
struct suit_image {
	uint32_t component;
	bool has_vendor, has_class, has_size, has_slot, has_digest;
	uint8_t vendor[SUIT_UUID], class_id[SUIT_UUID];
	struct suit_digest digest;
	uint64_t size, slot;
};

struct suit_uri {
	struct cursor text;
	uint32_t component;
	int64_t sequence;   /* the manifest's member that has it: 16, 20, ... */
	bool is_integrated; /* "#tc": a payload of the envelope */
};

struct suit_manifest {
	uint64_t version, sequence;
	struct cursor reference; /* reference-uri; or empty */
	uint32_t component_count, image_count, uri_count, command_count;
	struct cursor components[SUIT_COMPONENTS_MAX]; /* SUIT_Component_Identifier, as is */
	/* Manifests that this one needs; they have indexes as components have (draft-ietf-
	 * suit-trust-domains 5). A bit each. */
	uint32_t dependencies;
	/* The shared sequence has the conditions that every manifest needs (8.4.2). */
	bool checks_vendor, checks_class;
	bool is_severed; /* some member is a digest that the envelope must have */
	struct suit_member severed[SUIT_MEMBERS_MAX]; /* item: empty; content: SUIT_Digest */
	uint32_t severed_count;
	struct suit_image images[SUIT_IMAGES_MAX];
	struct suit_uri uris[SUIT_URIS_MAX];
};

/* All results point into bytes. CARDEA_EMALFORMED, CARDEA_ETRUNCATED, CARDEA_ELIMIT,
 * CARDEA_EUNSUPPORTED; ret_at: the octet at which it went wrong, also for people. */
int suit_read_envelope(struct cursor bytes, struct suit_envelope *ret,
	size_t *ret_at) CARDEA_MUSTCHECK;
/* manifest: of an envelope, and its members that are not severed from it (those of e
 * whose digests are right; may be NULL). */
int suit_read_manifest(struct cursor manifest, struct suit_manifest *ret,
	size_t *ret_at) CARDEA_MUSTCHECK;
/* A severed member: its sequence, as if it stood in the manifest. */
int suit_read_member(
	const struct suit_member *member, struct suit_manifest *m) CARDEA_MUSTCHECK;
int suit_read_digest(struct cursor item, struct suit_digest *ret) CARDEA_MUSTCHECK;

#endif
