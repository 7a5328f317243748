// SPDX-License-Identifier: GPL-2.0-or-later
/* A firmware manifest: whether it is the device's maker's, for it, and no older than what
 * was accepted; what of it is kept, and where the device may fetch it from. */
#include "engine/attestor_take.h"

#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "engine/pipeline.h"

static int judge_with(
	struct attestor_piece *p, const struct attest_key *key, enum attest_state *ret)
{
	/* Vendor and sequence are judged below, component by component. */
	struct suit_asked asked = {.key = key};
	int error = suit_judge(p->body, &asked, &p->judged->envelope);

	*ret = p->judged->envelope.state;
	return error;
}

/* Its vendor-id is the UUID of a domain name (draft-ietf-suit-manifest 8.4.8.2): that of
 * the key, or the host of the device's MUD URL, or a domain above that. Of a device
 * without a MUD URL nobody knows its vendor: the owner's word for the key is all. */
static bool is_of_vendor(const struct attestor_piece *p, const struct suit_manifest *m)
{
	char authority[LIMIT_NAME];
	const char *domain = p->key->vendor;

	if (!domain[0]) {
		if (!attestor_authority(p->device, authority))
			return true;
		domain = authority;
	}
	while (domain && strchr(domain, '.')) {
		if (attest_is_of_vendor(m, domain))
			return true;
		if (p->key->vendor[0])
			return false;
		domain = strchr(domain, '.') + 1;
	}
	return false;
}

/* Who and what the manifest is for; the first that says it. */
static bool find_ids(const struct suit_manifest *m, struct attestor_sequence *ret)
{
	bool vendor = false, class_id = false;

	for (uint32_t i = 0; i < m->image_count; i++) {
		const struct suit_image *s = &m->images[i];
		if (s->has_vendor && !vendor)
			memcpy(ret->vendor, s->vendor, SUIT_UUID);
		if (s->has_class && !class_id)
			memcpy(ret->class_id, s->class_id, SUIT_UUID);
		vendor |= s->has_vendor;
		class_id |= s->has_class;
	}
	return vendor && class_id;
}

static int component_id(const struct suit_manifest *m, uint32_t i, uint8_t ret[SUIT_UUID])
{
	uint8_t hash[32];
	int error = attest_hash(m->components[i], hash);

	if (!error)
		memcpy(ret, hash, SUIT_UUID);
	return error;
}

static struct attestor_sequence *find_sequence(
	struct attestor_device *s, const struct attestor_sequence *wanted)
{
	for (uint32_t i = 0; i < s->sequence_count; i++)
		if (memcmp(s->sequences[i].vendor, wanted->vendor, SUIT_UUID) == 0 &&
			memcmp(s->sequences[i].class_id, wanted->class_id, SUIT_UUID) ==
				0 &&
			memcmp(s->sequences[i].component, wanted->component, SUIT_UUID) ==
				0)
			return &s->sequences[i];
	return NULL;
}

static bool is_known_class(
	const struct attestor_device *s, const struct attestor_sequence *wanted)
{
	for (uint32_t i = 0; i < s->sequence_count; i++)
		if (memcmp(s->sequences[i].class_id, wanted->class_id, SUIT_UUID) == 0)
			return true;
	return false;
}

/* The highest that was accepted of any of its components; 0: of none. */
static int highest(struct attestor_piece *p, const struct suit_manifest *m,
	struct attestor_sequence *ids, uint64_t *ret, uint32_t *ret_new)
{
	*ret = 0;
	*ret_new = 0;
	for (uint32_t i = 0; i < m->component_count; i++) {
		const struct attestor_sequence *q;
		int error = component_id(m, i, ids->component);
		if (error)
			return error;
		q = find_sequence(p->state, ids);
		if (q && q->sequence > *ret)
			*ret = q->sequence;
		*ret_new += q == NULL;
	}
	return 0;
}

/* Signed by the maker, that it may still be old, or another product's. */
static int judge_target(struct attestor_piece *p)
{
	const struct suit_manifest *m = &p->judged->envelope.manifest;
	struct attestor_sequence ids;
	uint64_t accepted;
	uint32_t new;
	int error;

	if (!is_of_vendor(p, m)) {
		attestor_say(p, ATTEST_FORGED,
			"it is for another vendor's devices than this one's");
		return 0;
	}
	if (!find_ids(m, &ids)) {
		attestor_say(p, ATTEST_NOTHING,
			suit_doubt_text(SUIT_DOUBT_CONDITIONS));
		return 0;
	}
	/* The owner may say that the device is another than it was taken for. */
	if (p->way->by_device && p->state->sequence_count &&
		!is_known_class(p->state, &ids)) {
		attestor_say(p, ATTEST_FORGED,
			"it is for another class of device than the one before it");
		return 0;
	}
	error = highest(p, m, &ids, &accepted, &new);
	if (error)
		return error;
	if (m->sequence < accepted) {
		p->verdict = ATTEST_FORGED;
		(void)str_print(p->text, sizeof(p->text),
			"it is of old firmware: its sequence number is %llu, and %llu "
			"was accepted",
			(unsigned long long)m->sequence, (unsigned long long)accepted);
	} else if (new > ATTESTOR_SEQUENCES_MAX - p->state->sequence_count) {
		attestor_say(p, ATTEST_NOTHING,
			"it has more components than are kept of one device");
	} else {
		attestor_say(p, ATTEST_PROVEN, "");
	}
	return 0;
}

