// SPDX-License-Identifier: GPL-2.0-or-later
/* people - the secret by which the first owner is made, and a lost password replaced. Root
 * alone can see it. */
#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/random.h>
#include "base/log.h"
#include "engine/people.h"

#define SETUP_NAME "setup" /* in the store */

/* As it is kept. */
struct setup {
	char text[PEOPLE_SETUP_TEXT]; /* empty: there is none */
	uint8_t unused[STORE_SECRET - PEOPLE_SETUP_TEXT - sizeof(nstime)];
	nstime until; /* wall; 0: for the first owner */
};
_Static_assert(sizeof(struct setup) == STORE_SECRET, "its place in the store");

static int put(struct people *o, const struct setup *s)
{
	uint8_t octets[STORE_SECRET];
	int error;

	memcpy(octets, s, sizeof(octets));
	error = store_secret_save(o->store, SETUP_NAME, octets);
	explicit_bzero(octets, sizeof(octets));
	return error;
}

/* Beside the store for who has no command line at hand; what counts is in the store. */
static void show(struct people *o, const struct setup *s)
{
	if (store_setup_show(o->store, s->text))
		log_warn("people", "the setup secret is not in its file");
}

static int save(struct people *o, const struct setup *s)
{
	int error = put(o, s);

	if (!error)
		error = store_commit(o->store);
	if (!error)
		show(o, s);
	return error;
}

static int load(struct people *o, nstime now, struct setup *ret)
{
	uint8_t octets[STORE_SECRET];
	int error = store_secret(o->store, SETUP_NAME, octets);
	struct setup s;

	if (error)
		return error;
	memcpy(&s, octets, sizeof(s));
	explicit_bzero(octets, sizeof(octets));
	s.text[sizeof(s.text) - 1] = 0;
	if (!s.text[0] || (s.until ? now >= s.until : people_has_owner(o)))
		return -ENOENT;
	*ret = s;
	return 0;
}

int people_setup(
	struct people *o, nstime now, char ret[PEOPLE_SETUP_TEXT], nstime *ret_until)
{
	struct setup s;
	int error = load(o, now, &s);

	if (error)
		return error;
	memcpy(ret, s.text, sizeof(s.text));
	*ret_until = s.until;
	return 0;
}

int people_setup_new(
	struct people *o, nstime now, char ret[PEOPLE_SETUP_TEXT], nstime *ret_until)
{
	uint8_t random[PEOPLE_SETUP_DIGITS];
	struct setup s = {.until = people_has_owner(o) ? now + PEOPLE_SETUP_FOR : 0};
	int error;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	people_setup_make(random, s.text);
	error = save(o, &s);
	if (error)
		return error;
	log_info("people", "a secret for setting up an owner waits: `cardea web` shows it");
	memcpy(ret, s.text, sizeof(s.text));
	*ret_until = s.until;
	return 0;
}

int people_setup_use(struct people *o, nstime now, const char *typed, const char *user,
	const uint8_t key[PEOPLE_KEY])
{
	char text[PEOPLE_SETUP_TEXT] = "";
	struct setup s = {0}, none = {0};
	int error = load(o, now, &s);

	if (error && error != -ENOENT)
		return error;
	if (!people_setup_read(typed, text) || error ||
		CRYPTO_memcmp(text, s.text, sizeof(text)) != 0)
		return CARDEA_EREFUSED;
	/* it goes in the transaction that makes the owner: no crash leaves it good for another */
	error = put(o, &none);
	if (!error)
		error = people_set(o, now, user, PEOPLE_OWNER, key, NULL);
	if (!error)
		show(o, &none);
	else if (put(o, &s))
		log_error("people", "the setup secret is lost: `cardea web --new-secret`");
	explicit_bzero(&s, sizeof(s));
	return error;
}
