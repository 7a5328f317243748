// SPDX-License-Identifier: GPL-2.0-or-later
/* Which MUD file may rule a device: every rule of profiles/trust as a line of a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/str.h"
#include "profiles/trust/trust.h"

#define V1 "https://maker.example/light/v1.json"
#define V2 "https://maker.example/light/v2.json"
#define CAMERA "https://maker.example/camera/v1.json"
#define OTHER "https://other.example/light/v1.json"
#define ME "CN=Signer,O=Maker"
#define KEY "0123456789abcdef0123456789abcdef01234567"

struct line {
	const char *name;
	enum signature_state signature;
	const char *signer, *key;  /* of the file; NULL: ME and KEY */
	const char *said;	   /* NULL: V1 */
	const char *inner;	   /* the file's mud-url; NULL: as said */
	const char *current, *current_said;
	const char *history;	   /* one URL */
	const char *pinned, *pinned_key; /* pinned: of the root of said; NULL: none */
	bool pin_of_current;	   /* the pin is known by the current URL alone */
	const char *mud_signer;
	enum url_source source;
	bool accepted, rejected, url_accepted, url_rejected, lenient;
	nstime age, current_age;   /* last-update */
	/* what comes of it */
	enum trust_answer answer;
	enum decision_kind question;
	enum layer layer;
	const char *url;	   /* canonical; NULL: as said */
	const char *words;
};

#define USE(l) .answer = TRUST_USE, .layer = LAYER_##l
#define PIN .answer = TRUST_USE_AND_PIN, .layer = LAYER_MANUFACTURER
#define ASK(q) .answer = TRUST_ASK, .question = DECISION_##q
#define REFUSE .answer = TRUST_REFUSE
#define GOOD .signature = SIGNATURE_VALID
#define PINNED .pinned = ME, .pinned_key = KEY

