// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* What a sandboxed process can still do, tried by real child processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include "base/sandbox.h"
#include "base/str.h"

#define NOBODY 65534
#define ENTER_FAILED 99

/* Runs probe in a child inside the sandbox; its wait status. A probe returns 0, or the
 * number of the check that failed. Children leave with _exit, so that no exit handler
 * runs under the filter. */
static int run_inside(const struct sandbox *s, int (*probe)(unsigned layers))
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		unsigned layers = 0;
		const gid_t extra = NOBODY - 1;
		/* a supplementary group, for the sandbox to take away */
		if (geteuid() == 0 && setgroups(1, &extra))
			_exit(ENTER_FAILED);
		_exit(sandbox_enter(s, &layers) ? ENTER_FAILED : probe(layers));
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void assert_passes(const struct sandbox *s, int (*probe)(unsigned layers))
{
	int status = run_inside(s, probe);

	if (WIFSIGNALED(status))
		fail_msg("killed by signal %d", WTERMSIG(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void assert_dies(const struct sandbox *s, int (*probe)(unsigned layers))
{
	int status = run_inside(s, probe);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

static void skip_unless_root(const char *name)
{
	if (geteuid() == 0)
		return;
	print_message("SKIP %s: needs root\n", name);
	skip();
}

static int probe_layers(unsigned layers)
{
	unsigned must = SANDBOX_LAYER_RLIMIT | SANDBOX_LAYER_NO_NEW_PRIVS |
			SANDBOX_LAYER_SECCOMP;

	if ((layers & must) != must)
		return 1;
	if (layers & (SANDBOX_LAYER_CHROOT | SANDBOX_LAYER_UID))
		return 2;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 3;
	/* 2: SECCOMP_MODE_FILTER */
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2 ? 0 : 4;
}

static void test_layers_without_root(void **state)
{
	(void)state;
	assert_passes(&(struct sandbox){0}, probe_layers);
}

static int probe_limits(unsigned layers)
{
	struct rlimit r;

	(void)layers;
	if (getrlimit(RLIMIT_CORE, &r) || r.rlim_cur || r.rlim_max)
		return 1;
	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_max != 20)
		return 2;
	if (getrlimit(RLIMIT_DATA, &r) || r.rlim_max != (rlim_t)1 << 46)
		return 3;
	r.rlim_cur = r.rlim_max = 10;
	return setrlimit(RLIMIT_NOFILE, &r) == 0 ? 4 : 0;
}

static void test_limits(void **state)
{
	(void)state;
	struct sandbox s = {.files_max = 20, .memory_max = (size_t)1 << 46};
	assert_passes(&s, probe_limits);
}

static int probe_exec(unsigned layers)
{
	char *const argv[] = {"true", NULL};

	(void)layers;
	execv("/bin/true", argv);
	return 1;
}

static int probe_ptrace(unsigned layers)
{
	(void)layers;
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) ? 1 : 2;
}

static int probe_unshare(unsigned layers)
{
	(void)layers;
	return syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */) ? 1 : 2;
}

static void test_dangerous_calls_kill(void **state)
{
	(void)state;
	struct sandbox s = {.allow = SANDBOX_FILES | SANDBOX_INET | SANDBOX_THREADS |
				     SANDBOX_NETLINK};
	assert_dies(&s, probe_exec);
	assert_dies(&s, probe_ptrace);
	assert_dies(&s, probe_unshare);
}

static int probe_bare(unsigned layers)
{
	int sv[2];
	struct stat st;
	char byte = 1;

	(void)layers;
	if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EPERM)
		return 1;
	if (socket(AF_INET, SOCK_DGRAM, 0) >= 0 || errno != EPERM)
		return 2;
	if (socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER) >= 0 || errno != EPERM)
		return 3;
	if (fork() >= 0)
		return 4;
	if (kill(getppid(), 0) == 0)
		return 5;
	/* and what stays possible */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sv) || write(sv[0], &byte, 1) != 1 ||
		read(sv[1], &byte, 1) != 1 || fstat(sv[0], &st))
		return 6;
	void *m = mmap(
		NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (m == MAP_FAILED)
		return 7;
	return mprotect(m, 4096, PROT_READ | PROT_EXEC) == 0 ? 8 : 0;
}

static void test_bare_process(void **state)
{
	(void)state;
	assert_passes(&(struct sandbox){0}, probe_bare);
}

static int probe_inet(unsigned layers)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_ADDRCONFIG};
	struct addrinfo *list = NULL;

	(void)layers;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a))
		return 1;
	if (socket(AF_PACKET, SOCK_RAW, 0) >= 0 || errno != EPERM)
		return 2;
	if (socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER) >= 0 || errno != EPERM)
		return 3;
	if (getaddrinfo("127.0.0.1", "80", &hints, &list))
		return 4;
	freeaddrinfo(list);
	return 0;
}

static void test_inet(void **state)
{
	(void)state;
	struct sandbox s = {.allow = SANDBOX_INET};
	assert_passes(&s, probe_inet);
}

static int listener = -1, stream[2];

