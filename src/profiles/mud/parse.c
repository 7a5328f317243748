// SPDX-License-Identifier: GPL-2.0-or-later
/* parse - a MUD file (RFC 8520) from its root: the mud container, the access lists of
 * RFC 8519, and the policies that put the lists in order. */
#include <errno.h>
#include <string.h>
#include "profiles/mud/mud_priv.h"

#define ACLS_MAX 256       /* lists in one file; known files have at most 6 */

struct lists {
	struct mud_acl *acls;
	uint32_t count;
};

static bool acl_kinds(const char *text, unsigned int *ret)
{
	static const struct {
		const char *name;
		unsigned int kinds;
	} types[] = {
		{"ipv4-acl-type", MUD_ACL_IPV4},
		{"ipv6-acl-type", MUD_ACL_IPV6},
		{"eth-acl-type", MUD_ACL_ETH},
		{"mixed-eth-ipv4-acl-type", MUD_ACL_ETH | MUD_ACL_IPV4},
		{"mixed-eth-ipv6-acl-type", MUD_ACL_ETH | MUD_ACL_IPV6},
		{"mixed-eth-ipv4-ipv6-acl-type", MUD_ACL_ALL},
	};
	static const char module[] = "ietf-access-control-list:";

	if (!strncmp(text, module, strlen(module)))
		text += strlen(module);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (!strcmp(text, types[i].name)) {
			*ret = types[i].kinds;
			return true;
		}
	return false;
}

static unsigned int read_type(struct mud_reader *r, const struct mud_at *at)
{
	static const char *const wild[][2] = {
		{"ethernet-acl-type", "eth-acl-type"},
		{"eth", "eth-acl-type"},
		{"ipv4", "ipv4-acl-type"},
		{"ipv6", "ipv6-acl-type"},
	};
	unsigned int kinds = 0; /* the leaf is not mandatory, but allows nothing then */
	char shown[MUD_SHOW_MAX], wrong[LIMIT_TEXT];
	const char *text;

	if (!mud_string(r, at, &text) || acl_kinds(text, &kinds))
		return kinds;
	for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
		if (strcmp(text, wild[i][0]) != 0 || !acl_kinds(wild[i][1], &kinds))
			continue;
		(void)str_print(wrong, sizeof wrong,
			"the type is spelt \"%s\" (RFC 8519 section 4.1)", wild[i][1]);
		mud_note_mend(r, at, wrong, "read as that");
		mud_edit_string(r, at, wild[i][1]);
		return kinds;
	}
	mud_note_bad(r, at,
		"\"%s\" is no type of list: ipv4-acl-type, ipv6-acl-type, eth-acl-type "
		"or "
		"a mixed one (RFC 8519 section 4.1)",
		mud_show_text(text, shown));
	return kinds;
}

static struct mud_acl *find_acl(const struct lists *l, const char *name)
{
	for (uint32_t i = 0; i < l->count; i++)
		if (!strcmp(l->acls[i].name, name))
			return &l->acls[i];
	return NULL;
}

/* One step down a path of containers that hold one thing each. */
static bool descend(struct mud_reader *r, const struct mud_at *at, const char *name,
	struct mud_at *ret_at)
{
	const char *const names[] = {name, NULL};
	bool unknown;

	return at->value && mud_members(r, at, names, ret_at, &unknown) &&
	       ret_at->value;
}

/* One item of the acl list; false when it cannot be a list of entries. */
static bool read_acl(struct mud_reader *r, const struct lists *l, struct mud_acl *acl)
{
	static const char *const names[] = {"name", "type", "aces", NULL};
	bool unknown;

	if (!mud_members(r, &acl->item, names, acl->slots, &unknown))
		return false;
	acl->name = mud_key(r, &acl->slots[0], NULL);
	if (!acl->name) {
		mud_edit_remove(r, &acl->item);
		return false;
	}
	acl->kinds = read_type(r, &acl->slots[1]);
	r->file_kinds |= acl->kinds;
	if (find_acl(l, acl->name)) {
		mud_note_mend(r, &acl->slots[0],
			"another list has this name (RFC 8519 section 4.1)",
			"the first one counts");
		mud_edit_remove(r, &acl->item);
		return false;
	}
	if (descend(r, &acl->slots[2], "ace", &acl->aces) && !mud_array(r, &acl->aces))
		acl->aces.value = NULL;
	return true;
}