static const struct line lines[] = {
	/* good signatures */
	{"first", GOOD, PIN, .words = "signed by " ME},
	{"no place to pin", GOOD, .said = "https://maker.example/x/../v1.json",
		USE(MANUFACTURER), .words = "no place of its own"},
	{"same signer", GOOD, PINNED, USE(MANUFACTURER), .words = ""},
	{"other subject", GOOD, .signer = "CN=Eve", PINNED, ASK(SIGNER),
		.words = "signed by CN=Eve, all before it by " ME},
	{"other authority", GOOD, .key = "ff", PINNED, ASK(SIGNER),
		.words = "Another authority (key ff, not 01234567) vouches for the signer "
			 "of the new file, " ME},
	{"other authority unknown", GOOD, .key = "", PINNED, ASK(SIGNER),
		.words = "key unknown, not 01"},
	{"both", GOOD, .signer = "CN=Eve", .key = "ff", PINNED, ASK(SIGNER)},
	{"other signer, settings do not matter", GOOD, .signer = "CN=Eve", PINNED,
		.lenient = true, ASK(SIGNER)},
	{"other signer, this file accepted", GOOD, .signer = "CN=Eve", PINNED,
		.accepted = true, USE(OWNER), .words = "you accepted this very file"},
	{"other signer, this file refused", GOOD, .signer = "CN=Eve", PINNED,
		.rejected = true, REFUSE, .words = "you refused this very file"},
	{"the pinned signer needs no answer", GOOD, PINNED, .rejected = true,
		USE(MANUFACTURER)},
	/* the device's certificate names the signer */
	{"mudsigner", GOOD, .mud_signer = ME, PIN},
	{"mudsigner and pin", GOOD, .mud_signer = ME, PINNED, USE(MANUFACTURER)},
	{"mudsigner is another", GOOD, .mud_signer = "CN=Right", REFUSE,
		.words = "names CN=Right as the signer of its MUD file, but " ME " signed it"},
	{"mudsigner is another, pin is right", GOOD, PINNED, .mud_signer = "CN=Right",
		REFUSE},
	{"mudsigner is another, accepted", GOOD, .mud_signer = "CN=Right",
		.accepted = true, REFUSE},
	{"mudsigner is another, stranger", .signature = SIGNATURE_UNTRUSTED,
		.mud_signer = "CN=Right", .lenient = true, REFUSE},
	{"mudsigner in a stranger's words", .signature = SIGNATURE_UNTRUSTED,
		.mud_signer = ME, .lenient = true, ASK(UNSIGNED)},
	{"mudsigner but not signed", .signature = SIGNATURE_NONE, .mud_signer = ME,
		.lenient = true, ASK(UNSIGNED)},
	{"mudsigner but not signed, accepted", .signature = SIGNATURE_NONE,
		.mud_signer = ME, .accepted = true, USE(OWNER)},
	/* nobody vouches */
	{"not signed", .signature = SIGNATURE_NONE, ASK(UNSIGNED),
		.words = "Its file is not signed: because. Use it? A changed one is asked "
			 "about again."},
	{"bad", .signature = SIGNATURE_INVALID, ASK(UNSIGNED),
		.words = "has a bad signature: because."},
	{"stranger", .signature = SIGNATURE_UNTRUSTED, ASK(UNSIGNED),
		.words = "is signed by a stranger: because."},
	{"unchecked", .signature = SIGNATURE_UNCHECKED, ASK(UNSIGNED)},
	{"not signed, lenient", .signature = SIGNATURE_NONE, .lenient = true, USE(CROWD),
		.words = "it is not signed; used because your settings allow that"},
	{"stranger, lenient", .signature = SIGNATURE_UNTRUSTED, .lenient = true,
		USE(CROWD), .words = "signed by a stranger; used because"},
	{"bad, lenient", .signature = SIGNATURE_INVALID, .lenient = true, ASK(UNSIGNED)},
	{"not signed, accepted", .signature = SIGNATURE_NONE, .accepted = true,
		USE(OWNER), .words = "you accepted this very file"},
	{"bad, accepted", .signature = SIGNATURE_INVALID, .accepted = true, USE(OWNER)},
	{"stranger, accepted", .signature = SIGNATURE_UNTRUSTED, .accepted = true,
		USE(OWNER)},
	{"lenient and accepted", .signature = SIGNATURE_NONE, .lenient = true,
		.accepted = true, USE(OWNER)},
	{"not signed, refused", .signature = SIGNATURE_NONE, .rejected = true, REFUSE,
		.words = "you refused this very file"},
	{"lenient but refused", .signature = SIGNATURE_NONE, .lenient = true,
		.rejected = true, REFUSE},
	{"signed before", .signature = SIGNATURE_NONE, PINNED, ASK(UNSIGNED),
		.words = "not signed: because, unlike others of its maker. Use it?"},
	{"signed before, lenient", .signature = SIGNATURE_NONE, PINNED, .lenient = true,
		ASK(UNSIGNED)},
	{"signed before by an anchor", .signature = SIGNATURE_UNTRUSTED, PINNED,
		.lenient = true, ASK(UNSIGNED), .words = "signed by a stranger"},
	{"signed before, accepted", .signature = SIGNATURE_NONE, PINNED,
		.accepted = true, USE(OWNER)},
	/* another URL */
	{"same URL", GOOD, PINNED, .current = V1, USE(MANUFACTURER)},
	{"new version", GOOD, PINNED, .said = V2, .current = V1, USE(MANUFACTURER)},
	{"new version by the pin of the old", GOOD, PINNED, .pin_of_current = true,
		.said = V2, .current = V1, USE(MANUFACTURER)},
	{"new version, other signer", GOOD, .signer = "CN=Eve", PINNED,
		.pin_of_current = true, .said = V2, .current = V1, ASK(SIGNER)},
	{"new version, other authority", GOOD, .key = "ff", PINNED, .said = V2,
		.current = V1, ASK(SIGNER)},
	{"new version, not signed", .signature = SIGNATURE_NONE, PINNED,
		.pin_of_current = true, .said = V2, .current = V1, .lenient = true,
		ASK(UNSIGNED)},
	{"new version is signed, the old was not", GOOD, .said = V2, .current = V1, PIN},
	{"other maker", GOOD, .said = OTHER, .current = V1, ASK(AUTHORITY),
		.words = "another maker's file: " OTHER " instead of " V1},
	{"other maker, same signer", GOOD, PINNED, .said = OTHER, .current = V1,
		ASK(AUTHORITY)},
	{"other maker's pin counts nothing here", GOOD, .signer = "CN=Eve", PINNED,
		.pin_of_current = true, .said = OTHER, .current = V1,
		.url_accepted = true, PIN},
	{"other place", GOOD, PINNED, .said = CAMERA, .current = V1, ASK(AUTHORITY),
		.words = "another place of the same server"},
	{"deeper place", GOOD, PINNED, .said = "https://maker.example/light/x/v1.json",
		.current = V1, ASK(AUTHORITY), .words = "another place"},
	{"other port", GOOD, .said = "https://maker.example:8443/light/v1.json",
		.current = V1, ASK(AUTHORITY), .words = "another maker's"},
	{"other spelling", GOOD, PINNED, .said = "HTTPS://Maker.Example:443/light/v1.json",
		.inner = V1, .current = V1, USE(MANUFACTURER),
		.url = "HTTPS://Maker.Example:443/light/v1.json"},
	{"dots", GOOD, PINNED, .said = "https://maker.example/light/../camera/v1.json",
		.current = V1, ASK(AUTHORITY)},
	{"other maker, certificate", GOOD, .said = OTHER, .current = V1,
		.source = URL_SOURCE_CERTIFICATE, ASK(AUTHORITY)},
	{"other maker, owner's hand", GOOD, .said = OTHER, .current = V1,
		.source = URL_SOURCE_OWNER, PIN},
	{"other maker, QR", GOOD, .said = OTHER, .current = V1, .source = URL_SOURCE_QR,
		PIN},
	{"other maker, accepted", GOOD, .said = OTHER, .current = V1,
		.url_accepted = true, PIN},
	{"other maker, accepted, not signed", .signature = SIGNATURE_NONE, .said = OTHER,
		.current = V1, .url_accepted = true, ASK(UNSIGNED)},
	{"other maker, refused", GOOD, .said = OTHER, .current = V1, .url_rejected = true,
		REFUSE, .words = "you refused"},
	{"other maker, mudsigner wrong", GOOD, .said = OTHER, .current = V1,
		.mud_signer = "CN=Right", REFUSE},
	{"old answers about this URL do not matter", GOOD, PINNED, .current = V1,
		.url_rejected = true, USE(MANUFACTURER)},
	/* back */
	{"back", GOOD, PINNED, .said = V1, .current = V2, .history = V1, ASK(ROLLBACK),
		.words = "went back to " V1},
	{"back to another maker", GOOD, .said = OTHER, .current = V2, .history = OTHER,
		ASK(ROLLBACK)},
	{"back, accepted", GOOD, PINNED, .said = V1, .current = V2, .history = V1,
		.url_accepted = true, USE(MANUFACTURER)},
	{"back, owner's hand", GOOD, PINNED, .said = V1, .current = V2, .history = V1,
		.source = URL_SOURCE_OWNER, USE(MANUFACTURER)},
	{"the current one is no way back", GOOD, PINNED, .current = V1, .history = V1,
		USE(MANUFACTURER)},
	{"it says what it said, the file has another name", GOOD, PINNED, .said = V1,
		.inner = V2, .current = V2, .current_said = V1, .history = V1,
		USE(MANUFACTURER), .url = V2},
	{"older file", GOOD, PINNED, .current = V1, .age = 5, .current_age = 6,
		ASK(ROLLBACK), .words = "older than the one in force"},
	{"same age", GOOD, PINNED, .current = V1, .age = 6, .current_age = 6,
		USE(MANUFACTURER)},
	{"newer file", GOOD, PINNED, .current = V1, .age = 7, .current_age = 6,
		USE(MANUFACTURER)},
	{"file without an age", GOOD, PINNED, .current = V1, .current_age = 6,
		USE(MANUFACTURER)},
	{"older file, accepted", GOOD, PINNED, .current = V1, .age = 5, .current_age = 6,
		.accepted = true, USE(MANUFACTURER)},
	{"older file, refused", GOOD, PINNED, .current = V1, .age = 5, .current_age = 6,
		.rejected = true, REFUSE},
	{"older file of the new version", GOOD, PINNED, .said = V2, .current = V1,
		.age = 5, .current_age = 6, USE(MANUFACTURER)},
	{"older file, not signed", .signature = SIGNATURE_NONE, .lenient = true,
		.current = V1, .age = 5, .current_age = 6, ASK(ROLLBACK)},
	/* the file's own name */
	{"inner name below the root", GOOD, .inner = V2, PIN, .url = V2},
	{"inner name elsewhere", GOOD, .inner = CAMERA, PIN,
		.words = "it calls itself " CAMERA ", a place that it cannot speak for"},
	{"inner name of another maker", GOOD, PINNED, .inner = OTHER, USE(MANUFACTURER),
		.words = "it calls itself " OTHER},
	{"inner name while asking", .signature = SIGNATURE_NONE, .inner = OTHER,
		ASK(UNSIGNED), .words = "Use it?"},
};

