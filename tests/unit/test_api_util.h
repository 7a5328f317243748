// SPDX-License-Identifier: GPL-2.0-or-later
/* One view of the control API, asked as its route has it asked, without a socket. */
#ifndef CARDEA_TEST_API_UTIL_H
#define CARDEA_TEST_API_UTIL_H

#include <jansson.h>
#include <string.h>
#include "engine/api/api_priv.h"

/* A text member; empty where there is none. */
static inline const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* As the owner. The reply, and its status. */
static inline json_t *api_asked(struct pipeline *p, void (*view)(struct api_request *),
	const char *object, const char *query, const char *body, unsigned *ret_status)
{
	struct http_head head = {.query = str_untrusted(query)};
	struct api_request r = {.pipeline = p, .head = &head, .body = body,
		.body_len = strlen(body), .roles = API_OWNER, .user = "root"};
	struct api_route route;
	size_t i = 0;
	json_t *root;

	do
		assert_true(api_route_at(i++, &route));
	while (route.answer != view);
	head.method = str_untrusted(api_method_name(route.method));
	assert_true(str_copy(r.object, sizeof(r.object), object));
	api_answer(&r, &route);
	assert_non_null(jsonw_text(&r.json));
	root = json_loads(jsonw_text(&r.json), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	api_done(&r);
	*ret_status = r.status;
	return root;
}

#endif