/* What a process that was handed a listening socket could make of it. */
static int probe_listener(unsigned layers)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct iovec iov = {.iov_base = "x", .iov_len = 1};
	struct mmsghdr m = {.msg_hdr = {.msg_name = &to, .msg_namelen = sizeof to,
				    .msg_iov = &iov, .msg_iovlen = 1}};

	(void)layers;
	if (!shutdown(listener, SHUT_RDWR) || errno != EPERM ||
		!shutdown(listener, SHUT_RD) || errno != EPERM)
		return 1;
	if (sendto(listener, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&to,
		    sizeof to) >= 0 ||
		errno != EPERM)
		return 2;
	if (sendmsg(listener, &m.msg_hdr, MSG_FASTOPEN | MSG_NOSIGNAL) >= 0 || errno != EPERM)
		return 3;
	if (sendmmsg(listener, &m, 1, MSG_FASTOPEN | MSG_NOSIGNAL) >= 0 || errno != EPERM)
		return 4;
	/* what it is for goes on */
	if (sendto(stream[0], "x", 1, MSG_NOSIGNAL, NULL, 0) != 1 ||
		shutdown(stream[0], SHUT_WR) || accept(listener, NULL, NULL) >= 0 ||
		errno != EAGAIN)
		return 5;
	return 0;
}

static void test_listener(void **state)
{
	(void)state;
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_true(listener >= 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, stream), 0);
	assert_passes(&(struct sandbox){0}, probe_listener);
	close(listener);
	close(stream[0]);
	close(stream[1]);
}

static int probe_netlink(unsigned layers)
{
	struct sockaddr_nl a = {.nl_family = AF_NETLINK};
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	(void)layers;
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a))
		return 1;
	return socket(AF_INET, SOCK_DGRAM, 0) >= 0 ? 2 : 0;
}

static void test_netlink(void **state)
{
	(void)state;
	struct sandbox s = {.allow = SANDBOX_NETLINK};
	assert_passes(&s, probe_netlink);
}

/* With the capabilities for both: the filter decides. A map that is not there is looked
 * up in vain; a new one is not to be had. */
static int probe_bpf(unsigned layers)
{
	union bpf_attr lookup = {.map_fd = UINT32_MAX};
	union bpf_attr create = {.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1};

	if (!(layers & SANDBOX_LAYER_SECCOMP))
		return 1;
	if (syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &lookup, sizeof lookup) != -1)
		return 2;
	if (errno != EBADF && errno != ENOSYS)
		return 3;
	if (syscall(SYS_bpf, BPF_MAP_CREATE, &create, sizeof create) >= 0)
		return 4;
	return errno == EPERM || errno == ENOSYS ? 0 : 5;
}

static void test_bpf(void **state)
{
	(void)state;
	skip_unless_root("test_bpf");
	struct sandbox s = {.allow = SANDBOX_BPF,
		.keep_caps = 1ULL << CAP_BPF | 1ULL << CAP_SYS_ADMIN};
	assert_passes(&s, probe_bpf);
	s.allow = 0;
	assert_dies(&s, probe_bpf);
}

static void *thread_body(void *arg)
{
	*(int *)arg = 42;
	return NULL;
}

static int probe_threads(unsigned layers)
{
	pthread_t t;
	int value = 0;

	(void)layers;
	if (pthread_create(&t, NULL, thread_body, &value) || pthread_join(t, NULL))
		return 1;
	if (value != 42)
		return 2;
	return fork() >= 0 ? 3 : 0;
}

static void test_threads(void **state)
{
	(void)state;
	struct sandbox s = {.allow = SANDBOX_THREADS};
	assert_passes(&s, probe_threads);
}

static int probe_processes(unsigned layers)
{
	char *const argv[] = {"true", NULL};
	int status;

	(void)layers;
	pid_t pid = fork();
	if (!pid) {
		execv("/bin/true", argv);
		_exit(1);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : 2;
}

static int probe_processes_deadly(unsigned layers)
{
	(void)layers;
	return probe_unshare(layers);
}

/* A child of a process manager still narrows itself. */
static int probe_nested(unsigned layers)
{
	struct sandbox inner = {.uid = NOBODY, .gid = NOBODY};

	(void)layers;
	if (!(layers & SANDBOX_LAYER_SECCOMP))
		return 1;
	int status = run_inside(&inner, probe_exec);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS ? 0 : 2;
}

static void test_processes(void **state)
{
	(void)state;
	struct sandbox s = {.allow = SANDBOX_PROCESSES | SANDBOX_FILES};
	assert_passes(&s, probe_processes);
	assert_dies(&s, probe_processes_deadly);
}

static void test_processes_nested(void **state)
{
	(void)state;
	skip_unless_root("test_processes_nested");
	struct sandbox s = {.allow = SANDBOX_PROCESSES | SANDBOX_FILES};
	assert_passes(&s, probe_nested);
}

static int probe_jail(unsigned layers)
{
	struct stat st;
	uid_t u[3];

	if (!(layers & SANDBOX_LAYER_CHROOT) || !(layers & SANDBOX_LAYER_UID))
		return 1;
	if (getresuid(&u[0], &u[1], &u[2]) || u[0] != NOBODY || u[2] != NOBODY)
		return 2;
	if (getegid() != NOBODY || getgroups(0, NULL) != 0)
		return 3;
	if (stat("/etc/passwd", &st) == 0 || stat("/inside", &st) != 0)
		return 4;
	if (stat("/../../../../etc/passwd", &st) == 0)
		return 5;
	if (chroot("/") == 0 || setuid(0) == 0)
		return 6;
	int fd = open("/inside", O_WRONLY);
	if (fd < 0 || write(fd, "x", 1) != 1 || fsync(fd) || ftruncate(fd, 0))
		return 7;
	return rename("/inside", "/moved") || unlink("/moved") ? 8 : 0;
}

static char *jail_make(char *dir)
{
	char path[64];

	assert_non_null(mkdtemp(dir));
	str_copy(path, sizeof path, dir);
	assert_true(str_copy(path + strlen(path), sizeof path - strlen(path), "/inside"));
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fchown(fd, NOBODY, NOBODY), 0);
	close(fd);
	assert_int_equal(chown(dir, NOBODY, NOBODY), 0);
	return dir;
}

