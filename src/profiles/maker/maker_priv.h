// SPDX-License-Identifier: GPL-2.0-or-later
/* maker_priv - what the files of the maker's bench share. */
#ifndef CARDEA_PROFILES_MAKER_MAKER_PRIV_H
#define CARDEA_PROFILES_MAKER_MAKER_PRIV_H

#include <jansson.h>
#include "model/flow.h"
#include "profiles/maker/maker.h"

/* Different conversations of one file; the biggest known one has 90. */
#define MAKER_LINES_MAX 1024
#define MAKER_POOL_BYTES (MAKER_LINES_MAX * sizeof(struct maker_line) + 4096)

/* Text as XML wants it. */
void maker_xml(const char *utf8, FILE *out);
/* At most max characters, the last one an ellipsis when something is missing. */
char *maker_short(const char *utf8, size_t max, char *buf, size_t size);

static inline bool maker_has_ports(int16_t proto)
{
	return proto == FLOW_PROTO_TCP || proto == FLOW_PROTO_UDP;
}
static inline bool maker_is_icmp(int16_t proto)
{
	return proto == FLOW_PROTO_ICMP || proto == FLOW_PROTO_ICMP6;
}
static inline bool maker_is_any(struct range16 p)
{
	return p.lo == 0 && p.hi == UINT16_MAX;
}
/* Nobody has port 0. */
static inline bool maker_is_all(struct range16 p)
{
	return p.lo <= 1 && p.hi == UINT16_MAX;
}

/* The matches of an entry in a list from or to the device, of IPv4 or IPv6; the caller's. */
json_t *maker_matches_of(const struct rule *r, bool to_list, bool four);

#endif
