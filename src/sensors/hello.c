// SPDX-License-Identifier: GPL-2.0-or-later
/* From the packet that opens TLS or DTLS to what the device offers in it. Only the first
 * packet is looked at: what comes of a hello in others is not held against the device,
 * and not counted in its favour. */
#include "sensors/hello.h"

#include <string.h>
#include "base/str.h"

#define RECORD_HANDSHAKE 22
#define CLIENT_HELLO 1
#define TLS_HEAD_LEN 5	 /* of a record, RFC 8446 5.1 */
#define DTLS_HEAD_LEN 13 /* RFC 6347 4.1 */
#define ALPN_NAME_TEXT_MAX (4 * OCTETS_MAX + 4) /* each octet as \xNN */

bool hello_is_one(const struct packet *p)
{
	struct cursor c = p->payload;
	bool is_tcp = p->layers & PACKET_TCP;
	uint8_t type = cursor_u8(&c), major = cursor_u8(&c);

	cursor_skip(&c, (is_tcp ? TLS_HEAD_LEN : DTLS_HEAD_LEN) - 2);
	return (is_tcp || p->layers & PACKET_UDP) && type == RECORD_HANDSHAKE &&
	       major == (is_tcp ? 3 : 254) && cursor_u8(&c) == CLIENT_HELLO && !c.error;
}

static void copy_list(const uint16_t *values, size_t count, struct u16_list *ret)
{
	for (size_t i = 0; i < count && ret->count < LIMIT_U16_LIST; i++)
		if (!tls_is_grease(values[i]))
			ret->items[ret->count++] = values[i];
}

static void copy_modes(const struct tls_hello *h, struct u16_list *ret)
{
	for (unsigned i = 0; i < h->mode_count; i++)
		if (!tls_is_grease_mode(h->modes[i]))
			ret->items[ret->count++] = h->modes[i];
}

/* Without supported_versions the version of old is what is offered (RFC 8446 4.2.1), but
 * only a whole hello is known to be without. */
static void copy_versions(const struct tls_hello *h, bool is_part, struct u16_list *ret)
{
	copy_list(h->versions, h->version_count, ret);
	if (!is_part && !tls_hello_has(h, TLS_EXT_SUPPORTED_VERSIONS))
		copy_list(&h->legacy_version, 1, ret);
}

/* The comma that is part of a name must not look like the one between two. */
static size_t alpn_text(const struct octets *name, char buf[ALPN_NAME_TEXT_MAX])
{
	size_t len = 0;

	for (size_t i = 0; i < name->len; i++) {
		struct untrusted_str one = {.bytes = name->b + i, .len = 1};

		if (name->b[i] == ',')
			str_copy(buf + len, 5, "\\x2c");
		else
			str_escape(one, buf + len, 5);
		len += strlen(buf + len);
	}
	return len;
}

/* Names that do not fit end in one that no profile lists, so that none can hide. */
static void copy_alpn(const struct tls_hello *h, char ret[LIMIT_TEXT])
{
	static const char more[] = "...";
	char text[ALPN_NAME_TEXT_MAX];
	size_t at = 0;

	for (unsigned i = 0; i < h->alpn_count; i++) {
		size_t len, comma = at ? 1 : 0;

		if (tls_is_grease_alpn(&h->alpn[i]))
			continue;
		len = alpn_text(&h->alpn[i], text);
		if (at + comma + len + sizeof(more) + 1 > LIMIT_TEXT) {
			str_copy(text, sizeof(text), more);
			len = sizeof(more) - 1;
			i = h->alpn_count;
		}
		if (comma)
			ret[at++] = ',';
		memcpy(ret + at, text, len + 1);
		at += len;
	}
}

static int read_offer(const struct packet *p, struct hello_scratch *scratch,
	bool *ret_is_part)
{
	struct writer w = writer_of(scratch->message, sizeof(scratch->message));
	struct cursor c = p->payload;
	int error;

	if (p->layers & PACKET_UDP)
		return tls_parse_dtls_prefix(&c, &scratch->hello, ret_is_part);
	error = tls_stream_hello(c, &w);
	/* What is missing, or too much, leaves the start in the writer. */
	if (error && error != CARDEA_ETRUNCATED && error != CARDEA_ELIMIT)
		return error;
	c = cursor_of(w.start, w.len);
	return tls_parse_hello_prefix(&c, &scratch->hello, ret_is_part);
}

int hello_read(const struct packet *p, struct hello_scratch *scratch,
	struct message_seen_hello *ret)
{
	const struct tls_hello *h = &scratch->hello;
	bool is_tcp = p->layers & PACKET_TCP, is_part = false;
	int error = read_offer(p, scratch, &is_part);

	if (error)
		return error == CARDEA_EUNSUPPORTED ? error : CARDEA_EMALFORMED;
	memset(ret, 0, sizeof(*ret));
	ret->mac = p->eth.src;
	ret->device = p->ip.src;
	ret->peer = p->ip.dst;
	ret->proto = p->ip.proto;
	ret->device_port = is_tcp ? p->tcp.src_port : p->udp.src_port;
	ret->peer_port = is_tcp ? p->tcp.dst_port : p->udp.dst_port;
	str_escape(octets_str(&h->server_name), ret->server_name,
		sizeof(ret->server_name));
	copy_versions(h, is_part, &ret->versions);
	copy_list(h->ciphers, h->cipher_count, &ret->ciphers);
	copy_list(h->extensions, h->extension_count, &ret->extensions);
	copy_list(h->groups, h->group_count, &ret->groups);
	copy_list(h->signatures, h->signature_count, &ret->signatures);
	copy_list(h->signatures_cert, h->signature_cert_count, &ret->signatures_cert);
	copy_modes(h, &ret->modes);
	copy_list(h->compressions, h->compression_count, &ret->compressions);
	copy_alpn(h, ret->alpn);
	return 0;
}
