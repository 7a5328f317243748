// SPDX-License-Identifier: GPL-2.0-or-later
/* local - decides what is answered here, and what. */
#include "names/local_priv.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "names/local_table.h"

/* Asked for by browsers: a network that denies it keeps its own resolver. */
#define CANARY "use-application-dns.net"

struct local {
	struct local_house house;
	struct local_table table;
};

struct local *local_new(void)
{
	struct local *l = calloc(1, sizeof *l);

	if (l && local_table_init(&l->table)) {
		free(l);
		return NULL;
	}
	if (l) { /* until the settings say otherwise */
		(void)str_copy(l->house.name, LIMIT_NAME, "dns.cardea.internal");
		(void)str_copy(l->house.domain, LIMIT_NAME, "internal");
	}
	return l;
}

void local_free(struct local *l)
{
	if (l)
		local_table_free(&l->table);
	free(l);
}

struct local_house *local_house(struct local *l)
{
	return &l->house;
}

int local_house_add(struct local_house *h, const char *text)
{
	const char *space = strchr(text, ' '), *slash = strchr(text, '/');
	struct local_addr a = {0};
	char addr[ADDR_TEXT_MAX];
	int64_t bits;

	if (!space || !slash || slash < space ||
		!str_copy_bytes(a.lan, sizeof a.lan, text, (size_t)(space - text)) ||
		!str_copy_bytes(addr, sizeof addr, space + 1,
			(size_t)(slash - space - 1)) ||
		addr_parse(addr, &a.addr) ||
		str_to_i64(slash + 1, 0, addr_bits(&a.addr), &bits))
		return CARDEA_EMALFORMED;
	if (h->addr_count == LOCAL_HOUSE_ADDRS)
		return CARDEA_ELIMIT;
	a.prefix_len = (uint8_t)bits;
	h->addrs[h->addr_count++] = a;
	return 0;
}

const char *local_lan_of(const struct local_house *h, const struct addr *client)
{
	for (unsigned i = 0; i < h->addr_count; i++) {
		struct prefix p =
			prefix_of(&h->addrs[i].addr, h->addrs[i].prefix_len);
		if (!addr_is_link_local(client) && prefix_contains(&p, client))
			return h->addrs[i].lan;
	}
	return NULL;
}

/* ---- the names of devices ---- */

/* What browsers and stacks ask for by themselves is for no device to say. */
static bool label_is_taken(const char *label)
{
	static const char *const taken[] = {
		"wpad", "isatap", "localhost", "broadcasthost", "cardea"};

	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
		if (!strcmp(taken[i], label))
			return true;
	return false;
}

/* RFC 952, RFC 1123 2.1 */
static bool label_is_host(const char *label)
{
	size_t len = strlen(label);

	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)label[i]) && label[i] != '-')
			return false;
	return len && len <= DNS_LABEL_MAX && label[0] != '-' && label[len - 1] != '-';
}

static bool name_is_under(const char *name, const char *zone)
{
	size_t n = strlen(name), z = strlen(zone);

	return n >= z && !strcmp(name + n - z, zone) &&
	       (n == z || name[n - z - 1] == '.');
}

/* The label of a device: the name itself, or what stands before the domain. */
static int label_of(const struct local *l, const char *name, struct dns_name *ret)
{
	struct dns_name n;

	if (dns_name_from_text(name, &n))
		return CARDEA_EMALFORMED;
	if (dns_name_labels(&n) > 1 && name_is_under(n.text, l->house.domain)) {
		size_t cut = strlen(n.text) - strlen(l->house.domain);
		n.text[cut ? cut - 1 : 0] = 0;
	}
	if (!label_is_host(n.text))
		return CARDEA_EMALFORMED;
	*ret = n;
	return 0;
}

int local_tell(struct local *l, const char *name, const struct addr *addr)
{
	struct dns_name label;
	int e = label_of(l, name, &label);

	if (!e && (label_is_taken(label.text) || !addr_bits(addr) ||
			  addr_is_multicast(addr) || addr_is_loopback(addr) ||
			  addr_is_unspecified(addr) || addr_is_link_local(addr)))
		e = CARDEA_EMALFORMED;
	return e ? e : local_table_add(&l->table, label.text, addr);
}

void local_forget(struct local *l, const char *name, const struct addr *addr)
{
	struct dns_name label;

	if (!label_of(l, name, &label))
		local_table_remove(&l->table, label.text, addr);
}

void local_forget_all(struct local *l)
{
	local_table_clear(&l->table);
}

/* ---- answers ---- */

struct asked {
	const struct local *l;
	const struct addr *client;
	const struct dns_name *name;
	uint16_t type;
	struct local_reply reply;
};

static bool wants(const struct asked *a, uint16_t type)
{
	return a->type == type || a->type == DNS_TYPE_ANY;
}

static bool wants_addr(const struct asked *a, const struct addr *addr)
{
	return wants(a, addr->family == 4 ? DNS_TYPE_A : DNS_TYPE_AAAA);
}

/* Nothing (more) is there: who says so. A zone's own record is its answer. */
static void say_none(struct asked *a, uint16_t rcode, const char *zone, uint32_t ttl)
{
	bool apex = !strcmp(a->name->text, zone);

	if (a->reply.counts[LOCAL_ANSWER])
		return;
	a->reply.rcode = rcode;
	local_reply_soa(&a->reply,
		apex && wants(a, DNS_TYPE_SOA) ? LOCAL_ANSWER : LOCAL_AUTHORITY, zone,
		a->l->house.name, ttl);
}

