// SPDX-License-Identifier: GPL-2.0-or-later
/* A learned profile over time, in the gateway: the owner is asked, and the kernel follows
 * what he says, what is a variant, and what an update brings. */
#include "test_engine_util.h"

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.20"
#define MUD                                                                            \
	"{\"ietf-mud:mud\":{\"mud-version\":1,\"mud-url\":"                            \
	"\"https://learned.example/lamp.json\","                                       \
	"\"last-update\":\"2026-01-01T00:00:00Z\",\"cache-validity\":48,"              \
	"\"is-supported\":true,\"systeminfo\":\"lamp\","                               \
	"\"from-device-policy\":{\"access-lists\":{\"access-list\":"                   \
	"[{\"name\":\"f\"}]}},"                                                        \
	"\"to-device-policy\":{\"access-lists\":{\"access-list\":[]}}},"               \
	"\"ietf-access-control-list:acls\":{\"acl\":[{\"name\":\"f\",\"type\":"        \
	"\"ipv4-acl-type\",\"aces\":{\"ace\":[{\"name\":\"a\",\"matches\":{\"ipv4\":"  \
	"{\"ietf-acldns:dst-dnsname\":\"cloud.example\",\"protocol\":6},\"tcp\":"      \
	"{\"ietf-mud:direction-initiated\":\"from-device\",\"destination-port\":"      \
	"{\"operator\":\"eq\",\"port\":443}}},\"actions\":{\"forwarding\":"            \
	"\"accept\"}}]}}]}}"

static struct house *h;
static uint64_t asked_id;

static struct device *lamp(void)
{
	const struct mac m = mac_of(LAMP);

	return inventory_by_mac(h->p.inventory, &m);
}

static const struct maintain *kept(void)
{
	return learner_maintain_of(&h->p, &lamp()->mac);
}

static void later(double seconds)
{
	clock_virtual_set(&h->clock, h->clock.now + (nstime)(seconds * 1e9));
	advance(h, 2 * LEARNER_TICK_S);
}

/* Over now; each name has an address of its own. */
static void talk(const char *name, const char *addr, uint64_t down)
{
	struct record r = {.device = mac_of(LAMP),
		.first = h->clock.now - 2 * NS_PER_SEC,
		.last = h->clock.now - NS_PER_SEC,
		.answered = true,
		.family = 4,
		.proto = FLOW_PROTO_TCP,
		.device_port = 40000,
		.peer_port = 443,
		.device_addr = ip(LAMP_IP),
		.peer = ip(addr),
		.place = RECORD_INTERNET,
		.naming = RECORD_ANSWER,
		.packets = {6, 6},
		.bytes = {900, down}};
	struct message m = {0};

	str_copy(r.name, sizeof(r.name), name);
	message_from_record(&m, &r);
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
	later(LEARNER_TICK_S);
}

/* The kernel lets it through, once the device was told the address. */
static bool is_open(const char *name, const char *addr)
{
	struct addr a = ip(addr);

	tell_name(h, ++asked_id, LAMP_IP, name, addr);
	for (size_t i = 0; i < h->kernel_count; i++)
		if (h->kernel[i].kind == ELEMENT_OUT &&
			addr_equal(&a, &h->kernel[i].peer_lo) &&
			h->kernel[i].peer_port.lo == 443)
			return true;
	return false;
}

static int setup(void **state)
{
	struct adopted a = {.form = ADOPT_MUD,
		.layer = LAYER_LEARNED,
		.text = MUD,
		.text_len = strlen(MUD)};
	char why[LIMIT_TEXT];

	(void)state;
	h = house_new();
	asked_id = 0;
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 10000000);
	for (int n = 0; n < 6; n++) {
		talk("cloud.example", "198.51.100.7", 9000);
		later(5000 + n * n * 97);
	}
	assert_null(kept());
	assert_int_equal(pipeline_adopt(&h->p, lamp(), &a, why), 0);
	later(LEARNER_TICK_S);
	assert_non_null(kept());
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	house_free(h);
	return 0;
}

/* ---- questions ---- */

static struct decision found;
static unsigned found_count;

static int take(void *ctx, const struct decision *d)
{
	(void)ctx;
	if (d->kind == DECISION_CONVERSATION && d->answer == DECISION_OPEN) {
		found = *d;
		found_count++;
	}
	return 0;
}

static unsigned questions(void)
{
	found_count = 0;
	assert_int_equal(store_decisions(h->store, false, take, NULL), 0);
	return found_count;
}

static void wait_for_question(void)
{
	for (int n = 0; n < 4 && !questions(); n++)
		later(4000);
	assert_int_equal(questions(), 1);
}

