// SPDX-License-Identifier: GPL-2.0-or-later
/* member - typed access to the members of a MUD file (RFC 7951, JSON of YANG data).
 * Every spelling that is known from the wild is found here once, for all nodes. */
#include <stdlib.h>
#include <string.h>
#include "profiles/mud/mud_priv.h"

#define KEY_MAX_CHARS 64 /* RFC 8519 4.1 */
#define UNIQUE_MAX 1024  /* values of a leaf-list: each is compared with all others */

/* Modules and prefixes under which real files write the nodes of RFC 8520 and 8519. */
static const char *const known_modules[] = {"ietf-mud", "mud", "ietf-acldns", "acldns",
	"ietf-access-control-list", "acl", "ietf-packet-fields", "packet-fields", "pf"};

const char *mud_local_name(const char *key)
{
	const char *colon = strchr(key, ':');

	if (!colon)
		return key;
	for (size_t i = 0; i < sizeof known_modules / sizeof *known_modules; i++) {
		size_t n = strlen(known_modules[i]);
		if (n == (size_t)(colon - key) && !memcmp(key, known_modules[i], n))
			return colon + 1;
	}
	return NULL;
}

static int find_name(const char *const *names, const char *key)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], key))
			return i;
	return -1;
}

/* Other spellings that are known: a slip of one author, copied by others, and the names
 * that the drafts of RFC 9761 had, which its example kept. */
static const struct {
	const char *wild, *name;
} wild_names[] = {
	{"s:qrc-dnsname", "src-dnsname"},
	{"tls-dtls-profiles", "tls-dtls-profile"},
	{"profile-name", "name"},
	{"supported-tls-versions", "supported-tls-version"},
	{"supported-dtls-versions", "supported-dtls-version"},
	{"cipher-suites", "cipher-suite"},
	{"extension-types", "extension-type"},
	{"accept-list-ta-certs", "accept-list-ta-cert"},
	{"acceptlist-ta-cert", "accept-list-ta-cert"},
	{"acceptlist-ta-certs", "accept-list-ta-cert"},
	{"psk-key-exchange-modes", "psk-key-exchange-mode"},
	{"supported-groups", "supported-group"},
	{"signature-algorithms", "signature-algorithm"},
	{"signature-algorithms-cert", "signature-algorithm-cert"},
	{"application-protocols", "application-protocol"},
	{"cert-compression-algorithms", "cert-compression-algorithm"},
};

static int find_alias(const char *const *names, const char *key)
{
	const char *local = mud_local_name(key);

	for (size_t i = 0; local && i < sizeof wild_names / sizeof *wild_names; i++)
		if (!strcmp(local, wild_names[i].wild))
			local = wild_names[i].name;
	for (int i = 0; local && names[i]; i++)
		if (!strcmp(mud_local_name(names[i]), local))
			return i;
	return -1;
}

/* A name without module is of the module around it; one of another module (an
 * identifier of RFC 7950 6.2) is an extension, which everybody may make and nobody must
 * know. */
static bool is_foreign(const char *key)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	size_t len = strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789_-.");

	return len && strchr(letters, key[0]) && key[len] == ':' && key[len + 1] &&
	       !mud_local_name(key) && !mud_extension_has_module(key);
}

/* RFC 8520 14: a manager ignores what it does not know and says so. For the author of
 * a file such a node is a mistake, unless it is an extension. False when it is one that
 * is known. */
static bool unknown_member(struct mud_reader *r, const struct mud_at *m)
{
	if (mud_extension(r, m))
		return false;
	if (r->schema && m->key && !is_foreign(m->key))
		mud_note_bad(r, m,
			"no module of RFC 8520 or RFC 8519 has this node: a misspelt "
			"name, or an extension without its module's name (RFC 7951 "
			"section 4)");
	else
		mud_extension_unknown(r, m);
	return true;
}

/* A member under another spelling of a name we know. */
static void alias_member(struct mud_reader *r, const struct mud_at *m, const char *name)
{
	char wrong[LIMIT_TEXT];

	(void)str_print(wrong, sizeof wrong,
		"this node is spelt \"%s\" here (RFC 7951 section 4)", name);
	mud_note_mend(r, m, wrong, "read as that");
	mud_edit_key(r, m, name);
}

