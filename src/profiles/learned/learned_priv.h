// SPDX-License-Identifier: GPL-2.0-or-later
/* learned_priv - what the parts of the learner share: kinds with their evidence, bursts
 * that are under way, groups of kinds. */
#ifndef CARDEA_PROFILES_LEARNED_LEARNED_PRIV_H
#define CARDEA_PROFILES_LEARNED_LEARNED_PRIV_H

#include "base/hash.h"
#include "base/str.h"
#include "profiles/learned/learned.h"

#define NS_PER_MIN (60 * NS_PER_SEC)
#define NS_PER_HOUR (60 * NS_PER_MIN)

/* ---- segmentation ---- */

/* Silence that ends a burst: nobody waits longer for the effect of what he did, and
 * experiments leave a minute between two actions. */
#define LEARNED_GAP NS_PER_MIN
/* A device that is never silent is cut by the hour: the unit of quiet, too. */
#define LEARNED_HOUR NS_PER_HOUR
/* How long after its beginning a conversation is told at the latest, of most: those
 * that last longer (a connection kept open for pushes) count where they end. */
#define LEARNED_HORIZON (10 * NS_PER_MIN)
/* The first sighting and all that follows so soon is setup: app, firmware, cloud. */
#define LEARNED_SETUP_TIME (10 * NS_PER_MIN)
/* A clock that goes back by more was set; less is disorder of records: TCP that falls
 * silent is told two hours later (RFC 5382 5). */
#define LEARNED_CLOCK_BACK (3 * NS_PER_HOUR)
/* The latest time that is believed: sums of two stay within an int64_t. */
#define LEARNED_TIME_MAX (INT64_MAX / 4)
/* LEARNED_HORIZON / LEARNED_GAP, and what is not told yet. */
#define LEARNED_BURSTS_MAX 16
/* DHCP of a device that reboots all the time. */
#define LEARNED_BOOTS_MAX 8
/* Firmware of the smallest devices is half a MiB; a page or a picture is less. */
#define LEARNED_UPDATE_BYTES (1ULL << 20)
/* ... and what a device that streams loads as a rule is none: this often its p99. */
#define LEARNED_UPDATE_TIMES 4

/* ---- evidence ---- */

/* Episodes that completeness is computed from, the latest: three weeks of hours, and
 * old habits lose their weight. Bits of struct learned_set. */
#define LEARNED_WINDOW 512
/* Half octaves from 64 bytes to 128 MiB. */
#define LEARNED_VOLUMES 42
/* Octaves of seconds, to 36 hours. */
#define LEARNED_GAP_OCTAVES 18
#define LEARNED_GAPS 8

struct learned_set {
	uint64_t w[LEARNED_WINDOW / 64];
};

/* Days that are told apart, the latest: bits of a leaf's. Nine weeks: what was seen in
 * none of them but before is known all the same. */
#define LEARNED_DAYS 64
/* A longer silence is a night, or the way home: another sitting. */
#define LEARNED_NIGHT_HOURS 12

struct learned_hours {
	uint32_t first, last; /* since 1970 */
};

struct learned_volumes {
	uint16_t n[LEARNED_VOLUMES];
};

/* In which of the latest episodes: of the first 64 as long as there are no others. */
struct learned_marks {
	uint64_t low;
	struct learned_wide {
		struct learned_set set;
		uint32_t older[LEARNED_CONTEXT_MAX]; /* in how many of those before */
	} *wide; /* or NULL: low is all */
};

/* Volumes as long as they are of few sizes. */
#define LEARNED_FEW 4
struct learned_few {
	uint8_t bucket[LEARNED_FEW];
	uint16_t n[LEARNED_FEW]; /* up to the first that is 0 */
	struct learned_volumes *all; /* or NULL: those are all */
};

struct learned_gaps {
	uint32_t ms[LEARNED_GAPS]; /* the latest, a ring */
	uint32_t count;            /* of all */
	uint8_t octaves[LEARNED_GAP_OCTAVES]; /* all are halved when one is full */
};

/* ---- finding ---- */

struct learned_slot {
	uint32_t tag;   /* of the hash: says where it would like to stand */
	uint32_t place; /* in the array, and 1; 0: empty */
};

/* index.c: what stands where in an array, by hash. */
struct learned_index {
	struct learned_slot *slots;
	uint32_t mask, count;
};

static inline uint32_t learned_tag(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
}
/* Walks those whose hash may be this one: for (at = learned_tag(hash);
 * learned_index_next(x, hash, &at, &place);) */
