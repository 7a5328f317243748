// SPDX-License-Identifier: GPL-2.0-or-later
/* import - profiles of the smart-home-firewall family: their addresses become roles and
 * a home binding, so that what was written for one home can be used in another. */
#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "profiles/extended/import_priv.h"

/* Their machine has one instance, and its first step is open at any time; ours lets
 * several run and forgets the oldest. */
#define IMPORT_INSTANCES 16
#define IMPORT_NAMES 512

static const char *import_role_name(struct importer *im, const char *prefix, const char *text)
{
	char name[64];

	if (str_print(name, sizeof name, "%s%s", prefix, text))
		return NULL;
	for (char *p = name; *p; p++)
		if (*p == '.' || *p == ':')
			*p = '-';
	return pool_string(im->r.pool, name, strlen(name));
}

static struct extended_party *party_find(struct extended_binding *b, const char *role)
{
	for (uint32_t i = 0; i < b->party_count; i++)
		if (strcmp(b->parties[i].role, role) == 0)
			return &b->parties[i];
	return NULL;
}

struct extended_party *import_role(struct importer *im, const char *name,
	enum extended_role_kind kind, const char *type)
{
	struct extended_profile *p = im->r.profile;
	struct extended_binding *b = im->binding;
	struct extended_party *party = party_find(b, name);

	if (party)
		return party;
	if (b->party_count == EXTENDED_ROLES || p->role_count == EXTENDED_ROLES) {
		note_at(im->r.notes, NOTE_ERROR, NULL, 1, 1, "more than %u devices",
			(unsigned)EXTENDED_ROLES);
		return NULL;
	}
	if (role_find(p, name) < 0)
		p->roles[p->role_count++] = (struct extended_role){.name = name,
			.kind = kind, .type = kind == EXTENDED_ROLE_DEVICE ? type : NULL};
	party = &b->parties[b->party_count++];
	*party = (struct extended_party){.role = name};
	return party;
}

static bool party_has(const struct extended_party *p, const struct addr *a)
{
	for (uint32_t i = 0; i < p->addr_count; i++)
		if (addr_equal(&p->addrs[i], a))
			return true;
	return false;
}

static struct extended_party *party_of(struct extended_binding *b, const struct addr *a,
	const struct mac *m)
{
	for (uint32_t i = 0; i < b->party_count; i++) {
		struct extended_party *p = &b->parties[i];

		if ((a && party_has(p, a)) || (m && p->has_mac && mac_equal(&p->mac, m)))
			return p;
	}
	return NULL;
}

const char *import_host(struct importer *im, const struct tree *at, const struct addr *a,
	const struct mac *m)
{
	struct extended_party *p = party_of(im->binding, a, m);
	char text[ADDR_TEXT_MAX];

	if (!p) {
		const char *name = import_role_name(im, "host-",
			a ? addr_format(a, text) : mac_format(m, text));

		p = name ? import_role(im, name, EXTENDED_ROLE_DEVICE, NULL) : NULL;
		if (!p)
			return NULL;
		note_tree(im->r.notes, NOTE_INFO, at, "an address of one home: it became "
			"the role %s", name);
	}
	if (a && !party_has(p, a) && p->addr_count < EXTENDED_PARTY_ADDRS)
		p->addrs[p->addr_count++] = *a;
	if (m && !p->has_mac) {
		p->mac = *m;
		p->has_mac = true;
	}
	return p->role;
}

struct steps {
	struct importer *im;
	const char *of;
	uint32_t count;
	struct extended_node **at; /* where the next one goes */
	struct extended_node *first;
	const char *names[EXTENDED_STEPS];
};

static bool is_policy(const struct tree *t)
{
	if (t->kind != TREE_MAP)
		return false;
	if (tree_find(t, "protocols"))
		return true;
	/* a policy with nothing but its key misspelt, not a group of policies */
	return (tree_find(t, "stats") || tree_find(t, "bidirectional")) &&
	       note_nearest(t->child->key, (const char *const[]){"protocols", NULL});
}

