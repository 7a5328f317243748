// SPDX-License-Identifier: GPL-2.0-or-later
/* tls_context - versions, ciphers, protocol and sessions of our TLS services. */
#include "proc/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

/* A ticket saves a phone a handshake when it wakes up. */
#define TICKET_S (4L * 3600)

/* The one that is spoken, or nothing was asked. Who wants another protocol is at the
 * wrong door: answering would be an attack's other half. */
static int choose_protocol(SSL *s, const uint8_t **out, uint8_t *out_len,
	const uint8_t *in, unsigned in_len, void *ctx)
{
	const char *ours = ctx;
	uint8_t len = (uint8_t)strlen(ours);

	(void)s;
	for (unsigned at = 0; at < in_len; at += 1U + in[at])
		if (in[at] == len && at + 1U + len <= in_len &&
			!memcmp(in + at + 1, ours, len)) {
			*out = in + at + 1;
			*out_len = len;
			return SSL_TLSEXT_ERR_OK;
		}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static bool context_identify(SSL_CTX *x, const struct resolver_cert *c)
{
	return SSL_CTX_use_certificate(x, c->cert) == 1 &&
	       (!c->chain || SSL_CTX_set1_chain(x, c->chain) == 1) &&
	       SSL_CTX_use_PrivateKey(x, c->key) == 1 &&
	       SSL_CTX_check_private_key(x) == 1;
}

struct ssl_ctx_st *tls_context(const struct resolver_cert *c, const char *protocol)
{
	SSL_CTX *x = SSL_CTX_new(TLS_server_method());

	/* RFC 9325: TLS 1.2 with forward secrecy and AEAD, or 1.3. A session of one
	 * service is none of another (its context is the protocol's name). */
	if (!x || SSL_CTX_set_min_proto_version(x, TLS1_2_VERSION) != 1 ||
		SSL_CTX_set_cipher_list(x, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1 ||
		SSL_CTX_set_session_id_context(x, (const uint8_t *)protocol,
			(unsigned)strlen(protocol)) != 1 ||
		!context_identify(x, c)) {
		SSL_CTX_free(x);
		ERR_clear_error();
		return NULL;
	}
	SSL_CTX_set_options(x, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
				       SSL_OP_CIPHER_SERVER_PREFERENCE |
				       SSL_OP_PRIORITIZE_CHACHA |
				       SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(x, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS |
				    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* The client keeps the session, not we; no early data, which can be replayed. */
	SSL_CTX_set_session_cache_mode(x, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_timeout(x, TICKET_S);
	SSL_CTX_set_max_early_data(x, 0);
	/* OpenSSL hands the argument back as it is */
	SSL_CTX_set_alpn_select_cb(x, choose_protocol, (void *)(uintptr_t)protocol);
	return x;
}
