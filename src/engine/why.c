// SPDX-License-Identifier: GPL-2.0-or-later
/* A question about a destination becomes flows, which the evaluator judges. */
#include "engine/why.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "engine/classes.h"
#include "wire/dns_name.h"

struct judge {
	const struct household_device *hd;
	const struct policy_env *env;
	struct policy_names names;
	struct why_answer *answer;
};

static void judge_flow(struct judge *j)
{
	struct why_answer *a = j->answer;

	household_judge(j->hd, &j->names, &a->flow, &a->verdict);
	a->allowed =
		a->verdict.kind == VERDICT_ALLOW || a->verdict.kind == VERDICT_PASS;
	a->rule = policy_rule(&j->hd->policy, a->verdict.rule);
}

/* The service of a rule, where the question leaves it open. */
static void flow_of_rule(
	struct flow *f, const struct rule *r, const struct why_question *q)
{
	f->proto = (uint8_t)(q->proto                     ? q->proto
			     : r->proto == RULE_PROTO_ANY ? FLOW_PROTO_TCP
							  : r->proto);
	f->peer_port = (uint16_t)(q->port >= 0 ? q->port : r->peer_port.lo);
	f->device_port = r->device_port.lo ? r->device_port.lo : 49152;
	f->icmp_type = r->icmp_type == RULE_ICMP_ANY ? 8 : (uint8_t)r->icmp_type;
	f->icmp_code = r->icmp_code == RULE_ICMP_ANY ? 0 : (uint8_t)r->icmp_code;
}

/* Nothing is allowed: speak of what the device tried, or of the web. */
static void flow_tried(struct flow *f, const struct why_question *q)
{
	const struct event *last = NULL;

	if (q->journal && !q->proto && q->port < 0)
		last = journal_last(q->journal, q->device->id, &f->peer);
	if (last) {
		*f = last->flow;
		return;
	}
	f->proto = (uint8_t)(q->proto ? q->proto : FLOW_PROTO_TCP);
	f->peer_port = (uint16_t)(q->port >= 0 ? q->port : 443);
	f->device_port = 49152;
}

/* Tries what each rule would allow; true when one does for this peer. */
static bool any_rule_allows(struct judge *j, const struct why_question *q)
{
	struct why_answer *a = j->answer;

	for (uint32_t i = 0; i < j->hd->policy.count; i++) {
		const struct rule *r = &j->hd->policy.rules[i];

		if (r->direction != DIRECTION_FROM_DEVICE || r->action != RULE_ACCEPT)
			continue;
		flow_of_rule(&a->flow, r, q);
		judge_flow(j);
		if (a->allowed)
			return true;
	}
	flow_tried(&a->flow, q);
	judge_flow(j);
	return a->allowed;
}

static void own_address(const struct device *d, struct flow *f)
{
	for (size_t i = 0; i < d->addr_count; i++)
		if (d->addrs[i].addr.family == f->peer.family) {
			f->device = d->addrs[i].addr;
			return;
		}
}

/* A name that the device has not asked for has no address to judge: the rules do. One
 * in force before one that is not. */
static void find_listed(const struct household_device *hd, struct why_answer *a)
{
	for (uint32_t i = 0; i < hd->policy.count; i++) {
		const struct rule *r = &hd->policy.rules[i];

		if (r->peer.kind == PEER_NAME && r->action == RULE_ACCEPT &&
			rule_name_matches(r->peer.name, a->name) &&
			(!a->rule || rule_in_force(r)))
			a->rule = r;
		if (a->rule && rule_in_force(a->rule))
			return;
	}
}

/* A rule of the owner's that takes all of a name away: by the name, or by a limit that
 * does not let it pass. */
static const struct rule *find_no(const struct household_device *hd, const char *name)
{
	for (uint32_t i = 0; i < hd->policy.base_first; i++) {
		const struct rule *r = &hd->policy.rules[i];
		enum policy_part part = policy_part_of(&hd->policy, r);
		bool named = r->peer.kind == PEER_NAME &&
			     rule_name_matches(r->peer.name, name);

		if (part == POLICY_GRANT)
			break;
		if (r->direction != DIRECTION_FROM_DEVICE)
			continue;
		if (r->action == RULE_PASS && named)
			return NULL; /* one limit is enough to ask: names are in "only" */
		if (r->action == RULE_DROP && r->proto == RULE_PROTO_ANY &&
			r->peer_port.lo == 0 && r->peer_port.hi == UINT16_MAX &&
			(named || (part == POLICY_LIMIT && r->peer.kind == PEER_ANY)))
			return r;
	}
	return NULL;
}

