// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* profile - what a device is for: the checked result of reading one MUD file. */
#ifndef CARDEA_MODEL_PROFILE_H
#define CARDEA_MODEL_PROFILE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"
#include "model/limits.h"
#include "model/rule.h"

enum signature_state {
	SIGNATURE_NONE,	    /* the file names no signature */
	SIGNATURE_VALID,    /* chain to a configured anchor */
	SIGNATURE_INVALID,  /* bytes, signer, usage or time wrong: file not usable */
	SIGNATURE_UNCHECKED,/* read offline, nothing to check against */
	SIGNATURE_UNTRUSTED,/* good over these bytes, by somebody whom no anchor vouches for */
	SIGNATURE_STATE_MAX,
};

enum note_level {
	NOTE_INFO,   /* an unknown node was ignored */
	NOTE_REPAIR, /* import mode mended something */
	NOTE_WARNING,
	NOTE_ERROR,  /* the file is not usable */
};

/* One finding about a file: what, where, what next. */
struct note {
	enum note_level level;
	uint32_t line, column; /* 0 unknown */
	char path[LIMIT_TEXT]; /* JSON path */
	char text[LIMIT_TEXT];
};

/* RFC 9761: what a ClientHello may offer. An empty list says nothing of its kind. */
struct u16_list {
	uint16_t count;
	uint16_t items[LIMIT_U16_LIST];
};

struct tls_profile {
	char name[LIMIT_LABEL];
	struct u16_list versions; /* as on the wire, of TLS and DTLS */
	struct u16_list ciphers, extensions, groups, signatures, signatures_cert;
	struct u16_list modes, compressions;
	char alpn[LIMIT_TEXT]; /* names, comma between; as in struct message_seen_hello */
	bool has_authorities;  /* lists what only the server's side shows */
};

/* Bandwidth profile: how much one service needs (draft-lear-opsawg-mud-bw-profile). */
struct profile_limit {
	enum direction direction;
	char service[LIMIT_LABEL];
	char acl[LIMIT_LABEL]; /* the ACL it is about; empty: all of the direction */
	uint32_t timeframe_s;
	uint64_t packets, bytes; /* per second; 0: no limit */
};

/* What the file points to for people: SBOM, contacts, owner, licence, reporter, MASA. */
struct profile_link {
	char kind[LIMIT_LABEL]; /* the leaf's name, such as "sbom-url" */
	char text[LIMIT_URL];	/* untrusted; shown, never fetched; a report-uri is
				 * sent to where the owner wants it */
};

struct profile {
	char url[LIMIT_URL];
	nstime last_update; /* wall; 0 unknown */
	uint16_t cache_validity_h;
	bool is_supported;
	char systeminfo[LIMIT_SYSTEMINFO];
	char mfg_name[LIMIT_SYSTEMINFO];
	char model_name[LIMIT_SYSTEMINFO];
	char documentation[LIMIT_URL];
	char signature_url[LIMIT_URL];
	enum signature_state signature;
	char signer[LIMIT_TEXT]; /* subject of the signing certificate */
	char signer_key[LIMIT_LABEL]; /* key identifier of the CA that issued it, in hex */
	char signature_text[LIMIT_TEXT]; /* why the signature is not VALID, for people */
	char etag[LIMIT_TEXT];	 /* as the server said it (RFC 9110 8.8.3); may be empty */
	bool has_quarantine;	 /* it says which rules stay on in quarantine */
	bool tls_supported;	 /* is-tls-dtls-profile-supported */
	struct tls_profile *tls; /* these three live where rules do */
	struct profile_limit *limits;
	struct profile_link *links;
	uint8_t tls_count, limit_count, link_count;
	uint8_t sha256[32];	 /* of the exact bytes */
	enum layer layer;
	struct rule *rules; /* owner says who frees: a pool or the caller */
	uint32_t rule_count;
	struct note *notes;
	uint32_t note_count;
	uint32_t note_dropped; /* beyond LIMIT_NOTES */
};

const char *signature_state_name(enum signature_state s);
const char *note_level_name(enum note_level l);

#endif
