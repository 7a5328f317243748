// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* web - what devices may ask of the gateway by HTTP, and the media types of questions and
 * answers: what the process that reads HTTP and the engine both know. */
#ifndef CARDEA_MODEL_WEB_H
#define CARDEA_MODEL_WEB_H

#include <stdbool.h>
#include <stddef.h>

enum web_kind {
	WEB_CAPPORT,   /* am I held? (RFC 8908) */
	WEB_CHALLENGE, /* a fresh nonce */
	WEB_EVIDENCE,  /* a token, a result, a manifest or a report */
	WEB_FORBIDDEN, /* something that is the owner's to do: refused, and noted */
	WEB_KIND_MAX,
};

enum web_media {
	WEB_MEDIA_NONE,
	WEB_MEDIA_PROBLEM,  /* application/problem+json, RFC 9457 */
	WEB_MEDIA_CAPTIVE,  /* application/captive+json, RFC 8908 */
	WEB_MEDIA_JSON,
	WEB_MEDIA_CBOR,
	WEB_MEDIA_TOKEN,    /* application/eat+cwt, RFC 9782 */
	WEB_MEDIA_RESULT,   /* the same with the profile of an EAR */
	WEB_MEDIA_ENVELOPE, /* application/suit-envelope+cose */
	WEB_MEDIA_REPORT,   /* application/suit-report+cose */
	WEB_MEDIA_MAX,
};

/* Why somebody who asks the control API gets no pipe to it. */
enum web_refusal {
	WEB_REFUSED_NOT, /* he gets one */
	WEB_REFUSED_HELD, /* a device that is held has that address */
	WEB_REFUSED_FULL, /* as many as may are being answered: again in a while */
	WEB_REFUSAL_MAX,
};

/* Where they are. */
#define WEB_PATH_CAPPORT "/capport"
#define WEB_PATH_CHALLENGE "/.well-known/cardea/challenge"
#define WEB_PATH_EVIDENCE "/.well-known/cardea/evidence"

const char *web_kind_name(enum web_kind k); /* "capport", ... */
/* "application/captive+json"; "" for none. */
const char *web_media_name(enum web_media m);
/* Of a Content-Type field, parameters included; NONE for one that is not known here. */
enum web_media web_media_of(const char *field, size_t len);
/* True: it may be the body of evidence. */
bool web_media_is_evidence(enum web_media m);

#endif
