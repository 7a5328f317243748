// SPDX-License-Identifier: GPL-2.0-or-later
/* What is stored of whom devices talk with, as the pages ask for it. */
#include <errno.h>
#include <string.h>
#include "store/store_priv.h"

#define HOURS_A_DAY 24

static bool read_peer(sqlite3_stmt *st, struct store_peer *p)
{
	unsigned place, direction;
	const void *key = sqlite3_column_blob(st, 4);

	if (!store_column_enum(st, 2, RECORD_PLACE_MAX + 1, &place) ||
		!store_column_enum(st, 7, DIRECTION_MAX, &direction))
		return false;
	memset(p, 0, sizeof(*p));
	p->id = (uint64_t)sqlite3_column_int64(st, 0);
	p->device = (device_id)sqlite3_column_int64(st, 1);
	p->place = (enum record_place)place;
	store_column_text(st, 3, p->name, sizeof(p->name));
	if (key && sqlite3_column_bytes(st, 4) == sizeof(p->mac.b))
		memcpy(p->mac.b, key, sizeof(p->mac.b));
	p->proto = (uint8_t)sqlite3_column_int(st, 5);
	p->port = (uint16_t)sqlite3_column_int(st, 6);
	p->direction = (enum direction)direction;
	p->told = sqlite3_column_int(st, 8) != 0;
	p->addr = store_column_addr(st, 9);
	p->first = sqlite3_column_int64(st, 10);
	p->last = sqlite3_column_int64(st, 11);
	return true;
}

int store_talks(struct store *s, device_id device, uint32_t from,
	int (*each)(void *, const struct store_peer *, const struct store_talk *), void *ctx)
{
	sqlite3_stmt *st = store_prepare(s,
		"SELECT p.*, t.refused, sum(t.up), sum(t.down), sum(t.count), max(t.last)"
		" FROM talk_peer p CROSS JOIN talk t ON t.peer=p.id AND t.hour>=?2"
		" WHERE p.device=?1 GROUP BY p.id, t.refused");
	struct store_peer p;
	int code = SQLITE_OK, error = 0;

	if (!st)
		return -EIO;
	store_bind_device(st, 1, device);
	sqlite3_bind_int64(st, 2, from);
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		const struct store_talk t = {.refused = sqlite3_column_int(st, 12) != 0,
			.up = (uint64_t)sqlite3_column_int64(st, 13),
			.down = (uint64_t)sqlite3_column_int64(st, 14),
			.count = (uint64_t)sqlite3_column_int64(st, 15),
			.last = sqlite3_column_int64(st, 16)};

		if (read_peer(st, &p))
			error = each(ctx, &p, &t);
	}
	sqlite3_finalize(st);
	return error ? error : store_error(code);
}

static int list_spells(struct store *s, const char *text, bool of_days, const int64_t n[3],
	int (*each)(void *, const struct store_spell *), void *ctx)
{
	sqlite3_stmt *st = store_prepare(s, text);
	int code = SQLITE_OK, error = 0;

	if (!st)
		return -EIO;
	for (int i = 0; i < 3; i++)
		sqlite3_bind_int64(st, i + 1, n[i]);
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		uint32_t when = (uint32_t)sqlite3_column_int64(st, 1);
		const struct store_spell one = {
			.device = (device_id)sqlite3_column_int64(st, 0),
			.hour = of_days ? 0 : when,
			.day = of_days ? when : when / HOURS_A_DAY,
			.flags = (uint32_t)sqlite3_column_int64(st, 2),
			.up = (uint64_t)sqlite3_column_int64(st, 3),
			.down = (uint64_t)sqlite3_column_int64(st, 4),
			.count = (uint64_t)sqlite3_column_int64(st, 5),
			.refused = (uint64_t)sqlite3_column_int64(st, 6),
			.peers = (uint32_t)sqlite3_column_int64(st, 7),
			.fresh = (uint32_t)sqlite3_column_int64(st, 8)};

		error = each(ctx, &one);
	}
	sqlite3_finalize(st);
	return error ? error : store_error(code);
}

/* One range of the primary key a device. */
int store_spells(struct store *s, device_id device, uint32_t from, uint32_t to,
	int (*each)(void *, const struct store_spell *), void *ctx)
{
	const int64_t n[] = {device, from, to};

	return list_spells(s,
		"SELECT h.* FROM device d CROSS JOIN talk_hour h ON h.device=d.id AND"
		" h.hour>=?2 AND h.hour<?3 WHERE ?1=0 OR d.id=?1 ORDER BY d.id, h.hour",
		false, n, each, ctx);
}

int store_days(struct store *s, device_id device, uint32_t from, uint32_t to,
	int (*each)(void *, const struct store_spell *), void *ctx)
{
	const int64_t n[] = {device, from, to};

	return list_spells(s,
		"SELECT h.* FROM device d CROSS JOIN talk_day h ON h.device=d.id AND"
		" h.day>=?2 AND h.day<?3 WHERE ?1=0 OR d.id=?1 ORDER BY d.id, h.day",
		true, n, each, ctx);
}

int store_spans(struct store *s, int (*each)(void *, const struct store_span *), void *ctx)
{
	sqlite3_stmt *st = store_prepare(s, "SELECT day, since, hours FROM talk_span ORDER BY day");
	int code = SQLITE_OK, error = 0;

	if (!st)
		return -EIO;
	while (!error && (code = sqlite3_step(st)) == SQLITE_ROW) {
		const struct store_span one = {.day = (uint32_t)sqlite3_column_int64(st, 0),
			.since = sqlite3_column_int64(st, 1),
			.hours = (uint32_t)sqlite3_column_int64(st, 2)};

		error = each(ctx, &one);
	}
	sqlite3_finalize(st);
	return error ? error : store_error(code);
}
