// SPDX-License-Identifier: GPL-2.0-or-later
/* maintain - the profile of one device over the years: what is new waits for the owner
 * with its evidence, what follows an update is learned anew without being blocked, what
 * is not seen any more goes. Each firmware version keeps its profile.
 * Pure: records, the learner and the time in, verdicts and proposals out. Bounded. */
#ifndef CARDEA_PROFILES_MAINTAIN_MAINTAIN_H
#define CARDEA_PROFILES_MAINTAIN_MAINTAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/addr.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/jsonw.h"
#include "base/pool.h"
#include "model/limits.h"
#include "model/record.h"
#include "model/rule.h"
#include "profiles/learned/learned.h"

#define MAINTAIN_HOUR (3600 * NS_PER_SEC)
#define MAINTAIN_DAY (24 * MAINTAIN_HOUR)

/* Kinds that are kept: in force, proposed, refused, or of an older version. Twice what
 * the learner knows of a device: all of it may change once. */
#define MAINTAIN_KINDS_MAX (2 * LEARNED_KINDS_MAX)
/* Questions that wait at once. Beyond, the one that was not seen for longest goes: more
 * than this nobody reads, and a device that makes more is not answered one by one. */
#define MAINTAIN_PROPOSALS_MAX 64
/* What the owner refused, so that he is not asked again; beyond, the oldest goes. */
#define MAINTAIN_REFUSALS_MAX 256
/* A proposal of what is not seen any more is no question. */
#define MAINTAIN_PROPOSAL_TIME (30 * MAINTAIN_DAY)
/* For the effect of a proposal on the last week. */
#define MAINTAIN_DAYS 7
/* What an update changes shows in so many episodes, or in that time. */
#define MAINTAIN_WINDOW_EPISODES 5
#define MAINTAIN_WINDOW_TIME (7 * MAINTAIN_DAY)
/* From the end of one to the beginning of the next: whoever can make a device download
 * much must not keep its profile open for ever. */
#define MAINTAIN_WINDOW_REST (7 * MAINTAIN_DAY)
/* While no update was ever seen, a new name may be the host of the first one: so many
 * pass with an alert, each for that long. */
#define MAINTAIN_GRACE_KINDS 4
#define MAINTAIN_GRACE_TIME MAINTAIN_DAY
/* Unseen for so many of its periods, and for no less than three days (one long silence
 * of the whole device is counted as one day); of what has no period for a quarter of a
 * year: seasons are longer, but holidays are shorter. */
#define MAINTAIN_DORMANT_TIMES 10
#define MAINTAIN_DORMANT_LEAST (3 * MAINTAIN_DAY)
#define MAINTAIN_DORMANT_DEFAULT (90 * MAINTAIN_DAY)
/* What is dormant for so long is gone: with the former more than a year. */
#define MAINTAIN_EXPIRY (300 * MAINTAIN_DAY)
/* Firmware versions: two years of monthly ones. The oldest goes. */
#define MAINTAIN_VERSIONS_MAX 24
/* Weeks of the report. */
#define MAINTAIN_WEEKS 8
/* "volume within 2x" of what the kind that is known has in an episode. */
#define MAINTAIN_VOLUME_TIMES 2

/* What becomes of a conversation under the profile in force. */
enum maintain_verdict {
	MAINTAIN_IGNORED,  /* nothing that a profile decides */
	MAINTAIN_KNOWN,    /* in force: it passes */
	MAINTAIN_RETURNED, /* in force, unseen for long: it passes, with an alert */
	MAINTAIN_AUTO,     /* new, accepted as a variant of what is known */
	MAINTAIN_RELEARN,  /* new, after an update: it passes, with an alert */
	MAINTAIN_GRACE, /* new, may be the first update's host: passes, with an alert */
	MAINTAIN_BLOCKED, /* new: blocked until the owner has decided */
	MAINTAIN_REFUSED, /* the owner said no: blocked, not asked again */
	MAINTAIN_POISON, /* a scan or worse, or too diverse: blocked, never proposed */
	MAINTAIN_VERDICT_MAX,
};

enum maintain_status {
	MAINTAIN_ACTIVE,   /* in force */
	MAINTAIN_DORMANT,  /* in force; its next conversation raises an alert */
	MAINTAIN_PROPOSED, /* the owner is asked */
	MAINTAIN_REJECTED, /* the owner said no */
	MAINTAIN_GONE,     /* expired; an older version had it */
	MAINTAIN_STATUS_MAX,
};

/* Why a new kind waits for the owner. */
enum maintain_reason {
	MAINTAIN_WHY_NEW,	/* no kind like it is known */
	MAINTAIN_WHY_DOMAIN,	/* its registrable name is not known by this port */
	MAINTAIN_WHY_NAMELESS,	/* an address, and no name that says whose */
	MAINTAIN_WHY_PROVENANCE,/* our resolver did not answer for the name */
	MAINTAIN_WHY_VOLUME,	/* more than MAINTAIN_VOLUME_TIMES of what is known */
	MAINTAIN_REASON_MAX,
};