static inline bool learned_index_next(
	const struct learned_index *x, uint64_t hash, uint32_t *at, uint32_t *ret)
{
	const struct learned_slot *s;

	if (!x->slots)
		return false;
	do
		s = &x->slots[(*at)++ & x->mask];
	while (s->place && s->tag != learned_tag(hash));
	*ret = s->place - 1;
	return s->place;
}
/* Room for one more. */
int learned_index_reserve(struct learned_index *x) CARDEA_MUSTCHECK;
void learned_index_put(struct learned_index *x, uint64_t hash, uint32_t at);
/* It must be there, in both. */
void learned_index_move(struct learned_index *x, uint64_t hash, uint32_t from, uint32_t to);
void learned_index_remove(struct learned_index *x, uint64_t hash, uint32_t at);
void learned_index_free(struct learned_index *x);

/* ---- kinds ---- */

#define LEARNED_VERB_MAX 8 /* "M-SEARCH" fills it */
/* What makes a kind, but for its text; unused bytes are zero. */
struct learned_key {
	uint8_t direction, family, proto, place;
	uint8_t said; /* enum record_app: not a conversation but what is said in it */
	uint8_t port_any; /* the port stands for many */
	uint8_t peer_any; /* so does the address or MAC */
	uint8_t name_any; /* so does the text: "*.example.com" is "example.com" here */
	uint16_t port, source_port;
	struct addr peer;
	struct mac mac;
	char verb[LEARNED_VERB_MAX]; /* of said: "AAAA", "M-SEARCH"; no NUL at 8 */
	uint8_t zero;                /* pads */
};

/* interact_priv.h */
struct act;
struct interact;

/* Addresses that a name had, the latest: a front of a cloud gives two or three. */
#define LEARNED_PEERS 8
struct learned_peers {
	uint8_t count, next; /* a ring, when it is full */
	uint8_t room;	     /* 1, 2, 4 and then all */
	struct addr at[];
};

/* What each record needs stands first: a house has thousands, and no cache has all. */
struct leaf {
	struct learned_key key;
	uint8_t text_len;
	bool begun_once : 1; /* not all of it was under way when it was first seen */
	bool elder : 1;	     /* in episodes of before device.days */
	uint8_t app, naming;
	/* The touch that was used last, and its burst: their low bits, to look there first. */
	uint16_t burst, touch;
	uint32_t pending; /* touches of bursts under way: of each that became this one */
	uint16_t index;	  /* in device.leaves */
	uint16_t merged;  /* members that became this one; 0: it never stood for several */
	uint32_t act_age; /* the miner had `act` as long as that made room no oftener; 0: none */
	nstime begun;	  /* the latest beginning, for gaps; 0: none in this capture */
	char *detail; /* of the application, the first that was seen; or NULL */
	struct learned_peers *peers; /* of a name of the internet; or NULL */
	struct learned_set *sketch; /* of the texts of those that were merged; or NULL */
	struct act *act; /* what the miner of interactions has for it */
	struct learned_gaps gaps;
	/* of episodes that ended */
	struct learned_marks marks;
	uint64_t days; /* in which of device.days */
	nstime first, last;
	uint64_t flows, packets, bytes[DIRECTION_MAX];
	struct learned_few volumes;
	char text[]; /* name or what was said; empty: see key.peer, key.mac */
};
_Static_assert(sizeof(struct leaf) <= 256, "four lines of the cache");
_Static_assert(LEARNED_KINDS_MAX < UINT16_MAX && LIMIT_NAME <= 256,
	"leaves and their texts are counted");

struct touch {
	struct leaf *leaf;
	nstime first, last;
	uint64_t bytes[DIRECTION_MAX];
	uint32_t packets;  /* UINT32_MAX: as many or more */
	uint32_t flows : 31;
	bool fruitful : 1; /* not all of them were in vain */
};

/* What happened between two silences, not yet an episode. */
struct burst {
	nstime start, end; /* of beginnings of conversations */
	uint32_t id;
	bool used, by_user;
	uint64_t download; /* the largest of one conversation with the internet */
	struct touch *touches;
	uint32_t count, cap;
};

#define LEARNED_WATCHES_MAX 32
#define LEARNED_WATCHED_MAX 32
#define LEARNED_WATCHED_FEW 2 /* most see no more */
/* Something that may become a scan: within a minute, how many different. */
struct watch {
	uint8_t type; /* enum watch_type */
	uint8_t direction, proto;
	bool condemned;
	uint16_t port;
	struct addr peer;
	nstime start, until;
	uint32_t count, distinct;
	uint32_t few[LEARNED_WATCHED_FEW]; /* the first that were seen */
	uint32_t *more;			   /* the others; or NULL */
};

