// SPDX-License-Identifier: GPL-2.0-or-later
/* web - the process that speaks HTTP with the LAN. It reads what anybody there sends, and
 * has nothing but sockets that it was handed and a channel to the engine. */
#include "proc/web.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "base/str.h"
#include "proc/child.h"
#include "proc/memory.h"

/* Listeners, connections, channels, the loop; one that is refused has to be accepted. */
#define FILES_MAX (WEB_LISTENERS_MAX + 3 * WEB_CONNS_MAX + 16)
/* All connections with their bodies and TLS have 8 MiB, OpenSSL 2, libc what it has; and a
 * password that becomes a key, which is given back at once. */
#define MEMORY_MAX ((20UL << 20) + WEB_HASH_MEMORY)

#define IDLE_S 120 /* unless a setting says otherwise */
#define IDLE_S_MAX 86400

struct process {
	struct child child;
	struct web web;
	int64_t idle_s;
	struct loop_timer idle;
};

/* Sockets may come before the last setting. */
static void process_prepare(struct process *p)
{
	p->web.loop = p->web.tls.loop = p->child.loop;
	p->web.ctx = p;
}

static int on_config(struct child *c, const char *key, const char *value)
{
	struct process *p = c->ctx;

	if (!strcmp(key, "idle_s"))
		return str_to_i64(value, 1, IDLE_S_MAX, &p->idle_s);
	return web_tls_config(&p->web.tls, key, value);
}

static void on_socket(struct child *c, enum socket_kind kind, uint32_t ifindex, int fd)
{
	struct process *p = c->ctx;
	int e = 0;

	process_prepare(p);
	if (kind == SOCKET_WEB || kind == SOCKET_WEB_TLS || kind == SOCKET_WEB_PAGE)
		e = web_listen(&p->web, fd, kind);
	else
		close(fd);
	if (e)
		log_error("listen", "socket of interface %" PRIu32 ": %s", ifindex,
			error_text(e));
}

static int on_engine(struct child *c, const struct message *m, int fd)
{
	struct process *p = c->ctx;

	return web_engine_said(&p->web, m, fd);
}

static void on_engine_left(struct child *c)
{
	struct process *p = c->ctx;

	web_engine_left(&p->web);
}

/* A question of which only a part went out must be the last on its channel: the engine
 * finds it closed, and has this process started anew. */
static int on_send(void *ctx, const struct message *m)
{
	struct process *p = ctx;
	int e = child_send_engine(&p->child, m);

	if (e && ipc_is_open(&p->child.engine)) {
		log_error("engine", "it does not listen: %s", error_text(e));
		ipc_close(&p->child.engine);
	}
	return e;
}

/* Nobody comes: the parent starts this process anew for who does, also for one that is in
 * the kernel's queue by now. */
static void on_idle(struct loop_timer *t)
{
	struct process *p = t->ctx;
	nstime wait = p->idle_s * NS_PER_SEC;
	nstime idle = loop_now(p->child.loop) - p->web.last;
	unsigned count = p->web.devices.count + p->web.people.count;

	if (!count && idle >= wait)
		child_stop(&p->child, 0);
	else
		loop_arm(p->child.loop, t, count ? wait : wait - idle);
}

static int process_start(struct process *p)
{
	struct child *c = &p->child;
	int e = child_start(c);

	if (e)
		return e;
	process_prepare(p);
	web_tls_load(&p->web.tls);
	c->sandbox.files_max = FILES_MAX;
	c->sandbox.memory_max = MEMORY_MAX;
	e = child_hello(c);
	memory_return();
	p->web.last = loop_now(c->loop);
	p->idle.fire = on_idle;
	p->idle.ctx = p;
	loop_arm(c->loop, &p->idle, p->idle_s * NS_PER_SEC);
	return e;
}

int main(void)
{
	static struct process p = {
		.web.send = on_send,
		.idle_s = IDLE_S,
		.child = {.role = ROLE_WEB,
			.config = on_config,
			.socket = on_socket,
			.engine_passed = on_engine,
			.engine_left = on_engine_left},
	};

	p.child.ctx = &p;
	int e = process_start(&p);
	if (!e)
		e = child_run(&p.child);
	if (e)
		log_error("web", "ended: %s", error_text(e));
	web_end(&p.web);
	/* The channel to the parent ends with the process: it takes one that closes its
	 * channel and lives on for broken. */
	return e ? EXIT_FAILURE : EXIT_SUCCESS;
}
