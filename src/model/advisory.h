// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* advisory - what somebody outside says about a kind of device, who may say such things
 * here, and what was made of it. */
#ifndef CARDEA_MODEL_ADVISORY_H
#define CARDEA_MODEL_ADVISORY_H

#include <stdbool.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/clock.h"
#include "model/ids.h"
#include "model/limits.h"

enum advisory_class {
	ADVISORY_OWNER,
	ADVISORY_ISP,
	ADVISORY_VENDOR, /* only of its own types: the PKI that signs their MUD files */
	ADVISORY_CSIRT,
	ADVISORY_COMMUNITY,
	ADVISORY_CLASS_MAX,
};

enum advisory_effect {
	ADVISORY_NOTHING,
	ADVISORY_OBSERVE,
	ADVISORY_NOTIFY,
	ADVISORY_LIMIT,
	ADVISORY_UPDATE_ONLY,
	ADVISORY_BLOCK,
	ADVISORY_EFFECT_MAX,
};

/* What became of one. */
enum advisory_state {
	ADVISORY_ACTIVE,
	ADVISORY_OVERTURNED, /* the owner appealed: counts against its issuer */
	ADVISORY_WITHDRAWN,  /* the owner took it out; counts against nobody */
	ADVISORY_REVOKED,    /* its issuer did */
	ADVISORY_EXPIRED,
	ADVISORY_STATE_MAX,
};

/* One issuer's word about one type of device, or about its traffic. */
struct advisory {
	char id[LIMIT_LABEL];
	char issuer[LIMIT_LABEL];
	char group[LIMIT_LABEL]; /* who owns the issuer: key, registrant; counts once */
	enum advisory_class class;
	bool is_signed, signature_good;
	nstime issued, expires; /* wall */
	char mud_url[LIMIT_URL]; /* of the type; or empty */
	bool has_oui;
	uint8_t oui[3];
	/* The type by names that no device tells this gateway: kept, and match nothing. */
	char cpe[LIMIT_TEXT];
	char matter[LIMIT_LABEL];
	/* Traffic that shows it; both empty: the type alone is accused. A domain may be
	 * "*.example.com": all that is below. */
	char domain[LIMIT_NAME];
	bool has_peer;
	struct prefix peer;
	uint8_t proto;	/* 0: any */
	uint16_t port;	/* 0: any */
	enum advisory_effect effect;
	char fixed_in[LIMIT_LABEL]; /* firmware that mends it; or empty */
	uint32_t homes;	     /* COMMUNITY: that agree */
	bool revoked;	     /* its issuer takes it back */
	char text[LIMIT_TEXT]; /* for people; untrusted */
	uint32_t overturned; /* earlier advisories of this issuer */
};

/* One that is kept. */
struct advisory_kept {
	uint32_t key; /* of the store; 0: not stored */
	enum advisory_state state;
	nstime taken; /* wall */
	struct advisory a;
};

/* Who may say such things, as the owner has said. */
#define ADVISORY_PEM_MAX 4096 /* a certificate with a P-521 key and a long name: 1.5 KiB */
struct advisory_issuer {
	char name[LIMIT_LABEL];
	enum advisory_class class;
	char group[LIMIT_LABEL];
	char key[ADVISORY_PEM_MAX]; /* PEM: a public key or a certificate */
	/* Of a certificate, as a MUD file's signature has them; or empty. */
	char signer[LIMIT_TEXT], signer_key[LIMIT_LABEL];
	uint32_t overturned;
	nstime added; /* wall */
};

/* That a device's own traffic showed what an advisory says: it stays with the advisory,
 * however soon the flow itself is forgotten. */
struct advisory_seen {
	uint32_t advisory;
	device_id device;
	nstime first, last; /* wall, of such traffic */
	bool shared;	    /* at an address, or by a name, that is everybody's */
	bool listed;	    /* its own file lists it */
	char name[LIMIT_NAME];
	struct addr peer;
	uint8_t proto;
	uint16_t port;
};

/* What all advisories together come to for one device. */
struct advisory_held {
	device_id device;
	enum advisory_effect effect;
	bool accused; /* its life cycle was told so */
	nstime since; /* wall */
	nstime healed; /* wall: when it last came back: what was seen before is answered */
	char why[LIMIT_TEXT];
};

/* What happened to advisories: written once, never changed. */
enum advisory_act {
	ADVISORY_ACT_ISSUER,	/* the owner lets somebody speak, or no longer */
	ADVISORY_ACT_TAKEN,
	ADVISORY_ACT_REFUSED,
	ADVISORY_ACT_REVOKED,
	ADVISORY_ACT_EXPIRED,
	ADVISORY_ACT_WITHDRAWN,
	ADVISORY_ACT_APPEALED,
	ADVISORY_ACT_EFFECT,	/* on a device */
	ADVISORY_ACT_RELEASE,	/* of a device */
	ADVISORY_ACT_CUT,	/* the oldest entries went; text: the digest they ended in */
	ADVISORY_ACT_MAX,
};

#define ADVISORY_DIGEST 32
struct advisory_entry {
	uint32_t seq; /* 1, 2, ... */
	nstime at;    /* wall */
	enum advisory_act act;
	char issuer[LIMIT_LABEL], advisory[LIMIT_LABEL]; /* or empty */
	char device[LIMIT_LABEL]; /* its name then; or empty */
	char text[LIMIT_TEXT];
	uint8_t before[ADVISORY_DIGEST]; /* digest of the entry before; of the first: zero */
	uint8_t digest[ADVISORY_DIGEST]; /* of all above */
};

const char *advisory_class_name(enum advisory_class c);
bool advisory_class_parse(const char *text, enum advisory_class *ret);
const char *advisory_effect_name(enum advisory_effect e); /* "update-only", ... */
bool advisory_effect_parse(const char *text, enum advisory_effect *ret);
const char *advisory_state_name(enum advisory_state s); /* "active", ... */
const char *advisory_act_name(enum advisory_act a);	/* "taken", ... */

#endif
