// SPDX-License-Identifier: GPL-2.0-or-later
/* parse - a template: device, roles, policies, interactions, permits. */
#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "profiles/extended/extended_priv.h"

static const char *const top_keys[] = {"cardea-profile", "device", "roles", "policies",
	"interactions", "permits", NULL};
static const char *const device_keys[] = {"name", "manufacturer", "model", "medium",
	"mud-url", "updated", "description", NULL};
static const char *const role_keys[] = {"kind", "type", "domain", NULL};
static const char *const interaction_keys[] = {"instances", "when-full", "timeout", "steps",
	NULL};
static const char *const permit_keys[] = {"trigger", "effect", "within", NULL};
static const char *const loop_keys[] = {"steps", "min", "max", NULL};

static bool parse_device(struct reader *r, const struct tree *t)
{
	struct extended_profile *p = r->profile;
	const char **places[] = {&p->name, &p->manufacturer, &p->model, &p->medium,
		&p->mud_url, &p->updated, &p->description};
	bool good = parse_only(r, t, "device", device_keys);

	for (const struct tree *c = t->child; good && c; c = c->next) {
		int at = schema_word_index(c->key, device_keys);

		good = at == 0 ? value_label(r, c, places[at]) : value_text(r, c, places[at]);
	}
	if (good && !p->name) {
		note_key(r->notes, NOTE_ERROR, t, "device must have a name");
		good = false;
	}
	return good;
}

static bool parse_role_key(struct reader *r, const struct tree *c, struct extended_role *role)
{
	if (strcmp(c->key, "kind") != 0)
		return c->key[0] == 't' ? value_label(r, c, &role->type)
					: value_text(r, c, &role->domain);
	int kind = c->kind == TREE_SCALAR_TEXT ? schema_word_index(c->text, schema_roles) : -1;
	const char *meant = kind < 0 ? note_nearest(c->text, schema_roles) : NULL;

	if (kind < 0)
		note_tree(r->notes, NOTE_ERROR, c, "no kind of role%s%s%s",
			meant ? "; did you mean \"" : "", meant ? meant : "",
			meant ? "\"?" : "");
	role->kind = kind < 0 ? EXTENDED_ROLE_DEVICE : (enum extended_role_kind)kind;
	return kind >= 0;
}

static bool role_holds(struct reader *r, const struct tree *t, const struct extended_role *role)
{
	const char *wrong = NULL;

	if (!tree_find(t, "kind"))
		wrong = "has no kind";
	else if (role->kind == EXTENDED_ROLE_SELF || role->kind == EXTENDED_ROLE_GATEWAY)
		wrong = "is one that is always there";
	else if ((role->kind == EXTENDED_ROLE_CLOUD) != (role->domain != NULL))
		wrong = "has a domain when its kind is cloud, and only then";
	else if (role->type && role->kind != EXTENDED_ROLE_DEVICE)
		wrong = "has a type only when its kind is device";
	else if (schema_group_find(TYPE_IPV4, role->name) >= 0 ||
		 schema_group_find(TYPE_IPV6, role->name) >= 0 ||
		 schema_group_find(TYPE_MAC, role->name) >= 0 || strchr(role->name, '.'))
		wrong = "has the name of a group, or a dot in it";
	if (wrong)
		note_key(r->notes, NOTE_ERROR, t, "role %s %s", role->name, wrong);
	return !wrong;
}

static bool parse_role(struct reader *r, const struct tree *t)
{
	struct extended_profile *p = r->profile;
	struct extended_role *role = &p->roles[p->role_count];

	*role = (struct extended_role){.line = t->key_line};
	if (!value_is_label(t->key) || role_find(p, t->key) >= 0) {
		note_key(r->notes, NOTE_ERROR, t, "no name for a role, or one that exists");
		return false;
	}
	role->name = t->key;
	bool good = parse_only(r, t, "a role", role_keys);

	for (const struct tree *c = t->child; good && c; c = c->next)
		good = parse_role_key(r, c, role);
	p->role_count++;
	return good && role_holds(r, t, role);
}

static bool parse_roles(struct reader *r, const struct tree *t)
{
	bool good = true;

	if (!t)
		return true;
	if (!parse_is_map(r, t, "roles"))
		return false;
	if (t->count > EXTENDED_ROLES - 2) {
		note_key(r->notes, NOTE_ERROR, t, "more than %u roles", EXTENDED_ROLES - 2);
		return false;
	}
	for (const struct tree *c = t->child; c; c = c->next)
		good = parse_role(r, c) && good;
	return good;
}

