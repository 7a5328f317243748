// SPDX-License-Identifier: GPL-2.0-or-later
/* Other settings, as they are asked for: a proposal to the parent, which has the owner's
 * file and decides. What can be seen to be wrong is refused here, with its name. */
#include "engine/api/views_settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/str.h"

#define CONFIRM_USUAL_S 90 /* long enough to see that all works, also with a slow page */

struct wish {
	struct api_request *r;
	struct config *scratch;
	FILE *out; /* the settings as a file */
};

static bool refuse_key(struct api_request *r, const char *key)
{
	const struct config_item *near = config_schema_near(key);
	char shown[LIMIT_NAME], name[CONFIG_NAME_MAX];

	(void)str_escape(str_untrusted(key), shown, sizeof(shown));
	if (near)
		api_fail_field(r, 400, key, "correct its name",
			"there is no setting \"%s\"; did you mean \"%s\"?", shown,
			config_item_name(near, name));
	else
		api_fail_field(r, 400, key, "`cardea config schema` lists them all",
			"there is no setting \"%s\"", shown);
	return false;
}

/* The words of a JSON value, in buf where they have to be made; the count, or -1. */
static int words_of(const json_t *value, bool list, char buf[CONFIG_VALUE_MAX],
	const char *words[CONFIG_LIST_MAX + 1])
{
	struct untrusted_str rest;
	size_t i, count = 0;
	json_t *one;

	if (json_is_array(value)) {
		json_array_foreach(value, i, one) {
			if (!json_is_string(one) || count > CONFIG_LIST_MAX)
				return -1;
			words[count++] = json_string_value(one);
		}
		return list ? (int)count : -1;
	}
	words[0] = buf;
	if (json_is_boolean(value))
		(void)str_copy(buf, CONFIG_VALUE_MAX, json_is_true(value) ? "true" : "false");
	else if (json_is_integer(value))
		(void)str_print(buf, CONFIG_VALUE_MAX, "%lld",
			(long long)json_integer_value(value));
	else if (json_is_string(value) && !list)
		words[0] = json_string_value(value);
	else if (!json_is_string(value) || !str_copy(buf, CONFIG_VALUE_MAX, json_string_value(value)))
		return -1;
	if (!list || !json_is_string(value))
		return list ? -1 : 1;
	/* "a, b" */
	for (rest = str_untrusted(buf); rest.len; count++) {
		struct untrusted_str word;
		bool more;

		if (count > CONFIG_LIST_MAX)
			return -1;
		more = str_cut(&rest, ',', &word);
		if (!more) {
			word = rest;
			rest.len = 0;
		}
		while (word.len && *word.bytes == ' ') {
			word.bytes++;
			word.len--;
		}
		while (word.len && word.bytes[word.len - 1] == ' ')
			word.len--;
		words[count] = word.bytes;
		buf[word.bytes + word.len - buf] = 0;
	}
	return (int)count;
}

static bool wish_one(struct wish *w, const char *key, const json_t *value)
{
	const struct config_item *item = config_schema_named(key);
	const char *words[CONFIG_LIST_MAX + 1];
	char buf[CONFIG_VALUE_MAX], text[CONFIG_VALUE_MAX], error[CONFIG_ERROR_MAX];
	int count;

	if (!item)
		return refuse_key(w->r, key);
	count = words_of(value, item->type == CONFIG_LIST, buf, words);
	if (count < 0 || config_value_from(item, words, (size_t)count, text)) {
		api_fail_field(w->r, 400, key,
			item->type == CONFIG_LIST ? "send a list of texts" : "send one value",
			"%s cannot have that value: at most %d texts of %d characters", key,
			item->type == CONFIG_LIST ? CONFIG_LIST_MAX : 1, CONFIG_STRING_MAX - 1);
		return false;
	}
	if (config_value_set(item, w->scratch, text, error)) {
		char shown[LIMIT_TEXT];

		api_fail_field(w->r, 400, key, "correct it", "%s",
			str_escape(str_untrusted(error), shown, sizeof(shown)));
		return false;
	}
	fprintf(w->out, "[%s]\n%s = %s\n", item->section, item->key, text);
	return true;
}

static bool wish_all(struct wish *w, json_t *set)
{
	const char *key;
	json_t *value;

	json_object_foreach(set, key, value)
		if (!wish_one(w, key, value))
			return false;
	return true;
}

