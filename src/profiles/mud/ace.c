// SPDX-License-Identifier: GPL-2.0-or-later
/* ace - one entry of an access list becomes one or more rules: a neq operator leaves
 * two ranges, ICMP for both families two protocols. */
#include <errno.h>
#include <string.h>
#include "profiles/mud/mud_priv.h"

#define PROTOCOLS_MAX 2

/* RFC 8519 4.1 forwarding-action, RFC 8520 2: reject may be read as drop. */
static bool action_of(const char *text, enum rule_action *ret)
{
	const char *colon = strchr(text, ':');
	const char *word = colon ? colon + 1 : text;

	if (colon && ((size_t)(colon - text) != strlen("ietf-access-control-list") ||
			     strncmp(text, "ietf-access-control-list", colon - text)))
		return false;
	if (!strcmp(word, "accept"))
		*ret = RULE_ACCEPT;
	else if (!strcmp(word, "drop") || !strcmp(word, "reject"))
		*ret = RULE_DROP;
	else
		return false;
	return true;
}

static bool action_shouted(struct mud_reader *r, const struct mud_at *at,
	const char *text, enum rule_action *ret)
{
	static const char *const words[] = {"accept", "drop", "reject"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (!str_equal_nocase(text, words[i]) || !action_of(words[i], ret))
			continue;
		mud_note_mend(r, at,
			"a forwarding action is written in lower case (RFC 8519 "
			"section 4.1)",
			"read so");
		mud_edit_string(r, at, words[i]);
		return true;
	}
	return false;
}

static void actions(
	struct mud_reader *r, const struct mud_at *at, enum rule_action *ret_action)
{
	enum { FORWARDING, LOGGING, COUNT };
	static const char *const names[] = {"forwarding", "logging", NULL};
	struct mud_at slots[COUNT];
	char shown[MUD_SHOW_MAX];
	const char *text;
	bool unknown;

	if (!at->value) {
		mud_note_bad(r, at,
			"actions are missing (RFC 8519 section 4.1): say "
			"\"forwarding\": \"accept\" or \"drop\"");
		return;
	}
	if (!mud_members(r, at, names, slots, &unknown))
		return;
	if (!slots[FORWARDING].value)
		mud_note_bad(r, &slots[FORWARDING],
			"forwarding is missing (RFC 8519 section 4.1): accept or drop");
	else if (mud_string(r, &slots[FORWARDING], &text) &&
		 !action_of(text, ret_action) &&
		 !action_shouted(r, &slots[FORWARDING], text, ret_action))
		mud_note_bad(r, &slots[FORWARDING],
			"\"%s\" is no forwarding action: accept, drop or reject (RFC "
			"8519 "
			"section 4.1)",
			mud_show_text(text, shown));
	/* RFC 8520 2: actions other than accept and drop are ignored */
	if (mud_string(r, &slots[LOGGING], &text) && !strstr(text, "log-none"))
		mud_note(r, NOTE_INFO, &slots[LOGGING],
			"logging is not done by request of a file (RFC 8520 section "
			"2)");
}

static void rule_add(
	struct mud_reader *r, const struct rule *rule, const struct mud_match *m)
{
	struct profile *p = r->profile;

	if (r->discard || r->error)
		return;
	if (p->rule_count == LIMIT_RULES) {
		r->error = CARDEA_ELIMIT;
		mud_note(r, NOTE_ERROR, NULL,
			"the file makes more than %d rules; none is used", LIMIT_RULES);
		return;
	}
	p->rules[p->rule_count] = *rule;
	p->rules[p->rule_count].id = p->rule_count + 1;
	r->marks[p->rule_count] = m->nothing   ? MUD_RULE_NOTHING
				  : m->partial ? MUD_RULE_PARTIAL
					       : MUD_RULE_WHOLE;
	p->rule_count++;
}

static void rules_of_ports(
	struct mud_reader *r, struct rule *rule, const struct mud_match *m)
{
	static const struct range16 any = {0, UINT16_MAX};
	bool out = m->direction == DIRECTION_FROM_DEVICE;

	for (int s = 0; s < (m->src_count ? m->src_count : 1); s++)
		for (int d = 0; d < (m->dst_count ? m->dst_count : 1); d++) {
			struct range16 src = m->src_count ? m->src[s] : any;
			struct range16 dst = m->dst_count ? m->dst[d] : any;
			rule->device_port = out ? src : dst;
			rule->peer_port = out ? dst : src;
			rule_add(r, rule, m);
		}
}

/* ICMP is protocol 1 on IPv4 and 58 on IPv6 (RFC 4443 1). */
static void rules_of_icmp(
	struct mud_reader *r, struct rule *rule, const struct mud_match *m)
{
	for (uint8_t family = 4; family <= 6; family += 2) {
		if (m->family && m->family != family)
			continue;
		rule->family = family;
		rule->proto = family == 4 ? FLOW_PROTO_ICMP : FLOW_PROTO_ICMP6;
		rule_add(r, rule, m);
	}
}

