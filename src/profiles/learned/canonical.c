// SPDX-License-Identifier: GPL-2.0-or-later
/* canonical - a conversation without what is chance in it: the ports and addresses that
 * are another's tomorrow, and what no policy decides. */
#include "profiles/learned/learned_priv.h"

#include <stdio.h>

#define PROTO_IGMP 2
#define PORT_MDNS 5353
#define PORT_SSDP 1900
#define PORT_WSD 3702
#define PORT_COAP 5683
#define PORT_NETBIOS 137
#define PORT_DYNAMIC 1024 /* what a socket gets that asks for none is never below */

/* RFC 792, RFC 4443: it belongs to the conversation that it is about. */
static bool is_icmp_error(const struct record *r, uint16_t type)
{
	if (r->proto == FLOW_PROTO_ICMP)
		return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
	return r->proto == FLOW_PROTO_ICMP6 && type >= 1 && type <= 4;
}

/* RFC 2710, RFC 3810, RFC 4861, RFC 2236: without it there is no network at all. */
static bool is_infrastructure(const struct record *r, uint16_t type)
{
	return r->proto == PROTO_IGMP ||
	       (r->proto == FLOW_PROTO_ICMP6 && type >= 130 && type <= 143);
}

/* What reached the device without its answer is others' behaviour, and so is what all
 * of the LAN was sent. One-way UDP of the house is how some hubs command. */
static bool is_own(const struct record *r)
{
	if (r->direction == DIRECTION_FROM_DEVICE)
		return true;
	if (r->place == RECORD_GROUP)
		return false;
	return r->answered ||
	       (r->proto == FLOW_PROTO_UDP && r->place == RECORD_DEVICE);
}

/* Nobody is there, and no name says who was meant: no access is needed for that. */
static bool is_void(const struct record *r)
{
	return r->direction == DIRECTION_FROM_DEVICE && r->place == RECORD_INTERNET &&
	       !r->answered && !r->name[0];
}

bool learned_name_is_sound(const char *name)
{
	char before = '.';

	for (size_t i = 0; name[i]; before = name[i++]) {
		char c = name[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			      c == '-' || c == '_';

		if (i >= LIMIT_NAME - 3 || (!letter && (c != '.' || before == '.')))
			return false;
	}
	return before != '.';
}

/* An answer to what the device asked a group comes from the service's port to a port
 * that is another one each time. */
static bool is_discovery_answer(const struct record *r)
{
	return r->direction == DIRECTION_TO_DEVICE && r->proto == FLOW_PROTO_UDP &&
	       r->device_port >= PORT_DYNAMIC && r->device_port != r->peer_port &&
	       (r->peer_port == PORT_SSDP || r->peer_port == PORT_MDNS ||
		       r->peer_port == PORT_WSD || r->peer_port == PORT_COAP ||
		       r->peer_port == PORT_NETBIOS);
}

static void set_port(const struct record *r, struct learned_key *k)
{
	switch (r->proto) {
	case FLOW_PROTO_TCP:
	case FLOW_PROTO_UDP:
		k->port_any = is_discovery_answer(r);
		k->port = k->port_any ? 0 : record_port(r);
		break;
	case FLOW_PROTO_ICMP:
	case FLOW_PROTO_ICMP6:
		k->port = r->device_port; /* the type */
		break;
	default:
		break;
	}
}

static void conversation(const struct record *r, struct canonical *c)
{
	struct learned_key *k = &c->key;

	*c = (struct canonical){0};
	k->direction = (uint8_t)r->direction;
	k->family = r->family;
	k->proto = r->proto;
	k->place = (uint8_t)r->place;
	set_port(r, k);
	switch (r->place) {
	case RECORD_INTERNET:
		if (learned_name_is_sound(r->name))
			str_copy(c->text, sizeof c->text, r->name);
		else
			k->peer = r->peer;
		break;
	case RECORD_GROUP:
		k->peer = r->peer;
		break;
	case RECORD_DEVICE:
		k->mac = r->peer_mac;
		break;
	case RECORD_GATEWAY:
	case RECORD_PLACE_MAX:
		break;
	}
}

/* "_hue._tcp.local" of "Kitchen._hue._tcp.local"; hosts of the house are all alike. */
static const char *service_of(const char *name)
{
	const char *service = name[0] == '_' ? name : strstr(name, "._");

	if (!service)
		return "local";
	return *service == '.' ? service + 1 : service;
}

static const char *said_object(const struct record *r, const char *object)
{
	if (r->app == RECORD_APP_MDNS)
		return service_of(object);
	if (r->app == RECORD_APP_SSDP && strncmp(object, "uuid:", 5) == 0)
		return "uuid";
	return object;
}

/* "A cloud.example.com", "M-SEARCH ssdp:all": what is asked tells what is to come, and
 * is a kind of its own, whomever it is asked. */
static bool speech(const struct record *r, struct canonical *c)
{
	const char *space = strchr(r->detail, ' ');
	const char *object = space ? space + 1 : "";
	size_t verb = space ? (size_t)(space - r->detail) : 0;

	if (r->app != RECORD_APP_DNS && r->app != RECORD_APP_MDNS &&
		r->app != RECORD_APP_SSDP)
		return false;
	if (r->direction != DIRECTION_FROM_DEVICE || !verb || verb > LEARNED_VERB_MAX)
		return false;
	object = said_object(r, object);
	if (r->app == RECORD_APP_DNS && !learned_name_is_sound(object))
		return false;
	*c = (struct canonical){0};
	c->key.said = (uint8_t)r->app;
	c->key.direction = (uint8_t)r->direction;
	c->key.family = r->family;
	c->key.proto = r->proto;
	c->key.place = (uint8_t)r->place;
	c->key.port = record_port(r);
	memcpy(c->key.verb, r->detail, verb);
	str_copy(c->text, sizeof c->text, object);
	return true;
}

size_t learned_canonical(const struct record *r, struct canonical out[LEARNED_CANONICAL_MAX])
{
	if ((r->family != 4 && r->family != 6) || is_icmp_error(r, r->device_port) ||
		is_infrastructure(r, r->device_port) || !is_own(r) || is_void(r))
		return 0;
	conversation(r, &out[0]);
	return speech(r, &out[1]) ? 2 : 1;
}
