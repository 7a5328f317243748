// SPDX-License-Identifier: GPL-2.0-or-later
/* Every statement of the store. */
#include "store/store_priv.h"

static const char *const texts[STORE_STATEMENT_MAX] = {
	[STORE_BEGIN] = "BEGIN IMMEDIATE",
	[STORE_COMMIT] = "COMMIT",
	[STORE_ROLLBACK] = "ROLLBACK",
	[STORE_DEVICE_SAVE] =
		"INSERT INTO device VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,"
		"?15,?16,?17) ON CONFLICT(id) DO UPDATE SET state=?3, name=?4, named_by_owner=?5,"
		" hostname=?6, vendor_class=?7, mud_url=?8, problem=?9, last_seen=?11,"
		" url_source=?12, confirmed=?13, mud_signer=?14, quarantine=?15,"
		" hold=?16, class=?17",
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
	[STORE_EVENT_AFTER] = "SELECT * FROM event WHERE id > ?1 ORDER BY id LIMIT ?2",
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
	[STORE_OVERLAY_SAVE] = "INSERT INTO overlay"
			       " VALUES(NULL,?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
	[STORE_OVERLAY_TIME] = "UPDATE overlay SET said=?2, until=?3 WHERE id=?1",
	[STORE_OVERLAY_REMOVE] = "DELETE FROM overlay WHERE id=?1",
	[STORE_OVERLAY_ALL] = "SELECT * FROM overlay ORDER BY id",
	[STORE_UPDATE_HOST_SAVE] =
		"INSERT OR REPLACE INTO update_host VALUES(?1,?2,?3,?4,?5,?6,?7)",
	[STORE_UPDATE_HOST_REMOVE] =
		"DELETE FROM update_host WHERE device=?1 AND source=?2 AND name=?3 AND"
		" addr=?4 AND proto=?5 AND port=?6",
	[STORE_UPDATE_HOST_ALL] = "SELECT * FROM update_host ORDER BY device, since",
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
	[STORE_ATTEST_SAVE] = "INSERT OR REPLACE INTO attest VALUES(?1,?2)",
	[STORE_ATTEST_ALL] = "SELECT * FROM attest ORDER BY device",
	[STORE_ATTEST_KEY_ADD] =
		"INSERT INTO attest_key(use,device,vendor,pem,since) VALUES(?1,?2,?3,?4,?5)",
	[STORE_ATTEST_KEY_REMOVE] = "DELETE FROM attest_key WHERE id=?1",
	[STORE_ATTEST_KEY_ALL] = "SELECT id,use,coalesce(device,0),vendor,pem,since "
				 "FROM attest_key ORDER BY id",
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
	[STORE_LIFE_SAVE] = "INSERT OR REPLACE INTO life VALUES(?1,?2,?3)",
	[STORE_LIFE_ALL] = "SELECT device, state, suspicion FROM life ORDER BY device",
	[STORE_STEP_INSERT] = "INSERT INTO life_step VALUES(NULL,?1,?2,?3,?4,?5,?6,?7,?8,?9)",
	[STORE_STEP_TRIM] =
		"DELETE FROM life_step WHERE id IN (SELECT id FROM life_step WHERE device=?1"
		" ORDER BY id DESC LIMIT -1 OFFSET ?2)",
	[STORE_STEP_LIST] =
		"SELECT * FROM (SELECT * FROM life_step WHERE ?1 IS NULL OR device=?1"
		" ORDER BY id DESC LIMIT ?2) ORDER BY id",
	[STORE_SAVEPOINT_LIFE] = "SAVEPOINT life",
	[STORE_RELEASE_LIFE] = "RELEASE life",
	[STORE_ROLLBACK_TO_LIFE] = "ROLLBACK TO life",
	[STORE_HIT_REMOVE] = "DELETE FROM rule_hit WHERE device=?1",
	[STORE_ISSUER_ROOM] = "SELECT count(*) FROM advisory_issuer WHERE name<>?1",
	[STORE_ISSUER_SAVE] =
		"INSERT OR REPLACE INTO advisory_issuer VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
	[STORE_ISSUER_REMOVE] = "DELETE FROM advisory_issuer WHERE name=?1",
	[STORE_ISSUER_ALL] = "SELECT * FROM advisory_issuer ORDER BY name",
	[STORE_ADVISORY_SAVE] =
		"INSERT INTO advisory VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,"
		"?15,?16,?17,?18,?19,?20,?21) ON CONFLICT(id) DO UPDATE SET state=?4,"
		" taken=?5, issued=?6, expires=?7, mud_url=?8, oui=?9, cpe=?10, matter=?11,"
		" domain=?12, peer=?13, len=?14, proto=?15, port=?16, effect=?17,"
		" fixed_in=?18, homes=?19, text=?20, signed=?21",
	[STORE_ADVISORY_REMOVE] = "DELETE FROM advisory WHERE id=?1",
	[STORE_ADVISORY_ALL] = "SELECT * FROM advisory ORDER BY id",
	[STORE_ADVISORY_SEEN_SAVE] =
		"INSERT OR REPLACE INTO advisory_seen VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
	[STORE_ADVISORY_SEEN_ALL] = "SELECT * FROM advisory_seen",
	[STORE_ADVISORY_HELD_SAVE] =
		"INSERT OR REPLACE INTO advisory_held VALUES(?1,?2,?3,?4,?5,?6)",
	[STORE_ADVISORY_HELD_ALL] = "SELECT * FROM advisory_held",
	[STORE_SHARED_ROOM] = "SELECT count(*) FROM advisory_shared",
	[STORE_SHARED_SAVE] = "INSERT OR REPLACE INTO advisory_shared VALUES(?1,?2,?3)",
	[STORE_SHARED_REMOVE] = "DELETE FROM advisory_shared WHERE net=?1 AND len=?2",
	[STORE_SHARED_ALL] = "SELECT * FROM advisory_shared ORDER BY net, len",
	[STORE_FIRMWARE_SAVE] = "INSERT OR REPLACE INTO firmware VALUES(?1,?2,?3)",
	[STORE_FIRMWARE_ALL] = "SELECT * FROM firmware",
	[STORE_LOG_HEAD] = "SELECT seq, digest, cut, cut_digest FROM advisory_head",
	[STORE_LOG_HEAD_SAVE] =
		"INSERT OR REPLACE INTO advisory_head VALUES(0,?1,?2,?3,?4)",
	[STORE_LOG_ADD] = "INSERT INTO advisory_log VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
	[STORE_LOG_CUT] = "DELETE FROM advisory_log WHERE seq<=?1",
	[STORE_LOG_ALL] = "SELECT * FROM advisory_log WHERE seq > ?1 ORDER BY seq LIMIT ?2",
	[STORE_CASE_OPEN] = "INSERT INTO life_case VALUES(NULL,?1,?2,?3,0,0,?4)",
	[STORE_CASE_UPDATE] = "UPDATE life_case SET state=?2, closed=?3, left_out=?4"
			      " WHERE id=?1",
	[STORE_CASE_BUNDLE] = "UPDATE life_case SET bundle=?2 WHERE id=?1",
	[STORE_CASE_ALL] = "SELECT id, device, state, opened, closed, left_out"
			   " FROM life_case ORDER BY id",
	[STORE_CASE_ONE] = "SELECT * FROM life_case WHERE id=?1",
	[STORE_CASE_TRIM] = "DELETE FROM life_case WHERE id IN (SELECT id FROM life_case"
			    " WHERE closed<>0 ORDER BY id LIMIT max(0,"
			    " (SELECT count(*) FROM life_case) - ?1))",
	[STORE_CASE_TRIM_OF] = "DELETE FROM life_case WHERE id IN (SELECT id FROM life_case"
			       " WHERE device=?1 AND closed<>0 ORDER BY id LIMIT max(0,"
			       " (SELECT count(*) FROM life_case WHERE device=?1) - ?2))",
	[STORE_CASE_MOMENT_ADD] =
		"INSERT INTO life_moment VALUES(?1,(SELECT coalesce(max(place), 0) + 1"
		" FROM life_moment WHERE life_case=?1),?2,?3,?4,?5,?6,?7,?8)",
	[STORE_CASE_MOMENT_TRIM] =
		"DELETE FROM life_moment WHERE life_case=?1 AND place IN"
		" (SELECT place FROM life_moment WHERE life_case=?1 AND place>?2"
		" ORDER BY was<>became, place LIMIT max(0,"
		" (SELECT count(*) FROM life_moment WHERE life_case=?1) - ?3))",
	[STORE_CASE_MOMENTS] =
		"SELECT at, was, became, kind, protocol, sentence, shows FROM life_moment"
		" WHERE life_case=?1 ORDER BY place",
	[STORE_SECRET_SAVE] = "INSERT OR REPLACE INTO secret VALUES(?1,?2)",
	[STORE_SECRET_FIND] = "SELECT value FROM secret WHERE name=?1",
	[STORE_PLAYBOOK_SAVE] = "INSERT OR REPLACE INTO playbook VALUES(?1,?2,?3,?4,?5)",
	[STORE_PLAYBOOK_REMOVE] = "DELETE FROM playbook WHERE device=?1",
	[STORE_PLAYBOOK_ONE] = "SELECT * FROM playbook WHERE device=?1",
	[STORE_VAULT_SAVE] = "INSERT INTO vault VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
	[STORE_VAULT_ALL] = "SELECT * FROM vault WHERE device=?1 ORDER BY version",
	[STORE_VAULT_REMOVE] = "DELETE FROM vault WHERE device=?1 AND version=?2",
	[STORE_VAULT_BYTES] = "SELECT coalesce(sum(length(sealed)), 0) FROM vault",
	[STORE_CHANGE_ADD] =
		"INSERT INTO change(at, who, sentence, command, about, method, path, why_not,"
		" undoes, undone_by, body) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)",
	[STORE_CHANGE_TRIM] = "DELETE FROM change WHERE at<?2 OR id IN (SELECT id FROM change"
			      " ORDER BY id DESC LIMIT -1 OFFSET ?1)",
	[STORE_CHANGE_FADE] =
		"UPDATE change SET method='', path='', body=x'' WHERE path<>'' AND (at<?1"
		" OR id IN (SELECT id FROM (SELECT id, sum(length(body)) OVER"
		" (ORDER BY id DESC) AS total FROM change) WHERE total>?2))",
	[STORE_CHANGE_UNDONE] = "UPDATE change SET undone_by=?2 WHERE id=?1",
	[STORE_CHANGE_WAY] = "UPDATE change SET method=?2, path=?3, body=?4 WHERE id=?1",
	[STORE_CHANGE_LIST] = "SELECT id, at, who, sentence, command, about, method, path,"
			      " why_not, undoes, undone_by, x'' FROM change WHERE id<?1"
			      " ORDER BY id DESC LIMIT ?2",
	[STORE_CHANGE_ONE] = "SELECT id, at, who, sentence, command, about, method, path,"
			     " why_not, undoes, undone_by, body FROM change WHERE id=?1",
	[STORE_CHANGE_OF] = "SELECT id FROM change WHERE path=?1 AND undone_by=0"
			    " ORDER BY id DESC LIMIT 1",
	[STORE_CHANGE_LATER] =
		"SELECT id FROM change WHERE about=?1 AND id>?2 AND undone_by=0"
		" AND (undoes=0 OR undoes<=?2) ORDER BY id DESC LIMIT 1",
	[STORE_USER_ROOM] = "SELECT count(*) FROM user WHERE name<>?1",
	[STORE_USER_SAVE] = "INSERT INTO user VALUES(?1,?2,?3,?4,?5) ON CONFLICT(name)"
			    " DO UPDATE SET role=?2, key=?3, since=?4, last=?5",
	[STORE_USER_REMOVE] = "DELETE FROM user WHERE name=?1",
	[STORE_USER_ALL] =
		"SELECT name, role, key, since, last, (SELECT count(*) FROM session"
		" WHERE session.user=name) FROM user ORDER BY name",
	[STORE_SESSION_ADD] = "INSERT INTO session VALUES(?1,?2,?3,?4,?5)",
	[STORE_SESSION_TRIM] =
		"DELETE FROM session WHERE id IN (SELECT id FROM session WHERE user=?1"
		" ORDER BY used DESC, since DESC LIMIT -1 OFFSET ?2)",
	[STORE_SESSION_ONE] = "SELECT session.user, role, session.since, used, until"
			      " FROM session JOIN user ON user.name=session.user"
			      " WHERE session.id=?1",
	[STORE_SESSION_USED] = "UPDATE session SET used=?2 WHERE id=?1",
	[STORE_SESSION_REMOVE] = "DELETE FROM session WHERE id=?1",
	[STORE_SESSION_REMOVE_OF] = "DELETE FROM session WHERE user=?1",
	[STORE_SESSION_PRUNE] = "DELETE FROM session WHERE until<=?1 OR used<=?2",
	[STORE_TOKEN_ROOM] = "SELECT count(*) FROM token",
	[STORE_TOKEN_ADD] = "INSERT INTO token VALUES(NULL,?1,?2,?3,?4,?5,?6,0)",
	[STORE_TOKEN_REMOVE] = "DELETE FROM token WHERE id=?1",
	[STORE_TOKEN_REMOVE_BY] = "DELETE FROM token WHERE by=?1",
	[STORE_TOKEN_USED] = "UPDATE token SET used=?2 WHERE id=?1",
	[STORE_TOKEN_ALL] = "SELECT * FROM token ORDER BY id",
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
