// SPDX-License-Identifier: GPL-2.0-or-later
/* client - HTTP/1.1 over the control socket: one request, one bounded reply. */
#ifndef CARDEA_CLI_CLIENT_H
#define CARDEA_CLI_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"

#define CLIENT_REPLY_MAX (8U << 20) /* twice what the daemon would send */
#define CLIENT_TARGET_MAX 4096      /* path and query; the head has to fit 8 KiB */
#define CLIENT_TIMEOUT_S 20         /* the daemon answers in milliseconds */

/* A path and query under construction; too long is told at the end. */
struct client_target {
	char text[CLIENT_TARGET_MAX];
	size_t len;
	bool query, overflow;
};

void client_target_init(struct client_target *t, const char *path);
void client_target_segment(struct client_target *t, const char *text);
void client_target_query(struct client_target *t, const char *key, const char *value);

struct client_reply {
	unsigned status;
	long long change; /* the number that a change was noted under; 0: none */
	bool can_undo;
	char *body; /* NUL-terminated, inside buffer */
	size_t body_len;
	char *buffer;
};

/* 0, -errno of the socket, -ETIMEDOUT, CARDEA_ELIMIT (reply too large), CARDEA_EPEER
 * (no HTTP). body may be NULL: then it is a GET, else a POST. */
int client_ask(const char *socket, const struct client_target *t, const char *body,
	struct client_reply *ret) CARDEA_MUSTCHECK;
void client_reply_free(struct client_reply *r);

/* A stream of lines that ends when the other side ends it. */
struct client_stream;
int client_follow(const char *socket, const struct client_target *t,
	struct client_stream **ret) CARDEA_MUSTCHECK;
unsigned client_stream_status(const struct client_stream *s);
/* The next line without its end, valid until the next call; NULL at the end. */
char *client_stream_line(struct client_stream *s);
void client_stream_free(struct client_stream *s);

#endif
