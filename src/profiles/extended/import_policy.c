// SPDX-License-Identifier: GPL-2.0-or-later
/* import_policy - a published policy in our words. What its authors spelt wrong, and
 * their tools dropped without a word, is reported where it stands and read as it was
 * meant when that is plain. */
#include <string.h>
#include "base/str.h"
#include "profiles/extended/import_priv.h"

#define NFT_BURST 5

struct spelling {
	const char *theirs, *ours;
};

static const struct spelling *spelling_find(const struct spelling *list, const char *word)
{
	for (; list->theirs; list++)
		if (strcmp(list->theirs, word) == 0)
			return list;
	return NULL;
}

/* "ssdp.type" and its like: nobody reads the left one. */
static const struct spelling wrong_keys[] = {{"ssdp.type", "method"}, {"dns.type", "qtype"},
	{"mdns.type", "qtype"}, {0}};

static bool import_rename(struct importer *im, struct tree *c, const char *what,
	const char *meant)
{
	char shown[NOTE_NAME];

	str_escape(str_untrusted(c->key), shown, sizeof shown);
	note_key(im->r.notes, NOTE_REPAIR, c, "\"%s\" is not part of %s, and was ignored; "
		"read as \"%s\"", shown, what, meant);
	c->key = meant;
	return true;
}

/* The key is one of the list, or nearly; false after a note when it is none. */
static bool import_key(struct importer *im, struct tree *map, struct tree *c,
	const char *what, const char *const *list)
{
	char full[NOTE_NAME];
	const struct spelling *s = NULL;

	if (schema_word_index(c->key, list) >= 0)
		return true;
	if (str_print(full, sizeof full, "%s.%s", what, c->key) == 0)
		s = spelling_find(wrong_keys, full);
	const char *meant = s ? s->ours : note_nearest(c->key, list);

	if (meant && !tree_find(map, meant))
		return import_rename(im, c, what, meant);
	note_unknown(im->r.notes, NOTE_ERROR, c, what, list);
	return false;
}

static bool import_placeholder(struct importer *im, const struct tree *t)
{
	if (!t->quoted) /* else an include failed, which was said */
		note_key(im->r.notes, NOTE_ERROR, t, "%s has no value, and nothing fills it "
			"in", t->key ? t->key : "an item");
	return false;
}

/* "$.pool.ntp.org" */
static bool import_name(struct importer *im, struct tree *t)
{
	char text[LIMIT_NAME];
	const char *tail = t->text + 1;

	if (t->text[0] != '$')
		return true;
	if (tail[0] != '.')
		note_tree(im->r.notes, NOTE_REPAIR, t, "\"%.80s\" would also be the end of "
			"other names' labels; read as below it", t->text);
	if (str_print(text, sizeof text, "*.%s", tail + (tail[0] == '.')))
		return false;
	t->text = pool_string(im->r.pool, text, strlen(text));
	return t->text != NULL;
}

/* "/gslb?*" and "/gslb?$" */
static bool import_uri(struct importer *im, struct tree *t)
{
	size_t len = strlen(t->text);
	char *text;

	if (t->text[len - 1] != '$')
		return true;
	text = pool_string(im->r.pool, t->text, len);
	if (text)
		text[len - 1] = '*';
	t->text = text;
	return text != NULL;
}

static bool import_literal(struct importer *im, struct tree *t)
{
	struct prefix net;
	struct mac mac;
	const char *role = NULL;

	if (mac_parse(t->text, &mac) == 0 && !mac_is_group(&mac) && !mac_is_zero(&mac))
		role = import_host(im, t, NULL, &mac);
	else if (prefix_parse(t->text, &net) == 0 && net.len == addr_bits(&net.addr) &&
		 (addr_is_private(&net.addr) || addr_is_link_local(&net.addr)))
		role = import_host(im, t, &net.addr, NULL);
	if (role)
		t->text = role;
	return true;
}

