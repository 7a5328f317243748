// SPDX-License-Identifier: GPL-2.0-or-later
/* Supervision: processes are started, introduced to each other, and brought back. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/log.h"
#include "base/str.h"
#include "proc/child.h"
#include "proc/parent_priv.h"

/* A process that ends at once would be started as fast as the machine can: after this
 * many ends within the window it waits. */
#define RESTARTS_AT_ONCE 8
#define RESTART_WINDOW_S 10
#define RESTART_PAUSE_MS 2000
#define STOP_PATIENCE_S 5 /* then SIGKILL */

/* Tells the engine how a process is. */
static void report(struct parent *p, const struct parent_process *c)
{
	struct parent_process *engine = &p->processes[ROLE_ENGINE];
	struct message_process *m = &p->message.process;

	if (!engine->ready)
		return;
	memset(&p->message, 0, sizeof(p->message));
	p->message.type = MESSAGE_PROCESS;
	m->role = (uint8_t)c->role;
	m->pid = (uint32_t)c->pid;
	m->restarts = c->restarts;
	m->layers = c->layers;
	m->running = c->ready;
	(void)parent_send(engine, &p->message, -1);
}

/* "\t 1234 kB\n"; 0: it is none. */
static uint32_t kib_of(const char *text)
{
	char digits[16] = "";
	int64_t kib = 0;

	text += strspn(text, " \t");
	(void)str_print(digits, sizeof(digits), "%.*s", (int)strspn(text, "0123456789"), text);
	return str_to_i64(digits, 0, UINT32_MAX, &kib) ? 0 : (uint32_t)kib;
}

/* Pages of a process that no file is behind, as proc(5) tells all users; 0: unknown. */
static uint32_t own_kib(pid_t pid)
{
	char path[48], line[128];
	uint32_t kib = 0;
	FILE *f;

	(void)str_print(path, sizeof(path), "/proc/%ld/status", (long)pid);
	f = fopen(path, "re");
	while (f && !kib && fgets(line, sizeof(line), f))
		if (strncmp(line, "RssAnon:", 8) == 0)
			kib = kib_of(line + 8);
	if (f)
		fclose(f);
	return kib;
}

/* Asked for by whoever looks, so that nobody wakes up for it. */
static void report_memory(struct parent *p)
{
	for (unsigned i = 0; i < ROLE_MAX; i++) {
		struct parent_process *c = &p->processes[i];

		if (!c->pid || (!c->ready && i != ROLE_PARENT))
			continue;
		memset(&p->message, 0, sizeof(p->message));
		p->message.type = MESSAGE_MEMORY;
		p->message.memory.role = (uint8_t)i;
		p->message.memory.kib = own_kib(c->pid);
		(void)parent_send(&p->processes[ROLE_ENGINE], &p->message, -1);
	}
}

static void introduce(struct parent *p, struct parent_process *a,
	struct parent_process *b)
{
	int fds[2];

	if (ipc_pair(fds)) {
		log_error("parent", "no descriptors left");
		return;
	}
	memset(&p->message, 0, sizeof(p->message));
	p->message.type = MESSAGE_PEER;
	p->message.peer.role = (uint8_t)b->role;
	(void)parent_send(a, &p->message, fds[0]);
	p->message.peer.role = (uint8_t)a->role;
	(void)parent_send(b, &p->message, fds[1]);
	close(fds[0]);
	close(fds[1]);
}

void parent_process_hand(struct parent *p, const struct parent_socket *s)
{
	struct parent_process *c = &p->processes[s->role];

	if (!c->ready)
		return;
	memset(&p->message, 0, sizeof(p->message));
	p->message.type = MESSAGE_SOCKET;
	p->message.socket.kind = (uint8_t)s->kind;
	p->message.socket.ifindex = s->ifindex;
	(void)parent_send(c, &p->message, s->fd);
}

static void shut_down(struct parent_process *c)
{
	struct parent *p = c->parent;

	memset(&p->message, 0, sizeof(p->message));
	p->message.type = MESSAGE_SHUTDOWN;
	p->message.shutdown.open_network = p->open_network;
	if (parent_send(c, &p->message, -1))
		kill(c->pid, SIGKILL);
}