static bool step_has(const struct steps *s, const char *name)
{
	for (uint32_t i = 0; i < s->count; i++)
		if (strcmp(s->names[i], name) == 0)
			return true;
	return false;
}

/* A label that no step has yet: what was included twice comes under two names. */
static const char *step_name(struct steps *s, const struct tree *t)
{
	char name[64];
	unsigned n = 2;

	(void)str_copy(name, sizeof name - 4, t->key);
	for (char *p = name; *p; p++)
		if (!value_is_label((const char[]){*p, '\0'}))
			*p = '-';
	size_t len = strlen(name);

	while (step_has(s, name) && n < EXTENDED_STEPS)
		(void)str_print(name + len, sizeof name - len, "-%u", n++);
	return pool_string(s->im->r.pool, name, strlen(name));
}

static void add_step(struct steps *s, struct tree *t)
{
	struct importer *im = s->im;
	struct extended_policy p;

	if (s->count == EXTENDED_STEPS) {
		note_key(im->r.notes, NOTE_ERROR, t, "more than %u steps",
			(unsigned)EXTENDED_STEPS);
		return;
	}
	if (!import_policy(im, t, &p))
		return;
	struct extended_node *n = reader_take(&im->r, sizeof *n);

	p.name = step_name(s, t);
	if (!n || !p.name)
		return;
	s->names[s->count++] = p.name;
	n->kind = NODE_STEP;
	n->line = p.line;
	n->step = pool_copy(im->r.pool, &p, sizeof p);
	if (!n->step) {
		im->r.short_of_memory = true;
		return;
	}
	*s->at = n;
	s->at = &n->next;
}

static void add_steps(struct steps *s, struct tree *t);

static struct extended_node **find_step(struct extended_node **at, const char *name)
{
	while (*at && ((*at)->kind != NODE_STEP || strcmp((*at)->step->name, name) != 0))
		at = &(*at)->next;
	return at;
}

/* "loop: [a, b]": the steps of those names leave their places. */
static void take_steps(struct steps *s, const struct tree *list, struct extended_node **to)
{
	for (const struct tree *c = list->child; c; c = c->next) {
		struct extended_node **at = find_step(&s->first, c->text), *n = *at;

		if (!n) {
			note_tree(s->im->r.notes, NOTE_ERROR, c, "no step before has this "
								 "name");
			continue;
		}
		*at = n->next;
		if (s->at == &n->next)
			s->at = at;
		n->next = NULL;
		*to = n;
		to = &n->next;
	}
}

static void add_loop(struct steps *s, struct tree *t)
{
	struct extended_node *loop = reader_take(&s->im->r, sizeof *loop);
	struct extended_node *body = reader_take(&s->im->r, sizeof *body);

	if (!loop || !body)
		return;
	*loop = (struct extended_node){.kind = NODE_LOOP, .line = t->key_line, .min = 1,
		.child = body};
	*body = (struct extended_node){.kind = NODE_SEQUENCE, .line = t->key_line};
	if (t->kind == TREE_LIST) {
		take_steps(s, t, &body->child);
	} else {
		struct extended_node **outer = s->at;

		s->at = &body->child;
		add_steps(s, t);
		s->at = outer;
	}
	if (!body->child)
		return;
	*s->at = loop;
	s->at = &loop->next;
}

static void add_one(struct steps *s, struct tree *t)
{
	if (is_policy(t)) {
		add_step(s, t);
	} else if (strcmp(t->key, "loop") == 0) {
		add_loop(s, t);
	} else if (t->kind == TREE_MAP) {
		add_steps(s, t);
	} else if (strcmp(t->key, "next") != 0 && !(t->kind == TREE_NULL && t->quoted)) {
		note_key(s->im->r.notes, NOTE_ERROR, t, "neither a policy nor a group of "
							"policies");
	}
}

static void add_steps(struct steps *s, struct tree *t)
{
	for (struct tree *c = t->child; c; c = c->next)
		add_one(s, c);
}

static bool name_taken(const struct extended_profile *p, const char *name)
{
	for (uint32_t i = 0; i < p->policy_count; i++)
		if (strcmp(p->policies[i].name, name) == 0)
			return true;
	return false;
}