int attestor_judge_envelope(struct attestor_piece *p)
{
	const struct suit_judged *j = &p->judged->envelope;
	int error = attestor_try_keys(p, ATTEST_USE_MAKER, judge_with);

	if (error)
		return error;
	switch (j->state) {
	case ATTEST_VALID:
		break;
	case ATTEST_INVALID:
	case ATTEST_UNSIGNED:
		attestor_say(p, ATTEST_FORGED, j->text);
		return 0;
	case ATTEST_UNVERIFIABLE:
	case ATTEST_UNCHECKED:
	case ATTEST_STATE_MAX:
		attestor_say(p, ATTEST_NOTHING, j->text);
		return 0;
	}
	if (j->doubts || !j->has_manifest) {
		attestor_say(p, ATTEST_NOTHING, j->text);
		return 0;
	}
	return judge_target(p);
}

/* ---- what of it is kept ---- */

static bool take_digest(const struct suit_digest *from, struct attestor_digest *to)
{
	size_t len = cursor_left(&from->bytes);

	if (!len || len > sizeof(to->bytes))
		return false;
	memcpy(to->bytes, from->bytes.pos, len);
	to->len = (uint8_t)len;
	return true;
}

static bool is_fetched(const struct suit_manifest *m, uint32_t component)
{
	for (uint32_t i = 0; i < m->uri_count; i++)
		if (m->uris[i].component == component && !m->uris[i].is_integrated)
			return true;
	return false;
}

/* The least of a component's alternatives (two slots): it fetches one of them. 0: of one
 * of them nobody says how large it is. */
static uint64_t least_size(const struct suit_manifest *m, uint32_t component)
{
	uint64_t least = 0;

	for (uint32_t i = 0; i < m->image_count; i++) {
		const struct suit_image *s = &m->images[i];
		if (s->component != component || !s->has_size)
			continue;
		if (!least || s->size < least)
			least = s->size;
	}
	return least;
}

/* What it takes to fetch all that comes over the network; 0: not known. */
static uint64_t whole_size(const struct suit_manifest *m)
{
	uint64_t sum = 0;

	for (uint32_t c = 0; c < m->component_count; c++) {
		uint64_t size;
		if (!is_fetched(m, c))
			continue;
		size = least_size(m, c);
		if (!size || __builtin_add_overflow(sum, size, &sum))
			return 0;
	}
	return sum;
}

static bool take_images(const struct suit_manifest *m, struct attestor_manifest *to)
{
	for (uint32_t i = 0; i < m->image_count; i++) {
		if (!m->images[i].has_digest)
			continue;
		if (to->image_count == ATTESTOR_IMAGES_MAX ||
			!take_digest(&m->images[i].digest, &to->images[to->image_count]))
			return false;
		to->image_count++;
	}
	return to->image_count > 0;
}

/* Those that do not fit, or are beyond the most, are not opened: the owner sees what is. */
static void take_uris(const struct suit_manifest *m, struct attestor_manifest *to)
{
	for (uint32_t i = 0; i < m->uri_count; i++) {
		const struct suit_uri *u = &m->uris[i];
		if (u->is_integrated || to->uri_count == ATTESTOR_URIS_MAX)
			continue;
		if (cursor_left(&u->text) < LIMIT_URL &&
			str_is_clean_utf8((const char *)u->text.pos,
				cursor_left(&u->text)))
			(void)str_copy_bytes(to->uris[to->uri_count++], LIMIT_URL,
				u->text.pos, cursor_left(&u->text));
	}
}

static int take_sequences(struct attestor_piece *p)
{
	const struct suit_manifest *m = &p->judged->envelope.manifest;
	struct attestor_sequence ids, *q;

	if (!find_ids(m, &ids))
		return CARDEA_EREFUSED;
	for (uint32_t i = 0; i < m->component_count; i++) {
		int error = component_id(m, i, ids.component);
		if (error)
			return error;
		q = find_sequence(p->state, &ids);
		if (!q && p->state->sequence_count < ATTESTOR_SEQUENCES_MAX) {
			q = &p->state->sequences[p->state->sequence_count++];
			*q = ids;
		}
		if (q)
			q->sequence = m->sequence;
	}
	return 0;
}

int attestor_accept(struct attestor_piece *p)
{
	const struct suit_judged *j = &p->judged->envelope;
	struct attestor_device *s = p->state, before = *s;
	struct attestor_manifest m = {.accepted = p->wall,
		.sequence = j->manifest.sequence,
		.size = whole_size(&j->manifest)};
	int error;

	if (!take_images(&j->manifest, &m) || !take_digest(&j->envelope.digest, &m.digest)) {
		str_copy(p->text, sizeof(p->text),
			"it has more images than are kept of one device");
		return CARDEA_EREFUSED;
	}
	take_uris(&j->manifest, &m);
	str_copy(m.vendor, sizeof(m.vendor), p->key->vendor);
	error = take_sequences(p);
	s->manifest = m;
	if (!error)
		error = attestor_save(p->attestor, s);
	if (error) {
		*s = before;
		str_copy(p->text, sizeof(p->text), "it could not be stored");
		return error;
	}
	attestor_open_hosts(p->attestor, p->device, &before.manifest, &m);
	attestor_weigh(p->attestor, p->device);
	(void)str_print(p->text, sizeof(p->text),
		"firmware %llu of its maker is what it is to run from now on",
		(unsigned long long)m.sequence);
	if (before.manifest.accepted && before.manifest.sequence == m.sequence)
		return 0; /* handed in once more: nothing new to tell */
	journal_note(&p->attestor->pipeline->journal, p->wall, p->device->id,
		EVENT_EVIDENCE, "%s: firmware %llu, signed by its maker, is what it is "
				"to run from now on.",
		p->device->name, (unsigned long long)m.sequence);
	return 0;
}
