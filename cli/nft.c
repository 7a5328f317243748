// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea policy show --nft - elements in nft's own words. Every value is read and
 * written anew: what comes out is safe to feed to nft, whoever answered. */
#include <string.h>
#include "base/addr.h"
#include "base/str.h"
#include "cli/answer.h"
#include "cli/rules.h"
#include "cli/text.h"

#define ELEMENT_TEXT_MAX 512
#define LARGEST_PACKET 65536 /* what the kernel segments later comes as one */

struct words {
	char text[ELEMENT_TEXT_MAX];
	size_t len;
	bool bad;
};

static void word(struct words *w, const char *text)
{
	const char *dot = w->len ? " . " : "";

	if (w->bad || str_print(w->text + w->len, sizeof(w->text) - w->len, "%s%s", dot,
			      text))
		w->bad = true;
	else
		w->len += strlen(dot) + strlen(text);
}

static void word_mac_of(struct words *w, const json_t *e, const char *key)
{
	char text[MAC_TEXT_MAX];
	struct mac mac;

	if (mac_parse(answer_raw(e, key), &mac))
		w->bad = true;
	else
		word(w, mac_format(&mac, text));
}

static void word_mac(struct words *w, const json_t *e)
{
	word_mac_of(w, e, "mac");
}

/* Sets typed by 16 raw bytes take a number. */
static void word_raw6(struct words *w, const struct addr *a)
{
	char text[2 + 32 + 1] = "0x";

	for (size_t i = 0; i < 16; i++)
		(void)str_print(text + 2 + 2 * i, 3, "%02x", a->b[i]);
	word(w, text);
}

static bool read_addr(
	const json_t *e, const char *key, uint8_t family, struct addr *ret)
{
	return addr_parse(answer_raw(e, key), ret) == 0 && ret->family == family;
}

static void word_device(struct words *w, const json_t *e, uint8_t family, bool raw)
{
	char text[ADDR_TEXT_MAX];
	struct addr a;

	if (!read_addr(e, "device", family, &a))
		w->bad = true;
	else if (raw && family == 6)
		word_raw6(w, &a);
	else
		word(w, addr_format(&a, text));
}

static void word_peer(struct words *w, const json_t *e, uint8_t family)
{
	char lo[ADDR_TEXT_MAX], hi[ADDR_TEXT_MAX], text[2 * ADDR_TEXT_MAX];
	struct addr from, to;

	if (!read_addr(e, "peer_from", family, &from) ||
		!read_addr(e, "peer_to", family, &to)) {
		w->bad = true;
		return;
	}
	addr_format(&from, lo);
	addr_format(&to, hi);
	(void)str_print(
		text, sizeof(text), addr_equal(&from, &to) ? "%s" : "%s-%s", lo, hi);
	word(w, text);
}

static void word_range(struct words *w, const json_t *e, const char *key, long long max)
{
	char from[32], to[32], text[48];
	long long lo, hi;

	(void)str_print(from, sizeof(from), "%s_from", key);
	(void)str_print(to, sizeof(to), "%s_to", key);
	lo = answer_number(e, from);
	hi = answer_number(e, to);
	w->bad = w->bad || lo < 0 || hi > max || lo > hi;
	(void)str_print(text, sizeof(text), lo == hi ? "%lld" : "%lld-%lld", lo, hi);
	word(w, text);
}

static void word_box(struct words *w, const json_t *e, uint8_t family,
	const char *source, const char *destination)
{
	word_peer(w, e, family);
	word_range(w, e, "proto", UINT8_MAX);
	word_range(w, e, source, UINT16_MAX);
	word_range(w, e, destination, UINT16_MAX);
}

/* Frames that are not IP: one peer, or all there are. */
static void word_ether(struct words *w, const json_t *e)
{
	struct words hi = {0};
	char type[16];

	(void)str_print(type, sizeof(type), "0x%04llx",
		(unsigned long long)answer_number(e, "ether_type") & 0xffff);
	word_mac(w, e);
	word(w, type);
	word_mac_of(w, e, "peer_mac_from");
	word_mac_of(&hi, e, "peer_mac_to");
	w->bad = w->bad || hi.bad;
	if (w->len >= hi.len && strcmp(w->text + w->len - hi.len, hi.text) == 0)
		return; /* one */
	if (str_print(w->text + w->len, sizeof(w->text) - w->len, "-%s", hi.text))
		w->bad = true;
}

/* With the burst that the gateway gives it: a second's worth of packets; for bytes the
 * kernel adds that itself, to what the largest packet needs beyond it. nft takes no 0. */
