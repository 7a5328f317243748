// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/attest.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/file.h"
#include "cli/text.h"

enum cli_exit attest_memory(void)
{
	cli_complain(NULL, "%s", error_text(-ENOMEM));
	return CLI_FAILED;
}

enum cli_exit attest_read(const char *path, size_t max, struct cursor *ret)
{
	int fd = file_open(path);
	uint8_t *bytes;
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0)
		return CLI_FAILED;
	bytes = cli_take(max + 1);
	while (len <= max && n != 0) {
		n = read(fd, bytes + len, max + 1 - len);
		if (n < 0 && errno != EINTR)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	if (n < 0)
		cli_complain(NULL, "%s: %s", text_clean(path), strerror(errno));
	close(fd);
	if (n < 0)
		return CLI_FAILED;
	if (len > max) {
		cli_complain(NULL, "%s: more than %zu octets: this is none",
			text_clean(path), max);
		return CLI_FAILED;
	}
	*ret = cursor_of(bytes, len);
	return CLI_OK;
}

enum cli_exit attest_key(const struct cli *c, struct attest_key **ret)
{
	const char *path = args_flag(c, "key");
	char text[LIMIT_TEXT];
	struct cursor pem;
	enum cli_exit e;

	*ret = NULL;
	if (!path)
		return CLI_OK;
	e = attest_read(path, ATTEST_KEY_BYTES_MAX, &pem);
	if (e != CLI_OK)
		return e;
	int error = attest_key_read(pem.pos, cursor_left(&pem), ret, text);
	if (error == -ENOMEM)
		return attest_memory();
	if (error) {
		cli_complain("openssl pkey -in KEY -pubout", "%s: %s", text_clean(path),
			text);
		return CLI_FAILED;
	}
	return CLI_OK;
}

enum cli_exit attest_hex(const struct cli *c, const char *flag, struct cursor *ret)
{
	const char *text = args_flag(c, flag);
	size_t len = text ? strlen(text) : 0;
	uint8_t *bytes = cli_take(len / 2 + 1);
	bool good = text ? len > 0 && len % 2 == 0 : true;

	for (size_t i = 0; i + 1 < len && good; i += 2) {
		int hi = str_hex_digit(text[i]), lo = str_hex_digit(text[i + 1]);
		good = hi >= 0 && lo >= 0;
		bytes[i / 2] = good ? (uint8_t)(hi << 4 | lo) : 0;
	}
	*ret = cursor_of(bytes, len / 2);
	if (good)
		return CLI_OK;
	cli_complain(c->command->example, "--%s: two hexadecimal digits for each octet",
		flag);
	return CLI_USAGE;
}

const char *attest_hex_text(struct cursor bytes, char buf[ATTEST_HEX_TEXT])
{
	struct str_text t = {.buf = buf, .size = ATTEST_HEX_TEXT};

	buf[0] = 0;
	for (const uint8_t *p = bytes.pos; p < bytes.end; p++)
		str_add(&t, "%02x", *p);
	return buf;
}

void attest_kv_hex(struct jsonw *j, const char *key, struct cursor bytes)
{
	size_t size = 2 * cursor_left(&bytes) + 1;
	char *text = cli_take(size);
	struct str_text t = {.buf = text, .size = size};

	text[0] = 0;
	for (const uint8_t *p = bytes.pos; p < bytes.end; p++)
		str_add(&t, "%02x", *p);
	jsonw_kv_string(j, key, cursor_left(&bytes) ? text : NULL);
}

void attest_kv_text(struct jsonw *j, const char *key, struct cursor text)
{
	jsonw_key(j, key);
	if (text.start)
		jsonw_untrusted(j, (struct untrusted_str){.bytes = (const char *)text.pos,
					   .len = cursor_left(&text)});
	else
		jsonw_null(j);
}

void attest_kv_alg(struct jsonw *j, bool has, int64_t alg)
{
	const char *name = has ? cose_alg_name(alg) : NULL;

	if (has && !name)
		jsonw_kv_i64(j, "alg", alg);
	else
		jsonw_kv_string(j, "alg", name);
}

void attest_json_begin(struct jsonw *j, const struct attest_result *r, const char *path)
{
	jsonw_init_buffer(j, ATTEST_JSON_MAX);
	jsonw_object(j);
	jsonw_kv_string(j, "schema", r->schema);
	jsonw_kv_untrusted(j, "file", path);
	jsonw_kv_string(j, r->kind, r->word);
	jsonw_kv_string(j, "why", r->why[0] ? r->why : NULL);
}

void attest_print(const struct attest_result *r)
{
	printf("%s%s%s%s%s\n", text_on(r->good ? STYLE_GOOD : STYLE_BAD), r->word,
		text_off(r->good ? STYLE_GOOD : STYLE_BAD), r->why[0] ? ": " : "", r->why);
}
