// SPDX-License-Identifier: GPL-2.0-or-later
/* web_login - a strict reader of one flat JSON object (RFC 8259). */
#include "proc/web_login.h"

#include <string.h>
#include "base/str.h"

/* Of a name or a value that is looked at, unescaped. */
#define STRING_MAX PEOPLE_PASSWORD_MAX

#define P(name, status, title, detail, next)                                             \
	static const struct web_problem name = {status, 0, title, detail, next, NULL}
P(not_flat, 400, "Not such an object",
	"The body is one JSON object of texts, numbers, true, false and null here, and no "
	"name is there twice.",
	"send {\\\"user\\\":\\\"...\\\",\\\"password\\\":\\\"...\\\"}");
P(not_text, 400, "Not a text", "A user's name and a password are texts.",
	"send both in quotation marks");
P(has_key, 400, "A key is made here",
	"The members \\\"key\\\" and \\\"old_key\\\" are not taken over the network.",
	"send \\\"password\\\"");
P(long_password, 400, "The password is too long",
	"A password has 256 octets at most, a user's name 31.", "choose a shorter one");
P(short_password, 400, "The password is too short",
	"Whoever is in the house can guess short ones: ten octets are the least.",
	"choose a longer one, of some words for example");
#undef P

static const struct {
	const char *name, *key;
} secrets[WEB_SECRETS] = {
	[WEB_SECRET] = {"password", "key"},
	[WEB_SECRET_OLD] = {"old_password", "old_key"},
};

struct reader {
	const char *at, *end;
};

static void skip_space(struct reader *r)
{
	while (r->at < r->end && *r->at && strchr(" \t\r\n", *r->at))
		r->at++;
}

static bool take(struct reader *r, char c)
{
	skip_space(r);
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

static bool read_hex(struct reader *r, uint32_t *ret)
{
	uint32_t n = 0;

	if (r->end - r->at < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = *r->at++;
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;

		if (digit < 0)
			return false;
		n = n << 4 | (uint32_t)digit;
	}
	*ret = n;
	return true;
}

/* A character in UTF-8: its octets, 4 at most. */
static size_t put_char(uint32_t c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | c);
	return n;
}

/* Behind the backslash. NUL and halves of pairs are refused: no two readers agree on them. */
static size_t read_escape(struct reader *r, char *out)
{
	static const char marks[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	uint32_t c, low;
	const char *mark;

	if (r->at == r->end || !*r->at)
		return 0;
	mark = strchr(marks, *r->at++);
	if (mark) {
		out[0] = means[mark - marks];
		return 1;
	}
	if (r->at[-1] != 'u' || !read_hex(r, &c) || !c || (c >= 0xdc00 && c < 0xe000))
		return 0;
	if (c < 0xd800 || c >= 0xe000)
		return put_char(c, out);
	if (r->end - r->at < 2 || *r->at++ != '\\' || *r->at++ != 'u' || !read_hex(r, &low) ||
		low < 0xdc00 || low >= 0xe000)
		return 0;
	return put_char(0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00), out);
}

/* Unescaped into buf; *ret_len counts what did not fit, too. False: it is no string. */
static bool read_string(struct reader *r, char buf[STRING_MAX + 1], size_t *ret_len)
{
	size_t len = 0;

	if (!take(r, '"'))
		return false;
	while (r->at < r->end && *r->at != '"') {
		char piece[4];
		size_t n = 1;
		uint32_t ignored;

		if (*r->at == '\\') {
			r->at++;
			n = read_escape(r, piece);
		} else {
			n = str_utf8_next(r->at, (size_t)(r->end - r->at), &ignored);
			if ((uint8_t)*r->at < ' ')
				return false;
			memcpy(piece, r->at, n);
			r->at += n;
		}
		if (!n)
			return false;
		if (len + n <= STRING_MAX)
			memcpy(buf + len, piece, n);
		len += n;
	}
	if (r->at == r->end)
		return false;
	r->at++;
	buf[len <= STRING_MAX ? len : 0] = 0;
	*ret_len = len;
	return true;
}

/* true, false, null, or what is spelled with a number's characters: whether it is one, the
 * engine sees. */
static bool skip_other(struct reader *r)
{
	static const char *const words[] = {"true", "false", "null"};
	const char *from;

	skip_space(r);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t n = strlen(words[i]);

		if ((size_t)(r->end - r->at) >= n && !memcmp(r->at, words[i], n)) {
			r->at += n;
			return true;
		}
	}
	from = r->at;
	while (r->at < r->end && *r->at && strchr("0123456789+-.eE", *r->at))
		r->at++;
	return r->at > from;
}

/* What was seen of the names so far. */
struct seen {
	char names[WEB_LOGIN_MEMBERS][LIMIT_USER];
	unsigned count;
};

