// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* mqtt_broker - reads an address with a port. */
#include "model/mqtt_broker.h"

#include <string.h>
#include "base/str.h"

int mqtt_broker_read(const char *text, struct addr *ret_addr, uint16_t *ret_port)
{
	size_t len = strcspn(text, "@");
	char host[ADDR_TEXT_MAX];
	int64_t port = MQTT_PORT;
	struct addr addr;

	if (len >= sizeof host)
		return CARDEA_EMALFORMED;
	str_copy_bytes(host, sizeof host, text, len);
	if ((text[len] && str_to_i64(text + len + 1, 1, UINT16_MAX, &port)) ||
		addr_parse(host, &addr))
		return CARDEA_EMALFORMED;
	*ret_addr = addr;
	*ret_port = (uint16_t)port;
	return 0;
}
