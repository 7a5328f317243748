// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* tls - what a client offers when it opens TLS (RFC 8446, RFC 5246) or DTLS (RFC 9147,
 * RFC 6347): the parameters that a device's profile may name (RFC 9761). */
#ifndef CARDEA_WIRE_TLS_H
#define CARDEA_WIRE_TLS_H

#include "base/cursor.h"
#include "wire/octets.h"

/* The whole handshake message. Real ones stay under 2 KiB, with post-quantum key shares
 * under 4; one plaintext record holds 16. */
#define TLS_HELLO_MAX 16384
/* Records that carry it; senders that split it for a middlebox make two or three. */
#define TLS_RECORDS_MAX 16
/* All of OpenSSL's, old ones and weak ones too, are some 180. */
#define TLS_CIPHERS_MAX 256
/* Some 60 are registered; clients send 10 to 20. */
#define TLS_EXTENSIONS_MAX 64
/* Groups, signature schemes: some 40 are registered of each. */
#define TLS_LIST_MAX 64
#define TLS_VERSIONS_MAX 16   /* 6 exist with DTLS; drafts and GREASE */
#define TLS_ALPN_MAX 16	      /* clients offer one to three */
#define TLS_MODES_MAX 16      /* 2 exist, and 8 of GREASE */
#define TLS_COMPRESSIONS_MAX 16 /* RFC 8879 has 3 */

enum tls_version {
	TLS_VERSION_SSL3 = 0x0300,
	TLS_VERSION_1_0 = 0x0301,
	TLS_VERSION_1_1 = 0x0302,
	TLS_VERSION_1_2 = 0x0303,
	TLS_VERSION_1_3 = 0x0304,
	DTLS_VERSION_1_0 = 0xfeff,
	DTLS_VERSION_1_2 = 0xfefd,
	DTLS_VERSION_1_3 = 0xfefc,
};

enum tls_extension {
	TLS_EXT_SERVER_NAME = 0,
	TLS_EXT_SUPPORTED_GROUPS = 10,
	TLS_EXT_SIGNATURE_ALGORITHMS = 13,
	TLS_EXT_ALPN = 16,
	TLS_EXT_COMPRESS_CERTIFICATE = 27,
	TLS_EXT_SUPPORTED_VERSIONS = 43,
	TLS_EXT_PSK_KEY_EXCHANGE_MODES = 45,
	TLS_EXT_SIGNATURE_ALGORITHMS_CERT = 50,
	TLS_EXT_KEY_SHARE = 51,
	TLS_EXT_ENCRYPTED_HELLO = 0xfe0d, /* what we read is its outer part */
};

/* Lists are in the client's order, GREASE included. */
struct tls_hello {
	bool is_dtls;
	uint16_t legacy_version;
	uint8_t session_id_len, cookie_len; /* the cookie is DTLS's */
	uint16_t cipher_count;
	uint8_t extension_count, version_count, group_count, signature_count;
	uint8_t signature_cert_count, share_count, mode_count, compression_count;
	uint8_t alpn_count;
	uint16_t ciphers[TLS_CIPHERS_MAX];
	uint16_t extensions[TLS_EXTENSIONS_MAX]; /* types */
	uint16_t versions[TLS_VERSIONS_MAX];
	uint16_t groups[TLS_LIST_MAX];
	uint16_t signatures[TLS_LIST_MAX];
	uint16_t signatures_cert[TLS_LIST_MAX];
	uint16_t shares[TLS_LIST_MAX]; /* groups of the key shares */
	uint16_t compressions[TLS_COMPRESSIONS_MAX]; /* of certificates, RFC 8879 */
	uint8_t modes[TLS_MODES_MAX];
	struct octets server_name; /* as sent; empty without the extension */
	struct octets alpn[TLS_ALPN_MAX];
};

/* Values that mean nothing and are sent so that everybody learns to ignore what he does
 * not know (RFC 8701 2): 0x0a0a, 0x1a1a ... 0xfafa. */
static inline bool tls_is_grease(uint16_t value)
{
	return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}
/* For PSK key exchange modes: 0x0b, 0x2a ... 0xe4. */
static inline bool tls_is_grease_mode(uint8_t mode)
{
	return mode % 0x1f == 0x0b;
}
/* For ALPN: two octets which are such a value. */
bool tls_is_grease_alpn(const struct octets *name);
/* Whether the client sent an extension of this type. */
bool tls_hello_has(const struct tls_hello *h, uint16_t extension);

/* The handshake message alone, as in QUIC's CRYPTO stream. CARDEA_ETRUNCATED when more
 * must come; once it is whole, what does not fit in it is CARDEA_EMALFORMED.
 * CARDEA_EUNSUPPORTED for another message, CARDEA_ELIMIT when a list or the message is
 * longer than we keep. */
int tls_parse_hello(struct cursor *c, struct tls_hello *ret) CARDEA_MUSTCHECK;
/* The same for a message of which perhaps only the start is there, or which is longer
 * than we keep: what ret has was offered, each extension's list whole or, when too long,
 * its start; *ret_is_part says that more was. CARDEA_ETRUNCATED when not even all cipher
 * suites are there. */
int tls_parse_hello_prefix(struct cursor *c, struct tls_hello *ret, bool *ret_is_part)
	CARDEA_MUSTCHECK;
/* The start of a TCP stream, as much as there is, to the handshake message, which is
 * written to the empty writer (TLS_HELLO_MAX octets). CARDEA_ETRUNCATED when more must
 * come; call again with all of it. Errors as above; CARDEA_EMALFORMED when it is not
 * TLS. */
int tls_stream_hello(struct cursor stream, struct writer *message) CARDEA_MUSTCHECK;
/* One datagram with the first flight of DTLS. A hello in fragments (RFC 9147 5.5) is
 * CARDEA_EUNSUPPORTED, and so is an encrypted record. */
int tls_parse_dtls(struct cursor *c, struct tls_hello *ret) CARDEA_MUSTCHECK;
/* The same as tls_parse_hello_prefix; takes the first of several fragments, too. */
int tls_parse_dtls_prefix(struct cursor *c, struct tls_hello *ret, bool *ret_is_part)
	CARDEA_MUSTCHECK;

/* Each writes what its namesake reads back equal: the message; or the datagram, for
 * is_dtls. Secrets, session id and what is not kept are zero or empty. */
int tls_build_hello(struct writer *w, const struct tls_hello *h) CARDEA_MUSTCHECK;
int tls_build_dtls(struct writer *w, const struct tls_hello *h) CARDEA_MUSTCHECK;

#endif
