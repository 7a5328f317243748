// SPDX-License-Identifier: GPL-2.0-or-later
/* facts_app - heads of the protocols above the transport, each from one packet. What
 * goes on in the next packet is not put together here: the machine follows the
 * connection (docs/extended-profiles.md). */
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "profiles/extended/facts.h"
#include "wire/dhcp4.h"

static void facts_text(struct facts_text *t, const void *bytes, size_t len)
{
	t->is_set = len < sizeof t->text && !memchr(bytes, '\0', len);
	if (!t->is_set)
		return;
	memcpy(t->text, bytes, len);
	t->text[len] = '\0';
}

/* What TCP carries when this packet has no head of the protocol. */
static enum facts_app facts_carried(const struct facts *f)
{
	return f->is_tcp ? APP_CARRIED : APP_NO;
}

/* Over TCP a message has its length before it (RFC 7766 8). */
enum facts_app facts_dns(struct facts *f)
{
	struct cursor c = f->p->payload, stream = c;
	struct dns_header h;

	f->dns.count = 0;
	if (f->is_tcp && dns_frame_next(&stream, &c))
		return APP_CARRIED;
	if (!(f->protos & (1u << EXTENDED_UDP | 1u << EXTENDED_TCP)) ||
		dns_parse_header(&c, &h) || h.opcode != 0)
		return APP_NO;
	f->dns.response = h.qr;
	f->dns.id = h.id;
	for (unsigned i = 0; i < h.questions && i < FACTS_QUESTIONS; i++) {
		if (dns_next_question(&c, &f->dns.questions[i]))
			return APP_NO;
		f->dns.count++;
	}
	return APP_YES;
}

struct line {
	const char *start;
	size_t len;
};

/* The next line of a head; false at its end. */
static bool line_next(const char **p, const char *end, struct line *ret)
{
	const char *nl = memchr(*p, '\n', (size_t)(end - *p));

	ret->start = *p;
	ret->len = (size_t)((nl ? nl : end) - *p);
	*p = nl ? nl + 1 : end;
	if (ret->len && ret->start[ret->len - 1] == '\r')
		ret->len--;
	return ret->len > 0;
}

static bool line_field(const struct line *l, const char *name, struct line *ret)
{
	size_t len = strlen(name);

	if (l->len <= len || strncasecmp(l->start, name, len) != 0 || l->start[len] != ':')
		return false;
	ret->start = l->start + len + 1;
	ret->len = l->len - len - 1;
	while (ret->len && (*ret->start == ' ' || *ret->start == '\t')) {
		ret->start++;
		ret->len--;
	}
	return true;
}

/* "METHOD target HTTP/1.1", or "HTTP/1.1 200 OK". */
static bool facts_start_line(struct facts *f, const struct line *l)
{
	const char *space = memchr(l->start, ' ', l->len), *last;

	f->http.response = l->len >= 9 && memcmp(l->start, "HTTP/1.", 7) == 0;
	if (f->http.response)
		return true;
	if (!space || space == l->start || !str_copy_bytes(f->http.method,
		sizeof f->http.method, l->start, (size_t)(space - l->start)))
		return false;
	for (const char *p = f->http.method; *p; p++)
		if (!((*p >= 'A' && *p <= 'Z') || *p == '-'))
			return false;
	last = memrchr(l->start, ' ', l->len);
	if (last == space) { /* the line goes on in the next packet */
		facts_text(&f->http.target, space + 1,
			(size_t)(l->start + l->len - space) - 1);
		return true;
	}
	if ((size_t)(l->start + l->len - last) < 8 || memcmp(last + 1, "HTTP/1.", 7) != 0)
		return false;
	facts_text(&f->http.target, space + 1, (size_t)(last - space) - 1);
	return true;
}

/* Without the port behind it (RFC 9112 3.2); an address in brackets has colons. */
static size_t host_length(const struct line *l)
{
	const char *colon = l->len && l->start[0] != '[' ? memchr(l->start, ':', l->len) : NULL;

	return colon ? (size_t)(colon - l->start) : l->len;
}

static bool facts_head(struct facts *f, bool ssdp)
{
	const char *p = (const char *)f->p->payload.pos, *end = (const char *)f->p->payload.end;
	struct line l, value;

	f->http.target.is_set = f->http.host.is_set = false;
	f->http.method[0] = '\0';
	if (p >= end || !line_next(&p, end, &l) || !facts_start_line(f, &l))
		return false;
	if (ssdp)
		f->http.target.is_set = false;
	for (unsigned i = 0; i < 64 && p < end && line_next(&p, end, &l); i++) {
		if (line_field(&l, "host", &value))
			facts_text(&f->http.host, value.start, host_length(&value));
		if (ssdp && (line_field(&l, "st", &value) || line_field(&l, "nt", &value)))
			facts_text(&f->http.target, value.start, value.len);
	}
	return true;
}

enum facts_app facts_http(struct facts *f)
{
	f->tried &= ~(1u << EXTENDED_SSDP);
	if (!f->is_tcp)
		return APP_NO;
	return facts_head(f, false) ? APP_YES : APP_CARRIED;
}

