// SPDX-License-Identifier: GPL-2.0-or-later
/* Observations merged into devices: who an address belongs to, and what a device said. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "inventory/inventory_priv.h"

/* A free name for a device: base, or base-2, base-3 ... */
static void make_name(struct inventory *inv, struct device *d, const char *base)
{
	char name[LIMIT_LABEL];

	str_copy(name, sizeof(name), base);
	for (unsigned i = 2; i <= LIMIT_DEVICES + 1; i++) {
		struct device *other = inventory_find(inv, name);

		if (!other || other == d)
			break;
		(void)str_print(name, sizeof(name), "%.50s-%u", base, i);
	}
	str_copy(d->name, sizeof(d->name), name);
}

/* Names are typed in shells: a host name keeps letters, digits, '-' and '_'. */
static void name_from_hostname(struct inventory *inv, struct device *d)
{
	char base[LIMIT_LABEL];
	size_t len = 0;

	for (const char *c = d->hostname; *c && *c != '.' && len < 40; c++)
		if (isalnum((unsigned char)*c) || *c == '-' || *c == '_')
			base[len++] = (char)tolower((unsigned char)*c);
	base[len] = 0;
	if (len)
		make_name(inv, d, base);
}

static struct inventory_entry *entry_for(struct inventory *inv, const struct mac *mac,
	nstime wall, struct inventory_result *r)
{
	struct device *d = inventory_by_mac(inv, mac);
	struct inventory_entry *e;
	char text[MAC_TEXT_MAX], base[LIMIT_LABEL];

	if (d) {
		e = inventory_entry_of(d);
	} else {
		e = inventory_entry_new(inv, mac, inv->last_id + 1);
		if (!e)
			return NULL;
		e->device.first_seen = wall;
		(void)str_print(base, sizeof(base), "device-%s", mac_format(mac, text) + 9);
		for (char *c = base; *c; c++)
			if (*c == ':')
				*c = '-';
		make_name(inv, &e->device, base);
		r->changes |= INVENTORY_NEW_DEVICE;
	}
	e->device.last_seen = wall;
	r->device = &e->device;
	return e;
}

static size_t index_of(const struct inventory_entry *e, const struct inventory_addr *a)
{
	size_t i = 0;

	while (i < e->device.addr_count && e->addrs[i] != a)
		i++;
	return i;
}

/* Room for one more: of the weakest kind the one that ends first must go. */
static void make_room(struct inventory *inv, struct inventory_entry *e,
	enum addr_source source)
{
	size_t arp = 0, victim = 0;
	struct device *d = &e->device;
	bool arp_full;

	for (size_t i = 0; i < d->addr_count; i++)
		arp += d->addrs[i].source == ADDR_SOURCE_ARP;
	arp_full = source == ADDR_SOURCE_ARP && arp >= INVENTORY_ARP_MAX;
	if (d->addr_count < LIMIT_ADDRS_PER_DEVICE && !arp_full)
		return;
	for (size_t i = 1; i < d->addr_count; i++) {
		struct device_addr *a = &d->addrs[i], *v = &d->addrs[victim];

		if (a->source < v->source ||
			(a->source == v->source && a->expires < v->expires))
			victim = i;
	}
	inventory_addr_drop(inv, e, victim);
}

/* Whether somebody else's address may be taken over: by a lease, or once its owner has
 * not been heard of for its life time. */
static bool may_move(const struct device_addr *held, enum addr_source source, nstime wall)
{
	return source > held->source || held->expires <= wall ||
		(source == ADDR_SOURCE_DHCP4 && held->source == ADDR_SOURCE_DHCP4);
}

/* True when the address is free now. */
static bool settle_owner(struct inventory *inv, struct inventory_addr *held,
	enum addr_source source, nstime wall, struct inventory_result *r)
{
	size_t i;

