// SPDX-License-Identifier: GPL-2.0-or-later
/* Names between the kernel that learns them, the resolver that holds them, and the
 * engine: who waits for whom, and what a changed profile sends. */
#include "test_dns_util.h"

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
	d->hold = HOLD_QUARANTINED;
	assert_int_equal(household_hold(&h->p.household, d, h->clock.now), 0);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
