// SPDX-License-Identifier: GPL-2.0-or-later
/* test_bundle_util - a home as labs have them, and the case of its camera: a scan, a
 * flood, a beacon, and names that give away who lives there. */
#ifndef CARDEA_TEST_BUNDLE_UTIL_H
#define CARDEA_TEST_BUNDLE_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/str.h"
#include "lifecycle/bundle.h"

#define T0 (1767225600LL * NS_PER_SEC)
#define HOME_DEVICES 5
#define HOME_SECRET "secret-token-4711"

static struct device home_devices[HOME_DEVICES];
static const uint8_t home_key[PSEUDONYM_KEY] = "0123456789abcdef0123456789abcde";

static inline struct addr ip(const char *text)
{
	struct addr a;
	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static inline void home_device(size_t i, const char *mac, const char *name, const char *host,
	const char *v4, const char *v6)
{
	struct device *d = &home_devices[i];

	memset(d, 0, sizeof(*d));
	d->id = (device_id)(i + 11);
	assert_int_equal(mac_parse(mac, &d->mac), 0);
	str_copy(d->name, sizeof(d->name), name);
	str_copy(d->hostname, sizeof(d->hostname), host);
	d->addrs[0].addr = ip(v4);
	d->addrs[1].addr = ip(v6);
	d->addr_count = 2;
}

static inline const struct device *home_at(void *ctx, size_t i)
{
	(void)ctx;
	return i < HOME_DEVICES ? &home_devices[i] : NULL;
}

static inline struct bundle_home home(void)
{
	struct bundle_home h = {.device_at = home_at};

	home_device(0, "00:17:88:a1:b2:c3", "Annas Kamera", "ipcam-annas", "192.168.7.20",
		"fd00:7::217:88ff:fea1:b2c3");
	home_device(1, "f0:9f:c2:00:11:22", "Fernseher Müller", "mueller-tv", "192.168.7.21",
		"2001:db8:7::21");
	home_device(2, "b8:27:eb:44:55:66", "tv", "tv", "192.168.7.22", "fe80::ba27:ebff:fe44:5566");
	home_device(3, "02:aa:bb:cc:dd:ee", "Bens Handy", "bens-phone", "192.168.7.23",
		"2001:db8:7::23");
	home_device(4, "44:65:0d:01:02:03", "drucker", "EPSON-010203", "10.0.0.9", "2001:db8:7::9");
	str_copy(home_devices[0].mud_url, LIMIT_URL, "https://maker.example/cam/annas-kamera.json");
	memcpy(h.key, home_key, sizeof(h.key));
	return h;
}

static struct case_head case_heads[CASE_HEADS_MAX];
static struct case_moment case_moments[4];
static struct case_bundle case_bundle_;

static inline struct case_head *case_add(const char *peer, device_id device,
	enum record_place place, const char *name, const char *detail, enum record_app app)
{
	struct case_head *h = &case_heads[case_bundle_.count++];

	*h = (struct case_head){.first = T0 - 60 * NS_PER_SEC, .last = T0 + 5 * NS_PER_SEC,
		.peer = ip(peer), .peer_device = device, .place = (uint8_t)place,
		.app = (uint8_t)app, .proto = FLOW_PROTO_TCP, .port = 443,
		.packets = {12, 9}, .bytes = {3000, 7000}, .fate = CASE_PASSED};
	case_head_name(h, name);
	case_head_detail(h, detail);
	return h;
}

static inline void moment(size_t i, enum life_state from, enum life_state to, const char *kind,
	const char *sentence)
{
	struct case_moment *m = &case_moments[i];

	*m = (struct case_moment){.at = T0 + (nstime)i * NS_PER_SEC,
		.from = (uint8_t)from, .to = (uint8_t)to};
	str_copy(m->kind, sizeof(m->kind), kind);
	str_copy(m->protocol, sizeof(m->protocol), i == 1 ? "MILE" : "");
	str_copy(m->sentence, sizeof(m->sentence), sentence);
	str_copy(m->shows, sizeof(m->shows), "TCP 23 at 192.168.7.21 by Annas Kamera");
}

static inline struct case_view lab_case(void)
{
	memset(case_heads, 0, sizeof(case_heads));
	case_bundle_ = (struct case_bundle){.heads = case_heads, .room = CASE_HEADS_MAX};
	case_add("203.0.113.9", 0, RECORD_INTERNET, "api.maker.example",
		"GET /v1/cam?token=" HOME_SECRET, RECORD_APP_HTTP);
	case_add("198.51.100.7", 0, RECORD_INTERNET, "c2.evil.example", "", RECORD_APP_TLS);
	case_add("203.0.113.10", 0, RECORD_INTERNET, "a1b2c3.cams.example", "h2", RECORD_APP_TLS);
	case_add("203.0.113.11", 0, RECORD_INTERNET, "001788A1B2C3.iot.example",
		"POST /reg/00-17-88-A1-B2-C3/192.168.7.20", RECORD_APP_HTTP);
	case_add("203.0.113.12", 0, RECORD_INTERNET, "mueller-tv.dyndns.example",
		"GET /tv/ipcam-annas", RECORD_APP_HTTP);
	case_add("203.0.113.53", 0, RECORD_INTERNET, "", "PTR 20.7.168.192.in-addr.arpa",
		RECORD_APP_DNS);
	case_add("203.0.113.54", 0, RECORD_INTERNET,
		"1.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.7.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
		"GET /20010db8000700000000000000000021", RECORD_APP_HTTP);
	case_add("192.168.7.21", 12, RECORD_DEVICE, "mueller-tv.local", "GET /" HOME_SECRET,
		RECORD_APP_HTTP);
	case_add("192.168.7.23", 14, RECORD_DEVICE, "", "", RECORD_APP_NONE);
	case_add("2001:db8:7::21", 12, RECORD_DEVICE, "", "", RECORD_APP_NONE);
	case_add("224.0.0.251", 0, RECORD_GROUP, "", "PTR Annas Kamera._http._tcp.local",
		RECORD_APP_MDNS);
	for (unsigned i = 24; i < 60; i++) { /* a scan of the house */
		char text[ADDR_TEXT_MAX];
		assert_int_equal(str_print(text, sizeof(text), "192.168.7.%u", i), 0);
		struct case_head *h = case_add(text, 0, RECORD_DEVICE, "", "", RECORD_APP_NONE);
		h->port = 23;
		h->fate = CASE_REFUSED;
	}
	case_bundle_.before = 11;
	case_bundle_.points[SUSPICION_ADDR_SCAN] = 120;
	case_bundle_.times[SUSPICION_ADDR_SCAN] = 36;
	moment(0, LIFE_PROTECTED, LIFE_SUSPICIOUS, "violations",
		"$ does what it is not for; it is watched closely");
	moment(1, LIFE_SUSPICIOUS, LIFE_QUARANTINED, "attack",
		"$ is in quarantine: it attacks. It may fetch updates");
	moment(2, LIFE_QUARANTINED, LIFE_QUARANTINED, "Annas Kamera", /* not from our table */
		"Annas Kamera asked 192.168.7.21 for " HOME_SECRET);
	moment(3, LIFE_QUARANTINED, LIFE_UPDATING, "update-traffic", "$ fetches an update");
	return (struct case_view){.file = {.id = 3, .device = 11, .state = LIFE_UPDATING,
					  .opened = T0},
		.device = &home_devices[0], .moments = case_moments, .moment_count = 4,
		.bundle = &case_bundle_};
}

/* What must not be in anything that leaves. */
static const char *const home_own[] = {"00:17:88:a1:b2:c3", "00-17-88-a1-b2-c3",
	"001788a1b2c3", "a1b2c3", "f0:9f:c2:00:11:22", "b8:27:eb:44:55:66",
	"02:aa:bb:cc:dd:ee", "44:65:0d:01:02:03", "Annas", "Kamera", "ipcam", "M\\u00fcller",
	"Müller", "mueller", "Fernseher", "Bens", "Handy", "phone", "EPSON", "010203",
	"drucker", "192.168.7.", "20.7.168.192", "10.0.0.9", "fd00:7::", "2001:db8:7",
	"fe80::ba27", "1.2.0.0.0.0", "20010db80007", "224.0.0.251", "_http._tcp"};
#define HOME_OWN_COUNT (sizeof(home_own) / sizeof(home_own[0]))

#endif
