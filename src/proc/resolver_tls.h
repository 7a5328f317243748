// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_tls - DNS over TLS for the LAN (RFC 7858): the same queries, limits and
 * holding as over TCP, in connections that are bounded in number, time and memory. */
#ifndef CARDEA_PROC_RESOLVER_TLS_H
#define CARDEA_PROC_RESOLVER_TLS_H

#include "base/loop.h"
#include "names/resolver.h"
#include "proc/resolver_cert.h"
#include "proc/resolver_listen.h"

/* A phone keeps one open while it is awake, and a second one when it changes its
 * network: 64 are a big home. Each takes some 20 KiB. */
#define RESOLVER_TLS_CONNS_MAX 64
#define RESOLVER_TLS_PER_CLIENT 6
/* Listener numbers of origins from here on are ours; below are those of TCP. */
#define RESOLVER_TLS_FIRST RESOLVER_CONNS_MAX

struct resolver_tls_conn;
struct ssl_ctx_st;

struct resolver_tls_listener {
	struct loop_fd fd;
	struct resolver_tls *tls;
};

struct resolver_tls {
	struct loop *loop;
	struct resolver *resolver;
	struct resolver_tls_listener listeners[RESOLVER_LISTENERS_MAX];
	unsigned listener_count;
	struct resolver_tls_conn *conns[RESOLVER_TLS_CONNS_MAX];
	uint64_t serial;
	size_t queued; /* bytes that slow clients have not taken yet */
	struct resolver_cert_wish wish;
	struct resolver_cert cert;
	struct ssl_ctx_st *context; /* NULL: the service is off */
	nstime context_since;       /* mono */
	struct loop_timer check;
	struct message_dns_tls told; /* what the service is now */
	void (*changed)(void *ctx);  /* told is another; may be NULL */
	void *ctx;
};

/* Before the sandbox: reads or makes the certificate that wish describes. Without one
 * the service is off, and told.text says why. */
void resolver_tls_start(struct resolver_tls *t);
/* An address came or went: the certificate follows. */
void resolver_tls_wish_changed(struct resolver_tls *t);
/* A listening socket. fd is taken in every case. */
int resolver_tls_listen(struct resolver_tls *t, int fd) CARDEA_MUSTCHECK;
void resolver_tls_reply(struct resolver_tls *t, const struct resolver_origin *to,
	const uint8_t *message, size_t len);
void resolver_tls_end(struct resolver_tls *t);

#endif
