// SPDX-License-Identifier: GPL-2.0-or-later
/* case - what is remembered of one device's trouble: the heads of its conversations before
 * and during, what moved it from state to state, what was shown. Heads alone: names,
 * sizes and times; no octet of what was said is ever taken. Bounded, and pure: time and
 * facts come from the caller. */
#ifndef CARDEA_LIFECYCLE_CASE_H
#define CARDEA_LIFECYCLE_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/error.h"
#include "lifecycle/lifecycle.h"
#include "lifecycle/suspicion.h"
#include "model/case_file.h"
#include "model/device.h"
#include "model/flow.h"
#include "model/record.h"

/* Chosen: what a thing does in an hour of its ordinary life is a dozen conversations. Let
 * through and refused are kept apart, or a scan would wash out what was before it. */
#define CASE_RING 24
#define CASE_BEFORE (2 * CASE_RING)
#define CASE_HEADS_MAX 256   /* of one case; chosen: 64 KiB in the store */
#define CASE_NAME 96	     /* longer ones keep their end, which says whose they are */
#define CASE_DETAIL 64	     /* "GET /firmware/version" */

enum case_fate { CASE_PASSED, CASE_REFUSED, CASE_FATE_MAX };

/* Alike packets, or a conversation. */
struct case_head {
	nstime first, last; /* wall */
	struct addr peer;
	device_id peer_device; /* 0: none that is known */
	uint8_t fate;	       /* enum case_fate */
	uint8_t began;	       /* enum direction: of its first packet */
	uint8_t place;	       /* enum record_place */
	uint8_t app;	       /* enum record_app */
	uint8_t proto;
	uint16_t port; /* of the service; ICMP: the type */
	uint64_t packets[DIRECTION_MAX], bytes[DIRECTION_MAX];
	char name[CASE_NAME];	  /* of a peer outside; or empty */
	char detail[CASE_DETAIL]; /* what was asked, where it is readable; or empty */
};

/* The last ones of a device. */
struct case_ring {
	struct case_head heads[CASE_FATE_MAX][CASE_RING];
	uint8_t count[CASE_FATE_MAX], next[CASE_FATE_MAX];
};

/* What one case has. */
struct case_bundle {
	struct case_head *heads;
	uint32_t count, room;
	uint32_t before; /* of them from the time before it was opened */
	uint64_t left_out; /* heads for which there was no room */
	uint16_t points[SUSPICION_KIND_MAX]; /* the most that each detector had */
	uint32_t times[SUSPICION_KIND_MAX];
};

/* All that is known of one case; what pointers show belongs to the caller. */
struct case_view {
	struct case_file file;
	const struct device *device; /* NULL: it is gone */
	const struct case_moment *moments;
	uint32_t moment_count;
	const struct case_bundle *bundle;
};

/* A device or server chose these: cut to their place, and made clean. */
void case_head_name(struct case_head *h, const char *name);
void case_head_detail(struct case_head *h, const char *detail);
/* The same but for times and amounts. */
bool case_head_alike(const struct case_head *a, const struct case_head *b);
void case_ring_add(struct case_ring *r, const struct case_head *h);

/* How many heads it may have next; 0: it is full. */
uint32_t case_bundle_grows_to(const struct case_bundle *b);
/* Adds to an alike one of this time, or behind the last; else it is left out. */
void case_bundle_add(struct case_bundle *b, const struct case_head *h);
/* What was before it was opened, the oldest first. */
void case_bundle_begin(struct case_bundle *b, const struct case_ring *r);
void case_bundle_shown(struct case_bundle *b, const struct suspicion *s);
const char *case_detector_name(enum suspicion_kind k); /* "port-scan" */

/* The table's sentence ("$ is ...") that this one was made from, or NULL. */
const char *case_template(const char *sentence, const char *name);
/* The table has this sentence, $ and all: it holds no word of anybody else. */
bool case_is_template(const char *sentence);
bool case_is_known_kind(const char *kind);
bool case_is_known_protocol(const char *protocol);
/* With the device's name where the table has $. Returns ret. */
char *case_say(const struct case_moment *m, const char *name, char ret[LIMIT_TEXT]);
/* The state has a case that is open. */
bool case_belongs(enum life_state s);

/* Octets that a bundle takes at most. */
#define CASE_SAVED_HEAD (2 * 8 + 17 + 4 + 5 + 2 + 4 * 8 + CASE_NAME + CASE_DETAIL)
#define CASE_SAVED_MAX (64 + 6 * SUSPICION_KIND_MAX + CASE_HEADS_MAX * CASE_SAVED_HEAD)
int case_bundle_save(const struct case_bundle *b, struct writer *w) CARDEA_MUSTCHECK;
/* heads: room for CASE_HEADS_MAX. CARDEA_EMALFORMED: none of ours; ret is empty then. */
int case_bundle_load(struct cursor saved, struct case_head *heads,
	struct case_bundle *ret) CARDEA_MUSTCHECK;

#endif
