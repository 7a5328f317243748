// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel passes of a LAN interface's frames for learning: the headers of every
 * IP packet, cut where the payload begins, so that what people say does not leave the
 * kernel; and whole those that say who is called: names, addresses, and the first words
 * of a conversation. */
#include "proc/parent_priv.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* Ethernet, IPv4 with options, TCP with options, and 2 KiB: a ClientHello with a
 * post-quantum key has 1.8. */
#define WHOLE (14 + 60 + 60 + 2048)
/* Headers of what is no TCP or UDP, or has extension headers. */
#define SOME (14 + 40 + 64)
/* Instructions; a jump reaches 255. */
#define CODE_MAX 160
#define ETHER 14
#define WORD(s)                                                                        \
	((uint32_t)(uint8_t)(s)[0] << 24 | (uint32_t)(uint8_t)(s)[1] << 16 |           \
		(uint32_t)(uint8_t)(s)[2] << 8 | (uint8_t)(s)[3])

/* Places in the program that jumps go to. */
enum label {
	NEXT, /* the instruction that follows */
	NONE,
	ALL,
	HEAD, /* as much as M[HEAD_LEN] says */
	FEW,
	IPV4,
	IPV6,
	TCP,
	TCP_TEXT,
	UDP,
	UDP_OTHER,
	LABELS,
};
/* The kernel's scratch memory. */
enum { HEAD_LEN };

struct program {
	struct sock_filter code[CODE_MAX];
	uint8_t yes[CODE_MAX], no[CODE_MAX]; /* enum label, of jumps */
	unsigned len, at[LABELS];
};

static void put(struct program *p, uint16_t code, uint32_t k)
{
	p->code[p->len++] = (struct sock_filter){.code = code, .k = k};
}

static void jump(struct program *p, uint16_t code, uint32_t k, enum label yes,
	enum label no)
{
	p->yes[p->len] = (uint8_t)yes;
	p->no[p->len] = (uint8_t)no;
	put(p, BPF_JMP | code, k);
}

static void place(struct program *p, enum label l)
{
	p->at[l] = p->len;
}

static void equal(struct program *p, uint32_t k, enum label yes)
{
	jump(p, BPF_JEQ | BPF_K, k, yes, NEXT);
}

static void go(struct program *p, enum label l)
{
	jump(p, BPF_JGE | BPF_K, 0, l, l);
}

static uint8_t distance(const struct program *p, unsigned from, uint8_t label)
{
	return label == NEXT ? 0 : (uint8_t)(p->at[label] - from - 1);
}

/* All jumps go forward, as the kernel wants them. */
static void link_jumps(struct program *p)
{
	for (unsigned i = 0; i < p->len; i++) {
		if (BPF_CLASS(p->code[i].code) != BPF_JMP)
			continue;
		p->code[i].jt = distance(p, i, p->yes[i]);
		p->code[i].jf = distance(p, i, p->no[i]);
	}
}

/* ---- the program; X is the length of the IP header from TCP and UDP on ---- */

static void begin(struct program *p)
{
	put(p, BPF_LD | BPF_H | BPF_ABS, 12);
	equal(p, ETH_P_IP, IPV4);
	equal(p, ETH_P_IPV6, IPV6);
	equal(p, ETH_P_ARP, FEW);
	go(p, NONE);
	place(p, IPV4);
	put(p, BPF_LD | BPF_H | BPF_ABS, ETHER + 6);
	jump(p, BPF_JSET | BPF_K, 0x1fff, FEW, NEXT); /* a later fragment */
	put(p, BPF_LDX | BPF_B | BPF_MSH, ETHER);
	put(p, BPF_LD | BPF_B | BPF_ABS, ETHER + 9);
	equal(p, IPPROTO_TCP, TCP);
	equal(p, IPPROTO_UDP, UDP);
	go(p, FEW);
	place(p, IPV6);
	put(p, BPF_LDX | BPF_W | BPF_IMM, 40);
	put(p, BPF_LD | BPF_B | BPF_ABS, ETHER + 6);
	equal(p, IPPROTO_TCP, TCP);
	equal(p, IPPROTO_UDP, UDP);
	equal(p, IPPROTO_ICMPV6, ALL); /* router advertisements have options */
	go(p, FEW);
}

/* DHCP, names, time, and what finds others. */
static void udp_port(struct program *p, uint32_t at)
{
	static const uint16_t ports[] = {53, 67, 68, 123, 546, 547, 1900, 5353, 5683};

	put(p, BPF_LD | BPF_H | BPF_IND, ETHER + at);
	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
		equal(p, ports[i], ALL);
}

