// SPDX-License-Identifier: GPL-2.0-or-later
/* store - what must survive a restart, in one SQLite file; a single writer. Writes
 * gather in one transaction until store_commit, to spare the flash. */
#ifndef CARDEA_STORE_H
#define CARDEA_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/error.h"
#include "model/adopted.h"
#include "model/advisory.h"
#include "model/case_file.h"
#include "model/change.h"
#include "model/decision.h"
#include "model/device.h"
#include "model/event.h"
#include "model/evidence.h"
#include "model/overlay.h"
#include "model/people.h"
#include "model/profile.h"
#include "model/record.h"
#include "model/update_host.h"

struct store;

/* A stored DNS binding. */
struct store_binding {
	device_id device;
	char name[LIMIT_NAME];
	struct addr addr;
	nstime expires; /* wall */
};

/* What is kept beside a profile. */
struct store_profile_info {
	char url[LIMIT_URL]; /* as the device said it */
	nstime fetched;	     /* wall */
};

/* Opens dir/cardea.db, creating and migrating it. A file that is damaged is set aside
 * as cardea.db.damaged and a new one is begun; *ret_damaged tells. */
int store_open(const char *dir, struct store **ret, bool *ret_damaged) CARDEA_MUSTCHECK;
void store_close(struct store *s); /* commits */
int store_commit(struct store *s);
/* Nothing counts that was written since the last commit. */
void store_rollback(struct store *s);
int store_schema_version(struct store *s);
/* What the file takes, and what was written to it since it was opened. */
struct store_size {
	uint64_t bytes, free_bytes; /* of the file; of these, without content */
	uint64_t written;	    /* pages that went to the log, in bytes */
};
int store_size(struct store *s, struct store_size *ret) CARDEA_MUSTCHECK;

int store_device_save(struct store *s, const struct device *d) CARDEA_MUSTCHECK;
int store_devices(struct store *s, int (*each)(void *ctx, const struct device *d),
	void *ctx) CARDEA_MUSTCHECK;

/* The device and all that was stored for it: names, URLs, questions, controllers (also
 * those that it is for others), hits. Events keep its id. */
int store_device_remove(struct store *s, device_id id) CARDEA_MUSTCHECK;
/* The highest id that a device or an event has: it must not be given twice. */
int store_device_last(struct store *s, device_id *ret) CARDEA_MUSTCHECK;

/* Replaces what was stored for the URL, whole or not at all. */
int store_profile_save(struct store *s, const struct store_profile_info *info,
	const struct profile *p) CARDEA_MUSTCHECK;
int store_profile_remove(struct store *s, const char *url) CARDEA_MUSTCHECK;
/* The server said that it still holds; -ENOENT when none is stored for the URL. */
int store_profile_touch(struct store *s, const char *url, nstime fetched)
	CARDEA_MUSTCHECK;
/* One call a profile; p and what it points to are valid during the call only. Its layer
 * and its rules' are the one that it had when it was saved. */
int store_profiles(struct store *s,
	int (*each)(void *ctx, const struct store_profile_info *info,
		const struct profile *p),
	void *ctx) CARDEA_MUSTCHECK;

/* Below, a device that is not stored (or not any more) is -ENOENT: save it first. */

/* Who signs the files below a MUD URL's root: the first one that was accepted. */
struct store_pin {
	char root[LIMIT_URL];
	char signer[LIMIT_TEXT];
	char key[LIMIT_LABEL]; /* key id of the signer's CA */
	nstime since;	       /* wall */
};
/* Replaces. A new root beyond STORE_PINS_MAX is CARDEA_ELIMIT: an old pin must not be
 * pushed out by whoever names many roots. */
#define STORE_PINS_MAX 4096
int store_pin_save(struct store *s, const struct store_pin *p) CARDEA_MUSTCHECK;
int store_pin_find(struct store *s, const char *root, struct store_pin *ret)
	CARDEA_MUSTCHECK; /* -ENOENT */
int store_pin_remove(struct store *s, const char *root) CARDEA_MUSTCHECK;
int store_pins(struct store *s, int (*each)(void *ctx, const struct store_pin *p),
	void *ctx) CARDEA_MUSTCHECK;

/* The MUD URLs that a device has had; the last LIMIT_URL_HISTORY of them. */
struct store_url {
	device_id device;
	char url[LIMIT_URL];
	nstime seen; /* wall, the last time */
};
int store_url_seen(struct store *s, device_id device, const char *url, nstime wall)
	CARDEA_MUSTCHECK;
/* The one seen last comes last. */
int store_urls(struct store *s, device_id device,
	int (*each)(void *ctx, const struct store_url *u), void *ctx) CARDEA_MUSTCHECK;

