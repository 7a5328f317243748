// SPDX-License-Identifier: GPL-2.0-or-later
/* load - saved state is a file, and files are hostile: whatever saving does not write
 * is refused, and what is taken saves to the same bytes. */
#include "profiles/maintain/state_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void fail(struct cursor *c)
{
	cursor_fail(c, CARDEA_EMALFORMED);
}

static nstime get_time(struct cursor *c)
{
	uint64_t t = cursor_u64(c);

	if (t > MAINTAIN_TIME_MAX)
		fail(c);
	return c->error ? 0 : (nstime)t;
}

/* Of what is never later than now. */
static nstime get_past(struct cursor *c, nstime now)
{
	nstime t = get_time(c);

	if (t > now)
		fail(c);
	return t;
}

static uint32_t get_below(struct cursor *c, uint32_t bound)
{
	uint32_t v = cursor_u8(c);

	if (v >= bound)
		fail(c);
	return c->error ? 0 : v;
}

static void get_text(struct cursor *c, char *text, size_t size)
{
	size_t len = cursor_u8(c);
	const uint8_t *p = cursor_take(c, len);

	if (!p || len >= size) {
		fail(c);
		return;
	}
	for (size_t i = 0; i < len; i++)
		if (p[i] < ' ' || p[i] > '~') {
			fail(c);
			return;
		}
	memcpy(text, p, len);
	text[len] = 0;
}

static void get_addr(struct cursor *c, struct addr *a)
{
	a->family = cursor_u8(c);
	if (a->family && a->family != 4 && a->family != 6)
		fail(c);
	cursor_copy(c, a->b, a->family == 4 ? 4 : a->family ? 16 : 0);
}

/* As the learner makes them. */
static bool kind_is_sound(const struct learned_kind *k)
{
	bool ports = k->proto == FLOW_PROTO_TCP || k->proto == FLOW_PROTO_UDP;

	if ((k->family != 4 && k->family != 6) || (k->port_any && (k->port || !ports)) ||
		(k->source_port && !k->port_any))
		return false;
	if (k->name[0] && (k->place != RECORD_INTERNET || k->peer.family))
		return false;
	if (k->peer.family &&
		(k->peer.family != k->family ||
			(k->place != RECORD_INTERNET && k->place != RECORD_GROUP)))
		return false;
	if (!mac_is_zero(&k->peer_mac) && k->place != RECORD_DEVICE)
		return false;
	return k->first <= k->last;
}

static void get_kind(struct cursor *c, struct learned_kind *k)
{
	k->direction = get_below(c, DIRECTION_MAX);
	k->family = cursor_u8(c);
	k->proto = cursor_u8(c);
	k->place = get_below(c, RECORD_PLACE_MAX);
	k->port = cursor_u16(c);
	k->source_port = cursor_u16(c);
	get_text(c, k->name, sizeof(k->name));
	get_addr(c, &k->peer);
	cursor_copy(c, k->peer_mac.b, sizeof(k->peer_mac.b));
	k->app = get_below(c, RECORD_APP_MAX);
	k->siblings = cursor_u16(c);
	for (size_t n = 0; n < LEARNED_CONTEXT_MAX; n++)
		k->episodes[n] = cursor_u32(c);
	k->first = get_time(c);
	k->last = get_time(c);
	k->flows = cursor_u64(c);
	k->packets = cursor_u64(c);
	for (size_t d = 0; d < DIRECTION_MAX; d++)
		k->bytes[d] = cursor_u64(c);
	k->bytes_median = cursor_u64(c);
	k->bytes_p99 = cursor_u64(c);
	k->period = get_time(c);
	if (!kind_is_sound(k))
		fail(c);
}

static void get_flags(struct cursor *c, struct item *i)
{
	uint8_t flags = cursor_u8(c);

	if (flags & ~ITEM_FLAGS)
		fail(c);
	i->pub.automatic = flags & ITEM_AUTOMATIC;
	i->ripe = flags & ITEM_RIPE;
	i->graced = flags & ITEM_GRACED;
	i->pub.kind.general = flags & ITEM_GENERAL;
	i->pub.kind.port_any = flags & ITEM_PORT_ANY;
	i->silent = flags & ITEM_SILENT;
	i->first = flags & ITEM_FIRST;
}

static void get_days(struct cursor *c, const struct maintain *m, struct item *i)
{
	for (size_t d = 0; d < MAINTAIN_DAYS; d++) {
		i->days[d].day = cursor_u32(c);
		i->days[d].conversations = cursor_u32(c);
		i->days[d].blocked = cursor_u32(c);
		i->days[d].bytes = cursor_u64(c);
		if (i->days[d].day > (uint64_t)(m->age / MAINTAIN_DAY))
			fail(c);
	}
}

static void get_item(struct cursor *c, const struct maintain *m, struct item *i)
{
	i->pub.id = cursor_u32(c);
	i->pub.status = get_below(c, MAINTAIN_STATUS_MAX);
	i->pub.naming = get_below(c, RECORD_NAMING_MAX);
	i->pub.reason = get_below(c, MAINTAIN_REASON_MAX);
	get_flags(c, i);
	get_kind(c, &i->pub.kind);
	i->pub.asked = get_time(c);
	i->pub.answered = get_time(c);
	i->pub.version = cursor_u32(c);
	i->opened = get_past(c, m->age);
	i->seen = get_past(c, m->age);
	i->awake_seen = get_past(c, m->awake);
	i->slept = get_past(c, m->awake);
	i->tried = cursor_u32(c);
	i->hour = cursor_u32(c);
	i->hour_bytes = cursor_u64(c);
	i->alerted = cursor_u32(c);
	i->blocked = cursor_u64(c);
	get_days(c, m, i);
	if (i->pub.automatic && !maintain_in_force(i))
		fail(c);
}

