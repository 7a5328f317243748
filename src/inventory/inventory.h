// SPDX-License-Identifier: GPL-2.0-or-later
/* inventory - the devices of the house: from observations to devices, keyed by MAC,
 * with all their addresses. Pure but for its own memory; time is passed in (wall). */
#ifndef CARDEA_INVENTORY_H
#define CARDEA_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/clock.h"
#include "model/device.h"
#include "model/messages.h"

/* IPv4 addresses that ARP alone may claim for one device: a device that claims the
 * whole LAN would otherwise own it. */
#define INVENTORY_ARP_MAX 4
/* An address whose life time is over may be taken by another device at once, but stays
 * its device's so long: an idle device must not lose its replies when it wakes up. */
#define INVENTORY_LINGER_S 86400

/* When all places are taken, a device that was silent for so long can make room. */
#define INVENTORY_IDLE_S 60
/* Longer leases are kept no longer: they are renewed, or the device is seen again. */
#define INVENTORY_LIFETIME_MAX_S (30 * 86400)

struct inventory;

/* What an observation changed; bits. */
enum inventory_change {
	INVENTORY_NEW_DEVICE = 1 << 0,
	INVENTORY_ADDRS = 1 << 1,    /* gained, lost or moved one */
	INVENTORY_IDENTITY = 1 << 2, /* host name, vendor class, shown name */
	INVENTORY_MUD_URL = 1 << 3,  /* said for the first time, or another one */
	INVENTORY_CONFLICT = 1 << 4, /* wanted an address that is another's */
	INVENTORY_URL_DIFFERS = 1 << 5, /* a weaker source says another URL, which is not
					 * taken; set each time that it is said */
	INVENTORY_PROOF = 1 << 6, /* the same URL, by another source or signer; with
				   * MUD_URL: it is not confirmed any more */
};

struct inventory_result {
	unsigned changes;
	struct device *device; /* NULL when the inventory is full */
	struct device *other;  /* ADDRS: who lost the address; CONFLICT: who has it */
};

int inventory_new(struct inventory **ret) CARDEA_MUSTCHECK;
void inventory_free(struct inventory *inv);
/* A device as stored earlier; its id is kept. */
int inventory_load(struct inventory *inv, const struct device *d) CARDEA_MUSTCHECK;
/* Addresses that are the gateway's own: nobody gets them. */
void inventory_reserve_none(struct inventory *inv); /* what was reserved is free */
int inventory_reserve(struct inventory *inv, const struct addr *addr) CARDEA_MUSTCHECK;

struct inventory_result inventory_see_addr(struct inventory *inv,
	const struct message_seen_addr *m, nstime wall);
/* A URL that it says by DHCP or LLDP never replaces one of a stronger source. */
struct inventory_result inventory_see_dhcp(struct inventory *inv,
	const struct message_seen_dhcp *m, nstime wall);
/* Somebody who knows more than the LAN says which device that is. A URL (and the signer
 * that a certificate names, or "") from a source at least as strong as the one of before
 * is taken; of another authority, the device is no longer confirmed. Without a URL it is
 * only made, when it is not there yet. To be seen it has to appear on the LAN. */
struct inventory_result inventory_identify(struct inventory *inv, const struct mac *mac,
	enum url_source source, const char *mud_url, const char *mud_signer, nstime wall);
/* Drops one long expired address per call: ADDRS and the device, or no device when none is
 * left. */
struct inventory_result inventory_expire(struct inventory *inv, nstime wall);
/* Whom to remove so that a new device has a place: NULL while there are free ones, or when
 * nobody can go. Never one that is protected, in quarantine, proven, that the owner named
 * or that keep says true of; the one seen last longest ago, and of those who named a MUD
 * file only when there is no other. */
struct device *inventory_idle(struct inventory *inv, nstime wall,
	bool (*keep)(void *ctx, const struct device *d), void *ctx);
void inventory_remove(struct inventory *inv, struct device *d);
/* Ids up to this one were given to somebody. */
void inventory_set_last_id(struct inventory *inv, device_id id);
/* The wall clock was set: what ends in a while still ends after the same while. */
void inventory_shift(struct inventory *inv, nstime before, nstime jump);
/* What inventory_rename would say; d: NULL for a device that is not there yet. */
int inventory_may_name(
	struct inventory *inv, const struct device *d, const char *name);
/* Renames; CARDEA_EMALFORMED for an unclean or empty name, -EEXIST when taken. */
int inventory_rename(struct inventory *inv, struct device *d, const char *name)
	CARDEA_MUSTCHECK;

struct device *inventory_by_mac(struct inventory *inv, const struct mac *mac);
struct device *inventory_by_addr(struct inventory *inv, const struct addr *addr);
struct device *inventory_by_id(struct inventory *inv, device_id id);
/* By name, MAC, address or id, as people write it. */
struct device *inventory_find(struct inventory *inv, const char *text);
/* In order of id; NULL past the end. */
struct device *inventory_at(struct inventory *inv, size_t index);
size_t inventory_count(const struct inventory *inv);

#endif