static void judge(const struct line *l, struct trust_verdict *v)
{
	static struct profile p;
	static struct trust_pin pin;
	const char *said = l->said ? l->said : V1;
	struct trust_facts f = {
		.profile = &p,
		.said_url = said,
		.current_url = l->current ? l->current : "",
		.current_said = l->current_said,
		.current_last_update = l->current_age,
		.history = &l->history,
		.history_count = l->history != NULL,
		.mud_signer = l->mud_signer,
		.source = l->source ? l->source : URL_SOURCE_DHCP,
		.hash_accepted = l->accepted,
		.hash_rejected = l->rejected,
		.url_accepted = l->url_accepted,
		.url_rejected = l->url_rejected,
		.require_signature = !l->lenient,
	};

	memset(&p, 0, sizeof p);
	memset(&pin, 0, sizeof pin);
	p.signature = l->signature;
	p.last_update = l->age;
	str_copy(p.url, sizeof p.url, l->inner ? l->inner : said);
	if (l->signature == SIGNATURE_VALID || l->signature == SIGNATURE_UNTRUSTED) {
		str_copy(p.signer, sizeof p.signer, l->signer ? l->signer : ME);
		str_copy(p.signer_key, sizeof p.signer_key, l->key ? l->key : KEY);
	}
	if (l->signature != SIGNATURE_VALID)
		str_copy(p.signature_text, sizeof p.signature_text, "because");
	if (l->pinned) {
		trust_root(l->pin_of_current ? l->current : said, pin.root);
		str_copy(pin.signer, sizeof pin.signer, l->pinned);
		str_copy(pin.key, sizeof pin.key, l->pinned_key);
		*(l->pin_of_current ? &f.current_pin : &f.pin) = &pin;
	}
	memset(v, 0x5a, sizeof *v);
	trust_judge(&f, v);
}

