// SPDX-License-Identifier: GPL-2.0-or-later
/* learn_interact - what a house does only after something else, in sentences. */
#include "engine/learn_interact.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static const char *call_of(
	const struct mac *m, learn_caller *call, void *ctx, char buf[LEARN_CALL_MAX])
{
	return mac_is_zero(m) ? "a device of the house" : call(ctx, m, buf);
}

static const char *peer_of(const struct learned_kind *k, learn_caller *call, void *ctx,
	char buf[LEARN_CALL_MAX + LIMIT_NAME])
{
	if (k->name[0])
		return str_escape(
			str_untrusted(k->name), buf, LEARN_CALL_MAX + LIMIT_NAME);
	switch (k->place) {
	case RECORD_GATEWAY:
		return "the gateway";
	case RECORD_DEVICE:
		return call_of(&k->peer_mac, call, ctx, buf);
	case RECORD_INTERNET:
	case RECORD_GROUP:
	case RECORD_PLACE_MAX:
		break;
	}
	if (k->peer.family)
		return addr_format(&k->peer, buf);
	return k->place == RECORD_GROUP ? "a group" : "the internet";
}

/* "TCP 80", "UDP of any port", "ICMP type 8" */
static const char *spoken(const struct learned_kind *k, char buf[48])
{
	char name[FLOW_PROTO_TEXT_MAX], proto[FLOW_PROTO_TEXT_MAX];
	bool ports = k->proto == FLOW_PROTO_TCP || k->proto == FLOW_PROTO_UDP;

	(void)str_copy(proto, sizeof proto, flow_proto_text(k->proto, name));
	for (char *c = proto; *c; c++)
		*c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
	if (k->source_port)
		(void)str_print(buf, 48, "%s from port %u", proto, k->source_port);
	else if (!ports)
		(void)str_print(buf, 48, "%s type %u", proto, k->port);
	else if (k->port_any)
		(void)str_print(buf, 48, "%s of any port", proto);
	else
		(void)str_print(buf, 48, "%s %u", proto, k->port);
	return buf;
}

/* past: of the trigger. */
static void say_act(struct str_text *s, const struct learned_act *a, bool question,
	bool past, learn_caller *call, void *ctx)
{
	char who[LEARN_CALL_MAX], peer[LEARN_CALL_MAX + LIMIT_NAME], what[48];
	char detail[LIMIT_TEXT];
	const struct learned_kind *k = &a->kind;
	const char *device = call_of(&a->device, call, ctx, who);
	const char *other = peer_of(k, call, ctx, peer);

	if (question)
		str_add(s, "%s asked by %s for %s", device, record_app_name(k->app),
			str_escape(str_untrusted(k->detail), detail, sizeof detail));
	else if (k->direction == DIRECTION_FROM_DEVICE)
		str_add(s, "%s %s %s to %s", device, past ? "spoke" : "speaks",
			spoken(k, what), other);
	else
		str_add(s, "%s %s %s to %s", other, past ? "spoke" : "speaks",
			spoken(k, what), device);
}

const char *learn_interaction_text(const struct learned_interaction *i,
	learn_caller *call, void *ctx, char buf[LEARN_INTERACTION_TEXT_MAX])
{
	struct str_text s = {.buf = buf, .size = LEARN_INTERACTION_TEXT_MAX};

	buf[0] = '\0';
	say_act(&s, &i->effect, false, false, call, ctx);
	str_add(&s, " only within %lld s after ",
		(long long)(i->within / NS_PER_SEC));
	say_act(&s, &i->trigger, i->question, true, call, ctx);
	str_add(&s, ": %u of %u times, at least %.2f", i->precedences, i->effects,
		i->bound);
	return buf;
}

static void act_json(const struct learned_act *a, learn_caller *call, void *ctx,
	const char *key, struct jsonw *out)
{
	char who[LEARN_CALL_MAX];

	jsonw_key(out, key);
	jsonw_object(out);
	jsonw_key(out, "device");
	if (mac_is_zero(&a->device)) {
		jsonw_null(out);
	} else {
		char text[MAC_TEXT_MAX];

		jsonw_string(out, mac_format(&a->device, text));
	}
	jsonw_kv_untrusted(out, "name", call_of(&a->device, call, ctx, who));
	jsonw_key(out, "kind");
	learn_kind_json(&a->kind, out);
	jsonw_object_end(out);
}

void learn_interaction_json(const struct learned_interaction *i, learn_caller *call,
	void *ctx, struct jsonw *out)
{
	char text[LEARN_INTERACTION_TEXT_MAX];

	jsonw_object(out);
	jsonw_kv_untrusted(out, "text", learn_interaction_text(i, call, ctx, text));
	act_json(&i->trigger, call, ctx, "trigger", out);
	act_json(&i->effect, call, ctx, "effect", out);
	jsonw_kv_decimal(out, "within_s", (double)i->within / (double)NS_PER_SEC);
	jsonw_kv_u64(out, "effects", i->effects);
	jsonw_kv_u64(out, "precedences", i->precedences);
	jsonw_kv_u64(out, "support", i->support);
	jsonw_kv_decimal(out, "bound", i->bound);
	jsonw_kv_decimal(out, "chance", i->chance);
	jsonw_kv_bool(out, "cross_device", i->cross_device);
	jsonw_kv_bool(out, "question", i->question);
	jsonw_object_end(out);
}

struct writing {
	learn_caller *call;
	void *ctx;
	struct jsonw *json;
};

static int write_json(void *ctx, const struct learned_interaction *i)
{
	struct writing *w = ctx;

	learn_interaction_json(i, w->call, w->ctx, w->json);
	return 0;
}

int learn_interactions_write(const struct learned *l, const struct mac *device,
	learn_caller *call, void *ctx, struct jsonw *out)
{
	struct writing w = {.call = call, .ctx = ctx, .json = out};
	int e;

	jsonw_key(out, "interactions");
	jsonw_array(out);
	e = learned_interactions(l, device, write_json, &w);
	jsonw_array_end(out);
	return e;
}
