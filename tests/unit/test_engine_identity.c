// SPDX-License-Identifier: GPL-2.0-or-later
/* test_engine_identity - what another word about who a device is may change of what is
 * in force for it, and what it may not. */
#include "test_engine_util.h"
#include <errno.h>

#define LAMP "02:00:00:00:00:10"
#define PLUG "02:00:00:00:00:11"
#define LAMP_IP "192.168.7.20"
#define PLUG_IP "192.168.7.21"
#define OTHER_MAKER "https://other.example/lamp.json"
#define APP "https://app.example/controllers.json"

static uint64_t last_fetch(struct house *h)
{
	unsigned n = got_count(h, ROLE_COURIER, MESSAGE_FETCH);

	assert_true(n > 0);
	return got(h, ROLE_COURIER, MESSAGE_FETCH, n - 1)->fetch.id;
}

static uint16_t open_port(struct house *h)
{
	static uint64_t ticket = 100;
	const struct element *e;

	tell_name(h, ++ticket, LAMP_IP, "cloud.example", "198.51.100.7");
	e = kernel_out(h, "198.51.100.7");
	return e ? e->peer_port.lo : 0;
}

static int say(struct house *h, enum url_source source, const char *url)
{
	struct identity i = {.mac = mac_of(LAMP), .source = source};
	struct device *d;
	int error;

	str_copy(i.mud_url, sizeof(i.mud_url), url);
	error = pipeline_identity(&h->p, &i, &d);
	spin(h);
	return error;
}

/* A lamp with a file in force, and who says which. */
static struct house *with_lamp(enum url_source source)
{
	struct house *h = house_new();

	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, UINT32_MAX);
	see_addr(h, PLUG, PLUG_IP, ADDR_SOURCE_DHCP4, UINT32_MAX);
	assert_int_equal(say(h, source, URL_A), 0);
	send_profile(h, last_fetch(h), 443, 1);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	assert_int_equal(open_port(h), 443);
	return h;
}

/* It is the owner's to end, and nobody else's: also where what is known of it changes. */
static void quarantine_outlives_another_url(void **state)
{
	static const enum url_source by[] = {URL_SOURCE_CERTIFICATE, URL_SOURCE_OWNER};

	(void)state;
	for (size_t i = 0; i < sizeof(by) / sizeof(*by); i++) {
		struct house *h = with_lamp(URL_SOURCE_DHCP);
		struct device *d = device_of(h, LAMP);

		assert_int_equal(pipeline_quarantine(&h->p, d, "odd"), 0);
		spin(h);
		assert_int_equal(say(h, by[i], OTHER_MAKER), 0);
		assert_int_equal(d->state, DEVICE_QUARANTINED);
		assert_true(kernel_has(h, ELEMENT_MANAGED, LAMP, NULL));
		send_profile(h, last_fetch(h), 8443, 2);
		assert_true(kernel_has(h, ELEMENT_MANAGED, LAMP, NULL));
		assert_int_equal(open_port(h), 0);
		assert_int_equal(pipeline_quarantine(&h->p, d, NULL), 0);
		spin(h);
		assert_int_equal(d->state, DEVICE_PROTECTED);
		assert_int_equal(open_port(h), 8443);
		house_free(h);
	}
}

/* What it says of itself in quarantine neither gives it a file nor another one. */
static void quarantined_devices_choose_no_file(void **state)
{
	struct house *h = with_lamp(URL_SOURCE_DHCP);
	unsigned fetches = got_count(h, ROLE_COURIER, MESSAGE_FETCH);

	(void)state;
	see_dhcp(h, PLUG, "plug", "");
	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, LAMP), "odd"), 0);
	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, PLUG), "odd"), 0);
	spin(h);
	see_dhcp(h, PLUG, "plug", OTHER_MAKER);
	see_dhcp(h, LAMP, "lamp", URL_B);
	assert_int_equal(say(h, URL_SOURCE_DHCP, URL_B), 0);
	advance(h, 5);
	assert_int_equal(got_count(h, ROLE_COURIER, MESSAGE_FETCH), fetches);
	assert_string_equal(device_of(h, PLUG)->mud_url, "");
	assert_int_equal(device_of(h, PLUG)->state, DEVICE_QUARANTINED);
	/* out of it, it is heard again */
	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, LAMP), NULL), 0);
	see_dhcp(h, LAMP, "lamp", URL_B);
	send_profile(h, last_fetch(h), 8443, 2);
	assert_string_equal(device_of(h, LAMP)->mud_url, URL_B);
	assert_int_equal(open_port(h), 8443);
	house_free(h);
}

/* What the owner knows is not moved by a DHCP server's script, not even a little. */
static void weaker_words_move_nothing(void **state)
{
	struct house *h = with_lamp(URL_SOURCE_OWNER);
	unsigned fetches = got_count(h, ROLE_COURIER, MESSAGE_FETCH);

	(void)state;
	assert_int_equal(say(h, URL_SOURCE_DHCP, URL_B), CARDEA_EREFUSED);
	assert_int_equal(say(h, URL_SOURCE_CERTIFICATE, OTHER_MAKER), CARDEA_EREFUSED);
	assert_string_equal(device_of(h, LAMP)->mud_url, URL_A);
	assert_int_equal(got_count(h, ROLE_COURIER, MESSAGE_FETCH), fetches);
	assert_int_equal(open_port(h), 443);
	house_free(h);
}

