// SPDX-License-Identifier: GPL-2.0-or-later
/* portal - questions of devices: whose they are, and what is answered. */
#include "engine/portal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/jsonw.h"
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"
#include "wire/cbor.h"

/* Octets of an answer: it fits into one message. */
#define ANSWER_MAX 1024
/* After this a device that asked too often may try again. */
#define RETRY_S 60
/* RFC 9711 4.1 and 10.3: the nonce of an EAT. */
#define EAT_NONCE_CLAIM 10
#define NONCE_TEXT ((EVIDENCE_NONCE * 4 + 2) / 3 + 1)

struct answer {
	uint16_t status;
	enum web_media media;
	uint32_t retry_s;
	const char *title, *next; /* of a problem */
};

/* ---- sending ---- */

static void reply(struct pipeline *p, const struct answer *a, const void *octets, size_t len)
{
	static struct message m; /* 4 KiB, and one question at a time */
	uint8_t buf[MESSAGE_MAX];
	int n;

	memset(&m, 0, sizeof m);
	m.type = MESSAGE_WEB_REPLY;
	m.web_reply.id = p->portal.ask.id;
	m.web_reply.status = a->status;
	m.web_reply.media = (uint8_t)a->media;
	m.web_reply.retry_s = a->retry_s;
	m.web_reply.octets.len = (uint16_t)len;
	memcpy(m.web_reply.octets.bytes, octets, len);
	n = message_encode(&m, buf, sizeof buf);
	if (n < 0 || ipc_send(&p->channels[ROLE_WEB], buf, (size_t)n, -1))
		log_warn("portal", "an answer was not sent");
}

/* What is in j, which is freed. */
static void reply_json(struct pipeline *p, const struct answer *a, struct jsonw *j)
{
	static const struct answer failed = {.status = 503, .media = WEB_MEDIA_NONE,
		.retry_s = RETRY_S};
	const char *text = jsonw_text(j);

	if (text)
		reply(p, a, text, strlen(text));
	else
		reply(p, &failed, "", 0);
	jsonw_free(j);
}

/* RFC 9457: what, where, what next. */
static void reply_problem(struct pipeline *p, const struct answer *a, const char *detail)
{
	struct answer out = *a;
	struct jsonw j;

	out.media = WEB_MEDIA_PROBLEM;
	jsonw_init_buffer(&j, ANSWER_MAX);
	jsonw_object(&j);
	jsonw_kv_string(&j, "type", "about:blank");
	jsonw_kv_string(&j, "title", a->title);
	jsonw_kv_u64(&j, "status", a->status);
	jsonw_kv_string(&j, "detail", detail);
	jsonw_kv_string(&j, "next", a->next);
	jsonw_object_end(&j);
	reply_json(p, &out, &j);
}

/* ---- am I held? ---- */

/* Captive is who cannot reach the internet as others do (RFC 8908 5). The further key
 * (draft-richardson-shg-un-quarantine-03) tells quarantine from a new device that waits
 * for the owner's word. */
static void answer_capport(struct pipeline *p, const struct device *d)
{
	static const struct answer a = {.status = 200, .media = WEB_MEDIA_CAPTIVE};
	const struct life *l = pipeline_life_of(p, d);
	bool held = d->hold != HOLD_NONE, waits = l && l->state == LIFE_NEW;
	struct jsonw j;

	jsonw_init_buffer(&j, ANSWER_MAX);
	jsonw_object(&j);
	jsonw_kv_bool(&j, "captive", held);
	jsonw_kv_bool(&j, "quarantine", held && !waits);
	jsonw_object_end(&j);
	reply_json(p, &a, &j);
}

/* ---- what judges of evidence say ---- */

static const struct {
	int error;
	struct answer answer;
} verdicts[] = {
	{-EAGAIN, {429, 0, RETRY_S, "Too often", "ask again later, and less often"}},
	{CARDEA_EMALFORMED, {400, 0, 0, "It cannot be read",
				    "send one whole CBOR object of the type that "
				    "Content-Type names"}},
	{CARDEA_EUNSUPPORTED, {415, 0, 0, "It is not understood",
				      "sign with ES256, ES384, ES512 or EdDSA"}},
	{CARDEA_ESIGNATURE, {403, 0, 0, "It proves nothing",
				    "ask for a challenge, and sign its nonce and what runs "
				    "now with the device's own key"}},
	{CARDEA_EUNTRUSTED, {409, 0, 0, "No key to judge it by",
				    "the gateway's owner adds one: cardea attest key add; "
				    "then send it again"}},
	{CARDEA_EREFUSED, {422, 0, 0, "It is not enough",
				  "install the maker's update, then send evidence again"}},
};

static const struct answer not_ready = {
	.status = 503, .retry_s = RETRY_S, .title = "Not ready", .next = "ask again later"};

static const struct answer *verdict_of(int error)
{
	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
		if (verdicts[i].error == error)
			return &verdicts[i].answer;
	return &not_ready;
}

