// SPDX-License-Identifier: GPL-2.0-or-later
/* web_hash - scrypt (RFC 7914) for passwords, one after the other and with pauses: whoever
 * tries passwords all day takes a quarter of this process' time, and the others are served
 * in between. */
#ifndef CARDEA_PROC_WEB_HASH_H
#define CARDEA_PROC_WEB_HASH_H

#include <stdbool.h>
#include "base/loop.h"
#include "model/messages.h"
#include "model/people.h"

/* Passwords that wait for their turn: with a quarter of a second each, and its pause, the
 * last one's is up before its browser gives up. */
#define WEB_HASH_QUEUE 8
/* Of these, of one address: who tries all day leaves places for others. */
#define WEB_HASH_PER_CLIENT 2
/* ... and of all addresses of one /64, of which one device takes as many as it likes: so
 * who comes by IPv4 has his turn, whatever is tried by IPv6. */
#define WEB_HASH_PER_NET (WEB_HASH_QUEUE / 2)
/* Octets that a computation may take (128 * N * r, RFC 7914 2), beside some for the rest:
 * what the process may have has room for one. */
#define WEB_HASH_MEMORY (18UL << 20)
#define WEB_HASH_HEX (2 * PEOPLE_KEY + 1)

struct web;
struct web_conn;
struct web_password;

struct web_hash {
	bool known; /* how, by the engine's word */
	struct message_web_salt how;
	struct web_conn *queue[WEB_HASH_QUEUE];
	unsigned count;
	struct loop_timer timer;
	nstime rest; /* mono: until then others have their turn */
};

/* What the engine says of it; CARDEA_EMALFORMED: it would take more than there is. */
int web_hash_set(struct web_hash *h, const struct message_web_salt *how) CARDEA_MUSTCHECK;
/* The connection's turn will come: web_people_hash is called then. False: there is no
 * place for its address, or it is not known how. */
bool web_hash_add(struct web *w, struct web_conn *c);
void web_hash_remove(struct web *w, struct web_conn *c); /* also one that does not wait */
/* The key of a user's password, in hex. */
int web_hash_key(const struct web_hash *h, const char *user, const struct web_password *p,
	char ret[WEB_HASH_HEX]) CARDEA_MUSTCHECK;

#endif
