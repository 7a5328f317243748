// SPDX-License-Identifier: GPL-2.0-or-later
/* differential_gates - the gateways under test, as the parts of the driver see them. */
#ifndef CARDEA_TEST_DIFFERENTIAL_GATES_H
#define CARDEA_TEST_DIFFERENTIAL_GATES_H

#include <netinet/in.h>
#include <sys/types.h>

#include "netns/differential.h"

#define GATES_MAX 4
#define REPORTS_MAX 1024
#define SETTLE_MS 2000 /* a frame takes microseconds; this is for a machine that stalls */
#define QUIET_MS 5
#define GATEWAY_PROTOS 6

enum port { PORT_DEVICE, PORT_PEER, PORT_WORLD, PORT_GATEWAY,
	PORT_MAX = PORT_GATEWAY + 2 * GATEWAY_PROTOS };

struct gate {
	const char *name, *gateway_ns, *far_ns, *program;
	char **settings;
	int setting_count;
	int parent, engine;
	pid_t pid;
	int ports[PORT_MAX];
	int nflog; /* where the kernel tells us, and no enforcer */
	bool arrived[CASES_MAX];
	uint64_t counted[ELEMENTS_MAX];
	struct message_seen_violation reports[REPORTS_MAX];
	unsigned report_count;
};

extern struct gate gates[GATES_MAX];
extern unsigned gate_count;
extern struct world world;

/* differential.c */
_Noreturn void fail(const char *what);
void differs(const struct gate *g, const struct trial *t, const char *what);
/* Such a frame goes over the bridge and to the gateway: the nft back end judges, counts and
 * tells it in both tables. */
bool to_group(const struct trial *t);

/* differential_gates.c */
void ports_open(struct gate *g);
void gate_start(struct gate *g);
void gates_end(void);
void namespace_enter(const char *name);
void send_to(int fd, const struct message *m, int pass_fd);
/* The next message that an enforcer answers with; what it tells of itself is no answer. */
void message_await(struct gate *g, int fd, struct message *ret);
void expect_type(const struct gate *g, const struct message *m, int type);
void everybody(const struct message *m);
void txn_begin(void);
void txn_element(bool remove, const struct element *e);
void txn_commit(void);
/* Who is there all the time, and who is there for one round. */
void house_lay(void);
void device_lay(unsigned n, bool remove);

/* differential_report.c: what the kernels tell of packets that do not just pass. */
void reports_open(struct gate *g);
void report_add(struct gate *g, const struct message_seen_violation *m);
/* All trials, and what armed triggers, told as they should be, and nothing else of their
 * device. */
void reports_compare(struct gate *g);
extern unsigned long reports_seen;

/* differential_counts.c: which element let what pass. */
void counts_compare(struct gate *g);

#endif
