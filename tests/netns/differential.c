// SPDX-License-Identifier: GPL-2.0-or-later
/* differential - pushes random policies and flows through policy_evaluate and through
 * the kernels of gateways with real enforcers, and compares verdict and rule.
 *
 *   differential --gate NAME GATEWAY-NETNS FAR-NETNS ENFORCER [KEY=VALUE...] ...
 *                [--flows FILE | --cases N] [--seed N] [--only SEED...] [--triggers]
 *                [--held] [--watch] [--redirect]
 *
 * FAR-NETNS has the other ends of the gateway's cables: d0 (the device's bridge port),
 * p0 (another one) and w0 (the world). FILE has flows to use instead of random ones: a
 * line "capture NAME", then one "out|in PEER PROTO DEVICE-PORT PEER-PORT TYPE CODE" for
 * each flow of that; as many trials are made of each capture as it has flows. --only
 * makes the rounds of these seeds first; with --triggers rules wait for some, which are
 * armed and run out; with --held devices are held in all ways; with --watch the owner has
 * said something, most devices are only watched, and what is told of packets is compared,
 * too; with --redirect, of gateways that are set so (dns_foreign=redirect), devices ask
 * others for names. Exit 1 when something differed. */
#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "netns/differential_gates.h"

#define TRIALS_EACH 50 /* of a round: frames of one policy */
#define FLOWS_MAX 1000000
#define CAPTURES_MAX 4096
#define CAPTURE_TRIALS_MAX 2000 /* of one with a flood in it */
#define DIFFERENCES_MAX 5
#define ANSWER_BIT 0x10000U /* not of the 16 that are an echo's identifier */
#define SEED_STEP 0x2545f4914f6cdd1dULL
#define SEED_DEFAULT 20261122

struct gate gates[GATES_MAX];
unsigned gate_count;
struct world world;
static struct flow *flows;
static struct capture {
	char name[128];
	size_t first, count; /* in flows */
} captures[CAPTURES_MAX], *capture; /* whose trials are made; NULL: random ones */
static size_t flow_count, capture_count;
static struct trial batch[CASES_MAX]; /* frames sent together */
static bool expected[CASES_MAX];
static unsigned batch_count;
static unsigned long trials_done, allowed, differences, rounds;
static unsigned long pressed, waited, held_back, to_sink, told, lies, owners, redirected;
static bool late; /* the machine was too slow for what was armed */
static unsigned long answers, by_way[3], by_family[2], by_direction[2], by_name;

_Noreturn void fail(const char *what)
{
	fprintf(stderr, "differential: %s: %s\n", what, strerror(errno));
	exit(2);
}

void differs(const struct gate *g, const struct trial *t, const char *what)
{
	world_print(&world, t);
	fprintf(stderr, "  %s: %s%s%s\n", g->name, what, capture ? ", capture " : "",
		capture ? capture->name : "");
	if (++differences >= DIFFERENCES_MAX) {
		fprintf(stderr, "differential: that is enough\n");
		exit(1);
	}
}

bool to_group(const struct trial *t)
{
	return addr_is_multicast(&t->flow.peer) ||
	       addr_is_limited_broadcast(&t->flow.peer);
}

/* ---- trials ---- */

static enum port port_from(const struct trial *t)
{
	if (t->flow.direction == DIRECTION_FROM_DEVICE)
		return PORT_DEVICE;
	return t->way == WAY_ROUTED ? PORT_WORLD : PORT_PEER;
}

/* Where it arrives; a bridge floods, so elsewhere means nothing. */
static enum port port_to(const struct trial *t)
{
	if (t->flow.direction == DIRECTION_TO_DEVICE)
		return PORT_DEVICE;
	return t->way == WAY_ROUTED ? PORT_WORLD
	       : t->way == WAY_GATEWAY ? PORT_GATEWAY : PORT_PEER;
}

static void port_read(struct gate *g, int port)
{
	uint8_t data[2048];
	struct sockaddr_storage from;
	socklen_t len = sizeof from;
	ssize_t n;
	uint32_t id;

	while ((n = recvfrom(g->ports[port], data, sizeof data, 0,
			(struct sockaddr *)&from, &len)) >= 0) {
		const struct sockaddr_ll *ll = (const void *)&from;
		bool sent = from.ss_family == AF_PACKET &&
			    ll->sll_pkttype == PACKET_OUTGOING;
		len = sizeof from;
		if (sent || !frame_id(data, (size_t)n, &id))
			continue;
		for (unsigned i = 0; i < batch_count; i++) {
			enum port to = port_to(&batch[i]);
			if (batch[i].id == id &&
				(port < PORT_GATEWAY ? (int)to == port
						     : to == PORT_GATEWAY))
				g->arrived[i] = true;
		}
	}
}

