// SPDX-License-Identifier: GPL-2.0-or-later
/* repair - from a file in the wild to one that conforms. Mending one thing may bring
 * another to light, such as a word inside a node that had the wrong name, so that the
 * result is read and mended again until the strict reading succeeds. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "profiles/mud/mud_priv.h"

#define ROUNDS_MAX 4 /* known files need two */

/* One reading by import, and the text that says it. */
static int mend(const void *bytes, size_t len, struct pool *pool,
	struct profile *ret_profile, char **ret_bytes, size_t *ret_len)
{
	struct mud_reader r = {.mode = MUD_IMPORT,
		.schema = true,
		.repair = true,
		.note_limit = MUD_LINT_NOTES,
		.pool = pool,
		.text = {.bytes = bytes, .len = len}};

	int error = mud_read(&r, ret_profile);
	if (!error)
		error = mud_edit_write(&r, ret_bytes, ret_len);
	mud_text_free(&r.text);
	return error;
}

static int conforms(const char *bytes, size_t len, bool *ret, uint32_t *ret_aces)
{
	struct pool *pool = pool_new("repair", MUD_POOL_BYTES);
	struct mud_lint l;

	int error = pool ? mud_lint(bytes, len, pool, &l) : -ENOMEM;
	if (!error) {
		*ret = l.answer == MUD_CONFORMS;
		*ret_aces = l.aces;
	}
	pool_free(pool);
	return error;
}

/* The next round, whose own findings are of no interest: the first has said them. */
static int again(struct mud_repair *m)
{
	struct pool *pool = pool_new("repair", MUD_POOL_BYTES);
	struct profile unused;
	char *bytes = NULL;
	size_t len = 0;

	int error =
		pool ? mend(m->bytes, m->len, pool, &unused, &bytes, &len) : -ENOMEM;
	pool_free(pool);
	if (error)
		return error;
	free(m->bytes);
	m->bytes = bytes;
	m->len = len;
	return 0;
}

int mud_repair(
	const void *bytes, size_t len, struct pool *pool, struct mud_repair *ret_repair)
{
	struct mud_repair m = {0};
	bool good = false;

	int error = mend(bytes, len, pool, &m.import, &m.bytes, &m.len);
	for (int i = 0; !error && !good; i++) {
		error = conforms(m.bytes, m.len, &good, &m.aces);
		if (!error && !good)
			error = i < ROUNDS_MAX ? again(&m) : CARDEA_EMALFORMED;
	}
	if (error) {
		free(m.bytes);
		m.bytes = NULL;
		m.len = 0;
	}
	*ret_repair = m;
	return error;
}

static uint32_t count(const struct profile *p, enum note_level level)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->note_count; i++)
		n += p->notes[i].level == level;
	return n;
}

int mud_repair_text(const struct mud_repair *m, const char *file, FILE *out)
{
	char shown[LIMIT_TEXT];
	uint32_t repairs = count(&m->import, NOTE_REPAIR);

	str_escape(str_untrusted(file), shown, sizeof shown);
	for (uint32_t i = 0; i < m->import.note_count; i++) {
		const struct note *n = &m->import.notes[i];
		if (n->level == NOTE_REPAIR || n->level == NOTE_ERROR)
			fprintf(out, "%s:%u:%u: %s: %s (%s)\n", shown, n->line,
				n->column, note_level_name(n->level), n->text, n->path);
	}
	if (m->bytes)
		fprintf(out, "%s: conforms to RFC 8520 after %u repair%s: %u entries\n",
			shown, repairs, repairs == 1 ? "" : "s", m->aces);
	else
		fprintf(out, "%s: cannot be repaired (%u errors)\n", shown,
			count(&m->import, NOTE_ERROR));
	return ferror(out) ? -EIO : 0;
}

int mud_repair_json(const struct mud_repair *m, const char *file, const char *written,
	struct jsonw *out)
{
	jsonw_object(out);
	jsonw_kv_string(out, "schema", "cardea.mud.repair/1");
	jsonw_kv_untrusted(out, "file", file);
	jsonw_key(out, "out");
	if (m->bytes)
		jsonw_untrusted(out, str_untrusted(written));
	else
		jsonw_null(out);
	jsonw_kv_bool(out, "valid", m->bytes != NULL);
	jsonw_kv_u64(out, "aces", m->aces);
	mud_errors_json(&m->import, out);
	mud_repairs_json(&m->import, out);
	jsonw_object_end(out);
	return out->error;
}
