// SPDX-License-Identifier: GPL-2.0-or-later
/* Names between the kernel that learns them, the resolver that holds them, and the
 * engine: who waits for whom, and what a changed profile sends. */
#include <fcntl.h>
#include "model/name_hash.h"
#include "test_engine_util.h"
#include "wire/dns.h"

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.10"
#define CLOUD "198.51.100.7"
#define OTHER "198.51.100.8"

static const struct name_key key = {0x0123456789abcdef, 0xfedcba9876543210};

static void name_rule(struct rule *r, rule_id id, const char *name, uint16_t port)
{
	rule_init(r);
	r->id = id;
	r->proto = FLOW_PROTO_TCP;
	r->peer.kind = PEER_NAME;
	r->peer_port = (struct range16){port, port};
	r->layer = LAYER_MANUFACTURER;
	str_copy(r->peer.name, sizeof(r->peer.name), name);
}

/* An enforcer whose kernel learns names. */
static void learning_ready(struct house *h)
{
	struct message m = {.type = MESSAGE_ENFORCER_READY};

	str_copy(m.enforcer_ready.backend, sizeof(m.enforcer_ready.backend), "bpf");
	m.enforcer_ready.name_key0 = key.k0;
	m.enforcer_ready.name_key1 = key.k1;
	far_send(h, ROLE_ENFORCER, &m);
	spin(h);
}

static struct household_device *lamp(struct house *h)
{
	return household_device(&h->p.household, device_of(h, LAMP)->id);
}

static void adopt(struct house *h, struct shelf_entry *e, struct rule *rules, size_t count)
{
	struct device *d;
	bool again;

	if (!device_of(h, LAMP))
		see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
	d = device_of(h, LAMP);
	again = lamp(h)->pool != NULL;
	*e = (struct shelf_entry){.profile = {.rules = rules, .rule_count = (uint32_t)count}};
	assert_int_equal(household_adopt(lamp(h), e), 0);
	d->state = DEVICE_PROTECTED;
	household_update(&h->p.household, d, again, h->clock.now);
	spin(h);
}

/* As the resolver knows it by now: the last word about the address. */
static int mode_told(const struct house *h, const char *addr)
{
	struct addr a = ip(addr);
	int mode = -1;

	for (size_t i = 0; i < h->far[ROLE_RESOLVER].count; i++) {
		const struct message *m = &h->far[ROLE_RESOLVER].got[i];

		if (m->type == MESSAGE_DNS_CLIENT && addr_equal(&m->dns_client.client, &a))
			mode = m->dns_client.mode;
	}
	return mode;
}

static unsigned elements_of(const struct house *h, enum element_kind kind)
{
	unsigned n = 0;

	for (size_t i = 0; i < h->kernel_count; i++)
		n += h->kernel[i].kind == kind;
	return n;
}

static const struct element *name_element(const struct house *h, const char *name)
{
	uint64_t hash = name_hash(&key, name);

	for (size_t i = 0; i < h->kernel_count; i++)
		if (h->kernel[i].kind == ELEMENT_NAME && h->kernel[i].name_hash == hash)
			return &h->kernel[i];
	return NULL;
}

static void told(struct house *h, const char *name, const char *addr)
{
	struct message m = {.type = MESSAGE_DNS_ANSWER};

	m.dns_answer.client = ip(LAMP_IP);
	str_copy(m.dns_answer.name, sizeof(m.dns_answer.name), name);
	m.dns_answer.ttl_s = 300;
	m.dns_answer.addrs.count = 1;
	m.dns_answer.addrs.addrs[0] = ip(addr);
	far_send(h, ROLE_RESOLVER, &m);
	spin(h);
}

static const struct message *last_release(const struct house *h)
{
	unsigned n = got_count(h, ROLE_RESOLVER, MESSAGE_DNS_RELEASE);

	assert_true(n > 0);
	return got(h, ROLE_RESOLVER, MESSAGE_DNS_RELEASE, n - 1);
}

static void learned(struct house *h, uint64_t hash, const char *addr, uint32_t ttl_s)
{
	struct message m = {.type = MESSAGE_LEARNED};

	m.learned.mac = mac_of(LAMP);
	m.learned.name_hash = hash;
	m.learned.addr = ip(addr);
	m.learned.ttl_s = ttl_s;
	far_send(h, ROLE_ENFORCER, &m);
	spin(h);
}

static bool bound(struct house *h, const char *name, const char *addr)
{
	struct addr a = ip(addr);

	return bindings_has(&lamp(h)->names, name, &a, h->clock.now);
}

static void the_kernel_learns_what_is_exact(void **state)
{
	(void)state;
	struct rule rules[2];
	struct shelf_entry e;
	struct house *h = house_new();
	const struct element *n;

	learning_ready(h);
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
	assert_int_equal(mode_told(h, LAMP_IP), DNS_TELL); /* nothing is enforced for it */
	name_rule(&rules[0], 1, "cloud.example", 443);
	name_rule(&rules[1], 2, "*.cdn.example", 8883);
	rules[1].family = 6;
	adopt(h, &e, rules, 2);
	assert_int_equal(elements_of(h, ELEMENT_NAME), 2);
	n = name_element(h, "cloud.example");
	assert_non_null(n);
	assert_false(n->name_suffix);
	assert_int_equal(n->family, 0);
	assert_int_equal(n->peer_port.lo, 443);
	n = name_element(h, "cdn.example");
	assert_non_null(n);
	assert_true(n->name_suffix);
	assert_int_equal(n->family, 6);
	assert_int_equal(mode_told(h, LAMP_IP), DNS_TELL);
	house_free(h);
}

