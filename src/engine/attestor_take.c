// SPDX-License-Identifier: GPL-2.0-or-later
/* A piece of evidence: judged by the keys that count for this device, its nonce spent
 * before anything comes of it, and then told to the life cycle. */
#include "engine/attestor_take.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/lives.h"
#include "engine/pipeline.h"

void attestor_say(struct attestor_piece *p, enum attest_verdict v, const char *text)
{
	p->verdict = v;
	str_copy(p->text, sizeof(p->text), text);
}

struct cursor attestor_open_nonce(const struct attestor_piece *p)
{
	const struct attestor_nonce *n = &p->state->nonce;
	bool open = attestor_nonce_until(p->attestor, p->device) != 0;

	return open ? cursor_of(n->bytes, sizeof(n->bytes)) : cursor_of(NULL, 0);
}

static int try_key(struct attestor_piece *p, const struct evidence_key *k,
	int (*judge)(struct attestor_piece *, const struct attest_key *,
		enum attest_state *),
	enum attest_state *ret)
{
	struct attest_key *key;
	char why[LIMIT_TEXT];
	int error = attest_key_read(k->pem, k->pem_len, &key, why);

	if (error)
		return error; /* it was one when it was taken */
	error = judge(p, key, ret);
	attest_key_free(key);
	if (!error && *ret == ATTEST_VALID)
		p->key = k;
	return error;
}

int attestor_try_keys(struct attestor_piece *p, enum attest_use use,
	int (*judge)(struct attestor_piece *, const struct attest_key *,
		enum attest_state *))
{
	struct attestor *a = p->attestor;
	enum attest_state state = ATTEST_UNCHECKED;
	bool tried = false;
	int error = 0;

	for (size_t i = 0; i < a->key_count && !error && !p->key; i++) {
		if (!attestor_key_is_for(&a->keys[i], p->device, use))
			continue;
		error = try_key(p, &a->keys[i], judge, &state);
		tried = true;
		/* another key would not make it a signed piece */
		if (state == ATTEST_UNSIGNED || state == ATTEST_UNVERIFIABLE)
			break;
	}
	if (!tried)
		error = judge(p, NULL, &state);
	p->no_key = !tried && state == ATTEST_UNCHECKED;
	return error;
}

/* ---- whose signature it is, if it is nobody's that counts ---- */

static enum attest_state state_by(
	const struct attestor_piece *p, const struct attest_key *key)
{
	static const struct attest_form form = {
		.what = "", .max = EVIDENCE_BYTES_MAX, .untagged = true};
	struct attest_opened o;

	return attest_open(p->body, key, &form, &o) ? ATTEST_UNSIGNED : o.state;
}

static bool is_by(const struct attestor_piece *p, const struct evidence_key *k)
{
	struct attest_key *key;
	char why[LIMIT_TEXT];
	bool is;

	if (attest_key_read(k->pem, k->pem_len, &key, why))
		return false;
	is = state_by(p, key) == ATTEST_VALID;
	attest_key_free(key);
	return is;
}

/* One device's token for another: told by name, as that is what gives a botnet away. */
static void find_other(struct attestor_piece *p)
{
	struct attestor *a = p->attestor;
	const struct evidence_key *k = NULL;
	const struct device *other;
	unsigned tried = 0;

	if (state_by(p, NULL) != ATTEST_UNCHECKED)
		return; /* nobody's signature */
	for (size_t i = 0; i < a->key_count && !k && tried < ATTESTOR_OTHERS_MAX; i++) {
		if (a->keys[i].use != ATTEST_USE_DEVICE ||
			a->keys[i].device == p->device->id)
			continue;
		tried++;
		if (is_by(p, &a->keys[i]))
			k = &a->keys[i];
	}
	if (!k)
		return;
	other = inventory_by_id(a->pipeline->inventory, k->device);
	(void)str_print(p->text, sizeof(p->text),
		"it is signed by the key of another device: %s",
		other ? other->name : "one that is gone");
}

