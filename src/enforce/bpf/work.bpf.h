// SPDX-License-Identifier: GPL-2.0-or-later
/* work - what is known of the packet, or of the conversation, that is being judged. It
 * lies in a map of each CPU. Packets have one place and sweep the other: a packet may
 * come while sweep works, and no packet while another one is worked on. */
#ifndef CARDEA_ENFORCE_BPF_WORK_H
#define CARDEA_ENFORCE_BPF_WORK_H

#include "enforce/bpf/parse.bpf.h"

#define WORK_PACKET 0U
#define WORK_SWEEP 1U
#define WORK_MAX 2

/* A question to policy, and its answer. */
struct ask {
	struct bpf_addr peer;
	uint32_t subject;
	uint16_t device_port, peer_port; /* be; of ICMP see model/element.h */
	uint8_t proto;
	uint8_t family;
	uint8_t to_device;
	uint8_t by;   /* answer: enum bpf_opener, 0 is a refusal */
	uint32_t box; /* answer: which one, by BPF_BY_BOX */
	uint32_t began; /* the conversation is under way: it needs no gate any more */
};

struct work {
	uint64_t now;
	struct packet packet;
	struct bpf_flow flow; /* the packet's conversation, or the one that is swept */
	struct ask ask;
	struct bpf_mac mac; /* of the device */
	uint32_t mac_flags;
	uint32_t mac_subject;  /* BPF_OTHERS: none */
	uint32_t addr_subject; /* of a packet to a device; else flow_open() looks */
	uint32_t arms_subject; /* whose boxes arm though nothing else is asked of them */
	/* of who is asked, and of BPF_OTHERS, read before the answer */
	uint32_t epoch, others_epoch;
	uint8_t to_device;
	uint8_t lasting; /* 0: this packet opens no flow */
	uint8_t flowless; /* no flow is its, as is known already */
	uint8_t bound;	  /* the device's address is its own, says the guard */
	uint8_t arms;	  /* it has opened a gate */
	uint8_t denied;	  /* policy refused it */
};

MAP_ARRAY(works, BPF_MAP_TYPE_PERCPU_ARRAY, struct work, WORK_MAX, 0);

static __always_inline struct work *work_at(uint32_t which)
{
	return bpf_map_lookup_elem(&works, &which);
}

#endif
