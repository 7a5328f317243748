// SPDX-License-Identifier: GPL-2.0-or-later
/* nflog.c - fuzz target: datagrams of nfnetlink_log. What comes out can be sent. */
#include <stdlib.h>
#include "model/verdict.h"
#include "sensors/sensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void emit(void *ctx, const struct message *m)
{
	const struct message_seen_violation *v = &m->seen_violation;
	uint8_t buf[MESSAGE_MAX];

	(void)ctx;
	if (m->type != MESSAGE_SEEN_VIOLATION || v->direction >= DIRECTION_MAX ||
		v->reason >= REASON_MAX || message_encode(m, buf, sizeof(buf)) <= 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sensors s;

	if (!s.emit)
		sensors_init(&s, emit, NULL);
	sensors_nflog(&s, cursor_of(data, size), 1);
	return 0;
}
