// SPDX-License-Identifier: GPL-2.0-or-later
/* advisories - what outsiders say about the devices of this house: who may say it, what
 * this house's own traffic shows of it, how far it is followed, until when, and what the
 * owner says against it. lifecycle/advisory.h judges; here are the facts, and the deeds.
 *
 * Nothing is done that was not written into the log first (advisories_log.c). */
#ifndef CARDEA_ENGINE_ADVISORIES_H
#define CARDEA_ENGINE_ADVISORIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cursor.h"
#include "base/error.h"
#include "lifecycle/advisory.h"
#include "lifecycle/lifecycle.h"
#include "model/advisory.h"
#include "model/device.h"
#include "model/event.h"
#include "model/record.h"
#include "store/store.h"

struct pipeline;
struct learn_suffixes;

#define ADVISORIES_MAX 1024	  /* chosen; some 2 KiB of memory each */
#define ADVISORIES_PER_ISSUER 256 /* one feed must not push out another */
#define ADVISORIES_SIGNATURE_MAX 4096 /* COSE_Sign1 without its payload: some 200 octets */
#define ADVISORIES_OWNER "owner"      /* the issuer that needs no key */
/* How long own traffic is remembered (design: 24 hours). */
#define ADVISORIES_DAY (86400 * NS_PER_SEC)
/* Peers of one device in that time: those it talked to, and those it was refused, apart:
 * a scan must not push out what it was really told to call. Homes' devices have some 20
 * (the captures in profiles.md), a TV up to 150. */
#define ADVISORIES_TALKED_MAX 192
#define ADVISORIES_REFUSED_MAX 64
#define ADVISORIES_SEENS_MAX 4096
/* Names of so many owners at one address, or so many devices that nobody accuses and that
 * use it, too: it is everybody's. Chosen: one stranger is chance, two are custom. */
#define ADVISORIES_SHARED_NAMES 3
#define ADVISORIES_SHARED_DEVICES 2
#define ADVISORIES_TICK_S 10
/* Entries of the log; an owner who appeals daily fills it in fifty years. */
#define ADVISORIES_LOG_MAX 20000
#define ADVISORIES_LOG_CUT 2000 /* so many go at once beyond */

struct advisories_flow {
	nstime last; /* wall */
	struct addr peer;
	uint8_t proto;
	uint16_t port;
	char *name; /* or NULL */
};

struct advisories_flows {
	struct advisories_flow *items; /* unordered */
	size_t count, cap;
};

struct advisories_device {
	device_id id;
	struct advisories_flows talked, refused;
	struct advisory_held held;   /* what is in force */
	struct advisory_verdict now; /* as it was judged last */
	struct store_firmware firmware;
	bool due; /* to be judged anew */
};

struct advisories {
	struct pipeline *pipeline;
	struct advisory_kept **list; /* in the order in which they came */
	size_t count, cap;
	struct advisory_issuer *issuers[STORE_ISSUERS_MAX];
	size_t issuer_count;
	struct advisory_seen *seens;
	size_t seen_count, seen_cap;
	struct store_shared *shared;
	size_t shared_count;
	struct advisories_device *devices[LIMIT_DEVICES];
	size_t device_count;
	struct store_log_head head;
	uint32_t broken;	   /* the log's first entry that does not check; 0: whole */
	char broken_why[LIMIT_TEXT];
	struct learn_suffixes *suffixes; /* made at first use */
	nstime next_tick;		 /* mono */
	bool store_fails;		 /* was told */
	bool open;
	/* one judgement */
	struct advisory work[ADVISORY_ISSUERS_MAX];
	struct advisory_home homes[ADVISORY_ISSUERS_MAX];
	const struct advisory_kept *from[ADVISORY_ISSUERS_MAX];
};

int advisories_open(struct pipeline *p) CARDEA_MUSTCHECK; /* devices are loaded */
void advisories_end(struct advisories *a);
void advisories_tick(struct pipeline *p);
/* The clock was set. */
void advisories_shift(struct pipeline *p, const struct when_jump *j);
/* The device left the house for good. */
void advisories_forget(struct pipeline *p, device_id id);
/* Its owner wants it held: that does not end with what others say. */
int advisories_owner_holds(struct pipeline *p, const struct device *d) CARDEA_MUSTCHECK;
/* How far advisories alone hold the device, beside its life cycle. */
enum device_hold advisories_hold(const struct pipeline *p, const struct device *d);
const char *advisories_why(const struct pipeline *p, const struct device *d); /* or "" */
/* What all of them come to; in force, or waiting for the owner (ask). */
const struct advisory_verdict *advisories_verdict(
	const struct pipeline *p, const struct device *d);
/* Something about the device changed: it is judged with the next tick. */
void advisories_judge_soon(struct pipeline *p, const struct device *d);
void advisories_judge_now(struct pipeline *p, struct device *d);

/* ---- issuers (advisories_issuer.c) ---- */

/* What is wrong goes to why. CARDEA_EMALFORMED, -EEXIST, CARDEA_ELIMIT. pem: a public key or
 * a certificate; dry: only looks. */
int advisories_issuer_add(struct pipeline *p, struct advisory_issuer *i, bool dry,
	char why[LIMIT_TEXT]) CARDEA_MUSTCHECK;
