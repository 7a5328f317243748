// SPDX-License-Identifier: GPL-2.0-or-later
/* poster - sends reports to makers: URL, host, one POST. The URL comes from a MUD file,
 * so it may lead no further than that of a MUD file may; a redirect is not followed,
 * since what is sent is meant for nobody else. What the server answers is not read.
 * Messages to the owner go the same way, to the one address that he wrote down. */
#ifndef CARDEA_PROFILES_FETCH_POSTER_H
#define CARDEA_PROFILES_FETCH_POSTER_H

#include <stdbool.h>
#include "profiles/fetch/fetch.h"

/* Bytes of an answer that are waited for: enough for any page that says thanks. */
#define POSTER_ANSWER_BYTES (64 * 1024)

struct poster;

/* As fetcher_new. */
struct poster *poster_new(struct loop *l, const struct fetch_config *config,
	const struct fetch_ops *ops, void *ctx);
void poster_free(struct poster *p); /* NULL is fine; cancels what runs */
/* The engine's messages; a report without a URL is for the owner. CARDEA_EPEER when it
 * does not keep to the limits. */
int poster_begin(struct poster *p, const struct message_report *m) CARDEA_MUSTCHECK;
int poster_part(struct poster *p, const struct message_report_part *m) CARDEA_MUSTCHECK;
/* False: the answer was not for a report. */
bool poster_host(struct poster *p, const struct message_host_addrs *m);
/* The engine is gone: everything ends silently. */
void poster_reset(struct poster *p);

#endif
