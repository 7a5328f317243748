// SPDX-License-Identifier: GPL-2.0-or-later
/* What probing knows of each device that the owner lets be probed, in its own form. */
#include <errno.h>
#include "store/store_priv.h"

int store_probe_save(struct store *s, device_id device, const void *state, size_t len)
{
	return store_state_save(s, STORE_PROBE_SAVE, device, state, len, STORE_PROBE_MAX);
}

int store_probe_remove(struct store *s, device_id device)
{
	int error = store_write_number(s, STORE_PROBE_REMOVE, device);

	return !error && sqlite3_changes(s->db) == 0 ? -ENOENT : error;
}

int store_probes(struct store *s,
	int (*each)(void *, device_id, const void *, size_t), void *ctx)
{
	return store_states(s, STORE_PROBE_ALL, STORE_PROBE_MAX, each, ctx);
}