/* Most devices have a few. */
struct watches {
	uint32_t count, cap;
	uint16_t tags[LEARNED_WATCHES_MAX]; /* of what each is about, to find it by */
	struct watch all[];
};

struct said_finding {
	struct learned_finding finding;
	uint64_t key; /* what it is about: said once */
};

/* One of the latest LEARNED_WINDOW episodes. */
struct learned_episode {
	uint32_t hour : 28;   /* in which it began, since 1970 */
	uint32_t context : 4; /* enum learned_context */
};
_Static_assert(LEARNED_TIME_MAX / LEARNED_HOUR < 1 << 28, "hours fit");

/* Here, too, what each record needs stands first; most devices do little, so that what
 * grows with what they do has no room of its own here. */
struct dev {
	struct mac mac;
	bool fresh;       /* first sighting; `appeared` says when */
	uint32_t capture; /* of the latest record */
	struct hash_key key;
	struct learned_index index; /* leaves by key and text */
	struct leaf **leaves;
	uint32_t count, cap, merged; /* merged: leaves that stand for several */
	uint32_t burst_count, burst_cap, burst_id;
	struct burst *bursts; /* under way, in order of time */
	struct watches *watches;
	nstime appeared;
	struct burst background;
	uint32_t collapsed_at; /* leaves there were when groups were last looked for */
	uint32_t refused;      /* records for which there was no room */
	nstime *boots; /* room for LEARNED_BOOTS_MAX; or NULL */
	nstime updated;
	uint32_t boot_count;
	/* of episodes that ended */
	uint32_t number;
	uint32_t episodes[LEARNED_CONTEXT_MAX];
	struct learned_episode *latest; /* room for latest_cap */
	struct learned_hours *days;     /* that had episodes, by UTC; room for day_cap */
	uint32_t latest_cap, day_cap;
	uint32_t day_count, days_older; /* days_older: those that made room */
	nstime first, last;
	struct learned_few downloads; /* of an episode */
	struct said_finding *findings; /* room for LEARNED_FINDING_MAX; or NULL */
	uint32_t finding_count;
};

struct learned {
	struct learned_config config;
	struct interact *interact;
	struct hash_key key;
	struct learned_index index; /* devices by MAC */
	struct dev *devices[LEARNED_DEVICES_MAX];
	uint32_t count;
	uint32_t capture;
	nstime now;   /* the latest time that was told */
	nstime began; /* the first of this capture */
	bool timed;   /* `now` and `began` are set */
};

/* learned.c */
struct dev *learned_dev_find(const struct learned *l, const struct mac *mac);
int learned_dev_get(struct learned *l, const struct mac *mac, struct dev **ret);

/* leaf.c */
struct leaf *learned_leaf_find(
	const struct dev *d, const struct learned_key *key, const char *text);
/* New ones have no evidence. CARDEA_ELIMIT at LEARNED_KINDS_MAX. */
int learned_leaf_new(struct dev *d, const struct learned_key *key, const char *text,
	struct leaf **ret);
void learned_leaf_free(struct dev *d, struct leaf *leaf);
/* Frees it when neither an episode nor a burst has it. */
void learned_leaf_release(struct dev *d, struct leaf *leaf);
bool learned_leaf_is_evident(const struct leaf *leaf);
void learned_leaf_note(struct leaf *leaf, const struct record *r);
void learned_leaf_met(struct leaf *leaf, const struct addr *peer);
bool learned_leaf_has_met(const struct leaf *leaf, const struct addr *peer);
/* Leaves that many texts, addresses or ports made become one. */
int learned_leaf_collapse(const struct learned *l, struct dev *d);
void learned_leaf_sketch(struct dev *d, struct leaf *leaf, const char *text);

/* canonical.c: the kinds of a record. */
#define LEARNED_CANONICAL_MAX 2
struct canonical {
	struct learned_key key;
	size_t len; /* of the text; behind its end stands anything */
	char text[LIMIT_NAME];
};
/* How many; 0: it is nothing that a device chose to do. Mends who began. */
size_t learned_canonical(struct record *r, struct canonical out[LEARNED_CANONICAL_MAX]);
/* IPv4 and TCP header with options: what has more has payload. */
#define LEARNED_EMPTY_BYTES 60
/* No name of the internet: hostile, or another protocol's. */
bool learned_name_is_sound(const char *name);
/* leaf.c, of kinds: as learned_leaf_find. */
struct leaf *learned_leaf_find_kind(
	const struct dev *d, const struct canonical *c, uint64_t hash);
