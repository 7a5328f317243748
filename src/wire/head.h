// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* head - the start of an HTTP/1.x or SSDP message as somebody who listens sees it:
 * lenient, and content with the part that is there. Who must obey a head reads it with
 * http.h. */
#ifndef CARDEA_WIRE_HEAD_H
#define CARDEA_WIRE_HEAD_H

#include "base/cursor.h"
#include "base/str.h"

/* Fields looked at; browsers send some 20. */
#define HEAD_FIELDS_MAX 64
#define HEAD_METHOD_MAX 16

struct head {
	bool is_answer;
	struct untrusted_str method; /* of a request: "GET", "M-SEARCH" */
	struct untrusted_str path;   /* of a request: without the query; of a target in
				      * absolute form what is behind the host */
	struct untrusted_str host;   /* of such a target; else empty */
	struct untrusted_str status; /* of an answer: three digits */
	struct cursor fields;
};

/* CARDEA_ETRUNCATED: the first line is not all there. CARDEA_EMALFORMED: none of
 * HTTP/1.x. */
int head_parse(struct cursor c, struct head *ret) CARDEA_MUSTCHECK;
/* The first field of that name (given in lower case), trimmed; false when there is none
 * among those that are whole. */
bool head_field(const struct head *h, const char *name, struct untrusted_str *ret);
/* The same, or else that of the other name. */
bool head_field_or(const struct head *h, const char *name, const char *other,
	struct untrusted_str *ret);

#endif
