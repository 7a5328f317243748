// SPDX-License-Identifier: GPL-2.0-or-later
/* test_mud_golden - what lint and view write, byte by byte, of the files in
 * mud_fixtures. CARDEA_GOLDEN_WRITE=1 writes the expected ones anew. Runs in the top
 * folder of the source, or with CARDEA_SOURCE naming it. */
#include "unit/test_mud_util.h"

#define OUTPUT_MAX (256 * 1024)

static void path_of(
	char path[512], const char *folder, const char *name, const char *ending)
{
	const char *top = getenv("CARDEA_SOURCE");

	assert_int_equal(str_print(path, 512, "%s/tests/%s%s%s", top ? top : ".",
				 folder, name, ending),
		0);
}

static char *read_all(const char *path, size_t *ret_len)
{
	FILE *f = fopen(path, "rb");
	char *text = calloc(1, OUTPUT_MAX);

	if (!f)
		fail_msg("cannot open %s", path);
	assert_non_null(text);
	*ret_len = fread(text, 1, OUTPUT_MAX - 1, f);
	fclose(f);
	return text;
}

static void compare(const char *name, const char *ending, const char *got)
{
	char path[512];
	size_t len;

	path_of(path, "golden/mud_", name, ending);
	if (getenv("CARDEA_GOLDEN_WRITE")) {
		FILE *f = fopen(path, "wb");
		assert_non_null(f);
		fputs(got, f);
		fclose(f);
	}
	char *expected = read_all(path, &len);
	assert_string_equal(got, expected);
	free(expected);
}

static void compare_lint(const char *name, const struct mud_lint *l)
{
	struct jsonw j;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(mud_lint_text(l, MUD_STRICT, name, out), 0);
	fclose(out);
	compare(name, ".lint.txt", text);
	free(text);
	jsonw_init_buffer(&j, OUTPUT_MAX);
	assert_int_equal(mud_lint_json(l, MUD_STRICT, name, &j), 0);
	compare(name, ".lint.json", jsonw_text(&j));
	jsonw_free(&j);
}

static void compare_view(const char *name, const struct profile *p)
{
	struct jsonw j;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(mud_view_text(p, out), 0);
	fclose(out);
	compare(name, ".view.txt", text);
	free(text);
	jsonw_init_buffer(&j, OUTPUT_MAX);
	assert_int_equal(mud_view_json(p, &j), 0);
	compare(name, ".view.json", jsonw_text(&j));
	jsonw_free(&j);
}

static void check(const char *name, enum mud_answer answer)
{
	char path[512];
	struct mud_lint l;
	size_t len;

	path_of(path, "unit/mud_fixtures/", name, ".json");
	char *text = read_all(path, &len);
	struct pool *pool = pool_new("golden", MUD_POOL_BYTES);
	assert_int_equal(mud_lint(text, len, pool, &l), 0);
	assert_int_equal(l.answer, answer);
	compare_lint(name, &l);
	const struct profile *p = mud_lint_profile(&l);
	assert_true(!p == (answer == MUD_REJECTED));
	if (p)
		compare_view(name, p);
	pool_free(pool);
	free(text);
}

static void test_good(void **state)
{
	(void)state;
	check("good", MUD_CONFORMS);
}

static void test_rich(void **state)
{
	(void)state;
	check("rich", MUD_CONFORMS);
}

static void test_wild(void **state)
{
	(void)state;
	check("wild", MUD_REPAIRED);
}

static void test_broken(void **state)
{
	(void)state;
	check("broken", MUD_REJECTED);
}

/* The name of the file may come from anywhere, and so may what is in it. */
static void test_terminal_is_safe(void **state)
{
	(void)state;
	static const char text[] =
		"{\"ietf-mud:mud\":{\"mud-version\":1,\"mud-url\":\"https://m.example/"
		"\","
		"\"last-update\":\"2026-01-02T03:04:05Z\",\"is-supported\":true,"
		"\"mfg-name\":\"\\u001b[31mred\",\"\\u001b[2J\":1,"
		"\"from-device-policy\":{\"access-lists\":{\"access-list\":[{\"name\":"
		"\"\\u001b]0;x\\u0007\"}]}}}}";
	struct pool *pool = pool_new("golden", MUD_POOL_BYTES);
	struct mud_lint l;
	char *got = NULL;
	size_t len;
	FILE *out = open_memstream(&got, &len);

	assert_int_equal(mud_lint(text, sizeof text - 1, pool, &l), 0);
	assert_int_equal(l.answer, MUD_REPAIRED);
	assert_int_equal(mud_lint_text(&l, MUD_STRICT, "a\033[1mb", out), 0);
	assert_int_equal(mud_view_text(mud_lint_profile(&l), out), 0);
	fclose(out);
	for (size_t i = 0; i < len; i++)
		assert_true(got[i] == '\n' || (got[i] >= ' ' && got[i] <= '~'));
	assert_non_null(strstr(got, "a\\x1b[1mb:1:"));
	free(got);
	pool_free(pool);
}

static void test_full_disk_is_told(void **state)
{
	(void)state;
	struct pool *pool = pool_new("golden", MUD_POOL_BYTES);
	struct mud_lint l;
	FILE *full = fopen("/dev/full", "w");

	assert_non_null(full);
	setvbuf(full, NULL, _IONBF, 0);
	assert_int_equal(mud_lint("{}", 2, pool, &l), 0);
	assert_int_equal(mud_lint_text(&l, MUD_STRICT, "x", full), -5);
	assert_int_equal(mud_view_text(&l.strict, full), -5);
	struct jsonw j;
	jsonw_init_buffer(&j, 40);
	assert_true(mud_lint_json(&l, MUD_STRICT, "x", &j) < 0);
	jsonw_free(&j);
	fclose(full);
	pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_rich),
		cmocka_unit_test(test_wild),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_terminal_is_safe),
		cmocka_unit_test(test_full_disk_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
