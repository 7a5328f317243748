// SPDX-License-Identifier: GPL-2.0-or-later
/* suspicion - how much one device looks as if it did what it is not for. A score of
 * detectors, each with its own evidence and its own forgetting, so that every verdict can
 * be told in a sentence. Pure: refused packets and what else the house notices in, a
 * level out; time is the caller's. Bounded: one struct for each device.
 *
 * What is most likely innocent weighs least: a name whose address moved, a profile whose
 * update is due (draft-richardson-shg-un-quarantine-03). One new peer, however often it
 * is tried, never convicts; scans, floods and worms do within seconds. */
#ifndef CARDEA_LIFECYCLE_SUSPICION_H
#define CARDEA_LIFECYCLE_SUSPICION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/hash.h"
#include "lifecycle/when.h"
#include "model/device_class.h"
#include "model/limits.h"

enum suspicion_kind {
	SUSPICION_STRAY,     /* a peer or service that its profile does not have */
	SUSPICION_PORT_SCAN, /* many ports of one host */
	SUSPICION_ADDR_SCAN, /* one port of many hosts */
	SUSPICION_FLOOD,     /* more than any service needs */
	SUSPICION_BRUTE,     /* one login service, again and again */
	SUSPICION_SPOOF,     /* another's address, or a router's or DHCP server's part */
	SUSPICION_WORM,      /* ports by which malware spreads */
	SUSPICION_BEACON,    /* a refused peer, tried at even intervals */
	SUSPICION_LISTEN,    /* a service that it did not offer before */
	SUSPICION_HIDDEN,    /* names asked where nobody sees */
	SUSPICION_KIND_MAX,
};

/* What the house noticed. A refused packet is told as STRAY; from many of those, scans,
 * floods, brute force, worms and beacons are seen here. */
struct suspicion_seen {
	enum suspicion_kind kind; /* STRAY, SPOOF, LISTEN or HIDDEN */
	nstime when;		  /* wall */
	struct addr peer;
	uint8_t proto;
	uint16_t port;	/* of the service */
	uint64_t count; /* packets that this stands for; at least 1 */
	bool inside;	/* the peer is in the house */
	/* STRAY: nothing refused it, but it was in vain: nobody answered, or with nothing,
	 * and no name led there. What is allowed is no stray; it may be an attack. */
	bool allowed;
	/* SPOOF: the address (peer) is nobody's: an old one, where the house has got others,
	 * unless there are many. */
	bool foreign;
	/* The likeliest innocent causes: a name of its profile had, or will have, this
	 * address; its file is overdue, or it just updated. */
	bool drifted, outdated;
};

/* Which thresholds apply. */
enum suspicion_class {
	SUSPICION_THING,    /* has one purpose: camera, lamp, toy */
	SUSPICION_CRITICAL, /* medical, lock, smoke, heating: more is needed */
	SUSPICION_COMPUTER, /* does many things by nature */
	SUSPICION_CLASS_MAX,
};

enum suspicion_level { SUSPICION_NONE, SUSPICION_RAISED, SUSPICION_CONVICTED };

/* Points. STRAY alone stays below CONVICTED for ever: see STRAY_MOST. */
#define SUSPICION_RAISED_AT 20
#define SUSPICION_CONVICTED_AT 100
#define SUSPICION_CRITICAL_FACTOR 1.5 /* thresholds times this */
#define SUSPICION_COMPUTER_FACTOR 2.0
#define SUSPICION_TIGHT_FACTOR 0.5 /* on probation */
#define SUSPICION_STRAY_MOST 60.0
/* What is only new counts so much towards a conviction: a few hosts or ports that were tried
 * in vain are half of one, and are new by nature. */
#define SUSPICION_NEW_MOST 30.0
#define SUSPICION_CLEARED_BELOW 0.5 /* of the threshold that was passed: no flapping */
#define SUSPICION_PEERS 16 /* refused peers that are followed at once */
#define SUSPICION_BITS 256 /* counts up to some 500 different things */
#define SUSPICION_SERVICES 8 /* tried at many hosts, that are followed at once */
/* What a device offers in its first days is what it is for. Chosen. */
#define SUSPICION_LISTEN_LEARNS (3LL * 86400 * NS_PER_SEC)

struct suspicion_count { /* different things in a window, by linear counting */
	uint64_t bits[SUSPICION_BITS / 64];
};

struct suspicion_peer {
	uint64_t key;	  /* of peer, protocol and port; 0: free */
	nstime last;	  /* try */
	nstime gap;	  /* between the last two */
	uint16_t even;	  /* gaps in a row that were alike */
	uint32_t tries;	  /* in this window */
	bool told_brute, told_beacon;
};

/* One protocol and port that is tried at hosts without a name. */
struct suspicion_service {
	uint32_t key; /* 0: free */
	struct suspicion_count hosts;
};

struct suspicion {
	struct hash_key key;
	double points[SUSPICION_KIND_MAX];
	nstime at; /* to which points are reckoned */
	uint32_t times[SUSPICION_KIND_MAX];
	nstime last[SUSPICION_KIND_MAX];
	char text[SUSPICION_KIND_MAX][LIMIT_LABEL]; /* "TCP 23 at 198.51.100.7" */
	/* one minute, and ten seconds, of refused packets */
	nstime window, flood; /* when each began */
	uint64_t flooded;     /* packets since then */
	bool told_flood, told_great_flood;
	uint64_t scanned_host;
	struct suspicion_count ports, hosts_in, hosts_out, kinds, sources;
	bool told_ports, told_hosts, told_sources;
	struct suspicion_peer peers[SUSPICION_PEERS];
	struct suspicion_service services[SUSPICION_SERVICES];
	struct suspicion_count listens; /* ports that it offers, since listens_since */
	nstime listens_since;		/* 0: none yet */
	enum suspicion_level level;
	bool tight;
};

/* As the owner says what the device is. */
enum suspicion_class suspicion_class_of(enum device_class c);
void suspicion_init(struct suspicion *s, struct hash_key key, nstime now);
void suspicion_see(struct suspicion *s, const struct suspicion_seen *e);
/* On probation, or no longer. */
void suspicion_tighten(struct suspicion *s, bool tight);
/* All is forgiven: it was released, or its profile explains it. */
void suspicion_forgive(struct suspicion *s, nstime now);
double suspicion_score(struct suspicion *s, nstime now);
/* The level now; it falls only once the score is clearly below. */
enum suspicion_level suspicion_level(
	struct suspicion *s, enum suspicion_class c, nstime now);
/* What the score is made of, the weightiest first: "47 points: port scan (TCP 23 at
 * 198.51.100.7, 61 times)". Returns ret. */
char *suspicion_why(struct suspicion *s, nstime now, char ret[LIMIT_TEXT]);

#define SUSPICION_SAVED 1024 /* octets, at most */
int suspicion_save(const struct suspicion *s, struct writer *w) CARDEA_MUSTCHECK;
/* CARDEA_EMALFORMED: none of ours; ret suspects nothing then. */
int suspicion_load(struct cursor saved, struct hash_key key, nstime now,
	struct suspicion *ret) CARDEA_MUSTCHECK;
/* The clock was set: what was some time ago still is. */
void suspicion_shift(struct suspicion *s, const struct when_jump *j);

#endif
