// SPDX-License-Identifier: GPL-2.0-or-later
/* The trust store: whose signature counts for which device. The owner alone fills it; a
 * key that comes with what it signed proves nothing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "engine/attestor.h"
#include "engine/pipeline.h"
#include "profiles/mud/mud.h"

const struct evidence_key *attestor_key_at(const struct attestor *a, size_t i)
{
	return i < a->key_count ? &a->keys[i] : NULL;
}

/* "maker.example" of "https://things.maker.example:8443/lamp.json"; false without. */
bool attestor_authority(const struct device *d, char ret[LIMIT_NAME])
{
	char *port;

	if (!d->mud_url[0] || mud_url_authority(d->mud_url, ret))
		return false;
	port = strrchr(ret, ':');
	if (port && ret[0] != '[')
		*port = 0;
	return true;
}

/* The vendor's own domain, or one below it. */
static bool is_below(const char *domain, const char *vendor)
{
	size_t len = strlen(domain), of = strlen(vendor);

	return len >= of && strcmp(domain + len - of, vendor) == 0 &&
	       (len == of || domain[len - of - 1] == '.');
}

bool attestor_key_is_for(
	const struct evidence_key *k, const struct device *d, enum attest_use use)
{
	char authority[LIMIT_NAME];

	if (k->use != use)
		return false;
	if (k->device)
		return k->device == d->id;
	return attestor_authority(d, authority) && is_below(authority, k->vendor);
}

static bool is_same_owner(const struct evidence_key *a, const struct evidence_key *b)
{
	return a->use == b->use && a->device == b->device &&
	       strcmp(a->vendor, b->vendor) == 0;
}

static bool is_same(const struct evidence_key *a, const struct evidence_key *b)
{
	return is_same_owner(a, b) && a->pem_len == b->pem_len &&
	       memcmp(a->pem, b->pem, a->pem_len) == 0;
}

/* The id of a key like it, and how many its device or vendor has. */
static uint32_t find(const struct attestor *a, const struct evidence_key *k, size_t *ret)
{
	uint32_t id = 0;

	*ret = 0;
	for (size_t i = 0; i < a->key_count; i++) {
		*ret += is_same_owner(&a->keys[i], k);
		if (is_same(&a->keys[i], k))
			id = a->keys[i].id;
	}
	return id;
}

static int check(const struct attestor *a, const struct evidence_key *k,
	uint32_t *ret_id, char why[LIMIT_TEXT])
{
	struct attest_key *key;
	size_t count;
	uint32_t id;
	int error;

	if (!evidence_key_is_sound(k)) {
		str_copy(why, LIMIT_TEXT,
			"a key is of one device or of one vendor; tokens are signed by "
			"a device's own");
		return CARDEA_EMALFORMED;
	}
	error = attest_key_read(k->pem, k->pem_len, &key, why);
	if (error)
		return error;
	attest_key_free(key);
	id = find(a, k, &count);
	if (id) {
		*ret_id = id;
		(void)str_print(why, LIMIT_TEXT, "it is trusted already, as key %u", id);
		return -EEXIST;
	}
	if (a->key_count >= EVIDENCE_KEYS_MAX || count >= EVIDENCE_KEYS_OF_MAX) {
		(void)str_print(why, LIMIT_TEXT,
			"%d keys for one, and %d of the house, are the most: remove one",
			EVIDENCE_KEYS_OF_MAX, EVIDENCE_KEYS_MAX);
		return CARDEA_ELIMIT;
	}
	return 0;
}

int attestor_key_add(struct attestor *a, const struct evidence_key *k, bool dry,
	uint32_t *ret_id, char why[LIMIT_TEXT])
{
	struct evidence_key *more, kept = *k;
	int error = check(a, k, ret_id, why);

	if (error || dry)
		return error;
	more = realloc(a->keys, (a->key_count + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	a->keys = more;
	kept.since = pipeline_wall(a->pipeline);
	error = store_attest_key_add(a->pipeline->store, &kept);
	if (!error)
		error = store_commit(a->pipeline->store);
	if (error) {
		str_copy(why, LIMIT_TEXT, "it could not be stored");
		return error;
	}
	a->keys[a->key_count++] = kept;
	*ret_id = kept.id;
	return 0;
}

int attestor_key_remove(struct attestor *a, uint32_t id)
{
	size_t i = 0;
	int error;

	while (i < a->key_count && a->keys[i].id != id)
		i++;
	if (i == a->key_count)
		return -ENOENT;
	error = store_attest_key_remove(a->pipeline->store, id);
	if (!error)
		error = store_commit(a->pipeline->store);
	if (error)
		return error;
	memmove(&a->keys[i], &a->keys[i + 1], (--a->key_count - i) * sizeof(*a->keys));
	return 0;
}
