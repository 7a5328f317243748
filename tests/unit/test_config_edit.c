// SPDX-License-Identifier: GPL-2.0-or-later
/* The owner's file after one setting was changed: byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "engine/config/schema.h"

static char error[CONFIG_ERROR_MAX];

static char *edited(const char *text, const char *name, const char *value)
{
	const struct config_item *item = config_schema_named(name);
	char *out, *ended;
	size_t len;

	assert_non_null(item);
	assert_int_equal(
		config_edit(text, strlen(text), item->section, item->key, value, &out, &len),
		0);
	ended = malloc(len + 1);
	assert_non_null(ended);
	memcpy(ended, out, len);
	ended[len] = 0;
	free(out);
	return ended;
}

static void one_place_changes(void **state)
{
	(void)state;
	static const struct {
		const char *before, *name, *value, *after;
	} cases[] = {
		/* in place, with what stands around it */
		{"# house\n[dns]\n\trate=50   # a second\nburst = 9\n", "dns.rate", "100",
			"# house\n[dns]\n\trate=100   # a second\nburst = 9\n"},
		{"[dns]\nupstream = [ # two\n \"9.9.9.9\",\n # \"1.1.1.1\",\n]\n[stop]\n",
			"dns.upstream", "[\"192.0.2.1\"]",
			"[dns]\nupstream = [\"192.0.2.1\"]\n[stop]\n"},
		{"[log]\nlevel = \"info\"", "log.level", "\"debug\"",
			"[log]\nlevel = \"debug\""},
		/* the last one holds: that one */
		{"[dns]\nrate = 1\n[stop]\n[dns]\nrate = 2\n", "dns.rate", "3",
			"[dns]\nrate = 1\n[stop]\n[dns]\nrate = 3\n"},
		/* not there: at the end of its section, before what leads to the next */
		{"[dns]\nrate = 1 # x\n\n# about stopping\n[stop]\nopen = true\n",
			"dns.burst", "3",
			"[dns]\nrate = 1 # x\nburst = 3\n\n# about stopping\n[stop]\nopen = "
			"true\n"},
		{"[dns]\n    rate = 1\n[stop]\n", "dns.burst", "3",
			"[dns]\n    rate = 1\n    burst = 3\n[stop]\n"},
		{"[dns] # names\n[stop]\n", "dns.burst", "3",
			"[dns] # names\nburst = 3\n[stop]\n"},
		{"[dns]\nrate = 1", "dns.burst", "3", "[dns]\nrate = 1\nburst = 3\n"},
		/* where the file shows it as a comment */
		{"[dns]\n# a second\n# rate = 50\n# at once\n# burst = 250\n\n[stop]\n",
			"dns.rate", "7",
			"[dns]\n# a second\n# rate = 50\nrate = 7\n# at once\n# burst = "
			"250\n\n[stop]\n"},
		{"[dns]\n#rate=50", "dns.rate", "7", "[dns]\n#rate=50\nrate = 7\n"},
		/* ... but not in another section, in a list, or behind a value */
		{"[stop]\n# rate = 1\n[dns]\nburst = 1 # rate = 2\n", "dns.rate", "7",
			"[stop]\n# rate = 1\n[dns]\nburst = 1 # rate = 2\nrate = 7\n"},
		{"[dns]\nupstream = [\n# rate = 1\n]\nburst = 1\n", "dns.rate", "7",
			"[dns]\nupstream = [\n# rate = 1\n]\nburst = 1\nrate = 7\n"},
		{"[dns]\n# rate of all = 1\nburst = 1\n", "dns.rate", "7",
			"[dns]\n# rate of all = 1\nburst = 1\nrate = 7\n"},
		/* no such section */
		{"", "dns.rate", "7", "[dns]\nrate = 7\n"},
		{"# nothing yet", "dns.rate", "7", "# nothing yet\n\n[dns]\nrate = 7\n"},
		{"[stop]\nopen = true\n\n", "dns.rate", "7",
			"[stop]\nopen = true\n\n\n[dns]\nrate = 7\n"},
		/* as another system's editor ends lines */
		{"[dns]\r\nburst = 1\r\n", "dns.rate", "7", "[dns]\r\nburst = 1\r\nrate = 7\r\n"},
		{"[dns]\r\nburst = 1\r", "dns.rate", "7", "[dns]\r\nburst = 1\r\nrate = 7\r\n"},
		{"[dns]\r\nrate = 1\r\n", "dns.rate", "7", "[dns]\r\nrate = 7\r\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *after = edited(cases[i].before, cases[i].name, cases[i].value);

		assert_string_equal(after, cases[i].after);
		free(after);
	}
}

