// SPDX-License-Identifier: GPL-2.0-or-later
/* attestor internals: one piece of evidence while it is judged. */
#ifndef CARDEA_ENGINE_ATTESTOR_TAKE_H
#define CARDEA_ENGINE_ATTESTOR_TAKE_H

#include "engine/attestor.h"
#include "lifecycle/lifecycle.h"

union attestor_judged {
	struct eat_judged token;
	struct ear_judged result;
	struct suit_judged envelope;
	struct report_judged report;
};

struct attestor_piece {
	struct attestor *attestor;
	struct device *device;
	struct attestor_device *state;
	enum attest_kind kind;
	struct cursor body;
	const struct attestor_way *way;
	nstime wall;
	union attestor_judged *judged;
	/* What came of it. */
	enum attest_verdict verdict;
	bool no_key;	       /* nobody's signature could count */
	bool spends;	       /* it is over the open nonce, and by a key that counts */
	enum life_level level; /* when it is proven */
	const struct evidence_key *key; /* that made its signature; or NULL */
	char text[LIMIT_TEXT];
};

/* Tries the keys that may speak for the device, until one made the signature. judge says
 * how it stands with one (NULL: with none). */
int attestor_try_keys(struct attestor_piece *p, enum attest_use use,
	int (*judge)(struct attestor_piece *, const struct attest_key *,
		enum attest_state *));
void attestor_say(struct attestor_piece *p, enum attest_verdict v, const char *text);
/* The open nonce; empty when there is none. */
struct cursor attestor_open_nonce(const struct attestor_piece *p);

/* attestor_suit.c */
int attestor_judge_envelope(struct attestor_piece *p) CARDEA_MUSTCHECK;
/* It is good: what it says is kept, and its hosts are open to the device while held. */
int attestor_accept(struct attestor_piece *p) CARDEA_MUSTCHECK;

#endif
