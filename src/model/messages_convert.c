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
	to->peer_mac = r->peer.mac;
	to->ethertype = r->ethertype;
	to->quarantine = r->quarantine;
	to->tls = r->tls;
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
		m->status < RULE_STATUS_MAX && m->tls <= LIMIT_TLS_PROFILES && is_family(m->family);
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
	if (m->peer_kind == PEER_MAC)
		return !mac_is_zero(&m->peer_mac);
	return m->peer_kind != PEER_NAME || m->name[0];
}

/* Frames that are not IP have nothing but MACs to go by; a rule about IP's own types is
 * one about IP. */
static bool rule_ethertype_holds(const struct message_profile_rule *m)
{
	if (m->ethertype == RULE_ETHERTYPE_IP)
		return true;
	return m->ethertype >= 0 && m->ethertype <= UINT16_MAX &&
		m->ethertype != 0x0800 && m->ethertype != 0x86dd &&
		(m->peer_kind == PEER_ANY || m->peer_kind == PEER_MAC);
}

/* The message carries no layer: the courier brings manufacturers' files alone. */
int message_to_rule(const struct message_profile_rule *m, struct rule *ret)
{
	if (!rule_enums_hold(m) || !rule_ranges_hold(m) || !rule_peer_holds(m) ||
		!rule_ethertype_holds(m))
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
			.prefix = {.addr = m->prefix, .len = m->prefix_len},
			.mac = m->peer_mac},
		.ethertype = (int32_t)m->ethertype,
		.quarantine = m->quarantine,
		.tls = m->tls,
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

/* What names an element: the same in what the enforcer is told and in what it counts. */
#define KEY_TO_MESSAGE(e)							\
	.kind = (uint8_t)(e)->kind,						\
	.family = (e)->family,							\
	.mac = (e)->mac,							\
	.device = (e)->device,							\
	.peer_lo = (e)->peer_lo,						\
	.peer_hi = (e)->peer_hi,						\
	.proto_lo = (e)->proto_lo,						\
	.proto_hi = (e)->proto_hi,						\
	.device_port_lo = (e)->device_port.lo,					\
	.device_port_hi = (e)->device_port.hi,					\
	.peer_port_lo = (e)->peer_port.lo,					\
	.peer_port_hi = (e)->peer_port.hi
#define KEY_FROM_MESSAGE(m)							\
	.kind = (enum element_kind)(m)->kind,					\
	.family = (m)->family,							\
	.mac = (m)->mac,							\
	.device = (m)->device,							\
	.peer_lo = (m)->peer_lo,						\
	.peer_hi = (m)->peer_hi,						\
	.proto_lo = (m)->proto_lo,						\
	.proto_hi = (m)->proto_hi,						\
	.device_port = {(m)->device_port_lo, (m)->device_port_hi},		\
	.peer_port = {(m)->peer_port_lo, (m)->peer_port_hi}

