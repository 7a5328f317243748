// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea device add - the owner introduces a device: by the code on its case or box, or
 * by hand. All checks are made here before the daemon is asked. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/device.h"
#include "cli/text.h"
#include "profiles/mud/mud.h"
#include "wire/sqrl.h"

/* What a scanner types: the octets, four characters for each when all are escaped. */
#define QR_TEXT_MAX (4 * SQRL_MAX + 2)

struct add {
	struct mac mac;
	bool has_mac;
	char url[LIMIT_URL];
	const char *source, *name;
};

static enum cli_exit wrong_qr(const char *why)
{
	cli_complain("copy the code as the scanner shows it, in quotes, with \\x1e or "
		     "<RS> for what cannot be typed; or give --mac and --url",
		"this is no QR code of a device (RFC 9238): %s", why);
	return CLI_USAGE;
}

/* One line, or all there is; without the line's end that scanners type. */
static enum cli_exit read_stdin(char *buf, size_t size, size_t *ret_len)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(STDIN_FILENO, buf + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			cli_complain(NULL, "standard input: %s", strerror(errno));
			return CLI_FAILED;
		}
		if (n == 0)
			break;
		len += (size_t)n;
		if (memchr(buf + len - (size_t)n, '\n', (size_t)n))
			break;
	}
	if (memchr(buf, '\n', len))
		len = (size_t)((char *)memchr(buf, '\n', len) - buf);
	if (len && buf[len - 1] == '\r')
		len--;
	*ret_len = len;
	return CLI_OK;
}

static enum cli_exit parse_qr(const char *text, size_t len, struct sqrl *ret)
{
	uint8_t octets[SQRL_MAX];
	int n = device_qr_unescape(text, len, octets, sizeof(octets));
	struct cursor in = cursor_of(octets, n > 0 ? (size_t)n : 0);
	int error;

	if (n < 0)
		return wrong_qr("it is too long, or has a \\ with no meaning");
	error = sqrl_parse(&in, ret);
	if (error == CARDEA_EUNSUPPORTED)
		return wrong_qr("it names no MUD file (M180)");
	return error ? wrong_qr(error_text(error)) : CLI_OK;
}

static enum cli_exit no_mac(const struct sqrl *s)
{
	cli_complain("add --mac MAC: it stands on the device, or in `cardea device "
		     "list` once the device has joined",
		s->has_eui64 ? "the code has a 64-bit address of another kind of "
			       "network, and no MAC"
			     : "the code does not say which device it is: it has no "
			       "MAC");
	return CLI_USAGE;
}

static enum cli_exit take_sqrl(struct add *a, const struct sqrl *s)
{
	str_copy_bytes(a->url, sizeof(a->url), s->mud_url.b, s->mud_url.len);
	a->source = "qr";
	if (!s->has_mac)
		return a->has_mac ? CLI_OK : no_mac(s);
	if (a->has_mac && !mac_equal(&a->mac, &s->mac)) {
		cli_complain("leave --mac out, or scan the code of that device",
			"the code has another MAC than --mac");
		return CLI_USAGE;
	}
	a->mac = s->mac;
	a->has_mac = true;
	return CLI_OK;
}

static enum cli_exit take_qr(struct add *a, const char *qr)
{
	static char typed[QR_TEXT_MAX];
	size_t len = strlen(qr);
	struct sqrl s;
	enum cli_exit e = CLI_OK;

	if (strcmp(qr, "-") == 0) {
		e = read_stdin(typed, sizeof(typed), &len);
		qr = typed;
	}
	if (e == CLI_OK)
		e = parse_qr(qr, len, &s);
	return e == CLI_OK ? take_sqrl(a, &s) : e;
}

static enum cli_exit take_by_hand(struct add *a, const char *url)
{
	a->source = "owner";
	if (url && a->has_mac && str_copy(a->url, sizeof(a->url), url))
		return CLI_OK;
	cli_complain(
		"cardea device add --mac MAC --url URL, or --qr with the code on it",
		url && a->has_mac ? "the URL is too long"
				  : "which device, and which MUD file?");
	return CLI_USAGE;
}

static enum cli_exit read_flags(const struct cli *c, struct add *a)
{
	const char *mac = args_flag(c, "mac"), *url = args_flag(c, "url");
	const char *qr = args_flag(c, "qr");
	enum cli_exit e;

	a->name = args_flag(c, "name");
	if (mac && (mac_parse(mac, &a->mac) || mac_is_group(&a->mac) ||
			   mac_is_zero(&a->mac))) {
		cli_complain("write it as 02:00:00:00:00:10",
			"\"%s\" is no device's MAC", text_clean(mac));
		return CLI_USAGE;
	}
	a->has_mac = mac != NULL;
	if (a->name && (!a->name[0] || strlen(a->name) >= LIMIT_LABEL)) {
		cli_complain("use 1 to 63 characters", "this is no name");
		return CLI_USAGE;
	}
	if (qr && url) {
		cli_complain("give one of them", "both --qr and --url name a MUD file");
		return CLI_USAGE;
	}
	e = qr ? take_qr(a, qr) : take_by_hand(a, url);
	return e == CLI_OK ? device_check_url(a->url) : e;
}

static enum cli_exit post(const struct cli *c, const struct add *a, json_t **ret)
{
	struct client_target t;
	char mac[MAC_TEXT_MAX];
	json_t *body = json_pack("{s:s, s:s, s:s, s:s*}", "mac",
		mac_format(&a->mac, mac), "source", a->source, "mud_url", a->url,
		"name", a->name);

	if (!body) {
		cli_complain("use letters of any script, in UTF-8", "this is no name");
		return CLI_USAGE;
	}
	client_target_init(&t, "/v1/identities");
	return answer_post(c, &t, body, ret);
}

enum cli_exit device_add(struct cli *c)
{
	struct add a = {0};
	char mac[MAC_TEXT_MAX];
	json_t *d = NULL;
	enum cli_exit e = read_flags(c, &a);

	if (e != CLI_OK)
		return e;
	if (args_flag(c, "dry-run"))
		return answer_would(c, "the MUD file of %s would be %s", mac_format(&a.mac, mac),
			text_clean(a.url));
	e = post(c, &a, &d);
	if (e == CLI_OK && c->json)
		e = answer_print(d);
	else if (e == CLI_OK)
		printf("%s (%s) is %s\n", answer_text(d, "name"), answer_text(d, "mac"),
			answer_text(d, "mud_url"));
	if (e == CLI_OK)
		cli_say(c, "see what comes of it: cardea device show %s",
			device_handle(d, answer_raw(d, "name")));
	json_decref(d);
	return e;
}
