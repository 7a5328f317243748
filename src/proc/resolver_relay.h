// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_relay - upstream by DNS over TLS (RFC 7858, strict profile of RFC 8310): what
 * libunbound asks on a loopback socket goes padded to the first server of a list that
 * proves its name. There is no way in clear: without such a server there is no answer.
 * libunbound itself cannot do it everywhere; Debian builds it without TLS. */
#ifndef CARDEA_PROC_RESOLVER_RELAY_H
#define CARDEA_PROC_RESOLVER_RELAY_H

#include <netinet/in.h>
#include "base/addr.h"
#include "base/loop.h"
#include "model/limits.h"

#define RESOLVER_RELAY_SERVERS_MAX 8
/* Questions under way; libunbound has 64 sockets to ask from. */
#define RESOLVER_RELAY_QUERIES_MAX 128
/* A padded query: a name of 255 octets needs less than 384. */
#define RESOLVER_RELAY_QUERY_MAX 512

struct ssl_ctx_st;
struct ssl_st;

struct resolver_relay_server {
	struct addr addr;
	uint16_t port;
	char name[LIMIT_NAME]; /* that its certificate must have */
	nstime failed;	       /* mono, 0: not */
};

struct resolver_relay_query {
	bool busy, sent;
	struct sockaddr_in from; /* libunbound's socket */
	uint16_t id;		 /* there; on the connection it is another one */
	uint16_t wire_id;
	unsigned tries;
	nstime born, since; /* came, and went out */
	size_t len;
	uint8_t bytes[RESOLVER_RELAY_QUERY_MAX];
};

enum resolver_relay_state { RELAY_CLOSED, RELAY_CONNECTING, RELAY_SHAKING, RELAY_OPEN };

struct resolver_relay {
	struct loop *loop;
	struct ssl_ctx_st *context;
	struct resolver_relay_server servers[RESOLVER_RELAY_SERVERS_MAX];
	unsigned server_count, current;
	struct loop_fd udp;
	/* the one connection */
	enum resolver_relay_state state;
	struct loop_fd fd;
	struct ssl_st *ssl;
	uint32_t wants; /* EPOLLIN or EPOLLOUT, of TLS */
	nstime heard;
	size_t out_len, in_len;
	uint8_t out[RESOLVER_RELAY_QUERIES_MAX * (2 + RESOLVER_RELAY_QUERY_MAX)];
	uint8_t in[2 + 65535];
	struct loop_timer timer; /* looks after what lasts too long */
	uint16_t serial;
	struct resolver_relay_query queries[RESOLVER_RELAY_QUERIES_MAX];
};

/* "192.0.2.53@853#dns.example" */
int resolver_relay_add(struct resolver_relay *r, const char *text) CARDEA_MUSTCHECK;
/* Reads the authorities; still outside of the sandbox. "": the system's. */
int resolver_relay_authorities(
	struct resolver_relay *r, const char *ca_file) CARDEA_MUSTCHECK;
/* *ret_port: where to ask, on 127.0.0.1. */
int resolver_relay_start(struct resolver_relay *r, struct loop *l,
	uint16_t *ret_port) CARDEA_MUSTCHECK;
void resolver_relay_end(struct resolver_relay *r);

#endif