/* ---- tokens, reports and results ---- */

static int judge_token(
	struct attestor_piece *p, const struct attest_key *key, enum attest_state *ret)
{
	const struct attestor_manifest *m = &p->state->manifest;
	struct suit_digest digests[ATTESTOR_IMAGES_MAX];
	struct eat_asked asked = {.key = key,
		.nonce = attestor_open_nonce(p),
		.digests = digests,
		.digest_count = m->accepted ? m->image_count : 0,
		.has_bootcount = p->state->has_bootcount,
		.bootcount = p->state->bootcount};
	int error;

	for (uint32_t i = 0; i < asked.digest_count; i++)
		digests[i] = (struct suit_digest){
			.bytes = cursor_of(m->images[i].bytes, m->images[i].len)};
	error = eat_judge(p->body, &asked, &p->judged->token);
	*ret = p->judged->token.signature;
	return error;
}

static int judge_report(
	struct attestor_piece *p, const struct attest_key *key, enum attest_state *ret)
{
	const struct attestor_manifest *m = &p->state->manifest;
	struct report_asked asked = {.key = key,
		.nonce = attestor_open_nonce(p),
		.digest = cursor_of(m->digest.bytes, m->accepted ? m->digest.len : 0)};
	int error = report_judge(p->body, &asked, &p->judged->report);

	*ret = p->judged->report.signature;
	return error;
}

static int judge_result(
	struct attestor_piece *p, const struct attest_key *key, enum attest_state *ret)
{
	const struct pipeline *l = p->attestor->pipeline;
	struct ear_asked asked = {.key = key,
		.nonce = attestor_open_nonce(p),
		.ueid = cursor_of(p->state->ueid, p->state->ueid_len),
		.now = l->clock_trusted ? (uint64_t)(p->wall / NS_PER_SEC) : 0};
	int error = ear_judge(p->body, &asked, &p->judged->result);

	*ret = p->judged->result.signature;
	return error;
}

/* A nonce that was ours once is told from one that never was. */
static void say_nonce(struct attestor_piece *p, const struct cursor *nonces, uint32_t count)
{
	const struct attestor_nonce *n = &p->state->nonce;
	struct cursor last = cursor_of(n->bytes, sizeof(n->bytes));

	for (uint32_t i = 0; i < count && n->given; i++)
		if (attest_is_same(nonces[i], last))
			attestor_say(p, ATTEST_FORGED,
				n->used ? "its nonce was used already: it is replayed"
					: "it came too late: its nonce is not good any "
					  "more");
}

/* The same key, and another name for itself. */
static bool is_other(const struct attestor_piece *p, struct cursor ueid)
{
	struct cursor known = cursor_of(p->state->ueid, p->state->ueid_len);

	return cursor_left(&known) && cursor_left(&ueid) && !attest_is_same(known, ueid);
}

static int take_token(struct attestor_piece *p)
{
	const struct eat_judged *j = &p->judged->token;
	int error = attestor_try_keys(p, ATTEST_USE_DEVICE, judge_token);

	if (error)
		return error;
	p->level = LIFE_L3_TOKEN;
	p->spends = p->key && j->nonce_is_ours;
	if (j->tier == EAT_TIER_AFFIRMING)
		attestor_say(p, ATTEST_PROVEN, "");
	else
		attestor_say(p,
			j->tier == EAT_TIER_CONTRAINDICATED && !j->is_genuine
				? ATTEST_FORGED
				: ATTEST_NOTHING,
			j->text);
	if (p->key && j->read && !j->nonce_is_ours)
		say_nonce(p, j->claims.nonces, j->claims.nonce_count);
	if (p->verdict == ATTEST_PROVEN && is_other(p, j->claims.ueid))
		attestor_say(p, ATTEST_FORGED,
			"it names another device than the tokens before it");
	return 0;
}

