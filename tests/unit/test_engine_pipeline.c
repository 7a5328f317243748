// SPDX-License-Identifier: GPL-2.0-or-later
/* The whole way of a device: seen, profiled, protected, told a name; and everybody around
 * it dying, coming back, lying and changing their mind. */
#include "test_engine_util.h"

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.20"

/* A protected lamp at LAMP_IP. */
static struct house *with_lamp(void)
{
	struct house *h = house_new();
	const struct message *fetch;

	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 3600);
	see_dhcp(h, LAMP, "lamp", URL_A);
	fetch = got(h, ROLE_COURIER, MESSAGE_FETCH, 0);
	assert_non_null(fetch);
	assert_string_equal(fetch->fetch.url, URL_A);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_WATCHED);
	assert_false(kernel_has(h, ELEMENT_MANAGED, LAMP, NULL));
	send_profile(h, fetch->fetch.id, 443, 1);
	return h;
}

static void joins_and_is_protected(void **state)
{
	(void)state;
	struct house *h = with_lamp();

	assert_true(h->p.ready);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	assert_string_equal(device_of(h, LAMP)->problem, "");
	assert_true(kernel_has(h, ELEMENT_MANAGED, LAMP, NULL));
	assert_true(kernel_has(h, ELEMENT_BOUND, LAMP, LAMP_IP));
	assert_true(kernel_has(h, ELEMENT_POLICED, NULL, LAMP_IP));
	assert_true(kernel_has(h, ELEMENT_OWNED, NULL, "192.168.7.1"));
	/* the base layer: DNS and time with the gateway */
	assert_true(kernel_has(h, ELEMENT_OUT, LAMP, NULL));
	house_free(h);
}

static void answer_waits_for_the_kernel(void **state)
{
	(void)state;
	struct house *h = with_lamp();
	struct message done = {.type = MESSAGE_TXN_DONE};
	const struct message *release;

	h->hold = true;
	tell_name(h, 77, LAMP_IP, "cloud.example", "198.51.100.7");
	assert_non_null(kernel_out(h, "198.51.100.7"));
	assert_true(kernel_out(h, "198.51.100.7")->timeout_s >= 300);
	assert_null(got(h, ROLE_RESOLVER, MESSAGE_DNS_RELEASE, 0));
	done.txn_done.seq = h->p.commit.seq;
	far_send(h, ROLE_ENFORCER, &done);
	spin(h);
	release = got(h, ROLE_RESOLVER, MESSAGE_DNS_RELEASE, 0);
	assert_non_null(release);
	assert_int_equal(release->dns_release.id, 77);
	assert_int_equal(release->dns_release.rcode, 0);
	house_free(h);
}

static void answer_that_opens_nothing_is_released(void **state)
{
	(void)state;
	struct house *h = with_lamp();

	tell_name(h, 5, LAMP_IP, "elsewhere.example", "198.51.100.8");
	assert_null(kernel_out(h, "198.51.100.8"));
	tell_name(h, 6, "192.168.7.99", "cloud.example", "198.51.100.9"); /* nobody's */
	assert_null(kernel_out(h, "198.51.100.9"));
	assert_int_equal(got_count(h, ROLE_RESOLVER, MESSAGE_DNS_RELEASE), 2);
	house_free(h);
}

static void kernel_refusal_refuses_and_syncs_again(void **state)
{
	(void)state;
	struct house *h = with_lamp();
	const struct message *release;
	unsigned syncs = 0;

	h->refuse = CARDEA_ELIMIT;
	tell_name(h, 8, LAMP_IP, "cloud.example", "198.51.100.7");
	release = got(h, ROLE_RESOLVER, MESSAGE_DNS_RELEASE, 0);
	assert_non_null(release);
	assert_int_equal(release->dns_release.rcode, 2);
	assert_false(h->p.ready);
	h->refuse = 0;
	advance(h, 40);
	for (size_t i = 0; i < h->far[ROLE_ENFORCER].count; i++)
		syncs += h->far[ROLE_ENFORCER].got[i].type == MESSAGE_TXN_BEGIN &&
			 h->far[ROLE_ENFORCER].got[i].txn_begin.sync;
	assert_int_equal(syncs, 2);
	assert_true(h->p.ready);
	assert_int_equal(h->p.commit.refused, 1);
	house_free(h);
}

