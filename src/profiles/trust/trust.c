// SPDX-License-Identifier: GPL-2.0-or-later
/* trust - the questions that a new MUD file has to pass, hardest first. Each either
 * settles the matter or leaves it to the next. */
#include "profiles/trust/trust_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/error.h"
#include "base/str.h"

/* A sentence, that the name of a device fits before it (struct decision.text). */
#define SENTENCE_MAX (LIMIT_TEXT - LIMIT_LABEL - 2)
/* A name or URL within a sentence that may have two. */
#define SHOWN_MAX 48
#define SHOWN(text) shown(text, (char[SHOWN_MAX]){0}, SHOWN_MAX)
/* Why a signature is bad, in a sentence with nothing else of a stranger's. */
#define REASON_MAX 80
/* What was said so far, in front of a remark. */
#define SAID_MAX 80

/* Strangers' words: cut with dots, and printable. Escapes that they have already stay
 * as they are: those of names make them comparable. */
static char *shown(const char *text, char *out, size_t size)
{
	size_t len = strlen(text), n = len < size ? len : size - 4;

	for (size_t i = 0; i < n; i++)
		out[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	memcpy(out + n, "...", n < len ? 4 : 0);
	out[n < len ? n + 3 : n] = 0;
	return out;
}

static bool CARDEA_PRINTF(4, 5) settle(struct trust_verdict *v,
	enum trust_answer answer, enum decision_kind question, const char *fmt, ...)
{
	char raw[2 * LIMIT_TEXT];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	(void)shown(raw, v->text, SENTENCE_MAX);
	v->answer = answer;
	v->question = question;
	return true;
}

static const char *text_or(const char *text, const char *instead)
{
	return text && text[0] ? text : instead;
}

static bool is_given(const char *text)
{
	return text && text[0];
}

static bool is_valid(const struct trust_facts *f)
{
	return f->profile->signature == SIGNATURE_VALID;
}

static const struct trust_pin *pin_of(const struct trust_facts *f)
{
	if (f->pin)
		return f->pin;
	/* below one root there is one signer */
	if (f->current_pin && is_given(f->current_url) &&
		trust_same_root(f->said_url, f->current_url))
		return f->current_pin;
	return NULL;
}

/* Why a file is not better than its word, as the end of "the file ...". */
static const char *flaw(const struct profile *p)
{
	if (p->signature == SIGNATURE_NONE)
		return "is not signed";
	return p->signature == SIGNATURE_INVALID ? "has a bad signature"
						 : "is signed by a stranger";
}

/* RFC 8520 11: a device's certificate may name who signs its file; then no one else
 * counts. */
static bool judge_mudsigner(const struct trust_facts *f, struct trust_verdict *v)
{
	const struct profile *p = f->profile;

	if (!is_given(f->mud_signer) || !p->signer[0] ||
		!strcmp(p->signer, f->mud_signer))
		return false;
	return settle(v, TRUST_REFUSE, DECISION_SIGNER,
		"its certificate names %s as the signer of its MUD file, but %s signed "
		"it "
		"(mudsigner, RFC 8520 11)",
		SHOWN(f->mud_signer), SHOWN(p->signer));
}

static bool url_is_the_owners(const struct trust_facts *f)
{
	return f->source == URL_SOURCE_OWNER || f->source == URL_SOURCE_QR ||
	       f->url_accepted;
}

static bool url_is_unchanged(const struct trust_facts *f)
{
	return !is_given(f->current_url) ||
	       trust_same_url(f->said_url, f->current_url) ||
	       (is_given(f->current_said) &&
		       trust_same_url(f->said_url, f->current_said));
}

static bool is_in_history(const struct trust_facts *f)
{
	for (size_t i = 0; i < f->history_count; i++)
		if (trust_same_url(f->history[i], f->said_url))
			return true;
	return false;
}

/* RFC 8520 16 and the draft's rules: anybody on the LAN can say another URL. */
static bool judge_url(const struct trust_facts *f, struct trust_verdict *v)
{
	if (url_is_unchanged(f) || url_is_the_owners(f))
		return false;
	if (f->url_rejected)
		return settle(v, TRUST_REFUSE, DECISION_AUTHORITY,
			"you refused that it changes to %s; the policy of %s stays in "
			"force",
			SHOWN(f->said_url), SHOWN(f->current_url));
	if (is_in_history(f))
		return settle(v, TRUST_ASK, DECISION_ROLLBACK,
			"It went back to %s, which it named before %s. Was its "
			"software "
			"set back on purpose?",
			SHOWN(f->said_url), SHOWN(f->current_url));
	if (!trust_same_authority(f->said_url, f->current_url))
		return settle(v, TRUST_ASK, DECISION_AUTHORITY,
			"It now names another maker's file: %s instead of %s. Is it "
			"another device, or did its maker move?",
			SHOWN(f->said_url), SHOWN(f->current_url));
	if (!trust_same_root(f->said_url, f->current_url))
		return settle(v, TRUST_ASK, DECISION_AUTHORITY,
			"It now names a file at another place of the same server: %s "
			"instead of %s. Is it the same product?",
			SHOWN(f->said_url), SHOWN(f->current_url));
	return false;
}

/* An old file with a good signature still opens what the maker has closed since. */
static bool judge_age(const struct trust_facts *f, struct trust_verdict *v)
{
	const struct profile *p = f->profile;

	if (!url_is_unchanged(f) || !is_given(f->current_url) || !p->last_update ||
		p->last_update >= f->current_last_update || f->hash_accepted)
		return false;
	if (f->hash_rejected)
		return settle(v, TRUST_REFUSE, DECISION_ROLLBACK,
			"the file at %s is older than the one in force, and you "
			"refused "
			"it",
			SHOWN(f->said_url));
	return settle(v, TRUST_ASK, DECISION_ROLLBACK,
		"The file at %s is older than the one in force. Did the maker go back "
		"on "
		"purpose?",
		SHOWN(f->said_url));
}

static bool is_pinned(const struct trust_pin *pin, const struct profile *p)
{
	return !strcmp(pin->key, p->signer_key) && !strcmp(pin->signer, p->signer);
}

static bool judge_changed_signer(const struct trust_facts *f,
	const struct trust_pin *pin, struct trust_verdict *v)
{
	const struct profile *p = f->profile;

	if (f->hash_accepted) {
		v->layer = LAYER_OWNER;
		return settle(v, TRUST_USE, DECISION_SIGNER,
			"signed by %s instead of %s; you accepted this very file",
			SHOWN(p->signer), SHOWN(pin->signer));
	}
	if (f->hash_rejected)
		return settle(v, TRUST_REFUSE, DECISION_SIGNER,
			"signed by %s instead of %s, and you refused this very file",
			SHOWN(p->signer), SHOWN(pin->signer));
	if (!strcmp(pin->signer, p->signer))
		return settle(v, TRUST_ASK, DECISION_SIGNER,
			"Another authority (key %.8s, not %.8s) vouches for the signer "
			"of "
			"the new file, %s. Did the maker announce that?",
			text_or(p->signer_key, "unknown"), text_or(pin->key, "unknown"),
			SHOWN(p->signer));
	return settle(v, TRUST_ASK, DECISION_SIGNER,
		"The new file is signed by %s, all before it by %s. Did the maker "
		"change "
		"hands?",
		SHOWN(p->signer), SHOWN(pin->signer));
}

static bool judge_signed(const struct trust_facts *f, struct trust_verdict *v)
{
	const struct trust_pin *pin = pin_of(f);
	char root[LIMIT_URL];

	if (!is_valid(f))
		return false;
	if (pin && !is_pinned(pin, f->profile))
		return judge_changed_signer(f, pin, v);
	if (pin)
		return settle(v, TRUST_USE, DECISION_SIGNER, "%s", "");
	trust_root(f->said_url, root);
	if (!root[0]) /* one pin for all such places would mix makers */
		return settle(v, TRUST_USE, DECISION_SIGNER,
			"signed by %s; its URL goes back and forth, so that no place of "
			"its own can be remembered",
			SHOWN(f->profile->signer));
	return settle(v, TRUST_USE_AND_PIN, DECISION_SIGNER,
		"signed by %s; from now on files from there must be, too",
		SHOWN(f->profile->signer));
}

/* Nobody asks for a file that the owner has answered for. */
static bool judge_answered(const struct trust_facts *f, struct trust_verdict *v)
{
	if (f->hash_accepted) {
		v->layer = LAYER_OWNER;
		return settle(v, TRUST_USE, DECISION_UNSIGNED,
			"it %s; you accepted this very file", flaw(f->profile));
	}
	return f->hash_rejected &&
	       settle(v, TRUST_REFUSE, DECISION_UNSIGNED,
		       "it %s, and you refused this very file", flaw(f->profile));
}

/* Nobody vouches for it: without the owner's word for this file it takes a setting for
 * all, and nothing that speaks against it. */
static void judge_unsigned(const struct trust_facts *f, struct trust_verdict *v)
{
	const struct profile *p = f->profile;
	const struct trust_pin *pin = pin_of(f);
	char reason[REASON_MAX];

	if (!pin && !f->require_signature && p->signature != SIGNATURE_INVALID &&
		!is_given(f->mud_signer)) {
		settle(v, TRUST_USE, DECISION_UNSIGNED,
			"it %s; used because your settings allow that", flaw(p));
	} else {
		(void)shown(p->signature_text, reason, sizeof reason);
		settle(v, TRUST_ASK, DECISION_UNSIGNED,
			"Its file %s%s%s%s. Use it? A changed one is asked about "
			"again.",
			flaw(p), reason[0] ? ": " : "", reason,
			pin ? ", unlike others of its maker" : "");
	}
}

/* The file's own mud-url is its canonical name, if it could speak for that place at all
 * (the draft: only below the root that it came from). */
static void name_file(const struct trust_facts *f, struct trust_verdict *v)
{
	const char *inner = f->profile->url;
	char said[SAID_MAX];

	(void)str_copy(v->url, sizeof v->url, f->said_url);
	if (!inner[0] || trust_same_url(inner, f->said_url))
		return;
	if (trust_same_root(inner, f->said_url)) {
		(void)str_copy(v->url, sizeof v->url, inner);
		return;
	}
	if (v->answer != TRUST_USE && v->answer != TRUST_USE_AND_PIN)
		return;
	(void)shown(v->text, said, sizeof said);
	settle(v, v->answer, v->question,
		"%s%sit calls itself %s, a place that it cannot speak for: ignored",
		said, said[0] ? "; " : "", SHOWN(inner));
}

void trust_judge(const struct trust_facts *f, struct trust_verdict *ret)
{
	struct trust_verdict v = {
		.layer = is_valid(f) ? LAYER_MANUFACTURER : LAYER_CROWD};

	if (!judge_mudsigner(f, &v) && !judge_url(f, &v) && !judge_age(f, &v) &&
		!judge_signed(f, &v) && !judge_answered(f, &v))
		judge_unsigned(f, &v);
	name_file(f, &v);
	*ret = v;
}
