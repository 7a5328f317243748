// SPDX-License-Identifier: GPL-2.0-or-later
/* A house goes out and comes in: what is taken and what is not, what is no house, and an end
 * at each step of the way in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "unit/test_store_util.h"

static const char settings[] = "[dns]\nrate = 150\n";
static const char digest[] = "00ff";

static int take_device(void *ctx, const struct device *d)
{
	struct fixture *f = ctx;

	if (f->count < COUNT(f->devices))
		f->devices[f->count] = *d;
	f->count++;
	return 0;
}

static int take_overlay(void *ctx, const struct overlay *o)
{
	struct fixture *f = ctx;

	(void)o;
	f->count++;
	return 0;
}

static void put_house(struct fixture *f)
{
	struct device d = sample(7);
	struct event e = {.first = T0, .last = T0, .device = 7, .kind = EVENT_GATEWAY};
	struct people_user u = {.name = "owner", .role = PEOPLE_OWNER};
	struct people_session n = {.user = "owner", .since = T0, .used = T0, .until = T0 + 9};
	struct overlay o = {.device = 7, .kind = OVERLAY_LAN_ONLY, .proto = RULE_PROTO_ANY,
		.port = {0, UINT16_MAX}};
	uint8_t key[STORE_VAULT_KEY], secret[STORE_SECRET] = "once";

	assert_int_equal(store_secret_save(f->s, "setup", secret), 0);
	assert_int_equal(store_secret_save(f->s, "salt", secret), 0);
	assert_int_equal(store_setup_show(f->s, "once"), 0);
	assert_int_equal(store_device_save(f->s, &d), 0);
	assert_int_equal(store_event_save(f->s, &e), 0);
	assert_int_equal(store_user_save(f->s, &u), 0);
	assert_int_equal(store_session_add(f->s, &n), 0);
	assert_int_equal(store_overlay_save(f->s, &o), 0);
	assert_int_equal(store_vault_key(f->s, true, key), 0);
}

/* The octets of a backup of f. */
static uint8_t *make(struct fixture *f, bool history, size_t *ret_len)
{
	struct backup_about about = {.version = "0.1", .made = T0};
	uint8_t *bytes;
	struct stat st;
	int fd = -1;

	assert_int_equal(store_backup_make(f->s, &about, settings, strlen(settings), history,
				 &fd),
		0);
	assert_int_equal(about.counts.devices, 1);
	assert_int_equal(about.counts.overlays, 1);
	assert_int_equal(about.counts.users, 1);
	assert_int_equal(about.schema, store_schema_version(f->s));
	assert_int_equal(access(path(f, "backup.db"), F_OK), -1); /* it has no name */
	assert_int_equal(fstat(fd, &st), 0);
	*ret_len = (size_t)st.st_size;
	bytes = malloc(*ret_len);
	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, *ret_len), (ssize_t)*ret_len);
	close(fd);
	return bytes;
}

