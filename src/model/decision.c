// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* decision - the words for what the owner is asked. */
#include "model/decision.h"

const char *decision_kind_name(enum decision_kind k)
{
	static const char *const names[DECISION_KIND_MAX] = {
		[DECISION_AUTHORITY] = "authority",
		[DECISION_SIGNER] = "signer",
		[DECISION_UNSIGNED] = "unsigned",
		[DECISION_ROLLBACK] = "rollback",
		[DECISION_MY_CONTROLLER] = "my-controller",
		[DECISION_CONTROLLER] = "controller",
		[DECISION_IDENTITY] = "identity",
		[DECISION_PREVIEW] = "preview",
		[DECISION_PORT] = "port",
		[DECISION_CONVERSATION] = "conversation",
		[DECISION_CASE] = "case",
		[DECISION_RELEASE] = "release",
		[DECISION_PLAYBOOK] = "playbook",
		[DECISION_ADVISORY] = "advisory",
		[DECISION_PROTECT] = "protect",
	};

	return (unsigned)k < DECISION_KIND_MAX ? names[k] : "unknown";
}

const char *decision_answer_name(enum decision_answer a)
{
	static const char *const names[DECISION_ANSWER_MAX] = {
		[DECISION_OPEN] = "open",
		[DECISION_ACCEPTED] = "accepted",
		[DECISION_REJECTED] = "rejected",
	};

	return (unsigned)a < DECISION_ANSWER_MAX ? names[a] : "unknown";
}
