// SPDX-License-Identifier: GPL-2.0-or-later
/* replay - a capture read once, front to back: whose packet, which conversation, which
 * verdict. Memory does not grow with the capture. */
#include "engine/replay_priv.h"

#include "base/str.h"
#include "wire/dns.h"

#include <errno.h>
#include <string.h>

#define PROGRESS_EVERY 4096 /* packets; a few times a second */

static bool names_has(void *ctx, const char *name, const struct addr *a)
{
	const struct replay *r = ctx;

	return bindings_has(&r->bindings, name, a, r->now);
}

static size_t names_addrs(void *ctx, const char *name, struct addr *out, size_t max)
{
	const struct replay *r = ctx;

	return bindings_addrs(&r->bindings, name, r->now, out, max);
}

static bool is_echo(const struct packet *p)
{
	return p->layers & PACKET_ICMP && p->icmp.has_echo;
}

static bool is_echo_request(const struct flow *f)
{
	return f->icmp_type == (f->proto == FLOW_PROTO_ICMP ? ICMP4_ECHO : ICMP6_ECHO);
}

static void flow_of(const struct packet *p, enum direction d, struct flow *f)
{
	bool from = d == DIRECTION_FROM_DEVICE;
	uint16_t src, dst;

	*f = (struct flow){
		.direction = d,
		.device = from ? p->ip.src : p->ip.dst,
		.peer = from ? p->ip.dst : p->ip.src,
		.proto = p->ip.proto,
	};
	packet_ports(p, &src, &dst);
	if (p->layers & PACKET_ICMP) {
		f->icmp_type = p->icmp.type;
		f->icmp_code = p->icmp.code;
	}
	f->device_port = from ? src : dst;
	f->peer_port = from ? dst : src;
}

static struct replay_key key_of(const struct packet *p, const struct flow *f)
{
	struct replay_key k = {
		.device = f->device,
		.peer = f->peer,
		.kind = REPLAY_FLOW_LONE,
		.proto = f->proto,
		.direction = f->direction,
		.a = f->icmp_type,
		.b = f->icmp_code,
	};

	if (p->layers & (PACKET_TCP | PACKET_UDP)) {
		k.kind = REPLAY_FLOW_PORTS;
		k.a = f->device_port;
		k.b = f->peer_port;
	} else if (is_echo(p)) {
		k.kind = REPLAY_FLOW_ECHO;
		k.a = p->icmp.echo_id;
		k.b = 0;
	}
	if (k.kind != REPLAY_FLOW_LONE)
		k.direction = 0;
	return k;
}

/* The same conversation, begun by the other side. */
static struct flow reversed(const struct flow *f)
{
	struct flow o = *f;

	o.direction = f->direction == DIRECTION_FROM_DEVICE ? DIRECTION_TO_DEVICE
							    : DIRECTION_FROM_DEVICE;
	return o;
}

static bool accepts(const struct verdict *v)
{
	return v->kind == VERDICT_ALLOW || v->kind == VERDICT_PASS;
}

static void evaluate(const struct replay *r, const struct flow *f, struct verdict *v)
{
	policy_evaluate(&r->report->policy, r->env, &r->names, f, v);
}

/* Who began a conversation whose beginning the capture lacks? SYN and ACK together say
 * it was the other; data may come from either, so that both are tried and, when neither
 * may, the side with the lower port is taken for the server. */
static void judge_opening(const struct replay *r, const struct packet *p,
	struct flow *f, struct verdict *v)
{
	uint8_t syn_ack = p->tcp.flags & (TCP_SYN | TCP_ACK);
	struct flow other = reversed(f);
	struct verdict w;

	if (!(p->layers & PACKET_TCP) || syn_ack == TCP_SYN) {
		evaluate(r, f, v);
		return;
	}
	evaluate(r, &other, &w);
	if (syn_ack == (TCP_SYN | TCP_ACK)) {
		*f = other;
		*v = w;
		return;
	}
	evaluate(r, f, v);
	bool other_is_client = (f->direction == DIRECTION_FROM_DEVICE) ==
			       (f->peer_port > f->device_port);
	if (accepts(v) || (!accepts(&w) && !other_is_client))
		return;
	*f = other;
	*v = w;
}

