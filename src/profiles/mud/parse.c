// SPDX-License-Identifier: GPL-2.0-or-later
/* parse - a MUD file (RFC 8520) from its root: the mud container, the access lists of
 * RFC 8519, and the policies that put the lists in order. */
#include <errno.h>
#include <string.h>
#include "profiles/mud/mud_priv.h"

#define ACLS_MAX 256       /* lists in one file; known files have at most 6 */
#define CACHE_DEFAULT_H 48 /* RFC 8520 3.5 */
#define CACHE_MAX_H 168
#define EXTENSION_MAX_CHARS 40 /* RFC 8520 3.9 */

enum {
	MUD_VERSION,
	MUD_URL,
	LAST_UPDATE,
	SIGNATURE,
	CACHE,
	SUPPORTED,
	SYSTEMINFO,
	MFG,
	MODEL,
	FIRMWARE,
	SOFTWARE,
	DOCUMENTATION,
	EXTENSIONS,
	FROM,
	TO,
	MUD_SLOTS
};

static const char *const mud_names[] = {"mud-version", "mud-url", "last-update",
	"mud-signature", "cache-validity", "is-supported", "systeminfo", "mfg-name",
	"model-name", "firmware-rev", "software-rev", "documentation", "extensions",
	"from-device-policy", "to-device-policy", NULL};

static void missing(struct mud_reader *r, const struct mud_at *at, const char *clause)
{
	mud_note(r, NOTE_ERROR, at,
		"%s is missing, and mandatory (RFC 8520 section %s)", at->key, clause);
}

static void read_version(struct mud_reader *r, const struct mud_at *at)
{
	uint32_t v;

	if (!at->value) {
		missing(r, at, "3.1");
		return;
	}
	if (!mud_uint(r, at, 0, 255, &v) || v != 1)
		mud_note(r, NOTE_ERROR, at,
			"mud-version must be 1: this reader knows no other (RFC 8520 "
			"section 3.1)");
}

static void read_url(struct mud_reader *r, const struct mud_at *at)
{
	char why[LIMIT_TEXT];
	const char *text;

	if (!at->value) {
		missing(r, at, "3.2");
		return;
	}
	if (!json_is_string(at->value)) {
		mud_note(r, NOTE_ERROR, at, "must be a string (RFC 8520 section 3.2)");
		return;
	}
	text = json_string_value(at->value);
	if (mud_url_check(text, MUD_URL_LITERALS, why))
		mud_note(r, NOTE_ERROR, at, "%s", why);
	else
		str_copy(r->profile->url, sizeof r->profile->url, text);
}

static void read_update(struct mud_reader *r, const struct mud_at *at)
{
	if (!at->value)
		mud_note_mend(r, at,
			"last-update is missing, and mandatory (RFC 8520 section 3.4)",
			"read as unknown");
	else
		mud_time(r, at, &r->profile->last_update);
}

static void read_signature(struct mud_reader *r, const struct mud_at *at)
{
	char why[LIMIT_TEXT], url[LIMIT_URL];
	struct profile *p = r->profile;

	if (!at->value)
		return;
	p->signature = SIGNATURE_UNCHECKED;
	const char *text = json_string_value(at->value);
	if (!text)
		mud_note(r, NOTE_ERROR, at, "must be a string (RFC 8520 section 2.1)");
	else if (!p->url[0])
		return; /* the missing URL is already an error */
	else if (mud_url_signature(p->url, text, MUD_URL_LITERALS, url, why))
		mud_note(r, NOTE_ERROR, at, "%s", why);
	else
		str_copy(p->signature_url, sizeof p->signature_url, url);
}

static void read_cache(struct mud_reader *r, const struct mud_at *at)
{
	uint32_t v = CACHE_DEFAULT_H;

	if (mud_uint(r, at, 0, UINT32_MAX, &v) && (v < 1 || v > CACHE_MAX_H)) {
		mud_note_mend(r, at,
			"cache-validity must be 1 to 168 hours (RFC 8520 section 3.5)",
			v ? "read as 168" : "read as 1");
		v = v ? CACHE_MAX_H : 1;
	}
	r->profile->cache_validity_h = (uint16_t)v;
}

