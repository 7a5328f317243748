// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* device_class - the words for classes of devices, and what a device's own words say. */
#include "model/device_class.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

static const char *const classes[DEVICE_CLASS_MAX] = {
	[DEVICE_CLASS_UNKNOWN] = "unknown",
	[DEVICE_CLASS_LIGHT] = "light",
	[DEVICE_CLASS_PLUG] = "plug",
	[DEVICE_CLASS_SPEAKER] = "speaker",
	[DEVICE_CLASS_TV] = "tv",
	[DEVICE_CLASS_CAMERA] = "camera",
	[DEVICE_CLASS_SENSOR] = "sensor",
	[DEVICE_CLASS_APPLIANCE] = "appliance",
	[DEVICE_CLASS_CLIMATE] = "climate",
	[DEVICE_CLASS_PRINTER] = "printer",
	[DEVICE_CLASS_TOY] = "toy",
	[DEVICE_CLASS_OTHER] = "other",
	[DEVICE_CLASS_LOCK] = "lock",
	[DEVICE_CLASS_ALARM] = "alarm",
	[DEVICE_CLASS_MEDICAL] = "medical",
	[DEVICE_CLASS_PHONE] = "phone",
	[DEVICE_CLASS_HUB] = "hub",
	[DEVICE_CLASS_SMOKE] = "smoke",
	[DEVICE_CLASS_HEATING] = "heating",
	[DEVICE_CLASS_COMPUTER] = "computer",
};

const char *device_class_name(enum device_class c)
{
	return (unsigned)c < DEVICE_CLASS_MAX ? classes[c] : "unknown";
}

bool device_class_parse(const char *text, enum device_class *ret)
{
	for (unsigned c = DEVICE_CLASS_UNKNOWN + 1; text && c < DEVICE_CLASS_MAX; c++)
		if (strcmp(text, classes[c]) == 0) {
			*ret = (enum device_class)c;
			return true;
		}
	return false;
}

bool device_class_is_critical(enum device_class c)
{
	return c == DEVICE_CLASS_LOCK || c == DEVICE_CLASS_ALARM ||
	       c == DEVICE_CLASS_MEDICAL || c == DEVICE_CLASS_SMOKE ||
	       c == DEVICE_CLASS_HEATING;
}

/* Words of names and model texts. Rather one device too many is left alone. */
static const struct {
	const char *word;
	enum device_class class;
	bool sure; /* else it may as well be a camera at the door */
} hints[] = {
	{"lock", DEVICE_CLASS_LOCK, true},
	{"locks", DEVICE_CLASS_LOCK, true},
	{"doorlock", DEVICE_CLASS_LOCK, true},
	{"smartlock", DEVICE_CLASS_LOCK, true},
	{"padlock", DEVICE_CLASS_LOCK, true},
	{"deadbolt", DEVICE_CLASS_LOCK, true},
	{"door", DEVICE_CLASS_LOCK},
	{"doors", DEVICE_CLASS_LOCK},
	{"gate", DEVICE_CLASS_LOCK},
	{"garage", DEVICE_CLASS_LOCK},
	{"intercom", DEVICE_CLASS_LOCK},
	{"alarm", DEVICE_CLASS_ALARM, true},
	{"alarms", DEVICE_CLASS_ALARM, true},
	{"siren", DEVICE_CLASS_ALARM, true},
	{"smoke", DEVICE_CLASS_SMOKE, true},
	{"fire", DEVICE_CLASS_SMOKE},
	{"gas", DEVICE_CLASS_ALARM},
	{"leak", DEVICE_CLASS_ALARM},
	{"flood", DEVICE_CLASS_ALARM},
	{"burglar", DEVICE_CLASS_ALARM},
	{"security", DEVICE_CLASS_ALARM},
	{"detector", DEVICE_CLASS_ALARM},
	{"furnace", DEVICE_CLASS_HEATING, true},
	{"heating", DEVICE_CLASS_HEATING, true},
	{"boiler", DEVICE_CLASS_HEATING, true},
	{"medical", DEVICE_CLASS_MEDICAL, true},
	{"insulin", DEVICE_CLASS_MEDICAL, true},
	{"glucose", DEVICE_CLASS_MEDICAL, true},
	{"cpap", DEVICE_CLASS_MEDICAL, true},
	{"oximeter", DEVICE_CLASS_MEDICAL, true},
	{"pacemaker", DEVICE_CLASS_MEDICAL, true},
	{"infusion", DEVICE_CLASS_MEDICAL, true},
	{"ventilator", DEVICE_CLASS_MEDICAL, true},
	{"patient", DEVICE_CLASS_MEDICAL},
	{"phone", DEVICE_CLASS_PHONE, true},
	{"telephone", DEVICE_CLASS_PHONE},
	{"voip", DEVICE_CLASS_PHONE},
	{"dect", DEVICE_CLASS_PHONE},
	{"hub", DEVICE_CLASS_HUB, true},
	{"bridge", DEVICE_CLASS_HUB},
	{"gateway", DEVICE_CLASS_HUB},
};

#define WORD_MAX 16 /* longer than any hint */

static enum device_class class_of_word(const char *word, bool sure)
{
	for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
		if (strcmp(word, hints[i].word) == 0 && (hints[i].sure || !sure))
			return hints[i].class;
	return DEVICE_CLASS_UNKNOWN;
}

/* The next word in lower case; a capital after a small letter begins one ("SmartLock").
 */
static bool next_word(const char **text, char word[WORD_MAX])
{
	const unsigned char *c = (const unsigned char *)*text;
	size_t n = 0;

	while (*c && !isalpha(*c))
		c++;
	for (const unsigned char *from = c; isalpha(*c); c++) {
		if (c > from && isupper(*c) && islower(c[-1]))
			break;
		if (n < WORD_MAX - 1)
			word[n++] = (char)tolower(*c);
	}
	word[n] = 0;
	*text = (const char *)c;
	return n > 0;
}

static enum device_class class_of_text(const char *text, bool sure)
{
	char word[WORD_MAX];

	while (next_word(&text, word)) {
		enum device_class c = class_of_word(word, sure);
		if (c != DEVICE_CLASS_UNKNOWN)
			return c;
	}
	return DEVICE_CLASS_UNKNOWN;
}

enum device_class device_class_of_text(const char *text)
{
	return class_of_text(text, false);
}

enum device_class device_class_by_words(const char *text)
{
	return class_of_text(text, true);
}
