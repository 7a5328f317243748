// SPDX-License-Identifier: GPL-2.0-or-later
/* How the resolver is to treat each device: answers are told at once where the kernel
 * learns from them, or where nothing is enforced; else they are held until we say that
 * the kernel knows. And the names that the devices have in the house's own zone. */
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"

static bool send(struct pipeline *p, const struct message *m)
{
	uint8_t buf[MESSAGE_MAX];
	int len = message_encode(m, buf, sizeof(buf));

	return len > 0 &&
	       !ipc_send(&p->channels[ROLE_RESOLVER], buf, (size_t)len, -1);
}

static bool send_mode(struct pipeline *p, const struct addr *a, enum dns_mode mode)
{
	memset(&p->out, 0, sizeof(p->out));
	p->out.type = MESSAGE_DNS_CLIENT;
	p->out.dns_client.client = *a;
	p->out.dns_client.mode = (uint8_t)mode;
	return send(p, &p->out);
}

static bool list_has(const struct addr *list, size_t count, const struct addr *a)
{
	for (size_t i = 0; i < count; i++)
		if (addr_equal(&list[i], a))
			return true;
	return false;
}

static bool device_has(const struct device *d, const struct addr *a)
{
	for (size_t i = 0; i < d->addr_count; i++)
		if (addr_equal(&d->addrs[i].addr, a))
			return true;
	return false;
}

/* Nobody else has said how to treat it meanwhile. */
static bool is_free(struct pipeline *p, const struct device *d, const struct addr *a)
{
	const struct device *owner = inventory_by_addr(p->inventory, a);
	const struct household_device *hd =
		owner && owner != d ? household_device(&p->household, owner->id) : NULL;

	return !hd || !list_has(hd->dns.addrs, hd->dns.count, a);
}

/* Addresses that the device has no longer are strangers', whose answers are held. */
static bool drop_lost(
	struct pipeline *p, const struct device *d, struct household_dns *dns, bool all)
{
	for (size_t i = dns->count; i-- > 0;) {
		if (!all && device_has(d, &dns->addrs[i]))
			continue;
		/* Said also when they are held: the next one has nothing confirmed. */
		if (is_free(p, d, &dns->addrs[i]) &&
			!send_mode(p, &dns->addrs[i], DNS_HOLD))
			return false;
		dns->addrs[i] = dns->addrs[--dns->count];
	}
	return true;
}

/* A mode that was not heard is none: held, as who is not told of. */
static bool repeat_mode(struct pipeline *p, const struct household_dns *dns)
{
	enum dns_mode mode = dns->mode < DNS_MODE_MAX ? dns->mode : DNS_HOLD;

	for (size_t i = 0; i < dns->count; i++)
		if (!send_mode(p, &dns->addrs[i], mode))
			return false;
	return true;
}

static bool set_mode(struct pipeline *p, struct household_dns *dns, enum dns_mode mode)
{
	if (dns->mode == mode)
		return true;
	for (size_t i = 0; i < dns->count; i++)
		if (!send_mode(p, &dns->addrs[i], mode))
			return false;
	dns->mode = mode;
	dns->since = pipeline_wall(p);
	return true;
}

static bool add_new(struct pipeline *p, const struct device *d, struct household_dns *dns)
{
	for (size_t i = 0; i < d->addr_count; i++) {
		const struct addr *a = &d->addrs[i].addr;

		if (list_has(dns->addrs, dns->count, a))
			continue;
		if (dns->count == LIMIT_ADDRS_PER_DEVICE || !send_mode(p, a, dns->mode))
			return false;
		dns->addrs[dns->count++] = *a;
	}
	return true;
}

/* What of a policy's names is left to the kernel is so only while the kernel holds the
 * policy; and who may be refused a name has to wait for our word with the question. */
static enum dns_mode mode_of(
	struct pipeline *p, const struct device *d, const struct household_device *hd)
{
	bool enforced = hd->pool && device_is_enforced(d);

	if (pipeline_names_refused(p, d))
		return DNS_ASK;
	if (!household_learns(&p->household, d, hd) || (enforced && !p->ready))
		return DNS_HOLD;
	return DNS_TELL;
}

