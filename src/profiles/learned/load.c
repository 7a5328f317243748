// SPDX-License-Identifier: GPL-2.0-or-later
/* load - saved state is a file, and files are hostile: whatever saving does not write
 * is refused, and what is taken saves to the same bytes. */
#include "profiles/learned/interact_priv.h"
#include "profiles/learned/state_priv.h"

#include <errno.h>
#include <stdlib.h>

#define HOURS_OF_DAY 24

static bool fail(struct cursor *c)
{
	cursor_fail(c, CARDEA_EMALFORMED);
	return false;
}

static bool get_times(struct cursor *c, nstime *first, nstime *last)
{
	uint64_t from = cursor_u64(c), to = cursor_u64(c);

	if (from > LEARNED_TIME_MAX || to > LEARNED_TIME_MAX || to < from)
		return fail(c);
	*first = (nstime)from;
	*last = (nstime)to;
	return !c->error;
}

bool learned_state_get_text(struct cursor *c, char text[LIMIT_TEXT])
{
	size_t len = cursor_u8(c);
	const uint8_t *p = cursor_take(c, len);

	if (!p)
		return fail(c);
	for (size_t i = 0; i < len; i++)
		if (p[i] < ' ' || p[i] > '~')
			return fail(c);
	memcpy(text, p, len);
	text[len] = 0;
	return true;
}

void learned_state_get_counters(struct cursor *c, uint16_t *n, size_t count)
{
	size_t used = cursor_u8(c), next = 0;

	for (size_t i = 0; i < used && !c->error; i++) {
		size_t at = cursor_u8(c);
		uint16_t v = cursor_u16(c);

		if (at < next || at >= count || !v) {
			fail(c);
			return;
		}
		n[at] = v;
		next = at + 1;
	}
}

static void get_set(struct cursor *c, struct learned_set *s, uint32_t bits)
{
	for (uint32_t i = 0; i < (bits + 63) / 64; i++)
		s->w[i] = cursor_u64(c);
	if (bits % 64 && s->w[bits / 64] >> bits % 64)
		fail(c);
}

static void get_addr(struct cursor *c, struct addr *a)
{
	a->family = cursor_u8(c);
	if (a->family && a->family != 4 && a->family != 6)
		fail(c);
	cursor_copy(c, a->b, a->family == 4 ? 4 : a->family ? 16 : 0);
}

static bool said_is_sound(const struct learned_key *k)
{
	bool ended = false;

	for (size_t i = 0; i < LEARNED_VERB_MAX; i++) {
		if (k->verb[i] && (ended || k->verb[i] <= ' ' || k->verb[i] > '~'))
			return false;
		ended |= !k->verb[i];
	}
	return k->verb[0] && !k->family && !k->port && !k->port_any && !k->peer_any &&
	       !k->peer.family &&
	       (k->said == RECORD_APP_DNS || k->said == RECORD_APP_MDNS ||
		       k->said == RECORD_APP_SSDP);
}

/* As canonical.c and general.c make them. */
static bool key_is_sound(const struct learned_key *k)
{
	bool ports = k->proto == FLOW_PROTO_TCP || k->proto == FLOW_PROTO_UDP;

	if (k->direction >= DIRECTION_MAX || k->place >= RECORD_PLACE_MAX ||
		(k->port_any && (k->port || !ports)) ||
		(k->source_port && (!k->port_any || k->proto != FLOW_PROTO_UDP)))
		return false;
	if (k->said)
		return said_is_sound(k);
	if (k->family != 4 && k->family != 6)
		return false;
	if (k->peer.family)
		return (k->place == RECORD_INTERNET || k->place == RECORD_GROUP) &&
		       k->peer.family == k->family && !k->peer_any && !k->name_any;
	return true;
}

