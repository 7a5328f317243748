// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea-mud-crypto - signs and verifies MUD files for `cardea mud`, in a program of
 * its own: the command line does not carry OpenSSL.
 *
 *   sign   WALL MUD KEY CERT CHAIN|""         the signature on stdout
 *   verify WALL MUD SIGNATURE ANCHORS DEVICE|""  the signer on stdout
 *
 * WALL is in seconds since 1970. Exit 0; 6 and a sentence when the answer is no; 1 and
 * a sentence when something could not be read. No daemon runs it, and it reads its
 * files before it looks at any. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/str.h"
#include "profiles/mud/cms.h"

#define FILE_MAX (512UL << 10) /* the biggest is a file of anchors */
#define MEMORY_MAX (256UL << 20)
#define CPU_MAX_S 20
#define EXIT_NO 6
#define ARGS 7

struct file {
	char *bytes;
	size_t len;
};

static int fail(int code, const char *what, const char *why)
{
	printf("%s%s%s", what, *what ? ": " : "", why);
	return code;
}

/* One byte more than is allowed, for the reader to refuse. */
static int file_read(const char *path, struct file *ret)
{
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
					: open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct file f = {.bytes = malloc(FILE_MAX)};
	ssize_t n = -1;

	if (fd < 0 || !f.bytes)
		goto out;
	while (f.len < FILE_MAX) {
		n = read(fd, f.bytes + f.len, FILE_MAX - f.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		f.len += (size_t)n;
	}
out:
	if (fd >= 0)
		close(fd);
	if (n < 0) {
		free(f.bytes);
		return -errno;
	}
	*ret = f;
	return 0;
}

/* An empty path is no file. */
static bool files_read(
	char *const paths[], struct file *files, int count, int *ret_code)
{
	char shown[LIMIT_TEXT];

	for (int i = 0; i < count; i++) {
		if (!paths[i][0] || !file_read(paths[i], &files[i]))
			continue;
		int error = errno;
		str_escape(str_untrusted(paths[i]), shown, sizeof shown);
		*ret_code = fail(EXIT_FAILURE, shown, strerror(error));
		return false;
	}
	return true;
}

/* "No" is what the files say; all else is that they could not be asked. */
static int told(int error, const char *why)
{
	return fail(error == -ENOMEM ? EXIT_FAILURE : EXIT_NO, "", why);
}

static int sign(nstime wall, const struct file *f)
{
	struct mud_cms_identity id = {.key = f[1].bytes,
		.key_len = f[1].len,
		.cert = f[2].bytes,
		.cert_len = f[2].len,
		.chain = f[3].bytes,
		.chain_len = f[3].len};
	char signer[LIMIT_TEXT], why[LIMIT_TEXT] = "out of memory";
	uint8_t *der = NULL;
	size_t len = 0;

	int error =
		mud_cms_sign(&id, f[0].bytes, f[0].len, wall, &der, &len, signer, why);
	if (error)
		return told(error, why);
	fwrite(der, 1, len, stdout);
	free(der);
	return EXIT_SUCCESS;
}

static int verify(nstime wall, const struct file *f)
{
	char signer[LIMIT_TEXT], why[LIMIT_TEXT];
	struct mud_trust *trust = NULL;

	/* without anchors nothing can be said about the signature */
	if (mud_trust_new(f[2].bytes, f[2].len, &trust, why))
		return fail(EXIT_FAILURE, "", why);
	int error = mud_cms_verify_device(trust, f[3].bytes, f[3].len, f[0].bytes,
		f[0].len, f[1].bytes, f[1].len, wall, signer, why);
	mud_trust_free(trust);
	return error ? told(error, why) : fail(EXIT_SUCCESS, "", signer);
}

/* It sees a private key and a stranger's signature. */
static void restrain(void)
{
	struct rlimit none = {0, 0}, memory = {MEMORY_MAX, MEMORY_MAX};
	struct rlimit cpu = {CPU_MAX_S, CPU_MAX_S};

	(void)setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__) /* which reserves terabytes */
	(void)setrlimit(RLIMIT_AS, &memory);
#endif
	(void)memory;
	(void)setrlimit(RLIMIT_CPU, &cpu);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int main(int argc, char **argv)
{
	struct file files[ARGS - 3] = {{0}};
	int64_t wall;
	int code = EXIT_FAILURE;
	bool signing = argc == ARGS && strcmp(argv[1], "sign") == 0;

	restrain();
	if (argc != ARGS || (!signing && strcmp(argv[1], "verify") != 0) ||
		str_to_i64(argv[2], 0, INT64_MAX / NS_PER_SEC, &wall))
		return fail(EXIT_FAILURE, "",
			"use `cardea mud sign` or `cardea mud verify`");
	if (files_read(argv + 3, files, ARGS - 3, &code))
		code = signing ? sign(wall * NS_PER_SEC, files)
			       : verify(wall * NS_PER_SEC, files);
	for (int i = 0; i < ARGS - 3; i++)
		free(files[i].bytes);
	return fflush(stdout) ? EXIT_FAILURE : code;
}
