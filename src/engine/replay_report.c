// SPDX-License-Identifier: GPL-2.0-or-later
/* replay_report - what was blocked, added up and shown. */
#include "engine/replay_priv.h"

#include "base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

CARDEA_PRINTF(2, 0)
static void notice_add(struct replay_report *r, const char *fmt, va_list ap)
{
	char *to = r->notices[r->notice_count];

	if (vsnprintf(to, LIMIT_TEXT, fmt, ap) < 0)
		return;
	/* the same finding for every packet is one finding */
	for (uint32_t i = 0; i < r->notice_count; i++)
		if (strcmp(r->notices[i], to) == 0)
			return;
	r->notice_count++;
}

void replay_notice(struct replay_report *r, const char *fmt, ...)
{
	va_list ap;

	if (r->notice_count == REPLAY_NOTICES_MAX)
		return;
	va_start(ap, fmt);
	notice_add(r, fmt, ap);
	va_end(ap);
}

/* The number that says which service was meant. */
static uint16_t service_of(const struct flow *f)
{
	if (f->proto == FLOW_PROTO_ICMP || f->proto == FLOW_PROTO_ICMP6)
		return f->icmp_type;
	return f->direction == DIRECTION_FROM_DEVICE ? f->peer_port : f->device_port;
}

uint32_t replay_violation_add(
	struct replay *r, const struct flow *f, const struct verdict *v)
{
	struct replay_report *rep = r->report;
	const char *name = bindings_name_of(&r->bindings, &f->peer, BINDINGS_EVER);
	uint16_t port = service_of(f);

	/* newest first: a flood is of one kind */
	for (uint32_t i = rep->violation_count; i-- > 0;) {
		struct replay_violation *o = &rep->violations[i];
		if (o->port != port || o->proto != f->proto ||
			o->direction != f->direction || o->reason != v->reason ||
			!addr_equal(&o->peer, &f->peer) ||
			strcmp(o->name, name ? name : "") != 0)
			continue;
		o->packets++;
		return i + 1;
	}
	if (rep->violation_count == REPLAY_VIOLATIONS_MAX) {
		rep->violation_dropped++;
		return 0;
	}
	struct replay_violation *n = &rep->violations[rep->violation_count++];
	*n = (struct replay_violation){
		.direction = f->direction,
		.peer = f->peer,
		.proto = f->proto,
		.port = port,
		.reason = v->reason,
		.rule = v->rule,
		.packets = 1,
		.first = r->now,
	};
	(void)str_copy(n->name, sizeof n->name, name ? name : "");
	return rep->violation_count;
}

static int by_time(const void *a, const void *b)
{
	const struct replay_violation *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	int c = addr_compare(&x->peer, &y->peer);
	return c ? c : (x->port > y->port) - (x->port < y->port);
}

void replay_report_sort(struct replay_report *r)
{
	if (r->violation_count)
		qsort(r->violations, r->violation_count, sizeof *r->violations,
			by_time);
}

static bool has_port(const struct replay_violation *v)
{
	return v->proto == FLOW_PROTO_TCP || v->proto == FLOW_PROTO_UDP;
}

/* "acl/ace", as the file has them. */
static void source_text(const struct rule *r, char *buf, size_t size)
{
	(void)str_print(
		buf, size, "%s%s%s", r->acl, r->acl[0] && r->ace[0] ? "/" : "", r->ace);
}

static void write_rules(const struct replay_report *r, struct jsonw *out)
{
	char source[2 * LIMIT_LABEL + 2], sentence[RULE_SENTENCE_MAX];

	jsonw_key(out, "rules");
	jsonw_array(out);
	for (uint32_t i = 0; i < r->policy.count; i++) {
		const struct rule *rule = &r->policy.rules[i];
		source_text(rule, source, sizeof source);
		jsonw_object(out);
		jsonw_kv_u64(out, "id", rule->id);
		jsonw_kv_untrusted(out, "source", source);
		jsonw_kv_u64(out, "packets", r->rules[i].packets);
		jsonw_kv_u64(out, "bytes", r->rules[i].bytes);
		jsonw_kv_string(out, "layer", layer_name(rule->layer));
		jsonw_kv_string(out, "status", rule_status_name(rule->status));
		jsonw_kv_u64(out, "line", rule->line);
		jsonw_kv_string(out, "text", rule_sentence(rule, sentence));
		jsonw_object_end(out);
	}
	jsonw_array_end(out);
}

