// SPDX-License-Identifier: GPL-2.0-or-later
/* steps - one packet against one interaction: does it go on with a conversation that was
 * accepted, is it what one of the running instances waits for, or does it begin a new
 * one? */
#include <string.h>
#include "profiles/extended/machine_priv.h"

struct candidates {
	uint64_t forward, backward; /* steps that the packet is like */
	uint64_t going_on;	    /* of these, in a conversation that was accepted */
	struct conv *convs[EXTENDED_STEPS];
	enum extended_reason why; /* the nearest reason against it */
	uint32_t nearest;	  /* the step of that reason */
	bool has_nearest;
};

static void nearer(struct candidates *c, uint32_t step, enum extended_reason why)
{
	if (c->has_nearest && !reason_is_nearer(why, c->why))
		return;
	c->why = why;
	c->nearest = step;
	c->has_nearest = true;
}

static void find_candidates(struct extended_machine *m, struct machine_interaction *mi,
	struct candidates *c)
{
	for (uint32_t i = 0; i < mi->count; i++) {
		enum extended_reason why = REASON_NOTHING;
		struct judged j;

		c->convs[i] = NULL;
		if (!judge(m, mi->steps[i].policy, &j, &why)) {
			if (why != REASON_NOTHING)
				nearer(c, i, why);
			continue;
		}
		*(j.backward ? &c->backward : &c->forward) |= 1ULL << i;
		c->convs[i] = j.conv;
		if (j.conv)
			c->going_on |= 1ULL << i;
	}
}

static struct instance *instance_of(struct machine_interaction *mi, const struct conv *c)
{
	struct instance *in = &mi->instances[c->instance];

	return in->active && in->generation == c->generation ? in : NULL;
}

static struct extended_verdict accept(struct machine_interaction *mi, uint32_t step,
	enum extended_reason reason)
{
	return (struct extended_verdict){.accepted = true, .reason = reason,
		.policy = mi->steps[step].policy, .interaction = mi->of};
}

static nstime step_timeout(const struct machine_interaction *mi, const struct machine_step *s)
{
	if (s->policy->timeout)
		return s->policy->timeout;
	return mi->of->timeout ? mi->of->timeout : EXTENDED_TIMEOUT;
}

/* Whether the instance may take the step once more, wherever it is. */
static bool step_has_turn(const struct machine_interaction *mi, const struct instance *in,
	uint32_t i)
{
	const struct machine_step *s = &mi->steps[i];

	return s->is_stream || !s->loop_max || in->taken[i] < s->loop_max;
}

/* Steps that may follow what was taken; a loop is left only after its least number of
 * rounds. */
static uint64_t instance_follow(const struct machine_interaction *mi, const struct instance *in)
{
	uint64_t due = 0;

	for (uint32_t i = 0; i < mi->count; i++) {
		const struct machine_step *s = &mi->steps[i];
		uint64_t next = s->follow;

		if (!(in->current & 1ULL << i))
			continue;
		if (s->loop && in->taken[i] < s->loop_min)
			next &= s->loop;
		if (s->is_stream || s->policy->repeatable)
			next |= 1ULL << i;
		due |= next;
	}
	return due;
}

/* What is said once may come as often as what is right before it came: two requests are
 * two answers. Connections are not counted so, they have many packets. */
static bool step_is_owed(const struct machine_interaction *mi, const struct instance *in,
	uint32_t i)
{
	const struct machine_step *s = &mi->steps[i];

	if (s->is_stream || s->before < 0 || !in->taken[i])
		return false;
	const struct machine_step *before = &mi->steps[s->before];

	return !(before->policy->match.protos & 1u << EXTENDED_TCP) &&
	       (before->is_stream || before->policy->repeatable) &&
	       in->taken[i] < in->taken[s->before];
}

static bool step_is_due(const struct machine_interaction *mi, const struct instance *in,
	uint32_t i, bool backward, uint64_t follow, nstime now)
{
	const struct machine_step *s = &mi->steps[i];

	if (now - in->last > step_timeout(mi, s))
		return false;
	/* the answer to what was asked in this instance, whatever came since */
	if (backward && !s->is_stream)
		return in->answered[i] < in->taken[i];
	if (!(follow & 1ULL << i) && !step_is_owed(mi, in, i))
		return false;
	return step_has_turn(mi, in, i);
}

/* A connection that has not yet said what it is for may become that of another step, or
 * of another interaction. Until its head is there it counts for itself. */
