// SPDX-License-Identifier: GPL-2.0-or-later
/* What leaves the house in a report: the module's fields, and nothing that tells of the
 * house. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "engine/report_body.h"

#define MUD_URL "https://maker.example/lamp.json"
#define WALL (1767225600LL * NS_PER_SEC)

static struct policy_env env;
static struct rule rules[LIMIT_RULES];
static struct rule_hits hits[LIMIT_RULES];
static struct report_drops drops;
static struct report_source source;
static struct addr told[LIMIT_BINDINGS];
static size_t told_count;
static char out[LIMIT_REPORT_BYTES + 1];

static size_t members(void *ctx, const struct peer *p)
{
	(void)ctx;
	return p->kind == PEER_MY_CONTROLLER ? 3 : strlen(p->name);
}

static size_t addrs(void *ctx, const char *name, struct addr *list, size_t max)
{
	(void)ctx;
	if (strcmp(name, "cloud.example") != 0)
		return 0;
	assert_true(told_count <= max);
	memcpy(list, told, told_count * sizeof(told[0]));
	return told_count;
}

static int setup(void **state)
{
	struct prefix p;

	(void)state;
	memset(&env, 0, sizeof(env));
	memset(hits, 0, sizeof(hits));
	memset(&drops, 0, sizeof(drops));
	told_count = 0;
	assert_int_equal(prefix_parse("192.168.7.0/24", &p), 0);
	assert_true(policy_env_add_lan(&env, &p));
	/* a house that has addresses which everybody can reach */
	assert_int_equal(prefix_parse("2001:db8:7::/64", &p), 0);
	assert_true(policy_env_add_lan(&env, &p));
	assert_int_equal(prefix_parse("203.0.113.0/28", &p), 0);
	assert_true(policy_env_add_lan(&env, &p));
	source = (struct report_source){.mud_url = MUD_URL, .wall = WALL, .env = &env,
		.rules = rules, .hits = hits, .drops = &drops, .members = members,
		.addrs = addrs};
	return 0;
}

static struct rule *add_rule(enum peer_kind kind, const char *name)
{
	struct rule *r = &rules[source.rule_count++];

	rule_init(r);
	r->peer.kind = kind;
	assert_true(str_copy(r->peer.name, sizeof(r->peer.name), name));
	assert_true(str_copy(r->acl, sizeof(r->acl), "from"));
	assert_int_equal(str_print(r->ace, sizeof(r->ace), "ace%zu", source.rule_count),
		0);
	return r;
}

static struct rule_hits *add_hits(const struct rule *r, uint64_t packets)
{
	struct rule_hits *h = &hits[source.hit_count++];

	h->direction = r->direction;
	h->hits = packets;
	memcpy(h->acl, r->acl, sizeof(h->acl));
	memcpy(h->ace, r->ace, sizeof(h->ace));
	return h;
}

static void tell(const char *text)
{
	assert_int_equal(addr_parse(text, &told[told_count++]), 0);
}

/* The one record of the report; the text is in out. */
static json_t *report(json_t **ret_root)
{
	struct jsonw j;
	json_t *o;

	jsonw_init_buffer(&j, LIMIT_REPORT_BYTES);
	assert_int_equal(report_body(&source, &j), 0);
	assert_true(j.len <= LIMIT_REPORT_BYTES);
	assert_true(str_copy(out, sizeof(out), jsonw_text(&j)));
	assert_true(str_is_clean_utf8(out, strlen(out)));
	*ret_root = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(*ret_root);
	jsonw_free(&j);
	o = json_object_get(*ret_root, "ietf-mud-reporter:mud-reporter");
	assert_string_equal(json_string_value(json_object_get(o, "mudurl")), MUD_URL);
	o = json_object_get(o, "mud-report");
	assert_int_equal(json_array_size(o), 1);
	return json_array_get(o, 0);
}

static json_t *entry(json_t *r, const char *list, size_t i)
{
	json_t *e = json_array_get(json_object_get(r, list), i);

	assert_non_null(e);
	return e;
}

static const char *text(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	assert_non_null(s);
	return s;
}

