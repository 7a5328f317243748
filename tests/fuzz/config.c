// SPDX-License-Identifier: GPL-2.0-or-later
/* config.c - fuzz target: the settings' file. A refusal always says where. */
#include <stdlib.h>
#include <string.h>
#include "engine/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config c;
	char error[CONFIG_ERROR_MAX] = "";

	config_defaults(&c);
	if (config_parse(&c, "f", (const char *)data, size, error)) {
		if (strncmp(error, "f:", 2) != 0)
			abort();
	} else if (c.lan_interfaces.count > CONFIG_LIST_MAX || c.dns_cache_kb < 64 ||
		   !memchr(c.state_dir, 0, sizeof(c.state_dir)))
		abort();
	return 0;
}