/* A map of named things; returns room for count of them. */
static void *parse_named(struct reader *r, const struct tree *t, const char *what,
	size_t size)
{
	if (!parse_is_map(r, t, what))
		return NULL;
	for (const struct tree *c = t->child; c; c = c->next) {
		if (value_is_label(c->key))
			continue;
		note_key(r->notes, NOTE_ERROR, c, "no name: letters, digits, - _ . and at "
						  "most 63 of them");
		return NULL;
	}
	return reader_take(r, t->count * size);
}

static bool parse_policies(struct reader *r, const struct tree *t)
{
	struct extended_profile *p = r->profile;
	bool good = true;

	if (!t)
		return true;
	p->policies = parse_named(r, t, "policies", sizeof *p->policies);
	if (!p->policies)
		return false;
	for (const struct tree *c = t->child; c; c = c->next) {
		struct extended_policy *policy = &p->policies[p->policy_count++];

		good = parse_policy(r, c, NULL, policy) && good;
		policy->name = c->key;
	}
	return good;
}

struct steps {
	uint32_t count;
	const char *names[EXTENDED_STEPS];
};

static bool parse_sequence(struct reader *r, const struct tree *t, struct steps *s,
	struct extended_node **ret);

static struct extended_node *node_new(struct reader *r, const struct tree *t,
	enum extended_node_kind kind)
{
	struct extended_node *n = reader_take(r, sizeof *n);

	if (n) {
		n->kind = kind;
		n->line = t->line;
	}
	return n;
}

static bool parse_step(struct reader *r, const struct tree *t, struct steps *s,
	struct extended_node **ret)
{
	static const char *const more[] = {"name", "optional", "repeatable", "timeout",
		"choice", "loop", NULL};
	struct extended_node *n = node_new(r, t, NODE_STEP);

	if (!n)
		return false;
	n->step = reader_take(r, sizeof *n->step);
	if (!n->step || !parse_policy(r, t, more, n->step))
		return false;
	n->step->line = t->line;
	*ret = n;
	for (uint32_t i = 0; n->step->name && i < s->count; i++) {
		if (strcmp(s->names[i], n->step->name) != 0)
			continue;
		note_tree(r->notes, NOTE_ERROR, t, "two steps of one name");
		return false;
	}
	if (n->step->name && !n->step->deny && s->count < EXTENDED_STEPS) {
		s->names[s->count++] = n->step->name;
		return true;
	}
	note_tree(r->notes, NOTE_ERROR, t, n->step->deny
			? "a step permits; what is denied stands among the policies"
			: n->step->name ? "more than 64 steps" : "a step must have a name");
	return false;
}

static bool parse_choices(struct reader *r, const struct tree *t, struct steps *s,
	struct extended_node **ret)
{
	struct extended_node *n = node_new(r, t, NODE_CHOICE), **at = n ? &n->child : NULL;

	if (!n || t->kind != TREE_LIST || t->count < 2) {
		note_key(r->notes, NOTE_ERROR, t, "choice: a list of two or more lists of "
						  "steps is wanted");
		return false;
	}
	for (const struct tree *c = t->child; c; c = c->next, at = &(*at)->next)
		if (!parse_sequence(r, c, s, at))
			return false;
	*ret = n;
	return true;
}

static bool parse_loop(struct reader *r, const struct tree *t, struct steps *s,
	struct extended_node **ret)
{
	struct extended_node *n = node_new(r, t, NODE_LOOP);
	const struct tree *steps = tree_find(t, "steps"), *min = tree_find(t, "min"),
			  *max = tree_find(t, "max");
	uint64_t lo = 1, hi = 0;

	if (!n || !parse_only(r, t, "a loop", loop_keys))
		return false;
	if (!steps) {
		note_key(r->notes, NOTE_ERROR, t, "a loop must have steps");
		return false;
	}
	if ((min && !value_number(r, min, UINT16_MAX, &lo)) ||
		(max && !value_number(r, max, UINT16_MAX, &hi)))
		return false;
	if (max && (hi == 0 || hi < lo)) {
		note_tree(r->notes, NOTE_ERROR, max, "max must not be 0, nor less than min");
		return false;
	}
	n->min = (uint32_t)lo;
	n->max = (uint32_t)hi;
	*ret = n;
	return parse_sequence(r, steps, s, &n->child);
}

static bool parse_node(struct reader *r, const struct tree *t, struct steps *s,
	struct extended_node **ret)
{
	const char *branch = tree_find(t, "choice") ? "choice"
			     : tree_find(t, "loop") ? "loop"
						    : NULL;
	const char *const keys[] = {branch, NULL};