void learned_state_get_key(struct cursor *c, struct learned_key *k)
{
	uint8_t flags;

	*k = (struct learned_key){0};
	k->direction = cursor_u8(c);
	k->family = cursor_u8(c);
	k->proto = cursor_u8(c);
	k->place = cursor_u8(c);
	k->said = cursor_u8(c);
	flags = cursor_u8(c);
	k->port_any = flags & 1;
	k->peer_any = flags >> 1 & 1;
	k->name_any = flags >> 2 & 1;
	k->port = cursor_u16(c);
	k->source_port = cursor_u16(c);
	get_addr(c, &k->peer);
	if (k->place == RECORD_DEVICE && !k->said && !k->peer_any)
		cursor_copy(c, k->mac.b, sizeof k->mac.b);
	if (k->said)
		cursor_copy(c, k->verb, sizeof k->verb);
	if (flags > 7 || !key_is_sound(k))
		fail(c);
}

/* Who is meant, is said once: by name, by address, by MAC, or by the place. */
bool learned_state_text_is_sound(const struct learned_key *k, const char *text)
{
	if (k->said)
		return k->said == RECORD_APP_DNS ? learned_name_is_sound(text)
						 : !k->name_any;
	if (k->place != RECORD_INTERNET)
		return !text[0] && !k->name_any;
	if (!text[0])
		return !k->name_any && (k->peer.family || k->peer_any);
	return !k->peer.family && !k->peer_any && learned_name_is_sound(text);
}

static void get_octaves(struct cursor *c, uint16_t version, struct learned_gaps *g)
{
	uint16_t n[LEARNED_GAP_OCTAVES] = {0}, most = 0;

	learned_state_get_counters(c, n, LEARNED_GAP_OCTAVES);
	for (size_t i = 0; i < LEARNED_GAP_OCTAVES; i++)
		most = n[i] > most ? n[i] : most;
	if (most > UINT8_MAX && version != LEARNED_STATE_WIDE)
		fail(c);
	/* as learned_gaps_add() would have kept them */
	for (; most > UINT8_MAX; most /= 2)
		for (size_t i = 0; i < LEARNED_GAP_OCTAVES; i++)
			n[i] /= 2;
	for (size_t i = 0; i < LEARNED_GAP_OCTAVES; i++)
		g->octaves[i] = (uint8_t)n[i];
}

static void get_gaps(struct cursor *c, uint16_t version, struct learned_gaps *g)
{
	g->count = cursor_u32(c);
	for (uint32_t i = 0; i < LEARNED_GAPS && i < g->count; i++)
		g->ms[i] = cursor_u32(c);
	get_octaves(c, version, g);
}

/* Whoever was seen was so on a day that is known, or before all of them. */
static void get_days_of(struct cursor *c, const struct dev *d, struct leaf *leaf)
{
	uint64_t days = cursor_u64(c);
	uint8_t elder = cursor_u8(c);

	if (elder > 1 || (elder && !d->days_older) || (!days && !elder) ||
		(d->day_count < LEARNED_DAYS && days >> d->day_count))
		fail(c);
	leaf->days = days;
	leaf->elder = elder;
}

static void get_volumes(struct cursor *c, struct learned_few *f)
{
	struct learned_volumes volumes = {0};

	learned_state_get_counters(c, volumes.n, LEARNED_VOLUMES);
	if (learned_few_take(f, &volumes))
		cursor_fail(c, -ENOMEM);
}

static void get_numbers(
	struct cursor *c, uint16_t version, const struct dev *d, struct leaf *leaf)
{
	uint32_t bits = d->number < LEARNED_WINDOW ? d->number : LEARNED_WINDOW;
	uint32_t older[LEARNED_CONTEXT_MAX] = {0};
	struct learned_set set = {0};

	get_set(c, &set, bits);
	for (size_t i = 0; d->number > LEARNED_WINDOW && i < LEARNED_CONTEXT_MAX; i++) {
		older[i] = cursor_u32(c);
		if (older[i] > d->episodes[i])
			fail(c);
	}
	if (learned_marks_take(&leaf->marks, &set, older))
		cursor_fail(c, -ENOMEM);
	get_days_of(c, d, leaf);
	(void)get_times(c, &leaf->first, &leaf->last);
	leaf->flows = cursor_u64(c);
	leaf->packets = cursor_u64(c);
	for (size_t i = 0; i < DIRECTION_MAX; i++)
		leaf->bytes[i] = cursor_u64(c);
	get_volumes(c, &leaf->volumes);
	get_gaps(c, version, &leaf->gaps);
	if (!learned_leaf_is_evident(leaf) || !leaf->flows)
		fail(c);
}