/* RFC 4648 5, without padding, as JSON's EAT wants it. */
static void base64url(const uint8_t *octets, size_t len, char *text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0;
	unsigned have = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | octets[i];
		for (have += 8; have >= 6; have -= 6)
			*text++ = digits[bits >> (have - 6) & 63];
	}
	if (have)
		*text++ = digits[bits << (6 - have) & 63];
	*text = 0;
}

static void answer_challenge(struct pipeline *p, struct device *d)
{
	struct portal *o = &p->portal;
	struct answer a = {.status = 200, .media = (enum web_media)o->ask.wanted};
	uint8_t nonce[EVIDENCE_NONCE], cbor[EVIDENCE_NONCE + 16];
	struct writer w = writer_of(cbor, sizeof cbor);
	char text[NONCE_TEXT];
	struct jsonw j;
	int e = attestor_challenge(&p->attestor, d, nonce);

	if (e) {
		reply_problem(p, verdict_of(e), "There is no challenge for this device now.");
		return;
	}
	if (a.media == WEB_MEDIA_CBOR) {
		cbor_put_map(&w, 1);
		cbor_put_int(&w, EAT_NONCE_CLAIM);
		cbor_put_bytes(&w, nonce, sizeof nonce);
		reply(p, &a, cbor, w.len);
		return;
	}
	base64url(nonce, sizeof nonce, text);
	jsonw_init_buffer(&j, ANSWER_MAX);
	jsonw_object(&j);
	jsonw_kv_string(&j, "eat_nonce", text);
	jsonw_object_end(&j);
	reply_json(p, &a, &j);
}

static enum attest_kind kind_of(uint8_t media)
{
	switch ((enum web_media)media) {
	case WEB_MEDIA_RESULT:
		return ATTEST_RESULT;
	case WEB_MEDIA_ENVELOPE:
		return ATTEST_ENVELOPE;
	case WEB_MEDIA_REPORT:
		return ATTEST_REPORT;
	case WEB_MEDIA_TOKEN:
	case WEB_MEDIA_NONE:
	case WEB_MEDIA_PROBLEM:
	case WEB_MEDIA_CAPTIVE:
	case WEB_MEDIA_JSON:
	case WEB_MEDIA_CBOR:
	case WEB_MEDIA_MAX: /* is_question let only evidence pass */
		break;
	}
	return ATTEST_TOKEN;
}

/* 202: it is kept, and the device is held on: whether it is enough for a return, the table
 * of states says, not this. */
static void answer_evidence(struct pipeline *p, struct device *d, struct cursor body)
{
	struct portal *o = &p->portal;
	struct answer taken = {.media = WEB_MEDIA_JSON};
	char why[LIMIT_TEXT] = "";
	struct jsonw j;
	int e = o->hook.take ? o->hook.take(&p->attestor, d, kind_of(o->ask.media), body, why)
			     : -ENOSYS;

	o->counts.evidence++;
	if (e) {
		reply_problem(p, verdict_of(e),
			why[0] ? why : "The evidence was not taken.");
		return;
	}
	taken.status = d->hold == HOLD_NONE ? 200 : 202;
	jsonw_init_buffer(&j, ANSWER_MAX);
	jsonw_object(&j);
	jsonw_kv_bool(&j, "taken", true);
	jsonw_kv_bool(&j, "held", d->hold != HOLD_NONE);
	jsonw_kv_string(&j, "detail", why[0] ? why : "The evidence was taken.");
	jsonw_object_end(&j);
	reply_json(p, &taken, &j);
}

/* ---- what is the owner's to do ---- */

/* True: it is told now. *ret_count: attempts that this stands for. */
static bool tries_told(
	struct portal *o, const struct device *d, nstime wall, uint32_t *ret_count)
{
	size_t at = 0;

	for (size_t i = 0; i < PORTAL_TRIES_MAX; i++) {
		if (o->tries[i].device == d->id) {
			at = i;
			break;
		}
		if (o->tries[i].told < o->tries[at].told)
			at = i;
	}
	if (o->tries[at].device != d->id) {
		o->tries[at].device = d->id;
		o->tries[at].told = 0;
		o->tries[at].since = 0;
	}
	*ret_count = ++o->tries[at].since;
	/* a clock that was set back must not silence it */
	if (o->tries[at].told && wall >= o->tries[at].told &&
		wall - o->tries[at].told < PORTAL_TRIES_EVERY)
		return false;
	o->tries[at].told = wall;
	o->tries[at].since = 0;
	return true;
}

static void answer_forbidden(struct pipeline *p, struct device *d)
{
	static const struct answer a = {.status = 403, .title = "That is the owner's to do",
		.next = "wait for the owner, or send evidence: POST " WEB_PATH_EVIDENCE};
	struct portal *o = &p->portal;
	nstime wall = pipeline_wall(p);
	char sentence[LIMIT_TEXT], times[48] = "";
	uint32_t count;

	o->counts.forbidden++;
	reply_problem(p, &a,
		"A device hears of itself here and shows evidence. It changes nothing, and "
		"speaks for no other device. The attempt was noted.");
	if (!tries_told(o, d, wall, &count))
		return;
	if (count > 1)
		(void)str_print(times, sizeof times, " (%" PRIu32 " attempts)", count);
	(void)str_print(sentence, sizeof sentence,
		"%s asked this gateway for \"%.100s\", which is its owner's to do%s%s: refused.",
		d->name, o->ask.text, o->ask.from_page ? ", out of a web page" : "", times);
	journal_note(&p->journal, wall, d->id, EVENT_PORTAL, "%s", sentence);
	/* Into its case, if it has one. Anybody's page can make a browser ask: that tells
	 * nothing of the device. */
	if (!o->ask.from_page)
		(void)!cases_note(&p->cases, d, "portal", sentence, wall);
}

