// SPDX-License-Identifier: GPL-2.0-or-later
/* explain - a verdict in words: what happened, who says so, and what the profile says
 * instead. */
#include "policy/policy_priv.h"

#include "base/str.h"

#include <string.h>

#define LABEL_TEXT_MAX 96 /* an escaped device label; longer ones are cut */
#define NAME_TEXT_MAX 280 /* an escaped DNS name: at most 253 characters */

static void say_escaped(struct str_text *t, const char *s)
{
	char buf[NAME_TEXT_MAX];

	str_add(t, "%s", str_escape(str_untrusted(s), buf, sizeof buf));
}

static void say_peer(struct str_text *t, const struct policy_env *env,
	const struct flow *f, const char *name)
{
	char addr[ADDR_TEXT_MAX];

	str_add(t, "%s", addr_format(&f->peer, addr));
	if (name) {
		str_add(t, " (");
		say_escaped(t, name);
		str_add(t, ")");
	} else if (policy_env_is_gateway(env, &f->peer)) {
		str_add(t, " (this gateway)");
	} else if (policy_env_is_local(env, &f->peer)) {
		str_add(t, " (local network)");
	}
}

static void say_service(struct str_text *t, const struct flow *f)
{
	const char *proto = flow_proto_name(f->proto);

	if (!proto)
		str_add(t, " protocol %u", f->proto);
	else
		str_add(t, " %s", proto);
	if (policy_has_ports(f->proto))
		str_add(t, " %u",
			f->direction == DIRECTION_FROM_DEVICE ? f->peer_port
							      : f->device_port);
	else if (policy_is_icmp(f->proto))
		str_add(t, " type %u code %u", f->icmp_type, f->icmp_code);
}

static void say_flow(struct str_text *t, const struct policy_env *env,
	const struct flow *f, const char *device, const char *name)
{
	char label[LABEL_TEXT_MAX];

	str_escape(str_untrusted(device), label, sizeof label);
	if (f->direction == DIRECTION_FROM_DEVICE) {
		str_add(t, "%s -> ", label);
		say_peer(t, env, f, name);
	} else {
		say_peer(t, env, f, name);
		str_add(t, " -> %s", label);
	}
	say_service(t, f);
	str_add(t, ".");
}

/* A rule of the file that lets such a conversation start. */
static bool is_listed(const struct policy *p, uint32_t i, enum direction d)
{
	const struct rule *r = &p->rules[i];

	return i < p->base_first && r->direction == d && r->action == RULE_ACCEPT &&
	       r->ethertype == RULE_ETHERTYPE_IP && r->status != RULE_REPLY_HALF;
}

static uint32_t count_peers(const struct policy *p, enum direction d)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->base_first; i++) {
		bool seen = !is_listed(p, i, d);
		for (uint32_t j = 0; j < i && !seen; j++)
			seen = is_listed(p, j, d) &&
			       policy_peers_equal(&p->rules[i].peer, &p->rules[j].peer);
		n += !seen;
	}
	return n;
}

/* A listed rule for the same peer, which then must differ in protocol or port. */
static const struct rule *near_miss(const struct policy *p,
	const struct policy_env *env, const struct policy_names *names,
	const struct flow *f, const char *name)
{
	for (uint32_t i = 0; i < p->base_first; i++) {
		const struct rule *r = &p->rules[i];
		if (!is_listed(p, i, f->direction))
			continue;
		if (r->peer.kind == PEER_NAME && name &&
			rule_name_matches(r->peer.name, name))
			return r;
		if (r->peer.kind == PEER_PREFIX &&
			prefix_contains(&r->peer.prefix, &f->peer))
			return r;
		if (r->peer.kind == PEER_LOCAL_NETWORKS &&
			policy_env_is_local(env, &f->peer))
			return r;
		if (policy_peer_is_class(r->peer.kind) &&
			policy_class_has(names, &r->peer, &f->peer))
			return r;
	}
	return NULL;
}

/* Of the first grant. */
static enum layer layer_of(const struct policy *p)
{
	for (uint32_t i = 0; i < p->base_first; i++)
		if (policy_part_of(p, &p->rules[i]) == POLICY_GRANT)
			return p->rules[i].layer;
	return LAYER_BASE;
}

/* More than one list grants. */
static bool is_combined(const struct policy *p)
{
	unsigned grants = 0;

	for (uint32_t i = 0; i < p->section_count; i++)
		grants += p->sections[i].part == POLICY_GRANT;
	return grants > 1;
}