uint64_t learned_leaf_hash(const struct hash_key *secret, const struct canonical *c);

/* batch.c */
struct learned_batched {
	const struct record *record;
	struct canonical kinds[LEARNED_CANONICAL_MAX];
	size_t count;
	uint64_t hash[LEARNED_CANONICAL_MAX]; /* learned_leaf_hash */
	struct dev *dev; /* NULL: not known yet, or not looked for */
	/* what is guessed of them */
	const struct leaf *leaf[LEARNED_CANONICAL_MAX];
};
/* Brings what is known of them near. */
void learned_batch_fetch(struct learned *l, struct learned_batched b[], size_t n);

/* episode.c */
int learned_touch(
	struct learned *l, struct dev *d, const struct learned_batched *b, bool fruitless);
void learned_burst_close(struct learned *l, struct dev *d, uint32_t i);
/* Closes what is over; all: whatever is under way. */
void learned_dev_end(struct learned *l, struct dev *d, nstime now, bool all);
void learned_burst_drop(struct dev *d, struct burst *b,
	bool (*condemned)(const struct touch *t, const void *ctx), const void *ctx);
void learned_dev_forget(struct dev *d); /* what is under way */
/* Room for so many episodes in all, and as many days. */
int learned_dev_reserve(struct dev *d, uint32_t episodes) CARDEA_MUSTCHECK;

/* evidence.c */
bool learned_set_has(const struct learned_set *s, uint32_t bit);
void learned_set_put(struct learned_set *s, uint32_t bit);
void learned_set_clear(struct learned_set *s, uint32_t bit);
void learned_set_join(struct learned_set *into, const struct learned_set *s);
void learned_set_common(struct learned_set *into, const struct learned_set *s);
uint32_t learned_set_count(const struct learned_set *s);
unsigned learned_volumes_bucket(uint64_t bytes);
void learned_volumes_add(struct learned_volumes *v, uint64_t bytes);
void learned_volumes_join(
	struct learned_volumes *into, const struct learned_volumes *v);
/* Upper end of the bucket in which `percent` of all are reached; 0: none. */
uint64_t learned_volumes_at(const struct learned_volumes *v, unsigned percent);
void learned_gaps_add(struct learned_gaps *g, nstime gap);
nstime learned_gaps_period(const struct learned_gaps *g);

/* compact.c */
void learned_marks_put(struct learned_marks *m, uint32_t slot);
/* The slot is another episode's from now on; what was in it is older. */
void learned_marks_age(struct learned_marks *m, uint32_t slot, uint8_t context);
uint32_t learned_marks_count(const struct learned_marks *m);
uint32_t learned_marks_older(const struct learned_marks *m);
void learned_marks_add(const struct learned_marks *m, struct learned_set *into);
void learned_marks_add_older(
	const struct learned_marks *m, uint32_t into[LEARNED_CONTEXT_MAX]);
void learned_marks_join(struct learned_marks *into, const struct learned_marks *from);
int learned_marks_take(struct learned_marks *m, const struct learned_set *s,
	const uint32_t older[LEARNED_CONTEXT_MAX]) CARDEA_MUSTCHECK;
void learned_few_add(struct learned_few *f, uint64_t bytes);
void learned_few_join(struct learned_few *into, const struct learned_few *from);
void learned_few_add_to(const struct learned_few *f, struct learned_volumes *into);
uint64_t learned_few_at(const struct learned_few *f, unsigned percent); /* learned_volumes_at */
int learned_few_take(
	struct learned_few *f, const struct learned_volumes *v) CARDEA_MUSTCHECK;

/* sitting.c */
/* Marks the hour as watched; the bit of its day, LEARNED_DAYS: before all of them. */
uint32_t learned_day_note(struct dev *d, uint32_t hour);
void learned_day_mark(struct leaf *leaf, uint32_t slot);
/* Days that go on into each other, in order of time. */
struct sittings {
	uint32_t count, all; /* all: with those that are too old to be told apart */
	struct learned_hours hours[LEARNED_DAYS];
	uint64_t days[LEARNED_DAYS]; /* of each sitting */
	uint8_t of[LEARNED_DAYS];    /* sitting of each day */
};
void learned_sittings(const struct dev *d, struct sittings *ret);
/* The hour is of one of them, or of the night around it. */
bool learned_sittings_reach(const struct sittings *s, uint32_t hour);

