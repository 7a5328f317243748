// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* wire_golden.c - what the codecs read from a capture that wire_make.py wrote, one JSON
 * line a packet. Printed, or compared with a file of expected lines. */
#include <stdio.h>
#include <string.h>
#include "base/jsonw.h"
#include "wire/checksum.h"
#include "wire/dhcp4.h"
#include "wire/dhcp6.h"
#include "wire/dns.h"
#include "wire/lldp.h"
#include "wire/nd.h"
#include "wire/packet.h"
#include "wire/tls.h"

#define CAPTURE_MAX (1 << 20)
#define PCAP_MAGIC 0xa1b2c3d4
#define LINE_MAX_LEN 65536
#define HTTPS_PORT 443
#define COAPS_PORT 5684

static void put_text(struct jsonw *j, const char *key, struct untrusted_str s)
{
	if (!s.len)
		return;
	jsonw_key(j, key);
	jsonw_untrusted(j, s);
}

static void put_addr(struct jsonw *j, const char *key, const struct addr *a)
{
	if (a->family)
		jsonw_kv_addr(j, key, a);
}

static void put_error(struct jsonw *j, const char *layer, int error)
{
	jsonw_kv_string(j, "error_layer", layer);
	jsonw_kv_i64(j, "error", error);
}

static void put_dns_addresses(struct jsonw *j, const struct dns_answer *a)
{
	jsonw_key(j, "addresses");
	jsonw_array(j);
	for (unsigned i = 0; i < a->count; i++) {
		char text[ADDR_TEXT_MAX];
		jsonw_string(j, addr_format(&a->addresses[i], text));
	}
	jsonw_array_end(j);
	jsonw_kv_u64(j, "min_ttl", a->min_ttl);
	jsonw_kv_u64(j, "chain", a->chain_count);
	jsonw_kv_bool(j, "hints", a->has_hints);
	if (a->has_negative_ttl)
		jsonw_kv_u64(j, "negative_ttl", a->negative_ttl);
}

static void put_dns(struct jsonw *j, struct cursor message)
{
	struct dns_answer a;
	struct dns_query q;
	int r = dns_answer_collect(message, &a);
	jsonw_key(j, "dns");
	jsonw_object(j);
	if (!r) {
		jsonw_kv_string(j, "name", a.question.name.text);
		jsonw_kv_u64(j, "type", a.question.type);
		jsonw_kv_string(j, "owner", a.owner.text);
		jsonw_kv_u64(j, "rcode", a.rcode);
		jsonw_kv_bool(j, "tc", a.tc);
		put_dns_addresses(j, &a);
	} else if (r == CARDEA_EREFUSED && !dns_query_parse(message, &q)) {
		jsonw_kv_string(j, "query", q.question.name.text);
		jsonw_kv_u64(j, "type", q.question.type);
		jsonw_kv_u64(j, "udp_size", q.udp_size);
	} else {
		put_error(j, "dns", r);
	}
	jsonw_object_end(j);
}

static void put_dhcp4_fields(struct jsonw *j, const struct dhcp4 *d)
{
	jsonw_kv_u64(j, "type", d->msg_type);
	jsonw_kv_mac(j, "chaddr", &d->chaddr);
	put_addr(j, "yiaddr", &d->yiaddr);
	put_addr(j, "server", &d->server_id);
	put_addr(j, "router", &d->router);
	for (unsigned i = 0; i < d->dns_count; i++)
		put_addr(j, i ? "dns_next" : "dns", &d->dns[i]);
	if (d->has_lease_time)
		jsonw_kv_u64(j, "lease", d->lease_time);
	put_text(j, "hostname", octets_str(&d->hostname));
	put_text(j, "vendor", octets_str(&d->vendor_class));
	jsonw_kv_u64(j, "client_id_len", d->client_id.len);
	jsonw_kv_u64(j, "params", d->param_list.len);
	put_text(j, "mud", octets_url_str(&d->mud_url));
}

static void put_dhcp4(struct jsonw *j, struct cursor c)
{
	struct dhcp4 d;
	int r = dhcp4_parse(&c, &d);
	jsonw_key(j, "dhcp4");
	jsonw_object(j);
	if (r)
		put_error(j, "dhcp4", r);
	else
		put_dhcp4_fields(j, &d);
	jsonw_object_end(j);
}

