// SPDX-License-Identifier: GPL-2.0-or-later
/* Names that devices are told: opened in the kernel before the device hears the answer,
 * or by the kernel itself; and names that a device is not to hear. */
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"
#include "wire/dns.h"

/* RFC 8914 4.16, 4.18: by this network's policy; by the wish of whose device it is. */
#define EDE_BLOCKED 15
#define EDE_FILTERED 17
#define NAME_SHOWN 96 /* of a name in a sentence */

static void save_binding(void *ctx, const struct device *d, const struct binding *b)
{
	struct pipeline *p = ctx;
	struct store_binding saved = {
		.device = d->id, .addr = b->addr, .expires = b->expires};

	lives_told(&p->lives, b->name, &b->addr, pipeline_wall(p));
	str_copy(saved.name, sizeof(saved.name), b->name);
	if (store_binding_save(p->store, &saved))
		log_warn("pipeline", "a name was not stored");
}

/* ---- what a device may hear ---- */

/* Of who is held only what stays on counts: the rest of its profile says whom it asks for
 * when it is not, and names that it may not use could still carry what it has to tell. */
static bool mentions(const struct policy *p, const struct rule *r, const char *name)
{
	return r->peer.kind == PEER_NAME &&
	       (!p->hold || (r->quarantine && rule_in_force(r))) &&
	       rule_name_matches(r->peer.name, name);
}

/* Nothing of what the name stands for is left to the device. */
static bool forbids_all(const struct rule *r)
{
	return r->action == RULE_DROP && rule_in_force(r) &&
	       r->direction == DIRECTION_FROM_DEVICE && r->proto == RULE_PROTO_ANY &&
	       r->peer_port.lo == 0 && r->peer_port.hi == UINT16_MAX &&
	       r->device_port.lo == 0 && r->device_port.hi == UINT16_MAX && !r->family;
}

/* It may reach addresses whatever they are called. */
static bool is_nameless(
	const struct policy *p, const struct policy_env *env, const struct rule *r)
{
	if (p->hold || r->action != RULE_ACCEPT || !rule_in_force(r) ||
		r->direction != DIRECTION_FROM_DEVICE ||
		r->ethertype != RULE_ETHERTYPE_IP)
		return false;
	return r->peer.kind == PEER_ANY ||
	       (r->peer.kind == PEER_PREFIX &&
		       !policy_env_is_local(env, &r->peer.prefix.addr));
}

/* All that the policy says of a name. */
struct listed {
	bool mentioned, nameless;
	const struct rule *forbids; /* and nothing accepts it */
	bool refused;		    /* by the owner, whatever else accepts it */
};

static void look_up(const struct policy *p, const struct policy_env *env,
	const char *name, struct listed *ret)
{
	bool accepted = false;

	memset(ret, 0, sizeof(*ret));
	for (uint32_t i = 0; i < p->count; i++) {
		const struct rule *r = &p->rules[i];

		ret->nameless |= is_nameless(p, env, r);
		if (!mentions(p, r, name))
			continue;
		ret->mentioned = true;
		accepted |= r->action == RULE_ACCEPT && rule_in_force(r);
		if (!ret->forbids && forbids_all(r)) {
			ret->forbids = r;
			ret->refused = policy_part_of(p, r) == POLICY_REFUSE;
		}
	}
	if (accepted && !ret->refused)
		ret->forbids = NULL;
}

static enum names_unlisted unlisted_of(
	const struct pipeline *p, const struct household_device *hd)
{
	if (household_tells(hd))
		return NAMES_ANSWER;
	return hd->policy.hold ? NAMES_REFUSE : p->unlisted;
}

static const struct household_device *protected_by(
	struct household *h, const struct device *d)
{
	const struct household_device *hd = household_device(h, d->id);

	return hd && hd->pool && device_is_enforced(d) ? hd : NULL;
}

/* Names that a policy forbids are not the kernel's to learn, so that their device's
 * answers are held anyway. */
bool pipeline_names_refused(struct pipeline *p, const struct device *d)
{
	const struct household_device *hd = protected_by(&p->household, d);

	return hd && unlisted_of(p, hd) != NAMES_ANSWER;
}

