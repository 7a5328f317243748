// SPDX-License-Identifier: GPL-2.0-or-later
/* Configurations, sealed; and a device that takes another's place. */
#include "test_engine_util.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "engine/held.h"
#include "engine/replace.h"
#include "engine/vault.h"
#include "store/store_priv.h"

#define OLD "02:00:00:00:00:10"
#define NEW "02:00:00:00:00:11"
#define HUB "02:00:00:00:00:12"

static struct house *h;
static struct replace_report report;
static char key_path[128];

static struct device *old(void)
{
	return device_of(h, OLD);
}

static struct device *new(void)
{
	return device_of(h, NEW);
}

static int setup(void **state)
{
	(void)state;
	h = house_new();
	assert_int_equal(str_print(key_path, sizeof(key_path), "%s/vault.key", h->dir), 0);
	see_addr(h, OLD, "192.168.7.20", ADDR_SOURCE_DHCP4, 864000);
	see_dhcp(h, OLD, "lamp", URL_A);
	send_profile(h, got(h, ROLE_COURIER, MESSAGE_FETCH, 0)->fetch.id, 443, 1);
	see_addr(h, NEW, "192.168.7.21", ADDR_SOURCE_DHCP4, 864000);
	see_dhcp(h, NEW, "lamp", URL_A);
	see_addr(h, HUB, "192.168.7.22", ADDR_SOURCE_DHCP4, 864000);
	see_dhcp(h, HUB, "hub", "");
	advance(h, 2);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(key_path);
	house_free(h);
	return 0;
}

/* ---- the vault ---- */

static uint32_t put(struct device *d, const char *text)
{
	uint32_t version = 0;

	assert_int_equal(vault_put(&h->p, d, "export.bin", (const uint8_t *)text,
				 strlen(text), &version), 0);
	return version;
}

static void is_there(struct device *d, uint32_t version, const char *text)
{
	struct store_vault v;
	uint8_t *bytes;
	size_t len;

	assert_int_equal(vault_get(&h->p, d, version, &bytes, &len, &v), 0);
	assert_int_equal(len, strlen(text));
	assert_memory_equal(bytes, text, len);
	assert_string_equal(v.name, "export.bin");
	free(bytes);
}

static int fetch(struct device *d, uint32_t version)
{
	struct store_vault v;
	uint8_t *bytes = NULL;
	size_t len;
	int error = vault_get(&h->p, d, version, &bytes, &len, &v);

	free(bytes);
	return error;
}