static void add_policy(struct importer *im, const struct extended_policy *policy,
	const char *of)
{
	struct extended_profile *p = im->r.profile;
	char name[64];

	if (p->policy_count == IMPORT_NAMES) {
		note_at(im->r.notes, NOTE_ERROR, NULL, policy->line, 1,
			"more than %u policies", (unsigned)IMPORT_NAMES);
		return;
	}
	struct extended_policy *at = &p->policies[p->policy_count];

	*at = *policy;
	(void)str_copy(name, sizeof name - 4, of ? of : policy->name);
	size_t len = strlen(name);

	for (unsigned n = 2; name_taken(p, name); n++)
		(void)str_print(name + len, sizeof name - len, "-%u", n);
	at->name = pool_string(im->r.pool, name, strlen(name));
	at->timeout = 0; /* of an interaction, which this is not */
	at->repeatable = false;
	p->policy_count += at->name != NULL;
}

static void import_singles(struct importer *im, struct tree *t)
{
	struct steps s = {.im = im};

	im->r.profile->policies = reader_take(&im->r,
		IMPORT_NAMES * sizeof *im->r.profile->policies);
	if (!im->r.profile->policies)
		return;
	for (struct tree *c = t && t->kind == TREE_MAP ? t->child : NULL; c; c = c->next) {
		s.count = 0;
		s.first = NULL;
		s.at = &s.first;
		add_one(&s, c);
		for (const struct extended_node *n = s.first; n; n = n->next)
			if (n->kind == NODE_STEP)
				add_policy(im, n->step, NULL);
	}
}

static void import_interaction(struct importer *im, struct tree *t)
{
	struct extended_profile *p = im->r.profile;
	struct steps s = {.im = im};
	struct extended_interaction *i = &p->interactions[p->interaction_count];

	s.at = &s.first;
	if (is_policy(t))
		add_step(&s, t);
	else if (t->kind == TREE_MAP)
		add_steps(&s, t);
	else
		add_one(&s, t);
	if (!s.first)
		return;
	struct extended_node *body = reader_take(&im->r, sizeof *body);
	char *name = pool_string(im->r.pool, t->key, strnlen(t->key, 60));

	if (!body || !name)
		return;
	for (char *c = name; *c; c++)
		if (!value_is_label((const char[]){*c, '\0'}))
			*c = '-';
	/* one step is in no order: it holds always, as it does for their tools */
	if (s.first->kind == NODE_STEP && !s.first->next) {
		add_policy(im, s.first->step, name);
		return;
	}
	import_meaning(im, &s.first, s.count);
	*body = (struct extended_node){.kind = NODE_SEQUENCE, .line = t->key_line,
		.child = s.first};
	*i = (struct extended_interaction){.name = name, .line = t->key_line,
		.instances = IMPORT_INSTANCES, .replace = true, .nodes = body};
	p->interaction_count++;
}

static struct tree *import_top(struct importer *im, struct tree *root, const char *now,
	const char *before)
{
	struct tree *t = tree_find(root, now), *old = tree_find(root, before);

	if (old)
		note_key(im->r.notes, NOTE_REPAIR, old, "\"%s\" is the older word; read as "
			"\"%s\"", before, now);
	if (t && old)
		note_key(im->r.notes, NOTE_ERROR, old, "and \"%s\" is there, too: this one is "
			"left out", now);
	return t ? t : old;
}

static void import_info(struct importer *im, const struct tree *info)
{
	static const char *const keys[] = {"name", "mac", "ipv4", "ipv6", "network",
		"mud-version", "mud-url", "last-update", "cache-validity", "is-supported",
		NULL};
	struct extended_profile *p = im->r.profile;
	const char *name = NULL;

	for (const struct tree *c = info->child; c; c = c->next) {
		if (schema_word_index(c->key, keys) < 0)
			note_unknown(im->r.notes, NOTE_WARNING, c, "device-info", keys);
		else if (strcmp(c->key, "name") == 0)
			(void)value_label(&im->r, c, &name);
		else if (strcmp(c->key, "network") == 0)
			(void)value_text(&im->r, c, &p->medium);
		else if (strcmp(c->key, "mud-url") == 0)
			(void)value_text(&im->r, c, &p->mud_url);
		else if (strcmp(c->key, "last-update") == 0)
			(void)value_text(&im->r, c, &p->updated);
	}
	p->name = name ? name : "device";
	im->binding->template_name = p->name;
}