/* Whether all that should have arrived did. */
static bool gate_look(struct gate *g)
{
	for (int port = 0; port < PORT_MAX; port++)
		port_read(g, port);
	for (unsigned i = 0; i < batch_count; i++)
		if (expected[i] && !g->arrived[i])
			return false;
	return true;
}

static void batch_send(void)
{
	uint8_t frame[FRAME_MAX];

	for (unsigned i = 0; i < gate_count; i++)
		memset(gates[i].arrived, 0, sizeof gates[i].arrived);
	for (unsigned i = 0; i < batch_count; i++) {
		const struct trial *t = &batch[i];
		size_t len = frame_build(&world, t, frame);
		for (unsigned k = 0; k < gate_count; k++)
			if (send(gates[k].ports[port_from(t)], frame, len, 0) < 0)
				fail("send");
	}
	bool settled = false;
	for (int ms = 0; ms < SETTLE_MS && !settled; ms++) {
		usleep(ms ? 1000 : 0);
		settled = true;
		for (unsigned k = 0; k < gate_count; k++)
			settled &= gate_look(&gates[k]);
	}
	usleep(QUIET_MS * 1000); /* what should not arrive might still */
	for (unsigned k = 0; k < gate_count; k++)
		(void)gate_look(&gates[k]);
}

static void batch_compare(const char *what)
{
	char text[64];

	for (unsigned i = 0; i < batch_count; i++)
		for (unsigned k = 0; k < gate_count; k++) {
			if (gates[k].arrived[i] == expected[i])
				continue;
			(void)str_print(text, sizeof text, "%s %s", what,
				expected[i] ? "did not arrive" : "arrived");
			differs(&gates[k], &batch[i], text);
		}
}

