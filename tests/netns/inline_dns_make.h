// SPDX-License-Identifier: GPL-2.0-or-later
/* inline_dns_make - questions and answers as servers, careless ones and hostile ones
 * make them: chains in any order, all ways to compress, hints, junk, damage. */
#ifndef CARDEA_TESTS_INLINE_DNS_MAKE_H
#define CARDEA_TESTS_INLINE_DNS_MAKE_H

#include "inline_dns_bed.h"

struct random {
	uint64_t state;
};

/* Uncompressed, lower case, with its closing zero. */
struct made_name {
	uint8_t wire[DNS_NAME_WIRE_MAX];
	uint8_t len;
	uint8_t labels;
};

struct made {
	struct made_name asked;
	uint16_t id, type;
	uint8_t question[512], answer[BED_MESSAGE_MAX];
	size_t question_len, answer_len;
};

uint32_t random_below(struct random *r, uint32_t n);
bool random_chance(struct random *r, unsigned percent);

void make_case(struct random *r, struct made *ret);
/* An answer of `count` addresses for a name that is asked for as `type`. */
void make_plain(struct random *r, const struct made_name *name, uint16_t id,
	uint16_t type, unsigned count, struct made *ret);
/* "n<number>.<zone>" */
struct made_name made_name_of(unsigned number, const char *zone);
struct made_name made_name_random(struct random *r, const struct made_name *below);
/* Hash of the last `labels` labels. */
uint64_t made_name_hash(
	const struct name_key *key, const struct made_name *n, unsigned labels);

#endif
