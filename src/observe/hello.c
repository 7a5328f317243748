// SPDX-License-Identifier: GPL-2.0-or-later
/* hello.c - ClientHellos: the server's name and the protocols offered (RFC 6066 3, RFC
 * 7301), out of TLS over TCP, DTLS, and QUIC's CRYPTO frames. */
#include "observe/observe_priv.h"

#include "base/str.h"

/* ALPN names, comma between; what is not printable is escaped. */
static void write_alpn(const struct tls_hello *h, char *text, size_t size)
{
	size_t at = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < h->alpn_count && size - at > 2; i++) {
		if (tls_is_grease_alpn(&h->alpn[i]))
			continue;
		if (at)
			text[at++] = ',';
		str_escape(octets_str(&h->alpn[i]), text + at, size - at);
		at += strlen(text + at);
	}
}

/* RFC 7858, RFC 9250. */
static bool is_dns(const struct octets *alpn)
{
	return alpn->len == 3 &&
	       (!memcmp(alpn->b, "dot", 3) || !memcmp(alpn->b, "doq", 3));
}

static void take_hello(struct observe *o, struct flow_entry *e, enum record_app app)
{
	const struct tls_hello *h = &o->scratch.hello;

	o->counts.hellos++;
	if (e->stream && o->streams->all[e->stream].pieces)
		o->counts.hellos_split++;
	observe_set_name(o, e, octets_str(&h->server_name), RECORD_SNI);
	write_alpn(h, o->scratch.text, sizeof o->scratch.text);
	observe_set_detail(o, e, app);
	for (unsigned i = 0; i < h->alpn_count; i++)
		if (is_dns(&h->alpn[i]))
			observe_hidden(o, e);
}

/* As much of the message as there is. */
static void take_part(
	struct observe *o, struct flow_entry *e, struct cursor c, enum record_app app)
{
	bool is_part;

	if (!tls_parse_hello_prefix(&c, &o->scratch.hello, &is_part))
		take_hello(o, e, app);
}

bool observe_tls(
	struct observe *o, struct flow_entry *e, struct cursor bytes, bool is_all)
{
	struct writer w = writer_of(o->scratch.message, sizeof o->scratch.message);
	int error = tls_stream_hello(bytes, &w);

	if (error == CARDEA_ETRUNCATED && !is_all)
		return false;
	if (!error || error == CARDEA_ETRUNCATED || error == CARDEA_ELIMIT)
		take_part(o, e, cursor_of(w.start, w.len), RECORD_APP_TLS);
	return true;
}

void observe_dtls(struct observe *o, struct flow_entry *e, struct cursor bytes)
{
	bool is_part;

	if (!tls_parse_dtls_prefix(&bytes, &o->scratch.hello, &is_part))
		take_hello(o, e, RECORD_APP_TLS);
}

/* Keys come from the connection ID that the client chose first; after a Retry from the
 * one that the server did (RFC 9001 5.2), and all begins anew. */
static int open_initial(struct observe *o, struct stream *s,
	const struct quic_initial *p, struct cursor *ret_frames)
{
	bool same = s->cid.len == p->dcid.len &&
		    !memcmp(s->cid.b, p->dcid.b, sizeof s->cid.b);
	int error = initial_open(o->initial, p, &s->cid, ret_frames);

	if (!error || same || initial_open(o->initial, p, &p->dcid, ret_frames))
		return error;
	s->cid = p->dcid;
	stream_clear(s);
	return 0;
}

static void put_crypto(struct stream *s, struct cursor frames)
{
	unsigned left = QUIC_FRAMES_MAX;
	struct quic_crypto crypto;

	while (quic_next_crypto(&frames, &left, &crypto) > 0)
		stream_put(s, crypto.offset, crypto.data);
}

/* Whether the hello is all there, or there is no sense in waiting. */
static bool quic_is_done(struct observe *o, struct flow_entry *e, struct stream *s)
{
	struct cursor c = stream_bytes(s);
	int error = tls_parse_hello(&c, &o->scratch.hello);

	if (!error)
		take_hello(o, e, RECORD_APP_QUIC);
	else if (error == CARDEA_ELIMIT ||
		 (error == CARDEA_ETRUNCATED && !stream_waits(s)))
		take_part(o, e, stream_bytes(s), RECORD_APP_QUIC);
	else if (error == CARDEA_ETRUNCATED)
		return false;
	return true;
}

bool observe_quic(struct observe *o, struct flow_entry *e, struct cursor bytes)
{
	struct quic_initial p;
	struct cursor frames;
	struct stream *s = e->stream ? &o->streams->all[e->stream] : NULL;
	int error = 0;

	while (cursor_left(&bytes)) {
		error = quic_next_initial(&bytes, &p);
		if (error == CARDEA_EUNSUPPORTED) /* 0-RTT may overtake the Initial */
			continue;
		if (error)
			break;
		if (!s) {
			s = observe_collect(o, e);
			s->cid = p.dcid;
		}
		if (open_initial(o, s, &p, &frames))
			break;
		e->app = RECORD_APP_QUIC;
		put_crypto(s, frames);
	}
	if (!s)
		return error != CARDEA_EUNSUPPORTED;
	return e->app != RECORD_APP_QUIC || quic_is_done(o, e, s);
}

void observe_quic_over(struct observe *o, struct flow_entry *e)
{
	struct cursor c = stream_bytes(&o->streams->all[e->stream]);

	if (cursor_left(&c))
		take_part(o, e, c, RECORD_APP_QUIC);
}