static int bring(struct fixture *f, const void *bytes, size_t len, struct backup_about *about)
{
	int fd = -1;

	assert_int_equal(store_restore_open(f->s, &fd), 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	close(fd);
	return store_restore_check(f->s, digest, T0 + 5, about);
}

/* Another gateway, that never ran. */
static void become_fresh(struct fixture *f)
{
	store_close(f->s);
	f->s = NULL;
	assert_int_equal(unlink(path(f, "cardea.db")), 0);
	(void)unlink(path(f, "vault.key"));
	reopen(f);
}

static int64_t rows(struct fixture *f, const char *table)
{
	char text[80];
	sqlite3_stmt *st = NULL;
	int64_t n;

	assert_int_equal(str_print(text, sizeof(text), "SELECT count(*) FROM %s", table), 0);
	assert_int_equal(sqlite3_prepare_v2(f->s->db, text, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

static void is_the_house(struct fixture *f)
{
	uint8_t key[STORE_VAULT_KEY];
	char *text = NULL;
	size_t len = 0;

	f->count = 0;
	assert_int_equal(store_devices(f->s, take_device, f), 0);
	assert_int_equal(f->count, 1);
	assert_string_equal(f->devices[0].name, sample(7).name);
	f->count = 0;
	assert_int_equal(store_overlays(f->s, take_overlay, f), 0);
	assert_int_equal(f->count, 1);
	assert_int_equal(store_restored(f->s, "settings", &text, &len), 0);
	assert_string_equal(text, settings);
	free(text);
	assert_int_equal(store_restored(f->s, "digest", &text, &len), 0);
	assert_string_equal(text, digest);
	free(text);
	assert_int_equal(store_restored(f->s, "vault.key", &text, &len), -ENOENT);
	assert_int_equal(store_vault_key(f->s, false, key), 0);
	assert_int_equal(rows(f, "user"), 1);
	assert_int_equal(rows(f, "secret WHERE name='salt'"), 1);
	assert_int_equal(rows(f, "secret WHERE name='setup'"), 0);
	assert_int_equal(access(path(f, "setup-secret"), F_OK), -1);
	assert_int_equal(rows(f, "session"), 0);
}

static void a_house_moves(void **state)
{
	struct fixture *f = *state;
	struct backup_about about;
	uint8_t key[STORE_VAULT_KEY], there[STORE_VAULT_KEY], *bytes;
	size_t len;

	put_house(f);
	assert_int_equal(store_vault_key(f->s, false, key), 0);
	bytes = make(f, false, &len);
	become_fresh(f);
	assert_int_equal(bring(f, bytes, len, &about), 0);
	free(bytes);
	assert_int_equal(about.made, T0);
	assert_string_equal(about.version, "0.1");
	assert_int_equal(about.counts.devices, 1);
	assert_int_equal(rows(f, "device"), 0); /* not yet */
	assert_int_equal(store_restore_commit(f->s), 0);
	reopen(f);
	is_the_house(f);
	assert_int_equal(rows(f, "event"), 0);
	assert_int_equal(store_vault_key(f->s, false, there), 0);
	assert_memory_equal(key, there, sizeof(key));
	reopen(f); /* and only once */
	is_the_house(f);
	assert_int_equal(store_restored_forget(f->s, "settings"), 0);
	assert_int_equal(rows(f, "restored"), 5);
}

static void history_comes_on_request(void **state)
{
	struct fixture *f = *state;
	struct backup_about about;
	uint8_t *bytes;
	size_t len;

	put_house(f);
	bytes = make(f, true, &len);
	become_fresh(f);
	assert_int_equal(bring(f, bytes, len, &about), 0);
	assert_int_equal(store_restore_commit(f->s), 0);
	reopen(f);
	assert_int_equal(rows(f, "event"), 1);
	assert_int_equal(rows(f, "session"), 0);
	free(bytes);
}

static int count_changes(void *ctx, enum backup_change what, const char *a, const char *b)
{
	unsigned *n = ctx;

	n[what]++;
	if (what == BACKUP_RENAMED) {
		assert_string_equal(a, "other");
		assert_string_equal(b, sample(7).name);
	}
	return 0;
}

static void what_would_change_is_told(void **state)
{
	struct fixture *f = *state;
	struct device renamed = sample(7), more = sample(8);
	unsigned n[BACKUP_CHANGE_MAX] = {0};
	struct backup_about about;
	char *text = NULL;
	uint8_t *bytes;
	size_t len;

	put_house(f);
	bytes = make(f, false, &len);
	str_copy(renamed.name, sizeof(renamed.name), "other");
	assert_int_equal(store_device_save(f->s, &renamed), 0);
	assert_int_equal(store_device_save(f->s, &more), 0);
	assert_int_equal(bring(f, bytes, len, &about), 0);
	assert_int_equal(store_restore_compare(f->s, count_changes, n), 0);
	assert_int_equal(n[BACKUP_COMES], 0);
	assert_int_equal(n[BACKUP_GOES], 1);
	assert_int_equal(n[BACKUP_RENAMED], 1);
	assert_int_equal(store_restore_settings(f->s, &text, &len), 0);
	assert_string_equal(text, settings);
	free(text);
	store_restore_drop(f->s);
	assert_int_equal(store_restore_commit(f->s), -ENOENT);
	reopen(f);
	assert_int_equal(rows(f, "device"), 2);
	free(bytes);
}

/* ---- what is no house ---- */

static int bring_altered(struct fixture *f, const uint8_t *bytes, size_t len, const char *sql)
{
	struct backup_about about;
	sqlite3 *db;
	int fd = -1;

	assert_int_equal(store_restore_open(f->s, &fd), 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	close(fd);
	assert_int_equal(sqlite3_open(path(f, "restore.part"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	return store_restore_check(f->s, digest, T0, &about);
}

static void what_is_none_is_refused(void **state)
{
	static const char *const malformed[] = {
		"CREATE TRIGGER t AFTER INSERT ON device BEGIN DELETE FROM device; END",
		("DROP TABLE pin; CREATE VIEW pin AS SELECT 'a' AS root, 'b' AS signer, "
		 "'c' AS signer_key, 4 AS since"),
		"ALTER TABLE device ADD COLUMN more TEXT", "DROP TABLE overlay",
		"ALTER TABLE device ADD COLUMN g TEXT AS (hex(name)) VIRTUAL",
		"PRAGMA foreign_keys=OFF; UPDATE overlay SET device=99",
		"PRAGMA application_id=7", "PRAGMA user_version=18",
		"DELETE FROM restored WHERE name='settings'",
		"UPDATE restored SET value=zeroblob(70000) WHERE name='settings'",
		"UPDATE restored SET value=CAST('x' AS BLOB) WHERE name='made'",
		"UPDATE restored SET value=x'00' WHERE name='vault.key'",
		"CREATE VIRTUAL TABLE v USING fts5(a)"};
	struct fixture *f = *state;
	struct backup_about about;
	uint8_t *bytes;
	size_t len;

	put_house(f);
	bytes = make(f, false, &len);
	for (size_t i = 0; i < COUNT(malformed); i++)
		assert_int_equal(
			bring_altered(f, bytes, len, malformed[i]), CARDEA_EMALFORMED);
	assert_int_equal(bring_altered(f, bytes, len, "PRAGMA user_version=9999"), CARDEA_ESTALE);
	assert_int_equal(bring(f, bytes, len / 2, &about), CARDEA_EMALFORMED);
	assert_int_equal(bring(f, "hello", 5, &about), CARDEA_EMALFORMED);
	assert_int_equal(bring(f, "", 0, &about), CARDEA_EMALFORMED);
	assert_int_equal(access(path(f, "restore.new"), F_OK), -1);
	assert_int_equal(access(path(f, "restore.part"), F_OK), -1);
	reopen(f);
	assert_int_equal(rows(f, "device"), 1);
	free(bytes);
}

static void damage_is_never_taken(void **state)
{
	struct fixture *f = *state;
	struct backup_about about;
	uint8_t *bytes;
	size_t len;

	put_house(f);
	bytes = make(f, false, &len);
	for (size_t at = 0; at < len; at += 1009) {
		int error;

		bytes[at] ^= 0x55;
		error = bring(f, bytes, len, &about);
		/* unused octets of a page say nothing */
		assert_true(error == 0 || error == CARDEA_EMALFORMED || error == CARDEA_ESTALE);
		bytes[at] ^= 0x55;
	}
	store_restore_drop(f->s);
	assert_int_equal(rows(f, "device"), 1);
	free(bytes);
}

/* ---- an end in the middle ---- */

static void an_end_at_each_step(void **state)
{
	struct fixture *f = *state;
	struct device other = sample(9);
	struct backup_about about;
	uint8_t *bytes;
	size_t len;

	put_house(f);
	bytes = make(f, false, &len);
	for (unsigned step = 0; step < 4; step++) {
		become_fresh(f);
		assert_int_equal(store_device_save(f->s, &other), 0);
		assert_int_equal(store_commit(f->s), 0);
		pid_t pid = fork();
		if (pid == 0) { /* ends as by kill -9: nothing is closed */
			int fd;

			if (step == 0 && store_restore_open(f->s, &fd) == 0)
				(void)!write(fd, bytes, len / 2);
			if (step > 0 && bring(f, bytes, len, &about))
				_exit(1);
			if (step > 1 && store_restore_commit(f->s))
				_exit(1);
			/* the way of store_open, cut off behind the old log */
			if (step > 2 && (unlink(path(f, "cardea.db-wal")) ||
						unlink(path(f, "cardea.db-shm"))))
				_exit(1);
			_exit(0);
		}
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		reopen(f);
		assert_false(f->damaged);
		if (step < 2)
			assert_int_equal(rows(f, "overlay"), 0);
		else
			is_the_house(f);
		assert_int_equal(rows(f, "device"), 1);
		assert_int_equal(access(path(f, "restore.db"), F_OK), -1);
		assert_int_equal(access(path(f, "restore.new"), F_OK), -1);
		assert_int_equal(access(path(f, "restore.part"), F_OK), -1);
	}
	free(bytes);
}

/* ---- what was replaced ---- */

static void keep(struct fixture *f, int64_t second)
{
	struct backup_about about = {.version = "0.1", .made = T0 + second * NS_PER_SEC};

	assert_int_equal(store_keep(f->s, &about, settings, strlen(settings)), 0);
}

static void a_few_houses_are_kept(void **state)
{
	struct backup_about kept[STORE_KEPT_MAX], about;
	struct fixture *f = *state;
	struct device more = sample(8);
	struct stat st;
	uint8_t *bytes;
	int fd = -1;

	put_house(f);
	assert_int_equal(store_kept(f->s, kept), 0);
	for (int64_t i = 0; i < 5; i++) {
		keep(f, i);
		assert_int_equal(store_kept(f->s, kept), i < 3 ? i + 1 : STORE_KEPT_MAX);
		assert_int_equal(kept[0].made, T0 + i * NS_PER_SEC);
		assert_string_equal(kept[0].version, "0.1");
		assert_int_equal(kept[0].counts.devices, i < 3 ? 1 : 2);
		if (i == 2)
			assert_int_equal(store_device_save(f->s, &more), 0);
	}
	assert_int_equal(kept[2].made, T0 + 2 * NS_PER_SEC);
	assert_int_equal(store_kept_open(f->s, T0 + NS_PER_SEC, &fd), -ENOENT);
	/* one that is damaged is none, and its place is used first */
	assert_int_equal(truncate(path(f, "kept-0.db"), 100), 0);
	assert_int_equal(store_kept(f->s, kept), 2);
	keep(f, 9);
	assert_int_equal(store_kept(f->s, kept), 3);
	/* and it is a backup, with what was recorded */
	assert_int_equal(store_kept_open(f->s, T0 + 2 * NS_PER_SEC, &fd), 0);
	assert_int_equal(fstat(fd, &st), 0);
	bytes = malloc((size_t)st.st_size);
	assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
	close(fd);
	become_fresh(f);
	assert_int_equal(bring(f, bytes, (size_t)st.st_size, &about), 0);
	free(bytes);
	assert_int_equal(store_restore_commit(f->s), 0);
	reopen(f);
	is_the_house(f);
	assert_int_equal(rows(f, "event"), 1);
	assert_int_equal(store_kept(f->s, kept), 3);
}

/* Ended while it is written: those that were kept before are there. */
static void an_end_while_keeping(void **state)
{
	struct backup_about kept[STORE_KEPT_MAX];
	struct fixture *f = *state;
	FILE *half;

	put_house(f);
	keep(f, 1);
	half = fopen(path(f, "kept.part"), "w");
	assert_non_null(half);
	fputs("SQLite", half);
	fclose(half);
	reopen(f);
	assert_int_equal(access(path(f, "kept.part"), F_OK), -1);
	assert_int_equal(store_kept(f->s, kept), 1);
	assert_int_equal(kept[0].made, T0 + NS_PER_SEC);
	keep(f, 2);
	assert_int_equal(store_kept(f->s, kept), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_house_moves, setup, teardown),
		cmocka_unit_test_setup_teardown(history_comes_on_request, setup, teardown),
		cmocka_unit_test_setup_teardown(what_would_change_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_none_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(damage_is_never_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(an_end_at_each_step, setup, teardown),
		cmocka_unit_test_setup_teardown(a_few_houses_are_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(an_end_while_keeping, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
