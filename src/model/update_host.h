// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* update_host - where a device that is held may fetch what repairs it, and who said so. */
#ifndef CARDEA_MODEL_UPDATE_HOST_H
#define CARDEA_MODEL_UPDATE_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/clock.h"
#include "model/ids.h"
#include "model/limits.h"

enum update_source {
	UPDATE_MUD,	/* its file keeps it on in quarantine; not stored: the file has it */
	UPDATE_SUIT,	/* a manifest whose signature is good names it */
	UPDATE_LEARNED, /* it fetched much from there, before it was suspected */
	UPDATE_OWNER,
	UPDATE_SOURCE_MAX,
};

struct update_host {
	device_id device;
	char name[LIMIT_NAME]; /* lower case, no dot at the end; empty: addr */
	bool has_addr;
	struct addr addr;
	uint8_t proto; /* 0: TCP where there is a port, else any */
	uint16_t port; /* 0: any */
	enum update_source source;
	nstime since; /* wall */
};

const char *update_source_name(enum update_source s); /* "mud", "suit", "learned", "owner" */
/* "firmware.example.com", with ":8443" or without, "192.0.2.7:443", "[2001:db8::7]:443".
 * False: it is none; the rest of ret is 0. */
bool update_host_parse(const char *text, struct update_host *ret);
/* The authority of "https://host[:port]/path", and of http, coap and coaps, with their
 * ports; whoever has a user name in it, or another scheme, has none. */
bool update_host_of_uri(const char *uri, struct update_host *ret);
/* NULL: it may be kept. Else why not, in words that follow its name: names that no host
 * of the internet has, services that would carry anything (names, tunnels), addresses
 * of no single host, and, but for the owner, those of a house. */
const char *update_host_flaw(const struct update_host *h);
/* The same host and service, by the word of the same source. */
bool update_host_equal(const struct update_host *a, const struct update_host *b);
/* "firmware.example.com (TCP 443)". */
#define UPDATE_HOST_WORDS_MAX (LIMIT_NAME + 32)
char *update_host_words(const struct update_host *h, char buf[UPDATE_HOST_WORDS_MAX]);

#endif