/* The settings as a file of their own; false after an error reply. */
static bool compose(struct api_request *r, json_t *set, char **text, size_t *len)
{
	struct wish w = {.r = r, .scratch = settings_room_take()};
	bool good;

	*text = NULL;
	w.out = w.scratch ? open_memstream(text, len) : NULL;
	if (!w.out) {
		settings_room_return(w.scratch);
		api_fail(r, 500, "try again", "no memory");
		return false;
	}
	config_defaults(w.scratch);
	good = wish_all(&w, set);
	if (fclose(w.out) && good) {
		api_fail(r, 500, "try again", "no memory");
		good = false;
	}
	settings_room_return(w.scratch);
	if (good && *len > CONFIG_FILE_MAX) {
		api_fail_field(r, 400, "set", "change less at once", "that is too much");
		good = false;
	}
	return good;
}

static void propose(struct api_request *r, struct settings_asked *asked, const char *text,
	size_t len)
{
	int error;

	asked->ticket = api_park(r);
	(void)str_copy(asked->user, sizeof(asked->user), r->user);
	asked->undoing = r->undoing;
	asked->redoing = r->redoing;
	error = settings_propose(&r->pipeline->settings, asked, text, len);
	if (!error)
		return;
	api_unpark(r);
	if (error == -EBUSY)
		api_fail(r, 409, "try again", "other settings are just on their way");
	else
		api_fail(r, 500, "try again; `cardea status` tells what does not run",
			"nobody takes the settings: %s", error_text(error));
}

static bool is_true(const json_t *body, const char *key)
{
	return json_is_true(json_object_get(body, key));
}

static void propose_file(struct api_request *r, const json_t *body,
	struct settings_asked *asked)
{
	const json_t *file = json_object_get(body, "file");

	asked->what = PROPOSE_FILE;
	if (json_string_length(file) > CONFIG_FILE_MAX)
		api_fail_field(r, 400, "file", "a file has at most 64 KiB",
			"the file is too large");
	else
		propose(r, asked, json_string_value(file), json_string_length(file));
}

/* False after an error reply: it is not as whoever asks believes. */
static bool is_still(struct api_request *r, const struct config *file, json_t *expect)
{
	const struct config_item *item;
	const char *key;
	json_t *value, *now;
	bool same = true;

	json_object_foreach(expect, key, value) {
		item = config_schema_named(key);
		if (!item)
			return refuse_key(r, key);
		now = settings_json(item, file);
		same = json_equal(now, value);
		json_decref(now);
		if (!same)
			break;
	}
	if (!same)
		api_fail_field(r, 409, key, "`cardea config get` shows it; set what you want",
			"%s was changed since", key);
	return same;
}

static bool is_as_expected(struct api_request *r, json_t *expect)
{
	struct config *file = expect ? settings_room_take() : NULL;
	bool good = !expect;

	if (file && settings_read(&r->pipeline->settings, STATE_FILE, file) == 0)
		good = is_still(r, file, expect);
	else if (expect)
		settings_not_known(r);
	settings_room_return(file);
	return good;
}

static void propose_set(struct api_request *r, const json_t *body,
	struct settings_asked *asked)
{
	json_t *set = json_object_get(body, "set");
	char *text = NULL;
	size_t len = 0;

	asked->what = PROPOSE_SET;
	if (json_object_size(set) == 0)
		api_fail_field(r, 400, "set", "name a setting and its value",
			"nothing is to be set");
	else if (is_as_expected(r, json_object_get(body, "expect")) &&
		 compose(r, set, &text, &len))
		propose(r, asked, text, len);
	free(text);
}

void api_change_settings(struct api_request *r)
{
	struct settings_asked asked = {.confirm_s = CONFIRM_USUAL_S};
	json_t *body = api_body(r), *within = json_object_get(body, "confirm_within");

	if (within)
		asked.confirm_s = (uint32_t)json_integer_value(within);
	asked.dry_run = is_true(body, "dry_run");
	if (!r->pipeline->settings.known)
		settings_not_known(r);
	else if (asked.confirm_s && asked.confirm_s < 10)
		api_fail_field(r, 400, "confirm_within",
			"give 10 to 600 seconds, or 0 for good",
			"nobody confirms within %u seconds", asked.confirm_s);
	else if (json_object_get(body, "set"))
		propose_set(r, body, &asked);
	else if (json_object_get(body, "file"))
		propose_file(r, body, &asked);
	else {
		asked.what = is_true(body, "confirm")    ? PROPOSE_CONFIRM
			     : is_true(body, "rollback") ? PROPOSE_ROLLBACK
							 : PROPOSE_RELOAD;
		asked.confirm_s = 0;
		propose(r, &asked, NULL, 0);
	}
	json_decref(body);
}
