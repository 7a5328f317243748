// SPDX-License-Identifier: GPL-2.0-or-later
/* tree - libyaml's events become nodes. Depth, nodes and texts are bounded as they
 * come, so that neither a deep file nor one that repeats itself by aliases costs more
 * than its limit. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <yaml.h>
#include "base/str.h"
#include "profiles/extended/extended_priv.h"

struct tree_anchor {
	const char *name;
	struct tree *node;
};

struct tree_reader {
	yaml_parser_t parser;
	struct pool *pool;
	struct extended_notes *notes;
	const char *file;
	unsigned flags;
	uint32_t *nodes_left;
	uint32_t depth;
	uint32_t anchor_count;
	struct tree_anchor anchors[TREE_ANCHORS];
	struct tree *stack[TREE_DEPTH];
	/* the key of a map's entry whose value must come now */
	struct tree *key[TREE_DEPTH];
	struct tree *root;
	bool ended;
};

void tree_append(struct tree *parent, struct tree *child)
{
	if (parent->last)
		parent->last->next = child;
	else
		parent->child = child;
	parent->last = child;
	child->next = NULL;
	parent->count++;
}

struct tree *tree_find(const struct tree *map, const char *key)
{
	if (!map || map->kind != TREE_MAP)
		return NULL;
	for (struct tree *c = map->child; c; c = c->next)
		if (strcmp(c->key, key) == 0)
			return c;
	return NULL;
}

struct tree *tree_copy(const struct tree *t, struct pool *pool, uint32_t *nodes_left)
{
	if (*nodes_left == 0)
		return NULL;
	--*nodes_left;
	struct tree *n = pool_copy(pool, t, sizeof *t);
	if (!n)
		return NULL;
	n->child = n->last = n->next = NULL;
	n->count = 0;
	/* as deep as the tree is: TREE_DEPTH, and once more for what an include brings */
	for (const struct tree *c = t->child; c; c = c->next) {
		struct tree *copy = tree_copy(c, pool, nodes_left);

		if (!copy)
			return NULL;
		tree_append(n, copy);
	}
	return n;
}