static int get_items(struct cursor *c, struct maintain *m)
{
	uint32_t count = cursor_u16(c), last = 0;

	if (c->error || count > MAINTAIN_KINDS_MAX)
		return c->error ? c->error : CARDEA_EMALFORMED;
	m->items = calloc(count ? count : 1, sizeof(*m->items));
	if (!m->items)
		return -ENOMEM;
	m->cap = count ? count : 1;
	while (m->count < count && !c->error) {
		struct item *i = calloc(1, sizeof(*i));

		if (!i)
			return -ENOMEM;
		m->items[m->count++] = i;
		get_item(c, m, i);
		if (i->pub.id <= last || i->pub.id >= m->next_id)
			fail(c);
		last = i->pub.id;
	}
	return c->error;
}

static int get_version(struct cursor *c, const struct maintain *m, struct version *v)
{
	uint32_t count, last = 0;

	v->number = cursor_u32(c);
	v->source = get_below(c, MAINTAIN_SOURCE_MAX);
	get_text(c, v->label, sizeof(v->label));
	v->since = get_time(c);
	v->closed = get_below(c, 2);
	count = cursor_u16(c);
	if (c->error || count > MAINTAIN_KINDS_MAX)
		return c->error ? c->error : CARDEA_EMALFORMED;
	v->entries = calloc(count ? count : 1, sizeof(*v->entries));
	if (!v->entries)
		return -ENOMEM;
	for (; v->count < count && !c->error; v->count++) {
		struct entry *e = &v->entries[v->count];

		e->item = cursor_u32(c);
		e->median = cursor_u64(c);
		e->p99 = cursor_u64(c);
		e->period = get_time(c);
		if (e->item <= last || !maintain_find_id(m, e->item))
			fail(c);
		last = e->item;
	}
	return c->error;
}

static int get_versions(struct cursor *c, struct maintain *m)
{
	uint32_t count = get_below(c, MAINTAIN_VERSIONS_MAX + 1), last = 0;

	while (m->version_count < count && !c->error) {
		struct version *v = &m->versions[m->version_count++];
		int e = get_version(c, m, v);

		if (e)
			return e;
		if (v->number <= last || v->number >= m->next_version)
			fail(c);
		last = v->number;
	}
	/* a window is the latest version's */
	if (m->open && (!count || m->versions[count - 1].closed))
		fail(c);
	return c->error;
}

static void get_week(struct cursor *c, struct maintain_week *w)
{
	w->since = get_time(c);
	for (size_t v = 0; v < MAINTAIN_VERDICT_MAX; v++)
		w->conversations[v] = cursor_u64(c);
	w->alerts = cursor_u64(c);
	w->false_blocks = cursor_u64(c);
	w->asked = cursor_u32(c);
	w->accepted = cursor_u32(c);
	w->automatic = cursor_u32(c);
	w->rejected = cursor_u32(c);
	w->expired = cursor_u32(c);
	w->windows = cursor_u32(c);
	w->versions = cursor_u32(c);
	w->slept = cursor_u32(c);
	w->woke = cursor_u32(c);
	if (w->since != maintain_week_of(w->since))
		fail(c);
}

static void get_weeks(struct cursor *c, struct maintain *m)
{
	uint32_t count = get_below(c, MAINTAIN_WEEKS + 1);

	while (m->week_count < count && !c->error) {
		struct maintain_week *w = &m->weeks[m->week_count];

		get_week(c, w);
		for (uint32_t n = 0; n < m->week_count; n++)
			if (m->weeks[n].since == w->since)
				fail(c);
		m->week_count++;
	}
}

static void get_head(struct cursor *c, struct maintain *m)
{
	uint8_t flags;

	if (cursor_u32(c) != MAINTAIN_STATE_MAGIC)
		fail(c);
	if (!c->error && cursor_u16(c) != MAINTAIN_STATE_VERSION)
		cursor_fail(c, CARDEA_EUNSUPPORTED);
	cursor_copy(c, m->mac.b, sizeof(m->mac.b));
	flags = cursor_u8(c);
	if (flags & ~DEVICE_FLAGS)
		fail(c);
	m->timed = flags & DEVICE_TIMED;
	m->open = flags & DEVICE_OPEN;
	m->once = flags & DEVICE_ONCE;
	m->met = flags & DEVICE_MET;
	m->wall = get_time(c);
	m->age = get_time(c);
	m->awake = get_past(c, m->age);
	m->spoke = get_past(c, m->age);
	m->next_id = cursor_u32(c);
	m->next_version = cursor_u32(c);
	m->labelled = get_time(c);
	m->opened = get_past(c, m->age);
	m->ended = get_past(c, m->age);
	m->opened_wall = get_time(c);
	m->window_episodes = cursor_u32(c);
	m->episodes = cursor_u32(c);
	m->updates = cursor_u32(c);
	m->findings = cursor_u64(c);
	m->poisoned = cursor_u32(c);
	if (!m->next_id || !m->next_version || (m->open && !m->once))
		fail(c);
}

int maintain_load(const struct maintain_config *config, struct cursor saved,
	struct maintain **ret)
{
	static const struct mac nobody;
	struct maintain *m;
	int e = maintain_new(config, &nobody, &m);

	if (e)
		return e;
	get_head(&saved, m);
	e = saved.error ? saved.error : get_items(&saved, m);
	if (!e)
		e = get_versions(&saved, m);
	if (!e) {
		get_weeks(&saved, m);
		if (cursor_left(&saved))
			fail(&saved);
		e = saved.error;
	}
	if (e) {
		maintain_free(m);
		return e;
	}
	*ret = m;
	return 0;
}
