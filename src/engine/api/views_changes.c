// SPDX-License-Identifier: GPL-2.0-or-later
/* What was changed, by whom, and back again: the inverse goes through the same route. */
#include "engine/changes.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "engine/api/api_priv.h"

#define CHANGES_DEFAULT 50
#define ADVICE "`cardea undo --list` shows what can be undone"

/* ---- said by the views ---- */

static void set_who(const struct api_request *r, struct change *c)
{
	str_copy(c->who, sizeof(c->who), r->user[0] ? r->user : "root");
}

/* "name" of {"name":"lamp"}, and what is in the path. */
static void set_about(struct change *c, const char *about, const json_t *undo)
{
	const char *key = json_object_iter_key(json_object_iter((json_t *)undo));

	if (about)
		(void)!str_print(c->about, sizeof(c->about), "%s", about);
	else if (key)
		(void)!str_print(c->about, sizeof(c->about), "%s %s", key, c->path);
}

/* So that a face can offer the way back without looking for it. */
static void say_noted(struct api_request *r, const struct change *c)
{
	api_header(r, "Cardea-Change: %u%s", c->id, c->path[0] ? "" : "; final");
}

/* The first change holds again, by another request than before: what takes that back takes
 * it back (an overlay has another number now), and nothing takes this one back. */
static int hold_again(struct api_request *r, struct change *c)
{
	int error = store_change_way(r->pipeline->store, r->redoing, c);

	c->path[0] = c->method[0] = 0;
	c->body = NULL;
	c->body_len = 0;
	(void)str_print(c->why_not, sizeof(c->why_not), "change %u holds again: undo that",
		r->redoing);
	return error;
}

static void save(struct api_request *r, struct change *c)
{
	struct pipeline *p = r->pipeline;
	int error = r->redoing ? hold_again(r, c) : 0;

	c->at = pipeline_wall(p);
	c->undoes = r->undoing;
	set_who(r, c);
	if (!error)
		error = store_change_add(p->store, c);
	if (!error)
		error = changes_link(p, c);
	if (!error)
		error = store_commit(p->store);
	if (error) /* it holds; only the way back is lost */
		log_error("changes", "a change was not noted: %s", error_text(error));
	else {
		r->change = c->id;
		say_noted(r, c);
	}
}

/* text: the way back, as JSON; or NULL. */
static void note(struct api_request *r, struct change *c, const char *path, const char *text,
	const char *why_not)
{
	if (!path || !text || str_print(c->path, sizeof(c->path), "%s", path)) {
		c->path[0] = 0;
		(void)str_print(c->why_not, sizeof(c->why_not), "%s",
			why_not ? why_not : "there is no way back");
	} else {
		str_copy(c->method, sizeof(c->method), "POST");
		c->body = text;
		c->body_len = strlen(text);
	}
	save(r, c);
}

void api_changed_by(struct api_request *r, const struct api_change *a, const char *fmt, ...)
{
	struct change c = {0};
	char *text = a->undo ? json_dumps(a->undo, JSON_COMPACT) : NULL;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c.sentence, sizeof(c.sentence), fmt, ap);
	va_end(ap);
	if (a->command)
		str_copy(c.command, sizeof(c.command), a->command);
	if (a->path)
		str_copy(c.path, sizeof(c.path), a->path);
	set_about(&c, a->about, a->undo);
	note(r, &c, a->path, text, a->why_not);
	free(text);
	json_decref(a->undo);
}

void api_changed(struct api_request *r, const char *sentence, const char *undo_method,
	const char *undo_path, const char *undo_body)
{
	struct api_change c = {.path = undo_path};

	(void)undo_method; /* all that changes anything is a POST */
	if (undo_path)
		c.undo = json_loads(undo_body, JSON_REJECT_DUPLICATES, NULL);
	else
		c.why_not = undo_body;
	api_changed_by(r, &c, "%s", sentence);
}

/* ---- shown ---- */

static void write_members(struct api_request *r, const struct change *c)
{
	struct jsonw *j = &r->json;
	char why[LIMIT_TEXT];
	bool can = changes_can_undo(r->pipeline, c, why);

	jsonw_kv_u64(j, "id", c->id);
	jsonw_kv_time(j, "at", c->at);
	jsonw_kv_untrusted(j, "who", c->who);
	jsonw_kv_untrusted(j, "sentence", c->sentence);
	jsonw_kv_untrusted(j, "command", c->command[0] ? c->command : NULL);
	jsonw_kv_bool(j, "undone", c->undone_by != 0);
	jsonw_kv_u64(j, "undoes", c->undoes);
	jsonw_kv_time(j, "until", c->at + STORE_CHANGES_UNDO);
	jsonw_kv_bool(j, "can_undo", can);
	jsonw_kv_untrusted(j, "why_not", can ? NULL : why);
}

struct listing {
	struct api_request *r;
	uint32_t last;
};

static int list_one(void *ctx, const struct change *c)
{
	struct listing *l = ctx;

	jsonw_object(&l->r->json);
	write_members(l->r, c);
	jsonw_object_end(&l->r->json);
	l->last = c->id;
	return 0;
}

static int count_one(void *ctx, const struct change *c)
{
	(void)c;
	++*(unsigned *)ctx;
	return 0;
}

