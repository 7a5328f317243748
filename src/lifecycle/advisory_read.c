// SPDX-License-Identifier: GPL-2.0-or-later
/* Files of advisories: JSON that somebody outside wrote, read strictly. */
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "lifecycle/advisory.h"
#include "model/flow.h"
#include "model/rule.h"

#define SCHEMA "cardea.advisory/1"
#define DEPTH_MAX 3 /* list, advisory, device or traffic: what a place can be found in */

/* Where the reader is, as ordinals from the root: for finding the line again. jansson
 * keeps members in the order of the file and forgets where they stood. */
struct reader {
	const char *text;
	size_t len;
	unsigned path[DEPTH_MAX + 1];
	unsigned depth;
	struct advisory_fault *fault;
};

/* ---- line and column of a value in text that is JSON ---- */

struct scan {
	const char *at, *end;
	uint32_t line, column;
};

static void step(struct scan *s)
{
	/* columns are characters: octets that continue one do not count */
	if (*s->at == '\n')
		s->line++, s->column = 1;
	else if (((unsigned char)*s->at & 0xc0) != 0x80)
		s->column++;
	s->at++;
}

static void skip_space(struct scan *s)
{
	while (s->at < s->end && strchr(" \t\r\n:,", *s->at) && *s->at)
		step(s);
}

static void skip_string(struct scan *s)
{
	step(s);
	while (s->at < s->end && *s->at != '"') {
		if (*s->at == '\\' && s->at + 1 < s->end)
			step(s);
		step(s);
	}
	if (s->at < s->end)
		step(s);
}

/* One value whole, whatever is in it. */
static void skip_value(struct scan *s)
{
	unsigned depth = 0;

	skip_space(s);
	do {
		if (s->at < s->end && *s->at == '"') {
			skip_string(s);
		} else {
			depth += s->at < s->end && (*s->at == '{' || *s->at == '[');
			depth -= depth && s->at < s->end &&
				 (*s->at == '}' || *s->at == ']');
			if (s->at < s->end)
				step(s);
			/* the rest of a number or word */
			while (!depth && s->at < s->end && !strchr(" \t\r\n,]}", *s->at))
				step(s);
		}
		if (depth)
			skip_space(s);
	} while (depth && s->at < s->end);
}

static void locate(const struct reader *r, uint32_t *line, uint32_t *column)
{
	struct scan s = {r->text, r->text + r->len, 1, 1};

	for (unsigned d = 0; d < r->depth; d++) {
		bool object;

		skip_space(&s);
		if (s.at >= s.end)
			break;
		object = *s.at == '{';
		step(&s);
		for (unsigned i = 0; i < r->path[d]; i++) {
			if (object)
				skip_value(&s); /* the member's name */
			skip_value(&s);
		}
		if (object && d + 1 < r->depth)
			skip_value(&s); /* what is meant lies within the member */
		skip_space(&s);
	}
	*line = s.line;
	*column = s.column;
}

static int fault(struct reader *r, int error, const char *fmt, ...) CARDEA_PRINTF(3, 4);

static int fault(struct reader *r, int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->fault->text, sizeof(r->fault->text), fmt, ap);
	va_end(ap);
	locate(r, &r->fault->line, &r->fault->column);
	return error;
}

/* ---- values ---- */

static int take_text(struct reader *r, const char *key, const json_t *v, char *dst,
	size_t size)
{
	const char *text = json_string_value(v);

	if (!text || !text[0])
		return fault(r, CARDEA_EMALFORMED, "\"%s\" is no text", key);
	if (!str_is_clean_utf8(text, json_string_length(v)))
		return fault(r, CARDEA_EMALFORMED,
			"\"%s\" holds characters that cannot be shown", key);
	if (!str_copy(dst, size, text))
		return fault(r, CARDEA_ELIMIT, "\"%s\" is longer than %zu octets", key,
			size - 1);
	return 0;
}

/* Names of issuers and advisories stand in paths and sentences. */
static int take_label(struct reader *r, const char *key, const json_t *v,
	char dst[LIMIT_LABEL])
{
	int error = take_text(r, key, v, dst, LIMIT_LABEL);

	if (error)
		return error;
	for (const char *c = dst; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("/\\\"'`$", *c))
			return fault(r, CARDEA_EMALFORMED,
				"\"%s\" is made of letters, digits and - _ . : + only", key);
	return 0;
}

static int take_number(struct reader *r, const char *key, const json_t *v, int64_t min,
	int64_t max, int64_t *ret)
{
	if (!json_is_integer(v) || json_integer_value(v) < min ||
		json_integer_value(v) > max)
		return fault(r, CARDEA_EMALFORMED,
			"\"%s\" is a whole number from %lld to %lld", key, (long long)min,
			(long long)max);
	*ret = json_integer_value(v);
	return 0;
}