/* Limits hold before the first entry is read. */
static int count_aces(struct mud_reader *r, const struct mud_acl *acl)
{
	if (!acl->aces.value)
		return 0;
	r->ace_count += (uint32_t)json_array_size(acl->aces.value);
	if (r->ace_count <= LIMIT_MUD_ACES)
		return 0;
	mud_note(r, NOTE_ERROR, &acl->aces,
		"more than %d entries in all lists; the biggest known file has 201",
		LIMIT_MUD_ACES);
	return CARDEA_ELIMIT;
}

static int read_lists(struct mud_reader *r, const struct mud_at *list, struct lists *l)
{
	struct mud_at item;

	size_t n = json_array_size(list->value);
	if (n > ACLS_MAX) {
		mud_note(r, NOTE_ERROR, list, "more than %d access lists", ACLS_MAX);
		return CARDEA_ELIMIT;
	}
	l->acls = pool_take(r->pool, n * sizeof *l->acls);
	if (!l->acls)
		return -ENOMEM;
	for (struct mud_iter it = mud_iter_start(r, list);
		mud_iter_next(r, list, &it, &item);) {
		struct mud_acl *acl = &l->acls[l->count];
		*acl = (struct mud_acl){.item = item};
		if (!read_acl(r, l, acl))
			continue;
		l->count++;
		int error = count_aces(r, acl);
		if (error)
			return error;
	}
	return 0;
}

/* The root has two names for the lists: the one of RFC 8519 and the one of its drafts,
 * which the best known collection of files still uses. */
static int read_acls(struct mud_reader *r, struct mud_at *acls, struct mud_at *drafts,
	struct mud_at *list, struct lists *l)
{
	if (!acls->value && drafts->value) {
		mud_note_mend(r, drafts,
			"this node is spelt \"ietf-access-control-list:acls\" (RFC "
			"8519 "
			"section 4.1)",
			"read as that");
		mud_edit_key(r, drafts, acls->key);
		acls = drafts;
	} else if (drafts->value) {
		mud_note_mend(r, drafts,
			"the drafts' spelling of \"ietf-access-control-list:acls\", "
			"which is there, too (RFC 8519 section 4.1)",
			"ignored");
		mud_edit_remove(r, drafts);
	}
	if (!descend(r, acls, "acl", list) || !mud_array(r, list))
		return 0;
	return read_lists(r, list, l);
}

/* An entry before end has this name. */
static bool name_is_taken(const struct mud_acl *acl, const char *name, size_t end)
{
	for (size_t i = 0; i < end; i++) {
		const char *other = json_string_value(
			json_object_get(json_array_get(acl->aces.value, i), "name"));
		if (other && !strcmp(name, other))
			return true;
	}
	return false;
}

/* A key that no other entry has, from the place of this one. */
static void rename_ace(
	struct mud_reader *r, const struct mud_acl *acl, const struct mud_at *ace)
{
	const char *name = json_string_value(json_object_get(ace->value, "name"));
	struct mud_at at = {.up = ace, .key = "name"};
	char fresh[LIMIT_LABEL], base[LIMIT_LABEL / 2];

	mud_copy(base, sizeof base, name && *name ? name : "entry");
	for (size_t n = ace->index + 1;; n += json_array_size(acl->aces.value)) {
		(void)str_print(fresh, sizeof fresh, "%s-%zu", base, n);
		if (!name_is_taken(acl, fresh, json_array_size(acl->aces.value)))
			break;
	}
	if (!name)
		mud_edit_add_string(r, ace, "name", fresh);
	else if (mud_member(r, ace, "name", &at))
		mud_edit_string(r, &at, fresh);
}

static void check_name(
	struct mud_reader *r, const struct mud_acl *acl, const struct mud_at *ace)
{
	const json_t *at = json_object_get(ace->value, "name");
	const char *name = json_string_value(at);

	if (name && name_is_taken(acl, name, ace->index))
		mud_note_mend(r, ace,
			"another entry of the list has this name (RFC 8519 "
			"section 4.1)",
			"both are kept");
	else if (at || !json_is_object(ace->value))
		return;
	rename_ace(r, acl, ace);
}

