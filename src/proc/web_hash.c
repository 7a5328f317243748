// SPDX-License-Identifier: GPL-2.0-or-later
/* web_hash - OpenSSL's scrypt behind a queue. */
#include "proc/web_hash.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>
#include "base/str.h"
#include "proc/web_conn.h"
#include "proc/web_login.h"

/* After a computation, so many times as long for all others. */
#define PAUSE_TIMES 3
/* RFC 7914 2 and 6: N is a power of two, r * p below 2^30; here what a gateway can do. */
#define LOG2_N_MIN 10
#define LOG2_N_MAX 18
#define R_MAX 16
#define P_MAX 16
/* B and V, and some blocks that OpenSSL has beside them. */
#define SPARE (1UL << 20)

int web_hash_set(struct web_hash *h, const struct message_web_salt *how)
{
	uint64_t memory;

	if (how->log2_n < LOG2_N_MIN || how->log2_n > LOG2_N_MAX || !how->r ||
		how->r > R_MAX || !how->p || how->p > P_MAX)
		return CARDEA_EMALFORMED;
	memory = 128ULL * how->r * ((1ULL << how->log2_n) + how->p);
	if (memory + SPARE > WEB_HASH_MEMORY)
		return CARDEA_EMALFORMED;
	h->how = *how;
	h->known = true;
	return 0;
}

int web_hash_key(const struct web_hash *h, const char *user, const struct web_password *p,
	char ret[WEB_HASH_HEX])
{
	uint8_t salt[sizeof h->how.salt + LIMIT_LABEL], key[PEOPLE_KEY];
	size_t user_len = strnlen(user, LIMIT_LABEL);
	int e = 0;

	memcpy(salt, h->how.salt, sizeof h->how.salt);
	memcpy(salt + sizeof h->how.salt, user, user_len);
	if (EVP_PBE_scrypt(p->text, p->len, salt, sizeof h->how.salt + user_len,
		    1ULL << h->how.log2_n, h->how.r, h->how.p, WEB_HASH_MEMORY, key,
		    sizeof key) == 1)
		str_to_hex(key, sizeof key, ret);
	else
		e = -ENOMEM; /* all else was looked at before */
	ERR_clear_error();
	explicit_bzero(key, sizeof key);
	return e;
}

static void next(struct web *w)
{
	nstime now = loop_now(w->loop);
	nstime wait = w->hash.rest > now ? w->hash.rest - now : 0;

	if (w->hash.count)
		loop_arm(w->loop, &w->hash.timer, wait);
}

static void turn(struct loop_timer *t)
{
	struct web *w = t->ctx;
	struct web_conn *c = w->hash.queue[0];
	nstime began = loop_now(w->loop), now;

	web_hash_remove(w, c);
	web_people_hash(c);
	now = loop_now(w->loop);
	w->hash.rest = now + PAUSE_TIMES * (now - began);
	next(w);
}

bool web_hash_add(struct web *w, struct web_conn *c)
{
	struct web_hash *h = &w->hash;
	unsigned same = 0, near = 0;

	for (unsigned i = 0; i < h->count; i++) {
		same += addr_equal(&h->queue[i]->client, &c->client);
		near += web_limit_are_near(&h->queue[i]->client, &c->client);
	}
	if (!h->known || h->count == WEB_HASH_QUEUE || same == WEB_HASH_PER_CLIENT ||
		near == WEB_HASH_PER_NET)
		return false;
	if (!h->timer.fire)
		h->timer = (struct loop_timer){.fire = turn, .ctx = w};
	h->queue[h->count++] = c;
	if (h->count == 1)
		next(w);
	return true;
}

void web_hash_remove(struct web *w, struct web_conn *c)
{
	struct web_hash *h = &w->hash;
	unsigned kept = 0;

	for (unsigned i = 0; i < h->count; i++)
		if (h->queue[i] != c)
			h->queue[kept++] = h->queue[i];
	h->count = kept;
	if (!kept && h->timer.loop)
		loop_disarm(&h->timer);
}
