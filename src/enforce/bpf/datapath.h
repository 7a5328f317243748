// SPDX-License-Identifier: GPL-2.0-or-later
/* datapath - what the program in the kernel and its loader share: the maps, their keys
 * and values, and the events. Included by both compilers. All numbers of packets are in
 * the order of the network where their type says be; addresses are 16 bytes, IPv4 as
 * ::ffff:a.b.c.d (RFC 4291 2.5.5.2); keys have no holes.
 *
 * A SUBJECT is whose policy is asked: a MAC for what a device sends, an address for what
 * it is sent. Each has a number, which the loader gives out from 1 up; numbers are used
 * again only after all that belongs to them is gone, and a sweep. 0 is everybody else.
 *
 *   settings ARRAY[1]   one struct bpf_settings
 *   macs     HASH       bpf_mac -> bpf_mac_value
 *   addrs    HASH       bpf_addr -> bpf_addr_value
 *   bound    HASH       bpf_bound -> u8
 *   subjects ARRAY      number -> bpf_subject; mapped into the loader's memory
 *   policy   HASH       bpf_exact -> bpf_entry       (elements OUT and IN)
 *   boxes    ARRAY      bpf_box; a subject's are bpf_subject.boxes (.._RANGE, ARM)
 *   ethers   HASH       bpf_ether -> bpf_entry       (ETHER_OUT, ETHER_IN)
 *   names    HASH       bpf_name -> bpf_openings     (NAME)
 *   gates    HASH       u32 gate (ARM) -> u64 until   open so long
 *   flows    HASH       bpf_flow -> bpf_flow_value   the datapath's own, as all below
 *   totals   ARRAY[1]   struct bpf_totals
 *   cache    ARRAY      BPF_CACHE_EACH / 2 places of two flows for each processor
 *   frags    LRU_HASH   bpf_frag -> bpf_frag_value   later fragments of a judged packet
 *   queries  HASH       bpf_query -> u64 until        questions that devices have asked
 *   refused  HASH       bpf_refused -> bpf_refused_value
 *   events   RINGBUF    struct bpf_event
 *   counters PERCPU_ARRAY[BPF_COUNTER_MAX] of u64
 *
 * Programs: SEC("tc") ingress, egress; SEC("syscall") sweep (struct bpf_sweep). */
#ifndef CARDEA_ENFORCE_BPF_DATAPATH_H
#define CARDEA_ENFORCE_BPF_DATAPATH_H

#ifdef __bpf__
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long long uint64_t;
typedef long long int64_t;
#else
#include <stdint.h>
#endif

/* Bumped whenever a struct here changes: an enforcer never adopts maps of another. */
#define BPF_ABI 8

/* MACs and addresses: 10,000 devices as U3 and U4 load them, or 1,024 with 16 addresses,
 * and as much again while one replaces the other. */
#define BPF_SUBJECTS_MAX 32768
#define BPF_ADDRS_MAX 32768
#define BPF_EXACT_MAX 262144 /* no memory before it is used */
#define BPF_BOXES_MAX 65536  /* as many as one page-backed array of 5 MiB holds */
#define BPF_BOXES_EACH 8192  /* LIMIT_BOXES */
#define BPF_LOCALS_MAX 32
#define BPF_NAMES_MAX 65536
#define BPF_OPENINGS_MAX 8   /* protocol and port pairs of one name of one device */
#define BPF_FRAGS_MAX 4096
/* LIMIT_TRIGGERS of a few profiles that use them all, or a few of each device's; a gate
 * that finds no room stays shut. */
#define BPF_GATES_MAX 8192

/* Flows. Each device has FLOWS_OWN that nobody takes from it; beyond, devices share the
 * rest, of which one may have FLOWS_SHARE: so no device can fill the table for others
 * (1024 x 48 + 16384 = 65536). */
#define BPF_FLOWS_MAX 65536
#define BPF_FLOWS_OWN 48
#define BPF_FLOWS_SHARED 16384
#define BPF_FLOWS_SHARE 4096
/* Conversations that each processor has at hand; the loader counts the processors. */
#define BPF_CACHE_EACH 32768
#define BPF_CACHE_CPUS 4
/* Kinds of refused packets told apart per subject; what comes beyond is counted in one
 * number of the subject, which is always exact. */
