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

static bool is_said(
	const struct store_controller *m, device_id holder, const char *class)
{
	return m->device == holder && strcmp(m->class, class) == 0;
}

static size_t next_said(
	const struct classes *c, device_id holder, const char *class, size_t from)
{
	while (from < c->said_count && !is_said(&c->said[from], holder, class))
		from++;
	return from;
}

size_t classes_said(
	const struct classes *c, device_id holder, const char *class, size_t from)
{
	bool own = next_said(c, holder, class, 0) < c->said_count;

	return next_said(c, own ? holder : 0, class, from);
}

bool classes_is_mapped(const struct classes *c, device_id holder, const char *class)
{
	return classes_said(c, holder, class, 0) < c->said_count;
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
			!classes_is_mapped(&p->classes, hd->id, classes_name(peer)))
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
	while (isalnum((unsigned char)class[n]) ||
		(n && strchr("+-.", class[n]) && class[n]))
		n++;
	if (!n || class[n] != ':' || !class[n + 1] || !isalpha((unsigned char)class[0]))
		return false;
	for (const char *c = class; *c; c++)
		if (*c <= ' ' || *c > '~')
			return false;
	return strlen(class) < LIMIT_NAME;
}

/* These are assumed for every device (RFC 8520 3). */
static bool is_everybodys(const char *class)
{
	return strcmp(class, CLASSES_DNS) == 0 || strcmp(class, CLASSES_NTP) == 0;
}

static bool is_one_host(const struct addr *a)
{
	return !addr_is_multicast(a) && !addr_is_unspecified(a) &&
	       !addr_is_loopback(a) && !addr_is_limited_broadcast(a);
}

static int find_target(struct pipeline *p, const char *text, struct store_controller *m)
{
	const struct device *d = inventory_find(p->inventory, text);

	if (d) {
		m->target = d->id;
		return d->id == m->device ? CARDEA_EREFUSED : 0;
	}
	if (addr_parse(text, &m->addr))
		return -ENOENT;
	return is_one_host(&m->addr) ? 0 : CARDEA_EREFUSED;
}

static void drop(struct classes *c, size_t i)
{
	c->said[i] = c->said[--c->said_count];
	classes_changed(c, true);
}

/* The store keeps the owner's word of devices that it knows. */
static void save_device(struct pipeline *p, device_id id)
{
	const struct device *d = inventory_by_id(p->inventory, id);

	if (d)
		pipeline_save_device(p, d);
}

static void save(struct pipeline *p, const struct store_controller *m)
{
	int error;

	save_device(p, m->device);
	save_device(p, m->target);
	error = store_controller_save(p->store, m);
	if (error)
		log_error("classes", "a controller was not stored: %s",
			error_text(error));
}

static int unmap(struct pipeline *p, device_id holder, const char *class)
{
	struct classes *c = &p->classes;
	struct store_controller all = {.device = holder};
	size_t i = next_said(c, holder, class, 0);
	int error;

	if (i == c->said_count)
		return -ENOENT;
	for (; i < c->said_count; i = next_said(c, holder, class, 0))
		drop(c, i);
	str_copy(all.class, sizeof(all.class), class);
	error = store_controller_remove(p->store, &all);
	if (error && error != -ENOENT)
		log_error("classes", "a controller stays in the store: %s",
			error_text(error));
	return 0;
}

static int add(struct pipeline *p, const struct store_controller *m)
{
	struct classes *c = &p->classes;

	for (size_t i = 0; i < c->said_count; i++)
		if (is_said(&c->said[i], m->device, m->class) &&
			c->said[i].target == m->target &&
			addr_equal(&c->said[i].addr, &m->addr))
			return 0;
	if (c->said_count == LIMIT_CONTROLLERS)
		return CARDEA_ELIMIT;
	c->said[c->said_count++] = *m;
	/* a first word for one device takes away what was said for all */
	classes_changed(c, true);
	save(p, m);
	return 0;
}

static int map(struct pipeline *p, device_id holder, const char *class,
	const char *target, bool alone)
{
	struct store_controller m = {.device = holder};
	int error;

	if (!is_class(class) || (holder && is_everybodys(class)))
		return CARDEA_EMALFORMED;
	str_copy(m.class, sizeof(m.class), class);
	error = find_target(p, target, &m);
	if (!error && alone) {
		error = unmap(p, holder, class);
		error = error == -ENOENT ? 0 : error;
	}
	if (!error)
		error = add(p, &m);
	(void)!store_commit(p->store);
	return error;
}

int classes_map(
	struct pipeline *p, device_id holder, const char *class, const char *target)
{
	int error;

	if (target)
		return map(p, holder, class, target, true);
	error = unmap(p, holder, class);
	(void)!store_commit(p->store);
	return error;
}

int classes_map_also(
	struct pipeline *p, device_id holder, const char *class, const char *target)
{
	return map(p, holder, class, target, false);
}

/* In the store it goes with the device. */
void classes_forget(struct classes *c, device_id id)
{
	if (!c)
		return;
	for (size_t i = c->said_count; i-- > 0;)
		if (c->said[i].device == id || c->said[i].target == id)
			drop(c, i);
	classes_changed(c, true);
}

static int load(void *ctx, const struct store_controller *m)
{
	struct classes *c = ctx;

	if (c->said_count < LIMIT_CONTROLLERS)
		c->said[c->said_count++] = *m;
	return 0;
}

int classes_open(struct classes *c, struct loop *l, struct store *s)
{
	c->loop = l;
	return store_controllers(s, load, c);
}
