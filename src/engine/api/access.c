// SPDX-License-Identifier: GPL-2.0-or-later
/* access - who asks. By root's socket it is the owner; through web it is whom the cookie of
 * a session or a token shows, and never a device that is held. docs/web.md has the rules. */
#include <string.h>
#include "engine/api/api_priv.h"

static unsigned role_bit(enum people_role role)
{
	switch (role) {
	case PEOPLE_VIEWER:
		return API_VIEWER;
	case PEOPLE_OWNER:
		return API_OWNER;
	case PEOPLE_ISP:
		return API_ISP;
	case PEOPLE_NOBODY:
	case PEOPLE_ROLE_MAX:
		break;
	}
	return 0;
}

static bool is_change(const struct http_head *h)
{
	return !http_str_equal(h->method, "GET") && !http_str_equal(h->method, "HEAD") &&
	       !http_str_equal(h->method, "OPTIONS");
}

/* A form of another site sends text or nothing of the kind; JSON makes a browser ask first,
 * and nobody answers that it may (CORS). */
static bool is_json(const struct http_head *h)
{
	const struct untrusted_str *type = http_header_find(h, "Content-Type");

	return type && web_media_of(type->bytes, type->len) == WEB_MEDIA_JSON;
}

static void take_token(struct api_request *r, struct untrusted_str text)
{
	size_t mark = sizeof(PEOPLE_TOKEN_MARK) - 1;
	uint8_t secret[PEOPLE_SECRET];

	if (text.len > mark && !memcmp(text.bytes, PEOPLE_TOKEN_MARK, mark) &&
		str_from_hex(text.bytes + mark, text.len - mark, secret, sizeof(secret)))
		people_of_token(&r->pipeline->people, pipeline_people_now(r->pipeline),
			secret, &r->who);
	explicit_bzero(secret, sizeof(secret));
}

static void take_cookie(struct api_request *r, struct untrusted_str text)
{
	uint8_t secret[PEOPLE_SECRET] = {0};

	if (str_from_hex(text.bytes, text.len, secret, sizeof(secret)))
		people_of_cookie(&r->pipeline->people, pipeline_people_now(r->pipeline),
			secret, &r->who);
	if (r->who.role != PEOPLE_NOBODY)
		people_csrf(secret, r->csrf);
	explicit_bzero(secret, sizeof(secret));
}

/* Both at once: the token, which nothing sends by itself. */
static bool identify(struct api_request *r)
{
	struct untrusted_str text;
	int error = http_bearer(r->head, &text);

	if (!error)
		take_token(r, text);
	if (error == CARDEA_EMALFORMED || (!error && r->who.role == PEOPLE_NOBODY)) {
		api_header(r, "WWW-Authenticate: Bearer error=\"invalid_token\"");
		api_fail(r, 401, "`cardea token list` shows which there are",
			"that token opens nothing: it is wrong, over, or was taken back");
		return false;
	}
	if (error && !http_cookie(r->head, PEOPLE_COOKIE, &text))
		take_cookie(r, text);
	r->roles = role_bit(r->who.role);
	str_copy(r->user, sizeof(r->user), r->who.user);
	return true;
}

static bool same_word(const struct api_request *r)
{
	const struct untrusted_str *field = http_header_find(r->head, "X-Cardea-Csrf");
	size_t len = strlen(r->csrf);
	unsigned differs = 0;

	if (!field || !len || field->len != len)
		return false;
	for (size_t i = 0; i < len; i++)
		differs |= (unsigned char)field->bytes[i] ^ (unsigned char)r->csrf[i];
	return differs == 0;
}

/* A browser sends its cookie whoever makes it ask. Where one need not be logged in, who
 * lacks the word is nobody. */
static bool is_meant(struct api_request *r)
{
	char object[LIMIT_NAME];
	struct api_route route;
	unsigned methods;

	if (r->who.by != PEOPLE_BY_SESSION || !is_change(r->head) || same_word(r))
		return true;
	if (!api_route_find(r->head, object, sizeof(object), &route, &methods) &&
		(route.roles & API_ANYBODY)) {
		memset(&r->who, 0, sizeof(r->who));
		r->roles = 0;
		r->user[0] = r->csrf[0] = 0;
		return true;
	}
	api_fail(r, 403, "send the csrf of GET /v1/session as X-Cardea-Csrf",
		"nothing shows that the page itself asks for this");
	return false;
}

static bool access_pipe(struct api_request *r)
{
	struct device *d = inventory_by_addr(r->pipeline->inventory, &r->from);

	r->asker = d ? d->id : 0;
	if (d && d->hold != HOLD_NONE) {
		api_fail(r, 403,
			"use another device; `cardea quarantine list` tells why it is held",
			"%s is held: nobody is served at its address", d->name);
		return false;
	}
	if (is_change(r->head) && !is_json(r->head)) {
		api_fail(r, 415, "send JSON, as Content-Type: application/json",
			"changes are asked for in JSON");
		return false;
	}
	return identify(r) && is_meant(r);
}

bool api_access(struct api_request *r)
{
	if (r->by_pipe)
		return access_pipe(r);
	r->roles = API_OWNER;
	str_copy(r->user, sizeof(r->user), "root");
	return true;
}

bool api_is_owner(struct api_request *r)
{
	if (r->roles & API_OWNER)
		return true;
	api_fail(r, 403, "use the gateway itself", "a device has no say in this");
	return false;
}

const char *api_asker_text(const struct api_request *r, char buf[API_ASKER_TEXT])
{
	const struct device *d = inventory_by_id(r->pipeline->inventory, r->asker);
	char addr[ADDR_TEXT_MAX];

	if (!r->by_pipe)
		(void)str_print(buf, API_ASKER_TEXT, "root");
	else if (d)
		(void)str_print(buf, API_ASKER_TEXT, "%s (%s)", d->name,
			addr_format(&r->from, addr));
	else
		(void)str_print(buf, API_ASKER_TEXT, "%s", addr_format(&r->from, addr));
	return buf;
}
