// SPDX-License-Identifier: GPL-2.0-or-later
/* fetch_priv - what the files of one fetch share. */
#ifndef CARDEA_PROFILES_FETCH_FETCH_PRIV_H
#define CARDEA_PROFILES_FETCH_FETCH_PRIV_H

#include "profiles/fetch/fetch.h"

/* A fetched file on its way to becoming a profile. */
struct fetch_file {
	const char *asked; /* the URL that the device gave */
	const char *final; /* where the bytes came from, after redirects */
	const uint8_t *mud;
	size_t mud_len;
	const uint8_t *signature; /* NULL: it names none */
	size_t signature_len;
	const char *etag; /* of this file; or empty */
};

/* Where the file's signature is; empty when it names none. A file that names one which
 * cannot be got is not one without: that fails, and is tried again. */
int fetch_signature_url(const struct fetch_file *file, char ret_url[LIMIT_URL],
	char ret_text[LIMIT_TEXT]) CARDEA_MUSTCHECK;
/* Verifies, reads, and sends PROFILE, its parts, and PROFILE_END. On failure ret_text
 * says what, where, what next. */
int fetch_deliver(const struct fetch_config *c, const struct fetch_file *file,
	uint64_t id, nstime wall, int (*send)(void *ctx, const struct message *m),
	void *ctx, enum signature_state *ret_state,
	char ret_text[LIMIT_TEXT]) CARDEA_MUSTCHECK;

/* The ETags that this process has checked the file of. */
struct fetch_etags;
struct fetch_etags *fetch_etags_new(void);
void fetch_etags_free(struct fetch_etags *e);
void fetch_etags_add(struct fetch_etags *e, const char *url, const char *etag);
bool fetch_etags_has(const struct fetch_etags *e, const char *url, const char *etag);

/* Host and port of a URL that has passed mud_url_check. */
int fetch_host_and_port(const char *url, char ret_host[LIMIT_NAME],
	uint16_t *ret_port) CARDEA_MUSTCHECK;
/* Keeps the addresses that may be connected to, as t's; the last refused one for the
 * talk. How many are left. */
unsigned fetch_addrs_filter(const struct fetch_config *c,
	const struct message_addrs *from, struct fetch_transfer *t,
	const struct addr **ret_refused);

/* A sentence that may hold a stranger's words: printable whatever they are. */
void fetch_say(char ret_text[LIMIT_TEXT], const char *fmt, ...) CARDEA_PRINTF(2, 3);

#endif
