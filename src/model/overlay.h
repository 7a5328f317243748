// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* overlay - what the owner said about a device beside its profile: kept apart from it, so
 * that it outlives every file that it is laid over. */
#ifndef CARDEA_MODEL_OVERLAY_H
#define CARDEA_MODEL_OVERLAY_H

#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"
#include "model/ids.h"
#include "model/rule.h"

enum overlay_kind {
	OVERLAY_REFUSE,	     /* no conversation with this peer */
	OVERLAY_ALLOW,	     /* it may open conversations with this peer */
	OVERLAY_LAN_ONLY,    /* with the local network alone */
	OVERLAY_NO_INTERNET, /* with private addresses alone (RFC 1918, RFC 4193) */
	OVERLAY_ONLY,	     /* with this peer alone, and others that are named so */
	OVERLAY_KIND_MAX,
};

struct overlay {
	uint32_t id; /* never given twice */
	device_id device;
	enum overlay_kind kind;
	struct peer peer; /* PEER_NAME or PEER_PREFIX; ANY where the kind has none */
	int16_t proto;	  /* RULE_PROTO_ANY or 0-255 */
	struct range16 port; /* the peer's */
	nstime said;	     /* wall */
	nstime until;	     /* wall, later than said; 0: for good */
};

const char *overlay_kind_name(enum overlay_kind k); /* "refuse", ... "only" */
/* The reverse of it; false for text (or NULL) that is none. */
bool overlay_kind_parse(const char *text, enum overlay_kind *ret);
/* A name as rules have it, below a "*." or not, an address or a prefix. */
bool overlay_peer_parse(const char *text, struct peer *ret);
static inline bool overlay_has_peer(enum overlay_kind k)
{
	return k == OVERLAY_REFUSE || k == OVERLAY_ALLOW || k == OVERLAY_ONLY;
}
/* One that may be stored and turned into rules; what it is about is not looked up. */
bool overlay_is_sound(const struct overlay *o);
/* The same word about the same thing, whatever the id. */
bool overlay_equal(const struct overlay *a, const struct overlay *b);

#endif
