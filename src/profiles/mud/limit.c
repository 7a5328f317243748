// SPDX-License-Identifier: GPL-2.0-or-later
/* limit - how much bandwidth a device needs for each of its services
 * (draft-lear-opsawg-mud-bw-profile-01, the extension "qos"). */
#include <errno.h>
#include <string.h>
#include "profiles/mud/mud_priv.h"

#define BITS_PER_BYTE 8
/* More than any home network carries, and no overflow in what is computed from it. */
#define BPS_MAX 1000000000000LL

enum { NAME, TIMEFRAME, PPS, BPS, DSCP, ACLNAME, SLOTS };

static const char *const names[] = {
	"name", "timeframe", "pps", "bps", "dscp", "aclname", NULL};

/* Bits per second. A yang:uint64 is a string in JSON (RFC 7951 6.1); people write
 * numbers. */
static bool bits(struct mud_reader *r, const struct mud_at *at, uint64_t *ret)
{
	char shown[MUD_SHOW_MAX];
	int64_t v = -1;

	if (!at->value)
		return true;
	if (json_is_integer(at->value))
		v = json_integer_value(at->value);
	else if (json_is_string(at->value) &&
		 str_to_i64(json_string_value(at->value), 0, BPS_MAX, &v))
		v = -1;
	if (v >= 0 && v <= BPS_MAX) {
		*ret = (uint64_t)v;
		return true;
	}
	mud_note_bad(r, at, "must be a whole number of bits a second, is %s",
		mud_show(at->value, shown));
	return false;
}

static bool number(
	struct mud_reader *r, const struct mud_at *at, uint32_t max, uint32_t *ret)
{
	return !at->value || mud_uint(r, at, 0, max, ret);
}

/* A key for the repaired text, from the place of the entry. */
static const char *name_made(
	struct mud_reader *r, const struct mud_at *item, char buf[LIMIT_LABEL])
{
	(void)str_print(buf, LIMIT_LABEL, "service-%zu", item->index + 1);
	mud_edit_add_string(r, item, "name", buf);
	return buf;
}

/* The rates are per second already; the timeframe says for how long the service bursts
 * at them. A rate of nothing would be no service, and is read as not said. */
static bool service(struct mud_reader *r, const struct mud_at *item,
	enum direction direction, struct profile_limit *ret)
{
	struct profile_limit l = {.direction = direction};
	struct mud_at slots[SLOTS];
	char made[LIMIT_LABEL];
	const char *name, *acl = "";
	uint32_t pps = 0, dscp;
	uint64_t bps = 0;
	bool unknown;

	if (!mud_members(r, item, names, slots, &unknown))
		return false;
	name = mud_key(r, &slots[NAME], "");
	if (!slots[NAME].value)
		name = name_made(r, item, made);
	if (!slots[TIMEFRAME].value)
		mud_note(r, NOTE_INFO, item,
			"no timeframe: how long the service bursts is not said");
	if (!number(r, &slots[TIMEFRAME], UINT32_MAX, &l.timeframe_s) ||
		!number(r, &slots[PPS], UINT32_MAX, &pps) ||
		!bits(r, &slots[BPS], &bps) || !number(r, &slots[DSCP], 63, &dscp) ||
		(slots[ACLNAME].value && !mud_string(r, &slots[ACLNAME], &acl)))
		return false;
	l.packets = pps;
	l.bytes = (bps + BITS_PER_BYTE - 1) / BITS_PER_BYTE;
	mud_copy(l.service, sizeof l.service, name);
	mud_copy(l.acl, sizeof l.acl, acl);
	if (!l.packets && !l.bytes)
		mud_note(r, NOTE_WARNING, item,
			"says neither pps nor bps: no limit is made of it");
	*ret = l;
	return l.packets || l.bytes;
}

static bool has_room(struct mud_reader *r, const struct mud_at *item)
{
	struct profile *p = r->profile;

	if (!p->limits)
		p->limits =
			pool_take(r->pool, LIMIT_PROFILE_LIMITS * sizeof *p->limits);
	if (!p->limits)
		r->error = -ENOMEM;
	else if (p->limit_count == LIMIT_PROFILE_LIMITS)
		mud_note(r, NOTE_WARNING, item,
			"more than %d services with a bandwidth: this one is not "
			"limited",
			LIMIT_PROFILE_LIMITS);
	return p->limits && p->limit_count < LIMIT_PROFILE_LIMITS;
}

void mud_limit_read(
	struct mud_reader *r, const struct mud_at *at, enum direction direction)
{
	static const char *const member[] = {"service", NULL};
	struct profile *p = r->profile;
	struct mud_at list, item;
	struct profile_limit l;
	bool unknown;

	if (!mud_members(r, at, member, &list, &unknown) || !mud_array(r, &list))
		return;
	mud_unique(r, &list, "name");
	for (struct mud_iter it = mud_iter_start(r, &list);
		!r->error && mud_iter_next(r, &list, &it, &item);)
		if (service(r, &item, direction, &l) && has_room(r, &item))
			p->limits[p->limit_count++] = l;
}

static bool is_in_use(const struct profile *p, const struct profile_limit *l)
{
	for (uint32_t i = 0; i < p->rule_count; i++)
		if (p->rules[i].direction == l->direction &&
			!strcmp(p->rules[i].acl, l->acl))
			return true;
	return false;
}

void mud_limit_check(struct mud_reader *r)
{
	const struct profile *p = r->profile;
	char shown[MUD_SHOW_MAX];

	for (unsigned i = 0; i < p->limit_count; i++)
		if (p->limits[i].acl[0] && !is_in_use(p, &p->limits[i]))
			mud_note_line(r, NOTE_WARNING, 0, 0,
				"a bandwidth is for the list \"%s\", which this policy "
				"does not use: nothing is limited by it",
				mud_show_text(p->limits[i].acl, shown));
}
