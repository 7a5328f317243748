// SPDX-License-Identifier: GPL-2.0-or-later
/* learn_report - what was learned of a device as JSON: the short form for scripts, and
 * the evidence document that lies beside a profile. */
#include "engine/learn_priv.h"

#include <string.h>

#include "base/str.h"

static const char *peer_text(const struct learned_kind *k, char *buf, size_t size)
{
	char text[MAC_TEXT_MAX], addr[ADDR_TEXT_MAX];

	if (k->name[0])
		return str_escape(str_untrusted(k->name), buf, size);
	switch (k->place) {
	case RECORD_GATEWAY:
		return "the gateway";
	case RECORD_DEVICE:
		if (mac_is_zero(&k->peer_mac))
			return "a device of the house";
		(void)str_print(buf, size, "the device %s", mac_format(&k->peer_mac, text));
		return buf;
	case RECORD_INTERNET:
	case RECORD_GROUP:
	case RECORD_PLACE_MAX:
		break;
	}
	if (!k->peer.family)
		return k->place == RECORD_GROUP ? "a group" : "any address";
	(void)str_print(buf, size, "%s", addr_format(&k->peer, addr));
	return buf;
}

static bool has_port(const struct learned_kind *k)
{
	return k->proto == FLOW_PROTO_TCP || k->proto == FLOW_PROTO_UDP;
}

/* A question by itself, beside the conversation in which it was asked. */
static bool is_said(const struct learned_kind *k)
{
	return has_port(k) && !k->port && !k->port_any && k->app != RECORD_APP_NONE;
}

const char *learn_kind_text(const struct learned_kind *k, char buf[LEARN_KIND_TEXT_MAX])
{
	char proto[FLOW_PROTO_TEXT_MAX], peer[LIMIT_NAME + 16], detail[LIMIT_TEXT];
	char port[16] = "";

	if (is_said(k)) {
		(void)str_print(buf, LEARN_KIND_TEXT_MAX, "%s %s, asked of %s",
			record_app_name(k->app),
			str_escape(str_untrusted(k->detail), detail, sizeof detail),
			peer_text(k, peer, sizeof peer));
		return buf;
	}
	if (has_port(k) && k->port_any)
		(void)str_copy(port, sizeof port, " any port");
	else if (has_port(k))
		(void)str_print(port, sizeof port, " %u", k->port);
	else if (k->proto == FLOW_PROTO_ICMP || k->proto == FLOW_PROTO_ICMP6)
		(void)str_print(port, sizeof port, " type %u", k->port);
	(void)str_print(buf, LEARN_KIND_TEXT_MAX, "%s%s %s %s%s%s%s%s",
		flow_proto_text(k->proto, proto), port,
		k->direction == DIRECTION_FROM_DEVICE ? "to" : "from",
		peer_text(k, peer, sizeof peer), k->app == RECORD_APP_NONE ? "" : ", ",
		record_app_name(k->app), k->detail[0] ? " " : "",
		str_escape(str_untrusted(k->detail), detail, sizeof detail));
	return buf;
}

/* ---- kinds ---- */

static void contexts_json(const uint32_t counts[LEARNED_CONTEXT_MAX], struct jsonw *out)
{
	jsonw_object(out);
	for (int c = 0; c < LEARNED_CONTEXT_MAX; c++)
		if (counts[c])
			jsonw_kv_u64(out, learned_context_name(c), counts[c]);
	jsonw_object_end(out);
}

static uint64_t sum(const uint32_t counts[LEARNED_CONTEXT_MAX])
{
	uint64_t n = 0;

	for (int c = 0; c < LEARNED_CONTEXT_MAX; c++)
		n += counts[c];
	return n;
}