static void read_supported(struct mud_reader *r, const struct mud_at *at)
{
	r->profile->is_supported = true;
	if (!at->value)
		mud_note_mend(r, at,
			"is-supported is missing, and mandatory (RFC 8520 section 3.6)",
			"read as true");
	else
		mud_bool(r, at, &r->profile->is_supported);
}

/* Text for people; cut where it does not fit. */
static void read_text(
	struct mud_reader *r, const struct mud_at *at, char *dst, size_t size)
{
	const char *text;

	if (mud_string(r, at, &text) && !mud_copy(dst, size, text))
		mud_note(r, NOTE_WARNING, at,
			"longer than %zu bytes, shown cut (RFC 8520 section 3.7)",
			size - 1);
}

static void read_documentation(struct mud_reader *r, const struct mud_at *at)
{
	struct profile *p = r->profile;
	const char *uri;

	if (mud_uri(r, at, &uri) &&
		!str_copy(p->documentation, sizeof p->documentation, uri)) {
		p->documentation[0] = 0; /* half a link leads somewhere else */
		mud_note(r, NOTE_WARNING, at, "longer than %d bytes, not shown",
			LIMIT_URL - 1);
	}
}

static void read_extensions(struct mud_reader *r, const struct mud_at *at)
{
	struct mud_at item;
	const char *text;

	if (!mud_array(r, at))
		return;
	for (struct mud_iter it = mud_iter_start(r, at);
		mud_iter_next(r, at, &it, &item);)
		if (mud_string(r, &item, &text) &&
			(!*text || strlen(text) > EXTENSION_MAX_CHARS))
			mud_note_mend(r, &item,
				"the name of an extension has 1 to 40 characters (RFC "
				"8520 "
				"section 3.9)",
				"ignored");
}

static void read_header(struct mud_reader *r, const struct mud_at *slots)
{
	struct profile *p = r->profile;
	const char *text;

	read_version(r, &slots[MUD_VERSION]);
	read_url(r, &slots[MUD_URL]);
	read_update(r, &slots[LAST_UPDATE]);
	read_signature(r, &slots[SIGNATURE]);
	read_cache(r, &slots[CACHE]);
	read_supported(r, &slots[SUPPORTED]);
	read_text(r, &slots[SYSTEMINFO], p->systeminfo, sizeof p->systeminfo);
	read_text(r, &slots[MFG], p->mfg_name, sizeof p->mfg_name);
	read_text(r, &slots[MODEL], p->model_name, sizeof p->model_name);
	mud_string(r, &slots[FIRMWARE], &text);
	mud_string(r, &slots[SOFTWARE], &text);
	read_documentation(r, &slots[DOCUMENTATION]);
	read_extensions(r, &slots[EXTENSIONS]);
}

/* What the file says about itself, and its policies, which may be absent; false when
 * there is no container to read. */
static bool read_mud(struct mud_reader *r, const struct mud_at *at,
	struct mud_at ret_policies[DIRECTION_MAX])
{
	struct mud_at slots[MUD_SLOTS];
	bool unknown;

	if (!at->value) {
		missing(r, at, "3");
		return false;
	}
	if (!mud_members(r, at, mud_names, slots, &unknown))
		return false;
	read_header(r, slots);
	ret_policies[DIRECTION_FROM_DEVICE] = slots[FROM];
	ret_policies[DIRECTION_TO_DEVICE] = slots[TO];
	return true;
}

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
	unsigned int kinds = MUD_ACL_ALL; /* the leaf is not mandatory */
	char shown[MUD_SHOW_MAX];
	const char *text;

	if (!mud_string(r, at, &text) || acl_kinds(text, &kinds))
		return kinds;
	if (!strcmp(text, "ethernet-acl-type")) {
		mud_note_mend(r, at,
			"the type is spelt \"eth-acl-type\" (RFC 8519 section 4.1)",
			"read as that");
		return MUD_ACL_ETH;
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
	if (!acl->name)
		return false;
	acl->kinds = read_type(r, &acl->slots[1]);
	r->file_kinds |= acl->kinds;
	if (find_acl(l, acl->name)) {
		mud_note_mend(r, &acl->slots[0],
			"another list has this name (RFC 8519 section 4.1)",
			"the first one counts");
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
		acls = drafts;
	}
	if (!descend(r, acls, "acl", list) || !mud_array(r, list))
		return 0;
	return read_lists(r, list, l);
}

