// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/password.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/answer.h"

#define SCRYPT_MEMORY (64UL << 20) /* what may be asked of us, at most */

bool password_line(int fd, char buf[PASSWORD_ROOM])
{
	size_t len = 0;
	ssize_t n;
	char ch;

	while ((n = read(fd, &ch, 1)) == 1 || (n < 0 && errno == EINTR)) {
		if (n < 0)
			continue;
		if (ch == '\n')
			break;
		if (len > PEOPLE_PASSWORD_MAX)
			return false;
		buf[len++] = ch;
	}
	buf[len] = 0;
	return n == 1 || len;
}

static bool ask(const char *prompt, char buf[PASSWORD_ROOM])
{
	struct termios was, silent;
	bool terminal = isatty(STDIN_FILENO) && !tcgetattr(STDIN_FILENO, &was);
	bool good;

	if (terminal) {
		silent = was;
		silent.c_lflag &= ~(tcflag_t)ECHO;
		/* before it is asked: what is typed then must not be lost, nor shown */
		if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent))
			return false;
		fprintf(stderr, "%s: ", prompt);
	}
	good = password_line(STDIN_FILENO, buf);
	if (terminal) {
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
		fputc('\n', stderr);
	}
	return good;
}

enum cli_exit password_fits(const char *password)
{
	size_t len = strlen(password);

	if (len >= PEOPLE_PASSWORD_MIN && len <= PEOPLE_PASSWORD_MAX)
		return CLI_OK;
	cli_complain("four or five words make a good one", "a password or passphrase has %d to %d octets",
		PEOPLE_PASSWORD_MIN, PEOPLE_PASSWORD_MAX);
	return CLI_USAGE;
}

static enum cli_exit none_came(void)
{
	cli_complain("type it, or let it be the first line of standard input",
		"no password or passphrase, or one that is too long");
	return CLI_USAGE;
}

/* The same password typed twice, where somebody types. */
enum cli_exit password_new(const char *prompt, char buf[PASSWORD_ROOM])
{
	char again[PASSWORD_ROOM];
	bool same = true;

	if (!ask(prompt, buf))
		return none_came();
	if (isatty(STDIN_FILENO)) {
		same = ask("Once more", again) && strcmp(buf, again) == 0;
		explicit_bzero(again, sizeof(again));
	}
	if (same)
		return password_fits(buf);
	cli_complain("run it again", "the two are not the same");
	return CLI_USAGE;
}

enum cli_exit password_old(const char *prompt, char buf[PASSWORD_ROOM])
{
	return ask(prompt, buf) && buf[0] ? CLI_OK : none_came();
}

/* RFC 7914, over the gateway's salt and the name: the same password of two users, and of two
 * gateways, makes different keys. */
static bool derive(
	const json_t *how, const char *user, const char *password, char ret[PEOPLE_HEX])
{
	const char *hex = answer_raw(how, "salt");
	uint8_t salt[PEOPLE_SALT + LIMIT_USER], key[PEOPLE_KEY];
	size_t len = strlen(user);
	bool good;

	if (len >= LIMIT_USER || !str_from_hex(hex, strlen(hex), salt, PEOPLE_SALT))
		return false;
	memcpy(salt + PEOPLE_SALT, user, len);
	good = EVP_PBE_scrypt(password, strlen(password), salt, PEOPLE_SALT + len,
		       1ULL << (answer_number(how, "log2_n") & 31),
		       (uint64_t)answer_number(how, "r"), (uint64_t)answer_number(how, "p"),
		       SCRYPT_MEMORY, key, sizeof(key)) == 1;
	str_to_hex(key, sizeof(key), ret);
	explicit_bzero(key, sizeof(key));
	return good;
}

enum cli_exit password_key(struct cli *c, const char *user, char ret[PEOPLE_HEX])
{
	char password[PASSWORD_ROOM];
	json_t *session = NULL;
	enum cli_exit e = answer_get(c, "/v1/session", &session);

	if (e == CLI_OK)
		e = password_new("New password", password);
	if (e == CLI_OK &&
		!derive(json_object_get(session, "scrypt"), user, password, ret)) {
		cli_complain("look whether cardea and cardead are of one version",
			"no key could be made of the password");
		e = CLI_FAILED;
	}
	explicit_bzero(password, sizeof(password));
	json_decref(session);
	return e;
}
