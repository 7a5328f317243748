// SPDX-License-Identifier: GPL-2.0-or-later
/* Sockets that need privilege, opened once and handed to each incarnation of a child. */
#include "proc/parent_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/str.h"

#define CAPTURE_BUFFER (1 << 20) /* bytes that wait while the sensor is restarted */
#define NFLOG_BUFFER (1 << 20)
#define NFLOG_SNAP 192	   /* network and transport headers, with room for options */
#define NFLOG_TIMEOUT_CS 5 /* hundredths of a second until a report is delivered */
#define DNS_PORT 53
#define DNS_TLS_PORT 853
#define LAN_BACKLOG 64
#define CONTROL_BACKLOG 16

static int failed(int fd)
{
	int error = -errno;

	if (fd >= 0)
		close(fd);
	return error;
}

static int open_capture(uint32_t ifindex, int (*attach)(int fd))
{
	struct sockaddr_ll ll = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)ifindex};
	/* A bridge passes frames between two ports up only to a promiscuous listener. */
	struct packet_mreq promiscuous = {
		.mr_ifindex = (int)ifindex, .mr_type = PACKET_MR_PROMISC};
	int size = CAPTURE_BUFFER, error;
	/* Protocol 0: nothing arrives before the filter stands. */
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return failed(fd);
	error = attach(fd);
	if (error) {
		close(fd);
		return error;
	}
	/* Beyond what net.core.rmem_max lets others have; without the capability, that. */
	if ((setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) &&
		    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size))) ||
		bind(fd, (struct sockaddr *)&ll, sizeof(ll)) ||
		setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous,
			sizeof(promiscuous)))
		return failed(fd);
	return fd;
}

int parent_socket_capture(uint32_t ifindex)
{
	return open_capture(ifindex, parent_filter_attach);
}

int parent_socket_observe(uint32_t ifindex)
{
	return open_capture(ifindex, parent_observe_attach);
}

struct nflog_request {
	struct nlmsghdr nl;
	struct nfgenmsg nf;
	struct nlattr attr;
	uint8_t value[8];
};

/* One setting of the group; the kernel's answer is awaited. */
static int nflog_set(int fd, uint16_t group, uint16_t type, const void *value,
	uint16_t len)
{
	struct nflog_request q = {
		.nl = {.nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
		.nf = {.version = NFNETLINK_V0, .res_id = htons(group)},
		.attr = {.nla_len = (uint16_t)(sizeof(struct nlattr) + len),
			.nla_type = type}};
	struct {
		struct nlmsghdr nl;
		struct nlmsgerr error;
		uint8_t rest[512];
	} answer;
	ssize_t n;

	memcpy(q.value, value, len);
	q.nl.nlmsg_len = (uint32_t)(offsetof(struct nflog_request, value) +
				    ((len + 3U) & ~3U));
	if (send(fd, &q, q.nl.nlmsg_len, 0) < 0)
		return -errno;
	n = recv(fd, &answer, sizeof(answer), 0);
	if (n < (ssize_t)sizeof(answer.nl) + (ssize_t)sizeof(int))
		return n < 0 ? -errno : CARDEA_EPEER;
	return answer.nl.nlmsg_type == NLMSG_ERROR ? answer.error.error : CARDEA_EPEER;
}

int parent_socket_nflog(uint16_t group)
{
	struct nfulnl_msg_config_cmd bind_group = {.command = NFULNL_CFG_CMD_BIND};
	struct nfulnl_msg_config_mode mode = {
		.copy_range = htonl(NFLOG_SNAP), .copy_mode = NFULNL_COPY_PACKET};
	uint32_t timeout = htonl(NFLOG_TIMEOUT_CS);
	int size = NFLOG_BUFFER, error;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)))
		return failed(fd);
	error = nflog_set(fd, group, NFULA_CFG_CMD, &bind_group, sizeof(bind_group));
	if (!error) /* six bytes: the struct's tail padding is not part of it */
		error = nflog_set(fd, group, NFULA_CFG_MODE, &mode, 6);
	if (!error)
		error = nflog_set(fd, group, NFULA_CFG_TIMEOUT, &timeout,
			sizeof(timeout));
	if (error) {
		close(fd);
		return error;
	}
	return fd;
}

