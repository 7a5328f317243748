// SPDX-License-Identifier: GPL-2.0-or-later
/* maker - for those who make devices: a MUD file from a few answers, and pictures of
 * one that a buyer can read. No device, no daemon, no network. */
#ifndef CARDEA_PROFILES_MAKER_MAKER_H
#define CARDEA_PROFILES_MAKER_MAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "base/error.h"
#include "base/pool.h"
#include "model/profile.h"
#include "profiles/learned/learned.h"

/* Where the other end of a conversation is. */
enum maker_place {
	MAKER_LOCAL,      /* the local network, and devices by make */
	MAKER_CONTROLLER, /* what the owner appoints */
	MAKER_GATEWAY,
	MAKER_INTERNET,
	MAKER_PLACES,
};

#define MAKER_PEER_MAX (LIMIT_NAME * 4 + 32)
#define MAKER_SERVICE_MAX 96

/* One kind of conversation, both halves of it. */
struct maker_line {
	enum maker_place place;
	bool out, in; /* who may start it */
	bool forbidden;
	char peer[MAKER_PEER_MAX];       /* printable ASCII */
	char service[MAKER_SERVICE_MAX]; /* "TCP 443" */
};

/* The conversations that the rules are about, in the order of the file; each once. They
 * live in pool. */
int maker_lines(struct pool *pool, const struct rule *rules, size_t count,
	struct maker_line **ret_lines, size_t *ret_count) CARDEA_MUSTCHECK;
/* "may open TCP 443 to cloud.example.com" */
#define MAKER_SENTENCE_MAX (MAKER_PEER_MAX + MAKER_SERVICE_MAX + 64)
char *maker_sentence(const struct maker_line *l, char buf[MAKER_SENTENCE_MAX]);

/* Device, local network, controllers, gateway and internet, and who talks to whom. */
int maker_svg(const struct profile *p, FILE *out) CARDEA_MUSTCHECK;

/* What the QR code of a label says (RFC 9238): the MUD URL without its query, maker and
 * model. It has control characters in it. CARDEA_ELIMIT when it is too long. */
#define MAKER_QR_MAX 1024
int maker_qr_text(const struct profile *p, const char *url,
	char ret_text[MAKER_QR_MAX]) CARDEA_MUSTCHECK;
/* Dark modules are not 0; none without data. */
struct maker_qr {
	const unsigned char *modules; /* bit 0: dark */
	unsigned width;
};
/* A sheet to print: code, sentences, destinations; black on white. */
int maker_label(const struct profile *p, const char *url, const struct maker_qr *qr,
	FILE *out) CARDEA_MUSTCHECK;

/* What a device needs, in a few words. */
#define MAKER_LIST_MAX 48
struct maker_wish {
	const char *url;
	const char *name;                  /* systeminfo; NULL: none */
	const char *cloud[MAKER_LIST_MAX]; /* NAME[:PORT[/tcp|udp]]; TCP 443 */
	const char *local[MAKER_LIST_MAX]; /* PORT[/tcp|udp] that the LAN may ask */
	const char *controller[MAKER_LIST_MAX]; /* URI of a class, or "my" */
	size_t clouds, locals, controllers;
	nstime now;
};
/* The file as text, for free(). What is wrong with a wish is in ret_text. */
int maker_make(const struct maker_wish *w, char **ret_json,
	char ret_text[LIMIT_TEXT]) CARDEA_MUSTCHECK;

/* How the file says a rule that was learned. */
enum maker_said {
	MAKER_SAID,    /* as it is */
	MAKER_SPELT,   /* "all below a name" as the names that were seen */
	MAKER_WIDENED, /* by the next class that a file can name */
	MAKER_UNSAID,  /* not at all */
	MAKER_SAID_MAX,
};

struct maker_saying {
	enum maker_said said;
	unsigned entries;	 /* of the list that the opener is in */
	char ace[LIMIT_LABEL];	 /* the first of them; or empty */
	char text[LIMIT_TEXT];	 /* why it is not said as it is; or empty */
};

/* What was learned of a device. The kinds are the exact ones: they tell which names
 * stand behind a "*.example.com". */
struct maker_learned {
	const char *url;
	const char *name; /* systeminfo, cut and made harmless; NULL: none */
	nstime now;
	const struct rule *rules;
	size_t count;
	const struct learned_kind *kinds;
	size_t kind_count;
};
/* Such conversations are what the rule is about. */
bool maker_rule_covers(const struct rule *r, const struct learned_kind *k);
/* The file as text, for free(); ret_says has room for a saying of each rule.
 * CARDEA_ELIMIT when a MUD file cannot hold so much. */
int maker_learned_make(const struct maker_learned *l, struct maker_saying *ret_says,
	char **ret_json) CARDEA_MUSTCHECK;
const char *maker_said_name(enum maker_said s); /* "said", "spelt out", ... */

#endif