/* The types by the matches that they allow. */
static const char *type_of_kinds(unsigned int kinds)
{
	static const char *const names[MUD_ACL_ALL + 1] = {
		[MUD_ACL_ETH] = "eth-acl-type",
		[MUD_ACL_IPV4] = "ipv4-acl-type",
		[MUD_ACL_IPV6] = "ipv6-acl-type",
		[MUD_ACL_ETH | MUD_ACL_IPV4] = "mixed-eth-ipv4-acl-type",
		[MUD_ACL_ETH | MUD_ACL_IPV6] = "mixed-eth-ipv6-acl-type",
		[MUD_ACL_IPV4 | MUD_ACL_IPV6] = "mixed-eth-ipv4-ipv6-acl-type",
		[MUD_ACL_ALL] = "mixed-eth-ipv4-ipv6-acl-type",
	};

	return names[kinds & MUD_ACL_ALL];
}

/* Widens the type of a list to what its entries hold. */
static void mend_type(struct mud_reader *r, const struct mud_acl *acl)
{
	const char *name = type_of_kinds(acl->kinds | r->need_kinds);

	if (!r->need_kinds || !name)
		return;
	if (acl->slots[1].value && acl->kinds) {
		mud_edit_string(r, &acl->slots[1], name);
		return;
	}
	mud_edit_add_string(r, &acl->item, "type", name); /* a bad one is removed */
}

static void read_aces(struct mud_reader *r, struct mud_acl *acl, enum direction d)
{
	struct mud_at ace;

	acl->used = true;
	if (!acl->aces.value)
		return;
	r->in_ace = true;
	r->need_kinds = 0;
	for (struct mud_iter it = mud_iter_start(r, &acl->aces);
		!r->error && mud_iter_next(r, &acl->aces, &it, &ace);) {
		check_name(r, acl, &ace);
		mud_ace_read(r, &ace, acl, d);
	}
	r->in_ace = false;
	mend_type(r, acl);
}

/* One access-list of a policy: the list it names, in the policy's order. */
static void read_reference(struct mud_reader *r, const struct mud_at *item,
	const struct lists *l, enum direction d, bool seen[ACLS_MAX])
{
	struct mud_at name_at;
	char shown[MUD_SHOW_MAX], wrong[LIMIT_TEXT];

	if (!descend(r, item, "name", &name_at)) {
		mud_note_bad(r, item,
			"an access-list needs the name of a list (RFC 8520 section "
			"3.3)");
		return;
	}
	const char *name = mud_key(r, &name_at, NULL);
	if (!name) {
		mud_edit_remove(r, item);
		return;
	}
	struct mud_acl *acl = find_acl(l, name);
	if (!acl) {
		(void)str_print(wrong, sizeof wrong,
			"no list is named \"%s\" (RFC 8520 section 3.3)",
			mud_show_text(name, shown));
		mud_note_mend(r, &name_at, wrong, "ignored");
		mud_edit_remove(r, item);
	} else if (seen[acl - l->acls]) {
		mud_note_mend(r, &name_at,
			"this policy names the list twice (RFC 8520 section 3.3)",
			"read once");
		mud_edit_remove(r, item);
	} else {
		seen[acl - l->acls] = true;
		read_aces(r, acl, d);
	}
}

static void read_policy(struct mud_reader *r, const struct mud_at *at,
	const struct lists *l, enum direction d)
{
	struct mud_at lists_at, list, item;
	bool seen[ACLS_MAX] = {false};

	if (!descend(r, at, "access-lists", &lists_at) ||
		!descend(r, &lists_at, "access-list", &list) || !mud_array(r, &list))
		return;
	for (struct mud_iter it = mud_iter_start(r, &list);
		!r->error && mud_iter_next(r, &list, &it, &item);)
		read_reference(r, &item, l, d, seen);
}

/* Lists that no policy names are checked, but grant nothing. */
static void read_unused(struct mud_reader *r, const struct lists *l)
{
	r->discard = true;
	for (uint32_t i = 0; i < l->count && !r->error; i++) {
		if (l->acls[i].used)
			continue;
		mud_note(r, NOTE_WARNING, &l->acls[i].item,
			"no policy names this list, so it grants nothing (RFC 8520 "
			"section 3.3)");
		read_aces(r, &l->acls[i], DIRECTION_FROM_DEVICE);
	}
	r->discard = false;
}

