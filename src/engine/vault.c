// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/vault.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "base/str.h"
#include "engine/pipeline.h"

#define TAG 16

/* What is authenticated beside the bytes. */
static size_t bind_of(const struct device *d, const struct store_vault *v,
	uint8_t ret[64 + LIMIT_LABEL])
{
	struct writer w = writer_of(ret, 64 + LIMIT_LABEL);

	writer_bytes(&w, "cardea.vault/1", 14);
	writer_bytes(&w, d->mac.b, sizeof(d->mac.b));
	writer_u32(&w, v->version);
	writer_bytes(&w, v->name, strlen(v->name));
	return w.len;
}

static int seal(const uint8_t key[STORE_VAULT_KEY], const struct device *d,
	struct store_vault *v, const uint8_t *bytes, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t aad[64 + LIMIT_LABEL];
	int aad_len = (int)bind_of(d, v, aad), n = 0, rest = 0, good;

	if (!ctx)
		return -ENOMEM;
	good = getrandom(v->nonce, sizeof(v->nonce), 0) == (ssize_t)sizeof(v->nonce) &&
	       EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, v->nonce) == 1 &&
	       EVP_EncryptUpdate(ctx, NULL, &n, aad, aad_len) == 1 &&
	       EVP_EncryptUpdate(ctx, out, &n, bytes, (int)v->bytes) == 1 &&
	       EVP_EncryptFinal_ex(ctx, out + n, &rest) == 1 &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG, out + v->bytes) == 1 &&
	       EVP_Digest(bytes, v->bytes, v->sha256, NULL, EVP_sha256(), NULL) == 1;
	EVP_CIPHER_CTX_free(ctx);
	v->sealed = out;
	v->sealed_len = v->bytes + TAG;
	return good ? 0 : -EIO;
}

static int unseal(const uint8_t key[STORE_VAULT_KEY], const struct device *d,
	const struct store_vault *v, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t aad[64 + LIMIT_LABEL], tag[TAG];
	int aad_len = (int)bind_of(d, v, aad), n = 0, rest = 0, good;

	if (!ctx)
		return -ENOMEM;
	memcpy(tag, v->sealed + v->bytes, TAG);
	good = EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, v->nonce) == 1 &&
	       EVP_DecryptUpdate(ctx, NULL, &n, aad, aad_len) == 1 &&
	       EVP_DecryptUpdate(ctx, out, &n, v->sealed, (int)v->bytes) == 1 &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG, tag) == 1 &&
	       EVP_DecryptFinal_ex(ctx, out + n, &rest) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return good ? 0 : CARDEA_ESIGNATURE;
}

/* ---- versions ---- */

struct versions {
	uint32_t list[VAULT_VERSIONS + 1];
	size_t count;
	uint32_t last;
};

static int take_version(void *ctx, const struct store_vault *v)
{
	struct versions *w = ctx;

	if (w->count <= VAULT_VERSIONS)
		w->list[w->count++] = v->version;
	w->last = v->version > w->last ? v->version : w->last;
	return 0;
}

/* A key that is gone is not made anew while something needs the old one. */
static int key_of(struct pipeline *p, uint8_t key[STORE_VAULT_KEY])
{
	int64_t bytes = 0;
	int error = store_vault_bytes(p->store, &bytes);

	if (!error)
		error = store_vault_key(p->store, bytes == 0, key);
	return error == -ENOENT || error == CARDEA_EMALFORMED ? -ENOKEY : error;
}

/* Whole, or not at all. */
static int keep(struct pipeline *p, const struct device *d, const struct store_vault *v,
	const struct versions *have)
{
	int error = store_commit(p->store); /* what others wrote is theirs */

	if (error)
		return error;
	error = store_vault_save(p->store, v);
	for (size_t i = 0; !error && i + VAULT_VERSIONS <= have->count; i++)
		error = store_vault_remove(p->store, d->id, have->list[i]);
	if (!error)
		error = store_commit(p->store);
	if (error)
		store_rollback(p->store);
	return error;
}

static int put(struct pipeline *p, const struct device *d, struct store_vault *v,
	const uint8_t *bytes)
{
	struct versions have = {0};
	uint8_t key[STORE_VAULT_KEY], *out = malloc(v->bytes + TAG);
	int64_t all = 0;
	int error = out ? store_vaults(p->store, d->id, take_version, &have) : -ENOMEM;

	if (!error)
		error = store_vault_bytes(p->store, &all);
	if (!error && all + v->bytes > VAULT_ALL_MAX)
		error = CARDEA_ELIMIT;
	if (!error)
		error = key_of(p, key);
	v->version = have.last + 1;
	if (!error)
		error = seal(key, d, v, bytes, out);
	if (!error)
		error = keep(p, d, v, &have);
	explicit_bzero(key, sizeof(key));
	free(out);
	return error;
}

