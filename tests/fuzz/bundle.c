// SPDX-License-Identifier: GPL-2.0-or-later
/* bundle.c - fuzz target: whatever devices call themselves and ask for, what leaves of a
 * case passes the lint; and whatever octets a stored bundle has, it is read or refused. */
#include "lifecycle/bundle.h"
#include "base/str.h"
#include "wire_fuzz.h"

#define DEVICES 3
#define HEADS 6

static struct device devices[DEVICES];

static const struct device *device_at(void *ctx, size_t i)
{
	(void)ctx;
	return i < DEVICES ? &devices[i] : NULL;
}

/* A string as long as its first octet says; without NUL, as all of them are. */
static void text(struct cursor *c, char *ret, size_t size)
{
	char raw[LIMIT_NAME] = "";
	size_t len = cursor_u8(c) % 64;

	cursor_copy(c, raw, c->error || cursor_left(c) < len ? 0 : len);
	str_copy(ret, size, raw);
}

static void fill_devices(struct cursor *c)
{
	for (size_t i = 0; i < DEVICES; i++) {
		struct device *d = &devices[i];

		*d = (struct device){.id = (device_id)i + 1, .addr_count = 2};
		cursor_copy(c, d->mac.b, sizeof(d->mac.b));
		text(c, d->name, sizeof(d->name));
		text(c, d->hostname, sizeof(d->hostname));
		d->addrs[0].addr = (struct addr){.family = 4};
		cursor_copy(c, d->addrs[0].addr.b, 4);
		d->addrs[1].addr = (struct addr){.family = 6};
		cursor_copy(c, d->addrs[1].addr.b, 16);
	}
	text(c, devices[0].mud_url, sizeof(devices[0].mud_url));
}

static void fill_heads(struct cursor *c, struct case_head *heads)
{
	char raw[LIMIT_NAME];

	for (size_t i = 0; i < HEADS; i++) {
		struct case_head *h = &heads[i];

		*h = (struct case_head){.first = (nstime)cursor_u32(c) * NS_PER_SEC,
			.place = cursor_u8(c) % RECORD_PLACE_MAX,
			.app = cursor_u8(c) % RECORD_APP_MAX,
			.peer_device = cursor_u8(c) % 5, .proto = cursor_u8(c)};
		h->last = h->first;
		h->peer = devices[i % DEVICES].addrs[i & 1].addr;
		text(c, raw, sizeof(raw));
		case_head_name(h, raw);
		text(c, raw, sizeof(raw));
		case_head_detail(h, raw);
	}
}

static void leaves(const struct case_view *v)
{
	struct bundle_home home = {.device_at = device_at, .key = "a key of this home"};
	char why[LIMIT_TEXT];
	struct jsonw j;

	for (unsigned l = 0; l < BUNDLE_LEVEL_MAX; l++) {
		struct bundle_wish w = {.level = (enum bundle_level)l};

		jsonw_init_buffer(&j, BUNDLE_MAX);
		FUZZ_ASSERT(bundle_write(v, &home, &w, &j) == 0);
		FUZZ_ASSERT(bundle_lint(j.buf, j.len, &home, &w, why) == 0);
		jsonw_free(&j);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct case_head heads[CASE_HEADS_MAX];
	struct cursor c = cursor_of(data, size);
	struct case_moment m = {.at = 7, .to = cursor_u8(&c)};
	struct case_bundle b;
	struct case_view v = {.file = {.id = 3, .device = 1, .opened = 5}, .moments = &m,
		.moment_count = 1, .bundle = &b, .device = &devices[0]};

	fill_devices(&c);
	text(&c, m.sentence, sizeof(m.sentence));
	text(&c, m.kind, sizeof(m.kind));
	text(&c, m.protocol, sizeof(m.protocol));
	fill_heads(&c, heads);
	b = (struct case_bundle){.heads = heads, .count = HEADS, .room = CASE_HEADS_MAX};
	if (m.to < LIFE_STATE_MAX)
		leaves(&v);
	if (case_bundle_load(cursor_of(data, size), heads, &b) == 0)
		FUZZ_ASSERT(b.count <= CASE_HEADS_MAX && b.before <= b.count);
	return 0;
}
