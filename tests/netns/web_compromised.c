// SPDX-License-Identifier: GPL-2.0-or-later
/* web_compromised - the process web as an intruder has it who runs his own code there: all
 * of it is the real one up to its loop (settings, certificate, sandbox, HELLO); then whoever
 * connects to its listener in clear gives the orders, a line each:
 *
 *	try NAME	one system call that only an intruder makes; its errno, or "done"
 *	send HEX	that packet to the engine
 *	hear		the engine's next packet in hex, "silence" or "gone"
 *	pipe ADDRESS	WEB_OPEN for a client at that address; then octets go to the pipe
 *			and back until either side ends, or "refused N"
 *
 * The linker puts it in the place of child_run. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <netinet/in.h>
#include <unistd.h>
#include "base/str.h"
#include "model/messages.h"
#include "proc/child.h"

#define LINE_MAX_ 65536
#define HEAR_MS 1000
#define PIPE_MS 20000

int __real_child_run(struct child *c);
int __wrap_child_run(struct child *c);

static struct child *child;
static struct loop_fd listeners[64];
static unsigned listener_count;

/* ---- calls ---- */

static const struct sockaddr_in nowhere = {
	.sin_family = AF_INET, .sin_port = 0x0900, .sin_addr.s_addr = 0x0100007f};

static int errno_of(long result)
{
	return result < 0 ? errno : 0;
}

static int try_open_root(void)
{
	return errno_of(open("/", O_RDONLY | O_DIRECTORY));
}

static int try_open_outside(void)
{
	return errno_of(open("../../../../../../etc/passwd", O_RDONLY));
}

static int try_open_store(void)
{
	return errno_of(open("/var/lib/cardea/cardea.db", O_RDWR));
}

static int try_open_memory(void)
{
	return errno_of(open("/proc/self/mem", O_RDWR));
}

static int try_create(void)
{
	return errno_of(open("/x", O_WRONLY | O_CREAT, 0600));
}

static int try_memfd(void)
{
	return errno_of(syscall(SYS_memfd_create, "x", 0));
}

static int try_socket_inet(void)
{
	return errno_of(socket(AF_INET, SOCK_STREAM, 0));
}

static int try_socket_inet6(void)
{
	return errno_of(socket(AF_INET6, SOCK_DGRAM, 0));
}