static long long number(json_t *o, const char *key)
{
	assert_true(json_is_integer(json_object_get(o, key)));
	return json_integer_value(json_object_get(o, key));
}

static void classes_are_counted(void **state)
{
	json_t *root, *r;

	(void)state;
	add_rule(PEER_MY_CONTROLLER, "");
	add_rule(PEER_CONTROLLER, "urn:example:hub");
	add_rule(PEER_CONTROLLER, "urn:example:hub"); /* for IPv6 */
	add_rule(PEER_CONTROLLER, "urn:example:b");
	add_rule(PEER_SAME_MANUFACTURER, "");
	add_rule(PEER_MODEL, "https://maker.example/tv.json");
	add_rule(PEER_MANUFACTURER, "other.example");
	r = report(&root);
	assert_int_equal(number(r, "time"), WALL / NS_PER_SEC);
	assert_int_equal(number(r, "mycontrollers"), 3);
	assert_int_equal(json_array_size(json_object_get(r, "controllers")), 2);
	assert_string_equal(text(entry(r, "controllers", 0), "uri"), "urn:example:hub");
	assert_int_equal(number(entry(r, "controllers", 0), "count"), 15);
	assert_string_equal(text(entry(r, "controllers", 1), "uri"), "urn:example:b");
	assert_int_equal(number(r, "samemanufacturers"), 0);
	assert_string_equal(text(entry(r, "models", 0), "uri"),
		"https://maker.example/tv.json");
	assert_string_equal(text(entry(r, "manufacturers", 0), "authority"),
		"other.example");
	assert_int_equal(number(entry(r, "manufacturers", 0), "count"), 13);
	assert_null(json_object_get(r, "domains"));
	json_decref(root);
}

static void names_have_public_addresses_alone(void **state)
{
	static const char *const inside[] = {"10.1.2.3", "172.16.0.1", "192.168.7.9",
		"192.168.99.9", "100.64.0.1", "169.254.1.1", "127.0.0.1", "0.0.0.0",
		"224.0.0.1", "240.0.0.1", "255.255.255.255", "203.0.113.3", "::1", "::",
		"fe80::1", "fd00::1", "fc00::1", "fec0::1", "ff02::1", "2001:db8:7::5",
		"::ffff:192.168.7.1", "64:ff9b::c0a8:701", "2002:c0a8:701::1",
		"2001:0:c0a8:701::1", "::192.168.7.1"};
	json_t *root, *d;

	(void)state;
	add_rule(PEER_NAME, "cloud.example");
	add_rule(PEER_NAME, "cloud.example");
	add_rule(PEER_NAME, "unasked.example");
	for (size_t i = 0; i < sizeof(inside) / sizeof(*inside); i++)
		tell(inside[i]);
	tell("198.51.100.7");
	tell("2001:db8:8::1");
	d = report(&root);
	assert_int_equal(json_array_size(json_object_get(d, "domains")), 2);
	assert_string_equal(text(entry(d, "domains", 0), "hostname"), "cloud.example");
	assert_int_equal(
		json_array_size(json_object_get(entry(d, "domains", 0), "ip-addresses")),
		2);
	assert_string_equal(text(entry(d, "domains", 1), "hostname"), "unasked.example");
	assert_null(json_object_get(entry(d, "domains", 1), "ip-addresses"));
	for (size_t i = 0; i < sizeof(inside) / sizeof(*inside); i++) {
		char quoted[64];
		struct addr a;

		assert_int_equal(str_print(quoted, sizeof(quoted), "\"%s\"", inside[i]), 0);
		assert_null(strstr(out, quoted));
		assert_int_equal(addr_parse(inside[i], &a), 0);
		if (report_addr_may_leave(&env, &a))
			fail_msg("%s", inside[i]);
	}
	json_decref(root);
}

static void a_name_with_inside_addresses_has_none(void **state)
{
	json_t *root, *d;

	(void)state;
	add_rule(PEER_NAME, "cloud.example");
	tell("192.168.7.9");
	d = report(&root);
	assert_null(json_object_get(entry(d, "domains", 0), "ip-addresses"));
	json_decref(root);
}

