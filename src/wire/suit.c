// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
#include "wire/suit.h"

#include "wire/cbor.h"

#define TAG_ENVELOPE 107

enum envelope_key { ENVELOPE_AUTH = 2, ENVELOPE_MANIFEST = 3 };

int suit_read_digest(struct cursor item, struct suit_digest *ret)
{
	struct suit_digest d;

	if (cbor_array(&item) != 2)
		cursor_fail(&item, CARDEA_EMALFORMED);
	d.alg = cbor_int(&item);
	d.bytes = cbor_bytes(&item);
	cbor_end(&item);
	if (item.error)
		return item.error;
	*ret = d;
	return 0;
}

/* SUIT_Authentication: the digest, then what vouches for it. */
static void read_auth(struct cursor *c, struct suit_envelope *e)
{
	struct cursor content = cbor_bytes(c);
	uint64_t count = cbor_array(&content);

	e->digest_item = cbor_bytes(&content);
	if (!content.error)
		cursor_fail(&content, suit_read_digest(e->digest_item, &e->digest));
	if (count == 0 || count - 1 > SUIT_AUTHS_MAX)
		cursor_fail(&content, count ? CARDEA_ELIMIT : CARDEA_EMALFORMED);
	for (uint64_t i = 1; i < count && !content.error; i++)
		e->auths[e->auth_count++] = cbor_bytes(&content);
	cbor_close(c, &content);
}

/* The whole byte string as it stands, and its content. */
static struct cursor read_string(struct cursor *c, struct cursor *ret_content)
{
	struct cursor ahead = *c, item = cbor_item(c);

	*ret_content = cbor_bytes(&ahead);
	if (ahead.error)
		cursor_fail(c, ahead.error);
	return item;
}

static void read_other(struct cursor *c, int64_t key, struct suit_envelope *e)
{
	if (cbor_peek(c) != CBOR_BYTES) {
		cbor_skip(c);
		return;
	}
	if (e->member_count == SUIT_MEMBERS_MAX) {
		cursor_fail(c, CARDEA_ELIMIT);
		return;
	}
	struct suit_member *m = &e->members[e->member_count++];

	m->key = key;
	m->item = read_string(c, &m->content);
}

static void read_member(struct cursor *c, const struct cbor_key *key,
	struct suit_envelope *e)
{
	if (key->is_text) {
		(void)cbor_bytes(c);
		e->payloads++;
	} else if (key->number == ENVELOPE_AUTH) {
		read_auth(c, e);
	} else if (key->number == ENVELOPE_MANIFEST) {
		e->manifest_item = read_string(c, &e->manifest);
	} else {
		read_other(c, key->number, e);
	}
}

int suit_read_envelope(struct cursor bytes, struct suit_envelope *ret, size_t *ret_at)
{
	struct cursor *c = &bytes;
	struct suit_envelope e = {0};
	struct cbor_pairs pairs;
	struct cbor_key key;
	struct cbor tag;

	if (cursor_left(c) > SUIT_BYTES_MAX)
		cursor_fail(c, CARDEA_ELIMIT);
	if (cbor_peek(c) == CBOR_TAG) {
		cbor_next(c, &tag);
		if (tag.value != TAG_ENVELOPE)
			cursor_fail(c, CARDEA_EMALFORMED);
	}
	cbor_pairs(c, &pairs);
	while (cbor_pairs_next(&pairs, c, &key))
		read_member(c, &key, &e);
	cbor_end(c);
	if (!e.digest_item.start || !e.manifest.start)
		cursor_fail(c, CARDEA_EMALFORMED);
	*ret_at = cursor_offset(c);
	if (c->error)
		return c->error;
	*ret = e;
	return 0;
}
