// SPDX-License-Identifier: GPL-2.0-or-later
/* The log of what outsiders said and what was done about it: each entry has the digest of
 * the one before in its own (SHA-256), so that nothing in it can be changed or taken out
 * without being seen. It is written first; what it tells of is in the same transaction. */
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/pipeline.h"

/* All fields with their lengths: no two entries have the same octets. */
#define ENTRY_MAX (ADVISORY_DIGEST + 4 + 8 + 1 + 3 * (2 + LIMIT_LABEL) + 2 + LIMIT_TEXT)

static void put_text(struct writer *w, const char *text)
{
	size_t len = strlen(text);

	writer_u16(w, (uint16_t)len);
	writer_bytes(w, text, len);
}

void advisory_entry_digest(
	const struct advisory_entry *e, uint8_t ret[ADVISORY_DIGEST])
{
	uint8_t buf[ENTRY_MAX];
	struct writer w = writer_of(buf, sizeof(buf));

	writer_bytes(&w, e->before, sizeof(e->before));
	writer_u32(&w, e->seq);
	writer_u64(&w, (uint64_t)e->at);
	writer_u8(&w, (uint8_t)e->act);
	put_text(&w, e->issuer);
	put_text(&w, e->advisory);
	put_text(&w, e->device);
	put_text(&w, e->text);
	if (EVP_Digest(buf, w.len, ret, NULL, EVP_sha256(), NULL) != 1)
		memset(ret, 0, ADVISORY_DIGEST); /* does not check */
}

static int take_last(void *ctx, const struct advisory_entry *e)
{
	*(struct advisory_entry *)ctx = *e;
	return 0;
}

static int add(struct pipeline *p, const struct advisories_said *s)
{
	struct store_log_head *head = &p->advisories.head;
	struct advisory_entry e = {
		.seq = head->seq + 1, .at = pipeline_wall(p), .act = s->act};
	int error;

	str_copy(e.issuer, sizeof(e.issuer), s->issuer ? s->issuer : "");
	str_copy(e.advisory, sizeof(e.advisory), s->advisory ? s->advisory : "");
	str_copy(e.device, sizeof(e.device), s->device ? s->device : "");
	str_copy(e.text, sizeof(e.text), s->text ? s->text : "");
	memcpy(e.before, head->digest, sizeof(e.before));
	advisory_entry_digest(&e, e.digest);
	error = store_log_add(p->store, &e);
	if (error) {
		advisories_log_again(p);
		return error;
	}
	head->seq = e.seq;
	memcpy(head->digest, e.digest, sizeof(e.digest));
	return 0;
}

/* The oldest go; the digest that they ended in stays in the log itself. */
static int cut(struct pipeline *p)
{
	struct store_log_head *head = &p->advisories.head;
	uint32_t until = head->cut + ADVISORIES_LOG_CUT;
	char hex[2 * ADVISORY_DIGEST + 1], text[LIMIT_TEXT];
	struct advisory_entry last = {0};
	int error;

	if (head->seq - head->cut < ADVISORIES_LOG_MAX)
		return 0;
	error = store_log(p->store, until - 1, 1, take_last, &last);
	if (error || last.seq != until)
		return error; /* the log is broken there, which is told elsewhere */
	str_to_hex(last.digest, ADVISORY_DIGEST, hex);
	(void)str_print(text, sizeof(text),
		"Entries up to %u are no longer kept; they ended in %s.", until, hex);
	const struct advisories_said s = {.act = ADVISORY_ACT_CUT, .text = text};

	error = add(p, &s);
	if (!error)
		error = store_log_cut(p->store, until, last.digest);
	if (error)
		return error;
	head->cut = until;
	memcpy(head->cut_digest, last.digest, sizeof(last.digest));
	return 0;
}

int advisories_log(struct pipeline *p, const struct advisories_said *s)
{
	/* what others wrote is theirs: a rollback takes back what begins here */
	int error = store_commit(p->store);

	if (!error)
		error = cut(p);
	return error ? error : add(p, s);
}

void advisories_log_again(struct pipeline *p)
{
	store_rollback(p->store);
	if (store_log_head(p->store, &p->advisories.head))
		log_error("advisories", "the log of advisories cannot be read");
}

/* ---- checking ---- */

struct walk {
	struct advisories_checked *r;
	uint8_t digest[ADVISORY_DIGEST];
	uint32_t next;
};

static void fail(struct walk *w, uint32_t seq, const char *why)
{
	if (w->r->broken)
		return;
	w->r->broken = seq ? seq : 1;
	(void)str_print(w->r->why, sizeof(w->r->why), "Entry %u of the log %s.",
		w->r->broken, why);
}

static int check_one(void *ctx, const struct advisory_entry *e)
{
	uint8_t digest[ADVISORY_DIGEST];
	struct walk *w = ctx;

	if (!w->r->first)
		w->r->first = e->seq;
	advisory_entry_digest(e, digest);
	if (e->seq != w->next)
		fail(w, w->next, "is missing");
	else if (memcmp(e->before, w->digest, sizeof(w->digest)) != 0)
		fail(w, e->seq, "does not follow from the one before it");
	else if (memcmp(e->digest, digest, sizeof(digest)) != 0)
		fail(w, e->seq, "is not as it was written");
	w->r->last = e->seq;
	w->next = e->seq + 1;
	memcpy(w->digest, e->digest, sizeof(w->digest));
	return 0;
}

int advisories_log_verify(struct pipeline *p, struct advisories_checked *ret)
{
	struct advisories_checked r = {0};
	struct store_log_head head = {0};
	struct walk w = {.r = &r};
	int error = store_log_head(p->store, &head);

	w.next = head.cut + 1;
	memcpy(w.digest, head.cut_digest, sizeof(w.digest));
	if (!error)
		error = store_log(p->store, 0, ADVISORIES_LOG_MAX + ADVISORIES_LOG_CUT,
			check_one, &w);
	if (error)
		return error;
	if (head.seq != w.next - 1)
		fail(&w, w.next, "is missing, and all behind it");
	else if (head.seq && memcmp(head.digest, w.digest, sizeof(w.digest)) != 0)
		fail(&w, head.seq, "is not the one that was written last");
	memcpy(r.head, w.digest, sizeof(r.head));
	*ret = r;
	return 0;
}
