// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* Pieces of a pipe are one whole. */
#include "test_wire_util.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/fd.h"

#define MANY (1U << 20) /* more than a pipe holds: neither side can do it at once */

static uint8_t sent[MANY], had[MANY];

static void all_goes_through_a_pipe(void **state)
{
	int fds[2], status;

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		sent[i] = (uint8_t)(i * 7 + i / 256);
	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	if (pid == 0)
		_exit(fd_write_all(fds[1], sent, MANY) != 0);
	close(fds[1]);
	assert_int_equal(fd_read_all(fds[0], had, MANY - 1), MANY - 1);
	assert_memory_equal(had, sent, MANY - 1);
	assert_int_equal(fd_read_all(fds[0], had, MANY), 1); /* and there it ends */
	assert_int_equal(fd_read_all(fds[0], had, MANY), 0);
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void faults_are_told(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(fd_read_all(-1, had, 1), -EBADF);
	assert_int_equal(fd_write_all(-1, sent, 1), -EBADF);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	assert_int_equal(fd_write_all(fds[1], sent, 1), -EPIPE);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_goes_through_a_pipe),
		cmocka_unit_test(faults_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
