// SPDX-License-Identifier: GPL-2.0-or-later
/* history - whom each device talks with, how much, and what it was refused: sums by the
 * hour, from the sensor's records and the kernel's refusals, for the owner's pages. They
 * gather in memory and go to the store every few minutes; nothing happens for a packet, and
 * nothing is judged by it. Where nothing is learned of a device ([learn] enabled = false,
 * or the owner's word), its conversations are not recorded, what it was refused is. */
#ifndef CARDEA_ENGINE_HISTORY_H
#define CARDEA_ENGINE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/hash.h"
#include "model/device.h"
#include "model/event.h"
#include "model/record.h"
#include "store/store.h"

struct pipeline;

#define HISTORY_HOUR (3600 * NS_PER_SEC)
#define HISTORY_DAY (24 * HISTORY_HOUR)
/* What a power cut loses; flash wears out. */
#define HISTORY_SAVE (600 * NS_PER_SEC)
/* Who looks sees what happened up to so long ago; nor is stored more often because there is
 * too much. */
#define HISTORY_LOOK (3 * NS_PER_SEC)
#define HISTORY_TRIM HISTORY_HOUR
/* Days for which peers, hours as a whole and days as a whole are kept: two weeks have two
 * of each weekday; a strip has a day, and somebody may look at it a week later; what is
 * usual needs some weeks. */
#define HISTORY_TALK_DAYS 14
#define HISTORY_SPELL_DAYS 7
#define HISTORY_DAYS 35
/* Rows: of one device (two weeks of a hub with a dozen peers each hour), of all (a house of
 * a hundred such devices, some 10 MB). */
#define HISTORY_ROWS_EACH 4096
#define HISTORY_ROWS 262144
/* Peers of one device, and new ones in an hour, with a row of their own: a computer meets
 * some hundred a day. */
#define HISTORY_PEERS_EACH 512
#define HISTORY_FRESH_HOUR 64
/* Rows that wait in memory, some 150 octets each: of all, of one device. */
#define HISTORY_WAITING 1024
#define HISTORY_WAITING_EACH 128

/* What an hour of a device was like, a bit each. */
enum history_flag {
	HISTORY_SEEN = 1,
	HISTORY_LEARNING = 2, /* new, or nothing was enforced for it */
	HISTORY_REFUSED = 4,
	HISTORY_HELD = 8,
};

struct history_row;

/* What is stored of a device's hour already: with many devices most say nothing new. */
struct history_present {
	device_id device;
	uint32_t hour, flags;
};

struct history {
	struct history_present *present; /* by place in the inventory */
	size_t present_count;
	struct history_row **rows;
	size_t count, cap;
	struct hash_key key;
	bool begun;	       /* something was stored since the start */
	nstime saved, trimmed; /* mono; 0: never */
	uint64_t folded;       /* seen beyond HISTORY_WAITING_EACH */
	uint64_t lost;	       /* the store or memory did not take them */
};

void history_init(struct history *h);
void history_free(struct history *h);
/* Devices are loaded, and lives are open. */
int history_open(struct pipeline *p) CARDEA_MUSTCHECK;
/* Every second. */
void history_tick(struct pipeline *p);
void history_save(struct pipeline *p);
/* Somebody looks: what waits goes to the store first. */
void history_look(struct pipeline *p);
/* A conversation, with the name that the house knows. */
void history_record(struct pipeline *p, const struct device *d, const struct record *r);
/* Packets that the kernel refused, or a name that the resolver did. */
void history_refused(struct pipeline *p, const struct device *d, const struct event *e);
/* Nothing is to be known of what it did. */
void history_forget(struct pipeline *p, const struct device *d);

/* Since when conversations of the device (NULL: of any) are recorded; 0: they are not. */
nstime history_since(struct pipeline *p, const struct device *d);
static inline uint32_t history_hour(nstime wall)
{
	return (uint32_t)(wall / HISTORY_HOUR);
}
/* The first of so many hours, of which this is the last. A clock that was not set yet begins
 * in 1970, before which there was nothing. */
static inline uint32_t history_hours_ago(nstime wall, uint32_t hours)
{
	uint32_t now = history_hour(wall);

	return now + 1 < hours ? 0 : now + 1 - hours;
}

#endif