static void said_hello(struct parent_process *c, const struct message_hello *m)
{
	struct parent *p = c->parent;

	c->ready = true;
	c->layers = m->layers;
	if (p->stopping) { /* it was started to take the rules away */
		shut_down(c);
		return;
	}
	for (size_t i = 0; i < p->socket_count; i++)
		if (p->sockets[i].role == c->role)
			parent_process_hand(p, &p->sockets[i]);
	for (size_t i = 0; i < ROLE_MAX; i++) {
		struct parent_process *other = &p->processes[i];

		if (other == c || !other->ready || other->role == ROLE_PARENT)
			continue;
		if (c->role == ROLE_ENGINE || other->role == ROLE_ENGINE)
			introduce(p, c, other);
		if (c->role == ROLE_ENGINE)
			report(p, other);
	}
	report(p, c);
	if (c->role == ROLE_ENGINE) {
		report(p, &p->processes[ROLE_PARENT]);
		parent_change_tell(p);
	}
}

/* The engine lost a process that runs (either found fault with the other): channels are
 * handed out at a start, so there must be one. */
static void end_mute(struct parent *p, uint8_t role)
{
	if (role == ROLE_PARENT || role == ROLE_ENGINE || role >= ROLE_MAX ||
		!p->processes[role].ready || p->stopping)
		return;
	log_warn("parent", "the engine has no channel to %s: restarting it",
		role_name((enum role)role));
	kill(p->processes[role].pid, SIGKILL);
}

static int child_said(struct ipc *ipc, const uint8_t *data, size_t len, int fd)
{
	struct parent_process *c = ipc->ctx;
	struct message m;

	if (fd >= 0)
		close(fd);
	if (fd >= 0 || message_decode(data, len, &m))
		return CARDEA_EMALFORMED;
	if (m.type == MESSAGE_HELLO && m.hello.role == c->role && !c->ready) {
		said_hello(c, &m.hello);
		return 0;
	}
	if (m.type == MESSAGE_STOP_WANTED && c->role == ROLE_ENGINE) {
		parent_process_stop_all(c->parent, m.stop_wanted.open_network);
		return 0;
	}
	if (m.type == MESSAGE_MEMORY_WANTED && c->role == ROLE_ENGINE) {
		report_memory(c->parent);
		return 0;
	}
	if (m.type == MESSAGE_PEER && c->role == ROLE_ENGINE) {
		end_mute(c->parent, m.peer.role);
		return 0;
	}
	if ((m.type == MESSAGE_CONFIG_PROPOSE || m.type == MESSAGE_CONFIG_PART) &&
		c->role == ROLE_ENGINE)
		return parent_change_said(c->parent, &m);
	return CARDEA_EMALFORMED;
}

/* A process that closed its channel, or sent nonsense, is parent_process_ended; SIGCHLD does the rest. */
static void child_closed(struct ipc *ipc, int error)
{
	struct parent_process *c = ipc->ctx;

	if (error == CARDEA_EMALFORMED)
		log_error("parent", "%s sent a message that is none: restarting it",
			role_name(c->role));
	if (c->pid)
		kill(c->pid, SIGKILL);
}

static void exec_child(struct parent_process *c, int fd)
{
	char path[CONFIG_STRING_MAX + 32];
	char *argv[] = {path, NULL};
	char *const environment[] = {NULL};
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* dup2 of a descriptor to itself would leave it close-on-exec */
	if (str_print(path, sizeof(path), "%s/cardea-%s", c->parent->libexec,
		    role_name(c->role)) == 0 &&
		(fd == CHILD_PARENT_FD ? fcntl(fd, F_SETFD, 0) == 0
				       : dup2(fd, CHILD_PARENT_FD) == CHILD_PARENT_FD) &&
		close_range(CHILD_PARENT_FD + 1, ~0U, 0) == 0)
		execve(path, argv, environment);
	_exit(127);
}

int parent_process_start(struct parent_process *c)
{
	int fds[2], error = ipc_pair(fds);
	pid_t pid;

	if (error)
		return error;
	pid = fork();
	if (pid == 0)
		exec_child(c, fds[1]);
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return -EAGAIN;
	}
	c->pid = pid;
	c->ready = false;
	c->ipc.receive = child_said;
	c->ipc.closed = child_closed;
	c->ipc.ctx = c;
	error = ipc_open(&c->ipc, c->parent->loop, fds[0]);
	if (!error)
		parent_settings(c);
	return error;
}