void message_from_element(struct message *m, bool remove, const struct element *e)
{
	m->type = MESSAGE_ELEMENT; /* the rest of the union is large, and nobody's */
	m->element = (struct message_element){
		.remove = remove,
		KEY_TO_MESSAGE(e),
		.ether_type = e->ether_type,
		.peer_mac_lo = e->peer_mac_lo,
		.peer_mac_hi = e->peer_mac_hi,
		.rate = e->rate,
		.name_hash = e->name_hash,
		.name_suffix = e->name_suffix,
		.gate = e->gate,
		.open_s = e->open_s,
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
		KEY_FROM_MESSAGE(m),
		.ether_type = m->ether_type,
		.peer_mac_lo = m->peer_mac_lo,
		.peer_mac_hi = m->peer_mac_hi,
		.rate = m->rate,
		.name_hash = m->name_hash,
		.gate = m->gate,
		.open_s = m->open_s,
		.name_suffix = m->name_suffix,
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
	to->has_quarantine = p->has_quarantine;
	to->tls_supported = p->tls_supported;
	to->rule_count = p->rule_count;
	to->note_count = p->note_count;
	to->tls_count = p->tls_count;
	to->limit_count = p->limit_count;
	to->link_count = p->link_count;
	str_copy(to->url, sizeof to->url, p->url);
	str_copy(to->systeminfo, sizeof to->systeminfo, p->systeminfo);
	str_copy(to->mfg_name, sizeof to->mfg_name, p->mfg_name);
	str_copy(to->model_name, sizeof to->model_name, p->model_name);
	str_copy(to->documentation, sizeof to->documentation, p->documentation);
	str_copy(to->signer, sizeof to->signer, p->signer);
	str_copy(to->signer_key, sizeof to->signer_key, p->signer_key);
	str_copy(to->signature_text, sizeof to->signature_text, p->signature_text);
	str_copy(to->etag, sizeof to->etag, p->etag);
	memcpy(to->sha256, p->sha256, sizeof to->sha256);
}

/* The counts stay in the message: the profile's own grow with the rules and notes that
 * really arrive, so they never promise more than the arrays hold. */
int message_to_profile(const struct message_profile *m, struct profile *ret)
{
	if (m->signature >= SIGNATURE_STATE_MAX || m->rule_count > LIMIT_RULES ||
		m->note_count > LIMIT_NOTES || m->tls_count > LIMIT_TLS_PROFILES ||
		m->limit_count > LIMIT_PROFILE_LIMITS || m->link_count > LIMIT_LINKS)
		return CARDEA_EMALFORMED;
	*ret = (struct profile){
		.last_update = m->last_update,
		.cache_validity_h = m->cache_validity_h,
		.is_supported = m->is_supported,
		.signature = (enum signature_state)m->signature,
		.has_quarantine = m->has_quarantine,
		.tls_supported = m->tls_supported,
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
	str_copy(ret->signer_key, sizeof ret->signer_key, m->signer_key);
	str_copy(ret->signature_text, sizeof ret->signature_text, m->signature_text);
	str_copy(ret->etag, sizeof ret->etag, m->etag);
	memcpy(ret->sha256, m->sha256, sizeof ret->sha256);
	return 0;
}

#define TLS_LISTS(LIST)                                                                  \
	LIST(versions) LIST(ciphers) LIST(extensions) LIST(groups) LIST(signatures)      \
	LIST(signatures_cert) LIST(modes) LIST(compressions)

void message_from_tls(struct message *m, uint64_t id, const struct tls_profile *t)
{
	*m = (struct message){.type = MESSAGE_PROFILE_TLS};
	struct message_profile_tls *to = &m->profile_tls;

	to->id = id;
	str_copy(to->name, sizeof to->name, t->name);
	str_copy(to->alpn, sizeof to->alpn, t->alpn);
	to->has_authorities = t->has_authorities;
#define LIST(name) to->name = t->name;
	TLS_LISTS(LIST)
#undef LIST
}

int message_to_note(const struct message_profile_note *m, struct note *ret)
{
	if (m->level > NOTE_ERROR)
		return CARDEA_EMALFORMED;
	ret->level = (enum note_level)m->level;
	ret->line = m->line;
	ret->column = m->column;
	str_copy(ret->path, sizeof(ret->path), m->path);
	str_copy(ret->text, sizeof(ret->text), m->text);
	return 0;
}

int message_to_tls(const struct message_profile_tls *m, struct tls_profile *ret)
{
	*ret = (struct tls_profile){.has_authorities = m->has_authorities};
	str_copy(ret->name, sizeof ret->name, m->name);
	str_copy(ret->alpn, sizeof ret->alpn, m->alpn);
#define LIST(name) ret->name = m->name;
	TLS_LISTS(LIST)
#undef LIST
	return 0;
}

void message_from_limit(struct message *m, uint64_t id, const struct profile_limit *l)
{
	*m = (struct message){.type = MESSAGE_PROFILE_LIMIT};
	struct message_profile_limit *to = &m->profile_limit;

	to->id = id;
	to->direction = (uint8_t)l->direction;
	to->timeframe_s = l->timeframe_s;
	to->packets = l->packets;
	to->bytes = l->bytes;
	str_copy(to->service, sizeof to->service, l->service);
	str_copy(to->acl, sizeof to->acl, l->acl);
}

int message_to_limit(const struct message_profile_limit *m, struct profile_limit *ret)
{
	if (m->direction >= DIRECTION_MAX)
		return CARDEA_EMALFORMED;
	*ret = (struct profile_limit){
		.direction = (enum direction)m->direction,
		.timeframe_s = m->timeframe_s,
		.packets = m->packets,
		.bytes = m->bytes,
	};
	str_copy(ret->service, sizeof ret->service, m->service);
	str_copy(ret->acl, sizeof ret->acl, m->acl);
	return 0;
}

void message_from_link(struct message *m, uint64_t id, const struct profile_link *l)
{
	*m = (struct message){.type = MESSAGE_PROFILE_LINK};
	m->profile_link.id = id;
	str_copy(m->profile_link.kind, sizeof m->profile_link.kind, l->kind);
	str_copy(m->profile_link.text, sizeof m->profile_link.text, l->text);
}

int message_to_link(const struct message_profile_link *m, struct profile_link *ret)
{
	if (!m->kind[0])
		return CARDEA_EMALFORMED;
	*ret = (struct profile_link){0};
	str_copy(ret->kind, sizeof ret->kind, m->kind);
	str_copy(ret->text, sizeof ret->text, m->text);
	return 0;
}

void message_from_count(struct message *m, const struct element *e, uint64_t packets)
{
	*m = (struct message){.type = MESSAGE_COUNT};
	m->count = (struct message_count){
		KEY_TO_MESSAGE(e),
		.gate = e->gate,
		.packets = packets,
	};
}

static bool is_counted(uint8_t kind)
{
	return kind == ELEMENT_OUT || kind == ELEMENT_OUT_RANGE || kind == ELEMENT_IN ||
		kind == ELEMENT_IN_RANGE;
}

int message_to_count(const struct message_count *m, struct element *ret)
{
	if (!is_counted(m->kind))
		return CARDEA_EMALFORMED;
	struct element e = {
		KEY_FROM_MESSAGE(m),
		.gate = m->gate,
	};
	int error = element_check(&e);
	if (!error)
		*ret = e;
	return error;
}
