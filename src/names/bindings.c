// SPDX-License-Identifier: GPL-2.0-or-later
/* bindings - what one device was told by DNS. An unordered array: a device has a few
 * dozen, LIMIT_BINDINGS at most, and every look-up ends within it. */
#include "names/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "model/rule.h"

#define ENTRIES_FIRST 8 /* most devices know fewer names */

void bindings_init(struct bindings *b, uint32_t limit)
{
	*b = (struct bindings){.limit = limit ? limit : LIMIT_BINDINGS};
}

void bindings_free(struct bindings *b)
{
	free(b->entries);
	*b = (struct bindings){.limit = b->limit};
}

static bool is_live(const struct binding *e, nstime now)
{
	return e->expires > now;
}

/* One spelling per name, as dns_name has it: lower case, no trailing dot. */
static int name_normalise(char dst[LIMIT_NAME], const char *name)
{
	size_t len = strnlen(name, LIMIT_NAME);

	if (len == LIMIT_NAME)
		return CARDEA_EMALFORMED;
	if (len > 1 && name[len - 1] == '.')
		len--;
	if (len == 0)
		return CARDEA_EMALFORMED;
	memset(dst, 0, LIMIT_NAME);
	for (size_t i = 0; i < len; i++)
		dst[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 0x20
								 : name[i]);
	return 0;
}

static struct binding *find(
	const struct bindings *b, const char *name, const struct addr *addr)
{
	for (uint32_t i = 0; i < b->count; i++)
		if (addr_equal(&b->entries[i].addr, addr) &&
			strcmp(b->entries[i].name, name) == 0)
			return &b->entries[i];
	return NULL;
}

/* The one to give up: what expires first has expired, if anything has. */
static struct binding *victim(struct bindings *b, nstime now)
{
	struct binding *v = &b->entries[0];

	for (uint32_t i = 1; i < b->count; i++)
		if (b->entries[i].expires < v->expires)
			v = &b->entries[i];
	b->evicted += is_live(v, now);
	return v;
}

static int room_make(struct bindings *b, nstime now, struct binding **ret)
{
	if (b->count == b->limit) {
		*ret = victim(b, now);
		return 0;
	}
	if (b->count == b->cap) {
		uint32_t cap = b->cap ? b->cap * 2 : ENTRIES_FIRST;
		if (cap > b->limit)
			cap = b->limit;
		struct binding *e = realloc(b->entries, cap * sizeof *e);
		if (!e)
			return -ENOMEM;
		b->entries = e;
		b->cap = cap;
	}
	*ret = &b->entries[b->count++];
	return 0;
}

static nstime expiry_of(uint32_t ttl_s, nstime now)
{
	if (ttl_s < BINDING_TTL_MIN_S)
		ttl_s = BINDING_TTL_MIN_S;
	if (ttl_s > BINDING_TTL_MAX_S)
		ttl_s = BINDING_TTL_MAX_S;
	return now + ((nstime)ttl_s + BINDING_GRACE_S) * NS_PER_SEC;
}

static bool addr_is_sound(const struct addr *a)
{
	return a->family == 4 || a->family == 6;
}

int bindings_tell(struct bindings *b, const char *name, const struct addr *addr,
	uint32_t ttl_s, nstime now, const struct binding **ret_binding)
{
	nstime expires = expiry_of(ttl_s, now);
	char text[LIMIT_NAME];
	struct binding *e;
	int r = addr_is_sound(addr) ? name_normalise(text, name) : CARDEA_EMALFORMED;

	if (r)
		return r;
	e = find(b, text, addr);
	if (!e) {
		r = room_make(b, now, &e);
		if (r)
			return r;
		*e = (struct binding){.addr = *addr};
		memcpy(e->name, text, sizeof text);
	}
	e->told = now;
	if (expires > e->expires)
		e->expires = expires;
	if (ret_binding)
		*ret_binding = e;
	return 0;
}

int bindings_restore(struct bindings *b, const struct binding *saved, nstime now)
{
	char text[LIMIT_NAME];
	struct binding *e;

	if (!addr_is_sound(&saved->addr) ||
		!memchr(saved->name, 0, sizeof saved->name) ||
		name_normalise(text, saved->name))
		return CARDEA_EMALFORMED;
	/* A clock that was set back must not make it live longer than a fresh one. */
	nstime longest = expiry_of(BINDING_TTL_MAX_S, now);
	if (!is_live(saved, now) || saved->expires > longest)
		return -ETIME;
	e = find(b, text, &saved->addr);
	if (e && e->expires >= saved->expires)
		return 0;
	int r = e ? 0 : room_make(b, now, &e);
	if (r)
		return r;
	*e = *saved;
	memcpy(e->name, text, sizeof text);
	return 0;
}

bool bindings_has(
	const struct bindings *b, const char *name, const struct addr *addr, nstime now)
{
	for (uint32_t i = 0; i < b->count; i++)
		if (is_live(&b->entries[i], now) &&
			addr_equal(&b->entries[i].addr, addr) &&
			rule_name_matches(name, b->entries[i].name))
			return true;
	return false;
}

const char *bindings_name_of(
	const struct bindings *b, const struct addr *addr, nstime now)
{
	const struct binding *best = NULL;

	for (uint32_t i = 0; i < b->count; i++) {
		const struct binding *e = &b->entries[i];
		if (is_live(e, now) && addr_equal(&e->addr, addr) &&
			(!best || e->told > best->told))
			best = e;
	}
	return best ? best->name : NULL;
}

size_t bindings_addrs(const struct bindings *b, const char *name, nstime now,
	struct addr *out, size_t max)
{
	size_t n = 0;

	for (uint32_t i = 0; i < b->count && n < max; i++)
		if (is_live(&b->entries[i], now) &&
			rule_name_matches(name, b->entries[i].name))
			out[n++] = b->entries[i].addr;
	return n;
}

uint32_t bindings_refresh(
	struct bindings *b, const struct addr *addr, uint32_t ttl_s, nstime now)
{
	nstime expires = expiry_of(ttl_s, now);
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->count; i++)
		if (addr_equal(&b->entries[i].addr, addr)) {
			if (expires > b->entries[i].expires)
				b->entries[i].expires = expires;
			n++;
		}
	return n;
}

int bindings_each(const struct bindings *b, nstime now,
	int (*visit)(void *ctx, const struct binding *e), void *ctx)
{
	int r = 0;

	for (uint32_t i = 0; i < b->count && !r; i++)
		if (is_live(&b->entries[i], now))
			r = visit(ctx, &b->entries[i]);
	return r;
}

uint32_t bindings_expire(struct bindings *b, nstime now)
{
	uint32_t before = b->count;

	for (uint32_t i = b->count; i-- > 0;)
		if (!is_live(&b->entries[i], now))
			b->entries[i] = b->entries[--b->count];
	return before - b->count;
}

uint32_t binding_timeout_s(const struct binding *e, nstime now)
{
	if (!is_live(e, now))
		return 1;
	return (uint32_t)((e->expires - now + NS_PER_SEC - 1) / NS_PER_SEC);
}