static void batch_make(const struct trial *trials, unsigned count)
{
	batch_count = count;
	memcpy(batch, trials, count * sizeof *batch);
	for (unsigned i = 0; i < count; i++)
		expected[i] = trial_passes(&batch[i]);
	batch_send();
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Before anything is armed; while it is, unless the machine was too slow for that; and
 * after. */
static void stages_make(void)
{
	const unsigned *ends = world.stage_ends;
	uint64_t begun;

	late = false;
	batch_make(world.trials, ends[0]);
	batch_compare("it");
	if (ends[2] == ends[0])
		return;
	begun = now_ms();
	batch_make(world.presses, world.press_count);
	batch_compare("the trigger");
	batch_make(world.trials + ends[0], ends[1] - ends[0]);
	late = now_ms() - begun >= OPEN_S * 1000 - 500;
	if (!late) {
		batch_compare("while armed, it");
		pressed += world.press_count;
	}
	usleep((OPEN_S * 1000 + 200) * 1000); /* the kernel's coarse clock lags a little */
	batch_make(world.trials + ends[1], ends[2] - ends[1]);
	batch_compare("afterwards, it");
}

static void trials_make(void)
{
	stages_make();
	for (unsigned i = 0; i < world.trial_count; i++) {
		const struct trial *t = &world.trials[i];
		bool allow = t->verdict.kind == VERDICT_ALLOW;
		if (trial_passes(t) != (t->element >= 0))
			differs(&gates[0], t, "elements and evaluator differ");
		if (!t->rule_agrees)
			differs(&gates[0], t, "the elements are another rule's");
		allowed += allow;
		told += t->verdict.kind == VERDICT_WOULD_BLOCK;
		lies += t->lies;
		redirected += t->redirected;
		owners += t->verdict.kind == VERDICT_REFUSE;
		held_back += t->verdict.kind == VERDICT_QUARANTINE ||
			     t->verdict.kind == VERDICT_REDIRECT;
		to_sink += t->verdict.kind == VERDICT_REDIRECT;
		waited += allow && world.elements[t->element].gate;
		by_name += allow && world.elements[t->element].timeout_s;
		by_way[t->way]++;
		by_family[t->flow.peer.family == 6]++;
		by_direction[t->flow.direction]++;
	}
	/* what waits may overlap anything: which of them counts a packet is anybody's guess */
	for (unsigned k = 0; k < gate_count && !world_triggers; k++)
		counts_compare(&gates[k]);
	for (unsigned k = 0; k < gate_count && world_watch && !late; k++)
		reports_compare(&gates[k]);
	trials_done += world.trial_count;
}

/* The peer's answer to a packet that opened a conversation; false: there is none, or
 * nobody of whom we would know that it arrived. */
static bool to_answer(const struct trial *t, struct trial *ret)
{
	struct trial r = *t;
	uint8_t request = t->flow.proto == FLOW_PROTO_ICMP ? 8 : 128;
	bool icmp = t->flow.proto == (t->flow.peer.family == 4 ? FLOW_PROTO_ICMP
							       : FLOW_PROTO_ICMP6);

	if (!trial_passes(t) || to_group(t) || t->way == WAY_GATEWAY)
		return false;
	if (t->flow.proto != FLOW_PROTO_TCP && t->flow.proto != FLOW_PROTO_UDP &&
		!(icmp && t->flow.icmp_type == request && !t->flow.icmp_code))
		return false;
	r.flow.direction = 1 - t->flow.direction;
	r.first = icmp ? (uint16_t)((request == 8 ? 0 : 129) << 8) : t->second;
	r.second = t->first;
	r.id = t->id ^ ANSWER_BIT;
	*ret = r; /* whatever it answers, no device plays DHCP server */
	return !policy_is_rogue(&r.flow);
}

enum still { STILL_NOTHING, STILL_LISTED, STILL_ALL };

/* By the conversation that it is of, or for its own sake. */
static bool is_answered(const struct trial *t, const struct trial *answer, enum still still)
{
	if (still != STILL_LISTED)
		return still == STILL_ALL;
	return t->verdict.kind == VERDICT_ALLOW || world_lists(&world, &answer->flow);
}

/* Who may not ask for echoes, but be asked: nftables keeps the conversation (judge.c), as it
 * does not know who began it. */
static bool is_both_ways(const struct trial *t, const struct trial *answer)
{
	return (t->flow.proto == FLOW_PROTO_ICMP || t->flow.proto == FLOW_PROTO_ICMP6) &&
	       t->verdict.kind != VERDICT_ALLOW && world_lists(&world, &answer->flow);
}

static void answers_make(enum still still, const char *what)
{
	batch_count = 0;
	for (unsigned i = 0; i < world.trial_count; i++) {
		struct trial *a = &batch[batch_count];
		if (to_answer(&world.trials[i], a) &&
			!(still == STILL_LISTED && is_both_ways(&world.trials[i], a)))
			expected[batch_count++] = is_answered(&world.trials[i], a, still);
	}
	batch_send();
	batch_compare(what);
	answers += batch_count;
}

/* What is under way is judged anew. */
static void forget(void)
{
	struct message m = {.type = MESSAGE_FORGET};

	m.forget.mac = world.device.mac;
	m.forget.addrs.count = 3;
	memcpy(m.forget.addrs.addrs, world.addrs, sizeof world.addrs);
	everybody(&m);
}

static void elements_remove(bool told_ones)
{
	for (size_t i = 0; i < world.element_count; i++)
		if ((world.elements[i].gate == ELEMENT_GATE_TOLD) == told_ones)
			txn_element(true, &world.elements[i]);
}

/* The gateway watches no longer: what was only told of ends, and nothing else. */
static void watching_end(void)
{
	if (!world.tells)
		return;
	txn_begin();
	forget(); /* and all that has a timeout, unless it is said again */
	for (size_t i = 0; i < world.element_count; i++)
		if (world.elements[i].timeout_s)
			txn_element(false, &world.elements[i]);
	elements_remove(true);
	txn_commit();
	answers_make(STILL_LISTED, "its answer, now that it is protected,");
}

/* The device of the round before goes, this one comes. */
static void devices_change(void)
{
	static int before = -1;
	int now = (int)(rounds % DEVICES);

	if (before >= 0 && before != now)
		device_lay((unsigned)before, true);
	if (before != now)
		device_lay((unsigned)now, false);
	before = now;
}

/* Each round begins where nothing is allowed and nothing under way. */
static void round_of(uint64_t seed, unsigned trials)
{
	world_make(&world, seed, (unsigned)(rounds % DEVICES), trials,
		capture ? flows + capture->first : NULL,
		capture ? capture->count : 0);
	for (unsigned i = 0; i < gate_count; i++)
		gates[i].report_count = 0;
	txn_begin();
	devices_change();
	for (size_t i = 0; i < world.element_count; i++)
		txn_element(false, &world.elements[i]);
	txn_commit();
	trials_make();
	answers_make(STILL_ALL, "its answer");
	watching_end();
	txn_begin();
	forget();
	elements_remove(false);
	txn_commit();
	answers_make(STILL_NOTHING, "the answer after all was forbidden");
	world_free(&world);
	rounds++;
}

/* ---- the command line ---- */

static void flow_read(const char *line)
{
	unsigned proto, device_port, peer_port, type, code;
	struct flow *to = &flows[flow_count];
	char way[8], peer[ADDR_TEXT_MAX];

	if (sscanf(line, "%7s %45s %u %u %u %u %u", way, peer, &proto, &device_port,
		    &peer_port, &type, &code) != 7 ||
		addr_parse(peer, &to->peer) || !capture_count || flow_count == FLOWS_MAX)
		fail(line);
	to->direction = way[0] == 'o' ? DIRECTION_FROM_DEVICE : DIRECTION_TO_DEVICE;
	to->proto = (uint8_t)proto;
	to->device_port = (uint16_t)device_port;
	to->peer_port = (uint16_t)peer_port;
	to->icmp_type = (uint8_t)type;
	to->icmp_code = (uint8_t)code;
	flow_count++;
	captures[capture_count - 1].count++;
}

static void flows_read(const char *path)
{
	char line[256];
	FILE *f = fopen(path, "r");

	flows = calloc(FLOWS_MAX, sizeof *flows);
	if (!f || !flows)
		fail(path);
	while (fgets(line, sizeof line, f)) {
		if (strncmp(line, "capture ", 8) != 0) {
			flow_read(line);
			continue;
		}
		if (capture_count == CAPTURES_MAX)
			fail("too many captures");
		captures[capture_count].first = flow_count;
		line[strcspn(line, "\n")] = '\0';
		(void)str_copy(captures[capture_count++].name, sizeof captures->name,
			line + 8);
	}
	fclose(f);
}

/* Some captures have nothing but what stands outside policy: no endless search. */
static void rounds_make(uint64_t seed, unsigned long cases)
{
	unsigned long until = trials_done + cases;

	for (uint64_t i = 0; trials_done < until && i <= cases / TRIALS_EACH + 10; i++) {
		unsigned long left = until - trials_done;
		round_of(seed + i * SEED_STEP,
			left < TRIALS_EACH ? (unsigned)left : TRIALS_EACH);
	}
}

static void captures_make(uint64_t seed)
{
	for (capture = captures; capture < captures + capture_count; capture++) {
		size_t n = capture->count;
		rounds_make(seed + (uint64_t)(capture - captures),
			n < CAPTURE_TRIALS_MAX ? n : CAPTURE_TRIALS_MAX);
	}
}

static char **gate_parse(char **word)
{
	struct gate *g = &gates[gate_count++];

	if (gate_count > GATES_MAX || !word[0] || !word[1] || !word[2] || !word[3])
		fail("--gate NAME GATEWAY-NETNS FAR-NETNS ENFORCER [KEY=VALUE...]");
	*g = (struct gate){.name = word[0], .gateway_ns = word[1], .far_ns = word[2],
		.program = word[3], .settings = word + 4};
	for (word += 4; *word && strncmp(*word, "--", 2) != 0; word++)
		g->setting_count++;
	return word;
}

int main(int argc, char **argv)
{
	uint64_t seed = SEED_DEFAULT;
	unsigned long cases = 0;
	char **word = argv + 1, **only = NULL;

	while (*word) {
		if (!strcmp(*word, "--gate"))
			word = gate_parse(word + 1);
		else if (!strcmp(*word, "--triggers"))
			world_triggers = true, word++;
		else if (!strcmp(*word, "--held"))
			world_held = true, word++;
		else if (!strcmp(*word, "--watch"))
			world_watch = true, word++;
		else if (!strcmp(*word, "--redirect"))
			world_redirect = true, word++;
		else if (!strcmp(*word, "--only"))
			for (only = ++word; *word && strncmp(*word, "--", 2) != 0;)
				word++;
		else if (word + 1 < argv + argc && !strcmp(*word, "--flows"))
			flows_read(*++word), word++;
		else if (word + 1 < argv + argc && !strcmp(*word, "--seed"))
			seed = strtoull(*++word, NULL, 0), word++;
		else if (word + 1 < argv + argc && !strcmp(*word, "--cases"))
			cases = strtoul(*++word, NULL, 0), word++;
		else
			fail(*word);
	}
	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < gate_count; i++) {
		ports_open(&gates[i]);
		gate_start(&gates[i]);
	}
	house_lay();
	for (; only && *only && strncmp(*only, "--", 2) != 0; only++)
		round_of(strtoull(*only, NULL, 0), TRIALS_EACH);
	if (capture_count)
		captures_make(seed);
	else
		rounds_make(seed, cases);
	gates_end();
	printf("%lu trials in %lu rounds: %lu allowed (%lu by names); %lu bridged, %lu "
	       "routed, %lu for the gateway; %lu of IPv6; %lu to the device; %lu "
	       "answers; %lu after a trigger of %lu pressed; %lu refused as held, %lu of "
	       "them meant for the sink; %lu told only, %lu lies, %lu refused by the "
	       "owner, %lu reports, %lu redirected; %lu differences\n",
		trials_done, rounds, allowed, by_name, by_way[WAY_BRIDGED],
		by_way[WAY_ROUTED], by_way[WAY_GATEWAY], by_family[1],
		by_direction[DIRECTION_TO_DEVICE], answers, waited, pressed, held_back, to_sink,
		told, lies, owners, reports_seen, redirected, differences);
	return differences ? 1 : 0;
}
