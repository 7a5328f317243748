// SPDX-License-Identifier: GPL-2.0-or-later
/* What a device that is held may still do, in sentences for people. */
#include <string.h>
#include "base/str.h"
#include "engine/held.h"
#include "engine/pipeline.h"

struct teller {
	struct pipeline *p;
	const struct device *device;
	const struct household_device *hd;
	enum device_hold hold; /* it is, or would be */
	int (*each)(void *ctx, const char *sentence, const struct update_host *h);
	void *ctx;
};

static int say(const struct teller *t, const char *sentence)
{
	return t->each(t->ctx, sentence, NULL);
}

static const char *who_says(enum update_source s)
{
	switch (s) {
	case UPDATE_MUD:
		return "which its maker's file keeps on";
	case UPDATE_SUIT:
		return "which a signed manifest of its maker names";
	case UPDATE_LEARNED:
		return "from where it fetched updates before";
	case UPDATE_OWNER:
		return "which you allowed";
	case UPDATE_SOURCE_MAX:
		break;
	}
	return "";
}

static int say_host(const struct teller *t, const struct update_host *h)
{
	char words[UPDATE_HOST_WORDS_MAX], sentence[HELD_SENTENCE_MAX];

	(void)str_print(sentence, sizeof(sentence), "fetch updates from %s, %s",
		update_host_words(h, words), who_says(h->source));
	return t->each(t->ctx, sentence, h);
}

/* False: it is no single host of the internet, or no single service. */
static bool host_of(const struct teller *t, const struct rule *r, struct update_host *ret)
{
	bool one_port = r->peer_port.lo && r->peer_port.lo == r->peer_port.hi;

	*ret = (struct update_host){.device = t->device->id, .source = UPDATE_MUD};
	if (r->peer.kind == PEER_PREFIX &&
		r->peer.prefix.len == addr_bits(&r->peer.prefix.addr)) {
		ret->has_addr = true;
		ret->addr = r->peer.prefix.addr;
	} else if (r->peer.kind == PEER_NAME) {
		str_copy(ret->name, sizeof(ret->name), r->peer.name);
	} else {
		return false;
	}
	ret->proto = r->proto > 0 ? (uint8_t)r->proto : 0;
	ret->port = one_port ? r->peer_port.lo : 0;
	return r->direction == DIRECTION_FROM_DEVICE && one_port &&
	       (ret->proto == FLOW_PROTO_TCP || ret->proto == FLOW_PROTO_UDP);
}

static int say_rule(const struct teller *t, const struct rule *r)
{
	char rule[RULE_SENTENCE_MAX], sentence[HELD_SENTENCE_MAX];
	struct update_host h;

	if (!policy_stays_on(r) || r->action != RULE_ACCEPT || !rule_in_force(r))
		return 0;
	if (host_of(t, r, &h))
		return say_host(t, &h);
	(void)rule_sentence(r, rule);
	(void)str_print(sentence, sizeof(sentence), "%s, which its profile keeps on",
		strncmp(rule, "may ", 4) == 0 ? rule + 4 : rule);
	return say(t, sentence);
}

static int say_rules(const struct teller *t, const struct rule *rules, size_t count)
{
	int stop = 0;

	for (size_t i = 0; i < count && !stop; i++)
		stop = say_rule(t, &rules[i]);
	return stop;
}

static int say_house(const struct teller *t)
{
	bool profile = t->hd && (t->hd->file || t->hd->grant.pool);
	int stop = say(t, "ask this gateway for names and for the time");

	if (!stop && t->p->household.portal[0])
		stop = say(t, "open the portal of this gateway");
	if (!stop && t->hold == HOLD_LIMITED)
		stop = say(t, profile ? "do in the house what its profile says"
				      : "do in the house what it did before");
	if (!stop && t->hold == HOLD_QUARANTINED && t->hd && t->hd->keeps_fabric)
		stop = say(t, "do with the devices that belong to it what its profile says");
	return stop;
}

static enum device_hold would_be(struct pipeline *p, const struct device *d)
{
	if (d->hold)
		return d->hold;
	return device_class_is_critical(pipeline_class_of(p, d)) ? HOLD_LIMITED
								  : HOLD_QUARANTINED;
}

int pipeline_held_allows(struct pipeline *p, const struct device *d,
	int (*each)(void *ctx, const char *sentence, const struct update_host *h), void *ctx)
{
	struct teller t = {.p = p, .device = d, .hold = would_be(p, d),
		.hd = household_device(&p->household, d->id), .each = each, .ctx = ctx};
	int stop;

	if (t.hold == HOLD_REFUSED)
		return 0;
	stop = say_house(&t);
	if (stop || !t.hd || t.hd->bare)
		return stop;
	stop = say_rules(&t, t.hd->rules, t.hd->rule_count);
	if (!stop)
		stop = say_rules(&t, t.hd->grant.rules, t.hd->grant.count);
	for (size_t i = 0; i < t.hd->update_count && !stop; i++)
		stop = say_host(&t, &t.hd->updates[i]);
	return stop;
}
