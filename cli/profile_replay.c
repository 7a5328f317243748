// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea profile replay - would each packet of a device be accepted, in the order and
 * at the times of a capture? */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/file.h"
#include "cli/profile.h"
#include "cli/progress.h"
#include "cli/text.h"
#include "sensors/pcap.h"

#define REFUSALS_MAX 256 /* kinds of refused packets that are told apart */
#define REFUSAL_TEXT 160
#define PROGRESS_EVERY 4096

struct refusal {
	enum extended_reason reason;
	const struct extended_policy *policy;
	uint64_t packets;
	uint64_t first; /* number of the packet in the capture */
	char what[REFUSAL_TEXT];
};

struct replayed {
	struct profile_file template, binding;
	struct extended_bound bound;
	uint64_t packets, own, accepted, from, from_accepted;
	uint64_t by_reason[REASON_MAX];
	uint32_t refusal_count;
	struct refusal refusals[REFUSALS_MAX];
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
	const struct extended_party *self = r->bound.parties[EXTENDED_SELF];

	return self->has_mac && p->has_mac && mac_equal(&p->eth.src, &self->mac);
}

static void one_packet(struct replayed *r, struct extended_machine *m,
	const struct pcap_record *record)
{
	struct packet p = {0};

	r->packets++;
	if (packet_parse(record->linktype, cursor_of(record->data, record->caplen), &p))
		return;
	struct extended_verdict v = extended_machine_packet(m, &p, record->time);

	if (!v.own)
		return;
	r->own++;
	r->accepted += v.accepted;
	r->by_reason[v.reason]++;
	if (is_from(r, &p)) {
		r->from++;
		r->from_accepted += v.accepted;
	}
	if (!v.accepted)
		refuse(r, &p, &v);
}

static enum cli_exit run(const struct cli *c, struct replayed *r, int fd)
{
	struct extended_machine *m = extended_machine_new(&r->bound, EXTENDED_MIDSTREAM);
	struct pcap_record record;
	struct progress progress;
	struct pcap *pcap = NULL;
	int error = m ? pcap_open(fd, &pcap) : -ENOMEM;

	progress_init(&progress, c, "replay");
	progress_expect(&progress, c->args[1]);
	while (!error && (error = pcap_next(pcap, &record)) == 1) {
		one_packet(r, m, &record);
		if (r->packets % PROGRESS_EVERY == 0)
			progress_show(&progress, r->packets, pcap_offset(pcap));
		error = 0;
	}
	progress_end(&progress);
	if (error)
		(void)str_copy(r->problem, sizeof r->problem,
			pcap ? pcap_error(pcap) : error_text(error));
	pcap_close(pcap);
	extended_machine_free(m);
	if (error)
		cli_complain(NULL, "%s: not read to its end: %s", text_clean(c->args[1]),
			text_clean(r->problem));
	return error && !r->packets ? CLI_FAILED : CLI_OK;
}

static enum cli_exit print_text(const struct replayed *r)
{
	printf("%s: %llu of %llu packets accepted; %llu of %llu that it sent\n",
		text_clean(r->bound.profile->name), (unsigned long long)r->accepted,
		(unsigned long long)r->own, (unsigned long long)r->from_accepted,
		(unsigned long long)r->from);
	for (unsigned i = 0; i < REASON_MAX; i++)
		if (r->by_reason[i])
			printf("  %8llu %s (%s)\n", (unsigned long long)r->by_reason[i],
				extended_reason_accepts(i) ? "accepted" : "refused ",
				extended_reason_name(i));
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

static enum cli_exit print_json(const struct cli *c, const struct replayed *r)
{
	struct jsonw j;

	jsonw_init_buffer(&j, PROFILE_JSON_MAX);
	jsonw_object(&j);
	jsonw_kv_string(&j, "schema", "cardea.profile.replay/1");
	jsonw_kv_string(&j, "profile", r->bound.profile->name);
	jsonw_kv_untrusted(&j, "capture", c->args[1]);
	jsonw_kv_u64(&j, "packets", r->packets);
	jsonw_kv_u64(&j, "own", r->own);
	jsonw_kv_u64(&j, "accepted", r->accepted);
	jsonw_kv_u64(&j, "sent", r->from);
	jsonw_kv_u64(&j, "sent_accepted", r->from_accepted);
	jsonw_key(&j, "reasons");
	jsonw_object(&j);
	for (unsigned i = 0; i < REASON_MAX; i++)
		if (r->by_reason[i])
			jsonw_kv_u64(&j, extended_reason_name(i), r->by_reason[i]);
	jsonw_object_end(&j);
	json_refusals(r, &j);
	jsonw_object_end(&j);
	return answer_print_jsonw(&j);
}

static enum cli_exit bind(const struct cli *c, struct replayed *r)
{
	const char *path = args_flag(c, "binding");
	const struct extended_binding *b = &r->template.binding;
	struct extended_notes notes = {0};
	enum cli_exit e = CLI_OK;

	if (!path && r->template.document != DOCUMENT_PUBLISHED) {
		cli_complain(c->command->example, "a template says nothing of a home: "
						  "--binding FILE is missing");
		return CLI_USAGE;
	}
	if (path) {
		e = profile_want(path, DOCUMENT_BINDING, &r->binding);
		b = &r->binding.binding;
	}
	if (e != CLI_OK)
		return e;
	int error = extended_bind(&r->template.profile, b, r->template.pool, &r->bound, &notes);

	if (!c->quiet && notes.count &&
		extended_notes_text(&notes, path ? path : r->template.path, stderr))
		return CLI_FAILED;
	return error ? CLI_NO : CLI_OK;
}

static enum cli_exit replay(const struct cli *c, struct replayed *r)
{
	enum cli_exit e = bind(c, r);
	int fd;

	if (e != CLI_OK)
		return e;
	fd = file_open(c->args[1]);
	if (fd < 0)
		return CLI_FAILED;
	e = run(c, r, fd);
	close(fd);
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
	enum cli_exit e = profile_use(c->args[0], args_flag(c, "root"), &r->template);

	if (e == CLI_OK)
		e = replay(c, r);
	profile_free(&r->template);
	profile_free(&r->binding);
	return e;
}