/* Its advisories end with it. -ENOENT. */
int advisories_issuer_remove(
	struct pipeline *p, const char *name, bool dry) CARDEA_MUSTCHECK;
const struct advisory_issuer *advisories_issuer(
	const struct pipeline *p, const char *name);
/* 0: this issuer signed these bytes (a detached COSE_Sign1, RFC 9052 4.2). */
int advisories_verify(const struct advisory_issuer *i, const char *text, size_t len,
	struct cursor signature, char why[LIMIT_TEXT]) CARDEA_MUSTCHECK;

/* ---- one file (advisories_import.c) ---- */

enum advisories_outcome {
	ADVISORIES_TAKEN,
	ADVISORIES_RENEWED, /* a later word of the same issuer under the same id */
	ADVISORIES_REVOKED_BY,
	ADVISORIES_KNOWN,
	ADVISORIES_REFUSED,
};
/* What became of one of them; why: a sentence. */
struct advisories_result {
	enum advisories_outcome outcome;
	struct advisory a;
	uint32_t key; /* 0: none, or dry */
	enum advisory_state was; /* of the one that it renews, while it is tried */
	char why[LIMIT_TEXT];
};
const char *advisories_outcome_name(enum advisories_outcome o);
struct advisories_hit {
	device_id device;
	struct advisory_verdict verdict;
};
/* Reads, checks, keeps and follows a file; dry: shows what would come of it. results has
 * room for ADVISORY_IN_FILE_MAX. hits: the devices that it is about, at most max. Another
 * error than of the store is told in *fault. */
int advisories_import(struct pipeline *p, const char *text, size_t len,
	struct cursor signature, bool dry, struct advisories_result *results,
	size_t *ret_count, struct advisories_hit *hits, size_t max, size_t *ret_hits,
	struct advisory_fault *fault) CARDEA_MUSTCHECK;
struct advisory_kept *advisories_find(const struct pipeline *p, uint32_t key);
/* The owner says that it is wrong: what was done about it is undone, and it counts against
 * its issuer. -EALREADY when it is not active. */
int advisories_appeal(struct pipeline *p, struct advisory_kept *k, const char *because)
	CARDEA_MUSTCHECK;
/* ... or only that he does not want it. */
int advisories_withdraw(struct pipeline *p, struct advisory_kept *k) CARDEA_MUSTCHECK;
/* It ends; what was done about it with it. Written into the log by the caller. */
int advisories_close(struct pipeline *p, struct advisory_kept *k,
	enum advisory_state state) CARDEA_MUSTCHECK;

/* ---- own traffic (advisories_flows.c) ---- */

void advisories_see_record(
	struct pipeline *p, const struct device *d, const struct record *r);
void advisories_see_refused(
	struct pipeline *p, const struct device *d, const struct event *e);
/* An advisory that is new: what is remembered is looked through. */
void advisories_look_back(struct pipeline *p, const struct advisory_kept *k);
/* What shows it, or NULL; *scratch holds it where the advisory is not stored. */
const struct advisory_seen *advisories_evidence(struct pipeline *p,
	const struct advisory_kept *k, const struct device *d,
	struct advisory_seen *scratch);
void advisories_flows_free(struct advisories_flows *f);
/* A "*." name above which strangers are, such as "*.com". */
bool advisories_is_too_broad(struct pipeline *p, const char *domain);
/* The owner's list of networks that are everybody's. -ENOENT, CARDEA_ELIMIT. */
int advisories_shared_add(struct pipeline *p, const struct store_shared *n)
	CARDEA_MUSTCHECK;
int advisories_shared_remove(
	struct pipeline *p, const struct prefix *n) CARDEA_MUSTCHECK;

/* ---- judging (advisories_judge.c) ---- */

bool advisories_selects(struct pipeline *p, const struct advisory_kept *k,
	const struct device *d);
/* What all that is said of the device comes to, changing nothing. */
void advisories_judge_device(struct pipeline *p, const struct device *d,
	struct advisory_verdict *ret);
/* What the device runs, as somebody knows who should: the owner, a SUIT report, a token. */
int advisories_firmware(struct pipeline *p, const struct device *d,
	const char *label) CARDEA_MUSTCHECK;

/* ---- devices ---- */

/* NULL when memory is short. */
struct advisories_device *advisories_device(struct advisories *a, device_id id);
struct advisories_device *advisories_known(const struct advisories *a, device_id id);

/* ---- the log (advisories_log.c) ---- */

struct advisories_said {
	enum advisory_act act;
	const char *issuer, *advisory, *device, *text; /* NULL is "" */
};
/* In the open transaction; store_commit makes it last. After a failure of that,
 * advisories_log_again. */
int advisories_log(struct pipeline *p, const struct advisories_said *s) CARDEA_MUSTCHECK;
/* What the store has after all. */
void advisories_log_again(struct pipeline *p);
struct advisories_checked {
	uint32_t first, last; /* entries that are there */
	uint32_t broken;      /* the first that does not check; 0: all do */
	char why[LIMIT_TEXT];
	uint8_t head[ADVISORY_DIGEST];
};
int advisories_log_verify(
	struct pipeline *p, struct advisories_checked *ret) CARDEA_MUSTCHECK;
void advisory_entry_digest(
	const struct advisory_entry *e, uint8_t ret[ADVISORY_DIGEST]);

#endif