/* Files that the owner accepted or rejected as they are, byte for byte. */
#define STORE_HASHES_MAX 1024 /* the oldest go: they are asked about again */
int store_hash_set(struct store *s, const uint8_t sha256[32], bool accepted,
	const char *url, nstime wall) CARDEA_MUSTCHECK;
int store_hash_find(struct store *s, const uint8_t sha256[32], bool *ret_accepted)
	CARDEA_MUSTCHECK; /* -ENOENT */

/* Stores a new question (id 0: *d gets one that nothing had before) or what became of an
 * old one (-ENOENT when it is gone). Beyond LIMIT_DECISIONS open ones, the oldest of the
 * device with most open ones goes; of the answered ones STORE_ANSWERED_MAX stay. */
#define STORE_ANSWERED_MAX 1000
int store_decision_save(struct store *s, struct decision *d) CARDEA_MUSTCHECK;
/* Nobody asks that any longer; answered ones stay. */
int store_decision_remove(struct store *s, uint32_t id) CARDEA_MUSTCHECK;
int store_decision_find(struct store *s, uint32_t id, struct decision *ret)
	CARDEA_MUSTCHECK; /* -ENOENT */
/* In order of id. */
int store_decisions(struct store *s, bool open_only,
	int (*each)(void *ctx, const struct decision *d), void *ctx) CARDEA_MUSTCHECK;
/* What was asked about this device (0: about none), of this kind, in order of id: looked
 * for whenever a device speaks, which it can do often. */
int store_decisions_of(struct store *s, device_id device, enum decision_kind kind,
	int (*each)(void *ctx, const struct decision *d), void *ctx) CARDEA_MUSTCHECK;

/* What a class of controllers means, as the owner has said. */
struct store_controller {
	device_id device;	/* for whom; 0: for every device */
	char class[LIMIT_NAME]; /* its URI, or "my-controller" */
	device_id target;	/* a device, or 0 when it is addr */
	struct addr addr;
};
/* Several targets per class; one that is there already is no error. CARDEA_EMALFORMED
 * without a class or without just one of target and addr, CARDEA_ELIMIT beyond
 * LIMIT_CONTROLLERS. */
int store_controller_save(struct store *s, const struct store_controller *c)
	CARDEA_MUSTCHECK;
/* This one, or, without target and addr, all of the class for the device; -ENOENT when
 * there is none. */
int store_controller_remove(struct store *s, const struct store_controller *c)
	CARDEA_MUSTCHECK;
/* In the order in which they were said. */
int store_controllers(struct store *s,
	int (*each)(void *ctx, const struct store_controller *c), void *ctx)
	CARDEA_MUSTCHECK;

/* What the owner says of a device beside its profile. id 0: *o gets one that nothing had
 * before. CARDEA_EMALFORMED, -ENOENT without such a device, CARDEA_ELIMIT beyond
 * LIMIT_OVERLAYS of the device: what he said before must not go by itself. */
int store_overlay_save(struct store *s, struct overlay *o) CARDEA_MUSTCHECK;
/* When it was said and until when it holds, of the one with its id; -ENOENT. */
int store_overlay_time(struct store *s, const struct overlay *o) CARDEA_MUSTCHECK;
int store_overlay_remove(struct store *s, uint32_t id) CARDEA_MUSTCHECK; /* -ENOENT */
/* In the order in which they were said. */
int store_overlays(struct store *s, int (*each)(void *ctx, const struct overlay *o),
	void *ctx) CARDEA_MUSTCHECK;

/* Where a device may fetch updates while it is held. CARDEA_EMALFORMED: none that is kept
 * (update_host_flaw, UPDATE_MUD), or of no device. */
int store_update_host_save(struct store *s, const struct update_host *h) CARDEA_MUSTCHECK;
/* The one of that device, source, host and service. -ENOENT */
int store_update_host_remove(
	struct store *s, const struct update_host *h) CARDEA_MUSTCHECK;
/* By device, the oldest first; what is damaged is left out. */
int store_update_hosts(struct store *s, int (*each)(void *ctx, const struct update_host *h),
	void *ctx) CARDEA_MUSTCHECK;

/* The profile that the owner put in force for a device himself, one a device: replaces.
 * CARDEA_EMALFORMED, -ENOENT without such a device. */
int store_adopted_save(
	struct store *s, device_id device, const struct adopted *a) CARDEA_MUSTCHECK;
int store_adopted_remove(struct store *s, device_id device) CARDEA_MUSTCHECK; /* -ENOENT */
/* What a points to is valid during the call only. */
int store_adopted(struct store *s,
	int (*each)(void *ctx, device_id device, const struct adopted *a),
	void *ctx) CARDEA_MUSTCHECK;
