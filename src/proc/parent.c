// SPDX-License-Identifier: GPL-2.0-or-later
/* cardead - starts the processes, hands them what they may have, and brings them back.
 * It reads its configuration and nothing that others wrote. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/log.h"
#include "base/sandbox.h"
#include "base/str.h"
#include "proc/parent_priv.h"

#define TLS_LOOK_MS 60000LL /* how soon an owner's renewed certificate is used */
#define LAN_SETTLE_MS 300 /* addresses come in bursts */

static void signals_ready(struct loop_fd *f, uint32_t events)
{
	struct parent *p = f->ctx;
	struct signalfd_siginfo info;
	pid_t pid;
	int status;

	(void)events;
	while (read(f->fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP) {
			parent_change_reload(p);
			continue;
		}
		if (info.ssi_signo != SIGCHLD) {
			parent_process_stop_all(p, p->config.stop_open);
			continue;
		}
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			parent_process_ended(p, pid, status);
	}
}

static void lan_watch_ready(struct loop_fd *f, uint32_t events)
{
	struct parent *p = f->ctx;
	char buf[8192];

	(void)events;
	while (recv(f->fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	loop_arm(p->loop, &p->lan_settle, LAN_SETTLE_MS * NS_PER_MS);
}

/* It is read before a sandbox closes: a new one needs a new start. */
static void tls_read_again(struct parent *p)
{
	static const enum role readers[] = {ROLE_RESOLVER, ROLE_WEB};

	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (p->processes[readers[i]].pid)
			kill(p->processes[readers[i]].pid, SIGTERM);
}

static void tls_follow(struct loop_timer *t)
{
	struct parent *p = t->ctx;

	loop_arm(p->loop, t, TLS_LOOK_MS * NS_PER_MS);
	if (!parent_tls_is_new(&p->config, &p->tls_seen))
		return;
	log_info("parent", "the certificate under [dns] changed: the resolver and web "
			   "read it");
	tls_read_again(p);
}

static void tls_watch_ready(struct loop_fd *f, uint32_t events)
{
	(void)events;
	if (!parent_tls_restored(f->fd))
		return;
	log_info("parent", "a certificate was restored: the resolver and web read it");
	tls_read_again(f->ctx);
}

/* Without it a restored certificate is read at the next start. */
static void tls_watch(struct parent *p)
{
	p->tls_watch.fd = parent_tls_watch(&p->config);
	p->tls_watch.ready = tls_watch_ready;
	p->tls_watch.ctx = p;
	if (p->tls_watch.fd < 0 || loop_watch(p->loop, &p->tls_watch, EPOLLIN))
		log_warn("parent", "a certificate that a restore brings waits for the next "
				   "start");
}

void parent_tls_follow(struct parent *p)
{
	p->tls_seen = 0;
	loop_disarm(&p->tls_follow);
	if (p->config.dns_tls_cert[0])
		tls_follow(&p->tls_follow);
}

static int watch(struct parent *p)
{
	sigset_t set;
	int error;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	p->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	p->signals.ready = signals_ready;
	p->signals.ctx = p;
	p->tls_follow.fire = tls_follow;
	p->tls_follow.ctx = p;
	p->lan_settle.fire = parent_listen_follow;
	p->lan_settle.ctx = p;
	p->lan_watch.fd = parent_lan_watch();
	p->lan_watch.ready = lan_watch_ready;
	p->lan_watch.ctx = p;
	if (p->signals.fd < 0 || p->lan_watch.fd < 0)
		return -EIO;
	error = loop_watch(p->loop, &p->signals, EPOLLIN);
	if (!error)
		error = loop_watch(p->loop, &p->lan_watch, EPOLLIN);
	parent_tls_follow(p);
	tls_watch(p);
	parent_change_start(p);
	/* for what changed before we watched */
	loop_arm(p->loop, &p->lan_settle, LAN_SETTLE_MS * NS_PER_MS);
	return error;
}

static void find_libexec(struct parent *p)
{
	char self[CONFIG_STRING_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (p->config.libexec_dir[0]) {
		str_copy(p->libexec, sizeof(p->libexec), p->config.libexec_dir);
		return;
	}
	self[n > 0 ? n : 0] = 0;
	str_copy(p->libexec, sizeof(p->libexec), dirname(self));
}

/* Everything that can fail for the owner's reasons, with a sentence each. */
static int prepare(struct parent *p)
{
	char missing[LIMIT_IFNAME];
	int error = parent_files_make(&p->config, p->empty, p->resolver_dir);

	if (!error)
		error = parent_files_lock(&p->config);
	if (!error)
		error = parent_change_settle(p);
	if (error)
		return error;
	if (p->config.lan_interfaces.count == 0) {
		log_error("parent", "no LAN interface is named: set interfaces = [\"...\"] "
				    "under [lan]");
		return -EINVAL;
	}
	error = parent_lan_read(&p->config, &p->lan, missing);
	if (error == -ENODEV)
		log_error("parent", "there is no interface \"%s\"; `ip link` lists them",
			missing);
	if (error)
		return error;
	error = parent_listen_open(p);
	if (error)
		log_error("parent", "a socket could not be opened: %s", error_text(error));
	return error;
}

static int start_all(struct parent *p)
{
	/* The enforcer first: rules stand before anything else listens. */
	static const enum role order[] = {ROLE_ENFORCER, ROLE_ENGINE, ROLE_SENSOR,
		ROLE_COURIER, ROLE_RESOLVER};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		int error = parent_process_start(&p->processes[order[i]]);

		if (error)
			return error;
	}
	parent_wait_begin(p);
	return 0;
}

static void init_processes(struct parent *p)
{
	for (size_t i = 0; i < ROLE_MAX; i++) {
		struct parent_process *c = &p->processes[i];

		c->parent = p;
		c->role = (enum role)i;
		c->ipc.fd.fd = -1;
		c->restart.fire = parent_process_restart;
		c->restart.ctx = c;
	}
	p->processes[ROLE_PARENT].pid = getpid();
	p->processes[ROLE_PARENT].ready = true;
	p->processes[ROLE_PARENT].layers = p->layers;
}

static int enter_sandbox(struct parent *p)
{
	int error = parent_drop_capabilities(strcmp(p->config.backend, "nft") != 0);

	if (!error && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		error = -errno;
	/* No seccomp here: a filter would be inherited by every child. */
	p->layers = SANDBOX_LAYER_NO_NEW_PRIVS;
	return error;
}

static int run(struct parent *p)
{
	int error = prepare(p);

	if (!error)
		error = enter_sandbox(p);
	if (error)
		return error;
	p->loop = loop_new(clock_system());
	if (!p->loop)
		return -ENOMEM;
	init_processes(p);
	error = watch(p);
	if (!error)
		error = start_all(p);
	if (!error)
		error = loop_run(p->loop);
	return error;
}

/* Started with these closed, the first socket would be taken for the log. */
static bool open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	return fd >= 0 && close(fd) == 0;
}

void parent_log_level(const struct config *c)
{
	static const char *const levels[] = {"error", "warn", "info", "debug"};

	for (unsigned i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(c->log_level, levels[i]) == 0)
			log_init("cardead", STDERR_FILENO, (enum log_level)i);
}

static int usage(FILE *out, int code)
{
	fputs("cardead --config /etc/cardea/cardea.toml\n\n"
	      "The gateway's supervisor. `cardea start` runs it in the background.\n\n"
	      "  --config FILE    settings (default /etc/cardea/cardea.toml)\n"
	      "  --foreground     stay in the foreground (the default)\n"
	      "  --background     detach once the processes are started\n"
	      "  --check          only check the settings: exit 0 or 2\n"
	      "  --schema         print every setting with its default and meaning\n"
	      "  --version\n",
		out);
	return code;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"config", required_argument, NULL, 'c'},
		{"foreground", no_argument, NULL, 'f'},
		{"background", no_argument, NULL, 'b'}, {"check", no_argument, NULL, 'n'},
		{"schema", no_argument, NULL, 's'}, {"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	static struct parent p;
	const char *path = "/etc/cardea/cardea.toml";
	bool check = false, background = false;
	char error[CONFIG_ERROR_MAX] = "the name of the file is too long";
	int c, result;

	if (!open_standard())
		return 1;
	while ((c = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (c == 'c')
			path = optarg;
		else if (c == 'b')
			background = true;
		else if (c == 'n')
			check = true;
		else if (c == 's' || c == 'V') {
			if (c == 's')
				config_print_schema(stdout);
			else
				puts("cardead " CARDEA_VERSION);
			return 0;
		} else if (c != 'f')
			return usage(c == 'h' ? stdout : stderr, c == 'h' ? 0 : 2);
	}
	if (optind < argc)
		return usage(stderr, 2);
	log_init("cardead", STDERR_FILENO, LOG_LEVEL_INFO);
	config_defaults(&p.config);
	if (parent_change_open(&p, path) ||
		(check ? config_load(&p.config, path, error)
		       : parent_change_load(&p, error))) {
		fprintf(stderr, "%s\n", error);
		return 2;
	}
	if (check)
		return 0;
	if (geteuid() != 0) {
		fputs("cardead: run it as root: it opens raw sockets and nftables\n",
			stderr);
		return 7;
	}
	find_libexec(&p);
	parent_log_level(&p.config);
	if (background && daemon(0, 1))
		return 1;
	result = run(&p);
	if (result != -EBUSY)
		parent_files_remove(&p.config);
	return result ? 1 : 0;
}
