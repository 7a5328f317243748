// SPDX-License-Identifier: GPL-2.0-or-later
/* parent internals: supervision (parent.c), the LAN as it is (parent_lan.c), and the
 * sockets that only a privileged process can open (parent_sockets.c, parent_ports.c),
 * and its files (parent_files.c). */
#ifndef CARDEA_PROC_PARENT_PRIV_H
#define CARDEA_PROC_PARENT_PRIV_H

#include "base/addr.h"
#include "engine/config/config.h"
#include "model/limits.h"
#include "model/messages.h"

#define PARENT_ADDRS_MAX 32   /* gateway addresses over all LAN interfaces */
#define PARENT_SOCKETS_MAX (2 * LIMIT_LANS + 2 + 2 * PARENT_ADDRS_MAX)

#define PARENT_PATH_MAX (CONFIG_STRING_MAX + 16) /* a folder and a name of ours */

struct parent_lan {
	struct {
		char name[LIMIT_IFNAME];
		uint32_t ifindex;
		struct mac mac;
	} interfaces[LIMIT_LANS];
	unsigned interface_count;
	struct {
		struct addr addr;
		uint8_t prefix_len;
		uint32_t ifindex;
	} addrs[PARENT_ADDRS_MAX];
	unsigned addr_count;
};

/* Reads the interfaces of the configuration from the kernel. -ENODEV with the name of
 * the one that is not there in missing. */
int parent_lan_read(const struct config *c, struct parent_lan *ret,
	char missing[LIMIT_IFNAME]) CARDEA_MUSTCHECK;
/* A netlink socket that becomes readable when addresses or interfaces change. */
int parent_lan_watch(void);

/* Each returns a descriptor or -errno. */
int parent_socket_capture(uint32_t ifindex);
/* LLDP at the ports of a bridge; nothing where the interface is none. */
int parent_ports_capture(uint32_t bridge);
int parent_socket_nflog(uint16_t group);
int parent_socket_dns(const struct addr *a, uint32_t ifindex, bool tcp);
int parent_socket_control(const char *path);

/* Makes that socket read the ports which the bridge has now. */
int parent_ports_follow(int capture, uint32_t bridge) CARDEA_MUSTCHECK;

/* The run directory, an empty one in it for sandboxes, and the engine's own. */
int parent_files_make(const struct config *c, char empty[PARENT_PATH_MAX])
	CARDEA_MUSTCHECK;
/* Held until the end; -EBUSY when another cardead has it. */
int parent_files_lock(const struct config *c) CARDEA_MUSTCHECK;
void parent_files_remove(const struct config *c);

/* Gives up every capability that neither we nor our children need. */
int parent_drop_capabilities(void) CARDEA_MUSTCHECK;

#endif