static void test_table(void **state)
{
	struct trust_verdict v;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		const struct line *l = &lines[i];
		const char *url = l->url ? l->url : l->said ? l->said : V1;

		judge(l, &v);
		if (v.answer != l->answer)
			fail_msg("%s: answer %d: %s", l->name, v.answer, v.text);
		if (l->answer == TRUST_ASK && v.question != l->question)
			fail_msg("%s: question %d: %s", l->name, v.question, v.text);
		if (l->answer <= TRUST_USE_AND_PIN && v.layer != l->layer)
			fail_msg("%s: layer %d", l->name, v.layer);
		if (strcmp(v.url, url) != 0)
			fail_msg("%s: canonical %s", l->name, v.url);
		if (l->words && (l->words[0] ? !strstr(v.text, l->words) : v.text[0]))
			fail_msg("%s: \"%s\"", l->name, v.text);
		if (l->answer >= TRUST_ASK && !v.text[0])
			fail_msg("%s: no words", l->name);
	}
}

/* A question that was cut would not be one. */
static void test_longest_words(void **state)
{
	static struct profile p;
	static struct trust_pin pin;
	static char said[LIMIT_URL], current[LIMIT_URL];
	struct trust_facts f = {.profile = &p, .said_url = said};
	struct trust_verdict v;

	(void)state;
	memset(said, 'a', sizeof said - 1);
	memcpy(said, "https://", 8);
	memcpy(current, said, sizeof said);
	current[20] = 'b';
	memset(p.signer, 's', sizeof p.signer - 1);
	memset(p.signature_text, '\n', sizeof p.signature_text - 1);
	memset(pin.signer, 'S', sizeof pin.signer - 1);
	for (int state_of = 0; state_of < SIGNATURE_STATE_MAX; state_of++)
		for (int i = 0; i < 16; i++) {
			p.signature = (enum signature_state)state_of;
			f.pin = i & 1 ? &pin : NULL;
			f.current_url = i & 2 ? current : "";
			f.current_said = i & 4 ? said : NULL;
			f.require_signature = true;
			p.last_update = i & 8 ? 1 : 0;
			f.current_last_update = 2;
			trust_judge(&f, &v);
			if (v.answer != TRUST_ASK)
				continue;
			size_t len = strlen(v.text);
			/* the name of the device goes before it */
			assert_true(len + LIMIT_LABEL + 2 < LIMIT_TEXT);
			if (v.text[len - 1] != '?' && v.text[len - 2] != 'n')
				fail_msg("%s", v.text);
			for (const char *c = v.text; *c; c++)
				assert_true(*c >= ' ' && *c <= '~');
		}
}

/* What is shown of a name ends in dots only when something is missing. */
static void test_names_are_cut_with_dots(void **state)
{
	static struct profile p;
	struct trust_facts f = {.profile = &p, .said_url = V1};
	struct trust_verdict v;
	char want[LIMIT_TEXT];

	(void)state;
	p.signature = SIGNATURE_VALID;
	for (int len = 1; len < 60; len++) {
		memset(p.signer, 's', (size_t)len);
		p.signer[len] = 0;
		trust_judge(&f, &v);
		assert_int_equal(str_print(want, sizeof want,
					 "signed by %.*s%s; from now on files from there "
					 "must be, too",
					 len < 48 ? len : 44, p.signer,
					 len < 48 ? "" : "..."),
			0);
		assert_string_equal(v.text, want);
	}
}

