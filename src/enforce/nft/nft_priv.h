// SPDX-License-Identifier: GPL-2.0-or-later
/* nft - what the files of this backend share: entries (one element in the bytes of its
 * set), the netlink socket and the batch. */
#ifndef CARDEA_ENFORCE_NFT_NFT_PRIV_H
#define CARDEA_ENFORCE_NFT_NFT_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "enforce/backend.h"

struct nlmsghdr;

/* Linux 6.3; headers may be older than the kernel. */
#define NFT_DESTROY 30 /* NFT_MSG_DESTROYSETELEM */
#define NFT_TABLE "cardea"
#define NFT_TABLES 2 /* inet and bridge */
extern const uint8_t nft_families[NFT_TABLES];

/* skeleton.c */
#define SKELETON_VERSION_MAX 24
/* The text for this configuration and the name of its marker chain; free(*ret_text). */
int skeleton_render(const struct enforce_config *c, char **ret_text,
	char ret_version[SKELETON_VERSION_MAX]) CARDEA_MUSTCHECK;
int skeleton_lay(const char *text) CARDEA_MUSTCHECK;

/* entry.c */
enum nft_set {
	NFT_SET_MANAGED,
	NFT_SET_POLICED4, NFT_SET_POLICED6,
	NFT_SET_BOUND4, NFT_SET_BOUND6,
	NFT_SET_OWNED4, NFT_SET_OWNED6,
	NFT_SET_LOCAL4, NFT_SET_LOCAL6,
	NFT_SET_OUT4, NFT_SET_OUT6,
	NFT_SET_OUTR4, NFT_SET_OUTR6,
	NFT_SET_INR4, NFT_SET_INR6,
	NFT_SET_FLOWS4, NFT_SET_FLOWS6,
	NFT_SET_ECHO4, NFT_SET_ECHO6,
	NFT_SET_PROBE,
	NFT_SET_MAX,
};

#define ENTRY_KEY_MAX 44 /* two IPv6 addresses and three padded fields */

struct entry {
	uint8_t set; /* enum nft_set */
	uint8_t key_len;
	bool remove;
	uint8_t there, same; /* bit per table: the kernel has the key; has it just so */
	uint32_t timeout_s;
	uint32_t order;
	uint8_t key[ENTRY_KEY_MAX];
	uint8_t end[ENTRY_KEY_MAX]; /* equals key in sets without ranges */
};

const char *entry_set_name(enum nft_set s);
bool entry_set_has_ranges(enum nft_set s);
bool entry_set_is_static(enum nft_set s); /* the engine's, not the datapath's own */
void entry_from_element(struct entry *ret, const struct element *e);
int entry_compare(const struct entry *a, const struct entry *b); /* set and key */
/* Whether the entry is this device's: its first field is the MAC or an address. */
bool entry_belongs(const struct entry *e, const struct enforce_forget *f);

struct entry_list {
	struct entry *entries;
	size_t count, room;
};
int entry_list_add(struct entry_list *l, const struct entry *e) CARDEA_MUSTCHECK;
void entry_list_free(struct entry_list *l);
/* By set and key; of equal keys only the last to arrive stays. */
void entry_list_sort(struct entry_list *l);
struct entry *entry_list_find(const struct entry_list *l, const struct entry *e);

/* netlink.c */
struct nft_socket {
	int fd;
	uint32_t seq;
	bool can_destroy; /* knows NFT_DESTROY */
};
int nft_socket_open(struct nft_socket *s) CARDEA_MUSTCHECK;
void nft_socket_close(struct nft_socket *s);
/* Sends one request, or one batch of one seq, and hands every answer to each(), whose
 * error ends the reading. 0, or the first error that the kernel reports. */
int nft_request(struct nft_socket *s, const void *request, size_t len,
	int (*each)(const struct nlmsghdr *h, void *ctx), void *ctx) CARDEA_MUSTCHECK;
/* A header of nf_tables in buf. */
struct nlmsghdr *nft_message(void *buf, uint16_t type, uint16_t flags, uint8_t family,
	uint32_t seq);
/* 0 when the chain is there, -ENOENT when not. */
int nft_chain_check(struct nft_socket *s, uint8_t family,
	const char *chain) CARDEA_MUSTCHECK;

/* batch.c: one transaction of the kernel in one buffer. The full 65,536 elements, each
 * removed and added in both tables, are 33 MB. */
#define NFT_BATCH_MAX (64 << 20)
struct nft_batch {
	uint8_t *data;
	size_t len, room;
	size_t message, list; /* offsets of the open message and its list; 0 for none */
	size_t last;	      /* of the message closed last */
	uint16_t message_type;
	uint8_t message_table, message_set;
	uint32_t seq;
	size_t count;
	int error;
};
void nft_batch_begin(struct nft_batch *b, uint32_t seq);
/* type: NFT_MSG_NEWSETELEM, NFT_MSG_DELSETELEM or NFT_DESTROY; table: 0 or 1. */
void nft_batch_element(struct nft_batch *b, uint16_t type, unsigned table,
	const struct entry *e);
void nft_batch_delete_table(struct nft_batch *b, unsigned table);
int nft_batch_commit(struct nft_batch *b, struct nft_socket *s) CARDEA_MUSTCHECK;
void nft_batch_free(struct nft_batch *b);
void nft_put_element(struct nlmsghdr *h, const struct entry *e, bool with_timeout);

/* dump.c */
/* Every element of a set of the kernel, as an entry with its configured timeout. */
int nft_dump_set(struct nft_socket *s, unsigned table, enum nft_set set,
	int (*each)(const struct entry *e, void *ctx), void *ctx) CARDEA_MUSTCHECK;
/* Whether exactly this key is in the kernel: 1, 0 or an error. */
int nft_get_entry(struct nft_socket *s, unsigned table, const struct entry *e,
	struct entry *ret) CARDEA_MUSTCHECK;

#endif
