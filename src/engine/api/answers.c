// SPDX-License-Identifier: GPL-2.0-or-later
/* Answers to changes, kept for a while for who did not get them: asked again with the same
 * Idempotency-Key, nothing is done twice. In memory alone: behind a restart the state says
 * what was done. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "engine/api/api_priv.h"

#define KEPT_MAX 32		     /* a page makes some changes a minute at most */
#define KEPT_BYTES_MAX (128U << 10) /* of all of them */
#define REPLY_BYTES_MAX (16U << 10) /* of one; of a longer one it is kept that it was done */
#define KEPT_S (15 * 60)	     /* a client that tries for longer asks the owner anew */
#define KEY_MAX 64		     /* a UUID has 36 */

struct api_answer {
	struct api_answer *next; /* younger */
	uint64_t key, body;	 /* hashes: of who, what and the key; of the body */
	nstime until;
	uint64_t in_force, round; /* what it waited for: api_client_hold() */
	unsigned status;
	bool whole;
	size_t size; /* of all of this */
	char text[]; /* header fields, NUL, the reply, NUL */
};

static void drop_first(struct api_answers *a)
{
	struct api_answer *first = a->first;

	a->first = first->next;
	a->count--;
	a->bytes -= first->size;
	explicit_bzero(first, first->size); /* some hold a token, which is shown once */
	free(first);
}

void api_answers_free(struct api_answers *a)
{
	while (a->first)
		drop_first(a);
}

/* A key is printable, without spaces: what clients make of a random number. */
static bool is_key(struct untrusted_str s)
{
	if (!s.len || s.len > KEY_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.bytes[i] <= ' ' || s.bytes[i] > '~')
			return false;
	return true;
}

static uint64_t fold(const struct hash_key *key, uint64_t before, const void *data, size_t len)
{
	const uint64_t link[2] = {before, hash_bytes(key, data, len)};

	return hash_bytes(key, link, sizeof(link));
}

/* One user's keys are none of another's. */
static uint64_t key_of(const struct api_request *r, const struct untrusted_str *said)
{
	const struct hash_key *key = &r->pipeline->key;
	uint64_t h = fold(key, r->roles, r->user, strlen(r->user));

	h = fold(key, h, r->head->target.bytes, r->head->target.len);
	return fold(key, h, said->bytes, said->len);
}

static struct api_answer *find(struct api_answers *a, uint64_t key, nstime now)
{
	while (a->first && a->first->until <= now)
		drop_first(a);
	for (struct api_answer *at = a->first; at; at = at->next)
		if (at->key == key)
			return at;
	return NULL;
}

static void give_again(struct api_request *r, const struct api_answer *kept)
{
	const char *reply = kept->text + strlen(kept->text) + 1;

	if (!kept->whole) {
		api_fail_field(r, 409, "Idempotency-Key", "look at what is there now",
			"this was done already; its answer was too long to be kept");
		return;
	}
	r->status = kept->status;
	r->until = kept->in_force; /* the kernel may have it not yet */
	r->round = kept->round;
	str_copy(r->headers, sizeof(r->headers), kept->text);
	api_header(r, "Idempotency-Replayed: true");
	jsonw_raw(&r->json, reply, strlen(reply));
}

bool api_answers_had(struct api_request *r)
{
	const struct untrusted_str *said = http_header_find(r->head, "Idempotency-Key");
	const struct api_answer *kept;

	r->key = 0;
	if (!said || !r->answers)
		return false;
	if (!is_key(*said)) {
		api_fail_field(r, 400, "Idempotency-Key", "send a random UUID",
			"a key has 1 to %d printable characters", KEY_MAX);
		return true;
	}
	r->key = key_of(r, said);
	r->key_body = hash_bytes(&r->pipeline->key, r->body, r->body_len);
	kept = find(r->answers, r->key, loop_now(r->pipeline->loop));
	if (!kept)
		return false;
	if (kept->body != r->key_body)
		api_fail_field(r, 422, "Idempotency-Key", "take a new key for another change",
			"this key was used with another body");
	else
		give_again(r, kept);
	return true;
}

void api_answers_keep(struct api_request *r)
{
	struct api_answers *a = r->answers;
	const char *reply = jsonw_text(&r->json);
	size_t headers = strlen(r->headers) + 1, len = reply ? strlen(reply) + 1 : 0;
	bool whole = reply && headers + len <= REPLY_BYTES_MAX;
	struct api_answer *kept, **at;
	size_t size;

	if (!a || !r->key || r->status >= 300)
		return;
	if (!whole)
		headers = len = 1;
	size = sizeof(*kept) + headers + len;
	kept = calloc(1, size);
	if (!kept)
		return; /* what was done is done; a second try finds it so */
	*kept = (struct api_answer){.key = r->key,
		.body = r->key_body,
		.until = loop_now(r->pipeline->loop) + KEPT_S * NS_PER_SEC,
		.in_force = r->until,
		.round = r->round,
		.status = r->status,
		.whole = whole,
		.size = size};
	if (whole) {
		memcpy(kept->text, r->headers, headers);
		memcpy(kept->text + headers, reply, len);
	}
	while (a->first && (a->count >= KEPT_MAX || a->bytes + size > KEPT_BYTES_MAX))
		drop_first(a);
	for (at = &a->first; *at; at = &(*at)->next)
		;
	*at = kept;
	a->count++;
	a->bytes += size;
}

void api_answers_came(struct api_request *r, struct api_answers *a, uint64_t ticket)
{
	if (!ticket || a->awaited.ticket != ticket)
		return;
	r->answers = a;
	r->key = a->awaited.key;
	r->key_body = a->awaited.body;
	a->awaited.ticket = 0;
	api_answers_keep(r);
}
