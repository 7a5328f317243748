// SPDX-License-Identifier: GPL-2.0-or-later
/* learn - profiles from captures: the reader, the observer and the learner connected,
 * under the captures' own clock; and what came of it, as files and for people. */
#ifndef CARDEA_ENGINE_LEARN_H
#define CARDEA_ENGINE_LEARN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/addr.h"
#include "base/clock.h"
#include "base/jsonw.h"
#include "base/pool.h"
#include "model/limits.h"
#include "model/rule.h"
#include "observe/observe.h"
#include "profiles/learned/learned.h"
#include "profiles/maker/maker.h"

struct learn_options {
	struct mac device; /* only this one; zero: all */
	bool per_capture;  /* each capture is one episode */
	/* Also what extended profiles say: what happens only after something else, and by
	 * which addresses devices are bound. */
	bool extended;
	/* Of the capture that is being read, now and then and at its end; or NULL. */
	void (*progress)(void *ctx, uint64_t packets, uint64_t bytes);
	void *ctx;
	/* Each conversation, right after the learner was told of it; or NULL. */
	void (*record)(void *ctx, const struct learned *l, const struct record *r);
	void *record_ctx;
};

/* One capture, as far as it could be read. */
struct learn_capture {
	uint64_t packets;
	uint64_t crowded; /* conversations of devices beyond LEARNED_DEVICES_MAX */
	struct observe_counts counts;
	char problem[LIMIT_TEXT]; /* why the reading ended early, and at which byte */
};

struct learn;

int learn_new(const struct learn_options *o, struct learn **ret) CARDEA_MUSTCHECK;
void learn_free(struct learn *l); /* NULL is fine */
/* A capture, pcap or pcapng, another than all before. 0, or an error with ret->problem
 * set; *ret is always set, and what was read before a broken place counts. */
int learn_read(
	struct learn *l, int fd, struct learn_capture *ret) CARDEA_MUSTCHECK;
/* After the last capture. */
void learn_end(struct learn *l);
const struct learned *learn_learned(const struct learn *l);

/* ---- who it is ---- */

/* What a device calls itself in DHCP, printable ASCII; or empty. */
struct learn_name {
	char host[LIMIT_HOSTNAME];
	char vendor[LIMIT_HOSTNAME]; /* vendor class: often of its DHCP client */
};
/* Never NULL. */
const struct learn_name *learn_name(const struct learn *l, const struct mac *m);
/* Captures without a link layer know no MAC: one is made of each address of the house.
 * True when this is such a one; *ret is always set. */
bool learn_mac_is_made(const struct learn *l, const struct mac *m, struct addr *ret);
/* The MAC that is made for an address. */
struct mac learn_mac_make(const struct addr *a);

/* ---- what came of it ---- */

struct learn_bare;
struct learn_bares;

struct learn_kinds {
	const struct learned_kind *list;
	size_t count;
};

/* All about one device; everything lives in pool. */
struct learn_profile {
	struct pool *pool;
	struct learned_device device;
	struct learn_name *name;
	bool made;		       /* see learn_mac_is_made */
	struct addr addr;	       /* made */
	struct learn_kinds exact, general, singletons;
	const struct rule *rules;
	const struct maker_saying *says; /* how the file says each */
	const struct learn_bare *const *bares; /* of rules by address alone; or NULL each */
	size_t rule_count;
	size_t bare_many; /* there were too many of those to list */
	char *mud; /* the MUD file; NULL: see problem */
	char problem[LIMIT_TEXT];
};

/* Whatever learns: captures, or the gateway while it runs. */
struct learn_source {
	const struct learned *learned;
	const struct learn_bares *bares;
	struct learn_name name; /* of the device in question */
	bool made;		/* see learn_mac_is_made */
	struct addr addr;
};
/* Of captures. */
struct learn_source learn_source(const struct learn *l, const struct mac *m);

/* -ENOENT: no such device. *ret wants learn_profile_free in any case. now: of the MUD
 * file. */
int learn_profile_make(const struct learn *l, const struct mac *device, nstime now,
	struct learn_profile *ret) CARDEA_MUSTCHECK;
int learn_profile_of(const struct learn_source *s, const struct mac *device, nstime now,
	struct learn_profile *ret) CARDEA_MUSTCHECK;
int learn_profile_brief_of(const struct learn_source *s, const struct mac *device,
	nstime now, struct learn_profile *ret) CARDEA_MUSTCHECK;
/* The same as far as learn_profile_json tells it: without kinds and MUD file, unless it
 * takes making the file to know whether there can be one. */
int learn_profile_brief(const struct learn *l, const struct mac *device, nstime now,
	struct learn_profile *ret) CARDEA_MUSTCHECK;
void learn_profile_free(struct learn_profile *p);
/* How to call it: host name, MAC or address. Printable ASCII. */
#define LEARN_CALL_MAX (LIMIT_HOSTNAME + ADDR_TEXT_MAX + 4)
const char *learn_profile_call(
	const struct learn_profile *p, char buf[LEARN_CALL_MAX]);

/* What other captures of the device have that its profile has not. */
struct learn_test {
	struct learned_test result;
	struct learn_kinds unseen; /* in the profile's pool */
};
/* -ENOENT: the other captures do not have it. */
int learn_test(const struct learn *l, const struct learn *other,
	struct learn_profile *p, struct learn_test *ret) CARDEA_MUSTCHECK;
int learn_test_of(const struct learned *l, const struct learned *other,
	struct learn_profile *p, struct learn_test *ret) CARDEA_MUSTCHECK;

/* ---- telling it ---- */

/* "TCP 443 to cloud.example.com" */
#define LEARN_KIND_TEXT_MAX (LIMIT_NAME + LIMIT_TEXT + 64)
const char *learn_kind_text(const struct learned_kind *k, char buf[LEARN_KIND_TEXT_MAX]);
/* A kind with all its evidence, as an object. */
void learn_kind_json(const struct learned_kind *k, struct jsonw *out);
/* The general kinds that a rule is about, as an array. */
void learn_rule_kinds_json(
	const struct learn_profile *p, const struct rule *r, struct jsonw *out);
/* How complete it is: the members that tell so, from "episodes" to "findings". */
void learn_device_json(const struct learned_device *d, struct jsonw *out);
/* The members of one device of cardea.learn/1 that tell what was learned; the object is
 * the caller's, so that it can add where the files are. test may be NULL. */
void learn_profile_json(
	const struct learn_profile *p, const struct learn_test *test, struct jsonw *out);
/* One object, schema cardea.evidence/1; profile: the name of the MUD file, or NULL. */
void learn_evidence_json(
	const struct learn_profile *p, const char *profile, struct jsonw *out);
/* A block for people. */
void learn_profile_text(
	const struct learn_profile *p, const struct learn_test *test, FILE *out);

/* ---- public suffixes (learn_suffix.c) ---- */

struct learn_suffixes;
/* The system's list, or the one that libpsl was built with. */
int learn_suffixes_new(struct learn_suffixes **ret) CARDEA_MUSTCHECK;
void learn_suffixes_free(struct learn_suffixes *s); /* NULL is fine */
/* learned_config.public_labels. */
unsigned learn_suffixes_labels(void *ctx, const char *name);

#endif
