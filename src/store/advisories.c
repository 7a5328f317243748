// SPDX-License-Identifier: GPL-2.0-or-later
/* What outsiders say, who may say it, and what a house found of it. */
#include <errno.h>
#include <string.h>
#include "store/store_priv.h"

/* ---- issuers ---- */

int store_issuer_save(struct store *s, const struct advisory_issuer *i)
{
	sqlite3_stmt *st = store_statement(s, STORE_ISSUER_ROOM);
	int64_t others = 0;
	int error;

	if (!st)
		return -EIO;
	if (!i->name[0] || (unsigned)i->class >= ADVISORY_CLASS_MAX)
		return CARDEA_EMALFORMED;
	store_bind_text(st, 1, i->name);
	error = store_count(st, &others);
	if (!error && others >= STORE_ISSUERS_MAX)
		error = CARDEA_ELIMIT;
	st = error ? NULL : store_statement(s, STORE_ISSUER_SAVE);
	if (!st)
		return error ? error : -EIO;
	store_bind_text(st, 1, i->name);
	sqlite3_bind_int(st, 2, (int)i->class);
	store_bind_text(st, 3, i->group);
	store_bind_text(st, 4, i->key);
	store_bind_text(st, 5, i->signer);
	store_bind_text(st, 6, i->signer_key);
	sqlite3_bind_int64(st, 7, i->overturned);
	sqlite3_bind_int64(st, 8, i->added);
	return store_write(s, st);
}

int store_issuer_remove(struct store *s, const char *name)
{
	sqlite3_stmt *st = store_statement(s, STORE_ISSUER_REMOVE);
	int error;

	if (!st)
		return -EIO;
	store_bind_text(st, 1, name);
	error = store_write(s, st);
	return !error && sqlite3_changes(s->db) == 0 ? -ENOENT : error;
}

int store_issuers(struct store *s,
	int (*each)(void *, const struct advisory_issuer *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_ISSUER_ALL);
	struct advisory_issuer i;
	int code = SQLITE_OK, error = 0;
	unsigned class;

	if (!st)
		return -EIO;
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		memset(&i, 0, sizeof(i));
		store_column_text(st, 0, i.name, sizeof(i.name));
		if (!store_column_enum(st, 1, ADVISORY_CLASS_MAX, &class))
			continue;
		i.class = (enum advisory_class)class;
		store_column_text(st, 2, i.group, sizeof(i.group));
		store_column_text(st, 3, i.key, sizeof(i.key));
		store_column_text(st, 4, i.signer, sizeof(i.signer));
		store_column_text(st, 5, i.signer_key, sizeof(i.signer_key));
		i.overturned = (uint32_t)sqlite3_column_int64(st, 6);
		i.added = sqlite3_column_int64(st, 7);
		error = each(ctx, &i);
	}
	sqlite3_reset(st);
	return error ? error : store_error(code);
}

/* ---- advisories ---- */

static void bind_advisory(sqlite3_stmt *st, const struct advisory_kept *k)
{
	const struct advisory *a = &k->a;

	if (k->key)
		sqlite3_bind_int64(st, 1, k->key);
	store_bind_text(st, 2, a->issuer);
	store_bind_text(st, 3, a->id);
	sqlite3_bind_int(st, 4, (int)k->state);
	sqlite3_bind_int64(st, 5, k->taken);
	sqlite3_bind_int64(st, 6, a->issued);
	sqlite3_bind_int64(st, 7, a->expires);
	store_bind_text(st, 8, a->mud_url);
	sqlite3_bind_blob(st, 9, a->has_oui ? (const void *)a->oui : "",
		a->has_oui ? sizeof(a->oui) : 0, SQLITE_TRANSIENT);
	store_bind_text(st, 10, a->cpe);
	store_bind_text(st, 11, a->matter);
	store_bind_text(st, 12, a->domain);
	if (a->has_peer)
		store_bind_addr(st, 13, &a->peer.addr);
	sqlite3_bind_int(st, 14, a->has_peer ? a->peer.len : 0);
	sqlite3_bind_int(st, 15, a->proto);
	sqlite3_bind_int(st, 16, a->port);
	sqlite3_bind_int(st, 17, (int)a->effect);
	store_bind_text(st, 18, a->fixed_in);
	sqlite3_bind_int64(st, 19, a->homes);
	store_bind_text(st, 20, a->text);
	sqlite3_bind_int(st, 21, a->is_signed);
}

int store_advisory_save(struct store *s, struct advisory_kept *k)
{
	sqlite3_stmt *st = store_statement(s, STORE_ADVISORY_SAVE);
	int error;

	if (!st)
		return -EIO;
	bind_advisory(st, k);
	error = store_write(s, st);
	if (!error && !k->key)
		k->key = (uint32_t)sqlite3_last_insert_rowid(s->db);
	return error;
}

