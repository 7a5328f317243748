// SPDX-License-Identifier: GPL-2.0-or-later
/* Interfaces of the LAN: where policy is enforced, where it is not and why. A port that
 * cannot be covered is the owner's to know about. */
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"

/* Ticks: an interface that comes up is covered a moment later, and a new enforcer tells
 * of them one by one. */
#define PORTS_SETTLE 5

static struct pipeline_port *find(struct pipeline *p, const char *name)
{
	for (size_t i = 0; i < p->port_count; i++)
		if (strcmp(p->ports[i].name, name) == 0)
			return &p->ports[i];
	return NULL;
}

void pipeline_port(struct pipeline *p, const struct message_port *m)
{
	struct pipeline_port *port = find(p, m->name);

	p->ports_settle = PORTS_SETTLE;
	if (m->gone) {
		if (port)
			*port = p->ports[--p->port_count];
		return;
	}
	if (!port && p->port_count == PIPELINE_PORTS_MAX) {
		p->ports_beyond++;
		return;
	}
	if (!port) {
		port = &p->ports[p->port_count++];
		memset(port, 0, sizeof(*port));
		str_copy(port->name, sizeof(port->name), m->name);
	}
	if (!m->covered && (port->covered || !port->text[0]))
		log_warn("pipeline", "nothing is enforced at %s: %s", m->name, m->text);
	port->covered = m->covered;
	str_copy(port->text, sizeof(port->text), m->covered ? "" : m->text);
}

void pipeline_ports_reset(struct pipeline *p)
{
	p->port_count = 0;
	p->ports_beyond = 0;
	p->ports_settle = 0; /* the first word of the new one begins it */
}

/* Open questions about ports. */
struct asked {
	char names[PIPELINE_PORTS_MAX][LIMIT_IFNAME];
	size_t count;
};

static int note_open(void *ctx, const struct decision *d)
{
	struct asked *a = ctx;

	if (d->answer == DECISION_OPEN && a->count < PIPELINE_PORTS_MAX)
		str_copy(a->names[a->count++], LIMIT_IFNAME, d->subject);
	return 0;
}

static void take_back(struct pipeline *p)
{
	struct asked a = {.count = 0};

	if (store_decisions_of(p->store, 0, DECISION_PORT, note_open, &a))
		return;
	for (size_t i = 0; i < a.count; i++) {
		const struct pipeline_port *port = find(p, a.names[i]);

		if (port && !port->covered)
			continue;
		pipeline_unask(p, DECISION_PORT, 0, a.names[i]);
		journal_note(&p->journal, pipeline_wall(p), 0, EVENT_GATEWAY,
			port ? "Port %s: rules are enforced there now."
			     : "Port %s is gone.",
			a.names[i]);
	}
}

static void ask(struct pipeline *p, const struct pipeline_port *port)
{
	struct decision d = {.kind = DECISION_PORT};

	str_copy(d.subject, sizeof(d.subject), port->name);
	(void)str_print(d.text, sizeof(d.text),
		"Nothing is enforced for devices behind port %s: %s. Accept the risk?",
		port->name, port->text);
	(void)pipeline_ask(p, &d);
}

void pipeline_ports_settle(struct pipeline *p)
{
	if (!p->ports_settle || --p->ports_settle)
		return;
	take_back(p);
	for (size_t i = 0; i < p->port_count; i++)
		if (!p->ports[i].covered)
			ask(p, &p->ports[i]);
}

struct acceptance {
	const char *name;
	bool accepted;
};

static int note_answer(void *ctx, const struct decision *d)
{
	struct acceptance *a = ctx;

	if (strcmp(d->subject, a->name) == 0)
		a->accepted = d->answer == DECISION_ACCEPTED; /* the youngest counts */
	return 0;
}

bool pipeline_port_accepted(struct pipeline *p, const char *name)
{
	struct acceptance a = {.name = name};

	return !store_decisions_of(p->store, 0, DECISION_PORT, note_answer, &a) &&
	       a.accepted;
}
