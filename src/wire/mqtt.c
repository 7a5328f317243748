// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* mqtt.c - reads CONNECT. */
#include "wire/mqtt.h"

#define MQTT_CONNECT 0x10 /* type 1, no flags */
#define MQTT_LENGTH_OCTETS 4
#define MQTT_LEVEL_5 5

/* 2.2.3, 1.5.5: seven bits each, the least ones first. */
static int mqtt_varint(struct cursor *c, uint32_t *ret)
{
	uint32_t v = 0;
	for (unsigned i = 0; i < MQTT_LENGTH_OCTETS; i++) {
		uint8_t b = cursor_u8(c);
		if (c->error)
			return c->error;
		v |= (uint32_t)(b & 0x7f) << (7 * i);
		if (!(b & 0x80)) {
			*ret = v;
			return 0;
		}
	}
	return CARDEA_EMALFORMED;
}

static int mqtt_protocol(struct cursor *c, struct mqtt_connect *m)
{
	uint16_t len = cursor_u16(c);
	const uint8_t *name = cursor_take(c, len);
	if (!name)
		return len > MQTT_PROTOCOL_MAX ? CARDEA_EMALFORMED : c->error;
	bool known = (len == 4 && !memcmp(name, "MQTT", 4)) ||
		     (len == 6 && !memcmp(name, "MQIsdp", 6));
	if (!known)
		return CARDEA_EMALFORMED;
	memcpy(m->protocol, name, len);
	return 0;
}

int mqtt_parse_connect(struct cursor *c, struct mqtt_connect *ret)
{
	struct mqtt_connect m = {0};
	uint32_t rest = 0, properties = 0;
	uint8_t type = cursor_u8(c);
	if (c->error || type != MQTT_CONNECT)
		return c->error ? c->error : CARDEA_EMALFORMED;
	int r = mqtt_varint(c, &rest);
	if (!r)
		r = mqtt_protocol(c, &m);
	m.level = cursor_u8(c);
	m.flags = cursor_u8(c);
	m.keep_alive_s = cursor_u16(c);
	if (!r && m.level >= MQTT_LEVEL_5)
		r = mqtt_varint(c, &properties);
	cursor_skip(c, properties);
	uint16_t len = cursor_u16(c);
	if (r || c->error)
		return r ? r : c->error;
	size_t there = cursor_left(c) < len ? cursor_left(c) : len;
	m.client_id.len = (uint16_t)(there < OCTETS_MAX ? there : OCTETS_MAX);
	cursor_copy(c, m.client_id.b, m.client_id.len);
	*ret = m;
	return 0;
}
