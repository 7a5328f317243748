// SPDX-License-Identifier: GPL-2.0-or-later
/* differential - one policy, three judges: the evaluator that walks the rules, and the
 * kernels of real gateways, each with another back end. What the parts of the test
 * share. */
#ifndef CARDEA_TEST_DIFFERENTIAL_H
#define CARDEA_TEST_DIFFERENTIAL_H

#include "model/messages.h"
#include "policy/policy.h"

/* The house, as test_differential.py lays it. */
#define DEVICES 1000 /* each round is about the next: none opens, or is told of, too much */
#define BYSTANDER DEVICES /* managed, too: whose addresses others take */
#define MAC_GATEWAY {{2, 0, 0, 0, 0, 1}}
#define MAC_UPLINK {{2, 0, 0, 0, 0, 3}}
#define MAC_PEER {{2, 0, 0, 0, 0, 0x20}}
#define MAC_WORLD {{2, 0, 0, 0, 0, 0x90}}

#define CASES_MAX 64
#define RULES_MAX 16
#define BINDINGS_MAX 6
#define TRIGGERS 3
#define HOSTS_MAX 4
#define OVERLAYS_MAX 4
#define LOCAL4 "10.1.0.0/22"
#define LOCAL6 "fd00:1::/64"
#define GATEWAY4 "10.1.0.1" /* its own, on the bridge */
#define GATEWAY6 "fd00:1::1"
struct addr to_addr(const char *text);
#define OPEN_S 2 /* long enough for a batch, short enough to wait for */
#define ELEMENTS_MAX 20000
#define FRAME_MAX 256

enum way { WAY_BRIDGED, WAY_ROUTED, WAY_GATEWAY };
extern const char *const way_names[];

/* One first packet of a conversation that nothing before it opened. */
struct trial {
	struct flow flow;
	enum way way;
	uint32_t id;	/* in its payload */
	uint16_t first, second; /* bytes that lead its transport header */
	bool lies; /* it uses another's address, or plays router or DHCP server */
	bool redirected; /* it asks others for names, and is answered by the gateway */
	struct verdict verdict; /* the evaluator's; of spoofed ones the guard's */
	int element;		/* that lets it pass, or -1 */
	bool rule_agrees;	/* the evaluator's rule is of an element that does */
};

static inline bool trial_passes(const struct trial *t)
{
	return t->verdict.kind == VERDICT_ALLOW || t->verdict.kind == VERDICT_WOULD_BLOCK;
}

struct world {
	uint64_t seed;
	struct policy_env env;
	struct policy_device device;
	struct addr addrs[3];
	struct policy_input input;
	struct rule rules[RULES_MAX + TRIGGERS];
	struct update_host hosts[HOSTS_MAX];
	unsigned aims; /* of these trials are made: those that arm are pressed apart */
	struct overlay overlays[OVERLAYS_MAX]; /* what the owner said, with watching */
	size_t overlay_count;
	struct rule no[RULES_MAX]; /* of the rules those that are the owner's no */
	size_t no_count;
	struct pool *pool;
	struct policy policy;
	bool tells; /* the gateway only watches the device: told is in force, too */
	struct policy told;
	struct {
		const char *name;
		struct addr addr;
	} bindings[BINDINGS_MAX];
	size_t binding_count;
	struct element elements[ELEMENTS_MAX];
	rule_id of[ELEMENTS_MAX]; /* the rule of each */
	size_t element_count;
	struct trial trials[CASES_MAX];
	unsigned trial_count;
	/* Trials come in stages: before anything is armed, while `pressed` is, and after. */
	unsigned stage_ends[3];
	uint16_t pressed, armed; /* bits of triggers; armed: for the trial that is made */
	struct trial presses[TRIGGERS];
	unsigned press_count;
};

/* differential_world.c: all of a round, out of its seed alone, but for which device it is
 * about. With flows (of a capture)
 * the trials are such. With triggers some rules wait for them, and others arm them; with
 * held most devices are, each in another way; with watch the owner has said something, most
 * devices that are not held are only watched, and some packets lie.
 * With redirect others are asked for names, which the gateway answers. */
extern bool world_triggers, world_held, world_watch, world_redirect;
void world_make(struct world *w, uint64_t seed, unsigned device, unsigned trials,
	const struct flow *flows, size_t flow_count);
void world_free(struct world *w);
/* Its policy lets it begin: nothing is armed, and it need not be watched. */
bool world_lists(const struct world *w, const struct flow *f);
void world_print(const struct world *w, const struct trial *t);
/* The devices of the house, by number. */
struct mac device_mac(unsigned n);
void device_addrs(unsigned n, struct addr ret[3]);

/* differential_frames.c */
size_t frame_build(const struct world *w, const struct trial *t,
	uint8_t ret[FRAME_MAX]);
/* The trial's id in the frame, or false. */
bool frame_id(const uint8_t *frame, size_t len, uint32_t *ret);

#endif