static void versions_come_back(void **state)
{
	(void)state;
	struct stat st;

	assert_int_equal(fetch(old(), 0), -ENOENT);
	assert_int_equal(put(old(), "wifi=secret"), 1);
	assert_int_equal(put(old(), "wifi=other"), 2);
	assert_int_equal(stat(key_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	engine_restart(h);
	is_there(old(), 1, "wifi=secret");
	is_there(old(), 0, "wifi=other");
	assert_int_equal(fetch(old(), 9), -ENOENT);
	assert_int_equal(fetch(new(), 0), -ENOENT);
	assert_int_equal(vault_remove(&h->p, old(), 2), 0);
	assert_int_equal(vault_remove(&h->p, old(), 2), -ENOENT);
	is_there(old(), 0, "wifi=secret");
}

/* Neither the database nor its log has what was put in. */
static bool file_has(const char *name, const char *words)
{
	static char data[4 << 20];
	char path[160];
	ssize_t n;
	int fd;

	assert_int_equal(str_print(path, sizeof(path), "%s/%s", h->dir, name), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, data, sizeof(data));
	close(fd);
	assert_true(n > 0 && n < (ssize_t)sizeof(data));
	return memmem(data, (size_t)n, words, strlen(words)) != NULL;
}

static void nothing_lies_open(void **state)
{
	(void)state;
	put(old(), "passphrase=correct horse battery staple");
	assert_true(file_has("cardea.db-wal", "export.bin"));
	assert_false(file_has("cardea.db", "correct horse"));
	assert_false(file_has("cardea.db-wal", "correct horse"));
}

static void sql(const char *text)
{
	assert_int_equal(store_commit(h->store), 0);
	assert_int_equal(sqlite3_exec(h->store->db, text, NULL, NULL, NULL), SQLITE_OK);
}

static void what_was_changed_is_not_given_out(void **state)
{
	(void)state;
	char text[160];

	put(old(), "one");
	put(old(), "two");
	/* a bit of it; another name; another version; another device's */
	sql("UPDATE vault SET sealed=zeroblob(19) WHERE version=1");
	assert_int_equal(fetch(old(), 1), CARDEA_ESIGNATURE);
	is_there(old(), 2, "two");
	sql("UPDATE vault SET name='firmware.bin' WHERE version=2");
	assert_int_equal(fetch(old(), 2), CARDEA_ESIGNATURE);
	sql("UPDATE vault SET name='export.bin', version=7 WHERE version=2");
	assert_int_equal(fetch(old(), 7), CARDEA_ESIGNATURE);
	(void)str_print(text, sizeof(text),
		"UPDATE vault SET version=2, device=%u WHERE version=7", new()->id);
	sql(text);
	assert_int_equal(fetch(new(), 2), CARDEA_ESIGNATURE);
}

static void without_its_key_it_says_so(void **state)
{
	(void)state;
	uint32_t version;
	int fd;

	struct decision q = {.kind = DECISION_PORT, .text = "a question of others"};

	put(old(), "one");
	assert_int_equal(chmod(key_path, 0644), 0);
	assert_int_equal(fetch(old(), 0), -ENOKEY); /* others may have read it */
	assert_int_equal(unlink(key_path), 0);
	assert_int_equal(fetch(old(), 0), -ENOKEY);
	assert_int_equal(store_decision_save(h->store, &q), 0);
	assert_int_equal(vault_put(&h->p, old(), "x", (const uint8_t *)"x", 1, &version),
		-ENOKEY);
	/* what others wrote is theirs */
	assert_int_equal(store_decision_find(h->store, q.id, &q), 0);
	assert_int_equal(access(key_path, F_OK), -1); /* none in its place */
	fd = open(key_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "0123456789abcdef0123456789abcdef", 32), 32);
	close(fd);
	assert_int_equal(fetch(old(), 0), CARDEA_ESIGNATURE); /* another key */
}

static int count_one(void *ctx, const struct store_vault *v)
{
	(void)v;
	++*(unsigned *)ctx;
	return 0;
}

static void it_is_bounded(void **state)
{
	(void)state;
	static uint8_t big[VAULT_BYTES_MAX + 1];
	unsigned count = 0;
	uint32_t version = 0;

	assert_int_equal(
		vault_put(&h->p, old(), "x", big, sizeof(big), &version), CARDEA_ELIMIT);
	assert_int_equal(vault_put(&h->p, old(), "x", big, 0, &version), CARDEA_EMALFORMED);
	assert_int_equal(vault_put(&h->p, old(), "", big, 1, &version), CARDEA_EMALFORMED);
	assert_int_equal(
		vault_put(&h->p, old(), "a\x1b", big, 1, &version), CARDEA_EMALFORMED);
	for (unsigned i = 0; i < VAULT_VERSIONS + 3; i++)
		assert_int_equal(put(old(), "x"), i + 1);
	assert_int_equal(vault_list(&h->p, old(), count_one, &count), 0);
	assert_int_equal(count, VAULT_VERSIONS);
	assert_int_equal(fetch(old(), 3), -ENOENT);
	is_there(old(), 4, "x");
	assert_int_equal(vault_put(&h->p, new(), "x", big, VAULT_BYTES_MAX, &version), 0);
}

static void without_room_nothing_is_lost(void **state)
{
	(void)state;
	static uint8_t big[VAULT_BYTES_MAX];
	uint32_t version = 0;

	put(old(), "one");
	sql("PRAGMA max_page_count=1");
	assert_int_equal(
		vault_put(&h->p, old(), "x", big, sizeof(big), &version), -ENOSPC);
	is_there(old(), 0, "one");
	sql("PRAGMA max_page_count=1000000");
	assert_int_equal(put(old(), "two"), 2);
}

/* ---- places ---- */

static bool told(bool carried, const char *words)
{
	for (size_t i = 0; i < report.count; i++)
		if (report.said[i].carried == carried && strstr(report.said[i].text, words))
			return true;
	for (size_t i = 0; i < report.count; i++)
		fprintf(stderr, "%c %s\n", report.said[i].carried ? '+' : '-',
			report.said[i].text);
	return false;
}

static void dress(void)
{
	struct overlay o = {.kind = OVERLAY_REFUSE, .proto = RULE_PROTO_ANY,
		.port = {0, UINT16_MAX}};
	struct update_host u = {.source = UPDATE_OWNER};

	assert_int_equal(inventory_rename(h->p.inventory, old(), "Hall lamp"), 0);
	old()->class = DEVICE_CLASS_LIGHT;
	pipeline_confirm(&h->p, old(), true);
	assert_true(overlay_peer_parse("ads.example", &o.peer));
	assert_int_equal(pipeline_overlay_add(&h->p, old(), &o), 0);
	assert_int_equal(classes_map(&h->p, old()->id, "my-controller", HUB), 0);
	assert_true(update_host_parse("fw.example.com:443", &u));
	u.source = UPDATE_OWNER;
	assert_int_equal(pipeline_update_host_add(&h->p, old(), &u), 0);
	put(old(), "config");
	spin(h);
}

static void the_new_one_gets_what_was_said(void **state)
{
	(void)state;
	const struct household_device *hd;

	dress();
	assert_int_equal(replace_device(&h->p, old(), new(), true, false, &report), 0);
	assert_true(told(true, "name: Hall lamp"));
	assert_string_equal(old()->name, "Hall lamp"); /* a look changes nothing */
	assert_int_equal(pipeline_life_of(&h->p, old())->state, LIFE_PROTECTED);
	assert_int_equal(fetch(new(), 0), -ENOENT);
	assert_int_equal(replace_device(&h->p, old(), new(), false, false, &report), 0);
	assert_string_equal(report.recognised, "both say the same MUD URL");
	assert_true(told(true, "name: Hall lamp"));
	assert_true(told(true, "class: light"));
	assert_true(told(true, "your word for what its MUD URL says"));
	assert_true(told(true, "what you said: refuse ads.example"));
	assert_true(told(true, "controller: my-controller of it"));
	assert_true(told(true, "update host: fw.example.com (TCP 443)"));
	assert_true(told(true, "its vault: 1 version"));
	assert_true(told(true, "the old one is retired"));
	assert_true(told(false, "its keys"));
	assert_true(told(false, "what was learned"));
	assert_string_equal(new()->name, "Hall lamp");
	assert_string_equal(old()->name, "Hall lamp (old)");
	assert_int_equal(new()->class, DEVICE_CLASS_LIGHT);
	assert_true(new()->confirmed);
	hd = household_device(&h->p.household, new()->id);
	assert_int_equal(hd->overlay_count, 1);
	assert_int_equal(hd->update_count, 1);
	assert_true(classes_is_mapped(&h->p.classes, new()->id, "my-controller"));
	is_there(new(), 0, "config");
	assert_int_equal(pipeline_life_of(&h->p, old())->state, LIFE_RETIRED);
	assert_int_equal(old()->hold, HOLD_REFUSED);
	assert_false(learner_is_on(&h->p.learner, old()));
	engine_restart(h);
	assert_string_equal(new()->name, "Hall lamp");
	is_there(new(), 0, "config");
	assert_int_equal(old()->hold, HOLD_REFUSED);
}

static int die_after(void *left, sqlite3 *db, const char *name, int pages)
{
	(void)db;
	(void)name;
	(void)pages;
	if (--*(unsigned *)left == 0)
		kill(getpid(), SIGKILL);
	return SQLITE_OK;
}

/* Killed after so many commits; false: it came to its end. */
static bool killed_replacing(unsigned commits)
{
	int status;
	pid_t pid;

	engine_end(h);
	pid = fork();
	if (pid == 0) {
		engine_start(h);
		connect_all(h);
		sqlite3_wal_hook(h->store->db, die_after, &commits);
		if (replace_device(&h->p, old(), new(), false, false, &report))
			abort();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL
					: WEXITSTATUS(status) == 0);
	engine_start(h);
	for (size_t i = 0; i < ROLE_MAX; i++)
		h->far[i].count = 0;
	connect_all(h);
	return WIFSIGNALED(status);
}

/* Wherever it ended: said again, it goes on, and nothing is carried over twice. */
static void killed_in_the_middle_it_goes_on(void **state)
{
	const struct household_device *hd;
	bool killed = true;

	for (unsigned commits = 1; killed; commits++) {
		dress();
		put(old(), "two");
		put(old(), "three");
		killed = killed_replacing(commits);
		assert_int_equal(
			replace_device(&h->p, old(), new(), false, false, &report), 0);
		assert_string_equal(new()->name, "Hall lamp");
		assert_string_equal(old()->name, "Hall lamp (old)");
		assert_int_equal(new()->class, DEVICE_CLASS_LIGHT);
		hd = household_device(&h->p.household, new()->id);
		assert_int_equal(hd->overlay_count, 1);
		assert_int_equal(hd->update_count, 1);
		is_there(new(), 1, "config");
		is_there(new(), 2, "two");
		is_there(new(), 3, "three");
		assert_int_equal(fetch(new(), 4), -ENOENT);
		assert_int_equal(pipeline_life_of(&h->p, old())->state, LIFE_RETIRED);
		assert_true(commits < 50);
		assert_int_equal(teardown(state), 0);
		assert_int_equal(setup(state), 0);
	}
}

/* As the undo line says. */
static void and_back_again(void **state)
{
	(void)state;
	char why[LIMIT_TEXT];

	dress();
	assert_int_equal(replace_device(&h->p, old(), new(), false, false, &report), 0);
	assert_int_equal(
		replace_device(&h->p, new(), old(), false, true, &report), CARDEA_EREFUSED);
	assert_non_null(strstr(report.recognised, "readmit it first"));
	assert_true(replace_readmit(&h->p, old(), false, why));
	assert_false(replace_readmit(&h->p, old(), false, why));
	assert_true(learner_is_on(&h->p.learner, old()));
	assert_int_equal(replace_device(&h->p, new(), old(), false, true, &report), 0);
	assert_string_equal(old()->name, "Hall lamp");
	assert_int_equal(household_device(&h->p.household, old()->id)->overlay_count, 1);
	assert_int_equal(pipeline_life_of(&h->p, new())->state, LIFE_RETIRED);
}

static void who_is_another_is_not_taken_for_it(void **state)
{
	(void)state;
	dress();
	assert_int_equal(replace_device(&h->p, old(), device_of(h, HUB), true, false, &report),
		CARDEA_EREFUSED);
	assert_non_null(strstr(report.recognised, "nothing shows that it has the same part"));
	device_of(h, HUB)->class = DEVICE_CLASS_LIGHT;
	assert_int_equal(
		replace_device(&h->p, old(), device_of(h, HUB), true, false, &report), 0);
	assert_string_equal(report.recognised, "both are for the same: light");
	assert_true(told(false, "it says another"));
	str_copy(new()->mud_url, LIMIT_URL, "https://rival.example/lamp.json");
	assert_int_equal(
		replace_device(&h->p, old(), new(), true, false, &report), CARDEA_EREFUSED);
	assert_non_null(strstr(report.recognised, "different MUD URLs"));
	assert_int_equal(replace_device(&h->p, old(), new(), true, true, &report), 0);
	assert_int_equal(
		replace_device(&h->p, old(), old(), true, true, &report), CARDEA_EREFUSED);
	assert_int_equal(pipeline_quarantine(&h->p, new(), "it scans"), 0);
	assert_int_equal(
		replace_device(&h->p, old(), new(), false, true, &report), CARDEA_EREFUSED);
	assert_non_null(strstr(report.recognised, "the new one is held"));
	assert_string_equal(old()->name, "Hall lamp");
}

static void a_device_retires_nobody(void **state)
{
	(void)state;
	char why[LIMIT_TEXT];

	assert_false(replace_retire(&h->p, old(), true, why));
	assert_non_null(strstr(why, "has no say"));
	assert_true(replace_retire(&h->p, old(), false, why));
	assert_false(replace_retire(&h->p, old(), false, why));
	assert_false(learner_is_on(&h->p.learner, old()));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(versions_come_back),
		T(nothing_lies_open),
		T(what_was_changed_is_not_given_out),
		T(without_its_key_it_says_so),
		T(it_is_bounded),
		T(without_room_nothing_is_lost),
		T(the_new_one_gets_what_was_said),
		T(killed_in_the_middle_it_goes_on),
		T(and_back_again),
		T(who_is_another_is_not_taken_for_it),
		T(a_device_retires_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