/* The house's own zone is everybody's. */
static bool is_of_house(const struct pipeline *p, const char *name)
{
	size_t n = strlen(name), tail = strlen(p->dns_domain);

	return tail && n > tail && name[n - tail - 1] == '.' &&
	       strcmp(name + n - tail, p->dns_domain) == 0;
}

static const char *shown(const char *name, char buf[NAME_SHOWN])
{
	return str_escape(str_untrusted(name), buf, NAME_SHOWN);
}

static const char *why_unlisted(enum device_hold hold)
{
	switch (hold) {
	case HOLD_LIMITED:
		return "is not where it gets its updates, while it is limited to the house";
	case HOLD_QUARANTINED:
		return "is not needed for its repair in quarantine";
	case HOLD_REFUSED:
		return "is nothing to a device that is retired";
	case HOLD_NONE:
	case HOLD_MAX:
		break;
	}
	return "its profile does not list";
}

uint8_t pipeline_name_policy(struct pipeline *p, const struct device *d,
	const char *name, uint16_t *ret_ede, char ret_text[LIMIT_TEXT])
{
	const struct household_device *hd = protected_by(&p->household, d);
	char text[NAME_SHOWN];
	const char *by;
	struct listed l;

	if (!hd || (is_of_house(p, name) && hd->policy.hold != HOLD_REFUSED))
		return 0;
	look_up(&hd->policy, &p->household.env, name, &l);
	*ret_ede = l.refused || (l.forbids && l.forbids->layer == LAYER_OWNER)
			   ? EDE_FILTERED
			   : EDE_BLOCKED;
	if (household_tells(hd) && !l.refused)
		return 0;
	if (l.forbids) {
		char whose[48] = "which you refused";
		if (l.refused && l.forbids->layer == LAYER_AGENT)
			str_copy(whose, sizeof(whose), "refused for a while as a probe");
		else if (!l.refused)
			(void)str_print(whose, sizeof(whose), "which rule %u forbids",
				l.forbids->id);
		(void)str_print(ret_text, LIMIT_TEXT,
			"%s asked for %s, %s: it was told that there is no such name.",
			d->name, shown(name, text), whose);
		return DNS_RCODE_NXDOMAIN;
	}
	if (l.mentioned || l.nameless)
		return 0;
	by = encrypted_by_name(&p->encrypted, name);
	if (by) {
		(void)str_print(ret_text, LIMIT_TEXT,
			"%s asked for %s, a public resolver (%s) that its profile does "
			"not list and that would hide its names: it was told that this "
			"is refused.",
			d->name, shown(name, text), by);
		return DNS_RCODE_REFUSED;
	}
	if (unlisted_of(p, hd) == NAMES_ANSWER)
		return 0;
	(void)str_print(ret_text, LIMIT_TEXT,
		"%s asked for %s, which %s: it was told %s.", d->name, shown(name, text),
		why_unlisted(hd->policy.hold),
		unlisted_of(p, hd) == NAMES_REFUSE ? "that this is refused"
						   : "that there is no such name");
	return unlisted_of(p, hd) == NAMES_REFUSE ? DNS_RCODE_REFUSED
						  : DNS_RCODE_NXDOMAIN;
}

static void refuse(struct pipeline *p, const struct device *d,
	const struct message_dns_answer *m, uint8_t rcode, uint16_t ede, const char *text)
{
	struct event e = {.kind = EVENT_NAME_REFUSED, .device = d->id};
	uint8_t buf[64];
	int len;

	str_copy(e.name, sizeof(e.name), m->name);
	str_copy(e.text, sizeof(e.text), text);
	history_refused(p, d, &e);
	journal_packet(&p->journal, pipeline_wall(p), &e);
	memset(&p->out, 0, sizeof(p->out));
	p->out.type = MESSAGE_DNS_RELEASE;
	p->out.dns_release.id = m->id;
	p->out.dns_release.rcode = rcode;
	p->out.dns_release.ede = ede;
	len = message_encode(&p->out, buf, sizeof(buf));
	if (len > 0)
		(void)ipc_send(&p->channels[ROLE_RESOLVER], buf, (size_t)len, -1);
}