/* ... of this device alone. */
int store_adopted_of(struct store *s, device_id device,
	int (*each)(void *ctx, device_id device, const struct adopted *a),
	void *ctx) CARDEA_MUSTCHECK;

/* Where a device stands and what it is suspected of, in the life cycle's own form. */
#define STORE_LIFE_MAX 2048 /* octets of each */
struct store_life {
	device_id device;
	const void *state, *suspicion;
	size_t state_len, suspicion_len;
};
/* How it came there. States and event: numbers of the life cycle. */
struct store_step {
	uint64_t id; /* given when it is saved */
	device_id device;
	nstime at; /* wall */
	unsigned was, state, event;
	char kind[LIMIT_LABEL], protocol[LIMIT_LABEL];
	char sentence[LIMIT_TEXT], detail[LIMIT_TEXT];
};
#define STORE_STEPS_EACH 64 /* of one device; the oldest go */
/* Replaces; with the device (NULL: it is stored as it is) and the step (or NULL), all of
 * it or nothing. */
int store_life_save(struct store *s, const struct store_life *l, const struct device *d,
	struct store_step *step) CARDEA_MUSTCHECK;
/* l is valid during the call only. */
int store_lives(struct store *s, int (*each)(void *ctx, const struct store_life *l),
	void *ctx) CARDEA_MUSTCHECK;
/* The last ones, the oldest first. device 0: of all. */
int store_steps(struct store *s, device_id device, unsigned limit,
	int (*each)(void *ctx, const struct store_step *step), void *ctx) CARDEA_MUSTCHECK;

/* What probing knows of a device: replaces. CARDEA_EMALFORMED: nothing, or too much. */
#define STORE_PROBE_MAX (512 * 1024)
int store_probe_save(struct store *s, device_id device, const void *state,
	size_t len) CARDEA_MUSTCHECK;
int store_probe_remove(struct store *s, device_id device) CARDEA_MUSTCHECK; /* -ENOENT */
/* state is valid during the call only. */
int store_probes(struct store *s,
	int (*each)(void *ctx, device_id device, const void *state, size_t len),
	void *ctx) CARDEA_MUSTCHECK;

/* What maintenance knows of the profile that was approved at that time: replaces.
 * CARDEA_EMALFORMED: nothing, or too much. */
#define STORE_MAINTAINED_MAX (4 * 1024 * 1024)
int store_maintained_save(struct store *s, device_id device, nstime approved,
	const void *state, size_t len) CARDEA_MUSTCHECK;
int store_maintained_remove(
	struct store *s, device_id device) CARDEA_MUSTCHECK; /* -ENOENT */
/* state is valid during the call only. */
int store_maintained(struct store *s,
	int (*each)(void *ctx, device_id device, nstime approved, const void *state,
		size_t len),
	void *ctx) CARDEA_MUSTCHECK;

/* What was learned of all devices, in the learner's own form: replaces. */
int store_learner_save(
	struct store *s, const void *state, size_t len, nstime wall) CARDEA_MUSTCHECK;
/* Calls each once, or not at all when there is none. */
int store_learner(struct store *s,
	int (*each)(void *ctx, const void *state, size_t len, nstime saved),
	void *ctx) CARDEA_MUSTCHECK;
/* It cannot be read: it is kept, in the place of what was set aside before. */
int store_learner_set_aside(struct store *s) CARDEA_MUSTCHECK;
/* The owner does not want this device to be learned, or does again. */
int store_learner_off(struct store *s, device_id device, bool off) CARDEA_MUSTCHECK;
int store_learner_offs(struct store *s, int (*each)(void *ctx, device_id device),
	void *ctx) CARDEA_MUSTCHECK;

/* What a device was asked and has shown, in the attestor's own form: replaces.
 * CARDEA_EMALFORMED: nothing, or too much. */
#define STORE_ATTEST_MAX (64 * 1024)
int store_attest_save(struct store *s, device_id device, const void *state,
	size_t len) CARDEA_MUSTCHECK;
/* state is valid during the call only. */
int store_attest(struct store *s,
	int (*each)(void *ctx, device_id device, const void *state, size_t len),
	void *ctx) CARDEA_MUSTCHECK;
/* A key that the owner trusts; *k gets an id that nothing had before. CARDEA_EMALFORMED,
 * -ENOENT without such a device. */
