// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* device - the words for a device's state and for how an address was learned. */
#include "model/device.h"

const char *addr_source_name(enum addr_source s)
{
	switch (s) {
	case ADDR_SOURCE_ARP:
		return "arp";
	case ADDR_SOURCE_ND:
		return "nd";
	case ADDR_SOURCE_DHCP6:
		return "dhcpv6";
	case ADDR_SOURCE_DHCP4:
		return "dhcpv4";
	case ADDR_SOURCE_SELF:
		return "gateway";
	case ADDR_SOURCE_MAX:
		break;
	}
	return "unknown";
}

const char *device_state_name(enum device_state s)
{
	switch (s) {
	case DEVICE_NEW:
		return "new";
	case DEVICE_WATCHED:
		return "watched";
	case DEVICE_PROTECTED:
		return "protected";
	case DEVICE_QUARANTINED:
		return "quarantined";
	case DEVICE_STATE_MAX:
		break;
	}
	return "unknown";
}

const char *device_hold_name(enum device_hold h)
{
	static const char *const names[HOLD_MAX] = {
		[HOLD_NONE] = "none",
		[HOLD_LIMITED] = "limited",
		[HOLD_QUARANTINED] = "quarantined",
		[HOLD_REFUSED] = "refused",
	};

	return (unsigned)h < HOLD_MAX ? names[h] : "unknown";
}

const char *url_source_name(enum url_source s)
{
	static const char *const names[URL_SOURCE_MAX] = {
		[URL_SOURCE_NONE] = "none",
		[URL_SOURCE_LLDP] = "lldp",
		[URL_SOURCE_DHCP] = "dhcp",
		[URL_SOURCE_QR] = "qr",
		[URL_SOURCE_CERTIFICATE] = "certificate",
		[URL_SOURCE_OWNER] = "owner",
	};

	return (unsigned)s < URL_SOURCE_MAX ? names[s] : "unknown";
}

bool device_is_proven(const struct device *d)
{
	return d->mud_url[0] && (d->confirmed || d->url_source >= URL_SOURCE_QR);
}

bool device_is_enforced(const struct device *d)
{
	return d->state == DEVICE_PROTECTED || d->state == DEVICE_QUARANTINED;
}
