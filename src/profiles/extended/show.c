// SPDX-License-Identifier: GPL-2.0-or-later
/* show - what a profile says, for people and as JSON. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "profiles/extended/extended_priv.h"

#define SHOW_VALUES 6 /* of one field in one line; the rest is counted */

static void show_field(const struct extended_profile *p, const struct extended_field *f,
	FILE *out)
{
	char buf[TREE_SCALAR + 2], shown[LIMIT_TEXT];

	for (uint32_t i = 0; i < f->count && i < SHOW_VALUES; i++) {
		print_value(p, f->key, &f->values[i], buf, sizeof buf);
		fprintf(out, "%s%s", i ? "|" : " ",
			str_escape(str_untrusted(buf), shown, sizeof shown));
	}
	if (f->count > SHOW_VALUES)
		fprintf(out, " and %u more", f->count - SHOW_VALUES);
}

void print_match_line(const struct extended_profile *p, const struct extended_match *m,
	FILE *out)
{
	bool first = true;

	for (unsigned proto = 0; proto < EXTENDED_PROTO_MAX; proto++) {
		if (!(m->protos & 1u << proto))
			continue;
		fprintf(out, "%s%s", first ? "" : ", ", schema_protos[proto]);
		first = false;
		for (uint32_t i = 0; i < m->count; i++) {
			if (schema_keys[m->fields[i].key].proto != proto)
				continue;
			fprintf(out, " %s", schema_keys[m->fields[i].key].name);
			show_field(p, &m->fields[i], out);
		}
	}
}

static void show_amount(const char *what, const struct extended_amount *a, bool time, FILE *out)
{
	uint64_t n = a->is_split ? a->forward : a->both;

	if (!a->is_set)
		return;
	fputs(", at most ", out);
	if (time)
		print_time(out, (nstime)n);
	else
		fprintf(out, "%llu", (unsigned long long)n);
	fprintf(out, " %s%s", what, a->is_split ? " forward and " : "");
	if (a->is_split && time)
		print_time(out, (nstime)a->backward);
	else if (a->is_split)
		fprintf(out, "%llu", (unsigned long long)a->backward);
	fputs(a->is_split ? " backward" : "", out);
}

static void show_limits(const struct extended_policy *p, FILE *out)
{
	const struct extended_stats *s = &p->stats;

	if (s->has_rate && !s->rate_unlimited)
		fprintf(out, ", at most %llu packets a %s", (unsigned long long)s->rate,
			schema_units[s->unit]);
	if (s->bitrate)
		fprintf(out, ", at most %llu bit/s", (unsigned long long)s->bitrate);
	if (s->has_size)
		fprintf(out, ", packets of %u to %u octets", s->size_lo, s->size_hi);
	show_amount("packets", &s->packets, false, out);
	show_amount("octets", &s->bytes, false, out);
	show_amount("long", &s->duration, true, out);
	if (p->window.is_set)
		fputs(", at certain hours", out);
	if (p->fallback_of)
		fprintf(out, ", in place of %s", p->fallback_of);
	if (p->confidence >= 0)
		fprintf(out, ", confidence 0.%03d", p->confidence == 1000 ? 999 : p->confidence);
}

static void show_policy(const struct extended_profile *p, const struct extended_policy *policy,
	FILE *out)
{
	if (policy->deny)
		fputs("never ", out);
	print_match_line(p, &policy->match, out);
	if (policy->bidirectional)
		fputs(", and back", out);
	if (policy->optional)
		fputs(", perhaps", out);
	if (policy->repeatable)
		fputs(", again and again", out);
	show_limits(policy, out);
	putc('\n', out);
}

static void show_nodes(const struct extended_profile *p, const struct extended_node *n,
	unsigned depth, FILE *out)
{
	for (; n; n = n->next) {
		fprintf(out, "%*s", (int)(depth * 2), "");
		switch (n->kind) {
		case NODE_STEP:
			fprintf(out, "%s: ", n->step->name);
			show_policy(p, n->step, out);
			continue;
		case NODE_CHOICE:
			fputs("one of:\n", out);
			break;
		case NODE_LOOP:
			fprintf(out, "%u time%s or more%s:\n", n->min,
				n->min == 1 ? "" : "s", n->max ? ", up to a limit" : "");
			break;
		case NODE_SEQUENCE:
			fputs("-\n", out);
			break;
		}
		show_nodes(p, n->child, depth + 1, out);
	}
}

static void show_roles(const struct extended_profile *p, FILE *out)
{
	for (uint32_t i = 2; i < p->role_count; i++) {
		const struct extended_role *r = &p->roles[i];

		fprintf(out, "%s%s (%s%s%s)", i == 2 ? "roles: " : ", ", r->name,
			schema_roles[r->kind], r->type ? " " : r->domain ? " " : "",
			r->type ? r->type : r->domain ? "of a name" : "");
	}
	if (p->role_count > 2)
		putc('\n', out);
}