/* HOLD goes out before the transaction, TELL only after it is confirmed. */
static void answers_wait_while_names_change(void **state)
{
	(void)state;
	struct rule rules[2];
	struct shelf_entry e, f;
	struct house *h = house_new();
	struct message done = {.type = MESSAGE_TXN_DONE};

	learning_ready(h);
	name_rule(&rules[0], 1, "cloud.example", 443);
	adopt(h, &e, rules, 1);
	assert_int_equal(mode_told(h, LAMP_IP), DNS_TELL);
	h->hold = true;
	name_rule(&rules[1], 2, "other.example", 443);
	adopt(h, &f, rules, 2);
	assert_non_null(name_element(h, "other.example"));
	assert_int_equal(mode_told(h, LAMP_IP), DNS_HOLD);
	advance(h, 3);
	assert_int_equal(mode_told(h, LAMP_IP), DNS_HOLD);
	/* one that was on its way: the kernel may not have learned it */
	told(h, "other.example", OTHER);
	assert_non_null(kernel_out(h, OTHER));
	h->hold = false;
	done.txn_done.seq = h->p.commit.seq;
	far_send(h, ROLE_ENFORCER, &done);
	spin(h);
	assert_int_equal(mode_told(h, LAMP_IP), DNS_TELL);
	house_free(h);
}

static void what_the_kernel_cannot_learn_is_held(void **state)
{
	(void)state;
	struct rule rules[2];
	struct shelf_entry e;
	struct house *h = house_new();

	learning_ready(h);
	name_rule(&rules[0], 1, "cloud.example", 443);
	name_rule(&rules[1], 2, "media.example", 5000);
	rules[1].peer_port.hi = 5010;
	adopt(h, &e, rules, 2);
	assert_int_equal(elements_of(h, ELEMENT_NAME), 1);
	assert_int_equal(mode_told(h, LAMP_IP), DNS_HOLD);
	house_free(h);
}

static void without_such_a_kernel_all_is_held(void **state)
{
	(void)state;
	struct rule rules[1];
	struct shelf_entry e;
	struct house *h = house_new();

	name_rule(&rules[0], 1, "cloud.example", 443);
	adopt(h, &e, rules, 1);
	assert_int_equal(elements_of(h, ELEMENT_NAME), 0);
	assert_int_equal(mode_told(h, LAMP_IP), DNS_HOLD);
	/* the better one comes, and goes again */
	learning_ready(h);
	assert_int_equal(elements_of(h, ELEMENT_NAME), 1);
	assert_int_equal(mode_told(h, LAMP_IP), DNS_TELL);
	enforcer_ready(h);
	assert_int_equal(elements_of(h, ELEMENT_NAME), 0);
	assert_int_equal(mode_told(h, LAMP_IP), DNS_HOLD);
	house_free(h);
}

static void a_new_resolver_is_told_all(void **state)
{
	(void)state;
	struct rule rules[1];
	struct shelf_entry e;
	struct house *h = house_new();

	learning_ready(h);
	name_rule(&rules[0], 1, "cloud.example", 443);
	adopt(h, &e, rules, 1);
	see_addr(h, "02:00:00:00:00:11", "192.168.7.11", ADDR_SOURCE_DHCP4, 86400);
	h->far[ROLE_RESOLVER].count = 0;
	connect_far(h, ROLE_RESOLVER);
	spin(h);
	assert_int_equal(mode_told(h, LAMP_IP), DNS_TELL);
	assert_int_equal(mode_told(h, "192.168.7.11"), DNS_TELL);
	/* an enforcer that is away left its kernel as it was */
	ipc_close(&h->far[ROLE_ENFORCER].ipc);
	advance(h, 2);
	assert_int_equal(mode_told(h, LAMP_IP), DNS_TELL);
	house_free(h);
}

/* A resolver that could not be told to hold goes on telling: it is told again. */
static void a_hold_that_was_not_heard_is_said_again(void **state)
{
	(void)state;
	struct rule rules[2];
	struct shelf_entry e, f;
	struct house *h = house_new();
	int *fd = &h->p.channels[ROLE_RESOLVER].fd.fd, kept = *fd;

	learning_ready(h);
	name_rule(&rules[0], 1, "cloud.example", 443);
	adopt(h, &e, rules, 1);
	assert_int_equal(mode_told(h, LAMP_IP), DNS_TELL);
	h->hold = true;
	*fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(*fd >= 0);
	name_rule(&rules[1], 2, "other.example", 443);
	adopt(h, &f, rules, 2);
	close(*fd);
	*fd = kept;
	assert_int_equal(mode_told(h, LAMP_IP), DNS_TELL);
	advance(h, 2);
	assert_int_equal(mode_told(h, LAMP_IP), DNS_HOLD);
	house_free(h);
}