CARDEA_PRINTF(4, 5)
static int tree_fail(struct tree_reader *r, const yaml_mark_t *mark, int error,
	const char *fmt, ...)
{
	char text[LIMIT_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	note_at(r->notes, NOTE_ERROR, r->file, (uint32_t)mark->line + 1,
		(uint32_t)mark->column + 1, "%s", text);
	return error;
}

static int tree_new(struct tree_reader *r, const yaml_mark_t *mark, enum tree_kind kind,
	struct tree **ret)
{
	if (*r->nodes_left == 0)
		return tree_fail(r, mark, CARDEA_ELIMIT,
			"more than %u values, those that aliases repeat counted",
			(unsigned)TREE_NODES);
	--*r->nodes_left;
	struct tree *t = pool_take(r->pool, sizeof *t);
	if (!t)
		return -ENOMEM;
	t->kind = kind;
	t->file = r->file;
	t->line = (uint32_t)mark->line + 1;
	t->column = (uint32_t)mark->column + 1;
	t->text = "";
	*ret = t;
	return 0;
}

static int tree_key(struct tree_reader *r, struct tree *map, struct tree *key)
{
	yaml_mark_t mark = {.line = key->line - 1, .column = key->column - 1};

	if (key->kind != TREE_SCALAR_TEXT || !key->text[0])
		return tree_fail(r, &mark, CARDEA_EMALFORMED,
			"the key of a map must be a text");
	struct tree *before = tree_find(map, key->text);
	char shown[NOTE_NAME];

	if (!before)
		return 0;
	str_escape(str_untrusted(key->text), shown, sizeof shown);
	if (!(r->flags & TREE_LENIENT))
		return tree_fail(r, &mark, CARDEA_EMALFORMED,
			"\"%s\" is there twice; it was said at line %u", shown,
			before->key_line);
	note_at(r->notes, NOTE_ERROR, r->file, key->line, key->column,
		"\"%s\" is there twice; this one takes the place of that at line %u",
		shown, before->key_line);
	return 0;
}

/* The last of two entries with one key counts, as it does for PyYAML, whose users wrote
 * the files for which this is allowed. */
static void tree_unlink(struct tree *map, const char *key)
{
	struct tree **at = &map->child, *before = NULL;

	while (*at && strcmp((*at)->key, key) != 0) {
		before = *at;
		at = &(*at)->next;
	}
	if (!*at)
		return;
	if (map->last == *at)
		map->last = before;
	*at = (*at)->next;
	map->count--;
}

static int tree_merge(struct tree_reader *r, struct tree *map, const struct tree *from)
{
	for (const struct tree *c = from->child; c; c = c->next) {
		struct tree *copy;

		if (tree_find(map, c->key))
			continue;
		copy = tree_copy(c, r->pool, r->nodes_left);
		if (!copy)
			return CARDEA_ELIMIT;
		tree_append(map, copy);
	}
	return 0;
}

/* A whole value: the root, an item, a key or what a key has. */
static int tree_place(struct tree_reader *r, struct tree *t)
{
	if (r->depth == 0) {
		r->root = t;
		return 0;
	}
	struct tree *up = r->stack[r->depth - 1], **key = &r->key[r->depth - 1];

	if (up->kind == TREE_LIST) {
		tree_append(up, t);
		return 0;
	}
	if (!*key) {
		*key = t;
		return tree_key(r, up, t);
	}
	t->key = (*key)->text;
	t->key_line = (*key)->line;
	t->key_column = (*key)->column;
	*key = NULL;
	if (r->flags & TREE_ALIASES && strcmp(t->key, "<<") == 0 && t->kind == TREE_MAP)
		return tree_merge(r, up, t);
	tree_unlink(up, t->key);
	tree_append(up, t);
	return 0;
}

static int tree_anchor_set(struct tree_reader *r, const yaml_mark_t *mark,
	const yaml_char_t *name, struct tree *t)
{
	if (!name)
		return 0;
	if (!(r->flags & TREE_ALIASES))
		return tree_fail(r, mark, CARDEA_EMALFORMED,
			"anchors (&) are not part of this format: write it out");
	if (r->anchor_count == TREE_ANCHORS)
		return tree_fail(r, mark, CARDEA_ELIMIT, "more than %u anchors",
			(unsigned)TREE_ANCHORS);
	struct tree_anchor *a = &r->anchors[r->anchor_count++];

	a->name = pool_string(r->pool, (const char *)name, strlen((const char *)name));
	a->node = t;
	return a->name ? 0 : -ENOMEM;
}

static bool tree_is_open(const struct tree_reader *r, const struct tree *t)
{
	for (uint32_t i = 0; i < r->depth; i++)
		if (r->stack[i] == t)
			return true;
	return false;
}

static int tree_alias(struct tree_reader *r, const yaml_event_t *e)
{
	const char *name = (const char *)e->data.alias.anchor;
	const struct tree *from = NULL;

	if (!(r->flags & TREE_ALIASES))
		return tree_fail(r, &e->start_mark, CARDEA_EMALFORMED,
			"aliases (*) are not part of this format: write it out");
	for (uint32_t i = r->anchor_count; i-- > 0 && !from;)
		if (strcmp(r->anchors[i].name, name) == 0)
			from = r->anchors[i].node;
	if (!from)
		return tree_fail(r, &e->start_mark, CARDEA_EMALFORMED,
			"an alias of what was not anchored before");
	if (tree_is_open(r, from))
		return tree_fail(r, &e->start_mark, CARDEA_ELOOP,
			"an alias of what it is part of");
	struct tree *copy = tree_copy(from, r->pool, r->nodes_left);

	if (!copy)
		return tree_fail(r, &e->start_mark, CARDEA_ELIMIT,
			"more than %u values, those that aliases repeat counted",
			(unsigned)TREE_NODES);
	return tree_place(r, copy);
}

static int tree_tag(struct tree_reader *r, const yaml_mark_t *mark,
	const yaml_char_t *tag, struct tree *t)
{
	if (!tag || !tag[0])
		return 0;
	if (!(r->flags & TREE_TAGS))
		return tree_fail(r, mark, CARDEA_EMALFORMED,
			"tags (!) are not part of this format");
	t->tag = pool_string(r->pool, (const char *)tag, strlen((const char *)tag));
	return t->tag ? 0 : -ENOMEM;
}

static int tree_scalar(struct tree_reader *r, const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value;
	size_t len = e->data.scalar.length;
	struct tree *t = NULL;

	if (len > TREE_SCALAR)
		return tree_fail(r, &e->start_mark, CARDEA_ELIMIT,
			"a text of more than %u octets", (unsigned)TREE_SCALAR);
	if (!str_is_clean_utf8(text, len))
		return tree_fail(r, &e->start_mark, CARDEA_EMALFORMED,
			"a text with control characters");
	int error = tree_new(r, &e->start_mark, TREE_SCALAR_TEXT, &t);

	if (error)
		return error;
	t->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	t->text = pool_string(r->pool, text, len);
	if (!t->text)
		return -ENOMEM;
	error = tree_tag(r, &e->start_mark, e->data.scalar.tag, t);
	if (!t->quoted && !t->tag && (len == 0 || strcmp(text, "null") == 0 ||
		strcmp(text, "~") == 0))
		t->kind = TREE_NULL;
	if (!error)
		error = tree_anchor_set(r, &e->start_mark, e->data.scalar.anchor, t);
	return error ? error : tree_place(r, t);
}

static int tree_open(struct tree_reader *r, const yaml_event_t *e, enum tree_kind kind)
{
	const yaml_char_t *anchor = kind == TREE_MAP ? e->data.mapping_start.anchor
						     : e->data.sequence_start.anchor;
	const yaml_char_t *tag = kind == TREE_MAP ? e->data.mapping_start.tag
						  : e->data.sequence_start.tag;
	struct tree *t = NULL;

	if (r->depth == TREE_DEPTH)
		return tree_fail(r, &e->start_mark, CARDEA_ELIMIT,
			"nested more than %u deep", (unsigned)TREE_DEPTH);
	int error = tree_new(r, &e->start_mark, kind, &t);

	if (!error)
		error = tree_tag(r, &e->start_mark, tag, t);
	if (!error)
		error = tree_anchor_set(r, &e->start_mark, anchor, t);
	if (error)
		return error;
	r->stack[r->depth] = t;
	r->key[r->depth++] = NULL;
	return 0;
}

static int tree_event(struct tree_reader *r, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return tree_scalar(r, e);
	case YAML_ALIAS_EVENT:
		return tree_alias(r, e);
	case YAML_MAPPING_START_EVENT:
		return tree_open(r, e, TREE_MAP);
	case YAML_SEQUENCE_START_EVENT:
		return tree_open(r, e, TREE_LIST);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		r->depth--;
		return tree_place(r, r->stack[r->depth]);
	case YAML_DOCUMENT_START_EVENT:
		if (!r->root)
			return 0;
		return tree_fail(r, &e->start_mark, CARDEA_EMALFORMED,
			"a second document: one file has one");
	case YAML_STREAM_END_EVENT:
		r->ended = true;
		return 0;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return 0;
	}
	return 0;
}