int extended_show_text(const struct extended_profile *p, FILE *out)
{
	fprintf(out, "%s: %u policies, %u interactions, %u permits\n", p->name,
		p->policy_count, p->interaction_count, p->permit_count);
	show_roles(p, out);
	fputs(p->policy_count ? "always:\n" : "", out);
	for (uint32_t i = 0; i < p->policy_count; i++) {
		fprintf(out, "  %s: ", p->policies[i].name);
		show_policy(p, &p->policies[i], out);
	}
	fputs(p->interaction_count ? "in this order:\n" : "", out);
	for (uint32_t i = 0; i < p->interaction_count; i++) {
		fprintf(out, "  %s (%u at once)\n", p->interactions[i].name,
			p->interactions[i].instances);
		show_nodes(p, p->interactions[i].nodes->child, 2, out);
	}
	fputs(p->permit_count ? "once something else was seen:\n" : "", out);
	for (uint32_t i = 0; i < p->permit_count; i++) {
		const struct extended_permit *permit = &p->permits[i];

		fprintf(out, "  %s: ", permit->name);
		show_policy(p, &permit->trigger, out);
		fputs("    permits for ", out);
		print_time(out, permit->within);
		fputs(": ", out);
		show_policy(p, &permit->effect, out);
	}
	return ferror(out) ? -EIO : 0;
}

static void json_policy(const struct extended_profile *p, const struct extended_policy *policy,
	struct jsonw *out)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	jsonw_object(out);
	jsonw_kv_string(out, "name", policy->name);
	jsonw_kv_u64(out, "line", policy->line);
	jsonw_kv_string(out, "action", policy->deny ? "deny" : "permit");
	jsonw_kv_bool(out, "bidirectional", policy->bidirectional);
	jsonw_kv_bool(out, "optional", policy->optional);
	jsonw_kv_bool(out, "repeatable", policy->repeatable);
	if (f) {
		print_match_line(p, &policy->match, f);
		show_limits(policy, f);
		fclose(f);
	}
	jsonw_kv_untrusted(out, "says", text ? text : "");
	free(text);
	if (policy->fallback_of)
		jsonw_kv_string(out, "fallback_of", policy->fallback_of);
	if (policy->confidence >= 0)
		jsonw_kv_u64(out, "confidence_permille", (uint64_t)policy->confidence);
	if (policy->provenance.is_set) {
		jsonw_kv_string(out, "source", schema_sources[policy->provenance.source]);
		jsonw_kv_u64(out, "episodes", policy->provenance.episodes);
	}
	jsonw_object_end(out);
}

struct json_steps {
	const struct extended_profile *p;
	struct jsonw *out;
};

static void json_step(void *ctx, struct extended_policy *p,
	const struct extended_interaction *i, const struct extended_permit *permit)
{
	struct json_steps *s = ctx;

	(void)i;
	(void)permit;
	json_policy(s->p, p, s->out);
}

static void json_interaction(const struct extended_profile *p,
	const struct extended_interaction *i, struct jsonw *out)
{
	struct json_steps s = {p, out};

	jsonw_object(out);
	jsonw_kv_string(out, "name", i->name);
	jsonw_kv_u64(out, "instances", i->instances);
	jsonw_kv_string(out, "when_full", i->replace ? "replace" : "refuse");
	jsonw_kv_u64(out, "timeout_s",
		(uint64_t)((i->timeout ? i->timeout : EXTENDED_TIMEOUT) / NS_PER_SEC));
	jsonw_key(out, "steps");
	jsonw_array(out);
	each_step(i->nodes, i, json_step, &s);
	jsonw_array_end(out);
	jsonw_object_end(out);
}

static void json_roles(const struct extended_profile *p, struct jsonw *out)
{
	jsonw_key(out, "roles");
	jsonw_array(out);
	for (uint32_t i = 0; i < p->role_count; i++) {
		jsonw_object(out);
		jsonw_kv_string(out, "name", p->roles[i].name);
		jsonw_kv_string(out, "kind", schema_roles[p->roles[i].kind]);
		jsonw_object_end(out);
	}
	jsonw_array_end(out);
}

void extended_show_json(const struct extended_profile *p, struct jsonw *out)
{
	jsonw_object(out);
	jsonw_kv_string(out, "schema", "cardea.profile.show/1");
	jsonw_kv_string(out, "name", p->name);
	json_roles(p, out);
	jsonw_key(out, "policies");
	jsonw_array(out);
	for (uint32_t i = 0; i < p->policy_count; i++)
		json_policy(p, &p->policies[i], out);
	jsonw_array_end(out);
	jsonw_key(out, "interactions");
	jsonw_array(out);
	for (uint32_t i = 0; i < p->interaction_count; i++)
		json_interaction(p, &p->interactions[i], out);
	jsonw_array_end(out);
	jsonw_key(out, "permits");
	jsonw_array(out);
	for (uint32_t i = 0; i < p->permit_count; i++) {
		jsonw_object(out);
		jsonw_kv_string(out, "name", p->permits[i].name);
		jsonw_kv_u64(out, "within_ms", (uint64_t)(p->permits[i].within / NS_PER_MS));
		jsonw_key(out, "trigger");
		json_policy(p, &p->permits[i].trigger, out);
		jsonw_key(out, "effect");
		json_policy(p, &p->permits[i].effect, out);
		jsonw_object_end(out);
	}
	jsonw_array_end(out);
	jsonw_object_end(out);
}
