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
#include "model/decision.h"
#include "model/device.h"
#include "model/event.h"
#include "model/overlay.h"
#include "model/profile.h"

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
int store_schema_version(struct store *s);

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
int store_overlay_remove(struct store *s, uint32_t id) CARDEA_MUSTCHECK; /* -ENOENT */
/* In the order in which they were said. */
int store_overlays(struct store *s, int (*each)(void *ctx, const struct overlay *o),
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
	device_id device; /* 0: all */
	unsigned limit;	  /* the youngest that many, oldest first */
};
int store_events(struct store *s, const struct store_event_query *q,
	int (*each)(void *ctx, const struct event *e), void *ctx) CARDEA_MUSTCHECK;
int store_event(struct store *s, event_id id, struct event *ret) CARDEA_MUSTCHECK;

/* Beyond LIMIT_BINDINGS for one device those that end first go. */
int store_binding_save(struct store *s, const struct store_binding *b) CARDEA_MUSTCHECK;
int store_bindings(struct store *s, nstime now,
	int (*each)(void *ctx, const struct store_binding *b), void *ctx)
	CARDEA_MUSTCHECK;
/* Forgets bindings that ended before now. */
int store_bindings_prune(struct store *s, nstime now);

#endif
