// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* What a manifest says, read without doing it: each sequence of commands from its
 * beginning to its end, every alternative of it. */
#include "wire/suit.h"

#include <string.h>
#include "wire/cbor.h"

enum manifest_key {
	MANIFEST_VERSION = 1,
	MANIFEST_SEQUENCE = 2,
	MANIFEST_COMMON = 3,
	MANIFEST_REFERENCE = 4,
	MANIFEST_VALIDATE = 7,
	MANIFEST_LOAD = 8,
	MANIFEST_INVOKE = 9,
	MANIFEST_DEPENDENCY_RESOLUTION = 15,
	MANIFEST_PAYLOAD_FETCH = 16,
	MANIFEST_CANDIDATE_VERIFICATION = 18,
	MANIFEST_INSTALL = 20,
	MANIFEST_UNINSTALL = 24,
};
enum common_key { COMMON_DEPENDENCIES = 1, COMMON_COMPONENTS = 2, COMMON_SHARED = 4 };
enum command {
	CONDITION_VENDOR = 1,
	CONDITION_CLASS = 2,
	DIRECTIVE_SET_INDEX = 12,
	DIRECTIVE_TRY_EACH = 15,
	DIRECTIVE_OVERRIDE = 20,
	DIRECTIVE_RUN_SEQUENCE = 32,
};
enum parameter {
	PARAMETER_VENDOR = 1,
	PARAMETER_CLASS = 2,
	PARAMETER_DIGEST = 3,
	PARAMETER_SLOT = 5,
	PARAMETER_SIZE = 14,
	PARAMETER_URI = 21,
};

/* Where the reading stands. components: those that commands are about, a bit each. */
struct reading {
	struct suit_manifest *m;
	int64_t sequence;
	uint32_t components;
	unsigned depth;
};

/* Those that an index may name. */
static uint32_t all_components(const struct suit_manifest *m)
{
	uint32_t own = m->component_count == SUIT_COMPONENTS_MAX
			       ? UINT32_MAX
			       : (1U << m->component_count) - 1;

	return own | m->dependencies;
}

static uint32_t first_component(uint32_t components)
{
	return components ? (uint32_t)__builtin_ctz(components) : 0;
}

static uint32_t read_index(struct cursor *c, const struct reading *r)
{
	uint64_t i = cbor_uint(c);

	uint32_t bit = i < SUIT_COMPONENTS_MAX ? 1U << i : 0;

	if (!(bit & all_components(r->m)))
		cursor_fail(c, CARDEA_EMALFORMED);
	return c->error ? 0 : bit;
}

/* IndexArg: one, all, or a list. */
static void set_index(struct cursor *c, struct reading *r)
{
	enum cbor_type type = cbor_peek(c);
	struct cbor item;

	r->components = 0;
	if (type == CBOR_TRUE) {
		cbor_next(c, &item);
		r->components = all_components(r->m);
	} else if (type == CBOR_ARRAY) {
		for (uint64_t n = cbor_array(c); n > 0 && !c->error; n--)
			r->components |= read_index(c, r);
	} else {
		r->components = read_index(c, r);
	}
}

static void read_uuid(struct cursor *c, uint8_t uuid[SUIT_UUID], bool *ret_has)
{
	struct cursor bytes;

	if (cbor_peek(c) == CBOR_TAG) { /* a private enterprise number, no UUID */
		cbor_skip(c);
		return;
	}
	bytes = cbor_bytes(c);
	if (cursor_left(&bytes) != SUIT_UUID)
		cursor_fail(c, CARDEA_EMALFORMED);
	cursor_copy(&bytes, uuid, SUIT_UUID);
	*ret_has = !c->error;
}

static void read_uri(struct cursor *c, const struct reading *r)
{
	struct cursor text = cbor_text(c);
	struct suit_uri *u;

	if (c->error)
		return;
	if (r->m->uri_count == SUIT_URIS_MAX) {
		cursor_fail(c, CARDEA_ELIMIT);
		return;
	}
	u = &r->m->uris[r->m->uri_count++];
	*u = (struct suit_uri){.text = text, .sequence = r->sequence,
		.component = first_component(r->components),
		.is_integrated = cursor_left(&text) > 0 && text.pos[0] == '#'};
}

static void read_parameter(struct cursor *c, const struct reading *r,
	const struct cbor_key *key, struct suit_image *image)
{
	switch (key->is_text ? 0 : key->number) {
	case PARAMETER_VENDOR:
		read_uuid(c, image->vendor, &image->has_vendor);
		break;
	case PARAMETER_CLASS:
		read_uuid(c, image->class_id, &image->has_class);
		break;
	case PARAMETER_DIGEST: {
		struct cursor item = cbor_bytes(c);
		if (!c->error)
			cursor_fail(c, suit_read_digest(item, &image->digest));
		image->has_digest = !c->error;
		break;
	}
	case PARAMETER_SLOT:
		image->slot = cbor_uint(c);
		image->has_slot = !c->error;
		break;
	case PARAMETER_SIZE:
		image->size = cbor_uint(c);
		image->has_size = !c->error;
		break;
	case PARAMETER_URI:
		read_uri(c, r);
		break;
	default:
		cbor_skip(c);
	}
}

