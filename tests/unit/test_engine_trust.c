// SPDX-License-Identifier: GPL-2.0-or-later
/* test_engine_trust - which file rules a device: signers, hashes, URLs, the owner's
 * answers, and a clock that is not set. */
#include "test_engine_util.h"
#include <errno.h>

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.20"
#define PLUG "02:00:00:00:00:11"
#define OTHER_MAKER "https://evil.example/lamp.json"

/* A file as the courier brings it. */
struct file {
	enum signature_state signature;
	const char *signer, *key;
	uint8_t digest;
	uint16_t port; /* of its one rule */
	bool previewed;
	nstime last_update;
};

static const struct file signed_file = {SIGNATURE_VALID, "CN=Maker", "aa11", 1, 443};

static const struct message *last_fetch(struct house *h)
{
	unsigned n = got_count(h, ROLE_COURIER, MESSAGE_FETCH);

	return n ? got(h, ROLE_COURIER, MESSAGE_FETCH, n - 1) : NULL;
}

static void bring(struct house *h, const struct file *f)
{
	const struct message *fetch = last_fetch(h);
	struct message m = {.type = MESSAGE_PROFILE};
	struct rule r;

	assert_non_null(fetch);
	m.profile.id = fetch->fetch.id;
	str_copy(m.profile.url, sizeof(m.profile.url), fetch->fetch.url);
	m.profile.cache_validity_h = 48;
	m.profile.is_supported = true;
	m.profile.signature = (uint8_t)f->signature;
	str_copy(m.profile.signer, sizeof(m.profile.signer), f->signer);
	str_copy(m.profile.signer_key, sizeof(m.profile.signer_key), f->key);
	memset(m.profile.sha256, f->digest, sizeof(m.profile.sha256));
	m.profile.last_update = f->last_update;
	str_copy(m.profile.etag, sizeof(m.profile.etag), "\"v1\"");
	m.profile.rule_count = 1;
	uint64_t id = m.profile.id;
	far_send(h, ROLE_COURIER, &m);
	rule_init(&r);
	r.id = 1;
	r.proto = FLOW_PROTO_TCP;
	r.peer.kind = PEER_NAME;
	str_copy(r.peer.name, sizeof(r.peer.name), "cloud.example");
	r.peer_port = (struct range16){f->port, f->port};
	if (f->previewed)
		r.status = RULE_PREVIEWED;
	message_from_rule(&m, id, &r);
	far_send(h, ROLE_COURIER, &m);
	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_PROFILE_END;
	m.profile_end.id = id;
	far_send(h, ROLE_COURIER, &m);
	spin(h);
}

static struct house *with_url(const char *url)
{
	struct house *h = house_new();

	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 3600);
	see_dhcp(h, LAMP, "lamp", url);
	return h;
}

static struct house *with_file(const struct file *f)
{
	struct house *h = with_url(URL_A);

	bring(h, f);
	return h;
}

/* The port that is open to cloud.example; 0: none. */
static uint16_t open_port(struct house *h)
{
	static uint64_t ticket = 100;
	const struct element *e;

	tell_name(h, ++ticket, LAMP_IP, "cloud.example", "198.51.100.7");
	e = kernel_out(h, "198.51.100.7");
	return e ? e->peer_port.lo : 0;
}

static int keep_last(void *ctx, const struct decision *d)
{
	*(struct decision *)ctx = *d;
	return 0;
}

static int count_one(void *ctx, const struct decision *d)
{
	(void)d;
	++*(unsigned *)ctx;
	return 0;
}

/* The only open question, of this kind. */
static struct decision asked(struct house *h, enum decision_kind kind)
{
	struct decision d = {0};

	assert_int_equal(store_decisions(h->store, true, keep_last, &d), 0);
	assert_int_not_equal(d.id, 0);
	assert_int_equal(d.kind, kind);
	return d;
}

static void nothing_asked(struct house *h)
{
	struct decision d = {0};

	assert_int_equal(store_decisions(h->store, true, keep_last, &d), 0);
	assert_int_equal(d.id, 0);
}

static void answer(struct house *h, uint32_t id, bool accept)
{
	struct decision d;

	assert_int_equal(pipeline_answer(&h->p, id, accept, "", &d), 0);
	assert_int_equal(d.answer, accept ? DECISION_ACCEPTED : DECISION_REJECTED);
	spin(h);
}

