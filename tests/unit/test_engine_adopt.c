// SPDX-License-Identifier: GPL-2.0-or-later
/* What the owner puts in force himself, beside whatever the maker says. */
#include "test_api_house.h"
#include <errno.h>
#include <jansson.h>
#include "engine/api/api_priv.h"

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.20"
#define NAS_IP "192.168.7.9"
#define CLOUD_IP "198.51.100.7"

#define MUD(port)                                                                      \
	"{\"ietf-mud:mud\":{\"mud-version\":1,\"mud-url\":"                              \
	"\"https://learned.example/lamp.json\","                                           \
	"\"last-update\":\"2026-01-01T00:00:00Z\",\"cache-validity\":48,"                  \
	"\"is-supported\":true,\"systeminfo\":\"lamp\","                                   \
	"\"from-device-policy\":{\"access-lists\":{\"access-list\":[{\"name\":\"f\"}]}}," \
	"\"to-device-policy\":{\"access-lists\":{\"access-list\":[]}}},"                   \
	"\"ietf-access-control-list:acls\":{\"acl\":[{\"name\":\"f\",\"type\":"          \
	"\"ipv4-acl-type\",\"aces\":{\"ace\":[{\"name\":\"a\",\"matches\":{\"ipv4\":"    \
	"{\"ietf-acldns:dst-dnsname\":\"cloud.example\",\"protocol\":6},\"tcp\":"        \
	"{\"ietf-mud:direction-initiated\":\"from-device\",\"destination-port\":"         \
	"{\"operator\":\"eq\",\"port\":" #port                                            \
	"}}},\"actions\":{\"forwarding\":\"accept\"}}]}}]}}"

#define TEMPLATE                                                                       \
	"cardea-profile: 1\ndevice: {name: lamp}\nroles:\n  nas: {kind: server}\n"        \
	"policies:\n  store:\n    match: {ipv4: {src: self, dst: nas}, tcp: {dst-port: " \
	"445}}\n    bidirectional: true\n"
#define BINDING(mac)                                                                   \
	"cardea-binding: 1\ntemplate: lamp\nroles:\n  self: {mac: '" mac "'}\n"           \
	"  nas: {ipv4: " NAS_IP "}\n"

static struct event last;
static char why[LIMIT_TEXT];

/* A device that says nothing of any maker. */
static int setup(void **state)
{
	(void)state;
	h = house_new();
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 864000);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	house_free(h);
	return 0;
}

static struct adopted mud(const char *text)
{
	return (struct adopted){.form = ADOPT_MUD, .layer = LAYER_LEARNED, .text = text,
		.text_len = strlen(text)};
}

static struct adopted extended(const char *text, const char *binding)
{
	return (struct adopted){.form = ADOPT_EXTENDED, .layer = LAYER_OWNER, .text = text,
		.text_len = strlen(text), .binding = binding,
		.binding_len = strlen(binding)};
}

static int adopt(struct adopted a)
{
	int error = pipeline_adopt(&h->p, device_of(h, LAMP), &a, why);

	spin(h);
	return error;
}

static bool is_open(const char *peer, uint16_t port)
{
	for (size_t i = 0; i < h->kernel_count; i++) {
		struct addr a = ip(peer);

		if (h->kernel[i].kind == ELEMENT_OUT &&
			addr_equal(&a, &h->kernel[i].peer_lo) &&
			h->kernel[i].peer_port.lo == port)
			return true;
	}
	return false;
}

static bool is_managed(void)
{
	for (size_t i = 0; i < h->kernel_count; i++)
		if (h->kernel[i].kind == ELEMENT_MANAGED)
			return true;
	return false;
}

static int take_last(void *ctx, const struct event *e)
{
	(void)ctx;
	last = *e;
	return 0;
}

static const struct event *last_event(void)
{
	struct store_event_query q = {.limit = 1};

	memset(&last, 0, sizeof(last));
	journal_flush(&h->p.journal);
	assert_int_equal(store_events(h->store, &q, take_last, NULL), 0);
	return &last;
}

static void what_was_learned_holds_without_a_maker(void **state)
{
	(void)state;
	const struct adopted *a;

	assert_false(is_managed());
	assert_null(pipeline_adopted(&h->p, device_of(h, LAMP)));
	assert_int_equal(adopt(mud(MUD(443))), 0);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	assert_true(is_managed());
	tell_name(h, 1, LAMP_IP, "cloud.example", CLOUD_IP);
	assert_true(is_open(CLOUD_IP, 443));
	assert_int_equal(last_event()->kind, EVENT_ADOPTED);
	assert_non_null(strstr(last.text, "as it was learned: 1 rules"));
	a = pipeline_adopted(&h->p, device_of(h, LAMP));
	assert_non_null(a);
	assert_int_equal(a->text_len, strlen(MUD(443)));
	assert_memory_equal(a->text, MUD(443), a->text_len);
	assert_int_equal(a->layer, LAYER_LEARNED);
	assert_int_equal(pipeline_abandon(&h->p, device_of(h, LAMP)), 0);
	spin(h);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_NEW);
	assert_false(is_managed());
	assert_false(is_open(CLOUD_IP, 443));
	assert_int_equal(pipeline_abandon(&h->p, device_of(h, LAMP)), -ENOENT);
}

