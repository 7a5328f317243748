// SPDX-License-Identifier: GPL-2.0-or-later
/* inline_dns_bed - the kernel's program on a bench: loaded, but at no port. Frames go
 * through it by BPF_PROG_TEST_RUN, and its maps are looked into. */
#ifndef CARDEA_TESTS_INLINE_DNS_BED_H
#define CARDEA_TESTS_INLINE_DNS_BED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "enforce/bpf/datapath.h"
#include "model/name_hash.h"
#include "wire/dns.h"

#define BED_MESSAGE_MAX 2560 /* a test run takes a page with all that is around it */
#define BED_OPEN_MAX 4096    /* entries looked at after one answer */
#define BED_TOLD_MAX 4096

struct bed_open {
	struct bpf_exact key;
	struct bpf_entry entry;
};

struct bed_told {
	struct bpf_addr peer;
	uint64_t hash;
	uint32_t ttl_s;
};

struct bed {
	struct bpf_object *object;
	struct ring_buffer *ring;
	int ingress, egress;
	int subjects, policy, names, queries, counters;
	struct name_key key;
	struct bed_open open[BED_OPEN_MAX]; /* what has an end */
	size_t open_count;
	struct bed_told told[BED_TOLD_MAX];
	size_t told_count;
	uint64_t ns; /* that the last run took */
};

/* One datagram of a device; `server` is the last byte of the other's address. */
struct bed_packet {
	uint8_t device, server;
	bool v6;
	bool foreign; /* the answer is forwarded, not the gateway's own */
	uint16_t port, server_port;
	const uint8_t *message;
	size_t len;
	const struct mac *mac; /* the device's, unless NULL */
};

/* All failures end the program: the bench is no subject of the test. */
void bed_open(struct bed *b, const char *object);
void bed_close(struct bed *b);
/* Device n (1..100) is managed, has names, and may ask servers 1 to 3; its subject. */
uint32_t bed_device(struct bed *b, uint8_t n);
struct bpf_addr bed_addr(const struct addr *a);
bool bed_is_lan(const struct addr *a);
/* Whether the program lets it pass. */
bool bed_ask(struct bed *b, const struct bed_packet *p);
bool bed_answer(struct bed *b, const struct bed_packet *p);

void bed_name(struct bed *b, uint32_t subject, uint64_t hash, bool suffix,
	const struct bpf_openings *o);
void bed_names_clear(struct bed *b);
/* Fills open with the policy's timed entries, and told with the events so far. */
void bed_look(struct bed *b);
/* Takes away all timed entries, questions and events. */
void bed_clear(struct bed *b);
uint64_t bed_counter(struct bed *b, enum bpf_counter which);
struct bpf_subject bed_subject(struct bed *b, uint32_t number);
void bed_put(struct bed *b, const struct bpf_exact *key, const struct bpf_entry *e);
/* Sets the end of all questions. */
void bed_queries_end(struct bed *b, uint64_t until);
size_t bed_queries(struct bed *b, uint32_t subject, struct bpf_query *ret, size_t max);
uint64_t bed_now(void); /* the program's clock */

#endif
