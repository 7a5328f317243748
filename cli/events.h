// SPDX-License-Identifier: GPL-2.0-or-later
/* What `cardea events` and `cardea watch` share. */
#ifndef CARDEA_CLI_EVENTS_H
#define CARDEA_CLI_EVENTS_H

#include "cli/answer.h"

/* The stream of events. On failure what, where and what next were said. */
enum cli_exit events_open(const struct cli *c, struct client_stream **ret);
/* Shows what comes, and is wanted, until the stream ends. */
enum cli_exit events_follow(const struct cli *c, struct client_stream *s,
	bool (*wants)(const void *ctx, const json_t *event), const void *ctx);

#endif
