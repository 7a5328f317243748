// SPDX-License-Identifier: GPL-2.0-or-later
/* homeassistant - what the owner's home automation sees by MQTT: each device's state and
 * whether something is wrong, and the gateway itself, announced so that Home Assistant finds
 * them by itself (its MQTT discovery). It hears; nothing can be changed that way. */
#ifndef CARDEA_ENGINE_HOMEASSISTANT_H
#define CARDEA_ENGINE_HOMEASSISTANT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"
#include "model/device.h"
#include "model/messages.h"

struct pipeline;

/* Devices that are announced in one second: the broker of a small house keeps up. */
#define HOMEASSISTANT_BURST 16
#define HOMEASSISTANT_NODE 13 /* twelve hex digits of the gateway's MAC */

struct homeassistant {
	bool connected;
	char prefix[LIMIT_LABEL]; /* "homeassistant" */
	char node[HOMEASSISTANT_NODE];
	char broker[LIMIT_LABEL]; /* for people; empty: there is none */
	char text[LIMIT_TEXT];	  /* why it is not connected */
	nstime since;		  /* wall: connected, or not */
	uint64_t published;
	uint64_t gateway;	  /* what was said of the gateway last, hashed; 0: nothing */
	struct homeassistant_device {
		device_id id;
		uint64_t said;
	} *devices; /* while connected; what was said of each */
	size_t count, room;
};

/* "mqtt_prefix", "mqtt_node", "mqtt_broker"; 0 also for others. */
int homeassistant_setting(
	struct homeassistant *h, const char *key, const char *value) CARDEA_MUSTCHECK;
/* Every second: says what is new. */
void homeassistant_tick(struct pipeline *p);
/* The courier's MQTT_STATE. */
void homeassistant_state(struct pipeline *p, const struct message_mqtt_state *m);
void homeassistant_courier_lost(struct pipeline *p);
void homeassistant_end(struct homeassistant *h);
/* The topic and payload of a device's state, as it is said; for people. */
void homeassistant_sample(struct pipeline *p, char *buf, size_t size);

#endif
