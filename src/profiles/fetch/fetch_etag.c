// SPDX-License-Identifier: GPL-2.0-or-later
/* fetch_etag - which ETags (RFC 9110 8.8.3) may be asked with: those that this process
 * got with a file whose signature it found good, or that has none. After a start with
 * other anchors, or for a file whose signature was bad, all is checked anew. */
#include "profiles/fetch/fetch_priv.h"

#include <stdlib.h>
#include <string.h>
#include "base/hash.h"

/* Twice the files of a house, so that few push each other out; a file that was only
 * costs one more transfer. */
#define SLOTS (2 * LIMIT_DEVICES)

struct fetch_etags {
	struct hash_key key;
	uint64_t seen[SLOTS]; /* of URL and ETag, at its own remainder; 0: free */
};

struct fetch_etags *fetch_etags_new(void)
{
	struct fetch_etags *e = calloc(1, sizeof *e);

	if (e)
		e->key = hash_key_random();
	return e;
}

void fetch_etags_free(struct fetch_etags *e)
{
	free(e);
}

bool fetch_etag_is_good(const char *etag)
{
	const char *at = strncmp(etag, "W/", 2) ? etag : etag + 2;
	size_t len = strlen(at);

	if (len < 2 || at[0] != '"' || at[len - 1] != '"')
		return false;
	for (size_t i = 1; i < len - 1; i++)
		if (at[i] <= ' ' || at[i] > '~' || at[i] == '"')
			return false;
	return true;
}

static uint64_t hash_of(const struct fetch_etags *e, const char *url, const char *etag)
{
	char both[LIMIT_URL + LIMIT_TEXT];
	size_t url_size = strlen(url) + 1, etag_len = strlen(etag);

	memcpy(both, url, url_size);
	memcpy(both + url_size, etag, etag_len);
	return hash_bytes(&e->key, both, url_size + etag_len);
}

void fetch_etags_add(struct fetch_etags *e, const char *url, const char *etag)
{
	uint64_t hash = hash_of(e, url, etag);

	if (etag[0])
		e->seen[hash % SLOTS] = hash;
}

bool fetch_etags_has(const struct fetch_etags *e, const char *url, const char *etag)
{
	uint64_t hash = hash_of(e, url, etag);

	return etag[0] && hash && e->seen[hash % SLOTS] == hash;
}