void parent_process_restart(struct loop_timer *t)
{
	struct parent_process *c = t->ctx;

	if (c->parent->stopping || c->pid)
		return;
	if (parent_process_start(c)) {
		log_error("parent", "%s could not be started; trying again",
			role_name(c->role));
		loop_arm(c->parent->loop, t, RESTART_PAUSE_MS * NS_PER_MS);
	}
}

static void schedule_restart(struct parent_process *c)
{
	nstime now = loop_now(c->parent->loop);
	nstime pause = 0;

	if (now - c->window > RESTART_WINDOW_S * NS_PER_SEC) {
		c->window = now;
		c->in_window = 0;
	}
	if (++c->in_window > RESTARTS_AT_ONCE)
		pause = RESTART_PAUSE_MS * NS_PER_MS;
	c->restarts++;
	loop_arm(c->parent->loop, &c->restart, pause);
}

static bool all_gone(const struct parent *p)
{
	for (size_t i = 0; i < ROLE_MAX; i++)
		if (i != ROLE_PARENT && p->processes[i].pid)
			return false;
	return true;
}

void parent_process_again(struct parent_process *c)
{
	if (!c->pid || c->parent->stopping)
		return; /* it starts with them in any case */
	c->again = true;
	kill(c->pid, SIGTERM);
}

/* This is no fault of the process, and nothing to be slow about. */
static void come_again(struct parent_process *c)
{
	c->again = false;
	log_info("parent", "%s starts anew, with other settings", role_name(c->role));
	report(c->parent, c);
	if (c->role == ROLE_WEB)
		parent_wait_begin(c->parent);
	else
		loop_arm(c->parent->loop, &c->restart, 0);
}

void parent_process_ended(struct parent *p, pid_t pid, int status)
{
	for (size_t i = 0; i < ROLE_MAX; i++) {
		struct parent_process *c = &p->processes[i];

		if (c->pid != pid || i == ROLE_PARENT)
			continue;
		c->pid = 0;
		c->ready = false;
		ipc_close(&c->ipc);
		if (i == ROLE_ENGINE)
			parent_change_forget(p);
		if (p->stopping)
			break;
		if (c->again) {
			come_again(c);
			continue;
		}
		if (i == ROLE_WEB && WIFEXITED(status) && !WEXITSTATUS(status)) {
			report(p, c);
			parent_wait_begin(p); /* nobody asked for a while */
			continue;
		}
		if (WIFSIGNALED(status))
			log_warn("parent", "%s ended by signal %d; restarting it",
				role_name(c->role), WTERMSIG(status));
		else
			log_warn("parent", "%s ended with %d; restarting it",
				role_name(c->role), WEXITSTATUS(status));
		report(p, c);
		schedule_restart(c);
	}
	if (p->stopping && all_gone(p))
		loop_stop(p->loop);
}

static void patience_over(struct loop_timer *t)
{
	struct parent *p = t->ctx;

	for (size_t i = 0; i < ROLE_MAX; i++)
		if (i != ROLE_PARENT && p->processes[i].pid)
			kill(p->processes[i].pid, SIGKILL);
}

/* Only it can open the network: one that just ended comes back for that. */
static void wait_for_enforcer(struct parent_process *c)
{
	if (!c->pid && parent_process_start(c))
		log_error("parent", "the rules stay: the enforcer does not start; "
				    "`nft delete table` removes inet cardea and bridge "
				    "cardea");
}

void parent_process_stop_all(struct parent *p, bool open_network)
{
	if (p->stopping)
		return;
	p->stopping = true;
	p->open_network = open_network;
	log_info("parent", "stopping; the network %s",
		open_network ? "is opened" : "stays protected");
	for (size_t i = 0; i < ROLE_MAX; i++) {
		struct parent_process *c = &p->processes[i];

		loop_disarm(&c->restart);
		if (i == ROLE_ENFORCER && open_network && !c->ready)
			wait_for_enforcer(c);
		else if (i != ROLE_PARENT && c->pid)
			shut_down(c);
	}
	p->patience.fire = patience_over;
	p->patience.ctx = p;
	loop_arm(p->loop, &p->patience, STOP_PATIENCE_S * NS_PER_SEC);
	if (all_gone(p))
		loop_stop(p->loop);
}
