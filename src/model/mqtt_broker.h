// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* mqtt_broker - where the owner's MQTT broker is, as he writes it down. */
#ifndef CARDEA_MODEL_MQTT_BROKER_H
#define CARDEA_MODEL_MQTT_BROKER_H

#include <stdint.h>
#include "base/addr.h"
#include "base/error.h"

#define MQTT_PORT 1883 /* as registered */

/* "ADDRESS" or "ADDRESS@PORT". */
int mqtt_broker_read(const char *text, struct addr *ret_addr,
	uint16_t *ret_port) CARDEA_MUSTCHECK;

#endif
