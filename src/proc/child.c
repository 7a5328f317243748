// SPDX-License-Identifier: GPL-2.0-or-later
/* child - start, parent's channel and end, as all child processes share them. */
#include "proc/child.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"

/* The parent sets a child up at once; without CONFIG_END by then it is stuck. */
#define CONFIG_WAIT_MS 10000
/* Highest user number that is not (uid_t)-1, which setuid takes as "unchanged". */
#define UID_LAST 0xfffffffeLL

void child_stop(struct child *c, int error)
{
	if (!c->error)
		c->error = error;
	c->stopping = true;
	loop_stop(c->loop);
}

/* A number for uid or gid; 0 would be root, which no child is meant to stay. */
static int child_set_id(const char *value, unsigned *ret)
{
	int64_t n;
	int e = str_to_i64(value, 0, UID_LAST, &n);
	if (e)
		return e;
	*ret = (unsigned)n;
	return 0;
}

static void child_set_log(const struct child *c, const char *value)
{
	static const char *const levels[] = {"error", "warn", "info", "debug"};

	for (unsigned i = 0; i < sizeof levels / sizeof levels[0]; i++)
		if (!strcmp(value, levels[i]))
			log_init(role_name(c->role), STDERR_FILENO, (enum log_level)i);
}

static int child_set(struct child *c, const char *key, const char *value)
{
	if (!strcmp(key, "log_level")) {
		child_set_log(c, value);
		return 0;
	}
	if (!strcmp(key, "uid")) {
		int e = child_set_id(value, &c->sandbox.uid);
		if (!e && !c->sandbox.gid)
			c->sandbox.gid = c->sandbox.uid;
		return e;
	}
	if (!strcmp(key, "gid"))
		return child_set_id(value, &c->sandbox.gid);
	if (!strcmp(key, "chroot")) {
		(void)str_copy(c->chroot_dir, sizeof c->chroot_dir, value);
		c->sandbox.chroot_dir = c->chroot_dir[0] ? c->chroot_dir : NULL;
		return 0;
	}
	return c->config ? c->config(c, key, value) : 0;
}

/* ---- the engine's channel ---- */

static bool hears_engine(const struct child *c)
{
	return c->engine_said || c->engine_passed;
}

/* A descriptor is the first message's. */
static int engine_receive(struct ipc *ipc, const uint8_t *data, size_t len, int fd)
{
	struct child *c = ipc->ctx;
	struct cursor packet = cursor_of(data, len);
	int e = 0;

	if (fd >= 0 && !c->engine_passed)
		e = CARDEA_EMALFORMED;
	while (!e && cursor_left(&packet) && ipc_is_open(ipc)) {
		e = message_next(&packet, &c->from_engine);
		if (e)
			break;
		e = c->engine_passed ? c->engine_passed(c, &c->from_engine, fd)
				     : c->engine_said(c, &c->from_engine);
		fd = -1;
	}
	if (fd >= 0)
		close(fd);
	return e;
}

static void engine_closed(struct ipc *ipc, int error)
{
	struct child *c = ipc->ctx;

	log_info("engine", "gone (%s), waiting for the next", error_text(error));
	if (c->engine_left)
		c->engine_left(c);
}

static void engine_connect(struct child *c, int fd)
{
	bool replaced = ipc_is_open(&c->engine);

	ipc_close(&c->engine);
	if (replaced && c->engine_left)
		c->engine_left(c);
	c->engine.receive = engine_receive;
	c->engine.closed = engine_closed;
	c->engine.ctx = c;
	int e = ipc_open(&c->engine, c->loop, fd);
	if (e)
		log_error("engine", "channel: %s", error_text(e));
	else if (c->engine_came)
		c->engine_came(c);
}

/* Before the process runs, a channel waits: a request served earlier could meet
 * settings that are not complete. */
static void engine_peer(struct child *c, int fd)
{
	if (c->running) {
		engine_connect(c, fd);
		return;
	}
	if (c->engine_fd >= 0)
		close(c->engine_fd);
	c->engine_fd = fd;
}

/* ---- the parent's channel ---- */

/* Messages that carry a descriptor; whoever does not want it closes it. */
static int child_passed(struct child *c, const struct message *m, int fd)
{
	if (fd < 0)
		return CARDEA_EMALFORMED;
	if (m->type == MESSAGE_PEER && m->peer.role == ROLE_ENGINE && hears_engine(c))
		engine_peer(c, fd);
	else if (m->type == MESSAGE_PEER && m->peer.role < ROLE_MAX && c->peer)
		c->peer(c, (enum role)m->peer.role, fd);
	else if (m->type == MESSAGE_SOCKET && m->socket.kind < SOCKET_MAX && c->socket)
		c->socket(c, (enum socket_kind)m->socket.kind, m->socket.ifindex, fd);
	else
		close(fd);
	return 0;
}

