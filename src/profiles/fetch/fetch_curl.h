// SPDX-License-Identifier: GPL-2.0-or-later
/* fetch_curl - transfers by libcurl in our loop: HTTPS, verified, or HTTP where the owner
 * wrote that down himself; to the given addresses and nowhere else, no redirects, no
 * proxies, no files. */
#ifndef CARDEA_PROFILES_FETCH_FETCH_CURL_H
#define CARDEA_PROFILES_FETCH_FETCH_CURL_H

#include <stddef.h>
#include "base/loop.h"
#include "profiles/fetch/fetch.h"

struct fetch_curl;

/* ca_pem: the roots for TLS, kept by the caller; text with certificates. To be called
 * before the sandbox, since the libraries read their settings once. */
int fetch_curl_new(struct loop *l, const void *ca_pem, size_t ca_len,
	struct fetch_curl **ret_curl) CARDEA_MUSTCHECK;
void fetch_curl_free(struct fetch_curl *c); /* NULL is fine; no transfer may run */

/* fetch_ops */
int fetch_curl_start(struct fetch_curl *c, struct fetch_transfer *t);
void fetch_curl_cancel(struct fetch_curl *c, struct fetch_transfer *t);

#endif
