// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* mqtt - how a client begins: CONNECT of MQTT 3.1, 3.1.1 and 5 (OASIS, section 3.1). */
#ifndef CARDEA_WIRE_MQTT_H
#define CARDEA_WIRE_MQTT_H

#include "base/cursor.h"
#include "wire/octets.h"

#define MQTT_PROTOCOL_MAX 6 /* "MQTT", "MQIsdp" */

struct mqtt_connect {
	char protocol[MQTT_PROTOCOL_MAX + 1];
	uint8_t level; /* 3, 4, 5 */
	uint8_t flags;
	uint16_t keep_alive_s;
	struct octets client_id; /* its start, when longer, or when the capture ends */
};

/* c at the start of the stream. CARDEA_EMALFORMED when it is no CONNECT,
 * CARDEA_ETRUNCATED when it ends before the client's id. */
int mqtt_parse_connect(struct cursor *c, struct mqtt_connect *ret) CARDEA_MUSTCHECK;

#endif