/* ---- answers ---- */

static void release(struct pipeline *p, uint64_t id)
{
	p->commit.done(p->commit.ctx, id, 0);
}

static bool is_denied(struct pipeline *p, const struct device *d, const char *name)
{
	const struct household_device *hd = protected_by(&p->household, d);

	return hd && policy_denies_name(&hd->policy, name);
}

static void held_answer(
	struct pipeline *p, struct device *d, const struct message_dns_answer *m)
{
	char text[LIMIT_TEXT];
	uint16_t ede = 0;
	uint8_t rcode = d ? pipeline_name_policy(p, d, m->name, &ede, text) : 0;

	if (d)
		prober_question(p, d, m->name, rcode != 0);
	/* What is forbidden stays so under its address. */
	if (rcode && m->addrs.count && is_denied(p, d, m->name))
		(void)household_tell(&p->household, d, m, pipeline_wall(p), 0,
			save_binding, p);
	if (rcode)
		refuse(p, d, m, rcode, ede, text);
	else if (!d || m->addrs.count == 0 ||
		 !household_tell(&p->household, d, m, pipeline_wall(p), m->id,
			 save_binding, p))
		release(p, m->id);
}

static void dns_answer(struct pipeline *p, const struct message_dns_answer *m)
{
	struct device *d = inventory_by_addr(p->inventory, &m->client);

	if (d)
		pipeline_hidden_asked(p, d, m);
	if (d && !m->held)
		prober_question(p, d, m->name, false);
	if (m->held)
		held_answer(p, d, m);
	else if (d && m->addrs.count)
		(void)household_tell(&p->household, d, m, pipeline_wall(p), 0,
			save_binding, p);
}

void pipeline_learned(struct pipeline *p, const struct message_learned *m)
{
	struct device *d = inventory_by_mac(p->inventory, &m->mac);

	if (d && (m->addr.family == 4 || m->addr.family == 6))
		(void)household_learned(&p->household, d, m, pipeline_wall(p),
			save_binding, p);
}

/* ---- findings ---- */

static void finding(struct pipeline *p, const struct message_dns_finding *m)
{
	struct device *d = inventory_by_addr(p->inventory, &m->client);
	struct event e = {.kind = EVENT_NAMES_ODD, .device = d ? d->id : 0};
	char name[NAME_SHOWN], addr[ADDR_TEXT_MAX];
	const char *who = d ? d->name : addr_format(&m->client, addr);

	if (d)
		(void)prober_stop(p, d, PROBE_WHY_ALERT);
	shown(m->name, name);
	str_copy(e.name, sizeof(e.name), m->name);
	if (m->kind == DNS_FINDING_REBINDING)
		(void)str_print(e.text, sizeof(e.text),
			"%s asked for %s, a name of the world that points into this "
			"house: those addresses were taken out of the answer.",
			who, name);
	else if (m->kind == DNS_FINDING_BOGUS)
		(void)str_print(e.text, sizeof(e.text),
			"%s asked for %s, whose answer is not what its owner signed "
			"(DNSSEC): it did not get it.",
			who, name);
	else
		(void)str_print(e.text, sizeof(e.text),
			"%s asks for names faster than anybody needs; some of its "
			"questions were dropped.",
			who);
	journal_packet(&p->journal, pipeline_wall(p), &e);
}

int pipeline_resolver(struct pipeline *p, const struct message *m)
{
	if (m->type == MESSAGE_DNS_ANSWER)
		dns_answer(p, &m->dns_answer);
	else if (m->type == MESSAGE_DNS_FINDING && m->dns_finding.kind < DNS_FINDING_MAX)
		finding(p, &m->dns_finding);
	else if (m->type == MESSAGE_DNS_TLS)
		p->dns_tls = m->dns_tls;
	else if (m->type != MESSAGE_RESOLVED)
		return CARDEA_EMALFORMED;
	else if (!webhook_resolved(p, &m->resolved) && !reporter_resolved(p, &m->resolved))
		fetcher_resolved(&p->fetcher, &m->resolved);
	return 0;
}