static bool says_something(const struct suit_image *i)
{
	return i->has_vendor || i->has_class || i->has_size || i->has_slot ||
	       i->has_digest;
}

static void keep_image(struct cursor *c, const struct reading *r, struct suit_image image)
{
	for (uint32_t i = 0; i < SUIT_COMPONENTS_MAX; i++) {
		if (!(r->components & 1U << i))
			continue;
		if (r->m->image_count == SUIT_IMAGES_MAX) {
			cursor_fail(c, CARDEA_ELIMIT);
			return;
		}
		image.component = i;
		r->m->images[r->m->image_count++] = image;
	}
}

static void override_parameters(struct cursor *c, const struct reading *r)
{
	struct suit_image image = {0};
	struct cbor_pairs pairs;
	struct cbor_key key;

	cbor_pairs(c, &pairs);
	while (cbor_pairs_next(&pairs, c, &key))
		read_parameter(c, r, &key, &image);
	if (!c->error && says_something(&image))
		keep_image(c, r, image);
}

static void read_sequence(struct cursor *c, struct reading *r);

/* A sequence in a byte string, which the command before it is about. */
static void read_inner(struct cursor *c, struct reading *r)
{
	struct cursor content = cbor_bytes(c);

	if (r->depth + 1 > SUIT_SEQUENCE_DEPTH_MAX) {
		cursor_fail(c, CARDEA_ELIMIT);
		return;
	}
	r->depth++;
	read_sequence(&content, r);
	r->depth--;
	cbor_close(c, &content);
}

/* Which alternative a device takes is its matter; where it may fetch from is ours. */
static void try_each(struct cursor *c, struct reading *r)
{
	uint32_t components = r->components;
	struct cbor nil;

	for (uint64_t n = cbor_array(c); n > 0 && !c->error; n--) {
		r->components = components;
		if (cbor_peek(c) == CBOR_NULL)
			cbor_next(c, &nil);
		else
			read_inner(c, r);
	}
	r->components = components;
}

static void read_command(struct cursor *c, struct reading *r, int64_t command)
{
	bool shared = r->sequence == COMMON_SHARED && r->depth == 0;

	switch (command) {
	case DIRECTIVE_SET_INDEX:
		set_index(c, r);
		break;
	case DIRECTIVE_OVERRIDE:
		override_parameters(c, r);
		break;
	case DIRECTIVE_TRY_EACH:
		try_each(c, r);
		break;
	case DIRECTIVE_RUN_SEQUENCE:
		read_inner(c, r);
		break;
	default:
		cbor_skip(c);
	}
	if (shared && command == CONDITION_VENDOR)
		r->m->checks_vendor = true;
	if (shared && command == CONDITION_CLASS)
		r->m->checks_class = true;
}

/* SUIT_Command_Sequence: command, argument, command, ... */
static void read_sequence(struct cursor *c, struct reading *r)
{
	uint64_t count = cbor_array(c);

	if (count % 2)
		cursor_fail(c, CARDEA_EMALFORMED);
	for (uint64_t i = 0; i < count && !c->error; i += 2) {
		int64_t command = cbor_int(c);
		if (++r->m->command_count > SUIT_COMMANDS_MAX)
			cursor_fail(c, CARDEA_ELIMIT);
		if (!c->error)
			read_command(c, r, command);
	}
}

static void read_string(struct cursor *c, struct suit_manifest *m, int64_t key)
{
	struct reading r = {.m = m, .sequence = key,
		.components = m->component_count ? 1 : 0};
	struct cursor content = cbor_bytes(c);

	read_sequence(&content, &r);
	cbor_close(c, &content);
}

static void read_components(struct cursor *c, struct suit_manifest *m)
{
	uint64_t count = cbor_array(c);

	if (count > SUIT_COMPONENTS_MAX)
		cursor_fail(c, CARDEA_ELIMIT);
	for (uint64_t i = 0; i < count && !c->error; i++) {
		struct cursor ahead = *c;
		for (uint64_t parts = cbor_array(c); parts > 0 && !c->error; parts--)
			(void)cbor_bytes(c);
		m->components[i] = cbor_item(&ahead);
	}
	m->component_count = c->error ? 0 : (uint32_t)count;
}

/* {component index => what it is} */
static void read_dependencies(struct cursor *c, struct suit_manifest *m)
{
	struct cbor_pairs pairs;
	struct cbor_key key;

	cbor_pairs(c, &pairs);
	while (cbor_pairs_next(&pairs, c, &key)) {
		cbor_skip(c);
		if (key.is_text || key.number < 0 || key.number >= SUIT_COMPONENTS_MAX)
			cursor_fail(c, CARDEA_ELIMIT);
		else
			m->dependencies |= 1U << key.number;
	}
}