static void enforcer_restart_names_everything(void **state)
{
	(void)state;
	struct house *h = with_lamp();

	tell_name(h, 1, LAMP_IP, "cloud.example", "198.51.100.7");
	ipc_close(&h->far[ROLE_ENFORCER].ipc);
	spin(h);
	assert_false(h->p.ready);
	tell_name(h, 2, LAMP_IP, "cloud.example", "198.51.100.8");
	assert_int_equal(got_count(h, ROLE_RESOLVER, MESSAGE_DNS_RELEASE), 1);
	/* connected, but not ready: its tables may not even stand */
	h->kernel_count = 0;
	h->far[ROLE_ENFORCER].count = 0;
	connect_far(h, ROLE_ENFORCER);
	tell_name(h, 3, LAMP_IP, "cloud.example", "198.51.100.9");
	assert_int_equal(h->far[ROLE_ENFORCER].count, 0);
	enforcer_ready(h);
	assert_true(h->p.ready);
	assert_true(h->far[ROLE_ENFORCER].got[0].txn_begin.sync);
	assert_true(kernel_has(h, ELEMENT_MANAGED, LAMP, NULL));
	assert_non_null(kernel_out(h, "198.51.100.7"));
	assert_non_null(kernel_out(h, "198.51.100.8"));
	assert_non_null(kernel_out(h, "198.51.100.9"));
	assert_int_equal(got_count(h, ROLE_RESOLVER, MESSAGE_DNS_RELEASE), 3);
	house_free(h);
}

static void tickets_of_a_lost_resolver_release_nothing(void **state)
{
	(void)state;
	struct house *h = with_lamp();

	h->hold = true;
	tell_name(h, 9, LAMP_IP, "cloud.example", "198.51.100.7");
	ipc_close(&h->far[ROLE_RESOLVER].ipc);
	spin(h);
	connect_far(h, ROLE_RESOLVER);
	h->hold = false;
	see_addr(h, LAMP, "192.168.7.21", ADDR_SOURCE_ARP, 1800); /* a commit */
	assert_null(got(h, ROLE_RESOLVER, MESSAGE_DNS_RELEASE, 0));
	house_free(h);
}

static void courier_restart_fetches_again(void **state)
{
	(void)state;
	struct house *h = house_new();

	see_dhcp(h, LAMP, "lamp", URL_A);
	assert_int_equal(got_count(h, ROLE_COURIER, MESSAGE_FETCH), 1);
	ipc_close(&h->far[ROLE_COURIER].ipc);
	spin(h);
	connect_far(h, ROLE_COURIER);
	advance(h, 2);
	assert_int_equal(got_count(h, ROLE_COURIER, MESSAGE_FETCH), 2);
	/* an answer to the fetch that was lost is no answer */
	send_profile(h, got(h, ROLE_COURIER, MESSAGE_FETCH, 0)->fetch.id, 443, 1);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_WATCHED);
	send_profile(h, got(h, ROLE_COURIER, MESSAGE_FETCH, 1)->fetch.id, 443, 1);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	house_free(h);
}

static void nonsense_ends_its_sender_only(void **state)
{
	(void)state;
	static const enum role roles[] = {
		ROLE_ENFORCER, ROLE_SENSOR, ROLE_RESOLVER, ROLE_COURIER};
	struct house *h = with_lamp();

	for (size_t i = 0; i < 4; i++) {
		struct message m = {.type = MESSAGE_STOP_WANTED};
		struct message_process running = {.role = (uint8_t)roles[i], .pid = 1,
			.running = true};

		pipeline_process(&h->p, &running);
		far_send(h, roles[i], &m);
		spin(h);
		assert_int_equal(h->far[roles[i]].closed, 1);
		assert_int_equal(h->restarts, i + 1);
		assert_int_equal(h->restarted, roles[i]);
		for (size_t k = 0; k < 4; k++)
			assert_int_equal(ipc_is_open(&h->p.channels[roles[k]]), k != i);
		running.running = false;
		pipeline_process(&h->p, &running);
		connect_far(h, roles[i]);
	}
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	house_free(h);
}

