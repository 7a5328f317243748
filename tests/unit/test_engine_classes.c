// SPDX-License-Identifier: GPL-2.0-or-later
/* Whom classes mean, and that devices which depend on one follow when that changes. */
#include <errno.h>
#include "test_engine_util.h"

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.10"
#define PLUG "02:00:00:00:00:11"
#define PLUG_IP "192.168.7.11"
#define HUB "02:00:00:00:00:12"
#define HUB_IP "192.168.7.12"
#define HUB_IP_2 "192.168.7.112"
#define HUE "urn:example:hub"
#define PORT 5683

static struct house *h;
static struct shelf_entry file;
static struct rule rules[2];

static int setup(void **state)
{
	(void)state;
	h = house_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	house_free(h);
	return 0;
}

static struct device *add(const char *mac, const char *addr)
{
	see_addr(h, mac, addr, ADDR_SOURCE_DHCP4, 86400);
	assert_non_null(device_of(h, mac));
	return device_of(h, mac);
}

/* UDP to PORT of the class. */
static void rule_for(enum peer_kind kind, const char *name)
{
	memset(&file, 0, sizeof(file));
	rule_init(&rules[0]);
	rules[0].id = 1;
	rules[0].proto = FLOW_PROTO_UDP;
	rules[0].peer.kind = kind;
	rules[0].peer_port = (struct range16){PORT, PORT};
	str_copy(rules[0].peer.name, sizeof(rules[0].peer.name), name);
	file.profile.rules = rules;
	file.profile.rule_count = 1;
}

static void settle(void)
{
	clock_virtual_set(&h->clock, h->clock.now + 200 * NS_PER_MS);
	spin(h);
}

static void update(struct device *d)
{
	household_update(&h->p.household, d, false, h->clock.now);
	spin(h);
}

static struct household_device *held(const struct device *d)
{
	return household_device(&h->p.household, d->id);
}

/* In force, with the rules above. */
static void protect(struct device *d, const char *url, enum url_source source)
{
	str_copy(d->mud_url, sizeof(d->mud_url), url);
	d->url_source = source;
	assert_int_equal(household_adopt(held(d), &file), 0);
	d->state = DEVICE_PROTECTED;
	update(d);
}

static bool may_send(const char *mac, const char *peer)
{
	struct addr a = ip(peer);
	struct mac m = mac_of(mac);

	for (size_t i = 0; i < h->kernel_count; i++) {
		const struct element *e = &h->kernel[i];

		if ((e->kind == ELEMENT_OUT || e->kind == ELEMENT_OUT_RANGE) &&
			mac_equal(&e->mac, &m) && e->family == 4 &&
			e->peer_port.lo == PORT && addr_compare(&e->peer_lo, &a) <= 0 &&
			addr_compare(&a, &e->peer_hi) <= 0)
			return true;
	}
	return false;
}

static unsigned forgets_of(const char *mac)
{
	struct mac m = mac_of(mac);
	unsigned n = 0;

	for (size_t i = 0; i < h->far[ROLE_ENFORCER].count; i++) {
		const struct message *g = &h->far[ROLE_ENFORCER].got[i];

		n += g->type == MESSAGE_FORGET && mac_equal(&g->forget.mac, &m);
	}
	return n;
}

static size_t members(const struct device *d)
{
	return classes_count(&h->p.classes, held(d), &rules[0].peer);
}

static void only_proven_devices_in_force_are_of_a_maker(void **state)
{
	(void)state;
	struct device *lamp = add(LAMP, LAMP_IP), *plug = add(PLUG, PLUG_IP);

	rule_for(PEER_MANUFACTURER, "maker.example");
	protect(lamp, "https://other.example/lamp.json", URL_SOURCE_DHCP);
	protect(plug, "https://MAKER.example:443/plug.json", URL_SOURCE_DHCP);
	settle();
	assert_int_equal(members(lamp), 0);
	assert_false(may_send(LAMP, PLUG_IP));
	plug->confirmed = true;
	update(plug);
	assert_false(may_send(LAMP, PLUG_IP)); /* in one go, a moment later */
	settle();
	assert_int_equal(members(lamp), 1);
	assert_true(may_send(LAMP, PLUG_IP));
	/* never itself: the class of the plug's own rule is its own maker */
	assert_int_equal(members(plug), 0);
	assert_false(may_send(PLUG, PLUG_IP));
	plug->state = DEVICE_WATCHED;
	update(plug);
	settle();
	assert_false(may_send(LAMP, PLUG_IP));
}