static bool step_waits(const struct extended_machine *m, const struct extended_policy *p)
{
	return m->facts.is_tcp && !m->facts.payload_len && match_wants_head(p);
}

static void take_step(struct extended_machine *m, struct machine_interaction *mi,
	struct instance *in, uint32_t i, bool backward)
{
	struct machine_step *s = &mi->steps[i];
	struct conv *conv;

	bool waits = step_waits(m, s->policy);

	limits_take(m, s->policy, backward);
	if (!waits)
		counts_add(&in->counts[i], &m->facts, backward);
	if (backward && !s->is_stream)
		in->answered[i]++;
	else
		in->taken[i]++;
	in->last = m->facts.when;
	if (!facts_has_conv(&m->facts) || (!s->is_stream && !m->facts.is_tcp))
		return;
	conv = conv_open(m, s->policy);
	conv->instance = (uint32_t)(in - mi->instances);
	conv->generation = in->generation;
	conv->app_ok = m->facts.payload_len > 0;
	conv->undecided = waits;
	conv_count(conv, &m->facts, backward);
}

/* A packet that goes on with one step may begin the next: two steps that are alike. */
static void also_begins(struct extended_machine *m, struct machine_interaction *mi,
	struct instance *in, const struct candidates *c)
{
	uint64_t follow = instance_follow(mi, in);

	for (uint32_t i = 0; i < mi->count; i++) {
		if (!(c->forward & ~c->going_on & follow & ~in->current & 1ULL << i) ||
			!step_is_due(mi, in, i, false, follow, m->facts.when) ||
			limits_check(m, mi->steps[i].policy, &in->counts[i], false) !=
				REASON_POLICY)
			continue;
		take_step(m, mi, in, i, false);
		in->current |= 1ULL << i;
	}
}

/* What the packet counts for; the head of a connection brings all that came before it. */
static struct counts *counts_of(struct instance *in, uint32_t i, struct conv *conv)
{
	/* an instance that is gone leaves the conversation its own count */
	if (!in || (conv->undecided && !conv->app_ok))
		return &conv->counts;
	if (conv->undecided)
		counts_merge(&in->counts[i], &conv->counts);
	conv->undecided = false;
	return &in->counts[i];
}

static bool goes_on(struct extended_machine *m, struct machine_interaction *mi,
	struct candidates *c, struct extended_verdict *ret)
{
	for (uint32_t i = 0; i < mi->count; i++) {
		if (!(c->going_on & 1ULL << i))
			continue;
		bool backward = c->backward >> i & 1;
		struct conv *conv = c->convs[i];
		struct instance *in = instance_of(mi, conv);
		struct counts *counts = counts_of(in, i, conv);
		enum extended_reason why =
			limits_check(m, mi->steps[i].policy, counts, backward);

		if (why != REASON_POLICY) {
			nearer(c, i, why);
			continue;
		}
		limits_take(m, mi->steps[i].policy, backward);
		conv_count(conv, &m->facts, backward);
		if (in) {
			if (!conv->undecided)
				counts_add(counts, &m->facts, backward);
			in->last = m->facts.when;
			also_begins(m, mi, in, c);
		}
		*ret = accept(mi, i, REASON_FLOW);
		return true;
	}
	return false;
}

/* All steps that are due and fit are taken: a choice whose branches begin alike is not
 * decided before they differ. */
static bool advance(struct extended_machine *m, struct machine_interaction *mi,
	struct instance *in, struct candidates *c, struct extended_verdict *ret)
{
	uint64_t follow = instance_follow(mi, in), taken = 0;
	bool moved = false;

	for (uint32_t i = 0; i < mi->count; i++) {
		bool backward = c->backward >> i & 1;

		if (!((c->forward | c->backward) >> i & 1))
			continue;
		if (!step_is_due(mi, in, i, backward, follow, m->facts.when)) {
			nearer(c, i, in->taken[i] ? REASON_REPLAYED : REASON_ORDER);
			continue;
		}
		enum extended_reason why =
			limits_check(m, mi->steps[i].policy, &in->counts[i], backward);

		if (why != REASON_POLICY) {
			nearer(c, i, why);
			continue;
		}
		take_step(m, mi, in, i, backward);
		*ret = accept(mi, i, REASON_STEP);
		/* an answer, or one more of what came before, moves nothing on */
		if (follow & 1ULL << i && !(backward && !mi->steps[i].is_stream))
			taken |= 1ULL << i;
		moved = true;
	}
	if (taken)
		in->current = taken;
	return moved;
}