int store_attest_key_add(struct store *s, struct evidence_key *k) CARDEA_MUSTCHECK;
int store_attest_key_remove(struct store *s, uint32_t id) CARDEA_MUSTCHECK; /* -ENOENT */
/* In order of id. */
int store_attest_keys(struct store *s,
	int (*each)(void *ctx, const struct evidence_key *k), void *ctx) CARDEA_MUSTCHECK;

/* How often a rule was used. */
struct store_hit {
	device_id device;
	char acl[LIMIT_LABEL], ace[LIMIT_LABEL];
	enum direction direction;
	uint64_t hits, bytes;
	nstime first, last; /* wall */
};
/* Replaces. Beyond LIMIT_RULES of one device those used last longest ago go. */
int store_hit_save(struct store *s, const struct store_hit *h) CARDEA_MUSTCHECK;
int store_hits(struct store *s, int (*each)(void *ctx, const struct store_hit *h),
	void *ctx) CARDEA_MUSTCHECK;
int store_hits_remove(struct store *s, device_id device) CARDEA_MUSTCHECK;

/* Stores a new event (id 0: *e gets one) or the new count and last time of an old one.
 * Beyond LIMIT_EVENTS the oldest go. */
int store_event_save(struct store *s, struct event *e) CARDEA_MUSTCHECK;
struct store_event_query {
	event_id after;	  /* only younger ids */
	event_id before;  /* only older ones; 0: all */
	device_id device; /* 0: all */
	uint64_t kinds;	  /* 1 << each that is wanted; 0: all */
	const char *text; /* in its sentence or the peer's name, whatever the case; or NULL */
	unsigned limit;	  /* the youngest that many, oldest first */
};
/* Of so many, at most, is looked whether they are meant: some 10 ms. Beyond, whoever asks
 * goes on from *ret_next. */
#define STORE_EVENTS_LOOK 25000
int store_events(struct store *s, const struct store_event_query *q,
	int (*each)(void *ctx, const struct event *e), void *ctx) CARDEA_MUSTCHECK;
/* The same; *ret_next: what `before` has to be for those that are older, 0: there are none. */
int store_events_page(struct store *s, const struct store_event_query *q,
	int (*each)(void *ctx, const struct event *e), void *ctx,
	event_id *ret_next) CARDEA_MUSTCHECK;
/* The first ones behind that, oldest first. */
int store_events_after(struct store *s, event_id after, unsigned limit,
	int (*each)(void *ctx, const struct event *e), void *ctx) CARDEA_MUSTCHECK;
int store_event(struct store *s, event_id id, struct event *ret) CARDEA_MUSTCHECK;

/* Beyond LIMIT_BINDINGS for one device those that end first go. */
int store_binding_save(struct store *s, const struct store_binding *b) CARDEA_MUSTCHECK;
int store_bindings(struct store *s, nstime now,
	int (*each)(void *ctx, const struct store_binding *b), void *ctx)
	CARDEA_MUSTCHECK;
/* Forgets bindings that ended before now. */
int store_bindings_prune(struct store *s, nstime now);

/* ---- what outsiders say (engine/advisories.h) ---- */

/* Who may say it: replaces. A new one beyond is CARDEA_ELIMIT. */
#define STORE_ISSUERS_MAX 64
int store_issuer_save(struct store *s, const struct advisory_issuer *i) CARDEA_MUSTCHECK;
int store_issuer_remove(struct store *s, const char *name) CARDEA_MUSTCHECK; /* -ENOENT */
int store_issuers(struct store *s,
	int (*each)(void *ctx, const struct advisory_issuer *i),
	void *ctx) CARDEA_MUSTCHECK;

/* key 0: k gets one that nothing had before; else what it became. Group, class and
 * signature are the issuer's: those that are read have none but is_signed. */
int store_advisory_save(struct store *s, struct advisory_kept *k) CARDEA_MUSTCHECK;
/* With what showed it. -ENOENT. */
int store_advisory_remove(struct store *s, uint32_t key) CARDEA_MUSTCHECK;
/* In the order in which they were taken first. */
int store_advisories(struct store *s,
	int (*each)(void *ctx, const struct advisory_kept *k), void *ctx) CARDEA_MUSTCHECK;

/* One an advisory and device: replaces. */
int store_advisory_seen_save(
	struct store *s, const struct advisory_seen *e) CARDEA_MUSTCHECK;
int store_advisory_seens(struct store *s,
	int (*each)(void *ctx, const struct advisory_seen *e), void *ctx) CARDEA_MUSTCHECK;
/* One a device: replaces. */
int store_advisory_held_save(
	struct store *s, const struct advisory_held *h) CARDEA_MUSTCHECK;
int store_advisory_helds(struct store *s,
	int (*each)(void *ctx, const struct advisory_held *h), void *ctx) CARDEA_MUSTCHECK;