static void write_violation(const struct replay_violation *v, struct jsonw *out)
{
	char proto[FLOW_PROTO_TEXT_MAX];

	jsonw_object(out);
	jsonw_kv_string(out, "direction", direction_name(v->direction));
	jsonw_kv_addr(out, "peer", &v->peer);
	jsonw_kv_untrusted(out, "name", v->name[0] ? v->name : NULL);
	jsonw_kv_string(out, "proto", flow_proto_text(v->proto, proto));
	jsonw_key(out, "port");
	if (has_port(v))
		jsonw_u64(out, v->port);
	else
		jsonw_null(out);
	jsonw_kv_u64(out, "packets", v->packets);
	jsonw_kv_time(out, "first", v->first);
	jsonw_kv_u64(out, "flows", v->flows);
	jsonw_kv_string(out, "reason", verdict_reason_name(v->reason));
	jsonw_key(out, "rule");
	if (v->rule)
		jsonw_u64(out, v->rule);
	else
		jsonw_null(out);
	jsonw_object_end(out);
}

static void write_house(const struct replay_report *r, struct jsonw *out)
{
	char text[PREFIX_TEXT_MAX];

	jsonw_key(out, "addresses");
	jsonw_array(out);
	for (uint32_t i = 0; i < r->addr_count; i++)
		jsonw_string(out, addr_format(&r->addrs[i], text));
	jsonw_array_end(out);
	jsonw_key(out, "lan");
	jsonw_array(out);
	for (uint32_t i = 0; i < r->env.lan_count; i++)
		jsonw_string(out, prefix_format(&r->env.lan[i], text));
	jsonw_array_end(out);
	jsonw_key(out, "gateway");
	jsonw_array(out);
	for (uint32_t i = 0; i < r->env.gateway_count; i++)
		jsonw_string(out, addr_format(&r->env.gateway[i], text));
	jsonw_array_end(out);
}

void replay_report_json(const struct replay_report *r, struct jsonw *out)
{
	jsonw_object(out);
	jsonw_kv_string(out, "schema", "cardea.replay/1");
	jsonw_kv_string(out, "device", r->device);
	jsonw_kv_u64(out, "packets", r->packets);
	jsonw_kv_u64(out, "flows", r->flows);
	jsonw_key(out, "blocked");
	jsonw_object(out);
	jsonw_kv_u64(out, "packets", r->blocked_packets);
	jsonw_kv_u64(out, "flows", r->blocked_flows);
	jsonw_object_end(out);
	write_rules(r, out);
	jsonw_key(out, "violations");
	jsonw_array(out);
	for (uint32_t i = 0; i < r->violation_count; i++)
		write_violation(&r->violations[i], out);
	jsonw_array_end(out);
	jsonw_kv_u64(out, "read", r->read);
	jsonw_kv_u64(out, "infrastructure", r->infrastructure);
	jsonw_kv_u64(out, "unjudged", r->unjudged);
	jsonw_kv_u64(out, "unreadable", r->unreadable);
	write_house(r, out);
	jsonw_key(out, "notices");
	jsonw_array(out);
	for (uint32_t i = 0; i < r->notice_count; i++)
		jsonw_string(out, r->notices[i]);
	jsonw_array_end(out);
	jsonw_kv_string(out, "problem", r->problem[0] ? r->problem : NULL);
	jsonw_object_end(out);
}