static void another_port_is_another_authority(void **state)
{
	(void)state;
	struct device *lamp = add(LAMP, LAMP_IP), *plug = add(PLUG, PLUG_IP);

	rule_for(PEER_MANUFACTURER, "maker.example");
	protect(lamp, "https://other.example/lamp.json", URL_SOURCE_DHCP);
	protect(plug, "https://maker.example:8443/plug.json", URL_SOURCE_OWNER);
	settle();
	assert_int_equal(members(lamp), 0);
	str_copy(rules[0].peer.name, sizeof(rules[0].peer.name), "maker.example:8443");
	protect(lamp, lamp->mud_url, URL_SOURCE_DHCP);
	assert_int_equal(members(lamp), 1);
	assert_true(may_send(LAMP, PLUG_IP));
}

static void the_same_maker_takes_proof_of_both(void **state)
{
	(void)state;
	struct device *lamp = add(LAMP, LAMP_IP), *plug = add(PLUG, PLUG_IP);

	rule_for(PEER_SAME_MANUFACTURER, "");
	protect(lamp, "https://maker.example/lamp.json", URL_SOURCE_DHCP);
	protect(plug, "https://maker.example/plug.json", URL_SOURCE_QR);
	settle();
	assert_false(may_send(LAMP, PLUG_IP));
	assert_false(may_send(PLUG, LAMP_IP));
	assert_non_null(strstr(
		classes_note(&h->p.classes, held(lamp), &rules[0].peer), "confirm"));
	lamp->confirmed = true;
	update(lamp);
	settle();
	assert_true(may_send(LAMP, PLUG_IP));
	assert_true(may_send(PLUG, LAMP_IP));
	assert_string_equal(
		classes_note(&h->p.classes, held(lamp), &rules[0].peer), "");
}

static void a_model_is_one_url(void **state)
{
	(void)state;
	struct device *lamp = add(LAMP, LAMP_IP), *plug = add(PLUG, PLUG_IP),
		      *hub = add(HUB, HUB_IP);

	rule_for(PEER_MODEL, URL_A);
	protect(lamp, URL_A, URL_SOURCE_OWNER);
	protect(plug, URL_A, URL_SOURCE_OWNER);
	protect(hub, URL_B, URL_SOURCE_OWNER);
	settle();
	assert_true(may_send(LAMP, PLUG_IP));
	assert_true(may_send(PLUG, LAMP_IP));
	assert_false(may_send(LAMP, HUB_IP));
	assert_int_equal(members(hub), 2);
}

static void a_mac_is_whoever_has_it(void **state)
{
	(void)state;
	struct device *lamp = add(LAMP, LAMP_IP);

	rule_for(PEER_MAC, "");
	rules[0].peer.mac = mac_of(HUB);
	protect(lamp, URL_A, URL_SOURCE_DHCP);
	settle();
	assert_false(may_send(LAMP, HUB_IP));
	(void)add(HUB, HUB_IP); /* no profile, and none is needed */
	settle();
	assert_true(may_send(LAMP, HUB_IP));
	see_addr(h, HUB, HUB_IP_2, ADDR_SOURCE_DHCP4, 86400);
	settle();
	assert_true(may_send(LAMP, HUB_IP_2));
}

static void a_controller_is_whom_the_owner_names(void **state)
{
	(void)state;
	struct device *lamp = add(LAMP, LAMP_IP);
	struct peer open[4];

	(void)add(HUB, HUB_IP);
	rule_for(PEER_CONTROLLER, HUE);
	protect(lamp, URL_A, URL_SOURCE_DHCP);
	settle();
	assert_false(may_send(LAMP, HUB_IP));
	assert_int_equal(classes_unmapped(&h->p, held(lamp), open, 4), 1);
	assert_string_equal(open[0].name, HUE);
	assert_int_equal(classes_map(&h->p, 0, HUE, HUB), 0);
	settle();
	assert_true(may_send(LAMP, HUB_IP));
	assert_int_equal(classes_unmapped(&h->p, held(lamp), open, 4), 0);
	/* an address of the world outside serves as well; it takes the hub's place */
	assert_int_equal(classes_map(&h->p, 0, HUE, "203.0.113.9"), 0);
	settle();
	assert_false(may_send(LAMP, HUB_IP));
	assert_true(may_send(LAMP, "203.0.113.9"));
	assert_int_equal(classes_map_also(&h->p, 0, HUE, HUB_IP), 0);
	settle();
	assert_true(may_send(LAMP, HUB_IP));
	assert_true(may_send(LAMP, "203.0.113.9"));
	/* for this one alone */
	assert_int_equal(classes_map(&h->p, lamp->id, HUE, "203.0.113.10"), 0);
	settle();
	assert_false(may_send(LAMP, HUB_IP));
	assert_true(may_send(LAMP, "203.0.113.10"));
	assert_int_equal(classes_map(&h->p, lamp->id, HUE, NULL), 0);
	settle();
	assert_true(may_send(LAMP, HUB_IP));
	assert_int_equal(classes_map(&h->p, 0, HUE, NULL), 0);
	settle();
	assert_false(may_send(LAMP, HUB_IP));
}

