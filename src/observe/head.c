// SPDX-License-Identifier: GPL-2.0-or-later
/* head.c - what who began says first: the name it calls the other by, and what it
 * speaks. */
#include "observe/observe_priv.h"

#include "base/str.h"
#include "wire/coap.h"
#include "wire/mqtt.h"
#include "wire/ntp.h"
#include "wire/tcp.h"

#define RECORD_HANDSHAKE 22 /* RFC 8446 5.1 */
#define TLS_MAJOR 3
#define DTLS_MAJOR 254
#define QUIC_LONG 0xc0 /* long header, fixed bit: RFC 9000 17.2 */
#define MQTT_CONNECT 0x10
/* Shorter starts say nothing yet. */
#define START_MIN 3

struct stream *observe_collect(struct observe *o, struct flow_entry *e)
{
	uint32_t loser = streams_loser(o->streams);

	if (loser)
		observe_head_over(o, &o->flows.entries[loser]);
	e->stream = streams_take(o->streams, flows_id(&o->flows, e));
	return &o->streams->all[e->stream];
}

void observe_set_detail(struct observe *o, struct flow_entry *e, enum record_app app)
{
	e->app = (uint8_t)app;
	strings_drop(&o->strings, e->detail);
	e->detail = strings_take(&o->strings, o->scratch.text);
}

/* A host's name in one spelling; not an address. */
static bool spell(struct untrusted_str s, struct dns_name *ret)
{
	char text[LIMIT_NAME];
	struct addr a;

	if (!s.len || s.len >= sizeof text || memchr(s.bytes, 0, s.len))
		return false;
	str_copy_bytes(text, sizeof text, s.bytes, s.len);
	return addr_parse(text, &a) && !dns_name_from_text(text, ret) &&
	       !dns_name_is_root(ret);
}

/* A name that a device was given for this address counts more (RFC 9726), unless it was
 * given several of which this is one. */
void observe_set_name(struct observe *o, struct flow_entry *e, struct untrusted_str s,
	enum record_naming naming)
{
	unsigned starter = e->flags & FLOW_STARTER ? 1 : 0;
	uint32_t host = e->host[starter];
	struct addr peer = walk_addr(&e->key, !starter);
	struct dns_name spelled;
	uint32_t name =
		spell(s, &spelled) ? strings_take(&o->strings, spelled.text) : 0;
	bool has = e->naming == RECORD_ANSWER && !(e->flags & FLOW_NAMED_STARTER);

	if (name && told_has(&o->told, host, &peer, name, e->first)) {
		naming = RECORD_ANSWER;
	} else if (!name || has) {
		strings_drop(&o->strings, name);
		return;
	}
	strings_drop(&o->strings, e->name);
	e->name = name;
	e->naming = (uint8_t)naming;
	e->flags &= (uint8_t)~FLOW_NAMED_STARTER;
}

/* RFC 9110 7.2: a port may follow. */
static struct untrusted_str without_port(struct untrusted_str host)
{
	const char *colon = host.len ? memchr(host.bytes, ':', host.len) : NULL;

	if (colon && host.bytes[0] != '[')
		host.len = (size_t)(colon - host.bytes);
	return host;
}

/* "GET /path"; the head may come in several segments, of which the last has the empty
 * line. */
static bool head_http(
	struct observe *o, struct flow_entry *e, struct cursor bytes, bool is_all)
{
	struct untrusted_str host;
	char *text = o->scratch.text;
	struct head h;
	size_t at;
	int error = head_parse(bytes, &h);

	if (error == CARDEA_ETRUNCATED && !is_all) /* perhaps: a word in capitals */
		return bytes.pos[0] < 'A' || bytes.pos[0] > 'Z';
	if (error || h.is_answer)
		return true;
	host = h.host;
	if (!host.len && !head_field(&h, "host", &host) && !is_all &&
		!memmem(bytes.pos, cursor_left(&bytes), "\r\n\r\n", 4))
		return false;
	observe_set_name(o, e, without_port(host), RECORD_HOST);
	str_escape(h.method, text, HEAD_METHOD_MAX + 1);
	at = strlen(text);
	text[at++] = ' ';
	str_escape(h.path, text + at, sizeof o->scratch.text - at);
	observe_set_detail(o, e, RECORD_APP_HTTP);
	return true;
}

static bool head_mqtt(
	struct observe *o, struct flow_entry *e, struct cursor bytes, bool is_all)
{
	struct mqtt_connect m;
	int error = mqtt_parse_connect(&bytes, &m);

	if (error == CARDEA_ETRUNCATED && !is_all)
		return false;
	if (error)
		return true;
	str_copy(o->scratch.text, sizeof o->scratch.text, m.protocol);
	observe_set_detail(o, e, RECORD_APP_MQTT);
	return true;
}

/* A hello in the form of SSL 2, as old libraries send it that would also speak SSL 3 or
 * TLS (RFC 5246 E.2). It has no extensions and thus no name. */