static const char *profile_words(enum layer l)
{
	switch (l) {
	case LAYER_BASE:
		return "The base rules";
	case LAYER_MANUFACTURER:
		return "The manufacturer's profile";
	case LAYER_LEARNED:
		return "The learned profile";
	case LAYER_CROWD:
		return "The shared profile";
	case LAYER_OWNER:
		return "Your own rules";
	case LAYER_AGENT:
		return "Whom you let decide";
	case LAYER_QUARANTINE:
		return "The quarantine";
	case LAYER_MAX:
		break;
	}
	return "The profile";
}

static bool has_members(const struct policy_names *names, const struct peer *p)
{
	struct addr one;

	return names->members && names->members(names->ctx, p, &one, 1);
}

/* A class that nobody belongs to, where the caller knows: perhaps the peer is the one
 * that the owner has not said yet. */
static const struct rule *empty_class(
	const struct policy *p, const struct policy_names *names, const struct flow *f)
{
	for (uint32_t i = 0; i < p->base_first && names; i++) {
		const struct rule *r = &p->rules[i];
		if (is_listed(p, i, f->direction) &&
			policy_rule_counts(r, f->direction) &&
			policy_peer_is_class(r->peer.kind) &&
			!has_members(names, &r->peer))
			return r;
	}
	return NULL;
}

static void say_empty_class(struct str_text *t, const struct rule *r)
{
	char sentence[RULE_SENTENCE_MAX];
	bool controller =
		r->peer.kind == PEER_CONTROLLER || r->peer.kind == PEER_MY_CONTROLLER;

	str_add(t, " It %s: nobody is that here%s.", rule_sentence(r, sentence),
		controller ? "; `cardea controller set` says who is" : " yet");
}

/* Kernel tables know no blocks, only what is left; a drop by default may be one. */
static const struct rule *block_of(
	const struct policy *p, const struct policy_env *env, const struct flow *f)
{
	for (uint32_t i = 0; i < p->block_count; i++)
		if (policy_rule_matches(&p->blocks[i], env, NULL, f))
			return &p->blocks[i];
	return NULL;
}

static void say_block(struct str_text *t, const struct rule *block)
{
	str_add(t, " This conversation was ended and stays blocked: ");
	if (block->detail[0])
		say_escaped(t, block->detail);
	else
		str_add(t,
			"it offered TLS parameters that its TLS profile does not list");
	str_add(t, ".");
}

/* See policy_evaluate. */
static bool scopes_differ(const struct flow *f)
{
	return f->direction == DIRECTION_TO_DEVICE && f->peer.family == 6 &&
	       policy_scope_of(&f->peer) != policy_scope_of(&f->device);
}

static void say_unlisted(struct str_text *t, const struct policy *p,
	const struct policy_env *env, const struct policy_names *names,
	const struct flow *f, const char *name)
{
	const struct rule *block = block_of(p, env, f), *empty;

	const struct rule *waits = policy_waits_for(p, env, names, f);

	if (block) {
		say_block(t, block);
		return;
	}
	if (waits) {
		str_add(t, " %s, rule %u (", profile_words(waits->layer), waits->id);
		say_escaped(t, waits->ace);
		str_add(t, "), lets it begin only within %u s after its trigger: ",
			waits->open_s);
		say_escaped(t, waits->detail);
		str_add(t, ". That was not so.");
		return;
	}
	char sentence[RULE_SENTENCE_MAX];
	bool out = f->direction == DIRECTION_FROM_DEVICE;
	uint32_t n = count_peers(p, f->direction);
	const struct rule *near = near_miss(p, env, names, f, name);

	if (is_combined(p))
		str_add(t, " Its combined profile");
	else
		str_add(t, " %s", profile_words(layer_of(p)));
	if (near) {
		str_add(t, " says of this peer: %s.", rule_sentence(near, sentence));
		if (!rule_in_force(near))
			str_add(t, " That rule is %s: %s.",
				rule_status_name(near->status), near->detail);
		else if (scopes_differ(f))
			str_add(t, " But a link-local address and another one do not "
				   "reach "
				   "each other (RFC 4291).");
		return;
	}
	empty = policy_env_is_local(env, &f->peer) ? empty_class(p, names, f) : NULL;
	if (n == 0)
		str_add(t, out ? " lists no destinations."
			   : " lets nobody open conversations to it.");
	else if (out)
		str_add(t, " lists %u destination%s; this is not one.", n,
			n == 1 ? "" : "s");
	else
		str_add(t, " lets %u peer%s open conversations to it; this is not one.",
			n, n == 1 ? "" : "s");
	if (empty)
		say_empty_class(t, empty);
}

/* What was refused is what the owner, or whom he appointed, does not want; a limit says
 * it in its own words. */