/* The old file is over; the new one is asked for. */
static void refresh(struct house *h)
{
	unsigned before = got_count(h, ROLE_COURIER, MESSAGE_FETCH);

	advance(h, 47 * 3600);
	for (int i = 0; i < 7 && got_count(h, ROLE_COURIER, MESSAGE_FETCH) == before; i++)
		advance(h, 3600);
	assert_int_equal(got_count(h, ROLE_COURIER, MESSAGE_FETCH), before + 1);
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 3600);
}

static void first_good_signature_is_pinned(void **state)
{
	struct house *h = with_file(&signed_file);
	struct store_pin pin;

	(void)state;
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	assert_int_equal(open_port(h), 443);
	assert_int_equal(store_pin_find(h->store, "https://maker.example/", &pin), 0);
	assert_string_equal(pin.signer, "CN=Maker");
	assert_string_equal(pin.key, "aa11");
	nothing_asked(h);
	house_free(h);
}

static void changed_signer_asks(void **state)
{
	const struct file other = {SIGNATURE_VALID, "CN=Buyer", "aa11", 2, 8443};
	struct house *h = with_file(&signed_file);
	struct store_pin pin;
	struct decision d;

	(void)state;
	refresh(h);
	bring(h, &other);
	assert_int_equal(open_port(h), 443);
	assert_non_null(strstr(device_of(h, LAMP)->problem, "cardea decide"));
	d = asked(h, DECISION_SIGNER);
	assert_string_equal(d.detail, "CN=Buyer");
	/* what waits does not take the place of what is in force, nor after a restart */
	engine_end(h);
	engine_start(h);
	connect_all(h);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	assert_int_equal(open_port(h), 443);
	answer(h, d.id, true);
	bring(h, &other); /* it was in memory alone: fetched again */
	assert_int_equal(open_port(h), 8443);
	assert_int_equal(store_pin_find(h->store, "https://maker.example/", &pin), 0);
	assert_string_equal(pin.signer, "CN=Buyer");
	nothing_asked(h);
	house_free(h);
}

static void rejected_signer_stays_out(void **state)
{
	const struct file other = {SIGNATURE_VALID, "CN=Buyer", "bb22", 2, 8443};
	struct house *h = with_file(&signed_file);

	(void)state;
	refresh(h);
	bring(h, &other);
	answer(h, asked(h, DECISION_SIGNER).id, false);
	refresh(h);
	bring(h, &other);
	nothing_asked(h);
	assert_int_equal(open_port(h), 443);
	house_free(h);
}

static void unsigned_is_accepted_by_its_hash_alone(void **state)
{
	const struct file plain = {SIGNATURE_NONE, "", "", 7, 443};
	const struct file changed = {SIGNATURE_NONE, "", "", 8, 9443};
	struct house *h = with_file(&plain);
	const struct household_device *hd;

	(void)state;
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_WATCHED);
	answer(h, asked(h, DECISION_UNSIGNED).id, true);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	assert_int_equal(open_port(h), 443);
	hd = household_device(&h->p.household, device_of(h, LAMP)->id);
	assert_int_equal(hd->policy.rules[0].layer, LAYER_OWNER);
	refresh(h);
	bring(h, &changed);
	assert_int_equal(open_port(h), 443);
	(void)asked(h, DECISION_UNSIGNED);
	house_free(h);
}

static void settings_may_take_unsigned_ones(void **state)
{
	const struct file plain = {SIGNATURE_NONE, "", "", 7, 443};
	const struct file broken = {SIGNATURE_INVALID, "", "", 8, 9443};
	struct house *h = house_new();
	const struct household_device *hd;

	(void)state;
	assert_int_equal(pipeline_setting(&h->p, "require_signature", "no"), 0);
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 3600);
	see_dhcp(h, LAMP, "lamp", URL_A);
	bring(h, &plain);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	hd = household_device(&h->p.household, device_of(h, LAMP)->id);
	assert_int_equal(hd->policy.rules[0].layer, LAYER_CROWD);
	refresh(h);
	bring(h, &broken);
	assert_int_equal(open_port(h), 443);
	(void)asked(h, DECISION_UNSIGNED);
	house_free(h);
}

