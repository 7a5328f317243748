// SPDX-License-Identifier: GPL-2.0-or-later
/* Who an address belongs to, what devices are called, and who goes when all is full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "inventory/inventory.h"

#define T0 (1700000000LL * NS_PER_SEC)
#define A "02:00:00:00:00:0a"
#define B "02:00:00:00:00:0b"

static struct mac mac_of(const char *text)
{
	struct mac m;
	assert_int_equal(mac_parse(text, &m), 0);
	return m;
}

static struct addr ip(const char *text)
{
	struct addr a;
	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static struct inventory_result see(struct inventory *inv, const char *mac,
	const char *addr, enum addr_source source, uint32_t lifetime_s, nstime wall)
{
	struct message_seen_addr m = {.mac = mac_of(mac), .addr = ip(addr),
		.source = (uint8_t)source, .lifetime_s = lifetime_s};
	return inventory_see_addr(inv, &m, wall);
}

static struct inventory_result hears(struct inventory *inv, const char *mac,
	const char *hostname, const char *url, nstime wall)
{
	struct message_seen_dhcp m = {.mac = mac_of(mac), .family = 4};
	str_copy(m.hostname, sizeof(m.hostname), hostname);
	str_copy(m.mud_url, sizeof(m.mud_url), url);
	return inventory_see_dhcp(inv, &m, wall);
}

static struct device *owner(struct inventory *inv, const char *addr)
{
	struct addr a = ip(addr);
	return inventory_by_addr(inv, &a);
}

static int setup(void **state)
{
	return inventory_new((struct inventory **)state);
}

static int teardown(void **state)
{
	inventory_free(*state);
	return 0;
}

static void sightings_merge(void **state)
{
	struct inventory *inv = *state;
	struct inventory_result r = see(inv, A, "10.0.0.2", ADDR_SOURCE_ARP, 60, T0);
	struct device *d = r.device;

	assert_int_equal(r.changes, INVENTORY_NEW_DEVICE | INVENTORY_ADDRS);
	assert_string_equal(d->name, "device-00-00-0a");
	assert_int_equal(d->first_seen, T0);
	r = see(inv, A, "10.0.0.2", ADDR_SOURCE_ARP, 60, T0 + NS_PER_SEC);
	assert_int_equal(r.changes, 0);
	assert_ptr_equal(r.device, d);
	assert_int_equal(d->last_seen, T0 + NS_PER_SEC);
	assert_int_equal(d->addrs[0].expires, T0 + 61 * NS_PER_SEC);
	r = see(inv, A, "fe80::1", ADDR_SOURCE_ND, 60, T0);
	assert_int_equal(r.changes, INVENTORY_ADDRS);
	assert_int_equal(d->addr_count, 2);
	assert_int_equal(inventory_count(inv), 1);
	/* a lease is stronger than ARP, says when it ends, and ARP does not weaken it */
	(void)see(inv, A, "10.0.0.2", ADDR_SOURCE_DHCP4, 10, T0);
	assert_int_equal(d->addrs[0].source, ADDR_SOURCE_DHCP4);
	assert_int_equal(d->addrs[0].expires, T0 + 10 * NS_PER_SEC);
	(void)see(inv, A, "10.0.0.2", ADDR_SOURCE_ARP, 60, T0);
	assert_int_equal(d->addrs[0].source, ADDR_SOURCE_DHCP4);
	assert_int_equal(d->addrs[0].expires, T0 + 60 * NS_PER_SEC);
	/* a lease for ever ends, too */
	(void)see(inv, A, "10.0.0.2", ADDR_SOURCE_DHCP4, UINT32_MAX, T0);
	assert_int_equal(d->addrs[0].expires,
		T0 + (nstime)INVENTORY_LIFETIME_MAX_S * NS_PER_SEC);
}