enum facts_app facts_ssdp(struct facts *f)
{
	f->tried &= ~(1u << EXTENDED_HTTP);
	if (!(f->protos & 1u << EXTENDED_UDP))
		return APP_NO;
	return facts_head(f, true) ? APP_YES : APP_NO;
}

static uint32_t coap_number(struct cursor *c, uint8_t nibble)
{
	if (nibble == 13)
		return 13u + cursor_u8(c);
	if (nibble == 14)
		return 269u + cursor_u16(c);
	if (nibble == 15)
		cursor_fail(c, CARDEA_EMALFORMED);
	return nibble;
}

/* Uri-Path and Uri-Query (RFC 7252 5.10.1) as "/oic/res?rt=x". */
static bool coap_uri(struct facts *f, struct cursor *c)
{
	char *uri = f->coap.uri.text;
	size_t len = 0;
	uint32_t option = 0, queries = 0;

	for (unsigned i = 0; i < 64 && cursor_left(c); i++) {
		uint8_t head = cursor_u8(c);

		if (head == 0xff)
			break;
		option += coap_number(c, head >> 4);
		uint32_t size = coap_number(c, head & 15);
		const uint8_t *value = cursor_take(c, size);

		if (!value)
			return false;
		if (option != 11 && option != 15)
			continue;
		if (len + size + 2 > FACTS_TEXT || memchr(value, '\0', size))
			return false;
		uri[len++] = option == 11 ? '/' : queries++ ? '&' : '?';
		memcpy(uri + len, value, size);
		len += size;
	}
	uri[len] = '\0';
	f->coap.uri.is_set = true;
	return !c->error;
}

enum facts_app facts_coap(struct facts *f)
{
	struct cursor c = f->p->payload;
	uint8_t head = cursor_u8(&c), code = cursor_u8(&c);

	if (!(f->protos & 1u << EXTENDED_UDP) || head >> 6 != 1 || (head & 15) > 8)
		return APP_NO;
	cursor_skip(&c, 2 + (head & 15u));
	f->coap.type = head >> 4 & 3;
	f->coap.code = code;
	return !c.error && coap_uri(f, &c) ? APP_YES : APP_NO;
}

enum facts_app facts_dhcp(struct facts *f)
{
	struct cursor c = f->p->payload;
	struct dhcp4 d;

	if (!(f->protos & 1u << EXTENDED_UDP) || dhcp4_parse(&c, &d))
		return APP_NO;
	f->dhcp.type = d.msg_type;
	f->dhcp.client = d.chaddr;
	return APP_YES;
}

/* RFC 3376 4.2: records with the groups that are joined or left. */
static bool igmp_report3(struct facts *f, struct cursor *c)
{
	cursor_skip(c, 5);
	unsigned records = cursor_u16(c);

	for (unsigned i = 0; i < records && i < FACTS_GROUPS; i++) {
		cursor_skip(c, 1);
		uint8_t aux = cursor_u8(c);
		uint16_t sources = cursor_u16(c);
		const uint8_t *group = cursor_take(c, 4);

		if (!group)
			return false;
		f->igmp.groups[f->igmp.count++] = addr_v4(group);
		cursor_skip(c, 4u * sources + 4u * aux);
	}
	return !c->error;
}

enum facts_app facts_igmp(struct facts *f)
{
	struct cursor c = f->p->transport;
	uint8_t type = cursor_u8(&c);

	if (!(f->protos & 1u << EXTENDED_IGMP) || c.error)
		return APP_NO;
	f->igmp.count = 0;
	f->igmp.version = type == 0x12 ? 1 : type == 0x22 ? 3 : 2;
	f->igmp.type = type == 0x12 || type == 0x22 ? 0x16 : type;
	if (type == 0x22)
		return igmp_report3(f, &c) ? APP_YES : APP_NO;
	cursor_skip(&c, 3);
	const uint8_t *group = cursor_take(&c, 4);

	if (!group)
		return APP_NO;
	f->igmp.groups[f->igmp.count++] = addr_v4(group);
	/* a query of version 3 is longer than eight octets (RFC 3376 7.1) */
	if (type == 0x11 && cursor_left(&c))
		f->igmp.version = 3;
	return APP_YES;
}

static void tls_alpn(struct facts *f)
{
	const struct tls_hello *h = &f->hello;

	f->tls.alpn_count = 0;
	for (unsigned i = 0; i < h->alpn_count; i++)
		if (str_copy_bytes(f->tls.alpn[f->tls.alpn_count], 64, h->alpn[i].b,
			    h->alpn[i].len))
			f->tls.alpn_count++;
}

static void tls_hello(struct facts *f, struct cursor message)
{
	bool part;
	struct tls_hello *h = &f->hello;

	if (tls_parse_hello_prefix(&message, h, &part))
		return;
	f->tls.has_hello = true;
	f->tls.session_id = h->session_id_len > 0;
	f->tls.version = h->legacy_version;
	for (unsigned i = 0; i < h->version_count; i++)
		if (!tls_is_grease(h->versions[i]) && h->versions[i] > f->tls.version &&
			h->versions[i] <= TLS_VERSION_1_3)
			f->tls.version = h->versions[i];
	struct dns_name name;
	char sni[OCTETS_MAX + 1];

	if (str_copy_bytes(sni, sizeof sni, h->server_name.b, h->server_name.len) &&
		sni[0] && dns_name_from_text(sni, &name) == 0)
		(void)str_copy(f->tls.sni, sizeof f->tls.sni, name.text);
	tls_alpn(f);
}

