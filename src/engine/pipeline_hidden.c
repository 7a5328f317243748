// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices that ask others than this gateway for names, or that may do so where nobody
 * sees it: what such a conversation is called, and that it is noted. */
#include <string.h>
#include "base/str.h"
#include "engine/pipeline.h"

#define PORT_DNS 53
#define PORT_DOT 853 /* RFC 7858 3.1, RFC 9250 4.1.1 */
#define PORT_HTTPS 443
#define NAME_SHOWN 96

static bool is_own_server(const struct policy_env *env, const struct addr *a)
{
	for (uint32_t i = 0; i < env->dns_count; i++)
		if (addr_equal(&env->dns[i], a))
			return true;
	return policy_env_is_gateway(env, a);
}

/* Whose resolver it is, or NULL when nobody knows. */
static const char *whose(const struct pipeline *p, const struct flow *f, const char *asked)
{
	const char *by = asked && asked[0] ? encrypted_by_name(&p->encrypted, asked) : NULL;

	return by ? by : encrypted_by_addr(&f->peer);
}

const char *pipeline_hidden_what(const struct pipeline *p, const struct flow *f,
	const char *asked, char buf[LIMIT_TEXT])
{
	char addr[ADDR_TEXT_MAX], name[NAME_SHOWN];
	bool carries = f->proto == FLOW_PROTO_TCP || f->proto == FLOW_PROTO_UDP;
	const char *by, *peer;

	if (!carries || f->direction != DIRECTION_FROM_DEVICE ||
		is_own_server(&p->household.env, &f->peer))
		return NULL;
	by = whose(p, f, asked);
	if (f->peer_port != PORT_DNS && f->peer_port != PORT_DOT &&
		(f->peer_port != PORT_HTTPS || !by))
		return NULL;
	addr_format(&f->peer, addr);
	peer = asked && asked[0] ? str_escape(str_untrusted(asked), name, sizeof(name))
				 : addr;
	(void)str_print(buf, LIMIT_TEXT, "%s %s%s%s%s%s",
		f->peer_port == PORT_DNS ? "its own resolver" : "the public resolver", peer,
		by && strcmp(by, peer) != 0 ? " (" : "",
		by && strcmp(by, peer) != 0 ? by : "",
		by && strcmp(by, peer) != 0 ? ")" : "",
		f->peer_port == PORT_DOT     ? " by TLS"
		: f->peer_port == PORT_HTTPS ? " by HTTPS"
					     : "");
	return buf;
}

void pipeline_hidden_asked(struct pipeline *p, const struct device *d,
	const struct message_dns_answer *m)
{
	const char *by = encrypted_by_name(&p->encrypted, m->name);
	struct event e = {.kind = EVENT_NAMES_HIDDEN, .device = d->id,
		.flow = {.direction = DIRECTION_FROM_DEVICE, .device = m->client,
			.proto = FLOW_PROTO_TCP, .peer_port = PORT_HTTPS}};
	char name[NAME_SHOWN];

	if (!by || m->addrs.count == 0 || device_is_enforced(d))
		return;
	e.flow.peer = m->addrs.addrs[0];
	str_copy(e.name, sizeof(e.name), m->name);
	(void)str_print(e.text, sizeof(e.text),
		"%s looks for the public resolver %s (%s); it is only watched: its names "
		"may be hidden from this gateway.",
		d->name, str_escape(str_untrusted(m->name), name, sizeof(name)), by);
	journal_packet(&p->journal, pipeline_wall(p), &e);
}

void pipeline_hidden_seen(struct pipeline *p, const struct device *d,
	const struct flow *f, const char *asked)
{
	struct event e = {.kind = EVENT_NAMES_HIDDEN, .device = d->id, .flow = *f};
	char what[LIMIT_TEXT];

	if (!pipeline_hidden_what(p, f, asked, what))
		return;
	str_copy(e.name, sizeof(e.name), asked ? asked : "");
	(void)str_print(e.text, sizeof(e.text),
		"%s asks %s, which its profile lists: %s.", d->name, what,
		f->peer_port == PORT_DNS
			? "this gateway does not see what it was told"
			: "its names are hidden from this gateway");
	journal_packet(&p->journal, pipeline_wall(p), &e);
}
