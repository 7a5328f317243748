// SPDX-License-Identifier: GPL-2.0-or-later
/* What devices hear of themselves, and that nobody changes anything by asking. */
#include "test_engine_util.h"
#include <errno.h>
#include <jansson.h>
#include "engine/portal.h"
#include "wire/cbor.h"

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.20"
#define CAMERA "02:00:00:00:00:11"
#define CAMERA_IP "192.168.7.21"
#define CAMERA_IP6 "fe80::ff:fe00:11"

static struct house *h;
static uint64_t last_id;
static int take_error;
static struct device *taken_of;
static enum attest_kind taken_kind;
static size_t taken_len;
static uint8_t taken[LIMIT_WEB_BODY];
static char tried[LIMIT_TEXT];
static struct event last;

static int take(struct attestor *a, struct device *d, enum attest_kind kind,
	struct cursor body, char why[LIMIT_TEXT])
{
	(void)a;
	taken_of = d;
	taken_kind = kind;
	taken_len = cursor_left(&body);
	cursor_copy(&body, taken, taken_len);
	str_copy(why, LIMIT_TEXT, "said by \"the judge\"");
	return take_error;
}

static int setup(void **state)
{
	(void)state;
	h = house_new();
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 864000);
	see_addr(h, CAMERA, CAMERA_IP, ADDR_SOURCE_DHCP4, 864000);
	see_addr(h, CAMERA, CAMERA_IP6, ADDR_SOURCE_ND, 864000);
	connect_far(h, ROLE_WEB);
	h->p.portal.hook.take = take;
	take_error = 0;
	taken_of = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	house_free(h);
	return 0;
}

static struct message question(const char *from, enum web_kind kind)
{
	struct message m = {.type = MESSAGE_WEB_ASK};

	m.web_ask.id = ++last_id;
	m.web_ask.client = ip(from);
	m.web_ask.kind = (uint8_t)kind;
	m.web_ask.wanted = WEB_MEDIA_JSON;
	str_copy(m.web_ask.text, sizeof(m.web_ask.text), "POST /v1/quarantine/camera");
	return m;
}

/* The answer to what was asked last. */
static const struct message_web_reply *answer(void)
{
	spin(h);
	unsigned n = got_count(h, ROLE_WEB, MESSAGE_WEB_REPLY);
	assert_true(n > 0);
	const struct message *m = got(h, ROLE_WEB, MESSAGE_WEB_REPLY, n - 1);
	assert_int_equal(m->web_reply.id, last_id);
	return &m->web_reply;
}

static const struct message_web_reply *ask(const char *from, enum web_kind kind)
{
	struct message m = question(from, kind);

	far_send(h, ROLE_WEB, &m);
	return answer();
}

static json_t *json_of(const struct message_web_reply *r)
{
	json_t *j = json_loadb((const char *)r->octets.bytes, r->octets.len, 0, NULL);

	assert_non_null(j);
	return j;
}

static void says(const char *from, bool captive, bool quarantine)
{
	const struct message_web_reply *r = ask(from, WEB_CAPPORT);
	json_t *j = json_of(r);

	assert_int_equal(r->status, 200);
	assert_int_equal(r->media, WEB_MEDIA_CAPTIVE);
	assert_int_equal(json_is_true(json_object_get(j, "captive")), captive);
	assert_int_equal(json_is_true(json_object_get(j, "quarantine")), quarantine);
	assert_int_equal(json_object_size(j), 2); /* there is no page to go to */
	json_decref(j);
}

static void is_problem(const struct message_web_reply *r, unsigned status)
{
	json_t *j = json_of(r);

	assert_int_equal(r->status, status);
	assert_int_equal(r->media, WEB_MEDIA_PROBLEM);
	assert_int_equal(json_integer_value(json_object_get(j, "status")), status);
	assert_true(json_string_length(json_object_get(j, "title")) > 0);
	assert_true(json_string_length(json_object_get(j, "detail")) > 0);
	assert_true(json_string_length(json_object_get(j, "next")) > 0);
	json_decref(j);
}

static void test_capport(void **state)
{
	(void)state;
	says(CAMERA_IP, false, false);
	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, CAMERA), "it scans"), 0);
	spin(h);
	/* a house's devices are not held until somebody does; each of its addresses hears
	 * it, and nobody else */
	says(CAMERA_IP, true, true);
	says(CAMERA_IP6, true, true);
	says(LAMP_IP, false, false);
	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, CAMERA), NULL), 0);
	spin(h);
	says(CAMERA_IP, false, false);
	assert_int_equal(h->p.portal.counts.asked, 5);
}

