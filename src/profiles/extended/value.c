// SPDX-License-Identifier: GPL-2.0-or-later
/* value - one value of the schema from its text, strictly: what is not understood is an
 * error where it stands, never a guess. */
#include <stdarg.h>
#include <string.h>
#include "base/str.h"
#include "profiles/extended/extended_priv.h"
#include "wire/dns_name.h"

#define LABEL_MAX 63
#define REGEX_MAX 128

void *reader_take(struct reader *r, size_t size)
{
	void *p = pool_take(r->pool, size ? size : 1);

	if (!p)
		r->short_of_memory = true;
	return p;
}

static const char *reader_string(struct reader *r, const char *text)
{
	const char *s = pool_string(r->pool, text, strlen(text));

	if (!s)
		r->short_of_memory = true;
	return s;
}

CARDEA_PRINTF(3, 4)
static bool value_no(struct reader *r, const struct tree *t, const char *fmt, ...)
{
	char text[LIMIT_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	note_tree(r->notes, NOTE_ERROR, t, "%s", text);
	return false;
}

/* A text from the file, harmless and short; one at a time. */
static const char *shown(const char *text)
{
	static _Thread_local char buf[NOTE_NAME];

	return str_escape(str_untrusted(text), buf, sizeof buf);
}

static bool value_scalar(struct reader *r, const struct tree *t)
{
	if (t->kind == TREE_SCALAR_TEXT && t->text[0])
		return true;
	return value_no(r, t, "%s: one value is wanted here", t->key ? shown(t->key) : "item");
}

bool value_text(struct reader *r, const struct tree *t, const char **ret)
{
	if (!value_scalar(r, t))
		return false;
	*ret = reader_string(r, t->text);
	return *ret != NULL;
}

bool value_is_label(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len > LABEL_MAX)
		return false;
	return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789-_.") == len;
}

bool value_label(struct reader *r, const struct tree *t, const char **ret)
{
	if (!value_scalar(r, t))
		return false;
	if (!value_is_label(t->text))
		return value_no(r, t,
			"\"%s\" is no name: letters, digits, - _ . and at most %u of them",
			shown(t->text), (unsigned)LABEL_MAX);
	return value_text(r, t, ret);
}

bool value_bool(struct reader *r, const struct tree *t, bool *ret)
{
	if (!value_scalar(r, t))
		return false;
	*ret = strcmp(t->text, "true") == 0;
	if (*ret || strcmp(t->text, "false") == 0)
		return true;
	return value_no(r, t, "\"%s\" is neither true nor false", shown(t->text));
}

static bool text_number(const char *text, uint64_t max, uint64_t *ret)
{
	int64_t n;

	if (text[0] == '0' && text[1] == 'x') {
		uint64_t hex = 0;
		const char *p = text + 2;

		for (; *p && hex <= max && p - text < 12; p++) {
			const char *digits = "0123456789abcdef", *d = strchr(digits, *p);

			if (!d)
				return false;
			hex = hex << 4 | (uint64_t)(d - digits);
		}
		*ret = hex;
		return p != text + 2 && !*p && hex <= max;
	}
	if (str_to_i64(text, 0, (int64_t)(max > INT64_MAX ? INT64_MAX : max), &n))
		return false;
	*ret = (uint64_t)n;
	return true;
}

bool value_number(struct reader *r, const struct tree *t, uint64_t max, uint64_t *ret)
{
	if (!value_scalar(r, t))
		return false;
	if (text_number(t->text, max, ret))
		return true;
	return value_no(r, t, "\"%s\" is no number from 0 to %llu", shown(t->text),
		(unsigned long long)max);
}

/* "1.5" as thousandths of a unit, of which there are `unit` smallest ones in one. */
static bool text_decimal(const char *text, size_t len, uint64_t unit, uint64_t *ret)
{
	uint64_t whole = 0, part = 0, scale = 1;
	size_t i = 0;

	if (len == 0 || len > 18)
		return false;
	for (; i < len && text[i] >= '0' && text[i] <= '9'; i++)
		whole = whole * 10 + (uint64_t)(text[i] - '0');
	if (i == 0)
		return false;
	if (i < len && text[i] == '.') {
		size_t dot = i++;

		for (; i < len && text[i] >= '0' && text[i] <= '9' && i - dot <= 9; i++) {
			part = part * 10 + (uint64_t)(text[i] - '0');
			scale *= 10;
		}
		if (i == dot + 1)
			return false;
	}
	if (i != len || whole > (uint64_t)INT64_MAX / 2 / unit)
		return false;
	/* rounded up: a limit of 0.0000000001 s is not none */
	*ret = whole * unit + (uint64_t)(((__uint128_t)part * unit + scale - 1) / scale);
	return true;
}

