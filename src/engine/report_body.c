// SPDX-License-Identifier: GPL-2.0-or-later
/* report_body - the lists of a report, one after the other. */
#include "engine/report_body.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The longest entry: a name, each of its characters escaped, with REPORT_ADDRS_MAX
 * addresses; an ACL and an ACE name are shorter. */
#define ENTRY_MAX (6 * LIMIT_NAME + REPORT_ADDRS_MAX * (ADDR_TEXT_MAX + 3) + 128)
#define TAIL_MAX 1024 /* the drop counts, and all that is closed at the end */
#define DIGITS_MAX 24 /* UINT64_MAX has 20 */

/* RFC 6890: everything but 2000::/3 is for something else than servers of the net. */
static bool is_global6(const struct addr *a)
{
	static const uint8_t six_to_four[] = {0x20, 0x02}; /* RFC 3056: carries IPv4 */
	static const uint8_t teredo[] = {0x20, 0x01, 0, 0}; /* RFC 4380: carries IPv4 */

	return (a->b[0] & 0xe0) == 0x20 &&
	       memcmp(a->b, six_to_four, sizeof(six_to_four)) != 0 &&
	       memcmp(a->b, teredo, sizeof(teredo)) != 0;
}

bool report_addr_may_leave(const struct policy_env *env, const struct addr *a)
{
	if (policy_env_is_local(env, a) || policy_env_is_gateway(env, a))
		return false;
	if (a->family == 6)
		return is_global6(a);
	/* RFC 1122 3.2.1.3: this network; RFC 1112 4: class E and what is above */
	return a->family == 4 && a->b[0] != 0 && a->b[0] < 224 && !addr_is_private(a) &&
	       !addr_is_loopback(a) && !addr_is_link_local(a);
}

bool report_drop_reason(enum verdict_reason r, enum report_drop *ret)
{
	if (r != REASON_DEFAULT_DENY && r != REASON_RULE && r != REASON_TLS)
		return false;
	*ret = r == REASON_DEFAULT_DENY ? REPORT_DROP_NOMATCH : REPORT_DROP_BLOCKED;
	return true;
}

static bool has_room(const struct jsonw *j)
{
	return j->len + ENTRY_MAX + TAIL_MAX < LIMIT_REPORT_BYTES;
}

/* RFC 7951 6.1: numbers of 64 bits are strings. */
static void kv_u64(struct jsonw *j, const char *key, uint64_t v)
{
	char text[DIGITS_MAX];

	(void)str_print(text, sizeof(text), "%" PRIu64, v);
	jsonw_kv_string(j, key, text);
}

/* An earlier rule of the same kind names the same: keys of YANG lists are unique. */
static bool was_before(const struct report_source *s, size_t i)
{
	const struct peer *p = &s->rules[i].peer;

	for (size_t k = 0; k < i; k++)
		if (s->rules[k].peer.kind == p->kind &&
			strcmp(s->rules[k].peer.name, p->name) == 0)
			return true;
	return false;
}

/* The next rule about a peer of this kind that is new; rule_count: none. */
static size_t next_peer(const struct report_source *s, enum peer_kind kind, size_t from)
{
	while (from < s->rule_count &&
		(s->rules[from].peer.kind != kind || was_before(s, from)))
		from++;
	return from;
}

/* ---- classes ---- */

static void write_classes(struct jsonw *j, const struct report_source *s,
	enum peer_kind kind, const char *list, const char *name)
{
	size_t i = next_peer(s, kind, 0);