static int get_sketch(struct cursor *c, struct dev *d, struct leaf *leaf)
{
	uint8_t has;

	leaf->merged = cursor_u16(c);
	d->merged += leaf->merged > 0;
	has = cursor_u8(c);
	if (has > 1 || (has && (!leaf->merged || !leaf->key.name_any)) ||
		(leaf->key.name_any && !leaf->merged))
		fail(c);
	if (!has || c->error)
		return c->error;
	leaf->sketch = calloc(1, sizeof *leaf->sketch);
	if (!leaf->sketch)
		return -ENOMEM;
	get_set(c, leaf->sketch, LEARNED_WINDOW);
	return c->error;
}

/* Whatever learned_leaf_met() would not take is not what was saved. */
static void get_peers(struct cursor *c, struct leaf *leaf)
{
	uint8_t n = cursor_u8(c);

	if (n > LEARNED_PEERS)
		fail(c);
	for (uint8_t i = 0; i < n && !c->error; i++) {
		struct addr a = {0};

		get_addr(c, &a);
		if (!c->error)
			learned_leaf_met(leaf, &a);
		if (!leaf->peers || leaf->peers->count != i + 1)
			fail(c);
	}
}

static int get_leaf(struct cursor *c, uint16_t version, struct dev *d)
{
	char text[LIMIT_TEXT], detail[LIMIT_TEXT];
	struct learned_key key;
	struct leaf *leaf;
	int r;

	learned_state_get_key(c, &key);
	if (!learned_state_get_text(c, text) || !learned_state_get_text(c, detail) || !learned_state_text_is_sound(&key, text))
		fail(c);
	if (c->error)
		return c->error;
	leaf = learned_leaf_find(d, &key, text);
	if (leaf && memcmp(&leaf->key, &key, sizeof key) == 0 &&
		strcmp(leaf->text, text) == 0)
		return CARDEA_EMALFORMED; /* twice */
	r = learned_leaf_new(d, &key, text, &leaf);
	if (r)
		return r;
	if (detail[0] && !(leaf->detail = strdup(detail)))
		return -ENOMEM;
	leaf->app = cursor_u8(c);
	leaf->naming = cursor_u8(c);
	uint8_t begun = cursor_u8(c);
	leaf->begun_once = begun;
	if (begun > 1 || leaf->app >= RECORD_APP_MAX ||
		leaf->naming >= RECORD_NAMING_MAX || (detail[0] && !leaf->app))
		fail(c);
	get_peers(c, leaf);
	get_numbers(c, version, d, leaf);
	return get_sketch(c, d, leaf);
}

static void get_findings(struct cursor *c, struct dev *d)
{
	uint8_t n = cursor_u8(c);

	if (n > LEARNED_FINDING_MAX)
		fail(c);
	if (n && !c->error && !learned_findings_have_room(d))
		cursor_fail(c, -ENOMEM);
	for (uint32_t i = 0; i < n && !c->error; i++) {
		struct said_finding *f = &d->findings[i];
		uint8_t kind = cursor_u8(c);
		uint64_t when = cursor_u64(c);

		if (kind >= LEARNED_FINDING_KINDS || when > LEARNED_TIME_MAX)
			fail(c);
		f->finding.kind = kind < LEARNED_FINDING_KINDS ? kind : 0;
		f->finding.when = (nstime)(when & INT64_MAX);
		f->finding.count = cursor_u64(c);
		f->key = cursor_u64(c);
		(void)learned_state_get_text(c, f->finding.text);
	}
	d->finding_count = c->error ? 0 : n;
}