static void test_roots(void **state)
{
	static const struct {
		const char *url, *root;
	} cases[] = {
		{"https://a.example/x/y.json", "https://a.example/x/"},
		{"https://a.example/x/", "https://a.example/x/"},
		{"https://a.example/y", "https://a.example/"},
		{"https://a.example/", "https://a.example/"},
		{"https://a.example", "https://a.example/"},
		{"https://a.example?q=/x/", "https://a.example/"},
		{"https://a.example/x/y?z=/a/b", "https://a.example/x/"},
		{"https://a.example/x/y#/a/b", "https://a.example/x/"},
		{"HTTPS://A.Example:443/X/y", "https://a.example/X/"},
		{"https://a.example.:443/x/y", "https://a.example/x/"},
		{"https://a.example./x/y", "https://a.example/x/"},
		{"https://a.example:8443/x/y", "https://a.example:8443/x/"},
		{"https://a.example//y", "https://a.example//"},
		{"https://a.example/x..y/..z", "https://a.example/x..y/"},
		{"https://a.example/.../y", "https://a.example/.../"},
		{"http://a.example/x/y", ""},
		{"ftp://a.example/", ""},
		{"", ""},
		{"https://", ""},
		{"https://:443/", ""},
		{"https:///x", ""},
		{"https://me@a.example/x", ""},
		{"https://a.example/x/../y", ""},
		{"https://a.example/x/..", ""},
		{"https://a.example/./y", ""},
		{"https://a.example/x/%2E%2e/y", ""},
		{"https://a.example/x/.%2e", ""},
		{"https://a.example/x/%2e", ""},
		{"https://a.example/x/..%2fy", ""},
		{"https://a.example/x/a%2Fb", ""},
		{"https://a.example/x/a%5cb", ""},
		{"https://a.example/x/a\\b", ""},
	};
	char root[LIMIT_URL];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		trust_root(cases[i].url, root);
		if (strcmp(root, cases[i].root) != 0)
			fail_msg("%s: %s", cases[i].url, root);
	}
}

static void test_long_urls(void **state)
{
	char url[LIMIT_URL + 2], root[LIMIT_URL];

	(void)state;
	memset(url, 'a', sizeof url);
	memcpy(url, "https://", 8);
	url[LIMIT_URL - 1] = 0;
	trust_root(url, root); /* the slash does not fit any more */
	assert_string_equal(root, "");
	url[LIMIT_URL - 2] = 0;
	trust_root(url, root);
	assert_int_equal(strlen(root), LIMIT_URL - 1);
	url[LIMIT_URL - 2] = '/';
	trust_root(url, root);
	assert_string_equal(root, url);
	url[LIMIT_URL - 1] = 'a';
	url[LIMIT_URL] = 0;
	trust_root(url, root);
	assert_string_equal(root, "");
}

static void test_pairs(void **state)
{
	static const struct {
		const char *a, *b;
		bool root, url;
	} cases[] = {
		{V1, V1, true, true},
		{V1, V2, true, false},
		{V1, CAMERA, false, false},
		{V1, OTHER, false, false},
		{"https://a.example", "https://A.example:443/", true, true},
		{"https://a.example/x?1", "https://a.example/x#2", true, true},
		{"https://a.example/x", "https://a.example/X", true, false},
		{"https://a.example/x/", "https://a.example/x", false, false},
		{"https://a.example/", "https://a.example.evil/", false, false},
		/* a URL is itself, even when it can be compared with nothing else */
		{"https://a.example/../x", "https://a.example/../x", false, true},
		{"", "", false, true},
		{"", "https://", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *a = cases[i].a, *b = cases[i].b;

		if (trust_same_root(a, b) != cases[i].root ||
			trust_same_root(b, a) != cases[i].root)
			fail_msg("root of %s and %s", a, b);
		if (trust_same_url(a, b) != cases[i].url ||
			trust_same_url(b, a) != cases[i].url)
			fail_msg("%s and %s", a, b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_longest_words),
		cmocka_unit_test(test_names_are_cut_with_dots),
		cmocka_unit_test(test_roots),
		cmocka_unit_test(test_long_urls),
		cmocka_unit_test(test_pairs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