static void a_template_needs_its_own_home(void **state)
{
	(void)state;
	assert_int_equal(adopt(extended(TEMPLATE, BINDING("02:00:00:00:00:11"))),
		CARDEA_EMALFORMED);
	assert_non_null(strstr(why, "self"));
	assert_false(is_managed());
	assert_int_equal(adopt(extended(TEMPLATE, BINDING(LAMP))), 0);
	assert_true(is_open(NAS_IP, 445));
	assert_non_null(strstr(last_event()->text, "your own: 2 rules"));
}

static void it_unites_with_the_makers(void **state)
{
	(void)state;
	assert_int_equal(adopt(extended(TEMPLATE, BINDING(LAMP))), 0);
	see_dhcp(h, LAMP, "lamp", URL_A);
	send_profile(h, got(h, ROLE_COURIER, MESSAGE_FETCH, 0)->fetch.id, 443, 1);
	tell_name(h, 1, LAMP_IP, "cloud.example", CLOUD_IP);
	assert_true(is_open(CLOUD_IP, 443));
	assert_true(is_open(NAS_IP, 445));
	assert_int_equal(adopt(mud(MUD(8443))), 0); /* in place of the template */
	tell_name(h, 2, LAMP_IP, "cloud.example", CLOUD_IP);
	assert_true(is_open(CLOUD_IP, 443));
	assert_true(is_open(CLOUD_IP, 8443));
	assert_false(is_open(NAS_IP, 445));
	assert_int_equal(pipeline_abandon(&h->p, device_of(h, LAMP)), 0);
	spin(h);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	assert_true(is_open(CLOUD_IP, 443));
	assert_false(is_open(CLOUD_IP, 8443));
}

static void it_outlives_a_restart_and_other_makers(void **state)
{
	(void)state;
	struct identity other = {.mac = mac_of(LAMP), .source = URL_SOURCE_OWNER,
		.mud_url = "https://other.example/lamp.json"};
	struct device *d;

	see_dhcp(h, LAMP, "lamp", URL_A);
	send_profile(h, got(h, ROLE_COURIER, MESSAGE_FETCH, 0)->fetch.id, 443, 1);
	assert_int_equal(adopt(extended(TEMPLATE, BINDING(LAMP))), 0);
	engine_restart(h);
	assert_true(is_open(NAS_IP, 445));
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	tell_name(h, 1, LAMP_IP, "cloud.example", CLOUD_IP);
	assert_true(is_open(CLOUD_IP, 443));
	/* its file was another device's: what the owner put in force was not */
	assert_int_equal(pipeline_identity(&h->p, &other, &d), 0);
	spin(h);
	assert_true(is_open(NAS_IP, 445));
	assert_false(is_open(CLOUD_IP, 443));
	assert_int_equal(d->state, DEVICE_PROTECTED);
}

static void quarantine_goes_before_it(void **state)
{
	(void)state;
	struct device *d = device_of(h, LAMP);

	assert_int_equal(adopt(extended(TEMPLATE, BINDING(LAMP))), 0);
	assert_int_equal(pipeline_quarantine(&h->p, d, "odd"), 0);
	spin(h);
	assert_false(is_open(NAS_IP, 445));
	assert_int_equal(pipeline_abandon(&h->p, d), 0);
	assert_int_equal(adopt(extended(TEMPLATE, BINDING(LAMP))), 0);
	assert_int_equal(d->state, DEVICE_QUARANTINED);
	assert_false(is_open(NAS_IP, 445));
	engine_restart(h);
	d = device_of(h, LAMP);
	assert_int_equal(d->state, DEVICE_QUARANTINED);
	assert_false(is_open(NAS_IP, 445));
	assert_int_equal(pipeline_quarantine(&h->p, d, NULL), 0);
	spin(h);
	assert_int_equal(d->state, DEVICE_PROTECTED);
	assert_true(is_open(NAS_IP, 445));
}

static void what_is_no_profile_changes_nothing(void **state)
{
	(void)state;
	static const char *const wrong[] = {"{", "[]", "{\"ietf-mud:mud\":{}}", "x"};
	static const struct {
		const char *text, *binding, *why;
	} pairs[] = {
		{"cardea-profile: 1\ndevice: {name: lamp}\nnonsense: 1\n", BINDING(LAMP),
			"line 3"},
		{TEMPLATE, "cardea-binding: 1\ntemplate: other\nroles:\n  self: {mac: '" LAMP
			   "'}\n",
			"binding, line 1"},
		{TEMPLATE, TEMPLATE, "binding, "},
	};

	assert_int_equal(adopt(extended(TEMPLATE, BINDING(LAMP))), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_true(adopt(mud(wrong[i])) < 0);
		assert_true(why[0] != 0);
		assert_true(is_open(NAS_IP, 445));
	}
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		assert_int_equal(adopt(extended(pairs[i].text, pairs[i].binding)),
			CARDEA_EMALFORMED);
		assert_non_null(strstr(why, pairs[i].why));
		assert_true(is_open(NAS_IP, 445));
	}
	assert_non_null(pipeline_adopted(&h->p, device_of(h, LAMP)));
}