/* Days since 1970 of a date in the Gregorian calendar (H. Hinnant's algorithm). */
static int64_t days_of(int y, int m, int d)
{
	int64_t year = m <= 2 ? y - 1 : y, era = year / 400, of_era = year - era * 400;
	int64_t of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* RFC 3339 in UTC, "2026-11-22T10:00:00Z". */
static bool time_read(const char *t, nstime *ret)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int n[6] = {0}, k = 0;

	if (strlen(t) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i]; i++) {
		if (form[i] != 'd') {
			if (t[i] != form[i])
				return false;
			k++;
		} else if (t[i] < '0' || t[i] > '9') {
			return false;
		} else {
			n[k] = n[k] * 10 + (t[i] - '0');
		}
		if (k > 5)
			break;
	}
	bool leap = n[0] % 4 == 0 && (n[0] % 100 != 0 || n[0] % 400 == 0);

	if (n[0] < 1970 || n[0] > 2200 || n[1] < 1 || n[1] > 12 || n[2] < 1 ||
		n[2] > lengths[n[1] - 1] + (n[1] == 2 && leap) || n[3] > 23 || n[4] > 59 ||
		n[5] > 59)
		return false;
	*ret = (days_of(n[0], n[1], n[2]) * 86400 + n[3] * 3600 + n[4] * 60 + n[5]) *
	       NS_PER_SEC;
	return true;
}

static int take_time(struct reader *r, const char *key, const json_t *v, nstime *ret)
{
	const char *text = json_string_value(v);

	if (!text || json_string_length(v) != strlen(text) || !time_read(text, ret))
		return fault(r, CARDEA_EMALFORMED,
			"\"%s\" is a time like \"2026-11-22T10:00:00Z\"", key);
	return 0;
}

/* ---- which device ---- */

static int take_url(struct reader *r, const json_t *v, struct advisory *a)
{
	int error = take_text(r, "mud_url", v, a->mud_url, sizeof(a->mud_url));

	if (error)
		return error;
	for (const char *c = a->mud_url; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == '*')
			return fault(r, CARDEA_EMALFORMED,
				"\"mud_url\" is one file's URL, with nothing that stands "
				"for many");
	if (strncmp(a->mud_url, "https://", 8) != 0 || !a->mud_url[8])
		return fault(r, CARDEA_EMALFORMED, "\"mud_url\" begins with https://");
	return 0;
}

static int take_oui(struct reader *r, const json_t *v, struct advisory *a)
{
	const char *text = json_string_value(v);
	struct mac mac;
	char whole[MAC_TEXT_MAX];

	if (!text || strlen(text) != 8 ||
		str_print(whole, sizeof(whole), "%s:00:00:00", text) ||
		mac_parse(whole, &mac) || mac_is_group(&mac))
		return fault(r, CARDEA_EMALFORMED, "\"oui\" is like \"00:1a:2b\"");
	memcpy(a->oui, mac.b, sizeof(a->oui));
	a->has_oui = true;
	return 0;
}

static int take_device(struct reader *r, const char *key, const json_t *v,
	struct advisory *a)
{
	if (strcmp(key, "mud_url") == 0)
		return take_url(r, v, a);
	if (strcmp(key, "oui") == 0)
		return take_oui(r, v, a);
	if (strcmp(key, "cpe") == 0)
		return take_text(r, key, v, a->cpe, sizeof(a->cpe));
	if (strcmp(key, "matter") == 0)
		return take_label(r, key, v, a->matter);
	return fault(r, CARDEA_EMALFORMED,
		"a device is named by \"mud_url\", \"oui\", \"cpe\" or \"matter\" alone");
}

/* ---- which traffic ---- */

