// SPDX-License-Identifier: GPL-2.0-or-later
/* What is known of each device that came, or is to come, back; and its nonces. */
#include "engine/attestor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "base/log.h"
#include "engine/lives.h"
#include "engine/pipeline.h"

/* Of an open nonce that long must be left to be told once more. */
#define NONCE_LEFT_MIN(life) ((life) / 2)

bool attestor_rate_take(struct attestor_rate *r, nstime now, unsigned burst, nstime every)
{
	nstime from = r->full_at > now ? r->full_at : now;

	if (from + every > now + (nstime)burst * every)
		return false;
	r->full_at = from + every;
	return true;
}

static struct attestor_device *find(const struct attestor *a, device_id id)
{
	for (size_t i = 0; i < a->device_count; i++)
		if (a->devices[i]->id == id)
			return a->devices[i];
	return NULL;
}

const struct attestor_device *attestor_of(
	const struct attestor *a, const struct device *d)
{
	return find(a, d->id);
}

static struct attestor_device *make(struct attestor *a, device_id id)
{
	struct attestor_device **more, *s;

	more = realloc(a->devices, (a->device_count + 1) * sizeof(*more));
	if (!more)
		return NULL;
	a->devices = more;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->id = id;
	a->devices[a->device_count++] = s;
	return s;
}

struct attestor_device *attestor_find(struct attestor *a, const struct device *d)
{
	return find(a, d->id);
}

struct attestor_device *attestor_device(struct attestor *a, const struct device *d)
{
	struct attestor_device *s = find(a, d->id);

	return s ? s : make(a, d->id);
}

void attestor_forget(struct attestor *a, device_id device)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->device_count; i++) {
		if (a->devices[i]->id == device)
			free(a->devices[i]);
		else
			a->devices[kept++] = a->devices[i];
	}
	a->device_count = kept;
	kept = 0;
	for (size_t i = 0; i < a->key_count; i++)
		if (a->keys[i].device != device)
			a->keys[kept++] = a->keys[i];
	a->key_count = kept;
}

int attestor_save(struct attestor *a, const struct attestor_device *s)
{
	struct writer w = writer_of(malloc(ATTESTOR_SAVED_MAX), ATTESTOR_SAVED_MAX);
	int error = w.start ? attestor_state_write(s, &w) : -ENOMEM;

	if (!error)
		error = store_attest_save(a->pipeline->store, s->id, w.start, w.len);
	if (!error)
		error = store_commit(a->pipeline->store);
	free(w.start);
	return error;
}

/* What cannot be read is as if nothing was known: the device asks for a nonce anew, and
 * its maker's manifest is to be handed in again. */
static int load(void *ctx, device_id id, const void *state, size_t len)
{
	struct attestor *a = ctx;
	struct attestor_device *s, read = {.id = id};

	if (!inventory_by_id(a->pipeline->inventory, id))
		return 0;
	if (attestor_state_read(cursor_of(state, len), &read)) {
		log_warn("attestor", "what was known of device %u cannot be read: its "
				     "manifest is to be accepted anew",
			id);
		return 0;
	}
	s = make(a, id);
	if (!s)
		return -ENOMEM;
	*s = read;
	return 0;
}

static int load_key(void *ctx, const struct evidence_key *k)
{
	struct attestor *a = ctx;
	struct evidence_key *more;

	if (a->key_count == EVIDENCE_KEYS_MAX)
		return 0;
	more = realloc(a->keys, (a->key_count + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	a->keys = more;
	a->keys[a->key_count++] = *k;
	return 0;
}

int attestor_open(struct attestor *a, struct pipeline *p)
{
	int error;

	a->pipeline = p;
	p->portal.hook.take = attestor_take;
	error = lives_hook(&p->lives, &(struct life_hook){.moved = attestor_moved, .ctx = a});
	if (error)
		return error;
	error = store_attest_keys(p->store, load_key, a);
	return error ? error : store_attest(p->store, load, a);
}

void attestor_end(struct attestor *a)
{
	for (size_t i = 0; i < a->device_count; i++)
		free(a->devices[i]);
	free(a->devices);
	free(a->keys);
	*a = (struct attestor){0};
}

int attestor_renew(struct attestor *a, struct device *d)
{
	static const struct attestor_manifest none;
	struct attestor_device *s = find(a, d->id), before;
	int error;

	if (!s)
		return 0;
	before = *s;
	*s = (struct attestor_device){.id = s->id, .nonce = before.nonce,
		.fetch.since = before.fetch.since, .nonces = before.nonces,
		.takes = before.takes, .tells = before.tells};
	s->nonce.used = s->nonce.given != 0;
	error = attestor_save(a, s);
	if (error)
		*s = before;
	else
		attestor_open_hosts(a, d, &before.manifest, &none);
	return error;
}

/* ---- nonces ---- */

/* A clock that was set back must not make it live again, nor longer. */
static bool is_open(const struct attestor_nonce *n, nstime wall)
{
	return n->given && !n->used && n->given <= wall && wall < n->until;
}

nstime attestor_nonce_until(struct attestor *a, const struct device *d)
{
	const struct attestor_device *s = attestor_of(a, d);

	return s && is_open(&s->nonce, pipeline_wall(a->pipeline)) ? s->nonce.until : 0;
}

/* Kept before anybody hears it: who starts anew in between knows it still. */
static int give(struct attestor *a, struct attestor_device *s, nstime life, nstime wall)
{
	struct attestor_nonce before = s->nonce;
	int error;

	if (getrandom(s->nonce.bytes, sizeof(s->nonce.bytes), 0) !=
		(ssize_t)sizeof(s->nonce.bytes)) {
		s->nonce = before;
		return -EIO;
	}
	s->nonce.given = wall;
	s->nonce.until = wall + life;
	s->nonce.used = false;
	error = attestor_save(a, s);
	if (error)
		s->nonce = before;
	return error;
}

int attestor_challenge_for(struct attestor *a, const struct device *d, nstime life,
	uint8_t ret_nonce[EVIDENCE_NONCE])
{
	struct attestor_device *s = attestor_device(a, d);
	nstime wall = pipeline_wall(a->pipeline);
	int error = 0;

	if (!s)
		return -ENOMEM;
	if (!is_open(&s->nonce, wall) || s->nonce.until - wall < NONCE_LEFT_MIN(life)) {
		if (!attestor_rate_take(&s->nonces, loop_now(a->pipeline->loop),
			    ATTESTOR_NONCE_BURST, ATTESTOR_NONCE_EVERY))
			return -EAGAIN;
		error = give(a, s, life, wall);
	}
	if (!error)
		memcpy(ret_nonce, s->nonce.bytes, EVIDENCE_NONCE);
	return error;
}

int attestor_challenge(struct attestor *a, const struct device *d,
	uint8_t ret_nonce[EVIDENCE_NONCE])
{
	return attestor_challenge_for(a, d, ATTESTOR_NONCE_LIFE, ret_nonce);
}
