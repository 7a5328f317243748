// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* mqtt_session - what a client that only publishes says and hears: MQTT 3.1.1 (OASIS). */
#ifndef CARDEA_WIRE_MQTT_SESSION_H
#define CARDEA_WIRE_MQTT_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include "base/cursor.h"

enum mqtt_type {
	MQTT_TYPE_CONNECT = 1,
	MQTT_TYPE_CONNACK = 2,
	MQTT_TYPE_PUBLISH = 3,
	MQTT_TYPE_PINGREQ = 12,
	MQTT_TYPE_PINGRESP = 13,
	MQTT_TYPE_DISCONNECT = 14,
};

struct mqtt_hello {
	const char *client_id;
	const char *user, *password; /* NULL: none; no password without a user (3.1.2.9) */
	const char *will_topic, *will; /* what the broker says, retained, when we are lost */
	uint16_t keep_alive_s;
};

/* One packet each; an error of the writer: it does not fit. */
void mqtt_put_connect(struct writer *w, const struct mqtt_hello *h); /* a clean session */
/* Once at most (QoS 0). retain: the broker keeps it for who comes later; with an empty
 * payload it forgets what it kept. */
void mqtt_put_publish(struct writer *w, const char *topic, const char *payload, bool retain);
void mqtt_put_ping(struct writer *w);
void mqtt_put_disconnect(struct writer *w);

/* What a broker sends to such a client is short. */
#define MQTT_REPLY_MAX 16
struct mqtt_reply {
	uint8_t type;	/* enum mqtt_type: CONNACK or PINGRESP */
	uint8_t code;	/* of CONNACK: 0 is yes */
};
/* CARDEA_ETRUNCATED: more has to come, c is untouched. CARDEA_EMALFORMED: none of them. */
int mqtt_parse_reply(struct cursor *c, struct mqtt_reply *ret) CARDEA_MUSTCHECK;
/* What a code of CONNACK means (3.2.2.3), in words. */
const char *mqtt_code_text(uint8_t code);

#endif
