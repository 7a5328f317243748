// SPDX-License-Identifier: GPL-2.0-or-later
/* What is learned, and conversations, in the words of probing. */
#include <string.h>
#include "base/str.h"
#include "engine/prober.h"
#include "model/flow.h"

#define PORT_NTP 123
/* Firmware of the smallest devices is half a MiB: who sent that in an update is where
 * they come from. */
#define UPDATE_BYTES (512ULL << 10)
/* The least that a TCP segment without data has: one that resets a connection. */
#define BARE_IPV4 40
#define BARE_IPV6 60

/* "A cloud.example.com", a question for a name. */
static void name_of_question(const char *detail, struct probe_kind *ret)
{
	const char *name = strchr(detail, ' ');

	ret->proto = 0;
	ret->port = 0;
	ret->place = RECORD_INTERNET;
	str_copy(ret->name, sizeof ret->name, name ? name + 1 : "");
}

static void to_kind(const struct learned_kind *k, struct probe_kind *ret)
{
	*ret = (struct probe_kind){.direction = k->direction,
		.proto = k->proto,
		.port = k->port,
		.place = k->place,
		.peer = k->peer,
		.peer_mac = k->peer_mac};
	str_copy(ret->name, sizeof ret->name, k->name);
	if (k->app == RECORD_APP_DNS && !k->name[0] && k->place == RECORD_GATEWAY)
		name_of_question(k->detail, ret);
}

static uint32_t episodes_of(const struct learned_kind *k)
{
	uint32_t n = 0;

	for (unsigned c = 0; c < LEARNED_CONTEXT_MAX; c++)
		n += k->episodes[c];
	return n;
}

static bool is_of_updates(const struct learned_kind *k)
{
	return k->episodes[LEARNED_UPDATE] &&
	       (k->episodes[LEARNED_UPDATE] == episodes_of(k) ||
		       k->bytes_p99 >= UPDATE_BYTES);
}

struct usual {
	probe_visit *visit;
	void *to;
};

static int visit_usual(void *ctx, const struct learned_kind *k)
{
	struct usual *u = ctx;
	struct probe_usual usual = {.episodes = episodes_of(k),
		.boots = k->episodes[LEARNED_BOOT] + k->episodes[LEARNED_SETUP],
		.period = k->period,
		.update = is_of_updates(k),
		.time = k->app == RECORD_APP_NTP ||
			(k->proto == FLOW_PROTO_UDP && k->port == PORT_NTP)};

	to_kind(k, &usual.kind);
	u->visit(u->to, &usual);
	return 0;
}

void prober_usual(
	const struct learned *l, const struct mac *device, probe_visit *visit, void *to)
{
	struct usual u = {visit, to};

	(void)!learned_kinds(l, device, true, visit_usual, &u);
}

struct search {
	const struct probe_kind *kind;
	nstime before;
};

/* Of a kind with many ports, any is one. */
static bool is_same(const struct learned_kind *k, const struct probe_kind *kind)
{
	struct probe_kind mine;

	to_kind(k, &mine);
	if (k->port_any && mine.proto == kind->proto)
		mine.port = kind->port;
	return probe_kind_meets(&mine, kind);
}

static int visit_known(void *ctx, const struct learned_kind *k)
{
	const struct search *s = ctx;

	return k->first < s->before && is_same(k, s->kind);
}

bool prober_known(const struct learned *l, const struct mac *device,
	const struct probe_kind *k, nstime before)
{
	struct search s = {k, before};

	return learned_kinds(l, device, true, visit_known, &s) == 1;
}

static int visit_update(void *ctx, const struct learned_kind *k)
{
	const nstime *since = ctx;

	return is_of_updates(k) && k->last >= *since;
}

bool prober_updated_since(
	const struct learned *l, const struct mac *device, nstime since)
{
	return learned_kinds(l, device, true, visit_update, &since) == 1;
}

/* More than the resets with which this gateway refuses connections. */
static bool has_worked(const struct record *r)
{
	uint64_t bare = r->family == 4 ? BARE_IPV4 : BARE_IPV6;

	if (!r->answered)
		return false;
	return r->proto != FLOW_PROTO_TCP ||
	       r->bytes[DIRECTION_TO_DEVICE] > bare * r->packets[DIRECTION_TO_DEVICE];
}

bool prober_kind_of_record(
	const struct record *r, struct probe_kind *ret, enum probe_fate *ret_fate)
{
	struct probe_kind k = {.direction = r->direction,
		.proto = r->proto,
		.port = record_port(r),
		.place = r->place};

	if (r->midstream || !r->proto)
		return false;
	str_copy(k.name, sizeof k.name, r->name);
	if (r->place == RECORD_DEVICE)
		k.peer_mac = r->peer_mac;
	else if (!r->name[0])
		k.peer = r->peer;
	if (r->app == RECORD_APP_DNS && r->place == RECORD_GATEWAY)
		name_of_question(r->detail, &k);
	*ret = k;
	*ret_fate = has_worked(r) ? PROBE_WORKED : PROBE_TRIED;
	return true;
}
