// SPDX-License-Identifier: GPL-2.0-or-later
/* cms - fuzz target: a signature over known bytes. Only what the keys behind the seeds
 * have signed may be called valid, and only by their name. */
#include "profiles/mud/cms.h"
#include "wire_fuzz.h"

/* 2036: all certificates of the seeds hold. */
#define WALL (2110838400LL * NS_PER_SEC)

static const char mud[] = "{\"ietf-mud:mud\":{\"mud-version\":1}}\n";
static const char anchor[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBajCCARCgAwIBAgIUKkis8WffS9vvYb2rwCAQlzM6X18wCgYIKoZIzj0EAwIw\n"
	"EjEQMA4GA1UEAwwHRnV6eiBDQTAgFw0yNjExMjIwMDI0MTdaGA8yMTI2MTAyOTAw\n"
	"MjQxN1owEjEQMA4GA1UEAwwHRnV6eiBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEH\n"
	"A0IABETt1eXOJXeZJoHhQpjUw5y9HeGIrK9dSP9bOH6p8v1xTNAmYyYBTLSzudO6\n"
	"RsZ3EgHU+Z8An/QZ6TTz/hlcCXyjQjBAMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0P\n"
	"AQH/BAQDAgIEMB0GA1UdDgQWBBRhHooeBanWKKqWh4aHWKofRqPXaTAKBggqhkjO\n"
	"PQQDAgNIADBFAiACgzh4trBiHS/fxk8x1JMH78Fga73r10XuycSjNIQmXQIhAJle\n"
	"lNNhiTj6kUphDhFu4qg9h04AFFZADN17D4kBtUOD\n"
	"-----END CERTIFICATE-----\n";

static const struct mud_trust *trust(void)
{
	static struct mud_trust *t;
	char text[LIMIT_TEXT];

	if (!t)
		FUZZ_ASSERT(mud_trust_new(anchor, sizeof(anchor) - 1, &t, text) == 0);
	return t;
}

static void check_shown(const char *text)
{
	for (; *text; text++)
		FUZZ_ASSERT(*text >= ' ' && *text <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mud_signature with, without;
	char signer[LIMIT_TEXT], text[LIMIT_TEXT];
	int error;

	FUZZ_ASSERT(mud_cms_judge(
			    trust(), mud, sizeof(mud) - 1, data, size, WALL, &with) == 0);
	FUZZ_ASSERT(
		mud_cms_judge(NULL, mud, sizeof(mud) - 1, data, size, WALL, &without) == 0);
	FUZZ_ASSERT((with.state == SIGNATURE_VALID) == !with.text[0]);
	FUZZ_ASSERT(without.state != SIGNATURE_VALID);
	check_shown(with.signer);
	check_shown(with.key);
	check_shown(with.text);
	error = mud_cms_verify(trust(), mud, sizeof(mud) - 1, data, size, WALL, signer, text);
	FUZZ_ASSERT((error == 0) == (with.state == SIGNATURE_VALID));
	if (with.state == SIGNATURE_VALID) {
		FUZZ_ASSERT(strcmp(with.signer, "CN=Fuzz Signer") == 0);
		FUZZ_ASSERT(strcmp(signer, with.signer) == 0 && with.key[0]);
	}
	return 0;
}
