// SPDX-License-Identifier: GPL-2.0-or-later
/* bpf - what the files of this backend share: elements as keys of the maps, subjects and
 * their numbers, the arena of boxes, the loaded program, and the ports it hangs on. */
#ifndef CARDEA_ENFORCE_BPF_BPF_PRIV_H
#define CARDEA_ENFORCE_BPF_BPF_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>
#include "base/hash.h"
#include "enforce/backend.h"
#include "enforce/bpf/datapath.h"

struct mnl_socket;
struct conntrack;
struct ring_buffer;

/* ---- key.c: one element as what its map has for it ---- */

enum key_table {
	KEY_BOUND, /* these four are keys of a map */
	KEY_EXACT,
	KEY_ETHER,
	KEY_NAME, /* and an opening of its value */
	KEY_BOX,  /* these are parts of something else */
	KEY_FLAG,
	KEY_RATE,
	KEY_LOCAL,
};

struct key_opening {
	uint16_t port; /* be */
	uint8_t proto, family;
};

/* Compared and hashed as bytes: what a table has no use for is zero. */
struct key {
	uint32_t table; /* enum key_table */
	uint32_t subject;
	union {
		struct bpf_bound bound;
		struct bpf_exact exact;
		struct bpf_ether ether;
		struct {
			struct bpf_name name;
			struct key_opening opening;
		} name;
		uint8_t box[offsetof(struct bpf_box, entry)];
		uint32_t flag; /* BPF_MANAGED, BPF_POLICED, BPF_OWNED */
		uint32_t packets; /* a rate's unit: packets, or bytes */
		struct {
			struct bpf_addr lo, hi;
		} local;
	};
};

/* Whose policy an element belongs to: a MAC's, in the first bytes, or an address'. */
struct subject_key {
	struct bpf_addr addr;
	uint32_t is_mac;
};

struct bpf_addr key_addr(const struct addr *a);
struct addr key_to_addr(const struct bpf_addr *a);
struct subject_key key_of_mac(const struct mac *m);
struct subject_key key_of_addr(const struct addr *a);
bool key_is_box(enum element_kind k); /* its key is one */
/* An IPv6 element that would be one of IPv4 in the maps. */
bool key_is_mapped(const struct element *e);
/* False for BOUND and LOCAL, which are nobody's. */
bool key_subject(const struct element *e, struct subject_key *ret);
void key_from_element(const struct element *e, uint32_t subject, struct key *ret);
void key_to_out(const struct subject_key *s, const struct bpf_exact *x,
	struct element *ret);
void key_to_range(const struct subject_key *s, const struct bpf_box *b,
	struct element *ret);

/* ---- subjects.c ---- */

struct subject {
	struct hash_node node;
	struct subject_key key;
	uint32_t number;
	uint32_t flags; /* as in the kernel */
	uint32_t names; /* its keys in the map of names */
	bool timed; /* we may have put exact entries with an end there */
	/* within a transaction */
	bool listed, fresh, lost, forgotten, rebox, named;
	uint32_t want;	       /* flags */
	uint32_t first_box;	/* op + 1 */
	uint64_t old_boxes, new_boxes;
	uint32_t old_arms, new_arms; /* of them */
	struct subject *next;	/* that it touches */
};

struct subjects {
	struct hash_table table;
	struct subject *by_number[BPF_SUBJECTS_MAX];
	uint32_t free[BPF_SUBJECTS_MAX], free_count;
};

int subjects_init(struct subjects *s) CARDEA_MUSTCHECK;
void subjects_free(struct subjects *s);
struct subject *subjects_find(const struct subjects *s, const struct subject_key *k);
/* number 0: the next free one, or CARDEA_ELIMIT. After others subjects_reuse follows. */
int subjects_add(struct subjects *s, const struct subject_key *k, uint32_t number,
	struct subject **ret) CARDEA_MUSTCHECK;
/* A number that the kernel has seen is free after subjects_reuse. */
void subjects_remove(struct subjects *s, struct subject *x, bool seen);
void subjects_reuse(struct subjects *s); /* nothing has those now that are gone */

/* ---- arena.c: who has which boxes ---- */

struct arena {
	/* 0: free; 1: in use; 2, 3: freed since the last, and before the last turn */
	uint8_t state[BPF_BOXES_MAX];
	uint32_t next; /* none below is free */
};

int arena_take(struct arena *a, uint32_t count, uint32_t *ret_first) CARDEA_MUSTCHECK;
/* For boxes that are in use already. */
int arena_mark(struct arena *a, uint32_t first, uint32_t count) CARDEA_MUSTCHECK;
void arena_give(struct arena *a, uint32_t first, uint32_t count, bool seen);
void arena_turn(struct arena *a); /* what was given before the last turn is free now */

