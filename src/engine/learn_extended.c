// SPDX-License-Identifier: GPL-2.0-or-later
/* learn_extended - what was learned of a device as an extended template and the binding
 * of this home. Both are read back before they leave: what is written is what is meant. */
#include "engine/learn_extended_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "engine/learn_priv.h"

/* Policies, their fields and texts. */
#define MAKING_POOL_BYTES (64UL << 20)
/* The least that a conversation may carry, however little was seen of it. */
#define BYTES_LEAST 1000000
/* How much more than of all but one in a hundred episodes. */
#define BYTES_TIMES 8
/* "tp-link-hs110" has three, "ESP_1A2B3C" and its like have more or less by chance. */
#define SERIAL_DIGITS 4
#define TOKEN_LEAST 12 /* a MAC without its colons */

/* ---- evidence ---- */

static const char *time_text(struct making *m, nstime t)
{
	char text[CLOCK_TEXT_MAX], whole[CLOCK_TEXT_MAX];
	char *ret;

	/* seconds are enough: "2026-11-21T20:01:02" */
	(void)str_print(whole, sizeof whole, "%.19sZ", clock_format(t, text));
	ret = pool_string(m->pool, whole, strlen(whole));
	m->short_of_memory |= !ret;
	return ret;
}

/* Laplace's rule of succession: what was so n times will be so once more. */
static int32_t confidence(uint32_t episodes)
{
	return (int32_t)(1000ULL * (episodes + 1ULL) / (episodes + 2ULL));
}

/* A part of a path that is long and has digits is a token or a number of this home, as
 * in "GET /api/MIgLn67KRlSoofSTjWM/lights". */
static const char *said_text(struct making *m, const char *detail)
{
	char text[LIMIT_TEXT];
	size_t n = 0;

	for (const char *p = detail; *p && n + 2 < sizeof text;) {
		size_t len = strcspn(p, "/"), digits = 0;

		for (size_t i = 0; i < len; i++)
			digits += p[i] >= '0' && p[i] <= '9';
		if (len >= TOKEN_LEAST && digits) {
			text[n++] = '*';
		} else {
			len = len < sizeof text - 2 - n ? len : sizeof text - 2 - n;
			memcpy(text + n, p, len);
			n += len;
		}
		p += strcspn(p, "/");
		if (*p)
			text[n++] = *p++;
	}
	if (n == 1 && text[0] == '*')
		return NULL;
	char *ret = pool_string(m->pool, text, n);

	m->short_of_memory |= !ret;
	return ret;
}

void making_evidence(
	struct making *m, struct extended_policy *p, const struct learned_kind *k)
{
	struct extended_provenance *from = &p->provenance;

	*from = (struct extended_provenance){.is_set = true, .source = SOURCE_LEARNED};
	from->contexts =
		pool_take(m->pool, LEARNED_CONTEXT_MAX * sizeof *from->contexts);
	if (!from->contexts) {
		m->short_of_memory = true;
		return;
	}
	for (unsigned c = 0; c < LEARNED_CONTEXT_MAX; c++) {
		if (!k->episodes[c])
			continue;
		from->episodes += k->episodes[c];
		from->contexts[from->context_count++] = learned_context_name(c);
	}
	from->first = time_text(m, k->first);
	from->last = time_text(m, k->last);
	from->period = (k->period + NS_PER_SEC / 2) / NS_PER_SEC * NS_PER_SEC;
	from->bytes_median = k->bytes_median;
	from->bytes_p99 = k->bytes_p99;
	if (k->detail[0] && !learn_kind_is_said(k))
		from->said = said_text(m, k->detail);
	p->confidence = confidence(from->episodes);
}

/* A conversation that carries far more than any episode did is another one. */
static void volume(struct extended_policy *p, const struct learned_kind *k)
{
	uint64_t most = BYTES_TIMES * k->bytes_p99, seen = k->bytes[0] + k->bytes[1];

	if (most < seen)
		most = seen;
	if (most < BYTES_LEAST)
		most = BYTES_LEAST;
	/* in thousands: nobody needs the last digits */
	p->stats.bytes = (struct extended_amount){
		.is_set = true, .both = (most + 999) / 1000 * 1000};
}

/* ---- kinds ---- */

/* As the learner has it: every device may do these. */
static bool is_link(const struct learned_kind *k)
{
	return k->proto == FLOW_PROTO_UDP && !k->port_any &&
	       (k->port == 67 || k->port == 68 || k->port == 546 || k->port == 547);
}

static const char *proto_name(uint8_t proto)
{
	return proto == FLOW_PROTO_TCP ? "tcp" : proto == FLOW_PROTO_UDP ? "udp" : "icmp";
}

static const char *peer_name(const struct learned_kind *k)
{
	int g = k->place == RECORD_GROUP ? extended_group_of(&k->peer) : -1;

	if (k->name[0])
		return k->name[0] == '*' ? k->name + 2 : k->name;
	if (g >= 0)
		return extended_group_name((enum extended_group)g);
	return record_place_name(k->place);
}

/* Questions and answers alike go to a group. */
static void both_ways(struct making *m, struct extended_policy *p, enum extended_key key)
{
	struct extended_field *f = making_field(m, p, key, 2);

	for (uint32_t b = 0; f && b < 2; b++)
		f->values[f->count++] =
			(struct extended_value){.kind = VALUE_BOOL, .lo = b, .hi = b};
}