static void counts_are_text_of_64_bits(void **state)
{
	struct rule *a = add_rule(PEER_ANY, ""), *b = add_rule(PEER_ANY, "");
	struct rule base;
	json_t *root, *r;

	(void)state;
	add_hits(a, 7);
	add_hits(b, UINT64_MAX);
	rule_init(&base); /* the base layer's have no names */
	add_hits(&base, 1000);
	str_copy(add_hits(b, 5)->ace, LIMIT_LABEL, "of-a-former-file");
	add_hits(b, 5)->direction = DIRECTION_TO_DEVICE;
	drops.packets[REPORT_DROP_NOMATCH][DIRECTION_FROM_DEVICE] = UINT64_MAX;
	drops.packets[REPORT_DROP_BLOCKED][DIRECTION_TO_DEVICE] = 2;
	r = report(&root);
	assert_int_equal(json_array_size(json_object_get(r, "match-counts")), 2);
	assert_string_equal(text(entry(r, "match-counts", 0), "ace-name"), "from/ace2");
	assert_string_equal(text(entry(r, "match-counts", 0), "packet-count"),
		"18446744073709551615");
	assert_string_equal(text(entry(r, "match-counts", 1), "packet-count"), "7");
	assert_int_equal(json_array_size(json_object_get(r, "drop-counts")), 2);
	assert_string_equal(text(entry(r, "drop-counts", 0), "reason"), "nomatch");
	assert_string_equal(text(entry(r, "drop-counts", 0), "direction"), "from-device");
	assert_string_equal(text(entry(r, "drop-counts", 0), "drop-count"),
		"18446744073709551615");
	assert_string_equal(text(entry(r, "drop-counts", 1), "reason"),
		"connection-block");
	assert_string_equal(text(entry(r, "drop-counts", 1), "direction"), "to-device");
	json_decref(root);
}

static void reasons(void **state)
{
	enum report_drop d;

	(void)state;
	assert_true(report_drop_reason(REASON_DEFAULT_DENY, &d));
	assert_int_equal(d, REPORT_DROP_NOMATCH);
	assert_true(report_drop_reason(REASON_RULE, &d));
	assert_int_equal(d, REPORT_DROP_BLOCKED);
	assert_true(report_drop_reason(REASON_TLS, &d));
	assert_false(report_drop_reason(REASON_SPOOFED, &d));
	assert_false(report_drop_reason(REASON_ROGUE_RA, &d));
}

/* ---- the lint: which fields there are, and what may stand in them ---- */

enum kind { NUMBER, COUNT, NAME, ADDRESS, LIST };

static const struct {
	const char *key;
	enum kind kind;
} leaves[] = {
	{"ietf-mud-reporter:mud-reporter", LIST}, {"mudurl", NAME}, {"mud-report", LIST},
	{"time", NUMBER}, {"mycontrollers", NUMBER}, {"controllers", LIST}, {"uri", NAME},
	{"count", NUMBER}, {"samemanufacturers", NUMBER}, {"models", LIST},
	{"manufacturers", LIST}, {"authority", NAME}, {"domains", LIST},
	{"hostname", NAME}, {"ip-addresses", ADDRESS}, {"drop-counts", LIST},
	{"reason", NAME}, {"direction", NAME}, {"drop-count", COUNT},
	{"match-counts", LIST}, {"ace-name", NAME}, {"packet-count", COUNT},
};

static void lint_text(const char *key, enum kind kind, const char *value)
{
	struct addr a;
	struct mac m;
	int64_t n;

	if (mac_parse(value, &m) == 0)
		fail_msg("%s: a MAC: %s", key, value);
	if (kind == ADDRESS) {
		assert_int_equal(addr_parse(value, &a), 0);
		assert_true(report_addr_may_leave(&env, &a));
	} else if (addr_parse(value, &a) == 0) {
		fail_msg("%s: an address: %s", key, value);
	}
	if (kind == COUNT && strcmp(value, "18446744073709551615") != 0)
		assert_int_equal(str_to_i64(value, 0, INT64_MAX, &n), 0);
}

static void lint_object(json_t *o);

