// SPDX-License-Identifier: GPL-2.0-or-later
/* /v1/settings: the schema with its values, and what came of a proposal to the parent. */
#include "engine/api/views_settings.h"

#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "engine/changes.h"
#include "model/webhook.h"

/* ---- what there is ---- */

static void write_text(struct jsonw *j, const char *text)
{
	jsonw_untrusted(j, str_untrusted(text));
}

/* How much of a value is told. */
enum telling { TELL_ALL, TELL_NO_SECRETS };

static void write_string(struct jsonw *j, const struct config_item *item, const char *text,
	enum telling telling)
{
	char shown[CONFIG_STRING_MAX + LIMIT_LABEL];

	if (telling == TELL_NO_SECRETS && item->applies & CONFIG_SECRET) {
		webhook_url_show(text, shown, sizeof(shown));
		text = shown;
	}
	write_text(j, text);
}

static void write_value(struct jsonw *j, const char *key, const struct config_item *item,
	const struct config *c, enum telling telling)
{
	const struct config_list *l;

	jsonw_key(j, key);
	switch (item->type) {
	case CONFIG_BOOL:
		jsonw_bool(j, config_value_bool(item, c));
		break;
	case CONFIG_INT:
		jsonw_i64(j, config_value_number(item, c));
		break;
	case CONFIG_STRING:
		write_string(j, item, config_value_text(item, c), telling);
		break;
	case CONFIG_LIST:
		l = config_value_list(item, c);
		jsonw_array(j);
		for (unsigned i = 0; i < l->count; i++)
			write_text(j, l->items[i]);
		jsonw_array_end(j);
		break;
	}
}

static void write_choices(struct jsonw *j, const char *choices)
{
	struct untrusted_str rest = str_untrusted(choices), word;

	jsonw_array(j);
	while (str_cut(&rest, ',', &word)) {
		jsonw_untrusted(j, word);
		if (rest.len && rest.bytes[0] == ' ') {
			rest.bytes++;
			rest.len--;
		}
	}
	jsonw_untrusted(j, rest);
	jsonw_array_end(j);
}

static void write_item(struct jsonw *j, const struct config_item *item,
	const struct config *file, const struct config *usual, const struct config *running,
	enum telling telling)
{
	static const char *const types[] = {[CONFIG_BOOL] = "bool",
		[CONFIG_INT] = "int",
		[CONFIG_STRING] = "text",
		[CONFIG_LIST] = "list"};
	char applies[CONFIG_APPLIES_MAX];

	jsonw_object(j);
	jsonw_kv_string(j, "section", item->section);
	jsonw_kv_string(j, "key", item->key);
	jsonw_kv_string(j, "type", types[item->type]);
	write_value(j, "value", item, file, telling);
	write_value(j, "default", item, usual, telling);
	jsonw_kv_string(j, "help", item->help);
	if (item->type == CONFIG_INT) {
		jsonw_kv_i64(j, "min", item->min);
		jsonw_kv_i64(j, "max", item->max);
	}
	if (item->choices) {
		jsonw_key(j, "choices");
		write_choices(j, item->choices);
	}
	jsonw_kv_string(j, "applies", config_applies(item, applies));
	if (item->applies & CONFIG_BY_HAND)
		jsonw_kv_bool(j, "by_hand", true);
	/* what is in force, where that is not what the file says */
	if (!config_value_same(item, file, running))
		write_value(j, "running", item, running, telling);
	jsonw_object_end(j);
}

