// SPDX-License-Identifier: GPL-2.0-or-later
/* people - sessions and tokens: who is it, and until when. */
#include "engine/people.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>
#include "base/log.h"
#include "base/str.h"

#define SALT_NAME "password-salt" /* in the store */
/* Beside the octets of a cookie: what is hashed for one purpose is nothing for another. */
#define CSRF_MARK "cardea csrf 1"

static bool digest(const void *octets, size_t len, uint8_t ret[PEOPLE_DIGEST])
{
	return EVP_Digest(octets, len, ret, NULL, EVP_sha256(), NULL) == 1;
}

static bool random_octets(void *ret, size_t len)
{
	return getrandom(ret, len, 0) == (ssize_t)len;
}

int people_open(struct people *o, struct store *s)
{
	int error = store_secret(s, SALT_NAME, o->salt);

	o->store = s;
	if (error != -ENOENT)
		return error;
	if (!random_octets(o->salt, sizeof(o->salt)))
		return -EIO;
	return store_secret_save(s, SALT_NAME, o->salt);
}

void people_free(struct people *o)
{
	lockout_free(&o->lockout);
}

/* Before the answer goes out: who was told of a session has it also after a crash. */
static int keep(struct people *o, int error)
{
	return error ? error : store_commit(o->store);
}

/* ---- users ---- */

struct owners {
	const char *but;
	unsigned count;
	bool is;
};

static int count_owner(void *ctx, const struct people_user *u)
{
	struct owners *w = ctx;

	if (u->role != PEOPLE_OWNER)
		return 0;
	if (w->but && strcmp(w->but, u->name) == 0)
		w->is = true;
	else
		w->count++;
	return 0;
}

bool people_has_owner(struct people *o)
{
	struct owners w = {0};

	/* A store that cannot be read must not make a stranger the owner. */
	return store_users(o->store, count_owner, &w) || w.count;
}

bool people_is_last_owner(struct people *o, const char *user)
{
	struct owners w = {.but = user};

	return store_users(o->store, count_owner, &w) || (w.is && !w.count);
}

int people_check(struct people *o, const char *user, const uint8_t key[PEOPLE_KEY])
{
	struct people_user u = {0};
	uint8_t hash[PEOPLE_DIGEST];
	int error = store_user(o->store, user, &u);

	if (error && error != -ENOENT)
		return error;
	if (!digest(key, PEOPLE_KEY, hash))
		return -EIO;
	/* of nobody it is compared with zeros: that takes as long */
	return CRYPTO_memcmp(hash, u.key, sizeof(hash)) != 0 || error ? CARDEA_EREFUSED : 0;
}

static int end_others(struct people *o, const char *user, const uint8_t *kept)
{
	struct people_session n;
	bool had = kept && store_session(o->store, kept, &n) == 0 &&
		   strcmp(n.user, user) == 0;
	int error = store_sessions_remove_of(o->store, user);

	o->generation++;
	return !error && had ? store_session_add(o->store, &n) : error;
}

int people_set(struct people *o, nstime now, const char *user, enum people_role role,
	const uint8_t *key, const uint8_t *kept)
{
	struct people_user u = {0};
	int error;

	if (!people_name_is_sound(user))
		return CARDEA_EMALFORMED;
	error = store_user(o->store, user, &u);
	if (error && error != -ENOENT)
		return error;
	if (error && (!key || role == PEOPLE_NOBODY))
		return error; /* a new one needs both */
	if (error) {
		str_copy(u.name, sizeof(u.name), user);
		u.since = now;
	}
	if (role != PEOPLE_NOBODY)
		u.role = role;
	if (key && !digest(key, PEOPLE_KEY, u.key))
		return -EIO;
	error = store_user_save(o->store, &u);
	if (!error)
		error = end_others(o, user, kept);
	if (!error && u.role != PEOPLE_OWNER)
		error = store_tokens_remove_by(o->store, user);
	return keep(o, error);
}

int people_remove(struct people *o, const char *user)
{
	int error = store_user_remove(o->store, user);

	o->generation++;
	if (!error)
		error = store_tokens_remove_by(o->store, user);
	return keep(o, error);
}

/* ---- sessions ---- */

void people_csrf(const uint8_t secret[PEOPLE_SECRET], char ret[PEOPLE_HEX])
{
	uint8_t buf[sizeof(CSRF_MARK) + PEOPLE_SECRET], hash[PEOPLE_DIGEST] = {0};

	memcpy(buf, CSRF_MARK, sizeof(CSRF_MARK));
	memcpy(buf + sizeof(CSRF_MARK), secret, PEOPLE_SECRET);
	ret[0] = 0;
	if (digest(buf, sizeof(buf), hash))
		str_to_hex(hash, sizeof(hash), ret);
	explicit_bzero(buf, sizeof(buf));
}

static bool is_alive(const struct people_session *n, nstime now)
{
	return now < n->until && now - n->used < PEOPLE_IDLE;
}