/* How a version of the firmware is known, the best first. */
enum maintain_source {
	MAINTAIN_BY_MAKER, /* systeminfo of its MUD file */
	MAINTAIN_BY_AGENT, /* HTTP User-Agent */
	MAINTAIN_BY_DHCP,  /* vendor class */
	MAINTAIN_BY_DATE,  /* of the update */
	MAINTAIN_SOURCE_MAX,
};

/* What a kind did within the last MAINTAIN_DAYS days. */
struct maintain_effect {
	uint64_t conversations, blocked; /* of those */
	uint64_t bytes;
};

struct maintain_item {
	uint32_t id; /* of a kind, unique for the device, also after a restart */
	enum maintain_status status;
	struct learned_kind kind;
	enum record_naming naming; /* the worst of how its name was known */
	enum maintain_reason reason; /* of proposals */
	bool automatic;	      /* accepted without the owner, who can still say no */
	nstime asked, answered; /* wall; 0: not */
	uint32_t version;     /* in whose window it was first seen; 0: in none */
	struct maintain_effect week;
};

struct maintain_version {
	uint32_t number; /* from 1 */
	enum maintain_source source;
	char label[LIMIT_SYSTEMINFO]; /* printable ASCII */
	nstime since;	      /* wall; of the update */
	uint32_t kinds, open; /* open: proposals of it that wait */
	bool closed;	      /* its window is over, or it had none */
};

struct maintain_window {
	bool open;
	uint32_t version;
	nstime since, until; /* wall; until: at the latest */
	uint32_t episodes;   /* of MAINTAIN_WINDOW_EPISODES */
};

/* What happened, for the owner's journal. */
enum maintain_event {
	MAINTAIN_ASKED,	    /* a proposal is ready to be shown */
	MAINTAIN_WITHDRAWN, /* one that was shown is no question any more */
	MAINTAIN_ACCEPTED_AUTO,
	MAINTAIN_BEYOND, /* what was accepted so did more than it may: a proposal now */
	MAINTAIN_SLEEPS, /* a kind is dormant */
	MAINTAIN_WAKES,	 /* it was, and is seen again */
	MAINTAIN_EXPIRED,
	MAINTAIN_WINDOW_OPENED,
	MAINTAIN_WINDOW_CLOSED, /* the whole difference is proposed as a version */
	MAINTAIN_WINDOW_STOPPED,/* closed early: poison */
	MAINTAIN_EVENT_MAX,
};

struct maintain_config {
	/* As of struct learned_config. NULL: nothing is accepted without the owner. */
	unsigned (*public_labels)(void *ctx, const char *name);
	void *public_ctx;
	bool strict; /* no grace for a first update */
	/* The profile that was put in force lets it pass, or a part of it, whoever it was
	 * learned of. NULL: what is learned when it is approved is what is in force. */
	bool (*permits)(void *ctx, const struct learned_kind *k);
	void *permits_ctx;
	/* item: a kind or a proposal, 0: none; text: a sentence. Borrowed for the call,
	 * in which the device must not be changed. NULL: nobody listens. */
	void (*event)(void *ctx, const struct mac *device, enum maintain_event e,
		uint32_t item, const char *text);
	void *event_ctx;
};

struct maintain;

int maintain_new(const struct maintain_config *c, const struct mac *device,
	struct maintain **ret) CARDEA_MUSTCHECK;
void maintain_free(struct maintain *m); /* NULL is fine */
const struct mac *maintain_device(const struct maintain *m);

/* ---- what is told ---- */

/* All that was learned is in force from now on, beside what was; open proposals that it
 * holds are accepted. The first time it is version 1. */
int maintain_approve(struct maintain *m, const struct learned *l, nstime now)
	CARDEA_MUSTCHECK;
/* One kind is in force: of a profile that somebody else wrote. CARDEA_ELIMIT. */
int maintain_permit(struct maintain *m, const struct learned_kind *k, nstime now)
	CARDEA_MUSTCHECK;
/* A conversation that learned_record() was told just before, of this device or not. */
int maintain_record(struct maintain *m, const struct learned *l, const struct record *r,
	enum maintain_verdict *ret) CARDEA_MUSTCHECK;
/* Now and then (each minute), and after learned_end(): what the learner knows by now,
 * and what is due. l: NULL where nothing is learned any more. */
int maintain_tick(struct maintain *m, const struct learned *l, nstime now)
	CARDEA_MUSTCHECK;
/* What names the firmware; any text, also a hostile one. A name alone opens no window. */
void maintain_label(struct maintain *m, enum maintain_source s, const char *text);

/* ---- the owner ---- */

/* -ENOENT: nothing waits under that number, nor was answered under it. Answers can be
 * changed. */
int maintain_accept(struct maintain *m, uint32_t item, nstime now) CARDEA_MUSTCHECK;
int maintain_reject(struct maintain *m, uint32_t item, nstime now) CARDEA_MUSTCHECK;
/* All that waits of a version. -ENOENT: no such version. */
int maintain_accept_version(struct maintain *m, uint32_t number, nstime now)
	CARDEA_MUSTCHECK;