static bool name_is_new(const struct mud_acl *acl, const json_t *ace, size_t index)
{
	const char *name = json_string_value(json_object_get(ace, "name"));

	for (size_t i = 0; name && i < index; i++) {
		const char *other = json_string_value(
			json_object_get(json_array_get(acl->aces.value, i), "name"));
		if (other && !strcmp(name, other))
			return false;
	}
	return true;
}

static void read_aces(struct mud_reader *r, struct mud_acl *acl, enum direction d)
{
	struct mud_at ace;

	acl->used = true;
	if (!acl->aces.value)
		return;
	r->in_ace = true;
	for (struct mud_iter it = mud_iter_start(r, &acl->aces);
		!r->error && mud_iter_next(r, &acl->aces, &it, &ace);) {
		if (!name_is_new(acl, ace.value, ace.index))
			mud_note_mend(r, &ace,
				"another entry of the list has this name (RFC 8519 "
				"section 4.1)",
				"both are kept");
		mud_ace_read(r, &ace, acl, d);
	}
	r->in_ace = false;
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
	if (!name)
		return;
	struct mud_acl *acl = find_acl(l, name);
	if (!acl) {
		(void)str_print(wrong, sizeof wrong,
			"no list is named \"%s\" (RFC 8520 section 3.3)",
			mud_show_text(name, shown));
		mud_note_mend(r, &name_at, wrong, "ignored");
	} else if (seen[acl - l->acls]) {
		mud_note_mend(r, &name_at,
			"this policy names the list twice (RFC 8520 section 3.3)",
			"read once");
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
	return r->profile->rules ? 0 : -ENOMEM;
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

	if (!mud_members(r, &root, names, slots, &unknown))
		return 0;
	if (!read_mud(r, &slots[ROOT_MUD], policies))
		return 0;
	int error = read_acls(r, &slots[ROOT_ACLS], &slots[ROOT_DRAFT], &list, &l);
	if (!error)
		error = rules_room(r);
	if (error)
		return error;
	for (int d = 0; d < DIRECTION_MAX; d++)
		read_policy(r, &policies[d], &l, (enum direction)d);
	read_unused(r, &l);
	return r->error;
}

int mud_parse(const void *bytes, size_t len, enum mud_mode mode, struct pool *pool,
	struct profile *ret_profile)
{
	struct profile p = {
		.cache_validity_h = CACHE_DEFAULT_H, .layer = LAYER_MANUFACTURER};
	struct mud_reader r = {.mode = mode,
		.pool = pool,
		.profile = &p,
		.text = {.bytes = bytes, .len = len}};

	int error = mud_note_init(&r);
	if (error)
		goto out;
	error = mud_text_load(&r);
	if (!error)
		error = read_root(&r);
	/* a root that is no object is noted as bad, which import forgives elsewhere */
	if (!error && !p.url[0] && !r.failed)
		mud_note_line(
			&r, NOTE_ERROR, 1, 1, "no MUD file: ietf-mud:mud is missing");
	if (!error && r.failed)
		error = CARDEA_EMALFORMED;
	if (!error && !p.rule_count)
		mud_note_line(&r, NOTE_WARNING, 1, 1,
			"the file allows nothing beyond what every device may do (RFC "
			"8520 "
			"section 5)");
out:
	if (error) {
		p.rules = NULL;
		p.rule_count = 0;
	}
	mud_note_sort(&r);
	mud_text_free(&r.text);
	*ret_profile = p;
	return error;
}
