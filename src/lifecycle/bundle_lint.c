// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads what was written, as its receiver will, before it goes: each member has to be one
 * that the table declares and the owner lets go, and no text may name the house. */
#include <jansson.h>
#include <string.h>
#include "base/str.h"
#include "lifecycle/bundle_priv.h"

#define TOKEN_PURPOSE "case token"
#define KEY_PURPOSE "case"

int bundle_key(const uint8_t home[PSEUDONYM_KEY], uint32_t case_id, uint8_t ret[PSEUDONYM_KEY])
{
	return pseudonym_key(home, KEY_PURPOSE, case_id, ret);
}

char *bundle_token(const uint8_t key[PSEUDONYM_KEY], char ret[BUNDLE_TOKEN])
{
	struct str_text t = {.buf = ret, .size = BUNDLE_TOKEN};
	uint8_t token[PSEUDONYM_KEY] = {0};

	ret[0] = 0;
	if (pseudonym_key(key, TOKEN_PURPOSE, 0, token) == 0)
		for (size_t i = 0; i < (BUNDLE_TOKEN - 1) / 2; i++)
			str_add(&t, "%02x", token[i]);
	return ret;
}

struct lint {
	const struct bundle_wish *wish;
	const struct bundle_words *words;
	char *why;
};

static int refuse(const struct lint *l, const char *where, const char *what)
{
	char shown[BUNDLE_FIELD_TEXT];
	struct str_text t = {.buf = l->why, .size = LIMIT_TEXT};

	l->why[0] = 0;
	str_add(&t, "%s %s", str_escape(str_untrusted(where), shown, sizeof(shown)), what);
	return CARDEA_EREFUSED;
}

static const struct bundle_field *declared(
	const struct lint *l, enum bundle_part part, const char *name)
{
	const struct bundle_field *f;

	for (size_t i = 0; (f = bundle_field_at(i)); i++)
		if (f->part == part && strcmp(f->name, name) == 0)
			return bundle_leaves(l->wish, i) ? f : NULL;
	return NULL;
}

static bool names_house(const struct bundle_words *words, const char *text)
{
	char piece[2 * LIMIT_URL];
	const char *own;
	size_t len;

	do {
		own = strstr(text, BUNDLE_OWN);
		str_copy_bytes(piece, sizeof(piece), text,
			own ? (size_t)(own - text) : strlen(text));
		if (bundle_words_find(words, piece, &len))
			return true;
		text = own ? own + strlen(BUNDLE_OWN) : text;
	} while (own);
	return false;
}

static bool is_party(const char *text)
{
	int64_t n;

	return strncmp(text, "device-", 7) == 0 && str_to_i64(text + 7, 1, LIMIT_DEVICES, &n) == 0;
}

static bool is_date(const char *text)
{
	return strlen(text) == 24 && strcmp(text + 13, ":00:00.000Z") == 0;
}

static bool is_kind(const struct lint *l, enum bundle_what what, const char *text)
{
	struct addr a;
	struct mac m;

	switch (what) {
	case BUNDLE_NUMBER:
	case BUNDLE_TIME:
		break;
	case BUNDLE_DATE:
		return is_date(text);
	case BUNDLE_WORD:
		return bundle_is_word(text);
	case BUNDLE_SENTENCE:
		return case_is_template(text) || case_is_known_protocol(text);
	case BUNDLE_PARTY:
		return is_party(text);
	case BUNDLE_MAC:
		return mac_parse(text, &m) == 0;
	case BUNDLE_ADDR:
		return addr_parse(text, &a) == 0;
	case BUNDLE_TEXT:
		return !names_house(l->words, text);
	}
	return false;
}

static int lint_value(const struct lint *l, const struct bundle_field *f, const json_t *value)
{
	bool number = f->what == BUNDLE_NUMBER || f->what == BUNDLE_TIME;
	char name[BUNDLE_FIELD_TEXT];

	bundle_field_text(f, name);
	if (json_is_null(value) || (number && json_is_integer(value)))
		return 0;
	if (number || !json_is_string(value))
		return refuse(l, name, "is of another kind than declared");
	if (!is_kind(l, f->what, json_string_value(value)))
		return refuse(l, name, "has a value that must not leave the house");
	return 0;
}

static int lint_object(const struct lint *l, enum bundle_part part, const json_t *object)
{
	const struct bundle_field *f;
	const char *key;
	json_t *value;
	int error = 0;

	if (!json_is_object(object))
		return refuse(l, bundle_part_name(part), "is of another kind than declared");
	json_object_foreach((json_t *)object, key, value) {
		f = declared(l, part, key);
		error = f ? lint_value(l, f, value)
			  : refuse(l, key, "is no field that may leave the house");
		if (error)
			break;
	}
	return error;
}

static int lint_part(const struct lint *l, enum bundle_part part, const json_t *value)
{
	json_t *one;
	int error = 0;
	size_t i;

	if (part == BUNDLE_CASE || part == BUNDLE_DEVICE)
		return lint_object(l, part, value);
	if (!json_is_array(value))
		return refuse(l, bundle_part_name(part), "is of another kind than declared");
	json_array_foreach(value, i, one) {
		error = lint_object(l, part, one);
		if (error)
			break;
	}
	return error;
}

static int lint_cuts(const struct lint *l, const json_t *cuts)
{
	struct bundle_wish named = {0};
	json_t *one;
	size_t i;

	json_array_foreach(cuts, i, one)
		if (!json_is_string(one) || !bundle_cut(&named, json_string_value(one)))
			return refuse(l, "cut", "names what is no field");
	return named.cut == l->wish->cut ? 0 : refuse(l, "cut", "is not what was cut");
}

static int lint_member(const struct lint *l, const char *key, const json_t *value)
{
	const char *text = json_string_value(value);

	if (strcmp(key, "schema") == 0)
		return text && strcmp(text, BUNDLE_SCHEMA) == 0 ? 0 : refuse(l, key, "is wrong");
	if (strcmp(key, "level") == 0)
		return text && strcmp(text, bundle_level_name(l->wish->level)) == 0
			       ? 0
			       : refuse(l, key, "is wrong");
	if (strcmp(key, "cut") == 0)
		return lint_cuts(l, value);
	for (unsigned p = 0; p < BUNDLE_PART_MAX; p++)
		if (strcmp(key, bundle_part_name((enum bundle_part)p)) == 0)
			return lint_part(l, (enum bundle_part)p, value);
	return refuse(l, key, "is no field that may leave the house");
}

int bundle_lint(const char *text, size_t len, const struct bundle_home *h,
	const struct bundle_wish *w, char ret_why[LIMIT_TEXT])
{
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	struct lint l = {.wish = w, .why = ret_why};
	struct bundle_words *words = NULL;
	int error = bundle_words_new(h, &words);
	const char *key;
	json_t *value;

	l.words = words;
	if (!error && !json_is_object(root))
		error = refuse(&l, "the bundle", "is no JSON object");
	if (!error)
		json_object_foreach(root, key, value) {
			error = lint_member(&l, key, value);
			if (error)
				break;
		}
	bundle_words_free(words);
	json_decref(root);
	return error;
}