void api_view_changes(struct api_request *r)
{
	struct listing l = {.r = r};
	int64_t cursor = 0, limit = CHANGES_DEFAULT;
	unsigned more = 0;

	if (!api_query_number(r, "cursor", 0, UINT32_MAX, &cursor) ||
		!api_query_number(r, "limit", 1, STORE_CHANGES_MAX, &limit))
		return;
	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.change.list/1");
	jsonw_key(&r->json, "changes");
	jsonw_array(&r->json);
	if (store_changes(r->pipeline->store, (uint32_t)cursor, (unsigned)limit, list_one,
		    &l) ||
		(l.last && store_changes(r->pipeline->store, l.last, 1, count_one, &more))) {
		api_fail(r, 500, "look at the log", "the changes could not be read");
		return;
	}
	jsonw_array_end(&r->json);
	if (more)
		jsonw_kv_u64(&r->json, "next", l.last);
	else
		jsonw_kv_string(&r->json, "next", NULL);
	jsonw_object_end(&r->json);
}

/* ---- undone ---- */

/* A change out of the store, with its own copy of the request. */
struct taken {
	struct change change;
	char *body;
};

static int take_one(void *ctx, const struct change *c)
{
	struct taken *t = ctx;

	t->body = malloc(c->body_len + 1);
	if (!t->body)
		return -ENOMEM;
	if (c->body_len)
		memcpy(t->body, c->body, c->body_len);
	t->body[c->body_len] = 0;
	t->change = *c;
	t->change.body = t->body;
	return 0;
}

static bool read_change(struct api_request *r, struct taken *t)
{
	int64_t id;
	int error = 0;

	if (str_to_i64(r->object, 1, UINT32_MAX, &id) == 0)
		error = store_change(r->pipeline->store, (uint32_t)id, take_one, t);
	if (error)
		api_fail(r, 500, "look at the log", "the change could not be read: %s",
			error_text(error));
	else if (!t->body)
		api_fail(r, 404, ADVICE, "there is no such change");
	return !error && t->body;
}

/* What the route said against it. */
static void fail_like(struct api_request *r, const struct change *c, struct api_request *in)
{
	const char *text = jsonw_text(&in->json);
	json_t *root = text ? json_loads(text, 0, NULL) : NULL;
	const char *error = json_string_value(json_object_get(root, "error"));
	const char *next = json_string_value(json_object_get(root, "next"));

	api_fail(r, in->status >= 500 ? in->status : 409, next ? next : ADVICE,
		"change %u cannot be undone as things are now: %s", c->id,
		error ? error : "it is refused");
	json_decref(root);
}

/* True: it is undone. Who asks is the same, with all that he may not. */
static bool send_back(struct api_request *r, const struct change *c)
{
	struct api_request in = {.pipeline = r->pipeline, .client = r->client,
		.body = c->body, .body_len = c->body_len, .roles = r->roles,
		.asker = r->asker, .by_pipe = r->by_pipe, .from = r->from, .who = r->who,
		.undoing = c->id, .redoing = c->undoes};
	char text[HTTP_HEAD_MAX];
	struct http_head head;
	struct cursor at;
	bool done;

	(void)!str_print(text, sizeof(text), "%s %s HTTP/1.1\r\nContent-Length: %zu\r\n\r\n",
		c->method, c->path, c->body_len);
	at = cursor_of(text, strlen(text));
	if (http_parse_request(&at, &head)) {
		api_fail(r, 409, ADVICE, "change %u has no way back that can be read", c->id);
		return false;
	}
	in.head = &head;
	str_copy(in.user, sizeof(in.user), r->user);
	api_dispatch(&in);
	done = in.status < 400 && in.change;
	if (in.later) /* who answers then says api_undone() */
		r->later = true;
	else if (in.status >= 400)
		fail_like(r, c, &in);
	else if (!done)
		api_fail(r, 409, ADVICE, "change %u cannot be undone: it is so already", c->id);
	r->change = in.change;
	if (done) /* undone again, or once more */
		api_header(r, "Cardea-Change: %u%s", in.change, c->undoes ? "; final" : "");
	api_done(&in);
	return done;
}

static void answer(struct api_request *r, uint32_t id, bool dry)
{
	struct taken t = {0};

	if (store_change(r->pipeline->store, id, take_one, &t) || !t.body) {
		api_fail(r, 500, "look at the log", "the change could not be read");
	} else {
		jsonw_object(&r->json);
		jsonw_kv_string(&r->json, "schema", "cardea.change/1");
		write_members(r, &t.change);
		jsonw_kv_bool(&r->json, "dry_run", dry);
		jsonw_object_end(&r->json);
	}
	free(t.body);
}

void api_undone(struct api_request *r)
{
	answer(r, r->undoing, false);
}

static void undo(struct api_request *r, bool dry)
{
	struct taken t = {0};
	char why[LIMIT_TEXT];

	if (read_change(r, &t)) {
		if (!changes_can_undo(r->pipeline, &t.change, why))
			api_fail(r, 409, ADVICE, "change %u cannot be undone: %s",
				t.change.id, why);
		else if (dry || send_back(r, &t.change))
			answer(r, t.change.id, dry);
	}
	free(t.body);
}

void api_undo(struct api_request *r)
{
	json_t *root = api_is_owner(r) ? api_body(r) : NULL;
	bool wanted = json_is_true(json_object_get(root, "undo"));
	bool dry = json_is_true(json_object_get(root, "dry_run"));

	if (root && wanted)
		undo(r, dry);
	else if (root)
		api_fail(r, 400, "send {\"undo\":true}", "the body asks for nothing");
	json_decref(root);
}
