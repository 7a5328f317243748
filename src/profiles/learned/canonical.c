// SPDX-License-Identifier: GPL-2.0-or-later
/* canonical - a conversation without what is chance in it: the ports and addresses that
 * are another's tomorrow, and what no policy decides. */
#include "profiles/learned/learned_priv.h"

#include <stdio.h>

#define PROTO_IGMP 2
#define PORT_DNS 53
#define PORT_NTP 123
#define PORT_SYSTEM 1024 /* below, nobody gets one by chance */

_Static_assert(sizeof((struct record *)0)->detail <= sizeof((struct canonical *)0)->text,
	"what is said is part of a detail");

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
	return r->answered || (r->proto == FLOW_PROTO_UDP && r->place == RECORD_DEVICE);
}

/* Nobody is there, and no name says who was meant: no access is needed for that. */
static bool is_void(const struct record *r)
{
	return r->direction == DIRECTION_FROM_DEVICE && r->place == RECORD_INTERNET &&
	       !r->answered && !r->name[0];
}

/* What names of the internet are made of. */
enum { CHAR_ODD, CHAR_OF_LABEL, CHAR_DOT };
static const uint8_t chars[256] = {['a' ... 'z'] = CHAR_OF_LABEL,
	['0' ... '9'] = CHAR_OF_LABEL,
	['-'] = CHAR_OF_LABEL,
	['_'] = CHAR_OF_LABEL,
	['.'] = CHAR_DOT};

/* The name's length; 0: it is not sound. */
static size_t sound_length(const char *name)
{
	uint8_t before = CHAR_DOT, now;
	size_t i = 0;

	for (; name[i]; before = now, i++) {
		now = chars[(unsigned char)name[i]];
		if (now == CHAR_ODD || (now & before) == CHAR_DOT)
			return 0;
	}
	return before != CHAR_DOT && i <= LIMIT_NAME - 3 ? i : 0;
}

bool learned_name_is_sound(const char *name)
{
	return sound_length(name) > 0;
}

/* Who answers what a group was asked begins a conversation of its own: from the port of
 * the service to one that is another each time. */
static bool is_answer(uint16_t source, uint16_t port)
{
	return source && source < LEARNED_PORT_DYNAMIC && port >= LEARNED_PORT_DYNAMIC;
}

static void set_port(const struct record *r, struct learned_key *k)
{
	uint16_t source =
		r->direction == DIRECTION_FROM_DEVICE ? r->device_port : r->peer_port;

	switch (r->proto) {
	case FLOW_PROTO_UDP:
		k->port_any = is_answer(source, record_port(r));
		k->source_port = k->port_any ? source : 0;
		k->port = k->port_any ? 0 : record_port(r);
		break;
	case FLOW_PROTO_TCP:
		k->port = record_port(r);
		break;
	case FLOW_PROTO_ICMP:
	case FLOW_PROTO_ICMP6:
		k->port = r->device_port; /* the type */
		break;
	default:
		break;
	}
}

/* Who answers for names and time in the house has that role, whichever box it is. */
static bool is_server_of_house(const struct record *r)
{
	return r->place == RECORD_DEVICE && r->direction == DIRECTION_FROM_DEVICE &&
	       (r->peer_port == PORT_DNS ||
		       (r->peer_port == PORT_NTP && r->proto == FLOW_PROTO_UDP));
}

static void conversation(const struct record *r, struct canonical *c)
{
	struct learned_key *k = &c->key;

	*k = (struct learned_key){0};
	c->text[0] = '\0';
	c->len = 0;
	k->direction = (uint8_t)r->direction;
	k->family = r->family;
	k->proto = r->proto;
	k->place = (uint8_t)(is_server_of_house(r) ? RECORD_GATEWAY : r->place);
	set_port(r, k);
	switch ((enum record_place)k->place) {
	case RECORD_INTERNET:
		c->len = sound_length(r->name);
		if (c->len)
			memcpy(c->text, r->name, c->len + 1);
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

/* Who announces himself tells of his root, his UUID and each of his services in one go
 * (UPnP Device Architecture 1.1, 1.2.2), and takes all of it back so. */
static bool is_announcement(const struct record *r)
{
	return r->app == RECORD_APP_SSDP && strncmp(r->detail, "NOTIFY ", 7) == 0;
}

static const char *said_object(const struct record *r, const char *object)
{
	if (is_announcement(r))
		return "";
	if (r->app == RECORD_APP_MDNS)
		return service_of(object);
	if (r->app == RECORD_APP_SSDP && strncmp(object, "uuid:", 5) == 0)
		return "uuid";
	return object;
}

/* "A cloud.example.com", "M-SEARCH ssdp:all": what is asked tells what is to come, and
 * is a kind of its own, whomever and over which IP it is asked. */
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
	c->key = (struct learned_key){0};
	c->key.said = (uint8_t)r->app;
	c->key.direction = (uint8_t)r->direction;
	c->key.proto = r->proto;
	c->key.place = r->app == RECORD_APP_DNS ? RECORD_GATEWAY : RECORD_GROUP;
	memcpy(c->key.verb, r->detail, verb);
	c->len = strlen(object);
	memcpy(c->text, object, c->len + 1); /* as long as a detail at most */
	return true;
}

/* It was under way when the capture began, or is the last word of one that has ended,
 * which is nothing. The lower port says little on the internet: behind NAT it is the
 * device that begins. */
static bool mend_midstream(struct record *r)
{
	uint64_t packets = r->packets[0] + r->packets[1];

	if (!r->midstream || r->proto != FLOW_PROTO_TCP)
		return true;
	if (r->bytes[0] + r->bytes[1] <= packets * LEARNED_EMPTY_BYTES)
		return false;
	if (r->place == RECORD_INTERNET && r->device_port >= PORT_SYSTEM)
		r->direction = DIRECTION_FROM_DEVICE;
	return true;
}

size_t learned_canonical(struct record *r, struct canonical out[LEARNED_CANONICAL_MAX])
{
	if (!mend_midstream(r) || r->peer.family != r->family)
		return 0;
	if ((r->family != 4 && r->family != 6) || is_icmp_error(r, r->device_port) ||
		is_infrastructure(r, r->device_port) || !is_own(r) || is_void(r))
		return 0;
	conversation(r, &out[0]);
	return speech(r, &out[1]) ? 2 : 1;
}