static void write_changes(struct jsonw *j, const struct config *from,
	const struct config *to, enum telling telling)
{
	const struct config_item *item;
	char name[CONFIG_NAME_MAX], applies[CONFIG_APPLIES_MAX];

	jsonw_key(j, "changes");
	jsonw_array(j);
	for (size_t i = 0; (item = config_schema_item(i)); i++) {
		if (config_value_same(item, from, to))
			continue;
		jsonw_object(j);
		jsonw_kv_string(j, "key", config_item_name(item, name));
		write_value(j, "from", item, from, telling);
		write_value(j, "to", item, to, telling);
		jsonw_kv_string(j, "applies", config_applies(item, applies));
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

/* c has room for one, and file. */
static void write_pending(struct jsonw *j, const struct settings *s,
	const struct config *file, struct config *c, enum telling telling)
{
	jsonw_key(j, "pending");
	if (!s->until || settings_read(s, STATE_BEFORE, c)) {
		jsonw_null(j);
		return;
	}
	jsonw_object(j);
	jsonw_kv_time(j, "until", s->until);
	write_changes(j, c, file, telling);
	jsonw_object_end(j);
}

static void write_settings(struct jsonw *j, const struct settings *s, struct config c[3],
	enum telling telling)
{
	const struct config_item *item;
	struct config *file = &c[0], *usual = &c[1], *running = &c[2];

	config_defaults(usual);
	if (!settings_has(s, STATE_RUNNING) || settings_read(s, STATE_RUNNING, running))
		*running = *file;
	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.settings/1");
	jsonw_key(j, "items");
	jsonw_array(j);
	for (size_t i = 0; (item = config_schema_item(i)); i++)
		write_item(j, item, file, usual, running, telling);
	jsonw_array_end(j);
	write_pending(j, s, file, running, telling);
	jsonw_object_end(j);
}

void api_view_settings(struct api_request *r)
{
	const struct settings *s = &r->pipeline->settings;
	struct config *c = settings_room_take();

	if (c && settings_read(s, STATE_FILE, c) == 0)
		write_settings(&r->json, s, c,
			r->roles & API_OWNER ? TELL_ALL : TELL_NO_SECRETS);
	else
		settings_not_known(r);
	settings_room_return(c);
}

/* ---- what came of it ---- */

/* As it stands in a file, for everybody who reads the journal. */
static void print(const struct config_item *item, const struct config *c,
	char buf[CONFIG_VALUE_MAX])
{
	if (item->applies & CONFIG_SECRET)
		webhook_url_show(config_value_text(item, c), buf, CONFIG_VALUE_MAX);
	else
		config_value_print(item, c, buf);
}

/* "dns.rate = 100, log.level = "debug"", as far as there is room. */
static void describe(const struct config *from, const struct config *to,
	char buf[LIMIT_TEXT])
{
	struct str_text t = {.buf = buf, .size = LIMIT_TEXT};
	const struct config_item *item;
	char value[CONFIG_VALUE_MAX], shown[64];
	const char *mark = "";

	buf[0] = 0;
	for (size_t i = 0; (item = config_schema_item(i)); i++) {
		if (config_value_same(item, from, to))
			continue;
		print(item, to, value);
		str_add(&t, "%s%s.%s = %s", mark, item->section, item->key,
			str_escape(str_untrusted(value), shown, sizeof(shown)));
		mark = ", ";
	}
}

static void note(struct api_request *r, const struct settings *s, const struct config *from,
	const struct config *to)
{
	static const char *const words[] = {[PROPOSE_SET] = "changed the settings",
		[PROPOSE_FILE] = "changed the settings",
		[PROPOSE_RELOAD] = "had the settings read anew from the file",
		[PROPOSE_CONFIRM] = "confirmed the settings",
		[PROPOSE_ROLLBACK] = "took the settings back"};
	char text[LIMIT_TEXT];

	if (s->asked.what == PROPOSE_SET && config_same(from, to))
		return;
	describe(from, to, text);
	journal_note(&r->pipeline->journal, pipeline_wall(r->pipeline), 0, EVENT_GATEWAY,
		"%s %s%s%.150s%s.", s->asked.user[0] ? s->asked.user : "Somebody",
		words[s->asked.what], text[0] ? ": " : "", text,
		s->until ? "; to be confirmed" : "");
}

json_t *settings_json(const struct config_item *item, const struct config *c)
{
	const struct config_list *l;
	json_t *list;

	switch (item->type) {
	case CONFIG_BOOL:
		return json_boolean(config_value_bool(item, c));
	case CONFIG_INT:
		return json_integer(config_value_number(item, c));
	case CONFIG_STRING:
		return json_string(config_value_text(item, c));
	case CONFIG_LIST:
		l = config_value_list(item, c);
		list = json_array();
		for (unsigned i = 0; i < l->count; i++)
			json_array_append_new(list, json_string(l->items[i]));
		return list;
	}
	return NULL;
}

/* The way back, for a day; of what waits it is known when it is confirmed. What somebody
 * changed since, also by hand, is not overwritten by it. */
static void changed(struct api_request *r, const struct settings_asked *asked,
	const struct config *from, const struct config *to)
{
	const struct config_item *item;
	char about[CONFIG_NAME_MAX + 16] = "settings", name[CONFIG_NAME_MAX];
	char text[LIMIT_TEXT];
	json_t *set = json_object(), *left = json_object();
	struct api_change c = {.about = about, .path = "/v1/settings"};

	for (size_t i = 0; (item = config_schema_item(i)); i++)
		if (!config_value_same(item, from, to)) {
			(void)config_item_name(item, name);
			json_object_set_new(set, name, settings_json(item, from));
			json_object_set_new(left, name, settings_json(item, to));
		}
	if (json_object_size(set) == 1)
		(void)str_print(about, sizeof(about), "setting %s",
			json_object_iter_key(json_object_iter(set)));
	describe(from, to, text);
	if (json_object_size(set) == 0) {
		json_decref(set);
		json_decref(left);
		return;
	}
	if (asked->what == PROPOSE_RELOAD) {
		json_decref(set);
		json_decref(left);
		c.path = NULL;
		c.why_not = "it was changed by hand, in the file";
	} else
		c.undo = json_pack("{s:o, s:o, s:i}", "set", set, "expect", left,
			"confirm_within", 0);
	api_changed_by(r, &c, "Settings: %.200s", text);
}

struct answered {
	struct settings *settings;
	const struct message_config_result *result;
};

static void write_answer(struct api_request *r, const struct settings *s,
	struct config c[3])
{
	bool back = s->asked.dry_run && s->asked.what == PROPOSE_ROLLBACK;
	const struct settings_text *now = &s->texts[settings_has(s, STATE_NEW) ? STATE_NEW
						    : back ? STATE_BEFORE
							   : STATE_FILE];
	struct jsonw *j = &r->json;

	if (settings_parse(&s->asked.was, &c[0]) || settings_parse(now, &c[1])) {
		settings_not_known(r);
		return;
	}
	if (!s->asked.dry_run) {
		note(r, s, &c[0], &c[1]);
		if (!s->asked.confirm_s && s->asked.what != PROPOSE_ROLLBACK)
			changed(r, &s->asked, &c[0], &c[1]);
	}
	if (r->undoing) {
		if (r->change)
			api_undone(r);
		else
			api_fail(r, 409, "`cardea undo --list` shows what can be undone",
				"it is so already");
		return;
	}
	jsonw_object(j);
	jsonw_kv_string(j, "schema", "cardea.settings.change/1");
	jsonw_kv_bool(j, "dry_run", s->asked.dry_run);
	write_changes(j, &c[0], &c[1], TELL_ALL);
	write_pending(j, s, &c[1], &c[2], TELL_ALL);
	jsonw_object_end(j);
}

static void view_answer(struct api_request *r, void *ctx)
{
	const struct answered *a = ctx;
	const struct message_config_result *m = a->result;
	struct config *c;

	(void)str_copy(r->user, sizeof(r->user), a->settings->asked.user);
	r->undoing = a->settings->asked.undoing;
	r->redoing = a->settings->asked.redoing;
	if (m->status != 200) {
		api_fail_field(r, m->status >= 400 && m->status < 600 ? m->status : 500,
			m->setting[0] ? m->setting : NULL, m->next, "%s", m->text);
		return;
	}
	c = settings_room_take();
	if (c)
		write_answer(r, a->settings, c);
	else
		api_fail(r, 500, "look with `cardea config get`", "no memory to tell it");
	settings_room_return(c);
}

void api_settings_answered(void *ctx, struct settings *s,
	const struct message_config_result *m)
{
	struct answered a = {s, m};

	api_later(ctx, s->asked.ticket, view_answer, &a);
}