	if (i == s->rule_count)
		return;
	jsonw_key(j, list);
	jsonw_array(j);
	for (; i < s->rule_count && has_room(j); i = next_peer(s, kind, i + 1)) {
		jsonw_object(j);
		jsonw_kv_untrusted(j, name, s->rules[i].peer.name);
		jsonw_kv_u64(j, "count", s->members(s->ctx, &s->rules[i].peer));
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

/* A class without a name of its own. */
static void write_own_class(struct jsonw *j, const struct report_source *s,
	enum peer_kind kind, const char *leaf)
{
	size_t i = next_peer(s, kind, 0);

	if (i < s->rule_count)
		jsonw_kv_u64(j, leaf, s->members(s->ctx, &s->rules[i].peer));
}

/* ---- names ---- */

static void write_addrs(struct jsonw *j, const struct report_source *s, const char *name)
{
	struct addr all[LIMIT_BINDINGS];
	size_t count = s->addrs(s->ctx, name, all, LIMIT_BINDINGS), told = 0;
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < count && told < REPORT_ADDRS_MAX; i++) {
		if (!report_addr_may_leave(s->env, &all[i]))
			continue;
		if (!told++) {
			jsonw_key(j, "ip-addresses");
			jsonw_array(j);
		}
		jsonw_string(j, addr_format(&all[i], text));
	}
	if (told)
		jsonw_array_end(j);
}

static void write_domains(struct jsonw *j, const struct report_source *s)
{
	size_t i = next_peer(s, PEER_NAME, 0);

	if (i == s->rule_count)
		return;
	jsonw_key(j, "domains");
	jsonw_array(j);
	for (; i < s->rule_count && has_room(j); i = next_peer(s, PEER_NAME, i + 1)) {
		jsonw_object(j);
		jsonw_kv_untrusted(j, "hostname", s->rules[i].peer.name);
		write_addrs(j, s, s->rules[i].peer.name);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

/* ---- counts ---- */

static void write_drops(struct jsonw *j, const struct report_source *s)
{
	static const char *const reasons[] = {[REPORT_DROP_NOMATCH] = "nomatch",
		[REPORT_DROP_BLOCKED] = "connection-block"};
	static const char *const directions[] = {
		[DIRECTION_FROM_DEVICE] = "from-device",
		[DIRECTION_TO_DEVICE] = "to-device"};

	jsonw_key(j, "drop-counts");
	jsonw_array(j);
	for (unsigned r = 0; r < REPORT_DROP_MAX; r++)
		for (unsigned d = 0; d < DIRECTION_MAX; d++) {
			if (!s->drops->packets[r][d])
				continue;
			jsonw_object(j);
			jsonw_kv_string(j, "reason", reasons[r]);
			jsonw_kv_string(j, "direction", directions[d]);
			kv_u64(j, "drop-count", s->drops->packets[r][d]);
			jsonw_object_end(j);
		}
	jsonw_array_end(j);
}

/* What the file itself calls its rules, and nobody else: neither the base layer's nor
 * what a former file had. */
static bool is_of_the_file(const struct report_source *s, const struct rule_hits *h)
{
	for (size_t i = 0; i < s->rule_count && h->ace[0]; i++)
		if (s->rules[i].direction == h->direction &&
			strcmp(s->rules[i].ace, h->ace) == 0 &&
			strcmp(s->rules[i].acl, h->acl) == 0)
			return true;
	return false;
}

static int most_first(const void *a, const void *b)
{
	const struct rule_hits *const *x = a, *const *y = b;
	int name;

	if ((*x)->hits != (*y)->hits)
		return (*x)->hits > (*y)->hits ? -1 : 1;
	name = strcmp((*x)->acl, (*y)->acl);
	return name ? name : strcmp((*x)->ace, (*y)->ace);
}

static void write_match(struct jsonw *j, const struct rule_hits *h)
{
	char name[2 * LIMIT_LABEL];

	(void)str_print(name, sizeof(name), "%s/%s", h->acl, h->ace);
	jsonw_object(j);
	jsonw_kv_untrusted(j, "ace-name", name);
	kv_u64(j, "packet-count", h->hits);
	jsonw_object_end(j);
}

static int write_matches(struct jsonw *j, const struct report_source *s)
{
	const struct rule_hits **all = calloc(s->hit_count + 1, sizeof(*all));
	size_t count = 0;

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < s->hit_count; i++)
		if (is_of_the_file(s, &s->hits[i]))
			all[count++] = &s->hits[i];
	qsort(all, count, sizeof(*all), most_first);
	jsonw_key(j, "match-counts");
	jsonw_array(j);
	for (size_t i = 0; i < count && has_room(j); i++)
		write_match(j, all[i]);
	jsonw_array_end(j);
	free(all);
	return 0;
}

int report_body(const struct report_source *s, struct jsonw *j)
{
	int error;

	jsonw_object(j);
	jsonw_key(j, "ietf-mud-reporter:mud-reporter");
	jsonw_object(j);
	jsonw_kv_untrusted(j, "mudurl", s->mud_url);
	jsonw_key(j, "mud-report");
	jsonw_array(j);
	jsonw_object(j);
	/* the key of the list, 32 bits; the module ties it to no clock, so it is UNIX's */
	jsonw_kv_u64(j, "time", (uint32_t)(s->wall / NS_PER_SEC));
	write_own_class(j, s, PEER_MY_CONTROLLER, "mycontrollers");
	write_classes(j, s, PEER_CONTROLLER, "controllers", "uri");
	write_own_class(j, s, PEER_SAME_MANUFACTURER, "samemanufacturers");
	write_classes(j, s, PEER_MODEL, "models", "uri");
	write_classes(j, s, PEER_MANUFACTURER, "manufacturers", "authority");
	write_domains(j, s);
	write_drops(j, s);
	error = write_matches(j, s);
	jsonw_object_end(j);
	jsonw_array_end(j);
	jsonw_object_end(j);
	jsonw_object_end(j);
	return error ? error : j->error;
}