static void the_owner_is_asked_and_the_kernel_follows(void **state)
{
	struct decision d;

	(void)state;
	/* it may be the host of its first update: for a day it passes */
	assert_false(is_open("new.example.net", "203.0.113.5"));
	talk("new.example.net", "203.0.113.5", 5000);
	assert_true(is_open("new.example.net", "203.0.113.5"));
	wait_for_question();
	assert_string_equal(found.subject, "tcp 443 to new.example.net");
	assert_non_null(strstr(found.text, "wants to speak tcp 443 to new.example.net"));
	assert_int_equal(found.device, lamp()->id);
	later(90000);
	talk("cloud.example", "198.51.100.7", 9000);
	assert_false(is_open("new.example.net", "203.0.113.5"));
	assert_int_equal(pipeline_answer(&h->p, found.id, true, "", &d), 0);
	assert_true(is_open("new.example.net", "203.0.113.5"));
	assert_true(is_open("cloud.example", "198.51.100.7"));
	/* he may change his mind */
	assert_int_equal(pipeline_answer(&h->p, found.id, false, "", &d), 0);
	assert_false(is_open("new.example.net", "203.0.113.5"));
	talk("new.example.net", "203.0.113.5", 5000);
	later(8000);
	assert_int_equal(questions(), 0);
}

static void a_variant_passes_without_a_question(void **state)
{
	(void)state;
	assert_false(is_open("api.cloud.example", "203.0.113.6"));
	talk("api.cloud.example", "203.0.113.6", 5000);
	assert_true(is_open("api.cloud.example", "203.0.113.6"));
	later(20000);
	assert_int_equal(questions(), 0);
}

static unsigned rules_of_window(void)
{
	const struct household_device *hd = household_device(&h->p.household, lamp()->id);
	unsigned n = 0;

	for (size_t i = 0; i < hd->grant.count; i++)
		n += strcmp(hd->grant.rules[i].acl, "update") == 0;
	return n;
}

static void an_update_opens_a_window_and_closes_it(void **state)
{
	struct maintain_window w;

	(void)state;
	assert_int_equal(rules_of_window(), 0);
	talk("cloud.example", "198.51.100.7", 8 << 20);
	maintain_window(kept(), &w);
	assert_true(w.open);
	assert_int_equal(rules_of_window(), 12); /* what never, and all else */
	for (int day = 0; day < 9; day++)
		later(86400);
	maintain_window(kept(), &w);
	assert_false(w.open);
	assert_int_equal(rules_of_window(), 0);
	assert_true(is_open("cloud.example", "198.51.100.7"));
}

static void all_of_it_outlives_a_restart(void **state)
{
	struct decision d;

	(void)state;
	talk("new.example.net", "203.0.113.5", 5000);
	wait_for_question();
	assert_int_equal(pipeline_answer(&h->p, found.id, true, "", &d), 0);
	talk("api.cloud.example", "203.0.113.6", 5000);
	engine_restart(h);
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 10000000);
	later(LEARNER_TICK_S);
	assert_non_null(kept());
	assert_int_equal(maintain_version_count(kept()), 1);
	assert_true(is_open("new.example.net", "203.0.113.5"));
	assert_true(is_open("api.cloud.example", "203.0.113.6"));
	assert_true(is_open("cloud.example", "198.51.100.7"));
	assert_false(is_open("strange.example.org", "203.0.113.9"));
}

static void restart_without_learning(void)
{
	engine_learns = false;
	engine_restart(h);
	engine_learns = true;
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 10000000);
	later(LEARNER_TICK_S);
	assert_null(h->p.learner.learned);
}

/* Learning costs, and may be switched off once profiles are approved. */
static void what_is_in_force_stays_without_learning(void **state)
{
	struct decision d;

	(void)state;
	talk("new.example.net", "203.0.113.5", 5000);
	wait_for_question();
	assert_int_equal(pipeline_answer(&h->p, found.id, true, "", &d), 0);
	talk("api.cloud.example", "203.0.113.6", 5000);
	restart_without_learning();
	assert_true(is_open("cloud.example", "198.51.100.7"));
	assert_true(is_open("new.example.net", "203.0.113.5"));
	assert_true(is_open("api.cloud.example", "203.0.113.6"));
	for (int day = 0; day < 40; day++)
		later(86400);
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 10000000);
	assert_true(is_open("cloud.example", "198.51.100.7"));
	assert_true(is_open("new.example.net", "203.0.113.5"));
	/* the owner's word still counts */
	assert_int_equal(pipeline_answer(&h->p, found.id, false, "", &d), 0);
	assert_false(is_open("new.example.net", "203.0.113.5"));
	engine_restart(h);
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 10000000);
	later(LEARNER_TICK_S);
	assert_false(is_open("new.example.net", "203.0.113.5"));
	assert_true(is_open("api.cloud.example", "203.0.113.6"));
}

static void a_window_ends_without_learning(void **state)
{
	(void)state;
	talk("cloud.example", "198.51.100.7", 8 << 20);
	assert_int_equal(rules_of_window(), 12);
	restart_without_learning();
	assert_int_equal(rules_of_window(), 12);
	for (int day = 0; day < 9; day++)
		later(86400);
	assert_int_equal(rules_of_window(), 0);
}

