// SPDX-License-Identifier: GPL-2.0-or-later
/* parent_wait - web is needed seldom, and a router has better use for its memory: it runs
 * from the first connection on, ends by itself when nobody came for a while, and comes
 * back with the next one. Whoever connects in between waits in the kernel's queue. */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "base/log.h"
#include "proc/parent_priv.h"

static void somebody_came(struct loop_fd *f, uint32_t events)
{
	struct parent *p = f->ctx;
	struct parent_process *web = &p->processes[ROLE_WEB];

	(void)events;
	loop_unwatch(f);
	if (p->stopping || web->pid)
		return;
	parent_process_restart(&web->restart);
}

int parent_wait_open(struct parent *p)
{
	p->waits = (struct loop_fd){.fd = -1, .ready = somebody_came, .ctx = p};
	p->waits_epoll = epoll_create1(EPOLL_CLOEXEC);
	return p->waits_epoll < 0 ? -errno : 0;
}

void parent_wait_add(struct parent *p, int listener)
{
	struct epoll_event e = {.events = EPOLLIN};

	if (epoll_ctl(p->waits_epoll, EPOLL_CTL_ADD, listener, &e))
		log_error("parent", "a listener of web is not watched");
}

void parent_wait_remove(struct parent *p, int listener)
{
	(void)epoll_ctl(p->waits_epoll, EPOLL_CTL_DEL, listener, NULL);
}

bool parent_wait_wanted(const struct parent *p)
{
	return p->config.web_enabled || p->config.web_page_port;
}

void parent_wait_begin(struct parent *p)
{
	if (p->stopping || !parent_wait_wanted(p))
		return;
	p->waits.fd = p->waits_epoll;
	if (loop_watch(p->loop, &p->waits, EPOLLIN))
		log_error("parent", "web does not start when somebody asks");
}
