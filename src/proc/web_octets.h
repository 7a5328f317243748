// SPDX-License-Identifier: GPL-2.0-or-later
/* web_octets - octets to and from a client, in clear or by TLS. Nothing here waits. */
#ifndef CARDEA_PROC_WEB_OCTETS_H
#define CARDEA_PROC_WEB_OCTETS_H

#include <sys/types.h>
#include "base/loop.h"

struct ssl_st;

struct web_octets {
	struct loop_fd fd;
	struct ssl_st *ssl; /* NULL: in clear */
	uint32_t wants;	    /* EPOLLIN or EPOLLOUT: for what the last call has to wait */
	bool failed;	    /* the socket, or TLS itself: nothing more can be said */
};

/* Octets; 0: none yet; -1: the end of them. */
ssize_t web_octets_in(struct web_octets *o, void *buf, size_t size);
ssize_t web_octets_out(struct web_octets *o, const void *buf, size_t len);
/* 1: hands are shaken; 0: not yet; -1: they never will be. */
int web_octets_shake(struct web_octets *o);
/* Nothing more will be sent. */
void web_octets_finish(struct web_octets *o);

#endif
