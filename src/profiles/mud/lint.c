// SPDX-License-Identifier: GPL-2.0-or-later
/* lint - what is wrong with a MUD file, for its author: as lines that editors can
 * follow, and as JSON. */
#include <errno.h>
#include <string.h>
#include "base/jsonw.h"
#include "profiles/mud/mud_priv.h"

#define CLAUSE_MAX 64

static int read_one(const void *bytes, size_t len, enum mud_mode mode,
	struct pool *pool, struct profile *ret_profile, struct mud_lint *l)
{
	struct mud_reader r = {.mode = mode,
		.schema = true,
		.note_limit = MUD_LINT_NOTES,
		.pool = pool,
		.text = {.bytes = bytes, .len = len}};

	int error = mud_read(&r, ret_profile);
	mud_text_free(&r.text);
	l->aces = r.ace_count;
	l->marks = r.marks;
	return error;
}

int mud_lint(
	const void *bytes, size_t len, struct pool *pool, struct mud_lint *ret_lint)
{
	struct mud_lint l = {.answer = MUD_CONFORMS};

	int strict = read_one(bytes, len, MUD_STRICT, pool, &l.strict, &l);
	if (strict == -ENOMEM)
		return strict;
	int import = read_one(bytes, len, MUD_IMPORT, pool, &l.import, &l);
	if (import == -ENOMEM)
		return import;
	if (strict)
		l.answer = import ? MUD_REJECTED : MUD_REPAIRED;
	*ret_lint = l;
	return 0;
}

bool mud_lint_valid(const struct mud_lint *l, enum mud_mode mode)
{
	return l->answer == MUD_CONFORMS ||
	       (mode == MUD_IMPORT && l->answer == MUD_REPAIRED);
}

const char *mud_answer_name(enum mud_answer a)
{
	switch (a) {
	case MUD_CONFORMS:
		return "conforms";
	case MUD_REPAIRED:
		return "repaired";
	case MUD_REJECTED:
		return "rejected";
	}
	return "unknown";
}

const struct profile *mud_lint_profile(const struct mud_lint *l)
{
	switch (l->answer) {
	case MUD_CONFORMS:
		return &l->strict;
	case MUD_REPAIRED:
		return &l->import;
	case MUD_REJECTED:
		break;
	}
	return NULL;
}

static uint32_t count(const struct profile *p, enum note_level level)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->note_count; i++)
		n += p->notes[i].level == level;
	return n;
}

static void print_notes(const struct profile *p, const char *file, FILE *out)
{
	for (uint32_t i = 0; i < p->note_count; i++) {
		const struct note *n = &p->notes[i];
		fprintf(out, "%s:", file);
		if (n->line)
			fprintf(out, "%u:%u:", n->line, n->column);
		fprintf(out, " %s: %s", note_level_name(n->level), n->text);
		if (n->path[0])
			fprintf(out, " (%s)", n->path);
		fputc('\n', out);
	}
	if (p->note_dropped)
		fprintf(out, "%s: %u more findings are not shown\n", file,
			p->note_dropped);
}

static void print_import(const struct mud_lint *l, const char *file, FILE *out)
{
	if (l->answer == MUD_REJECTED)
		fprintf(out, "%s: cannot be used (%u errors)\n", file,
			count(&l->import, NOTE_ERROR));
	else
		fprintf(out, "%s: can be imported: %u rules after %u repairs\n", file,
			l->import.rule_count, count(&l->import, NOTE_REPAIR));
}

static void print_sum(const struct mud_lint *l, const char *file, FILE *out)
{
	uint32_t errors = count(&l->strict, NOTE_ERROR);

	switch (l->answer) {
	case MUD_CONFORMS:
		fprintf(out, "%s: conforms to RFC 8520: %u rules, %u warnings\n", file,
			l->strict.rule_count, count(&l->strict, NOTE_WARNING));
		return;
	case MUD_REPAIRED:
		fprintf(out,
			"%s: does not conform to RFC 8520 (%u errors), but can be "
			"imported: %u rules after %u repairs\n",
			file, errors, l->import.rule_count,
			count(&l->import, NOTE_REPAIR));
		return;
	case MUD_REJECTED:
		fprintf(out, "%s: cannot be used (%u errors)\n", file, errors);
		return;
	}
}

struct extras {
	const char *file;
	FILE *out;
};

static void print_extra(void *ctx, const char *sentence)
{
	const struct extras *x = ctx;

	fprintf(x->out, "%s: beside its rules: %s\n", x->file, sentence);
}

int mud_lint_text(
	const struct mud_lint *l, enum mud_mode mode, const char *file, FILE *out)
{
	char shown[LIMIT_TEXT];

	str_escape(str_untrusted(file), shown, sizeof shown);
	print_notes(mode == MUD_IMPORT ? &l->import : &l->strict, shown, out);
	if (mud_lint_profile(l))
		mud_extras(mud_lint_profile(l), print_extra,
			&(struct extras){.file = shown, .out = out});
	if (mode == MUD_IMPORT)
		print_import(l, shown, out);
	else
		print_sum(l, shown, out);
	return ferror(out) ? -EIO : 0;
}

