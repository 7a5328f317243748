// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* decision - what only the owner can say: a question, asked once, and its answer. */
#ifndef CARDEA_MODEL_DECISION_H
#define CARDEA_MODEL_DECISION_H

#include <stdint.h>
#include "base/clock.h"
#include "model/ids.h"
#include "model/limits.h"

enum decision_kind {
	DECISION_AUTHORITY,	/* the device now names another maker's file: subject */
	DECISION_SIGNER,	/* the file at subject is signed by somebody else: detail */
	DECISION_UNSIGNED,	/* accept this one file, by its hash, without a signature */
	DECISION_ROLLBACK,	/* the device went back to an older file: subject */
	DECISION_MY_CONTROLLER, /* which device is its controller: choice */
	DECISION_CONTROLLER,	/* which device is the controller of class subject: choice */
	DECISION_IDENTITY,	/* is it what its MUD URL says: classes of devices need it */
	DECISION_PREVIEW,	/* enable the rules of this file that are only previewed */
	DECISION_PORT,		/* live with an interface where nothing is enforced: subject */
	DECISION_CONVERSATION,	/* may it do this, which its profile has not: subject; key is
				 * the number that it has in the profile */
	DECISION_CASE,		/* what becomes of a device in isolation: subject is the case,
				 * detail the choices, choice the one */
	DECISION_RELEASE,	/* the owner's word a second time: subject is the case */
	DECISION_PLAYBOOK,	/* a step that a playbook advises: subject is the playbook, key
				 * the step */
	DECISION_ADVISORY,	/* outsiders (subject) accuse it, and to follow them would be much:
				 * detail is how far */
	DECISION_PROTECT, /* it has only watched until now: protect? subject: until when */
	DECISION_KIND_MAX,
};

enum decision_answer {
	DECISION_OPEN,
	DECISION_ACCEPTED,
	DECISION_REJECTED,
	DECISION_ANSWER_MAX,
};

struct decision {
	uint32_t id; /* never given twice */
	enum decision_kind kind;
	device_id device;
	char subject[LIMIT_URL]; /* a MUD URL or class URI; untrusted */
	char detail[LIMIT_TEXT]; /* SIGNER: its subject; untrusted */
	char key[LIMIT_LABEL];	 /* SIGNER: key id of its CA */
	uint8_t sha256[32];	 /* UNSIGNED, SIGNER: of the file */
	char text[LIMIT_TEXT];	 /* one sentence that asks */
	nstime asked, answered;	 /* wall; answered 0 while open */
	enum decision_answer answer;
	char choice[LIMIT_LABEL]; /* the device or address that the owner chose */
};

const char *decision_kind_name(enum decision_kind k); /* "authority", "signer", ... */
const char *decision_answer_name(enum decision_answer a); /* "open", "accepted", ... */

#endif
