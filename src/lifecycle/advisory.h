// SPDX-License-Identifier: GPL-2.0-or-later
/* advisory - what outsiders say about a kind of device, and how far it is followed. The
 * question of RIPE 79: how do we trust that part? A competitor must not be able to switch
 * off a model, nor a thousand made-up homes. Pure: reports and what our own flows show
 * in, an effect and a sentence out. */
#ifndef CARDEA_LIFECYCLE_ADVISORY_H
#define CARDEA_LIFECYCLE_ADVISORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/error.h"
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

#define ADVISORY_TTL_MAX (30LL * 86400 * NS_PER_SEC) /* nobody accuses for ever */
#define ADVISORY_ISSUERS_MAX 64	 /* of one accusation; more add nothing */
#define ADVISORY_BLOCK_WEIGHT 2.0 /* of issuers of two classes at least */
#define ADVISORY_COMMUNITY_MOST 0.75
#define ADVISORY_OVERTURNED_MAX 3 /* then an issuer may only notify */
#define ADVISORY_DEVICES_MAX 3	  /* of a home that one advisory may touch unasked */
#define ADVISORY_SHARE_MAX 0.2	  /* ... and which part of its devices */

/* One issuer's word about one type of device, or about its traffic. */
struct advisory {
	char id[LIMIT_LABEL];
	char issuer[LIMIT_LABEL];
	char group[LIMIT_LABEL]; /* who owns the issuer: key, registrant; counts once */
	enum advisory_class class;
	bool signature_good;
	nstime issued, expires; /* wall */
	char mud_url[LIMIT_URL]; /* of the type; or empty */
	bool has_oui;
	uint8_t oui[3];
	/* Traffic that shows it; peer empty: the type alone is accused. */
	char domain[LIMIT_NAME];
	bool has_peer;
	struct prefix peer;
	uint8_t proto;
	uint16_t port;
	enum advisory_effect effect;
	char fixed_in[LIMIT_LABEL]; /* firmware that mends it; or empty */
	uint32_t homes;	     /* COMMUNITY: that agree */
	uint32_t overturned; /* earlier advisories of this issuer */
};

/* What this home knows of it. */
struct advisory_home {
	nstime now;
	bool flows_match; /* our own flows of the last day show the traffic */
	/* ... but at an address that many names share: worth nothing as evidence */
	bool match_is_shared;
	bool is_its_vendor; /* the issuer signs the MUD file of the type */
	bool is_fixed;	    /* the device runs fixed_in, or newer */
	bool critical;	    /* medical, lock, smoke, heating */
	uint32_t devices_hit, devices;
	bool owner_agrees; /* asked, he said yes */
};

struct advisory_verdict {
	enum advisory_effect effect;
	bool ask; /* the effect is bigger, once the owner agrees */
	enum advisory_effect asked;
	char why[LIMIT_TEXT];
};

/* CARDEA_EMALFORMED for one that may not be taken at all; ret_why. */
int advisory_check(const struct advisory *a, nstime now,
	char ret_why[LIMIT_TEXT]) CARDEA_MUSTCHECK;
/* What all that is said of one device comes to. list: advisories that are about it, each
 * one checked; homes[i]: what this home knows of list[i]. */
void advisory_judge(const struct advisory *list, size_t count,
	const struct advisory_home *homes, struct advisory_verdict *ret);
double advisory_weight(const struct advisory *a);

const char *advisory_class_name(enum advisory_class c);
bool advisory_class_parse(const char *text, enum advisory_class *ret);
const char *advisory_effect_name(enum advisory_effect e); /* "update-only", ... */
bool advisory_effect_parse(const char *text, enum advisory_effect *ret);

#endif
