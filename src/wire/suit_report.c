// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
#include "wire/suit_report.h"

#include "wire/cbor.h"

enum report_key {
	REPORT_NONCE = 2,
	REPORT_RECORDS = 3,
	REPORT_RESULT = 4,
	REPORT_CODE = 5,
	REPORT_RECORD = 6,
	REPORT_REASON = 7,
	REPORT_CAPABILITY = 8,
	REPORT_REFERENCE = 99,
};

#define RECORD_ITEMS 5 /* manifest-id, section, offset, component, properties */

const char *suit_reason_name(enum suit_reason r)
{
	static const char *const names[SUIT_REASON_MAX] = {"ok", "cbor-parse",
		"cose-unsupported", "alg-unsupported", "unauthorised",
		"command-unsupported", "component-unsupported",
		"component-unauthorised", "parameter-unsupported",
		"severing-unsupported", "condition-failed", "operation-failed",
		"invoke-pending"};

	return r < SUIT_REASON_MAX ? names[r] : "?";
}

/* SUIT_Reference: [? uri, digest], the digest in place and not within a string. */
static void read_reference(struct cursor *c, struct suit_report *r)
{
	uint64_t count = cbor_array(c);

	if (count < 1 || count > 2)
		cursor_fail(c, CARDEA_EMALFORMED);
	if (count == 2)
		r->uri = cbor_text(c);
	struct cursor item = cbor_item(c);
	if (!c->error)
		cursor_fail(c, suit_read_digest(item, &r->digest));
}

static void read_nonce(struct cursor *c, struct suit_report *r)
{
	r->nonce = cbor_bytes(c);
	if (cursor_left(&r->nonce) == 0 ||
		cursor_left(&r->nonce) > SUIT_REPORT_NONCE_MAX)
		cursor_fail(c, CARDEA_EMALFORMED);
}

/* SUIT_Record; extensions may follow its five items. */
static void read_record(struct cursor *c, int64_t *ret_section, uint64_t *ret_component)
{
	uint64_t count = cbor_array(c);

	if (count < RECORD_ITEMS)
		cursor_fail(c, CARDEA_EMALFORMED);
	uint64_t path = cbor_array(c);
	if (path > SUIT_REPORT_PATH_MAX)
		cursor_fail(c, CARDEA_ELIMIT);
	for (; path > 0 && !c->error; path--)
		(void)cbor_uint(c);
	int64_t section = cbor_int(c);
	(void)cbor_uint(c);
	uint64_t component = cbor_uint(c);
	if (cbor_peek(c) != CBOR_MAP)
		cursor_fail(c, CARDEA_EMALFORMED);
	for (uint64_t i = RECORD_ITEMS - 1; i < count && !c->error; i++)
		cbor_skip(c);
	*ret_section = section;
	*ret_component = component;
}

static void read_records(struct cursor *c, struct suit_report *r)
{
	uint64_t count = cbor_array(c), component;
	int64_t section;

	if (count > SUIT_REPORT_RECORDS_MAX)
		cursor_fail(c, CARDEA_ELIMIT);
	for (uint64_t i = 0; i < count && !c->error; i++) {
		if (cbor_peek(c) == CBOR_MAP) /* system-property-claims */
			cbor_skip(c);
		else
			read_record(c, &section, &component);
		r->records++;
	}
}

static void read_reason(struct cursor *c, struct suit_report *r)
{
	uint64_t reason = cbor_uint(c);

	if (reason >= SUIT_REASON_MAX)
		cursor_fail(c, CARDEA_EMALFORMED);
	else
		r->reason = (enum suit_reason)reason;
}

/* All three say why it failed; one alone says nothing. */
static void read_failure(struct cursor *c, struct suit_report *r)
{
	struct cbor_pairs pairs;
	struct cbor_key key;
	unsigned seen = 0;

	cbor_pairs(c, &pairs);
	while (cbor_pairs_next(&pairs, c, &key)) {
		switch (key.is_text ? 0 : key.number) {
		case REPORT_CODE:
			r->code = cbor_int(c);
			seen |= 1;
			break;
		case REPORT_RECORD:
			read_record(c, &r->section, &r->component);
			seen |= 2;
			break;
		case REPORT_REASON:
			read_reason(c, r);
			seen |= 4;
			break;
		default:
			cbor_skip(c);
		}
	}
	if (seen != 7)
		cursor_fail(c, CARDEA_EMALFORMED);
}

static void read_result(struct cursor *c, struct suit_report *r)
{
	struct cbor item;

	if (cbor_peek(c) == CBOR_MAP) {
		read_failure(c, r);
		return;
	}
	cbor_next(c, &item);
	if (item.type != CBOR_TRUE)
		cursor_fail(c, CARDEA_EMALFORMED);
	r->succeeded = !c->error;
}

/* What it has so far: a bit for each part that must be there. */
static unsigned read_part(struct cursor *c, const struct cbor_key *key,
	struct suit_report *r)
{
	switch (key->is_text ? 0 : key->number) {
	case REPORT_REFERENCE:
		read_reference(c, r);
		return 1;
	case REPORT_NONCE:
		read_nonce(c, r);
		return 0;
	case REPORT_RECORDS:
		read_records(c, r);
		return 2;
	case REPORT_RESULT:
		read_result(c, r);
		return 4;
	case REPORT_CAPABILITY:
		r->has_capabilities = true;
		cbor_skip(c);
		return 0;
	default:
		cbor_skip(c);
		return 0;
	}
}

int suit_report_read(struct cursor payload, struct suit_report *ret, size_t *ret_at)
{
	struct cursor *c = &payload;
	struct suit_report r = {.uri = cursor_of(NULL, 0), .nonce = cursor_of(NULL, 0)};
	struct cbor_pairs pairs;
	struct cbor_key key;
	unsigned parts = 0;

	if (cursor_left(c) > SUIT_REPORT_BYTES_MAX)
		cursor_fail(c, CARDEA_ELIMIT);
	cbor_pairs(c, &pairs);
	while (cbor_pairs_next(&pairs, c, &key))
		parts |= read_part(c, &key, &r);
	cbor_end(c);
	if (parts != 7)
		cursor_fail(c, CARDEA_EMALFORMED);
	*ret_at = cursor_offset(c);
	if (c->error)
		return c->error;
	*ret = r;
	return 0;
}