static void bad_controllers_are_refused(void **state)
{
	(void)state;
	struct device *lamp = add(LAMP, LAMP_IP);

	assert_int_equal(classes_map(&h->p, 0, "hub", LAMP), CARDEA_EMALFORMED);
	assert_int_equal(classes_map(&h->p, 0, "urn:a b", LAMP), CARDEA_EMALFORMED);
	assert_int_equal(classes_map(&h->p, 0, ":x", LAMP), CARDEA_EMALFORMED);
	assert_int_equal(classes_map(&h->p, 0, HUE, "nobody"), -ENOENT);
	assert_int_equal(classes_map(&h->p, 0, HUE, NULL), -ENOENT);
	assert_int_equal(classes_map(&h->p, 0, HUE, "224.0.0.1"), CARDEA_EREFUSED);
	assert_int_equal(classes_map(&h->p, 0, HUE, "0.0.0.0"), CARDEA_EREFUSED);
	assert_int_equal(
		classes_map(&h->p, lamp->id, "my-controller", LAMP), CARDEA_EREFUSED);
	assert_int_equal(h->p.classes.said_count, 0);
	for (int i = 0; i < LIMIT_CONTROLLERS; i++) {
		char class[64];

		assert_int_equal(
			str_print(class, sizeof(class), "urn:example:%d", i), 0);
		assert_int_equal(classes_map(&h->p, 0, class, LAMP), 0);
	}
	assert_int_equal(classes_map(&h->p, 0, HUE, LAMP), CARDEA_ELIMIT);
}

static void controllers_survive_a_restart(void **state)
{
	(void)state;
	struct device *lamp = add(LAMP, LAMP_IP), *hub = add(HUB, HUB_IP);
	device_id lamp_id = lamp->id, hub_id = hub->id;

	assert_int_equal(classes_map(&h->p, lamp_id, "my-controller", HUB_IP), 0);
	assert_int_equal(classes_map(&h->p, 0, HUE, "2001:db8::1"), 0);
	engine_end(h);
	engine_start(h);
	connect_all(h);
	assert_int_equal(h->p.classes.said_count, 2);
	assert_true(classes_is_mapped(&h->p.classes, lamp_id, "my-controller"));
	assert_false(classes_is_mapped(&h->p.classes, hub_id, "my-controller"));
	assert_true(classes_is_mapped(&h->p.classes, hub_id, HUE));
}

static void who_leaves_a_class_ends_the_conversations(void **state)
{
	(void)state;
	struct device *lamp = add(LAMP, LAMP_IP), *plug = add(PLUG, PLUG_IP),
		      *hub = add(HUB, HUB_IP);
	unsigned lamp_before, hub_before;

	rule_for(PEER_MANUFACTURER, "maker.example");
	protect(lamp, "https://other.example/lamp.json", URL_SOURCE_DHCP);
	settle();
	lamp_before = forgets_of(LAMP);
	protect(plug, URL_A, URL_SOURCE_OWNER);
	settle();
	/* somebody came: nobody's conversations end */
	assert_true(may_send(LAMP, PLUG_IP));
	assert_int_equal(forgets_of(LAMP), lamp_before);
	rule_for(PEER_MAC, "");
	rules[0].peer.mac = mac_of(GATEWAY_MAC);
	protect(hub, "https://third.example/hub.json", URL_SOURCE_DHCP);
	settle();
	hub_before = forgets_of(HUB);
	plug->url_source = URL_SOURCE_DHCP; /* what proved it is withdrawn */
	update(plug);
	settle();
	assert_false(may_send(LAMP, PLUG_IP));
	assert_int_equal(forgets_of(LAMP), lamp_before + 1);
	assert_int_equal(forgets_of(HUB), hub_before); /* its classes are others */
}

