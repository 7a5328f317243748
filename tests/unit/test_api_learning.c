// SPDX-License-Identifier: GPL-2.0-or-later
/* What was learned live as an extended profile: the hub speaks to the bulb only after the
 * phone spoke to it, and that is what holds once the owner approves it. */
#include "test_api_house.h"
#include <jansson.h>
#include "engine/api/api_priv.h"

#define PHONE "02:00:00:00:00:05"
#define PHONE_IP "192.168.7.5"
#define HUB "02:00:00:00:00:07"
#define HUB_IP "192.168.7.7"
#define BULB "02:00:00:00:00:08"
#define BULB_IP "192.168.7.8"
#define CLOUD_IP "203.0.113.10"
#define PRESSES 30 /* 25 are the least that is no chance */
#define SECONDS 420

static void tell(const struct record *r)
{
	static struct message m;

	message_from_record(&m, r);
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
}

static struct record talk(const char *from, const char *from_ip, const char *to,
	const char *to_ip, uint8_t proto, uint16_t port)
{
	return (struct record){.device = mac_of(from),
		.first = h->clock.now,
		.last = h->clock.now + NS_PER_SEC / 10,
		.answered = true,
		.family = 4,
		.proto = proto,
		.device_port = 40000,
		.peer_port = port,
		.device_addr = ip(from_ip),
		.peer = ip(to_ip),
		.place = RECORD_DEVICE,
		.peer_mac = mac_of(to),
		.packets = {4, 4},
		.bytes = {800, 800}};
}

/* Both ends tell it. */
static void tell_both(struct record r)
{
	struct record other = r;

	tell(&r);
	other.device = r.peer_mac;
	other.peer_mac = r.device;
	other.device_addr = r.peer;
	other.peer = r.device_addr;
	other.device_port = r.peer_port;
	other.peer_port = r.device_port;
	other.direction = DIRECTION_TO_DEVICE;
	tell(&other);
}

static void tell_cloud(void)
{
	struct record r = talk(HUB, HUB_IP, BULB, CLOUD_IP, FLOW_PROTO_TCP, 443);

	r.place = RECORD_INTERNET;
	r.peer_mac = (struct mac){0};
	r.naming = RECORD_ANSWER;
	str_copy(r.name, sizeof(r.name), "cloud.example");
	tell(&r);
}

static void press(void)
{
	tell_both(talk(PHONE, PHONE_IP, HUB, HUB_IP, FLOW_PROTO_TCP, 80));
	h->clock.now += NS_PER_SEC / 2;
	tell_both(talk(HUB, HUB_IP, BULB, BULB_IP, FLOW_PROTO_UDP, 5683));
	advance(h, SECONDS / 2);
	tell_cloud(); /* which has nothing to do with it */
	advance(h, SECONDS / 2);
}

/* It knows triggers; nft would leave open what waits. */
static void enforced_by_bpf(void)
{
	struct message m = {.type = MESSAGE_ENFORCER_READY};

	str_copy(m.enforcer_ready.backend, sizeof(m.enforcer_ready.backend), "bpf");
	far_send(h, ROLE_ENFORCER, &m);
	spin(h);
}

static int setup(void **state)
{
	(void)state;
	h = house_new();
	enforced_by_bpf();
	see_addr(h, PHONE, PHONE_IP, ADDR_SOURCE_DHCP4, 8640000);
	see_addr(h, HUB, HUB_IP, ADDR_SOURCE_DHCP4, 8640000);
	see_addr(h, BULB, BULB_IP, ADDR_SOURCE_DHCP4, 8640000);
	see_dhcp(h, HUB, "hub", "");
	tell_cloud(); /* nobody knows before the first */
	advance(h, SECONDS);
	for (int i = 0; i < PRESSES; i++)
		press();
	advance(h, 2 * 3600);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	house_free(h);
	return 0;
}

static void what_follows_what_is_told(void **state)
{
	(void)state;
	json_t *a = ask(api_view_learning, "hub", "", ""), *list;

	assert_int_equal(status, 200);
	list = json_object_get(a, "interactions");
	assert_int_equal(json_array_size(list), 1);
	assert_string_equal(text_of(json_array_get(list, 0), "text"),
		"hub speaks UDP 5683 to device-00-00-08 only within 1 s after "
		"device-00-00-05 spoke TCP 80 to hub: 29 of 29 times, at least 0.91");
	json_decref(a);
}

static void the_export_names_roles_and_who_plays_them(void **state)
{
	(void)state;
	json_t *a = ask(api_view_learning, "hub", "export=1", "");
	const char *template = text_of(a, "template"), *binding = text_of(a, "binding");

	assert_int_equal(status, 200);
	assert_string_equal(text_of(a, "extended_problem"), "");
	assert_non_null(strstr(template, "permits:"));
	assert_non_null(strstr(template, "cloud.example"));
	assert_null(strstr(template, HUB_IP)); /* a template is of all homes */
	assert_null(strstr(template, BULB));
	assert_non_null(strstr(binding, HUB));
	assert_non_null(strstr(binding, BULB_IP));
	assert_non_null(strstr(binding, PHONE));
	json_decref(a);
}

static unsigned count(enum element_kind kind)
{
	unsigned n = 0;

	for (size_t i = 0; i < h->kernel_count; i++)
		n += h->kernel[i].kind == kind;
	return n;
}

static unsigned armed(void)
{
	return count(ELEMENT_ARM_IN) + count(ELEMENT_ARM_OUT);
}

static void what_is_approved_waits_for_its_trigger(void **state)
{
	(void)state;
	json_decref(ask(api_change_learning, "hub", "",
		"{\"approve\":true,\"now\":true,\"interactions\":true,\"dry_run\":true}"));
	assert_int_equal(status, 200);
	assert_int_equal(count(ELEMENT_MANAGED), 0); /* nothing happened */
	json_t *a = ask(api_change_learning, "hub", "",
		"{\"approve\":true,\"now\":true,\"interactions\":true}");
	assert_int_equal(status, 200);
	assert_string_equal(text_of(a, "form"), "extended");
	json_decref(a);
	assert_int_equal(device_of(h, HUB)->state, DEVICE_PROTECTED);
	assert_true(armed() > 0);
	/* without interactions it is open at all times */
	json_decref(ask(api_change_learning, "hub", "",
		"{\"approve\":true,\"now\":true}"));
	assert_int_equal(status, 200);
	assert_int_equal(armed(), 0);
}

#define LEARNING_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEARNING_TEST(what_follows_what_is_told),
		LEARNING_TEST(the_export_names_roles_and_who_plays_them),
		LEARNING_TEST(what_is_approved_waits_for_its_trigger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
