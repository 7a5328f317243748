// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* sandbox_filter - the system calls a process may make. What is not listed fails with
 * EPERM, since a newer libc may try something harmless and a router that dies of it
 * protects nobody; what only an intruder would call ends the process. */
#include "base/sandbox_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLONE_NAMESPACES                                                               \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
		CLONE_NEWPID | CLONE_NEWNET)

/* Names instead of numbers: architectures differ in which of them exist. */
static const char *const always[] = {
	/* descriptors a process holds */
	"read", "readv", "pread64", "preadv", "preadv2", "write", "writev", "pwrite64",
	"pwritev", "pwritev2", "lseek", "_llseek", "close", "close_range", "dup",
	"dup2", "dup3", "fcntl", "fcntl64", "fstat", "fstat64", "fsync", "fdatasync",
	"ftruncate", "ftruncate64", "sync_file_range", "fadvise64", "fadvise64_64",
	"poll", "ppoll", "ppoll_time64", "select", "_newselect", "pselect6",
	"pselect6_time64", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait",
	"epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2", "pipe", "pipe2",
	"timerfd_create", "timerfd_settime", "timerfd_settime64", "timerfd_gettime",
	"signalfd", "signalfd4",
	/* sockets a process holds */
	"send", "recv", "recvfrom", "recvmsg",
	"recvmmsg", "recvmmsg_time64", "accept", "accept4", "getsockname",
	"getpeername", "getsockopt", "setsockopt", "socketpair",
	/* memory */
	"brk", "munmap", "mremap", "madvise", "mincore", "membarrier", "msync",
	/* time, signals to itself, the end */
	"clock_gettime", "clock_gettime64", "clock_getres", "clock_getres_time64",
	"clock_nanosleep", "clock_nanosleep_time64", "nanosleep", "gettimeofday",
	"time", "times", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
	"rt_sigpending", "rt_sigsuspend", "rt_sigtimedwait", "rt_sigtimedwait_time64",
	"sigreturn", "sigaction", "sigprocmask", "sigaltstack", "restart_syscall",
	"pause", "exit", "exit_group", "futex", "futex_time64", "futex_waitv",
	"set_robust_list", "rseq", "sched_yield", "sched_getaffinity", "getcpu",
	/* questions about itself */
	"getpid", "gettid", "getppid", "getpgrp", "getpgid", "getuid", "getuid32",
	"geteuid", "geteuid32", "getgid", "getgid32", "getegid", "getegid32",
	"getresuid", "getresuid32", "getresgid", "getresgid32", "getgroups",
	"getgroups32", "capget", "getrlimit", "ugetrlimit", "getrusage", "getrandom",
	"uname", "sysinfo", "umask", NULL};

static const char *const files[] = {"open", "openat", "openat2", "creat", "stat",
	"stat64", "lstat", "lstat64", "newfstatat", "fstatat64", "statx", "access",
	"faccessat", "faccessat2", "readlink", "readlinkat", "getcwd", "chdir",
	"fchdir", "rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir",
	"mkdirat", "rmdir", "link", "linkat", "chmod", "fchmod", "fchmodat", "chown",
	"fchown", "fchownat", "getdents", "getdents64", "statfs", "statfs64", "fstatfs",
	"fstatfs64", "flock", "fallocate", "truncate", "truncate64", "utimensat",
	"utimensat_time64", "copy_file_range", "sendfile", "sendfile64", "sync",
	"syncfs", NULL};

static const char *const inet[] = {"connect", "bind", "listen", "shutdown", "sendto",
	"sendmsg", "sendmmsg", NULL};

static const char *const netlink[] = {"bind", NULL};

static const char *const threads[] = {"set_tid_address", "sched_getparam",
	"sched_getscheduler", "sched_get_priority_max", "sched_get_priority_min", NULL};

/* A process manager starts programs, and each of them enters its own sandbox under
 * this filter: they need the calls that give rights up. */
