// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* people - who may use the gateway through its page: users, their sessions, and tokens of
 * programs. Nothing that opens a door is kept as it is, only its SHA-256. */
#ifndef CARDEA_MODEL_PEOPLE_H
#define CARDEA_MODEL_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/str.h"
#include "model/limits.h"

#define PEOPLE_DIGEST 32 /* SHA-256 */
#define PEOPLE_SECRET 32 /* random octets of a session's id, or of a token */
#define PEOPLE_HEX (2 * PEOPLE_SECRET + 1)
/* What a password becomes before it gets here: scrypt's output (RFC 7914), in hex. */
#define PEOPLE_KEY 32
/* Of scrypt: 8 MiB and a quarter of a second on a router, which OWASP's list of 2023 holds
 * equal to 128 MiB with p = 1; a gateway has no 128 MiB for everybody who knocks. */
#define PEOPLE_LOG2_N 13
#define PEOPLE_R 8
#define PEOPLE_P 10
#define PEOPLE_SALT 32
/* Of a password: long enough not to be guessed at the pace that the gateway allows, and no
 * more octets than a form has. */
#define PEOPLE_PASSWORD_MIN 10
#define PEOPLE_PASSWORD_MAX 256
#define PEOPLE_TOKEN_MARK "cardea_" /* how tokens begin, so that scanners know one */
#define PEOPLE_TOKEN_TEXT (sizeof(PEOPLE_TOKEN_MARK) + PEOPLE_HEX - 1)
#define PEOPLE_COOKIE "__Host-cardea"

/* Numbers are kept in the store: add, never change. */
enum people_role {
	PEOPLE_NOBODY,
	PEOPLE_VIEWER,
	PEOPLE_OWNER,
	PEOPLE_ISP,
	PEOPLE_ROLE_MAX,
};

struct people_user {
	char name[LIMIT_USER];
	enum people_role role;
	uint8_t key[PEOPLE_DIGEST]; /* of what scrypt made of the password */
	nstime since, last;	    /* wall; of the last login, 0: never */
	unsigned sessions;
};

struct people_session {
	uint8_t id[PEOPLE_DIGEST]; /* of the octets in the cookie */
	char user[LIMIT_USER];
	enum people_role role; /* the user's */
	nstime since, used, until;
};

struct people_token {
	uint32_t id;
	char name[LIMIT_LABEL]; /* what it is for */
	enum people_role role;
	uint8_t digest[PEOPLE_DIGEST];
	char by[LIMIT_USER]; /* who made it; empty: root */
	nstime since, until, used;
};

const char *people_role_name(enum people_role r); /* "viewer", ...; NOBODY: "nobody" */
/* False: it is none of the three. */
bool people_role_parse(const char *text, enum people_role *ret);
/* Small letters, digits and - _ . between them; it starts with a letter, and is not root. */
bool people_name_is_sound(const char *name);
/* A secret that people type: letters and digits without what is mistaken for another, in
 * groups of four. Brings what was typed into that form; false: it is none. */
#define PEOPLE_SETUP_DIGITS 16 /* of 5 bits: nobody guesses 80 bits */
#define PEOPLE_SETUP_TEXT (PEOPLE_SETUP_DIGITS + PEOPLE_SETUP_DIGITS / 4)
bool people_setup_read(const char *typed, char ret[PEOPLE_SETUP_TEXT]);
/* Of PEOPLE_SETUP_DIGITS random octets. */
void people_setup_make(const uint8_t random[PEOPLE_SETUP_DIGITS], char ret[PEOPLE_SETUP_TEXT]);

#endif
