// SPDX-License-Identifier: GPL-2.0-or-later
/* machine - judges packets against a bound profile. What is denied is denied; what one
 * policy, one interaction or one permit accepts is accepted; every interaction goes on
 * with what it sees. No clock, no I/O; memory is taken once. */
#include <stdlib.h>
#include <string.h>
#include "profiles/extended/machine_priv.h"

/* Automata and instances: 64 interactions of 64 instances of 64 steps are 30 MB. */
#define MACHINE_POOL (64 * 1024 * 1024)

bool extended_reason_accepts(enum extended_reason r)
{
	return r == REASON_POLICY || r == REASON_STEP || r == REASON_FLOW ||
	       r == REASON_PERMIT || r == REASON_RELATED || r == REASON_FOREIGN ||
	       r == REASON_LINK;
}

const char *extended_reason_name(enum extended_reason r)
{
	static const char *const names[EXTENDED_REASON_MAX] = {
		[REASON_POLICY] = "policy", [REASON_STEP] = "step",
		[REASON_FLOW] = "conversation", [REASON_PERMIT] = "permit",
		[REASON_RELATED] = "error about a conversation",
		[REASON_FOREIGN] = "not of this device",
		[REASON_LINK] = "neither IP nor ARP",
		[REASON_NOTHING] = "not in the profile", [REASON_DENIED] = "denied",
		[REASON_NAME] = "address was not told for the name",
		[REASON_ORDER] = "out of order", [REASON_REPLAYED] = "replayed",
		[REASON_BUSY] = "too many instances",
		[REASON_SHUT] = "its trigger was not seen in time",
		[REASON_WINDOW] = "outside of its hours",
		[REASON_INITIATOR] = "opened by the other side",
		[REASON_SIZE] = "packet size", [REASON_RATE] = "rate",
		[REASON_PACKETS] = "packet count", [REASON_BYTES] = "octets",
		[REASON_DURATION] = "duration", [REASON_BROKEN] = "not readable"};

	return r < EXTENDED_REASON_MAX ? names[r] : "?";
}

/* Of several reasons against a packet, the one of the policy that it is most like. */
bool reason_is_nearer(enum extended_reason a, enum extended_reason b)
{
	static const uint8_t near[EXTENDED_REASON_MAX] = {[REASON_NOTHING] = 0, [REASON_NAME] = 1,
		[REASON_INITIATOR] = 2, [REASON_SHUT] = 3, [REASON_ORDER] = 4,
		[REASON_REPLAYED] = 5, [REASON_BUSY] = 6, [REASON_WINDOW] = 7,
		[REASON_SIZE] = 8, [REASON_DURATION] = 9, [REASON_BYTES] = 9,
		[REASON_PACKETS] = 9, [REASON_RATE] = 9, [REASON_DENIED] = 10};

	return near[a] > near[b];
}

/* src opened it: its first packet goes forward. */
static bool initiator_agrees(const struct extended_machine *m, const struct extended_policy *p,
	bool backward)
{
	const struct facts *f = &m->facts;

	if (p->initiator == EXTENDED_EITHER || !f->is_tcp || !f->syn)
		return true;
	bool opens = !f->ack;

	return (p->initiator == EXTENDED_SRC) == (opens != backward);
}

/* Payload of TCP without a head: only behind one that was accepted. */
static bool carried_agrees(const struct extended_machine *m, struct conv *c, bool backward)
{
	const struct facts *f = &m->facts;

	if (!f->payload_len || (c && c->app_ok))
		return true;
	if (backward && c)
		return true;
	/* of a head that began before the capture did */
	return m->unseen;
}

static enum match judge_way(struct extended_machine *m, const struct extended_policy *p,
	bool backward, struct conv *c)
{
	/* nor did anybody see what was told before the capture began */
	struct view v = {.f = &m->facts, .bound = m->bound, .names = m->names,
		.backward = backward, .any_name = m->unseen};
	enum match r = match_packet(&v, p);

	/* a conversation that was accepted outlives the time of the name */
	if (r == MATCH_NAME && c)
		r = m->facts.payload_len ? MATCH_YES : MATCH_CARRIED;
	if (r == MATCH_CARRIED && !carried_agrees(m, c, backward))
		return MATCH_NO;
	return r;
}

