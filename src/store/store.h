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
#include "model/device.h"
#include "model/event.h"
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

/* The device and what it was told; events keep its id. */
int store_device_remove(struct store *s, device_id id) CARDEA_MUSTCHECK;
/* The highest id that a device or an event has: it must not be given twice. */
int store_device_last(struct store *s, device_id *ret) CARDEA_MUSTCHECK;

/* Replaces what was stored for the URL, whole or not at all. */
int store_profile_save(struct store *s, const struct store_profile_info *info,
	const struct profile *p) CARDEA_MUSTCHECK;
int store_profile_remove(struct store *s, const char *url) CARDEA_MUSTCHECK;
/* One call a profile; p and its rules are valid during the call only. */
int store_profiles(struct store *s,
	int (*each)(void *ctx, const struct store_profile_info *info,
		const struct profile *p),
	void *ctx) CARDEA_MUSTCHECK;

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