static int try_socket_unix(void)
{
	return errno_of(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int try_socket_netlink(void)
{
	return errno_of(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int try_socket_packet(void)
{
	return errno_of(socket(AF_PACKET, SOCK_RAW, 0));
}

static int try_connect(void)
{
	return errno_of(connect(listeners[0].fd, (const struct sockaddr *)&nowhere,
		sizeof nowhere));
}

static int try_bind(void)
{
	return errno_of(
		bind(listeners[0].fd, (const struct sockaddr *)&nowhere, sizeof nowhere));
}

/* A listener that is shut down could be connected by sending. */
static int try_fastopen(void)
{
	if (!shutdown(listeners[0].fd, SHUT_RDWR))
		return 0;
	return errno_of(sendto(listeners[0].fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL,
		(const struct sockaddr *)&nowhere, sizeof nowhere));
}

static int try_fork(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (!pid)
		_exit(0);
	return errno_of(pid);
}

static int try_clone3(void)
{
	char args[88] = "";

	return errno_of(syscall(SYS_clone3, args, sizeof args));
}

static int try_kill(void)
{
	return errno_of(kill(getppid(), SIGTERM));
}

static int try_read_parent(void)
{
	char byte;
	struct iovec here = {&byte, 1}, there = {(void *)&child, 1};

	return errno_of(process_vm_readv(getppid(), &here, 1, &there, 1, 0));
}

static int try_setuid(void)
{
	return errno_of(setresuid(0, 0, 0));
}

static int try_chroot(void)
{
	return errno_of(chroot("."));
}

static int try_limits(void)
{
	struct rlimit more = {1 << 20, 1 << 20};

	return errno_of(setrlimit(RLIMIT_NOFILE, &more));
}

static int try_code(void)
{
	void *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return m == MAP_FAILED ? errno : 0;
}

static int try_code_later(void)
{
	void *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return m == MAP_FAILED ? 0 : errno_of(mprotect(m, 4096, PROT_READ | PROT_EXEC));
}

static int try_terminal(void)
{
	return errno_of(ioctl(2, TIOCSTI, "x"));
}

static int try_uring(void)
{
	char params[120] = "";

	return errno_of(syscall(SYS_io_uring_setup, 1, params));
}

/* What ends the process: nothing after it is reached. */

static int try_exec(void)
{
	char *const none[] = {NULL};

	return errno_of(execve("/bin/sh", none, none));
}

static int try_ptrace(void)
{
	return errno_of(ptrace(PTRACE_ATTACH, getppid(), 0, 0));
}

static int try_bpf(void)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY};

	return errno_of(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof attr));
}

static int try_mount(void)
{
	return errno_of(mount("none", "/", "tmpfs", 0, NULL));
}

static int try_unshare(void)
{
	return errno_of(unshare(CLONE_NEWUSER));
}

static int try_setns(void)
{
	return errno_of(setns(0, 0));
}

static int try_write_parent(void)
{
	struct iovec here = {(void *)"x", 1}, there = {(void *)&child, 1};

	return errno_of(process_vm_writev(getppid(), &here, 1, &there, 1, 0));
}

static int try_keys(void)
{
	return errno_of(syscall(SYS_keyctl, 0, 0));
}

static int try_handle(void)
{
	return errno_of(syscall(SYS_open_by_handle_at, 0, NULL, O_RDONLY));
}

static const struct {
	const char *name;
	int (*call)(void);
} tries[] = {
	{"open-root", try_open_root}, {"open-outside", try_open_outside},
	{"open-store", try_open_store}, {"open-memory", try_open_memory},
	{"create", try_create}, {"memfd", try_memfd}, {"socket-inet", try_socket_inet},
	{"socket-inet6", try_socket_inet6}, {"socket-unix", try_socket_unix},
	{"socket-netlink", try_socket_netlink}, {"socket-packet", try_socket_packet},
	{"connect", try_connect}, {"bind", try_bind}, {"fastopen", try_fastopen},
	{"fork", try_fork}, {"clone3", try_clone3}, {"kill", try_kill},
	{"read-parent", try_read_parent}, {"setuid", try_setuid}, {"chroot", try_chroot},
	{"limits", try_limits}, {"code", try_code}, {"code-later", try_code_later},
	{"terminal", try_terminal}, {"uring", try_uring}, {"exec", try_exec},
	{"ptrace", try_ptrace}, {"bpf", try_bpf}, {"mount", try_mount},
	{"unshare", try_unshare}, {"setns", try_setns}, {"write-parent", try_write_parent},
	{"keys", try_keys}, {"handle", try_handle},
};

/* ---- orders ---- */

static void say(int to, const char *text)
{
	(void)!send(to, text, strlen(text), MSG_NOSIGNAL);
	(void)!send(to, "\n", 1, MSG_NOSIGNAL);
}

static void do_try(int to, const char *name)
{
	char text[64];

	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		int e;

		if (strcmp(tries[i].name, name))
			continue;
		e = tries[i].call();
		(void)str_print(text, sizeof text, "%s",
			e ? strerrorname_np(e) : "done");
		say(to, text);
		return;
	}
	say(to, "unknown");
}

static size_t from_hex(const char *text, uint8_t *buf, size_t size)
{
	size_t n = 0;

	for (unsigned byte; n < size && sscanf(text + 2 * n, "%2x", &byte) == 1; n++)
		buf[n] = (uint8_t)byte;
	return n;
}

static void do_send(int to, const char *hex)
{
	static uint8_t packet[LINE_MAX_ / 2];
	size_t len = from_hex(hex, packet, sizeof packet);
	ssize_t n = send(child->engine.fd.fd, packet, len, MSG_NOSIGNAL);

	say(to, n == (ssize_t)len ? "sent" : "gone");
}

/* The engine's next packet; 0: none; -1: it is gone. *ret_fd: what it passed, or -1. */
static ssize_t hear(uint8_t *buf, size_t size, int ms, int *ret_fd)
{
	struct pollfd p = {.fd = child->engine.fd.fd, .events = POLLIN};
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {buf, size};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof control};
	struct cmsghdr *h;
	ssize_t n;

	*ret_fd = -1;
	if (poll(&p, 1, ms) <= 0)
		return 0;
	n = recvmsg(p.fd, &m, MSG_CMSG_CLOEXEC);
	h = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	if (h && h->cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(h), sizeof(int));
	return n > 0 ? n : -1;
}

