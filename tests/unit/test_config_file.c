// SPDX-License-Identifier: GPL-2.0-or-later
/* The owner's file on the disk: at every moment it is one of the two, whole, and the way
 * back leads to the one before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"
#include "engine/config/config.h"
#include "engine/config/file.h"

#define OLD "# old\n[dns]\nrate = 1\n"
#define NEW "# new, and longer\n[dns]\nrate = 2\n"

static char folder[] = "/tmp/test-config-file-XXXXXX";
static char path[128], before[CONFIG_BESIDE_MAX], kept[128];

static void put(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0640);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void has(const char *name, const char *text)
{
	char error[CONFIG_ERROR_MAX], *got;
	size_t len;

	assert_int_equal(config_read(name, &got, &len, error), 0);
	assert_int_equal(len, strlen(text));
	assert_memory_equal(got, text, len);
	free(got);
}

static bool is_there(const char *name)
{
	return access(name, F_OK) == 0;
}

static int begin(void **state)
{
	(void)state;
	(void)str_copy(folder + sizeof(folder) - 7, 7, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(str_print(path, sizeof(path), "%s/c.toml", folder), 0);
	assert_int_equal(str_print(kept, sizeof(kept), "%s/c.toml.rolled-back", folder), 0);
	config_file_before(path, before);
	put(path, OLD);
	return 0;
}

static int end(void **state)
{
	char temporary[128];

	(void)state;
	assert_int_equal(str_print(temporary, sizeof(temporary), "%s.new", path), 0);
	assert_false(is_there(temporary));
	(void)unlink(path);
	(void)unlink(before);
	(void)unlink(kept);
	return rmdir(folder);
}

static void replaced_for_good(void **state)
{
	(void)state;
	struct stat st;

	assert_int_equal(chmod(path, 0604), 0);
	assert_int_equal(config_file_replace(path, NEW, strlen(NEW), false), 0);
	has(path, NEW);
	assert_false(config_file_waits(path));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0604);
}

static void waits_and_is_confirmed(void **state)
{
	(void)state;
	assert_int_equal(config_file_replace(path, NEW, strlen(NEW), true), 0);
	assert_true(config_file_waits(path));
	has(path, NEW);
	has(before, OLD);
	assert_int_equal(config_file_confirm(path), 0);
	assert_false(config_file_waits(path));
	has(path, NEW);
	assert_int_equal(config_file_confirm(path), -ENOENT);
	assert_int_equal(config_file_rollback(path), -ENOENT);
	has(path, NEW);
}

static void waits_and_comes_back(void **state)
{
	(void)state;
	struct stat st;

	assert_int_equal(chmod(path, 0600), 0);
	put(kept, "of an earlier time");
	assert_int_equal(config_file_replace(path, NEW, strlen(NEW), true), 0);
	assert_int_equal(config_file_rollback(path), 0);
	has(path, OLD);
	has(kept, NEW);
	assert_false(config_file_waits(path));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* The machine went down behind any of the steps: the next start asks config_file_waits and
 * goes back, or there is nothing to go back from. */
static void cut_short_anywhere(void **state)
{
	(void)state;
	char temporary[128];

	assert_int_equal(str_print(temporary, sizeof(temporary), "%s.new", path), 0);
	/* while the copy was written */
	put(temporary, "# ol");
	assert_false(config_file_waits(path));
	has(path, OLD);
	/* behind it */
	put(before, OLD);
	assert_true(config_file_waits(path));
	assert_int_equal(config_file_rollback(path), 0);
	has(path, OLD);
	/* while the new one was written: what is left of it is in nobody's way */
	put(before, OLD);
	put(temporary, "# ne");
	assert_int_equal(config_file_rollback(path), 0);
	has(path, OLD);
	assert_int_equal(config_file_replace(path, NEW, strlen(NEW), true), 0);
	has(path, NEW);
	has(before, OLD);
}

static void what_cannot_be_written_changes_nothing(void **state)
{
	(void)state;
	char far[CONFIG_PATH_MAX + 8], temporary[128];
	struct config_file_seen seen, again;

	assert_int_equal(config_file_look(path, &seen), 0);
	/* a folder stands where the new one would be written */
	assert_int_equal(str_print(temporary, sizeof(temporary), "%s.new", path), 0);
	assert_int_equal(mkdir(temporary, 0700), 0);
	assert_int_not_equal(config_file_replace(path, NEW, strlen(NEW), true), 0);
	assert_int_equal(rmdir(temporary), 0);
	has(path, OLD);
	assert_false(config_file_waits(path));
	assert_int_equal(config_file_look(path, &again), 0);
	assert_memory_equal(&seen, &again, sizeof(seen));
	/* somebody put a link there: it is not followed */
	assert_int_equal(symlink(kept, temporary), 0);
	assert_int_equal(config_file_replace(path, NEW, strlen(NEW), false), 0);
	assert_false(is_there(kept));
	has(path, NEW);
	memset(far, 'a', sizeof(far) - 1);
	far[sizeof(far) - 1] = 0;
	assert_int_equal(config_file_replace(far, NEW, strlen(NEW), true), -ENAMETOOLONG);
	assert_int_equal(config_file_look("/tmp/there/is/none", &again), -ENOENT);
}

static void a_hand_is_seen(void **state)
{
	(void)state;
	struct config_file_seen seen, again;

	assert_int_equal(config_file_look(path, &seen), 0);
	assert_int_equal(config_file_look(path, &again), 0);
	assert_memory_equal(&seen, &again, sizeof(seen));
	put(path, OLD "# more\n");
	assert_int_equal(config_file_look(path, &again), 0);
	assert_memory_not_equal(&seen, &again, sizeof(seen));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(replaced_for_good, begin, end),
		cmocka_unit_test_setup_teardown(waits_and_is_confirmed, begin, end),
		cmocka_unit_test_setup_teardown(waits_and_comes_back, begin, end),
		cmocka_unit_test_setup_teardown(cut_short_anywhere, begin, end),
		cmocka_unit_test_setup_teardown(
			what_cannot_be_written_changes_nothing, begin, end),
		cmocka_unit_test_setup_teardown(a_hand_is_seen, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