int people_begin(struct people *o, nstime now, const char *user,
	uint8_t ret_secret[PEOPLE_SECRET])
{
	struct people_session n = {.since = now, .used = now, .until = now + PEOPLE_WHOLE};
	uint8_t secret[PEOPLE_SECRET];
	struct people_user u;
	int error = store_user(o->store, user, &u);

	if (error)
		return error;
	if (!random_octets(secret, sizeof(secret)) || !digest(secret, sizeof(secret), n.id))
		return -EIO;
	str_copy(n.user, sizeof(n.user), user);
	u.last = now;
	error = store_sessions_prune(o->store, now, now - PEOPLE_IDLE);
	if (!error)
		error = store_user_save(o->store, &u);
	if (!error)
		error = store_session_add(o->store, &n);
	error = keep(o, error);
	if (!error)
		memcpy(ret_secret, secret, sizeof(secret));
	explicit_bzero(secret, sizeof(secret));
	return error;
}

/* One that is over goes: a clock that is set back brings nothing to life. */
static bool session_of(
	struct people *o, nstime now, const uint8_t id[PEOPLE_DIGEST], struct people_session *ret)
{
	if (store_session(o->store, id, ret))
		return false;
	if (!is_alive(ret, now)) {
		(void)!store_session_remove(o->store, id);
		return false;
	}
	return true;
}

void people_of_cookie(struct people *o, nstime now, const uint8_t secret[PEOPLE_SECRET],
	struct people_who *ret)
{
	struct people_session n;
	uint8_t id[PEOPLE_DIGEST];

	memset(ret, 0, sizeof(*ret));
	if (!digest(secret, PEOPLE_SECRET, id) || !session_of(o, now, id, &n))
		return;
	if (now - n.used >= PEOPLE_USED_EVERY || now < n.used)
		(void)!store_session_used(o->store, id, now);
	ret->role = n.role;
	ret->by = PEOPLE_BY_SESSION;
	str_copy(ret->user, sizeof(ret->user), n.user);
	memcpy(ret->session, id, sizeof(id));
	ret->until = n.until;
}

int people_end(struct people *o, const uint8_t session[PEOPLE_DIGEST])
{
	o->generation++;
	return keep(o, store_session_remove(o->store, session));
}

int people_end_all(struct people *o, const char *user)
{
	return keep(o, end_others(o, user, NULL));
}

/* ---- tokens ---- */

struct token_wanted {
	const uint8_t *hash; /* or NULL: by id */
	uint32_t id;
	nstime now;
	struct people_token found;
};

/* All are looked at: how long it takes tells nothing. */
static int is_token(void *ctx, const struct people_token *t)
{
	struct token_wanted *w = ctx;
	bool is = w->hash ? CRYPTO_memcmp(t->digest, w->hash, PEOPLE_DIGEST) == 0
			  : t->id == w->id;

	if (is && w->now < t->until)
		w->found = *t;
	return 0;
}

void people_of_token(struct people *o, nstime now, const uint8_t secret[PEOPLE_SECRET],
	struct people_who *ret)
{
	uint8_t hash[PEOPLE_DIGEST];
	struct token_wanted w = {.hash = hash, .now = now};

	memset(ret, 0, sizeof(*ret));
	if (!digest(secret, PEOPLE_SECRET, hash) || store_tokens(o->store, is_token, &w) ||
		!w.found.id)
		return;
	if (now - w.found.used >= PEOPLE_USED_EVERY || now < w.found.used)
		(void)!store_token_used(o->store, w.found.id, now);
	ret->role = w.found.role;
	ret->by = PEOPLE_BY_TOKEN;
	str_copy(ret->user, sizeof(ret->user), w.found.by);
	ret->token = w.found.id;
	ret->until = w.found.until;
}

int people_token_make(struct people *o, nstime now, struct people_token *t,
	char ret_text[PEOPLE_TOKEN_TEXT])
{
	uint8_t secret[PEOPLE_SECRET];
	int error;

	if (!random_octets(secret, sizeof(secret)) ||
		!digest(secret, sizeof(secret), t->digest))
		return -EIO;
	t->since = now;
	error = keep(o, store_token_add(o->store, t));
	if (!error) {
		memcpy(ret_text, PEOPLE_TOKEN_MARK, sizeof(PEOPLE_TOKEN_MARK));
		str_to_hex(secret, sizeof(secret),
			ret_text + sizeof(PEOPLE_TOKEN_MARK) - 1);
	}
	explicit_bzero(secret, sizeof(secret));
	return error;
}

int people_token_remove(struct people *o, uint32_t id)
{
	o->generation++;
	return keep(o, store_token_remove(o->store, id));
}

bool people_still(struct people *o, nstime now, const struct people_who *who)
{
	struct token_wanted w = {.id = who->token, .now = now};
	struct people_session n;

	if (who->by == PEOPLE_BY_SESSION)
		return session_of(o, now, who->session, &n) && n.role == who->role;
	if (who->by == PEOPLE_BY_TOKEN)
		return store_tokens(o->store, is_token, &w) == 0 && w.found.id;
	return false;
}
