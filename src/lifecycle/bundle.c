// SPDX-License-Identifier: GPL-2.0-or-later
/* The writer: goes through the table of fields and knows no other way to write one. */
#include <openssl/evp.h>
#include <string.h>
#include "base/str.h"
#include "lifecycle/bundle_priv.h"

struct writing {
	const struct case_view *view;
	const struct bundle_wish *wish;
	struct pseudonym *pseudonym;
	struct bundle_words *words;
	struct jsonw *j;
	struct bundle_at at;
	int error;
};

bool bundle_is_word(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len > 0 && len < CASE_KIND && text[len] == 0;
}

/* The device of the case is the first, the others by where they first turn up. */
static unsigned party_of(const struct case_view *v, device_id id)
{
	const struct case_head *h = v->bundle->heads;
	unsigned n = 2;

	if (id == v->file.device)
		return 1;
	for (uint32_t i = 0; i < v->bundle->count; i++) {
		bool is_new = h[i].peer_device != 0 &&
			      h[i].peer_device != v->file.device;

		if (h[i].peer_device == id)
			return n;
		for (uint32_t k = 0; is_new && k < i; k++)
			is_new = h[k].peer_device != h[i].peer_device;
		n += is_new;
	}
	return n;
}

static void write_party(struct writing *w, device_id id)
{
	char text[24];

	if (str_print(text, sizeof(text), "device-%u", party_of(w->view, id)))
		w->error = CARDEA_EREFUSED;
	jsonw_string(w->j, text);
}

static void write_addr(struct writing *w, const struct bundle_value *v)
{
	bool plain = v->outside && w->wish->level >= BUNDLE_PEERS;
	char text[ADDR_TEXT_MAX];
	struct addr a = *v->addr;
	int error = plain ? 0 : pseudonym_addr(w->pseudonym, v->addr, &a);

	if (error)
		w->error = error;
	else
		jsonw_string(w->j, addr_format(&a, text));
}

static void write_mac(struct writing *w, const struct bundle_value *v)
{
	char text[MAC_TEXT_MAX];
	struct mac m;
	int error = pseudonym_mac(w->pseudonym, v->mac, &m);

	if (error)
		w->error = error;
	else
		jsonw_string(w->j, mac_format(&m, text));
}

static void write_date(struct writing *w, nstime wall)
{
	char text[CLOCK_TEXT_MAX];

	jsonw_string(w->j, clock_format(wall - wall % LIFE_HOUR, text));
}

static void write_word(struct writing *w, const char *text)
{
	if (!bundle_is_word(text))
		w->error = CARDEA_EREFUSED;
	else
		jsonw_string(w->j, text);
}

static void write_sentence(struct writing *w, const char *text)
{
	if (!case_is_template(text) && !case_is_known_protocol(text))
		w->error = CARDEA_EREFUSED;
	else
		jsonw_string(w->j, text);
}

static void write_text(struct writing *w, const char *text)
{
	char clean[2 * LIMIT_URL];

	bundle_words_clean(w->words, text, clean, sizeof(clean));
	jsonw_untrusted(w->j, str_untrusted(clean));
}

static void write_value(struct writing *w, enum bundle_what what, const struct bundle_value *v)
{
	switch (what) {
	case BUNDLE_NUMBER:
		jsonw_i64(w->j, v->number);
		break;
	case BUNDLE_TIME:
		jsonw_i64(w->j, (v->number - w->view->file.opened) / NS_PER_MS);
		break;
	case BUNDLE_DATE:
		write_date(w, v->number);
		break;
	case BUNDLE_WORD:
		write_word(w, v->text);
		break;
	case BUNDLE_SENTENCE:
		write_sentence(w, v->text);
		break;
	case BUNDLE_PARTY:
		write_party(w, (device_id)v->number);
		break;
	case BUNDLE_MAC:
		write_mac(w, v);
		break;
	case BUNDLE_ADDR:
		write_addr(w, v);
		break;
	case BUNDLE_TEXT:
		write_text(w, v->text);
		break;
	}
}

static void write_fields(struct writing *w, enum bundle_part part)
{
	const struct bundle_field *f;

	jsonw_object(w->j);
	for (size_t i = 0; (f = bundle_field_at(i)) && !w->error; i++) {
		struct bundle_value v = {0};

		if (f->part != part || !bundle_leaves(w->wish, i))
			continue;
		f->get(&w->at, &v);
		jsonw_key(w->j, f->name);
		if (v.there)
			write_value(w, f->what, &v);
		else
			jsonw_null(w->j);
	}
	jsonw_object_end(w->j);
}

static bool has_any(const struct bundle_wish *wish, enum bundle_part part)
{
	const struct bundle_field *f;

	for (size_t i = 0; (f = bundle_field_at(i)); i++)
		if (f->part == part && bundle_leaves(wish, i))
			return true;
	return false;
}

static bool is_shown(const struct writing *w, enum bundle_part part, size_t i)
{
	return part != BUNDLE_DETECTORS || w->view->bundle->times[i] > 0;
}

static void write_part(struct writing *w, enum bundle_part part)
{
	bool one = part == BUNDLE_CASE || part == BUNDLE_DEVICE;
	size_t count = bundle_part_count(w->view, part);

	if (!has_any(w->wish, part))
		return;
	jsonw_key(w->j, bundle_part_name(part));
	if (!one)
		jsonw_array(w->j);
	for (size_t i = 0; i < count && !w->error; i++) {
		w->at.index = i;
		if (is_shown(w, part, i))
			write_fields(w, part);
	}
	if (!one)
		jsonw_array_end(w->j);
}

static void write_cuts(struct writing *w)
{
	const struct bundle_field *f;
	char text[BUNDLE_FIELD_TEXT];

	jsonw_key(w->j, "cut");
	jsonw_array(w->j);
	for (size_t i = 0; (f = bundle_field_at(i)); i++)
		if (w->wish->cut & 1ULL << i)
			jsonw_string(w->j, bundle_field_text(f, text));
	jsonw_array_end(w->j);
}

static void write_all(struct writing *w)
{
	jsonw_object(w->j);
	jsonw_kv_string(w->j, "schema", BUNDLE_SCHEMA);
	jsonw_kv_string(w->j, "level", bundle_level_name(w->wish->level));
	write_cuts(w);
	for (unsigned p = 0; p < BUNDLE_PART_MAX; p++)
		write_part(w, (enum bundle_part)p);
	jsonw_object_end(w->j);
	if (!w->error)
		w->error = w->j->error;
}

char *bundle_digest(const char *text, size_t len, char ret[BUNDLE_DIGEST])
{
	struct str_text t = {.buf = ret, .size = BUNDLE_DIGEST};
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	ret[0] = 0;
	if (EVP_Digest(text, len, digest, &size, EVP_sha256(), NULL) == 1)
		for (unsigned i = 0; i < size; i++)
			str_add(&t, "%02x", digest[i]);
	return ret;
}

int bundle_write(const struct case_view *v, const struct bundle_home *h,
	const struct bundle_wish *wish, struct jsonw *j)
{
	struct writing w = {.view = v, .wish = wish, .j = j, .at = {.view = v}};
	char token[BUNDLE_TOKEN];
	uint8_t key[PSEUDONYM_KEY];
	int error = bundle_key(h->key, v->file.id, key);

	if (error)
		return error;
	w.at.token = bundle_token(key, token);
	error = pseudonym_new(key, &w.pseudonym);
	if (!error)
		error = bundle_words_new(h, &w.words);
	if (!error) {
		write_all(&w);
		error = w.error;
	}
	bundle_words_free(w.words);
	pseudonym_free(w.pseudonym);
	return error;
}