static bool import_address(struct importer *im, struct tree *t, enum key_type type)
{
	static const struct spelling ip[] = {{"udp-broadcast", "broadcast"},
		{"all", "all-routers"}, {"default", "unspecified"},
		{"0.0.0.0", "unspecified"}, {"gateway-local", "gateway"},
		{"255.255.255.255", "broadcast"}, {0}};
	static const struct spelling hw[] = {{"default", "zero"},
		{"00:00:00:00:00:00", "zero"}, {"ff:ff:ff:ff:ff:ff", "broadcast"}, {0}};
	const struct spelling *s = spelling_find(type == TYPE_MAC ? hw : ip, t->text);

	if (s && (type == TYPE_MAC || schema_group_find(type, s->ours) >= 0 ||
			 strcmp(s->ours, "gateway") == 0))
		t->text = s->ours;
	else if (strcmp(t->text, "phone") == 0)
		(void)import_role(im, "phone", EXTENDED_ROLE_PHONE, NULL);
	else
		return import_name(im, t) && import_literal(im, t);
	return true;
}

static bool import_item(struct importer *im, struct tree *t, enum extended_key key)
{
	enum key_type type = schema_keys[key].type;

	if (t->kind == TREE_NULL)
		return import_placeholder(im, t);
	if (t->kind != TREE_SCALAR_TEXT)
		return true; /* the reader says what is wrong */
	if (type == TYPE_IPV4 || type == TYPE_IPV6 || type == TYPE_MAC)
		return import_address(im, t, type);
	if (type == TYPE_NAME)
		return import_name(im, t);
	if (key == KEY_HTTP_URI)
		return import_uri(im, t);
	if (key == KEY_IGMP_TYPE && strchr(t->text, ' ')) {
		char *text = pool_string(im->r.pool, t->text, strlen(t->text));

		for (char *p = text; p && *p; p++)
			*p = *p == ' ' ? '-' : *p;
		t->text = text;
		return text != NULL;
	}
	return true;
}

/* "11, 12, 14": records one after the other in one packet; here each of them will do. */
static bool import_commas(struct importer *im, struct tree *t, enum extended_key key)
{
	const char *p = t->text;

	if (schema_keys[key].proto != EXTENDED_TLS || t->kind != TREE_SCALAR_TEXT ||
		!strchr(p, ','))
		return true;
	note_tree(im->r.notes, NOTE_INFO, t, "records one after the other: read as any of "
					     "them");
	t->kind = TREE_LIST;
	while (*p) {
		size_t len = strcspn(p, ", ");
		struct tree *item = reader_take(&im->r, sizeof *item);

		if (!item)
			return false;
		*item = (struct tree){.kind = TREE_SCALAR_TEXT, .line = t->line,
			.column = t->column, .file = t->file,
			.text = pool_string(im->r.pool, p, len)};
		if (!item->text)
			return false;
		tree_append(t, item);
		p += len;
		p += strspn(p, ", ");
	}
	return true;
}

static bool import_value(struct importer *im, struct tree *t, enum extended_key key)
{
	bool good = import_commas(im, t, key);

	if (t->kind != TREE_LIST)
		return good && import_item(im, t, key);
	for (struct tree *c = t->child; good && c; c = c->next)
		good = import_item(im, c, key);
	return good;
}

/* An address and a MAC side by side are of one device. */
static void import_pair(struct importer *im, struct tree *map, const char *hw, const char *ip)
{
	struct tree *a = tree_find(map, hw), *b = tree_find(map, ip);
	struct mac mac;
	struct addr addr;

	if (a && b && mac_parse(a->text, &mac) == 0 && addr_parse(b->text, &addr) == 0 &&
		!mac_is_group(&mac) && !mac_is_zero(&mac))
		(void)import_host(im, b, &addr, &mac);
}

static bool import_proto(struct importer *im, struct tree *t)
{
	const char *names[KEY_MAX + 1];
	int proto = schema_word_index(t->key, schema_protos);
	bool good = true;

	if (t->kind != TREE_MAP)
		return true;
	if (proto == EXTENDED_ARP) {
		import_pair(im, t, "sha", "spa");
		import_pair(im, t, "tha", "tpa");
	}
	schema_key_names((enum extended_proto)proto, names);
	for (struct tree *c = t->child; c; c = c->next) {
		if (!import_key(im, t, c, t->key, names)) {
			good = false;
			continue;
		}
		int key = schema_key_find((enum extended_proto)proto, c->key);

		good = import_value(im, c, (enum extended_key)key) && good;
	}
	return good;
}