static void silent_break_is_noticed(void **state)
{
	(void)state;
	struct house *h = with_lamp();
	struct message_process running = {.role = ROLE_RESOLVER, .pid = 1, .running = true};

	pipeline_process(&h->p, &running);
	ipc_close(&h->far[ROLE_RESOLVER].ipc); /* it runs on and waits for an engine */
	spin(h);
	assert_int_equal(h->restarts, 0);
	advance(h, 7);
	assert_int_equal(h->restarts, 1);
	assert_int_equal(h->restarted, ROLE_RESOLVER);
	house_free(h);
}

static void unasked_answers_are_nonsense(void **state)
{
	(void)state;
	struct house *h = with_lamp();
	struct message done = {.type = MESSAGE_TXN_DONE};

	h->hold = true;
	tell_name(h, 4, LAMP_IP, "cloud.example", "198.51.100.7");
	done.txn_done.seq = h->p.commit.seq + 1;
	far_send(h, ROLE_ENFORCER, &done);
	spin(h);
	assert_int_equal(h->far[ROLE_ENFORCER].closed, 1);
	assert_null(got(h, ROLE_RESOLVER, MESSAGE_DNS_RELEASE, 0));
	house_free(h);
}

static void another_makers_url_is_refused(void **state)
{
	(void)state;
	struct house *h = with_lamp();
	unsigned fetches = got_count(h, ROLE_COURIER, MESSAGE_FETCH);

	see_dhcp(h, LAMP, "lamp", "https://maker.example.evil.example/lamp.json");
	assert_string_equal(device_of(h, LAMP)->mud_url, URL_A);
	assert_non_null(strstr(device_of(h, LAMP)->problem, "cardea decide"));
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	assert_int_equal(got_count(h, ROLE_COURIER, MESSAGE_FETCH), fetches);
	house_free(h);
}

static void makers_next_file_replaces_once_it_is_here(void **state)
{
	(void)state;
	struct house *h = with_lamp();
	struct message failed = {.type = MESSAGE_FETCH_FAILED};
	const struct message *fetch;

	see_dhcp(h, LAMP, "lamp", URL_B);
	fetch = got(h, ROLE_COURIER, MESSAGE_FETCH, 1);
	assert_non_null(fetch);
	assert_string_equal(fetch->fetch.url, URL_B);
	failed.fetch_failed.id = fetch->fetch.id;
	failed.fetch_failed.error = CARDEA_EPEER;
	str_copy(failed.fetch_failed.text, sizeof(failed.fetch_failed.text), "404");
	far_send(h, ROLE_COURIER, &failed);
	spin(h);
	/* naming a file that is not there must not free it, not even by a restart */
	engine_restart(h);
	assert_string_equal(device_of(h, LAMP)->mud_url, URL_A);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
	assert_true(kernel_has(h, ELEMENT_MANAGED, LAMP, NULL));
	see_dhcp(h, LAMP, "lamp", URL_B);
	fetch = got(h, ROLE_COURIER, MESSAGE_FETCH, 0);
	assert_non_null(fetch);
	send_profile(h, fetch->fetch.id, 8443, 2);
	assert_string_equal(device_of(h, LAMP)->mud_url, URL_B);
	tell_name(h, 1, LAMP_IP, "cloud.example", "198.51.100.7");
	assert_int_equal(kernel_out(h, "198.51.100.7")->peer_port.lo, 8443);
	/* nobody says the old one now */
	assert_null(shelf_find(&h->p.shelf, URL_A));
	house_free(h);
}

/* The 48 hours are over in one hour, and at most a tenth of them later it is asked for. */
static void until_fetch(struct house *h, unsigned count)
{
	for (int i = 0; i < 7 && got_count(h, ROLE_COURIER, MESSAGE_FETCH) < count; i++)
		advance(h, 3600);
	assert_int_equal(got_count(h, ROLE_COURIER, MESSAGE_FETCH), count);
}

