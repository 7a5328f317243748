// SPDX-License-Identifier: GPL-2.0-or-later
/* The schema's versions. Each entry brings a database from its index to index + 1; an
 * entry that shipped is never edited. */
#include "store/store_priv.h"

static const char *const migrations[] = {
	/* 0 -> 1 */
	"CREATE TABLE device("
	" id INTEGER PRIMARY KEY, mac BLOB NOT NULL UNIQUE, state INTEGER NOT NULL,"
	" name TEXT NOT NULL, named_by_owner INTEGER NOT NULL, hostname TEXT NOT NULL,"
	" vendor_class TEXT NOT NULL, mud_url TEXT NOT NULL, problem TEXT NOT NULL,"
	" first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL) STRICT;"
	"CREATE TABLE device_addr("
	" device INTEGER NOT NULL REFERENCES device(id) ON DELETE CASCADE,"
	" addr BLOB NOT NULL, source INTEGER NOT NULL, expires INTEGER NOT NULL,"
	" PRIMARY KEY(device, addr)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE profile("
	" url TEXT PRIMARY KEY, head BLOB NOT NULL, fetched INTEGER NOT NULL) STRICT;"
	/* Rules and notes in their wire form (model/messages.def keeps it stable). */
	"CREATE TABLE profile_part("
	" url TEXT NOT NULL REFERENCES profile(url) ON DELETE CASCADE,"
	" position INTEGER NOT NULL, message BLOB NOT NULL,"
	" PRIMARY KEY(url, position)) STRICT;"
	"CREATE TABLE event("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL, device INTEGER NOT NULL, kind INTEGER NOT NULL,"
	" reason INTEGER NOT NULL, direction INTEGER NOT NULL, device_addr BLOB,"
	" peer_addr BLOB, proto INTEGER NOT NULL, device_port INTEGER NOT NULL,"
	" peer_port INTEGER NOT NULL, icmp INTEGER NOT NULL, name TEXT NOT NULL,"
	" packets INTEGER NOT NULL, text TEXT NOT NULL) STRICT;"
	"CREATE INDEX event_device ON event(device, id);"
	"CREATE TABLE binding("
	" device INTEGER NOT NULL, name TEXT NOT NULL, addr BLOB NOT NULL,"
	" expires INTEGER NOT NULL, PRIMARY KEY(device, name, addr))"
	" STRICT, WITHOUT ROWID;",
	/* 1 -> 2. A MUD URL came by DHCP or LLDP, which nobody has noted: by DHCP, the
	 * stronger one, or the next offer would look like another authority's. */
	"ALTER TABLE device ADD COLUMN url_source INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE device ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE device ADD COLUMN mud_signer TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE device ADD COLUMN quarantine TEXT NOT NULL DEFAULT '';"
	"UPDATE device SET url_source=2 WHERE mud_url<>'';"
	/* The messages that profiles are stored in have grown: none of the old ones can
	 * be read. They are fetched again. */
	"DELETE FROM profile_part; DELETE FROM profile;"
	"ALTER TABLE profile ADD COLUMN layer INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE pin("
	" root TEXT PRIMARY KEY, signer TEXT NOT NULL, signer_key TEXT NOT NULL,"
	" since INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE url_seen("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" device INTEGER NOT NULL REFERENCES device(id) ON DELETE CASCADE,"
	" url TEXT NOT NULL, seen INTEGER NOT NULL, UNIQUE(device, url)) STRICT;"
	"CREATE TABLE file_hash("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, sha256 BLOB NOT NULL UNIQUE,"
	" accepted INTEGER NOT NULL, url TEXT NOT NULL, decided INTEGER NOT NULL) STRICT;"
	"CREATE TABLE decision("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL,"
	" device INTEGER REFERENCES device(id) ON DELETE CASCADE,"
	" subject TEXT NOT NULL, detail TEXT NOT NULL, signer_key TEXT NOT NULL,"
	" sha256 BLOB NOT NULL, text TEXT NOT NULL, asked INTEGER NOT NULL,"
	" answered INTEGER NOT NULL, answer INTEGER NOT NULL, choice TEXT NOT NULL)"
	" STRICT;"
	"CREATE INDEX decision_device ON decision(device);"
	"CREATE TABLE controller("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" device INTEGER REFERENCES device(id) ON DELETE CASCADE, class TEXT NOT NULL,"
	" target INTEGER REFERENCES device(id) ON DELETE CASCADE, addr BLOB) STRICT;"
	"CREATE UNIQUE INDEX controller_key ON controller"
	"(ifnull(device, 0), class, ifnull(target, 0), ifnull(addr, x''));"
	"CREATE INDEX controller_target ON controller(target);"
	"CREATE TABLE rule_hit("
	" device INTEGER NOT NULL REFERENCES device(id) ON DELETE CASCADE,"
	" acl TEXT NOT NULL, ace TEXT NOT NULL, direction INTEGER NOT NULL,"
	" hits INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
	" PRIMARY KEY(device, acl, ace, direction)) STRICT, WITHOUT ROWID;",
	/* 2 -> 3 */
	"ALTER TABLE rule_hit ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;",
	/* 3 -> 4. What the owner says lies beside profiles, and refers to none. */
	"CREATE TABLE overlay("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" device INTEGER NOT NULL REFERENCES device(id) ON DELETE CASCADE,"
	" kind INTEGER NOT NULL, name TEXT NOT NULL, addr BLOB, len INTEGER NOT NULL,"
	" proto INTEGER NOT NULL, port_lo INTEGER NOT NULL, port_hi INTEGER NOT NULL,"
	" said INTEGER NOT NULL) STRICT;"
	"CREATE INDEX overlay_device ON overlay(device);",
	/* 4 -> 5. So does a profile that he put in force himself, as he brought it. */
	"CREATE TABLE adopted("
	" device INTEGER PRIMARY KEY REFERENCES device(id) ON DELETE CASCADE,"
	" form INTEGER NOT NULL, layer INTEGER NOT NULL, text BLOB NOT NULL,"
	" binding BLOB NOT NULL, taken INTEGER NOT NULL) STRICT;",
	/* 5 -> 6. What probing knows has a form and a version of its own. */
	"CREATE TABLE probe("
	" device INTEGER PRIMARY KEY REFERENCES device(id) ON DELETE CASCADE,"
	" state BLOB NOT NULL) STRICT;",
	/* 6 -> 7. What was learned, in the learner's own form: place 0 is in use, place 1
	 * was set aside because it could not be read. */
	"CREATE TABLE learner("
	" place INTEGER PRIMARY KEY, saved INTEGER NOT NULL, state BLOB NOT NULL) STRICT;"
	"CREATE TABLE learner_off("
	" device INTEGER PRIMARY KEY REFERENCES device(id) ON DELETE CASCADE) STRICT;",
	/* 7 -> 8. A profile over the years, in a form of its own; approved says which. */
	"CREATE TABLE maintained("
	" device INTEGER PRIMARY KEY REFERENCES device(id) ON DELETE CASCADE,"
	" approved INTEGER NOT NULL, state BLOB NOT NULL) STRICT;",
	/* 8 -> 9. How far a device is held: whoever was in quarantine is. */
	"ALTER TABLE device ADD COLUMN hold INTEGER NOT NULL DEFAULT 0;"
	"UPDATE device SET hold=2 WHERE quarantine<>'';",
	/* 9 -> 10. What outsiders say, what showed it, and what was done about it. */
	"CREATE TABLE advisory_issuer("
	" name TEXT PRIMARY KEY, class INTEGER NOT NULL, party TEXT NOT NULL,"
	" key TEXT NOT NULL, signer TEXT NOT NULL, signer_key TEXT NOT NULL,"
	" overturned INTEGER NOT NULL, added INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE advisory("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, issuer TEXT NOT NULL, name TEXT NOT NULL,"
	" state INTEGER NOT NULL, taken INTEGER NOT NULL, issued INTEGER NOT NULL,"
	" expires INTEGER NOT NULL, mud_url TEXT NOT NULL, oui BLOB NOT NULL,"
	" cpe TEXT NOT NULL, matter TEXT NOT NULL, domain TEXT NOT NULL, peer BLOB,"
	" len INTEGER NOT NULL, proto INTEGER NOT NULL, port INTEGER NOT NULL,"
	" effect INTEGER NOT NULL, fixed_in TEXT NOT NULL, homes INTEGER NOT NULL,"
	" text TEXT NOT NULL, signed INTEGER NOT NULL, UNIQUE(issuer, name)) STRICT;"
	"CREATE TABLE advisory_seen("
	" advisory INTEGER NOT NULL REFERENCES advisory(id) ON DELETE CASCADE,"
	" device INTEGER NOT NULL REFERENCES device(id) ON DELETE CASCADE,"
	" first INTEGER NOT NULL, last INTEGER NOT NULL, shared INTEGER NOT NULL,"
	" listed INTEGER NOT NULL, name TEXT NOT NULL, peer BLOB, proto INTEGER NOT NULL,"
	" port INTEGER NOT NULL, PRIMARY KEY(advisory, device)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX advisory_seen_device ON advisory_seen(device);"
	"CREATE TABLE advisory_held("
	" device INTEGER PRIMARY KEY REFERENCES device(id) ON DELETE CASCADE,"
	" effect INTEGER NOT NULL, accused INTEGER NOT NULL, since INTEGER NOT NULL,"
	" why TEXT NOT NULL) STRICT;"
	"CREATE TABLE advisory_shared("
	" net BLOB NOT NULL, len INTEGER NOT NULL, name TEXT NOT NULL,"
	" PRIMARY KEY(net, len)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE firmware("
	" device INTEGER PRIMARY KEY REFERENCES device(id) ON DELETE CASCADE,"
	" label TEXT NOT NULL, since INTEGER NOT NULL) STRICT;"
	"CREATE TABLE advisory_log("
	" seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, act INTEGER NOT NULL,"
	" issuer TEXT NOT NULL, advisory TEXT NOT NULL, device TEXT NOT NULL,"
	" text TEXT NOT NULL, before BLOB NOT NULL, digest BLOB NOT NULL) STRICT;"
	"CREATE TABLE advisory_head("
	" place INTEGER PRIMARY KEY, seq INTEGER NOT NULL, digest BLOB NOT NULL,"
	" cut INTEGER NOT NULL, cut_digest BLOB NOT NULL) STRICT;",
	/* 10 -> 11. What a device was asked and has shown, in a form of its own; and whose
	 * signatures count. A key of a device goes with it. */
	"CREATE TABLE attest("
	" device INTEGER PRIMARY KEY REFERENCES device(id) ON DELETE CASCADE,"
	" state BLOB NOT NULL) STRICT;"
	"CREATE TABLE attest_key("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, use INTEGER NOT NULL,"
	" device INTEGER REFERENCES device(id) ON DELETE CASCADE,"
	" vendor TEXT NOT NULL, pem BLOB NOT NULL, since INTEGER NOT NULL) STRICT;",
	/* 11 -> 12. What a device is for; where it stands, in the life cycle's own form; and
	 * how it came there. */
	"ALTER TABLE device ADD COLUMN class INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE life("
	" device INTEGER PRIMARY KEY REFERENCES device(id) ON DELETE CASCADE,"
	" state BLOB NOT NULL, suspicion BLOB NOT NULL) STRICT;"
	"CREATE TABLE life_step("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" device INTEGER NOT NULL REFERENCES device(id) ON DELETE CASCADE,"
	" at INTEGER NOT NULL, was INTEGER NOT NULL, state INTEGER NOT NULL,"
	" event INTEGER NOT NULL, kind TEXT NOT NULL, protocol TEXT NOT NULL,"
	" sentence TEXT NOT NULL, detail TEXT NOT NULL) STRICT;"
	"CREATE INDEX life_step_device ON life_step(device);",
	/* 12 -> 13. Cases with what happened in them, whole; the house's secrets; and
	 * playbooks that the owner is asked about. */
	"CREATE TABLE life_case("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" device INTEGER NOT NULL REFERENCES device(id) ON DELETE CASCADE,"
	" state INTEGER NOT NULL, opened INTEGER NOT NULL, closed INTEGER NOT NULL,"
	" left_out INTEGER NOT NULL, bundle BLOB NOT NULL) STRICT;"
	"CREATE INDEX life_case_device ON life_case(device);"
	"CREATE TABLE life_moment("
	" life_case INTEGER NOT NULL REFERENCES life_case(id) ON DELETE CASCADE,"
	" place INTEGER NOT NULL, at INTEGER NOT NULL, was INTEGER NOT NULL,"
	" became INTEGER NOT NULL, kind TEXT NOT NULL, protocol TEXT NOT NULL,"
	" sentence TEXT NOT NULL, shows TEXT NOT NULL,"
	" PRIMARY KEY(life_case, place)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE secret("
	" name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE playbook("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" device INTEGER NOT NULL UNIQUE REFERENCES device(id) ON DELETE CASCADE,"
	" step INTEGER NOT NULL, taken INTEGER NOT NULL, text BLOB NOT NULL) STRICT;",
	/* 13 -> 14. A return answers what was seen before it; and what devices are configured
	 * with, sealed. */
	"ALTER TABLE advisory_held ADD COLUMN healed INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE vault("
	" device INTEGER NOT NULL REFERENCES device(id) ON DELETE CASCADE,"
	" version INTEGER NOT NULL, at INTEGER NOT NULL, name TEXT NOT NULL,"
	" bytes INTEGER NOT NULL, sha256 BLOB NOT NULL, nonce BLOB NOT NULL,"
	" sealed BLOB NOT NULL, PRIMARY KEY(device, version)) STRICT;",
	/* 14 -> 15. Where a device may fetch what repairs it while it is held. */
	"CREATE TABLE update_host("
	" device INTEGER NOT NULL REFERENCES device(id) ON DELETE CASCADE,"
	" source INTEGER NOT NULL, name TEXT NOT NULL, addr BLOB NOT NULL,"
	" proto INTEGER NOT NULL, port INTEGER NOT NULL, since INTEGER NOT NULL,"
	" PRIMARY KEY(device, source, name, addr, proto, port)) STRICT, WITHOUT ROWID;",
	/* 15 -> 16. What was changed by the control API, and what takes it back. */
	"CREATE TABLE change("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, who TEXT NOT NULL,"
	" sentence TEXT NOT NULL, command TEXT NOT NULL, about TEXT NOT NULL,"
	" method TEXT NOT NULL, path TEXT NOT NULL, why_not TEXT NOT NULL,"
	" undoes INTEGER NOT NULL, undone_by INTEGER NOT NULL, body BLOB NOT NULL)"
	" STRICT;",
	/* 16 -> 17. Whom devices talk with, by the hour. Of hours and days as a whole there are
	 * sums, which folding touches not. */
	"CREATE TABLE talk_peer("
	" id INTEGER PRIMARY KEY,"
	" device INTEGER NOT NULL REFERENCES device(id) ON DELETE CASCADE,"
	" place INTEGER NOT NULL, name TEXT NOT NULL, key BLOB NOT NULL,"
	" proto INTEGER NOT NULL, port INTEGER NOT NULL, direction INTEGER NOT NULL,"
	" told INTEGER NOT NULL, addr BLOB, first INTEGER NOT NULL, last INTEGER NOT NULL,"
	" UNIQUE(device, place, name, key, proto, port, direction)) STRICT;"
	"CREATE TABLE talk("
	" peer INTEGER NOT NULL REFERENCES talk_peer(id) ON DELETE CASCADE,"
	" hour INTEGER NOT NULL, refused INTEGER NOT NULL, up INTEGER NOT NULL,"
	" down INTEGER NOT NULL, count INTEGER NOT NULL, last INTEGER NOT NULL,"
	" PRIMARY KEY(peer, hour, refused)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE talk_hour("
	" device INTEGER NOT NULL REFERENCES device(id) ON DELETE CASCADE,"
	" hour INTEGER NOT NULL, flags INTEGER NOT NULL, up INTEGER NOT NULL,"
	" down INTEGER NOT NULL, count INTEGER NOT NULL, refused INTEGER NOT NULL,"
	" peers INTEGER NOT NULL, fresh INTEGER NOT NULL,"
	" PRIMARY KEY(device, hour)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE talk_day("
	" device INTEGER NOT NULL REFERENCES device(id) ON DELETE CASCADE,"
	" day INTEGER NOT NULL, hours INTEGER NOT NULL, up INTEGER NOT NULL,"
	" down INTEGER NOT NULL, count INTEGER NOT NULL, refused INTEGER NOT NULL,"
	" peers INTEGER NOT NULL, fresh INTEGER NOT NULL,"
	" PRIMARY KEY(device, day)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE talk_span("
	" day INTEGER PRIMARY KEY, since INTEGER NOT NULL, hours INTEGER NOT NULL) STRICT;",
	/* 17 -> 18. Who may use the page. What opens a door stands here as its SHA-256. */
	"CREATE TABLE user("
	" name TEXT PRIMARY KEY, role INTEGER NOT NULL, key BLOB NOT NULL,"
	" since INTEGER NOT NULL, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE session("
	" id BLOB PRIMARY KEY, user TEXT NOT NULL REFERENCES user(name) ON DELETE CASCADE,"
	" since INTEGER NOT NULL, used INTEGER NOT NULL, until INTEGER NOT NULL)"
	" STRICT, WITHOUT ROWID;"
	"CREATE INDEX session_user ON session(user);"
	"CREATE TABLE token("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,"
	" role INTEGER NOT NULL, digest BLOB NOT NULL UNIQUE, by TEXT NOT NULL,"
	" since INTEGER NOT NULL, until INTEGER NOT NULL, used INTEGER NOT NULL) STRICT;",
	/* 18 -> 19. What a restore leaves to be done, and to be known by. */
	"CREATE TABLE restored("
	" name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;",
	/* 19 -> 20. The owner may say something for a while; 0: for good. */
	"ALTER TABLE overlay ADD COLUMN until INTEGER NOT NULL DEFAULT 0;",
};

#define SCHEMA_VERSION ((int)(sizeof(migrations) / sizeof(migrations[0])))

static int user_version(sqlite3 *db, int *ret)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &st, NULL);

	if (code == SQLITE_OK && (code = sqlite3_step(st)) == SQLITE_ROW) {
		*ret = sqlite3_column_int(st, 0);
		code = SQLITE_OK;
	}
	sqlite3_finalize(st);
	return store_error(code);
}

static int migrate_one(sqlite3 *db, int from)
{
	char *text = sqlite3_mprintf("BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT;",
		migrations[from], from + 1);
	int code = text ? sqlite3_exec(db, text, NULL, NULL, NULL) : SQLITE_NOMEM;

	sqlite3_free(text);
	if (code != SQLITE_OK)
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return store_error(code);
}

int store_migrate(sqlite3 *db)
{
	int version = 0, error = user_version(db, &version);

	if (!error && version > SCHEMA_VERSION)
		return CARDEA_ESTALE; /* written by a younger Cardea: hands off */
	for (; !error && version < SCHEMA_VERSION; version++)
		error = migrate_one(db, version);
	return error;
}

int store_schema_version(struct store *s)
{
	int version = 0, error = user_version(s->db, &version);

	return error ? error : version;
}
