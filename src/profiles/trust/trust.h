// SPDX-License-Identifier: GPL-2.0-or-later
/* trust - whether a MUD file that is here may rule a device: its signature against the
 * one that was pinned (RFC 8520 13 and 16, draft-ietf-iotops-mud-acceptable-urls), its
 * URL against the one that was in force, and what the owner said. Only judgement: no
 * files, no clock, no memory. */
#ifndef CARDEA_PROFILES_TRUST_TRUST_H
#define CARDEA_PROFILES_TRUST_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include "model/decision.h"
#include "model/device.h"
#include "model/profile.h"

/* Who signed the first good file below a root; all later ones must be by the same. */
struct trust_pin {
	char root[LIMIT_URL];    /* trust_root of the file's URL */
	char signer[LIMIT_TEXT]; /* struct profile.signer */
	char key[LIMIT_LABEL];   /* struct profile.signer_key */
};

struct trust_facts {
	const struct profile *profile; /* the file that came from said_url */
	const char *said_url;          /* what the device says, or the owner for it */
	/* Canonical URL of the policy in force, and what the device said when it was
	 * taken; empty or NULL: none is in force, or it said the same as current_url.
	 */
	const char *current_url, *current_said;
	nstime current_last_update; /* of the file in force; 0 unknown */
	const char *const *history; /* URLs this device had before, oldest first */
	size_t history_count;
	const struct trust_pin *pin;         /* of said_url's root, or NULL */
	const struct trust_pin *current_pin; /* of current_url's root, or NULL */
	const char *mud_signer;            /* of its certificate; empty or NULL: none */
	enum url_source source;            /* of said_url */
	bool hash_accepted, hash_rejected; /* the owner, about this very sha256 */
	bool url_accepted, url_rejected; /* the owner, about said_url for this device */
	bool require_signature;
};

enum trust_answer {
	TRUST_USE,
	TRUST_USE_AND_PIN, /* and remember its signer as the one of trust_root(said_url)
			    */
	TRUST_ASK,         /* the owner; until then what is in force stays */
	TRUST_REFUSE,      /* what is in force stays, nobody is asked */
};

struct trust_verdict {
	enum trust_answer answer;
	enum decision_kind question; /* with TRUST_ASK */
	enum layer layer;            /* of its rules when it is used */
	char url[LIMIT_URL];         /* canonical: the file's mud-url, or said_url */
	char text[LIMIT_TEXT];       /* the question, the reason, or a remark */
};

void trust_judge(const struct trust_facts *facts, struct trust_verdict *ret);

/* The URL up to and including its last '/', with scheme and host in lower case and
 * without port 443. Empty when it has none that can be compared: not https, a user
 * name, or dot segments and encoded slashes, which servers resolve as they like. */
void trust_root(const char *url, char ret[LIMIT_URL]);
bool trust_same_authority(const char *a, const char *b);
bool trust_same_root(const char *a, const char *b);
/* The same file: same root, same last segment; query and fragment do not matter. */
bool trust_same_url(const char *a, const char *b);

#endif
