// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* dns_pad.c - finds the OPT record and its padding, and adds some. */
#include "wire/dns_pad.h"

#include "wire/dns.h"

#define OPTION_PADDING 12
#define OPTION_HEAD 4 /* code and length */

/* The data of the OPT record; an error when there is none. */
static int opt_find(struct cursor message, struct cursor *ret)
{
	struct dns_question question;
	struct dns_record record;
	struct dns_header h;
	int e = dns_parse_header(&message, &h);

	for (unsigned i = 0; !e && i < h.questions; i++)
		e = dns_next_question(&message, &question);
	unsigned records = e ? 0 : (unsigned)h.answers + h.authorities + h.additionals;
	for (unsigned i = 0; !e && i < records; i++) {
		e = dns_next_record(&message, &record);
		if (!e && record.type == DNS_TYPE_OPT) {
			*ret = record.rdata;
			return 0;
		}
	}
	return e ? e : CARDEA_EUNSUPPORTED;
}

bool dns_is_padded(struct cursor message)
{
	struct cursor options;

	if (opt_find(message, &options))
		return false;
	while (cursor_left(&options)) {
		uint16_t code = cursor_u16(&options);
		cursor_skip(&options, cursor_u16(&options));
		if (options.error)
			return false;
		if (code == OPTION_PADDING)
			return true;
	}
	return false;
}

int dns_pad(struct writer *w, size_t block)
{
	struct cursor options;
	int e = w->error;

	if (!e)
		e = opt_find(cursor_of(w->start, w->len), &options);
	if (e)
		return e;
	if (options.end != w->start + w->len)
		return CARDEA_EUNSUPPORTED;
	size_t had = cursor_left(&options);
	size_t length_at = cursor_offset(&options) - 2;
	size_t over = (w->len + OPTION_HEAD) % block;
	size_t zeroes = over ? block - over : 0;
	if (w->len + OPTION_HEAD + zeroes > UINT16_MAX ||
		w->cap - w->len < OPTION_HEAD + zeroes)
		return CARDEA_ELIMIT;
	writer_u16(w, OPTION_PADDING);
	writer_u16(w, (uint16_t)zeroes);
	uint8_t *p = writer_room(w, zeroes);
	if (p)
		memset(p, 0, zeroes);
	writer_patch16(w, length_at, (uint16_t)(had + OPTION_HEAD + zeroes));
	return w->error;
}