static void profile_is_fetched_anew_when_it_is_old(void **state)
{
	(void)state;
	struct house *h = with_lamp();
	unsigned events, forgets;

	advance(h, 47 * 3600);
	assert_int_equal(got_count(h, ROLE_COURIER, MESSAGE_FETCH), 1);
	until_fetch(h, 2);
	events = h->events;
	forgets = got_count(h, ROLE_ENFORCER, MESSAGE_FORGET);
	send_profile(h, got(h, ROLE_COURIER, MESSAGE_FETCH, 1)->fetch.id, 443, 1);
	assert_int_equal(h->events, events); /* the same file is no news */
	assert_int_equal(got_count(h, ROLE_ENFORCER, MESSAGE_FORGET), forgets);
	advance(h, 47 * 3600);
	assert_int_equal(got_count(h, ROLE_COURIER, MESSAGE_FETCH), 2);
	until_fetch(h, 3);
	send_profile(h, got(h, ROLE_COURIER, MESSAGE_FETCH, 2)->fetch.id, 8883, 3);
	assert_true(h->events > events);
	assert_true(got_count(h, ROLE_ENFORCER, MESSAGE_FORGET) > forgets);
	house_free(h);
}

static void address_moves_with_a_lease(void **state)
{
	(void)state;
	struct house *h = with_lamp();
	const char *other = "02:00:00:00:00:11";
	const struct message *forget;

	see_addr(h, other, LAMP_IP, ADDR_SOURCE_ARP, 1800);
	assert_true(kernel_has(h, ELEMENT_BOUND, LAMP, LAMP_IP));
	assert_false(kernel_has(h, ELEMENT_BOUND, other, LAMP_IP));
	see_addr(h, other, LAMP_IP, ADDR_SOURCE_DHCP4, 3600);
	assert_false(kernel_has(h, ELEMENT_BOUND, LAMP, LAMP_IP));
	assert_true(kernel_has(h, ELEMENT_BOUND, other, LAMP_IP));
	assert_true(kernel_has(h, ELEMENT_OWNED, NULL, LAMP_IP));
	assert_false(kernel_has(h, ELEMENT_POLICED, NULL, LAMP_IP));
	forget = got(h, ROLE_ENFORCER, MESSAGE_FORGET, 0);
	assert_non_null(forget);
	assert_int_equal(forget->forget.addrs.count, 1);
	assert_true(addr_equal(&forget->forget.addrs.addrs[0], &(struct addr){
		4, {192, 168, 7, 20}}));
	house_free(h);
}

static void what_no_device_can_hold_is_nobodys(void **state)
{
	(void)state;
	static const char *const claims[] = {"127.0.0.1", "198.51.100.1", "192.168.7.255",
		"192.168.7.0", "192.168.7.1", "::1", "2001:db8::1"};
	struct house *h = with_lamp();
	size_t before = h->kernel_count;

	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++)
		see_addr(h, LAMP, claims[i], ADDR_SOURCE_ARP, 1800);
	see_dhcp(h, GATEWAY_MAC, "gateway", URL_A);
	see_addr(h, GATEWAY_MAC, "192.168.7.66", ADDR_SOURCE_DHCP4, 1800);
	see_addr(h, "ff:ff:ff:ff:ff:ff", "192.168.7.67", ADDR_SOURCE_ARP, 1800);
	assert_int_equal(h->kernel_count, before);
	assert_null(device_of(h, GATEWAY_MAC));
	see_addr(h, LAMP, "fe80::10", ADDR_SOURCE_ND, 1800);
	assert_true(kernel_has(h, ELEMENT_BOUND, LAMP, "fe80::10"));
	house_free(h);
}