static bool import_protocols(struct importer *im, struct tree *t)
{
	bool good = true;

	if (t->kind == TREE_NULL)
		return import_placeholder(im, t);
	for (struct tree *c = t->kind == TREE_MAP ? t->child : NULL; c; c = c->next)
		good = import_key(im, t, c, "protocols", schema_protos) &&
		       import_proto(im, c) && good;
	t->key = "match";
	return good;
}

static void import_split(struct tree *t)
{
	for (struct tree *c = t->kind == TREE_MAP ? t->child : NULL; c; c = c->next) {
		if (strcmp(c->key, "fwd") == 0)
			c->key = "forward";
		else if (strcmp(c->key, "bwd") == 0)
			c->key = "backward";
	}
}

/* "1.5 seconds" */
static void import_duration(struct importer *im, struct tree *t)
{
	static const struct spelling units[] = {{"sec", "s"}, {"secs", "s"},
		{"second", "s"}, {"seconds", "s"}, {"msec", "ms"}, {"msecs", "ms"},
		{"millisecond", "ms"}, {"milliseconds", "ms"}, {"usec", "us"},
		{"usecs", "us"}, {"microsecond", "us"}, {"microseconds", "us"}, {0}};
	const char *space = strchr(t->text, ' ');
	const struct spelling *s = space ? spelling_find(units, space + 1) : NULL;
	char text[64];

	if (s && str_print(text, sizeof text, "%.*s %s", (int)(space - t->text), t->text,
			 s->ours) == 0)
		t->text = pool_string(im->r.pool, text, strlen(text));
	if (!t->text)
		im->r.short_of_memory = true;
}

static bool import_stats(struct importer *im, struct tree *t)
{
	static const char *const keys[] = {"rate", "packet-size", "packet-count", "duration",
		NULL};
	bool good = true;

	for (struct tree *c = t->kind == TREE_MAP ? t->child : NULL; c; c = c->next) {
		good = import_key(im, t, c, "stats", keys) && good;
		if (c->kind == TREE_NULL)
			good = import_placeholder(im, c);
		if (strcmp(c->key, "rate") == 0 && strcmp(c->text, "0") == 0)
			c->text = "unlimited";
		import_split(c);
		if (strcmp(c->key, "duration") != 0)
			continue;
		import_duration(im, c);
		for (struct tree *d = c->child; d; d = d->next)
			import_duration(im, d);
	}
	return good;
}

/* "MIN HOUR DAY" of a duration. */
static bool import_window(struct importer *im, struct tree *t)
{
	struct tree *len = tree_find(t, "duration");
	int64_t total = 0;
	static const int64_t scale[] = {60, 3600, 86400};
	const char *p = len ? len->text : "";
	char text[32];

	t->key = "activity";
	if (!len || !strchr(p, ' '))
		return true;
	for (unsigned i = 0; i < 3 && *p; i++) {
		size_t n = strcspn(p, " ");
		int64_t v = 0;

		if (!str_copy_bytes(text, sizeof text, p, n) ||
			(strcmp(text, "*") != 0 && str_to_i64(text, 0, 1000000, &v)))
			return true; /* the reader says that it is no time */
		total += v * scale[i];
		p += n;
		p += strspn(p, " ");
	}
	(void)str_print(text, sizeof text, "%lld s", (long long)total);
	len->text = pool_string(im->r.pool, text, strlen(text));
	return len->text != NULL;
}

