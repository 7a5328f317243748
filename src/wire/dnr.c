// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* dnr.c - writes the options of RFC 9463. */
#include "wire/dnr.h"

#define DHCP4_DATA_MAX 255 /* of one option; longer ones need RFC 3396 */
#define RA_UNIT 8	   /* lengths of options count these (RFC 4861 4.6) */
#define RA_DATA_MAX (RA_UNIT * 255)

static size_t addrs_len(const struct dnr *d, uint8_t family)
{
	size_t len = 0;

	for (size_t i = 0; i < d->addr_count; i++)
		if (d->addrs[i].family == family)
			len += family == 4 ? 4 : 16;
	return len;
}

static void addrs_write(struct writer *w, const struct dnr *d, uint8_t family)
{
	for (size_t i = 0; i < d->addr_count; i++)
		if (d->addrs[i].family == family)
			writer_bytes(w, d->addrs[i].b, family == 4 ? 4 : 16);
}

/* RFC 9463 3.1.8: alpn has to be there; hints must not be, the port is the usual one. */
static void params_write(struct writer *w)
{
	writer_u16(w, 1); /* alpn */
	writer_u16(w, 4);
	writer_bytes(w, "\x03" "dot", 4);
}

static size_t name_len(const struct dns_name *name)
{
	uint8_t buf[DNS_NAME_WIRE_MAX];
	struct writer w = writer_of(buf, sizeof(buf));

	return dns_name_write(&w, name) ? 0 : w.len;
}

/* RFC 9463 5.1 */
int dnr_build_dhcp4(struct writer *w, const struct dnr *d)
{
	size_t start = w->len, addrs = addrs_len(d, 4), name = name_len(&d->name);

	if (!addrs || name <= 1 || !d->priority)
		return CARDEA_EMALFORMED;
	if (addrs > UINT8_MAX)
		return CARDEA_ELIMIT;
	writer_u16(w, 0);
	writer_u16(w, d->priority);
	writer_u8(w, (uint8_t)name);
	dns_name_write(w, &d->name);
	writer_u8(w, (uint8_t)addrs);
	addrs_write(w, d, 4);
	params_write(w);
	if (w->len - start > DHCP4_DATA_MAX)
		return CARDEA_ELIMIT;
	writer_patch16(w, start, (uint16_t)(w->len - start - 2));
	return w->error;
}

/* From the priority on, as DHCPv6 (4.1) and router advertisements (6.1) have it; the
 * latter put a lifetime behind the priority, and count the parameters. */
static int six_write(struct writer *w, const struct dnr *d, const uint32_t *lifetime)
{
	size_t addrs = addrs_len(d, 6), name = name_len(&d->name);

	if (!addrs || name <= 1 || !d->priority)
		return CARDEA_EMALFORMED;
	if (addrs > RA_DATA_MAX)
		return CARDEA_ELIMIT;
	writer_u16(w, d->priority);
	if (lifetime)
		writer_u32(w, *lifetime);
	writer_u16(w, (uint16_t)name);
	dns_name_write(w, &d->name);
	writer_u16(w, (uint16_t)addrs);
	addrs_write(w, d, 6);
	size_t params_at = w->len;
	if (lifetime)
		writer_u16(w, 0);
	params_write(w);
	if (lifetime)
		writer_patch16(w, params_at, (uint16_t)(w->len - params_at - 2));
	return w->error;
}

int dnr_build_dhcp6(struct writer *w, const struct dnr *d)
{
	return six_write(w, d, NULL);
}

int dnr_build_ra(struct writer *w, const struct dnr *d, uint32_t lifetime_s)
{
	size_t start = w->len;

	writer_u8(w, DNR_RA_OPTION);
	writer_u8(w, 0);
	int e = six_write(w, d, &lifetime_s);
	while (!e && !w->error && (w->len - start) % RA_UNIT)
		writer_u8(w, 0);
	if (!e && w->len - start > RA_DATA_MAX)
		e = CARDEA_ELIMIT;
	if (!e && !w->error)
		w->start[start + 1] = (uint8_t)((w->len - start) / RA_UNIT);
	return e ? e : w->error;
}
