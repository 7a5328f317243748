// SPDX-License-Identifier: GPL-2.0-or-later
/* The ports of LAN bridges. A bridge neither forwards nor delivers what is sent to the
 * nearest neighbour only (IEEE 802.1Q 8.6.3), which LLDP is: its ports have to be read
 * themselves. One socket reads LLDP everywhere, and its filter, rewritten when ports
 * come or go, names those of one bridge. */
#include "proc/parent_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A bridge with more has a switch behind each; those beyond are not read. */
#define PORTS_MAX 64
#define PORTS_SNAP 1514
#define PORTS_BUFFER (1 << 16) /* bytes; each neighbour speaks twice a minute */
#define DUMP_BUFFER 32768      /* what the kernel fills at once */
#define DUMP_WAIT_S 2

struct ports {
	uint32_t ifindex[PORTS_MAX];
	unsigned count;
};

static void take_link(const struct nlmsghdr *h, uint32_t bridge, struct ports *ports)
{
	const struct ifinfomsg *info = NLMSG_DATA(h);
	int left = (int)IFLA_PAYLOAD(h);

	for (const struct rtattr *a = IFLA_RTA(info); RTA_OK(a, left);
		a = RTA_NEXT(a, left)) {
		uint32_t master;

		if (a->rta_type != IFLA_MASTER || RTA_PAYLOAD(a) != sizeof(master))
			continue;
		memcpy(&master, RTA_DATA(a), sizeof(master));
		if (master == bridge && ports->count < PORTS_MAX)
			ports->ifindex[ports->count++] = (uint32_t)info->ifi_index;
	}
}

/* 1 when the dump is complete. */
static int take_dump(const void *buf, size_t len, uint32_t bridge, struct ports *ports)
{
	int left = (int)len;

	for (const struct nlmsghdr *h = buf; NLMSG_OK(h, (unsigned)left);
		h = NLMSG_NEXT(h, left)) {
		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		if (h->nlmsg_type == NLMSG_ERROR)
			return CARDEA_EPEER;
		if (h->nlmsg_type == RTM_NEWLINK &&
			h->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ifinfomsg)))
			take_link(h, bridge, ports);
	}
	return 0;
}

static int read_ports(int fd, uint32_t bridge, struct ports *ret)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg info;
	} q = {.h = {.nlmsg_len = sizeof(q), .nlmsg_type = RTM_GETLINK,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
	static _Alignas(struct nlmsghdr) uint8_t buf[DUMP_BUFFER];
	struct ports ports = {0};
	int done = 0;

	if (send(fd, &q, sizeof(q), 0) < 0)
		return -errno;
	while (!done) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);

		if (n <= 0)
			return n ? -errno : CARDEA_EPEER;
		done = take_dump(buf, (size_t)n, bridge, &ports);
	}
	if (done < 0)
		return done;
	*ret = ports;
	return 0;
}

/* ifindex == one of ports -> accept. */
static int set_filter(int fd, const struct ports *ports)
{
	struct sock_filter code[PORTS_MAX + 3];
	struct sock_fprog program = {.filter = code};
	unsigned n = 0;

	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		(uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX));
	for (unsigned i = 0; i < ports->count; i++)
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
			ports->ifindex[i], (uint8_t)(ports->count - i), 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, PORTS_SNAP);
	program.len = (unsigned short)n;
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program))
		? -errno
		: 0;
}

int parent_ports_follow(int capture, uint32_t bridge)
{
	struct timeval wait = {.tv_sec = DUMP_WAIT_S};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct ports ports = {0};
	int error;

	if (fd < 0)
		return -errno;
	error = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) ? -errno : 0;
	if (!error)
		error = read_ports(fd, bridge, &ports);
	close(fd);
	return error ? error : set_filter(capture, &ports);
}

int parent_ports_capture(uint32_t bridge)
{
	/* The bridge's own socket makes it promiscuous, and it its ports. */
	struct sockaddr_ll ll = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_LLDP)};
	int size = PORTS_BUFFER, error = 0;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)))
		error = -errno;
	if (!error)
		error = parent_ports_follow(fd, bridge);
	if (!error && bind(fd, (struct sockaddr *)&ll, sizeof(ll)))
		error = -errno;
	if (error) {
		close(fd);
		return error;
	}
	return fd;
}