static void write_notes(const struct profile *p, struct jsonw *out)
{
	jsonw_key(out, "notes");
	jsonw_array(out);
	for (uint32_t i = 0; i < p->note_count; i++) {
		const struct note *n = &p->notes[i];
		jsonw_object(out);
		jsonw_kv_string(out, "level", note_level_name(n->level));
		jsonw_kv_u64(out, "line", n->line);
		jsonw_kv_u64(out, "column", n->column);
		jsonw_kv_untrusted(out, "path", n->path);
		jsonw_kv_untrusted(out, "text", n->text);
		jsonw_object_end(out);
	}
	jsonw_array_end(out);
	jsonw_kv_u64(out, "notes_dropped", p->note_dropped);
}

static void write_reading(const struct profile *p, bool usable, struct jsonw *out)
{
	jsonw_object(out);
	jsonw_kv_bool(out, "usable", usable);
	jsonw_kv_u64(out, "rules", p->rule_count);
	jsonw_kv_u64(out, "errors", count(p, NOTE_ERROR));
	jsonw_kv_u64(out, "warnings", count(p, NOTE_WARNING));
	jsonw_kv_u64(out, "repairs", count(p, NOTE_REPAIR));
	write_notes(p, out);
	jsonw_object_end(out);
}

/* Every finding names its clause in brackets: the last one is it. */
static void split_clause(const char *text, char clause[CLAUSE_MAX])
{
	const char *at = NULL;

	for (const char *next = text; (next = strstr(next, "(RFC ")); next++)
		at = next;
	clause[0] = 0;
	if (at)
		str_copy_bytes(clause, CLAUSE_MAX, at + 1, strcspn(at + 1, ";:)"));
}

void mud_errors_json(const struct profile *p, struct jsonw *out)
{
	char clause[CLAUSE_MAX];

	jsonw_key(out, "errors");
	jsonw_array(out);
	for (uint32_t i = 0; i < p->note_count; i++) {
		const struct note *n = &p->notes[i];
		if (n->level != NOTE_ERROR)
			continue;
		split_clause(n->text, clause);
		jsonw_object(out);
		jsonw_kv_untrusted(out, "path", n->path);
		jsonw_kv_u64(out, "line", n->line);
		jsonw_kv_u64(out, "column", n->column);
		jsonw_kv_untrusted(out, "clause", clause);
		jsonw_kv_untrusted(out, "message", n->text);
		jsonw_object_end(out);
	}
	jsonw_array_end(out);
}

void mud_repairs_json(const struct profile *p, struct jsonw *out)
{
	jsonw_key(out, "repairs");
	jsonw_array(out);
	for (uint32_t i = 0; i < p->note_count; i++) {
		const struct note *n = &p->notes[i];
		if (n->level != NOTE_REPAIR)
			continue;
		jsonw_object(out);
		jsonw_kv_untrusted(out, "path", n->path);
		jsonw_kv_untrusted(out, "what", n->text);
		jsonw_kv_u64(out, "line", n->line);
		jsonw_kv_u64(out, "column", n->column);
		jsonw_object_end(out);
	}
	jsonw_array_end(out);
}

static void write_rules(const struct profile *p, struct jsonw *out)
{
	jsonw_key(out, "rules");
	jsonw_array(out);
	for (uint32_t i = 0; i < p->rule_count; i++) {
		const struct rule *rule = &p->rules[i];
		jsonw_object(out);
		jsonw_kv_untrusted(out, "ace", rule->ace);
		jsonw_kv_string(out, "status", rule_status_name(rule->status));
		jsonw_kv_untrusted(out, "why", rule->detail);
		jsonw_kv_untrusted(out, "acl", rule->acl);
		jsonw_kv_u64(out, "line", rule->line);
		jsonw_object_end(out);
	}
	jsonw_array_end(out);
}

/* The members of the contract; the two readings behind them say more. */
static void write_verdict(
	const struct mud_lint *l, enum mud_mode mode, struct jsonw *out)
{
	const struct profile *p = mode == MUD_IMPORT ? &l->import : &l->strict;

	jsonw_kv_bool(out, "valid", mud_lint_valid(l, mode));
	jsonw_kv_string(out, "mode", mode == MUD_IMPORT ? "import" : "strict");
	jsonw_kv_u64(out, "aces", l->aces);
	mud_errors_json(p, out);
	mud_repairs_json(p, out);
	write_rules(p, out);
	mud_extras_json(p, out);
}

int mud_lint_json(const struct mud_lint *l, enum mud_mode mode, const char *file,
	struct jsonw *out)
{
	jsonw_object(out);
	jsonw_kv_string(out, "schema", "cardea.mud.lint/1");
	jsonw_kv_untrusted(out, "file", file);
	write_verdict(l, mode, out);
	jsonw_kv_string(out, "answer", mud_answer_name(l->answer));
	jsonw_key(out, "strict");
	write_reading(&l->strict, l->answer == MUD_CONFORMS, out);
	jsonw_key(out, "import");
	if (l->answer == MUD_CONFORMS)
		jsonw_null(out);
	else
		write_reading(&l->import, l->answer == MUD_REPAIRED, out);
	jsonw_object_end(out);
	return out->error;
}