/* Networks that are everybody's, as the owner says: a CDN's. */
#define STORE_SHARED_MAX 1024 /* chosen: the largest CDN publishes some 600 */
struct store_shared {
	struct prefix prefix;
	char name[LIMIT_LABEL];
};
int store_shared_save(struct store *s, const struct store_shared *n) CARDEA_MUSTCHECK;
int store_shared_remove(
	struct store *s, const struct prefix *p) CARDEA_MUSTCHECK; /* -ENOENT */
int store_shareds(struct store *s, int (*each)(void *ctx, const struct store_shared *n),
	void *ctx) CARDEA_MUSTCHECK;

/* What a device runs, where somebody knows: replaces. */
struct store_firmware {
	device_id device;
	char label[LIMIT_LABEL];
	nstime since; /* wall */
};
int store_firmware_save(struct store *s, const struct store_firmware *f) CARDEA_MUSTCHECK;
int store_firmwares(struct store *s,
	int (*each)(void *ctx, const struct store_firmware *f), void *ctx) CARDEA_MUSTCHECK;

/* Configurations of devices, sealed (engine/vault.h; store/vault.c). */
#define STORE_VAULT_KEY 32
struct store_vault {
	device_id device;
	uint32_t version; /* 1, 2, ... of the device */
	nstime at;	  /* wall */
	char name[LIMIT_LABEL];
	uint32_t bytes;	     /* unsealed */
	uint8_t sha256[32];  /* of them */
	uint8_t nonce[12];
	const uint8_t *sealed;
	size_t sealed_len;
};
/* -ENOENT without such a device. */
int store_vault_save(struct store *s, const struct store_vault *v) CARDEA_MUSTCHECK;
/* In the order of versions; sealed is valid during the call only. */
int store_vaults(struct store *s, device_id device,
	int (*each)(void *ctx, const struct store_vault *v), void *ctx) CARDEA_MUSTCHECK;
int store_vault_remove(
	struct store *s, device_id device, uint32_t version) CARDEA_MUSTCHECK; /* -ENOENT */
/* Of all of them, sealed. */
int store_vault_bytes(struct store *s, int64_t *ret) CARDEA_MUSTCHECK;
/* From its own file in the state folder, for its owner alone (0600). make: a new one is
 * made where there is none, else -ENOENT. CARDEA_EMALFORMED: it is none, or others may
 * read it. */
int store_vault_key(
	struct store *s, bool make, uint8_t ret[STORE_VAULT_KEY]) CARDEA_MUSTCHECK;

/* The log of all that (store/advisory_log.c). An entry and the new head are one
 * transaction with what is written beside them before store_commit. */
struct store_log_head {
	uint32_t seq; /* of the last entry; 0: there is none */
	uint8_t digest[ADVISORY_DIGEST];
	uint32_t cut; /* of the last one that went because there were too many; 0: none */
	uint8_t cut_digest[ADVISORY_DIGEST];
};
int store_log_head(struct store *s, struct store_log_head *ret) CARDEA_MUSTCHECK;
int store_log_add(struct store *s, const struct advisory_entry *e) CARDEA_MUSTCHECK;
/* Up to this one, with this digest, they go. */
int store_log_cut(struct store *s, uint32_t seq,
	const uint8_t digest[ADVISORY_DIGEST]) CARDEA_MUSTCHECK;
/* Those behind after, at most limit, oldest first. */
int store_log(struct store *s, uint32_t after, unsigned limit,
	int (*each)(void *ctx, const struct advisory_entry *e), void *ctx) CARDEA_MUSTCHECK;

/* ---- cases: whole, or not there (engine/cases.h) ---- */

#define STORE_CASES_OF_MAX 16 /* of one device; the oldest closed ones go */
#define STORE_CASES_MAX 256   /* of the house, the same way: 17 MiB at worst */
#define STORE_BUNDLE_MAX (96U << 10)
/* f->id is 0 and becomes one that nothing had before. -ENOENT without such a device. */
int store_case_open(struct store *s, struct case_file *f, const struct case_moment *first,
	const void *bundle, size_t len) CARDEA_MUSTCHECK;
/* One more; state and end of the case become those of f. Beyond CASE_MOMENTS_MAX one goes,
 * and is counted. -ENOENT: the case is gone. */
int store_case_moment(struct store *s, struct case_file *f,
	const struct case_moment *m) CARDEA_MUSTCHECK;
int store_case_bundle_save(
	struct store *s, uint32_t id, const void *bundle, size_t len) CARDEA_MUSTCHECK;
