// SPDX-License-Identifier: GPL-2.0-or-later
/* portal - what a device hears of the gateway by HTTP: whether it is held (RFC 8908), a
 * nonce, and what came of its evidence. Who asks is known by the address, which the
 * inventory has confirmed and which others cannot use (spoof guard). Each speaks for
 * itself, and nothing here releases anybody: evidence goes to whoever judges it. */
#ifndef CARDEA_ENGINE_PORTAL_H
#define CARDEA_ENGINE_PORTAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/cursor.h"
#include "base/error.h"
#include "model/device.h"
#include "model/evidence.h"
#include "model/messages.h"
#include "model/web.h"

/* Devices whose last attempt at what is the owner's to do is remembered, so that who tries
 * all day is told of once in a while, with a count. */
#define PORTAL_TRIES_MAX 32
#define PORTAL_TRIES_EVERY (600 * NS_PER_SEC)

struct attestor;
struct pipeline;

/* Who judges evidence; engine/attestor.h says what is returned. */
struct portal_hook {
	int (*take)(struct attestor *a, struct device *d, enum attest_kind kind,
		struct cursor body, char ret_why[LIMIT_TEXT]);
};

struct portal_counts {
	uint64_t asked, unknown, forbidden, evidence;
};

struct portal {
	bool enabled;
	char https[LIMIT_URL]; /* of the API, for DHCP option 114; empty: there is none */
	char http[LIMIT_URL];
	char page[LIMIT_URL]; /* for people; empty: there is none */
	uint16_t ports[2]; /* of both; 0: none */
	struct portal_hook hook;
	struct portal_counts counts;
	struct {
		device_id device; /* 0: free */
		nstime told;	  /* wall */
		uint32_t since;
	} tries[PORTAL_TRIES_MAX];
	bool asking; /* ask is known, parts of its body follow */
	struct message_web_ask ask;
	uint8_t *body;
	size_t len;
};

/* "portal", "portal_https", "portal_http", "_port" of both, "portal_page"; 0 also for
 * others. */
int portal_setting(struct portal *o, const char *key, const char *value) CARDEA_MUSTCHECK;
/* What the process web says; an error: it is at fault. */
int portal_message(struct pipeline *p, const struct message *m) CARDEA_MUSTCHECK;
/* It is gone: what it began to say is forgotten. */
void portal_lost(struct portal *o);

#endif
