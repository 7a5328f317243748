// SPDX-License-Identifier: GPL-2.0-or-later
/* What stands between a request and its view: which route, who may, what is sent. */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include "engine/api/api_priv.h"
#include "engine/api/schema.h"

#define DEPTH_MAX 8 /* of a body; what routes take has 3 levels at most */

static void say_allowed(struct api_request *r, unsigned methods)
{
	char text[64];
	struct str_text t = {.buf = text, .size = sizeof(text)};

	str_add(&t, "OPTIONS");
	for (unsigned m = 0; m < API_METHOD_MAX; m++)
		if (methods & 1U << m)
			str_add(&t, ", %s%s", api_method_name((enum api_method)m),
				m == API_GET ? ", HEAD" : "");
	api_header(r, "Allow: %s", text); /* RFC 9110 10.2.1 */
}

/* False after a reply. */
static bool find(struct api_request *r, struct api_route *route)
{
	unsigned methods = 0;
	int error = api_route_find(r->head, r->object, sizeof(r->object), route, &methods);

	if (!error)
		return true;
	if (r->limited) /* what else there is, is none of its business */
		api_fail(r, 403, "as root use the control socket",
			"by this socket come identities alone");
	else if (error == -ENOTSUP) {
		say_allowed(r, methods);
		if (http_str_equal(r->head->method, "OPTIONS"))
			r->status = 204;
		else
			api_fail(r, 405, "the field Allow says which are",
				"that method is not for this path");
	} else {
		api_fail(r, 404, "see docs/api.md for what there is", "no such route");
	}
	return false;
}

static bool may(struct api_request *r, const struct api_route *route)
{
	if (r->limited && route->answer != api_add_identity) {
		api_fail(r, 403, "as root use the control socket",
			"by this socket come identities alone");
		return false;
	}
	if (route->roles & (r->roles | API_ANYBODY))
		return true;
	if (!r->roles)
		api_fail(r, 401, "log in first", "this wants to know who you are");
	else
		api_fail(r, 403, "ask the owner of this gateway",
			"your role may not do that");
	return false;
}

static bool refuse(struct api_request *r, const struct schema_fault *f)
{
	api_fail_field(r, 400, f->field[0] ? f->field : NULL, f->next, "%s", f->text);
	return false;
}

static bool read_query(struct api_request *r, const struct api_route *route)
{
	struct schema_fault fault;
	int error = schema_check_query(route->query, r->head->query, &fault);

	if (!error)
		return true;
	if (error == CARDEA_EMALFORMED)
		return refuse(r, &fault);
	api_fail(r, 500, "try again", "%s", error_text(error));
	return false;
}

/* Nothing said is taken for JSON; a form that a page of a stranger sends is not. */
static bool is_json(const struct http_head *h)
{
	static const char json[] = "application/json";
	const struct untrusted_str *type = http_header_find(h, "Content-Type");
	size_t len = sizeof(json) - 1;

	return !type || (type->len >= len && !strncasecmp(type->bytes, json, len) &&
				(type->len == len || type->bytes[len] == ';' ||
					type->bytes[len] == ' '));
}

static bool read_body(struct api_request *r, const struct api_route *route)
{
	struct schema_fault fault;
	json_error_t error = {0};

	if (!is_json(r->head)) {
		api_fail(r, 415, "send application/json", "that is no type for a body here");
		return false;
	}
	if (schema_depth(r->body, r->body_len) > DEPTH_MAX) {
		api_fail(r, 400, "send a JSON object", "the body is nested too deep");
		return false;
	}
	r->sent = json_loadb(r->body, r->body_len, JSON_REJECT_DUPLICATES, &error);
	if (!r->sent || !json_is_object(r->sent)) {
		api_fail(r, 400, "send a JSON object",
			"the body is no JSON object (line %d: %s)", error.line,
			r->sent ? "it is something else" : error.text);
		return false;
	}
	return !schema_check(route->takes, r->sent, &fault) || refuse(r, &fault);
}

/* Who is not known yet has nothing to come back to. */
static void change(struct api_request *r, const struct api_route *route)
{
	const uint64_t *seq = &r->pipeline->commit.seq, before = *seq;
	const uint64_t *round = &r->pipeline->classes.changes, last = *round;
	bool again = !(route->roles & API_ANYBODY);

	if ((again && api_answers_had(r)) || !api_etag_holds(r))
		return;
	route->answer(r);
	r->until = *seq != before ? *seq : 0;
	r->round = *round != last ? *round : 0;
	if (again && r->later)
		api_park_key(r);
	else if (again)
		api_answers_keep(r);
}

void api_answer(struct api_request *r, const struct api_route *route)
{
	r->status = 200;
	jsonw_init_buffer(&r->json, API_REPLY_MAX);
	if (!may(r, route) || !read_query(r, route) ||
		(route->method == API_POST && !read_body(r, route)))
		return;
	lives_follow(r->pipeline);
	if (route->method == API_GET) {
		route->answer(r);
		api_etag_add(r);
	} else {
		change(r, route);
	}
}

void api_dispatch(struct api_request *r)
{
	struct api_route route;

	r->status = 200;
	jsonw_init_buffer(&r->json, API_REPLY_MAX);
	if (find(r, &route))
		api_answer(r, &route);
}

void api_done(struct api_request *r)
{
	json_decref(r->sent);
	r->sent = NULL;
	jsonw_free(&r->json);
}