static void kind_match_json(const struct learned_kind *k, struct jsonw *out)
{
	char proto[FLOW_PROTO_TEXT_MAX];
	bool icmp = k->proto == FLOW_PROTO_ICMP || k->proto == FLOW_PROTO_ICMP6;

	jsonw_kv_string(out, "direction", direction_name(k->direction));
	jsonw_kv_u64(out, "family", k->family);
	jsonw_kv_string(out, "protocol", flow_proto_text(k->proto, proto));
	jsonw_key(out, icmp ? "type" : "port");
	if ((has_port(k) && !k->port_any) || icmp)
		jsonw_u64(out, k->port);
	else
		jsonw_null(out);
	jsonw_kv_string(out, "place", record_place_name(k->place));
	jsonw_kv_untrusted(out, "peer_name", k->name[0] ? k->name : NULL);
	jsonw_kv_addr(out, "peer_address", &k->peer);
	if (!mac_is_zero(&k->peer_mac))
		jsonw_kv_mac(out, "peer_mac", &k->peer_mac);
	jsonw_kv_string(out, "application",
		k->app == RECORD_APP_NONE ? NULL : record_app_name(k->app));
	jsonw_kv_untrusted(out, "detail", k->detail[0] ? k->detail : NULL);
	if (k->general)
		jsonw_kv_u64(out, "siblings", k->siblings);
}

static void bytes_json(const struct learned_kind *k, struct jsonw *out)
{
	jsonw_key(out, "bytes");
	jsonw_object(out);
	jsonw_kv_u64(out, "from_device", k->bytes[DIRECTION_FROM_DEVICE]);
	jsonw_kv_u64(out, "to_device", k->bytes[DIRECTION_TO_DEVICE]);
	jsonw_kv_u64(out, "median_of_episode", k->bytes_median);
	jsonw_kv_u64(out, "p99_of_episode", k->bytes_p99);
	jsonw_object_end(out);
}

void learn_kind_json(const struct learned_kind *k, struct jsonw *out)
{
	char text[LEARN_KIND_TEXT_MAX];

	jsonw_object(out);
	jsonw_kv_string(out, "text", learn_kind_text(k, text));
	kind_match_json(k, out);
	jsonw_kv_u64(out, "episodes", sum(k->episodes));
	jsonw_key(out, "contexts");
	contexts_json(k->episodes, out);
	jsonw_kv_time(out, "first", k->first);
	jsonw_kv_time(out, "last", k->last);
	jsonw_kv_u64(out, "flows", k->flows);
	jsonw_kv_u64(out, "packets", k->packets);
	bytes_json(k, out);
	jsonw_key(out, "period_s");
	if (k->period)
		jsonw_decimal(out, (double)k->period / (double)NS_PER_SEC);
	else
		jsonw_null(out);
	jsonw_object_end(out);
}

static void kinds_json(const struct learn_kinds *k, const char *key, struct jsonw *out)
{
	jsonw_key(out, key);
	jsonw_array(out);
	for (size_t i = 0; i < k->count; i++)
		learn_kind_json(&k->list[i], out);
	jsonw_array_end(out);
}

void learn_rule_kinds_json(
	const struct learn_profile *p, const struct rule *r, struct jsonw *out)
{
	jsonw_array(out);
	for (size_t i = 0; i < p->general.count; i++)
		if (maker_rule_covers(r, &p->general.list[i]))
			learn_kind_json(&p->general.list[i], out);
	jsonw_array_end(out);
}

/* ---- how complete it is ---- */

/* A share that nobody can estimate is null: 0 would say that all was seen. */
static void unseen_members(const struct learned_unseen *u, struct jsonw *out)
{
	jsonw_kv_string(out, "state", learned_state_name(u->state));
	jsonw_key(out, "share");
	if (u->state == LEARNED_UNKNOWN)
		jsonw_null(out);
	else
		jsonw_decimal(out, u->share);
	jsonw_key(out, "bound");
	if (u->state == LEARNED_UNKNOWN)
		jsonw_null(out);
	else
		jsonw_decimal(out, u->bound);
	jsonw_kv_u64(out, "kinds", u->kinds);
	jsonw_kv_u64(out, "singletons", u->singletons);
	jsonw_kv_u64(out, "doubletons", u->doubletons);
	jsonw_kv_decimal(out, "richness", u->richness);
}

static void unseen_json(const struct learned_unseen *u, struct jsonw *out)
{
	jsonw_object(out);
	unseen_members(u, out);
	jsonw_object_end(out);
}

