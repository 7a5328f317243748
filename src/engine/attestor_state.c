// SPDX-License-Identifier: GPL-2.0-or-later
/* What is known of one device, as it is stored: a map of CBOR with numbers as keys, so
 * that a younger version may add to it. What a version does not know it passes over. */
#include "engine/attestor.h"

#include <string.h>
#include "base/str.h"
#include "wire/cbor.h"

enum saved_key {
	SAVED_NONCE = 1,
	SAVED_MANIFEST = 2,
	SAVED_SEQUENCES = 3,
	SAVED_BOOTCOUNT = 4,
	SAVED_UEID = 5,
	SAVED_FETCH = 6,
	SAVED_LAST = 7,
};

/* Not as CBOR's text: one that was cut within a character could not be read again. */
static void put_text(struct writer *w, const char *text)
{
	cbor_put_bytes(w, text, strlen(text));
}

static void put_digest(struct writer *w, const struct attestor_digest *d)
{
	cbor_put_bytes(w, d->bytes, d->len);
}

static void put_nonce(struct writer *w, const struct attestor_nonce *n)
{
	cbor_put_uint(w, SAVED_NONCE);
	cbor_put_array(w, 4);
	cbor_put_int(w, n->given);
	cbor_put_int(w, n->until);
	cbor_put_uint(w, n->used);
	cbor_put_bytes(w, n->bytes, sizeof(n->bytes));
}

static void put_manifest(struct writer *w, const struct attestor_manifest *m)
{
	cbor_put_uint(w, SAVED_MANIFEST);
	cbor_put_array(w, 7);
	cbor_put_int(w, m->accepted);
	cbor_put_uint(w, m->sequence);
	put_digest(w, &m->digest);
	cbor_put_array(w, m->image_count);
	for (uint32_t i = 0; i < m->image_count; i++)
		put_digest(w, &m->images[i]);
	cbor_put_uint(w, m->size);
	cbor_put_array(w, m->uri_count);
	for (uint32_t i = 0; i < m->uri_count; i++)
		put_text(w, m->uris[i]);
	put_text(w, m->vendor);
}

static void put_sequences(struct writer *w, const struct attestor_device *s)
{
	cbor_put_uint(w, SAVED_SEQUENCES);
	cbor_put_array(w, s->sequence_count);
	for (uint32_t i = 0; i < s->sequence_count; i++) {
		const struct attestor_sequence *q = &s->sequences[i];
		cbor_put_array(w, 4);
		cbor_put_bytes(w, q->vendor, SUIT_UUID);
		cbor_put_bytes(w, q->class_id, SUIT_UUID);
		cbor_put_bytes(w, q->component, SUIT_UUID);
		cbor_put_uint(w, q->sequence);
	}
}

static void put_fetch(struct writer *w, const struct attestor_fetch *f)
{
	cbor_put_uint(w, SAVED_FETCH);
	cbor_put_array(w, 6);
	cbor_put_int(w, f->since);
	cbor_put_uint(w, f->octets);
	cbor_put_int(w, f->last);
	cbor_put_int(w, f->whole);
	cbor_put_int(w, f->started);
	put_text(w, f->host);
}

static void put_last(struct writer *w, const struct attestor_device *s)
{
	cbor_put_uint(w, SAVED_LAST);
	cbor_put_array(w, 4);
	cbor_put_int(w, s->last);
	cbor_put_uint(w, s->last_kind);
	cbor_put_uint(w, s->last_good);
	put_text(w, s->last_text);
}

int attestor_state_write(const struct attestor_device *s, struct writer *w)
{
	cbor_put_map(w, 5U + s->has_bootcount + (s->ueid_len != 0));
	put_nonce(w, &s->nonce);
	put_manifest(w, &s->manifest);
	put_sequences(w, s);
	if (s->has_bootcount) {
		cbor_put_uint(w, SAVED_BOOTCOUNT);
		cbor_put_uint(w, s->bootcount);
	}
	if (s->ueid_len) {
		cbor_put_uint(w, SAVED_UEID);
		cbor_put_bytes(w, s->ueid, s->ueid_len);
	}
	put_fetch(w, &s->fetch);
	put_last(w, s);
	return w->error;
}

static void array_of(struct cursor *c, uint64_t count)
{
	if (cbor_array(c) != count)
		cursor_fail(c, CARDEA_EMALFORMED);
}

static uint64_t array_below(struct cursor *c, uint64_t max)
{
	uint64_t count = cbor_array(c);

	if (count > max)
		cursor_fail(c, CARDEA_ELIMIT);
	return c->error ? 0 : count;
}

