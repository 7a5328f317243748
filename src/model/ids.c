// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* ids - the names of the processes. */
#include "model/ids.h"

const char *role_name(enum role r)
{
	switch (r) {
	case ROLE_PARENT:
		return "parent";
	case ROLE_ENFORCER:
		return "enforcer";
	case ROLE_SENSOR:
		return "sensor";
	case ROLE_RESOLVER:
		return "resolver";
	case ROLE_COURIER:
		return "courier";
	case ROLE_ENGINE:
		return "engine";
	case ROLE_WEB:
		return "web";
	case ROLE_MAX:
		break;
	}
	return "unknown";
}