static bool instance_is_over(const struct machine_interaction *mi, const struct instance *in,
	nstime now)
{
	nstime timeout = mi->of->timeout ? mi->of->timeout : EXTENDED_TIMEOUT;

	for (uint32_t i = 0; i < mi->count; i++)
		if (mi->steps[i].policy->timeout > timeout)
			timeout = mi->steps[i].policy->timeout;
	return now - in->last > timeout;
}

/* Free, over, at its end, or (when that is how it shall be) idle for longest. */
static struct instance *instance_place(struct machine_interaction *mi, nstime now)
{
	struct instance *ended = NULL, *idle = NULL;

	for (uint32_t i = 0; i < mi->of->instances; i++) {
		struct instance *in = &mi->instances[i];

		if (!in->active || instance_is_over(mi, in, now))
			return in;
		if (in->current & mi->last && (!ended || in->last < ended->last))
			ended = in;
		if (!idle || in->last < idle->last)
			idle = in;
	}
	return ended ? ended : mi->of->replace ? idle : NULL;
}

static void instance_begin(struct machine_interaction *mi, struct instance *in, nstime now)
{
	uint32_t generation = in->generation + 1;
	struct counts *counts = in->counts;

	memset(counts, 0, mi->count * sizeof *counts);
	*in = (struct instance){.active = true, .generation = generation, .last = now,
		.counts = counts};
}

static bool begin(struct extended_machine *m, struct machine_interaction *mi,
	struct candidates *c, struct extended_verdict *ret)
{
	struct instance *in = NULL;
	uint64_t first = mi->first;
	uint64_t fits = c->forward;

	/* perhaps part of an instance whose beginning nobody saw, either */
	if (m->unseen) {
		first = ~0ULL;
		fits |= c->backward;
	}
	for (uint32_t i = 0; i < mi->count; i++) {
		bool backward = c->backward >> i & 1;
		enum extended_reason why;

		if (!(fits & first & ~c->going_on & 1ULL << i))
			continue;
		why = limits_check(m, mi->steps[i].policy, NULL, backward);
		if (why != REASON_POLICY) {
			nearer(c, i, why);
			continue;
		}
		if (!in)
			in = instance_place(mi, m->facts.when);
		if (!in) {
			nearer(c, i, REASON_BUSY);
			return false;
		}
		if (!in->active || !ret->accepted)
			instance_begin(mi, in, m->facts.when);
		take_step(m, mi, in, i, backward);
		in->current |= 1ULL << i;
		*ret = accept(mi, i, REASON_STEP);
	}
	return ret->accepted;
}

/* Instances that were active last come first: what belongs together is close in time. */
static bool advance_one(struct extended_machine *m, struct machine_interaction *mi,
	struct candidates *c, struct extended_verdict *ret)
{
	uint64_t tried = 0;

	for (uint32_t n = 0; n < mi->of->instances; n++) {
		struct instance *best = NULL;

		for (uint32_t i = 0; i < mi->of->instances; i++) {
			struct instance *in = &mi->instances[i];

			if (tried & 1ULL << i || !in->active)
				continue;
			if (!best || in->last > best->last)
				best = in;
		}
		if (!best)
			return false;
		tried |= 1ULL << (best - mi->instances);
		if (instance_is_over(mi, best, m->facts.when))
			best->active = false;
		else if (advance(m, mi, best, c, ret))
			return true;
	}
	return false;
}

struct extended_verdict interaction_packet(struct extended_machine *m,
	struct machine_interaction *mi)
{
	struct extended_verdict v = {.interaction = mi->of, .reason = REASON_NOTHING};
	struct candidates c = {.why = REASON_NOTHING};

	find_candidates(m, mi, &c);
	if (!(c.forward | c.backward) && !c.has_nearest)
		return v;
	if (goes_on(m, mi, &c, &v) || advance_one(m, mi, &c, &v) || begin(m, mi, &c, &v))
		return v;
	/* no instance runs, and this is not how one begins */
	for (uint32_t i = 0; i < mi->count && !c.has_nearest; i++)
		if ((c.forward | c.backward) >> i & 1)
			nearer(&c, i, REASON_ORDER);
	v.reason = c.why;
	v.policy = mi->steps[c.nearest].policy;
	return v;
}