/* In the order in which they were opened. */
int store_cases(struct store *s, int (*each)(void *ctx, const struct case_file *f),
	void *ctx) CARDEA_MUSTCHECK;
/* Calls each once; the bundle is valid during the call only. -ENOENT. */
int store_case(struct store *s, uint32_t id,
	int (*each)(void *ctx, const struct case_file *f, const void *bundle, size_t len),
	void *ctx) CARDEA_MUSTCHECK;
int store_case_moments(struct store *s, uint32_t id,
	int (*each)(void *ctx, const struct case_moment *m), void *ctx) CARDEA_MUSTCHECK;
/* Random octets of this house for one purpose. */
#define STORE_SECRET 32
int store_secret_save(struct store *s, const char *name,
	const uint8_t secret[STORE_SECRET]) CARDEA_MUSTCHECK;
int store_secret(struct store *s, const char *name,
	uint8_t ret[STORE_SECRET]) CARDEA_MUSTCHECK; /* -ENOENT */
/* One a device: replaces. p->id 0: it gets one. */
#define STORE_PLAYBOOK_MAX (64U << 10)
int store_playbook_save(struct store *s, struct case_playbook *p) CARDEA_MUSTCHECK;
int store_playbook_remove(struct store *s, device_id device) CARDEA_MUSTCHECK; /* -ENOENT */
int store_playbook(struct store *s, device_id device,
	int (*each)(void *ctx, const struct case_playbook *p), void *ctx) CARDEA_MUSTCHECK;

/* What was changed by the control API (engine/changes.h). A profile that was taken back
 * comes with the request that puts it in force again, as JSON. */
#define STORE_CHANGE_BYTES (4U * LIMIT_ADOPTED_BYTES + 16384)
#define STORE_CHANGES_BYTES (4 * 1024 * 1024) /* of all: some twenty whole profiles */
#define STORE_CHANGES_MAX 500
#define STORE_CHANGES_KEPT (30LL * 24 * 3600 * NS_PER_SEC) /* who did what, a month long */
#define STORE_CHANGES_UNDO (24LL * 3600 * NS_PER_SEC)
/* c->id: one that nothing had before. What is older or too much goes. */
int store_change_add(struct store *s, struct change *c) CARDEA_MUSTCHECK;
/* by: the change that undid it; 0: it holds again. -ENOENT */
int store_change_undone(struct store *s, uint32_t id, uint32_t by) CARDEA_MUSTCHECK;
/* What it did was done once more: this takes it back from now on. -ENOENT */
int store_change_way(struct store *s, uint32_t id, const struct change *way) CARDEA_MUSTCHECK;
/* The youngest first. before: only older ids; 0: all. c is valid during the call only. */
int store_changes(struct store *s, uint32_t before, unsigned limit,
	int (*each)(void *ctx, const struct change *c), void *ctx) CARDEA_MUSTCHECK;
/* Calls each once, or not at all. */
int store_change(struct store *s, uint32_t id,
	int (*each)(void *ctx, const struct change *c), void *ctx) CARDEA_MUSTCHECK;
/* The youngest one that is taken back by that path and stands; 0: none. */
int store_change_of(struct store *s, const char *path, uint32_t *ret) CARDEA_MUSTCHECK;
/* The youngest one of the same matter that came later and stands; 0: none. */
int store_change_later(struct store *s, const char *about, uint32_t id,
	uint32_t *ret) CARDEA_MUSTCHECK;

/* ---- what devices did, by the hour (engine/history.h; store/history.c) ---- */

/* Whom a device talks with: by name where it has one, else by MAC or address. */
struct store_peer {
	uint64_t id; /* given when it is saved */
	device_id device;
	enum record_place place; /* RECORD_PLACE_MAX: all that have no row of their own */
	bool told; /* the name is one that the house's DNS told it, not one it said */
	enum direction direction; /* who begins */
	uint8_t proto;
	uint16_t port; /* of the service; 0: any; ICMP: type */
	struct mac mac;	  /* of RECORD_DEVICE */
	struct addr addr; /* the last one */
	char name[LIMIT_NAME];
	nstime first, last; /* wall */
};
/* What it said to the peer and heard of it in one hour, or was refused. */
struct store_talk {
	uint32_t hour; /* since 1970 */
	bool refused;
	uint64_t up, down; /* octets; 0 of what was refused */
	uint64_t count; /* conversations, or packets that were refused */
	nstime last;
};
/* What is new by it. */
struct store_talk_news {
	bool peer, day, hour;
};
/* A device's hour or day as a whole. */
struct store_spell {
	device_id device;
	uint32_t hour, day; /* since 1970; hour: 0 of a day */
	uint32_t flags;	    /* engine/history.h; of a day: its hours, a bit each */
	uint64_t up, down, count, refused;
	uint32_t peers; /* different ones */
	uint32_t fresh; /* of them, those never met before */
};
/* When something was recorded at all. */
struct store_span {
	uint32_t day;
	uint32_t hours; /* a bit each */
	nstime since;	/* wall: the first of the day */
};