struct scale {
	const char *name;
	uint64_t units;
};

static bool text_scaled(const char *text, const struct scale *scales, uint64_t *ret)
{
	size_t digits = strspn(text, "0123456789.");
	const char *unit = text + digits;

	while (*unit == ' ')
		unit++;
	for (; scales->name; scales++)
		if (strcmp(unit, scales->name) == 0)
			return text_decimal(text, digits, scales->units, ret);
	return false;
}

bool value_time_text(const char *text, nstime *ret)
{
	static const struct scale times[] = {{"", NS_PER_SEC}, {"s", NS_PER_SEC},
		{"ms", NS_PER_MS}, {"us", 1000}, {"m", 60 * NS_PER_SEC},
		{"h", 3600 * NS_PER_SEC}, {"d", 86400 * NS_PER_SEC}, {"ns", 1}, {0}};
	uint64_t n;

	if (!text_scaled(text, times, &n))
		return false;
	*ret = (nstime)n;
	return true;
}

bool value_time(struct reader *r, const struct tree *t, nstime *ret)
{
	if (!value_scalar(r, t))
		return false;
	if (value_time_text(t->text, ret))
		return true;
	return value_no(r, t, "\"%s\" is no time: a number and ns, us, ms, s, m, h or d",
		shown(t->text));
}

bool value_octets(const char *text, uint64_t *ret)
{
	static const struct scale octets[] = {{"", 1}, {"bytes", 1}, {"B", 1},
		{"kB", 1000}, {"kbytes", 1000}, {"MB", 1000000}, {"mbytes", 1000000},
		{"GB", 1000000000}, {0}};

	return text_scaled(text, octets, ret);
}

int role_find(const struct extended_profile *p, const char *name)
{
	for (uint32_t i = 0; i < p->role_count; i++)
		if (strcmp(p->roles[i].name, name) == 0)
			return (int)i;
	return -1;
}

static bool value_name(struct reader *r, const struct tree *t, struct extended_value *v)
{
	bool below = t->text[0] == '*' && t->text[1] == '.';
	struct dns_name name;
	char text[sizeof name.text + 2];

	if (dns_name_from_text(t->text + (below ? 2 : 0), &name) ||
		dns_name_is_root(&name) || strlen(name.text) + 2 >= LIMIT_NAME)
		return value_no(r, t, "\"%s\" is no name", shown(t->text));
	if (strchr(t->text + (below ? 2 : 0), '*'))
		return value_no(r, t, "\"%s\": a * stands only at the start, as *.NAME",
			shown(t->text));
	/* what str_copy would cut was refused above */
	if (str_print(text, sizeof text, "%s%s", below ? "*." : "", name.text))
		return false;
	v->kind = VALUE_NAME;
	v->text = reader_string(r, text);
	return v->text != NULL;
}

/* What is neither role, group nor address is a name; one without a dot is a role that
 * was not declared, or misspelt. */
static bool value_host(struct reader *r, const struct tree *t, enum key_type type,
	struct extended_value *v)
{
	int role = role_find(r->profile, t->text), group = schema_group_find(type, t->text);
	const char *names[EXTENDED_ROLES + GROUP_MAX + 1];
	unsigned n = 0;

	if (role >= 0 || group >= 0) {
		v->kind = role >= 0 ? VALUE_ROLE : VALUE_GROUP;
		v->lo = (uint32_t)(role >= 0 ? role : group);
		return true;
	}
	if (prefix_parse(t->text, &v->net) == 0) {
		v->kind = VALUE_NET;
		if (v->net.addr.family == (type == TYPE_IPV4 ? 4 : 6))
			return true;
		return value_no(r, t, "%s is not of this protocol", shown(t->text));
	}
	if (strchr(t->text, '.') && !strchr(t->text, '/') && type != TYPE_MAC)
		return value_name(r, t, v);
	for (uint32_t i = 0; i < r->profile->role_count; i++)
		names[n++] = r->profile->roles[i].name;
	for (unsigned g = 0; g < GROUP_MAX; g++)
		if (schema_group_find(type, schema_group_name(g)) == (int)g)
			names[n++] = schema_group_name(g);
	names[n] = NULL;
	const char *meant = note_nearest(t->text, names);

	return value_no(r, t, "\"%s\" is no role, group, address or name%s%s%s",
		shown(t->text), meant ? "; did you mean \"" : "", meant ? meant : "",
		meant ? "\"?" : "");
}

static bool value_mac(struct reader *r, const struct tree *t, struct extended_value *v)
{
	if (mac_parse(t->text, &v->mac) == 0) {
		v->kind = VALUE_MAC;
		return true;
	}
	return value_host(r, t, TYPE_MAC, v);
}

