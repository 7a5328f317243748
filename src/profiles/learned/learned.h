// SPDX-License-Identifier: GPL-2.0-or-later
/* learned - profiles made from what devices do, with a number for what was not seen.
 * Pure: records in, kinds and rules out; time is the records'. Bounded for each device.
 *
 * The sampling unit is the episode: what a device does between two silences, or in one
 * capture, with the context in which it happened. A kind is a conversation in canonical
 * form; evidence is in how many episodes of which context it occurred. */
#ifndef CARDEA_PROFILES_LEARNED_LEARNED_H
#define CARDEA_PROFILES_LEARNED_LEARNED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/pool.h"
#include "model/profile.h"
#include "model/record.h"
#include "model/rule.h"

/* Least number of episodes for a prediction: below, Good-Turing is off by more than it
 * tells (calibration on setup captures). */
#define LEARNED_EPISODES_LEAST 5
/* Kinds of one device. A hub has some 90 before names are generalised; who has more
 * than this is a computer, or is scanning. */
#define LEARNED_KINDS_MAX 1024
#define LEARNED_DEVICES_MAX LIMIT_DEVICES
/* From here on clients get theirs (Linux; RFC 6335: 49152). */
#define LEARNED_PORT_DYNAMIC 32768

enum learned_context {
	LEARNED_SETUP,  /* first sighting of the device */
	LEARNED_BOOT,   /* DHCP after absence */
	LEARNED_USER,   /* a phone or a hub spoke to it just before */
	LEARNED_TIMER,  /* only what comes at its own period */
	LEARNED_UPDATE, /* a large download, or DHCP right after one */
	LEARNED_QUIET,  /* an hour in which nothing of the above happened */
	LEARNED_CONTEXT_MAX,
};

enum learned_state {
	LEARNED_UNKNOWN, /* fewer episodes than LEARNED_EPISODES_LEAST */
	LEARNED_LEARNING,
	LEARNED_SETTLED,
	LEARNED_CLOSED,
	LEARNED_STATE_MAX,
};

/* A conversation in canonical form. Two are the same kind when all but the evidence is
 * equal. */
struct learned_kind {
	enum direction direction;
	uint8_t family, proto;
	uint16_t port; /* of the service; ICMP: type; 0 with port_any */
	bool port_any; /* many ports were seen: dynamic */
	/* The port of who begins, where that is the fixed one: an answer, as of
	 * discovery, to whatever port has asked. 0: any, as usual. */
	uint16_t source_port;
	enum record_place place;
	char name[LIMIT_NAME]; /* "cloud.example.com", "*.example.com"; empty: addr */
	bool general;          /* the name stands for several that were seen */
	uint16_t siblings;     /* how many */
	struct addr peer;      /* when there is no name, of INTERNET and GROUP */
	struct mac peer_mac;   /* of DEVICE */
	enum record_app app;
	char detail[LIMIT_TEXT];
	/* evidence */
	uint32_t episodes[LEARNED_CONTEXT_MAX];
	nstime first, last;
	uint64_t flows, packets, bytes[DIRECTION_MAX];
	uint64_t bytes_median, bytes_p99; /* of an episode, both ways */
	nstime period;                    /* 0: none that is regular */
};

struct learned_unseen {
	enum learned_state state;
	uint32_t episodes, kinds, singletons, doubletons;
	double share; /* of what it will do that was not seen: estimate; 0 when unknown
		       */
	double bound; /* 95 % upper bound of the share */
	double richness; /* Chao2: kinds there are in all */
};

#define LEARNED_FINDING_MAX 16
enum learned_finding_kind {
	LEARNED_DIVERSE, /* more kinds than a device with a purpose has */
	LEARNED_SCAN,    /* peers or ports tried in turn: never enters the profile */
	LEARNED_FANOUT,
	LEARNED_BRUTE, /* one service tried again and again */
	LEARNED_KNOWN_BAD,
	LEARNED_FLOOD,
	LEARNED_FINDING_KINDS,
};
struct learned_finding {
	enum learned_finding_kind kind;
	nstime when;
	uint64_t count;
	char text[LIMIT_TEXT]; /* a sentence for people */
};

struct learned_device {
	struct mac mac;
	uint32_t episodes[LEARNED_CONTEXT_MAX];
	nstime first, last;
	/* What is predicted is so for as long ahead as was watched, a day at least:
	 * seasons, clouds and firmware change. */
	nstime holds_until;
	/* The mean over what was sampled, with the word of the worst context that is not
	 * rare; closed only who was seen starting. */
	struct learned_unseen all;
	struct learned_unseen contexts[LEARNED_CONTEXT_MAX];
	/* Runs of episodes without a night between; and how much of what one of them
	 * has no other has: what is to be expected of another day. 0 below two. */
	uint32_t sittings;
	double another_day;
	uint32_t kinds;
	struct learned_finding findings[LEARNED_FINDING_MAX];
	uint32_t finding_count;
};

struct learned_config {
	/* How many labels of the name nobody owns alone: 1 of "example.com", 2 of
	 * "x.co.uk"; a shared cloud's apex counts as public. */
	unsigned (*public_labels)(void *ctx, const char *name);
	void *ctx;
	bool per_capture; /* each capture is one episode, whatever its length */
	/* Nobody will ask for learned_interactions: finding them costs a quarter of all
	 * else. */
	bool no_interactions;
};

