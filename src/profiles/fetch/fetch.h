// SPDX-License-Identifier: GPL-2.0-or-later
/* fetch - gets a MUD file and its signature: URL, host, transfer, redirects, signature,
 * verification, reading. Everything on the way may be hostile: the URL comes from a
 * device, the addresses from DNS, the bytes from a server. The transfer itself is
 * behind struct fetch_ops, so that all of this runs without a network. */
#ifndef CARDEA_PROFILES_FETCH_FETCH_H
#define CARDEA_PROFILES_FETCH_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/loop.h"
#include "model/messages.h"

/* Fetches that wait for one of the LIMIT_FETCHES places. */
#define FETCH_QUEUE_MAX 64
/* Addresses tried for one host; more would only prolong a failure. */
#define FETCH_ADDRS_MAX 8

#define FETCH_KEY_MAX 256 /* octets of the key that messages to the owner are signed with */

struct mud_trust;
struct fetcher;

struct fetch_config {
	const struct mud_trust *trust; /* NULL: no anchor is configured */
	/* Servers at private and loopback addresses are fine: labs and tests only. */
	bool allow_private;
	struct prefix lan[LIMIT_LAN_PREFIXES]; /* never a destination, but by the next */
	unsigned lan_count;
	/* Where the owner himself wants to be told of what happens; empty: nowhere. With a
	 * key each message says who made it: HMAC-SHA256 over its octets. */
	char webhook[LIMIT_URL];
	uint8_t webhook_key[FETCH_KEY_MAX];
	unsigned webhook_key_len;
};

/* One request, to one of these addresses and nowhere else. */
struct fetch_transfer {
	char url[LIMIT_URL];
	char host[LIMIT_NAME];
	uint16_t port;
	struct addr addrs[FETCH_ADDRS_MAX];
	unsigned addr_count;
	const char *accept;             /* media types */
	const char *post;               /* a body to send; NULL: it is a GET */
	size_t post_len;
	const char *post_type;          /* its media type */
	const char *post_header;        /* one more field of its head; NULL: none */
	bool plain;                     /* http in place of https: within the house */
	bool literal;                   /* host is an address */
	char if_none_match[LIMIT_TEXT]; /* an ETag, or empty */
	size_t limit;                   /* bytes of the body */
	void *owner;
	/* error: 0 for any HTTP response, a redirect too: none is followed here. text: what went wrong; may be empty. */
	void (*done)(struct fetch_transfer *t, int error, const char *text);
	/* the response, filled by the transport; body is malloc'ed and belongs to the
	 * owner of the transfer once done was called */
	unsigned status;
	char location[LIMIT_URL + 1]; /* absolute; LIMIT_URL long when it was cut */
	char etag[LIMIT_TEXT];        /* as the server said it; empty when it was cut */
	uint8_t *body;
	size_t body_len;
	void *handle; /* the transport's */
};

struct fetch_ops {
	/* done comes later, never from inside; cancel means that it never comes. */
	int (*start)(void *ctx, struct fetch_transfer *t);
	void (*cancel)(void *ctx, struct fetch_transfer *t);
	int (*send)(void *ctx, const struct message *m); /* to the engine */
	void (*idle)(void *ctx); /* nothing is left to do; may be NULL */
};

/* config, ops and ctx must outlive the fetcher. */
struct fetcher *fetcher_new(struct loop *l, const struct fetch_config *config,
	const struct fetch_ops *ops, void *ctx);
void fetcher_free(struct fetcher *f); /* NULL is fine; cancels what runs */
/* The engine's messages. */
void fetcher_fetch(struct fetcher *f, const struct message_fetch *m);
void fetcher_host(struct fetcher *f, const struct message_host_addrs *m);
/* The engine is gone: everything ends silently, the next one asks again. */
void fetcher_reset(struct fetcher *f);

/* An ETag that may be stored and sent (RFC 9110 8.8.3): printable ASCII in quotes, weak
 * or strong. */
bool fetch_etag_is_good(const char *etag);
/* Whether the courier may connect there: not into the house, not to itself. */
bool fetch_address_allowed(const struct fetch_config *c, const struct addr *a);

#endif