static void mudsigner_of_the_certificate_binds(void **state)
{
	struct house *h = house_new();
	struct identity i = {.mac = mac_of(LAMP), .source = URL_SOURCE_CERTIFICATE,
		.mud_url = URL_A, .mud_signer = "CN=Someone Else"};
	struct device *d;

	(void)state;
	assert_int_equal(pipeline_identity(&h->p, &i, &d), 0);
	spin(h);
	assert_int_equal(d->url_source, URL_SOURCE_CERTIFICATE);
	assert_true(device_is_proven(d));
	bring(h, &signed_file);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_WATCHED);
	nothing_asked(h);
	house_free(h);
}

static void another_makers_url_asks_once(void **state)
{
	const struct file other = {SIGNATURE_VALID, "CN=Other", "cc33", 2, 8443};
	struct house *h = with_file(&signed_file);
	unsigned fetches = got_count(h, ROLE_COURIER, MESSAGE_FETCH);
	struct decision d;

	(void)state;
	see_dhcp(h, LAMP, "lamp", OTHER_MAKER);
	see_dhcp(h, LAMP, "lamp", OTHER_MAKER);
	see_dhcp(h, LAMP, "lamp", "https://third.example/x.json");
	assert_int_equal(got_count(h, ROLE_COURIER, MESSAGE_FETCH), fetches);
	d = asked(h, DECISION_AUTHORITY);
	assert_string_equal(d.subject, OTHER_MAKER);
	answer(h, d.id, true);
	assert_string_equal(last_fetch(h)->fetch.url, OTHER_MAKER);
	bring(h, &other);
	assert_string_equal(device_of(h, LAMP)->mud_url, OTHER_MAKER);
	assert_int_equal(open_port(h), 8443);
	house_free(h);
}

static void going_back_asks(void **state)
{
	const struct file second = {SIGNATURE_VALID, "CN=Maker", "aa11", 2, 8443};
	struct house *h = with_file(&signed_file);

	(void)state;
	see_dhcp(h, LAMP, "lamp", URL_B);
	bring(h, &second);
	assert_string_equal(device_of(h, LAMP)->mud_url, URL_B);
	assert_int_equal(open_port(h), 8443);
	see_dhcp(h, LAMP, "lamp", URL_A);
	assert_string_equal(device_of(h, LAMP)->mud_url, URL_B);
	assert_string_equal(asked(h, DECISION_ROLLBACK).subject, URL_A);
	house_free(h);
}

static void next_file_by_another_signer_asks(void **state)
{
	const struct file second = {SIGNATURE_VALID, "CN=Mallory", "dd44", 2, 8443};
	struct house *h = with_file(&signed_file);

	(void)state;
	see_dhcp(h, LAMP, "lamp", URL_B);
	bring(h, &second);
	assert_string_equal(device_of(h, LAMP)->mud_url, URL_A);
	assert_int_equal(open_port(h), 443);
	(void)asked(h, DECISION_SIGNER);
	house_free(h);
}

static void owners_hand_counts_at_once(void **state)
{
	const struct file second = {SIGNATURE_VALID, "CN=Other", "ee55", 2, 8443};
	struct house *h = with_file(&signed_file);
	struct identity i = {.mac = mac_of(LAMP), .source = URL_SOURCE_OWNER,
		.mud_url = OTHER_MAKER};
	struct device *d;

	(void)state;
	assert_int_equal(pipeline_identity(&h->p, &i, &d), 0);
	spin(h);
	assert_int_equal(open_port(h), 0);
	bring(h, &second);
	assert_int_equal(open_port(h), 8443);
	/* and what it says itself no longer matters */
	see_dhcp(h, LAMP, "lamp", URL_A);
	assert_string_equal(device_of(h, LAMP)->mud_url, OTHER_MAKER);
	nothing_asked(h);
	house_free(h);
}

static void previewed_rules_wait_for_the_owner(void **state)
{
	const struct file literal = {SIGNATURE_VALID, "CN=Maker", "aa11", 1, 443, true};
	struct house *h = with_file(&literal);
	struct decision d;

	(void)state;
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	assert_int_equal(open_port(h), 0);
	d = asked(h, DECISION_PREVIEW);
	answer(h, d.id, true);
	assert_int_equal(open_port(h), 443);
	engine_restart(h);
	assert_int_equal(open_port(h), 443);
	answer(h, d.id, false); /* he may change his mind */
	assert_int_equal(open_port(h), 0);
	house_free(h);
}

