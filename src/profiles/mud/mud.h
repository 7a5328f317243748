// SPDX-License-Identifier: GPL-2.0-or-later
/* mud - RFC 8520 files: read, checked, explained. Needs jansson alone; signatures are
 * in cms.h, because only one process links OpenSSL. */
#ifndef CARDEA_PROFILES_MUD_MUD_H
#define CARDEA_PROFILES_MUD_MUD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "base/error.h"
#include "base/jsonw.h"
#include "base/pool.h"
#include "model/profile.h"

enum mud_mode {
	MUD_STRICT, /* what the YANG modules of RFC 8520 and RFC 8519 allow, no more */
	MUD_IMPORT, /* mends what is known to be wrong in the wild, a note for each */
};

/* Enough for any file within the limits: rules, notes and the index of positions. */
#define MUD_POOL_BYTES (16 * 1024 * 1024)

/* Reads one file. Rules and notes live in the pool; ids are 1.. in file order, the
 * from-device list first. Fails with CARDEA_EMALFORMED, CARDEA_ELIMIT or -ENOMEM; on
 * failure *ret_profile holds no rules, but the notes, at least one of them an error
 * (none when memory ran out before the first). layer, signature, signer and sha256 are
 * the caller's: they are set to LAYER_MANUFACTURER, SIGNATURE_UNCHECKED (or NONE when
 * the file names no signature) and zeros.
 * A rule whose ACE asks for more than a struct rule can say has status RULE_NOT_YET or
 * RULE_UNENFORCEABLE; its match is then wider than the ACE and must not be installed.
 */
int mud_parse(const void *bytes, size_t len, enum mud_mode mode, struct pool *pool,
	struct profile *ret_profile) CARDEA_MUSTCHECK;

/* https, a DNS name as host, no user information, printable ASCII, bounded. RFC 8520
 * allows a literal address, which no certificate of a maker covers: refused unless
 * asked for. CARDEA_EMALFORMED, CARDEA_ELIMIT or CARDEA_EREFUSED with a sentence. */
#define MUD_URL_LITERALS 1u
int mud_url_check(const char *url, unsigned int flags,
	char ret_text[LIMIT_TEXT]) CARDEA_MUSTCHECK;
/* "host" or "host:port" in lower case, without the default port: what RFC 8520 4.1 and
 * 4.2 compare. The URL must have passed mud_url_check. */
int mud_url_authority(const char *url, char ret_authority[LIMIT_NAME]) CARDEA_MUSTCHECK;
/* The mud-signature of a file against the URL it came from (RFC 3986 5.2); the result
 * has passed mud_url_check. */
int mud_url_signature(const char *mud_url, const char *reference, unsigned int flags,
	char ret_url[LIMIT_URL], char ret_text[LIMIT_TEXT]) CARDEA_MUSTCHECK;

enum mud_answer {
	MUD_CONFORMS, /* the strict reading succeeds */
	MUD_REPAIRED, /* only the import succeeds */
	MUD_REJECTED, /* neither does */
};

struct mud_lint {
	enum mud_answer answer;
	struct profile strict;
	struct profile import;
	const uint8_t *marks; /* enum mud_mark of each rule of the import */
	uint32_t aces;
};

/* How much of its ACE a rule says, whether or not it is enforced. */
enum mud_mark {
	MUD_RULE_WHOLE,
	MUD_RULE_PARTIAL, /* the ACE matches less */
	MUD_RULE_NOTHING, /* the ACE matches no IP packet at all */
};

/* Findings that are kept of one file: an author wants them all, and the longest list
 * of a known file has 60. */
#define MUD_LINT_NOTES 2048

/* Reads strictly and by import, and holds the file against the YANG modules: a node
 * that none of them has is an error here, while a manager ignores it (RFC 8520 14).
 * Fails only for want of memory. */
int mud_lint(const void *bytes, size_t len, struct pool *pool,
	struct mud_lint *ret_lint) CARDEA_MUSTCHECK;
const char *mud_answer_name(enum mud_answer a); /* "conforms", "repaired", "rejected" */
/* The profile that is usable, or NULL. */
const struct profile *mud_lint_profile(const struct mud_lint *l);
/* Strict: it conforms. Import: it can be used. */
bool mud_lint_valid(const struct mud_lint *l, enum mud_mode mode);
/* "file:line:column: level: text (path)", a line each, and a last line that sums up. */
int mud_lint_text(const struct mud_lint *l, enum mud_mode mode, const char *file,
	FILE *out) CARDEA_MUSTCHECK;
/* One object, schema cardea.mud.lint/1. */
int mud_lint_json(const struct mud_lint *l, enum mud_mode mode, const char *file,
	struct jsonw *out) CARDEA_MUSTCHECK;

/* A file that says strictly what import mode reads: only what was mended is written
 * anew, all else stays byte by byte. An entry that cannot be mended is taken out: it
 * would not be enforced either. */
struct mud_repair {
	char *bytes; /* free() it */
	size_t len;
	struct profile import; /* its notes say what was mended, in the pool */
	uint32_t aces;         /* in the new file */
};
/* CARDEA_EMALFORMED or CARDEA_ELIMIT when it cannot be imported: ret_repair->import has
 * the errors, and no bytes. */
int mud_repair(const void *bytes, size_t len, struct pool *pool,
	struct mud_repair *ret_repair) CARDEA_MUSTCHECK;
/* What was mended, a line each, and what came of it. */
int mud_repair_text(const struct mud_repair *r, const char *file,
	FILE *out) CARDEA_MUSTCHECK;
/* One object, schema cardea.mud.repair/1. */
int mud_repair_json(const struct mud_repair *r, const char *file, const char *written,
	struct jsonw *out) CARDEA_MUSTCHECK;

/* What a file says beside its rules, one plain sentence of printable ASCII each: links
 * to bills of materials and contacts, TLS profiles, bandwidth, quarantine. */
#define MUD_EXTRA_MAX (LIMIT_URL * 4 + LIMIT_TEXT * 4)
typedef void (*mud_say)(void *ctx, const char *sentence);
void mud_extras(const struct profile *p, mud_say say, void *ctx);
/* "TLS 1.2", "TLS 1.3", "DTLS 1.2", "DTLS 1.3" */
const char *mud_tls_version_name(uint16_t wire);

/* What the device asks for, one sentence a rule, with the status of each. */
int mud_view_text(const struct profile *p, FILE *out) CARDEA_MUSTCHECK;
/* One object, schema cardea.mud.view/1. */
int mud_view_json(const struct profile *p, struct jsonw *out) CARDEA_MUSTCHECK;

#endif
