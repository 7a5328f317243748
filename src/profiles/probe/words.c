// SPDX-License-Identifier: GPL-2.0-or-later
/* words - how probing calls things. */
#include "profiles/probe/probe_priv.h"

#include <string.h>
#include "base/str.h"
#include "model/flow.h"
#include "model/rule.h"

bool probe_class_is_forbidden(enum device_class c)
{
	return c == DEVICE_CLASS_UNKNOWN || c >= DEVICE_CLASS_LOCK;
}

static const struct {
	const char *name, *text;
} whys[PROBE_WHY_MAX] = {
	[PROBE_WHY_NONE] = {"none", "nothing speaks against it"},
	[PROBE_WHY_USER] = {"user", "somebody uses the device"},
	[PROBE_WHY_OWNER] = {"owner", "you said so"},
	[PROBE_WHY_ALERT] = {"alert", "something about the device is suspicious"},
	[PROBE_WHY_QUARANTINE] = {"quarantine", "the device is in quarantine"},
	[PROBE_WHY_UPDATE] = {"update", "the device is being updated"},
	[PROBE_WHY_FEW] = {"few-episodes", "too little was seen of the device"},
	[PROBE_WHY_NO_PROFILE] = {"no-profile",
		"no profile is in force for the device, so that nothing can be "
		"refused"},
	[PROBE_WHY_GONE] = {"gone", "the device is not here"},
	[PROBE_WHY_CLASS] = {"class", "a device of its class is never probed"},
	[PROBE_WHY_FORBIDDEN] = {"forbidden", "you have not allowed it"},
	[PROBE_WHY_NIGHT] = {"window", "it is not the time for it"},
	[PROBE_WHY_TONIGHT] = {"tonight", "the house has had its probe of this night"},
	[PROBE_WHY_CALM] = {"calm", "the device was in use a short while ago"},
	[PROBE_WHY_CLOCK] = {"clock", "the clock is not sure, was set, or stood still"},
	[PROBE_WHY_UNRECOVERED] = {"not-recovered",
		"what was refused did not come back by itself"},
	[PROBE_WHY_RECOVERING] = {"recovering",
		"what was refused has not come back yet"},
	[PROBE_WHY_DONE] = {"done", "there is nothing left to ask of it"},
	[PROBE_WHY_FAILED] = {"failed", "the refusal could not be put in force"},
	[PROBE_WHY_RESTART] = {"restart", "the gateway was started anew"},
};

const char *probe_why_text(enum probe_why w)
{
	return (unsigned)w < PROBE_WHY_MAX ? whys[w].text : "it is not known why";
}

const char *probe_why_name(enum probe_why w)
{
	return (unsigned)w < PROBE_WHY_MAX ? whys[w].name : "unknown";
}

const char *probe_state_name(enum probe_state s)
{
	static const char *const names[PROBE_STATE_MAX] = {
		[PROBE_IDLE] = "idle",
		[PROBE_REFUSING] = "refusing",
		[PROBE_RESTORING] = "restoring",
		[PROBE_SETTLING] = "settling",
		[PROBE_RECOVERING] = "recovering",
	};

	return (unsigned)s < PROBE_STATE_MAX ? names[s] : "unknown";
}

const char *probe_outcome_name(enum probe_outcome o)
{
	static const char *const names[PROBE_OUTCOME_MAX] = {
		[PROBE_ESSENTIAL] = "essential",
		[PROBE_FALLBACK] = "fallback",
		[PROBE_NON_ESSENTIAL] = "non-essential",
		[PROBE_UNCLEAR] = "unclear",
		[PROBE_UNMET] = "not-met",
		[PROBE_STOPPED] = "stopped",
	};

	return (unsigned)o < PROBE_OUTCOME_MAX ? names[o] : "unknown";
}

const char *probe_need_name(enum probe_need n)
{
	static const char *const names[] = {
		[PROBE_NEED_UNKNOWN] = "unknown",
		[PROBE_NEED_ESSENTIAL] = "essential",
		[PROBE_NEED_NONE] = "non-essential",
	};

	return (unsigned)n <= PROBE_NEED_NONE ? names[n] : "unknown";
}

/* ---- kinds ---- */

static bool names_meet(const char *a, const char *b)
{
	return strcmp(a, b) == 0 || rule_name_matches(a, b) || rule_name_matches(b, a);
}

static bool peers_meet(const struct probe_kind *a, const struct probe_kind *b)
{
	if (a->name[0] || b->name[0])
		return a->name[0] && b->name[0] && names_meet(a->name, b->name);
	if (a->place != b->place)
		return false;
	if (a->place == RECORD_DEVICE)
		return mac_equal(&a->peer_mac, &b->peer_mac);
	return addr_equal(&a->peer, &b->peer);
}

bool probe_kind_is_sound(const struct probe_kind *k)
{
	size_t len = strnlen(k->name, sizeof k->name);

	if (len == sizeof k->name || (unsigned)k->direction >= DIRECTION_MAX ||
		(unsigned)k->place >= RECORD_PLACE_MAX ||
		(k->peer.family && k->peer.family != 4 && k->peer.family != 6))
		return false;
	for (size_t i = 0; i < len; i++)
		if (k->name[i] <= ' ' || k->name[i] > '~')
			return false;
	return true;
}

bool probe_kind_meets(const struct probe_kind *a, const struct probe_kind *b)
{
	if (a->direction != b->direction || !peers_meet(a, b))
		return false;
	return !a->proto || !b->proto || (a->proto == b->proto && a->port == b->port);
}

char *probe_kind_text(const struct probe_kind *k, char buf[PROBE_KIND_TEXT])
{
	char proto[FLOW_PROTO_TEXT_MAX], service[40] = "the name ", peer[LIMIT_NAME];

	if (k->proto)
		(void)str_print(service, sizeof service, "%s port %u %s ",
			flow_proto_text(k->proto, proto), k->port,
			k->direction == DIRECTION_FROM_DEVICE ? "of" : "by");
	if (k->name[0])
		str_escape(str_untrusted(k->name), peer, sizeof peer);
	else if (k->place == RECORD_DEVICE)
		mac_format(&k->peer_mac, peer);
	else
		addr_format(&k->peer, peer);
	(void)str_print(buf, PROBE_KIND_TEXT, "%s%s", service, peer);
	return buf;
}