static void a_wrong_file_is_left_alone(void **state)
{
	(void)state;
	static char big[CONFIG_FILE_MAX];
	char *out = NULL;
	size_t len;

	assert_int_equal(config_edit("[dns]\nrte = 1\n", 14, "dns", "rate", "1", &out, &len),
		CARDEA_EMALFORMED);
	memset(big, '#', sizeof(big));
	assert_int_equal(config_edit(big, sizeof(big), "dns", "rate", "1", &out, &len),
		CARDEA_ELIMIT);
	assert_null(out);
}

/* ---- files as chance writes them ---- */

static uint64_t chance_state;

static unsigned chance(unsigned below)
{
	chance_state = chance_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(chance_state >> 33) % below;
}

static void random_value(const struct config_item *item, char value[CONFIG_VALUE_MAX])
{
	static const char *const texts[] = {"/a/b", "/c \"d\"", "192.0.2.1", "2001:db8::1@53",
		"br-lan", "host.example", "a.b.c", "https://hook.example/x", "x1", "info", "debug", "refuse", "answer",
		"redirect", "nft"};
	char number[24], why[CONFIG_ERROR_MAX];
	static struct config c;

	do {
		const char *words[CONFIG_LIST_MAX];
		size_t count = item->type == CONFIG_LIST ? chance(CONFIG_LIST_MAX + 1) : 1;

		for (size_t i = 0; i < count; i++)
			words[i] = texts[chance(sizeof(texts) / sizeof(texts[0]))];
		(void)str_print(number, sizeof(number), "%lld",
			(long long)(item->min + chance(1000)));
		if (item->type == CONFIG_INT)
			words[0] = number;
		if (item->type == CONFIG_BOOL)
			words[0] = chance(2) ? "true" : "false";
		/* what no text here fits has its default at least */
		if (chance(20) == 0)
			(void)str_copy(value, CONFIG_VALUE_MAX, item->fallback);
		else
			assert_int_equal(config_value_from(item, words, count, value), 0);
	} while (config_value_set(item, &c, value, why));
}

static const struct config_item *random_item(void)
{
	size_t n = 0;

	while (config_schema_item(n))
		n++;
	return config_schema_item(chance((unsigned)n));
}

static const char *random_noise(void)
{
	static const char *const noise[] = {"", "\n", "\n\n", "# rate = 1\n", "#level=\"x\"\n",
		"  # \xff\x01 upstream = [\n", "\t\n", "# [dns]\n", "\r\n"};

	return noise[chance(sizeof(noise) / sizeof(noise[0]))];
}

static void random_file(char *buf, size_t size)
{
	struct str_text t = {.buf = buf, .size = size};
	char value[CONFIG_VALUE_MAX];

	buf[0] = 0;
	for (unsigned s = chance(6); s; s--) {
		const char *section = random_item()->section;

		str_add(&t, "%s%s[%s]%s\n", random_noise(), chance(2) ? "" : " ", section,
			chance(3) ? "" : " # here");
		for (unsigned k = chance(5); k; k--) {
			const struct config_item *item = random_item();

			if (strcmp(item->section, section) != 0)
				continue;
			random_value(item, value);
			str_add(&t, "%s%s%s%s=%s%s%s\n", random_noise(),
				chance(2) ? "" : "\t", item->key, chance(2) ? "" : " ",
				chance(2) ? "" : " ", value, chance(3) ? "" : " # why");
		}
	}
	str_add(&t, "%s", random_noise());
	if (t.len && chance(4) == 0)
		buf[--t.len] = 0; /* no end of the last line */
}

struct span {
	const struct config_item *item;
	size_t value, end;
	bool there;
};

static void look(void *ctx, const struct config_seen *s)
{
	struct span *last = ctx;

	if (s->item == last->item)
		*last = (struct span){s->item, s->value, s->end, true};
}

static void parse_is_as_before_but_for_one(void **state)
{
	(void)state;
	static char file[65536];
	static struct config wanted, got;
	char value[CONFIG_VALUE_MAX];

	for (unsigned round = 0; round < 20000; round++) {
		struct span span = {.item = random_item()};
		char *after;
		size_t len;

		chance_state += round;
		random_file(file, sizeof(file));
		random_value(span.item, value);
		config_defaults(&wanted);
		assert_int_equal(config_walk(&wanted, "f", file, strlen(file), look, &span,
					 error),
			0);
		assert_int_equal(config_value_set(span.item, &wanted, value, error), 0);
		assert_int_equal(config_edit(file, strlen(file), span.item->section,
					 span.item->key, value, &after, &len),
			0);
		config_defaults(&got);
		assert_int_equal(config_parse(&got, "f", after, len, error), 0);
		assert_true(config_same(&got, &wanted));
		assert_memory_equal(after, file, span.there ? span.value : 0);
		if (span.there) {
			size_t rest = strlen(file) - span.end;

			assert_int_equal(len, span.value + strlen(value) + rest);
			assert_memory_equal(after + len - rest, file + span.end, rest);
		} else {
			size_t front = 0;

			while (file[front] && file[front] == after[front])
				front++;
			size_t rest = strlen(file) - front;

			assert_memory_equal(after + len - rest, file + front, rest);
		}
		free(after);
	}
}

