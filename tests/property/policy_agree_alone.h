// SPDX-License-Identifier: GPL-2.0-or-later
/* policy_agree_alone - what the kernel opens by itself for names. */
#ifndef CARDEA_TEST_POLICY_AGREE_ALONE_H
#define CARDEA_TEST_POLICY_AGREE_ALONE_H

#include "property/policy_agree.h"

/* What the kernel opened by itself: model/element.h and the datapath's word on NAME. */
static struct element alone[NAMES * BINDINGS_MAX * LIMIT_OPENINGS * 4];
static size_t alone_count;
static struct policy_opening openings[RULES_MAX * LIMIT_OPENINGS];
static size_t opening_count;

static int keep_opening(void *ctx, const struct policy_opening *o)
{
	size_t same = 0;

	(void)ctx;
	for (size_t i = 0; i < opening_count; i++)
		same += openings[i].suffix == o->suffix &&
			!strcmp(openings[i].name, o->name);
	EXPECT(same < LIMIT_OPENINGS, "%s has too many openings", o->name);
	openings[opening_count++] = *o;
	return 0;
}

static unsigned opened_alone, wholes_alone;

static bool opening_is_for(const struct policy_opening *o, const char *name)
{
	size_t n = strlen(name), tail = strlen(o->name);

	if (!o->suffix)
		return !strcmp(o->name, name);
	return n > tail + 1 && name[n - tail - 1] == '.' &&
	       !strcmp(name + n - tail, o->name);
}

static void open_alone(const struct world *w, const struct told *t)
{
	for (size_t i = 0; i < opening_count; i++) {
		const struct policy_opening *o = &openings[i];
		if (!opening_is_for(o, t->name) ||
			(o->family && o->family != t->addr.family))
			continue;
		alone[alone_count++] = (struct element){.kind = ELEMENT_OUT,
			.family = t->addr.family,
			.mac = w->device.mac,
			.peer_lo = t->addr,
			.peer_hi = t->addr,
			.proto_lo = o->proto,
			.proto_hi = o->proto,
			.device_port = {0, UINT16_MAX},
			.peer_port = {o->port, o->port}};
	}
}

/* Nothing that the evaluator refuses. */
static void check_alone(const struct world *w, const struct element *e)
{
	struct flow f = {.direction = DIRECTION_FROM_DEVICE,
		.peer = e->peer_lo,
		.proto = e->proto_lo,
		.device_port = random_port(),
		.peer_port = e->peer_port.lo};
	struct verdict v;

	for (size_t i = 0; i < w->device.addr_count; i++)
		if (w->device.addrs[i].family == e->family)
			f.device = w->device.addrs[i];
	if (policy_is_infrastructure(&f) || policy_is_rogue(&f))
		return;
	policy_evaluate(&w->policy, &w->env, &w->names, &f, &v);
	EXPECT(v.kind == VERDICT_ALLOW, "the kernel opened what rule %u forbids", v.rule);
	opened_alone++;
}

static bool is_alone(const struct element *e)
{
	for (size_t i = 0; i < alone_count; i++)
		if (element_compare(&alone[i], e) == 0)
			return true;
	return false;
}

/* With nothing missing where no name needs us. */
static void check_inline(const struct world *w, size_t n_static)
{
	bool whole = false;

	opening_count = alone_count = 0;
	EXPECT(policy_inline(&w->policy, keep_opening, NULL, &whole) == 0, "inline");
	for (size_t i = 0; i < told_count; i++)
		open_alone(w, &told[i]);
	for (size_t i = 0; i < alone_count; i++)
		check_alone(w, &alone[i]);
	for (size_t i = n_static; i < element_count && whole; i++)
		EXPECT(is_alone(&elements[i]), "the kernel did not open element %zu", i);
	wholes_alone += whole && element_count > n_static;
}

#endif
