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
#include "model/advisory.h"
#include "model/limits.h"

#define ADVISORY_TTL_MAX (30LL * 86400 * NS_PER_SEC) /* nobody accuses for ever */
#define ADVISORY_ISSUERS_MAX 64	 /* of one accusation; more add nothing */
#define ADVISORY_BLOCK_WEIGHT 2.0 /* of issuers of two classes at least */
#define ADVISORY_COMMUNITY_MOST 0.75
#define ADVISORY_OVERTURNED_MAX 3 /* then an issuer may only notify */
#define ADVISORY_DEVICES_MAX 3	  /* of a home that one advisory may touch unasked */
#define ADVISORY_SHARE_MAX 0.2	  /* ... and which part of its devices */

/* What this home knows of it. */
struct advisory_home {
	nstime now;
	bool flows_match; /* our own flows of the last day show the traffic */
	/* ... but at an address that many names share: worth nothing as evidence */
	bool match_is_shared;
	/* ... or is what the device's own file lists: a competitor could name the cloud
	 * that every one of them talks to */
	bool match_is_listed;
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
/* How far this one goes by itself in this home; why: a sentence. */
enum advisory_effect advisory_alone(const struct advisory *a,
	const struct advisory_home *h, const char **ret_why);
bool advisory_has_traffic(const struct advisory *a);

/* Labels of firmware, part by part, numbers by value: "2.10" is newer than "2.9", and
 * "2.9" than "2.9-rc1" (SemVer 2.0 11). False when one of them is empty or they are not
 * alike enough to be compared: nothing is mended by a guess. */
bool advisory_version_reaches(const char *runs, const char *wanted);

/* ---- the file (advisory_read.c) ---- */

#define ADVISORY_FILE_MAX (256 * 1024) /* some 500 of them; a feed has its own door */
#define ADVISORY_IN_FILE_MAX 256       /* chosen: what a person may still look through */
/* Wider than that is no traffic of one attacker (chosen: a /20 is what small providers
 * have, a /40 some customers of large ones). */
#define ADVISORY_PREFIX4_MIN 20
#define ADVISORY_PREFIX6_MIN 40

struct advisory_fault {
	uint32_t line, column; /* 0 unknown */
	char text[LIMIT_TEXT];
};

/* What a file says ("cardea.advisory/1": one object, or an array of them), strictly: a
 * member that is not known is an error. Who its issuer is, its class and signature, the
 * caller knows. list has room for max; *ret_count of them. CARDEA_EMALFORMED,
 * CARDEA_ELIMIT, -ENOMEM; *ret_fault says what and where. */
int advisory_read(const char *text, size_t len, struct advisory *list, size_t max,
	size_t *ret_count, struct advisory_fault *ret_fault) CARDEA_MUSTCHECK;

#endif