bool judge(struct extended_machine *m, const struct extended_policy *p, struct judged *j,
	enum extended_reason *why)
{
	if (p->match.protos & (1u << EXTENDED_TCP | 1u << EXTENDED_UDP) & ~m->facts.protos)
		return false;
	*j = (struct judged){.policy = p};
	if (facts_has_conv(&m->facts))
		j->conv = conv_find(m, p);
	j->match = judge_way(m, p, false, j->conv);
	if (j->match <= MATCH_NAME && p->bidirectional) {
		enum match back = judge_way(m, p, true, j->conv);

		j->backward = back > j->match;
		j->match = back > j->match ? back : j->match;
	}
	if (j->match == MATCH_NO)
		return false;
	if (j->match == MATCH_NAME) {
		*why = REASON_NAME;
		return false;
	}
	if (!initiator_agrees(m, p, j->backward)) {
		*why = REASON_INITIATOR;
		return false;
	}
	/* an answer does not tell what was asked */
	if (j->conv && j->match == MATCH_YES && m->facts.payload_len && !j->backward)
		j->conv->app_ok = true;
	return true;
}

/* A policy that holds always: its sums are of one conversation. */
static struct extended_verdict policy_packet(struct extended_machine *m,
	const struct extended_policy *p, enum extended_reason accepted)
{
	struct extended_verdict v = {.policy = p, .reason = REASON_NOTHING};
	struct judged j;

	if (!judge(m, p, &j, &v.reason))
		return v;
	enum extended_reason why =
		limits_check(m, p, j.conv ? &j.conv->counts : NULL, j.backward);

	if (why != REASON_POLICY) {
		v.reason = why;
		return v;
	}
	limits_take(m, p, j.backward);
	if (!j.conv && facts_has_conv(&m->facts)) {
		j.conv = conv_open(m, p);
		j.conv->app_ok = m->facts.payload_len > 0;
		accepted = accepted == REASON_PERMIT ? REASON_PERMIT : REASON_POLICY;
	} else if (j.conv && accepted == REASON_PERMIT) {
		accepted = REASON_FLOW;
	}
	if (j.conv)
		conv_count(j.conv, &m->facts, j.backward);
	v.accepted = true;
	v.reason = accepted;
	return v;
}

static void merge(struct extended_verdict *v, const struct extended_verdict *with)
{
	if (v->accepted)
		return;
	if (with->accepted || reason_is_nearer(with->reason, v->reason))
		*v = *with;
}

static struct extended_verdict permit_packet(struct extended_machine *m, uint32_t i)
{
	const struct extended_permit *p = &m->bound->profile->permits[i];
	struct extended_verdict trigger = policy_packet(m, &p->trigger, REASON_POLICY);

	if (trigger.accepted) {
		m->permitted[i] = m->facts.when + p->within;
		return trigger;
	}
	bool open = m->permitted[i] && m->facts.when <= m->permitted[i] &&
		    m->facts.when >= m->permitted[i] - p->within;
	enum extended_reason why = REASON_NOTHING;
	struct judged j;

	if (!open && judge(m, &p->effect, &j, &why) && !j.conv)
		return (struct extended_verdict){.policy = &p->effect, .reason = REASON_SHUT};
	struct extended_verdict effect = policy_packet(m, &p->effect, REASON_PERMIT);

	merge(&trigger, &effect);
	return trigger;
}

static bool is_denied(struct extended_machine *m, struct extended_verdict *v)
{
	const struct extended_profile *p = m->bound->profile;

	for (uint32_t i = 0; i < p->policy_count; i++) {
		enum extended_reason why = REASON_NOTHING;
		struct judged j;

		/* a packet without a head is not yet what is denied */
		if (!p->policies[i].deny || !judge(m, &p->policies[i], &j, &why) ||
			j.match != MATCH_YES ||
			limits_check(m, &p->policies[i], NULL, j.backward) != REASON_POLICY)
			continue;
		v->reason = REASON_DENIED;
		v->policy = &p->policies[i];
		return true;
	}
	return false;
}

static struct extended_verdict judge_all(struct extended_machine *m)
{
	const struct extended_profile *p = m->bound->profile;
	struct extended_verdict v = {.reason = REASON_NOTHING}, one;

	if (is_denied(m, &v))
		return v;
	for (uint32_t i = 0; i < p->policy_count && !v.accepted; i++) {
		if (p->policies[i].deny)
			continue;
		one = policy_packet(m, &p->policies[i], REASON_POLICY);
		merge(&v, &one);
	}
	/* each one goes on with what it sees, whoever accepted it */
	for (uint32_t i = 0; i < p->interaction_count; i++) {
		one = interaction_packet(m, &m->interactions[i]);
		merge(&v, &one);
	}
	for (uint32_t i = 0; i < p->permit_count; i++) {
		one = permit_packet(m, i);
		merge(&v, &one);
	}
	if (!v.accepted && conv_is_error(m))
		v = (struct extended_verdict){.accepted = true, .reason = REASON_RELATED};
	return v;
}

static bool party_has_addr(const struct extended_party *p, const struct addr *a)
{
	for (uint32_t i = 0; i < p->addr_count; i++)
		if (addr_equal(&p->addrs[i], a))
			return true;
	return false;
}

