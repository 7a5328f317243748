// SPDX-License-Identifier: GPL-2.0-or-later
/* parse_binding - who plays the roles of a template in one home. And: which of the
 * documents a file is. */
#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "profiles/extended/extended_priv.h"
#include "wire/dns_name.h"

#define NETS_MAX 16

static const char *const top_keys[] = {"cardea-binding", "template", "home", "roles",
	"names", "networks", "utc-offset", NULL};
static const char *const party_keys[] = {"mac", "ipv4", "ipv6", "name", NULL};

static bool binding_addrs(struct reader *r, const struct tree *t, uint8_t family,
	struct addr *addrs, uint32_t *count)
{
	const struct tree *item = t->kind == TREE_LIST ? t->child : t;

	for (; item; item = t->kind == TREE_LIST ? item->next : NULL) {
		struct addr a;

		if (item->kind != TREE_SCALAR_TEXT || addr_parse(item->text, &a) ||
			(family && a.family != family)) {
			note_tree(r->notes, NOTE_ERROR, item, "no address%s",
				family == 4 ? " of IPv4" : family == 6 ? " of IPv6" : "");
			return false;
		}
		if (*count == EXTENDED_PARTY_ADDRS) {
			note_tree(r->notes, NOTE_ERROR, item, "more than %u addresses",
				(unsigned)EXTENDED_PARTY_ADDRS);
			return false;
		}
		addrs[(*count)++] = a;
	}
	return true;
}

static bool binding_name(struct reader *r, const struct tree *at, const char *text,
	const char **ret)
{
	struct dns_name name;

	if (dns_name_from_text(text, &name) || dns_name_is_root(&name)) {
		note_tree(r->notes, NOTE_ERROR, at, "no name");
		return false;
	}
	*ret = pool_string(r->pool, name.text, strlen(name.text));
	return *ret != NULL;
}

static bool binding_party(struct reader *r, const struct tree *t, struct extended_party *p)
{
	bool good = parse_only(r, t, "a role", party_keys);

	*p = (struct extended_party){.role = t->key, .line = t->key_line};
	for (const struct tree *c = t->child; good && c; c = c->next) {
		if (strcmp(c->key, "mac") == 0) {
			p->has_mac = c->kind == TREE_SCALAR_TEXT &&
				     mac_parse(c->text, &p->mac) == 0;
			good = p->has_mac;
			if (!good)
				note_tree(r->notes, NOTE_ERROR, c, "no MAC");
		} else if (strcmp(c->key, "name") == 0) {
			good = binding_name(r, c, c->text, &p->name);
		} else {
			good = binding_addrs(r, c, c->key[3] == '4' ? 4 : 6, p->addrs,
				&p->addr_count);
		}
	}
	return good;
}

static bool binding_parties(struct reader *r, const struct tree *t,
	struct extended_binding *b)
{
	bool good = t && parse_is_map(r, t, "roles") && t->count &&
		    t->count <= EXTENDED_ROLES;

	if (!good) {
		note_at(r->notes, NOTE_ERROR, NULL, t ? t->line : 1, 1,
			"a binding has roles, 1 to %u", (unsigned)EXTENDED_ROLES);
		return false;
	}
	b->parties = reader_take(r, t->count * sizeof *b->parties);
	for (const struct tree *c = t->child; b->parties && c; c = c->next)
		good = binding_party(r, c, &b->parties[b->party_count++]) && good;
	return good && b->parties;
}

static bool binding_known(struct reader *r, const struct tree *t, struct extended_binding *b)
{
	bool good = true;

	if (!t)
		return true;
	if (!parse_is_map(r, t, "names"))
		return false;
	b->known = reader_take(r, t->count * sizeof *b->known);
	for (const struct tree *c = t->child; b->known && good && c; c = c->next) {
		struct extended_known *k = &b->known[b->known_count++];

		good = binding_name(r, c, c->key, &k->name) &&
		       binding_addrs(r, c, 0, k->addrs, &k->addr_count);
	}
	return good && b->known;
}

