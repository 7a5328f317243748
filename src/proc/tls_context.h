// SPDX-License-Identifier: GPL-2.0-or-later
/* tls_context - what this gateway agrees to with clients of its encrypted services. */
#ifndef CARDEA_PROC_TLS_CONTEXT_H
#define CARDEA_PROC_TLS_CONTEXT_H

#include "proc/resolver_cert.h"

struct ssl_ctx_st;

/* protocol: the one that is spoken, for ALPN ("dot"); static. NULL when OpenSSL refuses
 * the certificate. */
struct ssl_ctx_st *tls_context(const struct resolver_cert *c, const char *protocol);

#endif
