// SPDX-License-Identifier: GPL-2.0-or-later
/* test_api_ask - a lamp and a phone in a house, what they do, and questions to the API's
 * views about it. */
#ifndef CARDEA_TEST_API_ASK_H
#define CARDEA_TEST_API_ASK_H

#include "test_engine_util.h"
#include <jansson.h>
#include "test_api_util.h"

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.20"
#define PHONE "02:00:00:00:00:11"
#define PHONE_IP "192.168.7.21"
#define CLOUD_IP "203.0.113.10"

static struct house *h;
static unsigned status;
static size_t reply_len;

static inline int setup(void **state)
{
	(void)state;
	h = house_new();
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 8640000);
	see_addr(h, PHONE, PHONE_IP, ADDR_SOURCE_DHCP4, 8640000);
	assert_int_equal(inventory_rename(h->p.inventory, device_of(h, LAMP), "lamp"), 0);
	assert_int_equal(inventory_rename(h->p.inventory, device_of(h, PHONE), "phone"), 0);
	pipeline_save_device(&h->p, device_of(h, LAMP));
	pipeline_save_device(&h->p, device_of(h, PHONE));
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	house_free(h);
	return 0;
}

/* The reply, whatever it is; body may be NULL. */
static inline json_t *ask(void (*answer)(struct api_request *), const char *object,
	const char *query, const char *body)
{
	struct http_head head = {
		.method = {body ? "POST" : "GET", body ? 4 : 3}, .query = {query, strlen(query)}};
	struct api_request r = {.pipeline = &h->p, .head = &head, .body = body,
		.body_len = body ? strlen(body) : 0, .status = 200, .roles = API_OWNER};
	json_t *root;

	if (body) {
		r.sent = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(r.sent);
	}
	str_copy(r.object, sizeof(r.object), object);
	jsonw_init_buffer(&r.json, API_REPLY_MAX);
	lives_follow(&h->p);
	answer(&r);
	assert_non_null(jsonw_text(&r.json));
	root = json_loads(jsonw_text(&r.json), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	reply_len = r.json.len;
	jsonw_free(&r.json);
	json_decref(r.sent);
	status = r.status;
	spin(h);
	return root;
}

static inline long long number_of(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	assert_true(json_is_integer(v));
	return json_integer_value(v);
}

static inline size_t count_of(const json_t *o, const char *key)
{
	return json_array_size(json_object_get(o, key));
}

static inline const json_t *at(const json_t *o, const char *key, size_t i)
{
	return json_array_get(json_object_get(o, key), i);
}

static inline void tell(const struct record *r)
{
	static struct message m;

	message_from_record(&m, r);
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
}

static inline struct record https(const char *name)
{
	struct record r = {.device = mac_of(LAMP),
		.first = h->clock.now,
		.last = h->clock.now,
		.answered = true,
		.family = 4,
		.proto = FLOW_PROTO_TCP,
		.device_port = 40000,
		.peer_port = 443,
		.device_addr = ip(LAMP_IP),
		.peer = ip(CLOUD_IP),
		.naming = name[0] ? RECORD_ANSWER : RECORD_UNNAMED,
		.packets = {5, 5},
		.bytes = {500, 5000}};

	str_copy(r.name, sizeof(r.name), name);
	return r;
}

/* The lamp sent these to the world, and the kernel did not let them through. */
static inline void violate(const char *peer, uint16_t port, uint64_t packets)
{
	struct message m = {.type = MESSAGE_SEEN_VIOLATION};

	m.seen_violation.direction = DIRECTION_FROM_DEVICE;
	m.seen_violation.mac = mac_of(LAMP);
	m.seen_violation.device = ip(LAMP_IP);
	m.seen_violation.peer = ip(peer);
	m.seen_violation.proto = FLOW_PROTO_TCP;
	m.seen_violation.device_port = 40000;
	m.seen_violation.peer_port = port;
	m.seen_violation.reason = REASON_DEFAULT_DENY;
	m.seen_violation.packets = (uint32_t)packets;
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
}

/* A file of one rule is in force: TCP to cloud.example. */
static inline void protect(uint16_t port)
{
	const struct message *fetch;

	see_dhcp(h, LAMP, "lamp", URL_A);
	advance(h, 3);
	fetch = got(h, ROLE_COURIER, MESSAGE_FETCH, 0);
	assert_non_null(fetch);
	send_profile(h, fetch->fetch.id, port, 7);
	advance(h, 2);
	assert_int_equal(device_of(h, LAMP)->state, DEVICE_PROTECTED);
}

#endif