static void stronger_source_moves_an_address(void **state)
{
	struct inventory *inv = *state;
	struct inventory_result r;

	(void)see(inv, A, "10.0.0.2", ADDR_SOURCE_ARP, 60, T0);
	r = see(inv, B, "10.0.0.2", ADDR_SOURCE_ARP, 60, T0);
	assert_int_equal(r.changes, INVENTORY_NEW_DEVICE | INVENTORY_CONFLICT);
	assert_ptr_equal(r.other, owner(inv, "10.0.0.2"));
	assert_int_equal(r.device->addr_count, 0);
	r = see(inv, B, "10.0.0.2", ADDR_SOURCE_DHCP4, 60, T0);
	assert_int_equal(r.changes, INVENTORY_ADDRS);
	assert_ptr_equal(owner(inv, "10.0.0.2"), r.device);
	assert_int_equal(r.other->addr_count, 0);
	/* a newer lease moves it again, ARP does not, until the lease is over */
	r = see(inv, A, "10.0.0.2", ADDR_SOURCE_DHCP4, 60, T0);
	assert_int_equal(r.changes, INVENTORY_ADDRS);
	r = see(inv, B, "10.0.0.2", ADDR_SOURCE_ARP, 60, T0 + 59 * NS_PER_SEC);
	assert_int_equal(r.changes, INVENTORY_CONFLICT);
	r = see(inv, B, "10.0.0.2", ADDR_SOURCE_ARP, 60, T0 + 60 * NS_PER_SEC);
	assert_int_equal(r.changes, INVENTORY_ADDRS);
}

static void reserved_is_nobodys(void **state)
{
	struct inventory *inv = *state;
	struct addr gateway = ip("10.0.0.1");
	struct inventory_result r;

	(void)see(inv, A, "10.0.0.1", ADDR_SOURCE_DHCP4, 60, T0);
	assert_int_equal(inventory_reserve(inv, &gateway), 0);
	assert_int_equal(inventory_reserve(inv, &gateway), 0);
	assert_null(owner(inv, "10.0.0.1"));
	assert_int_equal(inventory_at(inv, 0)->addr_count, 0);
	r = see(inv, A, "10.0.0.1", ADDR_SOURCE_DHCP4, 60, T0);
	assert_int_equal(r.changes, INVENTORY_CONFLICT);
	assert_null(r.other);
	inventory_reserve_none(inv);
	r = see(inv, A, "10.0.0.1", ADDR_SOURCE_ARP, 60, T0);
	assert_int_equal(r.changes, INVENTORY_ADDRS);
	inventory_reserve_none(inv);
	assert_non_null(owner(inv, "10.0.0.1"));
}

static void addresses_linger_and_go(void **state)
{
	struct inventory *inv = *state;
	nstime end = T0 + (60 + INVENTORY_LINGER_S) * NS_PER_SEC;
	struct inventory_result r;

	(void)see(inv, A, "10.0.0.2", ADDR_SOURCE_ARP, 60, T0);
	(void)see(inv, A, "10.0.0.3", ADDR_SOURCE_ARP, 60, T0);
	assert_null(inventory_expire(inv, end - 1).device);
	r = inventory_expire(inv, end);
	assert_int_equal(r.changes, INVENTORY_ADDRS);
	assert_non_null(inventory_expire(inv, end).device);
	assert_null(inventory_expire(inv, end).device);
	assert_int_equal(r.device->addr_count, 0);
	assert_null(owner(inv, "10.0.0.2"));
}

static void no_device_has_the_whole_lan(void **state)
{
	struct inventory *inv = *state;
	char text[ADDR_TEXT_MAX];
	struct device *d = NULL;

	for (int i = 0; i < 40; i++) {
		assert_int_equal(str_print(text, sizeof(text), "10.0.1.%d", i), 0);
		d = see(inv, A, text, ADDR_SOURCE_ARP, 60, T0 + i).device;
	}
	assert_int_equal(d->addr_count, INVENTORY_ARP_MAX);
	assert_non_null(owner(inv, "10.0.1.39"));
	assert_null(owner(inv, "10.0.1.0"));
	(void)see(inv, A, "10.0.2.1", ADDR_SOURCE_DHCP4, 60, T0);
	for (int i = 0; i < 40; i++) {
		assert_int_equal(str_print(text, sizeof(text), "fe80::%x", i + 1), 0);
		(void)see(inv, A, text, ADDR_SOURCE_ND, 60, T0 + i);
	}
	assert_int_equal(d->addr_count, LIMIT_ADDRS_PER_DEVICE);
	assert_non_null(owner(inv, "10.0.2.1")); /* the lease outlives guesses */
	assert_non_null(owner(inv, "fe80::28"));
}

