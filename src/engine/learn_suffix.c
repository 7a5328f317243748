// SPDX-License-Identifier: GPL-2.0-or-later
/* learn_suffix - how many labels of a name nobody owns alone: public suffixes as
 * publicsuffix.org lists them, and names under which clouds rent to everybody. */
#include "engine/learn.h"

#include <errno.h>
#include <libpsl.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* The learner asks for the same names again and again, and the list is a search. */
#define MEMO_SLOTS 1024
struct memo {
	char name[LIMIT_NAME];
	unsigned labels; /* 0: free */
};

struct learn_suffixes {
	psl_ctx_t *own; /* read from the system's file; or NULL */
	const psl_ctx_t *list;
	struct memo memo[MEMO_SLOTS];
};

/* Names below which neighbours are strangers, though no browser sets cookies there, so
 * that the public list lacks them or has them in part; more: and so many labels below,
 * as regions and services are. Sorted. */
static const struct shared {
	const char *name;
	unsigned more;
} shared[] = {
	{"1e100.net", 0},
	{"akadns.net", 1},
	{"akamai.net", 1},
	{"akamaiedge.net", 1},
	{"akamaihd.net", 0},
	{"alicdn.com", 0},
	{"aliyuncs.com", 1},
	{"amazonaws.com", 3},
	{"amazonaws.com.cn", 2},
	{"awsglobalaccelerator.com", 0},
	{"azure-devices.net", 0},
	{"azure.com", 1},
	{"azureedge.net", 0},
	{"azurewebsites.net", 1},
	{"b-cdn.net", 0},
	{"cdn.cloudflare.net", 1},
	{"cloudapp.azure.com", 1},
	{"cloudapp.net", 0},
	{"cloudflare.net", 0},
	{"cloudfront.net", 0},
	{"core.windows.net", 1},
	{"digitaloceanspaces.com", 1},
	{"edgecastcdn.net", 1},
	{"edgekey.net", 0},
	{"edgesuite.net", 0},
	{"fastly.net", 1},
	{"fastlylb.net", 1},
	{"footprint.net", 0},
	{"googleusercontent.com", 1},
	{"hwclouds-dns.com", 0},
	{"llnwd.net", 0},
	{"msedge.net", 0},
	{"myhuaweicloud.com", 1},
	{"myqcloud.com", 1},
	{"oraclecloud.com", 1},
	{"qiniucdn.com", 0},
	{"stackpathdns.com", 0},
	{"tencentcs.com", 0},
	{"trafficmanager.net", 0},
	{"windows.net", 1},
};
#define SHARED_COUNT (sizeof shared / sizeof *shared)
#define SHARED_LABELS 3 /* of the longest */

int learn_suffixes_new(struct learn_suffixes **ret)
{
	struct learn_suffixes *s = calloc(1, sizeof *s);

	if (!s)
		return -ENOMEM;
	s->own = psl_latest(NULL);
	s->list = s->own ? s->own : psl_builtin();
	*ret = s;
	return 0;
}

void learn_suffixes_free(struct learn_suffixes *s)
{
	if (!s)
		return;
	psl_free(s->own); /* knows the built-in list, and leaves it */
	free(s);
}

static unsigned labels_of(const char *name)
{
	unsigned n = *name != 0;

	for (; *name; name++)
		n += *name == '.';
	return n;
}

/* The end of the name that has so many labels. */
static const char *tail_of(const char *name, unsigned labels)
{
	for (unsigned skip = labels_of(name) - labels; skip; skip--)
		name = strchr(name, '.') + 1;
	return name;
}

static int compare(const void *name, const void *entry)
{
	return strcmp(name, ((const struct shared *)entry)->name);
}

static unsigned shared_labels(const char *name, unsigned labels)
{
	unsigned most = 0;

	for (unsigned n = 2; n <= SHARED_LABELS && n <= labels; n++) {
		const struct shared *s = bsearch(tail_of(name, n), shared, SHARED_COUNT,
			sizeof *shared, compare);
		unsigned all = s ? n + s->more : 0;
		if (all > labels)
			all = labels;
		most = all > most ? all : most;
	}
	return most;
}

/* What libpsl takes for the suffix of a name that no list has is its last label. */
static unsigned public_labels(const struct learn_suffixes *s, const char *name)
{
	const char *domain = s->list ? psl_registrable_domain(s->list, name) : NULL;

	if (domain)
		return labels_of(domain) - 1;
	return s->list && psl_is_public_suffix(s->list, name) ? labels_of(name) : 1;
}

static unsigned count(const struct learn_suffixes *s, const char *name)
{
	unsigned most = shared_labels(name, labels_of(name));
	unsigned n = public_labels(s, name);

	return n > most ? n : most;
}

/* FNV-1a: who finds names that collide makes no more than the list's own search. */
static struct memo *memo_of(struct learn_suffixes *s, const char *name)
{
	uint32_t h = 2166136261u;

	for (; *name; name++)
		h = (h ^ (uint8_t)*name) * 16777619u;
	return &s->memo[(h ^ h >> 16) % MEMO_SLOTS];
}

unsigned learn_suffixes_labels(void *ctx, const char *name)
{
	struct learn_suffixes *s = ctx;
	struct memo *m = memo_of(s, name);

	if (m->labels && strcmp(m->name, name) == 0)
		return m->labels;
	unsigned n = count(s, name);
	if (str_copy(m->name, sizeof m->name, name))
		m->labels = n;
	else
		m->labels = 0; /* too long to be known again */
	return n;
}
