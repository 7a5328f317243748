// SPDX-License-Identifier: GPL-2.0-or-later
/* nflog_seeds.c - writes the seeds of the nflog target into the directory given:
 * cc -Isrc -Itests tests/fuzz/nflog_seeds.c libwire.a libbase.a */
#include <stdio.h>
#include "base/str.h"
#include "unit/nflog_util.h"
#include "wire/icmp.h"

static int save(const char *dir, const char *name, const struct writer *w)
{
	char path[512];
	FILE *f;

	if (w->error || str_print(path, sizeof(path), "%s/%s", dir, name))
		return 1;
	f = fopen(path, "wb");
	if (!f)
		return 1;
	size_t n = fwrite(w->start, 1, w->len, f);
	return fclose(f) || n != w->len;
}

int main(int argc, char **argv)
{
	static const char *const prefixes[] = {"cardea:f:deny", "cardea:t:deny",
		"cardea:f:spoof", "cardea:t:spoof", "cardea:f:rogue", "cardea:f:frag"};
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 0x10}, v6[16] = {0xfe, 0x80};
	uint8_t buf[2048], packet[128];
	struct nflog_packet p = {NULL, ETH_TYPE_IPV4, mac, packet, 0};
	struct writer w = writer_of(buf, sizeof(buf)), body;
	struct ip h = {.family = 6, .proto = IP_PROTO_ICMP6, .ttl = 255,
		.src = addr_v6(v6), .dst = addr_v6(v6)};
	struct icmp i = {.type = ICMP6_ROUTER_ADVERT};
	int failed = argc != 2;

	p.len = nflog_tcp(packet, sizeof(packet));
	for (size_t k = 0; k < 6; k++) {
		p.prefix = prefixes[k];
		nflog_message(&w, &p);
	}
	failed = failed || save(argv[1], "prefixes", &w);
	w = writer_of(buf, sizeof(buf));
	p.mac = NULL;
	nflog_message(&w, &p);
	failed = failed || save(argv[1], "no_mac", &w);
	body = writer_of(packet, sizeof(packet));
	build_ip(&body, &h, 16);
	build_icmp(&body, &h, &i, "12345678", 8);
	p = (struct nflog_packet){prefixes[4], ETH_TYPE_IPV6, mac, packet, body.len};
	w = writer_of(buf, sizeof(buf));
	nflog_message(&w, &p);
	return failed || save(argv[1], "icmp6", &w);
}
