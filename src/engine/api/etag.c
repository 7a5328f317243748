// SPDX-License-Identifier: GPL-2.0-or-later
/* Entity tags (RFC 9110 8.8.3). A tag has two parts: of every octet, and of what somebody
 * can have decided on. By the first a client is told that nothing is new; by the second a
 * change is refused that was meant for something else, and not because a packet came in
 * between. */
#include <errno.h>
#include <string.h>
#include "engine/api/api_priv.h"

#define TAG_MAX 36 /* two numbers of 16 digits, a dash, NUL */
#define NAME_MAX_LEN 20

/* Members that change by themselves, in objects that can be changed: who decided on them
 * did not decide on these. */
static const char passing[][NAME_MAX_LEN] = {"last_seen", "until", "names", "points", "hits",
	"last_hit", "counted_since", "packets", "bytes", "flows", "first", "last", "episodes",
	"contexts", "contexts_not_seen", "kinds", "unseen", "conversations", "interactions",
	"singletons", "findings", "octets", "saved", "state_bytes", "observed", "last_used"};

/* Behind the string that begins at `at`. */
static const char *skip_string(const char *at)
{
	for (at++; *at && *at != '"'; at++)
		if (*at == '\\' && at[1])
			at++;
	return *at ? at + 1 : at;
}

/* Behind a value, at the comma or bracket that follows it. */
static const char *skip_value(const char *at)
{
	unsigned depth = 0;

	while (*at) {
		if (!depth && (*at == ',' || *at == '}' || *at == ']'))
			return at;
		if (*at == '"') {
			at = skip_string(at);
			continue;
		}
		if (*at == '{' || *at == '[')
			depth++;
		else if (*at == '}' || *at == ']')
			depth--;
		at++;
	}
	return at;
}

static bool is_passing(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		if (strlen(passing[i]) == len && memcmp(passing[i], name, len) == 0)
			return true;
	return false;
}

/* Of all but the passing members: pieces, each hashed onto the one before. */
static uint64_t state_hash(const struct hash_key *key, const char *text)
{
	struct {
		uint64_t before, piece;
	} link = {0, 0};
	const char *from = text, *at = text, *end;

	while (*at) {
		if (*at != '"') {
			at++;
			continue;
		}
		end = skip_string(at);
		if (*end != ':' || !is_passing(at + 1, (size_t)(end - at) - 2)) {
			at = end;
			continue;
		}
		link.piece = hash_bytes(key, from, (size_t)(at - from));
		link.before = hash_bytes(key, &link, sizeof(link));
		from = at = skip_value(end + 1);
	}
	link.piece = hash_bytes(key, from, (size_t)(at - from));
	return hash_bytes(key, &link, sizeof(link));
}

static void make_tag(const struct api_request *r, const char *text, char tag[static TAG_MAX])
{
	const struct hash_key *key = &r->pipeline->key;

	(void)str_print(tag, TAG_MAX, "%016llx-%016llx",
		(unsigned long long)hash_bytes(key, text, strlen(text)),
		(unsigned long long)state_hash(key, text));
}

/* The part that a comparison looks at. */
static const char *part(const char *tag, bool state)
{
	const char *dash = strchr(tag, '-');

	return state && dash ? dash + 1 : tag;
}

/* One of the list, which is "*" or tags in quotation marks; a weak one is none of ours. */
static bool is_listed(const struct untrusted_str *list, const char *tag, bool state)
{
	struct untrusted_str rest = *list, before;
	char said[TAG_MAX];

	if (http_str_equal(rest, "*"))
		return true;
	while (str_cut(&rest, '"', &before)) {
		struct untrusted_str inside;

		if (!str_cut(&rest, '"', &inside))
			return false;
		if (inside.len >= sizeof(said) ||
			(state && before.len && before.bytes[before.len - 1] == '/'))
			continue;
		memcpy(said, inside.bytes, inside.len);
		said[inside.len] = 0;
		if (strcmp(part(said, state), part(tag, state)) == 0)
			return true;
	}
	return false;
}

void api_etag_add(struct api_request *r)
{
	const struct untrusted_str *known = http_header_find(r->head, "If-None-Match");
	const char *text = jsonw_text(&r->json);
	char tag[TAG_MAX];

	if (r->status != 200 || r->follow || !text)
		return;
	make_tag(r, text, tag);
	api_header(r, "ETag: \"%s\"", tag);
	if (!known || !is_listed(known, tag, false))
		return;
	r->status = 304;
	jsonw_free(&r->json);
	jsonw_init_buffer(&r->json, API_REPLY_MAX);
}

/* What GET says at the path now. */
static void ask(struct api_request *r, const struct api_route *get, const struct http_head *h,
	struct api_request *now)
{
	now->head = h;
	now->pipeline = r->pipeline;
	now->client = r->client;
	now->body = "";
	now->roles = r->roles;
	now->asker = r->asker;
	str_copy(now->user, sizeof(now->user), r->user);
	str_copy(now->object, sizeof(now->object), r->object);
	api_answer(now, get);
}

bool api_etag_holds(struct api_request *r)
{
	const struct untrusted_str *said = http_header_find(r->head, "If-Match");
	struct http_head h = {.path = r->head->path, .method = str_untrusted("GET")};
	struct api_request now = {0};
	struct api_route get;
	char object[LIMIT_NAME], tag[TAG_MAX];
	unsigned methods;
	bool holds;

	if (!said)
		return true;
	if (api_route_find(&h, object, sizeof(object), &get, &methods)) {
		api_fail_field(r, 412, "If-Match", "leave If-Match out",
			"nothing can be got at this path that could have changed");
		return false;
	}
	ask(r, &get, &h, &now);
	holds = now.status == 200 && jsonw_text(&now.json); /* RFC 9110 13.1.1 */
	if (holds) {
		make_tag(r, jsonw_text(&now.json), tag);
		holds = is_listed(said, tag, true);
	}
	api_done(&now);
	if (!holds)
		api_fail_field(r, 412, "If-Match", "get it again, and say it again if you still "
						   "mean it",
			"it has changed since you looked, or is gone");
	return holds;
}
