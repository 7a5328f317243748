// SPDX-License-Identifier: GPL-2.0-or-later
/* parent internals: start and end (parent.c), supervision (parent_process.c), what
 * children are told (parent_settings.c, parent_apply.c) and handed (parent_listen.c, parent_wait.c), the LAN as it is
 * (parent_lan.c), other settings (parent_change.c), sockets that only a privileged process can open (parent_sockets.c,
 * parent_ports.c) and what they pass (parent_filter.c, parent_observe.c), and files (parent_files.c). */
#ifndef CARDEA_PROC_PARENT_PRIV_H
#define CARDEA_PROC_PARENT_PRIV_H

#include <sys/types.h>
#include "base/addr.h"
#include "base/ipc.h"
#include "base/loop.h"
#include "engine/config/config.h"
#include "model/ids.h"
#include "model/limits.h"
#include "model/messages.h"
#include "proc/parent_change.h"

#define PARENT_ADDRS_MAX 32   /* gateway addresses over all LAN interfaces */
#define PARENT_LISTENERS 6    /* on each: three for names, two for devices, one for people */
#define PARENT_SOCKETS_MAX (3 * LIMIT_LANS + 3 + PARENT_LISTENERS * PARENT_ADDRS_MAX)

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
/* For learning: every frame that passes the interface, once. The ports of a bridge are
 * not read beside it: a bridge shows its listener what it takes between them. */
int parent_socket_observe(uint32_t ifindex);
/* LLDP at the ports of a bridge; nothing where the interface is none. */
int parent_ports_capture(uint32_t bridge);
int parent_socket_nflog(uint16_t group);
int parent_socket_dns(const struct addr *a, uint32_t ifindex, enum socket_kind kind);
int parent_socket_web(const struct addr *a, uint32_t ifindex, uint16_t port);
int parent_socket_control(const char *path);
/* The same for members of group, who are to tell identities. */
int parent_socket_identity(const char *path, gid_t group);

/* Only what the sensor reads of a LAN interface's frames. */
int parent_filter_attach(int fd) CARDEA_MUSTCHECK;
/* Headers of all, and whole what says names (parent_observe.c). */
int parent_observe_attach(int fd) CARDEA_MUSTCHECK;

/* Makes that socket read the ports which the bridge has now. */
int parent_ports_follow(int capture, uint32_t bridge) CARDEA_MUSTCHECK;

/* The run directory, an empty one in it for sandboxes, the engine's own, and beside it
 * the resolver's: the root's keys change, and are to be known after a restart. */
int parent_files_make(const struct config *c, char empty[PARENT_PATH_MAX],
	char resolver_dir[PARENT_PATH_MAX]) CARDEA_MUSTCHECK;
/* Held until the end; -EBUSY when another cardead has it. */
int parent_files_lock(const struct config *c) CARDEA_MUSTCHECK;
void parent_files_remove(const struct config *c);

/* Where the made certificate of DNS over TLS lies, for root alone. */
void parent_tls_dir(const struct config *c, char path[PARENT_PATH_MAX]);
/* Tells of names that come into it: a descriptor, or -errno. */
int parent_tls_watch(const struct config *c);
/* Reads all that it tells: a restore has brought a certificate. */
bool parent_tls_restored(int watch);
/* The owner's certificate or key is another one than last time. */
bool parent_tls_is_new(const struct config *c, int64_t *seen);

/* Gives up every capability that neither we nor our children need. */
int parent_drop_capabilities(bool bpf) CARDEA_MUSTCHECK;

struct parent;

struct parent_process {
	struct ipc ipc;
	struct loop_timer restart;
	struct parent *parent;
	enum role role;
	pid_t pid; /* 0: not there */
	bool ready; /* said HELLO */
	bool again; /* it is on its way out, to start with other settings */
	uint32_t restarts, layers;
	nstime window;
	unsigned in_window;
};

struct parent_socket {
	int fd;
	enum socket_kind kind;
	enum role role;
	uint32_t ifindex;
	struct addr addr; /* of a listener on the LAN */
};

struct parent {
	struct config config;
	struct loop *loop;
	struct parent_lan lan;
	struct parent_process processes[ROLE_MAX];
	struct parent_socket sockets[PARENT_SOCKETS_MAX];
	size_t socket_count;
	int lldp[LIMIT_LANS]; /* of the sockets, those at the ports of each LAN */
	struct loop_fd signals, lan_watch, tls_watch;
	struct loop_fd waits; /* watches the next while web does not run */
	int waits_epoll;      /* of its listeners */
	struct loop_timer lan_settle, patience, tls_follow;
	int64_t tls_seen; /* when the owner's certificate was changed */
	char libexec[CONFIG_STRING_MAX];
	char empty[PARENT_PATH_MAX];
	char resolver_dir[PARENT_PATH_MAX];
	unsigned layers;
	bool stopping, open_network;
	struct parent_change change;
	struct message message;
};

/* Sends m, with a descriptor when fd >= 0; a child that does not listen is logged. */
int parent_send(struct parent_process *c, const struct message *m, int fd);
void parent_setting(struct parent_process *c, const char *key, const char *value);
/* Everything that this child has to know, up to CONFIG_END. */
void parent_settings(struct parent_process *c);
/* The gateway's own addresses, anew. */
void parent_settings_house(struct parent_process *c);
/* The interfaces' MACs and prefixes, for the sensor, which adds what is new. */
void parent_settings_sensor(struct parent_process *c);
/* The same for the resolver and web, which need no more. */
void parent_settings_lan(struct parent_process *c);

/* Where devices ask, and further names of encrypted resolvers: for the engine. */
void parent_settings_portal(struct parent_process *c);
void parent_settings_encrypted(struct parent_process *c);
/* Our own log follows the settings too. */
void parent_log_level(const struct config *c);
/* The owner's certificate is another file, or none. */
void parent_tls_follow(struct parent *p);

/* Starts the process and sends its settings. */
int parent_process_start(struct parent_process *c) CARDEA_MUSTCHECK;
void parent_process_restart(struct loop_timer *t); /* the timer of one process */
/* It ends, and comes back with the settings that are now. */
void parent_process_again(struct parent_process *c);
/* SIGCHLD said that pid is gone. */
void parent_process_ended(struct parent *p, pid_t pid, int status);
/* Ends all in order; the loop stops when they are gone. */
void parent_process_stop_all(struct parent *p, bool open_network);
/* Hands a socket to its process, when that is ready. */
void parent_process_hand(struct parent *p, const struct parent_socket *s);

/* web starts when somebody connects (parent_wait.c). */
bool parent_wait_wanted(const struct parent *p); /* the settings have it listen */
int parent_wait_open(struct parent *p) CARDEA_MUSTCHECK;
void parent_wait_add(struct parent *p, int listener);
void parent_wait_remove(struct parent *p, int listener); /* before it is closed */
void parent_wait_begin(struct parent *p); /* it does not run */

int parent_listen_open(struct parent *p) CARDEA_MUSTCHECK;
/* Sockets of these kinds (1 << SOCKET_X) are closed, and opened where the settings want
 * them. Who has the others is told nothing. */
void parent_listen_renew(struct parent *p, unsigned kinds);
/* The LAN changed, some time ago: the timer lan_settle. */
void parent_listen_follow(struct loop_timer *t);

#endif