static void count_rule(struct replay *r, rule_id id, uint32_t bytes)
{
	const struct policy *p = &r->report->policy;
	const struct rule *rule = policy_rule(p, id);

	if (!rule)
		return;
	struct replay_count *c = &r->report->rules[rule - p->rules];
	c->packets++;
	c->bytes += bytes;
}

/* One more packet of what is blocked already. */
static void count_blocked(struct replay *r, const struct replay_flow *e)
{
	if (e->violation)
		r->report->violations[e->violation - 1].packets++;
	else
		r->report->violation_dropped++;
}

static void block(struct replay *r, struct replay_flow *e, const struct flow *f,
	const struct verdict *v)
{
	r->report->blocked_packets++;
	if (e->was_blocked) {
		count_blocked(r, e);
		return;
	}
	e->violation = replay_violation_add(r, f, v);
	e->was_blocked = true;
	r->report->blocked_flows++;
	if (e->violation)
		r->report->violations[e->violation - 1].flows++;
}

static void pass(struct replay *r, struct replay_flow *e, rule_id rule, uint32_t bytes)
{
	e->allowed = true;
	e->rule = rule;
	count_rule(r, rule, bytes);
}

/* An answer inside a conversation that would not have begun. */
static void block_answer(struct replay *r, const struct replay_flow *e)
{
	r->report->blocked_packets++;
	count_blocked(r, e);
}

