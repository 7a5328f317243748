// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* ipc - packets over a SOCK_SEQPACKET socketpair, one message each, with at most one
 * descriptor. A full peer is queued up to a limit, then it is an error: a process
 * that does not read is as dead as one that crashed. What the bytes mean is
 * model/messages' business. */
#ifndef CARDEA_BASE_IPC_H
#define CARDEA_BASE_IPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/loop.h"

#define IPC_PACKET_MAX 16384	   /* bytes of one message */
#define IPC_QUEUE_MAX (4U << 20)  /* bytes waiting for a slow peer */

struct ipc_packet; /* queued output */

struct ipc {
	struct loop_fd fd;
	/* One packet; passed_fd is -1 or a descriptor that now belongs to the callee.
	 * A non-zero return closes the channel. */
	int (*receive)(struct ipc *c, const uint8_t *data, size_t len, int passed_fd);
	/* The channel is closed (fd.fd is -1): the peer went away or misbehaved. */
	void (*closed)(struct ipc *c, int error);
	void *ctx;
	struct ipc_packet *head, *tail;
	size_t queued;
};

/* Takes ownership of fd, makes it non-blocking, watches it. receive, closed and ctx
 * must be set before. */
int ipc_open(struct ipc *c, struct loop *l, int fd) CARDEA_MUSTCHECK;
void ipc_close(struct ipc *c); /* silent: closed() is not called; safe twice */
bool ipc_is_open(const struct ipc *c);
/* Sends or queues. pass_fd is duplicated into the packet when >= 0 (the caller keeps
 * its own). -ENOTCONN when closed, CARDEA_ELIMIT when the queue is full. */
int ipc_send(struct ipc *c, const void *data, size_t len, int pass_fd);
/* A SOCK_SEQPACKET pair, close-on-exec, non-blocking. */
int ipc_pair(int ret_fds[2]) CARDEA_MUSTCHECK;

#endif