static void a_lost_address_is_a_strangers(void **state)
{
	(void)state;
	struct rule rules[1];
	struct shelf_entry e;
	struct house *h = house_new();

	name_rule(&rules[0], 1, "cloud.example", 443);
	adopt(h, &e, rules, 1);
	see_addr(h, "02:00:00:00:00:11", "192.168.7.11", ADDR_SOURCE_ARP, 60);
	assert_int_equal(mode_told(h, "192.168.7.11"), DNS_TELL);
	/* now it is the lamp's, whose answers are held */
	see_addr(h, LAMP, "192.168.7.11", ADDR_SOURCE_DHCP4, 86400);
	assert_int_equal(mode_told(h, "192.168.7.11"), DNS_HOLD);
	house_free(h);
}

static void a_told_answer_needs_no_commit(void **state)
{
	(void)state;
	struct rule rules[1];
	struct shelf_entry e;
	struct house *h = house_new();
	unsigned commits;

	learning_ready(h);
	name_rule(&rules[0], 1, "cloud.example", 443);
	adopt(h, &e, rules, 1);
	/* right after a change it may have gone out before */
	told(h, "cloud.example", "198.51.100.9");
	assert_non_null(kernel_out(h, "198.51.100.9"));
	advance(h, 2);
	commits = got_count(h, ROLE_ENFORCER, MESSAGE_TXN_BEGIN);
	told(h, "cloud.example", CLOUD);
	assert_true(bound(h, "cloud.example", CLOUD));
	assert_int_equal(got_count(h, ROLE_ENFORCER, MESSAGE_TXN_BEGIN), commits);
	assert_int_equal(got_count(h, ROLE_RESOLVER, MESSAGE_DNS_RELEASE), 0);
	/* one that was too long for the kernel comes held */
	tell_name(h, 9, LAMP_IP, "cloud.example", OTHER);
	assert_non_null(kernel_out(h, OTHER));
	assert_int_equal(got_count(h, ROLE_RESOLVER, MESSAGE_DNS_RELEASE), 1);
	house_free(h);
}

/* The resolver tells what was confirmed just before; the kernel learns nothing of it. */
static void told_answers_of_who_is_held_are_committed(void **state)
{
	(void)state;
	struct rule rules[1];
	struct shelf_entry e;
	struct house *h = house_new();
	unsigned commits;

	name_rule(&rules[0], 1, "cloud.example", 443);
	adopt(h, &e, rules, 1);
	assert_int_equal(mode_told(h, LAMP_IP), DNS_HOLD);
	tell_name(h, 1, LAMP_IP, "cloud.example", CLOUD);
	advance(h, 100);
	/* the same: it is to live on */
	commits = got_count(h, ROLE_ENFORCER, MESSAGE_TXN_BEGIN);
	told(h, "cloud.example", CLOUD);
	assert_int_equal(got_count(h, ROLE_ENFORCER, MESSAGE_TXN_BEGIN), commits + 1);
	assert_int_equal(kernel_out(h, CLOUD)->timeout_s, 300 + BINDING_GRACE_S);
	assert_int_equal(got_count(h, ROLE_RESOLVER, MESSAGE_DNS_RELEASE), 1);
	/* another one than we know */
	told(h, "cloud.example", OTHER);
	assert_int_equal(got_count(h, ROLE_ENFORCER, MESSAGE_TXN_BEGIN), commits + 2);
	assert_non_null(kernel_out(h, OTHER));
	assert_true(bound(h, "cloud.example", OTHER));
	/* a name that is not its own opens nothing, however it comes */
	told(h, "tracker.example", "198.51.100.9");
	assert_null(kernel_out(h, "198.51.100.9"));
	house_free(h);
}

/* What the resolver was told before the engine's newest transaction. */
static struct {
	void (*inner)(void *, const struct device *);
	const struct household *of;
	uint64_t seq;
	unsigned calls;
} unconfirmed;

static void watch_unconfirm(void *ctx, const struct device *d)
{
	unconfirmed.inner(ctx, d);
	unconfirmed.seq = unconfirmed.of->commit->seq;
	unconfirmed.calls++;
}

static void begin_watching(struct house *h)
{
	h->far[ROLE_RESOLVER].count = 0;
	unconfirmed.calls = 0;
	unconfirmed.seq = UINT64_MAX;
}

/* The resolver heard that nothing of the address is confirmed, and before the kernel
 * heard anything. */
static void assert_unconfirmed(struct house *h, uint64_t seq_before)
{
	spin(h);
	assert_true(unconfirmed.calls > 0);
	assert_int_equal(unconfirmed.seq, seq_before);
	assert_true(h->p.commit.seq > seq_before);
	assert_int_equal(mode_told(h, LAMP_IP), DNS_HOLD);
}

