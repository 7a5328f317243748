// SPDX-License-Identifier: GPL-2.0-or-later
/* attestor - the way back of a device that was taken out of service: what it fetched,
 * what its maker wants it to run, and what it shows that it runs (evidence L1 to L4).
 * Whose signature counts the owner says: a trust store of keys.
 *
 * What it guards: nothing that is handed in counts but by a signature of somebody whom the
 * owner trusts for this very device, over a nonce that is used once; what is handed in
 * costs a bounded amount of time, and leaves no more behind than one record a device. */
#ifndef CARDEA_ENGINE_ATTESTOR_H
#define CARDEA_ENGINE_ATTESTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "attest/attest.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "lifecycle/lifecycle.h"
#include "model/device.h"
#include "model/evidence.h"
#include "model/record.h"
#include "store/store.h"

struct pipeline;
struct life_step;

/* A device asks and answers at once. */
#define ATTESTOR_NONCE_LIFE (60 * NS_PER_SEC)
/* The owner carries it: to the device, and back. */
#define ATTESTOR_NONCE_LIFE_OWNER (15 * 60 * NS_PER_SEC)
/* New nonces of a device: each is written to flash. All chosen; an honest device needs
 * one of each, and tries three times. */
#define ATTESTOR_NONCE_BURST 4
#define ATTESTOR_NONCE_EVERY (15 * NS_PER_SEC)
/* Pieces that are judged, of a device: one costs up to EVIDENCE_KEYS_OF_MAX signatures,
 * some ms. Beyond, the answer is "later", and nothing is looked at. */
#define ATTESTOR_TAKE_BURST 12
#define ATTESTOR_TAKE_EVERY (5 * NS_PER_SEC)
/* Keys of other devices that are tried on a forged piece, to say whose it is: a signature
 * of P-521 takes 1 ms. Chosen. */
#define ATTESTOR_OTHERS_MAX 32
/* Times that a forgery of a device is told; beyond, they are counted alone. */
#define ATTESTOR_TELL_BURST 8
#define ATTESTOR_TELL_EVERY (600 * NS_PER_SEC)

#define ATTESTOR_SEQUENCES_MAX 32 /* vendor, class, component of one device */
#define ATTESTOR_IMAGES_MAX 16	  /* digests that one of may run; two slots of 8 parts */
#define ATTESTOR_URIS_MAX 8	  /* from where; shown, and opened while it is held */
#define ATTESTOR_DIGEST_MAX 64	  /* octets: SHA-512 */

/* Fewer octets than these from update hosts are a look whether there is an update: a
 * handshake with certificates has up to 10 KiB. Chosen. Of a smaller image: half of it. */
#define ATTESTOR_FETCH_LEAST (32 * 1024)
/* A fetch under way is stored so often: what a power cut may forget of it. */
#define ATTESTOR_FETCH_SAVE (60 * NS_PER_SEC)

struct attestor_digest {
	uint8_t len;
	uint8_t bytes[ATTESTOR_DIGEST_MAX];
};

/* The highest sequence number that was accepted; all three as hashes or UUIDs. */
struct attestor_sequence {
	uint8_t vendor[SUIT_UUID], class_id[SUIT_UUID], component[SUIT_UUID];
	uint64_t sequence;
};

/* What the maker wants the device to run, as it was accepted last. */
struct attestor_manifest {
	nstime accepted; /* wall; 0: there is none */
	uint64_t sequence;
	struct attestor_digest digest; /* of the manifest: what a report is about */
	uint32_t image_count, uri_count;
	struct attestor_digest images[ATTESTOR_IMAGES_MAX];
	uint64_t size; /* octets to be fetched for all components; 0: not known */
	char uris[ATTESTOR_URIS_MAX][LIMIT_URL];
	char vendor[LIMIT_NAME]; /* whose key it was; empty: one of this device alone */
};

struct attestor_nonce {
	nstime given, until; /* wall; given 0: none was given */
	bool used;
	uint8_t bytes[EVIDENCE_NONCE];
};

/* What came from update hosts since the device is held. */
struct attestor_fetch {
	nstime since; /* wall: of the hold; 0: it is not held */
	uint64_t octets;
	nstime last;	/* of the last octets */
	nstime whole;	/* when the image's size was reached; 0: not yet */
	nstime started; /* its last start since then; 0: none */
	char host[LIMIT_NAME]; /* from where most lately: a name or an address */
};

/* How much of something may be had: full at first, then one each so often. Not stored. */
struct attestor_rate {
	nstime full_at; /* mono */
};

struct attestor_device {
	device_id id;
	struct attestor_nonce nonce;
	struct attestor_manifest manifest;
	uint32_t sequence_count;
	struct attestor_sequence sequences[ATTESTOR_SEQUENCES_MAX];
	bool has_bootcount;
	uint64_t bootcount;	/* of its last good token */
	uint8_t ueid_len;
	uint8_t ueid[EAT_UEID_MAX]; /* which it names itself by; or empty */
	struct attestor_fetch fetch;
	/* What came of the last piece; "" before the first. */
	nstime last;
	enum attest_kind last_kind;
	bool last_good;
	char last_text[LIMIT_TEXT];
	uint64_t refused; /* pieces that proved nothing, since the start */
	struct attestor_rate nonces, takes, tells;
	nstime fetch_saved; /* mono */
};

struct attestor {
	struct pipeline *pipeline;
	struct attestor_device **devices; /* those of which something is known */
	size_t device_count;
	struct evidence_key *keys; /* in order of id */
	size_t key_count;
};