	if (!branch)
		return parse_step(r, t, s, ret);
	if (!parse_only(r, t, "a branch", keys))
		return false;
	return branch[0] == 'c' ? parse_choices(r, t->child, s, ret)
				: parse_loop(r, t->child, s, ret);
}

static bool parse_sequence(struct reader *r, const struct tree *t, struct steps *s,
	struct extended_node **ret)
{
	struct extended_node *n = node_new(r, t, NODE_SEQUENCE), **at = n ? &n->child : NULL;

	if (!n)
		return false;
	if (t->kind != TREE_LIST || !t->count) {
		note_tree(r->notes, NOTE_ERROR, t, "a list of steps is wanted here");
		return false;
	}
	for (const struct tree *c = t->child; c; c = c->next, at = &(*at)->next)
		if (!parse_node(r, c, s, at))
			return false;
	*ret = n;
	return true;
}

static bool parse_full(struct reader *r, const struct tree *t, bool *ret_replace)
{
	*ret_replace = t->kind == TREE_SCALAR_TEXT && strcmp(t->text, "replace") == 0;
	if (*ret_replace || (t->kind == TREE_SCALAR_TEXT && strcmp(t->text, "refuse") == 0))
		return true;
	note_tree(r->notes, NOTE_ERROR, t, "when-full is refuse or replace");
	return false;
}

static bool parse_interaction(struct reader *r, const struct tree *t,
	struct extended_interaction *i)
{
	const struct tree *full, *timeout, *steps, *count;
	struct steps s = {0};
	uint64_t n = 1;

	*i = (struct extended_interaction){.name = t->key, .line = t->key_line,
		.instances = 1};
	if (!parse_only(r, t, "an interaction", interaction_keys))
		return false;
	full = tree_find(t, "when-full");
	timeout = tree_find(t, "timeout");
	steps = tree_find(t, "steps");
	count = tree_find(t, "instances");
	if ((count && !value_number(r, count, EXTENDED_INSTANCES, &n)) ||
		(timeout && !value_time(r, timeout, &i->timeout)) ||
		(full && !parse_full(r, full, &i->replace)))
		return false;
	i->instances = (uint32_t)n;
	if (!steps || n == 0)
		note_key(r->notes, NOTE_ERROR, t, "an interaction has steps, and at least 1 "
						  "instance");
	if (!steps || n == 0)
		return false;
	return parse_sequence(r, steps, &s, &i->nodes);
}

static bool parse_interactions(struct reader *r, const struct tree *t)
{
	struct extended_profile *p = r->profile;
	bool good = true;

	if (!t)
		return true;
	p->interactions = parse_named(r, t, "interactions", sizeof *p->interactions);
	if (!p->interactions)
		return false;
	for (const struct tree *c = t->child; c; c = c->next)
		good = parse_interaction(r, c, &p->interactions[p->interaction_count++]) &&
		       good;
	return good;
}

static bool parse_permit(struct reader *r, const struct tree *t, struct extended_permit *p)
{
	const struct tree *trigger = tree_find(t, "trigger"), *effect = tree_find(t, "effect"),
			  *within = tree_find(t, "within");

	*p = (struct extended_permit){.name = t->key, .line = t->key_line};
	if (!parse_only(r, t, "a permit", permit_keys))
		return false;
	if (!trigger || !effect || !within) {
		note_key(r->notes, NOTE_ERROR, t, "trigger, effect and within are wanted");
		return false;
	}
	bool good = parse_policy(r, trigger, NULL, &p->trigger);

	p->trigger.name = p->effect.name = p->name;
	good = parse_policy(r, effect, NULL, &p->effect) && good;
	p->trigger.name = p->effect.name = p->name;
	if (good && (p->trigger.deny || p->effect.deny)) {
		note_key(r->notes, NOTE_ERROR, t, "a permit permits; what is denied stands "
						  "among the policies");
		good = false;
	}
	good = value_time(r, within, &p->within) && good;
	if (good && (p->within <= 0 || p->within > 86400 * NS_PER_SEC)) {
		note_tree(r->notes, NOTE_ERROR, within, "within is more than 0 and at most "
							"a day");
		good = false;
	}
	return good;
}

static bool parse_permits(struct reader *r, const struct tree *t)
{
	struct extended_profile *p = r->profile;
	bool good = true;

	if (!t)
		return true;
	p->permits = parse_named(r, t, "permits", sizeof *p->permits);
	if (!p->permits)
		return false;
	for (const struct tree *c = t->child; c; c = c->next)
		good = parse_permit(r, c, &p->permits[p->permit_count++]) && good;
	return good;
}