static void no_other_layer_is_the_owners_to_fill(void **state)
{
	(void)state;
	struct adopted a = extended(TEMPLATE, BINDING(LAMP));

	assert_int_equal(adopt(mud(MUD(8443))), 0);
	tell_name(h, 1, LAMP_IP, "cloud.example", CLOUD_IP);
	a.layer = LAYER_MANUFACTURER; /* nothing of the owner's */
	assert_int_equal(adopt(a), CARDEA_EMALFORMED);
	assert_false(is_open(NAS_IP, 445));
	assert_true(is_open(CLOUD_IP, 8443));
}

/* ---- the API ---- */

static char *body_of(const char *text, const char *binding, bool dry)
{
	json_t *o = json_pack("{s:s, s:s, s:s*, s:b}", "device", "lamp", "text", text,
		"binding", binding, "dry_run", dry);
	char *body = json_dumps(o, 0);

	json_decref(o);
	assert_non_null(body);
	return body;
}

static json_t *bring(const char *text, const char *binding, bool dry)
{
	char *body = body_of(text, binding, dry);
	json_t *o = ask(api_adopt, "", "", body);

	free(body);
	return o;
}

static void the_api_brings_and_takes_back(void **state)
{
	(void)state;
	json_t *a;

	see_dhcp(h, LAMP, "lamp", "");
	a = bring(TEMPLATE, BINDING(LAMP), true);
	assert_int_equal(status, 200);
	assert_string_equal(text_of(a, "form"), "extended");
	assert_true(json_is_false(json_object_get(a, "in_force")));
	assert_int_equal(json_array_size(json_object_get(a, "list")), 2);
	assert_false(is_managed()); /* nothing happened */
	json_decref(a);
	a = bring(TEMPLATE, BINDING(LAMP), false);
	assert_int_equal(status, 200);
	assert_true(json_is_true(json_object_get(a, "in_force")));
	assert_string_equal(text_of(a, "source"), "owner");
	assert_true(is_open(NAS_IP, 445));
	json_decref(a);
	a = ask(api_view_adopted, "", "device=lamp", "");
	assert_int_equal(json_array_size(json_object_get(a, "profiles")), 1);
	json_decref(a);
	json_decref(ask(api_change_adopted, "lamp", "",
		"{\"remove\":true,\"dry_run\":true}"));
	assert_true(is_open(NAS_IP, 445));
	json_decref(ask(api_change_adopted, "lamp", "", "{\"remove\":true}"));
	assert_int_equal(status, 200);
	assert_false(is_open(NAS_IP, 445));
	json_decref(ask(api_change_adopted, "lamp", "", "{\"remove\":true}"));
	assert_int_equal(status, 404);
}

static void the_api_refuses_what_is_nothing(void **state)
{
	(void)state;
	static const char *const bodies[] = {"{}", "[]", "{\"device\":\"lamp\"}",
		"{\"device\":\"lamp\",\"text\":7}", "{\"device\":\"lamp\",\"text\":\"\"}",
		"{\"device\":\"lamp\",\"text\":\"{}\",\"binding\":7}",
		"{\"device\":\"lamp\",\"text\":\"{}\",\"source\":\"manufacturer\"}",
		"{\"device\":\"lamp\",\"text\":\"{}\"}"};

	see_dhcp(h, LAMP, "lamp", "");
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		json_decref(ask(api_adopt, "", "", bodies[i]));
		assert_int_equal(status, 400);
	}
	json_decref(ask(api_adopt, "", "", "{\"device\":\"nobody\",\"text\":\"{}\"}"));
	assert_int_equal(status, 404);
	json_decref(ask(api_change_adopted, "lamp", "", "{}"));
	assert_int_equal(status, 400);
	json_decref(ask(api_change_adopted, "nobody", "", "{\"remove\":true}"));
	assert_int_equal(status, 404);
	assert_false(is_managed());
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_was_learned_holds_without_a_maker),
		T(a_template_needs_its_own_home),
		T(it_unites_with_the_makers),
		T(it_outlives_a_restart_and_other_makers),
		T(quarantine_goes_before_it),
		T(what_is_no_profile_changes_nothing),
		T(no_other_layer_is_the_owners_to_fill),
		T(the_api_brings_and_takes_back),
		T(the_api_refuses_what_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
