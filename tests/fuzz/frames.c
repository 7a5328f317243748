// SPDX-License-Identifier: GPL-2.0-or-later
/* frames.c - fuzz target: frames of the LAN, as the sensor reads them. The first octet's
 * lowest bit says who sent it: 1 for the gateway. What comes out can be sent and read
 * again, and shows nothing that was not made fit to be shown. */
#include "sensors/sensors.h"
#include "wire_fuzz.h"

static struct message back;

static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e)
			return false;
	return true;
}

static void check_list(const struct u16_list *l)
{
	FUZZ_ASSERT(l->count <= LIMIT_U16_LIST);
	for (unsigned i = 0; i < l->count; i++)
		FUZZ_ASSERT(!tls_is_grease(l->items[i]));
}

static void check_hello(const struct message_seen_hello *m)
{
	check_list(&m->versions);
	check_list(&m->ciphers);
	check_list(&m->extensions);
	check_list(&m->groups);
	check_list(&m->signatures);
	check_list(&m->signatures_cert);
	check_list(&m->compressions);
	for (unsigned i = 0; i < m->modes.count; i++)
		FUZZ_ASSERT(m->modes.items[i] < 256 &&
			    !tls_is_grease_mode((uint8_t)m->modes.items[i]));
	FUZZ_ASSERT(is_plain(m->server_name) && is_plain(m->alpn));
	FUZZ_ASSERT(m->proto == IP_PROTO_TCP || m->proto == IP_PROTO_UDP);
	FUZZ_ASSERT(m->device.family && m->device.family == m->peer.family);
	FUZZ_ASSERT(!mac_is_group(&m->mac) && !mac_is_zero(&m->mac));
}

static void emit(void *ctx, const struct message *m)
{
	uint8_t buf[MESSAGE_MAX];
	int len = message_encode(m, buf, sizeof(buf));
	bool outgoing = *(bool *)ctx;

	FUZZ_ASSERT(len > 0 && !message_decode(buf, (size_t)len, &back));
	FUZZ_ASSERT(back.type == m->type);
	if (m->type == MESSAGE_SEEN_HELLO) {
		FUZZ_ASSERT(!outgoing);
		check_hello(&back.seen_hello);
	} else {
		FUZZ_ASSERT(m->type == MESSAGE_SEEN_ADDR || m->type == MESSAGE_SEEN_DHCP);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sensors s;
	static bool outgoing;
	static nstime now;

	if (!s.emit)
		sensors_init(&s, emit, &outgoing);
	if (!size)
		return 0;
	outgoing = data[0] & 1;
	now += SENSORS_REPEAT_S * NS_PER_SEC; /* nothing is held back */
	sensors_frame(&s, cursor_of(data + 1, size - 1), outgoing, 7, now, now);
	return 0;
}