/* Of the device as a whole, also for another day than those that were watched. */
static void device_unseen_json(const struct learned_device *d, struct jsonw *out)
{
	jsonw_object(out);
	unseen_members(&d->all, out);
	jsonw_kv_u64(out, "sittings", d->sittings);
	jsonw_key(out, "another_day");
	if (d->sittings < 2)
		jsonw_null(out);
	else
		jsonw_decimal(out, d->another_day);
	jsonw_object_end(out);
}

static void device_contexts_json(const struct learned_device *d, struct jsonw *out)
{
	jsonw_key(out, "contexts");
	jsonw_object(out);
	for (int c = 0; c < LEARNED_CONTEXT_MAX; c++) {
		jsonw_key(out, learned_context_name(c));
		jsonw_object(out);
		jsonw_kv_u64(out, "episodes", d->episodes[c]);
		jsonw_key(out, "unseen");
		unseen_json(&d->contexts[c], out);
		jsonw_object_end(out);
	}
	jsonw_object_end(out);
	jsonw_key(out, "contexts_not_seen");
	jsonw_array(out);
	for (int c = 0; c < LEARNED_CONTEXT_MAX; c++)
		if (!d->episodes[c])
			jsonw_string(out, learned_context_name(c));
	if (d->sittings < 2)
		jsonw_string(out, "another day");
	jsonw_array_end(out);
}

static void findings_json(const struct learned_device *d, struct jsonw *out)
{
	jsonw_key(out, "findings");
	jsonw_array(out);
	for (uint32_t i = 0; i < d->finding_count && i < LEARNED_FINDING_MAX; i++) {
		const struct learned_finding *f = &d->findings[i];
		jsonw_object(out);
		jsonw_kv_string(out, "kind", learned_finding_name(f->kind));
		jsonw_kv_untrusted(out, "text", f->text);
		jsonw_kv_u64(out, "count", f->count);
		jsonw_kv_time(out, "when", f->when);
		jsonw_object_end(out);
	}
	jsonw_array_end(out);
}

static void who_json(const struct learn_profile *p, struct jsonw *out)
{
	if (p->made)
		jsonw_kv_string(out, "mac", NULL);
	else
		jsonw_kv_mac(out, "mac", &p->device.mac);
	if (p->made)
		jsonw_kv_addr(out, "address", &p->addr);
	jsonw_kv_untrusted(out, "name", p->name->host[0] ? p->name->host : NULL);
	jsonw_kv_untrusted(
		out, "dhcp_vendor", p->name->vendor[0] ? p->name->vendor : NULL);
}

void learn_device_json(const struct learned_device *d, struct jsonw *out)
{
	jsonw_kv_u64(out, "episodes", sum(d->episodes));
	device_contexts_json(d, out);
	jsonw_kv_u64(out, "kinds", d->kinds);
	jsonw_kv_time(out, "first", d->first);
	jsonw_kv_time(out, "last", d->last);
	jsonw_key(out, "unseen");
	device_unseen_json(d, out);
	findings_json(d, out);
}

static void test_json(const struct learn_test *t, struct jsonw *out)
{
	jsonw_key(out, "test");
	if (!t) {
		jsonw_null(out);
		return;
	}
	jsonw_object(out);
	jsonw_kv_u64(out, "episodes", t->result.episodes);
	jsonw_kv_u64(out, "incidences", t->result.incidences);
	jsonw_kv_u64(out, "unseen", t->result.unseen);
	jsonw_kv_decimal(out, "unseen_share", t->result.unseen_share);
	jsonw_kv_u64(out, "surprised_episodes", t->result.surprised);
	jsonw_kv_u64(out, "strange_episodes", t->result.strange);
	jsonw_kv_bool(out, "context_not_seen", t->result.context_not_seen);
	jsonw_kv_string(out, "why", t->result.why[0] ? t->result.why : NULL);
	kinds_json(&t->unseen, "unseen_kinds", out);
	jsonw_object_end(out);
}