static bool import_part(struct importer *im, struct tree *c)
{
	if (strcmp(c->key, "protocols") == 0)
		return import_protocols(im, c);
	if (strcmp(c->key, "stats") == 0)
		return import_stats(im, c);
	if (strcmp(c->key, "activity-period") == 0)
		return import_window(im, c);
	if (strcmp(c->key, "timeout") == 0 && c->kind == TREE_SCALAR_TEXT &&
		(strcmp(c->text, "0") == 0 || strcmp(c->text, "-1") == 0))
		c->text = strcmp(c->text, "0") == 0 ? "3600" : "36500 d";
	return true;
}

/* A limit of nft lets five packets come at once where no burst is said. */
static void import_burst(struct extended_stats *s)
{
	if (s->has_rate && !s->rate_unlimited && !s->burst && s->rate < NFT_BURST)
		s->burst = NFT_BURST;
}

static bool field_is(const struct extended_policy *p, enum extended_key key, uint32_t a,
	uint32_t b)
{
	for (uint32_t i = 0; i < p->match.count; i++)
		if (p->match.fields[i].key == key && p->match.fields[i].count == 1 &&
			(p->match.fields[i].values[0].lo == a ||
				p->match.fields[i].values[0].lo == b))
			return true;
	return false;
}

/* A question that is lost is asked again, and their tools let it pass. An answer comes
 * as often as its question. */
static void import_repeat(struct extended_policy *p)
{
	const struct extended_stats *s = &p->stats;

	if (p->match.protos & 1u << EXTENDED_TCP || s->has_rate || s->packets.is_set ||
		s->duration.is_set)
		return;
	p->repeatable = !field_is(p, KEY_ARP_TYPE, 2, 2) &&
			!field_is(p, KEY_DHCP_TYPE, 2, 5) &&
			!field_is(p, KEY_DNS_RESPONSE, 1, 1) &&
			!field_is(p, KEY_SSDP_RESPONSE, 1, 1);
}

/* Reports of version 3 go to all that is capable of it, whatever the group (RFC 3376
 * 4.2.14): what is said to go to the group itself matches nothing. */
static void import_igmp(struct importer *im, const struct tree *t, struct extended_policy *p)
{
	struct extended_field *dst = NULL;

	for (uint32_t i = 0; i < p->match.count; i++)
		if (p->match.fields[i].key == KEY_IPV4_DST)
			dst = &p->match.fields[i];
	if (!dst || dst->count != 1 || dst->values[0].kind != VALUE_GROUP ||
		dst->values[0].lo == GROUP_IGMPV3 || !field_is(p, KEY_IGMP_VERSION, 3, 3) ||
		!field_is(p, KEY_IGMP_TYPE, 0x16, 0x16))
		return;
	note_at(im->r.notes, NOTE_REPAIR, t->file, dst->line, 1, "reports of IGMP version 3 "
		"go to 224.0.0.22, and none to %s; read as igmpv3",
		schema_group_name((enum extended_group)dst->values[0].lo));
	dst->values[0].lo = GROUP_IGMPV3;
}

/* Where it was said, by the file and line of its key. */
static void import_origin(struct importer *im, const struct tree *t,
	struct extended_policy *p)
{
	p->provenance = (struct extended_provenance){.is_set = true,
		.source = SOURCE_PUBLISHED, .line = p->line,
		.file = t->file ? t->file : im->files[0].path};
}

bool import_policy(struct importer *im, struct tree *t, struct extended_policy *ret)
{
	static const char *const keys[] = {"protocols", "bidirectional", "backward", "stats",
		"initiator", "timeout", "activity-period", NULL};
	static const char *const more[] = {"timeout", NULL};
	bool good = true;

	for (struct tree *c = t->child; c; c = c->next) {
		good = import_key(im, t, c, "a policy", keys) && good;
		if (strcmp(c->key, "backward") == 0) {
			note_key(im->r.notes, NOTE_REPAIR, c, "\"backward\" is the older "
				"word; read as \"bidirectional\"");
			c->key = "bidirectional";
		}
		good = good && import_part(im, c);
	}
	good = good && parse_policy(&im->r, t, more, ret);
	if (good) {
		import_origin(im, t, ret);
		import_burst(&ret->stats);
		import_repeat(ret);
		import_igmp(im, t, ret);
	}
	return good;
}
