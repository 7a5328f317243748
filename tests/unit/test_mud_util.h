// SPDX-License-Identifier: GPL-2.0-or-later
/* test_mud_util - MUD files around the one part that a test is about. */
#ifndef CARDEA_TEST_MUD_UTIL_H
#define CARDEA_TEST_MUD_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "profiles/mud/mud.h"

struct reading {
	int error;
	struct profile p;
	struct pool *pool;
};

static inline struct reading read_bytes(
	enum mud_mode mode, const void *bytes, size_t len)
{
	struct reading r = {.pool = pool_new("test", MUD_POOL_BYTES)};
	/* the exact size, so that a sanitizer sees a read beyond the end */
	void *exact = malloc(len ? len : 1);

	assert_non_null(r.pool);
	assert_non_null(exact);
	memcpy(exact, bytes, len);
	r.error = mud_parse(exact, len, mode, r.pool, &r.p);
	free(exact);
	return r;
}

static inline struct reading read_text(enum mud_mode mode, const char *text)
{
	return read_bytes(mode, text, strlen(text));
}

static inline void reading_free(struct reading *r)
{
	pool_free(r->pool);
}

/* Parts of a file; NULL takes the default, which is right. */
struct file {
	const char *version, *url, *update, *supported,
		*header;    /* header: more members */
	const char *policy; /* name of the container, from-device-policy by default */
	const char *root;   /* name of the second root */
	const char *type, *matches, *actions, *aces;
};

#define ORDER(value, otherwise) ((value) ? (value) : (otherwise))

static inline char *file_text(const struct file *f)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	fprintf(out,
		"{\"ietf-mud:mud\":{%s%s%s%s%s\"%s\":{\"access-lists\":{\"access-"
		"list\":"
		"[{\"name\":\"list\"}]}}},\"%s\":{\"acl\":[{\"name\":\"list\","
		"\"type\":\"%s\",\"aces\":{\"ace\":[",
		ORDER(f->version, "\"mud-version\":1,"),
		ORDER(f->url, "\"mud-url\":\"https://maker.example/thing\","),
		ORDER(f->update, "\"last-update\":\"2026-01-02T03:04:05Z\","),
		ORDER(f->supported, "\"is-supported\":true,"), ORDER(f->header, ""),
		ORDER(f->policy, "from-device-policy"),
		ORDER(f->root, "ietf-access-control-list:acls"),
		ORDER(f->type, "ipv4-acl-type"));
	if (f->aces)
		fputs(f->aces, out);
	else
		fprintf(out, "{\"name\":\"entry\",\"matches\":%s,\"actions\":%s}",
			ORDER(f->matches,
				"{\"ietf-mud:mud\":{\"local-networks\":[null]}}"),
			ORDER(f->actions, "{\"forwarding\":\"accept\"}"));
	fputs("]}}]}}", out);
	fclose(out);
	return text;
}

static inline struct reading read_file(enum mud_mode mode, const struct file *f)
{
	char *text = file_text(f);
	struct reading r = read_text(mode, text);

	free(text);
	return r;
}

/* The first finding of this level whose text holds part, or NULL. */
static inline const struct note *find_note(
	const struct reading *r, enum note_level level, const char *part)
{
	for (uint32_t i = 0; i < r->p.note_count; i++)
		if (r->p.notes[i].level == level && strstr(r->p.notes[i].text, part))
			return &r->p.notes[i];
	return NULL;
}

static inline uint32_t count_notes(const struct reading *r, enum note_level level)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->p.note_count; i++)
		n += r->p.notes[i].level == level;
	return n;
}

/* Wrong when strict, with this in the text of an error that has a place; mended by
 * import, with a repair that says the same. */
static inline void assert_repaired(const struct file *f, const char *part)
{
	struct reading r = read_file(MUD_STRICT, f);
	const struct note *n = find_note(&r, NOTE_ERROR, part);

	assert_int_equal(r.error, CARDEA_EMALFORMED);
	assert_int_equal(r.p.rule_count, 0);
	assert_non_null(n);
	assert_int_equal(n->line, 1);
	assert_true(n->column > 1);
	assert_int_equal(n->path[0], '/');
	reading_free(&r);

	r = read_file(MUD_IMPORT, f);
	assert_int_equal(r.error, 0);
	assert_non_null(find_note(&r, NOTE_REPAIR, part));
	assert_int_equal(count_notes(&r, NOTE_ERROR), 0);
	reading_free(&r);
}

/* Refused in both modes. */
static inline void assert_refused(const struct file *f, const char *part)
{
	for (int mode = MUD_STRICT; mode <= MUD_IMPORT; mode++) {
		struct reading r = read_file((enum mud_mode)mode, f);
		assert_int_equal(r.error, CARDEA_EMALFORMED);
		assert_null(r.p.rules);
		assert_int_equal(r.p.rule_count, 0);
		assert_non_null(find_note(&r, NOTE_ERROR, part));
		reading_free(&r);
	}
}

/* Strict, no errors, this many rules. */
static inline struct reading read_good(const struct file *f, uint32_t rules)
{
	struct reading r = read_file(MUD_STRICT, f);

	assert_int_equal(count_notes(&r, NOTE_ERROR), 0);
	assert_int_equal(r.error, 0);
	assert_int_equal(r.p.rule_count, rules);
	return r;
}

/* Strictly read, but the rule is not installed, and says why. */
static inline void assert_status(
	const struct file *f, enum rule_status status, const char *detail)
{
	struct reading r = read_good(f, 1);

	assert_int_equal(r.p.rules[0].status, status);
	assert_non_null(strstr(r.p.rules[0].detail, detail));
	reading_free(&r);
}

#endif
