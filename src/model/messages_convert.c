// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* messages_convert - rules, elements and profiles as messages and back. The way back
 * takes nothing on trust: the sender may be a process that was taken over. */
#include "model/messages.h"

#include "base/str.h"
#include "model/element.h"
#include "model/profile.h"
#include "model/rule.h"

static bool is_family(uint8_t family)
{
	return family == 0 || family == 4 || family == 6;
}

static bool is_prefix(const struct addr *a, uint8_t len)
{
	if (len > addr_bits(a))
		return false;
	struct prefix p = prefix_of(a, len);
	return addr_equal(&p.addr, a);
}

/* -1 is "any" for protocol, ICMP type and code alike. */
static bool is_any_or_u8(int64_t v)
{
	return v >= -1 && v <= UINT8_MAX;
}

void message_from_rule(struct message *m, uint64_t id, const struct rule *r)
{
	*m = (struct message){.type = MESSAGE_PROFILE_RULE};
	struct message_profile_rule *to = &m->profile_rule;

	to->id = id;
	to->rule = r->id;
	to->direction = (uint8_t)r->direction;
	to->initiator = (uint8_t)r->initiator;
	to->action = (uint8_t)r->action;
	to->family = r->family;
	to->proto = r->proto;
	to->icmp_type = r->icmp_type;
	to->icmp_code = r->icmp_code;
	to->device_port_lo = r->device_port.lo;
	to->device_port_hi = r->device_port.hi;
	to->peer_port_lo = r->peer_port.lo;
	to->peer_port_hi = r->peer_port.hi;
	to->peer_kind = (uint8_t)r->peer.kind;
	to->prefix = r->peer.prefix.addr;
	to->prefix_len = r->peer.prefix.len;
	to->status = (uint8_t)r->status;
	to->line = r->line;
	str_copy(to->name, sizeof to->name, r->peer.name);
	str_copy(to->acl, sizeof to->acl, r->acl);
	str_copy(to->ace, sizeof to->ace, r->ace);
	str_copy(to->detail, sizeof to->detail, r->detail);
}

static bool rule_enums_hold(const struct message_profile_rule *m)
{
	return m->direction < DIRECTION_MAX && m->initiator <= INITIATOR_PEER &&
		m->action <= RULE_DROP && m->peer_kind < PEER_MAX &&
		m->status <= RULE_UNENFORCEABLE && is_family(m->family);
}

static bool rule_ranges_hold(const struct message_profile_rule *m)
{
	return m->device_port_lo <= m->device_port_hi &&
		m->peer_port_lo <= m->peer_port_hi && is_any_or_u8(m->proto) &&
		is_any_or_u8(m->icmp_type) && is_any_or_u8(m->icmp_code);
}

/* A prefix peer without a prefix, or a name peer without a name, would match anything. */
static bool rule_peer_holds(const struct message_profile_rule *m)
{
	if (!is_prefix(&m->prefix, m->prefix_len))
		return false;
	if (m->peer_kind == PEER_PREFIX)
		return m->prefix.family != 0;
	return m->peer_kind != PEER_NAME || m->name[0];
}

/* The message carries no layer: the courier brings manufacturers' files alone. */
int message_to_rule(const struct message_profile_rule *m, struct rule *ret)
{
	if (!rule_enums_hold(m) || !rule_ranges_hold(m) || !rule_peer_holds(m))
		return CARDEA_EMALFORMED;
	*ret = (struct rule){
		.id = m->rule,
		.direction = (enum direction)m->direction,
		.initiator = (enum initiator)m->initiator,
		.action = (enum rule_action)m->action,
		.family = m->family,
		.proto = (int16_t)m->proto,
		.icmp_type = (int16_t)m->icmp_type,
		.icmp_code = (int16_t)m->icmp_code,
		.device_port = {m->device_port_lo, m->device_port_hi},
		.peer_port = {m->peer_port_lo, m->peer_port_hi},
		.peer = {.kind = (enum peer_kind)m->peer_kind,
			.prefix = {.addr = m->prefix, .len = m->prefix_len}},
		.layer = LAYER_MANUFACTURER,
		.status = (enum rule_status)m->status,
		.line = m->line,
	};
	str_copy(ret->peer.name, sizeof ret->peer.name, m->name);
	str_copy(ret->acl, sizeof ret->acl, m->acl);
	str_copy(ret->ace, sizeof ret->ace, m->ace);
	str_copy(ret->detail, sizeof ret->detail, m->detail);
	return 0;
}

