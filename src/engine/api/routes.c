// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of routes, from routes.def: texts in one block without pointers, so that it
 * stays in the file's pages, and a small row for each. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include "engine/api/api_priv.h"

#define WHOLE false
#define OBJECT true
#define SMALL false
#define LARGE true
#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define TEXT(path, query, takes, gives, help)                                          \
	path "\0" query "\0" takes "\0" gives "\0" help

static const struct {
#define ROUTE(m, path, o, view, large, roles, query, takes, gives, help)               \
	char JOIN(t, __LINE__)[sizeof(TEXT(path, query, takes, gives, help))];
#include "engine/api/routes.def"
#undef ROUTE
} texts = {
#define ROUTE(m, path, o, view, large, roles, query, takes, gives, help)               \
	TEXT(path, query, takes, gives, help),
#include "engine/api/routes.def"
#undef ROUTE
};

static const struct row {
	void (*answer)(struct api_request *r);
	uint16_t text;
	uint8_t method, roles;
	bool has_object, large;
} rows[] = {
#define ROUTE(m, path, o, view, large, roles, query, takes, gives, help)               \
	{view, offsetof(__typeof__(texts), JOIN(t, __LINE__)), API_##m, roles, o, large},
#include "engine/api/routes.def"
#undef ROUTE
};

_Static_assert(sizeof(texts) <= UINT16_MAX, "offsets of 16 bits");

static const char *next_text(const char *text)
{
	return text + strlen(text) + 1;
}

bool api_route_at(size_t index, struct api_route *ret)
{
	const struct row *row;

	if (index >= sizeof(rows) / sizeof(rows[0]))
		return false;
	row = &rows[index];
	ret->method = (enum api_method)row->method;
	ret->has_object = row->has_object;
	ret->large = row->large;
	ret->roles = row->roles;
	ret->answer = row->answer;
	ret->path = (const char *)&texts + row->text;
	ret->query = next_text(ret->path);
	ret->takes = next_text(ret->query);
	ret->gives = next_text(ret->takes);
	ret->help = next_text(ret->gives);
	return true;
}

const char *api_method_name(enum api_method m)
{
	static const char names[API_METHOD_MAX][8] = {
		[API_GET] = "GET", [API_POST] = "POST"};

	return m < API_METHOD_MAX ? names[m] : "";
}

/* HEAD is answered like GET, without the body (RFC 9110 9.3.2). */
static bool is_method(const struct http_head *h, enum api_method m)
{
	return http_str_equal(h->method, api_method_name(m)) ||
	       (m == API_GET && http_str_equal(h->method, "HEAD"));
}

/* "/v1/devices", and the object behind it; -ENOENT for no path of ours. */
static int split(const struct http_head *h, char path[static API_PATH_MAX], char *object,
	size_t size, bool *ret_object)
{
	char noun[32], version[8], rest[2];
	int error;

	if (!h->path.len || h->path.bytes[h->path.len - 1] == '/' ||
		http_path_segment(h->path, 0, version, sizeof(version)) ||
		http_path_segment(h->path, 1, noun, sizeof(noun)) ||
		http_path_segment(h->path, 3, rest, sizeof(rest)) != -ENOENT ||
		str_print(path, API_PATH_MAX, "/%s/%s", version, noun))
		return -ENOENT;
	object[0] = 0;
	error = http_path_segment(h->path, 2, object, size);
	if (error && error != -ENOENT)
		return -ENOENT; /* too long or badly encoded: nobody's name */
	*ret_object = error == 0;
	/* clients and proxies take dots for steps on the way: RFC 3986 5.2.4 */
	return *ret_object && (!object[0] || !strcmp(object, ".") || !strcmp(object, "..")) ?
		       -ENOENT :
		       0;
}

int api_route_find(const struct http_head *h, char *object, size_t size,
	struct api_route *ret, unsigned *ret_methods)
{
	char path[API_PATH_MAX];
	struct api_route route;
	unsigned methods = 0;
	bool has_object;
	int error = split(h, path, object, size, &has_object);

	if (error)
		return error;
	error = -ENOENT;
	for (size_t i = 0; api_route_at(i, &route); i++) {
		if (has_object != route.has_object || strcmp(path, route.path) != 0)
			continue;
		methods |= 1U << route.method;
		if (!is_method(h, route.method))
			continue;
		*ret = route;
		error = 0;
	}
	*ret_methods = methods;
	return error && methods ? -ENOTSUP : error;
}
