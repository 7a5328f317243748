// SPDX-License-Identifier: GPL-2.0-or-later
/* redirect - beside either back end: questions of managed devices to foreign name
 * servers come to ours (nft/dns.nft), by a table that is told a part of the policy. */
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/in.h>

#include "enforce/nft/nft_priv.h"

#define DNS_PORT 53

/* It has to know whose questions, what is at home, and whom policy lets be asked. */
bool nft_has_set(unsigned table, enum nft_set set)
{
	return table != NFT_DNS || set == NFT_SET_MANAGED || set == NFT_SET_LOCAL4 ||
	       set == NFT_SET_LOCAL6 || set == NFT_SET_OUTR4 || set == NFT_SET_OUTR6;
}

/* Exact permissions are ranges there: both kinds are in one set. */
bool redirect_element(struct element *e)
{
	bool exact = e->kind == ELEMENT_OUT;

	if (!exact && e->kind != ELEMENT_OUT_RANGE)
		return e->kind == ELEMENT_MANAGED || e->kind == ELEMENT_LOCAL;
	if (e->gate == ELEMENT_GATE_TOLD)
		return false; /* no permission: it is answered here, as ever */
	e->kind = ELEMENT_OUT_RANGE;
	if (exact)
		e->device_port = (struct range16){0, UINT16_MAX};
	return e->peer_port.lo <= DNS_PORT && e->peer_port.hi >= DNS_PORT &&
	       e->proto_lo <= IPPROTO_UDP && e->proto_hi >= IPPROTO_TCP;
}

static int redirect_remove_stale(void)
{
	struct nft_socket s = {0};
	struct nft_batch b;
	int e = nft_socket_open(&s);

	if (!e) {
		nft_batch_begin(&b, &s);
		nft_batch_message(&b, NFT_MSG_DELTABLE, NFT_DNS);
		e = nft_batch_finish(&b, 0);
	}
	nft_socket_close(&s);
	return e == -ENOENT ? 0 : e;
}

static int redirect_open(const struct enforce_config *c,
	struct enforce_state **ret_state, struct enforce_opened *ret_opened)
{
	if (!c->dns_redirect)
		return redirect_remove_stale();
	return nft_open_tables(c, NFT_DNS, NFT_DNS + 1, ret_state, ret_opened);
}

/* It counts nothing. */
const struct enforce_backend enforce_backend_redirect = {
	.name = "redirect",
	.open = redirect_open,
	.commit = nft_commit,
	.check = nft_check,
	.remove = nft_remove,
	.close = nft_close,
};