static socklen_t lan_sockaddr(const struct addr *a, uint32_t ifindex, uint16_t port,
	struct sockaddr_storage *ss)
{
	memset(ss, 0, sizeof(*ss));
	if (a->family == 4) {
		struct sockaddr_in *in = (struct sockaddr_in *)ss;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, a->b, 4);
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, a->b, 16);
	if (addr_is_link_local(a))
		in6->sin6_scope_id = ifindex;
	return sizeof(*in6);
}

static int open_lan(const struct addr *a, uint32_t ifindex, uint16_t port, bool stream)
{
	struct sockaddr_storage ss;
	socklen_t len = lan_sockaddr(a, ifindex, port, &ss);
	int one = 1, family = a->family == 4 ? AF_INET : AF_INET6;
	int fd = socket(family,
		(stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return failed(fd);
	/* An address may still be tentative (RFC 4862 5.4) when it is first seen. */
	if (family == AF_INET6 &&
		(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) ||
			setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &one, sizeof(one))))
		return failed(fd);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
		bind(fd, (struct sockaddr *)&ss, len) ||
		(stream && listen(fd, LAN_BACKLOG)))
		return failed(fd);
	return fd;
}

int parent_socket_dns(const struct addr *a, uint32_t ifindex, enum socket_kind kind)
{
	return open_lan(a, ifindex, kind == SOCKET_DNS_TLS ? DNS_TLS_PORT : DNS_PORT,
		kind != SOCKET_DNS_UDP);
}

int parent_socket_web(const struct addr *a, uint32_t ifindex, uint16_t port)
{
	return open_lan(a, ifindex, port, true);
}

static int listen_unix(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd;

	if (!str_copy(un.sun_path, sizeof(un.sun_path), path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return failed(fd);
	if (unlink(path) && errno != ENOENT)
		return failed(fd);
	mode_t mask = umask(0177);
	int error = bind(fd, (struct sockaddr *)&un, sizeof(un));

	umask(mask);
	if (error || listen(fd, CONTROL_BACKLOG))
		return failed(fd);
	return fd;
}

int parent_socket_control(const char *path)
{
	return listen_unix(path);
}

/* Nobody of the group can connect before the owner is right: until then it is 0600. */
int parent_socket_identity(const char *path, gid_t group)
{
	int fd = listen_unix(path);

	if (fd >= 0 && (lchown(path, 0, group) || chmod(path, 0660)))
		return failed(fd);
	return fd;
}

/* For our own sockets, for the enforcer, and for the children to enter their sandboxes;
 * DAC_READ_SEARCH because a child enters its folder before it becomes its owner. */
#define KEPT                                                                             \
	(1ULL << CAP_NET_ADMIN | 1ULL << CAP_NET_RAW | 1ULL << CAP_NET_BIND_SERVICE |    \
		1ULL << CAP_SETUID | 1ULL << CAP_SETGID | 1ULL << CAP_SETPCAP |          \
		1ULL << CAP_SYS_CHROOT | 1ULL << CAP_KILL | 1ULL << CAP_DAC_READ_SEARCH)
/* The enforcer's, to load its program, and to find again the one that an enforcer before
 * it has left: descriptors by number (BPF_PROG_GET_FD_BY_ID) take CAP_SYS_ADMIN. It
 * keeps CAP_BPF of them (number 39, which older headers do not have). */
#ifndef CAP_BPF
#define CAP_BPF 39
#endif
#define KEPT_FOR_BPF (1ULL << CAP_SYS_ADMIN | 1ULL << CAP_BPF)

int parent_drop_capabilities(bool bpf)
{
	uint64_t kept = bpf ? KEPT | KEPT_FOR_BPF : KEPT;
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	for (int cap = 0; cap < 64; cap++)
		if (!(kept >> cap & 1) && prctl(PR_CAPBSET_READ, cap) == 1 &&
			prctl(PR_CAPBSET_DROP, cap))
			return -errno;
	for (int i = 0; i < 2; i++)
		data[i].effective = data[i].permitted = (uint32_t)(kept >> 32 * i);
	return syscall(SYS_capset, &head, data) ? -errno : 0;
}
