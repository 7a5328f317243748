// SPDX-License-Identifier: GPL-2.0-or-later
/* What is kept of a device's conversations, and how much of it. */
#include "lifecycle/case.h"

#include <string.h>
#include "base/str.h"

/* A conversation that goes on within this is the same one: heads stay few. */
#define GOES_ON (3600 * NS_PER_SEC)

void case_head_name(struct case_head *h, const char *name)
{
	size_t len = strlen(name), most = sizeof(h->name) - 1;

	(void)str_escape(str_untrusted(len > most ? name + len - most : name), h->name,
		sizeof(h->name));
}

void case_head_detail(struct case_head *h, const char *detail)
{
	(void)str_escape(str_untrusted(detail), h->detail, sizeof(h->detail));
}

bool case_head_alike(const struct case_head *a, const struct case_head *b)
{
	return a->fate == b->fate && a->began == b->began && a->place == b->place &&
	       a->app == b->app && a->proto == b->proto && a->port == b->port &&
	       a->peer_device == b->peer_device && addr_equal(&a->peer, &b->peer) &&
	       strcmp(a->name, b->name) == 0 && strcmp(a->detail, b->detail) == 0;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void absorb(struct case_head *into, const struct case_head *h)
{
	for (size_t i = 0; i < DIRECTION_MAX; i++) {
		into->packets[i] = sum(into->packets[i], h->packets[i]);
		into->bytes[i] = sum(into->bytes[i], h->bytes[i]);
	}
	if (h->last > into->last)
		into->last = h->last;
	if (h->first < into->first)
		into->first = h->first;
}

/* The clock may have jumped; what was told before it did is another conversation. */
static bool goes_on(const struct case_head *a, const struct case_head *b)
{
	return b->first - a->last < GOES_ON && a->first - b->last < GOES_ON;
}

void case_ring_add(struct case_ring *r, const struct case_head *h)
{
	unsigned fate = h->fate < CASE_FATE_MAX ? h->fate : CASE_REFUSED;
	struct case_head *heads = r->heads[fate];

	for (unsigned i = 0; i < r->count[fate]; i++)
		if (case_head_alike(&heads[i], h) && goes_on(&heads[i], h)) {
			absorb(&heads[i], h);
			return;
		}
	heads[r->next[fate]] = *h;
	r->next[fate] = (uint8_t)((r->next[fate] + 1) % CASE_RING);
	if (r->count[fate] < CASE_RING)
		r->count[fate]++;
}

uint32_t case_bundle_grows_to(const struct case_bundle *b)
{
	uint32_t next = b->room ? b->room * 2 : CASE_BEFORE;

	if (b->room >= CASE_HEADS_MAX)
		return 0;
	return next < CASE_HEADS_MAX ? next : CASE_HEADS_MAX;
}

void case_bundle_add(struct case_bundle *b, const struct case_head *h)
{
	for (uint32_t i = b->count; i-- > b->before;)
		if (case_head_alike(&b->heads[i], h) && goes_on(&b->heads[i], h)) {
			absorb(&b->heads[i], h);
			return;
		}
	if (b->count < b->room)
		b->heads[b->count++] = *h;
	else
		b->left_out = sum(b->left_out, 1);
}

static void in_order(struct case_head *heads, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++)
		for (uint32_t k = i; k > 0 && heads[k].first < heads[k - 1].first; k--) {
			struct case_head h = heads[k];
			heads[k] = heads[k - 1];
			heads[k - 1] = h;
		}
}

void case_bundle_begin(struct case_bundle *b, const struct case_ring *r)
{
	b->count = b->before = 0;
	for (unsigned f = 0; f < CASE_FATE_MAX; f++)
		for (unsigned i = 0; i < r->count[f] && b->count < b->room; i++)
			b->heads[b->count++] = r->heads[f][i];
	in_order(b->heads, b->count);
	b->before = b->count;
}

void case_bundle_shown(struct case_bundle *b, const struct suspicion *s)
{
	for (size_t k = 0; k < SUSPICION_KIND_MAX; k++) {
		double p = s->points[k] > UINT16_MAX ? UINT16_MAX : s->points[k];

		if (p > b->points[k])
			b->points[k] = (uint16_t)p;
		if (s->times[k] > b->times[k])
			b->times[k] = s->times[k];
	}
}

const char *case_detector_name(enum suspicion_kind k)
{
	static const char *const names[SUSPICION_KIND_MAX] = {
		[SUSPICION_STRAY] = "stray", [SUSPICION_PORT_SCAN] = "port-scan",
		[SUSPICION_ADDR_SCAN] = "address-scan", [SUSPICION_FLOOD] = "flood",
		[SUSPICION_BRUTE] = "brute-force", [SUSPICION_SPOOF] = "spoofing",
		[SUSPICION_WORM] = "worm-ports", [SUSPICION_BEACON] = "beacon",
		[SUSPICION_LISTEN] = "new-service", [SUSPICION_HIDDEN] = "hidden-names"};

	return k < SUSPICION_KIND_MAX && names[k] ? names[k] : "other";
}

/* sentence is what has before it, name where it has $, and what has behind. */
static bool made_from(const char *sentence, const char *template, const char *name)
{
	size_t before = strcspn(template, "$"), len = strlen(name);
	const char *behind = template + before + (template[before] == '$');

	return strncmp(sentence, template, before) == 0 &&
	       (template[before] != '$' || strncmp(sentence + before, name, len) == 0) &&
	       strcmp(sentence + before + (template[before] == '$' ? len : 0), behind) == 0;
}

const char *case_template(const char *sentence, const char *name)
{
	const struct life_arc *a;

	for (size_t i = 0; (a = life_arc_at(i)); i++)
		if (made_from(sentence, a->sentence, name))
			return a->sentence;
	return NULL;
}

bool case_is_template(const char *sentence)
{
	const struct life_arc *a;

	for (size_t i = 0; (a = life_arc_at(i)); i++)
		if (strcmp(sentence, a->sentence) == 0)
			return true;
	return false;
}

bool case_is_known_kind(const char *kind)
{
	const struct life_arc *a;

	for (size_t i = 0; (a = life_arc_at(i)); i++)
		if (strcmp(kind, a->evidence) == 0)
			return true;
	return false;
}

bool case_is_known_protocol(const char *protocol)
{
	const struct life_arc *a;

	for (size_t i = 0; (a = life_arc_at(i)); i++)
		if (strcmp(protocol, a->protocol) == 0)
			return true;
	return false;
}

char *case_say(const struct case_moment *m, const char *name, char ret[LIMIT_TEXT])
{
	struct str_text t = {.buf = ret, .size = LIMIT_TEXT};
	int before = (int)strcspn(m->sentence, "$");

	ret[0] = 0;
	if (m->sentence[before] && case_is_template(m->sentence))
		str_add(&t, "%.*s%s%s", before, m->sentence, name, m->sentence + before + 1);
	else
		str_add(&t, "%s", m->sentence);
	return ret;
}

bool case_belongs(enum life_state s)
{
	switch (s) {
	case LIFE_SUSPICIOUS:
	case LIFE_QUARANTINED:
	case LIFE_UPDATING:
	case LIFE_ATTESTING:
	case LIFE_PROBATION:
	case LIFE_LIMITED:
	case LIFE_UNFIXABLE:
		return true;
	case LIFE_NEW:
	case LIFE_LEARNING:
	case LIFE_PROTECTED:
	case LIFE_AWAY: /* what was before it went */
	case LIFE_RETIRED:
	case LIFE_STATE_MAX:
		break;
	}
	return false;
}
