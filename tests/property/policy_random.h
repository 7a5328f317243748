// SPDX-License-Identifier: GPL-2.0-or-later
/* policy_random - a small random world for the property tests of policy. */
#ifndef CARDEA_TEST_POLICY_RANDOM_H
#define CARDEA_TEST_POLICY_RANDOM_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "model/rule.h"

#ifdef POLICY_RANDOM_SHARED
extern uint64_t seed_state;
#else
static uint64_t seed_state;
#endif

/* splitmix64: small, and the same on every machine */
static inline uint64_t next_random(void)
{
	uint64_t z = seed_state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static inline unsigned pick(unsigned n)
{
	return (unsigned)(next_random() % n);
}

#define EXPECT(cond, ...)                                                              \
	do {                                                                           \
		if (!(cond)) {                                                         \
			fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                \
			fprintf(stderr, __VA_ARGS__);                                  \
			fprintf(stderr, "\n");                                         \
			exit(1);                                                       \
		}                                                                      \
	} while (0)

/* A small world, so that rules overlap and flows hit. */
static inline struct addr random_addr(void)
{
	static const char *const world[] = {"10.0.0.1", "10.0.0.2", "10.0.0.3",
		"10.0.0.9", "10.0.1.7", "192.0.2.1", "192.0.2.2", "192.0.2.255",
		"198.51.100.66", "0.0.0.0", "255.255.255.255", "224.0.0.251",
		"239.1.2.3", "2001:db8::1", "2001:db8::2", "2001:db8:1::1",
		"2001:db8:1::2", "fe80::1", "fe80::2", "ff02::fb", "ff05::2",
		"2001:db9::7", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
	struct addr a;

	if (addr_parse(world[pick(sizeof world / sizeof *world)], &a))
		abort();
	return a;
}

static inline struct addr random_addr_of(uint8_t family)
{
	struct addr a = random_addr();

	while (a.family != family)
		a = random_addr();
	return a;
}

static inline uint16_t random_port(void)
{
	static const uint16_t world[] = {0, 1, 22, 53, 68, 80, 123, 443, 500, 1000,
		1023, 1024, 5353, 9999, 32768, 65534, 65535};

	return world[pick(sizeof world / sizeof *world)];
}

static inline struct range16 random_ports(void)
{
	uint16_t a = random_port(), b = random_port();

	if (pick(3) == 0)
		return (struct range16){0, UINT16_MAX};
	if (pick(2))
		return (struct range16){a, a};
	return (struct range16){a < b ? a : b, a < b ? b : a};
}

static inline uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *v = getenv(name);

	return v ? strtoull(v, NULL, 0) : otherwise;
}

#endif
