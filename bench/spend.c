// SPDX-License-Identifier: GPL-2.0-or-later
/* spend - runs a program and says what it took. A small parent of its own, for the
 * kernel counts the memory of whoever starts a program as the program's peak.
 *
 *   bench_spend PROGRAM ARGUMENT...   -> "CPU-NANOSECONDS PEAK-KIB EXIT" on descriptor 2
 *
 * What the program itself writes is thrown away. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t nanoseconds(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 1000000000 + (uint64_t)t->tv_usec * 1000;
}

int main(int argc, char **argv)
{
	struct rusage usage;
	int status;

	if (argc < 2) {
		fprintf(stderr, "usage: bench_spend PROGRAM ARGUMENT...\n");
		return 2;
	}
	pid_t pid = fork();
	if (!pid) {
		int null = open("/dev/null", O_WRONLY);
		if (null < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
			_exit(126);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		return 2;
	fprintf(stderr, "%llu %ld %d\n",
		(unsigned long long)(nanoseconds(&usage.ru_utime) +
				     nanoseconds(&usage.ru_stime)),
		usage.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return 0;
}
