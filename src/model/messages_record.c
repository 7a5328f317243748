// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* messages_record - observed conversations as messages and back. Who reads strangers'
 * packets all day may have been taken over: the way back takes nothing on trust. */
#include "model/messages.h"

#include "base/str.h"
#include "model/record.h"

void message_from_record(struct message *m, const struct record *r)
{
	struct message_record *to = &m->record;

	m->type = MESSAGE_RECORD; /* the rest of the union is large, and nobody's */
	to->mac = r->device;
	to->first = r->first;
	to->last = r->last;
	to->direction = (uint8_t)r->direction;
	to->midstream = r->midstream;
	to->answered = r->answered;
	to->family = r->family;
	to->proto = r->proto;
	to->device_port = r->device_port;
	to->peer_port = r->peer_port;
	to->device = r->device_addr;
	to->peer = r->peer;
	to->place = (uint8_t)r->place;
	/* a stranger's frame may say that a group has sent it */
	to->peer_mac = mac_is_group(&r->peer_mac) ? (struct mac){0} : r->peer_mac;
	to->naming = (uint8_t)r->naming;
	to->app = (uint8_t)r->app;
	to->packets_from = r->packets[DIRECTION_FROM_DEVICE];
	to->packets_to = r->packets[DIRECTION_TO_DEVICE];
	to->bytes_from = r->bytes[DIRECTION_FROM_DEVICE];
	to->bytes_to = r->bytes[DIRECTION_TO_DEVICE];
	str_copy(to->name, sizeof to->name, r->name);
	str_copy(to->detail, sizeof to->detail, r->detail);
}

static bool is_ascii(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static bool enums_hold(const struct message_record *m)
{
	return m->direction < DIRECTION_MAX && m->place < RECORD_PLACE_MAX &&
		m->naming < RECORD_NAMING_MAX && m->app < RECORD_APP_MAX;
}

static bool ends_hold(const struct message_record *m)
{
	return (m->family == 4 || m->family == 6) && m->device.family == m->family &&
		m->peer.family == m->family && !mac_is_zero(&m->mac) &&
		!mac_is_group(&m->mac) && !mac_is_group(&m->peer_mac) &&
		(m->place == RECORD_DEVICE || mac_is_zero(&m->peer_mac));
}

int message_to_record(const struct message_record *m, struct record *ret)
{
	if (!enums_hold(m) || !ends_hold(m) || m->first < 0 || m->last < m->first ||
		!is_ascii(m->name) || !is_ascii(m->detail) ||
		(m->naming != RECORD_UNNAMED) != (m->name[0] != '\0'))
		return CARDEA_EMALFORMED;
	*ret = (struct record){
		.device = m->mac,
		.first = m->first,
		.last = m->last,
		.direction = (enum direction)m->direction,
		.midstream = m->midstream,
		.answered = m->answered,
		.family = m->family,
		.proto = m->proto,
		.device_port = m->device_port,
		.peer_port = m->peer_port,
		.device_addr = m->device,
		.peer = m->peer,
		.place = (enum record_place)m->place,
		.peer_mac = m->peer_mac,
		.naming = (enum record_naming)m->naming,
		.app = (enum record_app)m->app,
		.packets = {m->packets_from, m->packets_to},
		.bytes = {m->bytes_from, m->bytes_to},
	};
	str_copy(ret->name, sizeof ret->name, m->name);
	str_copy(ret->detail, sizeof ret->detail, m->detail);
	return 0;
}