static bool try_service(struct asked *a)
{
	const struct local_house *h = &a->l->house;
	const char *lan = local_lan_of(h, a->client);

	if (strcmp(a->name->text, h->name))
		return false;
	for (unsigned i = 0; i < h->addr_count; i++)
		if (!addr_is_link_local(&h->addrs[i].addr) &&
			(!lan || !strcmp(h->addrs[i].lan, lan)) &&
			wants_addr(a, &h->addrs[i].addr))
			local_reply_addr(&a->reply, LOCAL_ANSWER, NULL,
				&h->addrs[i].addr, LOCAL_TTL);
	say_none(a, DNS_RCODE_NOERROR,
		name_is_under(h->name, h->domain) ? h->domain : h->name, LOCAL_TTL);
	return true;
}

static bool try_ddr(struct asked *a)
{
	if (!name_is_under(a->name->text, "resolver.arpa"))
		return false;
	local_ddr(&a->l->house, a->client, &a->reply);
	say_none(a, DNS_RCODE_NOERROR, "resolver.arpa", LOCAL_TTL);
	return true;
}

static bool try_canary(struct asked *a)
{
	if (!a->l->house.canary || strcmp(a->name->text, CANARY))
		return false;
	say_none(a, DNS_RCODE_NXDOMAIN, CANARY, LOCAL_TTL);
	return true;
}

/* RFC 6761 6.3 */
static bool try_localhost(struct asked *a)
{
	static const struct addr loopback[] = {{.family = 4, .b = {127, 0, 0, 1}},
		{.family = 6, .b = {[15] = 1}}};

	if (!name_is_under(a->name->text, "localhost"))
		return false;
	for (unsigned i = 0; i < 2; i++)
		if (wants_addr(a, &loopback[i]))
			local_reply_addr(&a->reply, LOCAL_ANSWER, NULL, &loopback[i],
				LOCAL_TTL_FIXED);
	say_none(a, DNS_RCODE_NOERROR, "localhost", LOCAL_TTL_FIXED);
	return true;
}

static bool try_device(struct asked *a)
{
	const struct local_house *h = &a->l->house;
	const struct local_host *host = NULL;
	struct dns_name label;

	if (!h->domain[0] || !name_is_under(a->name->text, h->domain))
		return false;
	bool exists = name_is_under(h->name, a->name->text); /* and so the domain */
	if (dns_name_labels(a->name) > 1 && !label_of(a->l, a->name->text, &label))
		host = local_table_host(&a->l->table, label.text);
	for (unsigned i = 0; host && i < host->count; i++)
		if (wants_addr(a, &host->ats[i]->addr))
			local_reply_addr(&a->reply, LOCAL_ANSWER, NULL,
				&host->ats[i]->addr, LOCAL_TTL);
	exists = exists || host || !strcmp(a->name->text, h->domain);
	say_none(a, exists ? DNS_RCODE_NOERROR : DNS_RCODE_NXDOMAIN, h->domain,
		LOCAL_TTL);
	return true;
}

static const char *service_at(const struct local_house *h, const struct addr *addr)
{
	static const uint8_t v4[4] = {127, 0, 0, 1}, v6[16] = {[15] = 1};

	if (!memcmp(addr->b, addr->family == 4 ? v4 : v6, addr_bits(addr) / 8U))
		return "localhost"; /* RFC 6303 4.1 */
	for (unsigned i = 0; i < h->addr_count; i++)
		if (addr_equal(&h->addrs[i].addr, addr))
			return h->name;
	return NULL;
}

/* An address of the house, also one that the world could ask for. */
static bool try_reverse(struct asked *a)
{
	const struct local_host *host;
	char name[DNS_LABEL_MAX + 1 + LIMIT_NAME];
	struct local_zone zone;
	struct addr addr;

	if (!local_reverse_parse(a->name, &addr))
		return false;
	const char *service = service_at(&a->l->house, &addr);
	host = local_table_at(&a->l->table, &addr);
	if (!service && !host)
		return false;
	if (str_print(name, sizeof name, "%s%s%s", service ? service : host->label,
		    service ? "" : ".", service ? "" : a->l->house.domain))
		return false;
	if (wants(a, DNS_TYPE_PTR))
		local_reply_ptr(&a->reply, name, LOCAL_TTL);
	say_none(a, DNS_RCODE_NOERROR,
		local_zone_of(a->name, &zone) ? zone.apex : a->name->text, LOCAL_TTL);
	return true;
}

static bool try_zones(struct asked *a)
{
	struct local_zone zone;

	if (!local_zone_of(a->name, &zone))
		return false;
	say_none(a, zone.exists ? DNS_RCODE_NOERROR : DNS_RCODE_NXDOMAIN, zone.apex,
		zone.ttl);
	return true;
}

bool local_answer(const struct local *l, const struct addr *client,
	const struct dns_query *q, size_t limit, struct writer *w)
{
	static bool (*const tries[])(struct asked *) = {try_service, try_ddr, try_canary,
		try_localhost, try_device, try_reverse, try_zones};
	struct asked a = {.l = l,
		.client = client,
		.name = &q->question.name,
		.type = q->question.type};
	bool ours = false;
	size_t start = w->len;

	local_reply_begin(&a.reply, q, w);
	for (size_t i = 0; i < sizeof tries / sizeof *tries && !ours; i++)
		ours = tries[i](&a);
	if (ours && !local_reply_end(&a.reply, limit))
		(void)!dns_build_reply(w, q, DNS_RCODE_SERVFAIL);
	if (!ours) {
		w->len = start;
		w->error = 0;
	}
	return ours;
}
