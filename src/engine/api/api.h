// SPDX-License-Identifier: GPL-2.0-or-later
/* api - the control API: HTTP/1.1 and JSON on a unix socket, the same for every face.
 * Only root may speak to it. One table of routes (routes.c). A second socket, for the
 * group of a RADIUS or DHCP server, takes POST /v1/identities and nothing else. */
#ifndef CARDEA_ENGINE_API_H
#define CARDEA_ENGINE_API_H

#include <stdbool.h>
#include "base/jsonw.h"
#include "base/loop.h"
#include "engine/pipeline.h"
#include "model/event.h"

#define API_CLIENTS_MAX 32
#define API_LIMITED_MAX 8   /* of these, by the socket for identities */
#define API_BODY_MAX 16384	 /* bytes of a request's body */
/* ... of root's alone, where it brings a profile and its binding: JSON writes a line's end
 * or a quotation mark in two bytes, and hardly any text is made of those */
#define API_BODY_LARGE_MAX (4U * LIMIT_ADOPTED_BYTES + API_BODY_MAX)
#define API_REPLY_MAX (4U << 20) /* bytes of a reply */
#define API_IDLE_S 30		 /* a client that does not finish its request */
#define API_FOLLOW_QUEUE 262144	 /* bytes that a slow follower may lag behind */

struct api;
struct api_answer;

/* Answers that are kept for who asks again, the oldest first (answers.c). */
struct api_answers {
	struct api_answer *first;
	unsigned count;
	size_t bytes;
	/* The one that another process has a part in: its client's ticket, and its hashes. */
	struct {
		uint64_t ticket, key, body;
	} awaited;
};

void api_answers_free(struct api_answers *a);

/* stop: the owner asked for it through the API. */
int api_new(struct pipeline *p, void (*stop)(void *ctx, bool open_network), void *ctx,
	struct api **ret) CARDEA_MUSTCHECK;
/* Takes fd, a listening unix socket. */
int api_listen(struct api *a, int fd) CARDEA_MUSTCHECK;
/* The same for the socket that takes identities alone. */
int api_listen_identities(struct api *a, int fd) CARDEA_MUSTCHECK;
void api_free(struct api *a);
/* Tells followers. */
void api_event(struct api *a, const struct event *e);

#endif