static void house_follows_the_gateways_addresses(void **state)
{
	(void)state;
	struct house *h = with_lamp();
	const char *key[] = {"lan_begin", "lan_prefix", "gateway_addr", "gateway_mac"};
	const char *value[] = {"", "10.0.0.0/8", "10.0.0.1", GATEWAY_MAC};

	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pipeline_setting(&h->p, key[i], value[i]), 0);
	spin(h);
	assert_true(kernel_has(h, ELEMENT_OWNED, NULL, "192.168.7.1")); /* not half */
	advance(h, 3);
	assert_false(kernel_has(h, ELEMENT_OWNED, NULL, "192.168.7.1"));
	assert_true(kernel_has(h, ELEMENT_OWNED, NULL, "10.0.0.1"));
	see_addr(h, LAMP, "192.168.7.30", ADDR_SOURCE_ARP, 1800);
	assert_false(kernel_has(h, ELEMENT_OWNED, NULL, "192.168.7.30"));
	see_addr(h, LAMP, "192.168.7.1", ADDR_SOURCE_ARP, 1800);
	see_addr(h, LAMP, "10.0.0.30", ADDR_SOURCE_ARP, 1800);
	assert_true(kernel_has(h, ELEMENT_OWNED, NULL, "10.0.0.30"));
	/* one prefix too many is left out, not the end */
	for (int i = 0; i < LIMIT_LAN_PREFIXES + 3; i++) {
		char text[32];
		assert_int_equal(str_print(text, sizeof(text), "10.%d.0.0/16", i), 0);
		assert_int_equal(pipeline_setting(&h->p, "lan_prefix", text), 0);
	}
	assert_int_equal(pipeline_setting(&h->p, "lan_prefix", "nonsense"),
		CARDEA_EMALFORMED);
	house_free(h);
}

static void address_of_a_device_becomes_the_gateways(void **state)
{
	(void)state;
	struct house *h = with_lamp();

	assert_int_equal(pipeline_setting(&h->p, "gateway_addr", LAMP_IP), 0);
	advance(h, 3);
	assert_false(kernel_has(h, ELEMENT_BOUND, LAMP, LAMP_IP));
	assert_true(kernel_has(h, ELEMENT_BOUND, GATEWAY_MAC, LAMP_IP));
	assert_true(kernel_has(h, ELEMENT_OWNED, NULL, LAMP_IP));
	house_free(h);
}

static int by_key(const void *a, const void *b)
{
	return element_compare(a, b);
}

static void engine_restart_says_the_same(void **state)
{
	(void)state;
	struct house *h = with_lamp();
	struct element *before;
	size_t count;

	see_addr(h, LAMP, "fe80::10", ADDR_SOURCE_ND, 1800);
	see_addr(h, "02:00:00:00:00:12", "192.168.7.40", ADDR_SOURCE_ARP, 1800);
	tell_name(h, 1, LAMP_IP, "cloud.example", "198.51.100.7");
	advance(h, 2);
	count = h->kernel_count;
	before = calloc(count, sizeof(*before));
	assert_non_null(before);
	memcpy(before, h->kernel, count * sizeof(*before));
	h->kernel_count = 0;
	engine_restart(h);
	assert_int_equal(h->kernel_count, count);
	qsort(before, count, sizeof(*before), by_key);
	qsort(h->kernel, count, sizeof(*before), by_key);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(element_compare(&before[i], &h->kernel[i]), 0);
	assert_int_equal(got_count(h, ROLE_COURIER, MESSAGE_FETCH), 0);
	free(before);
	house_free(h);
}

static void lost_profile_is_not_called_protected(void **state)
{
	(void)state;
	struct house *h = with_lamp();

	assert_int_equal(store_profile_remove(h->store, URL_A), 0);
	engine_restart(h);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_WATCHED);
	assert_false(kernel_has(h, ELEMENT_MANAGED, LAMP, NULL));
	advance(h, 2);
	assert_int_equal(got_count(h, ROLE_COURIER, MESSAGE_FETCH), 1);
	house_free(h);
}

static void flood_of_senders_leaves_room(void **state)
{
	(void)state;
	struct house *h = with_lamp();
	char mac[MAC_TEXT_MAX];

	for (unsigned i = 0; i < LIMIT_DEVICES + 10; i++) {
		assert_int_equal(str_print(mac, sizeof(mac), "06:00:00:00:%02x:%02x",
			i >> 8, i & 0xff), 0);
		see_dhcp(h, mac, "", "");
	}
	assert_int_equal(inventory_count(h->p.inventory), LIMIT_DEVICES);
	assert_true(h->events < 300);
	see_dhcp(h, "02:00:00:00:00:13", "kettle", URL_A);
	assert_null(device_of(h, "02:00:00:00:00:13")); /* all were seen just now */
	advance(h, 61);
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_ARP, 1800);
	see_dhcp(h, "02:00:00:00:00:13", "kettle", URL_A);
	assert_non_null(device_of(h, "02:00:00:00:00:13"));
	assert_int_equal(device_of(h, "02:00:00:00:00:13")->state, DEVICE_PROTECTED);
	assert_non_null(device_of(h, LAMP));
	assert_null(device_of(h, "06:00:00:00:00:00")); /* the one silent longest */
	assert_int_equal(inventory_count(h->p.inventory), LIMIT_DEVICES);
	engine_restart(h);
	assert_non_null(device_of(h, "02:00:00:00:00:13"));
	assert_int_equal(inventory_count(h->p.inventory), LIMIT_DEVICES);
	house_free(h);
}

