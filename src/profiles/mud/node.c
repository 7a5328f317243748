// SPDX-License-Identifier: GPL-2.0-or-later
/* node - nodes of other modules against what their modules say, given as tables. */
#include <string.h>
#include "profiles/mud/mud_priv.h"

#define CHILDREN_MAX 8 /* the widest container below has 6 */

static void check_children(
	struct mud_reader *r, const struct mud_at *at, const struct mud_node *children)
{
	const char *names[CHILDREN_MAX + 1] = {NULL};
	struct mud_at slots[CHILDREN_MAX];
	bool unknown;
	int count = 0;

	for (; children[count].name; count++)
		names[count] = children[count].name;
	if (!mud_members(r, at, names, slots, &unknown))
		return;
	for (int i = 0; i < count; i++)
		if (slots[i].value)
			mud_node_check(r, &slots[i], &children[i]);
}

/* Entries without their key are no entries. */
static void check_list(
	struct mud_reader *r, const struct mud_at *at, const struct mud_node *n)
{
	struct mud_at item;

	if (!mud_array(r, at))
		return;
	mud_unique(r, at, n->children[0].name);
	for (struct mud_iter it = mud_iter_start(r, at);
		mud_iter_next(r, at, &it, &item);) {
		if (json_object_get(item.value, n->children[0].name))
			check_children(r, &item, n->children);
		else
			mud_note_bad(r, &item,
				"an entry of this list needs %s, its key (RFC 7950 "
				"section 7.8.2)",
				n->children[0].name);
	}
}

/* " a b c " has the word of len bytes. */
static bool has_word(const char *words, const char *word, size_t len)
{
	for (const char *at = words; (at = strchr(at, ' ')) && at[1]; at++)
		if (!strncmp(at + 1, word, len) && at[1 + len] == ' ')
			return len > 0;
	return false;
}

static void check_text(
	struct mud_reader *r, const struct mud_at *at, const struct mud_node *n)
{
	const char *text, *word;

	if (n->type == MUD_NODE_URI ? !mud_uri(r, at, &text)
				    : !mud_string(r, at, &text))
		return;
	word = n->type == MUD_NODE_WORD && strchr(text, ':') ? strchr(text, ':') + 1
							     : text;
	if (n->max && (!*text || strlen(text) > n->max))
		mud_note_bad(r, at,
			"must have 1 to %u characters (RFC 7950 section 9.4.4)",
			n->max);
	else if (n->words && !has_word(n->words, word, strcspn(word, ":")))
		mud_note_bad(r, at, "must be%s one of%s(RFC 7950 section 9)",
			n->type == MUD_NODE_URI ? " a URI of" : "", n->words);
}

static void check_leaf(
	struct mud_reader *r, const struct mud_at *at, const struct mud_node *n)
{
	bool yes;

	if (n->type == MUD_NODE_BOOL)
		mud_bool(r, at, &yes);
	else
		check_text(r, at, n);
}

/* One value where a list of them belongs. */
static void alone(
	struct mud_reader *r, const struct mud_at *at, const struct mud_node *n)
{
	mud_note_mend(r, at, "must be an array (RFC 7951 section 5.4)",
		"read as a list of one");
	mud_edit_list(r, at, json_string_value(at->value));
	check_leaf(r, at, n);
}

void mud_node_check(
	struct mud_reader *r, const struct mud_at *at, const struct mud_node *n)
{
	struct mud_at item;

	if (n->type == MUD_NODE_CONTAINER) {
		check_children(r, at, n->children);
	} else if (n->type == MUD_NODE_LIST) {
		check_list(r, at, n);
	} else if (n->type == MUD_NODE_TAKEN) {
		return;
	} else if (!n->many) {
		check_leaf(r, at, n);
	} else if (json_is_string(at->value)) {
		alone(r, at, n);
	} else if (mud_array(r, at)) {
		mud_unique(r, at, NULL);
		for (struct mud_iter it = mud_iter_start(r, at);
			mud_iter_next(r, at, &it, &item);)
			check_leaf(r, &item, n);
	}
}