static const char *const processes[] = {"fork", "vfork", "execve", "execveat", "wait4",
	"waitid", "waitpid", "kill", "tgkill", "tkill", "pidfd_open",
	"pidfd_send_signal", "setpgid", "setsid", "getsid", "set_tid_address",
	"arch_prctl", "set_thread_area", "chroot", "setgroups", "setgroups32",
	"setresgid", "setresgid32", "setresuid", "setresuid32", "setgid", "setgid32",
	"setuid", "setuid32", "capset", "prctl", "seccomp", "setrlimit", "prlimit64",
	"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self",
	"mmap", "mmap2", "mprotect", NULL};

static const char *const deadly[] = {"ptrace", "init_module", "finit_module",
	"delete_module", "mount", "umount", "umount2", "kexec_load",
	"kexec_file_load", "reboot", "swapon", "process_vm_writev", "keyctl", "add_key",
	"request_key", "perf_event_open", "userfaultfd", "unshare", "setns",
	"pivot_root", "open_by_handle_at", NULL};

static const char *const deadly_exec[] = {"execve", "execveat", NULL};

/* The first error of many rules; later rules are skipped. */
struct filter {
	scmp_filter_ctx ctx;
	int error;
};

static void rule_add(struct filter *f, uint32_t action, const char *name,
	unsigned count, const struct scmp_arg_cmp *args)
{
	int nr = seccomp_syscall_resolve_name(name);

	/* unknown to this library, or (negative) not on this architecture */
	if (nr < 0 || f->error)
		return;
	f->error = seccomp_rule_add_array(f->ctx, action, nr, count, args);
}

static void rules_add(struct filter *f, uint32_t action, const char *const *names)
{
	for (; *names; names++)
		rule_add(f, action, *names, 0, NULL);
}

static struct scmp_arg_cmp arg_bits(unsigned arg, uint64_t mask, uint64_t value)
{
	return (struct scmp_arg_cmp){.arg = arg,
		.op = SCMP_CMP_MASKED_EQ,
		.datum_a = mask,
		.datum_b = value};
}

/* The kernel looks at the lower half of an int argument alone, so must the filter. */
static struct scmp_arg_cmp arg_int(unsigned arg, int value)
{
	return arg_bits(arg, UINT32_MAX, (uint32_t)value);
}

static void allow_if(struct filter *f, const char *name, struct scmp_arg_cmp arg)
{
	rule_add(f, SCMP_ACT_ALLOW, name, 1, &arg);
}

/* Memory that is written and then run is how injected code comes alive. */
static void rules_memory(struct filter *f)
{
	struct scmp_arg_cmp data_only = arg_bits(2, PROT_EXEC, 0);

	allow_if(f, "mmap", data_only);
	allow_if(f, "mmap2", data_only);
	allow_if(f, "mprotect", data_only);
}

static void rules_self(struct filter *f)
{
	static const int options[] = {PR_SET_NAME, PR_GET_NAME, PR_SET_DUMPABLE,
		PR_GET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS,
		PR_GET_SECCOMP, PR_SET_PDEATHSIG, 0x53564d41 /* PR_SET_VMA */};
	pid_t self = getpid();

	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		allow_if(f, "prctl", arg_int(0, options[i]));
	/* abort and pthread_kill */
	allow_if(f, "tgkill", arg_int(0, self));
	/* reading its own limits: getrlimit is this call with no new value */
	struct scmp_arg_cmp read_own[] = {arg_int(0, 0), arg_bits(2, UINT64_MAX, 0)};
	rule_add(f, SCMP_ACT_ALLOW, "prlimit64", 2, read_own);
}

static void rules_descriptors(struct filter *f)
{
	static const unsigned long requests[] = {
		FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, TCGETS, TIOCGWINSZ};

	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
		allow_if(f, "ioctl", arg_int(1, (int)requests[i]));
	/* how glibc asks about an open descriptor */
	allow_if(f, "newfstatat", arg_int(3, AT_EMPTY_PATH));
	allow_if(f, "fstatat64", arg_int(3, AT_EMPTY_PATH));
	allow_if(f, "statx", arg_bits(2, AT_EMPTY_PATH, AT_EMPTY_PATH));
}

/* A listening socket that is shut down is a fresh one, and sending with MSG_FASTOPEN connects
 * it (RFC 7413): two calls that would make of a listener what only connect(2) may. */
