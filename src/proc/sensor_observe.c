// SPDX-License-Identifier: GPL-2.0-or-later
#include "proc/sensor_observe.h"

#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "wire/link.h"

/* Conversations under way on one LAN: a home with 100 devices has some 2000. The memory
 * of those that were never there is not touched. */
#define FLOWS 16384
/* How long one lasts until it is told of though it goes on. What the learner hears within
 * ten minutes it counts where it began; half of that leaves room for delays. */
#define ACTIVE (4 * 60 * NS_PER_SEC)

void sensor_observe_init(struct sensor_observe *s,
	int (*send)(void *ctx, const struct message *m), void *ctx)
{
	memset(s, 0, sizeof *s);
	s->send = send;
	s->ctx = ctx;
	s->key = hash_key_random();
}

void sensor_observe_end(struct sensor_observe *s)
{
	for (size_t i = 0; i < LIMIT_LANS; i++)
		observe_free(s->lans[i].observe);
}

/* One more of this device, within the rate? */
static bool take_token(struct sensor_observe *s, const struct mac *mac, nstime when)
{
	uint64_t hash = hash_bytes(&s->key, mac, sizeof *mac);
	nstime *full = &s->full[hash % SENSOR_RECORD_PLACES];
	nstime each = NS_PER_SEC / SENSOR_RECORD_RATE;

	/* a clock that was set back does not silence anybody */
	if (*full < when || *full - when > 2 * SENSOR_RECORD_BURST * each)
		*full = when;
	if (*full - when > (SENSOR_RECORD_BURST - 1) * each)
		return false;
	*full += each;
	return true;
}

static void send(struct sensor_observe *s)
{
	if (s->send(s->ctx, &s->message))
		s->lost++;
	else
		s->records++;
}

static void on_record(void *ctx, const struct record *r)
{
	struct sensor_lan *lan = ctx;
	struct sensor_observe *s = lan->owner;

	if (!take_token(s, &r->device, r->last)) {
		s->held_back++;
		return;
	}
	message_from_record(&s->message, r);
	send(s);
}

static void on_event(
	void *ctx, const struct mac *device, enum observe_event e, nstime when)
{
	struct sensor_lan *lan = ctx;
	struct sensor_observe *s = lan->owner;

	if (!take_token(s, device, when)) {
		s->held_back++;
		return;
	}
	s->message.type = MESSAGE_OBSERVED;
	s->message.observed = (struct message_observed){
		.mac = *device, .event = (uint8_t)e, .when = when};
	send(s);
}

/* ---- the LAN as it is ---- */

static struct sensor_lan *lan_of(struct sensor_observe *s, uint32_t ifindex, bool make)
{
	for (size_t i = 0; i < LIMIT_LANS; i++)
		if (s->lans[i].ifindex == ifindex)
			return &s->lans[i];
	for (size_t i = 0; i < LIMIT_LANS && make; i++)
		if (!s->lans[i].ifindex) {
			s->lans[i].ifindex = ifindex;
			s->lans[i].owner = s;
			return &s->lans[i];
		}
	return NULL;
}

static void add_prefix(struct sensor_lan *lan, const struct prefix *p)
{
	for (uint32_t i = 0; i < lan->lan_count; i++)
		if (lan->lan[i].len == p->len && addr_equal(&lan->lan[i].addr, &p->addr))
			return;
	if (lan->lan_count == LIMIT_LAN_PREFIXES)
		return;
	lan->lan[lan->lan_count++] = *p;
	if (lan->observe)
		observe_add_lan(lan->observe, p);
}

int sensor_observe_setting(struct sensor_observe *s, const char *key, const char *value)
{
	bool is_mac = strcmp(key, "lan_mac") == 0;
	const char *space = strchr(value, ' ');
	char number[12];
	struct sensor_lan *lan;
	struct prefix p;
	int64_t ifindex;

	if (!is_mac && strcmp(key, "lan_prefix") != 0)
		return 0;
	if (!space || (size_t)(space - value) >= sizeof number)
		return CARDEA_EMALFORMED;
	str_copy_bytes(number, sizeof number, value, (size_t)(space - value));
	if (str_to_i64(number, 1, INT32_MAX, &ifindex))
		return CARDEA_EMALFORMED;
	lan = lan_of(s, (uint32_t)ifindex, true);
	if (!lan)
		return CARDEA_ELIMIT;
	if (is_mac)
		return mac_parse(space + 1, &lan->gateway);
	if (prefix_parse(space + 1, &p))
		return CARDEA_EMALFORMED;
	add_prefix(lan, &p);
	return 0;
}

