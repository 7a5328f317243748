// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* dnr - "this network has encrypted DNS here" (RFC 9463), for DHCPv4, DHCPv6 and router
 * advertisements. */
#ifndef CARDEA_WIRE_DNR_H
#define CARDEA_WIRE_DNR_H

#include "base/addr.h"
#include "base/cursor.h"
#include "wire/dns_name.h"

#define DNR_DHCP4_OPTION 162
#define DNR_DHCP6_OPTION 144
#define DNR_RA_OPTION 144

/* One service over TLS on the usual port. */
struct dnr {
	uint16_t priority; /* lower is better; not 0 */
	struct dns_name name; /* that its certificate has */
	const struct addr *addrs; /* those of the other family are left out */
	size_t addr_count;
};

/* The option's data, as DHCP servers take it: code and length are theirs to write.
 * CARDEA_EMALFORMED without an address of the family, for a client cannot ask for one;
 * CARDEA_ELIMIT when it would not fit an option. */
int dnr_build_dhcp4(struct writer *w, const struct dnr *d) CARDEA_MUSTCHECK;
int dnr_build_dhcp6(struct writer *w, const struct dnr *d) CARDEA_MUSTCHECK;
/* The whole option, type and length included. */
int dnr_build_ra(struct writer *w, const struct dnr *d, uint32_t lifetime_s)
	CARDEA_MUSTCHECK;

#endif