static void get_episodes(struct cursor *c, struct dev *d)
{
	uint32_t kept, in[LEARNED_CONTEXT_MAX] = {0};
	uint64_t sum = 0;

	d->number = cursor_u32(c);
	kept = d->number < LEARNED_WINDOW ? d->number : LEARNED_WINDOW;
	for (size_t i = 0; i < LEARNED_CONTEXT_MAX; i++)
		sum += d->episodes[i] = cursor_u32(c);
	if (learned_dev_reserve(d, d->number)) {
		cursor_fail(c, -ENOMEM);
		return;
	}
	for (uint32_t i = 0; i < kept; i++) {
		uint8_t context = cursor_u8(c);

		if (context >= LEARNED_CONTEXT_MAX) {
			fail(c);
			return;
		}
		d->latest[i].context = context & 0xf;
		in[context]++;
	}
	for (uint32_t i = 0; i < kept; i++) {
		uint32_t hour = cursor_u32(c);

		if (hour > LEARNED_TIME_MAX / NS_PER_HOUR)
			fail(c);
		d->latest[i].hour = hour & 0xfffffff;
	}
	for (size_t i = 0; i < LEARNED_CONTEXT_MAX; i++)
		if (in[i] > d->episodes[i])
			fail(c);
	if (sum != d->number)
		fail(c);
}

static bool day_is_sound(const struct dev *d, const struct learned_hours *h)
{
	if (h->last > LEARNED_TIME_MAX / NS_PER_HOUR ||
		h->first / HOURS_OF_DAY != h->last / HOURS_OF_DAY)
		return false;
	for (uint32_t i = 0; i < d->day_count; i++)
		if (d->days[i].first / HOURS_OF_DAY == h->first / HOURS_OF_DAY)
			return false;
	return true;
}

static void get_days(struct cursor *c, struct dev *d)
{
	uint8_t n;

	d->days_older = cursor_u32(c);
	n = cursor_u8(c);
	if (n > LEARNED_DAYS || (d->days_older && n < LEARNED_DAYS) ||
		(uint64_t)n + d->days_older > d->number || (d->number && !n))
		fail(c);
	else if (learned_dev_reserve(d, d->number + n))
		cursor_fail(c, -ENOMEM);
	while (d->day_count < n && !c->error) {
		struct learned_hours h = {.first = cursor_u32(c)};

		h.last = h.first + cursor_u8(c);
		if (!day_is_sound(d, &h))
			fail(c);
		else
			d->days[d->day_count++] = h;
	}
}

static int get_device(struct cursor *c, uint16_t version, struct learned *l)
{
	struct mac mac;
	struct dev *d;
	int r;

	cursor_copy(c, mac.b, sizeof mac.b);
	if (c->error || learned_dev_find(l, &mac))
		return c->error ? c->error : CARDEA_EMALFORMED;
	r = learned_dev_get(l, &mac, &d);
	if (r)
		return r;
	get_episodes(c, d);
	get_days(c, d);
	(void)get_times(c, &d->first, &d->last);
	get_volumes(c, &d->downloads);
	get_findings(c, d);
	uint16_t n = cursor_u16(c);
	for (uint16_t i = 0; i < n && !r; i++)
		r = c->error ? c->error : get_leaf(c, version, d);
	return r ? r : c->error;
}

int learned_load(
	const struct learned_config *config, struct cursor saved, struct learned **ret)
{
	struct cursor c = saved;
	struct learned *l;
	uint16_t version, n;
	int r = learned_new(config, &l);

	if (r)
		return r;
	if (cursor_u32(&c) != LEARNED_STATE_MAGIC)
		fail(&c);
	version = cursor_u16(&c);
	if (version < LEARNED_STATE_WIDE || version > LEARNED_STATE_VERSION)
		cursor_fail(&c, CARDEA_EUNSUPPORTED);
	n = cursor_u16(&c);
	for (uint16_t i = 0; i < n && !r; i++)
		r = c.error ? c.error : get_device(&c, version, l);
	if (!r && !c.error)
		r = learned_interact_load(l, &c, version <= LEARNED_STATE_PAIRED);
	if (!r && !c.error && cursor_left(&c))
		fail(&c);
	r = r ? r : c.error;
	if (r) {
		learned_free(l);
		return r;
	}
	*ret = l;
	return 0;
}