static void jail_remove(const char *dir)
{
	char path[64];

	snprintf(path, sizeof path, "%s/inside", dir);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
}

static void test_chroot_and_uid(void **state)
{
	(void)state;
	skip_unless_root("test_chroot_and_uid");
	char dir[] = "/tmp/cardea-sandbox-XXXXXX";
	struct sandbox s = {.chroot_dir = jail_make(dir),
		.uid = NOBODY,
		.gid = NOBODY,
		.allow = SANDBOX_FILES,
		.landlock_rw = "/"};
	assert_passes(&s, probe_jail);
	jail_remove(dir);
}

static int probe_read_only(unsigned layers)
{
	int readable = open("/inside", O_RDONLY);
	int writable = open("/inside", O_WRONLY);

	if (readable < 0)
		return 1;
	/* the layer must be told the way it is */
	return (writable < 0) == !!(layers & SANDBOX_LAYER_LANDLOCK) ? 0 : 2;
}

static void test_landlock_as_reported(void **state)
{
	(void)state;
	skip_unless_root("test_landlock_as_reported");
	char dir[] = "/tmp/cardea-sandbox-XXXXXX";
	struct sandbox s = {.chroot_dir = jail_make(dir), .allow = SANDBOX_FILES};
	assert_passes(&s, probe_read_only);
	jail_remove(dir);
}

static int probe_caps(unsigned layers)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	(void)layers;
	if (syscall(SYS_capget, &head, data))
		return 1;
	if (data[0].effective != 1U << CAP_NET_ADMIN || data[1].effective)
		return 2;
	if (data[0].permitted != 1U << CAP_NET_ADMIN || data[0].inheritable)
		return 3;
	return geteuid() == NOBODY ? 0 : 4;
}

static void test_kept_capability(void **state)
{
	(void)state;
	skip_unless_root("test_kept_capability");
	struct sandbox s = {
		.uid = NOBODY, .gid = NOBODY, .keep_caps = 1U << CAP_NET_ADMIN};
	assert_passes(&s, probe_caps);
}

/* Asked for a jail that it cannot have, an ordinary user gets an error instead. */
static void test_no_root_no_pretence(void **state)
{
	(void)state;
	skip_unless_root("test_no_root_no_pretence");
	int status;
	pid_t pid = fork();
	if (!pid) {
		unsigned layers = 1234;
		struct sandbox jail = {.chroot_dir = "/"};
		struct sandbox user = {.uid = NOBODY, .gid = NOBODY};
		if (setresuid(NOBODY, NOBODY, NOBODY))
			_exit(1);
		if (sandbox_enter(&jail, &layers) != -EPERM)
			_exit(2);
		if (sandbox_enter(&user, &layers) != -EPERM)
			_exit(3);
		_exit(layers == 1234 ? 0 : 4);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_chroot_must_exist(void **state)
{
	(void)state;
	skip_unless_root("test_chroot_must_exist");
	struct sandbox s = {.chroot_dir = "/nonexistent/cardea"};
	int status = run_inside(&s, probe_exec);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), ENTER_FAILED);
}

static void test_format(void **state)
{
	(void)state;
	char buf[SANDBOX_TEXT_MAX];
	assert_string_equal(sandbox_format(0, buf), "none");
	assert_string_equal(sandbox_format(SANDBOX_LAYER_UID, buf), "uid");
	assert_string_equal(sandbox_format(0x3f, buf),
		"rlimit chroot uid no_new_privs landlock seccomp");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layers_without_root),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_dangerous_calls_kill),
		cmocka_unit_test(test_bare_process),
		cmocka_unit_test(test_inet),
		cmocka_unit_test(test_listener),
		cmocka_unit_test(test_netlink),
		cmocka_unit_test(test_bpf),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_processes_nested),
		cmocka_unit_test(test_chroot_and_uid),
		cmocka_unit_test(test_landlock_as_reported),
		cmocka_unit_test(test_kept_capability),
		cmocka_unit_test(test_no_root_no_pretence),
		cmocka_unit_test(test_chroot_must_exist),
		cmocka_unit_test(test_format),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