static void read_common(struct cursor *c, struct suit_manifest *m)
{
	struct cursor content = cbor_bytes(c), shared = {0};
	struct cbor_pairs pairs;
	struct cbor_key key;
	bool has_shared = false;

	cbor_pairs(&content, &pairs);
	while (cbor_pairs_next(&pairs, &content, &key)) {
		if (!key.is_text && key.number == COMMON_COMPONENTS) {
			read_components(&content, m);
		} else if (!key.is_text && key.number == COMMON_DEPENDENCIES) {
			read_dependencies(&content, m);
		} else if (!key.is_text && key.number == COMMON_SHARED) {
			shared = cbor_item(&content);
			has_shared = true;
		} else {
			cbor_skip(&content);
		}
	}
	cbor_close(c, &content);
	if (!has_shared || c->error)
		return;
	read_string(&shared, m, COMMON_SHARED);
	if (shared.error)
		cursor_fail(c, shared.error);
}

/* A sequence, or the digest of one that was severed. */
static void read_severable(struct cursor *c, struct suit_manifest *m, int64_t key)
{
	if (cbor_peek(c) == CBOR_BYTES) {
		read_string(c, m, key);
		return;
	}
	if (m->severed_count == SUIT_MEMBERS_MAX) {
		cursor_fail(c, CARDEA_ELIMIT);
		return;
	}
	m->is_severed = true;
	m->severed[m->severed_count++] =
		(struct suit_member){.key = key, .content = cbor_item(c)};
}

/* What the map has, each value as it stands: common must be read before the rest, and
 * the map has no order. */
#define MEMBERS_MAX 32
struct members {
	uint32_t count;
	struct {
		int64_t key;
		struct cursor item;
	} list[MEMBERS_MAX];
};

static void read_members(struct cursor *c, struct members *ret)
{
	struct cbor_pairs pairs;
	struct cbor_key key;

	ret->count = 0;
	cbor_pairs(c, &pairs);
	while (cbor_pairs_next(&pairs, c, &key)) {
		struct cursor item = cbor_item(c);
		if (key.is_text)
			continue;
		if (ret->count == MEMBERS_MAX) {
			cursor_fail(c, CARDEA_ELIMIT);
			return;
		}
		ret->list[ret->count].key = key.number;
		ret->list[ret->count++].item = item;
	}
	cbor_end(c);
}

static struct cursor *member(struct members *all, int64_t key)
{
	for (uint32_t i = 0; i < all->count; i++)
		if (all->list[i].key == key)
			return &all->list[i].item;
	return NULL;
}

static void read_head(struct members *all, struct suit_manifest *m, struct cursor *c)
{
	struct cursor *version = member(all, MANIFEST_VERSION);
	struct cursor *sequence = member(all, MANIFEST_SEQUENCE);
	struct cursor *common = member(all, MANIFEST_COMMON);
	struct cursor *reference = member(all, MANIFEST_REFERENCE);

	if (!version || !sequence || !common) {
		cursor_fail(c, CARDEA_EMALFORMED);
		return;
	}
	m->version = cbor_uint(version);
	m->sequence = cbor_uint(sequence);
	read_common(common, m);
	if (reference)
		m->reference = cbor_text(reference);
}

static void read_rest(struct members *all, struct suit_manifest *m)
{
	for (uint32_t i = 0; i < all->count; i++) {
		switch (all->list[i].key) {
		case MANIFEST_VALIDATE:
		case MANIFEST_LOAD:
		case MANIFEST_INVOKE:
		case MANIFEST_UNINSTALL:
			read_string(&all->list[i].item, m, all->list[i].key);
			break;
		case MANIFEST_DEPENDENCY_RESOLUTION:
		case MANIFEST_PAYLOAD_FETCH:
		case MANIFEST_CANDIDATE_VERIFICATION:
		case MANIFEST_INSTALL:
			read_severable(&all->list[i].item, m, all->list[i].key);
			break;
		default: /* text and extensions */
			break;
		}
	}
}

int suit_read_manifest(struct cursor manifest, struct suit_manifest *ret, size_t *ret_at)
{
	struct members all;

	memset(ret, 0, sizeof(*ret));
	read_members(&manifest, &all);
	*ret_at = cursor_offset(&manifest);
	if (manifest.error)
		return manifest.error;
	read_head(&all, ret, &manifest);
	if (!manifest.error)
		read_rest(&all, ret);
	for (uint32_t i = 0; i < all.count && !manifest.error; i++) {
		*ret_at = (size_t)(all.list[i].item.pos - manifest.start);
		cursor_fail(&manifest, all.list[i].item.error);
	}
	return manifest.error;
}

int suit_read_member(const struct suit_member *member, struct suit_manifest *m)
{
	struct cursor item = member->item;

	read_string(&item, m, member->key);
	return item.error;
}
