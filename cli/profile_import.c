// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea profile import - a published profile as a template and a binding. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cli/answer.h"
#include "cli/file.h"
#include "cli/profile.h"
#include "cli/text.h"

struct printed {
	char *text;
	size_t len;
};

static enum cli_exit print_template(const struct profile_file *f, struct printed *ret)
{
	FILE *out = open_memstream(&ret->text, &ret->len);
	int error = out ? extended_print(&f->profile, out) : -ENOMEM;

	if (out && fclose(out) && !error)
		error = -ENOMEM;
	return error ? CLI_FAILED : CLI_OK;
}

static enum cli_exit print_binding(const struct profile_file *f, struct printed *ret)
{
	FILE *out = open_memstream(&ret->text, &ret->len);
	int error = out ? extended_print_binding(&f->binding, out) : -ENOMEM;

	if (out && fclose(out) && !error)
		error = -ENOMEM;
	return error ? CLI_FAILED : CLI_OK;
}

/* What is printed must read back: what follows depends on it. */
static enum cli_exit check(const struct printed *p)
{
	struct pool *pool = pool_new("check", EXTENDED_POOL_BYTES);
	struct extended_profile again;
	struct extended_notes notes;
	int error = pool ? extended_parse(p->text, p->len, pool, &again, &notes) : -ENOMEM;

	int said = error == CARDEA_ELIMIT || error == CARDEA_EMALFORMED
			   ? extended_notes_text(&notes, "(imported)", stderr)
			   : 0;

	pool_free(pool);
	if (!error && !said)
		return CLI_OK;
	cli_complain(NULL, "what was imported is more than a profile may be: %s",
		error_text(error ? error : said));
	return CLI_FAILED;
}

static enum cli_exit write_both(const struct cli *c, const struct profile_file *f)
{
	const char *out = args_flag(c, "out"), *binding = args_flag(c, "binding");
	struct printed t = {0}, b = {0};
	enum cli_exit e = print_template(f, &t);

	if (e == CLI_OK)
		e = check(&t);
	if (e == CLI_OK && binding)
		e = print_binding(f, &b);
	if (e == CLI_OK && binding)
		e = file_write(binding, b.text, b.len);
	if (e == CLI_OK && (out || !c->json))
		e = file_write(out ? out : "-", t.text, t.len);
	free(t.text);
	free(b.text);
	return e;
}

static enum cli_exit print_json(const struct profile_file *f)
{
	struct jsonw j;

	jsonw_init_buffer(&j, PROFILE_JSON_MAX);
	jsonw_object(&j);
	jsonw_kv_string(&j, "schema", "cardea.profile.import/1");
	jsonw_kv_untrusted(&j, "file", f->path);
	jsonw_kv_bool(&j, "valid",
		f->document == DOCUMENT_PUBLISHED && !f->error && !f->notes.errors);
	jsonw_kv_u64(&j, "policies", f->profile.policy_count);
	jsonw_kv_u64(&j, "interactions", f->profile.interaction_count);
	jsonw_kv_u64(&j, "roles", f->profile.role_count);
	extended_notes_json(&f->notes, f->path, &j);
	jsonw_object_end(&j);
	return answer_print_jsonw(&j);
}

static enum cli_exit usage(const struct cli *c)
{
	const char *out = args_flag(c, "out"), *binding = args_flag(c, "binding");

	if (c->json && ((out && strcmp(out, "-") == 0) ||
			       (binding && strcmp(binding, "-") == 0))) {
		cli_complain("give it a file, or leave out --json",
			"--json and a file named - both want standard output");
		return CLI_USAGE;
	}
	return CLI_OK;
}

enum cli_exit profile_file_import(struct cli *c)
{
	struct profile_file f = {0};
	enum cli_exit e = usage(c);

	if (e == CLI_OK)
		e = profile_read(c->args[0], args_flag(c, "root"), &f);
	if (e == CLI_OK && f.document != DOCUMENT_PUBLISHED) {
		cli_complain("cardea profile lint FILE",
			"%s is no published profile: it has no device-info",
			text_clean(c->args[0]));
		e = c->json ? print_json(&f) : CLI_OK;
		profile_free(&f);
		return e == CLI_OK ? CLI_NO : e;
	}
	if (e == CLI_OK && !f.error)
		e = write_both(c, &f);
	if (e == CLI_OK)
		e = c->json ? print_json(&f)
			    : extended_notes_text(&f.notes, f.path, stderr) ? CLI_FAILED
									    : CLI_OK;
	if (e == CLI_OK && (f.error || f.notes.errors))
		e = CLI_NO;
	profile_free(&f);
	return e;
}
