// SPDX-License-Identifier: GPL-2.0-or-later
/* child - what every child process does alike: descriptor 3 is the channel to the
 * parent; settings come first, then the sandbox, then HELLO, then the loop.
 *
 *	struct child c = {.role = ROLE_SENSOR, .config = ..., .peer = ..., .ctx = ...};
 *	error = child_start(&c);             loop, channel, all CONFIG up to CONFIG_END
 *	... open what needs privilege; c.sandbox.allow = ... ...
 *	error = child_hello(&c);             sandbox_enter, HELLO to the parent
 *	error = child_run(&c);               until SHUTDOWN or the parent is gone
 *	child_end(&c);
 *
 * Settings `uid`, `gid` (uid when absent), `chroot` and `log_level` are taken here;
 * config() sees every other one. When the parent goes away child_run returns: what the kernel
 * holds stays as it is. */
#ifndef CARDEA_PROC_CHILD_H
#define CARDEA_PROC_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include "base/ipc.h"
#include "base/loop.h"
#include "base/sandbox.h"
#include "model/ids.h"
#include "model/limits.h"
#include "model/messages.h"

#define CHILD_PARENT_FD 3

struct child {
	/* Set by the caller before child_start; any callback may be NULL. */
	enum role role;
	void *ctx;
	/* One setting. Unknown keys are fine: return 0. An error ends the process. */
	int (*config)(struct child *c, const char *key, const char *value);
	/* The descriptor is a channel to role and belongs to the callee; a new one
	 * replaces an older one. May come at any time, also before child_hello. Not
	 * called for the engine's when engine_said or engine_passed is set. */
	void (*peer)(struct child *c, enum role role, int fd);
	/* One message of the engine; an error ends the channel. */
	int (*engine_said)(struct child *c, const struct message *m);
	/* The same in its place, for who gets descriptors, too: -1 without one; it belongs
	 * to the callee. */
	int (*engine_passed)(struct child *c, const struct message *m, int fd);
	/* A channel to an engine stands, the first time from child_run on. */
	void (*engine_came)(struct child *c);
	/* It is gone, or another one follows. */
	void (*engine_left)(struct child *c);
	/* The same for a socket (model/messages.h). */
	void (*socket)(struct child *c, enum socket_kind kind, uint32_t ifindex,
		int fd);
	/* Any other message of the parent, as PROCESS. An error ends the process. */
	int (*message)(struct child *c, const struct message *m);
	/* SHUTDOWN came; child_run returns after this callback. */
	void (*shutdown)(struct child *c, bool open_network);

	/* Set by child_start; the caller may add allow, keep_caps and limits. */
	struct sandbox sandbox;
	struct loop *loop;
	struct ipc engine; /* closed while there is none */

	/* Private */
	struct ipc parent;
	char chroot_dir[LIMIT_URL];
	bool configured, stopping, running;
	int engine_fd; /* came before child_run */
	int error;
	struct message from_engine;
};

/* 0 after CONFIG_END, or the first error. Logs to stderr; SIGPIPE is ignored. */
int child_start(struct child *c) CARDEA_MUSTCHECK;
int child_hello(struct child *c) CARDEA_MUSTCHECK;
/* Runs the loop; 0 for an orderly end (SHUTDOWN, parent gone, child_stop(c, 0)). */
int child_run(struct child *c) CARDEA_MUSTCHECK;
/* Ends child_run from a callback with this error. */
void child_stop(struct child *c, int error);
void child_end(struct child *c);

/* Encodes m and sends it on any channel, the parent's by child_send_parent. */
int child_send(struct ipc *to, const struct message *m, int pass_fd);
int child_send_parent(struct child *c, const struct message *m);
/* -ENOTCONN while there is no engine. */
int child_send_engine(struct child *c, const struct message *m);

#endif
