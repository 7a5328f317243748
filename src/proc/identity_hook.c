// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea-identity - what a RADIUS or DHCP server runs to tell Cardea which MUD URL a
 * device has; cardea-identity(8). It reads a stranger's certificate, so that happens in
 * a sandbox which has the socket to Cardea and nothing else. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/sandbox.h"
#include "base/str.h"
#include "proc/identity.h"

/* The numbers mean the same to FreeRADIUS's exec module: ok, reject, fail. */
#define EXIT_TOLD 0
#define EXIT_REFUSED 1
#define EXIT_FAILED 2

#define PATIENCE_S 8 /* FreeRADIUS ends a program after ten seconds */
#define CPU_MAX_S 5
#define NOBODY 65534 /* what root becomes in the sandbox */
#if defined(__SANITIZE_ADDRESS__)
#define MEMORY_MAX 0 /* it reserves terabytes */
#else
#define MEMORY_MAX (64UL << 20)
#endif

struct call {
	const char *socket, *held, *serial, *issuer;
	bool admit;
	struct mac mac;
	bool has_mac;
	const char *mode;   /* NULL: an event of a DHCP server */
	char *const *words; /* behind the flags */
	int count;
};

static volatile sig_atomic_t admit_late;

static void say(const char *fmt, ...) CARDEA_PRINTF(1, 2);
static void say(const char *fmt, ...)
{
	va_list ap;

	fputs("cardea-identity: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static int usage(FILE *out, int code)
{
	fputs("cardea-identity certificate --mac MAC FILE\n"
	      "cardea-identity hold --mac MAC --held DIR FILE\n"
	      "cardea-identity certificate --mac MAC --held DIR --serial HEX [--issuer "
	      "NAME]\n"
	      "cardea-identity [dhcp] add|old|del MAC ADDRESS [NAME]\n\n"
	      "Tells Cardea the MUD URL of a device, for RADIUS and DHCP servers.\n\n"
	      "  --mac MAC      the device: Calling-Station-Id, in any usual form\n"
	      "  --held DIR     where certificates wait until the device has the key\n"
	      "  --serial HEX   of the certificate that was proven\n"
	      "  --issuer NAME  of the same, as /C=.../CN=...\n"
	      "  --admit        exit 0 also when nothing could be told\n"
	      "  --socket PATH  ($CARDEA_SOCKET, else /run/cardea/identity.sock, else\n"
	      "                 control.sock)\n"
	      "  --version\n",
		out);
	return code;
}

/* 02:00:00:00:00:10, 02-00-..., 0200.0000.0010 and 020000000010: RADIUS clients differ
 * (RFC 3580 3.21 wants the second). */
static bool read_mac(const char *text, struct mac *ret)
{
	char plain[MAC_TEXT_MAX];
	size_t len = 0;

	for (; *text; text++) {
		if (strchr(":-.", *text))
			continue;
		if (!isxdigit((unsigned char)*text) || len + 1 >= sizeof(plain))
			return false;
		if (len % 3 == 2)
			plain[len++] = ':';
		plain[len++] = *text;
	}
	plain[len] = 0;
	return mac_parse(plain, ret) == 0;
}

/* Too late is as good as not at all; the server must not wait for us. */
static void too_late(int signum)
{
	static const char text[] = "cardea-identity: it took too long\n";

	(void)signum;
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(admit_late ? EXIT_TOLD : EXIT_FAILED);
}

static void restrain(const struct call *c)
{
	struct rlimit cpu = {CPU_MAX_S, CPU_MAX_S};

	admit_late = c->admit;
	(void)signal(SIGALRM, too_late);
	(void)signal(SIGXCPU, too_late);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)alarm(PATIENCE_S);
	cpu.rlim_max++; /* the signal comes at the first, the end at the second */
	(void)setrlimit(RLIMIT_CPU, &cpu);
}

static int enter_sandbox(void)
{
	struct sandbox s = {.memory_max = MEMORY_MAX};
	unsigned layers;
	int error;

	if (geteuid() == 0) {
		s.uid = NOBODY;
		s.gid = NOBODY;
	}
	error = sandbox_enter(&s, &layers);
	if (error)
		say("the sandbox does not hold: %s", error_text(error));
	return error;
}

static int dial(const struct call *c)
{
	char shown[LIMIT_TEXT];
	int fd = identity_tell_dial(c->socket);

	if (fd == -EACCES || fd == -EPERM)
		say("not allowed to speak to Cardea; next: set group under [hook] in "
		    "cardea.toml to the group of this server");
	else if (fd < 0)
		say("Cardea does not run, or not at %s: %s; next: cardea start",
			c->socket ? str_escape(str_untrusted(c->socket), shown,
					    sizeof(shown))
				  : "/run/cardea",
			error_text(fd));
	return fd;
}

static int tell(int fd, const struct identity_claim *claim)
{
	char why[LIMIT_TEXT], mac[MAC_TEXT_MAX], url[LIMIT_URL];
	int error = identity_tell(fd, claim, why);

	if (error)
		say("%s", why);
	else
		say("%s is %s", mac_format(&claim->mac, mac),
			str_escape(str_untrusted(claim->mud_url), url, sizeof(url)));
	if (error == CARDEA_EREFUSED)
		return EXIT_REFUSED;
	return error ? EXIT_FAILED : EXIT_TOLD;
}

/* FreeRADIUS doubles a backslash where OpenSSL writes one, as before the octets of a
 * letter that is not ASCII: backslashes do not count. */
static bool same_issuer(const char *a, const char *b)
{
	do {
		a += strspn(a, "\\");
		b += strspn(b, "\\");
		if (*a != *b)
			return false;
	} while (*a++ && b++);
	return true;
}

/* The certificate that waited must be the one whose key was proven. */
static bool is_proven(const struct call *c, const struct identity_cert *cert)
{
	const char *serial = c->serial;

	if (!c->held)
		return true;
	return strcasecmp(serial, cert->serial) == 0 &&
	       (!c->issuer || same_issuer(c->issuer, cert->issuer));
}

/* In the sandbox from here on. */
static int judge(const struct call *c, int fd, const char *bytes, size_t len)
{
	struct identity_claim claim = {.mac = c->mac, .source = URL_SOURCE_CERTIFICATE};
	struct identity_cert cert;
	char why[LIMIT_TEXT];

	if (identity_cert_read(bytes, len, &cert, why)) {
		say("the certificate cannot be used: %s", why);
		return EXIT_REFUSED;
	}
	if (!is_proven(c, &cert)) {
		say("another certificate waits for this device; nothing is told");
		return EXIT_TOLD;
	}
	if (!cert.mud_url[0]) {
		say("the certificate names no MUD URL (1.3.6.1.5.5.7.1.25); nothing is "
		    "told");
		return EXIT_TOLD;
	}
	str_copy(claim.mud_url, sizeof(claim.mud_url), cert.mud_url);
	str_copy(claim.mud_signer, sizeof(claim.mud_signer), cert.mud_signer);
	return tell(fd, &claim);
}

static int read_file(const char *path, char *bytes, size_t *len)
{
	char shown[LIMIT_TEXT];
	int error = identity_held_read(path, bytes, len);

	if (error)
		say("%s cannot be read: %s", str_escape(str_untrusted(path), shown,
						     sizeof(shown)),
			error_text(error));
	return error;
}

static void say_held(const char *what, int error)
{
	say("%s: %s; next: make the directory of --held, owned by this server alone, with "
	    "mode 0700",
		what, error == -EPERM ? "others may write there" : error_text(error));
}

static int run_certificate(const struct call *c)
{
	static char bytes[IDENTITY_FILE_MAX];
	size_t len;
	int error, fd;

	if (!c->has_mac || c->count != (c->held ? 0 : 1) || (c->held && !c->serial))
		return usage(stderr, EXIT_FAILED);
	error = c->held ? identity_held_get(c->held, &c->mac, bytes, &len)
			: read_file(c->words[0], bytes, &len);
	if (c->held && error == -ENOENT) {
		say("no certificate of this device waits, as when a TLS session is "
		    "resumed; nothing is told");
		return EXIT_TOLD;
	}
	if (error && c->held)
		say_held("the waiting certificate cannot be read", error);
	if (error)
		return EXIT_FAILED;
	fd = dial(c);
	if (fd < 0 || identity_cert_init() || enter_sandbox())
		return EXIT_FAILED;
	return judge(c, fd, bytes, len);
}

static int run_hold(const struct call *c)
{
	static char bytes[IDENTITY_FILE_MAX];
	size_t len;
	int error;

	if (!c->has_mac || !c->held || c->count != 1)
		return usage(stderr, EXIT_FAILED);
	error = read_file(c->words[0], bytes, &len);
	if (error)
		return EXIT_FAILED;
	error = identity_held_put(c->held, &c->mac, bytes, len);
	if (error)
		say_held("the certificate cannot be kept", error);
	return error ? EXIT_FAILED : EXIT_TOLD;
}

/* RFC 8520 10: "url [space reserved]"; what is reserved is ignored. */
static bool take_url(const char *text, char url[LIMIT_URL])
{
	return str_copy_bytes(url, LIMIT_URL, text, strcspn(text, " "));
}

/* As dnsmasq calls its --dhcp-script: add or old or del, MAC (for DHCPv6 the DUID, and
 * the MAC in the environment), address, name. Other words are events that do not
 * concern us, and an old lease says no URL. */
static int run_dhcp(const struct call *c, char *const *words, int count)
{
	struct identity_claim claim = {.source = URL_SOURCE_DHCP};
	const char *url = getenv("DNSMASQ_MUD_URL"), *mac = getenv("DNSMASQ_MAC");
	int fd;

	if (!url || !*url || (strcmp(words[0], "add") && strcmp(words[0], "old")))
		return EXIT_TOLD;
	if (count < 3)
		return usage(stderr, EXIT_FAILED);
	if (!strchr(words[2], ':')) /* else the first word is a DUID (RFC 8415 11) */
		mac = words[1];
	if (!mac || !read_mac(mac, &claim.mac)) {
		say("the device of this lease has no Ethernet address; nothing is "
		    "told");
		return EXIT_TOLD;
	}
	if (!take_url(url, claim.mud_url)) {
		say("the MUD URL is too long");
		return EXIT_REFUSED;
	}
	fd = dial(c);
	if (fd < 0 || enter_sandbox())
		return EXIT_FAILED;
	return tell(fd, &claim);
}

static bool is_dhcp_event(const char *word)
{
	static const char *const events[] = {"add", "old", "del", "init", "tftp",
		"arp-add", "arp-del", "arp-old", "relay-snoop"};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (strcmp(word, events[i]) == 0)
			return true;
	return false;
}

static int run(const struct call *c)
{
	bool dhcp = c->count && strcmp(c->words[0], "dhcp") == 0;

	if (c->mode && strcmp(c->mode, "certificate") == 0)
		return run_certificate(c);
	if (c->mode && strcmp(c->mode, "hold") == 0)
		return run_hold(c);
	if (c->mode || c->count < 1 + dhcp)
		return usage(stderr, EXIT_FAILED);
	return run_dhcp(c, c->words + dhcp, c->count - dhcp);
}

static bool take_mac(struct call *c, const char *text)
{
	char shown[LIMIT_LABEL];

	c->has_mac = read_mac(text, &c->mac);
	if (!c->has_mac)
		say("\"%s\" is no MAC", str_escape(str_untrusted(text), shown,
						sizeof(shown)));
	return c->has_mac;
}

/* Flags up to the first word: behind it stands what a stranger may have chosen, such as
 * the name that a DHCP client gives itself. -1 to go on, else the exit code. */
static int take_flags(struct call *c, int argc, char *const *argv)
{
	static const struct option options[] = {{"mac", required_argument, NULL, 'm'},
		{"held", required_argument, NULL, 'd'},
		{"serial", required_argument, NULL, 'n'},
		{"issuer", required_argument, NULL, 'i'},
		{"admit", no_argument, NULL, 'a'},
		{"socket", required_argument, NULL, 's'},
		{"version", no_argument, NULL, 'V'}, {"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0}};
	int o;

	optind = 0;
	while ((o = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		if (o == 'd')
			c->held = optarg;
		else if (o == 'n')
			c->serial = optarg;
		else if (o == 'i')
			c->issuer = optarg;
		else if (o == 's')
			c->socket = optarg;
		else if (o == 'a')
			c->admit = true;
		else if (o == 'V')
			return puts("cardea-identity " CARDEA_VERSION) < 0;
		else if (o != 'm')
			return o == 'h' ? usage(stdout, 0) : usage(stderr, EXIT_FAILED);
		else if (!take_mac(c, optarg))
			return c->admit ? EXIT_TOLD : EXIT_FAILED;
	}
	return -1;
}

/* Flags stand before or behind the mode. */
static int take_words(struct call *c, int argc, char **argv)
{
	int code = take_flags(c, argc, argv);

	c->words = argv + optind;
	c->count = argc - optind;
	if (code >= 0 || !c->count || strcmp(c->words[0], "dhcp") == 0 ||
		is_dhcp_event(c->words[0]))
		return code;
	c->mode = c->words[0];
	code = take_flags(c, c->count, c->words);
	c->words += optind;
	c->count -= optind;
	return code;
}

int main(int argc, char **argv)
{
	const char *socket = getenv("CARDEA_SOCKET");
	struct call c = {.socket = socket && *socket ? socket : NULL};
	int code = take_words(&c, argc, argv);

	if (code >= 0)
		return code;
	restrain(&c);
	code = run(&c);
	return c.admit ? EXIT_TOLD : code;
}
