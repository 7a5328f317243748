// SPDX-License-Identifier: GPL-2.0-or-later
/* text - the bytes of a MUD file as JSON values with their positions. jansson decides
 * what is JSON; the index beside it only remembers where each value stands, which
 * jansson forgets. */
#include <errno.h>
#include <string.h>
#include "profiles/mud/mud_priv.h"

/* A walk over the bytes that knows lines, columns and strings. */
struct scan {
	const char *bytes;
	size_t len, at;
	uint32_t line, column;
};

/* Columns count characters, as editors do: continuation bytes do not advance. */
static void scan_step(struct scan *s)
{
	unsigned char c = (unsigned char)s->bytes[s->at++];

	if (c == '\n') {
		s->line++;
		s->column = 1;
	} else if ((c & 0xc0) != 0x80) {
		s->column++;
	}
}

/* From one quote to behind the other; an open string ends with the text or a NUL. */
static void scan_string(struct scan *s)
{
	scan_step(s);
	while (s->at < s->len && s->bytes[s->at] && s->bytes[s->at] != '"') {
		bool escape = s->bytes[s->at] == '\\';
		scan_step(s);
		if (escape && s->at < s->len && s->bytes[s->at])
			scan_step(s);
	}
	if (s->at < s->len && s->bytes[s->at])
		scan_step(s);
}

static int text_refuse(
	struct mud_reader *r, const struct scan *s, int error, const char *what)
{
	mud_note_line(r, NOTE_ERROR, s->line, s->column, "%s", what);
	return error;
}

/* Before jansson: NULs and depth, which cost it memory and stack, and an upper bound
 * for the number of values. */
static int text_check(struct mud_reader *r, uint32_t *ret_values)
{
	struct scan s = {r->text.bytes, r->text.len, 0, 1, 1};
	uint32_t values = 2; /* spot 0 and the root */
	int depth = 0;

	while (s.at < s.len) {
		char c = s.bytes[s.at];
		if (!c)
			return text_refuse(r, &s, CARDEA_EMALFORMED,
				"a NUL byte: the file is not JSON text (RFC 8259 "
				"section 2); save it as UTF-8");
		if (c == '"') {
			scan_string(&s);
			continue;
		}
		if (c == '{' || c == '[')
			depth++;
		if (c == '}' || c == ']')
			depth--;
		values += c == ',' || c == '{' || c == '[';
		if (depth > LIMIT_MUD_DEPTH)
			return text_refuse(r, &s, CARDEA_ELIMIT,
				"objects and arrays nest too deep: RFC 8520 files need "
				"12 levels, 24 are read");
		scan_step(&s);
	}
	*ret_values = values;
	return 0;
}

static int text_decode(struct mud_reader *r)
{
	json_error_t e;
	char shown[LIMIT_TEXT / 2];

	r->text.root =
		json_loadb(r->text.bytes, r->text.len, JSON_REJECT_DUPLICATES, &e);
	if (r->text.root)
		return 0;
	if (json_error_code(&e) == json_error_out_of_memory)
		return -ENOMEM;
	str_escape(str_untrusted(e.text), shown, sizeof shown);
	uint32_t line = e.line > 0 ? (uint32_t)e.line : 0;
	uint32_t column = e.column > 0 ? (uint32_t)e.column : 0;
	if (json_error_code(&e) == json_error_duplicate_key)
		mud_note_line(r, NOTE_ERROR, line, column,
			"%s: a name may stand once in an object (RFC 7493 section "
			"2.3); remove one of the two",
			shown);
	else
		mud_note_line(r, NOTE_ERROR, line, column,
			"not JSON (RFC 8259): %s; mend the text here", shown);
	return CARDEA_EMALFORMED;
}

/* A container that is open while the index is built. */
struct open {
	uint32_t spot, last;
	bool object;
};

struct indexer {
	struct scan s;
	struct mud_spot *spots;
	uint32_t count;
	struct open open[LIMIT_MUD_DEPTH + 1]; /* [0] stands for the text itself */
	int depth;
	bool has_key;
	uint32_t key, key_len;
};

static uint32_t index_value(struct indexer *x)
{
	struct open *o = &x->open[x->depth];
	uint32_t at = x->count++;

	x->spots[at] = (struct mud_spot){.line = x->s.line,
		.column = x->s.column,
		.from = (uint32_t)x->s.at};
	if (x->has_key) {
		x->spots[at].key = x->key;
		x->spots[at].key_len = x->key_len;
	}
	x->has_key = false;
	if (o->last)
		x->spots[o->last].next = at;
	else
		x->spots[o->spot].child = at;
	o->last = at;
	return at;
}

static void index_string(struct indexer *x)
{
	size_t from = x->s.at + 1;

	if (x->open[x->depth].object && !x->has_key) {
		scan_string(&x->s);
		x->key = (uint32_t)from;
		x->key_len = (uint32_t)(x->s.at - 1 - from);
		x->has_key = true;
		return;
	}
	uint32_t at = index_value(x);
	scan_string(&x->s);
	x->spots[at].end = (uint32_t)x->s.at;
}