#define BPF_REFUSED_MAX 65536
#define BPF_REFUSED_EACH 64
#define BPF_REFUSED_OTHERS 1024 /* of all that are not managed, together */
/* A kind that was not seen for so long gives its place back. */
#define BPF_REFUSED_IDLE_NS (600ULL * 1000000000)
/* Questions that wait for their answers: so many of each of LIMIT_DEVICES, so none finds
 * the table full for others' sake. */
#define BPF_QUERIES_EACH 64
#define BPF_QUERIES_MAX (1024 * BPF_QUERIES_EACH)
/* Entries that answers made, of one device: LIMIT_BINDINGS with two ports each. What
 * comes beyond is not opened, and counted: a device that asks for more names than it
 * has room for starves itself alone. */
#define BPF_LEARNED_EACH 1024
#define BPF_EVENTS_BYTES (256 * 1024)
/* The same refused packets are told again after so long, with how many they were. */
#define BPF_REFUSED_AGAIN_NS (10ULL * 1000000000)
/* DNS: the longest answer that is learned from in the kernel. Longer ones, those over
 * TCP and in fragments are held by the resolver. 1232 is what we let UDP have. */
#define BPF_DNS_MAX 1232
#define BPF_DNS_RECORDS_MAX 48 /* of all sections */
#define BPF_DNS_LABELS_MAX 24  /* of any name in it */
#define BPF_DNS_ADDRS_MAX 64   /* addresses and hints of one answer */
#define BPF_QUERY_NS (10ULL * 1000000000) /* an answer that comes later opens nothing */

struct bpf_addr {
	uint32_t w[4]; /* be */
};

struct bpf_mac {
	uint8_t b[6];
	uint8_t zero[2];
};

/* bpf_mac_value.flags, bpf_addr_value.flags */
#define BPF_MANAGED 1U /* a MAC: its packets obey its policy */
#define BPF_POLICED 2U /* an address: packets forwarded to it obey its policy */
#define BPF_OWNED 4U   /* an address: only who is bound to it may use it */
#define BPF_LIMITED 8U /* the subject has a rate */
#define BPF_GATEWAY 16U /* a MAC: the gateway's own */
#define BPF_NAMED 32U  /* a MAC: it has names, so its questions are noted */
#define BPF_ARMS 64U   /* a MAC: what it sends opens gates, managed or not */

struct bpf_mac_value {
	uint32_t subject;
	uint32_t flags;
};

struct bpf_addr_value {
	uint32_t subject;
	uint32_t flags;
};

struct bpf_bound {
	struct bpf_addr addr;
	struct bpf_mac mac;
};

/* In element order: port is the peer's for a MAC, the device's for an address. */
struct bpf_exact {
	uint32_t subject;
	uint16_t port; /* be */
	uint8_t proto;
	uint8_t zero;
	struct bpf_addr peer;
};

struct bpf_entry {
	uint64_t until; /* bpf_ktime_get_coarse_ns(); 0: for ever */
	uint64_t packets, bytes; /* of ended flows, and of what opens no flow; those of live
				  * flows are in flows until sweep adds them */
	uint32_t learned; /* 1: an answer made it. It counts in the MAC's subject.learned
			   * until it goes: who removes or replaces it takes 1 off */
	uint32_t open_s; /* of a box that arms: for how long its gate stands open */
};

#define BPF_BOX_OPENS 0U
#define BPF_BOX_ARMS 1U
/* model/element.h: ELEMENT_GATE_TOLD. Such a box is looked at when nothing else lets begin. */
#define BPF_GATE_TOLD 0xffffffffU
/* device and peer ports in the order of the network's meaning, not of its bytes: they
 * are compared. For ICMP see model/element.h. */
struct bpf_box {
	struct bpf_addr peer_lo, peer_hi;
	uint16_t device_lo, device_hi, peer_port_lo, peer_port_hi; /* host order */
	uint8_t proto_lo, proto_hi;
	uint8_t family; /* 4, 6 */
	uint8_t kind;	/* BPF_BOX_.. */
	uint32_t gate;	/* 0: lets begin at any time; BPF_GATE_TOLD */
	struct bpf_entry entry;
};

struct bpf_ether {
	uint32_t subject; /* of the device's MAC */
	uint16_t type;	  /* be */
	uint8_t to_device;
	uint8_t any;	  /* any peer: peer is zero */
	struct bpf_mac peer;
};

/* The subject of all that have none. Its epoch moves after any change of any map, for
 * processors remember what policy refused: without that, what is newly allowed would
 * still be refused for up to ten seconds. */
#define BPF_OTHERS 0U

