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
#include "enforce/nft/skeleton_text.h" /* skeleton.nft, by the build */

_Static_assert(LIMIT_EVENT_RATE == 10 && LIMIT_EVENT_BURST == 40,
	"skeleton.nft has the same numbers");

/* Where skeleton.nft ends what it lays for each table. */
#define PART_2 "\n# Part 2:"

struct word {
	const char *name, *value;
};

/* Copies text, each $word replaced; CARDEA_EMALFORMED for a word nobody set. */
static int fill(FILE *out, const char *text, size_t len, const struct word *words)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
	const char *end = text + len;

	for (const char *word; (word = memchr(text, '$', (size_t)(end - text)));) {
		const struct word *w = words;
		size_t n = strspn(word + 1, letters);

		fwrite(text, 1, (size_t)(word - text), out);
		while (w->name &&
			(strlen(w->name) != n || memcmp(w->name, word + 1, n)))
			w++;
		if (!w->name)
			return CARDEA_EMALFORMED;
		fputs(w->value, out);
		text = word + 1 + n;
	}
	fwrite(text, 1, (size_t)(end - text), out);
	return 0;
}

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

static int render(const struct enforce_config *c, const char *version, char **ret_text)
{
	char lans[LANS_TEXT_MAX], gateways[GATEWAYS_TEXT_MAX], group[8];
	const char *part2 = strstr(skeleton_text, PART_2);
	struct word words[] = {
		{"family", "inet"}, {"related", "ct state related return"},
		{"version", version}, {"lans", lans}, {"gateways", gateways},
		{"group", group}, {NULL, NULL}};
	char *text = NULL;
	size_t size = 0, part1_len = (size_t)(part2 - skeleton_text);

	lans_text(c, lans);
	gateways_text(c, gateways);
	(void)str_print(group, sizeof group, "%u", c->nflog_group);
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return -ENOMEM;
	int e = fill(out, skeleton_text, part1_len, words);
	words[0].value = "bridge";
	words[1].value = "";
	if (!e)
		e = fill(out, skeleton_text, part1_len, words);
	if (!e)
		e = fill(out, part2, strlen(part2), words);
	if (fclose(out) && !e)
		e = -ENOMEM;
	if (e)
		free(text);
	else
		*ret_text = text;
	return e;
}

int skeleton_render(const struct enforce_config *c, char **ret_text,
	char ret_version[SKELETON_VERSION_MAX])
{
	/* Not against attackers: equal texts must get equal names in every run. */
	static const struct hash_key key;
	char version[SKELETON_VERSION_MAX];
	char *text;

	if (!c->lan_count)
		return -EINVAL;
	int e = render(c, "version", &text);
	if (e)
		return e;
	(void)str_print(version, sizeof version, "v%016llx",
		(unsigned long long)hash_bytes(&key, text, strlen(text)));
	free(text);
	e = render(c, version, ret_text);
	if (!e)
		memcpy(ret_version, version, sizeof version);
	return e;
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
