// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* device_class - what a device is for, as its owner says: how soon it is suspected, whether
 * it may ever be dark, what it has to show before it returns, and whether it is probed. */
#ifndef CARDEA_MODEL_DEVICE_CLASS_H
#define CARDEA_MODEL_DEVICE_CLASS_H

#include <stdbool.h>

/* Numbers are stored: add, never reuse. From LOCK on people or other devices depend on it,
 * or it does many things by nature: those are never probed. */
enum device_class {
	DEVICE_CLASS_UNKNOWN, /* nobody said */
	DEVICE_CLASS_LIGHT,
	DEVICE_CLASS_PLUG,
	DEVICE_CLASS_SPEAKER,
	DEVICE_CLASS_TV,
	DEVICE_CLASS_CAMERA,
	DEVICE_CLASS_SENSOR,
	DEVICE_CLASS_APPLIANCE,
	DEVICE_CLASS_CLIMATE,
	DEVICE_CLASS_PRINTER,
	DEVICE_CLASS_TOY,
	DEVICE_CLASS_OTHER, /* and none of those below */
	DEVICE_CLASS_LOCK,  /* doors, gates */
	DEVICE_CLASS_ALARM, /* burglars, gas, water */
	DEVICE_CLASS_MEDICAL,
	DEVICE_CLASS_PHONE, /* emergency calls */
	DEVICE_CLASS_HUB,   /* locks and alarms may hang on it */
	DEVICE_CLASS_SMOKE,
	DEVICE_CLASS_HEATING, /* furnaces: a house freezes without them */
	DEVICE_CLASS_COMPUTER,
	DEVICE_CLASS_MAX,
};

const char *device_class_name(enum device_class c); /* "unknown", "light", ... */
/* One that an owner can say: not "unknown". */
bool device_class_parse(const char *text, enum device_class *ret);
/* Somebody may come to harm without it: never dark unless the owner says so. */
bool device_class_is_critical(enum device_class c);
/* The class beyond OTHER that a word of the text names: "Front Door" is a LOCK. Rather one
 * too many; UNKNOWN: no word does. */
enum device_class device_class_of_text(const char *text);
/* The same, by words that mean nothing else: "Front Door Camera" is UNKNOWN. */
enum device_class device_class_by_words(const char *text);

#endif
