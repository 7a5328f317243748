// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* dns_name.c - one canonical text per domain name, from and to the wire. */
#include "wire/dns_name.h"

#define DNS_POINTER 0xc0
/* The longest text of one octet: \DDD */
#define DNS_ESCAPE_LEN 4

/* Octets that are looked at at once. */
#define DNS_BLOCK 16

/* A name under construction: its text, and its length as the wire counts. Before and
 * behind the text may be written, too. */
struct dns_spell {
	char text[DNS_BLOCK + sizeof(struct dns_name) + DNS_BLOCK];
	size_t len; /* from DNS_BLOCK on */
	size_t wire_len;
	size_t label_len;
};

static bool dns_is_plain(uint8_t b)
{
	return (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == '-' || b == '_';
}

static int dns_spell_octet(struct dns_spell *s, uint8_t b)
{
	if (++s->label_len > DNS_LABEL_MAX)
		return CARDEA_EMALFORMED;
	if (++s->wire_len > DNS_NAME_WIRE_MAX)
		return CARDEA_EMALFORMED;
	if (b >= 'A' && b <= 'Z')
		b = (uint8_t)(b | 0x20);
	bool plain = dns_is_plain(b);
	if (s->len + (plain ? 1 : DNS_ESCAPE_LEN) >= sizeof(struct dns_name))
		return CARDEA_ELIMIT;
	char *p = s->text + DNS_BLOCK + s->len;
	if (plain) {
		*p = (char)b;
		s->len++;
		return 0;
	}
	p[0] = '\\';
	p[1] = (char)('0' + b / 100);
	p[2] = (char)('0' + b / 10 % 10);
	p[3] = (char)('0' + b % 10);
	s->len += DNS_ESCAPE_LEN;
	return 0;
}

/* Opens the next label; the length octet counts. */
static int dns_spell_label(struct dns_spell *s)
{
	if (s->len) {
		if (s->len + 1 >= sizeof(struct dns_name))
			return CARDEA_ELIMIT;
		s->text[DNS_BLOCK + s->len++] = '.';
	}
	s->label_len = 0;
	s->wire_len++;
	return 0;
}

static void dns_spell_begin(struct dns_spell *s)
{
	s->len = 0;
	s->label_len = 0;
	s->wire_len = 1; /* the root's zero octet */
}

static void dns_spell_finish(struct dns_spell *s, struct dns_name *ret)
{
	if (!s->len)
		s->text[DNS_BLOCK + s->len++] = '.';
	memcpy(ret->text, s->text + DNS_BLOCK, s->len);
	ret->text[s->len] = '\0';
}

/* What a name of plain octets has at most: a length octet more and the root's. */
#define DNS_PLAIN_MAX (DNS_NAME_WIRE_MAX - 2)

/* Behind the last of the labels that come that is whole and fits. */
static const uint8_t *dns_run_end(const struct dns_spell *s, const struct cursor *c)
{
	size_t room = s->len < DNS_PLAIN_MAX ? DNS_PLAIN_MAX - s->len : 0;
	const uint8_t *p = c->pos;
	for (size_t len; p < c->end && (len = *p) && len <= DNS_LABEL_MAX; p += len + 1)
		if ((size_t)(c->end - p) <= len || (size_t)(p - c->pos) + len + 1 > room)
			break;
	return p;
}

/* Writes to the place of each length octet of the run, which is at text. */
static void dns_run_set(char *text, const uint8_t *run, const uint8_t *end, char c)
{
	for (const uint8_t *p = run; p < end; p += *p + 1)
		text[p - run] = c;
}

/* In lower case; false: one of them does not stand for itself. All at once, where the
 * machine has registers for it. */
static bool dns_lower(char octets[static DNS_BLOCK])
{
	typedef uint8_t block __attribute__((vector_size(DNS_BLOCK)));
	block x, plain;
	uint64_t halves[2];
	memcpy(&x, octets, sizeof(x));
	x |= (block)(x - 'A' < 26) & 0x20;
	plain = (block)(x - 'a' < 26) | (block)(x - '0' < 10) | (block)(x == '-') |
		(block)(x == '_');
	memcpy(octets, &x, sizeof(x));
	memcpy(halves, &plain, sizeof(halves));
	return (halves[0] & halves[1]) == UINT64_MAX;
}

/* Takes the labels that come whose octets stand for themselves and that fit, all at once:
 * in almost all names that is the whole. The dots stand where the length octets did. When
 * one is odd they are left for dns_spell_from, which says what is wrong with it. */
static void dns_spell_plain(struct dns_spell *s, struct cursor *c)
{
	const uint8_t *run = c->pos, *end = dns_run_end(s, c);
	size_t n = (size_t)(end - run);
	if (!n)
		return;
	/* the first label of all has no dot before it */
	char *text = s->text + DNS_BLOCK + s->len - !s->len, before = text[0];
	memcpy(text, run, n);
	memset(text + n, 'a', DNS_BLOCK);
	dns_run_set(text, run, end, 'a');
	for (size_t i = 0; i < n; i += DNS_BLOCK)
		if (!dns_lower(text + i)) {
			text[0] = before;
			return;
		}
	dns_run_set(text, run, end, '.');
	s->len += n - !s->len;
	s->wire_len += n;
	c->pos = end;
}

static int dns_spell_from(struct dns_spell *s, struct cursor *c, uint8_t len)
{
	if (len > DNS_LABEL_MAX)
		return CARDEA_EMALFORMED; /* 0x40 and 0x80: RFC 6891 5 retired them */
	const uint8_t *b = cursor_take(c, len);
	if (!b)
		return c->error;
	int r = dns_spell_label(s);
	for (unsigned i = 0; !r && i < len; i++)
		r = dns_spell_octet(s, b[i]);
	return r;
}

/* Where a pointer may lead: before the run of labels that it ends. */
struct dns_hops {
	size_t limit;
	unsigned count;
	size_t resume; /* behind the first pointer; 0 before one was seen */
};

static int dns_name_jump(struct cursor *c, uint8_t high, struct dns_hops *h)
{
	size_t target = (size_t)(high & ~DNS_POINTER) << 8;
	target |= cursor_u8(c);
	if (c->error)
		return c->error;
	if (!h->resume)
		h->resume = cursor_offset(c);
	if (target >= h->limit || ++h->count > DNS_POINTERS_MAX)
		return CARDEA_ELOOP;
	h->limit = target;
	cursor_seek(c, target);
	return c->error;
}

static int dns_name_walk(struct cursor *c, struct dns_spell *s, bool compressed)
{
	struct dns_hops h = {.limit = cursor_offset(c)};
	for (;;) {
		if (!c->error)
			dns_spell_plain(s, c);
		uint8_t len = cursor_u8(c);
		if (c->error)
			return c->error;
		if (!len)
			break;
		int r = compressed && len >= DNS_POINTER ? dns_name_jump(c, len, &h)
							 : dns_spell_from(s, c, len);
		if (r)
			return r;
	}
	if (h.resume)
		cursor_seek(c, h.resume);
	return c->error;
}

static int dns_name_read(struct cursor *c, bool compressed, struct dns_name *ret)
{
	struct dns_spell s;
	dns_spell_begin(&s);
	int r = dns_name_walk(c, &s, compressed);
	if (r) {
		cursor_fail(c, r);
		return r;
	}
	dns_spell_finish(&s, ret);
	return 0;
}

int dns_name_parse(struct cursor *c, struct dns_name *ret)
{
	return dns_name_read(c, true, ret);
}

int dns_name_parse_plain(struct cursor *c, struct dns_name *ret)
{
	return dns_name_read(c, false, ret);
}

int dns_name_parse_labels(struct cursor *c, struct dns_name *ret)
{
	struct dns_spell s;
	dns_spell_begin(&s);
	while (cursor_left(c)) {
		uint8_t len = cursor_u8(c);
		if (!len)
			break;
		int r = dns_spell_from(&s, c, len);
		if (r)
			return r;
	}
	if (c->error)
		return c->error;
	dns_spell_finish(&s, ret);
	return 0;
}

/* One octet of text, escaped or not. Returns what follows it, or NULL. */
static const char *dns_text_octet(const char *t, uint8_t *ret)
{
	if (*t != '\\') {
		*ret = (uint8_t)*t;
		return t + 1;
	}
	t++;
	if (*t < '0' || *t > '9') {
		*ret = (uint8_t)*t;
		return *t ? t + 1 : NULL;
	}
	unsigned v = 0;
	for (int i = 0; i < 3; i++, t++) {
		if (*t < '0' || *t > '9')
			return NULL;
		v = v * 10 + (unsigned)(*t - '0');
	}
	if (v > 255)
		return NULL;
	*ret = (uint8_t)v;
	return t;
}

/* One label up to its dot or the end. */
static int dns_text_label(struct dns_spell *s, const char **text)
{
	const char *t = *text;
	int r = dns_spell_label(s);
	while (!r && *t && *t != '.') {
		uint8_t b;
		t = dns_text_octet(t, &b);
		if (!t)
			return CARDEA_EMALFORMED;
		r = dns_spell_octet(s, b);
	}
	if (!r && !s->label_len)
		r = CARDEA_EMALFORMED;
	*text = t;
	return r;
}

int dns_name_from_text(const char *text, struct dns_name *ret)
{
	struct dns_spell s;
	dns_spell_begin(&s);
	if (!*text)
		return CARDEA_EMALFORMED;
	if (!strcmp(text, "."))
		text++;
	while (*text) {
		int r = dns_text_label(&s, &text);
		if (r)
			return r;
		if (*text == '.')
			text++;
	}
	dns_spell_finish(&s, ret);
	return 0;
}

static int dns_label_write(struct writer *w, const char **text)
{
	uint8_t label[DNS_LABEL_MAX];
	uint8_t len = 0;
	const char *t = *text;
	while (*t && *t != '.') {
		uint8_t b;
		t = dns_text_octet(t, &b);
		if (!t || len == sizeof(label))
			return CARDEA_EMALFORMED;
		label[len++] = b;
	}
	if (!len)
		return CARDEA_EMALFORMED;
	writer_u8(w, len);
	writer_bytes(w, label, len);
	*text = *t ? t + 1 : t;
	return w->error;
}

int dns_name_write(struct writer *w, const struct dns_name *name)
{
	const char *t = name->text;
	if (dns_name_is_root(name))
		t++;
	while (!w->error && *t) {
		int r = dns_label_write(w, &t);
		if (r && !w->error)
			w->error = r;
	}
	writer_u8(w, 0);
	return w->error;
}

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
	return !strcmp(a->text, b->text);
}

bool dns_name_is_root(const struct dns_name *name)
{
	return name->text[0] == '.' && !name->text[1];
}

bool dns_name_is_under(const struct dns_name *name, const struct dns_name *zone)
{
	size_t n = strlen(name->text), z = strlen(zone->text);
	if (dns_name_is_root(zone))
		return true;
	if (n < z || strcmp(name->text + (n - z), zone->text))
		return false;
	/* A dot inside a label is written \046, so this one separates. */
	return n == z || name->text[n - z - 1] == '.';
}

unsigned dns_name_labels(const struct dns_name *name)
{
	unsigned n = 1;
	if (dns_name_is_root(name))
		return 0;
	for (const char *t = name->text; *t; t++)
		n += *t == '.';
	return n;
}

const char *dns_name_tail(const struct dns_name *name, unsigned labels)
{
	unsigned have = dns_name_labels(name);
	const char *t = name->text;
	if (!labels)
		return ".";
	for (; have > labels; have--)
		t = strchr(t, '.') + 1;
	return t;
}
