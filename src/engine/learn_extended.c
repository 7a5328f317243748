// SPDX-License-Identifier: GPL-2.0-or-later
/* learn_extended - what was learned of a device as an extended template and the binding
 * of this home. Both are read back before they leave: what is written is what is meant. */
#include "engine/learn_extended_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* Policies, their fields and texts. */
#define MAKING_POOL_BYTES (64UL << 20)
/* "tp-link-hs110" has three, "ESP_1A2B3C" and its like have more or less by chance. */
#define SERIAL_DIGITS 4

/* ---- who it is ---- */

/* "hubv3-4021272243": a serial number is of one home, and a template is of all. */
static void drop_serial(char *name)
{
	size_t len = strlen(name), digits = 0;

	for (size_t i = len; i-- > 0;) {
		if (name[i] != '-' && name[i] != '_') {
			digits += name[i] >= '0' && name[i] <= '9';
			continue;
		}
		if (digits < SERIAL_DIGITS)
			return;
		name[i] = '\0';
		digits = 0;
	}
	if (digits >= SERIAL_DIGITS)
		name[0] = '\0';
}

static const char *device_name(struct making *m)
{
	char name[LIMIT_HOSTNAME];
	size_t n = 0;

	for (const char *p = m->of->name->host; *p && n + 1 < sizeof name; p++) {
		bool good = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			    (*p >= '0' && *p <= '9') || *p == '-' || *p == '_';

		if (good)
			name[n++] = *p;
	}
	name[n] = '\0';
	drop_serial(name);
	const char *text = name[0] ? name : "device";
	char *ret = pool_string(m->pool, text, strlen(text));

	m->short_of_memory |= !ret;
	return ret;
}

static void begin(struct making *m)
{
	struct extended_profile *p = &m->profile;

	m->room = (uint32_t)(m->of->general.count + m->of->rule_count + MAKING_EXTRA);
	if (m->room > EXTENDED_POLICIES - 2 * EXTENDED_ROLES)
		m->room = EXTENDED_POLICIES - 2 * EXTENDED_ROLES; /* permits have two */
	p->roles = pool_take(m->pool, EXTENDED_ROLES * sizeof *p->roles);
	m->role_macs = pool_take(m->pool, EXTENDED_ROLES * sizeof *m->role_macs);
	p->policies = pool_take(m->pool, m->room * sizeof *p->policies);
	p->name = device_name(m);
	m->short_of_memory |= !p->roles || !m->role_macs || !p->policies;
	if (m->short_of_memory)
		return;
	p->roles[EXTENDED_SELF] =
		(struct extended_role){.name = "self", .kind = EXTENDED_ROLE_SELF};
	p->roles[EXTENDED_GATEWAY] =
		(struct extended_role){.name = "gateway", .kind = EXTENDED_ROLE_GATEWAY};
	p->role_count = 2;
}

static void add_party(struct making *m, const char *role, const struct mac *mac,
	const struct learn_party *from)
{
	struct extended_party *p = &m->binding.parties[m->binding.party_count++];

	*p = (struct extended_party){.role = role};
	if (mac) {
		p->has_mac = true;
		p->mac = *mac;
	}
	for (uint32_t i = 0; from && i < from->count; i++)
		p->addrs[p->addr_count++] = from->addrs[i];
}

static void bind_home(struct making *m)
{
	const struct learn_parties *t = m->home->parties;
	const struct mac *self = &m->of->device.mac;
	struct extended_binding *b = &m->binding;

	b->template_name = m->profile.name;
	b->parties = pool_take(m->pool, EXTENDED_ROLES * sizeof *b->parties);
	if (!b->parties) {
		m->short_of_memory = true;
		return;
	}
	/* a MAC that was made of an address is on no wire */
	add_party(m, "self", m->of->made ? NULL : self, learn_parties_find(t, self, false));
	if (m->of->made && !b->parties[0].addr_count)
		b->parties[0].addrs[b->parties[0].addr_count++] = m->of->addr;
	add_party(m, "gateway", NULL, learn_parties_find(t, self, true));
	for (uint32_t i = 2; i < m->profile.role_count; i++)
		add_party(m, m->profile.roles[i].name,
			m->of->made ? NULL : &m->role_macs[i],
			learn_parties_find(t, &m->role_macs[i], false));
}

