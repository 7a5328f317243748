// SPDX-License-Identifier: GPL-2.0-or-later
/* web_limit - token buckets by address. */
#include "proc/web_limit.h"

#include <stddef.h>
#include <string.h>

/* A token is a second's worth at a rate of one: no division, no rounding. */
#define TOKEN NS_PER_SEC

static void bucket_fill(struct web_bucket *b, int64_t rate, int64_t burst, nstime now)
{
	nstime passed = now - b->at;

	/* the first time, or longer than it takes to fill */
	if (!b->at || passed >= burst * TOKEN / rate)
		b->tokens = burst * TOKEN;
	else if (passed > 0)
		b->tokens += passed * rate;
	if (b->tokens > burst * TOKEN)
		b->tokens = burst * TOKEN;
	b->at = now;
}

static const struct web_limit_client *find(
	const struct web_limit *l, const struct addr *client)
{
	for (size_t i = 0; i < WEB_LIMIT_ADDRS; i++)
		if (addr_equal(&l->clients[i].addr, client))
			return &l->clients[i];
	return NULL;
}

/* The client's place, or that of the one who asked longest ago; of those who are known, when
 * there are no others. */
static struct web_limit_client *place(
	struct web_limit *l, const struct addr *client, nstime now)
{
	struct web_limit_client *oldest = NULL;

	for (size_t i = 0; i < WEB_LIMIT_ADDRS; i++) {
		struct web_limit_client *c = &l->clients[i];
		bool known = c->known > now;

		if (addr_equal(&c->addr, client))
			return c;
		if (!oldest || (known == (oldest->known > now) ? c->bucket.at < oldest->bucket.at
							       : !known))
			oldest = c;
	}
	*oldest = (struct web_limit_client){.addr = *client};
	return oldest;
}

bool web_limit_are_near(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && (a->family == 6 ? !memcmp(a->b, b->b, 8)
							  : addr_equal(a, b));
}

void web_limit_know(struct web_limit *l, const struct addr *client, nstime now)
{
	place(l, client, now)->known = now + WEB_LIMIT_KNOWN;
}

bool web_limit_knows(const struct web_limit *l, const struct addr *client, nstime now)
{
	const struct web_limit_client *c = find(l, client);

	return c && c->known > now;
}

bool web_limit_admit(struct web_limit *l, const struct web_rates *r,
	const struct addr *client, unsigned cost, nstime now)
{
	struct web_limit_client *c = place(l, client, now);
	int64_t wanted = cost * TOKEN;
	bool known = c->known > now;

	bucket_fill(&c->bucket, r->rate, r->burst, now);
	bucket_fill(&l->all, r->all_rate, r->all_burst, now);
	if (known)
		wanted /= WEB_LIMIT_KNOWN_SHARE;
	/* whoever is beyond his own takes nothing of what all have */
	if (c->bucket.tokens < wanted || (!known && l->all.tokens < wanted))
		return false;
	c->bucket.tokens -= wanted;
	l->all.tokens -= known ? 0 : wanted;
	return true;
}