int store_advisory_remove(struct store *s, uint32_t key)
{
	int error = store_write_number(s, STORE_ADVISORY_REMOVE, key);

	return !error && sqlite3_changes(s->db) == 0 ? -ENOENT : error;
}

static bool read_kinds(sqlite3_stmt *st, struct advisory_kept *k)
{
	unsigned state, effect;

	if (!store_column_enum(st, 3, ADVISORY_STATE_MAX, &state) ||
		!store_column_enum(st, 16, ADVISORY_EFFECT_MAX, &effect))
		return false;
	k->state = (enum advisory_state)state;
	k->a.effect = (enum advisory_effect)effect;
	return true;
}

static void read_selector(sqlite3_stmt *st, struct advisory *a)
{
	store_column_text(st, 7, a->mud_url, sizeof(a->mud_url));
	a->has_oui = sqlite3_column_bytes(st, 8) == (int)sizeof(a->oui);
	if (a->has_oui)
		memcpy(a->oui, sqlite3_column_blob(st, 8), sizeof(a->oui));
	store_column_text(st, 9, a->cpe, sizeof(a->cpe));
	store_column_text(st, 10, a->matter, sizeof(a->matter));
	store_column_text(st, 11, a->domain, sizeof(a->domain));
	a->peer.addr = store_column_addr(st, 12);
	a->has_peer = a->peer.addr.family != 0;
	a->peer.len = (uint8_t)sqlite3_column_int(st, 13);
	a->proto = (uint8_t)sqlite3_column_int(st, 14);
	a->port = (uint16_t)sqlite3_column_int(st, 15);
}

static bool read_advisory(sqlite3_stmt *st, struct advisory_kept *k)
{
	struct advisory *a = &k->a;

	memset(k, 0, sizeof(*k));
	if (!read_kinds(st, k))
		return false;
	k->key = (uint32_t)sqlite3_column_int64(st, 0);
	store_column_text(st, 1, a->issuer, sizeof(a->issuer));
	store_column_text(st, 2, a->id, sizeof(a->id));
	k->taken = sqlite3_column_int64(st, 4);
	a->issued = sqlite3_column_int64(st, 5);
	a->expires = sqlite3_column_int64(st, 6);
	read_selector(st, a);
	store_column_text(st, 17, a->fixed_in, sizeof(a->fixed_in));
	a->homes = (uint32_t)sqlite3_column_int64(st, 18);
	store_column_text(st, 19, a->text, sizeof(a->text));
	a->is_signed = a->signature_good = sqlite3_column_int(st, 20) != 0;
	a->revoked = k->state == ADVISORY_REVOKED;
	return !a->has_peer || a->peer.len <= addr_bits(&a->peer.addr);
}

int store_advisories(struct store *s,
	int (*each)(void *, const struct advisory_kept *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_ADVISORY_ALL);
	int code = SQLITE_OK, error = 0;
	struct advisory_kept k;

	if (!st)
		return -EIO;
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW)
		if (read_advisory(st, &k))
			error = each(ctx, &k);
	sqlite3_reset(st);
	return error ? error : store_error(code);
}

/* ---- what showed it ---- */

int store_advisory_seen_save(struct store *s, const struct advisory_seen *e)
{
	sqlite3_stmt *st = store_statement(s, STORE_ADVISORY_SEEN_SAVE);

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, e->advisory);
	store_bind_device(st, 2, e->device);
	sqlite3_bind_int64(st, 3, e->first);
	sqlite3_bind_int64(st, 4, e->last);
	sqlite3_bind_int(st, 5, e->shared);
	sqlite3_bind_int(st, 6, e->listed);
	store_bind_text(st, 7, e->name);
	store_bind_addr(st, 8, &e->peer);
	sqlite3_bind_int(st, 9, e->proto);
	sqlite3_bind_int(st, 10, e->port);
	return store_write(s, st);
}

int store_advisory_seens(struct store *s,
	int (*each)(void *, const struct advisory_seen *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_ADVISORY_SEEN_ALL);
	int code = SQLITE_OK, error = 0;
	struct advisory_seen e;

	if (!st)
		return -EIO;
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		memset(&e, 0, sizeof(e));
		e.advisory = (uint32_t)sqlite3_column_int64(st, 0);
		e.device = (device_id)sqlite3_column_int64(st, 1);
		e.first = sqlite3_column_int64(st, 2);
		e.last = sqlite3_column_int64(st, 3);
		e.shared = sqlite3_column_int(st, 4) != 0;
		e.listed = sqlite3_column_int(st, 5) != 0;
		store_column_text(st, 6, e.name, sizeof(e.name));
		e.peer = store_column_addr(st, 7);
		e.proto = (uint8_t)sqlite3_column_int(st, 8);
		e.port = (uint16_t)sqlite3_column_int(st, 9);
		error = each(ctx, &e);
	}
	sqlite3_reset(st);
	return error ? error : store_error(code);
}