static bool is_label_octet(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* As names are kept: lower case, no dot at the end, at least two labels. */
static bool is_domain(const char *name)
{
	size_t len = 0, labels = 1;

	if (rule_name_is_suffix(name))
		name += 2;
	for (const char *c = name; *c; c++) {
		if (*c == '.') {
			if (!len || c[-1] == '-')
				return false;
			len = 0;
			labels++;
		} else if (!is_label_octet(*c) || ++len > 63 || (len == 1 && *c == '-')) {
			return false;
		}
	}
	return len && labels > 1;
}

static int take_domain(struct reader *r, const json_t *v, struct advisory *a)
{
	int error = take_text(r, "domain", v, a->domain, sizeof(a->domain));

	if (error)
		return error;
	if (strlen(a->domain) > 253 || !is_domain(a->domain))
		return fault(r, CARDEA_EMALFORMED,
			"\"domain\" is a name in lower case like \"c2.example.com\", or "
			"\"*.example.com\"");
	return 0;
}

/* Somebody's address in the world: who named the house's own, or half the internet,
 * would find traffic to it everywhere. */
static const char *peer_fault(const struct prefix *p)
{
	bool v4 = p->addr.family == 4;

	if (p->len < (v4 ? ADVISORY_PREFIX4_MIN : ADVISORY_PREFIX6_MIN))
		return "\"address\" is wider than one network: at least /20 for IPv4, /40 "
		       "for IPv6";
	if (addr_is_private(&p->addr) || addr_is_link_local(&p->addr) ||
		addr_is_loopback(&p->addr) || addr_is_multicast(&p->addr) ||
		addr_is_unspecified(&p->addr) || addr_is_limited_broadcast(&p->addr))
		return "\"address\" is none of the internet: what is within the house "
		       "proves nothing";
	return NULL;
}

static int take_address(struct reader *r, const json_t *v, struct advisory *a)
{
	const char *text = json_string_value(v), *no;

	if (!text || json_string_length(v) != strlen(text) ||
		prefix_parse(text, &a->peer))
		return fault(r, CARDEA_EMALFORMED,
			"\"address\" is an address, or a prefix like \"198.51.100.0/24\"");
	no = peer_fault(&a->peer);
	if (no)
		return fault(r, CARDEA_EMALFORMED, "%s", no);
	a->has_peer = true;
	return 0;
}

static int take_proto(struct reader *r, const json_t *v, struct advisory *a)
{
	const char *text = json_string_value(v);

	if (text && strcmp(text, "tcp") == 0)
		a->proto = FLOW_PROTO_TCP;
	else if (text && strcmp(text, "udp") == 0)
		a->proto = FLOW_PROTO_UDP;
	else
		return fault(r, CARDEA_EMALFORMED, "\"proto\" is \"tcp\" or \"udp\"");
	return 0;
}

static int take_traffic(struct reader *r, const char *key, const json_t *v,
	struct advisory *a)
{
	int64_t port = 0;
	int error;

	if (strcmp(key, "domain") == 0)
		return take_domain(r, v, a);
	if (strcmp(key, "address") == 0)
		return take_address(r, v, a);
	if (strcmp(key, "proto") == 0)
		return take_proto(r, v, a);
	if (strcmp(key, "port") != 0)
		return fault(r, CARDEA_EMALFORMED,
			"traffic is named by \"domain\", \"address\", \"proto\" or "
			"\"port\" alone");
	error = take_number(r, key, v, 1, UINT16_MAX, &port);
	a->port = (uint16_t)port;
	return error;
}

static int take_part(struct reader *r, const char *key, json_t *part,
	int (*take)(struct reader *, const char *, const json_t *, struct advisory *),
	struct advisory *a)
{
	const char *name;
	int error = 0;
	json_t *v;

	if (!json_object_size(part))
		return fault(
			r, CARDEA_EMALFORMED, "\"%s\" is an object with members", key);
	r->path[r->depth++] = 0;
	json_object_foreach (part, name, v) {
		error = take(r, name, v, a);
		if (error)
			return error; /* r stays where it went wrong */
		r->path[r->depth - 1]++;
	}
	r->depth--;
	return 0;
}

/* ---- one advisory ---- */

static int take_effect(struct reader *r, const json_t *v, struct advisory *a)
{
	const char *text = json_string_value(v);

	if (!text || !advisory_effect_parse(text, &a->effect))
		return fault(r, CARDEA_EMALFORMED,
			"\"effect\" is observe, notify, limit, update-only or block");
	return 0;
}

static int take_schema(struct reader *r, const json_t *v)
{
	const char *text = json_string_value(v);

	if (!text || strcmp(text, SCHEMA) != 0)
		return fault(r, CARDEA_EMALFORMED, "\"schema\" is \"" SCHEMA "\"");
	return 0;
}

static int take_homes(struct reader *r, const json_t *v, struct advisory *a)
{
	int64_t homes = 0;
	int error = take_number(r, "homes", v, 1, UINT32_MAX, &homes);

	a->homes = (uint32_t)homes;
	return error;
}

static int take_revoked(struct reader *r, const json_t *v, struct advisory *a)
{
	if (!json_is_boolean(v))
		return fault(r, CARDEA_EMALFORMED, "\"revoked\" is true or false");
	a->revoked = json_is_true(v);
	return 0;
}

static int take_member(struct reader *r, const char *key, json_t *v, struct advisory *a)
{
	char shown[LIMIT_LABEL];

	if (strcmp(key, "schema") == 0)
		return take_schema(r, v);
	if (strcmp(key, "id") == 0)
		return take_label(r, key, v, a->id);
	if (strcmp(key, "issuer") == 0)
		return take_label(r, key, v, a->issuer);
	if (strcmp(key, "issued") == 0)
		return take_time(r, key, v, &a->issued);
	if (strcmp(key, "expires") == 0)
		return take_time(r, key, v, &a->expires);
	if (strcmp(key, "device") == 0)
		return take_part(r, key, v, take_device, a);
	if (strcmp(key, "traffic") == 0)
		return take_part(r, key, v, take_traffic, a);
	if (strcmp(key, "effect") == 0)
		return take_effect(r, v, a);
	if (strcmp(key, "fixed_in") == 0)
		return take_label(r, key, v, a->fixed_in);
	if (strcmp(key, "homes") == 0)
		return take_homes(r, v, a);
	if (strcmp(key, "revoked") == 0)
		return take_revoked(r, v, a);
	if (strcmp(key, "text") == 0)
		return take_text(r, key, v, a->text, sizeof(a->text));
	return fault(r, CARDEA_EMALFORMED, "\"%s\" is no member of an advisory",
		str_escape(str_untrusted(key), shown, sizeof(shown)));
}

static int check_whole(struct reader *r, const json_t *root, const struct advisory *a)
{
	static const char *const wanted[] = {
		"schema", "id", "issuer", "issued", "expires", "effect"};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (!json_object_get(root, wanted[i]))
			return fault(
				r, CARDEA_EMALFORMED, "\"%s\" is missing", wanted[i]);
	if (json_object_get(root, "traffic") && !advisory_has_traffic(a))
		return fault(r, CARDEA_EMALFORMED,
			"traffic has a \"domain\" or an \"address\": a port alone is "
			"everybody's");
	return 0;
}

static int read_one(struct reader *r, json_t *root, struct advisory *a)
{
	unsigned depth = r->depth;
	const char *key;
	int error = 0;
	json_t *v;

	memset(a, 0, sizeof(*a));
	a->homes = 1;
	if (!json_is_object(root))
		return fault(r, CARDEA_EMALFORMED, "an advisory is an object");
	r->path[r->depth++] = 0;
	json_object_foreach (root, key, v) {
		error = take_member(r, key, v, a);
		if (error)
			return error;
		r->path[r->depth - 1]++;
	}
	r->depth = depth;
	return check_whole(r, root, a);
}

static int read_all(struct reader *r, json_t *root, struct advisory *list, size_t max,
	size_t *ret_count)
{
	size_t n = json_array_size(root);
	int error = 0;

	if (!json_is_array(root)) {
		error = max ? read_one(r, root, list) : CARDEA_ELIMIT;
		*ret_count = 1;
		return error;
	}
	if (n == 0)
		return fault(r, CARDEA_EMALFORMED, "the list is empty");
	if (n > max)
		return fault(r, CARDEA_ELIMIT, "there are %zu advisories; %zu may be in one "
					       "file",
			n, max);
	for (size_t i = 0; i < n && !error; i++) {
		r->depth = 1;
		r->path[0] = (unsigned)i;
		error = read_one(r, json_array_get(root, i), &list[i]);
	}
	*ret_count = n;
	return error;
}

int advisory_read(const char *text, size_t len, struct advisory *list, size_t max,
	size_t *ret_count, struct advisory_fault *ret_fault)
{
	struct advisory_fault f = {0};
	struct reader r = {.text = text, .len = len, .fault = &f};
	json_error_t where;
	size_t count = 0;
	json_t *root;
	int error;

	if (len > ADVISORY_FILE_MAX) {
		str_copy(f.text, sizeof(f.text), "the file is larger than 256 KiB");
		*ret_fault = f;
		return CARDEA_ELIMIT;
	}
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);
	if (!root) {
		f.line = where.line > 0 ? (uint32_t)where.line : 0;
		f.column = where.column > 0 ? (uint32_t)where.column : 0;
		(void)str_print(f.text, sizeof(f.text), "this is no JSON: %.150s",
			where.text);
		for (char *c = f.text; *c; c++) /* it quotes the file */
			*c = *c >= ' ' && *c <= '~' ? *c : '?';
		*ret_fault = f;
		return CARDEA_EMALFORMED;
	}
	error = read_all(&r, root, list, max, &count);
	json_decref(root);
	if (error)
		*ret_fault = f;
	else
		*ret_count = count;
	return error;
}