static bool is_from_self(const struct extended_machine *m, const struct packet *p)
{
	const struct extended_party *self = m->bound->parties[EXTENDED_SELF];

	if (self->has_mac && p->has_mac)
		return mac_equal(&p->eth.src, &self->mac);
	return p->layers & PACKET_IP && party_has_addr(self, &p->ip.src);
}

static bool is_to_self(const struct extended_machine *m, const struct packet *p)
{
	const struct extended_party *self = m->bound->parties[EXTENDED_SELF];

	if (self->has_mac && p->layers & PACKET_LINK)
		return mac_equal(&p->eth.dst, &self->mac);
	return p->layers & PACKET_IP && party_has_addr(self, &p->ip.dst);
}

/* What was asked and answered counts only when it was accepted, too. */
static void learn_names(struct extended_machine *m, bool from_self)
{
	struct facts *f = &m->facts;

	if (!facts_has_conv(f) || (f->src_port != DNS_PORT && f->dst_port != DNS_PORT) ||
		facts_app(f, EXTENDED_DNS) != APP_YES)
		return;
	if (from_self && !f->dns.response && f->dst_port == DNS_PORT)
		names_asked(m->names, f);
	else if (!from_self && f->dns.response && f->src_port == DNS_PORT)
		names_answered(m->names, f);
}

/* Beginnings are remembered by themselves: that of a connection that was refused was seen,
 * too. */
static void see_beginning(struct extended_machine *m)
{
	static const struct extended_policy nobody = {.id = UINT32_MAX};
	struct conv *c;

	m->unseen = false;
	if (!(m->flags & EXTENDED_MIDSTREAM) || !m->facts.is_tcp)
		return;
	c = conv_find(m, &nobody);
	if (!c && m->facts.syn)
		c = conv_open(m, &nobody);
	if (c)
		c->last = m->facts.when;
	m->unseen = !c;
}

struct extended_verdict extended_machine_packet(struct extended_machine *m,
	const struct packet *p, nstime when)
{
	bool from = is_from_self(m, p), to = is_to_self(m, p);
	struct extended_verdict v;

	facts_init(&m->facts, p, when);
	if (p->error_layer & (PACKET_ARP | PACKET_IP)) {
		v = (struct extended_verdict){.reason = REASON_BROKEN};
	} else if (!m->facts.protos) {
		return (struct extended_verdict){.accepted = true, .reason = REASON_LINK};
	} else {
		see_beginning(m);
		v = judge_all(m);
		if (v.accepted && (from || to)) {
			learn_names(m, from);
			conv_accepted(m);
		}
	}
	v.own = from || to;
	if (!v.own && !v.accepted)
		v = (struct extended_verdict){.accepted = true, .reason = REASON_FOREIGN};
	return v;
}

void extended_machine_accepted(struct extended_machine *m, const struct packet *p, nstime when)
{
	bool from = is_from_self(m, p);

	facts_init(&m->facts, p, when);
	if (!m->facts.protos || (!from && !is_to_self(m, p)))
		return;
	learn_names(m, from);
	conv_accepted(m);
}

static int machine_init(struct extended_machine *m, const struct extended_bound *b)
{
	const struct extended_profile *p = b->profile;

	m->bound = b;
	m->key = hash_key_random();
	m->pool = pool_new("machine", MACHINE_POOL);
	m->names = names_new(b);
	if (!m->pool || !m->names)
		return -1;
	m->budgets = pool_take(m->pool, (p->id_count + 1) * sizeof *m->budgets);
	m->permitted = pool_take(m->pool, (p->permit_count + 1) * sizeof *m->permitted);
	m->interactions =
		pool_take(m->pool, (p->interaction_count + 1) * sizeof *m->interactions);
	if (!m->budgets || !m->permitted || !m->interactions)
		return -1;
	for (uint32_t i = 0; i < p->interaction_count; i++)
		if (automaton_build(&m->interactions[i], &p->interactions[i], m->pool))
			return -1;
	return 0;
}

struct extended_machine *extended_machine_new(const struct extended_bound *b, unsigned flags)
{
	struct extended_machine *m = calloc(1, sizeof *m);

	if (!m)
		return NULL;
	m->flags = flags;
	if (machine_init(m, b)) {
		extended_machine_free(m);
		return NULL;
	}
	return m;
}

void extended_machine_free(struct extended_machine *m)
{
	if (!m)
		return;
	names_free(m->names);
	pool_free(m->pool);
	free(m);
}

size_t extended_machine_memory(const struct extended_machine *m)
{
	return sizeof *m + pool_used(m->pool) + names_memory(m->names);
}