struct store_history; /* some writes, or a look */
int store_history_begin(struct store *s, struct store_history **ret) CARDEA_MUSTCHECK;
void store_history_end(struct store_history *h); /* NULL is fine */
/* -ENOENT without such a device. Where there are `most` peers of the device already, the one
 * of the fewest hours makes room, into those that it has together; there goes a new one, too,
 * where `folds`. */
int store_talk_add(struct store_history *h, struct store_peer *p, const struct store_talk *t,
	unsigned most, bool folds, struct store_talk_news *ret) CARDEA_MUSTCHECK;
/* Adds to the hour and its day. */
int store_spell_add(struct store_history *h, const struct store_spell *s) CARDEA_MUSTCHECK;
/* Peers that were new in that hour. */
int store_spell_fresh(struct store_history *h, device_id device, uint32_t hour,
	uint32_t *ret) CARDEA_MUSTCHECK;
int store_span_add(struct store_history *h, nstime wall) CARDEA_MUSTCHECK;
/* Ends before these hours and days go. */
struct store_history_keep {
	uint32_t talk_hour, spell_hour, day;
	unsigned rows_each; /* of one device; the oldest days' smallest rows are folded */
	unsigned rows;	    /* of all; the oldest go */
};
int store_history_trim(
	struct store_history *h, const struct store_history_keep *k) CARDEA_MUSTCHECK;
int store_history_forget(struct store *s, device_id device) CARDEA_MUSTCHECK;

/* Sums from that hour on: the peers of one device, allowed and refused each for itself. */
int store_talks(struct store *s, device_id device, uint32_t from,
	int (*each)(void *ctx, const struct store_peer *p, const struct store_talk *t),
	void *ctx) CARDEA_MUSTCHECK;
/* From that hour to before the other, in order of device and hour; device 0: of all. */
int store_spells(struct store *s, device_id device, uint32_t from, uint32_t to,
	int (*each)(void *ctx, const struct store_spell *s), void *ctx) CARDEA_MUSTCHECK;
/* ... of days */
int store_days(struct store *s, device_id device, uint32_t from, uint32_t to,
	int (*each)(void *ctx, const struct store_spell *s), void *ctx) CARDEA_MUSTCHECK;
/* In order of day. */
int store_spans(struct store *s, int (*each)(void *ctx, const struct store_span *s),
	void *ctx) CARDEA_MUSTCHECK;

/* ---- people (engine/people.h): at most LIMIT_USERS, LIMIT_TOKENS, and of each user
 * LIMIT_SESSIONS / LIMIT_USERS sessions, of which the one that was used longest ago goes ---- */

/* Replaces the one of that name; CARDEA_ELIMIT. */
int store_user_save(struct store *s, const struct people_user *u) CARDEA_MUSTCHECK;
/* With all sessions. -ENOENT. */
int store_user_remove(struct store *s, const char *name) CARDEA_MUSTCHECK;
int store_user(struct store *s, const char *name,
	struct people_user *ret) CARDEA_MUSTCHECK; /* -ENOENT */
int store_users(struct store *s, int (*each)(void *ctx, const struct people_user *u),
	void *ctx) CARDEA_MUSTCHECK;
/* -ENOENT: there is no such user. */
int store_session_add(struct store *s, const struct people_session *n) CARDEA_MUSTCHECK;
int store_session(struct store *s, const uint8_t id[PEOPLE_DIGEST],
	struct people_session *ret) CARDEA_MUSTCHECK; /* -ENOENT */
int store_session_used(struct store *s, const uint8_t id[PEOPLE_DIGEST],
	nstime when) CARDEA_MUSTCHECK;
int store_session_remove(
	struct store *s, const uint8_t id[PEOPLE_DIGEST]) CARDEA_MUSTCHECK; /* -ENOENT */
int store_sessions_remove_of(struct store *s, const char *user) CARDEA_MUSTCHECK;
/* Those that end before now, or were last used at used or earlier. */
int store_sessions_prune(struct store *s, nstime now, nstime used) CARDEA_MUSTCHECK;
/* The secret of the first owner, in a file of the state folder that root alone can read; an
 * empty text takes the file away. */
