// SPDX-License-Identifier: GPL-2.0-or-later
/* capture - makes up a capture of a home, the same for the same arguments.
 *
 *   bench_capture PACKETS > home.pcap
 *
 * Eight devices 02:00:00:00:00:01 ... 08 at 192.168.1.11 ... 18 talk in turn at random.
 * Of 100 packets 5 are a DNS question or its answer, 5 ARP, 5 mDNS, 25 UDP to a media
 * server, 1 UDP to somewhere else, the rest TCP from and to the cloud; payloads of 0 to
 * 300 bytes, a packet a millisecond. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ETHER 14
#define IPV4 20
#define FRAME_MAX 600
#define DEVICES 8
#define PORTS 40 /* conversations of a device to each server */
#define GATEWAY 0xc0a80101U
#define CLOUD 0xcb00710aU  /* 203.0.113.10 */
#define MEDIA 0xcb007181U  /* 203.0.113.129 */
#define ELSEWHERE 0xc6120000U
#define MDNS 0xe00000fbU

struct frame {
	uint8_t bytes[FRAME_MAX];
	size_t len;
};

static uint64_t state = 88172645463325252ULL;

static uint32_t draw(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % below;
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static void put_mac(uint8_t *p, unsigned device) /* 0: the gateway's */
{
	static const uint8_t gateway[6] = {2, 0, 0, 0, 0, 0xfe};

	memcpy(p, gateway, sizeof gateway);
	if (device)
		p[5] = (uint8_t)device;
}

static void ether(struct frame *f, unsigned from, unsigned to, unsigned type)
{
	put_mac(f->bytes, to);
	put_mac(f->bytes + 6, from);
	put16(f->bytes + 12, type);
}

static void ip(struct frame *f, uint32_t from, uint32_t to, unsigned proto, size_t body)
{
	uint8_t *p = f->bytes + ETHER;
	uint32_t sum = 0;

	memset(p, 0, IPV4);
	p[0] = 0x45;
	put16(p + 2, (unsigned)(IPV4 + body));
	p[8] = 64;
	p[9] = (uint8_t)proto;
	put32(p + 12, from);
	put32(p + 16, to);
	for (int i = 0; i < IPV4; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	put16(p + 10, ~(sum + (sum >> 16)) & 0xffff);
	f->len = ETHER + IPV4 + body;
}

static void udp(struct frame *f, unsigned sport, unsigned dport, size_t payload)
{
	uint8_t *p = f->bytes + ETHER + IPV4;

	put16(p, sport);
	put16(p + 2, dport);
	put16(p + 4, (unsigned)(8 + payload));
	put16(p + 6, 0); /* no checksum (RFC 768) */
}

/* A question for the cloud's address, or the answer to it. */
static size_t dns(uint8_t *p, unsigned id, int answer)
{
	static const uint8_t name[] = "\5cloud\5maker\7example";
	size_t n = 12;

	memset(p, 0, n);
	put16(p, id);
	put16(p + 2, answer ? 0x8180 : 0x0100);
	put16(p + 4, 1);
	put16(p + 6, answer ? 1 : 0);
	memcpy(p + n, name, sizeof name); /* with the root's zero */
	n += sizeof name;
	put16(p + n, 1);
	put16(p + n + 2, 1);
	n += 4;
	if (!answer)
		return n;
	put16(p + n, 0xc00c);
	put16(p + n + 2, 1);
	put16(p + n + 4, 1);
	put32(p + n + 6, 300);
	put16(p + n + 10, 4);
	put32(p + n + 12, CLOUD);
	return n + 16;
}

static void make_dns(struct frame *f, unsigned device, uint32_t addr)
{
	static unsigned id, asked[DEVICES + 1];
	int answer = asked[device] != 0;
	unsigned this_id = answer ? asked[device] : (id = (id % 65535) + 1);
	size_t n = dns(f->bytes + ETHER + IPV4 + 8, this_id, answer);

	asked[device] = answer ? 0 : this_id;
	ether(f, answer ? 0 : device, answer ? device : 0, 0x0800);
	ip(f, answer ? GATEWAY : addr, answer ? addr : GATEWAY, 17, 8 + n);
	udp(f, answer ? 53 : 5353 + device, answer ? 5353 + device : 53, n);
}

static void make_arp(struct frame *f, unsigned device, uint32_t addr)
{
	uint8_t *p = f->bytes + ETHER;

	ether(f, device, 0, 0x0806);
	memset(p, 0, 28);
	put16(p, 1);
	put16(p + 2, 0x0800);
	p[4] = 6;
	p[5] = 4;
	put16(p + 6, 1);
	put_mac(p + 8, device);
	put32(p + 14, addr);
	put32(p + 24, GATEWAY);
	f->len = ETHER + 28;
}

static void make_udp(struct frame *f, unsigned device, uint32_t from, uint32_t to,
	unsigned port)
{
	size_t payload = draw(300);

	ether(f, device, 0, 0x0800);
	ip(f, from, to, 17, 8 + payload);
	udp(f, 30000 + draw(PORTS), port, payload);
}

static void make_tcp(struct frame *f, unsigned device, uint32_t addr)
{
	uint8_t *p = f->bytes + ETHER + IPV4;
	size_t payload = draw(2) ? draw(300) : 0;
	unsigned port = 40000 + draw(PORTS);
	int back = draw(2) != 0;

	ether(f, back ? 0 : device, back ? device : 0, 0x0800);
	ip(f, back ? CLOUD : addr, back ? addr : CLOUD, 6, 20 + payload);
	memset(p, 0, 20);
	put16(p, back ? 443 : port);
	put16(p + 2, back ? port : 443);
	put32(p + 4, draw(1U << 31));
	p[12] = 5 << 4;
	p[13] = 0x10;
	put16(p + 14, 64240);
}

static void make(struct frame *f)
{
	unsigned device = 1 + draw(DEVICES), kind = draw(100);
	uint32_t addr = 0xc0a8010aU + device;

	if (kind < 5)
		make_dns(f, device, addr);
	else if (kind < 10)
		make_arp(f, device, addr);
	else if (kind < 15)
		make_udp(f, device, addr, MDNS, 5353);
	else if (kind < 40)
		make_udp(f, device, addr, MEDIA, 5004);
	else if (kind < 41)
		make_udp(f, device, addr, ELSEWHERE + draw(1000), 7000);
	else
		make_tcp(f, device, addr);
}

/* Classic pcap, in the byte order of this machine. */
static void record_write(const struct frame *f, unsigned long number)
{
	uint32_t head[4] = {(uint32_t)(1760000000 + number / 1000),
		(uint32_t)(number % 1000 * 1000), (uint32_t)f->len, (uint32_t)f->len};

	fwrite(head, sizeof head, 1, stdout);
	fwrite(f->bytes, 1, f->len, stdout);
}

int main(int argc, char **argv)
{
	static const uint32_t head[6] = {0xa1b2c3d4, 4 << 16 | 2, 0, 0, 65535, 1};
	static struct frame f;

	if (argc != 2) {
		fprintf(stderr, "usage: bench_capture PACKETS > FILE\n");
		return 2;
	}
	unsigned long count = strtoul(argv[1], NULL, 10);
	fwrite(head, sizeof head, 1, stdout);
	for (unsigned long i = 0; i < count; i++) {
		make(&f);
		record_write(&f, i);
	}
	return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