void pipeline_dns_follow(struct pipeline *p, const struct device *d)
{
	struct household_device *hd = household_device(&p->household, d->id);
	enum dns_mode mode;

	if (!hd || !ipc_is_open(&p->channels[ROLE_RESOLVER]))
		return;
	mode = mode_of(p, d, hd);
	/* An enforcer that is away has left its kernel as it was. */
	if (mode == DNS_HOLD && hd->dns.mode == DNS_TELL && !p->commit.in_step &&
		hd->names_seq != HOUSEHOLD_SEQ_NEVER)
		mode = DNS_TELL;
	if (hd->dns.unheard)
		hd->dns.unheard = !repeat_mode(p, &hd->dns);
	if (!drop_lost(p, d, &hd->dns, false) || !set_mode(p, &hd->dns, mode) ||
		!add_new(p, d, &hd->dns))
		p->dns_due = true; /* the resolver does not read: again with the next tick */
	p->dns_due |= hd->names_seq > p->commit.confirmed;
	pipeline_local_follow(p, d);
}

void pipeline_dns_follow_all(struct pipeline *p)
{
	struct device *d;

	p->dns_due = false;
	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++)
		pipeline_dns_follow(p, d);
}

static void hold(void *ctx, const struct device *d)
{
	struct pipeline *p = ctx;
	struct household_device *hd = household_device(&p->household, d->id);

	if (!hd)
		return;
	p->dns_due = true;
	if (hd->dns.mode == DNS_ASK)
		return; /* held already, and more */
	/* Where the resolver does not hear it, the answers that it still tells are
	 * committed when we hear of them; and no mode is the same as none that it knows,
	 * so that it is told with the next tick. */
	if (!set_mode(p, &hd->dns, DNS_HOLD))
		hd->dns.mode = DNS_MODE_MAX;
}

/* By saying again how the device is to be treated, which is all that the resolver needs
 * to hold every answer once more; before the transaction that takes something. */
static void unconfirm(void *ctx, const struct device *d)
{
	struct pipeline *p = ctx;
	struct household_device *hd = household_device(&p->household, d->id);

	if (!hd || !ipc_is_open(&p->channels[ROLE_RESOLVER]))
		return;
	enum dns_mode fresh = hd->dns.mode == DNS_ASK ? DNS_ASK : DNS_HOLD;
	bool heard = repeat_mode(p, &hd->dns);
	/* What it got just now: for whoever had it, and until we say more. */
	for (size_t i = 0; heard && i < d->addr_count; i++)
		heard = list_has(hd->dns.addrs, hd->dns.count, &d->addrs[i].addr) ||
			send_mode(p, &d->addrs[i].addr, fresh);
	if (!heard)
		hd->dns.unheard = p->dns_due = true;
}

void pipeline_dns_hold_all(struct pipeline *p)
{
	struct device *d;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++) {
		struct household_device *hd = household_device(&p->household, d->id);

		if (hd && hd->pool && device_is_enforced(d))
			hold(p, d);
	}
}

void pipeline_dns_gone(struct pipeline *p, const struct device *d)
{
	struct household_device *hd = household_device(&p->household, d->id);

	if (!hd || !ipc_is_open(&p->channels[ROLE_RESOLVER]))
		return;
	(void)drop_lost(p, d, &hd->dns, true);
	pipeline_local_gone(p, d);
}

void pipeline_dns_resolver_up(struct pipeline *p)
{
	for (size_t i = 0; i < p->household.count; i++) {
		struct household_dns *dns = &p->household.devices[i]->dns;

		dns->count = dns->local_count = 0;
		dns->unheard = false;
		dns->label[0] = 0;
	}
	pipeline_dns_follow_all(p);
}

void pipeline_dns_init(struct pipeline *p)
{
	p->household.hold = hold;
	p->household.unconfirm = unconfirm;
	p->household.hold_ctx = p;
}

void pipeline_dns_paths(struct pipeline *p, unsigned *ret_kernel, unsigned *ret_held)
{
	struct device *d;
	unsigned kernel = 0, held = 0;

	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++) {
		const struct household_device *hd =
			household_device(&p->household, d->id);

		if (!hd || !hd->pool || !device_is_enforced(d))
			continue;
		if (hd->dns.mode == DNS_TELL)
			kernel++;
		else
			held++;
	}
	*ret_kernel = kernel;
	*ret_held = held;
}

/* ---- names in the house's own zone ---- */

/* Labels that mean something else to who asks: RFC 6761, RFC 6762 3, RFC 9462 4, and
 * names that clients ask for to find a proxy or a tunnel (RFC 8375 5 keeps them local). */
static bool is_reserved(const char *label)
{
	static const char *const words[] = {"localhost", "local", "dns", "gateway", "router",
		"cardea", "wpad", "isatap", "resolver", "home", "internal", "arpa", "test",
		"invalid", "example", "onion", "alt"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(label, words[i]) == 0)
			return true;
	return strncmp(label, "xn--", 4) == 0; /* not for a device to claim */
}

