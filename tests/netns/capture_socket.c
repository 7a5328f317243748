// SPDX-License-Identifier: GPL-2.0-or-later
/* capture_socket INTERFACE: opens the socket that the parent gives to the sensor for a LAN
 * interface, and hands it to whoever holds the other end of the standard input. */
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "proc/parent_priv.h"

static int hand_over(int fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char byte = 0;
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control.room)};

	memset(&control, 0, sizeof(control));
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	return sendmsg(STDIN_FILENO, &m, 0) == 1 ? 0 : -1;
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? parent_socket_capture(if_nametoindex(argv[1])) : -1;

	if (fd < 0 || hand_over(fd)) {
		fprintf(stderr, "usage: capture_socket INTERFACE\n");
		return 1;
	}
	return 0;
}
