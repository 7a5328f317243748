// SPDX-License-Identifier: GPL-2.0-or-later
/* message_send - for programs that play the parent or the engine: one message, and with
 * it a descriptor. base/ipc needs a loop, which they do not have. */
#ifndef CARDEA_TESTS_MESSAGE_SEND_H
#define CARDEA_TESTS_MESSAGE_SEND_H

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "model/messages.h"

/* 0 or a negative error; pass_fd goes along when it is not negative. */
static inline int message_send(int fd, const struct message *m, int pass_fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	uint8_t buf[MESSAGE_MAX];
	int n = message_encode(m, buf, sizeof buf);

	if (n < 0)
		return n;
	struct iovec iov = {buf, (size_t)n};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
	if (pass_fd >= 0) {
		h.msg_control = control.bytes;
		h.msg_controllen = sizeof control.bytes;
		struct cmsghdr *c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &pass_fd, sizeof pass_fd);
	}
	return sendmsg(fd, &h, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

#endif