/* ---- who asks, and what ---- */

static void answer_unknown(struct pipeline *p)
{
	static const struct answer a = {.status = 403, .title = "Unknown address",
		.next = "join the network by DHCP, then ask again"};
	char text[ADDR_TEXT_MAX], detail[LIMIT_TEXT];

	p->portal.counts.unknown++;
	(void)str_print(detail, sizeof detail, "No device of this network has %s.",
		addr_format(&p->portal.ask.client, text));
	reply_problem(p, &a, detail);
}

static void answer_question(struct pipeline *p, struct cursor body)
{
	struct portal *o = &p->portal;
	struct device *d = inventory_by_addr(p->inventory, &o->ask.client);

	o->counts.asked++;
	if (!d) {
		answer_unknown(p);
		return;
	}
	switch ((enum web_kind)o->ask.kind) {
	case WEB_CAPPORT:
		answer_capport(p, d);
		break;
	case WEB_CHALLENGE:
		answer_challenge(p, d);
		break;
	case WEB_EVIDENCE:
		answer_evidence(p, d, body);
		break;
	case WEB_FORBIDDEN:
	case WEB_KIND_MAX:
		answer_forbidden(p, d);
		break;
	}
}

/* ---- messages ---- */

static bool is_question(const struct message_web_ask *m)
{
	bool evidence = m->kind == WEB_EVIDENCE;

	return m->kind < WEB_KIND_MAX && addr_bits(&m->client) &&
	       (m->wanted == WEB_MEDIA_NONE || m->wanted == WEB_MEDIA_JSON ||
		       m->wanted == WEB_MEDIA_CBOR) &&
	       (evidence ? m->media < WEB_MEDIA_MAX &&
				     web_media_is_evidence((enum web_media)m->media) &&
				     m->length && m->length <= LIMIT_WEB_BODY
			 : !m->length);
}

static int take_ask(struct pipeline *p, const struct message_web_ask *m)
{
	struct portal *o = &p->portal;

	if (o->asking || !is_question(m))
		return CARDEA_EMALFORMED;
	o->ask = *m;
	if (!m->length) {
		answer_question(p, cursor_of(NULL, 0));
		return 0;
	}
	o->body = malloc(m->length);
	o->len = 0;
	o->asking = true; /* also without memory: the parts come in any case */
	return 0;
}

static int take_part(struct pipeline *p, const struct message_web_part *m)
{
	struct portal *o = &p->portal;

	if (!o->asking || m->id != o->ask.id || !m->octets.len ||
		m->octets.len > o->ask.length - o->len)
		return CARDEA_EMALFORMED;
	if (o->body)
		memcpy(o->body + o->len, m->octets.bytes, m->octets.len);
	o->len += m->octets.len;
	if (o->len < o->ask.length)
		return 0;
	if (o->body)
		answer_question(p, cursor_of(o->body, o->len));
	else
		reply_problem(p, &not_ready, "There is no memory for it now.");
	portal_lost(o);
	return 0;
}

int portal_message(struct pipeline *p, const struct message *m)
{
	if (m->type == MESSAGE_WEB_ASK)
		return take_ask(p, &m->web_ask);
	return m->type == MESSAGE_WEB_PART ? take_part(p, &m->web_part) : CARDEA_EMALFORMED;
}

void portal_lost(struct portal *o)
{
	free(o->body);
	o->body = NULL;
	o->len = 0;
	o->asking = false;
}

static int set_port(const char *value, uint16_t *ret)
{
	int64_t port;
	int e = str_to_i64(value, 0, UINT16_MAX, &port);

	if (!e)
		*ret = (uint16_t)port;
	return e;
}

int portal_setting(struct portal *o, const char *key, const char *value)
{
	if (!strcmp(key, "portal_https_port"))
		return set_port(value, &o->ports[0]);
	if (!strcmp(key, "portal_http_port"))
		return set_port(value, &o->ports[1]);
	if (!strcmp(key, "portal"))
		o->enabled = !strcmp(value, "yes");
	else if (!strcmp(key, "portal_https"))
		return str_copy(o->https, sizeof o->https, value) ? 0 : CARDEA_ELIMIT;
	else if (!strcmp(key, "portal_http"))
		return str_copy(o->http, sizeof o->http, value) ? 0 : CARDEA_ELIMIT;
	else if (!strcmp(key, "portal_page"))
		return str_copy(o->page, sizeof o->page, value) ? 0 : CARDEA_ELIMIT;
	return 0;
}