/* A new device that waits for the owner's word is captive, and not in quarantine. */
static void test_capport_of_a_new_device(void **state)
{
	struct device *d = device_of(h, LAMP);
	struct lives_device *l = lives_device(&h->p.lives, d->id, START);

	(void)state;
	assert_non_null(l);
	l->life.state = LIFE_NEW;
	d->hold = HOLD_QUARANTINED;
	says(LAMP_IP, true, false);
	l->life.state = LIFE_LIMITED;
	d->hold = HOLD_LIMITED;
	says(LAMP_IP, true, true);
	d->hold = HOLD_NONE;
	l->life.state = LIFE_LEARNING;
}

static void test_unknown(void **state)
{
	(void)state;
	for (unsigned k = 0; k < WEB_KIND_MAX; k++)
		if (k != WEB_EVIDENCE)
			is_problem(ask("192.168.7.99", (enum web_kind)k), 403);
	is_problem(ask("198.51.100.7", WEB_CAPPORT), 403);
	is_problem(ask("192.168.7.1", WEB_CHALLENGE), 403); /* our own */
	assert_int_equal(h->p.portal.counts.forbidden, 0);
	assert_int_equal(h->p.portal.counts.unknown, 5);
}

static void test_challenge(void **state)
{
	struct message m = question(CAMERA_IP, WEB_CHALLENGE);
	const struct message_web_reply *r;
	uint8_t nonce[EVIDENCE_NONCE];

	(void)state;
	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, CAMERA), "it scans"), 0);
	m.web_ask.wanted = WEB_MEDIA_CBOR;
	far_send(h, ROLE_WEB, &m);
	r = answer();
	assert_int_equal(r->status, 200);
	assert_int_equal(r->media, WEB_MEDIA_CBOR);
	struct cursor c = cursor_of(r->octets.bytes, r->octets.len);
	assert_int_equal(cbor_map(&c), 1);
	assert_int_equal(cbor_int(&c), 10); /* eat_nonce, RFC 9711 10.3 */
	struct cursor bytes = cbor_bytes(&c);
	assert_int_equal(cursor_left(&bytes), EVIDENCE_NONCE);
	cursor_copy(&bytes, nonce, sizeof(nonce));
	cbor_end(&c);
	assert_int_equal(c.error, 0);
	/* the same one in JSON, for it is open: base64url of 32 octets */
	r = ask(CAMERA_IP, WEB_CHALLENGE);
	json_t *j = json_of(r);
	const char *text = json_string_value(json_object_get(j, "eat_nonce"));
	assert_non_null(text);
	assert_int_equal(strlen(text), 43);
	assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-_"), 43);
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	for (unsigned i = 0; i < EVIDENCE_NONCE; i++) {
		unsigned bit = i * 8, at = bit / 6, shift = bit % 6;
		unsigned a = (unsigned)(strchr(digits, text[at]) - digits);
		unsigned b = (unsigned)(strchr(digits, text[at + 1]) - digits);
		unsigned three = text[at + 2] ? (unsigned)(strchr(digits, text[at + 2]) - digits)
					      : 0;
		uint32_t all = a << 12 | b << 6 | three;
		assert_int_equal((all >> (10 - shift)) & 0xff, nonce[i]);
	}
	json_decref(j);
	/* a challenge alone changes nothing */
	says(CAMERA_IP, true, true);
}

static void send_evidence(enum web_media media, size_t len, size_t step)
{
	static uint8_t body[LIMIT_WEB_BODY];
	struct message m = question(CAMERA_IP, WEB_EVIDENCE);

	for (size_t i = 0; i < len; i++)
		body[i] = (uint8_t)(i * 7 + i / 251);
	m.web_ask.media = (uint8_t)media;
	m.web_ask.length = (uint32_t)len;
	far_send(h, ROLE_WEB, &m);
	for (size_t at = 0; at < len; at += step) {
		struct message part = {.type = MESSAGE_WEB_PART};
		size_t n = len - at < step ? len - at : step;

		part.web_part.id = last_id;
		part.web_part.octets.len = (uint16_t)n;
		memcpy(part.web_part.octets.bytes, body + at, n);
		far_send(h, ROLE_WEB, &part);
		spin(h);
	}
	if (taken_len == len)
		assert_memory_equal(taken, body, len);
}