static bool is_refused_name(
	const struct household_device *hd, const struct device *d, struct why_answer *a)
{
	const struct rule *no = find_no(hd, a->name);
	char sentence[RULE_SENTENCE_MAX];

	if (!no)
		return false;
	a->rule = no;
	a->allowed = false;
	a->verdict = (struct verdict){
		VERDICT_REFUSE, REASON_RULE, no->id, no->layer};
	(void)str_print(a->text, sizeof(a->text),
		"Refused: %s -> %s. You said no: %s%s (%s).", d->name, a->name,
		no->detail[0] ? "" : "it ",
		no->detail[0] ? no->detail : rule_sentence(no, sentence), no->ace);
	return true;
}

static void judge_unknown_name(
	const struct household_device *hd, const struct device *d, struct why_answer *a)
{
	bool tells = household_tells(hd);
	char sentence[RULE_SENTENCE_MAX];

	if (is_refused_name(hd, d, a))
		return;
	find_listed(hd, a);
	a->allowed = a->rule && rule_in_force(a->rule);
	a->verdict.kind = a->allowed	     ? VERDICT_ALLOW
			  : tells ? VERDICT_WOULD_BLOCK
				  : VERDICT_VIOLATION;
	a->verdict.reason = a->allowed ? REASON_RULE : REASON_DEFAULT_DENY;
	a->verdict.rule = a->rule ? a->rule->id : 0;
	a->verdict.layer = a->rule ? a->rule->layer : LAYER_BASE;
	if (a->allowed)
		(void)str_print(a->text, sizeof(a->text),
			"Allowed: %s %s. It has not asked for this name lately; its "
			"address is opened in the moment it is told.",
			d->name, rule_sentence(a->rule, sentence));
	else if (a->rule)
		(void)str_print(a->text, sizeof(a->text),
			tells ? "Would be blocked: %s -> %s. Its profile lists this name, "
				"but the rule is not in force: %s."
			      : "Blocked: %s -> %s. Its profile lists this name, but the "
				"rule is not in force: %s.",
			d->name, a->name, a->rule->detail);
	else
		(void)str_print(a->text, sizeof(a->text),
			tells ? "Would be blocked: %s -> %s. Its profile does not list this "
				"name, and the device has not asked for it lately."
			      : "Blocked: %s -> %s. Its profile does not list this name, "
				"and the device has not asked for it lately.",
			d->name, a->name);
}

/* An address of the other that the device would talk to from one of its own. */
static struct addr near_address(const struct device *d, const struct device *other)
{
	struct addr none = {0};

	for (size_t i = 0; i < d->addr_count; i++)
		for (size_t k = 0; k < other->addr_count; k++)
			if (d->addrs[i].addr.family == other->addrs[k].addr.family)
				return other->addrs[k].addr;
	return other->addr_count ? other->addrs[0].addr : none;
}

static int find_peer(const struct why_question *q, const struct household_device *hd,
	nstime wall, struct why_answer *a)
{
	struct dns_name name;
	const char *known;

	if (q->peer) {
		a->flow.peer = near_address(q->device, q->peer);
		str_copy(a->name, sizeof(a->name), q->peer->name);
		a->known_address = true;
		return a->flow.peer.family ? 0 : -ENOENT;
	}
	if (addr_parse(q->destination, &a->flow.peer) == 0) {
		known = bindings_name_of(&hd->names, &a->flow.peer, wall);
		str_copy(a->name, sizeof(a->name), known ? known : "");
		a->known_address = known != NULL;
		return 0;
	}
	if (dns_name_from_text(q->destination, &name))
		return CARDEA_EMALFORMED;
	str_copy(a->name, sizeof(a->name), name.text);
	a->known_address = bindings_addrs(&hd->names, a->name, wall, &a->flow.peer, 1);
	return 0;
}