/* Both are its own word: naming another file by the other one must not set it free. */
static void own_words_do_not_free_it(void **state)
{
	struct house *h = with_lamp(URL_SOURCE_LLDP);

	(void)state;
	assert_int_equal(say(h, URL_SOURCE_DHCP, OTHER_MAKER), 0);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	assert_string_equal(device_of(h, LAMP)->mud_url, URL_A);
	assert_int_equal(open_port(h), 443);
	house_free(h);
}

/* The owner chose it as a controller, and another for it: a new URL is no new device. */
static void controllers_outlive_another_url(void **state)
{
	struct house *h = with_lamp(URL_SOURCE_DHCP);
	device_id lamp = device_of(h, LAMP)->id, plug = device_of(h, PLUG)->id;

	(void)state;
	assert_int_equal(classes_map(&h->p, plug, "my-controller", LAMP), 0);
	assert_int_equal(classes_map(&h->p, lamp, "my-controller", PLUG), 0);
	assert_int_equal(say(h, URL_SOURCE_OWNER, OTHER_MAKER), 0);
	assert_true(classes_is_mapped(&h->p.classes, plug, "my-controller"));
	assert_true(classes_is_mapped(&h->p.classes, lamp, "my-controller"));
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_WATCHED);
	assert_false(kernel_has(h, ELEMENT_MANAGED, LAMP, NULL));
	house_free(h);
}

/* The question stays; who asks for what is not there is told so. */
static void a_choice_must_exist(void **state)
{
	static const char *const bad[] = {"", "nobody", "10.0.0.", "224.0.0.1", LAMP};
	struct house *h = with_lamp(URL_SOURCE_DHCP);
	struct decision d = {.kind = DECISION_MY_CONTROLLER,
		.device = device_of(h, LAMP)->id};

	(void)state;
	assert_int_equal(pipeline_ask(&h->p, &d), DECISION_OPEN);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(pipeline_answer(&h->p, 1, true, bad[i], &d),
			CARDEA_EMALFORMED);
	assert_int_equal(pipeline_answer(&h->p, 2, true, PLUG, &d), -ENOENT);
	assert_int_equal(pipeline_answer(&h->p, 1, true, PLUG, &d), 0);
	assert_true(classes_is_mapped(&h->p.classes, d.device, "my-controller"));
	/* and may be taken back */
	assert_int_equal(pipeline_answer(&h->p, 1, false, "", &d), 0);
	assert_false(classes_is_mapped(&h->p.classes, d.device, "my-controller"));
	house_free(h);
}

static uint32_t identity_question(struct house *h, device_id device)
{
	struct decision d;

	for (uint32_t i = 1; i < 10; i++)
		if (store_decision_find(h->store, i, &d) == 0 && d.device == device &&
			d.kind == DECISION_IDENTITY)
			return i;
	return 0;
}

/* A late answer is about the maker that the device had when it was asked. */
static void late_answers_confirm_no_other_maker(void **state)
{
	struct house *h = with_lamp(URL_SOURCE_DHCP);
	struct device *d = device_of(h, LAMP);
	struct decision q = {.kind = DECISION_IDENTITY, .device = d->id}, ret;

	(void)state;
	str_copy(q.subject, sizeof(q.subject), OTHER_MAKER);
	assert_int_equal(pipeline_ask(&h->p, &q), DECISION_OPEN);
	assert_int_equal(
		pipeline_answer(&h->p, identity_question(h, d->id), true, "", &ret), 0);
	assert_false(d->confirmed);
	house_free(h);
}

/* The owner accepted another signer, for another device of that place. */
static void pin_another(struct house *h)
{
	const struct store_pin pin = {
		.root = "https://maker.example/", .signer = "CN=Another"};

	assert_int_equal(store_pin_save(h->store, &pin), 0);
}

/* While he is asked, what was in force stays, also over a restart: without a file the
 * device could do anything. */
static void a_restart_frees_nobody(void **state)
{
	struct house *h = with_lamp(URL_SOURCE_DHCP);

	(void)state;
	pin_another(h);
	engine_restart(h);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	assert_non_null(strstr(device_of(h, LAMP)->problem, "cardea decide"));
	assert_true(kernel_has(h, ELEMENT_MANAGED, LAMP, NULL));
	assert_int_equal(open_port(h), 443);
	house_free(h);
}

/* The owner's changed mind about one thing takes away nothing else. */
static void a_refused_file_in_force_stays_whole(void **state)
{
	struct house *h = with_lamp(URL_SOURCE_DHCP);
	struct device *d = device_of(h, LAMP);
	struct household_device *hd = household_device(&h->p.household, d->id);
	struct decision q = {.kind = DECISION_PREVIEW, .device = d->id}, ret;

	(void)state;
	str_copy(q.subject, sizeof(q.subject), URL_A);
	assert_int_equal(pipeline_ask(&h->p, &q), DECISION_OPEN);
	pin_another(h);
	assert_int_equal(pipeline_answer(&h->p, 1, true, "", &ret), 0);
	assert_non_null(hd->source);
	assert_int_equal(open_port(h), 443);
	house_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quarantine_outlives_another_url),
		cmocka_unit_test(quarantined_devices_choose_no_file),
		cmocka_unit_test(weaker_words_move_nothing),
		cmocka_unit_test(own_words_do_not_free_it),
		cmocka_unit_test(a_choice_must_exist),
		cmocka_unit_test(late_answers_confirm_no_other_maker),
		cmocka_unit_test(a_refused_file_in_force_stays_whole),
		cmocka_unit_test(a_restart_frees_nobody),
		cmocka_unit_test(controllers_outlive_another_url),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