/* ---- what came of it ---- */

int store_advisory_held_save(struct store *s, const struct advisory_held *h)
{
	sqlite3_stmt *st = store_statement(s, STORE_ADVISORY_HELD_SAVE);

	if (!st)
		return -EIO;
	store_bind_device(st, 1, h->device);
	sqlite3_bind_int(st, 2, (int)h->effect);
	sqlite3_bind_int(st, 3, h->accused);
	sqlite3_bind_int64(st, 4, h->since);
	store_bind_text(st, 5, h->why);
	sqlite3_bind_int64(st, 6, h->healed);
	return store_write(s, st);
}

int store_advisory_helds(struct store *s,
	int (*each)(void *, const struct advisory_held *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_ADVISORY_HELD_ALL);
	int code = SQLITE_OK, error = 0;
	struct advisory_held h;
	unsigned effect;

	if (!st)
		return -EIO;
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		memset(&h, 0, sizeof(h));
		if (!store_column_enum(st, 1, ADVISORY_EFFECT_MAX, &effect))
			continue;
		h.device = (device_id)sqlite3_column_int64(st, 0);
		h.effect = (enum advisory_effect)effect;
		h.accused = sqlite3_column_int(st, 2) != 0;
		h.since = sqlite3_column_int64(st, 3);
		store_column_text(st, 4, h.why, sizeof(h.why));
		h.healed = sqlite3_column_int64(st, 5);
		error = each(ctx, &h);
	}
	sqlite3_reset(st);
	return error ? error : store_error(code);
}

/* ---- what the owner adds ---- */

int store_shared_save(struct store *s, const struct store_shared *n)
{
	sqlite3_stmt *st = store_statement(s, STORE_SHARED_ROOM);
	int64_t count = 0;
	int error;

	if (!st)
		return -EIO;
	error = store_count(st, &count);
	if (!error && count >= STORE_SHARED_MAX)
		error = CARDEA_ELIMIT;
	st = error ? NULL : store_statement(s, STORE_SHARED_SAVE);
	if (!st)
		return error ? error : -EIO;
	store_bind_addr(st, 1, &n->prefix.addr);
	sqlite3_bind_int(st, 2, n->prefix.len);
	store_bind_text(st, 3, n->name);
	return store_write(s, st);
}

int store_shared_remove(struct store *s, const struct prefix *p)
{
	sqlite3_stmt *st = store_statement(s, STORE_SHARED_REMOVE);
	int error;

	if (!st)
		return -EIO;
	store_bind_addr(st, 1, &p->addr);
	sqlite3_bind_int(st, 2, p->len);
	error = store_write(s, st);
	return !error && sqlite3_changes(s->db) == 0 ? -ENOENT : error;
}

int store_shareds(
	struct store *s, int (*each)(void *, const struct store_shared *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_SHARED_ALL);
	int code = SQLITE_OK, error = 0;
	struct store_shared n;

	if (!st)
		return -EIO;
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		memset(&n, 0, sizeof(n));
		n.prefix.addr = store_column_addr(st, 0);
		n.prefix.len = (uint8_t)sqlite3_column_int(st, 1);
		store_column_text(st, 2, n.name, sizeof(n.name));
		if (n.prefix.addr.family && n.prefix.len <= addr_bits(&n.prefix.addr))
			error = each(ctx, &n);
	}
	sqlite3_reset(st);
	return error ? error : store_error(code);
}

int store_firmware_save(struct store *s, const struct store_firmware *f)
{
	sqlite3_stmt *st = store_statement(s, STORE_FIRMWARE_SAVE);

	if (!st)
		return -EIO;
	store_bind_device(st, 1, f->device);
	store_bind_text(st, 2, f->label);
	sqlite3_bind_int64(st, 3, f->since);
	return store_write(s, st);
}

int store_firmwares(
	struct store *s, int (*each)(void *, const struct store_firmware *), void *ctx)
{
	sqlite3_stmt *st = store_statement(s, STORE_FIRMWARE_ALL);
	int code = SQLITE_OK, error = 0;
	struct store_firmware f;

	if (!st)
		return -EIO;
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		memset(&f, 0, sizeof(f));
		f.device = (device_id)sqlite3_column_int64(st, 0);
		store_column_text(st, 1, f.label, sizeof(f.label));
		f.since = sqlite3_column_int64(st, 2);
		error = each(ctx, &f);
	}
	sqlite3_reset(st);
	return error ? error : store_error(code);
}