static void test_evidence(void **state)
{
	static const struct {
		enum web_media media;
		enum attest_kind kind;
	} kinds[] = {{WEB_MEDIA_TOKEN, ATTEST_TOKEN}, {WEB_MEDIA_RESULT, ATTEST_RESULT},
		{WEB_MEDIA_ENVELOPE, ATTEST_ENVELOPE}, {WEB_MEDIA_REPORT, ATTEST_REPORT}};

	(void)state;
	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, CAMERA), "it scans"), 0);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		taken_of = NULL;
		send_evidence(kinds[i].media, 1 + i * 5000, 4096);
		const struct message_web_reply *r = answer();
		json_t *j = json_of(r);
		assert_int_equal(r->status, 202); /* taken, and held on */
		assert_true(json_is_true(json_object_get(j, "held")));
		assert_string_equal(json_string_value(json_object_get(j, "detail")),
			"said by \"the judge\"");
		json_decref(j);
		assert_ptr_equal(taken_of, device_of(h, CAMERA));
		assert_int_equal(taken_kind, kinds[i].kind);
		assert_int_equal(taken_len, 1 + i * 5000);
	}
	send_evidence(WEB_MEDIA_TOKEN, LIMIT_WEB_BODY, LIMIT_WEB_CHUNK);
	assert_int_equal(taken_len, LIMIT_WEB_BODY);
	says(CAMERA_IP, true, true); /* nothing here releases */
	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, CAMERA), NULL), 0);
	send_evidence(WEB_MEDIA_TOKEN, 3, 1);
	assert_int_equal(answer()->status, 200);
}

static void test_evidence_that_is_refused(void **state)
{
	static const struct {
		int error;
		unsigned status;
	} codes[] = {{-EAGAIN, 429}, {CARDEA_EMALFORMED, 400}, {CARDEA_EUNSUPPORTED, 415},
		{CARDEA_ESIGNATURE, 403}, {CARDEA_EUNTRUSTED, 409}, {CARDEA_EREFUSED, 422},
		{-ENOMEM, 503}, {-EIO, 503}};

	(void)state;
	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, CAMERA), "it scans"), 0);
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		take_error = codes[i].error;
		send_evidence(WEB_MEDIA_TOKEN, 300, 300);
		const struct message_web_reply *r = answer();
		is_problem(r, codes[i].status);
		assert_int_equal(r->retry_s > 0,
			codes[i].status == 429 || codes[i].status == 503);
		says(CAMERA_IP, true, true);
	}
}

static int take_last(void *ctx, const struct event *e)
{
	unsigned *n = ctx;

	if (e->kind != EVENT_PORTAL)
		return 0;
	++*n;
	last = *e;
	return 0;
}

static int count_attempts(void *ctx, const struct case_view *v)
{
	unsigned *n = ctx;

	for (uint32_t i = 0; i < v->moment_count; i++)
		if (strcmp(v->moments[i].kind, "portal") == 0) {
			++*n;
			str_copy(tried, sizeof(tried), v->moments[i].sentence);
		}
	return 0;
}

/* In the case of that device. */
static unsigned attempts(const char *mac)
{
	uint32_t id = cases_of(&h->p.cases, device_of(h, mac)->id);
	unsigned n = 0;

	if (id)
		assert_int_equal(cases_view(&h->p.cases, id, count_attempts, &n), 0);
	return n;
}

static unsigned notes(void)
{
	struct store_event_query q = {.limit = 1000};
	unsigned n = 0;

	assert_int_equal(store_events(h->store, &q, take_last, &n), 0);
	return n;
}

static void test_what_is_the_owners(void **state)
{
	struct device *camera = device_of(h, CAMERA);

	(void)state;
	assert_int_equal(pipeline_quarantine(&h->p, camera, "it scans"), 0);
	is_problem(ask(CAMERA_IP, WEB_FORBIDDEN), 403);
	assert_int_equal(attempts(CAMERA), 1);
	assert_non_null(strstr(tried, "\"POST /v1/quarantine/camera\""));
	assert_int_equal(notes(), 1);
	assert_int_equal(last.device, camera->id);
	/* who goes on is refused each time, and told of once in a while */
	for (unsigned i = 0; i < 50; i++)
		is_problem(ask(CAMERA_IP, WEB_FORBIDDEN), 403);
	assert_int_equal(attempts(CAMERA), 1);
	is_problem(ask(LAMP_IP, WEB_FORBIDDEN), 403); /* of another, at once */
	assert_int_equal(notes(), 2);
	assert_int_equal(attempts(LAMP), 0); /* it has no case */
	advance(h, 601);
	is_problem(ask(CAMERA_IP, WEB_FORBIDDEN), 403);
	assert_int_equal(attempts(CAMERA), 2);
	assert_non_null(strstr(tried, "51 attempts"));
	assert_int_equal(notes(), 3);
	says(CAMERA_IP, true, true);
	assert_int_equal(h->p.portal.counts.forbidden, 53);
}

/* A page that its user looks at is no evidence against a phone; it is told all the same. */
static void test_a_page_made_it_ask(void **state)
{
	struct message m = question(CAMERA_IP, WEB_FORBIDDEN);

	(void)state;
	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, CAMERA), "it scans"), 0);
	m.web_ask.from_page = true;
	far_send(h, ROLE_WEB, &m);
	is_problem(answer(), 403);
	assert_int_equal(attempts(CAMERA), 0);
	assert_int_equal(notes(), 1);
	assert_non_null(strstr(last.text, "web page"));
}

