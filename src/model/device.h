// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* device - a thing on the LAN. The MAC is its key in this version. */
#ifndef CARDEA_MODEL_DEVICE_H
#define CARDEA_MODEL_DEVICE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/clock.h"
#include "model/device_class.h"
#include "model/ids.h"
#include "model/limits.h"

/* How an address was learned, weakest first: a stronger source moves the address. */
enum addr_source {
	ADDR_SOURCE_ARP,
	ADDR_SOURCE_ND,
	ADDR_SOURCE_DHCP6,
	ADDR_SOURCE_DHCP4,
	ADDR_SOURCE_SELF, /* the gateway's own */
	ADDR_SOURCE_MAX,
};

struct device_addr {
	struct addr addr;
	enum addr_source source;
	nstime expires; /* wall */
};

enum device_state {
	DEVICE_NEW,	  /* seen, nothing known */
	DEVICE_WATCHED,	  /* no usable profile: reported, not enforced */
	DEVICE_PROTECTED, /* profile enforced */
	DEVICE_QUARANTINED, /* held: only what enum device_hold leaves to it */
	DEVICE_STATE_MAX,
};

/* How far it is held; docs/lifecycle.md says what each leaves to a device. */
enum device_hold {
	HOLD_NONE,
	HOLD_LIMITED,	  /* the house as before; of the internet only update hosts */
	HOLD_QUARANTINED, /* names, time and portal of this gateway, and update hosts */
	HOLD_REFUSED,	  /* retired: nothing, not even a name */
	HOLD_MAX,
};

/* Who says which MUD file is the device's; what each is worth as proof of identity
 * (RFC 8520 16): anybody can say anything by DHCP and LLDP. */
enum url_source {
	URL_SOURCE_NONE,
	URL_SOURCE_LLDP,
	URL_SOURCE_DHCP,
	URL_SOURCE_QR,		/* the owner read the code on the device (RFC 9238) */
	URL_SOURCE_CERTIFICATE, /* 802.1X with a device certificate (RFC 8520 11) */
	URL_SOURCE_OWNER,	/* the owner's hand */
	URL_SOURCE_MAX,
};

struct device {
	device_id id;
	struct mac mac;
	enum device_state state;
	char name[LIMIT_LABEL];	       /* the owner's, or made from what is known */
	bool named_by_owner;
	char hostname[LIMIT_HOSTNAME]; /* untrusted text, from DHCP */
	char vendor_class[LIMIT_LABEL];/* untrusted text, from DHCP */
	char mud_url[LIMIT_URL];       /* untrusted text, from url_source */
	enum url_source url_source;
	enum device_class class;       /* as the owner says */
	bool confirmed; /* the owner vouches that it is what its MUD URL says */
	char mud_signer[LIMIT_TEXT];   /* id-pe-mudsigner of its certificate; or empty */
	enum device_hold hold;
	char quarantine[LIMIT_TEXT];   /* why it is held; empty when it is not */
	char problem[LIMIT_TEXT];      /* why it is only watched; empty when none */
	nstime first_seen, last_seen;  /* wall */
	struct device_addr addrs[LIMIT_ADDRS_PER_DEVICE];
	uint32_t addr_count;
};

const char *addr_source_name(enum addr_source s);
const char *device_state_name(enum device_state s); /* "new", "watched", "protected",
						     * "quarantined" */
const char *device_hold_name(enum device_hold h); /* "none", "limited", "quarantined",
						   * "refused" */
const char *url_source_name(enum url_source s);	    /* "none", "lldp", "dhcp", "qr",
						     * "certificate", "owner" */
/* Its MUD URL is more than its own word: it may be a member of classes of devices. */
bool device_is_proven(const struct device *d);
/* A profile is enforced for it, whole or in part. */
bool device_is_enforced(const struct device *d);

#endif
