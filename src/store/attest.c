// SPDX-License-Identifier: GPL-2.0-or-later
/* What devices were asked and have shown, in its own form; and whose signatures count. */
#include <errno.h>
#include <string.h>
#include "store/store_priv.h"

int store_attest_save(struct store *s, device_id device, const void *state, size_t len)
{
	return store_state_save(s, STORE_ATTEST_SAVE, device, state, len, STORE_ATTEST_MAX);
}

int store_attest(struct store *s,
	int (*each)(void *, device_id, const void *, size_t), void *ctx)
{
	return store_states(s, STORE_ATTEST_ALL, STORE_ATTEST_MAX, each, ctx);
}

int store_attest_key_add(struct store *s, struct evidence_key *k)
{
	sqlite3_stmt *st;
	int error;

	if (!evidence_key_is_sound(k))
		return CARDEA_EMALFORMED;
	st = store_statement(s, STORE_ATTEST_KEY_ADD);
	if (!st)
		return -EIO;
	sqlite3_bind_int(st, 1, (int)k->use);
	store_bind_device(st, 2, k->device);
	store_bind_text(st, 3, k->vendor);
	sqlite3_bind_blob64(st, 4, k->pem, k->pem_len, SQLITE_STATIC);
	sqlite3_bind_int64(st, 5, k->since);
	error = store_write(s, st);
	if (!error)
		k->id = (uint32_t)sqlite3_last_insert_rowid(s->db);
	return error;
}

int store_attest_key_remove(struct store *s, uint32_t id)
{
	int error = store_write_number(s, STORE_ATTEST_KEY_REMOVE, id);

	return !error && sqlite3_changes(s->db) == 0 ? -ENOENT : error;
}

/* False: of a younger version, or not ours. */
static bool read_key(sqlite3_stmt *st, struct evidence_key *k)
{
	int len = sqlite3_column_bytes(st, 4);
	unsigned use;

	memset(k, 0, sizeof(*k));
	if (!store_column_enum(st, 1, ATTEST_USE_MAX, &use) || len <= 0 ||
		len >= EVIDENCE_KEY_BYTES)
		return false;
	k->id = (uint32_t)sqlite3_column_int64(st, 0);
	k->use = (enum attest_use)use;
	k->device = (device_id)sqlite3_column_int64(st, 2);
	store_column_text(st, 3, k->vendor, sizeof(k->vendor));
	memcpy(k->pem, sqlite3_column_blob(st, 4), (size_t)len);
	k->pem_len = (size_t)len;
	k->since = sqlite3_column_int64(st, 5);
	return evidence_key_is_sound(k);
}

int store_attest_keys(
	struct store *s, int (*each)(void *, const struct evidence_key *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_ATTEST_KEY_ALL);
	int code = SQLITE_OK, error = 0;
	struct evidence_key k;

	if (!st)
		return -EIO;
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW)
		if (read_key(st, &k))
			error = each(ctx, &k);
	sqlite3_reset(st);
	return error ? error : store_error(code);
}
