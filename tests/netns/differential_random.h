// SPDX-License-Identifier: GPL-2.0-or-later
/* differential_random - what the files that make up a round at random share. */
#ifndef CARDEA_TEST_DIFFERENTIAL_RANDOM_H
#define CARDEA_TEST_DIFFERENTIAL_RANDOM_H

#define POLICY_RANDOM_SHARED /* one row of numbers for all of them */
#include "netns/differential.h"
#include "property/policy_random.h"

/* Who is there: on the LAN, the gateway, the world, and groups. */
enum place { PLACE_LAN, PLACE_GATEWAY, PLACE_WORLD, PLACE_GROUP };

/* differential_world.c */
struct addr some_addr(void);
struct addr some_addr_at(enum place place, uint8_t family);
enum place place_of(const struct addr *a);
const char *some_name(void);
struct policy_names names_of(const struct world *w);

/* differential_policy.c: the rules alone; the layers of what holds it or of what the owner
 * said, as the household combines them; all in w->input. */
#define PRESS_PORT 60000
#define PRESS_PEER "192.0.2.1"
#define ICMP_TYPES 10
extern const uint8_t icmp_types[ICMP_TYPES];
void make_rules(struct world *w, const struct flow *flows, size_t flow_count);
void make_held(struct world *w);
void make_owner(struct world *w);
/* What passes where the gateway only watches: w->told. */
void make_told(struct world *w);

/* differential_trials.c */
void make_presses(struct world *w);
void make_stages(struct world *w, unsigned trials, const struct flow *flows,
	size_t flow_count);

#endif