static void unchanged_by_its_etag(void **state)
{
	struct house *h = with_url(URL_A);
	struct message m = {.type = MESSAGE_NOT_MODIFIED};
	unsigned events;

	(void)state;
	bring(h, &signed_file);
	refresh(h);
	events = h->events;
	assert_string_equal(last_fetch(h)->fetch.etag, "\"v1\"");
	m.not_modified.id = last_fetch(h)->fetch.id;
	far_send(h, ROLE_COURIER, &m);
	spin(h);
	assert_int_equal(h->events, events);
	assert_int_equal(open_port(h), 443);
	refresh(h); /* and not before its time */
	house_free(h);
}

/* Routers wake up in 1970 while the other clock runs on. */
static nstime wall_behind;

static nstime wall_of(void *ctx)
{
	return ((struct clock_virtual *)ctx)->now - wall_behind;
}

static void unset_clock_fetches_nothing(void **state)
{
	struct house *h = house_new();
	unsigned fetches;

	(void)state;
	engine_end(h);
	h->clock.clock.wall = wall_of;
	wall_behind = START - 1000 * NS_PER_SEC;
	engine_start(h);
	connect_all(h);
	assert_false(h->p.clock_trusted);
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 3600);
	see_dhcp(h, LAMP, "lamp", URL_A);
	advance(h, 60);
	fetches = got_count(h, ROLE_COURIER, MESSAGE_FETCH);
	assert_int_equal(fetches, 0);
	assert_non_null(strstr(device_of(h, LAMP)->problem, "clock"));
	wall_behind = 0;
	advance(h, 2);
	assert_true(h->p.clock_trusted);
	assert_int_equal(got_count(h, ROLE_COURIER, MESSAGE_FETCH), 1);
	house_free(h);
}

#define YOUNG false, START - 1000
#define OLD false, START - 2000

static const struct file young = {SIGNATURE_VALID, "CN=Maker", "aa11", 1, 443, YOUNG};
static const struct file old = {SIGNATURE_VALID, "CN=Maker", "aa11", 2, 8443, OLD};
static const struct file older = {
	SIGNATURE_VALID, "CN=Maker", "aa11", 3, 9443, false, START - 3000};

static void an_older_file_is_taken_when_accepted(void **state)
{
	struct house *h = with_file(&young);
	struct decision d;

	(void)state;
	refresh(h);
	bring(h, &old);
	assert_int_equal(open_port(h), 443);
	d = asked(h, DECISION_ROLLBACK);
	answer(h, d.id, true);
	assert_int_equal(open_port(h), 8443);
	nothing_asked(h);
	/* that was about this very file */
	refresh(h);
	bring(h, &older);
	assert_int_equal(open_port(h), 8443);
	(void)asked(h, DECISION_ROLLBACK);
	house_free(h);
}

static void answer_for(struct house *h, const char *mac, bool accept)
{
	device_id id = device_of(h, mac)->id;
	unsigned answered = 0;
	struct decision d;

	for (uint32_t i = 1; i < 10; i++)
		if (store_decision_find(h->store, i, &d) == 0 && d.device == id) {
			assert_int_equal(d.kind, DECISION_ROLLBACK);
			answer(h, i, accept);
			answered++;
		}
	assert_int_equal(answered, 1);
}

/* What the owner says for one device does not answer for another of its kind. */
static void each_device_goes_back_by_itself(void **state)
{
	struct house *h = with_file(&young);
	const struct household_device *plug;

	(void)state;
	see_addr(h, PLUG, "192.168.7.21", ADDR_SOURCE_DHCP4, UINT32_MAX);
	see_dhcp(h, PLUG, "plug", URL_A);
	plug = household_device(&h->p.household, device_of(h, PLUG)->id);
	assert_int_equal(plug->rules[0].peer_port.lo, 443);
	refresh(h);
	bring(h, &old);
	answer_for(h, PLUG, false);
	answer_for(h, LAMP, true);
	assert_int_equal(open_port(h), 8443);
	assert_int_equal(plug->rules[0].peer_port.lo, 443);
	house_free(h);
}