int maintain_reject_version(struct maintain *m, uint32_t number, nstime now)
	CARDEA_MUSTCHECK;

/* ---- what is known ---- */

/* Non-zero of visit stops and is returned; in the order in which they came. */
typedef int maintain_visit(void *ctx, const struct maintain_item *i);
int maintain_items(const struct maintain *m, enum maintain_status s,
	maintain_visit *visit, void *ctx);
/* -ENOENT */
int maintain_item(const struct maintain *m, uint32_t id, struct maintain_item *ret)
	CARDEA_MUSTCHECK;
enum maintain_part {
	MAINTAIN_ALL,	/* all that is in force */
	MAINTAIN_LATER, /* of that, what was not approved at first; and what has grace */
	MAINTAIN_NO,	/* what is refused or expired, as prohibitions */
};
/* Rules, layer LAYER_LEARNED, in pool: as learned_rules() makes them of these kinds;
 * detail of each says since when and by whose word. */
int maintain_rules(const struct maintain *m, enum maintain_part part, struct pool *pool,
	struct rule **ret_rules, size_t *ret_count) CARDEA_MUSTCHECK;
/* Another number when these rules are others, or a window opened or closed. */
uint64_t maintain_force(const struct maintain *m);
void maintain_window(const struct maintain *m, struct maintain_window *ret);

size_t maintain_version_count(const struct maintain *m);
void maintain_version_at(
	const struct maintain *m, size_t i, struct maintain_version *ret);

enum maintain_change {
	MAINTAIN_ADDED,
	MAINTAIN_REMOVED, /* dormant or gone when the version's window closed */
	MAINTAIN_CHANGED, /* another port, more or less traffic, another period */
	MAINTAIN_CHANGE_MAX,
};
/* The profile of version `number` against the one before it that is known, in
 * sentences. -ENOENT: no such version; the first has no differences. */
typedef int maintain_visit_change(void *ctx, enum maintain_change c, uint32_t item,
	const char *sentence);
int maintain_diff(const struct maintain *m, uint32_t number, maintain_visit_change *visit,
	void *ctx) CARDEA_MUSTCHECK;

/* ---- the week ---- */

struct maintain_week {
	nstime since; /* wall; Monday 0:00 UTC */
	uint64_t conversations[MAINTAIN_VERDICT_MAX];
	uint64_t alerts; /* events that the owner could see */
	/* Conversations that were blocked, of kinds that were approved in this week:
	 * blocked without need. */
	uint64_t false_blocks;
	uint32_t asked, accepted, automatic, rejected, expired; /* proposals */
	uint32_t windows, versions, slept, woke;
};
/* The weeks that are kept, the latest last; i < count. */
size_t maintain_week_count(const struct maintain *m);
void maintain_week_at(const struct maintain *m, size_t i, struct maintain_week *ret);
/* Monday 0:00 UTC of the week of a time. */
nstime maintain_week_of(nstime wall);

/* One device in the report of a house. */
struct maintain_report_device {
	struct mac mac;
	const char *name; /* as the owner calls it, or empty */
	struct maintain_week week;
	struct learned_unseen unseen;
	uint32_t waiting; /* proposals, now */
	bool window;	  /* open, now */
};
struct maintain_report {
	nstime since; /* Monday */
	const struct maintain_report_device *devices;
	size_t count;
};
/* Schema cardea.week/1. */
void maintain_report_json(const struct maintain_report *r, struct jsonw *out);
void maintain_report_text(const struct maintain_report *r, FILE *out);

/* ---- words ---- */

#define MAINTAIN_TEXT_MAX (2 * LIMIT_NAME)
#define MAINTAIN_NO_ACL "refused" /* rule.acl of what the owner said no to */
/* "tcp 443 to cloud.example.com" */
const char *maintain_kind_text(
	const struct learned_kind *k, char buf[MAINTAIN_TEXT_MAX]);
/* "wants to speak tcp 443 to new.example.com (seen in 3 episodes since 2026-11-17; ...)":
 * what follows the device's name. */
const char *maintain_question(
	const struct maintain_item *i, char buf[MAINTAIN_TEXT_MAX]);
const char *maintain_verdict_name(enum maintain_verdict v); /* "known", ... */
const char *maintain_status_name(enum maintain_status s);
const char *maintain_reason_text(enum maintain_reason r);
const char *maintain_source_name(enum maintain_source s);
const char *maintain_change_name(enum maintain_change c);
const char *maintain_event_name(enum maintain_event e);

/* ---- state ---- */

/* The whole state as bytes, and back: versioned, bounded, checked on the way in. */
int maintain_save(const struct maintain *m, struct writer *w) CARDEA_MUSTCHECK;
size_t maintain_save_size(const struct maintain *m);
int maintain_load(const struct maintain_config *c, struct cursor saved,
	struct maintain **ret) CARDEA_MUSTCHECK;

#endif
