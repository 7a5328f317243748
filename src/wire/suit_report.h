// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* suit_report - what a device says of an update that it carried out, or not
 * (draft-ietf-suit-report): which manifest, our nonce, how it ended. Signed around it as
 * any COSE object is (wire/cose.h); this is the payload. */
#ifndef CARDEA_WIRE_SUIT_REPORT_H
#define CARDEA_WIRE_SUIT_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/cursor.h"
#include "base/error.h"
#include "wire/suit.h"

#define SUIT_REPORT_BYTES_MAX (64 * 1024) /* chosen: a record is some 20 octets */
#define SUIT_REPORT_RECORDS_MAX 512	  /* a record a command that failed or was chosen */
#define SUIT_REPORT_PATH_MAX 8	  /* manifests within one another that a record names */
#define SUIT_REPORT_NONCE_MAX 64  /* as a token's: RFC 9711 4.1 */

/* suit-report-result-reason. */
enum suit_reason {
	SUIT_REASON_OK,
	SUIT_REASON_CBOR_PARSE,
	SUIT_REASON_COSE_UNSUPPORTED,
	SUIT_REASON_ALG_UNSUPPORTED,
	SUIT_REASON_UNAUTHORISED,
	SUIT_REASON_COMMAND_UNSUPPORTED,
	SUIT_REASON_COMPONENT_UNSUPPORTED,
	SUIT_REASON_COMPONENT_UNAUTHORISED,
	SUIT_REASON_PARAMETER_UNSUPPORTED,
	SUIT_REASON_SEVERING_UNSUPPORTED,
	SUIT_REASON_CONDITION_FAILED,
	SUIT_REASON_OPERATION_FAILED,
	SUIT_REASON_INVOKE_PENDING,
	SUIT_REASON_MAX,
};

struct suit_report {
	struct cursor uri;	   /* of the manifest; or empty */
	struct suit_digest digest; /* of the manifest, as its envelope has it */
	struct cursor nonce;	   /* or empty */
	uint32_t records;
	bool succeeded;		  /* the result is true; else the rest says why not */
	int64_t code;		  /* of the device's own */
	enum suit_reason reason;
	int64_t section;	  /* of the manifest where it went wrong: 20 install, ... */
	uint64_t component;
	bool has_capabilities;
};

/* The whole payload. Points into it. CARDEA_EMALFORMED, CARDEA_ETRUNCATED, CARDEA_ELIMIT,
 * CARDEA_EUNSUPPORTED; ret_at: the octet at which it went wrong, also for people. */
int suit_report_read(struct cursor payload, struct suit_report *ret, size_t *ret_at)
	CARDEA_MUSTCHECK;
const char *suit_reason_name(enum suit_reason r); /* "condition-failed", ... */

#endif