	if (!held->entry) {
		r->changes |= INVENTORY_CONFLICT; /* the gateway's own */
		return false;
	}
	r->other = &held->entry->device;
	i = index_of(held->entry, held);
	if (!may_move(&held->entry->device.addrs[i], source, wall)) {
		r->changes |= INVENTORY_CONFLICT;
		return false;
	}
	inventory_addr_drop(inv, held->entry, i);
	return true;
}

struct inventory_result inventory_see_addr(struct inventory *inv,
	const struct message_seen_addr *m, nstime wall)
{
	struct inventory_result r = {0};
	struct inventory_entry *e = entry_for(inv, &m->mac, wall, &r);
	struct inventory_addr *held = inventory_addr_find(inv, &m->addr);
	nstime life = m->lifetime_s < INVENTORY_LIFETIME_MAX_S ? m->lifetime_s
							       : INVENTORY_LIFETIME_MAX_S;
	struct device_addr fresh = {.addr = m->addr, .source = m->source,
		.expires = wall + life * NS_PER_SEC};

	if (!e)
		return r;
	if (held && held->entry == e) {
		struct device_addr *mine = &e->device.addrs[index_of(e, held)];

		if (fresh.source >= mine->source)
			mine->source = fresh.source;
		if (fresh.expires > mine->expires || fresh.source > ADDR_SOURCE_ND)
			mine->expires = fresh.expires;
		return r;
	}
	if (held && !settle_owner(inv, held, m->source, wall, &r))
		return r;
	make_room(inv, e, m->source);
	if (inventory_addr_add(inv, e, &fresh) == 0)
		r.changes |= INVENTORY_ADDRS;
	return r;
}

static bool take_text(char *dst, size_t size, const char *said)
{
	if (said[0] == 0 || strcmp(dst, said) == 0)
		return false;
	str_copy(dst, size, said);
	return true;
}

/* Scheme and authority as they are written. What differs only in writing counts as
 * another one: then the owner confirms once more. */
static bool same_authority(const char *a, const char *b)
{
	const char *behind = strstr(a, "://");
	size_t len = behind ? (size_t)(behind - a) + 3 : 0;

	len += strcspn(a + len, "/?#");
	for (size_t i = 0; i < len; i++)
		if (tolower((unsigned char)a[i]) != tolower((unsigned char)b[i]))
			return false;
	return b[len] == 0 || strchr("/?#", b[len]);
}

/* The URL that the device has already, said again. */
static unsigned take_proof(struct device *d, enum url_source source, const char *signer)
{
	bool changed = take_text(d->mud_signer, sizeof(d->mud_signer), signer);

	if (source == d->url_source && !changed)
		return 0;
	d->url_source = source;
	return INVENTORY_PROOF;
}

/* A device that once said a URL and now says none keeps it: silence must not free it from
 * its profile. Nor may what anybody can say by DHCP and LLDP undo what is proven
 * (RFC 8520 16). */
static unsigned take_url(struct device *d, enum url_source source, const char *url,
	const char *signer)
{
	unsigned changes = INVENTORY_MUD_URL;
	bool same = strcmp(d->mud_url, url) == 0;

	if (!url[0])
		return 0;
	if (d->mud_url[0] && source < d->url_source)
		return same ? 0 : INVENTORY_URL_DIFFERS;
	if (same)
		return take_proof(d, source, signer);
	if (d->confirmed && !same_authority(d->mud_url, url)) {
		d->confirmed = false;
		changes |= INVENTORY_PROOF;
	}
	str_copy(d->mud_url, sizeof(d->mud_url), url);
	str_copy(d->mud_signer, sizeof(d->mud_signer), signer);
	d->url_source = source;
	return changes;
}

struct inventory_result inventory_see_dhcp(struct inventory *inv,
	const struct message_seen_dhcp *m, nstime wall)
{
	struct inventory_result r = {0};
	struct inventory_entry *e = entry_for(inv, &m->mac, wall, &r);
	struct device *d;

	if (!e)
		return r;
	d = &e->device;
	/* The name it asks DHCP for is the better one; two in turn would never settle. */
	if ((m->family || !d->hostname[0]) &&
		take_text(d->hostname, sizeof(d->hostname), m->hostname)) {
		r.changes |= INVENTORY_IDENTITY;
		if (!d->named_by_owner)
			name_from_hostname(inv, d);
	}
	if (take_text(d->vendor_class, sizeof(d->vendor_class), m->vendor_class))
		r.changes |= INVENTORY_IDENTITY;
	r.changes |= take_url(d, m->family ? URL_SOURCE_DHCP : URL_SOURCE_LLDP, m->mud_url,
		"");
	return r;
}

