// SPDX-License-Identifier: GPL-2.0-or-later
/* mix_replica - makes a frame one of another home. */
#ifndef CARDEA_BENCH_MIX_REPLICA_H
#define CARDEA_BENCH_MIX_REPLICA_H

#include <stddef.h>
#include <stdint.h>

/* An Ethernet frame, maybe cut. With replica 0 it stays what it is. */
void mix_replica(uint8_t *frame, size_t len, uint8_t replica);

#endif
