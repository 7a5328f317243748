// SPDX-License-Identifier: GPL-2.0-or-later
/* why - the answer to "may this device talk to that, and who says so?" */
#ifndef CARDEA_ENGINE_WHY_H
#define CARDEA_ENGINE_WHY_H

#include <stdbool.h>
#include "engine/household.h"
#include "engine/journal.h"
#include "model/device.h"
#include "model/event.h"
#include "model/verdict.h"

struct why_question {
	const struct device *device;
	const char *destination; /* name or address; "" with an event */
	const struct device
		*peer; /* it is this device; NULL: it is none, or by address */
	int proto;     /* 0: any */
	int port;      /* -1: any */
	const struct event *event; /* NULL, or judge its flow */
	/* What was tried lately, where the question names no service; or NULL. */
	const struct journal *journal;
};

struct why_answer {
	bool enforced; /* false: neither end is protected, all passes */
	bool allowed;
	bool known_address; /* flow.peer is one that the device was told */
	struct flow flow;
	struct verdict verdict;
	const struct rule *rule; /* NULL when none decided */
	/* Whose policy decided: the other end's, where it does not take what the device
	 * may send. */
	const struct device *decided_by;
	char name[LIMIT_NAME]; /* of the destination, or empty */
	char text[POLICY_EXPLAIN_MAX];
};

/* CARDEA_EMALFORMED: the destination is neither a name nor an address. -ENOENT: the
 * peer has no address. */
int why_answer(struct household *h, const struct why_question *q, nstime wall,
	struct why_answer *ret) CARDEA_MUSTCHECK;

#endif