/* An explicit protocol beside the icmp container must be the one of the family. */
static void icmp_check(struct mud_match *m)
{
	if (!m->icmp)
		return;
	if (m->proto != RULE_PROTO_ANY &&
		!(m->proto == FLOW_PROTO_ICMP && m->family != 6) &&
		!(m->proto == FLOW_PROTO_ICMP6 && m->family != 4))
		mud_match_cannot(m, RULE_UNENFORCEABLE,
			"protocol %d and icmp at once: no packet of this family is "
			"both",
			m->proto);
	if (m->proto == FLOW_PROTO_ICMP && !m->family)
		m->family = 4;
	if (m->proto == FLOW_PROTO_ICMP6 && !m->family)
		m->family = 6;
	if (m->icmp_code != RULE_ICMP_ANY && m->icmp_type == RULE_ICMP_ANY)
		mud_match_cannot(m, RULE_NOT_YET,
			"matches an ICMP code without a type, which this version does "
			"not");
}

/* Nothing but MAC addresses counts then. */
static void rule_of_frames(
	struct mud_reader *r, const struct rule *from, const struct mud_match *m)
{
	struct rule rule = *from;

	rule.ethertype = m->ethertype;
	rule.initiator = INITIATOR_EITHER;
	rule.family = 0;
	rule.proto = RULE_PROTO_ANY;
	rule.icmp_type = rule.icmp_code = RULE_ICMP_ANY;
	rule.tls = 0;
	rule_add(r, &rule, m);
}

static void rules_make(struct mud_reader *r, const struct mud_at *ace,
	const struct mud_acl *acl, const char *name, enum rule_action action,
	struct mud_match *m)
{
	struct rule rule;

	icmp_check(m);
	mud_frame_check(m, action);
	mud_caution_hold(action, m);
	if (r->ace_broken)
		mud_match_cannot(m, RULE_NOT_YET, "%s", r->ace_detail);
	rule_init(&rule);
	rule.direction = m->direction;
	rule.initiator = m->initiator;
	rule.action = action;
	rule.family = m->family;
	rule.proto = (int16_t)m->proto;
	rule.icmp_type = (int16_t)m->icmp_type;
	rule.icmp_code = (int16_t)m->icmp_code;
	rule.peer = m->peer;
	rule.layer = LAYER_MANUFACTURER;
	rule.status = m->status;
	rule.line = r->text.spots[ace->spot].line;
	mud_copy(rule.acl, sizeof rule.acl, acl->name);
	mud_copy(rule.ace, sizeof rule.ace, name);
	str_copy(rule.detail, sizeof rule.detail, m->detail);
	rule.quarantine = !r->discard && mud_quarantine_has(r, name);
	rule.tls = m->tls;
	if (m->ethertype != RULE_ETHERTYPE_IP)
		rule_of_frames(r, &rule, m);
	else if (m->icmp)
		rules_of_icmp(r, &rule, m);
	else
		rules_of_ports(r, &rule, m);
}

static void misplaced(struct mud_reader *r, const struct mud_at *ace,
	struct mud_at *actions_at, const struct mud_match *m)
{
	if (!m->actions.value)
		return;
	if (actions_at->value) {
		mud_note_bad(r, &m->actions,
			"two sets of actions (RFC 8519 section 4.1): keep those beside "
			"the matches");
		return;
	}
	*actions_at = m->actions;
	mud_edit_add_copy(r, ace, "actions", &m->actions);
}

void mud_ace_read(struct mud_reader *r, const struct mud_at *ace,
	const struct mud_acl *acl, enum direction direction)
{
	enum { NAME, MATCHES, ACTIONS, STATISTICS, COUNT };
	static const char *const names[] = {
		"name", "matches", "actions", "statistics", NULL};
	enum rule_action action = RULE_ACCEPT;
	struct mud_at slots[COUNT];
	struct mud_match m;
	const char *name = "";
	bool unknown;

	r->ace_broken = false;
	mud_match_init(&m, direction, acl->kinds);
	if (mud_members(r, ace, names, slots, &unknown)) {
		name = mud_key(r, &slots[NAME], "");
		mud_match_read(r, &slots[MATCHES], &m);
		misplaced(r, ace, &slots[ACTIONS], &m);
		actions(r, &slots[ACTIONS], &action);
		if (unknown)
			mud_match_cannot(&m, RULE_NOT_YET,
				"has a part that this version does not know");
	}
	/* nothing of it is enforced; half of it would say something else */
	if (r->ace_broken)
		mud_edit_remove(r, ace);
	rules_make(r, ace, acl, name, action, &m);
	mud_caution_note(r, ace, action, &m);
}