/* What is spoken, where it is beyond doubt: a head that must be there. */
static void spoken(
	struct making *m, struct extended_policy *p, const struct learned_kind *k)
{
	static const uint8_t protos[RECORD_APP_MAX] = {[RECORD_APP_HTTP] = EXTENDED_HTTP,
		[RECORD_APP_MDNS] = EXTENDED_MDNS, [RECORD_APP_SSDP] = EXTENDED_SSDP,
		[RECORD_APP_COAP] = EXTENDED_COAP, [RECORD_APP_MQTT] = EXTENDED_MQTT,
		[RECORD_APP_TLS] = EXTENDED_TLS};

	if (k->app < RECORD_APP_MAX && protos[k->app])
		p->match.protos |= 1u << protos[k->app];
	if (k->app == RECORD_APP_MDNS)
		both_ways(m, p, KEY_MDNS_RESPONSE);
	if (k->app == RECORD_APP_SSDP)
		both_ways(m, p, KEY_SSDP_RESPONSE);
}

static void add_kind(struct making *m, const struct learned_kind *k)
{
	const char *way = k->direction == DIRECTION_FROM_DEVICE ? "" : "from-";
	const char *six = k->family == 6 ? "-ipv6" : "";
	struct extended_policy *p;

	if (k->port_any)
		p = making_policy(m, "%s%s-%s%s", way, proto_name(k->proto),
			peer_name(k), six);
	else
		p = making_policy(m, "%s%s-%u-%s%s", way, proto_name(k->proto), k->port,
			peer_name(k), six);
	if (!p)
		return;
	if (!making_kind_match(m, p, k)) {
		m->left_out++;
		m->profile.policy_count--;
		return;
	}
	spoken(m, p, k);
	making_evidence(m, p, k);
	volume(p, k);
}

static void add_kinds(struct making *m)
{
	const struct learn_kinds *all = &m->of->general;

	for (size_t i = 0; i < all->count; i++) {
		const struct learned_kind *k = &all->list[i];

		if (!learn_kind_is_said(k) && !is_link(k) && !making_is_asked(m, k) &&
			!making_is_permitted(m, k))
			add_kind(m, k);
	}
}

/* ---- by address alone ---- */

/* What the rule of such a conversation says, as a kind. */
static void bare_kind(const struct learn_bare *b, struct learned_kind *ret)
{
	*ret = (struct learned_kind){.direction = b->key.direction,
		.family = b->key.family, .proto = b->key.proto, .port = b->key.port,
		.place = b->key.place, .peer = b->key.peer, .first = b->first,
		.last = b->last, .flows = b->flows, .packets = b->packets,
		.bytes = {b->bytes[0], b->bytes[1]}};
}

/* Answers come from the port of the service, to any that asked. */
static void bare_ports(struct making *m, struct extended_policy *p,
	const struct learn_bare *b)
{
	p->match.count = 0;
	p->match.protos = 0;
	bool out = b->key.direction == DIRECTION_FROM_DEVICE;
	struct learned_kind k;

	bare_kind(b, &k);
	making_role(m, p, out ? making_src(k.family) : making_dst(k.family),
		EXTENDED_SELF);
	(void)making_peer(
		m, p, out ? making_dst(k.family) : making_src(k.family), &k);
	making_number(m, p, KEY_UDP_SRC_PORT, k.port, k.port);
	p->bidirectional = true;
}

static bool is_known(const struct learn_bare *b)
{
	return b->key.why == LEARN_BARE_HINTED && strchr(b->name, '.') &&
	       b->key.place == RECORD_INTERNET;
}

static void add_bare(struct making *m, const struct learn_bare *b)
{
	struct learned_kind k;
	struct extended_policy *p;

	bare_kind(b, &k);
	p = making_policy(m, "%s-%u-by-address", proto_name(k.proto), k.port);
	if (!p)
		return;
	if (b->key.why == LEARN_BARE_ANSWER)
		bare_ports(m, p, b);
	else if (!making_kind_match(m, p, &k)) {
		m->left_out++;
		m->profile.policy_count--;
		return;
	}
	making_evidence(m, p, &k);
	p->confidence = -1; /* episodes do not count these */
	volume(p, &k);
}

static struct extended_known *known_of(struct making *m, const char *name)
{
	struct extended_binding *b = &m->binding;

	for (uint32_t i = 0; i < b->known_count; i++)
		if (strcmp(b->known[i].name, name) == 0)
			return &b->known[i];
	struct extended_known *k = &b->known[b->known_count];

	k->name = pool_string(m->pool, name, strlen(name));
	m->short_of_memory |= !k->name;
	b->known_count += k->name != NULL;
	return k->name ? k : NULL;
}

/* Named by its own hello alone: this home knows the address, others will be told it. */
static void add_known(struct making *m, const struct learn_bare *b)
{
	struct extended_known *k = known_of(m, b->name);

	if (k && k->addr_count < EXTENDED_PARTY_ADDRS)
		k->addrs[k->addr_count++] = b->key.peer;
}

static void add_bares(struct making *m)
{
	const struct learn_profile *of = m->of;

	m->binding.known =
		pool_take(m->pool, (of->rule_count + 1) * sizeof *m->binding.known);
	if (!m->binding.known) {
		m->short_of_memory = true;
		return;
	}
	for (size_t i = 0; i < of->rule_count; i++) {
		if (!of->bares[i])
			continue;
		if (is_known(of->bares[i]))
			add_known(m, of->bares[i]);
		else
			add_bare(m, of->bares[i]);
	}
}

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
	const struct learn_parties *t = learn_parties(m->learn);
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

int learn_extended_make(const struct learn *l, const struct learn_profile *p,
	struct learn_extended *ret)
{
	struct making m = {.learn = l, .of = p};
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
		add_kinds(&m);
		add_bares(&m);
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
