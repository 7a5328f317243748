// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* record - one conversation of a device as it was observed: who began, with whom, by
 * which name, how much. What learning and exposure analysis are made from. */
#ifndef CARDEA_MODEL_RECORD_H
#define CARDEA_MODEL_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/clock.h"
#include "model/flow.h"
#include "model/limits.h"

/* Where the other end is. */
enum record_place {
	RECORD_INTERNET,
	RECORD_GATEWAY, /* an address of the gateway itself */
	RECORD_DEVICE,	/* another device of the LAN: peer_mac */
	RECORD_GROUP,	/* multicast or broadcast */
	RECORD_PLACE_MAX,
};

/* How the peer's name is known; the first that applies. */
enum record_naming {
	RECORD_UNNAMED,
	RECORD_ANSWER, /* an answer that this device was given (RFC 9726) */
	RECORD_SNI,    /* TLS or QUIC server name */
	RECORD_HOST,   /* HTTP Host */
	RECORD_NAMING_MAX,
};

/* What is spoken, when that was seen; by port alone it stays NONE. */
enum record_app {
	RECORD_APP_NONE,
	RECORD_APP_DNS,	 /* detail: "A cloud.example.com" of a question */
	RECORD_APP_MDNS, /* detail: "PTR _hue._tcp.local", as DNS */
	RECORD_APP_DHCP,
	RECORD_APP_NTP,
	RECORD_APP_HTTP, /* detail: "GET /path" without query */
	RECORD_APP_TLS,	 /* detail: ALPN names, comma between */
	RECORD_APP_QUIC, /* the same */
	RECORD_APP_SSDP, /* detail: "M-SEARCH ssdp:all", method and ST or NT */
	RECORD_APP_COAP, /* detail: "GET /uri" */
	RECORD_APP_MQTT, /* detail: "MQTT", or "MQIsdp" */
	RECORD_APP_MAX,
};

struct record {
	struct mac device;
	nstime first, last; /* wall, of its packets */
	enum direction direction; /* of the first packet: who began */
	bool midstream; /* it was under way: direction is by SYN+ACK or the lower port */
	bool answered;	/* packets went both ways */
	uint8_t family; /* 4, 6 */
	uint8_t proto;
	uint16_t device_port, peer_port; /* ICMP: type and 0 in peer_port */
	struct addr device_addr, peer;
	enum record_place place;
	struct mac peer_mac; /* of RECORD_DEVICE */
	enum record_naming naming;
	char name[LIMIT_NAME]; /* lower case, no trailing dot; or empty */
	enum record_app app;
	char detail[LIMIT_TEXT]; /* as above; printable ASCII, cut when longer; or empty */
	uint64_t packets[DIRECTION_MAX], bytes[DIRECTION_MAX]; /* IP length */
};

const char *record_place_name(enum record_place p);   /* "internet", "gateway", ... */
const char *record_naming_name(enum record_naming n); /* "none", "dns", "sni", "host" */
const char *record_app_name(enum record_app a);	      /* "", "dns", "mdns", ... */
/* Octets of a TCP segment without data, or of an answer of ICMP, at most. */
#define RECORD_EMPTY 60
/* The port that the service has: the peer's when the device began, else the device's. */
static inline uint16_t record_port(const struct record *r)
{
	return r->direction == DIRECTION_FROM_DEVICE ? r->peer_port : r->device_port;
}

/* Nothing was said: no answer, or TCP segments without data and a reset. */
static inline bool record_is_in_vain(const struct record *r)
{
	uint64_t packets = r->packets[0] + r->packets[1], bytes = r->bytes[0] + r->bytes[1];

	return !r->answered || (r->proto == FLOW_PROTO_TCP && bytes <= packets * RECORD_EMPTY);
}

/* All of it but what is behind the ends of its texts. */
void record_copy(struct record *ret, const struct record *r);

#endif