struct learned;

int learned_new(const struct learned_config *c, struct learned **ret) CARDEA_MUSTCHECK;
void learned_free(struct learned *l); /* NULL is fine */
/* Another capture begins: its conversations belong to no episode of before. */
void learned_capture(struct learned *l);
/* What observe tells, in the order in which it does. -ENOMEM; CARDEA_ELIMIT: one device
 * too many; CARDEA_EMALFORMED: no record. What was learned before stays. */
int learned_record(struct learned *l, const struct record *r);
/* The same of several, one after the other, in less time than one at a time; they are
 * changed. ret: of each. */
#define LEARNED_BATCH 32
void learned_records(
	struct learned *l, struct record r[], size_t n, int ret[LEARNED_BATCH]);
void learned_seen(struct learned *l, const struct mac *device, nstime when); /* new */
void learned_booted(struct learned *l, const struct mac *device, nstime when);
/* Ends the episode of this device that is under way. */
void learned_cut(struct learned *l, const struct mac *device);
/* All that was learned of it goes; the next record of it is the first. */
void learned_forget(struct learned *l, const struct mac *device);
/* Ends the episodes that are over at `now`; INT64_MAX: all. */
void learned_end(struct learned *l, nstime now);

/* ---- what was learned; all below sees ended episodes only ---- */

size_t learned_count(const struct learned *l);
/* i < learned_count, in order of first sighting. */
const struct mac *learned_mac_at(const struct learned *l, size_t i);
void learned_device_at(const struct learned *l, size_t i, struct learned_device *ret);
/* The same of one that is known by its MAC. -ENOENT: no such device. */
int learned_device_of(const struct learned *l, const struct mac *device,
	struct learned_device *ret) CARDEA_MUSTCHECK;
/* What was found of it, in order; cheap, as it is asked for often. False: there are no
 * more. */
bool learned_finding_of(const struct learned *l, const struct mac *device, uint32_t i,
	struct learned_finding *ret);
/* Generalised where `general`, else exact; each in order of first sighting. Non-zero of
 * visit stops and is returned. -ENOENT: no such device. */
typedef int learned_visit(void *ctx, const struct learned_kind *k);
int learned_kinds(const struct learned *l, const struct mac *device, bool general,
	learned_visit *visit, void *ctx) CARDEA_MUSTCHECK;
/* The kinds that were seen in one episode only. */
int learned_singletons(const struct learned *l, const struct mac *device,
	learned_visit *visit, void *ctx) CARDEA_MUSTCHECK;
/* What it did at an address of the internet when nobody had told its name, which is
 * known from another time: name and peer of each are set. Exact, in no order. */
int learned_unnamed(const struct learned *l, const struct mac *device,
	learned_visit *visit, void *ctx) CARDEA_MUSTCHECK;
/* The profile's rules, layer LAYER_LEARNED, in pool; detail of each is its evidence in
 * a sentence. */
int learned_rules(const struct learned *l, const struct mac *device, struct pool *pool,
	struct rule **ret_rules, size_t *ret_count) CARDEA_MUSTCHECK;

/* The same of one device for who wants several of these: its kinds are looked at once.
 * Nothing may be learned meanwhile. -ENOENT; -ENOMEM. */
struct learned_view;
int learned_view_new(const struct learned *l, const struct mac *device,
	struct learned_view **ret) CARDEA_MUSTCHECK;
void learned_view_free(struct learned_view *v); /* NULL is fine */
void learned_view_device(const struct learned_view *v, struct learned_device *ret);
int learned_view_singletons(
	const struct learned_view *v, learned_visit *visit, void *ctx) CARDEA_MUSTCHECK;
/* words: with their names and what they were seen by; false: of who counts them. */
int learned_view_rules(const struct learned_view *v, bool words, struct pool *pool,
	struct rule **ret_rules, size_t *ret_count) CARDEA_MUSTCHECK;

/* How much of what `other` saw of the device is not in what `l` learned: `other` has
 * the same settings. */
struct learned_test {
	uint32_t episodes;
	uint64_t incidences, unseen; /* (episode, kind) pairs */
	double unseen_share;
	uint32_t surprised; /* episodes with at least one */
	/* Episodes in circumstances that were not learned in: a context without any, a
	 * device of the house that it never met, a day of which none was watched while
	 * there were few, a time to which nothing reaches. */
	uint32_t strange;
	/* Too many are strange, or more surprise than chance and bound have it: what
	 * was predicted is not about these. why: in a sentence for people, else empty.
	 */
	bool context_not_seen;
	char why[LIMIT_TEXT];
};
int learned_compare(const struct learned *l, const struct learned *other,
	const struct mac *device, learned_visit *unseen, void *ctx,
	struct learned_test *ret) CARDEA_MUSTCHECK;

/* The whole state as bytes, and back: versioned, bounded, checked on the way in. */
int learned_save(const struct learned *l, struct writer *w) CARDEA_MUSTCHECK;
size_t learned_save_size(const struct learned *l);
int learned_load(const struct learned_config *c, struct cursor saved,
	struct learned **ret) CARDEA_MUSTCHECK;

const char *learned_context_name(enum learned_context c); /* "setup", ... */
const char *learned_state_name(enum learned_state s); /* "unknown", "learning", ... */
const char *learned_finding_name(enum learned_finding_kind k);

#endif