/* A hello in the frame of SSL 2.0, as old clients greet (RFC 5246 E.2). */
static bool tls_old_hello(struct facts *f)
{
	struct cursor c = f->p->payload;
	uint16_t len = cursor_u16(&c);
	uint8_t type = cursor_u8(&c);
	uint16_t version = cursor_u16(&c);
	uint16_t ciphers = cursor_u16(&c), session = cursor_u16(&c);
	uint16_t challenge = cursor_u16(&c);

	if (c.error || !(len & 0x8000) || type != 1 || version >> 8 != 3 ||
		(len & 0x7fff) != 9 + ciphers + session + challenge)
		return false;
	f->tls.version = version;
	f->tls.contents[f->tls.content_count++] = 22;
	f->tls.handshakes[f->tls.handshake_count++] = type;
	f->tls.has_hello = true;
	f->tls.session_id = session > 0;
	return true;
}

/* Records that begin in this packet; a hello may be cut at its end. */
enum facts_app facts_tls(struct facts *f)
{
	struct cursor c = f->p->payload;

	f->tls.content_count = f->tls.handshake_count = f->tls.alpn_count = 0;
	f->tls.has_hello = f->tls.session_id = false;
	f->tls.sni[0] = '\0';
	if (!f->is_tcp)
		return APP_NO;
	if (tls_old_hello(f))
		return APP_YES;
	while (cursor_left(&c) >= 5 && f->tls.content_count < FACTS_RECORDS) {
		uint8_t type = cursor_u8(&c);
		uint16_t version = cursor_u16(&c), len = cursor_u16(&c);

		if (type < 20 || type > 24 || version >> 8 != 3 || len > 18432)
			break;
		size_t here = cursor_left(&c) < len ? cursor_left(&c) : len;
		struct cursor record = cursor_sub(&c, here);

		if (!f->tls.content_count)
			f->tls.version = version;
		f->tls.contents[f->tls.content_count++] = type;
		if (type != 22 || here < 4)
			continue;
		f->tls.handshakes[f->tls.handshake_count++] = record.pos[0];
		if (record.pos[0] == 1)
			tls_hello(f, record);
	}
	return f->tls.content_count ? APP_YES : facts_carried(f);
}

static bool mqtt_text(struct cursor *c, struct facts_text *t, uint16_t *ret_len)
{
	uint16_t len = cursor_u16(c);
	const uint8_t *text = cursor_take(c, len);

	if (!text)
		return false;
	facts_text(t, text, len);
	*ret_len = len;
	return true;
}

static bool mqtt_connect(struct facts *f, struct cursor *c)
{
	struct facts_text *id = &f->mqtt.client_id;
	uint16_t len;

	if (!mqtt_text(c, id, &len) || !id->is_set ||
		(strcmp(id->text, "MQTT") != 0 && strcmp(id->text, "MQIsdp") != 0))
		return false;
	uint8_t level = cursor_u8(c);

	f->mqtt.flags = cursor_u8(c);
	f->mqtt.keep_alive = cursor_u16(c);
	if (level == 5) /* properties, of a length below 128 */
		cursor_skip(c, cursor_u8(c));
	return mqtt_text(c, id, &f->mqtt.client_id_len);
}

static bool mqtt_publish(struct facts *f, struct cursor *c, uint8_t flags)
{
	uint16_t len;

	if (!mqtt_text(c, &f->mqtt.topic, &len))
		return false;
	if (flags & 6)
		cursor_skip(c, 2);
	f->mqtt.payload_len = (uint32_t)cursor_left(c);
	f->mqtt.payload = c->pos;
	return !c->error;
}

/* The first control packet that begins here (MQTT 3.1.1 2.2). */
enum facts_app facts_mqtt(struct facts *f)
{
	struct cursor c = f->p->payload;
	uint8_t head = cursor_u8(&c);
	uint32_t len = 0;
	unsigned shift = 0;
	uint8_t b;

	f->mqtt.client_id.is_set = f->mqtt.topic.is_set = false;
	f->mqtt.payload_len = 0;
	if (!f->is_tcp || c.error)
		return facts_carried(f);
	do {
		b = cursor_u8(&c);
		len |= (uint32_t)(b & 127) << shift;
		shift += 7;
	} while (b & 128 && shift < 28);
	struct cursor body = cursor_sub(&c, len);

	f->mqtt.type = head >> 4;
	if (body.error || f->mqtt.type == 0)
		return APP_CARRIED;
	if (f->mqtt.type == 1)
		return mqtt_connect(f, &body) ? APP_YES : APP_CARRIED;
	if (f->mqtt.type == 3)
		return mqtt_publish(f, &body, head & 15) ? APP_YES : APP_CARRIED;
	return APP_YES;
}
