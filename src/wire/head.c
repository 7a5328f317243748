// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* head.c - lines end in LF, with or without CR before (RFC 9112 2.2). */
#include "wire/head.h"

static bool head_line(struct cursor *c, struct untrusted_str *ret)
{
	size_t left = cursor_left(c);
	const uint8_t *end = left ? memchr(c->pos, '\n', left) : NULL;
	if (!end)
		return false;
	size_t len = (size_t)(end - c->pos);
	*ret = (struct untrusted_str){.bytes = (const char *)c->pos, .len = len};
	if (len && ret->bytes[len - 1] == '\r')
		ret->len--;
	cursor_skip(c, len + 1);
	return true;
}

static bool head_starts(struct untrusted_str s, const char *text)
{
	size_t len = strlen(text);
	return s.len >= len && !memcmp(s.bytes, text, len);
}

static bool head_is_method(struct untrusted_str s)
{
	if (!s.len || s.len > HEAD_METHOD_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if ((s.bytes[i] < 'A' || s.bytes[i] > 'Z') && s.bytes[i] != '-')
			return false;
	return true;
}

static struct untrusted_str head_before(struct untrusted_str s, char mark)
{
	const char *p = s.len ? memchr(s.bytes, mark, s.len) : NULL;
	if (p)
		s.len = (size_t)(p - s.bytes);
	return s;
}

/* RFC 9112 3.2: origin form, "*", absolute form; CONNECT has an authority only. */
static void head_target(struct untrusted_str t, struct head *h)
{
	if (head_starts(t, "http://")) {
		t.bytes += 7;
		t.len -= 7;
		h->host = head_before(head_before(t, '/'), '?');
		t.bytes += h->host.len;
		t.len -= h->host.len;
	} else if (t.len && t.bytes[0] != '/' && t.bytes[0] != '*') {
		h->host = t;
		t.len = 0;
	}
	h->path = head_before(head_before(t, '?'), '#');
}

int head_parse(struct cursor c, struct head *ret)
{
	struct head h = {0};
	struct untrusted_str line, target;
	if (!head_line(&c, &line))
		return cursor_left(&c) ? CARDEA_ETRUNCATED : CARDEA_EMALFORMED;
	h.fields = c;
	h.is_answer = head_starts(line, "HTTP/1.");
	if (h.is_answer) {
		if (!str_cut(&line, ' ', &target) || line.len < 3)
			return CARDEA_EMALFORMED;
		h.status = (struct untrusted_str){.bytes = line.bytes, .len = 3};
		*ret = h;
		return 0;
	}
	if (!str_cut(&line, ' ', &h.method) || !head_is_method(h.method) ||
		!str_cut(&line, ' ', &target) || !target.len ||
		!head_starts(line, "HTTP/1."))
		return CARDEA_EMALFORMED;
	head_target(target, &h);
	*ret = h;
	return 0;
}

static bool head_same(struct untrusted_str s, const char *name)
{
	if (s.len != strlen(name))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t b = (uint8_t)s.bytes[i];
		if ((b >= 'A' && b <= 'Z' ? b | 0x20 : b) != (uint8_t)name[i])
			return false;
	}
	return true;
}

/* May the line be a field of this name? Looks at its first octet only. */
static bool head_may_be(struct untrusted_str line, const char *name)
{
	char c = line.bytes[0];
	return c == ' ' || c == '\t' || (c | 0x20) == name[0];
}

static bool head_is(struct untrusted_str line, const char *name, struct untrusted_str *ret)
{
	struct untrusted_str field;
	if (!head_may_be(line, name) || !str_cut(&line, ':', &field) ||
		!head_same(str_trim(field), name))
		return false;
	*ret = str_trim(line);
	return true;
}

bool head_field(const struct head *h, const char *name, struct untrusted_str *ret)
{
	struct cursor c = h->fields;
	struct untrusted_str line;
	for (int i = 0; i < HEAD_FIELDS_MAX && head_line(&c, &line) && line.len; i++)
		if (head_is(line, name, ret))
			return true;
	return false;
}

bool head_field_or(const struct head *h, const char *name, const char *other,
	struct untrusted_str *ret)
{
	struct cursor c = h->fields;
	struct untrusted_str line;
	bool found = false;
	for (int i = 0; i < HEAD_FIELDS_MAX && head_line(&c, &line) && line.len; i++) {
		if (head_is(line, name, ret))
			return true;
		found = found || head_is(line, other, ret);
	}
	return found;
}