static bool binding_nets(struct reader *r, const struct tree *t, struct extended_binding *b)
{
	if (!t)
		return true;
	const struct tree *item = t->kind == TREE_LIST ? t->child : t;

	b->nets = reader_take(r, NETS_MAX * sizeof *b->nets);
	for (; b->nets && item; item = t->kind == TREE_LIST ? item->next : NULL) {
		if (b->net_count < NETS_MAX && item->kind == TREE_SCALAR_TEXT &&
			prefix_parse(item->text, &b->nets[b->net_count]) == 0) {
			b->net_count++;
			continue;
		}
		note_tree(r->notes, NOTE_ERROR, item, "no network, or more than %u of them",
			(unsigned)NETS_MAX);
		return false;
	}
	return b->nets != NULL;
}

static bool binding_offset(struct reader *r, const struct tree *t,
	struct extended_binding *b)
{
	int64_t n;

	if (!t)
		return true;
	if (t->kind != TREE_SCALAR_TEXT || str_to_i64(t->text, -50400, 50400, &n)) {
		note_tree(r->notes, NOTE_ERROR, t, "utc-offset is a number of seconds");
		return false;
	}
	b->utc_offset = (int32_t)n;
	return true;
}

static bool binding_top(struct reader *r, const struct tree *root,
	struct extended_binding *b)
{
	const struct tree *version = tree_find(root, "cardea-binding");
	const struct tree *name = tree_find(root, "template"), *home = tree_find(root, "home");
	uint64_t n = 0;

	if (!version || !value_number(r, version, UINT16_MAX, &n) || n != EXTENDED_VERSION) {
		note_tree(r->notes, NOTE_ERROR, root, "this is no binding: it does not begin "
						      "with cardea-binding: 1");
		return false;
	}
	if (!parse_only(r, root, "a binding", top_keys))
		return false;
	if (!name) {
		note_tree(r->notes, NOTE_ERROR, root, "template, the name of a device, is "
						      "wanted");
		return false;
	}
	return value_label(r, name, &b->template_name) &&
	       (!home || value_text(r, home, &b->home)) &&
	       binding_parties(r, tree_find(root, "roles"), b) &&
	       binding_known(r, tree_find(root, "names"), b) &&
	       binding_nets(r, tree_find(root, "networks"), b) &&
	       binding_offset(r, tree_find(root, "utc-offset"), b);
}

int extended_parse_binding(const void *bytes, size_t len, struct pool *pool,
	struct extended_binding *ret_binding, struct extended_notes *ret_notes)
{
	struct reader r = {.pool = pool, .notes = ret_notes, .nodes_left = TREE_NODES};
	struct tree *root;

	*ret_binding = (struct extended_binding){0};
	*ret_notes = (struct extended_notes){0};
	if (note_init(ret_notes, pool))
		return -ENOMEM;
	int error = tree_read(bytes, len, NULL, 0, pool, &r.nodes_left, ret_notes, &root);

	if (error)
		return error;
	if (binding_top(&r, root, ret_binding))
		return 0;
	return r.short_of_memory ? -ENOMEM : CARDEA_EMALFORMED;
}

static bool line_is(const char *line, const char *end, const char *key)
{
	size_t len = strlen(key);

	return (size_t)(end - line) >= len && memcmp(line, key, len) == 0;
}

/* The first key without indentation decides; comments and --- may come before it. */
enum extended_document extended_document(const void *bytes, size_t len)
{
	static const struct {
		const char *key;
		enum extended_document document;
	} keys[] = {{"cardea-profile:", DOCUMENT_TEMPLATE},
		{"cardea-binding:", DOCUMENT_BINDING},
		{"device-info:", DOCUMENT_PUBLISHED}, {"patterns:", DOCUMENT_PUBLISHED},
		{"single-policies:", DOCUMENT_PUBLISHED},
		{"individual-policies:", DOCUMENT_PUBLISHED},
		{"interactions:", DOCUMENT_PUBLISHED}};
	const char *p = bytes, *end = p + len;

	while (p < end) {
		const char *line = memchr(p, '\n', (size_t)(end - p));

		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
			if (line_is(p, end, keys[i].key))
				return keys[i].document;
		if (!line)
			break;
		p = line + 1;
	}
	return DOCUMENT_UNKNOWN;
}