static void names_are_typed_in_shells(void **state)
{
	struct inventory *inv = *state;
	struct device *d = hears(inv, A, "Lamp $(reboot).lan", "", T0).device;

	assert_string_equal(d->name, "lampreboot");
	assert_string_equal(hears(inv, B, "lampreboot", "", T0).device->name,
		"lampreboot-2");
	(void)hears(inv, A, "\xc3\xa9", "", T0);
	assert_string_equal(d->name, "lampreboot"); /* nothing typable: as before */
	assert_int_equal(inventory_rename(inv, d, "Kitchen lamp"), 0);
	(void)hears(inv, A, "other", "", T0);
	assert_string_equal(d->name, "Kitchen lamp");
	assert_string_equal(d->hostname, "other");
	assert_int_equal(inventory_rename(inv, d, "LAMPREBOOT-2"), -EEXIST);
	assert_int_equal(inventory_rename(inv, d, B), -EEXIST);
	assert_int_equal(inventory_rename(inv, d, "2"), -EEXIST); /* B's id */
	assert_int_equal(inventory_rename(inv, d, ""), CARDEA_EMALFORMED);
	assert_int_equal(inventory_rename(inv, d, "a\nb"), CARDEA_EMALFORMED);
	assert_int_equal(inventory_rename(inv, d, "\xff"), CARDEA_EMALFORMED);
	char longest[LIMIT_LABEL + 1];
	memset(longest, 'x', LIMIT_LABEL);
	longest[LIMIT_LABEL] = 0;
	assert_int_equal(inventory_rename(inv, d, longest), CARDEA_EMALFORMED);
	assert_int_equal(inventory_rename(inv, d, longest + 1), 0);
	assert_int_equal(inventory_rename(inv, d, longest + 1), 0); /* its own */
}

/* LLDP's name fills a gap, and never takes turns with the one of DHCP. */
static void lldp_names_the_nameless(void **state)
{
	struct inventory *inv = *state;
	struct message_seen_dhcp m = {.mac = mac_of(A), .family = 0};

	str_copy(m.hostname, sizeof(m.hostname), "desk.home");
	str_copy(m.mud_url, sizeof(m.mud_url), "https://a.example/desk");
	struct inventory_result r = inventory_see_dhcp(inv, &m, T0);
	assert_string_equal(r.device->name, "desk");
	assert_string_equal(r.device->mud_url, "https://a.example/desk");
	(void)hears(inv, A, "bureau", "", T0);
	assert_string_equal(r.device->name, "bureau");
	assert_int_equal(inventory_see_dhcp(inv, &m, T0).changes, 0);
	assert_string_equal(r.device->hostname, "bureau");
	assert_string_equal(r.device->mud_url, "https://a.example/desk");
}

static void found_as_people_write_it(void **state)
{
	struct inventory *inv = *state;
	struct device *d = see(inv, A, "10.0.0.2", ADDR_SOURCE_ARP, 60, T0).device;

	assert_ptr_equal(inventory_find(inv, "DEVICE-00-00-0A"), d);
	assert_ptr_equal(inventory_find(inv, "02-00-00-00-00-0A"), d);
	assert_ptr_equal(inventory_find(inv, "10.0.0.2"), d);
	assert_ptr_equal(inventory_find(inv, "1"), d);
	assert_null(inventory_find(inv, "2"));
	assert_null(inventory_find(inv, ""));
	assert_null(inventory_find(inv, "10.0.0.3"));
}

static void url_is_kept_in_silence(void **state)
{
	struct inventory *inv = *state;
	struct inventory_result r = hears(inv, A, "", "https://a.example/1", T0);

	assert_true(r.changes & INVENTORY_MUD_URL);
	r = hears(inv, A, "", "", T0);
	assert_int_equal(r.changes, 0);
	assert_string_equal(r.device->mud_url, "https://a.example/1");
	r = hears(inv, A, "", "https://a.example/2", T0);
	assert_int_equal(r.changes, INVENTORY_MUD_URL);
}

#define URL "https://a.example/1"
#define OTHER "https://b.example/1"

static struct inventory_result said(struct inventory *inv, uint8_t family,
	const char *url)
{
	struct message_seen_dhcp m = {.mac = mac_of(A), .family = family};

	str_copy(m.mud_url, sizeof(m.mud_url), url);
	return inventory_see_dhcp(inv, &m, T0);
}

static struct inventory_result identify(struct inventory *inv, enum url_source source,
	const char *url, const char *signer)
{
	struct mac mac = mac_of(A);

	return inventory_identify(inv, &mac, source, url, signer, T0 + 5);
}