static int take_report(struct attestor_piece *p)
{
	const struct report_judged *j = &p->judged->report;
	int error = attestor_try_keys(p, ATTEST_USE_DEVICE, judge_report);

	if (error)
		return error;
	p->level = LIFE_L2_REPORT;
	p->spends = p->key && j->nonce_is_ours;
	attestor_say(p, j->verdict, j->text);
	if (p->key && j->read && !j->nonce_is_ours)
		say_nonce(p, &j->report.nonce, 1);
	return 0;
}

static int take_result(struct attestor_piece *p)
{
	const struct ear_judged *j = &p->judged->result;
	int error = attestor_try_keys(p, ATTEST_USE_VERIFIER, judge_result);

	if (error)
		return error;
	p->level = LIFE_L4_RESULT;
	p->spends = p->key && j->nonce_is_ours;
	attestor_say(p, j->verdict, j->text);
	if (p->key && j->read && !j->nonce_is_ours)
		say_nonce(p, j->result.nonces, j->result.nonce_count);
	return 0;
}

static int judge(struct attestor_piece *p)
{
	int error = 0;

	switch (p->kind) {
	case ATTEST_TOKEN:
		error = take_token(p);
		break;
	case ATTEST_RESULT:
		error = take_result(p);
		break;
	case ATTEST_REPORT:
		error = take_report(p);
		break;
	case ATTEST_ENVELOPE:
		return attestor_judge_envelope(p);
	case ATTEST_KIND_MAX:
		return CARDEA_EUNSUPPORTED;
	}
	if (!error && p->verdict == ATTEST_FORGED && !p->key)
		find_other(p);
	return error;
}

/* ---- what comes of it ---- */

/* What the next token must not fall behind. */
static void remember(struct attestor_piece *p)
{
	const struct eat *e = &p->judged->token.claims;
	struct attestor_device *s = p->state;
	size_t len;

	if (p->kind != ATTEST_TOKEN || p->verdict != ATTEST_PROVEN)
		return;
	if (e->has_bootcount) {
		s->has_bootcount = true;
		s->bootcount = e->bootcount;
	}
	len = cursor_left(&e->ueid);
	if (len && len <= sizeof(s->ueid)) {
		memcpy(s->ueid, e->ueid.pos, len);
		s->ueid_len = (uint8_t)len;
	}
}

static void note(struct attestor_piece *p)
{
	struct attestor_device *s = p->state;

	s->last = p->wall;
	s->last_kind = p->kind;
	s->last_good = p->verdict == ATTEST_PROVEN;
	s->refused += !s->last_good;
	str_copy(s->last_text, sizeof(s->last_text), p->text);
}

static bool is_held(struct attestor_piece *p)
{
	const struct life *l = pipeline_life_of(p->attestor->pipeline, p->device);

	return l && life_is_isolated(l->state);
}

static int conclude_proven(struct attestor_piece *p)
{
	struct life_said said = {.level = p->level, .by_device = p->way->by_device};
	struct life_step step;
	char text[LIMIT_TEXT];

	if (p->kind == ATTEST_ENVELOPE)
		return attestor_accept(p);
	if (!is_held(p)) {
		str_copy(p->text, sizeof(p->text),
			"it is good; the device is in service, and stays so");
		return 0;
	}
	(void)str_print(text, sizeof(text), "a good %s, signed by key %u",
		attest_kind_name(p->kind), p->key->id);
	said.text = text;
	if (!pipeline_life(p->attestor->pipeline, p->device, LIFE_EVIDENCE, &said, &step)) {
		str_copy(p->text, sizeof(p->text),
			step.refused ? step.refused : "it changes nothing");
		return CARDEA_EREFUSED;
	}
	str_copy(p->text, sizeof(p->text), step.sentence);
	return 0;
}