static int child_handle(struct child *c, const struct message *m, int fd)
{
	if (m->type == MESSAGE_PEER || m->type == MESSAGE_SOCKET)
		return child_passed(c, m, fd);
	if (fd >= 0) {
		close(fd);
		return CARDEA_EMALFORMED;
	}
	if (m->type == MESSAGE_CONFIG)
		return child_set(c, m->config.key, m->config.value);
	if (m->type == MESSAGE_CONFIG_END) {
		c->configured = true;
		return 0;
	}
	if (m->type == MESSAGE_SHUTDOWN) {
		if (c->shutdown)
			c->shutdown(c, m->shutdown.open_network);
		child_stop(c, 0);
		return 0;
	}
	return c->message ? c->message(c, m) : 0;
}

static int child_receive(struct ipc *ipc, const uint8_t *data, size_t len, int fd)
{
	struct child *c = ipc->ctx;
	struct message m;
	int e = message_decode(data, len, &m);

	if (e && fd >= 0)
		close(fd);
	if (!e)
		e = child_handle(c, &m, fd);
	if (e)
		log_error("child", "message from the parent: %s", error_text(e));
	return e;
}

static void child_closed(struct ipc *ipc, int error)
{
	struct child *c = ipc->ctx;

	if (error == -ECONNRESET) { /* the parent ended: so do we, in order */
		child_stop(c, 0);
		return;
	}
	log_error("child", "channel to the parent: %s", error_text(error));
	child_stop(c, error);
}

static int child_wait_config(struct child *c)
{
	nstime until = loop_now(c->loop) + CONFIG_WAIT_MS * NS_PER_MS;

	while (!c->configured && !c->stopping) {
		nstime left = until - loop_now(c->loop);
		if (left <= 0)
			return -ETIMEDOUT;
		int e = loop_once(c->loop, (int)(left / NS_PER_MS) + 1);
		if (e)
			return e;
	}
	if (c->error)
		return c->error;
	return c->configured ? 0 : CARDEA_EPEER;
}

int child_start(struct child *c)
{
	signal(SIGPIPE, SIG_IGN);
	/* The terminal's ^C goes to the whole group; the parent alone decides. */
	signal(SIGINT, SIG_IGN);
	log_init(role_name(c->role), STDERR_FILENO, LOG_LEVEL_INFO);
	c->loop = loop_new(clock_system());
	if (!c->loop) {
		close(CHILD_PARENT_FD);
		return -ENOMEM;
	}
	c->parent.fd.fd = c->engine.fd.fd = c->engine_fd = -1;
	c->parent.receive = child_receive;
	c->parent.closed = child_closed;
	c->parent.ctx = c;
	int e = ipc_open(&c->parent, c->loop, CHILD_PARENT_FD);
	return e ? e : child_wait_config(c);
}

int child_hello(struct child *c)
{
	char text[SANDBOX_TEXT_MAX];
	unsigned layers = 0;
	int e = sandbox_enter(&c->sandbox, &layers);

	if (e) {
		log_error("child", "sandbox: %s", error_text(e));
		return e;
	}
	struct message m = {.type = MESSAGE_HELLO};
	m.hello.role = (uint8_t)c->role;
	m.hello.pid = (uint32_t)getpid();
	m.hello.layers = layers;
	log_info("child", "ready: %s", sandbox_format(layers, text));
	return child_send_parent(c, &m);
}

int child_run(struct child *c)
{
	int e = 0;

	c->running = true;
	if (c->engine_fd >= 0)
		engine_connect(c, c->engine_fd);
	c->engine_fd = -1;
	if (!c->stopping)
		e = loop_run(c->loop);
	return e ? e : c->error;
}

void child_end(struct child *c)
{
	ipc_close(&c->parent);
	ipc_close(&c->engine);
	loop_free(c->loop);
	c->loop = NULL;
}

int child_send(struct ipc *to, const struct message *m, int pass_fd)
{
	uint8_t buf[MESSAGE_MAX];
	int n = message_encode(m, buf, sizeof buf);

	return n < 0 ? n : ipc_send(to, buf, (size_t)n, pass_fd);
}

int child_send_parent(struct child *c, const struct message *m)
{
	return child_send(&c->parent, m, -1);
}

int child_send_engine(struct child *c, const struct message *m)
{
	return ipc_is_open(&c->engine) ? child_send(&c->engine, m, -1) : -ENOTCONN;
}
