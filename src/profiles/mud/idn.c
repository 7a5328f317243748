// SPDX-License-Identifier: GPL-2.0-or-later
/* idn - in which scripts an internationalised label is written. Somebody who sees
 * "xn--pple-43d.com" cannot tell that its first letter is Cyrillic. */
#include <string.h>
#include "profiles/mud/mud_priv.h"

/* RFC 3492 5 */
#define BASE 36u
#define T_MIN 1u
#define T_MAX 26u
#define SKEW 38u
#define DAMP 700u
#define INITIAL_BIAS 72u
#define INITIAL_N 0x80u
#define LAST_CHARACTER 0x10ffffu

static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k = 0;

	delta /= first ? DAMP : 2;
	for (delta += delta / points; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
		delta /= BASE - T_MIN;
	return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static uint32_t digit_of(char c)
{
	if (c >= 'a' && c <= 'z')
		return (uint32_t)(c - 'a');
	return c >= '0' && c <= '9' ? (uint32_t)(c - '0') + 26 : BASE;
}

/* One generalised integer; false when the text ends or the number is too big. */
static bool integer(const char **text, const char *end, uint32_t bias, uint32_t *i)
{
	uint64_t weight = 1, value = *i;

	for (uint32_t k = BASE; *text < end; k += BASE) {
		uint32_t digit = digit_of(*(*text)++);
		uint32_t t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
		if (digit >= BASE)
			return false;
		value += digit * weight;
		weight *= BASE - t;
		if (value > UINT32_MAX || weight > UINT32_MAX)
			return false;
		if (digit < t) {
			*i = (uint32_t)value;
			return true;
		}
	}
	return false;
}

/* A table of the scripts that are mistaken for others, and of the widely used ones. */
static const struct {
	uint32_t first, last;
	const char *name;
} scripts[] = {
	{0x41, 0x5a, "Latin"},
	{0x61, 0x7a, "Latin"},
	{0xc0, 0x24f, "Latin"},
	{0x250, 0x2af, "phonetic"},
	{0x370, 0x3ff, "Greek"},
	{0x400, 0x52f, "Cyrillic"},
	{0x530, 0x58f, "Armenian"},
	{0x590, 0x5ff, "Hebrew"},
	{0x600, 0x6ff, "Arabic"},
	{0x750, 0x77f, "Arabic"},
	{0x900, 0x97f, "Devanagari"},
	{0xe00, 0xe7f, "Thai"},
	{0x10a0, 0x10ff, "Georgian"},
	{0x13a0, 0x13ff, "Cherokee"},
	{0x1e00, 0x1eff, "Latin"},
	{0x1f00, 0x1fff, "Greek"},
	{0x3040, 0x30ff, "Japanese"},
	{0x3400, 0x9fff, "Chinese"},
	{0xac00, 0xd7af, "Korean"},
	{0x20000, 0x3ffff, "Chinese"},
};

#define SCRIPTS (sizeof scripts / sizeof *scripts)

/* Bit of the table for a character, or bit SCRIPTS for any other; digits, the hyphen
 * and the underscore belong to all. */
static uint32_t script_bit(uint32_t c)
{
	if (c == '-' || c == '_' || (c >= '0' && c <= '9'))
		return 0;
	for (size_t i = 0; i < SCRIPTS; i++)
		if (c >= scripts[i].first && c <= scripts[i].last)
			return 1U << i;
	return 1U << SCRIPTS;
}

static bool is_said_before(uint32_t found, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (found & 1U << i && !strcmp(scripts[i].name, scripts[at].name))
			return true;
	return false;
}

static void say(uint32_t found, char text[MUD_IDN_MAX])
{
	const char *name, *sign = "";

	text[0] = 0;
	for (size_t i = 0; i <= SCRIPTS; i++) {
		if (!(found & 1U << i) || (i < SCRIPTS && is_said_before(found, i)))
			continue;
		name = i < SCRIPTS ? scripts[i].name : "other";
		size_t len = strlen(text);
		if (len + strlen(name) + sizeof " and  letters" > MUD_IDN_MAX)
			break; /* more scripts than any word has */
		(void)str_print(text + len, MUD_IDN_MAX - len, "%s%s", sign, name);
		sign = " and ";
	}
	str_copy(text + strlen(text), MUD_IDN_MAX - strlen(text), " letters");
}

bool mud_idn_scripts(const char *label, size_t len, char ret_text[MUD_IDN_MAX])
{
	const char *end = label + len, *text = label + strlen("xn--"), *hyphen = NULL;
	uint32_t n = INITIAL_N, i = 0, bias = INITIAL_BIAS, points = 0, found = 0;

	ret_text[0] = 0;
	for (const char *c = text; c < end; c++)
		if (*c == '-')
			hyphen = c;
	for (; hyphen && text < hyphen; text++, points++)
		found |= script_bit((uint32_t)(unsigned char)*text);
	text += hyphen != NULL;
	while (text < end) {
		uint32_t before = i;
		if (!integer(&text, end, bias, &i))
			return false;
		points++;
		bias = adapt(i - before, points, before == 0);
		if (i / points > LAST_CHARACTER - n)
			return false;
		n += i / points;
		i = i % points + 1;
		found |= script_bit(n);
	}
	if (!found)
		return false;
	say(found, ret_text);
	return true;
}
