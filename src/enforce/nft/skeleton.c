// SPDX-License-Identifier: GPL-2.0-or-later
/* skeleton - fills the settings into skeleton.nft and lays it in one transaction. */
#include <errno.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"
#include "enforce/nft/nft_priv.h"
#include "enforce/nft/skeleton_text.h" /* skeleton.nft and dns.nft, by the build */

_Static_assert(LIMIT_EVENT_RATE == 10 && LIMIT_EVENT_BURST == 40,
	"skeleton.nft has the same numbers");

/* The configuration as nft lists. Names were checked by enforce_config_set. */
#define LANS_TEXT_MAX (LIMIT_LANS * (LIMIT_IFNAME + 4))
#define GATEWAYS_TEXT_MAX (ENFORCE_GATEWAY_MACS_MAX * (MAC_TEXT_MAX + 2) + 32)

static void lans_text(const struct enforce_config *c, char buf[LANS_TEXT_MAX])
{
	size_t n = 0;

	for (unsigned i = 0; i < c->lan_count; i++, n = strlen(buf))
		(void)str_print(buf + n, LANS_TEXT_MAX - n, "%s\"%s\"", i ? ", " : "",
			c->lans[i]);
}

static void gateways_text(const struct enforce_config *c, char buf[GATEWAYS_TEXT_MAX])
{
	char mac[MAC_TEXT_MAX];
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < c->gateway_count; i++, n = strlen(buf))
		(void)str_print(buf + n, GATEWAYS_TEXT_MAX - n, "%s%s",
			i ? ", " : "elements = { ", mac_format(&c->gateways[i], mac));
	if (n)
		(void)str_print(buf + n, GATEWAYS_TEXT_MAX - n, " }");
}

int skeleton_render(const struct enforce_config *c, bool dns, char **ret_text,
	char ret_version[SKELETON_VERSION_MAX])
{
	/* Not against attackers: equal texts must get equal names in every run. Unused
	 * bytes of the settings are zero. */
	static const struct hash_key key;
	char lans[LANS_TEXT_MAX], gateways[GATEWAYS_TEXT_MAX];
	char version[SKELETON_VERSION_MAX], *text;

	if (!c->lan_count)
		return -EINVAL;
	lans_text(c, lans);
	gateways_text(c, gateways);
	const char *source = dns ? dns_text : skeleton_text;
	uint64_t hash = hash_bytes(&key, source, strlen(source));
	hash ^= hash_bytes(&key, c, sizeof *c);
	(void)str_print(version, sizeof version, "v%016llx", (unsigned long long)hash);
	int n = dns ? asprintf(&text, dns_text, version, lans, gateways)
		    : asprintf(&text, skeleton_text, version, lans, gateways,
			      c->nflog_group);
	if (n < 0)
		return -ENOMEM;
	memcpy(ret_version, version, sizeof version);
	*ret_text = text;
	return 0;
}

static bool lay(const char *text)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);

	if (!nft || nft_ctx_buffer_error(nft) || nft_ctx_buffer_output(nft))
		return false;
	if (!nft_run_cmd_from_buffer(nft, text))
		return true;
	log_error("skeleton", "%.500s", nft_ctx_get_error_buffer(nft));
	return false;
}

/* In a child, with which the parser's memory and its pages go. */
int skeleton_lay(const char *text)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(lay(text) ? 0 : 1);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : CARDEA_EUNSUPPORTED;
}