static void what_was_confirmed_ends_before_anything_is_taken(void **state)
{
	(void)state;
	struct rule rules[2];
	struct shelf_entry e, f;
	struct house *h = house_new();
	struct addr peer = ip(CLOUD);
	uint64_t seq;

	unconfirmed.inner = h->p.household.unconfirm;
	unconfirmed.of = &h->p.household;
	h->p.household.unconfirm = watch_unconfirm;
	name_rule(&rules[0], 1, "cloud.example", 443);
	name_rule(&rules[1], 2, "other.example", 443);
	adopt(h, &e, rules, 2);
	tell_name(h, 1, LAMP_IP, "cloud.example", CLOUD);
	tell_name(h, 2, LAMP_IP, "other.example", OTHER);
	assert_int_equal(mode_told(h, LAMP_IP), DNS_HOLD);
	/* nothing is said for what only opens */
	begin_watching(h);
	tell_name(h, 3, LAMP_IP, "cloud.example", OTHER);
	told(h, "cloud.example", CLOUD);
	assert_int_equal(mode_told(h, LAMP_IP), -1);
	/* a name less */
	begin_watching(h);
	seq = h->p.commit.seq;
	adopt(h, &f, rules, 1);
	assert_unconfirmed(h, seq);
	/* a conversation that is ended */
	begin_watching(h);
	seq = h->p.commit.seq;
	assert_int_equal(household_block(&h->p.household, device_of(h, LAMP), &peer,
				 FLOW_PROTO_TCP, 443, h->clock.now), 0);
	assert_unconfirmed(h, seq);
	/* the kernel is to be as we know it */
	begin_watching(h);
	seq = h->p.commit.seq;
	h->p.resync = 1;
	advance(h, 1);
	assert_unconfirmed(h, seq);
	/* its address is another's */
	begin_watching(h);
	seq = h->p.commit.seq;
	see_addr(h, "02:00:00:00:00:11", "192.168.7.11", ADDR_SOURCE_DHCP4, 86400);
	see_addr(h, "02:00:00:00:00:11", LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
	spin(h);
	assert_int_equal(got(h, ROLE_RESOLVER, MESSAGE_DNS_CLIENT, 0)->dns_client.mode,
		DNS_HOLD);
	assert_true(unconfirmed.calls > 0);
	house_free(h);
}

static void a_forgotten_device_has_nothing_confirmed(void **state)
{
	(void)state;
	struct rule rules[1];
	struct shelf_entry e;
	struct house *h = house_new();

	name_rule(&rules[0], 1, "cloud.example", 443);
	adopt(h, &e, rules, 1);
	tell_name(h, 1, LAMP_IP, "cloud.example", CLOUD);
	h->far[ROLE_RESOLVER].count = 0;
	pipeline_dns_gone(&h->p, device_of(h, LAMP));
	spin(h);
	assert_int_equal(mode_told(h, LAMP_IP), DNS_HOLD);
	household_remove(&h->p.household, device_of(h, LAMP));
	spin(h);
	assert_null(kernel_out(h, CLOUD));
	house_free(h);
}

/* Quarantine forbids names that the kernel never heard of. */
static void quarantine_ends_what_was_confirmed(void **state)
{
	(void)state;
	struct rule rules[1];
	struct shelf_entry e;
	struct house *h = house_new();
	struct device *d;

	name_rule(&rules[0], 1, "cloud.example", 443);
	adopt(h, &e, rules, 1);
	tell_name(h, 1, LAMP_IP, "tracker.example", OTHER);
	h->far[ROLE_RESOLVER].count = 0;
	d = device_of(h, LAMP);
	str_copy(d->quarantine, sizeof(d->quarantine), "owner");
	assert_int_equal(household_quarantine(&h->p.household, d, h->clock.now), 0);
	spin(h);
	assert_int_not_equal(mode_told(h, LAMP_IP), -1);
	assert_int_not_equal(mode_told(h, LAMP_IP), DNS_TELL);
	tell_name(h, 2, LAMP_IP, "tracker.example", OTHER);
	assert_int_equal(last_release(h)->dns_release.rcode, DNS_RCODE_REFUSED);
	house_free(h);
}

static void learned_addresses_are_bound_by_name(void **state)
{
	(void)state;
	struct rule rules[2];
	struct shelf_entry e;
	struct house *h = house_new();

	learning_ready(h);
	name_rule(&rules[0], 1, "cloud.example", 443);
	name_rule(&rules[1], 2, "*.cdn.example", 443);
	adopt(h, &e, rules, 2);
	learned(h, name_hash(&key, "cloud.example"), CLOUD, 300);
	assert_true(bound(h, "cloud.example", CLOUD));
	learned(h, name_hash(&key, "elsewhere.example"), OTHER, 300);
	assert_int_equal(lamp(h)->names.count, 1); /* never a name that it does not have */
	learned(h, name_hash(&key, "cdn.example"), OTHER, 300);
	assert_int_equal(lamp(h)->names.count, 1);
	told(h, "a.cdn.example", OTHER); /* what is below a name the resolver tells */
	assert_true(bound(h, "*.cdn.example", OTHER));
	assert_false(bound(h, "cloud.example", OTHER));
	/* a conversation keeps it alive */
	advance(h, 300);
	learned(h, 0, CLOUD, 300);
	advance(h, BINDING_GRACE_S + 100);
	assert_true(bound(h, "cloud.example", CLOUD));
	assert_false(bound(h, "*.cdn.example", OTHER));
	advance(h, 300);
	assert_false(bound(h, "cloud.example", CLOUD));
	house_free(h);
}

/* The transactions since `from`, one line an element: what is removed, what is added. */
static char *sent(const struct house *h, size_t from, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = 0;
	for (size_t i = from; i < h->far[ROLE_ENFORCER].count; i++) {
		const struct message *m = &h->far[ROLE_ENFORCER].got[i];
		const struct message_element *e = &m->element;
		char addr[ADDR_TEXT_MAX] = "";

		if (m->type == MESSAGE_ELEMENT && e->peer_lo.family)
			addr_format(&e->peer_lo, addr);
		if (m->type == MESSAGE_TXN_BEGIN)
			n += (size_t)snprintf(buf + n, size - n, "begin\n");
		else if (m->type == MESSAGE_ELEMENT)
			n += (size_t)snprintf(buf + n, size - n, "%c%s %s %u\n",
				e->remove ? '-' : '+',
				element_kind_name((enum element_kind)e->kind), addr,
				e->peer_port_lo);
		else if (m->type == MESSAGE_FORGET)
			n += (size_t)snprintf(buf + n, size - n, "forget\n");
	}
	return buf;
}

static void a_changed_profile_sends_its_difference(void **state)
{
	(void)state;
	struct rule rules[4];
	struct shelf_entry e[4];
	struct house *h = house_new();
	size_t from;
	char buf[2048];

	name_rule(&rules[0], 1, "cloud.example", 443);
	name_rule(&rules[1], 2, "other.example", 443);
	name_rule(&rules[2], 3, "", 8000);
	rules[2].peer.kind = PEER_PREFIX;
	assert_int_equal(prefix_parse("203.0.113.9/32", &rules[2].peer.prefix), 0);
	adopt(h, &e[0], rules, 3);
	tell_name(h, 1, LAMP_IP, "cloud.example", CLOUD);
	tell_name(h, 2, LAMP_IP, "other.example", OTHER);
	/* something more: nothing else is touched, nobody's conversation is looked at */
	from = h->far[ROLE_ENFORCER].count;
	rules[3] = rules[2];
	rules[3].id = 4;
	rules[3].peer_port = (struct range16){8001, 8001};
	assert_int_equal(household_adopt(lamp(h),
		&(struct shelf_entry){.profile = {.rules = rules, .rule_count = 4}}), 0);
	household_update(&h->p.household, device_of(h, LAMP), false, h->clock.now);
	spin(h);
	assert_string_equal(sent(h, from, buf, sizeof(buf)), "begin\n+out 203.0.113.9 8001\n");
	/* a name less: what of it is open goes, what is not of it is named and stays */
	from = h->far[ROLE_ENFORCER].count;
	adopt(h, &e[1], rules, 1);
	assert_string_equal(sent(h, from, buf, sizeof(buf)),
		"begin\n-out 203.0.113.9 8000\n-out 203.0.113.9 8001\nforget\n"
		"+out " CLOUD " 443\n");
	assert_non_null(kernel_out(h, CLOUD));
	assert_null(kernel_out(h, OTHER));
	/* the same once more: nothing at all */
	from = h->far[ROLE_ENFORCER].count;
	household_update(&h->p.household, device_of(h, LAMP), false, h->clock.now);
	spin(h);
	assert_string_equal(sent(h, from, buf, sizeof(buf)), "");
	house_free(h);
}

/* ---- what a device may hear ---- */

static void unlisted_names_are_refused_when_the_owner_says_so(void **state)
{
	(void)state;
	static const struct {
		const char *setting;
		uint8_t rcode;
		enum dns_mode mode;
	} ways[] = {{"answer", 0, DNS_TELL}, {"refuse", DNS_RCODE_REFUSED, DNS_ASK},
		{"nxdomain", DNS_RCODE_NXDOMAIN, DNS_ASK}};

	for (size_t i = 0; i < 3; i++) {
		struct rule rules[1];
		struct shelf_entry e;
		struct house *h = house_new();
		unsigned events;

		assert_int_equal(
			pipeline_setting(&h->p, "dns_unlisted", ways[i].setting), 0);
		learning_ready(h);
		name_rule(&rules[0], 1, "cloud.example", 443);
		adopt(h, &e, rules, 1);
		assert_int_equal(mode_told(h, LAMP_IP), ways[i].mode);
		events = h->events;
		tell_name(h, 1, LAMP_IP, "tracker.example", OTHER);
		assert_int_equal(last_release(h)->dns_release.rcode, ways[i].rcode);
		assert_int_equal(last_release(h)->dns_release.ede, ways[i].rcode ? 15 : 0);
		assert_int_equal(h->events, events + (ways[i].rcode != 0));
		assert_int_equal(bound(h, "tracker.example", OTHER), !ways[i].rcode);
		tell_name(h, 2, LAMP_IP, "cloud.example", CLOUD);
		assert_int_equal(last_release(h)->dns_release.rcode, 0);
		/* who is not protected may ask for what it likes */
		see_addr(h, "02:00:00:00:00:11", "192.168.7.11", ADDR_SOURCE_DHCP4, 86400);
		tell_name(h, 3, "192.168.7.11", "tracker.example", OTHER);
		assert_int_equal(last_release(h)->dns_release.rcode, 0);
		house_free(h);
	}
}

static void quarantine_counts_for_names_at_once(void **state)
{
	(void)state;
	struct rule rules[1];
	struct shelf_entry e;
	struct house *h = house_new();

	learning_ready(h);
	name_rule(&rules[0], 1, "cloud.example", 443);
	adopt(h, &e, rules, 1);
	assert_int_equal(mode_told(h, LAMP_IP), DNS_TELL);
	assert_int_equal(pipeline_quarantine(&h->p, device_of(h, LAMP), "a test"), 0);
	h->hold = true; /* whatever the kernel says */
	spin(h);
	assert_int_equal(mode_told(h, LAMP_IP), DNS_ASK);
	house_free(h);
}

/* Whatever the owner says of other names. */
static void public_resolvers_are_refused_unless_listed(void **state)
{
	(void)state;
	struct rule rules[2];
	struct shelf_entry e;
	struct house *h = house_new();

	assert_int_equal(pipeline_setting(&h->p, "encrypted_name", "doh.example"), 0);
	learning_ready(h);
	name_rule(&rules[0], 1, "cloud.example", 443);
	name_rule(&rules[1], 2, "dns.quad9.net", 443);
	adopt(h, &e, rules, 2);
	tell_name(h, 1, LAMP_IP, "mozilla.cloudflare-dns.com", OTHER);
	assert_int_equal(last_release(h)->dns_release.rcode, DNS_RCODE_REFUSED);
	assert_int_equal(last_release(h)->dns_release.ede, 15);
	assert_false(bound(h, "mozilla.cloudflare-dns.com", OTHER));
	tell_name(h, 2, LAMP_IP, "a.doh.example", OTHER);
	assert_int_equal(last_release(h)->dns_release.rcode, DNS_RCODE_REFUSED);
	tell_name(h, 3, LAMP_IP, "dns.quad9.net", CLOUD);
	assert_int_equal(last_release(h)->dns_release.rcode, 0);
	tell_name(h, 4, LAMP_IP, "tracker.example", OTHER);
	assert_int_equal(last_release(h)->dns_release.rcode, 0);
	see_addr(h, "02:00:00:00:00:11", "192.168.7.11", ADDR_SOURCE_DHCP4, 86400);
	tell_name(h, 5, "192.168.7.11", "dns.google", OTHER);
	assert_int_equal(last_release(h)->dns_release.rcode, 0);
	house_free(h);
}

static void forbidden_names_do_not_exist(void **state)
{
	(void)state;
	struct rule rules[3];
	struct shelf_entry e;
	struct house *h = house_new();

	learning_ready(h);
	name_rule(&rules[0], 1, "good.ads.example", 443);
	name_rule(&rules[1], 2, "*.ads.example", 443);
	rules[1].action = RULE_DROP;
	rules[1].proto = RULE_PROTO_ANY;
	rules[1].peer_port = (struct range16){0, UINT16_MAX};
	rules[1].layer = LAYER_OWNER;
	name_rule(&rules[2], 3, "", 443);
	rules[2].peer.kind = PEER_ANY;
	adopt(h, &e, rules, 3);
	assert_int_equal(mode_told(h, LAMP_IP), DNS_HOLD); /* it takes addresses away */
	tell_name(h, 1, LAMP_IP, "x.ads.example", OTHER);
	assert_int_equal(last_release(h)->dns_release.rcode, DNS_RCODE_NXDOMAIN);
	assert_int_equal(last_release(h)->dns_release.ede, 17);
	tell_name(h, 2, LAMP_IP, "good.ads.example", CLOUD);
	assert_int_equal(last_release(h)->dns_release.rcode, 0);
	house_free(h);
}

static const struct event *last_event(struct house *h, enum event_kind kind)
{
	const struct event *last = NULL;

	for (size_t i = 0; i < JOURNAL_OPEN_MAX; i++) {
		const struct event *e = &h->p.journal.open[i].event;

		if (e->id && e->kind == kind && (!last || e->id > last->id))
			last = e;
	}
	return last;
}

static void findings_are_events(void **state)
{
	(void)state;
	struct house *h = house_new();
	struct message m = {.type = MESSAGE_DNS_FINDING};
	const struct event *e;

	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
	m.dns_finding.client = ip(LAMP_IP);
	m.dns_finding.kind = DNS_FINDING_REBINDING;
	str_copy(m.dns_finding.name, sizeof(m.dns_finding.name), "evil.example");
	for (unsigned i = 0; i < 3; i++)
		far_send(h, ROLE_RESOLVER, &m);
	spin(h);
	e = last_event(h, EVENT_NAMES_ODD);
	assert_non_null(e);
	assert_int_equal(e->packets, 3);
	assert_int_equal(e->device, device_of(h, LAMP)->id);
	assert_non_null(strstr(e->text, "evil.example"));
	assert_non_null(strstr(e->text, "points into this house"));
	m.dns_finding.kind = DNS_FINDING_BOGUS;
	far_send(h, ROLE_RESOLVER, &m);
	spin(h);
	assert_non_null(strstr(last_event(h, EVENT_NAMES_ODD)->text, "DNSSEC"));
	m.dns_finding.kind = DNS_FINDING_MAX;
	far_send(h, ROLE_RESOLVER, &m);
	spin(h);
	assert_int_equal(h->far[ROLE_RESOLVER].closed, 1);
	house_free(h);
}

static void violate(struct house *h, const char *peer, uint8_t proto, uint16_t port,
	uint32_t packets)
{
	struct message m = {.type = MESSAGE_SEEN_VIOLATION};

	m.seen_violation.direction = DIRECTION_FROM_DEVICE;
	m.seen_violation.reason = REASON_DEFAULT_DENY;
	m.seen_violation.mac = mac_of(LAMP);
	m.seen_violation.device = ip(LAMP_IP);
	m.seen_violation.peer = ip(peer);
	m.seen_violation.proto = proto;
	m.seen_violation.device_port = 40000;
	m.seen_violation.peer_port = port;
	m.seen_violation.packets = packets;
	far_send(h, ROLE_ENFORCER, &m);
	spin(h);
}

static void its_own_resolver_is_called_so(void **state)
{
	(void)state;
	struct rule rules[1];
	struct shelf_entry e;
	struct house *h = house_new();

	name_rule(&rules[0], 1, "cloud.example", 443);
	adopt(h, &e, rules, 1);
	violate(h, "8.8.8.8", FLOW_PROTO_UDP, 53, 1);
	assert_non_null(strstr(last_event(h, EVENT_VIOLATION)->text,
		"uses its own resolver 8.8.8.8 (Google"));
	violate(h, "203.0.113.53", FLOW_PROTO_TCP, 853, 1);
	assert_non_null(strstr(last_event(h, EVENT_VIOLATION)->text,
		"the public resolver 203.0.113.53 by TLS"));
	violate(h, "203.0.113.80", FLOW_PROTO_TCP, 443, 1);
	assert_null(strstr(last_event(h, EVENT_VIOLATION)->text, "resolver"));
	/* the enforcer counts before it tells */
	violate(h, "203.0.113.80", FLOW_PROTO_TCP, 443, 41);
	assert_int_equal(last_event(h, EVENT_VIOLATION)->packets, 42);
	house_free(h);
}

static void who_is_only_watched_may_hide(void **state)
{
	(void)state;
	struct rule rules[1];
	struct shelf_entry e;
	struct house *h = house_new();
	const struct event *found;

	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
	told(h, "dns.google", "8.8.8.8");
	told(h, "dns.google", "8.8.4.4");
	found = last_event(h, EVENT_NAMES_HIDDEN);
	assert_non_null(found);
	assert_int_equal(found->packets, 2);
	assert_non_null(strstr(found->text, "the public resolver dns.google (Google"));
	/* who is not may not reach it: that is a violation once it tries */
	name_rule(&rules[0], 1, "cloud.example", 443);
	adopt(h, &e, rules, 1);
	told(h, "dns.google", "8.8.8.8");
	assert_int_equal(last_event(h, EVENT_NAMES_HIDDEN)->packets, 2);
	violate(h, "8.8.8.8", FLOW_PROTO_TCP, 443, 1);
	assert_non_null(strstr(last_event(h, EVENT_VIOLATION)->text, "dns.google"));
	house_free(h);
}

/* ---- the house's own zone ---- */

static bool local_told(const struct house *h, const char *name, const char *addr)
{
	struct addr a = ip(addr);
	bool there = false;

	for (size_t i = 0; i < h->far[ROLE_RESOLVER].count; i++) {
		const struct message *m = &h->far[ROLE_RESOLVER].got[i];

		if (m->type == MESSAGE_DNS_LOCAL && addr_equal(&m->dns_local.addr, &a) &&
			strcmp(m->dns_local.name, name) == 0)
			there = !m->dns_local.remove;
	}
	return there;
}

static void devices_are_found_by_their_names(void **state)
{
	(void)state;
	struct house *h = house_new();
	struct device *d;

	assert_int_equal(pipeline_setting(&h->p, "dns_domain", "internal"), 0);
	see_dhcp(h, LAMP, "Lamp_of  Anna!", "");
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
	advance(h, 1);
	assert_true(local_told(h, "lamp-of-anna.internal", LAMP_IP));
	/* a second one of that name does not take it */
	see_dhcp(h, "02:00:00:00:00:11", "lamp-of-anna", "");
	see_addr(h, "02:00:00:00:00:11", "192.168.7.11", ADDR_SOURCE_DHCP4, 86400);
	/* names that mean something else are nobody's */
	see_dhcp(h, "02:00:00:00:00:12", "wpad", "");
	see_addr(h, "02:00:00:00:00:12", "192.168.7.12", ADDR_SOURCE_DHCP4, 86400);
	advance(h, 1);
	assert_false(local_told(h, "lamp-of-anna.internal", "192.168.7.11"));
	assert_false(local_told(h, "wpad.internal", "192.168.7.12"));
	/* the owner's word replaces its own */
	d = device_of(h, LAMP);
	assert_int_equal(inventory_rename(h->p.inventory, d, "Reading light"), 0);
	advance(h, 2);
	assert_true(local_told(h, "reading-light.internal", LAMP_IP));
	assert_false(local_told(h, "lamp-of-anna.internal", LAMP_IP));
	assert_true(local_told(h, "lamp-of-anna.internal", "192.168.7.11"));
	house_free(h);
}

/* ---- ports ---- */

/* What calls itself as the owner calls another device does not get its visitors. */
static void the_owners_name_goes_before_what_devices_say(void **state)
{
	(void)state;
	struct house *h = house_new();
	struct device *d;

	assert_int_equal(pipeline_setting(&h->p, "dns_domain", "internal"), 0);
	see_addr(h, "02:00:00:00:00:11", "192.168.7.11", ADDR_SOURCE_DHCP4, 86400);
	d = device_of(h, "02:00:00:00:00:11");
	str_copy(d->hostname, sizeof(d->hostname), "nas");
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
	advance(h, 2);
	assert_true(local_told(h, "nas.internal", "192.168.7.11"));
	d = device_of(h, LAMP);
	str_copy(d->name, sizeof(d->name), "NAS");
	d->named_by_owner = true;
	advance(h, 2);
	assert_true(local_told(h, "nas.internal", LAMP_IP));
	assert_false(local_told(h, "nas.internal", "192.168.7.11"));
	/* the same by another resolver */
	ipc_close(&h->far[ROLE_RESOLVER].ipc);
	spin(h);
	h->far[ROLE_RESOLVER].count = 0;
	connect_far(h, ROLE_RESOLVER);
	advance(h, 2);
	assert_true(local_told(h, "nas.internal", LAMP_IP));
	assert_false(local_told(h, "nas.internal", "192.168.7.11"));
	house_free(h);
}

static void tell_port(struct house *h, const char *name, bool gone, bool covered)
{
	struct message m = {.type = MESSAGE_PORT};

	str_copy(m.port.name, sizeof(m.port.name), name);
	m.port.gone = gone;
	m.port.covered = covered;
	str_copy(m.port.text, sizeof(m.port.text), covered ? "" : "the switch forwards itself");
	far_send(h, ROLE_ENFORCER, &m);
	spin(h);
}

static int keep_last(void *ctx, const struct decision *d)
{
	*(struct decision *)ctx = *d;
	return 0;
}

static struct decision open_question(struct house *h)
{
	struct decision d = {0};

	assert_int_equal(store_decisions(h->store, true, keep_last, &d), 0);
	return d;
}

static void a_port_without_rules_is_asked_about(void **state)
{
	(void)state;
	struct house *h = house_new();
	struct decision d;

	tell_port(h, "lan1", false, true);
	tell_port(h, "lan2", false, false);
	assert_int_equal(open_question(h).id, 0); /* it may be covered in a moment */
	advance(h, 6);
	d = open_question(h);
	assert_int_equal(d.kind, DECISION_PORT);
	assert_string_equal(d.subject, "lan2");
	assert_non_null(strstr(d.text, "the switch forwards itself"));
	/* covered after all: taken back */
	tell_port(h, "lan2", false, true);
	advance(h, 6);
	assert_int_equal(open_question(h).id, 0);
	tell_port(h, "lan2", false, false);
	advance(h, 6);
	d = open_question(h);
	assert_string_equal(d.subject, "lan2");
	assert_false(pipeline_port_accepted(&h->p, "lan2"));
	assert_int_equal(pipeline_answer(&h->p, d.id, true, "", &d), 0);
	assert_true(pipeline_port_accepted(&h->p, "lan2"));
	/* he has said so: he is not asked again */
	tell_port(h, "lan2", true, false);
	advance(h, 6);
	tell_port(h, "lan2", false, false);
	advance(h, 6);
	assert_int_equal(open_question(h).id, 0);
	house_free(h);
}

static void questions_about_ports_end_with_them(void **state)
{
	(void)state;
	struct house *h = house_new();

	tell_port(h, "lan2", false, false);
	advance(h, 6);
	assert_string_equal(open_question(h).subject, "lan2");
	/* a new enforcer does not know it */
	connect_far(h, ROLE_ENFORCER);
	enforcer_ready(h);
	advance(h, 6);
	assert_string_equal(open_question(h).subject, "lan2"); /* nor anything else yet */
	tell_port(h, "lan1", false, true);
	advance(h, 6);
	assert_int_equal(open_question(h).id, 0);
	house_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_learns_what_is_exact),
		cmocka_unit_test(answers_wait_while_names_change),
		cmocka_unit_test(what_the_kernel_cannot_learn_is_held),
		cmocka_unit_test(without_such_a_kernel_all_is_held),
		cmocka_unit_test(a_new_resolver_is_told_all),
		cmocka_unit_test(a_hold_that_was_not_heard_is_said_again),
		cmocka_unit_test(a_lost_address_is_a_strangers),
		cmocka_unit_test(a_told_answer_needs_no_commit),
		cmocka_unit_test(told_answers_of_who_is_held_are_committed),
		cmocka_unit_test(what_was_confirmed_ends_before_anything_is_taken),
		cmocka_unit_test(a_forgotten_device_has_nothing_confirmed),
		cmocka_unit_test(quarantine_ends_what_was_confirmed),
		cmocka_unit_test(learned_addresses_are_bound_by_name),
		cmocka_unit_test(a_changed_profile_sends_its_difference),
		cmocka_unit_test(unlisted_names_are_refused_when_the_owner_says_so),
		cmocka_unit_test(quarantine_counts_for_names_at_once),
		cmocka_unit_test(public_resolvers_are_refused_unless_listed),
		cmocka_unit_test(forbidden_names_do_not_exist),
		cmocka_unit_test(findings_are_events),
		cmocka_unit_test(its_own_resolver_is_called_so),
		cmocka_unit_test(who_is_only_watched_may_hide),
		cmocka_unit_test(devices_are_found_by_their_names),
		cmocka_unit_test(the_owners_name_goes_before_what_devices_say),
		cmocka_unit_test(a_port_without_rules_is_asked_about),
		cmocka_unit_test(questions_about_ports_end_with_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
