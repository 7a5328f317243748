// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel counts, put down to rules. */
#include <errno.h>
#include "test_engine_util.h"

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.10"
#define CLOUD "198.51.100.7"
#define NET "203.0.113.0"

static struct house *h;
static struct shelf_entry file;
static struct rule rules[4];

/* 1: TCP 443 to a name; 2: UDP to a network; 3: pings from a network; 4: TCP from it.
 */
static void write_rules(void)
{
	memset(&file, 0, sizeof(file));
	for (unsigned i = 0; i < 4; i++) {
		rule_init(&rules[i]);
		rules[i].id = i + 1;
		rules[i].peer.kind = PEER_PREFIX;
		assert_int_equal(prefix_parse(NET "/24", &rules[i].peer.prefix), 0);
		str_copy(rules[i].acl, sizeof(rules[i].acl), i < 2 ? "from" : "to");
		assert_int_equal(
			str_print(rules[i].ace, sizeof(rules[i].ace), "ace%u", i), 0);
	}
	rules[0].proto = FLOW_PROTO_TCP;
	rules[0].peer.kind = PEER_NAME;
	str_copy(rules[0].peer.name, sizeof(rules[0].peer.name), "cloud.example");
	rules[0].peer_port = (struct range16){443, 443};
	rules[1].proto = FLOW_PROTO_UDP;
	rules[2].direction = rules[3].direction = DIRECTION_TO_DEVICE;
	rules[2].proto = FLOW_PROTO_ICMP;
	rules[2].icmp_type = 8;
	rules[3].proto = FLOW_PROTO_TCP;
	rules[3].device_port = (struct range16){80, 80};
	file.profile.rules = rules;
	file.profile.rule_count = 4;
}

static struct household_device *held(void)
{
	return household_device(&h->p.household, device_of(h, LAMP)->id);
}

static void protect(void)
{
	struct device *d = device_of(h, LAMP);

	assert_int_equal(household_adopt(held(), &file), 0);
	d->state = DEVICE_PROTECTED;
	household_update(&h->p.household, d, false, h->clock.now);
	spin(h);
}

static int setup(void **state)
{
	(void)state;
	h = house_new();
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400 * 30);
	write_rules();
	protect();
	tell_name(h, 1, LAMP_IP, "cloud.example", CLOUD);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	house_free(h);
	return 0;
}

static unsigned rounds(void)
{
	return got_count(h, ROLE_ENFORCER, MESSAGE_COUNTS_WANTED);
}

static void send_count(const struct element *e, uint64_t packets)
{
	struct message m = {.type = MESSAGE_COUNT};

	message_from_count(&m, e, packets);
	far_send(h, ROLE_ENFORCER, &m);
	spin(h);
}

static void send_end(void)
{
	struct message m = {.type = MESSAGE_COUNTS_END};

	far_send(h, ROLE_ENFORCER, &m);
	spin(h);
}

static const struct element *element(enum element_kind kind, uint8_t proto)
{
	for (size_t i = 0; i < h->kernel_count; i++)
		if (h->kernel[i].kind == kind && h->kernel[i].proto_lo == proto)
			return &h->kernel[i];
	fail_msg("the kernel holds no such element");
	return NULL;
}

/* The base layer's UDP comes by other sets: it has one address and port. */
static const struct element *net(void)
{
	return element(ELEMENT_OUT_RANGE, FLOW_PROTO_UDP);
}

/* The first round tells what was counted before the engine came. */
static void seed(void)
{
	advance(h, 2);
	assert_int_equal(rounds(), 1);
	send_end();
}

static void next_round(void)
{
	unsigned before = rounds();

	advance(h, 31);
	assert_int_equal(rounds(), before + 1);
}

static const struct rule_hits *hits(uint32_t rule)
{
	const struct rule_hits *r = household_hits(held(), rule, h->clock.now);

	assert_non_null(r);
	return r;
}

static void each_kind_of_element_finds_its_rule(void **state)
{
	(void)state;
	nstime before;

	seed();
	before = hits(0)->first;
	assert_int_equal(hits(0)->last, 0);
	next_round();
	send_count(kernel_out(h, CLOUD), 3);
	send_count(net(), 5);
	send_count(element(ELEMENT_IN_RANGE, FLOW_PROTO_ICMP), 7);
	send_count(element(ELEMENT_IN_RANGE, FLOW_PROTO_TCP), 11);
	send_end();
	assert_int_equal(hits(0)->hits, 3);
	assert_int_equal(hits(1)->hits, 5);
	assert_int_equal(hits(2)->hits, 7);
	assert_int_equal(hits(3)->hits, 11);
	assert_int_equal(hits(0)->last, h->clock.now);
	assert_int_equal(hits(0)->first, before);
	assert_int_equal(hits(4)->hits, 0); /* the base layer */
}

static void only_what_is_new_counts(void **state)
{
	(void)state;
	advance(h, 2);
	send_count(net(), 1000); /* before we came */
	send_end();
	assert_int_equal(hits(1)->hits, 0);
	next_round();
	send_count(net(), 1004);
	send_end();
	assert_int_equal(hits(1)->hits, 4);
	next_round();
	send_count(net(), 1004);
	send_end();
	assert_int_equal(hits(1)->hits, 4);
	next_round();
	send_count(net(), 6); /* taken out and put in again */
	send_end();
	assert_int_equal(hits(1)->hits, 10);
}

