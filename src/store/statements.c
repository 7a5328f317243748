// SPDX-License-Identifier: GPL-2.0-or-later
/* Every statement of the store. */
#include "store/store_priv.h"

static const char *const texts[STORE_STATEMENT_MAX] = {
	[STORE_BEGIN] = "BEGIN IMMEDIATE",
	[STORE_COMMIT] = "COMMIT",
	[STORE_DEVICE_SAVE] =
		"INSERT INTO device VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,"
		"?15) ON CONFLICT(id) DO UPDATE SET state=?3, name=?4, named_by_owner=?5,"
		" hostname=?6, vendor_class=?7, mud_url=?8, problem=?9, last_seen=?11,"
		" url_source=?12, confirmed=?13, mud_signer=?14, quarantine=?15",
	[STORE_DEVICE_ALL] = "SELECT * FROM device ORDER BY id",
	[STORE_ADDR_CLEAR] = "DELETE FROM device_addr WHERE device=?1",
	[STORE_ADDR_SAVE] = "INSERT OR REPLACE INTO device_addr VALUES(?1,?2,?3,?4)",
	[STORE_ADDR_ALL] = "SELECT addr, source, expires FROM device_addr WHERE device=?1",
	[STORE_DEVICE_REMOVE] = "DELETE FROM device WHERE id=?1",
	[STORE_DEVICE_LAST] = "SELECT max(coalesce((SELECT max(id) FROM device), 0),"
			      " coalesce((SELECT max(device) FROM event), 0))",
	[STORE_BINDING_FORGET] = "DELETE FROM binding WHERE device=?1",
	[STORE_BINDING_TRIM] =
		"DELETE FROM binding WHERE (device, name, addr) IN"
		" (SELECT device, name, addr FROM (SELECT device, name, addr,"
		" row_number() OVER (PARTITION BY device ORDER BY expires DESC) AS n"
		" FROM binding) WHERE n > ?1)",
	[STORE_SAVEPOINT] = "SAVEPOINT profile",
	[STORE_RELEASE] = "RELEASE profile",
	[STORE_ROLLBACK_TO] = "ROLLBACK TO profile",
	[STORE_PROFILE_CLEAR] = "DELETE FROM profile WHERE url=?1",
	[STORE_PROFILE_SAVE] = "INSERT INTO profile VALUES(?1,?2,?3,?4)",
	[STORE_PROFILE_ALL] = "SELECT url, head, fetched, layer FROM profile",
	[STORE_PROFILE_TOUCH] = "UPDATE profile SET fetched=?2 WHERE url=?1",
	[STORE_PART_SAVE] = "INSERT INTO profile_part VALUES(?1,?2,?3)",
	[STORE_PART_ALL] = "SELECT message FROM profile_part WHERE url=?1 ORDER BY position",
	[STORE_EVENT_INSERT] = "INSERT INTO event VALUES"
			       "(NULL,?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)",
	[STORE_EVENT_UPDATE] = "UPDATE event SET last=?2, packets=?3 WHERE id=?1",
	[STORE_EVENT_TRIM] = "DELETE FROM event WHERE id <= (SELECT max(id) FROM event) - ?1",
	[STORE_EVENT_LIST] = "SELECT * FROM (SELECT * FROM event WHERE id > ?1 AND"
			     " (?2 = 0 OR device = ?2) ORDER BY id DESC LIMIT ?3)"
			     " ORDER BY id",
	[STORE_EVENT_ONE] = "SELECT * FROM event WHERE id=?1",
	[STORE_BINDING_SAVE] = "INSERT OR REPLACE INTO binding VALUES(?1,?2,?3,?4)",
	[STORE_BINDING_ALL] = "SELECT * FROM binding WHERE expires > ?1 ORDER BY expires",
	[STORE_BINDING_PRUNE] = "DELETE FROM binding WHERE expires <= ?1",
	[STORE_PIN_ROOM] = "SELECT count(*) FROM pin WHERE root<>?1",
	[STORE_PIN_SAVE] = "INSERT OR REPLACE INTO pin VALUES(?1,?2,?3,?4)",
	[STORE_PIN_FIND] = "SELECT * FROM pin WHERE root=?1",
	[STORE_PIN_ALL] = "SELECT * FROM pin ORDER BY root",
	[STORE_PIN_REMOVE] = "DELETE FROM pin WHERE root=?1",
	/* A row that replaces another one gets a new id, and so is the newest. */
	[STORE_URL_SAVE] = "INSERT OR REPLACE INTO url_seen VALUES(NULL,?1,?2,?3)",
	[STORE_URL_TRIM] = "DELETE FROM url_seen WHERE id IN (SELECT id FROM url_seen"
			   " WHERE device=?1 ORDER BY id DESC LIMIT -1 OFFSET ?2)",
	[STORE_URL_ALL] = "SELECT device, url, seen FROM url_seen WHERE device=?1"
			  " ORDER BY id",
	[STORE_HASH_SAVE] = "INSERT OR REPLACE INTO file_hash VALUES(NULL,?1,?2,?3,?4)",
	[STORE_HASH_TRIM] = "DELETE FROM file_hash WHERE id IN (SELECT id FROM file_hash"
			    " ORDER BY id DESC LIMIT -1 OFFSET ?1)",
	[STORE_HASH_FIND] = "SELECT accepted FROM file_hash WHERE sha256=?1",
	[STORE_DECISION_INSERT] = "INSERT INTO decision VALUES"
				  "(NULL,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)",
	[STORE_DECISION_UPDATE] =
		"UPDATE decision SET kind=?2, device=?3, subject=?4, detail=?5,"
		" signer_key=?6, sha256=?7, text=?8, asked=?9, answered=?10, answer=?11,"
		" choice=?12 WHERE id=?1",
	[STORE_DECISION_REMOVE] = "DELETE FROM decision WHERE id=?1 AND answer=0",
	/* Of the device that asks most, so that it silences nobody but itself. */
	[STORE_DECISION_TRIM_OPEN] =
		"DELETE FROM decision WHERE (SELECT count(*) FROM decision WHERE answer=0)"
		" > ?1 AND id = (SELECT id FROM decision WHERE answer=0 AND device IS"
		" (SELECT device FROM decision WHERE answer=0 GROUP BY device"
		" ORDER BY count(*) DESC, min(id) LIMIT 1) ORDER BY id LIMIT 1)",
	[STORE_DECISION_TRIM_ANSWERED] =
		"DELETE FROM decision WHERE id IN (SELECT id FROM decision"
		" WHERE answer<>0 ORDER BY answered DESC, id DESC LIMIT -1 OFFSET ?1)",
	[STORE_DECISION_ALL] = "SELECT * FROM decision WHERE answer=0 OR NOT ?1 ORDER BY id",
	[STORE_DECISION_OF] =
		"SELECT * FROM decision WHERE device IS ?1 AND kind=?2 ORDER BY id",
	[STORE_DECISION_ONE] = "SELECT * FROM decision WHERE id=?1",
	[STORE_CONTROLLER_ROOM] =
		"SELECT count(*) FROM controller WHERE NOT (device IS ?1 AND class=?2"
		" AND target IS ?3 AND addr IS ?4)",
	[STORE_CONTROLLER_SAVE] = "INSERT OR IGNORE INTO controller VALUES(NULL,?1,?2,?3,?4)",
	[STORE_CONTROLLER_REMOVE] =
		"DELETE FROM controller WHERE device IS ?1 AND class=?2 AND"
		" (?3 IS NULL AND ?4 IS NULL OR target IS ?3 AND addr IS ?4)",
	[STORE_CONTROLLER_ALL] = "SELECT device, class, target, addr FROM controller"
				 " ORDER BY id",
	[STORE_OVERLAY_ROOM] = "SELECT count(*) FROM overlay WHERE device IS ?1",
	[STORE_OVERLAY_SAVE] = "INSERT INTO overlay VALUES(NULL,?1,?2,?3,?4,?5,?6,?7,?8,?9)",
	[STORE_OVERLAY_REMOVE] = "DELETE FROM overlay WHERE id=?1",
	[STORE_OVERLAY_ALL] = "SELECT * FROM overlay ORDER BY id",
	[STORE_ADOPTED_SAVE] = "INSERT OR REPLACE INTO adopted VALUES(?1,?2,?3,?4,?5,?6)",
	[STORE_ADOPTED_REMOVE] = "DELETE FROM adopted WHERE device=?1",
	[STORE_ADOPTED_ALL] = "SELECT * FROM adopted ORDER BY device",
	[STORE_ADOPTED_OF] = "SELECT * FROM adopted WHERE device=?1",
	[STORE_PROBE_SAVE] = "INSERT OR REPLACE INTO probe VALUES(?1,?2)",
	[STORE_PROBE_REMOVE] = "DELETE FROM probe WHERE device=?1",
	[STORE_MAINTAINED_SAVE] = "INSERT OR REPLACE INTO maintained VALUES(?1,?2,?3)",
	[STORE_MAINTAINED_REMOVE] = "DELETE FROM maintained WHERE device=?1",
	[STORE_MAINTAINED_ALL] = "SELECT * FROM maintained ORDER BY device",
	[STORE_PROBE_ALL] = "SELECT * FROM probe ORDER BY device",
	[STORE_LEARNER_SAVE] = "INSERT OR REPLACE INTO learner VALUES(0,?1,?2)",
	[STORE_LEARNER_LOAD] = "SELECT saved, state FROM learner WHERE place=0",
	[STORE_LEARNER_ASIDE] = "UPDATE OR REPLACE learner SET place=1 WHERE place=0",
	[STORE_LEARNER_OFF] = "INSERT OR REPLACE INTO learner_off VALUES(?1)",
	[STORE_LEARNER_ON] = "DELETE FROM learner_off WHERE device=?1",
	[STORE_LEARNER_OFF_ALL] = "SELECT device FROM learner_off",
	[STORE_HIT_SAVE] = "INSERT OR REPLACE INTO rule_hit VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
	[STORE_HIT_TRIM] =
		"DELETE FROM rule_hit WHERE (device, acl, ace, direction) IN"
		" (SELECT device, acl, ace, direction FROM (SELECT device, acl, ace,"
		" direction, row_number() OVER (PARTITION BY device ORDER BY last DESC)"
		" AS n FROM rule_hit) WHERE n > ?1)",
	[STORE_HIT_ALL] = "SELECT * FROM rule_hit ORDER BY device, acl, ace, direction",
	[STORE_HIT_REMOVE] = "DELETE FROM rule_hit WHERE device=?1",
};

sqlite3_stmt *store_statement(struct store *s, enum store_statement which)
{
	sqlite3_stmt **st = &s->statements[which];

	if (!*st && sqlite3_prepare_v3(s->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT,
			    st, NULL) != SQLITE_OK)
		return NULL;
	sqlite3_reset(*st);
	sqlite3_clear_bindings(*st);
	return *st;
}