static void lint_value(const char *key, enum kind kind, json_t *v)
{
	json_t *item;
	size_t i;

	json_array_foreach (v, i, item)
		lint_value(key, kind, item);
	if (json_is_object(v))
		lint_object(v);
	else if (json_is_string(v))
		lint_text(key, kind, json_string_value(v));
	else if (!json_is_array(v))
		assert_true(kind == NUMBER && json_is_integer(v));
}

static void lint_object(json_t *o)
{
	const char *key;
	json_t *v;

	json_object_foreach (o, key, v) {
		size_t i = 0;

		while (i < sizeof(leaves) / sizeof(*leaves) &&
			strcmp(leaves[i].key, key) != 0)
			i++;
		if (i == sizeof(leaves) / sizeof(*leaves))
			fail_msg("%s is no field of the module", key);
		lint_value(key, leaves[i].kind, v);
	}
}

static void nothing_else_leaves(void **state)
{
	struct rule *r;
	json_t *root;

	(void)state;
	for (unsigned k = 0; k < PEER_MAX; k++) {
		r = add_rule((enum peer_kind)k, k == PEER_NAME ? "cloud.example" : "");
		assert_int_equal(mac_parse("02:00:00:00:00:77", &r->peer.mac), 0);
		assert_int_equal(prefix_parse("192.168.7.64/26", &r->peer.prefix), 0);
		add_hits(r, k);
	}
	tell("192.168.7.9");
	tell("198.51.100.7");
	drops.packets[REPORT_DROP_NOMATCH][DIRECTION_TO_DEVICE] = 4;
	(void)report(&root);
	lint_object(root);
	assert_null(strstr(out, "192.168."));
	assert_null(strstr(out, "02:00:00"));
	json_decref(root);
}

/* ---- bounds ---- */

static void long_names(struct rule *r, unsigned i, char fill)
{
	memset(r->peer.name, fill, sizeof(r->peer.name) - 1);
	(void)str_print(r->peer.name, 8, "%04x", i);
	r->peer.name[4] = fill;
	memset(r->acl, fill, sizeof(r->acl) - 1);
	memset(r->ace, fill, sizeof(r->ace) - 1);
	(void)str_print(r->ace, 8, "%04x", i);
	r->ace[4] = fill;
}

static void a_report_is_bounded(void **state)
{
	static const enum peer_kind kinds[] = {PEER_NAME, PEER_CONTROLLER, PEER_MODEL,
		PEER_ANY};
	json_t *root, *r;

	(void)state;
	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		source.rule_count = source.hit_count = 0;
		for (unsigned i = 0; i < LIMIT_RULES; i++) {
			long_names(add_rule(kinds[k], ""), i, '"');
			add_hits(&rules[i], i);
		}
		drops.packets[0][0] = drops.packets[1][1] = UINT64_MAX;
		r = report(&root);
		/* the most used are told before all others */
		assert_int_equal(json_array_size(json_object_get(r, "drop-counts")), 2);
		if (kinds[k] == PEER_ANY)
			assert_string_equal(
				text(entry(r, "match-counts", 0), "packet-count"),
				"2047");
		assert_true(strlen(out) > LIMIT_REPORT_BYTES - 8192);
		json_decref(root);
	}
}

static void what_makers_write_stays_text(void **state)
{
	struct rule *r = add_rule(PEER_ANY, "");
	json_t *root, *o;

	(void)state;
	str_copy(r->acl, sizeof(r->acl), "a\"},{\"x\":1");
	str_copy(r->ace, sizeof(r->ace), "k\xc3\xbc" "che\xe2\x80\xae");
	add_hits(r, 1);
	o = report(&root);
	assert_string_equal(text(entry(o, "match-counts", 0), "ace-name"),
		"a\"},{\"x\":1/k\xc3\xbc" "che\xe2\x80\xae");
	assert_non_null(strstr(out, "\\u202e")); /* no terminal turns round */
	json_decref(root);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		T(classes_are_counted),
		T(names_have_public_addresses_alone),
		T(a_name_with_inside_addresses_has_none),
		T(counts_are_text_of_64_bits),
		T(reasons),
		T(nothing_else_leaves),
		T(a_report_is_bounded),
		T(what_makers_write_stays_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
