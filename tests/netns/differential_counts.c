// SPDX-License-Identifier: GPL-2.0-or-later
/* differential_counts - which element let what pass, as the kernels count. */
#include "netns/differential_gates.h"

#include <string.h>

#include "base/str.h"

/* Nothing but its key, as no back end keeps more. */
static struct element key_of(const struct element *e)
{
	bool out = e->kind == ELEMENT_OUT || e->kind == ELEMENT_OUT_RANGE;
	struct element key = {.kind = e->kind, .family = e->family, .peer_lo = e->peer_lo,
		.peer_hi = e->peer_hi, .proto_lo = e->proto_lo, .proto_hi = e->proto_hi};

	if (out)
		key.mac = e->mac;
	else
		key.device = e->device;
	if (e->kind != ELEMENT_OUT)
		key.device_port = e->device_port;
	if (e->kind != ELEMENT_IN)
		key.peer_port = e->peer_port;
	key.gate = e->gate;
	return key;
}

static bool same_key(const struct element *a, const struct element *b)
{
	struct element x = key_of(a), y = key_of(b);

	return !element_compare(&x, &y);
}

static void count_note(struct gate *g, const struct message_count *m)
{
	struct element e;

	if (message_to_count(m, &e))
		fail("a malformed count");
	for (size_t i = 0; i < world.element_count; i++) {
		if (!same_key(&world.elements[i], &e))
			continue;
		g->counted[i] += m->packets;
		return;
	}
}

static void counts_ask(struct gate *g)
{
	struct message m = {.type = MESSAGE_COUNTS_WANTED};

	memset(g->counted, 0, world.element_count * sizeof *g->counted);
	send_to(g->engine, &m, -1);
	do {
		message_await(g, g->engine, &m);
		if (m.type == MESSAGE_COUNT)
			count_note(g, &m.count);
	} while (m.type == MESSAGE_COUNT);
	expect_type(g, &m, MESSAGE_COUNTS_END);
}

/* The BPF program lets a question pass that is redirected behind it, and counts it for
 * nothing; nftables judges it as it then is. */
static bool is_counted(const struct gate *g, const struct trial *t)
{
	return t->element >= 0 && !(t->redirected && strcmp(g->name, "nft") != 0);
}

/* The packets of those of each rule. */
void counts_compare(struct gate *g)
{
	counts_ask(g);
	for (size_t i = 0; i < world.element_count; i++) {
		const struct trial *last = NULL;
		uint64_t packets = 0, twice = 0;
		size_t first = 0; /* an element that two names give is one */
		while (!same_key(&world.elements[first], &world.elements[i]))
			first++;
		if (first < i)
			continue;
		for (unsigned k = 0; k < world.trial_count; k++)
			if (is_counted(g, &world.trials[k]) &&
				same_key(&world.elements[world.trials[k].element],
					&world.elements[i])) {
				last = &world.trials[k];
				packets++;
				twice += to_group(last);
			}
		if (g->counted[i] >= packets &&
			g->counted[i] <= packets + (strcmp(g->name, "nft") ? 0 : twice))
			continue;
		char text[128];
		(void)str_print(text, sizeof text,
			"element %zu of rule %u counted %llu, expected %llu", i,
			world.of[i], (unsigned long long)g->counted[i],
			(unsigned long long)packets);
		differs(g, last ? last : &world.trials[0], text);
	}
}
