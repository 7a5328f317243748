// SPDX-License-Identifier: GPL-2.0-or-later
/* bundle - what of a case leaves the house. One table says each field that can, from which
 * level on, and why; the writer knows no other way to write one, and a lint that shares
 * nothing with it but the table reads what was written before it goes. Addresses are
 * pseudonyms under a key of this home and case; devices of the house are numbers; what a
 * sentence says comes from our own table or stays. */
#ifndef CARDEA_LIFECYCLE_BUNDLE_H
#define CARDEA_LIFECYCLE_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/jsonw.h"
#include "lifecycle/case.h"
#include "lifecycle/pseudonym.h"

#define BUNDLE_SCHEMA "cardea.case/1"
#define BUNDLE_MAX (1U << 20) /* octets; CASE_HEADS_MAX heads are a third of it */
#define BUNDLE_FIELDS_MAX 64  /* a bit each */
#define BUNDLE_FIELD_TEXT 48  /* "flows.packets_received" */

/* Each has what the one before has, and: */
enum bundle_level {
	BUNDLE_SHAPE,	/* ports, sizes, times since the beginning: nobody is named */
	BUNDLE_NAMES,	/* names of servers outside, maker's half of the MAC, the day */
	BUNDLE_PEERS,	/* addresses of servers outside */
	BUNDLE_CONTENT, /* what was asked of servers outside, where it was readable */
	BUNDLE_LEVEL_MAX,
};

enum bundle_part {
	BUNDLE_CASE,
	BUNDLE_DEVICE,
	BUNDLE_DETECTORS,
	BUNDLE_MOMENTS,
	BUNDLE_FLOWS,
	BUNDLE_PART_MAX,
};

/* What a value is; the writer, not the field, sees to it that none is another. */
enum bundle_what {
	BUNDLE_NUMBER,
	BUNDLE_TIME,  /* milliseconds since the case was opened */
	BUNDLE_DATE,  /* the hour, UTC */
	BUNDLE_WORD,  /* one of our own: lower case, no more than CASE_KIND */
	BUNDLE_SENTENCE, /* one of the life cycle's table */
	BUNDLE_PARTY, /* "device-2": one of the house */
	BUNDLE_MAC,   /* pseudonym; its first half says the maker */
	BUNDLE_ADDR,  /* pseudonym, unless it is outside and the level says so */
	BUNDLE_TEXT,  /* of others, without what names the house or who is in it */
};

struct bundle_at; /* what is being written; bundle_priv.h */
struct bundle_value;

struct bundle_field {
	enum bundle_part part;
	const char *name;
	enum bundle_level level; /* from which it leaves */
	enum bundle_what what;
	const char *why;
	void (*get)(const struct bundle_at *at, struct bundle_value *ret);
};

/* What the owner wants to let go. */
struct bundle_wish {
	enum bundle_level level;
	uint64_t cut; /* a bit for each field, by its index */
};

/* Whose house it is. */
struct bundle_home {
	const struct device *(*device_at)(void *ctx, size_t index); /* NULL: no more */
	void *ctx;
	uint8_t key[PSEUDONYM_KEY];
};

const struct bundle_field *bundle_field_at(size_t index); /* NULL behind the last */
/* "flows.name"; returns ret. */
char *bundle_field_text(const struct bundle_field *f, char ret[BUNDLE_FIELD_TEXT]);
const char *bundle_part_name(enum bundle_part p);
const char *bundle_level_name(enum bundle_level l);
bool bundle_level_parse(const char *text, enum bundle_level *ret);
/* A field, or a part with all its fields ("flows"). False: there is none. */
bool bundle_cut(struct bundle_wish *w, const char *field);
bool bundle_leaves(const struct bundle_wish *w, size_t field);

/* One JSON object and a line's end, always the same octets for the same case and wish.
 * CARDEA_EREFUSED: a field had a value that it may not have. */
int bundle_write(const struct case_view *v, const struct bundle_home *h,
	const struct bundle_wish *w, struct jsonw *j) CARDEA_MUSTCHECK;
/* The octets hold no member that the wish does not let go, and no text that names the
 * house or who is in it. CARDEA_EREFUSED: they do; ret_why says where. */
int bundle_lint(const char *text, size_t len, const struct bundle_home *h,
	const struct bundle_wish *w, char ret_why[LIMIT_TEXT]) CARDEA_MUSTCHECK;
/* SHA-256 of what leaves, in hex: who saw a preview can ask for just that. */
#define BUNDLE_DIGEST 65
char *bundle_digest(const char *text, size_t len, char ret[BUNDLE_DIGEST]);
/* The key of one case: who gets two of one home cannot put them together. */
int bundle_key(const uint8_t home[PSEUDONYM_KEY], uint32_t case_id,
	uint8_t ret[PSEUDONYM_KEY]) CARDEA_MUSTCHECK;
/* A name of the case for those outside. */
#define BUNDLE_TOKEN 17
char *bundle_token(const uint8_t key[PSEUDONYM_KEY], char ret[BUNDLE_TOKEN]);

#endif
