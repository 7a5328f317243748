// SPDX-License-Identifier: GPL-2.0-or-later
/* observe - fuzz target: frames, one after the other, of a few conversations at once.
 * Each is two octets of length and one that says the time since the last (in quarters
 * of a second; from 240 on backwards by minutes) and the link type. No packet is lost
 * or invented, and nothing is told that is not fit to be shown. */
#include "model/messages.h"
#include "observe/observe.h"
#include "wire/link.h"
#include "wire_fuzz.h"

#define FLOWS 8

static bool is_plain(const char *text, size_t size)
{
	FUZZ_ASSERT(memchr(text, 0, size));
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e)
			return false;
	return true;
}

static void on_record(void *ctx, const struct record *r)
{
	uint64_t *packets = ctx;

	FUZZ_ASSERT(is_plain(r->name, sizeof r->name));
	FUZZ_ASSERT(is_plain(r->detail, sizeof r->detail));
	FUZZ_ASSERT(r->first <= r->last && r->first >= 0);
	FUZZ_ASSERT(r->family == 4 || r->family == 6);
	FUZZ_ASSERT(r->device_addr.family == r->family && r->peer.family == r->family);
	FUZZ_ASSERT(r->place < RECORD_PLACE_MAX && r->app < RECORD_APP_MAX);
	FUZZ_ASSERT((r->naming == RECORD_UNNAMED) == !r->name[0]);
	FUZZ_ASSERT(r->naming < RECORD_NAMING_MAX);
	FUZZ_ASSERT(!mac_is_zero(&r->device) && !mac_is_group(&r->device));
	FUZZ_ASSERT(r->packets[0] + r->packets[1]);
	FUZZ_ASSERT(r->answered == (r->packets[0] && r->packets[1]));
	*packets += r->packets[0] + r->packets[1];

	static struct message m;
	static struct record back;
	message_from_record(&m, r);
	FUZZ_ASSERT(message_to_record(&m.record, &back) == 0);
}

static void on_event(void *ctx, const struct mac *m, enum observe_event e, nstime when)
{
	(void)ctx;
	FUZZ_ASSERT(!mac_is_zero(m) && !mac_is_group(m));
	FUZZ_ASSERT(e <= OBSERVE_LEASE && when >= 0);
}

static uint32_t linktype_of(uint8_t how)
{
	static const uint32_t types[] = {LINK_ETHERNET, LINK_ETHERNET, LINK_ETHERNET,
		LINK_COOKED, LINK_COOKED2, LINK_RAW, LINK_NULL, 147};

	return types[how >> 5];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of(data, size);
	uint64_t frames = 0, packets = 0;
	struct observe_config config = {.flows = FLOWS,
		.record = on_record,
		.event = on_event,
		.ctx = &packets};
	struct observe_counts n;
	struct observe *o;
	nstime now = 1000 * NS_PER_SEC;

	FUZZ_ASSERT(!observe_new(&config, &o));
	while (cursor_left(&c) >= 4) {
		uint16_t len = cursor_u16(&c);
		uint8_t wait = cursor_u8(&c), how = cursor_u8(&c);
		size_t there = cursor_left(&c) < len ? cursor_left(&c) : len;
		struct cursor frame = cursor_sub(&c, there);

		now += wait < 240 ? wait * NS_PER_SEC / 4
				  : (240 - (nstime)wait) * 60 * NS_PER_SEC;
		observe_frame(o, linktype_of(how), frame.pos, cursor_left(&frame), len, now);
		frames++;
	}
	observe_end(o);
	observe_counts(o, &n);
	FUZZ_ASSERT(n.packets == frames && n.evicted <= n.flows);
	/* each packet is in the records of at most two devices */
	FUZZ_ASSERT(packets + n.foreign <= 2 * frames);
	FUZZ_ASSERT(n.unreadable + n.malformed + n.foreign <= frames);
	observe_free(o);
	return 0;
}
