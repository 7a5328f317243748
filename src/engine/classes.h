// SPDX-License-Identifier: GPL-2.0-or-later
/* classes - whom a rule means that names no address: devices of a maker, of a model, a
 * controller that the owner chose, a MAC (RFC 8520 4). Only devices in force whose MUD
 * URL is more than their own word are members of a class of devices. */
#ifndef CARDEA_ENGINE_CLASSES_H
#define CARDEA_ENGINE_CLASSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/hash.h"
#include "base/loop.h"
#include "engine/household.h"
#include "inventory/inventory.h"
#include "store/store.h"

struct pipeline;

/* The classes that stand for everybody's servers (RFC 8520 17.6). */
#define CLASSES_DNS "urn:ietf:params:mud:dns"
#define CLASSES_NTP "urn:ietf:params:mud:ntp"
/* What owners call the controller of one device (RFC 8520 calls the class my-controller). */
#define CLASSES_MY_CONTROLLER "my-controller"
/* When devices come, go or move, the others follow in one go: many who join at once
 * cost one compilation each, not one for each other. */
#define CLASSES_SETTLE (75 * NS_PER_MS)
/* A round stops for all else after so long, and for PAUSE_SHARE times as long. */
#define CLASSES_SLICE (20 * NS_PER_MS)

struct classes {
	struct inventory *inventory;
	struct household *household;
	struct hash_key key;
	struct loop *loop;
	struct loop_timer settle;
	bool lost;    /* somebody is no longer a member of something */
	size_t next;  /* where a round that takes long goes on */
	bool servers; /* this round is about everybody */
	bool again;   /* something changed in the middle of it */
	uint64_t changes, seen, settled; /* so far; when this round began; and the last */
	void (*done)(void *ctx);	 /* with a round; may be NULL */
	void *done_ctx;
	struct store_controller said[LIMIT_CONTROLLERS]; /* by the owner */
	size_t said_count;
};

void classes_init(struct classes *c, struct inventory *inv, struct household *h);
/* Takes what the store has; from now on changes are followed. */
int classes_open(struct classes *c, struct loop *l, struct store *s) CARDEA_MUSTCHECK;
void classes_end(struct classes *c);

bool classes_same(const struct peer *a, const struct peer *b);
/* As policy_names.members wants it. */
size_t classes_members(const struct classes *c, const struct household_device *hd,
	const struct peer *p, struct addr *out, size_t max);
/* How many devices and literal addresses these are. */
size_t classes_count(const struct classes *c, const struct household_device *hd,
	const struct peer *p);
/* Why a class has no member, and what next; "" when that is all there is to say. */
const char *classes_note(const struct classes *c, const struct household_device *hd,
	const struct peer *p);
/* The index of the next of the owner's words, from `from`, that counts for this device
 * and class, or said_count. What he says for one device counts instead of what he says
 * for all. */
size_t classes_said(
	const struct classes *c, device_id holder, const char *class, size_t from);
bool classes_is_mapped(const struct classes *c, device_id holder, const char *class);
/* A number that changes with the members of any class that the device's policy uses. */
uint64_t classes_print(const struct classes *c, const struct household_device *hd);
/* Puts the servers that the owner named for these two in the place of those in env; true
 * when they are others now. */
bool classes_servers(const struct classes *c, struct policy_env *env);
/* Devices may now be members, or no longer (lost): who depends on it follows soon. */
void classes_changed(struct classes *c, bool lost);
/* A device is forgotten: so is what the owner said for it. */
void classes_forget(struct classes *c, device_id id);

/* Which of the device's controllers nobody has named yet, each once; how many. */
size_t classes_unmapped(struct pipeline *p, const struct household_device *hd,
	struct peer *out, size_t max);
/* The class a peer means as mappings call it. */
const char *classes_name(const struct peer *p);
/* From now on the class means target alone; holder 0: for everybody. target: a device
 * by name, MAC, address or id, else a literal address; NULL: nobody any longer.
 * CARDEA_EMALFORMED: no class; -ENOENT: no such target, or nothing to remove;
 * CARDEA_EREFUSED: the holder itself, or an address that is nobody's; CARDEA_ELIMIT. */
int classes_map(struct pipeline *p, device_id holder, const char *class,
	const char *target) CARDEA_MUSTCHECK;
/* The same, beside those it means already. */
int classes_map_also(struct pipeline *p, device_id holder, const char *class,
	const char *target) CARDEA_MUSTCHECK;

#endif