struct inventory_result inventory_identify(struct inventory *inv, const struct mac *mac,
	enum url_source source, const char *mud_url, const char *mud_signer, nstime wall)
{
	struct inventory_result r = {0};
	struct device *d = inventory_by_mac(inv, mac);
	nstime seen = d ? d->last_seen : wall;
	struct inventory_entry *e = entry_for(inv, mac, wall, &r);

	if (!e)
		return r;
	e->device.last_seen = seen;
	r.changes |= take_url(&e->device, source, mud_url, mud_signer);
	return r;
}

struct inventory_result inventory_expire(struct inventory *inv, nstime wall)
{
	struct inventory_result r = {0};

	for (size_t i = 0; i < inv->count; i++) {
		struct inventory_entry *e = inv->entries[i];

		for (size_t j = 0; j < e->device.addr_count; j++) {
			if (e->device.addrs[j].expires +
					INVENTORY_LINGER_S * NS_PER_SEC > wall)
				continue;
			inventory_addr_drop(inv, e, j);
			r.changes = INVENTORY_ADDRS;
			r.device = &e->device;
			return r;
		}
	}
	return r;
}

/* Whether a rather than b should go. */
static bool matters_less(const struct device *a, const struct device *b)
{
	bool a_said = a->mud_url[0] != 0, b_said = b->mud_url[0] != 0;

	return a_said != b_said ? b_said : a->last_seen < b->last_seen;
}

/* What was decided for it, or about it, must not be lost to a flood of senders. */
static bool may_go(const struct device *d, nstime wall)
{
	nstime silent = wall - d->last_seen; /* negative: the clock was set */

	return !device_is_enforced(d) && !d->hold && !device_is_proven(d) &&
	       !d->named_by_owner &&
	       (silent < 0 || silent >= INVENTORY_IDLE_S * NS_PER_SEC);
}

struct device *inventory_idle(struct inventory *inv, nstime wall,
	bool (*keep)(void *, const struct device *), void *ctx)
{
	struct device *best = NULL;

	if (inv->count < LIMIT_DEVICES)
		return NULL;
	for (size_t i = 0; i < inv->count; i++) {
		struct device *d = &inv->entries[i]->device;

		if (!may_go(d, wall) || keep(ctx, d))
			continue;
		if (!best || matters_less(d, best))
			best = d;
	}
	return best;
}

void inventory_shift(struct inventory *inv, nstime before, nstime jump)
{
	nstime longest = (nstime)INVENTORY_LIFETIME_MAX_S * NS_PER_SEC;

	for (size_t i = 0; i < inv->count; i++) {
		struct device *d = &inv->entries[i]->device;

		if (d->last_seen <= before)
			d->last_seen += jump;
		/* Later ones were stored under a clock that was right. */
		for (size_t k = 0; k < d->addr_count; k++)
			if (d->addrs[k].expires <= before + longest)
				d->addrs[k].expires += jump;
	}
}

int inventory_may_name(
	struct inventory *inv, const struct device *d, const char *name)
{
	size_t len = strlen(name);
	const struct device *other;

	if (len == 0 || len >= LIMIT_LABEL || !str_is_clean_utf8(name, len))
		return CARDEA_EMALFORMED;
	other = inventory_find(inv, name);
	return other && other != d ? -EEXIST : 0;
}

int inventory_rename(struct inventory *inv, struct device *d, const char *name)
{
	int error = inventory_may_name(inv, d, name);

	if (error)
		return error;
	str_copy(d->name, sizeof(d->name), name);
	d->named_by_owner = true;
	return 0;
}
