// SPDX-License-Identifier: GPL-2.0-or-later
/* A gateway that only watches, as it reaches the kernel: what a profile does not list passes
 * and is told, the owner's no and who is held do not; the question when a week is over. */
#include <errno.h>
#include "test_engine_util.h"

#define LAMP "02:00:00:00:00:10"
#define LAMP_IP "192.168.7.10"
#define CLOUD "198.51.100.7"
#define OTHER "203.0.113.9"
#define ENEMY "203.0.113.66"
#define DAY (24 * 3600 * NS_PER_SEC)

static struct house *h;
static struct shelf_entry entry;
static struct rule file_rules[1];

/* TCP 443 to the cloud by its address, and no more. */
static void put_profile(void)
{
	struct device *d = device_of(h, LAMP);
	struct rule *r = &file_rules[0];

	rule_init(r);
	r->id = 1;
	r->proto = FLOW_PROTO_TCP;
	r->layer = LAYER_MANUFACTURER;
	r->peer.kind = PEER_PREFIX;
	r->peer_port = (struct range16){443, 443};
	assert_int_equal(prefix_parse(CLOUD "/32", &r->peer.prefix), 0);
	entry = (struct shelf_entry){.profile = {.rules = file_rules, .rule_count = 1}};
	assert_int_equal(household_adopt(household_device(&h->p.household, d->id), &entry), 0);
	d->state = DEVICE_PROTECTED;
	household_update(&h->p.household, d, false, h->clock.now);
	spin(h);
}

static int setup(void **state)
{
	(void)state;
	h = house_new();
	h->p.clock_trusted = true;
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 8640000);
	put_profile();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	house_free(h);
	return 0;
}

static void set_mode(const char *mode)
{
	assert_int_equal(pipeline_setting(&h->p, "policy_mode", mode), 0);
	advance(h, 1);
}

/* TCP from the lamp: by what allows it (0), or by what is told (1). */
static bool kernel_lets(const char *peer, uint16_t port, bool told)
{
	struct addr a = ip(peer);
	struct mac mac = mac_of(LAMP);

	for (size_t i = 0; i < h->kernel_count; i++) {
		const struct element *e = &h->kernel[i];

		if ((e->kind == ELEMENT_OUT || e->kind == ELEMENT_OUT_RANGE) &&
			(e->gate == ELEMENT_GATE_TOLD) == told &&
			mac_equal(&e->mac, &mac) && e->family == a.family &&
			addr_compare(&e->peer_lo, &a) <= 0 &&
			addr_compare(&a, &e->peer_hi) <= 0 &&
			e->proto_lo <= FLOW_PROTO_TCP && FLOW_PROTO_TCP <= e->proto_hi &&
			e->peer_port.lo <= port && port <= e->peer_port.hi)
			return true;
	}
	return false;
}

static enum verdict_kind verdict_of(const char *peer, uint16_t port)
{
	const struct household_device *hd =
		household_device(&h->p.household, device_of(h, LAMP)->id);
	struct household_names n;
	struct policy_names names = household_names(&n, hd, h->clock.now);
	struct flow f = {.direction = DIRECTION_FROM_DEVICE,
		.device = ip(LAMP_IP),
		.peer = ip(peer),
		.proto = FLOW_PROTO_TCP,
		.device_port = 49152,
		.peer_port = port};
	struct verdict v;

	household_judge(hd, &names, &f, &v);
	return v.kind;
}

static void the_kernel_gets_both(void **state)
{
	(void)state;
	assert_true(kernel_lets(CLOUD, 443, false));
	assert_false(kernel_lets(OTHER, 80, true) || kernel_lets(OTHER, 80, false));
	assert_int_equal(verdict_of(OTHER, 80), VERDICT_VIOLATION);
	set_mode("watch");
	/* judged as ever: what is listed is no business of this */
	assert_true(kernel_lets(CLOUD, 443, false));
	assert_false(kernel_lets(OTHER, 80, false));
	assert_true(kernel_lets(OTHER, 80, true));
	assert_int_equal(verdict_of(OTHER, 80), VERDICT_WOULD_BLOCK);
	assert_int_equal(verdict_of(CLOUD, 443), VERDICT_ALLOW);
	set_mode("protect");
	assert_false(kernel_lets(OTHER, 80, true));
	assert_int_equal(verdict_of(OTHER, 80), VERDICT_VIOLATION);
	assert_true(h->forget_count > 0); /* what is under way is judged anew */
}

static void the_owners_no_stays(void **state)
{
	struct overlay o = {.kind = OVERLAY_REFUSE,
		.proto = RULE_PROTO_ANY,
		.port = {0, UINT16_MAX}};

	(void)state;
	set_mode("watch");
	assert_true(overlay_peer_parse(ENEMY, &o.peer));
	assert_int_equal(pipeline_overlay_add(&h->p, device_of(h, LAMP), &o), 0);
	spin(h);
	assert_false(kernel_lets(ENEMY, 80, true) || kernel_lets(ENEMY, 80, false));
	assert_true(kernel_lets(OTHER, 80, true));
	assert_true(verdict_of(ENEMY, 80) == VERDICT_REFUSE ||
		    verdict_of(ENEMY, 80) == VERDICT_VIOLATION);
}

static void who_is_held_is_held(void **state)
{
	struct device *d = device_of(h, LAMP);

	(void)state;
	set_mode("watch");
	d->hold = HOLD_QUARANTINED;
	assert_int_equal(household_hold(&h->p.household, d, h->clock.now), 0);
	spin(h);
	assert_false(kernel_lets(OTHER, 80, true) || kernel_lets(CLOUD, 443, false));
	assert_int_equal(verdict_of(OTHER, 80), VERDICT_QUARANTINE);
	d->hold = HOLD_NONE;
	assert_int_equal(household_hold(&h->p.household, d, h->clock.now), 0);
	spin(h);
	assert_true(kernel_lets(OTHER, 80, true) && kernel_lets(CLOUD, 443, false));
}

