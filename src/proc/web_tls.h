// SPDX-License-Identifier: GPL-2.0-or-later
/* web_tls - TLS for the face towards the LAN, with the certificate of this gateway's DNS
 * over TLS. It is read before the sandbox, by a process of its own that ends then; what
 * OpenSSL needs is made when the first client comes, and given back when none is left. */
#ifndef CARDEA_PROC_WEB_TLS_H
#define CARDEA_PROC_WEB_TLS_H

#include <stddef.h>
#include "base/loop.h"
#include "proc/resolver_cert.h"

struct ssl_st;
struct ssl_ctx_st;

struct web_tls {
	struct loop *loop;
	struct resolver_cert_wish wish;
	char *pem; /* key and certificates; NULL: there is no TLS */
	size_t pem_len;
	bool owners;
	struct resolver_cert cert;  /* of the context */
	struct ssl_ctx_st *context; /* NULL: nobody uses it */
	nstime since;		    /* mono: of the context */
	unsigned sessions;
	struct loop_timer idle;
};

/* Before the sandbox: reads the certificate that wish describes, or makes it. Without one
 * there is no TLS; the log says why. */
void web_tls_load(struct web_tls *t);
/* "lan_begin", "lan_addr", "lan_end", "tls_dir", "tls_cert", "tls_key", "dns_name"; 0 also
 * for others. */
int web_tls_config(struct web_tls *t, const char *key, const char *value) CARDEA_MUSTCHECK;
/* A server's end over this socket, or NULL. Each is given back to web_tls_close. */
struct ssl_st *web_tls_open(struct web_tls *t, int fd);
void web_tls_close(struct web_tls *t, struct ssl_st *s, bool say_so);
void web_tls_end(struct web_tls *t);

#endif
