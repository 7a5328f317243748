// SPDX-License-Identifier: GPL-2.0-or-later
/* What a report of an installation is worth: that the device itself says, over our nonce,
 * that it carried out the manifest that was accepted. It does not say what runs: that is
 * a token's to say. */
#include <string.h>
#include "base/str.h"
#include "attest/attest.h"

static void say(struct report_judged *j, enum attest_verdict v, const char *text)
{
	j->verdict = v;
	str_copy(j->text, LIMIT_TEXT, text);
}

static void say_failed(struct report_judged *j)
{
	j->verdict = ATTEST_NOTHING;
	(void)str_print(j->text, LIMIT_TEXT,
		"the device itself says that its update failed: %s, code %lld, in part "
		"%lld of its manifest",
		suit_reason_name(j->report.reason), (long long)j->report.code,
		(long long)j->report.section);
}

/* In order of weight; the first that applies is told. */
static void appraise(const struct report_asked *asked, struct report_judged *j)
{
	const struct suit_report *r = &j->report;

	j->nonce_is_ours = attest_is_same(r->nonce, asked->nonce);
	j->digest_matches = attest_is_same(r->digest.bytes, asked->digest);
	if (!cursor_left(&r->nonce))
		say(j, ATTEST_NOTHING, "it has no nonce: it could be of any time");
	else if (!j->nonce_is_ours)
		say(j, ATTEST_FORGED,
			"its nonce is not the one that was given: a report of another "
			"time, replayed");
	else if (!cursor_left(&asked->digest))
		say(j, ATTEST_NOTHING, "no manifest of this device was accepted, so that "
				       "nobody knows what it is about");
	else if (!j->digest_matches)
		say(j, ATTEST_FORGED,
			"it is about another manifest than the one that was accepted");
	else if (!r->succeeded)
		say_failed(j);
	else
		say(j, ATTEST_PROVEN, "");
}

static void read_report(struct cursor payload, struct report_judged *j)
{
	size_t octet;
	int error = suit_report_read(payload, &j->report, &octet);

	j->read = error == 0;
	if (!error)
		return;
	j->verdict = ATTEST_FORGED;
	(void)str_print(j->text, LIMIT_TEXT, "the report cannot be read: %s, at octet %zu",
		error_text(error), octet);
}

int report_judge(struct cursor bytes, const struct report_asked *asked,
	struct report_judged *ret)
{
	static const struct attest_form form = {
		.what = "report", .max = SUIT_REPORT_BYTES_MAX, .untagged = true};
	struct attest_opened o;
	int error = attest_open(bytes, asked->key, &form, &o);

	memset(ret, 0, sizeof(*ret));
	if (error)
		return error;
	ret->signature = o.state;
	ret->has_alg = o.has_alg;
	ret->alg = o.alg;
	say(ret,
		o.state == ATTEST_INVALID || o.state == ATTEST_UNSIGNED ? ATTEST_FORGED
									: ATTEST_NOTHING,
		o.text);
	if (ret->verdict == ATTEST_FORGED)
		return 0;
	read_report(o.payload, ret);
	if (ret->read && o.state == ATTEST_VALID)
		appraise(asked, ret);
	return 0;
}
