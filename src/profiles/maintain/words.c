// SPDX-License-Identifier: GPL-2.0-or-later
/* words - kinds and questions in sentences, and how everything is called. */
#include "profiles/maintain/maintain_priv.h"

static void say_peer(struct str_text *s, const struct learned_kind *k)
{
	char addr[ADDR_TEXT_MAX], mac[MAC_TEXT_MAX];

	switch (k->place) {
	case RECORD_GATEWAY:
		str_add(s, "the gateway");
		return;
	case RECORD_DEVICE:
		if (mac_is_zero(&k->peer_mac))
			str_add(s, "devices of the house");
		else
			str_add(s, "the device %s", mac_format(&k->peer_mac, mac));
		return;
	case RECORD_INTERNET:
	case RECORD_GROUP:
	case RECORD_PLACE_MAX:
		break;
	}
	if (k->name[0])
		str_add(s, "%s", k->name);
	else if (k->peer.family)
		str_add(s, "%s", addr_format(&k->peer, addr));
	else
		str_add(s, k->place == RECORD_GROUP ? "any group" : "any address");
}

static void say_service(struct str_text *s, const struct learned_kind *k)
{
	char proto[FLOW_PROTO_TEXT_MAX];

	str_add(s, "%s", flow_proto_text(k->proto, proto));
	if (k->proto == FLOW_PROTO_ICMP || k->proto == FLOW_PROTO_ICMP6)
		str_add(s, " type %u", k->port);
	else if (k->source_port)
		str_add(s, " from port %u", k->source_port);
	else if (k->port_any)
		str_add(s, " any port");
	else if (k->port)
		str_add(s, " %u", k->port);
}

const char *maintain_kind_text(
	const struct learned_kind *k, char buf[MAINTAIN_TEXT_MAX])
{
	struct str_text s = {.buf = buf, .size = MAINTAIN_TEXT_MAX};

	buf[0] = 0;
	say_service(&s, k);
	str_add(&s, k->direction == DIRECTION_FROM_DEVICE ? " to " : " opened by ");
	say_peer(&s, k);
	if (k->name[0] && k->general && k->siblings > 1)
		str_add(&s, " [%u names]", k->siblings);
	return buf;
}

static void say_provenance(struct str_text *s, const struct maintain_item *i)
{
	switch (i->naming) {
	case RECORD_ANSWER:
		str_add(s, "; its name was answered by this gateway");
		return;
	case RECORD_SNI:
	case RECORD_HOST:
		str_add(s, "; only the device itself says that name");
		return;
	case RECORD_UNNAMED:
	case RECORD_NAMING_MAX:
		break;
	}
	if (i->kind.place == RECORD_INTERNET)
		str_add(s, "; no name says whose address it is");
}

static void say_week(struct str_text *s, const struct maintain_effect *e)
{
	str_add(s, "; in 7 days %llu conversation%s of %llu bytes",
		(unsigned long long)e->conversations,
		e->conversations == 1 ? "" : "s", (unsigned long long)e->bytes);
	if (e->blocked && e->blocked == e->conversations)
		str_add(s, ", blocked");
	else if (e->blocked)
		str_add(s, ", %llu blocked", (unsigned long long)e->blocked);
}

/* The first thing is what it is about: a decision's text may be cut. */
const char *maintain_question(
	const struct maintain_item *i, char buf[MAINTAIN_TEXT_MAX])
{
	struct str_text s = {.buf = buf, .size = MAINTAIN_TEXT_MAX};
	char text[MAINTAIN_TEXT_MAX], since[CLOCK_TEXT_MAX];
	uint32_t n = maintain_episodes(&i->kind);

	buf[0] = 0;
	str_add(&s, "%s %s (seen in %u episode%s since %.10s",
		i->kind.direction == DIRECTION_FROM_DEVICE ? "wants to speak"
							   : "is asked to answer",
		maintain_kind_text(&i->kind, text), n, n == 1 ? "" : "s",
		clock_format(i->kind.first, since));
	say_provenance(&s, i);
	say_week(&s, &i->week);
	str_add(&s, ")");
	return buf;
}

