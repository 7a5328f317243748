// SPDX-License-Identifier: GPL-2.0-or-later
/* Settings: what is accepted, and the exact place and words of what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "engine/config/schema.h"

static char error[CONFIG_ERROR_MAX];

static int parse(struct config *c, const char *text)
{
	size_t len = strlen(text);
	char *exact = malloc(len ? len : 1);
	int r;

	assert_non_null(exact);
	if (len)
		memcpy(exact, text, len);
	config_defaults(c);
	error[0] = 0;
	r = config_parse(c, "f", exact, len, error);
	free(exact);
	return r;
}

static void defaults_are_as_documented(void **state)
{
	(void)state;
	struct config c;

	assert_int_equal(parse(&c, ""), 0);
	assert_int_equal(c.lan_interfaces.count, 0);
	assert_int_equal(c.dns_cache_kb, 256);
	assert_true(c.dns_tls);
	assert_true(c.dns_canary);
	assert_string_equal(c.dns_name, "dns.cardea.internal");
	assert_string_equal(c.dns_domain, "internal");
	assert_string_equal(c.dns_tls_key, "");
	assert_string_equal(c.dns_unlisted, "answer");
	assert_string_equal(c.dns_foreign, "redirect");
	assert_int_equal(c.dns_encrypted_names.count, 0);
	assert_true(c.mud_require_signature);
	assert_false(c.mud_allow_private);
	assert_false(c.stop_open);
	assert_string_equal(c.state_dir, "/var/lib/cardea");
	assert_string_equal(c.hook_group, "");
	assert_string_equal(c.libexec_dir, "");
	assert_string_equal(c.log_level, "info");
	assert_int_equal(c.uid_base, 61200);
}

static void whole_file(void **state)
{
	(void)state;
	struct config c;

	assert_int_equal(parse(&c,
		"# house\r\n\n[lan]\r\ninterfaces = [ # two\n\t\"br-lan\",\n\n \"wlan0.1\", ]\n"
		"[dns] # names\nupstream=[\"192.0.2.53@5353\",\"2001:db8::1\"]\n"
		"cache_kb = 1024 # KiB\n[mud]\nrequire_signature = false\n"
		"anchors = []\n[paths]\nstate = \"/a \\\"b\\\" \\\\c\"\n[log]\n"
		"level = \"debug\""), 0);
	assert_int_equal(c.lan_interfaces.count, 2);
	assert_string_equal(c.lan_interfaces.items[1], "wlan0.1");
	assert_int_equal(c.dns_upstream.count, 2);
	assert_int_equal(c.dns_cache_kb, 1024);
	assert_false(c.mud_require_signature);
	assert_string_equal(c.state_dir, "/a \"b\" \\c");
	assert_string_equal(c.log_level, "debug");
}

static const struct {
	const char *text, *error;
} faults[] = {
	{"x = 1", "f:1:1: \"x\" stands before any [section]"},
	{"[lna]", "f:1:2: unknown section \"lna\"; did you mean \"lan\"?"},
	{"[somewhere]", "f:1:2: unknown section \"somewhere\"; `cardea config "
			"schema` lists them all"},
	{"[dns]\ncache_mb = 1",
		"f:2:1: unknown key \"cache_mb\"; did you mean \"cache_kb\"?"},
	{"[dns]\ninterfaces = []", "f:2:1: unknown key \"interfaces\"; `cardea "
				   "config schema` lists them all"},
	{"[dns\n", "f:1:5: expected ']' after the section's name"},
	{"[]", "f:1:2: expected a name of letters, digits, '_' or '-'"},
	{"[dns]\n= 1", "f:2:1: expected a name of letters, digits, '_' or '-'"},
	{"[dns]\ncache_kb 1", "f:2:10: expected '=' after \"cache_kb\""},
	{"[dns]\ncache_kb = 63",
		"f:2:12: cache_kb is a whole number from 64 to 65536"},
	{"[dns]\nname = \"dns\"", "f:2:8: name \"dns\": a whole top-level domain is too much"},
	{"[dns]\ndomain = \".\"",
		"f:2:10: domain \".\": give a domain such as \"internal\" or \"home.arpa\""},
	{"[dns]\nunlisted = \"drop\"",
		"f:2:12: unlisted \"drop\": one of answer, refuse, nxdomain"},
	{"[dns]\ntls_key = \"key.pem\"", "f:2:11: tls_key \"key.pem\": give an absolute path, or \"\""},
	{"[dns]\nencrypted_names = [\"a..b\"]",
		"f:2:20: encrypted_names \"a..b\": give a domain name of letters, digits, '-' and '.'"},
	{"[dns]\ncache_kb = 65537",
		"f:2:12: cache_kb is a whole number from 64 to 65536"},
	{"[dns]\ncache_kb =",
		"f:2:11: cache_kb is a whole number from 64 to 65536"},
	{"[dns]\ncache_kb = 0x100",
		"f:2:12: cache_kb is a whole number from 64 to 65536"},
	{"[dns]\ncache_kb = 11111111111111111111111111111111111",
		"f:2:12: the value of cache_kb is too long"},
	{"[stop]\n  open = yes", "f:2:10: open is true or false"},
	{"[stop]\nopen = true false", "f:2:13: one setting a line: end the line "
				     "here"},
	{"[stop] open = true", "f:1:8: one setting a line: end the line here"},
	{"[log]\nlevel = info", "f:2:9: expected a value in double quotes"},
	{"[log]\nlevel = \"info", "f:2:9: the closing double quote is missing"},
	{"[log]\nlevel = \"in\nfo\"", "f:2:9: the closing double quote is missing"},
	{"[log]\nlevel = \"loud\"",
		"f:2:9: level \"loud\": one of error, warn, info, debug"},
	{"[log]\nlevel = \"in\tfo\"", "f:2:12: control character in a value"},
	{"[mqtt]\nuser = \"k\xfc" "che\"", "f:2:8: this is no UTF-8"},
	{"[log]\nlevel = \"in\\nfo\"",
		"f:2:12: after a backslash: another one, or a quote"},
	{"[log]\nlevel = \"\\", "f:2:10: after a backslash: another one, or a "
			       "quote"},
	{"[hook]\ngroup = \"free rad\"",
		"f:2:9: group \"free rad\": a group's name has letters, digits, "
		"'.', '_', '-'"},
	{"[hook]\ngroup = \"-rad\"",
		"f:2:9: group \"-rad\": a group's name has at most 31 characters, "
		"and no '-' in front"},
	{"[paths]\nrun = \"run\"", "f:2:7: run \"run\": give an absolute path"},
	{"[lan]\ninterfaces = \"br0\"",
		"f:2:14: expected a list: [\"...\", \"...\"]"},
	{"[lan]\ninterfaces = [\"br0\"\n\"br1\"]", "f:3:1: expected ',' or ']'"},
	{"[lan]\ninterfaces = [\n  \"br0\",\n  br1 ]",
		"f:4:3: expected a value in double quotes"},
	{"[lan]\ninterfaces = [\"br0\"", "f:2:20: expected ',' or ']'"},
	{"[lan]\ninterfaces = [\"\"]", "f:2:15: interfaces \"\": an interface "
				      "name has 1 to 15 characters"},
	{"[lan]\ninterfaces = [\"a23456789012345\", \"a234567890123456\"]",
		"f:2:34: interfaces \"a234567890123456\": an interface name has 1 "
		"to 15 characters"},
	{"[lan]\ninterfaces = [\"br0; drop\"]",
		"f:2:15: interfaces \"br0; drop\": an interface name has letters, "
		"digits, '.', '_', '-'"},
	{"[dns]\nupstream = [\"192.0.2.53@0\"]",
		"f:2:13: upstream \"192.0.2.53@0\": the port after '@' is a number "
		"from 1 to 65535"},
	{"[dns]\nupstream = [\"dns.example\"]",
		"f:2:13: upstream \"dns.example\": give an address, such as "
		"\"192.0.2.53\" or \"192.0.2.53@5353\""},
};

static void errors_say_where_and_what(void **state)
{
	(void)state;
	struct config c;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		assert_int_equal(parse(&c, faults[i].text), CARDEA_EMALFORMED);
		assert_string_equal(error, faults[i].error);
	}
}

static void limits_hold(void **state)
{
	(void)state;
	char text[CONFIG_STRING_MAX + 64];
	struct config c;
	int n;

	n = snprintf(text, sizeof(text), "[paths]\nrun = \"/%0*d\"", CONFIG_STRING_MAX - 2,
		0);
	assert_in_range(n, 1, sizeof(text) - 1);
	assert_int_equal(parse(&c, text), 0);
	n = snprintf(text, sizeof(text), "[paths]\nrun = \"/%0*d\"", CONFIG_STRING_MAX - 1,
		0);
	assert_in_range(n, 1, sizeof(text) - 1);
	assert_int_equal(parse(&c, text), CARDEA_EMALFORMED);
	assert_string_equal(error, "f:2:7: longer than 255 characters");
	assert_int_equal(parse(&c, "[mud]\nanchors=[\"/1\",\"/2\",\"/3\",\"/4\",\"/5\","
				   "\"/6\",\"/7\",\"/8\"]"),
		0);
	assert_int_equal(parse(&c, "[mud]\nanchors=[\"/1\",\"/2\",\"/3\",\"/4\",\"/5\","
				   "\"/6\",\"/7\",\"/8\",\"/9\"]"),
		CARDEA_EMALFORMED);
	assert_string_equal(error, "f:2:50: at most 8 values");
	assert_int_equal(config_parse(&c, "f", "[log]\nlevel = \"in\0fo\"", 21, error),
		CARDEA_EMALFORMED);
}

/* What --schema prints, with its settings no comments any more, is the defaults. */
static void schema_reads_back(void **state)
{
	(void)state;
	struct config defaults, c;
	char *text = NULL, *line, *rest;
	size_t len = 0, used = 0;
	FILE *f = open_memstream(&text, &len);
	char file[16384];

	assert_non_null(f);
	config_print_schema(f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(parse(&c, text), 0);
	for (rest = text; (line = strsep(&rest, "\n"));) {
		const char *from = line;

		/* an empty default means "not set" */
		if (line[0] == '#' && strstr(line, " = ") && !strstr(line, "\"\""))
			from = line + 2;
		used += (size_t)snprintf(file + used, sizeof(file) - used, "%s\n", from);
		assert_true(used < sizeof(file));
	}
	assert_non_null(strstr(file, "\ncache_kb = 256\n"));
	assert_int_equal(parse(&c, file), 0);
	config_defaults(&defaults);
	assert_memory_equal(&c, &defaults, sizeof(c));
	free(text);
}

static void every_setting_is_documented(void **state)
{
	(void)state;
	size_t n = 0;

	for (const struct config_item *i; (i = config_schema_item(n)); n++) {
		assert_ptr_equal(config_schema_find(i->section, i->key), i);
		assert_true(config_schema_has_section(i->section));
		assert_true(strlen(i->help) > 10);
		assert_string_equal(config_schema_suggest(i->section, i->key), i->key);
	}
	assert_true(n >= 14);
	assert_null(config_schema_find("lan", "nothing"));
	assert_null(config_schema_suggest("lan",
		"a-word-that-is-longer-than-any-typing-error-could-ever-explain-really"));
}

static void files_are_loaded(void **state)
{
	(void)state;
	char name[] = "/tmp/test-config-XXXXXX", blank[4096];
	int fd = mkstemp(name);
	struct config c;

	assert_true(fd >= 0);
	config_defaults(&c);
	assert_int_equal(write(fd, "[stop]\nopen = true\n", 19), 19);
	assert_int_equal(config_load(&c, name, error), 0);
	assert_true(c.stop_open);
	memset(blank, '\n', sizeof(blank));
	for (int i = 0; i < CONFIG_FILE_MAX / 4096; i++)
		assert_int_equal(write(fd, blank, sizeof(blank)), sizeof(blank));
	assert_int_equal(config_load(&c, name, error), CARDEA_ELIMIT);
	assert_non_null(strstr(error, "larger than 64 KiB"));
	close(fd);
	unlink(name);
	assert_int_equal(config_load(&c, name, error), -ENOENT);
	assert_non_null(strstr(error, "is that the file of the settings"));
	assert_int_equal(config_load(&c, "/tmp", error), -EISDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_as_documented),
		cmocka_unit_test(whole_file),
		cmocka_unit_test(errors_say_where_and_what),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(schema_reads_back),
		cmocka_unit_test(every_setting_is_documented),
		cmocka_unit_test(files_are_loaded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