static void urls_have_sources(void **state)
{
	struct inventory *inv = *state;
	struct inventory_result r = said(inv, 0, URL);

	assert_int_equal(r.changes, INVENTORY_NEW_DEVICE | INVENTORY_MUD_URL);
	assert_int_equal(r.device->url_source, URL_SOURCE_LLDP);
	assert_int_equal(said(inv, 0, OTHER).changes, INVENTORY_MUD_URL);
	assert_int_equal(said(inv, 4, OTHER).changes, INVENTORY_PROOF);
	assert_int_equal(r.device->url_source, URL_SOURCE_DHCP);
	assert_int_equal(said(inv, 0, OTHER).changes, 0);
	assert_int_equal(r.device->url_source, URL_SOURCE_DHCP);
	/* LLDP and DHCP that disagree do not take turns */
	assert_int_equal(said(inv, 0, URL).changes, INVENTORY_URL_DIFFERS);
	assert_string_equal(r.device->mud_url, OTHER);
	assert_int_equal(said(inv, 6, URL).changes, INVENTORY_MUD_URL);
	assert_int_equal(r.device->url_source, URL_SOURCE_DHCP);
	assert_false(device_is_proven(r.device));
}

static void dhcp_never_undoes_what_is_proven(void **state)
{
	static const enum url_source strong[] = {
		URL_SOURCE_QR, URL_SOURCE_CERTIFICATE, URL_SOURCE_OWNER};
	struct inventory *inv = *state;
	struct inventory_result r = said(inv, 4, OTHER);

	for (size_t i = 0; i < sizeof(strong) / sizeof(*strong); i++) {
		(void)identify(inv, strong[i], URL, "");
		for (uint8_t family = 0; family <= 6; family += 2) {
			assert_int_equal(said(inv, family, OTHER).changes,
				INVENTORY_URL_DIFFERS);
			assert_int_equal(said(inv, family, URL).changes, 0);
			assert_int_equal(said(inv, family, "").changes, 0);
		}
		assert_string_equal(r.device->mud_url, URL);
		assert_int_equal(r.device->url_source, strong[i]);
		assert_true(device_is_proven(r.device));
	}
}

static void identified_before_it_is_seen(void **state)
{
	struct inventory *inv = *state;
	struct inventory_result r =
		identify(inv, URL_SOURCE_CERTIFICATE, URL, "CN=Acme files");

	assert_int_equal(r.changes, INVENTORY_NEW_DEVICE | INVENTORY_MUD_URL);
	assert_string_equal(r.device->name, "device-00-00-0a");
	assert_string_equal(r.device->mud_url, URL);
	assert_string_equal(r.device->mud_signer, "CN=Acme files");
	assert_int_equal(r.device->first_seen, T0 + 5);
	assert_ptr_equal(hears(inv, A, "lamp", "", T0 + 9).device, r.device);
	/* to be told about it is not to see it */
	assert_int_equal(identify(inv, URL_SOURCE_OWNER, URL, "").changes,
		INVENTORY_PROOF);
	assert_int_equal(r.device->last_seen, T0 + 9);
	/* without a URL it is only there */
	struct mac b = mac_of(B);
	r = inventory_identify(inv, &b, URL_SOURCE_OWNER, "", "", T0);
	assert_int_equal(r.changes, INVENTORY_NEW_DEVICE);
	assert_int_equal(r.device->url_source, URL_SOURCE_NONE);
	assert_int_equal(inventory_identify(inv, &b, URL_SOURCE_OWNER, "", "", T0).changes,
		0);
}

static void stronger_identity_wins(void **state)
{
	struct inventory *inv = *state;
	struct device *d = identify(inv, URL_SOURCE_QR, URL, "").device;

	assert_int_equal(identify(inv, URL_SOURCE_QR, URL, "").changes, 0);
	assert_int_equal(identify(inv, URL_SOURCE_QR, OTHER, "").changes,
		INVENTORY_MUD_URL);
	assert_int_equal(identify(inv, URL_SOURCE_CERTIFICATE, OTHER, "CN=S").changes,
		INVENTORY_PROOF);
	assert_int_equal(d->url_source, URL_SOURCE_CERTIFICATE);
	assert_string_equal(d->mud_signer, "CN=S");
	assert_int_equal(identify(inv, URL_SOURCE_CERTIFICATE, OTHER, "CN=T").changes,
		INVENTORY_PROOF);
	assert_int_equal(identify(inv, URL_SOURCE_QR, URL, "CN=U").changes,
		INVENTORY_URL_DIFFERS);
	assert_int_equal(identify(inv, URL_SOURCE_QR, OTHER, "CN=U").changes, 0);
	assert_string_equal(d->mud_signer, "CN=T");
	/* the owner says nothing of signers: for the same URL the certificate's stays */
	assert_int_equal(identify(inv, URL_SOURCE_OWNER, OTHER, "").changes,
		INVENTORY_PROOF);
	assert_string_equal(d->mud_signer, "CN=T");
	assert_int_equal(identify(inv, URL_SOURCE_OWNER, URL, "").changes,
		INVENTORY_MUD_URL);
	assert_string_equal(d->mud_signer, "");
	assert_int_equal(identify(inv, URL_SOURCE_CERTIFICATE, OTHER, "CN=T").changes,
		INVENTORY_URL_DIFFERS);
	assert_string_equal(d->mud_url, URL);
	assert_int_equal(d->url_source, URL_SOURCE_OWNER);
}