static void nothing_is_ended_by_itself(void **state)
{
	const struct household_probe probe = {.until = h->clock.now + DAY};
	struct device *d = device_of(h, LAMP);
	const struct household_device *hd = household_device(&h->p.household, d->id);
	struct addr cloud = ip(CLOUD);

	(void)state;
	assert_int_equal(household_block(&h->p.household, d, &cloud, FLOW_PROTO_TCP, 443,
				 h->clock.now),
		0);
	spin(h);
	assert_false(kernel_lets(CLOUD, 443, false));
	set_mode("watch");
	assert_true(kernel_lets(CLOUD, 443, false));
	assert_int_equal(hd->block_count, 0);
	assert_int_equal(household_block(&h->p.household, d, &cloud, FLOW_PROTO_TCP, 443,
				 h->clock.now),
		-ENOENT);
	assert_int_equal(household_refuse(&h->p.household, d, &probe, h->clock.now), -ENOENT);
}

static struct event last;
static int take_last(void *ctx, const struct event *e)
{
	(void)ctx;
	last = *e;
	return 0;
}

static void it_is_told_as_what_would_be(void **state)
{
	const struct store_event_query newest = {.limit = 1};
	struct message m = {.type = MESSAGE_SEEN_VIOLATION};

	(void)state;
	set_mode("watch");
	m.seen_violation.direction = DIRECTION_FROM_DEVICE;
	m.seen_violation.reason = REASON_TOLD;
	m.seen_violation.mac = mac_of(LAMP);
	m.seen_violation.device = ip(LAMP_IP);
	m.seen_violation.peer = ip(OTHER);
	m.seen_violation.proto = FLOW_PROTO_TCP;
	m.seen_violation.device_port = 49152;
	m.seen_violation.peer_port = 80;
	m.seen_violation.packets = 1;
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
	journal_flush(&h->p.journal);
	assert_int_equal(store_events(h->store, &newest, take_last, NULL), 0);
	assert_int_equal(last.kind, EVENT_WOULD_BLOCK);
	assert_int_equal(last.reason, REASON_DEFAULT_DENY);
	assert_memory_equal(last.text, "Would be blocked: ", 18);
	assert_non_null(strstr(last.text, "only watches"));
}

/* ---- the question ---- */

static struct decision found;
static unsigned open_count;
static int take_open(void *ctx, const struct decision *d)
{
	(void)ctx;
	if (d->kind == DECISION_PROTECT) {
		found = *d;
		open_count++;
	}
	return 0;
}

static unsigned asked(void)
{
	open_count = 0;
	assert_int_equal(store_decisions(h->store, true, take_open, NULL), 0);
	return open_count;
}

static void pass(nstime by)
{
	clock_virtual_set(&h->clock, h->clock.now + by);
	advance(h, 2);
}

static char proposed[128];
static int take_proposal(void *ctx, const struct message *m)
{
	(void)ctx;
	if (m->type == MESSAGE_CONFIG_PART)
		(void)str_print(proposed, sizeof(proposed), "%.*s",
			(int)m->config_part.octets.len,
			(const char *)m->config_part.octets.bytes);
	return 0;
}

static void after_a_week_the_owner_is_asked(void **state)
{
	struct decision d;
	nstime until;

	(void)state;
	set_mode("watch");
	advance(h, 1);
	until = h->p.watching.until;
	assert_true(until > h->clock.now + 6 * DAY);
	pass(6 * DAY);
	assert_int_equal(asked(), 0);
	/* a restart does not begin anew */
	engine_restart(h);
	h->p.clock_trusted = true;
	set_mode("watch");
	advance(h, 2);
	assert_true(h->p.watching.until == until);
	pass(DAY + NS_PER_SEC);
	assert_int_equal(asked(), 1);
	advance(h, 10);
	assert_int_equal(asked(), 1);
	/* on */
	assert_int_equal(pipeline_answer(&h->p, found.id, false, "", &d), 0);
	assert_true(h->p.watching.until > h->clock.now + 6 * DAY);
	advance(h, 2);
	assert_int_equal(asked(), 0);
	/* again, and protect: that is a setting, so the parent is asked */
	pass(7 * DAY);
	assert_int_equal(asked(), 1);
	assert_int_equal(pipeline_answer(&h->p, found.id, true, "", &d), -ENOTCONN);
	assert_int_equal(asked(), 1); /* nobody took it: the question stays */
	h->p.settings.send = take_proposal;
	assert_int_equal(pipeline_answer(&h->p, found.id, true, "", &d), 0);
	assert_non_null(strstr(proposed, "mode = \"protect\""));
	set_mode("protect");
	advance(h, 2);
	assert_true(h->p.watching.until == 0);
	/* who begins anew has a week of his own */
	set_mode("watch");
	advance(h, 2);
	assert_true(h->p.watching.until > h->clock.now + 6 * DAY);
}

static void a_question_goes_with_the_mode(void **state)
{
	(void)state;
	set_mode("watch");
	advance(h, 1);
	pass(7 * DAY);
	assert_int_equal(asked(), 1);
	set_mode("protect");
	advance(h, 2);
	assert_int_equal(asked(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_kernel_gets_both, setup, teardown),
		cmocka_unit_test_setup_teardown(the_owners_no_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(who_is_held_is_held, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_ended_by_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(it_is_told_as_what_would_be, setup, teardown),
		cmocka_unit_test_setup_teardown(
			after_a_week_the_owner_is_asked, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_question_goes_with_the_mode, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
