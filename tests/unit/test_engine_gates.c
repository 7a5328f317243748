// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel is told of triggers: one gate for each, the same after a restart, armed
 * where the trigger can be seen, and nothing of it where the kernel cannot wait. */
#include "test_engine_util.h"
#include "engine/why.h"

#define LAMP "02:00:00:00:00:10"
#define PHONE "02:00:00:00:00:11"
#define HUB "02:00:00:00:00:12"
#define LAMP_IP "192.168.7.20"
#define PHONE_IP "192.168.7.21"
#define PHONE_OTHER_IP "192.168.7.31"
#define HUB_IP "192.168.7.22"

#define TEMPLATE(port, within)                                                         \
	"cardea-profile: 1\ndevice: {name: lamp}\nroles:\n  phone: {kind: phone}\n"     \
	"  hub: {kind: hub}\npermits:\n  switch:\n"                                      \
	"    trigger: {match: {ipv4: {src: phone, dst: hub}, tcp: {dst-port: " port      \
	"}}}\n    effect: {match: {ipv4: {src: hub, dst: self}, udp: {dst-port: 5683}}}\n" \
	"    within: " within "\n"
#define BINDING                                                                        \
	"cardea-binding: 1\ntemplate: lamp\nroles:\n  self: {mac: '" LAMP "'}\n"        \
	"  phone: {mac: '" PHONE "'}\n  hub: {mac: '" HUB "'}\n"

static struct house *h;
static char why[LIMIT_TEXT];

static void ready(const char *backend)
{
	struct message m = {.type = MESSAGE_ENFORCER_READY};

	str_copy(m.enforcer_ready.backend, sizeof(m.enforcer_ready.backend), backend);
	h->kernel_count = 0; /* another enforcer */
	far_send(h, ROLE_ENFORCER, &m);
	spin(h);
}

static int setup(void **state)
{
	(void)state;
	h = house_new();
	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 864000);
	see_addr(h, PHONE, PHONE_IP, ADDR_SOURCE_DHCP4, 864000);
	see_addr(h, HUB, HUB_IP, ADDR_SOURCE_DHCP4, 864000);
	ready("bpf");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	house_free(h);
	return 0;
}

static void adopt(const char *template)
{
	struct adopted a = {.form = ADOPT_EXTENDED, .layer = LAYER_OWNER, .text = template,
		.text_len = strlen(template), .binding = BINDING,
		.binding_len = strlen(BINDING)};

	assert_int_equal(pipeline_adopt(&h->p, device_of(h, LAMP), &a, why), 0);
	spin(h);
	advance(h, 2); /* who arms what is looked at once a second */
}

static const struct element *kernel_of(enum element_kind kind)
{
	const struct element *found = NULL;

	for (size_t i = 0; i < h->kernel_count; i++)
		if (h->kernel[i].kind == kind) {
			assert_null(found); /* one of each in this house */
			found = &h->kernel[i];
		}
	return found;
}

static uint32_t gate(void)
{
	const struct element *waits = kernel_of(ELEMENT_IN_RANGE);

	assert_non_null(waits);
	assert_true(addr_equal(&waits->device, &(struct addr){4, {192, 168, 7, 20}}));
	assert_true(addr_equal(&waits->peer_lo, &(struct addr){4, {192, 168, 7, 22}}));
	assert_int_equal(waits->device_port.lo, 5683);
	assert_int_not_equal(waits->gate, 0);
	assert_null(kernel_of(ELEMENT_IN));
	return waits->gate;
}