bool mud_members(struct mud_reader *r, const struct mud_at *at,
	const char *const *names, struct mud_at *slots, bool *ret_unknown)
{
	char shown[MUD_SHOW_MAX];
	struct mud_at m;

	*ret_unknown = false;
	for (int i = 0; names[i]; i++)
		slots[i] = (struct mud_at){.up = at, .key = names[i]};
	if (!json_is_object(at->value)) {
		mud_note_bad(r, at, "must be an object, is %s (RFC 7951 section 5)",
			mud_show(at->value, shown));
		return false;
	}
	for (struct mud_iter it = mud_iter_start(r, at);
		mud_iter_next(r, at, &it, &m);) {
		int i = find_name(names, m.key);
		int alias = i < 0 ? find_alias(names, m.key) : -1;
		if (i >= 0) {
			/* the right spelling wins; another one before it is left over
			 */
			if (slots[i].value)
				*ret_unknown |= unknown_member(r, &slots[i]);
			slots[i] = m;
		} else if (alias >= 0 && !slots[alias].value) {
			alias_member(r, &m, names[alias]);
			slots[alias] = m;
		} else {
			*ret_unknown |= unknown_member(r, &m);
		}
	}
	return true;
}

/* Numbers as text: decimal, or the hexadecimal of ethertypes. */
static bool number_of_text(const char *text, int64_t *ret)
{
	char *end;

	if (strncmp(text, "0x", 2) && strncmp(text, "0X", 2))
		return !str_to_i64(text, 0, UINT32_MAX, ret);
	if (strlen(text) < 3 || strlen(text) > 10 ||
		strspn(text + 2, "0123456789abcdefABCDEF") != strlen(text) - 2)
		return false;
	*ret = (int64_t)strtoull(text + 2, &end, 16);
	return true;
}

bool mud_uint(struct mud_reader *r, const struct mud_at *at, uint32_t min, uint32_t max,
	uint32_t *ret_value)
{
	char shown[MUD_SHOW_MAX], wrong[LIMIT_TEXT];
	int64_t v = -1;

	if (!at->value)
		return false;
	mud_show(at->value, shown);
	if (json_is_integer(at->value)) {
		v = json_integer_value(at->value);
	} else if (json_is_string(at->value) &&
		   number_of_text(json_string_value(at->value), &v) && v >= min &&
		   v <= max) {
		(void)str_print(wrong, sizeof wrong,
			"\"%s\" must be a number without quotes (RFC 7951 section 6.1)",
			shown);
		mud_note_mend(r, at, wrong, "read as the number");
		(void)str_print(wrong, sizeof wrong, "%lld", (long long)v);
		mud_edit_value(r, at, wrong);
	}
	if (v >= min && v <= max) {
		*ret_value = (uint32_t)v;
		return true;
	}
	mud_note_bad(r, at,
		"must be a whole number from %u to %u, is %s (RFC 8519 section 4)", min,
		max, shown);
	return false;
}

bool mud_bool(struct mud_reader *r, const struct mud_at *at, bool *ret_value)
{
	char shown[MUD_SHOW_MAX];

	if (!at->value)
		return false;
	if (json_is_boolean(at->value)) {
		*ret_value = json_is_true(at->value);
		return true;
	}
	const char *text = json_string_value(at->value);
	bool yes = text && str_equal_nocase(text, "true");
	if (yes || (text && str_equal_nocase(text, "false"))) {
		mud_note_mend(r, at,
			"must be true or false without quotes (RFC 7951 section 6.3)",
			"read without them");
		mud_edit_value(r, at, yes ? "true" : "false");
		*ret_value = yes;
		return true;
	}
	mud_note_bad(r, at, "must be true or false, is %s (RFC 7951 section 6.3)",
		mud_show(at->value, shown));
	return false;
}

bool mud_empty(struct mud_reader *r, const struct mud_at *at)
{
	static const char wrong[] = "must be [null] (RFC 7951 section 6.9)";
	char shown[MUD_SHOW_MAX];
	const json_t *v = at->value;

	if (!v)
		return false;
	if (json_is_array(v) && json_array_size(v) == 1 &&
		json_is_null(json_array_get(v, 0)))
		return true;
	/* false is none of them: read as absent it would leave out a match */
	bool bare = json_is_null(v) || json_is_true(v) ||
		    (json_is_object(v) && !json_object_size(v)) ||
		    (json_is_array(v) && !json_array_size(v)) ||
		    (json_is_string(v) && !json_string_length(v));
	if (bare) {
		mud_note_mend(r, at, wrong, "read as present");
		mud_edit_value(r, at, "[null]");
	} else {
		mud_note_bad(r, at, "must be [null], is %s (RFC 7951 section 6.9)",
			mud_show(v, shown));
	}
	return true;
}

bool mud_string(struct mud_reader *r, const struct mud_at *at, const char **ret_text)
{
	char shown[MUD_SHOW_MAX];

	if (!at->value)
		return false;
	if (json_is_string(at->value)) {
		*ret_text = json_string_value(at->value);
		return true;
	}
	mud_note_bad(r, at, "must be a string, is %s (RFC 7951 section 6.1)",
		mud_show(at->value, shown));
	return false;
}