/* Each list may serve both directions, each entry make four rules. */
#define RULES_PER_ACE 8u

static int rules_room(struct mud_reader *r)
{
	uint32_t n = r->ace_count * RULES_PER_ACE;

	if (n > LIMIT_RULES)
		n = LIMIT_RULES;
	r->profile->rules = pool_take(r->pool, n * sizeof(struct rule));
	r->marks = pool_take(r->pool, n);
	return r->profile->rules && r->marks ? 0 : -ENOMEM;
}

/* What the file says it uses must be known before its nodes are met. */
static void find_extensions(struct mud_reader *r, const struct mud_at *root)
{
	r->mud = r->extensions = (struct mud_at){.up = root};
	if (json_is_object(root->value) &&
		mud_member(r, root, "ietf-mud:mud", &r->mud) &&
		json_is_object(r->mud.value))
		mud_member(r, &r->mud, "extensions", &r->extensions);
}

static int read_root(struct mud_reader *r)
{
	enum { ROOT_MUD, ROOT_ACLS, ROOT_DRAFT, ROOT_SLOTS };
	static const char *const names[] = {"ietf-mud:mud",
		"ietf-access-control-list:acls",
		"ietf-access-control-list:access-lists", NULL};
	struct mud_at root = {.value = r->text.root, .spot = 1};
	struct mud_at slots[ROOT_SLOTS], policies[DIRECTION_MAX], list;
	struct lists l = {0};
	bool unknown;

	find_extensions(r, &root);
	if (!mud_members(r, &root, names, slots, &unknown))
		return 0;
	if (!mud_header_read(r, &slots[ROOT_MUD], policies))
		return 0;
	int error = read_acls(r, &slots[ROOT_ACLS], &slots[ROOT_DRAFT], &list, &l);
	if (!error)
		error = rules_room(r);
	if (error)
		return error;
	for (int d = 0; d < DIRECTION_MAX; d++)
		read_policy(r, &policies[d], &l, (enum direction)d);
	read_unused(r, &l);
	mud_limit_check(r);
	mud_quarantine_check(r);
	return r->error;
}

static int read_file(struct mud_reader *r)
{
	int error = mud_text_load(r);

	if (!error && r->repair)
		error = mud_edit_init(r);
	if (!error)
		error = read_root(r);
	/* a root that is no object is noted as bad, which import forgives elsewhere */
	if (!error && !r->profile->url[0] && !r->failed)
		mud_note_line(r, NOTE_ERROR, 1, 1,
			"no MUD file: ietf-mud:mud is missing (RFC 8520 section 3)");
	if (!error && r->error)
		error = r->error;
	if (!error && r->failed)
		error = CARDEA_EMALFORMED;
	return error;
}

/* Of a file that is not usable nothing but the findings is told. */
static void forget(struct profile *p)
{
	p->rules = NULL;
	p->tls = NULL;
	p->limits = NULL;
	p->links = NULL;
	p->rule_count = 0;
	p->tls_count = p->limit_count = p->link_count = 0;
	p->has_quarantine = p->tls_supported = false;
}

int mud_read(struct mud_reader *r, struct profile *ret_profile)
{
	struct profile p = {
		.cache_validity_h = MUD_CACHE_DEFAULT_H, .layer = LAYER_MANUFACTURER};

	r->profile = &p;
	int error = mud_note_init(r);
	if (!error)
		error = read_file(r);
	if (!error && !p.rule_count)
		mud_note_line(r, NOTE_WARNING, 1, 1,
			"the file allows nothing beyond what every device may do (RFC "
			"8520 "
			"section 5)");
	if (error)
		forget(&p);
	mud_note_sort(r);
	*ret_profile = p;
	r->profile = NULL;
	return error;
}

int mud_parse(const void *bytes, size_t len, enum mud_mode mode, struct pool *pool,
	struct profile *ret_profile)
{
	struct mud_reader r = {.mode = mode,
		.note_limit = LIMIT_NOTES,
		.pool = pool,
		.text = {.bytes = bytes, .len = len}};

	int error = mud_read(&r, ret_profile);
	mud_text_free(&r.text);
	return error;
}