static void udp(struct program *p)
{
	place(p, UDP);
	udp_port(p, 0);
	udp_port(p, 2);
	put(p, BPF_MISC | BPF_TXA, 0);
	put(p, BPF_ALU | BPF_ADD | BPF_K, ETHER + 8);
	put(p, BPF_ST, HEAD_LEN);
	put(p, BPF_LD | BPF_W | BPF_LEN, 0); /* a load behind the end would drop it */
	put(p, BPF_ALU | BPF_SUB | BPF_X, 0);
	jump(p, BPF_JGE | BPF_K, ETHER + 8 + 4, NEXT, HEAD);
	/* a first packet of QUIC (RFC 9000 17.2) where its servers are */
	put(p, BPF_LD | BPF_H | BPF_IND, ETHER + 2);
	jump(p, BPF_JEQ | BPF_K, 443, NEXT, UDP_OTHER);
	put(p, BPF_LD | BPF_B | BPF_IND, ETHER + 8);
	put(p, BPF_ALU | BPF_AND | BPF_K, 0xc0);
	equal(p, 0xc0, ALL);
	place(p, UDP_OTHER);
	put(p, BPF_LD | BPF_W | BPF_IND, ETHER + 8);
	equal(p, WORD("HTTP"), ALL); /* an answer of UPnP, from any port */
	put(p, BPF_ALU | BPF_RSH | BPF_K, 16);
	jump(p, BPF_JEQ | BPF_K, 0x16fe, ALL, HEAD); /* DTLS (RFC 6347 4.1) */
}

/* From here on X is where the payload begins. */
static void tcp_length(struct program *p)
{
	place(p, TCP);
	put(p, BPF_LD | BPF_H | BPF_IND, ETHER);
	equal(p, 53, ALL);
	put(p, BPF_LD | BPF_H | BPF_IND, ETHER + 2);
	equal(p, 53, ALL);
	put(p, BPF_LD | BPF_B | BPF_IND, ETHER + 12);
	put(p, BPF_ALU | BPF_AND | BPF_K, 0xf0);
	put(p, BPF_ALU | BPF_RSH | BPF_K, 2);
	put(p, BPF_ALU | BPF_ADD | BPF_X, 0);
	put(p, BPF_ALU | BPF_ADD | BPF_K, ETHER);
	put(p, BPF_ST, HEAD_LEN);
	put(p, BPF_MISC | BPF_TAX, 0);
	put(p, BPF_LD | BPF_W | BPF_LEN, 0);
	put(p, BPF_ALU | BPF_SUB | BPF_X, 0);
	jump(p, BPF_JGE | BPF_K, 6, NEXT, HEAD);
}

/* The first words of who begins: TLS (RFC 8446 5.1), HTTP, MQTT (3.1.1, 3.1). */
static void tcp_words(struct program *p)
{
	static const char *const methods[] = {"GET ", "HEAD", "POST", "PUT ", "DELE",
		"OPTI", "PATC", "SUBS", "UNSU", "NOTI"};

	put(p, BPF_LD | BPF_H | BPF_IND, 0);
	jump(p, BPF_JEQ | BPF_K, 0x1603, NEXT, TCP_TEXT);
	put(p, BPF_LD | BPF_B | BPF_IND, 5);
	jump(p, BPF_JEQ | BPF_K, 1, ALL, HEAD);
	place(p, TCP_TEXT);
	put(p, BPF_LD | BPF_W | BPF_IND, 0);
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		equal(p, WORD(methods[i]), ALL);
	put(p, BPF_LD | BPF_B | BPF_IND, 0);
	jump(p, BPF_JEQ | BPF_K, 0x10, NEXT, HEAD);
	for (uint32_t at = 2; at < 4; at++) { /* the length of a length of 4 or 6 */
		put(p, BPF_LD | BPF_H | BPF_IND, at);
		equal(p, 4, ALL);
		equal(p, 6, ALL);
	}
	go(p, HEAD);
}

static void ends(struct program *p)
{
	place(p, HEAD);
	put(p, BPF_LD | BPF_MEM, HEAD_LEN);
	put(p, BPF_RET | BPF_A, 0);
	place(p, ALL);
	put(p, BPF_RET | BPF_K, WHOLE);
	place(p, FEW);
	put(p, BPF_RET | BPF_K, SOME);
	place(p, NONE);
	put(p, BPF_RET | BPF_K, 0);
}

int parent_observe_attach(int fd)
{
	struct program p = {.len = 0};

	begin(&p);
	udp(&p);
	tcp_length(&p);
	tcp_words(&p);
	ends(&p);
	link_jumps(&p);
	struct sock_fprog program = {.len = (unsigned short)p.len, .filter = p.code};
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program)
		? -errno
		: 0;
}