/* Whoever hands in forgeries by the thousand is told of a few times. */
static int conclude_forged(struct attestor_piece *p)
{
	struct pipeline *l = p->attestor->pipeline;
	struct life_said said = {.by_device = p->way->by_device};
	char text[LIMIT_TEXT];

	if (!attestor_rate_take(&p->state->tells, loop_now(l->loop), ATTESTOR_TELL_BURST,
		    ATTESTOR_TELL_EVERY))
		return CARDEA_ESIGNATURE;
	(void)str_print(
		text, sizeof(text), "its %s: %s", attest_kind_name(p->kind), p->text);
	said.text = text;
	if (!pipeline_life(l, p->device, LIFE_FORGED, &said, NULL))
		journal_note(&l->journal, p->wall, p->device->id, EVENT_EVIDENCE,
			"%s handed in a %s that is not to be believed: %s.",
			p->device->name, attest_kind_name(p->kind), p->text);
	if (attestor_save(p->attestor, p->state))
		log_warn("attestor", "a forgery of device %u is not stored",
			p->device->id);
	return CARDEA_ESIGNATURE;
}

/* It is spent in the store before anything moves: killed in between, the device asks for
 * another nonce. */
static int conclude(struct attestor_piece *p)
{
	int error = 0;

	note(p);
	if (p->spends) {
		p->state->nonce.used = true;
		remember(p);
		error = attestor_save(p->attestor, p->state);
	}
	if (error) {
		str_copy(p->text, sizeof(p->text),
			"it could not be stored that its nonce is used: nothing comes "
			"of it");
		return error;
	}
	if (p->verdict == ATTEST_PROVEN)
		return conclude_proven(p);
	if (p->verdict == ATTEST_FORGED)
		return conclude_forged(p);
	return p->no_key ? CARDEA_EUNTRUSTED : CARDEA_EREFUSED;
}

static int dry_result(const struct attestor_piece *p)
{
	if (p->verdict == ATTEST_PROVEN)
		return 0;
	if (p->verdict == ATTEST_FORGED)
		return CARDEA_ESIGNATURE;
	return p->no_key ? CARDEA_EUNTRUSTED : CARDEA_EREFUSED;
}

static void say_no_key(struct attestor_piece *p)
{
	static const char *const texts[ATTEST_KIND_MAX] = {
		[ATTEST_TOKEN] = "nobody said which key this device has",
		[ATTEST_REPORT] = "nobody said which key this device has",
		[ATTEST_RESULT] = "no verifier is trusted for this device",
		[ATTEST_ENVELOPE] = "no key of this device's maker is trusted",
	};

	attestor_say(p, ATTEST_NOTHING, texts[p->kind]);
}

int attestor_take_by(struct attestor *a, struct device *d, enum attest_kind kind,
	struct cursor body, const struct attestor_way *way, char ret_why[LIMIT_TEXT])
{
	struct attestor_piece p = {.attestor = a, .device = d, .kind = kind, .body = body,
		.way = way, .wall = pipeline_wall(a->pipeline),
		.state = attestor_device(a, d)};
	int error;

	if (kind >= ATTEST_KIND_MAX)
		return CARDEA_EUNSUPPORTED;
	if (!p.state)
		return -ENOMEM;
	if (way->by_device && !attestor_rate_take(&p.state->takes,
				      loop_now(a->pipeline->loop), ATTESTOR_TAKE_BURST,
				      ATTESTOR_TAKE_EVERY)) {
		str_copy(ret_why, LIMIT_TEXT,
			"too many at once: this one was not looked at");
		return -EAGAIN;
	}
	p.judged = calloc(1, sizeof(*p.judged));
	if (!p.judged)
		return -ENOMEM;
	error = judge(&p);
	if (!error && p.no_key)
		say_no_key(&p);
	if (!error)
		error = way->dry ? dry_result(&p) : conclude(&p);
	str_copy(ret_why, LIMIT_TEXT, p.text[0] ? p.text : error ? error_text(error) : "good");
	free(p.judged);
	return error;
}

int attestor_take(struct attestor *a, struct device *d, enum attest_kind kind,
	struct cursor body, char ret_why[LIMIT_TEXT])
{
	static const struct attestor_way way = {.by_device = true};

	return attestor_take_by(a, d, kind, body, &way, ret_why);
}
