// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* cbor - reads CBOR (RFC 8949) item by item, without memory of its own and without
 * recursion. Definite lengths only: what signs, attests and updates devices forbids the
 * others (RFC 9783 4.2; SUIT's manifests are deterministic). Integers may be longer than
 * they need be (RFC 9783 wants that accepted). */
#ifndef CARDEA_WIRE_CBOR_H
#define CARDEA_WIRE_CBOR_H

#include <stdbool.h>
#include <stdint.h>
#include "base/cursor.h"

/* Items within items, strings not looked into: of the published objects manifests have 3
 * at most, PSA tokens 4, EATs 7. */
#define CBOR_DEPTH_MAX 16

enum cbor_type {
	CBOR_UINT,
	CBOR_NINT, /* -1 - value */
	CBOR_BYTES,
	CBOR_TEXT, /* UTF-8, checked */
	CBOR_ARRAY,
	CBOR_MAP,
	CBOR_TAG,
	CBOR_FALSE,
	CBOR_TRUE,
	CBOR_NULL,
	CBOR_UNDEFINED,
	CBOR_SIMPLE,
	CBOR_FLOAT, /* bits are in value, of the size that was sent */
};

/* The head of an item, and for a string its content. */
struct cbor {
	enum cbor_type type;
	/* Of integers; of an array how many items follow, of a map how many pairs; of a tag
	 * its number; of a string its length. A count is at most the octets left. */
	uint64_t value;
	struct cursor bytes; /* BYTES, TEXT */
};

/* The next head; after it the reader stands at what it contains. On an error the cursor
 * fails, also for all that comes after: CARDEA_ETRUNCATED; CARDEA_EUNSUPPORTED for an
 * indefinite length; CARDEA_EMALFORMED for a head that RFC 8949 does not have, text that
 * is no UTF-8, or a count that the rest cannot hold. *ret is zero then. */
void cbor_next(struct cursor *c, struct cbor *ret);
/* One whole item with all within. CARDEA_ELIMIT: deeper than CBOR_DEPTH_MAX. Strings that
 * hold CBOR are not looked into. */
void cbor_skip(struct cursor *c);
/* The octets of one whole item, as they stand; consumed. */
struct cursor cbor_item(struct cursor *c);

/* What must be of a type, else the cursor fails with CARDEA_EMALFORMED. */
uint64_t cbor_uint(struct cursor *c);
int64_t cbor_int(struct cursor *c); /* CARDEA_ELIMIT where int64_t cannot hold it */
struct cursor cbor_bytes(struct cursor *c);
struct cursor cbor_text(struct cursor *c);
uint64_t cbor_array(struct cursor *c); /* how many items follow */
uint64_t cbor_map(struct cursor *c);   /* how many pairs follow */
/* Of the item that comes next, which is not consumed; CBOR_NULL after an error: look at
 * c->error when it matters. */
enum cbor_type cbor_peek(const struct cursor *c);
/* Nothing may follow: CARDEA_EMALFORMED. */
void cbor_end(struct cursor *c);
/* What stood within a string of c was read: it must be at its end, and its error is c's. */
void cbor_close(struct cursor *c, struct cursor *inner);

/* A map whose keys are small integers or texts: found without order, and never twice.
 *
 *	cbor_pairs(c, &pairs);
 *	while (cbor_pairs_next(&pairs, c, &key))
 *		key.number == 1 && !key.is_text ? read(c) : cbor_skip(c);
 */
#define CBOR_KEYS_MAX 64 /* of one map; a token of RFC 9711 may have 20 and profiles' own */
struct cbor_key {
	bool is_text;
	int64_t number;	    /* 0 when it is a text */
	struct cursor text; /* empty when it is a number */
};
struct cbor_pairs {
	uint64_t left;
	uint32_t seen_count;
	struct cbor_key seen[CBOR_KEYS_MAX];
};
/* At a map; fails as cbor_map does, and with CARDEA_ELIMIT for too many keys. */
void cbor_pairs(struct cursor *c, struct cbor_pairs *ret);
/* The next key; false at the end, or after an error (a key of another type, or one for
 * the second time: RFC 8949 5.6). The caller consumes the value. */
bool cbor_pairs_next(struct cbor_pairs *p, struct cursor *c, struct cbor_key *ret);

/* ---- writing, in the shortest form (RFC 8949 4.2.1) ---- */

void cbor_put_uint(struct writer *w, uint64_t v);
void cbor_put_int(struct writer *w, int64_t v);
void cbor_put_bytes(struct writer *w, const void *bytes, size_t len);
void cbor_put_text(struct writer *w, const char *text);
void cbor_put_array(struct writer *w, uint64_t count);
void cbor_put_map(struct writer *w, uint64_t count);

#endif
