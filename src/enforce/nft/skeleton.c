// SPDX-License-Identifier: GPL-2.0-or-later
/* skeleton - renders the tables' text and lays them in one transaction. */
#include <errno.h>
#include <malloc.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"
#include "enforce/nft/nft_priv.h"
#include "enforce/nft/skeleton_text.h"

#define WORD_DEPTH_MAX 3 /* $flow holds $ip, no deeper */
#define WORDS_MAX 32	 /* words in use at once */

struct word {
	const char *name, *value;
};

struct renderer {
	FILE *out;
	struct word words[WORDS_MAX];
	size_t count;
	bool unknown;
};

static void word_set(struct renderer *r, const char *name, const char *value)
{
	for (size_t i = 0; i < r->count; i++) {
		if (!strcmp(r->words[i].name, name)) {
			r->words[i].value = value;
			return;
		}
	}
	if (r->count < WORDS_MAX)
		r->words[r->count++] = (struct word){name, value};
	else
		r->unknown = true;
}

static const char *word_find(const struct renderer *r, const char *name, size_t len)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct word *w = &r->words[i];
		if (strlen(w->name) == len && !memcmp(w->name, name, len))
			return w->value;
	}
	return NULL;
}

static void render(struct renderer *r, const char *text, int depth)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";

	while (*text) {
		size_t plain = strcspn(text, "$");
		fwrite(text, 1, plain, r->out);
		text += plain;
		if (!*text)
			break;
		size_t len = strspn(text + 1, letters);
		const char *value = word_find(r, text + 1, len);
		if (value && depth < WORD_DEPTH_MAX)
			render(r, value, depth + 1);
		else
			r->unknown = true;
		text += 1 + len;
	}
}

static const struct word words4[] = {
	{"v", "4"}, {"ip", "ip"}, {"addr", "ipv4_addr"}, {"icmp", "icmp"},
	{"source", "ip saddr"},
};
static const struct word words6[] = {
	{"v", "6"}, {"ip", "ip6"}, {"addr", "ipv6_addr"}, {"icmp", "icmpv6"},
	{"source", "@nh,64,128"},
};
static const struct word words_from[] = {
	{"d", "f"}, {"suffix", "f"}, {"who", "ether saddr"}, {"deny", "deny_f"},
	{"flow", "$ip saddr . $ip daddr . meta l4proto . th sport . th dport"},
	{"echo", "$ip saddr . $ip daddr . $icmp id"},
	{"alive", ""},
	{"rules", "ether saddr . $ip daddr . meta l4proto . th dport @out$v"
		  " goto f_open$v\n"
		  " ether saddr . $ip daddr . meta l4proto . th sport . th dport"
		  " @outr$v"},
};
static const struct word words_to[] = {
	{"d", "t"}, {"suffix", "t$v"}, {"who", "$ip daddr"}, {"deny", "deny_t$v"},
	{"flow", "$ip daddr . $ip saddr . meta l4proto . th dport . th sport"},
	{"echo", "$ip daddr . $ip saddr . $icmp id"},
	{"alive", "tcp flags & syn == 0 update @flows$v { $flow " TCP_LONG " }"},
	{"rules", "$ip daddr . $ip saddr . meta l4proto . th sport . th dport @inr$v"},
};
static const struct word words_f4[] = {
	{"passudp", PASS_UDP_F4}, {"passicmp", ""}, {"passother", PASS_IGMP_F},
};
static const struct word words_f6[] = {
	{"passudp", PASS_UDP_F6}, {"passicmp", PASS_ICMP_F6}, {"passother", ""},
};
static const struct word words_t4[] = {
	{"passudp", PASS_UDP_T4}, {"passicmp", ""}, {"passother", PASS_IGMP_T},
};
static const struct word words_t6[] = {
	{"passudp", PASS_UDP_T6}, {"passicmp", PASS_ICMP_T6}, {"passother", ""},
};

#define WORDS(r, a) words_use(r, a, sizeof(a) / sizeof((a)[0]))

static void words_use(struct renderer *r, const struct word *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		word_set(r, words[i].name, words[i].value);
}

static void render_refusal(struct renderer *r, const char *name, const char *prefix)
{
	word_set(r, "refusal", name);
	word_set(r, "prefix", prefix);
	render(r, text_refuse, 0);
}

static void render_family(struct renderer *r, bool v6)
{
	if (v6)
		WORDS(r, words6);
	else
		WORDS(r, words4);
	render(r, text_sets_family, 0);
	WORDS(r, words_from);
	if (v6)
		WORDS(r, words_f6);
	else
		WORDS(r, words_f4);
	render(r, text_policy, 0);
	WORDS(r, words_to);
	if (v6)
		WORDS(r, words_t6);
	else
		WORDS(r, words_t4);
	render(r, text_policy, 0);
	render_refusal(r, "deny_", "t:deny");
	render_refusal(r, "spoof_", "t:spoof");
}

static void render_table(struct renderer *r, bool bridge)
{
	word_set(r, "family", bridge ? "bridge" : "inet");
	/* The bridge family has no connection tracking. */
	word_set(r, "related", bridge ? "" : "ct state related return");
	render(r, "add table $family " NFT_TABLE "\ndelete table $family " NFT_TABLE
		"\ntable $family " NFT_TABLE " {\n", 0);
	render(r, text_sets, 0);
	WORDS(r, words_from);
	render_refusal(r, "deny_", "f:deny");
	render_refusal(r, "spoof_", "f:spoof");
	render_refusal(r, "rogue_", "f:rogue");
	render_refusal(r, "frag_", "f:frag");
	render_family(r, false);
	render_family(r, true);
	render(r, text_guard, 0);
	render(r, bridge ? text_bridge : text_inet, 0);
	render(r, "}\n", 0);
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

static int render_all(const struct enforce_config *c, const char *version,
	char **ret_text)
{
	char lans[LANS_TEXT_MAX], gateways[GATEWAYS_TEXT_MAX], group[8];
	struct renderer r = {0};
	char *text = NULL;
	size_t size = 0;

	lans_text(c, lans);
	gateways_text(c, gateways);
	(void)str_print(group, sizeof group, "%u", c->nflog_group);
	r.out = open_memstream(&text, &size);
	if (!r.out)
		return -ENOMEM;
	word_set(&r, "version", version);
	word_set(&r, "lans", lans);
	word_set(&r, "gateways", gateways);
	word_set(&r, "group", group);
	render_table(&r, false);
	render_table(&r, true);
	if (fclose(r.out) || r.unknown) {
		free(text);
		return r.unknown ? CARDEA_EMALFORMED : -ENOMEM;
	}
	*ret_text = text;
	return 0;
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
	int e = render_all(c, "version", &text);
	if (e)
		return e;
	(void)str_print(version, sizeof version, "v%016llx",
		(unsigned long long)hash_bytes(&key, text, strlen(text)));
	free(text);
	e = render_all(c, version, &text);
	if (e)
		return e;
	memcpy(ret_version, version, sizeof version);
	*ret_text = text;
	return 0;
}

int skeleton_lay(const char *text)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	int e = 0;

	if (!nft)
		return -ENOMEM;
	if (nft_ctx_buffer_error(nft) || nft_ctx_buffer_output(nft))
		e = -ENOMEM;
	else if (nft_run_cmd_from_buffer(nft, text)) {
		log_error("skeleton", "%.500s", nft_ctx_get_error_buffer(nft));
		e = CARDEA_EUNSUPPORTED;
	}
	nft_ctx_free(nft);
	malloc_trim(0); /* the parser's memory is not needed again */
	return e;
}
