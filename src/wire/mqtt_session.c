// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* mqtt_session - the packets of a client that only publishes. */
#include "wire/mqtt_session.h"

#include <string.h>

#define LEVEL_3_1_1 4
#define CLEAN 0x02
#define WILL 0x04
#define WILL_RETAIN 0x20
#define PASSWORD 0x40
#define USER 0x80
#define RETAIN 0x01

/* 2.2.3: seven bits an octet, the least first. */
static void put_length(struct writer *w, size_t len)
{
	do {
		writer_u8(w, (uint8_t)((len & 0x7f) | (len > 0x7f ? 0x80 : 0)));
		len >>= 7;
	} while (len);
}

/* 1.5.3; longer ones are cut by who makes them. */
static void put_text(struct writer *w, const char *text)
{
	writer_u16(w, (uint16_t)strlen(text));
	writer_bytes(w, text, strlen(text));
}

static size_t text_len(const char *text)
{
	return text ? 2 + strlen(text) : 0;
}

void mqtt_put_connect(struct writer *w, const struct mqtt_hello *h)
{
	bool user = h->user && h->user[0], password = user && h->password && h->password[0];
	bool will = h->will_topic && h->will;
	uint8_t flags = (uint8_t)(CLEAN | (will ? WILL | WILL_RETAIN : 0) |
				  (user ? USER : 0) | (password ? PASSWORD : 0));

	writer_u8(w, MQTT_TYPE_CONNECT << 4);
	put_length(w, 10 + text_len(h->client_id) +
			      (will ? text_len(h->will_topic) + text_len(h->will) : 0) +
			      (user ? text_len(h->user) : 0) +
			      (password ? text_len(h->password) : 0));
	put_text(w, "MQTT");
	writer_u8(w, LEVEL_3_1_1);
	writer_u8(w, flags);
	writer_u16(w, h->keep_alive_s);
	put_text(w, h->client_id);
	if (will) {
		put_text(w, h->will_topic);
		put_text(w, h->will);
	}
	if (user)
		put_text(w, h->user);
	if (password)
		put_text(w, h->password);
}

void mqtt_put_publish(struct writer *w, const char *topic, const char *payload, bool retain)
{
	writer_u8(w, (uint8_t)(MQTT_TYPE_PUBLISH << 4 | (retain ? RETAIN : 0)));
	put_length(w, text_len(topic) + strlen(payload));
	put_text(w, topic);
	writer_bytes(w, payload, strlen(payload));
}

void mqtt_put_ping(struct writer *w)
{
	writer_u16(w, MQTT_TYPE_PINGREQ << 12);
}

void mqtt_put_disconnect(struct writer *w)
{
	writer_u16(w, MQTT_TYPE_DISCONNECT << 12);
}

int mqtt_parse_reply(struct cursor *c, struct mqtt_reply *ret)
{
	struct cursor at = *c;
	uint8_t first = cursor_u8(&at), len = cursor_u8(&at);
	struct mqtt_reply r = {.type = first >> 4};

	if (at.error)
		return CARDEA_ETRUNCATED;
	/* 3.2.1, 3.13.1: no flags, and lengths that never differ */
	if ((first != MQTT_TYPE_CONNACK << 4 || len != 2) &&
		(first != MQTT_TYPE_PINGRESP << 4 || len != 0))
		return CARDEA_EMALFORMED;
	if (len) {
		cursor_skip(&at, 1); /* a session that the broker kept; ours are clean */
		r.code = cursor_u8(&at);
	}
	if (at.error)
		return CARDEA_ETRUNCATED;
	*c = at;
	*ret = r;
	return 0;
}

const char *mqtt_code_text(uint8_t code)
{
	static const char texts[][48] = {"yes", "it does not speak MQTT 3.1.1",
		"it does not like our name", "it is not ready", "wrong user or password",
		"this user may not connect"};

	return code < sizeof(texts) / sizeof(*texts) ? texts[code] : "a code without a meaning";
}
