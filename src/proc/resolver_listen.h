// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_listen - the resolver's sockets towards the LAN: datagrams, and connections
 * with pipelining (RFC 7766), each bounded. */
#ifndef CARDEA_PROC_RESOLVER_LISTEN_H
#define CARDEA_PROC_RESOLVER_LISTEN_H

#include "base/loop.h"
#include "names/resolver.h"

/* A UDP and a TCP socket for each address of the LAN. */
#define RESOLVER_LISTENERS_MAX (2 * LIMIT_LAN_PREFIXES)
/* Connections of all clients, and of one: clients come by TCP for big answers only. */
#define RESOLVER_CONNS_MAX 32
#define RESOLVER_CONNS_PER_CLIENT 6
/* Connections taken in one turn of the loop, which has other clients, too. */
#define RESOLVER_ACCEPT_BURST 8

struct resolver_conn;
struct resolver_udp_batch;

struct resolver_udp {
	struct loop_fd fd;
	struct resolver_listen *listen;
};

struct resolver_tcp {
	struct loop_fd fd;
	struct resolver_listen *listen;
};

struct resolver_listen {
	struct loop *loop;
	struct resolver *resolver;
	struct resolver_udp udp[RESOLVER_LISTENERS_MAX];
	struct resolver_tcp tcp[RESOLVER_LISTENERS_MAX];
	unsigned udp_count, tcp_count;
	struct resolver_udp_batch *batch;
	struct resolver_conn *conns[RESOLVER_CONNS_MAX];
	uint64_t serial;
	size_t queued; /* bytes that slow clients have not taken yet */
};

/* A bound UDP socket, or a listening TCP socket. fd is taken in every case. */
int resolver_udp_listen(struct resolver_listen *s, int fd) CARDEA_MUSTCHECK;
int resolver_tcp_listen(struct resolver_listen *s, int fd) CARDEA_MUSTCHECK;

void resolver_udp_reply(struct resolver_listen *s, const struct resolver_origin *to,
	const uint8_t *message, size_t len);
/* Sends what waits, and lets go of it. */
void resolver_udp_end(struct resolver_listen *s);
void resolver_tcp_reply(struct resolver_listen *s, const struct resolver_origin *to,
	const uint8_t *message, size_t len);
/* Closes the connections, not the listeners. */
void resolver_tcp_end(struct resolver_listen *s);

#endif