/* ---- as text ---- */

static int print(const struct extended_profile *p, const struct extended_binding *b,
	struct learn_extended *ret)
{
	size_t size;
	FILE *f = open_memstream(&ret->template, &size);
	int e = f ? extended_print(p, f) : -ENOMEM;

	if (f && fclose(f) && !e)
		e = -ENOMEM;
	f = e ? NULL : open_memstream(&ret->binding, &size);
	if (!e)
		e = f ? extended_print_binding(b, f) : -ENOMEM;
	if (f && fclose(f) && !e)
		e = -ENOMEM;
	return e;
}

static void drop(struct learn_extended *e)
{
	free(e->template);
	free(e->binding);
	e->template = e->binding = NULL;
}

/* What was read says the same as what was written. */
static int compare(const struct learn_extended *ret, const struct extended_profile *p,
	const struct extended_binding *b)
{
	struct learn_extended again = {0};
	int e = print(p, b, &again);

	if (!e && (strcmp(again.template, ret->template) != 0 ||
			  strcmp(again.binding, ret->binding) != 0))
		e = -EIO;
	drop(&again);
	return e;
}

/* A file that nobody can read is none. */
static int check(struct learn_extended *ret)
{
	struct pool *pool = pool_new("read back", EXTENDED_POOL_BYTES);
	struct extended_profile p;
	struct extended_binding b;
	struct extended_notes notes = {0};
	struct extended_bound bound;
	int e = pool ? 0 : -ENOMEM;

	if (!e)
		e = extended_parse(ret->template, strlen(ret->template), pool, &p, &notes);
	if (!e)
		e = extended_parse_binding(
			ret->binding, strlen(ret->binding), pool, &b, &notes);
	if (!e)
		e = extended_bind(&p, &b, pool, &bound, &notes);
	if (!e)
		e = compare(ret, &p, &b);
	if (e == CARDEA_EMALFORMED && notes.count)
		(void)str_print(ret->problem, sizeof ret->problem,
			"what was made cannot be read: line %u: %.160s",
			notes.items[0].note.line, notes.items[0].note.text);
	pool_free(pool);
	return e;
}

int making_finish(const struct making *m, struct learn_extended *ret)
{
	int e = m->short_of_memory ? -ENOMEM : print(&m->profile, &m->binding, ret);

	ret->policies = m->profile.policy_count;
	ret->permits = m->profile.permit_count;
	ret->widened = m->widened;
	ret->left_out = m->left_out;
	if (!e && strlen(ret->template) > EXTENDED_BYTES)
		e = CARDEA_ELIMIT;
	if (!e)
		e = check(ret);
	if (e)
		drop(ret);
	if (e == CARDEA_ELIMIT) {
		(void)str_print(ret->problem, sizeof ret->problem,
			"it does too much for an extended profile, which holds %d KiB",
			EXTENDED_BYTES / 1024);
		e = 0;
	}
	return e;
}

int learn_extended_make(const struct learn_home *h, const struct learn_profile *p,
	struct learn_extended *ret)
{
	struct making m = {.home = h, .of = p};
	int e;

	*ret = (struct learn_extended){0};
	m.pool = pool_new("learn extended", MAKING_POOL_BYTES);
	if (!m.pool)
		return -ENOMEM;
	begin(&m);
	if (!m.short_of_memory) {
		making_link(&m);
		making_said(&m);
		making_permits(&m);
		making_kinds(&m);
		making_bares(&m);
		bind_home(&m);
	}
	e = making_finish(&m, ret);
	pool_free(m.pool);
	return e;
}

void learn_extended_free(struct learn_extended *e)
{
	drop(e);
}
