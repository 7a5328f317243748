// SPDX-License-Identifier: GPL-2.0-or-later
/* The controllers that the owner names: which device, or address, a class means. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/classes.h"
#include "engine/pipeline.h"

const char *classes_name(const struct peer *p)
{
	return p->kind == PEER_MY_CONTROLLER ? CLASSES_MY_CONTROLLER : p->name;
}

bool classes_same(const struct peer *a, const struct peer *b)
{
	return a->kind == b->kind && mac_equal(&a->mac, &b->mac) &&
	       strcmp(a->name, b->name) == 0;
}

/* What the owner says for one device counts before what he says for all. */
const struct class_mapping *classes_mapping(
	const struct classes *c, device_id holder, const char *class)
{
	const struct class_mapping *general = NULL;

	for (size_t i = 0; i < c->mapping_count; i++) {
		const struct class_mapping *m = &c->mappings[i];

		if (strcmp(m->class, class) != 0)
			continue;
		if (m->holder == holder)
			return m;
		if (!m->holder)
			general = m;
	}
	return general;
}

size_t classes_unmapped(struct pipeline *p, const struct household_device *hd,
	struct peer *out, size_t max)
{
	size_t count = 0;

	for (uint32_t i = 0; hd->pool && i < hd->policy.base_first; i++) {
		const struct peer *peer = &hd->policy.rules[i].peer;
		bool known = false;

		if (peer->kind != PEER_CONTROLLER && peer->kind != PEER_MY_CONTROLLER)
			continue;
		for (size_t k = 0; k < count && !known; k++)
			known = classes_same(&out[k], peer);
		if (!known && count < max &&
			!classes_mapping(&p->classes, hd->id, classes_name(peer)))
			out[count++] = *peer;
	}
	return count;
}

/* A URI of any scheme (RFC 3986 3.1), or what stands for my-controller. */
static bool is_class(const char *class)
{
	size_t n = 0;

	if (strcmp(class, CLASSES_MY_CONTROLLER) == 0)
		return true;
	while (isalnum((unsigned char)class[n]) || (n && strchr("+-.", class[n]) && class[n]))
		n++;
	if (!n || class[n] != ':' || !class[n + 1] || !isalpha((unsigned char)class[0]))
		return false;
	for (const char *c = class; *c; c++)
		if (*c <= ' ' || *c > '~')
			return false;
	return strlen(class) < LIMIT_NAME;
}

static bool is_one_host(const struct addr *a)
{
	return !addr_is_multicast(a) && !addr_is_unspecified(a) && !addr_is_loopback(a) &&
	       !addr_is_limited_broadcast(a);
}

static int find_target(struct pipeline *p, const char *text, struct class_mapping *m)
{
	const struct device *d = inventory_find(p->inventory, text);

	if (d) {
		m->target = d->id;
		return d->id == m->holder ? CARDEA_EREFUSED : 0;
	}
	if (addr_parse(text, &m->addr))
		return -ENOENT;
	return is_one_host(&m->addr) ? 0 : CARDEA_EREFUSED;
}

static struct class_mapping *find(struct classes *c, device_id holder, const char *class)
{
	for (size_t i = 0; i < c->mapping_count; i++)
		if (c->mappings[i].holder == holder &&
			strcmp(c->mappings[i].class, class) == 0)
			return &c->mappings[i];
	return NULL;
}

static void drop(struct classes *c, struct class_mapping *m)
{
	*m = c->mappings[--c->mapping_count];
	classes_changed(c, true);
}

static int unmap(struct classes *c, device_id holder, const char *class)
{
	struct class_mapping *m = find(c, holder, class);

	if (!m)
		return -ENOENT;
	drop(c, m);
	return 0;
}

static int put(struct classes *c, const struct class_mapping *new)
{
	struct class_mapping *m = find(c, new->holder, new->class);

	if (!m && c->mapping_count == LIMIT_CONTROLLERS)
		return CARDEA_ELIMIT;
	if (!m)
		m = &c->mappings[c->mapping_count++];
	*m = *new;
	classes_changed(c, true);
	return 0;
}

int classes_map(struct pipeline *p, device_id holder, const char *class,
	const char *target)
{
	struct class_mapping new = {.holder = holder};
	int error;

	if (!is_class(class))
		return CARDEA_EMALFORMED;
	str_copy(new.class, sizeof(new.class), class);
	if (!target)
		return unmap(&p->classes, holder, class);
	error = find_target(p, target, &new);
	return error ? error : put(&p->classes, &new);
}

void classes_forget(struct classes *c, device_id id)
{
	if (!c)
		return;
	for (size_t i = c->mapping_count; i-- > 0;)
		if (c->mappings[i].holder == id)
			drop(c, &c->mappings[i]);
	classes_changed(c, true);
}

int classes_open(struct classes *c, struct loop *l, struct store *s)
{
	c->store = s;
	c->loop = l;
	return 0;
}
