// SPDX-License-Identifier: GPL-2.0-or-later
/* head.c - what who began says first: the name it calls the other by, and what it
 * speaks. */
#include "observe/observe_priv.h"

#include "base/str.h"

#define RECORD_HANDSHAKE 22 /* RFC 8446 5.1 */
#define TLS_MAJOR 3

static bool is_tls(struct cursor c)
{
	return cursor_u8(&c) == RECORD_HANDSHAKE && cursor_u8(&c) == TLS_MAJOR;
}

/* A name that a device was given for this address counts more (RFC 9726), unless it was
 * given several of which this is one. */
void observe_set_name(struct observe *o, struct flow_entry *e, const char *text,
	enum record_naming naming)
{
	unsigned starter = e->flags & FLOW_STARTER ? 1 : 0;
	uint32_t host = hosts_find(&o->hosts, &e->mac[starter]);
	struct addr peer = walk_addr(&e->key, !starter);
	uint32_t name = strings_take(&o->strings, text);

	if (name && told_has(&o->told, host, &peer, name, e->first))
		naming = RECORD_ANSWER;
	else if (e->naming == RECORD_ANSWER && !(e->flags & FLOW_NAMED_STARTER))
		name = (strings_drop(&o->strings, name), 0);
	if (!name)
		return;
	strings_drop(&o->strings, e->name);
	e->name = name;
	e->naming = (uint8_t)naming;
	e->flags &= (uint8_t)~FLOW_NAMED_STARTER;
}

static bool is_name(const struct octets *name, struct dns_name *ret)
{
	char text[OCTETS_MAX + 1];

	if (!name->len || memchr(name->b, 0, name->len))
		return false;
	str_copy_bytes(text, sizeof text, name->b, name->len);
	return !dns_name_from_text(text, ret);
}

/* ALPN names, comma between; what is not printable is escaped. */
static void take_alpn(struct observe *o, struct flow_entry *e, const struct tls_hello *h)
{
	char *text = o->scratch.text;
	size_t size = sizeof o->scratch.text, at = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < h->alpn_count; i++) {
		if (tls_is_grease_alpn(&h->alpn[i]) || size - at < 2)
			continue;
		if (at)
			text[at++] = ',';
		str_escape(octets_str(&h->alpn[i]), text + at, size - at);
		at += strlen(text + at);
	}
	strings_drop(&o->strings, e->detail);
	e->detail = strings_take(&o->strings, text);
}

void observe_hello(struct observe *o, struct flow_entry *e, enum record_app app)
{
	const struct tls_hello *h = &o->scratch.hello;
	struct dns_name name;

	o->counts.hellos++;
	e->app = (uint8_t)app;
	e->flags &= (uint8_t)~FLOW_WANTS_HEAD;
	if (is_name(&h->server_name, &name))
		observe_set_name(o, e, name.text, RECORD_SNI);
	take_alpn(o, e, h);
	for (unsigned i = 0; i < h->alpn_count; i++)
		if (h->alpn[i].len == 3 && (!memcmp(h->alpn[i].b, "dot", 3) ||
						   !memcmp(h->alpn[i].b, "doq", 3)))
			observe_hidden(o, e);
}

static void head_tls(struct observe *o, const struct walk *w, struct flow_entry *e)
{
	struct writer message =
		writer_of(o->scratch.message, sizeof o->scratch.message);
	bool is_part;
	int error = tls_stream_hello(w->payload, &message);
	struct cursor c = cursor_of(message.start, message.len);

	if (error && error != CARDEA_ETRUNCATED && error != CARDEA_ELIMIT)
		return;
	if (!tls_parse_hello_prefix(&c, &o->scratch.hello, &is_part))
		observe_hello(o, e, RECORD_APP_TLS);
}

void observe_head(struct observe *o, const struct walk *w, struct flow_entry *e)
{
	if (w->swapped != !!(e->flags & FLOW_STARTER))
		return;
	e->flags &= (uint8_t)~FLOW_WANTS_HEAD;
	if (w->proto == FLOW_PROTO_TCP && is_tls(w->payload))
		head_tls(o, w, e);
}