static bool word_value(const struct schema_key *k, const char *text, uint64_t *ret)
{
	for (const struct schema_word *w = k->words; w && w->word; w++) {
		if (str_equal_nocase(w->word, text)) {
			*ret = w->value;
			return true;
		}
	}
	return false;
}

static bool word_or_number(const struct schema_key *k, const char *text, uint64_t *ret)
{
	return word_value(k, text, ret) || text_number(text, k->max, ret);
}

static bool value_range(struct reader *r, const struct tree *t, const struct schema_key *k,
	struct extended_value *v)
{
	const char *dash = strstr(t->text, " - ") ? strstr(t->text, " - ")
						  : strchr(t->text, '-');
	uint64_t lo, hi;
	char low[16];

	v->kind = VALUE_RANGE;
	if (word_or_number(k, t->text, &lo)) {
		v->lo = v->hi = (uint32_t)lo;
		return true;
	}
	if (dash && str_copy_bytes(low, sizeof low, t->text, (size_t)(dash - t->text)) &&
		text_number(low, k->max, &lo) &&
		text_number(dash + (dash[0] == ' ' ? 3 : 1), k->max, &hi) && lo <= hi) {
		v->lo = (uint32_t)lo;
		v->hi = (uint32_t)hi;
		return true;
	}
	const char *words[32];
	unsigned n = 0;

	for (const struct schema_word *w = k->words; w && w->word && n < 31; w++)
		words[n++] = w->word;
	words[n] = NULL;
	const char *meant = note_nearest(t->text, words);

	return value_no(r, t, "\"%s\" is no %s of %s: %s0 to %u or a range%s%s%s",
		shown(t->text), k->name, schema_protos[k->proto], n ? "a word, " : "",
		k->max, meant ? "; did you mean \"" : "", meant ? meant : "",
		meant ? "\"?" : "");
}

static bool value_pattern(struct reader *r, const struct tree *t, const struct schema_key *k,
	struct extended_value *v)
{
	size_t len = strlen(t->text);
	const bool regex = k == &schema_keys[KEY_MQTT_PAYLOAD_REGEX];

	v->kind = VALUE_TEXT;
	/* what can take a matcher longer than the text is long, or a compiler much room */
	if (regex && (len > REGEX_MAX || strpbrk(t->text, "{\\")))
		return value_no(r, t, "a payload-regex is POSIX extended, without { and \\, "
			"and at most %u octets", (unsigned)REGEX_MAX);
	if (k->type == TYPE_TEXT && t->text[len - 1] == '*' && !regex) {
		v->kind = VALUE_START;
		v->text = pool_string(r->pool, t->text, len - 1);
	} else {
		v->text = reader_string(r, t->text);
	}
	if (!v->text)
		r->short_of_memory = true;
	return v->text != NULL;
}

static bool value_one(struct reader *r, const struct tree *t, enum extended_key key,
	struct extended_value *v)
{
	const struct schema_key *k = &schema_keys[key];
	bool yes;

	if (!value_scalar(r, t))
		return false;
	switch (k->type) {
	case TYPE_NUMBER:
		return value_range(r, t, k, v);
	case TYPE_BOOL:
		v->kind = VALUE_BOOL;
		if (!value_bool(r, t, &yes))
			return false;
		v->lo = yes;
		return true;
	case TYPE_TEXT:
	case TYPE_WORD:
		return value_pattern(r, t, k, v);
	case TYPE_NAME:
		return value_name(r, t, v);
	case TYPE_IPV4:
	case TYPE_IPV6:
		return value_host(r, t, k->type, v);
	case TYPE_MAC:
		return value_mac(r, t, v);
	}
	return false;
}

bool value_field(struct reader *r, const struct tree *t, enum extended_key key,
	struct extended_field *f)
{
	uint32_t count = t->kind == TREE_LIST ? t->count : 1;
	const struct tree *item = t->kind == TREE_LIST ? t->child : t;

	if (count == 0 || count > EXTENDED_VALUES)
		return value_no(r, t, "%s: 1 to %u values are wanted here", shown(t->key),
			(unsigned)EXTENDED_VALUES);
	*f = (struct extended_field){.key = key, .line = t->key_line};
	f->values = reader_take(r, count * sizeof *f->values);
	for (uint32_t i = 0; f->values && i < count; i++, item = item->next) {
		if (!value_one(r, item, key, &f->values[i]))
			return false;
		f->count++;
	}
	return f->values != NULL;
}