static void say_no(struct str_text *t, const struct rule *r)
{
	char sentence[RULE_SENTENCE_MAX];

	if (r->layer == LAYER_QUARANTINE)
		return; /* said already, of all that is held back */
	str_add(t, r->layer == LAYER_AGENT ? " Whom you let decide said no: "
				       : " You said no: ");
	if (r->detail[0])
		say_escaped(t, r->detail);
	else
		str_add(t, "it %s", rule_sentence(r, sentence));
	if (r->ace[0]) {
		str_add(t, " (");
		say_escaped(t, r->ace);
		str_add(t, ")");
	}
	str_add(t, ".");
}

static void say_rule(
	struct str_text *t, const struct policy *p, const struct verdict *v)
{
	const struct rule *r = policy_rule(p, v->rule);
	char sentence[RULE_SENTENCE_MAX];

	if (!r)
		return;
	if (policy_part_of(p, r) != POLICY_GRANT) {
		say_no(t, r);
		return;
	}
	if (r->layer == LAYER_BASE) {
		str_add(t, " Every device %s (RFC 8520).", rule_sentence(r, sentence));
		return;
	}
	str_add(t, " %s, rule %u", profile_words(r->layer), r->id);
	if (r->ace[0]) {
		str_add(t, " (");
		say_escaped(t, r->ace);
		if (r->line)
			str_add(t, ", line %u", r->line);
		str_add(t, ")");
	}
	str_add(t, ": %s.", rule_sentence(r, sentence));
}

static void say_reason(struct str_text *t, const struct policy *p,
	const struct policy_env *env, const struct policy_names *names,
	const struct flow *f, const struct verdict *v, const char *name)
{
	switch (v->reason) {
	case REASON_RULE:
		say_rule(t, p, v);
		return;
	case REASON_REPLY:
		str_add(t, " It belongs to a conversation that was allowed to start.");
		say_rule(t, p, v);
		return;
	case REASON_DEFAULT_DENY:
		say_unlisted(t, p, env, names, f, name);
		return;
	case REASON_SPOOFED:
		str_add(t, " The source address is not the device's own.");
		return;
	case REASON_ROGUE_RA:
		str_add(t, " A device must not act as router or DHCP server.");
		return;
	case REASON_FRAGMENT:
		str_add(t, " A fragment does not show its ports, so no rule can allow "
			   "it.");
		return;
	case REASON_TLS:
		if (v->rule && policy_rule(p, v->rule))
			say_block(t, policy_rule(p, v->rule));
		else
			str_add(t,
				" It offered TLS parameters that its TLS profile does "
				"not list.");
		return;
	case REASON_MALFORMED:
		str_add(t, " The packet contradicts its own headers.");
		return;
	case REASON_NONE:
	case REASON_TOLD:
	case REASON_MAX:
		break;
	}
	if (v->kind == VERDICT_PASS)
		str_add(t, " Every device needs this to have an address.");
}

/* A limited device is told of only where that is why. */
static void say_held(struct str_text *t, const struct policy *p, const struct verdict *v)
{
	bool why = v->kind == VERDICT_QUARANTINE || v->kind == VERDICT_REDIRECT;

	if (p->hold == HOLD_REFUSED)
		str_add(t, " The device is retired: nothing is left open to it.");
	else if (p->hold == HOLD_LIMITED && why)
		str_add(t, " The device is limited: the house stays open to it, and of the "
			   "internet where it gets its updates.");
	else if (p->hold == HOLD_QUARANTINED || (!p->hold && why))
		str_add(t, " The device is in quarantine: only this gateway's names and "
			   "time stay open, and what repairs it.");
	if (v->kind == VERDICT_REDIRECT)
		str_add(t, " It was meant for the sink, and refused, as there is none.");
}

char *policy_explain(const struct policy *p, const struct policy_env *env,
	const struct policy_names *names, const struct flow *f, const struct verdict *v,
	const char *device, const char *name, char buf[POLICY_EXPLAIN_MAX])
{
	struct str_text t = {.buf = buf, .size = POLICY_EXPLAIN_MAX};
	bool good = v->kind == VERDICT_ALLOW || v->kind == VERDICT_PASS;

	buf[0] = 0;
	str_add(&t, good                              ? "Allowed: "
		: v->kind == VERDICT_REFUSE      ? "Refused: "
		: v->kind == VERDICT_WOULD_BLOCK ? "Would be blocked: "
						  : "Blocked: ");
	say_flow(&t, env, f, device, name);
	if (!good)
		say_held(&t, p, v);
	say_reason(&t, p, env, names, f, v, name);
	if (v->kind == VERDICT_WOULD_BLOCK)
		str_add(&t, " It passed: this gateway only watches.");
	return buf;
}
