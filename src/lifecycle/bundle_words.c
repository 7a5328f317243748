// SPDX-License-Identifier: GPL-2.0-or-later
/* What names the house and who is in it: names, host names, addresses and MACs of its
 * devices, as they turn up within names of servers and what is asked of them. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/pool.h"
#include "base/str.h"
#include "lifecycle/bundle_priv.h"

/* Spellings of LIMIT_DEVICES with all their addresses: some 3 MiB at worst. */
#define WORDS_BYTES (8UL << 20)
/* Shorter ones are looked for as whole words: "tv" is in many a name. */
#define PART_FROM 5
#define SHORTEST 2
#define SPELLING 96
/* A house of LIMIT_DEVICES has tens of thousands of words, and all are looked for at each
 * letter: by how they begin. */
#define BUCKETS 1024

struct word {
	struct word *next;
	size_t len;
	bool whole; /* only where no letter or digit stands beside it */
	bool loose; /* what stands between its words may differ */
	char text[];
};

struct bundle_words {
	struct pool *pool;
	struct word *begin_two[BUCKETS]; /* by their first two letters */
	struct word *begin_one[BUCKETS]; /* loose ones: what is between may be nothing */
	int error;
};

static unsigned bucket(unsigned char a, unsigned char b)
{
	return ((unsigned)tolower(a) * 33 + (unsigned)tolower(b)) % BUCKETS;
}

static void add_word(struct bundle_words *w, const char *text, bool whole, bool loose)
{
	size_t len = strlen(text);
	struct word *n, **at;

	if (len < SHORTEST || w->error)
		return;
	n = pool_take(w->pool, sizeof(*n) + len + 1);
	if (!n) {
		w->error = -ENOMEM;
		return;
	}
	memcpy(n->text, text, len + 1);
	n->len = len;
	n->whole = whole;
	n->loose = loose;
	at = loose ? &w->begin_one[bucket((unsigned char)text[0], 0)]
		   : &w->begin_two[bucket((unsigned char)text[0], (unsigned char)text[1])];
	n->next = *at;
	*at = n;
}

static void add(struct bundle_words *w, const char *text, bool whole)
{
	add_word(w, text, whole, false);
}

/* From its first letter on: what stands before it might match nothing at all. */
static void add_name(struct bundle_words *w, const char *text)
{
	text += strspn(text, " -_.+");
	add_word(w, text, strlen(text) < PART_FROM, true);
}

static void add_mac(struct bundle_words *w, const struct mac *m)
{
	static const char *const forms[] = {"%02x:%02x:%02x:%02x:%02x:%02x",
		"%02x-%02x-%02x-%02x-%02x-%02x", "%02x%02x%02x%02x%02x%02x",
		"%02x%02x.%02x%02x.%02x%02x"};
	char text[SPELLING];
	struct str_text t;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		t = (struct str_text){.buf = text, .size = sizeof(text)};
		for (size_t k = 0, at = 0; forms[i][at]; at++)
			if (forms[i][at] == '%') {
				str_add(&t, "%02x", m->b[k++]);
				at += 3;
			} else {
				str_add(&t, "%c", forms[i][at]);
			}
		add(w, text, false);
	}
	/* Makers call devices by the last three octets. */
	t = (struct str_text){.buf = text, .size = sizeof(text)};
	str_add(&t, "%02x%02x%02x", m->b[3], m->b[4], m->b[5]);
	add(w, text, true);
}

static void add_v4(struct bundle_words *w, const struct addr *a)
{
	char text[SPELLING];
	const uint8_t *b = a->b;

	if (str_print(text, sizeof(text), "%u.%u.%u.%u", b[0], b[1], b[2], b[3]) == 0)
		add(w, text, true);
	if (str_print(text, sizeof(text), "%u-%u-%u-%u", b[0], b[1], b[2], b[3]) == 0)
		add(w, text, true);
	/* Whose name is asked for (RFC 1035 3.5) */
	if (str_print(text, sizeof(text), "%u.%u.%u.%u", b[3], b[2], b[1], b[0]) == 0)
		add(w, text, true);
}