static int tree_events(struct tree_reader *r)
{
	int error = 0;

	while (!r->ended && !error) {
		yaml_event_t e;

		if (!yaml_parser_parse(&r->parser, &e)) {
			const char *why = r->parser.problem ? r->parser.problem : "";

			if (r->parser.error == YAML_MEMORY_ERROR)
				return -ENOMEM;
			return tree_fail(r, &r->parser.problem_mark, CARDEA_EMALFORMED,
				"this is no YAML: %s", why);
		}
		error = tree_event(r, &e);
		yaml_event_delete(&e);
	}
	return error;
}

int tree_read(const void *bytes, size_t len, const char *file, unsigned flags,
	struct pool *pool, uint32_t *nodes_left, struct extended_notes *notes,
	struct tree **ret_root)
{
	static const yaml_mark_t start;

	if (len > EXTENDED_BYTES) {
		note_at(notes, NOTE_ERROR, file, 0, 0, "longer than %u octets",
			(unsigned)EXTENDED_BYTES);
		return CARDEA_ELIMIT;
	}
	struct tree_reader *r = pool_take(pool, sizeof *r);

	if (!r || !yaml_parser_initialize(&r->parser))
		return -ENOMEM;
	r->pool = pool;
	r->notes = notes;
	r->file = file;
	r->flags = flags;
	r->nodes_left = nodes_left;
	yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r->parser, bytes, len);
	int error = tree_events(r);

	yaml_parser_delete(&r->parser);
	if (!error && !r->root)
		error = tree_fail(r, &start, CARDEA_EMALFORMED, "there is nothing in it");
	if (error)
		return error;
	*ret_root = r->root;
	return 0;
}
