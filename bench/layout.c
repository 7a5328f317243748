// SPDX-License-Identifier: GPL-2.0-or-later
/* layout - where the counts are in the maps of the BPF back end, by the same compiler
 * that made the enforcer.
 *
 *   bench_layout   -> "NAME NUMBER" lines */
#include <stddef.h>
#include <stdio.h>

#include "enforce/bpf/datapath.h"

int main(void)
{
	printf("abi %u\n", BPF_ABI);
	printf("subjects %u\n", BPF_SUBJECTS_MAX);
	printf("refused_each %d\n", BPF_REFUSED_EACH);
	printf("subject_refused %zu\n", offsetof(struct bpf_subject, refused));
	printf("subject_flows_full %zu\n", offsetof(struct bpf_subject, flows_full));
	printf("counter_frames %d\n", BPF_COUNTER_FRAMES);
	printf("counter_refused %d\n", BPF_COUNTER_REFUSED);
	printf("counter_events_lost %d\n", BPF_COUNTER_EVENTS_LOST);
	printf("counter_learned %d\n", BPF_COUNTER_LEARNED);
	return 0;
}