static void it_is_armed_where_it_can_be_seen(void **state)
{
	(void)state;
	const struct element *arms;
	struct device *d;
	struct identity i = {.mac = mac_of(HUB), .source = URL_SOURCE_OWNER, .mud_url = URL_A};

	adopt(TEMPLATE("443", "5 s"));
	arms = kernel_of(ELEMENT_ARM_OUT); /* neither has a policy: at the phone */
	assert_non_null(arms);
	assert_int_equal(arms->gate, gate());
	assert_int_equal(arms->open_s, 5);
	assert_true(mac_equal(&arms->mac, &device_of(h, PHONE)->mac));
	assert_int_equal(arms->peer_port.lo, 443);
	assert_null(kernel_of(ELEMENT_ARM_IN));
	/* the hub gets one: what it refuses must not arm */
	assert_int_equal(pipeline_identity(&h->p, &i, &d), 0);
	spin(h);
	send_profile(h, got(h, ROLE_COURIER, MESSAGE_FETCH, 0)->fetch.id, 443, 1);
	assert_int_equal(d->state, DEVICE_PROTECTED);
	advance(h, 2);
	assert_null(kernel_of(ELEMENT_ARM_OUT));
	arms = kernel_of(ELEMENT_ARM_IN);
	assert_non_null(arms);
	assert_int_equal(arms->gate, gate());
	assert_true(addr_equal(&arms->device, &(struct addr){4, {192, 168, 7, 22}}));
	assert_true(addr_equal(&arms->peer_lo, &(struct addr){4, {192, 168, 7, 21}}));
	/* the template goes: nothing of it is left */
	assert_int_equal(pipeline_abandon(&h->p, device_of(h, LAMP)), 0);
	spin(h);
	advance(h, 2);
	assert_null(kernel_of(ELEMENT_ARM_IN));
	assert_null(kernel_of(ELEMENT_IN_RANGE));
}

static void the_phone_may_get_another_address(void **state)
{
	(void)state;
	struct identity i = {.mac = mac_of(HUB), .source = URL_SOURCE_OWNER, .mud_url = URL_A};
	struct device *d;
	unsigned count = 0;

	adopt(TEMPLATE("443", "5 s"));
	assert_int_equal(pipeline_identity(&h->p, &i, &d), 0);
	spin(h);
	send_profile(h, got(h, ROLE_COURIER, MESSAGE_FETCH, 0)->fetch.id, 443, 1);
	see_addr(h, PHONE, PHONE_OTHER_IP, ADDR_SOURCE_DHCP4, 864000);
	advance(h, 2);
	for (size_t k = 0; k < h->kernel_count; k++)
		count += h->kernel[k].kind == ELEMENT_ARM_IN &&
			 addr_equal(&h->kernel[k].peer_lo, &(struct addr){4, {192, 168, 7, 31}});
	assert_int_equal(count, 1);
}

static void a_gate_is_the_same_for_the_same_trigger_alone(void **state)
{
	(void)state;
	uint32_t first, other, longer;

	adopt(TEMPLATE("443", "5 s"));
	first = gate();
	engine_restart(h);
	ready("bpf");
	advance(h, 2);
	assert_int_equal(gate(), first);
	adopt(TEMPLATE("8443", "5 s"));
	other = gate();
	assert_int_not_equal(other, first);
	adopt(TEMPLATE("443", "6 s"));
	longer = gate();
	assert_int_not_equal(longer, first);
	assert_int_not_equal(longer, other);
	adopt(TEMPLATE("443", "5 s"));
	assert_int_equal(gate(), first);
}

static void a_kernel_that_cannot_wait_says_so(void **state)
{
	(void)state;
	const struct household_device *hd;

	adopt(TEMPLATE("443", "5 s"));
	(void)gate();
	ready("nft");
	advance(h, 2);
	assert_null(kernel_of(ELEMENT_ARM_OUT));
	assert_null(kernel_of(ELEMENT_IN_RANGE));
	assert_non_null(kernel_of(ELEMENT_IN)); /* at any time, as its rule says */
	hd = household_device(&h->p.household, device_of(h, LAMP)->id);
	assert_int_equal(hd->policy.rules[0].status, RULE_APPROXIMATED);
	assert_non_null(strstr(hd->policy.rules[0].detail, "at any time"));
	assert_non_null(strstr(hd->policy.rules[0].detail, "phone to hub"));
	ready("bpf");
	advance(h, 2);
	(void)gate();
	assert_int_equal(hd->policy.rules[0].status, RULE_ENFORCED);
}

static void why_says_what_it_waits_for(void **state)
{
	(void)state;
	struct why_question q = {.device = device_of(h, HUB), .destination = LAMP_IP,
		.port = 5683, .proto = FLOW_PROTO_UDP};
	struct why_answer a;

	adopt(TEMPLATE("443", "5 s"));
	assert_int_equal(why_answer(&h->p.household, &q, h->clock.now, &a), 0);
	assert_false(a.allowed);
	assert_non_null(strstr(a.text, "only within 5 s after"));
	assert_non_null(strstr(a.text, "phone to hub"));
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(it_is_armed_where_it_can_be_seen),
		T(the_phone_may_get_another_address),
		T(a_gate_is_the_same_for_the_same_trigger_alone),
		T(a_kernel_that_cannot_wait_says_so),
		T(why_says_what_it_waits_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