static void do_hear(int to)
{
	static uint8_t packet[16384];
	static char text[2 * sizeof packet + 1];
	int fd;
	ssize_t n = hear(packet, sizeof packet, HEAR_MS, &fd);

	if (fd >= 0)
		close(fd);
	for (ssize_t i = 0; i < n; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", packet[i]);
	say(to, n > 0 ? text : n ? "gone" : "silence");
}

/* Until the pipe's end, or the client's. */
static void relay(int client, int pipe)
{
	struct pollfd p[2] = {{.fd = client, .events = POLLIN}, {.fd = pipe, .events = POLLIN}};
	static uint8_t buf[65536];

	while (poll(p, 2, PIPE_MS) > 0)
		for (int i = 0; i < 2; i++) {
			ssize_t n = p[i].revents ? read(p[i].fd, buf, sizeof buf) : -2;

			if (n == 0 || n == -1)
				return;
			for (ssize_t at = 0, w; at < n; at += w > 0 ? w : 0) {
				w = send(p[!i].fd, buf + at, (size_t)(n - at), MSG_NOSIGNAL);
				if (w < 0 && errno != EAGAIN)
					return;
			}
		}
}

static void do_pipe(int to, const char *address)
{
	struct message m = {.type = MESSAGE_WEB_OPEN};
	static struct message answer;
	static uint8_t packet[16384];
	struct cursor c;
	char text[32];
	ssize_t n;
	int fd;

	m.web_open.id = (uint64_t)getpid() << 32 | (uint32_t)rand();
	if (addr_parse(address, &m.web_open.client))
		m.web_open.client.family = 0; /* nobody: that is an attack, too */
	if (child_send_engine(child, &m)) {
		say(to, "gone");
		return;
	}
	do { /* what else it says is of no interest */
		n = hear(packet, sizeof packet, PIPE_MS, &fd);
		c = cursor_of(packet, n > 0 ? (size_t)n : 0);
		if (n <= 0 || message_next(&c, &answer)) {
			say(to, "gone");
			return;
		}
	} while (answer.type != MESSAGE_WEB_PIPE);
	(void)str_print(text, sizeof text, "refused %u", answer.web_pipe.refused);
	say(to, fd < 0 ? text : "piped");
	if (fd >= 0) {
		relay(to, fd);
		close(fd);
		(void)shutdown(to, SHUT_WR);
	}
}

static void obey(int fd, char *line)
{
	char *rest = strchr(line, ' ');

	if (rest)
		*rest++ = 0;
	if (!strcmp(line, "try") && rest)
		do_try(fd, rest);
	else if (!strcmp(line, "send") && rest)
		do_send(fd, rest);
	else if (!strcmp(line, "hear"))
		do_hear(fd);
	else if (!strcmp(line, "pipe") && rest)
		do_pipe(fd, rest);
	else
		say(fd, "unknown");
}

/* One connection, one order after the other; nothing else goes on meanwhile. */
static void somebody_came(struct loop_fd *f, uint32_t events)
{
	static char line[LINE_MAX_];
	int fd = accept4(f->fd, NULL, NULL, SOCK_CLOEXEC);
	size_t len = 0;

	(void)events;
	while (fd >= 0 && len < sizeof line && recv(fd, line + len, 1, 0) == 1) {
		if (line[len] != '\n') {
			len++;
			continue;
		}
		line[len] = 0;
		len = 0;
		obey(fd, line);
	}
	if (fd >= 0)
		close(fd);
}

static void on_socket(struct child *c, enum socket_kind kind, uint32_t ifindex, int fd)
{
	struct loop_fd *f = &listeners[listener_count];

	(void)ifindex;
	if (kind != SOCKET_WEB || listener_count == sizeof listeners / sizeof *listeners) {
		close(fd);
		return;
	}
	*f = (struct loop_fd){.fd = fd, .ready = somebody_came};
	listener_count++;
	if (loop_watch(c->loop, f, EPOLLIN))
		abort();
}

static int on_engine(struct child *c, const struct message *m, int fd)
{
	(void)c;
	(void)m;
	if (fd >= 0)
		close(fd);
	return 0; /* it takes whatever comes */
}

int __wrap_child_run(struct child *c)
{
	child = c;
	c->socket = on_socket;
	c->engine_passed = on_engine;
	return __real_child_run(c);
}