static void explain(const struct judge *j, const struct device *d)
{
	struct why_answer *a = j->answer;

	policy_explain(&j->hd->policy, j->env, &j->names, &a->flow, &a->verdict,
		d->name, a->name[0] ? a->name : NULL, a->text);
}

static struct flow seen_from_peer(const struct flow *f)
{
	struct flow g = *f;

	g.direction = DIRECTION_TO_DEVICE;
	g.device = f->peer;
	g.peer = f->device;
	g.device_port = f->peer_port;
	g.peer_port = f->device_port;
	return g;
}

/* Between two devices of the house both must agree. */
static void judge_other_end(
	struct household *h, const struct device *d, nstime wall, struct why_answer *a)
{
	const struct device *other =
		h->classes ? inventory_by_addr(h->classes->inventory, &a->flow.peer)
			   : NULL;
	struct household_device *hd = other ? household_device(h, other->id) : NULL;
	struct household_names n;
	struct why_answer theirs = {.flow = seen_from_peer(&a->flow)};
	struct judge j = {.hd = hd, .env = &h->env, .answer = &theirs};

	if (!hd || !hd->pool || !device_is_enforced(other) || other == d ||
		!a->allowed || a->flow.direction != DIRECTION_FROM_DEVICE)
		return;
	j.names = household_names(&n, hd, wall);
	judge_flow(&j);
	if (theirs.allowed)
		return;
	explain(&j, other);
	a->allowed = false;
	a->verdict = theirs.verdict;
	a->rule = theirs.rule;
	a->decided_by = other;
	(void)!str_print(a->text, sizeof(a->text),
		"%s may send this, but the policy of %s does not take it. %s", d->name,
		other->name, theirs.text);
}

/* The guard judges every device, with or without a profile. */
static void refused_by_guard(const struct event *e, struct why_answer *a)
{
	a->flow = e->flow;
	a->verdict.kind = VERDICT_VIOLATION;
	a->verdict.reason = e->reason;
	str_copy(a->name, sizeof(a->name), e->name);
	str_copy(a->text, sizeof(a->text), e->text);
}

/* Nothing is enforced for it; the other end may be protected. */
static void answer_watched(struct household *h, const struct why_question *q,
	nstime wall, struct why_answer *a)
{
	const struct device *d = q->device;

	a->allowed = true;
	(void)str_print(a->text, sizeof(a->text), "Allowed: %s is only watched (%s).",
		d->name, d->problem[0] ? d->problem : "it is new");
	if (q->event || !a->flow.peer.family)
		return;
	own_address(d, &a->flow);
	flow_tried(&a->flow, q);
	judge_other_end(h, d, wall, a);
	a->enforced = !a->allowed;
}

int why_answer(struct household *h, const struct why_question *q, nstime wall,
	struct why_answer *ret)
{
	struct household_device *hd = household_device(h, q->device->id);
	struct household_names n;
	struct judge j = {.hd = hd, .env = &h->env, .answer = ret};
	int error;

	memset(ret, 0, sizeof(*ret));
	ret->decided_by = q->device;
	if (!hd)
		return CARDEA_ELIMIT;
	error = q->event ? 0 : find_peer(q, hd, wall, ret);
	if (error)
		return error;
	ret->enforced = hd->pool && device_is_enforced(q->device);
	if (q->event && q->event->kind != EVENT_REFUSED &&
		q->event->reason != REASON_DEFAULT_DENY) {
		refused_by_guard(q->event, ret);
		return 0;
	}
	if (!ret->enforced) {
		answer_watched(h, q, wall, ret);
		return 0;
	}
	j.names = household_names(&n, hd, wall);
	if (q->event) {
		ret->flow = q->event->flow;
		str_copy(ret->name, sizeof(ret->name), q->event->name);
		judge_flow(&j); /* the policy may have changed since */
		explain(&j, q->device);
		return 0;
	}
	if (ret->flow.peer.family == 0) {
		judge_unknown_name(hd, q->device, ret);
		return 0;
	}
	own_address(q->device, &ret->flow);
	(void)any_rule_allows(&j, q);
	explain(&j, q->device);
	judge_other_end(h, q->device, wall, ret);
	return 0;
}
