// SPDX-License-Identifier: GPL-2.0-or-later
/* test_learned_util - records that tests feed to a learner, in a word or two. */
#ifndef CARDEA_TEST_LEARNED_UTIL_H
#define CARDEA_TEST_LEARNED_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "profiles/learned/learned.h"

#define T0 (1700000000 * NS_PER_SEC)
#define AT(s) (T0 + (nstime)(s)*NS_PER_SEC)

static const struct mac dev_mac = {{2, 0, 0, 0, 0, 1}};
static const struct mac phone_mac = {{2, 0, 0, 0, 0, 99}};

/* "example.com" is one owner's, and so is "x.co.uk". */
static inline unsigned two_or_one(void *ctx, const char *name)
{
	size_t n = strlen(name);

	(void)ctx;
	return n >= 5 && strcmp(name + n - 5, "co.uk") == 0 ? 2 : 1;
}

static inline struct learned *learner(bool per_capture)
{
	struct learned_config c = {
		.public_labels = two_or_one, .per_capture = per_capture};
	struct learned *l = NULL;

	assert_int_equal(learned_new(&c, &l), 0);
	return l;
}

/* TCP 443 with a host of that name, a second long. */
static inline struct record to_name(const char *name, double s)
{
	struct record r = {
		.device = dev_mac,
		.first = T0 + (nstime)(s * 1e9),
		.last = T0 + (nstime)(s * 1e9) + NS_PER_SEC,
		.direction = DIRECTION_FROM_DEVICE,
		.answered = true,
		.family = 4,
		.proto = FLOW_PROTO_TCP,
		.device_port = 40000,
		.peer_port = 443,
		.device_addr = addr_v4((uint8_t[]){192, 168, 1, 7}),
		.peer = addr_v4((uint8_t[]){203, 0, 113, 5}),
		.place = RECORD_INTERNET,
		.naming = name[0] ? RECORD_ANSWER : RECORD_UNNAMED,
		.packets = {10, 12},
		.bytes = {1500, 9000},
	};

	str_copy(r.name, sizeof r.name, name);
	return r;
}

static inline struct record to_addr(uint8_t a, uint8_t b, double s)
{
	struct record r = to_name("", s);

	r.peer = addr_v4((uint8_t[]){198, 51, a, b});
	return r;
}

/* The phone opens a connection to the device. */
static inline struct record by_phone(uint16_t port, double s)
{
	struct record r = to_name("", s);

	r.direction = DIRECTION_TO_DEVICE;
	r.place = RECORD_DEVICE;
	r.peer_mac = phone_mac;
	r.peer = addr_v4((uint8_t[]){192, 168, 1, 99});
	r.device_port = port;
	r.peer_port = 51000;
	return r;
}

static inline struct record asks(const char *question, double s)
{
	struct record r = to_name("", s);

	r.proto = FLOW_PROTO_UDP;
	r.place = RECORD_GATEWAY;
	r.peer = addr_v4((uint8_t[]){192, 168, 1, 1});
	r.peer_port = 53;
	r.app = RECORD_APP_DNS;
	str_copy(r.detail, sizeof r.detail, question);
	return r;
}

static inline void feed(struct learned *l, struct record r)
{
	assert_int_equal(learned_record(l, &r), 0);
}

static inline struct learned_device device(const struct learned *l)
{
	struct learned_device d;

	assert_true(learned_count(l) > 0);
	learned_device_at(l, 0, &d);
	return d;
}

struct kinds {
	struct learned_kind k[64];
	size_t count;
};

static inline int keep_kind(void *ctx, const struct learned_kind *k)
{
	struct kinds *list = ctx;

	if (list->count < 64)
		list->k[list->count] = *k;
	list->count++;
	return 0;
}

static inline struct kinds *kinds_of(const struct learned *l, bool general)
{
	static struct kinds list;

	list.count = 0;
	assert_int_equal(learned_kinds(l, &dev_mac, general, keep_kind, &list), 0);
	return &list;
}

static inline const struct learned_kind *kind_named(
	const struct kinds *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->k[i].name, name) == 0)
			return &list->k[i];
	return NULL;
}

static inline void finish(struct learned *l)
{
	learned_end(l, INT64_MAX);
}

#endif