static bool is_ssl2(struct cursor c)
{
	uint16_t len = cursor_u16(&c);
	uint8_t type = cursor_u8(&c), major = cursor_u8(&c);

	cursor_skip(&c, 1);
	uint16_t ciphers = cursor_u16(&c), session = cursor_u16(&c);
	uint16_t challenge = cursor_u16(&c);
	return !c.error && len & 0x8000 && type == 1 && major == TLS_MAJOR && ciphers &&
	       ciphers % 3 == 0 && challenge >= 16 && challenge <= 32 &&
	       (len & 0x7fff) == 9 + ciphers + session + challenge;
}

/* False when more must come. */
static bool head_tcp(
	struct observe *o, struct flow_entry *e, struct cursor bytes, bool is_all)
{
	size_t left = cursor_left(&bytes);

	if (left < START_MIN)
		return is_all;
	if (bytes.pos[0] == RECORD_HANDSHAKE && bytes.pos[1] == TLS_MAJOR)
		return observe_tls(o, e, bytes, is_all);
	if (is_ssl2(bytes)) {
		o->counts.hellos++;
		e->app = RECORD_APP_TLS;
		return true;
	}
	if (bytes.pos[0] == MQTT_CONNECT)
		return head_mqtt(o, e, bytes, is_all);
	return head_http(o, e, bytes, is_all);
}

static void head_coap(struct observe *o, struct flow_entry *e, struct cursor bytes)
{
	struct coap m;

	if (coap_parse(&bytes, &m))
		return;
	o->scratch.text[0] = '\0';
	if (coap_method(m.code))
		(void)str_print(o->scratch.text, sizeof o->scratch.text, "%s %s",
			coap_method(m.code), m.path);
	observe_set_detail(o, e, RECORD_APP_COAP);
}

static bool has_port(const struct flow_entry *e, uint16_t port)
{
	return walk_port(&e->key, 0) == port || walk_port(&e->key, 1) == port;
}

static bool head_udp(struct observe *o, struct flow_entry *e, struct cursor bytes)
{
	const uint8_t *p = bytes.pos;
	struct ntp ntp;

	if (cursor_left(&bytes) < START_MIN)
		return true;
	if (has_port(e, NTP_PORT)) {
		if (!ntp_parse(&bytes, &ntp))
			e->app = RECORD_APP_NTP;
	} else if (has_port(e, COAP_PORT)) {
		head_coap(o, e, bytes);
	} else if (p[0] == RECORD_HANDSHAKE && p[1] == DTLS_MAJOR) {
		observe_dtls(o, e, bytes);
	} else if ((p[0] & QUIC_LONG) == QUIC_LONG) {
		return observe_quic(o, e, bytes);
	} else if (observe_ssdp(o, bytes)) { /* answers come from any port */
		observe_set_detail(o, e, RECORD_APP_SSDP);
	}
	return true;
}

static void finish(struct observe *o, struct flow_entry *e)
{
	e->flags &= (uint8_t)~FLOW_WANTS_HEAD;
	streams_drop(o->streams, e->stream);
	e->stream = 0;
}

void observe_head_over(struct observe *o, struct flow_entry *e)
{
	if (!e->stream)
		return;
	struct cursor bytes = stream_bytes(&o->streams->all[e->stream]);
	if (walk_proto(&e->key) == FLOW_PROTO_TCP && cursor_left(&bytes))
		(void)head_tcp(o, e, bytes, true);
	else
		observe_quic_over(o, e);
	finish(o, e);
}

/* Segments of the start in any order. */
static void segment(struct observe *o, const struct walk *w, struct flow_entry *e)
{
	bool syn = w->flags & TCP_SYN; /* which counts as one byte */
	struct stream *s = e->stream ? &o->streams->all[e->stream] : NULL;
	uint32_t base = s ? s->base : e->flags & FLOW_MIDSTREAM ? w->seq : e->seq;
	uint32_t offset = w->seq + syn - base;

	if (offset >= STREAM_MAX) /* before the start, or far behind it */
		return;
	if (!s && !offset && head_tcp(o, e, w->payload, false)) {
		finish(o, e);
		return;
	}
	if (!s) {
		s = observe_collect(o, e);
		s->base = base;
	}
	stream_put(s, offset, w->payload);
	bool waits = stream_waits(s);
	if (s->have && head_tcp(o, e, stream_bytes(s), !waits))
		finish(o, e);
	else if (!waits)
		finish(o, e);
}

/* The first question says what is asked; answers are for names. */
static void dns_tcp(struct observe *o, const struct walk *w, struct flow_entry *e)
{
	e->app = RECORD_APP_DNS;
	observe_dns_stream(o, w, e);
}

void observe_head(struct observe *o, const struct walk *w, struct flow_entry *e)
{
	bool from_starter = w->swapped == !!(e->flags & FLOW_STARTER);

	if (w->proto == FLOW_PROTO_TCP && has_port(e, DNS_PORT))
		dns_tcp(o, w, e);
	else if (!from_starter)
		return;
	else if (w->proto == FLOW_PROTO_TCP)
		segment(o, w, e);
	else if (head_udp(o, e, w->payload))
		finish(o, e);
}
