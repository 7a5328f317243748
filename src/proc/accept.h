// SPDX-License-Identifier: GPL-2.0-or-later
/* accept - a waiting connection of a listener, and whose it is. */
#ifndef CARDEA_PROC_ACCEPT_H
#define CARDEA_PROC_ACCEPT_H

#include <netinet/in.h>
#include <sys/socket.h>
#include "base/addr.h"

/* The descriptor; negative when there is none, or no more. */
static inline int accept_from(int listener, struct addr *ret_client)
{
	struct sockaddr_in6 from;
	socklen_t len = sizeof from;
	int fd = accept4(listener, (struct sockaddr *)&from, &len,
		SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct sockaddr_in *in = (struct sockaddr_in *)&from;

	if (fd >= 0)
		*ret_client = from.sin6_family == AF_INET6 ? addr_v6(&from.sin6_addr)
							    : addr_v4(&in->sin_addr);
	return fd;
}

#endif