/* estimate.c: numbers from numbers. */
struct incidence {
	uint32_t units;       /* episodes, T */
	uint64_t sum;         /* incidences, U */
	uint32_t kinds;       /* S */
	uint32_t once, twice; /* kinds in one episode, in two: q1, q2 */
	uint32_t once_units;  /* episodes that have one of the former */
};
double learned_estimate_share(const struct incidence *i);
double learned_estimate_bound(const struct incidence *i);
double learned_estimate_richness(const struct incidence *i);
double learned_estimate_poisson95(uint32_t count);
double learned_estimate_wilson95(uint32_t k, uint32_t n);
/* How likely it is that of `units` and `others`, all alike, at least `more` of the
 * others are among those that surprise, of whom `once` are among the former (Fisher
 * 1922). */
double learned_estimate_chance(
	uint32_t once, uint32_t units, uint32_t more, uint32_t others);
/* A linear counter's guess; set has `filled` of LEARNED_WINDOW bits. */
uint32_t learned_estimate_distinct(uint32_t filled);
void learned_estimate(const struct incidence *i, struct learned_unseen *ret);
/* The best word for who was watched in so many sittings, each of which has that share
 * of its own. */
enum learned_state learned_estimate_daily(uint32_t sittings, double share);

/* label.c */
unsigned learned_label_count(const char *name);
/* The last n labels. */
const char *learned_label_tail(const char *name, unsigned n);
bool learned_label_is_machine(const char *label, size_t len);
/* Order by labels from the last to the first. */
int learned_label_compare(const char *a, const char *b);

/* general.c */
struct group {
	struct learned_key key;
	const char *text; /* a leaf's, or its end */
	bool general;
	uint32_t siblings;
	struct learned_set set;
	uint32_t older[LEARNED_CONTEXT_MAX];
	uint64_t days;
	bool elder;
	uint32_t first_leaf; /* the earliest of its leaves */
	bool seen;           /* for whoever walks over groups */
};
struct grouping {
	struct group *groups;
	uint32_t count;
	uint32_t *of; /* group of each leaf of the device; UINT32_MAX: no evidence */
};
/* It has no name, while the device calls names by the same port: the one that had this
 * address, when it was told; or, where it was always under way already, the most
 * frequent of those, whose name was told before. Whether d's own or another's leaf.
 * NULL: it stands for itself. */
const struct leaf *learned_leaf_namesake(const struct dev *d, const struct leaf *leaf);
/* Labels of its end that nobody owns alone. */
unsigned learned_public_labels(const struct learned *l, const char *name);
/* pending: also leaves that no episode has yet. */
int learned_group(const struct learned *l, const struct dev *d, bool pending,
	struct grouping *ret) CARDEA_MUSTCHECK;
/* Each leaf for itself, in the same form. */
int learned_group_exact(const struct dev *d, struct grouping *ret) CARDEA_MUSTCHECK;
void learned_group_free(struct grouping *g);
/* The group means what the leaf is. */
bool learned_group_covers(
	const struct group *g, const struct learned_key *key, const char *text);
/* The share of what a sitting has that no other has; 0 for a single one. */
double learned_sittings_share(const struct sittings *s, const struct grouping *g);
/* The groups in order of first sighting; freed by the caller. */
int learned_group_order(
	const struct dev *d, const struct grouping *g, uint32_t **ret) CARDEA_MUSTCHECK;
void learned_group_kind(const struct dev *d, const struct grouping *g, uint32_t i,
	struct learned_kind *ret);
/* What it matches, and how much; not in which episodes. */
void learned_leaf_kind(const struct leaf *leaf, struct learned_kind *ret);
void learned_dev_masks(
	const struct dev *d, struct learned_set masks[LEARNED_CONTEXT_MAX]);
uint32_t learned_group_total(const struct group *g);

/* report.c */
struct learned_view {
	const struct learned *learned;
	const struct dev *dev;
	struct grouping groups;
};
struct tally {
	struct incidence all, in[LEARNED_CONTEXT_MAX];
	struct learned_set once[LEARNED_CONTEXT_MAX + 1]; /* episodes of singletons */
};
void learned_tally(const struct dev *d, const struct grouping *g, struct tally *ret);
/* Between them the device was watched; how far that reaches, see holds_until. */
void learned_dev_span(const struct dev *d, nstime *ret_from, nstime *ret_to);

/* poison.c */
bool learned_findings_have_room(struct dev *d); /* false: no memory */
void learned_watches_free(struct dev *d);
/* False: nothing to learn from. */
bool learned_poison_admits(struct dev *d, const struct record *r);
bool learned_record_is_fruitless(const struct record *r);
void learned_finding_add(struct dev *d, enum learned_finding_kind kind, uint64_t key,
	nstime when, uint64_t count, const char *fmt, ...) CARDEA_PRINTF(6, 7);

#endif
