// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
#include "wire/sealed.h"

#define LAST (1U << 31)

static const char family[] = "cardea.backup/", version[] = "1\n";
#define FAMILY (sizeof(family) - 1)
#define VERSION (sizeof(version) - 1)

void sealed_head_write(const struct sealed_head *h, uint8_t ret[SEALED_HEAD])
{
	struct writer w = writer_of(ret, SEALED_HEAD);

	memset(ret, 0, SEALED_HEAD);
	writer_bytes(&w, family, FAMILY);
	writer_bytes(&w, version, VERSION);
	writer_u8(&w, h->log2_n);
	writer_u8(&w, h->r);
	writer_u8(&w, h->p);
	writer_u8(&w, 0);
	writer_bytes(&w, h->salt, sizeof(h->salt));
	writer_bytes(&w, h->check, sizeof(h->check));
	writer_bytes(&w, h->prefix, sizeof(h->prefix));
}

static void copy(struct cursor *c, uint8_t *to, size_t len)
{
	const uint8_t *from = cursor_take(c, len);

	if (from)
		memcpy(to, from, len);
}

int sealed_head_read(struct cursor *c, struct sealed_head *ret)
{
	const uint8_t *name = cursor_take(c, FAMILY), *number, *rest;
	struct sealed_head h;

	if (name && memcmp(name, family, FAMILY) != 0)
		return CARDEA_EMALFORMED;
	number = cursor_take(c, VERSION);
	if (number && memcmp(number, version, VERSION) != 0)
		return CARDEA_EUNSUPPORTED;
	h.log2_n = cursor_u8(c);
	h.r = cursor_u8(c);
	h.p = cursor_u8(c);
	if (cursor_u8(c) && !c->error)
		return CARDEA_EMALFORMED;
	copy(c, h.salt, sizeof(h.salt));
	copy(c, h.check, sizeof(h.check));
	copy(c, h.prefix, sizeof(h.prefix));
	rest = cursor_take(c, SEALED_HEAD - FAMILY - VERSION - 4 - SEALED_SALT - SEALED_CHECK -
				      SEALED_PREFIX);
	if (c->error)
		return c->error;
	if (rest[0] | rest[1] | rest[2] | rest[3] | rest[4])
		return CARDEA_EMALFORMED;
	if (h.log2_n < SEALED_N_MIN || h.log2_n > SEALED_N_MAX || h.r != SEALED_R_MAX ||
		!h.p || h.p > SEALED_P_MAX)
		return CARDEA_ELIMIT;
	*ret = h;
	return 0;
}

void sealed_part_write(const struct sealed_part *p, uint8_t ret[SEALED_PART_HEAD])
{
	struct writer w = writer_of(ret, SEALED_PART_HEAD);

	writer_u32(&w, p->len | (p->last ? LAST : 0));
}

int sealed_part_read(struct cursor *c, struct sealed_part *ret)
{
	uint32_t word = cursor_u32(c);

	if (c->error)
		return c->error;
	if ((word & ~LAST) > SEALED_PART_MAX)
		return CARDEA_ELIMIT;
	ret->len = word & ~LAST;
	ret->last = (word & LAST) != 0;
	return 0;
}

void sealed_nonce(const struct sealed_head *h, uint32_t place, bool last,
	uint8_t ret[SEALED_NONCE])
{
	struct writer w = writer_of(ret, SEALED_NONCE);

	writer_bytes(&w, h->prefix, sizeof(h->prefix));
	writer_u32(&w, place);
	writer_u8(&w, last);
}