static void put_dhcp6_fields(struct jsonw *j, const struct dhcp6 *d)
{
	jsonw_kv_u64(j, "type", d->msg_type);
	jsonw_kv_u64(j, "xid", d->xid);
	for (unsigned i = 0; i < d->relay_count; i++)
		put_addr(j, i ? "inner_peer" : "peer", &d->relays[i].peer);
	if (d->has_client_mac)
		jsonw_kv_mac(j, "client_mac", &d->client_mac);
	jsonw_kv_bool(j, "server_id", d->has_server_id);
	for (unsigned i = 0; i < d->address_count; i++) {
		put_addr(j, "address", &d->addresses[i].addr);
		jsonw_kv_u64(j, "valid", d->addresses[i].valid_s);
	}
	put_text(j, "fqdn", octets_str(&d->fqdn));
	jsonw_kv_u64(j, "enterprise", d->vendor_enterprise);
	put_text(j, "vendor", octets_str(&d->vendor_class));
	put_text(j, "mud", octets_url_str(&d->mud_url));
}

static void put_dhcp6(struct jsonw *j, struct cursor c)
{
	struct dhcp6 d;
	int r = dhcp6_parse(&c, &d);
	jsonw_key(j, "dhcp6");
	jsonw_object(j);
	if (r)
		put_error(j, "dhcp6", r);
	else
		put_dhcp6_fields(j, &d);
	jsonw_object_end(j);
}

static void put_router(struct jsonw *j, const struct nd *nd)
{
	jsonw_kv_u64(j, "lifetime", nd->lifetime_s);
	jsonw_kv_u64(j, "mtu", nd->mtu);
	for (unsigned i = 0; i < nd->prefix_count; i++) {
		char text[PREFIX_TEXT_MAX];
		jsonw_kv_string(j, "prefix",
			prefix_format(&nd->prefixes[i].prefix, text));
	}
	for (unsigned i = 0; i < nd->rdnss_count; i++)
		put_addr(j, "rdnss", &nd->rdnss[i]);
}

static void put_nd(struct jsonw *j, struct cursor c)
{
	struct nd nd;
	if (nd_parse(&c, &nd))
		return; /* an ICMPv6 message of another kind */
	jsonw_key(j, "nd");
	jsonw_object(j);
	jsonw_kv_u64(j, "flags", nd.flags);
	put_addr(j, "target", &nd.target);
	put_addr(j, "destination", &nd.destination);
	if (nd.has_source_mac)
		jsonw_kv_mac(j, "source_mac", &nd.source_mac);
	if (nd.has_target_mac)
		jsonw_kv_mac(j, "target_mac", &nd.target_mac);
	if (nd.type == ICMP6_ROUTER_ADVERT)
		put_router(j, &nd);
	jsonw_object_end(j);
}

static void put_lldp(struct jsonw *j, struct cursor c)
{
	struct lldp l;
	int r = lldp_parse(&c, &l);
	jsonw_key(j, "lldp");
	jsonw_object(j);
	if (r) {
		put_error(j, "lldp", r);
	} else {
		jsonw_kv_u64(j, "chassis", l.chassis_subtype);
		jsonw_kv_u64(j, "chassis_len", l.chassis_id.len);
		jsonw_kv_u64(j, "port", l.port_subtype);
		put_text(j, "port_id", octets_str(&l.port_id));
		jsonw_kv_u64(j, "ttl", l.ttl_s);
		put_text(j, "port_desc", octets_str(&l.port_desc));
		put_text(j, "name", octets_str(&l.system_name));
		put_text(j, "system", octets_str(&l.system_desc));
		put_text(j, "mud", octets_url_str(&l.mud_url));
	}
	jsonw_object_end(j);
}

static void put_values(struct jsonw *j, const char *key, const uint16_t *values,
	size_t count)
{
	if (!count)
		return;
	jsonw_key(j, key);
	jsonw_array(j);
	for (size_t i = 0; i < count; i++)
		jsonw_u64(j, values[i]);
	jsonw_array_end(j);
}

static void put_hello(struct jsonw *j, const struct tls_hello *h)
{
	jsonw_kv_u64(j, "version", h->legacy_version);
	put_values(j, "ciphers", h->ciphers, h->cipher_count);
	put_values(j, "extensions", h->extensions, h->extension_count);
	put_values(j, "versions", h->versions, h->version_count);
	put_values(j, "groups", h->groups, h->group_count);
	put_values(j, "signatures", h->signatures, h->signature_count);
	put_values(j, "signatures_cert", h->signatures_cert, h->signature_cert_count);
	put_values(j, "shares", h->shares, h->share_count);
	put_values(j, "compressions", h->compressions, h->compression_count);
	jsonw_kv_u64(j, "modes", h->mode_count);
	jsonw_kv_u64(j, "cookie", h->cookie_len);
	put_text(j, "server", octets_str(&h->server_name));
	for (unsigned i = 0; i < h->alpn_count; i++)
		put_text(j, i ? "alpn_next" : "alpn", octets_str(&h->alpn[i]));
}

