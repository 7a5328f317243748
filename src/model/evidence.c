// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
#include "model/evidence.h"

#include <string.h>

static const char *const kinds[ATTEST_KIND_MAX] = {
	"token", "result", "manifest", "report"};
static const char *const uses[ATTEST_USE_MAX] = {"device", "maker", "verifier"};

const char *attest_kind_name(enum attest_kind k)
{
	return k < ATTEST_KIND_MAX ? kinds[k] : "?";
}

const char *attest_use_name(enum attest_use u)
{
	return u < ATTEST_USE_MAX ? uses[u] : "?";
}

static bool find(const char *const *names, unsigned count, const char *name,
	unsigned *ret)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0) {
			*ret = i;
			return true;
		}
	return false;
}

bool attest_kind_find(const char *name, enum attest_kind *ret)
{
	unsigned i;

	if (!find(kinds, ATTEST_KIND_MAX, name, &i))
		return false;
	*ret = (enum attest_kind)i;
	return true;
}

bool attest_use_find(const char *name, enum attest_use *ret)
{
	unsigned i;

	if (!find(uses, ATTEST_USE_MAX, name, &i))
		return false;
	*ret = (enum attest_use)i;
	return true;
}

bool evidence_key_is_sound(const struct evidence_key *k)
{
	if (k->use >= ATTEST_USE_MAX || !k->pem_len || k->pem_len >= EVIDENCE_KEY_BYTES)
		return false;
	if ((k->device != 0) == (k->vendor[0] != 0))
		return false;
	return k->use != ATTEST_USE_DEVICE || k->device;
}
