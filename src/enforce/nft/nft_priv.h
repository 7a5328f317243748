// SPDX-License-Identifier: GPL-2.0-or-later
/* nft - what the files of this backend share: entries (one element in the bytes of its
 * set), the netlink socket and the batch. */
#ifndef CARDEA_ENFORCE_NFT_NFT_PRIV_H
#define CARDEA_ENFORCE_NFT_NFT_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <libmnl/libmnl.h>
#include "enforce/backend.h"

/* NFT_MSG_DESTROYSETELEM of Linux 6.3: headers may be older than the kernel. */
#define NFT_DESTROY 30
/* Whether to make use of a kernel that renews elements; a test builds without. */
#ifndef NFT_RENEWS
#define NFT_RENEWS true
#endif
#define MS_PER_S 1000
#define NFT_TABLES 2 /* inet and bridge: all policy is in both */
#define NFT_DNS 2    /* the table beside them that redirects */

/* skeleton.c */
#define SKELETON_VERSION_MAX 24
/* The text for this configuration, of the tables of policy or of that for dns, and the
 * name of its marker chain; free(*ret_text). */
int skeleton_render(const struct enforce_config *c, bool dns, char **ret_text,
	char ret_version[SKELETON_VERSION_MAX]) CARDEA_MUSTCHECK;
int skeleton_lay(const char *text) CARDEA_MUSTCHECK;

/* entry.c */

/* All sets, those in pairs once for each IP version, and whether they have ranges. From
 * OUT on they have timeouts; OUT to TOLD_T open conversations, and count them; FLOWS and
 * later are the datapath's own, not the engine's. The key of OUT to TOLD_F begins with
 * the device's MAC, that of all after them with its address. TOLD are the ranges of
 * ELEMENT_GATE_TOLD. LIMITED is all that have
 * any limit, in the order of the two after it. */
#define NFT_SETS(ONE, PAIR) \
	ONE(MANAGED, "managed", false) \
	PAIR(POLICED, "policed", false) \
	PAIR(BOUND, "bound", false) \
	PAIR(OWNED, "owned", false) \
	PAIR(LOCAL, "local", true) \
	ONE(ETHER_F, "ether_f", true) \
	ONE(ETHER_T, "ether_t", true) \
	ONE(LIMITED_F, "limited_f", false) \
	PAIR(LIMITED_T, "limited_t", false) \
	ONE(BYTES_F, "bytes_f", false) \
	PAIR(BYTES_T, "bytes_t", false) \
	ONE(PACKETS_F, "packets_f", false) \
	PAIR(PACKETS_T, "packets_t", false) \
	PAIR(OUT, "out", false) \
	PAIR(OUTR, "outr", true) \
	PAIR(TOLD_F, "told_f", true) \
	PAIR(IN, "in", false) \
	PAIR(INR, "inr", true) \
	PAIR(TOLD_T, "told_t", true) \
	PAIR(FLOWS, "flows", false) \
	PAIR(ECHO, "echo", false) \
	ONE(PROBE, "probe", false)
#define NFT_SET_ONE(set, name, ranges) NFT_SET_##set,
#define NFT_SET_PAIR(set, name, ranges) NFT_SET_##set##4, NFT_SET_##set##6,
enum nft_set { NFT_SETS(NFT_SET_ONE, NFT_SET_PAIR) NFT_SET_MAX };
#define NFT_LIMITED(set) (NFT_SET_LIMITED_F + ((set) - NFT_SET_BYTES_F) % 3)

struct nft_set_info {
	const char *name;
	uint8_t family; /* 4 or 6 of a pair, else 0 */
	bool ranges;
};
extern const struct nft_set_info nft_sets[NFT_SET_MAX];

#define ENTRY_KEY_MAX 44 /* two IPv6 addresses and three padded fields */

struct entry {
	uint8_t set; /* enum nft_set */
	uint8_t key_len;
	bool remove;
	uint8_t table; /* of a conversation */
	bool there, same; /* the kernel has the key; has it just so */
	uint32_t timeout_s;
	uint32_t rate;	  /* a limit's; 0 in all other sets */
	uint64_t packets; /* as the kernel counted them */
	uint32_t order; /* of arrival; the last word on a key counts */
	uint8_t key[ENTRY_KEY_MAX];
	uint8_t end[ENTRY_KEY_MAX]; /* equals key in sets without ranges */
};

struct entry_list {
	struct entry *entries;
	size_t count, room;
};