static void many_who_join_cost_one_round(void **state)
{
	(void)state;
	struct device *lamp = add(LAMP, LAMP_IP);
	uint64_t before;
	char mac[MAC_TEXT_MAX], addr[ADDR_TEXT_MAX];

	rule_for(PEER_MANUFACTURER, "maker.example");
	protect(lamp, "https://other.example/lamp.json", URL_SOURCE_DHCP);
	settle();
	before = h->p.commit.seq;
	for (unsigned i = 0; i < 50; i++) {
		struct device *d;

		assert_int_equal(
			str_print(mac, sizeof(mac), "02:00:00:00:01:%02x", i), 0);
		assert_int_equal(
			str_print(addr, sizeof(addr), "192.168.7.%u", 100 + i), 0);
		d = add(mac, addr);
		d->state = DEVICE_PROTECTED;
		d->confirmed = true;
		str_copy(d->mud_url, sizeof(d->mud_url), URL_A);
		update(d);
	}
	assert_int_equal(
		h->p.commit.seq, before + 50); /* one each, none for the lamp */
	settle();
	assert_int_equal(h->p.commit.seq, before + 51);
	assert_int_equal(members(lamp), 50);
	assert_true(may_send(LAMP, "192.168.7.149"));
	settle();
	assert_int_equal(h->p.commit.seq, before + 51);
}

/* Each look at the clock takes this long. */
static nstime slow_step;

static nstime slow_now(void *ctx)
{
	struct clock_virtual *v = ctx;

	v->now += slow_step;
	return v->now;
}

static void a_long_round_lets_others_have_their_turn(void **state)
{
	(void)state;
	static const char *const macs[] = {LAMP, HUB, "02:00:00:00:00:20",
		"02:00:00:00:00:21"};
	static const char *const addrs[] = {LAMP_IP, HUB_IP, "192.168.7.20",
		"192.168.7.21"};
	struct device *plug = add(PLUG, PLUG_IP);
	unsigned turns = 0, open = 0, last = 0;

	rule_for(PEER_MANUFACTURER, "maker.example");
	for (unsigned i = 0; i < 4; i++)
		protect(add(macs[i], addrs[i]), "https://other.example/x.json",
			URL_SOURCE_DHCP);
	settle();
	h->clock.clock.mono = slow_now;
	slow_step = 15 * NS_PER_MS;
	plug->state = DEVICE_PROTECTED;
	plug->confirmed = true;
	str_copy(plug->mud_url, sizeof(plug->mud_url), URL_A);
	household_update(&h->p.household, plug, false, h->clock.now);
	for (unsigned i = 0; i < 400 && open < 4; i++) {
		assert_int_equal(loop_once(h->loop, 0), 0);
		open = 0;
		for (unsigned k = 0; k < 4; k++)
			open += may_send(macs[k], PLUG_IP);
		turns += open != last;
		last = open;
	}
	h->clock.clock.mono = h->clock.clock.wall;
	assert_int_equal(open, 4);
	assert_true(turns > 1); /* not all in one go */
}

static void a_device_that_is_forgotten_is_nobody(void **state)
{
	(void)state;
	struct device *lamp = add(LAMP, LAMP_IP), *hub = add(HUB, HUB_IP);

	rule_for(PEER_CONTROLLER, HUE);
	protect(lamp, URL_A, URL_SOURCE_DHCP);
	assert_int_equal(classes_map(&h->p, 0, HUE, HUB), 0);
	settle();
	assert_true(may_send(LAMP, HUB_IP));
	household_remove(&h->p.household, hub);
	inventory_remove(h->p.inventory, hub);
	settle();
	assert_false(may_send(LAMP, HUB_IP));
	assert_int_equal(h->p.classes.said_count, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(only_proven_devices_in_force_are_of_a_maker),
		T(another_port_is_another_authority),
		T(the_same_maker_takes_proof_of_both),
		T(a_model_is_one_url),
		T(a_mac_is_whoever_has_it),
		T(a_controller_is_whom_the_owner_names),
		T(bad_controllers_are_refused),
		T(controllers_survive_a_restart),
		T(who_leaves_a_class_ends_the_conversations),
		T(many_who_join_cost_one_round),
		T(a_long_round_lets_others_have_their_turn),
		T(a_device_that_is_forgotten_is_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