static bool is_new(struct seen *s, const char *name, size_t len)
{
	/* longer than any that there is */
	if (len >= sizeof s->names[0] || s->count == WEB_LOGIN_MEMBERS)
		return false;
	for (unsigned i = 0; i < s->count; i++)
		if (!strcmp(s->names[i], name))
			return false;
	(void)str_copy(s->names[s->count++], sizeof s->names[0], name);
	return true;
}

static const struct web_problem *take_password(
	struct web_password *p, const char *value, size_t len, bool chosen)
{
	if (len > PEOPLE_PASSWORD_MAX)
		return &long_password;
	if (chosen && len < PEOPLE_PASSWORD_MIN)
		return &short_password;
	memcpy(p->text, value, len + 1);
	p->len = len;
	p->there = true;
	return NULL;
}

static const struct web_problem *take_user(struct web_login *l, const char *value, size_t len)
{
	if (l->user[0])
		return &not_flat;
	return len < sizeof l->user && str_copy(l->user, sizeof l->user, value)
		       ? NULL
		       : &long_password;
}

static const struct web_problem *read_value(struct reader *r, const char *name, bool chosen,
	struct web_login *l, struct web_password **ret_password)
{
	bool user = !strcmp(name, "user") || !strcmp(name, "name");
	const struct web_problem *problem = NULL;
	char value[STRING_MAX + 1] = "";
	size_t len = 0;
	bool text;

	for (size_t i = 0; i < WEB_SECRETS; i++)
		if (!strcmp(name, secrets[i].name))
			*ret_password = &l->passwords[i];
	skip_space(r);
	text = r->at < r->end && *r->at == '"';
	if (text ? !read_string(r, value, &len) : !skip_other(r))
		problem = &not_flat;
	else if ((user || *ret_password) && !text)
		problem = &not_text;
	else if (user)
		problem = take_user(l, value, len);
	else if (*ret_password)
		problem = take_password(*ret_password, value, len,
			chosen && *ret_password == &l->passwords[WEB_SECRET]);
	explicit_bzero(value, sizeof value);
	return problem;
}

static const struct web_problem *read_member(
	struct reader *r, const char *begin, bool chosen, struct seen *seen, struct web_login *l)
{
	const struct web_problem *problem;
	struct web_password *p = NULL;
	char name[STRING_MAX + 1];
	size_t name_len, from;

	skip_space(r);
	from = (size_t)(r->at - begin);
	if (!read_string(r, name, &name_len) || !is_new(seen, name, name_len) || !take(r, ':'))
		return &not_flat;
	for (size_t i = 0; i < WEB_SECRETS; i++)
		if (!strcmp(name, secrets[i].key))
			return &has_key;
	problem = read_value(r, name, chosen, l, &p);
	if (p) {
		p->from = from;
		p->to = (size_t)(r->at - begin);
	}
	return problem;
}

const struct web_problem *web_login_read(
	const char *body, size_t len, bool chosen, struct web_login *ret)
{
	struct reader r = {body, body + len};
	const struct web_problem *problem = NULL;
	struct seen seen = {.count = 0};
	struct web_login l = {0};
	bool more = true;

	if (!take(&r, '{'))
		return &not_flat;
	if (take(&r, '}'))
		more = false;
	while (more && !problem) {
		problem = read_member(&r, body, chosen, &seen, &l);
		more = !problem && take(&r, ',');
		if (!problem && !more && !take(&r, '}'))
			problem = &not_flat;
	}
	skip_space(&r);
	if (!problem && r.at < r.end)
		problem = &not_flat;
	if (!problem)
		*ret = l;
	explicit_bzero(&l, sizeof l);
	return problem;
}

bool web_login_has_password(const struct web_login *l)
{
	return l->passwords[WEB_SECRET].there || l->passwords[WEB_SECRET_OLD].there;
}

size_t web_login_write(const char *body, size_t len, const struct web_login *l,
	const char *const keys[WEB_SECRETS], char *buf, size_t size)
{
	bool swap = l->passwords[WEB_SECRET_OLD].from < l->passwords[WEB_SECRET].from;
	struct str_text t = {.buf = buf, .size = size};
	size_t at = 0;

	for (size_t i = 0; i < WEB_SECRETS; i++) {
		size_t which = swap ? WEB_SECRETS - 1 - i : i;
		const struct web_password *p = &l->passwords[which];

		if (!p->there)
			continue;
		str_add(&t, "%.*s\"%s\":\"%s\"", (int)(p->from - at), body + at,
			secrets[which].key, keys[which]);
		at = p->to;
	}
	str_add(&t, "%.*s", (int)(len - at), body + at);
	return t.len + 1 < t.size ? t.len : 0;
}