static bool parse_version(struct reader *r, const struct tree *root)
{
	const struct tree *version = tree_find(root, "cardea-profile");
	uint64_t n = 0;

	if (!version) {
		note_tree(r->notes, NOTE_ERROR, root, "this is no profile: it does not begin "
						      "with cardea-profile: 1");
		return false;
	}
	if (!value_number(r, version, UINT16_MAX, &n))
		return false;
	if (n != EXTENDED_VERSION)
		note_tree(r->notes, NOTE_ERROR, version, "version %u of the format is not "
			"known here, only %u", (unsigned)n, (unsigned)EXTENDED_VERSION);
	return n == EXTENDED_VERSION;
}

static bool names_policy(const struct extended_profile *p, const char *name)
{
	for (uint32_t i = 0; i < p->policy_count; i++)
		if (strcmp(p->policies[i].name, name) == 0)
			return true;
	for (uint32_t i = 0; i < p->interaction_count; i++)
		if (strcmp(p->interactions[i].name, name) == 0)
			return true;
	return false;
}

static void check_fallback(void *ctx, struct extended_policy *p,
	const struct extended_interaction *i, const struct extended_permit *permit)
{
	struct reader *r = ctx;

	(void)i;
	(void)permit;
	if (!p->fallback_of || (names_policy(r->profile, p->fallback_of) &&
		strcmp(p->fallback_of, p->name ? p->name : "") != 0))
		return;
	note_at(r->notes, NOTE_ERROR, NULL, p->line, 1,
		"fallback-of names no other policy or interaction");
}

static bool parse_top(struct reader *r, const struct tree *root)
{
	const struct tree *device = tree_find(root, "device");

	if (!parse_is_map(r, root, "a profile") || !parse_version(r, root) ||
		!parse_only(r, root, "a profile", top_keys))
		return false;
	if (!device) {
		note_tree(r->notes, NOTE_ERROR, root, "device is wanted");
		return false;
	}
	bool good = parse_device(r, device);

	good = parse_roles(r, tree_find(root, "roles")) && good;
	if (!good)
		return false;
	good = parse_policies(r, tree_find(root, "policies"));
	good = parse_interactions(r, tree_find(root, "interactions")) && good;
	good = parse_permits(r, tree_find(root, "permits")) && good;
	r->profile->id_count = r->policies;
	if (good)
		each_policy(r->profile, check_fallback, r);
	return good && !r->notes->errors;
}

static int reader_error(const struct reader *r)
{
	return r->short_of_memory ? -ENOMEM : CARDEA_EMALFORMED;
}

int extended_parse(const void *bytes, size_t len, struct pool *pool,
	struct extended_profile *ret_profile, struct extended_notes *ret_notes)
{
	struct reader r = {.pool = pool, .notes = ret_notes, .profile = ret_profile,
		.nodes_left = TREE_NODES};
	struct tree *root;

	*ret_profile = (struct extended_profile){.role_count = 2};
	*ret_notes = (struct extended_notes){0};
	if (note_init(ret_notes, pool))
		return -ENOMEM;
	ret_profile->roles = reader_take(&r, EXTENDED_ROLES * sizeof *ret_profile->roles);
	if (!ret_profile->roles)
		return -ENOMEM;
	ret_profile->roles[EXTENDED_SELF] = (struct extended_role){"self", 0, EXTENDED_ROLE_SELF,
		NULL, NULL};
	ret_profile->roles[EXTENDED_GATEWAY] = (struct extended_role){"gateway", 0,
		EXTENDED_ROLE_GATEWAY, NULL, NULL};
	int error = tree_read(bytes, len, NULL, 0, pool, &r.nodes_left, ret_notes, &root);

	if (error)
		return error;
	return parse_top(&r, root) ? 0 : reader_error(&r);
}

void each_step(const struct extended_node *n, const struct extended_interaction *i,
	policy_visit visit, void *ctx)
{
	for (; n; n = n->next) {
		if (n->kind == NODE_STEP)
			visit(ctx, n->step, i, NULL);
		else
			each_step(n->child, i, visit, ctx);
	}
}

void each_policy(const struct extended_profile *p, policy_visit visit, void *ctx)
{
	for (uint32_t i = 0; i < p->policy_count; i++)
		visit(ctx, &p->policies[i], NULL, NULL);
	for (uint32_t i = 0; i < p->interaction_count; i++)
		each_step(p->interactions[i].nodes, &p->interactions[i], visit, ctx);
	for (uint32_t i = 0; i < p->permit_count; i++) {
		visit(ctx, &p->permits[i].trigger, NULL, &p->permits[i]);
		visit(ctx, &p->permits[i].effect, NULL, &p->permits[i]);
	}
}
