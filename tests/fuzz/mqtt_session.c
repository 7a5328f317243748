// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* mqtt_session - fuzz target: what a broker says. Packets come in whatever pieces TCP makes
 * of them, and mean the same. */
#include "wire/mqtt_session.h"
#include "wire_fuzz.h"

#define REPLIES_MAX 64

/* What the packets say that are whole, as numbers; *ret_end is where it ended and how. */
static unsigned read_all(const uint8_t *data, size_t size, unsigned said[REPLIES_MAX],
	size_t *ret_end, int *ret_error)
{
	struct cursor c = cursor_of(data, size);
	struct mqtt_reply r;
	unsigned n = 0;
	int error = 0;

	while (n < REPLIES_MAX) {
		const uint8_t *before = c.pos;

		error = mqtt_parse_reply(&c, &r);
		if (error) {
			FUZZ_ASSERT(c.pos == before);
			FUZZ_ASSERT(error == CARDEA_ETRUNCATED || error == CARDEA_EMALFORMED);
			break;
		}
		FUZZ_ASSERT(c.pos > before && (size_t)(c.pos - before) <= MQTT_REPLY_MAX);
		FUZZ_ASSERT(r.type == MQTT_TYPE_CONNACK || r.type == MQTT_TYPE_PINGRESP);
		FUZZ_ASSERT(mqtt_code_text(r.code)[0]);
		said[n++] = (unsigned)r.type << 8 | r.code;
	}
	*ret_end = (size_t)(c.pos - data);
	*ret_error = error;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned all[REPLIES_MAX], part[REPLIES_MAX];
	size_t end, part_end;
	int error, part_error;
	unsigned n = read_all(data, size, all, &end, &error), k;

	/* what waits for more fits where it is kept, whatever comes */
	if (error == CARDEA_ETRUNCATED)
		FUZZ_ASSERT(size - end < MQTT_REPLY_MAX);
	for (size_t cut = 0; cut < size; cut++) {
		k = read_all(data, cut, part, &part_end, &part_error);
		FUZZ_ASSERT(k <= n && !memcmp(part, all, k * sizeof(*part)));
		FUZZ_ASSERT(part_error != CARDEA_EMALFORMED || error == CARDEA_EMALFORMED);
	}
	return 0;
}