static void put_tls(struct jsonw *j, struct cursor c, bool is_dtls)
{
	static uint8_t message[TLS_HELLO_MAX];
	static struct tls_hello h;
	struct writer w = writer_of(message, sizeof(message));
	int r = is_dtls ? tls_parse_dtls(&c, &h) : tls_stream_hello(c, &w);
	if (!r && !is_dtls) {
		c = cursor_of(message, w.len);
		r = tls_parse_hello(&c, &h);
	}
	jsonw_key(j, is_dtls ? "dtls" : "tls");
	jsonw_object(j);
	if (r)
		put_error(j, "tls", r);
	else
		put_hello(j, &h);
	jsonw_object_end(j);
}

static void put_eth(struct jsonw *j, const struct packet *p)
{
	jsonw_kv_mac(j, "src_mac", &p->eth.src);
	jsonw_kv_mac(j, "dst_mac", &p->eth.dst);
	jsonw_kv_u64(j, "ethertype", p->eth.type);
	jsonw_key(j, "vlan");
	jsonw_array(j);
	for (unsigned i = 0; i < p->eth.vlan_count; i++)
		jsonw_u64(j, p->eth.vlan[i]);
	jsonw_array_end(j);
}

static void put_ip(struct jsonw *j, const struct packet *p)
{
	const struct ip *ip = &p->ip;
	jsonw_kv_addr(j, "src", &ip->src);
	jsonw_kv_addr(j, "dst", &ip->dst);
	jsonw_kv_u64(j, "proto", ip->proto);
	jsonw_kv_u64(j, "ttl", ip->ttl);
	jsonw_kv_u64(j, "header", ip->header_len);
	jsonw_kv_u64(j, "payload", ip->payload_len);
	jsonw_kv_bool(j, "cut", ip->cut);
	jsonw_kv_bool(j, "alert", ip->router_alert);
	jsonw_kv_bool(j, "ip_sum", !ip_checksum_verify(p->network));
	if (ip->frag.is_fragment) {
		jsonw_kv_u64(j, "frag_id", ip->frag.id);
		jsonw_kv_u64(j, "frag_offset", ip->frag.offset);
		jsonw_kv_bool(j, "frag_more", ip->frag.more);
	}
}

static void put_icmp(struct jsonw *j, const struct packet *p)
{
	const struct icmp *m = &p->icmp;
	jsonw_kv_u64(j, "icmp", m->type);
	jsonw_kv_u64(j, "code", m->code);
	if (m->has_echo)
		jsonw_kv_u64(j, "echo_id", m->echo_id);
	if (m->has_inner) {
		jsonw_kv_addr(j, "inner_src", &m->inner.src);
		jsonw_kv_addr(j, "inner_dst", &m->inner.dst);
		jsonw_kv_u64(j, "inner_dport", m->inner.dst_port);
	}
	if (p->ip.family == 6)
		put_nd(j, p->transport);
}

static void put_udp(struct jsonw *j, const struct packet *p)
{
	uint16_t src_port = p->udp.src_port, dst_port = p->udp.dst_port;
	jsonw_kv_u64(j, "sport", src_port);
	jsonw_kv_u64(j, "dport", dst_port);
	if (src_port == DNS_PORT || dst_port == DNS_PORT)
		put_dns(j, p->payload);
	else if (dst_port == DHCP4_SERVER_PORT || dst_port == DHCP4_CLIENT_PORT)
		put_dhcp4(j, p->payload);
	else if (dst_port == DHCP6_SERVER_PORT || dst_port == DHCP6_CLIENT_PORT)
		put_dhcp6(j, p->payload);
	else if (dst_port == COAPS_PORT)
		put_tls(j, p->payload, true);
}