/* As many octets as the place has, or none: ret_len 0. */
static size_t get_bytes(struct cursor *c, void *to, size_t size)
{
	struct cursor bytes = cbor_bytes(c);
	size_t len = cursor_left(&bytes);

	if (len > size)
		cursor_fail(c, CARDEA_ELIMIT);
	if (c->error)
		return 0;
	cursor_copy(&bytes, to, len);
	return len;
}

static void get_exactly(struct cursor *c, void *to, size_t size)
{
	if (get_bytes(c, to, size) != size)
		cursor_fail(c, CARDEA_EMALFORMED);
}

static void get_text(struct cursor *c, char *to, size_t size)
{
	struct cursor text = cbor_bytes(c);

	if (!c->error &&
		!str_copy_bytes(to, size, text.pos, cursor_left(&text)))
		cursor_fail(c, CARDEA_ELIMIT);
}

static void get_digest(struct cursor *c, struct attestor_digest *d)
{
	d->len = (uint8_t)get_bytes(c, d->bytes, sizeof(d->bytes));
}

static void get_nonce(struct cursor *c, struct attestor_nonce *n)
{
	array_of(c, 4);
	n->given = cbor_int(c);
	n->until = cbor_int(c);
	n->used = cbor_uint(c) != 0;
	get_exactly(c, n->bytes, sizeof(n->bytes));
}

static void get_manifest(struct cursor *c, struct attestor_manifest *m)
{
	array_of(c, 7);
	m->accepted = cbor_int(c);
	m->sequence = cbor_uint(c);
	get_digest(c, &m->digest);
	m->image_count = (uint32_t)array_below(c, ATTESTOR_IMAGES_MAX);
	for (uint32_t i = 0; i < m->image_count; i++)
		get_digest(c, &m->images[i]);
	m->size = cbor_uint(c);
	m->uri_count = (uint32_t)array_below(c, ATTESTOR_URIS_MAX);
	for (uint32_t i = 0; i < m->uri_count; i++)
		get_text(c, m->uris[i], sizeof(m->uris[i]));
	get_text(c, m->vendor, sizeof(m->vendor));
}

static void get_sequences(struct cursor *c, struct attestor_device *s)
{
	s->sequence_count = (uint32_t)array_below(c, ATTESTOR_SEQUENCES_MAX);
	for (uint32_t i = 0; i < s->sequence_count; i++) {
		struct attestor_sequence *q = &s->sequences[i];
		array_of(c, 4);
		get_exactly(c, q->vendor, SUIT_UUID);
		get_exactly(c, q->class_id, SUIT_UUID);
		get_exactly(c, q->component, SUIT_UUID);
		q->sequence = cbor_uint(c);
	}
}

static void get_fetch(struct cursor *c, struct attestor_fetch *f)
{
	array_of(c, 6);
	f->since = cbor_int(c);
	f->octets = cbor_uint(c);
	f->last = cbor_int(c);
	f->whole = cbor_int(c);
	f->started = cbor_int(c);
	get_text(c, f->host, sizeof(f->host));
}

static void get_last(struct cursor *c, struct attestor_device *s)
{
	uint64_t kind;

	array_of(c, 4);
	s->last = cbor_int(c);
	kind = cbor_uint(c);
	if (kind >= ATTEST_KIND_MAX)
		cursor_fail(c, CARDEA_EMALFORMED);
	s->last_kind = c->error ? ATTEST_TOKEN : (enum attest_kind)kind;
	s->last_good = cbor_uint(c) != 0;
	get_text(c, s->last_text, sizeof(s->last_text));
}

static void get_member(struct cursor *c, int64_t key, struct attestor_device *s)
{
	switch (key) {
	case SAVED_NONCE:
		get_nonce(c, &s->nonce);
		break;
	case SAVED_MANIFEST:
		get_manifest(c, &s->manifest);
		break;
	case SAVED_SEQUENCES:
		get_sequences(c, s);
		break;
	case SAVED_BOOTCOUNT:
		s->bootcount = cbor_uint(c);
		s->has_bootcount = true;
		break;
	case SAVED_UEID:
		s->ueid_len = (uint8_t)get_bytes(c, s->ueid, sizeof(s->ueid));
		break;
	case SAVED_FETCH:
		get_fetch(c, &s->fetch);
		break;
	case SAVED_LAST:
		get_last(c, s);
		break;
	default:
		cbor_skip(c);
	}
}

int attestor_state_read(struct cursor saved, struct attestor_device *ret)
{
	struct attestor_device *s = ret;
	struct cbor_pairs pairs;
	struct cbor_key key;

	cbor_pairs(&saved, &pairs);
	while (cbor_pairs_next(&pairs, &saved, &key))
		get_member(&saved, key.is_text ? 0 : key.number, s);
	cbor_end(&saved);
	return saved.error;
}