void learn_profile_json(
	const struct learn_profile *p, const struct learn_test *test, struct jsonw *out)
{
	char text[LEARN_KIND_TEXT_MAX];

	who_json(p, out);
	learn_device_json(&p->device, out);
	jsonw_kv_u64(out, "rules", p->rule_count);
	jsonw_key(out, "singletons");
	jsonw_array(out);
	for (size_t i = 0; i < p->singletons.count; i++)
		jsonw_string(out, learn_kind_text(&p->singletons.list[i], text));
	jsonw_array_end(out);
	test_json(test, out);
	jsonw_kv_string(out, "problem", p->problem[0] ? p->problem : NULL);
}

/* ---- the evidence document ---- */

static void bare_json(const struct learn_bare *b, struct jsonw *out)
{
	static const char *const why[] = {
		[LEARN_BARE_HINTED] = "named by its own hello alone",
		[LEARN_BARE_CUT] = "under way when the capture began",
		[LEARN_BARE_ANSWER] = "answers to what was asked of a group",
		[LEARN_BARE_UNTOLD] = "the answer with its name is of another time",
	};

	jsonw_object(out);
	jsonw_kv_string(out, "why", why[b->key.why]);
	jsonw_kv_untrusted(out, "name", b->name[0] ? b->name : NULL);
	jsonw_kv_time(out, "first", b->first);
	jsonw_kv_time(out, "last", b->last);
	jsonw_kv_u64(out, "flows", b->flows);
	jsonw_kv_u64(out, "packets", b->packets);
	jsonw_key(out, "bytes");
	jsonw_object(out);
	jsonw_kv_u64(out, "from_device", b->bytes[DIRECTION_FROM_DEVICE]);
	jsonw_kv_u64(out, "to_device", b->bytes[DIRECTION_TO_DEVICE]);
	jsonw_object_end(out);
	jsonw_object_end(out);
}

static void rule_json(const struct learn_profile *p, size_t i, struct jsonw *out)
{
	const struct rule *r = &p->rules[i];
	const struct maker_saying *s = &p->says[i];
	char sentence[RULE_SENTENCE_MAX];

	jsonw_object(out);
	jsonw_kv_u64(out, "id", r->id);
	jsonw_kv_string(out, "text", rule_sentence(r, sentence));
	jsonw_kv_untrusted(out, "reason", r->detail);
	jsonw_kv_string(out, "in_mud", maker_said_name(s->said));
	jsonw_kv_untrusted(out, "in_mud_why", s->text[0] ? s->text : NULL);
	jsonw_kv_untrusted(out, "ace", s->ace[0] ? s->ace : NULL);
	jsonw_kv_u64(out, "aces", s->entries);
	jsonw_key(out, "kinds");
	learn_rule_kinds_json(p, r, out);
	jsonw_key(out, "by_address");
	if (p->bares[i])
		bare_json(p->bares[i], out);
	else
		jsonw_null(out);
	jsonw_object_end(out);
}

/* Answers stand with what they answer. */
static bool is_told(const struct learned_kind *k, const struct learn_profile *p)
{
	for (size_t i = 0; i < p->rule_count; i++)
		if (maker_rule_covers(&p->rules[i], k))
			return true;
	return false;
}

static void left_out_json(const struct learn_profile *p, struct jsonw *out)
{
	jsonw_key(out, "kinds_without_rule");
	jsonw_array(out);
	for (size_t i = 0; i < p->general.count; i++)
		if (!is_told(&p->general.list[i], p))
			learn_kind_json(&p->general.list[i], out);
	jsonw_array_end(out);
}

void learn_evidence_json(
	const struct learn_profile *p, const char *profile, struct jsonw *out)
{
	jsonw_object(out);
	jsonw_kv_string(out, "schema", "cardea.evidence/1");
	who_json(p, out);
	jsonw_kv_string(out, "profile", profile);
	learn_device_json(&p->device, out);
	jsonw_key(out, "rules");
	jsonw_array(out);
	for (size_t i = 0; p->says && i < p->rule_count; i++)
		rule_json(p, i, out);
	jsonw_array_end(out);
	left_out_json(p, out);
	kinds_json(&p->singletons, "seen_once", out);
	kinds_json(&p->exact, "exact", out);
	jsonw_kv_string(out, "problem", p->problem[0] ? p->problem : NULL);
	jsonw_object_end(out);
}
