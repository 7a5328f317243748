// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea profile replay - would each packet of a device be accepted, in the order and
 * at the times of a capture? */
#include <string.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/profile_replay.h"
#include "cli/text.h"

#define REFUSALS_MAX 256 /* kinds of refused packets that are told apart */
#define REFUSAL_TEXT 160

struct refusal {
	enum extended_reason reason;
	const struct extended_policy *policy;
	uint64_t packets;
	uint64_t first; /* number of the packet in the capture */
	char what[REFUSAL_TEXT];
};

/* What one policy of the layers behind the first had to let pass. */
struct rest {
	const struct extended_policy *policy;
	enum extended_reason reason; /* of the first layer against them */
	uint64_t packets, sent;
};

struct replayed {
	struct replay_layers layers;
	uint64_t packets, own, accepted, from, from_accepted;
	uint64_t by_reason[EXTENDED_REASON_MAX];
	uint32_t refusal_count;
	struct refusal refusals[REFUSALS_MAX];
	uint32_t rest_count;
	struct rest rests[RESTS_MAX];
	char problem[LIMIT_TEXT];
};

static const char *service(const struct packet *p, char *buf, size_t size)
{
	char proto[FLOW_PROTO_TEXT_MAX];

	if (p->layers & PACKET_TCP)
		(void)str_print(buf, size, "tcp port %u", p->tcp.dst_port < p->tcp.src_port
				? p->tcp.dst_port : p->tcp.src_port);
	else if (p->layers & PACKET_UDP)
		(void)str_print(buf, size, "udp port %u", p->udp.dst_port < p->udp.src_port
				? p->udp.dst_port : p->udp.src_port);
	else if (p->layers & PACKET_ICMP)
		(void)str_print(buf, size, "%s type %u", flow_proto_text(p->ip.proto, proto),
			p->icmp.type);
	else
		(void)str_print(buf, size, "%s", flow_proto_text(p->ip.proto, proto));
	return buf;
}

/* Without the port that changes with each connection. */
static void describe(const struct packet *p, char what[REFUSAL_TEXT])
{
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX], about[48];

	if (p->layers & PACKET_ARP)
		(void)str_print(what, REFUSAL_TEXT, "%s to %s arp %s",
			addr_format(&p->arp.sender, src), addr_format(&p->arp.target, dst),
			p->arp.op == ARP_REQUEST ? "request" : "reply");
	else if (p->layers & PACKET_IP)
		(void)str_print(what, REFUSAL_TEXT, "%s to %s %s",
			addr_format(&p->ip.src, src), addr_format(&p->ip.dst, dst),
			service(p, about, sizeof about));
	else
		(void)str_print(what, REFUSAL_TEXT, "ethernet type 0x%04x", p->eth.type);
}

static void refuse(struct replayed *r, const struct packet *p,
	const struct extended_verdict *v)
{
	char what[REFUSAL_TEXT];

	describe(p, what);
	for (uint32_t i = 0; i < r->refusal_count; i++) {
		struct refusal *f = &r->refusals[i];

		if (f->reason == v->reason && f->policy == v->policy &&
			strcmp(f->what, what) == 0) {
			f->packets++;
			return;
		}
	}
	if (r->refusal_count == REFUSALS_MAX)
		return; /* counted by reason all the same */
	struct refusal *f = &r->refusals[r->refusal_count++];

	*f = (struct refusal){.reason = v->reason, .policy = v->policy, .packets = 1,
		.first = r->packets};
	memcpy(f->what, what, sizeof f->what);
}

static bool is_from(const struct replayed *r, const struct packet *p)
{
	const struct extended_party *self = r->layers.list[0].bound.parties[EXTENDED_SELF];

	return self->has_mac && p->has_mac && mac_equal(&p->eth.src, &self->mac);
}

static void count_rest(struct replayed *r, const struct extended_verdict *v, bool sent)
{
	struct rest *at = r->rests;

	while (at < r->rests + r->rest_count &&
		(at->policy != v->policy || at->reason != r->layers.first))
		at++;
	if (at == r->rests + RESTS_MAX)
		return; /* counted by layer all the same */
	if (at == r->rests + r->rest_count)
		r->rests[r->rest_count++] = (struct rest){.policy = v->policy,
			.reason = r->layers.first};
	at->packets++;
	at->sent += sent;
}

static void one_packet(void *ctx, const struct packet *p, nstime when)
{
	struct replayed *r = ctx;
	uint32_t layer;

	r->packets++;
	if (!p->layers)
		return;
	struct extended_verdict v = layers_packet(&r->layers, p, when, &layer);

	if (!v.own)
		return;
	r->own++;
	r->accepted += v.accepted;
	r->by_reason[v.reason]++;
	if (is_from(r, p)) {
		r->from++;
		r->from_accepted += v.accepted;
	}
	if (!v.accepted)
		refuse(r, p, &v);
	else if (layer > 0)
		count_rest(r, &v, is_from(r, p));
}

static enum cli_exit run(const struct cli *c, struct replayed *r)
{
	int error = layers_start(&r->layers);

	if (error)
		(void)str_copy(r->problem, sizeof r->problem, error_text(error));
	else
		error = capture_run(c, c->args[1], "replay", one_packet, r, r->problem);
	if (error && r->problem[0])
		cli_complain(NULL, "%s: not read to its end: %s", text_clean(c->args[1]),
			text_clean(r->problem));
	return error && !r->packets ? CLI_FAILED : CLI_OK;
}