const char *maintain_verdict_name(enum maintain_verdict v)
{
	static const char *const names[MAINTAIN_VERDICT_MAX] = {
		[MAINTAIN_IGNORED] = "ignored",
		[MAINTAIN_KNOWN] = "known",
		[MAINTAIN_RETURNED] = "returned",
		[MAINTAIN_AUTO] = "auto-accepted",
		[MAINTAIN_RELEARN] = "relearned",
		[MAINTAIN_GRACE] = "grace",
		[MAINTAIN_BLOCKED] = "blocked",
		[MAINTAIN_REFUSED] = "refused",
		[MAINTAIN_POISON] = "poison",
	};

	return (unsigned)v < MAINTAIN_VERDICT_MAX ? names[v] : "unknown";
}

const char *maintain_status_name(enum maintain_status s)
{
	static const char *const names[MAINTAIN_STATUS_MAX] = {
		[MAINTAIN_ACTIVE] = "active",
		[MAINTAIN_DORMANT] = "dormant",
		[MAINTAIN_PROPOSED] = "proposed",
		[MAINTAIN_REJECTED] = "rejected",
		[MAINTAIN_GONE] = "gone",
	};

	return (unsigned)s < MAINTAIN_STATUS_MAX ? names[s] : "unknown";
}

const char *maintain_reason_text(enum maintain_reason r)
{
	static const char *const texts[MAINTAIN_REASON_MAX] = {
		[MAINTAIN_WHY_NEW] = "nothing like it is known",
		[MAINTAIN_WHY_DOMAIN] = "nobody of that name is known by this port",
		[MAINTAIN_WHY_NAMELESS] = "no name says whose address it is",
		[MAINTAIN_WHY_PROVENANCE] =
			"its name was not answered by our resolver",
		[MAINTAIN_WHY_VOLUME] = "more than twice the traffic that is known",
	};

	return (unsigned)r < MAINTAIN_REASON_MAX ? texts[r] : "unknown";
}

const char *maintain_source_name(enum maintain_source s)
{
	static const char *const names[MAINTAIN_SOURCE_MAX] = {
		[MAINTAIN_BY_MAKER] = "mud",
		[MAINTAIN_BY_AGENT] = "user-agent",
		[MAINTAIN_BY_DHCP] = "dhcp",
		[MAINTAIN_BY_DATE] = "date",
	};

	return (unsigned)s < MAINTAIN_SOURCE_MAX ? names[s] : "unknown";
}

const char *maintain_change_name(enum maintain_change c)
{
	static const char *const names[MAINTAIN_CHANGE_MAX] = {
		[MAINTAIN_ADDED] = "added",
		[MAINTAIN_REMOVED] = "removed",
		[MAINTAIN_CHANGED] = "changed",
	};

	return (unsigned)c < MAINTAIN_CHANGE_MAX ? names[c] : "unknown";
}

const char *maintain_event_name(enum maintain_event e)
{
	static const char *const names[MAINTAIN_EVENT_MAX] = {
		[MAINTAIN_ASKED] = "asked",
		[MAINTAIN_WITHDRAWN] = "withdrawn",
		[MAINTAIN_ACCEPTED_AUTO] = "auto-accepted",
		[MAINTAIN_BEYOND] = "beyond",
		[MAINTAIN_SLEEPS] = "dormant",
		[MAINTAIN_WAKES] = "returned",
		[MAINTAIN_EXPIRED] = "expired",
		[MAINTAIN_WINDOW_OPENED] = "window-opened",
		[MAINTAIN_WINDOW_CLOSED] = "window-closed",
		[MAINTAIN_WINDOW_STOPPED] = "window-stopped",
	};

	return (unsigned)e < MAINTAIN_EVENT_MAX ? names[e] : "unknown";
}