static void rules_sockets(struct filter *f)
{
	allow_if(f, "sendto", arg_bits(3, MSG_FASTOPEN, 0));
	allow_if(f, "sendmsg", arg_bits(2, MSG_FASTOPEN, 0));
	allow_if(f, "sendmmsg", arg_bits(3, MSG_FASTOPEN, 0));
	allow_if(f, "shutdown", arg_int(1, SHUT_WR));
}

static void rules_inet(struct filter *f)
{
	/* libc lists the host's addresses to sort answers (RFC 6724) */
	struct scmp_arg_cmp route[] = {
		arg_int(0, AF_NETLINK), arg_int(2, NETLINK_ROUTE)};

	rules_add(f, SCMP_ACT_ALLOW, inet);
	allow_if(f, "socket", arg_int(0, AF_INET));
	allow_if(f, "socket", arg_int(0, AF_INET6));
	rule_add(f, SCMP_ACT_ALLOW, "socket", 2, route);
}

static void rules_netlink(struct filter *f)
{
	rules_add(f, SCMP_ACT_ALLOW, netlink);
	allow_if(f, "socket", arg_int(0, AF_NETLINK));
}

static void rules_threads(struct filter *f)
{
	rules_add(f, SCMP_ACT_ALLOW, threads);
	allow_if(f, "clone",
		arg_bits(0, CLONE_THREAD | CLONE_VM | CLONE_NAMESPACES,
			CLONE_THREAD | CLONE_VM));
}

static void rules_processes(struct filter *f)
{
	rules_add(f, SCMP_ACT_ALLOW, processes);
	allow_if(f, "clone", arg_bits(0, CLONE_NAMESPACES, 0));
}

/* What is loaded before, no one can replace: entries, counts and running it remain, and
 * what attaching asks of a program. */
static void rules_bpf(struct filter *f)
{
	static const int commands[] = {BPF_MAP_LOOKUP_ELEM, BPF_MAP_UPDATE_ELEM,
		BPF_MAP_DELETE_ELEM, BPF_MAP_GET_NEXT_KEY, BPF_MAP_LOOKUP_AND_DELETE_ELEM,
		BPF_MAP_LOOKUP_BATCH, BPF_MAP_UPDATE_BATCH, BPF_MAP_DELETE_BATCH,
		BPF_PROG_TEST_RUN, BPF_OBJ_GET_INFO_BY_FD};

	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		allow_if(f, "bpf", arg_int(0, commands[i]));
}

static void filter_fill(struct filter *f, unsigned allow)
{
	rules_add(f, SCMP_ACT_ALLOW, always);
	rules_self(f);
	rules_descriptors(f);
	if (!(allow & SANDBOX_PROCESSES))
		rules_memory(f);
	if (allow & SANDBOX_FILES)
		rules_add(f, SCMP_ACT_ALLOW, files);
	if (allow & SANDBOX_INET)
		rules_inet(f);
	else
		rules_sockets(f);
	if (allow & SANDBOX_NETLINK)
		rules_netlink(f);
	if (allow & SANDBOX_PROCESSES)
		rules_processes(f);
	else if (allow & SANDBOX_THREADS)
		rules_threads(f);
	/* its flags lie in memory, out of sight of a filter; libc falls back to clone
	 */
	rule_add(f, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL);
	rules_add(f, SCMP_ACT_KILL_PROCESS, deadly);
	if (allow & SANDBOX_BPF)
		rules_bpf(f);
	else
		rule_add(f, SCMP_ACT_KILL_PROCESS, "bpf", 0, NULL);
	if (!(allow & SANDBOX_PROCESSES))
		rules_add(f, SCMP_ACT_KILL_PROCESS, deadly_exec);
}

int sandbox_filter(const struct sandbox *s)
{
	struct filter f = {.ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM))};

	if (!f.ctx)
		return -ENOMEM;
	/* calls of another architecture would slip past the numbers listed here */
	f.error =
		seccomp_attr_set(f.ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	filter_fill(&f, s->allow);
	if (!f.error)
		f.error = seccomp_load(f.ctx);
	seccomp_release(f.ctx);
	return f.error;
}
