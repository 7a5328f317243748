// SPDX-License-Identifier: GPL-2.0-or-later
/* enforce - what the enforcer is told and what it takes: settings, one transaction at
 * a time, and the rule that no transaction may cut management. Kernel work is the
 * backend's (enforce/backend.h). */
#ifndef CARDEA_ENFORCE_ENFORCE_H
#define CARDEA_ENFORCE_ENFORCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "model/element.h"
#include "model/limits.h"
#include "model/messages.h"

#define ENFORCE_GATEWAY_MACS_MAX 16
/* Elements of one transaction: 1,024 devices with 128 each. Classes of devices and
 * controllers are an element for each of their addresses. */
#define ENFORCE_ELEMENTS_MAX 131072
#define ENFORCE_FORGETS_MAX LIMIT_DEVICES

#define ENFORCE_BACKEND_MAX 8

struct enforce_config {
	char lans[LIMIT_LANS][LIMIT_IFNAME];
	unsigned lan_count;
	struct mac gateways[ENFORCE_GATEWAY_MACS_MAX];
	unsigned gateway_count;
	uint16_t nflog_group;
	char backend[ENFORCE_BACKEND_MAX]; /* auto, or the name of one */
	bool dns_redirect; /* questions to foreign name servers come to ours */
};

/* One setting (`lan`, `gateway_mac`, `nflog_group`, `dns_foreign`); unknown keys are fine. Names of
 * interfaces end up in nft text, so only [A-Za-z0-9._-] passes. */
int enforce_config_set(struct enforce_config *c, const char *key,
	const char *value) CARDEA_MUSTCHECK;

struct enforce_change {
	struct element element;
	bool remove;
};

struct enforce_txn {
	uint64_t seq;
	bool open, sync;
	struct enforce_change *changes; /* in order: the last word on a key counts */
	size_t change_count;
	struct message_forget *forgets; /* also collected between transactions */
	size_t forget_count;
};

void enforce_txn_begin(struct enforce_txn *t, uint64_t seq, bool sync);
/* Refuses what no set could hold and what would cut management. */
int enforce_txn_add(struct enforce_txn *t, const struct enforce_config *c,
	const struct element *e, bool remove) CARDEA_MUSTCHECK;
int enforce_txn_forget(struct enforce_txn *t,
	const struct message_forget *m) CARDEA_MUSTCHECK;
void enforce_txn_clear(struct enforce_txn *t); /* after a commit or a lost engine */

#endif