static int start_one(struct sensor_lan *lan)
{
	struct observe_config c = {.flows = FLOWS,
		.active = ACTIVE,
		.gateway = lan->gateway,
		.lan_count = lan->lan_count,
		.record = on_record,
		.event = on_event,
		.ctx = lan};

	memcpy(c.lan, lan->lan, sizeof c.lan);
	return observe_new(&c, &lan->observe);
}

int sensor_observe_start(struct sensor_observe *s)
{
	int error = 0;

	for (size_t i = 0; i < LIMIT_LANS && !error; i++)
		if (s->lans[i].ifindex)
			error = start_one(&s->lans[i]);
	return error;
}

struct sensor_lan *sensor_observe_lan(struct sensor_observe *s, uint32_t ifindex)
{
	struct sensor_lan *lan = lan_of(s, ifindex, false);

	return lan && lan->observe ? lan : NULL;
}

/* ---- who is used ---- */

void sensor_observe_watch(struct sensor_observe *s, const struct mac *mac, bool on)
{
	size_t at = 0, free_at = s->watched_count;

	for (size_t i = s->watched_count; i-- > 0;)
		if (mac_is_zero(&s->watched[i].mac))
			free_at = i;
	while (at < s->watched_count && !mac_equal(&s->watched[at].mac, mac))
		at++;
	if (!on && at < s->watched_count)
		s->watched[at].mac = (struct mac){0};
	if (!on || at < s->watched_count || free_at == SENSOR_WATCHED_MAX)
		return;
	s->watched_count += free_at == s->watched_count;
	s->watched[free_at].mac = *mac;
	s->watched[free_at].told = 0;
}

void sensor_observe_unwatch(struct sensor_observe *s)
{
	s->watched_count = 0;
}

/* TCP or UDP: what keeps the link together is nobody's use. */
static bool is_use(const uint8_t *b)
{
	uint8_t proto = b[12] == 0x08 ? b[23] : b[20];

	return ((b[12] == 0x08 && b[13] == 0x00) || (b[12] == 0x86 && b[13] == 0xdd)) &&
	       (proto == FLOW_PROTO_TCP || proto == FLOW_PROTO_UDP);
}

static void touched(struct sensor_lan *lan, const struct sensor_frame *f)
{
	struct sensor_observe *s = lan->owner;
	struct cursor c = f->bytes;
	const uint8_t *b = cursor_take(&c, 24);
	struct mac to, from;

	if (!b || !is_use(b))
		return;
	memcpy(to.b, b, sizeof to.b);
	memcpy(from.b, b + 6, sizeof from.b);
	if (mac_equal(&from, &lan->gateway))
		return;
	for (size_t i = 0; i < s->watched_count; i++) {
		if (!mac_equal(&s->watched[i].mac, &to) ||
			(s->watched[i].told && f->when - s->watched[i].told < NS_PER_SEC &&
				f->when >= s->watched[i].told))
			continue;
		s->watched[i].told = f->when;
		s->message.type = MESSAGE_TOUCHED;
		s->message.touched = (struct message_touched){.mac = to, .peer = from};
		(void)s->send(s->ctx, &s->message);
	}
}

void sensor_observe_frame(struct sensor_lan *lan, const struct sensor_frame *f)
{
	if (lan->owner->watched_count)
		touched(lan, f);
	observe_frame(lan->observe, LINK_ETHERNET, f->bytes.pos, cursor_left(&f->bytes),
		f->len, f->when);
}

void sensor_observe_time(struct sensor_observe *s, nstime wall)
{
	for (size_t i = 0; i < LIMIT_LANS; i++)
		if (s->lans[i].observe)
			observe_time(s->lans[i].observe, wall);
}

void sensor_observe_tell(struct sensor_observe *s)
{
	for (size_t i = 0; i < LIMIT_LANS; i++)
		if (s->lans[i].observe)
			observe_tell(s->lans[i].observe);
}

void sensor_observe_counts(
	const struct sensor_observe *s, struct message_observe_counts *ret)
{
	struct observe_counts n;

	*ret = (struct message_observe_counts){.dropped = s->dropped,
		.records = s->records,
		.held_back = s->held_back,
		.lost = s->lost};
	for (size_t i = 0; i < LIMIT_LANS; i++) {
		if (!s->lans[i].observe)
			continue;
		observe_counts(s->lans[i].observe, &n);
		ret->packets += n.packets;
		ret->malformed += n.malformed;
		ret->flows += n.flows;
		ret->evicted += n.evicted;
	}
}
