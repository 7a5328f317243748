// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* dhcp6_priv - numbers that the DHCPv6 reader and writer share. */
#ifndef CARDEA_WIRE_DHCP6_PRIV_H
#define CARDEA_WIRE_DHCP6_PRIV_H

enum dhcp6_option_code {
	DHCP6_OPTION_CLIENT_ID = 1,
	DHCP6_OPTION_SERVER_ID = 2,
	DHCP6_OPTION_IA_NA = 3,
	DHCP6_OPTION_IA_TA = 4,
	DHCP6_OPTION_IA_ADDR = 5,
	DHCP6_OPTION_RELAY_MSG = 9,
	DHCP6_OPTION_STATUS = 13,
	DHCP6_OPTION_VENDOR_CLASS = 16,
	DHCP6_OPTION_FQDN = 39,	   /* RFC 4704 */
	DHCP6_OPTION_MUD_URL = 112, /* RFC 8520 10 */
};

enum dhcp6_duid_type {
	DHCP6_DUID_LLT = 1,
	DHCP6_DUID_LL = 3,
};
#define DHCP6_HARDWARE_ETHERNET 1

#endif