/* The loader bumps epochs when it has taken an entry or a box away, for a MAC and its
 * address alike when it has taken a BOUND, MANAGED, OWNED or POLICED away, or has given
 * or changed a rate. Buckets are GCRA: the time at which they would be empty (ITU-T
 * I.371). The first 64 bytes are what each packet reads. */
struct bpf_subject {
	uint64_t boxes;	  /* first << 32 | count: one store replaces a device's boxes */
	uint32_t epoch;	  /* flows of an older one are judged anew at their next packet */
	uint32_t flows;	  /* of this device now; each pays at its MAC, if that is managed */
	uint64_t byte_ns_256; /* rate: ns x 256 for each byte, 0 is none */
	uint64_t packet_ns;   /* rate: ns for each packet, 0 is none */
	uint64_t byte_bucket, packet_bucket;
	uint64_t refused;     /* packets, exact */
	uint64_t opens;	      /* bucket of new conversations */
	uint64_t opens_over;  /* packets that would have begun too many of them */
	uint64_t over;	      /* packets above its rate */
	uint64_t flows_full;  /* conversations that found no room: they pass, and their
			       * replies do not */
	uint32_t refused_kinds;
	uint32_t queries; /* its own in the map */
	uint32_t learned; /* its entries in policy with .learned */
	uint32_t begun;	  /* flows in the table that it let begin: others need no sweep */
	uint32_t arms;	  /* its boxes that arm */
	uint32_t zero;
	uint64_t resets;  /* bucket of the resets that it gets */
	uint32_t zero2[2];
};

/* skb->mark of a reset on its way from ingress to egress of one port: chosen at random. */
#define BPF_MARK_RESET 0xca7dea5eU

struct bpf_settings {
	uint32_t abi;
	uint32_t local_count;
	struct {
		struct bpf_addr lo, hi;
	} locals[BPF_LOCALS_MAX];
	uint64_t name_key[2]; /* struct name_key */
	uint32_t redirect;    /* port 53 of the world is redirected to us behind this */
	uint32_t limits;      /* not 0: some subject has a rate */
	/* One address of this gateway of each family, IPv4 first: who may ask it for names
	 * has its questions to others redirected. Zero: there is none, and nobody has. */
	struct bpf_addr asked[2];
	uint64_t version;     /* hash of what the loader was told */
};

struct bpf_totals {
	uint32_t flows_shared; /* beyond BPF_FLOWS_OWN, of all */
	uint32_t zero;
};

/* Openings of a name: exact OUT entries. */
struct bpf_name {
	uint64_t hash;
	uint32_t subject;
	uint32_t suffix;
};

struct bpf_openings {
	uint32_t count;
	struct {
		uint16_t port; /* be */
		uint8_t proto;
		uint8_t family; /* 0: both */
	} openings[BPF_OPENINGS_MAX];
};

/* A conversation as its device sees it. ICMP echo: both ports are the identifier. */
struct bpf_flow {
	struct bpf_addr device, peer;
	uint16_t device_port, peer_port; /* be */
	uint8_t proto;
	uint8_t zero[3];
};

enum bpf_opener {
	BPF_BY_EXACT = 1, /* ref.exact */
	BPF_BY_BOX,
	BPF_BY_GATEWAY,	  /* the gateway itself began: no policy matter */
	BPF_BY_REDIRECT,  /* DNS to a foreign server that the gateway answers */
	BPF_BY_NOBODY,	  /* policy has ended it; kept so that what the gateway still sends
			   * does not begin it anew */
	BPF_BY_TOLD,	  /* a box of BPF_GATE_TOLD: no gate ever stood open for it */
};

/* bpf_flow_value.count: one addition counts a packet and its bytes */
#define BPF_COUNT_SHIFT 40
#define BPF_COUNT_BYTES ((1ULL << BPF_COUNT_SHIFT) - 1)

/* bpf_flow_value.flags */
#define BPF_FLOW_TO_DEVICE 1U /* the first packet went to the device */
#define BPF_FLOW_BOUND 2U     /* the device's address is its own */
#define BPF_FLOW_ARMS 4U      /* packets like its first one open gates */

/* The first 32 bytes are what each packet needs: with the key they fill a cache line. */
struct bpf_flow_value {
	uint64_t until;
	uint64_t count;	   /* packets << BPF_COUNT_SHIFT | bytes, not yet in the entry */
	uint32_t subject;  /* who let it begin */
	uint32_t epoch;
	uint8_t mac[6];    /* of the device: another one's packets are not of this flow */
	uint8_t by;        /* enum bpf_opener */
	uint8_t flags;
	uint32_t mac_subject, addr_subject; /* of the device, for its limits */
	uint32_t box;	   /* by BPF_BY_BOX, BPF_BY_TOLD */
	uint32_t zero;
};