static void text_head(const struct replay_report *r, FILE *out)
{
	char a[CLOCK_TEXT_MAX], b[CLOCK_TEXT_MAX], text[PREFIX_TEXT_MAX];

	fprintf(out, "Device %s", r->device);
	if (r->first)
		fprintf(out, ", %s to %s", clock_format(r->first, a),
			clock_format(r->last, b));
	fprintf(out, "\nLocal network");
	for (uint32_t i = 0; i < r->env.lan_count; i++)
		fprintf(out, " %s", prefix_format(&r->env.lan[i], text));
	fprintf(out, "%s; gateway", r->env.lan_count ? "" : " unknown");
	for (uint32_t i = 0; i < r->env.gateway_count; i++)
		fprintf(out, " %s", addr_format(&r->env.gateway[i], text));
	fprintf(out, "%s\n", r->env.gateway_count ? "" : " unknown");
	fprintf(out,
		"%" PRIu64 " packets in %" PRIu64 " flows; would be blocked: %" PRIu64
		" packets in %" PRIu64 " flows\n",
		r->packets, r->flows, r->blocked_packets, r->blocked_flows);
}

static void text_rules(const struct replay_report *r, FILE *out)
{
	char sentence[RULE_SENTENCE_MAX];

	fprintf(out, "\n%5s %9s %11s  %s\n", "RULE", "PACKETS", "BYTES", "THE DEVICE");
	for (uint32_t i = 0; i < r->policy.count; i++) {
		const struct rule *rule = &r->policy.rules[i];
		if (rule->status == RULE_REPLY_HALF)
			continue;
		fprintf(out, "%5" PRIu32 " %9" PRIu64 " %11" PRIu64 "  %s", rule->id,
			r->rules[i].packets, r->rules[i].bytes,
			rule_sentence(rule, sentence));
		if (rule->layer == LAYER_BASE)
			fprintf(out, " [every device]");
		if (rule->status != RULE_ENFORCED)
			fprintf(out, " [%s: %s]", rule_status_name(rule->status),
				rule->detail);
		fputc('\n', out);
	}
}

static void text_violation(const struct replay_violation *v, FILE *out)
{
	char addr[ADDR_TEXT_MAX], name[LIMIT_NAME], proto[8], at[CLOCK_TEXT_MAX];
	char service[24];

	if (has_port(v))
		(void)str_print(service, sizeof service, "%s %u",
			flow_proto_text(v->proto, proto), v->port);
	else if (v->proto == FLOW_PROTO_ICMP || v->proto == FLOW_PROTO_ICMP6)
		(void)str_print(service, sizeof service, "%s type %u",
			flow_proto_text(v->proto, proto), v->port);
	else
		(void)str_print(
			service, sizeof service, "%s", flow_proto_text(v->proto, proto));
	fprintf(out, "%-4s %-39s %-14s %9" PRIu64 "  %s  %s%s%s%s\n",
		v->direction == DIRECTION_FROM_DEVICE ? "to" : "from",
		addr_format(&v->peer, addr), service, v->packets,
		clock_format(v->first, at),
		v->name[0] ? str_escape(str_untrusted(v->name), name, sizeof name)
			   : "-",
		v->reason == REASON_DEFAULT_DENY ? "" : " [",
		v->reason == REASON_DEFAULT_DENY ? "" : verdict_reason_name(v->reason),
		v->reason == REASON_DEFAULT_DENY ? "" : "]");
}

int replay_report_text(const struct replay_report *r, FILE *out)
{
	text_head(r, out);
	text_rules(r, out);
	if (r->violation_count)
		fprintf(out, "\n%-4s %-39s %-14s %9s  %-24s  %s\n", "", "BLOCKED PEER",
			"SERVICE", "PACKETS", "FIRST", "NAME");
	for (uint32_t i = 0; i < r->violation_count; i++)
		text_violation(&r->violations[i], out);
	for (uint32_t i = 0; i < r->notice_count; i++)
		fprintf(out, "%sNote: %s.\n", i ? "" : "\n", r->notices[i]);
	if (r->problem[0])
		fprintf(out, "\nThe capture could not be read to its end: %s.\n",
			r->problem);
	return ferror(out) ? -EIO : 0;
}