void message_from_element(struct message *m, bool remove, const struct element *e)
{
	*m = (struct message){.type = MESSAGE_ELEMENT};
	m->element = (struct message_element){
		.remove = remove,
		.kind = (uint8_t)e->kind,
		.family = e->family,
		.mac = e->mac,
		.device = e->device,
		.peer_lo = e->peer_lo,
		.peer_hi = e->peer_hi,
		.proto_lo = e->proto_lo,
		.proto_hi = e->proto_hi,
		.device_port_lo = e->device_port.lo,
		.device_port_hi = e->device_port.hi,
		.peer_port_lo = e->peer_port.lo,
		.peer_port_hi = e->peer_port.hi,
		.timeout_s = e->timeout_s,
	};
}

static bool element_ranges_hold(const struct message_element *m)
{
	return m->peer_lo.family == m->peer_hi.family &&
		addr_compare(&m->peer_lo, &m->peer_hi) <= 0 &&
		m->proto_lo <= m->proto_hi && m->device_port_lo <= m->device_port_hi &&
		m->peer_port_lo <= m->peer_port_hi;
}

int message_to_element(const struct message_element *m, struct element *ret)
{
	if (m->kind >= ELEMENT_KIND_MAX || !is_family(m->family) ||
		!element_ranges_hold(m))
		return CARDEA_EMALFORMED;
	*ret = (struct element){
		.kind = (enum element_kind)m->kind,
		.family = m->family,
		.mac = m->mac,
		.device = m->device,
		.peer_lo = m->peer_lo,
		.peer_hi = m->peer_hi,
		.proto_lo = m->proto_lo,
		.proto_hi = m->proto_hi,
		.device_port = {m->device_port_lo, m->device_port_hi},
		.peer_port = {m->peer_port_lo, m->peer_port_hi},
		.timeout_s = m->timeout_s,
	};
	return 0;
}

void message_from_profile(struct message *m, uint64_t id, const struct profile *p)
{
	*m = (struct message){.type = MESSAGE_PROFILE};
	struct message_profile *to = &m->profile;

	to->id = id;
	to->last_update = p->last_update;
	to->cache_validity_h = p->cache_validity_h;
	to->is_supported = p->is_supported;
	to->signature = (uint8_t)p->signature;
	to->rule_count = p->rule_count;
	to->note_count = p->note_count;
	str_copy(to->url, sizeof to->url, p->url);
	str_copy(to->systeminfo, sizeof to->systeminfo, p->systeminfo);
	str_copy(to->mfg_name, sizeof to->mfg_name, p->mfg_name);
	str_copy(to->model_name, sizeof to->model_name, p->model_name);
	str_copy(to->documentation, sizeof to->documentation, p->documentation);
	str_copy(to->signer, sizeof to->signer, p->signer);
	memcpy(to->sha256, p->sha256, sizeof to->sha256);
}

/* The counts stay in the message: the profile's own grow with the rules and notes that
 * really arrive, so they never promise more than the arrays hold. */
int message_to_profile(const struct message_profile *m, struct profile *ret)
{
	if (m->signature > SIGNATURE_UNCHECKED || m->rule_count > LIMIT_RULES ||
		m->note_count > LIMIT_NOTES)
		return CARDEA_EMALFORMED;
	*ret = (struct profile){
		.last_update = m->last_update,
		.cache_validity_h = m->cache_validity_h,
		.is_supported = m->is_supported,
		.signature = (enum signature_state)m->signature,
		/* Unsigned, anybody may have written it (RFC 8520 13). */
		.layer = m->signature == SIGNATURE_VALID ? LAYER_MANUFACTURER
							 : LAYER_CROWD,
	};
	str_copy(ret->url, sizeof ret->url, m->url);
	str_copy(ret->systeminfo, sizeof ret->systeminfo, m->systeminfo);
	str_copy(ret->mfg_name, sizeof ret->mfg_name, m->mfg_name);
	str_copy(ret->model_name, sizeof ret->model_name, m->model_name);
	str_copy(ret->documentation, sizeof ret->documentation, m->documentation);
	str_copy(ret->signer, sizeof ret->signer, m->signer);
	memcpy(ret->sha256, m->sha256, sizeof ret->sha256);
	return 0;
}
