// SPDX-License-Identifier: GPL-2.0-or-later
/* judge - after policy took something from a device: what is under way and still
 * allowed goes on unnoticed, all else ends. */
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "base/log.h"
#include "enforce/conntrack.h"
#include "enforce/nft/nft_priv.h"

/* A packet may renew what we remove, or an element expire: look again. */
#define ATTEMPTS_MAX 5
#define ICMP_ECHO_LEAD (8 << 8) /* type and code, as elements have them */
#define ICMP6_ECHO_LEAD (128 << 8)

struct judge {
	struct nft_socket *socket;
	const struct message_forget *device;
	unsigned table;
	struct entry_list flows;
};

static int flow_visit(const struct entry *e, void *ctx)
{
	struct judge *j = ctx;
	struct entry flow = *e;

	flow.table = (uint8_t)j->table;
	return entry_belongs(e, j->device) ? entry_list_add(&j->flows, &flow) : 0;
}

static int found_visit(const struct entry *e, void *ctx)
{
	(void)e;
	*(bool *)ctx = true;
	return 0;
}

static int is_there(struct judge *j, const struct element *e, bool *ret)
{
	struct entry key;

	*ret = false;
	entry_from_element(&key, e);
	return nft_read_set(j->socket, 0, key.set, &key, found_visit, ret);
}

/* Whether the address is still the device's, and some element lets this conversation
 * begin, from either side. */
static int is_allowed(struct judge *j, const struct entry *flow, bool *ret)
{
	static const struct {
		enum element_kind kind;
		uint32_t gate;
	} kinds[] = {{ELEMENT_OUT, 0}, {ELEMENT_IN, 0}, {ELEMENT_OUT_RANGE, 0},
		{ELEMENT_IN_RANGE, 0}, {ELEMENT_OUT_RANGE, ELEMENT_GATE_TOLD},
		{ELEMENT_IN_RANGE, ELEMENT_GATE_TOLD}};
	struct element e;

	entry_to_flow(flow, &e);
	e.mac = j->device->mac;
	e.kind = ELEMENT_BOUND;
	int error = is_there(j, &e, ret);
	if (error || !*ret)
		return error;
	*ret = false;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !*ret && !error; i++) {
		uint16_t lead = e.family == 4 ? ICMP_ECHO_LEAD : ICMP6_ECHO_LEAD;
		bool out = kinds[i].kind == ELEMENT_OUT_RANGE;
		e.kind = kinds[i].kind;
		e.gate = kinds[i].gate;
		if (flow->set >= NFT_SET_ECHO4) {
			e.device_port.lo = e.device_port.hi = out ? lead : 0;
			e.peer_port.lo = e.peer_port.hi = out ? 0 : lead;
		}
		error = is_there(j, &e, ret);
	}
	return error;
}

/* Leaves in flows those of the device that nothing allows. */
static int flows_judge(struct judge *j)
{
	size_t kept = 0;
	int e = 0;

	j->flows.count = 0;
	for (j->table = 0; j->table < NFT_TABLES; j->table++) {
		for (enum nft_set set = NFT_SET_FLOWS4; set < NFT_SET_PROBE && !e; set++)
			e = nft_read_set(j->socket, j->table, set, NULL, flow_visit, j);
	}
	for (size_t i = 0; i < j->flows.count && !e; i++) {
		bool allowed;
		e = is_allowed(j, &j->flows.entries[i], &allowed);
		if (!e && !allowed)
			j->flows.entries[kept++] = j->flows.entries[i];
	}
	j->flows.count = kept;
	return e;
}

static int flows_remove(struct judge *j)
{
	struct nft_batch b;

	nft_batch_begin(&b, j->socket);
	for (size_t i = 0; i < j->flows.count; i++)
		nft_batch_element(&b, nft_gone(j->socket), j->flows.entries[i].table,
			&j->flows.entries[i]);
	return nft_batch_finish(&b, 0);
}

/* After the flows: what comes in between is refused, and tracked no further. */
static void tracks_remove(const struct judge *j, struct conntrack *ct)
{
	struct element e;
	int error = 0;

	for (size_t i = 0; i < j->flows.count && ct && !error; i++) {
		entry_to_flow(&j->flows.entries[i], &e);
		struct conntrack_tuple t = {e.device, e.peer_lo, e.proto_lo,
			e.device_port.lo, e.peer_port.lo};
		error = conntrack_delete(ct, &t);
	}
	if (error)
		log_warn("enforcer", "ending a tracked conversation: %s",
			error_text(error));
}

int nft_judge(struct nft_socket *s, struct conntrack *ct, const struct message_forget *f)
{
	struct judge j = {.socket = s, .device = f};
	int e, attempts = ATTEMPTS_MAX;
	bool again;

	do {
		e = flows_judge(&j);
		again = e == -EINTR || e == -EAGAIN || j.flows.count;
		if (!e && j.flows.count)
			e = flows_remove(&j);
		again |= e == -ENOENT;
		if (!e)
			tracks_remove(&j, ct);
	} while (--attempts && again);
	free(j.flows.entries);
	return e;
}