static void bytes_count_where_the_kernel_counts_them(void **state)
{
	(void)state;
	struct message m;

	seed();
	next_round();
	message_from_count(&m, net(), 2);
	m.count.bytes = 3000;
	far_send(h, ROLE_ENFORCER, &m);
	send_end();
	next_round();
	m.count.bytes = 4500; /* conversations that are counted once they end */
	far_send(h, ROLE_ENFORCER, &m);
	send_end();
	assert_int_equal(hits(1)->hits, 2);
	assert_int_equal(hits(1)->bytes, 4500);
	next_round();
	m.count.packets = 1; /* taken out and put in again */
	m.count.bytes = 60;
	far_send(h, ROLE_ENFORCER, &m);
	send_end();
	assert_int_equal(hits(1)->hits, 3);
	assert_int_equal(hits(1)->bytes, 4560);
	engine_restart(h);
	protect();
	assert_int_equal(hits(1)->bytes, 4560);
}

static void both_tables_count(void **state)
{
	(void)state;
	struct message m = {.type = MESSAGE_COUNT};

	seed();
	next_round();
	send_count(net(), 5);
	message_from_count(&m, net(), 5);
	m.count.table = 1;
	far_send(h, ROLE_ENFORCER, &m);
	spin(h);
	send_end();
	assert_int_equal(hits(1)->hits, 10);
}

static void a_new_version_counts_on(void **state)
{
	(void)state;
	seed();
	next_round();
	send_count(net(), 5);
	send_end();
	/* the same name at another place, and a new rule */
	rules[1].id = 9;
	str_copy(rules[0].ace, sizeof(rules[0].ace), "new");
	advance(h, 1000);
	protect();
	assert_string_equal(held()->policy.rules[3].ace, "ace1");
	assert_int_equal(hits(3)->hits, 5);
	assert_string_equal(held()->policy.rules[0].ace, "new");
	assert_int_equal(hits(0)->hits, 0);
	assert_int_equal(hits(0)->first, h->clock.now);
	assert_true(hits(3)->first < h->clock.now);
}

static void they_survive_a_restart(void **state)
{
	(void)state;
	nstime first, last;

	seed();
	next_round();
	send_count(net(), 5);
	send_end();
	first = hits(1)->first;
	last = hits(1)->last;
	engine_end(h);
	engine_start(h);
	connect_all(h);
	protect();
	assert_int_equal(hits(1)->hits, 5);
	assert_int_equal(hits(1)->first, first);
	assert_int_equal(hits(1)->last, last);
}

static void nobody_counts_unasked(void **state)
{
	(void)state;
	seed();
	assert_int_equal(h->far[ROLE_ENFORCER].closed, 0);
	send_count(net(), 5);
	assert_int_equal(h->far[ROLE_ENFORCER].closed, 1);
	assert_int_equal(hits(1)->hits, 0);
}

static void one_round_at_a_time(void **state)
{
	(void)state;
	advance(h, 2);
	assert_int_equal(rounds(), 1);
	advance(h, 200);
	assert_int_equal(rounds(), 1);
	send_end();
	advance(h, 2);
	assert_int_equal(rounds(), 2);
	/* the enforcer ends in the middle of a round */
	connect_far(h, ROLE_ENFORCER);
	enforcer_ready(h);
	advance(h, 31);
	assert_int_equal(rounds(), 3);
	send_end();
	assert_int_equal(h->far[ROLE_ENFORCER].closed, 0);
}

static struct element some_element(uint32_t i)
{
	struct element e = {.kind = ELEMENT_OUT,
		.family = 4,
		.mac = mac_of(LAMP),
		.proto_lo = FLOW_PROTO_TCP,
		.proto_hi = FLOW_PROTO_TCP,
		.peer_port = {443, 443}};
	uint8_t b[4] = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};

	e.peer_lo = e.peer_hi = addr_v4(b);
	return e;
}

/* Straight in, past the channel: there are many. */
static void tell_many(uint32_t from, uint32_t to)
{
	struct message m = {.type = MESSAGE_COUNT};

	for (uint32_t i = from; i < to; i++) {
		struct element e = some_element(i);

		message_from_count(&m, &e, 1);
		assert_int_equal(hits_message(&h->p, &m), 0);
	}
}

/* The channel broke in the middle of a round: the next enforcer is asked anew. */
static void a_lost_round_is_not_waited_for(void **state)
{
	unsigned before;

	(void)state;
	advance(h, 2);
	assert_true(h->p.hits.asking);
	ipc_close(&h->p.channels[ROLE_ENFORCER]); /* as commit does */
	commit_lost(&h->p.commit);
	connect_far(h, ROLE_ENFORCER);
	enforcer_ready(h);
	before = rounds();
	advance(h, 31);
	assert_int_equal(rounds(), before + 1);
}

static void the_table_is_bounded(void **state)
{
	(void)state;
	advance(h, 2);
	tell_many(0, HITS_SLOTS_MAX);
	assert_int_equal(h->p.hits.slot_count, HITS_SLOTS_MAX);
	assert_int_equal(h->p.hits.used, HITS_SLOTS_MAX / 4 * 3);
	assert_int_equal(h->p.hits.unseen, HITS_SLOTS_MAX / 4);
	/* who has left the kernel makes room for who came */
	for (int i = 0; i < 4; i++) {
		send_end();
		next_round();
	}
	tell_many(HITS_SLOTS_MAX, HITS_SLOTS_MAX + 10);
	assert_int_equal(h->p.hits.unseen, HITS_SLOTS_MAX / 4);
	assert_int_equal(h->p.hits.used, 10);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(each_kind_of_element_finds_its_rule),
		T(bytes_count_where_the_kernel_counts_them),
		T(only_what_is_new_counts),
		T(both_tables_count),
		T(a_new_version_counts_on),
		T(they_survive_a_restart),
		T(nobody_counts_unasked),
		T(one_round_at_a_time),
		T(a_lost_round_is_not_waited_for),
		T(the_table_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