/* What may not rule one device may rule the next that names it. */
static void what_waits_serves_whom_it_may(void **state)
{
	struct house *h = house_new();
	struct identity i = {.mac = mac_of(PLUG), .source = URL_SOURCE_CERTIFICATE,
		.mud_url = URL_A, .mud_signer = "CN=Someone Else"};
	struct device *d;

	(void)state;
	assert_int_equal(pipeline_identity(&h->p, &i, &d), 0);
	spin(h);
	bring(h, &signed_file);
	assert_int_equal(d->state, DEVICE_WATCHED);
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 3600);
	see_dhcp(h, LAMP, "lamp", URL_A);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	assert_int_equal(device_of(h, PLUG)->state, DEVICE_WATCHED);
	assert_int_equal(open_port(h), 443);
	house_free(h);
}

/* A device that nothing rules is not shown as protected, nor is it a class' member. */
static void nobody_is_protected_by_a_refused_file(void **state)
{
	const struct file plain = {SIGNATURE_NONE, "", "", 7, 443};
	struct house *h = with_file(&plain);
	uint32_t id = asked(h, DECISION_UNSIGNED).id;

	(void)state;
	answer(h, id, true);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	answer(h, id, false); /* in force until the engine starts anew */
	engine_restart(h);
	assert_int_equal(open_port(h), 0);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_WATCHED);
	answer(h, id, true);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	assert_int_equal(open_port(h), 443);
	house_free(h);
}

/* The owner vouched for a device of the maker that it had. */
static void another_maker_is_confirmed_anew(void **state)
{
	const struct file other = {SIGNATURE_VALID, "CN=Other", "cc33", 2, 8443};
	struct house *h = with_file(&signed_file);

	(void)state;
	pipeline_confirm(&h->p, device_of(h, LAMP), true);
	see_dhcp(h, LAMP, "lamp", OTHER_MAKER);
	answer(h, asked(h, DECISION_AUTHORITY).id, true);
	assert_true(device_of(h, LAMP)->confirmed);
	bring(h, &other);
	assert_string_equal(device_of(h, LAMP)->mud_url, OTHER_MAKER);
	assert_false(device_of(h, LAMP)->confirmed);
	house_free(h);
}

/* A server that says something else each time it is asked. */
static void ever_new_files_are_one_question(void **state)
{
	struct file plain = {SIGNATURE_NONE, "", "", 7, 443};
	struct house *h = with_file(&plain);
	struct decision first = asked(h, DECISION_UNSIGNED), d;
	unsigned count = 0;

	(void)state;
	for (int i = 0; i < 3; i++) {
		plain.digest++;
		refresh(h);
		bring(h, &plain);
	}
	assert_int_equal(store_decisions(h->store, true, count_one, &count), 0);
	assert_int_equal(count, 1);
	/* what he saw is what he answers */
	d = asked(h, DECISION_UNSIGNED);
	assert_int_equal(d.sha256[0], plain.digest);
	assert_int_equal(
		pipeline_answer(&h->p, first.id, true, "", &first), -ENOENT);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_WATCHED);
	answer(h, d.id, true);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	house_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_good_signature_is_pinned),
		cmocka_unit_test(changed_signer_asks),
		cmocka_unit_test(rejected_signer_stays_out),
		cmocka_unit_test(unsigned_is_accepted_by_its_hash_alone),
		cmocka_unit_test(settings_may_take_unsigned_ones),
		cmocka_unit_test(mudsigner_of_the_certificate_binds),
		cmocka_unit_test(another_makers_url_asks_once),
		cmocka_unit_test(going_back_asks),
		cmocka_unit_test(next_file_by_another_signer_asks),
		cmocka_unit_test(owners_hand_counts_at_once),
		cmocka_unit_test(previewed_rules_wait_for_the_owner),
		cmocka_unit_test(unchanged_by_its_etag),
		cmocka_unit_test(unset_clock_fetches_nothing),
		cmocka_unit_test(an_older_file_is_taken_when_accepted),
		cmocka_unit_test(each_device_goes_back_by_itself),
		cmocka_unit_test(what_waits_serves_whom_it_may),
		cmocka_unit_test(nobody_is_protected_by_a_refused_file),
		cmocka_unit_test(ever_new_files_are_one_question),
		cmocka_unit_test(another_maker_is_confirmed_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