static void another_authority_needs_confirming_again(void **state)
{
	static const struct {
		const char *url;
		bool stays;
	} next[] = {
		{"https://a.example/2", true},
		{"https://A.EXAMPLE/2", true},
		{"https://a.example?x", true},
		{"https://a.example", true},
		{"https://b.example/1", false},
		{"https://a.example.evil.example/1", false},
		{"https://a.example:8443/1", false},
		{"https://a.example@evil.example/1", false},
		{"https://a.exampl/1", false},
		{"http://a.example/1", false},
		{"a", false},
	};
	struct inventory *inv = *state;
	struct device *d = said(inv, 4, URL).device;

	for (size_t i = 0; i < sizeof(next) / sizeof(*next); i++) {
		d->confirmed = true;
		str_copy(d->mud_url, sizeof(d->mud_url), URL);
		assert_int_equal(said(inv, 4, next[i].url).changes,
			INVENTORY_MUD_URL | (next[i].stays ? 0 : INVENTORY_PROOF));
		assert_int_equal(d->confirmed, next[i].stays);
		d->confirmed = true; /* and back again */
		(void)said(inv, 4, URL);
		assert_int_equal(d->confirmed, next[i].stays);
	}
	d->confirmed = true;
	(void)identify(inv, URL_SOURCE_QR, OTHER, "");
	assert_false(d->confirmed);
}

static void loaded_as_stored(void **state)
{
	struct inventory *inv = *state;
	struct device d = {.id = 7, .mac = mac_of(A), .name = "lamp", .addr_count = 2,
		.addrs = {{.addr = ip("10.0.0.2"), .source = ADDR_SOURCE_DHCP4},
			{.addr = ip("10.0.0.3")}}};
	struct device e = d;

	assert_int_equal(inventory_load(inv, &d), 0);
	assert_int_equal(inventory_load(inv, &d), CARDEA_EMALFORMED);
	e.mac = mac_of(B);
	assert_int_equal(inventory_load(inv, &e), CARDEA_EMALFORMED); /* the id */
	e.id = 3;
	assert_int_equal(inventory_load(inv, &e), 0);
	e.id = 0;
	e.mac = mac_of("02:00:00:00:00:0c");
	assert_int_equal(inventory_load(inv, &e), CARDEA_EMALFORMED);
	assert_int_equal(inventory_at(inv, 0)->id, 3);
	assert_int_equal(inventory_at(inv, 1)->id, 7);
	assert_null(inventory_at(inv, 2));
	assert_int_equal(inventory_at(inv, 0)->addr_count, 0); /* the first one's */
	assert_int_equal(owner(inv, "10.0.0.3")->id, 7);
	/* ids that were given stay given */
	inventory_set_last_id(inv, 20);
	assert_int_equal(hears(inv, "02:00:00:00:00:0d", "", "", T0).device->id, 21);
}

static void fill(struct inventory *inv, unsigned from, const char *url)
{
	char mac[MAC_TEXT_MAX];

	for (unsigned i = from; i < LIMIT_DEVICES; i++) {
		assert_int_equal(str_print(mac, sizeof(mac), "06:00:00:00:%02x:%02x",
			i >> 8, i & 0xff), 0);
		assert_non_null(hears(inv, mac, "", url, T0 + i).device);
	}
}

/* The one device that somebody still needs. */
static bool is_it(void *ctx, const struct device *d)
{
	return d == ctx;
}

static struct device *idle(struct inventory *inv, nstime wall)
{
	return inventory_idle(inv, wall, is_it, NULL);
}