void entry_from_element(struct entry *ret, const struct element *e);
/* Only for the sets that count. */
void entry_to_element(const struct entry *n, struct element *ret);
/* A conversation as the packet that its device sent, or was sent, to begin it. */
void entry_to_flow(const struct entry *n, struct element *ret);
int entry_compare(const void *a, const void *b); /* set and key of two entries */
/* Whether the entry, of a set with timeouts, is this device's. */
bool entry_belongs(const struct entry *e, const struct message_forget *f);
int entry_list_add(struct entry_list *l, const struct entry *e) CARDEA_MUSTCHECK;
/* By set and key; of equal keys only the last to arrive stays. */
void entry_list_sort(struct entry_list *l);
struct entry *entry_list_find(const struct entry_list *l, const struct entry *e);

/* netlink.c */
struct nft_socket {
	struct mnl_socket *mnl;
	uint32_t seq;
	char *batch;	  /* room for NFT_BATCH_MAX, kept from one to the next */
	bool can_renew; /* An element added again lives anew: Linux 6.12, which also
			 * removes what may be gone (NFT_DESTROY). */
};
int nft_socket_open(struct nft_socket *s) CARDEA_MUSTCHECK;
void nft_socket_close(struct nft_socket *s);
/* A message of this type about our table: 0 or 1, as in all that follows. */
struct nlmsghdr *nft_message(void *at, uint16_t type, unsigned table, uint16_t flags,
	uint32_t seq);
/* Sends one request, or one batch of one seq, and hands every answer to each(), which
 * returns MNL_CB_OK or its error. 0, or the first error of the kernel or of each(). */
int nft_request(struct nft_socket *s, const void *request, size_t len, mnl_cb_t each,
	void *ctx) CARDEA_MUSTCHECK;
/* 0 when the chain is there, -ENOENT when not. */
int nft_chain_check(struct nft_socket *s, unsigned table,
	const char *chain) CARDEA_MUSTCHECK;
/* Every element of a set of the kernel, as an entry with its configured timeout. With
 * a key only what the kernel has for it: of a range set whatever covers the key. Each is
 * told while the socket is busy. */
typedef int entry_visit(const struct entry *e, void *ctx);
int nft_read_set(struct nft_socket *s, unsigned table, enum nft_set set,
	const struct entry *key, entry_visit *each, void *ctx) CARDEA_MUSTCHECK;

/* batch.c: one transaction of the kernel. The full 131,072 elements of the largest key,
 * each removed and added with its count in both tables, are 70 MB. */
#define NFT_BATCH_MAX (96 << 20)
struct nft_batch {
	struct nft_socket *socket;
	uint32_t seq;
	int error; /* the first; nothing is added any more */
	size_t len;
	struct nlmsghdr *message; /* the last, whose list may still grow */
	struct nlattr *list;
	uint16_t type; /* of the list's elements, as are table and set */
	unsigned table;
	uint8_t set;
};
void nft_batch_begin(struct nft_batch *b, struct nft_socket *s);
/* type: NFT_MSG_NEWSETELEM, NFT_MSG_DELSETELEM or NFT_DESTROY. */
void nft_batch_element(struct nft_batch *b, uint16_t type, unsigned table,
	const struct entry *e);
/* One that needs no more than the table, as NFT_MSG_DELTABLE. */
void nft_batch_message(struct nft_batch *b, uint16_t type, unsigned table);
/* Commits unless there is an error already. 0 or the first error. */
int nft_batch_finish(struct nft_batch *b, int error) CARDEA_MUSTCHECK;
void nft_put_element(struct nlmsghdr *h, const struct entry *e, bool whole);
/* The message that removes an element of this kernel. */
uint16_t nft_gone(const struct nft_socket *s);

/* commit.c: also for the table beside the policy's (redirect.c). */
int nft_open_tables(const struct enforce_config *c, unsigned first, unsigned end,
	struct enforce_state **ret_state,
	struct enforce_opened *ret_opened) CARDEA_MUSTCHECK;
int nft_commit(struct enforce_state *s, const struct enforce_txn *t) CARDEA_MUSTCHECK;
int nft_check(struct enforce_state *s) CARDEA_MUSTCHECK;
int nft_remove(struct enforce_state *s) CARDEA_MUSTCHECK;
void nft_close(struct enforce_state *s);
bool nft_has_set(unsigned table, enum nft_set set);
/* Makes of an element what that table is told of it; false: nothing. */
bool redirect_element(struct element *e);

/* judge.c: what is under way of this device and no element allows any more ends, for
 * connection tracking too (ct may be NULL). */
struct conntrack;
int nft_judge(struct nft_socket *s, struct conntrack *ct,
	const struct message_forget *f) CARDEA_MUSTCHECK;

#endif