/* ---- the backend's state ---- */

#define DATAPATH_MAPS(MAP) \
	MAP(SETTINGS, settings) MAP(MACS, macs) MAP(ADDRS, addrs) MAP(BOUND, bound) \
	MAP(SUBJECTS, subjects) MAP(POLICY, policy) MAP(BOXES, boxes) \
	MAP(ETHERS, ethers) MAP(NAMES, names) MAP(GATES, gates) MAP(FLOWS, flows) MAP(TOTALS, totals) \
	MAP(CACHE, cache) MAP(FRAGS, frags) MAP(QUERIES, queries) MAP(REFUSED, refused) \
	MAP(EVENTS, events) MAP(COUNTERS, counters)
#define DATAPATH_MAP_ID(ID, name) DATAPATH_##ID,
enum datapath_map { DATAPATH_MAPS(DATAPATH_MAP_ID) DATAPATH_MAP_MAX };

enum datapath_side { DATAPATH_INGRESS, DATAPATH_EGRESS, DATAPATH_SIDES };

struct datapath {
	int maps[DATAPATH_MAP_MAX];
	int programs[DATAPATH_SIDES], sweep;
	uint32_t ids[DATAPATH_SIDES]; /* of the programs */
	/* mapped into our memory; of the latter two as many as were reached for */
	struct bpf_settings *settings;
	struct bpf_subject *subjects;
	struct bpf_box *boxes;
	size_t subject_bytes, box_bytes;
};

/* load.c */
void datapath_quiet(void); /* libbpf speaks through our log */
void datapath_init(struct datapath *d);
void maps_close(int maps[DATAPATH_MAP_MAX]);
/* The maps of an earlier enforcer's programs, if they are ours and for these settings;
 * else all are -1. */
bool datapath_find(const uint32_t ids[DATAPATH_SIDES], uint64_t version,
	int maps[DATAPATH_MAP_MAX]);
/* Logs why not. */
int datapath_load(struct datapath *d, int maps[DATAPATH_MAP_MAX]) CARDEA_MUSTCHECK;
void datapath_close(struct datapath *d);
/* The first count ones are in our memory from now on. */
int datapath_reach_subjects(struct datapath *d, uint32_t count) CARDEA_MUSTCHECK;
int datapath_reach_boxes(struct datapath *d, uint32_t count) CARDEA_MUSTCHECK;
void datapath_sweep(const struct datapath *d, uint32_t subject);

/* ports.c */
#define PORTS_MAX 1024 /* as many as one bridge of Linux takes */
#define PORT_WHY_MAX 80

struct port {
	uint32_t ifindex;
	char name[LIMIT_IFNAME];
	bool wanted, covered, told;
	bool made; /* its qdisc is ours */
	char why[PORT_WHY_MAX]; /* it is not covered */
};

struct ports {
	struct mnl_socket *dump, *watch;
	struct port *all;
	size_t count;
};

int ports_open(struct ports *s) CARDEA_MUSTCHECK;
void ports_close(struct ports *s);
int ports_fd(const struct ports *s);
bool ports_changed(struct ports *s); /* reads what the watch has */
/* Covers all ports there are now; the first error of one that refuses. */
int ports_follow(struct ports *s, const struct enforce_config *c,
	const struct datapath *d, const struct enforce_ear *ear);
void ports_tell(const struct ports *s, const struct enforce_ear *ear);
size_t ports_covered(const struct ports *s);
/* Every interface with our filters, and the programs there. */
typedef int ports_found(uint32_t ifindex, const uint32_t ids[DATAPATH_SIDES], void *ctx);
int ports_find(struct ports *s, ports_found *each, void *ctx) CARDEA_MUSTCHECK;
/* Takes our filters away; keep: except from the ports that s has. */
int ports_clear(struct ports *s, bool keep) CARDEA_MUSTCHECK;

#define REFUSAL_MAX 100

struct enforce_state {
	const struct enforce_config *config;
	struct datapath datapath;
	struct subjects subjects;
	struct arena arena;
	struct ports ports;
	struct conntrack *conntrack; /* NULL where the kernel has none */
	struct ring_buffer *ring;
	struct enforce_ear ear;
	struct loop_fd ring_fd, ports_fd;
	struct loop_timer sweep, again, look;
	unsigned sweeps, uncovered;
	bool removed;
	char refusal[REFUSAL_MAX]; /* why the last transaction had no room */
};

/* events.c */
int events_open(struct enforce_state *s) CARDEA_MUSTCHECK;
int events_start(struct enforce_state *s) CARDEA_MUSTCHECK;
void events_read(struct enforce_state *s);

/* collect.c: what has expired, and numbers that nobody has any more */
void collect(struct enforce_state *s);

#endif
