// SPDX-License-Identifier: GPL-2.0-or-later
/* people - who may use the gateway through its page: users with passwords, their sessions,
 * tokens of programs, and the secret by which the first owner is made. All of it is in the
 * store, so that a restart ends no session; what opens a door is there as SHA-256.
 * docs/web.md says who may what. */
#ifndef CARDEA_ENGINE_PEOPLE_H
#define CARDEA_ENGINE_PEOPLE_H

#include "base/error.h"
#include "engine/lockout.h"
#include "model/people.h"
#include "store/store.h"

/* A session ends when nobody used it for this long, and in any case after that. */
#define PEOPLE_IDLE (3 * 86400 * NS_PER_SEC)
#define PEOPLE_WHOLE (14 * 86400 * NS_PER_SEC)
/* "Used" is written this seldom: flash wears out. */
#define PEOPLE_USED_EVERY (600 * NS_PER_SEC)
#define PEOPLE_TOKEN_DAYS 365	   /* unless it is said */
#define PEOPLE_TOKEN_DAYS_MAX 3660
/* Of a secret that root asks for while there is an owner; the first one waits as long as
 * the gateway stands in its box. */
#define PEOPLE_SETUP_FOR (3600 * NS_PER_SEC)

enum people_by {
	PEOPLE_BY_NOTHING,
	PEOPLE_BY_SESSION,
	PEOPLE_BY_TOKEN,
};

/* Who it is; all zero: nobody. */
struct people_who {
	enum people_role role;
	enum people_by by;
	char user[LIMIT_USER]; /* of a token: who made it */
	uint8_t session[PEOPLE_DIGEST];
	uint32_t token;
	nstime until;
};

struct people {
	struct store *store;
	struct lockout lockout;
	uint8_t salt[PEOPLE_SALT];
	uint32_t generation; /* grows when a session or a token ends before its time */
};

/* The salt is made where there is none. */
int people_open(struct people *o, struct store *s) CARDEA_MUSTCHECK;
void people_free(struct people *o);
bool people_has_owner(struct people *o);

/* What a cookie or a token says; nobody when it says nothing. now: wall. */
void people_of_cookie(struct people *o, nstime now, const uint8_t secret[PEOPLE_SECRET],
	struct people_who *ret);
void people_of_token(struct people *o, nstime now, const uint8_t secret[PEOPLE_SECRET],
	struct people_who *ret);
/* Is he still that? */
bool people_still(struct people *o, nstime now, const struct people_who *who);
/* The word that a page sends with whatever changes something: another site cannot know it,
 * and it tells nothing of the cookie. */
void people_csrf(const uint8_t secret[PEOPLE_SECRET], char ret[PEOPLE_HEX]);

/* key: scrypt's output. CARDEA_EREFUSED: it is not that user's, or there is none. */
int people_check(struct people *o, const char *user,
	const uint8_t key[PEOPLE_KEY]) CARDEA_MUSTCHECK;
/* A session of the user begins. -ENOENT. */
int people_begin(struct people *o, nstime now, const char *user,
	uint8_t ret_secret[PEOPLE_SECRET]) CARDEA_MUSTCHECK;
int people_end(struct people *o, const uint8_t session[PEOPLE_DIGEST]) CARDEA_MUSTCHECK;
int people_end_all(struct people *o, const char *user) CARDEA_MUSTCHECK;

/* A new user, or another role or password of one; his sessions end unless keep is one of
 * them (NULL: all end). role NOBODY, key NULL: as it is. CARDEA_EMALFORMED: that is no
 * name; CARDEA_ELIMIT. */
int people_set(struct people *o, nstime now, const char *user, enum people_role role,
	const uint8_t *key, const uint8_t *keep) CARDEA_MUSTCHECK;
/* With his sessions, and the tokens that he made; those go also when he is an owner no
 * longer. -ENOENT. */
int people_remove(struct people *o, const char *user) CARDEA_MUSTCHECK;
/* True: without him there is no owner. */
bool people_is_last_owner(struct people *o, const char *user);

/* t: name, role, by and until are set. */
int people_token_make(struct people *o, nstime now, struct people_token *t,
	char ret_text[PEOPLE_TOKEN_TEXT]) CARDEA_MUSTCHECK;
int people_token_remove(struct people *o, uint32_t id) CARDEA_MUSTCHECK; /* -ENOENT */

/* The secret that is good for one password of an owner. *ret_until 0: as long as there is
 * no owner. -ENOENT. */
int people_setup(struct people *o, nstime now, char ret[PEOPLE_SETUP_TEXT],
	nstime *ret_until) CARDEA_MUSTCHECK;
int people_setup_new(struct people *o, nstime now, char ret[PEOPLE_SETUP_TEXT],
	nstime *ret_until) CARDEA_MUSTCHECK;
/* The owner by that name gets this password, and the secret is used up. CARDEA_EREFUSED: it
 * is not the one; CARDEA_EMALFORMED: the name is none; CARDEA_ELIMIT. */
int people_setup_use(struct people *o, nstime now, const char *typed, const char *user,
	const uint8_t key[PEOPLE_KEY]) CARDEA_MUSTCHECK;

#endif