/* The text is known to be well-formed: numbers and words need no rules, only an end. */
static void index_step(struct indexer *x)
{
	char c = x->s.bytes[x->s.at];

	if (c == '"') {
		index_string(x);
	} else if (c == '{' || c == '[') {
		uint32_t at = index_value(x);
		x->open[++x->depth] = (struct open){.spot = at, .object = c == '{'};
		scan_step(&x->s);
	} else if (strchr("-0123456789tfn", c)) {
		uint32_t at = index_value(x);
		while (x->s.at < x->s.len && !strchr(",]} \t\r\n", x->s.bytes[x->s.at]))
			scan_step(&x->s);
		x->spots[at].end = (uint32_t)x->s.at;
	} else {
		scan_step(&x->s);
		if (c == '}' || c == ']')
			x->spots[x->open[x->depth--].spot].end =
				(uint32_t)x->s.at;
	}
}

int mud_text_load(struct mud_reader *r)
{
	struct mud_text *t = &r->text;
	uint32_t values;

	if (t->len > LIMIT_MUD_BYTES) {
		mud_note_line(r, NOTE_ERROR, 0, 0,
			"the file has %zu bytes, %d are read: the biggest known one "
			"has 132 KiB",
			t->len, LIMIT_MUD_BYTES);
		return CARDEA_ELIMIT;
	}
	int error = text_check(r, &values);
	if (!error)
		error = text_decode(r);
	if (error)
		return error;
	t->count = values;
	t->spots = pool_take(r->pool, values * sizeof *t->spots);
	if (!t->spots)
		return -ENOMEM;
	struct indexer x = {
		.s = {t->bytes, t->len, 0, 1, 1}, .spots = t->spots, .count = 1};
	while (x.s.at < x.s.len)
		index_step(&x);
	return 0;
}

void mud_text_free(struct mud_text *t)
{
	json_decref(t->root);
	t->root = NULL;
}

/* A key with escapes is decoded by the one who decoded it first. */
static bool spot_has_key(const struct mud_text *t, uint32_t spot, const char *key)
{
	const struct mud_spot *s = &t->spots[spot];
	const char *raw = t->bytes + s->key;

	if (!memchr(raw, '\\', s->key_len))
		return strlen(key) == s->key_len && !memcmp(raw, key, s->key_len);
	json_t *decoded = json_loadb(raw - 1, s->key_len + 2, JSON_DECODE_ANY, NULL);
	bool same = decoded && !strcmp(json_string_value(decoded), key);
	json_decref(decoded);
	return same;
}

/* jansson keeps the order of the text, so that the spot which should come next is the
 * right one; should it ever not, the search costs time, not truth. */
static uint32_t spot_of_key(
	const struct mud_text *t, uint32_t up, uint32_t expected, const char *key)
{
	if (expected && spot_has_key(t, expected, key))
		return expected;
	for (uint32_t at = t->spots[up].child; at; at = t->spots[at].next)
		if (spot_has_key(t, at, key))
			return at;
	return 0;
}

struct mud_iter mud_iter_start(const struct mud_reader *r, const struct mud_at *up)
{
	return (struct mud_iter){.object = json_object_iter(up->value),
		.spot = r->text.spots[up->spot].child};
}

bool mud_iter_next(const struct mud_reader *r, const struct mud_at *up,
	struct mud_iter *it, struct mud_at *ret_at)
{
	if (json_is_object(up->value)) {
		if (!it->object)
			return false;
		const char *key = json_object_iter_key(it->object);
		*ret_at = (struct mud_at){.up = up,
			.key = key,
			.value = json_object_iter_value(it->object),
			.spot = spot_of_key(&r->text, up->spot, it->spot, key)};
		it->object = json_object_iter_next(up->value, it->object);
	} else {
		if (it->index >= json_array_size(up->value))
			return false;
		*ret_at = (struct mud_at){.up = up,
			.index = it->index,
			.value = json_array_get(up->value, it->index),
			.spot = it->spot};
		it->index++;
	}
	it->spot = r->text.spots[ret_at->spot].next;
	return true;
}

bool mud_member(const struct mud_reader *r, const struct mud_at *object,
	const char *name, struct mud_at *ret_at)
{
	struct mud_at m;

	for (struct mud_iter it = mud_iter_start(r, object);
		mud_iter_next(r, object, &it, &m);)
		if (m.key && !strcmp(m.key, name)) {
			*ret_at = m;
			return true;
		}
	return false;
}

#define PATH_PART_MAX 80 /* one step of a path; longer names are cut */

static void path_part(const struct mud_at *at, char buf[PATH_PART_MAX])
{
	size_t n = 0;

	buf[n++] = '/';
	if (!at->key) {
		(void)str_print(buf, PATH_PART_MAX, "/%zu", at->index);
		return;
	}
	char shown[PATH_PART_MAX / 2];
	str_escape(str_untrusted(at->key), shown, sizeof shown);
	for (const char *c = shown; *c && n + 3 < PATH_PART_MAX; c++) {
		if (*c != '~' && *c != '/') {
			buf[n++] = *c;
			continue;
		}
		buf[n++] = '~';
		buf[n++] = *c == '~' ? '0' : '1';
	}
	buf[n] = 0;
}

char *mud_at_path(const struct mud_at *at, char buf[LIMIT_TEXT])
{
	char out[LIMIT_TEXT];
	size_t from = sizeof out - 1;

	/* from the leaf upwards, so that the near end survives a cut */
	out[from] = 0;
	for (; at && at->up; at = at->up) {
		char part[PATH_PART_MAX];
		path_part(at, part);
		size_t n = strlen(part);
		if (n + sizeof "..." > from) {
			from -= 3;
			memcpy(out + from, "...", 3);
			break;
		}
		from -= n;
		memcpy(out + from, part, n);
	}
	memcpy(buf, out + from, sizeof out - from);
	return buf;
}