static void device_that_goes_takes_its_elements_along(void **state)
{
	(void)state;
	struct house *h = house_new();
	char mac[MAC_TEXT_MAX];

	see_addr(h, "06:00:00:00:ff:ff", "192.168.7.50", ADDR_SOURCE_ARP, 1800);
	advance(h, 1);
	for (unsigned i = 1; i < LIMIT_DEVICES; i++) {
		assert_int_equal(str_print(mac, sizeof(mac), "06:00:00:00:%02x:%02x",
			i >> 8, i & 0xff), 0);
		see_dhcp(h, mac, "", "");
	}
	advance(h, 61);
	assert_true(kernel_has(h, ELEMENT_OWNED, NULL, "192.168.7.50"));
	see_dhcp(h, LAMP, "lamp", "");
	assert_null(device_of(h, "06:00:00:00:ff:ff"));
	assert_false(kernel_has(h, ELEMENT_OWNED, NULL, "192.168.7.50"));
	house_free(h);
}

/* Nor does it take away who the owner made a controller. */
static void flood_of_senders_leaves_controllers(void **state)
{
	(void)state;
	struct house *h = house_new();
	char mac[MAC_TEXT_MAX];

	see_addr(h, "06:00:00:00:ff:ff", "192.168.7.50", ADDR_SOURCE_ARP, 1800);
	see_dhcp(h, "06:00:00:00:ff:fe", "", "");
	assert_int_equal(classes_map(&h->p, 0, "urn:x:hub", "192.168.7.50"), 0);
	advance(h, 1);
	for (unsigned i = 2; i < LIMIT_DEVICES; i++) {
		assert_int_equal(str_print(mac, sizeof(mac), "06:00:00:00:%02x:%02x",
			i >> 8, i & 0xff), 0);
		see_dhcp(h, mac, "", "");
	}
	advance(h, 61);
	see_dhcp(h, LAMP, "lamp", "");
	assert_non_null(device_of(h, LAMP));
	assert_null(device_of(h, "06:00:00:00:ff:fe"));
	assert_non_null(device_of(h, "06:00:00:00:ff:ff"));
	assert_int_equal(h->p.classes.said_count, 1);
	house_free(h);
}

/* Two clocks, of which one is set. */
static nstime skewed_wall;
static nstime wall_skewed(void *ctx)
{
	return ((struct clock_virtual *)ctx)->now + skewed_wall;
}

static void clock_that_is_set_ends_nothing(void **state)
{
	(void)state;
	struct house *h = with_lamp();

	h->clock.clock.wall = wall_skewed;
	skewed_wall = 0;
	tell_name(h, 1, LAMP_IP, "cloud.example", "198.51.100.7");
	for (int forward = 1; forward >= 0; forward--) {
		skewed_wall = forward ? 400LL * 86400 * NS_PER_SEC : 0;
		advance(h, 30);
		assert_true(kernel_has(h, ELEMENT_BOUND, LAMP, LAMP_IP));
		ipc_close(&h->far[ROLE_ENFORCER].ipc);
		spin(h);
		h->kernel_count = 0;
		connect_far(h, ROLE_ENFORCER);
		enforcer_ready(h);
		assert_non_null(kernel_out(h, "198.51.100.7"));
	}
	/* and what has to end does */
	advance(h, 3600 + 86400 + 20);
	assert_false(kernel_has(h, ELEMENT_BOUND, LAMP, LAMP_IP));
	house_free(h);
}