static void add_v6(struct bundle_words *w, const struct addr *a)
{
	static const char hex[] = "0123456789abcdef";
	char text[ADDR_TEXT_MAX], digits[2 * 16 + 1], back[4 * 16];

	add(w, addr_format(a, text), true);
	for (size_t i = 0; i < 16; i++) {
		char *there = back + 4 * (15 - i); /* RFC 3596 2.5 */

		digits[2 * i] = there[2] = hex[a->b[i] >> 4];
		digits[2 * i + 1] = there[0] = hex[a->b[i] & 15];
		there[1] = there[3] = '.';
	}
	digits[sizeof(digits) - 1] = 0;
	back[sizeof(back) - 1] = 0; /* in place of the last dot */
	add(w, digits, false);
	add(w, back, false);
}

static void add_device(struct bundle_words *w, const struct device *d)
{
	add_name(w, d->name);
	add_name(w, d->hostname);
	add_mac(w, &d->mac);
	for (uint32_t i = 0; i < d->addr_count; i++)
		if (d->addrs[i].addr.family == 4)
			add_v4(w, &d->addrs[i].addr);
		else if (d->addrs[i].addr.family == 6)
			add_v6(w, &d->addrs[i].addr);
}

int bundle_words_new(const struct bundle_home *h, struct bundle_words **ret)
{
	struct bundle_words *w = calloc(1, sizeof(*w));
	const struct device *d;
	int error;

	if (!w)
		return -ENOMEM;
	w->pool = pool_new("bundle words", WORDS_BYTES);
	if (!w->pool)
		w->error = -ENOMEM;
	for (size_t i = 0; !w->error && (d = h->device_at(h->ctx, i)); i++)
		add_device(w, d);
	error = w->error;
	if (error)
		bundle_words_free(w);
	else
		*ret = w;
	return error;
}

void bundle_words_free(struct bundle_words *w)
{
	if (!w)
		return;
	pool_free(w->pool);
	free(w);
}

static bool is_beside(char c)
{
	return !isalnum((unsigned char)c);
}

static bool is_between(char c)
{
	return c && strchr(" -_.+", c);
}

/* "Annas Kamera" is also annas-kamera, annas_kamera and annaskamera. How much of text it
 * takes; 0: it is not here. */
static size_t taken(const struct word *w, const char *text)
{
	size_t at = 0;

	if (!w->loose)
		return strncasecmp(text, w->text, w->len) == 0 ? w->len : 0;
	for (size_t i = 0; i < w->len; i++) {
		if (is_between(w->text[i])) {
			while (is_between(text[at]))
				at++;
			continue;
		}
		if (tolower((unsigned char)text[at]) != tolower((unsigned char)w->text[i]))
			return 0;
		at++;
	}
	return at;
}

static size_t is_here(const struct word *w, const char *text, const char *at)
{
	size_t len = taken(w, at);

	if (!len || !w->whole)
		return len;
	return (at == text || is_beside(at[-1])) && is_beside(at[len]) ? len : 0;
}

static size_t longest_here(const struct word *n, const char *text, const char *at)
{
	size_t longest = 0;

	for (; n; n = n->next) {
		size_t len = is_here(n, text, at);

		longest = len > longest ? len : longest;
	}
	return longest;
}

const char *bundle_words_find(const struct bundle_words *w, const char *text, size_t *ret_len)
{
	for (const char *at = text; *at; at++) {
		unsigned char a = (unsigned char)at[0], b = (unsigned char)at[1];
		size_t strict = longest_here(w->begin_two[bucket(a, b)], text, at);
		size_t loose = longest_here(w->begin_one[bucket(a, 0)], text, at);

		if (strict || loose) {
			*ret_len = strict > loose ? strict : loose;
			return at;
		}
	}
	return NULL;
}

char *bundle_words_clean(const struct bundle_words *w, const char *text, char *ret, size_t size)
{
	struct str_text t = {.buf = ret, .size = size};
	const char *at;
	size_t len;

	ret[0] = 0;
	while ((at = bundle_words_find(w, text, &len))) {
		str_add(&t, "%.*s" BUNDLE_OWN, (int)(at - text), text);
		text = at + len;
	}
	str_add(&t, "%s", text);
	return ret;
}