/* "N/unit", cut off from what comes behind it. */
static bool rate_text(const char *text, size_t len, struct extended_stats *s)
{
	char buf[64];
	char *slash;
	int unit;

	if (!str_copy_bytes(buf, sizeof buf, text, len))
		return false;
	slash = strchr(buf, '/');
	if (!slash)
		return false;
	*slash = '\0';
	unit = schema_word_index(slash + 1, schema_units);
	if (unit < 0 || !text_number(buf, UINT32_MAX, &s->rate) || s->rate == 0)
		return false;
	s->unit = (enum extended_unit)unit;
	return true;
}

static bool burst_text(const char *text, struct extended_stats *s)
{
	size_t len = strcspn(text, " ");
	char number[24];

	if (!str_copy_bytes(number, sizeof number, text, len))
		return false;
	if (strcmp(text + len, " packets") == 0)
		return text_number(number, UINT32_MAX, &s->burst) && s->burst;
	s->burst_is_bytes = true;
	return value_octets(text, &s->burst) && s->burst;
}

bool value_rate(struct reader *r, const struct tree *t, struct extended_stats *s)
{
	if (!value_scalar(r, t))
		return false;
	const char *burst = strstr(t->text, " burst ");
	size_t len = burst ? (size_t)(burst - t->text) : strlen(t->text);

	s->has_rate = true;
	s->rate_unlimited = strcmp(t->text, "unlimited") == 0;
	if (s->rate_unlimited || (rate_text(t->text, len, s) &&
		(!burst || burst_text(burst + 7, s))))
		return true;
	return value_no(r, t, "\"%s\" is no rate: N/second, minute, hour, day or week, "
			      "perhaps with \" burst N packets\" or kB; or unlimited",
		shown(t->text));
}

bool value_bitrate(struct reader *r, const struct tree *t, struct extended_stats *s)
{
	static const struct scale bits[] = {{"bit/s", 1}, {"kbit/s", 1000},
		{"Mbit/s", 1000000}, {"Gbit/s", 1000000000}, {0}};

	if (!value_scalar(r, t))
		return false;
	const char *burst = strstr(t->text, " burst ");
	char buf[64];

	if (str_copy_bytes(buf, sizeof buf, t->text,
		    burst ? (size_t)(burst - t->text) : strlen(t->text)) &&
		text_scaled(buf, bits, &s->bitrate) && s->bitrate &&
		s->bitrate <= 1000000000000 &&
		(!burst || (value_octets(burst + 7, &s->bitrate_burst) &&
				   s->bitrate_burst)))
		return true;
	return value_no(r, t, "\"%s\" is no bitrate: N bit/s, kbit/s, Mbit/s or Gbit/s, "
			      "perhaps with \" burst N kB\"", shown(t->text));
}

bool value_size(struct reader *r, const struct tree *t, struct extended_stats *s)
{
	static const struct schema_key size = {EXTENDED_IPV4, "packet-size", TYPE_NUMBER,
		65575, NULL};
	struct extended_value v;
	uint64_t n;

	if (!value_scalar(r, t))
		return false;
	s->has_size = true;
	if (t->text[0] == '<') {
		const char *p = t->text + 1;

		p += strspn(p, " ");
		if (!text_number(p, size.max + 1, &n) || n == 0)
			return value_no(r, t, "\"%s\" is no size", shown(t->text));
		s->size_lo = 0;
		s->size_hi = (uint32_t)n - 1;
		return true;
	}
	if (!value_range(r, t, &size, &v))
		return false;
	s->size_lo = v.lo;
	s->size_hi = v.hi;
	return true;
}

bool value_window_start(struct reader *r, const struct tree *t, struct extended_window *w)
{
	static const uint64_t min[] = {0, 0, 1, 0}, max[] = {59, 23, 31, 6};
	int8_t *parts[] = {&w->minute, &w->hour, &w->month_day, &w->week_day};
	const char *p = t->text;

	if (!value_scalar(r, t))
		return false;
	for (unsigned i = 0; i < 4; i++) {
		size_t len = strcspn(p, " ");
		char buf[8];
		uint64_t n = 0;

		if (!str_copy_bytes(buf, sizeof buf, p, len))
			break;
		*parts[i] = WINDOW_ANY;
		if (strcmp(buf, "*") != 0 && (!text_number(buf, max[i], &n) || n < min[i]))
			break;
		if (buf[0] != '*')
			*parts[i] = (int8_t)n;
		p += len;
		p += strspn(p, " ");
		if (i == 3 && !*p)
			return true;
	}
	return value_no(r, t, "\"%s\" is no start: \"MINUTE HOUR DAY-OF-MONTH "
			      "DAY-OF-WEEK\", each a number or *, Sunday is 0",
		shown(t->text));
}