static void full_house_has_an_order_of_going(void **state)
{
	struct inventory *inv = *state;
	nstime later = T0 + 3600 * NS_PER_SEC;
	struct device *d, *named, *protected;
	struct inventory_result r;

	named = hears(inv, A, "", "", T0 - 10).device;
	assert_int_equal(inventory_rename(inv, named, "mine"), 0);
	protected = hears(inv, B, "", "https://a.example/", T0 - 10).device;
	protected->state = DEVICE_PROTECTED;
	(void)hears(inv, "02:00:00:00:00:0c", "", "https://a.example/", T0 - 9);
	d = hears(inv, "02:00:00:00:00:0e", "", "https://a.example/", T0 - 11).device;
	d->url_source = URL_SOURCE_QR;
	d = hears(inv, "02:00:00:00:00:0f", "", "", T0 - 12).device;
	d->hold = HOLD_LIMITED;
	d = hears(inv, "02:00:00:00:00:10", "", "", T0 - 12).device;
	d->state = DEVICE_QUARANTINED;
	assert_null(idle(inv, later)); /* there is room */
	fill(inv, 6, "");
	r = hears(inv, "02:00:00:00:00:0d", "", "", later);
	assert_null(r.device);
	assert_int_equal(r.changes, 0);
	assert_null(idle(inv, T0 + LIMIT_DEVICES));
	for (unsigned i = 6; i < LIMIT_DEVICES; i++) {
		d = idle(inv, later);
		assert_non_null(d);
		assert_int_equal(d->last_seen, T0 + i); /* the silent first */
		d->last_seen = later;
	}
	d = idle(inv, later); /* only now who said a URL */
	assert_non_null(d);
	assert_null(inventory_idle(inv, later, is_it, d));
	assert_string_equal(d->mud_url, "https://a.example/");
	assert_int_not_equal(d->state, DEVICE_PROTECTED);
	inventory_remove(inv, d);
	assert_int_equal(inventory_count(inv), LIMIT_DEVICES - 1);
	assert_non_null(hears(inv, "02:00:00:00:00:0d", "", "", later).device);
	assert_null(idle(inv, later)); /* the others never go */
}

static void removed_leaves_nothing_behind(void **state)
{
	struct inventory *inv = *state;
	struct device *a = see(inv, A, "10.0.0.2", ADDR_SOURCE_ARP, 60, T0).device;
	struct mac mac = mac_of(A);
	device_id id = a->id;

	(void)see(inv, A, "fe80::2", ADDR_SOURCE_ND, 60, T0);
	(void)see(inv, B, "10.0.0.3", ADDR_SOURCE_ARP, 60, T0);
	inventory_remove(inv, a);
	assert_null(owner(inv, "10.0.0.2"));
	assert_null(owner(inv, "fe80::2"));
	assert_null(inventory_by_mac(inv, &mac));
	assert_null(inventory_by_id(inv, id));
	assert_non_null(owner(inv, "10.0.0.3"));
	assert_int_equal(see(inv, A, "10.0.0.2", ADDR_SOURCE_ARP, 60, T0).changes,
		INVENTORY_NEW_DEVICE | INVENTORY_ADDRS);
	assert_true(owner(inv, "10.0.0.2")->id > id);
}

static void clock_shift_keeps_what_is_left(void **state)
{
	struct inventory *inv = *state;
	nstime jump = 1000 * 86400 * NS_PER_SEC;
	struct device *d = see(inv, A, "10.0.0.2", ADDR_SOURCE_ARP, 60, T0).device;

	(void)see(inv, A, "10.0.0.3", ADDR_SOURCE_ARP, 60, T0 + jump);
	inventory_shift(inv, T0, jump);
	assert_int_equal(d->addrs[0].expires, T0 + jump + 60 * NS_PER_SEC);
	assert_int_equal(d->addrs[1].expires, T0 + jump + 60 * NS_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
		TEST(sightings_merge),
		TEST(stronger_source_moves_an_address),
		TEST(reserved_is_nobodys),
		TEST(addresses_linger_and_go),
		TEST(no_device_has_the_whole_lan),
		TEST(names_are_typed_in_shells),
		TEST(lldp_names_the_nameless),
		TEST(found_as_people_write_it),
		TEST(url_is_kept_in_silence),
		TEST(urls_have_sources),
		TEST(dhcp_never_undoes_what_is_proven),
		TEST(identified_before_it_is_seen),
		TEST(stronger_identity_wins),
		TEST(another_authority_needs_confirming_again),
		TEST(loaded_as_stored),
		TEST(full_house_has_an_order_of_going),
		TEST(removed_leaves_nothing_behind),
		TEST(clock_shift_keeps_what_is_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