/* More devices than are remembered: each is told of, none is forgotten for ever. */
static void test_many_try(void **state)
{
	char mac[32], addr[32];

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		(void)str_print(mac, sizeof(mac), "02:00:00:00:01:%02x", i);
		(void)str_print(addr, sizeof(addr), "192.168.7.%u", 100 + i);
		see_addr(h, mac, addr, ADDR_SOURCE_DHCP4, 864000);
		is_problem(ask(addr, WEB_FORBIDDEN), 403);
		assert_int_equal(notes(), i + 1);
		advance(h, 1);
	}
}

/* ---- a process that was taken over ---- */

static void is_at_fault(void)
{
	unsigned closed = h->far[ROLE_WEB].closed;

	spin(h);
	assert_int_equal(h->far[ROLE_WEB].closed, closed + 1);
	assert_null(h->p.portal.body);
	assert_false(h->p.portal.asking);
	connect_far(h, ROLE_WEB);
	says(LAMP_IP, false, false);
}

static void bad(void (*spoil)(struct message_web_ask *m))
{
	struct message m = question(CAMERA_IP, WEB_EVIDENCE);

	m.web_ask.media = WEB_MEDIA_TOKEN;
	m.web_ask.length = 10;
	spoil(&m.web_ask);
	far_send(h, ROLE_WEB, &m);
	is_at_fault();
}

static void spoil_kind(struct message_web_ask *m) { m->kind = WEB_KIND_MAX; }
static void spoil_media(struct message_web_ask *m) { m->media = WEB_MEDIA_MAX; }
static void spoil_type(struct message_web_ask *m) { m->media = WEB_MEDIA_JSON; }
static void spoil_wanted(struct message_web_ask *m) { m->wanted = WEB_MEDIA_PROBLEM; }
static void spoil_empty(struct message_web_ask *m) { m->length = 0; }
static void spoil_long(struct message_web_ask *m) { m->length = LIMIT_WEB_BODY + 1; }
static void spoil_body(struct message_web_ask *m) { m->kind = WEB_CAPPORT; }
static void spoil_client(struct message_web_ask *m) { m->client.family = 0; }

static void test_questions_that_are_none(void **state)
{
	static void (*const all[])(struct message_web_ask *) = {spoil_kind, spoil_media,
		spoil_type, spoil_wanted, spoil_empty, spoil_long, spoil_body, spoil_client};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		bad(all[i]);
}

static void begin(void)
{
	struct message m = question(CAMERA_IP, WEB_EVIDENCE);

	m.web_ask.media = WEB_MEDIA_TOKEN;
	m.web_ask.length = 10;
	far_send(h, ROLE_WEB, &m);
	spin(h);
	assert_true(h->p.portal.asking);
}

static void part(uint64_t id, uint16_t len)
{
	struct message m = {.type = MESSAGE_WEB_PART};

	m.web_part.id = id;
	m.web_part.octets.len = len;
	far_send(h, ROLE_WEB, &m);
}

static void test_parts_that_are_none(void **state)
{
	(void)state;
	part(1, 5); /* of nothing */
	is_at_fault();
	begin();
	part(last_id, 11);
	is_at_fault();
	begin();
	part(last_id, 0);
	is_at_fault();
	begin();
	part(last_id + 1, 5);
	is_at_fault();
	begin(); /* a question within a question */
	struct message m = question(LAMP_IP, WEB_CAPPORT);
	far_send(h, ROLE_WEB, &m);
	is_at_fault();
	begin(); /* it ends in the middle: nothing of it stays */
	part(last_id, 5);
	spin(h);
	connect_far(h, ROLE_WEB);
	spin(h);
	assert_null(h->p.portal.body);
	says(LAMP_IP, false, false);
	assert_null(taken_of);
}

static void test_settings(void **state)
{
	struct portal *o = &h->p.portal;

	(void)state;
	assert_int_equal(pipeline_setting(&h->p, "portal", "yes"), 0);
	assert_int_equal(
		pipeline_setting(&h->p, "portal_https", "https://g.example:8908/capport"), 0);
	assert_int_equal(pipeline_setting(&h->p, "portal_http", ""), 0);
	assert_true(o->enabled);
	assert_string_equal(o->https, "https://g.example:8908/capport");
	assert_string_equal(o->http, "");
	assert_int_equal(pipeline_setting(&h->p, "portal", "no"), 0);
	assert_false(o->enabled);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_capport),
		T(test_capport_of_a_new_device),
		T(test_unknown),
		T(test_challenge),
		T(test_evidence),
		T(test_evidence_that_is_refused),
		T(test_what_is_the_owners),
		T(test_a_page_made_it_ask),
		T(test_many_try),
		T(test_questions_that_are_none),
		T(test_parts_that_are_none),
		T(test_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