static void word_rate(struct words *w, const json_t *e, bool bytes)
{
	long long rate = answer_number(e, "rate");
	char text[96];

	if (bytes)
		(void)str_print(text, sizeof(text),
			" limit rate over %lld bytes/second burst %lld bytes", rate,
			rate < LARGEST_PACKET ? LARGEST_PACKET - rate : 1);
	else
		(void)str_print(text, sizeof(text),
			" limit rate over %lld/second burst %lld packets", rate, rate);
	w->bad = w->bad || rate <= 0 ||
		 str_print(w->text + w->len, sizeof(w->text) - w->len, "%s", text);
	w->len += w->bad ? 0 : strlen(text);
}

/* A limit of packets or bytes, from the device (by its MAC) or to one of its
 * addresses. */
static const char *limit_words(struct words *w, const json_t *e, uint8_t family)
{
	const char *set = answer_raw(e, "set");
	bool bytes = strcmp(set + strlen(set) - 5, "bytes") == 0;

	if (strncmp(set, "limit-out-", 10) == 0)
		word_mac(w, e);
	else if (family == 4 || family == 6)
		word_device(w, e, family, false);
	else
		return NULL;
	word_rate(w, e, bytes);
	if (strncmp(set, "limit-out-", 10) == 0)
		return bytes ? "bytes_f" : "packets_f";
	return bytes ? "bytes_t" : "packets_t";
}

/* Sets that are the same for both families of addresses. */
static const char *plain_words(struct words *w, const json_t *e)
{
	const char *set = answer_raw(e, "set");

	if (strcmp(set, "managed") == 0) {
		word_mac(w, e);
		return "managed";
	}
	if (strcmp(set, "ether-out") != 0 && strcmp(set, "ether-in") != 0)
		return NULL;
	word_ether(w, e);
	return strcmp(set, "ether-out") == 0 ? "ether_f" : "ether_t";
}

/* The order of the fields is that of the sets' types. Returns the set without family,
 * or NULL. */
static const char *element_words(struct words *w, const json_t *e, uint8_t family)
{
	const char *set = answer_raw(e, "set"), *plain = plain_words(w, e);

	if (plain)
		return plain;
	if (strncmp(set, "limit-", 6) == 0)
		return limit_words(w, e, family);
	if (family != 4 && family != 6)
		return NULL;
	if (strcmp(set, "policed") == 0 || strcmp(set, "owned") == 0) {
		word_device(w, e, family, set[0] == 'o');
	} else if (strcmp(set, "bound") == 0) {
		word_mac(w, e);
		word_device(w, e, family, true);
	} else if (strcmp(set, "local") == 0) {
		word(w, "0-65535"); /* the Ethernet type */
		word_peer(w, e, family);
	} else if (strcmp(set, "out") == 0) {
		word_mac(w, e);
		word_peer(w, e, family);
		word_range(w, e, "proto", UINT8_MAX);
		word_range(w, e, "peer_port", UINT16_MAX);
	} else if (strcmp(set, "out-range") == 0) {
		word_mac(w, e);
		word_box(w, e, family, "device_port", "peer_port");
		set = "outr";
	} else if (strcmp(set, "in") == 0) {
		word_device(w, e, family, false);
		word_peer(w, e, family);
		word_range(w, e, "proto", UINT8_MAX);
		word_range(w, e, "device_port", UINT16_MAX);
	} else if (strcmp(set, "in-range") == 0) {
		word_device(w, e, family, false);
		word_box(w, e, family, "peer_port", "device_port");
		set = "inr";
	} else {
		return NULL;
	}
	return set;
}

static bool print_element(const json_t *e)
{
	long long family = answer_number(e, "family");
	struct words w = {0};
	const char *set = element_words(&w, e, (uint8_t)family);

	if (!set || w.bad)
		return false;
	printf("add element inet cardea %s%s { %s }\n", set,
		family == 4   ? "4"
		: family == 6 ? "6"
			      : "",
		w.text);
	return true;
}

enum cli_exit nft_print(const json_t *policy)
{
	unsigned unknown = 0, names = 0;
	json_t *d, *e;
	size_t i, k;

	printf("# The same elements are in table bridge cardea.\n"
	       "# Where bpf enforces, its maps hold them, and nft has no such tables.\n");
	json_array_foreach (json_object_get(policy, "devices"), i, d) {
		printf("# %s\n", answer_text(d, "device"));
		json_array_foreach (json_object_get(d, "elements"), k, e)
			if (strcmp(answer_raw(e, "set"), "name") != 0)
				unknown += !print_element(e);
			else /* nft has no set of names */
				names++;
		if (names)
			printf("# ... and %u openings of names, which another kernel "
			       "learns by itself\n",
				names);
		names = 0;
	}
	if (!unknown)
		return CLI_OK;
	cli_complain("use the cardea that belongs to this daemon",
		"%u elements are not understood and are left out", unknown);
	return CLI_FAILED;
}