int vault_put(struct pipeline *p, const struct device *d, const char *name,
	const uint8_t *bytes, size_t len, uint32_t *ret_version)
{
	struct store_vault v = {.device = d->id, .at = pipeline_wall(p)};
	int error;

	if (len > VAULT_BYTES_MAX)
		return CARDEA_ELIMIT;
	if (!len || !name[0] || !str_copy(v.name, sizeof(v.name), name) ||
		!str_is_clean_utf8(name, strlen(name)))
		return CARDEA_EMALFORMED;
	v.bytes = (uint32_t)len;
	pipeline_save_device(p, d); /* it refers to the device */
	error = put(p, d, &v, bytes);
	if (error)
		return error;
	journal_note(&p->journal, v.at, d->id, EVENT_DECIDED,
		"You put %s into the vault of %s, as version %u.", v.name, d->name,
		v.version);
	*ret_version = v.version;
	return 0;
}

struct found {
	uint32_t wanted;
	struct store_vault v;
	uint8_t *sealed;
	int error;
};

static int find_one(void *ctx, const struct store_vault *v)
{
	struct found *f = ctx;

	if ((f->wanted && v->version != f->wanted) || v->bytes > VAULT_BYTES_MAX ||
		v->sealed_len != v->bytes + (size_t)TAG)
		return 0;
	free(f->sealed);
	f->sealed = malloc(v->sealed_len);
	if (!f->sealed)
		return -ENOMEM;
	memcpy(f->sealed, v->sealed, v->sealed_len);
	f->v = *v; /* ascending: the newest stays */
	f->v.sealed = f->sealed;
	return 0;
}

int vault_get(struct pipeline *p, const struct device *d, uint32_t version,
	uint8_t **ret_bytes, size_t *ret_len, struct store_vault *ret_info)
{
	struct found f = {.wanted = version};
	uint8_t key[STORE_VAULT_KEY], *out = NULL;
	int error = store_vaults(p->store, d->id, find_one, &f);

	if (!error && !f.sealed)
		error = -ENOENT;
	if (!error)
		error = key_of(p, key);
	if (!error && !(out = malloc(f.v.bytes)))
		error = -ENOMEM;
	if (!error)
		error = unseal(key, d, &f.v, out);
	explicit_bzero(key, sizeof(key));
	free(f.sealed);
	if (error) {
		free(out);
		return error;
	}
	*ret_bytes = out;
	*ret_len = f.v.bytes;
	*ret_info = f.v;
	ret_info->sealed = NULL;
	return 0;
}

int vault_list(struct pipeline *p, const struct device *d,
	int (*each)(void *, const struct store_vault *), void *ctx)
{
	return store_vaults(p->store, d->id, each, ctx);
}

int vault_remove(struct pipeline *p, const struct device *d, uint32_t version)
{
	int error = store_vault_remove(p->store, d->id, version);

	return error ? error : store_commit(p->store);
}

/* ---- copies ---- */

struct copies {
	struct store_vault list[VAULT_VERSIONS + 1];
	size_t count;
};

static int take_copy(void *ctx, const struct store_vault *v)
{
	struct copies *c = ctx;

	if (c->count <= VAULT_VERSIONS) {
		c->list[c->count] = *v;
		c->list[c->count++].sealed = NULL;
	}
	return 0;
}

static bool is_twin(const struct store_vault *a, const struct store_vault *b)
{
	return a->bytes == b->bytes && strcmp(a->name, b->name) == 0 &&
	       memcmp(a->sha256, b->sha256, sizeof(a->sha256)) == 0;
}

int vault_is_copy(struct pipeline *p, const struct device *of, const struct device *d,
	bool *ret)
{
	struct copies *c = calloc(2, sizeof(*c));
	int error = c ? store_vaults(p->store, of->id, take_copy, &c[0]) : -ENOMEM;
	bool all;

	if (!error)
		error = store_vaults(p->store, d->id, take_copy, &c[1]);
	if (!error) {
		all = c[1].count <= c[0].count;
		for (size_t i = 0; all && i < c[1].count; i++)
			all = is_twin(&c[0].list[i], &c[1].list[i]);
		*ret = all;
	}
	free(c);
	return error;
}

int vault_copy(struct pipeline *p, const struct device *from, const struct device *to,
	unsigned *ret_count)
{
	struct versions have = {0}, there = {0};
	unsigned count = 0;
	int error = store_vaults(p->store, from->id, take_version, &have);

	if (!error)
		error = store_vaults(p->store, to->id, take_version, &there);
	for (size_t i = there.count; i < have.count && !error; i++) {
		struct store_vault v;
		uint8_t *bytes;
		size_t len;
		uint32_t version;

		error = vault_get(p, from, have.list[i], &bytes, &len, &v);
		if (error)
			break;
		error = vault_put(p, to, v.name, bytes, len, &version);
		explicit_bzero(bytes, len);
		free(bytes);
		count += !error;
	}
	*ret_count = count;
	return error;
}
