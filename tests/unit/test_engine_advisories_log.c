// SPDX-License-Identifier: GPL-2.0-or-later
/* The log of what outsiders said: it is whole after a restart, a kill and a full disk, and who
 * changes it is seen. */
#include "test_advisories_util.h"

static void it_is_all_there_after_a_restart(void **state)
{
	(void)state;
	calls(0, C2, C2_IP);
	both_accuse(DEVICE_CAM TRAFFIC_C2);
	calls(1, "x." C2, "198.51.100.67");
	says(&isp, "isp", "I-2", "limit", DEVICE_CAM ", \"traffic\": {\"domain\": \"*." C2 "\"}");
	assert_int_equal(cam(1)->hold, HOLD_LIMITED);
	engine_restart(h);
	assert_int_equal(state_of(0), LIFE_QUARANTINED);
	assert_int_equal(cam(0)->hold, HOLD_QUARANTINED);
	assert_int_equal(cam(1)->hold, HOLD_LIMITED); /* before any tick */
	advance(h, ADVISORIES_TICK_S + 1);
	verdict_is(0, ADVISORY_BLOCK, "our own traffic shows what it says");
	assert_int_equal(cam(1)->hold, HOLD_LIMITED);
	log_is_whole();
}

static void sql(const char *text)
{
	assert_int_equal(sqlite3_exec(h->store->db, text, NULL, NULL, NULL), SQLITE_OK);
}

static void broken_at(const char *change, uint32_t seq, const char *why)
{
	struct advisories_checked c;

	assert_int_equal(store_commit(h->store), 0);
	sql(change);
	engine_restart(h);
	assert_int_equal(h->p.advisories.broken, seq);
	assert_int_equal(advisories_log_verify(&h->p, &c), 0);
	assert_int_equal(c.broken, seq);
	if (!strstr(c.why, why))
		fail_msg("\"%s\" where \"%s\" was expected", c.why, why);
	assert_true(journal_has("The log of advisories was changed or damaged"));
}

static void who_changes_the_log_is_seen(void **state)
{
	(void)state;
	both_accuse(DEVICE_CAM TRAFFIC_C2);
	log_is_whole();
	broken_at("UPDATE advisory_log SET text='You let them.' WHERE seq=2", 2,
		"Entry 2 of the log is not as it was written");
}

static void who_takes_one_out_is_seen(void **state)
{
	(void)state;
	both_accuse(DEVICE_CAM TRAFFIC_C2);
	broken_at("DELETE FROM advisory_log WHERE seq=3", 3, "Entry 3 of the log is missing");
}

static void who_takes_the_end_out_is_seen(void **state)
{
	(void)state;
	both_accuse(DEVICE_CAM TRAFFIC_C2);
	uint32_t last = h->p.advisories.head.seq;
	broken_at("DELETE FROM advisory_log WHERE seq=(SELECT max(seq) FROM advisory_log)",
		last, "is missing, and all behind it");
}

/* Who is killed leaves a house in which state, log and deeds agree. */
static void killed_at_any_point_it_agrees(void **state)
{
	(void)state;
	for (int after = 0; after < 3; after++) {
		int pipes[2], status;
		pid_t child;

		assert_int_equal(pipe(pipes), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			fill_house();
			calls(0, C2, C2_IP);
			if (after > 0)
				says(&isp, "isp", "I-1", "block", DEVICE_CAM TRAFFIC_C2);
			if (after > 1)
				says(&csirt, "csirt", "C-1", "block", DEVICE_CAM TRAFFIC_C2);
			(void)!write(pipes[1], h->dir, sizeof(h->dir));
			raise(SIGKILL);
		}
		char dir[64];
		assert_int_equal(read(pipes[0], dir, sizeof(dir)), sizeof(dir));
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		close(pipes[0]);
		close(pipes[1]);
		engine_end(h);
		str_copy(h->dir, sizeof(h->dir), dir);
		engine_start(h);
		connect_all(h);
		assert_non_null(cam(0));
		assert_int_equal(h->p.advisories.count, after);
		assert_int_equal(cam(0)->hold, after == 0   ? HOLD_NONE
					       : after == 1 ? HOLD_LIMITED
							    : HOLD_QUARANTINED);
		log_is_whole();
		assert_int_equal(h->p.advisories.broken, 0);
	}
}

static void without_room_nothing_is_done_and_nothing_lost(void **state)
{
	(void)state;
	uint32_t seq;
	int error;

	calls(0, C2, C2_IP);
	assert_int_equal(store_commit(h->store), 0);
	seq = h->p.advisories.head.seq;
	sql("PRAGMA max_page_count=1"); /* as many as there are */
	for (int i = 0; i < 200; i++) { /* until no page has room left */
		char id[16];
		(void)str_print(id, sizeof(id), "I-%d", i);
		error = import_text(file_of("isp", id, "limit", DEVICE_CAM TRAFFIC_C2, 60),
			&isp, false);
		if (error)
			break;
		seq = h->p.advisories.head.seq;
	}
	assert_int_equal(error, -ENOSPC);
	assert_int_equal(h->p.advisories.head.seq, seq);
	log_is_whole();
	size_t before = h->p.advisories.count;
	sql("PRAGMA max_page_count=1000000");
	says(&csirt, "csirt", "C-1", "limit", DEVICE_CAM TRAFFIC_C2);
	assert_int_equal(h->p.advisories.count, before + 1);
	advance(h, ADVISORIES_TICK_S + 1);
	assert_int_equal(cam(0)->hold, HOLD_LIMITED);
	log_is_whole();
}

static void the_log_is_bounded_and_still_whole(void **state)
{
	(void)state;
	const struct advisories_said s = {.act = ADVISORY_ACT_REFUSED, .text = "again"};
	struct advisories_checked c;

	for (unsigned i = 0; i < ADVISORIES_LOG_MAX + 100; i++)
		assert_int_equal(advisories_log(&h->p, &s), 0);
	assert_int_equal(store_commit(h->store), 0);
	assert_int_equal(advisories_log_verify(&h->p, &c), 0);
	assert_int_equal(c.broken, 0);
	assert_int_equal(c.first, ADVISORIES_LOG_CUT + 1);
	assert_true(c.last - c.first < ADVISORIES_LOG_MAX);
	engine_restart(h);
	log_is_whole();
}

static void one_feed_does_not_push_out_others(void **state)
{
	(void)state;
	char id[16];

	for (unsigned i = 0; i <= ADVISORIES_PER_ISSUER; i++) {
		(void)str_print(id, sizeof(id), "I-%u", i);
		assert_int_equal(import_text(file_of("isp", id, "notify",
			", \"device\": {\"oui\": \"00:00:02\"}", 60), &isp, false), 0);
	}
	assert_string_equal(
		results[0].why, "its issuer has as many here as one may have");
	says(&csirt, "csirt", "C-1", "notify", DEVICE_CAM);
	verdict_is(0, ADVISORY_NOTIFY, "names no traffic");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(it_is_all_there_after_a_restart),
		T(who_changes_the_log_is_seen),
		T(who_takes_one_out_is_seen),
		T(who_takes_the_end_out_is_seen),
		T(killed_at_any_point_it_agrees),
		T(without_room_nothing_is_done_and_nothing_lost),
		T(the_log_is_bounded_and_still_whole),
		T(one_feed_does_not_push_out_others),
	};
	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