static void print_layers(const struct replayed *r)
{
	for (uint32_t i = 0; r->layers.count > 1 && i < r->layers.count; i++)
		printf("  %8llu accepted by %s%s\n",
			(unsigned long long)r->layers.list[i].accepted,
			i ? "what it lacked: " : "", text_clean(r->layers.list[i].name));
	for (uint32_t i = 0; i < r->rest_count; i++)
		printf("  %8llu lacked: %s (%s), %llu of them sent\n",
			(unsigned long long)r->rests[i].packets,
			r->rests[i].policy ? text_clean(r->rests[i].policy->name) : "errors",
			extended_reason_name(r->rests[i].reason),
			(unsigned long long)r->rests[i].sent);
}

static enum cli_exit print_text(const struct replayed *r)
{
	printf("%s: %llu of %llu packets accepted; %llu of %llu that it sent\n",
		text_clean(r->layers.list[0].bound.profile->name), (unsigned long long)r->accepted,
		(unsigned long long)r->own, (unsigned long long)r->from_accepted,
		(unsigned long long)r->from);
	for (unsigned i = 0; i < EXTENDED_REASON_MAX; i++)
		if (r->by_reason[i])
			printf("  %8llu %s (%s)\n", (unsigned long long)r->by_reason[i],
				extended_reason_accepts(i) ? "accepted" : "refused ",
				extended_reason_name(i));
	print_layers(r);
	for (uint32_t i = 0; i < r->refusal_count; i++) {
		const struct refusal *f = &r->refusals[i];

		printf("  refused %llu x, first packet %llu: %s: %s%s%s\n",
			(unsigned long long)f->packets, (unsigned long long)f->first, f->what,
			extended_reason_name(f->reason), f->policy ? ", " : "",
			f->policy ? text_clean(f->policy->name) : "");
	}
	return ferror(stdout) ? CLI_FAILED : CLI_OK;
}

static void json_refusals(const struct replayed *r, struct jsonw *j)
{
	jsonw_key(j, "refused");
	jsonw_array(j);
	for (uint32_t i = 0; i < r->refusal_count; i++) {
		const struct refusal *f = &r->refusals[i];

		jsonw_object(j);
		jsonw_kv_u64(j, "packets", f->packets);
		jsonw_kv_u64(j, "first", f->first);
		jsonw_kv_string(j, "what", f->what);
		jsonw_kv_string(j, "reason", extended_reason_name(f->reason));
		if (f->policy)
			jsonw_kv_string(j, "policy", f->policy->name);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

/* By layer, those that none before it accepted; and by policy of those behind the first. */
static void json_layers(const struct replayed *r, struct jsonw *j)
{
	jsonw_key(j, "layers");
	jsonw_array(j);
	for (uint32_t i = 0; i < r->layers.count; i++) {
		jsonw_object(j);
		jsonw_kv_untrusted(j, "file", r->layers.list[i].name);
		jsonw_kv_u64(j, "accepted", r->layers.list[i].accepted);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
	jsonw_key(j, "lacked");
	jsonw_array(j);
	for (uint32_t i = 0; i < r->rest_count; i++) {
		jsonw_object(j);
		jsonw_kv_u64(j, "packets", r->rests[i].packets);
		jsonw_kv_u64(j, "sent", r->rests[i].sent);
		if (r->rests[i].policy)
			jsonw_kv_string(j, "policy", r->rests[i].policy->name);
		jsonw_kv_string(j, "reason", extended_reason_name(r->rests[i].reason));
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static enum cli_exit print_json(const struct cli *c, const struct replayed *r)
{
	struct jsonw j;

	jsonw_init_buffer(&j, PROFILE_JSON_MAX);
	jsonw_object(&j);
	jsonw_kv_string(&j, "schema", "cardea.profile.replay/1");
	jsonw_kv_string(&j, "profile", r->layers.list[0].bound.profile->name);
	jsonw_kv_untrusted(&j, "capture", c->args[1]);
	jsonw_kv_u64(&j, "packets", r->packets);
	jsonw_kv_u64(&j, "own", r->own);
	jsonw_kv_u64(&j, "accepted", r->accepted);
	jsonw_kv_u64(&j, "sent", r->from);
	jsonw_kv_u64(&j, "sent_accepted", r->from_accepted);
	jsonw_key(&j, "reasons");
	jsonw_object(&j);
	for (unsigned i = 0; i < EXTENDED_REASON_MAX; i++)
		if (r->by_reason[i])
			jsonw_kv_u64(&j, extended_reason_name(i), r->by_reason[i]);
	jsonw_object_end(&j);
	json_refusals(r, &j);
	if (r->layers.count > 1)
		json_layers(r, &j);
	jsonw_object_end(&j);
	return answer_print_jsonw(&j);
}

static enum cli_exit replay(const struct cli *c, struct replayed *r)
{
	const char *folder = args_flag(c, "learn-rest");
	enum cli_exit e = layer_add(c, &r->layers, c->args[0], args_flag(c, "binding"));

	if (e == CLI_OK)
		e = layers_flags(c, &r->layers);
	if (e == CLI_OK && folder)
		e = rest_learn(c, &r->layers, c->args[1], folder);
	if (e == CLI_OK)
		e = run(c, r);
	if (e == CLI_OK)
		e = c->json ? print_json(c, r) : print_text(r);
	if (e != CLI_OK)
		return e;
	if (r->own == r->accepted && r->problem[0])
		return CLI_FAILED;
	return !r->own ? CLI_NOT_FOUND : r->accepted < r->own ? CLI_NO : CLI_OK;
}

enum cli_exit profile_file_replay(struct cli *c)
{
	struct replayed *r = cli_take(sizeof *r);
	enum cli_exit e = replay(c, r);

	layers_free(&r->layers);
	return e;
}