static void put_transport(struct jsonw *j, const struct packet *p)
{
	if (p->layers & PACKET_TCP) {
		jsonw_kv_u64(j, "sport", p->tcp.src_port);
		jsonw_kv_u64(j, "dport", p->tcp.dst_port);
		jsonw_kv_u64(j, "flags", p->tcp.flags);
		if (p->tcp.dst_port == HTTPS_PORT && cursor_left(&p->payload) > 1)
			put_tls(j, p->payload, false);
	}
	if (p->layers & PACKET_UDP)
		put_udp(j, p);
	if (p->layers & PACKET_ICMP)
		put_icmp(j, p);
	if (p->layers & (PACKET_TCP | PACKET_UDP | PACKET_ICMP) &&
		!p->ip.frag.is_fragment)
		jsonw_kv_bool(j, "sum",
			checksum_transport_ok(&p->ip.src, &p->ip.dst, p->ip.proto,
				p->transport));
}

static void put_arp(struct jsonw *j, const struct arp *a)
{
	jsonw_kv_u64(j, "arp", a->op);
	jsonw_kv_addr(j, "sender", &a->sender);
	jsonw_kv_mac(j, "sender_mac", &a->sender_mac);
	jsonw_kv_addr(j, "target", &a->target);
}

static const char *layer_text(unsigned layer)
{
	switch (layer) {
	case PACKET_ARP:
		return "arp";
	case PACKET_IP:
		return "ip";
	case PACKET_TCP:
		return "tcp";
	case PACKET_UDP:
		return "udp";
	case PACKET_ICMP:
		return "icmp";
	default:
		return "link";
	}
}

static void put_packet(struct jsonw *j, uint32_t linktype, struct cursor frame)
{
	struct packet p;
	int r = packet_parse(linktype, frame, &p);
	if (r) {
		put_error(j, "link", r);
		return;
	}
	put_eth(j, &p);
	if (p.layers & PACKET_ARP)
		put_arp(j, &p.arp);
	if (p.eth.type == ETH_TYPE_LLDP)
		put_lldp(j, p.network);
	if (p.layers & PACKET_IP)
		put_ip(j, &p);
	put_transport(j, &p);
	if (p.error_layer)
		put_error(j, layer_text(p.error_layer), p.error);
	jsonw_kv_u64(j, "left", cursor_left(&p.payload));
}

static int print_packets(FILE *out, struct cursor c)
{
	uint32_t magic = cursor_le32(&c);
	cursor_skip(&c, 16);
	uint32_t linktype = cursor_le32(&c);
	if (c.error || magic != PCAP_MAGIC)
		return CARDEA_EMALFORMED;
	for (unsigned n = 0; cursor_left(&c); n++) {
		struct jsonw j;
		cursor_skip(&c, 8); /* time */
		uint32_t len = cursor_le32(&c);
		cursor_skip(&c, 4);
		struct cursor frame = cursor_sub(&c, len);
		jsonw_init_file(&j, out);
		jsonw_object(&j);
		jsonw_kv_u64(&j, "n", n);
		put_packet(&j, linktype, frame);
		jsonw_object_end(&j);
		fputc('\n', out);
		if (j.error || c.error)
			return j.error ? j.error : c.error;
		jsonw_free(&j);
	}
	return 0;
}

/* 0 when equal; else names the first line that differs. */
static int compare(FILE *expected, FILE *got)
{
	static char a[LINE_MAX_LEN], b[LINE_MAX_LEN];
	for (unsigned line = 1;; line++) {
		const char *x = fgets(a, sizeof(a), expected);
		const char *y = fgets(b, sizeof(b), got);
		if (!x && !y)
			return line == 1; /* nothing at all is no success */
		if (x && y && !strcmp(x, y))
			continue;
		fprintf(stderr, "line %u\nexpected: %sgot:      %s", line,
			x ? x : "nothing\n", y ? y : "nothing\n");
		return 1;
	}
}

static int check(struct cursor capture, const char *expected_path)
{
	FILE *expected = fopen(expected_path, "r"), *got = tmpfile();
	int r = expected && got ? print_packets(got, capture) : 1;
	if (!r) {
		rewind(got);
		r = compare(expected, got);
	}
	if (expected)
		fclose(expected);
	if (got)
		fclose(got);
	return r;
}

int main(int argc, char **argv)
{
	static uint8_t data[CAPTURE_MAX];
	FILE *f = argc == 2 || argc == 3 ? fopen(argv[1], "rb") : NULL;
	if (!f) {
		fprintf(stderr, "usage: %s CAPTURE.pcap [EXPECTED.jsonl]\n", argv[0]);
		return 1;
	}
	struct cursor c = cursor_of(data, fread(data, 1, sizeof(data), f));
	fclose(f);
	int r = argc == 3 ? check(c, argv[2]) : print_packets(stdout, c);
	return r ? 1 : 0;
}