static void process_that_came_back_is_told(void **state)
{
	(void)state;
	struct house *h = house_new();
	struct message_process m = {.role = ROLE_SENSOR, .pid = 10, .running = true};
	unsigned before = h->events;

	m.restarts = 2; /* ours is the restart, these were before */
	pipeline_process(&h->p, &m);
	assert_int_equal(h->events, before);
	m.running = false;
	m.pid = 0;
	pipeline_process(&h->p, &m);
	m.running = true;
	m.pid = 11;
	m.restarts = 3;
	pipeline_process(&h->p, &m);
	assert_int_equal(h->events, before + 1);
	m.role = 200;
	pipeline_process(&h->p, &m);
	house_free(h);
}

static void joined(struct house *h, const char *mac, const char *name)
{
	see_dhcp(h, mac, name, "");
	spin(h);
}

static void violation_is_told_once(void **state)
{
	(void)state;
	struct house *h = with_lamp();
	struct message m = {.type = MESSAGE_SEEN_VIOLATION};
	struct event e;
	unsigned before = h->events;

	m.seen_violation.direction = DIRECTION_FROM_DEVICE;
	m.seen_violation.reason = REASON_DEFAULT_DENY;
	m.seen_violation.mac = mac_of(LAMP);
	m.seen_violation.device = ip(LAMP_IP);
	m.seen_violation.peer = ip("203.0.113.9");
	m.seen_violation.proto = FLOW_PROTO_TCP;
	m.seen_violation.peer_port = 23;
	for (int i = 0; i < 5; i++) {
		m.seen_violation.device_port = (uint16_t)(40000 + i);
		far_send(h, ROLE_SENSOR, &m);
		spin(h);
	}
	assert_int_equal(h->events, before + 1);
	advance(h, 1);
	assert_int_equal(store_event(h->store, h->p.journal.open[0].event.id, &e), 0);
	assert_int_equal(e.packets, 5);
	assert_non_null(strstr(e.text, "lamp"));
	/* whose address a device without a profile took */
	joined(h, "02:00:00:00:00:66", "guest");
	m.seen_violation.reason = REASON_SPOOFED;
	m.seen_violation.mac = mac_of("02:00:00:00:00:66");
	before = h->events;
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
	assert_int_equal(h->events, before + 1);
	assert_int_equal(store_event(h->store, h->p.journal.open[1].event.id, &e), 0);
	assert_non_null(strstr(e.text, "guest used the address " LAMP_IP));
	assert_non_null(strstr(e.text, "belongs to lamp"));
	before = h->events - 1;
	/* nobody's packet, and an impossible one */
	m.seen_violation.mac = mac_of("02:00:00:00:00:77");
	far_send(h, ROLE_SENSOR, &m);
	m.seen_violation.reason = 200;
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
	assert_int_equal(h->events, before + 1);
	house_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joins_and_is_protected),
		cmocka_unit_test(answer_waits_for_the_kernel),
		cmocka_unit_test(answer_that_opens_nothing_is_released),
		cmocka_unit_test(kernel_refusal_refuses_and_syncs_again),
		cmocka_unit_test(enforcer_restart_names_everything),
		cmocka_unit_test(tickets_of_a_lost_resolver_release_nothing),
		cmocka_unit_test(courier_restart_fetches_again),
		cmocka_unit_test(nonsense_ends_its_sender_only),
		cmocka_unit_test(silent_break_is_noticed),
		cmocka_unit_test(unasked_answers_are_nonsense),
		cmocka_unit_test(another_makers_url_is_refused),
		cmocka_unit_test(makers_next_file_replaces_once_it_is_here),
		cmocka_unit_test(profile_is_fetched_anew_when_it_is_old),
		cmocka_unit_test(address_moves_with_a_lease),
		cmocka_unit_test(what_no_device_can_hold_is_nobodys),
		cmocka_unit_test(house_follows_the_gateways_addresses),
		cmocka_unit_test(address_of_a_device_becomes_the_gateways),
		cmocka_unit_test(engine_restart_says_the_same),
		cmocka_unit_test(lost_profile_is_not_called_protected),
		cmocka_unit_test(flood_of_senders_leaves_room),
		cmocka_unit_test(device_that_goes_takes_its_elements_along),
		cmocka_unit_test(flood_of_senders_leaves_controllers),
		cmocka_unit_test(clock_that_is_set_ends_nothing),
		cmocka_unit_test(process_that_came_back_is_told),
		cmocka_unit_test(violation_is_told_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
