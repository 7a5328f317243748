// SPDX-License-Identifier: GPL-2.0-or-later
/* probe_priv - a device that is probed, and what the parts of probing share. */
#ifndef CARDEA_PROFILES_PROBE_PROBE_PRIV_H
#define CARDEA_PROFILES_PROBE_PROBE_PRIV_H

#include "profiles/probe/probe.h"

#define NS_PER_MIN (60 * NS_PER_SEC)
#define NS_PER_HOUR (60 * NS_PER_MIN)
#define SECONDS_PER_DAY 86400
#define MINUTES_PER_DAY 1440
#define NOON (MINUTES_PER_DAY / 2)

/* The latest time that is believed: sums of two stay within an int64_t. */
#define PROBE_WALL_MAX (INT64_MAX / 4)
/* Kinds of one device that are looked through: what the learner has at most. */
#define PROBE_USUAL_MAX 1024
/* What is regular beside the target, and tells whether the device is well. */
#define PROBE_COMPANIONS_MAX 16
/* Of the time of a refusal: a companion comes at least twice in half of it. */
#define PROBE_PERIOD_MAX(longest) ((longest) / 5)
/* The least time for which a device is watched after it met the refusal (3 of 15 min):
 * clients wait up to a minute between two attempts. */
#define PROBE_LOOK(longest) ((longest) / 5)
/* The silence that ends an episode (1 of 15 min), as for the learner. */
#define PROBE_SILENCE(longest) ((longest) / 15)
/* Conversations are told at the latest so long after they began (10 of 15 min). */
#define PROBE_SETTLE(longest) ((longest) / 3 * 2)
/* How long a kind has for coming back: some periods of it; where it has none, a day and
 * something, for what is done daily. */
#define PROBE_RECOVERY_LEAST NS_PER_HOUR
#define PROBE_RECOVERY_PERIODS 3
#define PROBE_RECOVERY_MOST (26 * NS_PER_HOUR)
/* Two probes in the house are apart by that, whatever the wall clock says. */
#define PROBE_APART (12 * NS_PER_HOUR)
/* Wall and monotonic clock may differ by so much over a probe: more, and one was set.
 */
#define PROBE_DRIFT (30 * NS_PER_SEC)
/* A device that has nothing to be asked is looked at again after that. */
#define PROBE_NOTHING (10 * NS_PER_MIN)
/* Seen as often by itself, a fallback is a habit: it says nothing about other targets.
 */
#define PROBE_HABIT 3
#define PROBE_NEVER INT64_MIN

struct companion {
	struct probe_kind kind;
	nstime period;
	bool seen;
};

/* What is under way with a device. */
struct run {
	uint32_t target; /* in subject.targets */
	nstime begun_wall, begun_mono;
	bool met;                    /* the device tried what is refused */
	nstime met_mono, moved_mono; /* moved: it did anything at all */
	nstime restored_mono;
	nstime deadline_mono; /* of SETTLING and RECOVERING */
	nstime period;        /* of the target */
	uint32_t attempts;
	uint8_t appeared; /* bits: of the target's fallbacks, in this try */
	bool works;       /* seen since it was restored */
	bool stopped;     /* the try is counted already */
	bool flooded; /* more is new than any device falls back to: something is wrong
		       */
	struct companion companions[PROBE_COMPANIONS_MAX];
	uint32_t companion_count;
};

struct subject {
	struct mac mac;
	bool allowed, unrecovered;
	enum device_class class;
	struct probe_window window;
	nstime since;
	enum probe_state state;
	enum probe_why why;
	bool loaded; /* its state is what was stored: it comes first */
	nstime last; /* wall; 0: never */
	int64_t last_night;
	nstime active_mono;  /* the latest use by people, or trouble */
	nstime nothing_mono; /* nothing was to be asked then */
	bool nothing;
	struct probe_target *targets;
	uint32_t target_count;
	struct run run; /* of the last one, even when it is over */
};

struct probe {
	struct probe_config config;
	struct subject *subjects[PROBE_DEVICES_MAX];
	size_t count;
	nstime born_mono,
		begun_mono; /* begun: the latest in the house, or PROBE_NEVER */
};

struct subject *probe_find(const struct probe *p, const struct mac *device);
struct subject *probe_add(struct probe *p, const struct mac *device);
void probe_subject_free(struct subject *s);
static inline struct probe_target *probe_target_of(struct subject *s)
{
	return &s->targets[s->run.target];
}
/* Something is refused to it, or was when we last knew. */
static inline bool probe_is_refusing(const struct subject *s)
{
	return s->state == PROBE_REFUSING || s->state == PROBE_RESTORING;
}
/* One that can be saved: what devices call things is theirs to choose. */
bool probe_kind_is_sound(const struct probe_kind *k);
void probe_changed(const struct probe *p, const struct subject *s);
void probe_tell(const struct probe *p, const struct subject *s, struct probe_note n);

/* night.c */
int64_t probe_night(const struct probe_time *now);
/* Seconds until the window closes; 0: it is closed. */
int64_t probe_window_left(const struct probe_window *w, const struct probe_time *now);

/* choose.c */
/* What to ask of the device next, as a target with its companions in s->run; false when
 * there is nothing. */
bool probe_choose(struct probe *p, struct subject *s);

/* judge.c */
struct probe_try probe_judge(const struct subject *s);
void probe_count_try(struct probe_target *t, const struct probe_try *try);

/* machine.c */
void probe_end_try(struct probe *p, struct subject *s, enum probe_why why,
	const struct probe_time *now);
/* What speaks against beginning now, other than that there is nothing to ask. */
enum probe_why probe_wait(
	const struct probe *p, const struct subject *s, const struct probe_time *now);
nstime probe_recovery(nstime period);

#endif