/* What the store has; devices are loaded. */
int attestor_open(struct attestor *a, struct pipeline *p) CARDEA_MUSTCHECK;
void attestor_end(struct attestor *a);
/* Nothing of this device is to be known any more. The store forgets by itself. */
void attestor_forget(struct attestor *a, device_id device);

/* ---- the trust store ---- */

/* k: all but id and since; *ret_id: also of one that is there already (-EEXIST).
 * CARDEA_EMALFORMED, CARDEA_EUNSUPPORTED: it is no key of ours, why says what it is;
 * CARDEA_ELIMIT. dry: nothing is kept. */
int attestor_key_add(struct attestor *a, const struct evidence_key *k, bool dry,
	uint32_t *ret_id, char why[LIMIT_TEXT]) CARDEA_MUSTCHECK;
int attestor_key_remove(struct attestor *a, uint32_t id) CARDEA_MUSTCHECK; /* -ENOENT */
const struct evidence_key *attestor_key_at(const struct attestor *a, size_t i);
/* May it speak for this device? */
bool attestor_key_is_for(
	const struct evidence_key *k, const struct device *d, enum attest_use use);

/* The host of its MUD URL, whose maker's vendor-id it is tied to; false without one. */
bool attestor_authority(const struct device *d, char ret[LIMIT_NAME]);

/* ---- challenge and evidence ---- */

/* A nonce of the device's own; the one that is open, if it is good for a while yet. Stored
 * before it is told. -EAGAIN: too often. */
int attestor_challenge(struct attestor *a, const struct device *d,
	uint8_t ret_nonce[EVIDENCE_NONCE]) CARDEA_MUSTCHECK;
/* The same, good for that long. */
int attestor_challenge_for(struct attestor *a, const struct device *d, nstime life,
	uint8_t ret_nonce[EVIDENCE_NONCE]) CARDEA_MUSTCHECK;
/* Wall: until when the open one is good; 0: none is. */
nstime attestor_nonce_until(struct attestor *a, const struct device *d);

/* How a piece came: what the owner hands in is said to be his, and goes by the owner's
 * limits; it is judged the same. dry: judged, and nothing comes of it; it is a nonce's
 * one use only when it is not dry. */
struct attestor_way {
	bool by_device, dry;
};
/* 0: it is taken, and what could follow from it did; ret_why says what. CARDEA_ESIGNATURE:
 * forged, replayed, old or another's, which is told as LIFE_FORGED. CARDEA_EREFUSED:
 * genuine for all that is known, and proves too little. CARDEA_EUNTRUSTED: no key to judge
 * it by. -EAGAIN: too many, this one was not looked at. Or an error of memory or of the
 * store. */
int attestor_take(struct attestor *a, struct device *d, enum attest_kind kind,
	struct cursor body, char ret_why[LIMIT_TEXT]) CARDEA_MUSTCHECK;
int attestor_take_by(struct attestor *a, struct device *d, enum attest_kind kind,
	struct cursor body, const struct attestor_way *way,
	char ret_why[LIMIT_TEXT]) CARDEA_MUSTCHECK;

/* The owner says that it begins anew (set back at the factory, or another board): its
 * manifest, its sequence numbers and what it called itself are forgotten, its keys not. */
int attestor_renew(struct attestor *a, struct device *d) CARDEA_MUSTCHECK;

/* ---- traffic (attestor_traffic.c) ---- */

/* A conversation, over or under way, of any device that is observed. */
void attestor_record(struct attestor *a, struct device *d, const struct record *r);
/* It asked DHCP for an address anew: it started. */
void attestor_started(struct attestor *a, struct device *d, nstime when);
/* What it fetched, against a manifest that may be new. */
void attestor_weigh(struct attestor *a, struct device *d);
/* The clock was set. */
void attestor_shift(struct attestor *a, const struct when_jump *j);
/* It was held, or let go: a hook of the life cycle. */
void attestor_moved(void *ctx, struct device *d, const struct life_step *step,
	const char *text);
/* Why no image's size can be reached: what the owner is shown. NULL: it can. */
const char *attestor_no_size(const struct attestor_device *s);

/* attestor_hosts.c: the device may fetch from the places of m while it is held, and no
 * longer from those of the manifest before it. */
void attestor_open_hosts(struct attestor *a, struct device *d,
	const struct attestor_manifest *before, const struct attestor_manifest *m);
/* The conversation is one with an update host of the device. */
bool attestor_is_from_host(struct attestor *a, struct device *d, const struct record *r);

/* ---- for the parts of it, and to be shown ---- */

/* NULL: nothing is known of it. */
const struct attestor_device *attestor_of(const struct attestor *a, const struct device *d);
struct attestor_device *attestor_find(struct attestor *a, const struct device *d);
/* Made at first use; NULL when memory is short. */
struct attestor_device *attestor_device(struct attestor *a, const struct device *d);
int attestor_save(struct attestor *a, const struct attestor_device *s) CARDEA_MUSTCHECK;
bool attestor_rate_take(struct attestor_rate *r, nstime now, unsigned burst, nstime every);
/* As it is stored: CBOR. */
#define ATTESTOR_SAVED_MAX 16384
int attestor_state_write(const struct attestor_device *s, struct writer *w) CARDEA_MUSTCHECK;
int attestor_state_read(struct cursor saved, struct attestor_device *ret) CARDEA_MUSTCHECK;

#endif
