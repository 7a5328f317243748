// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel passes of a LAN interface's frames: those that name a device, and
 * those that open TLS or DTLS. All others cost this filter and nothing more. */
#include "proc/parent_priv.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define SNAP 1514
/* A handshake message of 16 KiB in 16 records, behind the longest headers; on Linux, a
 * segment is as long as the network card, or another virtual machine, made it. */
#define HELLO_SNAP (14 + 60 + 60 + 16384 + 16 * 5)

#define PASS(len) BPF_STMT(BPF_RET | BPF_K, len)
#define DROP PASS(0)
#define JEQ(value, t, f) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, t, f)
#define JGE(value, t, f) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, value, t, f)
#define JGT(value, t, f) BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, value, t, f)
#define JSET(value, t, f) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, value, t, f)
#define GOTO(n) BPF_STMT(BPF_JMP | BPF_JA, n)
#define LDB(at) BPF_STMT(BPF_LD | BPF_B | BPF_ABS, at)
#define LDH(at) BPF_STMT(BPF_LD | BPF_H | BPF_ABS, at)
/* Behind the IP header, then the transport's, whose length is in X. */
#define LDB_X(at) BPF_STMT(BPF_LD | BPF_B | BPF_IND, 14 + (at))
#define LDH_X(at) BPF_STMT(BPF_LD | BPF_H | BPF_IND, 14 + (at))

/* ARP and LLDP; IPv4 from port 67 or 68; IPv6 from port 546 or 547, and neighbour
 * discovery; from somebody else a handshake record of TLS or DTLS with a ClientHello.
 * The kernel takes VLAN tags off before this runs; a load behind the frame's end drops
 * it. */
static struct sock_filter code[] = {
	/* 0: what is it? */
	LDH(12),
	JEQ(ETH_P_LLDP, 1, 0),
	JEQ(ETH_P_ARP, 0, 1),
	PASS(SNAP),
	JEQ(ETH_P_IPV6, 15, 0), /* to 20 */
	JEQ(ETH_P_IP, 1, 0),
	DROP,
	/* 7: IPv4, not a later fragment */
	LDH(20),
	JSET(0x1fff, 0, 1),
	DROP,
	BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),
	LDB(23),
	JEQ(IPPROTO_TCP, 31, 0), /* to 44 */
	JEQ(IPPROTO_UDP, 1, 0),
	DROP,
	LDH_X(0),
	JEQ(67, 1, 0),
	JEQ(68, 0, 1),
	PASS(SNAP),
	GOTO(18), /* to 38 */
	/* 20: IPv6 */
	LDB(20),
	BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 40),
	JEQ(IPPROTO_TCP, 21, 0), /* to 44 */
	JEQ(IPPROTO_UDP, 10, 0), /* to 34 */
	JEQ(IPPROTO_ICMPV6, 4, 0),
	JEQ(IPPROTO_HOPOPTS, 29, 0), /* to 55 */
	JEQ(IPPROTO_ROUTING, 28, 0),
	JEQ(IPPROTO_DSTOPTS, 27, 0),
	DROP,
	/* 29: neighbour discovery */
	LDB(54),
	JGE(133, 0, 1),
	JGT(137, 0, 1),
	DROP,
	PASS(SNAP),
	/* 34: UDP in IPv6 */
	LDH(54),
	JEQ(546, 1, 0),
	JEQ(547, 0, 1),
	PASS(SNAP),
	/* 38: DTLS behind the UDP header? RFC 6347 4.1, 4.2.2 */
	LDH_X(8),
	JEQ(0x16fe, 1, 0),
	DROP,
	LDB_X(8 + 13),
	JEQ(1, 23, 0), /* to 66 */
	DROP,
	/* 44: TLS behind the TCP header? RFC 8446 5.1, 4 */
	LDB_X(12),
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
	BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 2),
	BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
	BPF_STMT(BPF_MISC | BPF_TAX, 0),
	LDH_X(0),
	JEQ(0x1603, 1, 0),
	DROP,
	LDB_X(5),
	JEQ(1, 12, 0), /* to 66 */
	DROP,
	/* 55: either behind extension headers, which the kernel walks (RFC 8200 4) */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PAY_OFFSET)),
	BPF_STMT(BPF_MISC | BPF_TAX, 0),
	BPF_STMT(BPF_LD | BPF_H | BPF_IND, 0),
	JEQ(0x1603, 4, 0),
	JEQ(0x16fe, 0, 2),
	BPF_STMT(BPF_LD | BPF_B | BPF_IND, 13),
	JEQ(1, 4, 0), /* to 66 */
	DROP,
	BPF_STMT(BPF_LD | BPF_B | BPF_IND, 5),
	JEQ(1, 1, 0), /* to 66 */
	DROP,
	/* 66: not what this gateway sends */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
	JEQ(PACKET_OUTGOING, 0, 1),
	DROP,
	PASS(HELLO_SNAP),
};

int parent_filter_attach(int fd)
{
	struct sock_fprog program = {
		.len = sizeof(code) / sizeof(code[0]), .filter = code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program))
		? -errno
		: 0;
}
