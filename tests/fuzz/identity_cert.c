// SPDX-License-Identifier: GPL-2.0-or-later
/* identity_cert - fuzz target: a device's certificate; what is taken from it is fit to
 * be told and shown. */
#include "proc/identity.h"
#include "profiles/mud/mud.h"
#include "wire_fuzz.h"

static void check_shown(const char *text)
{
	for (; *text; text++)
		FUZZ_ASSERT(*text >= ' ' && *text <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct identity_cert c;
	char text[LIMIT_TEXT] = "";

	FUZZ_ASSERT(identity_cert_init() == 0);
	if (identity_cert_read(data, size, &c, text)) {
		FUZZ_ASSERT(text[0]);
		return 0;
	}
	FUZZ_ASSERT(!c.mud_url[0] || !mud_url_check(c.mud_url, 0, text));
	check_shown(c.mud_signer);
	check_shown(c.issuer);
	FUZZ_ASSERT(c.serial[0] && !c.serial[strspn(c.serial, "0123456789abcdef")]);
	FUZZ_ASSERT(strlen(c.serial) % 2 == 0);
	return 0;
}