/* A host name as a label: letters, digits and single hyphens inside (RFC 1123 2.1). */
static bool label_of(const char *text, char ret[LIMIT_HOSTNAME])
{
	size_t n = 0;

	for (; *text && *text != '.' && n < LIMIT_HOSTNAME - 1; text++) {
		char c = *text >= 'A' && *text <= 'Z' ? (char)(*text | 0x20) : *text;
		bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		if (!plain && (n == 0 || ret[n - 1] == '-'))
			continue;
		ret[n++] = plain ? c : '-';
	}
	while (n > 0 && ret[n - 1] == '-')
		n--;
	ret[n] = 0;
	return n > 0 && !is_reserved(ret);
}

/* The owner's name for it before its own. False: it has none that is of use. */
static bool own_label(const struct device *d, char ret[LIMIT_HOSTNAME])
{
	if (d->named_by_owner && label_of(d->name, ret))
		return true;
	return d->hostname[0] && label_of(d->hostname, ret);
}

static bool send_local(struct pipeline *p, const struct household_dns *dns,
	const struct addr *a, bool remove)
{
	memset(&p->out, 0, sizeof(p->out));
	p->out.type = MESSAGE_DNS_LOCAL;
	p->out.dns_local.remove = remove;
	p->out.dns_local.addr = *a;
	if (str_print(p->out.dns_local.name, sizeof(p->out.dns_local.name), "%s.%s",
		    dns->label, p->dns_domain))
		return true; /* no such name */
	return send(p, &p->out);
}

static bool owner_says(const struct device *d, const char *label)
{
	char own[LIMIT_HOSTNAME];

	return d->named_by_owner && label_of(d->name, own) && strcmp(own, label) == 0;
}

static bool drop_local(
	struct pipeline *p, const struct device *d, struct household_dns *dns, bool all)
{
	for (size_t i = dns->local_count; i-- > 0;) {
		if (!all && device_has(d, &dns->local[i]))
			continue;
		if (!send_local(p, dns, &dns->local[i], true))
			return false;
		dns->local[i] = dns->local[--dns->local_count];
	}
	return true;
}

static bool add_local(struct pipeline *p, const struct device *d, struct household_dns *dns)
{
	for (size_t i = 0; i < d->addr_count; i++) {
		const struct addr *a = &d->addrs[i].addr;

		if (addr_is_link_local(a) || list_has(dns->local, dns->local_count, a))
			continue;
		if (!send_local(p, dns, a, false))
			return false;
		dns->local[dns->local_count++] = *a;
	}
	return true;
}

/* Who has a label keeps it: a later one, and whoever calls itself so, gets none. But what
 * the owner calls so takes it from who only says so of itself. */
static bool is_free_label(struct pipeline *p, const struct device *d, const char *label)
{
	for (size_t i = 0; i < p->household.count; i++) {
		struct household_device *hd = p->household.devices[i];
		const struct device *holder;

		if (hd->id == d->id || strcmp(hd->dns.label, label) != 0)
			continue;
		holder = inventory_by_id(p->inventory, hd->id);
		if (!holder || !owner_says(d, label) || owner_says(holder, label) ||
			!drop_local(p, holder, &hd->dns, true))
			return false;
		hd->dns.label[0] = 0;
	}
	return true;
}

void pipeline_local_follow(struct pipeline *p, const struct device *d)
{
	struct household_device *hd = household_device(&p->household, d->id);
	struct household_dns *dns = hd ? &hd->dns : NULL;
	char label[LIMIT_HOSTNAME];

	if (!dns || !ipc_is_open(&p->channels[ROLE_RESOLVER]))
		return;
	if (!p->dns_domain[0] || !own_label(d, label))
		label[0] = 0;
	if (strcmp(dns->label, label) != 0) {
		if (!drop_local(p, d, dns, true))
			return;
		dns->label[0] = 0;
		if (!label[0] || !is_free_label(p, d, label))
			return;
		str_copy(dns->label, sizeof(dns->label), label);
	}
	if (dns->label[0] && drop_local(p, d, dns, false))
		(void)add_local(p, d, dns);
}

void pipeline_local_gone(struct pipeline *p, const struct device *d)
{
	struct household_device *hd = household_device(&p->household, d->id);

	if (hd && drop_local(p, d, &hd->dns, true))
		hd->dns.label[0] = 0;
}
