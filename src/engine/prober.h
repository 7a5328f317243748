// SPDX-License-Identifier: GPL-2.0-or-later
/* prober - gentle probing in the gateway: what it refuses, and takes back, is done to
 * the policy of the device; what it sees comes from the names that devices ask for,
 * from what the kernel refused, and from what is learned. */
#ifndef CARDEA_ENGINE_PROBER_H
#define CARDEA_ENGINE_PROBER_H

#include <stdbool.h>
#include "model/device.h"
#include "model/event.h"
#include "model/record.h"
#include "profiles/learned/learned.h"
#include "profiles/probe/probe.h"

struct pipeline;
struct message_touched;

/* For so long an answer about a device is good: to look through all that it does takes
 * time, and little of it changes within a minute. */
#define PROBER_LOOK_EVERY (60 * NS_PER_SEC)
#define PROBER_LOOKS PROBE_DEVICES_MAX
/* What is suspicious, or an update, keeps a device from being probed for that long. */
#define PROBER_WARY (24 * 3600 * NS_PER_SEC)

struct prober {
	struct probe *core;
	struct probe_config config;
	/* What is learned of the devices, or NULL: nothing yet, and nothing is probed.
	 */
	const struct learned *learned;
	struct {
		struct mac mac;
		nstime until; /* mono */
		enum probe_why why;
	} looks[PROBER_LOOKS];
};

/* A setting: probe_longest, probe_calm (seconds), probe_episodes. 0 also when it is
 * none of these. */
int prober_setting(
	struct prober *b, const char *key, const char *value) CARDEA_MUSTCHECK;
/* What the store has; before anything is in force. */
int prober_open(struct pipeline *p) CARDEA_MUSTCHECK;
void prober_end(struct pipeline *p);
/* Every second. */
void prober_tick(struct pipeline *p);
/* The sensor watches whom people use. */
void prober_sensor_up(struct pipeline *p);

struct probe_time prober_time(const struct pipeline *p);
/* A class that is never probed, by what the device and its maker call it; UNKNOWN:
 * none. ret_text: the words. */
enum device_class prober_class_by_words(
	struct pipeline *p, const struct device *d, char ret_text[LIMIT_TEXT]);
/* As probe_allow and probe_forbid, and said in the journal. */
int prober_allow(struct pipeline *p, const struct device *d, enum device_class class,
	const struct probe_window *w) CARDEA_MUSTCHECK;
int prober_forbid(struct pipeline *p, const struct device *d) CARDEA_MUSTCHECK;
/* Somebody needs the device, or something is wrong with it; NULL: with any. */
bool prober_stop(struct pipeline *p, const struct device *d, enum probe_why why);
/* It is no longer one of the house. */
void prober_gone(struct pipeline *p, const struct device *d);

/* ---- what is seen ---- */

/* A question for a name, and whether it was refused for the probe's sake. */
void prober_question(
	struct pipeline *p, const struct device *d, const char *name, bool refused);
/* The kernel refused it: what a device tries elsewhere is what a probe looks for; all
 * else is an alert. */
void prober_refused(struct pipeline *p, const struct device *d, const struct event *e);
/* A conversation, over or under way, as the learner takes it. */
void prober_record(struct pipeline *p, const struct record *r);
/* Another device of the house speaks to it. */
void prober_touched(struct pipeline *p, const struct message_touched *m);

/* prober_kinds.c: all that is learned of the device, in probing's words. */
void prober_usual(const struct learned *l, const struct mac *device, probe_visit *visit,
	void *to);
bool prober_known(const struct learned *l, const struct mac *device,
	const struct probe_kind *k, nstime before);
bool prober_kind_of_record(
	const struct record *r, struct probe_kind *ret, enum probe_fate *ret_fate);
/* In its updates alone, and seen since then (wall). */
bool prober_updated_since(
	const struct learned *l, const struct mac *device, nstime since);
/* prober_text.c: the note in a sentence. */
void prober_sentence(const struct device *d, const struct probe_note *n, nstime longest,
	char ret[LIMIT_TEXT]);

#endif