int store_setup_show(struct store *s, const char *text) CARDEA_MUSTCHECK;
/* t->id is set; CARDEA_ELIMIT. */
int store_token_add(struct store *s, struct people_token *t) CARDEA_MUSTCHECK;
int store_token_remove(struct store *s, uint32_t id) CARDEA_MUSTCHECK; /* -ENOENT */
int store_tokens_remove_by(struct store *s, const char *user) CARDEA_MUSTCHECK;
int store_token_used(struct store *s, uint32_t id, nstime when) CARDEA_MUSTCHECK;
int store_tokens(struct store *s, int (*each)(void *ctx, const struct people_token *t),
	void *ctx) CARDEA_MUSTCHECK;

/* ---- a whole house (store/backup.c, store/restore.c) ----
 * As one database of its own: all that the store has but what was seen on the wire, who is
 * logged in, and what restoring itself notes. The way in goes through a copy: nothing of the
 * file that came is ever opened in place of the store, and of it only rows of tables that
 * this version knows are taken.
 *
 * The files stand beside the database: backup.db goes out, restore.part comes in, restore.new
 * is what was made of it, and restore.db what the next store_open takes, whatever happened to
 * who put it there. kept-N.db are houses that were replaced (store/kept.c). */

#define BACKUP_BYTES_MAX (256LL << 20) /* of such a database: flash is small */
#define BACKUP_VERSION_MAX 32
#define STORE_KEPT_MAX 3 /* houses that restores have replaced: a few undos, and little room */

struct backup_counts {
	uint32_t devices, overlays, decisions, profiles, users, cases, vault;
};

struct backup_about {
	uint32_t schema; /* of the database */
	char version[BACKUP_VERSION_MAX]; /* of the Cardea that made it */
	nstime made; /* wall */
	struct backup_counts counts;
};

/* What a restore would do, a sentence's worth each. */
enum backup_change {
	BACKUP_COMES,	/* a device that is not here */
	BACKUP_GOES,	/* one that is here alone */
	BACKUP_RENAMED, /* was, becomes */
	BACKUP_CHANGE_MAX,
};

/* Makes backup.db; about: version and made go in, the rest is filled. settings: the owner's,
 * as a file. history: with what was seen on the wire. *ret_fd reads it; it has no name by
 * then. */
int store_backup_make(struct store *s, struct backup_about *about, const char *settings,
	size_t len, bool history, int *ret_fd) CARDEA_MUSTCHECK;
/* Of the store itself. */
int store_backup_counts(struct store *s, struct backup_counts *ret) CARDEA_MUSTCHECK;
/* A new empty restore.part, for writing. */
int store_restore_open(struct store *s, int *ret_fd) CARDEA_MUSTCHECK;
/* Checks restore.part and makes restore.new of it. CARDEA_EMALFORMED: it is no backup, or a
 * damaged one. CARDEA_ESTALE: of a newer Cardea. CARDEA_ELIMIT: too many devices. The other
 * two files are gone after an error. digest: what it is known by afterwards. */
int store_restore_check(struct store *s, const char *digest, nstime now,
	struct backup_about *ret) CARDEA_MUSTCHECK;
/* restore.new against the store. */
int store_restore_compare(struct store *s,
	int (*each)(void *ctx, enum backup_change what, const char *a, const char *b),
	void *ctx) CARDEA_MUSTCHECK;
/* The owner's settings in restore.new; as store_restored. */
int store_restore_settings(struct store *s, char **ret, size_t *ret_len) CARDEA_MUSTCHECK;
/* From here on there is no way back: the next store_open has what was restored. */
int store_restore_commit(struct store *s) CARDEA_MUSTCHECK;
/* Nothing of it was ever here. */
void store_restore_drop(struct store *s);

/* The house as it is now goes to the kept ones, with what was recorded; about as in
 * store_backup_make. Whatever happens meanwhile, those that were kept before are as they
 * were, or the oldest is this one. */
int store_keep(struct store *s, struct backup_about *about, const char *settings,
	size_t len) CARDEA_MUSTCHECK;
/* How many; the newest first. */
size_t store_kept(struct store *s, struct backup_about ret[STORE_KEPT_MAX]);
/* The octets of the one that was made then. -ENOENT. */
int store_kept_open(struct store *s, nstime made, int *ret_fd) CARDEA_MUSTCHECK;

/* What a restore has left behind, by name: "settings" until they are in force, "digest",
 * "made", "at", and "announce" until it was told. *ret is the caller's, with a NUL behind
 * it. -ENOENT. */
int store_restored(struct store *s, const char *name, char **ret, size_t *ret_len)
	CARDEA_MUSTCHECK;
int store_restored_forget(struct store *s, const char *name) CARDEA_MUSTCHECK;

#endif