static bool import_document(struct importer *im, struct tree *root)
{
	static const char *const keys[] = {"device-info", "patterns", "single-policies",
		"individual-policies", "interactions", "interaction-policies", NULL};
	struct tree *info = tree_find(root, "device-info");

	if (!info || info->kind != TREE_MAP) {
		note_tree(im->r.notes, NOTE_ERROR, root, "this is no published profile: it "
							 "has no device-info");
		return false;
	}
	import_info(im, info);
	for (const struct tree *c = root->child; c; c = c->next)
		if (schema_word_index(c->key, keys) < 0)
			note_unknown(im->r.notes, NOTE_ERROR, c, "a profile", keys);
	struct tree *singles = import_top(im, root, "single-policies", "individual-policies");
	struct tree *order = import_top(im, root, "interactions", "interaction-policies");

	if (singles)
		import_includes(im, &im->files[0], singles, 0);
	if (order)
		import_includes(im, &im->files[0], order, 0);
	import_singles(im, singles);
	im->r.profile->interactions = reader_take(&im->r,
		(order ? order->count : 0) * sizeof *im->r.profile->interactions);
	if (im->r.short_of_memory)
		return false;
	for (struct tree *c = order && order->kind == TREE_MAP ? order->child : NULL; c;
		c = c->next)
		import_interaction(im, c);
	return true;
}

static int import_start(struct importer *im)
{
	struct extended_profile *p = im->r.profile;

	p->role_count = 2;
	p->roles = reader_take(&im->r, EXTENDED_ROLES * sizeof *p->roles);
	im->binding->parties = reader_take(&im->r,
		EXTENDED_ROLES * sizeof *im->binding->parties);
	if (im->r.short_of_memory || note_init(im->r.notes, im->r.pool))
		return -ENOMEM;
	p->roles[EXTENDED_SELF] = (struct extended_role){"self", 0, EXTENDED_ROLE_SELF, NULL, NULL};
	p->roles[EXTENDED_GATEWAY] = (struct extended_role){"gateway", 0, EXTENDED_ROLE_GATEWAY, NULL,
		NULL};
	return 0;
}

static void renumber(void *ctx, struct extended_policy *p,
	const struct extended_interaction *i, const struct extended_permit *permit)
{
	uint32_t *next = ctx;

	(void)i;
	(void)permit;
	p->id = (*next)++;
}

int extended_import(const void *bytes, size_t len, int root_fd, const char *path,
	struct pool *pool, struct extended_profile *ret_profile,
	struct extended_binding *ret_binding, struct extended_notes *ret_notes)
{
	struct importer *im = pool_take(pool, sizeof *im);
	struct import_file *first = NULL;

	if (!im)
		return -ENOMEM;
	*ret_profile = (struct extended_profile){0};
	*ret_binding = (struct extended_binding){0};
	*ret_notes = (struct extended_notes){0};
	im->r = (struct reader){.pool = pool, .notes = ret_notes, .profile = ret_profile,
		.nodes_left = TREE_NODES};
	im->root_fd = root_fd;
	im->binding = ret_binding;
	int error = import_start(im);

	if (error)
		return error;
	bool good = import_file(im, bytes, len, path, &first) &&
		    import_document(im, first->root);

	if (good) {
		(void)import_role(im, "gateway", EXTENDED_ROLE_GATEWAY, NULL);
		ret_profile->id_count = 0;
		each_policy(ret_profile, renumber, &ret_profile->id_count);
	}
	if (im->r.short_of_memory)
		return -ENOMEM;
	return good ? 0 : CARDEA_EMALFORMED;
}