/* To learn anew takes nothing back: what was approved is in force, and no question. */
static void what_is_in_force_is_no_question_when_it_is_learned_anew(void **state)
{
	struct decision d;

	(void)state;
	talk("new.example.net", "203.0.113.5", 5000);
	wait_for_question();
	assert_int_equal(pipeline_answer(&h->p, found.id, true, "", &d), 0);
	learner_again(&h->p.learner, &lamp()->mac);
	for (int n = 0; n < 6; n++) {
		talk("cloud.example", "198.51.100.7", 9000);
		talk("new.example.net", "203.0.113.5", 5000);
		later(5000 + n * 97);
		assert_int_equal(questions(), 0);
	}
	assert_true(is_open("cloud.example", "198.51.100.7"));
	assert_true(is_open("new.example.net", "203.0.113.5"));
	engine_restart(h);
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 10000000);
	later(LEARNER_TICK_S);
	assert_true(is_open("new.example.net", "203.0.113.5"));
	/* what is new still is one */
	talk("other.example.org", "203.0.113.9", 5000);
	wait_for_question();
	assert_string_equal(found.subject, "tcp 443 to other.example.org");
}

/* As when one takes the place of another: its own kinds are not what was approved. */
static void what_another_had_in_force_is_no_question(void **state)
{
	const struct adopted *a = pipeline_adopted(&h->p, lamp());
	struct adopted copy = {.form = a->form,
		.layer = a->layer,
		.text = MUD,
		.text_len = strlen(MUD)};
	char why[LIMIT_TEXT];

	(void)state;
	assert_int_equal(pipeline_abandon(&h->p, lamp()), 0);
	later(LEARNER_TICK_S);
	learner_again(&h->p.learner, &lamp()->mac);
	for (int n = 0; n < 6; n++) {
		talk("own.example.org", "198.51.100.99", 9000);
		later(5000 + n * n * 97);
	}
	assert_int_equal(pipeline_adopt(&h->p, lamp(), &copy, why), 0);
	later(LEARNER_TICK_S);
	assert_non_null(kept());
	for (int n = 0; n < 6; n++) {
		talk("cloud.example", "198.51.100.7", 9000);
		later(5000 + n * 97);
		assert_int_equal(questions(), 0);
	}
	assert_true(is_open("cloud.example", "198.51.100.7"));
	talk("other.example.org", "203.0.113.9", 5000);
	wait_for_question();
	assert_string_equal(found.subject, "tcp 443 to other.example.org");
}

static void learning_that_begins_again_maintains_once(void **state)
{
	(void)state;
	restart_without_learning();
	assert_int_equal(h->p.maintained.count, 1);
	assert_int_equal(pipeline_setting(&h->p, "learn", "yes"), 0);
	assert_non_null(h->p.learner.learned);
	later(LEARNER_TICK_S);
	assert_int_equal(h->p.maintained.count, 1);
	talk("api.cloud.example", "203.0.113.6", 5000);
	assert_true(is_open("api.cloud.example", "203.0.113.6"));
}

static void what_is_abandoned_is_maintained_no_more(void **state)
{
	(void)state;
	assert_int_equal(pipeline_abandon(&h->p, lamp()), 0);
	later(LEARNER_TICK_S);
	assert_null(kept());
	engine_restart(h);
	later(LEARNER_TICK_S);
	assert_null(kept());
}

static void the_week_is_told(void **state)
{
	struct jsonw j;

	(void)state;
	talk("new.example.net", "203.0.113.5", 5000);
	jsonw_init_buffer(&j, 1 << 16);
	learner_maintain_week(&h->p, h->clock.now, &j);
	assert_non_null(jsonw_text(&j));
	assert_non_null(strstr(jsonw_text(&j), "\"schema\":\"cardea.week/1\""));
	assert_non_null(strstr(jsonw_text(&j), "\"mac\":\"" LAMP "\""));
	assert_non_null(strstr(jsonw_text(&j), "\"grace\":1"));
	jsonw_free(&j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_owner_is_asked_and_the_kernel_follows, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_variant_passes_without_a_question, setup, teardown),
		cmocka_unit_test_setup_teardown(
			an_update_opens_a_window_and_closes_it, setup, teardown),
		cmocka_unit_test_setup_teardown(
			all_of_it_outlives_a_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_is_in_force_stays_without_learning, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_window_ends_without_learning, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_is_in_force_is_no_question_when_it_is_learned_anew,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_another_had_in_force_is_no_question, setup, teardown),
		cmocka_unit_test_setup_teardown(
			learning_that_begins_again_maintains_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_is_abandoned_is_maintained_no_more, setup, teardown),
		cmocka_unit_test_setup_teardown(the_week_is_told, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