#define BPF_NO_SUBJECT 0xffffffffU

struct bpf_frag {
	struct bpf_addr from, to;
	uint32_t id;
	uint32_t proto;
};

struct bpf_frag_value {
	uint64_t until;
	uint16_t from_port, to_port; /* be */
	uint8_t icmp_type, icmp_code;
	uint16_t zero;
};

/* All that an answer must repeat; a device may ask for two names with one port and id. */
struct bpf_query {
	struct bpf_addr device, server;
	uint64_t hash; /* of the name */
	uint16_t port; /* be, the device's */
	uint16_t id;   /* be */
	uint16_t type; /* host order */
	uint16_t zero;
	uint32_t subject; /* of the MAC: its .queries are those in the map */
	uint32_t zero2;
};

/* What a refused packet was, or one that is only told of. Ports of the device are not told
 * apart: it would choose a new one for each try. Of frames that are not IP (family 0) port
 * is the Ethernet type, peer begins with the peer's MAC, and device is the address that ARP
 * claimed. */
struct bpf_refused {
	uint32_t subject;
	uint8_t to_device, reason, proto, family;
	uint16_t port; /* be, of the one who is called */
	uint16_t icmp; /* type << 8 | code, host order */
	struct bpf_mac mac;
	struct bpf_addr device, peer;
};

struct bpf_refused_value {
	uint64_t packets, bytes;	   /* of all of it; exact after a sweep */
	uint64_t told_packets, told_bytes; /* of these, in events */
	uint64_t told;			   /* ns: when last */
	uint64_t first, last;		   /* ns */
	uint16_t device_port, peer_port;   /* be, of the first packet */
	uint32_t length;		   /* of the first packet */
};

/* reasons: enum verdict_reason of model/verdict.h, which is not for this compiler */
#define BPF_REASON_DENY 3
#define BPF_REASON_SPOOFED 4
#define BPF_REASON_ROGUE 5
#define BPF_REASON_FRAGMENT 6
#define BPF_REASON_MALFORMED 7
#define BPF_REASON_TOLD 9 /* it passed */

enum bpf_event_kind {
	BPF_EVENT_REFUSED = 1, /* packets, bytes: of this kind since the last event */
	BPF_EVENT_LEARNED, /* what.subject, .mac, .device, .peer; hash of the name asked
			    * for; ttl_s as the answer has it */
	BPF_EVENT_LIVE,	   /* a live flow made its entry last longer: what, ttl_s; hash 0 */
	BPF_EVENT_ENDED,   /* what, device_port, peer_port: a conversation that policy no
			    * longer allows; what.to_device: the peer had begun it */
};

struct bpf_event {
	uint32_t kind;
	uint32_t ttl_s;
	uint64_t hash;
	uint64_t packets, bytes;
	uint32_t length;
	uint16_t device_port, peer_port; /* be */
	struct bpf_refused what;
	uint32_t zero;
};

/* sweep, the context of its program (BPF_PROG_TEST_RUN): ends what is idle, removes exact
 * entries that have expired, keeps open what is in use, adds the counts of live flows to
 * their entries, tells refused packets that nobody was told of, and judges anew all flows
 * of an older epoch, telling each that ends. With a subject other than BPF_NO_SUBJECT it
 * looks only at the flows which that one let begin. now is set by the program; the
 * results are for the log. */
struct bpf_sweep {
	uint64_t now;
	uint32_t subject;
	uint32_t flows, ended, kept_open, refused_gone, queries_gone;
};

enum bpf_counter {
	BPF_COUNTER_FRAMES, /* that were judged: not those of what is under way */
	BPF_COUNTER_REFUSED,
	BPF_COUNTER_EVENTS_LOST, /* the ring was full; the counts in refused are exact */
	BPF_COUNTER_LEARNED,
	BPF_COUNTER_UNASKED, /* DNS answers to nobody's question */
	BPF_COUNTER_DNS_HARD, /* ... that the kernel cannot read: the resolver holds those */
	BPF_COUNTER_QUESTIONS_LOST, /* beyond BPF_QUERIES_EACH: their answers open nothing */
	BPF_COUNTER_LEARNED_LOST, /* entries beyond BPF_LEARNED_EACH, or no memory */
	BPF_COUNTER_MAX,
};

#endif