void mud_unique(struct mud_reader *r, const struct mud_at *array, const char *key)
{
	struct mud_at item;

	if (json_array_size(array->value) > UNIQUE_MAX) {
		mud_note_bad(r, array,
			"more than %d values, none of which may be there twice (RFC "
			"7950 section 7.7)",
			UNIQUE_MAX);
		return;
	}
	for (struct mud_iter it = mud_iter_start(r, array);
		mud_iter_next(r, array, &it, &item);) {
		const json_t *v = key ? json_object_get(item.value, key) : item.value;
		for (size_t i = 0; v && i < item.index; i++) {
			const json_t *other = json_array_get(array->value, i);
			if (!json_equal(key ? json_object_get(other, key) : other, v))
				continue;
			mud_note_mend(r, &item,
				"the list has this already (RFC 7950 section 7.7)",
				"left out");
			mud_edit_remove(r, &item);
			break;
		}
	}
}

bool mud_array(struct mud_reader *r, const struct mud_at *at)
{
	char shown[MUD_SHOW_MAX];

	if (!at->value)
		return false;
	if (json_is_array(at->value))
		return true;
	mud_note_bad(r, at, "must be an array, is %s (RFC 7951 section 5.4)",
		mud_show(at->value, shown));
	return false;
}

/* RFC 3986 3.1 and 2: a scheme, a colon, and nothing but printable ASCII. */
static bool uri_ok(const char *text)
{
	const char *c = text;

	if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z')))
		return false;
	while ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
		(*c >= '0' && *c <= '9') || *c == '+' || *c == '-' || *c == '.')
		c++;
	if (*c != ':' || !c[1])
		return false;
	for (; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("\"<>\\^`{|}", *c))
			return false;
	return true;
}

bool mud_uri(struct mud_reader *r, const struct mud_at *at, const char **ret_text)
{
	char shown[MUD_SHOW_MAX];
	const char *text;

	if (!mud_string(r, at, &text))
		return false;
	if (!uri_ok(text)) {
		mud_note_bad(r, at,
			"\"%s\" is no URI: it needs a scheme, as in urn: or https: "
			"(RFC 3986 section 3)",
			mud_show_text(text, shown));
		return false;
	}
	*ret_text = text;
	return true;
}

/* Controls, and the marks that turn text around (UAX 9): a name must not be able to
 * change what stands beside it. */
static bool shows(uint32_t c)
{
	return c >= 0x20 && !(c >= 0x7f && c < 0xa0) && c != 0x200e && c != 0x200f &&
	       !(c >= 0x2028 && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069);
}

bool mud_copy(char *dst, size_t size, const char *utf8)
{
	size_t len = strlen(utf8), at = 0;

	while (len) {
		uint32_t c;
		size_t n = str_utf8_next(utf8, len, &c);
		bool clean = n && shows(c);
		size_t step = n ? n : 1, need = clean ? n : 1;
		if (at + need >= size)
			break;
		if (clean)
			memcpy(dst + at, utf8, n);
		else
			dst[at] = '?';
		at += need;
		utf8 += step;
		len -= step;
	}
	dst[at] = 0;
	return !len;
}

static size_t characters(const char *utf8)
{
	size_t n = 0;

	for (; *utf8; utf8++)
		n += ((unsigned char)*utf8 & 0xc0) != 0x80;
	return n;
}

/* Every place that says a key says it in the same repaired way. */
static void mend_key(struct mud_reader *r, const struct mud_at *at, const char *text)
{
	char clean[KEY_MAX_CHARS + 1];

	mud_note_mend(r, at,
		"a name has 1 to 64 printable characters (RFC 8519 section 4.1)",
		"kept as it is");
	mud_copy(clean, sizeof clean, text);
	mud_edit_string(r, at, clean[0] ? clean : "unnamed");
}

const char *mud_key(struct mud_reader *r, const struct mud_at *at, const char *spare)
{
	static const char missing[] =
		"name is missing: it is the key of the entry (RFC 8519 section 4.1)";
	const char *text = spare;

	if (!at->value && spare) {
		mud_note_mend(r, at, missing, "read without one");
		return spare;
	}
	if (!at->value) {
		mud_note(r, NOTE_ERROR, at, "%s", missing);
		return NULL;
	}
	if (!mud_string(r, at, &text))
		return spare;
	if (!*text || characters(text) > KEY_MAX_CHARS ||
		!str_is_clean_utf8(text, strlen(text)))
		mend_key(r, at, text);
	return text;
}