static bool is_bare_syn(const struct packet *p)
{
	return p->layers & PACKET_TCP &&
	       (p->tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* A packet of a known conversation. */
static void judge_known(
	struct replay *r, struct replay_flow *e, const struct flow *f, uint32_t bytes)
{
	struct verdict v;

	if (e->allowed && e->key.kind != REPLAY_FLOW_LONE) {
		count_rule(r, e->rule, bytes);
		return;
	}
	if (f->direction != e->direction) {
		block_answer(r, e);
		return;
	}
	evaluate(r, f, &v);
	if (accepts(&v))
		pass(r, e, v.rule, bytes);
	else
		block(r, e, f, &v);
}

static void judge_new(struct replay *r, const struct packet *p, struct flow *f,
	uint32_t bytes, const struct replay_key *k)
{
	struct verdict v;
	struct replay_flow *e;

	judge_opening(r, p, f, &v);
	e = replay_flow_add(&r->flows, k);
	e->direction = f->direction;
	r->report->flows++;
	if (accepts(&v))
		pass(r, e, v.rule, bytes);
	else
		block(r, e, f, &v);
	e->answered = !is_bare_syn(p);
	replay_flow_touch(&r->flows, e, r->now);
}

/* The conversation that an ICMP error complains about. */
static struct replay_flow *complained_about(
	struct replay *r, const struct packet *p, enum direction d)
{
	const struct icmp_inner *i = &p->icmp.inner;
	/* the inner packet went the other way */
	bool device_sent = d == DIRECTION_TO_DEVICE;
	struct replay_key k = {
		.device = device_sent ? i->src : i->dst,
		.peer = device_sent ? i->dst : i->src,
		.proto = i->proto,
	};

	if (!(p->layers & PACKET_ICMP) || !p->icmp.has_inner)
		return NULL;
	if (i->has_ports) {
		k.kind = REPLAY_FLOW_PORTS;
		k.a = device_sent ? i->src_port : i->dst_port;
		k.b = device_sent ? i->dst_port : i->src_port;
	} else if (i->has_echo) {
		k.kind = REPLAY_FLOW_ECHO;
		k.a = i->src_port;
	} else {
		return NULL;
	}
	return replay_flow_find(&r->flows, &k, r->now);
}

/* Where the network redirects questions for names, a capture shows answers of somebody
 * who was not asked: of which question is told by the port. */
static struct replay_flow *question_of(struct replay *r, const struct packet *p)
{
	struct replay_key k = {
		.device = p->ip.dst,
		.peer = p->ip.src,
		.kind = REPLAY_FLOW_PORTS,
		.proto = FLOW_PROTO_UDP,
		.a = p->udp.dst_port,
		.b = p->udp.src_port,
	};
	struct replay_flow *e = replay_flow_find(&r->flows, &k, r->now);

	for (uint32_t i = 0; !e && i < r->env->gateway_count; i++) {
		k.peer = r->env->gateway[i];
		e = replay_flow_find(&r->flows, &k, r->now);
	}
	for (uint32_t i = 0; !e && i < r->env->dns_count; i++) {
		k.peer = r->env->dns[i];
		e = replay_flow_find(&r->flows, &k, r->now);
	}
	return e && e->direction == DIRECTION_FROM_DEVICE ? e : NULL;
}

static bool is_answer_for_names(const struct packet *p, enum direction d)
{
	return d == DIRECTION_TO_DEVICE && p->layers & PACKET_UDP &&
	       p->udp.src_port == DNS_PORT;
}

/* A source that no device here can have: the guard drops it before any rule. */
static bool is_spoofed(const struct replay *r, const struct flow *f)
{
	bool has_lan = false;

	for (uint32_t i = 0; i < r->env->lan_count; i++)
		has_lan |= r->env->lan[i].addr.family == f->device.family;
	return has_lan && f->direction == DIRECTION_FROM_DEVICE &&
	       !replay_owns(r, &f->device) && !addr_is_unspecified(&f->device) &&
	       !policy_env_is_local(r->env, &f->device);
}

static void refuse_outright(
	struct replay *r, const struct flow *f, enum verdict_reason reason)
{
	const struct verdict v = {.kind = VERDICT_VIOLATION, .reason = reason};

	r->report->blocked_packets++;
	(void)replay_violation_add(r, f, &v);
}

void replay_judge(
	struct replay *r, const struct packet *p, enum direction d, uint32_t bytes)
{
	struct flow f;
	struct replay_flow *e;

	flow_of(p, d, &f);
	if (policy_is_rogue(&f)) {
		refuse_outright(r, &f, REASON_ROGUE_RA);
		return;
	}
	if (policy_is_infrastructure(&f)) {
		r->report->infrastructure++;
		return;
	}
	if (is_spoofed(r, &f)) {
		refuse_outright(r, &f, REASON_SPOOFED);
		return;
	}
	e = complained_about(r, p, d);
	if (e && e->allowed) {
		count_rule(r, e->rule, bytes);
		return;
	}
	struct replay_key k = key_of(p, &f);
	e = replay_flow_find(&r->flows, &k, r->now);
	/* only a request opens an echo flow; a stray answer stands alone */
	if (!e && k.kind == REPLAY_FLOW_ECHO && !is_echo_request(&f)) {
		k.kind = REPLAY_FLOW_LONE;
		k.direction = f.direction;
		k.a = f.icmp_type;
		k.b = f.icmp_code;
		e = replay_flow_find(&r->flows, &k, r->now);
	}
	if (!e && is_answer_for_names(p, d))
		e = question_of(r, p);
	if (!e) {
		judge_new(r, p, &f, bytes, &k);
		return;
	}
	judge_known(r, e, &f, bytes);
	e->answered |= !is_bare_syn(p);
	replay_flow_touch(&r->flows, e, r->now);
}

static bool asked(struct replay *r, const struct packet *p)
{
	struct replay_flow *e = question_of(r, p);

	if (!e)
		return false;
	if (!e->allowed && !r->foreign_dns) {
		char text[ADDR_TEXT_MAX];
		r->foreign_dns = true;
		replay_notice(r->report,
			"the device asks %s for names, which would be blocked; its "
			"answers are taken as the gateway's",
			addr_format(&p->ip.src, text));
	}
	return true;
}

void replay_names_learn(struct replay *r, const struct packet *p)
{
	struct dns_answer a;

	if (!(p->layers & PACKET_UDP) || p->udp.src_port != DNS_PORT || !asked(r, p) ||
		dns_answer_collect(p->payload, &a))
		return;
	for (unsigned i = 0; i < a.count; i++)
		(void)bindings_tell(&r->bindings, a.question.name.text, &a.addresses[i],
			a.min_ttl, r->now, NULL);
}

static void replay_packet(struct replay *r, const struct pcap_record *rec)
{
	struct replay_report *rep = r->report;
	struct packet p;
	enum direction d;

	rep->read++;
	r->now = rec->time;
	if (packet_parse(rec->linktype, cursor_of(rec->data, rec->caplen), &p)) {
		rep->unreadable++;
		return;
	}
	if (!replay_identify(r, &p, &d))
		return;
	rep->packets++;
	if (!rep->first)
		rep->first = r->now;
	rep->last = r->now;
	bool later_fragment =
		p.layers & PACKET_IP && p.ip.frag.is_fragment && !p.ip.frag.first;
	if (!(p.layers & PACKET_IP) && !p.error) {
		rep->infrastructure++;
		return;
	}
	if (p.error || later_fragment) {
		rep->unjudged++;
		return;
	}
	/* the verdict on the answer first: its flow must be known to be an answer */
	replay_judge(r, &p, d, rec->len);
	if (d == DIRECTION_TO_DEVICE)
		replay_names_learn(r, &p);
}

static void progress(const struct replay *r, const struct pcap *in)
{
	if (r->options->progress)
		r->options->progress(r->options->ctx, r->report->read, pcap_offset(in));
}

static int replay_read(struct replay *r, struct pcap *in)
{
	struct pcap_record rec;
	int e;

	while ((e = pcap_next(in, &rec)) == 1) {
		replay_packet(r, &rec);
		if (r->report->read % PROGRESS_EVERY == 0)
			progress(r, in);
	}
	progress(r, in);
	if (e < 0)
		(void)str_copy(
			r->report->problem, sizeof r->report->problem, pcap_error(in));
	return e;
}

/* The report's pool: the rules and their counts, and room for violations. */
#define REPORT_POOL_BYTES                                                              \
	(POLICY_POOL_BYTES + (LIMIT_RULES + 16) * sizeof(struct replay_count) +        \
		REPLAY_VIOLATIONS_MAX * sizeof(struct replay_violation) + 4096)

static int report_init(const struct replay_options *o, struct replay_report *rep)
{
	const struct policy_input input = {
		.rules = o->profile->rules, .count = o->profile->rule_count};
	int e;

	rep->pool = pool_new("replay", REPORT_POOL_BYTES);
	if (!rep->pool)
		return -ENOMEM;
	e = policy_prepare(rep->pool, &input, &rep->policy);
	if (e)
		return e;
	rep->rules = pool_take(rep->pool, rep->policy.count * sizeof *rep->rules);
	rep->violations =
		pool_take(rep->pool, REPLAY_VIOLATIONS_MAX * sizeof *rep->violations);
	return rep->rules && rep->violations ? 0 : -ENOMEM;
}

static void notice_sums(struct replay *r)
{
	struct replay_report *rep = r->report;

	if (!rep->packets)
		replay_notice(rep, "no packet of %s in this capture", rep->device);
	if (rep->unreadable)
		replay_notice(rep,
			"%llu frames of the capture are of no kind known here "
			"and were passed over",
			(unsigned long long)rep->unreadable);
	if (rep->unjudged)
		replay_notice(rep,
			"%llu packets were cut short, malformed or later "
			"fragments and not judged",
			(unsigned long long)rep->unjudged);
	if (r->bindings.evicted)
		replay_notice(rep,
			"the device knows more than %d names at once: %llu were "
			"forgotten early",
			LIMIT_BINDINGS, (unsigned long long)r->bindings.evicted);
	if (rep->violation_dropped)
		replay_notice(rep,
			"more than %d different violations: %llu packets are "
			"counted, but not listed",
			REPLAY_VIOLATIONS_MAX,
			(unsigned long long)rep->violation_dropped);
}

int replay_run(const struct replay_options *options, struct replay_report *ret)
{
	struct replay r = {.options = options, .report = ret, .env = &ret->env};
	struct pcap *in = NULL;
	int e;

	*ret = (struct replay_report){0};
	r.names = (struct policy_names){.has = names_has, .addrs = names_addrs, .ctx = &r};
	bindings_init(&r.bindings, 0);
	replay_identity_init(&r);
	e = report_init(options, ret);
	if (!e)
		e = replay_flows_init(&r.flows);
	if (e)
		goto out;
	e = pcap_open(options->fd, &in);
	if (!e)
		e = replay_read(&r, in);
	replay_flows_free(&r.flows);
	notice_sums(&r);
	replay_report_sort(ret);
out:
	if (e && !ret->problem[0])
		(void)str_copy(ret->problem, sizeof ret->problem, error_text(e));
	pcap_close(in);
	bindings_free(&r.bindings);
	return e;
}

void replay_report_free(struct replay_report *r)
{
	pool_free(r->pool);
	*r = (struct replay_report){0};
}
