// SPDX-License-Identifier: GPL-2.0-or-later
/* attest - what `cardea suit` and `cardea eat` share. */
#ifndef CARDEA_CLI_ATTEST_H
#define CARDEA_CLI_ATTEST_H

#include "attest/attest.h"
#include "base/cursor.h"
#include "base/jsonw.h"
#include "cli/cli.h"

#define ATTEST_JSON_MAX (4U << 20)

/* The bytes of a file, at most max, until the program ends; "-" is stdin. */
enum cli_exit attest_read(const char *path, size_t max, struct cursor *ret);
/* The key of --key; NULL without it. For attest_key_free. */
enum cli_exit attest_key(const struct cli *c, struct attest_key **ret);
/* The octets that the value of a flag spells in hex; empty without it. */
enum cli_exit attest_hex(const struct cli *c, const char *flag, struct cursor *ret);
/* "a1b2..." of a key; null when there are none. */
void attest_kv_hex(struct jsonw *j, const char *key, struct cursor bytes);
/* The same as text, cut when it is longer. */
#define ATTEST_HEX_TEXT 132
const char *attest_hex_text(struct cursor bytes, char buf[ATTEST_HEX_TEXT]);
void attest_kv_text(struct jsonw *j, const char *key, struct cursor text);
/* "ES256", or the number; null without one. */
void attest_kv_alg(struct jsonw *j, bool has, int64_t alg);
/* The result in a word, and why it is no better; why: empty when there is nothing. */
struct attest_result {
	const char *schema, *kind, *word, *why; /* "cardea.suit/1", "state", "valid", "" */
	bool good;
};
/* Opens the object, up to the signature's algorithm. */
void attest_json_begin(struct jsonw *j, const struct attest_result *r, const char *path);
void attest_print(const struct attest_result *r);
enum cli_exit attest_memory(void);

#endif
