// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea profile bind - a template in one home, and what of it can be enforced. */
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/profile.h"
#include "cli/text.h"

struct bound_file {
	struct profile_file template, binding;
	struct extended_bound bound;
	struct extended_rules rules;
};

static void print_party(const struct extended_bound *b, uint32_t role)
{
	const struct extended_party *p = b->parties[role];
	char text[ADDR_TEXT_MAX];

	printf("  %s:", b->profile->roles[role].name);
	if (!p)
		printf(" %s", b->profile->roles[role].domain ? b->profile->roles[role].domain
							     : "nobody");
	if (p && p->has_mac)
		printf(" %s", mac_format(&p->mac, text));
	for (uint32_t i = 0; p && i < p->addr_count; i++)
		printf(" %s", addr_format(&p->addrs[i], text));
	if (p && p->name)
		printf(" %s", text_clean(p->name));
	putchar('\n');
}

static enum cli_exit print_text(const struct bound_file *f)
{
	const struct extended_rules *r = &f->rules;
	char sentence[RULE_SENTENCE_MAX];

	printf("%s in %s\n", text_clean(f->bound.profile->name),
		f->bound.binding->home ? text_clean(f->bound.binding->home) : "this home");
	for (uint32_t i = 0; i < f->bound.profile->role_count; i++)
		print_party(&f->bound, i);
	printf("rules: %u exact, %u wider than the profile, %u not possible\n", r->exact,
		r->approximated, r->impossible);
	for (uint32_t i = 0; i < r->count; i++) {
		const struct rule *rule = &r->rules[i];

		if (rule->status == RULE_REPLY_HALF)
			continue;
		if (rule->status == RULE_UNENFORCEABLE)
			printf("  %s/%s", text_clean(rule->acl), text_clean(rule->ace));
		else
			printf("  %s", text_clean(rule_sentence(rule, sentence)));
		printf(" [%s%s%s]\n", rule_status_name(rule->status),
			rule->detail[0] ? ": " : "", rule->detail);
	}
	return ferror(stdout) ? CLI_FAILED : CLI_OK;
}

static void json_party(const struct extended_bound *b, uint32_t role, struct jsonw *j)
{
	const struct extended_party *p = b->parties[role];
	char text[ADDR_TEXT_MAX];

	jsonw_object(j);
	jsonw_kv_string(j, "role", b->profile->roles[role].name);
	jsonw_kv_bool(j, "bound", p || b->profile->roles[role].domain);
	if (p && p->has_mac)
		jsonw_kv_mac(j, "mac", &p->mac);
	jsonw_key(j, "addresses");
	jsonw_array(j);
	for (uint32_t i = 0; p && i < p->addr_count; i++)
		jsonw_string(j, addr_format(&p->addrs[i], text));
	jsonw_array_end(j);
	jsonw_object_end(j);
}

static void json_rule(const struct rule *r, struct jsonw *j)
{
	char sentence[RULE_SENTENCE_MAX];

	jsonw_object(j);
	jsonw_kv_untrusted(j, "acl", r->acl);
	jsonw_kv_untrusted(j, "ace", r->ace);
	jsonw_kv_u64(j, "line", r->line);
	jsonw_kv_string(j, "action", r->action == RULE_DROP ? "drop" : "accept");
	jsonw_kv_string(j, "status", rule_status_name(r->status));
	jsonw_kv_untrusted(j, "sentence", rule_sentence(r, sentence));
	jsonw_kv_untrusted(j, "why", r->detail);
	jsonw_object_end(j);
}

static enum cli_exit print_json(const struct bound_file *f)
{
	struct jsonw j;

	jsonw_init_buffer(&j, PROFILE_JSON_MAX);
	jsonw_object(&j);
	jsonw_kv_string(&j, "schema", "cardea.profile.bind/1");
	jsonw_kv_string(&j, "template", f->bound.profile->name);
	jsonw_kv_u64(&j, "exact", f->rules.exact);
	jsonw_kv_u64(&j, "approximated", f->rules.approximated);
	jsonw_kv_u64(&j, "impossible", f->rules.impossible);
	jsonw_key(&j, "roles");
	jsonw_array(&j);
	for (uint32_t i = 0; i < f->bound.profile->role_count; i++)
		json_party(&f->bound, i, &j);
	jsonw_array_end(&j);
	jsonw_key(&j, "rules");
	jsonw_array(&j);
	for (uint32_t i = 0; i < f->rules.count; i++)
		json_rule(&f->rules.rules[i], &j);
	jsonw_array_end(&j);
	extended_notes_json(&f->binding.notes, f->binding.path, &j);
	jsonw_object_end(&j);
	return answer_print_jsonw(&j);
}

static enum cli_exit bind(const struct cli *c, struct bound_file *f)
{
	struct extended_notes *notes = &f->binding.notes;
	int error = extended_bind(&f->template.profile, &f->binding.binding, f->template.pool,
		&f->bound, notes);

	if (!c->json || error)
		if (notes->count && extended_notes_text(notes, f->binding.path, stderr))
			return CLI_FAILED;
	if (error)
		return CLI_NO;
	error = extended_reduce(&f->bound, f->template.pool, &f->rules);
	if (error) {
		cli_complain(NULL, "%s: as rules: %s", text_clean(f->template.path),
			error_text(error));
		return CLI_FAILED;
	}
	return c->json ? print_json(f) : print_text(f);
}

enum cli_exit profile_file_bind(struct cli *c)
{
	struct bound_file *f = cli_take(sizeof *f);
	enum cli_exit e = profile_want(c->args[0], DOCUMENT_TEMPLATE, &f->template);

	if (e == CLI_OK)
		e = profile_want(c->args[1], DOCUMENT_BINDING, &f->binding);
	if (e == CLI_OK)
		e = bind(c, f);
	profile_free(&f->template);
	profile_free(&f->binding);
	return e;
}