/* ---- values ---- */

static void words_become_one_value(void **state)
{
	(void)state;
	static struct config c;
	char value[CONFIG_VALUE_MAX];
	const char *evil[] = {"1\n[paths]\nlibexec = \"/tmp\""};
	const char *two[] = {"192.0.2.1", "2001:db8::1"};
	const struct config_item *rate = config_schema_named("dns.rate");

	/* nobody ends a line by a value */
	assert_int_equal(config_value_from(rate, evil, 1, value), 0);
	assert_int_equal(config_value_set(rate, &c, value, error), CARDEA_EMALFORMED);
	assert_string_equal(error, "rate is a whole number from 1 to 1000000");
	assert_int_equal(
		config_value_from(config_schema_named("dns.name"), evil, 1, value), 0);
	assert_int_equal(config_value_set(config_schema_named("dns.name"), &c, value, error),
		CARDEA_EMALFORMED);
	assert_int_equal(config_value_from(rate, two, 2, value), CARDEA_ELIMIT);
	assert_int_equal(config_value_from(rate, two, 0, value), CARDEA_ELIMIT);
	assert_int_equal(
		config_value_from(config_schema_named("dns.upstream"), two, 2, value), 0);
	assert_string_equal(value, "[\"192.0.2.1\", \"2001:db8::1\"]");
	assert_int_equal(
		config_value_from(config_schema_named("dns.upstream"), two, 0, value), 0);
	assert_string_equal(value, "[]");
	assert_int_equal(config_value_set(rate, &c, "1 # x", error), CARDEA_EMALFORMED);
	assert_string_equal(error, "one value alone");
	assert_int_equal(config_value_set(config_schema_named("log.level"), &c, "\"inf\"", error),
		CARDEA_EMALFORMED);
	assert_string_equal(error, "level \"inf\": one of error, warn, info, debug");
	assert_int_equal(config_value_set(config_schema_named("log.level"), &c, "\"info,\"",
				 error),
		CARDEA_EMALFORMED);
	assert_int_equal(config_value_set(config_schema_named("log.level"), &c, "\"\"", error),
		CARDEA_EMALFORMED);
}

static void what_is_printed_reads_back(void **state)
{
	(void)state;
	static struct config c, back;
	char value[CONFIG_VALUE_MAX], *text;
	size_t len;

	for (unsigned round = 0; round < 500; round++) {
		config_defaults(&c);
		for (unsigned k = chance(40); k; k--) {
			const struct config_item *item = random_item();

			random_value(item, value);
			assert_int_equal(config_value_set(item, &c, value, error), 0);
		}
		assert_int_equal(config_print(&c, &text, &len), 0);
		config_defaults(&back);
		assert_int_equal(config_parse(&back, "f", text, len, error), 0);
		assert_true(config_same(&c, &back));
		free(text);
	}
	config_defaults(&c);
	assert_int_equal(config_print(&c, &text, &len), 0);
	assert_int_equal(len, 0);
	free(text);
}

static void names_and_applies(void **state)
{
	(void)state;
	char text[CONFIG_APPLIES_MAX];

	assert_null(config_schema_named("dns"));
	assert_null(config_schema_named("dns.rates"));
	assert_string_equal(config_schema_near("dns.rates")->key, "rate");
	assert_string_equal(config_schema_near("rate")->key, "rate");
	assert_string_equal(config_schema_near("log.lvel")->key, "level");
	assert_null(config_schema_near("something.else.altogether"));
	assert_string_equal(
		config_applies(config_schema_named("dns.rate"), text), "now");
	assert_string_equal(config_applies(config_schema_named("dns.tls_cert"), text),
		"restart of resolver, web");
	assert_string_equal(
		config_applies(config_schema_named("lan.interfaces"), text), "restart");
	/* what says by whom root's programs are run is nobody's but root's editor */
	for (size_t i = 0; config_schema_item(i); i++) {
		const struct config_item *item = config_schema_item(i);

		if (strcmp(item->section, "paths") == 0 ||
			strcmp(item->section, "process") == 0)
			assert_int_equal(item->applies, CONFIG_BY_HAND);
		if (strcmp(config_applies(item, text), "now") == 0)
			assert_int_equal(item->applies, 1 << ROLE_PARENT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_place_changes),
		cmocka_unit_test(a_wrong_file_is_left_alone),
		cmocka_unit_test(parse_is_as_before_but_for_one),
		cmocka_unit_test(words_become_one_value),
		cmocka_unit_test(what_is_printed_reads_back),
		cmocka_unit_test(names_and_applies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
