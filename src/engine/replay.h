// SPDX-License-Identifier: GPL-2.0-or-later
/* replay - what would this profile have blocked in that capture? The same parsers,
 * bindings and evaluator as live, under the capture's clock. */
#ifndef CARDEA_ENGINE_REPLAY_H
#define CARDEA_ENGINE_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/addr.h"
#include "base/clock.h"
#include "base/jsonw.h"
#include "model/limits.h"
#include "model/profile.h"
#include "model/verdict.h"
#include "policy/policy.h"

struct replay_options {
	int fd; /* the capture; pcap or pcapng */
	/* The device: its MAC, or, when that is zero, one of its addresses. */
	struct mac mac;
	struct addr addr;
	const struct profile *profile;
	/* LAN prefixes. None: a /24 around a private IPv4 address of the device, a /64
	 * around an IPv6 one. */
	struct prefix lan[LIMIT_LAN_PREFIXES];
	uint32_t lan_count;
	/* The gateway's LAN addresses. None: what DHCP and router advertisements say,
	 * else the first local server that the device asks for names. */
	struct addr gateway[POLICY_ENV_ADDRS];
	uint32_t gateway_count;
	/* Called now and then and at the end, or NULL. */
	void (*progress)(void *ctx, uint64_t packets, uint64_t bytes);
	void *ctx;
};

struct replay_count {
	uint64_t packets, bytes;
};

struct replay_violation {
	enum direction direction; /* who began */
	struct addr peer;
	char name[LIMIT_NAME]; /* what the device's DNS called the peer; or empty */
	uint8_t proto;
	uint16_t port; /* the peer's for from-device, else the device's; ICMP: type */
	enum verdict_reason reason;
	rule_id rule; /* that forbids it, or 0 */
	uint64_t packets;
	uint64_t flows;
	nstime first; /* wall */
};

#define REPLAY_NOTICES_MAX 16
/* Different (direction, peer, name, service); a scan of a /20 is seen whole, the rest
 * is counted. */
#define REPLAY_VIOLATIONS_MAX 4096

struct replay_report {
	char device[ADDR_TEXT_MAX]; /* as asked for */
	struct mac mac;             /* zero when never seen */
	struct addr addrs[LIMIT_ADDRS_PER_DEVICE];
	uint32_t addr_count;
	struct policy_env env; /* as told or found */
	uint64_t read;         /* packets in the file */
	uint64_t packets;      /* from or to the device */
	uint64_t flows;
	uint64_t blocked_packets, blocked_flows;
	uint64_t infrastructure; /* packets outside policy */
	uint64_t unreadable;     /* frames of the file that are no packets */
	uint64_t unjudged;       /* cut short, malformed or later fragments */
	nstime first, last;      /* of the device; 0 when never seen */
	struct policy policy;
	struct replay_count *rules; /* policy.count of them, same order */
	struct replay_violation *violations;
	uint32_t violation_count;
	uint64_t violation_dropped; /* packets beyond REPLAY_VIOLATIONS_MAX */
	char notices[REPLAY_NOTICES_MAX][LIMIT_TEXT];
	uint32_t notice_count;
	char problem[LIMIT_TEXT]; /* why the reading ended early; or empty */
	struct pool *pool;
};

/* 0, or an error with ret->problem set. *ret is always set and wants
 * replay_report_free: what was read before a broken place counts. */
int replay_run(const struct replay_options *options, struct replay_report *ret);
void replay_report_free(struct replay_report *r);
/* One object, schema cardea.replay/1. */
void replay_report_json(const struct replay_report *r, struct jsonw *out);
/* For people. Returns 0 or -EIO. */
int replay_report_text(const struct replay_report *r, FILE *out) CARDEA_MUSTCHECK;

#endif
