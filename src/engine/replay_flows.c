// SPDX-License-Identifier: GPL-2.0-or-later
/* replay_flows - the flow set of the datapath, in user space: the same keys, the same
 * timeouts, bounded. */
#include "engine/replay_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Those of the kernel's flow sets. */
#define TIMEOUT_UDP_S 180
#define TIMEOUT_TCP_SYN_S 60
#define TIMEOUT_TCP_S 7440
#define TIMEOUT_ICMP_S 30

int replay_flows_init(struct replay_flows *f)
{
	int r;

	*f = (struct replay_flows){0};
	f->entries = calloc(REPLAY_FLOWS_MAX, sizeof *f->entries);
	if (!f->entries)
		return -ENOMEM;
	r = hash_init(&f->table, 1024);
	if (r)
		free(f->entries);
	return r;
}

void replay_flows_free(struct replay_flows *f)
{
	hash_free(&f->table);
	free(f->entries);
	*f = (struct replay_flows){0};
}

static bool key_equal(const struct hash_node *n, const void *key)
{
	const struct replay_flow *e = (const void *)n; /* node is first */

	return memcmp(e->bytes, key, sizeof e->bytes) == 0;
}

/* The key without padding, to hash and compare. */
static void key_bytes(const struct replay_key *k, uint8_t buf[REPLAY_KEY_BYTES])
{
	struct writer w = writer_of(buf, REPLAY_KEY_BYTES);

	writer_u8(&w, k->device.family);
	writer_bytes(&w, k->device.b, sizeof k->device.b);
	writer_bytes(&w, k->peer.b, sizeof k->peer.b);
	writer_u8(&w, k->kind);
	writer_u8(&w, k->proto);
	writer_u8(&w, k->direction);
	writer_u16(&w, k->a);
	writer_u16(&w, k->b);
}

static void unlink_age(struct replay_flows *f, struct replay_flow *e)
{
	*(e->newer ? &e->newer->older : &f->newest) = e->older;
	*(e->older ? &e->older->newer : &f->oldest) = e->newer;
	e->newer = e->older = NULL;
}

static void link_newest(struct replay_flows *f, struct replay_flow *e)
{
	e->older = f->newest;
	*(f->newest ? &f->newest->newer : &f->oldest) = e;
	f->newest = e;
}

static void drop(struct replay_flows *f, struct replay_flow *e)
{
	hash_remove(&f->table, &e->node);
	unlink_age(f, e);
	e->older = f->free;
	f->free = e;
}

struct replay_flow *replay_flow_find(
	struct replay_flows *f, const struct replay_key *k, nstime now)
{
	uint8_t bytes[REPLAY_KEY_BYTES];
	struct replay_flow *e;

	key_bytes(k, bytes);
	e = (struct replay_flow *)hash_find(&f->table, bytes, sizeof bytes, key_equal);
	if (e && e->expires <= now) {
		drop(f, e);
		return NULL;
	}
	return e;
}

struct replay_flow *replay_flow_add(struct replay_flows *f, const struct replay_key *k)
{
	struct replay_flow *e;

	if (!f->free && f->used == REPLAY_FLOWS_MAX)
		drop(f, f->oldest);
	if (f->free) {
		e = f->free;
		f->free = e->older;
	} else {
		e = &f->entries[f->used++];
	}
	*e = (struct replay_flow){.key = *k};
	key_bytes(k, e->bytes);
	hash_insert(&f->table, &e->node, e->bytes, sizeof e->bytes);
	link_newest(f, e);
	return e;
}

static unsigned timeout_of(const struct replay_flow *e)
{
	if (e->key.proto == FLOW_PROTO_TCP)
		return e->answered ? TIMEOUT_TCP_S : TIMEOUT_TCP_SYN_S;
	if (e->key.kind == REPLAY_FLOW_ECHO || e->key.proto == FLOW_PROTO_ICMP ||
		e->key.proto == FLOW_PROTO_ICMP6)
		return TIMEOUT_ICMP_S;
	return TIMEOUT_UDP_S;
}

void replay_flow_touch(struct replay_flows *f, struct replay_flow *e, nstime now)
{
	e->expires = now + timeout_of(e) * NS_PER_SEC;
	if (f->newest == e)
		return;
	unlink_age(f, e);
	link_newest(f, e);
}
