// SPDX-License-Identifier: GPL-2.0-or-later
/* unverified - programs and maps of the right names, of which one reads beyond the packet:
 * no kernel takes it, and the enforcer has to do without. */
#include "enforce/bpf/maps.bpf.h"

const char unverified_license[] SEC("license") = "GPL";

SEC("tc") int ingress(struct __sk_buff *skb)
{
	return *(int *)((long)skb->data + 4096);
}

SEC("tc") int egress(struct __sk_buff *skb)
{
	return (int)skb->len;
}

SEC("syscall") int sweep(struct bpf_sweep *ctx)
{
	return (int)ctx->flows;
}
